// SPDX-License-Identifier: MIT
// The bad-block table of one member: sorted ranges that do not overlap, each acknowledged (its record is on disk) or
// not.
//
//   set       the sectors get the new state, whatever they had; ranges that only touch keep their own
//   clear     the sectors leave the table; a range they lie inside of becomes two
//   log       64-bit little-endian words: 63..10 sector, 9..0 length, both in units of 1 << shift; all ones ends it
//
// Ranges are kept in one form only: neighbours of the same state joined, then cut into pieces of at most 512 units. A
// change is made on a copy and thrown away if it needs more than 512 pieces, so a call that fails has changed nothing.
//
// Bad is rounded outwards (set, check) and good inwards (clear) to units. The fast path of reads and writes looks only
// at `count`; everything else is rare and may take its time under the lock. unbind_rdev_from_array sets `count` to 0
// from outside, which empties the table.
#include "engine/md/badblocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/md/format/bytes.hpp"

namespace mdscope {

namespace {

using Range = Badblocks::Range;

constexpr std::size_t kLogEntries = kPageSize / 8;
constexpr std::uint64_t kLogEnd = ~std::uint64_t{0};
constexpr int kLargestShift = 31;

Sector end_of(const Range& range) {
    return range.start + range.length;
}

Sector round_down(Sector s, int shift) {
    return s >> shift << shift;
}
Sector round_up(Sector s, int shift) {
    return round_down(s + (Sector{1} << shift) - 1, shift);
}

// The ranges without [start, end).
std::vector<Range> cut_out(const std::vector<Range>& ranges, Sector start, Sector end) {
    std::vector<Range> rest;
    rest.reserve(ranges.size() + 2);
    for (const Range& range : ranges) {
        if (range.start < start)
            rest.push_back({range.start, std::min(end_of(range), start) - range.start, range.acknowledged});
        if (end_of(range) > end) {
            const Sector from = std::max(range.start, end);
            rest.push_back({from, end_of(range) - from, range.acknowledged});
        }
    }
    return rest;
}

// Joined and cut to pieces of at most `max_length`.
std::vector<Range> in_one_form(const std::vector<Range>& ranges, Sector max_length) {
    std::vector<Range> joined;
    for (const Range& range : ranges) {
        const bool extends =
            !joined.empty() && end_of(joined.back()) == range.start && joined.back().acknowledged == range.acknowledged;
        if (extends)
            joined.back().length += range.length;
        else
            joined.push_back(range);
    }
    std::vector<Range> pieces;
    for (const Range& range : joined)
        for (Sector s = range.start; s < end_of(range); s += max_length)
            pieces.push_back({s, std::min(max_length, end_of(range) - s), range.acknowledged});
    return pieces;
}

bool any_unacknowledged(const std::vector<Range>& ranges) {
    return std::any_of(ranges.begin(), ranges.end(), [](const Range& range) { return !range.acknowledged; });
}

}  // namespace

int Badblocks::check(Sector s, Sector sectors, Sector* first_bad, Sector* bad_sectors) const {
    if (count == 0 || shift < 0 || sectors == 0) return 0;
    const Sector end = s + sectors;
    const SpinGuard guard(lock_);
    auto range = std::partition_point(ranges_.begin(), ranges_.end(), [s](const Range& r) { return end_of(r) <= s; });
    if (range == ranges_.end() || range->start >= end) return 0;
    *first_bad = range->start;
    *bad_sectors = range->length;
    for (; range != ranges_.end() && range->start < end; ++range)
        if (!range->acknowledged) return -1;
    return 1;
}

bool Badblocks::set(Sector s, Sector sectors, bool acknowledged) {
    if (shift < 0 || shift > kLargestShift) return false;
    if (sectors == 0) return true;
    const Sector limit = round_down(std::numeric_limits<Sector>::max(), shift);
    if (s >= limit || sectors > limit - s) return false;             // no device is that large
    if (sectors > kMaxRanges * (kMaxLength << shift)) return false;  // more than an empty table holds
    const Sector start = round_down(s, shift);
    const Sector end = round_up(s + sectors, shift);

    const SpinGuard guard(lock_);
    if (count == 0) ranges_.clear();
    std::vector<Range> next = cut_out(ranges_, start, end);
    const auto place = std::find_if(next.begin(), next.end(), [start](const Range& r) { return r.start >= start; });
    next.insert(place, {start, end - start, acknowledged});
    next = in_one_form(next, kMaxLength << shift);
    if (next.size() > kMaxRanges) return false;
    ranges_ = std::move(next);
    count = static_cast<int>(ranges_.size());
    changed = true;
    unacked_exist = any_unacknowledged(ranges_);
    return true;
}

bool Badblocks::clear(Sector s, Sector sectors) {
    if (shift < 0 || shift > kLargestShift) return true;  // nothing was ever set
    const Sector start = round_up(s, shift);
    const Sector end = round_down(s + sectors, shift);
    if (start >= end) return true;

    const SpinGuard guard(lock_);
    if (count == 0) return true;
    std::vector<Range> next = in_one_form(cut_out(ranges_, start, end), kMaxLength << shift);
    if (next.size() > kMaxRanges) return false;
    const bool same = next.size() == ranges_.size() &&
                      std::equal(next.begin(), next.end(), ranges_.begin(), [](const Range& a, const Range& b) {
                          return a.start == b.start && a.length == b.length;
                      });
    if (same) return true;
    ranges_ = std::move(next);
    count = static_cast<int>(ranges_.size());
    changed = true;
    unacked_exist = any_unacknowledged(ranges_);
    return true;
}

// The log on disk holds the table as it is now. If a range was added meanwhile (`changed`) it does not, and the next
// update of the superblock comes back to it.
void Badblocks::ack_all() {
    const SpinGuard guard(lock_);
    if (changed || count == 0) return;
    for (Range& range : ranges_) range.acknowledged = true;
    ranges_ = in_one_form(ranges_, kMaxLength << shift);
    count = static_cast<int>(ranges_.size());
    unacked_exist = false;
}

void Badblocks::clear_all() {
    const SpinGuard guard(lock_);
    ranges_.clear();
    count = 0;
    unacked_exist = false;
    changed = false;
}

std::vector<Badblocks::Range> Badblocks::ranges() const {
    const SpinGuard guard(lock_);
    return count == 0 ? std::vector<Range>{} : ranges_;
}

// Whoever writes the log clears `changed` before this, so that a range added after the copy sets it again.
void Badblocks::store_log(std::byte* page) const {
    const std::span<std::byte> bytes(page, kPageSize);
    std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
    std::size_t entry = 0;
    for (const Range& range : ranges()) put_le(bytes, 8 * entry++, range.start >> shift << 10 | range.length >> shift);
}

bool Badblocks::load_log(const std::byte* page) {
    if (shift < 0 || shift > kLargestShift) return false;
    const std::span<const std::byte> bytes(page, kPageSize);
    const std::size_t on_disk = std::size_t{log_sectors} * kSectorSize / 8;
    const std::size_t entries = log_sectors == 0 ? kLogEntries : std::min(kLogEntries, on_disk);
    for (std::size_t i = 0; i < entries; i++) {
        const auto word = get_le<std::uint64_t>(bytes, 8 * i);
        if (word == kLogEnd) break;
        const Sector start = word >> 10;
        const Sector length = word & 0x3ff;
        if (length > kMaxLength) return false;  // 0 means nothing: a log that was never written is full of them
        if (start << shift >> shift != start) return false;
        if (!set(start << shift, length << shift, true)) return false;
    }
    changed = false;  // the log is where this came from
    return true;
}

std::string Badblocks::show(bool unacknowledged_only) const {
    std::string text;
    for (const Range& range : ranges()) {
        if (unacknowledged_only && range.acknowledged) continue;
        const std::string row = fmt::format("{} {}\n", range.start, range.length);
        if (text.size() + row.size() > kPageSize - 1) break;  // a sysfs file is a page
        text += row;
    }
    return text;
}

}  // namespace mdscope
