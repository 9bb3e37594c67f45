// SPDX-License-Identifier: MIT

#include "gui/live/live_lab.hpp"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include "gui/live/live_core.hpp"

namespace mdscope::gui {

namespace {

constexpr std::size_t kLongestStore = 4096;

}  // namespace

// The publisher is joined always, for it touches no file. The others are given some patience.
struct LiveLab::Threads {
    struct Worker {
        std::thread thread;
        std::shared_ptr<bool> ended = std::make_shared<bool>(false);  // guarded by core->mutex
    };

    Threads(std::string mount_point, std::function<void()> the_wake, const LiveOptions& options)
        : core(std::make_shared<LiveCore>(std::move(mount_point), options)), wake(std::move(the_wake)) {
        published = core->compose();
        // A signal is the window's business: a store that it interrupts would be cut short.
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        start(run_poller);
        start(run_stream);
        start([](LiveCore& the_core) { run_commands(the_core, true); });
        start([](LiveCore& the_core) { run_commands(the_core, false); });
        publisher = std::thread([this] { publish(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    ~Threads() { stop(); }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    void start(void (*work)(LiveCore&));
    void stop();
    void publish();
    void notice_silence();

    const std::shared_ptr<LiveCore> core;
    const std::function<void()> wake;
    std::vector<Worker> workers;
    std::thread publisher;

    // Guarded by core->mutex.
    std::shared_ptr<const LiveView> published;
    bool woken = false;  // and view() not called since
};

void LiveLab::Threads::start(void (*work)(LiveCore&)) {
    Worker worker;
    worker.thread = std::thread([the_core = core, ended = worker.ended, work] {
        work(*the_core);
        const std::lock_guard guard(the_core->mutex);
        *ended = true;
        the_core->changed.notify_all();
    });
    workers.push_back(std::move(worker));
}

void LiveLab::Threads::stop() {
    std::vector<bool> joinable;
    {
        std::unique_lock lock(core->mutex);
        core->stopping = true;
        core->bell.ring();
        core->changed.notify_all();
        core->changed.wait_for(lock, core->options.patience, [&] {
            return std::ranges::all_of(workers, [](const Worker& worker) { return *worker.ended; });
        });
        for (const Worker& worker : workers) joinable.push_back(*worker.ended);
    }
    for (std::size_t i = 0; i < workers.size(); i++) {
        if (joinable[i])
            workers[i].thread.join();
        else
            workers[i].thread.detach();
    }
    publisher.join();
}

// ---- the publisher

void LiveLab::Threads::publish() {
    const auto gap = std::chrono::milliseconds(500 / std::max(core->options.poll_hz, 1));
    std::unique_lock lock(core->mutex);
    while (!core->stopping) {
        const auto silent_at = [&] { return *core->asked_at + core->options.silent_after; };
        const bool may_fall_silent = core->asked_at && core->view.state != LiveState::Silent;
        if (may_fall_silent && LiveClock::now() >= silent_at()) notice_silence();
        if (!core->news) {
            if (may_fall_silent)
                core->changed.wait_until(lock, silent_at());
            else
                core->changed.wait(lock);
            continue;
        }
        const bool loud = std::exchange(core->news, std::nullopt) == News::Loud;
        published = core->compose();
        if (loud && !std::exchange(woken, true)) {
            lock.unlock();
            if (wake) wake();
            lock.lock();
        }
        core->changed.wait_for(lock, gap, [&] { return core->stopping; });
    }
}

void LiveLab::Threads::notice_silence() {
    core->view.state = LiveState::Silent;
    core->view.problem = advice_for_silence(core->mount, core->view.pid);
    core->tell(News::Loud);
}

// ---- the window's side

LiveLab::LiveLab(std::string mount_point, std::function<void()> wake, const LiveOptions& options)
    : threads_(std::make_unique<Threads>(std::move(mount_point), std::move(wake), options)) {}
LiveLab::~LiveLab() = default;

std::shared_ptr<const LiveView> LiveLab::view() const {
    const std::lock_guard guard(threads_->core->mutex);
    threads_->woken = false;
    return threads_->published;
}

const LiveHistory& LiveLab::history() const {
    return threads_->core->history;
}

namespace {

// Why the command is not taken; empty: it is.
Advice refusal(const LiveCore& core, const LiveCommand& command) {
    Advice advice{"writing '" + command.text.substr(0, 80) + "' to " + command.file, "", ""};
    const bool is_ours = command.file.starts_with("lab/") || command.file.starts_with("md/");
    if (!is_ours || command.file.find("..") != std::string::npos) {
        advice.found = "this is no control file of the array";
        advice.remedy = "Choose a file below lab/ or md/";
    } else if (command.text.empty() || command.text.size() > kLongestStore) {
        advice.found = command.text.empty() ? "there is nothing to write" : "the text is longer than a store can be";
        advice.remedy = "Write between 1 and 4096 bytes";
    } else if (core.queue.size() >= LiveCore::kMaxQueued) {
        advice.found = "too many commands wait already";
        advice.remedy = "Wait for those that sleep; releasing what is held wakes them";
    } else {
        return {};
    }
    return advice;
}

}  // namespace

std::uint64_t LiveLab::command(const LiveCommand& command) {
    LiveCore& core = *threads_->core;
    const std::lock_guard guard(core.mutex);
    const std::uint64_t id = ++core.commands;
    if (Advice advice = refusal(core, command); !advice.empty()) {
        LiveResult result;
        result.id = id;
        result.label = command.label;
        result.file = command.file;
        result.text = command.text;
        result.err = EINVAL;
        result.advice = std::move(advice);
        core.add_result(std::move(result));
        return id;
    }
    core.queue.push_back({id, command, LiveClock::now(), std::nullopt});
    core.tell(News::Loud);
    return id;
}

std::uint64_t LiveLab::command(const std::string& file, const std::string& text) {
    return command(LiveCommand{"echo " + text + " > " + file, file, text});
}

void LiveLab::want(Part part, bool wanted) {
    LiveCore& core = *threads_->core;
    const std::lock_guard guard(core.mutex);
    const auto at = static_cast<std::size_t>(part);
    if (std::exchange(core.wanted[at], wanted) == wanted) return;
    if (wanted) core.look_now = true;
    core.changed.notify_all();
}

void LiveLab::want_chunks(std::uint64_t first, std::uint64_t last) {
    LiveCore& core = *threads_->core;
    const std::lock_guard guard(core.mutex);
    last = std::max(first, std::min(last, first + kMostChunkLines - 1));
    const std::pair range{first, last};
    if (core.chunks_wanted == range) return;
    core.chunks_wanted = range;
    core.changed.notify_all();
}

void LiveLab::unwant_chunks() {
    LiveCore& core = *threads_->core;
    const std::lock_guard guard(core.mutex);
    core.chunks_wanted.reset();
    core.view.chunks = nullptr;
}

void LiveLab::set_visible(bool visible) {
    LiveCore& core = *threads_->core;
    const std::lock_guard guard(core.mutex);
    if (std::exchange(core.visible, visible) == visible) return;
    core.look_now = core.look_now || visible;
    core.changed.notify_all();
}

void LiveLab::look_now() {
    LiveCore& core = *threads_->core;
    const std::lock_guard guard(core.mutex);
    core.look_now = true;
    core.away_until = {};
    core.changed.notify_all();
}

}  // namespace mdscope::gui
