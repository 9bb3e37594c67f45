// SPDX-License-Identifier: MIT
// external:lab, encoded: the label of a member (512 bytes, layout in container.hpp) and container.json.
//
//   {
//     "version": 1,
//     "uuid": "10111213:14151617:18191a1b:1c1d1e1f",
//     "generation": 7,
//     "dirty": false,
//     "resync_start": "none",                      or a sector
//     "raid_disks": 2,
//     "size_sectors": 129024,
//     "data_offset_sectors": 2048,
//     "bitmap": {"offset_sectors": 8, "chunk_bytes": 65536, "daemon_sleep_ms": 5000},      offset 0: no bitmap
//     "members": [{"name": "sda", "uuid": "...", "slot": 0, "state": "in_sync", "recovery_start": "none",
//                  "write_mostly": false, "label": 1, "label_next": 0}, ...],
//     "checksum": "0123abcd"                       crc32 of the same without this line, as container_to_json prints it
//   }                                              slot: a number or "none"; label, label_next, checksum may be missing
//
// "failfast": true of a member and "backlog" of the bitmap are there only when they say something.
//
// Words are sysfs's where it has one ("none"), and numbers carry their units. Reading trusts nothing: the file may have
// been edited by hand, cut, or made by somebody else. Every field is there, of its type and within its bounds, or the
// error names it. What passes can be used in arithmetic without a second look.
#include "engine/mdadm/container.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/bytes.hpp"
#include "engine/md/md.hpp"

namespace mdscope {

namespace {

// ---- the label

constexpr std::array<std::uint8_t, 8> kLabelMagic{'m', 'd', 's', 'c', 'o', 'p', 'e', '!'};
constexpr std::uint32_t kLabelVersion = 1;
constexpr std::size_t kLabelMagicAt = 0, kLabelVersionAt = 8, kLabelChecksumAt = 508;
constexpr Sector kMostSectors = Sector{1} << 54;

template <class Label, class Visit>
void layout_of_label(Label& label, const Visit& visit) {
    visit(12, label.slot);
    visit(16, label.set_uuid);
    visit(32, label.member_uuid);
    visit(48, label.generation);
    visit(56, label.data_offset);
    visit(64, label.data_size);
}

std::uint32_t label_checksum(std::span<const std::byte> sector) {
    std::array<Bytef, kLabelChecksumAt> bytes{};
    for (std::size_t i = 0; i < bytes.size(); i++) bytes[i] = std::to_integer<Bytef>(sector[i]);
    return static_cast<std::uint32_t>(crc32(crc32(0, nullptr, 0), bytes.data(), static_cast<uInt>(bytes.size())));
}

}  // namespace

void encode_label(const LabLabel& label, std::span<std::byte> sector) {
    MD_CHECK(sector.size() >= kLabLabelSize);
    const std::span<std::byte> bytes = sector.first(kLabLabelSize);
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    const ByteWriter write{bytes};
    write(kLabelMagicAt, kLabelMagic);
    write(kLabelVersionAt, kLabelVersion);
    layout_of_label(label, write);
    write(kLabelChecksumAt, label_checksum(bytes));
}

bool has_label_magic(std::span<const std::byte> sector) {
    if (sector.size() < kLabelMagic.size()) return false;
    std::array<std::uint8_t, kLabelMagic.size()> magic{};
    ByteReader{sector}(kLabelMagicAt, magic);
    return magic == kLabelMagic;
}

Result<LabLabel> decode_label(std::span<const std::byte> sector) {
    if (sector.size() < kLabLabelSize) return Error{EINVAL, "the label is cut short"};
    if (!has_label_magic(sector)) return Error{EINVAL, "there is no external:lab label"};
    const auto version = get_le<std::uint32_t>(sector, kLabelVersionAt);
    if (version != kLabelVersion)
        return Error{EINVAL, fmt::format("label version {}, this mdscope knows {}", version, kLabelVersion)};
    const auto stored = get_le<std::uint32_t>(sector, kLabelChecksumAt);
    if (const std::uint32_t sum = label_checksum(sector); stored != sum)
        return Error{EINVAL, fmt::format("label checksum {:08x}, expected {:08x}", stored, sum)};
    LabLabel label;
    layout_of_label(label, ByteReader{sector});
    if (label.slot >= static_cast<std::uint32_t>(kMaxMembers))
        return Error{EINVAL, fmt::format("label slot {}, at most {} is possible", label.slot, kMaxMembers - 1)};
    if (label.data_offset == 0 || label.data_offset > kMostSectors || label.data_size == 0 ||
        label.data_size > kMostSectors)
        return Error{EINVAL,
                     fmt::format("label data at {} for {} sectors is impossible", label.data_offset, label.data_size)};
    return label;
}

// ---- the members

namespace {

constexpr std::size_t kLongestDeviceName = 64;

bool is_member_name(const std::string& name) {
    if (name.empty() || name.size() > kLongestDeviceName || name[0] == '.') return false;
    for (const char c : name)
        if (c == '/' || static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return false;
    return true;
}

bool is_utf8(const std::string& text) {
    using nlohmann::json;
    return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::ignore)) == text;
}

}  // namespace

std::string sidecar_name(std::string name) {
    if (name.size() > kLongestDeviceName) name.resize(kLongestDeviceName);
    if (name.empty() || name[0] == '.') name.insert(0, "_").resize(std::min(name.size(), kLongestDeviceName));
    const bool is_text = is_utf8(name);
    for (char& c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte == 0x7f || c == '/' || (byte > 0x7f && !is_text)) c = '_';
    }
    return name;
}

const ContainerMember* find_member(const Container& container, const Uuid& uuid) {
    const auto found = std::ranges::find(container.members, uuid, &ContainerMember::uuid);
    return found == container.members.end() ? nullptr : &*found;
}

ContainerMember* find_member(Container& container, const Uuid& uuid) {
    return const_cast<ContainerMember*>(find_member(std::as_const(container), uuid));
}

void take_name(Container& container, const Uuid& uuid, const std::string& file_name) {
    ContainerMember* const member = find_member(container, uuid);
    const std::string name = sidecar_name(file_name);
    if (member == nullptr || member->name == name) return;
    for (ContainerMember& other : container.members)
        if (other.name == name) other.name = member->name;
    member->name = name;
}

// ---- the sidecar, writing

namespace {

using Json = nlohmann::ordered_json;

constexpr int kSidecarVersion = 1;
constexpr std::size_t kMostMembers = 64;  // spares and removed ones included
constexpr std::size_t kLargestSidecar = 1 << 20;
constexpr Sector kNone = ~Sector{0};
constexpr std::array<const char*, 4> kMemberStates{"in_sync", "faulty", "spare", "rebuilding"};

Json sector_or_none(Sector sector) {
    return sector == kNone ? Json("none") : Json(sector);
}

// Of what was understood, not of its bytes: blanks and fields of another program do not count, and a field that is
// there no more, because its name was damaged, does.
std::string sidecar_checksum(const std::string& text) {
    return fmt::format("{:08x}", crc32(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(text.data()),
                                       static_cast<uInt>(text.size())));
}

std::string text_without_checksum(const Container& container) {
    Json json;
    json["version"] = container.version;
    json["uuid"] = format_uuid(container.uuid);
    json["generation"] = container.generation;
    json["dirty"] = container.dirty;
    json["resync_start"] = sector_or_none(container.resync_start);
    json["raid_disks"] = container.raid_disks;
    json["size_sectors"] = container.size;
    json["data_offset_sectors"] = container.data_offset;
    json["bitmap"]["offset_sectors"] = container.bitmap_offset;
    json["bitmap"]["chunk_bytes"] = container.bitmap_chunk;
    json["bitmap"]["daemon_sleep_ms"] = container.bitmap_daemon_sleep_ms;
    if (container.bitmap_backlog != 0) json["bitmap"]["backlog"] = container.bitmap_backlog;
    json["members"] = Json::array();
    for (const ContainerMember& member : container.members) {
        Json row;
        row["name"] = member.name;
        row["uuid"] = format_uuid(member.uuid);
        row["slot"] = member.slot < 0 ? Json("none") : Json(member.slot);
        row["state"] = member.state;
        row["recovery_start"] = sector_or_none(member.recovery_start);
        row["write_mostly"] = member.write_mostly;
        if (member.failfast) row["failfast"] = true;
        row["label"] = member.label;
        row["label_next"] = member.label_next;
        json["members"].push_back(std::move(row));
    }
    // A name that is not UTF-8 must not make mdmon throw while it records a failure.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string container_to_json(const Container& container) {
    std::string text = text_without_checksum(container);
    const std::string checksum = sidecar_checksum(text);
    text.resize(text.size() - std::string_view("\n}\n").size());
    return text + ",\n  \"checksum\": \"" + checksum + "\"\n}\n";
}

std::string container_file_text(const Container& container) {
    std::string text = container_to_json(container);
    text.pop_back();
    text.append(kPageSize - 1 - text.size() % kPageSize, ' ');
    return text + "\n";
}

// ---- the sidecar, reading

namespace {

// Takes fields out of one JSON object; the first that is wrong is kept, and everything after it reads as a default.
class FieldReader {
   public:
    FieldReader(const Json& object, std::string prefix, std::string& wrong)
        : object_(object), prefix_(std::move(prefix)), wrong_(wrong) {
        if (!object_.is_object()) fail("", "is not an object");
    }

    std::uint64_t number(const char* name, std::uint64_t least, std::uint64_t most) {
        const Json* value = find(name);
        if (value == nullptr) return least;
        return bounded(name, *value, least, most);
    }
    // A number, or "none" when that is what it says.
    std::optional<std::uint64_t> number_or_none(const char* name, std::uint64_t most) {
        const Json* value = find(name);
        if (value == nullptr || *value == "none") return std::nullopt;
        return bounded(name, *value, 0, most);
    }
    std::uint64_t number_if_there(const char* name, std::uint64_t most = ~std::uint64_t{0}) {
        return is_there(name) ? number(name, 0, most) : 0;
    }
    bool boolean_if_there(const char* name) { return is_there(name) && boolean(name); }
    bool boolean(const char* name) {
        const Json* value = find(name);
        if (value == nullptr) return false;
        if (!value->is_boolean()) fail(name, "is neither true nor false");
        return value->is_boolean() && value->get<bool>();
    }
    std::string text(const char* name) {
        const Json* value = find(name);
        if (value == nullptr) return {};
        if (!value->is_string()) fail(name, "is not a text");
        return value->is_string() ? value->get<std::string>() : std::string{};
    }
    Uuid uuid(const char* name) {
        const std::string text_form = text(name);
        Uuid uuid{};
        std::size_t digits = 0;
        for (const char c : text_form) {
            const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            if (!is_digit || digits == 2 * uuid.size()) continue;
            const unsigned value = c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(c - 'a' + 10);
            uuid[digits / 2] = static_cast<std::uint8_t>(uuid[digits / 2] << 4 | value);
            digits++;
        }
        if (format_uuid(uuid) != text_form) fail(name, "is not four groups of eight hexadecimal digits");
        return uuid;
    }
    const Json* find(const char* name) {
        if (!wrong_.empty()) return nullptr;
        const auto at = object_.find(name);
        if (at != object_.end()) return &*at;
        fail(name, "is missing");
        return nullptr;
    }
    void fail(const char* name, const std::string& what) {
        if (wrong_.empty()) wrong_ = fmt::format("field {}{} {}", prefix_, name, what);
    }

   private:
    [[nodiscard]] bool is_there(const char* name) const { return object_.is_object() && object_.contains(name); }
    std::uint64_t bounded(const char* name, const Json& value, std::uint64_t least, std::uint64_t most) {
        // The parser makes every number without sign or fraction unsigned.
        const bool fits =
            value.is_number_unsigned() && value.get<std::uint64_t>() >= least && value.get<std::uint64_t>() <= most;
        if (!fits) fail(name, fmt::format("is {}, expected a number from {} to {}", shown(value), least, most));
        return fits ? value.get<std::uint64_t>() : least;
    }
    static std::string shown(const Json& value) {
        constexpr std::size_t longest = 40;
        if (value.is_structured()) return "a list or an object";  // dump() recurses: a hostile one is deep
        std::string text_form = value.dump(-1, ' ', true, Json::error_handler_t::replace);
        if (text_form.size() > longest) text_form = text_form.substr(0, longest) + "...";
        return text_form;
    }

    const Json& object_;
    std::string prefix_;
    std::string& wrong_;
};

ContainerMember read_member(const Json& json, std::size_t index, const Container& container, std::string& wrong) {
    FieldReader read(json, fmt::format("members[{}].", index), wrong);
    ContainerMember member;
    member.name = read.text("name");
    if (!is_member_name(member.name)) read.fail("name", "is not a member's name");
    member.uuid = read.uuid("uuid");
    const auto last_slot = static_cast<std::uint64_t>(std::max(container.raid_disks, 1) - 1);
    if (const auto slot = read.number_or_none("slot", last_slot)) member.slot = static_cast<int>(*slot);
    member.state = read.text("state");
    if (std::find(kMemberStates.begin(), kMemberStates.end(), member.state) == kMemberStates.end())
        read.fail("state", "is none of in_sync, faulty, spare, rebuilding");
    if (member.slot < 0 && (member.state == "in_sync" || member.state == "rebuilding"))
        read.fail("slot", "is none, but the state is " + member.state);
    member.recovery_start =
        read.number_or_none("recovery_start", container.size).value_or(ContainerMember::MaxRecovery);
    member.write_mostly = read.boolean("write_mostly");
    member.failfast = read.boolean_if_there("failfast");
    member.label = read.number_if_there("label");
    member.label_next = read.number_if_there("label_next");
    return member;
}

void read_members(const Json& json, Container& container, std::string& wrong) {
    if (!wrong.empty()) return;
    if (!json.is_array() || json.size() > kMostMembers) {
        wrong = fmt::format("field members is not a list of at most {}", kMostMembers);
        return;
    }
    std::set<std::string> names;
    std::set<Uuid> uuids;
    std::set<int> slots;
    for (std::size_t i = 0; i < json.size() && wrong.empty(); i++) {
        ContainerMember member = read_member(json[i], i, container, wrong);
        if (!wrong.empty()) return;
        if (!names.insert(member.name).second)
            wrong = fmt::format("field members[{}].name repeats {}", i, member.name);
        else if (!uuids.insert(member.uuid).second)
            wrong = fmt::format("field members[{}].uuid repeats that of another member", i);
        else if (member.slot >= 0 && !slots.insert(member.slot).second)
            wrong = fmt::format("field members[{}].slot repeats slot {}", i, member.slot);
        container.members.push_back(std::move(member));
    }
}

void read_bitmap(const Json& json, Container& container, std::string& wrong) {
    FieldReader read(json, "bitmap.", wrong);
    const Sector offset = read.number("offset_sectors", 0, container.data_offset);
    const std::uint64_t chunk = read.number("chunk_bytes", 0, 1ULL << 31);
    container.bitmap_daemon_sleep_ms = read.number("daemon_sleep_ms", 1, 1'000'000'000);
    container.bitmap_backlog = read.number_if_there("backlog", COUNTER_MAX);
    container.bitmap_offset = static_cast<std::int64_t>(offset);
    container.bitmap_chunk = chunk;
    if (!wrong.empty() || offset == 0) return;
    if (chunk < kSectorSize || (chunk & (chunk - 1)) != 0) {
        read.fail("chunk_bytes", fmt::format("is {}, expected a power of two of at least 512", chunk));
        return;
    }
    const Sector chunk_sectors = chunk >> kSectorShift;
    const std::uint64_t chunks = (container.size + chunk_sectors - 1) / chunk_sectors;
    const Sector needed = (chunks + 8ULL * kSectorSize - 1) / (8ULL * kSectorSize);
    if (offset + needed > container.data_offset)
        read.fail("offset_sectors", fmt::format("is {}: {} sectors of bits do not fit before the data at {}", offset,
                                                needed, container.data_offset));
}

}  // namespace

Result<Container> container_from_json(const std::string& text) {
    if (text.size() > kLargestSidecar) return Error{EINVAL, "container.json is too large to be one"};
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return Error{EINVAL, "container.json is not JSON"};

    std::string wrong;
    Container container;
    FieldReader read(json, "", wrong);
    // The version comes first: of another version no other field may be judged.
    container.version = static_cast<int>(read.number("version", 0, 1 << 30));
    if (wrong.empty() && container.version != kSidecarVersion)
        read.fail("version", fmt::format("is {}, this mdscope knows {}", container.version, kSidecarVersion));
    container.uuid = read.uuid("uuid");
    container.generation = read.number("generation", 1, ~std::uint64_t{0});
    container.dirty = read.boolean("dirty");
    container.raid_disks = static_cast<int>(read.number("raid_disks", 2, kMaxMembers));
    container.size = read.number("size_sectors", 1, kMostSectors);
    container.data_offset = read.number("data_offset_sectors", 1, kMostSectors);
    container.resync_start = read.number_or_none("resync_start", container.size).value_or(kNone);
    if (const Json* bitmap = read.find("bitmap")) read_bitmap(*bitmap, container, wrong);
    if (const Json* members = read.find("members")) read_members(*members, container, wrong);
    if (wrong.empty() && json.contains("checksum") &&
        json["checksum"] != sidecar_checksum(text_without_checksum(container)))
        read.fail("checksum",
                  "is not that of the other fields: the file was damaged, or edited. After an edit, delete "
                  "the checksum");
    if (!wrong.empty()) return Error{EINVAL, "container.json: " + wrong};
    return container;
}

}  // namespace mdscope
