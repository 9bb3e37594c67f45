// SPDX-License-Identifier: MIT

#include "gui/live/live_commands.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "engine/look/lab_rules.hpp"

namespace mdscope::gui {

LiveCommand hold_command(const std::string& kinds, const std::string& member) {
    return {"Hold " + kinds + (member.empty() ? "" : " of " + member), "lab/hold", hold_text(kinds, member)};
}
LiveCommand hold_off_command() {
    return {"Hold nothing new", "lab/hold", std::string(kRulesOff)};
}
LiveCommand release_command(std::uint64_t bio_id) {
    return {"Release bio " + std::to_string(bio_id), "lab/release", release_text({bio_id})};
}
LiveCommand release_all_command() {
    return {"Release all", "lab/release", release_text({})};
}
LiveCommand delay_command(const std::string& rule) {
    return {"Delay " + rule, "lab/delay", rule};
}
LiveCommand delay_off_command() {
    return {"No delay", "lab/delay", std::string(kRulesOff)};
}
LiveCommand inject_command(const std::string& rule) {
    return {"Fault " + rule, "lab/fail", rule};
}
LiveCommand inject_off_command() {
    return {"No faults", "lab/fail", std::string(kRulesOff)};
}
LiveCommand row_command(const std::string& variant, const std::string& row) {
    std::string words = variant + ": " + row;
    words[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(words[0])));
    return {words, "lab/" + variant, row};
}
LiveCommand array_state_command(const std::string& word) {
    return {word == "clear" ? "Stop (echo clear)" : "array_state " + word, "md/array_state", word};
}
LiveCommand stop_command(bool force) {
    return {force ? "Stop by force" : "Stop", "lab/stop", force ? "force" : "1"};
}
LiveCommand assemble_command() {
    return {"Assemble", "lab/assemble", "1"};
}
LiveCommand fail_member_command(const std::string& member) {
    return {"Fail " + member, "md/dev-" + member + "/state", "faulty"};
}
LiveCommand remove_member_command(const std::string& member) {
    return {"Remove " + member, "lab/remove", member};
}
LiveCommand re_add_command(const std::string& member) {
    return {"Re-add " + member, "lab/re-add", member};
}
LiveCommand add_command(const std::string& name_or_path) {
    return {"Add " + name_or_path, "lab/add", name_or_path};
}
LiveCommand sync_action_command(const std::string& word) {
    return {"sync_action " + word, "md/sync_action", word};
}
LiveCommand trace_command(bool on) {
    return {on ? "Trace" : "Do not trace", "lab/trace", on ? "on" : "off"};
}

bool is_quick(const std::string& file) {
    constexpr std::array<std::string_view, 6> kQuick = {"lab/hold", "lab/release", "lab/delay",
                                                        "lab/fail", "lab/trace",   "lab/chunks"};
    return std::ranges::find(kQuick, file) != kQuick.end();
}

bool has_answer(const std::string& file) {
    constexpr std::array<std::string_view, 5> kAnswering = {"lab/stop", "lab/assemble", "lab/add", "lab/remove",
                                                            "lab/re-add"};
    return std::ranges::find(kAnswering, file) != kAnswering.end();
}

}  // namespace mdscope::gui
