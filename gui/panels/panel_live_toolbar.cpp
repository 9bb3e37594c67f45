// SPDX-License-Identifier: MIT
// What the window's toolbar and keys do to a mounted array.
#include <algorithm>

#include "gui/frame/keys.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

// All that are mounted, the one that is looked at among them also when it is gone.
void draw_choice(LivePage& page, Flow& flow) {
    const float width = sp(260);
    if (!flow.item(width)) return;
    std::vector<std::string> points;
    for (const MountedLab& mount : page.mounts()) points.push_back(mount.mount_point);
    const std::string& now = page.view().mount_point;
    if (std::ranges::find(points, now) == points.end()) points.push_back(now);
    auto chosen = static_cast<int>(std::ranges::find(points, now) - points.begin());
    if (ui::combo("live/choice", points, chosen, width, "the array that is looked at, by its mount point"))
        page.attach(points[static_cast<std::size_t>(chosen)]);
}

bool is_following(const LivePage& page) {
    return !page.time.is_frozen();
}

void toggle_following(LivePage& page) {
    if (is_following(page))
        page.time.freeze(page.history().last_ns);
    else
        page.time.go_live();
}

void draw_following(LivePage& page, Flow& flow) {
    constexpr const char *kFreeze = "■ Freeze", *kGo = "▶ Go live";
    const float width = std::max(ui::button_width(kFreeze), ui::button_width(kGo));
    if (!flow.item(width)) return;
    if (ui::button("live/follow", is_following(page) ? kFreeze : kGo,
                   {.width = width, .tip = "lanes and plots stay as they are, or follow the newest event (Space)"}))
        toggle_following(page);
}

// True: pressed.
bool hand(Flow& flow, const char* id, const char* label, const ui::ButtonLook& look) {
    return flow.item(ui::button_width(label)) && ui::button(id, label, look);
}

}  // namespace

void draw_toolbar(State& state, Flow& flow) {
    LivePage& page = state.live;
    if (!page.is_attached() || page.has_pair()) return;
    draw_choice(page, flow);
    draw_following(page, flow);
    if (hand(flow, "live/toolbar/release", "Release all (R)",
             {.enabled = page.held_bios() > 0, .tip = "writes that are held go on to the images"}))
        page.command(release_all_command());
    if (hand(flow, "live/toolbar/stop", "■ Stop… (S)",
             {.role = Role::drastic, .enabled = page.can_stop(), .tip = "echo clear > md/array_state"}))
        page.ask(LiveAsk::stop);
    if (hand(flow, "live/unmount", "Unmount…",
             {.enabled = !page.is_mounting(),
              .tip = "mdscope umount: releases what is held, stops the array, takes it away"}))
        page.ask(LiveAsk::unmount);
    if (hand(flow, "live/detach", "Detach", {.tip = "stop looking; the disk works on"})) page.detach();
}

void take_keys(State& state) {
    LivePage& page = state.live;
    if (page.has_pair()) return take_pair_keys(state);
    if (!page.is_attached()) return;
    const std::uint64_t last = page.history().last_ns;
    if (pressed("play")) toggle_following(page);
    if (pressed("step_back")) page.time.pan(-page.time.quarter(last), last);
    if (pressed("step_forward")) page.time.pan(page.time.quarter(last), last);
    if (pressed("last")) page.time.go_live();
    if (pressed("zoom_in")) page.time.zoom(0.5, std::nullopt, last);
    if (pressed("zoom_out")) page.time.zoom(2, std::nullopt, last);
    if (pressed("stop_both") && page.can_stop()) page.ask(LiveAsk::stop);
    if (pressed("release") && page.held_bios() > 0) page.command(release_all_command());
}

}  // namespace mdscope::gui::live
