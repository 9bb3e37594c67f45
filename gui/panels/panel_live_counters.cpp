// SPDX-License-Identifier: MIT
// Both counters, by their full names, as numbers and as steps over the last seconds; and who sleeps until one of them
// is zero.
#include <fmt/format.h>

#include <algorithm>

#include "engine/look/waits.hpp"
#include "engine/museum/exhibit.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/live/words.hpp"
#include "gui/model/layout.hpp"
#include "gui/model/stage_mounted.hpp"
#include "gui/panels/counter_plot.hpp"
#include "gui/panels/page_pen.hpp"
#include "gui/panels/panel_live.hpp"
#include "gui/panels/panel_stage.hpp"

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

void draw_others(const LivePage& page) {
    const SnapshotArray& array = page.view().snapshot->array;
    ui::paragraph(
        "live/others",
        fmt::format("writes_pending {}   active_io {}   openers {}   events {}   degraded {}", array.writes_pending,
                    array.active_io, array.openers, counted(array.events), array.degraded),
        Role::dim_text);
}

// Beside a stage: what the numbers were.
void draw_plot_of(const LivePage& page, const ShownCounter& row) {
    const std::string id = std::string("live/counter/") + row.id;
    const HistoryWindow& history = page.history();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = sp(34), line = ImGui::GetTextLineHeight();
    const CounterPlot plot{history, row.counter, page.time.left(history.last_ns), page.time.right(history.last_ns)};
    const auto most = draw_counter_plot(plot, {at.x, at.y + line + sp(2), width, height}, row.role, id);
    const std::string value = std::to_string(value_of(row, page.view().snapshot->array));
    const std::string words = fmt::format("at most {}", most);
    const float number = ui::text_width(value) + sp(10), end = ui::text_width(words);
    ui::text(id, value, row.role, Font::text, number);
    ImGui::SetCursorScreenPos({at.x + number, at.y});
    ui::text(id + "/name", row.name, row.role, Font::text, width - number - end - sp(8));
    ImGui::SetCursorScreenPos({at.x + width - end, at.y});
    ui::text(id + "/most", words, Role::dim_text, Font::text, end + 1);
    ImGui::SetCursorScreenPos({at.x, at.y + line + height + sp(8)});
    ImGui::Dummy({1, 0});
}

}  // namespace

void draw_counters(State& state) {
    const LivePage& page = state.live;
    const Told told{"live", page.mounted(), page.view().snapshot->at_ns};
    draw_sentence(told);
    const float height = ImGui::GetTextLineHeight() + sp(46);
    for (const ShownCounter& row : kShownCounters) draw_counter(page, row, height);
    draw_others(page);
    draw_story(told);
    draw_waits(state.live);
}

// ---- with a stage

float live_stage_factor(const State& state, ImVec2 room) {
    constexpr float kWords = 76, kBeside = 290, kLanes = 190;
    if (state.live.view().state != LiveState::Live) return 0;
    for (const float factor : kStageFactors)
        if (sp(kStageWidth * factor + kBeside) <= room.x && sp(kStageHeight * factor + kWords + kLanes) <= room.y)
            return factor;
    return 0;
}

void draw_live_stage(State& state, float factor) {
    const LivePage& page = state.live;
    const Mounted& seen = page.mounted();
    const Snapshot& snapshot = *page.view().snapshot;
    const float unit = sp(1000) / 1000, width = std::floor(ImGui::GetContentRegionAvail().x / unit);
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const PagePen words;
    float y = words.text("live/sentence", seen.sentence, {0, 0, width, 0}, {22, true, 2}) + 2;
    y += words.text("live/second", seen.second.empty() ? " " : seen.second, {0, y, width, 0},
                    {16, false, 2, Role::dim_text}) +
         8;
    const ImVec2 at(begin.x, begin.y + std::max(y, 60.0F) * unit),
        size(sp(kStageWidth * factor), sp(kStageHeight * factor));
    StageLook look;
    look.rect = {at.x, at.y, size.x, size.y};
    look.factor = factor;
    look.id = "live/stage";
    look.is_title_a_link = false;
    ImGui::SetCursorScreenPos(at);
    ImGui::BeginChild("stage", size);
    const std::string title = "fix " + snapshot.variants.name("fix");
    (void)draw_stage(stage_of(seen, snapshot, "", title, page.members), look);
    ui::mark_rect({at.x, at.y, size.x, sp(40)}, "live/status", "chip", status_word(default_exhibit(), seen.status));
    ImGui::EndChild();
    ImGui::SameLine(0, sp(10));
    const gui::Page beside("told", {0, size.y});
    const Told told{"live", seen, snapshot.at_ns};
    draw_when_released(told);
    for (const ShownCounter& row : kShownCounters) draw_plot_of(page, row);
    draw_story(told);
    draw_others(page);
    draw_waits(state.live);
}

}  // namespace mdscope::gui::live
