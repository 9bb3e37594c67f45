// SPDX-License-Identifier: MIT

#include "gui/panels/live_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/look/waits.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr std::size_t kMostTaskLanes = 12;
constexpr std::uint64_t kSettleNs = 1'000'000'000;  // a snapshot may be older than the events beside it
constexpr float kNear = 3;                          // pixels between two gaps that are drawn as one

// Waiting for work is what tasks do all day; waiting for md's counters and locks is what there is to see.
Role role_of_task(const TaskBar& task, const std::string& queue) {
    if (task.kind == TaskBarKind::Daemon) return Role::daemon;
    return is_wait_of_md(queue) ? Role::safe : Role::idle;
}

// Under load a window holds some hundred thousand bars, and is drawn 60 times a second: what is folded away must cost
// next to nothing. So lanes are found by number, and words are made only for bars that are wide enough to be read.
class Builder {
   public:
    Builder(LivePage& page, float width)
        : page_(page),
          history_(page.history()),
          left_(page.time.left(history_.last_ns)),
          right_(page.time.right(history_.last_ns)),
          columns_(static_cast<std::size_t>(std::max(width, 1.0F)) + 1),
          pixels_a_ns_(static_cast<double>(width) / static_cast<double>(std::max<std::uint64_t>(right_ - left_, 1))) {}

    std::vector<LiveLane> build() {
        std::set<std::string> members;
        for (const SnapshotMember& member : page_.view().snapshot->members) members.insert(member.name + " bios");
        for (const std::string& member : members) lane_of(member);
        add_bios();
        add_tasks();
        std::vector<LiveLane> lanes;
        std::size_t tasks = 0;
        for (const bool wants_members : {true, false})
            for (const std::string& name : page_.lanes) {
                const bool is_member = name.ends_with(" bios");
                if (is_member != wants_members || (!is_member && ++tasks > kMostTaskLanes)) continue;
                LiveLane lane{name, 1, is_member, std::move(filling_[name].bars)};
                put_in_rows(lane);
                lanes.push_back(std::move(lane));
            }
        return lanes;
    }

   private:
    struct Filling {
        std::vector<LiveBar> bars;
        // Columns of pixels in which a narrow bar of this colour lies already.
        std::map<Role, std::vector<bool>> taken;
    };

    // Known from now on, even when there is nothing in it: lanes do not come and go.
    Filling& lane_of(const std::string& name) {
        if (std::ranges::find(page_.lanes, name) == page_.lanes.end()) page_.lanes.push_back(name);
        return filling_[name];
    }
    Filling& lane_of(NameId name, bool is_member) {
        std::vector<Filling*>& known = is_member ? of_member_ : of_task_;
        if (known.size() <= name) known.resize(name + std::size_t{1});
        if (known[name] == nullptr) known[name] = &lane_of(history_.name(name) + (is_member ? " bios" : ""));
        return *known[name];
    }
    Role role_of(NameId member, NameId kind) {
        const auto [known, is_new] = roles_.try_emplace({member, kind}, Role::idle);
        if (is_new) known->second = gui::role_of(default_exhibit(), {history_.name(member), history_.name(kind), 0});
        return known->second;
    }
    [[nodiscard]] float x_of(std::uint64_t ns) const {
        return static_cast<float>((static_cast<double>(ns) - static_cast<double>(left_)) * pixels_a_ns_);
    }
    // False: it is out of sight, or lies within a pixel that has one like it already.
    bool place(LiveBar& bar, Filling& lane) {
        if (bar.end_ns < left_ || bar.begin_ns > right_) return false;
        bar.left = x_of(std::max(bar.begin_ns, left_));
        bar.right = x_of(std::min(bar.end_ns, right_));
        if (bar.right - bar.left >= 1) return true;
        std::vector<bool>& taken = lane.taken[bar.role];
        taken.resize(columns_);
        const std::size_t column = std::min(columns_ - 1, static_cast<std::size_t>(bar.left));
        if (taken[column]) return false;
        taken[column] = true;
        return true;
    }

    void add_bios() {
        const auto end_of = [](const BioBar& bar) { return bar.end_ns; };
        const auto& ended = history_.bios;
        for (std::size_t i = ended.lower_bound(end_of, left_); i < ended.size(); i++) add_bio(ended[i]);
        for (const BioBar& open : history_.open_bios) add_bio(open);
        for (const SnapshotBio& bio : page_.view().snapshot->bios)
            if (is_worth_a_bar(bio) && !is_open_bar(bio)) add_seen(bio);
    }
    [[nodiscard]] bool is_open_bar(const SnapshotBio& bio) const {
        return std::ranges::any_of(history_.open_bios, [&](const BioBar& bar) {
            return bar.sector == bio.sector && history_.name(bar.member) == bio.member &&
                   history_.name(bar.kind) == bio.kind;
        });
    }
    // In flight since before anybody traced, or since events were missing: a snapshot knows it, no event does.
    [[nodiscard]] bool is_worth_a_bar(const SnapshotBio& bio) const {
        const bool is_metadata = bio.kind != kBioKinds[BioKind::Data];
        return bio.held || (is_metadata && bio.since_ns + kSettleNs < page_.view().snapshot->at_ns);
    }
    void add_seen(const SnapshotBio& bio) {
        LiveBar bar;
        bar.begin_ns = bio.since_ns;
        bar.end_ns = std::max(history_.last_ns, bio.since_ns);
        bar.role = gui::role_of(default_exhibit(), {bio.member, bio.kind, bio.id});
        bar.is_held = bio.held;
        bar.is_open = true;
        Filling& lane = lane_of(bio.member + " bios");
        if (!place(bar, lane)) return;
        bar.label = fmt::format("{}, sector {}", bio.kind, bio.sector);
        bar.id = fmt::format("seen{}", bio.id);
        lane.bars.push_back(std::move(bar));
    }
    void add_bio(const BioBar& bio) {
        if (bio.begin_ns > right_) return;
        LiveBar bar;
        bar.begin_ns = bio.begin_ns;
        bar.is_open = bio.end_ns == kStillOpen;
        bar.end_ns = bar.is_open ? std::max(history_.last_ns, bio.begin_ns) : bio.end_ns;
        bar.role = role_of(bio.member, bio.kind);
        bar.is_held = bio.is_held();
        bar.is_cut = bio.cut;
        Filling& lane = lane_of(bio.member, true);
        if (!place(bar, lane)) return;
        if (bar.is_readable()) {
            bar.label = fmt::format("{}, sector {}", history_.name(bio.kind), bio.sector);
            bar.id = std::to_string(bio.seq);
        }
        lane.bars.push_back(std::move(bar));
    }

    void add_tasks() {
        const auto end_of = [](const TaskBar& bar) { return bar.end_ns; };
        const auto& ended = history_.tasks;
        for (std::size_t i = ended.lower_bound(end_of, left_); i < ended.size(); i++) add_task(ended[i]);
        for (const TaskBar& open : history_.open_tasks) add_task(open);
        for (const SnapshotTask& task : page_.view().snapshot->tasks)
            if (sleeps_in_md(task) && !is_open_bar(task)) add_seen(task);
    }
    [[nodiscard]] bool is_open_bar(const SnapshotTask& task) const {
        return std::ranges::any_of(history_.open_tasks, [&](const TaskBar& bar) {
            return bar.pid == task.pid && bar.kind == TaskBarKind::Wait;
        });
    }
    void add_seen(const SnapshotTask& task) {
        if (task.since_ns + kSettleNs >= page_.view().snapshot->at_ns) return;
        LiveBar bar;
        bar.begin_ns = task.since_ns;
        bar.end_ns = std::max(history_.last_ns, task.since_ns);
        bar.role = Role::safe;
        bar.is_open = true;
        Filling& lane = lane_of(task.comm);
        if (!place(bar, lane)) return;
        bar.label = fmt::format("sleeps on {} until {}", task.queue, task.condition);
        bar.id = fmt::format("seen{}", task.pid);
        lane.bars.push_back(std::move(bar));
    }
    // What waits for work sleeps for ever, and would be most of the picture.
    bool is_shown(const TaskBar& task) {
        if (page_.all_tasks || task.kind == TaskBarKind::Daemon) return true;
        if (of_md_.size() <= task.label) of_md_.resize(task.label + std::size_t{1}, -1);
        signed char& known = of_md_[task.label];
        if (known < 0) known = is_wait_of_md(history_.name(task.label)) ? 1 : 0;
        return known == 1;
    }
    void add_task(const TaskBar& task) {
        if (task.begin_ns > right_ || !is_shown(task)) return;
        LiveBar bar;
        bar.begin_ns = task.begin_ns;
        bar.is_open = task.end_ns == kStillOpen;
        bar.end_ns = bar.is_open ? std::max(history_.last_ns, task.begin_ns) : task.end_ns;
        bar.role = role_of_task(task, history_.name(task.label));
        bar.is_cut = task.cut;
        Filling& lane = lane_of(task.task, false);
        if (!place(bar, lane)) return;
        if (bar.is_readable()) {
            bar.label =
                task.kind == TaskBarKind::Daemon
                    ? "daemon pass"
                    : fmt::format("sleeps on {} until {}", history_.name(task.label), history_.name(task.detail));
            bar.id = std::to_string(task.seq);
        }
        lane.bars.push_back(std::move(bar));
    }

    static void put_in_rows(LiveLane& lane) {
        std::ranges::stable_sort(lane.bars, {}, &LiveBar::begin_ns);
        std::vector<std::uint64_t> ends;
        for (LiveBar& bar : lane.bars) {
            std::size_t row = 0;
            while (row < ends.size() && ends[row] > bar.begin_ns) row++;
            if (row == ends.size() && ends.size() < LiveLane::kMostRows) ends.push_back(0);
            row = std::min<std::size_t>(row, ends.size() - 1);
            ends[row] = std::max(ends[row], bar.end_ns);
            bar.row = static_cast<int>(row);
        }
        lane.rows = std::max(1, static_cast<int>(ends.size()));
    }

    LivePage& page_;
    const HistoryWindow& history_;
    std::uint64_t left_, right_;
    std::size_t columns_;
    double pixels_a_ns_;
    std::map<std::string, Filling> filling_;  // nodes: pointers into it stay good
    std::vector<Filling*> of_member_, of_task_;
    std::map<std::pair<NameId, NameId>, Role> roles_;  // of member and kind
    std::vector<signed char> of_md_;                   // by the name of a queue; -1: not known yet
};

}  // namespace

std::vector<LiveGap> live_gaps(const HistoryWindow& history, std::uint64_t left, std::uint64_t right, float width) {
    const double pixels = static_cast<double>(width) / static_cast<double>(std::max<std::uint64_t>(right - left, 1));
    const auto x_of = [&](std::uint64_t ns) {
        const std::uint64_t at = std::clamp(ns, left, right);
        return static_cast<float>(static_cast<double>(at - left) * pixels);
    };
    std::vector<LiveGap> gaps;
    for (const HistoryGap& gap : history.gaps) {
        if (gap.to_ns < left || gap.from_ns > right) continue;
        const LiveGap one{x_of(gap.from_ns), x_of(gap.to_ns), gap.from_ns, gap.to_ns};
        if (!gaps.empty() && one.left - gaps.back().right < kNear) {
            gaps.back().right = one.right;
            gaps.back().to_ns = one.to_ns;
        } else {
            gaps.push_back(one);
        }
    }
    std::erase_if(gaps, [](const LiveGap& gap) { return gap.right - gap.left < kNear; });
    return gaps;
}

std::vector<LiveLane> live_lanes(LivePage& page, float width) {
    return Builder(page, width).build();
}

}  // namespace mdscope::gui
