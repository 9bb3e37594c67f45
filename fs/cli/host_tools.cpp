// SPDX-License-Identifier: MIT

#include "fs/cli/host_tools.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

constexpr int kChildLookMs = 100;  // where no descriptor tells that a program has ended, and for a late Ctrl-C
constexpr std::chrono::seconds kSilence{2};

std::string find_tool(const std::string& name) {
    const char* path = std::getenv("PATH");
    const std::string folders = (path != nullptr ? std::string(path) + ":" : std::string()) + "/usr/sbin:/sbin";
    for (std::size_t at = 0; at <= folders.size();) {
        std::size_t end = folders.find(':', at);
        if (end == std::string::npos) end = folders.size();
        const std::string candidate = folders.substr(at, end - at) + "/" + name;
        if (end > at && access(candidate.c_str(), X_OK) == 0) return candidate;
        at = end + 1;
    }
    return {};
}

// What is in the pipe now. False: it was closed by all who had it.
bool read_available(int fd, std::string* output) {
    char buffer[4096];
    for (;;) {
        const ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == 0) return false;
        if (got < 0) return true;
        output->append(buffer, static_cast<std::size_t>(got));
    }
}

// Until the program has ended: a file-system daemon that goes into the background may keep the pipe open. Ctrl-C asks
// the program to end, once, and says so when that takes its time: it may be inside a write that somebody holds.
std::string collect_output(int fd, pid_t child, int* status) {
    using Clock = std::chrono::steady_clock;
    std::string output;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    const int child_fd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    std::optional<Clock::time_point> asked;
    bool said = false;
    bool is_open = true;
    for (bool ended = false; !ended;) {
        if (InterruptFlag::raised() && !asked) {
            kill(child, SIGTERM);
            asked = Clock::now();
        }
        if (asked && !said && Clock::now() - *asked > kSilence) {
            note("interrupted; waiting for process " + std::to_string(child) + " to end");
            said = true;
        }
        std::array<pollfd, 2> events{{{child_fd, POLLIN, 0}, {is_open ? fd : -1, POLLIN, 0}}};
        poll(events.data(), events.size(), kChildLookMs);
        ended = waitpid(child, status, WNOHANG) == child;
        is_open = is_open && read_available(fd, &output);
    }
    if (child_fd >= 0) close(child_fd);
    while (!output.empty() && output.back() == '\n') output.pop_back();
    return output;
}

}  // namespace

bool have_tool(const std::string& name) {
    return !find_tool(name).empty();
}

Result<bool> run_tool(const std::vector<std::string>& words) {
    const std::string program = find_tool(words[0]);
    if (program.empty()) return Error{ENOENT, "there is no program " + words[0] + " here; is its package installed?"};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Error{errno, std::string("pipe: ") + std::strerror(errno)};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    // What we ignore they would, too.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t child = -1;
    const int failed = posix_spawn(&child, program.c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    if (failed != 0) {
        close(ends[0]);
        return Error{failed, words[0] + ": " + std::strerror(failed)};
    }
    int status = 0;
    const std::string output = collect_output(ends[0], child, &status);
    close(ends[0]);
    if (InterruptFlag::raised()) return Error{EINTR, words[0] + " was interrupted"};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    return Error{EIO, words[0] + " failed" + (output.empty() ? std::string() : ": " + output)};
}

// ---- loop devices

Result<LoopDevice> LoopDevice::attach(const std::string& file) {
    const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return Error{errno, std::string("/dev/loop-control: ") + std::strerror(errno) +
                                "; is the loop module there (modprobe loop)?"};
    const int backing = open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (backing < 0) {
        const int err = errno;
        close(control);
        return Error{err, file + ": " + std::strerror(err)};
    }
    int err = EBUSY;
    // Somebody else may take the free device between the two calls.
    for (int attempt = 0; attempt < 16 && err == EBUSY; attempt++) {
        const int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0) {
            err = errno;
            break;
        }
        std::string device = "/dev/loop" + std::to_string(number);
        const int fd = open(device.c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0) {
            err = errno;
            break;
        }
        loop_config config{};
        config.fd = static_cast<__u32>(backing);
        config.info.lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_AUTOCLEAR;
        std::strncpy(reinterpret_cast<char*>(config.info.lo_file_name), file.c_str(), LO_NAME_SIZE - 1);
        if (ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
            close(backing);
            close(control);
            return LoopDevice(std::move(device), fd);
        }
        err = errno;
        close(fd);
    }
    close(backing);
    close(control);
    return Error{err, std::string("cannot attach a loop device: ") + std::strerror(err)};
}

LoopDevice::LoopDevice(LoopDevice&& other) noexcept
    : device_(std::move(other.device_)), fd_(std::exchange(other.fd_, -1)) {}

LoopDevice::~LoopDevice() {
    if (fd_ >= 0) close(fd_);
}

// ---- unmounting

Result<bool> unmount_path(const std::string& point, bool lazy) {
    if (geteuid() == 0) {
        if (umount2(point.c_str(), lazy ? MNT_DETACH : 0) == 0) return true;
        return Error{errno, "cannot unmount " + point + ": " + std::strerror(errno)};
    }
    std::vector<std::string> words = {have_tool("fusermount3") ? "fusermount3" : "fusermount", "-u"};
    if (lazy) words.emplace_back("-z");
    words.push_back(point);
    Result<bool> done = run_tool(words);
    // fusermount has one exit code for everything; its text tells.
    if (!done && done.error().text.find("busy") != std::string::npos) return Error{EBUSY, done.error().text};
    if (!done && access("/etc/mtab", R_OK) != 0)
        return Error{ENOENT, done.error().text + ". As root: ln -s ../proc/self/mounts /etc/mtab"};
    return done;
}

}  // namespace mdscope
