#include "engine/explore/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "engine/kernel/hash.hpp"
#include "engine/look/state_hash.hpp"

namespace mdscope {

// How often time may pass without any task ending a statement before that counts as a hang. Timers of md come back each
// period for ever.
static constexpr unsigned kIdlePeriods = 64;

namespace {

// Where the simulation's memory comes from, if there is an arena.
class Inside {
   public:
    explicit Inside(Arena* arena) {
        if (arena != nullptr) scope_.emplace(*arena);
    }

   private:
    MayBeAbandoned may_be_abandoned_;
    std::optional<Arena::Scope> scope_;
};

}  // namespace

// ---- life

World::World(const Scenario& scenario, Options options) : scenario_(scenario), options_(options) {
    auto plan = plan_images(scenario);
    if (!plan) throw std::runtime_error(plan.error().text);
    plan_ = std::move(*plan);
    if (Arena::available()) {
        // Tables that the engine makes when it first needs them must not lie in an arena: they stay for ever.
        const SimLab rehearsal(scenario_, plan_, false);
        arena_ = std::make_unique<Arena>();
    }
    build();
    if (arena_ != nullptr) mark(root_);
}

World::~World() {
    if (arena_ != nullptr) go_back(root_);  // where everything that lives is known to
    destroy();
}

void World::build() {
    try {
        const Inside inside(arena_.get());
        lab_ = new SimLab(scenario_, plan_, options_.event_log);
        lab_->kernel.reserve_stacks(16);
    } catch (const std::exception& error) {
        const std::string text = error.what();  // its own memory may lie in the arena
        throw std::runtime_error(text);
    }
    if (!options_.hashing) lab_->kernel.set_plain_state({});
    lab_->kernel.set_conflicts(options_.conflicts);
    lab_->kernel.set_access_sink(access_sink_);
    lab_->kernel.tracer = options_.tracer;  // from here on: with an arena the setup runs once, without one each time
    steps_ = 0;
    look();
}

void World::destroy() {
    if (lab_ != nullptr) lab_->kernel.tracer = nullptr;  // its tasks are unwound now, which is nothing that happens
    delete lab_;
    lab_ = nullptr;
}

void World::restart() {
    if (arena_ != nullptr) {
        go_back(root_);
    } else {
        destroy();
        build();
    }
}

void World::mark(Mark& mark) {
    stacks_.clear();
    lab_->kernel.append_stacks(stacks_);
    mark.memory_.take(*arena_, stacks_);
    mark.steps_ = steps_;
}

void World::go_back(const Mark& mark) {
    mark.memory_.put_back();
    steps_ = mark.steps_;
    lab_->kernel.set_access_sink(access_sink_);  // part of what was put back
    look();
}

void World::set_access_sink(AccessSet* sink) {
    access_sink_ = sink;
    lab_->kernel.set_access_sink(sink);
}

// ---- steps

void World::take(std::size_t index) {
    const std::uint64_t before_ns = lab_->kernel.now_ns();
    if (index >= choices_.size()) throw std::out_of_range("there is no such choice");  // not from within the arena
    {
        const Inside inside(arena_.get());
        lab_->kernel.take(index);
    }
    if (lab_->kernel.now_ns() > before_ns) lab_->idle_periods++;
    steps_++;
    look();
}

void World::advance() {
    while (moment_ == Moment::Open && choices_.size() == 1) take(0);
}

void World::look() {
    {
        const Inside inside(arena_.get());
        choices_ = lab_->kernel.choices();
    }
    violation_.clear();
    if (options_.invariants) violation_ = broken_invariant(*lab_);
    moment_ = judge();
    if (moment_ != Moment::Open) choices_ = {};
}

Moment World::judge() const {
    const SimKernel& kernel = lab_->kernel;
    if (kernel.halted()) return Moment::Crash;
    if (!violation_.empty()) return Moment::Violation;
    const bool only_time =
        std::ranges::all_of(choices_, [now = kernel.now_ns()](const Choice& choice) { return choice.at_ns > now; });
    if (!only_time) return Moment::Open;
    if (lab_->tasks_done()) return Moment::Done;
    return choices_.empty() || lab_->idle_periods > kIdlePeriods ? Moment::Hang : Moment::Open;
}

// ---- looking

Ending ending_of(Moment moment) {
    switch (moment) {
        case Moment::Crash:
            return Ending::Crash;
        case Moment::Hang:
            return Ending::Hang;
        case Moment::Violation:
            return Ending::Violation;
        case Moment::Open:
        case Moment::Done:
            break;
    }
    return Ending::Done;
}

std::uint64_t World::state_hash() const {
    std::uint64_t hash = mix(lab_->kernel.state_hash(), mdscope::state_hash(lab_->mddev));
    return mix(hash, static_cast<std::uint64_t>(moment_));
}

std::string World::describe(std::size_t index) const {
    return lab_->kernel.describe(choices_[index]);
}

std::string World::what() const {
    switch (moment_) {
        case Moment::Crash: {
            const Oops& oops = *lab_->kernel.first_oops();
            return fmt::format("{} of {} in {}", oops.what, oops.object, oops.function);
        }
        case Moment::Hang:
            return lab_->kernel.sleepers();
        case Moment::Violation:
            return violation_;
        case Moment::Open:
        case Moment::Done:
            break;
    }
    return "";
}

std::string broken_invariant(const SimLab& lab) {
    const Mddev& mddev = lab.mddev;
    if (mddev.pending_writes.peek() < 0) return "mddev->pending_writes is below zero";
    if (mddev.writes_pending.peek() < 0) return "mddev->writes_pending is below zero";
    for (const auto& rdev : all_rdevs_at_rest(mddev))
        if (rdev->nr_pending.peek() < 0) return "rdev->nr_pending is below zero";
    const int in_flight = static_cast<int>(lab.kernel.count_in_flight(super_written));
    if (in_flight > mddev.pending_writes.peek())
        return fmt::format("{} superblock-class writes are in flight, mddev->pending_writes is {}", in_flight,
                           mddev.pending_writes.peek());
    return "";
}

}  // namespace mdscope
