// SPDX-License-Identifier: MIT
// What a person can do to a mounted array, as stores into its control files. Each is a label for the person, a file of
// the mount, and the text that is written.
#pragma once

#include <cstdint>
#include <string>

namespace mdscope::gui {

struct LiveCommand {
    std::string label;
    std::string file;  // "lab/..." or "md/..."
    std::string text;
};

LiveCommand hold_command(const std::string& kinds, const std::string& member = "");  // "bitmap", "bitmap superblock"
LiveCommand hold_off_command();
LiveCommand release_command(std::uint64_t bio_id);
LiveCommand release_all_command();
// A rule as lab/delay and lab/fail take it: "sdb 20 data", "sda write data count 1".
LiveCommand delay_command(const std::string& rule);
LiveCommand delay_off_command();
LiveCommand inject_command(const std::string& rule);
LiveCommand inject_off_command();
LiveCommand row_command(const std::string& variant, const std::string& row);  // "fix", "none"
LiveCommand array_state_command(const std::string& word);                     // "clear" is the stop that sleeps
LiveCommand stop_command(bool force);
LiveCommand assemble_command();
LiveCommand fail_member_command(const std::string& member);
LiveCommand remove_member_command(const std::string& member);
LiveCommand re_add_command(const std::string& member);
LiveCommand add_command(const std::string& name_or_path);
LiveCommand sync_action_command(const std::string& word);  // "check", "repair", "idle"
LiveCommand trace_command(bool on);

// The store is over at once: it takes no lock that a sleeper holds. All others may sleep for as long as a person holds
// a bio.
[[nodiscard]] bool is_quick(const std::string& file);
// Reading the file tells what was answered to the last store.
[[nodiscard]] bool has_answer(const std::string& file);

}  // namespace mdscope::gui
