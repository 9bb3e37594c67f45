// SPDX-License-Identifier: MIT

#include "gui/model/pair_page.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "engine/look/lab_rules.hpp"
#include "engine/look/waits.hpp"
#include "gui/model/stage_mounted.hpp"

namespace mdscope::gui {

namespace {

constexpr int kWorkingMs = 100;                  // what a program prints, and its writes
constexpr std::chrono::milliseconds kTick{100};  // of the axis: two frames in a row are one picture
constexpr int kOldPairAgesMs = 1000;             // once nothing has changed for some seconds
constexpr std::uint64_t kOldPairNs = 10'000'000'000;
constexpr int kPairAgesMs = 500;                    // "HELD 12.4 s", and an axis that says "4 s ago"
constexpr std::chrono::milliseconds kForGood{150};  // the same happens to both, but not in the same moment

// Two are looked at, each as often as is needed to see a number move.
LiveOptions slower(LiveOptions options) {
    options.poll_hz = std::min(options.poll_hz, 20);
    options.idle_hz = std::min(options.idle_hz, 4);
    return options;
}

// What ends is worse than what waits.
int badness(Status status) {
    switch (status) {
        case Status::Oops:
            return 5;
        case Status::InDanger:
            return 4;
        case Status::Hung:
            return 3;
        case Status::Waiting:
            return 2;
        case Status::Stopping:
            return 1;
        default:
            return 0;
    }
}

}  // namespace

std::string PairArray::kernel() const {
    return snapshot ? "fix " + snapshot->variants.name("fix") : "";
}

bool PairArray::is_down() const {
    return snapshot && view->running.empty() && (snapshot->oops || snapshot->array.state == "clear");
}

const LiveResult* PairArray::failure() const {
    return view->results.empty() || view->results.back().ok ? nullptr : &view->results.back();
}

std::uint64_t PairArray::ns_at(LiveClock::time_point at) const {
    if (!behind) return 0;
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch() - *behind).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
}

PairPage::PairPage(std::string folder, std::function<void()> wake, const LiveOptions& options)
    : folder_(std::move(folder)), wake_(std::move(wake)) {
    for (std::size_t i = 0; i < arrays_.size(); i++) {
        arrays_[i].letter = i == 0 ? "A" : "B";
        arrays_[i].mount_point = folder_ + (i == 0 ? "/a" : "/b");
        arrays_[i].lab = std::make_unique<LiveLab>(arrays_[i].mount_point, wake_, slower(options));
        arrays_[i].lab->want(Part::Hold);
    }
    poll(true);
}

// ---- each frame

// Asked for here, it begins when it was asked for; else when it was first seen.
static void note_stop(PairArray& array) {
    using enum Status;
    const Mounted& seen = array.seen;
    const bool is_under_way = !seen.stop_stack.empty();
    const bool is_over = !is_under_way && (seen.status == Stopped || seen.status == InDanger || seen.status == Oops);
    const bool begins = is_under_way || (is_over && array.stop_asked_at);
    if (begins && !array.stop) {
        const MountedSleeper* first = seen.sleepers.empty() ? nullptr : &seen.sleepers.front();
        const std::uint64_t asked = array.stop_asked_at ? array.ns_at(*array.stop_asked_at) : 0;
        const std::uint64_t asleep = first != nullptr && first->is_stop ? first->since_ns : array.snapshot->at_ns;
        array.stop = PairArray::Stop{asked != 0 ? asked : asleep, 0};
    }
    if (is_over && array.stop && array.stop->to_ns == 0) array.stop->to_ns = array.snapshot->at_ns;
    if (is_under_way || is_over || !array.view->running.empty()) return;
    array.stop.reset();  // it runs again, or was refused
    if (array.stop_asked_at && LiveClock::now() - *array.stop_asked_at > std::chrono::seconds(1))
        array.stop_asked_at.reset();
}

void PairPage::poll(bool visible) {
    // Rounded up: what has just been read is not in the future.
    const LiveClock::time_point now = LiveClock::now();
    now_ = now + (kTick - now.time_since_epoch() % kTick);
    if (process_) {
        progress_ = process_->progress();
        if (progress_->is_over()) process_.reset();
    }
    for (PairArray& array : arrays_) {
        array.lab->set_visible(visible);
        array.view = array.lab->view();
        if (array.view->snapshot && array.snapshot != array.view->snapshot) {
            array.snapshot = array.view->snapshot;
            array.seen = look_at(*array.snapshot, array.letter);
            const LiveClock::duration behind =
                array.view->answered_at.time_since_epoch() - std::chrono::nanoseconds(array.snapshot->at_ns);
            array.behind = std::min(array.behind.value_or(behind), behind);
            note_members(*array.snapshot, array.members);
            note_stop(array);
        }
        const std::uint64_t left = array.ns_at(now_ - span);
        array.history = array.lab->history().window(left);
    }
    note_difference();
}

void PairPage::note_difference() {
    if (!is_there()) return;
    const auto word = [&](std::size_t side) {
        return std::pair(arrays_[side].seen.status, arrays_[side].snapshot->array.state);
    };
    const bool is_first_look = !std::exchange(was_there_, true);
    if (word(0) == word(1)) {
        differs_since_.reset();
        differed_before_ = false;
        if (arrays_[0].seen.status == Status::Running) difference_.reset();  // both begin anew
        return;
    }
    if (is_first_look) differed_before_ = true;
    if (differed_before_) return;  // what was missed cannot be marked
    if (!differs_since_) differs_since_ = now_;
    if (now_ - *differs_since_ >= kForGood && !difference_) difference_ = differs_since_;
}

void PairPage::set_visible(bool visible) {
    for (const PairArray& array : arrays_) array.lab->set_visible(visible);
}

std::optional<int> PairPage::next_frame_ms() const {
    if (is_working()) return kWorkingMs;
    const bool moves = std::ranges::any_of(arrays_, [&](const PairArray& array) {
        if (!array.view->running.empty()) return true;
        if (array.snapshot && std::ranges::any_of(array.snapshot->tasks, sleeps_in_md)) return true;
        return array.history && array.history->events.size() > 0;  // within the span: they wander to the left
    });
    if (!moves && held() == 0 && !(difference_ && now_ - *difference_ < span)) return std::nullopt;
    const bool is_old = std::ranges::all_of(arrays_, [](const PairArray& array) {
        const std::uint64_t since = array.seen.unchanged_since_ns();
        return array.snapshot && since != 0 && since + kOldPairNs < array.snapshot->at_ns;
    });
    return is_old ? kOldPairAgesMs : kPairAgesMs;
}

bool PairPage::is_there() const {
    return std::ranges::all_of(arrays_, [](const PairArray& array) { return array.snapshot != nullptr; });
}

// ---- done to both

void PairPage::hold(bool on) {
    const LiveCommand command = on ? hold_command(kBioKinds[BioKind::Bitmap]) : hold_off_command();
    for (PairArray& array : arrays_) array.lab->command(command);
}

void PairPage::stop() {
    for (PairArray& array : arrays_) {
        array.lab->command(array_state_command("clear"));
        array.stop_asked_at = LiveClock::now();
    }
}

void PairPage::release() {
    for (PairArray& array : arrays_) {
        array.lab->command(hold_off_command());
        array.lab->command(release_all_command());
    }
}

void PairPage::assemble() {
    has_written_ = false;
    for (PairArray& array : arrays_)
        if (array.is_down()) array.lab->command(assemble_command());
}

bool PairPage::can_write() const {
    return can_stop() && !is_working() && !holds() && !(workload == Workload::Tree && tree.empty());
}

void PairPage::write() {
    has_written_ = true;
    std::vector<std::string> verbs = {"write"};
    if (workload == Workload::Tree) verbs.insert(verbs.end(), {"--tree", tree});
    if (workload == Workload::Fio) verbs.emplace_back("--fio");
    begin(std::move(verbs));
}

void PairPage::take_down() {
    takes_down_ = true;
    begin({"umount"});
}

void PairPage::begin(std::vector<std::string> verbs) {
    if (is_working()) return;
    process_ = MountProcess::pair(folder_, std::move(verbs), wake_);
    progress_ = process_->progress();
}

void PairPage::forget_progress() {
    if (!is_working()) progress_.reset();
}

bool PairPage::is_taken_down() const {
    return takes_down_ && !is_working() && progress_ && progress_->phase == MountPhase::Done;
}

bool PairPage::holds() const {
    return std::ranges::all_of(arrays_, [](const PairArray& array) {
        const LivePart* part = array.view->part(Part::Hold);
        if (part == nullptr) return false;
        return std::ranges::any_of(parse_hold_rules(part->text), [](const HoldRule& rule) {
            return rule.kinds.empty() || std::ranges::find(rule.kinds, BioKind::Bitmap) != rule.kinds.end();
        });
    });
}

bool PairPage::can_stop() const {
    return is_there() && std::ranges::all_of(arrays_, [](const PairArray& array) {
               return array.view->running.empty() && !array.snapshot->oops && array.snapshot->array.state != "clear";
           });
}

bool PairPage::can_assemble() const {
    return is_there() && held() == 0 && std::ranges::any_of(arrays_, &PairArray::is_down);
}

std::size_t PairPage::held() const {
    std::size_t all = 0;
    for (const PairArray& array : arrays_) all += array.snapshot ? array.seen.held() : 0;
    return all;
}

// ---- told

std::string PairPage::sentence() const {
    if (!is_there()) return "Looking at " + folder_ + "/a and " + folder_ + "/b.";
    const bool b_is_worse = badness(arrays_[1].seen.status) > badness(arrays_[0].seen.status);
    return arrays_[b_is_worse ? 1 : 0].seen.sentence;
}

std::string PairPage::second() const {
    if (!is_there()) return "";
    const bool b_is_worse = badness(arrays_[1].seen.status) > badness(arrays_[0].seen.status);
    return arrays_[b_is_worse ? 0 : 1].seen.sentence;
}

const std::vector<TreeRow>& PairPage::tree_rows() {
    return tree_.rows({arrays_[0].snapshot.get(), arrays_[1].snapshot.get()}, {&arrays_[0].seen, &arrays_[1].seen});
}

// ---- folders

std::string suggest_pair_folder() {
    const std::filesystem::path base = std::filesystem::path(suggest_folders().lab).parent_path();
    for (int number = 1;; number++) {
        const std::string name = base / (number == 1 ? "pair" : "pair" + std::to_string(number));
        std::error_code failed;
        if (!std::filesystem::exists(name, failed)) return name;
    }
}

std::vector<std::string> mounted_pairs(const std::vector<MountedLab>& mounts) {
    const auto is_mounted = [&](const std::string& path) {
        return std::ranges::find(mounts, path, &MountedLab::mount_point) != mounts.end();
    };
    std::vector<std::string> folders;
    for (const MountedLab& mount : mounts) {
        if (!mount.mount_point.ends_with("/a")) continue;
        const std::string folder = mount.mount_point.substr(0, mount.mount_point.size() - 2);
        if (is_mounted(folder + "/b")) folders.push_back(folder);
    }
    return folders;
}

}  // namespace mdscope::gui
