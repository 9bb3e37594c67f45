// SPDX-License-Identifier: MIT
// libFuzzer's side of the targets. The target is named by the environment, FUZZ_TARGET: libFuzzer has its own
// arguments.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fuzz/targets.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

const mdscope::fuzz::Target& chosen() {
    static const mdscope::fuzz::Target* const kTarget = [] {
        const char* const name = std::getenv("FUZZ_TARGET");
        const auto* target = name != nullptr ? mdscope::fuzz::find_target(name) : nullptr;
        if (target != nullptr) return target;
        (void)std::fprintf(stderr, "FUZZ_TARGET is one of:\n");
        for (const auto& one : mdscope::fuzz::targets())
            (void)std::fprintf(stderr, "    %.*s\n", static_cast<int>(one.name.size()), one.name.data());
        std::exit(2);
    }();
    return *kTarget;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    chosen().feed({data, size});
    return 0;
}

// A script of stores gets a line that means something three times in four: single bytes would rarely make one.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    if (chosen().feed != mdscope::fuzz::feed_stores || seed % 4 == 0) return LLVMFuzzerMutate(data, size, most);
    std::string text(reinterpret_cast<const char*>(data), size);
    std::size_t at = text.empty() ? 0 : text.find('\n', seed / 4 % text.size());
    at = at == std::string::npos ? text.size() : at + (text.empty() ? 0 : 1);
    text.insert(at, mdscope::fuzz::some_store(seed * 0x9e3779b97f4a7c15ULL) + "\n");
    if (text.size() > most) text.resize(most);
    std::memcpy(data, text.data(), text.size());
    return text.size();
}
