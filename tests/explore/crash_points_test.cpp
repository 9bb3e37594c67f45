// SPDX-License-Identifier: MIT
// Every operation, cut at every step, twice: nothing that was promised is lost.
//
// Goal: the default kernel loses nothing, for each home of the bitmap, each operation, kills and power cuts; and the
// cuts came everywhere. Method: complete searches in coarse steps; those that would be too large, and fine steps, as
// far as a bound that is printed. The places are counted, and none may stay at zero.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "engine/explore/card.hpp"
#include "engine/explore/crash_places.hpp"
#include "engine/kernel/arena.hpp"
#include "tests/explore/crash_scenarios.hpp"

namespace mdscope::explore_test {

namespace {

constexpr std::uint64_t kWanted = 300'000;
// An external bitmap has mdmon beside everything else: more states than can be looked at here.
constexpr std::uint64_t kMostStates = 300'000, kMostStatesOfExternal = 15'000;
constexpr std::uint64_t kMostStatesWithAnError = 20'000;

struct Counted {
    std::uint64_t points = 0, lives = 0, states = 0;
    double seconds = 0;
    CrashCounts places{};
    std::string bounded;

    void add(const Verdict& verdict) {
        points += verdict.crash_points;
        lives += verdict.lives;
        states += verdict.states;
        seconds += verdict.seconds;
        for (std::size_t i = 0; i < places.size(); i++) places[i] += verdict.crash_places[i];
        if (verdict.complete && verdict.cuts_are_whole) return;
        bounded += fmt::format("\n    {} {}: {} states", cut_name(verdict.scenario.crash), verdict.scenario.name,
                               grouped(verdict.states));
        if (verdict.complete) bounded += ", complete; not every set of sectors that may be left";
    }
};

// Each home that an operation has.
void for_each_home(const CrashOperation& operation, const auto& visit) {
    for (const std::string home : {"internal", "file", "none", "external"})
        if (std::string_view(operation.homes).find(home) != std::string_view::npos) visit(home);
}

// Nothing is found. Whether it came to its end.
bool search_one(const Scenario& scenario, std::uint64_t budget, Counted& counted) {
    ExploreOptions options;
    options.jobs = 2;
    options.budget = budget;
    const Verdict verdict = explored(scenario, options);
    INFO(verdict_card(verdict, ""));
    CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);
    counted.add(verdict);
    return verdict.complete;
}

void search_all(const std::string& crash, Counted& counted) {
    for (const CrashOperation& operation : crash_operations())
        for_each_home(operation, [&](const std::string& home) {
            if (std::string_view(operation.crashes).find(crash) == std::string_view::npos) return;
            const bool ends = home != "external" && operation.ends;
            const Scenario scenario = crash_scenario(home, operation, crash);
            CAPTURE(scenario.name);
            const bool is_complete = search_one(scenario, ends ? kMostStates : kMostStatesOfExternal, counted);
            if (ends) CHECK(is_complete);
        });
}

// What was looked at as far as a bound goes.
void tell(const char* what, const Counted& counted) {
    MESSAGE(std::string(what) << ": " << grouped(counted.points) << " crash points, " << grouped(counted.lives)
                              << " lives, " << grouped(counted.states) << " states, " << counted.seconds
                              << " s; bounded:" << counted.bounded);
    CHECK(counted.points > 5'000);
}

}  // namespace

TEST_CASE("nothing that was promised is lost, wherever a kill or a power cut comes") {
    if (!Arena::available()) return;  // an hour: each moment would be built anew
    Counted counted;
    search_all("kill", counted);
    search_all("power-cut", counted);
    std::string text;
    for (std::size_t i = 0; i < crash_places().size(); i++) {
        const CrashPlace& place = crash_places()[i];
        text += fmt::format("{:>10}  {} {}\n", grouped(counted.places[i]), place.id, place.what);
        CHECK_MESSAGE(counted.places[i] > 0, place.id << " was never met");
    }
    MESSAGE(grouped(counted.points) << " crash points, " << grouped(counted.lives) << " lives, "
                                    << grouped(counted.states) << " states, " << counted.seconds
                                    << " s; not searched to their end (tests/soak does that):" << counted.bounded
                                    << "\n"
                                    << text);
    CHECK(counted.points >= kWanted);
}

TEST_CASE("nothing is lost with a disk error at any request beside the cut, as far as a bound goes" *
          doctest::skip(!Arena::available())) {
    Counted counted;
    for (const CrashOperation& operation : crash_operations())
        for_each_home(operation, [&](const std::string& home) {
            if (!takes_an_error(operation)) return;
            for (const char* const crash : {"kill", "power-cut"})
                search_one(with_disk_error(crash_scenario(home, operation, crash)), kMostStatesWithAnError, counted);
        });
    tell("disk errors", counted);
}

TEST_CASE("nothing is lost in fine steps, as far as a bound goes" * doctest::skip(!Arena::available())) {
    constexpr std::uint64_t kMostFineStates = 10'000;
    const auto& operations = crash_operations();
    Counted counted;
    for (const std::string name : {"write", "clear", "re-add"}) {
        const auto operation = std::ranges::find(operations, name, &CrashOperation::name);
        REQUIRE(operation != operations.end());
        for_each_home(*operation, [&](const std::string& home) {
            for (const char* const crash : {"kill", "power-cut"}) {
                Scenario scenario = crash_scenario(home, *operation, crash);
                scenario.granularity = Granularity::Fine;
                search_one(scenario, kMostFineStates, counted);
            }
        });
    }
    tell("fine steps", counted);
}

// What takes thirty steps in one order, and no other, is found here within some hundred executions: a member that was
// filled, and called good, before mdmon had looked at it (add-to-degraded; for IMSM fail-after-spare); a disk that was
// on its way into a container (IMSM's add); a checkpoint beside two superblocks of one number (write-during-re-add).
TEST_CASE("nothing is lost in orders by random priorities, where breadth does not come to its end" *
          doctest::skip(!Arena::available())) {
    std::uint64_t executions = 0;
    double seconds = 0;
    const auto search = [&](const std::string& home, const CrashOperation& operation, std::uint64_t budget) {
        for (const std::string crash : {"kill", "power-cut"}) {
            if (std::string_view(operation.crashes).find(crash) == std::string_view::npos) continue;
            ExploreOptions options;
            options.strategy = Strategy::Pct;
            options.jobs = 2;
            options.budget = budget;
            const Verdict verdict = explored(crash_scenario(home, operation, crash), options);
            INFO(verdict_card(verdict, ""));
            CHECK(verdict.done == budget);
            executions += verdict.done;
            seconds += verdict.seconds;
        }
    };
    for (const CrashOperation& operation : crash_operations())
        for_each_home(operation, [&](const std::string& home) {
            if (home == "external" || !operation.ends) search(home, operation, home == "external" ? 1'000 : 5'000);
        });
    for (const CrashOperation& operation : imsm_crash_operations())
        for (const char* const home : {"imsm", "imsm-none"}) search(home, operation, 400);
    MESSAGE("random priorities: " << grouped(executions) << " executions, " << seconds << " s");
}

}  // namespace mdscope::explore_test
