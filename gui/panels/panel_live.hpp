// SPDX-License-Identifier: MIT
// The pages of the mode "Live", one file for each few of them, and what they share. Each draws into the current window,
// from LivePage::view() and LivePage::history(), and acts by queueing commands.
#pragma once

#include <string>
#include <string_view>

#include "gui/frame/flow.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui::live {

void draw_mounting(State& state);             // not attached: what is mounted, and how to make one
void draw_toolbar(State& state, Flow& flow);  // what the window's toolbar has in this mode
void take_keys(State& state);
void draw_question(State& state);  // the dialog that asks before something is taken away
// What an array is up to, and its word; then why, the stop's calls, and who waits for what. `id`: "live", or of a side.
struct Told {
    std::string id;
    const Mounted& seen;
    std::uint64_t now_ns;
};
void draw_sentence(const Told& told);  // the state, and what becomes of it when the writes that are held end
void draw_state(const Told& told);
void draw_when_released(const Told& told);
void draw_story(const Told& told);  // the writes, and the rest
void draw_stop_and_why(const Told& told);
void draw_pair(State& state);  // two arrays side by side. REQUIRES: has_pair()
void take_pair_keys(State& state);
void draw_making_a_pair(LivePage& page);  // where there is none
void draw_header(State& state);           // who answers, what is wrong, what runs
// The last command that failed, until it is closed: below the pages, so that it takes room from their ends and pushes
// no button away. The height is 0 when there is none.
float failure_height(const LivePage& page);
void draw_last_failure(LivePage& page);

// Pages. REQUIRES: attached, with a snapshot.
void draw_counters(State& state);
// The same with its stage, as large as there is room for beside its words and above the lanes; 0: there is none.
float live_stage_factor(const State& state, ImVec2 room);
void draw_live_stage(State& state, float factor);
void draw_time(State& state);
void draw_control(State& state);
void draw_faults(State& state);
void draw_members(State& state);
void draw_bitmap(State& state);
void draw_events(State& state);
void draw_oops(State& state);
void draw_commands(State& state);

// ---- what they share

// What the stop that is shown here turns on; the other rows of a kernel are for who looks for one, behind a switch.
bool is_of_the_stop(const Variant& variant);
bool fold_other_rows(const char* id, LivePage& page);      // the switch; returns whether they are shown
constexpr const char* kUsualKernel = "mdscope's default";  // beside the names of eras
// By the kernel that it differs least from: "as in Linux 5.12", "as in Linux 5.12, but for fix upstream".
std::string kernel_words(const VariantRows& rows);

// Goes on beside the last item if there is room for so much, else below it.
void flow(float width);
// A button in the flow; the array is told `command` when it is pressed.
bool flow_button(std::string_view id, std::string_view label, const ui::ButtonLook& look = {});
void command_button(State& state, std::string_view id, std::string_view label, const LiveCommand& command,
                    const ui::ButtonLook& look = {});
void draw_advice(std::string_view id, const Advice& advice);
// A bar of progress, as wide as there is room; `share` from 0 to 1.
void draw_share(std::string_view id, std::string_view words, double share, Role role = Role::accent);

std::string milliseconds(std::uint64_t ns);  // "12,345 ms"
std::string counted(std::uint64_t number);   // "12,345"

}  // namespace mdscope::gui::live
