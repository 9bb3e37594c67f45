// SPDX-License-Identifier: MIT
// wait: until no resync, recovery or check runs, with progress. On a terminal one line is redrawn; elsewhere a line is
// printed every ten per cent.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <sstream>

#include "fs/cli/client.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/halted.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

constexpr int kLookMs = 200;
constexpr int kBarWidth = 30;

struct Progress {
    std::string action;  // "idle", "recover", ...
    double fraction = -1;
    std::uint64_t left_kib = 0;
    std::uint64_t speed_kib = 0;  // a second; 0: not known
    std::uint64_t done = 0;       // sectors
};

Result<Progress> look(const MountedTree& tree) {
    Progress progress;
    if (is_halted(tree)) return Error{EIO, halted_text(tree)};  // it would be at it for ever
    const Result<std::string> action = tree.read("md/sync_action");
    if (!action) {
        // The file is there only while the array runs.
        if (action.error().err == ENOENT) return Progress{"stopped"};
        return action.error();
    }
    progress.action = *action;
    std::istringstream completed(tree.read_or("md/sync_completed", "none"));
    std::uint64_t done = 0, all = 0;
    char slash = 0;
    if (completed >> done >> slash >> all && all != 0) {
        progress.fraction = std::min(1.0, static_cast<double>(done) / static_cast<double>(all));
        progress.done = done;
        progress.left_kib = all > done ? (all - done) / 2 : 0;
    }
    std::istringstream speed(tree.read_or("md/sync_speed", "none"));
    if (!(speed >> progress.speed_kib)) progress.speed_kib = 0;
    return progress;
}

std::string time_left(const Progress& progress) {
    if (progress.speed_kib == 0) return "";
    const std::uint64_t seconds = progress.left_kib / progress.speed_kib;
    return fmt::format(", {}:{:02} left", seconds / 60, seconds % 60);
}

std::string line_of(const Progress& progress, bool bar) {
    if (progress.fraction < 0) return progress.action + " is about to begin";
    std::string drawing;
    if (bar) {
        const auto full = static_cast<std::size_t>(progress.fraction * kBarWidth);
        drawing = "[" + std::string(full, '=') + ">" + std::string(kBarWidth - full, '.') + "] ";
    }
    return fmt::format("{}{} {:.1f}%, {:.1f} MiB/s{}", drawing, progress.action, progress.fraction * 100,
                       static_cast<double>(progress.speed_kib) / 1024, time_left(progress));
}

// A sync goes to sync_max and stays there until somebody raises it, which may be never: empty, or that it does.
std::string at_sync_max(const MountedTree& tree, const Progress& progress) {
    std::uint64_t most = 0;
    if (progress.done == 0 || !(std::istringstream(tree.read_or("md/sync_max", "max")) >> most)) return {};
    if (progress.done < most) return {};
    return fmt::format("the {} has come to sync_max ({} sectors) and stays there: write max to {}", progress.action,
                       most, tree.file("md/sync_max"));
}

// Sleeps until sync_action is announced as changed, at most kLookMs.
void sleep_until_change(int fd) {
    pollfd waiting{fd, POLLPRI, 0};
    poll(&waiting, fd >= 0 ? 1 : 0, kLookMs);
    char buffer[64];
    // Reading from the start takes note of the change; a descriptor that fails only makes us look by the clock.
    if (fd >= 0 && (waiting.revents & POLLPRI) != 0 && pread(fd, buffer, sizeof buffer, 0) < 0)
        poll(nullptr, 0, kLookMs);
}

class Display {
   public:
    void show(const Progress& progress) {
        if (progress.fraction < 0 && progress.action == begun_) return;  // all is read, and it is being put away
        if (progress.fraction >= 0) begun_ = progress.action;
        if (terminal_) {
            std::printf("\r\033[K%s", fit_to_width(STDOUT_FILENO, line_of(progress, true)).c_str());
        } else {
            const int tenth = progress.fraction < 0 ? -1 : static_cast<int>(progress.fraction * 10);
            if (tenth == last_tenth_ && progress.action == last_action_) return;
            last_tenth_ = tenth;
            last_action_ = progress.action;
            std::printf("%s\n", line_of(progress, false).c_str());
        }
        std::fflush(stdout);
        drawn_ = true;
    }
    void finish() const {
        if (terminal_ && drawn_) std::printf("\r\033[K");
    }

   private:
    const bool terminal_ = can_redraw(STDOUT_FILENO);
    bool drawn_ = false;
    int last_tenth_ = -2;
    std::string last_action_;
    std::string begun_;  // what has made progress
};

bool is_over(const Progress& progress) {
    return progress.action == "idle" || progress.action == "stopped" || progress.action == "frozen";
}

int say_how_it_ended(const MountedTree& tree, const std::string& action, const std::string& last) {
    if (action == "frozen" && stop_is_asleep(tree)) return complain(kBusy, asleep_text(tree));
    if (action == "frozen") return complain(kFailed, "syncs are frozen: write idle to " + tree.file("md/sync_action"));
    if (action == "stopped") return complain(kFailed, "md0 is not running");
    const std::string members = tree.read_or("md/raid_disks", "0");
    const int in_sync = std::atoi(members.c_str()) - std::atoi(tree.read_or("md/degraded", "0").c_str());
    std::printf("%smd0 is idle, %d of %s members in sync\n", last.empty() ? "" : (last + " is over; ").c_str(),
                std::max(0, in_sync), members.c_str());
    return kOk;
}

int wait_until_idle(const MountedTree& tree) {
    set_interrupt_hint("mdscope: interrupted; the sync goes on\n");
    const int fd = open(tree.file("md/sync_action").c_str(), O_RDONLY | O_CLOEXEC);
    Display display;
    std::string last;
    if (stop_is_asleep(tree)) return complain(kBusy, asleep_text(tree));
    Result<Progress> progress = look(tree);
    std::string told;
    for (; progress && !is_over(*progress); progress = look(tree)) {
        last = progress->action;
        display.show(*progress);
        if (const std::string stands = at_sync_max(tree, *progress); stands != told) {
            told = stands;
            display.finish();
            if (!told.empty()) note(told);
        }
        sleep_until_change(fd);
    }
    display.finish();
    if (fd >= 0) close(fd);
    return progress ? say_how_it_ended(tree, progress->action, last) : complain(kFailed, progress.error().text);
}

}  // namespace

void add_watch_commands(CLI::App& app, int* exit_code) {
    CLI::App* wait = app.add_subcommand("wait", "Wait until no resync, recovery or check runs, showing progress");
    const auto mount = std::make_shared<std::string>();
    wait->add_option("MNT", *mount, kMntHelp)->required();
    wait->footer("Example: mdscope re-add mnt sdb && mdscope wait mnt");
    wait->callback([=] {
        const Result<MountedTree> tree = MountedTree::open(*mount);
        *exit_code = tree ? wait_until_idle(*tree) : complain(kFailed, tree.error().text);
    });
}

}  // namespace mdscope
