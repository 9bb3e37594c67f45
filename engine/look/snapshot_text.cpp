// SPDX-License-Identifier: MIT
// lab/mddev: the same state as a snapshot, for people and for grep.
//
//   struct mddev {
//     name = "md0",
//     pending_writes = {
//       counter = 2
//     },
//
// The fields keep md's names and the form that `crash> struct mddev` prints them in: atomics as a struct with a
// counter, flag words in hexadecimal, pointers by what they point at or 0x0. Only fields the emulator has are there.
// `mdscope detail` reads lab/mddev by parse_mddev_struct, so a field's name is a promise.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "engine/look/lab_words.hpp"
#include "engine/look/snapshot.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

// Prints `struct NAME {` ... `}` with fields indented by two blanks a level.
class StructPrinter {
   public:
    explicit StructPrinter(const char* name) { text_ = fmt::format("struct {} {{\n", name); }

    template <class T>
    void number(const char* name, T value) {
        add("{} = {},\n", name, value);
    }
    void word(const char* name, std::uint64_t value) { add("{} = {:#x},\n", name, value); }
    void string(const char* name, std::string_view value) { add("{} = \"{}\",\n", name, value); }
    // What a pointer points at, or 0x0.
    void pointer(const char* name, std::string_view target) {
        add("{} = {},\n", name, target.empty() ? "0x0" : target);
    }
    template <class T>
    void atomic(const char* name, T value) {
        open(name);
        add("counter = {}\n", value);
        close();
    }
    void open(const char* name) {
        add("{} = {{\n", name);
        depth_++;
    }
    void close() {
        depth_--;
        add("}},\n");
    }
    std::string finish() { return text_ + "}\n"; }

   private:
    template <class... Args>
    void add(fmt::format_string<Args...> format, Args&&... args) {
        text_.append(2 * depth_, ' ');
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    }

    std::string text_;
    std::size_t depth_ = 1;
};

void print_bitmap_info(StructPrinter& out, const Mddev& mddev) {
    out.open("bitmap_info");
    out.pointer("file", mddev.bitmap_info.file_path);
    out.number("offset", mddev.bitmap_info.offset.load());
    out.number("space", mddev.bitmap_info.space.load());
    out.number("default_offset", mddev.bitmap_info.default_offset.load());
    out.number("default_space", mddev.bitmap_info.default_space.load());
    out.number("chunksize", mddev.bitmap_info.chunksize.load());
    out.number("daemon_sleep", mddev.bitmap_info.daemon_sleep.load());
    out.number("max_write_behind", mddev.bitmap_info.max_write_behind.peek());
    out.number("external", mddev.bitmap_info.external ? 1 : 0);
    out.close();
}

constexpr std::uint64_t kSeconds = 0xff'ffff'ffff;  // of a stored time, which has microseconds above them

void print_identity(StructPrinter& out, const Mddev& mddev) REQUIRES(mddev.lock) {
    const MdPersonality* const pers = mddev.pers.peek();
    out.string("name", mddev.name);
    out.pointer("pers", pers != nullptr ? pers->name : "");
    out.word("flags", mddev.flags.peek());
    out.word("sb_flags", mddev.sb_flags.peek());
    out.number("suspended", mddev.suspended.peek());
    out.atomic("active_io", mddev.active_io.peek());
    out.number("ro", mddev.ro.peek());
    out.number("major_version", mddev.major_version.load());
    out.number("minor_version", mddev.minor_version.load());
    out.number("persistent", mddev.persistent ? 1 : 0);
    out.number("external", mddev.external ? 1 : 0);
    out.string("metadata_type", mddev.metadata_type);
    out.string("uuid", format_uuid(mddev.uuid));
    out.string("set_name", mddev.set_name);
    out.number("ctime", mddev.ctime & kSeconds);
    out.number("utime", mddev.utime & kSeconds);
    out.number("level", mddev.level.load());
    out.string("clevel", mddev.clevel);
    out.number("raid_disks", mddev.raid_disks.peek());
    out.number("max_disks", mddev.max_disks.load());
    out.number("dev_sectors", mddev.dev_sectors.load());
    out.number("array_sectors", mddev.array_sectors.peek());
    out.number("external_size", mddev.external_size.peek() ? 1 : 0);
    out.number("events", mddev.events.peek());
    out.number("can_decrease_events", mddev.can_decrease_events ? 1 : 0);
}

void print_sync(StructPrinter& out, const Mddev& mddev) {
    const MdThread* const thread = mddev.thread.peek();
    const MdThread* const sync_thread = mddev.sync_thread.peek();
    out.pointer("thread", thread != nullptr ? thread->name : "");
    out.pointer("sync_thread", sync_thread != nullptr ? sync_thread->name : "");
    out.pointer("last_sync_action", mddev.last_sync_action.peek() != nullptr ? mddev.last_sync_action.peek() : "");
    out.number("curr_resync", mddev.curr_resync.peek());
    out.number("curr_resync_completed", mddev.curr_resync_completed.peek());
    out.number("resync_mark", mddev.resync_mark.peek());
    out.number("resync_mark_cnt", mddev.resync_mark_cnt.peek());
    out.number("curr_mark_cnt", mddev.curr_mark_cnt.peek());
    out.number("resync_max_sectors", mddev.resync_max_sectors.load());
    out.atomic("resync_mismatches", mddev.resync_mismatches.peek());
    out.number("suspend_lo", mddev.suspend_lo.peek());
    out.number("suspend_hi", mddev.suspend_hi.peek());
    out.number("sync_speed_min", mddev.sync_speed_min.peek());
    out.number("sync_speed_max", mddev.sync_speed_max.peek());
    out.number("parallel_resync", mddev.parallel_resync.peek() ? 1 : 0);
    out.word("recovery", mddev.recovery.peek());
    out.number("recovery_disabled", mddev.recovery_disabled.peek());
    out.number("in_sync", mddev.in_sync.peek());
}

void print_state(StructPrinter& out, const Mddev& mddev) {
    out.pointer("reconfig_mutex", mddev.reconfig_mutex.is_locked() ? "locked" : "free");
    out.pointer("open_mutex", mddev.open_mutex.is_locked() ? "locked" : "free");
    out.number("openers", mddev.openers.peek());
    out.number("degraded", mddev.degraded.peek());
    out.atomic("recovery_active", mddev.recovery_active.peek());
    out.number("recovery_cp", mddev.recovery_cp.peek());
    out.number("resync_min", mddev.resync_min.peek());
    out.number("resync_max", mddev.resync_max.peek());
    out.number("safemode", mddev.safemode.peek());
    out.number("safemode_delay", mddev.safemode_delay.peek());
    out.atomic("writes_pending", mddev.writes_pending.peek());
    out.number("sync_checkers", mddev.sync_checkers.peek());
    out.pointer("bitmap", mddev.bitmap.peek() != nullptr ? "struct bitmap" : "");
    print_bitmap_info(out, mddev);
    out.atomic("max_corr_read_errors", mddev.max_read_errors.peek());
    out.open("bio_set");
    out.number("in_use", mddev.bio_set.in_use());
    out.number("destroyed", mddev.bio_set.destroyed() ? 1 : 0);
    out.close();
    out.open("sync_set");
    out.number("in_use", mddev.sync_set.in_use());
    out.number("destroyed", mddev.sync_set.destroyed() ? 1 : 0);
    out.close();
    out.number("has_superblocks", mddev.has_superblocks ? 1 : 0);
    out.number("fail_last_dev", mddev.fail_last_dev.peek() ? 1 : 0);
    out.number("serialize_policy", mddev.serialize_policy.peek() ? 1 : 0);
    out.atomic("pending_writes", mddev.pending_writes.peek());
}

std::string bitmap_struct(const Bitmap& bitmap) {
    const SpinGuard guard(bitmap.counts.lock);  // a resize changes them, and the pages
    StructPrinter out("bitmap");
    out.open("counts");
    out.number("pages", bitmap.counts.pages);
    out.number("chunkshift", bitmap.counts.chunkshift);
    out.number("chunks", bitmap.counts.chunks);
    out.close();
    out.number("events_cleared", bitmap.events_cleared.peek());
    out.number("need_sync", bitmap.need_sync.peek() ? 1 : 0);
    out.open("storage");
    out.pointer("file", bitmap.storage.file != nullptr ? bitmap.storage.file->name() : "");
    out.pointer("sb_page", bitmap.storage.has_sb_page ? "filemap[0]" : "");
    out.number("file_pages", bitmap.storage.file_pages);
    out.number("bytes", bitmap.storage.bytes);
    out.close();
    out.word("flags", bitmap.flags.peek());
    out.number("allclean", bitmap.allclean.peek() ? 1 : 0);
    out.atomic("behind_writes", bitmap.behind_writes.peek());
    out.number("behind_writes_used", bitmap.behind_writes_used.peek());
    out.number("daemon_lastrun", bitmap.daemon_lastrun.peek());
    out.number("last_end_sync", bitmap.last_end_sync.peek());
    out.atomic("pending_writes", bitmap.pending_writes.peek());
    return out.finish();
}

std::string rdev_struct(const Rdev& rdev) {
    const Mddev* const mddev = rdev.mddev.peek();
    StructPrinter out("md_rdev");
    out.string("bdev", rdev.name);
    out.string("path", rdev.path);
    out.pointer("mddev", mddev != nullptr ? mddev->name : "");
    out.word("flags", rdev.flags.peek());
    out.number("desc_nr", rdev.desc_nr);
    out.number("raid_disk", rdev.raid_disk.peek());
    out.number("saved_raid_disk", rdev.saved_raid_disk.peek());
    out.number("recovery_offset", rdev.recovery_offset.peek());
    out.number("sectors", rdev.sectors);
    out.number("data_offset", rdev.data_offset);
    out.number("sb_start", rdev.sb_start);
    out.number("sb_events", rdev.sb_events.peek());
    out.atomic("nr_pending", rdev.nr_pending.peek());
    out.atomic("corrected_errors", rdev.corrected_errors.peek());
    out.open("badblocks");
    out.number("count", rdev.badblocks.count.peek());
    out.close();
    return out.finish();
}

}  // namespace

std::string mddev_struct_text(const Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    StructPrinter out("mddev");
    print_identity(out, mddev);
    print_sync(out, mddev);
    print_state(out, mddev);
    std::string text = out.finish();
    if (const Bitmap* bitmap = mddev.bitmap.peek(); bitmap != nullptr) text += bitmap_struct(*bitmap);
    for (const Rdev* rdev : mddev.disks) text += rdev_struct(*rdev);
    return text;
}

// ---- reading it

namespace {

std::string field_value(std::string_view value) {
    if (value.ends_with(',')) value.remove_suffix(1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value == "0x0" ? std::string() : std::string(value);  // a pointer to nothing
}

}  // namespace

std::vector<std::pair<std::string, StructFields>> parse_mddev_struct(std::string_view text) {
    constexpr std::string_view kStruct = "struct ", kOpen = " {", kIs = " = ";
    std::vector<std::pair<std::string, StructFields>> structs;
    std::string inside;  // "bitmap_info."
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (line.starts_with(kStruct) && line.ends_with(kOpen)) {
            line = line.substr(kStruct.size(), line.size() - std::min(line.size(), kStruct.size() + kOpen.size()));
            structs.emplace_back(line, StructFields{});
            continue;
        }
        const bool is_indented = line.starts_with(' ');
        line = trim(line);
        if (line.starts_with("},")) inside.clear();
        const std::size_t equals = line.find(kIs);
        if (structs.empty() || !is_indented || equals == std::string_view::npos) continue;
        const std::string name(line.substr(0, equals));
        if (line.ends_with(" = {"))
            inside = name + ".";
        else
            structs.back().second[inside + name] = field_value(line.substr(equals + kIs.size()));
    }
    return structs;
}

}  // namespace mdscope
