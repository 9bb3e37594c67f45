// SPDX-License-Identifier: MIT

#include "engine/story/record/tape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "engine/kernel/onlooker.hpp"
#include "engine/kernel/trace.hpp"
#include "engine/look/oops_console.hpp"
#include "engine/story/record/frame_recorder.hpp"

namespace mdscope {

namespace {

int pids_before(unsigned life) {
    return static_cast<int>(life - 1) * Tape::kLifePids;
}
std::uint64_t bios_before(unsigned life) {
    return (life - 1) * Tape::kLifeBios;
}

}  // namespace

Tape::Tape(const Scenario& scenario)
    : scenario_(scenario),
      sink_(std::make_unique<FrameRecorder>()),
      world_(std::make_unique<World>(
          scenario,
          World::Options{
              .event_log = false, .invariants = true, .hashing = true, .conflicts = nullptr, .offers_cuts = false})) {
    world_->lab().watch_tasks(sink_.get());
    record({});
}

Tape::~Tape() {
    world_->lab().watch_tasks(nullptr);
}

// ---- forwards

bool Tape::can_take(const Order& order) const {
    if (is_cut(order)) return last().may_be_cut;
    return std::ranges::any_of(
        options(), [&](const Order& option) { return option.how == order.how && option.name == order.name; });
}

void Tape::take(const Order& order) {
    go_to(size() - 1);
    TapeStep step;
    if (is_cut(order)) {
        if (!last().may_be_cut) throw std::logic_error("a tape was told to cut where nothing may be cut");
        step.order = order;
        step.media = std::make_shared<MediaRecord>(media_record(world_->lab(), order.name));
    } else {
        step.index = index_of(order);
        step.order = options()[step.index];
        step.choices = options().size();
    }
    sink_->events.clear();
    take_in_world(step);
    record(std::move(step));
    at_ = size() - 1;
}

std::size_t Tape::index_of(const Order& order) const {
    const auto found = std::ranges::find_if(
        options(), [&](const Order& option) { return option.how == order.how && option.name == order.name; });
    if (found == options().end()) throw std::logic_error("a tape was told to take what is not possible: " + order.name);
    return static_cast<std::size_t>(found - options().begin());
}

void Tape::take_in_world(const TapeStep& step) {
    if (!is_cut(step.order)) return world_->take(step.index);
    world_->cut_by_hand(step.order.name);
    world_->lab().watch_tasks(sink_.get());
    sink_->begin_life(world_->lab().life());
}

// The world stands just behind `step`.
void Tape::record(TapeStep step) {
    const SimLab& lab = world_->lab();
    step.life = lab.life();
    step.may_be_cut = world_->may_be_cut();
    if (is_cut(step.order)) printed_ = 0;
    step.moment = world_->moment();
    step.broken = world_->broken();
    step.state_hash = world_->state_hash();
    step.frames = std::move(sink_->events);
    sink_->events.clear();
    name_bios(step);
    {
        const Onlooker onlooker;
        step.snapshot = take_snapshot(lab.mddev(), lab.kernel.in_flight());
    }
    for (SnapshotTask& task : step.snapshot.tasks) task.pid += pids_before(step.life);
    for (SnapshotBio& bio : step.snapshot.bios) bio.id += bios_before(step.life);
    step.pools_gone = lab.mddev().sync_set.destroyed();
    std::vector<LogLine> log = lab.kernel.log();
    step.printed.assign(std::make_move_iterator(log.begin() + static_cast<std::ptrdiff_t>(printed_)),
                        std::make_move_iterator(log.end()));
    printed_ += step.printed.size();
    if (step.moment != Moment::Open && step.life > 1)
        step.media = std::make_shared<MediaRecord>(media_record(lab, kCutWord));
    step.options = offered();
    what_ = world_->what();
    console_ = step.moment == Moment::Crash ? oops_console(lab.mddev(), *lab.kernel.first_oops()) : "";
    steps_.push_back(std::move(step));
}

// A bio is in flight for a step at least, so none is missed.
void Tape::name_bios(TapeStep& step) {
    for (const BioInfo& bio : world_->lab().kernel.in_flight()) {
        const std::uint64_t id = bio.id + bios_before(step.life);
        std::string& name = names_[id];
        if (name.empty()) {
            const std::string group = fmt::format("{} {}", bio.member, kBioKinds[bio.kind]);
            name = fmt::format("{} {}", group, ++counts_[group]);
        }
        step.bios.push_back({id, name});
    }
}

// ---- what can happen

Order Tape::order_of(const Choice& choice) const {
    Order order;
    order.how = choice.kind;
    if (choice.bio != nullptr) {
        const auto found = names_.find(choice.bio->bi_id + bios_before(world_->lab().life()));
        order.name = found != names_.end() ? found->second : std::to_string(choice.id);
    } else if (choice.timer != nullptr) {
        order.name = fmt::format("timer {}", choice.id);
    } else {
        order.name = choice.task->comm;
    }
    return order;
}

// Tasks that share a name, as contexts of completions do, are told apart by their pids.
std::vector<Order> Tape::offered() const {
    std::map<std::string, int> tasks;
    for (const SleepInfo& task : world_->lab().kernel.tasks()) tasks[task.comm]++;
    std::vector<Order> orders;
    for (const Choice& choice : world_->choices()) {
        orders.push_back(order_of(choice));
        if (choice.task != nullptr && tasks[choice.task->comm] > 1)
            orders.back().name += fmt::format("#{}", choice.task->pid + pids_before(world_->lab().life()));
    }
    return orders;
}

std::vector<std::uint32_t> Tape::picks() const {
    std::vector<std::uint32_t> picks;
    for (const TapeStep& step : steps_)
        if (step.choices > 1) picks.push_back(static_cast<std::uint32_t>(step.index));
    return picks;
}

std::vector<CutByHand> Tape::cuts() const {
    std::vector<CutByHand> cuts;
    for (std::size_t i = 1; i < size(); i++)
        if (is_cut(steps_[i].order)) cuts.push_back({i - 1, steps_[i].order.name});
    return cuts;
}

// ---- backwards

void Tape::cut(std::size_t size) {
    if (size == this->size()) return;
    steps_.resize(size);
    go_to(size - 1);
    forget_names();
    what_ = world_->what();
    console_.clear();  // what comes after a crash is nothing, so the end was cut off
}

// Ids and numbers of bios that were never submitted are given again.
void Tape::forget_names() {
    names_.clear();
    counts_.clear();
    printed_ = 0;
    for (const TapeStep& step : steps_) {
        printed_ = (is_cut(step.order) ? 0 : printed_) + step.printed.size();
        for (const BioAt& bio : step.bios) {
            BioName name;
            if (!names_.emplace(bio.id, bio.name).second || !read_bio_name(bio.name, &name)) continue;
            counts_[fmt::format("{} {}", name.member, name.kind)]++;
        }
    }
}

World& Tape::visit(std::size_t number) {
    go_to(number);
    return *world_;
}

void Tape::go_to(std::size_t number) {
    if (number == at_) return;
    if (number < at_) {
        world_->restart();
        sink_->go_back({});
        world_->lab().watch_tasks(sink_.get());
        at_ = 0;
    }
    while (at_ < number) take_in_world(steps_[++at_]);
    sink_->events.clear();
    if (world_->state_hash() != steps_[at_].state_hash)
        throw std::runtime_error(fmt::format("step {} is not what was recorded: the simulation drifted", at_));
}

}  // namespace mdscope
