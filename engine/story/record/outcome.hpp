// SPDX-License-Identifier: MIT
// What a schedule comes to: a duel played to its end, and told as `mdscope run` tells a single run. The window and the
// command line end a schedule in the same way, so a result of one is the result of the other.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/story/record/duel.hpp"

namespace mdscope {

// What play_out() had to wish by itself, for whoever has to know that nobody asked for it.
struct Unasked {
    std::vector<std::string> let_go;  // "sda bitmap 1", in either array
    std::size_t tick = 0;             // at which they were
};
// Plays on to the end, as Duel does if nobody chooses. Tasks that wait for a start are started when nothing else can
// happen, and what is held is let go when nothing else is left.
Unasked play_out(Duel& duel);

// The first tick after which an array has crashed.
std::optional<std::size_t> first_oops(const Duel& duel);

// The same steps once more, with everything that a Run keeps. Error: they drifted (a bug).
Result<Run> run_of(const Tape& tape);

// What this array has that the other one has not: "fix none". "the same": nothing.
std::string side_text(const Duel& duel, Side side);

// Both results: a summary (with the first difference, as a tick), then the card of each. `runs`: by side.
std::string duel_card(const Duel& duel, const std::array<Run, 2>& runs);
// {"version": 1, "ticks": N, "first_difference": N or null, "a": {...}, "b": {...}}, each as run_json() has it.
std::string duel_json(const Duel& duel, const std::array<Run, 2>& runs);

}  // namespace mdscope
