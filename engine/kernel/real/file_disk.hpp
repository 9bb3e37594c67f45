// SPDX-License-Identifier: MIT
// A disk on an image file.
//
//   data bio       pread/pwrite in the submitter's own context; complete before submit returns
//   REQ_META bio   queued to the disk's I/O task ("sda_io"), one after the other, in order; started by the first one
//   Discard        a hole in the image, which reads as zeros; zeros, where the file system knows no holes
//   Flush, PREFLUSH, FUA   fdatasync; with REQ_AHEAD in the I/O task, while the submitter flushes another disk
//
// Durability. `written_` counts writes that returned from pwrite, `durable_` is the count that the last successful
// fdatasync is known to cover: it was read before that fdatasync began. A flush that finds durable_ >= written_ has
// nothing to do; two flushes at a time each read their own target, so neither leans on one that is still under way.
//
// A read of uncached data, and every fdatasync, may take long: the task's block_observer is told around them. Cached
// reads are found out by RWF_NOWAIT where the file system has it; where it has not, reads count as cached.
//
// The image is locked with an open-file-description lock, so a second mdscope (or a second array here) is refused; the
// size is what it was when opened. Nothing here grows an image. After an Oops the I/O task still finishes what it has.
//
// Somebody may cut the file short all the same, and a write behind its new end would grow it back, with zeros where
// data was. So the size is looked at: before metadata writes, after every fdatasync, when a read meets the end, and
// before the first data write in each tick of the coarse clock (4 ms). Not before each: fstat would be a sixth of what
// a mirrored write costs. Once the image was found short, nothing is written any more; what is left can be read. An
// image that was deleted is only talked about: it is as good as ever for as long as it is open, and closing it would be
// its end.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/disk.hpp"

namespace mdscope {

class FileDisk final : public Disk {
   public:
    // Opens and locks an image: the file `name` in the folder `at`, called `path` where it is talked about. Refuses
    // what is not a regular file, without waiting for a FIFO's other end.
    static Result<std::unique_ptr<Disk>> open(Kernel& kernel, const std::string& path, OpenMode mode, int at,
                                              const std::string& name);
    ~FileDisk() override;  // Finishes what is queued.
    FileDisk(const FileDisk&) = delete;
    FileDisk& operator=(const FileDisk&) = delete;

    void submit(Bio* bio) override;
    void submit_to_fail(Bio* bio, int error) override;
    [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] bool read_only() const override { return read_only_; }
    [[nodiscard]] Sector next_data(Sector from) const override;
    [[nodiscard]] std::uint64_t user_sectors() const override {
        return counters_.user_sectors.load(std::memory_order_relaxed);
    }
    void append_in_flight(std::vector<BioInfo>& list) const override;

   private:
    struct Queued {
        Bio* bio;
        int error;  // 0: to be performed
        std::uint64_t since_ns;
    };
    struct alignas(64) Counters {  // One cache line: both move with every write.
        std::atomic<std::uint64_t> written{0};
        std::atomic<std::uint64_t> user_sectors{0};
    };

    FileDisk(Kernel& kernel, int fd, std::string name, std::uint64_t size_bytes, bool read_only);

    [[nodiscard]] bool is_worth_the_task(const Bio& bio) const;
    int perform(const Bio& bio);
    int read(const Bio& bio);
    int write(const Bio& bio);
    int discard(const Bio& bio);
    int write_bytes(const std::byte* data, std::size_t size, off_t offset);
    int write_zeros(std::uint64_t size, off_t offset);
    int flush();
    int read_blocking(std::byte* data, std::size_t size, off_t offset);
    int check_image_now_and_then();
    int check_image();
    int said(const char* what, int error);

    bool start_io_task();
    void enqueue(Bio* bio, int error);
    void io_task();
    Queued oldest() const;
    void drop_oldest();

    Kernel& kernel_;
    const int fd_;
    const std::string name_;
    const std::uint64_t size_bytes_;
    const bool read_only_;
    std::atomic<bool> has_nowait_{true};
    std::atomic<bool> is_short_{false};  // for good
    std::atomic<bool> is_deleted_{false};
    std::atomic<int> said_error_{0};
    std::atomic<std::int64_t> checked_at_{0};  // tick of the coarse clock

    Counters counters_;
    std::atomic<std::uint64_t> durable_{0};

    WaitQueue queue_;
    Shared<std::uint64_t> queued_count_;
    Shared<bool> stopping_;
    mutable SpinLock lock_;
    std::deque<Queued> queued_ GUARDED_BY(lock_);  // the front one is being performed
    Task* io_task_ = nullptr;
};

}  // namespace mdscope
