// SPDX-License-Identifier: MIT

#include "gui/model/sentence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/explore/judge.hpp"
#include "gui/model/stage_parts.hpp"

namespace mdscope::gui {

namespace {

constexpr const char* kNothingYet = "Nothing has happened yet.";

struct Teller {
    const Duel& duel;
    std::size_t tick;
    const MomentView& view;
    const std::array<StageModel, 2>& stages;
    bool hides;

    [[nodiscard]] const Exhibit& exhibit() const { return duel.exhibit(); }
    [[nodiscard]] StageFacts facts(Side side) const { return {duel, side, tick, view.sides[side], hides}; }
    [[nodiscard]] bool are_both(Status status) const {
        return stages[0].status == status && stages[1].status == status;
    }
    // The side in that state, A before B; none: neither is.
    [[nodiscard]] std::optional<Side> side_in(Status status) const {
        for (const Side side : kSides)
            if (stages.at(side).status == status) return side;
        return std::nullopt;
    }
};

std::string counted(std::size_t count, const std::string& noun) {
    static const std::array<const char*, 5> words = {"no", "one", "two", "three", "four"};
    const std::string number = count < words.size() ? words.at(count) : std::to_string(count);
    return fmt::format("{} {}{}", number, noun, count == 1 ? "" : "s");
}

std::string kind_word(const std::string& bio, bool is_read) {
    const std::string way = is_read ? "read" : "write";
    BioName name;
    if (!read_bio_name(bio, &name)) return way;
    return name.kind == "data" ? way : name.kind + " " + way;
}

// ---- crash

const char* what_was_gone(const Exhibit& exhibit, const SnapshotOops& oops) {
    const museum::Taker* taker = taker_met(exhibit, oops_of(oops));
    if (taker == nullptr) return "to something that was gone";
    switch (taker->loss) {
        case museum::Loss::Pointer:
            return "to a member that was gone";
        case museum::Loss::Pools:
            return "to a pool that was gone";
        case museum::Loss::Memory:
            return "to a member that was freed";
        case museum::Loss::Structure:
            return "to memory that was freed";
    }
    return "";
}

std::string other_of_a_crash(const Teller& teller, Side other) {
    const std::string name = side_name(other);
    switch (teller.stages.at(other).status) {
        case Status::Stopped: {
            const StageFacts facts = teller.facts(other);
            const auto counters = stage_counters(teller.exhibit());
            const bool waited = std::ranges::any_of(counters, [&](const museum::Counter* counter) {
                return counter != nullptr && steps_slept_for(facts, counter->name) > 0;
            });
            return waited ? name + " had waited." : name + " did not.";
        }
        case Status::Waiting:
            return name + " still waits.";
        default:
            return name + " has not.";
    }
}

Phrases crash(const Teller& teller) {
    const Status end = teller.side_in(Status::Oops) ? Status::Oops : Status::Broken;
    const Side side = *teller.side_in(end);
    const bool both = teller.are_both(end);
    const std::string who = both ? "Both" : side_name(side);
    const auto& oops = teller.view.sides[side].step->snapshot.oops;
    if (!oops) {
        const Judge* judge = teller.view.sides[side].step->broken;
        const std::string which = judge != nullptr ? fmt::format(": {}.", judge->called) : ".";
        return {{who + " broke a rule", Ink::danger}, {which}};
    }
    const std::string write = crashed_bio(teller.duel, side).empty() ? "it came" : "its write came back";
    Phrases phrases{{who + " crashed:", Ink::danger}};
    if (both)
        phrases.push_back({fmt::format(" a write came back {}.", what_was_gone(teller.exhibit(), *oops))});
    else
        phrases.push_back({fmt::format(" {} {}. {}", write, what_was_gone(teller.exhibit(), *oops),
                                       other_of_a_crash(teller, other_side(side)))});
    return phrases;
}

// ---- danger

std::size_t count_uncovered(const SideView& view) {
    return static_cast<std::size_t>(
        std::ranges::count_if(view.covers, [](const Cover& cover) { return !cover.covered; }));
}

std::string on_their_way(const SideView& view) {
    const std::size_t count = count_uncovered(view);
    const auto first = std::ranges::find(view.covers, false, &Cover::covered);
    std::string text = counted(count, kind_word(first->bio, first->is_read));
    if (count == 1) text += " to " + member_of(first->bio);
    text.front() = static_cast<char>(std::toupper(text.front()));
    return fmt::format("{} {} still on {} way.", text, count == 1 ? "is" : "are", count == 1 ? "its" : "their");
}

Phrases danger(const Teller& teller) {
    const Side side = *teller.side_in(Status::InDanger);
    const bool both = teller.are_both(Status::InDanger);
    const SideView& view = teller.view.sides[side];
    const std::string who = both ? "Both" : side_name(side);
    const char* has = both ? "have" : "has";
    const Cover* worst = worst_cover(view);
    if (worst == nullptr || worst->has_counted)
        return {{fmt::format("{} counted a write as ended that has not ended.", who)}};
    if (worst->is_taken)
        return {
            {fmt::format("{} {} taken away what a write on its way to {} needs.", who, has, member_of(worst->bio))}};
    const std::size_t count = count_uncovered(view);
    const StageModel& stage = teller.stages.at(side);
    if (stage.doors[1].is_passed)
        return {{fmt::format("{} {} on without a wait. {}", who, both ? "go" : "goes", on_their_way(view))}};
    return {{fmt::format("{} will not wait for {} that {} on {} way.", who,
                         counted(count, kind_word(worst->bio, worst->is_read)), count == 1 ? "is" : "are",
                         count == 1 ? "its" : "their")}};
}

// ---- the quieter states

std::string until_what(const Wait& wait, const TapeStep& step) {
    if (wait.wakers.empty()) {
        const std::string words = condition_words(wait.condition);
        return words == wait.condition ? " sleeps until somebody wakes it." : fmt::format(" sleeps until {}.", words);
    }
    return fmt::format(" sleeps until {} end{}.",
                       counted(wait.wakers.size(), kind_word(wait.wakers.front(), is_read(step, wait.wakers.front()))),
                       wait.wakers.size() == 1 ? "s" : "");
}

Phrases sleep(const Teller& teller) {
    const Side side = *teller.side_in(Status::Waiting);
    const Wait* wait = act_wait(teller.facts(side));
    if (wait == nullptr) return {{fmt::format("{} waits.", side_name(side))}};
    std::string text = until_what(*wait, *teller.view.sides[side].step);
    if (!teller.are_both(Status::Waiting)) {
        const Status other = teller.stages.at(other_side(side)).status;
        const char* goes_on = other == Status::Stopping ? " goes on." : other == Status::Stopped ? " has stopped." : "";
        std::string told = side_name(side) + text;
        if (*goes_on != '\0') told += fmt::format(" {}{}", side_name(other_side(side)), goes_on);
        return {{told}};
    }
    return {{"Both sleep" + text.substr(std::string(" sleeps").size())}};
}

// The writes that came, or went, in this tick; of the side that did something.
std::optional<std::string> moved_write(const Teller& teller) {
    if (teller.tick == 0) return std::nullopt;
    for (const Side side : kSides) {
        if (!teller.duel.tick(teller.tick).done[side]) continue;
        const TapeStep& step = teller.duel.at(side, teller.tick);
        const TapeStep& last = teller.duel.at(side, teller.tick - 1);
        const auto &now = step.bios, &before = last.bios;
        const auto is_in = [](const auto& bios, const BioAt& bio) {
            return std::ranges::find(bios, bio.name, &BioAt::name) != bios.end();
        };
        for (const BioAt& bio : now)
            if (!is_in(before, bio))
                return fmt::format("A {} sets out to {}.", kind_word(bio.name, is_read(step, bio.name)),
                                   member_of(bio.name));
        for (const BioAt& bio : before)
            if (!is_in(now, bio))
                return fmt::format("A {} {} {} has ended.", kind_word(bio.name, is_read(last, bio.name)),
                                   is_read(last, bio.name) ? "from" : "to", member_of(bio.name));
    }
    return std::nullopt;
}

Phrases ended(const Teller& teller) {
    const std::string over = teller.exhibit().act.done;  // "stopped cleanly": "A has stopped cleanly"
    if (teller.are_both(Status::Stopped)) return {{fmt::format("Both have {}.", over)}};
    const Side side = *teller.side_in(Status::Stopped);
    const Status other = teller.stages.at(other_side(side)).status;
    return {{fmt::format("{} has {}.{}", side_name(side), over,
                         other == Status::Stopping
                             ? fmt::format(" {} is still {}.", side_name(other_side(side)), teller.exhibit().act.doing)
                             : "")}};
}

Phrases quiet(const Teller& teller) {
    const std::string noun = teller.exhibit().act.noun;
    if (const auto write = moved_write(teller)) return {{*write}};
    const bool has_begun = teller.side_in(Status::Stopping).has_value();
    if (has_begun && teller.stages[0].stopper.inside == teller.stages[1].stopper.inside)
        return {{fmt::format("Both are {}, step by step the same.", teller.exhibit().act.doing)}};
    if (has_begun) return {{fmt::format("The {} goes on.", noun)}};
    if (teller.tick == 0) return {{kNothingYet}};
    if (teller.duel.stop_tasks().empty()) return {{"Both arrays run."}};
    return {{fmt::format("Both arrays run; the {} has not begun.", noun)}};
}

std::string press_of(const Teller& teller, const Phrases& first) {
    if (plain_text(first) != kNothingYet) return "";
    const Duel& duel = teller.duel;
    return duel.size() == 1 && duel.standstill() == Standstill::NotBegun
               ? fmt::format(" Press S to start the {}.", duel.exhibit().act.noun)
               : " Press Space to play.";
}

Phrases first_of(const Teller& teller) {
    if (teller.side_in(Status::Oops) || teller.side_in(Status::Broken)) return crash(teller);
    if (teller.side_in(Status::InDanger)) return danger(teller);
    if (const auto hung = teller.side_in(Status::Hung))
        return {{fmt::format("{}: nobody is left to wake {}.",
                             teller.are_both(Status::Hung) ? "Both hang" : fmt::format("{} hangs", side_name(*hung)),
                             teller.are_both(Status::Hung) ? "them" : "it")}};
    if (teller.side_in(Status::Off)) return {{"Neither is assembled yet: the power was cut."}};
    if (teller.side_in(Status::Waiting)) return sleep(teller);
    if (teller.side_in(Status::Stopped)) return ended(teller);
    return quiet(teller);
}

// ---- the second sentence

// "A asked ■ bitmap->pending_writes: 0, and went on. The write is counted in ● mddev->pending_writes: 1."
std::optional<Phrases> asked_the_other(const Teller& teller, Side side) {
    const StageModel& stage = teller.stages.at(side);
    if (!stage.doors[1].is_passed || stage.writes_counted() == 0) return std::nullopt;
    const StageWrite* write = stage.main_write();
    if (write == nullptr || write->gauge != std::size_t{0}) return std::nullopt;
    Phrases phrases{{fmt::format("{} asked ", stage.letter), Ink::dim},
                    {stage.gauges[1].counter, Ink::second, true},
                    {fmt::format(": {}, and went on. The {} counted in ", stage.gauges[1].value,
                                 stage.writes_counted() == 1 ? "write is" : "writes are"),
                     Ink::dim},
                    {stage.gauges[0].counter, Ink::first, true},
                    {fmt::format(": {}.", stage.gauges[0].value), Ink::dim}};
    const Side other = other_side(side);
    const Wait* wait = act_wait(teller.facts(other));
    if (!teller.hides && wait != nullptr && wait->function == teller.stages.at(other).doors[0].function)
        phrases.push_back({fmt::format(" {} asked that one, and sleeps.", side_name(other)), Ink::dim});
    return phrases;
}

// Before the last wait has been passed: "The writes are counted in ● ...: 2. A asks ■ ...: 0."
std::optional<Phrases> will_ask_the_other(const Teller& teller, Side side) {
    const StageModel& stage = teller.stages.at(side);
    const StageWrite* write = stage.main_write();
    if (write == nullptr || write->gauge != std::size_t{0} || stage.doors[1].state == StageDoor::State::Aside)
        return std::nullopt;
    const bool one = stage.writes_counted() == 1;
    Phrases phrases{{one ? "The write is counted in " : "The writes are counted in ", Ink::dim},
                    {stage.gauges[0].counter, Ink::first, true},
                    {fmt::format(": {}. The last wait of {} asks ", stage.gauges[0].value, stage.letter), Ink::dim},
                    {stage.gauges[1].counter, Ink::second, true},
                    {fmt::format(": {}.", stage.gauges[1].value), Ink::dim}};
    const Side other = other_side(side);
    if (teller.stages.at(other).status == Status::Waiting)
        phrases.push_back({fmt::format(" {} asked the first, and sleeps.", side_name(other)), Ink::dim});
    return phrases;
}

// The wait that only one of them has.
std::optional<Phrases> what_differs(const Teller& teller) {
    for (const Side side : kSides) {
        const auto& tree = teller.view.sides[side].few;
        const auto missing = std::ranges::find(tree, TreeLine::State::Missing, &TreeLine::state);
        if (missing == tree.end()) continue;
        return Phrases{{"Same disks, same writes, same order. One line differs: ", Ink::dim},
                       {missing->name, Ink::text, true},
                       {fmt::format(", which {} has.", side_name(other_side(side))), Ink::dim}};
    }
    return std::nullopt;
}

Phrases second_of(const Teller& teller) {
    if (teller.side_in(Status::Oops) || teller.side_in(Status::Broken))
        if (auto phrases = what_differs(teller)) return *phrases;
    for (const Side side : kSides) {
        const Status status = teller.stages.at(side).status;
        if (status == Status::InDanger || status == Status::Stopping)
            if (auto phrases = asked_the_other(teller, side)) return *phrases;
        if (status == Status::InDanger)
            if (auto phrases = will_ask_the_other(teller, side)) return *phrases;
    }
    return {{teller.hides ? teller.view.now.what : teller.view.now.meaning, Ink::dim}};
}

}  // namespace

Sentence sentence_of(const Duel& duel, std::size_t tick, const MomentView& view,
                     const std::array<StageModel, 2>& stages, bool hides) {
    const Teller teller{duel, tick, view, stages, hides};
    const Phrases first = first_of(teller);
    return {first, second_of(teller), press_of(teller, first)};
}

}  // namespace mdscope::gui
