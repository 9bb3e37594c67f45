// SPDX-License-Identifier: MIT
// The command line of mdscope: groups of commands, one file each, and what they share.
//
// A command is a function that does its work, prints, and returns an exit code. Errors go to stderr as
// "mdscope: what failed: why and what to do". Exit codes: exit_codes.hpp.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/kernel/shown.hpp"
#include "fs/cli/exit_codes.hpp"

namespace mdscope {

// Each adds its commands to the program; the one that was asked for sets *exit_code.
void add_lab_commands(CLI::App& app, int* exit_code);        // create, examine
void add_mount_commands(CLI::App& app, int* exit_code);      // mount
void add_umount_commands(CLI::App& app, int* exit_code);     // umount
void add_array_commands(CLI::App& app, int* exit_code);      // check, repair, stop, assemble, fail, remove, re-add, add
void add_watch_commands(CLI::App& app, int* exit_code);      // wait
void add_detail_commands(CLI::App& app, int* exit_code);     // detail
void add_disk_commands(CLI::App& app, int* exit_code);       // disk
void add_pair_commands(CLI::App& app, int* exit_code);       // pair
void add_explore_commands(CLI::App& app, int* exit_code);    // explore
void add_museum_commands(CLI::App& app, int* exit_code);     // museum
void add_pages_commands(CLI::App& app, int* exit_code);      // pages
void add_scenarios_commands(CLI::App& app, int* exit_code);  // scenarios
void add_run_commands(CLI::App& app, int* exit_code);        // run, replay, tree

// Prints "mdscope: TEXT" on stderr and gives the code back.
int complain(int exit_code, const std::string& text);

// "64M", "64MiB", "64MB", "4096": a number of bytes; M and MiB are powers of 1024, MB of 1000, and so are K, G and T.
// The error names what is wrong with it.
Result<std::uint64_t> parse_size(const std::string& text);
// The same for --size: what is far too small for a member is an error, too.
Result<std::uint64_t> parse_member_size(const std::string& text);
// "20000", "20K", "10M": a number of things; K, M and G are powers of 1000.
Result<std::uint64_t> parse_count(const std::string& text);
// "5s", "500ms", "5": milliseconds.
Result<std::uint64_t> parse_duration_ms(const std::string& text);
// 66060288 -> "63.0 MiB".
std::string size_text(std::uint64_t bytes);

// What is wrong with NAME=SERIAL; empty: nothing.
std::string serial_complaint(const std::string& word);
// What a command ends with when create_lab has failed.
int code_of_create(const Error& error);

// mount and disk: what both need.
class FolderLock;
struct MountRequest {
    std::vector<std::string> images;  // absolute
    std::string lab;                  // absolute folder
    std::string mountpoint;           // absolute, checked
    std::string bitmap_file;
    std::string device = "md0";
    std::uint32_t volume = 0;                               // imsm: which one of the container
    std::vector<std::string> serials;                       // imsm: NAME=SERIAL
    std::string kernel;                                     // an era; empty: the usual row of every variant
    std::vector<std::pair<std::string, std::string>> rows;  // of single variants: {"fix", "none"}
    bool read_only = false;
    bool run = false;  // also without a member that was in use
    bool foreground = false;
    unsigned readers = 10;
    FolderLock* lock = nullptr;  // of the command: not for the process that is left running
    std::string options;         // after -o
    bool over_uring = false;     // what they and the kernel come to; set by mount_array
};
// Members of a lab folder: LAB/*.img, sorted.
Result<std::vector<std::string>> images_of_lab(const std::string& lab);
// The bitmap file that is mounted with them: the one that was named, else one that lies in the lab ("none": not even
// that), which is said. Error: these members have their bitmap elsewhere. REQUIRES: lab and images.
Result<bool> settle_bitmap_file(MountRequest& request);
// The absolute path of an empty folder where something can be mounted.
Result<std::string> check_mountpoint(const std::string& path);
// The folder itself, or anything in it; both absolute and without links.
bool lies_within(const std::string& path, const std::string& folder);
// Mounts; in the background unless request.foreground. Prints what happened unless `quiet`.
int mount_array(const MountRequest& request, bool quiet);

// What an argument MNT is.
inline constexpr const char* kMntHelp = "Mount point, or the folder of a disk";

// umount and disk.
int umount_path(const std::string& path);

// Ctrl-C ends a command at once with 130; `hint` (a literal) says what it left behind.
void set_interrupt_hint(const char* hint);

}  // namespace mdscope
