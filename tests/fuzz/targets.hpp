// SPDX-License-Identifier: MIT
// What is fuzzed: everything that reads what somebody else may have written, and the files of md/ and lab/ that are
// written to.
//
// A target is fed any bytes and must come back. Beyond that each says what must hold (must()): what was read is printed
// and read again as the same, what was accepted can be used, what was stored leaves an array that can still be told to
// end. A finding is a file in tests/fuzz/corpus/TARGET: `corpus` (a plain program, run by ctest) feeds each of them to
// its target, in every build; with MDSCOPE_FUZZ libFuzzer starts from them, and adds to them.
//
//   fuzz TARGET ...      a program of libFuzzer, its options after it (tests/fuzz/fuzzer.cpp)
//   corpus FOLDER        every file of FOLDER/TARGET (tests/fuzz/corpus.cpp)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mdscope::fuzz {

using Input = std::span<const std::uint8_t>;

struct Target {
    std::string_view name;
    void (*feed)(Input);
};
std::span<const Target> targets();
const Target* find_target(std::string_view name);

// Says what does not hold, and aborts: that is a finding.
void must(bool holds, std::string_view what);
inline std::string text_of(Input input) {
    return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// store_target.cpp
void feed_stores(Input input);
// A line of a script for it, picked by `number`: for a mutator that knows the words.
std::string some_store(std::uint64_t number);
// assemble_target.cpp
void feed_images(Input input);
void feed_imsm_images(Input input);

}  // namespace mdscope::fuzz
