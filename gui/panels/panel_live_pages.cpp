// SPDX-License-Identifier: MIT
// What is looked at on demand: the bitmap's chunks, the events as lines, an Oops, and what was commanded.
#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/ui_parts.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

constexpr std::uint64_t kMostListed = 256;    // chunks of a cell, one by one
constexpr std::size_t kMostFiltered = 4'000;  // events that a filter looks at in each frame

// ---- the bitmap

struct CellLook {
    char letter;
    const char* word;
    Role role;
};
constexpr std::array kCellLooks = {
    CellLook{'.', "clean", Role::dim_text},
    CellLook{'1', "counter 1, ageing", Role::idle},
    CellLook{'2', "counter 2, idle with its bit set", Role::bitmap_write},
    CellLook{'w', "writes in flight", Role::data_write},
    CellLook{'N', "needs a resync", Role::danger},
    CellLook{'R', "being resynced", Role::current},
};
const CellLook& look_of(char letter) {
    const auto found = std::ranges::find(kCellLooks, letter, &CellLook::letter);
    return found == kCellLooks.end() ? kCellLooks.front() : *found;
}

void choose_cell(LivePage& page, const SnapshotBitmap& bitmap, std::uint64_t number) {
    if (page.cell == number) {
        page.cell.reset();
        return page.lab().unwant_chunks();
    }
    page.cell = number;
    const std::uint64_t first = number * bitmap.chunks_per_cell;
    page.lab().want_chunks(first, first + std::min(bitmap.chunks_per_cell, kMostListed) - 1);
}

void draw_cell(LivePage& page, const SnapshotBitmap& bitmap, std::uint64_t number, const ui::Rect& rect) {
    const CellLook& look = look_of(bitmap.cells[number]);
    const std::string id = fmt::format("live/cell/{}", number), letter(1, look.letter);
    const ui::IdScope scope(id);
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    if (ImGui::InvisibleButton("##it", ui::at_least_one({rect.w, rect.h}))) choose_cell(page, bitmap, number);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 end(rect.right(), rect.bottom());
    draw.AddRectFilled({rect.x, rect.y}, end, look.letter == '.' ? color_u32(Role::field) : fill_u32(look.role), sp(2));
    if (page.cell == number) draw.AddRect({rect.x, rect.y}, end, color_u32(Role::accent), sp(2), 0, sp(2));
    draw.AddText({rect.x + (rect.w - ui::text_width(letter)) / 2, rect.y + sp(1)}, color_u32(look.role),
                 letter.c_str());
    ui::draw_focus();
    ui::mark(id, "cell", letter, static_cast<double>(look.letter));
    const std::uint64_t first = number * bitmap.chunks_per_cell;
    ui::tip(fmt::format("chunks {} to {}: {}", first, std::min(first + bitmap.chunks_per_cell, bitmap.chunks) - 1,
                        look.word));
}

void draw_cells(LivePage& page, const SnapshotBitmap& bitmap) {
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const float size = ImGui::GetTextLineHeight() + sp(2), gap = sp(2);
    const auto columns =
        std::max<std::size_t>(1, static_cast<std::size_t>((ImGui::GetContentRegionAvail().x + gap) / (size + gap)));
    for (std::size_t i = 0; i < bitmap.cells.size(); i++) {
        const std::size_t line = i / columns;
        draw_cell(page, bitmap, i,
                  {begin.x + static_cast<float>(i % columns) * (size + gap),
                   begin.y + static_cast<float>(line) * (size + gap), size, size});
    }
    const std::size_t lines = (bitmap.cells.size() + columns - 1) / columns;
    ImGui::SetCursorScreenPos({begin.x, begin.y + static_cast<float>(lines) * (size + gap)});
    ImGui::Dummy({1, sp(2)});
}

std::string chunk_words(const ChunkRow& chunk) {
    return fmt::format("{:>8}  counter {:<5} bit {}  {}", chunk.chunk, chunk.count(), chunk.bit ? 1 : 0, chunk.words());
}

void draw_chunks(const LiveView& view) {
    if (!view.chunks) return ui::text("live/chunks/wait", "reading lab/chunks …", Role::dim_text);
    draw_advice("live/chunks/problem", view.chunks->problem);
    for (const ChunkRow& chunk : view.chunks->chunks)
        ui::text(fmt::format("live/chunk/{}", chunk.chunk), chunk_words(chunk),
                 chunk.count() == 0 ? Role::dim_text : Role::text, Font::code);
}

void draw_legend() {
    for (const CellLook& look : kCellLooks) {
        const std::string words = fmt::format("{} {}", look.letter, look.word);
        if (&look != &kCellLooks.front()) flow(ui::text_width(words));
        ui::text(fmt::format("live/legend/{}", look.letter), words, look.role, Font::text, ui::text_width(words));
    }
}

// ---- events

std::string event_words(const HistoryWindow& history, const HistoryEvent& event) {
    return fmt::format("{:>12.3f}  {:<14} {}", static_cast<double>(event.at_ns) / 1e6, history.name(event.task),
                       history.sentence(event));
}

bool matches(const HistoryWindow& history, const HistoryEvent& event, const std::string& filter) {
    return filter.empty() || event_words(history, event).find(filter) != std::string::npos ||
           history.point_name(event).find(filter) != std::string::npos;
}

// Indices of what passes the filter. Without one: all there is, and none of it is touched.
std::vector<std::size_t> filtered(const HistoryWindow& history, const std::string& filter) {
    std::vector<std::size_t> rows;
    const std::size_t count = history.events.size();
    for (std::size_t i = count > kMostFiltered ? count - kMostFiltered : 0; i < count; i++)
        if (matches(history, history.events[i], filter)) rows.push_back(i);
    return rows;
}

void draw_event_rows(LivePage& page, const HistoryWindow& history, const std::vector<std::size_t>& rows, bool all) {
    const Page lines("lines");
    const std::size_t count = all ? history.events.size() : rows.size();
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(count), ImGui::GetTextLineHeight() + sp(4) + ImGui::GetStyle().ItemSpacing.y);
    while (clipper.Step())
        for (auto i = static_cast<std::size_t>(clipper.DisplayStart); i < static_cast<std::size_t>(clipper.DisplayEnd);
             i++) {
            const HistoryEvent& event = history.events[all ? i : rows[i]];
            ui::row(fmt::format("live/event/{}", event.seq), event_words(history, event), {.font = Font::code});
        }
    clipper.End();
    // Scrolled back: what is shown stays as it is until it is scrolled to its end again.
    const bool at_end = ImGui::GetScrollY() >= ImGui::GetScrollMaxY() - sp(2);
    if (ImGui::GetIO().MouseWheel > 0 && ImGui::IsWindowHovered() && ImGui::GetScrollMaxY() > 0 && !page.frozen_events)
        page.frozen_events = page.lab().history().window();
    else if (page.frozen_events && at_end && ImGui::GetIO().MouseWheel < 0)
        page.frozen_events.reset();
    if (!page.frozen_events) ImGui::SetScrollY(ImGui::GetScrollMaxY());
}

}  // namespace

void draw_bitmap(State& state) {
    LivePage& page = state.live;
    const Snapshot& snapshot = *page.view().snapshot;
    if (!snapshot.bitmap)
        return ui::paragraph("live/bitmap/none", "This array has no bitmap: after a crash all of it is resynced.",
                             Role::dim_text);
    const SnapshotBitmap& bitmap = *snapshot.bitmap;
    ui::paragraph("live/bitmap/what",
                  fmt::format("{} bitmap, {} chunks of {} KiB, {} chunks a cell. {} writing, {} idle, {} ageing, {} "
                              "need a resync, {} clean.",
                              bitmap.home, counted(bitmap.chunks), bitmap.chunk_bytes / 1024, bitmap.chunks_per_cell,
                              counted(bitmap.writing), counted(bitmap.idle), counted(bitmap.last_period),
                              counted(bitmap.needed), counted(bitmap.clean)));
    if (bitmap.write_error)
        ui::paragraph("live/bitmap/error", "▲ A bitmap write failed: it is not written any more.", Role::danger);
    draw_legend();
    ImGui::Spacing();
    draw_cells(page, bitmap);
    if (page.cell) draw_chunks(page.view());
}

void draw_events(State& state) {
    LivePage& page = state.live;
    ui::field("live/events/filter", page.event_filter, "filter");
    const std::shared_ptr<const HistoryWindow> history =
        page.frozen_events ? page.frozen_events : page.lab().history().window();
    const bool all = page.event_filter.empty();
    const std::vector<std::size_t> rows = all ? std::vector<std::size_t>() : filtered(*history, page.event_filter);
    const HistoryLosses& losses = page.history().losses;
    ui::paragraph("live/events/count",
                  fmt::format("{} events kept{}. {} dropped by the array, {} missing, {} forgotten here.",
                              counted(history->events.size()),
                              all ? ""
                                  : fmt::format(", {} of the last {} match", counted(rows.size()),
                                                counted(std::min(kMostFiltered, history->events.size()))),
                              counted(losses.dropped), counted(losses.missing), counted(losses.forgotten)),
                  losses.dropped + losses.missing > 0 ? Role::danger : Role::dim_text);
    bool follow = !page.frozen_events;
    if (ui::toggle("live/events/follow", "Follow the newest", follow, "off: the list stays as it is"))
        page.frozen_events = follow ? nullptr : page.lab().history().window();
    draw_event_rows(page, *history, rows, all);
}

void draw_oops(State& state) {
    const LiveView& view = state.live.view();
    const LivePart* part = view.part(Part::Oops);
    if (!view.snapshot->oops || part == nullptr)
        return ui::paragraph("live/oops/none",
                             view.snapshot->oops ? "reading lab/oops …"
                                                 : "No Oops. With fix none: hold the bitmap's writes, stop the array, "
                                                   "then let the writes go.",
                             Role::dim_text);
    draw_advice("live/oops/problem", part->problem);
    if (ui::button("live/oops/copy", "Copy")) ImGui::SetClipboardText(part->text.c_str());
    command_button(state, "live/oops/assemble", "Assemble again", assemble_command(), {.role = Role::accent});
    std::size_t number = 0;
    for (std::size_t begin = 0; begin <= part->text.size(); number++) {
        const std::size_t end = std::min(part->text.find('\n', begin), part->text.size());
        const std::string line = part->text.substr(begin, end - begin);
        const FontScope font(Font::code);
        ui::paragraph(fmt::format("live/oops/{}", number), line.empty() ? " " : line);
        begin = end + 1;
    }
}

void draw_commands(State& state) {
    const LiveView& view = state.live.view();
    if (view.results.empty() && view.running.empty())
        ui::paragraph("live/commands/none", "Nothing was commanded so far.", Role::dim_text);
    for (auto result = view.results.rbegin(); result != view.results.rend(); ++result) {
        const std::string id = fmt::format("live/result/{}", result->id);
        ui::text(id,
                 fmt::format("{} {}   ({:.1f} s)   {} > {}", result->ok ? "✓" : "✗", result->label, result->seconds,
                             result->text, result->file),
                 result->ok ? Role::safe : Role::danger);
        if (!result->answer.empty()) ui::paragraph(id + "/answer", result->answer, Role::dim_text);
        if (!result->ok) draw_advice(id + "/advice", result->advice);
    }
}

}  // namespace mdscope::gui::live
