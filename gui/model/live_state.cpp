// SPDX-License-Identifier: MIT

#include "gui/model/live_state.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "engine/look/lab_rules.hpp"
#include "engine/look/waits.hpp"
#include "gui/model/stage_mounted.hpp"

namespace mdscope::gui {

namespace {

constexpr int kRunningMs = 100;   // "running for 3.2 s" has to go on
constexpr int kOldAgesMs = 1000;  // once they are old
constexpr std::uint64_t kOldNs = 10'000'000'000;
constexpr int kAgesMs = 500;        // and so has "HELD 12.4 s": only the clock moves then, which wakes nobody
constexpr int kMountListMs = 1000;  // a mount that somebody makes elsewhere appears

std::vector<HoldRule> rules_of(const LiveView& view) {
    const LivePart* part = view.part(Part::Hold);
    return part != nullptr ? parse_hold_rules(part->text) : std::vector<HoldRule>();
}

}  // namespace

// ---- time

std::uint64_t LiveTime::known(std::uint64_t last_ns) const {
    return std::max(last_ns > first_ns ? last_ns - first_ns : 0, kLeastKnown);
}

std::uint64_t LiveTime::span(std::uint64_t last_ns) const {
    return frozen_ ? frozen_->span_ns : std::min(span_ns, known(last_ns));
}

std::uint64_t LiveTime::right(std::uint64_t last_ns) const {
    return std::max(frozen_ ? frozen_->right_ns : last_ns, span(last_ns));
}

void LiveTime::freeze(std::uint64_t last_ns) {
    frozen_ = Frozen{right(last_ns), span(last_ns)};
}

void LiveTime::pan(std::int64_t by_ns, std::uint64_t last_ns) {
    const auto edge = static_cast<std::int64_t>(right(last_ns)) + by_ns;
    if (edge >= static_cast<std::int64_t>(last_ns)) return go_live();
    freeze(last_ns);
    const auto least = static_cast<std::int64_t>(first_ns + frozen_->span_ns);
    frozen_->right_ns = static_cast<std::uint64_t>(std::max(edge, least));
}

void LiveTime::zoom(double factor, std::optional<std::uint64_t> at_ns, std::uint64_t last_ns) {
    const auto before = static_cast<double>(span(last_ns));
    const double wanted = std::clamp(before * factor, static_cast<double>(kShortest), static_cast<double>(kLongest));
    const auto span_wanted = static_cast<std::uint64_t>(wanted);
    // Zooming out of all there is does not make what is wanted less.
    span_ns = factor > 1 ? std::max(span_ns, span_wanted) : span_wanted;
    const std::uint64_t after = std::min(span_wanted, known(last_ns));
    if (frozen_) frozen_->span_ns = after;
    if (!at_ns) return;
    freeze(last_ns);
    frozen_->span_ns = after;
    const double from_right = static_cast<double>(right(last_ns)) - static_cast<double>(*at_ns);
    const double edge = static_cast<double>(*at_ns) + from_right * static_cast<double>(after) / before;
    frozen_->right_ns = static_cast<std::uint64_t>(std::clamp(edge, 0.0, static_cast<double>(last_ns)));
}

// ---- rules in words

std::string LiveFaults::delay_words() const {
    return delay_text(delay_member, delay_ms, delay_kind);
}

std::string LiveFaults::fail_words() const {
    return fail_text({.member = fail_member,
                      .op = fail_op,
                      .kinds = fail_kind,
                      .skip = skip == "0" ? "" : skip,
                      .count = count,
                      .sectors = sectors});
}

// ---- attached or not

void LivePage::attach(const std::string& mount_point) {
    detach();
    lab_ = std::make_unique<LiveLab>(mount_point, wake, options);
    want_parts();
    poll(true);
}

void LivePage::detach() {
    lab_.reset();
    view_.reset();
    looked_at_.reset();
    history_.reset();
    frozen_events.reset();
    lanes.clear();
    cell.reset();
    hold_member.clear();
    members.clear();
    question.reset();
    time.go_live();
    mounts_at_ = {};
}

// These are short, and what they say is on the page that one sees first.
void LivePage::want_parts() {
    for (const Part part : {Part::Hold, Part::Delay, Part::Fail}) lab_->want(part);
}

void LivePage::poll(bool visible) {
    if (process_) {
        progress_ = process_->progress();
        if (progress_->is_over()) {
            process_.reset();
            mounts_at_ = {};
            take_end_of_process();
        }
    }
    if (pair_) {
        pair_->poll(visible);
        if (pair_->is_taken_down()) close_pair();
    }
    if (!lab_) return;
    lab_->set_visible(visible && !pair_);
    view_ = lab_->view();
    if (view_->snapshot && looked_at_ != view_->snapshot) {
        mounted_ = look_at(*view_->snapshot, "The array");
        note_members(*view_->snapshot, members);
    }
    looked_at_ = view_->snapshot;
    // Plots and lanes begin where the person looks; a little earlier, for what was already there.
    const std::uint64_t last = history_ ? history_->last_ns : 0;
    const std::uint64_t left = time.left(last), early = time.span_ns;
    history_ = lab_->history().window(left > early ? left - early : 0);
    time.first_ns = history_->first_ns;
    if (history_->losses.restarts != lanes_of_restart) {
        lanes_of_restart = history_->losses.restarts;
        lanes.clear();
        frozen_events.reset();
        time.go_live();
    }
}

// What went well is seen: the array is there, or it is not. What did not stays to be read.
void LivePage::take_end_of_process() {
    if (std::exchange(makes_pair_, false)) {
        if (progress_->phase == MountPhase::Failed) return;
        return open_pair(std::exchange(progress_, nullptr)->mount_point);
    }
    if (progress_->phase == MountPhase::Failed) {
        // What was made needs not be made again, and is not to be overwritten by a second try.
        if (progress_->has_images) plan.create = false;
        return;
    }
    const std::shared_ptr<const MountProgress> ended = std::exchange(progress_, nullptr);
    if (ended->phase == MountPhase::Mounted) return attach(ended->mount_point);
    plan_is_suggested = false;
    if (view_ && view_->mount_point == ended->mount_point) detach();
}

void LivePage::set_visible(bool visible) {
    if (pair_) pair_->set_visible(visible);
    if (lab_) lab_->set_visible(visible && !pair_);
}

std::optional<int> LivePage::next_frame_ms() const {
    if (pair_) return pair_->next_frame_ms();
    if (!lab_) return kMountListMs;
    if (view_ && !view_->running.empty()) return kRunningMs;
    if (shows_ages()) return is_old() ? kOldAgesMs : kAgesMs;
    return std::nullopt;
}

// Something is held, or somebody sleeps in md: how long is what one looks for.
bool LivePage::shows_ages() const {
    if (!view_ || !view_->snapshot || view_->state != LiveState::Live) return false;
    return held_bios() > 0 || std::ranges::any_of(view_->snapshot->tasks, sleeps_in_md);
}

bool LivePage::is_old() const {
    const std::uint64_t since = mounted_.unchanged_since_ns();
    return since != 0 && since + kOldNs < view_->snapshot->at_ns;
}

void LivePage::wait_for_something(std::chrono::milliseconds longest) {
    if (!lab_ && !pair_) return;
    // The wake-ups go to the window, which is not there; so this looks, some hundred times a second.
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    const auto end = LiveClock::now() + longest;
    const auto seen = [&] {
        poll(true);
        if (pair_) return pair_->is_there();
        const bool drawn = view_->state == LiveState::Live && view_->snapshots > 3 && history_->last_ns > 0;
        return drawn || view_->state == LiveState::Gone;
    };
    while (!seen() && LiveClock::now() < end) never.wait_for(lock, std::chrono::milliseconds(10));
}

std::string LivePage::status_line() const {
    if (pair_) return "a pair · " + pair_->folder() + " · real I/O";
    if (!view_) return "no array attached";
    return std::string(live_state_word(view_->state)) + " · " + view_->mount_point + " · real I/O";
}

bool LivePage::can_stop() const {
    if (!view_ || !view_->snapshot || view_->state == LiveState::Gone) return false;
    return view_->snapshot->array.state != "clear" && !view_->snapshot->oops;
}

std::uint64_t LivePage::held_bios() const {
    if (!view_ || !view_->snapshot) return 0;
    return static_cast<std::uint64_t>(std::ranges::count_if(view_->snapshot->bios, &SnapshotBio::held));
}

void LivePage::ask(LiveAsk what, const std::string& member) {
    question = LiveQuestion{what, member, false, view_ ? view_->mount_point : ""};
}

// ---- hold

bool LivePage::holds(BioKind kind) const {
    for (const HoldRule& rule : rules_of(*view_))
        if (rule.member == hold_member && std::ranges::find(rule.kinds, kind) != rule.kinds.end()) return true;
    return false;
}

void LivePage::hold(BioKind kind, bool on) {
    if (on) return command(hold_command(kBioKinds[kind], hold_member));
    command(hold_off_command());
    for (HoldRule& rule : rules_of(*view_)) {
        if (rule.member == hold_member) std::erase(rule.kinds, kind);
        if (!rule.kinds.empty()) command(hold_command(kinds_text(rule.kinds), rule.member));
    }
}

// ---- a pair

void LivePage::start_pair() {
    if (pair_folder.empty()) pair_folder = suggest_pair_folder();
    process_ = MountProcess::pair(pair_folder, {"make"}, wake);
    progress_ = process_->progress();
    makes_pair_ = true;
}

void LivePage::open_pair(const std::string& folder) {
    detach();
    pair_ = std::make_unique<PairPage>(folder, wake, options);
    pair_folder.clear();
}

void LivePage::close_pair() {
    pair_.reset();
    mounts_at_ = {};
}

// ---- making and taking away

void LivePage::start_mount() {
    process_ = MountProcess::start(plan, wake);
    progress_ = process_->progress();
}

void LivePage::start_unmount() {
    process_ = MountProcess::unmount(view_->mount_point, wake);
    progress_ = process_->progress();
}

void LivePage::forget_progress() {
    if (!is_mounting()) progress_.reset();
}

const std::vector<MountedLab>& LivePage::mounts() {
    const LiveClock::time_point now = LiveClock::now();
    if (mounts_at_ == LiveClock::time_point{} || now - mounts_at_ > std::chrono::milliseconds(kMountListMs - 50)) {
        mounts_ = list_mounts();
        mounts_at_ = now;
    }
    return mounts_;
}

}  // namespace mdscope::gui
