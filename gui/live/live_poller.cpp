// SPDX-License-Identifier: MIT
// The thread that reads lab/snapshot, and the files that are wanted beside it. Reading is all it does with the mount
// (and the range of lab/chunks).
//
//   away  --> (the mount goes, or time passes) --> gone --> snapshot read --> attached --> each turn: snapshot, parts
//                                                  ^ every `retry`               | error
//                                                  `-----------------------------'
#include <algorithm>
#include <charconv>

#include "gui/live/live_core.hpp"
#include "gui/live/live_parts.hpp"

namespace mdscope::gui {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kSnapshotLimit = 1 << 20;
constexpr milliseconds kBusyFor{500};  // after something happened

// The snapshot's own time says nothing about the array. It is the first "at_ns" of the text.
bool differs_beside_time(const std::string& one, const std::string& other) {
    constexpr std::string_view kTime = "\"at_ns\":";
    const auto skip = [&](const std::string& text, std::string_view& head, std::string_view& tail) {
        const std::size_t at = std::min(text.find(kTime), text.size());
        const std::size_t end = std::min(text.find_first_not_of("0123456789 ", at + kTime.size()), text.size());
        head = std::string_view(text).substr(0, at);
        tail = std::string_view(text).substr(std::min(end, text.size()));
    };
    std::string_view head, tail, other_head, other_tail;
    skip(one, head, tail);
    skip(other, other_head, other_tail);
    return head != other_head || tail != other_tail;
}

// Snapshots a second, over the last ones.
class Rate {
   public:
    double add(LiveClock::time_point now) {
        times_.push_back(now);
        while (times_.size() > 2 && now - times_.front() > std::chrono::seconds(1)) times_.pop_front();
        const double seconds = std::chrono::duration<double>(times_.back() - times_.front()).count();
        return seconds > 0 ? static_cast<double>(times_.size() - 1) / seconds : 0;
    }

   private:
    std::deque<LiveClock::time_point> times_;
};

class Poller {
   public:
    explicit Poller(LiveCore& core) : core_(core), parts_(core) {}
    void run();

   private:
    bool wait_for_turn();
    milliseconds step_locked() const;
    bool stays_away();
    void turn();
    [[nodiscard]] bool is_attached() const;
    void attach(std::uint64_t at_ns);
    void lost(const Advice& problem);
    bool publish(std::shared_ptr<const Snapshot> snapshot, const std::string& text);
    double event_rate(LiveClock::time_point now);

    LiveCore& core_;
    LiveClock::time_point last_turn_;
    std::string last_text_;
    std::uint64_t last_at_ns_ = 0;
    std::string pid_;  // of the process that answered last
    Rate rate_;
    PartReader parts_;
    LiveClock::time_point events_at_;
    std::uint64_t events_before_ = 0;
    double events_per_second_ = 0;
};

// ---- turns

void Poller::run() {
    {
        std::unique_lock lock(core_.mutex);
        const std::string given = core_.mount.mount_point;
        lock.unlock();
        const std::string path = mount_path_of(given);  // looks at folders, which may hang
        lock.lock();
        core_.mount.mount_point = core_.view.mount_point = path;
    }
    while (wait_for_turn())
        if (!stays_away()) turn();
    if (is_attached()) parts_.give_back();
}

milliseconds Poller::step_locked() const {
    if (core_.view.state != LiveState::Live) return core_.options.retry;
    int hz = core_.options.hidden_hz;
    if (core_.visible)
        hz = LiveClock::now() - core_.active_at < kBusyFor ? core_.options.poll_hz : core_.options.idle_hz;
    return milliseconds(1000 / std::max(hz, 1));
}

// The time between two turns depends on what happens meanwhile. False: it is over.
bool Poller::wait_for_turn() {
    std::unique_lock lock(core_.mutex);
    while (!core_.stopping && !core_.look_now) {
        const LiveClock::time_point due = last_turn_ + step_locked();
        if (LiveClock::now() >= due) break;
        core_.changed.wait_until(lock, due);
    }
    core_.look_now = false;
    last_turn_ = LiveClock::now();
    return !core_.stopping;
}

// Whoever unmounts must not find us there. The kernel's list says when the mount is gone.
bool Poller::stays_away() {
    {
        const std::lock_guard guard(core_.mutex);
        if (!core_.is_away()) return false;
    }
    const bool is_mounted = find_mount(core_.mount_now().mount_point).has_value();
    const std::lock_guard guard(core_.mutex);
    if (!is_mounted && !core_.mount.lab_folder.empty()) core_.away_until = {};
    return core_.is_away();
}

void Poller::turn() {
    const Result<std::string> text = core_.ask("lab/snapshot", kSnapshotLimit);
    if (!text) return lost(advice_for_read(core_.mount_now(), "lab/snapshot", text.error().err));
    const Result<Snapshot> parsed = snapshot_from_json(*text);
    if (!parsed) return lost(advice_for_snapshot(core_.mount_now(), parsed.error().text));
    const auto snapshot = std::make_shared<const Snapshot>(*parsed);
    const bool is_another = snapshot->at_ns < last_at_ns_;  // its clock began anew
    last_at_ns_ = snapshot->at_ns;
    if (is_another || !is_attached()) attach(snapshot->at_ns);
    core_.history.add_sample(*snapshot);
    if (!publish(snapshot, *text)) return;
    last_text_ = *text;
    parts_.turn(*snapshot, last_turn_);
}

// ---- who answers

// The stream's end detaches, at any moment.
bool Poller::is_attached() const {
    const std::lock_guard guard(core_.mutex);
    return core_.attachment != 0;
}

void Poller::attach(std::uint64_t at_ns) {
    const Result<std::string> pid = core_.ask("lab/pid", 64);  // an array without this file is one all the same
    const std::optional<MountedLab> mount = find_mount(core_.mount_now().mount_point);
    const std::string who = pid ? *pid : "";
    const std::lock_guard feed_guard(core_.feed_mutex);
    if (who != pid_ || who.empty()) {
        core_.history.restart();
        core_.history.note_attached(at_ns);
    }
    pid_ = who;
    const std::lock_guard guard(core_.mutex);
    if (core_.is_away()) return;  // the stream ended while this was read
    core_.detach();
    if (mount) core_.mount = *mount;
    core_.view.lab_folder = core_.mount.lab_folder;
    core_.view.pid = 0;
    std::from_chars(who.data(), who.data() + who.size(), core_.view.pid);
    core_.view.parts = {};
    core_.view.chunks = nullptr;
    core_.view.space_problem = {};
    core_.attachment = core_.feed_attachment = ++core_.attachments;
    last_text_.clear();
    parts_.forget();
}

void Poller::lost(const Advice& problem) {
    last_at_ns_ = 0;
    const std::lock_guard guard(core_.mutex);
    if (core_.attachment != 0) core_.detach();
    if (core_.view.state == LiveState::Gone && core_.view.problem == problem) return;
    core_.view.state = LiveState::Gone;
    core_.view.problem = problem;
    core_.view.snapshots_per_second = core_.view.events_per_second = 0;
    core_.tell(News::Loud);
}

// False: what was read is of no interest, for the array asked its readers to go meanwhile.
bool Poller::publish(std::shared_ptr<const Snapshot> snapshot, const std::string& text) {
    const LiveClock::time_point now = LiveClock::now();
    const double events = event_rate(now);
    const bool changed = differs_beside_time(text, last_text_);
    const std::lock_guard guard(core_.mutex);
    if (core_.attachment == 0) return false;
    const bool loud = changed || core_.view.state != LiveState::Live;
    core_.view.state = LiveState::Live;
    core_.view.problem = {};
    core_.view.snapshot = std::move(snapshot);
    core_.view.answered_at = now;
    core_.view.snapshots++;
    core_.view.snapshots_per_second = rate_.add(now);
    core_.view.events_per_second = events;
    if (changed) core_.note_activity();
    core_.tell(loud ? News::Loud : News::Quiet);
    return true;
}

double Poller::event_rate(LiveClock::time_point now) {
    const double seconds = std::chrono::duration<double>(now - events_at_).count();
    if (seconds < 0.5) return events_per_second_;
    const std::uint64_t events = core_.history.losses().received;
    events_per_second_ = events >= events_before_ ? static_cast<double>(events - events_before_) / seconds : 0;
    events_before_ = events;
    events_at_ = now;
    return events_per_second_;
}

}  // namespace

void run_poller(LiveCore& core) {
    Poller(core).run();
}

}  // namespace mdscope::gui
