// SPDX-License-Identifier: MIT
// What stores into md/ change of an external array, in the sidecar: a store that has returned is not forgotten.
//
// Called by md without reconfig_mutex, because mdmon may need that first. An array that nobody keeps metadata for (it
// is stopped, or mdmon is gone) has none to change.
#include <algorithm>

#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/label_stamp.hpp"

namespace mdscope {

int ArrayImpl::record(const Mddev& mddev, const std::function<void(Container&)>& edit) {
    std::string ignored;
    const Claim claim(*this, Claim::Kind::WithOthers);
    if (const int err = claim.refused(&ignored); err != 0) return err;
    if (mdmon_ == nullptr || options_.read_only || &mddev != mddev_.load()) return 0;
    Container changed = mdmon_->container();
    edit(changed);
    if (changed == mdmon_->container()) return 0;
    const int err = mdmon_->change(edit);
    return err == -ENODEV ? 0 : err;
}

static std::uint64_t daemon_sleep_ms(const Mddev& mddev) {
    return std::max<std::uint64_t>(mddev.bitmap_info.daemon_sleep / kNsPerMs, 1);
}

// IMSM has no place for settings and flags: they last as long as the array runs.
int ArrayImpl::record_bitmap(const Mddev& mddev, std::int64_t offset) {
    std::uint64_t chunk = 0;
    std::uint64_t sleep_ms = 0;
    {
        const SpinGuard guard(mddev.lock);
        chunk = mddev.bitmap_info.chunksize;
        sleep_ms = daemon_sleep_ms(mddev);
    }
    return record(mddev, [&](Container& container) {
        container.bitmap_offset = offset;
        if (offset == 0) return;
        container.bitmap_chunk = chunk;
        container.bitmap_daemon_sleep_ms = sleep_ms;
    });
}

int ArrayImpl::record_settings(const Mddev& mddev) {
    if (imsm_ != nullptr) return 0;
    std::uint64_t sleep_ms = 0;
    {
        const SpinGuard guard(mddev.lock);
        sleep_ms = daemon_sleep_ms(mddev);
    }
    const std::uint64_t backlog = mddev.bitmap_info.max_write_behind;
    return record(mddev, [&](Container& container) {
        container.bitmap_daemon_sleep_ms = sleep_ms;
        container.bitmap_backlog = backlog;
    });
}

int ArrayImpl::record_member_flags(const Mddev& mddev, const Rdev& rdev) {
    if (imsm_ != nullptr) return 0;
    const bool write_mostly = test_bit(WriteMostly, rdev.flags);
    const bool failfast = test_bit(FailFast, rdev.flags);
    return record(mddev, [&](Container& container) {
        ContainerMember* const member = find_member(container, rdev.label_uuid);
        if (member == nullptr) return;
        member->write_mostly = write_mostly;
        member->failfast = failfast;
    });
}

// The labels first: they say how much a member can give, and the sidecar must not ask for more than that. Under the
// mutex, since a member that fails meanwhile is removed, and its disk with it.
static int enlarge_labels(Mddev& mddev, Sector sectors) {
    int err = 0;
    mddev_lock_nointr(mddev);
    for (Rdev* rdev : rdev_list(mddev)) {
        if (rdev->label_uuid == Uuid{} || test_bit(Faulty, rdev->flags)) continue;
        err = edit_label(mddev.kernel, *rdev->bdev,
                         [&](LabLabel& label) { label.data_size = std::max(label.data_size, sectors); });
        if (err != 0) break;
    }
    mddev_unlock(mddev);
    return err;
}

// What is new was never synced.
int ArrayImpl::record_size(Mddev& mddev, Sector sectors) {
    if (imsm_ != nullptr) return -EINVAL;  // the metadata is behind the volume
    if (const int err = options_.read_only ? 0 : enlarge_labels(mddev, sectors); err != 0) return err;
    return record(mddev, [&](Container& container) {
        if (sectors > container.size) container.resync_start = std::min(container.resync_start, container.size);
        container.size = sectors;
        const auto is_none = [](Sector position) { return position == MaxSector; };
        if (!is_none(container.resync_start)) container.resync_start = std::min(container.resync_start, sectors);
        for (ContainerMember& member : container.members)
            if (!is_none(member.recovery_start)) member.recovery_start = std::min(member.recovery_start, sectors);
    });
}

}  // namespace mdscope
