// SPDX-License-Identifier: MIT
// The events of one array in Chrome's trace format, and what is open in each of its lanes, so that what was begun is
// ended, innermost first.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace mdscope {

class TraceEvents {
   public:
    using Json = nlohmann::ordered_json;
    static constexpr int kTimers = 1'000'000;  // lanes of what is no task; pids are far below
    static constexpr int kFirstDisk = 1'000'001;
    static constexpr int kCounters = 0;

    // Appends to `events`, an array that outlives it. `letter`: of the array, "A".
    TraceEvents(Json& events, int pid, std::string letter) : events_(events), pid_(pid), letter_(std::move(letter)) {}

    // Each returns the event for whoever has more to say in it, until the next one is made. Times are nanoseconds.
    Json& add(const char* phase, int lane, std::uint64_t at_ns, const std::string& name);
    Json& add_bio(const char* phase, const std::string& bio, std::uint64_t at_ns);
    // An arrow between what is open in two lanes.
    void add_wake_up(int from, int to, std::uint64_t at_ns);

    Json& begin(int lane, std::uint64_t at_ns, const std::string& name, const char* category);
    void end(int lane, std::uint64_t at_ns);  // the innermost, if there is one
    void end_all(int lane, std::uint64_t at_ns);
    void end_all(std::uint64_t at_ns);
    [[nodiscard]] const std::vector<std::string>& open(int lane) { return open_[lane]; }  // outermost first

    void name_process(const std::string& text);
    void name_lane(int lane, const std::string& text);  // the first name stays
    int disk_of(const std::string& bio);                // the lane of the member in "sdb bitmap 2"

   private:
    void describe(const char* what, int lane, const char* key, const Json& value);

    Json& events_;
    const int pid_;
    const std::string letter_;
    std::map<int, std::vector<std::string>> open_;
    std::set<int> named_;
    std::map<std::string, int> disks_;
    std::size_t wake_ups_ = 0;
};

}  // namespace mdscope
