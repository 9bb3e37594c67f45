// SPDX-License-Identifier: MIT
// A pair of mounted arrays: what both are up to, the hands that act on both, and both counters of both on one axis of
// real time.
//
//   A says it has stopped. One of its bitmap writes is still out.      [Why? W] [Release on both R]
//   +-- A  fix none --------+ +- Hold Stop Release -+ +-- B  fix upstream ----+
//   | stage                 | | the stop, line by   | |  stage                |   smaller: verbs in a row, no tree;
//   |                       | | line, two cursors   | |                       |   narrow: A above B; both stay
//   +-----------------------+ +---------------------+ +-----------------------+
//   A  mddev  ___|-|____|------------- now
//   B  mddev  ___|-|____|--|__________ now      24 s ago ... now; where they part is marked (pair_strip.cpp)
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gui/frame/keys.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/model/layout.hpp"
#include "gui/model/stage_mounted.hpp"
#include "gui/panels/counter_plot.hpp"
#include "gui/panels/pair_parts.hpp"
#include "gui/panels/panel_stage.hpp"

namespace mdscope::gui::live {

namespace {

constexpr float kGap = 10;

// ---- the sentence, and what is pressed next

std::string key_of(PairVerb verb) {
    return verb == PairVerb::Hold ? "H" : verb == PairVerb::Stop ? "S" : verb == PairVerb::Release ? "R" : "";
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

// Why and the next verb, with the ends below them; returns how much room they take. None where there is too little.
float draw_sentence_buttons(PairPage& pair, float room) {
    const PairVerb next = next_verb(pair);
    const std::string why = "Why?   W", act = fmt::format("{}   {}", verb_words(next), key_of(next));
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, sp(12, 9));
    const float gap = sp(8), widest = ui::button_width("Release on both   R");
    const float width = ui::button_width(why) + gap + widest;
    const bool has_room = room - width > sp(560);
    if (has_room) {
        ImGui::SetCursorScreenPos({begin.x + room - width, begin.y});
        if (ui::button("pair/why", why, {.tip = "the chain from cause to effect"})) pair.shows_why = !pair.shows_why;
        ImGui::SameLine(0, gap);
        if (ui::button("pair/act", act, {.role = Role::act, .enabled = can_do(pair, next), .width = widest}))
            do_verb(pair, next);
    }
    ImGui::PopStyleVar();
    ImGui::SetCursorScreenPos(begin);
    return has_room ? width : 0;
}

struct PairHead {
    bool is_closed = false, has_ends = false;
};
PairHead draw_head(LivePage& page) {
    PairPage& pair = page.pair();
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const float room = ImGui::GetContentRegionAvail().x, unit = sp(1000) / 1000;
    const float buttons = draw_sentence_buttons(pair, room);
    const float width = std::floor((room - (buttons > 0 ? buttons + sp(24) : 0)) / unit);
    const float size = ImGui::GetIO().DisplaySize.x >= sp(1440) ? 26 : 19;
    const PagePen words;
    float y = words.text("pair/sentence", pair.sentence(), {0, 0, width, 0}, {size, true, 4}) + 2;
    const std::string second = pair.second().empty() ? " " : pair.second();
    y += words.text("pair/second", second, {0, y, width, 0}, {16, false, 4, Role::dim_text});
    float below = begin.y + std::max(y * unit, buttons > 0 ? sp(76) : 0.0F);
    if (buttons > 0) {
        const float ends = ui::button_width("Take down") + ui::button_width("Close") + ImGui::GetStyle().ItemSpacing.x;
        ImGui::SetCursorScreenPos({begin.x + room - ends, begin.y + sp(44)});
        ImGui::Dummy({0, 0});
        ImGui::SetCursorScreenPos({begin.x + room - ends, begin.y + sp(44)});
        if (draw_ends(page)) return {true, true};
        below = std::max(below, begin.y + sp(44) + ImGui::GetFrameHeight());
    }
    ImGui::SetCursorScreenPos({begin.x, below + sp(4)});
    return {false, buttons > 0};
}

// ---- the hands, where there is no room for the middle

void draw_verbs(PairPage& pair) {
    const PairVerb next = next_verb(pair);
    const auto look = [&](PairVerb verb, const char* tip) {
        return ui::ButtonLook{
            .role = next == verb ? Role::act : Role::button, .enabled = can_do(pair, verb), .tip = tip};
    };
    if (ui::button("pair/hold", pair.holds() ? "Hold no more (H)" : "Hold (H)",
                   look(PairVerb::Hold, "bitmap writes of both do not touch the images until they are released")))
        do_verb(pair, PairVerb::Hold);
    if (flow_button("pair/stop", "Stop (S)", look(PairVerb::Stop, "echo clear > md/array_state, in both")))
        do_verb(pair, PairVerb::Stop);
    if (flow_button("pair/release", "Release (R)", look(PairVerb::Release, "what is held goes on, in both")))
        do_verb(pair, PairVerb::Release);
}

// ---- one of the two

// How large a stage there is room for; 0: for none.
float stage_factor(ImVec2 room) {
    for (const float factor : kStageFactors)
        if (sp(kStageWidth * factor) <= room.x && sp(kStageHeight * factor) <= room.y) return factor;
    return 0;
}

bool has_stage(const PairArray& array) {
    return array.snapshot && array.view->state == LiveState::Live && array.failure() == nullptr;
}

void draw_array_stage(const PairArray& array, float factor) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    StageLook look;
    look.rect = {at.x, at.y, ImGui::GetContentRegionAvail().x, sp(kStageHeight * factor)};
    look.factor = factor;
    look.id = id_of(array);
    look.is_title_a_link = false;
    (void)draw_stage(stage_of(array.seen, *array.snapshot, array.letter, array.kernel(), array.members), look);
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy({look.rect.w, look.rect.h});
}

// Without a stage: what is wrong with it, or all of it in words.
void draw_array_words(const PairArray& array) {
    const std::string id = id_of(array);
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
    draw_state(told);
    for (const ShownCounter& row : kShownCounters) {
        const std::string counter = fmt::format("{}/counter/{}", id, row.id);  // as on the stage
        const int value = value_of(row, array.snapshot->array);
        ui::text(counter, std::to_string(value), value == 0 ? Role::dim_text : row.role, Font::large);
        ImGui::SameLine();
        ui::text(counter + "/name", row.name, row.role);
    }
    draw_stop_and_why(told);
}

// `factor`: of its stage; 0: as large as there is room for, and with why below it.
void draw_array(const PairArray& array, float factor) {
    if (!has_stage(array)) return draw_array_words(array);
    if (factor > 0) return draw_array_stage(array, factor);
    const float fits = stage_factor(ImGui::GetContentRegionAvail());
    if (fits == 0) return draw_array_words(array);
    draw_array_stage(array, fits);
    draw_stop_and_why({id_of(array), array.seen, array.snapshot->at_ns});
}

void draw_arrays(PairPage& pair, float height) {
    const float room = ImGui::GetContentRegionAvail().x, gap = sp(12);
    const bool wide = room >= sp(900);
    const ImVec2 size(wide ? std::floor((room - gap) / 2) : room, wide ? height : std::floor((height - gap) / 2));
    {
        const gui::Page page("pair_a", size);
        draw_array(pair.side(0), 0);
    }
    if (wide) ImGui::SameLine(0, gap);
    const gui::Page page("pair_b", size);
    draw_array(pair.side(1), 0);
}

// The factor with which everything that is drawn has its place; 0: there is none.
float full_factor(ImVec2 room) {
    constexpr float kMiddle = 372;
    for (const float factor : kStageFactors)
        if (2 * sp(kStageWidth * factor) + 2 * sp(kGap) + sp(kMiddle) <= room.x &&
            sp(kStageHeight * factor) + sp(kGap) + pair_strip_height(false) <= room.y)
            return factor;
    return 0;
}

void draw_in_full(PairPage& pair, float factor) {
    const ImVec2 begin = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
    const ImVec2 size(sp(kStageWidth * factor), sp(kStageHeight * factor));
    const float gap = sp(kGap);
    for (const std::size_t i : {0U, 1U}) {
        ImGui::SetCursorScreenPos({i == 0 ? begin.x : begin.x + room.x - size.x, begin.y});
        ImGui::BeginChild(i == 0 ? "pair_a" : "pair_b", size);
        draw_array(pair.side(i), factor);
        ImGui::EndChild();
    }
    draw_pair_middle(pair, {begin.x + size.x + gap, begin.y, room.x - 2 * (size.x + gap), size.y});
    ImGui::SetCursorScreenPos({begin.x, begin.y + size.y + gap});
    if (pair.is_there()) draw_pair_strip(pair, false);
}

}  // namespace

void draw_pair(State& state) {
    LivePage& page = state.live;
    PairPage& pair = page.pair();
    const PairHead head = draw_head(page);
    if (head.is_closed) return;
    if (const float factor = full_factor(ImGui::GetContentRegionAvail()); factor > 0) return draw_in_full(pair, factor);
    draw_verbs(pair);
    draw_pair_workload(pair);
    if (!head.has_ends && draw_ends(page)) return;
    draw_pair_progress(pair);
    const float room = ImGui::GetContentRegionAvail().y - 2 * ImGui::GetStyle().ItemSpacing.y;
    // The stages come before the lanes.
    const bool is_short = room - pair_strip_height(false) < sp(kStageHeight * kStageFactors.back());
    draw_arrays(pair, std::max(room - pair_strip_height(is_short), sp(220)));
    if (pair.is_there()) draw_pair_strip(pair, is_short);
}

void take_pair_keys(State& state) {
    PairPage& pair = state.live.pair();
    if (pressed("hold") && pair.is_there()) pair.hold(!pair.holds());
    if (pressed("stop_both") && pair.can_stop()) pair.stop();
    if (pressed("release") && (pair.held() > 0 || pair.holds())) pair.release();
    if (pressed("why")) pair.shows_why = !pair.shows_why;
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
