// SPDX-License-Identifier: MIT
// md/dev-NAME/: the files of one member. `state` is both what a member is and what can be done to it; the others place
// it in the array: slot, offset, size, recovery_start.
//
// rdev_attr_store takes reconfig_mutex around every store (interruptible: -EINTR) and answers -ENODEV for a member that
// is not bound any more, so a store here may follow rdev.mddev and change the list. A show looks at the member alone,
// so it takes no lock that a sleeper holds and works on an unbound member too.
//
// How a member comes in by hand, with external metadata (mdadm and mdmon do the same):
//
//   stopped   new_dev, offset, size, slot N (assumed in sync), perhaps recovery_start
//   running   new_dev (spare, slot none), offset, size, recovery_start 0, slot N, then `recover` to sync_action
//   re-add    new_dev, offset, size, state `insync`, slot N: In_sync at that moment says that the bitmap is enough
#include <algorithm>
#include <array>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/md/sysfs/sysfs_tables.hpp"
#include "engine/md/variants/fail_last.hpp"

namespace mdscope {

using namespace sysfs;

namespace {

// Only under reconfig_mutex: until it is released, nobody unbinds the member.
Mddev& array_of(Rdev& rdev) {
    return *rdev.mddev;
}

bool is_running(const Mddev& mddev) {
    return mddev.pers.load() != nullptr;
}

void request_recovery(Mddev& mddev) {
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    md_wakeup_thread(mddev, mddev.thread);
}

// ---- state, written

int fail_member(Rdev& rdev) {
    Mddev& mddev = array_of(rdev);
    if (!is_running(mddev)) return -EINVAL;
    if (mddev.variants.row<variants::fail_last>().is_refused(mddev, rdev)) return -EBUSY;
    md_error(mddev, rdev);
    return test_bit(MD_BROKEN, mddev.flags) ? -EBUSY : 0;
}

int remove_member(Rdev& rdev) {
    Mddev& mddev = array_of(rdev);
    if (is_running(mddev)) {
        clear_bit(Blocked, rdev.flags);
        remove_and_add_spares(mddev, &rdev);
    }
    if (rdev.raid_disk >= 0) return -EBUSY;
    md_kick_rdev_from_array(rdev);
    if (is_running(mddev)) {
        set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
        md_wakeup_thread(mddev, mddev.thread);
    }
    md_new_event(mddev);
    return 0;
}

// mdmon says that the failure is recorded: who waited for that may go on.
int unblock_member(Rdev& rdev) {
    Mddev& mddev = array_of(rdev);
    const bool unknown_badblocks =
        !test_bit(Faulty, rdev.flags) && !test_bit(ExternalBbl, rdev.flags) && rdev.badblocks.unacked_exist;
    if (unknown_badblocks) md_error(mddev, rdev);  // a handler that keeps no bad blocks can only lose the member
    clear_bit(Blocked, rdev.flags);
    clear_bit(BlockedBadBlocks, rdev.flags);
    wake_up(rdev.blocked_wait);
    request_recovery(mddev);
    return 0;
}

int declare_in_sync(Rdev& rdev) {
    if (rdev.raid_disk != -1) return -EINVAL;
    set_bit(In_sync, rdev.flags);
    return 0;
}

int declare_not_in_sync(Rdev& rdev) {
    if (rdev.raid_disk < 0 || is_running(array_of(rdev))) return -EINVAL;
    clear_bit(In_sync, rdev.flags);
    rdev.saved_raid_disk = rdev.raid_disk.load();
    rdev.raid_disk = -1;
    return 0;
}

int want_replacement(Rdev& rdev) {
    if (rdev.raid_disk >= 0 && !test_bit(Replacement, rdev.flags)) set_bit(WantReplacement, rdev.flags);
    request_recovery(array_of(rdev));
    return 0;
}

int re_add_member(Rdev& rdev) {
    Mddev& mddev = array_of(rdev);
    if (!is_running(mddev)) return -EINVAL;
    if (!test_bit(Faulty, rdev.flags) || rdev.raid_disk != -1 || rdev.saved_raid_disk < 0) return -EBUSY;
    clear_bit(Faulty, rdev.flags);
    // Linux copies nothing here when there is no bitmap to say what the member missed; then it has missed everything.
    if (mddev.bitmap.load() == nullptr) rdev.saved_raid_disk = -1;
    return add_bound_rdev(rdev);
}

template <RdevFlag Flag>
int set_flag(Rdev& rdev) {
    set_bit(Flag, rdev.flags);
    return 0;
}

template <RdevFlag Flag>
int clear_flag(Rdev& rdev) {
    clear_bit(Flag, rdev.flags);
    return 0;
}

// A flag that superblocks keep.
template <RdevFlag Flag>
int set_stored_flag(Rdev& rdev) {
    set_bit(Flag, rdev.flags);
    md_update_sb(array_of(rdev), true);
    return 0;
}

template <RdevFlag Flag>
int clear_stored_flag(Rdev& rdev) {
    clear_bit(Flag, rdev.flags);
    md_update_sb(array_of(rdev), true);
    return 0;
}

int set_replacement(Rdev& rdev) {
    return is_running(array_of(rdev)) ? -EBUSY : set_flag<Replacement>(rdev);
}

int clear_replacement(Rdev& rdev) {
    return is_running(array_of(rdev)) ? -EBUSY : clear_flag<Replacement>(rdev);
}

int set_external_bbl(Rdev& rdev) {
    if (!array_of(rdev).external) return -EINVAL;
    rdev.badblocks.shift = 0;
    return set_flag<ExternalBbl>(rdev);
}

int clear_external_bbl(Rdev& rdev) {
    return array_of(rdev).external ? clear_flag<ExternalBbl>(rdev) : -EINVAL;
}

struct StateWord {
    const char* word;
    int (*store)(Rdev&);
};

constexpr StateWord kStateWords[] = {
    {"faulty", fail_member},
    {"remove", remove_member},
    {"writemostly", set_stored_flag<WriteMostly>},
    {"-writemostly", clear_stored_flag<WriteMostly>},
    {"blocked", set_flag<Blocked>},
    {"-blocked", unblock_member},
    {"insync", declare_in_sync},
    {"failfast", set_stored_flag<FailFast>},
    {"-failfast", clear_stored_flag<FailFast>},
    {"-insync", declare_not_in_sync},
    {"write_error", set_flag<WriteErrorSeen>},
    {"-write_error", clear_flag<WriteErrorSeen>},
    {"want_replacement", want_replacement},
    {"-want_replacement", clear_flag<WantReplacement>},
    {"replacement", set_replacement},
    {"-replacement", clear_replacement},
    {"re-add", re_add_member},
    {"external_bbl", set_external_bbl},
    {"-external_bbl", clear_external_bbl},
};

int state_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("state_store");
    Mddev& mddev = array_of(rdev);  // `remove` unbinds the member
    for (const StateWord& row : kStateWords) {
        if (!cmd_match(value, row.word)) continue;
        const int err = row.store(rdev);
        if (err == 0) sysfs_notify(mddev.sysfs_rdev);
        return err;
    }
    return -EINVAL;
}

std::string state_show(Rdev& rdev) {
    return line(rdev_state_words(rdev));
}

// ---- slot

std::string slot_show(Rdev& rdev) {
    const int slot = rdev.raid_disk;
    return slot >= 0 ? line(slot) : "none\n";
}

// Takes a member out of its slot. md does this by itself for native arrays; here the metadata handler asks for it.
int leave_slot(Mddev& mddev, Rdev& rdev) {
    if (rdev.raid_disk == -1) return -EEXIST;
    const MdPersonality* pers = mddev.pers;
    if (pers->hot_remove_disk == nullptr) return -EINVAL;
    clear_bit(Blocked, rdev.flags);
    remove_and_add_spares(mddev, &rdev);
    if (rdev.raid_disk >= 0) return -EBUSY;
    request_recovery(mddev);
    return 0;
}

// Puts a spare into a slot of a running array; nobody is woken, whoever wrote the slot starts the recovery.
int join_slot(Mddev& mddev, Rdev& rdev, int slot) {
    if (rdev.raid_disk != -1) return -EBUSY;
    if (test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) return -EBUSY;
    const MdPersonality* pers = mddev.pers;
    if (pers->hot_add_disk == nullptr) return -EINVAL;
    if (slot >= mddev.raid_disks) return -ENOSPC;
    rdev.saved_raid_disk = test_and_clear_bit(In_sync, rdev.flags) ? slot : -1;
    clear_bit(Bitmap_sync, rdev.flags);
    rdev.raid_disk = slot;  // Last, unlike md: who reads the slot and then the state sees no stale member as good.
    const int err = pers->hot_add_disk(mddev, rdev);
    if (err != 0)
        rdev.raid_disk = -1;
    else
        sysfs_notify(mddev.sysfs_rdev);
    return err;
}

// Before the start: who writes a slot knows that the member is good.
int assign_slot(Mddev& mddev, Rdev& rdev, int slot) {
    if (slot >= mddev.raid_disks) return -ENOSPC;
    rdev.raid_disk = slot;
    clear_bit(Faulty, rdev.flags);
    clear_bit(WriteMostly, rdev.flags);
    set_bit(In_sync, rdev.flags);
    sysfs_notify(mddev.sysfs_rdev);
    return 0;
}

int slot_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("slot_store");
    int slot = -1;
    if (!value.starts_with("none")) {
        unsigned number = 0;
        if (const int err = kstrtouint(value, &number); err != 0) return err;
        slot = static_cast<int>(std::min(number, 0x7fffffffU));
    }
    Mddev& mddev = array_of(rdev);
    if (!is_running(mddev)) return assign_slot(mddev, rdev, slot);
    return slot == -1 ? leave_slot(mddev, rdev) : join_slot(mddev, rdev, slot);
}

// ---- errors and bad blocks

std::string errors_show(Rdev& rdev) {
    return line(rdev.corrected_errors.load());
}

int errors_store(Rdev& rdev, std::string_view value) {
    unsigned count = 0;
    if (const int err = kstrtouint(value, &count); err != 0) return err;
    rdev.corrected_errors = count;
    return 0;
}

std::string bad_blocks_show(Rdev& rdev) {
    return rdev.badblocks.show(false);
}

std::string unacknowledged_bad_blocks_show(Rdev& rdev) {
    return rdev.badblocks.show(true);
}

// "SECTOR LENGTH", both of the device.
int store_badblock(Rdev& rdev, std::string_view value, bool acknowledged) {
    const std::size_t blank = value.find(' ');
    if (blank == std::string_view::npos) return -EINVAL;
    Sector sector = 0;
    unsigned length = 0;
    if (kstrtoull(value.substr(0, blank), &sector) != 0) return -EINVAL;
    if (kstrtouint(value.substr(blank + 1), &length) != 0 || length == 0) return -EINVAL;
    return rdev.badblocks.set(sector, length, acknowledged) ? 0 : -ENOSPC;
}

int bad_blocks_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("bb_store");
    const int err = store_badblock(rdev, value, true);
    // The acknowledgement may be all that a writer waits for.
    if (test_and_clear_bit(BlockedBadBlocks, rdev.flags)) wake_up(rdev.blocked_wait);
    return err;
}

int unacknowledged_bad_blocks_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("ubb_store");
    return store_badblock(rdev, value, false);
}

constexpr RdevAttr kRdevAttrs[] = {
    {"state", 0644, state_show, state_store},
    {"errors", 0644, errors_show, errors_store},
    {"slot", 0644, slot_show, slot_store},
    {"bad_blocks", 0644, bad_blocks_show, bad_blocks_store},
    {"unacknowledged_bad_blocks", 0644, unacknowledged_bad_blocks_show, unacknowledged_bad_blocks_store},
};

}  // namespace

std::string rdev_state_words(const Rdev& rdev) {
    const std::uint64_t flags = rdev.flags;
    const auto has = [&](RdevFlag flag) { return ((flags >> flag) & 1U) != 0; };
    const bool unacked = rdev.badblocks.unacked_exist;
    std::string words;
    const auto add = [&](bool applies, const char* word) {
        if (!applies) return;
        if (!words.empty()) words += ',';
        words += word;
    };
    add(has(Faulty) || (!has(ExternalBbl) && unacked), "faulty");
    add(has(In_sync), "in_sync");
    add(has(Journal), "journal");
    add(has(WriteMostly), "write_mostly");
    add(has(Blocked) || (unacked && !has(Faulty)), "blocked");
    add(!has(Faulty) && !has(Journal) && !has(In_sync), "spare");
    add(has(WriteErrorSeen), "write_error");
    add(has(WantReplacement), "want_replacement");
    add(has(Replacement), "replacement");
    add(has(ExternalBbl), "external_bbl");
    add(has(FailFast), "failfast");
    return words;
}

// ---- the whole table

std::span<const RdevAttr> rdev_attrs() {
    static const std::vector<RdevAttr> attrs = [] {
        std::vector<RdevAttr> all(std::begin(kRdevAttrs), std::end(kRdevAttrs));
        const std::span<const RdevAttr> placement = rdev_placement_attrs();
        all.insert(all.end(), placement.begin(), placement.end());
        return all;
    }();
    return attrs;
}

const RdevAttr* find_rdev_attr(std::string_view name) {
    const std::span<const RdevAttr> attrs = rdev_attrs();
    const auto found =
        std::find_if(attrs.begin(), attrs.end(), [&](const RdevAttr& attr) { return attr.name == name; });
    return found == attrs.end() ? nullptr : &*found;
}

// What superblocks keep of a member and external metadata has to, too: the word, and the one that takes it back.
static constexpr std::pair<const char*, const char*> kRecordedWords[] = {{"writemostly", "-writemostly"},
                                                                         {"failfast", "-failfast"}};

static int record_flags(Mddev& mddev, Rdev& rdev, std::string_view value) {
    if (!mddev.external || !mddev.on_member_flags) return 0;
    for (const auto& [set, clear] : kRecordedWords) {
        const bool sets = cmd_match(value, set);
        if (!sets && !cmd_match(value, clear)) continue;
        const int err = mddev.on_member_flags(rdev);
        if (err != 0)
            (void)with_mddev_lock(mddev,
                                  [&, set = set, clear = clear] { return state_store(rdev, sets ? clear : set); });
        return err;
    }
    return 0;
}

int rdev_attr_store(Rdev& rdev, std::string_view name, std::string_view value) {
    MD_FRAME("rdev_attr_store");
    const RdevAttr* attr = find_rdev_attr(name);
    if (attr == nullptr) return -ENOENT;
    if (attr->store == nullptr) return -EACCES;
    Mddev* const mddev = rdev.mddev.get();
    if (mddev == nullptr) return -ENODEV;
    const int err = with_mddev_lock(*mddev, [&] {
        // It may have been unbound while we waited for the lock.
        if (rdev.mddev.get() == nullptr) return -ENODEV;
        return attr->store(rdev, without_newline(value));
    });
    return err == 0 && name == "state" ? record_flags(*mddev, rdev, without_newline(value)) : err;
}

}  // namespace mdscope
