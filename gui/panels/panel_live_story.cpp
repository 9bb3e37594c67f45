// SPDX-License-Identifier: MIT
// What a mounted array is up to, told as the lab tells it: one sentence and one word, why, the calls of a stop that is
// under way, and for each write in flight who waits for it.
#include <fmt/format.h>

#include "gui/frame/ui_parts.hpp"
#include "gui/live/words.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

// Outermost first, as a tree; the last one is where it is now.
void draw_stop_calls(const Told& told) {
    const Mounted& seen = told.seen;
    if (seen.stop_stack.empty()) return;
    ui::header(told.id + "/stop_calls", "The stop");
    const FontScope font(Font::code);
    for (std::size_t i = 0; i < seen.stop_stack.size(); i++) {
        const bool is_last = i + 1 == seen.stop_stack.size();
        std::string line = std::string(2 * i, ' ') + (is_last ? "▶ " : "  ") + seen.stop_stack[i];
        if (is_last && !seen.sleepers.empty() && seen.sleepers.front().is_stop)
            line += fmt::format("   asleep until {}, {}", seen.sleepers.front().condition,
                                age_words(seen.sleepers.front().since_ns, told.now_ns));
        ui::text(fmt::format("{}/stop_call/{}", told.id, i), line, is_last ? Role::current : Role::dim_text,
                 Font::code);
    }
}

std::string who_waits_for(const MountedWrite& write, const Mounted& seen) {
    if (write.is_taken) return "nobody waits for it, and what it needs is gone: when it ends, Oops";
    if (write.is_waited) {
        const MountedSleeper& first = seen.sleepers.front();
        return fmt::format("{} waits for it", first.function.empty() ? first.task : first.function);
    }
    return seen.stop_stack.empty() ? "nobody has to wait for it" : "nobody waits for it now";
}

void draw_writes(const Told& told) {
    const Mounted& seen = told.seen;
    if (seen.writes.empty()) return;
    ui::header(told.id + "/writes", "Who waits for what");
    for (const MountedWrite& write : seen.writes)
        ui::paragraph(
            fmt::format("{}/write/{}", told.id, write.id),
            fmt::format("{} {} {} {}{}, {}: {}",
                        write.is_taken    ? "▲"
                        : write.is_waited ? "●"
                                          : "○",
                        write.kind, write.is_read ? "read from" : "write to", write.member, write.held ? " HELD" : "",
                        age_words(write.since_ns, told.now_ns), who_waits_for(write, seen)),
            write.is_taken    ? Role::danger
            : write.is_waited ? Role::safe
                              : Role::dim_text);
}

void draw_why(const Told& told) {
    const Mounted& seen = told.seen;
    if (seen.why.empty()) return;
    ui::header(told.id + "/why", "Why");
    for (std::size_t i = 0; i < seen.why.size(); i++)
        ui::paragraph(fmt::format("{}/why/{}", told.id, i), fmt::format("{}  {}", i + 1, seen.why[i]));
}

}  // namespace

void draw_state(const Told& told) {
    const Mounted& seen = told.seen;
    const StateLook look = gui::look_of(seen.status);
    ui::chip(told.id + "/status", look.shape, status_word(default_exhibit(), seen.status), look.role);
    ui::paragraph(told.id + "/sentence", seen.sentence, look.role == Role::danger ? Role::danger : Role::text);
    if (!seen.second.empty()) ui::paragraph(told.id + "/second", seen.second, Role::dim_text);
}

void draw_sentence(const Told& told) {
    draw_state(told);
    draw_when_released(told);
    ImGui::Spacing();
}

void draw_when_released(const Told& told) {
    if (told.seen.when_released.empty()) return;
    ui::paragraph(told.id + "/when_released", "When released: " + told.seen.when_released,
                  told.seen.status == Status::InDanger ? Role::danger : Role::safe);
}

void draw_story(const Told& told) {
    draw_writes(told);
    draw_stop_and_why(told);
}

void draw_stop_and_why(const Told& told) {
    draw_why(told);
    draw_stop_calls(told);
}

}  // namespace mdscope::gui::live
