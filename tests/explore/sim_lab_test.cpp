// SPDX-License-Identifier: MIT
// The lab of a simulation is the array that a mount has.
//
// Goal: what is searched is what is mounted, from the first look into an image on. Method: what only a real assembly
// does (stamps in the labels, a refusal in its words), what a search must not see of it (numbers of tasks and bios),
// and that nothing of it is left when an assembly fails.
#include <algorithm>
#include <array>

#include "engine/explore/world.hpp"
#include "engine/mdadm/container.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

LabLabel label_on(SimLab& lab, const char* path) {
    std::array<std::byte, kLabLabelSize> sector{};
    lab.kernel.find_ram_disk(path)->read_durable(0, sector);
    const auto label = decode_label(sector);
    REQUIRE(label);
    return *label;
}

LabPlan planned(const Scenario& scenario) {
    auto plan = plan_images(scenario);
    REQUIRE(plan);
    return *plan;
}

// What the setup of these images is answered; empty: nothing was wrong with them.
std::string complaint(const Scenario& scenario, const LabPlan& plan) {
    try {
        const SimLab lab(scenario, plan, false);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

std::vector<PlannedFile>::iterator file_of(LabPlan& plan, std::string_view path) {
    const auto file = std::ranges::find(plan.files, path, &PlannedFile::path);
    REQUIRE(file != plan.files.end());
    return file;
}

}  // namespace

TEST_CASE("labels are stamped, and the sidecar knows the stamp, before a task takes a step") {
    World world(scenario_named("referee-external"), {});
    const auto container = container_from_json(*world.lab().kernel.read_file(container_path("lab")));
    REQUIRE(container);
    for (const ContainerMember& member : container->members) {
        const LabLabel label = label_on(world.lab(), ("lab/" + member.name + ".img").c_str());
        CHECK(label.generation > 1);
        CHECK(label.generation == member.label);
        CHECK(member.label_next == 0);
    }
}

TEST_CASE("an image that a mount would refuse is refused in the same words") {
    Scenario scenario = scenario_named("referee-external");
    LabPlan plan = planned(scenario);
    CHECK(complaint(scenario, plan).empty());
    LabPlan lost = plan;
    lost.files.erase(file_of(lost, "lab/container.json"));
    CHECK(complaint(scenario, lost).find("and without it nothing can be assembled") != std::string::npos);
    LabPlan blank = plan;
    file_of(blank, "lab/sda.img")->pieces.clear();
    file_of(blank, "lab/sdb.img")->pieces.clear();
    CHECK(complaint(scenario, blank).find("it is not a member of an array") != std::string::npos);
    scenario.bitmap = "internal";
    LabPlan native = planned(scenario);
    native.images.push_back(native.images.front());
    CHECK(complaint(scenario, native).find("are the same image: a mirror needs two") != std::string::npos);
}

// Recorded schedules name tasks and bios by their numbers.
TEST_CASE("what the assembly reads and stamps takes no number, and no step of a schedule") {
    struct Row {
        const char* home;
        std::uint64_t bios;  // md's own and mdmon's, of the setup
        const char* first;
    };
    for (const Row& row : {Row{"external", 7, "run stopper#8"}, Row{"internal", 18, "run stopper#6"},
                           Row{"file", 15, "run stopper#6"}}) {
        CAPTURE(std::string(row.home));
        Scenario scenario = scenario_named("referee-external");
        scenario.bitmap = row.home;
        World world(scenario, {});
        CHECK(world.describe(0) == row.first);
        CHECK(world.lab().kernel.next_bio_id() == row.bios + 1);
    }
}

// Reading a native superblock calls functions of md.
TEST_CASE("what a re-add reads of an image is no part of its call tree, and no step that ends at calls") {
    Scenario scenario = scenario_named("during-recovery");
    scenario.bitmap = "internal";
    scenario.setup.resize(4);
    scenario.granularity = Granularity::Calls;
    Statement re_add;
    re_add.kind = Statement::Kind::ReAdd;
    re_add.member = "sdb";
    scenario.tasks = {{"keeper", {re_add}}};
    const Run run = ran(scenario);
    CHECK(run.ending == Ending::Done);
    CHECK(run.tree_all.starts_with("super_1_load\n"));
}

TEST_CASE("a member that came back is the same disk, opened again") {
    Scenario scenario = scenario_named("during-recovery");
    World world(scenario, {});
    const auto& all = all_rdevs_at_rest(world.lab().mddev());
    REQUIRE(all.size() == 3);
    CHECK(all[1]->name == "sdb");
    CHECK(all[2]->name == "sdb");
    CHECK(all[2]->mddev.peek() == &world.lab().mddev());
}

}  // namespace mdscope::explore_test
