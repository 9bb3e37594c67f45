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

std::string why_label_is_refused(const Container& container, const ContainerMember& member, const LabLabel& label) {
    if (!is_label_on_record(member, label))
        return fmt::format(
            "{} is an old copy: its label says generation {}, the sidecar {}; `add` takes it with a full recovery",
            member.name, label.generation, newest_of(member));
    if (member.slot >= 0 && member.label != 0 && newest_of(member) < newest_label(container))
        return fmt::format("{} was missing when the array was used last; `re-add` brings it back", member.name);
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

ContainerMember* member_named(Container& container, const std::string& name) {
    const auto found = std::ranges::find(container.members, name, &ContainerMember::name);
    return found == container.members.end() ? nullptr : &*found;
}

bool write_sidecar(Kernel& kernel, const Container& container, const std::string& path) {
    const Result<bool> written = kernel.replace_file(path, container_file_text(container));
    if (!written) kernel.printk(LogLevel::Warn, fmt::format("mdscope: {}: {}", path, written.error().text));
    return static_cast<bool>(written);
}

}  // namespace

int write_label_generation(Kernel& kernel, Disk& disk, std::uint64_t generation) {
    LabelSector sector{};
    if (const int err = transfer_label(kernel, disk, BioOp::Read, sector); err != 0) return err;
    auto label = decode_label(sector);
    if (!label) return -EINVAL;
    label->generation = generation;
    encode_label(*label, sector);
    return transfer_label(kernel, disk, BioOp::Write, sector);
}

bool stamp_labels(Kernel& kernel, Container& container, const std::string& sidecar_path,
                  const std::vector<LabelledDisk>& disks, bool finish) {
    Container stamped = container;
    const std::uint64_t number = ++stamped.generation;
    for (const LabelledDisk& labelled : disks)
        if (ContainerMember* member = member_named(stamped, labelled.name); member != nullptr)
            member->label_next = number;
    if (!write_sidecar(kernel, stamped, sidecar_path)) return false;
    for (const LabelledDisk& labelled : disks) {
        ContainerMember* member = member_named(stamped, labelled.name);
        if (member == nullptr) continue;
        // One that could not be written is accepted with either number, and will say itself what is wrong with it.
        if (write_label_generation(kernel, *labelled.disk, number) != 0) continue;
        member->label = number;
        member->label_next = 0;
    }
    container = stamped;
    if (!finish) return true;
    container.generation++;
    return write_sidecar(kernel, container, sidecar_path);
}

}  // namespace mdscope
