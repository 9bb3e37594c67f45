// SPDX-License-Identifier: MIT
// The stop's part of the story: which of the three daemon runs leaves its page writes in flight, and who waits for
// them.
//
// Goal: the table "state before, run, bios in flight" row by row, the call trees that the real kernel printed, and the
// four fixes. Method: md_bitmap_flush and md_bitmap_destroy on members that hold their writes; a call tree tells which
// run wrote.
#include <doctest/doctest.h>

#include <sstream>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/md/variants/fix.hpp"
#include "engine/trace/call_tree.hpp"
#include "tests/md/bitmap_fixture.hpp"

namespace mdscope {
namespace {

using namespace bitmap_test;

// The functions that occur in the reference trees, of those that are called here.
const trace::CallTreeSink::Names kNames = {"md_bitmap_flush",
                                           "md_bitmap_daemon_work",
                                           "md_bitmap_wait_writes",
                                           "md_super_wait",
                                           "write_page",
                                           "md_super_write",
                                           "md_bitmap_update_sb",
                                           "md_bitmap_destroy",
                                           "md_bitmap_wait_behind_writes",
                                           "md_bitmap_free",
                                           "md_bitmap_file_unmap",
                                           "free_buffers"};

std::string stop_tree(BitmapLab& lab, const char* fix) {
    lab.mddev.variants.choose<variants::fix>(*find_row<variants::fix>(fix));
    trace::CallTreeSink sink;
    current->trace.sink = &sink;
    md_bitmap_flush(lab.mddev);
    md_bitmap_destroy(lab.mddev);
    current->trace.sink = nullptr;
    return sink.text(&kNames);
}

// Whether `stop` sleeps until the writes that are held are on disk. It has a task of its own; they land when it sleeps.
template <class Stop>
bool waits_for_held_writes(BitmapLab& lab, Stop stop) {
    Shared<bool> released;
    Shared<bool> ended;
    bool ended_after_release = false;
    Task* stopper = lab.kernel.kthread_run("stopper", [&] {
        stop();
        ended_after_release = released;
        ended = true;
    });
    const bool slept = lab.falls_asleep("stopper", ended);
    if (slept) {
        released = true;
        lab.release();
    }
    lab.kernel.kthread_join(stopper);
    CHECK(ended_after_release == slept);
    return slept;
}

// 1, 2 or 3: the daemon run that wrote a page; 0: none of them.
int run_that_writes(const std::string& tree) {
    int run = 0;
    std::istringstream lines(tree);
    for (std::string line; std::getline(lines, line);) {
        if (line.find("md_bitmap_daemon_work") != std::string::npos) run++;
        if (line.find("write_page") != std::string::npos) return run;
    }
    return 0;
}

struct Left {
    int run;             // that wrote
    int pending_writes;  // of the mddev, after the flush
};

// Stops an external array without a fix; its members hold every bitmap write.
Left stop_and_look(BitmapLab& lab) {
    lab.hold();
    std::string tree;
    CHECK_FALSE(waits_for_held_writes(lab, [&] { tree = stop_tree(lab, "none"); }));
    return {run_that_writes(tree), lab.mddev.pending_writes};
}

// ---- which run leaves the write

TEST_CASE("value 2: run 3 leaves the write, one bio a member") {
    BitmapLab lab;
    lab.start().write(0);
    const Left left = stop_and_look(lab);
    CHECK(left.run == 3);
    CHECK(left.pending_writes == 2);
}

TEST_CASE("value 1: run 2 leaves the write, and run 3 finds all clean and does not wait") {
    BitmapLab lab;
    lab.start().write(0);
    lab.daemon();
    REQUIRE(lab.counter(0) == 1);
    const Left left = stop_and_look(lab);
    CHECK(left.run == 2);
    CHECK(left.pending_writes == 2);
}

TEST_CASE("value 0 and PENDING: run 1 leaves the write") {
    BitmapLab lab;
    lab.start().write(0);
    lab.daemon();
    lab.daemon();
    REQUIRE(lab.marked(BITMAP_PAGE_PENDING));
    const Left left = stop_and_look(lab);
    CHECK(left.run == 1);
    CHECK(left.pending_writes == 2);
}

TEST_CASE("value 0 and NEEDWRITE, not all clean: run 1 leaves the write") {
    BitmapLab lab;
    lab.start().daemon();
    md_bitmap_write_all(&lab.bitmap());
    const Left left = stop_and_look(lab);
    CHECK(left.run == 1);
    CHECK(left.pending_writes == 2);
}

TEST_CASE("all clean but a write of the md thread's own run in flight: no run waits for it") {
    BitmapLab lab;
    lab.start().write(0);
    lab.daemon();
    lab.daemon();
    lab.hold();
    lab.daemon();
    REQUIRE(lab.mddev.pending_writes == 2);
    const Left left = stop_and_look(lab);
    CHECK(left.run == 0);
    CHECK(left.pending_writes == 2);
}

TEST_CASE("NEEDED and 2, of a degraded array: nothing is written") {
    BitmapLab lab;
    lab.start().write(0, false);
    const Left left = stop_and_look(lab);
    CHECK(left.run == 0);
    CHECK(left.pending_writes == 0);
    CHECK(lab.disk_bit(0));
}

TEST_CASE("value 2 and can_clear false: nothing is written") {
    BitmapLab lab;
    lab.start().write(0);
    REQUIRE(md_attr_store(lab.mddev, "bitmap/can_clear", "false") == 0);
    CHECK(stop_and_look(lab).pending_writes == 0);
}

TEST_CASE("all clean and nothing in flight: nothing is written") {
    BitmapLab lab;
    lab.start().daemon();
    CHECK(stop_and_look(lab).pending_writes == 0);
}

TEST_CASE("pages left in flight stay readable after their bitmap was freed") {
    BitmapLab lab;
    lab.start().write(0);
    CHECK(stop_and_look(lab).pending_writes == 2);
    {
        const SpinGuard guard(lab.mddev.lock);
        REQUIRE(lab.mddev.dead_bitmaps.size() == 1);
        CHECK(lab.mddev.dead_bitmaps[0]->freed);
    }
    CHECK(lab.disk_bit(0));
    CHECK(lab.release() == 2);
    CHECK_FALSE(lab.disk_bit(0));
    CHECK(lab.mddev.pending_writes == 0);
}

// ---- the fixes

// The daemon's third run has written, and its writes are held.
static void leave_writes_in_flight(BitmapLab& lab, const char* fix) {
    lab.start().write(0);
    for (int run = 0; run < 2; run++) lab.daemon();
    lab.hold();
    lab.daemon();
    REQUIRE(lab.mddev.pending_writes + lab.bitmap().pending_writes != 0);
    lab.mddev.variants.choose<variants::fix>(*find_row<variants::fix>(fix));
}

static bool stop_waits(Home home, const char* fix) {
    BitmapLab lab(home);
    leave_writes_in_flight(lab, fix);
    return waits_for_held_writes(lab, [&] {
        md_bitmap_flush(lab.mddev);
        md_bitmap_destroy(lab.mddev);
    });
}

TEST_CASE("who waits, by home and fix") {
    CHECK_FALSE(stop_waits(Home::External, "none"));
    CHECK(stop_waits(Home::External, "v1"));
    CHECK(stop_waits(Home::External, "proposal"));
    CHECK(stop_waits(Home::External, "upstream"));
    CHECK(stop_waits(Home::Internal, "none"));
    CHECK(stop_waits(Home::File, "none"));
}

// As `none` written into bitmap/location does it: no flush, so that only md_bitmap_free can wait for a daemon run.
static bool destroy_waits(Home home, const char* fix) {
    BitmapLab lab(home);
    leave_writes_in_flight(lab, fix);
    return waits_for_held_writes(lab, [&] { md_bitmap_destroy(lab.mddev); });
}

TEST_CASE("the proposal's wait in md_bitmap_free holds without a flush, too") {
    for (const char* fix : {"none", "v1", "upstream"}) CHECK_FALSE(destroy_waits(Home::External, fix));
    CHECK(destroy_waits(Home::External, "proposal"));
}

TEST_CASE("md_bitmap_free waits for the writes of a bitmap file without a flush, too, and not for those of members") {
    for (const StopFix& fix : variants::fix::rows()) CHECK(destroy_waits(Home::File, fix.name));
    CHECK_FALSE(destroy_waits(Home::Internal, "none"));
}

TEST_CASE("md_bitmap_destroy leaves the bitmap to a run of the daemon that is under way") {
    BitmapLab lab;
    leave_writes_in_flight(lab, "none");
    lab.begin_write(1);
    lab.end_write(1);  // something to do for the daemon, who waits for its last writes first
    Task* daemon = lab.kernel.kthread_run("daemon", [&] { lab.daemon(); });
    CHECK(lab.falls_asleep("daemon"));
    Task* remover = lab.kernel.kthread_run("remover", [&] { md_bitmap_destroy(lab.mddev); });
    CHECK(lab.falls_asleep("remover"));
    CHECK(lab.mddev.bitmap.load() != nullptr);
    lab.release();
    lab.kernel.kthread_join(daemon);
    lab.kernel.kthread_join(remover);
    CHECK(lab.mddev.bitmap.load() == nullptr);
}

TEST_CASE("the rows of the table") {
    REQUIRE(variants::fix::rows().size() == 4);
    for (const StopFix& fix : variants::fix::rows()) {
        CHECK(find_row<variants::fix>(fix.name) == &fix);
        const bool complete = fix.before_update_sb && fix.after_update_sb && fix.in_bitmap_free;
        CHECK(complete);  // they are called without asking
    }
    CHECK(find_row<variants::fix>("v2") == nullptr);
}

// ---- call trees, as Linux 6.1.192 printed them

constexpr const char* kThreeRuns =
    "md_bitmap_flush\n"
    "  md_bitmap_daemon_work\n"
    "    md_bitmap_wait_writes\n"
    "      md_super_wait\n"
    "  md_bitmap_daemon_work\n"
    "    md_bitmap_wait_writes\n"
    "      md_super_wait\n"
    "  md_bitmap_daemon_work\n"
    "    md_bitmap_wait_writes\n"
    "      md_super_wait\n"
    "    write_page\n"
    "      md_super_write\n"
    "      md_super_write\n";
constexpr const char* kDestroy =
    "md_bitmap_destroy\n"
    "  md_bitmap_wait_behind_writes\n"
    "  md_bitmap_free\n"
    "    md_bitmap_file_unmap\n";

TEST_CASE("external: the trees of the fixes differ in one line") {
    const auto tree_with = [](const char* fix) {
        BitmapLab lab;
        lab.start().write(0);
        return stop_tree(lab, fix);
    };
    const std::string none = std::string(kThreeRuns) + kDestroy;
    const std::string super_wait = std::string(kThreeRuns) + "  md_super_wait\n" + kDestroy;
    const std::string v1 = std::string(kThreeRuns) + "  md_bitmap_wait_writes\n    md_super_wait\n" + kDestroy;
    CHECK(tree_with("none") == none);
    CHECK(tree_with("upstream") == super_wait);
    CHECK(tree_with("proposal") == super_wait);
    CHECK(tree_with("v1") == v1);
}

TEST_CASE("internal: run 1 writes the header, run 2 waits for it, and the header write waits for run 3") {
    BitmapLab lab(Home::Internal);
    lab.start();
    lab.mddev.events = 8;
    lab.write(0);
    CHECK(stop_tree(lab, "upstream") == std::string("md_bitmap_flush\n"
                                                    "  md_bitmap_daemon_work\n"
                                                    "    md_bitmap_wait_writes\n"
                                                    "      md_super_wait\n"
                                                    "    write_page\n"
                                                    "      md_super_write\n"
                                                    "      md_super_write\n"
                                                    "  md_bitmap_daemon_work\n"
                                                    "    md_bitmap_wait_writes\n"
                                                    "      md_super_wait\n"
                                                    "  md_bitmap_daemon_work\n"
                                                    "    md_bitmap_wait_writes\n"
                                                    "      md_super_wait\n"
                                                    "    write_page\n"
                                                    "      md_super_write\n"
                                                    "      md_super_write\n"
                                                    "  md_bitmap_update_sb\n"
                                                    "    write_page\n"
                                                    "      md_super_write\n"
                                                    "      md_super_write\n"
                                                    "      md_super_wait\n") +
                                            kDestroy);
}

TEST_CASE("file: the same without a word of md_super_wait, and free_buffers at the end") {
    BitmapLab lab(Home::File);
    lab.start();
    lab.mddev.events = 8;
    lab.write(0);
    CHECK(stop_tree(lab, "upstream") == std::string("md_bitmap_flush\n"
                                                    "  md_bitmap_daemon_work\n"
                                                    "    md_bitmap_wait_writes\n"
                                                    "    write_page\n"
                                                    "  md_bitmap_daemon_work\n"
                                                    "    md_bitmap_wait_writes\n"
                                                    "  md_bitmap_daemon_work\n"
                                                    "    md_bitmap_wait_writes\n"
                                                    "    write_page\n"
                                                    "  md_bitmap_update_sb\n"
                                                    "    write_page\n") +
                                            kDestroy + "      free_buffers\n");
}

}  // namespace
}  // namespace mdscope
