// SPDX-License-Identifier: MIT

#include "engine/story/record/duel.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace mdscope {

namespace {

std::string group_of(const std::string& bio) {  // "bitmap sdb"
    BioName name;
    return read_bio_name(bio, &name) ? name.kind + " " + name.member : "";
}

// Whether `what` (a bio, a kind, a kind of one member, or all) means this bio.
bool means(const std::string& what, const std::string& bio) {
    if (what == "all" || what == bio) return true;
    const std::string group = group_of(bio);
    return what == group || what == group.substr(0, group.find(' '));
}

bool is_wish(const Order& order) {
    return order.kind != Order::Kind::Step;
}

// What a person would call different: not the axes, which differ from the start, and not the time.
std::string looks(const TapeStep& step, const std::vector<std::string>& held) {
    const Snapshot& s = step.snapshot;
    std::string text = fmt::format("{} {} {} {};", static_cast<int>(step.moment), s.array.state, s.array.pending_writes,
                                   s.array.bitmap_pending_writes);
    for (const SnapshotMember& member : s.members)
        text += fmt::format("{} {} {};", member.name, member.state, member.bound);
    for (const BioAt& bio : step.bios) text += bio.name + ";";
    for (const std::string& bio : held) text += bio + ";";
    for (const SnapshotTask& task : s.tasks)
        text += fmt::format("{} {} {} {};", task.comm, fmt::join(task.stack, ","), task.queue, task.condition);
    return text;
}

}  // namespace

Duel::Duel(const Scenario& a, const Scenario& b)
    : tapes_{std::make_unique<Tape>(a), std::make_unique<Tape>(b)}, exhibit_(exhibit_of(a)) {
    for (const ScenarioTask& task : a.tasks)
        if (std::ranges::any_of(task.statements, exhibit_.act.is)) stop_tasks_.insert(task.name);
    ticks_.emplace_back();
    for (const Side side : kSides) meet_bios(side, 0);
    note_difference();
    for (std::size_t i = 0; i < a.schedule.size(); i++) {
        const std::string wrong = give(a.schedule[i]);
        if (wrong.empty()) continue;
        const int line = a.schedule[i].line;
        throw Drift((line != 0 ? fmt::format("line {}", line) : fmt::format("step {} of the schedule", i + 1)) + ": " +
                    wrong);
    }
}

// ---- forwards

std::string Duel::give(Order order) {  // NOLINT(performance-unnecessary-value-param): see there
    if (is_wish(order)) {
        wish(order);
        return {};
    }
    std::array<bool, 2> can{};
    for (const Side side : kSides)
        can[side] = (order.sides >> side & 1U) != 0 && !tapes_[side]->is_full() && tapes_[side]->can_take(order);
    if (!can[Side::A] && !can[Side::B] && (tapes_[Side::A]->is_full() || tapes_[Side::B]->is_full()))
        return fmt::format("tick {}: '{}' is one step too many; an array can take {}", size(), order_text(order),
                           Tape::kMostSteps - 1);
    if (!can[Side::A] && !can[Side::B])
        return fmt::format("tick {}: '{}' is not possible; possible are {}", size(), order_text(order), possible());
    Tick tick = ticks_.back();
    tick.order = order;
    tick.done = can;
    for (const Side side : kSides)
        if (can[side]) {
            tapes_[side]->take(order);
            tick.step[side]++;
        }
    ticks_.push_back(std::move(tick));
    entries_.push_back({order, end()});
    heed_step(end());
    note_difference();
    return {};
}

std::string Duel::possible() const {
    std::set<std::string> orders;
    for (const Side side : kSides) {
        if (tapes_[side]->last().may_be_cut) orders.insert("'cut'");
        for (const Order& option : tapes_[side]->options()) orders.insert("'" + order_text(option) + "'");
    }
    return orders.empty() ? "no steps: both arrays are at an end" : fmt::format("{}", fmt::join(orders, ", "));
}

void Duel::wish(const Order& order) {
    entries_.push_back({order, end()});
    heed_wish(order);
}

bool Duel::advance() {
    const std::optional<Order> order = next();
    return order && give(*order).empty();
}

void Duel::play(std::size_t most, bool release) {
    Order let_go;
    let_go.kind = Order::Kind::Release;
    let_go.name = "all";
    while (end() < most) {
        if (advance()) continue;
        if (!release || standstill() != Standstill::Held) return;
        wish(let_go);
    }
}

// ---- what follows

std::optional<Order> Duel::next() const {
    if (tapes_[Side::A]->is_full() || tapes_[Side::B]->is_full()) return std::nullopt;
    std::optional<Order> order = due_bio(false);
    if (!order) order = first_option({Choice::Kind::Run, Choice::Kind::Grace});
    if (!order) order = due_bio(true);
    if (!order) order = first_option({Choice::Kind::Fire, Choice::Kind::Timeout});
    if (!order) return std::nullopt;
    order->sides = 0;
    for (const Side side : kSides)  // a side that could do it, but is not allowed to, is left out
        if (!tapes_[side]->can_take(*order) || is_allowed(side, *order)) order->sides |= 1U << side;
    return order;
}

std::optional<Order> Duel::due_bio(bool ahead_of_time) const {
    std::optional<Order> best;
    std::uint64_t best_due = ahead_of_time ? ~std::uint64_t{0} : size() + 1;
    for (const Side side : kSides)
        for (const Order& option : tapes_[side]->options()) {
            if (option.how != Choice::Kind::Complete || !is_allowed(side, option)) continue;
            const std::uint64_t due = due_of(side, option.name);
            if (due >= best_due) continue;
            best = option;
            best_due = due;
        }
    return best;
}

std::uint64_t Duel::due_of(Side side, const std::string& bio) const {
    const Wishes& wishes = wishes_[side];
    const auto wished = wishes.due.find(bio);
    if (wished != wishes.due.end()) return wished->second;
    const auto born = wishes.born.find(bio);
    return born == wishes.born.end() ? 0 : born->second + kLatency;
}

std::optional<Order> Duel::first_option(std::initializer_list<Choice::Kind> kinds) const {
    for (const Side side : kSides)
        for (const Order& option : tapes_[side]->options())
            if (std::ranges::find(kinds, option.how) != kinds.end() && is_allowed(side, option)) return option;
    return std::nullopt;
}

bool Duel::is_allowed(Side side, const Order& option) const {
    if (option.how == Choice::Kind::Complete) return !wishes_[side].held.contains(option.name);
    return !stop_tasks_.contains(option.name) || wishes_[side].started.contains(option.name);
}

Standstill Duel::standstill() const {
    if (next()) return Standstill::No;
    if (tapes_[Side::A]->is_full() || tapes_[Side::B]->is_full()) return Standstill::Full;
    if (!waiting_tasks().empty()) return Standstill::NotBegun;
    for (const Side side : kSides)
        if (tapes_[side]->moment() == Moment::Open) return Standstill::Held;
    return Standstill::Ended;
}

std::vector<std::string> Duel::waiting_tasks() const {
    std::vector<std::string> names;
    for (const std::string& task : stop_tasks_)
        if (std::ranges::any_of(kSides, [&](Side side) {
                Order run;
                run.name = task;
                return !is_started(side, task) && tapes_[side]->can_take(run);
            }))
            names.push_back(task);
    return names;
}

bool Duel::is_started(Side side, const std::string& task) const {
    return !stop_tasks_.contains(task) || wishes_[side].started.contains(task);
}

std::vector<std::string> Duel::stop_tasks() const {
    std::vector<std::string> names;
    for (const ScenarioTask& task : tapes_[Side::A]->scenario().tasks)
        if (stop_tasks_.contains(task.name)) names.push_back(task.name);
    return names;
}

// ---- wishes

// What the step of this tick says about later ones, and the bios it has made.
void Duel::heed_step(std::size_t tick) {
    const Order& order = ticks_[tick].order;
    for (const Side side : kSides) {
        if (ticks_[tick].done[side]) {
            wishes_[side].held.erase(order.name);
            if (is_cut(order)) {  // nobody holds what is gone
                wishes_[side].held.clear();
                wishes_[side].held_kinds.clear();
            }
            if (order.how == Choice::Kind::Run) wishes_[side].started.insert(order.name);
        }
        meet_bios(side, tick);
    }
}

void Duel::meet_bios(Side side, std::size_t tick) {
    Wishes& wishes = wishes_[side];
    for (const BioAt& bio : at(side, tick).bios)
        if (wishes.born.emplace(bio.name, tick).second &&
            std::ranges::any_of(wishes.held_kinds, [&](const std::string& kind) { return means(kind, bio.name); }))
            wishes.held.insert(bio.name);
    ticks_[tick].held[side].assign(wishes.held.begin(), wishes.held.end());
}

void Duel::heed_wish(const Order& order) {
    for (const Side side : kSides) {
        if ((order.sides >> side & 1U) == 0) continue;
        Wishes& wishes = wishes_[side];
        switch (order.kind) {
            case Order::Kind::Start:
                wishes.started.insert(order.name);
                break;
            case Order::Kind::Hold:
                hold(side, order.name);
                break;
            case Order::Kind::Release:
                std::erase_if(wishes.held, [&](const std::string& bio) { return means(order.name, bio); });
                if (order.name == "all") wishes.held_kinds.clear();
                wishes.held_kinds.erase(order.name);
                break;
            case Order::Kind::Due:
                wishes.due[order.name] = order.tick;
                break;
            case Order::Kind::Step:
                break;
        }
        ticks_.back().held[side].assign(wishes.held.begin(), wishes.held.end());
    }
}

// A bio by its name, also one that is still to come; or every one of a kind, those in flight too.
void Duel::hold(Side side, const std::string& what) {
    Wishes& wishes = wishes_[side];
    wishes.held_kinds.insert(what);
    for (const BioAt& bio : at(side, end()).bios)
        if (means(what, bio.name)) wishes.held.insert(bio.name);
}

// ---- backwards

void Duel::cut(std::size_t tick) {
    if (tick >= end()) return;
    const std::vector<Entry> entries = std::move(entries_);
    const std::vector<Tick> ticks(ticks_.begin(), ticks_.begin() + static_cast<std::ptrdiff_t>(tick) + 1);
    for (const Side side : kSides) tapes_[side]->cut(ticks.back().step[side] + 1);
    if (first_difference_ && *first_difference_ > tick) first_difference_.reset();
    entries_.clear();
    wishes_ = {};
    ticks_.assign(1, ticks.front());
    for (const Side side : kSides) meet_bios(side, 0);
    for (const Entry& entry : entries) {
        if (entry.tick > tick) break;
        entries_.push_back(entry);
        if (is_wish(entry.order)) {
            heed_wish(entry.order);
        } else {
            ticks_.push_back(ticks[entry.tick]);
            heed_step(entry.tick);
        }
    }
}

void Duel::replay_with(std::size_t tick, const Order& wish) {
    const std::size_t old_end = end();
    const bool had_ended = standstill() == Standstill::Ended;
    std::vector<Entry> later;
    for (const Entry& entry : entries_)
        if (entry.tick > tick && is_wish(entry.order)) later.push_back(entry);
    cut(tick);
    this->wish(wish);
    auto next_wish = later.begin();
    while (end() < old_end || had_ended) {
        while (next_wish != later.end() && next_wish->tick <= end()) this->wish((next_wish++)->order);
        if (advance()) continue;
        if (next_wish == later.end()) return;
        this->wish((next_wish++)->order);  // it may be what everybody waits for
    }
}

// ---- looking

Schedule Duel::schedule(std::size_t tick) const {
    Schedule schedule;
    for (const Entry& entry : entries_)
        if (entry.tick <= tick) schedule.push_back(entry.order);
    return schedule;
}

void Duel::note_difference() {
    if (first_difference_) return;
    if (looks(at(Side::A, end()), ticks_.back().held[Side::A]) !=
        looks(at(Side::B, end()), ticks_.back().held[Side::B]))
        first_difference_ = end();
}

std::optional<std::size_t> Duel::tick_of(Side side, std::size_t step) const {
    const auto found = std::ranges::lower_bound(ticks_, step, {}, [side](const Tick& tick) { return tick.step[side]; });
    if (found == ticks_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - ticks_.begin());
}

Scenario opponent_of(const Scenario& scenario) {
    const std::string versus = !scenario.versus.empty()                  ? scenario.versus
                               : scenario.variants.name("fix") == "none" ? "fix upstream"
                                                                         : "fix none";
    Result<Scenario> other = with_pairs(scenario, versus);
    return other ? *other : scenario;
}

}  // namespace mdscope
