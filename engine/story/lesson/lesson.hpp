// SPDX-License-Identifier: MIT
// A lesson: a text file that says what is shown, what is asked and what a person shall do, and that can be played
// without one. The window steps through it; tests play it to its end and check what it claims.
//
//   mdscope-lesson 1
//   title The race in 60 seconds
//   scenario race                             a file of assets/scenarios, with A and B as it says; or otherwise:
//   scenario race fine with bitmap file versus bitmap internal
//                                             in coarse steps, calls or fine ones; `with`: what A has
//                                             instead, `versus`: what B has instead
//   say Both arrays were told to stop.        begins a page; the lines up to the next `say` are done one by one
//     play until differs                      time runs, at `speed`, until a condition holds
//     pause swapper/0 until left A __md_stop  this task stands still and the others go on, at once
//     goto first-difference                   the playhead moves to a place, without playing
//     do hold bitmap sdb                      an order, as in schedules; `do due BIO next`: it shall end at once
//     speed 0.25                              of what follows
//     open bitmap                             a page of the sidebar
//     highlight card/B/status                 a frame around a widget until the page ends; `ID~WORDS` or `ID^WORDS`:
//                                             the last or the first of those whose id begins so and that say so
//     read 5                                  time to read, in seconds, or until Next
//     ask ID "Question" | oops | hang | fine | oops | why it is so
//                                             a prediction: 2 to 4 answers, the correct one again, and why; what is
//                                             to the right of the playhead is hidden until it is answered
//     quiz ID "Question" | ...                the same about what has been seen: nothing is hidden, and it may be left
//     wait-for finally standing A stopped     until a condition holds by what the person does; or until
//     wait-for play | tries 2 | mode matrix | tab hex      time runs; so many runs came to an end; something is open
//       hint CONDITION | text                 shown as long as it holds
//       show play | move BIO before PLACE | release WHAT | mode matrix | tab hex
//                                             what would do, for whom it is shown; tests do it, too
//     expect standing B stopped               is so here: a test fails if not; the window does not look
//     done                                    the lesson counts as completed
//
// A page waits for Next at its end, so that an answer's outcome can be looked at; one with a wait-for or a read, and no
// question, goes on by itself. Texts are filled in when their page is opened, and may have {counter A mddev}, {counter
// B bitmap} and {flight A}, the names of what is in flight. Conditions and places: lesson_condition.hpp. Comments: a #
// at the beginning of a line. Errors name the line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/scenario/scenario.hpp"
#include "engine/story/lesson/lesson_condition.hpp"

namespace mdscope {

// What a person is waited for.
struct Want {
    enum class Kind : std::uint8_t { Condition, Play, Tries, Mode, Tab };
    Kind kind = Kind::Condition;
    When condition;
    std::string name;  // of a mode or tab
    std::uint64_t tries = 0;
};

// What would do instead of a person.
struct Show {
    enum class Kind : std::uint8_t { Play, Move, Release, Mode, Tab };
    Kind kind = Kind::Play;
    std::string name;  // of a bio, mode or tab
    Place place;       // of Move: just before it
};

struct Hint {
    When when;
    std::string text;
};

struct Question {
    std::string id, text;
    std::vector<std::string> answers;
    std::size_t correct = 0;
    std::string why;
    bool is_quiz = false;
};

struct LessonSetup {
    std::string scenario;
    std::optional<Granularity> granularity;  // nullopt: as the scenario says
    std::string with, versus;                // pairs; empty: as the scenario says
};

struct LessonStep {
    enum class Kind : std::uint8_t {
        Scenario,
        Play,
        Pause,
        Goto,
        Do,
        Speed,
        Open,
        Highlight,
        Read,
        Ask,
        WaitFor,
        Expect,
        Done,
    };
    Kind kind = Kind::Done;
    int line = 0;
    std::string text;  // of a highlight: the widget's id; of open: the tab; of pause: the task; of do: its words
    double number = 0;
    LessonSetup setup;
    When condition;
    Place place;
    Order order;           // of do
    bool is_next = false;  // `do due BIO next`: order.tick is not known before
    Question question;
    Want want;
    std::vector<Hint> hints;
    std::vector<Show> shows;
};

struct LessonPage {
    int line = 0;
    std::string text;
    std::vector<LessonStep> steps;
    [[nodiscard]] bool goes_on_by_itself() const;
};

struct Lesson {
    int number = -1;  // 0 to 7: the first character of its file's name
    std::string name, title;
    std::vector<LessonStep> opening;  // before the first page
    std::vector<LessonPage> pages;    // at least one
};

inline constexpr int kLastLesson = 7, kLessons = kLastLesson + 1;  // they begin with 0
inline constexpr std::size_t kMostPages = 64, kMostLessonSteps = 512, kLongestText = 500;

// The text of a lesson file. Anything may be in it. Errors: "LINE: what is wrong and what could stand there".
Result<Lesson> parse_lesson(std::string_view text, const std::string& name);
// Of the folder they were built from, or of ./assets/lessons. The error names the file.
Result<Lesson> load_lesson(int number);
std::string lesson_title(int number);  // for a list of them; "Lesson 3" if it cannot be read

// The arrays that a lesson's `scenario` line is about: A, whose `versus` makes B (opponent_of).
Result<Scenario> scenario_of(const LessonSetup& setup);

// The step that follows while this task stands still and nothing ends by itself.
std::optional<Order> next_without(const std::string& task, const Duel& duel);

// A text with its braces filled in.
std::string lesson_text(const std::string& text, const Duel& duel, std::size_t tick);

}  // namespace mdscope
