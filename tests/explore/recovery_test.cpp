// SPDX-License-Identifier: MIT
// Members of the lab that go and come back, and a stop that meets their recovery.
//
// Goal: what the explorer tells of a recovery is what a mounted array does. Method: the statements `remove` and
// `re-add` with each home of the bitmap, up to the data on both members; then every schedule of a stop meanwhile, once
// by states and once by executions, and at random with a look at what the members hold when it is over.
#include <algorithm>
#include <array>
#include <set>

#include "engine/explore/world.hpp"
#include "engine/mdadm/container.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

Statement statement_of(Statement::Kind kind, const char* member) {
    Statement statement;
    statement.kind = kind;
    statement.member = member;
    return statement;
}

// during-recovery, with the re-add as a task of its own instead of a recovery that waits for an operator.
Scenario re_add_in_a_task() {
    Scenario scenario = scenario_named("during-recovery");
    scenario.setup.resize(4);
    scenario.tasks.front() = {"keeper", {statement_of(Statement::Kind::ReAdd, "sdb")}};
    return scenario;
}

void run_recovery_to_its_end(World& world, std::uint64_t seed) {
    RandomChooser chooser(seed);
    for (world.advance(); world.moment() == Moment::Open; world.advance()) world.take(chooser.choose(world.choices()));
}

using Block = std::array<std::byte, kPageSize>;

Block block_of(SimLab& lab, const Rdev& rdev, std::uint64_t offset) {
    Block block{};
    lab.kernel.find_ram_disk(rdev.path)->read((rdev.data_offset << kSectorShift) + offset, block);
    return block;
}

// The bit of a chunk in the external bitmap on this member.
bool bit_is_set(SimLab& lab, const Rdev& rdev, unsigned chunk) {
    std::array<std::byte, 1> byte{};
    lab.kernel.find_ram_disk(rdev.path)->read(8 * kSectorSize + chunk / 8, byte);
    return (byte[0] >> (chunk % 8) & std::byte{1}) != std::byte{0};
}

// What was written to the two chunks is on both images.
bool blocks_are_equal(World& world, const Scenario& scenario) {
    SimLab& lab = world.lab();
    const Rdev& sda = *all_rdevs_at_rest(lab.mddev()).front();
    const Rdev& sdb = *all_rdevs_at_rest(lab.mddev()).back();
    REQUIRE(sdb.name == "sdb");
    return std::ranges::all_of(std::array<std::uint64_t, 2>{0, scenario.chunk}, [&](std::uint64_t offset) {
        const Block block = block_of(lab, sda, offset);
        return block[0] == std::byte{0x5a} && block == block_of(lab, sdb, offset);
    });
}

bool both_hold_the_same(World& world, const Scenario& scenario) {
    const Mddev& mddev = world.lab().mddev();
    return mddev.disks.size() == 2 && mddev.degraded.peek() == 0 && blocks_are_equal(world, scenario);
}

// The keeper's first steps, then some of mdmon's, then the keeper again.
class Aside : public Chooser {
   public:
    Aside(unsigned keeper_steps, unsigned mdmon_steps) : keeper_steps_(keeper_steps), mdmon_steps_(mdmon_steps) {}
    std::size_t choose(std::span<const Choice> choices) override {
        const auto task = [&](const char* comm) {
            const auto is_its = [&](const Choice& choice) {
                return choice.kind == Choice::Kind::Run && choice.task->comm == comm;
            };
            return static_cast<std::size_t>(std::ranges::find_if(choices, is_its) - choices.begin());
        };
        const std::size_t keeper = task("keeper"), mdmon = task("mdmon");
        if (keeper_steps_ == 0 && mdmon_steps_ != 0 && mdmon < choices.size()) {
            mdmon_steps_--;
            return mdmon;
        }
        if (keeper_steps_ != 0) keeper_steps_--;
        return keeper < choices.size() ? keeper : 0;
    }

   private:
    unsigned keeper_steps_, mdmon_steps_;
};

// Whether the sidecar calls a member in sync: what would be believed after a crash now.
class Record {
   public:
    bool calls_in_sync(World& world, const std::string& name) {
        std::string text = *world.lab().kernel.read_file(container_path("lab"));
        if (text == text_) return answer_;
        text_ = std::move(text);
        const auto container = container_from_json(text_);
        const auto member = std::ranges::find(container->members, name, &ContainerMember::name);
        answer_ = member != container->members.end() && member->state == "in_sync";
        return answer_;
    }

   private:
    std::string text_;
    bool answer_ = false;
};

}  // namespace

TEST_CASE("a member that was removed comes back, with what was written meanwhile") {
    for (const char* home : {"external", "internal", "file"}) {
        CAPTURE(std::string(home));
        Scenario scenario = re_add_in_a_task();
        scenario.bitmap = home;
        scenario.tasks.resize(1);  // nobody stops it
        World world(scenario, {});
        CHECK(world.lab().mddev().disks.size() == 1);
        CHECK(world.lab().mddev().degraded.peek() == 1);
        run_recovery_to_its_end(world, 1);
        CHECK(world.moment() == Moment::Done);
        CHECK(world.lab().answers() == std::vector<int>{0});
        CHECK(both_hold_the_same(world, scenario));
    }
}

// md's thread takes every bound member that has no slot into one, and believes what the flags say; while it looks
// whether there is anything to do, it says that a sync runs. A re-add must not be caught half-way by either.
TEST_CASE("a re-add is not caught half-way by md's thread: it is taken, and what was missed is copied") {
    Scenario scenario = re_add_in_a_task();
    Statement look_again = statement_of(Statement::Kind::Store, "");
    look_again.attr = "sync_action";
    look_again.value = "idle";
    scenario.tasks.resize(1);
    scenario.tasks.push_back({"operator", {look_again, look_again}});
    scenario.mdmon = true;
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine}) {
        scenario.granularity = granularity;
        World world(scenario, {});
        for (std::uint64_t seed = 1; seed <= (Arena::available() ? 1000U : 50U); seed++) {
            CAPTURE(seed);
            if (seed > 1) world.restart();
            run_recovery_to_its_end(world, seed);
            REQUIRE(world.moment() == Moment::Done);
            REQUIRE(world.lab().answers() == std::vector<int>{0, 0, 0});
            REQUIRE(both_hold_the_same(world, scenario));
        }
    }
}

TEST_CASE("mdmon, looking at any time during a re-add, does not record the member as in sync before it is") {
    Scenario scenario = re_add_in_a_task();
    scenario.granularity = Granularity::Fine;
    scenario.mdmon = true;
    scenario.tasks.resize(1);
    World world(scenario, {});
    Record record;
    const unsigned most = Arena::available() ? 60 : 1;
    for (unsigned keeper_steps = 1; keeper_steps <= most; keeper_steps++) {
        for (unsigned mdmon_steps = 1; mdmon_steps <= 100; mdmon_steps++) {
            CAPTURE(keeper_steps);
            CAPTURE(mdmon_steps);
            Aside chooser(keeper_steps, mdmon_steps);
            world.restart();
            for (world.advance(); world.moment() == Moment::Open; world.advance()) {
                world.take(chooser.choose(world.choices()));
                if (record.calls_in_sync(world, "sdb")) REQUIRE(blocks_are_equal(world, scenario));
            }
            REQUIRE(world.moment() == Moment::Done);
            REQUIRE(record.calls_in_sync(world, "sdb"));
            REQUIRE(both_hold_the_same(world, scenario));
        }
    }
}

TEST_CASE("what cannot be removed or re-added is refused, as on a mounted array") {
    Scenario scenario = scenario_named("referee-external");
    scenario.tasks = {{"keeper",
                       {statement_of(Statement::Kind::Remove, "sda"),    // in use
                        statement_of(Statement::Kind::ReAdd, "sda"),     // it is a member already
                        statement_of(Statement::Kind::Fail, "sdb"),      //
                        statement_of(Statement::Kind::Remove, "sdb"),    //
                        statement_of(Statement::Kind::Remove, "sdb"),    // the sidecar knows it: out already
                        statement_of(Statement::Kind::ReAdd, "sdb"),     //
                        statement_of(Statement::Kind::Stop, ""),         //
                        statement_of(Statement::Kind::ReAdd, "sdb")}}};  // there is no array
    World world(scenario, {});
    run_recovery_to_its_end(world, 1);
    CHECK(world.lab().answers() == std::vector<int>{-EBUSY, -EEXIST, 0, 0, 0, 0, 0, -ENODEV});

    Scenario unmarked = re_add_in_a_task();
    unmarked.bitmap = "none";  // nobody knows what it lacks
    World without(unmarked, {});
    run_recovery_to_its_end(without, 1);
    CHECK(without.lab().answers().size() == 2);
    CHECK(std::ranges::count(without.lab().answers(), 0) == 1);  // the stop
}

TEST_CASE("a stop during a recovery: with a fix it is safe, without one it crashes although the array is degraded") {
    struct Row {
        const char* fix;
        std::uint64_t states, crashes, schedules;
    };
    for (const Row& row : {Row{"none", 384, 68, 139'808}, Row{"v1", 216, 0, 50'216}, Row{"proposal", 216, 0, 50'216},
                           Row{"upstream", 216, 0, 50'216}}) {
        CAPTURE(std::string(row.fix));
        const Verdict verdict = explored(with(scenario_named("during-recovery"), row.fix));
        CHECK(verdict.complete);
        CHECK(verdict.states == row.states);
        CHECK(verdict.crashes == row.crashes);
        CHECK(verdict.schedules == row.schedules);
        CHECK(verdict.hangs + verdict.violations == 0);
    }
}

TEST_CASE("a stop and a re-add in any order: the member comes in, or the array is gone") {
    for (const char* home : {"external", "internal", "file"}) {
        CAPTURE(std::string(home));
        Scenario scenario = re_add_in_a_task();
        scenario.bitmap = home;
        const Verdict verdict = explored(scenario);
        CHECK(verdict.complete);
        CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);
        CHECK(verdict.done > 1);
    }
}

// What the sync thread has forgotten at the top of its loop must not matter; executions forget nothing.
TEST_CASE("with a sync thread, too, states and executions give the same number of schedules" *
          doctest::skip(!Arena::available())) {
    Scenario repair = scenario_named("during-repair");
    repair.size = 1088 << 10;  // one request
    for (const Scenario& scenario : {scenario_named("during-recovery"), repair}) {
        ExploreOptions depth_first;
        depth_first.strategy = Strategy::Dfs;
        depth_first.sleep_sets = false;
        CAPTURE(scenario.name);
        const Verdict states = explored(scenario);
        const Verdict executions = explored(scenario, depth_first);
        CHECK(states.complete);
        CHECK(states.schedules == executions.schedules);
        CHECK(executions.crashes == 0);
    }
}

TEST_CASE("a stop during a repair is searched to its end" * doctest::skip(!Arena::available())) {
    const Verdict fixed = explored(scenario_named("during-repair"));
    CHECK(fixed.complete);
    CHECK(fixed.states == 7571);
    CHECK(fixed.crashes + fixed.hangs + fixed.violations == 0);
    const Verdict verdict = explored(with(scenario_named("during-repair"), "none"));
    CHECK(verdict.complete);
    CHECK(verdict.states == 8665);
    CHECK(verdict.crashes == 219);
}

// A recovery that was interrupted still owes what its bits say; one that was not has copied it.
// Run alone, this is the first to ask for the table of a member's files, and it asks from inside a simulation.
TEST_CASE("a task may be the first that touches a member's file") {
    Scenario scenario = stop_mid_write("internal", "array_state", 1);
    scenario.tasks = {
        {"remover", {statement_of(Statement::Kind::Fail, "sdb"), statement_of(Statement::Kind::Remove, "sdb")}}};
    const Verdict verdict = explored(scenario);
    CHECK(verdict.complete);
    CHECK(verdict.done > 0);
    CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);
}

TEST_CASE("when the stop is over, what the bitmap calls clean is the same on both members") {
    std::set<std::string> endings;
    unsigned owed = 0, copied = 0;
    const Scenario scenario = scenario_named("during-recovery");
    World world(scenario, {.event_log = true});
    // A stop that comes late enough for the recovery to end is rare: on until both have been seen, or it is hopeless.
    const std::uint64_t enough = Arena::available() ? 500 : 50;
    for (std::uint64_t seed = 1; seed <= enough || (endings.size() < 2 && seed <= 5000); seed++) {
        CAPTURE(seed);
        if (seed > 1) world.restart();
        run_recovery_to_its_end(world, seed);
        REQUIRE(world.moment() == Moment::Done);
        SimLab& lab = world.lab();
        const std::string& log = lab.kernel.event_log();
        for (const char* ending : {"recovery interrupted.", "recovery done."})
            if (log.find(ending) != std::string::npos) endings.insert(ending);
        const Rdev& sda = *all_rdevs_at_rest(lab.mddev()).front();
        const Rdev& sdb = *all_rdevs_at_rest(lab.mddev()).back();
        REQUIRE(sdb.name == "sdb");
        for (unsigned chunk = 0; chunk < 2; chunk++) {
            const bool is_owed = bit_is_set(lab, sda, chunk);
            const std::uint64_t offset = chunk * scenario.chunk;
            const bool is_same = block_of(lab, sda, offset) == block_of(lab, sdb, offset);
            CHECK((is_owed || is_same));
            owed += is_owed && !is_same;
            copied += !is_owed;
        }
    }
    CHECK(endings.size() == 2);
    CHECK(owed > 0);
    CHECK(copied > 0);
}

// Between two steps of a look at the array somebody else may stop it in one: what md has forgotten by then is not what
// the array owes.
TEST_CASE("a stop in one step while mdmon looks leaves no resync behind") {
    Scenario scenario = scenario_named("referee-external");
    scenario.mdmon = true;
    scenario.granularity = Granularity::Fine;
    World world(scenario, {.invariants = false});
    Prng prng(1);
    constexpr int kDrawnStops = 3000;
    constexpr std::uint64_t kChangedOneIn = 40;  // the task that goes is changed now and then, not at each step
    for (int execution = 0; execution < kDrawnStops; execution++) {
        world.restart();
        std::uint64_t favoured = 0;
        while (world.moment() == Moment::Open) {
            const auto choices = world.choices();
            const auto its = std::ranges::find(choices, favoured, &Choice::id);
            std::size_t pick = static_cast<std::size_t>(its - choices.begin());
            if (its == choices.end() || prng.below(kChangedOneIn) == 0)
                pick = static_cast<std::size_t>(prng.below(choices.size()));
            favoured = choices[pick].id;
            world.take(pick);
        }
        const auto sidecar = std::ranges::find_if(
            world.lab().kernel.files(), [](const auto& file) { return file.first.ends_with("container.json"); });
        REQUIRE(sidecar != world.lab().kernel.files().end());
        const Result<Container> container = container_from_json(sidecar->second);
        REQUIRE(container);
        CAPTURE(execution);
        REQUIRE(container->resync_start == MaxSector);
        REQUIRE_FALSE(container->dirty);
        for (const ContainerMember& member : container->members) REQUIRE(member.state == "in_sync");
    }
}

}  // namespace mdscope::explore_test
