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

constexpr Sector kPageSectors = kPageSize / kSectorSize;

// Calls visit(sector, offset in it, bytes, bytes before) for each sector of a range.
template <class Visit>
void for_each_part(std::uint64_t offset, std::uint64_t size, Visit visit) {
    std::uint64_t done = 0;
    while (done < size) {
        const std::uint64_t at = offset + done;
        const auto within = static_cast<std::size_t>(at % kSectorSize);
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, kSectorSize - within));
        visit(at / kSectorSize, within, part, static_cast<std::size_t>(done));
        done += part;
    }
}

std::uint64_t hash_of_sector(const std::byte* bytes) {
    if (std::memcmp(bytes, kZeroSector.data(), kSectorSize) == 0) return 0;
    return hash_of_bytes({reinterpret_cast<const char*>(bytes), kSectorSize}) | 1U;
}

std::uint64_t in_page(Sector number, std::uint64_t hash) {
    return hash == 0 ? 0 : mix(number % kPageSectors, hash) | 1U;
}

std::uint64_t in_image(Sector number, std::uint64_t hash, bool durable) {
    return hash == 0 ? 0 : mix(durable ? ~number : number, hash);
}

}  // namespace

void RamImage::read(std::uint64_t offset, std::span<std::byte> buffer) const {
    read_from(Cached, offset, buffer);
}

void RamImage::read_durable(std::uint64_t offset, std::span<std::byte> buffer) const {
    read_from(Durable, offset, buffer);
}

void RamImage::read_from(Which which, std::uint64_t offset, std::span<std::byte> buffer) const {
    std::ranges::fill(buffer, std::byte{0});
    auto next = sectors_.lower_bound(offset / kSectorSize);
    for_each_part(offset, buffer.size(), [&](Sector number, std::size_t within, std::size_t part, std::size_t done) {
        if (next == sectors_.end() || next->first != number) return;
        std::memcpy(buffer.data() + done, bytes_of(next->second.contents[which]) + within, part);
        ++next;
    });
}

RamImage::Kept& RamImage::kept(Sector number) {
    Kept& kept = sectors_[number];
    kept.number = number;
    return kept;
}

void RamImage::write(std::uint64_t offset, std::span<const std::byte> data) {
    changes_++;
    for_each_part(offset, data.size(), [&](Sector number, std::size_t within, std::size_t part, std::size_t done) {
        Kept& sector = kept(number);
        set(sector, Cached, within, data.subspan(done, part));
        mark_volatile(sector);
    });
}

void RamImage::zero(std::uint64_t offset, std::uint64_t size) {
    changes_++;
    auto next = sectors_.lower_bound(offset / kSectorSize);
    for (; next != sectors_.end() && next->first * kSectorSize < offset + size; ++next) {
        const std::uint64_t begin = std::max(offset, next->first * kSectorSize);
        const std::uint64_t end = std::min(offset + size, (next->first + 1) * kSectorSize);
        set(next->second, Cached, begin % kSectorSize, std::span(kZeroSector).first(end - begin));
        mark_volatile(next->second);
    }
}

void RamImage::store(std::uint64_t offset, std::span<const std::byte> data) {
    write(offset, data);
    flush_range(offset, data.size());
}

void RamImage::mark_volatile(Kept& kept) {
    kept.written = changes_;
    if (!kept.is_volatile) volatile_.push_back(&kept);
    kept.is_volatile = true;
}

void RamImage::flush() {
    changes_++;
    for (Kept* const sector : volatile_) make_durable(*sector);
    volatile_.clear();
}

void RamImage::flush_range(std::uint64_t offset, std::uint64_t size) {
    changes_++;
    std::erase_if(volatile_, [&](Kept* sector) {
        const std::uint64_t begin = sector->number * kSectorSize;
        if (begin + kSectorSize <= offset || begin >= offset + size) return false;
        make_durable(*sector);
        return true;
    });
}

void RamImage::make_durable(Kept& kept) {
    set(kept, Durable, 0, {bytes_of(kept.contents[Cached]), kSectorSize});
    kept.is_volatile = false;
}

std::vector<Sector> RamImage::volatile_sectors() const {
    std::vector<Sector> sectors;
    sectors.reserve(volatile_.size());
    for (const Kept* const sector : volatile_) sectors.push_back(sector->number);
    std::ranges::sort(sectors);
    return sectors;
}

void RamImage::power_cut(const std::function<bool(Sector)>& survives) {
    if (survives)
        for (const Sector sector : volatile_sectors())
            if (survives(sector)) flush_range(sector << kSectorShift, kSectorSize);
    for (Kept* const sector : volatile_) {
        set(*sector, Cached, 0, {bytes_of(sector->contents[Durable]), kSectorSize});
        sector->is_volatile = false;
    }
    volatile_.clear();
    changes_++;
}

// ---- the medium as a whole

std::byte* RamImage::to_change(Kept& kept, Which which) {
    Content& content = kept.contents[which];
    if (content.is_hashed) {
        sums_[which] -= in_image(kept.number, content.hash, which == Durable);
        content.is_hashed = false;
        unhashed_.emplace_back(&kept, which);
    }
    if (content.bytes == nullptr) content.bytes = std::make_unique<SectorContent>();
    return content.bytes->data();
}

const std::byte* RamImage::bytes_of(const Content& content) {
    return content.bytes != nullptr ? content.bytes->data() : kZeroSector.data();
}

// These bytes of a sector; nothing is touched where they are there already.
void RamImage::set(Kept& kept, Which which, std::size_t within, std::span<const std::byte> bytes) {
    if (std::memcmp(bytes_of(kept.contents[which]) + within, bytes.data(), bytes.size()) == 0) return;
    std::memcpy(to_change(kept, which) + within, bytes.data(), bytes.size());
}

void RamImage::find_hashes() const {
    for (const auto& [sector, which] : unhashed_) {
        Content& content = sector->contents[which];
        content.hash = hash_of_sector(bytes_of(content));
        content.is_hashed = true;
        sums_[which] += in_image(sector->number, content.hash, which == Durable);
    }
    unhashed_.clear();
}

std::uint64_t RamImage::content_hash(bool durable) const {
    find_hashes();
    if (!durable) return sums_[Cached];
    std::uint64_t sum = sums_[Cached] + sums_[Durable];
    for (const Kept* const sector : volatile_) sum += mix(sector->number, 7);
    return sum;
}

std::uint64_t RamImage::hash_of(const PageContent& content) {
    std::uint64_t sum = 0;
    for (Sector i = 0; i < kPageSectors; i++)
        sum += share_of(i, std::span(content).subspan(i * kSectorSize, kSectorSize));
    return sum;
}

std::uint64_t RamImage::share_of(Sector number, std::span<const std::byte> content) {
    return in_page(number, hash_of_sector(content.data()));
}

// Of the page with this number; `next`, its first sector, goes behind it. REQUIRES: find_hashes().
std::uint64_t RamImage::page_hash(Sectors::const_iterator& next, std::uint64_t number, Which which) const {
    std::uint64_t sum = 0;
    for (; next != sectors_.end() && next->first / kPageSectors == number; ++next)
        sum += in_page(next->first, next->second.contents[which].hash);
    return sum;
}

void RamImage::for_each_page(bool durable,
                             const std::function<void(std::uint64_t number, std::uint64_t hash)>& visit) const {
    find_hashes();
    for (auto next = sectors_.cbegin(); next != sectors_.cend();) {
        const std::uint64_t number = next->first / kPageSectors;
        visit(number, page_hash(next, number, durable ? Durable : Cached));
    }
}

RamImage::PageContent RamImage::page(std::uint64_t number, bool durable) const {
    PageContent content{};
    read_from(durable ? Durable : Cached, number * kPageSize, content);
    return content;
}

std::span<const std::byte, kSectorSize> RamImage::sector(Sector number, bool durable) const {
    const auto found = sectors_.find(number);
    if (found == sectors_.end()) return kZeroSector;
    return std::span<const std::byte, kSectorSize>(bytes_of(found->second.contents[durable ? Durable : Cached]),
                                                   kSectorSize);
}

std::uint64_t RamImage::written(Sector number) const {
    const auto found = sectors_.find(number);
    return found == sectors_.end() ? 0 : found->second.written;
}

void RamImage::set_page(std::uint64_t number, const PageContent* content, std::uint64_t hash) {
    find_hashes();
    const Sector first = number * kPageSectors;
    const auto is_in_page = [number](const Kept* sector) { return sector->number / kPageSectors == number; };
    const bool was_volatile = std::erase_if(volatile_, [&](Kept* sector) {
                                  if (is_in_page(sector)) sector->is_volatile = false;
                                  return is_in_page(sector);
                              }) > 0;
    Sectors::const_iterator cached = sectors_.lower_bound(first), durable = cached;
    if (!was_volatile && page_hash(cached, number, Cached) == hash && page_hash(durable, number, Durable) == hash)
        return;
    changes_++;
    for (Sector i = 0; i < kPageSectors; i++) {
        const std::span<const std::byte> bytes =
            content == nullptr ? std::span(kZeroSector) : std::span(*content).subspan(i * kSectorSize, kSectorSize);
        if (std::ranges::equal(bytes, kZeroSector) && !sectors_.contains(first + i)) continue;
        Kept& sector = kept(first + i);
        set(sector, Cached, 0, bytes);
        set(sector, Durable, 0, bytes);
    }
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
