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
#include <cstring>
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

// Of a life that was left in the middle: the states met, and the way to the one that is next, in picks and steps.
struct LeftLife {
    std::vector<std::uint64_t> known;
    Picks picks;
    std::uint64_t taken = 0;
};

struct Job {
    std::optional<LifeStart> start;  // nullopt: the first life
    std::shared_ptr<const Trail> trail;
    std::optional<LeftLife> left = std::nullopt;
};

// The lives that wait, and what all threads have found.
class Lives {
   public:
    Lives(const Scenario& scenario, const ExploreOptions& options) : tally(scenario, options), options_(options) {
        if (options.resume != nullptr)
            load(*options.resume);
        else
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
        if (!job.left) tally.verdict.lives++;
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
    // It goes on there, if somebody goes on.
    void leave(const Job& job, LeftLife left) {
        const HostGuard guard(mutex_);
        jobs_.push_front({job.start, job.trail, std::move(left)});
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

    // Once the threads have ended.
    void save(SearchWriter& to) const;

    Tally tally;

   private:
    void load(std::string_view saved);
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

// ---- kept, and gone on with

// Each page once, by its hash: lives have most of theirs in common.
class PageWriter {
   public:
    explicit PageWriter(SearchWriter& to) : to_(to) {}
    void page(const PlatterPage& page) {
        to_.number(page.image);
        to_.number(page.number);
        to_.hash(page.hash);
        const bool is_new = written_.insert(page.hash).second;
        to_.number(is_new ? 1 : 0);
        if (is_new) to_.text({reinterpret_cast<const char*>(page.content->data()), page.content->size()});
    }

   private:
    SearchWriter& to_;
    std::unordered_set<std::uint64_t> written_;
};

PlatterPage read_page(SearchReader& from, std::unordered_map<std::uint64_t, std::shared_ptr<PageContent>>& pages) {
    PlatterPage page{from.small(), from.number(), from.hash(), nullptr};
    if (from.flag()) {
        const std::string_view bytes = from.text();
        auto content = std::make_shared<PageContent>();
        if (bytes.size() != content->size()) throw SearchReader::wrong();
        std::memcpy(content->data(), bytes.data(), bytes.size());
        if (RamImage::hash_of(*content) != page.hash) throw SearchReader::wrong();
        pages[page.hash] = std::move(content);
    }
    page.content = pages[page.hash];
    if (page.content == nullptr) throw SearchReader::wrong();
    return page;
}

void save_start(SearchWriter& to, PageWriter& pages, const LifeStart& start) {
    to.number(start.platters.pages.size());
    for (const PlatterPage& page : start.platters.pages) pages.page(page);
    to.number(start.platters.files.size());
    for (const auto& [path, text] : start.platters.files) {
        to.text(path);
        to.text(text);
    }
    start.ledger.save(to);
    to.number(start.life);
    to.number(start.cuts_left);
}

LifeStart load_start(SearchReader& from, std::unordered_map<std::uint64_t, std::shared_ptr<PageContent>>& pages) {
    LifeStart start;
    for (std::size_t left = from.count(); left > 0; left--) start.platters.pages.push_back(read_page(from, pages));
    for (std::size_t left = from.count(); left > 0; left--) {
        const std::string path(from.text());
        start.platters.files[path] = from.text();
    }
    start.ledger.load(from);
    start.life = from.small();
    start.cuts_left = from.small();
    return start;
}

void Lives::save(SearchWriter& to) const {
    tally.save(to);
    to.number(known_.size());
    for (const std::uint64_t hash : known_) to.hash(hash);
    PageWriter pages(to);
    to.number(jobs_.size());
    for (const Job& job : jobs_) {
        to.number((job.start ? 1U : 0U) | (job.left ? 2U : 0U));
        if (job.start) save_start(to, pages, *job.start);
        to.numbers(whole(job.trail.get(), {}));
        if (!job.left) continue;
        to.number(job.left->known.size());
        for (const std::uint64_t hash : job.left->known) to.hash(hash);
        to.numbers(job.left->picks);
        to.number(job.left->taken);
    }
}

void Lives::load(std::string_view saved) {
    SearchReader from(saved);
    tally.load(from);
    for (std::size_t left = from.count(); left > 0; left--) known_.insert(from.hash());
    std::unordered_map<std::uint64_t, std::shared_ptr<PageContent>> pages;
    for (std::size_t left = from.count(); left > 0; left--) {
        Job job;
        const std::uint64_t flags = from.number_to(3);
        if ((flags & 1U) != 0) job.start = load_start(from, pages);
        job.trail = std::make_shared<const Trail>(Trail{nullptr, from.numbers()});
        if ((flags & 2U) != 0) {
            job.left.emplace();
            for (std::size_t more = from.count(); more > 0; more--) job.left->known.push_back(from.hash());
            job.left->picks = from.numbers();
            job.left->taken = from.number();
        }
        jobs_.push_back(std::move(job));
    }
    from.end();
}

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
            taken_ = 0;
            depth_ = 0;
            begin();
            if (job->left) follow(*job->left);
            if (!search(job->left.has_value())) lives_.leave(*job, {{known_.begin(), known_.end()}, picks_, taken_});
            lives_.done();
        }
        (void)lives_.count(counted_);
        if (world_.left_out()) lives_.left_something_out();
    }

   private:
    // A moment with several ways on, that leads to where the world is.
    struct Level {
        World::Mark mark;  // kept when the level is gone, since its memory is used again
        std::size_t way = 0, ways = 0;
        std::size_t picks = 0;
        std::uint64_t taken = 0;
    };

    void begin() {
        if (job_->start)
            world_.begin_life(*job_->start);
        else
            world_.restart();
    }

    // All of a life. `is_counted`: the state where the world is has been counted. False: the search is to end.
    bool search(bool is_counted) {
        if (!visit(is_counted)) return false;
        while (depth_ > 0) {
            Level& level = levels_[depth_ - 1];
            if (++level.way == level.ways) {
                depth_--;
                continue;
            }
            picks_.resize(level.picks);
            go_back(level.mark);
            taken_ = level.taken;
            take(level.way);
            if (!visit(false)) return false;
        }
        return true;
    }

    // On to an end, or to where it was before, the first way each time. False: the search is to end.
    bool visit(bool is_counted) {
        for (;; is_counted = false) {
            if (!is_counted) {
                if (!known_.insert(world_.state_hash()).second) return true;
                counted_.states++;
                if (counted_.states >= kBetweenCounts && !lives_.count(counted_)) return false;
            }
            const std::size_t ways = meet_lives();
            if (world_.moment() != Moment::Open) {
                ended();
                return true;
            }
            if (ways == 0) {
                counted_.done++;
                return true;
            }
            if (ways > 1) open_level(ways).way = 0;
            take(0);
        }
    }

    Level& open_level(std::size_t ways) {
        if (levels_.size() == depth_) levels_.emplace_back();
        Level& level = levels_[depth_++];
        if (World::can_mark()) world_.mark(level.mark);
        level.ways = ways;
        level.picks = picks_.size();
        level.taken = taken_;
        return level;
    }

    // To where it was left, by the same way.
    void follow(const LeftLife& left) {
        known_.insert(left.known.begin(), left.known.end());
        std::size_t next = 0;
        while (taken_ < left.taken) {
            const std::size_t ways = kernel_choices();
            const bool is_choice = world_.choices().size() > 1;
            if (is_choice && next == left.picks.size()) throw SearchReader::wrong();
            const std::size_t way = is_choice ? left.picks[next++] : 0;
            if (way >= ways) throw SearchReader::wrong();
            if (ways > 1) open_level(ways).way = way;
            take(way);
        }
        if (next != left.picks.size() || !known_.contains(world_.state_hash())) throw SearchReader::wrong();
        counted_.transitions -= left.taken;  // they were counted
    }

    void go_back(const World::Mark& mark) {
        if (World::can_mark()) return world_.go_back(mark);
        begin();
        std::size_t next = 0;
        while (next < picks_.size() || (world_.choices().size() == 1 && !World::is_cut(world_.choices()[0])))
            world_.take(world_.choices().size() > 1 ? picks_[next++] : 0);
    }

    void take(std::size_t way) {
        if (world_.choices().size() > 1) picks_.push_back(static_cast<std::uint32_t>(way));
        world_.take(way);
        taken_++;
        counted_.transitions++;
    }

    // How many choices are no cuts: those come first.
    [[nodiscard]] std::size_t kernel_choices() const {
        const auto choices = world_.choices();
        std::size_t ways = 0;
        while (ways < choices.size() && !World::is_cut(choices[ways])) ways++;
        return ways;
    }

    // Those that a cut would begin now. How many choices are none of them.
    std::size_t meet_lives() {
        const auto choices = world_.choices();
        const std::size_t ways = kernel_choices();
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
    std::uint64_t taken_ = 0;  // steps from the beginning of the life
    std::deque<Level> levels_;
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
        } catch (const std::exception& error) {
            lives.failed(why_ended(error));
        }
    });
    if (!lives.failure().empty()) throw std::runtime_error(lives.failure());
    const bool is_complete = !lives.was_stopped();
    lives.tally.verdict.rest = rest_of(options, is_complete, [&](SearchWriter& to) { lives.save(to); });
    return lives.tally.finish(is_complete, nullptr);
}

}  // namespace mdscope
