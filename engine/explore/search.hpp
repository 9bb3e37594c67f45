// SPDX-License-Identifier: MIT
// What the searches share. Only for engine/explore.
#pragma once

#include <unordered_map>

#include "engine/explore/explorer.hpp"
#include "engine/explore/saved_search.hpp"
#include "engine/explore/world.hpp"

namespace mdscope {

using Picks = std::vector<std::uint32_t>;

// An execution may be long, or have no end: so often it is asked in the middle of one whether to go on.
inline constexpr std::uint64_t kStepsBetweenLooks = 10'000;

// Keeps the verdict while a search runs: counts endings, keeps the best counter-example, tells the time.
class Tally {
   public:
    Tally(const Scenario& scenario, const ExploreOptions& options);
    // How an execution ended, or what an ending state is.
    struct End {
        Ending ending;
        std::uint64_t steps;
        std::string what;  // as World::what()
    };
    // `picks` led there.
    void ended(const End& end, const Picks& picks);
    void ended(const World& world, const Picks& picks) {
        ended({ending_of(world.moment()), world.steps(), world.what()}, picks);
    }
    // What has been counted, for a search that is gone on with.
    void save(SearchWriter& to) const;
    void load(SearchReader& from);
    // Now and then; false: stop.
    [[nodiscard]] bool go_on();
    [[nodiscard]] bool found() const { return shortest_ != Ending::Done; }
    // The verdict, with the counter-example run again for its story. Throws std::runtime_error: see World.
    Verdict finish(bool complete, ConflictMap* conflicts);

    Verdict verdict;
    bool left_out = false;  // something beyond the bound on preemptions

   private:
    const ExploreOptions& options_;
    double began_;
    double reported_;
    std::uint64_t looks_ = 0;
    std::unordered_map<std::string, std::uint64_t> ways_;
    Ending shortest_ = Ending::Done;
    std::uint64_t shortest_steps_ = 0;
    Picks shortest_picks_;
};

// What each search is made of.
struct SearchParts {
    SearchParts(const Scenario& scenario, const ExploreOptions& options_, ConflictMap* conflicts_, bool hashing)
        : options(options_),
          tally(scenario, options_),
          world(scenario, {.event_log = false,
                           .invariants = options_.invariants,
                           .hashing = hashing,
                           .conflicts = conflicts_,
                           .preemptions = options_.preemptions}),
          conflicts(conflicts_) {}
    const ExploreOptions& options;
    Tally tally;
    World world;
    ConflictMap* conflicts;
};

// Of a search that ended early: what `save` has to say, if somebody asked for it. A complete one has no rest.
template <class Save>
std::string rest_of(const ExploreOptions& options, bool complete, Save save) {
    if (complete || !options.keeps_rest) return "";
    SearchWriter to;
    save(to);
    return to.take();
}

// The same schedule where fine steps stop at every access, as replay files keep it: what the places are called by
// address means nothing to another build. REQUIRES: Arena::available().
Picks picks_without_conflicts(const Scenario& scenario, const Picks& picks, ConflictMap& conflicts);
// The same schedule where any number of preemptions is offered.
Picks picks_without_bound(const Scenario& scenario, const Picks& picks, unsigned preemptions, ConflictMap* conflicts);

Verdict search_breadth_first(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts);
Verdict search_depth_first(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts);
// Where the power may be cut: the lives that follow a cut are looked at one by one, each once.
Verdict search_crashes(const Scenario& scenario, const ExploreOptions& options);
Verdict search_random(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts);

}  // namespace mdscope
