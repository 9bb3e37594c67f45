#include "engine/explore/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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
    Judge{"crash", "The kernel meets no Oops.", Asked::EachStep, Moment::Crash, has_crashed, oops_text},
    Judge{"counters", "No count of I/O falls below zero.", Asked::EachStep, Moment::Violation, has_counter_below_zero,
          counter_text},
    Judge{"in-flight", "Each superblock-class write that is in flight is counted in mddev->pending_writes.",
          Asked::EachStep, Moment::Violation, has_uncounted_writes, uncounted_text},
    Judge{"hang", "Each task ends.", Asked::AtRest, Moment::Hang, hangs, sleepers_text},
};

// The rows of one question, in their order, chosen beforehand: World asks at each step.
class RowsAsked {
   public:
    constexpr RowsAsked(Asked when, bool invariants) {
        for (const Judge& judge : kJudges)
            if (judge.asked == when && (invariants || judge.moment != Moment::Violation)) rows_[count_++] = &judge;
    }
    [[nodiscard]] constexpr std::span<const Judge* const> rows() const { return std::span(rows_).first(count_); }

   private:
    std::array<const Judge*, kJudges.size()> rows_{};
    std::size_t count_ = 0;
};

std::span<const Judge* const> rows_asked(Asked when, bool invariants) {
    static constexpr std::array kRows = {RowsAsked(Asked::EachStep, false), RowsAsked(Asked::EachStep, true),
                                         RowsAsked(Asked::AtRest, false), RowsAsked(Asked::AtRest, true)};
    return kRows[static_cast<std::size_t>(when) * 2 + (invariants ? 1 : 0)].rows();
}

}  // namespace

std::span<const Judge> judges() {
    return kJudges;
}

const Judge* first_broken(const Sight& sight, Asked when, bool invariants) {
    for (const Judge* judge : rows_asked(when, invariants))
        if (judge->is_broken(sight)) return judge;
    return nullptr;
}

bool is_at_rest(const Sight& sight) {
    return std::ranges::all_of(sight.choices,
                               [now = sight.lab.kernel.now_ns()](const Choice& choice) { return choice.at_ns > now; });
}

}  // namespace mdscope
