// SPDX-License-Identifier: MIT
// Reads a scenario line by line: the version, header words, `setup` with statements, `tasks` with the statements of
// each task, `expect`. What belongs together only as a whole (a bitmap of that many pages) is checked at the end.
#include "engine/scenario/scenario_parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

constexpr std::string_view kVersionWord = "mdscope-scenario";
constexpr std::size_t kMostTasks = 16;
constexpr std::size_t kLongestTaskName = 15;  // of a comm
constexpr std::uint64_t kBitsPerFilePage = 32768;

// Words that are not headers; they mean the same in every place.
bool is_section_word(std::string_view word) {
    return word == "setup" || word == "tasks" || word == "schedule" || word == "playhead" || word == "expect";
}

class ScenarioParser {
   public:
    explicit ScenarioParser(const std::string& name) { scenario_.name = name; }

    // The complaint about this line, or nothing.
    Complaint line(const TextLine& line);
    // What is wrong with the whole; sets *line to where it shows.
    Complaint finish(int* line) const;
    Scenario take() { return std::move(scenario_); }

   private:
    enum class Place : std::uint8_t { Begin, Headers, Setup, Tasks, Schedule };

    Complaint version(std::string_view word, std::string_view rest);
    Complaint once(std::string_view word, int line);
    Complaint begin(std::string_view word, std::string_view rest);
    Complaint header(std::string_view word, std::string_view rest);
    Complaint task(std::string_view name, std::string_view rest, int line);
    Complaint statements(Section section, std::string_view text, int line, std::vector<Statement>& list) const;
    Complaint orders(std::string_view text, int line);
    [[nodiscard]] Complaint check_start(const Order& order) const;
    Complaint playhead(std::string_view value);
    Complaint misplaced(std::string_view word) const;
    Complaint check_pages() const;
    Result<ScenarioTask*> task_named(std::string_view name);

    Scenario scenario_;
    Place place_ = Place::Begin;
    std::map<std::string, int, std::less<>> seen_;  // words that stand once, and their lines
};

Complaint ScenarioParser::line(const TextLine& line) {
    std::string_view rest = line.text;
    const std::string_view word = take_word(rest);
    if (place_ == Place::Begin) return version(word, rest);
    // Under `schedule` a header's word is somebody's name: mdmon goes on, too.
    const bool stands_once = is_section_word(word) || (place_ != Place::Schedule && is_header_word(word));
    const std::size_t colon = line.text.find(':');
    const bool names_a_task = word.ends_with(':') || rest.starts_with(':') || place_ == Place::Tasks;
    if (place_ == Place::Schedule && !stands_once) return orders(line.text, line.number);
    if (names_a_task && !stands_once && colon != std::string_view::npos)
        return task(trim(line.text.substr(0, colon)), trim(line.text.substr(colon + 1)), line.number);
    if (stands_once)
        if (Complaint complaint = once(word, line.number); !complaint.empty()) return complaint;
    if (word == "setup" || word == "tasks" || word == "schedule") return begin(word, rest);
    if (word == "expect") return read_expectation(scenario_.expect, rest);
    if (word == "playhead") return playhead(rest);
    if (is_header_word(word)) return header(word, rest);
    if (place_ == Place::Setup) return statements(Section::Setup, line.text, line.number, scenario_.setup);
    return misplaced(word);
}

Complaint ScenarioParser::version(std::string_view word, std::string_view rest) {
    if (word != kVersionWord)
        return fmt::format("a scenario begins with the line '{} 1', not with '{}'", kVersionWord, word);
    if (rest != "1") return fmt::format("version '{}' is not known; this mdscope reads '{} 1'", rest, kVersionWord);
    place_ = Place::Headers;
    return {};
}

Complaint ScenarioParser::once(std::string_view word, int line) {
    const auto [found, is_new] = seen_.emplace(word, line);
    return is_new ? Complaint() : fmt::format("'{}' stands twice; the first is in line {}", word, found->second);
}

Complaint ScenarioParser::begin(std::string_view word, std::string_view rest) {
    if (!rest.empty()) return fmt::format("nothing may follow '{}'; statements begin in the next line", word);
    if (word == "setup" && place_ == Place::Tasks) return "'setup' stands before 'tasks'";
    if (place_ == Place::Schedule) return fmt::format("'{}' stands before 'schedule'", word);
    place_ = word == "setup" ? Place::Setup : word == "tasks" ? Place::Tasks : Place::Schedule;
    return {};
}

Complaint ScenarioParser::header(std::string_view word, std::string_view rest) {
    if (place_ != Place::Headers) return fmt::format("'{}' stands above 'setup' and 'tasks'", word);
    if (word == "kernel")
        for (const auto& [other, line] : seen_)
            if (is_set_by_kernel(other))
                return fmt::format("'kernel' sets '{}' too, so it stands above line {}", other, line);
    return read_header(scenario_, word, rest);
}

Complaint ScenarioParser::task(std::string_view name, std::string_view rest, int line) {
    if (place_ != Place::Tasks) return fmt::format("the task '{}' belongs under 'tasks'", name);
    const Result<ScenarioTask*> found = task_named(name);
    if (!found) return found.error().text;
    if (rest.empty())
        return fmt::format("task '{}' has no statement; it can have {}", name, statement_words(Section::Tasks));
    return statements(Section::Tasks, rest, line, (*found)->statements);
}

Result<ScenarioTask*> ScenarioParser::task_named(std::string_view name) {
    const auto is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (name.empty() || name.size() > kLongestTaskName || !std::all_of(name.begin(), name.end(), is_good))
        return Error{EINVAL, fmt::format("'{}' is no name for a task: 1 to {} letters, digits, '-' and '_'", name,
                                         kLongestTaskName)};
    if (is_section_word(name) || is_schedule_word(name))
        return Error{EINVAL, fmt::format("'{}' is a word of scenarios, so it cannot be the name of a task", name)};
    for (ScenarioTask& task : scenario_.tasks)
        if (task.name == name) return &task;
    if (scenario_.tasks.size() == kMostTasks) return Error{EINVAL, fmt::format("more than {} tasks", kMostTasks)};
    scenario_.tasks.push_back({std::string(name), {}});
    return &scenario_.tasks.back();
}

Complaint ScenarioParser::statements(Section section, std::string_view text, int line,
                                     std::vector<Statement>& list) const {
    for (bool more = true; more;) {
        const std::size_t end = text.find(';');
        more = end != std::string_view::npos;
        Statement statement;
        statement.line = line;
        if (Complaint wrong = read_statement(scenario_, section, trim(text.substr(0, end)), statement); !wrong.empty())
            return wrong;
        list.push_back(std::move(statement));
        if (more) text.remove_prefix(end + 1);
    }
    return {};
}

Complaint ScenarioParser::orders(std::string_view text, int line) {
    for (bool more = true; more;) {
        const std::size_t end = text.find(';');
        more = end != std::string_view::npos;
        if (Complaint wrong = read_order(trim(text.substr(0, end)), scenario_.schedule, line); !wrong.empty())
            return wrong;
        if (Complaint wrong = check_start(scenario_.schedule.back()); !wrong.empty()) return wrong;
        if (more) text.remove_prefix(end + 1);
    }
    return {};
}

// A step of nobody shows when it is to be taken; a wish for nobody would change nothing, and nobody would notice.
Complaint ScenarioParser::check_start(const Order& order) const {
    if (order.kind != Order::Kind::Start ||
        std::ranges::find(scenario_.tasks, order.name, &ScenarioTask::name) != scenario_.tasks.end())
        return {};
    std::string names;
    for (const ScenarioTask& task : scenario_.tasks) names += (names.empty() ? "" : ", ") + task.name;
    return fmt::format("there is no task '{}' to start; the tasks are {}", order.name, names);
}

Complaint ScenarioParser::playhead(std::string_view value) {
    std::uint64_t tick = 0;
    if (!read_number(value, 0, kMostOrders, &tick))
        return fmt::format("'playhead' takes the number of a tick, at most {}, not '{}'", kMostOrders, value);
    scenario_.playhead = tick;
    return {};
}

Complaint ScenarioParser::misplaced(std::string_view word) const {
    if (place_ == Place::Tasks)
        return fmt::format(
            "'{}' needs a task before it, as in 'stopper: stop'; or here can stand schedule, playhead, expect", word);
    if (is_statement_word(word)) return fmt::format("the statement '{}' belongs under 'setup' or 'tasks'", word);
    return fmt::format("unknown word '{}'; here can stand {}, setup, tasks, schedule, playhead, expect", word,
                       header_words());
}

Complaint ScenarioParser::finish(int* line) const {
    if (place_ == Place::Begin) return fmt::format("the file is empty; a scenario begins with '{} 1'", kVersionWord);
    if (scenario_.tasks.empty()) return "the scenario has no tasks: 'tasks', then a line like 'stopper: stop'";
    const auto line_of = [&](const char* word) {
        const auto found = seen_.find(word);
        return found == seen_.end() ? 0 : found->second;
    };
    const int where = std::max({line_of("pages"), line_of("chunk"), line_of("size")});
    if (where != 0) *line = where;
    return check_pages();
}

// As far as sizes alone can tell: metadata takes some of each image, and two homes put a header before the bits.
Complaint ScenarioParser::check_pages() const {
    const bool may_choose = scenario_.metadata != "imsm";  // a volume may be a part of its one chunk
    if (may_choose && scenario_.chunk > scenario_.size)
        return fmt::format("a chunk of {} does not fit into images of {}", exact_size_text(scenario_.chunk),
                           exact_size_text(scenario_.size));
    const std::uint64_t chunks = std::max<std::uint64_t>(scenario_.size / scenario_.chunk, 1);
    const std::uint64_t pages = (chunks + kBitsPerFilePage - 1) / kBitsPerFilePage;
    if (scenario_.pages <= pages) return {};
    return fmt::format("the bitmap does not have {} pages: images of {} with chunks of {} need {} bits, a page has {}",
                       scenario_.pages, exact_size_text(scenario_.size), exact_size_text(scenario_.chunk), chunks,
                       kBitsPerFilePage);
}

}  // namespace

Result<Scenario> parse_scenario_at(std::string_view text, const std::string& name, int first_line) {
    const Result<std::vector<TextLine>> lines = split_lines(text, TextForm{}, first_line);
    if (!lines) return lines.error();
    ScenarioParser parser(name);
    int last = first_line;
    for (const TextLine& line : *lines) {
        last = line.number;
        if (const Complaint wrong = parser.line(line); !wrong.empty()) return line_error(line.number, wrong);
    }
    if (const Complaint wrong = parser.finish(&last); !wrong.empty()) return line_error(last, wrong);
    return parser.take();
}

Result<Scenario> parse_scenario(std::string_view text, const std::string& name) {
    return parse_scenario_at(text, name, 1);
}

}  // namespace mdscope
