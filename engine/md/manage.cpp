#include "engine/md/manage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "engine/md/label_stamp.hpp"
#include "engine/md/sysfs.hpp"

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

int manage_remove(Mddev& mddev, const std::string& name, const Container* recorded, std::string* why) {
    Rdev* const rdev = find_rdev(mddev, name);
    if (rdev == nullptr) {
        if (recorded != nullptr && is_listed(*recorded, name))
            return refuse(why, 0, fmt::format("{} is out of the array already: mdmon removed it when it failed", name));
        return refuse(why, -ENODEV, fmt::format("{} is not a member of {}", name, mdname(mddev)));
    }
    const int err = rdev_attr_store(*rdev, "state", "remove");
    if (err == -EBUSY) return refuse(why, err, fmt::format("{} is in use: fail it first", name));
    if (err != 0) return refuse(why, err, fmt::format("{} could not be removed ({})", name, error_text(err)));
    return 0;
}

// ---- re-add

int manage_re_add_bound(Mddev& mddev, Rdev& rdev, std::string* why) {
    const int err = rdev_attr_store(rdev, "state", "re-add");
    if (err == 0) return mddev.external ? md_attr_store(mddev, "sync_action", "recover") : 0;
    return refuse(why, err, fmt::format("{} cannot be re-added now: it is {}", rdev.name, rdev_state_words(rdev)));
}

int manage_add_native(Mddev& mddev, Rdev& rdev, int slot, std::string* why) {
    int err = super_1_load(rdev, nullptr, mddev.minor_version);
    if (err >= 0) err = super_1_validate(mddev, nullptr, rdev);
    if (err == 0 && slot >= 0 && rdev.raid_disk != slot) {
        err =
            refuse(why, -EINVAL,
                   fmt::format("re-add of {} is not possible: it is older than what the bitmap remembers. `add` takes "
                               "it with a full recovery",
                               rdev.name));
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

// Whoever waited for the lock may find the array stopped, and must not begin to assemble a new one in its place.
template <class Bind>
static int bind_to_running(Mddev& mddev, Bind bind) {
    if (const int err = mddev_lock(mddev); err != 0) return err;
    const int err = mddev.pers.load() != nullptr ? bind() : -ENODEV;
    mddev_unlock(mddev);
    return err;
}

int manage_re_add_native(Mddev& mddev, Rdev& rdev, int slot, std::string* why) {
    return bind_to_running(mddev, [&] { return manage_add_native(mddev, rdev, slot, why); });
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

int manage_re_add_external(Mddev& mddev, Rdev& rdev, const LabLabel& label, int slot, std::string* why) {
    int err = bind_to_running(mddev, [&] {
        rdev.data_offset = rdev.new_data_offset = label.data_offset;
        rdev.sectors = label.data_size;
        return bind_rdev_to_array(rdev, mddev);
    });
    if (err != 0) return refuse(why, err, fmt::format("{} could not be bound ({})", rdev.name, error_text(err)));
    err = rdev_attr_store(rdev, "state", "insync");  // in sync but for what the bitmap has marked
    if (err == 0) err = rdev_attr_store(rdev, "slot", std::to_string(slot));
    if (err == 0) err = md_attr_store(mddev, "sync_action", "recover");
    if (err != 0) *why = fmt::format("{} was not taken back ({})", rdev.name, error_text(err));
    return err;
}

}  // namespace mdscope
