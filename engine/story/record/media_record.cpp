// SPDX-License-Identifier: MIT

#include "engine/story/record/media_record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/kernel/onlooker.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"

namespace mdscope {

namespace {

using Bytes = std::vector<std::byte>;

Bytes read_at(const RamImage& image, std::uint64_t offset, std::size_t size, bool durable) {
    Bytes bytes(size);
    if (durable)
        image.read_durable(offset, bytes);
    else
        image.read(offset, bytes);
    return bytes;
}

// A person thinks of one write: what was there, and what came.
std::string content_words(WriteNumber number, const Ledger::Promise& promise) {
    if (number == Ledger::kBlank) return "zeros";
    if (number == Ledger::kGarbled) return "bytes of no write";
    if (number == Ledger::kBeginning) return "old";
    return number == promise.newest ? "new" : fmt::format("write {}", number);
}

std::string marked_words(const Bytes& bits, std::uint64_t chunks) {
    std::string list;
    std::size_t count = 0;
    for (std::uint64_t chunk = 0; chunk < chunks; chunk++) {
        if ((std::to_integer<unsigned>(bits[chunk / 8]) >> chunk % 8 & 1U) == 0) continue;
        list += fmt::format("{}{}", list.empty() ? "" : ", ", chunk);
        count++;
    }
    if (count == 0) return "no chunk marked";
    if (count == chunks && count > 1) return "all chunks marked";
    return fmt::format("{} {} marked", count == 1 ? "chunk" : "chunks", list);
}

std::string super_words(const Bytes& bytes) {
    if (!has_super_1_magic(bytes)) return "none";
    std::array<std::byte, kPageSize> page{};
    std::ranges::copy(bytes, page.begin());
    return decode_super_1(page).resync_offset == ~std::uint64_t{0} ? "clean" : "not clean";
}

std::string sectors_words(Sector first, Sector last) {
    return first == last ? fmt::format("data {}", first) : fmt::format("data {}-{}", first, last);
}

class Look {
   public:
    Look(const SimLab& lab, std::string_view cut)
        : lab_(lab), unsure_(unsure_sectors(lab, lab.after_cut()->crash, cut)) {}

    MediaRecord run() {
        record_.promises = lab_.ledger().promises();
        record_.there.assign(record_.promises.size(), Ledger::kBlank);
        for (const auto& [path, image] : lab_.kernel.images()) look_at(*image);
        return std::move(record_);
    }

   private:
    void look_at(const RamImage& image) {
        MediumRecord medium{image.name(), {}};
        const Rdev* const rdev = rdev_of(image);
        if (rdev != nullptr) look_at_super(*rdev, image, medium);
        look_at_bits(rdev, image, medium);
        look_at_metadata(image, medium);
        if (rdev != nullptr) look_at_data(*rdev, image, medium);
        record_.media.push_back(std::move(medium));
    }

    [[nodiscard]] const Rdev* rdev_of(const RamImage& image) const {
        for (const auto& rdev : all_rdevs_at_rest(lab_.mddev()))
            if (rdev->path == image.path()) return rdev.get();
        return nullptr;
    }

    // The last that was sent is what counts.
    [[nodiscard]] const UnsureSector* unsure_at(const RamImage& image, Sector sector) const {
        const UnsureSector* found = nullptr;
        for (const UnsureSector& unsure : unsure_)
            if (unsure.disk == image.name() && unsure.sector == sector) found = &unsure;
        return found;
    }

    // What these bytes are with all that is unsure; whether any is.
    MediaRow row(const std::string& what, const RamImage& image, std::uint64_t offset, std::size_t size,
                 const std::function<std::string(const Bytes&)>& words) {
        const bool is_power_cut = lab_.after_cut()->crash == CutKind::PowerCut;
        Bytes bytes = read_at(image, offset, size, is_power_cut);
        MediaRow row{what, words(bytes), "", false, false};
        bool is_unsure = false;
        const Sector first = offset >> kSectorShift;
        for (Sector sector = first; sector << kSectorShift < offset + size; sector++) {
            const UnsureSector* const unsure = unsure_at(image, sector);
            if (unsure == nullptr) continue;
            told_.push_back(unsure);
            const std::uint64_t begin = std::max(offset, sector << kSectorShift);
            const std::uint64_t end = std::min(offset + size, (sector << kSectorShift) + unsure->size);
            if (begin < end)
                std::copy_n(unsure->bytes + (begin - (sector << kSectorShift)), end - begin,
                            bytes.begin() + static_cast<std::ptrdiff_t>(begin - offset));
            row.is_in_flight |= unsure->is_in_flight;
            row.stays |= unsure->stays;
            is_unsure = true;
        }
        if (!is_unsure) return row;
        row.unsure = words(bytes);
        if (row.unsure == row.platter) row.unsure += ", newer";
        return row;
    }

    void look_at_super(const Rdev& rdev, const RamImage& image, MediumRecord& medium) {
        if (lab_.mddev().external.load()) return;
        medium.rows.push_back(row("superblock", image, rdev.sb_start << kSectorShift, kPageSize, super_words));
    }

    void look_at_bits(const Rdev* rdev, const RamImage& image, MediumRecord& medium) {
        const Bitmap* const bitmap = lab_.mddev().bitmap.peek();
        const auto& place = lab_.mddev().bitmap_info;
        if (bitmap == nullptr) return;
        const bool is_file = place.file.load() != nullptr;
        if (is_file != (rdev == nullptr)) return;
        std::uint64_t begin = 0;
        if (!is_file) {
            const auto sector = static_cast<std::int64_t>(rdev->sb_start) + place.offset.load();
            begin = static_cast<std::uint64_t>(sector) << kSectorShift;
        }
        if (!place.external.load()) begin += kBitmapSuperSize;
        const std::uint64_t chunks = bitmap->counts.chunks;
        medium.rows.push_back(row("bitmap", image, begin, (chunks + 7) / 8,
                                  [chunks](const Bytes& bits) { return marked_words(bits, chunks); }));
    }

    // What has no words of its own.
    void look_at_metadata(const RamImage& image, MediumRecord& medium) {
        for (const UnsureSector& unsure : unsure_) {
            if (unsure.disk != image.name() || unsure.is_data) continue;
            if (std::ranges::any_of(told_, [&](const UnsureSector* told) {
                    return told->image == unsure.image && told->sector == unsure.sector;
                }))
                continue;
            add(medium, {"metadata", "older", "newer", unsure.is_in_flight, unsure.stays});
        }
    }

    void look_at_data(const Rdev& rdev, const RamImage& image, MediumRecord& medium) {
        const bool is_readable = (rdev.flags.peek() >> In_sync & 1U) != 0 && (rdev.flags.peek() >> Faulty & 1U) == 0;
        struct Stretch {
            MediaRow row;
            Sector first, last;
        };
        std::vector<Stretch> stretches;
        for (std::size_t i = 0; i < record_.promises.size(); i++) {
            const Ledger::Promise& promise = record_.promises[i];
            const std::uint64_t offset = (rdev.data_offset + promise.sector) << kSectorShift;
            MediaRow now = row("", image, offset, kSectorSize, [&](const Bytes& bytes) {
                return content_words(Ledger::read_stamp(bytes, promise.sector), promise);
            });
            if (is_readable) note(i, Ledger::read_stamp(read_at(image, offset, kSectorSize, false), promise.sector));
            if (!stretches.empty() && stretches.back().row == now && stretches.back().last + 1 == promise.sector)
                stretches.back().last++;
            else
                stretches.push_back({std::move(now), promise.sector, promise.sector});
        }
        for (Stretch& stretch : stretches) {
            stretch.row.what = sectors_words(stretch.first, stretch.last);
            medium.rows.push_back(std::move(stretch.row));
        }
    }

    void note(std::size_t promise, WriteNumber number) {
        WriteNumber& there = record_.there[promise];
        there = there == Ledger::kBlank || there == number ? number : Ledger::kGarbled;
    }

    static void add(MediumRecord& medium, MediaRow row) {
        if (std::ranges::find(medium.rows, row) == medium.rows.end()) medium.rows.push_back(std::move(row));
    }

    const SimLab& lab_;
    std::vector<UnsureSector> unsure_;
    std::vector<const UnsureSector*> told_;
    MediaRecord record_;
};

}  // namespace

MediaRecord media_record(const SimLab& lab, std::string_view cut) {
    const Onlooker onlooker;
    return Look(lab, cut).run();
}

}  // namespace mdscope
