// SPDX-License-Identifier: MIT
// What the search finds, looked at with the story's eyes: every crash there is must have been in danger before, must be
// explained by five links, and must have hit a write that was not called covered. The search knows nothing of
// who_waits, and who_waits knows nothing of the search.
#include <fmt/format.h>

#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

namespace {

// The schedule that the search has found, on the first array of a comparison.
Duel replayed(const Scenario& scenario, const std::vector<std::uint32_t>& picks) {
    Duel duel(scenario, opponent_of(scenario));
    std::size_t next = 0;
    while (duel.tape(Side::A).moment() == Moment::Open) {
        const std::vector<Order>& options = duel.tape(Side::A).options();
        const std::size_t index = options.size() > 1 && next < picks.size() ? picks[next++] : 0;
        const Order order = options[index];
        REQUIRE(duel.give(order).empty());
    }
    return duel;
}

const Cover* cover_of(const std::vector<Cover>& covers, const std::string& bio) {
    const auto found = std::ranges::find(covers, bio, &Cover::bio);
    return found != covers.end() ? &*found : nullptr;
}

void check_crash(const Duel& duel, const std::string& third_link) {
    REQUIRE(duel.tape(Side::A).moment() == Moment::Crash);
    Foresight foresight(duel);
    const std::size_t before = duel.end() - 1;
    CHECK(status_of(duel, Side::A, before, foresight.a) == Status::InDanger);
    const std::string bio = crashed_bio(duel, Side::A);
    REQUIRE_FALSE(bio.empty());
    const std::vector<Cover> flying = who_waits(duel, Side::A, before, foresight.a);
    const std::vector<Cover> ending = completions(duel, Side::A, before, foresight.a);
    const Cover* cover = cover_of(flying, bio) != nullptr ? cover_of(flying, bio) : cover_of(ending, bio);
    REQUIRE(cover != nullptr);
    CHECK_FALSE(cover->covered);
    for (const std::size_t tick : {before, duel.end()}) {
        const std::vector<Link> links = why(duel, Side::A, tick, foresight);
        REQUIRE(links.size() == 5);
        // Third, or second where the write was counted down before the stop came to wait.
        CHECK((links[2].text.starts_with(third_link) || links[1].text.starts_with(third_link)));
        for (std::size_t i = 1; i < links.size(); i++) CHECK(links[i - 1].tick <= links[i].tick);
        CHECK(std::ranges::count(links, true, &Link::has_happened) == (tick == before ? 4 : 5));
    }
    const Now strip = now(duel, duel.end(), foresight);
    CHECK(strip.meaning.find("crashed") != std::string::npos);
}

constexpr const char* kNobodyWaits = "The last wait of the stop, in md_bitmap_free, looks at bitmap->pending_writes";
// As the scenario's exhibit has it; of the default exhibit that is the sentence above.
std::string nobody_waits(const Scenario& scenario) {
    const Exhibit& exhibit = exhibit_of(scenario);
    return fmt::format("The last wait of the {}, in {}, looks at {}", exhibit.act.noun, exhibit.blind_wait.function,
                       exhibit.blind_wait.looks_at);
}

constexpr const char* kCountedTooEarly = "super_written counts mddev->pending_writes down to 0 first";
constexpr const char* kWokenTooLate = "end_bitmap_write counts bitmap->pending_writes down to 0 and only then wakes";

// Who waits is asked for writes of the metadata; a data write that ends too late is told by its exhibit's page.
bool is_of_metadata(const Oops& oops) {
    return oops.in_irq && std::ranges::find(oops.stack, "raid1_end_write_request") == oops.stack.end();
}

std::size_t check_scenario(const Scenario& scenario, std::uint64_t budget, const std::string& third_link) {
    ExploreOptions options;
    options.strategy = scenario.strategy;
    options.budget = row_of(scenario.strategy).counts_states ? budget : 100;
    options.stop_at_first_crash = true;
    const Verdict verdict = explore_test::explored(scenario, options);
    if (!verdict.shortest || verdict.shortest->ending != Ending::Crash) return 0;
    if (!is_of_metadata(*verdict.shortest->oops)) return 0;
    check_crash(replayed(scenario, verdict.shortest->picks), third_link);
    return 1;
}

}  // namespace

TEST_CASE("every crash of every scenario is seen coming and explained") {
    std::size_t crashes = 0;
    for (const auto& file : scenario_files()) {
        CAPTURE(file.name);
        const Scenario scenario = scenario_named(file.name);
        if (scenario.expect.kind != Expectation::Kind::Crash) continue;
        crashes += check_scenario(scenario, Arena::available() ? 1'000'000 : 1000,
                                  scenario.granularity != Granularity::Fine ? nobody_waits(scenario)
                                  : scenario.bitmap == "file"               ? kWokenTooLate
                                                                            : kCountedTooEarly);
    }
    CHECK(crashes >= (Arena::available() ? 10 : 5));
}

TEST_CASE("in fine steps, too: the first bug, the second, and the bitmap file's late wake-up" *
          doctest::skip(!Arena::available())) {
    struct Case {
        const char* scenario;
        const char* fix;
        const char* order;
        const char* pools;
        const char* third_link;
    };
    constexpr Case kCases[] = {
        {"referee-external", "none", "2022", "mddev", kNobodyWaits},
        {"referee-external", "none", "2022", "stop", kNobodyWaits},
        {"referee-external", "none", "2021", "mddev", kNobodyWaits},
        {"referee-external", "upstream", "2021", "stop", kCountedTooEarly},
        {"referee-external", "proposal", "2021", "stop", kCountedTooEarly},
        {"referee-external", "v1", "2021", "stop", kCountedTooEarly},
        {"second-bug", "upstream", "2021", "mddev", kCountedTooEarly},
        {"referee-file", "none", "2022", "mddev", kWokenTooLate},
        {"referee-file", "upstream", "2022", "stop", kWokenTooLate},
    };
    for (const Case& one : kCases) {
        CAPTURE(one.scenario);
        CAPTURE(one.fix);
        CAPTURE(one.order);
        CAPTURE(one.pools);
        const Scenario scenario = with(scenario_named(one.scenario), one.fix, one.order, one.pools, Granularity::Fine);
        CHECK(check_scenario(scenario, 2'000'000, one.third_link) == 1);
    }
}

TEST_CASE("a failed write that comes too late is told with md_error") {
    Scenario scenario = scenario_named("disk-error");
    Duel duel(scenario, opponent_of(scenario));
    CHECK(duel.give(wish(Order::Kind::Hold, "bitmap")).empty());
    start_all(duel);
    duel.play(1000, false);
    Order fail;
    fail.how = Choice::Kind::Fail;
    fail.name = "sdb bitmap 1";
    CHECK(duel.give(fail).empty());
    REQUIRE(duel.tape(Side::A).moment() == Moment::Crash);
    Foresight foresight(duel);
    CHECK(why(duel, Side::A, duel.end(), foresight).back().text.find("md_error followed rdev->mddev") !=
          std::string::npos);
    CHECK(annotated_console(duel, Side::A).front().meaning.find("pers is at +0x") != std::string::npos);
}

}  // namespace mdscope::story_test
