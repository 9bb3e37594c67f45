// SPDX-License-Identifier: MIT
// One volume of an IMSM container: who is in, from the disks' copies of the metadata.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/kernel/shown.hpp"
#include "engine/md/md.hpp"
#include "engine/mdadm/assemble.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/imsm/create_imsm.hpp"
#include "engine/mdadm/imsm/examine_imsm.hpp"
#include "engine/mdadm/imsm/state.hpp"

namespace mdscope {

std::string ImsmWishes::serial_of(const std::string& name) const {
    for (const std::string& word : serials)
        if (word.starts_with(name + "=")) return imsm_serial(word.substr(name.size() + 1));
    return ("/dev/" + name).substr(0, kImsmSerialSize - 1);
}

static int read_sectors(Kernel& kernel, Disk& disk, Sector sector, std::span<std::byte> bytes) {
    Bio bio;
    bio.bi_op = BioOp::Read;
    bio.bi_kind = BioKind::Superblock;
    bio.bi_flags = REQ_SYNC | REQ_SYNC_IO;
    bio.bi_disk = &disk;
    bio.bi_sector = sector;
    bio.bi_size = static_cast<unsigned>(bytes.size());
    bio.bi_data = bytes.data();
    return submit_bio_wait(kernel, &bio);
}

Result<std::optional<ImsmCopy>> find_imsm(Kernel& kernel, Disk& disk) {
    return read_imsm_copy(disk.size_sectors(), [&](std::uint64_t sector, std::span<std::byte> bytes) {
        return read_sectors(kernel, disk, sector, bytes);
    });
}

namespace {

struct ImsmCandidates {
    std::vector<MemberImage> images;
    std::vector<ImsmDiskFound> disks;  // the same ones
    ImsmContainer chosen;
};

ImsmPlan::Disk container_disk(const ImsmCandidates& all, std::size_t i) {
    const ImsmStanding& standing = all.chosen.disks[i];
    ImsmOwnDisk own;
    if (standing.kind == ImsmStanding::Kind::Member) own = {ImsmOwnDisk::Kind::Member, standing.index};
    if (standing.kind == ImsmStanding::Kind::Spare) own.kind = ImsmOwnDisk::Kind::Spare;
    const MemberStack& stack = *all.images[i].stack;
    const Sector reserved = imsm_reserved_sectors(all.chosen.anchor, own);
    return {stack.name, stack.path, all.disks[i].sectors, std::min(reserved, all.disks[i].sectors),
            standing.kind == ImsmStanding::Kind::Spare};
}

// A disk that was in the container under another family is forgotten, as by mdadm.
bool is_in_container(const ImsmCandidates& all, std::size_t i) {
    return all.chosen.disks[i].kind != ImsmStanding::Kind::Out ||
           all.disks[i].copy.anchor.family_num == all.chosen.anchor.family_num;
}

LabLabel label_of(const Container& state, const Uuid& serial) {
    LabLabel label;
    label.set_uuid = state.uuid;
    label.member_uuid = serial;
    label.data_offset = state.data_offset;
    label.data_size = state.size;
    return label;
}

// Without its bitmap the volume runs, too, as with mdadm; dirty, it is then resynced in full.
std::string why_no_bitmap(Kernel& kernel, const ImsmAnchor& anchor, std::uint32_t volume, MemberImage& image) {
    const Sector at = imsm_bitmap_area(anchor.volumes[volume]) + kImsmBitmapHeader;
    std::array<std::byte, kPageSize> page{};
    if (const int err = read_sectors(kernel, *image.stack->file, at, page); err != 0)
        return fmt::format("it cannot be read ({})", std::generic_category().message(-err));
    return why_imsm_bitmap_is_refused(decode_bitmap_super(page), anchor, volume);
}

Error no_such_volume(const ImsmAnchor& anchor, std::uint32_t volume) {
    std::string list;
    for (std::size_t i = 0; i < anchor.volumes.size(); i++)
        list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", i, shown(imsm_text(anchor.volumes[i].name)));
    return {EINVAL, fmt::format("there is no volume {} in this container; there is {}", volume, list)};
}

// Who was in sync when the anchor was written, and does not come in now.
void find_missing(Assembly& plan, const ImsmCandidates& all) {
    for (ContainerMember& member : plan.container.members) {
        const auto is_it = [&](const MemberImage& image) { return image.label->member_uuid == member.uuid; };
        if (member.state == "faulty" || std::ranges::any_of(plan.members, is_it)) continue;
        plan.imsm->absent.insert(member.uuid);
        if (member.state == "in_sync") plan.missing.push_back(fmt::format("{} (slot {})", member.name, member.slot));
    }
    for (std::size_t i = 0; i < all.disks.size(); i++)
        if (all.chosen.disks[i].went_its_own_way)
            plan.missing.push_back(all.disks[i].name + ", which was used without the others");
}

Result<Assembly> plan_volume(Kernel& kernel, ImsmCandidates& all, std::uint32_t volume) {
    const ImsmAnchor& anchor = all.chosen.anchor;
    Assembly plan;
    plan.external = true;
    plan.container = imsm_state(anchor, volume);
    plan.imsm.emplace();
    plan.imsm->anchor = anchor;
    plan.imsm->volume = volume;
    for (std::size_t i = 0; i < all.disks.size(); i++) {
        const ImsmStanding& standing = all.chosen.disks[i];
        MemberImage& image = all.images[i];
        if (is_in_container(all, i)) plan.imsm->disks.push_back(container_disk(all, i));
        if (standing.kind == ImsmStanding::Kind::Out) plan.notes.push_back("md: " + standing.why);
        if (standing.kind == ImsmStanding::Kind::Spare)
            plan.notes.push_back(fmt::format("md: {} is a spare of the container", image.stack->name));
        if (standing.kind != ImsmStanding::Kind::Member) continue;
        const Uuid& serial = anchor.disks[standing.index].serial;
        plan.imsm->generations[serial] = standing.is_blank ? 0 : all.disks[i].copy.anchor.generation_num;
        ContainerMember* const member = find_member(plan.container, serial);
        if (member == nullptr) continue;  // a disk of other volumes
        take_name(plan.container, serial, image.stack->name);
        if (std::string why = why_volume_is_refused(anchor.volumes[volume], all.disks[i].sectors); !why.empty())
            return Error{EINVAL, fmt::format("{}: volume {}: {}", image.stack->path, volume, why)};
        if (plan.container.bitmap_offset != 0)
            if (const std::string why = why_no_bitmap(kernel, anchor, volume, image); !why.empty()) {
                plan.notes.push_back(fmt::format("md: the bitmap of {} is not used: {}", image.stack->name, why));
                plan.container.bitmap_offset = 0;
            }
        image.label = label_of(plan.container, serial);
        std::ranges::copy_if(anchor.bad_blocks, std::back_inserter(image.bad_blocks),
                             [&](const ImsmBadBlock& bad) { return bad.disk == standing.index; });
        plan.members.push_back(std::move(image));
    }
    find_missing(plan, all);
    return plan;
}

bool has_source(const Assembly& plan) {
    return std::ranges::any_of(plan.members, [&](const MemberImage& image) {
        return find_member(plan.container, image.label->member_uuid)->state == "in_sync";
    });
}

}  // namespace

Result<Assembly> plan_imsm(Kernel& kernel, std::vector<MemberImage> all, std::vector<ImsmCopy> copies,
                           const ImsmWishes& wishes) {
    ImsmCandidates candidates;
    for (std::size_t i = 0; i < all.size(); i++)
        candidates.disks.push_back({all[i].stack->name, wishes.serial_of(all[i].stack->name),
                                    all[i].stack->file->size_sectors(), std::move(copies[i])});
    candidates.images = std::move(all);
    auto chosen = choose_imsm(candidates.disks);
    if (!chosen) return chosen.error();
    candidates.chosen = std::move(*chosen);
    const ImsmAnchor& anchor = candidates.chosen.anchor;
    if (wishes.volume >= anchor.volumes.size()) return no_such_volume(anchor, wishes.volume);
    // Before its maps are followed.
    if (const std::string why =
            why_volume_is_refused(anchor.volumes[wishes.volume], candidates.disks[candidates.chosen.champion].sectors);
        !why.empty())
        return Error{EINVAL, fmt::format("{}: volume {}: {}", candidates.images[candidates.chosen.champion].stack->path,
                                         wishes.volume, why)};
    auto plan = plan_volume(kernel, candidates, wishes.volume);
    if (!plan) return plan.error();
    if (!has_source(*plan)) {
        std::string text = "no disk of this container can be used:";
        for (const std::string& note : plan->notes) text += "\n  " + note;
        return Error{ENODEV, text};
    }
    for (std::uint32_t other = 0; other < anchor.volumes.size(); other++)
        if (other != wishes.volume)
            plan->notes.push_back(
                fmt::format("md: volume {} ({}) of the container stays as it is; --volume {} mounts "
                            "it",
                            other, shown(imsm_text(anchor.volumes[other].name)), other));
    std::ranges::stable_sort(plan->members, {}, [&](const MemberImage& image) {
        return find_member(plan->container, image.label->member_uuid)->slot;
    });
    return plan;
}

}  // namespace mdscope
