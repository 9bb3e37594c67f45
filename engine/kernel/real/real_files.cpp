// SPDX-License-Identifier: MIT
// Clock, files, log and disks of the RealKernel: what it takes from the operating system.
//
// Small files (the sidecar of an external array) are replaced in a way that leaves the old or the new text after a
// crash: the text goes to a second file beside the old one and is made durable, the two change names, and then the
// folder is made durable, since names are its content. They are for their owner alone, as the images are.
//
// A folder that is held is a descriptor, and files in it are named relative to that. Its path may lead elsewhere by
// then, or into a file system that this very process serves, where nobody would answer.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "engine/kernel/real/file_disk.hpp"
#include "engine/kernel/real/real_kernel.hpp"
#include "engine/kernel/shown.hpp"

namespace mdscope {

// ---- clock and chance

std::uint64_t RealKernel::ktime_ns() {
    const auto since = std::chrono::steady_clock::now() - start_;
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()) + 1;
}

std::uint64_t RealKernel::wall_clock() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
    return (us / 1'000'000) | ((us % 1'000'000) << 40);
}

void RealKernel::get_random_bytes(void* buffer, std::size_t size) {
    auto* next = static_cast<char*>(buffer);
    while (size > 0) {
        const ssize_t got = getrandom(next, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw std::runtime_error(std::string("getrandom: ") + std::strerror(errno));
        next += got;
        size -= static_cast<std::size_t>(got);
    }
}

// ---- files

namespace {

constexpr std::size_t kMaxFileSize = 1 << 20;

class Fd {
   public:
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() { close_now(); }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool ok() const { return fd_ >= 0; }
    int close_now() { return fd_ >= 0 ? ::close(std::exchange(fd_, -1)) : 0; }

   private:
    int fd_;
};

Error failed(const char* what, const std::string& path, int error) {
    return {error, std::string(what) + " " + shown(path) + ": " + std::strerror(error)};
}

bool write_whole(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t done = ::write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

}  // namespace

// ---- folders

struct RealKernel::HeldFolder {
    Fd fd;
};

// A file as the *at() calls want it.
struct RealKernel::Place {
    std::shared_ptr<const HeldFolder> held;
    std::string folder;
    std::string name;  // in the held folder, or the whole path
    [[nodiscard]] int at() const { return held != nullptr ? held->fd.get() : AT_FDCWD; }
};

static std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

RealKernel::Place RealKernel::place_of(const std::string& path) {
    Place place{nullptr, folder_of(path), path};
    const std::lock_guard guard(folders_mutex_);
    const auto found = folders_.find(place.folder);
    if (found != folders_.end()) place.held = found->second.lock();
    if (place.held != nullptr) place.name = path.substr(path.rfind('/') + 1);
    return place;
}

Result<std::shared_ptr<const void>> RealKernel::hold_folder(const std::string& path) {
    const std::lock_guard guard(folders_mutex_);
    std::weak_ptr<const HeldFolder>& slot = folders_[path];
    if (auto held = slot.lock()) return std::shared_ptr<const void>(held);
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed("cannot open the folder", path, errno);
    const std::shared_ptr<const HeldFolder> held(new HeldFolder{Fd(fd)});
    slot = held;
    return std::shared_ptr<const void>(held);
}

bool RealKernel::is_same_file(const std::string& a, const std::string& b) {
    const Place first = place_of(a);
    const Place second = place_of(b);
    struct stat one {};
    struct stat other {};
    return ::fstatat(first.at(), first.name.c_str(), &one, 0) == 0 &&
           ::fstatat(second.at(), second.name.c_str(), &other, 0) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

// ---- small files

Result<std::string> RealKernel::read_file(const std::string& path) {
    const Place place = place_of(path);
    const Fd file(::openat(place.at(), place.name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.ok()) return failed("cannot open", path, errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return failed("cannot look at", path, errno);
    if (!S_ISREG(info.st_mode)) return Error{EINVAL, path + " is not a regular file"};
    std::string text;
    char buffer[16384];
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("cannot read", path, errno);
        if (got == 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > kMaxFileSize) return Error{EFBIG, path + " is larger than 1 MiB"};
    }
}

// The temporary file of the time before is written over, not made anew: on a full disk a text of the same size still
// fits.
static Result<bool> rename_over(int at, const std::string& name, const std::string& path, std::string_view text) {
    const std::string temporary = name + ".new";
    const std::string said = path + ".new";
    Fd file(::openat(at, temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    // In a folder that is there, a file can always be missing and be made. In one that is held and was removed, never.
    if (!file.ok() && errno == ENOENT && at != AT_FDCWD)
        return Error{ESTALE, "the folder " + shown(folder_of(path)) + " was removed"};
    if (!file.ok()) return failed("cannot create", said, errno);
    if (!write_whole(file.get(), text)) return failed("cannot write", said, errno);
    if (::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0) return failed("cannot resize", said, errno);
    if (::fsync(file.get()) != 0) return failed("cannot make durable", said, errno);
    if (file.close_now() != 0) return failed("cannot close", said, errno);
    // The two change names, so that the blocks of the old text serve the next one.
    if (::renameat2(at, temporary.c_str(), at, name.c_str(), RENAME_EXCHANGE) == 0) return true;
    if (::renameat(at, temporary.c_str(), at, name.c_str()) != 0) return failed("cannot replace", path, errno);
    return true;
}

Result<bool> RealKernel::replace_file(const std::string& path, std::string_view text) {
    const Place place = place_of(path);
    if (auto renamed = rename_over(place.at(), place.name, path, text); !renamed) return renamed;
    Fd opened(place.held == nullptr ? ::open(place.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
    if (place.held == nullptr && !opened.ok()) return failed("cannot open the folder of", path, errno);
    if (::fsync(place.held != nullptr ? place.at() : opened.get()) != 0)
        return failed("cannot make durable the folder of", path, errno);
    return true;
}

Result<std::unique_ptr<Disk>> RealKernel::open_disk(const std::string& path, OpenMode mode) {
    // Who sets a timer has no way to hear that there is no thread for it.
    try {
        (void)timers();
    } catch (const std::system_error&) {
        return Error{ENOMEM, shown(path) + ": not enough memory for the thread of the timers."};
    }
    const Place place = place_of(path);
    return FileDisk::open(*this, path, mode, place.at(), place.name);
}

// ---- the kernel log

void RealKernel::printk(LogLevel level, std::string text) {
    LogLine line{ktime_ns(), level, std::move(text)};
    const std::lock_guard guard(log_mutex_);
    if (log_sink_) log_sink_(line);
    if (log_.size() == kLogLines) log_.pop_front();
    log_.push_back(std::move(line));
    log_count_++;
}

std::vector<LogLine> RealKernel::log() const {
    const std::lock_guard guard(log_mutex_);
    return {log_.begin(), log_.end()};
}

std::vector<LogLine> RealKernel::log_since(std::uint64_t* next) const {
    const std::lock_guard guard(log_mutex_);
    const std::uint64_t oldest = log_count_ - log_.size();
    const std::uint64_t first = std::clamp(*next, oldest, log_count_);
    *next = log_count_;
    return {log_.begin() + static_cast<std::ptrdiff_t>(first - oldest), log_.end()};
}

void RealKernel::set_log_sink(std::function<void(const LogLine&)> sink) {
    const std::lock_guard guard(log_mutex_);
    log_sink_ = std::move(sink);
}

}  // namespace mdscope
