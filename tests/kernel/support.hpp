// SPDX-License-Identifier: MIT
// What the stories about the kernels share: bios with a buffer, and both kernels to run a story on.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/real/real_kernel.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"
#include "tests/scratch.hpp"

namespace mdscope::test {

using testing::make_sparse;
using testing::ScratchFolder;

// A bio with its buffer, which remembers how and where it ended.
struct TestBio {
    TestBio(Disk& disk, BioOp op, Sector sector, std::size_t size, int fill = 0)
        : data(size, static_cast<std::byte>(fill)) {
        bio.bi_op = op;
        bio.bi_sector = sector;
        bio.bi_size = static_cast<std::uint32_t>(size);
        bio.bi_data = data.data();
        bio.bi_disk = &disk;
        bio.bi_private = this;
        bio.bi_end_io = end_io;
        if (current != nullptr) queue.emplace(*current->kernel, "TestBio::queue");
    }
    // The completion may still be on its way out, in another thread, when the one who waited has gone on.
    ~TestBio() {
        while (inside.load() != 0) std::this_thread::yield();
    }
    TestBio(const TestBio&) = delete;
    TestBio& operator=(const TestBio&) = delete;

    TestBio& with(std::uint32_t flags, BioKind kind = BioKind::Data) {
        bio.bi_flags = flags;
        bio.bi_kind = kind;
        return *this;
    }
    // Sleeps until it has ended, after an Oops, too. REQUIRES: made in a task.
    void wait() {
        auto has_ended = [this] { return ends == 1; };
        CHECK(queue->wait("ends == 1", has_ended, {.through_halt = true}) == 0);
    }

    Bio bio;
    std::vector<std::byte> data;
    std::string ended_in;
    std::function<void()> on_end;
    Shared<int> ends;
    std::optional<WaitQueue> queue;
    std::atomic<int> inside{0};

   private:
    static void end_io(Bio* bio) {
        auto* self = static_cast<TestBio*>(bio->bi_private);
        self->inside = 1;
        struct Leave {
            std::atomic<int>& inside;
            ~Leave() { inside = 0; }
        };
        const Leave leave{self->inside};
        self->ended_in = current != nullptr ? current->comm : "";
        if (self->on_end) self->on_end();
        self->ends.inc();
        if (self->queue) wake_up(*self->queue);
    }
};

// Waits for what other threads do, without a queue to sleep in; the deadline only ends a test that has failed.
template <class Goal>
bool eventually(Goal goal) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!goal()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

inline std::unique_ptr<Disk> open_for_writing(Kernel& kernel, const std::string& path) {
    auto disk = kernel.open_disk(path, OpenMode::ReadWrite);
    REQUIRE_MESSAGE(disk, (disk ? "" : disk.error().text));
    return std::move(*disk);
}

// Runs one story on both kernels: as a task, with a way to open a disk of 1 MiB by name.
using Story = std::function<void(Kernel&, const std::function<std::unique_ptr<Disk>(const std::string&)>&)>;
inline void on_both_kernels(const Story& story) {
    SUBCASE("on the real kernel") {
        const ScratchFolder folder;
        RealKernel kernel;
        const TaskScope scope(kernel, "story");
        story(kernel, [&](const std::string& name) {
            return open_for_writing(kernel, make_sparse(folder / (name + ".img"), 1 << 20));
        });
    }
    SUBCASE("on the simulated kernel") {
        SimKernel kernel;
        kernel.run_task("story", [&] {
            story(kernel, [&](const std::string& name) {
                kernel.add_ram_disk(name + ".img", 1 << 20);
                return open_for_writing(kernel, name + ".img");
            });
        });
    }
}

}  // namespace mdscope::test
