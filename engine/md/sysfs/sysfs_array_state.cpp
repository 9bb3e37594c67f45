// SPDX-License-Identifier: MIT
// md/array_state: the one file through which an array is started, stopped and asked how it is.
//
//   read     clear  inactive | readonly  read-auto | write-pending  clean (broken)  active-idle  active
//   written  clear inactive readonly read-auto clean active; the other words can only be read: -EINVAL
//
// `clean` and `active` on an array that runs and is not read-only are what mdmon writes while writers wait for it, so
// they take only the spin lock. Every other word, a nonsense one too, first waits for reconfig_mutex: a word is looked
// up before the lock, but refused after it, as md does.
//
// do_md_stop and md_set_readonly release reconfig_mutex while they wait for a sync to end; the unlock at the end of the
// store is of the lock they took again.
#include <array>

#include "engine/kernel/trace.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/md/sysfs/sysfs_tables.hpp"

namespace mdscope {

namespace {

enum class ArrayState : std::size_t {
    clear,
    inactive,
    suspended,
    readonly,
    read_auto,
    clean,
    active,
    write_pending,
    active_idle,
    broken,
    bad_word,
};

constexpr std::array<const char*, 10> kArrayStates = {
    "clear", "inactive", "suspended",     "readonly",    "read-auto",
    "clean", "active",   "write-pending", "active-idle", "broken",
};

ArrayState match_word(std::string_view word) {
    for (std::size_t i = 0; i < kArrayStates.size(); i++)
        if (sysfs::cmd_match(word, kArrayStates[i])) return static_cast<ArrayState>(i);
    return ArrayState::bad_word;
}

ArrayState stopped_state(const Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    const bool unconfigured = mddev.disks.empty() && mddev.raid_disks == 0 && mddev.dev_sectors == 0;
    return unconfigured ? ArrayState::clear : ArrayState::inactive;
}

ArrayState read_write_state(const Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    if (test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags)) return ArrayState::write_pending;
    if (mddev.in_sync != 0) return test_bit(MD_BROKEN, mddev.flags) ? ArrayState::broken : ArrayState::clean;
    return mddev.safemode != 0 ? ArrayState::active_idle : ArrayState::active;
}

ArrayState array_state(const Mddev& mddev) {
    if (mddev.pers.load() == nullptr || test_bit(MD_NOT_READY, mddev.flags)) return stopped_state(mddev);
    const int ro = mddev.ro;
    if (ro == MD_RDONLY) return ArrayState::readonly;
    if (ro == MD_AUTO_READ) return ArrayState::read_auto;
    return read_write_state(mddev);
}

// ---- writing, on a running array that is not read-only: no reconfig_mutex

// What lets writers go that wait for the array to become dirty: mdmon says it is recorded.
void acknowledge_pending(Mddev& mddev) {
    {
        const SpinGuard guard(mddev.lock);
        clear_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
    }
    md_wakeup_thread(mddev, mddev.thread);
    wake_up(mddev.sb_wait);
}

int become_clean(Mddev& mddev) {
    return set_in_sync(mddev) ? 0 : -EBUSY;
}

int toggle_clean_active(Mddev& mddev, ArrayState state) {
    // From read-auto this is the switch to read-write; on a read-write array it answers -EBUSY and has done nothing.
    (void)restart_array(mddev);
    int err = 0;
    if (state == ArrayState::active)
        acknowledge_pending(mddev);
    else
        err = become_clean(mddev);
    if (err == 0) sysfs_notify(mddev.sysfs_state);
    return err;
}

// ---- writing, with reconfig_mutex

int start_as(Mddev& mddev, int ro) {
    mddev.ro = ro;
    return do_md_run(mddev);
}

int make_read_auto(Mddev& mddev) {
    int err = -EINVAL;  // it is read-auto already
    if (mddev.ro == MD_RDWR)
        err = md_set_readonly(mddev, false);
    else if (mddev.ro == MD_RDONLY)
        err = restart_array(mddev);
    if (err == 0) mddev.ro = MD_AUTO_READ;
    return err;
}

int leave_readonly(Mddev& mddev, ArrayState state) {
    if (const int err = restart_array(mddev); err != 0) return err;
    if (state == ArrayState::clean) return become_clean(mddev);
    acknowledge_pending(mddev);
    return 0;
}

int store_running(Mddev& mddev, ArrayState state) {
    switch (state) {
        case ArrayState::clear:
            return do_md_stop(mddev, 0, false);
        case ArrayState::inactive:
            return do_md_stop(mddev, 2, false);
        case ArrayState::readonly:
            return md_set_readonly(mddev, false);
        case ArrayState::read_auto:
            return make_read_auto(mddev);
        case ArrayState::clean:
        case ArrayState::active:
            return leave_readonly(mddev, state);
        default:
            return -EINVAL;
    }
}

int store_stopped(Mddev& mddev, ArrayState state) {
    switch (state) {
        case ArrayState::clear:
            return do_md_stop(mddev, 0, false);
        case ArrayState::inactive:
            return 0;
        case ArrayState::readonly:
            return start_as(mddev, MD_RDONLY);
        case ArrayState::read_auto:
            return start_as(mddev, MD_AUTO_READ);
        case ArrayState::active:
            return start_as(mddev, MD_RDWR);
        default:
            // `clean` too: the documentation has it start without a resync, the code of 6.1 refuses it.
            return -EINVAL;
    }
}

// `stopped` takes the state of an array that does not run.
int store_array_state(Mddev& mddev, std::string_view word, int (*stopped)(Mddev&, ArrayState)) {
    MD_FRAME("array_state_store");
    const ArrayState state = match_word(word);
    const bool toggles = state == ArrayState::active || state == ArrayState::clean;
    if (toggles && mddev.pers.load() != nullptr && mddev.ro != MD_RDONLY) return toggle_clean_active(mddev, state);

    int err = mddev_lock(mddev);
    if (err != 0) return err;
    err = mddev.pers.load() != nullptr ? store_running(mddev, state) : stopped(mddev, state);
    if (err == 0) sysfs_notify(mddev.sysfs_state);
    mddev_unlock(mddev);
    return err;
}

}  // namespace

const char* array_state_word(const Mddev& mddev) {
    return kArrayStates[static_cast<std::size_t>(array_state(mddev))];
}

void trace_array_state(const Mddev& mddev) {
    TRACE(mddev.kernel, array_state, array_state_word(mddev));
}

std::string sysfs::array_state_show(Mddev& mddev) {
    MD_FRAME("array_state_show");
    return line(array_state_word(mddev));
}

int sysfs::array_state_store(Mddev& mddev, std::string_view value) {
    return store_array_state(mddev, value, store_stopped);
}

// The end of an interrupted sync makes a clean array write-pending; mdmon sees it, and while it records that the array
// is dirty the stop goes on. (On Linux the `active` it then writes starts the array again.)
int answer_array_state(Mddev& mddev, std::string_view word) {
    return store_array_state(mddev, word, [](Mddev& stopped, ArrayState state) {
        return state == ArrayState::clear ? store_stopped(stopped, state) : -ENODEV;
    });
}

}  // namespace mdscope
