// SPDX-License-Identifier: MIT
// One pass of mdmon: read everything, write the sidecar, then write what the sidecar allows. See the table in
// mdmon.hpp.
//
// Why the members are looked at twice: between the first look and `active` a member may fail. Its failed write waits
// for PENDING to be cleared, which is just what `active` does, so with a new failure in sight `active` waits for the
// next pass, which records the failure first. (Of the few instructions between the second look and the store md takes
// care: a write ends only when `-blocked` was written, too. On Linux mdmon has that gap.)
#include <fmt/format.h>

#include <algorithm>

#include "engine/md/sysfs/sysfs.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/mdadm/mdmon/mdmon_look.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kSaveRetryNs = kNsPerSec;
constexpr std::uint64_t kBusyRetryNs = 100 * kNsPerMs;
constexpr Sector kCheckpointParts = 16;

bool is_open(std::string_view array_state) {  // dirty, or about to be
    return array_state == "write-pending" || array_state == "active" || array_state == "active-idle";
}

bool is_clean(std::string_view array_state) {
    return array_state == "clean" || array_state == "broken";
}

// A slot has one owner; who had it before (a failed member, now replaced) loses it.
void give_slot(Container& container, ContainerMember& member, int slot) {
    for (ContainerMember& other : container.members)
        if (&other != &member && other.slot == slot) other.slot = -1;
    member.slot = slot;
}

// Positions without their progress: what is left differs only when something happened.
Container without_positions(Container container) {
    const auto flatten = [](Sector& position) { position = position == MaxSector ? MaxSector : 0; };
    container.generation = 0;
    flatten(container.resync_start);
    for (ContainerMember& member : container.members) flatten(member.recovery_start);
    return container;
}

// All that is written, but for the number of the writing.
bool is_same(Container a, const Container& b) {
    a.generation = b.generation;
    return a == b;
}

bool moved_far(Sector from, Sector to, Sector size) {
    return (from < to ? to - from : from - to) > size / kCheckpointParts;
}

bool positions_moved_far(const Container& from, const Container& to) {
    if (moved_far(from.resync_start, to.resync_start, to.size)) return true;
    for (std::size_t i = 0; i < to.members.size(); i++)
        if (moved_far(from.members[i].recovery_start, to.members[i].recovery_start, to.size)) return true;
    return false;
}

}  // namespace

// ---- looking

bool mdmon::is_running(std::string_view array_state) {
    return !array_state.empty() && array_state != "clear" && array_state != "inactive";
}

std::string mdmon::read_attr(Mddev& mddev, const char* name) {
    const MdAttr* attr = find_md_attr(name);
    MD_CHECK(attr != nullptr && attr->show != nullptr);
    if (!md_attr_visible(mddev, *attr)) return {};
    return std::string(sysfs::without_newline(attr->show(mddev)));
}

Sector mdmon::sectors_of(const std::string& text) {
    std::uint64_t sectors = 0;
    return sysfs::kstrtoull(text, &sectors) == 0 ? sectors : MaxSector;
}

namespace {

std::string read_rdev_attr(Rdev& rdev, const char* name) {
    const RdevAttr* attr = find_rdev_attr(name);
    MD_CHECK(attr != nullptr && attr->show != nullptr);
    return std::string(sysfs::without_newline(attr->show(rdev)));
}

bool has_word(const std::string& words, std::string_view word) {
    std::size_t start = 0;
    while (start <= words.size()) {
        const std::size_t end = std::min(words.find(',', start), words.size());
        if (std::string_view(words).substr(start, end - start) == word) return true;
        start = end + 1;
    }
    return false;
}

}  // namespace

Mdmon::Seen Mdmon::look() const {
    Seen seen;
    seen.array_state = mdmon::read_attr(mddev_, "array_state");  // first: a failure shows here before it is over
    seen.sync_action = mdmon::read_attr(mddev_, "sync_action");
    if (seen.sync_action.empty()) seen.sync_action = "idle";
    seen.metadata_version = mdmon::read_attr(mddev_, "metadata_version");
    seen.resync_start = mdmon::sectors_of(mdmon::read_attr(mddev_, "resync_start"));
    for (Rdev* rdev : rdev_list(mddev_)) {
        MemberSeen& member = seen.members.emplace_back();
        const std::string slot = read_rdev_attr(*rdev, "slot");  // before the state: see join_slot
        const std::string words = read_rdev_attr(*rdev, "state");
        member.rdev = rdev;
        member.name = rdev->name;
        member.uuid = rdev->label_uuid;
        (void)sysfs::kstrtoint(slot, &member.slot);  // `none` leaves it at -1
        member.recovery_start = mdmon::sectors_of(read_rdev_attr(*rdev, "recovery_start"));
        member.faulty = has_word(words, "faulty");
        member.in_sync = has_word(words, "in_sync");
        member.blocked = has_word(words, "blocked");
        member.replacement = has_word(words, "replacement");
        member.write_mostly = has_word(words, "write_mostly");
        member.failfast = has_word(words, "failfast");
    }
    const std::string state_after = mdmon::read_attr(mddev_, "array_state");
    seen.runs_still = mdmon::is_running(state_after);
    seen.is_there_still = seen.runs_still || state_after == "inactive";
    return seen;
}

// ---- the sidecar's side

// Members with a part in the array that were bound and are not any more. A stop takes all of them: it may have come
// while we looked, so the array has to run still when the list of its members was read.
template <class Seen>
static std::vector<const ContainerMember*> gone_members(const Container& container, const std::set<Uuid>& before,
                                                        const Seen& now) {
    std::vector<const ContainerMember*> gone;
    if (!now.runs_still) return gone;
    for (const ContainerMember& member : container.members) {
        const bool has_part = member.state == "in_sync" || member.state == "rebuilding";
        const bool is_there =
            std::ranges::any_of(now.members, [&](const auto& seen) { return seen.uuid == member.uuid; });
        if (has_part && before.contains(member.uuid) && !is_there) gone.push_back(&member);
    }
    return gone;
}

void Mdmon::record_member(const MemberSeen& seen) {
    ContainerMember* const member = find_member(next_, seen.uuid);
    if (member == nullptr) {
        if (strangers_.insert(seen.name).second)
            kernel_.printk(LogLevel::Warn,
                           fmt::format("mdmon: {}: {} has no place in {} and will not be assembled with the others",
                                       mdname(mddev_), seen.name, store_->name()));
        return;
    }
    member->write_mostly = seen.write_mostly;
    member->failfast = seen.failfast;
    member->recovery_start = MaxSector;
    if (seen.faulty) {
        member->state = "faulty";  // and it keeps its slot on record, for whoever re-adds it
    } else if (seen.slot < 0 || seen.replacement) {
        member->state = "spare";
        member->slot = -1;
    } else {
        give_slot(next_, *member, seen.slot);
        member->state = seen.in_sync ? "in_sync" : "rebuilding";
        if (!seen.in_sync) member->recovery_start = std::min(seen.recovery_start, next_.size);
    }
}

// Brings next_ up to what was seen of an array that runs or has just become inactive.
void Mdmon::record(const Seen& seen) {
    if (is_open(seen.array_state)) next_.dirty = true;
    if (is_clean(seen.array_state) || !mdmon::is_running(seen.array_state)) next_.dirty = false;
    // A stop in one step forgets it, and may have come while we looked.
    if (seen.is_there_still)
        next_.resync_start = seen.resync_start == MaxSector ? MaxSector : std::min(seen.resync_start, next_.size);
    record_gone(seen);
    working_.clear();
    seen_.clear();
    for (const MemberSeen& member : seen.members) {
        record_member(member);
        seen_.insert(member.uuid);
        if (member.slot >= 0 && !member.faulty) working_.insert(member.name);
    }
}

// A member leaves an array that runs only after it has failed, and whoever took it out may have been quicker than we
// looked.
void Mdmon::record_gone(const Seen& seen) {
    for (const ContainerMember* gone : gone_members(next_, seen_, seen))
        find_member(next_, gone->uuid)->state = "faulty";
}

bool Mdmon::has_unrecorded_failure(const Seen& seen) const {
    const auto is_news = [&](const MemberSeen& member) {
        const ContainerMember* const recorded = find_member(next_, member.uuid);
        return member.faulty && recorded != nullptr && recorded->state != "faulty";
    };
    return std::ranges::any_of(seen.members, is_news) || !gone_members(next_, seen_, seen).empty();
}

// Progress alone is written now and then, and when the sync has ended; everything else at once.
bool Mdmon::is_due(const Seen& seen) const {
    if (read_only) return false;
    const Container durable = container();
    if (unsure_) return true;
    if (!is_same(without_positions(durable), without_positions(next_))) return true;
    if (seen.sync_action == "idle") return !is_same(durable, next_);
    return positions_moved_far(durable, next_);
}

// ---- the array's side

int Mdmon::write_array_state(const char* word) {
    if (kernel_.halted()) throw Halted();
    int err = 0;
    do {
        err = answer_array_state(mddev_, word);
    } while (err == -EINTR && !stopping_);
    return err;
}

bool Mdmon::owes_repair(const Seen& seen) const {
    if (next_.dirty || next_.resync_start != MaxSector) return true;
    return std::any_of(seen.members.begin(), seen.members.end(),
                       [](const MemberSeen& member) { return !member.faulty && !member.in_sync; });
}

bool Mdmon::has_empty_slot(const Seen& seen) const {
    const bool is_frozen = seen.metadata_version.starts_with("external:-");
    return !is_frozen && seen.sync_action == "idle" && static_cast<int>(seen.members.size()) < next_.raid_disks;
}

// The word to write into array_state, or nullptr.
const char* Mdmon::answer_to(const Seen& seen) const {
    if (seen.array_state == "write-pending") return "active";
    if (seen.array_state == "active-idle") return "clean";
    if (seen.array_state == "active" && !want_clean_.empty()) return "clean";
    if (seen.array_state == "readonly" && !seen.metadata_version.starts_with("external:-"))
        return owes_repair(seen) ? "active" : "read-auto";
    const bool failed = std::any_of(seen.members.begin(), seen.members.end(), [](const auto& m) { return m.faulty; });
    if (seen.array_state == "read-auto" && failed) return "active";
    return nullptr;
}

void Mdmon::act_on_state(const Seen& seen) {
    const char* const word = answer_to(seen);
    if (word == nullptr) return;
    // md_error and the removal announce it: the next pass is on its way.
    if (seen.array_state == "write-pending" && has_unrecorded_failure(look())) return;
    // -EBUSY to `clean`: a write came in between. The state has moved, and so has the generation.
    (void)write_array_state(word);
}

void Mdmon::act_on_members(const Seen& seen) {
    for (const MemberSeen& member : seen.members) {
        if (!member.faulty) continue;
        if (kernel_.halted()) throw Halted();
        if (member.blocked) (void)rdev_attr_store(*member.rdev, "state", "-blocked");
        if (!remove_faulty) continue;
        // Busy while its slot or its I/O still holds it; gone (-ENODEV) is as good as done.
        const int err = rdev_attr_store(*member.rdev, "state", "remove");
        if (err == -EBUSY || err == -EINTR) retry_ns_ = std::min(retry_ns_, kBusyRetryNs);
    }
}

// The array is stopped, or has been stopped in one step by somebody else; then there is nothing left to clear.
void Mdmon::act_on_stop(const Seen& seen) {
    // After `clear` members and positions are forgotten already, and nobody is left to be flushed: what was recorded
    // stands.
    if (seen.array_state == "inactive") record(seen);
    // Whether it could be recorded or not, the array goes: a sidecar that still says dirty costs a resync, no more.
    if (is_due(seen)) (void)save();
    if (seen.array_state == "inactive" && write_array_state("clear") != 0) {
        retry_ns_ = kBusyRetryNs;
        return;
    }
    stopped_ = true;
}

void Mdmon::read_and_act() {
    MD_FRAME("read_and_act");
    const Seen seen = look();
    if (!mdmon::is_running(seen.array_state)) {
        if (was_running_) act_on_stop(seen);
        return;
    }
    was_running_ = true;
    record(seen);
    if (is_due(seen) && save() != 0 && !given_up_) {
        retry_ns_ = kSaveRetryNs;
        return;
    }
    act_on_state(seen);
    act_on_members(seen);
    if (on_empty_slot && has_empty_slot(seen)) on_empty_slot();
}

}  // namespace mdscope
