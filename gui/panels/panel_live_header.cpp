// SPDX-License-Identifier: MIT
// Above and below the pages of an attached array: who answers, what is wrong and what to do about it, what runs. Only
// what is rare and large (an array that is gone, an Oops) pushes the pages down; a command that begins or ends moves
// nothing.
#include <fmt/format.h>

#include "gui/frame/ui_parts.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

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
}

// ---- what runs, and what went wrong

std::string running_words(const LiveView& view) {
    const LiveRunning& first = view.running.front();
    const LiveClock::time_point now = LiveClock::now();
    const std::string how = first.started_at ? fmt::format("running for {:.1f} s", first.seconds(now))
                                             : fmt::format("waits for its turn, behind: {}", first.behind);
    const std::size_t others = view.running.size() - 1;
    return fmt::format("▶ {}: {}{}", first.label, how, others > 0 ? fmt::format("   (and {} more)", others) : "");
}

// One line that is always there: nothing below it moves when a command begins or ends.
void draw_running(const LiveView& view) {
    if (!view.running.empty()) return ui::text("live/running", running_words(view), Role::current);
    if (view.results.empty()) return ui::text("live/running", "No command so far.", Role::dim_text);
    const LiveResult& last = view.results.back();
    ui::text("live/running", fmt::format("{} {}: {:.1f} s", last.ok ? "✓" : "✗", last.label, last.seconds),
             last.ok ? Role::dim_text : Role::danger);
}

const LiveResult* last_failure(const LivePage& page) {
    const auto& results = page.view().results;
    if (results.empty() || results.back().ok || results.back().id <= page.dismissed_result) return nullptr;
    return &results.back();
}

std::string failure_words(const LiveResult& result) {
    return fmt::format("✗ {}: {}", result.label, result.advice.text());
}

}  // namespace

float failure_height(const LivePage& page) {
    const LiveResult* failure = last_failure(page);
    if (failure == nullptr) return 0;
    const float width = ImGui::GetContentRegionAvail().x;
    const float words = ImGui::CalcTextSize(failure_words(*failure).c_str(), nullptr, false, width).y;
    return words + ImGui::GetFrameHeight() + 3 * ImGui::GetStyle().ItemSpacing.y;
}

void draw_last_failure(LivePage& page) {
    const LiveResult* failure = last_failure(page);
    if (failure == nullptr) return;
    ui::paragraph("live/failure", failure_words(*failure), Role::danger);
    if (ui::button("live/failure/close", "Close")) page.dismissed_result = failure->id;
}

namespace {

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
    draw_progress(state.live);
    draw_running(view);
}

}  // namespace mdscope::gui::live
