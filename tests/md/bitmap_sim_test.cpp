// SPDX-License-Identifier: MIT
// The rule of the write-intent log under every order of events, on the simulated kernel.
//
// Goal: when md_bitmap_unplug returns, the bits of the write are durable on every member, whatever other writers, the
// daemon and the header's updates do meanwhile; and the one window that a bitmap file has in md is there. Method: short
// stories with two or three tasks, in which each access to a shared field is a step; random schedules by seed, printed
// with the failure.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/variants/fix.hpp"

namespace mdscope {
namespace {

constexpr Sector kSimChunk = 2048;
constexpr std::uint64_t kChunks = 60;
constexpr std::uint64_t kSleep = 5 * kNsPerSec;
constexpr std::uint64_t kBitsAt = 4096;  // byte on the member: the bitmap lies at +8 sectors

struct SimLab {
    SimLab(std::uint64_t seed, Granularity granularity, bool with_file = false)
        : chooser(seed), kernel({.granularity = granularity, .event_log = false}), mddev(kernel, "md0") {
        kernel.set_chooser(&chooser);
        mddev.sync_set.init();
        mddev.raid_disks = 2;
        mddev.dev_sectors = kChunks * kSimChunk;
        mddev.resync_max_sectors = kChunks * kSimChunk;
        mddev.recovery_cp = MaxSector;
        mddev.external = !with_file;
        mddev.bitmap_info.external = !with_file;
        mddev.bitmap_info.chunksize = kSimChunk * kSectorSize;
        mddev.bitmap_info.daemon_sleep = kSleep;
        for (int slot = 0; slot < 2; slot++) add_member(slot);
        if (with_file)
            add_file();
        else
            mddev.bitmap_info.offset = 8;
        kernel.run_task("mdadm", [this] {
            REQUIRE(md_bitmap_create(mddev) == 0);
            REQUIRE(md_bitmap_load(mddev) == 0);
        });
    }
    ~SimLab() { kernel.abandon(); }
    SimLab(const SimLab&) = delete;
    SimLab& operator=(const SimLab&) = delete;

    // One write as raid1 makes it; `data_may_go` is what the disks would be asked to write now.
    void write(std::uint64_t chunk) {
        Bitmap* bitmap = mddev.bitmap;
        md_bitmap_startwrite(bitmap, chunk * kSimChunk, 8, false);
        md_bitmap_unplug(bitmap);
        for (const RamImage* image : images) REQUIRE(durable_bit(*image, chunk));
        md_bitmap_endwrite(bitmap, chunk * kSimChunk, 8, true, false);
    }
    void daemon() {
        mddev.bitmap->daemon_lastrun.sub(2 * kSleep);
        md_bitmap_daemon_work(mddev);
    }
    static bool durable_bit(const RamImage& image, std::uint64_t chunk) {
        std::array<std::byte, 1> byte{};
        image.read_durable(kBitsAt + chunk / 8, byte);
        return (std::to_integer<unsigned>(byte[0]) >> (chunk % 8) & 1) != 0;
    }
    // Starts the tasks and runs until all have ended.
    void run(const std::vector<std::function<void()>>& bodies) {
        std::vector<Task*> tasks;
        for (const auto& body : bodies) tasks.push_back(kernel.kthread_run("task", body));
        for (Task* task : tasks) kernel.kthread_join(task);
    }

    RandomChooser chooser;
    SimKernel kernel;
    std::vector<RamImage*> images;
    std::vector<std::unique_ptr<Disk>> disks;
    Mddev mddev;

   private:
    Disk* open(const std::string& name, std::uint64_t size) {
        RamImage& image = kernel.add_ram_disk(name, size);
        if (name != "bm") images.push_back(&image);
        auto opened = kernel.open_disk(name, OpenMode::ReadWrite);
        REQUIRE(opened);
        disks.push_back(std::move(*opened));
        return disks.back().get();
    }
    void add_member(int slot) {
        const std::string name = slot == 0 ? "sda" : "sdb";
        auto rdev = std::make_unique<Rdev>(kernel, name);
        rdev->mddev = &mddev;
        rdev->bdev = open(name, 1 << 20);
        rdev->desc_nr = slot;
        rdev->raid_disk = slot;
        rdev->data_offset = 2048;
        set_bit(In_sync, rdev->flags);
        mddev.disks.insert(mddev.disks.begin(), rdev.get());
        const SpinGuard guard(mddev.lock);
        mddev.all_rdevs.push_back(std::move(rdev));
    }
    void add_file() {
        BitmapSuper sb;
        sb.chunksize = kSimChunk * kSectorSize;
        std::array<std::byte, kPageSize> page{};
        encode_bitmap_super(sb, page);
        mddev.bitmap_info.file = open("bm", kPageSize);
        kernel.find_ram_disk("bm")->store(0, page);
    }
};

TEST_CASE("two writers of one page, in the same chunk or in two: no data before its bit") {
    for (std::uint64_t seed = 1; seed <= 600; seed++) {
        CAPTURE(seed);
        SimLab lab(seed, seed % 3 == 0 ? Granularity::Coarse : Granularity::Fine);
        const std::uint64_t other = seed % 2;
        lab.run({[&] { lab.write(0); }, [&] { lab.write(other); }});
    }
}

TEST_CASE("writers, the daemon clearing the same page, and the header's writer: no data before its bit") {
    for (std::uint64_t seed = 1; seed <= 400; seed++) {
        CAPTURE(seed);
        SimLab lab(seed, seed % 3 == 0 ? Granularity::Coarse : Granularity::Fine);
        lab.kernel.run_task("before", [&] {
            lab.write(0);
            lab.write(1);
            lab.daemon();
        });
        lab.run({[&] { lab.write(0); }, [&] { lab.write(1); },
                 [&] {
                     for (int run = 0; run < 3; run++) lab.daemon();
                 }});
        lab.kernel.run_task("after", [&] {
            for (int run = 0; run < 4; run++) lab.daemon();
        });
        CHECK(lab.kernel.run_until_idle() == SimKernel::Outcome::Reached);
        for (const RamImage* image : lab.images) CHECK_FALSE(SimLab::durable_bit(*image, 0));
        CHECK(lab.mddev.bitmap->allclean);
    }
}

// Runs `task` up to where it is about to count its first page write, then everybody else as far as they get.
class StopsBeforeTheSubmission : public Chooser {
   public:
    StopsBeforeTheSubmission(const Mddev& mddev, const Task* const& task) : mddev_(mddev), task_(task) {}
    std::size_t choose(std::span<const Choice> choices) override {
        std::size_t best = 0;
        for (std::size_t i = 0; i < choices.size(); i++) {
            const bool its = choices[i].kind == Choice::Kind::Run && choices[i].task == task_;
            if (its && choices[i].object == &mddev_.pending_writes && choices[i].access == Access::Write)
                parked_ = true;
            if (its != parked_) best = i;
        }
        return best;
    }
    [[nodiscard]] bool parked() const { return parked_; }

   private:
    const Mddev& mddev_;
    const Task* const& task_;
    bool parked_ = false;
};

// The daemon has copied the page without the bit and not submitted it yet. If a writer could set the bit, write the
// page and go on to its data now, the daemon's copy would then clear the bit under it.
TEST_CASE("a copy that the daemon made before a bit was set cannot land after it") {
    SimLab lab(1, Granularity::Fine);
    REQUIRE(lab.mddev.variants.choose("claims", "md"));  // nobody flushes between the copy and its submission
    lab.kernel.run_task("before", [&] {
        lab.write(0);
        lab.daemon();
        lab.daemon();
    });
    const Task* daemon = nullptr;
    StopsBeforeTheSubmission chooser(lab.mddev, daemon);
    lab.kernel.set_chooser(&chooser);
    Task* daemon_task = lab.kernel.kthread_run("md0_raid1", [&] { lab.daemon(); });
    daemon = daemon_task;
    Task* writer = lab.kernel.kthread_run("writer", [&] {
        md_bitmap_startwrite(lab.mddev.bitmap, 0, 8, false);
        md_bitmap_unplug(lab.mddev.bitmap);
    });
    lab.kernel.kthread_join(daemon_task);
    lab.kernel.kthread_join(writer);
    CHECK(chooser.parked());
    CHECK(lab.kernel.run_until_idle() == SimKernel::Outcome::Reached);
    for (const RamImage* image : lab.images) CHECK(SimLab::durable_bit(*image, 0));
    lab.kernel.set_chooser(nullptr);
}

TEST_CASE("a bit in a bitmap file is durable before its data") {
    SimLab lab(1, Granularity::Coarse, true);
    lab.kernel.run_task("writer", [&] {
        md_bitmap_startwrite(lab.mddev.bitmap, 3 * kSimChunk, 8, false);
        md_bitmap_unplug(lab.mddev.bitmap);
        std::array<std::byte, 1> byte{};
        lab.kernel.find_ram_disk("bm")->read_durable(kBitmapSuperSize, byte);
        CHECK(byte[0] == std::byte{1U << 3});
        md_bitmap_endwrite(lab.mddev.bitmap, 3 * kSimChunk, 8, true, false);
    });
}

// Lets a completion begin, stops it when it has counted a file's page writes down to zero, and lets everybody else
// finish.
class StopsAfterTheLastCount : public Chooser {
   public:
    explicit StopsAfterTheLastCount(const Bitmap& bitmap) : bitmap_(bitmap) {}
    std::size_t choose(std::span<const Choice> choices) override {
        if (begun_ != nullptr && !parked_ && bitmap_.pending_writes.peek() == 0) parked_ = true;
        std::size_t best = 0;
        for (std::size_t i = 1; i < choices.size(); i++)
            if (rank(choices[i]) < rank(choices[best])) best = i;
        if (begun_ == nullptr && is_irq(choices[best])) begun_ = choices[best].task;
        return best;
    }

   private:
    static bool is_irq(const Choice& choice) {
        return choice.kind == Choice::Kind::Run && choice.task->comm.starts_with("swapper");
    }
    [[nodiscard]] int rank(const Choice& choice) const {
        if (parked_ && choice.kind == Choice::Kind::Run && choice.task == begun_) return 2;
        const bool irq = choice.kind == Choice::Kind::Complete || is_irq(choice);
        return irq ? 0 : 1;
    }
    const Bitmap& bitmap_;
    const Task* begun_ = nullptr;
    bool parked_ = false;
};

void write_and_stop(SimLab& lab, Chooser& chooser) {
    lab.kernel.run_task("writer", [&] {
        Bitmap* bitmap = lab.mddev.bitmap;
        md_bitmap_startwrite(bitmap, 0, 8, false);
        md_bitmap_unplug(bitmap);
        md_bitmap_endwrite(bitmap, 0, 8, true, false);
    });
    lab.kernel.set_chooser(&chooser);
    Task* stop = lab.kernel.kthread_run("stop", [&] {
        md_bitmap_flush(lab.mddev);
        md_bitmap_destroy(lab.mddev);
    });
    lab.kernel.kthread_join(stop);
    (void)lab.kernel.run_until_idle();
    lab.kernel.set_chooser(nullptr);
}

// The completion counts down to zero, the stop sees it and frees the bitmap, and the wake-up that follows touches what
// is gone. md has this under every fix; only a stop that does all of it between two lines of the completion meets it.
TEST_CASE("a bitmap file: the wake-up after the last count may come too late, at fine steps only") {
    for (const StopFix& fix : variants::fix::rows()) {
        SimLab fine(1, Granularity::Fine, true);
        fine.mddev.variants.choose<variants::fix>(fix);
        REQUIRE(fine.mddev.variants.choose("file-written", "md"));
        REQUIRE(fine.mddev.variants.choose("claims", "md"));
        StopsAfterTheLastCount chooser(*fine.mddev.bitmap);
        write_and_stop(fine, chooser);
        const Oops* oops = fine.kernel.first_oops();
        REQUIRE(oops != nullptr);
        CHECK(oops->function == "end_bitmap_write");
        CHECK(oops->object == "bitmap");
    }
    for (std::uint64_t seed = 1; seed <= 300; seed++) {
        CAPTURE(seed);
        SimLab coarse(seed, Granularity::Coarse, true);
        write_and_stop(coarse, coarse.chooser);
        CHECK(coarse.kernel.first_oops() == nullptr);
    }
}

}  // namespace
}  // namespace mdscope
