// SPDX-License-Identifier: MIT
// Where the power may be cut: every moment of every life, and every way in which it may end.
//
// The first life is the scenario. A cut begins another one, which depends on nothing but what is left on the media and
// what was promised: lives that begin with the same are one, however they came about. So they are a list, each is
// searched by itself with its own table of states, and threads take them from the list.
//
// Inside a life the search is depth-first over states, going back by copying memory. What it finds is not the shortest;
// that is looked for afterwards, breadth-first.
#include <algorithm>
#include <deque>
#include <unordered_set>

#include "engine/explore/crash_places.hpp"
#include "engine/explore/search.hpp"
#include "engine/host/threads.hpp"

namespace mdscope {

namespace {

// The picks that lead to a life: those of the lives before it, and its own up to the cut.
struct Trail {
    std::shared_ptr<const Trail> before;
    Picks picks;
};

Picks whole(const Trail* trail, const Picks& last) {
    Picks picks = last;
    for (; trail != nullptr; trail = trail->before.get())
        picks.insert(picks.begin(), trail->picks.begin(), trail->picks.end());
    return picks;
}

struct Job {
    std::optional<LifeStart> start;  // nullopt: the first life
    std::shared_ptr<const Trail> trail;
};

// The lives that wait, and what all threads have found.
class Lives {
   public:
    Lives(const Scenario& scenario, const ExploreOptions& options) : tally(scenario, options), options_(options) {
        jobs_.push_back({});
    }
    // The next one; nullopt: none is left, or the search is to end.
    std::optional<Job> take() {
        HostLock lock(mutex_);
        moved_.wait(lock, [&] { return stopped_ || !jobs_.empty() || busy_ == 0; });
        if (stopped_ || jobs_.empty()) {
            moved_.notify_all();
            return std::nullopt;
        }
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        busy_++;
        tally.verdict.lives++;
        return job;
    }
    void done() {
        const HostGuard guard(mutex_);
        busy_--;
        moved_.notify_all();
    }
    // False: such a life is known.
    bool meet(LifeStart start, const std::function<std::shared_ptr<const Trail>()>& trail) {
        const HostGuard guard(mutex_);
        if (!known_.insert(start.hash()).second) return false;
        jobs_.push_back({std::move(start), trail()});
        moved_.notify_one();
        return true;
    }
    // What a thread has counted since it said so last. False: the search is to end.
    bool count(Verdict& counted) {
        const HostGuard guard(mutex_);
        Verdict& all = tally.verdict;
        for (auto field : {&Verdict::states, &Verdict::transitions, &Verdict::crash_points, &Verdict::done}) {
            all.*field += counted.*field;
            counted.*field = 0;
        }
        for (std::size_t i = 0; i < all.crash_places.size(); i++)
            all.crash_places[i] += std::exchange(counted.crash_places[i], 0);
        all.depth = std::max(all.depth, counted.depth);
        all.cuts_are_whole = all.cuts_are_whole && counted.cuts_are_whole;
        if (all.states >= options_.budget || !tally.go_on()) stop();
        return !stopped_;
    }
    void ended_badly(const World& world, const Picks& picks) {
        const HostGuard guard(mutex_);
        tally.ended(world, picks);
        if (options_.stop_at_first_crash) stop();
    }
    void left_something_out() {
        const HostGuard guard(mutex_);
        tally.left_out = true;
    }
    // A thread cannot go on; nobody does.
    void failed(const std::string& why) {
        const HostGuard guard(mutex_);
        if (failure_.empty()) failure_ = why;
        stop();
    }
    [[nodiscard]] bool was_stopped() const { return stopped_; }
    [[nodiscard]] const std::string& failure() const { return failure_; }

    Tally tally;

   private:
    void stop() {
        stopped_ = true;
        moved_.notify_all();
    }

    const ExploreOptions& options_;
    HostMutex mutex_;
    HostCondition moved_;
    std::deque<Job> jobs_;
    std::unordered_set<std::uint64_t> known_;
    unsigned busy_ = 0;
    bool stopped_ = false;
    std::string failure_;
};

class LifeSearch {
   public:
    LifeSearch(const Scenario& scenario, const ExploreOptions& options, Lives& lives, std::shared_ptr<PageStore> pages)
        : lives_(lives),
          world_(scenario, {.event_log = false,
                            .invariants = options.invariants,
                            .hashing = true,
                            .conflicts = nullptr,
                            .preemptions = options.preemptions,
                            .pages = std::move(pages)}) {}

    void run() {
        while (const std::optional<Job> job = lives_.take()) {
            job_ = &*job;
            known_.clear();
            picks_.clear();
            if (job->start)
                world_.begin_life(*job->start);
            else
                world_.restart();
            visit();
            lives_.done();
        }
        (void)lives_.count(counted_);
        if (world_.left_out()) lives_.left_something_out();
    }

   private:
    // Everything that follows from the moment the world is at. False: the search is to end.
    bool visit() {
        for (;;) {
            if (!known_.insert(world_.state_hash()).second) return true;
            counted_.states++;
            if (counted_.states >= kBetweenCounts && !lives_.count(counted_)) return false;
            const std::size_t ways = meet_lives();
            if (world_.moment() != Moment::Open) {
                ended();
                return true;
            }
            if (ways == 0) {
                counted_.done++;
                return true;
            }
            if (ways == 1) {
                take(0);
                continue;
            }
            return try_all(ways);
        }
    }

    bool try_all(std::size_t ways) {
        const Picks before = picks_;
        if (marks_.size() == depth_) marks_.emplace_back();
        const World::Mark& mark = marks_[depth_];
        if (World::can_mark()) world_.mark(marks_[depth_]);
        depth_++;
        for (std::size_t way = 0; way < ways; way++) {
            if (way > 0) {
                picks_ = before;
                go_back(mark);
            }
            take(way);
            if (!visit()) return false;
        }
        depth_--;
        return true;
    }

    void go_back(const World::Mark& mark) {
        if (World::can_mark()) return world_.go_back(mark);
        if (job_->start)
            world_.begin_life(*job_->start);
        else
            world_.restart();
        std::size_t next = 0;
        while (next < picks_.size() || (world_.choices().size() == 1 && !World::is_cut(world_.choices()[0])))
            world_.take(world_.choices().size() > 1 ? picks_[next++] : 0);
    }

    void take(std::size_t way) {
        if (world_.choices().size() > 1) picks_.push_back(static_cast<std::uint32_t>(way));
        world_.take(way);
        counted_.transitions++;
    }

    // Those that a cut would begin now. How many choices are none of them: those come first.
    std::size_t meet_lives() {
        const auto choices = world_.choices();
        std::size_t ways = 0;
        while (ways < choices.size() && !World::is_cut(choices[ways])) ways++;
        counted_.crash_points += choices.size() - ways;
        if (ways < choices.size()) {
            if (!world_.cuts().is_whole) counted_.cuts_are_whole = false;
            count_crash_places(world_.lab(), world_.cuts(), counted_.crash_places);
        }
        for (std::size_t index = ways; index < choices.size(); index++)
            (void)lives_.meet(world_.life_after(index), [&] {
                Picks picks = picks_;
                if (choices.size() > 1) picks.push_back(static_cast<std::uint32_t>(index));
                return std::make_shared<const Trail>(Trail{job_->trail, std::move(picks)});
            });
        return ways;
    }

    void ended() {
        if (ending_of(world_.moment()) == Ending::Done) {
            counted_.done++;
            return;
        }
        lives_.ended_badly(world_, whole(job_->trail.get(), picks_));
    }

    static constexpr std::uint64_t kBetweenCounts = 64;
    Lives& lives_;
    World world_;
    const Job* job_ = nullptr;
    std::unordered_set<std::uint64_t> known_;
    Picks picks_;
    std::deque<World::Mark> marks_;  // of the moments on the way; kept, since their memory is used again
    std::size_t depth_ = 0;
    Verdict counted_;
};

}  // namespace

Verdict search_crashes(const Scenario& scenario, const ExploreOptions& options) {
    Lives lives(scenario, options);
    const auto pages = std::make_shared<PageStore>();
    run_on_threads(options.jobs, [&] {
        try {
            LifeSearch(scenario, options, lives, pages).run();
        } catch (const std::runtime_error& error) {
            lives.failed(error.what());
        }
    });
    if (!lives.failure().empty()) throw std::runtime_error(lives.failure());
    return lives.tally.finish(!lives.was_stopped(), nullptr);
}

}  // namespace mdscope
