// SPDX-License-Identifier: MIT

#include "engine/story/lesson/lesson_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/scenario/text_lines.hpp"
#include "engine/story/lesson/lesson_text.hpp"
#include "engine/story/lesson/window_words.hpp"

namespace mdscope {

namespace {

constexpr std::size_t kMostChoices = 4;
constexpr std::size_t kLongestAnswer = 60;
constexpr std::size_t kMostHints = 8;

// ---- pieces

bool take_until(std::string_view& text, std::string_view word, std::string_view& part) {
    const std::size_t at = text.find(word);
    if (at == std::string_view::npos) return false;
    part = trim(text.substr(0, at));
    text = trim(text.substr(at + word.size()));
    return true;
}

Complaint read_when(std::string_view text, When& condition) {
    Result<When> read = read_condition(text);
    if (!read) return read.error().text;
    condition = std::move(*read);
    return {};
}

bool read_decimal(std::string_view text, double least, double most, double& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
}

template <class Enum, std::size_t N>
Complaint read_word(std::string_view text, const Words<Enum, N>& words, std::string& word) {
    word = text;
    return words.has(text) ? "" : fmt::format("'{}' is none of {}", text, listed(words));
}

// ---- statements

Complaint read_scenario(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Scenario;
    std::string_view rest = text, with;
    if (const std::size_t at = text.find(" versus "); at != std::string_view::npos) {
        step.setup.versus = trim(text.substr(at + 8));
        rest = text.substr(0, at);
    }
    if (take_until(rest, " with ", with)) {
        step.setup.with = rest;
        rest = with;
    }
    step.setup.scenario = take_word(rest);
    constexpr std::array<std::string_view, 3> kSteps = {"coarse", "calls", "fine"};  // by Granularity
    const auto steps = std::ranges::find(kSteps, rest);
    if (steps != kSteps.end()) step.setup.granularity = static_cast<Granularity>(steps - kSteps.begin());
    // A lesson opens what comes with mdscope, never a path.
    if (step.setup.scenario.empty() || step.setup.scenario.find_first_of("/.") != std::string::npos ||
        (!rest.empty() && steps == kSteps.end()))
        return "'scenario' takes a name, then coarse, calls or fine, 'with PAIRS' and 'versus PAIRS' as needed";
    return {};
}

Complaint read_play(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Play;
    if (take_word(text) != "until") return "'play' takes 'until' and a condition";
    return read_when(text, step.condition);
}

Complaint read_pause(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Pause;
    std::string_view task;
    if (!take_until(text, " until ", task)) return "'pause' takes a task, 'until' and a condition";
    Schedule order;
    if (Complaint wrong = read_order(task, order); !wrong.empty()) return wrong;
    if (order.size() != 1 || order[0].kind != Order::Kind::Step || order[0].how != Choice::Kind::Run)
        return fmt::format("'{}' is no task", task);
    step.text = task;
    return read_when(text, step.condition);
}

Complaint read_goto(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Goto;
    Result<Place> place = read_place(text);
    if (!place) return place.error().text;
    step.place = std::move(*place);
    return {};
}

Complaint read_do(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Do;
    step.text = text;
    std::string words(text);
    step.is_next = text.starts_with("due ") && text.ends_with(" next");
    if (step.is_next) words.replace(words.size() - 4, 4, "0");
    Schedule order;
    if (Complaint wrong = read_order(words, order); !wrong.empty()) return wrong;
    if (order.size() != 1) return "one step at a time";
    step.order = order[0];
    return {};
}

Complaint read_speed(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Speed;
    return read_decimal(text, 0.05, 64, step.number) ? "" : "'speed' takes a number from 0.05 to 64";
}

Complaint read_open(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Open;
    return read_word(text, kSideTabs, step.text);
}

Complaint read_highlight(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Highlight;
    step.text = text;
    const bool has_id = !text.empty() && text.front() != '~' && text.front() != '^';
    return has_id ? "" : "'highlight' takes a widget's id, ID~WORDS or ID^WORDS";
}

Complaint read_read(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Read;
    return read_decimal(text, 1, 60, step.number) ? "" : "'read' takes a number of seconds, 1 to 60";
}

Complaint read_question(std::string_view text, LessonStep& step) {
    constexpr const char* kTakes =
        "takes ID \"question\" | 2 to 4 answers with | between | the correct one again | why";
    step.kind = LessonStep::Kind::Ask;
    Question& question = step.question;
    question.id = take_word(text);
    std::string_view quoted;
    if (question.id.empty() || !text.starts_with('"')) return kTakes;
    text.remove_prefix(1);
    if (!take_until(text, "\"", quoted) || quoted.empty() || !text.starts_with('|')) return kTakes;
    question.text = quoted;
    text.remove_prefix(1);
    for (std::string_view part; take_until(text, "|", part);) question.answers.emplace_back(part);
    if (question.answers.size() < 3 || question.answers.size() > kMostChoices + 1 || text.empty()) return kTakes;
    const std::string correct = question.answers.back();
    question.answers.pop_back();
    const auto found = std::ranges::find(question.answers, correct);
    if (found == question.answers.end()) return fmt::format("the correct answer '{}' is none of the answers", correct);
    for (const std::string& answer : question.answers)
        if (answer.empty() || answer.size() > kLongestAnswer || std::ranges::count(question.answers, answer) > 1)
            return fmt::format("an answer has 1 to {} bytes, and each is another", kLongestAnswer);
    question.correct = static_cast<std::size_t>(found - question.answers.begin());
    question.why = text;
    return check_lesson_text(question.why);
}

Complaint read_quiz(std::string_view text, LessonStep& step) {
    step.question.is_quiz = true;
    return read_question(text, step);
}

Complaint read_want(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::WaitFor;
    Want& want = step.want;
    std::string_view rest = text;
    const std::string_view word = take_word(rest);
    want.kind = Want::Kind::Condition;
    if (word == "play") {
        want.kind = Want::Kind::Play;
        return rest.empty() ? "" : "nothing may follow 'play'";
    }
    if (word == "tries") {
        want.kind = Want::Kind::Tries;
        return read_number(rest, 1, 9, &want.tries) ? "" : "'tries' takes a number from 1 to 9";
    }
    if (word == "mode" || word == "tab") {
        want.kind = word == "mode" ? Want::Kind::Mode : Want::Kind::Tab;
        return word == "mode" ? read_word(rest, kWindowModes, want.name) : read_word(rest, kSideTabs, want.name);
    }
    return read_when(text, want.condition);
}

Complaint read_expect(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Expect;
    return read_when(text, step.condition);
}

Complaint read_done(std::string_view text, LessonStep& step) {
    step.kind = LessonStep::Kind::Done;
    return text.empty() ? "" : "nothing may follow 'done'";
}

struct LineKind {
    std::string_view word;
    Complaint (*read)(std::string_view text, LessonStep& step);
};
constexpr std::array kLineKinds = {
    LineKind{"scenario", read_scenario}, LineKind{"play", read_play}, LineKind{"pause", read_pause},
    LineKind{"goto", read_goto},         LineKind{"do", read_do},     LineKind{"speed", read_speed},
    LineKind{"open", read_open},         LineKind{"read", read_read}, LineKind{"highlight", read_highlight},
    LineKind{"ask", read_question},      LineKind{"quiz", read_quiz}, LineKind{"wait-for", read_want},
    LineKind{"expect", read_expect},     LineKind{"done", read_done},
};

std::string lesson_words() {
    std::string text;
    for (const LineKind& row : kLineKinds) text += (text.empty() ? "" : ", ") + std::string(row.word);
    return text;
}

// ---- what belongs to a wait-for

Complaint read_hint(std::string_view text, LessonStep& wait) {
    Hint hint;
    std::string_view when;
    if (wait.hints.size() == kMostHints) return "too many hints";
    if (!take_until(text, "|", when) || text.empty()) return "'hint' takes a condition, '|' and a text";
    hint.text = text;
    if (Complaint wrong = check_lesson_text(hint.text); !wrong.empty()) return wrong;
    if (Complaint wrong = read_when(when, hint.when); !wrong.empty()) return wrong;
    wait.hints.push_back(std::move(hint));
    return {};
}

Complaint read_move(std::string_view text, Show& show) {
    std::string_view bio;
    BioName name;
    if (!take_until(text, " before ", bio) || !read_bio_name(bio, &name))
        return "'show move' takes a bio, 'before' and a place";
    show.name = bio;
    Result<Place> place = read_place(text);
    if (!place) return place.error().text;
    show.place = std::move(*place);
    return {};
}

Complaint read_show(std::string_view text, LessonStep& wait) {
    Show show;
    const std::string_view word = take_word(text);
    Complaint wrong;
    if (wait.shows.size() == kMostHints) return "too many shows";
    if (word == "play") {
        wrong = text.empty() ? "" : "nothing may follow 'show play'";
    } else if (word == "move") {
        show.kind = Show::Kind::Move;
        wrong = read_move(text, show);
    } else if (word == "release") {
        show.kind = Show::Kind::Release;
        show.name = text;
        Schedule order;
        wrong = read_order(fmt::format("release {}", text), order);
    } else if (word == "mode" || word == "tab") {
        show.kind = word == "mode" ? Show::Kind::Mode : Show::Kind::Tab;
        wrong = word == "mode" ? read_word(text, kWindowModes, show.name) : read_word(text, kSideTabs, show.name);
    } else {
        wrong = "'show' takes play, move, release, mode or tab";
    }
    if (wrong.empty()) wait.shows.push_back(std::move(show));
    return wrong;
}

}  // namespace

Complaint read_lesson_line(std::string_view word, std::string_view rest, LessonStep& step) {
    const auto row = std::ranges::find(kLineKinds, word, &LineKind::word);
    return row == kLineKinds.end()
               ? fmt::format("'{}' begins no line; title, say, hint, show, {} do", word, lesson_words())
               : row->read(rest, step);
}

Complaint read_below_wait(std::string_view word, std::string_view rest, LessonStep& wait) {
    return word == "hint" ? read_hint(rest, wait) : read_show(rest, wait);
}

}  // namespace mdscope
