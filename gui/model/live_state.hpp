// SPDX-License-Identifier: MIT
// What the window keeps of the mode "Live": the array it is attached to, the mount that is being made, and what a
// person typed, chose and scrolled to. Nothing here draws, and nothing here touches a mount: LiveLab and MountProcess
// do, in threads and processes of their own.
//
// All calls come from the thread that draws. `wake` is called from others when there is something new.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/story/tell/mounted.hpp"
#include "gui/live/history.hpp"
#include "gui/live/live_lab.hpp"
#include "gui/live/mount_process.hpp"
#include "gui/live/mounts.hpp"
#include "gui/model/pair_page.hpp"

namespace mdscope::gui {

enum class LiveTab { now, time, control, faults, members, bitmap, events, oops, commands };

// The part of time that plots and lanes show. It follows the newest event, which is at the right edge, until somebody
// moves or freezes it: then nothing scrolls under the mouse. What is known of an array that was attached a moment ago
// fills the width; only when there is more than the wanted span does the left edge move.
struct LiveTime {
    std::uint64_t span_ns = 10'000'000'000;  // as far as so much is known
    std::uint64_t first_ns = 0;              // from when on something is known

    static constexpr std::uint64_t kShortest = 1'000'000, kLongest = 600'000'000'000;
    static constexpr std::uint64_t kLeastKnown = 20'000'000;

    [[nodiscard]] std::uint64_t span(std::uint64_t last_ns) const;  // that is shown
    [[nodiscard]] std::uint64_t right(std::uint64_t last_ns) const;
    [[nodiscard]] std::uint64_t left(std::uint64_t last_ns) const { return right(last_ns) - span(last_ns); }
    [[nodiscard]] std::int64_t quarter(std::uint64_t last_ns) const {
        return static_cast<std::int64_t>(span(last_ns) / 4);
    }
    [[nodiscard]] bool is_frozen() const { return frozen_.has_value(); }
    void freeze(std::uint64_t last_ns);
    void go_live() { frozen_.reset(); }
    void pan(std::int64_t by_ns, std::uint64_t last_ns);
    // `at_ns` stays where it is; without one the right edge does, so that what follows now goes on following.
    void zoom(double factor, std::optional<std::uint64_t> at_ns, std::uint64_t last_ns);

   private:
    struct Frozen {
        std::uint64_t right_ns, span_ns;
    };
    [[nodiscard]] std::uint64_t known(std::uint64_t last_ns) const;
    std::optional<Frozen> frozen_;
};

// What is asked before it is done, since who uses the disk loses something by it.
enum class LiveAsk { stop, stop_by_force, fail, unmount, overwrite };
struct LiveQuestion {
    LiveAsk what = LiveAsk::stop;
    std::string member;       // fail: which one
    bool has_focus = false;   // its Cancel, once that was drawn
    std::string mount_point;  // of the array it is about: it is not asked about another one
};

// The rules that are being written for lab/delay and lab/fail.
struct LiveFaults {
    std::string delay_member = "all", delay_ms = "20", delay_kind;  // no kind: every one
    std::string fail_member = "all", fail_op = "write", fail_kind, skip = "0", count = "1", sectors;
    [[nodiscard]] std::string delay_words() const;  // "sdb 20 data", as the file wants it
    [[nodiscard]] std::string fail_words() const;   // "sda read skip 3 count 1"
};

class LivePage {
   public:
    std::function<void()> wake = [] {};
    LiveOptions options;  // tests make its times short

    // ---- attached or not
    void attach(const std::string& mount_point);
    void detach();
    [[nodiscard]] bool is_attached() const { return lab_ != nullptr; }
    [[nodiscard]] LiveLab& lab() { return *lab_; }                 // REQUIRES: is_attached()
    [[nodiscard]] const LiveView& view() const { return *view_; }  // REQUIRES: is_attached()
    [[nodiscard]] const HistoryWindow& history() const { return *history_; }
    // What the array is up to, in the words of the lab. REQUIRES: the view has a snapshot.
    [[nodiscard]] const Mounted& mounted() const { return mounted_; }

    // Before each frame: takes in what there is. `visible`: somebody sees it.
    void poll(bool visible);
    // As long as the window shows this page: without it the array is looked at once a second.
    void set_visible(bool visible);
    // How long a frame may be good although nobody touches anything; nullopt: until something happens.
    [[nodiscard]] std::optional<int> next_frame_ms() const;
    // For a picture: until there is something to see, at most so long.
    void wait_for_something(std::chrono::milliseconds longest);

    void command(const LiveCommand& command) {
        if (lab_) lab_->command(command);
    }
    // Holds writes of this kind from now on, or does not. Rules add up in the array, so lifting one means writing the
    // others again.
    void hold(BioKind kind, bool on);
    [[nodiscard]] bool holds(BioKind kind) const;  // of the chosen member

    [[nodiscard]] std::string status_line() const;
    // Whether there is an array that could be stopped, and how many writes could be released.
    [[nodiscard]] bool can_stop() const;
    [[nodiscard]] std::uint64_t held_bios() const;

    // ---- asking first
    void ask(LiveAsk what, const std::string& member = "");
    [[nodiscard]] bool is_asking() const { return question.has_value(); }
    std::optional<LiveQuestion> question;

    // ---- making and taking away
    void start_mount();
    void start_unmount();
    [[nodiscard]] const MountProgress* progress() const { return progress_.get(); }
    void forget_progress();
    [[nodiscard]] bool is_mounting() const { return progress_ && !progress_->is_over(); }
    // From the kernel's list, looked at not more than once a second.
    const std::vector<MountedLab>& mounts();

    // ---- a pair
    void start_pair();                          // makes one in pair_folder, and shows it
    void open_pair(const std::string& folder);  // one that is mounted
    void close_pair();
    [[nodiscard]] bool has_pair() const { return pair_ != nullptr; }
    [[nodiscard]] PairPage& pair() { return *pair_; }  // REQUIRES: has_pair()
    std::string pair_folder;                           // empty: one is suggested

    // ---- what a person typed and chose
    std::string attach_text;
    MountPlan plan;
    bool shows_other_rows = false;  // of its kernel: more than a window is high
    bool plan_is_suggested = false;
    LiveTab tab = LiveTab::control;
    LiveTime time;
    LiveFaults faults;
    std::vector<std::string> members;   // the names of those it had last, sorted
    std::string hold_member;            // empty: all of them
    std::optional<std::uint64_t> cell;  // of the bitmap, whose chunks are listed
    std::string event_filter;
    std::shared_ptr<const HistoryWindow> frozen_events;  // while the list is scrolled back
    bool all_tasks = false;          // also those that are not md's: disks, pollers, threads without work
    std::vector<std::string> lanes;  // in the order they came up: lanes do not change places
    std::uint64_t lanes_of_restart = 0;
    std::uint64_t dismissed_result = 0;  // the newest failure that was closed

   private:
    [[nodiscard]] bool shows_ages() const;
    [[nodiscard]] bool is_old() const;  // what is held and who sleeps, all of it
    void want_parts();
    void take_end_of_process();

    std::unique_ptr<LiveLab> lab_;
    std::shared_ptr<const LiveView> view_;
    Mounted mounted_;
    std::shared_ptr<const Snapshot> looked_at_;  // what it was made of
    std::shared_ptr<const HistoryWindow> history_;
    std::unique_ptr<PairPage> pair_;
    bool makes_pair_ = false;  // what process_ does
    std::unique_ptr<MountProcess> process_;
    std::shared_ptr<const MountProgress> progress_;
    std::vector<MountedLab> mounts_;
    LiveClock::time_point mounts_at_{};
};

}  // namespace mdscope::gui
