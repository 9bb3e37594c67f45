// SPDX-License-Identifier: MIT

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "engine/scenario/text_lines.hpp"
#include "engine/story/lesson/lesson.hpp"
#include "engine/story/lesson/lesson_lines.hpp"
#include "engine/story/lesson/lesson_text.hpp"

namespace mdscope {

namespace {

constexpr std::string_view kFirstLine = "mdscope-lesson 1";
constexpr std::size_t kLongestTitle = 60;

class Reader {
   public:
    explicit Reader(Lesson& lesson) : lesson_(lesson) {}

    Complaint line(std::string_view word, std::string_view rest, int number) {
        if (word == "title") return title(rest);
        if (word == "say") return page(rest, number);
        if (word == "hint" || word == "show") return more(word, rest);
        if (++steps_ > kMostLessonSteps) return fmt::format("more than {} lines", kMostLessonSteps);
        const bool before_pages = lesson_.pages.empty();
        std::vector<LessonStep>& steps = before_pages ? lesson_.opening : lesson_.pages.back().steps;
        LessonStep& step = steps.emplace_back();
        step.line = number;
        if (Complaint wrong = read_lesson_line(word, rest, step); !wrong.empty()) return wrong;
        if (before_pages && waits(step)) return fmt::format("'{}' needs a page: a 'say' before it", word);
        return {};
    }

    [[nodiscard]] Complaint at_end() const {
        if (lesson_.title.empty()) return "the lesson has no 'title'";
        if (lesson_.pages.empty()) return "the lesson has no page: no 'say'";
        const auto opens = [](const LessonStep& step) { return step.kind == LessonStep::Kind::Scenario; };
        if (std::ranges::none_of(lesson_.opening, opens)) return "the lesson has no 'scenario' before its first page";
        return {};
    }

   private:
    static bool waits(const LessonStep& step) {
        using enum LessonStep::Kind;
        return step.kind == Play || step.kind == Read || step.kind == Ask || step.kind == WaitFor ||
               step.kind == Highlight;
    }

    Complaint title(std::string_view text) {
        if (text.empty() || text.size() > kLongestTitle) return fmt::format("a title has 1 to {} bytes", kLongestTitle);
        lesson_.title = text;
        return {};
    }

    Complaint page(std::string_view text, int number) {
        if (lesson_.pages.size() == kMostPages) return fmt::format("more than {} pages", kMostPages);
        lesson_.pages.push_back({number, std::string(text), {}});
        return text.empty() ? "'say' takes a text" : check_lesson_text(lesson_.pages.back().text);
    }

    Complaint more(std::string_view word, std::string_view rest) {
        const bool follows = !lesson_.pages.empty() && !lesson_.pages.back().steps.empty() &&
                             lesson_.pages.back().steps.back().kind == LessonStep::Kind::WaitFor;
        if (!follows) return fmt::format("'{}' belongs below a 'wait-for'", word);
        LessonStep& wait = lesson_.pages.back().steps.back();
        return read_below_wait(word, rest, wait);
    }

    Lesson& lesson_;
    std::size_t steps_ = 0;
};

}  // namespace

Result<Lesson> parse_lesson(std::string_view text, const std::string& name) {
    const TextForm form{.line_bytes = 1024, .file_bytes = 64 << 10, .comments_in_lines = false};
    const Result<std::vector<TextLine>> lines = split_lines(text, form);
    if (!lines) return lines.error();
    if (lines->empty() || lines->front().text != kFirstLine)
        return line_error(lines->empty() ? 1 : lines->front().number,
                          fmt::format("a lesson begins with the line '{}'", kFirstLine));
    Lesson lesson;
    lesson.name = name;
    lesson.number = !name.empty() && name[0] >= '0' && name[0] <= '9' ? name[0] - '0' : -1;
    Reader reader(lesson);
    for (const TextLine& line : std::span(*lines).subspan(1)) {
        std::string_view rest = line.text;
        if (!is_utf8(rest)) return line_error(line.number, "there are bytes that are not UTF-8");
        const std::string_view word = take_word(rest);
        if (const Complaint wrong = reader.line(word, rest, line.number); !wrong.empty())
            return line_error(line.number, wrong);
    }
    if (const Complaint wrong = reader.at_end(); !wrong.empty()) return line_error(lines->back().number, wrong);
    return lesson;
}

}  // namespace mdscope
