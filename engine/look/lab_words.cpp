// SPDX-License-Identifier: MIT

#include "engine/look/lab_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <sstream>

#include "engine/kernel/shown.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

constexpr std::string_view kHeld = "held", kInFlight = "in-flight";
constexpr std::string_view kSleepsIn = " sleeps in ", kUntil = " until ", kFor = ", for ", kRunning = " running";
constexpr std::string_view kFrameIndent = "    ";

double seconds(std::uint64_t ns) {
    return static_cast<double>(ns) / static_cast<double>(kNsPerSec);
}

double seconds_since(std::uint64_t since_ns, std::uint64_t now_ns) {
    return seconds(now_ns > since_ns ? now_ns - since_ns : 0);
}

bool read_seconds(std::string_view text, double& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return error == std::errc() && end == text.data() + text.size();
}

std::string_view take_last_word(std::string_view& text) {
    const std::size_t blank = text.rfind(' ');
    const std::string_view word = blank == std::string_view::npos ? text : text.substr(blank + 1);
    text = text.substr(0, blank == std::string_view::npos ? 0 : blank);
    return word;
}

// What stands before `mark` goes into `part`; the rest stays.
bool take_until_mark(std::string_view& text, std::string_view mark, std::string& part) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) return false;
    part = text.substr(0, at);
    text.remove_prefix(at + mark.size());
    return true;
}

}  // namespace

std::string pending_writes_text(int of_mddev, int of_bitmap) {
    return fmt::format("mddev {}\nbitmap {}\n", of_mddev, of_bitmap);
}

std::string log_line_text(const LogLine& line) {
    return fmt::format("[{:12.6f}] {}", seconds(line.at_ns), shown_lines(line.text));
}

// ---- bios

std::string bio_line(const BioLine& bio) {
    return fmt::format("{} {} {} {} {} {} {} {:.3f}", bio.id, bio.member, kBioKinds[bio.kind], kBioOps[bio.op],
                       bio.sector, bio.bytes, bio.held ? kHeld : kInFlight, bio.seconds);
}

std::string bios_text(const std::vector<BioInfo>& bios, std::uint64_t now_ns) {
    std::string text = "id member kind op sector bytes where seconds\n";
    for (const BioInfo& bio : bios)
        text += bio_line({bio.id, bio.member, bio.kind, bio.op, bio.sector, bio.size, bio.held,
                          seconds_since(bio.since_ns, now_ns)}) +
                "\n";
    return text;
}

namespace {

// From its end, since a member is named like its file, in which a blank may be.
std::optional<BioLine> parse_bio_line(std::string_view line) {
    std::string_view rest = line;
    BioLine bio;
    std::uint64_t bytes = 0;
    if (!read_number(take_word(rest), &bio.id) || !read_seconds(take_last_word(rest), bio.seconds)) return std::nullopt;
    bio.held = take_last_word(rest) == kHeld;
    if (!read_number(take_last_word(rest), 0, std::numeric_limits<std::uint32_t>::max(), &bytes) ||
        !read_number(take_last_word(rest), &bio.sector))
        return std::nullopt;
    bio.bytes = static_cast<std::uint32_t>(bytes);
    const std::optional<BioOp> op = kBioOps.find(take_last_word(rest));
    const std::optional<BioKind> kind = kBioKinds.find(take_last_word(rest));
    if (!op || !kind) return std::nullopt;
    bio.op = *op;
    bio.kind = *kind;
    bio.member = rest;
    if (bio_line(bio) != line) return std::nullopt;
    return bio;
}

}  // namespace

std::vector<BioLine> parse_bios(std::string_view text) {
    std::vector<BioLine> bios;
    while (!text.empty())
        if (std::optional<BioLine> bio = parse_bio_line(take_line(text))) bios.push_back(std::move(*bio));
    return bios;
}

// ---- tasks

bool TaskLines::is_in(std::string_view function) const {
    return std::ranges::find(stack, function) != stack.end();
}

std::string task_text(const TaskLines& task) {
    std::string text = fmt::format("{}[{}]", task.comm, task.pid);
    if (task.queue.empty())
        text += kRunning;
    else
        text += fmt::format("{}{}{}{}{}{:.3f} s", kSleepsIn, task.queue, kUntil, task.condition, kFor, task.seconds);
    text += "\n";
    for (const std::string& frame : task.stack) text += fmt::format("{}{}\n", kFrameIndent, frame);
    return text;
}

std::string tasks_text(const std::vector<SleepInfo>& tasks, std::uint64_t now_ns) {
    std::string text;
    for (const SleepInfo& task : tasks) {
        TaskLines lines{.comm = task.comm, .pid = task.pid};
        lines.stack.assign(task.stack.begin(), task.stack.end());
        if (task.queue != nullptr) {
            lines.queue = task.queue;
            lines.condition = task.condition;
            lines.seconds = seconds_since(task.since_ns, now_ns);
        }
        text += task_text(lines);
    }
    return text;
}

namespace {

// The first line of a block.
std::optional<TaskLines> parse_task_line(std::string_view line) {
    std::string_view rest = line;
    TaskLines task;
    std::string who;
    if (take_until_mark(rest, kSleepsIn, who)) {
        const std::size_t last = rest.rfind(kFor);
        if (!take_until_mark(rest, kUntil, task.queue) || last == std::string_view::npos || !rest.ends_with(" s"))
            return std::nullopt;
        rest.remove_suffix(2);
        const std::size_t at = rest.rfind(kFor);
        if (at == std::string_view::npos || !read_seconds(rest.substr(at + kFor.size()), task.seconds))
            return std::nullopt;
        task.condition = rest.substr(0, at);
    } else if (line.ends_with(kRunning)) {
        who = line.substr(0, line.size() - kRunning.size());
    }
    const std::size_t bracket = who.rfind('[');
    std::uint64_t pid = 0;
    if (bracket == std::string::npos || !who.ends_with(']') ||
        !read_number(std::string_view(who).substr(bracket + 1, who.size() - bracket - 2), 0,
                     std::numeric_limits<int>::max(), &pid))
        return std::nullopt;
    task.comm = who.substr(0, bracket);
    task.pid = static_cast<int>(pid);
    if (task_text(task) != std::string(line) + "\n") return std::nullopt;
    return task;
}

}  // namespace

// Frames of a block whose first line is none are left out with it.
std::vector<TaskLines> parse_tasks(std::string_view text) {
    std::vector<TaskLines> tasks;
    bool is_in_block = false;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.starts_with(kFrameIndent)) {
            if (is_in_block) tasks.back().stack.emplace_back(line.substr(kFrameIndent.size()));
            continue;
        }
        std::optional<TaskLines> task = parse_task_line(line);
        is_in_block = task.has_value();
        if (task) tasks.push_back(std::move(*task));
    }
    return tasks;
}

// ---- pieces

std::vector<std::string> split_words(std::string_view text) {
    std::istringstream stream{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

bool parse_span(std::string_view text, std::uint64_t& first, std::uint64_t& last) {
    const std::size_t dash = text.find('-');
    if (!read_number(text.substr(0, dash), &first)) return false;
    last = first;
    return dash == std::string_view::npos || (read_number(text.substr(dash + 1), &last) && last >= first);
}

}  // namespace mdscope
