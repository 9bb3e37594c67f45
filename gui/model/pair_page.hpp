// SPDX-License-Identifier: MIT
// Two mounted arrays side by side, as `mdscope pair DIR` makes them: what is done is done to both, and what they do is
// shown on one axis of real time.
//
//   DIR/a  LiveLab --.                               .--> hold, stop, release: the same stores into the files of both
//                     |--> PairPage (each frame: poll)
//   DIR/b  LiveLab --'                               '--> make, write, umount: `mdscope pair DIR VERB`, a process
//
// Each array has a clock of its own, which began when it was mounted. How far a clock lies behind this process's is
// learned from when snapshots come: the least that was ever seen is the nearest to the truth.
//
// The processes are not the window's: who closes it or kills it loses neither an array nor a copy that is under way.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/story/tell/mounted.hpp"
#include "gui/live/live_lab.hpp"
#include "gui/live/mount_process.hpp"
#include "gui/model/mounted_tree.hpp"

namespace mdscope::gui {

struct PairArray {
    std::string letter, mount_point;
    std::unique_ptr<LiveLab> lab;
    std::shared_ptr<const LiveView> view;
    std::shared_ptr<const HistoryWindow> history;
    Mounted seen;                               // of the view's snapshot
    std::shared_ptr<const Snapshot> snapshot;   // what `seen` was made of; null: nothing was read so far
    std::vector<std::string> members;           // the names of those it had last, sorted; stopped, it has none
    std::optional<LiveClock::duration> behind;  // this clock less the array's
    std::optional<LiveClock::time_point> stop_asked_at;
    // Its last stop, on its own clock; to_ns 0: it is not over.
    struct Stop {
        std::uint64_t from_ns = 0, to_ns = 0;
    };
    std::optional<Stop> stop;

    [[nodiscard]] std::string kernel() const;         // "fix none"
    [[nodiscard]] bool is_down() const;               // stopped or crashed, and nothing runs that would change it
    [[nodiscard]] const LiveResult* failure() const;  // of the last command; nullptr: it went well, or there was none
    // The array's clock at a moment of this one; 0: before it began, or nobody knows.
    [[nodiscard]] std::uint64_t ns_at(LiveClock::time_point at) const;
};

class PairPage {
   public:
    enum class Workload { Blocks, Tree, Fio };

    PairPage(std::string folder, std::function<void()> wake, const LiveOptions& options);

    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] const PairArray& side(std::size_t index) const { return arrays_[index]; }
    [[nodiscard]] LiveClock::time_point now() const { return now_; }  // of the last poll

    void poll(bool visible);
    void set_visible(bool visible);
    [[nodiscard]] std::optional<int> next_frame_ms() const;
    [[nodiscard]] bool is_there() const;  // snapshots of both

    // ---- done to both
    void hold(bool on);
    void stop();
    void release();
    void assemble();
    void write();  // the workload that is chosen
    [[nodiscard]] bool can_write() const;
    [[nodiscard]] bool has_written() const { return has_written_; }  // since both were assembled, as far as is known
    void take_down();
    [[nodiscard]] bool holds() const;  // bitmap writes, in both
    [[nodiscard]] bool can_stop() const;
    [[nodiscard]] bool can_assemble() const;  // one does not run, and nothing is held
    [[nodiscard]] std::size_t held() const;
    [[nodiscard]] bool is_working() const { return process_ != nullptr; }
    [[nodiscard]] const MountProgress* progress() const { return progress_.get(); }
    void forget_progress();
    [[nodiscard]] bool is_taken_down() const;  // and nothing is left to be shown

    // ---- told
    [[nodiscard]] std::string sentence() const;  // of both: the worse first
    [[nodiscard]] std::string second() const;
    // The lines of the stop of both, with where they are. REQUIRES: is_there()
    const std::vector<TreeRow>& tree_rows();
    // Since when they have been in different states, for good.
    [[nodiscard]] std::optional<LiveClock::time_point> first_difference() const { return difference_; }
    // They were in different states when they were first looked at: since when, nobody here knows.
    [[nodiscard]] bool differed_before() const { return differed_before_; }

    Workload workload = Workload::Blocks;
    std::string tree;  // the folder whose files are copied
    std::chrono::milliseconds span{24'000};
    bool shows_why = false;  // in the tree's place

   private:
    void note_difference();
    void begin(std::vector<std::string> verbs);

    const std::string folder_;
    const std::function<void()> wake_;
    std::array<PairArray, 2> arrays_;
    MountedTree tree_;
    LiveClock::time_point now_{};
    std::optional<LiveClock::time_point> differs_since_, difference_;
    std::unique_ptr<MountProcess> process_;
    std::shared_ptr<const MountProgress> progress_;
    bool takes_down_ = false, has_written_ = false;
    bool was_there_ = false, differed_before_ = false;
};

// A folder for a pair that is not there yet, beside where labs go.
std::string suggest_pair_folder();
// Folders whose a and b are both mounted.
std::vector<std::string> mounted_pairs(const std::vector<MountedLab>& mounts);

}  // namespace mdscope::gui
