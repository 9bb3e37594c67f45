// SPDX-License-Identifier: MIT

#include "engine/mdadm/manage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/label_stamp.hpp"

namespace mdscope {

Rdev* find_rdev(const Mddev& mddev, std::string_view name) {
    for (Rdev* rdev : rdev_list(mddev))
        if (rdev->name == name) return rdev;
    return nullptr;
}

int refuse(std::string* why, int err, std::string text) {
    *why = std::move(text);
    return err;
}

static std::string error_text(int err) {
    return std::generic_category().message(-err);
}

// ---- remove

static bool is_listed(const Container& container, const std::string& name) {
    return std::ranges::any_of(container.members, [&](const ContainerMember& member) { return member.name == name; });
}

int manage_remove(Mddev& mddev, const std::string& name, const Container* recorded, std::uint64_t patience_ns,
                  std::string* why) {
    Rdev* const rdev = find_rdev(mddev, name);
    if (rdev == nullptr) {
        if (recorded != nullptr && is_listed(*recorded, name))
            return refuse(why, 0, fmt::format("{} is out of the array already: mdmon removed it when it failed", name));
        return refuse(why, -ENODEV, fmt::format("{} is not a member of {}", name, mdname(mddev)));
    }
    int err = rdev_attr_store(*rdev, "state", "remove");
    // A member that has failed is let go of when its I/O has ended, and the sync that it has interrupted; mdadm tries
    // again, too.
    const std::uint64_t deadline = mddev.kernel.ktime_ns() + patience_ns;
    while (err == -EBUSY && test_bit(Faulty, rdev->flags) && mddev.kernel.ktime_ns() < deadline) {
        (void)wait_event_timeout(mddev.sysfs_wait, rdev->mddev.get() == nullptr, 10 * kNsPerMs);
        if (rdev->mddev.get() == nullptr) return 0;  // by mdmon, or somebody else
        err = rdev_attr_store(*rdev, "state", "remove");
    }
    if (err == -EBUSY && test_bit(Faulty, rdev->flags))
        return refuse(why, err, fmt::format("{} has failed, and is still busy (lab/bios, md/sync_action)", name));
    if (err == -EBUSY) return refuse(why, err, fmt::format("{} is in use: fail it first", name));
    if (err != 0) return refuse(why, err, fmt::format("{} could not be removed ({})", name, error_text(err)));
    return 0;
}

// ---- re-add

// A store to a member's file by somebody who has the lock already. REQUIRES: reconfig_mutex.
static int store(Rdev& rdev, std::string_view name, std::string_view value) {
    return find_rdev_attr(name)->store(rdev, value);
}

// REQUIRES: reconfig_mutex; without it RUNNING would also be seen while md's thread only looks what there is to do.
static bool sync_runs(const Mddev& mddev) {
    return mddev.sync_thread.load() != nullptr || test_bit(MD_RECOVERY_RUNNING, mddev.recovery);
}

// Whoever waited for the lock may find the array stopped, and must not begin to assemble a new one in its place.
template <class Act>
static int while_running(Mddev& mddev, Act act) {
    if (const int err = mddev_lock(mddev); err != 0) return err;
    const int err = mddev.pers.load() != nullptr ? act() : -ENODEV;
    mddev_unlock(mddev);
    return err;
}

int manage_re_add_bound(Mddev& mddev, Rdev& rdev, std::string* why) {
    const int err = while_running(mddev, [&] {
        if (rdev.mddev.get() == nullptr) return -ENODEV;
        const int refused = store(rdev, "state", "re-add");
        // A sync that runs looks for members when it ends.
        return refused != 0 || !mddev.external || sync_runs(mddev) ? refused
                                                                   : md_attr_store(mddev, "sync_action", "recover");
    });
    if (err == 0) return 0;
    const std::string words = rdev_state_words(rdev);
    // md says busy of it, and would say so for ever: only what has failed can come back.
    if (err == -EBUSY && words.find("faulty") == std::string::npos)
        return refuse(why, -EEXIST,
                      fmt::format("{} is a member of {} already ({}): there is nothing to bring back", rdev.name,
                                  mdname(mddev), words));
    return refuse(why, err, fmt::format("{} cannot be re-added now: it is {}", rdev.name, words));
}

int manage_add_native(Mddev& mddev, Rdev& rdev, int slot, std::string* why) {
    int err = super_1_load(rdev, nullptr, mddev.minor_version);
    if (err >= 0) err = super_1_validate(mddev, nullptr, rdev);
    if (err == 0 && slot >= 0 && rdev.raid_disk != slot) {
        const Bitmap* const bitmap = mddev.bitmap.peek();
        err = refuse(why, -EINVAL,
                     fmt::format("re-add of {} is not possible: {}. `add` takes it with a full recovery", rdev.name,
                                 bitmap == nullptr ? "the array runs without a bitmap, and nothing says what it missed"
                                                   : "it is older than what the bitmap remembers"));
    }
    if (err == 0) {
        clear_bit(In_sync, rdev.flags);
        rdev.raid_disk = -1;
        err = bind_rdev_to_array(rdev, mddev);
    }
    if (err < 0) {
        if (why->empty()) *why = fmt::format("{} was not taken ({})", rdev.name, error_text(err));
        return err;
    }
    return add_bound_rdev(rdev);
}

int manage_re_add_native(Mddev& mddev, Rdev& rdev, int slot, std::string* why) {
    return while_running(mddev, [&] { return manage_add_native(mddev, rdev, slot, why); });
}

int manage_slot_on_record(const Mddev& mddev, const Container& container, const LabLabel& label,
                          const std::string& name, std::string* why) {
    const auto known = std::ranges::find(container.members, label.member_uuid, &ContainerMember::uuid);
    if (known != container.members.end() && !is_label_on_record(*known, label))
        return refuse(
            why, -EINVAL,
            fmt::format("re-add of {} is not possible: it is an old copy, from before it left the array. `add` "
                        "takes it with a full recovery",
                        name));
    if (known != container.members.end() && known->slot >= 0 && mddev.bitmap.load() != nullptr) return known->slot;
    return refuse(
        why, -EINVAL,
        fmt::format("re-add of {} is not possible: its slot was given to another member since, or there is no "
                    "bitmap. `add` takes it with a full recovery",
                    name));
}

static void bring_in(Rdev& rdev, const LabLabel& label) {
    rdev.data_offset = rdev.new_data_offset = label.data_offset;
    rdev.sectors = label.data_size;
}

int manage_add_external(Mddev& mddev, Rdev& rdev, const LabLabel& label, std::string* why) {
    const int err = while_running(mddev, [&] {
        bring_in(rdev, label);
        const int unbound = bind_rdev_to_array(rdev, mddev);
        return unbound != 0 ? unbound : add_bound_rdev(rdev);
    });
    return err == 0 ? 0 : refuse(why, err, fmt::format("{} was not taken ({})", rdev.name, error_text(err)));
}

// Bound, in sync but for what the bitmap has marked, and in its slot: in one hold of the lock. In between md's thread
// would give the member a slot by itself, as a spare that says it is in sync: it would be read from, and nothing
// copied. REQUIRES: reconfig_mutex.
static int bind_into_slot(Mddev& mddev, Rdev& rdev, int slot) {
    int err = bind_rdev_to_array(rdev, mddev);
    if (err != 0) return err;
    err = store(rdev, "state", "insync");
    if (err == 0) err = store(rdev, "slot", std::to_string(slot));
    if (err == 0) err = md_attr_store(mddev, "sync_action", "recover");
    if (err != 0 && rdev.raid_disk < 0) unbind_rdev_from_array(rdev);
    return err;
}

int manage_re_add_external(Mddev& mddev, Rdev& rdev, const LabLabel& label, int slot, std::string* why) {
    why->clear();
    const int err = while_running(mddev, [&] {
        if (sync_runs(mddev))
            return refuse(why, -EBUSY,
                          fmt::format("{} cannot be re-added while md/sync_action says `{}`: try again when it is over "
                                      "(mdscope wait), or end it (write idle to md/sync_action)",
                                      rdev.name, sync_action_word(mddev)));
        bring_in(rdev, label);
        return bind_into_slot(mddev, rdev, slot);
    });
    if (err != 0 && why->empty()) *why = fmt::format("{} was not taken back ({})", rdev.name, error_text(err));
    return err;
}

}  // namespace mdscope
