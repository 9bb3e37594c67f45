// SPDX-License-Identifier: MIT
// Stopping the array, by the two doors that a mount has.
//
//   stop(), as mdadm --stop:  external   requests have ended -> `inactive` -> mdmon: flush, clean, `clear`
//                             else       STOP_ARRAY
//   ioctl(STOP_ARRAY)         one step, md_ioctl; what comes before do_md_stop there is close_disk()
//
// In one step there is nobody left to be flushed once md has let go of the members. So mdmon is asked before: when the
// requests have ended and none can come any more, it makes the array clean and records that.
#include <fmt/format.h>

#include "engine/md/md_ioctl.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/label_stamp.hpp"

namespace mdscope {

// How long a stop waits for mdmon: to answer `inactive` with `clear`, to record that the array is clean.
static constexpr std::uint64_t kMdmonPatience = 10 * kNsPerSec;

// ---- what comes before

// External metadata by name only: md waits for a record that no mdmon will write. Stores into md/ can bring that about.
bool ArrayImpl::is_unattended() const {
    return mddev_.load()->external && (mdmon_ == nullptr || mdmon_->finished());
}

// What was let in before is on its way out, and must not enter raid1 after the stop's raid1_quiesce. 0; or
// -ETIMEDOUT: it has not ended, and may never, since nobody is there to record what a write waits for.
int ArrayImpl::wait_for_requests() {
    if (kernel_.halted()) return 0;
    if (!is_unattended()) {
        wait_event(inside_wait_, inside_ == 0);
        return 0;
    }
    return wait_event_timeout(inside_wait_, inside_ == 0, kMdmonPatience) == 0 ? 0 : -ETIMEDOUT;
}

// Before openers are taken away: while they count, md lets nobody stop the array under a request, by md/array_state.
int ArrayImpl::let_requests_end() {
    MD_FRAME("sync_blockdev");
    closing_ = true;
    return wait_for_requests();
}

// Within sync_blockdev of md_ioctl: md lets nobody open the disk, and its one opener asks for the stop.
int ArrayImpl::close_disk(const Mddev& mddev) {
    closing_ = true;
    if (const int err = wait_for_requests(); err != 0) return err;
    if (mdmon_ != nullptr && mddev.pers.load() != nullptr) mdmon_->become_clean(kMdmonPatience);
    return 0;
}

// ---- stopping

// Nobody has the disk open any more.
int ArrayImpl::close_unopened() {
    MD_FRAME("sync_blockdev");
    return mddev().openers == 0 ? wait_for_requests() : 0;
}

int ArrayImpl::stop_external() {
    Mddev& md = mddev();
    if (const int err = close_unopened(); err != 0) return err;
    if (const int err = md_attr_store(md, "array_state", "inactive"); err != 0) return err;
    const int late = wait_event_timeout(md.sysfs_wait, md.raid_disks == 0, kMdmonPatience);
    if (late == 0) return 0;
    md_log(md, LogLevel::Warn, fmt::format("md: {}: mdmon did not answer, stopping without it", mdname(md)));
    return md_ioctl(md, STOP_ARRAY, nullptr, false);
}

int ArrayImpl::stop_members() {
    Mddev& md = mddev();
    if (md.external && md.pers.load() != nullptr) return stop_external();
    return rdev_list(md).empty() ? 0 : md_ioctl(md, STOP_ARRAY, nullptr, false);
}

int ArrayImpl::stop(bool force, std::string* why) {
    wait_for_manager();
    const Claim claim(*this, Claim::Kind::Alone);
    if (const int err = claim.refused(why); err != 0) return err;
    return stop_claimed(why, [&] {
        if (const int err = force ? let_requests_end() : 0; err != 0) return err;
        if (force) revoke_openers();
        return stop_members();
    });
}

int ArrayImpl::ioctl(unsigned command, void* arg, std::string* why) {
    Mddev& md = mddev();
    if (command != STOP_ARRAY && command != STOP_ARRAY_RO) return md_ioctl(md, command, arg, true);
    wait_for_manager();
    const Claim claim(*this, Claim::Kind::Alone);
    if (const int err = claim.refused(why); err != 0) return err;
    if (command == STOP_ARRAY_RO) {
        const int err = md_ioctl(md, command, arg, true);
        closing_ = false;
        return err;
    }
    const int err = stop_claimed(why, [&] { return md_ioctl(md, command, arg, true); });
    if (err == 0) md_release(md);  // while nobody can assemble the array that comes after this one
    return err;
}

template <class Stop>
int ArrayImpl::stop_claimed(std::string* why, Stop stop) {
    const auto members = labelled_members();
    const int err = stop();
    closing_ = false;
    if (err == 0) {
        end_manager();
        if (mdmon_ != nullptr) mdmon_->stop();
        stamp_after_use(members);
        bitmap_file_.reset();
        drop_drained();
    } else if (err == -ETIMEDOUT) {
        *why = fmt::format(
            "{} is not stopped: a request has not ended, and nobody keeps the array's metadata. One that waits for the "
            "record of a write goes on when 'active' is written to md/array_state, one that waits for the record of a "
            "failed member when '-blocked' is written to its md/dev-*/state (lab/tasks shows who sleeps where)",
            options_.name);
    } else if (err == -EBUSY) {
        *why = fmt::format("{} is still in use: it is open", options_.name);
    } else {
        *why = fmt::format("{} could not be stopped ({})", options_.name, std::generic_category().message(-err));
    }
    return err;
}

void ArrayImpl::end_mdmon() {
    end_manager();
    if (mdmon_ != nullptr) mdmon_->stop();
}

void ArrayImpl::notify_reboot() {
    md_notify_reboot(mddev());
    sysfs_notify(mddev().sysfs_state);  // mdmon records the clean state
}

// ---- the labels

// Their images stay open for as long as the answer is kept.
std::vector<std::shared_ptr<MemberStack>> ArrayImpl::labelled_members() const {
    if (!mddev_.load()->external || options_.read_only || imsm_ != nullptr) return {};
    const SpinGuard guard(stacks_lock_);
    return stacks_;
}

// A copy that was made while the array was in use is an old one from here on. REQUIRES: mdmon has ended.
void ArrayImpl::stamp_after_use(const std::vector<std::shared_ptr<MemberStack>>& members) {
    if (members.empty() || mdmon_ == nullptr) return;
    Container container = mdmon_->container();
    if (container.generation == stamped_generation_) return;  // Nothing was written.
    std::vector<Disk*> disks;
    for (const auto& member : members) disks.push_back(member->file.get());
    (void)stamp_labels(kernel_, container, container_path(options_.lab), disks, true);
}

}  // namespace mdscope
