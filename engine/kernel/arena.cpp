// SPDX-License-Identifier: MIT
// The arena's allocator: blocks of a few sizes, each with its class in front; a free one links to the next of its
// class. Nothing is ever given back to the system or joined, because what is used again and again is a handful of
// sizes.
#include "engine/kernel/arena.hpp"

#include <sys/mman.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "engine/kernel/sanitizers.hpp"
#if defined(MDSCOPE_ASAN) || defined(MDSCOPE_TSAN)
#define MDSCOPE_NO_ARENA 1
#endif
#ifdef MDSCOPE_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace mdscope {

namespace {

constexpr std::size_t kAlign = 64;  // of what is handed out; bitmap pages ask for it
constexpr std::size_t kSlots = 64;  // arenas that may live at once

thread_local constinit Arena* current_arena = nullptr;

// One stretch of addresses for all arenas, so that one comparison tells whether a block is of any of them.
struct Region {
    std::atomic<std::byte*> begin{nullptr};
    std::mutex mutex;
    std::array<Arena*, kSlots> arenas{};
};
constinit Region region;

// Multiples of 64 up to 1024, then four sizes to each doubling.
std::size_t class_of(std::size_t size) {
    if (size <= 1024) return (size + kAlign - 1) / kAlign;
    const auto top = static_cast<std::size_t>(std::bit_width(size - 1)) - 1;  // 10 for 1025..2048
    return 17 + (top - 10) * 4 + ((size - 1) >> (top - 2)) - 4;
}

std::size_t size_of_class(std::size_t number) {
    if (number <= 16) return number * kAlign;
    const std::size_t step = number - 17;
    return (step % 4 + 5) << (step / 4 + 8);
}

}  // namespace

struct Arena::Block {  // in front of what the user sees
    std::uint32_t size_class;
    std::uint32_t number;  // in the order in which they were made
    Block* next;           // while it is free
};

bool Arena::available() {
#ifdef MDSCOPE_NO_ARENA
    return false;
#else
    return true;
#endif
}

Arena::Arena() : Arena(Writes{}) {}

Arena::Arena(const Writes& expected) : expected_(expected) {
    const std::lock_guard guard(region.mutex);
    if (region.begin == nullptr) {
        // Aligned to the capacity, so that the same simulation in another arena has the same low address bits.
        void* mapped = ::mmap(nullptr, kCapacity * (kSlots + 1), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) throw std::bad_alloc();
        const auto address = reinterpret_cast<std::uintptr_t>(mapped);
        region.begin = static_cast<std::byte*>(mapped) + (kCapacity - address % kCapacity) % kCapacity;
    }
    for (slot_ = 0; slot_ < kSlots && region.arenas[slot_] != nullptr;) slot_++;
    if (slot_ == kSlots) throw std::bad_alloc();
    region.arenas[slot_] = this;
    std::byte* begin = region.begin + slot_ * kCapacity;
    end_ = begin + kCapacity;
    head_ = new (begin) Head{};
    head_->next_expected = first_block();
    expected_end_ = head_->next_expected + expected.bytes;
    head_->next = expected_end_;
}

// All sizes are multiples of kAlign, so what follows a block's front is aligned if that of the first one is.
std::byte* Arena::first_block() const {
    constexpr std::size_t front = (sizeof(Head) + sizeof(Block) + kAlign - 1) / kAlign * kAlign - sizeof(Block);
    return reinterpret_cast<std::byte*>(head_) + front;
}

Arena::~Arena() {
    unsettle();
    const std::lock_guard guard(region.mutex);
    ::madvise(head_, used().size(), MADV_DONTNEED);
    region.arenas[slot_] = nullptr;
}

std::span<std::byte> Arena::used() {
    auto* begin = reinterpret_cast<std::byte*>(head_);
    return {begin, head_->next};
}

Arena* Arena::owner(const void* address) {
    const std::byte* begin = region.begin.load(std::memory_order_relaxed);
    const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(address) - begin);
    return begin != nullptr && offset < kCapacity * kSlots ? region.arenas[offset / kCapacity] : nullptr;
}

void* Arena::allocate(std::size_t size) {
    const std::size_t number = class_of(size + sizeof(Block));
    Block*& free = head_->free.at(number);
    Block* block = free;
    if (block != nullptr) {
        free = block->next;
    } else {
        block = carve(number, is_expected_next());
    }
    return block + 1;
}

bool Arena::is_expected_next() const {
    return head_->count < expected_.blocks.size() && expected_.blocks[head_->count];
}

Arena::Block* Arena::carve(std::size_t number, bool is_expected) {
    const std::size_t whole = size_of_class(number);
    const bool has_room = whole <= static_cast<std::size_t>(expected_end_ - head_->next_expected);
    std::byte*& next = is_expected && has_room ? head_->next_expected : head_->next;
    if (whole > static_cast<std::size_t>(end_ - next)) throw std::bad_alloc();
    auto* const block =
        new (next) Block{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(head_->count++), nullptr};
    next += whole;
    return block;
}

// Free blocks for all that will be asked for at the same time.
void Arena::carve_for_later() {
    for (std::size_t number = 0; number < expected_.later.size(); number++)
        for (std::uint32_t left = expected_.later[number]; left > 0; left--) {
            Block* const block = carve(number, true);
            block->next = std::exchange(head_->free[number], block);
        }
}

void Arena::free(void* address) {
    Block* block = static_cast<Block*>(address) - 1;
    Block*& free = owner(address)->head_->free.at(block->size_class);
    block->next = free;
    free = block;
}

Arena::Scope::Scope(Arena& arena) : outer_(std::exchange(current_arena, &arena)) {}
Arena::Scope::~Scope() {
    current_arena = outer_;
}
Arena::Outside::Outside() : outer_(std::exchange(current_arena, nullptr)) {}
Arena::Outside::~Outside() {
    current_arena = outer_;
}

MayBeAbandoned::MayBeAbandoned() {
#ifdef MDSCOPE_ASAN
    __lsan_disable();
#endif
}

MayBeAbandoned::~MayBeAbandoned() {
#ifdef MDSCOPE_ASAN
    __lsan_enable();
#endif
}

// ---- settling

namespace {

struct sigaction handler_before;  // of SIGSEGV, of whoever had it first

void protect(std::span<std::byte> pages, int how) {
    if (!pages.empty() && ::mprotect(pages.data(), pages.size(), how) != 0) std::abort();
}

}  // namespace

std::span<std::byte> Arena::page(std::size_t number) const {
    return settled_.subspan(number * kPage, kPage);
}
std::span<const std::byte> Arena::settled_page(std::size_t number) const {
    return std::span(as_settled_).subspan(number * kPage, kPage);
}

// In the thread that writes, which is the arena's own, so nothing here is touched by two. No memory is asked for.
bool Arena::is_page_written(void* address) {
    Arena* const arena = owner(address);
    if (arena == nullptr) return false;
    const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(address) - arena->settled_.data());
    if (offset >= arena->settled_.size()) return false;
    const std::size_t number = offset / kPage;
    for (const std::uint32_t written : arena->written_)
        if (written == number) return false;  // it is writable: this is another fault
    protect(arena->page(number), PROT_READ | PROT_WRITE);
    arena->written_.push_back(static_cast<std::uint32_t>(number));
    return true;
}

void Arena::on_fault(int signal, siginfo_t* info, void* context) {
    if (is_page_written(info->si_addr)) return;
    const bool has_info = (handler_before.sa_flags & SA_SIGINFO) != 0;
    if (has_info && handler_before.sa_sigaction != nullptr) return handler_before.sa_sigaction(signal, info, context);
    if (!has_info && handler_before.sa_handler != SIG_DFL && handler_before.sa_handler != SIG_IGN)
        return handler_before.sa_handler(signal);
    ::signal(signal, SIG_DFL);  // the write is made again, and ends the process
}

// A test framework may have put its own in front since, which would take the first write for a crash.
static void install_handler(void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction now {};
    ::sigaction(SIGSEGV, nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == handler) return;
    handler_before = now;
    struct sigaction ours {};
    ours.sa_sigaction = handler;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&ours.sa_mask);
    ::sigaction(SIGSEGV, &ours, nullptr);
}

void Arena::settle() {
    const Outside outside;
    unsettle();
    carve_for_later();
    if (std::getenv("MDSCOPE_COPY_ALL") != nullptr) return;
    {
        const std::lock_guard guard(region.mutex);
        install_handler(on_fault);
    }
    settled_ = used().first(used().size() / kPage * kPage);
    as_settled_.assign(settled_.begin(), settled_.end());
    written_.clear();
    written_.reserve(settled_.size() / kPage);
    noted_.assign(settled_.size() / kPage, 0);
    next_ = head_->next;
    later_.assign(kClasses, 0);
    wholes_.assign(settled_.size() / kPage, nullptr);
    protect(settled_, PROT_READ);
}

void Arena::unsettle() {
    protect(settled_, PROT_READ | PROT_WRITE);
    settled_ = {};
}

// ---- checkpoints

namespace {

constexpr std::size_t kLine = 64;

bool is_same_line(const std::byte* page, const std::byte* settled) {
#ifdef __SSE2__  // by hand: what compilers make of the other takes five times as long
    const auto same = [&](std::size_t at) {
        return _mm_cmpeq_epi8(_mm_load_si128(reinterpret_cast<const __m128i*>(page + at)),
                              _mm_loadu_si128(reinterpret_cast<const __m128i*>(settled + at)));
    };
    const __m128i all = _mm_and_si128(_mm_and_si128(same(0), same(16)), _mm_and_si128(same(32), same(48)));
    return _mm_movemask_epi8(all) == 0xffff;
#else
    return std::memcmp(page, settled, kLine) == 0;
#endif
}

// Of each line of the page whether it differs, the first one in the lowest bit.
std::uint64_t differing_lines(const std::byte* page, const std::byte* settled) {
    std::uint64_t lines = 0;
    for (std::size_t line = 0; line < 64; line++)
        lines |= std::uint64_t{!is_same_line(page + line * kLine, settled + line * kLine)} << line;
    return lines;
}

template <class Visit>
void for_each_line(std::uint64_t lines, Visit visit) {
    for (; lines != 0; lines &= lines - 1) visit(static_cast<std::size_t>(std::countr_zero(lines)) * kLine);
}

}  // namespace

template <class Visit>
void Arena::for_each_block(std::byte* from, const std::byte* end, Visit visit) {
    for (std::byte* at = from; at < end;) {
        const auto& block = *reinterpret_cast<const Block*>(at);
        const std::size_t size = size_of_class(block.size_class);
        visit(at, size, block);
        at += size;
    }
}

void Arena::note_writes() {
    for (const std::uint32_t number : written_)
        noted_[number] |= differing_lines(page(number).data(), settled_page(number).data());
    std::vector<std::uint32_t> later(kClasses, 0);
    for_each_block(next_, head_->next,
                   [&](const std::byte*, std::size_t, const Block& block) { later[block.size_class]++; });
    for (std::size_t number = 0; number < kClasses; number++) later_[number] = std::max(later_[number], later[number]);
}

// Without its front, which changes with whether it is free.
bool Arena::is_noted(const std::byte* block, std::size_t size) const {
    const auto begin = static_cast<std::size_t>(block - settled_.data()) + sizeof(Block);
    const std::size_t end = std::min(begin - sizeof(Block) + size, settled_.size());
    for (std::size_t at = begin; at < end; at += kLine)
        if ((noted_[at / kPage] >> (at % kPage / kLine) & 1) != 0) return true;
    return false;
}

Arena::Writes Arena::noted_writes() const {
    Writes writes;
    writes.blocks.resize(head_->count);
    writes.later = later_;
    const auto look_at = [&](const std::byte* at, std::size_t size, const Block& block) {
        if (!is_noted(at, size)) return;
        writes.blocks[block.number] = true;
        writes.bytes += size;
    };
    for_each_block(first_block(), head_->next_expected, look_at);
    for_each_block(expected_end_, next_, look_at);
    for (std::size_t number = 0; number < kClasses; number++) writes.bytes += later_[number] * size_of_class(number);
    return writes;
}

// Of a page with so many changed lines all of it is kept, once for all checkpoints that follow each other and find the
// same.
static constexpr int kManyLines = 16;

Checkpoint::Changed Checkpoint::changed(Arena& arena, std::uint32_t number) {
    const std::byte* const page = arena.page(number).data();
    const std::uint64_t lines = differing_lines(page, arena.settled_page(number).data());
    if (std::popcount(lines) < kManyLines) return {lines, nullptr};
    std::shared_ptr<const Arena::Page>& whole = arena.wholes_[number];
    if (whole == nullptr || std::memcmp(whole->data(), page, Arena::kPage) != 0) {
        auto copy = std::make_shared<Arena::Page>();
        std::memcpy(copy->data(), page, Arena::kPage);
        whole = std::move(copy);
    }
    return {0, whole};
}

void Checkpoint::take(Arena& arena, std::span<const std::span<std::byte>> stacks) {
    static_assert(Arena::kPage == 64 * kLine);
    const Arena::Outside outside;
    arena_ = &arena;
    places_.assign(stacks.begin(), stacks.end());
    places_.push_back(arena.used().subspan(arena.settled_.size()));
    changed_.resize(arena.written_.size());
    std::size_t size = 0;
    for (std::size_t i = 0; i < changed_.size(); i++) {
        changed_[i] = changed(arena, arena.written_[i]);
        size += static_cast<std::size_t>(std::popcount(changed_[i].lines)) * kLine;
    }
    for (const auto& place : places_) size += place.size();
    copy_.resize(size);
    std::byte* to = copy_.data();
    for (std::size_t i = 0; i < changed_.size(); i++)
        for_each_line(changed_[i].lines, [&, page = arena.page(arena.written_[i]).data()](std::size_t at) {
            std::memcpy(to, page + at, kLine);
            to += kLine;
        });
    for (const auto& place : places_) {
        std::memcpy(to, place.data(), place.size());
        to += place.size();
    }
}

// Pages that were written to since have to be as they were settled.
void Checkpoint::put_back() const {
    static const Changed kNothing;
    const std::byte* from = copy_.data();
    for (std::size_t i = 0; i < arena_->written_.size(); i++) {
        const std::size_t number = arena_->written_[i];
        const Changed& changed = i < changed_.size() ? changed_[i] : kNothing;
        std::byte* const page = arena_->page(number).data();
        const std::byte* const whole =
            changed.whole != nullptr ? changed.whole->data() : arena_->settled_page(number).data();
        std::memcpy(page, whole, Arena::kPage);
        for_each_line(changed.lines, [&](std::size_t at) {
            std::memcpy(page + at, from, kLine);
            from += kLine;
        });
    }
    for (const auto& place : places_) {
        std::memcpy(place.data(), from, place.size());
        from += place.size();
    }
}

}  // namespace mdscope

#ifndef MDSCOPE_NO_ARENA

// The program's operator new. The usual case costs one look at a thread's own pointer.
static void* allocate(std::size_t size, std::size_t align) {
    if (mdscope::current_arena != nullptr) [[unlikely]] {
        if (align > mdscope::kAlign) throw std::bad_alloc();
        return mdscope::current_arena->allocate(size);
    }
    for (;;) {
        void* block = nullptr;
        if (align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__)
            block = std::malloc(size != 0 ? size : 1);
        else if (posix_memalign(&block, align, size) != 0)
            block = nullptr;
        if (block != nullptr) [[likely]]
            return block;
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    }
}

void* operator new(std::size_t size) {
    return allocate(size, 1);
}
void* operator new(std::size_t size, std::align_val_t align) {
    return allocate(size, static_cast<std::size_t>(align));
}
void* operator new[](std::size_t size) {
    return allocate(size, 1);
}
void* operator new[](std::size_t size, std::align_val_t align) {
    return allocate(size, static_cast<std::size_t>(align));
}
void operator delete(void* block) noexcept {
    if (mdscope::Arena::owner(block) != nullptr) [[unlikely]]
        mdscope::Arena::free(block);
    else
        std::free(block);
}

void operator delete[](void* block) noexcept {
    operator delete(block);
}
void operator delete(void* block, std::size_t /*size*/) noexcept {
    operator delete(block);
}
void operator delete[](void* block, std::size_t /*size*/) noexcept {
    operator delete(block);
}
void operator delete(void* block, std::align_val_t /*align*/) noexcept {
    operator delete(block);
}
void operator delete[](void* block, std::align_val_t /*align*/) noexcept {
    operator delete(block);
}
void operator delete(void* block, std::size_t /*size*/, std::align_val_t /*align*/) noexcept {
    operator delete(block);
}
void operator delete[](void* block, std::size_t /*size*/, std::align_val_t /*align*/) noexcept {
    operator delete(block);
}

#endif
