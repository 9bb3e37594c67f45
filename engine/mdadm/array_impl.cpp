// SPDX-License-Identifier: MIT

#include "engine/mdadm/array_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/md/sysfs/sysfs.hpp"

namespace mdscope {

// How long an image may stay open after md has let go of the member.
static constexpr std::uint64_t kImagePatience = 2 * kNsPerSec;

Result<std::unique_ptr<Array>> Array::assemble(Kernel& kernel, const AssembleOptions& options) {
    auto array = std::make_unique<ArrayImpl>(kernel, options);
    std::vector<std::string> notes;
    if (auto started = array->start(&notes); !started) return started.error();
    return std::unique_ptr<Array>(std::move(array));
}

ArrayImpl::ArrayImpl(Kernel& kernel, AssembleOptions options)
    : kernel_(kernel),
      options_(std::move(options)),
      disk_(kernel),
      inside_wait_(kernel, "md0 requests"),
      claims_wait_(kernel, "md0 is settled"),
      images_(std::make_shared<OpenImages>(kernel)) {}

// Whoever drops an Array should have stopped it. If not, this does: the images are left as after a kill only when that
// fails.
ArrayImpl::~ArrayImpl() {
    if (is_abandoned_) return;
    for (const MemberDisk& disk : member_disks()) {
        disk.pause->lift();
        disk.pause->release_all();
    }
    end_manager();  // else the stop might be told that a member is being added
    if (mddev_.load() != nullptr && !kernel_.halted()) {
        try {
            std::string ignored;
            stop(true, &ignored);
        } catch (const Halted&) {
            // An Oops while stopping: nothing more is written, as after one.
        }
    }
    if (mdmon_ != nullptr) mdmon_->stop();
    if (mddev_.load() != nullptr && kernel_.halted()) end_tasks(mddev());
    // A write that ended after the stop had looked may have set it once more, and it may be going off just now.
    for (const auto& md : mddevs_) kernel_.del_timer_sync(md->safemode_timer);
}

// After an Oops each task ends at its next sleep; nothing of the array may go before that. A timer that is set would go
// off once the kernel is restarted.
void ArrayImpl::end_tasks(Mddev& md) {
    // md's own first: it may be about to start the other.
    for (auto& thread_slot : {&md.thread, &md.sync_thread}) md_unregister_thread(md, *thread_slot);
    kernel_.del_timer_sync(md.safemode_timer);
}

// ---- the disk

int ArrayImpl::not_usable() const {
    if (kernel_.halted() || closing_.load()) return -EIO;
    const Mddev* mddev = mddev_.load();
    return mddev == nullptr || mddev->pers.peek() == nullptr ? -ENODEV : 0;
}

std::uint64_t ArrayImpl::size_bytes() const {
    return not_usable() == -ENODEV ? 0 : mddev_.load()->array_sectors.peek() << kSectorShift;
}

// After an Oops every wait of the dead kernel throws; its callers get EIO.
template <class Answer>
static auto or_eio(Answer answer) -> decltype(answer()) {
    try {
        return answer();
    } catch (const Halted&) {
        return -EIO;
    }
}

// A request counts from before it is let in, so whoever closes the door and then sees nobody inside is alone.
class ArrayImpl::Inside {
   public:
    explicit Inside(ArrayImpl& array) : array_(array) {
        const Aside aside(array_.kernel_);
        array_.inside_.inc();
    }
    ~Inside() {
        const Aside aside(array_.kernel_);
        if (array_.inside_.dec_and_test()) wake_up(array_.inside_wait_);
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    ArrayImpl& array_;
};

// Not of an array that closes: md would say so, too, but a forced stop closes it before md knows.
int ArrayImpl::open() {
    if (const int err = not_usable(); err != 0) return err == -EIO && !kernel_.halted() ? -ENODEV : err;
    return or_eio([&] { return md_open(mddev()); });
}

void ArrayImpl::release() {
    const SpinGuard guard(openers_lock_);
    if (revoked_ > 0)
        revoked_--;
    else
        md_release(mddev());
}

std::int64_t ArrayImpl::read(std::uint64_t offset, std::span<std::byte> buffer) {
    const Inside inside(*this);
    if (const int err = not_usable(); err != 0) return err;
    return or_eio([&]() -> std::int64_t { return disk_.read(mddev(), offset, buffer); });
}

std::int64_t ArrayImpl::write(std::uint64_t offset, std::span<const std::byte> data, bool fua) {
    const Inside inside(*this);
    if (const int err = not_usable(); err != 0) return err;
    return or_eio([&]() -> std::int64_t { return disk_.write(mddev(), offset, data, fua); });
}

int ArrayImpl::discard(std::uint64_t offset, std::uint64_t size) {
    const Inside inside(*this);
    if (const int err = not_usable(); err != 0) return err;
    return or_eio([&] { return disk_.discard(mddev(), offset, size); });
}

int ArrayImpl::flush() {
    const Inside inside(*this);
    if (const int err = not_usable(); err != 0) return err;
    return or_eio([&] { return disk_.flush(mddev()); });
}

void ArrayImpl::take_openers() {
    const SpinGuard guard(openers_lock_);
    revoked_ += mddev().openers.exchange(0);
}

void ArrayImpl::revoke_openers() {
    closing_ = true;
    take_openers();
}

// ---- one at a time

ArrayImpl::Claim::Claim(ArrayImpl& array, Kind kind) : array_(array), kind_(kind), found_(array.claims_.peek()) {
    const Aside aside(array_.kernel_);
    // The largest count that lets this one in: a stop wants to find nobody, a change of members no stop.
    const int most = kind == Kind::Alone ? 0 : std::numeric_limits<int>::max();
    while (!held_ && found_ >= 0 && found_ <= most)
        held_ = array_.claims_.compare_exchange(found_, kind == Kind::Alone ? kAlone : found_ + 1);
}

ArrayImpl::Claim::~Claim() {
    if (!held_) return;
    const Aside aside(array_.kernel_);
    if (kind_ == Kind::Alone)
        array_.claims_ = 0;
    else
        array_.claims_.dec();
    wake_up(array_.claims_wait_);
    if (kind_ == Kind::Alone) array_.wake_manager();  // it may have been turned away
}

int ArrayImpl::Claim::refused(std::string* why) const {
    if (held_) return 0;
    *why = fmt::format("{} {}; try again when that has ended (lab/tasks shows who sleeps where)", array_.options_.name,
                       found_ == kAlone ? "is being stopped or assembled" : "is having members added or removed");
    return -EALREADY;
}

void ArrayImpl::wait_until_settled() {
    wait_event(claims_wait_, claims_ == 0);
}

// ---- starting again

int ArrayImpl::reassemble(std::string* why, bool run) {
    const Claim claim(*this, Claim::Kind::Alone);
    if (const int err = claim.refused(why); err != 0) return err;
    return reassemble_claimed(why, run);
}

int ArrayImpl::reassemble_claimed(std::string* why, bool run) {
    Mddev& md = mddev();
    if (!kernel_.halted() && md.pers.load() != nullptr) {
        *why = fmt::format("{} is running", mdname(md));
        return -EBUSY;
    }
    if (!bios_drained()) {
        *why = fmt::format(
            "{} bios of the stopped array are still held or in flight; release them first: write 'all' into the "
            "mount's lab/release",
            bios().size());
        return -EBUSY;
    }
    if (kernel_.halted()) {
        take_openers();  // they had the dead array open, and will still call release()
        end_manager();
        if (mdmon_ != nullptr) mdmon_->stop();
        end_tasks(md);
        kernel_.restart();
        const SpinGuard guard(stacks_lock_);
        retired_.insert(retired_.end(), stacks_.begin(), stacks_.end());
        stacks_.clear();
    } else if (!rdev_list(md).empty()) {
        if (const int err = md_attr_store(md, "array_state", "clear"); err != 0) return err;
    }
    take_added_images();
    for (const std::string& image : options_.images) {
        if (wait_until_closed(name_of(image))) continue;
        *why = fmt::format("{} is still open: somebody is at its disk (hold, release, delay or fail)", image);
        return -EBUSY;
    }
    std::vector<std::string> notes;
    auto started = start(&notes, run);
    if (!started) {
        *why = started.error().text;
        return started.error().err != 0 ? -started.error().err : -EINVAL;
    }
    closing_ = false;  // of a stop that an Oops has ended
    Mddev& fresh = mddev();
    *why = fresh.recovery_cp == MaxSector ? "the array was recorded as clean: nothing is owed, so nothing is resynced"
                                          : "the array was recorded as dirty: what the bitmap has marked is resynced";
    return 0;
}

// ---- members' disks

std::shared_ptr<MemberStack> ArrayImpl::take_stack(std::unique_ptr<MemberStack> stack) {
    const Aside aside(kernel_);
    images_->opened(stack->name);
    std::shared_ptr<MemberStack> shared(stack.release(), [images = images_](MemberStack* last) {
        const std::string name = last->name;
        delete last;
        images->was_closed(name);
    });
    const SpinGuard guard(stacks_lock_);
    stacks_.push_back(shared);
    return shared;
}

// md has exported the member. Its image can be closed once nothing is in flight in it any more.
void ArrayImpl::close_member(Rdev& rdev) {
    if (!retire_stack(rdev)) return;
    drop_drained();
    if (on_member_closed) on_member_closed(rdev);
}

// False: it was before.
bool ArrayImpl::retire_stack(const Rdev& rdev) {
    const Aside aside(kernel_);
    const SpinGuard guard(stacks_lock_);
    const auto it = std::ranges::find_if(stacks_, [&](const auto& s) { return &s->top() == rdev.bdev; });
    if (it == stacks_.end()) return false;
    retired_.push_back(std::move(*it));
    stacks_.erase(it);
    return true;
}

void ArrayImpl::drop_drained() {
    const Aside aside(kernel_);
    std::vector<std::shared_ptr<MemberStack>> gone;  // closed after the lock: closing joins the disk's I/O task
    const SpinGuard guard(stacks_lock_);
    std::erase_if(retired_, [&](const auto& stack) {
        if (!stack->drained()) return false;
        gone.push_back(stack);
        return true;
    });
}

bool ArrayImpl::is_image_open(const std::string& member) const {
    const Aside aside(kernel_);
    return images_->contains(member);
}

// A member that was removed right after a failure still has something in flight, or somebody holds its disk. False:
// that is so for a long time, so perhaps on purpose (lab/hold).
bool ArrayImpl::wait_until_closed(const std::string& member) {
    const std::uint64_t deadline = kernel_.ktime_ns() + kImagePatience;
    while (is_image_open(member)) {
        if (kernel_.ktime_ns() >= deadline) return false;
        drop_drained();  // Nobody announces that a disk has nothing in flight any more, so look now and then.
        (void)wait_event_timeout(images_->closed, !images_->contains(member), kNsPerMs);
    }
    return true;
}

std::vector<Array::MemberDisk> ArrayImpl::member_disks() {
    std::vector<MemberDisk> disks;
    const SpinGuard guard(stacks_lock_);
    for (const auto* list : {&stacks_, &retired_})
        for (const auto& stack : *list)
            disks.push_back({stack->name, &stack->pause, &stack->delay, &stack->fault, stack});
    return disks;
}

std::vector<BioInfo> ArrayImpl::bios() const {
    std::vector<std::shared_ptr<MemberStack>> all;
    {
        const SpinGuard guard(stacks_lock_);
        all = stacks_;
        all.insert(all.end(), retired_.begin(), retired_.end());
    }
    std::vector<BioInfo> list;
    for (const auto& stack : all)
        for (BioInfo& bio : stack->bios()) list.push_back(std::move(bio));
    std::ranges::sort(list, {}, &BioInfo::id);
    return list;
}

// ---- who listens

void ArrayImpl::set_notify(std::function<void(const std::string&)> observer) {
    const SpinGuard guard(observer_lock_);
    observer_ = std::move(observer);
    is_watched_ = static_cast<bool>(observer_);
}

void ArrayImpl::notify(const char* path) const {
    if (!is_watched_.load()) return;  // Without the lock: a simulation has nobody, and must not stop here.
    std::function<void(const std::string&)> observer;
    {
        const SpinGuard guard(observer_lock_);
        observer = observer_;
    }
    if (observer) observer(path);
}

void ArrayImpl::notify_members() const {
    if (!is_watched_.load()) return;
    std::vector<std::string> paths;
    {
        const SpinGuard guard(stacks_lock_);
        for (const auto& stack : stacks_) paths.push_back("md/dev-" + stack->name + "/state");
    }
    for (const std::string& path : paths) notify(path.c_str());
}

void ArrayImpl::connect_notifiers(Mddev& mddev) {
    mddev.sysfs_state.observer = [this, &mddev] {
        trace_array_state(mddev);
        notify("md/array_state");
    };
    mddev.sysfs_action.observer = [this] { notify("md/sync_action"); };
    mddev.sysfs_completed.observer = [this] { notify("md/sync_completed"); };
    mddev.sysfs_degraded.observer = [this] { notify("md/degraded"); };
    mddev.sysfs_rdev.observer = [this] { notify_members(); };
    mddev.sysfs_can_clear.observer = [this] { notify("md/bitmap/can_clear"); };
    mddev.mdstat_event.observer = [this] { notify("mdstat"); };
    for (SysfsNotifier* notifier : {&mddev.sysfs_state, &mddev.mdstat_event}) notifier->also = &mddev.sysfs_wait;
    mddev.on_export = [this](Rdev& rdev) { close_member(rdev); };
    mddev.on_new_dev = [this](std::string_view text) { return new_dev(text); };
    mddev.on_sync_blockdev = [this, &mddev] { return close_disk(mddev); };
    mddev.on_bitmap_location = [this, &mddev](std::int64_t offset) { return record_bitmap(mddev, offset); };
    mddev.on_bitmap_settings = [this, &mddev] { return record_settings(mddev); };
    mddev.on_component_size = [this, &mddev](Sector sectors) { return record_size(mddev, sectors); };
    mddev.on_member_flags = [this, &mddev](const Rdev& rdev) { return record_member_flags(mddev, rdev); };
}

}  // namespace mdscope
