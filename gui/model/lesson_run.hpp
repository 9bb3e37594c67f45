// SPDX-License-Identifier: MIT
// A lesson while it goes on in the window: which page, what it waits for, and the way back.
//
//   page 1      page 2           page 3
//   say ──────> say ──ask──────> say ──wait-for──>      each page keeps the run as it was when the page began, so Back
//   bookmark    bookmark         bookmark               puts everything there again; within a page, `spot_` is where
//                                                       it began to wait: "Back to the lesson" and "Try again" go there
//
// It never takes anything from the person: the window works as always, and what they do is judged by what comes of it.
// Who opens another scenario is away; the lesson then waits, and offers the way back. Nothing here knows ImGui.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/story/lesson/lesson.hpp"
#include "gui/model/player.hpp"

namespace mdscope::gui {

struct State;

class LessonRun {
   public:
    // In the state, instead of the lesson that is there: where it was left, or from its first page. Empty, or why it
    // cannot be had; then nothing changes.
    static std::string start(State& state, int number);
    // Leaves it: the run stays as it is, a question of the lesson is taken back. Its place is kept, until it is
    // through.
    static void close(State& state);

    // ---- what is shown

    [[nodiscard]] int number() const { return lesson_.number; }
    [[nodiscard]] const Lesson& lesson() const { return lesson_; }
    [[nodiscard]] std::size_t page() const { return page_; }
    // With the numbers of the moment in which the page was opened: it tells of that one while the answer plays.
    [[nodiscard]] const std::string& text() const { return text_; }
    // What was answered, while its outcome is being watched; empty: nothing.
    [[nodiscard]] const std::string& said() const { return said_; }
    // On that answer, once it is to be seen what comes of it; empty: there is none.
    [[nodiscard]] const std::string& feedback() const { return feedback_; }
    [[nodiscard]] bool was_right() const { return was_right_; }
    [[nodiscard]] const std::string& hint() const { return hint_; }
    [[nodiscard]] const std::vector<std::string>& highlights() const { return highlights_; }

    [[nodiscard]] bool will_ask() const;  // for a prediction, on this page or a later one

    // ---- what can be done

    enum class Waiting { Time, Next, Answer, Person, Nothing };  // Nothing: the last page is through
    [[nodiscard]] Waiting waiting() const { return waiting_; }
    [[nodiscard]] bool can_go_next() const { return !is_away_ && waiting_ == Waiting::Next; }
    [[nodiscard]] bool is_through() const { return !is_away_ && waiting_ == Waiting::Nothing; }
    [[nodiscard]] bool goes_on_by_enter() const { return can_go_next() || (is_through() && number() < kLastLesson); }
    [[nodiscard]] bool can_go_back() const { return page_ > 0; }
    [[nodiscard]] bool can_show() const { return !is_away_ && waiting_ == Waiting::Person && !step().shows.empty(); }
    [[nodiscard]] bool is_away() const { return is_away_; }              // "Back to the lesson"
    [[nodiscard]] bool can_try_again() const { return was_tried_; }      // something was changed since it began to wait
    [[nodiscard]] double reading_left() const { return reading_left_; }  // seconds until it goes on by itself; or 0

    [[nodiscard]] double page_age() const { return page_age_; }  // seconds since it was opened

    void next(State& state);
    void back(State& state);
    void come_back(State& state);  // to where it waits
    void show(State& state);       // does what is waited for
    // Once a frame, after time has passed.
    void pass(State& state, double seconds);
    // Before a step is played: false where the lesson wants to pause.
    [[nodiscard]] bool may_step(State& state);

   private:
    struct Kept {
        Branch run;
        double speed = 0;
    };

    static std::string go_on_where_left(State& state);
    explicit LessonRun(Lesson lesson) : lesson_(std::move(lesson)) {}
    [[nodiscard]] const LessonStep& step() const { return lesson_.pages[page_].steps[step_]; }
    [[nodiscard]] bool is_so(State& state, const When& condition) const;
    void open_page(State& state, std::size_t page);
    void go_on(State& state, double seconds);
    bool begin(State& state, const LessonStep& step);  // false: it goes on waiting
    bool is_over(State& state, const LessonStep& step, double seconds);
    bool do_at_once(State& state, const LessonStep& step);
    std::string open(State& state, const LessonSetup& setup);
    std::string seek(State& state, const Place& place);
    std::string pause_task(State& state, const LessonStep& step);
    void ask(State& state, const Question& question);
    bool take_answer(State& state);
    void tell_verdict();
    bool has_wanted(State& state, const LessonStep& step);
    void look_for_hints(State& state, const LessonStep& step);
    void remember_spot(State& state);
    void end_of_page(State& state);
    void judge_away(State& state);
    void fail(State& state, const std::string& why);

    Lesson lesson_;
    std::size_t page_ = 0, step_ = 0;
    bool begun_ = false;  // the present step
    Waiting waiting_ = Waiting::Time;
    std::vector<Kept> pages_;  // how each page that was opened began
    Kept spot_;                // where it began to wait
    std::uint64_t spot_version_ = 0;
    std::size_t spot_tick_ = 0;
    bool is_away_ = false, was_tried_ = false;
    double reading_left_ = 0, page_age_ = 0;
    std::set<std::uint64_t> tries_;  // versions of the run that had come to an end
    std::size_t shown_ = 0;          // how many of the step's shows were done
    std::string text_, said_, verdict_, feedback_, hint_;
    bool was_right_ = false;
    std::vector<std::string> highlights_;
};

}  // namespace mdscope::gui
