// SPDX-License-Identifier: MIT
// The trace of a duel is one that a viewer takes as it was meant: what begins ends, in order, and nothing is lost.
// Method: scenarios of every kind are run and written, and the JSON is read back with the rules of the format.
#include "engine/story/draw/trace_json.hpp"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/story/record/outcome.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::story_test {

using explore_test::scenario_named;
using nlohmann::json;

namespace {

struct Traced {
    explicit Traced(const Scenario& scenario) : duel(scenario, opponent_of(scenario)) {
        (void)play_out(duel);
        trace = json::parse(trace_json(duel));
    }
    [[nodiscard]] std::vector<json> events(const std::string& phases, int pid = 0) const {
        std::vector<json> found;
        for (const json& event : trace["traceEvents"])
            if (phases.find(event["ph"].get<std::string>()) != std::string::npos && (pid == 0 || event["pid"] == pid))
                found.push_back(event);
        return found;
    }
    Duel duel;
    json trace;
};

using LaneId = std::pair<int, int>;
LaneId lane_of(const json& event) {
    return {event["pid"], event["tid"]};
}

void check_slices(const Traced& traced) {
    std::map<LaneId, std::vector<std::string>> open;
    for (const json& event : traced.events("BE")) {
        std::vector<std::string>& stack = open[lane_of(event)];
        if (event["ph"] == "B") {
            stack.push_back(event["name"]);
            continue;
        }
        REQUIRE_FALSE(stack.empty());
        REQUIRE(stack.back() == event["name"].get<std::string>());
        stack.pop_back();
    }
    for (const auto& [lane, stack] : open) CHECK(stack.empty());
}

void check_bios(const Traced& traced) {
    std::set<std::string> open, seen;
    for (const json& event : traced.events("bne")) {
        REQUIRE(event["cat"] == "bio");
        const std::string id = event["id"];
        if (event["ph"] == "b") REQUIRE(seen.insert(id).second);  // An id is one bio, once.
        if (event["ph"] == "b") open.insert(id);
        REQUIRE(open.contains(id));
        if (event["ph"] == "e") open.erase(id);
    }
    CHECK(open.empty());
}

void check_flows(const Traced& traced) {
    std::map<LaneId, int> depth;
    std::set<std::string> begun;
    for (const json& event : traced.events("BEsf")) {
        const std::string phase = event["ph"];
        if (phase == "B") depth[lane_of(event)]++;
        if (phase == "E") depth[lane_of(event)]--;
        if (phase == "s") REQUIRE(begun.insert(event["id"]).second);
        if (phase == "f") REQUIRE(begun.erase(event["id"]) == 1);
        if (phase == "f") REQUIRE(event["bp"] == "e");
        if (phase == "s" || phase == "f") REQUIRE(depth[lane_of(event)] > 0);  // Else a viewer drops the arrow.
    }
    CHECK(begun.empty());
}

void check_times(const Traced& traced) {
    std::map<LaneId, double> last;
    for (const json& event : traced.events("BEbnesfCi")) {
        const double at = event["ts"];
        REQUIRE(at >= last[lane_of(event)]);
        REQUIRE(at <= static_cast<double>(traced.duel.end()));
        last[lane_of(event)] = at;
    }
}

void check_names(const Traced& traced) {
    std::set<LaneId> used, named;
    for (const json& event : traced.events("BEbnesfCi")) used.insert(lane_of(event));
    std::set<std::string> processes;
    for (const json& event : traced.events("M")) {
        if (event["name"] == "thread_name") REQUIRE(named.insert(lane_of(event)).second);
        if (event["name"] == "process_name") processes.insert(event["args"]["name"].get<std::string>().substr(0, 2));
    }
    for (const LaneId& lane : used) CHECK(named.contains(lane));
    CHECK(processes == std::set<std::string>{"A:", "B:"});
}

void check_whole(const Traced& traced) {
    check_slices(traced);
    check_bios(traced);
    check_flows(traced);
    check_times(traced);
    check_names(traced);
}

}  // namespace

TEST_CASE("the trace of every scenario is whole: what begins ends, in order, once") {
    for (const auto& file : explore_test::scenario_files()) {
        CAPTURE(file.name);
        Scenario scenario = scenario_named(file.name);
        if (scenario.granularity == Granularity::Fine) scenario.granularity = Granularity::Calls;
        check_whole(Traced(scenario));
    }
}

TEST_CASE("in fine steps too, where completions are tasks of their own") {
    Scenario scenario = scenario_named("race");
    scenario.granularity = Granularity::Fine;
    check_whole(Traced(scenario));
}

TEST_CASE("what is still going on where the run was stopped is ended there") {
    Scenario scenario = scenario_named("hold-stop-release");
    Traced traced(scenario);
    for (std::size_t tick = traced.duel.end(); tick-- > 0;) {
        CAPTURE(tick);
        traced.duel.cut(tick);
        traced.trace = json::parse(trace_json(traced.duel));
        check_whole(traced);
    }
}

TEST_CASE("the race as a trace: functions, the bio that nobody waits for, the Oops, and what woke B") {
    const Traced traced(scenario_named("hold-stop-release"));
    const auto oops = traced.events("i", 1);
    REQUIRE(oops.size() == 2);
    CHECK(oops[0]["name"] == "first difference");
    CHECK(oops[0]["ts"] == static_cast<double>(*traced.duel.first_difference()));
    CHECK(oops[1]["name"] == "Oops: NULL pointer dereference of rdev->mddev in super_written");
    CHECK(oops[1]["ts"] == static_cast<double>(*first_oops(traced.duel)));
    CHECK(oops[1]["args"]["console"].get<std::string>().find("RIP: 0010:super_written") != std::string::npos);
    CHECK(traced.events("i", 2).empty());

    std::set<std::string> functions[2], sleeps[2];
    for (const json& event : traced.events("B")) {
        auto& set = event["cat"] == "function" ? functions : sleeps;
        set[event["pid"].get<int>() - 1].insert(event["name"]);
    }
    for (const char* name : {"do_md_stop", "md_bitmap_flush", "md_bitmap_daemon_work", "unbind_rdev_from_array"})
        for (const auto& set : functions) CHECK(set.contains(name));
    CHECK_FALSE(sleeps[0].contains("sleeps: mddev.pending_writes == 0"));
    CHECK(sleeps[1].contains("sleeps: mddev.pending_writes == 0"));

    int woken_by_a_disk = 0;
    for (const json& event : traced.events("s", 2)) woken_by_a_disk += event["tid"].get<int>() > 1'000'000 ? 1 : 0;
    CHECK(woken_by_a_disk == 1);  // The last of both completions: the count is zero only then.
}

TEST_CASE("both counters are there by their full names, with the values of the snapshots") {
    const Traced traced(scenario_named("hold-stop-release"));
    for (const Side side : kSides) {
        std::map<std::string, int> value;
        std::size_t tick = 0;
        const auto check_until = [&](std::size_t next) {
            for (; tick < next; tick++) {
                const SnapshotArray& array = traced.duel.at(side, tick).snapshot.array;
                CHECK(value["mddev->pending_writes"] == array.pending_writes);
                CHECK(value["bitmap->pending_writes"] == array.bitmap_pending_writes);
            }
        };
        for (const json& event : traced.events("C", static_cast<int>(side) + 1)) {
            check_until(static_cast<std::size_t>(std::lround(event["ts"].get<double>())));
            value[event["name"]] = event["args"]["writes"];
        }
        check_until(traced.duel.size());
    }
}

TEST_CASE("the trace says what its time is, and survives a title that is no text") {
    Scenario scenario = scenario_named("race");
    scenario.title = "\xff\xfe";
    const Traced traced(scenario);
    CHECK(traced.trace["otherData"]["time"].get<std::string>().starts_with("1 microsecond is 1 tick of the schedule"));
    CHECK(traced.trace["otherData"]["scenario"] == "race");
}

}  // namespace mdscope::story_test
