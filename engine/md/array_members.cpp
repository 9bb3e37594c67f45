// mdadm's part of changing members while the array runs: --add, --re-add, --remove.
//
//   native     the image's superblock says what it was; --add writes a new one that says spare, --re-add needs the old
//   one external   the sidecar says what it was; the member is brought in as by new_dev, size, (insync,) slot, recover
//
// A re-add copies only what the bitmap has marked. That is right only while bits were kept for this member: natively
// its event count must not be below events_cleared, externally nobody else may have filled its slot meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/md/array_impl.hpp"
#include "engine/md/bitmap.hpp"
#include "engine/md/sysfs.hpp"

namespace mdscope {

static int refuse(std::string* why, int err, std::string text) {
    *why = std::move(text);
    return err;
}

// A path, or the name of an image beside the others.
std::string ArrayImpl::resolve(const std::string& path_or_name) const {
    if (path_or_name.find('/') != std::string::npos) return path_or_name;
    for (const std::string& image : options_.images)
        if (std::filesystem::path(image).stem() == path_or_name) return image;
    const std::filesystem::path folder = options_.lab.empty()
                                             ? std::filesystem::path(options_.images.front()).parent_path()
                                             : std::filesystem::path(options_.lab);
    return folder / (path_or_name + ".img");
}

static Rdev* find_rdev(Mddev& mddev, const std::string& name) {
    for (Rdev* rdev : rdev_list(mddev))
        if (rdev->name == name) return rdev;
    return nullptr;
}

Result<MemberImage> ArrayImpl::open_new_member(const std::string& path) {
    const std::string name = std::filesystem::path(path).stem();
    if (find_rdev(mddev(), name) != nullptr)
        return Error{EEXIST, fmt::format("{} is a member of {} already", name, mdname(mddev()))};
    if (options_.read_only) return Error{EROFS, fmt::format("{} was assembled read-only", mdname(mddev()))};
    if (!wait_until_closed(name))
        return Error{EBUSY, fmt::format("{} still has I/O from before it was removed (lab/bios)", path)};
    return open_image(kernel_, path, false);
}

// ---- native

// The superblock mdadm --add writes: the array's own, with a new device number and no role.
int ArrayImpl::write_new_superblock(MemberImage& image, std::string* why) {
    Mddev& md = mddev();
    Disk& disk = image.stack->top();
    Superblock1 sb;
    int number = 0;
    {
        const SpinGuard guard(md.lock);
        const auto model = std::ranges::find_if(md.disks, [](Rdev* rdev) { return test_bit(In_sync, rdev->flags); });
        if (model == md.disks.end()) return refuse(why, -ENODEV, "no member in sync to take the superblock from");
        sb = decode_super_1(std::span((*model)->sb_page));
        while (std::ranges::any_of(md.disks, [&](Rdev* rdev) { return rdev->desc_nr == number; }) ||
               (number < static_cast<int>(sb.dev_roles.size()) &&
                sb.dev_roles[static_cast<std::size_t>(number)] != MD_DISK_ROLE_SPARE))
            number++;
    }
    auto geometry = mdadm_geometry(md.minor_version, disk.size_sectors(), md.raid_disks, sb.bitmap_offset != 0, 0);
    if (!geometry) return refuse(why, -EINVAL, geometry.error().text);
    if (geometry->data_size < md.dev_sectors)
        return refuse(why, -ENOSPC,
                      fmt::format("{} is too small: it has room for {} sectors of data, the array uses {}",
                                  image.stack->path, geometry->data_size, md.dev_sectors));
    sb.super_offset = geometry->super_offset;
    sb.data_offset = geometry->data_offset;
    sb.data_size = geometry->data_size;
    sb.bblog_offset = geometry->bblog_offset;
    sb.dev_number = static_cast<std::uint32_t>(number);
    sb.devflags = 0;
    sb.recovery_offset = 0;
    sb.cnt_corrected_read = 0;
    sb.feature_map &= MD_FEATURE_BITMAP_OFFSET;
    if (sb.dev_roles.size() <= sb.dev_number) sb.dev_roles.resize(sb.dev_number + 1, MD_DISK_ROLE_SPARE);
    sb.dev_roles[sb.dev_number] = MD_DISK_ROLE_SPARE;
    sb.max_dev = static_cast<std::uint32_t>(sb.dev_roles.size());
    kernel_.get_random_bytes(sb.device_uuid.data(), sb.device_uuid.size());

    std::array<std::byte, kPageSize> page;
    encode_super_1(sb, page);
    Bio bio;
    bio.bi_op = BioOp::Write;
    bio.bi_kind = BioKind::Superblock;
    bio.bi_flags = REQ_SYNC | REQ_FUA | REQ_PREFLUSH | REQ_META;
    bio.bi_disk = &disk;
    bio.bi_sector = sb.super_offset;
    bio.bi_size = kPageSize;
    bio.bi_data = page.data();
    if (const int err = submit_bio_wait(kernel_, &bio); err != 0)
        return refuse(why, err,
                      fmt::format("{}: the superblock could not be written ({})", image.stack->path,
                                  std::generic_category().message(-err)));
    return 0;
}

// ADD_NEW_DISK on a running array. slot >= 0: a re-add, and the superblock must agree.
int ArrayImpl::hot_add_native(MemberImage image, int slot, std::string* why) {
    Mddev& md = mddev();
    Rdev& rdev = new_rdev(md, take_stack(std::move(image.stack)));
    int err = super_1_load(rdev, nullptr, md.minor_version);
    if (err >= 0) err = super_1_validate(md, nullptr, rdev);
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
        err = bind_rdev_to_array(rdev, md);
    }
    if (err < 0) {
        if (why->empty()) *why = fmt::format("{} was not taken ({})", rdev.name, std::generic_category().message(-err));
        close_member(rdev);
        return err;
    }
    return add_bound_rdev(rdev);
}

// ---- external:lab

static void bring_in(Rdev& rdev, const LabLabel& label) {
    rdev.data_offset = rdev.new_data_offset = label.data_offset;
    rdev.sectors = label.data_size;
}

static LabLabel label_for(const Container& container, const Disk& disk) {
    LabLabel label;
    label.set_uuid = container.uuid;
    label.data_offset = container.data_offset;
    label.data_size = disk.size_sectors() - container.data_offset;
    return label;
}

int ArrayImpl::add_external(MemberImage image, std::string* why) {
    Mddev& md = mddev();
    const Container container = mdmon_->container();
    Disk& disk = image.stack->top();
    if (disk.size_sectors() < container.data_offset + container.size)
        return refuse(why, -ENOSPC,
                      fmt::format("{} is too small: {} sectors, {} are needed", image.stack->path, disk.size_sectors(),
                                  container.data_offset + container.size));
    LabLabel label = label_for(container, disk);
    kernel_.get_random_bytes(label.member_uuid.data(), label.member_uuid.size());
    label.generation = container.generation;
    std::array<std::byte, kLabLabelSize> sector;
    encode_label(label, sector);
    Bio bio;
    bio.bi_op = BioOp::Write;
    bio.bi_kind = BioKind::Superblock;
    bio.bi_flags = REQ_SYNC | REQ_FUA | REQ_META;
    bio.bi_disk = &disk;
    bio.bi_size = kLabLabelSize;
    bio.bi_data = sector.data();
    if (const int err = submit_bio_wait(kernel_, &bio); err != 0)
        return refuse(why, err, fmt::format("{}: the label could not be written", image.stack->path));

    const std::string name = image.stack->name;
    ContainerMember member;
    member.name = name;
    member.uuid = label.member_uuid;
    member.state = "spare";
    member.recovery_start = ContainerMember::MaxRecovery;
    const int err = mdmon_->change([&](Container& c) {
        std::erase_if(c.members, [&](const ContainerMember& m) { return m.name == name; });
        c.members.push_back(member);
    });
    if (err != 0) return refuse(why, err, "the sidecar could not be written");

    if (const int lock = mddev_lock(md); lock != 0) return lock;
    Rdev& rdev = new_rdev(md, take_stack(std::move(image.stack)));
    bring_in(rdev, label);
    int bound = bind_rdev_to_array(rdev, md);
    if (bound == 0)
        bound = add_bound_rdev(rdev);
    else
        close_member(rdev);
    mddev_unlock(md);
    return bound == 0 ? 0
                      : refuse(why, bound,
                               fmt::format("{} was not taken ({})", name, std::generic_category().message(-bound)));
}

int ArrayImpl::re_add_external(MemberImage image, std::string* why) {
    Mddev& md = mddev();
    const std::string name = image.stack->name;
    const Container container = mdmon_->container();
    const auto known = std::ranges::find(container.members, image.label->member_uuid, &ContainerMember::uuid);
    if (known == container.members.end() || known->slot < 0 || md.bitmap.load() == nullptr)
        return refuse(
            why, -EINVAL,
            fmt::format("re-add of {} is not possible: its slot was given to another member since, or there is no "
                        "bitmap. `add` takes it with a full recovery",
                        name));
    const int slot = known->slot;
    const LabLabel label = *image.label;
    if (const int lock = mddev_lock(md); lock != 0) return lock;
    Rdev& rdev = new_rdev(md, take_stack(std::move(image.stack)));
    bring_in(rdev, label);
    const int bound = bind_rdev_to_array(rdev, md);
    if (bound != 0) close_member(rdev);
    mddev_unlock(md);
    if (bound != 0) return refuse(why, bound, fmt::format("{} could not be bound", name));
    int err = rdev_attr_store(rdev, "state", "insync");  // in sync but for what the bitmap has marked
    if (err == 0) err = rdev_attr_store(rdev, "slot", std::to_string(slot));
    if (err == 0) err = md_attr_store(md, "sync_action", "recover");
    if (err != 0) *why = fmt::format("{} was not taken back ({})", name, std::generic_category().message(-err));
    return err;
}

// ---- the three

int ArrayImpl::add(const std::string& path_or_name, std::string* why) {
    if (not_usable() != 0) return refuse(why, -ENODEV, "the array is not running");
    auto image = open_new_member(resolve(path_or_name));
    if (!image) return refuse(why, -image.error().err, image.error().text);
    Mddev& md = mddev();
    const bool foreign = (image->minor_version >= 0 && image->sb.set_uuid != md.uuid) ||
                         (image->label && image->label->set_uuid != md.uuid);
    if (foreign)
        return refuse(
            why, -EEXIST,
            fmt::format("{} belongs to another array ({}); delete it or make a new image if it is not needed",
                        image->stack->path, format_uuid(image->label ? image->label->set_uuid : image->sb.set_uuid)));
    if (md.external) return add_external(std::move(*image), why);
    if (const int err = mddev_lock(md); err != 0) return err;
    int err = write_new_superblock(*image, why);
    if (err == 0) err = hot_add_native(std::move(*image), -1, why);
    mddev_unlock(md);
    return err;
}

int ArrayImpl::re_add(const std::string& path_or_name, std::string* why) {
    if (not_usable() != 0) return refuse(why, -ENODEV, "the array is not running");
    Mddev& md = mddev();
    if (Rdev* rdev = find_rdev(md, path_or_name); rdev != nullptr) {
        const int err = rdev_attr_store(*rdev, "state", "re-add");
        if (err == 0) return md.external ? md_attr_store(md, "sync_action", "recover") : 0;
        return refuse(why, err,
                      fmt::format("{} cannot be re-added now: it is {}", rdev->name, rdev_state_words(*rdev)));
    }
    auto image = open_new_member(resolve(path_or_name));
    if (!image) return refuse(why, -image.error().err, image.error().text);
    if (md.external != image->label.has_value())
        return refuse(why, -EINVAL, fmt::format("{} was never a member of this array", image->stack->path));
    if (md.external) return re_add_external(std::move(*image), why);
    if (image->minor_version != md.minor_version || image->sb.set_uuid != md.uuid ||
        image->sb.role() >= MD_DISK_ROLE_MAX)
        return refuse(why, -EINVAL, fmt::format("{} never had a slot in this array: use `add`", image->stack->path));
    const int slot = image->sb.role();
    if (const int err = mddev_lock(md); err != 0) return err;
    const int err = hot_add_native(std::move(*image), slot, why);
    mddev_unlock(md);
    return err;
}

int ArrayImpl::remove(const std::string& name, std::string* why) {
    Mddev& md = mddev();
    Rdev* rdev = find_rdev(md, name);
    if (rdev == nullptr) {
        if (mdmon_ != nullptr) {
            const Container container = mdmon_->container();
            if (std::ranges::any_of(container.members, [&](const auto& m) { return m.name == name; })) {
                *why = fmt::format("{} is out of the array already: mdmon removed it when it failed", name);
                return 0;
            }
        }
        return refuse(why, -ENODEV, fmt::format("{} is not a member of {}", name, mdname(md)));
    }
    const int err = rdev_attr_store(*rdev, "state", "remove");
    if (err == -EBUSY) return refuse(why, err, fmt::format("{} is in use: fail it first", name));
    if (err != 0) *why = fmt::format("{} could not be removed ({})", name, std::generic_category().message(-err));
    return err;
}

// A write to md/new_dev, with the name or path of an image. REQUIRES: reconfig_mutex.
int ArrayImpl::new_dev(std::string_view text) {
    Mddev& md = mddev();
    auto image = open_new_member(resolve(std::string(text)));
    if (!image) {
        kernel_.printk(LogLevel::Warn, fmt::format("md: {}: {}", mdname(md), image.error().text));
        return image.error().err != 0 ? -image.error().err : -EINVAL;
    }
    if (!md.external) {
        if (image->minor_version < 0 || image->sb.set_uuid != md.uuid) return -EINVAL;
        std::string why;
        return hot_add_native(std::move(*image), -1, &why);
    }
    Rdev& rdev = new_rdev(md, take_stack(std::move(image->stack)));
    const int err = bind_rdev_to_array(rdev, md);
    if (err != 0) close_member(rdev);
    return err;
}

}  // namespace mdscope
