// SPDX-License-Identifier: MIT
// Depth-first over whole executions. With sleep sets, of two steps that can be swapped only one order is followed:
//
//   a choice that was tried at a state sleeps while its brothers are tried, and stays asleep below them as long as what
//   is done there has nothing in common with it; a path on which all that could be done sleeps was seen elsewhere.
//
// Without an arena going back is running again from the beginning, and objects are not where they were: no sleep sets.
// Nor with a bound on preemptions: the order that is left out may be the one that needs fewer.
#include <algorithm>

#include "engine/explore/search.hpp"

namespace mdscope {

namespace {

struct Sleeper {
    Choice::Kind kind{};
    std::uint64_t id = 0;
    AccessSet touched{};

    [[nodiscard]] bool is(const Choice& choice) const { return choice.kind == kind && choice.id == id; }
};

// A state with a choice, on the path to where the world is.
struct Level {
    World::Mark mark;
    std::uint32_t count = 0;  // of choices
    std::uint32_t pick = 0;   // being tried
    Sleeper tried;            // the same, and what its step touched
    std::vector<Sleeper> asleep;
};

class DepthSearch : SearchParts {
   public:
    DepthSearch(const Scenario& scenario, const ExploreOptions& wanted, ConflictMap* known)
        : SearchParts(scenario, wanted, known, false),
          sleep_sets_(wanted.sleep_sets && !wanted.preemptions && World::can_mark()) {
        if (sleep_sets_) world.set_access_sink(&touched_);
    }

    Verdict run() {
        bool complete = true;
        if (options.resume != nullptr)
            load(*options.resume);
        else
            descend();
        while (depth_ > 0) {
            if (!may_go_on()) complete = false;
            if (tally.verdict.schedules >= options.budget) complete = false;
            if (!complete) break;
            if (next_brother()) descend();
        }
        world.set_access_sink(nullptr);
        tally.left_out = tally.left_out || world.left_out();
        tally.verdict.rest = rest_of(options, complete, [this](SearchWriter& to) { save(to); });
        return tally.finish(complete, conflicts);
    }

   private:
    bool may_go_on() {
        const Verdict& so_far = tally.verdict;
        if ((so_far.schedules & 0xff) != 0 && so_far.transitions - looked_ < kStepsBetweenLooks) return true;
        looked_ = so_far.transitions;
        return tally.go_on();
    }

    // ---- kept, and gone on with: what sleeps is found out again, by a step into each brother that was tried

    void save(SearchWriter& to) const {
        to.number(depth_);
        for (std::size_t i = 0; i < depth_; i++) {
            to.number(levels_[i]->count);
            to.number(levels_[i]->pick);
        }
        tally.save(to);
    }

    void load(std::string_view saved) {
        SearchReader from(saved);
        for (std::size_t left = from.count(); left > 0; left--) {
            const std::uint32_t count = from.small();
            const auto pick = static_cast<std::uint32_t>(from.number_to(count));
            while (world.moment() == Moment::Open && world.choices().size() == 1) step(0);
            if (world.moment() != Moment::Open || world.choices().size() != count || pick == count)
                throw SearchReader::wrong();
            try_at(level_as_it_was(count, pick));
        }
        tally.load(from);
        from.end();
    }

    Level& level_as_it_was(std::uint32_t count, std::uint32_t pick) {
        Level& level = open_level(count, first_awake(0));
        while (level.pick < pick) {
            if (sleep_sets_) {
                try_at(level);
                level.asleep.push_back(level.tried);
                go_back_to(depth_ - 1);
                asleep_ = level.asleep;
            }
            level.pick = first_awake(level.pick + 1);
        }
        if (level.pick != pick) throw SearchReader::wrong();
        return level;
    }

    // On to the end of an execution, the first choice that is awake at each level.
    void descend() {
        const std::uint64_t end = tally.verdict.transitions + kLongestExecution;
        for (;;) {
            if (tally.verdict.transitions == end) {
                tally.left_out = true;
                return;
            }
            if (world.moment() != Moment::Open) {
                count_execution();
                return;
            }
            const auto count = static_cast<std::uint32_t>(world.choices().size());
            const std::uint32_t pick = first_awake(0);
            if (pick == count) return;  // all of them sleep: seen elsewhere
            if (count > 1)
                try_at(open_level(count, pick));
            else
                step(pick);
        }
    }

    Level& open_level(std::uint32_t count, std::uint32_t pick) {
        if (depth_ == levels_.size()) levels_.push_back(std::make_unique<Level>());
        Level& level = *levels_[depth_++];
        level.count = count;
        level.pick = pick;
        if (World::can_mark()) world.mark(level.mark);
        level.asleep = asleep_;
        return level;
    }

    // Back to the deepest level that has a choice left, and on with that. False: none is awake there.
    bool next_brother() {
        Level& level = *levels_[depth_ - 1];
        if (sleep_sets_) level.asleep.push_back(level.tried);
        level.pick++;
        if (level.pick >= level.count) {
            depth_--;
            return false;
        }
        go_back_to(depth_ - 1);
        asleep_ = level.asleep;
        level.pick = first_awake(level.pick);
        if (level.pick == level.count) {
            depth_--;
            return false;
        }
        try_at(level);
        return true;
    }

    void go_back_to(std::size_t number) {
        if (World::can_mark()) {
            world.go_back(levels_[number]->mark);
            return;
        }
        world.restart();
        std::size_t at = 0;
        for (;;) {  // the picks of the levels above; forced steps in between, as they were
            while (world.choices().size() == 1) world.take(0);
            if (at == number) return;
            world.take(levels_[at++]->pick);
        }
    }

    void try_at(Level& level) {
        const Choice& choice = world.choices()[level.pick];
        level.tried.kind = choice.kind;
        level.tried.id = choice.id;
        step(level.pick);
        if (sleep_sets_) level.tried.touched = touched_;
    }

    void step(std::uint32_t pick) {
        touched_.clear();
        world.take(pick);
        tally.verdict.transitions++;
        std::erase_if(asleep_, [&](const Sleeper& sleeper) { return touched_.conflicts_with(sleeper.touched); });
    }

    [[nodiscard]] std::uint32_t first_awake(std::uint32_t from) const {
        const auto choices = world.choices();
        while (from < choices.size() &&
               std::ranges::any_of(asleep_, [&](const Sleeper& sleeper) { return sleeper.is(choices[from]); }))
            from++;
        return from;
    }

    void count_execution() {
        tally.verdict.schedules++;
        picks_.clear();
        for (std::size_t i = 0; i < depth_; i++) picks_.push_back(levels_[i]->pick);
        tally.ended(world, picks_);
    }

    const bool sleep_sets_;
    std::vector<std::unique_ptr<Level>> levels_;
    std::size_t depth_ = 0;
    std::uint64_t looked_ = 0;  // transitions at the last look
    std::vector<Sleeper> asleep_;
    AccessSet touched_;
    Picks picks_;
};

}  // namespace

Verdict search_depth_first(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts) {
    return DepthSearch(scenario, options, conflicts).run();
}

}  // namespace mdscope
