// SPDX-License-Identifier: MIT
// What the threads of a LiveLab share. Each of them keeps it alive, also those that were left behind in a read that is
// never answered.
//
// One mutex guards everything but the history, which has its own. It is never held during I/O, so whoever waits for it
// waits for copies only; `changed` is notified whenever something under it changed.
//
// An attachment is the time during which one mount process answers. The poller begins it (after it has read who
// answers) and anybody ends it; the stream belongs to one attachment and is opened anew for the next. The history is
// fed under a mutex of its own, together with the number of the attachment: so it is told of a new process before the
// first event of that one, and gets no event of the old one after that.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "gui/live/control_files.hpp"
#include "gui/live/history.hpp"
#include "gui/live/live_commands.hpp"
#include "gui/live/live_lab.hpp"
#include "gui/live/live_view.hpp"
#include "gui/live/mounts.hpp"

namespace mdscope::gui {

enum class News { Quiet, Loud };  // Quiet: in the next view, but not worth waking anybody

struct QueuedCommand {
    std::uint64_t id = 0;
    LiveCommand command;
    LiveClock::time_point queued_at;
    std::optional<LiveClock::time_point> started_at;
    [[nodiscard]] bool quick() const { return is_quick(command.file); }
};

struct LiveCore {
    LiveCore(std::string path, const LiveOptions& the_options);

    static constexpr std::size_t kMaxQueued = 64;

    const LiveOptions options;
    LiveHistory history;
    std::mutex feed_mutex;              // taken before `mutex` if both are
    std::uint64_t feed_attachment = 0;  // whose events go into the history
    Bell bell;                          // rings when the stream's thread has to look up from its poll

    std::mutex mutex;
    std::condition_variable changed;
    bool stopping = false;

    // ---- what the window wants
    bool visible = true;
    bool look_now = false;
    std::array<bool, kParts> wanted{};
    std::optional<std::pair<std::uint64_t, std::uint64_t>> chunks_wanted;

    // ---- what is known
    LiveView view;  // the next one; running commands are filled in when it is published
    MountedLab mount;
    std::optional<News> news;
    std::optional<LiveClock::time_point> asked_at;  // the poller waits for an answer since then
    LiveClock::time_point active_at;                // when something last happened in the array

    // ---- attachment
    std::uint64_t attachment = 0;  // 0: nobody answers
    std::uint64_t attachments = 0;
    LiveClock::time_point away_until;  // until then nothing of the mount is opened

    // ---- commands, oldest first; those that run included
    std::deque<QueuedCommand> queue;
    std::uint64_t commands = 0;

    // Of all this, with the mutex held.
    void tell(News what);
    void note_activity();
    void detach();  // the stream lets go
    void add_result(LiveResult result);
    [[nodiscard]] bool is_away() const { return LiveClock::now() < away_until; }
    [[nodiscard]] const QueuedCommand* blocker_of(std::size_t index) const;
    [[nodiscard]] std::shared_ptr<const LiveView> compose();

    // These take the mutex.
    [[nodiscard]] std::string path_of(const std::string& file);  // "MNT/lab/snapshot"
    [[nodiscard]] MountedLab mount_now();
    // Reads a file of the mount, for the poller's thread alone; the publisher tells when there is no answer.
    [[nodiscard]] Result<std::string> ask(const std::string& file, std::size_t limit);
};

// What the threads do, until core.stopping.
void run_poller(LiveCore& core);
void run_stream(LiveCore& core);
void run_commands(LiveCore& core, bool quick);

}  // namespace mdscope::gui
