// SPDX-License-Identifier: MIT
// A pair of mounted arrays: what both are up to, the hands that act on both, and both counters of both on one axis of
// real time.
//
//   A says it has stopped. One of its bitmap writes is still out.      the worse of the two, then the other
//   [Hold] [Stop] [Release]   [workload] [Write]   [Take down] [Close]
//   +-- A  fix none --------+  +-- B  fix upstream ----+
//   | word, why, counters   |  |                       |               narrow: A above B; both stay
//   +-----------------------+  +-----------------------+
//   A  mddev  ___|-|____|------------- now               24 s ago ... now; where they part is marked
//   B  mddev  ___|-|____|--|__________ now
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gui/frame/keys.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/live/words.hpp"
#include "gui/model/layout.hpp"
#include "gui/model/stage_mounted.hpp"
#include "gui/panels/counter_plot.hpp"
#include "gui/panels/panel_live.hpp"
#include "gui/panels/panel_stage.hpp"

namespace mdscope::gui::live {

namespace {

using Seconds = std::chrono::duration<double>;

std::string id_of(const PairArray& array) {
    return "pair/" + array.letter;
}

// ---- the hands

// The one that is useful next is loud.
enum class Next { Hold, Stop, Release, Assemble };
Next next_of(const PairPage& pair) {
    if (pair.held() > 0 && !pair.can_stop()) return Next::Release;
    if (!pair.can_stop()) return Next::Assemble;
    return pair.holds() ? Next::Stop : Next::Hold;
}

ui::ButtonLook look_of_hand(bool is_next, bool enabled, const char* tip) {
    return {.role = is_next ? Role::accent : Role::button, .enabled = enabled, .tip = tip};
}

void draw_verbs(PairPage& pair) {
    const Next next = next_of(pair);
    const bool holds = pair.holds();
    if (ui::button("pair/hold", holds ? "Hold no more (H)" : "Hold (H)",
                   look_of_hand(next == Next::Hold, pair.is_there(),
                                "bitmap writes of both do not touch the images until they are released")))
        pair.hold(!holds);
    if (flow_button("pair/stop", "Stop (S)",
                    look_of_hand(next == Next::Stop, pair.can_stop(), "echo clear > md/array_state, in both")))
        pair.stop();
    if (flow_button("pair/release", "Release (R)",
                    look_of_hand(next == Next::Release, pair.held() > 0 || holds, "what is held goes on, in both")))
        pair.release();
    if (flow_button("pair/assemble", "Assemble",
                    look_of_hand(next == Next::Assemble, pair.can_assemble(), "both, from what is on disk")))
        pair.assemble();
}

void draw_workload(PairPage& pair) {
    static const std::vector<std::string> kWorkloads = {"1,000 writes of 4 KiB", "files of a folder", "fio"};
    auto chosen = static_cast<int>(pair.workload);
    const float width = sp(200);
    flow(width);
    if (ui::combo("pair/workload", kWorkloads, chosen, width, "what Write writes, the same to both"))
        pair.workload = static_cast<PairPage::Workload>(chosen);
    const bool is_tree = pair.workload == PairPage::Workload::Tree;
    if (is_tree) {
        flow(width);
        ui::field("pair/tree", pair.tree, "folder whose files are copied", width);
    }
    const bool can = pair.can_stop() && !pair.is_working() && !pair.holds() && !(is_tree && pair.tree.empty());
    if (flow_button("pair/write", "Write to both",
                    {.enabled = can, .tip = "not while bitmap writes are held: a write would wait for its page"}))
        pair.write();
}

// True: the pair was closed.
bool draw_ends(LivePage& page) {
    PairPage& pair = page.pair();
    if (flow_button("pair/take_down", "Take down",
                    {.enabled = !pair.is_working(),
                     .tip = "mdscope pair umount: releases what is held, stops and unmounts both; the images stay"}))
        pair.take_down();
    if (!flow_button("pair/close", "Close", {.tip = "stop looking; both arrays work on"})) return false;
    page.close_pair();
    return true;
}

void draw_pair_progress(PairPage& pair) {
    const MountProgress* progress = pair.progress();
    if (progress == nullptr) return ui::text("pair/progress", " ", Role::dim_text);
    const bool failed = progress->phase == MountPhase::Failed;
    const std::string last = progress->lines.empty() ? "" : progress->lines.back();
    if (failed) return ui::paragraph("pair/progress", "✗ " + progress->advice.text(), Role::danger);
    ui::text("pair/progress", fmt::format("{}: {}", mount_phase_word(progress->phase), last),
             progress->is_over() ? Role::dim_text : Role::current);
}

// ---- one of the two

// How large a stage there is room for, with what is told below it; 0: for none.
float stage_factor(const ui::Rect& room) {
    constexpr float kBelow = 84;
    for (const float factor : {1.6F, 1.37F, 1.09F, 1.0F, 0.82F})
        if (sp(kStageWidth * factor) <= room.w && sp(kStageHeight * factor + kBelow) <= room.h) return factor;
    return 0;
}

void draw_array_stage(const PairArray& array, float factor) {
    const std::string id = id_of(array);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    StageLook look;
    look.rect = {at.x, at.y, ImGui::GetContentRegionAvail().x, sp(kStageHeight * factor)};
    look.factor = factor;
    look.id = id;
    look.is_title_a_link = false;
    (void)draw_stage(stage_of(array.seen, *array.snapshot, array.letter, array.kernel(), array.members), look);
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy({look.rect.w, look.rect.h});
    draw_when_released({id, array.seen, array.snapshot->at_ns});
    draw_story({id, array.seen, array.snapshot->at_ns});
}

void draw_array(const PairArray& array) {
    const std::string id = id_of(array);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const bool is_live = array.snapshot && array.view->state == LiveState::Live && array.failure() == nullptr;
    if (const float factor = stage_factor({0, 0, room.x, room.y}); is_live && factor > 0)
        return draw_array_stage(array, factor);
    ui::header(id + "/title", fmt::format("{}   {}", array.letter, array.kernel()));
    if (!array.snapshot || array.view->state != LiveState::Live) {
        ui::text(id + "/state", live_state_word(array.view->state), Role::danger);
        draw_advice(id + "/problem", array.view->problem);
        if (!array.snapshot) return;
    }
    ui::text(id + "/where", array.mount_point, Role::dim_text);
    if (const LiveResult* failure = array.failure())
        ui::paragraph(id + "/failure", fmt::format("✗ {}: {}", failure->label, failure->advice.text()), Role::danger);
    const Told told{id, array.seen, array.snapshot->at_ns};
    draw_sentence(told);
    for (const ShownCounter& row : kShownCounters) {
        const std::string counter = fmt::format("{}/counter/{}", id, row.id);  // as on the stage
        const int value = value_of(row, array.snapshot->array);
        ui::text(counter, std::to_string(value), value == 0 ? Role::dim_text : row.role, Font::large);
        ImGui::SameLine();
        ui::text(counter + "/name", row.name, row.role);
    }
    draw_story(told);
}

void draw_arrays(PairPage& pair, float height) {
    const float room = ImGui::GetContentRegionAvail().x, gap = sp(12);
    const bool wide = room >= sp(900);
    const ImVec2 size(wide ? std::floor((room - gap) / 2) : room, wide ? height : std::floor((height - gap) / 2));
    {
        const gui::Page page("pair_a", size);
        draw_array(pair.side(0));
    }
    if (wide) ImGui::SameLine(0, gap);
    const gui::Page page("pair_b", size);
    draw_array(pair.side(1));
}

// ---- both on one axis

struct RealAxis {
    float x, width;
    LiveClock::time_point now;
    Seconds span;
    [[nodiscard]] float x_of(LiveClock::time_point at) const {
        const double ago = Seconds(now - at).count();
        return x + width * static_cast<float>(std::clamp(1 - ago / span.count(), 0.0, 1.0));
    }
};

void draw_ago(const RealAxis& axis, float y, float bottom) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    constexpr int kParts = 6;
    for (int i = 0; i <= kParts; i++) {
        const double ago = axis.span.count() * (kParts - i) / kParts;
        const float x = axis.x + axis.width * static_cast<float>(i) / kParts;
        const std::string words = i == kParts ? "now" : fmt::format("{:.0f} s ago", ago);
        const float left =
            std::clamp(x - ui::text_width(words) / 2, axis.x, axis.x + axis.width - ui::text_width(words));
        draw.AddLine({x, y + ImGui::GetTextLineHeight()}, {x, bottom}, color_u32(Role::border));
        draw.AddText({left, y}, color_u32(i == kParts ? Role::current : Role::dim_text), words.c_str());
    }
}

void draw_difference(const PairPage& pair, const RealAxis& axis, float y, float bottom) {
    const auto at = pair.first_difference();
    if (!at || pair.now() - *at > pair.span) return;
    const float x = axis.x_of(*at);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    for (float part = y; part < bottom; part += sp(6))
        draw.AddLine({x, part}, {x, std::min(part + sp(3), bottom)}, color_u32(Role::text), sp(1.5F));
    const std::string words = "◆ first difference";
    const ui::Rect rect{x, y, sp(2), bottom - y};
    ui::mark_rect(rect, "pair/first_difference", "mark", words, Seconds(pair.now() - *at).count());
    const float left = std::clamp(x + sp(4), axis.x, std::max(axis.x, axis.x + axis.width - ui::text_width(words)));
    draw.AddText({left, bottom}, color_u32(Role::text), words.c_str());
}

// The plots of one array, and what it will come to at their right.
void draw_plots(const PairPage& pair, const PairArray& array, const RealAxis& axis, float left, float row) {
    for (const ShownCounter& plot : kShownCounters) {
        const ImVec2 at(left, ImGui::GetCursorScreenPos().y);
        const std::string id = fmt::format("{}/{}", id_of(array), plot.id);
        ImGui::SetCursorScreenPos({at.x, at.y + (row - ImGui::GetTextLineHeight()) / 2});
        ui::text(id + "/row", fmt::format("{}  {}", array.letter, plot.name), plot.role, Font::text,
                 axis.x - at.x - sp(6));
        const std::uint64_t from = array.ns_at(pair.now() - pair.span), to = array.ns_at(pair.now());
        if (to > from && array.history)
            draw_counter_plot({*array.history, plot.counter, from, to}, {axis.x, at.y, axis.width, row - sp(4)},
                              plot.role, id);
        ImGui::SetCursorScreenPos({at.x, at.y + row});
    }
    ImGui::Dummy({1, 0});
}

float strip_height() {
    return 4 * sp(34) + 3 * ImGui::GetTextLineHeight() + sp(24);
}

void draw_strip(const PairPage& pair) {
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const float names = ui::text_width("A  bitmap->pending_writes") + sp(14), row = sp(34);
    const float width = std::max(sp(120), ImGui::GetContentRegionAvail().x - names - sp(4));
    const RealAxis axis{begin.x + names, width, pair.now(), pair.span};
    const float top = begin.y + ImGui::GetTextLineHeight() + sp(4), bottom = top + 4 * row;
    draw_ago(axis, begin.y, bottom);
    ImGui::SetCursorScreenPos({begin.x, top});
    for (std::size_t i = 0; i < 2; i++) draw_plots(pair, pair.side(i), axis, begin.x, row);
    draw_difference(pair, axis, top, bottom);
    ImGui::SetCursorScreenPos({begin.x, bottom});
    ImGui::Dummy({1, ImGui::GetTextLineHeight() + sp(4)});
}

}  // namespace

void draw_pair(State& state) {
    LivePage& page = state.live;
    PairPage& pair = page.pair();
    // As large as the lab's, with the stage's thresholds.
    ImGui::PushFont(type(Face::bold, ImGui::GetIO().DisplaySize.x >= sp(1440) ? 26.0F : 20.0F));
    ui::paragraph("pair/sentence", pair.sentence());
    ImGui::PopFont();
    ui::paragraph("pair/second", pair.second().empty() ? " " : pair.second(), Role::dim_text);
    draw_verbs(pair);
    draw_workload(pair);
    if (draw_ends(page)) return;
    draw_pair_progress(pair);
    const float room = ImGui::GetContentRegionAvail().y - strip_height() - ImGui::GetStyle().ItemSpacing.y;
    draw_arrays(pair, std::max(room, sp(220)));
    if (pair.is_there()) draw_strip(pair);
}

void take_pair_keys(State& state) {
    PairPage& pair = state.live.pair();
    if (pressed("hold") && pair.is_there()) pair.hold(!pair.holds());
    if (pressed("stop_both") && pair.can_stop()) pair.stop();
    if (pressed("release") && (pair.held() > 0 || pair.holds())) pair.release();
}

void draw_making_a_pair(LivePage& page) {
    ui::header("live/pairs", "A pair: without the fix, and with it");
    for (const std::string& folder : mounted_pairs(page.mounts()))
        if (ui::row("live/pair" + folder, fmt::format("{}   (both are mounted)", folder), {.alone = true}))
            return page.open_pair(folder);
    if (page.pair_folder.empty()) page.pair_folder = suggest_pair_folder();
    const float button = ui::button_width("Make a pair") + ImGui::GetStyle().ItemSpacing.x;
    ui::field("live/pair_folder", page.pair_folder, "folder that is not there yet",
              std::max(sp(120), std::min(sp(520), ImGui::GetContentRegionAvail().x - button)));
    if (flow_button("live/make_pair", "Make a pair",
                    {.role = Role::accent,
                     .enabled = !page.is_mounting(),
                     .tip = "mdscope pair: two arrays that differ in the fix; what is done is done to both"}))
        page.start_pair();
    ImGui::Spacing();
}

}  // namespace mdscope::gui::live
