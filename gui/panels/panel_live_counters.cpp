// SPDX-License-Identifier: MIT
// Both counters, by their full names, as numbers and as steps over the last seconds; and who sleeps until one of them
// is zero.
#include <fmt/format.h>

#include <algorithm>

#include "engine/look/waits.hpp"
#include "engine/museum/exhibit.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/live/words.hpp"
#include "gui/panels/counter_plot.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

void draw_counter(const LivePage& page, const ShownCounter& row, float height) {
    const std::string id = std::string("live/counter/") + row.id;
    const int value = value_of(row, page.view().snapshot->array);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float words = std::max(ui::text_width("mddev->pending_writes"), ui::text_width("bitmap->pending_writes"));
    ui::text(id + "/name", row.name, Role::dim_text, Font::text, words + sp(4));
    if (const museum::Counter* counter = find_counter(default_exhibit(), row.name)) ui::tip(counter->what);
    ui::text(id, std::to_string(value), value == 0 ? Role::dim_text : row.role, Font::large, words);
    const float x = at.x + words + sp(16);
    const float width = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x - x;
    if (width > sp(60)) {
        const ui::Rect rect{x, at.y, width, height - sp(6)};
        const HistoryWindow& history = page.history();
        const CounterPlot plot{history, row.counter, page.time.left(history.last_ns), page.time.right(history.last_ns)};
        const std::string most = fmt::format("at most {}", draw_counter_plot(plot, rect, row.role, id));
        ImGui::SetCursorScreenPos({x - sp(16) - ui::text_width(most), at.y + ImGui::GetTextLineHeight() + sp(12)});
        ui::text(id + "/most", most, Role::dim_text, Font::text, words);
    }
    ImGui::SetCursorScreenPos({at.x, at.y + height});
    ImGui::Dummy({1, 0});
}

// ---- who sleeps

bool is_stopping(const SnapshotTask& task) {
    return std::ranges::any_of(task.stack, begins_an_act);
}

void draw_wait(const SnapshotTask& task, std::uint64_t now_ns) {
    const std::string in = task.stack.empty() ? "" : fmt::format(" in {}()", task.stack.front());
    ui::paragraph(
        fmt::format("live/wait/{}", task.pid),
        fmt::format("● {} sleeps{} on {} until {}   ({})", task.comm, in, task.queue,
                    task.condition.empty() ? "it is woken" : task.condition, age_words(task.since_ns, now_ns)),
        is_stopping(task) ? Role::safe : Role::dim_text);
}

// What waits for work is of no interest, and its conditions are those of a program and not of md.
void draw_waits(LivePage& page) {
    const Snapshot& snapshot = *page.view().snapshot;
    ui::header("live/waits", "Waiting");
    if (ui::toggle("live/all_tasks", "all tasks", page.all_tasks,
                   "also disks, pollers and threads that wait for work: what this emulation is made of"))
        page.lanes.clear();
    bool any = false;
    for (const bool stopping : {true, false})
        for (const SnapshotTask& task : snapshot.tasks) {
            if (task.queue.empty() || is_stopping(task) != stopping) continue;
            if (!page.all_tasks && !sleeps_in_md(task)) continue;
            any = true;
            draw_wait(task, snapshot.at_ns);
        }
    if (!any) ui::text("live/waits/none", "No task sleeps inside md.", Role::dim_text);
}

}  // namespace

void draw_counters(State& state) {
    const LivePage& page = state.live;
    const Told told{"live", page.mounted(), page.view().snapshot->at_ns};
    draw_sentence(told);
    const float height = ImGui::GetTextLineHeight() + sp(46);
    for (const ShownCounter& row : kShownCounters) draw_counter(page, row, height);
    const SnapshotArray& array = page.view().snapshot->array;
    ui::paragraph(
        "live/others",
        fmt::format("writes_pending {}   active_io {}   openers {}   events {}   degraded {}", array.writes_pending,
                    array.active_io, array.openers, counted(array.events), array.degraded),
        Role::dim_text);
    draw_story(told);
    draw_waits(state.live);
}

}  // namespace mdscope::gui::live
