// SPDX-License-Identifier: MIT

#include "gui/model/lane_rows.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace mdscope::gui {

namespace {

using Stages = std::span<const museum::Stage>;

// nullptr: it is none.
const museum::Stage* stage_of(Stages stages, const Bar& bar, bool is_below) {
    if (bar.kind != Bar::Kind::Function) return nullptr;
    const auto found = std::ranges::find_if(
        stages, [&](const museum::Stage& stage) { return stage.is_below == is_below && bar.label == stage.function; });
    return found != stages.end() ? &*found : nullptr;
}

// The innermost function in which a sleep lies.
std::string sleep_label(const Lane& lane, const Bar& sleep) {
    for (const Bar& bar : lane.bars)
        if (bar.kind == Bar::Kind::Function && bar.row + 1 == sleep.row && bar.begin <= sleep.begin &&
            bar.end >= sleep.end)
            return "asleep in " + bar.label;
    return "asleep";
}

void add(Lane& lane, Bar bar, int row) {
    const bool overlaps = std::ranges::any_of(lane.bars, [&](const Bar& other) {
        return other.row == row && bar.begin < other.end && other.begin < bar.end;
    });
    if (overlaps) return;  // a stage within a stage
    bar.row = row;
    lane.rows = std::max(lane.rows, row + 1);
    lane.bars.push_back(std::move(bar));
}

void add_stage(Lane& lane, const museum::Stage& stage, Bar bar, int row) {
    bar.label = stage.label;
    add(lane, std::move(bar), row);
}

Lane condensed_task(const Lane& lane, Stages stages) {
    Lane short_lane;
    short_lane.name = lane.name;
    for (const Bar& bar : lane.bars)
        if (bar.kind == Bar::Kind::Oops)
            add(short_lane, bar, 0);
        else if (const museum::Stage* stage = stage_of(stages, bar, false))
            add_stage(short_lane, *stage, bar, 0);
    for (const Bar& bar : lane.bars)
        if (bar.kind == Bar::Kind::Sleep) {
            Bar sleep = bar;
            sleep.label = sleep_label(lane, bar);
            add(short_lane, std::move(sleep), 1);
        }
    for (const Bar& bar : lane.bars)
        if (const museum::Stage* stage = stage_of(stages, bar, true)) add_stage(short_lane, *stage, bar, 1);
    if (short_lane.bars.empty())  // a task of another kind: what it was called for
        for (const Bar& bar : lane.bars)
            if (bar.row == 0) add(short_lane, bar, 0);
    return short_lane;
}

}  // namespace

std::vector<Lane> condensed(const std::vector<Lane>& lanes, const Exhibit& exhibit) {
    std::vector<Lane> result;
    for (const Lane& lane : lanes) result.push_back(lane.is_disk ? lane : condensed_task(lane, exhibit.stages));
    return result;
}

}  // namespace mdscope::gui
