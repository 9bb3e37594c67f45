// SPDX-License-Identifier: MIT
// What the sidecar claims is true of the media, too: before it says more than it said, the members are flushed.
//
// A superblock of md carries PREFLUSH, so that all that it calls clean is durable before it is. The sidecar lies in
// another file, so its order has to be made by hand: look, flush, replace. What the look saw as done was complete
// before the flush began. Saying less (dirty, faulty) needs none.
//
// A program would fsync its descriptor of the member; here the same bio goes to the member's disk, as a Superblock: it
// is held, delayed and failed with those. A member that cannot be flushed may have lost what the sidecar is about to
// claim, so it fails, as a member does whose superblock cannot be written. If it is the last one, the claim is not
// made.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "engine/kernel/disk.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/mdadm/mdmon/mdmon_look.hpp"

namespace mdscope {

// ---- what is a claim

static bool grew(Sector from, Sector to) {
    return to > from;
}

// What of it may be read. A recovery may be on its way, or over, before anybody has looked at the member: what was
// recorded of it last can be anything.
static Sector good_of(const ContainerMember& member) {
    if (member.state == "in_sync") return MaxSector;
    return member.state == "rebuilding" ? member.recovery_start : 0;
}

static bool claims_more_of(const ContainerMember& from, const ContainerMember& to) {
    return grew(good_of(from), good_of(to));
}

bool mdmon::claims_more(const Container& from, const Container& to) {
    if (from.dirty && !to.dirty) return true;
    if (grew(from.resync_start, to.resync_start)) return true;
    return std::ranges::any_of(to.members, [&](const ContainerMember& member) {
        const ContainerMember* const before = find_member(from, member.uuid);
        return claims_more_of(before != nullptr ? *before : ContainerMember{}, member);
    });
}

// ---- flushing

namespace {

struct Fsyncs;

struct Fsync {
    Bio bio;
    Rdev* rdev = nullptr;
    std::shared_ptr<Fsyncs> all;  // from the submission to the completion
    int err = 0;
};

struct Fsyncs {
    Mddev& mddev;
    Shared<int> pending{1};  // the submitter's own
    WaitQueue wait;
    std::array<Fsync, kMaxMembers * 2> list;
    std::size_t count = 0;
    explicit Fsyncs(Mddev& mddev_) : mddev(mddev_), wait(mddev_.kernel, "mdmon's fsync") {}
};

void put_fsync(Fsyncs& all) {
    if (all.pending.dec_and_test()) wake_up(all.wait);
}

void end_fsync(Bio* bio) {
    MD_FRAME("fsync_end_io");
    auto* fsync = static_cast<Fsync*>(bio->bi_private);
    const std::shared_ptr<Fsyncs> all = std::move(fsync->all);
    fsync->err = bio->bi_status;
    rdev_dec_pending(*fsync->rdev, all->mddev);
    put_fsync(*all);
}

void add_fsync(const std::shared_ptr<Fsyncs>& all, Rdev& rdev) {
    Fsync& fsync = all->list[all->count++];
    fsync.rdev = &rdev;
    fsync.all = all;
    fsync.bio.bi_op = BioOp::Flush;
    fsync.bio.bi_kind = BioKind::Superblock;
    fsync.bio.bi_flags = REQ_PREFLUSH | REQ_SYNC | REQ_META;
    fsync.bio.bi_disk = rdev.bdev;
    fsync.bio.bi_private = &fsync;
    fsync.bio.bi_end_io = end_fsync;
    rdev.nr_pending.inc();
    all->pending.inc();
}

// nr_pending keeps a member from being removed, but not from a stop in one step. That waits for a grace period before
// it lets go of the disk, and the disk's stack stays as long as a bio is in it.
void submit_fsyncs(const std::shared_ptr<Fsyncs>& all) {
    const Raid1RcuSection section(all->mddev.kernel);
    {
        const SpinGuard guard(all->mddev.lock);
        for (Rdev* rdev : all->mddev.disks)
            if (rdev->raid_disk >= 0 && !test_bit(Faulty, rdev->flags) && all->count < all->list.size())
                add_fsync(all, *rdev);
    }
    for (std::size_t i = 0; i < all->count; i++) submit_bio(&all->list[i].bio);
}

}  // namespace

// 0, or why the sidecar must not say what next_ says. Whom it cost its place is failed in md and in next_.
int Mdmon::flush_members() {
    MD_FRAME("fsync");
    const auto all = std::make_shared<Fsyncs>(mddev_);
    submit_fsyncs(all);
    put_fsync(*all);
    wait_event(all->wait, all->pending == 0);

    const std::span fsyncs = std::span(all->list).first(all->count);
    // One that is gone since the look, by a stop in one step, cannot be flushed any more.
    const auto was_flushed = [&](const std::string& name) {
        return std::ranges::any_of(fsyncs, [&](const Fsync& fsync) { return fsync.rdev->name == name; });
    };
    if (!std::ranges::all_of(working_, was_flushed)) return -ENODEV;
    const bool one_is_durable = std::ranges::any_of(
        fsyncs, [](const Fsync& fsync) { return fsync.err == 0 && test_bit(In_sync, fsync.rdev->flags); });
    // md keeps its last member. Told of it again it would announce an error each time, which brings the next look at
    // once: this would try, and fail, without a pause.
    const bool is_in_vain = flush_failed_ && !one_is_durable;
    int err = 0;
    for (const Fsync& fsync : fsyncs) {
        if (fsync.err == 0) continue;
        if (!is_in_vain) md_error(mddev_, *fsync.rdev);
        // md says who is out; of an array that was stopped it says nothing any more.
        const bool is_out = mddev_.pers.load() != nullptr ? test_bit(Faulty, fsync.rdev->flags) : one_is_durable;
        ContainerMember* const member = find_member(next_, fsync.rdev->label_uuid);
        if (is_out && member != nullptr)
            member->state = "faulty";
        else
            err = fsync.err;
        if (!flush_failed_)
            kernel_.printk(LogLevel::Err, fmt::format("mdmon: {}: {} cannot be flushed ({}){}", mdname(mddev_),
                                                      fsync.rdev->name, std::generic_category().message(-fsync.err),
                                                      is_out ? ": it is failed" : ", and no other member is left"));
    }
    flush_failed_ = err != 0;
    return err;
}

}  // namespace mdscope
