// SPDX-License-Identifier: MIT
// What the readers of scenarios and of replay files share: text in numbered lines, and strict numbers.
//
// A reader of numbers takes the whole of its text or nothing: a sign, a blank, a fraction, an unknown unit or an
// overflow is no number, never a different one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/result.hpp"

namespace mdscope {

struct TextLine {
    int number;             // in its file, from 1
    std::string_view text;  // without blanks at its ends and without a comment; never empty
    std::size_t offset;     // in the text that was split: where the line begins
};

struct TextForm {
    std::size_t line_bytes = 1024;
    std::size_t file_bytes = 256 << 10;
    bool comments_in_lines = true;  // `#` at the beginning of any word begins a comment; else of the first only
};

// The lines that say something. The first line's number is `first_number`. Error: a line or the text is too long, or
// has a control character.
Result<std::vector<TextLine>> split_lines(std::string_view text, const TextForm& form, int first_number = 1);

// "LINE: text", as every error of these readers.
Error line_error(int line, const std::string& text);

std::string_view trim(std::string_view text);
// Takes the first word off `text` and the blanks behind it; empty when there is none.
std::string_view take_word(std::string_view& text);

bool read_number(std::string_view text, std::uint64_t* value);  // decimal
bool read_number(std::string_view text, std::uint64_t least, std::uint64_t most, std::uint64_t* value);
bool read_hex(std::string_view text, std::uint64_t* value);    // 1 to 16 digits, lower case
bool read_size(std::string_view text, std::uint64_t* bytes);   // 4096, 64K, 1M, 2G, 1T; powers of 1024
bool read_duration(std::string_view text, std::uint64_t* ms);  // 60s, 500ms
std::string exact_size_text(std::uint64_t bytes);              // reads back as the same number
std::string exact_duration_text(std::uint64_t ms);             // reads back as the same number

}  // namespace mdscope
