// SPDX-License-Identifier: MIT
// A pair: two arrays in one folder, made and mounted alike but for the rows of some variants, so that one can do the
// same to both and see what differs. `mdscope pair` and the window's button are this.
//
//   DIR/a.lab  DIR/b.lab    images
//   DIR/a      DIR/b        mounts; the disks are DIR/a/md0 and DIR/b/md0
//
// Nothing is kept beside that: a folder with these two mounts is a pair, whoever mounted them.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "fs/cli/client.hpp"
#include "fs/cli/commands.hpp"

namespace mdscope {

struct PairSide {
    std::string letter;  // "A"
    std::string lab, mount;
    MountRequest request;
};

struct PairPlan {
    std::string folder;  // absolute
    std::array<PairSide, 2> sides;
    std::string size = "64M", delay = "600s";
    std::string tree;  // write: the files of this folder
    bool fio = false;  // write: by fio
    std::uint64_t writes = 1000;
    bool json = false;
    bool names_kernels = false;  // else `mount` takes those that the pair was made with
};

// Both, mounted. The error says what is missing, and what to do.
Result<std::array<MountedTree, 2>> mounted_pair(const PairPlan& plan);

// Each does its work on both sides, prints, and gives an exit code.
int make_pair_of_arrays(const PairPlan& plan);  // new images
int mount_pair(const PairPlan& plan);           // those that are there
int write_to_pair(const PairPlan& plan);
int hold_pair(const PairPlan& plan);
int stop_pair(const PairPlan& plan);
int release_pair(const PairPlan& plan);
int show_pair(const PairPlan& plan);
int umount_pair(const PairPlan& plan);

}  // namespace mdscope
