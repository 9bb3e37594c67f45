// SPDX-License-Identifier: MIT
// What an array of IMSM has of its own: its container md127, its anchors, and how a disk comes in.
//
// A disk comes in as with mdadm: all of it is copied. Whatever step is the last one made, nobody takes it for a member
// before it is one, and afterwards for one in sync:
//
//   the bitmap's header, and all ones     where the volume has a bitmap
//   its own record: a spare               from here on the old copy of a member that has failed is gone
//   bound; md gives it a slot, and begins to copy
//   mdmon: the anchors, on all members    between: a spare, by its own record
//
// While both slots are taken only its record is written: it is a spare, which mdmon's manager takes in the same way
// when a slot has become empty.
#include <fmt/format.h>

#include <algorithm>

#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/manage.hpp"

namespace mdscope {

static constexpr const char* kContainerName = "md127";

// As mdadm writes metadata_version.
void ArrayImpl::describe_imsm(Mddev& mddev, const ImsmPlan& plan) {
    mddev.bitmap_info.is_fixed = true;
    const SpinGuard guard(mddev.lock);
    mddev.metadata_type = fmt::format("/{}/{}", kContainerName, plan.volume);
}

// ---- the container

void ArrayImpl::join_container(const ImsmPlan::Disk& disk) {
    Mddev& mddev = *container_.load();
    auto rdev = std::make_unique<Rdev>(kernel_, disk.name);
    rdev->path = disk.path;
    rdev->data_offset = rdev->new_data_offset = disk.sectors - disk.reserved;
    rdev->sectors = disk.reserved;
    set_bit(ExternalBbl, rdev->flags);
    mddev_lock_nointr(mddev);
    if (bind_rdev_to_array(*rdev, mddev) == 0) {
        const SpinGuard guard(mddev.lock);
        mddev.all_rdevs.push_back(std::move(rdev));
    }
    mddev.dev_sectors = 0;  // a container has no size
    mddev_unlock(mddev);
}

// False: it is not there.
bool ArrayImpl::leave_container(const std::string& name) {
    Mddev& mddev = *container_.load();
    mddev_lock_nointr(mddev);
    Rdev* const rdev = find_rdev(mddev, name);
    if (rdev != nullptr) unbind_rdev_from_array(*rdev);
    mddev_unlock(mddev);
    return rdev != nullptr;
}

void ArrayImpl::make_container(const ImsmPlan& plan) {
    auto fresh = std::make_unique<Mddev>(kernel_, kContainerName);
    fresh->external = true;
    {
        const SpinGuard guard(fresh->lock);
        fresh->metadata_type = "imsm";
        fresh->clevel = "container";
    }
    container_mddevs_.push_back(std::move(fresh));
    container_ = container_mddevs_.back().get();
    for (const ImsmPlan::Disk& disk : plan.disks) join_container(disk);
}

// ---- the anchors

ImsmTarget ArrayImpl::imsm_member(Mddev& mddev, const Uuid& serial) const {
    for (Rdev* rdev : rdev_list(mddev)) {
        if (rdev->label_uuid != serial || test_bit(Faulty, rdev->flags)) continue;
        const SpinGuard guard(stacks_lock_);
        for (const auto& stack : stacks_)
            if (&stack->top() == rdev->bdev) return {rdev, rdev->bdev, stack};
    }
    return {};
}

std::unique_ptr<ImsmStore> ArrayImpl::new_imsm_store(Mddev& mddev, const ImsmPlan& plan) {
    ImsmStore::Origin origin;
    origin.anchor = plan.anchor;
    origin.volume = plan.volume;
    origin.generations = plan.generations;
    origin.absent = plan.absent;
    origin.find_member = [this, &mddev](const Uuid& serial) { return imsm_member(mddev, serial); };
    return std::make_unique<ImsmStore>(kernel_, mddev, std::move(origin));
}

// ---- add

namespace {

int write_new_bitmap(Kernel& kernel, Disk& disk, const ImsmAnchor& anchor, std::uint32_t volume) {
    const Sector area = imsm_bitmap_area(anchor.volumes[volume]);
    std::vector<std::byte> header(kPageSize);
    encode_bitmap_super(imsm_bitmap_header(anchor, volume), header);
    if (const int err = write_imsm_sectors(kernel, disk, area + kImsmBitmapHeader, header); err != 0) return err;
    return write_imsm_sectors(kernel, disk, area + kImsmBitmapBits,
                              std::vector<std::byte>(kImsmBitmapBytes, std::byte{0xff}));
}

// On the media before anything else is done with the disk: who is told that it was added finds it after a power cut.
int write_spare_record(Kernel& kernel, Disk& disk, const ImsmNewDisk& new_disk) {
    return write_imsm_block(kernel, disk, encode_imsm(imsm_spare_record(new_disk)), REQ_FUA);
}

// Why this disk cannot come into the container; empty: it can.
std::string why_disk_is_refused(const ImsmAnchor& anchor, const Result<std::optional<ImsmCopy>>& found,
                                const std::string& serial) {
    if (const auto known = anchor.disk_of(serial); known && (anchor.disks[*known].status & IMSM_FAILED) == 0)
        return fmt::format("a member has its serial {} already", serial);
    if (!found || !*found) return {};  // Damaged or none: there is nothing that could be lost.
    const ImsmAnchor& own = (*found)->anchor;
    const bool has_volumes = (*found)->cut_short || !own.volumes.empty();
    if (!has_volumes || own.orig_family_num == anchor.orig_family_num) return {};
    return fmt::format("it belongs to another container (family {:08x}); make a new image if it is not needed",
                       own.orig_family_num);
}

}  // namespace

int ArrayImpl::add_imsm(MemberImage image, std::string* why) {
    const ImsmAnchor anchor = imsm_->anchor();
    const ImsmVolume& volume = anchor.volumes[options_.volume];
    Disk& disk = image.stack->top();
    const std::string name = image.stack->name;
    const std::string serial = ImsmWishes{options_.volume, options_.serials}.serial_of(name);
    if (const std::string refused = why_disk_is_refused(anchor, find_imsm(kernel_, disk), serial); !refused.empty())
        return refuse(why, -EEXIST, fmt::format("{}: {}", image.stack->path, refused));
    const Sector needed = volume.map.pba_of_lba0 + volume.map.blocks_per_member + kImsmMostSectors;
    if (disk.size_sectors() < needed)
        return refuse(
            why, -ENOSPC,
            fmt::format("{} is too small: {} sectors, {} are needed", image.stack->path, disk.size_sectors(), needed));
    Mddev& md = mddev();
    const ImsmNewDisk new_disk{imsm_text(serial), disk.size_sectors()};
    if (!has_empty_slot()) return add_spare(std::move(image), new_disk, why);
    // A spare before anything else is on it: a bitmap alone would be a disk that nobody knows.
    int err = write_spare_record(kernel_, disk, new_disk);
    if (err == 0 && has_imsm_bitmap(volume)) err = write_new_bitmap(kernel_, disk, anchor, options_.volume);
    if (err != 0) return refuse(why, err, fmt::format("{}: its metadata could not be written", image.stack->path));
    forget_spare(name);
    imsm_->expect(new_disk);
    ContainerMember entry;
    entry.name = sidecar_name(name);
    entry.uuid = new_disk.serial;
    entry.state = "spare";
    if (err = record_member(entry, why); err != 0) return err;

    LabLabel label;
    label.data_offset = volume.map.pba_of_lba0;
    label.data_size = volume.component_sectors();
    const ImsmPlan::Disk listed{name, image.stack->path, new_disk.sectors, kImsmKept};
    Rdev& rdev = new_rdev(md, take_stack(std::move(image.stack)));
    rdev.label_uuid = new_disk.serial;
    err = manage_add_external(md, rdev, label, why);
    if (err != 0 && rdev.mddev.peek() == nullptr) close_member(rdev);
    if (err != 0) return err;
    join_container(listed);  // (A disk that is back has never left it.)
    *why = fmt::format("added {}: all of it is copied, since IMSM knows no re-add", name);
    return 0;
}

// ---- spares

// All slots are taken: it waits until a member leaves one.
int ArrayImpl::add_spare(MemberImage image, const ImsmNewDisk& disk, std::string* why) {
    const Spare spare{image.stack->name, image.stack->path};
    if (has_spare(spare.name)) return refuse(why, -EEXIST, fmt::format("{} is a spare already", spare.name));
    const int err = write_spare_record(kernel_, image.stack->top(), disk);
    if (err != 0) return refuse(why, err, fmt::format("{}: its metadata could not be written", spare.path));
    image.stack.reset();  // whoever takes it opens it
    join_container({spare.name, spare.path, disk.sectors, kImsmMostSectors, true});
    {
        const SpinGuard guard(spares_lock_);
        spares_.push_back(spare);
    }
    wake_manager();  // a slot may have become empty meanwhile
    *why = fmt::format("added {}: a spare, which is taken when a member fails", spare.name);
    return 0;
}

// A member that has failed has its slot until mdmon has removed it.
bool ArrayImpl::has_empty_slot() {
    return rdev_list(mddev()).size() < static_cast<std::size_t>(mddev().raid_disks);
}

bool ArrayImpl::has_spare(const std::string& name) const {
    const SpinGuard guard(spares_lock_);
    return std::ranges::find(spares_, name, &Spare::name) != spares_.end();
}

void ArrayImpl::forget_spare(const std::string& name) {
    const SpinGuard guard(spares_lock_);
    std::erase_if(spares_, [&](const Spare& spare) { return spare.name == name; });
}

// The manager's.
void ArrayImpl::take_spares() {
    manager_adds_ = true;
    take_spares_claimed();
    manager_adds_ = false;
    wake_up(claims_wait_);
}

// Nobody has asked for what the manager does, so a stop waits for it, and is not refused.
void ArrayImpl::wait_for_manager() {
    if (manager_ != nullptr && !kernel_.halted()) wait_event(claims_wait_, !manager_adds_);
}

// While the array is being stopped it needs none; if it then goes on, the manager is told.
void ArrayImpl::take_spares_claimed() {
    const Claim claim(*this, Claim::Kind::WithOthers);
    std::string why;
    if (claim.refused(&why) != 0) return;
    while (is_running() && has_empty_slot()) {
        Spare spare;
        {
            const SpinGuard guard(spares_lock_);
            if (spares_.empty()) return;
            spare = spares_.front();
            spares_.erase(spares_.begin());
        }
        const int err = add_claimed(spare.path, &why);
        kernel_.printk(err == 0 ? LogLevel::Info : LogLevel::Warn,
                       err == 0
                           ? fmt::format("mdmon: {}: spare {} is taken", mdname(mddev()), spare.name)
                           : fmt::format("mdmon: {}: spare {} is not taken: {}", mdname(mddev()), spare.name, why));
    }
}

void ArrayImpl::new_manager(const ImsmPlan& plan) {
    end_manager();
    {
        const SpinGuard guard(spares_lock_);
        spares_.clear();
        for (const ImsmPlan::Disk& disk : plan.disks)
            if (disk.is_spare) spares_.push_back({disk.name, disk.path});
    }
    manager_adds_ = false;
    manager_ = std::make_unique<MdmonManager>(kernel_, [this] { take_spares(); });
}

// Only if there is something for it to take.
void ArrayImpl::wake_manager() {
    if (manager_ == nullptr) return;
    {
        const SpinGuard guard(spares_lock_);
        if (spares_.empty()) return;
    }
    manager_->wake();
}

void ArrayImpl::end_manager() {
    if (manager_ != nullptr) manager_->stop();
}

}  // namespace mdscope
