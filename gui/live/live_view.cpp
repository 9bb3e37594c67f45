// SPDX-License-Identifier: MIT

#include "gui/live/live_view.hpp"

#include <sstream>

namespace mdscope::gui {

namespace {

double seconds_between(LiveClock::time_point from, LiveClock::time_point to) {
    return to > from ? std::chrono::duration<double>(to - from).count() : 0;
}

}  // namespace

const char* live_state_word(LiveState state) {
    switch (state) {
        case LiveState::Connecting:
            return "connecting";
        case LiveState::Live:
            return "live";
        case LiveState::Silent:
            return "no answer";
        case LiveState::Gone:
            return "gone";
    }
    return "?";
}

const char* part_file(Part part) {
    constexpr std::array<const char*, kParts> kFiles = {"lab/mddev", "lab/oops",  "lab/pending_writes", "lab/fix",
                                                        "lab/order", "lab/pools", "lab/hold",           "lab/delay",
                                                        "lab/fail",  "lab/log",   "lab/tasks",          "mdstat"};
    return kFiles[static_cast<std::size_t>(part)];
}

AxisRows parse_axis_rows(const std::string& text) {
    AxisRows rows;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const bool chosen = word.size() > 2 && word.front() == '[' && word.back() == ']';
        if (chosen) word = rows.chosen = word.substr(1, word.size() - 2);
        rows.names.push_back(word);
    }
    return rows;
}

double LiveRunning::seconds(LiveClock::time_point now) const {
    return seconds_between(started_at.value_or(queued_at), now);
}

double LiveView::age_seconds(LiveClock::time_point now) const {
    return snapshot ? seconds_between(answered_at, now) : 0;
}

}  // namespace mdscope::gui
