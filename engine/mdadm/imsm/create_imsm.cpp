// SPDX-License-Identifier: MIT
// Members have one block, word for word the same; each spare has its own. Nothing says which disk is which but the
// serial, so a lab gives each image one: what mdadm takes for a disk of that name without a serial, or what is asked
// for.
#include "engine/mdadm/imsm/create_imsm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "engine/host/host.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/mdadm/geometry.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/imsm/state.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kMebibyte = 2048;   // sectors
constexpr std::uint32_t kCoalescing = 0xc;  // of reads and writes: what mdadm sets in a new volume
constexpr int kImsmMembers = 2;
constexpr std::size_t kLongestDeviceSerial = 15;

struct ImsmDesign {
    const CreateOptions& options;
    bool has_bitmap = false;
    std::uint64_t disk_sectors = 0;
    std::uint64_t volume_sectors = 0;
    std::vector<std::string> names;    // members, then spares
    std::vector<std::string> serials;  // in the same order
};

Error not_possible(std::string text) {
    return {EINVAL, std::move(text)};
}

// ---- checking

std::optional<Error> check_kind(const CreateOptions& options, ImsmDesign& design) {
    if (options.lab.empty()) return not_possible("Name the folder of the lab.");
    if (options.bitmap == "internal")
        return not_possible(
            "IMSM has no internal bitmap for md: what mdadm calls so is behind the volume's data, and md is told "
            "where. "
            "Use --bitmap external for it, or none.");
    if (options.bitmap != "external" && options.bitmap != "none")
        return not_possible(fmt::format(
            "An array with IMSM metadata has its bitmap on its members or none, not '{}'. Use external or none.",
            shown(options.bitmap)));
    design.has_bitmap = options.bitmap == "external";
    if (options.members != kImsmMembers)
        return not_possible(
            fmt::format("{} members are not possible: a RAID1 of IMSM has {}. Use --spares for more disks.",
                        options.members, kImsmMembers));
    if (options.spares < 0 || options.members + options.spares > kMaxMembers)
        return not_possible(fmt::format("{} spares are not possible; a lab has up to {} disks, {} of them members.",
                                        options.spares, kMaxMembers, options.members));
    if (!options.write_mostly.empty()) return not_possible("IMSM metadata has no place for write-mostly members.");
    const bool chunk_is_ours = options.chunk == 0 || options.chunk == CreateOptions{}.chunk;
    if (design.has_bitmap && !chunk_is_ours && options.chunk != kImsmBitmapChunk)
        return not_possible(fmt::format("A bitmap chunk of {} is not possible: with IMSM metadata it is {}.",
                                        unit_text(options.chunk), unit_text(kImsmBitmapChunk)));
    if (design.has_bitmap && options.daemon_sleep_ms != kImsmBitmapPeriod * 1000)
        return not_possible(fmt::format("A daemon period of {} ms is not possible: with IMSM metadata it is {} s.",
                                        options.daemon_sleep_ms, kImsmBitmapPeriod));
    return {};
}

std::optional<Error> check_volume_name(const std::string& name) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
    if (name.empty() || name.size() > kImsmNameSize || std::any_of(name.begin(), name.end(), is_control))
        return not_possible(fmt::format("A volume's name has 1 to {} bytes and no control characters.", kImsmNameSize));
    if (name.front() == ' ' || name.back() == ' ')
        return not_possible("A volume's name neither begins nor ends with a blank.");
    return {};
}

std::optional<Error> check_imsm_size(ImsmDesign& design) {
    const std::uint64_t bytes = design.options.size_bytes;
    if (bytes % kSectorSize != 0)
        return not_possible(fmt::format("A size of {} bytes is not a multiple of 512 (one sector).", bytes));
    design.disk_sectors = bytes / kSectorSize;
    design.volume_sectors = imsm_volume_sectors(design.disk_sectors);
    if (const std::uint64_t wanted = design.options.volume_bytes / kSectorSize; wanted != 0) {
        const bool fits = wanted <= design.disk_sectors && kImsmKept <= design.disk_sectors - wanted;
        if (!fits || wanted % kImsmStripe != 0)
            return not_possible(fmt::format("A volume of {} is not possible on members of {}.",
                                            unit_text(design.options.volume_bytes), unit_text(bytes)));
        design.volume_sectors = wanted;
    }
    if (design.volume_sectors != 0) return {};
    const std::uint64_t least = (kImsmKept + kMebibyte) * kSectorSize;
    return Error{ERANGE, fmt::format("Members of {} are too small: beside the metadata at least 1M must be left for "
                                     "data. Use {} or more.",
                                     unit_text(bytes), unit_text(least))};
}

std::optional<Error> name_disks(ImsmDesign& design) {
    const CreateOptions& options = design.options;
    for (int i = 0; i < options.members + options.spares; i++) {
        design.names.push_back(fmt::format("sd{}", static_cast<char>('a' + i)));
        design.serials.push_back(("/dev/" + design.names.back()).substr(0, kLongestDeviceSerial));
    }
    for (const std::string& word : options.serials) {
        const std::string name = word.substr(0, word.find('='));
        const auto disk = std::find(design.names.begin(), design.names.end(), name);
        if (disk == design.names.end() || name.size() == word.size())
            return not_possible(fmt::format("'{}' is no NAME=SERIAL of a disk; the disks are {} to {}.", shown(word),
                                            design.names.front(), design.names.back()));
        const std::string serial = imsm_serial(word.substr(name.size() + 1));
        if (serial.empty()) return not_possible(fmt::format("'{}' leaves nothing for a serial.", shown(word)));
        design.serials[static_cast<std::size_t>(disk - design.names.begin())] = serial;
    }
    for (std::size_t i = 0; i < design.serials.size(); i++)
        for (std::size_t j = 0; j < i; j++)
            if (design.serials[i] == design.serials[j])
                return not_possible(
                    fmt::format("{} and {} would have the same serial {}: nothing else tells them apart.",
                                design.names[j], design.names[i], shown(design.serials[i])));
    return {};
}

// ---- the blocks

std::array<std::uint8_t, 8> imsm_version(const char* text) {
    std::array<std::uint8_t, 8> version{};
    for (std::size_t i = 0; i < version.size() && text[i] != '\0'; i++) version[i] = static_cast<std::uint8_t>(text[i]);
    return version;
}

ImsmDisk imsm_disk(const ImsmDesign& design, std::size_t number, std::uint32_t status) {
    ImsmDisk disk;
    disk.serial = imsm_text(design.serials[number]);
    disk.total_blocks = design.disk_sectors;
    disk.status = status;
    return disk;
}

std::uint32_t disk_attributes(const ImsmDesign& design) {
    return IMSM_CHECKSUM_VERIFY | (design.disk_sectors >= kImsmTwoTerabytes ? IMSM_2TB_DISK : 0U);
}

ImsmVolume imsm_volume(const ImsmDesign& design) {
    ImsmVolume volume;
    volume.name = imsm_text(design.options.name);
    volume.size = design.volume_sectors;
    volume.status = kCoalescing;
    volume.volume_id = 1;
    volume.rwh_policy = static_cast<std::uint8_t>(design.has_bitmap ? ImsmRwh::Bitmap : ImsmRwh::MultipleOff);
    volume.map.blocks_per_member = design.volume_sectors + kImsmBehindVolume;
    volume.map.blocks_per_strip = kImsmStrip;
    volume.map.num_data_stripes = design.volume_sectors / kImsmStripe;
    volume.map.ord = {0, 1};
    return volume;
}

ImsmAnchor member_block(const ImsmDesign& design) {
    std::array<std::uint8_t, 4> random{};
    do host_random_bytes(random);
    while (random == std::array<std::uint8_t, 4>{});  // a family of 0 is none
    ImsmAnchor anchor;
    for (const std::uint8_t byte : random) anchor.family_num = anchor.family_num << 8 | byte;
    anchor.orig_family_num = anchor.family_num;
    anchor.generation_num = 1;
    anchor.num_raid_devs_created = 1;
    anchor.creation_time = host_seconds();
    anchor.attributes = disk_attributes(design);
    if (design.volume_sectors >= kImsmTwoTerabytes) anchor.attributes |= IMSM_2TB;
    // With anything out of the ordinary mdadm says which levels there are, and a newer version.
    const bool ordinary = anchor.attributes == IMSM_CHECKSUM_VERIFY;
    if (!ordinary) anchor.attributes |= IMSM_RAID1;
    anchor.version = imsm_version(ordinary ? "1.1.00" : "1.3.00");
    for (std::size_t i = 0; i < kImsmMembers; i++) anchor.disks.push_back(imsm_disk(design, i, IMSM_CONFIGURED));
    anchor.volumes.push_back(imsm_volume(design));
    return anchor;
}

ImsmAnchor spare_block(const ImsmDesign& design, std::size_t number) {
    return imsm_spare_record({imsm_text(design.serials[number]), design.disk_sectors});
}

// ---- the files

PlannedFile imsm_image(const ImsmDesign& design, std::size_t number, const ImsmAnchor& anchor) {
    PlannedFile file{design.options.lab + "/" + design.names[number] + ".img", design.options.size_bytes, {}};
    const bool is_member = number < kImsmMembers;
    if (is_member && design.has_bitmap) {
        const std::uint64_t area = imsm_bitmap_area(anchor.volumes[0]) * kSectorSize;
        std::vector<std::byte> header(kPageSize);
        encode_bitmap_super(imsm_bitmap_header(anchor, 0), header);
        file.pieces.push_back({area + kImsmBitmapHeader * kSectorSize, std::move(header)});
        file.pieces.push_back(
            {area + kImsmBitmapBits * kSectorSize, std::vector<std::byte>(kImsmBitmapBytes, std::byte{0xff})});
    }
    // One sector: two disks and a volume that does not migrate.
    file.pieces.push_back({design.options.size_bytes - 2 * kSectorSize, encode_imsm(anchor)});
    return file;
}

std::string imsm_report(const ImsmDesign& design) {
    const CreateOptions& options = design.options;
    std::string serials;
    for (const std::string& serial : design.serials) serials += (serials.empty() ? "" : ", ") + shown(serial);
    const std::string spares =
        options.spares == 0 ? "" : fmt::format(" and {} spare{}", options.spares, options.spares == 1 ? "" : "s");
    const std::uint64_t kib = design.volume_sectors / 2;
    const std::string bitmap = design.has_bitmap
                                   ? fmt::format("external, behind the data; a bit for each {}; daemon every {} s",
                                                 unit_text(kImsmBitmapChunk), kImsmBitmapPeriod)
                                   : "none";
    return fmt::format(
        "Created {} with {} members{} of {} ({} to {}), all equal.\n"
        "   array : {} KiB{}, volume {}, data from sector 0\n"
        "metadata : imsm, at sector {}; serials {}\n"
        "  bitmap : {}\n"
        "    next : mdscope mount {} MNT\n",
        options.lab, options.members, spares, unit_text(options.size_bytes), design.names.front(), design.names.back(),
        kib, human_size(kib), shown(options.name), design.disk_sectors - 2, serials, bitmap, shell_word(options.lab));
}

}  // namespace

std::uint64_t imsm_volume_sectors(std::uint64_t disk_sectors) {
    return disk_sectors < kImsmKept ? 0 : (disk_sectors - kImsmKept) / kMebibyte * kMebibyte;
}

std::string imsm_serial(const std::string& said) {
    std::string serial;
    for (const char c : said)
        if (static_cast<unsigned char>(c) > ' ' && c != 0x7f) serial += c == ':' ? ';' : c;
    return serial.size() <= kImsmSerialSize ? serial : serial.substr(serial.size() - kImsmSerialSize);
}

Result<LabPlan> plan_imsm_lab(const CreateOptions& options) {
    ImsmDesign design{options, false, 0, 0, {}, {}};
    if (auto error = check_kind(options, design)) return *error;
    if (auto error = check_volume_name(options.name)) return *error;
    if (auto error = check_imsm_size(design)) return *error;
    if (auto error = name_disks(design)) return *error;

    LabPlan plan;
    const ImsmAnchor members = member_block(design);
    for (std::size_t i = 0; i < design.names.size(); i++) {
        plan.files.push_back(imsm_image(design, i, i < kImsmMembers ? members : spare_block(design, i)));
        plan.images.push_back(plan.files.back().path);
    }
    plan.text = imsm_report(design);
    return plan;
}

}  // namespace mdscope
