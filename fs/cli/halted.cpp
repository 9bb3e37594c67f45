// SPDX-License-Identifier: MIT

#include "fs/cli/halted.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <vector>

#include "engine/kernel/shown.hpp"
#include "engine/look/lab_words.hpp"
#include "fs/mount/wait_until.hpp"

namespace mdscope {

static constexpr int kLastWritesMs = 3'000;
static constexpr std::size_t kOopsSentences = 3;  // the last lines of lab/oops

static std::vector<std::string> oops_lines(const MountedTree& tree) {
    std::vector<std::string> lines;
    std::istringstream text(tree.read_or("lab/oops", ""));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

bool is_halted(const MountedTree& tree) {
    return tree.read_or("lab/oops", "none") != "none";
}

std::string oops_text(const MountedTree& tree) {
    const std::vector<std::string> lines = oops_lines(tree);
    const auto after = [&](std::string_view word) {
        for (const std::string& line : lines)
            if (const std::size_t at = line.find(word); at != std::string::npos) return line.substr(at + word.size());
        return std::string("?");
    };
    return after("BUG: ") + ", in " + after("RIP: 0010:");
}

std::string oops_sentence(const MountedTree& tree) {
    const std::vector<std::string> lines = oops_lines(tree);
    return lines.size() > kOopsSentences ? lines[lines.size() - kOopsSentences] : "";
}

std::string halted_text(const MountedTree& tree) {
    return "an Oops halted the kernel of md0: " + oops_text(tree) + "; " + tree.file("lab/oops") +
           " has its console, and `mdscope assemble " + shell_word(tree.root()) +
           "` starts the array again from its images";
}

void wait_for_last_writes(const MountedTree& tree) {
    wait_until(kLastWritesMs, [&] {
        return is_halted(tree) || std::ranges::all_of(parse_bios(tree.read_or("lab/bios", "")), &BioLine::held);
    });
}

}  // namespace mdscope
