// The thread that reads lab/snapshot, and the files that are wanted beside it. Reading is all it does with the mount
// (and the range of lab/chunks).
//
//   away  --> (the mount goes, or time passes) --> gone --> snapshot read --> attached --> each turn: snapshot, parts
//                                                  ^ every `retry`               | error
//                                                  `-----------------------------'
#include <sys/statvfs.h>

#include <algorithm>
#include <charconv>

#include "gui/live/live_core.hpp"

namespace mdscope::gui {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kSnapshotLimit = 1 << 20;
constexpr std::size_t kPartLimit = 4 << 20;
constexpr milliseconds kPartPeriod{100};
constexpr milliseconds kSpacePeriod{2000};
constexpr std::uint64_t kLittleSpace = 1 << 20;
constexpr milliseconds kBusyFor{1000};  // after something happened

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
    explicit Poller(LiveCore& core) : core_(core) {}
    void run();

   private:
    bool wait_for_turn();
    milliseconds step_locked() const;
    bool stays_away();
    void turn();
    Result<std::string> ask(const std::string& file, std::size_t limit);
    void attach();
    void lost(const Advice& problem);
    void publish(std::shared_ptr<const Snapshot> snapshot, const std::string& text);
    void read_parts(const Snapshot& snapshot);
    void read_part(Part part);
    void read_chunks();
    void forget_range();
    void look_for_space(const Snapshot& snapshot);
    double event_rate(LiveClock::time_point now);

    LiveCore& core_;
    LiveClock::time_point last_turn_;
    std::string last_text_;
    std::uint64_t last_at_ns_ = 0;
    bool attached_ = false;
    std::string pid_;  // of the process that answered last
    Rate rate_;
    LiveClock::time_point parts_at_, space_at_, events_at_;
    std::uint64_t events_before_ = 0;
    double events_per_second_ = 0;
    std::uint64_t oops_read_ = 0;  // at_ns of the Oops whose text is there; 0: none
    std::string range_written_;
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
    if (attached_) forget_range();
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
    if (attached_ || core_.view.state == LiveState::Live) {
        attached_ = false;
        core_.view.state = LiveState::Gone;
        core_.view.problem = advice_for_leaving(core_.mount);
        core_.tell(News::Loud);
    }
    if (!is_mounted && !core_.mount.lab_folder.empty()) core_.away_until = {};
    return core_.is_away();
}

// Notes when it asks, so that the publisher can tell when there is no answer.
Result<std::string> Poller::ask(const std::string& file, std::size_t limit) {
    const std::string path = core_.path_of(file);
    {
        const std::lock_guard guard(core_.mutex);
        core_.asked_at = LiveClock::now();
        core_.changed.notify_all();
    }
    Result<std::string> text = read_control(path, limit);
    const std::lock_guard guard(core_.mutex);
    core_.asked_at.reset();
    return text;
}

void Poller::turn() {
    const Result<std::string> text = ask("lab/snapshot", kSnapshotLimit);
    if (!text) return lost(advice_for_read(core_.mount_now(), "lab/snapshot", text.error().err));
    const Result<Snapshot> parsed = snapshot_from_json(*text);
    if (!parsed) return lost(advice_for_snapshot(core_.mount_now(), parsed.error().text));
    const auto snapshot = std::make_shared<const Snapshot>(*parsed);
    if (snapshot->at_ns < last_at_ns_) attached_ = false;  // a clock that began anew is another process
    last_at_ns_ = snapshot->at_ns;
    if (!attached_) attach();
    core_.history.add_sample(*snapshot);
    publish(snapshot, *text);
    last_text_ = *text;
    read_parts(*snapshot);
    look_for_space(*snapshot);
}

// ---- who answers

void Poller::attach() {
    const Result<std::string> pid = ask("lab/pid", 64);  // an array without this file is one all the same
    const std::optional<MountedLab> mount = find_mount(core_.mount_now().mount_point);
    const std::string who = pid ? *pid : "";
    const std::lock_guard feed_guard(core_.feed_mutex);
    if (who != pid_ || who.empty()) core_.history.restart();
    pid_ = who;
    const std::lock_guard guard(core_.mutex);
    core_.detach();
    if (mount) core_.mount = *mount;
    core_.view.lab_folder = core_.mount.lab_folder;
    core_.view.pid = 0;
    std::from_chars(who.data(), who.data() + who.size(), core_.view.pid);
    core_.view.parts = {};
    core_.view.chunks = nullptr;
    core_.view.space_problem = {};
    core_.attachment = core_.feed_attachment = ++core_.attachments;
    attached_ = true;
    last_text_.clear();
    oops_read_ = 0;
    range_written_.clear();
}

void Poller::lost(const Advice& problem) {
    attached_ = false;
    last_at_ns_ = 0;
    const std::lock_guard guard(core_.mutex);
    if (core_.attachment != 0) core_.detach();
    if (core_.view.state == LiveState::Gone && core_.view.problem == problem) return;
    core_.view.state = LiveState::Gone;
    core_.view.problem = problem;
    core_.view.snapshots_per_second = core_.view.events_per_second = 0;
    core_.tell(News::Loud);
}

void Poller::publish(std::shared_ptr<const Snapshot> snapshot, const std::string& text) {
    const LiveClock::time_point now = LiveClock::now();
    const double events = event_rate(now);
    const bool changed = differs_beside_time(text, last_text_);
    const std::lock_guard guard(core_.mutex);
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

// ---- what is wanted beside it

void Poller::read_parts(const Snapshot& snapshot) {
    const std::uint64_t oops = snapshot.oops ? std::max<std::uint64_t>(snapshot.oops->at_ns, 1) : 0;
    const bool due = last_turn_ - parts_at_ >= kPartPeriod;
    std::array<bool, kParts> wanted{};
    {
        const std::lock_guard guard(core_.mutex);
        for (std::size_t i = 0; i < kParts; i++)
            wanted[i] = core_.visible && core_.wanted[i] && (due || core_.view.parts[i] == nullptr);
        if (oops == 0 && oops_read_ != 0) core_.view.parts[static_cast<std::size_t>(Part::Oops)] = nullptr;
    }
    if (oops != oops_read_ && oops != 0) wanted[static_cast<std::size_t>(Part::Oops)] = true;
    oops_read_ = oops;
    for (std::size_t i = 0; i < kParts; i++)
        if (wanted[i]) read_part(static_cast<Part>(i));
    if (due) {
        read_chunks();
        parts_at_ = last_turn_;
    }
}

void Poller::read_part(Part part) {
    Result<std::string> text = ask(part_file(part), kPartLimit);
    auto read = std::make_shared<LivePart>();
    read->read_at = LiveClock::now();
    const std::lock_guard guard(core_.mutex);
    std::shared_ptr<const LivePart>& before = core_.view.parts[static_cast<std::size_t>(part)];
    if (text) {
        if (text->ends_with('\n')) text->pop_back();
        read->text = std::move(*text);
    } else {
        read->problem = advice_for_read(core_.mount, part_file(part), text.error().err);
        if (before != nullptr) read->text = before->text;
    }
    const bool same = before != nullptr && before->text == read->text && before->problem == read->problem;
    before = std::move(read);
    core_.tell(same ? News::Quiet : News::Loud);
}

// The range is the mount's, not ours: another window may have written its own, and then ours is written again.
void Poller::read_chunks() {
    std::optional<std::pair<std::uint64_t, std::uint64_t>> wanted;
    {
        const std::lock_guard guard(core_.mutex);
        if (core_.visible) wanted = core_.chunks_wanted;
    }
    if (!wanted) return forget_range();
    const std::string range = std::to_string(wanted->first) + "-" + std::to_string(wanted->second);
    auto read = std::make_shared<LiveChunks>();
    read->first = wanted->first;
    read->last = wanted->second;
    const int err = range == range_written_ ? 0 : write_control(core_.path_of("lab/chunks"), range);
    const Result<std::string> text = err == 0 ? ask("lab/chunks", kPartLimit) : Error{err, ""};
    if (text) {
        read->chunks = parse_chunks(*text);
        const bool is_ours = read->chunks.empty() || read->chunks.front().chunk == wanted->first;
        range_written_ = is_ours ? range : "";
        if (!is_ours) return;
    } else {
        read->problem = advice_for_read(core_.mount_now(), "lab/chunks", text.error().err);
    }
    const std::lock_guard guard(core_.mutex);
    core_.view.chunks = std::move(read);
    core_.tell(News::Quiet);
}

// Who reads the file at a shell finds it as usual again.
void Poller::forget_range() {
    if (range_written_.empty()) return;
    range_written_.clear();
    if (write_control(core_.path_of("lab/chunks"), "all") != 0) return;  // the next read of the snapshot says why
}

// ---- a full disk

void Poller::look_for_space(const Snapshot& snapshot) {
    if (last_turn_ - space_at_ < kSpacePeriod) return;
    space_at_ = last_turn_;
    std::string folder;
    {
        const std::lock_guard guard(core_.mutex);
        folder = core_.mount.lab_folder;
    }
    struct statvfs space {};
    if (folder.empty() || statvfs(folder.c_str(), &space) != 0) return;
    Advice problem;
    if (const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize; free < kLittleSpace) {
        std::string failed;
        for (const SnapshotMember& member : snapshot.members)
            if (std::ranges::find(member.flags, "Faulty") != member.flags.end()) failed += " " + member.name;
        problem.tried = "writing to the images in " + folder;
        problem.found =
            "the file system that holds them is full" + (failed.empty() ? "" : ", and has failed:" + failed);
        problem.remedy =
            "Free some space there. What was acknowledged is on the members that are left; a member that failed comes "
            "back by remove and re-add";
    }
    const std::lock_guard guard(core_.mutex);
    if (core_.view.space_problem == problem) return;
    core_.view.space_problem = problem;
    core_.tell(News::Loud);
}

}  // namespace

void run_poller(LiveCore& core) {
    Poller(core).run();
}

}  // namespace mdscope::gui
