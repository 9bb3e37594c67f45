// SPDX-License-Identifier: MIT

#include "engine/kernel/sim/ram_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/kernel/hash.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"

namespace mdscope {

// ---- RamImage

RamImage::RamImage(std::string path, std::uint64_t size_bytes)
    : path_(std::move(path)), name_(disk_name(path_)), size_bytes_(size_bytes) {}

namespace {

// The sectors of a page that `size` bytes at `within` touch, one bit each.
std::uint8_t sector_mask(std::size_t within, std::size_t size) {
    const std::size_t first = within >> kSectorShift;
    const std::size_t last = (within + size - 1) >> kSectorShift;
    return static_cast<std::uint8_t>((2U << last) - (1U << first));
}

// Calls visit(page number, offset in the page, bytes, bytes before) for each page of a range.
template <class Visit>
void for_each_part(std::uint64_t offset, std::uint64_t size, Visit visit) {
    std::uint64_t done = 0;
    while (done < size) {
        const std::uint64_t at = offset + done;
        const auto within = static_cast<std::size_t>(at % kPageSize);
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, kPageSize - within));
        visit(at / kPageSize, within, part, static_cast<std::size_t>(done));
        done += part;
    }
}

}  // namespace

void RamImage::read(std::uint64_t offset, std::span<std::byte> buffer) const {
    read_from(&Page::cached, offset, buffer);
}

void RamImage::read_durable(std::uint64_t offset, std::span<std::byte> buffer) const {
    read_from(&Page::durable, offset, buffer);
}

void RamImage::read_from(Content Page::*content, std::uint64_t offset, std::span<std::byte> buffer) const {
    for_each_part(offset, buffer.size(),
                  [&](std::uint64_t number, std::size_t within, std::size_t part, std::size_t done) {
                      const auto page = pages_.find(number);
                      if (page == pages_.end())
                          std::memset(buffer.data() + done, 0, part);
                      else
                          std::memcpy(buffer.data() + done, (page->second.*content).data() + within, part);
                  });
}

void RamImage::write(std::uint64_t offset, std::span<const std::byte> data) {
    for_each_part(offset, data.size(),
                  [&](std::uint64_t number, std::size_t within, std::size_t part, std::size_t done) {
                      Page& page = pages_[number];
                      std::memcpy(page.cached.data() + within, data.data() + done, part);
                      mark_volatile(number, page, sector_mask(within, part));
                  });
}

void RamImage::zero(std::uint64_t offset, std::uint64_t size) {
    for_each_part(offset, size, [&](std::uint64_t number, std::size_t within, std::size_t part, std::size_t) {
        const auto page = pages_.find(number);
        if (page == pages_.end()) return;
        std::memset(page->second.cached.data() + within, 0, part);
        mark_volatile(number, page->second, sector_mask(within, part));
    });
}

void RamImage::store(std::uint64_t offset, std::span<const std::byte> data) {
    write(offset, data);
    flush_range(offset, data.size());
}

void RamImage::mark_volatile(std::uint64_t number, Page& page, std::uint8_t mask) {
    page.written = ++changes_;
    page.cached_hash.is_known = false;
    if (page.volatile_mask == 0) volatile_pages_.push_back(number);
    page.volatile_mask = static_cast<std::uint8_t>(page.volatile_mask | mask);
}

void RamImage::flush() {
    changes_++;
    for (const std::uint64_t number : volatile_pages_) make_durable(pages_[number], 0xff);
    volatile_pages_.clear();
}

void RamImage::flush_range(std::uint64_t offset, std::uint64_t size) {
    changes_++;
    for_each_part(offset, size, [&](std::uint64_t number, std::size_t within, std::size_t part, std::size_t) {
        const auto page = pages_.find(number);
        if (page != pages_.end()) make_durable(page->second, sector_mask(within, part));
    });
    std::erase_if(volatile_pages_, [&](std::uint64_t number) { return pages_[number].volatile_mask == 0; });
}

void RamImage::make_durable(Page& page, std::uint8_t mask) {
    const unsigned sectors = page.volatile_mask & mask;
    if (sectors != 0) page.durable_hash.is_known = false;
    for (unsigned i = 0; i < kPageSize / kSectorSize; i++)
        if (((sectors >> i) & 1U) != 0)
            std::memcpy(page.durable.data() + i * kSectorSize, page.cached.data() + i * kSectorSize, kSectorSize);
    page.volatile_mask = static_cast<std::uint8_t>(page.volatile_mask & ~sectors);
}

std::vector<Sector> RamImage::volatile_sectors() const {
    std::vector<Sector> sectors;
    for (const std::uint64_t number : volatile_pages_)
        for (unsigned i = 0; i < kPageSize / kSectorSize; i++)
            if (((pages_.at(number).volatile_mask >> i) & 1U) != 0)
                sectors.push_back(number * (kPageSize / kSectorSize) + i);
    std::ranges::sort(sectors);
    return sectors;
}

void RamImage::power_cut(const std::function<bool(Sector)>& survives) {
    if (survives)
        for (const Sector sector : volatile_sectors())
            if (survives(sector)) flush_range(sector << kSectorShift, kSectorSize);
    for (const std::uint64_t number : volatile_pages_) {
        Page& page = pages_[number];
        page.cached = page.durable;
        page.cached_hash = page.durable_hash;
        page.volatile_mask = 0;
    }
    volatile_pages_.clear();
    changes_++;
}

// ---- the medium as a whole

// Eight bytes at a time, in the processor's order: nobody keeps these.
std::uint64_t RamImage::hash_of(const Content& content) {
    std::uint64_t hash = 0;
    std::uint64_t any = 0;
    for (std::size_t at = 0; at < content.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, content.data() + at, sizeof word);
        any |= word;
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    return any == 0 ? 0 : hash | 1U;
}

std::uint64_t RamImage::known(const Content& content, Hash& hash) {
    if (!hash.is_known) hash = {hash_of(content), true};
    return hash.value;
}

std::uint64_t RamImage::content_hash(bool durable) const {
    std::uint64_t sum = 0;
    for (const auto& [number, page] : pages_) {
        const std::uint64_t cached = known(page.cached, page.cached_hash);
        if (cached != 0) sum += mix(number, cached);
        if (!durable) continue;
        const std::uint64_t kept = known(page.durable, page.durable_hash);
        if (kept != 0) sum += mix(~number, kept);
        if (page.volatile_mask != 0) sum += mix(mix(number, 7), page.volatile_mask);
    }
    return sum;
}

void RamImage::for_each_page(bool durable,
                             const std::function<void(std::uint64_t, const Content&, std::uint64_t)>& visit) const {
    for (const auto& [number, page] : pages_) {
        if (durable)
            visit(number, page.durable, known(page.durable, page.durable_hash));
        else
            visit(number, page.cached, known(page.cached, page.cached_hash));
    }
}

const RamImage::Content* RamImage::page(std::uint64_t number) const {
    const auto page = pages_.find(number);
    return page == pages_.end() ? nullptr : &page->second.cached;
}

const RamImage::Content* RamImage::durable_page(std::uint64_t number) const {
    const auto page = pages_.find(number);
    return page == pages_.end() ? nullptr : &page->second.durable;
}

std::uint64_t RamImage::written(std::uint64_t number) const {
    const auto page = pages_.find(number);
    return page == pages_.end() ? 0 : page->second.written;
}

void RamImage::set_page(std::uint64_t number, const Content* content, std::uint64_t hash) {
    const auto found = pages_.find(number);
    if (found == pages_.end() && content == nullptr) return;
    Page& page = found != pages_.end() ? found->second : pages_[number];
    if (page.volatile_mask != 0) std::erase(volatile_pages_, number);
    if (page.volatile_mask == 0 && known(page.cached, page.cached_hash) == hash &&
        known(page.durable, page.durable_hash) == hash)
        return;
    changes_++;
    page.cached = content != nullptr ? *content : Content{};
    page.durable = page.cached;
    page.cached_hash = page.durable_hash = {hash, true};
    page.volatile_mask = 0;
}

// ---- RamDisk

RamDisk::RamDisk(SimKernel& kernel, RamImage& image, bool read_only)
    : kernel_(kernel), image_(image), read_only_(read_only) {
    (read_only_ ? image_.readers_ : image_.writers_)++;
}

RamDisk::~RamDisk() {
    (read_only_ ? image_.readers_ : image_.writers_)--;
}

void RamDisk::submit(Bio* bio) {
    kernel_.submit(*this, bio, 0);
}

void RamDisk::submit_to_fail(Bio* bio, int error) {
    kernel_.submit(*this, bio, error);
}

int RamDisk::perform(const Bio& bio) {
    const std::uint64_t offset = bio.bi_sector << kSectorShift;
    if (bio.bi_size > size_bytes() || offset > size_bytes() - bio.bi_size) return -EIO;
    if ((bio.bi_flags & (REQ_META | REQ_SYNC_IO)) == 0) user_sectors_ += bio_sectors(bio);
    if (bio.bi_op == BioOp::Read) {
        image_.read(offset, {bio.bi_data, bio.bi_size});
        return 0;
    }
    if (bio.bi_op == BioOp::Flush) {
        image_.flush();
        return 0;
    }
    if (read_only_) return -EROFS;
    if ((bio.bi_flags & REQ_PREFLUSH) != 0) image_.flush();
    if (bio.bi_op == BioOp::Discard)
        image_.zero(offset, bio.bi_size);
    else
        image_.write(offset, {bio.bi_data, bio.bi_size});
    if ((bio.bi_flags & REQ_FUA) != 0) image_.flush_range(offset, bio.bi_size);
    return 0;
}

void RamDisk::append_in_flight(std::vector<BioInfo>& list) const {
    kernel_.append_in_flight(*this, list);
}

}  // namespace mdscope
