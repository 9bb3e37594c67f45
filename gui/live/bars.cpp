// SPDX-License-Identifier: MIT

#include "gui/live/bars.hpp"

#include <algorithm>
#include <set>

namespace mdscope::gui {

namespace {

using trace::Point;

constexpr std::uint64_t kSettleNs = 1'000'000'000;  // a snapshot may be older than the events that were read before it

std::tuple<NameId, NameId, std::uint64_t> key_of(const HistoryEvent& event) {
    return {event.names[0], event.names[1], static_cast<std::uint64_t>(event.numbers[2])};
}

}  // namespace

void Bars::add(const HistoryEvent& event) {
    if (event.point == kUnknownPoint) return;
    switch (static_cast<Point>(event.point)) {
        case Point::bio_submitted:
            return begin_bio(event, false);
        case Point::bio_completed:
            if (const auto open = open_bios_.lower_bound(key_of(event));
                open != open_bios_.end() && open->first == key_of(event))
                end_bio(open, event.at_ns, false);
            return;
        case Point::bio_held:
            return hold_bio(event);
        case Point::bio_released:
            return release_bio(event);
        case Point::wait_begin:
            return begin_task(event, TaskBarKind::Wait);
        case Point::daemon_begin:
            return begin_task(event, TaskBarKind::Daemon);
        case Point::wait_end:
        case Point::daemon_end: {
            const TaskBarKind kind = event.is(Point::wait_end) ? TaskBarKind::Wait : TaskBarKind::Daemon;
            if (const auto open = open_tasks_.find({event.pid, kind}); open != open_tasks_.end())
                end_task(open, event.at_ns, false);
            return;
        }
        default:
            return;
    }
}

// ---- bios

void Bars::begin_bio(const HistoryEvent& event, bool is_data) {
    make_room(event.at_ns);
    BioBar bar;
    bar.begin_ns = event.at_ns;
    bar.seq = event.seq;
    std::tie(bar.kind, bar.member, bar.sector) = key_of(event);
    bar.is_data = is_data;
    open_bios_.emplace(key_of(event), bar);
}

void Bars::end_bio(OpenBios::iterator open, std::uint64_t at_ns, bool cut) {
    BioBar bar = open->second;
    open_bios_.erase(open);
    bar.end_ns = std::max(at_ns, bar.begin_ns);
    bar.cut = cut;
    cut_ += cut ? 1 : 0;
    gone_ += bios_.push(bar);
}

// A bio that was submitted before, or one of those whose submission is not traced.
void Bars::hold_bio(const HistoryEvent& event) {
    const auto [first, last] = open_bios_.equal_range(key_of(event));
    auto open = std::find_if(first, last, [](const auto& one) { return one.second.held_ns == 0; });
    if (open == last) {
        begin_bio(event, true);
        open = std::prev(open_bios_.upper_bound(key_of(event)));
    }
    open->second.held_ns = std::max<std::uint64_t>(event.at_ns, 1);
}

void Bars::release_bio(const HistoryEvent& event) {
    const auto [first, last] = open_bios_.equal_range(key_of(event));
    const auto open = std::find_if(first, last, [](const auto& one) { return one.second.is_held(); });
    if (open == last) return;
    open->second.released_ns = std::max<std::uint64_t>(event.at_ns, 1);
    if (open->second.is_data) end_bio(open, event.at_ns, false);
}

void Bars::compare(const Snapshot& snapshot, Names& names) {
    if (open_bios_.empty() || snapshot.bios_total != snapshot.bios.size()) return;  // or it does not list them all
    std::set<BioKey> there;
    for (const SnapshotBio& bio : snapshot.bios)
        there.emplace(names.id_of(bio.kind), names.id_of(bio.member), bio.sector);
    std::set<NameId> members;
    for (const SnapshotMember& member : snapshot.members) members.insert(names.id_of(member.name));
    for (auto open = open_bios_.begin(); open != open_bios_.end();) {
        const auto at = open++;
        const bool is_listed = there.contains(at->first) || !members.contains(at->second.member);
        if (!is_listed && at->second.begin_ns + kSettleNs < snapshot.at_ns) end_bio(at, snapshot.at_ns, true);
    }
}

// ---- tasks

void Bars::begin_task(const HistoryEvent& event, TaskBarKind kind) {
    const TaskKey key{event.pid, kind};
    if (const auto open = open_tasks_.find(key); open != open_tasks_.end()) end_task(open, event.at_ns, true);
    make_room(event.at_ns);
    TaskBar bar;
    bar.begin_ns = event.at_ns;
    bar.seq = event.seq;
    bar.pid = event.pid;
    bar.task = event.task;
    bar.kind = kind;
    bar.label = event.names[0];
    bar.detail = event.names[1];
    open_tasks_.emplace(key, bar);
}

void Bars::end_task(OpenTasks::iterator open, std::uint64_t at_ns, bool cut) {
    TaskBar bar = open->second;
    open_tasks_.erase(open);
    bar.end_ns = std::max(at_ns, bar.begin_ns);
    bar.cut = cut;
    cut_ += cut ? 1 : 0;
    gone_ += tasks_.push(bar);
}

// ---- bounds

namespace {

// The bars that began before the median: half of them.
template <class Open, class End>
void cut_older_half(Open& open, End&& end) {
    std::vector<std::uint64_t> begins;
    begins.reserve(open.size());
    for (const auto& [key, bar] : open) begins.push_back(bar.begin_ns);
    const auto middle = begins.begin() + static_cast<std::ptrdiff_t>(begins.size() / 2);
    std::nth_element(begins.begin(), middle, begins.end());
    std::size_t wanted = begins.size() / 2;
    for (auto at = open.begin(); at != open.end() && wanted != 0;) {
        const auto next = std::next(at);
        if (at->second.begin_ns <= *middle) {
            end(at);
            --wanted;
        }
        at = next;
    }
}

}  // namespace

void Bars::make_room(std::uint64_t at_ns) {
    if (open_bios_.size() >= kMostOpen)
        cut_older_half(open_bios_, [&](OpenBios::iterator at) { end_bio(at, at_ns, true); });
    if (open_tasks_.size() >= kMostOpen)
        cut_older_half(open_tasks_, [&](OpenTasks::iterator at) { end_task(at, at_ns, true); });
}

void Bars::cut_all(std::uint64_t at_ns) {
    while (!open_bios_.empty()) end_bio(open_bios_.begin(), at_ns, true);
    while (!open_tasks_.empty()) end_task(open_tasks_.begin(), at_ns, true);
}

void Bars::clear() {
    *this = Bars();
}

std::vector<BioBar> Bars::open_bios() const {
    std::vector<BioBar> list;
    for (const auto& [key, bar] : open_bios_) list.push_back(bar);
    std::ranges::sort(list, {}, &BioBar::seq);
    return list;
}

std::vector<TaskBar> Bars::open_tasks() const {
    std::vector<TaskBar> list;
    for (const auto& [key, bar] : open_tasks_) list.push_back(bar);
    std::ranges::sort(list, {}, &TaskBar::seq);
    return list;
}

namespace {
constexpr std::size_t kNode = 4 * sizeof(void*);  // of a map
}

std::size_t Bars::bytes() const {
    return bios_.bytes() + tasks_.bytes() + open_bios_.size() * (sizeof(OpenBios::value_type) + kNode) +
           open_tasks_.size() * (sizeof(OpenTasks::value_type) + kNode);
}

std::size_t Bars::max_bytes() {
    return kBioBlocks * 4096 * sizeof(BioBar) + kTaskBlocks * 4096 * sizeof(TaskBar) +
           (kMostOpen + 1) * (sizeof(OpenBios::value_type) + sizeof(OpenTasks::value_type) + 2 * kNode);
}

}  // namespace mdscope::gui
