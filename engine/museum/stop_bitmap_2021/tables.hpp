// SPDX-License-Identifier: MIT
// Of the exhibit's files among themselves.
#pragma once

#include "engine/museum/exhibit.hpp"

namespace mdscope::stop_bitmap_2021 {

inline constexpr const char* kMddevCounter = "mddev->pending_writes";
inline constexpr const char* kBitmapCounter = "bitmap->pending_writes";

// Whether this kernel's md_bitmap_free waits for mddev->pending_writes, too.
bool waits_for_both_counters(const museum::Rows& rows);

std::span<const museum::Taker> takers();               // takers.cpp
museum::Tree tree();                                   // tree.cpp
std::span<const museum::Code> code();                  // code.cpp
std::span<const museum::Way> ways();                   // oops.cpp
std::span<const museum::ConsoleNote> console_notes();  // console.cpp
museum::Page page();                                   // page.cpp

}  // namespace mdscope::stop_bitmap_2021
