// SPDX-License-Identifier: MIT
// The event log of a simulation: what a World's tracer gets, and that nobody notices it.
//
// Goal: a schedule that was found, replayed and traced is one schedule. Method: the same seeds with a tracer and
// without, and the kernel's own log of both; then the points that are reached, against the list.
#include <set>

#include "engine/explore/world.hpp"
#include "engine/trace/tracer.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

using Names = std::set<std::string>;

void run_to_the_end(World& world, std::uint64_t seed) {
    RandomChooser chooser(seed);
    for (world.advance(); world.moment() == Moment::Open; world.advance()) world.take(chooser.choose(world.choices()));
}

// The kernel's log of each run, its state hash included.
std::vector<std::string> logs_of(const Scenario& scenario, std::uint64_t seeds, trace::Tracer* tracer) {
    World world(scenario, {.event_log = true, .hashing = true, .tracer = tracer});
    std::vector<std::string> logs;
    for (std::uint64_t seed = 1; seed <= seeds; seed++) {
        if (seed > 1) world.restart();
        run_to_the_end(world, seed);
        logs.push_back(world.lab().kernel.event_log() + std::to_string(world.state_hash()));
    }
    return logs;
}

Names points_since(const trace::Tracer& tracer, std::uint64_t from) {
    Names names;
    for (const trace::Event& event : tracer.take(from, ~std::size_t{0}).events)
        names.insert(trace::kPoints[static_cast<std::size_t>(event.point)].name);
    return names;
}

// Without their numbers, which go on from run to run.
std::vector<std::string> lines_since(const trace::Tracer& tracer, std::uint64_t from) {
    std::vector<std::string> lines;
    for (const trace::Event& event : tracer.take(from, ~std::size_t{0}).events)
        lines.push_back(trace::event_line(event));
    return lines;
}

}  // namespace

TEST_CASE("a simulation goes the same way with a tracer and without one") {
    const std::uint64_t seeds = Arena::available() ? 100 : 5;
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine})
        for (const char* name : {"referee-internal", "report-2021", "stop-while-open", "disk-error"}) {
            CAPTURE(name);
            Scenario scenario = scenario_named(name);
            scenario.granularity = granularity;
            trace::Tracer tracer;
            CHECK(logs_of(scenario, seeds, &tracer) == logs_of(scenario, seeds, nullptr));
            CHECK(tracer.next() > 0);
        }
}

TEST_CASE("a world's tracer gets the events of its tasks, each time again after a restart") {
    trace::Tracer tracer;
    World world(with(scenario_named("referee-external"), "none"), {.tracer = &tracer});
    CHECK(tracer.next() == 0);  // The setup is not traced.
    run_to_the_end(world, 1);
    const std::vector<std::string> first = lines_since(tracer, 0);
    CHECK(first.size() > 10);
    for (int round = 0; round < 3; round++) {
        const std::uint64_t before = tracer.next();
        world.restart();
        CHECK(tracer.next() == before);
        run_to_the_end(world, 1);
        CHECK(lines_since(tracer, before) == first);
    }
}

TEST_CASE("each trace point is reached by some simulation, but those of a disk that holds bios back") {
    std::vector<Scenario> stories;
    for (const char* name : {"report-2021", "referee-file", "stop-while-open"})
        stories.push_back(with(scenario_named(name), "none"));
    stories.push_back(stories.back());
    stories.back().bitmap = "internal";  // whose superblocks are written, too
    Names reached;
    for (const Scenario& story : stories) {
        trace::Tracer tracer;
        World world(story, {.tracer = &tracer});
        for (std::uint64_t seed = 1; seed <= 30; seed++) {
            if (seed > 1) world.restart();
            const std::uint64_t before = tracer.next();
            run_to_the_end(world, seed);
            reached.merge(points_since(tracer, before));
        }
    }
    for (const trace::PointInfo& point : trace::kPoints) {
        CAPTURE(std::string(point.name));
        const bool is_of_a_pause = std::string(point.name) == "bio_held" || std::string(point.name) == "bio_released";
        CHECK(reached.contains(point.name) == !is_of_a_pause);
    }
}

}  // namespace mdscope::explore_test
