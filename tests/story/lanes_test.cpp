// SPDX-License-Identifier: MIT
// Swim-lanes as data: what the window draws must be possible to draw.
#include "engine/story/draw/lanes.hpp"

#include "tests/story/fixture.hpp"
#include "tests/story/lesson_script.hpp"

namespace mdscope::story_test {

namespace {

const Lane& lane_named(const std::vector<Lane>& lanes, const std::string& name) {
    const auto found = std::ranges::find(lanes, name, &Lane::name);
    REQUIRE(found != lanes.end());
    return *found;
}

// A mark of a fault has no length where the run ends with it.
void check_bars(Lane lane, std::size_t end) {
    std::ranges::stable_sort(lane.bars, {}, &Bar::begin);
    std::map<int, std::size_t> free_from;  // by row
    for (const Bar& bar : lane.bars) {
        CAPTURE(bar.label);
        CHECK_FALSE(bar.label.empty());
        CHECK(bar.row < lane.rows);
        CHECK((bar.begin < bar.end || bar.is_open));
        CHECK(bar.is_open == (bar.end == end && bar.is_open));
        for (const auto& [from, to] : bar.held) CHECK((bar.begin <= from && from <= to && to <= bar.end));
        CHECK(free_from[bar.row] <= bar.begin);
        free_from[bar.row] = bar.end;
    }
}

// Where each side crashed there is one mark of it, from that tick on.
void check_oops(const Duel& duel) {
    for (const Side side : kSides) {
        std::vector<std::size_t> marks;
        for (const Lane& lane : lanes(duel, side))
            for (const Bar& bar : lane.bars)
                if (bar.kind == Bar::Kind::Oops) marks.push_back(bar.begin);
        const Tape& tape = duel.tape(side);
        std::vector<std::size_t> crashes;
        if (tape.last().moment == Moment::Crash) crashes.push_back(duel.tick_of(side, tape.size() - 1).value_or(0));
        CHECK(marks == crashes);
    }
}

}  // namespace

TEST_CASE("bars of one row never overlap, and what is open reaches to the last tick") {
    for_each_play([](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        for (const Side side : kSides)
            for (const Lane& lane : lanes(duel, side)) {
                CAPTURE(lane.name);
                check_bars(lane, duel.end());
            }
    });
}

TEST_CASE("a crash is on the lanes, once, where it happened") {
    for_each_play([](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        check_oops(duel);
    });
    for (int number = 0; number <= kLastLesson; number++) {  // where interrupts are paused, and crash in fine steps
        CAPTURE(number);
        const Result<Lesson> lesson = load_lesson(number);
        REQUIRE(lesson);
        LessonScript script(*lesson);
        script.play();
        check_oops(script.duel());
    }
}

TEST_CASE("every bio has exactly one bar, from the tick it was submitted in to the tick it ended in") {
    for_each_play([](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        for (const Side side : kSides) {
            std::map<std::string, std::pair<std::size_t, std::size_t>> flights;
            for (std::size_t tick = 0; tick < duel.size(); tick++)
                for (const BioAt& bio : duel.at(side, tick).bios)
                    flights.try_emplace(bio.name, tick, tick).first->second.second = tick;
            for (const Lane& lane : lanes(duel, side))
                for (const Bar& bar : lane.bars) {
                    if (bar.bio.empty()) continue;
                    const auto flight = flights.extract(bar.bio);
                    REQUIRE_MESSAGE(!flight.empty(), bar.bio);
                    CHECK(bar.begin == flight.mapped().first);
                    CHECK(bar.end == flight.mapped().second + (bar.is_open ? 0 : 1));
                }
            CHECK(flights.empty());
        }
    });
}

TEST_CASE("a held bio is hatched from when it was held to when it was let go") {
    Duel duel = race();
    hold_and_stop(duel);
    const std::size_t let_go = duel.end();
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    duel.play(1000, false);
    const std::vector<Lane> lanes = mdscope::lanes(duel, Side::B);
    const Bar& bar = lane_named(lanes, "sdb").bars.front();
    CHECK(bar.bio == "sdb bitmap 1");
    CHECK(bar.held == decltype(bar.held){{bar.begin, let_go}});
    CHECK(bar.end > let_go);
}

TEST_CASE("the race in lanes: A goes on and meets its Oops, B sleeps until the bios have ended") {
    const Duel duel = played(race().tape(Side::A).scenario());
    const std::vector<Lane> a = lanes(duel, Side::A);
    const std::vector<Lane> b = lanes(duel, Side::B);
    std::vector<std::string> names;
    for (const Lane& lane : a) names.push_back(lane.name);
    CHECK(names == std::vector<std::string>{"stopper", "md0_raid1", "sda", "sdb"});
    CHECK(lane_named(a, "sdb").bars.back().kind == Bar::Kind::Oops);
    CHECK(lane_named(a, "sdb").bars.back().label == "super_written");
    const auto& bars = lane_named(b, "stopper").bars;
    const auto sleep = std::ranges::find(bars, "mddev.pending_writes == 0", &Bar::label);
    REQUIRE(sleep != bars.end());
    CHECK(sleep->kind == Bar::Kind::Sleep);
    for (const char* disk : {"sda", "sdb"}) CHECK(lane_named(b, disk).bars.back().end <= sleep->end);
}

TEST_CASE("lanes stay where they are while a run goes on") {
    Duel duel = race();
    const auto names = [&] {
        std::vector<std::string> list;
        for (const Lane& lane : lanes(duel, Side::A)) list.push_back(lane.name);
        return list;
    };
    const auto before = names();
    hold_and_stop(duel);
    CHECK(names() == before);
}

TEST_CASE("a counter is a step at each tick at which it moved") {
    const Duel duel = played(race().tape(Side::A).scenario());
    std::vector<int> values;
    for (const CounterStep& step : counter_steps(duel, Side::B, Counter::Mddev)) {
        values.push_back(step.value);
        CHECK(counter_at(duel, Side::B, step.tick, Counter::Mddev) == step.value);
    }
    CHECK(values == std::vector<int>{0, 1, 2, 1, 0});
    CHECK(counter_steps(duel, Side::B, Counter::Bitmap).size() == 1);
    CHECK(counter_steps(duel, Side::A, Counter::Mddev).back().value == 2);
}

}  // namespace mdscope::story_test
