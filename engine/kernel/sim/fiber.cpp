// SPDX-License-Identifier: MIT

#include "engine/kernel/sim/fiber.hpp"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstring>
#include <new>
#include <utility>

#include "engine/kernel/sanitizers.hpp"

#ifdef MDSCOPE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef MDSCOPE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace mdscope {

namespace context = boost::context::detail;

// ---- one switch

// Runs on the side it leaves until the jump, and goes on there after the jump back.
void Fiber::jump(Side& from, Side& to, [[maybe_unused]] bool from_ends) noexcept {
    // Asked once a thread, not twice a step: the call into the C++ runtime takes longer than the jump.
    static thread_local auto* const globals = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
    from.exceptions = std::exchange(*globals, to.exceptions);
#ifdef MDSCOPE_ASAN
    __sanitizer_start_switch_fiber(from_ends ? nullptr : &from.fake_stack, to.stack_bottom, to.stack_size);
#endif
#ifdef MDSCOPE_TSAN
    __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
    const context::transfer_t back = context::jump_fcontext(to.context, this);
    to.context = back.fctx;
    arrived(from, to);
}

void Fiber::arrived([[maybe_unused]] Side& at, [[maybe_unused]] Side& came_from) noexcept {
#ifdef MDSCOPE_ASAN
    __sanitizer_finish_switch_fiber(at.fake_stack, &came_from.stack_bottom, &came_from.stack_size);
#endif
}

struct Fiber::Entry {
    static void enter(context::transfer_t from) {
        auto* fiber = static_cast<Fiber*>(from.data);
        fiber->outside_.context = from.fctx;
        arrived(fiber->inside_, fiber->outside_);
        fiber->run_body();
        fiber->jump(fiber->inside_, fiber->outside_, true);
        std::terminate();  // Nobody resumes a finished fiber.
    }
};

void Fiber::run_body() {
    try {
        body_(*this);
    } catch (const Unwind&) {  // The destructor waits for this.
    } catch (...) {
        escaped_ = std::current_exception();
    }
    finished_ = true;
}

void Fiber::resume() {
    if (finished_) std::terminate();
    started_ = true;
    jump_inside();
    if (escaped_) std::rethrow_exception(std::exchange(escaped_, nullptr));
}

void Fiber::cancel() {
    if (finished_) return;
    unwinding_ = true;
    if (started_) jump_inside();
    finished_ = true;
}

void Fiber::jump_inside() noexcept {
#ifdef MDSCOPE_TSAN
    outside_.tsan_fiber = __tsan_get_current_fiber();
#endif
    jump(outside_, inside_, false);
}

bool Fiber::try_suspend() noexcept {
    if (unwinding_) return false;
    jump(inside_, outside_, false);
    return !unwinding_;
}

void Fiber::suspend() {
    if (!try_suspend()) unwind();
}

void Fiber::unwind() {
    throw Unwind();
}

// ---- life

Fiber::Fiber(StackPool& pool, Body body) : pool_(pool), stack_(pool.take()), body_(std::move(body)) {
    inside_.context = context::make_fcontext(stack_ + pool_.stack_size(), pool_.stack_size(), &Entry::enter);
    inside_.stack_bottom = stack_;
    inside_.stack_size = pool_.stack_size();
#ifdef MDSCOPE_TSAN
    inside_.tsan_fiber = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
    cancel();
#ifdef MDSCOPE_TSAN
    __tsan_destroy_fiber(inside_.tsan_fiber);
#endif
    pool_.give_back(stack_);
}

// ---- stacks

StackPool::StackPool(std::size_t stack_size)
    : stack_size_(stack_size), guard_size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {}

StackPool::~StackPool() {
    for (std::byte* stack : free_) ::munmap(stack - guard_size_, stack_size_ + guard_size_);
}

std::byte* StackPool::take() {
    if (!free_.empty()) {
        std::byte* stack = free_.back();
        free_.pop_back();
        return stack;
    }
    void* mapped = ::mmap(nullptr, stack_size_ + guard_size_, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    if (::mprotect(mapped, guard_size_, PROT_NONE) != 0) {
        ::munmap(mapped, stack_size_ + guard_size_);
        throw std::bad_alloc();
    }
    return static_cast<std::byte*>(mapped) + guard_size_;
}

void StackPool::reserve(std::size_t count) {
    std::vector<std::byte*> taken;
    for (std::size_t i = 0; i < count; i++) taken.push_back(take());
    for (std::byte* stack : taken) give_back(stack);
}

void StackPool::give_back(std::byte* stack) {
#ifdef MDSCOPE_ASAN
    ASAN_UNPOISON_MEMORY_REGION(stack, stack_size_);  // What a finished body left marked there is nobody's any more.
#endif
    free_.push_back(stack);
}

}  // namespace mdscope
