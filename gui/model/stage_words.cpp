// SPDX-License-Identifier: MIT
// What is said on the stage: few words, in the act's own, with the names of the kernel as pieces of their own.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "engine/story/tell/stop_notes.hpp"
#include "gui/model/stage_parts.hpp"
#include "gui/model/titles.hpp"

namespace mdscope::gui {

namespace {

// ---- the gauges

// The bitmap's own counter counts writes to a bitmap file, and nothing else: in another home it never moves.
bool never_moves(const StageFacts& facts, const StageGauge& gauge) {
    const museum::Counter* counter = find_counter(facts.exhibit(), gauge.counter);
    return counter != nullptr && counter->of == museum::Counter::Of::Bitmap && facts.scenario().bitmap != "file";
}

std::string note_of_gauge(const StageFacts& facts, const StageModel& stage, std::size_t number) {
    const StageGauge& gauge = stage.gauges.at(number);
    const StageDoor& door = stage.doors.at(number);
    if (gauge.counter.empty()) return "";
    if (never_moves(facts, gauge) && !facts.hides) return "for bitmap files only";
    const Wait* wait = act_wait(facts);
    const museum::Counter* asked = wait != nullptr ? counter_asked(facts.exhibit(), wait->condition) : nullptr;
    if (asked != nullptr && asked->name == gauge.counter)
        return gauge.value > 0 ? "door stays shut" : "woken, not run yet";
    if (gauge.is_unwatched) return "nobody waits for it";
    if (door.state == StageDoor::State::Missing) return facts.hides ? "" : "nobody asks it here";
    if (door.is_passed && gauge.value == 0)
        return steps_slept_for(facts, gauge.counter) > 0 ? "the door opened" : "it went through";
    return gauge.value > 0 ? "on their way" : "no write is counted here";
}

// ---- the line below the title

Phrases nobody_waits(const StageFacts& facts, const Cover& cover) {
    const museum::Counter* counter = find_counter(facts.exhibit(), cover.counter);
    if (counter == nullptr) return {{"nobody", Ink::danger, false, true}, {" waits for " + cover.bio}};
    if (cover.has_counted) return {{counter->completion, Ink::danger, true}, {" has counted down, and is not done"}};
    return {{"nobody", Ink::danger, false, true},
            {" waits for ", Ink::dim},
            counter_phrase(facts.exhibit(), cover.counter),
            {fmt::format(" (now {})", cover.count), Ink::dim}};
}

Phrases sleeps(const StageFacts& facts, const Wait& wait) {
    const museum::Counter* asked = counter_asked(facts.exhibit(), wait.condition);
    const std::string who = fmt::format("the {} sleeps until ", facts.exhibit().act.noun);
    if (asked == nullptr) return {{who + condition_words(wait.condition), Ink::dim}};
    return {{who, Ink::dim},
            counter_phrase(facts.exhibit(), asked->name),
            {fmt::format(" == 0 (now {})", value_of(*asked, facts.snapshot())), Ink::dim}};
}

Phrases crashed(const StageFacts& facts) {
    const auto& oops = facts.snapshot().oops;
    if (!oops) return {{facts.tape().what(), Ink::dim}};
    const std::string clause = crash_clause(facts.exhibit(), oops_of(*oops));
    const std::size_t name = clause.starts_with(oops->function) ? oops->function.size() : 0;
    return {{clause.substr(0, name), Ink::danger, true, true}, {clause.substr(name), Ink::dim}};
}

Phrases stopped(const StageFacts& facts) {
    for (const museum::Counter* counter : stage_counters(facts.exhibit())) {
        if (counter == nullptr) continue;
        const std::size_t slept = steps_slept_for(facts, counter->name);
        if (slept == 0) continue;
        return {{fmt::format("it waited {} step{} for ", slept, slept == 1 ? "" : "s"), Ink::dim},
                counter_phrase(facts.exhibit(), counter->name),
                {", then went on", Ink::dim}};
    }
    return {{facts.exhibit().act.over, Ink::dim}};
}

// What it has asked last, or where it is.
Phrases goes_on(const StageFacts& facts, const StageModel& stage) {
    for (std::size_t i = 2; i-- > 0;) {
        if (!stage.doors.at(i).is_passed || stage.doors.at(i).state == StageDoor::State::Missing) continue;
        return {{"its last question was ", Ink::dim},
                counter_phrase(facts.exhibit(), stage.gauges.at(i).counter),
                {fmt::format(" == 0 ? {}", stage.gauges.at(i).value == 0 ? "yes" : "no"), Ink::dim}};
    }
    if (stage.stopper.inside.empty()) return {{fmt::format("the {} has begun", stage.noun), Ink::dim}};
    return {{fmt::format("the {} is in ", stage.noun), Ink::dim}, {stage.stopper.inside, Ink::text, true}};
}

Phrases line_of(const StageFacts& facts, const StageModel& stage) {
    const Wait* wait = act_wait(facts);
    const Cover* worst = worst_cover(facts.view);
    switch (stage.status) {
        case Status::InDanger:
            return worst != nullptr ? nobody_waits(facts, *worst) : Phrases{};
        case Status::Waiting:
            return wait != nullptr ? sleeps(facts, *wait) : goes_on(facts, stage);
        case Status::Oops:
        case Status::Broken:
            return crashed(facts);
        case Status::Stopped:
            return stopped(facts);
        case Status::Stopping:
            return goes_on(facts, stage);
        case Status::Hung:
            return {{"nobody is left to wake it", Ink::held}};
        case Status::Off:
            return {{"not assembled yet", Ink::dim}};
        case Status::Running:
            break;
    }
    if (facts.duel.stop_tasks().empty()) return {{"the array runs", Ink::dim}};
    return {{fmt::format("the {} has not begun", stage.noun), Ink::dim}};
}

// ---- the crash

// "BUG: ...", "RIP: ..." and how it ends: three lines that somebody knows who has seen one.
std::vector<std::string> three_lines(const std::string& console) {
    std::vector<std::string> lines;
    std::istringstream in(console);
    std::string panic;
    for (std::string line; std::getline(in, line);) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string::npos) continue;
        std::string text = line.substr(begin);
        if (text.starts_with("[") && text.find("] ") != std::string::npos) text = text.substr(text.find("] ") + 2);
        if (text.starts_with("Kernel panic")) panic = text;
        if (lines.empty() ? text.starts_with("BUG:") : text.starts_with("RIP:") && lines.size() == 1)
            lines.push_back(text);
    }
    if (!panic.empty()) lines.push_back(panic);
    return lines;
}

// Lines that have room on the console.
std::vector<std::string> wrapped(const std::string& text) {
    constexpr std::size_t kRoom = 56;
    std::vector<std::string> lines(1);
    std::istringstream in(text);
    for (std::string word; in >> word;) {
        if (!lines.back().empty() && lines.back().size() + 1 + word.size() > kRoom) lines.emplace_back();
        lines.back() += (lines.back().empty() ? "" : " ") + word;
    }
    return lines;
}

// No kernel says anything: the words are the judge's.
StageCrash broken_rule(const StageFacts& facts) {
    StageCrash crash;
    crash.is_oops = false;
    const Judge* judge = facts.view.step->broken;
    if (judge != nullptr) crash.console = wrapped(std::string(judge->must_hold));
    for (const std::string& line : wrapped("Not so: " + facts.tape().what() + ".")) crash.console.push_back(line);
    if (judge != nullptr) crash.followed = {"a rule does not hold:", std::string(judge->name)};
    return crash;
}

StageCrash crash_of(const StageFacts& facts, const std::string& completion) {
    StageCrash crash;
    crash.console = three_lines(facts.tape().console());
    const auto& oops = facts.snapshot().oops;
    if (crash.console.empty()) crash.console = {oops ? oops->what : facts.tape().what()};
    if (!oops) return crash;
    crash.in_completion =
        oops->function == completion || std::ranges::find(oops->stack, completion) != oops->stack.end();
    if (crash.console.size() == 2)
        crash.console.push_back(oops->in_irq ? "in a disk interrupt: Kernel panic - not syncing"
                                             : fmt::format("in task {}; the kernel has halted", oops->comm));
    const museum::Taker* taker = taker_met(facts.exhibit(), oops_of(*oops));
    const char* what = taker == nullptr                       ? "something that was gone"
                       : taker->loss == museum::Loss::Pointer ? "a pointer that was gone"
                       : taker->loss == museum::Loss::Pools   ? "a pool that was gone"
                                                              : "memory that was freed";
    crash.followed = {oops->function + " followed", what};
    return crash;
}

}  // namespace

// Asked only where somebody asks.
std::string answer_of(const StageGauge& gauge, const StageDoor& door) {
    if (gauge.counter.empty()) return "";
    if (door.state == StageDoor::State::Missing || door.function.empty())
        return fmt::format("{} write{} counted", gauge.value, gauge.value == 1 ? "" : "s");
    if (gauge.value != 0) return fmt::format("{} == 0 ? no", gauge.value);
    return door.is_passed ? "0 == 0 ? yes: go on" : "0 == 0 ? yes";
}

Phrase counter_phrase(const Exhibit& exhibit, const std::string& counter) {
    const auto counters = stage_counters(exhibit);
    const bool is_second = counters[1] != nullptr && counter == counters[1]->name;
    return {counter, is_second ? Ink::second : Ink::first, true};
}

std::size_t steps_slept_for(const StageFacts& facts, std::string_view counter) {
    std::size_t slept = 0;
    for (const std::string& name : facts.duel.stop_tasks()) {
        const int pid = pid_of(facts.tape(), name);
        for (std::size_t tick = 0; tick < facts.tick; tick++) {
            const SnapshotTask* task = find_task(facts.duel.at(facts.side, tick).snapshot, pid);
            if (task == nullptr || !is_asleep(*task)) continue;
            const museum::Counter* asked = counter_asked(facts.exhibit(), task->condition);
            slept += asked != nullptr && counter == asked->name ? 1 : 0;
        }
    }
    return slept;
}

std::string completion_of(const Exhibit& exhibit, const StageModel& stage) {
    const StageWrite* const main = stage.main_write();
    const museum::Counter* const counter =
        stage_counters(exhibit).at(main != nullptr && main->gauge ? *main->gauge : 0);
    return counter != nullptr && counter->completion != nullptr ? counter->completion : "";
}

void put_words(const StageFacts& facts, StageModel& stage) {
    const Titles titles = titles_of(facts.scenario(), facts.duel.tape(other_side(facts.side)).scenario());
    stage.title = titles.title;
    stage.rows = titles.rows;
    stage.word = status_word(facts.exhibit(), stage.status);
    stage.line = line_of(facts, stage);
    for (std::size_t i = 0; i < 2; i++) {
        stage.gauges.at(i).answer = answer_of(stage.gauges.at(i), stage.doors.at(i));
        stage.gauges.at(i).note = note_of_gauge(facts, stage, i);
    }
    stage.completion = completion_of(facts.exhibit(), stage);
    if (stage.status == Status::Oops) stage.crash = crash_of(facts, stage.completion);
    if (stage.status == Status::Broken) stage.crash = broken_rule(facts);
    if (stage.status == Status::Stopped && stage.writes_counted() == 0)
        stage.end =
            has_doors(facts.exhibit()) ? "every write ended first" : fmt::format("the {} has ended", stage.noun);
}

}  // namespace mdscope::gui
