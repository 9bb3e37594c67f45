// SPDX-License-Identifier: MIT
// Where a value came from: the last step before this one at which the thing that is pointed at changed, in A or in B.
#pragma once

#include <optional>
#include <string>

#include "engine/story/record/duel.hpp"

namespace mdscope::gui {

// `thing`: a key of pointed.hpp. At `tick` itself if it changed there and `again` is false. nullopt: it was so from the
// start, or nothing is known of such a thing.
std::optional<std::size_t> set_last(const Duel& duel, const std::string& thing, std::size_t tick, bool again);

}  // namespace mdscope::gui
