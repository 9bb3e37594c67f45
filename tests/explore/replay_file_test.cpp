// SPDX-License-Identifier: MIT
// Replay files: what is written reads back, and everything else is refused with a line number.
#include <doctest/doctest.h>

#include "engine/explore/explorer.hpp"
#include "tests/explore/scenario_files.hpp"

namespace mdscope::explore_test {

namespace {

ReplayFile example() {
    ReplayFile replay;
    replay.scenario = stop_mid_write("external", "two-step", 1);
    replay.picks = {0, 12, 4294967295};
    replay.stood_for = {"run stopper#3", "complete 7 (sda bitmap write 8+8)", ""};
    replay.ending = "crash NULL pointer dereference of rdev->mddev in super_written";
    replay.log_hash = 0x0f3a5c7e9b2d4816;
    return replay;
}

std::string replay_error_of(const std::string& text) {
    const Result<ReplayFile> replay = parse_replay(text);
    return replay ? "accepted" : replay.error().text;
}

std::string replaced(const std::string& from, const std::string& to) {
    std::string text = replay_text(example());
    REQUIRE(text.find(from) != std::string::npos);
    return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a replay file reads back as it was") {
    const Result<ReplayFile> replay = parse_replay(replay_text(example()));
    REQUIRE_MESSAGE(replay, replay.error().text);
    CHECK(replay->scenario == example().scenario);
    CHECK(replay->picks == example().picks);
    CHECK(replay->stood_for == example().stood_for);
    CHECK(replay->ending == example().ending);
    CHECK(replay->log_hash == example().log_hash);
}

TEST_CASE("a replay file is text that a person can follow") {
    CHECK(
        replay_text(example()).starts_with("mdscope-replay 1\n"
                                           "picks\n"
                                           "  0  run stopper#3\n"
                                           "  12  complete 7 (sda bitmap write 8+8)\n"
                                           "  4294967295\n"
                                           "ending crash NULL pointer dereference of rdev->mddev in super_written\n"
                                           "log-hash 0f3a5c7e9b2d4816\n"
                                           "scenario stop-mid-write\n"
                                           "mdscope-scenario 1\n"));
    CHECK(replay_text(example()).ends_with("\nend\n"));
}

TEST_CASE("picks that say nothing are not checked") {
    ReplayFile replay = example();
    replay.stood_for.clear();
    CHECK(parse_replay(replay_text(replay))->stood_for.empty());
    replay.picks.clear();
    CHECK(parse_replay(replay_text(replay))->picks.empty());
    replay.stood_for = {"a", "b"};  // A description never tears the file apart.
    replay.picks = {1, 2};
    replay.stood_for[0] = " # two\nlines ";
    CHECK(parse_replay(replay_text(replay))->stood_for[0] == "# two lines");
}

TEST_CASE("a mistake in a replay file is named with its line") {
    CHECK(replay_error_of("") == "1: the file ends here; 'mdscope-replay' has to follow");
    CHECK(replay_error_of("mdscope-scenario 1\n") == "1: here has to stand 'mdscope-replay', not 'mdscope-scenario'");
    CHECK(replay_error_of(replaced("replay 1", "replay 7")) ==
          "1: version '7' is not known; this mdscope reads 'mdscope-replay 1'");
    CHECK(replay_error_of(replaced("picks", "pics")) == "2: here has to stand 'picks', not 'pics'");
    CHECK(replay_error_of(replaced("  12 ", "  -12 ")) == "4: here has to stand 'ending', not '-12'");
    CHECK(replay_error_of(replaced("  12 ", "  12a ")) == "4: '12a' is no pick; a pick is a number below 2^32");
    CHECK(replay_error_of(replaced("4294967295", "4294967296")) ==
          "5: '4294967296' is no pick; a pick is a number below 2^32");
    CHECK(replay_error_of(replaced("ending crash", "ending boom")) ==
          "6: 'ending' takes done, crash, hang or violation, not 'boom'");
    CHECK(replay_error_of(replaced("9b2d4816", "9b2d481")) ==
          "7: 'log-hash' takes 16 hexadecimal digits, not '0f3a5c7e9b2d481'");
    CHECK(replay_error_of(replaced("9b2d4816", "9b2d481G")) ==
          "7: 'log-hash' takes 16 hexadecimal digits, not '0f3a5c7e9b2d481G'");
    CHECK(replay_error_of(replaced("members       2", "members       1")) ==
          "11: 'members' takes a number from 2 to 8, not '1'");
    CHECK(replay_error_of(replaced("mdscope-scenario 1", "mdscope-scenario 2")) ==
          "9: version '2' is not known; this mdscope reads 'mdscope-scenario 1'");
    CHECK(replay_error_of(replay_text(example()) + "more\n").ends_with(": nothing may follow 'end'"));
    CHECK(
        replay_error_of(replaced("\nend\n", "\n")).ends_with(": the file ends here; 'end' has to follow the scenario"));
    CHECK(replay_error_of(std::string(1 << 20, '1')) == "1: the line has more than 4096 bytes");
    CHECK(replay_error_of(replaced("run stopper", std::string("run\0stopper", 11))) ==
          "3: a NUL byte; this is no text");
}

TEST_CASE("a replay file cut short anywhere is an error with a line") {
    for (const ScenarioFile& file : scenario_files()) {
        CAPTURE(file.name);
        ReplayFile replay = example();
        replay.scenario = *parse_scenario(file.text, file.name);
        const std::string text = replay_text(replay);
        for (std::size_t size = 0; size + 1 < text.size(); size++) {  // Without its last newline it is whole.
            const Result<ReplayFile> cut = parse_replay(text.substr(0, size));
            REQUIRE_FALSE(cut);
            REQUIRE(cut.error().text.find_first_of("0123456789") == 0);
        }
    }
}

}  // namespace mdscope::explore_test
