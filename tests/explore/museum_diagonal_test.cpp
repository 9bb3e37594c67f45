// SPDX-License-Identifier: MIT
// The diagonal of the museum: the row of one exhibit does not go wrong in the scenario of another, but where the two
// bugs meet the same array.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "engine/explore/museum.hpp"
#include "tests/explore/fixture.hpp"

using namespace mdscope;
using namespace mdscope::explore_test;

namespace {

constexpr std::uint64_t kStatesOfAPair = 2000;

// In whose scenario a row goes wrong, too.
struct Shared {
    const char* row_of;
    const char* in;
    const char* why;
};
constexpr std::array kShared = {
    Shared{"M11", "M9", "both are a failed write that is acknowledged before the failure is on record"},
    Shared{"M11", "M14", "a failed write, behind or not"},
    Shared{"M23", "M24", "the same stop of the same array: the one does not wait, the other is let go too early"},
};

bool is_shared(const Exhibit& other, const Exhibit& exhibit) {
    return std::ranges::any_of(kShared, [&](const Shared& one) {
        return std::string_view(other.page.number) == one.row_of && std::string_view(exhibit.page.number) == one.in;
    });
}

// The scenario of one, mended, with the bad row of another.
Scenario crossed(const Exhibit& exhibit, const Exhibit& other) {
    Scenario scenario = scenario_named(exhibit.scenario);
    REQUIRE(scenario.variants.choose(exhibit.page.variant, exhibit.page.mended));
    REQUIRE(scenario.variants.choose(other.page.variant, other.page.row));
    scenario.strategy = Strategy::Bfs;
    return scenario;
}

}  // namespace

TEST_CASE("the row of an exhibit does not go wrong in another's scenario by accident" *
          doctest::skip(!Arena::available())) {
    std::size_t pairs = 0, states = 0;
    for (const Exhibit* exhibit : exhibits())
        for (const Exhibit* other : exhibits()) {
            if (std::string_view(other->page.variant) == exhibit->page.variant) continue;
            ExploreOptions options;
            options.budget = kStatesOfAPair;
            options.stop_at_first_crash = true;
            const Verdict verdict = explored(crossed(*exhibit, *other), options);
            const bool wrong = verdict.crashes + verdict.hangs + verdict.violations != 0;
            CHECK_MESSAGE((!wrong || is_shared(*other, *exhibit)), std::string(other->page.number), " in ",
                          std::string(exhibit->page.number));
            pairs++, states += verdict.states;
        }
    MESSAGE(pairs << " pairs, " << states << " states, at most " << kStatesOfAPair << " of each");
}
