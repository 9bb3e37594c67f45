// SPDX-License-Identifier: MIT
// A raid1 array in memory for tests of the personality: members that record what they are asked, complete inline, and
// can be told to fail or to hold. No superblocks; the bitmap, if there is one, is external (bits at sector 8 of each
// member).
//
//   Lab --> Mddev --> Rdev "sda" --> PauseDisk --> FaultDisk --> RecordingDisk
//
// `external` metadata: a failure stays pending until the test says mdmon_records(), as mdmon would.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/real/real_kernel.hpp"
#include "engine/kernel/sim/ram_disk.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"

namespace mdscope::raid1_test {

inline constexpr Sector kDataOffset = 256;

struct Event {
    std::string disk;
    BioOp op;
    BioKind kind;
    Sector sector;  // of the data area for data and resync, absolute for metadata
    Sector sectors;
    std::uint32_t flags;
};

class Recorder {
   public:
    void note(const Event& event) {
        const std::lock_guard guard(mutex_);
        events_.push_back(event);
    }
    std::vector<Event> take() {
        const std::lock_guard guard(mutex_);
        return std::exchange(events_, {});
    }

   private:
    std::mutex mutex_;
    std::vector<Event> events_;
};

class RecordingDisk final : public Disk {
   public:
    RecordingDisk(std::string name, std::uint64_t size, Recorder& recorder)
        : name_(std::move(name)), image_(name_, size), recorder_(recorder) {}
    void submit(Bio* bio) override {
        if (before_transfer) before_transfer(*bio);
        const bool data = bio->bi_kind == BioKind::Data || bio->bi_kind == BioKind::Resync;
        recorder_.note({name_, bio->bi_op, bio->bi_kind, data ? bio->bi_sector - kDataOffset : bio->bi_sector,
                        bio_sectors(*bio), bio->bi_flags});
        {
            const std::lock_guard guard(mutex_);
            const std::uint64_t at = bio->bi_sector << kSectorShift;
            if (bio->bi_op == BioOp::Write) image_.write(at, {bio->bi_data, bio->bi_size});
            if (bio->bi_op == BioOp::Discard) image_.zero(at, bio->bi_size);
            if (bio->bi_op == BioOp::Read) image_.read(at, {bio->bi_data, bio->bi_size});
        }
        bio_endio(bio, 0);
    }
    [[nodiscard]] std::uint64_t size_bytes() const override { return image_.size_bytes(); }
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] std::uint64_t user_sectors() const override { return 0; }

    std::function<void(const Bio&)> before_transfer;  // may sleep; set while nothing is in flight

    // The data area, past everything that records.
    std::vector<std::byte> peek(Sector sector, Sector sectors) {
        const std::lock_guard guard(mutex_);
        std::vector<std::byte> data(sectors << kSectorShift);
        image_.read((sector + kDataOffset) << kSectorShift, data);
        return data;
    }
    void poke(Sector sector, const std::vector<std::byte>& data) {
        const std::lock_guard guard(mutex_);
        image_.write((sector + kDataOffset) << kSectorShift, data);
    }

   private:
    std::string name_;
    std::mutex mutex_;
    RamImage image_;
    Recorder& recorder_;
};

struct Options {
    int members = 2;
    Sector sectors = 8192;           // 4 MiB
    std::uint64_t bitmap_chunk = 0;  // bytes; 0: no bitmap
    bool external = false;           // failures wait for mdmon_records()
    int badblocks_shift = -1;        // no bad-block log
    std::vector<int> missing = {};   // slots without a member
    std::vector<int> write_mostly = {};
    std::uint64_t max_write_behind = 0;
    Sector recovery_cp = MaxSector;
};

inline bool contains(const std::vector<int>& list, int value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

inline std::vector<std::byte> pattern(Sector sectors, int seed) {
    std::vector<std::byte> data(sectors << kSectorShift);
    for (std::size_t i = 0; i < data.size(); i++)
        data[i] = static_cast<std::byte>(i / 7 + static_cast<unsigned>(seed) * 31);
    return data;
}

// One request to the array. Stays in memory until it has ended; `wait` stays longer, as it is woken after that.
struct Request {
    Request(WaitQueue& requests, BioOp op, Sector sector, std::vector<std::byte> buffer)
        : data(std::move(buffer)), wait(requests) {
        bio.bi_op = op;
        bio.bi_sector = sector;
        bio.bi_size = static_cast<std::uint32_t>(data.size());
        bio.bi_data = data.data();
        bio.bi_private = this;
        bio.bi_end_io = [](Bio* done) {
            auto* request = static_cast<Request*>(done->bi_private);
            WaitQueue& queue = request->wait;
            request->status = done->bi_status;
            request->ended = true;
            wake_up(queue);
        };
    }
    int finish() {
        REQUIRE(wait_event_timeout(wait, ended.load(), 10 * kNsPerSec) == 0);
        return status;
    }
    std::vector<std::byte> data;
    Bio bio;
    WaitQueue& wait;
    Shared<int> status;
    Shared<bool> ended;
};

class Lab {
   public:
    explicit Lab(Kernel& kernel, const Options& options = {})
        : kernel_(kernel), options_(options), requests(kernel, "requests"), mddev(kernel, "md0") {
        mddev.level = 1;
        mddev.raid_disks = options.members;
        mddev.dev_sectors = options.sectors;
        mddev.external = options.external;
        mddev.recovery_cp = options.recovery_cp;
        if (options.bitmap_chunk != 0) {
            mddev.bitmap_info.offset = 8;
            mddev.bitmap_info.external = true;
            mddev.bitmap_info.chunksize = options.bitmap_chunk;
            mddev.bitmap_info.daemon_sleep = 5 * kNsPerSec;
            mddev.bitmap_info.max_write_behind = options.max_write_behind;
        }
        for (int i = 0; i < options.members; i++) add_member(i);
        mddev_lock_nointr(mddev);
        REQUIRE(do_md_run(mddev) == 0);
        mddev.in_sync = 0;  // nobody has to be asked before the first write
        mddev.safemode_delay = 0;
        mddev_unlock(mddev);
        settle();
        recorder.take();
    }
    ~Lab() {
        for (auto& stack : stacks) {
            stack->pause.lift();
            stack->pause.release_all();
        }
        if (kernel_.halted()) {  // Nothing can be stopped any more; its threads have ended.
            for (auto* thread : {&mddev.sync_thread, &mddev.thread}) md_unregister_thread(mddev, *thread);
            return;
        }
        mddev_lock_nointr(mddev);
        clear_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
        CHECK(do_md_stop(mddev, 0, false) == 0);
        mddev_unlock(mddev);
        CHECK(mddev.bio_set.in_use() == 0);
    }
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;

    R1conf& conf() { return r1conf_of(mddev); }
    Rdev& rdev(int slot) { return *all_rdevs_at_rest(mddev)[static_cast<std::size_t>(slot)]; }
    FaultDisk& fault(int slot) { return stacks[static_cast<std::size_t>(slot)]->fault; }
    PauseDisk& pause(int slot) { return stacks[static_cast<std::size_t>(slot)]->pause; }
    RecordingDisk& disk(int slot) { return stacks[static_cast<std::size_t>(slot)]->disk; }

    std::unique_ptr<Request> start(BioOp op, Sector sector, std::vector<std::byte> data, std::uint32_t flags = 0) {
        auto request = std::make_unique<Request>(requests, op, sector, std::move(data));
        request->bio.bi_flags = flags;
        BlkPlug plug;
        current->plug = &plug;
        md_submit_bio(mddev, &request->bio);
        current->plug = nullptr;
        if (plug.unplug != nullptr) plug.unplug(&plug, false);
        return request;
    }
    int write(Sector sector, const std::vector<std::byte>& data) { return start(BioOp::Write, sector, data)->finish(); }
    int read(Sector sector, Sector sectors, std::vector<std::byte>* data) {
        auto request = start(BioOp::Read, sector, std::vector<std::byte>(sectors << kSectorShift));
        const int status = request->finish();
        *data = std::move(request->data);
        return status;
    }

    void mdmon_records() {
        for (const auto& rdev : all_rdevs_at_rest(mddev)) {
            rdev->badblocks.changed = false;
            rdev->badblocks.ack_all();
            clear_bit(Blocked, rdev->flags);
            clear_bit(BlockedBadBlocks, rdev->flags);
            wake_up(rdev->blocked_wait);
        }
        clear_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
        wake_up(mddev.sb_wait);
        md_wakeup_thread(mddev, mddev.thread);
    }

    // Runs a sync action to its end.
    void sync(std::initializer_list<RecoveryFlag> flags) {
        mddev.sync_speed_max = 100'000'000;
        mddev.sync_speed_min = 100'000'000;
        for (const RecoveryFlag flag : flags) set_bit(flag, mddev.recovery);
        set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
        md_wakeup_thread(mddev, mddev.thread);
        settle();
    }
    // Nothing left for the md thread that a sync would be about.
    void settle() {
        REQUIRE(wait_event_timeout(
                    mddev.resync_wait,
                    !test_bit(MD_RECOVERY_NEEDED, mddev.recovery) && !test_bit(MD_RECOVERY_RUNNING, mddev.recovery),
                    20 * kNsPerSec) == 0);
    }

    [[nodiscard]] bool logged(const std::string& text) const {
        for (const LogLine& line : kernel_.log())
            if (line.text.find(text) != std::string::npos) return true;
        return false;
    }
    BitmapChunkInfo chunk(std::uint64_t number) { return md_bitmap_chunks(*mddev.bitmap.load(), number, 1).at(0); }

   private:
    struct Stack {
        Stack(Kernel& kernel, std::string name, std::uint64_t size, Recorder& recorder)
            : disk(std::move(name), size, recorder), fault(disk), pause(kernel, fault) {}
        RecordingDisk disk;
        FaultDisk fault;
        PauseDisk pause;
    };

    void add_member(int slot) {
        const std::string name = std::string("sd") + static_cast<char>('a' + slot);
        stacks.push_back(
            std::make_unique<Stack>(kernel_, name, (options_.sectors + kDataOffset) << kSectorShift, recorder));
        {
            const SpinGuard guard(mddev.lock);
            mddev.all_rdevs.push_back(std::make_unique<Rdev>(kernel_, name));
        }
        Rdev& member = *all_rdevs_at_rest(mddev).back();
        member.bdev = &stacks.back()->pause;
        member.data_offset = kDataOffset;
        member.sectors = options_.sectors;
        member.desc_nr = slot;
        member.badblocks.shift = options_.badblocks_shift;
        if (contains(options_.missing, slot)) return;
        member.raid_disk = slot;
        member.recovery_offset = MaxSector;
        set_bit(In_sync, member.flags);
        if (contains(options_.write_mostly, slot)) set_bit(WriteMostly, member.flags);
        REQUIRE(bind_rdev_to_array(member, mddev) == 0);
    }

    Kernel& kernel_;
    Options options_;

   public:
    Recorder recorder;
    std::vector<std::unique_ptr<Stack>> stacks;
    WaitQueue requests;  // where all of them are waited for
    Mddev mddev;
};

// A condition with a deadline, for what no queue announces (such as somebody having fallen asleep). Real kernel only.
inline bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(200);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

struct RealLabKernel {
    RealKernel kernel;
    TaskScope scope{kernel, "test"};
};

inline std::vector<Event> only(const std::vector<Event>& events, BioKind kind, BioOp op) {
    std::vector<Event> list;
    for (const Event& event : events)
        if (event.kind == kind && event.op == op) list.push_back(event);
    return list;
}

inline FaultRule fail_ops(std::vector<BioOp> ops, Sector first, Sector sectors, std::uint64_t count = ~0ULL) {
    FaultRule rule;
    rule.filter.ops = std::move(ops);
    rule.filter.kinds = {BioKind::Data, BioKind::Resync};
    rule.filter.first = first + kDataOffset;
    rule.filter.last = first + kDataOffset + sectors - 1;
    rule.count = count;
    return rule;
}

}  // namespace mdscope::raid1_test
