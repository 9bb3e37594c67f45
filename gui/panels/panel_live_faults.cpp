// SPDX-License-Identifier: MIT
// Slow members and failing ones: rules for lab/delay and lab/fail, put together from what they know, and shown as they
// are written. What is in force is read back from the array.
#include <fmt/format.h>

#include <algorithm>

#include "engine/look/lab_rules.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

constexpr const char* kEveryKind = "every kind";

// A word and its field or list, together in the flow.
void word(const std::string& id, const char* words, float width) {
    const float label = ui::text_width(words);
    flow(label + ImGui::GetStyle().ItemSpacing.x + width);
    ImGui::AlignTextToFramePadding();
    ui::text(id + "/label", words, Role::dim_text, Font::text, label + 1);
    ImGui::SameLine();
}

void choose_word(const std::string& id, const char* label, const std::vector<std::string>& items, std::string& value,
                 const char* tip) {
    const float width = sp(130);
    word(id, label, width);
    const auto found = std::ranges::find(items, value);
    int chosen = found == items.end() ? 0 : static_cast<int>(found - items.begin());
    if (ui::combo(id, items, chosen, width, tip)) value = items[static_cast<std::size_t>(chosen)];
}

void type_word(const std::string& id, const char* label, std::string& value, float width, const char* hint) {
    word(id, label, width);
    ui::field(id, value, hint, width);
}

void choose_kind(const std::string& id, std::string& value) {
    std::string shown = value.empty() ? kEveryKind : value;
    std::vector<std::string> kinds(kBioKinds.begin(), kBioKinds.end());
    kinds.insert(kinds.begin(), kEveryKind);
    choose_word(id, "of", kinds, shown, "which of its reads or writes");
    value = shown == kEveryKind ? "" : shown;
}

std::vector<std::string> members_of(const Snapshot& snapshot) {
    std::vector<std::string> names;
    for (const SnapshotMember& member : snapshot.members) names.push_back(member.name);
    std::ranges::sort(names);
    names.insert(names.begin(), std::string(kEveryMember));
    return names;
}

void draw_in_force(const LiveView& view, Part part, const std::string& id) {
    const LivePart* rules = view.part(part);
    if (rules == nullptr) return;
    const bool none = !has_rules(rules->text);
    std::string lines = rules->text;
    for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string::npos; at += 4) lines.replace(at, 1, " ;  ");
    ui::paragraph(id, none ? "none in force" : "in force: " + lines, none ? Role::dim_text : Role::danger);
    draw_advice(id + "/problem", rules->problem);
}

// What will be written, so that it can be typed elsewhere.
void draw_store(const std::string& id, const std::string& words, const char* file) {
    const FontScope font(Font::code);
    ui::paragraph(id, fmt::format("echo {} > {}", words, file), Role::dim_text);
}

void draw_delay(State& state, const std::vector<std::string>& members) {
    LiveFaults& rule = state.live.faults;
    ui::header("live/delay", "Slow members");
    ImGui::Dummy({0, 0});
    choose_word("live/delay/member", "member", members, rule.delay_member, "which disk is slow");
    type_word("live/delay/ms", "by ms", rule.delay_ms, sp(80), "milliseconds, 0 to 3600000");
    choose_kind("live/delay/kind", rule.delay_kind);
    draw_store("live/delay/store", rule.delay_words(), "lab/delay");
    if (ui::button("live/delay/set", "Set delay", {.role = Role::accent, .enabled = !rule.delay_ms.empty()}))
        state.live.command(delay_command(rule.delay_words()));
    command_button(state, "live/delay/off", "No delay", delay_off_command());
    draw_in_force(state.live.view(), Part::Delay, "live/delay/rules");
}

void draw_fail(State& state, const std::vector<std::string>& members) {
    LiveFaults& rule = state.live.faults;
    ui::header("live/fail", "Failing members");
    ImGui::Dummy({0, 0});
    choose_word("live/fail/member", "member", members, rule.fail_member, "which disk answers an error");
    std::vector<std::string> ops;
    for (const BioOp op : kFailingOps) ops.emplace_back(kBioOps[op]);
    choose_word("live/fail/op", "fails a", ops, rule.fail_op, "what it was asked to do");
    choose_kind("live/fail/kind", rule.fail_kind);
    type_word("live/fail/skip", "after", rule.skip, sp(80), "so many pass first");
    type_word("live/fail/count", "so often", rule.count, sp(80), "so many fail; empty: all that follow");
    type_word("live/fail/sectors", "sectors", rule.sectors, sp(150), "all; or FIRST-LAST, as in 0-2047");
    draw_store("live/fail/store", rule.fail_words(), "lab/fail");
    if (ui::button("live/fail/add", "Add fault",
                   {.role = Role::drastic, .tip = "md answers a failed write by failing the member"}))
        state.live.command(inject_command(rule.fail_words()));
    command_button(state, "live/fail/off", "No faults", inject_off_command());
    draw_in_force(state.live.view(), Part::Fail, "live/fail/rules");
}

}  // namespace

void draw_faults(State& state) {
    const std::vector<std::string> members = members_of(*state.live.view().snapshot);
    draw_delay(state, members);
    ImGui::Spacing();
    draw_fail(state, members);
}

}  // namespace mdscope::gui::live
