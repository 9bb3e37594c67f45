#include "engine/explore/world.hpp"

#include <stdexcept>

#include "engine/kernel/hash.hpp"
#include "engine/look/state_hash.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/museum/exhibit.hpp"

namespace mdscope {

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
    if (std::string wrong = unknown_exhibit(scenario); !wrong.empty()) throw std::runtime_error(wrong);
    auto plan = plan_images(scenario);
    if (!plan) throw std::runtime_error(plan.error().text);
    plan_ = std::move(*plan);
    if (Arena::available()) {
        // Tables that the engine makes when it first needs them must not lie in an arena: they stay for ever. The setup
        // asks for most of them, but a member's file may be touched by a task first.
        (void)rdev_attrs();
        const SimLab rehearsal(scenario_, plan_, false);
        arena_ = std::make_unique<Arena>();
    }
    build();
    if (arena_ == nullptr) return;
    arena_->settle();
    mark(root_);
}

World::~World() {
    if (arena_ != nullptr) {
        go_back(root_);  // where everything that lives is known to
        arena_->unsettle();
    }
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
    moment_ = judge();
    if (moment_ != Moment::Open) choices_ = {};
}

Moment World::judge() {
    broken_ = first_broken(sight(), Asked::EachStep, options_.invariants);
    const bool at_rest = broken_ == nullptr && is_at_rest(sight());
    if (at_rest) broken_ = first_broken(sight(), Asked::AtRest, options_.invariants);
    if (broken_ != nullptr) return broken_->moment;
    return at_rest && lab_->tasks_done() ? Moment::Done : Moment::Open;
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
    std::uint64_t hash = mix(lab_->kernel.state_hash(), mdscope::state_hash(lab_->mddev()));
    return mix(hash, static_cast<std::uint64_t>(moment_));
}

std::string World::describe(std::size_t index) const {
    return lab_->kernel.describe(choices_[index]);
}

std::string World::what() const {
    return broken_ != nullptr ? broken_->reason(sight()) : "";
}

}  // namespace mdscope
