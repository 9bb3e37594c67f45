// SPDX-License-Identifier: MIT
// The threads that perform commands: one for the quick ones, one for those that may sleep. Which may begin when is in
// LiveCore::blocker_of.
#include <unistd.h>

#include <algorithm>

#include "gui/live/live_core.hpp"

namespace mdscope::gui {

namespace {

constexpr std::size_t kAnswerLimit = 64 << 10;

// The next one that may begin, marked as running; none: it is over.
std::optional<QueuedCommand> next_command(LiveCore& core, bool quick) {
    std::unique_lock lock(core.mutex);
    std::optional<std::size_t> found;
    core.changed.wait(lock, [&] {
        for (std::size_t i = 0; i < core.queue.size() && !found; i++)
            if (core.queue[i].quick() == quick && !core.queue[i].started_at && core.blocker_of(i) == nullptr) found = i;
        return core.stopping || found;
    });
    if (core.stopping) return std::nullopt;
    core.queue[*found].started_at = LiveClock::now();
    core.tell(News::Loud);
    return core.queue[*found];
}

// What the array said to the last store into the file.
std::string answer_of(LiveCore& core, const std::string& file) {
    if (!has_answer(file)) return "";
    Result<std::string> text = read_control(core.path_of(file), kAnswerLimit);
    if (!text) return "";
    while (text->ends_with('\n')) text->pop_back();
    return *text;
}

LiveResult perform(LiveCore& core, const QueuedCommand& queued) {
    const LiveCommand& command = queued.command;
    LiveResult result;
    result.id = queued.id;
    result.label = command.label;
    result.file = command.file;
    result.text = command.text;
    result.err = write_control(core.path_of(command.file), command.text);
    result.ok = result.err == 0;
    result.answer = answer_of(core, command.file);
    result.seconds = std::chrono::duration<double>(LiveClock::now() - *queued.started_at).count();
    if (result.ok) return result;
    const bool is_there = access(core.path_of("lab/snapshot").c_str(), F_OK) == 0;
    result.advice = advice_for_store(core.mount_now(), command.file, command.text, result.err, result.answer, is_there);
    return result;
}

}  // namespace

void run_commands(LiveCore& core, bool quick) {
    while (const std::optional<QueuedCommand> queued = next_command(core, quick)) {
        LiveResult result = perform(core, *queued);
        const std::lock_guard guard(core.mutex);
        std::erase_if(core.queue, [&](const QueuedCommand& other) { return other.id == queued->id; });
        core.add_result(std::move(result));
        core.look_now = true;  // what it did is wanted on the screen
        core.note_activity();
    }
}

}  // namespace mdscope::gui
