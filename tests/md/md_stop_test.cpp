// SPDX-License-Identifier: MIT
// What a stop leaves behind: nothing that still acts. And what a reboot leaves: md's thread asleep until it has
// something to do.
//
// Goal: once an array is stopped, no timer of it fires; in immediate safe mode nobody turns in circles. Method: an
// array on a simulated kernel, stopped with a row of the fix axis that does what a write does that ends late; a write
// that is held while the machine goes down, and a number of steps in which everybody has to be asleep.
#include <optional>

#include "engine/md/variants/fix.hpp"
#include "tests/md/raid1_fixture.hpp"
#include "tests/md/sysfs_lab.hpp"
#include "tests/sim_array.hpp"

namespace mdscope::sysfs_test {

namespace {

void a_write_ends(Mddev& mddev, Bitmap&) {
    mddev.kernel.mod_timer(mddev.safemode_timer, mddev.kernel.ktime_ns() + kNsPerSec);
}
constexpr StopFix kLateWrite{
    {"late", "A write ends while the bitmap is flushed."}, a_write_ends, [](Mddev&, Bitmap&) {}, [](Bitmap&) {}};

// What SIGTERM does while the disk is open. kthread_stop wakes the sync thread, which sleeps there uninterrupted else.
TEST_CASE("a reboot does not wait for a check that sleeps at sync_max") {
    for (const char* home : {"external", "internal", "file", "none"}) {
        CAPTURE(home);
        testing::SimArray lab(testing::SimArray::planned(testing::SimArray::small(home)), home);
        REQUIRE(lab.start().empty());
        lab.settle();
        const auto store = [&](const char* file, const char* value) {
            return lab.run([&] { return md_attr_store(lab.array.mddev(), file, value); });
        };
        REQUIRE(store("sync_max", "0") == 0);
        REQUIRE(store("sync_action", "check") == 0);
        lab.kernel.run_until_idle();
        REQUIRE(lab.array.mddev().sync_thread.peek() != nullptr);
        REQUIRE(lab.run([&] { return lab.array.open(); }) == 0);
        bool ended = false;
        lab.kernel.kthread_run("sh", [&] {
            lab.array.notify_reboot();
            ended = true;
        });
        lab.kernel.run_for(60 * kNsPerSec);
        CHECK(ended);
        CHECK(lab.array.mddev().sync_thread.peek() == nullptr);
    }
}

}  // namespace

TEST_CASE("safemode_timer is not pending after a stop, though a write has set it during the stop") {
    SysfsLab lab;
    lab.external().start();
    lab.mddev.variants.choose<variants::fix>(kLateWrite);
    CHECK(lab.store("array_state", "clear") == 0);
    CHECK(lab.mddev.safemode_timer.expires_ns.load() == 0);
    lab.pass(2000);
    CHECK(lab.mddev.safemode == 0);
}

// md_notify_reboot sets safemode to 2: become clean at once. With a write in flight that cannot be, and the end of the
// write says when.
TEST_CASE("in immediate safe mode md's thread sleeps while a write is in flight, and its end makes the array clean") {
    SimKernel kernel;
    std::optional<raid1_test::Lab> lab;
    std::unique_ptr<raid1_test::Request> write;
    kernel.run_task("dd", [&] {
        lab.emplace(kernel);
        lab->pause(0).hold({});
        write = lab->start(BioOp::Write, 0, raid1_test::pattern(8, 1));
        lab->mddev.safemode = 2;
        md_wakeup_thread(lab->mddev, lab->mddev.thread);
    });
    REQUIRE(kernel.run_until_idle(1000) == SimKernel::Outcome::Reached);
    CHECK(lab->mddev.in_sync == 0);
    kernel.run_task("release", [&] {
        CHECK(lab->pause(0).release_all() == 1);
        CHECK(write->finish() == 0);
    });
    CHECK(kernel.run_until_idle(1000) == SimKernel::Outcome::Reached);
    CHECK(lab->mddev.in_sync == 1);
    kernel.run_task("stop", [&] { lab.reset(); });
}

}  // namespace mdscope::sysfs_test
