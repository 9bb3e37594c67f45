// SPDX-License-Identifier: MIT
// One line of the event stream (engine/trace/tracer.hpp has its format), taken apart.
//
// Millions of these come, so the usual line is read in place, without a JSON tree: one flat object of numbers and plain
// strings. A line with anything else in it (escapes, the header's inner object) goes through nlohmann::json. The text
// comes from another process: whatever is in it, nothing here throws or reads beyond it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mdscope::gui {

struct EventLine {
    enum class Kind { Event, Dropped, Header, Unreadable };
    struct Arg {
        bool is_string = false;
        std::int64_t number = 0;
        std::string_view text;
    };

    Kind kind = Kind::Unreadable;
    std::uint64_t seq = 0;
    std::uint64_t at_ns = 0;
    std::int64_t pid = 0;
    std::string_view task, point;
    std::array<Arg, 3> args;
    std::uint64_t dropped = 0;                  // Dropped
    int version = 0;                            // Header
    std::map<std::string, std::string> points;  // Header: name -> sentence
};

// The views in the result lie in `line` or in `storage`, whichever is shorter-lived.
EventLine parse_event_line(std::string_view line, std::string& storage);

}  // namespace mdscope::gui
