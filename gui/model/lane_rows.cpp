#include "gui/model/lane_rows.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mdscope::gui {

namespace {

constexpr std::array<std::string_view, 7> kStages = {"md_bitmap_flush", "__md_stop",        "unbind_rdev_from_array",
                                                     "md_set_readonly", "md_notify_reboot", "raid1_make_request",
                                                     "md_update_sb"};
constexpr std::array<std::string_view, 1> kBelow = {"md_bitmap_daemon_work"};

template <class Names>
bool is_one_of(const Names& names, const Bar& bar) {
    return bar.kind == Bar::Kind::Function && std::ranges::find(names, bar.label) != names.end();
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

Lane condensed_task(const Lane& lane) {
    Lane short_lane;
    short_lane.name = lane.name;
    for (const Bar& bar : lane.bars)
        if (bar.kind == Bar::Kind::Oops || is_one_of(kStages, bar)) add(short_lane, bar, 0);
    for (const Bar& bar : lane.bars)
        if (bar.kind == Bar::Kind::Sleep) {
            Bar sleep = bar;
            sleep.label = sleep_label(lane, bar);
            add(short_lane, std::move(sleep), 1);
        }
    for (const Bar& bar : lane.bars)
        if (is_one_of(kBelow, bar)) {
            Bar pass = bar;
            pass.label = "daemon_work";  // there is little room
            add(short_lane, std::move(pass), 1);
        }
    if (short_lane.bars.empty())  // a task of another kind: what it was called for
        for (const Bar& bar : lane.bars)
            if (bar.row == 0) add(short_lane, bar, 0);
    return short_lane;
}

}  // namespace

std::vector<Lane> condensed(const std::vector<Lane>& lanes) {
    std::vector<Lane> result;
    for (const Lane& lane : lanes) result.push_back(lane.is_disk ? lane : condensed_task(lane));
    return result;
}

}  // namespace mdscope::gui
