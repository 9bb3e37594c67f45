// SPDX-License-Identifier: MIT
// Lines of the event stream, as an array writes them.
#pragma once

#include <cstdint>
#include <string>

#include "engine/trace/tracer.hpp"

namespace mdscope::testing {

// The engine's own writer makes the text, so that a change of the format shows here.
class EventLines {
   public:
    std::string line(trace::Point point, std::uint64_t at_ns, trace::Arg a = {}, trace::Arg b = {}, trace::Arg c = {},
                     int pid = 7) {
        trace::Event event;
        event.seq = next++;
        event.at_ns = at_ns;
        event.point = point;
        event.pid = pid;
        const std::string_view comm = "md0_raid1";
        comm.copy(event.comm.data(), comm.size());
        event.args = {a, b, c};
        return trace::event_json(event) + "\n";
    }
    static std::string header() { return trace::stream_header_json() + "\n"; }
    static std::string dropped(std::uint64_t events) { return trace::dropped_json(events) + "\n"; }

    std::uint64_t next = 0;  // number of the next event
};

}  // namespace mdscope::testing
