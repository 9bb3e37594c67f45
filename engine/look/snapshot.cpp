// SPDX-License-Identifier: MIT
// Taking a snapshot. Everything is peeked; see snapshot.hpp for what that promises.
//
// mddev.lock keeps the list of members, the strings and the bitmap where they are while they are read. It is held for
// each part anew, never for the whole, and counts.lock inside it for one page of counters at a time.
#include "engine/look/snapshot.hpp"

#include <algorithm>
#include <array>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/bitmap/home.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/array.hpp"

namespace mdscope {

namespace {

// ---- flags by name

struct FlagName {
    unsigned bit;
    const char* name;
};

constexpr FlagName kRdevFlags[] = {
    {Faulty, "Faulty"},
    {In_sync, "In_sync"},
    {Bitmap_sync, "Bitmap_sync"},
    {WriteMostly, "WriteMostly"},
    {AutoDetected, "AutoDetected"},
    {Blocked, "Blocked"},
    {WriteErrorSeen, "WriteErrorSeen"},
    {FaultRecorded, "FaultRecorded"},
    {BlockedBadBlocks, "BlockedBadBlocks"},
    {WantReplacement, "WantReplacement"},
    {Replacement, "Replacement"},
    {RemoveSynchronized, "RemoveSynchronized"},
    {ExternalBbl, "ExternalBbl"},
    {FailFast, "FailFast"},
    {LastDev, "LastDev"},
    {CollisionCheck, "CollisionCheck"},
};
constexpr FlagName kSbFlags[] = {
    {MD_SB_CHANGE_DEVS, "CHANGE_DEVS"},
    {MD_SB_CHANGE_CLEAN, "CHANGE_CLEAN"},
    {MD_SB_CHANGE_PENDING, "CHANGE_PENDING"},
    {MD_SB_NEED_REWRITE, "NEED_REWRITE"},
};
constexpr FlagName kRecoveryFlags[] = {
    {MD_RECOVERY_RUNNING, "RUNNING"},     {MD_RECOVERY_SYNC, "SYNC"},   {MD_RECOVERY_RECOVER, "RECOVER"},
    {MD_RECOVERY_INTR, "INTR"},           {MD_RECOVERY_DONE, "DONE"},   {MD_RECOVERY_NEEDED, "NEEDED"},
    {MD_RECOVERY_REQUESTED, "REQUESTED"}, {MD_RECOVERY_CHECK, "CHECK"}, {MD_RECOVERY_RESHAPE, "RESHAPE"},
    {MD_RECOVERY_FROZEN, "FROZEN"},       {MD_RECOVERY_ERROR, "ERROR"}, {MD_RECOVERY_WAIT, "WAIT"},
};
constexpr FlagName kMddevFlags[] = {
    {MD_CLOSING, "CLOSING"},         {MD_NOT_READY, "NOT_READY"},
    {MD_BROKEN, "BROKEN"},           {MD_ALLOW_SB_UPDATE, "ALLOW_SB_UPDATE"},
    {MD_UPDATING_SB, "UPDATING_SB"},
};

std::vector<std::string> names_of(std::uint64_t word, std::span<const FlagName> table) {
    std::vector<std::string> names;
    for (const FlagName& flag : table)
        if (((word >> flag.bit) & 1U) != 0) names.emplace_back(flag.name);
    return names;
}

// ---- the array

std::string metadata_of(const Mddev& mddev) REQUIRES(mddev.lock) {
    if (mddev.persistent) return std::to_string(mddev.major_version) + "." + std::to_string(mddev.minor_version);
    return mddev.external ? "external:" + mddev.metadata_type : "none";
}

SnapshotArray array_part(const Mddev& mddev) {
    SnapshotArray part;
    part.name = mddev.name;
    part.state = array_state_word(mddev);
    const SpinGuard guard(mddev.lock);
    if (const MdPersonality* pers = mddev.pers.peek(); pers != nullptr) part.level = pers->name;
    part.metadata = metadata_of(mddev);
    part.raid_disks = mddev.raid_disks.peek();
    part.degraded = mddev.degraded.peek();
    part.array_sectors = mddev.array_sectors.peek();
    part.dev_sectors = mddev.dev_sectors;
    part.ro = mddev.ro.peek();
    part.in_sync = mddev.in_sync.peek();
    part.safemode = mddev.safemode.peek();
    part.flags = names_of(mddev.flags.peek(), kMddevFlags);
    part.sb_flags = names_of(mddev.sb_flags.peek(), kSbFlags);
    part.events = mddev.events.peek();
    part.recovery_cp = mddev.recovery_cp.peek();
    part.pending_writes = mddev.pending_writes.peek();
    if (const Bitmap* bitmap = mddev.bitmap.peek(); bitmap != nullptr)
        part.bitmap_pending_writes = bitmap->pending_writes.peek();
    part.writes_pending = mddev.writes_pending.peek();
    part.active_io = mddev.active_io.peek();
    part.openers = mddev.openers.peek();
    part.suspended = mddev.suspended.peek();
    part.reconfig_locked = mddev.reconfig_mutex.is_locked();
    return part;
}

SnapshotRecovery recovery_part(const Mddev& mddev) {
    const std::uint64_t recovery = mddev.recovery.peek();
    SnapshotRecovery part;
    part.action = sync_action_word(mddev);
    if (const char* last = mddev.last_sync_action.peek(); last != nullptr) part.last_action = last;
    part.flags = names_of(recovery, kRecoveryFlags);
    part.curr_resync = mddev.curr_resync.peek();
    part.completed = mddev.curr_resync_completed.peek();
    {
        const SpinGuard guard(mddev.lock);  // md_clean may be setting them back
        part.range = ((recovery >> MD_RECOVERY_SYNC) & 1U) != 0 ? mddev.resync_max_sectors : mddev.dev_sectors;
    }
    part.active = mddev.recovery_active.peek();
    part.mismatches = mddev.resync_mismatches.peek();
    return part;
}

// ---- members

SnapshotMember member_part(const Rdev& rdev) {
    SnapshotMember part;
    part.name = rdev.name;
    part.state = rdev_state_words(rdev);
    part.desc_nr = rdev.desc_nr;
    part.slot = rdev.raid_disk.peek();
    part.saved_slot = rdev.saved_raid_disk.peek();
    part.bound = rdev.mddev.peek() != nullptr;
    part.freed = rdev.freed.peek();
    part.flags = names_of(rdev.flags.peek(), kRdevFlags);
    part.nr_pending = rdev.nr_pending.peek();
    part.events = rdev.sb_events.peek();
    part.recovery_offset = rdev.recovery_offset.peek();
    part.data_offset = rdev.data_offset;
    part.sectors = rdev.sectors;
    part.corrected_errors = rdev.corrected_errors.peek();
    part.bad_blocks = rdev.badblocks.count.peek();
    return part;
}

// Bound members, newest first, then those that were unbound but still have I/O in flight: the heart of the story.
std::vector<SnapshotMember> members_part(const Mddev& mddev) {
    std::vector<SnapshotMember> parts;
    const SpinGuard guard(mddev.lock);
    for (const Rdev* rdev : mddev.disks) parts.push_back(member_part(*rdev));
    for (const auto& rdev : mddev.all_rdevs) {
        const bool is_bound = std::find(mddev.disks.begin(), mddev.disks.end(), rdev.get()) != mddev.disks.end();
        if (!is_bound && rdev->nr_pending.peek() != 0) parts.push_back(member_part(*rdev));
    }
    return parts;
}

// ---- bitmap

enum class Chunk : std::uint8_t { clean, last_period, idle, writing, needed, resyncing };  // by growing strength
constexpr std::array<char, 6> kChunkLetters = {'.', '1', '2', 'w', 'N', 'R'};

Chunk kind_of(BitmapCounter counter) {
    if (RESYNC(counter)) return Chunk::resyncing;
    if (NEEDED(counter)) return Chunk::needed;
    if (counter >= 3) return Chunk::writing;
    return static_cast<Chunk>(counter);
}

std::uint64_t& count_of(SnapshotBitmap& part, Chunk kind) {
    const std::array<std::uint64_t*, 6> counts = {&part.clean,   &part.last_period, &part.idle,
                                                  &part.writing, &part.needed,      &part.resyncing};
    return *counts[static_cast<std::size_t>(kind)];
}

// Adds the chunks of one counter page; a page that is not there is all clean.
void add_counter_page(SnapshotBitmap& part, std::vector<Chunk>& cells, const BitmapPage& page, std::uint64_t first,
                      std::uint64_t count) {
    if (page.map == nullptr) {
        part.clean += count;
        return;
    }
    for (std::uint64_t i = 0; i < count; i++) {
        const Chunk kind = kind_of((*page.map)[i]);
        count_of(part, kind)++;
        Chunk& cell = cells[(first + i) / part.chunks_per_cell];
        cell = std::max(cell, kind);
    }
}

void summarise_chunks(SnapshotBitmap& part, Bitmap& bitmap) {
    constexpr std::uint64_t kMost = Snapshot::kMaxCells;
    part.chunks_per_cell = std::max<std::uint64_t>((part.chunks + kMost - 1) / kMost, 1);
    std::vector<Chunk> cells((part.chunks + part.chunks_per_cell - 1) / part.chunks_per_cell, Chunk::clean);
    for (std::uint64_t first = 0; first < part.chunks; first += PAGE_COUNTER_RATIO) {
        const SpinGuard guard(bitmap.counts.lock);
        const std::uint64_t page = first / PAGE_COUNTER_RATIO;
        if (page >= bitmap.counts.bp.size()) break;
        const std::uint64_t count = std::min<std::uint64_t>(part.chunks - first, PAGE_COUNTER_RATIO);
        add_counter_page(part, cells, bitmap.counts.bp[page], first, count);
    }
    for (const Chunk cell : cells) part.cells += kChunkLetters[static_cast<std::size_t>(cell)];
}

std::string attr_letters(std::uint32_t attr) {
    std::string letters;
    if (((attr >> BITMAP_PAGE_DIRTY) & 1U) != 0) letters += 'D';
    if (((attr >> BITMAP_PAGE_PENDING) & 1U) != 0) letters += 'P';
    if (((attr >> BITMAP_PAGE_NEEDWRITE) & 1U) != 0) letters += 'W';
    return letters.empty() ? "-" : letters;
}

void list_page_attrs(SnapshotBitmap& part, Bitmap& bitmap) {
    const SpinGuard guard(bitmap.counts.lock);
    const std::size_t count = std::min(bitmap.storage.filemap.size(), Snapshot::kMaxCells);
    for (std::size_t i = 0; i < count; i++)
        part.page_attrs.push_back(attr_letters(bitmap.storage.filemap[i]->attr.peek()));
}

BitmapHome home_of(const Mddev& mddev) {
    if (mddev.bitmap_info.file != nullptr) return BitmapHome::File;
    return mddev.bitmap_info.external ? BitmapHome::External : BitmapHome::Internal;
}

std::optional<SnapshotBitmap> bitmap_part(const Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    Bitmap* const bitmap = mddev.bitmap.peek();
    if (bitmap == nullptr) return std::nullopt;
    SnapshotBitmap part;
    part.chunk_bytes = mddev.bitmap_info.chunksize;
    {
        const SpinGuard counts_guard(bitmap->counts.lock);  // a resize changes them
        part.chunks = bitmap->counts.chunks;
        part.pages = bitmap->counts.pages;
        part.file_pages = bitmap->storage.file_pages;
    }
    part.home = kBitmapHomes[home_of(mddev)];
    part.daemon_sleep_ns = mddev.bitmap_info.daemon_sleep;
    part.daemon_lastrun_ns = bitmap->daemon_lastrun.peek();
    part.events_cleared = bitmap->events_cleared.peek();
    part.allclean = bitmap->allclean.peek();
    part.need_sync = bitmap->need_sync.peek();
    part.stale = ((bitmap->flags.peek() >> BITMAP_STALE) & 1U) != 0;
    part.write_error = ((bitmap->flags.peek() >> BITMAP_WRITE_ERROR) & 1U) != 0;
    part.behind_writes = bitmap->behind_writes.peek();
    part.pending_writes = bitmap->pending_writes.peek();
    summarise_chunks(part, *bitmap);
    list_page_attrs(part, *bitmap);
    return part;
}

// ---- bios, tasks, axes, oops

std::vector<SnapshotBio> bios_part(const std::vector<BioInfo>& bios) {
    std::vector<SnapshotBio> parts;
    for (const BioInfo& bio : bios) {
        if (parts.size() == Snapshot::kMaxBios) break;
        parts.push_back(
            {bio.id, bio.member, kBioKinds[bio.kind], kBioOps[bio.op], bio.sector, bio.size, bio.held, bio.since_ns});
    }
    return parts;
}

SnapshotTask task_part(const SleepInfo& info) {
    SnapshotTask part{info.comm, info.pid, {}, "", "", info.since_ns};
    for (const char* frame : info.stack) {
        if (part.stack.size() == Snapshot::kMaxFrames) break;
        part.stack.emplace_back(frame);
    }
    if (info.queue != nullptr) part.queue = info.queue;
    if (info.condition != nullptr) part.condition = info.condition;
    return part;
}

std::vector<SnapshotTask> tasks_part(std::vector<SleepInfo> infos) {
    std::stable_sort(infos.begin(), infos.end(), [](const SleepInfo& a, const SleepInfo& b) {
        return (a.queue != nullptr) > (b.queue != nullptr);
    });
    if (infos.size() > Snapshot::kMaxTasks) infos.resize(Snapshot::kMaxTasks);
    std::vector<SnapshotTask> parts;
    for (const SleepInfo& info : infos) parts.push_back(task_part(info));
    return parts;
}

std::optional<SnapshotOops> oops_part(const Kernel& kernel) {
    const Oops* const oops = kernel.first_oops();
    if (oops == nullptr) return std::nullopt;
    return SnapshotOops{oops->what,    oops->object, oops->function, oops->comm,
                        oops->address, oops->in_irq, oops->at_ns,    oops->stack};
}

}  // namespace

Snapshot take_snapshot(const Mddev& mddev, const std::vector<BioInfo>& bios) {
    Snapshot snapshot;
    snapshot.at_ns = mddev.kernel.ktime_ns();
    snapshot.array = array_part(mddev);
    snapshot.recovery = recovery_part(mddev);
    snapshot.members = members_part(mddev);
    snapshot.bitmap = bitmap_part(mddev);
    snapshot.bios_total = bios.size();
    snapshot.bios = bios_part(bios);
    std::vector<SleepInfo> tasks = mddev.kernel.tasks();
    snapshot.tasks_total = tasks.size();
    snapshot.tasks = tasks_part(std::move(tasks));
    snapshot.variants = mddev.variants;
    snapshot.oops = oops_part(mddev.kernel);
    return snapshot;
}

std::string snapshot_json(Array& array) {
    return snapshot_to_json(take_snapshot(array.mddev(), array.bios()));
}

}  // namespace mdscope
