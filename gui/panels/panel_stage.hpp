// SPDX-License-Identifier: MIT
// The stage of one array. It is drawn from a StageModel alone, so whoever has one can show it: the lab, or a mount.
#pragma once

#include <functional>
#include <string>

#include "gui/frame/marks.hpp"
#include "gui/frame/theme.hpp"
#include "gui/model/motion.hpp"
#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

struct StageLook {
    ui::Rect rect;  // on the screen
    float factor = 1;
    bool is_compact = false;  // header, line and gauges only
    std::optional<StageMotion> motion;
    std::string id;  // of its marks: "card/A"
    bool is_title_a_link = true;
    bool has_rows = true;    // behind the title
    bool has_stops = false;  // the keyboard's focus goes through its things
    std::function<bool(const std::string&)> is_marked = [](const std::string&) {
        return false;
    };  // a thing, by its key
};

struct StageTouch {
    std::string hovered;  // what the mouse or the focus is on; empty: nothing
    std::string pressed;  // by a key, with the focus on it
    bool is_title_clicked = false;
};

StageTouch draw_stage(const StageModel& stage, const StageLook& look);

// Pieces of a sentence in one or more lines, with the shape of a counter before its name. `size` at 100 %; returns the
// number of lines. With `draws` false it only counts.
int draw_phrases(const Phrases& phrases, const ui::Rect& rect, float size, bool is_bold, int most_lines,
                 bool draws = true);

// What is known of the word at that point of such a sentence, as its key (pointed.hpp); empty: nothing.
std::string key_in_phrases(const Phrases& phrases, const ui::Rect& rect, float size, bool is_bold, int most_lines,
                           ImVec2 point);

// In one line; how wide it would be, in pixels.
float phrases_width(const Phrases& phrases, float size, bool is_bold);

Role role_of(Ink ink);
// A state's chip, in the stage's own shapes: the right edge at `right`, in pixels. Returns its left edge.
float draw_status_chip(Status status, const std::string& word, float right, float y, float factor,
                       const std::string& id);

}  // namespace mdscope::gui
