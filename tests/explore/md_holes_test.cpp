// SPDX-License-Identifier: MIT
// Holes of Linux md, each behind a row that does as md does.
//
// Goal: the search finds each hole with that row, and nothing with the usual one. Method: the smallest array that can
// show it, in complete searches. Where a step is every access to a shared field and a write meets a stop, these do not
// end: there seeded executions, as many as are printed. Names are those of the museum: M10 to M13, M25, P17.
#include <fmt/format.h>

#include "engine/explore/card.hpp"
#include "engine/explore/judge.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

Scenario scenario_of(const std::string& name, const std::string& text) {
    const Result<Scenario> scenario = parse_scenario("mdscope-scenario 1\n" + text, name);
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

// Killed at any step.
Scenario killed(const std::string& name, const std::string& bitmap, const std::string& text) {
    return scenario_of(name, "bitmap " + bitmap +
                                 "\nsize 1152K\nchunk 64K\ndelay 5s\nmdmon on\nbits clear\nwrite-size 1K\n"
                                 "crash kill\ncuts 1\n" +
                                 text);
}

std::string found_text(const Verdict& verdict) {
    return fmt::format("{} states{}, shortest schedule {} choices", grouped(verdict.states),
                       verdict.complete ? "" : " until the first", verdict.shortest->picks.size());
}

Verdict found_as_md(Scenario scenario, const char* variant, const char* row) {
    REQUIRE(scenario.variants.choose(variant, row));
    ExploreOptions options;
    options.stop_at_first_crash = true;
    Verdict verdict = explored(scenario, options);
    REQUIRE(verdict.shortest);
    return verdict;
}

// `judge` finds it as it is in md, and nothing is left to find as it is here.
void check_hole(const Scenario& scenario, const char* variant, const std::string& judge) {
    CAPTURE(scenario.name);
    const Verdict as_md = found_as_md(scenario, variant, "md");
    REQUIRE(as_md.shortest->judge != nullptr);
    CHECK(as_md.shortest->judge->name == judge);
    const Verdict safe = explored(scenario);
    CHECK(safe.complete);
    CHECK(safe.cuts_are_whole);
    CHECK(safe.crashes + safe.hangs + safe.violations == 0);
    MESSAGE(fmt::format("{}: `{} md` breaks `{}` ({}); without it nothing is left to find: {} states, {} cuts",
                        scenario.name, variant, judge, found_text(as_md), grouped(safe.states),
                        grouped(safe.crash_points)));
}

}  // namespace

TEST_CASE("M10: a write waits for the page that another one writes, in its own chunk and in the other's" *
          doctest::skip(!Arena::available())) {
    const std::string two_writers = "tasks\n a: write 0\n b: write 0+8K\n";
    check_hole(killed("same chunk", "internal", two_writers), "unplug", "intent");
    check_hole(killed("same chunk, bitmap file", "file", two_writers), "unplug", "intent");
    // Between its mark and its unplug nobody sleeps: a step ends where a function is entered.
    check_hole(scenario_of("own chunk",
                           "bitmap file\nsize 1216K\nchunk 64K\ndelay 600s\nbits clear\nwrite-size 1K\n"
                           "granularity calls\nsetup\n write 2\n"
                           "tasks\n a: write 0\n b: write 1\n plug: idle 600s; kill; assemble; wait\n"),
               "unplug", "intent");
}

TEST_CASE("M11: a write that a failed member missed is acknowledged when that failure is on record" *
          doctest::skip(!Arena::available())) {
    check_hole(killed("failed by its bitmap page", "internal", "errors 1\ntasks\n a: write 0\n"), "faulty-write",
               "recorded");
}

TEST_CASE("P17: data goes out when its bit is on disk, or the superblocks have outdated the bitmap file" *
          doctest::skip(!Arena::available())) {
    // The page with the bit cannot be written, nor can the header that would call the bitmap out of date.
    check_hole(killed("two errors, bitmap file", "file", "errors 2\ntasks\n a: write 0\n"), "lost-intent", "intent");
}

TEST_CASE("a write fails when the last member does not take the metadata that the write waits for" *
          doctest::skip(!Arena::available())) {
    const std::string one_write = "errors 2\ntasks\n a: write 0\n";
    // The failure of one member, which the other cannot record.
    check_hole(killed("two errors, no bitmap", "none", one_write), "last-record", "recorded");
    // The bit itself, which neither of them has.
    check_hole(killed("two errors, bitmap internal", "internal", one_write), "last-record", "intent");
    // A flush that one member could not make, and the other cannot say so.
    check_hole(killed("two errors, a flush", "none", "errors 2\ntasks\n a: write 0; flush\n"), "last-record",
               "recorded");
}

TEST_CASE("nobody gets two superblocks ahead of the last member in sync, which has all the data" *
          doctest::skip(!Arena::available())) {
    // sdb is copied to; a superblock fails on sda, and the next one is on sdb only when the program is killed.
    check_hole(scenario_of("an error while a member is taken in",
                           "bitmap none\nsize 1152K\nchunk 64K\nwrite-size 1K\nerrors 1\ncrash kill\ncuts 1\n"
                           "setup\n write 0\n fail sdb\n wait\n remove sdb\n write 0\n wait\n"
                           "tasks\n a: add sdb; wait\n"),
               "last-record", "durable");
}

TEST_CASE("M25: a bitmap is there when the last write to its file wakes who waits for it" *
          doctest::skip(!Arena::available())) {
    const Scenario scenario = scenario_of("stop with a bitmap file",
                                          "bitmap file\ndelay 60s\ngranularity fine\n"
                                          "setup\n write 0\n store array_state clean\n"
                                          "tasks\n stopper: store array_state clear\n");
    const Verdict safe = explored(scenario);
    CHECK(safe.complete);
    CHECK(safe.crashes + safe.hangs + safe.violations == 0);
    const Verdict as_md = found_as_md(scenario, "file-written", "md");
    CHECK(as_md.shortest->what == "use after free of bitmap in end_bitmap_write");
    MESSAGE(fmt::format("`file-written md`: {}; without it safe, complete in {} states", found_text(as_md),
                        grouped(safe.states)));
}

// ---- a write and a stop, each access to a shared field a step

namespace {

Scenario write_and_stop() {
    return scenario_of("write and stop",
                       "bitmap none\nmdmon on\ngranularity fine\nsetup\n write 0\n"
                       "tasks\n stopper: store array_state clear\n writer: write 0\n");
}

constexpr std::uint64_t kExecutions = 30'000;

Verdict by_priorities(const Scenario& scenario) {
    ExploreOptions options;
    options.strategy = Strategy::Pct;
    options.budget = kExecutions;
    options.stop_at_first_crash = true;
    return explored(scenario, options);
}

void check_late_touch(const char* variant, const char* row, const char* pools, const std::string& what) {
    Scenario scenario = write_and_stop();
    REQUIRE(scenario.variants.choose("pools", pools));
    const Verdict safe = by_priorities(scenario);
    CHECK(safe.crashes + safe.hangs + safe.violations == 0);
    REQUIRE(scenario.variants.choose(variant, row));
    const Verdict as_md = by_priorities(scenario);
    REQUIRE(as_md.shortest);
    CHECK(as_md.shortest->what == what);
    MESSAGE(fmt::format("`{} {}`: {} in execution {}, {} choices; without it not in {} executions", variant, row, what,
                        grouped(as_md.schedules), as_md.shortest->picks.size(), grouped(safe.schedules)));
}

}  // namespace

TEST_CASE("M13: raid1's configuration is there when a completion wakes who waits for its count" *
          doctest::skip(!Arena::available())) {
    check_late_touch("conf-life", "stop", "mddev", "use after free of conf in raid_end_bio_io");
}

TEST_CASE("M12: a data write has given its bio back before a stop can destroy the pool" *
          doctest::skip(!Arena::available())) {
    check_late_touch("clone-put", "last", "stop", "NULL pointer dereference of mempool_t.elements in mempool_free");
}

}  // namespace mdscope::explore_test
