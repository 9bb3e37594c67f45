// SPDX-License-Identifier: MIT
// What mdadm's part of the emulator needs of the host before any kernel exists: files, the time, random numbers.
//
// Creating and examining happen on plain files, with nobody else at work on them, so they use no Kernel and no Disk.
// This is the one place where they touch the host; md code proper never comes here. Everything answers 0 or -errno, or
// a value or an Error that names the path. A HostFile closes itself; it is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "engine/kernel/result.hpp"

namespace mdscope {

class HostFile {
   public:
    // Opens a regular file or a block device for reading. Anything else is refused by its kind ("is a FIFO") before it
    // is opened, so this never hangs and has no effect on a device.
    static Result<HostFile> open_to_read(const std::string& path);
    // Makes a file that was not there, for writing, and for its owner alone; a symbolic link counts as being there.
    static Result<HostFile> create(const std::string& path);
    // The same without a name: it is gone with this object, or with the process, unless it is given one. Not every file
    // system can do that (EOPNOTSUPP).
    static Result<HostFile> create_unnamed(const std::string& folder);

    HostFile(HostFile&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), size_(other.size_), has_name_(other.has_name_) {}
    HostFile& operator=(HostFile&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(size_, other.size_);
        std::swap(has_name_, other.has_name_);
        return *this;
    }
    ~HostFile();

    [[nodiscard]] std::uint64_t size_bytes() const { return size_; }
    // Bytes read, fewer only at the end of the file; or -errno.
    [[nodiscard]] std::int64_t read_at(std::uint64_t offset, std::span<std::byte> buffer) const;
    [[nodiscard]] int write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    [[nodiscard]] int set_size(std::uint64_t bytes);  // sparse: reserves nothing
    [[nodiscard]] int sync();
    // Puts it there if nothing is there (-EEXIST), and does nothing if it has a name already.
    [[nodiscard]] int give_name(const std::string& path);
    [[nodiscard]] bool has_name() const { return has_name_; }
    // Somebody else holds a lock on it, as a mounted array does on its members.
    [[nodiscard]] bool in_use() const;

   private:
    HostFile(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
    int fd_;
    std::uint64_t size_;
    bool has_name_ = true;
};

// Of two programs that are about to make something in a folder the second is told so.
class FolderLock {
   public:
    // -EBUSY: somebody has it. Where there are no locks (a file system may have none) it counts as had.
    static Result<FolderLock> take(const std::string& path);
    FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FolderLock& operator=(FolderLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FolderLock() { let_go(); }
    // In a process that was forked and does not end with this one, it has to be called, too.
    void let_go();

   private:
    explicit FolderLock(int fd) : fd_(fd) {}
    int fd_;
};

// Makes renames and removals in a folder durable.
[[nodiscard]] int host_sync_folder(const std::string& path);
void host_random_bytes(std::span<std::uint8_t> bytes);
std::uint64_t host_seconds();            // since 1970
std::string host_error_text(int error);  // of an errno, either sign

// Of this program in memory, and of the machine what programs can have still; 0: it cannot be told.
std::uint64_t host_resident_bytes();
std::uint64_t host_available_bytes();

// Seconds since some moment, always growing: for telling how long something took.
double host_monotonic_seconds();

}  // namespace mdscope
