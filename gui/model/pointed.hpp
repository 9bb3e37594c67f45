// SPDX-License-Identifier: MIT
// What the mouse is on, or what was pinned by a click: a thing has one key wherever it is shown, on both stages, in the
// tree and in the lanes.
//
//   counter/mddev->pending_writes    write/sdb bitmap 1    member/sdb    function/md_super_wait    task    word/NULL
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

// Whether the thing `shown` is ringed while `pointed` is what is pointed at: it is the same, or it belongs to it. A
// counter: the writes counted in it, and the function that waits for it.
bool is_marked(const std::string& shown, const std::string& pointed, const std::array<StageModel, 2>& stages);

// Of a word of a sentence; empty: nothing is known by that word.
std::string key_of_word(std::string_view word);

struct PointedCard {
    std::string name, what, up, down;
    std::optional<std::size_t> counter;  // left or right, if it is one: then it has values
    std::array<int, 2> values{};         // in A and B
};
// Of the glossary; nullopt: it knows nothing by that name.
std::optional<PointedCard> card_of(const std::string& pointed, const std::array<StageModel, 2>& stages);

}  // namespace mdscope::gui
