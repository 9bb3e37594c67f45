// SPDX-License-Identifier: MIT

#include "engine/mdadm/assemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "engine/kernel/shown.hpp"
#include "engine/md/check.hpp"
#include "engine/md/md.hpp"
#include "engine/mdadm/copies.hpp"
#include "engine/mdadm/label_stamp.hpp"
#include "engine/mdadm/member_name.hpp"

namespace mdscope {

namespace {

using MetadataPage = std::array<std::byte, kPageSize>;

int read_page(Kernel& kernel, Disk& disk, Sector sector, MetadataPage& page) {
    Bio bio;
    bio.bi_op = BioOp::Read;
    bio.bi_kind = BioKind::Superblock;
    bio.bi_flags = REQ_SYNC | REQ_SYNC_IO;
    bio.bi_disk = &disk;
    bio.bi_sector = sector;
    bio.bi_size = kPageSize;
    bio.bi_data = page.data();
    return submit_bio_wait(kernel, &bio);
}

Error bad_image(const std::string& path, int err, const std::string& found) {
    return Error{err, fmt::format("{}: {}", shown(path), found)};
}

// A superblock of any version 1 that says it lies where it was read; a copy elsewhere does not count.
Result<bool> find_super_1(Kernel& kernel, MemberImage& image) {
    Disk& disk = image.stack->top();
    std::string refused;
    for (const int minor : {2, 1, 0}) {
        const Sector sector = super_1_sector(minor, disk.size_sectors());
        if (sector + kPageSize / kSectorSize > disk.size_sectors()) continue;
        MetadataPage page;
        if (const int err = read_page(kernel, disk, sector, page); err != 0)
            return bad_image(
                image.stack->path, -err,
                fmt::format("cannot be read at sector {} ({})", sector, std::generic_category().message(-err)));
        if (!has_super_1_magic(page)) continue;
        const std::string why = check_super_1(page, sector, minor, disk.size_sectors());
        if (why.empty()) {
            image.minor_version = minor;
            image.sb = decode_super_1(page);
            return true;
        }
        if (refused.empty()) refused = fmt::format("its md superblock (version 1.{}) is not usable: {}", minor, why);
    }
    if (!refused.empty())
        return bad_image(image.stack->path, EINVAL,
                         refused + ". Leave this image out, or restore it (`mdscope examine` shows all fields)");
    return false;
}

Result<bool> find_label(Kernel& kernel, MemberImage& image) {
    Disk& disk = image.stack->top();
    MetadataPage page;
    if (const int err = read_page(kernel, disk, 0, page); err != 0)
        return bad_image(image.stack->path, -err,
                         fmt::format("cannot be read at its start ({})", std::generic_category().message(-err)));
    const std::span<const std::byte> sector = std::span(page).first(kLabLabelSize);
    if (!has_label_magic(sector)) return false;
    auto label = decode_label(sector);
    if (!label) return bad_image(image.stack->path, EINVAL, label.error().text);
    if (label->data_offset + label->data_size > disk.size_sectors())
        return bad_image(image.stack->path, EINVAL,
                         fmt::format("has {} sectors, its label needs {}: it was truncated", disk.size_sectors(),
                                     label->data_offset + label->data_size));
    image.label = *label;
    return true;
}

// As `add` makes a missing image: it may have been cut short before it wrote anything. Holes are not read.
bool is_blank(Kernel& kernel, Disk& disk) {
    constexpr Sector kStep = kPageSize / kSectorSize;
    for (Sector at = disk.next_data(0); at + kStep <= disk.size_sectors(); at = disk.next_data(at + kStep)) {
        MetadataPage page;
        if (read_page(kernel, disk, at, page) != 0) return false;
        if (!std::ranges::all_of(page, [](std::byte byte) { return byte == std::byte{0}; })) return false;
    }
    return true;
}

// What md could use and mdscope does not, by name.
Result<bool> refuse_version_0(Kernel& kernel, const MemberImage& image) {
    Disk& disk = *image.stack->file;
    constexpr Sector kUnit = 128;  // its superblock starts the last whole 64 KiB
    if (disk.size_sectors() < kUnit) return true;
    MetadataPage page;
    if (read_page(kernel, disk, disk.size_sectors() / kUnit * kUnit - kUnit, page) != 0) return true;
    if (!has_super_0_magic(page)) return true;
    return bad_image(image.stack->path, EINVAL,
                     "has an md superblock of version 0.90, which mdscope does not do: it does 1.0, 1.1 and 1.2 "
                     "(`mdadm --assemble --update=metadata` converts an array to 1.0)");
}

// Takes out of `strangers` who is of an IMSM container.
Result<bool> take_imsm(Kernel& kernel, std::vector<MemberImage>& strangers, std::vector<MemberImage>& found,
                       std::vector<ImsmCopy>& copies) {
    std::vector<MemberImage> others;
    for (MemberImage& stranger : strangers) {
        auto copy = find_imsm(kernel, *stranger.stack->file);
        if (!copy) return bad_image(stranger.stack->path, copy.error().err, copy.error().text);
        if (*copy) copies.push_back(std::move(**copy));
        (*copy ? found : others).push_back(std::move(stranger));
    }
    strangers = std::move(others);
    return true;
}

// The same file under two names would be a mirror of itself.
Result<bool> check_distinct(Kernel& kernel, const std::vector<std::string>& paths) {
    for (std::size_t i = 0; i < paths.size(); i++)
        for (std::size_t j = 0; j < i; j++)
            if (paths[i] == paths[j] || kernel.is_same_file(paths[i], paths[j]))
                return Error{EINVAL,
                             fmt::format("{} and {} are the same image: a mirror needs two", paths[j], paths[i])};
    return true;
}

// ---- external:lab

Result<Container> read_container(Kernel& kernel, const std::string& lab) {
    const std::string path = container_path(lab);
    auto text = kernel.read_file(path);
    if (!text)
        return Error{
            text.error().err,
            fmt::format("{}. These images have external metadata; the sidecar in their lab folder says what state "
                        "they are in, and without it nothing can be assembled",
                        text.error().text)};
    auto container = container_from_json(*text);
    if (!container) return Error{EINVAL, fmt::format("{}: {}", path, container.error().text)};
    return container;
}

std::string why_left_out(const Container& container, const MemberImage& c) {
    const std::string& name = c.stack->name;
    const ContainerMember* const member = find_member(container, c.label->member_uuid);
    if (member == nullptr)
        return fmt::format(
            "{} is not listed in the sidecar: it was removed from this array, or an `add` was cut short; `add` takes "
            "it "
            "with a full recovery",
            name);
    if (member->state == "faulty")
        return fmt::format("{} is failed according to the sidecar; `re-add` brings it back", name);
    if (c.label->data_offset != container.data_offset || c.label->data_size < container.size)
        return fmt::format(
            "{}: its label and the sidecar disagree about where the data is (from sector {} for {} sectors; the "
            "sidecar "
            "says {}, {}); `add` takes it with a full recovery if it is large enough",
            name, c.label->data_offset, c.label->data_size, container.data_offset, container.size);
    return why_label_is_refused(container, *member, *c.label, name);
}

Error nobody_is_left(const Assembly& plan) {
    const auto is_failed = [](const ContainerMember& member) { return member.state == "faulty"; };
    if (std::ranges::all_of(plan.container.members, is_failed))
        return Error{ENODEV, "every image of this lab is marked failed in the sidecar"};
    std::string text = "no image of this lab can be used:";
    for (const std::string& note : plan.notes) text += "\n  " + note;
    return Error{
        ENODEV,
        text +
            "\nImages and container.json belong together: restore all of them from the same backup (or, to "
            "use an image as it is, set its \"label\" in container.json to 0 and delete the \"checksum\" there)"};
}

// Who was in use when the sidecar was written, and does not come in now.
std::vector<std::string> missing_in_sidecar(const Assembly& plan) {
    std::vector<std::string> missing;
    for (const ContainerMember& member : plan.container.members) {
        if (member.slot < 0 || member.state != "in_sync") continue;
        // It was missing already when the array was used last: whoever did that has said so.
        if (missed_last_use(plan.container, member)) continue;
        if (std::ranges::none_of(plan.members,
                                 [&](const MemberImage& c) { return c.label->member_uuid == member.uuid; }))
            missing.push_back(fmt::format("{} (slot {})", member.name, member.slot));
    }
    return missing;
}

Result<Assembly> plan_external(Kernel& kernel, std::vector<MemberImage> all, const std::string& lab) {
    auto container = read_container(kernel, lab);
    if (!container) return container.error();
    for (const MemberImage& c : all)
        if (c.label->set_uuid != container->uuid)
            return bad_image(c.stack->path, EINVAL,
                             fmt::format("belongs to array {}, the sidecar describes {}",
                                         format_uuid(c.label->set_uuid), format_uuid(container->uuid)));
    Assembly plan;
    plan.external = true;
    plan.container = *container;
    if (auto told = leave_out_external_copies(*container, all, plan.notes); !told) return told.error();
    for (MemberImage& c : all) {
        take_name(plan.container, c.label->member_uuid, c.stack->name);
        const std::string why = why_left_out(*container, c);
        if (why.empty())
            plan.members.push_back(std::move(c));
        else
            plan.notes.push_back("md: " + why);
    }
    const auto slot = [&](const MemberImage& c) {
        const int n = find_member(plan.container, c.label->member_uuid)->slot;
        return n < 0 ? 1000 : n;
    };
    std::ranges::stable_sort(plan.members,
                             [&](const MemberImage& a, const MemberImage& b) { return slot(a) < slot(b); });
    if (plan.members.empty()) return nobody_is_left(plan);
    plan.missing = missing_in_sidecar(plan);
    return plan;
}

}  // namespace

Result<MemberImage> open_image(Kernel& kernel, const std::string& path, bool read_only) {
    auto disk = kernel.open_disk(path, read_only ? OpenMode::ReadOnly : OpenMode::ReadWrite);
    if (!disk) return disk.error();
    if ((*disk)->size_sectors() < 24)
        return bad_image(path, EINVAL,
                         fmt::format("is {} bytes long, too small for an md member", (*disk)->size_bytes()));
    MemberImage image;
    image.stack = std::make_unique<MemberStack>(kernel, std::move(*disk), path);
    auto label = find_label(kernel, image);
    if (!label) return label.error();
    if (*label) return image;
    auto super = find_super_1(kernel, image);
    if (!super) return super.error();
    return image;
}

Result<Assembly> plan_assembly(Kernel& kernel, const std::vector<std::string>& paths, const std::string& lab,
                               bool read_only, const ImsmWishes& imsm) {
    if (paths.empty()) return Error{EINVAL, "no images were given"};
    const std::vector<std::string> names = member_names(paths);
    if (auto distinct = check_distinct(kernel, paths); !distinct) return distinct.error();
    std::vector<MemberImage> all;
    std::vector<MemberImage> strangers;
    for (std::size_t i = 0; i < paths.size(); i++) {
        auto image = open_image(kernel, paths[i], read_only);
        if (!image) return image.error();
        image->stack->name = names[i];
        const bool is_member = image->minor_version >= 0 || image->label;
        (is_member ? all : strangers).push_back(std::move(*image));
    }
    std::vector<ImsmCopy> copies;
    std::vector<MemberImage> in_container;
    if (auto taken = take_imsm(kernel, strangers, in_container, copies); !taken) return taken.error();
    if (!in_container.empty() && !all.empty())
        return Error{EINVAL, fmt::format("{} and {} are not of one array: one is a disk of an IMSM container",
                                         in_container.front().stack->path, all.front().stack->path)};
    std::vector<std::string> notes;
    for (const MemberImage& stranger : strangers) {
        if (auto usable = refuse_version_0(kernel, stranger); !usable) return usable.error();
        if ((all.empty() && in_container.empty()) || !is_blank(kernel, *stranger.stack->file))
            return bad_image(
                stranger.stack->path, EINVAL,
                "has no md superblock (1.0, 1.1, 1.2) and no mdscope label: it is not a member of an array. "
                "`mdscope create` makes a lab");
        notes.push_back(fmt::format("md: {} is blank; `add` makes it a member", stranger.stack->name));
    }
    if (!in_container.empty()) {
        auto plan = plan_imsm(kernel, std::move(in_container), std::move(copies), imsm);
        if (plan) plan->notes.insert(plan->notes.end(), notes.begin(), notes.end());
        return plan;
    }
    for (const MemberImage& c : all)
        if (c.label.has_value() != all.front().label.has_value())
            return Error{EINVAL,
                         fmt::format("{} and {} are not of one array: one has external metadata, the other native",
                                     all.front().stack->path, c.stack->path)};
    auto plan = all.front().label ? plan_external(kernel, std::move(all), lab) : plan_native(std::move(all));
    if (plan) plan->notes.insert(plan->notes.end(), notes.begin(), notes.end());
    return plan;
}

std::string missing_text(const Assembly& plan) {
    std::string text;
    for (const std::string& who : plan.missing) text += (text.empty() ? "" : "; ") + who;
    text = fmt::format("missing: {}. Without it the array is degraded, and what was written last may be there alone",
                       text);
    for (const std::string& note : plan.notes) text += "\n  " + note;
    return text + "\n  Give all images, or start it with what there is: --run";
}

// ---- telling md about an external array

// As by metadata_version, level, raid_disks, component_size, resync_start and the files in bitmap/.
void describe_external(Mddev& mddev, const Container& container) {
    const SpinGuard guard(mddev.lock);
    mddev.external = true;
    mddev.persistent = false;
    mddev.metadata_type = "lab";
    mddev.major_version = 0;
    mddev.minor_version = 90;
    mddev.level = 1;
    mddev.raid_disks = container.raid_disks;
    mddev.dev_sectors = container.size;
    mddev.uuid = container.uuid;
    // Dirty: nothing is known to be mirrored but what the bitmap calls clean. Else what an interrupted resync still
    // owes.
    mddev.recovery_cp = container.dirty ? 0 : container.resync_start;
    mddev.bitmap_info.external = true;
    mddev.bitmap_info.offset = container.bitmap_offset;
    mddev.bitmap_info.chunksize = container.bitmap_chunk;
    mddev.bitmap_info.daemon_sleep = container.bitmap_daemon_sleep_ms * kNsPerMs;
    mddev.bitmap_info.max_write_behind = container.bitmap_backlog;
}

// As by offset, size, slot and state of a member.
void describe_external_member(Rdev& rdev, const LabLabel& label, const ContainerMember& member) {
    rdev.data_offset = rdev.new_data_offset = label.data_offset;
    rdev.sectors = label.data_size;
    rdev.label_uuid = member.uuid;
    rdev.raid_disk = member.slot;
    rdev.desc_nr = member.slot;
    if (member.slot >= 0) {
        const bool in_sync = member.state == "in_sync";
        if (in_sync) set_bit(In_sync, rdev.flags);
        rdev.recovery_offset = in_sync ? MaxSector : member.recovery_start;
    }
    describe_member_flags(rdev, member);
}

void describe_member_flags(Rdev& rdev, const ContainerMember& member) {
    if (member.write_mostly) set_bit(WriteMostly, rdev.flags);
    if (member.failfast) set_bit(FailFast, rdev.flags);
}

}  // namespace mdscope
