// SPDX-License-Identifier: MIT
// An array with a bitmap and nothing else: two members in memory, no personality, no md thread.
//
// A TestDisk answers in the submitter's own context, so most stories run in one thread and nothing is waited for. While
// it holds, bios stay in flight until release(): that is how a daemon run leaves its writes behind.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/real/real_kernel.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/md.hpp"

namespace mdscope::bitmap_test {

class TestDisk : public Disk {
   public:
    struct Write {
        Sector sector;
        std::uint32_t size;
    };

    TestDisk(std::string name, std::uint64_t size) : bytes(size), name_(std::move(name)) {}

    void submit(Bio* bio) override {
        if (bio->bi_op == BioOp::Write) {
            writes.push_back({bio->bi_sector, bio->bi_size});
            if (holding) {
                held.push_back(bio);
                return;
            }
        }
        perform(bio);
    }
    // Performs and completes what is held; returns how many that were.
    std::size_t release() {
        holding = false;
        const std::vector<Bio*> bios = std::exchange(held, {});
        for (Bio* bio : bios) perform(bio);
        return bios.size();
    }
    [[nodiscard]] std::uint64_t size_bytes() const override { return bytes.size(); }
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] unsigned logical_block_size() const override { return block_size; }
    [[nodiscard]] std::uint64_t user_sectors() const override { return 0; }

    std::vector<std::byte> bytes;
    std::vector<Write> writes;
    std::vector<Bio*> held;
    bool holding = false;
    int error = 0;
    unsigned block_size = kSectorSize;

   private:
    void perform(Bio* bio) {
        const std::uint64_t begin = bio->bi_sector * kSectorSize;
        int status = error;
        if (begin + bio->bi_size > bytes.size()) status = -EIO;
        if (status == 0 && bio->bi_op == BioOp::Write) std::memcpy(&bytes[begin], bio->bi_data, bio->bi_size);
        if (status == 0 && bio->bi_op == BioOp::Read) std::memcpy(bio->bi_data, &bytes[begin], bio->bi_size);
        bio_endio(bio, status);
    }
    std::string name_;
};

enum class Home { External, Internal, File };

inline constexpr Sector kChunk = 2048;  // sectors: 1 MiB
inline constexpr std::uint64_t kChunks = 60;
inline constexpr std::uint64_t kSleep = 5 * kNsPerSec;
inline constexpr std::int64_t kOffset = 8;

struct BitmapLab {
    explicit BitmapLab(Home home_ = Home::External, Sector sectors = kChunks * kChunk) : home(home_) {
        mddev.sync_set.init();
        mddev.raid_disks = 2;
        mddev.dev_sectors = sectors;
        mddev.resync_max_sectors = sectors;
        mddev.recovery_cp = MaxSector;
        mddev.events = home == Home::External ? 0 : 7;
        mddev.external = home == Home::External;
        mddev.persistent = !mddev.external;
        mddev.major_version = mddev.external ? 0 : 1;
        mddev.uuid.fill(0x5a);
        mddev.bitmap_info.external = mddev.external.load();
        mddev.bitmap_info.chunksize = kChunk * kSectorSize;
        mddev.bitmap_info.daemon_sleep = kSleep;
        for (int slot = 0; slot < 2; slot++) {
            disks.push_back(std::make_unique<TestDisk>(slot == 0 ? "sda" : "sdb", 4 << 20));
            add_member(slot);
        }
        if (home == Home::File) {
            mddev.bitmap_info.file = &file;
            mddev.bitmap_info.file_path = "/mnt/bm";
            put_header(file.bytes);
        } else {
            mddev.bitmap_info.offset = kOffset;
        }
        if (home == Home::Internal)
            for (auto& disk : disks) put_header(std::span(disk->bytes).subspan(bitmap_byte()));
        for (auto& disk : disks) disk->writes.clear();
    }
    // What is in flight holds pointers into the members and the bitmap; let it land before they go.
    ~BitmapLab() {
        for (auto& disk : disks) disk->release();
        file.release();
        if (mddev.bitmap.load() != nullptr) md_bitmap_destroy(mddev);
    }
    BitmapLab(const BitmapLab&) = delete;
    BitmapLab& operator=(const BitmapLab&) = delete;

    // As an assembled array has it, with an empty bitmap on disk.
    BitmapLab& start() {
        REQUIRE(md_bitmap_create(mddev) == 0);
        REQUIRE(md_bitmap_load(mddev) == 0);
        for (auto& disk : disks) disk->writes.clear();
        file.writes.clear();
        return *this;
    }
    Bitmap& bitmap() { return *mddev.bitmap; }

    // ---- what a writer and the md thread do
    void begin_write(std::uint64_t chunk) { md_bitmap_startwrite(mddev.bitmap, chunk * kChunk, 8, false); }
    void end_write(std::uint64_t chunk, bool success = true) {
        md_bitmap_endwrite(mddev.bitmap, chunk * kChunk, 8, success, false);
    }
    void write(std::uint64_t chunk, bool success = true) {
        begin_write(chunk);
        md_bitmap_unplug(mddev.bitmap);
        end_write(chunk, success);
    }
    void daemon() {
        bitmap().daemon_lastrun.sub(2 * kSleep);
        md_bitmap_daemon_work(mddev);
    }
    void hold() {
        for (auto& disk : disks) disk->holding = true;
        file.holding = true;
    }
    std::size_t release() {
        std::size_t count = file.release();
        for (auto& disk : disks) count += disk->release();
        return count;
    }

    // True once the task sleeps in a wait of md; false once it has ended instead, or after ten seconds without either.
    bool falls_asleep(const std::string& comm, const Shared<bool>& ended = Shared<bool>()) {
        WaitQueue nobody(kernel, "test");
        const auto asleep = [&] {
            const std::vector<SleepInfo> tasks = kernel.tasks();
            return std::any_of(tasks.begin(), tasks.end(),
                               [&](const SleepInfo& task) { return task.comm == comm && task.queue != nullptr; });
        };
        const std::uint64_t deadline = kernel.ktime_ns() + 200 * kNsPerSec;
        while (!asleep() && !ended && kernel.ktime_ns() < deadline)
            (void)wait_event_timeout(nobody, asleep(), kNsPerMs);
        return asleep();
    }

    // ---- what there is to see
    BitmapCounter counter(std::uint64_t chunk) { return md_bitmap_chunks(bitmap(), chunk, 1).at(0).counter; }
    bool cached_bit(std::uint64_t chunk) { return md_bitmap_chunks(bitmap(), chunk, 1).at(0).bit; }
    bool marked(BitmapPageAttr attr, std::size_t page = 0) {
        return test_bit(attr, bitmap().storage.filemap.at(page)->attr);
    }
    bool disk_bit(std::uint64_t chunk, std::size_t member = 0) {
        const std::uint64_t bit = chunk + (home == Home::External ? 0 : 2048);
        const std::byte byte = home == Home::File ? file.bytes[bit / 8] : disks[member]->bytes[bitmap_byte() + bit / 8];
        return (std::to_integer<unsigned>(byte) >> (bit % 8) & 1) != 0;
    }
    void set_disk_bit(std::uint64_t chunk, std::size_t member) {
        const std::uint64_t bit = chunk + (home == Home::External ? 0 : 2048);
        std::byte& byte = home == Home::File ? file.bytes[bit / 8] : disks[member]->bytes[bitmap_byte() + bit / 8];
        byte |= std::byte{1} << (bit % 8);
    }
    void set_disk_bit(std::uint64_t chunk) {
        set_disk_bit(chunk, 0);
        if (home != Home::File) set_disk_bit(chunk, 1);
    }
    BitmapSuper header() {
        return decode_bitmap_super(home == Home::File ? std::span(file.bytes)
                                                      : std::span(disks[0]->bytes).subspan(bitmap_byte()));
    }
    void put_header(std::span<std::byte> at, std::uint64_t events = 7) {
        BitmapSuper sb;
        sb.uuid = mddev_uuid(mddev);
        sb.events = sb.events_cleared = events;
        sb.sync_size = mddev.resync_max_sectors;
        sb.chunksize = kChunk * kSectorSize;
        encode_bitmap_super(sb, at);
    }
    [[nodiscard]] std::size_t bitmap_byte() const {
        return ((home == Home::Internal ? 8 : 0) + static_cast<std::size_t>(kOffset)) * kSectorSize;
    }
    bool logged(const std::string& text) {
        const std::vector<LogLine> lines = kernel.log();
        return std::any_of(lines.begin(), lines.end(), [&](const LogLine& line) { return line.text == text; });
    }

    Home home;
    RealKernel kernel;
    TaskScope scope{kernel, "test"};
    std::vector<std::unique_ptr<TestDisk>> disks;
    TestDisk file{"bm", kBitmapSuperSize + (kChunks + 7) / 8};
    Mddev mddev{kernel, "md0"};

   private:
    void add_member(int slot) {
        auto rdev = std::make_unique<Rdev>(kernel, disks[static_cast<std::size_t>(slot)]->name());
        rdev->mddev = &mddev;
        rdev->bdev = disks[static_cast<std::size_t>(slot)].get();
        rdev->desc_nr = slot;
        rdev->raid_disk = slot;
        rdev->data_offset = 2048;
        rdev->sb_start = home == Home::External ? 0 : 8;
        rdev->sectors = mddev.dev_sectors;
        set_bit(In_sync, rdev->flags);
        mddev.disks.insert(mddev.disks.begin(), rdev.get());  // newest first
        const SpinGuard guard(mddev.lock);
        mddev.all_rdevs.push_back(std::move(rdev));
    }
};

}  // namespace mdscope::bitmap_test
