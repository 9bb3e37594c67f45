// SPDX-License-Identifier: MIT

#include "engine/kernel/real/file_disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <system_error>

#include "engine/kernel/sanitizers.hpp"
#include "engine/kernel/shown.hpp"

namespace mdscope {

// ---- a bio on its way

void FileDisk::submit(Bio* bio) {
    if ((bio->bi_flags & REQ_META) != 0 || is_worth_the_task(*bio))
        enqueue(bio, 0);
    else
        bio_endio(bio, perform(*bio));
}

// Two images become durable at the same time, one of them in its I/O task. A task that is busy would be no help, and a
// clean image needs none.
bool FileDisk::is_worth_the_task(const Bio& bio) const {
    return (bio.bi_flags & REQ_AHEAD) != 0 && bio.bi_op == BioOp::Flush && queued_count_.peek() == 0 &&
           durable_.load() < counters_.written.load();
}

void FileDisk::submit_to_fail(Bio* bio, int error) {
    if ((bio->bi_flags & REQ_META) != 0)
        enqueue(bio, error);
    else
        bio_endio(bio, error);
}

int FileDisk::perform(const Bio& bio) {
    const std::uint64_t offset = bio.bi_sector << kSectorShift;
    if (bio.bi_size > size_bytes_ || offset > size_bytes_ - bio.bi_size) return -EIO;  // Never grows the image.
    if ((bio.bi_flags & (REQ_META | REQ_SYNC_IO)) == 0)
        counters_.user_sectors.fetch_add(bio_sectors(bio), std::memory_order_relaxed);
    switch (bio.bi_op) {
        case BioOp::Read:
            return read(bio);
        case BioOp::Write:
            return write(bio);
        case BioOp::Discard:
            return discard(bio);
        case BioOp::Flush:
            return flush();
    }
    return -EOPNOTSUPP;
}

namespace {

// Told of the stretches in which this thread may be stuck in the operating system.
class MayBlock {
   public:
    MayBlock() : observer_(current != nullptr ? current->block_observer : nullptr) {
        if (observer_ != nullptr) observer_->will_block();
    }
    ~MayBlock() {
        if (observer_ != nullptr) observer_->did_unblock();
    }
    MayBlock(const MayBlock&) = delete;
    MayBlock& operator=(const MayBlock&) = delete;

   private:
    BlockObserver* observer_;
};

// pwrite, without being a point where the thread can be cancelled. glibc says so before and after the call to whoever
// may cancel it, with an atomic exchange each; that is a hundredth of a write that only the page cache sees, and nobody
// here cancels threads. ThreadSanitizer has to see who reads the buffer, and where a long has 32 bits an offset would
// be two of them.
ssize_t write_at(int fd, const std::byte* data, std::size_t size, off_t offset) {
#if defined(MDSCOPE_TSAN) || defined(MDSCOPE_ASAN) || !defined(__LP64__)
    return ::pwrite(fd, data, size, offset);
#else
    return ::syscall(SYS_pwrite64, fd, data, size, offset);
#endif
}

}  // namespace

int FileDisk::write(const Bio& bio) {
    if (read_only_) return -EROFS;
    const bool is_metadata = (bio.bi_flags & REQ_META) != 0;
    if (const int error = is_metadata ? check_image() : check_image_now_and_then(); error != 0) return error;
    if ((bio.bi_flags & REQ_PREFLUSH) != 0)
        if (const int error = flush(); error != 0) return error;
    const auto offset = static_cast<off_t>(bio.bi_sector << kSectorShift);
    if (const int error = write_bytes(bio.bi_data, bio.bi_size, offset); error != 0) return error;
    counters_.written.fetch_add(1);  // After the pwrite: a flush that reads this count covers it.
    return (bio.bi_flags & REQ_FUA) != 0 ? flush() : 0;
}

int FileDisk::write_bytes(const std::byte* data, std::size_t size, off_t offset) {
    while (size > 0) {
        const ssize_t done = write_at(fd_, data, size, offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return said("write", errno);
        if (done == 0) return -EIO;
        data += done;
        offset += done;
        size -= static_cast<std::size_t>(done);
    }
    return 0;
}

int FileDisk::read(const Bio& bio) {
    std::byte* data = bio.bi_data;
    std::size_t left = bio.bi_size;
    auto offset = static_cast<off_t>(bio.bi_sector << kSectorShift);
    const bool is_watched = current != nullptr && current->block_observer != nullptr;
    // Without RWF_NOWAIT (tmpfs) nobody can tell whether it would sleep; there it hardly ever does.
    if (!is_watched || !has_nowait_.load(std::memory_order_relaxed)) return read_blocking(data, left, offset);
    const iovec part{data, left};
    const ssize_t done = ::preadv2(fd_, &part, 1, offset, RWF_NOWAIT);
    if (done < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
        has_nowait_.store(false, std::memory_order_relaxed);
        return read_blocking(data, left, offset);
    }
    if (done > 0) {  // Any other error shows again below.
        data += done;
        offset += done;
        left -= static_cast<std::size_t>(done);
    }
    if (left == 0) return 0;
    const MayBlock may_block;
    return read_blocking(data, left, offset);
}

int FileDisk::read_blocking(std::byte* data, std::size_t size, off_t offset) {
    while (size > 0) {
        const ssize_t done = ::pread(fd_, data, size, offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return said("read", errno);
        if (done == 0) {  // The image was cut short behind our back.
            (void)check_image();
            return -EIO;
        }
        data += done;
        offset += done;
        size -= static_cast<std::size_t>(done);
    }
    return 0;
}

int FileDisk::discard(const Bio& bio) {
    if (read_only_) return -EROFS;
    if (const int error = check_image(); error != 0) return error;
    const auto offset = static_cast<off_t>(bio.bi_sector << kSectorShift);
    const MayBlock may_block;
    int error = 0;
    do {
        error = ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bio.bi_size) != 0 ? errno : 0;
    } while (error == EINTR);
    // Who discards counts on zeros: mkfs does not write the tables then.
    if (error == EOPNOTSUPP || error == ENOSYS) error = -write_zeros(bio.bi_size, offset);
    counters_.written.fetch_add(1);  // Also when it has failed: half of it may be done.
    if (error != 0) return -error;
    return (bio.bi_flags & REQ_FUA) != 0 ? flush() : 0;
}

int FileDisk::write_zeros(std::uint64_t size, off_t offset) {
    const std::vector<std::byte> zeros(std::min<std::uint64_t>(size, 1 << 20));
    while (size > 0) {
        const std::size_t part = std::min<std::uint64_t>(size, zeros.size());
        if (const int error = write_bytes(zeros.data(), part, offset); error != 0) return error;
        offset += static_cast<off_t>(part);
        size -= part;
    }
    return 0;
}

int FileDisk::flush() {
    const std::uint64_t target = counters_.written.load();
    if (durable_.load() >= target) return 0;
    {
        const MayBlock may_block;
        while (::fdatasync(fd_) != 0)
            if (errno != EINTR) return said("flush", errno);
    }
    if (const int error = check_image(); error != 0) return error;
    std::uint64_t durable = durable_.load();
    while (durable < target && !durable_.compare_exchange_weak(durable, target)) {
    }
    return 0;
}

// md says no more than that a disk has failed. Why is said as often as it changes.
int FileDisk::said(const char* what, int error) {
    if (said_error_.exchange(error) != error)
        kernel_.printk(LogLevel::Err, name_ + ": a " + what + " has failed: " + std::strerror(error));
    return -error;
}

// ---- somebody else at the image

int FileDisk::check_image_now_and_then() {
    if (is_short_.load(std::memory_order_relaxed)) [[unlikely]]
        return -EIO;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);  // 3 ns; a hundredth of an fstat
    const std::int64_t tick = now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
    if (checked_at_.load(std::memory_order_relaxed) == tick) return 0;
    checked_at_.store(tick, std::memory_order_relaxed);
    return check_image();
}

// 0, or -EIO when it is shorter than it was. Says once what it found.
int FileDisk::check_image() {
    struct stat info {};
    if (is_short_.load() || ::fstat(fd_, &info) != 0) return -EIO;
    if (info.st_nlink == 0 && !is_deleted_.exchange(true))
        kernel_.printk(LogLevel::Warn,
                       name_ +
                           ": the image was deleted. It is in use and stays so, but its data is gone "
                           "when it is closed; copy what you need from md0 before the array is stopped");
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size >= size_bytes_) return 0;
    if (!is_short_.exchange(true))
        kernel_.printk(LogLevel::Err, name_ + ": the image was cut short, from " + std::to_string(size_bytes_) +
                                          " bytes to " + std::to_string(size) + "; nothing is written to it any more");
    return -EIO;
}

// ---- metadata: the I/O task

void FileDisk::enqueue(Bio* bio, int error) {
    if (bio->bi_id == 0) bio->bi_id = kernel_.next_bio_id();
    {
        const std::uint64_t now_ns = kernel_.ktime_ns();
        const SpinGuard guard(lock_);
        queued_.push_back({bio, error, now_ns});
    }
    queued_count_.inc();
    wake_up(queue_);
}

void FileDisk::io_task() {
    current->in_irq = true;  // Completions of metadata run here.
    auto has_work = [this] { return queued_count_ != 0 || stopping_; };
    for (;;) {
        if (!has_work()) queue_.wait("queued != 0 || stopping", has_work, {.through_halt = true});
        const auto [bio, error, since_ns] = oldest();
        if (bio == nullptr) return;  // stopping, and nothing left
        const int status = error != 0 ? error : perform(*bio);
        drop_oldest();
        try {
            bio_endio(bio, status);
        } catch (const Halted&) {  // An Oops in the completion. The other bios still have to come back.
        }
    }
}

FileDisk::Queued FileDisk::oldest() const {
    const SpinGuard guard(lock_);
    return queued_.empty() ? Queued{} : queued_.front();
}

void FileDisk::drop_oldest() {
    {
        const SpinGuard guard(lock_);
        queued_.pop_front();
    }
    queued_count_.dec();
}

Sector FileDisk::next_data(Sector from) const {
    if (from >= size_sectors()) return size_sectors();
    const off_t found = ::lseek(fd_, static_cast<off_t>(from << kSectorShift), SEEK_DATA);
    if (found < 0) return errno == ENXIO ? size_sectors() : from;  // no data behind it; or it cannot be asked
    return static_cast<Sector>(found) >> kSectorShift;
}

void FileDisk::append_in_flight(std::vector<BioInfo>& list) const {
    const SpinGuard guard(lock_);
    for (const Queued& queued : queued_) list.push_back(bio_info(*queued.bio, name_, false, queued.since_ns));
}

FileDisk::~FileDisk() {
    stopping_ = true;
    wake_up(queue_);
    if (io_task_ != nullptr) kernel_.kthread_join(io_task_);
    ::close(fd_);
}

// ---- opening

namespace {

const char* kind_of_file(mode_t mode) {
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISBLK(mode)) return "a block device";
    if (S_ISCHR(mode)) return "a character device";
    return "something else";
}

Error is_not_regular(const std::string& path, mode_t mode) {
    return {EINVAL, shown(path) + " is " + kind_of_file(mode) + "; an image has to be a regular file."};
}

Error cannot_open(const std::string& path, int error) {
    return {error, "cannot open " + shown(path) + ": " + std::strerror(error) + "."};
}

// 0, or the errno that says why not.
int lock_whole_file(int fd, bool for_writing) {
    struct flock whole {};
    whole.l_type = static_cast<short>(for_writing ? F_WRLCK : F_RDLCK);
    whole.l_whence = SEEK_SET;
    int error = 0;
    do {
        error = ::fcntl(fd, F_OFD_SETLK, &whole) != 0 ? errno : 0;
    } while (error == EINTR);
    return error == EACCES ? EAGAIN : error;
}

}  // namespace

Result<std::unique_ptr<Disk>> FileDisk::open(Kernel& kernel, const std::string& path, OpenMode mode, int at,
                                             const std::string& name) {
    const bool writes = mode == OpenMode::ReadWrite;
    struct stat info {};
    if (::fstatat(at, name.c_str(), &info, 0) != 0) return cannot_open(path, errno);
    if (!S_ISREG(info.st_mode)) return is_not_regular(path, info.st_mode);  // Opening a device may do something.
    const int fd = ::openat(at, name.c_str(), (writes ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return cannot_open(path, errno);

    auto refuse = [fd](Error error) {
        ::close(fd);
        return error;
    };
    if (::fstat(fd, &info) != 0) return refuse(cannot_open(path, errno));
    if (!S_ISREG(info.st_mode)) return refuse(is_not_regular(path, info.st_mode));  // Replaced in between.
    const int error = lock_whole_file(fd, writes);
    if (error == EAGAIN) return refuse({EBUSY, shown(path) + " is locked by another mdscope."});
    if (error != 0) return refuse({error, "cannot lock " + shown(path) + ": " + std::strerror(error) + "."});
    std::unique_ptr<FileDisk> disk(
        new FileDisk(kernel, fd, disk_name(path), static_cast<std::uint64_t>(info.st_size), !writes));
    if (!disk->start_io_task())
        return Error{ENOMEM, shown(path) + ": not enough memory for a thread that does its I/O."};
    return std::unique_ptr<Disk>(std::move(disk));
}

// Not with the first bio: md counts it before it is submitted, and would wait for ever for one that nobody can perform.
bool FileDisk::start_io_task() {
    try {
        io_task_ = kernel_.kthread_run(name_ + "_io", [this] { io_task(); });
    } catch (const std::system_error&) {
        return false;
    }
    return true;
}

FileDisk::FileDisk(Kernel& kernel, int fd, std::string name, std::uint64_t size_bytes, bool read_only)
    : kernel_(kernel),
      fd_(fd),
      name_(std::move(name)),
      size_bytes_(size_bytes),
      read_only_(read_only),
      queue_(kernel, "FileDisk::queue") {}

}  // namespace mdscope
