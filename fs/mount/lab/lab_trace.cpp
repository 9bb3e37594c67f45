// SPDX-License-Identifier: MIT
// lab/trace: the event log as text, and its switch.
//
//   on [POINT...]   traces everything, or these points only (names as in the log)
//   off             stops; what is there stays readable
//   end             the readers of trace_pipe that are there now come to the end of the file
//
// Reading gives the last events, oldest first, below a line that says whether tracing is on and how many older ones are
// gone. lab/trace_pipe is the same as a stream; both forms are in engine/trace/tracer.hpp.
#include <algorithm>

#include "fs/mount/lab/lab.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kEverything = ~std::uint64_t{0};

// The points' bits; 0: a word is not one of them.
std::uint64_t parse_points(std::span<const std::string> words) {
    if (words.empty()) return kEverything;
    std::uint64_t points = 0;
    for (const std::string& word : words) {
        const auto* const found =
            std::ranges::find_if(trace::kPoints, [&](const trace::PointInfo& info) { return word == info.name; });
        if (found == std::end(trace::kPoints)) return 0;
        points |= std::uint64_t{1} << (found - std::begin(trace::kPoints));
    }
    return points;
}

std::string filter_text(const trace::Tracer& tracer) {
    std::string text;
    if (tracer.filter() == kEverything) return text;
    for (std::size_t i = 0; i < trace::kPointCount; i++)
        if (tracer.wants(static_cast<trace::Point>(i))) text += std::string(" ") + trace::kPoints[i].name;
    return text;
}

}  // namespace

std::string show_trace(Lab& lab) {
    const trace::Tracer::Taken taken = lab.tracer.take(0, trace::Tracer::kShards * trace::Tracer::kRing);
    std::string text = lab.kernel.tracer.load() != nullptr ? "# on" + filter_text(lab.tracer) : "# off";
    text += ", " + std::to_string(taken.events.size()) + " events, " + std::to_string(taken.dropped) + " dropped\n";
    for (const trace::Event& event : taken.events) text += trace::event_line(event) + "\n";
    return text;
}

int store_trace(Lab& lab, std::string_view value) {
    const std::vector<std::string> words = split_words(value);
    if (words.empty()) return -EINVAL;
    if (words[0] == "on") {
        const std::uint64_t points = parse_points(std::span(words).subspan(1));
        if (points == 0) return -EINVAL;
        lab.tracer.set_filter(points);
        lab.kernel.tracer = &lab.tracer;
        return 0;
    }
    if (words.size() != 1) return -EINVAL;
    if (words[0] == "off") {
        lab.kernel.tracer = nullptr;
        return 0;
    }
    if (words[0] != "end") return -EINVAL;
    lab.trace_pipe.close_readers();
    return 0;
}

}  // namespace mdscope
