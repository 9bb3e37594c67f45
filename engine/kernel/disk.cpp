// SPDX-License-Identifier: MIT
// The layers between a member and its image: fail, delay, hold.
//
// Each keeps its rules under a SpinLock and asks a single flag first; a layer without rules only forwards. The flag is
// peeked at, so an idle layer is no step of a simulated schedule. Forwarding happens without the lock, since what is
// below may block and may complete the bio at once.
//
// A completion that runs into an Oops throws Halted. Where a bio is performed on behalf of somebody else (a release, a
// delay that is over), that ends here: the other bios still have to come back.
//
// A data bio points at the buffer of its submitter, who has unwound with EIO when the kernel has met an Oops; the
// buffer is used for something else by then. So such a bio is not performed any more, and one that is being performed
// keeps its submitter (BorrowedData). It ends without an error all the same: for an error raid1 asks its thread, which
// has ended, and the request would never come back. Metadata has buffers of its own, and is written as it would be by
// a disk that had it in its cache.
#include "engine/kernel/disk.hpp"

#include <algorithm>
#include <cerrno>

#include "engine/kernel/shown.hpp"
#include "engine/kernel/trace.hpp"

namespace mdscope {

bool BioFilter::matches(const Bio& bio) const {
    if (!kinds.empty() && std::ranges::find(kinds, bio.bi_kind) == kinds.end()) return false;
    if (!ops.empty() && std::ranges::find(ops, bio.bi_op) == ops.end()) return false;
    const Sector end = std::max(bio_end_sector(bio), bio.bi_sector + 1);  // A flush has no size, but a place.
    return bio.bi_sector <= last && end > first;
}

std::string disk_name(const std::string& path) {
    std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 == 0: no folder
    if (name.size() > 4 && name.ends_with(".img")) name.resize(name.size() - 4);
    return shown(name);  // it goes into mdstat, the log, and names of folders
}

BioInfo bio_info(const Bio& bio, const std::string& member, bool held, std::uint64_t since_ns) {
    return {bio.bi_id, member, bio.bi_kind, bio.bi_op, bio.bi_sector, bio.bi_size, held, since_ns};
}

namespace {

bool lost_its_buffer(const Kernel& kernel, const Bio& bio) {
    return kernel.halted() && (bio.bi_kind == BioKind::Data || bio.bi_kind == BioKind::Resync);
}

void submit_for_somebody(Kernel& kernel, Disk& disk, Bio* bio) {
    const BorrowedData borrowed(kernel);
    try {
        if (lost_its_buffer(kernel, *bio))
            bio_endio(bio, 0);
        else
            disk.submit(bio);
    } catch (const Halted&) {  // On record already.
    }
}

}  // namespace

// ---- FaultDisk

void FaultDisk::submit(Bio* bio) {
    if (armed_.peek()) [[unlikely]] {
        if (const int error = verdict(*bio); error != 0) {
            below().submit_to_fail(bio, error);
            return;
        }
    }
    below().submit(bio);
}

int FaultDisk::verdict(const Bio& bio) {
    const SpinGuard guard(lock_);
    for (FaultRule& rule : rules_) {
        if (!rule.filter.matches(bio)) continue;
        if (rule.skip > 0) {
            rule.skip--;
        } else if (rule.count > 0) {
            rule.count--;
            return rule.error;
        }
    }
    return 0;
}

void FaultDisk::add_rule(const FaultRule& rule) {
    {
        const SpinGuard guard(lock_);
        rules_.push_back(rule);
    }
    armed_ = true;
}

void FaultDisk::clear_rules() {
    armed_ = false;
    const SpinGuard guard(lock_);
    rules_.clear();
}

// ---- DelayDisk

DelayDisk::DelayDisk(Kernel& kernel, Disk& below)
    : LayerDisk(below), kernel_(kernel), queue_(kernel, "DelayDisk::queue") {}

DelayDisk::~DelayDisk() {
    stopping_ = true;
    wake_up(queue_);
    if (Task* task = task_.load(); task != nullptr) kernel_.kthread_join(task);
}

void DelayDisk::set_delay(const BioFilter& filter, std::uint64_t delay_ns) {
    {
        const SpinGuard guard(lock_);
        filter_ = filter;
    }
    delay_ns_ = delay_ns;
}

void DelayDisk::submit(Bio* bio) {
    const std::uint64_t delay_ns = delay_ns_.peek();
    if (delay_ns == 0 || !keep(bio, delay_ns)) [[likely]] {
        below().submit(bio);
        return;
    }
    arrivals_.inc();
    wake_up(queue_);
}

bool DelayDisk::keep(Bio* bio, std::uint64_t delay_ns) {
    const std::uint64_t now_ns = kernel_.ktime_ns();
    bool must_start = false;
    {
        const SpinGuard guard(lock_);
        if (!filter_.matches(*bio)) return false;
        if (bio->bi_id == 0) bio->bi_id = kernel_.next_bio_id();
        delayed_.push_back({bio, now_ns, now_ns + delay_ns});
        must_start = !std::exchange(started_, true);
    }
    if (must_start) task_ = kernel_.kthread_run(name() + "_delay", [this] { forward_when_due(); });
    return true;
}

void DelayDisk::forward_when_due() {
    for (;;) {
        const std::uint64_t arrivals = arrivals_;  // Read before looking, so that one that comes now ends the wait.
        const std::uint64_t now_ns = kernel_.ktime_ns();
        std::uint64_t next_due_ns = kForever;
        if (Bio* bio = take_due(now_ns, &next_due_ns); bio != nullptr) {
            submit_for_somebody(kernel_, below(), bio);
            continue;
        }
        if (stopping_) return;
        auto has_news = [&] { return arrivals_ != arrivals || stopping_; };
        const std::uint64_t timeout_ns = next_due_ns == kForever ? kForever : next_due_ns - now_ns;
        queue_.wait("a bio's delay is over", has_news, {.timeout_ns = timeout_ns, .through_halt = true});
    }
}

// The bio whose delay is over, the one longest due first; otherwise nullptr and when to look again.
Bio* DelayDisk::take_due(std::uint64_t now_ns, std::uint64_t* next_due_ns) {
    const SpinGuard guard(lock_);
    const auto first = std::ranges::min_element(delayed_, {}, &Delayed::due_ns);
    if (first == delayed_.end()) return nullptr;
    if (first->due_ns > now_ns && !stopping_.peek()) {
        *next_due_ns = first->due_ns;
        return nullptr;
    }
    Bio* bio = first->bio;
    delayed_.erase(first);
    return bio;
}

void DelayDisk::append_in_flight(std::vector<BioInfo>& list) const {
    {
        const SpinGuard guard(lock_);
        for (const Delayed& delayed : delayed_) list.push_back(bio_info(*delayed.bio, name(), false, delayed.since_ns));
    }
    below().append_in_flight(list);
}

// ---- PauseDisk

PauseDisk::PauseDisk(Kernel& kernel, Disk& below) : LayerDisk(below), kernel_(kernel) {}

PauseDisk::~PauseDisk() = default;

void PauseDisk::submit(Bio* bio) {
    if (armed_.peek() && keep(bio)) [[unlikely]]
        return;
    below().submit(bio);
}

bool PauseDisk::keep(Bio* bio) {
    const std::uint64_t now_ns = kernel_.ktime_ns();
    const SpinGuard guard(lock_);
    if (std::ranges::none_of(rules_, [bio](const BioFilter& rule) { return rule.matches(*bio); })) return false;
    if (bio->bi_id == 0) bio->bi_id = kernel_.next_bio_id();
    held_.push_back({bio, now_ns});
    TRACE(kernel_, bio_held, kBioKinds[bio->bi_kind], name(), bio->bi_sector);
    return true;
}

void PauseDisk::hold(const BioFilter& filter) {
    {
        const SpinGuard guard(lock_);
        rules_.push_back(filter);
    }
    armed_ = true;
}

void PauseDisk::lift() {
    armed_ = false;
    const SpinGuard guard(lock_);
    rules_.clear();
}

std::size_t PauseDisk::release_all() {
    std::vector<Held> released;
    {
        const SpinGuard guard(lock_);
        released.swap(held_);
    }
    for (const Held& held : released) {
        TRACE(kernel_, bio_released, kBioKinds[held.bio->bi_kind], name(), held.bio->bi_sector);
        submit_for_somebody(kernel_, below(), held.bio);
    }
    return released.size();
}

bool PauseDisk::release(std::uint64_t id) {
    Bio* bio = nullptr;
    {
        const SpinGuard guard(lock_);
        const auto found = std::ranges::find_if(held_, [id](const Held& held) { return held.bio->bi_id == id; });
        if (found == held_.end()) return false;
        bio = found->bio;
        held_.erase(found);
    }
    TRACE(kernel_, bio_released, kBioKinds[bio->bi_kind], name(), bio->bi_sector);
    submit_for_somebody(kernel_, below(), bio);
    return true;
}

std::vector<BioInfo> PauseDisk::held() const {
    std::vector<BioInfo> list;
    const SpinGuard guard(lock_);
    for (const Held& held : held_) list.push_back(bio_info(*held.bio, name(), true, held.since_ns));
    return list;
}

}  // namespace mdscope
