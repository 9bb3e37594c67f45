// SPDX-License-Identifier: MIT
// lab/snapshot: one array at one instant, as a value and as JSON. The window draws from this and from the event log,
// and from nothing else, whether the array is in its own process or mounted by another.
//
// The JSON is one object, versioned, at most 64 KiB, made without any lock that a sleeper holds. Its fields are those
// of the structs below, by the same names; numbers are unsigned unless they can be negative, sectors are 512 bytes,
// times are nanoseconds of the kernel's clock, and 18446744073709551615 (all ones) in a sector field means none or no
// limit.
//
//   {"version": 1, "at_ns": N, "array": {...}, "recovery": {...}, "members": [{...}], "bitmap": {...} or null,
//    "bios_total": N, "bios": [{...}], "tasks_total": N, "tasks": [{...}], "axes": {...}, "oops": {...} or null}
//
// Cut to fit, with the totals telling so: at most 64 bios (oldest first), at most 64 tasks (sleepers first), at most 24
// frames a task; if that is still too much, fewer bios and tasks. Chunks are summarised in at most 256 cells of equal
// size; lab/chunks (lab_chunks.hpp) gives a range one by one.
//
// Versions: a reader refuses another `version`. Fields may be added within one; a reader ignores what it does not know
// and takes what is missing as its default.
//
// Reading is only looking: Shared fields are peeked, so a snapshot is never a step of a schedule, and pointers that may
// be NULL or stale are not followed, so it works in any state, after an Oops too. The fields of one snapshot are read
// one after the other and need not fit each other while the array is busy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/kernel/result.hpp"
#include "engine/md/md.hpp"

namespace mdscope {

class Array;

struct SnapshotArray {
    std::string name;
    std::string state;     // array_state's word
    std::string level;     // "raid1", empty while stopped
    std::string metadata;  // "1.2", "external:lab", "none"
    int raid_disks = 0;
    int degraded = 0;
    std::uint64_t array_sectors = 0;
    std::uint64_t dev_sectors = 0;
    int ro = 0;  // 0 read-write, 1 read-only, 2 auto-read-only
    int in_sync = 0;
    int safemode = 0;
    std::vector<std::string> flags;     // "BROKEN", ...
    std::vector<std::string> sb_flags;  // "CHANGE_PENDING", ...
    std::uint64_t events = 0;
    std::uint64_t recovery_cp = 0;  // resync_start
    int pending_writes = 0;         // mddev->pending_writes: what md_super_wait waits for
    int bitmap_pending_writes = 0;  // bitmap->pending_writes: what md_bitmap_free waits for
    std::int64_t writes_pending = 0;
    std::int64_t active_io = 0;
    int openers = 0;
    int suspended = 0;
    bool reconfig_locked = false;
};

struct SnapshotRecovery {
    std::string action;       // sync_action's word
    std::string last_action;  // last_sync_action
    std::vector<std::string> flags;
    std::uint64_t curr_resync = 0;
    std::uint64_t completed = 0;
    std::uint64_t range = 0;
    std::int64_t active = 0;  // sectors in flight
    std::uint64_t mismatches = 0;
};

struct SnapshotMember {
    std::string name;
    std::string state;  // dev-*/state's words
    int desc_nr = -1;
    int slot = -1;
    int saved_slot = -1;
    bool bound = false;  // rdev->mddev is not NULL
    bool freed = false;  // rdev_delayed_delete ran
    std::vector<std::string> flags;
    int nr_pending = 0;
    std::uint64_t events = 0;  // of its superblock
    std::uint64_t recovery_offset = 0;
    std::uint64_t data_offset = 0;
    std::uint64_t sectors = 0;
    std::uint64_t corrected_errors = 0;
    int bad_blocks = 0;  // ranges
};

struct SnapshotBitmap {
    std::uint64_t chunk_bytes = 0;
    std::uint64_t chunks = 0;
    std::uint64_t pages = 0;       // of counters
    std::uint64_t file_pages = 0;  // cached pages of the bitmap on disk
    std::string home;              // of kBitmapHomes
    std::uint64_t daemon_sleep_ns = 0;
    std::uint64_t daemon_lastrun_ns = 0;
    std::uint64_t events_cleared = 0;
    bool allclean = false;
    bool need_sync = false;
    bool stale = false;
    bool write_error = false;
    int behind_writes = 0;
    int pending_writes = 0;
    // Counters by what they are.
    std::uint64_t clean = 0, last_period = 0, idle = 0, writing = 0, needed = 0, resyncing = 0;
    // One letter a cell, the strongest of its chunks: . clean, 1 counter 1, 2 counter 2, w writing, N needed, R resync.
    std::uint64_t chunks_per_cell = 0;
    std::string cells;
    // One a cached page of the bitmap on disk (at most 256): "-" or some of D dirty, P pending, W needwrite.
    std::vector<std::string> page_attrs;
};

struct SnapshotBio {
    std::uint64_t id = 0;
    std::string member;
    std::string kind;  // of kBioKinds
    std::string op;    // of kBioOps
    std::uint64_t sector = 0;
    std::uint64_t bytes = 0;
    bool held = false;
    std::uint64_t since_ns = 0;
};

struct SnapshotTask {
    std::string comm;
    int pid = 0;
    std::vector<std::string> stack;  // innermost first
    std::string queue;               // empty: it runs
    std::string condition;           // as written in the source
    std::uint64_t since_ns = 0;
};

struct SnapshotOops {
    std::string what, object, function, comm;
    std::uint64_t address = 0;
    bool in_irq = false;
    std::uint64_t at_ns = 0;
    std::vector<std::string> stack;  // innermost first
};

struct Snapshot {
    static constexpr int kVersion = 1;
    static constexpr std::size_t kMaxBytes = 64 << 10;
    static constexpr std::size_t kMaxBios = 64;
    static constexpr std::size_t kMaxTasks = 64;
    static constexpr std::size_t kMaxFrames = 24;
    static constexpr std::size_t kMaxCells = 256;

    int version = kVersion;
    std::uint64_t at_ns = 0;
    SnapshotArray array;
    SnapshotRecovery recovery;
    std::vector<SnapshotMember> members;  // bound ones newest first, then those that were unbound
    std::optional<SnapshotBitmap> bitmap;
    std::uint64_t bios_total = 0;
    std::vector<SnapshotBio> bios;
    std::uint64_t tasks_total = 0;
    std::vector<SnapshotTask> tasks;
    VariantRows variants;
    std::optional<SnapshotOops> oops;
};

// `bios` is what Array::bios() says. Any task may call these, and so may a thread that is no task.
Snapshot take_snapshot(const Mddev& mddev, const std::vector<BioInfo>& bios);
std::string snapshot_to_json(const Snapshot& snapshot);        // one line, no newline; never more than kMaxBytes
Result<Snapshot> snapshot_from_json(const std::string& text);  // anything may be in the text
std::string snapshot_json(Array& array);                       // the file lab/snapshot

// lab/mddev: the array as crash> struct mddev would print it, with its bitmap and members after it.
std::string mddev_struct_text(const Mddev& mddev);
// Its structs, "mddev", "bitmap", "md_rdev"..., in that order, and of each the fields: strings without their quotes, a
// pointer to nothing as an empty one, the fields of a struct inside as `bitmap_info.offset`. Anything may be in the
// text.
using StructFields = std::map<std::string, std::string>;
std::vector<std::pair<std::string, StructFields>> parse_mddev_struct(std::string_view text);

}  // namespace mdscope
