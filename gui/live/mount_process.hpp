// SPDX-License-Identifier: MIT
// Creating, mounting and unmounting an array from the window: the program `mdscope` does it, as a process of its own.
//
//   start(plan):    [mdscope create LAB]  mkdir MNT  mdscope mount LAB MNT
//   unmount(MNT):   mdscope umount MNT
//   pair(DIR, ...): mdscope pair DIR ...: what it does is its own
//
// Each process is the leader of a session of its own and keeps no file of the window's, so neither a Ctrl-C, nor the
// window's end, nor its death reaches it: what was begun is finished, and a mount stays. Nothing here ever ends a
// process. What mdscope writes to stderr is the error that is shown, word for word.
//
// A MountProcess may go before its work has ended; the thread that waits for the program then only collects it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/md/bitmap/home.hpp"
#include "gui/live/advice.hpp"

namespace mdscope::gui {

struct MountPlan {
    std::string lab;          // folder with the images
    std::string mount_point;  // made if missing
    bool create = true;       // false: the images are there
    std::string size = "64M";
    int members = 2;
    std::string bitmap = "external";  // internal, none, or the path of a file
    std::string metadata = "1.2";
    std::string chunk = "64K";
    std::string delay = "5s";
    std::string write_mostly;  // a member's name, or empty
    bool overwrite = false;    // create --force
    bool read_only = false;
    std::string kernel;                       // empty: the usual row of every variant
    std::map<std::string, std::string> rows;  // of single variants: "fix" -> "none"

    [[nodiscard]] BitmapHome home() const { return bitmap_home(bitmap); }
    [[nodiscard]] bool has_bitmap_file() const { return home() == BitmapHome::File; }
};
// What will be run, as it would be typed.
std::vector<std::string> commands_of(const MountPlan& plan);

enum class MountPhase { Creating, Mounting, Unmounting, Working, Mounted, Unmounted, Done, Failed };
const char* mount_phase_word(MountPhase phase);

struct MountProgress {
    MountPhase phase = MountPhase::Creating;
    std::string mount_point, lab;
    std::vector<std::string> lines;  // commands ("$ mdscope ..."), and what they printed; the last kMaxLines
    bool has_images = false;         // they were there, or are made
    int exit_code = 0;               // of the last program that ended; 128 + N: ended by signal N
    std::string error;               // what it wrote to stderr
    Advice advice;                   // Failed: tried, found, do

    static constexpr std::size_t kMaxLines = 200;
    [[nodiscard]] bool is_over() const {
        return phase == MountPhase::Mounted || phase == MountPhase::Unmounted || phase == MountPhase::Done ||
               phase == MountPhase::Failed;
    }
};

class MountProcess {
   public:
    // `wake` as in LiveLab: when there is something new in progress().
    static std::unique_ptr<MountProcess> start(const MountPlan& plan, std::function<void()> wake);
    static std::unique_ptr<MountProcess> unmount(const std::string& mount_point, std::function<void()> wake);
    static std::unique_ptr<MountProcess> pair(const std::string& folder, std::vector<std::string> words,
                                              std::function<void()> wake);
    ~MountProcess();  // waits for nothing
    MountProcess(const MountProcess&) = delete;
    MountProcess& operator=(const MountProcess&) = delete;

    [[nodiscard]] std::shared_ptr<const MountProgress> progress() const;  // never null, never waits

   private:
    struct Core;
    explicit MountProcess(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
};

// The program: $MDSCOPE, the one beside this executable, the one in PATH.
Result<std::string> find_mdscope();

// Where a new lab goes if nobody says otherwise: $XDG_DATA_HOME/mdscope/NAME and NAME.mnt beside it, with the first
// NAME (lab, lab2, ...) that is free; below the folder for temporary files where nothing can be made there. Looks at
// the local file system only.
struct SuggestedFolders {
    std::string lab, mount_point;
};
SuggestedFolders suggest_folders();
// A mount point for a lab that is there: LAB.mnt beside it.
std::string suggest_mount_point(const std::string& lab);

}  // namespace mdscope::gui
