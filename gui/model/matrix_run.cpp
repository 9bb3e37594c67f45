// SPDX-License-Identifier: MIT

#include "gui/model/matrix_run.hpp"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "engine/host/host.hpp"
#include "gui/model/step_back.hpp"

namespace mdscope::gui {

namespace {

// The first cells take a few milliseconds each; a frame for each of them would be work for nobody's eyes.
constexpr double kBetweenFrames = 0.05;  // seconds

std::vector<std::shared_ptr<const MatrixCell>> shared(std::vector<MatrixCell> cells) {
    std::vector<std::shared_ptr<const MatrixCell>> all;
    for (MatrixCell& cell : cells) all.push_back(std::make_shared<const MatrixCell>(std::move(cell)));
    return all;
}

bool is_explored(const std::shared_ptr<const MatrixCell>& cell) {
    return cell->explored;
}

}  // namespace

ExploreOptions within_matrix_budget() {
    ExploreOptions options;
    options.budget = kMatrixBudget;
    return options;
}

MatrixRun::MatrixRun(Granularity granularity, std::function<void()> wake)
    : MatrixRun(matrix_cells(granularity), within_matrix_budget(), std::move(wake)) {}

MatrixRun::MatrixRun(std::vector<MatrixCell> cells, ExploreOptions options, std::function<void()> wake)
    : options_(std::move(options)), wake_(std::move(wake)) {
    now_.cells = shared(std::move(cells));
    now_.done = static_cast<std::size_t>(std::ranges::count(now_.cells, true, is_explored));
    if (now_.done == now_.cells.size()) now_.phase = Phase::Finished;
}

MatrixRun::~MatrixRun() {
    cancel();
    wait();
}

// ---- for the owner

void MatrixRun::start() {
    {
        const std::lock_guard guard(mutex_);
        if (now_.phase != Phase::NotBegun && now_.phase != Phase::Cancelled) return;
    }
    wait();  // a cancelled thread may still be on its way out
    now_.phase = Phase::Running;
    shown_.reset();
    try {
        thread_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {  // the host has no thread to give: it can be tried again
        now_.phase = Phase::Cancelled;
    }
}

void MatrixRun::pause(bool on) {
    const std::lock_guard guard(mutex_);
    if (now_.phase != (on ? Phase::Running : Phase::Paused)) return;
    now_.phase = on ? Phase::Paused : Phase::Running;
    now_.states_per_second = 0;
    shown_.reset();
    changed_.notify_all();
}

void MatrixRun::cancel() {
    const std::lock_guard guard(mutex_);
    if (now_.phase != Phase::Running && now_.phase != Phase::Paused) return;
    now_.phase = Phase::Cancelled;
    now_.running.reset();
    now_.states_per_second = 0;
    shown_.reset();
    changed_.notify_all();
}

void MatrixRun::wait() {
    if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const MatrixRun::View> MatrixRun::view() const {
    const std::lock_guard guard(mutex_);
    was_looked_at_ = true;
    if (!shown_) shown_ = std::make_shared<const View>(now_);
    return shown_;
}

// ---- the thread

void MatrixRun::work() {
    step_back();
    while (const std::optional<std::size_t> number = take_next()) {
        MatrixCell cell = *now_.cells[*number];  // only this thread changes the list
        ExploreOptions options = options_;
        options.progress = [this](const Verdict& so_far) { return report(so_far); };
        try {
            explore_cell(cell, options);
        } catch (const std::exception& error) {  // a fault of the engine, or no memory: of this cell alone
            cell.explored = true;
            cell.error = error.what();
        }
        if (!cell.verdict.interrupted) keep(*number, std::move(cell));
    }
    end();
}

// The next cell that has not been explored, when it is time for one; nullopt: there is none, or it was cancelled.
std::optional<std::size_t> MatrixRun::take_next() {
    std::unique_lock lock(mutex_);
    if (!is_to_go_on(lock)) return std::nullopt;
    const auto next = std::ranges::find(now_.cells, false, is_explored);
    if (next == now_.cells.end()) return std::nullopt;
    now_.running = static_cast<std::size_t>(next - now_.cells.begin());
    now_.states = 0;
    now_.states_per_second = 0;
    reported_ = host_monotonic_seconds();
    states_before_ = 0;
    return now_.running;
}

void MatrixRun::keep(std::size_t number, MatrixCell cell) {
    {
        const std::lock_guard guard(mutex_);
        now_.cells[number] = std::make_shared<const MatrixCell>(std::move(cell));
        now_.done++;
        now_.running.reset();
        shown_.reset();
    }
    tell(false);
}

// Of the running cell, a few times a second. False: it was cancelled. Here is where a pause is waited for.
bool MatrixRun::report(const Verdict& so_far) {
    {
        std::unique_lock lock(mutex_);
        const double now = host_monotonic_seconds();
        // Fine steps are searched again and again as places are learned: then the count begins anew.
        if (so_far.states >= states_before_ && now > reported_)
            now_.states_per_second = static_cast<double>(so_far.states - states_before_) / (now - reported_);
        now_.states = so_far.states;
        shown_.reset();
        if (!is_to_go_on(lock)) return false;
        states_before_ = so_far.states;
        reported_ = host_monotonic_seconds();  // a pause is not a slow search
    }
    tell(false);
    return true;
}

bool MatrixRun::is_to_go_on(std::unique_lock<std::mutex>& lock) {
    changed_.wait(lock, [this] { return now_.phase != Phase::Paused; });
    return now_.phase == Phase::Running;
}

void MatrixRun::end() {
    {
        const std::lock_guard guard(mutex_);
        if (now_.phase == Phase::Running) now_.phase = Phase::Finished;
        now_.running.reset();
        now_.states_per_second = 0;
        shown_.reset();
    }
    tell(true);
}

// Not again while nobody has looked at what was told last: the window may show something else.
void MatrixRun::tell(bool now) {
    const double time = host_monotonic_seconds();
    {
        const std::lock_guard guard(mutex_);
        if (!now && (!was_looked_at_ || time - told_ < kBetweenFrames)) return;
        was_looked_at_ = false;
    }
    told_ = time;
    wake_();
}

}  // namespace mdscope::gui
