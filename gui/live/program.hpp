// SPDX-License-Identifier: MIT
// Runs a program that does not depend on us: a session of its own, no file of ours, the default signals. What it writes
// is read line by line; it is never ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace mdscope::gui {

struct ProgramEnd {
    int exit_code = 0;   // 128 + N: ended by signal N; 127: it could not be started
    std::string errors;  // what it wrote to stderr, at most 64 KiB of it
};

// words[0] is a path. Waits for the end of the program and of what it wrote. `line` gets each line of its stdout.
ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& line);

// "NAME=value" of this process. Not in a thread of one's own: somebody may be changing it.
std::vector<std::string> current_environment();

// As a person would type it at a shell.
std::string shell_words(const std::vector<std::string>& words);

}  // namespace mdscope::gui
