// SPDX-License-Identifier: MIT

#include "fs/cli/standard_streams.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/host/save_file.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/scenario/scenario_files.hpp"
#include "fs/cli/exit_codes.hpp"

namespace mdscope {

namespace {

bool has_changed_something = false;

constexpr std::size_t kLargestInput = 16 << 20;

Result<std::string> read_to_the_end(int fd, const std::string& name) {
    std::string text;
    char buffer[16384];
    for (;;) {
        const ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{errno, name + ": cannot be read: " + std::strerror(errno)};
        if (got == 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > kLargestInput) return Error{EFBIG, name + ": more than 16 MiB are not read"};
    }
}

}  // namespace

void hold_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        // The other way round: to read from or write to it fails, as it would have. The lowest free number is this one.
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
    }
}

void note(const std::string& text) {
    std::fflush(stdout);
    std::fprintf(stderr, "mdscope: %s\n", shown_lines(text).c_str());
}

int it_is_done() {
    has_changed_something = true;
    return kOk;
}

int code_with_stdout(int exit_code) {
    errno = 0;
    const bool is_printed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (is_printed || exit_code != kOk) return exit_code;
    note(std::string("cannot write to stdout") + (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
    return has_changed_something ? kOk : kFailed;
}

bool can_redraw(int fd) {
    const char* const terminal = std::getenv("TERM");
    return isatty(fd) != 0 && terminal != nullptr && *terminal != '\0' && std::strcmp(terminal, "dumb") != 0;
}

std::string fit_to_width(int fd, const std::string& line) {
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return line;
    return line.substr(0, size.ws_col - 1U);  // in the last column some terminals begin the next line
}

bool is_stream(const std::string& path) {
    struct stat status {};
    if (path == "-") return true;
    return stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode));
}

std::string input_name(const std::string& path) {
    return path == "-" ? "stdin" : path;
}

Result<std::string> read_input(const std::string& path) {
    if (path == "-") return read_to_the_end(STDIN_FILENO, "stdin");
    if (!is_stream(path)) return read_text_file(path);
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return Error{errno, path + ": " + std::strerror(errno)};
    Result<std::string> text = read_to_the_end(fd, path);
    close(fd);
    return text;
}

Result<bool> write_output(const std::string& path, const std::string& text) {
    if (path != "-") return save_file(path, text);
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        return Error{errno, std::string("cannot write to stdout: ") + std::strerror(errno)};
    return true;
}

}  // namespace mdscope
