// SPDX-License-Identifier: MIT
// A sentence in pieces: names of the kernel are written otherwise than words, and a counter has its own colour and
// shape wherever it is named. What draws it chooses fonts and colours; nothing here knows them.
#pragma once

#include <string>
#include <vector>

namespace mdscope::gui {

// What a piece is about. First and Second: the counter of the stage's left and right gauge.
enum class Ink { text, dim, faint, first, second, safe, danger, held };

struct Phrase {
    std::string text;
    Ink ink = Ink::text;
    bool is_name = false;  // of the kernel's: written as code
    bool is_bold = false;
    bool operator==(const Phrase&) const = default;
};
using Phrases = std::vector<Phrase>;

inline std::string plain_text(const Phrases& phrases) {
    std::string text;
    for (const Phrase& phrase : phrases) text += phrase.text;
    return text;
}

}  // namespace mdscope::gui
