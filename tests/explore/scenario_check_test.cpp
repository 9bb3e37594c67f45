// SPDX-License-Identifier: MIT
// Scenarios that test nothing are told so.
#include "engine/explore/scenario_check.hpp"

#include <doctest/doctest.h>

#include "tests/explore/fixture.hpp"

using namespace mdscope;
using namespace mdscope::explore_test;

namespace {

Scenario parsed(const std::string& text) {
    const Result<Scenario> scenario = parse_scenario("mdscope-scenario 1\n" + text, "own");
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

}  // namespace

TEST_CASE("a scenario whose writes change no bit warns, until its bits are cleared") {
    const std::string tasks = "tasks\n  w: write 0\n", setup = "setup\n  write 0\n";
    CHECK(warning_about_bits(parsed("bitmap internal\n" + tasks)).find("`bits clear`") != std::string::npos);
    CHECK(warning_about_bits(parsed("bitmap internal\nbits clear\n" + tasks)).empty());
    CHECK(warning_about_bits(parsed("bitmap internal\nsetup\n  write 0\n  daemon\n  daemon\n  daemon\n" + tasks))
              .empty());
    CHECK(warning_about_bits(parsed("bitmap none\n" + setup + tasks)).empty());
    CHECK(warning_about_bits(parsed("bitmap internal\n" + setup + "tasks\n  s: stop\n")).empty());
}

TEST_CASE("bits are looked at in fine steps, too, where a task may rest with the bitmap's lock held") {
    for (const std::string bits : {"", "bits clear\n"}) {
        CAPTURE(bits);
        const std::string text = "bitmap internal\ngranularity fine\n" + bits + "tasks\n  w: write 0\n";
        CHECK(warning_about_bits(parsed(text)).empty() == !bits.empty());
    }
}

TEST_CASE("no scenario that comes with mdscope tests nothing") {
    for (const ScenarioFile& file : scenario_files()) {
        CAPTURE(file.name);
        CHECK(warning_about_bits(scenario_named(file.name)) == "");
    }
}

TEST_CASE("two tasks that write to the same sectors are refused where data is judged") {
    const auto wrong = [](const std::string& other, const std::string& crash) {
        return wrong_about_writers(parsed("bitmap internal\nbits clear\nwrite-size 1K\n" + crash +
                                          "tasks\n  a: write 0\n  b: " + other + "\n"));
    };
    CHECK(wrong("write 0", "crash kill\n").find("a and b write to the same sectors") == 0);
    CHECK_FALSE(wrong("write 0+512", "crash power-cut\n").empty());
    CHECK_FALSE(wrong("write all", "crash kill\n").empty());
    CHECK(wrong("write 0+1K", "crash kill\n").empty());
    CHECK(wrong("write 1", "crash kill\n").empty());
    CHECK(wrong("read 0", "crash kill\n").empty());
    CHECK(wrong("write 0", "").empty());
    const Result<Verdict> refused = explore(
        parsed("bitmap none\nsize 1152K\nchunk 64K\nwrite-size 1K\ncrash kill\ntasks\n  a: write 0\n  b: write 0\n"),
        {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text.find("`write 0+8K`") != std::string::npos);
}

TEST_CASE("images that are too large to be judged sector by sector are refused, with what would do") {
    const auto wrong = [](const std::string& lines) {
        return wrong_about_size(parsed("bitmap none\n" + lines + "tasks\n  a: write 0\n"));
    };
    CHECK(wrong("crash kill\n").find("images of 64M are too large for `crash kill`") == 0);
    CHECK_FALSE(wrong("size 17M\ncrash power-cut\n").empty());
    CHECK(wrong("size 16M\ncrash kill\n").empty());
    CHECK(wrong("size 1G\n").empty());
    const Result<Verdict> refused = explore(parsed("bitmap none\ncrash kill\ntasks\n  a: write 0\n"), {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text.find("at most 16M") != std::string::npos);
}
