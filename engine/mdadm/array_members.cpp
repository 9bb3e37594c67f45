// SPDX-License-Identifier: MIT
// mdadm's part of changing members while the array runs: --add, --re-add, --remove. Here are the images; what md is
// told of them is in manage.cpp.
//
//   native     the image's superblock says what it was; --re-add needs that, --add writes a new one that says spare, if
//              the bitmap cannot bring the member back
//   external   the sidecar says what it was, by the member's uuid in the image's label; --add gives it a new one
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/geometry.hpp"
#include "engine/mdadm/label_stamp.hpp"
#include "engine/mdadm/manage.hpp"
#include "engine/mdadm/member_name.hpp"

namespace mdscope {

// A path, or the name of an image beside the others.
std::string ArrayImpl::resolve(const std::string& path_or_name) const {
    if (path_or_name.find('/') != std::string::npos) return path_or_name;
    const std::vector<std::string> names = member_names(options_.images);
    const auto named = std::ranges::find(names, path_or_name);
    if (named != names.end()) return options_.images[static_cast<std::size_t>(named - names.begin())];
    const std::filesystem::path folder = options_.lab.empty()
                                             ? std::filesystem::path(options_.images.front()).parent_path()
                                             : std::filesystem::path(options_.lab);
    return folder / (path_or_name + ".img");
}

// What md calls, or is going to call, the member of this image.
std::string ArrayImpl::name_of(const std::string& path) const {
    const std::vector<std::string> names = member_names(options_.images);
    const auto listed = std::ranges::find(options_.images, path);
    if (listed != options_.images.end()) return names[static_cast<std::size_t>(listed - options_.images.begin())];
    const Rdev* const other = find_rdev(*mddev_.load(), disk_name(path));
    const bool is_taken = other != nullptr && other->path != path && !kernel_.is_same_file(other->path, path);
    return is_taken ? member_name_with_folder(path) : disk_name(path);
}

Result<MemberImage> ArrayImpl::open_new_member(const std::string& path) {
    const std::string name = name_of(path);
    if (find_rdev(mddev(), name) != nullptr)
        return Error{EEXIST, fmt::format("{} is a member of {} already", name, mdname(mddev()))};
    if (options_.read_only) return Error{EROFS, fmt::format("{} was assembled read-only", mdname(mddev()))};
    if (!wait_until_closed(name))
        return Error{EBUSY, fmt::format("{} still has I/O from before it was removed (lab/bios)", path)};
    // What mdadm reads before it asks md for anything is no part of a race.
    const Aside aside(kernel_);
    auto image = open_image(kernel_, path, false);
    if (image) image->stack->name = name;
    return image;
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
        sb = decode_super_1(*(*model)->sb_page);
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
                                  image.stack->path, geometry->data_size, md.dev_sectors.load()));
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

// REQUIRES: reconfig_mutex.
int ArrayImpl::hot_add_native(MemberImage image, int slot, std::string* why) {
    Rdev& rdev = new_rdev(mddev(), take_stack(std::move(image.stack)));
    const int err = manage_add_native(mddev(), rdev, slot, why);
    if (err != 0) close_member(rdev);
    return err;
}

// Whether the bitmap knows all that this image has missed. REQUIRES: reconfig_mutex.
bool ArrayImpl::comes_back_by_bitmap(const MemberImage& image) {
    const Mddev& md = mddev();
    const Bitmap* const bitmap = md.bitmap;
    std::string ignored;
    return bitmap != nullptr && md.degraded != 0 && image.sb.events >= bitmap->events_cleared &&
           md_find_rdev_nr(mddev(), static_cast<int>(image.sb.dev_number)) == nullptr &&
           slot_of_before(image, &ignored) >= 0;
}

// As mdadm --add: "if the device appears to have recently been part of the array, it is re-added".
int ArrayImpl::add_native(MemberImage image, std::string* why) {
    if (comes_back_by_bitmap(image)) {
        const std::string name = image.stack->name;
        const int slot = image.sb.role();
        const int err = hot_add_native(std::move(image), slot, why);
        if (err == 0) *why = fmt::format("re-added {}: only what it missed is copied", name);
        return err;
    }
    const int err = write_new_superblock(image, why);
    return err != 0 ? err : hot_add_native(std::move(image), -1, why);
}

// ---- external:lab

static LabLabel label_for(const Container& container, const Disk& disk) {
    LabLabel label;
    label.set_uuid = container.uuid;
    label.data_offset = container.data_offset;
    label.data_size = disk.size_sectors() - container.data_offset;
    return label;
}

// What the sidecar says of this image. (The copy of a member that is in the array is another one.)
const ContainerMember* ArrayImpl::entry_of(const Container& container, const MemberImage& image) const {
    if (!image.label) return nullptr;
    const auto bound = rdev_list(*mddev_.load());
    const bool is_copy =
        std::ranges::any_of(bound, [&](const Rdev* rdev) { return rdev->label_uuid == image.label->member_uuid; });
    return is_copy ? nullptr : find_member(container, image.label->member_uuid);
}

// The sidecar and a label cannot change in one step. Whatever step is the last one made, what is there can be
// assembled, and as long as `add` has done nothing, `re-add` is as possible as before:
//
//   a new image     label; sidecar                         between: not listed, left out, and `add` takes it
//   a known one     sidecar: spare, either label; label;   between: a spare, and so is what `add` wants
//                   sidecar: that label                    (its uuid stays)
//
// The sidecar's part: this entry in place of the one with its uuid. One of its name that is not in the array is
// forgotten: a new image has taken its place, and the old one comes back by `add`.
int ArrayImpl::record_member(ContainerMember member, std::string* why) {
    std::set<Uuid> bound;
    for (const Rdev* rdev : rdev_list(mddev())) bound.insert(rdev->label_uuid);
    const int err = mdmon_->change([&](Container& c) {
        std::erase_if(c.members, [&](const ContainerMember& m) {
            return m.uuid == member.uuid || (m.name == member.name && !bound.contains(m.uuid));
        });
        while (std::ranges::find(c.members, member.name, &ContainerMember::name) != c.members.end())
            member.name = sidecar_name("_" + member.name);
        c.members.push_back(member);
    });
    return err == 0 ? 0 : refuse(why, err, "the sidecar could not be written");
}

static ContainerMember spare_entry(const MemberImage& image, const LabLabel& label) {
    ContainerMember member;
    member.name = sidecar_name(image.stack->name);
    member.uuid = label.member_uuid;
    member.state = "spare";
    member.recovery_start = ContainerMember::MaxRecovery;
    member.label = label.generation;
    return member;
}

static int write_label_of(Kernel& kernel, MemberImage& image, const LabLabel& label, std::string* why) {
    const int err = write_label(kernel, image.stack->top(), label);
    return err == 0 ? 0 : refuse(why, err, fmt::format("{}: the label could not be written", image.stack->path));
}

int ArrayImpl::label_new(MemberImage& image, const LabLabel& label, std::string* why) {
    const int err = write_label_of(kernel_, image, label, why);
    return err != 0 ? err : record_member(spare_entry(image, label), why);
}

int ArrayImpl::relabel(MemberImage& image, const LabLabel& label, ContainerMember before, std::string* why) {
    // Of two possible numbers it has this one (label_stamp.hpp).
    if (is_label_on_record(before, *image.label)) before.label = image.label->generation;
    ContainerMember member = spare_entry(image, label);
    member.write_mostly = before.write_mostly;
    member.failfast = before.failfast;
    ContainerMember either = member;
    either.label = before.label;
    either.label_next = label.generation;
    if (const int err = record_member(either, why); err != 0) return err;
    if (const int err = write_label_of(kernel_, image, label, why); err != 0) {
        std::string ignored;  // What is recorded now is as true as what was.
        (void)record_member(before, &ignored);
        return err;
    }
    return record_member(member, why);
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
    label.generation = std::max(newest_label(container), std::uint64_t{1});
    const ContainerMember* const before = entry_of(container, image);
    if (before != nullptr)
        label.member_uuid = before->uuid;
    else
        kernel_.get_random_bytes(label.member_uuid.data(), label.member_uuid.size());
    int err = before != nullptr ? relabel(image, label, *before, why) : label_new(image, label, why);
    if (err != 0) return err;
    Rdev& rdev = new_rdev(md, take_stack(std::move(image.stack)));
    rdev.label_uuid = label.member_uuid;
    if (before != nullptr) describe_member_flags(rdev, *before);
    err = manage_add_external(md, rdev, label, why);
    if (err != 0 && rdev.mddev.peek() == nullptr) close_member(rdev);
    return err;
}

static void describe_re_added(Rdev& rdev, const Container& container, const LabLabel& label) {
    rdev.label_uuid = label.member_uuid;
    if (const ContainerMember* const member = find_member(container, label.member_uuid); member != nullptr)
        describe_member_flags(rdev, *member);
}

// ---- the three

int ArrayImpl::add(const std::string& path_or_name, std::string* why) {
    const Claim claim(*this, Claim::Kind::WithOthers);
    if (const int err = claim.refused(why); err != 0) return err;
    return add_claimed(path_or_name, why);
}

int ArrayImpl::re_add(const std::string& path_or_name, std::string* why) {
    const Claim claim(*this, Claim::Kind::WithOthers);
    if (const int err = claim.refused(why); err != 0) return err;
    return re_add_claimed(path_or_name, why);
}

void ArrayImpl::note_added(const std::string& path) {
    const Aside aside(kernel_);
    const auto is_it = [&](const std::string& other) { return other == path || kernel_.is_same_file(other, path); };
    const SpinGuard guard(stacks_lock_);
    if (std::ranges::none_of(options_.images, is_it) && std::ranges::none_of(added_, is_it)) added_.push_back(path);
}

// What was added belongs to the array that is assembled again. REQUIRES: nobody adds or removes meanwhile.
void ArrayImpl::take_added_images() {
    const Aside aside(kernel_);
    const SpinGuard guard(stacks_lock_);
    options_.images.insert(options_.images.end(), added_.begin(), added_.end());
    added_.clear();
}

int ArrayImpl::remove(const std::string& name, std::string* why, std::uint64_t patience_ns) {
    const Claim claim(*this, Claim::Kind::WithOthers);
    if (const int err = claim.refused(why); err != 0) return err;
    if (mdmon_ == nullptr) return manage_remove(mddev(), name, nullptr, patience_ns, why);
    if (imsm_ != nullptr && find_rdev(mddev(), name) == nullptr && leave_container(name)) {
        forget_spare(name);
        return 0;
    }
    const Container container = mdmon_->container();
    const int err = manage_remove(mddev(), name, &container, patience_ns, why);
    // That it has failed may not have been seen before it was out.
    if (err == 0) (void)mdmon_->ping();
    return err;
}

// A step of a schedule, since what a stop has done decides here.
bool ArrayImpl::is_running() {
    return mddev().pers.load() != nullptr && not_usable() == 0;
}

int ArrayImpl::add_claimed(const std::string& path_or_name, std::string* why) {
    if (!is_running()) return refuse(why, -ENODEV, "the array is not running");
    auto image = open_new_member(resolve(path_or_name));
    if (!image) return refuse(why, -image.error().err, image.error().text);
    Mddev& md = mddev();
    const bool foreign = (image->minor_version >= 0 && image->sb.set_uuid != mddev_uuid(md)) ||
                         (image->label && image->label->set_uuid != mddev_uuid(md));
    if (foreign)
        return refuse(
            why, -EEXIST,
            fmt::format("{} belongs to another array ({}); delete it or make a new image if it is not needed",
                        image->stack->path, format_uuid(image->label ? image->label->set_uuid : image->sb.set_uuid)));
    const std::string path = image->stack->path;
    const int err = add_image(std::move(*image), why);
    if (err == 0) note_added(path);
    return err;
}

// External by a store into md/metadata_version: there is no sidecar, and no mdmon.
static constexpr const char* kExternalByName =
    "the array's metadata is external, and nobody keeps it (no mdmon): members come by md/new_dev and their slot";

int ArrayImpl::add_image(MemberImage image, std::string* why) {
    Mddev& md = mddev();
    if (imsm_ != nullptr) return add_imsm(std::move(image), why);
    if (md.external && mdmon_ == nullptr) return refuse(why, -ENODEV, kExternalByName);
    if (md.external) return add_external(std::move(image), why);
    if (const int err = mddev_lock(md); err != 0) return err;
    const int err = md.pers.load() != nullptr ? add_native(std::move(image), why) : -ENODEV;
    mddev_unlock(md);
    return err;
}

int ArrayImpl::re_add_claimed(const std::string& path_or_name, std::string* why) {
    if (!is_running()) return refuse(why, -ENODEV, "the array is not running");
    if (imsm_ != nullptr)
        return refuse(why, -EINVAL, "IMSM knows no re-add: `add` takes the disk, and all of it is copied");
    Mddev& md = mddev();
    if (Rdev* rdev = find_rdev(md, path_or_name); rdev != nullptr) return manage_re_add_bound(md, *rdev, why);
    if (md.external && mdmon_ == nullptr) return refuse(why, -ENODEV, kExternalByName);
    auto image = open_new_member(resolve(path_or_name));
    if (!image) return refuse(why, -image.error().err, image.error().text);
    if (md.external != image->label.has_value())
        return refuse(why, -EINVAL, fmt::format("{} was never a member of this array", image->stack->path));
    const int slot = slot_of_before(*image, why);
    if (slot < 0) return slot;
    if (const int err = md.external ? restamp(*image, why) : 0; err != 0) return err;
    const std::string path = image->stack->path;
    Rdev& rdev = new_rdev(md, take_stack(std::move(image->stack)));
    if (md.external) describe_re_added(rdev, mdmon_->container(), *image->label);
    const int err = md.external ? manage_re_add_external(md, rdev, *image->label, slot, why)
                                : manage_re_add_native(md, rdev, slot, why);
    if (err != 0 && rdev.mddev.peek() == nullptr) close_member(rdev);
    if (err == 0) note_added(path);
    return err;
}

// It was out when the array was used last, and gets the number of this use, and the array's size. Until it is bound the
// sidecar calls it faulty: with a good number it would else be assembled as if it had missed nothing.
int ArrayImpl::restamp(MemberImage& image, std::string* why) {
    LabLabel& label = *image.label;
    const Container container = mdmon_->container();
    const std::uint64_t number = newest_label(container);
    const Sector data_size = image.stack->file->size_sectors() - label.data_offset;
    const ContainerMember& before = *find_member(container, label.member_uuid);
    const bool is_stamped = number == 0 || (label.generation == number && before.label_next == 0);
    if (before.state == "faulty" && is_stamped && label.data_size == data_size) return 0;
    const auto edit_member = [&](auto edit) {
        return mdmon_->change([&](Container& next) {
            take_name(next, label.member_uuid, image.stack->name);
            if (ContainerMember* const member = find_member(next, label.member_uuid); member != nullptr) edit(*member);
        });
    };
    int err = edit_member([&](ContainerMember& member) {
        member.state = "faulty";
        member.recovery_start = ContainerMember::MaxRecovery;
        if (number == 0) return;
        member.label = label.generation;  // of two possible ones; see label_stamp.hpp
        member.label_next = number;
    });
    if (err == -ENODEV) return 0;  // Nobody keeps metadata (mdmon was ended), so there is none to be kept right.
    if (number != 0) label.generation = number;
    label.data_size = data_size;
    if (err == 0) err = write_label(kernel_, *image.stack->file, label);
    if (err == 0 && number != 0)
        err = edit_member([&](ContainerMember& member) {
            member.label = number;
            member.label_next = 0;
        });
    return err == 0 ? 0 : refuse(why, err, fmt::format("{}: its label could not be written", image.stack->path));
}

// Used without all that are in sync now: what was written then is in its own bitmap, not in ours. (md looks at the
// event count alone, which two halves reach together.)
static bool went_its_own_way(const Mddev& md, const Superblock1& sb) {
    return std::ranges::none_of(rdev_list(md), [&](const Rdev* rdev) {
        return test_bit(In_sync, rdev->flags) &&
               std::ranges::find(sb.dev_roles, rdev->raid_disk.load()) != sb.dev_roles.end();
    });
}

// The slot in which the bits of the bitmap are about this image; or -EINVAL.
int ArrayImpl::slot_of_before(const MemberImage& image, std::string* why) {
    Mddev& md = mddev();
    if (md.external && entry_of(mdmon_->container(), image) == nullptr)
        return refuse(
            why, -EINVAL,
            fmt::format("re-add of {} is not possible: it is not listed in the sidecar, or the copy of a member "
                        "that is in the array. `add` takes it with a full recovery",
                        image.stack->path));
    if (md.external) return manage_slot_on_record(md, mdmon_->container(), *image.label, image.stack->name, why);
    if (image.minor_version == md.minor_version && image.sb.set_uuid == mddev_uuid(md) &&
        image.sb.role() < MD_DISK_ROLE_MAX) {
        if (went_its_own_way(md, image.sb))
            return refuse(why, -EINVAL,
                          fmt::format("re-add of {} is not possible: it was used without any of those that are in sync "
                                      "now, and no bitmap here knows what was written to it. `add` takes it with a "
                                      "full recovery",
                                      image.stack->path));
        return image.sb.role();
    }
    return refuse(why, -EINVAL, fmt::format("{} never had a slot in this array: use `add`", image.stack->path));
}

// A write to md/new_dev, with the name or path of an image. REQUIRES: reconfig_mutex.
int ArrayImpl::new_dev(std::string_view text) {
    Mddev& md = mddev();
    if (imsm_ != nullptr) return -EINVAL;  // whatever is bound this way has no place in the metadata
    auto image = open_new_member(resolve(std::string(text)));
    if (!image) {
        kernel_.printk(LogLevel::Warn, fmt::format("md: {}: {}", mdname(md), image.error().text));
        return image.error().err != 0 ? -image.error().err : -EINVAL;
    }
    if (!md.external) {
        if (image->minor_version < 0 || image->sb.set_uuid != mddev_uuid(md)) return -EINVAL;
        std::string why;
        return hot_add_native(std::move(*image), -1, &why);
    }
    // The copy of a member that is in the array is a stranger to it.
    const bool is_known = entry_of(mdmon_ != nullptr ? mdmon_->container() : Container{}, *image) != nullptr;
    Rdev& rdev = new_rdev(md, take_stack(std::move(image->stack)));
    if (is_known) rdev.label_uuid = image->label->member_uuid;
    const int err = bind_rdev_to_array(rdev, md);
    if (err != 0) close_member(rdev);
    return err;
}

}  // namespace mdscope
