// SPDX-License-Identifier: MIT
// Executions picked by chance: uniformly, or by PCT (Burckhardt and others, "A randomized scheduler with probabilistic
// guarantees of finding bugs"): each actor has a priority, the highest goes on, and at a few steps chosen beforehand
// the one in front falls back. Bugs that need few changes of actor are found soon.
#include <algorithm>
#include <map>

#include "engine/explore/search.hpp"

namespace mdscope {

namespace {

constexpr unsigned kPctChanges = 3;

class Uniform {
   public:
    explicit Uniform(std::uint64_t seed) : chooser_(seed) {}
    void begin_execution(std::uint64_t /*longest*/) {}
    std::size_t pick(std::span<const Choice> choices) { return chooser_.choose(choices); }
    [[nodiscard]] std::uint64_t state() const { return chooser_.state(); }

   private:
    RandomChooser chooser_;
};

class Pct {
   public:
    explicit Pct(std::uint64_t seed) : prng_(seed) {}
    void begin_execution(std::uint64_t longest) {
        priorities_.clear();
        changes_.clear();
        step_ = 0;
        for (unsigned i = 0; i < kPctChanges; i++) changes_.push_back(prng_.below(std::max<std::uint64_t>(longest, 1)));
    }
    std::size_t pick(std::span<const Choice> choices) {
        std::size_t best = highest(choices);
        if (std::ranges::find(changes_, step_++) != changes_.end()) {
            priorities_[SimKernel::actor_of(choices[best])] = prng_.below(1 << 10);  // below all others
            best = highest(choices);
        }
        return best;
    }
    [[nodiscard]] std::uint64_t state() const { return prng_.state(); }

   private:
    std::size_t highest(std::span<const Choice> choices) {
        std::size_t best = 0;
        for (std::size_t i = 0; i < choices.size(); i++)
            if (priority(choices[i]) > priority(choices[best])) best = i;
        return best;
    }
    std::uint64_t priority(const Choice& choice) {
        const auto [entry, is_new] = priorities_.try_emplace(SimKernel::actor_of(choice), 0);
        if (is_new) entry->second = (1 << 10) + prng_.below(1 << 20);
        return entry->second;
    }

    Prng prng_;
    std::map<std::uint64_t, std::uint64_t> priorities_;
    std::vector<std::uint64_t> changes_;
    std::uint64_t step_ = 0;
};

template <class Policy>
Verdict search(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts) {
    SearchParts parts(scenario, options, conflicts, false);
    Tally& tally = parts.tally;
    World& world = parts.world;
    std::uint64_t seed = options.seed;
    if (options.resume != nullptr) {  // Each execution begins anew: all that goes on is the sequence of numbers.
        SearchReader from(*options.resume);
        tally.load(from);
        seed = from.hash();
        from.end();
    }
    Policy policy(seed);
    Picks picks;
    std::uint64_t next = policy.state();  // of the first execution that is not counted
    // True: to its end.
    const auto execute = [&] {
        picks.clear();
        policy.begin_execution(tally.verdict.depth);
        for (world.advance(); world.moment() == Moment::Open; world.advance()) {
            picks.push_back(static_cast<std::uint32_t>(policy.pick(world.choices())));
            world.take(picks.back());
            if (picks.size() % kStepsBetweenLooks == 0 && !tally.go_on()) return false;
        }
        return true;
    };
    while (tally.verdict.schedules < options.budget && tally.go_on()) {
        if (tally.verdict.schedules > 0) world.restart();
        if (!execute()) break;
        next = policy.state();
        tally.verdict.transitions += picks.size();
        tally.verdict.schedules++;
        tally.ended(world, picks);
    }
    tally.verdict.rest = rest_of(options, false, [&](SearchWriter& to) {
        tally.save(to);
        to.hash(next);
    });
    return tally.finish(false, conflicts);
}

}  // namespace

Verdict search_random(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts) {
    return options.strategy == Strategy::Pct ? search<Pct>(scenario, options, conflicts)
                                             : search<Uniform>(scenario, options, conflicts);
}

}  // namespace mdscope
