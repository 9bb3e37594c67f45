// SPDX-License-Identifier: MIT
// The tree beside the story: what a stop has called, what it will call, and what it should have called. Its lines are
// those that Linux printed, and no line moves while time does.
#include "engine/story/tell/stop_tree.hpp"

#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

namespace {

using State = TreeLine::State;

struct Trees {
    explicit Trees(const Duel& duel_) : duel(duel_), a(duel.tape(Side::A)), b(duel.tape(Side::B)) {}
    std::vector<TreeLine> of(Side side, std::size_t tick, TreeDetail detail) {
        return side == Side::A ? stop_tree(duel, side, tick, a, b, detail) : stop_tree(duel, side, tick, b, a, detail);
    }
    const Duel& duel;
    LookAhead a, b;
};

std::string reference_tree(const std::string& name) {
    std::ifstream file(std::string(MDSCOPE_TEST_DATA) + "/teardown-" + name + ".tree");
    REQUIRE(file);
    std::string tree;
    for (std::string line; std::getline(file, line);)
        if (!line.starts_with('#')) tree += line + "\n";
    return tree;
}

std::string text_of(const std::vector<TreeLine>& tree) {
    std::string text;
    for (const TreeLine& line : tree)
        if (line.state != State::Missing)
            text.append(2 * static_cast<std::size_t>(line.depth), ' ').append(line.name).append("\n");
    return text;
}

// Places: what must not change from tick to tick.
std::vector<std::tuple<std::string, int, int>> places_of(const std::vector<TreeLine>& tree) {
    std::vector<std::tuple<std::string, int, int>> places;
    for (const TreeLine& line : tree) places.emplace_back(line.name, line.depth, line.number);
    return places;
}

const TreeLine& line_named(const std::vector<TreeLine>& tree, const std::string& name, int number = 0) {
    const auto found =
        std::ranges::find_if(tree, [&](const TreeLine& line) { return line.name == name && line.number == number; });
    REQUIRE(found != tree.end());
    return *found;
}

}  // namespace

TEST_CASE("the tree is the one that Linux printed, from before the stop to after it") {
    struct Case {
        const char* scenario;
        const char* fix;
        const char* tree;
    };
    constexpr Case kCases[] = {
        {"referee-external", "none", "external-none"},
        {"referee-external", "v1", "external-v1"},
        {"referee-external", "proposal", "external-proposal"},
        {"referee-external", "upstream", "external-upstream"},
        {"referee-twostep", "none", "external-twostep-none"},
        {"referee-twostep", "upstream", "external-twostep-upstream"},
        {"referee-internal", "upstream", "internal-upstream"},
        {"referee-file", "upstream", "file-upstream"},
    };
    for (const Case& one : kCases) {
        CAPTURE(one.tree);
        const Duel duel = played(with(scenario_named(one.scenario), one.fix));
        Trees trees(duel);
        for (std::size_t tick = 0; tick < duel.size(); tick++)
            CHECK(text_of(trees.of(Side::A, tick, TreeDetail::Reference)) == reference_tree(one.tree));
    }
}

TEST_CASE("in the race no line moves, in any detail, held or not") {
    for (const char* hold : {"", "bitmap"}) {
        const Duel duel = played(race().tape(Side::A).scenario(), hold);
        Trees trees(duel);
        for (const TreeDetail detail : {TreeDetail::Short, TreeDetail::Reference, TreeDetail::Every})
            for (const Side side : kSides) {
                const auto places = places_of(trees.of(side, 0, detail));
                for (std::size_t tick = 1; tick < duel.size(); tick++)
                    CHECK(places_of(trees.of(side, tick, detail)) == places);
            }
    }
}

TEST_CASE("a line goes from to come to done and never back") {
    const auto rank = [](State state) { return state == State::ToCome ? 0 : state == State::Done ? 2 : 1; };
    const Duel duel = played(race().tape(Side::A).scenario());
    Trees trees(duel);
    for (const Side side : kSides) {
        auto before = trees.of(side, 0, TreeDetail::Every);
        for (std::size_t tick = 1; tick < duel.size(); tick++) {
            auto after = trees.of(side, tick, TreeDetail::Every);
            REQUIRE(after.size() == before.size());
            for (std::size_t i = 0; i < after.size(); i++) CHECK(rank(before[i].state) <= rank(after[i].state));
            before = std::move(after);
        }
    }
}

TEST_CASE("the one line of difference is a line on both sides: here it is missing, there it sleeps") {
    Duel duel = race();
    hold_and_stop(duel);
    Trees trees(duel);
    const auto a = trees.of(Side::A, duel.end(), TreeDetail::Short);
    const auto b = trees.of(Side::B, duel.end(), TreeDetail::Short);
    CHECK(a.size() == 16);
    REQUIRE(a.size() == b.size());
    std::size_t different = 0;
    for (std::size_t i = 0; i < a.size(); i++) {
        CHECK(a[i].name == b[i].name);
        if (a[i].state == State::Missing) {
            different++;
            CHECK(a[i].name == "md_super_wait");
            CHECK(b[i].state == State::Asleep);
            CHECK(b[i].note == "2 left: sleeps");
        }
    }
    CHECK(different == 1);
}

TEST_CASE("the words beside the lines are what was recorded") {
    Duel duel = race();
    hold_and_stop(duel);
    const std::size_t held = duel.end();
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    duel.play(1000, false);
    Trees trees(duel);
    const auto a = trees.of(Side::A, held, TreeDetail::Short);
    CHECK(line_named(a, "md_bitmap_daemon_work", 1).note == "nothing to write");
    CHECK(line_named(a, "md_bitmap_daemon_work", 3).note == "2 writes submitted");
    CHECK(line_named(a, "md_bitmap_update_sb").note == "external: returns at once");
    CHECK(line_named(a, "md_bitmap_free").note == "bitmap->pending_writes is 0: goes on");
    CHECK(line_named(a, "unbind_rdev_from_array", 1).note == "sdb: rdev->mddev = NULL");
    CHECK(line_named(a, "unbind_rdev_from_array", 2).note == "sda: rdev->mddev = NULL");
    const TreeLine wait = line_named(trees.of(Side::B, duel.end(), TreeDetail::Short), "md_super_wait");
    REQUIRE((wait.entered && wait.left));
    CHECK(wait.note == "waited " + std::to_string(*wait.left - *wait.entered) + " ticks");
    CHECK(line_named(trees.of(Side::A, 0, TreeDetail::Short), "md_bitmap_daemon_work", 3).note.empty());
}

TEST_CASE("after an Oops it says where the stop was, and what never came") {
    Duel duel = race();
    CHECK(duel.give(wish(Order::Kind::Start, "stopper")).empty());
    const auto all_are_bound = [&] {
        return std::ranges::all_of(duel.tape(Side::A).last().snapshot.members, &SnapshotMember::bound);
    };
    while (all_are_bound()) REQUIRE(duel.advance());
    Order end;
    end.how = Choice::Kind::Complete;
    end.name = "sdb bitmap 1";
    CHECK(duel.give(end).empty());
    REQUIRE(duel.tape(Side::A).moment() == Moment::Crash);
    Trees trees(duel);
    const auto tree = trees.of(Side::A, duel.end(), TreeDetail::Short);
    CHECK(line_named(tree, "unbind_rdev_from_array", 1).state == State::Oops);
    CHECK(line_named(tree, "unbind_rdev_from_array", 2).state == State::Never);
    CHECK(line_named(tree, "do_md_stop").state == State::Inside);
    CHECK(tree.size() == 16);
}

TEST_CASE("trees of all scenarios can be asked for at every tick") {
    for_each_play([](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        Trees trees(duel);
        for (const Side side : kSides)
            for (std::size_t tick = 0; tick < duel.size(); tick += 1 + duel.size() / 30)
                for (const TreeLine& line : trees.of(side, tick, TreeDetail::Short)) {
                    CHECK_FALSE(line.name.empty());
                    CHECK(line.entered.has_value() >= line.left.has_value());
                }
    });
}

}  // namespace mdscope::story_test
