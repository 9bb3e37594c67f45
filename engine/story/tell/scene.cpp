// SPDX-License-Identifier: MIT

#include "engine/story/tell/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/story/tell/stop_notes.hpp"

namespace mdscope {

Scene::Scene(const Duel& duel_, Side side_, std::size_t tick_, LookAhead& look_ahead)
    : duel(duel_),
      side(side_),
      tick(tick_),
      step(duel_.at(side_, tick_)),
      status(status_of(duel_, side_, tick_, look_ahead)),
      has_begun(stop_has_begun(duel_, side_, tick_)),
      covers(who_waits(duel_, side_, tick_, look_ahead)),
      ending(completions(duel_, side_, tick_, look_ahead)),
      waits(mdscope::waits(duel_, side_, tick_)),
      calls(stop_calls(duel_, side_, tick_, look_ahead)) {}

int Scene::value_of(std::string_view counter) const {
    const museum::Counter* known = find_counter(exhibit(), counter);
    return known != nullptr ? mdscope::value_of(*known, snapshot()) : 0;
}

const Cover* Scene::in_danger() const {
    const auto worst = [](const std::vector<Cover>& list, auto is) -> const Cover* {
        const auto found = std::ranges::find_if(list, is);
        return found != list.end() ? &*found : nullptr;
    };
    const auto is_taken = [](const Cover& cover) { return cover.is_taken; };
    const auto is_uncovered = [](const Cover& cover) { return !cover.covered; };
    for (const auto* list : {&covers, &ending})
        if (const Cover* found = worst(*list, is_taken)) return found;
    for (const auto* list : {&covers, &ending})
        if (const Cover* found = worst(*list, is_uncovered)) return found;
    return nullptr;
}

bool Scene::is_to_come(std::string_view function) const {
    return std::ranges::any_of(calls, [&](const Call& call) { return call.is(function) && !call.is_past(); });
}

const Wait* Scene::stop_wait() const {
    const std::vector<std::string> stops = duel.stop_tasks();
    for (const Wait& wait : waits)
        if (std::ranges::find(stops, wait.task) != stops.end()) return &wait;
    return nullptr;
}

// ---- words

const char* side_name(Side side) {
    return side == Side::A ? "A" : "B";
}

Side other_side(Side side) {
    return side == Side::A ? Side::B : Side::A;
}

std::string list_of(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); i++) {
        if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text;
}

std::string member_of(const std::string& bio) {
    return bio.substr(0, bio.find(' '));
}

std::string disk_of(const std::string& bio) {
    return member_of(bio) == "bitmap" ? "the bitmap file" : "disk " + member_of(bio);
}

std::string capitalised(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z' && !text.starts_with("md"))
        text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string actor_name(const Duel& duel, const std::string& task) {
    const std::vector<std::string> stops = duel.stop_tasks();
    if (stops.size() == 1 && stops[0] == task) return fmt::format("the {}", duel.exhibit().act.noun);
    if (task.starts_with("swapper")) return "a completion";
    if (task.starts_with("md0_")) return "md's thread " + task;
    if (task == "mdmon") return "mdmon";
    return "task " + task;
}

std::string condition_words(const std::string& condition) {
    struct Words {
        std::string_view in_source;  // how the condition begins
        const char* words;
    };
    constexpr std::array kWords = {
        Words{"mddev.sync_thread.load() == nullptr", "the sync thread has ended"},
        Words{"!test_bit(MD_RECOVERY_RUNNING", "no sync runs any more"},
        Words{"!test_bit(MD_SB_CHANGE_PENDING", "the change of the array's state is acknowledged"},
        Words{"get_unqueued_pending(conf)", "raid1's own requests have ended"},
        Words{"(conf.array_frozen == 0 && conf.nr_pending", "the writes in that part of the disk have ended"},
        Words{"conf.array_frozen == 0 && conf.barrier", "no resync is at work in that part of the disk"},
        Words{"conf.array_frozen == 0", "raid1 is not frozen any more"},
        Words{"conf.nr_waiting", "those who waited before have gone in"},
        Words{"conf.nr_sync_pending == 0", "the resync's own requests have ended"},
        Words{"mddev.recovery_active == 0", "what the resync has begun is done"},
        Words{"bitmap->behind_writes == 0", "the writes behind have ended"},
        Words{"!counter_is_full", "the counter of its chunk has room"},
        Words{"!is_suspended", "the array is resumed"},
        Words{"mddev.active_io == 0", "every request has left the array"},
        Words{"!overlaps_serial", "the write to the same place has ended"},
        Words{"!mddev.flush_running", "the flush before it has ended"},
        Words{"!test_bit(MD_UPDATING_SB", "the superblocks are written"},
        Words{"mutex is free", "a lock is free"},
        Words{"request->done", "its request has ended"},
    };
    for (const Words& row : kWords)
        if (condition.starts_with(row.in_source)) return row.words;
    return condition;
}

std::optional<std::size_t> tick_submitted(const Duel& duel, Side side, const std::string& bio) {
    const Tape& tape = duel.tape(side);
    for (std::size_t step = 0; step < tape.size(); step++)
        if (std::ranges::find(tape.step(step).bios, bio, &BioAt::name) != tape.step(step).bios.end())
            return duel.tick_of(side, step);
    return std::nullopt;
}

Oops oops_of(const SnapshotOops& oops) {
    return {oops.what, oops.object, oops.function, oops.address, oops.comm, oops.stack, oops.in_irq, oops.at_ns};
}

const museum::Taker* taker_met(const Exhibit& exhibit, const Oops& oops) {
    const auto met = std::ranges::find_if(
        exhibit.takers, [&](const museum::Taker& taker) { return taker.is_met != nullptr && taker.is_met(oops); });
    return met != exhibit.takers.end() ? &*met : nullptr;
}

std::string crash_clause(const Exhibit& exhibit, const Oops& oops) {
    if (const museum::Taker* taker = taker_met(exhibit, oops)) return taker->clause(oops);
    return fmt::format("{} of {} in {}", oops.what, oops.object, oops.function);
}

}  // namespace mdscope
