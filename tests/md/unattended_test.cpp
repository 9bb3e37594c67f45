// SPDX-License-Identifier: MIT
// External metadata by name only: stores into md/ made the array, and no mdmon keeps anything. md then waits for
// records that nobody writes; nothing of ours may wait with it for ever.
#include <doctest/doctest.h>

#include "engine/md/md_ioctl.hpp"
#include "tests/sim_array.hpp"

namespace mdscope {
namespace {

using testing::SimArray;

constexpr std::array kBitmapHomes = {"external", "internal", "file", "none"};
constexpr std::size_t kOneBlock = 4096;

// An array of one member, as by hand: `echo ... > md/FILE`.
struct ByHand : SimArray {
    explicit ByHand(const std::string& home) : SimArray(planned(small(home)), home) {
        REQUIRE(start().empty());
        REQUIRE(run([&] { return array.stop(false, &why); }) == 0);
        for (const auto& line :
             std::initializer_list<std::pair<const char*, const char*>>{{"metadata_version", "external:lab"},
                                                                        {"level", "raid1"},
                                                                        {"raid_disks", "2"},
                                                                        {"component_size", "1024"},
                                                                        {"new_dev", "sda"}})
            REQUIRE_MESSAGE(store(line.first, line.second) == 0, line.first);
        REQUIRE(run([&] { return rdev_attr_store(*rdev_list(array.mddev()).front(), "slot", "0"); }) == 0);
        REQUIRE(store("array_state", "active") == 0);
    }
    int store(const char* file, const char* value) {
        return run([&] { return md_attr_store(array.mddev(), file, value); });
    }
    // A write that waits until somebody says that the array is recorded as dirty.
    void write_waits() {
        REQUIRE(run([&] { return array.open(); }) == 0);
        kernel.kthread_run("sh", [this] {
            const std::vector<std::byte> data(kOneBlock);
            written = array.write(0, data, false);
            array.release();
        });
        kernel.run_until_idle();
        REQUIRE(written == 0);
    }

    std::string why;
    std::int64_t written = 0;
};

TEST_CASE("a forced stop of an array whose metadata nobody keeps does not wait for a record for ever") {
    for (const char* home : kBitmapHomes) {
        CAPTURE(home);
        ByHand lab(home);
        lab.write_waits();
        int err = 0;
        bool answered = false;
        lab.kernel.kthread_run("sh", [&] {
            err = lab.array.stop(true, &lab.why);
            answered = true;
        });
        lab.kernel.run_for(60 * kNsPerSec);
        REQUIRE(answered);
        CHECK(err == -ETIMEDOUT);
        CHECK(lab.why.find("'active' is written to md/array_state") != std::string::npos);

        // What it says is the way out, is.
        CHECK(lab.store("array_state", "active") == 0);
        lab.kernel.run_until_idle();
        CHECK(lab.written == kOneBlock);
        CHECK(lab.run([&] { return lab.array.stop(true, &lab.why); }) == 0);
    }
}

TEST_CASE("nor does mdadm's own stop, which asks by an ioctl on the open disk") {
    ByHand lab("internal");
    lab.write_waits();
    int err = 0;  // by the writer's own open: another of its threads asks
    lab.kernel.kthread_run("sh", [&] { err = lab.array.ioctl(STOP_ARRAY, nullptr, &lab.why); });
    lab.kernel.run_for(60 * kNsPerSec);
    CHECK(err == -ETIMEDOUT);
    CHECK(lab.array.mddev().pers.peek() != nullptr);
    CHECK(lab.array.open() == 0);  // the stop is off
}

TEST_CASE("an image cannot be added to an array that is external by name only") {
    for (const char* home : kBitmapHomes) {
        CAPTURE(home);
        ByHand lab(home);
        lab.kernel.add_ram_disk("lab/sdc.img", 2ULL << 20);
        CHECK(lab.run([&] { return lab.array.add("lab/sdc.img", &lab.why); }) < 0);
        CHECK(lab.run([&] { return lab.array.re_add("lab/sdc.img", &lab.why); }) < 0);
    }
}

}  // namespace
}  // namespace mdscope
