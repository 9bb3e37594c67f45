// SPDX-License-Identifier: MIT
// An array that is driven through its sysfs files alone, on a simulated kernel: time passes when a story says so.
//
// external() writes what a person writes to make one by hand: metadata external:lab, two members of 60 MiB at sector
// 2048, an external bitmap at +8 with chunks of 1 MiB. native() puts version 1.2 superblocks with an internal bitmap on
// the disks and binds them. Neither starts the array.
//
// Each store() is a process of its own: it runs until the write to the file returns. begin_store() lets it hang.
#pragma once

#include <doctest/doctest.h>

#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/md.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/geometry.hpp"

namespace mdscope::sysfs_test {

inline constexpr std::uint64_t kDiskBytes = 64ULL << 20;
inline constexpr std::uint64_t kComponentKib = 61440;
inline constexpr Sector kDataOffset = 2048;

inline std::string chomp(std::string text) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

// A write that may still be under way.
struct Process {
    Task* task = nullptr;
    bool done = false;
    int result = 0;
};

class SysfsLab {
   public:
    explicit SysfsLab(const std::string& name = "md1") : mddev(kernel, name) {
        for (const char* disk : {"sda", "sdb", "sdc"}) kernel.add_ram_disk(std::string(disk) + ".img", kDiskBytes);
        mddev.on_new_dev = [this](std::string_view image) { return new_dev(std::string(image)); };
    }
    ~SysfsLab() {
        for (const auto& process : processes_) {
            mddev.sb_flags = 0;  // whoever still waits for `active` may go
            wake_up(mddev.sb_wait);
            kernel.run_until([&] { return process->done; });
            kernel.kthread_join(process->task);
        }
        mddev.openers = 0;
        if (!kernel.halted() && !rdev_list(mddev).empty()) store("array_state", "clear");
        kernel.run_until_idle();
    }
    SysfsLab(const SysfsLab&) = delete;
    SysfsLab& operator=(const SysfsLab&) = delete;

    // ---- making one

    SysfsLab& external(bool with_bitmap = true) {
        CHECK(store("metadata_version", "external:lab") == 0);
        CHECK(store("level", "raid1") == 0);
        CHECK(store("raid_disks", "2") == 0);
        CHECK(store("component_size", std::to_string(kComponentKib)) == 0);
        CHECK(store("new_dev", "sda") == 0);
        CHECK(store("new_dev", "sdb") == 0);
        for (const char* name : {"sda", "sdb"}) {
            CHECK(store_dev(name, "offset", std::to_string(kDataOffset)) == 0);
            CHECK(store_dev(name, "size", std::to_string(kComponentKib)) == 0);
        }
        CHECK(store_dev("sda", "slot", "0") == 0);
        CHECK(store_dev("sdb", "slot", "1") == 0);
        if (with_bitmap) add_external_bitmap();
        CHECK(store("resync_start", "none") == 0);
        return *this;
    }

    SysfsLab& native(Sector resync_offset = MaxSector) {
        for (std::uint32_t number : {0U, 1U}) {
            const std::string name = number == 0 ? "sda" : "sdb";
            put_superblock(name, number, resync_offset);
        }
        mddev.persistent = true;
        mddev.major_version = 1;
        mddev.minor_version = 2;
        kernel.run_task("mdadm", [&] {
            for (const char* name : {"sda", "sdb"}) {
                Rdev& rdev = new_rdev(name);
                CHECK(super_1_load(rdev, nullptr, 2) >= 0);
                CHECK(bind_rdev_to_array(rdev, mddev) == 0);
            }
        });
        return *this;
    }

    SysfsLab& start(const char* word = "active") {
        CHECK(store("array_state", word) == 0);
        kernel.run_until_idle();
        return *this;
    }

    // ---- files

    std::string show(const std::string& name) {
        const MdAttr* attr = find_md_attr(name);
        if (attr == nullptr || !md_attr_visible(mddev, *attr)) return "ENOENT";
        if (attr->show == nullptr) return "EACCES";
        return chomp(attr->show(mddev));
    }
    std::string show_dev(const std::string& dev, const std::string& name) {
        Rdev* rdev = find(dev);
        if (rdev == nullptr) return "ENOENT";
        return chomp(find_rdev_attr(name)->show(*rdev));
    }
    int store(const std::string& name, const std::string& value) {
        return run([&] { return md_attr_store(mddev, name, value); });
    }
    int answer(const std::string& word) {
        return run([&] { return answer_array_state(mddev, word); });
    }
    int store_dev(const std::string& dev, const std::string& name, const std::string& value) {
        Rdev* rdev = find(dev);
        if (rdev == nullptr) return -ENOENT;
        return run([&] { return rdev_attr_store(*rdev, name, value); });
    }
    Process& begin_store(const std::string& name, const std::string& value) {
        return begin("sh", [this, name, value] { return md_attr_store(mddev, name, value); });
    }
    std::string stat() { return mdstat({&mddev}); }

    // ---- the disk

    // Four KiB at the start of a chunk of 1 MiB, by a process that has the disk open meanwhile.
    Process& begin_write(std::uint64_t chunk) {
        return begin("dd", [this, chunk] { return write_block(chunk); });
    }
    // As begin_write, with somebody who answers write-pending as mdmon does.
    int write(std::uint64_t chunk) {
        Process& writer = begin_write(chunk);
        kernel.run_until_idle();
        if (!writer.done && show("array_state") == "write-pending") CHECK(store("array_state", "active") == 0);
        kernel.run_until([&] { return writer.done; });
        return writer.result;
    }
    void open() {
        CHECK(run([&] { return md_open(mddev); }) == 0);
    }
    void close() { md_release(mddev); }

    // ---- time

    void pass(std::uint64_t ms) { kernel.run_for(ms * kNsPerMs); }
    bool until(const std::function<bool()>& goal) { return kernel.run_until(goal) == SimKernel::Outcome::Reached; }
    void settle() { kernel.run_until_idle(); }

    Rdev* find(const std::string& name) {
        for (Rdev* rdev : rdev_list(mddev))
            if (rdev->name == name) return rdev;
        return nullptr;
    }
    // Sets the bits of all chunks on the medium, as a machine that died while writing everywhere leaves them.
    void mark_all_chunks(bool native) {
        const std::vector<std::byte> ones(8, std::byte{0xff});
        const std::uint64_t at = native ? (16ULL << kSectorShift) + kBitmapSuperSize : 8ULL << kSectorShift;
        for (const char* name : {"sda", "sdb"}) kernel.find_ram_disk(std::string(name) + ".img")->store(at, ones);
    }
    // Eight bytes of the bitmap on the medium, as a number.
    std::uint64_t bits(const std::string& disk, Sector sector = 8) {
        std::uint64_t word = 0;
        kernel.find_ram_disk(disk + ".img")->read(sector << kSectorShift, std::as_writable_bytes(std::span(&word, 1)));
        return word;
    }

    SimKernel kernel;
    std::vector<std::unique_ptr<Disk>> disks;
    Mddev mddev;

   private:
    Rdev& new_rdev(const std::string& name) {
        auto disk = kernel.open_disk(name + ".img", OpenMode::ReadWrite);
        CHECK(static_cast<bool>(disk));
        disks.push_back(std::move(*disk));
        const SpinGuard guard(mddev.lock);
        mddev.all_rdevs.push_back(std::make_unique<Rdev>(kernel, name));
        Rdev& rdev = *mddev.all_rdevs.back();
        rdev.bdev = disks.back().get();
        return rdev;
    }
    int new_dev(const std::string& name) {
        if (kernel.find_ram_disk(name + ".img") == nullptr) return -EINVAL;
        if (find(name) != nullptr) return mddev.external ? -EEXIST : -EBUSY;
        return bind_rdev_to_array(new_rdev(name), mddev);
    }
    void add_external_bitmap() {
        CHECK(store("bitmap/metadata", "external") == 0);
        CHECK(store("bitmap/chunksize", "1048576") == 0);
        CHECK(store("bitmap/time_base", "1") == 0);
        CHECK(store("bitmap/location", "+8") == 0);
    }
    void put_superblock(const std::string& name, std::uint32_t number, Sector resync_offset) {
        constexpr Sector kDeviceSectors = kDiskBytes >> kSectorShift;
        const auto geometry = mdadm_geometry(2, kDeviceSectors, 2, true, 1 << 20);
        CHECK(static_cast<bool>(geometry));
        Superblock1 sb;
        sb.set_uuid.fill(0x5a);
        sb.device_uuid.fill(static_cast<std::uint8_t>(0xd0 + number));
        sb.feature_map = MD_FEATURE_BITMAP_OFFSET;
        sb.size = geometry->size;
        sb.raid_disks = 2;
        sb.bitmap_offset = geometry->bitmap_offset;
        sb.data_offset = geometry->data_offset;
        sb.data_size = geometry->data_size;
        sb.super_offset = geometry->super_offset;
        sb.dev_number = number;
        sb.resync_offset = resync_offset;
        sb.max_dev = 128;
        sb.dev_roles.assign(128, MD_DISK_ROLE_SPARE);
        sb.dev_roles[0] = 0;
        sb.dev_roles[1] = 1;
        std::vector<std::byte> page(kPageSize);
        encode_super_1(sb, page);
        RamImage& image = *kernel.find_ram_disk(name + ".img");
        image.store(sb.super_offset << kSectorShift, page);

        BitmapSuper bitmap;
        bitmap.uuid = sb.set_uuid;
        bitmap.sync_size = sb.size;
        bitmap.chunksize = 1 << 20;
        bitmap.daemon_sleep = 1;
        std::vector<std::byte> header(kPageSize);
        encode_bitmap_super(bitmap, header);
        image.store((sb.super_offset + static_cast<Sector>(sb.bitmap_offset)) << kSectorShift, header);
    }
    template <class Body>
    int run(Body body) {
        int result = 0;
        kernel.run_task("sh", [&] { result = body(); });
        return result;
    }
    template <class Body>
    Process& begin(const char* comm, Body body) {
        processes_.push_back(std::make_unique<Process>());
        Process& process = *processes_.back();
        process.task = kernel.kthread_run(comm, [&process, body] {
            process.result = body();
            process.done = true;
        });
        return process;
    }
    int write_block(std::uint64_t chunk) {
        if (const int err = md_open(mddev); err != 0) return err;
        std::vector<std::byte> data(kPageSize, std::byte{0x77});
        WaitQueue ended(kernel, "dd");
        struct Ending {
            WaitQueue& queue;
            Shared<bool> done;
        } ending{ended, Shared<bool>{}};
        Bio bio;
        bio.bi_op = BioOp::Write;
        bio.bi_sector = chunk * 2048;
        bio.bi_size = kPageSize;
        bio.bi_data = data.data();
        bio.bi_private = &ending;
        bio.bi_end_io = [](Bio* done_bio) {
            auto& end = *static_cast<Ending*>(done_bio->bi_private);
            end.done = true;
            wake_up(end.queue);
        };
        md_submit_bio(mddev, &bio);
        wait_event(ended, ending.done);
        md_release(mddev);
        return bio.bi_status;
    }

    std::vector<std::unique_ptr<Process>> processes_;
};

// "EBUSY" for -EBUSY, "ok" for 0: results as the shell prints them.
inline std::string errno_word(int result) {
    static const std::map<int, std::string> words = {
        {0, "ok"},           {-EBUSY, "EBUSY"},   {-EINVAL, "EINVAL"}, {-ENXIO, "ENXIO"},
        {-EEXIST, "EEXIST"}, {-ENOSPC, "ENOSPC"}, {-E2BIG, "E2BIG"},   {-ENOENT, "ENOENT"},
        {-EACCES, "EACCES"}, {-ENODEV, "ENODEV"}, {-EINTR, "EINTR"},   {-ERANGE, "ERANGE"},
    };
    const auto found = words.find(result);
    return found != words.end() ? found->second : std::to_string(result);
}

}  // namespace mdscope::sysfs_test
