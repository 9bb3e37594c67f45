// Breadth-first over states: each is met once, the nearest (in steps) first.
//
// A state is where there is a choice, or an end. To look at what follows from one, the simulation is put back to the
// beginning and the picks that lead there are made again; with an arena the state is then kept while its choices are
// tried. So the memory of a search is a few dozen bytes a state.
#include <algorithm>
#include <cmath>
#include <queue>
#include <stdexcept>

#include "engine/explore/search.hpp"

namespace mdscope {

namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

struct State {
    std::uint32_t parent = kNone;
    std::uint32_t pick = 0;
    std::uint64_t steps = 0;
    bool is_end = false;
    bool is_expanded = false;
};

class BreadthSearch : SearchParts {
   public:
    BreadthSearch(const Scenario& scenario, const ExploreOptions& wanted, ConflictMap* known)
        : SearchParts(scenario, wanted, known, true) {}

    Verdict run() {
        world.advance();
        meet(kNone, 0);
        bool complete = true;
        while (!frontier_.empty()) {
            if (tally.verdict.states >= options.budget || !tally.go_on()) {
                complete = false;
                break;
            }
            const std::uint32_t number = frontier_.top().second;
            frontier_.pop();
            if (!states_[number].is_expanded) expand(number);
        }
        count_schedules();
        return tally.finish(complete, conflicts);
    }

   private:
    // The state that the world is in, reached from `parent` by `pick`.
    void meet(std::uint32_t parent, std::uint32_t pick) {
        const auto [found, is_new] = known_.try_emplace(world.state_hash(), static_cast<std::uint32_t>(states_.size()));
        const std::uint32_t number = found->second;
        if (parent != kNone) edges_.emplace_back(parent, number);
        if (!is_new) {
            State& state = states_[number];
            if (state.is_expanded || world.steps() >= state.steps) return;
            state.parent = parent;
            state.pick = pick;
            state.steps = world.steps();
            if (!state.is_end) frontier_.emplace(state.steps, number);
            return;
        }
        const bool is_end = world.moment() != Moment::Open;
        states_.push_back({parent, pick, world.steps(), is_end, is_end});
        tally.verdict.states++;
        if (is_end)
            tally.ended(world, picks_to(number));
        else
            frontier_.emplace(world.steps(), number);
    }

    void expand(std::uint32_t number) {
        states_[number].is_expanded = true;
        go_to(number);
        const std::size_t count = world.choices().size();
        if (World::can_mark()) world.mark(mark_);
        for (std::uint32_t pick = 0; pick < count; pick++) {
            if (pick > 0) {
                if (World::can_mark())
                    world.go_back(mark_);
                else
                    go_to(number);
            }
            world.take(pick);
            world.advance();
            tally.verdict.transitions++;
            meet(number, pick);
        }
    }

    void go_to(std::uint32_t number) {
        world.restart();
        world.advance();
        for (const std::uint32_t pick : picks_to(number)) {
            world.take(pick);
            world.advance();
        }
    }

    [[nodiscard]] Picks picks_to(std::uint32_t number) const {
        Picks picks;
        for (; states_[number].parent != kNone; number = states_[number].parent) picks.push_back(states_[number].pick);
        std::reverse(picks.begin(), picks.end());
        return picks;
    }

    // Paths from the first state to the ends, counted along the edges. Each step is remembered by somebody, so there
    // are no circles; one would mean that the hash leaves something out, and that what lies behind was not looked at.
    void count_schedules() {
        std::vector<std::uint32_t> missing(states_.size(), 0);
        std::vector<std::vector<std::uint32_t>> next(states_.size());
        for (const auto& [from, to] : edges_) {
            missing[to]++;
            next[from].push_back(to);
        }
        std::vector<long double> paths(states_.size(), 0);
        std::vector<std::uint32_t> ready = {0};
        paths[0] = 1;
        long double total = 0;
        std::size_t counted = 0;
        while (!ready.empty()) {
            const std::uint32_t number = ready.back();
            ready.pop_back();
            counted++;
            if (states_[number].is_end) total += paths[number];
            for (const std::uint32_t to : next[number]) {
                paths[to] += paths[number];
                if (--missing[to] == 0) ready.push_back(to);
            }
        }
        if (counted != states_.size()) throw std::runtime_error("two moments on one way have the same state hash");
        tally.verdict.schedules = total < 1e18L ? static_cast<std::uint64_t>(total) : ~std::uint64_t{0};
        tally.verdict.schedules_log10 = total > 0 ? static_cast<double>(std::log10(total)) : 0;
    }

    World::Mark mark_;
    std::vector<State> states_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;
    std::unordered_map<std::uint64_t, std::uint32_t> known_;
    using Entry = std::pair<std::uint64_t, std::uint32_t>;  // steps, number
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> frontier_;
};

}  // namespace

Verdict search_breadth_first(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts) {
    return BreadthSearch(scenario, options, conflicts).run();
}

}  // namespace mdscope
