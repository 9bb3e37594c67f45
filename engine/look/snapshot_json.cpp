// SPDX-License-Identifier: MIT
// The JSON of a snapshot, both ways. What is missing in a text reads as its default, what is unknown is ignored; what
// has the wrong type, another version, or lists longer than a snapshot can have is an error. Nothing in a text can make
// this throw or overrun: the text comes from another process.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "engine/look/snapshot.hpp"

namespace mdscope {

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SnapshotArray, name, state, level, metadata, raid_disks, degraded,
                                                array_sectors, dev_sectors, ro, in_sync, safemode, flags, sb_flags,
                                                events, recovery_cp, pending_writes, bitmap_pending_writes,
                                                writes_pending, active_io, openers, suspended, reconfig_locked)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SnapshotRecovery, action, last_action, flags, curr_resync, completed,
                                                range, active, mismatches)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SnapshotMember, name, state, desc_nr, slot, saved_slot, bound, freed,
                                                flags, nr_pending, events, recovery_offset, data_offset, sectors,
                                                corrected_errors, bad_blocks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SnapshotBitmap, chunk_bytes, chunks, pages, file_pages, home,
                                                daemon_sleep_ns, daemon_lastrun_ns, events_cleared, allclean, need_sync,
                                                stale, write_error, behind_writes, pending_writes, clean, last_period,
                                                idle, writing, needed, resyncing, chunks_per_cell, cells, page_attrs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SnapshotBio, id, member, kind, op, sector, bytes, held, since_ns)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SnapshotTask, comm, pid, stack, queue, condition, since_ns)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SnapshotOops, what, object, function, comm, address, in_irq, at_ns,
                                                stack)

namespace {

constexpr std::size_t kLargestText = 1 << 20;
constexpr std::size_t kMaxListed = 256;  // members, flags, page attributes

template <class Part>
Json or_null(const std::optional<Part>& part) {
    return part ? Json(*part) : Json(nullptr);
}

// "axes": a row of every variant, by name. `mdstat_external_bitmap` is what the first readers of version 1 look for.
Json variants_to_json(const VariantRows& rows) {
    Json json;
    for (const Variant& variant : all_variants()) json[variant.name()] = rows.row(variant).name;
    json["mdstat_external_bitmap"] = rows.name("mdstat-bitmap") == "line";
    return json;
}

// A row that this mdscope does not know leaves the usual one.
VariantRows variants_from_json(const Json& json) {
    VariantRows rows;
    for (const Variant& variant : all_variants())
        (void)rows.choose(variant.name(), json.value(variant.name(), std::string()));
    return rows;
}

std::string dump(const Snapshot& snapshot) {
    Json json;
    json["version"] = snapshot.version;
    json["at_ns"] = snapshot.at_ns;
    json["array"] = snapshot.array;
    json["recovery"] = snapshot.recovery;
    json["members"] = snapshot.members;
    json["bitmap"] = or_null(snapshot.bitmap);
    json["bios_total"] = snapshot.bios_total;
    json["bios"] = snapshot.bios;
    json["tasks_total"] = snapshot.tasks_total;
    json["tasks"] = snapshot.tasks;
    json["axes"] = variants_to_json(snapshot.variants);
    json["oops"] = or_null(snapshot.oops);
    // A member's name need not be UTF-8.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Part>
void read_optional(const Json& json, const char* name, std::optional<Part>& part) {
    const auto found = json.find(name);
    if (found != json.end() && !found->is_null()) part = found->get<Part>();
}

Snapshot read_fields(const Json& json) {
    Snapshot snapshot;
    snapshot.at_ns = json.value("at_ns", snapshot.at_ns);
    snapshot.array = json.value("array", snapshot.array);
    snapshot.recovery = json.value("recovery", snapshot.recovery);
    snapshot.members = json.value("members", snapshot.members);
    read_optional(json, "bitmap", snapshot.bitmap);
    snapshot.bios_total = json.value("bios_total", snapshot.bios_total);
    snapshot.bios = json.value("bios", snapshot.bios);
    snapshot.tasks_total = json.value("tasks_total", snapshot.tasks_total);
    snapshot.tasks = json.value("tasks", snapshot.tasks);
    snapshot.variants = variants_from_json(json.value("axes", Json::object()));
    read_optional(json, "oops", snapshot.oops);
    return snapshot;
}

// No field of a snapshot is a fraction; a number too large for 64 bits reads as one, and converting it would be
// undefined.
bool has_fraction(const Json& json) {
    if (json.is_number_float()) return true;
    return json.is_structured() && std::any_of(json.begin(), json.end(), has_fraction);
}

bool is_within_limits(const Snapshot& snapshot) {
    bool fits = snapshot.members.size() <= kMaxListed && snapshot.bios.size() <= Snapshot::kMaxBios &&
                snapshot.tasks.size() <= Snapshot::kMaxTasks;
    for (const SnapshotTask& task : snapshot.tasks) fits = fits && task.stack.size() <= Snapshot::kMaxFrames;
    if (snapshot.bitmap)
        fits = fits && snapshot.bitmap->cells.size() <= Snapshot::kMaxCells &&
               snapshot.bitmap->page_attrs.size() <= Snapshot::kMaxCells;
    return fits;
}

}  // namespace

std::string snapshot_to_json(const Snapshot& snapshot) {
    std::string text = dump(snapshot);
    if (text.size() <= Snapshot::kMaxBytes) return text;
    // Lists are halved until it fits. Members are few and the rest has a fixed size, so this ends with room to spare.
    Snapshot shorter = snapshot;
    while (text.size() > Snapshot::kMaxBytes && (!shorter.bios.empty() || !shorter.tasks.empty())) {
        shorter.bios.resize(shorter.bios.size() / 2);
        shorter.tasks.resize(shorter.tasks.size() / 2);
        text = dump(shorter);
    }
    MD_CHECK(text.size() <= Snapshot::kMaxBytes);
    return text;
}

Result<Snapshot> snapshot_from_json(const std::string& text) {
    if (text.size() > kLargestText) return Error{EINVAL, "the snapshot is too large to be one"};
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return Error{EINVAL, "the snapshot is not a JSON object"};
    if (has_fraction(json)) return Error{EINVAL, "the snapshot has a number that is no integer of 64 bits"};
    try {
        const int version = json.value("version", 0);
        if (version != Snapshot::kVersion)
            return Error{
                EINVAL, fmt::format("the snapshot has version {}, this mdscope knows {}", version, Snapshot::kVersion)};
        Snapshot snapshot = read_fields(json);
        if (!is_within_limits(snapshot)) return Error{EINVAL, "the snapshot has longer lists than a snapshot can have"};
        return snapshot;
    } catch (const Json::exception& wrong) {
        return Error{EINVAL, fmt::format("the snapshot has a field of the wrong type ({})", wrong.what())};
    }
}

}  // namespace mdscope
