// SPDX-License-Identifier: MIT

#include "engine/explore/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/explore/judge_data.hpp"

namespace mdscope {

// How often time may pass without any task ending a statement before that counts as a hang. Timers of md come back each
// period for ever.
static constexpr unsigned kIdlePeriods = 64;

namespace {

// ---- crash

bool has_crashed(const Sight& sight) {
    return sight.lab.kernel.halted();
}

std::string oops_text(const Sight& sight) {
    const Oops& oops = *sight.lab.kernel.first_oops();
    return fmt::format("{} of {} in {}", oops.what, oops.object, oops.function);
}

// ---- counters

// The counter that is below zero; nullptr: none.
const char* counter_below_zero(const Mddev& mddev) {
    if (mddev.pending_writes.peek() < 0) return "mddev->pending_writes";
    if (mddev.writes_pending.peek() < 0) return "mddev->writes_pending";
    for (const auto& rdev : all_rdevs_at_rest(mddev))
        if (rdev->nr_pending.peek() < 0) return "rdev->nr_pending";
    return nullptr;
}

bool has_counter_below_zero(const Sight& sight) {
    return counter_below_zero(sight.lab.mddev()) != nullptr;
}

std::string counter_text(const Sight& sight) {
    return fmt::format("{} is below zero", counter_below_zero(sight.lab.mddev()));
}

// ---- in-flight

int superblock_writes_in_flight(const Sight& sight) {
    return static_cast<int>(sight.lab.kernel.count_in_flight(super_written));
}

bool has_uncounted_writes(const Sight& sight) {
    return superblock_writes_in_flight(sight) > sight.lab.mddev().pending_writes.peek();
}

std::string uncounted_text(const Sight& sight) {
    return fmt::format("{} superblock-class writes are in flight, mddev->pending_writes is {}",
                       superblock_writes_in_flight(sight), sight.lab.mddev().pending_writes.peek());
}

// ---- hang

bool hangs(const Sight& sight) {
    if (sight.lab.tasks_done()) return false;
    return sight.choices.empty() || sight.lab.idle_periods > kIdlePeriods;
}

std::string sleepers_text(const Sight& sight) {
    return sight.lab.kernel.sleepers();
}

constexpr std::array kJudges = {
    Judge{"crash", "The kernel meets no Oops.", "crash", Asked::EachStep, Moment::Crash, has_crashed, oops_text},
    Judge{"counters", "No count of I/O falls below zero.", "miscount", Asked::EachStep, Moment::Violation,
          has_counter_below_zero, counter_text},
    Judge{"in-flight", "Each superblock-class write that is in flight is counted in mddev->pending_writes.", "miscount",
          Asked::EachStep, Moment::Violation, has_uncounted_writes, uncounted_text},
    Judge{"intent", "Data is in flight only when its bit is set on each medium that an assembly would read.",
          "unmarked write", Asked::EachStep, Moment::Violation, judge_data::is_intent_missing, judge_data::intent_text,
          true},
    Judge{"recorded", "A write is acknowledged only when each failure that it met is on record.", "unrecorded failure",
          Asked::EachStep, Moment::Violation, judge_data::is_failure_unrecorded, judge_data::recorded_text, true},
    Judge{"stale", "A read gives the last acknowledged write or a later one.", "stale read", Asked::EachStep,
          Moment::Violation, judge_data::is_stale, judge_data::data_text, true},
    Judge{"durable", "What was acknowledged is there after a kill, and what was flushed after a power cut.", "loss",
          Asked::EachStep, Moment::Violation, judge_data::is_lost, judge_data::data_text, true},
    Judge{"hang", "Each task ends.", "hang", Asked::AtRest, Moment::Hang, hangs, sleepers_text},
    Judge{"equal", "At rest members that may be read are equal.", "difference", Asked::AtRest, Moment::Violation,
          judge_data::are_unequal, judge_data::unequal_text, true},
};

// Which rows are asked.
struct Question {
    Asked when;
    bool invariants;  // also those whose moment would be a Violation
    bool data;        // also those that need what only a scenario with data has
    [[nodiscard]] constexpr bool is_for(const Judge& judge) const {
        return judge.asked == when && (invariants || judge.moment != Moment::Violation) && (data || !judge.is_of_data);
    }
    [[nodiscard]] constexpr std::size_t number() const {
        return static_cast<std::size_t>(when) * 4 + (invariants ? 2 : 0) + (data ? 1 : 0);
    }
};
constexpr std::size_t kQuestions = 8;

// The rows of each question, in their order, chosen beforehand: World asks at each step.
class RowsAsked {
   public:
    constexpr RowsAsked() {
        for (const Asked when : {Asked::EachStep, Asked::AtRest})
            for (const bool invariants : {false, true})
                for (const bool data : {false, true}) choose({when, invariants, data});
    }
    [[nodiscard]] std::span<const Judge* const> rows(Question question) const {
        return std::span(rows_[question.number()]).first(counts_[question.number()]);
    }

   private:
    constexpr void choose(Question question) {
        for (const Judge& judge : kJudges)
            if (question.is_for(judge)) rows_[question.number()][counts_[question.number()]++] = &judge;
    }
    std::array<std::array<const Judge*, kJudges.size()>, kQuestions> rows_{};
    std::array<std::size_t, kQuestions> counts_{};
};
constexpr RowsAsked kRowsAsked;

}  // namespace

std::span<const Judge> judges() {
    return kJudges;
}

const Judge* find_judge(std::string_view name) {
    const auto* const found = std::ranges::find(kJudges, name, &Judge::name);
    return found == kJudges.end() ? nullptr : &*found;
}

const Judge* first_broken(const Sight& sight, Asked when, bool invariants, const Judge* unasked) {
    const bool has_data = sight.lab.after_cut().has_value();
    for (const Judge* judge : kRowsAsked.rows({when, invariants, has_data}))
        if (judge != unasked && judge->is_broken(sight)) return judge;
    return nullptr;
}

bool is_at_rest(const Sight& sight) {
    return std::ranges::all_of(sight.choices,
                               [now = sight.lab.kernel.now_ns()](const Choice& choice) { return choice.at_ns > now; });
}

}  // namespace mdscope
