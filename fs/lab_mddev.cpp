// lab/mddev: struct mddev, its bitmap and its members as `crash> struct` prints them. Names are md's; numbers are
// decimal, positions in sectors, times in nanoseconds. `mdscope detail` reads this file, so a field's name is a
// promise.
#include <fmt/format.h>

#include <span>
#include <string>

#include "engine/md/bitmap.hpp"
#include "engine/md/format.hpp"
#include "fs/lab.hpp"

namespace mdscope {

namespace {

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
    {Candidate, "Candidate"},
    {Journal, "Journal"},
    {ClusterRemove, "ClusterRemove"},
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
constexpr FlagName kRecovery[] = {
    {MD_RECOVERY_RUNNING, "RUNNING"},     {MD_RECOVERY_SYNC, "SYNC"},   {MD_RECOVERY_RECOVER, "RECOVER"},
    {MD_RECOVERY_INTR, "INTR"},           {MD_RECOVERY_DONE, "DONE"},   {MD_RECOVERY_NEEDED, "NEEDED"},
    {MD_RECOVERY_REQUESTED, "REQUESTED"}, {MD_RECOVERY_CHECK, "CHECK"}, {MD_RECOVERY_RESHAPE, "RESHAPE"},
    {MD_RECOVERY_FROZEN, "FROZEN"},       {MD_RECOVERY_ERROR, "ERROR"}, {MD_RECOVERY_WAIT, "WAIT"},
};
constexpr FlagName kMddevFlags[] = {{MD_CLOSING, "CLOSING"}, {MD_NOT_READY, "NOT_READY"}, {MD_BROKEN, "BROKEN"}};
constexpr FlagName kBitmapFlags[] = {
    {BITMAP_STALE, "STALE"}, {BITMAP_WRITE_ERROR, "WRITE_ERROR"}, {BITMAP_HOSTENDIAN, "HOSTENDIAN"}};

std::string flags_text(std::uint64_t word, std::span<const FlagName> names) {
    std::string text = fmt::format("{:#x}", word);
    std::string set;
    for (const FlagName& flag : names)
        if (((word >> flag.bit) & 1U) != 0) set += (set.empty() ? "" : " ") + std::string(flag.name);
    return set.empty() ? text : text + " (" + set + ")";
}

// Collects "  name = value, " lines between braces.
class StructText {
   public:
    explicit StructText(const std::string& head) : text_(head + " {\n") {}
    template <class T>
    void field(const char* name, const T& value) {
        text_ += fmt::format("  {} = {},\n", name, value);
    }
    void string(const char* name, const std::string& value) { text_ += fmt::format("  {} = \"{}\",\n", name, value); }
    void position(const char* name, Sector value) {
        if (value == MaxSector)
            field(name, "MaxSector");
        else
            field(name, value);
    }
    std::string end() { return text_ + "}\n"; }

   private:
    std::string text_;
};

std::string bitmap_text(const Bitmap& bitmap) {
    StructText out("struct bitmap");
    out.field("counts.chunks", bitmap.counts.chunks);
    out.field("counts.chunkshift", bitmap.counts.chunkshift);
    out.field("counts.pages", bitmap.counts.pages);
    out.field("events_cleared", bitmap.events_cleared.peek());
    out.field("need_sync", bitmap.need_sync.peek() ? 1 : 0);
    out.field("storage.file_pages", bitmap.storage.file_pages);
    out.field("storage.bytes", bitmap.storage.bytes);
    out.field("flags", flags_text(bitmap.flags.peek(), kBitmapFlags));
    out.field("allclean", bitmap.allclean.peek() ? 1 : 0);
    out.field("behind_writes", bitmap.behind_writes.peek());
    out.field("behind_writes_used", bitmap.behind_writes_used.peek());
    out.field("daemon_lastrun", bitmap.daemon_lastrun.peek());
    out.field("pending_writes", bitmap.pending_writes.peek());
    return out.end();
}

std::string rdev_text(const Rdev& rdev) {
    StructText out("struct md_rdev");
    out.string("name", rdev.name);
    out.string("path", rdev.path);
    out.field("mddev", rdev.mddev.peek() == nullptr ? "NULL" : "set");
    out.field("desc_nr", rdev.desc_nr);
    out.field("raid_disk", rdev.raid_disk.peek());
    out.field("saved_raid_disk", rdev.saved_raid_disk.peek());
    out.position("recovery_offset", rdev.recovery_offset.peek());
    out.field("data_offset", rdev.data_offset);
    out.field("sectors", rdev.sectors);
    out.field("sb_start", rdev.sb_start);
    out.field("sb_events", rdev.sb_events.peek());
    out.field("flags", flags_text(rdev.flags.peek(), kRdevFlags));
    out.field("nr_pending", rdev.nr_pending.peek());
    out.field("corrected_errors", rdev.corrected_errors.peek());
    out.field("badblocks.count", rdev.badblocks.count.peek());
    return out.end();
}

void identity(StructText& out, const Mddev& mddev) {
    const MdPersonality* pers = mddev.pers.peek();
    const SpinGuard guard(mddev.lock);  // md_clean empties the strings under it
    out.field("pers", pers == nullptr ? "NULL" : pers->name);
    out.field("raid_disks", mddev.raid_disks.peek());
    out.field("dev_sectors", mddev.dev_sectors);
    out.field("array_sectors", mddev.array_sectors.peek());
    out.field("level", mddev.level);
    out.string("uuid", format_uuid(mddev.uuid));
    out.string("set_name", mddev.set_name);
    out.field("ctime", mddev.ctime & 0xffffffffffULL);
    out.field("utime", mddev.utime & 0xffffffffffULL);
    out.field("major_version", mddev.major_version);
    out.field("minor_version", mddev.minor_version);
    out.field("persistent", mddev.persistent ? 1 : 0);
    out.field("external", mddev.external ? 1 : 0);
    out.string("metadata_type", mddev.metadata_type);
    out.field("events", mddev.events.peek());
}

void state(StructText& out, const Mddev& mddev) {
    out.field("ro", mddev.ro.peek());
    out.field("in_sync", mddev.in_sync.peek());
    out.position("recovery_cp", mddev.recovery_cp.peek());
    out.field("safemode", mddev.safemode.peek());
    out.field("safemode_delay", mddev.safemode_delay.peek());
    out.field("writes_pending", mddev.writes_pending.peek());
    out.field("degraded", mddev.degraded.peek());
    out.field("openers", mddev.openers.peek());
    out.field("active_io", mddev.active_io.peek());
    out.field("suspended", mddev.suspended.peek());
    out.field("flags", flags_text(mddev.flags.peek(), kMddevFlags));
    out.field("sb_flags", flags_text(mddev.sb_flags.peek(), kSbFlags));
    out.field("recovery", flags_text(mddev.recovery.peek(), kRecovery));
    out.field("curr_resync", mddev.curr_resync.peek());
    out.field("curr_resync_completed", mddev.curr_resync_completed.peek());
    out.field("recovery_active", mddev.recovery_active.peek());
    out.field("resync_mismatches", mddev.resync_mismatches.peek());
    out.field("pending_writes", mddev.pending_writes.peek());
    out.field("bio_set.in_use", mddev.bio_set.in_use());
    out.field("sync_set.in_use", mddev.sync_set.in_use());
    out.field("reconfig_mutex", mddev.reconfig_mutex.is_locked() ? "locked" : "free");
    out.field("open_mutex", mddev.open_mutex.is_locked() ? "locked" : "free");
    out.field("thread", mddev.thread.peek() == nullptr ? "NULL" : "set");
    out.field("sync_thread", mddev.sync_thread.peek() == nullptr ? "NULL" : "set");
    out.field("bitmap", mddev.bitmap.peek() == nullptr ? "NULL" : "set");
    out.field("bitmap_info.offset", mddev.bitmap_info.offset);
    out.string("bitmap_info.file", mddev.bitmap_info.file != nullptr ? mddev.bitmap_info.file_path : std::string());
    out.field("bitmap_info.chunksize", mddev.bitmap_info.chunksize);
    out.field("bitmap_info.daemon_sleep", mddev.bitmap_info.daemon_sleep);
    out.field("bitmap_info.external", mddev.bitmap_info.external ? 1 : 0);
}

}  // namespace

std::string show_mddev(Lab& lab) {
    const Mddev& mddev = lab.array.mddev();
    StructText out("struct mddev");
    identity(out, mddev);
    state(out, mddev);
    std::string text = out.end();
    if (const Bitmap* bitmap = mddev.bitmap.peek(); bitmap != nullptr) text += bitmap_text(*bitmap);
    for (const Rdev* rdev : rdev_list(mddev)) text += rdev_text(*rdev);
    return text;
}

}  // namespace mdscope
