// The mode "Live": an array that is mounted, followed through its files while it works.
//
//   wide                                   narrow
//   +--------- who answers ------------+   +--- who answers ---+
//   | counters, waits   | control,     |   | counters | time | |
//   |-------------------| members,     |   | control | ...   | |
//   | lanes on one axis | bitmap, ...  |   |  the one chosen   |
//   +-------------------+--------------+   +-------------------+
#include "gui/panel_live.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gui/ui_parts.hpp"

namespace mdscope::gui {

namespace live {

// ---- what pages share

void flow(float width) {
    const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    if (ImGui::GetItemRectMax().x + ImGui::GetStyle().ItemSpacing.x + width <= right) ImGui::SameLine();
}

bool flow_button(std::string_view id, std::string_view label, const ui::ButtonLook& look) {
    flow(ui::button_width(label));
    return ui::button(id, label, look);
}

void command_button(State& state, std::string_view id, std::string_view label, const LiveCommand& command,
                    const ui::ButtonLook& look) {
    if (flow_button(id, label, look)) state.live.command(command);
}

void draw_advice(std::string_view id, const Advice& advice) {
    if (!advice.empty()) ui::paragraph(id, advice.text(), Role::danger);
}

void draw_share(std::string_view id, std::string_view words, double share, Role role) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = sp(6);
    const auto part = static_cast<float>(std::clamp(share, 0.0, 1.0));
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(at, {at.x + width, at.y + height}, color_u32(Role::field), sp(3));
    draw.AddRectFilled(at, {at.x + width * part, at.y + height}, color_u32(role), sp(3));
    ImGui::Dummy({width, height});
    ui::mark(id, "bar", words, share);
}

void draw_hatch(const ui::Rect& rect, Role role) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.PushClipRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, true);
    for (float x = rect.x - rect.h; x < rect.right(); x += sp(7))
        draw.AddLine({x, rect.bottom()}, {x + rect.h, rect.y}, color_u32(role, 0.5F), sp(1.5F));
    draw.PopClipRect();
}

std::string counted(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

std::string milliseconds(std::uint64_t ns) {
    return counted(ns / 1'000'000) + " ms";
}

namespace {

// ---- who answers

struct WordLook {
    const char* shape;
    const char* word;
    Role role;
};
WordLook look_of(LiveState state) {
    switch (state) {
        case LiveState::Connecting:
            return {"…", "CONNECTING", Role::current};
        case LiveState::Live:
            return {"●", "LIVE", Role::safe};
        case LiveState::Silent:
            return {"▲", "NO ANSWER", Role::danger};
        case LiveState::Gone:
            return {"✗", "GONE", Role::danger};
    }
    return {"?", "?", Role::danger};
}

WordLook look_of(const Snapshot& snapshot) {
    if (snapshot.oops) return {"✗", "OOPS", Role::danger};
    const std::string& state = snapshot.array.state;
    if (state == "clear" || state == "inactive") return {"■", state.c_str(), Role::dim_text};
    return {"○", state.c_str(), Role::text};
}

void flow_chip(std::string_view id, const WordLook& look) {
    flow(ui::chip_width(look.shape, look.word));
    ui::chip(id, look.shape, look.word, look.role);
}

void flow_text(std::string_view id, const std::string& words, Role role = Role::dim_text) {
    flow(ui::text_width(words));
    ImGui::AlignTextToFramePadding();
    ui::text(id, words, role);
}

void draw_losses(const LivePage& page) {
    const HistoryLosses& losses = page.history().losses;
    const std::uint64_t lost = losses.dropped + losses.missing;
    flow_text("live/dropped", lost == 0 ? "no event lost" : counted(lost) + " events lost",
              lost == 0 ? Role::dim_text : Role::danger);
    ui::tip(fmt::format(
        "{} events taken in; {} were overwritten in the array before they could be read, {} are missing "
        "without a word, {} are older than what is kept here.",
        counted(losses.received), counted(losses.dropped), counted(losses.missing), counted(losses.forgotten)));
}

void draw_first_line(State& state) {
    LivePage& page = state.live;
    const LiveView& view = page.view();
    const WordLook look = look_of(view.state);
    ui::chip("live/state", look.shape, look.word, look.role);
    if (view.snapshot) {
        flow_chip("live/array", look_of(*view.snapshot));
        ui::tip("array_state");
    }
    flow_text("live/where",
              fmt::format("{} at {}", view.snapshot ? view.snapshot->array.name : "an array", view.mount_point),
              Role::text);
    flow_text("live/rate", fmt::format("{:.0f} Hz, {} events/s", view.snapshots_per_second,
                                       counted(static_cast<std::uint64_t>(view.events_per_second))));
    ui::tip("snapshots read a second (fewer while nothing changes), and events traced a second");
    draw_losses(page);
    const bool busy = page.is_mounting();
    if (flow_button("live/detach", "Detach", {.tip = "stop looking; the disk works on"})) return page.detach();
    if (flow_button("live/unmount", "Unmount",
                    {.enabled = !busy, .tip = "mdscope umount: releases what is held, stops the array, takes it away"}))
        page.start_unmount();
}

// ---- what runs, and what went wrong

void draw_running(const LiveView& view) {
    const LiveClock::time_point now = LiveClock::now();
    for (const LiveRunning& command : view.running) {
        const std::string how = command.started_at ? fmt::format("running for {:.1f} s", command.seconds(now))
                                                   : fmt::format("waits for its turn, behind: {}", command.behind);
        ui::text(fmt::format("live/running/{}", command.id), fmt::format("▶ {}: {}", command.label, how),
                 Role::current);
    }
}

void draw_last_failure(LivePage& page) {
    const auto& results = page.view().results;
    if (results.empty() || results.back().ok || results.back().id <= page.dismissed_result) return;
    const LiveResult& result = results.back();
    ui::paragraph("live/failure", fmt::format("✗ {}: {}", result.label, result.advice.text()), Role::danger);
    if (ui::button("live/failure/close", "Close")) page.dismissed_result = result.id;
}

void draw_progress(LivePage& page) {
    const MountProgress* progress = page.progress();
    if (progress == nullptr) return;
    const bool failed = progress->phase == MountPhase::Failed;
    ui::text("live/mount/phase", fmt::format("{}: {}", progress->mount_point, mount_phase_word(progress->phase)),
             failed ? Role::danger : Role::text);
    for (std::size_t i = 0; i < progress->lines.size(); i++)
        ui::text(fmt::format("live/mount/line/{}", i), progress->lines[i].empty() ? " " : progress->lines[i],
                 Role::dim_text, Font::code);
    if (failed) draw_advice("live/mount/problem", progress->advice);
    if (progress->is_over() && ui::button("live/mount/close", "Close")) page.forget_progress();
}

void draw_oops_line(State& state) {
    const Snapshot* snapshot = state.live.view().snapshot.get();
    if (snapshot == nullptr || !snapshot->oops) return;
    const SnapshotOops& oops = *snapshot->oops;
    ui::paragraph("live/oops_line",
                  fmt::format("✗ Oops: {} in {}, while {} was on the processor. This array's kernel has halted; its "
                              "images are as they were.",
                              oops.what, oops.function, oops.in_irq ? "an interrupt" : oops.comm),
                  Role::danger);
    if (ui::button("live/oops_show", "Show the Oops")) state.live.tab = LiveTab::oops;
    command_button(state, "live/assemble_again", "Assemble again", assemble_command(),
                   {.role = Role::accent, .tip = "brings the array back from what is on disk"});
}

}  // namespace

void draw_header(State& state) {
    draw_first_line(state);
    if (!state.live.is_attached()) return;
    const LiveView& view = state.live.view();
    draw_advice("live/problem", view.problem);
    draw_advice("live/stream_problem", view.stream_problem);
    draw_advice("live/space_problem", view.space_problem);
    draw_oops_line(state);
    draw_running(view);
    draw_last_failure(state.live);
    draw_progress(state.live);
}

// ---- the whole

namespace {

struct LivePageRow {
    LiveTab tab;
    ui::Tab label;
    void (*draw)(State&);
};
constexpr std::array kPages = {
    LivePageRow{LiveTab::now, {"now", "Counters"}, draw_counters},
    LivePageRow{LiveTab::time, {"time", "Time"}, draw_time},
    LivePageRow{LiveTab::control, {"control", "Control"}, draw_control},
    LivePageRow{LiveTab::members, {"members", "Members"}, draw_members},
    LivePageRow{LiveTab::bitmap, {"bitmap", "Bitmap"}, draw_bitmap},
    LivePageRow{LiveTab::events, {"events", "Events"}, draw_events},
    LivePageRow{LiveTab::oops, {"oops", "Oops"}, draw_oops},
    LivePageRow{LiveTab::commands, {"commands", "Commands"}, draw_commands},
};
constexpr std::size_t kAlwaysShownWide = 2;

void draw_tabs(State& state, std::size_t first) {
    std::vector<ui::Tab> labels;
    for (std::size_t i = first; i < kPages.size(); i++) labels.push_back(kPages[i].label);
    if (static_cast<std::size_t>(state.live.tab) < first) state.live.tab = LiveTab::control;
    int chosen = static_cast<int>(static_cast<std::size_t>(state.live.tab) - first);
    if (ui::tabs("live", labels, chosen)) state.live.tab = kPages[first + static_cast<std::size_t>(chosen)].tab;
    const LivePageRow& page = kPages[static_cast<std::size_t>(state.live.tab)];
    ImGui::Spacing();
    const Page scrolling(page.label.id.data(), {0, 0},
                         page.tab == LiveTab::time ? ImGuiWindowFlags_NoScrollWithMouse : ImGuiWindowFlags_None);
    page.draw(state);
}

void draw_wide(State& state, ImVec2 size) {
    const float gap = sp(8), left = std::floor(size.x * 0.6F) - gap;
    const float counters = std::floor(std::max(sp(200), size.y * 0.38F));
    ImGui::BeginChild("left", {left, size.y});
    {
        const Page page("counters", {0, counters});
        draw_counters(state);
    }
    {
        const Page page("lanes", {0, 0}, ImGuiWindowFlags_NoScrollWithMouse);
        draw_time(state);
    }
    ImGui::EndChild();
    ImGui::SameLine(0, gap);
    ImGui::BeginChild("right", {0, size.y});
    draw_tabs(state, kAlwaysShownWide);
    ImGui::EndChild();
}

// In a child of their own: the header stays, and is never so high that nothing is left.
void draw_pages(State& state) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const ImVec2 size(room.x, std::max(sp(240), room.y));
    if (size.x >= sp(1100)) return draw_wide(state, size);
    ImGui::BeginChild("narrow", size);
    draw_tabs(state, 0);
    ImGui::EndChild();
}

}  // namespace

}  // namespace live

void draw_live(State& state, const ui::Rect& rect) {
    const Panel panel("live", rect);
    if (!state.live.is_attached()) return live::draw_mounting(state);
    live::draw_header(state);
    if (!state.live.is_attached()) return;
    ImGui::Spacing();
    if (state.live.view().snapshot)
        live::draw_pages(state);
    else if (state.live.view().state == LiveState::Gone)
        ui::paragraph("live/nothing", "It is looked for again and again, and shown when it is back.", Role::dim_text);
}

}  // namespace mdscope::gui
