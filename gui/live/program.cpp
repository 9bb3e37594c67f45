// SPDX-License-Identifier: MIT

#include "gui/live/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "gui/live/advice.hpp"
#include "gui/live/control_files.hpp"

extern char** environ;

namespace mdscope::gui {

namespace {

constexpr std::size_t kMostErrors = 64 << 10;
constexpr std::size_t kLongestLine = 4096;

struct Pipe {
    Fd read_end, write_end;
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return;
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
    }
    [[nodiscard]] bool ok() const { return read_end.is_open(); }
};

// What posix_spawn is told. The program is to be the same whoever starts it.
class SpawnRules {
   public:
    SpawnRules(int out, int err) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
        // A library's files (a display's socket) may be inheritable, and a mount must not keep them.
        posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnRules() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnRules(const SpawnRules&) = delete;
    SpawnRules& operator=(const SpawnRules&) = delete;
    int spawn(const std::vector<std::string>& words, const std::vector<std::string>& environment, pid_t& pid) const {
        return posix_spawn(&pid, words[0].c_str(), &actions_, &attributes_, pointers(words).data(),
                           pointers(environment).data());
    }

   private:
    static std::vector<char*> pointers(const std::vector<std::string>& texts) {
        std::vector<char*> list;
        for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
        list.push_back(nullptr);
        return list;
    }
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

// Complete lines out of pieces; a line of absurd length comes in pieces, too.
class Lines {
   public:
    explicit Lines(const std::function<void(const std::string&)>& line) : line_(line) {}
    void add(std::string_view text) {
        for (const char c : text) {
            if (c != '\n') rest_ += c;
            if (c == '\n' || rest_.size() >= kLongestLine) flush();
        }
    }
    void flush() {
        if (!rest_.empty()) line_(rest_);
        rest_.clear();
    }

   private:
    const std::function<void(const std::string&)>& line_;
    std::string rest_;
};

// False: nothing more comes.
template <class Take>
bool read_some(Fd& fd, Take&& take) {
    std::array<char, 4096> buffer;
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got > 0) take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    if (got > 0 || (got < 0 && errno == EINTR)) return true;
    fd.reset();
    return false;
}

void read_all(Fd& out, Fd& err, Lines& lines, std::string& errors) {
    while (out.is_open() || err.is_open()) {
        pollfd waiting[] = {{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}};  // a negative one is not looked at
        poll(waiting, 2, -1);
        if (waiting[0].revents != 0) read_some(out, [&](std::string_view text) { lines.add(text); });
        if (waiting[1].revents != 0)
            read_some(err, [&](std::string_view text) {
                errors += text.substr(0, kMostErrors - std::min(kMostErrors, errors.size()));
            });
    }
    lines.flush();
}

int exit_code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

std::vector<std::string> current_environment() {
    std::vector<std::string> list;
    for (char** at = environ; *at != nullptr; ++at) list.emplace_back(*at);
    return list;
}

ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& line) {
    Pipe out, err;
    if (!out.ok() || !err.ok()) return {127, "no pipe to read its answer from: " + errno_words(errno)};
    pid_t pid = 0;
    const int failed = SpawnRules(out.write_end.get(), err.write_end.get()).spawn(words, environment, pid);
    if (failed != 0) return {127, words[0] + " cannot be started: " + errno_words(failed)};
    out.write_end.reset();
    err.write_end.reset();
    ProgramEnd end;
    Lines lines(line);
    read_all(out.read_end, err.read_end, lines, end.errors);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    end.exit_code = exit_code_of(status);
    return end;
}

std::string shell_words(const std::vector<std::string>& words) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=+,@%";
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty()) text += ' ';
        if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
            text += word;
            continue;
        }
        text += '\'';
        for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
        text += '\'';
    }
    return text;
}

}  // namespace mdscope::gui
