// SPDX-License-Identifier: MIT
// The array: struct mddev and struct md_rdev, and the functions of md.c by their names.
//
//   Mddev ("the array")  --disks-->  Rdev ("a member")  --bdev-->  Disk
//     |--pers--> raid1 (raid1.hpp)      |--mddev--> back, NULL once unbound
//     '--bitmap--> Bitmap (bitmap.hpp)
//
// Locks, outermost first: reconfig_mutex (every reconfiguration, the stop included), open_mutex (openers against the
// stop), bitmap_info.mutex (mddev->bitmap against the daemon), lock (a SpinLock: in_sync, pers, the disks list,
// clearing of sb_flags and of bitmap), bitmap->counts.lock. Readers for show() and snapshots take only the SpinLocks,
// so they are answered while a stop sleeps.
//
// Functions here follow md.c of Linux 6.1 in name and in control flow. A function that is static or has a leading __
// there keeps its kernel name in MD_FRAME. Errors are returned as -errno. Sectors are 512 bytes; times are ktime
// nanoseconds.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/md/badblocks.hpp"
#include "engine/md/check.hpp"
#include "engine/md/kptr.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct Bitmap;
struct Mddev;

inline constexpr Sector MaxSector = ~Sector{0};
inline constexpr int kMaxMembers = 8;           // slots of an array
inline constexpr std::uint64_t HZ = kNsPerSec;  // one jiffy is a nanosecond here

// ---- flag bits

enum RdevFlag : unsigned {  // rdev->flags; numbers as enum flag_bits
    Faulty,
    In_sync,
    Bitmap_sync,
    WriteMostly,
    AutoDetected,
    Blocked,
    WriteErrorSeen,
    FaultRecorded,
    BlockedBadBlocks,
    WantReplacement,
    Replacement,
    Candidate,
    Journal,
    ClusterRemove,
    RemoveSynchronized,
    ExternalBbl,
    FailFast,
    LastDev,
    CollisionCheck,
};

enum SbFlag : unsigned {  // mddev->sb_flags
    MD_SB_CHANGE_DEVS,
    MD_SB_CHANGE_CLEAN,
    MD_SB_CHANGE_PENDING,
    MD_SB_NEED_REWRITE,
};

enum RecoveryFlag : unsigned {  // mddev->recovery
    MD_RECOVERY_RUNNING,
    MD_RECOVERY_SYNC,
    MD_RECOVERY_RECOVER,
    MD_RECOVERY_INTR,
    MD_RECOVERY_DONE,
    MD_RECOVERY_NEEDED,
    MD_RECOVERY_REQUESTED,
    MD_RECOVERY_CHECK,
    MD_RECOVERY_RESHAPE,
    MD_RECOVERY_FROZEN,
    MD_RECOVERY_ERROR,
    MD_RECOVERY_WAIT,
};

enum MddevFlag : unsigned {  // mddev->flags
    MD_CLOSING,
    MD_NOT_READY,
    MD_BROKEN,
    MD_ALLOW_SB_UPDATE,  // mddev_suspend lets the md thread write the superblock for it
    MD_UPDATING_SB,
};

enum : int { MD_RDWR = 0, MD_RDONLY = 1, MD_AUTO_READ = 2 };  // mddev->ro

// Pages that md allocates apart, as in the kernel. So what changes lies closer together, too: a search copies the pages
// that it finds written.
using AllocatedPage = std::unique_ptr<std::array<std::byte, kPageSize>>;
inline AllocatedPage alloc_page() {
    return std::make_unique<std::array<std::byte, kPageSize>>();
}

// ---- md_rdev: one member

struct Rdev {
    Rdev(Kernel& kernel, std::string name);
    Shared<bool> freed;  // rdev_delayed_delete ran; Kptr looks here

    Kernel& kernel;
    // Of the array it was bound to, if it ever was: the lines of super_written do not depend on NULL.
    const VariantRows* variants = nullptr;
    std::string name;                           // "sda"
    std::string path;                           // image file
    std::array<std::uint8_t, 16> label_uuid{};  // external:lab: who it is, by its label, as a program reads it there
    Kptr<Mddev> mddev;                          // NULL once unbind_rdev_from_array ran: the pointer of the crash
    Disk* bdev = nullptr;                       // top of the member's disk stack; owned by whoever opened it (Array)
    int desc_nr = -1;                           // "Number" in mdadm, [n] in mdstat
    Shared<int> raid_disk{-1};                  // slot, or -1
    Shared<int> saved_raid_disk{-1};            // slot it had; >= 0 allows recovery by bitmap
    Shared<Sector> recovery_offset;             // below this it is rebuilt; MaxSector: all of it
    Sector data_offset = 0;
    Sector new_data_offset = 0;
    Sector sectors = 0;         // usable data sectors of this member
    Sector sb_start = 0;        // sector of the superblock; 0 for external metadata
    Shared<Sector> ppl_sector;  // sysfs keeps what is written; RAID1 has no partial parity log
    Shared<unsigned> ppl_size;
    unsigned sb_size = 0;    // bytes
    bool bb_write = false;   // bb_page is to be written with the next superblock
    int sb_loaded = 0;       // 0 not loaded, 1 write it, 2 skip it in this update
    bool sb_missed = false;  // its last superblock write failed, and it stays; set before md_super_wait returns
    Shared<std::uint64_t> sb_events;
    std::uint64_t device_events = 0;         // events of its superblock when it was loaded
    Shared<std::uint64_t> flags;             // RdevFlag
    Shared<int> nr_pending;                  // I/O in flight, data and superblock-class
    Shared<std::uint64_t> corrected_errors;  // sectors
    Badblocks badblocks;
    WaitQueue blocked_wait;
    Shared<std::uint64_t> last_events;  // user sectors of bdev at the throttle's last look
    std::uint64_t sysfs_generation = 0;
    AllocatedPage sb_page = alloc_page();  // superblock image as last read or built
    AllocatedPage bb_page = alloc_page();  // bad-block log image
};

// What curr_resync says below a position.
inline constexpr Sector MD_RESYNC_NONE = 0;
inline constexpr Sector MD_RESYNC_YIELDED = 1;  // to another array that shares a disk
inline constexpr Sector MD_RESYNC_DELAYED = 2;  // until that one has finished
inline constexpr Sector MD_RESYNC_ACTIVE = 3;

// ---- md_thread

struct MdThread {
    MdThread(Kernel& kernel, Mddev& mddev, std::string name, void (*run)(MdThread&));
    Mddev& mddev;
    std::string name;  // "md0_raid1"
    void (*run)(MdThread&);
    WaitQueue wqueue;
    Shared<std::uint32_t> flags;  // bit THREAD_WAKEUP
    Shared<bool> should_stop;
    Shared<std::uint64_t> timeout{kForever};
    Task* task = nullptr;
};
inline constexpr unsigned THREAD_WAKEUP = 0;

// As md_register_thread: the thread runs `run` once at each wake-up and at each timeout.
MdThread* md_register_thread(void (*run)(MdThread&), Mddev& mddev, const std::string& suffix);
// Stops it and waits for its end; the slot is NULL first. The object stays in mddev.all_threads, so a waker that read
// the pointer just before never follows a dangling one.
void md_unregister_thread(Mddev& mddev, Shared<MdThread*>& slot);
void md_wakeup_thread(Mddev& mddev, const Shared<MdThread*>& slot);
// For md_do_sync and for loops: the thread is being unregistered.
bool kthread_should_stop(const MdThread& thread);

// ---- personality

struct MdPersonality {
    const char* name;  // "raid1"
    int level;
    bool (*make_request)(Mddev&, Bio*);  // false: try again from md_handle_request
    int (*run)(Mddev&);
    void (*free)(Mddev&, void* priv);
    std::string (*status)(const Mddev&);  // " [2/2] [UU]"
    void (*error_handler)(Mddev&, Rdev&);
    int (*hot_add_disk)(Mddev&, Rdev&);
    int (*hot_remove_disk)(Mddev&, Rdev&);
    int (*spare_active)(Mddev&);
    Sector (*sync_request)(Mddev&, Sector sector, bool* skipped);
    void (*quiesce)(Mddev&, int quiesce);
    int (*resize)(Mddev&, Sector sectors);
    int (*check_reshape)(Mddev&);
};

// ---- mddev: one array

struct BitmapInfo {  // mddev->bitmap_info
    explicit BitmapInfo(Kernel& kernel) : mutex(kernel, "bitmap_info.mutex") {}
    Published<Disk*> file;           // bitmap file; excludes offset
    std::string file_path;           // as mdstat prints it; guarded by mddev.lock
    Published<std::int64_t> offset;  // sectors from the superblock (native) or from the start of the device (external)
    Published<std::uint64_t> space;  // sectors; 0 = unknown
    Published<std::int64_t> default_offset;
    Published<std::uint64_t> default_space;
    Published<std::uint64_t> chunksize;      // bytes, power of two
    Published<std::uint64_t> daemon_sleep;   // ns
    Shared<std::uint64_t> max_write_behind;  // each write asks
    Published<bool> external;                // the kernel neither reads nor writes a bitmap header
    Published<bool> is_fixed;  // its place follows from external metadata, which cannot record another one
    Mutex mutex;
};

// A sysfs file that announces its changes. `generation` grows at each; fs compares it for poll, mdmon sleeps on `wait`.
struct SysfsNotifier {
    SysfsNotifier(Kernel& kernel, const char* name) : wait(kernel, name) {}
    Shared<std::uint64_t> generation;
    WaitQueue wait;
    Shared<WaitQueue*> also;  // woken too: mddev.sysfs_wait, once somebody watches several files at a time (mdmon)
    std::function<void()>
        observer;  // set before the array runs; any context, md's SpinLocks included; takes no md lock
};

// How a field may be touched is said by its type: Shared, Published, or GUARDED_BY; locks, queues, timers and pools
// look after themselves. Of the few that are none of these a comment says who may touch them and when. Not a single one
// may be read "because it does not change now": md_clean sets nearly all of them back, while people look.
struct Mddev {
    Mddev(Kernel& kernel, std::string name);
    ~Mddev();
    Mddev(const Mddev&) = delete;
    Mddev& operator=(const Mddev&) = delete;

    Shared<bool> freed;  // Kptr looks here
    Kernel& kernel;
    const std::string name;  // "md0"
    VariantRows variants;    // rows that are atomic themselves; changed only under reconfig_mutex
    mutable SpinLock lock;

    // Identity, geometry, metadata.
    Shared<const MdPersonality*> pers;  // NULL: inactive
    void* priv = nullptr;  // struct r1conf; mddev->private. Constant from before `pers` is set until after it is NULL
    std::vector<Rdev*> disks;  // newest at the front; changed under reconfig_mutex and `lock`, read under either
    Shared<int> raid_disks;
    Published<Sector> dev_sectors;
    Shared<Sector> array_sectors;
    Shared<bool> external_size;  // array_size was written: it is not what the members have room for
    Published<Sector> resync_max_sectors;
    Published<int> level{-1000000};  // LEVEL_NONE until set
    Published<int> layout;
    Published<unsigned> chunk_sectors;
    std::string clevel GUARDED_BY(lock);  // "raid1", or empty
    std::array<std::uint8_t, 16> uuid GUARDED_BY(lock){};
    std::string set_name GUARDED_BY(lock);     // superblock's set_name
    std::uint64_t ctime GUARDED_BY(lock) = 0;  // as stored: seconds | microseconds << 40
    std::uint64_t utime GUARDED_BY(lock) = 0;
    Published<int> major_version, minor_version{90};
    Published<bool> persistent;
    Published<bool> external;
    std::string metadata_type GUARDED_BY(lock);  // what follows "external:"
    Published<bool> has_superblocks;
    Shared<std::uint64_t> events;
    bool can_decrease_events GUARDED_BY(lock) = false;
    Published<int> max_disks;

    // State.
    Shared<int> ro;
    Shared<int> in_sync{1};
    Shared<Sector> recovery_cp;
    Shared<int> safemode;
    Shared<std::uint64_t> safemode_delay;  // ns
    Timer safemode_timer;
    Shared<long> writes_pending;
    Shared<int> sync_checkers;  // tasks that test writes_pending for zero
    Shared<int> degraded;
    Shared<int> openers;     // guarded by open_mutex for changes
    Shared<long> active_io;  // requests inside make_request
    Shared<int> suspended;
    Shared<Sector> suspend_lo, suspend_hi;
    Shared<bool> fail_last_dev;
    Shared<bool> serialize_policy;
    Shared<int> recovery_disabled;
    Shared<std::uint64_t> flags;     // MddevFlag
    Shared<std::uint64_t> sb_flags;  // SbFlag
    Shared<std::uint64_t> recovery;  // RecoveryFlag
    Shared<int> max_read_errors;     // md_run sets it

    // Resync. Positions in sectors.
    Shared<Sector> curr_resync;  // MD_RESYNC_..., from MD_RESYNC_ACTIVE on a position
    Shared<Sector> curr_resync_completed;
    Shared<Sector> curr_mark_cnt, resync_mark_cnt;
    Shared<std::uint64_t> resync_mark;     // ktime ns
    Shared<std::int64_t> recovery_active;  // sectors issued and not done
    WaitQueue recovery_wait;
    Shared<Sector> resync_min, resync_max{MaxSector};
    Shared<std::uint64_t> resync_mismatches;
    Shared<int> sync_speed_min, sync_speed_max;  // KiB/s; 0: the system value
    Shared<const char*> last_sync_action;
    Shared<bool> parallel_resync;

    // Metadata I/O, the heart of the race.
    Shared<int> pending_writes;  // superblock-class writes in flight: superblocks, bad-block logs, member bitmap pages
    WaitQueue sb_wait;
    BioSet bio_set;   // data bios
    BioSet sync_set;  // superblock-class bios

    // Flush (md_flush_request): one at a time.
    SpinLock flush_lock;
    bool flush_running GUARDED_BY(flush_lock) = false;
    std::uint64_t flush_started GUARDED_BY(flush_lock) = 0;  // tickets, not times
    std::uint64_t flush_finished GUARDED_BY(flush_lock) = 0;
    WaitQueue flush_wait;

    // Locks.
    Mutex reconfig_mutex;
    Mutex open_mutex;
    mutable SpinLock pers_lock;  // the thread pointers, as pers_lock in md.c
    WaitQueue resync_wait;       // do_md_stop waits here for the sync thread

    // Threads.
    Shared<MdThread*> thread;       // md0_raid1
    Shared<MdThread*> sync_thread;  // md0_resync

    // Bitmap.
    Shared<Bitmap*> bitmap;
    BitmapInfo bitmap_info;

    // Who listens: array_state and friends, for poll and for mdmon.
    SysfsNotifier sysfs_state, sysfs_action, sysfs_completed, sysfs_degraded, sysfs_rdev, sysfs_can_clear;
    SysfsNotifier mdstat_event;                  // md_new_event
    WaitQueue sysfs_wait{kernel, "poll(md/*)"};  // see SysfsNotifier::also

    // What is done by others. Set before anybody else sees the array, and constant from then on.
    // A write to new_dev: opens the image and binds it. Called with reconfig_mutex held; 0 or -errno. Array fills it.
    std::function<int(std::string_view)> on_new_dev;
    // sync_blockdev of the ioctl that stops the array, once nobody can open it any more: returns when all requests for
    // the disk that were let in have ended: 0, or -errno and the stop is off. Called without locks of the array. Array
    // fills it.
    std::function<int()> on_sync_blockdev;
    // With external metadata: the bitmap is about to be at this offset, or is there now; 0: none. Returns when that is
    // recorded; 0 or -errno. Called without reconfig_mutex. Array fills it.
    std::function<int(std::int64_t)> on_bitmap_location;
    // Likewise of what a store has just changed: bitmap/time_base and backlog; the size of the array, which its users
    // do not see before; a member's flags. Where it could not be recorded the store is undone.
    std::function<int()> on_bitmap_settings;
    std::function<int(Sector)> on_component_size;
    std::function<int(const Rdev&)> on_member_flags;
    std::function<void(Rdev&)> on_export;  // the member's block device is closed (Array closes the image)

    // Things the emulator keeps that a kernel frees: looked at by snapshots and by whoever holds a stale pointer.
    std::vector<std::unique_ptr<Rdev>> all_rdevs GUARDED_BY(lock);
    std::vector<std::unique_ptr<Bitmap, void (*)(Bitmap*)>> dead_bitmaps GUARDED_BY(lock);
    std::vector<std::unique_ptr<MdThread>> all_threads GUARDED_BY(pers_lock);
    // struct r1conf of arrays that were stopped; added to under reconfig_mutex, never looked at.
    std::vector<std::shared_ptr<void>> dead_privates;
};

// For who needs no lock: a simulation is looked at between two steps, and the reader of an Oops holds it already.
inline const std::vector<std::unique_ptr<Rdev>>& all_rdevs_at_rest(const Mddev& mddev) NO_THREAD_SAFETY_ANALYSIS {
    return mddev.all_rdevs;
}

// ---- md.c, I/O
// REQUIRES for all: called from a task, with no SpinLock held.

// The block layer's door. Splits at nothing: bio->bi_size is a multiple of 512 and at most 1 MiB. Ends the bio.
void md_submit_bio(Mddev& mddev, Bio* bio);
void md_handle_request(Mddev& mddev, Bio* bio);
// Makes the flush happen on every member, then (if it has data) gives the bio back for another round: true = handled.
// The round is the data's if REQ_PREFLUSH was taken off, else the flush has to be made again.
bool md_flush_request(Mddev& mddev, Bio* bio);
// Before metadata claims that members agree, as the row of `claims` says. False: a member has failed that metadata does
// not call failed yet, and the claim must not be made.
[[nodiscard]] bool md_flush_before_claim(Mddev& mddev);
bool md_write_start(Mddev& mddev, Bio* bio);  // may sleep until the superblock says dirty; false: start again
void md_write_end(Mddev& mddev);
void mddev_suspend(Mddev& mddev);
void mddev_resume(Mddev& mddev);
bool is_mddev_suspended(const Mddev& mddev);  // its active_io is dying

// ---- md.c, metadata I/O (md_super.cpp)

void md_super_write(Mddev& mddev, Rdev& rdev, Sector sector, unsigned size, std::byte* page, BioKind kind);
void super_written(Bio* bio);
void super_let_go_of(Rdev& rdev, Mddev* mddev);  // of a metadata write that has ended; mddev may be NULL
int md_super_wait(Mddev& mddev);                 // 0, or -EAGAIN: write again
void md_update_sb(Mddev& mddev, bool force_change);
void md_set_sb_flags(Mddev& mddev, std::uint64_t bits);  // all of them at once
// Members that are behind get a superblock with the event count as it is, and the call returns when they have it.
void md_bring_superblocks_up(Mddev& mddev);
void md_write_bad_block_logs(Mddev& mddev);  // of the members whose superblock is about to be written, and waits
bool set_in_sync(Mddev& mddev);              // with mddev.lock NOT held; true if it became clean
int sync_page_io(Rdev& rdev, Sector sector, unsigned size, std::byte* page, BioOp op, bool metadata_op);  // 0 or -errno
void rdev_dec_pending(Rdev& rdev, Mddev& mddev);

// ---- md.c, members

void md_error(Mddev& mddev, Rdev& rdev);
void md_wait_for_blocked_rdev(Rdev& rdev, Mddev& mddev);  // at most 5 s; drops the caller's nr_pending
int is_badblock(Rdev& rdev, Sector s, Sector sectors, Sector* first_bad, Sector* bad_sectors);  // s without data_offset
bool rdev_set_badblocks(Rdev& rdev, Sector s, Sector sectors, bool is_new);
bool rdev_clear_badblocks(Rdev& rdev, Sector s, Sector sectors, bool is_new);
Rdev* md_find_rdev_nr(Mddev& mddev, int nr);
int bind_rdev_to_array(Rdev& rdev, Mddev& mddev);
void unbind_rdev_from_array(Rdev& rdev);
void export_rdev(Rdev& rdev, Mddev& mddev);  // mddev: whose member it was; rdev.mddev is NULL by now
void rdev_delayed_delete(Rdev& rdev);
void md_kick_rdev_from_array(Rdev& rdev);
int add_bound_rdev(Rdev& rdev);
int hot_remove_disk(Mddev& mddev, Rdev& rdev);  // HOT_REMOVE_DISK
int remove_and_add_spares(Mddev& mddev, Rdev* only);
std::vector<Rdev*> rdev_list(const Mddev& mddev);             // a copy of the list, taken under `lock`
std::array<std::uint8_t, 16> mddev_uuid(const Mddev& mddev);  // the same of its uuid

// ---- md.c, running and stopping

int md_run(Mddev& mddev);
int do_md_run(Mddev& mddev);
int do_md_stop(Mddev& mddev, int mode, bool opened_by_caller);  // mode 0 full, 2 keep members bound; -EBUSY while open
int md_set_readonly(Mddev& mddev, bool opened_by_caller);
int restart_array(Mddev& mddev);
void md_notify_reboot(Mddev& mddev);
void md_clean(Mddev& mddev);
void mddev_detach(Mddev& mddev);
int mddev_lock(Mddev& mddev);  // interruptible; 0 or -EINTR
void mddev_lock_nointr(Mddev& mddev);
bool mddev_trylock(Mddev& mddev);
void mddev_unlock(Mddev& mddev);
int md_open(Mddev& mddev);  // interruptible; 0, -ENODEV, -EINTR
void md_release(Mddev& mddev);

// ---- md.c, resync

void md_check_recovery(Mddev& mddev);  // called from raid1d
void md_reap_sync_thread(Mddev& mddev);
void md_do_sync(MdThread& thread);
void md_done_sync(Mddev& mddev, Sector blocks, bool ok);
int md_allow_write(Mddev& mddev);
void md_new_event(Mddev& mddev);
void sysfs_notify(SysfsNotifier& notifier);
void md_set_array_sectors(Mddev& mddev, Sector sectors);
inline constexpr std::uint64_t kIdleSectors = 64;  // so much user I/O since the throttle's last look is nobody's
inline int speed_min(const Mddev& mddev) {
    return mddev.sync_speed_min != 0 ? mddev.sync_speed_min : 1000;
}
inline int speed_max(const Mddev& mddev) {
    return mddev.sync_speed_max != 0 ? mddev.sync_speed_max : 200000;
}

// ---- superblocks of version 1 (super_1.cpp)

// Reads the member's superblock into rdev.sb_page. Against `refdev` (may be nullptr): 1 newer, 0 not newer, -EINVAL.
int super_1_load(Rdev& rdev, Rdev* refdev, int minor_version);
// Takes what the superblock says of the array and of this member. `freshest` decides roles one event behind.
int super_1_validate(Mddev& mddev, Rdev* freshest, Rdev& rdev);
// Builds rdev.sb_page from the array's state.
void super_1_sync(Mddev& mddev, Rdev& rdev) REQUIRES(mddev.lock);

// mdX: the kernel's log prefix for a member or an array.
inline const std::string& mdname(const Mddev& mddev) {
    return mddev.name;
}
void md_log(const Mddev& mddev, LogLevel level, std::string text);

}  // namespace mdscope
