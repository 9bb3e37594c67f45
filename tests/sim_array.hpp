// SPDX-License-Identifier: MIT
// An Array on a simulated kernel, with what `mdscope create` writes on its members: for tests that want many, each from
// its own bytes. A SimLab is for schedules; here a task runs until nothing is left to do.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/explore/platters.hpp"
#include "engine/kernel/arena.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/create_plan.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"

namespace mdscope::testing {

class SimArray {
   public:
    // `home`: external, internal, file, none; imsm, whose volume is of 384 KiB, whatever `size_bytes` is.
    static CreateOptions small(const std::string& home, std::uint64_t size_bytes = 2ULL << 20) {
        CreateOptions create;
        create.lab = "lab";
        create.size_bytes = size_bytes;
        create.bitmap = home == "file" ? "lab/bitmap" : home;
        if (home == "imsm") {
            create.bitmap = "external";
            create.metadata = "imsm";
            create.volume_bytes = 384 << 10;
            create.size_bytes = create.volume_bytes + (kImsmMostSectors + kImsmMemberReserve) * kSectorSize;
        }
        return create;
    }
    static LabPlan planned(const CreateOptions& create) {
        auto plan = plan_lab(create);
        if (!plan) throw std::runtime_error(plan.error().text);
        for (PlannedFile& file : plan->files)  // Bits that are all set only take time.
            std::erase_if(file.pieces, [](const Piece& piece) { return piece.bytes.size() == kImsmBitmapBytes; });
        return *plan;
    }

    SimArray(const LabPlan& plan, const std::string& home, const std::string& name = "md0")
        : kernel(quiet()), array(kernel, options_of(plan, home, name)) {
        array.will_be_abandoned();
        for (const PlannedFile& file : plan.files) {
            if (file.path.ends_with(".json") || file.path.ends_with(".new")) {
                std::string text;
                for (const Piece& piece : file.pieces)
                    text.append(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
                (void)kernel.replace_file(file.path, text);
                continue;
            }
            RamImage& image = kernel.add_ram_disk(file.path, file.size);
            for (const Piece& piece : file.pieces) image.store(piece.offset, piece.bytes);
        }
    }
    // ... with what these media hold instead.
    SimArray(const LabPlan& plan, const std::string& home, const Platters& platters) : SimArray(plan, home) {
        put_platters(kernel, platters);
    }
    ~SimArray() { kernel.abandon(); }  // as when the program is killed
    SimArray(const SimArray&) = delete;
    SimArray& operator=(const SimArray&) = delete;

    // What `body` returns, run as a task to its end. Throws when it hangs.
    template <class Body>
    auto run(Body body) {
        decltype(body()) result{};
        kernel.run_task("sh", [&] { result = body(); });
        return result;
    }
    std::string start() {  // why not; empty: it runs
        return run([&] {
            const auto started = array.start(&notes);
            return started ? std::string() : started.error().text;
        });
    }
    std::string read_all() {
        std::string text(array.size_bytes(), '\0');
        const std::int64_t n = run([&] { return array.read(0, std::as_writable_bytes(std::span(text))); });
        return n == static_cast<std::int64_t>(text.size()) ? text : "";
    }
    std::int64_t write(std::uint64_t offset, const std::string& text) {
        return run([&] { return array.write(offset, std::as_bytes(std::span(text)), false); });
    }
    // Whatever the array owes is done, or has failed.
    void settle() {
        for (int seconds = 0; seconds < 120; seconds++) {
            kernel.run_for(kNsPerSec);
            constexpr std::uint64_t kBusy = std::uint64_t{1} << MD_RECOVERY_RUNNING | std::uint64_t{1}
                                                                                          << MD_RECOVERY_NEEDED;
            if (!array.has_mddev() || array.mddev().pers == nullptr || (array.mddev().recovery & kBusy) == 0) return;
        }
    }
    void fail(const std::string& member) {
        for (Rdev* rdev : rdev_list(array.mddev()))
            if (rdev->name == member) (void)run([&] { return rdev_attr_store(*rdev, "state", "faulty"); });
        settle();
    }

    SimKernel kernel;
    std::vector<std::string> notes;
    ArrayImpl array;

   private:
    MayBeAbandoned may_be_abandoned_;  // what its bios in flight own
    static SimOptions quiet() {
        SimOptions options;
        options.event_log = false;
        static const auto stacks = std::make_shared<StackPool>();  // mapping them takes longer than a short test
        options.stacks = stacks;
        return options;
    }
    static AssembleOptions options_of(const LabPlan& plan, const std::string& home, const std::string& name) {
        AssembleOptions options;
        options.name = name;
        options.images = plan.images;
        options.lab = "lab";
        if (home == "file") options.bitmap_file = "lab/bitmap";
        return options;
    }
};

}  // namespace mdscope::testing
