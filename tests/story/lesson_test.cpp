// SPDX-License-Identifier: MIT
// Lessons without a window. What they tell must be what happens: each is played to its end, and what it expects on the
// way is checked. And their reader takes whatever bytes it is given.
#include "engine/story/lesson/lesson.hpp"

#include <set>

#include "engine/scenario/scenario_files.hpp"
#include "tests/explore/fixture.hpp"
#include "tests/story/lesson_script.hpp"

namespace mdscope::story_test {

namespace {

Lesson lesson_of(int number) {
    Result<Lesson> lesson = load_lesson(number);
    REQUIRE_MESSAGE(lesson, lesson.error().text);
    return std::move(*lesson);
}

std::string complaint(const std::string& lines) {
    const Result<Lesson> lesson = parse_lesson("mdscope-lesson 1\n" + lines, "1-test");
    return lesson ? "" : lesson.error().text;
}

// A lesson around one line of its only page.
std::string complaint_of(const std::string& line) {
    return complaint("title T\nscenario race\nsay Hello.\n" + line + "\n");
}

}  // namespace

TEST_CASE("every lesson comes to its end as it is told, and all it claims is so") {
    for (int number = 0; number <= kLastLesson; number++) {
        CAPTURE(number);
        const Lesson lesson = lesson_of(number);
        CHECK(lesson.number == number);
        CHECK(lesson_title(number) == lesson.title);
        LessonScript script(lesson);
        script.play();
        CHECK(script.is_done());
        CHECK(script.expectations() >= 3);
    }
}

TEST_CASE("a lesson can be finished: it says when, and what would do where it waits") {
    for (int number = 0; number <= kLastLesson; number++) {
        const Lesson lesson = lesson_of(number);
        CAPTURE(lesson.name);
        CHECK(lesson.pages.size() >= 4);
        std::set<std::string> questions;
        int done = 0;
        for (const LessonPage& page : lesson.pages)
            for (const LessonStep& step : page.steps) {
                CAPTURE(step.line);
                if (step.kind == LessonStep::Kind::Done) done++;
                if (step.kind == LessonStep::Kind::WaitFor) CHECK_FALSE(step.shows.empty());
                if (step.kind == LessonStep::Kind::Ask) CHECK(questions.insert(step.question.id).second);
            }
        CHECK(done == 1);
        CHECK(lesson.pages.back().steps.back().question.is_quiz);
    }
}

TEST_CASE("a lesson that tells of a crash says which one it is, and it is the one on the screen") {
    for (int number = 0; number <= kLastLesson; number++)
        for (const LessonPage& page : lesson_of(number).pages) {
            const auto expects = [&](std::string_view what) {
                return std::ranges::any_of(page.steps, [&](const LessonStep& step) {
                    return step.kind == LessonStep::Kind::Expect && step.condition.text.find(what) != std::string::npos;
                });
            };
            CAPTURE(number);
            CAPTURE(page.line);
            const bool asks = std::ranges::any_of(
                page.steps, [](const LessonStep& step) { return step.kind == LessonStep::Kind::Ask; });
            if (asks && expects(" oops")) CHECK(expects("crashed "));
        }
}

TEST_CASE("a page whose text has numbers in it says what they mean before anything moves") {
    for (int number = 0; number <= kLastLesson; number++)
        for (const LessonPage& page : lesson_of(number).pages) {
            CAPTURE(number);
            CAPTURE(page.line);
            if (page.text.find('{') == std::string::npos) continue;
            REQUIRE_FALSE(page.steps.empty());
            CHECK(page.steps.front().kind == LessonStep::Kind::Expect);
        }
}

TEST_CASE("no text names a tick: it would be wrong as soon as timing changes") {
    for (int number = 0; number <= kLastLesson; number++)
        for (const LessonPage& page : lesson_of(number).pages) {
            CHECK(page.text.find("t=") == std::string::npos);
            CHECK(page.text.find("tick ") == std::string::npos);
        }
}

TEST_CASE("lesson 4 is right: no order of the steps crashes the kernel with the fix") {
    Scenario scenario = explore_test::scenario_named("race");
    REQUIRE(scenario.variants.choose("fix", "upstream"));
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine}) {
        if (granularity == Granularity::Fine && !Arena::available()) continue;  // takes minutes under a sanitizer
        scenario.granularity = granularity;
        const Verdict fixed = explore_test::explored(scenario);
        CHECK(fixed.complete);
        CHECK(fixed.crashes == 0);
        CHECK(fixed.hangs == 0);
    }
    REQUIRE(scenario.variants.choose("fix", "none"));
    CHECK(explore_test::explored(scenario).crashes > 0);
}

TEST_CASE("conditions and places are read, and nothing else is") {
    for (const std::string good :
         {"differs", "not differs", "finally standing A stopped", "crashed A mempool_free",
          "counter both mddev >= 1 and counter B bitmap = 0", "entered A md_bitmap_daemon_work 3 or left B __md_stop",
          "tick >= first-difference", "tick < entered A unbind_rdev_from_array", "tick = end", "held B sdb bitmap 1",
          "chunk A 0 = 2", "still held", "not finally unbound B sdb", "in-flight both bitmap bitmap 12"})
        CHECK_MESSAGE(read_condition(good), good);
    for (const std::string bad : {"",
                                  "and",
                                  "differs and",
                                  "differs and ",
                                  "or differs",
                                  "differs or or differs",
                                  "nonsense",
                                  "standing C oops",
                                  "standing A sleepy",
                                  "counter A mddev",
                                  "counter A mddev = -1",
                                  "counter A mddev = 1 2",
                                  "counter A both = 1",
                                  "entered A",
                                  "entered A md-stop",
                                  "entered A x 0",
                                  "entered A x 99999999999999999999",
                                  "held A sdb",
                                  "chunk A = 2",
                                  "tick = ",
                                  "tick >= nowhere",
                                  "still sleepy",
                                  "not not differs",
                                  "finally not differs",
                                  "tick = tick = tick = tick = tick = tick = end"})
        CHECK_FALSE_MESSAGE(read_condition(bad), bad);
    CHECK(read_place("start"));
    CHECK(read_place("first-difference"));
    CHECK(read_place("asleep both md_super_wait"));
    CHECK_FALSE(read_place("the end"));
    std::string many = "differs";
    for (int i = 0; i < 40; i++) many += " and differs";
    CHECK_FALSE(read_condition(many));
}

TEST_CASE("what a lesson says wrong is told with its line") {
    CHECK(complaint("") == "1: the lesson has no 'title'");
    CHECK(complaint("title T\n").starts_with("2: the lesson has no page"));
    CHECK(complaint("title T\nsay Hello.\n").starts_with("3: the lesson has no 'scenario'"));
    CHECK(complaint("title T\nread 3\n") == "3: 'read' needs a page: a 'say' before it");
    CHECK(complaint("tilte T\n").starts_with("2: 'tilte' begins no line; "));
    CHECK(complaint_of("").empty());
    CHECK(complaint_of("# nothing").empty());
    for (const std::string line : {"play differs",
                                   "play until",
                                   "pause until differs",
                                   "pause stopper x3 until differs",
                                   "pause a b until differs",
                                   "goto",
                                   "do",
                                   "do dance now",
                                   "do stopper x2",
                                   "speed 0",
                                   "speed nan",
                                   "speed 1e1",
                                   "speed -1",
                                   "open door",
                                   "highlight",
                                   "highlight ~x",
                                   "read",
                                   "read 0",
                                   "read 1e9",
                                   "done now",
                                   "wait-for",
                                   "wait-for tries 0",
                                   "wait-for mode nothing",
                                   "wait-for tab",
                                   "hint differs | x",
                                   "show play",
                                   "say",
                                   "say {",
                                   "say {x}",
                                   "say a } b",
                                   "say {counter A}",
                                   "say {counter C mddev}",
                                   "say {flight A B}",
                                   "title",
                                   "scenario",
                                   "scenario /etc/passwd",
                                   "scenario ../x",
                                   "scenario race quick",
                                   "expect",
                                   "ask",
                                   "ask id",
                                   "ask id \"q\"",
                                   "ask id \"q\" | a | a | why",
                                   "ask id \"q\" | a | b | c | why",
                                   "ask id \"q\" | a | b | a |",
                                   "ask id \"q\" | a | a | a | why",
                                   "ask id \"\" | a | b | a | why",
                                   "ask id \"q\" | a | b | c | d | e | a | why"})
        CHECK_MESSAGE(complaint_of(line).starts_with("5: "), line << " -> " << complaint_of(line));
    CHECK(complaint_of("wait-for play\nhint differs").starts_with("6: "));
    CHECK(complaint_of("wait-for play\nshow move sdb before end").starts_with("6: "));
    CHECK(complaint_of("wait-for play\nshow release everything").starts_with("6: "));
    CHECK(complaint_of("say \xff\xfe").starts_with("5: there are bytes that are not UTF-8"));
    CHECK(complaint_of("say \xe2\x86").starts_with("5: "));
    CHECK(complaint_of("say a\x01b").starts_with("5: "));
    CHECK(complaint_of("say " + std::string(600, 'x')).starts_with("5: a text has at most 500 bytes"));
    CHECK(complaint_of("say " + std::string(2000, 'x')).starts_with("5: the line has more than"));
    std::string pages;
    for (int i = 0; i < 100; i++) pages += "say again\n";
    CHECK(complaint_of(pages).find("more than 64 pages") != std::string::npos);
    std::string steps;
    for (int i = 0; i < 600; i++) steps += "done\n";
    CHECK(complaint_of(steps).find("more than 512 lines") != std::string::npos);
    CHECK_FALSE(parse_lesson("", "x"));
    CHECK_FALSE(parse_lesson("mdscope-lesson 2\n", "x"));
    CHECK_FALSE(parse_lesson(std::string(100'000, '\n'), "x"));
    CHECK_FALSE(load_lesson(-1));
    CHECK_FALSE(load_lesson(99));
}

TEST_CASE("any bytes are a lesson or an error, never anything else") {
    const std::uint64_t seed = 2021;
    CAPTURE(seed);
    Prng prng(seed);
    std::vector<std::string> texts;
    for (int number = 0; number <= kLastLesson; number++) {
        const Result<std::string> text =
            read_text_file(fmt::format("{}/../lessons/{}.txt", MDSCOPE_SCENARIOS, lesson_of(number).name));
        REQUIRE(text);
        texts.push_back(*text);
    }
    for (int round = 0; round < 3000; round++) {
        std::string text = texts[prng.below(texts.size())];
        for (std::size_t i = 0, changes = 1 + prng.below(4); i < changes && !text.empty(); i++) {
            const std::size_t at = prng.below(text.size());
            switch (prng.below(4)) {
                case 0:
                    text[at] = static_cast<char>(prng.below(256));
                    break;
                case 1:
                    text.erase(at, 1 + prng.below(40));
                    break;
                case 2:
                    text.insert(at, text.substr(prng.below(text.size()), prng.below(40)));
                    break;
                default:
                    text.resize(at);
            }
        }
        const Result<Lesson> lesson = parse_lesson(text, "1-fuzzed");
        if (!lesson) CHECK(lesson.error().text.find(": ") != std::string::npos);
    }
}

}  // namespace mdscope::story_test
