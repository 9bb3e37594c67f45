// SPDX-License-Identifier: MIT
// stdin, stdout and stderr as a script has them: closed, full, a pipe, a terminal that obeys nothing.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

#include "engine/kernel/result.hpp"

namespace mdscope {

// Those that the caller closed, as /dev/null that cannot be used: a file that is opened later must not become one of
// them. First of all in main().
void hold_standard_streams();

// Prints "mdscope: TEXT" on stderr, after what stands in stdout's buffer: in a common pipe both are in order.
void note(const std::string& text);

// Prints on stdout. fmt::print throws where there is no room, in the middle of what a command does; of this the end of
// the program tells.
template <class... Arguments>
void say(std::FILE* stream, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
    std::fwrite(text.data(), 1, text.size(), stream);
}
template <class... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    say(stdout, format, std::forward<Arguments>(arguments)...);
}

// What a command has changed is changed, whether or not somebody could read of it: the exit code is kOk then, also
// where stdout is closed. A command that only tells fails. Gives kOk.
int it_is_done();
// The exit code of the process: what could not be printed counts.
int code_with_stdout(int exit_code);

// A terminal whose lines can be drawn over: no file, and no "dumb" one.
bool can_redraw(int fd);
// The beginning of a line that fits on such a terminal.
std::string fit_to_width(int fd, const std::string& line);

// "-" is stdin; a pipe is read to its end, a file is one of at most 16 MiB.
Result<std::string> read_input(const std::string& path);
bool is_stream(const std::string& path);
// As a message calls it: "stdin" for "-".
std::string input_name(const std::string& path);
// "-" is stdout. Else as save_file.
Result<bool> write_output(const std::string& path, const std::string& text);

}  // namespace mdscope
