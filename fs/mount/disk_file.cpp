// md0: the array as a file. Byte-exact, direct, many requests in parallel.
//
// An open file belongs to the array it was opened on: when openers lose the array (a forced stop, a new assembly after
// an Oops) Lab::disk_epoch moves on, its I/O answers EIO from then on.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "fs/mount/operations.hpp"
#include "fs/mount/store_reply.hpp"

namespace mdscope {

namespace {

struct OpenDisk {
    std::atomic<std::uint64_t> epoch;
    explicit OpenDisk(std::uint64_t now) : epoch(now) {}
};
// No epoch is one of these.
constexpr std::uint64_t kLost = ~std::uint64_t{0};  // given back already, by STOP_ARRAY
constexpr std::uint64_t kClosed = kLost - 1;        // its RELEASE has come

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
    guarded([&] {
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
    if (open_disk_of(info).epoch.exchange(kClosed) != kLost) give_back(array_of(req));
    file_system(req).lab.handles.drop(info->fh);
    fuse_reply_err(req, 0);
}

void disk_read(fuse_req_t req, std::size_t size, off_t offset, fuse_file_info* info) {
    thread_local const ReadBuffer buffer;
    const std::int64_t got = guarded([&]() -> std::int64_t {
        if (!still_ours(req, info)) return -EIO;
        return array_of(req).read(static_cast<std::uint64_t>(offset),
                                  std::span(buffer.data(), std::min(size, kMaxTransfer)));
    });
    if (got < 0)
        fuse_reply_err(req, static_cast<int>(-got));
    else
        fuse_reply_buf(req, reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(got));
}

void disk_write(fuse_req_t req, const char* data, std::size_t size, off_t offset, fuse_file_info* info) {
    const bool fua = (info->flags & O_DSYNC) != 0;
    const std::int64_t done = guarded([&]() -> std::int64_t {
        if (!still_ours(req, info)) return -EIO;
        return array_of(req).write(static_cast<std::uint64_t>(offset), std::as_bytes(std::span(data, size)), fua);
    });
    if (done < 0)
        fuse_reply_err(req, static_cast<int>(-done));
    else
        fuse_reply_write(req, static_cast<std::size_t>(done));
}

void disk_sync(fuse_req_t req, fuse_file_info* info) {
    const int err = guarded([&] { return still_ours(req, info) ? array_of(req).flush() : -EIO; });
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

// Bits of mdu_array_info_t::state; md_p.h has them as shifts, beside macros that clash with our names.
constexpr int kStateClean = 1 << 0;
constexpr int kStateBitmap = 1 << 8;

mdu_array_info_t array_info(Mddev& mddev) {
    mdu_array_info_t info{};
    info.major_version = mddev.major_version;
    info.minor_version = mddev.minor_version;
    info.patch_version = 3;  // MD_PATCHLEVEL_VERSION
    info.ctime = static_cast<unsigned>(mddev.ctime & 0xffffffffU);
    info.utime = static_cast<unsigned>(mddev.utime & 0xffffffffU);
    info.level = mddev.level;
    info.size = mddev.dev_sectors / 2 > 0x7fffffff ? -1 : static_cast<int>(mddev.dev_sectors / 2);
    info.raid_disks = mddev.raid_disks.peek();
    info.not_persistent = mddev.persistent ? 0 : 1;
    for (const Rdev* rdev : rdev_list(mddev)) {
        info.nr_disks++;
        if (test_bit(Faulty, rdev->flags)) {
            info.failed_disks++;
            continue;
        }
        info.working_disks++;
        if (test_bit(In_sync, rdev->flags))
            info.active_disks++;
        else
            info.spare_disks++;
    }
    if (mddev.in_sync.peek() != 0) info.state |= kStateClean;
    if (mddev.bitmap.peek() != nullptr && mddev.bitmap_info.offset != 0) info.state |= kStateBitmap;
    info.layout = mddev.layout;
    info.chunk_size = static_cast<int>(mddev.chunk_sectors << kSectorShift);
    return info;
}

template <class T>
void reply_value(fuse_req_t req, const T& value, std::size_t out_size) {
    if (out_size < sizeof value)
        fuse_reply_err(req, EINVAL);
    else
        fuse_reply_ioctl(req, 0, &value, sizeof value);
}

// A stop that was refused leaves the file open as it was. But one that was interrupted may have been closed meanwhile:
// then its RELEASE had nothing to give back, and nobody else will.
void take_again(Lab& lab, OpenDisk& disk) {
    int err = -EINTR;
    while (err == -EINTR) err = lab.array.open();  // what interrupted the stop has been answered
    if (err != 0) return;
    std::uint64_t expected = kLost;
    if (!disk.epoch.compare_exchange_strong(expected, lab.disk_epoch.load())) give_back(lab.array);
}

// The caller has the array open by this very file; that opener does not count against it.
void stop_array(fuse_req_t req, fuse_file_info* info) {
    Lab& lab = file_system(req).lab;
    const auto held = lab.handles.hold<OpenDisk>(info->fh);  // until the stop has ended, which may be after an EINTR
    OpenDisk& disk = *held;
    StoreReply& reply = StoreReply::mine();
    reply.begin(req);
    const int err = guarded([&] {
        if (disk.epoch.exchange(kLost) != lab.disk_epoch.load()) return -ENODEV;
        lab.array.release();
        std::string why;
        const int failed = lab.array.stop(false, &why);
        if (failed == -EBUSY) log_openers(lab);
        if (failed != 0) take_again(lab, disk);
        return failed;
    });
    if (err != 0)
        reply.finish_error(-err);
    else
        reply.finish_ioctl();
}

}  // namespace

void disk_ioctl(fuse_req_t req, unsigned command, fuse_file_info* info, std::size_t out_size) {
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
            reply_value(req, array_info(array_of(req).mddev()), out_size);
            return;
        case BLKGETSIZE64:
            reply_value(req, std::uint64_t{array_of(req).size_bytes()}, out_size);
            return;
        case STOP_ARRAY:
            stop_array(req, info);
            return;
        default:
            fuse_reply_err(req, ENOTTY);
    }
}

}  // namespace mdscope
