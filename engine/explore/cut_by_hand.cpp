// SPDX-License-Identifier: MIT

#include "engine/explore/cut_by_hand.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mdscope {

namespace {

class Collection {
   public:
    Collection(const SimLab& lab, CutKind crash) : lab_(lab), is_power_cut_(crash == CutKind::PowerCut) {}

    std::vector<UnsureSector> run() {
        std::uint32_t number = 0;
        for (const auto& [path, medium] : lab_.kernel.images()) {
            if (is_power_cut_) collect_cache(*medium, number);
            number++;
        }
        lab_.kernel.for_each_write_in_flight([&](const Bio& bio, const RamImage& medium) { collect(bio, medium); });
        return std::move(sectors_);
    }

   private:
    void collect_cache(const RamImage& medium, std::uint32_t number) {
        for (const Sector sector : medium.volatile_sectors()) {
            const std::byte* const bytes = cached(medium, sector);
            if (UnsureSector* unsure = add(medium, number, sector, {bytes, kSectorSize}); unsure != nullptr)
                unsure->written = medium.written(sector);
        }
    }

    void collect(const Bio& bio, const RamImage& medium) {
        std::uint32_t number = 0;
        for (const auto& [path, image] : lab_.kernel.images()) {
            if (image.get() == &medium) break;
            number++;
        }
        for (Sector i = 0; i < bio_sectors(bio); i++) {
            const std::size_t size = std::min<std::size_t>(bio.bi_size - i * kSectorSize, kSectorSize);
            UnsureSector* const unsure = add(medium, number, bio.bi_sector + i, {bytes_left_by(bio, i), size});
            if (unsure == nullptr) continue;
            unsure->is_in_flight = true;
            unsure->flushes = lab_.kernel.flushed_by(bio);
            if (!unsure->is_data) unsure->what = kBioKinds[bio.bi_kind];
        }
    }

    // What would change nothing is not unsure: nullptr.
    UnsureSector* add(const RamImage& medium, std::uint32_t image, Sector sector, std::span<const std::byte> bytes) {
        std::array<std::byte, kSectorSize> there{};
        const std::span<std::byte> begin = std::span(there).first(bytes.size());
        if (is_power_cut_)
            medium.read_durable(sector << kSectorShift, begin);
        else
            medium.read(sector << kSectorShift, begin);
        if (std::ranges::equal(begin, bytes)) return nullptr;
        UnsureSector unsure;
        unsure.image = image;
        unsure.sector = sector;
        unsure.bytes = bytes.data();
        unsure.size = bytes.size();
        unsure.what = "metadata";
        unsure.disk = medium.name();
        for (const auto& rdev : all_rdevs_at_rest(lab_.mddev())) {
            if (rdev->path != medium.path() || !is_data_sector(*rdev, sector)) continue;
            unsure.is_data = true;
            unsure.what = "data";
            unsure.place = sector - rdev->data_offset;
        }
        return &sectors_.emplace_back(unsure);
    }

    static const std::byte* cached(const RamImage& medium, Sector sector) {
        return medium.sector(sector, false).data();
    }

    const SimLab& lab_;
    bool is_power_cut_;
    std::vector<UnsureSector> sectors_;
};

bool is_named(std::string_view cut, const Unsure& unsure) {
    const std::string sector = fmt::format("{}:{}", unsure.disk, unsure.sector);
    while (!cut.empty()) {
        const std::size_t blank = std::min(cut.find(' '), cut.size());
        const std::string_view word = cut.substr(0, blank);
        if (word == unsure.disk || word == sector) return true;
        cut.remove_prefix(std::min(blank + 1, cut.size()));
    }
    return false;
}

// A write that flushes its disk first is there only with what it flushed.
void keep_what_was_flushed(std::vector<UnsureSector>& sectors) {
    for (const UnsureSector& later : sectors)
        for (UnsureSector& earlier : sectors)
            if (later.stays && earlier.image == later.image && earlier.written != 0 && earlier.written <= later.flushes)
                earlier.stays = true;
}

}  // namespace

std::vector<UnsureSector> unsure_sectors(const SimLab& lab, CutKind crash, std::string_view cut) {
    std::vector<UnsureSector> sectors = Collection(lab, crash).run();
    for (UnsureSector& sector : sectors) sector.stays = is_named(cut, sector);
    if (crash == CutKind::PowerCut) keep_what_was_flushed(sectors);
    return sectors;
}

std::string cut_words(const CutOption& option) {
    std::string name(kCutWord);
    for (const Unsure& unsure : option.stays)
        name += fmt::format("{} {}:{}", name == kCutWord ? " keeps" : "", unsure.disk, unsure.sector);
    return name;
}

CutOption cut_by_hand(const SimLab& lab, CutKind crash, std::string_view cut, PageStore& store) {
    CutOption option{platters_of(lab.kernel, crash == CutKind::PowerCut, store), {}, 0};
    for (const UnsureSector& unsure : unsure_sectors(lab, crash, cut)) {
        if (!unsure.stays) continue;
        option.platters.set_sector(unsure.image, unsure.sector, {unsure.bytes, unsure.size}, store);
        option.stays.push_back(unsure);
    }
    option.hash = option.platters.hash();
    return option;
}

}  // namespace mdscope
