// SPDX-License-Identifier: MIT
// Swim-lanes of a schedule.
//
//     step  stopper                 sdb                     mddev  bitmap
//        1* md_super_write                                      1       0
//        2                          bio 9 ends                  0       0
//
// A cell says where the actor stands after the step, or what the step was when it then stands nowhere. All bios of a
// disk share its lane. `*`: others could have acted. The first lanes go to those who act first; with too many actors
// the last lane is for all others, who are then named in it. A long schedule shows its beginning and its end.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "engine/explore/card.hpp"

namespace mdscope {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kStepWidth = 8;       // "    12* "
constexpr std::size_t kCountersWidth = 15;  // "  mddev  bitmap"
constexpr std::size_t kMostLanes = 5;
constexpr std::size_t kWidestLane = 24;
constexpr std::size_t kFirstRows = 20;
constexpr std::size_t kLastRows = 60;
constexpr const char* kOthers = "others";

std::string fitted(std::string_view text, std::size_t width) {
    if (text.size() <= width) return std::string(text);
    return std::string(text.substr(0, width - 1)) + "~";
}

// An actor is a task, a timer, or "sdb bio 9".
constexpr std::string_view kBio = " bio ";

bool is_bio(const ScheduleStep& step) {
    return step.actor.find(kBio) != std::string::npos;
}
std::string lane_name(const ScheduleStep& step) {
    return step.actor.substr(0, step.actor.find(kBio));
}

// What an actor did, when the lane is its own or its disk's.
std::string deed(const ScheduleStep& step) {
    if (!is_bio(step)) return step.where.empty() ? step.what : step.where;
    const char* const end = step.what.starts_with("fail") ? "fails" : "ends";
    return step.actor.substr(step.actor.find(kBio) + 1) + " " + (step.where.empty() ? end : step.where);
}

struct Lanes {
    std::vector<std::string> names;
    bool last_is_others = false;
    std::size_t width = kWidestLane;

    explicit Lanes(const std::vector<ScheduleStep>& steps) {
        for (const ScheduleStep& step : steps)
            if (std::find(names.begin(), names.end(), lane_name(step)) == names.end()) names.push_back(lane_name(step));
        last_is_others = names.size() > kMostLanes;
        if (last_is_others) {
            names.resize(kMostLanes - 1);
            names.emplace_back(kOthers);
        }
        const std::size_t room = kWidth - kStepWidth - kCountersWidth;
        if (!names.empty()) width = std::min(kWidestLane, room / names.size());
    }
    [[nodiscard]] std::size_t of(const ScheduleStep& step) const {
        const auto found = std::find(names.begin(), names.end(), lane_name(step));
        return found != names.end() ? static_cast<std::size_t>(found - names.begin()) : names.size() - 1;
    }
    [[nodiscard]] std::string cell(const ScheduleStep& step) const {
        const bool is_other = last_is_others && of(step) == names.size() - 1;
        return is_other ? lane_name(step) + ": " + deed(step) : deed(step);
    }
    [[nodiscard]] std::string padded(std::string_view text) const {
        return fmt::format("{:<{}}", fitted(text, width - 1), width);
    }
};

std::string header_row(const Lanes& lanes) {
    std::string row = fmt::format("{:>6}  ", "step");
    for (const std::string& name : lanes.names) row += lanes.padded(name);
    return row + fmt::format("{:>7}{:>8}\n", "mddev", "bitmap");
}

std::string step_row(const Lanes& lanes, const ScheduleStep& step, std::size_t number) {
    std::string row = fmt::format("{:>6}{} ", number, step.is_choice ? '*' : ' ');
    for (std::size_t lane = 0; lane < lanes.names.size(); lane++)
        row += lanes.padded(lane == lanes.of(step) ? lanes.cell(step) : "");
    return row + fmt::format("{:>7}{:>8}\n", step.mddev_pending_writes, step.bitmap_pending_writes);
}

}  // namespace

std::string lanes_text(const std::vector<ScheduleStep>& steps) {
    if (steps.empty()) return "";
    const Lanes lanes(steps);
    std::string text = header_row(lanes);
    const bool is_long = steps.size() > kFirstRows + kLastRows;
    for (std::size_t i = 0; i < steps.size(); i++) {
        if (is_long && i == kFirstRows) {
            i = steps.size() - kLastRows;
            text += fmt::format("{:>6}  {} steps are left out here\n", "...", i - kFirstRows);
        }
        text += step_row(lanes, steps[i], i + 1);
    }
    return text + "  mddev and bitmap: mddev->pending_writes and bitmap->pending_writes; * others could have acted\n";
}

std::string schedule_line(const std::vector<ScheduleStep>& steps) {
    std::string line;
    for (std::size_t i = 0; i < steps.size();) {
        std::size_t end = i;
        while (end < steps.size() && steps[end].actor == steps[i].actor) end++;
        line += (line.empty() ? "" : ", ") + steps[i].actor;
        if (end - i > 1) fmt::format_to(std::back_inserter(line), " x{}", end - i);
        i = end;
    }
    return line;
}

}  // namespace mdscope
