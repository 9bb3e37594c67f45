// SPDX-License-Identifier: MIT
// What is played: two arrays on one schedule, the playhead, and the futures that were left behind.
//
//   start ----------+-----------*---------------> end       the playhead is anywhere from the start to the end
//                    \                                       an order given before the end forks: what came later
//                     +----------> "fork 1"                  stays as a branch
//
// Everything that is drawn is asked from here for the tick under the playhead and is made once for it. Nothing here
// knows ImGui; time comes in as seconds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/story/draw/lanes.hpp"
#include "engine/story/tell/narration.hpp"
#include "gui/model/tree_rows.hpp"

namespace mdscope::gui {

// What there is to say about one array at the playhead.
struct SideView {
    const TapeStep* step = nullptr;
    std::vector<TreeLine> tree;
    std::vector<TreeLine> few;  // the same in few lines, whatever the detail
    std::vector<Cover> covers;
    std::vector<Cover> ending;  // completions that have begun
    std::vector<Wait> waits;
    std::vector<Lane> lanes;  // of the whole run
    std::vector<mdscope::CounterStep> mddev_steps, bitmap_steps;
    std::vector<Link> why;
    Status status = Status::Running;
    int mddev_pending = 0, bitmap_pending = 0;
};

struct MomentView {
    std::array<SideView, 2> sides;
    std::vector<TreeRow> rows;  // of both trees
    Now now;
    std::optional<std::size_t> first_difference;
};

struct Branch {
    std::string name;
    Scenario a, b;  // a has the schedule
    std::size_t tick = 0;
};

class Player {
   public:
    static constexpr std::size_t kMostTicks = 20'000;
    static constexpr std::size_t kMostBranches = 32;

    // Throws std::runtime_error: the scenario cannot be set up, or its schedule cannot be run.
    explicit Player(const Scenario& scenario);

    // Another scenario; what was there is forgotten, branches too. On an error nothing changes.
    std::string open(const Scenario& scenario);
    // The same with other axes, homes, sizes; the wishes are kept as far as they still make sense.
    std::string change(const Scenario& a, const Scenario& b);
    // Another run, from its start; the present one becomes a branch.
    std::string play_instead(const Scenario& a, const Scenario& b);
    [[nodiscard]] const Scenario& scenario(Side side) const { return duel_->tape(side).scenario(); }
    // What `mdscope run` and a colleague's window need to be here: a's scenario, versus, schedule, playhead.
    [[nodiscard]] Scenario to_share() const;

    [[nodiscard]] Duel& duel() { return *duel_; }
    [[nodiscard]] const Duel& duel() const { return *duel_; }
    [[nodiscard]] Foresight& foresight() { return *foresight_; }
    [[nodiscard]] const MomentView& view();  // at the playhead
    void set_detail(TreeDetail detail);
    void follow(const std::string& bio);  // the write that `why` is about, where there are several; empty: any
    [[nodiscard]] TreeDetail detail() const { return detail_; }

    // ---- time

    [[nodiscard]] std::size_t tick() const { return tick_; }
    [[nodiscard]] std::size_t end() const { return duel_->end(); }
    [[nodiscard]] bool at_end() const { return tick_ == end(); }
    void go_to(std::size_t tick);  // clamped; pauses
    bool step();                   // false: nothing happens by itself, see standstill()
    void step_back();
    void to_change(int direction);                // the next (+1) or previous (-1) tick at which a counter moves
    [[nodiscard]] Standstill standstill() const;  // No while there is something recorded ahead
    [[nodiscard]] bool is_playing() const { return playing_; }
    void play(bool on);
    void pass(double seconds);  // moves the playhead if it plays
    void play_to_end();         // of the run, as far as it goes by itself
    void pause_at(std::optional<std::size_t> tick) { pause_at_ = tick; }
    // Asked before each step that is played; false pauses.
    void set_gate(std::function<bool()> gate) { gate_ = std::move(gate); }
    bool look_ahead();  // records the next tick without going there; false: there is none
    [[nodiscard]] double speed() const { return speed_; }
    void set_speed(double speed) { speed_ = speed; }  // 1: kTicksPerSecond
    static constexpr double kTicksPerSecond = 16;

    // ---- hands. At the playhead; what came later is kept as a branch. Empty, or why it is not possible.

    std::string order(const Order& order);
    std::string stop(unsigned sides = Order::kBoth);
    std::string hold(const std::string& what, unsigned sides = Order::kBoth);
    std::string release(const std::string& what, unsigned sides = Order::kBoth);
    std::string end_bio(const std::string& bio, bool well, unsigned sides = Order::kBoth);
    // Cuts the power of both, as `words` say (schedule.hpp), and records what comes after it; then that is played. An
    // array whose scenario knows nothing of it is built again as one that does, small, and comes to here again.
    std::string pull_plug(const std::string& words);
    [[nodiscard]] std::optional<std::size_t> tick_of_cut() const;  // the last up to the playhead
    std::string write(std::uint64_t chunk);                        // by a new task
    std::string fail(const std::string& member);
    // As if the bio had been let end at that tick: from its beginning on the run is played again.
    std::string move_completion(const std::string& bio, std::size_t to_tick);

    // The same, of `base` and kept nowhere: for as long as somebody only tries.
    std::string try_completion(const Branch& base, const std::string& bio, std::size_t to_tick);

    std::string fork();
    [[nodiscard]] const std::vector<Branch>& branches() const { return branches_; }
    std::string switch_to(std::size_t branch);  // the present one becomes a branch
    [[nodiscard]] const std::string& branch_name() const { return branch_name_; }

    // All of this run and where the playhead is, to come back to; what restore() leaves is kept nowhere.
    [[nodiscard]] Branch bookmark() const { return present(); }
    std::string restore(const Branch& bookmark);

    [[nodiscard]] std::uint64_t version() const { return version_; }  // grows when the run changes

   private:
    void keep_future();
    std::string replay_end(const std::string& bio, std::size_t to_tick, bool keeps);
    [[nodiscard]] Branch present() const;
    std::string load(const Scenario& a, const Scenario& b, std::optional<std::size_t> tick);
    std::string put_on_a_plug();
    std::string with_task(const std::vector<Statement>& statements, const std::string& name);
    std::string stop_again(unsigned sides);
    void changed();
    void see(Side side);

    std::unique_ptr<Duel> duel_;
    std::unique_ptr<Foresight> foresight_;
    std::size_t tick_ = 0;
    bool playing_ = false;
    double speed_ = 0.25;
    double owed_ = 0;  // part of a tick
    std::optional<std::size_t> pause_at_;
    std::function<bool()> gate_ = [] { return true; };
    std::vector<Branch> branches_;
    std::string branch_name_ = "main";
    unsigned forks_ = 0;
    std::uint64_t version_ = 0;
    TreeDetail detail_ = TreeDetail::Short;
    std::string followed_;

    MomentView view_;
    std::optional<std::pair<std::uint64_t, std::size_t>> seen_;  // version and tick that view_ is of
    std::uint64_t lanes_version_ = ~std::uint64_t{0};
};

}  // namespace mdscope::gui
