// SPDX-License-Identifier: MIT
// Every state is told by a shape, not by its colour: with the same words and no colours at all, two states on a stage
// are still two pictures. What is compared is where the triangles lie.
#include <doctest/doctest.h>
#include <imgui.h>

#include <map>
#include <vector>

#include "gui/panels/panel_stage.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

class OneStage : public Screen {
   public:
    explicit OneStage(StageModel stage) : stage_(std::move(stage)) {}
    void draw() override {
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("root", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
        StageLook look;
        look.rect = {10, 10, 564, 416};
        look.id = "card/A";
        (void)draw_stage(stage_, look);
        ImGui::End();
    }
    std::optional<int> next_frame_ms() override { return std::nullopt; }
    bool wants_to_quit() override { return false; }

   private:
    StageModel stage_;
};

using Shape = std::vector<std::pair<float, float>>;

template <class Look>
void for_each_vertex(const StageModel& stage, Look&& look) {
    OneStage screen(stage);
    const Headless ui(screen, {.width = 600, .height = 440});
    const ImDrawData& data = *ImGui::GetDrawData();
    for (int i = 0; i < data.CmdListsCount; i++)
        for (const ImDrawVert& vertex : data.CmdLists[i]->VtxBuffer) look(vertex);
}

Shape shape_of(const StageModel& stage) {
    Shape shape;
    for_each_vertex(stage, [&](const ImDrawVert& vertex) { shape.emplace_back(vertex.pos.x, vertex.pos.y); });
    return shape;
}

bool has_danger(const StageModel& stage) {
    bool found = false;
    const auto without_alpha = [](ImU32 color) { return color & ~IM_COL32_A_MASK; };
    for_each_vertex(stage, [&](const ImDrawVert& vertex) {
        for (const Role role : {Role::danger, Role::danger_fill})
            found = found || without_alpha(vertex.col) == without_alpha(color_u32(role));
    });
    return found;
}

// With the same words in every state.
StageModel plain_stage() {
    StageModel stage;
    stage.letter = "A";
    stage.title = stage.rows = "one kernel";
    stage.word = "STATE";
    stage.noun = "stop";
    stage.completion = "super_written";
    stage.taker = "unbind_rdev_from_array";
    for (std::size_t i = 0; i < 2; i++) {
        stage.doors.at(i).function = "a_door";
        stage.doors.at(i).state = StageDoor::State::Open;
        stage.gauges.at(i) = {"counter", 1, "answer", "note", false};
    }
    StageWrite write;
    write.bio = "sdb bitmap 1";
    write.member = "sdb";
    write.kind = "bitmap";
    write.gauge = 0;
    stage.writes = {write};
    stage.members = {{"sda", StageMember::State::Bound, "note"}, {"sdb", StageMember::State::Bound, "note"}};
    return stage;
}

void check_all_differ(const std::map<std::string, StageModel>& stages) {
    std::map<Shape, std::string> seen;
    for (const auto& stage : stages) {
        const auto other = seen.emplace(shape_of(stage.second), stage.first);
        CHECK_MESSAGE(other.second, stage.first, " looks as ", other.first->second, " without colours");
    }
}

template <class Change>
StageModel with(Change&& change) {
    StageModel stage = plain_stage();
    change(stage);
    return stage;
}

}  // namespace

TEST_CASE("the states of an array have chips that differ without colour") {
    std::map<std::string, StageModel> stages;
    for (int i = 0; i <= static_cast<int>(Status::Off); i++)
        stages["status " + std::to_string(i)] = with([i](StageModel& stage) { stage.status = static_cast<Status>(i); });
    REQUIRE(stages.size() == 8);
    check_all_differ(stages);
}

TEST_CASE("doors, the one who walks, writes and members differ without colour") {
    using Door = StageDoor::State;
    using Stopper = StageStopper::State;
    using Member = StageMember::State;
    std::map<std::string, StageModel> stages;
    for (const auto& [name, state] :
         {std::pair{"open", Door::Open}, {"shut", Door::Shut}, {"missing", Door::Missing}, {"aside", Door::Aside}})
        stages[std::string("door ") + name] = with([s = state](StageModel& stage) { stage.doors[0].state = s; });
    for (const auto& [name, state] : {std::pair{"walks", Stopper::Walks}, {"sleeps", Stopper::Sleeps}})
        stages[std::string("stopper ") + name] = with([s = state](StageModel& stage) { stage.stopper.state = s; });
    stages["held"] = with([](StageModel& stage) { stage.writes[0].is_held = true; });
    stages["superblock"] = with([](StageModel& stage) { stage.writes[0].kind = "superblock"; });
    stages["data"] = with([](StageModel& stage) { stage.writes[0].kind = "data"; });
    stages["of the other counter"] = with([](StageModel& stage) { stage.writes[0].gauge = 1; });
    stages["nobody waits"] = with([](StageModel& stage) { stage.writes[0].is_covered = false; });
    stages["leaving"] = with([](StageModel& stage) { stage.members[1].state = Member::Leaving; });
    stages["met"] = with([](StageModel& stage) { stage.members[1].state = Member::Met; });
    stages["gone"] = with([](StageModel& stage) { stage.members[1].state = Member::Gone; });
    stages["not assembled"] = with([](StageModel& stage) { stage.members[1].state = Member::Off; });
    stages["crashed"] = with([](StageModel& stage) { stage.crash = StageCrash{}; });
    stages["well ended"] = with([](StageModel& stage) { stage.end = "every write ended first"; });
    check_all_differ(stages);
}

TEST_CASE("members that went after a good end have nothing of the colour of danger; one that was met has") {
    StageModel stage = plain_stage();
    stage.status = Status::Stopped;
    stage.end = "every write ended first";
    stage.writes.clear();
    for (StageMember& member : stage.members) member.state = StageMember::State::Gone;
    CHECK_FALSE(has_danger(stage));
    stage.members[1].state = StageMember::State::Met;
    CHECK(has_danger(stage));
}

}  // namespace mdscope::gui
