// SPDX-License-Identifier: MIT
// How sysfs files read what is written to them: the kernel's kstrto* family and md's own small parsers, by their names.
//
// All are strict: the whole text must be the value, one trailing newline is forgiven, anything else is -EINVAL, and a
// number that does not fit is -ERANGE. They return 0 with *result set, or -errno with *result untouched. Text never
// changes behaviour by locale.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/kernel/bio.hpp"

namespace mdscope::sysfs {

std::string_view without_newline(std::string_view text);  // at most one is taken off

int kstrtoull(std::string_view text, std::uint64_t* result);  // decimal, a leading '+' allowed
int kstrtouint(std::string_view text, unsigned* result);
int kstrtoint(std::string_view text, int* result);       // a leading '-' or '+' allowed
int kstrtobool(std::string_view text, bool* result);     // looks at the first letter, for "on" and "off" at two
bool cmd_match(std::string_view text, const char* cmd);  // the word itself, perhaps with a newline

// KiB in the text, sectors in *sectors; -EINVAL when the sectors would not fit.
int strict_blocks_to_sectors(std::string_view text, Sector* sectors);
// "1.5" with scale 3 is 1500. No digits at all count as 0, digits beyond the scale are cut off, as md does.
int strict_strtoul_scaled(std::string_view text, unsigned scale, std::uint64_t* result);
// Takes a number off the front of *text (0x and 0 prefixes as in C). False, and *text untouched, when there is none.
bool simple_strtoull(std::string_view* text, std::uint64_t* result);

}  // namespace mdscope::sysfs
