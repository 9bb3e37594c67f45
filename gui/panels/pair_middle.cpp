// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gui/frame/ui_parts.hpp"
#include "gui/live/words.hpp"
#include "gui/panels/pair_parts.hpp"
#include "gui/panels/tree_pen.hpp"

namespace mdscope::gui::live {

// ---- the verbs

PairVerb next_verb(const PairPage& pair) {
    if (pair.held() > 0 && !pair.can_stop()) return PairVerb::Release;
    if (!pair.can_stop()) return PairVerb::Assemble;
    // A bitmap write that can be held comes of a write to md0.
    if (!pair.holds() && !pair.has_written()) return PairVerb::Write;
    return pair.holds() ? PairVerb::Stop : PairVerb::Hold;
}

const char* verb_words(PairVerb verb) {
    switch (verb) {
        case PairVerb::Write:
            return "Write to both";
        case PairVerb::Hold:
            return "Hold on both";
        case PairVerb::Stop:
            return "Stop both";
        case PairVerb::Release:
            return "Release on both";
        case PairVerb::Assemble:
            return "Assemble both";
    }
    return "";
}

bool can_do(const PairPage& pair, PairVerb verb) {
    switch (verb) {
        case PairVerb::Write:
            return pair.can_write();
        case PairVerb::Hold:
            return pair.is_there();
        case PairVerb::Stop:
            return pair.can_stop();
        case PairVerb::Release:
            return pair.held() > 0 || pair.holds();
        case PairVerb::Assemble:
            return pair.can_assemble();
    }
    return false;
}

void do_verb(PairPage& pair, PairVerb verb) {
    switch (verb) {
        case PairVerb::Write:
            return pair.write();
        case PairVerb::Hold:
            return pair.hold(!pair.holds());
        case PairVerb::Stop:
            return pair.stop();
        case PairVerb::Release:
            return pair.release();
        case PairVerb::Assemble:
            return pair.assemble();
    }
}

namespace {

struct VerbRow {
    PairVerb verb;
    const char* id;
    const char* label;
    const char* key;
};
constexpr std::array kVerbs = {VerbRow{PairVerb::Hold, "pair/hold", "Hold", "H"},
                               VerbRow{PairVerb::Stop, "pair/stop", "Stop", "S"},
                               VerbRow{PairVerb::Release, "pair/release", "Release", "R"}};

// Below a verb: what came of it.
std::string came_of(const PairPage& pair, PairVerb verb) {
    const PairArray &a = pair.side(0), &b = pair.side(1);
    if (verb == PairVerb::Hold) return pair.holds() ? "bitmap writes: on" : "bitmap writes";
    if (verb == PairVerb::Release)
        return a.seen.held() == b.seen.held() ? fmt::format("{} held on each", a.seen.held())
                                              : fmt::format("{} and {} held", a.seen.held(), b.seen.held());
    for (const PairArray* array : {&a, &b})
        if (array->stop_asked_at && array->stop) {
            const double ago = std::chrono::duration<double>(pair.now() - *array->stop_asked_at).count();
            return "asked " + age_words(0, static_cast<std::uint64_t>(std::max(ago, 0.0) * 1e9)) + " ago";
        }
    return "both";
}

void draw_verb(PairPage& pair, const PagePen& page, const VerbRow& row, const ui::Rect& box) {
    const Pen& pen = page.pen();
    const bool can = can_do(pair, row.verb), is_next = next_verb(pair) == row.verb;
    const bool is_on = row.verb == PairVerb::Hold && pair.holds();
    const std::string words = is_on ? "Hold no more (H)" : fmt::format("{} ({})", row.label, row.key);
    if (page.area(row.id, box, words, can)) do_verb(pair, row.verb);
    pen.fill(box.x, box.y, box.w, box.h, is_next ? pen.ink(Role::act) : pen.ink(Role::card), 6);
    if (is_on) pen.frame(box.x, box.y, box.w, box.h, pen.ink(Role::held), 2);
    const ImU32 ink = is_next ? IM_COL32_WHITE : pen.ink(is_on ? Role::held : can ? Role::text : Role::faint);
    const float y = box.y + box.h / 2;
    float x = box.x + 12;
    if (is_on) {
        pen.fill(x, y - 7, 4, 14, ink, 0);
        pen.fill(x + 7, y - 7, 4, 14, ink, 0);
        x += 18;
    }
    pen.text(x, y, row.label, Face::bold, 16, ink);
    const float key = box.x + box.w - 32;
    pen.frame(key, y - 12, 24, 24, ink, 1.5F, 4);
    pen.text(key + 12, y, row.key, Face::bold, 14, ink, Align::middle);
    const std::string below = came_of(pair, row.verb);
    if (pen.width_of(below, Face::text, 14) <= box.w + 8)
        pen.text(box.x + box.w / 2, box.y + box.h + 13, below, Face::text, 14,
                 pen.ink(is_on ? Role::held : Role::dim_text), Align::middle);
}

// ---- the stop

void draw_stop_rows(PairPage& pair, const ui::Rect& rect) {
    const std::vector<TreeRow>& all = pair.tree_rows();
    const float line = sp(18);
    // Those around everything else go without saying where there is no room for all.
    const auto fits = static_cast<std::size_t>(std::max(1.0F, rect.h / line));
    const std::size_t first = all.size() > fits ? all.size() - fits : 0;
    int least = 99;
    for (std::size_t i = first; i < all.size(); i++) least = std::min(least, all[i].depth);
    TreePen pen(rect, line, false);
    for (std::size_t i = first; i < all.size(); i++) {
        TreeRow row = all[i];
        row.depth -= least;
        const float y = rect.y + static_cast<float>(i - first) * line;
        pen.ground(row, y);
        pen.draw(row, y);
        ui::mark_rect({rect.x, y, rect.w, line}, fmt::format("pair/tree/{}", i), "text", line_text(row) + "()",
                      is_here(row.state[0])   ? 1
                      : is_here(row.state[1]) ? 2
                                              : 0);
    }
}

void draw_stop(PairPage& pair, const ui::Rect& rect) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    {
        const FontScope bold(type(Face::bold, 16));
        draw.AddText({rect.x + sp(20), rect.y + sp(7)}, color_u32(Role::text), "A");
        draw.AddText({rect.right() - sp(32), rect.y + sp(7)}, color_u32(Role::text), "B");
    }
    const std::string title = fmt::format("The {}, line by line", default_exhibit().act.noun);
    const float width = ui::text_width(title);
    ImGui::SetCursorScreenPos({rect.x + (rect.w - width) / 2, rect.y + sp(7)});
    ui::text("pair/tree/title", title, Role::dim_text, Font::text, width + 2);
    if (pair.is_there()) draw_stop_rows(pair, {rect.x + sp(4), rect.y + sp(30), rect.w - sp(8), rect.h - sp(34)});
}

}  // namespace

void draw_pair_why(const PairPage& pair) {
    for (const std::size_t i : {0U, 1U}) {
        const PairArray& array = pair.side(i);
        if (array.seen.why.empty()) continue;
        ui::header("pair/why/title", fmt::format("Why {}?", array.letter));
        for (std::size_t at = 0; at < array.seen.why.size(); at++)
            ui::paragraph(fmt::format("pair/why/{}", at), fmt::format("{}  {}", at + 1, array.seen.why[at]));
        return;
    }
    ui::paragraph("pair/why/none", "Nothing has gone wrong, and nothing is about to: there is nothing to explain.",
                  Role::dim_text);
}

void draw_pair_workload(PairPage& pair) {
    static const std::vector<std::string> kWorkloads = {"1,000 writes of 4 KiB", "files of a folder", "fio"};
    auto chosen = static_cast<int>(pair.workload);
    const float width = std::min(ui::combo_width(kWorkloads), ImGui::GetContentRegionAvail().x);
    flow(width);
    if (ui::combo("pair/workload", kWorkloads, chosen, width, "what Write writes, the same to both"))
        pair.workload = static_cast<PairPage::Workload>(chosen);
    const bool is_tree = pair.workload == PairPage::Workload::Tree;
    if (is_tree) {
        const float field = std::min(sp(200), ImGui::GetContentRegionAvail().x);
        flow(field);
        ui::field("pair/tree", pair.tree, "folder whose files are copied", field);
    }
    const bool can = pair.can_write();
    if (pair.can_stop()) {
        if (flow_button("pair/write", "Write to both",
                        {.role = next_verb(pair) == PairVerb::Write ? Role::act : Role::button,
                         .enabled = can,
                         .tip = can ? "the same to both arrays, by a program of its own each"
                                    : "not while bitmap writes are held: a write would wait for its page"}))
            pair.write();
    } else if (flow_button("pair/assemble", "Assemble",
                           {.enabled = pair.can_assemble(), .tip = "both, from what is on disk"})) {
        pair.assemble();
    }
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

void draw_pair_middle(PairPage& pair, const ui::Rect& rect) {
    const float hands = sp(154), gap = sp(8);
    {
        const Panel panel("pair_hands", {rect.x, rect.y, rect.w, hands}, {.scrolls = false});
        ImGui::SetCursorScreenPos({rect.x, rect.y});
        const PagePen page;
        const float unit = sp(1000) / 1000, width = std::floor((rect.w / unit - 24 - 16) / 3);
        for (std::size_t i = 0; i < kVerbs.size(); i++)
            draw_verb(pair, page, kVerbs.at(i), {12 + static_cast<float>(i) * (width + 8), 12, width, 44});
        ImGui::SetCursorScreenPos({rect.x + sp(12), rect.y + sp(88)});
        ImGui::BeginChild("workload", {rect.w - sp(24), hands - sp(92)});
        ImGui::Dummy({0, 0});
        draw_pair_workload(pair);
        draw_pair_progress(pair);
        ImGui::EndChild();
    }
    const ui::Rect below{rect.x, rect.y + hands + gap, rect.w, rect.h - hands - gap};
    const Panel panel("pair_tree", below, {.scrolls = pair.shows_why});
    if (pair.shows_why)
        draw_pair_why(pair);
    else
        draw_stop(pair, below);
}

}  // namespace mdscope::gui::live
