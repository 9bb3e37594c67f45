// SPDX-License-Identifier: MIT
// Making a pair and taking it down. What was made goes again when it cannot be finished, or is interrupted.
#include "fs/cli/pair.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>

#include "engine/host/save_file.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/md/variant.hpp"
#include "engine/mdadm/array.hpp"
#include "fs/cli/disk_mounts.hpp"
#include "fs/cli/interrupt_flag.hpp"

namespace mdscope {

namespace stdfs = std::filesystem;

namespace {

std::string command(const PairPlan& plan, const std::string& verb) {
    return "`mdscope pair " + shell_word(plan.folder) + (verb.empty() ? "" : " " + verb) + "`";
}

// Each step that was done, to be undone in the opposite order.
class Undo {
   public:
    ~Undo() {
        if (is_kept_) return;
        InterruptFlag::answered();
        try {
            undo();
        } catch (const std::exception& error) {  // no memory, in the midst of it
            std::fputs("mdscope: what was made stays: ", stderr);
            std::fputs(error.what(), stderr);
            std::fputs("\n", stderr);
        }
    }
    void add_mount(const std::string& path) { mounts_.push_back(path); }
    void add_lab(const std::string& path) { labs_.push_back(path); }
    void add_file(const std::string& path) { files_.push_back(path); }
    void add_folder(const std::string& path) { folders_.push_back(path); }
    void keep() { is_kept_ = true; }

   private:
    void undo() {
        for (auto mount = mounts_.rbegin(); mount != mounts_.rend(); ++mount) (void)umount_path(*mount);
        std::error_code failed;
        for (const std::string& lab : labs_) stdfs::remove_all(lab, failed);
        for (const std::string& file : files_) unlink(file.c_str());
        for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) rmdir(folder->c_str());
    }
    bool is_kept_ = false;
    std::vector<std::string> mounts_, labs_, files_, folders_;
};

// With those above it that are missing.
Result<bool> make_folder(const std::string& path, Undo& undo) {
    std::error_code failed;
    const stdfs::path parent = stdfs::path(path).parent_path();
    if (!stdfs::exists(parent, failed) && parent != path)
        if (Result<bool> made = make_folder(parent.string(), undo); !made) return made;
    if (mkdir(path.c_str(), 0777) == 0) {
        undo.add_folder(path);
        return true;
    }
    const int err = errno;
    struct stat status {};
    if (err == EEXIST && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return true;
    return Error{err, path + ": " + std::strerror(err == EEXIST ? ENOTDIR : err)};
}

Result<bool> create_images(const PairPlan& plan, const PairSide& side, Undo& undo) {
    CreateOptions options;
    options.lab = side.lab;
    options.name = side.letter == "A" ? "a" : "b";
    options.size_bytes = *parse_member_size(plan.size);
    options.daemon_sleep_ms = *parse_duration_ms(plan.delay);
    const Result<CreateReport> report = create_lab(options);
    if (!report) return report.error();
    undo.add_lab(side.lab);
    return true;
}

// Nothing in the way: who has a pair there shall not lose it, nor a folder of their own.
Result<bool> check_free(const PairPlan& plan) {
    for (const PairSide& side : plan.sides)
        for (const std::string& path : {side.lab, side.mount}) {
            struct stat status {};
            if (lstat(path.c_str(), &status) != 0 && errno == ENOENT) continue;
            return Error{EEXIST, path + " is there already; " + command(plan, "status") + " shows a pair that is " +
                                     "mounted, " + command(plan, "mount") + " mounts one that was made before; for " +
                                     "another one name another folder"};
        }
    return true;
}

// ---- the kernels that a pair was made with: lines "a kernel 5.12" and "b fix upstream", in DIR/kernels

std::string kernels_path(const PairPlan& plan) {
    return (stdfs::path(plan.folder) / "kernels").string();
}

Result<bool> keep_kernels(const PairPlan& plan, Undo& undo) {
    std::string text;
    for (const PairSide& side : plan.sides) {
        const std::string who = side.letter == "A" ? "a " : "b ";
        if (!side.request.kernel.empty()) text += who + "kernel " + side.request.kernel + "\n";
        for (const auto& [variant, row] : side.request.rows) text += who + variant + " " + row + "\n";
    }
    Result<bool> saved = save_file(kernels_path(plan), text);
    if (saved) undo.add_file(kernels_path(plan));
    return saved;
}

// A line that another version of this program wrote, and this one does not know, is left out.
void take_kernels(PairPlan& plan) {
    const Result<std::string> text = read_whole_file(kernels_path(plan));
    if (!text) return;  // a pair of before there was such a file: none and upstream
    for (PairSide& side : plan.sides) {
        side.request.kernel.clear();
        side.request.rows.clear();
    }
    std::istringstream words(*text);
    for (std::string who, what, value; words >> who >> what >> value;) {
        MountRequest& request = plan.sides[who == "a" ? 0 : 1].request;
        if (what == "kernel" && find_kernel_era(value) != nullptr) request.kernel = value;
        if (VariantRows rows; rows.choose(what, value)) request.rows.emplace_back(what, value);
    }
}

// The exit code; what failed is printed.
int mount_both(const PairPlan& plan, Undo& undo) {
    for (const PairSide& side : plan.sides) {
        if (const Result<bool> made = make_folder(side.mount, undo); !made) return complain(kFailed, made.error().text);
        const Result<std::string> point = check_mountpoint(side.mount);
        if (!point) return complain(kFailed, point.error().text);
        MountRequest request = side.request;
        request.lab = stdfs::canonical(side.lab).string();
        request.mountpoint = *point;
        const Result<std::vector<std::string>> images = images_of_lab(request.lab);
        if (!images) return complain(kUnusable, images.error().text);
        request.images = *images;
        if (const int exit_code = mount_array(request, true); exit_code != kOk) return exit_code;
        undo.add_mount(side.mount);
        if (InterruptFlag::raised()) return complain(kInterrupted, "interrupted; what was made is taken back");
    }
    return kOk;
}

void print_next(const PairPlan& plan) {
    if (plan.json) return;
    const std::string begin = "  mdscope pair " + shell_word(plan.folder);
    std::printf("Next, on both: write, then hold and stop; release lets the writes go.\n");
    for (const char* verb : {"write", "hold stop", "release", "umount"}) std::printf("%s %s\n", begin.c_str(), verb);
    std::printf("`mdscope-gui --pair %s` shows both side by side.\n", shell_word(plan.folder).c_str());
}

}  // namespace

Result<std::array<MountedTree, 2>> mounted_pair(const PairPlan& plan) {
    Result<MountedTree> a = MountedTree::open(plan.sides[0].mount), b = MountedTree::open(plan.sides[1].mount);
    for (const Result<MountedTree>* tree : {&a, &b}) {
        if (*tree) continue;
        if (tree->error().err == ENOTCONN) return tree->error();
        return Error{tree->error().err, plan.folder + " holds no mounted pair (" + tree->error().text + "); " +
                                            command(plan, "") + " makes one"};
    }
    return std::array{*a, *b};
}

int make_pair_of_arrays(const PairPlan& plan) {
    if (const Result<bool> free = check_free(plan); !free) return complain(kFailed, free.error().text);
    InterruptFlag::stay();  // when both are mounted it is too late
    Undo undo;
    if (const Result<bool> made = make_folder(plan.folder, undo); !made) return complain(kFailed, made.error().text);
    for (const PairSide& side : plan.sides) {
        if (const Result<bool> made = create_images(plan, side, undo); !made)
            return complain(code_of_create(made.error()), made.error().text);
        if (InterruptFlag::raised()) return complain(kInterrupted, "interrupted; what was made is taken back");
    }
    if (const Result<bool> kept = keep_kernels(plan, undo); !kept) return complain(kFailed, kept.error().text);
    if (const int exit_code = mount_both(plan, undo); exit_code != kOk) return exit_code;
    undo.keep();
    if (const int exit_code = show_pair(plan); exit_code != kOk) return exit_code;
    print_next(plan);
    return kOk;
}

int mount_pair(const PairPlan& wanted) {
    PairPlan plan = wanted;
    if (!plan.names_kernels) take_kernels(plan);
    for (const PairSide& side : plan.sides) {
        std::error_code failed;
        if (!stdfs::is_directory(side.lab, failed))
            return complain(kFailed, side.lab + " is not there; " + command(plan, "") + " makes a pair");
    }
    const InterruptFlag interrupt;
    Undo undo;
    if (const int exit_code = mount_both(plan, undo); exit_code != kOk) return exit_code;
    undo.keep();
    return show_pair(plan);
}

// Both are tried: what is in the way of one need not keep the other.
int umount_pair(const PairPlan& plan) {
    int exit_code = kOk;
    bool was_any = false;
    for (const PairSide& side : plan.sides) {
        if (!mount_at(side.mount)) continue;
        was_any = true;
        const int done = umount_path(side.mount);
        if (done == kOk) rmdir(side.mount.c_str());
        if (exit_code == kOk) exit_code = done;
    }
    if (!was_any) return complain(kFailed, plan.folder + " holds no mounted pair");
    if (exit_code == kOk && !plan.json)
        std::printf("the images stay: %s mounts them again, `rm -r %s %s %s` removes them\n",
                    shown(command(plan, "mount")).c_str(), shell_word(plan.sides[0].lab).c_str(),
                    shell_word(plan.sides[1].lab).c_str(), shell_word(kernels_path(plan)).c_str());
    return exit_code;
}

}  // namespace mdscope
