// SPDX-License-Identifier: MIT
// The words: exact where the story is told, and never empty, wrong or changing anywhere else.
#include "engine/story/tell/narration.hpp"

#include <fmt/format.h>

#include "engine/story/tell/scene.hpp"
#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

namespace {

// The race with its writes held, until A has unbound its members; then let go, to the end.
//
//   1, 3  the two writes are submitted     4  B falls asleep, A goes on     6, 7  A unbinds     9  A crashes
Duel told_race() {
    return played(race().tape(Side::A).scenario());
}

std::vector<std::size_t> ticks_of(const std::vector<Link>& links) {
    std::vector<std::size_t> ticks;
    for (const Link& link : links) ticks.push_back(link.tick);
    return ticks;
}

std::size_t happened(const std::vector<Link>& links) {
    return static_cast<std::size_t>(std::ranges::count(links, true, &Link::has_happened));
}

void check_sentence(const std::string& text) {
    CAPTURE(text);
    REQUIRE_FALSE(text.empty());
    CHECK((text.back() == '.' || text.back() == '?'));
    CHECK(text.find("  ") == std::string::npos);
    CHECK(text.find("..") == std::string::npos);
    CHECK(text.find(" .") == std::string::npos);
    CHECK(text.find("()") == std::string::npos);
}

}  // namespace

TEST_CASE("the race, told tick by tick") {
    const Duel duel = told_race();
    Foresight foresight(duel);
    const auto check = [&](std::size_t tick, const char* what, const char* meaning) {
        CAPTURE(tick);
        const Now strip = now(duel, tick, foresight);
        CHECK(strip.what == what);
        CHECK(strip.meaning == meaning);
    };
    check(0, "Nothing has happened yet: both arrays are the same.", "Both arrays run; the stop has not begun.");
    check(1, "The stop submits sdb bitmap 1; mddev->pending_writes goes from 0 to 1.",
          "Disk sdb still owes one bitmap write (sdb bitmap 1). In A nobody will wait for it: the last wait, "
          "md_bitmap_free, looks at bitmap->pending_writes (0). In B md_super_wait will wait for it before the stop "
          "unbinds sdb.");
    check(
        4,
        "In A the stop takes the bitmap from the array and falls asleep in md_unregister_thread. In B it falls asleep "
        "in md_super_wait.",
        "Disks sda and sdb still owe one bitmap write each. A looked at bitmap->pending_writes (0) and goes on: nobody "
        "waits before the stop unbinds sdb. B looks at mddev->pending_writes (2) and sleeps in md_super_wait until "
        "they have ended. The only difference between the two runs is that one line.");
    check(7,
          "In A the stop sets rdev->mddev of sda to NULL and falls asleep in unbind_rdev_from_array; in B it sleeps on "
          "in md_super_wait.",
          "Disks sda and sdb still owe one bitmap write each. A has unbound sdb while sdb bitmap 1 is in flight: when "
          "it ends, super_written follows a NULL pointer. B looks at mddev->pending_writes (2) and sleeps in "
          "md_super_wait until they have ended.");
    check(
        9,
        "In A the write sdb bitmap 1 ends and its completion crashes in super_written. In B it ends; "
        "mddev->pending_writes goes from 2 to 1.",
        "In B disk sda still owes one bitmap write (sda bitmap 1). A has crashed: super_written followed rdev->mddev, "
        "which unbind_rdev_from_array had set to NULL. B looks at mddev->pending_writes (1) and sleeps in "
        "md_super_wait until it has ended.");
    check(duel.end(), "In B the stop is done; array_state reads clear; A has crashed.",
          "A has crashed: super_written followed rdev->mddev, which unbind_rdev_from_array had set to NULL. B waited "
          "and has stopped cleanly. The only difference between the two runs is that one line.");
}

TEST_CASE("at a standstill it says what a person can do") {
    Duel duel = race();
    {
        Foresight foresight(duel);
        CHECK(now(duel, 0, foresight).meaning ==
              "Both arrays run; the stop has not begun. Start the stop to see what each kernel does with it.");
    }
    hold_and_stop(duel);
    Foresight foresight(duel);
    CHECK(now(duel, duel.end(), foresight).meaning.ends_with(" Nothing moves until a held write is let go."));
    CHECK_FALSE(now(duel, duel.end() - 1, foresight).meaning.ends_with("is let go."));
}

TEST_CASE("why the left one crashed: five links, each a tick") {
    const Duel duel = told_race();
    Foresight foresight(duel);
    const std::vector<Link> links = why(duel, Side::A, duel.end(), foresight);
    REQUIRE(links.size() == 5);
    CHECK(
        links[0].text ==
        "The bitmap page is marked, and daemon pass 3 of md_bitmap_flush submits sdb bitmap 1 without waiting for it.");
    CHECK(links[1].text == "It is counted in mddev->pending_writes, which is 2 then; bitmap->pending_writes stays 0.");
    CHECK(links[2].text ==
          "The last wait of the stop, in md_bitmap_free, looks at bitmap->pending_writes, which is 0: nobody waits for "
          "mddev->pending_writes.");
    CHECK(links[3].text == "unbind_rdev_from_array sets rdev->mddev of sdb to NULL while sdb bitmap 1 is in flight.");
    CHECK(
        links[4].text ==
        "Disk sdb is done with sdb bitmap 1: super_written followed rdev->mddev, which unbind_rdev_from_array had set "
        "to NULL, in a disk interrupt and not in the stop.");
    CHECK(ticks_of(links) == std::vector<std::size_t>{1, 3, 4, 6, 9});
    CHECK(happened(links) == 5);
}

TEST_CASE("the five links are there as soon as there is danger; those to come say so") {
    const Duel duel = told_race();
    Foresight foresight(duel);
    for (std::size_t tick = 1; tick < duel.size(); tick++) {
        CAPTURE(tick);
        const std::vector<Link> links = why(duel, Side::A, tick, foresight);
        REQUIRE(links.size() == 5);
        for (const Link& link : links) CHECK(link.has_happened == (link.tick <= tick));
    }
    CHECK(happened(why(duel, Side::A, 1, foresight)) == 2);
    CHECK(happened(why(duel, Side::A, 4, foresight)) == 3);
    CHECK(happened(why(duel, Side::A, 8, foresight)) == 4);
    CHECK(why(duel, Side::A, 0, foresight).empty());
}

TEST_CASE("why the right one is safe") {
    const Duel duel = told_race();
    Foresight foresight(duel);
    const std::vector<Link> links = why(duel, Side::B, duel.end(), foresight);
    REQUIRE(links.size() == 4);
    CHECK(links[2].text == "The stop waits for that: md_super_wait looks at mddev->pending_writes until it is 0.");
    CHECK(links[3].text == "unbind_rdev_from_array sets rdev->mddev of sda to NULL, and by then it has ended.");
    CHECK(happened(links) == 4);
    CHECK(happened(why(duel, Side::B, 4, foresight)) == 3);
    CHECK(happened(why(duel, Side::B, 1, foresight)) == 2);  // the waits of earlier passes are not waits for this write
}

TEST_CASE("a write that ended in time without a wait was lucky; why says so, of the write that is followed") {
    Duel duel = told_race();
    REQUIRE(duel.tape(Side::A).moment() == Moment::Crash);
    duel.replay_with(1, wish(Order::Kind::Due, "sdb bitmap 1", 2));
    duel.replay_with(3, wish(Order::Kind::Due, "sda bitmap 1", 4));
    duel.play(1000, true);
    REQUIRE(duel.tape(Side::A).moment() == Moment::Done);
    Foresight foresight(duel);
    for (const char* member : {"sda", "sdb"}) {
        const std::string bio = fmt::format("{} bitmap 1", member);
        const std::vector<Link> links = why(duel, Side::A, duel.end(), foresight, bio);
        REQUIRE(links.size() == 4);
        CHECK(links[0].text.find(bio) != std::string::npos);
        CHECK(links[2].text.find("nobody waits for mddev->pending_writes") != std::string::npos);
        CHECK(links[3].text == bio + " ended before unbind_rdev_from_array sets rdev->mddev of " + member +
                                   " to NULL: that was luck, no wait. Had it ended later, its completion would have "
                                   "followed a pointer to what is gone.");
        CHECK(happened(links) == 4);
        CHECK(why(duel, Side::B, duel.end(), foresight, bio)[0].text.find(bio) != std::string::npos);
    }
    CHECK(why(duel, Side::A, duel.end(), foresight, "sdc bitmap 1").size() == 4);  // none of these: the last one
}

TEST_CASE("an internal bitmap is saved by its header, by accident") {
    const Duel duel = played(with(scenario_named("referee-internal"), "none"));
    Foresight foresight(duel);
    const std::vector<Link> links = why(duel, Side::A, duel.end(), foresight);
    REQUIRE(links.size() == 4);
    CHECK(links[2].text.find("by accident") != std::string::npos);
    CHECK(links[2].text.find("md_bitmap_update_sb writes the bitmap's superblock") == 0);
}

TEST_CASE("a reboot that waits is not told to unbind anybody") {
    const Duel duel = played(with(scenario_named("reboot"), "upstream"));
    Foresight foresight(duel);
    for (const Side side : kSides)
        for (const Link& link : why(duel, side, duel.end(), foresight))
            CHECK(link.text.find("unbind_rdev_from_array") == std::string::npos);
    CHECK(why(duel, Side::A, duel.end(), foresight).size() == 3);
    CHECK(why(duel, Side::B, duel.end(), foresight).back().text ==
          "The stop takes nothing away that it needs, whenever it ends.");
}

TEST_CASE("a stop that waits for a sync says so") {
    Duel duel = long_repair();
    duel.play(100, false);
    start_all(duel);
    duel.play(104, false);
    Foresight foresight(duel);
    CHECK(status_of(duel, Side::A, duel.end(), foresight.a) == Status::Waiting);
    CHECK(now(duel, duel.end(), foresight)
              .meaning.ends_with("Both arrays sleep in do_md_stop until the sync thread has ended."));
    CHECK(why(duel, Side::A, duel.end(), foresight).size() == 1);
}

TEST_CASE("data that the stop waits for is not told as bitmap writes") {
    Duel duel(scenario_named("data-write-in-flight"), opponent_of(scenario_named("data-write-in-flight")));
    CHECK(duel.give(wish(Order::Kind::Hold, "data")).empty());
    start_all(duel);
    duel.play(3000, false);
    while (duel.tape(Side::A).last().bios.empty()) REQUIRE(duel.advance());
    Foresight foresight(duel);
    CHECK(status_of(duel, Side::A, duel.end(), foresight.a) == Status::Waiting);
    CHECK(now(duel, duel.end(), foresight).meaning ==
          "Disks sda and sdb still owe one data write each. Both arrays sleep in freeze_array until they have ended. "
          "Nothing moves until a held write is let go.");
    const std::vector<Link> links = why(duel, Side::A, duel.end(), foresight);
    REQUIRE(links.size() == 2);
    CHECK(links[1].text.starts_with("Data requests are counted by raid1 itself"));
}

TEST_CASE("who hangs, and on what, is said") {
    Scenario scenario = scenario_named("stop-while-open");
    scenario.mdmon = false;  // nobody answers write-pending
    scenario.tasks.resize(1);
    const Duel duel = played(scenario);
    REQUIRE(duel.tape(Side::A).moment() == Moment::Hang);
    Foresight foresight(duel);
    CHECK(status_of(duel, Side::A, duel.end(), foresight.a) == Status::Hung);
    CHECK(now(duel, duel.end(), foresight).meaning ==
          "Both arrays hang: task writer sleeps in md_write_start until the change of the array's state is "
          "acknowledged, and nobody is left to change that.");
    const std::vector<Link> links = why(duel, Side::A, duel.end(), foresight);
    REQUIRE(links.size() == 2);
    CHECK(links[1].text == "Nobody is left who could make that true: it sleeps for ever.");
}

TEST_CASE("why of a deadlock closes the circle: who could end it does not, and why") {
    const Duel duel = played(scenario_named("deaf-barrier"));
    REQUIRE(duel.tape(Side::A).moment() == Moment::Hang);
    REQUIRE(duel.tape(Side::B).moment() == Moment::Done);
    Foresight foresight(duel);
    const std::vector<Link> links = why(duel, Side::A, duel.end(), foresight);
    REQUIRE(links.size() >= 4);
    CHECK(links[links.size() - 2].text.find("needs reconfig_mutex, which whoever wrote `idle` holds") !=
          std::string::npos);
    CHECK(links.back().text == "So each waits for another, in a circle: they sleep for ever.");
}

TEST_CASE("a tick in one line, for a log") {
    const Duel duel = told_race();
    CHECK(tick_line(duel, 0) == "nothing has happened yet");
    CHECK(tick_line(duel, 1) == "stopper submits sdb bitmap 1; mddev->pending_writes goes from 0 to 1");
    CHECK(tick_line(duel, 4) ==
          "stopper: A takes the bitmap from the array and falls asleep in md_unregister_thread; B falls asleep in "
          "md_super_wait");
    CHECK(tick_line(duel, 9) ==
          "sdb bitmap 1: A ends and its completion crashes in super_written; B ends; mddev->pending_writes goes from 2 "
          "to 1");
    CHECK(tick_line(duel, 10) ==
          "sda bitmap 1 ends and wakes the stop; mddev->pending_writes goes from 1 to 0 (B only)");
}

TEST_CASE("no sentence is empty or broken, in any scenario at any tick") {
    for_each_play([](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        Foresight foresight(duel);
        for (std::size_t tick = 0; tick < duel.size(); tick += 1 + duel.size() / 50) {
            CAPTURE(tick);
            const Now strip = now(duel, tick, foresight);
            check_sentence(strip.what);
            check_sentence(strip.meaning);
            CHECK_FALSE(tick_line(duel, tick).empty());
            for (const Side side : kSides)
                for (const Link& link : why(duel, side, tick, foresight)) {
                    check_sentence(link.text);
                    CHECK(link.tick <= duel.end());
                }
        }
    });
}

TEST_CASE("the console is explained, with links to who set the pointer to NULL and who did not wait") {
    const Duel duel = told_race();
    const std::vector<Annotation> lines = annotated_console(duel, Side::A);
    CHECK(annotated_console(duel, Side::B).empty());
    std::string console;
    for (const Annotation& line : lines) console += line.line + "\n";
    CHECK(console == duel.tape(Side::A).console());
    const auto line_with = [&](const std::string& text) {
        const auto found = std::ranges::find_if(
            lines, [&](const Annotation& line) { return line.line.find(text) != std::string::npos; });
        REQUIRE(found != lines.end());
        return *found;
    };
    const std::string address = line_with("CR2: ").line.substr(line_with("CR2: ").line.size() - 3);
    CHECK(line_with("BUG: ").meaning.find("pending_writes is at +0x" + address) != std::string::npos);
    CHECK(line_with("BUG: ").tick == 6);
    CHECK(line_with("<IRQ>").meaning == "A disk interrupt, not the stopping thread.");
    CHECK(line_with("bio_endio").tick == 1);
    CHECK(line_with("  pending_writes = {").tick == 4);
    CHECK(line_with("Kernel panic").meaning.find("no task to be killed") != std::string::npos);
    std::vector<std::optional<std::size_t>> unbound;
    for (const Annotation& line : lines)
        if (line.line == "  mddev = 0x0,") unbound.push_back(line.tick);
    CHECK(unbound == std::vector<std::optional<std::size_t>>{7, 6});  // sda, sdb
}

TEST_CASE("described as text, both counters have their full names, and the text is the same each time") {
    for_each_play([](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        Foresight foresight(duel);
        Foresight again(duel);
        for (const std::size_t tick : {std::size_t{0}, duel.end() / 2, duel.end()}) {
            const std::string text = describe(duel, tick, foresight);
            CHECK(text == describe(duel, tick, again));
            CHECK(text.find("mddev->pending_writes ") != std::string::npos);
            CHECK(text.find("bitmap->pending_writes ") != std::string::npos);
            CHECK(text.starts_with(duel.tape(Side::A).scenario().title + "\n"));
            for (const Side side : kSides)  // and each row that is not the default one's
                CHECK(text.find(other_rows(duel.tape(side).scenario().variants)) != std::string::npos);
        }
    });
}

TEST_CASE("the description says what the window shows") {
    Duel duel = race();
    hold_and_stop(duel);
    Foresight foresight(duel);
    const std::string text = describe(duel, duel.end(), foresight);
    for (const char* line : {
             "A: bitmap external, fix none, order 2022, pools mddev, coarse steps; other rows: as in Linux "
             "6.1.192-nofix\n",
             "B: bitmap external, fix upstream, order 2022, pools mddev, coarse steps; other rows: as in Linux "
             "6.1.192\n",
             "The first difference is at tick ",
             "A: IN DANGER, array_state clear\n",
             "B: WAITING, array_state clean\n",
             "  mddev->pending_writes 2, bitmap->pending_writes 0\n",
             "  member sdb: rdev->mddev is NULL, nr_pending 1\n",
             "  in flight sdb bitmap 1: counted in mddev->pending_writes (2), NOBODY WAITS; unbind_rdev_from_array has "
             "taken what it needs; held\n",
             "  stopper sleeps in md_super_wait until mddev.pending_writes == 0 (2 == 0: false); woken by sdb bitmap 1 "
             "and sda bitmap 1\n",
             "  MISSING         md_super_wait: not called here: nobody waits\n",
             "  asleep          md_super_wait: 2 left: sleeps\n",
             "  why 4: unbind_rdev_from_array sets rdev->mddev of sdb to NULL while sdb bitmap 1 is in flight. (tick ",
         })
        CHECK_MESSAGE(text.find(line) != std::string::npos, line);
}

TEST_CASE("what a sleeper waits for is told in words, for each condition of raid1's barriers") {
    for (const char* condition :
         {"(conf.array_frozen == 0 && conf.nr_pending[idx] == 0 && conf.barrier[idx] < RESYNC_DEPTH) || "
          "(hears_interrupt && test_bit(MD_RECOVERY_INTR, recovery))",
          "conf.nr_waiting[idx] == 0", "conf.array_frozen == 0", "conf.array_frozen == 0 && conf.barrier[idx] == 0",
          "conf.nr_sync_pending == 0", "get_unqueued_pending(conf) == extra || conf.pending_count != 0"}) {
        CAPTURE(condition);
        const std::string words = condition_words(condition);
        CHECK(words.find("conf") == std::string::npos);
        CHECK(words.find("==") == std::string::npos);
    }
    const Duel duel = played(scenario_named(find_exhibit("M5")->scenario));
    // Whoever sleeps on a barrier anywhere in it is told of without the source's text.
    std::size_t sleepers = 0;
    for (const Side side : kSides)
        for (std::size_t tick = 0; tick <= duel.end(); tick++)
            for (const Wait& wait : waits(duel, side, tick)) {
                if (wait.function != "raise_barrier") continue;
                sleepers++;
                CHECK(condition_words(wait.condition) == "the writes in that part of the disk have ended");
            }
    CHECK(sleepers > 0);
}

}  // namespace mdscope::story_test
