// Members of the lab that fail, go and come back: as `mdscope fail|remove|re-add` on a mounted array, by the same code
// (manage.cpp). Only the images differ: a RAM disk stays open, so it can come back while something of before is still
// in flight to it, as a disk in a server can.
#include <algorithm>
#include <stdexcept>

#include "engine/explore/sim_lab.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/manage.hpp"

namespace mdscope {

int SimLab::fail(const std::string& member) {
    Rdev* const rdev = find_rdev(mddev, member);
    return rdev != nullptr ? rdev_attr_store(*rdev, "state", "faulty") : -ENODEV;
}

int SimLab::remove(const std::string& member) {
    std::string why;
    if (mdmon_ == nullptr) return manage_remove(mddev, member, nullptr, &why);
    const Container container = mdmon_->container();
    return manage_remove(mddev, member, &container, &why);
}

int SimLab::re_add(const std::string& member) {
    std::string why;
    if (mddev.pers.load() == nullptr) return -ENODEV;
    if (Rdev* const rdev = find_rdev(mddev, member); rdev != nullptr) return manage_re_add_bound(mddev, *rdev, &why);
    const Rdev& before = **std::ranges::find(all_rdevs_at_rest(mddev), member, &Rdev::name);
    const int slot = slot_of_before(before);
    if (slot < 0) return slot;
    Rdev& rdev = new_rdev(*before.bdev, before.path);
    const int err = mdmon_ != nullptr ? manage_re_add_external(mddev, rdev, label_of(before.path), slot, &why)
                                      : manage_re_add_native(mddev, rdev, slot, &why);
    if (err != 0 && rdev.mddev.peek() == nullptr) was_exported(rdev);
    return err;
}

// A member that came too late to be bound counts, too; one that was bound, and unbound by a stop, once.
void SimLab::was_exported(Rdev& rdev) {
    if (std::ranges::find(exported_, &rdev) == exported_.end()) exported_.push_back(&rdev);
    wake_up(exported_wait_);
}

// What its image says, looked at from outside: what mdadm reads before it asks for anything is not a part of the race.
int SimLab::slot_of_before(const Rdev& before) {
    std::string why;
    if (mdmon_ != nullptr)
        return manage_slot_on_record(mddev, mdmon_->container(), label_of(before.path), before.name, &why);
    std::array<std::byte, kPageSize> page{};
    kernel.find_ram_disk(before.path)->read(before.sb_start << kSectorShift, page);
    const int role = decode_super_1(page).role();
    return role < MD_DISK_ROLE_MAX ? role : -EINVAL;
}

LabLabel SimLab::label_of(const std::string& path) {
    std::array<std::byte, kLabLabelSize> sector{};
    kernel.find_ram_disk(path)->read(0, sector);
    const auto label = decode_label(sector);
    if (!label) throw std::runtime_error(label.error().text);
    return *label;
}

}  // namespace mdscope
