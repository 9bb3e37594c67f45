// SPDX-License-Identifier: MIT

#include "engine/explore/ledger.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "engine/kernel/hash.hpp"

namespace mdscope {

namespace {

std::uint64_t word_of(Sector sector, WriteNumber number) {
    return std::uint64_t{number} << 32 | (sector & 0xffffffffU);
}

}  // namespace

void Ledger::stamp(std::span<std::byte> content, Sector sector, WriteNumber number) {
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= content.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t word = word_of(sector + at / kSectorSize, number);
        std::memcpy(content.data() + at, &word, sizeof word);
    }
}

// Whole sectors are written, so its first and last words tell.
WriteNumber Ledger::read_stamp(std::span<const std::byte> content, Sector sector) {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::memcpy(&first, content.data(), sizeof first);
    std::memcpy(&last, content.data() + kSectorSize - sizeof last, sizeof last);
    if (first == 0 && last == 0) return kBlank;
    const auto number = static_cast<WriteNumber>(first >> 32);
    return first == last && first == word_of(sector, number) ? number : kGarbled;
}

bool Ledger::Entry::operator==(const Entry& other) const {
    return sector == other.sector && count == other.count && acknowledged == other.acknowledged &&
           std::equal(writes.begin(), writes.begin() + count, other.writes.begin());
}

Ledger::Entry& Ledger::entry(Sector sector) {
    const auto place = std::ranges::lower_bound(entries_, sector, {}, &Entry::sector);
    if (place != entries_.end() && place->sector == sector) return *place;
    return *entries_.insert(place, {sector, {kBeginning}, 1, 0});
}

const Ledger::Entry* Ledger::find(Sector sector) const {
    const auto place = std::ranges::lower_bound(entries_, sector, {}, &Entry::sector);
    return place != entries_.end() && place->sector == sector ? &*place : nullptr;
}

WriteNumber Ledger::begin(Sector sector, Sector count) {
    const WriteNumber number = ++last_;
    for (Sector i = 0; i < count; i++) {
        Entry& written = entry(sector + i);
        if (written.count == kMost) throw std::runtime_error("too many writes of one sector without a flush");
        written.writes[written.count++] = number;
    }
    changes_++;
    return number;
}

WriteNumber Ledger::begin_discard(Sector sector, Sector count) {
    discards_.push_back(begin(sector, count));
    return discards_.back();
}

bool Ledger::is_discard(WriteNumber number) const {
    return std::ranges::binary_search(discards_, number);
}

void Ledger::end(WriteNumber number, bool acknowledged, bool durable) {
    changes_++;
    if (!acknowledged) return;
    for (Entry& written : entries_) {
        auto* const end = written.writes.begin() + written.count;
        auto* const place = std::find(written.writes.begin(), end, number);
        if (place == end) continue;
        written.acknowledged = static_cast<std::uint8_t>(place - written.writes.begin());
        if (!durable) continue;
        std::copy(place, end, written.writes.begin());
        written.count = static_cast<std::uint8_t>(end - place);
        written.acknowledged = 0;
    }
}

std::vector<WriteNumber> Ledger::flush_begins() const {
    std::vector<WriteNumber> numbers;
    for (const Entry& written : entries_) numbers.push_back(written.writes[written.acknowledged]);
    std::ranges::sort(numbers);
    return numbers;
}

void Ledger::flushed(const std::vector<WriteNumber>& acknowledged_then) {
    changes_++;
    for (Entry& written : entries_) {
        std::uint8_t keep = 0;  // the newest of those
        for (std::uint8_t i = 0; i <= written.acknowledged; i++)
            if (std::ranges::binary_search(acknowledged_then, written.writes[i])) keep = i;
        std::copy(written.writes.begin() + keep, written.writes.begin() + written.count, written.writes.begin());
        written.count = static_cast<std::uint8_t>(written.count - keep);
        written.acknowledged = static_cast<std::uint8_t>(written.acknowledged - keep);
    }
}

void Ledger::power_was_cut() {
    changes_++;
    for (Entry& written : entries_) written.acknowledged = 0;
}

void Ledger::end_at(Sector end) {
    known_end_ = std::min(known_end_, end);
    std::erase_if(entries_, [end](const Entry& written) { return written.sector >= end; });
    changes_++;
}

bool Ledger::may_be_read(Sector sector, WriteNumber number) const {
    const Entry* const written = find(sector);
    if (written == nullptr) return number == kBeginning || sector >= known_end_;
    const auto* const end = written->writes.begin() + written->count;
    return std::any_of(written->writes.begin() + written->acknowledged, end,
                       [&](WriteNumber one) { return is_discard(one) ? number == kBlank : number == one; });
}

WriteNumber Ledger::acknowledged(Sector sector) const {
    const Entry* const written = find(sector);
    return written == nullptr ? kBeginning : written->writes[written->acknowledged];
}

Sector Ledger::newest_sector() const {
    const auto newest =
        std::ranges::max_element(entries_, {}, [](const Entry& written) { return written.writes[written.count - 1U]; });
    return newest == entries_.end() ? ~Sector{0} : newest->sector;
}

WriteNumber Ledger::newest(Sector sector) const {
    const Entry* const written = find(sector);
    return written == nullptr ? kBeginning : written->writes[written->count - 1U];
}

bool Ledger::is_begun() const {
    return std::ranges::any_of(entries_, [](const Entry& written) { return written.acknowledged + 1 < written.count; });
}

bool Ledger::is_unflushed() const {
    return std::ranges::any_of(entries_, [](const Entry& written) { return written.acknowledged > 0; });
}

std::vector<Ledger::Promise> Ledger::promises() const {
    std::vector<Promise> promises;
    for (const Entry& written : entries_)
        promises.push_back({written.sector, written.writes[0], written.writes[written.acknowledged],
                            written.writes[written.count - 1U]});
    return promises;
}

void Ledger::save(SearchWriter& to) const {
    to.number(entries_.size());
    for (const Entry& written : entries_) {
        to.number(written.sector);
        to.number(written.count);
        to.number(written.acknowledged);
        for (std::uint8_t i = 0; i < written.count; i++) to.number(written.writes[i]);
    }
    to.numbers(discards_);
    to.number(known_end_);
    to.number(last_);
    to.number(changes_);
}

void Ledger::load(SearchReader& from) {
    for (std::size_t left = from.count(); left > 0; left--) {
        Entry written{from.number(), {}, static_cast<std::uint8_t>(from.number_to(kMost)), 0};
        if (written.count == 0) throw SearchReader::wrong();
        written.acknowledged = static_cast<std::uint8_t>(from.number_to(written.count - 1U));
        for (std::uint8_t i = 0; i < written.count; i++) written.writes[i] = from.small();
        entries_.push_back(written);
    }
    discards_ = from.numbers();
    known_end_ = from.number();
    last_ = from.small();
    changes_ = from.number();
}

std::uint64_t Ledger::hash() const {
    std::uint64_t hash = known_end_ == ~Sector{0} ? last_ : mix(last_, known_end_);
    for (const WriteNumber number : discards_) hash = mix(hash, number);
    for (const Entry& written : entries_) {
        hash = mix(hash, written.sector << 16 | std::uint64_t{written.count} << 8 | written.acknowledged);
        for (std::uint8_t i = 0; i < written.count; i++) hash = mix(hash, written.writes[i]);
    }
    return hash;
}

}  // namespace mdscope
