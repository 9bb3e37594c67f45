// SPDX-License-Identifier: MIT
// The workload of a pair: the same bytes to the same places of both disks, side by side in time, and then read back and
// compared. Writes of 4 KiB all over the disk, the files of a folder one behind the other, or fio.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/look/lab_rules.hpp"
#include "fs/cli/halted.hpp"
#include "fs/cli/host_tools.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/pair.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace stdfs = std::filesystem;

namespace {

constexpr std::uint64_t kBlock = 4096;
constexpr std::uint64_t kStride = 17 * kBlock;  // from one write to the next: all over the bitmap soon
constexpr std::size_t kPiece = 1 << 20;

// One of the two disks, open. Errors are kept: the first one ends the work.
class PairDisk {
   public:
    explicit PairDisk(const std::string& path) : path_(path), fd_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
        if (fd_ < 0)
            fail();
        else
            size_ = static_cast<std::uint64_t>(lseek(fd_, 0, SEEK_END));
    }
    ~PairDisk() {
        if (fd_ >= 0) close(fd_);
    }
    PairDisk(const PairDisk&) = delete;
    PairDisk& operator=(const PairDisk&) = delete;
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] const std::string& error() const { return error_; }
    bool write(const std::vector<char>& bytes, std::uint64_t at) {
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t wrote = pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
            if (wrote <= 0) {
                fail();
                return false;
            }
            done += static_cast<std::size_t>(wrote);
        }
        return true;
    }
    bool read(std::vector<char>& bytes, std::uint64_t at) {
        const ssize_t got = pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (got < 0) fail();
        bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return got >= 0;
    }
    bool sync() {
        if (fsync(fd_) != 0) fail();
        return error_.empty();
    }
    void say(const std::string& text) { error_ = text; }

   private:
    void fail() { error_ = path_ + ": " + std::strerror(errno); }
    std::string path_, error_;
    int fd_;
    std::uint64_t size_ = 0;
};

// How much was done, of whatever it counts.
using Work = std::uint64_t (*)(const PairPlan& plan, PairDisk& disk);

std::uint64_t blocks(const PairPlan& plan, PairDisk& disk) {
    std::vector<char> bytes(kBlock);
    std::uint64_t done = 0;
    for (; done < plan.writes && !InterruptFlag::raised(); done++) {
        const std::string word = fmt::format("write {:12}\n", done);
        for (std::size_t i = 0; i < bytes.size(); i++) bytes[i] = word[i % word.size()];
        if (!disk.write(bytes, done * kStride % (disk.size() - kBlock) / kBlock * kBlock)) break;
    }
    return done;
}

std::vector<std::string> files_of(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code failed;
    const auto options = stdfs::directory_options::skip_permission_denied;
    for (stdfs::recursive_directory_iterator at(folder, options, failed), end; !failed && at != end;
         at.increment(failed))
        if (at->is_regular_file(failed) && !at->is_symlink(failed)) files.push_back(at->path().string());
    std::sort(files.begin(), files.end());
    return files;
}

// Each file begins at a block of its own.
std::uint64_t copied_tree(const PairPlan& plan, PairDisk& disk) {
    std::uint64_t at = 0, done = 0;
    std::vector<char> piece;
    for (const std::string& path : files_of(plan.tree)) {
        std::ifstream in(path, std::ios::binary);
        while (in && !InterruptFlag::raised()) {
            piece.resize(kPiece);
            in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
            piece.resize(static_cast<std::size_t>(in.gcount()));
            if (at + piece.size() > disk.size()) {
                disk.say(fmt::format("{} holds more than the disk ({})", plan.tree, size_text(disk.size())));
                return done;
            }
            if (!piece.empty() && !disk.write(piece, at)) return done;
            at += piece.size();
        }
        at = (at + kBlock - 1) / kBlock * kBlock;
        if (InterruptFlag::raised()) break;
        done++;
    }
    return done;
}

int both_at_once(const PairPlan& plan, const std::array<MountedTree, 2>& trees, Work work, const char* what) {
    std::array<std::uint64_t, 2> done{};
    std::array<std::string, 2> errors;
    {
        PairDisk a(trees[0].file("md0")), b(trees[1].file("md0"));
        const std::array<PairDisk*, 2> disks = {&a, &b};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < 2; i++)
            threads.emplace_back([&, i] {
                if (!disks[i]->error().empty()) return;
                done[i] = work(plan, *disks[i]);
                if (disks[i]->error().empty()) disks[i]->sync();
            });
        for (std::thread& thread : threads) thread.join();
        errors = {a.error(), b.error()};
    }
    for (std::size_t i = 0; i < 2; i++)
        if (!errors[i].empty())
            return complain(kFailed,
                            fmt::format("{}: {} {} written, then {}", plan.sides[i].letter, done[i], what, errors[i]));
    if (InterruptFlag::raised())
        return complain(kInterrupted, fmt::format("interrupted; {} {} written to A, {} to B", done[0], what, done[1]));
    if (!plan.json) say("{} {} written to each\n", done[0], what);
    return kOk;
}

int by_fio(const std::array<MountedTree, 2>& trees) {
    std::array<Result<bool>, 2> done = {true, true};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 2; i++)
        threads.emplace_back([&, i] {
            done[i] = run_tool({"fio", "--name=pair", "--filename=" + trees[i].file("md0"), "--rw=randwrite", "--bs=4k",
                                "--size=32M", "--direct=1", "--ioengine=psync", "--randrepeat=1", "--randseed=7",
                                "--buffer_pattern=0x6d647363", "--allow_file_create=0", "--end_fsync=1"});
        });
    for (std::thread& thread : threads) thread.join();
    for (const Result<bool>& one : done)
        if (!one) return complain(one.error().err == EINTR ? kInterrupted : kFailed, one.error().text);
    return kOk;
}

// The disks of a pair hold the same from the beginning.
int compare(const PairPlan& plan, const std::array<MountedTree, 2>& trees) {
    PairDisk a(trees[0].file("md0")), b(trees[1].file("md0"));
    std::vector<char> of_a, of_b;
    for (std::uint64_t at = 0; at < a.size(); at += kPiece) {
        if (InterruptFlag::raised()) return complain(kInterrupted, "interrupted; all is written");
        of_a.resize(kPiece);
        of_b.resize(kPiece);
        const bool good = a.read(of_a, at) && b.read(of_b, at);
        if (!good) return complain(kFailed, a.error().empty() ? b.error() : a.error());
        if (of_a != of_b) return complain(kFailed, fmt::format("the disks differ between {} and {}", at, at + kPiece));
    }
    if (!plan.json) say("both disks hold the same\n");
    return kOk;
}

}  // namespace

int write_to_pair(const PairPlan& plan) {
    const Result<std::array<MountedTree, 2>> trees = mounted_pair(plan);
    if (!trees) return complain(kFailed, trees.error().text);
    for (const MountedTree& tree : *trees)
        if (is_halted(tree)) return complain(kFailed, halted_text(tree));
    for (const MountedTree& tree : *trees)
        if (tree.read_or("lab/hold", std::string(kRulesOff)) != kRulesOff)
            return complain(kBusy, tree.file("lab/hold") +
                                       " holds writes, and a write would wait for its bitmap page: release first");
    if (!plan.tree.empty() && files_of(plan.tree).empty())
        return complain(kFailed, plan.tree + " has no files that can be read");
    const InterruptFlag interrupt;
    int exit_code = kOk;
    if (plan.fio)
        exit_code = by_fio(*trees);
    else if (!plan.tree.empty())
        exit_code = both_at_once(plan, *trees, copied_tree, "files");
    else
        exit_code = both_at_once(plan, *trees, blocks, "blocks of 4 KiB");
    return exit_code == kOk ? compare(plan, *trees) : exit_code;
}

}  // namespace mdscope
