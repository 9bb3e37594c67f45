// SPDX-License-Identifier: MIT

#include "engine/explore/world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "engine/explore/cut_by_hand.hpp"
#include "engine/explore/scenario_check.hpp"
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

static std::string names_of_judges() {
    std::string names;
    for (const Judge& judge : judges()) names += std::string(names.empty() ? "" : ", ") + std::string(judge.name);
    return names;
}

// ---- life

World::World(const Scenario& scenario, Options options)
    : scenario_(scenario), options_(std::move(options)), unasked_(find_judge(scenario.unasked)) {
    if (std::string wrong = unknown_exhibit(scenario); !wrong.empty()) throw std::runtime_error(wrong);
    if (unasked_ == nullptr && !scenario.unasked.empty())
        throw std::runtime_error("there is no judge '" + scenario.unasked + "'; there are: " + names_of_judges());
    if (std::string wrong = wrong_about_size(scenario); !wrong.empty()) throw std::runtime_error(wrong);
    if (std::string wrong = wrong_about_writers(scenario); !wrong.empty()) throw std::runtime_error(wrong);
    auto plan = plan_images(scenario);
    if (!plan) throw std::runtime_error(plan.error().text);
    plan_ = std::move(*plan);
    if (options_.pages == nullptr && scenario.after_cut()) options_.pages = std::make_shared<PageStore>();
    if (Arena::available()) {
        // Tables that the engine makes when it first needs them must not lie in an arena: they stay for ever. The setup
        // asks for most of them, but a member's file may be touched by a task first.
        (void)rdev_attrs();
        { const SimLab rehearsal(scenario_, plan_, false); }
        lay_out();
    }
    make(first_);
    enter(first_);
}

World::~World() {
    tear_down(later_);
    tear_down(first_);
}

void World::tear_down(Stage& stage) {
    if (stage.arena != nullptr && stage.lab != nullptr) {
        stage.root.memory_.put_back();  // where everything that lives is known to
        stage.arena->unsettle();
    }
    destroy(stage);
}

void World::lay_out() {
    ConflictMap* const conflicts = options_.conflicts;
    if (conflicts != nullptr && conflicts->layout()) {
        changing_ = *conflicts->layout();
        return;
    }
    find_what_changes();
    if (conflicts != nullptr) conflicts->set_layout(changing_);
}

// A few executions at random show which memory a step writes to: marks are a third of a search. What is left out here
// costs time, and nothing else.
static constexpr int kRehearsals = 4;
static constexpr std::size_t kRehearsedLives = 12;

// Nobody is told of one, and nothing is looked for.
World::Options World::for_rehearsal() const {
    Options options = options_;
    options.invariants = options.offers_cuts = false;
    options.conflicts = nullptr;
    options.lessons = nullptr;
    options.preemptions.reset();
    options.tracer = nullptr;
    return options;
}

void World::rehearse(Prng& prng) {
    constexpr std::uint64_t kMostSteps = 400;
    for (const std::uint64_t begin = steps_; moment_ == Moment::Open && steps_ - begin < kMostSteps;) {
        take(static_cast<std::size_t>(prng.below(choices_.size())));
        if (options_.hashing) (void)state_hash();  // what it remembers is written, too
        stage_->arena->note_writes();
        if (may_be_cut()) note_life_start(prng);
    }
}

// Now and then: what is left here is what a later life might begin with.
void World::note_life_start(Prng& prng) {
    constexpr std::uint64_t kOneIn = 8;
    if (stage_ != &first_ || life_starts_.size() == kRehearsedLives || prng.below(kOneIn) != 0) return;
    const CutOptions options = what_may_be_left(lab(), lab().after_cut()->crash, *options_.pages);
    const std::size_t chosen = static_cast<std::size_t>(prng.below(options.list.size()));
    life_starts_.push_back(lab().next_life(options.list[chosen].platters));
}

void World::find_what_changes() {
    const Options wanted = std::exchange(options_, for_rehearsal());
    make(first_);
    enter(first_);
    Prng prng(1);
    for (int i = 0; i < kRehearsals; i++) {
        restart();
        rehearse(prng);
    }
    if (wanted.conflicts != nullptr) life_starts_.clear();  // it is the places of the first life that worlds share
    changing_ = first_.arena->noted_writes();
    tear_down(first_);
    first_ = Stage{};
    steps_ = 0;
    options_ = wanted;
}

void World::find_what_changes_later() {
    const Options wanted = std::exchange(options_, for_rehearsal());
    AccessSet* const sink = std::exchange(access_sink_, nullptr);
    const std::uint64_t steps = steps_;
    Prng prng(1);
    for (const LifeStart& start : std::exchange(life_starts_, {})) {
        begin_life(start);
        rehearse(prng);
    }
    changing_later_ = later_.arena->noted_writes();
    tear_down(later_);
    later_ = Stage{SimLab::Life::Later, nullptr, nullptr, {}};
    steps_ = steps;
    access_sink_ = sink;
    options_ = wanted;
}

void World::make(Stage& stage) {
    if (Arena::available())
        stage.arena = std::make_unique<Arena>(stage.life == SimLab::Life::First ? changing_ : changing_later_);
    build(stage);
    if (stage.arena == nullptr) return;
    stage.arena->settle();
    stacks_.clear();
    stage.lab->kernel.append_stacks(stacks_);
    stage.root.memory_.take(*stage.arena, stacks_);
}

void World::build(Stage& stage) {
    try {
        const Inside inside(stage.arena.get());
        stage.lab = new SimLab(scenario_, plan_, options_.event_log, stage.life);
        stage.lab->kernel.reserve_stacks(16);
        if (stage.lab->after_cut())  // what hashes remember of a medium that stays as it is
            for (const auto& [path, medium] : stage.lab->kernel.images()) (void)medium->content_hash(true);
    } catch (const std::exception& error) {
        const std::string text = why_ended(error);  // its own memory may lie in the arena
        throw std::runtime_error(text);
    }
    SimKernel& kernel = stage.lab->kernel;
    if (!options_.hashing) kernel.set_plain_state({});
    kernel.set_conflicts(options_.conflicts, options_.lessons);
    kernel.set_access_sink(access_sink_);
    kernel.tracer = options_.tracer;  // from here on: with an arena the setup runs once, without one each time
}

void World::destroy(Stage& stage) {
    if (stage.lab != nullptr) {  // its tasks are unwound now: nothing that happens
        stage.lab->kernel.tracer = nullptr;
        stage.lab->watch_tasks(nullptr);
    }
    delete stage.lab;
    stage.lab = nullptr;
}

// Back at its beginning.
void World::rebuild(Stage& stage) {
    if (stage.lab == nullptr) return make(stage);
    if (stage.arena != nullptr) {
        stage.root.memory_.put_back();
        stage.lab->kernel.set_access_sink(access_sink_);  // part of what was put back
    } else {
        destroy(stage);
        build(stage);
    }
}

void World::enter(Stage& stage) {
    stage_ = &stage;
    offered_changes_ = kNever;
    last_task_ = 0;
    preemptions_ = 0;
    look();
}

void World::restart() {
    steps_ = 0;
    earlier_log_.clear();
    rebuild(first_);
    enter(first_);
}

void World::begin_life(const LifeStart& start) {
    if (!life_starts_.empty()) find_what_changes_later();
    rebuild(later_);
    {
        const Inside inside(later_.arena.get());
        later_.lab->begin_life(start);
    }
    enter(later_);
}

void World::mark(Mark& mark) {
    stacks_.clear();
    stage_->lab->kernel.append_stacks(stacks_);
    mark.memory_.take(*stage_->arena, stacks_);
    mark.stage_ = stage_;
    mark.steps_ = steps_;
    mark.offered_before_ = offered_before_;
    mark.choices_ = choices_;
    mark.moment_ = moment_;
    mark.broken_ = broken_;
    mark.last_task_ = last_task_;
    mark.preemptions_ = preemptions_;
}

void World::go_back(const Mark& mark) {
    stage_ = mark.stage_;
    mark.memory_.put_back();
    steps_ = mark.steps_;
    offered_changes_ = mark.offered_before_;
    stage_->lab->kernel.set_access_sink(access_sink_);  // part of what was put back
    last_task_ = mark.last_task_;
    preemptions_ = mark.preemptions_;
    if (lab().after_cut() || options_.preemptions) return look();  // what is offered is not in the arena
    choices_ = mark.choices_;
    moment_ = mark.moment_;
    broken_ = mark.broken_;
}

void World::set_access_sink(AccessSet* sink) {
    access_sink_ = sink;
    stage_->lab->kernel.set_access_sink(sink);
}

// ---- steps

void World::take(std::size_t index) {
    SimLab& lab = *stage_->lab;
    const std::uint64_t before_ns = lab.kernel.now_ns();
    if (index >= choices_.size()) throw std::out_of_range("there is no such choice");  // not from within the arena
    steps_++;
    if (is_cut(choices_[index])) return cut(std::move(cuts_.list[option_of(index)]));
    if (options_.preemptions) note_preemption(choices_[index]);
    {
        const Inside inside(stage_->arena.get());
        lab.kernel.take(unbounded_index(index));
    }
    if (lab.kernel.now_ns() > before_ns) lab.idle_periods++;
    look();
}

void World::cut(CutOption option) {
    if (options_.event_log)
        earlier_log_ += lab().kernel.event_log() + cut_text(lab().after_cut()->crash, option) + "\n";
    begin_life(lab().next_life(std::move(option.platters)));
}

bool World::may_be_cut() const {
    return lab().after_cut() && lab().may_be_cut() && (moment_ == Moment::Open || moment_ == Moment::Done);
}

void World::cut_by_hand(std::string_view words) {
    if (!may_be_cut()) throw std::logic_error("nothing may be cut here");
    steps_++;
    cut(mdscope::cut_by_hand(lab(), lab().after_cut()->crash, words, *options_.pages));
}

LifeStart World::life_after(std::size_t index) const {
    return lab().next_life(cuts_.list[option_of(index)].platters);
}

void World::advance() {
    while (moment_ == Moment::Open && choices_.size() == 1) take(0);
}

void World::look() {
    {
        const Inside inside(stage_->arena.get());
        choices_ = stage_->lab->kernel.choices();
    }
    cuts_.list.clear();
    moment_ = judge();
    if (moment_ == Moment::Open || moment_ == Moment::Done) offer_cuts();
    within_.clear();
    if (moment_ != Moment::Open)
        choices_ = {};
    else if (options_.preemptions)
        keep_within_bound();
}

// Completions and timers preempt nobody: they take no task's turn.
void World::note_preemption(const Choice& choice) {
    if (choice.kind != Choice::Kind::Run) return;
    if (last_task_ != 0 && last_task_ != choice.id) preemptions_++;
    last_task_ = choice.id;
}

void World::keep_within_bound() {
    const auto is_last = [this](const Choice& choice) {
        return choice.kind == Choice::Kind::Run && choice.id == last_task_;
    };
    if (std::ranges::none_of(choices_, is_last)) last_task_ = 0;
    if (last_task_ == 0 || preemptions_ < *options_.preemptions) return;
    offered_.clear();
    for (std::size_t index = 0; index < choices_.size(); index++) {
        if (choices_[index].kind == Choice::Kind::Run && !is_last(choices_[index])) continue;
        offered_.push_back(choices_[index]);
        within_.push_back(index);
    }
    if (offered_.size() < choices_.size()) left_out_ = true;
    all_choices_ = choices_.size();
    choices_ = offered_;
}

// At an end, too: what was done last may be lost as well as anything.
void World::offer_cuts() {
    offered_before_ = offered_changes_;
    const SimLab& lab = *stage_->lab;
    if (!options_.offers_cuts || !lab.after_cut() || !lab.may_be_cut()) return;
    const std::uint64_t changes = lab.kernel.media_changes() + lab.ledger().changes();
    if (changes == offered_changes_) return;
    offered_changes_ = changes;
    cuts_ = what_may_be_left(lab, lab.after_cut()->crash, *options_.pages);
    with_cuts_.clear();
    if (moment_ == Moment::Open) with_cuts_.assign(choices_.begin(), choices_.end());
    for (std::size_t option = 0; option < cuts_.list.size(); option++)
        with_cuts_.push_back({.kind = Choice::Kind::Cut, .id = option, .at_ns = lab.kernel.now_ns()});
    choices_ = with_cuts_;
    moment_ = Moment::Open;
}

Moment World::judge() {
    broken_ = first_broken(sight(), Asked::EachStep, options_.invariants, unasked_);
    const bool at_rest = broken_ == nullptr && is_at_rest(sight());
    if (at_rest) broken_ = first_broken(sight(), Asked::AtRest, options_.invariants, unasked_);
    if (broken_ != nullptr) return broken_->moment;
    return at_rest && lab().tasks_done() ? Moment::Done : Moment::Open;
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
    std::uint64_t hash = mix(lab().kernel.state_hash(), mdscope::state_hash(lab().mddev()));
    if (lab().after_cut()) {
        const bool durable = lab().after_cut()->crash == CutKind::PowerCut;
        for (const auto& [path, medium] : lab().kernel.images()) hash = mix(hash, medium->content_hash(durable));
        for (const auto& [path, text] : lab().kernel.files()) hash = mix(hash, hash_of_bytes(text));
        hash = mix(hash, lab().ledger().hash());
        hash = mix(hash, lab().life());
    }
    if (options_.preemptions) hash = mix(mix(hash, preemptions_), last_task_);
    return mix(hash, static_cast<std::uint64_t>(moment_));
}

std::string World::describe(std::size_t index) const {
    if (is_cut(choices_[index])) return cut_text(lab().after_cut()->crash, cuts_.list[option_of(index)]);
    return lab().kernel.describe(choices_[index]);
}

std::string World::what() const {
    return broken_ != nullptr ? broken_->reason(sight()) : "";
}

}  // namespace mdscope
