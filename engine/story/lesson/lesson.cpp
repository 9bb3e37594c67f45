// SPDX-License-Identifier: MIT

#include "engine/story/lesson/lesson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/host/data_folders.hpp"
#include "engine/scenario/scenario_files.hpp"
#include "engine/scenario/text_lines.hpp"
#include "engine/story/draw/lanes.hpp"
#include "engine/story/lesson/lesson_text.hpp"

namespace mdscope {

namespace {

namespace files = std::filesystem;

// The file in this folder whose name begins with the number.
std::string path_in(const std::string& folder, int number) {
    std::error_code error;
    for (const auto& entry : files::directory_iterator(folder, error))
        if (entry.path().extension() == ".txt" && entry.path().stem().string().starts_with(fmt::format("{}-", number)))
            return entry.path().string();
    return {};
}

// In the first folder that has one. One's own stands before the one that comes with mdscope.
std::string path_of(int number) {
    std::vector<std::string> folders = shipped_data_folders("lessons");
    if (const std::string own = own_data_folder("lessons"); !own.empty()) folders.insert(folders.begin(), own);
    for (const std::string& folder : folders)
        if (std::string path = path_in(folder, number); !path.empty()) return path;
    return {};
}

std::string in_flight(const Duel& duel, Side side, std::size_t tick) {
    std::string names;
    for (const BioAt& bio : duel.at(side, tick).bios) names += (names.empty() ? "" : ", ") + bio.name;
    return names.empty() ? "nothing" : names;
}

// What is between braces; false: it means nothing. Without a duel it is only checked.
bool fill_in(std::string_view words, const Duel* duel, std::size_t tick, std::string& out) {
    const std::string_view verb = take_word(words), side = take_word(words);
    if (side != "A" && side != "B") return false;
    const Side of = side == "A" ? Side::A : Side::B;
    if (verb == "flight" && words.empty()) {
        if (duel != nullptr) out += in_flight(*duel, of, tick);
        return true;
    }
    if (verb != "counter" || (words != "mddev" && words != "bitmap")) return false;
    const Counter counter = words == "mddev" ? Counter::Mddev : Counter::Bitmap;
    if (duel != nullptr) out += std::to_string(counter_at(*duel, of, tick, counter));
    return true;
}

bool fill_in_all(std::string_view text, const Duel* duel, std::size_t tick, std::string& out) {
    while (!text.empty()) {
        const std::size_t open = text.find_first_of("{}");
        out += text.substr(0, open);
        if (open == std::string_view::npos) return true;
        const std::size_t close = text.find('}', open);
        if (text[open] == '}' || close == std::string_view::npos) return false;
        if (!fill_in(text.substr(open + 1, close - open - 1), duel, tick, out)) return false;
        text.remove_prefix(close + 1);
    }
    return true;
}

}  // namespace

bool LessonPage::goes_on_by_itself() const {
    const auto has = [&](LessonStep::Kind kind) {
        return std::ranges::any_of(steps, [&](const LessonStep& step) { return step.kind == kind; });
    };
    return (has(LessonStep::Kind::Read) || has(LessonStep::Kind::WaitFor)) && !has(LessonStep::Kind::Ask);
}

Result<Lesson> load_lesson(int number) {
    const std::string path = path_of(number);
    if (path.empty())
        return Error{ENOENT, fmt::format("There is no lesson {} in {}.", number, data_folders_text("lessons"))};
    const Result<std::string> text = read_text_file(path);
    if (!text) return text.error();
    Result<Lesson> lesson = parse_lesson(*text, files::path(path).stem().string());
    if (!lesson) return Error{EINVAL, path + ":" + lesson.error().text};
    return lesson;
}

std::string lesson_title(int number) {
    const Result<Lesson> lesson = load_lesson(number);
    return lesson ? lesson->title : fmt::format("Lesson {}", number);
}

Result<Scenario> scenario_of(const LessonSetup& setup) {
    Result<Scenario> scenario = load_scenario_file(setup.scenario);
    if (!scenario) return scenario;
    if (setup.granularity) scenario->granularity = *setup.granularity;
    Result<Scenario> changed = with_pairs(*scenario, setup.with);
    if (!changed) return changed;
    if (!setup.versus.empty()) changed->versus = setup.versus;
    // What makes B must be right now: opponent_of() has nobody to complain to.
    if (const Result<Scenario> other = with_pairs(*changed, changed->versus); !other) return other.error();
    return changed;
}

std::optional<Order> next_without(const std::string& task, const Duel& duel) {
    for (const Side side : kSides)
        for (const Order& option : duel.tape(side).options()) {
            const bool is_task = option.how == Choice::Kind::Run || option.how == Choice::Kind::Grace;
            if (is_task && option.name != task && duel.is_started(side, option.name)) return option;
        }
    return std::nullopt;
}

std::string lesson_text(const std::string& text, const Duel& duel, std::size_t tick) {
    std::string out;
    fill_in_all(text, &duel, tick, out);
    return out;
}

// ---- checks

std::string check_lesson_text(std::string_view text) {
    if (text.size() > kLongestText) return fmt::format("a text has at most {} bytes", kLongestText);
    std::string out;
    if (fill_in_all(text, nullptr, 0, out)) return {};
    return "braces stand for {counter A mddev}, {counter A bitmap} or {flight A}, of A or B";
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const std::size_t more = byte < 0x80 ? 0 : byte >= 0xC2 && byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
        if ((byte >= 0x80 && byte < 0xC2) || byte >= 0xF5 || text.size() - i <= more) return false;
        for (std::size_t j = 1; j <= more; j++)
            if ((static_cast<unsigned char>(text[i + j]) & 0xC0U) != 0x80U) return false;
        i += more + 1;
    }
    return true;
}

}  // namespace mdscope
