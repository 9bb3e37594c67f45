// SPDX-License-Identifier: MIT

#include "gui/live/live_core.hpp"

namespace mdscope::gui {

LiveCore::LiveCore(std::string path, const LiveOptions& the_options) : options(the_options) {
    mount.mount_point = std::move(path);
    view.mount_point = mount.mount_point;
}

void LiveCore::tell(News what) {
    if (!news || what == News::Loud) news = what;
    changed.notify_all();
}

void LiveCore::note_activity() {
    active_at = LiveClock::now();
    changed.notify_all();  // the poller may be in its slow step
}

void LiveCore::detach() {
    attachment = 0;
    bell.ring();
    changed.notify_all();
}

void LiveCore::add_result(LiveResult result) {
    result.at = LiveClock::now();
    if (view.results.size() == LiveView::kMaxResults) {
        view.results.erase(view.results.begin());
        view.results_dropped++;
    }
    view.results.push_back(std::move(result));
    tell(News::Loud);
}

// A quick command waits for the quick ones before it, a sleeper for everything before it.
const QueuedCommand* LiveCore::blocker_of(std::size_t index) const {
    for (std::size_t i = 0; i < index; i++)
        if (!queue[index].quick() || queue[i].quick()) return &queue[i];
    return nullptr;
}

std::shared_ptr<const LiveView> LiveCore::compose() {
    view.serial++;
    auto made = std::make_shared<LiveView>(view);
    for (std::size_t i = 0; i < queue.size(); i++) {
        const QueuedCommand& queued = queue[i];
        LiveRunning running{queued.id,
                            queued.command.label,
                            queued.command.file,
                            queued.command.text,
                            queued.queued_at,
                            queued.started_at,
                            ""};
        if (const QueuedCommand* blocker = blocker_of(i); !queued.started_at && blocker != nullptr)
            running.behind = blocker->command.label;
        made->running.push_back(std::move(running));
    }
    return made;
}

std::string LiveCore::path_of(const std::string& file) {
    const std::lock_guard guard(mutex);
    return mount.mount_point + "/" + file;
}

Result<std::string> LiveCore::ask(const std::string& file, std::size_t limit) {
    const std::string path = path_of(file);
    {
        const std::lock_guard guard(mutex);
        asked_at = LiveClock::now();
        changed.notify_all();
    }
    Result<std::string> text = read_control(path, limit);
    const std::lock_guard guard(mutex);
    asked_at.reset();
    return text;
}

MountedLab LiveCore::mount_now() {
    const std::lock_guard guard(mutex);
    return mount;
}

}  // namespace mdscope::gui
