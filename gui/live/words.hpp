// What is said of a mounted array in more than one place: how long something lasts already, and which sleeps are md's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/look/snapshot.hpp"

namespace mdscope::gui {

// "12 ms", "12.4 s", "10 min 30 s", "2 h 05 min".
std::string age_words(std::uint64_t ns);
// From `since_ns` to `now_ns`, which may lie before it: two clocks are read one after the other.
std::string age_words(std::uint64_t since_ns, std::uint64_t now_ns);

// Somebody sleeps in a queue of md's own structs. Everything else is a wait for work: of md's thread, of the disks and
// pollers that md needs to run here and Linux has elsewhere.
bool is_wait_of_md(std::string_view queue);
bool sleeps_in_md(const SnapshotTask& task);

}  // namespace mdscope::gui
