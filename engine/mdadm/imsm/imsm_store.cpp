// SPDX-License-Identifier: MIT
#include "engine/mdadm/imsm/imsm_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <system_error>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/hash.hpp"
#include "engine/md/variants/anchor_writes.hpp"

namespace mdscope {

// ---- one disk

int write_imsm_sectors(Kernel& kernel, Disk& disk, Sector sector, std::span<const std::byte> bytes, unsigned flags) {
    Bio bio;
    bio.bi_op = BioOp::Write;
    bio.bi_kind = BioKind::Superblock;
    bio.bi_flags = REQ_SYNC | REQ_META | flags;
    bio.bi_disk = &disk;
    bio.bi_sector = sector;
    bio.bi_size = static_cast<unsigned>(bytes.size());
    bio.bi_data = const_cast<std::byte*>(bytes.data());  // submit_bio_wait takes a copy
    return submit_bio_wait(kernel, &bio);
}

int write_imsm_block(Kernel& kernel, Disk& disk, const std::vector<std::byte>& block, unsigned flags) {
    const std::span<const std::byte> anchor = std::span(block).first(kSectorSize);
    const std::span<const std::byte> extended = std::span(block).subspan(kSectorSize);
    const Sector at = disk.size_sectors() - 2;
    if (!extended.empty())
        if (const int err = write_imsm_sectors(kernel, disk, at - extended.size() / kSectorSize, extended, flags);
            err != 0)
            return err;
    return write_imsm_sectors(kernel, disk, at, anchor, flags);
}

// ---- the store

struct ImsmStore::Round {
    struct Failure {
        Rdev* rdev;
        Uuid serial;
        int err;
    };
    std::vector<Failure> failures;
    bool has_source = false;  // a member in sync has it
};

ImsmStore::ImsmStore(Kernel& kernel, Mddev& mddev, Origin origin)
    : kernel_(kernel),
      mddev_(mddev),
      origin_(std::move(origin)),
      generations_(origin_.generations),
      newest_(origin_.anchor.generation_num),
      anchor_(origin_.anchor) {}

void ImsmStore::expect(const ImsmNewDisk& disk) {
    const SpinGuard guard(lock_);
    std::erase_if(new_disks_, [&](const ImsmNewDisk& known) { return known.serial == disk.serial; });
    new_disks_.push_back(disk);
}

ImsmAnchor ImsmStore::anchor() const {
    const SpinGuard guard(lock_);
    return anchor_;
}

std::uint64_t ImsmStore::knowledge() const {
    std::uint64_t hash = newest_ * std::uint64_t{4} + (is_first_ ? 2 : 0) + (is_unsure_ ? 1 : 0);
    for (const auto& [serial, generation] : generations_) hash = mix(mix(hash, format_uuid(serial)), generation);
    const ImsmAnchor last = anchor();
    for (const ImsmDisk& disk : last.disks) hash = mix(hash, format_uuid(disk.serial));
    return mix(hash, last.family_num);
}

bool ImsmStore::wants_flushes() const {
    return mddev_.variants.row<variants::anchor_writes>().are_flushed;
}

// Where things are, and that there are two of them, is for ever. (The bitmap may be there and not be used.)
bool ImsmStore::can_hold(const Container& container) const {
    const Container now = imsm_state(anchor(), origin_.volume);
    return container.raid_disks == now.raid_disks && container.size == now.size &&
           container.data_offset == now.data_offset;
}

ImsmChange ImsmStore::change_for(const Container& next) {
    ImsmChange change;
    change.absent = origin_.absent;
    {
        const SpinGuard guard(lock_);
        change.new_disks = new_disks_;
    }
    for (const ImsmNewDisk& disk : change.new_disks) change.absent.erase(disk.serial);  // it is here now
    const std::vector<ImsmDisk> disks = anchor().disks;
    const auto is_new = [&](const ContainerMember& member) {
        const bool has_part = member.state == "rebuilding" || member.state == "in_sync";
        return has_part && std::ranges::find(disks, member.uuid, &ImsmDisk::serial) == disks.end();
    };
    if (std::ranges::any_of(next.members, is_new)) kernel_.get_random_bytes(&change.random, sizeof change.random);
    return change;
}

// Those that are behind come first.
std::vector<Uuid> ImsmStore::members_of(const ImsmAnchor& anchor) const {
    std::vector<Uuid> members;
    for (const ImsmDisk& disk : anchor.disks)
        if ((disk.status & IMSM_FAILED) == 0) members.push_back(disk.serial);
    std::ranges::stable_sort(members, {}, [&](const Uuid& serial) {
        const auto found = generations_.find(serial);
        return found == generations_.end() ? 0U : found->second;
    });
    return members;
}

int ImsmStore::write_to(const Uuid& serial, const std::vector<std::byte>& block, Rdev** rdev) const {
    const ImsmTarget target = origin_.find_member(serial);
    *rdev = target.rdev;
    const unsigned flags = wants_flushes() ? unsigned{REQ_FUA} : 0U;
    return target.disk == nullptr ? -ENODEV : write_imsm_block(kernel_, *target.disk, block, flags);
}

bool ImsmStore::is_source(const ImsmAnchor& anchor, const Uuid& serial) const {
    const auto index = anchor.disk_of(imsm_text(serial));
    const ImsmMap& map = anchor.volumes[origin_.volume].now();
    const auto slot = index ? map.slot_of(*index) : std::nullopt;
    return slot && !map.out_of_sync(*slot);
}

ImsmStore::Round ImsmStore::write_round(const ImsmAnchor& anchor) {
    Round round;
    const std::vector<std::byte> block = encode_imsm(anchor);
    for (const Uuid& serial : members_of(anchor)) {
        Rdev* rdev = nullptr;
        const int err = write_to(serial, block, &rdev);
        if (err == 0) {
            generations_[serial] = anchor.generation_num;
            round.has_source = round.has_source || is_source(anchor, serial);
        } else if (rdev != nullptr) {  // (Who is out already is the next look's.)
            round.failures.push_back({rdev, serial, err});
        }
    }
    return round;
}

// Others have the block; who could not be written fails.
void ImsmStore::give_up(const Round& round, Container& next) {
    for (const Round::Failure& failure : round.failures) {
        md_error(mddev_, *failure.rdev);
        ContainerMember* const member = find_member(next, failure.serial);
        if (member != nullptr) member->state = "faulty";
        kernel_.printk(LogLevel::Err,
                       fmt::format("mdmon: {}: {}: its metadata cannot be written ({}): it is failed", mdname(mddev_),
                                   failure.rdev->name, std::generic_category().message(-failure.err)));
    }
}

Result<bool> ImsmStore::write(Container& next) {
    while (true) {
        const ImsmAnchor before = anchor();
        ImsmAnchor after = imsm_with_state(before, origin_.volume, next, change_for(next));
        const bool is_news = is_unsure_ || encode_imsm(after) != encode_imsm(before);
        const bool says_clean = before.volumes[origin_.volume].is_dirty() && !after.volumes[origin_.volume].is_dirty();
        next.generation = newest_;
        if (!is_news) return true;
        is_unsure_ = true;
        Round round;
        for (int rounds = is_first_ || says_clean ? 2 : 1; rounds > 0 && round.failures.empty(); rounds--) {
            after.generation_num = ++newest_;
            round = write_round(after);
            if (!round.has_source) {
                const int err = round.failures.empty() ? ENODEV : -round.failures[0].err;
                return Error{err, std::generic_category().message(err)};
            }
        }
        is_first_ = false;
        {
            const SpinGuard guard(lock_);
            anchor_ = after;
        }
        next.generation = newest_;
        if (round.failures.empty()) break;
        give_up(round, next);
    }
    is_unsure_ = false;
    return true;
}

}  // namespace mdscope
