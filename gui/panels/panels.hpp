// SPDX-License-Identifier: MIT
// The panels, one file each. A panel draws what the state says and changes it when a person acts; it keeps nothing
// itself. Each is drawn into the rectangle it is given.
#pragma once

#include "gui/frame/ui.hpp"
#include "gui/model/state.hpp"

namespace mdscope::gui {

// A child window with the look of a panel, for as long as it lives.
class Panel {
   public:
    struct Look {
        Role fill = Role::panel;
        Role border = Role::border;
        bool scrolls = true;
    };
    Panel(const char* id, const ui::Rect& rect) : Panel(id, rect, Look{}) {}
    Panel(const char* id, const ui::Rect& rect, const Look& look);
    ~Panel();
    Panel(const Panel&) = delete;
    Panel& operator=(const Panel&) = delete;
};

// A part of a panel that scrolls on its own. `size` as of BeginChild: 0 is what is left.
class Page {
   public:
    explicit Page(const char* id, ImVec2 size = {0, 0}, ImGuiWindowFlags flags = ImGuiWindowFlags_None);
    ~Page();
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;
};

// The symbol beside a state's word and colour.
struct StateLook {
    const char* shape;
    Role role;
};
StateLook look_of(Status status);
StateLook look_of(TreeLine::State state);
// Of a write: the colour of the counter that it is counted in; grey if none.
Role role_of(const Exhibit& exhibit, const BioName& bio);
const char* side_name(Side side);  // "A"
// What a side's kernel is called: "without the fix  (fix none)".
std::string side_title(const State& state, Side side);

float toolbar_height(const State& state, float width);
void draw_toolbar(State& state, const ui::Rect& rect);
// Whether a lesson's title and buttons are in the toolbar; else they are in its own strip.
bool has_lesson_in_toolbar(const State& state);
float now_height(const State& state, float width);
bool shows_sentence(const State& state);  // with its button
// Whether the open question stands in the sentence's place, with its answers where the button was.
bool asks_in_sentence(const State& state);
// Whether a question with these answers is asked there.
bool fits_in_sentence(const State& state, const std::vector<std::string>& answers);
void draw_now(State& state, const ui::Rect& rect);
void press_next_act(State& state);  // the sentence's button
void draw_card(State& state, Side side, const ui::Rect& rect, const Layout& layout);
void draw_tree(State& state, const ui::Rect& rect);
void draw_lanes(State& state, const ui::Rect& rect);
void draw_side(State& state, const ui::Rect& rect);
void draw_status(State& state, const ui::Rect& rect);
void draw_home(State& state, const ui::Rect& rect);
void draw_museum(State& state, const ui::Rect& rect);
void draw_matrix(State& state, const ui::Rect& rect);
void draw_live(State& state, const ui::Rect& rect);

// Pages of the sidebar.
void draw_in_flight(State& state);
void draw_why(State& state);
void draw_inspect(State& state);
void draw_bitmap(State& state);
void draw_hex(State& state);
void draw_log(State& state);
void draw_oops(State& state);
void draw_plug(State& state);
void draw_branches(State& state);

// Dialogs over everything else.
bool is_dialog_open(const State& state);
void draw_help(State& state);
void draw_setup(State& state);
void draw_share(State& state);

}  // namespace mdscope::gui
