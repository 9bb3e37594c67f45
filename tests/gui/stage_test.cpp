// SPDX-License-Identifier: MIT
// What is on the stage at the steps that matter, in every exhibit: doors, counters, writes, members, who walks. And
// what is said of it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/scenario/scenario_files.hpp"
#include "gui/model/end_zones.hpp"
#include "gui/model/player.hpp"
#include "gui/model/pointed.hpp"
#include "gui/model/sentence.hpp"
#include "gui/model/stage_model.hpp"
#include "gui/model/tree_rows.hpp"

namespace mdscope::gui {

namespace {

using Station = StageStopper::Station;
using Walker = StageStopper::State;

struct Play {
    explicit Play(const std::string& name) : player(*load_scenario_file(name)) {}
    void to(std::size_t tick) { player.go_to(tick); }
    // Forwards until that side has this status.
    void until(Side side, Status status) {
        for (std::size_t tick = 0; tick <= player.end(); tick++) {
            player.go_to(tick);
            if (player.view().sides[side].status == status) return;
        }
        FAIL_CHECK("no such status");
    }
    // Forwards until B sleeps at the door that A has not.
    void until_b_sleeps() {
        for (std::size_t tick = 0; tick <= player.end(); tick++) {
            player.go_to(tick);
            const StageStopper stopper = stage(Side::B).stopper;
            if (stopper.state == Walker::Sleeps && stopper.station == Station::FirstDoor) return;
        }
        FAIL_CHECK("it never does");
    }
    StageModel stage(Side side, bool hides = false) {
        return stage_of(player.duel(), side, player.tick(), player.view().sides[side], hides);
    }
    Sentence sentence(bool hides = false) {
        return sentence_of(player.duel(), player.tick(), player.view(), {stage(Side::A, hides), stage(Side::B, hides)},
                           hides);
    }
    Player player;
};

TEST_CASE("before the stop nobody walks, both doors stand open, and nothing is on its way") {
    Play play("race-lost");
    play.to(0);
    const StageModel a = play.stage(Side::A);
    CHECK(a.stopper.state == Walker::Stands);
    CHECK(a.stopper.station == Station::Start);
    CHECK(a.doors[1].state == StageDoor::State::Open);
    CHECK(a.writes.empty());
    CHECK(a.main_write() == nullptr);
    CHECK(a.members.size() == 2);
    CHECK(a.members[0].name == "sda");
    CHECK(a.members[0].state == StageMember::State::Bound);
    CHECK_FALSE(a.is_taker_near);
    CHECK_FALSE(a.crash);
    CHECK(a.title == "without the fix");
    CHECK(play.stage(Side::B).title == "with the fix");
}

TEST_CASE("in danger: the door is missing, the counter is not 0, and what the write needs is next") {
    Play play("race-lost");
    play.until_b_sleeps();
    const StageModel a = play.stage(Side::A), b = play.stage(Side::B);
    CHECK(a.doors[0].function == "md_super_wait");
    CHECK(a.doors[0].state == StageDoor::State::Missing);
    CHECK(a.gauges[0].counter == "mddev->pending_writes");
    CHECK(a.gauges[0].value == 2);
    CHECK(a.gauges[0].is_unwatched);
    CHECK(a.gauges[0].note == "nobody waits for it");
    CHECK(a.gauges[1].answer.starts_with("0 == 0 ? yes"));
    CHECK(a.gauges[1].note == "for bitmap files only");
    CHECK(a.taker == "unbind_rdev_from_array");
    CHECK(a.next == "next: NULL");
    CHECK(a.is_taker_near);
    REQUIRE(a.main_write() != nullptr);
    CHECK_FALSE(a.main_write()->is_covered);
    CHECK(a.main_write()->is_held);
    CHECK(plain_text(a.line) == "nobody waits for mddev->pending_writes (now 2)");
    CHECK(b.doors[0].state == StageDoor::State::Shut);
    CHECK(b.stopper.state == Walker::Sleeps);
    CHECK(b.stopper.station == Station::FirstDoor);
    CHECK(b.gauges[0].answer == "2 == 0 ? no");
    CHECK(b.gauges[0].note == "door stays shut");
    CHECK_FALSE(b.is_taker_near);
    CHECK(plain_text(b.line) == "the stop sleeps until mddev->pending_writes == 0 (now 2)");
}

TEST_CASE("a write comes back by way of what counts it down: a page of a bitmap file is no write of the superblock's") {
    Play play("race");
    std::array scenarios = {play.player.scenario(Side::A), play.player.scenario(Side::B)};
    for (Scenario& scenario : scenarios) scenario.bitmap = "file";
    REQUIRE(play.player.change(scenarios[0], scenarios[1]) == "");
    REQUIRE(play.player.stop() == "");
    play.player.play_to_end();
    std::set<std::string> completions;
    for (std::size_t tick = 0; tick <= play.player.end(); tick++) {
        play.to(tick);
        const StageModel a = play.stage(Side::A);
        if (const StageWrite* main = a.main_write(); main != nullptr && main->gauge)
            completions.insert(fmt::format("{} {}", *main->gauge, a.completion));
    }
    CAPTURE(fmt::format("{}", fmt::join(completions, ", ")));
    CHECK(completions.contains("1 end_bitmap_write"));
    CHECK_FALSE(completions.contains("1 super_written"));
}

TEST_CASE("a question that is open is not answered by the stage") {
    Play play("race-lost");
    play.until(Side::A, Status::InDanger);
    for (std::size_t more = 0; more < 10; more++) {
        const StageModel a = play.stage(Side::A, true);
        CHECK(a.status == Status::Stopping);
        CHECK_FALSE(a.is_taker_near);
        CHECK_FALSE(a.gauges[0].is_unwatched);
        CHECK(a.main_write()->is_covered);
        for (const StageMember& member : a.members) CHECK(member.state != StageMember::State::Leaving);
        const Sentence sentence = play.sentence(true);
        for (const std::string& text : {plain_text(a.line), a.gauges[0].note, a.gauges[1].note, a.next,
                                        plain_text(sentence.first), plain_text(sentence.second)})
            for (const char* word : {"nobody", "waited for", "NULL", "crash", "without a wait"})
                CHECK(text.find(word) == std::string::npos);
        play.to(play.player.tick() + 1);
    }
}

TEST_CASE("the crash: what was followed, three lines of console, and the member it was met in") {
    Play play("race-lost");
    play.until(Side::A, Status::Oops);
    const StageModel a = play.stage(Side::A);
    REQUIRE(a.crash);
    CHECK(a.crash->console.size() == 3);
    CHECK(a.crash->console[0].starts_with("BUG: kernel NULL pointer dereference"));
    CHECK(a.crash->console[1].starts_with("RIP:"));
    CHECK(a.crash->followed[1] == "a pointer that was gone");
    CHECK(a.stopper.state == Walker::Fell);
    CHECK(a.members[1].state == StageMember::State::Met);
    CHECK(plain_text(play.sentence().first).starts_with("A crashed: its write came back to a member that was gone."));
    play.player.play_to_end();
    const StageModel b = play.stage(Side::B);
    CHECK(b.status == Status::Stopped);
    CHECK(b.end == "every write ended first");
    CHECK(b.stopper.state == Walker::Done);
    for (const StageMember& member : b.members)
        CHECK(member.state == StageMember::State::Gone);  // as after any stop: no danger
    CHECK(plain_text(b.line).starts_with("it waited "));
    CHECK(plain_text(play.sentence().first).ends_with("B had waited."));
}

// Whether the stage had a data write on its way.
bool check_notes(const StageModel& stage) {
    bool has_data = false;
    for (const StageMember& member : stage.members) {
        if (member.state == StageMember::State::Off) CHECK(member.note.empty());  // what was cut off may be lost
        for (const StageWrite& write : stage.writes) {
            if (member.name == write.member) CHECK(member.note.empty());
            has_data = has_data || write.kind == "data";
        }
    }
    return has_data;
}

TEST_CASE("a member is done only when nothing is on its way to it, of whatever kind, and it is there") {
    bool seen = false;
    for (const char* scenario : {"pull-the-plug", "plug-pulled"}) {
        Play play(scenario);
        play.player.play_to_end();
        for (std::size_t tick = 0; tick <= play.player.end(); tick++) {
            play.to(tick);
            for (const Side side : kSides) seen = check_notes(play.stage(side)) || seen;
        }
    }
    CHECK(seen);
}

TEST_CASE("whose turn it is to be asked comes from the exhibit") {
    std::set<std::string> left;
    for (const Exhibit* exhibit : exhibits()) {
        CAPTURE(exhibit->name);
        const auto counters = stage_counters(*exhibit);
        const auto doors = stage_doors(*exhibit);
        for (std::size_t i = 0; i < 2; i++) {
            REQUIRE(counters.at(i) != nullptr);
            left.insert(counters.at(i)->name);
        }
        CHECK(counters[0] != counters[1]);
        CHECK(doors[1].empty() != has_doors(*exhibit));
    }
    CHECK(left.size() >= 3);
    const Exhibit* removal = find_exhibit("metadata_write_rdev_2016");
    REQUIRE(removal != nullptr);
    CHECK(stage_counters(*removal)[1]->name == std::string("rdev->nr_pending"));
    CHECK(stage_doors(*removal)[0].empty());  // no function waits for that counter there
}

TEST_CASE("every scenario has a stage at every step, and a sentence that is short") {
    for (const ScenarioFileInfo& info : scenario_files()) {
        CAPTURE(info.name);
        const auto scenario = load_scenario_file(info.path);
        REQUIRE(scenario);
        Player player(*scenario);
        for (std::size_t tick = 0; tick <= player.end(); tick += 1 + player.end() / 40) {
            CAPTURE(tick);
            player.go_to(tick);
            std::array<StageModel, 2> stages;
            for (const Side side : kSides) {
                stages.at(side) = stage_of(player.duel(), side, tick, player.view().sides[side], false);
                CHECK_FALSE(stages.at(side).word.empty());
                CHECK_FALSE(stages.at(side).line.empty());
                for (const StageWrite& write : stages.at(side).writes) CHECK_FALSE(write.member.empty());
            }
            const Sentence sentence = sentence_of(player.duel(), tick, player.view(), stages, false);
            const std::string first = plain_text(sentence.first);
            CAPTURE(first);
            CHECK(first.size() <= kLongestSentence);
            CHECK_FALSE(first.empty());
            for (const Phrase& phrase : sentence.first) CHECK_FALSE(phrase.is_name);
            for (const char* word : {"->", "_", "()", "differs", "is in state"})
                CHECK(first.find(word) == std::string::npos);
        }
    }
}

TEST_CASE("one tree for both: a line that only one kernel has stands at one height") {
    Play play("race-lost");
    play.until(Side::A, Status::InDanger);
    const auto& rows = play.player.view().rows;
    const auto added = std::ranges::find(rows, std::string("md_super_wait"), &TreeRow::name);
    REQUIRE(added != rows.end());
    CHECK(added->only == Side::B);
    CHECK(added->state[Side::A] == TreeLine::State::Missing);
    for (const Side side : kSides) {
        std::size_t next = 0;  // every line of either tree is there, in its order
        for (const TreeRow& row : rows)
            if (row.line.at(side)) CHECK(*row.line.at(side) == next++);
        CHECK(next == play.player.view().sides[side].tree.size());
    }
}

TEST_CASE("equal trees are one, and of different ones each line is there once") {
    const auto line = [](const char* name, int depth) {
        TreeLine made;
        made.name = name;
        made.depth = depth;
        return made;
    };
    const std::vector<TreeLine> a{line("f", 0), line("g", 1), line("h", 1)};
    CHECK(tree_rows(a, a).size() == 3);
    CHECK(tree_rows(a, {}).size() == 3);
    CHECK(tree_rows({}, {}).empty());
    const std::vector<TreeRow> rows = tree_rows(a, {line("f", 0), line("x", 1), line("h", 1)});
    CHECK(rows.size() == 4);
    CHECK(rows[0].line == std::array<std::optional<std::size_t>, 2>{0, 0});
    CHECK_FALSE(rows[1].only);  // only one calls it, but nobody says that it is missed
}

TEST_CASE("a note of a line that both have is true of both, or says whose it is") {
    const auto noted = [](const char* note) {
        TreeLine made;
        made.name = "md_bitmap_daemon_work";
        made.state = TreeLine::State::Done;
        made.note = note;
        return std::vector<TreeLine>{made};
    };
    CHECK(tree_rows(noted("1 write"), noted("1 write"))[0].note == "1 write");
    CHECK(tree_rows(noted("nothing to write"), noted(""))[0].note == "A nothing to write");
    CHECK(tree_rows(noted(""), noted("1 write"))[0].note == "B 1 write");
    CHECK(tree_rows(noted("nothing to write"), noted("1 write"))[0].note == "A nothing to write; B 1 write");
    CHECK(tree_rows({}, noted("1 write"))[0].note == "1 write");
    Play play("race-lost");
    play.until(Side::A, Status::Oops);
    const MomentView& view = play.player.view();
    std::size_t shared = 0;
    for (const TreeRow& row : view.rows) {
        if (!row.line[0] || !row.line[1] || row.only) continue;
        const std::string& a = view.sides[Side::A].tree[*row.line[0]].note;
        const std::string& b = view.sides[Side::B].tree[*row.line[1]].note;
        CHECK((row.note == a && row.note == b) == (a == b));
        shared++;
    }
    CHECK(shared > 5);
}

TEST_CASE("what is pointed at is marked in both, with what belongs to it") {
    Play play("race-lost");
    play.until_b_sleeps();
    const std::array<StageModel, 2> stages{play.stage(Side::A), play.stage(Side::B)};
    const std::string counter = "counter/mddev->pending_writes";
    CHECK(is_marked(counter, counter, stages));
    CHECK(is_marked("write/sdb bitmap 1", counter, stages));
    CHECK(is_marked("function/md_super_wait", counter, stages));
    CHECK_FALSE(is_marked("function/md_bitmap_free", counter, stages));
    CHECK_FALSE(is_marked("member/sdb", counter, stages));
    CHECK_FALSE(is_marked(counter, "", stages));
    const auto card = card_of(counter, stages);
    REQUIRE(card);
    CHECK(card->values == std::array<int, 2>{2, 2});
    CHECK(card->up == "md_super_write");
    CHECK(card->down == "super_written");
    CHECK(card_of("member/sdb", stages)->name == "sdb");
    CHECK(card_of("write/sdb bitmap 1", stages)->name == "sdb bitmap 1");
    CHECK_FALSE(card_of("function/printf", stages));
}

TEST_CASE("whatever is on a stage, or in a tree, is explained") {
    for (const char* name : {"race-lost", "referee-file", "referee-internal", "removed-member", "second-bug"}) {
        Play play(name);
        for (std::size_t tick = 0; tick <= play.player.end(); tick++) {
            play.to(tick);
            const std::array<StageModel, 2> stages{play.stage(Side::A), play.stage(Side::B)};
            std::set<std::string> keys{"task"};
            for (const StageModel& stage : stages) {
                for (const StageGauge& gauge : stage.gauges) keys.insert("counter/" + gauge.counter);
                for (const StageDoor& door : stage.doors)
                    if (!door.function.empty()) keys.insert("function/" + door.function);
                for (const StageWrite& write : stage.writes) keys.insert("write/" + write.bio);
                for (const StageMember& member : stage.members) keys.insert("member/" + member.name);
                keys.insert("function/" + stage.taker);
                keys.insert("function/" + stage.completion);
            }
            for (const std::string& key : keys) {
                CAPTURE(key);
                CHECK(card_of(key, stages));
            }
        }
    }
}

TEST_CASE("the words of sentences, consoles and chips that a newcomer meets are explained") {
    const std::array<StageModel, 2> none{};
    for (const char* word : {"Oops",  "OOPS",        "Oops:",           "NULL",
                             "NULL,", "external",    "(external)",      "internal.",
                             "IMSM",  "superblock",  "mddev",           "rdev",
                             "bio",   "unbound",     "mdmon",           "pools",
                             "held",  "swapper/0",   "IN DANGER",       "WAITING",
                             "HUNG",  "RULE BROKEN", "super_written()", "mddev->pending_writes:"}) {
        CAPTURE(word);
        const auto card = card_of(key_of_word(word), none);
        REQUIRE(card);
        CHECK(card->what.size() <= 128);  // three lines of its box
    }
    CHECK(key_of_word("mddev->pending_writes,") == "counter/mddev->pending_writes");
    CHECK(key_of_word("(md_super_wait)") == "function/md_super_wait");
    CHECK(key_of_word("the").empty());
    CHECK(key_of_word("").empty());
}

// One write held, both told to stop, and played until nothing goes on.
Play held_run() {
    Play play("race");
    CHECK(play.player.hold("bitmap sdb") == "");
    CHECK(play.player.stop() == "");
    play.player.play_to_end();
    return play;
}

// The runs themselves are asked: what a zone says is what comes of dragging the write's end there.
TEST_CASE("which ends of a held write crash is found by trying them") {
    Play play = held_run();
    play.until_b_sleeps();
    const std::string bio = play.stage(Side::A).main_write()->bio;
    EndZones ends;
    ends.ask(play.player.version(), play.player.tick(), bio);
    CHECK(ends.zones().empty());
    ends.try_all(play.player.duel());
    CHECK(ends.is_done());
    const std::vector<EndZones::Zone> zones = ends.zones();
    REQUIRE(zones.size() == 2);
    CHECK_FALSE(zones[0].crashes);
    CHECK(zones[0].from == play.player.tick() + 1);
    CHECK(zones[1].crashes);
    CHECK(zones[1].from == zones[0].to + 1);
    for (const auto& [end, crashes] : {std::pair{zones[0].to, false}, {zones[1].from, true}}) {
        Play again = held_run();
        CHECK(again.player.move_completion(bio, end) == "");
        again.player.duel().play(2000, true);
        CHECK((again.player.duel().tape(Side::A).moment() == Moment::Crash) == crashes);
    }
    ends.ask(play.player.version(), play.player.tick(), bio);  // the same question
    CHECK(ends.zones().size() == 2);
    ends.ask(play.player.version(), play.player.tick(), "");
    CHECK(ends.is_done());
    CHECK(ends.zones().empty());
}

}  // namespace

}  // namespace mdscope::gui
