// SPDX-License-Identifier: MIT

#include "engine/story/draw/trace_events.hpp"

#include <fmt/format.h>

namespace mdscope {

TraceEvents::Json& TraceEvents::add(const char* phase, int lane, std::uint64_t at_ns, const std::string& name) {
    Json event;
    event["ph"] = phase;
    event["pid"] = pid_;
    event["tid"] = lane;
    event["ts"] = static_cast<double>(at_ns) / 1000;  // the format counts in microseconds
    event["name"] = name;
    events_.push_back(std::move(event));
    return events_.back();
}

// What belongs together has the same category, id and name; ids are of the whole file.
TraceEvents::Json& TraceEvents::add_bio(const char* phase, const std::string& bio, std::uint64_t at_ns) {
    Json& event = add(phase, disk_of(bio), at_ns, bio);
    event["cat"] = "bio";
    event["id"] = letter_ + " " + bio;
    return event;
}

void TraceEvents::add_wake_up(int from, int to, std::uint64_t at_ns) {
    const std::string id = fmt::format("{} wake-up {}", letter_, ++wake_ups_);
    for (const bool is_start : {true, false}) {
        Json& event = add(is_start ? "s" : "f", is_start ? from : to, at_ns, "wakes");
        event["cat"] = "wake-up";
        event["id"] = id;
        if (!is_start) event["bp"] = "e";  // ends at what is open there, not at what comes next
    }
}

TraceEvents::Json& TraceEvents::begin(int lane, std::uint64_t at_ns, const std::string& name, const char* category) {
    open_[lane].push_back(name);
    Json& event = add("B", lane, at_ns, name);
    event["cat"] = category;
    return event;
}

void TraceEvents::end(int lane, std::uint64_t at_ns) {
    std::vector<std::string>& open = open_[lane];
    if (open.empty()) return;
    add("E", lane, at_ns, open.back());
    open.pop_back();
}

void TraceEvents::end_all(int lane, std::uint64_t at_ns) {
    while (!open_[lane].empty()) end(lane, at_ns);
}

void TraceEvents::end_all(std::uint64_t at_ns) {
    for (const auto& [lane, open] : open_) end_all(lane, at_ns);
}

void TraceEvents::describe(const char* what, int lane, const char* key, const Json& value) {
    add("M", lane, 0, what)["args"][key] = value;
}

void TraceEvents::name_process(const std::string& text) {
    describe("process_name", kCounters, "name", letter_ + ": " + text);
    describe("process_sort_index", kCounters, "sort_index", pid_);
    name_lane(kCounters, "counters");
}

void TraceEvents::name_lane(int lane, const std::string& text) {
    if (!named_.insert(lane).second) return;
    describe("thread_name", lane, "name", text);
    describe("thread_sort_index", lane, "sort_index", lane);
}

int TraceEvents::disk_of(const std::string& bio) {
    const std::string member = bio.substr(0, bio.find(' '));
    const auto [found, is_new] = disks_.emplace(member, kFirstDisk + static_cast<int>(disks_.size()));
    if (is_new) name_lane(found->second, "disk " + member);
    return found->second;
}

}  // namespace mdscope
