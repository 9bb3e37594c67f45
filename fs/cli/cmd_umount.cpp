// SPDX-License-Identifier: MIT
// umount: takes everything down in order, and waits until it is down.
//
//   a `disk` folder:  file system  ->  loop device, or fuse2fs  ->  the array's mount
//   a mount:          holds off, held bios released  ->  array stopped  ->  unmounted  ->  its process has ended
//
// Who has something open is named and nothing is touched. A mount whose process has died is taken away lazily: nothing
// is left to be stopped.
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "engine/kernel/shown.hpp"
#include "engine/look/lab_rules.hpp"
#include "engine/look/lab_words.hpp"
#include "fs/cli/client.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/disk_mounts.hpp"
#include "fs/cli/halted.hpp"
#include "fs/cli/host_tools.hpp"
#include "fs/cli/standard_streams.hpp"
#include "fs/mount/openers.hpp"
#include "fs/mount/wait_until.hpp"

namespace mdscope {

namespace {

constexpr int kPatienceMs = 60'000;
constexpr int kReleasedMs = 3'000;  // for programs whose requests were held: to finish and close
constexpr int kPassingMs = 1'000;   // for programs that only look at a file now and then
constexpr int kSilentMs = 2'000;    // what takes longer is said

constexpr int kMostLinks = 40;  // as the kernel follows

// Absolute without touching the path itself: it may be a mount that does not answer.
std::string in_real_folder(const std::filesystem::path& path) {
    std::error_code failed;
    const std::filesystem::path given = std::filesystem::absolute(path).lexically_normal();
    const std::filesystem::path clean = given.has_filename() ? given : given.parent_path();
    const std::filesystem::path parent = std::filesystem::canonical(clean.parent_path(), failed);
    return failed ? clean.string() : (parent / clean.filename()).string();
}

// The same, and where a symbolic link leads to. (A mount is no link, however dead.)
std::string mount_path_of(const std::string& path) {
    std::string point = in_real_folder(path);
    for (int links = 0; links < kMostLinks; links++) {
        std::error_code failed;
        const std::filesystem::path target = std::filesystem::read_symlink(point, failed);
        if (failed) break;
        point = in_real_folder(std::filesystem::path(point).parent_path() / target);
    }
    return point;
}

// The daemon of a mount, followed by a descriptor: its number may be given to another process once it has ended.
class Daemon {
   public:
    explicit Daemon(const MountedTree& tree)
        : pid_(std::atoi(tree.read_or("lab/pid", "0").c_str())),
          fd_(pid_ > 0 ? static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)) : -1) {}
    ~Daemon() {
        if (fd_ >= 0) close(fd_);
    }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    [[nodiscard]] int pid() const { return pid_; }
    [[nodiscard]] bool wait_for_end() const {
        if (fd_ < 0) return true;
        pollfd waiting{fd_, POLLIN, 0};
        return poll(&waiting, 1, kPatienceMs) > 0;
    }

   private:
    int pid_;
    int fd_;
};

// Neither a stop nor a file system's last blocks may wait for what a person holds. What was held up at `path` gets a
// moment to finish and close, and so do readers of the trace, who have come to its end. The result: who still uses it.
Result<std::vector<Opener>> release_held(const MountedTree& tree, const std::string& path) {
    const bool held = std::ranges::any_of(parse_bios(tree.read_or("lab/bios", "")), &BioLine::held);
    const bool traced = !find_openers(path + "/lab/trace_pipe").empty();
    const std::string off(kRulesOff);
    for (const auto& [file, value] :
         {std::pair{"lab/hold", off}, {"lab/delay", off}, {"lab/release", release_text({})}, {"lab/trace", "end"}})
        if (const Result<bool> done = tree.write(file, value); !done)
            return Error{done.error().err, std::string(file) + ": " + done.error().text};
    return wait_until_closed(path, held || traced ? kReleasedMs : kPassingMs);
}

// Between two looks of somebody who only looks.
Result<bool> unmount_when_free(const std::string& point) {
    Result<bool> done = true;
    wait_until(kPassingMs, [&] {
        done = unmount_path(point, false);
        if (!done && !mount_at(point)) done = true;  // somebody else was quicker
        return done || done.error().err != EBUSY;
    });
    return done;
}

// ---- an Oops

// Which one, where, and the first of its sentences; then what that leaves.
void say_oops(const MountedTree& tree, const char* when) {
    note(std::string("an Oops halted the kernel of md0 ") + when + ": " + oops_text(tree));
    if (const std::string sentence = oops_sentence(tree); !sentence.empty()) note(sentence);
    note("the images are left as by a power cut: what was acknowledged is there at the next mount");
}

// ---- down

int stop_for_umount(const MountedTree& tree) {
    if (tree.read_or("md/array_state", "clear") == "clear") return kOk;
    if (is_halted(tree)) return kOk;  // nobody is left who could stop it
    Result<bool> stopped = ask_to_stop(tree, "1");
    if (!stopped && stopped.error().err == EALREADY)  // Somebody else's stop goes on now that nothing is held.
        wait_until(kPatienceMs, [&] {
            stopped = ask_to_stop(tree, "1");
            return stopped || stopped.error().err != EALREADY;
        });
    if (stopped || is_halted(tree)) return kOk;
    const std::string why = tree.read_or("lab/stop", "");
    const bool busy = stopped.error().err == EBUSY || stopped.error().err == EALREADY;
    return complain(busy ? kBusy : kFailed, "cannot stop md0: " + (why.empty() ? stopped.error().text : why));
}

int take_down_array(const std::string& point) {
    const Result<MountedTree> tree = MountedTree::open(point);
    if (!tree) {
        if (tree.error().err != ENOTCONN) return complain(kFailed, tree.error().text);
        const Result<bool> done = unmount_path(point, true);
        if (!done) return complain(kFailed, done.error().text);
        std::printf("%s: its process was gone; the dead mount is taken away\n", shown(point).c_str());
        return it_is_done();
    }
    const bool halted_before = is_halted(*tree);
    const Result<std::vector<Opener>> users = release_held(*tree, point);
    if (!users) return complain(kFailed, users.error().text);
    if (!users->empty()) return complain(kBusy, point + " is in use by " + openers_text(*users));
    const Daemon daemon(*tree);
    const int exit_code = stop_for_umount(*tree);
    if (exit_code != kOk) return exit_code;
    wait_for_last_writes(*tree);
    const bool halted = is_halted(*tree);
    if (halted) say_oops(*tree, halted_before ? "before it was stopped" : "while it was being stopped");
    const std::string array = halted ? "array not stopped in order" : "array stopped";
    const Result<bool> done = unmount_when_free(point);
    if (!done) {
        const std::string names = openers_text(find_openers(point));
        return complain(done.error().err == EBUSY ? kBusy : kFailed,
                        array + ", but " + done.error().text + (names.empty() ? "" : ": " + names));
    }
    if (!daemon.wait_for_end())
        return complain(kFailed, "unmounted, but process " + std::to_string(daemon.pid()) + " has not ended");
    std::printf("%s: %s, unmounted\n", shown(point).c_str(), array.c_str());
    return it_is_done();
}

// Who uses the disk besides this file system: its own loop device, or its fuse2fs, go with it.
std::vector<Opener> other_users(const MountEntry& entry, const std::string& disk) {
    std::vector<Opener> others;
    for (const MountEntry& other : file_systems_on(disk))
        if (other.point != entry.point) others.push_back({"mount on " + other.point, disk});
    for (const Opener& opener : find_openers(disk)) {
        const bool is_its_own =
            entry.source.starts_with("/dev/loop") ? opener.name == entry.source : opener.name.starts_with("fuse2fs[");
        if (!is_its_own && !opener.name.starts_with("mount on ")) others.push_back(opener);
    }
    return others;
}

// The loop device goes by itself; fuse2fs writes its last blocks after the unmount. The result is who has it open
// still.
std::vector<Opener> wait_for_disk(const std::string& disk) {
    const std::vector<Opener> users = wait_until_closed(disk, kSilentMs);
    if (users.empty()) return users;
    complain(kBusy, "waiting for " + openers_text(users) + " to let go of " + disk);
    return wait_until_closed(disk, kPatienceMs);
}

int take_down_disk(const MountEntry& entry, const std::string& disk, const MountEntry& array) {
    const Result<MountedTree> tree = MountedTree::open(array.point);
    const Result<std::vector<Opener>> users = tree ? release_held(*tree, entry.point) : find_openers(entry.point);
    if (!users) return complain(kFailed, users.error().text);
    if (!users->empty()) return complain(kBusy, entry.point + " is in use by " + openers_text(*users));
    if (const std::vector<Opener> others = other_users(entry, disk); !others.empty())
        return complain(kBusy, disk + " is in use by " + openers_text(others) + "; nothing was taken down");
    const Result<bool> done = unmount_when_free(entry.point);
    if (!done) return complain(done.error().err == EBUSY ? kBusy : kFailed, done.error().text);
    std::printf("%s: unmounted\n", shown(entry.point).c_str());
    std::fflush(stdout);
    if (const std::vector<Opener> left = wait_for_disk(disk); !left.empty())
        return complain(kBusy, entry.point + " is unmounted, but " + disk + " is still open in " + openers_text(left) +
                                   "; then: `mdscope umount " + shell_word(array.point) + "`");
    const int exit_code = take_down_array(array.point);
    // The folder that `disk` made; one that holds something stays.
    if (exit_code == kOk && is_array_point_of(array.source, array.point)) rmdir(array.point.c_str());
    return exit_code;
}

// What a person has to unmount to have this array down: the file system on it first, if there is one.
std::string umount_target(const MountEntry& array) {
    const std::vector<MountEntry> above = file_systems_on(disk_file(array.point));
    return above.empty() ? array.point : above[0].point;
}

}  // namespace

int umount_path(const std::string& path) {
    const std::string point = mount_path_of(path);
    if (chdir("/") != 0) return complain(kFailed, std::string("/: ") + std::strerror(errno));  // for `umount .`
    const std::optional<MountEntry> entry = mount_at(point);
    if (!entry) {
        const std::optional<MountEntry> mounted = mount_of_lab(point);
        if (!mounted) return complain(kFailed, "nothing is mounted on " + path);
        return complain(kFailed, path + " is the lab; its array is mounted on " + mounted->point +
                                     ": `mdscope umount " + shell_word(umount_target(*mounted)) + "`");
    }
    const std::optional<MountEntry> array = entry->type == kMdscopeType ? entry : array_below(*entry);
    if (array)
        if (const Result<bool> let_in = become_user_of(*array); !let_in) return complain(kFailed, let_in.error().text);
    if (entry->type == kMdscopeType) return take_down_array(point);
    if (!array)
        return complain(kFailed, path + " (" + entry->type + ") is neither a mount of mdscope nor on one of its disks");
    return take_down_disk(*entry, disk_below(*entry), *array);
}

void add_umount_commands(CLI::App& app, int* exit_code) {
    CLI::App* umount = app.add_subcommand("umount", "Take a mount or a disk down: file system, array, mount");
    const auto path = std::make_shared<std::string>();
    umount->add_option("PATH", *path, "Mount point of mount, or folder of disk")->required();
    umount->footer("Held bios are released first. Whoever has something open is named.");
    umount->callback([=] { *exit_code = umount_path(*path); });
}

}  // namespace mdscope
