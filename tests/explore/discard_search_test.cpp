// SPDX-License-Identifier: MIT
// Discards in searches: what is promised of them, after a cut at any step and where a member fails one.
#include <algorithm>

#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

static Scenario discarding(const std::string& headers, const std::string& tasks) {
    const Result<Scenario> scenario =
        parse_scenario("mdscope-scenario 1\nsize 1152K\nchunk 64K\ndelay 5s\nmdmon on\nbits clear\nwrite-size 1K\n" +
                           headers + "\ntasks\n" + tasks,
                       "discarding");
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

TEST_CASE("a discard is there after a kill, and after a power cut once it was flushed" *
          doctest::skip(!Arena::available())) {
    for (const std::string bitmap : {"internal", "none"})
        for (const std::string crash : {"kill", "power-cut"}) {
            CAPTURE(bitmap);
            CAPTURE(crash);
            const Verdict verdict = explored(
                discarding("bitmap " + bitmap + "\ncuts 1\ncrash " + crash, "  a: discard 0; flush; read 0\n"));
            CHECK(verdict.complete);
            CHECK(verdict.cuts_are_whole);
            CHECK(verdict.crash_points > 0);
            CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);
        }
}

TEST_CASE("where a member fails a discard it keeps the old data as md does it, and has zeros as it is usual here" *
          doctest::skip(!Arena::available())) {
    for (const std::string bitmap : {"internal", "none"}) {
        CAPTURE(bitmap);
        const std::string headers = "bitmap " + bitmap + "\nerrors 1\ncuts 0\ncrash kill\n";
        const Verdict as_md = explored(discarding("discard-error md\n" + headers, "  a: discard 0\n"));
        CHECK(as_md.violations > 0);
        CHECK(std::ranges::any_of(as_md.crash_ways, [](const auto& way) {
            return way.first.find("the last acknowledged is write 2, a discard") != std::string::npos;
        }));
        const Verdict usual = explored(discarding(headers, "  a: discard 0\n"));
        CHECK(usual.complete);
        CHECK(usual.crashes + usual.hangs + usual.violations == 0);
    }
}

}  // namespace mdscope::explore_test
