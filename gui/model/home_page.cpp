// SPDX-License-Identifier: MIT

#include "gui/model/home_page.hpp"

#include <stdexcept>

#include "engine/scenario/scenario_files.hpp"
#include "gui/model/course.hpp"

namespace mdscope::gui {

namespace {

constexpr const char* kScenario = "race";
constexpr const char* kHeld = "bitmap sdb";  // the write that A forgets
constexpr const char* kEnds = "sda bitmap 1";

}  // namespace

std::optional<int> next_lesson(const std::set<int>& done) {
    for (const CourseRow& row : kCourse)
        if (!done.contains(row.lesson)) return row.lesson;
    return std::nullopt;
}

// Held until nothing goes on by itself, and then let end: so the run is there as a whole, and playing only shows it.
void HomePage::record() {
    const Result<Scenario> scenario = load_scenario_file(kScenario);
    if (!scenario) throw std::runtime_error(scenario.error().text);
    player_.emplace(*scenario);
    player_->set_speed(0.4);
    std::string wrong = player_->hold(kHeld);
    if (wrong.empty()) wrong = player_->stop();
    if (!wrong.empty()) throw std::runtime_error(wrong);
    player_->play_to_end();
    wrong = player_->move_completion(kEnds, 0);  // as soon as it was submitted: one write is enough to be told of
    if (!wrong.empty()) throw std::runtime_error(wrong);
    const std::size_t still = player_->end();
    for (decisive_ = 0; decisive_ < still; decisive_++) {
        player_->go_to(decisive_);
        const StageModel& a = stages()[Side::A];
        if (a.status == Status::InDanger && a.doors[1].is_passed) break;
    }
    shown_.reset();
    player_->go_to(still);
    (void)player_->release("all");
    player_->play_to_end();
    player_->go_to(decisive_);
}

const std::array<StageModel, 2>& HomePage::stages() {
    if (!player_) record();
    if (shown_ == player_->tick()) return stages_;
    const MomentView& view = player_->view();
    for (const Side side : kSides)
        stages_.at(side) = stage_of(player_->duel(), side, player_->tick(), view.sides[side], false);
    shown_ = player_->tick();
    return stages_;
}

void HomePage::toggle_play() {
    (void)stages();
    const bool plays = !is_playing();
    if (plays && is_over()) player_->go_to(decisive_);
    player_->play(plays);
}

void HomePage::pass(double seconds) {
    if (is_playing()) player_->pass(seconds);
}

}  // namespace mdscope::gui
