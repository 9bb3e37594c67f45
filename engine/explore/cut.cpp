// SPDX-License-Identifier: MIT

#include "engine/explore/cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <unordered_set>

namespace mdscope {

namespace {

// Of each image the member that it is; an image that is none has no data.
std::map<std::string, const Rdev*> members_of(const SimLab& lab) {
    std::map<std::string, const Rdev*> members;
    for (const auto& rdev : all_rdevs_at_rest(lab.mddev())) members[rdev->path] = rdev.get();
    return members;
}

class Enumeration {
   public:
    Enumeration(const SimLab& lab, bool durable, PageStore& store)
        : lab_(lab), durable_(durable), store_(store), base_(platters_of(lab.kernel, durable, store)) {}

    void offer(const std::vector<const Unsure*>& stays, bool is_partial) {
        CutOption option{base_, {}, 0, false};
        for (const Unsure* unsure : stays) {
            option.platters.set_sector(unsure->image, unsure->sector, {unsure->bytes, unsure->size}, store_);
            option.stays.push_back(*unsure);
        }
        option.is_partial = is_partial;
        option.hash = option.platters.hash();
        if (seen_.insert(option.hash).second) options.list.push_back(std::move(option));
    }
    // Those sectors of a write that would change something, each by itself.
    void collect(const Bio& bio, const RamImage& medium, std::uint32_t image, std::vector<Unsure>& list) const {
        for (Sector i = 0; i < bio_sectors(bio); i++) {
            const std::byte* const bytes = bytes_left_by(bio, i);
            const std::size_t size = std::min<std::size_t>(bio.bi_size - i * kSectorSize, kSectorSize);
            if (std::memcmp(bytes, medium.sector(bio.bi_sector + i, durable_).data(), size) != 0)
                list.push_back({image, bio.bi_sector + i, bytes, size, 0, lab_.kernel.flushed_by(bio),
                                kBioKinds[bio.bi_kind], medium.name()});
        }
    }
    [[nodiscard]] std::uint32_t number_of(const RamImage& medium) const {
        std::uint32_t number = 0;
        for (const auto& [path, image] : lab_.kernel.images()) {
            if (image.get() == &medium) break;
            number++;
        }
        return number;
    }
    CutOptions options;

   protected:
    const SimLab& lab_;

   private:
    bool durable_;
    PageStore& store_;
    Platters base_;
    std::unordered_set<std::uint64_t> seen_;
};

// ---- kill

class Kill : Enumeration {
   public:
    Kill(const SimLab& lab, PageStore& store) : Enumeration(lab, false, store) {}
    CutOptions run() {
        lab_.kernel.for_each_write_in_flight([&](const Bio& bio, const RamImage& medium) {
            std::vector<Unsure> sectors;
            collect(bio, medium, number_of(medium), sectors);
            if (!sectors.empty()) writes_.push_back(std::move(sectors));
        });
        choose(0, false);
        return std::move(options);
    }

   private:
    // Of the writes from this one on: nothing, the first sector, all.
    void choose(std::size_t number, bool is_partial) {
        if (number == writes_.size()) return offer(stays_, is_partial);
        const std::vector<Unsure>& sectors = writes_[number];
        const std::size_t before = stays_.size();
        choose(number + 1, is_partial);
        stays_.push_back(sectors.data());
        choose(number + 1, is_partial || sectors.size() > 1);
        if (sectors.size() > 1) {
            for (std::size_t i = 1; i < sectors.size(); i++) stays_.push_back(&sectors[i]);
            choose(number + 1, is_partial);
        }
        stays_.resize(before);
    }

    std::vector<std::vector<Unsure>> writes_;
    std::vector<const Unsure*> stays_;
};

// ---- power-cut

class PowerCut : Enumeration {
   public:
    PowerCut(const SimLab& lab, PageStore& store) : Enumeration(lab, true, store), members_(members_of(lab)) {}
    CutOptions run() {
        std::uint32_t number = 0;
        for (const auto& [path, medium] : lab_.kernel.images()) {
            for (const Sector sector : medium->volatile_sectors()) {
                const std::byte* const bytes = medium->sector(sector, false).data();
                if (std::memcmp(bytes, medium->sector(sector, true).data(), kSectorSize) != 0)
                    sort_out(
                        {number, sector, bytes, kSectorSize, medium->written(sector), 0, "metadata", medium->name()},
                        path);
            }
            number++;
        }
        lab_.kernel.for_each_write_in_flight([&](const Bio& bio, const RamImage& medium) {
            std::vector<Unsure> sectors;
            collect(bio, medium, number_of(medium), sectors);
            for (const Unsure& sector : sectors) sort_out(sector, medium.path());
        });
        for (const auto& data : data_choices())
            for (const auto& metadata : metadata_choices()) {
                std::vector<const Unsure*> stays = metadata;
                stays.insert(stays.end(), data.begin(), data.end());
                add_what_was_flushed(stays);
                offer(stays, !data.empty() && data.size() < data_.size());
            }
        return std::move(options);
    }

   private:
    using Set = std::vector<const Unsure*>;

    void sort_out(const Unsure& unsure, const std::string& path) {
        const auto member = members_.find(path);
        if (member == members_.end() || !is_data_sector(*member->second, unsure.sector)) {
            metadata_.push_back(unsure);
            return;
        }
        data_.push_back(unsure);
        data_.back().what = "data";
        places_.push_back(unsure.sector - member->second->data_offset);
    }

    // First, so that what is in flight to the same sector comes after it.
    void add_what_was_flushed(Set& stays) const {
        Set flushed;
        for (const Unsure* later : stays)
            for (const auto* list : {&metadata_, &data_})
                for (const Unsure& earlier : *list)
                    if (earlier.image == later->image && earlier.written != 0 && earlier.written <= later->flushes)
                        flushed.push_back(&earlier);
        stays.insert(stays.begin(), flushed.begin(), flushed.end());
    }

    // Those of writes, and one of each chunk for the others.
    [[nodiscard]] std::vector<Sector> places_to_try() const {
        const std::uint64_t chunk = std::max<std::uint64_t>(lab_.mddev().bitmap_info.chunksize, kPageSize);
        std::set<Sector> places;
        std::set<std::uint64_t> chunks;
        for (const Sector place : std::set(places_.begin(), places_.end())) {
            const bool was_written = lab_.ledger().newest(place) != Ledger::kBeginning;
            if (was_written || chunks.insert((place << kSectorShift) / chunk).second) places.insert(place);
        }
        return {places.begin(), places.end()};
    }

    static bool continues(const Unsure& before, const Unsure& next) {
        return before.image == next.image && before.sector + 1 == next.sector && before.written == next.written &&
               before.flushes == next.flushes && before.size == next.size &&
               std::memcmp(before.bytes, next.bytes, next.size) == 0;
    }
    // Sector by sector; a long run of one content, as of a bitmap that is all ones, is there or is not.
    std::vector<Set> metadata_units() {
        std::vector<Set> units;
        for (auto next = metadata_.begin(); next != metadata_.end();) {
            Set run{&*next};
            while (++next != metadata_.end() && continues(*run.back(), *next)) run.push_back(&*next);
            if (run.size() > kMostMetadataSectors) {
                options.is_whole = false;
                units.push_back(std::move(run));
            } else {
                for (const Unsure* unsure : run) units.push_back({unsure});
            }
        }
        return units;
    }

    std::vector<Set> metadata_choices() {
        const std::vector<Set> units = metadata_units();
        std::vector<Set> sets;
        if (units.size() <= kMostMetadataSectors) {
            for (std::size_t bits = 0; bits < std::size_t{1} << units.size(); bits++)
                sets.push_back(joined(units, [&](std::size_t i) { return (bits >> i & 1U) != 0; }));
            return sets;
        }
        options.is_whole = false;
        sets.push_back({});
        sets.push_back(joined(units, [](std::size_t) { return true; }));
        for (std::size_t one = 0; one < units.size(); one++) {
            sets.push_back(joined(units, [one](std::size_t i) { return i == one; }));
            sets.push_back(joined(units, [one](std::size_t i) { return i != one; }));
        }
        return sets;
    }

    // Nothing; then for each set of the members all of their sectors, and each place by itself.
    std::vector<Set> data_choices() {
        std::vector<Set> sets = {{}};
        std::vector<std::uint32_t> members;
        for (const Unsure& unsure : data_)
            if (std::ranges::find(members, unsure.image) == members.end()) members.push_back(unsure.image);
        const std::vector<Sector> places = places_to_try();
        for (std::size_t bits = 1; bits < std::size_t{1} << members.size(); bits++) {
            const auto is_in = [&](std::size_t i) {
                const auto member = std::ranges::find(members, data_[i].image) - members.begin();
                return (bits >> static_cast<std::size_t>(member) & 1U) != 0;
            };
            sets.push_back(subset(data_, is_in));
            for (const Sector place : places)
                sets.push_back(subset(data_, [&](std::size_t i) { return is_in(i) && places_[i] == place; }));
        }
        return sets;
    }

    template <class Is>
    static Set joined(const std::vector<Set>& units, Is is_in) {
        Set set;
        for (std::size_t i = 0; i < units.size(); i++)
            if (is_in(i)) set.insert(set.end(), units[i].begin(), units[i].end());
        return set;
    }
    template <class Is>
    static Set subset(const std::vector<Unsure>& all, Is is_in) {
        Set set;
        for (std::size_t i = 0; i < all.size(); i++)
            if (is_in(i)) set.push_back(&all[i]);
        return set;
    }

    std::map<std::string, const Rdev*> members_;
    std::vector<Unsure> metadata_, data_;
    std::vector<Sector> places_;  // of data_, from the beginning of the array
};

}  // namespace

bool is_data_sector(const Rdev& rdev, Sector sector) {
    const bool has_end = rdev.sectors != 0;  // it is told when it is bound
    return sector >= rdev.data_offset && (!has_end || sector - rdev.data_offset < rdev.sectors);
}

CutOptions what_may_be_left(const SimLab& lab, CutKind crash, PageStore& store) {
    return crash == CutKind::Kill ? Kill(lab, store).run() : PowerCut(lab, store).run();
}

std::string cut_text(CutKind crash, const CutOption& option) {
    const char* const word = crash == CutKind::Kill ? "kill" : "power-cut";
    if (option.stays.empty()) return fmt::format("{}: nothing that was unsure is there", word);
    std::string list;
    for (const Unsure& unsure : option.stays)
        list += fmt::format("{}{} {} {}", list.empty() ? "" : ", ", unsure.disk, unsure.what, unsure.sector);
    return fmt::format("{}: of what was unsure there is {}", word, list);
}

}  // namespace mdscope
