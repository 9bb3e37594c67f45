// SPDX-License-Identifier: MIT
// md0: the array as a file. Byte-exact, direct, many requests in parallel.
//
// An open file belongs to the array it was opened on: when openers lose the array (a forced stop, a new assembly after
// an Oops) Lab::disk_epoch moves on, its I/O answers EIO from then on.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/md/md_ioctl.hpp"
#include "fs/mount/answer_space.hpp"
#include "fs/mount/operations.hpp"
#include "fs/mount/store_reply.hpp"

namespace mdscope {

namespace {

struct OpenDisk {
    std::atomic<std::uint64_t> epoch;
    explicit OpenDisk(std::uint64_t now) : epoch(now) {}
};
// No epoch is one of these.
constexpr std::uint64_t kLost = ~std::uint64_t{0};  // STOP_ARRAY has taken the opener
constexpr std::uint64_t kClosed = kLost - 1;        // its RELEASE has come
constexpr std::uint64_t kStopping = kLost - 2;      // a stop is under way, and decides what becomes of the opener

OpenDisk& open_disk_of(fuse_file_info* info) {
    return *reinterpret_cast<OpenDisk*>(info->fh);
}

bool still_ours(fuse_req_t req, fuse_file_info* info) {
    return open_disk_of(info).epoch.load(std::memory_order_relaxed) ==
           file_system(req).lab.disk_epoch.load(std::memory_order_relaxed);
}

Array& array_of(fuse_req_t req) {
    return file_system(req).lab.array;
}

void give_back(Array& array) {
    in_steps([&] {
        array.release();
        return 0;
    });
}

// What a read is collected in: one aligned buffer a thread, touched only as far as it is used.
class ReadBuffer {
   public:
    ReadBuffer()
        : start_(
              mmap(nullptr, kMaxTransfer, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
        if (start_ == MAP_FAILED) throw std::bad_alloc();
    }
    ~ReadBuffer() { munmap(start_, kMaxTransfer); }
    ReadBuffer(const ReadBuffer&) = delete;
    ReadBuffer& operator=(const ReadBuffer&) = delete;
    [[nodiscard]] std::byte* data() const { return static_cast<std::byte*>(start_); }

   private:
    void* start_;
};

std::span<std::byte> read_space() {
    if (!answer_space.empty()) return answer_space;
    thread_local const ReadBuffer buffer;
    return {buffer.data(), kMaxTransfer};
}

int write_zeros(Array& array, std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t all = array.size_bytes();
    if (offset >= all) return -EINVAL;
    const std::vector<std::byte> zeros(std::min<std::uint64_t>(size, kMaxTransfer));
    for (std::uint64_t left = std::min(size, all - offset); left > 0;) {
        const std::span part = std::span(zeros).first(std::min<std::uint64_t>(left, zeros.size()));
        const std::int64_t done = array.write(offset, part, false);
        if (done <= 0) return done < 0 ? static_cast<int>(done) : -EIO;
        offset += static_cast<std::uint64_t>(done);
        left -= static_cast<std::uint64_t>(done);
    }
    return 0;
}

}  // namespace

void disk_open(fuse_req_t req, fuse_file_info* info) {
    Lab& lab = file_system(req).lab;
    StoreReply& opening = StoreReply::mine();
    opening.begin(req);
    const int err = guarded([&] { return lab.array.open(); });
    if (err != 0) {
        opening.finish_error(-err);
        return;
    }
    // O_TRUNC is ignored: the size is the array's.
    info->fh = lab.handles.keep(std::make_shared<OpenDisk>(lab.disk_epoch.load()));
    const OpenReply reply{info->fh, kOpenDirectIo | kOpenParallelDirectWrites, 0};
    if (opening.finish_open(reply)) return;
    lab.handles.drop(reply.fh);
    give_back(lab.array);  // the opener was killed or interrupted meanwhile
}

// Each successful open is given back once, also when the array was taken away meanwhile: Array counts that.
void disk_release(fuse_req_t req, fuse_file_info* info) {
    const std::uint64_t before = open_disk_of(info).epoch.exchange(kClosed);
    if (before != kLost && before != kStopping) give_back(array_of(req));
    file_system(req).lab.handles.drop(info->fh);
    fuse_reply_err(req, 0);
}

void disk_read(fuse_req_t req, std::size_t size, off_t offset, fuse_file_info* info) {
    std::span<std::byte> place;
    const std::int64_t got = guarded([&]() -> std::int64_t {
        place = read_space();
        if (!still_ours(req, info)) return -EIO;
        place = place.first(std::min(size, place.size()));
        return in_steps([&] { return array_of(req).read(static_cast<std::uint64_t>(offset), place); });
    });
    if (got < 0)
        fuse_reply_err(req, static_cast<int>(-got));
    else
        fuse_reply_buf(req, reinterpret_cast<const char*>(place.data()), static_cast<std::size_t>(got));
}

void disk_write(fuse_req_t req, const char* data, std::size_t size, off_t offset, fuse_file_info* info) {
    const bool fua = (info->flags & O_DSYNC) != 0;
    const std::int64_t done = in_steps([&]() -> std::int64_t {
        if (!still_ours(req, info)) return -EIO;
        return array_of(req).write(static_cast<std::uint64_t>(offset), std::as_bytes(std::span(data, size)), fua);
    });
    if (done < 0)
        fuse_reply_err(req, static_cast<int>(-done));
    else
        fuse_reply_write(req, static_cast<std::size_t>(done));
}

void disk_sync(fuse_req_t req, fuse_file_info* info) {
    const int err = in_steps([&] { return still_ours(req, info) ? array_of(req).flush() : -EIO; });
    fuse_reply_err(req, -err);
}

// As on a block device: PUNCH_HOLE discards, ZERO_RANGE writes zeros (who asks for that wants to keep the blocks), and
// there is nothing to allocate. A loop device on md0 discards and zeroes by these two.
void disk_allocate(fuse_req_t req, int mode, off_t offset, off_t length, fuse_file_info* info) {
    const auto start = static_cast<std::uint64_t>(offset);
    const auto size = static_cast<std::uint64_t>(length);
    const int err = in_steps([&] {
        Array& array = array_of(req);
        if (!still_ours(req, info)) return -EIO;
        if (mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) return array.discard(start, size);
        if ((mode & ~FALLOC_FL_KEEP_SIZE) == FALLOC_FL_ZERO_RANGE) return write_zeros(array, start, size);
        return -EOPNOTSUPP;
    });
    fuse_reply_err(req, -err);
}

// Data everywhere, one hole at the end, as on a block device.
void disk_seek(fuse_req_t req, off_t offset, int whence) {
    const auto size = static_cast<off_t>(array_of(req).size_bytes());
    if (offset < 0 || offset >= size)
        fuse_reply_err(req, ENXIO);
    else if (whence == SEEK_DATA)
        fuse_reply_lseek(req, offset);
    else if (whence == SEEK_HOLE)
        fuse_reply_lseek(req, size);
    else
        fuse_reply_err(req, EINVAL);
}

// ---- ioctl

namespace {

template <class T>
void reply_value(fuse_req_t req, const T& value, std::size_t out_size) {
    if (out_size < sizeof value)
        fuse_reply_err(req, EINVAL);
    else
        fuse_reply_ioctl(req, 0, &value, sizeof value);
}

void array_info(fuse_req_t req, std::size_t out_size) {
    mdu_array_info_t info{};
    std::string why;
    const int err = guarded([&] { return array_of(req).ioctl(GET_ARRAY_INFO, &info, &why); });
    if (err != 0)
        fuse_reply_err(req, -err);
    else
        reply_value(req, info, out_size);
}

// Whoever was interrupted may have closed the file meanwhile: then its RELEASE had nothing to give back, and nobody
// else will.
void end_stop(Lab& lab, OpenDisk& disk, std::uint64_t now) {
    std::uint64_t expected = kStopping;
    if (!disk.epoch.compare_exchange_strong(expected, now) && now != kLost) give_back(lab.array);
}

// STOP_ARRAY or STOP_ARRAY_RO. The caller has the array open by this very file; that opener does not count against it.
int stop_by(Lab& lab, OpenDisk& disk, unsigned command) {
    const std::uint64_t opened_at = lab.disk_epoch.load();
    std::uint64_t found = opened_at;
    if (!disk.epoch.compare_exchange_strong(found, kStopping)) return found == kStopping ? -EALREADY : -ENODEV;
    std::string why;
    const int err = in_steps([&] { return lab.array.ioctl(command, nullptr, &why); });
    end_stop(lab, disk, err == 0 && command == STOP_ARRAY ? kLost : opened_at);
    if (err == -EBUSY) log_openers(lab);
    return err;
}

void stop_array(fuse_req_t req, fuse_file_info* info, unsigned command) {
    Lab& lab = file_system(req).lab;
    const auto held = lab.handles.hold<OpenDisk>(info->fh);  // until the stop has ended, which may be after an EINTR
    StoreReply& reply = StoreReply::mine();
    reply.begin(req);
    const int err = guarded([&] { return stop_by(lab, *held, command); });
    if (err != 0)
        reply.finish_error(-err);
    else
        reply.finish_ioctl();
}

}  // namespace

void disk_ioctl(fuse_req_t req, unsigned command, fuse_file_info* info, std::size_t out_size) {
    if (command == STOP_ARRAY || command == STOP_ARRAY_RO) {
        stop_array(req, info, command);
        return;
    }
    if (!still_ours(req, info)) {
        fuse_reply_err(req, ENODEV);
        return;
    }
    switch (command) {
        case RAID_VERSION: {
            mdu_version_t version{};
            version.minor = 90;
            version.patchlevel = 3;
            reply_value(req, version, out_size);
            return;
        }
        case GET_ARRAY_INFO:
            array_info(req, out_size);
            return;
        case BLKGETSIZE64:
            reply_value(req, std::uint64_t{array_of(req).size_bytes()}, out_size);
            return;
        default:
            fuse_reply_err(req, ENOTTY);
    }
}

}  // namespace mdscope
