// SPDX-License-Identifier: MIT
// Breadth-first over states: each is met once, the nearest (in steps) first.
//
// A state is where there is a choice, or an end. To look at what follows from one, the simulation goes back to where it
// met it: with an arena the moment is kept until then (expander.hpp), else the picks that lead there are made again.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <queue>
#include <span>
#include <stdexcept>

#include "engine/explore/crew.hpp"

namespace mdscope {

namespace {

// What is printed says in which order the states were met. So the threads only look: they expand a batch of states that
// are equally near, and then one thread takes down what follows from them, in their order, as if it had expanded them
// one by one. Nothing that follows from a state of the batch can be as near as the batch is.
class BreadthSearch {
    static constexpr std::size_t kMostEdges = ~std::uint16_t{0};  // of a state

   public:
    BreadthSearch(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts)
        : options_(options), conflicts_(conflicts), tally_(scenario, options), crew_(scenario, options, conflicts) {}

    Verdict run() {
        std::atomic<std::uint32_t> threads{0};
        bool complete = false;
        std::string failure;
        run_on_threads(options_.jobs, [&] {
            const std::uint32_t number = threads++;
            if (number > 0) return crew_.help(number);
            try {
                complete = search();
            } catch (const std::exception& error) {
                failure = why_ended(error);
            }
            crew_.close();
        });
        if (!failure.empty()) throw std::runtime_error(failure);
        tally_.verdict.rest = rest_of(options_, complete, [this](SearchWriter& to) { save(to); });
        count_schedules();
        return tally_.finish(complete, conflicts_);
    }

   private:
    // False: there is more to look at.
    bool search() {
        if (options_.resume != nullptr)
            load(*options_.resume);
        else
            begin();
        while (!frontier_.empty()) {
            if (!may_go_on()) return false;
            const bool is_more_behind = choose_batch();
            if (!batch_.empty()) crew_.expand(batch_, table_, expansions_);
            for (std::size_t i = 0; i < batch_.size(); i++) {
                if (i > 0 && !may_go_on()) {
                    put_back(i);
                    return false;
                }
                take_down(batch_[i], expansions_[i]);
            }
            if (is_more_behind && !may_go_on()) return false;
        }
        return true;
    }

    void begin() {
        expansions_.emplace_back();
        crew_.begin(expansions_[0]);
        learn(expansions_[0]);
        meet(State::kNone, 0, expansions_[0].followers[0], 0);
    }

    // The batch from here on was looked at in vain: it was not taken down.
    void put_back(std::size_t first) {
        for (std::size_t i = first; i < batch_.size(); i++) table_[batch_[i]].is_expanded = false;
    }

    // ---- kept, and gone on with: the moments are not, so states are reached by their picks then

    void save(SearchWriter& to) const {
        tally_.save(to);
        to.number(table_.size());
        for (std::uint32_t number = 0; number < table_.size(); number++) {
            const State& state = table_[number];
            to.hash(state.hash);
            to.number(state.steps);
            to.number(state.parent);
            to.number(state.pick);
            to.number(state.first_edge);
            to.number(state.edges);
            to.number((state.is_end ? 1U : 0U) | (state.is_expanded ? 2U : 0U));
        }
        to.number(edges_.size());
        for (std::size_t edge = 0; edge < edges_.size(); edge++) to.number(edges_[edge]);
    }

    void load(std::string_view saved) {
        SearchReader from(saved);
        tally_.load(from);
        for (std::size_t left = from.count(); left > 0; left--) {
            State state{.hash = from.hash(), .steps = from.small(), .parent = from.small()};
            state.pick = static_cast<std::uint16_t>(from.number_to(kMostEdges));
            state.first_edge = from.small();
            state.edges = static_cast<std::uint16_t>(from.number_to(kMostEdges));
            const std::uint64_t flags = from.number_to(3);
            state.is_end = (flags & 1U) != 0;
            state.is_expanded = (flags & 2U) != 0;
            if (table_.find(state.hash) != State::kNone) throw SearchReader::wrong();
            const std::uint32_t number = table_.add(state);
            if (!state.is_expanded) frontier_.emplace(state.steps, number);
        }
        for (std::size_t left = from.count(); left > 0; left--) edges_.push_back(from.small());
        from.end();
        if (!is_sound()) throw SearchReader::wrong();
    }

    [[nodiscard]] bool is_sound() const {
        const auto is_state = [this](std::uint32_t number) { return number < table_.size(); };
        const auto is_right = [&](const State& state) {
            const bool has_parent = state.parent != State::kNone;
            return state.first_edge <= edges_.size() && state.edges <= edges_.size() - state.first_edge &&
                   (!has_parent || (is_state(state.parent) && table_[state.parent].steps < state.steps));
        };
        for (std::size_t edge = 0; edge < edges_.size(); edge++)
            if (!is_state(edges_[edge])) return false;
        for (std::uint32_t number = 0; number < table_.size(); number++)
            if (!is_right(table_[number])) return false;
        return table_.size() > 0;
    }

    [[nodiscard]] bool may_go_on() { return table_.size() < options_.budget && tally_.go_on(); }

    // The nearest states, all of them as far away. A state may stand in the frontier more than once, since a shorter
    // way to it was found later; true: such an entry was the last.
    bool choose_batch() {
        batch_.clear();
        bool is_old = false;
        std::uint32_t steps = 0;
        while (!frontier_.empty() && batch_.size() < Crew::kMostAtOnce) {
            const auto [its_steps, number] = frontier_.top();
            if (!batch_.empty() && its_steps != steps) break;
            frontier_.pop();
            is_old = table_[number].is_expanded;
            if (is_old) continue;
            steps = its_steps;
            table_[number].is_expanded = true;
            batch_.push_back(number);
        }
        return is_old && !batch_.empty();
    }

    void take_down(std::uint32_t number, const Expansion& expansion) {
        if (const State& state = table_[number]; state.kept != State::kNone) crew_.forget(state.keeper, state.kept);
        learn(expansion);
        const std::size_t edges = expansion.followers.size();
        if (edges > kMostEdges || edges_.size() + edges > ~std::uint32_t{0})
            throw std::runtime_error("the search has more transitions than can be numbered");
        table_[number].first_edge = static_cast<std::uint32_t>(edges_.size());
        table_[number].edges = static_cast<std::uint16_t>(edges);
        for (std::uint32_t pick = 0; pick < expansion.followers.size(); pick++) {
            tally_.verdict.transitions++;
            meet(number, pick, expansion.followers[pick], expansion.by);
        }
    }

    void learn(const Expansion& expansion) {
        tally_.left_out = tally_.left_out || expansion.left_out;
        for (const auto& [object, access, actor] : expansion.lessons) conflicts_->note(object, access, actor);
    }

    // A state that was reached from `parent` by `pick`.
    void meet(std::uint32_t parent, std::uint32_t pick, const Follower& met, std::uint32_t by) {
        std::uint32_t number = table_.find(met.hash);
        const bool is_new = number == State::kNone;
        const bool is_end = met.moment != Moment::Open;
        if (is_new) number = table_.add({.hash = met.hash, .is_end = is_end, .is_expanded = is_end});
        if (parent != State::kNone) edges_.push_back(number);
        State& state = table_[number];
        const auto steps = static_cast<std::uint32_t>(met.steps);
        if (!is_new && (state.is_expanded || steps >= state.steps)) {
            if (met.kept != Expander::kNotKept) crew_.forget(by, met.kept);
            return;
        }
        if (state.kept != State::kNone) crew_.forget(state.keeper, state.kept);
        state.parent = parent;
        state.pick = static_cast<std::uint16_t>(pick);
        state.steps = steps;
        state.kept = met.kept;
        state.keeper = static_cast<std::uint8_t>(by);
        if (!is_end) frontier_.emplace(steps, number);
        if (!is_new) return;
        tally_.verdict.states++;
        if (is_end) tally_.ended({ending_of(met.moment), met.steps, met.what}, picks_to(table_, number));
    }

    // Paths from the first state to the ends, counted along the edges. Each step is remembered by somebody, so there
    // are no circles; one would mean that the hash leaves something out, and that what lies behind was not looked at.
    // Nothing is looked for by then: the number of paths stands where the hash did (modulo 2^64, and how many there
    // are in truth beside it), the edges that still lead to a state where its moment was kept.
    void count_schedules() {
        table_.forget_hashes();
        for (std::uint32_t number = 0; number < table_.size(); number++) table_[number].hash = table_[number].kept = 0;
        for (std::size_t edge = 0; edge < edges_.size(); edge++) table_[edges_[edge]].kept++;
        std::vector<double> paths(table_.size(), 0);
        std::vector<std::uint32_t> ready = {0};
        paths[0] = 1;
        table_[0].hash = 1;
        std::uint64_t exact = 0;
        double total = 0;
        std::size_t counted = 0;
        while (!ready.empty()) {
            const std::uint32_t number = ready.back();
            ready.pop_back();
            counted++;
            const State& state = table_[number];
            if (state.is_end) total += paths[number];
            if (state.is_end) exact += state.hash;
            for (std::uint32_t edge = 0; edge < state.edges; edge++) {
                const std::uint32_t to = edges_[state.first_edge + edge];
                paths[to] += paths[number];
                table_[to].hash += state.hash;
                if (--table_[to].kept == 0) ready.push_back(to);
            }
        }
        if (counted != table_.size()) throw std::runtime_error("two moments on one way have the same state hash");
        tally_.verdict.schedules = total < 1e18 ? exact : ~std::uint64_t{0};
        tally_.verdict.schedules_log10 = total > 0 ? std::log10(total) : 0;
    }

    const ExploreOptions& options_;
    ConflictMap* const conflicts_;
    Tally tally_;
    Crew crew_;
    StateTable table_;
    Blocks<std::uint32_t> edges_;  // where each leads to; those of a state stand together, by pick
    std::vector<std::uint32_t> batch_;
    std::vector<Expansion> expansions_;                     // of the batch
    using Entry = std::pair<std::uint32_t, std::uint32_t>;  // steps, number
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> frontier_;
};

}  // namespace

Verdict search_breadth_first(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts) {
    return BreadthSearch(scenario, options, conflicts).run();
}

}  // namespace mdscope
