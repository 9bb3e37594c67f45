// SPDX-License-Identifier: MIT
// A window's events in words.
#include "gui/live/history.hpp"

namespace mdscope::gui {

const std::string& HistoryWindow::name(NameId id) const {
    static const std::string none;
    return id < names.size() ? names[id] : none;
}

std::string HistoryWindow::arg(const HistoryEvent& event, std::size_t index) const {
    return event.names[index] != kNoName ? name(event.names[index]) : std::to_string(event.numbers[index]);
}

std::string HistoryWindow::point_name(const HistoryEvent& event) const {
    return event.point < trace::kPointCount ? trace::kPoints[event.point].name : name(event.other);
}

std::string HistoryWindow::sentence(const HistoryEvent& event) const {
    std::string pattern;
    if (event.point < trace::kPointCount)
        pattern = trace::kPoints[event.point].sentence;
    else if (const auto found = other_points->find(event.other); found != other_points->end())
        pattern = name(found->second);
    else
        pattern = name(event.other);
    std::string text;
    for (std::size_t i = 0; i < pattern.size(); i++) {
        const bool place = pattern[i] == '{' && i + 2 < pattern.size() && pattern[i + 1] >= 'a' &&
                           pattern[i + 1] <= 'c' && pattern[i + 2] == '}';
        text += place ? arg(event, static_cast<std::size_t>(pattern[i + 1] - 'a')) : std::string(1, pattern[i]);
        i += place ? 2 : 0;
    }
    return text;
}

}  // namespace mdscope::gui
