// SPDX-License-Identifier: MIT
// Depth first; a state's count is complete when all that follows from it has been counted.
#include "engine/explore/futures.hpp"

#include <deque>

#include "engine/explore/world.hpp"

namespace mdscope {

namespace {

void add(Futures& to, const Futures& more) {
    to.all += more.all;
    to.crashes += more.crashes;
    to.hangs += more.hangs;
    to.violations += more.violations;
    to.is_whole = to.is_whole && more.is_whole;
}

Futures of_end(Moment moment) {
    Futures one{.all = 1};
    switch (ending_of(moment)) {
        case Ending::Crash:
            one.crashes = 1;
            break;
        case Ending::Hang:
            one.hangs = 1;
            break;
        case Ending::Violation:
            one.violations = 1;
            break;
        case Ending::Done:
            break;
    }
    return one;
}

// A state on the path to where the world is.
struct Level {
    World::Mark mark;
    std::uint64_t hash = 0;
    std::size_t count = 0, pick = 0;  // of choices; the next one
    Futures sum;
};

class Counter {
   public:
    Counter(const Scenario& scenario, std::uint64_t budget, const std::function<bool()>& goes_on,
            std::unordered_map<std::uint64_t, Futures>& counts)
        : world_(scenario, {.hashing = true, .offers_cuts = false}),
          budget_(budget),
          goes_on_(goes_on),
          counts_(counts) {}

    void run() {
        Futures all;
        meet(all);
        while (depth_ > 0) {
            Level& level = path_[depth_ - 1];
            if (level.pick < level.count && !is_cut_off()) {
                world_.go_back(level.mark);
                world_.take(level.pick++);
                meet(level.sum);
                continue;
            }
            level.sum.is_whole = level.sum.is_whole && level.pick == level.count;
            counts_[level.hash] = level.sum;
            depth_--;
            if (depth_ > 0) add(path_[depth_ - 1].sum, level.sum);
        }
    }

   private:
    // The state that was come to: what is known of it is added to that of the one before, else it is looked into.
    void meet(Futures& before) {
        const std::uint64_t hash = world_.state_hash();
        if (const auto known = counts_.find(hash); known != counts_.end()) return add(before, known->second);
        if (world_.moment() != Moment::Open) {
            counts_[hash] = of_end(world_.moment());
            return add(before, counts_[hash]);
        }
        if (depth_ == path_.size()) path_.emplace_back();
        Level& level = path_[depth_++];
        world_.mark(level.mark);
        level.hash = hash;
        level.count = world_.choices().size();
        level.pick = 0;
        level.sum = {};
    }

    bool is_cut_off() {
        if (!is_cut_off_ && counts_.size() >= budget_) is_cut_off_ = true;
        if (!is_cut_off_ && (++looks_ & 0xf) == 0) is_cut_off_ = !goes_on_();
        return is_cut_off_;
    }

    World world_;
    std::uint64_t budget_;
    const std::function<bool()>& goes_on_;
    std::unordered_map<std::uint64_t, Futures>& counts_;
    std::deque<Level> path_;
    std::size_t depth_ = 0;
    std::uint64_t looks_ = 0;
    bool is_cut_off_ = false;
};

}  // namespace

bool FutureCounts::can_count(const Scenario& scenario) {
    return World::can_mark() && scenario.granularity != Granularity::Fine && scenario.crash == CutKind::None &&
           !scenario.after_cut();
}

FutureCounts::FutureCounts(const Scenario& scenario, std::uint64_t budget, const std::function<bool()>& goes_on) {
    Counter(scenario, budget, goes_on, counts_).run();
}

const Futures* FutureCounts::from(std::uint64_t state_hash) const {
    const auto found = counts_.find(state_hash);
    return found != counts_.end() ? &found->second : nullptr;
}

}  // namespace mdscope
