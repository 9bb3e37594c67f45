// SPDX-License-Identifier: MIT

#include "engine/mdadm/label_stamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/kernel/disk.hpp"

namespace mdscope {

static std::uint64_t newest_of(const ContainerMember& member) {
    return std::max(member.label, member.label_next);
}

std::uint64_t newest_label(const Container& container) {
    std::uint64_t newest = 0;
    for (const ContainerMember& member : container.members) newest = std::max(newest, newest_of(member));
    return newest;
}

bool is_label_on_record(const ContainerMember& member, const LabLabel& label) {
    if (member.label == 0) return true;  // The sidecar is older than that.
    return label.generation == member.label || (member.label_next != 0 && label.generation == member.label_next);
}

bool missed_last_use(const Container& container, const ContainerMember& member) {
    return member.label != 0 && newest_of(member) < newest_label(container);
}

std::string why_label_is_refused(const Container& container, const ContainerMember& member, const LabLabel& label,
                                 const std::string& name) {
    if (!is_label_on_record(member, label))
        return fmt::format(
            "{} is an old copy: its label says generation {}, the sidecar {}; `add` takes it with a full recovery",
            name, label.generation, newest_of(member));
    if (member.slot >= 0 && missed_last_use(container, member))
        return fmt::format("{} was missing when the array was used last; `re-add` brings it back", name);
    return {};
}

// ---- writing

namespace {

using LabelSector = std::array<std::byte, kLabLabelSize>;

int transfer_label(Kernel& kernel, Disk& disk, BioOp op, LabelSector& sector) {
    Bio bio;
    bio.bi_op = op;
    bio.bi_kind = BioKind::Superblock;
    bio.bi_flags = REQ_SYNC | REQ_META | (op == BioOp::Write ? REQ_FUA : 0U);
    bio.bi_disk = &disk;
    bio.bi_size = kLabLabelSize;
    bio.bi_data = sector.data();
    return submit_bio_wait(kernel, &bio);
}

bool write_sidecar(Kernel& kernel, const Container& container, const std::string& path) {
    const Result<bool> written = kernel.replace_file(path, container_file_text(container));
    if (!written) kernel.printk(LogLevel::Warn, fmt::format("mdscope: {}: {}", path, written.error().text));
    return static_cast<bool>(written);
}

}  // namespace

int read_label(Kernel& kernel, Disk& disk, LabLabel& label) {
    LabelSector sector{};
    if (const int err = transfer_label(kernel, disk, BioOp::Read, sector); err != 0) return err;
    const auto decoded = decode_label(sector);
    if (!decoded) return -EINVAL;
    label = *decoded;
    return 0;
}

int write_label(Kernel& kernel, Disk& disk, const LabLabel& label) {
    LabelSector sector{};
    encode_label(label, sector);
    return transfer_label(kernel, disk, BioOp::Write, sector);
}

int edit_label(Kernel& kernel, Disk& disk, const std::function<void(LabLabel&)>& edit) {
    LabLabel label;
    if (const int err = read_label(kernel, disk, label); err != 0) return err;
    edit(label);
    return write_label(kernel, disk, label);
}

int write_label_generation(Kernel& kernel, Disk& disk, std::uint64_t generation) {
    return edit_label(kernel, disk, [&](LabLabel& label) { label.generation = generation; });
}

namespace {

struct Stamp {
    Disk* disk;
    LabLabel label;
    Uuid uuid;
};

// The members whose labels are what the sidecar says, and now it says which of two. One that cannot be read stays as it
// is on record, and is missing from this use: it will say itself what is wrong with it.
std::vector<Stamp> read_stamps(Kernel& kernel, Container& container, const std::vector<Disk*>& disks) {
    std::vector<Stamp> stamps;
    for (Disk* disk : disks) {
        LabLabel label;
        if (read_label(kernel, *disk, label) != 0 || label.set_uuid != container.uuid) continue;
        ContainerMember* const member = find_member(container, label.member_uuid);
        if (member == nullptr || !is_label_on_record(*member, label)) continue;
        member->label = label.generation;
        stamps.push_back({disk, label, label.member_uuid});
    }
    return stamps;
}

}  // namespace

bool stamp_labels(Kernel& kernel, Container& container, const std::string& sidecar_path,
                  const std::vector<Disk*>& disks, bool finish) {
    Container stamped = container;
    const std::uint64_t number = ++stamped.generation;
    std::vector<Stamp> stamps = read_stamps(kernel, stamped, disks);
    for (const Stamp& stamp : stamps) find_member(stamped, stamp.uuid)->label_next = number;
    if (!write_sidecar(kernel, stamped, sidecar_path)) return false;
    for (Stamp& stamp : stamps) {
        stamp.label.generation = number;
        // One that could not be written is accepted with either number.
        if (write_label(kernel, *stamp.disk, stamp.label) != 0) continue;
        ContainerMember* const member = find_member(stamped, stamp.uuid);
        member->label = number;
        member->label_next = 0;
    }
    container = stamped;
    if (!finish) return true;
    container.generation++;
    return write_sidecar(kernel, container, sidecar_path);
}

}  // namespace mdscope
