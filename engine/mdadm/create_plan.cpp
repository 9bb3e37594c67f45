// SPDX-License-Identifier: MIT
// mdadm's part of creating an array: options -> geometry -> the bytes of superblocks, bitmaps, labels and sidecar.
// (With IMSM metadata: imsm/create_imsm.cpp.)
//
//   external   label (sector 0), bits from sector 8 up to data_offset, all 0; container.json: clean, generation 1
//   internal   superblock with the bitmap bit, events 0; bitmap header, and 0xff behind it up to the next 4 KiB
//   none       superblock without the bitmap bit
//   PATH       the same; the file has the header and ceil(bits / 8) bytes of 0xff
//
// New images are full of zeroes and so equal: resync_offset says clean, as with --assume-clean. The bits that mdadm
// sets all the same make the first assembly with a missing member resync all of it; we keep them, so that nothing tells
// our arrays from mdadm's. An external bitmap begins empty, because nobody but us reads it and nothing is owed.
//
// The chunk asked for is doubled until its bits fit into the space there is. Here mdadm would refuse; a lab's members
// are often tiny or huge, and the size that came out is in the report.
#include "engine/mdadm/create_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "engine/host/host.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/md/bitmap/home.hpp"
#include "engine/md/format/format.hpp"
#include "engine/mdadm/geometry.hpp"
#include "engine/mdadm/imsm/create_imsm.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kSmallestChunk = 512;  // the kernel's limit; mdadm's is 4096
constexpr std::uint64_t kSmallestMdadmChunk = 4096;
constexpr std::uint64_t kLongestDaemonSleepMs = 1'000'000'000;
constexpr Sector kExternalBitmapSector = 8;
constexpr std::size_t kLongestName = 31;

// Everything decided, nothing encoded.
struct Design {
    const CreateOptions& options;
    BitmapHome home = BitmapHome::External;
    int minor_version = 2;
    Geometry1 geometry;
    std::uint64_t chunk = 0;  // 0: no bitmap
    std::vector<std::string> names;
    Uuid set_uuid{};
    std::uint64_t seconds = 0;
};

Uuid random_uuid() {
    Uuid uuid{};
    host_random_bytes(uuid);
    return uuid;
}

Error invalid(std::string text) {
    return {EINVAL, std::move(text)};
}

// ---- checking the options

std::optional<Error> check_words(const CreateOptions& options, Design& design) {
    if (options.lab.empty()) return invalid("Name the folder of the lab.");
    if (options.spares != 0 || !options.serials.empty())
        return invalid("Spares and serials are for --metadata imsm; another array gets a spare by `mdscope add`.");
    design.home = bitmap_home(options.bitmap);
    const bool is_path = options.bitmap.find('/') != std::string::npos && options.bitmap.back() != '/';
    if (design.home == BitmapHome::File && !is_path)
        return invalid(fmt::format(
            "There is no bitmap home '{}'. Use external, internal, none, or a file's path with a '/' in it, like ./{}.",
            options.bitmap, options.bitmap.empty() ? "bitmap" : options.bitmap));

    if (options.metadata == "1.0")
        design.minor_version = 0;
    else if (options.metadata == "1.1")
        design.minor_version = 1;
    else if (options.metadata != "1.2")
        return invalid(fmt::format("There is no metadata version '{}'. Use 1.2, 1.1, 1.0 or imsm.", options.metadata));
    if (design.home == BitmapHome::External && design.minor_version != 2)
        return invalid(
            "A lab with an external bitmap has metadata external:lab; a metadata version is for --bitmap internal, "
            "none or a file.");
    return {};
}

std::optional<Error> check_numbers(const CreateOptions& options, const Design& design) {
    if (options.members < 2 || options.members > kMaxMembers)
        return invalid(fmt::format("{} members are not possible; a lab has 2 to {}.", options.members, kMaxMembers));
    if (options.size_bytes % kSectorSize != 0)
        return invalid(fmt::format("A size of {} bytes is not a multiple of 512 (one sector).", options.size_bytes));
    const std::uint64_t chunk = options.chunk;
    if (chunk != 0 && (chunk < kSmallestChunk || chunk > kLargestChunk || (chunk & (chunk - 1)) != 0))
        return invalid(fmt::format("A bitmap chunk of {} is not possible; use a power of two from 512 bytes to 2G.",
                                   unit_text(chunk)));
    const std::uint64_t ms = options.daemon_sleep_ms;
    if (ms < 1 || ms > kLongestDaemonSleepMs)
        return invalid(fmt::format("A daemon period of {} ms is not possible; use 1 ms to {} s.", ms,
                                   kLongestDaemonSleepMs / 1000));
    const bool has_header = design.home == BitmapHome::Internal || design.home == BitmapHome::File;
    if (has_header && ms % 1000 != 0)
        return invalid(
            fmt::format("A daemon period of {} ms is not possible here: the bitmap's header has whole seconds.", ms));
    return {};
}

std::optional<Error> check_names(const CreateOptions& options, Design& design) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
    const std::string& name = options.name;
    if (name.empty() || name.size() > kLongestName || std::any_of(name.begin(), name.end(), is_control))
        return invalid(fmt::format("An array's name has 1 to {} bytes and no control characters.", kLongestName));
    for (int i = 0; i < options.members; i++) design.names.push_back(fmt::format("sd{}", static_cast<char>('a' + i)));
    for (const std::string& wanted : options.write_mostly)
        if (std::find(design.names.begin(), design.names.end(), wanted) == design.names.end())
            return invalid(fmt::format("There is no member '{}' to be write-mostly; the members are {} to {}.", wanted,
                                       design.names.front(), design.names.back()));
    return {};
}

// ---- geometry

// The smallest device that leaves 64 KiB for data.
std::uint64_t smallest_size(int minor_version) {
    Sector sectors = 24;
    while (!mdadm_geometry(minor_version, sectors, 2, false, 0)) sectors += 8;
    return sectors << kSectorShift;
}

Error no_chunk_fits(const CreateOptions& options) {
    return invalid(fmt::format(
        "Members of {} are too large for a bitmap here: not even chunks of {} fit. Use smaller ones, or --bitmap none.",
        unit_text(options.size_bytes), unit_text(kLargestChunk)));
}

Result<Geometry1> choose_geometry(const CreateOptions& options, BitmapHome home, int minor_version) {
    const Sector sectors = options.size_bytes >> kSectorShift;
    const bool internal = home == BitmapHome::Internal;
    std::uint64_t chunk = options.chunk == 0 ? 0 : std::max(options.chunk, kSmallestMdadmChunk);
    Result<Geometry1> geometry = mdadm_geometry(minor_version, sectors, options.members, internal, chunk);
    while (!geometry && geometry.error().err == EINVAL && chunk != 0 && chunk < kLargestChunk) {
        chunk *= 2;
        geometry = mdadm_geometry(minor_version, sectors, options.members, internal, chunk);
    }
    if (!geometry && geometry.error().err == EINVAL) return no_chunk_fits(options);
    if (geometry || geometry.error().err != ENOSPC) return geometry;
    return Error{
        ERANGE,
        fmt::format(
            "Members of {} are too small: beside the metadata at least 64K must be left for data. Use {} or more.",
            unit_text(options.size_bytes), unit_text(smallest_size(minor_version)))};
}

// The chunk of the bitmap, by where its bits have to fit. 0 in the options: what mdadm would pick.
Result<std::uint64_t> choose_chunk(const Design& design) {
    const Geometry1& geometry = design.geometry;
    if (design.home == BitmapHome::None) return std::uint64_t{0};
    if (design.home == BitmapHome::Internal) return std::uint64_t{geometry.bitmap_chunk};

    std::uint64_t chunk = design.options.chunk;
    std::uint64_t room = kMostFileChunks;
    if (design.home == BitmapHome::File && chunk == 0) chunk = mdadm_bitmap_file_chunk(geometry.size);
    if (design.home == BitmapHome::External) {
        room = (geometry.data_offset - kExternalBitmapSector) * kSectorSize * 8;
        const Sector sectors = design.options.size_bytes >> kSectorShift;
        const Result<Geometry1> mdadm = mdadm_geometry(2, sectors, design.options.members, true, 0);
        if (chunk == 0) chunk = mdadm ? mdadm->bitmap_chunk : kLargestChunk;
    }
    while (chunk < kLargestChunk && chunks_in(geometry.size, chunk) > room) chunk *= 2;
    if (chunks_in(geometry.size, chunk) > room) return no_chunk_fits(design.options);
    return chunk;
}

// ---- encoding

bool is_write_mostly(const Design& design, const std::string& name) {
    const auto& list = design.options.write_mostly;
    return std::find(list.begin(), list.end(), name) != list.end();
}

Superblock1 make_superblock(const Design& design, unsigned number) {
    const std::string with_host = "mdscope:" + design.options.name;
    Superblock1 sb;
    if (design.home == BitmapHome::Internal) sb.feature_map = MD_FEATURE_BITMAP_OFFSET;
    sb.set_uuid = design.set_uuid;
    sb.set_name = with_host.size() <= kLongestName ? with_host : design.options.name;  // as mdadm does
    sb.ctime = design.seconds;
    sb.size = design.geometry.size;
    sb.raid_disks = static_cast<std::uint32_t>(design.options.members);
    sb.bitmap_offset = design.geometry.bitmap_offset;
    sb.data_offset = design.geometry.data_offset;
    sb.data_size = design.geometry.data_size;
    sb.super_offset = design.geometry.super_offset;
    sb.dev_number = number;
    sb.device_uuid = random_uuid();
    sb.devflags = is_write_mostly(design, design.names[number]) ? 1 : 0;
    sb.bblog_offset = design.geometry.bblog_offset;
    sb.bblog_size = sb.bblog_offset != 0 ? 8 : 0;
    sb.utime = design.seconds;
    sb.resync_offset = ~std::uint64_t{0};
    sb.max_dev = design.geometry.max_dev;
    sb.dev_roles.assign(sb.max_dev, MD_DISK_ROLE_SPARE);
    for (unsigned i = 0; i < sb.raid_disks; i++) sb.dev_roles[i] = static_cast<std::uint16_t>(i);
    return sb;
}

// The header, then bits all set up to `bytes`.
std::vector<std::byte> make_bitmap(const Design& design, std::uint64_t bytes) {
    std::vector<std::byte> bitmap(bytes, std::byte{0xff});
    BitmapSuper sb;
    sb.uuid = design.set_uuid;
    sb.sync_size = design.geometry.size;
    sb.chunksize = static_cast<std::uint32_t>(design.chunk);
    sb.daemon_sleep = static_cast<std::uint32_t>(design.options.daemon_sleep_ms / 1000);
    encode_bitmap_super(sb, bitmap);
    return bitmap;
}

std::string image_path(const Design& design, unsigned number) {
    return design.options.lab + "/" + design.names[number] + ".img";
}

PlannedFile native_image(const Design& design, unsigned number) {
    PlannedFile file{image_path(design, number), design.options.size_bytes, {}};
    std::vector<std::byte> page(kPageSize);
    const std::size_t used = encode_super_1(make_superblock(design, number), page);
    page.resize((used + kSectorSize - 1) / kSectorSize * kSectorSize);
    const Geometry1& geometry = design.geometry;
    file.pieces.push_back({geometry.super_offset << kSectorShift, std::move(page)});
    if (design.home == BitmapHome::Internal) {
        const auto sector = static_cast<std::int64_t>(geometry.super_offset) + geometry.bitmap_offset;
        const std::uint64_t bytes = std::uint64_t{geometry.bitmap_sectors} << kSectorShift;
        file.pieces.push_back({static_cast<Sector>(sector) << kSectorShift, make_bitmap(design, bytes)});
    }
    return file;
}

PlannedFile external_image(const Design& design, const ContainerMember& member) {
    LabLabel label;
    label.set_uuid = design.set_uuid;
    label.member_uuid = member.uuid;
    label.slot = static_cast<std::uint32_t>(member.slot);
    label.generation = 1;
    label.data_offset = design.geometry.data_offset;
    label.data_size = design.geometry.data_size;
    std::vector<std::byte> sector(kLabLabelSize);
    encode_label(label, sector);
    return {image_path(design, label.slot), design.options.size_bytes, {{0, std::move(sector)}}};
}

Container make_container(const Design& design) {
    Container container;
    container.uuid = design.set_uuid;
    container.generation = 1;
    container.raid_disks = design.options.members;
    container.size = design.geometry.size;
    container.data_offset = design.geometry.data_offset;
    container.bitmap_offset = kExternalBitmapSector;
    container.bitmap_chunk = design.chunk;
    container.bitmap_daemon_sleep_ms = design.options.daemon_sleep_ms;
    for (int slot = 0; slot < design.options.members; slot++) {
        ContainerMember member;
        member.name = design.names[static_cast<std::size_t>(slot)];
        member.uuid = random_uuid();
        member.slot = slot;
        member.state = "in_sync";
        member.write_mostly = is_write_mostly(design, member.name);
        member.label = container.generation;
        container.members.push_back(std::move(member));
    }
    return container;
}

void plan_external(const Design& design, LabPlan& plan) {
    const Container container = make_container(design);
    for (const ContainerMember& member : container.members) plan.files.push_back(external_image(design, member));
    const std::string text = container_file_text(container);
    std::vector<std::byte> bytes;
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
    // The spare first, the sidecar last: what is there when the sidecar is, is all there.
    plan.files.push_back({container_spare_path(design.options.lab), bytes.size(), {{0, bytes}}});
    plan.files.push_back({container_path(design.options.lab), bytes.size(), {{0, bytes}}});
}

void plan_native(const Design& design, LabPlan& plan) {
    for (unsigned i = 0; i < design.names.size(); i++) plan.files.push_back(native_image(design, i));
    if (design.home != BitmapHome::File) return;
    const std::uint64_t bytes = kBitmapSuperSize + (chunks_in(design.geometry.size, design.chunk) + 7) / 8;
    plan.files.push_back({design.options.bitmap, bytes, {{0, make_bitmap(design, bytes)}}});
}

// ---- for people

std::string bitmap_text(const Design& design) {
    if (design.home == BitmapHome::None) return "none: after a crash the whole array is resynced";
    std::string where = "file " + design.options.bitmap;
    if (design.home == BitmapHome::External)
        where = fmt::format("external, from sector {} of each member", kExternalBitmapSector);
    if (design.home == BitmapHome::Internal)
        where = fmt::format("internal, {:+} sectors from the superblock", design.geometry.bitmap_offset);
    std::string text = fmt::format("{}; {} bits, one for {}", where, chunks_in(design.geometry.size, design.chunk),
                                   unit_text(design.chunk));
    if (design.options.chunk != 0 && design.chunk != design.options.chunk)
        text += fmt::format(" ({} did not fit)", unit_text(design.options.chunk));
    return text + fmt::format("; daemon every {} s", static_cast<double>(design.options.daemon_sleep_ms) / 1000);
}

std::string report_text(const Design& design) {
    const CreateOptions& options = design.options;
    const Geometry1& geometry = design.geometry;
    const bool external = design.home == BitmapHome::External;
    const std::string metadata =
        external ? fmt::format("external:lab, kept in {}; container.json.new is its spare, and stays",
                               container_path(options.lab))
                 : fmt::format("{}, superblock at sector {}", options.metadata, geometry.super_offset);
    const std::string with_file = design.home == BitmapHome::File ? " --bitmap " + shell_word(options.bitmap) : "";
    return fmt::format(
        "Created {} with {} members of {} ({} to {}), all equal.\n"
        "   array : {} KiB{}, data from sector {}\n"
        "metadata : {}\n"
        "  bitmap : {}\n"
        "    next : mdscope mount{} {} MNT\n",
        options.lab, options.members, unit_text(options.size_bytes), design.names.front(), design.names.back(),
        geometry.size / 2, human_size(geometry.size / 2), geometry.data_offset, metadata, bitmap_text(design),
        with_file, shell_word(options.lab));
}

}  // namespace

Result<LabPlan> plan_lab(const CreateOptions& options) {
    if (options.metadata == "imsm") return plan_imsm_lab(options);
    Design design{options, BitmapHome::External, 2, {}, 0, {}, random_uuid(), host_seconds()};
    if (auto error = check_words(options, design)) return *error;
    if (auto error = check_numbers(options, design)) return *error;
    if (auto error = check_names(options, design)) return *error;
    Result<Geometry1> geometry = choose_geometry(options, design.home, design.minor_version);
    if (!geometry) return geometry.error();
    design.geometry = *geometry;
    const Result<std::uint64_t> chunk = choose_chunk(design);
    if (!chunk) return chunk.error();
    design.chunk = *chunk;

    LabPlan plan;
    for (unsigned i = 0; i < design.names.size(); i++) plan.images.push_back(image_path(design, i));
    if (design.home == BitmapHome::External)
        plan_external(design, plan);
    else
        plan_native(design, plan);
    plan.text = report_text(design);
    return plan;
}

std::string unit_text(std::uint64_t bytes) {
    constexpr const char* units = "KMGTPE";
    const char* unit = nullptr;
    for (const char* next = units; *next != '\0' && bytes != 0 && bytes % 1024 == 0; next++) {
        bytes /= 1024;
        unit = next;
    }
    return unit == nullptr ? fmt::format("{} bytes", bytes) : fmt::format("{}{}", bytes, *unit);
}

}  // namespace mdscope
