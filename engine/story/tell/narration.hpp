// SPDX-License-Identifier: MIT
// Sentences, made from what is recorded: what has just happened, what it means, and why.
#pragma once

#include <string>
#include <vector>

#include "engine/story/tell/who_waits.hpp"

namespace mdscope {

// Both look-aheads of a duel, for everything that looks ahead.
struct Foresight {
    explicit Foresight(const Duel& duel) : a(duel.tape(Side::A)), b(duel.tape(Side::B)) {}
    LookAhead& of(Side side) { return side == Side::A ? a : b; }
    LookAhead a, b;
};

struct Now {
    std::string what;     // who acted in this tick and what changed
    std::string meaning;  // what both arrays are up to: who waits, who is in danger, what a person can do next
};
Now now(const Duel& duel, std::size_t tick, Foresight& foresight);

// A chain from cause to effect; each link is a tick one can go to.
struct Link {
    std::string text;
    std::size_t tick = 0;
    bool has_happened = true;  // false: it will, if nobody does anything about it
};
// Why an array is where it is. For one that crashes, or is about to, exactly five links: the page is marked and its
// writes are submitted without waiting; they are counted in mddev->pending_writes; the last wait looks at the other
// counter, or there is none; the member is unbound; the completion follows the pointer. Empty: nothing to explain.
// `followed`: the write a person is at; where one among several has to be chosen, it is that one.
std::vector<Link> why(const Duel& duel, Side side, std::size_t tick, Foresight& foresight,
                      const std::string& followed = "");

// Of one tick, for a log: "stopper enters md_super_wait and sleeps", "sdb bitmap 2 ends".
std::string tick_line(const Duel& duel, std::size_t tick);

// How a console line of an Oops is to be read; empty: it needs no explanation. `tick`: where its cause lies.
struct Annotation {
    std::string line, meaning;
    std::optional<std::size_t> tick;
};
std::vector<Annotation> annotated_console(const Duel& duel, Side side);

// The same facts as the window shows at a tick, as text: for blind users, for tests and for `mdscope run --describe`.
std::string describe(const Duel& duel, std::size_t tick, Foresight& foresight);

}  // namespace mdscope
