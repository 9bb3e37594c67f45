#include "engine/story/record/tape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "engine/kernel/onlooker.hpp"
#include "engine/kernel/trace.hpp"
#include "engine/look/oops_console.hpp"
#include "engine/story/record/frame_recorder.hpp"

namespace mdscope {

Tape::Tape(const Scenario& scenario)
    : scenario_(scenario),
      sink_(std::make_unique<FrameRecorder>()),
      world_(std::make_unique<World>(
          scenario, World::Options{.event_log = false, .invariants = true, .hashing = true, .conflicts = nullptr})) {
    world_->lab().watch_tasks(sink_.get());
    record({});
}

Tape::~Tape() {
    world_->lab().watch_tasks(nullptr);
}

// ---- forwards

bool Tape::can_take(const Order& order) const {
    return std::ranges::any_of(
        options(), [&](const Order& option) { return option.how == order.how && option.name == order.name; });
}

void Tape::take(const Order& order) {
    go_to(size() - 1);
    const auto found = std::ranges::find_if(
        options(), [&](const Order& option) { return option.how == order.how && option.name == order.name; });
    if (found == options().end()) throw std::logic_error("a tape was told to take what is not possible: " + order.name);
    TapeStep step;
    step.order = *found;
    step.index = static_cast<std::size_t>(found - options().begin());
    step.choices = options().size();
    sink_->events.clear();
    world_->take(step.index);
    record(std::move(step));
    at_ = size() - 1;
}

// The world stands just behind `step`.
void Tape::record(TapeStep step) {
    const SimLab& lab = world_->lab();
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
    step.pools_gone = lab.mddev().sync_set.destroyed();
    std::vector<LogLine> log = lab.kernel.log();
    step.printed.assign(std::make_move_iterator(log.begin() + static_cast<std::ptrdiff_t>(printed_)),
                        std::make_move_iterator(log.end()));
    printed_ += step.printed.size();
    step.options = offered();
    what_ = world_->what();
    console_ = step.moment == Moment::Crash ? oops_console(lab.mddev(), *lab.kernel.first_oops()) : "";
    steps_.push_back(std::move(step));
}

// A bio is in flight for a step at least, so none is missed.
void Tape::name_bios(TapeStep& step) {
    for (const BioInfo& bio : world_->lab().kernel.in_flight()) {
        std::string& name = names_[bio.id];
        if (name.empty()) {
            const std::string group = fmt::format("{} {}", bio.member, kBioKinds[bio.kind]);
            name = fmt::format("{} {}", group, ++counts_[group]);
        }
        step.bios.push_back({bio.id, name});
    }
}

// ---- what can happen

Order Tape::order_of(const Choice& choice) const {
    Order order;
    order.how = choice.kind;
    if (World::is_cut(choice)) {
        order.name = choice.id == 0 ? "plug" : fmt::format("plug {}", choice.id + 1);
    } else if (choice.bio != nullptr) {
        const auto found = names_.find(choice.bio->bi_id);
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
            orders.back().name += fmt::format("#{}", choice.task->pid);
    }
    return orders;
}

std::vector<std::uint32_t> Tape::picks() const {
    std::vector<std::uint32_t> picks;
    for (const TapeStep& step : steps_)
        if (step.choices > 1) picks.push_back(static_cast<std::uint32_t>(step.index));
    return picks;
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
        printed_ += step.printed.size();
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
    while (at_ < number) world_->take(steps_[++at_].index);
    sink_->events.clear();
    if (world_->state_hash() != steps_[at_].state_hash)
        throw std::runtime_error(fmt::format("step {} is not what was recorded: the simulation drifted", at_));
}

}  // namespace mdscope
