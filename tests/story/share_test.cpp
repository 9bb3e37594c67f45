// SPDX-License-Identifier: MIT
// Codes of one line: what is shared opens as it was, and whatever else comes in is refused with a reason, in bounded
// memory. Method: the scenarios that come with mdscope, run to their ends, are shared; codes are cut, changed and
// stretched; texts that no scenario could be are packed as one.
#include "engine/scenario/share.hpp"

#include "engine/story/record/outcome.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::story_test {

using explore_test::scenario_files;
using explore_test::scenario_named;

namespace {

std::string code_of(const Scenario& scenario) {
    const Result<std::string> code = share_code(scenario);
    REQUIRE_MESSAGE(code, code.error().text);
    return *code;
}

std::string error_of(const std::string& code) {
    const Result<Scenario> scenario = scenario_from_code(code);
    return scenario ? "accepted" : scenario.error().text;
}

std::string error_of_text(const std::string& text) {
    const Result<std::string> code = code_of_text(text);
    REQUIRE_MESSAGE(code, code.error().text);
    return error_of(*code);
}

// A run with every step of it, as the window shares it.
Scenario with_schedule_played(Scenario scenario) {
    Duel duel(scenario, opponent_of(scenario));
    (void)play_out(duel);
    scenario.schedule = duel.schedule(duel.end());
    scenario.playhead = duel.end() / 2;
    return scenario;
}

}  // namespace

TEST_CASE("a code opens as the scenario that was shared, schedule and playhead too") {
    for (const auto& file : scenario_files()) {
        CAPTURE(file.name);
        Scenario scenario = scenario_named(file.name);
        if (scenario.granularity != Granularity::Fine) scenario = with_schedule_played(scenario);
        const std::string code = code_of(scenario);
        const Result<Scenario> opened = scenario_from_code(code);
        REQUIRE_MESSAGE(opened, opened.error().text);
        CHECK(opened->name == "shared");
        scenario.name = "shared";
        CHECK(*opened == scenario);
        CHECK(code_of(*opened) == code);
    }
}

TEST_CASE("a run of a lesson's size fits into 2 kB, with letters that an address may have") {
    for (const std::string name : {"race", "hold-stop-release", "release-early", "report-2021", "referee-external",
                                   "counter-pending", "second-bug", "four-pages"}) {
        CAPTURE(name);
        Scenario scenario = scenario_named(name);
        if (scenario.granularity == Granularity::Fine) scenario.granularity = Granularity::Coarse;
        const std::string code = code_of(with_schedule_played(scenario));
        CHECK(code.size() <= 2048);
        CHECK(code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 5) ==
              std::string::npos);
    }
}

// What a person may do: any step that is possible in either array, in one of them or in both, and wishes in between.
Order anything(const Duel& duel, Prng& prng) {
    Order order;
    const std::vector<Order>& options = duel.tape(kSides[prng.below(2)]).options();
    if (prng.below(4) != 0 && !options.empty()) {
        order = options[prng.below(options.size())];
    } else {
        order.kind = prng.below(2) == 0 ? Order::Kind::Hold : Order::Kind::Release;
        order.name = std::vector<std::string>{"bitmap", "bitmap sda", "sdb bitmap 1", "superblock sdb"}[prng.below(4)];
    }
    order.sides = static_cast<unsigned>(prng.below(3)) + 1;
    return order;
}

TEST_CASE("whatever was done to both arrays, a code opens it at the same tick, in the same states") {
    for (std::uint64_t seed = 1; seed <= (Arena::available() ? 60 : 8); seed++) {
        CAPTURE(seed);
        Prng prng(seed);
        Scenario scenario = scenario_named(seed % 2 == 0 ? "race" : "report-2021");
        Duel duel(scenario, opponent_of(scenario));
        for (std::uint64_t orders = prng.below(80); orders > 0; orders--) (void)duel.give(anything(duel, prng));
        if (seed % 3 == 0) (void)play_out(duel);
        scenario.schedule = duel.schedule(duel.end());
        scenario.playhead = prng.below(duel.size());
        const Result<Scenario> opened = scenario_from_code(code_of(scenario));
        REQUIRE_MESSAGE(opened, opened.error().text);
        CHECK(opened->playhead == scenario.playhead);
        const Duel again(*opened, opponent_of(*opened));
        REQUIRE(again.size() == duel.size());
        CHECK(again.first_difference() == duel.first_difference());
        for (const Side side : kSides) {
            CHECK(again.at(side, *opened->playhead).state_hash == duel.at(side, *opened->playhead).state_hash);
            CHECK(again.at(side, again.end()).state_hash == duel.at(side, duel.end()).state_hash);
            CHECK(again.tick(again.end()).held == duel.tick(duel.end()).held);
        }
    }
}

TEST_CASE("a chat that breaks lines breaks no code") {
    const Scenario scenario = scenario_named("race");
    std::string code = code_of(scenario);
    for (std::size_t at = 76; at < code.size(); at += 78) code.insert(at, "\r\n");
    CHECK(scenario_from_code(code + " \n")->tasks == scenario.tasks);
}

TEST_CASE("a code cut short anywhere, or with one character changed, is refused") {
    const std::string code = code_of(with_schedule_played(scenario_named("hold-stop-release")));
    for (std::size_t size = 0; size < code.size(); size++) {
        CAPTURE(size);
        REQUIRE(error_of(code.substr(0, size)).starts_with("the code cannot be read: "));
        std::string changed = code;
        changed[size] = changed[size] == 'A' ? 'B' : 'A';
        const std::string error = error_of(changed);
        // Some bits belong to no byte: at the end of the code, and between the end of the text and its checksum.
        if (error == "accepted")
            REQUIRE(*text_of_code(changed) == *text_of_code(code));
        else
            REQUIRE(error.starts_with("the code cannot be read: "));
    }
}

TEST_CASE("what is no code is refused with the reason") {
    const std::string why = "the code cannot be read: ";
    const std::string code = code_of(scenario_named("race"));
    CHECK(error_of("") == why + "a code begins with 'mds1:'");
    CHECK(error_of("mds2:AAAA") == why + "a code begins with 'mds1:'");
    CHECK(error_of("mds1:") == why + "it is damaged or cut short");
    CHECK(error_of("mds1:A") == why + "it is damaged or cut short");
    CHECK(error_of("mds1:AA*A") == why + "character 8 is none of its letters, digits, '-' and '_'");
    CHECK(error_of("mds1:AA==") == why + "character 8 is none of its letters, digits, '-' and '_'");
    CHECK(error_of(std::string("mds1:A\0A", 8)) == why + "character 7 is none of its letters, digits, '-' and '_'");
    CHECK(error_of(code + code.substr(5)) == why + "something follows behind its end");
    CHECK(error_of("mds1:" + std::string(kLongestCode, 'A')) == why + "it has more than 65536 characters");
}

TEST_CASE("a code that would inflate to far more than a scenario is refused before it does") {
    const std::size_t most = std::size_t{256} << 10;
    CHECK(error_of_text(std::string(most, ' ')) ==
          "the code's text is no scenario: 1: the line has more than 1024 bytes");
    for (const std::size_t size : {most + 1, std::size_t{1} << 20, std::size_t{40} << 20})
        CHECK(error_of_text(std::string(size, ' ')) == "the code cannot be read: its text has more than 262144 bytes");
    CHECK_FALSE(code_of_text(std::string(std::size_t{64} << 20, ' ')));
}

TEST_CASE("a text in a code is read as strictly as a file") {
    const std::string why = "the code's text is no scenario: ";
    CHECK(error_of_text("") == why + "1: the file is empty; a scenario begins with 'mdscope-scenario 1'");
    CHECK(error_of_text("mdscope-scenario 1\nfix v3\n") ==
          why + "2: 'fix' takes none, v1, proposal or upstream, not 'v3'");
    CHECK(error_of_text(std::string("mdscope-scenario 1\n\0", 20)) == why + "2: a NUL byte; this is no text");
    CHECK(error_of_text("mdscope-scenario 1\ntitle \x1b[31m\n") == why + "2: a control character (0x1b)");
}

TEST_CASE("noise of any kind is refused, never followed") {
    Prng prng(2026);
    for (int i = 0; i < 2000; i++) {
        CAPTURE(i);
        std::string code = "mds1:eN";  // the header of zlib's format, so that inflating begins
        for (std::uint64_t size = prng.below(400); size > 0; size--)
            code += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[prng.below(64)];
        REQUIRE(error_of(code) != "accepted");
    }
}

TEST_CASE("a schedule too long for a code is refused when it is shared") {
    Scenario scenario = scenario_named("race");
    Prng prng(7);
    for (int i = 0; i < 20'000; i++) {
        Order order;
        order.name = "sdb bitmap " + std::to_string(prng.next());
        order.how = Choice::Kind::Complete;
        scenario.schedule.push_back(order);
    }
    const Result<std::string> code = share_code(scenario);
    REQUIRE_FALSE(code);
    CHECK(code.error().text.starts_with("too long for a code: "));
}

}  // namespace mdscope::story_test
