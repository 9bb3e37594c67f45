// SPDX-License-Identifier: MIT
// What a thing with a name is, in two short sentences, for who meets it for the first time.
#pragma once

#include <span>
#include <string_view>

namespace mdscope {

struct Term {
    const char* name;       // of a counter, of a function, of a kind of write: "bitmap write"; "member", "task"
    const char* what;       // at most two lines of the box it is shown in
    const char* up = "";    // of a counter: who raises it
    const char* down = "";  // ... and who lowers it
};

std::span<const Term> glossary();
const Term* find_term(std::string_view name);  // nullptr: there is none
// A word as it stands in a sentence: capitals, and marks before and behind it, do not matter.
const Term* find_word(std::string_view word);

}  // namespace mdscope
