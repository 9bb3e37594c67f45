// SPDX-License-Identifier: MIT
// The thread that reads lab/trace_pipe into the history, for as long as an attachment lasts.
//
// The file is opened with O_NONBLOCK and waited for with poll, together with a bell: so the thread can be told to let
// go at once. An end of the file means that the array wants its readers to go (somebody unmounts): then everything of
// the mount is let go for a while.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "gui/live/line_splitter.hpp"
#include "gui/live/live_core.hpp"

namespace mdscope::gui {

namespace {

constexpr std::size_t kRead = 256 << 10;
constexpr std::size_t kLongestEventLine = 64 << 10;

class Stream {
   public:
    explicit Stream(LiveCore& core) : core_(core), buffer_(kRead) {}
    void run();

   private:
    std::uint64_t wait_for_attachment();
    bool is_current(std::uint64_t attachment);
    void follow(std::uint64_t attachment);
    void switch_tracing_on();
    bool wait_for_text(int fd) const;
    void take(std::uint64_t attachment, std::string_view text);
    void ended(std::uint64_t attachment);
    void failed(std::uint64_t attachment, int err);
    void set_problem(std::uint64_t attachment, const Advice& problem);

    LiveCore& core_;
    LineSplitter lines_{kLongestEventLine};
    std::vector<char> buffer_;
};

void Stream::run() {
    while (const std::uint64_t attachment = wait_for_attachment()) follow(attachment);
}

// 0: it is over.
std::uint64_t Stream::wait_for_attachment() {
    std::unique_lock lock(core_.mutex);
    core_.changed.wait(lock, [&] { return core_.stopping || core_.attachment != 0; });
    core_.bell.quiet();
    return core_.stopping ? 0 : core_.attachment;
}

bool Stream::is_current(std::uint64_t attachment) {
    const std::lock_guard guard(core_.mutex);
    return !core_.stopping && core_.attachment == attachment;
}

void Stream::follow(std::uint64_t attachment) {
    const Fd pipe(open(core_.path_of("lab/trace_pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!pipe.is_open()) return failed(attachment, errno);
    switch_tracing_on();
    if (lines_.reset()) core_.history.note_unreadable(1);
    while (is_current(attachment)) {
        if (!wait_for_text(pipe.get())) continue;
        const ssize_t got = read(pipe.get(), buffer_.data(), buffer_.size());
        if (got > 0)
            take(attachment, {buffer_.data(), static_cast<std::size_t>(got)});
        else if (got == 0)
            return ended(attachment);
        else if (errno != EAGAIN && errno != EINTR)
            return failed(attachment, errno);
    }
}

// It costs the array next to nothing, so it is not switched off again: another window may be looking, too.
void Stream::switch_tracing_on() {
    if (!read_start(core_.path_of("lab/trace"), 5).starts_with("# off")) return;
    const int err = write_control(core_.path_of("lab/trace"), "on");
    const std::lock_guard guard(core_.mutex);
    core_.view.stream_problem =
        err == 0 ? Advice() : advice_for_store(core_.mount, "lab/trace", "on", err, "", !means_gone(err));
}

// False: the bell rang.
bool Stream::wait_for_text(int fd) const {
    pollfd waiting[] = {{fd, POLLIN, 0}, {core_.bell.fd(), POLLIN, 0}};
    poll(waiting, 2, -1);
    if (waiting[1].revents == 0) return waiting[0].revents != 0;
    core_.bell.quiet();
    return false;
}

// Events that nobody looks up for are in the next view; they wake no window.
void Stream::take(std::uint64_t attachment, std::string_view text) {
    const std::uint64_t before = core_.history.worth_a_look();
    const std::uint64_t too_long = lines_.add(text, [&](std::string_view lines) {
        const std::lock_guard guard(core_.feed_mutex);
        if (core_.feed_attachment == attachment) core_.history.add_lines(lines);
    });
    if (too_long != 0) core_.history.note_unreadable(too_long);
    const int version = core_.history.losses().refused_version;
    Advice problem;
    if (version != 0)
        problem = {"reading lab/trace_pipe", "its stream has version " + std::to_string(version),
                   "This window knows another one: mount the array with the mdscope that came with the window"};
    set_problem(attachment, problem);
    const bool is_loud = core_.history.worth_a_look() != before;
    const std::lock_guard guard(core_.mutex);
    if (is_loud) core_.note_activity();
    core_.tell(is_loud ? News::Loud : News::Quiet);
}

void Stream::set_problem(std::uint64_t attachment, const Advice& problem) {
    const std::lock_guard guard(core_.mutex);
    if (core_.attachment != attachment || core_.view.stream_problem == problem) return;
    core_.view.stream_problem = problem;
    core_.tell(News::Loud);
}

void Stream::ended(std::uint64_t attachment) {
    const std::lock_guard guard(core_.mutex);
    if (core_.attachment != attachment) return;
    core_.away_until = LiveClock::now() + core_.options.stay_away;
    core_.detach();
    core_.view.state = LiveState::Gone;
    core_.view.problem = advice_for_leaving(core_.mount);
    core_.tell(News::Loud);
}

// The mount may be gone, which the poller finds out; or only this file cannot be read, and is tried again.
void Stream::failed(std::uint64_t attachment, int err) {
    if (!means_gone(err) || err == ENOENT)
        set_problem(attachment, advice_for_read(core_.mount_now(), "lab/trace_pipe", err));
    std::unique_lock lock(core_.mutex);
    core_.look_now = true;
    core_.changed.notify_all();
    core_.changed.wait_for(lock, core_.options.retry, [&] { return core_.stopping || core_.attachment != attachment; });
}

}  // namespace

void run_stream(LiveCore& core) {
    if (core.options.trace) Stream(core).run();
}

}  // namespace mdscope::gui
