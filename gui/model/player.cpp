// SPDX-License-Identifier: MIT

#include "gui/model/player.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "engine/md/bitmap/home.hpp"
#include "gui/model/lane_rows.hpp"

namespace mdscope::gui {

namespace {

Order wish(Order::Kind kind, const std::string& name, unsigned sides) {
    Order order;
    order.kind = kind;
    order.name = name;
    order.sides = sides;
    return order;
}

// Orders of tasks and bios that another array does not know are left out when a schedule is carried over to it: only
// wishes are, and they may come to nothing.
Schedule wishes_of(const Schedule& schedule) {
    Schedule wishes;
    std::ranges::copy_if(schedule, std::back_inserter(wishes),
                         [](const Order& order) { return order.kind != Order::Kind::Step; });
    return wishes;
}

// What the second array has instead: the rows that are always told, and those in which it differs.
std::string versus_text(const Scenario& a, const Scenario& b) {
    std::string text;
    for (const Variant& variant : all_variants())
        if (variant.facts->told == Told::Always || &a.variants.row(variant) != &b.variants.row(variant))
            text += fmt::format("{} {} ", variant.name(), b.variants.row(variant).name);
    return text + "bitmap " + b.bitmap;
}

}  // namespace

Player::Player(const Scenario& scenario) {
    if (const std::string wrong = open(scenario); !wrong.empty()) throw std::runtime_error(wrong);
}

std::string Player::open(const Scenario& scenario) {
    if (std::string wrong = load(scenario, opponent_of(scenario), scenario.playhead); !wrong.empty()) return wrong;
    branches_.clear();
    forks_ = 0;
    branch_name_ = "main";
    return {};
}

std::string Player::change(const Scenario& a, const Scenario& b) {
    Scenario first = a;
    first.schedule = wishes_of(duel_->schedule(end()));
    return play_instead(first, b);
}

std::string Player::play_instead(const Scenario& a, const Scenario& b) {
    const Branch left = present();
    if (std::string wrong = load(a, b, 0); !wrong.empty()) return wrong;
    if (branches_.size() < kMostBranches) branches_.push_back(left);
    branch_name_ = fmt::format("fork {}", ++forks_);
    return {};
}

// Nothing changes unless all of it can be had.
std::string Player::load(const Scenario& a, const Scenario& b, std::optional<std::size_t> tick) {
    try {
        auto duel = std::make_unique<Duel>(a, b);
        auto foresight = std::make_unique<Foresight>(*duel);
        foresight_ = std::move(foresight);  // the old one looks at the old duel
        duel_ = std::move(duel);
    } catch (const std::exception& error) {
        return error.what();
    }
    tick_ = std::min(tick.value_or(end()), end());
    playing_ = false;
    pause_at_.reset();
    changed();
    return {};
}

Scenario Player::to_share() const {
    Scenario scenario = this->scenario(Side::A);
    scenario.versus = versus_text(scenario, this->scenario(Side::B));
    scenario.schedule = duel_->schedule(end());
    scenario.playhead = tick_;
    return scenario;
}

void Player::changed() {
    version_++;
    seen_.reset();
}

// ---- time

void Player::go_to(std::size_t tick) {
    tick_ = std::min(tick, end());
    play(false);
}

bool Player::step() {
    if (!look_ahead()) return false;
    tick_++;
    return true;
}

bool Player::look_ahead() {
    if (!at_end()) return true;
    if (end() >= kMostTicks || !duel_->advance()) return false;
    changed();
    return true;
}

void Player::step_back() {
    go_to(tick_ == 0 ? 0 : tick_ - 1);
}

void Player::to_change(int direction) {
    const auto counters = [this](std::size_t tick) {
        std::array<int, 4> values{};
        for (const Side side : kSides) {
            const SnapshotArray& array = duel_->at(side, tick).snapshot.array;
            values[side * 2U] = array.pending_writes;
            values[side * 2U + 1] = array.bitmap_pending_writes;
        }
        return values;
    };
    std::size_t tick = tick_;
    const auto here = [&] { return direction < 0 ? tick > 0 : tick < end(); };
    while (here()) {
        const std::size_t before = tick;
        tick = direction < 0 ? tick - 1 : tick + 1;
        const bool moved =
            direction < 0 ? tick > 0 && counters(tick) != counters(tick - 1) : counters(before) != counters(tick);
        if (moved) break;
    }
    go_to(tick);
}

Standstill Player::standstill() const {
    return at_end() ? duel_->standstill() : Standstill::No;
}

void Player::play(bool on) {
    playing_ = on;
    owed_ = 0;
}

void Player::pass(double seconds) {
    if (!playing_) return;
    owed_ += std::min(seconds, 0.25) * speed_ * kTicksPerSecond;
    while (owed_ >= 1 && playing_) {
        owed_ -= 1;
        if (!gate_() || !step() || (pause_at_ && tick_ == *pause_at_)) play(false);
    }
}

void Player::play_to_end() {
    duel_->play(kMostTicks, false);
    changed();
    go_to(end());
}

// ---- hands

std::string Player::order(const Order& order) {
    keep_future();
    std::string wrong = duel_->give(order);
    changed();
    if (wrong.empty() && order.kind == Order::Kind::Step) tick_ = end();
    return wrong;
}

// A future that is left is kept under a name, and the run goes on from the playhead.
void Player::keep_future() {
    if (at_end()) return;
    if (branches_.size() == kMostBranches) branches_.erase(branches_.begin());
    branches_.push_back(present());
    branch_name_ = fmt::format("fork {}", ++forks_);
    duel_->cut(tick_);
    changed();
}

Branch Player::present() const {
    return {branch_name_, to_share(), scenario(Side::B), tick_};
}

std::string Player::fork() {
    if (branches_.size() == kMostBranches) return fmt::format("there are {} branches already", kMostBranches);
    branches_.push_back(present());
    branch_name_ = fmt::format("fork {}", ++forks_);
    return {};
}

std::string Player::switch_to(std::size_t branch) {
    const Branch wanted = branches_[branch];
    const Branch left = present();
    if (std::string wrong = load(wanted.a, wanted.b, wanted.tick); !wrong.empty()) return wrong;
    branches_[branch] = left;
    branch_name_ = wanted.name;
    return {};
}

std::string Player::restore(const Branch& bookmark) {
    std::string wrong = load(bookmark.a, bookmark.b, bookmark.tick);
    if (wrong.empty()) branch_name_ = bookmark.name;
    return wrong;
}

std::string Player::stop(unsigned sides) {
    const std::vector<std::string> tasks = duel_->waiting_tasks();
    if (tasks.empty()) return stop_again(sides);
    std::string wrong;
    for (const std::string& task : tasks)
        if (wrong.empty()) wrong = order(wish(Order::Kind::Start, task, sides));
    return wrong;
}

// A stop that was refused, because a write had the disk open, is over; a person at a shell would try once more.
std::string Player::stop_again(unsigned sides) {
    const auto goes_on = [&](const std::string& task) {
        return std::ranges::any_of(kSides, [&](Side side) {
            return std::ranges::find(duel_->at(side, tick_).snapshot.tasks, task, &SnapshotTask::comm) !=
                   duel_->at(side, tick_).snapshot.tasks.end();
        });
    };
    const auto is_running = [&](Side side) {
        const TapeStep& step = duel_->at(side, tick_);
        const std::string& state = step.snapshot.array.state;
        return step.moment != Moment::Crash && state != "clear" && state != "inactive";
    };
    const std::vector<std::string> done = duel_->stop_tasks();
    if (done.empty() || std::ranges::any_of(done, goes_on) || !std::ranges::any_of(kSides, is_running))
        return "the teardown has begun already, or this scenario has none";
    const auto& all = scenario(Side::A).tasks;
    const auto last = std::ranges::find(all, done.back(), &ScenarioTask::name);
    if (last == all.end()) return "the teardown has begun already, or this scenario has none";
    if (std::string wrong = with_task(last->statements, "stopper"); !wrong.empty()) return wrong;
    return stop(sides);
}

std::string Player::hold(const std::string& what, unsigned sides) {
    return order(wish(Order::Kind::Hold, what, sides));
}

std::string Player::release(const std::string& what, unsigned sides) {
    return order(wish(Order::Kind::Release, what, sides));
}

std::string Player::end_bio(const std::string& bio, bool well, unsigned sides) {
    Order step = wish(Order::Kind::Step, bio, sides);
    step.how = well ? Choice::Kind::Complete : Choice::Kind::Fail;
    const bool allowed = std::ranges::all_of(kSides, [&](Side side) { return scenario(side).errors > 0; });
    if (well || allowed) return order(step);
    // A bio may fail only in a scenario that says how many may; one more is allowed, and what was done is done again.
    Scenario a = to_share(), b = scenario(Side::B);
    a.schedule = duel_->schedule(tick_);
    a.errors++;
    b.errors++;
    keep_future();
    if (std::string wrong = load(a, b, std::nullopt); !wrong.empty()) return wrong;
    return order(step);
}

std::string Player::write(std::uint64_t chunk) {
    Statement statement;
    statement.kind = Statement::Kind::Write;
    statement.chunk = chunk;
    return with_task({statement}, "writer");
}

std::string Player::fail(const std::string& member) {
    Statement statement;
    statement.kind = Statement::Kind::Fail;
    statement.member = member;
    return with_task({statement}, "fail");
}

// A task more is a scenario more; those before it keep their names, so what was done is done again. With external
// metadata a write waits until mdmon has recorded that the array is not clean any more: with nobody there it would wait
// for ever, and no stop gets a disk that is open.
std::string Player::with_task(const std::vector<Statement>& statements, const std::string& name) {
    Scenario a = to_share(), b = scenario(Side::B);
    std::size_t number = 1;
    const auto is_taken = [&] {
        return std::ranges::any_of(
            a.tasks, [&](const ScenarioTask& task) { return task.name == fmt::format("{}{}", name, number); });
    };
    while (is_taken()) number++;
    for (Scenario* scenario : {&a, &b}) scenario->tasks.push_back({fmt::format("{}{}", name, number), statements});
    a.schedule = duel_->schedule(tick_);
    keep_future();
    const bool mdmon_of_a = a.mdmon, mdmon_of_b = b.mdmon;
    for (Scenario* scenario : {&a, &b})
        scenario->mdmon = scenario->mdmon || bitmap_home(scenario->bitmap) == BitmapHome::External;
    if (std::string wrong = load(a, b, std::nullopt); wrong.empty()) return wrong;
    a.mdmon = mdmon_of_a;  // it would have acted among what was done before
    b.mdmon = mdmon_of_b;
    return load(a, b, std::nullopt);
}

std::string Player::move_completion(const std::string& bio, std::size_t to_tick) {
    return replay_end(bio, to_tick, true);
}

std::string Player::try_completion(const Branch& base, const std::string& bio, std::size_t to_tick) {
    if (std::string wrong = restore(base); !wrong.empty()) return wrong;
    return replay_end(bio, to_tick, false);
}

std::string Player::replay_end(const std::string& bio, std::size_t to_tick, bool keeps) {
    std::optional<std::size_t> born;
    for (std::size_t tick = 0; tick <= end() && !born; tick++)
        for (const Side side : kSides)
            if (std::ranges::find(duel_->at(side, tick).bios, bio, &BioAt::name) != duel_->at(side, tick).bios.end())
                born = tick;
    if (!born) return fmt::format("there is no write '{}' in this run", bio);
    const std::size_t at = std::max(to_tick, *born + 1);
    if (keeps && branches_.size() < kMostBranches) branches_.push_back(present());
    if (keeps) branch_name_ = fmt::format("fork {}", ++forks_);
    // It may have been held, and others may have been let go later: only this one's end is meant.
    const std::size_t from = std::min(*born, at - 1);
    Order due = wish(Order::Kind::Due, bio, Order::kBoth);
    due.tick = at;
    duel_->replay_with(from, wish(Order::Kind::Release, bio, Order::kBoth));
    duel_->replay_with(from, due);
    changed();
    tick_ = std::min(tick_, end());
    return {};
}

// ---- what is seen

void Player::set_detail(TreeDetail detail) {
    detail_ = detail;
    changed();
}

void Player::follow(const std::string& bio) {
    if (followed_ == bio) return;
    followed_ = bio;
    seen_.reset();
}

const MomentView& Player::view() {
    const std::pair key(version_, tick_);
    if (seen_ == key) return view_;
    for (const Side side : kSides) see(side);
    view_.rows = tree_rows(view_.sides[Side::A].tree, view_.sides[Side::B].tree);
    view_.now = now(*duel_, tick_, *foresight_);
    view_.first_difference = duel_->first_difference();
    seen_ = key;
    lanes_version_ = version_;
    return view_;
}

void Player::see(Side side) {
    SideView& view = view_.sides[side];
    view.step = &duel_->at(side, tick_);
    view.tree = stop_tree(*duel_, side, tick_, foresight_->of(side),
                          foresight_->of(side == Side::A ? Side::B : Side::A), detail_);
    view.few = detail_ == TreeDetail::Short
                   ? view.tree
                   : stop_tree(*duel_, side, tick_, foresight_->of(side),
                               foresight_->of(side == Side::A ? Side::B : Side::A), TreeDetail::Short);
    view.ending = completions(*duel_, side, tick_, foresight_->of(side));
    view.covers = who_waits(*duel_, side, tick_, foresight_->of(side));
    view.waits = waits(*duel_, side, tick_);
    view.why = why(*duel_, side, tick_, *foresight_, followed_);
    view.status = status_of(*duel_, side, tick_, foresight_->of(side));
    view.mddev_pending = counter_at(*duel_, side, tick_, mdscope::Counter::Mddev);
    view.bitmap_pending = counter_at(*duel_, side, tick_, mdscope::Counter::Bitmap);
    if (lanes_version_ == version_) return;
    view.lanes = detail_ == TreeDetail::Short ? condensed(lanes(*duel_, side), duel_->exhibit()) : lanes(*duel_, side);
    view.mddev_steps = counter_steps(*duel_, side, mdscope::Counter::Mddev);
    view.bitmap_steps = counter_steps(*duel_, side, mdscope::Counter::Bitmap);
}

}  // namespace mdscope::gui
