// SPDX-License-Identifier: MIT
// The stage of a mounted array, from one look at it: what the lab has, by the same tables of the exhibit, but without a
// recording. Where its stop is, is known from the stack that it sleeps or runs in, and behind it from what is gone.
#pragma once

#include <string>
#include <vector>

#include "engine/story/tell/mounted.hpp"
#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

// `letter`: "A"; `title`: "fix none"; `members`: the names of those it had, since none is left when it has stopped.
StageModel stage_of(const Mounted& seen, const Snapshot& snapshot, const std::string& letter, const std::string& title,
                    const std::vector<std::string>& members);

// The names of the members, sorted, while it has some: a stopped array has none, and still had those.
void note_members(const Snapshot& snapshot, std::vector<std::string>& names);

}  // namespace mdscope::gui
