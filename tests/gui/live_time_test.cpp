// SPDX-License-Identifier: MIT
// What the mode "Live" shows of time: ages that go on, whose waits are shown, and where nothing was recorded.
#include <doctest/doctest.h>

#include "tests/gui/live_app.hpp"
#include "tests/gui_live/event_lines.hpp"

namespace mdscope::gui {

namespace {

using mdscope::testing::EventLines;
using mdscope::testing::eventually;
using mdscope::testing::LiveApp;
using mdscope::testing::TraceWriter;

TEST_CASE("ages go on while something is held, though nothing else changes") {
    LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    REQUIRE(live.app->next_frame_ms());
    CHECK(*live.app->next_frame_ms() <= 1'000);
    CHECK(live.shows(ui, "live/bio/7", "HELD, 100 ms"));
    live.mount.snapshot.at_ns = 900'000'000 + 630'122'000'000;
    live.mount.show(live.mount.snapshot);
    CHECK(live.shows(ui, "live/bio/7", "HELD, 10 min 30 s"));
    CHECK(live.app->next_frame_ms() > 500);  // nothing to be seen in tenths of a second
    live.mount.snapshot.bios.clear();        // only a stop that sleeps is left
    live.mount.show(live.mount.snapshot);
    REQUIRE(eventually([&] {
        ui.frame();
        return !ui.has("live/bio/7");
    }));
    CHECK(live.app->next_frame_ms());
}

TEST_CASE("waits of the emulation are not md's: they are shown when somebody asks for all tasks") {
    LiveApp live;
    SnapshotTask disk;
    disk.comm = "sda_io";
    disk.pid = 3;
    disk.queue = "FileDisk::queue";
    disk.condition = "queued != 0 || stopping";
    live.mount.snapshot.tasks.push_back(disk);
    live.mount.show(live.mount.snapshot);
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    CHECK(live.shows(ui, "live/wait/42", "mddev.pending_writes == 0"));
    CHECK_FALSE(ui.has("live/wait/3"));
    ui.reveal("live/all_tasks");
    ui.click("live/all_tasks");
    CHECK(live.shows(ui, "live/wait/3", "queued != 0"));
    const TraceWriter events(live.mount);
    EventLines lines;
    events.write(EventLines::header() + lines.line(trace::Point::wait_begin, 900'000'000, "FileDisk::queue",
                                                   "queued != 0 || stopping", {}, 3));
    CHECK(eventually([&] {
        ui.frame();
        return ui.has("live/lane/md0_raid1");
    }));
    ui.reveal("live/all_tasks");
    ui.click("live/all_tasks");
    CHECK_FALSE(ui.has("live/wait/3"));
    CHECK_FALSE(ui.has("live/lane/md0_raid1"));
}

TEST_CASE("where events are missing the lanes say so, and show no write that nobody knows of") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    const TraceWriter events(live.mount);
    EventLines lines;
    std::string text = EventLines::header();
    text += lines.line(trace::Point::bio_submitted, 100'000'000, "bitmap", "sda", 8);
    lines.next += 4'699;
    text += lines.line(trace::Point::bit_set, 900'000'000, 1);
    events.write(text);
    REQUIRE(eventually([&] {
        ui.frame();
        return ui.has("live/gap/100000000");
    }));
    CHECK(ui.text("live/gap/100000000") == "not recorded");
    CHECK_FALSE(ui.has("live/bar/sda bios/0"));
    CHECK(ui.has("live/bar/sdb bios/seen7"));
    CHECK(ui.text("live/dropped") == "no event lost");  // that this window could have had
}

TEST_CASE("a mounted array is told of as one in the lab: what it is up to, who waits for what, where its stop is") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    CHECK(ui.text("live/status") == "WAITING");
    CHECK(ui.text("live/sentence") == "The array waits: its stop sleeps until its last write has ended.");
    CHECK(ui.text("live/second") == "It looks at mddev->pending_writes (1) in md_super_wait.");
    CHECK(ui.text("live/when_released").find("wakes") != std::string::npos);
    CHECK(ui.text("live/write/7").find("md_super_wait waits for it") != std::string::npos);
    CHECK(ui.text("live/stop_call/0").find("do_md_stop") != std::string::npos);
    CHECK(ui.text("live/stop_call/2").find("▶ md_super_wait   asleep until mddev.pending_writes == 0") !=
          std::string::npos);
}

TEST_CASE("IN DANGER is said before the crash, with the reason; the crash is marked on the lanes") {
    LiveApp live;
    Snapshot& snapshot = live.mount.snapshot;
    snapshot.array.state = "clear";
    snapshot.tasks.clear();
    for (SnapshotMember& one : snapshot.members) one.bound = false;
    live.mount.show(snapshot);
    Headless ui(*live.app);
    REQUIRE(live.shows(ui, "live/status", "IN DANGER"));
    CHECK(ui.text("live/sentence") == "The array says it has stopped. One of its bitmap writes is still out.");
    CHECK(ui.text("live/when_released").find("Oops") != std::string::npos);
    CHECK(ui.text("live/write/7").find("nobody waits for it") != std::string::npos);
    CHECK(ui.text("live/why/4").find("super_written follows that pointer") != std::string::npos);
    snapshot.bios.clear();
    snapshot.oops = SnapshotOops{};
    snapshot.oops->what = "NULL pointer dereference";
    snapshot.oops->object = "rdev->mddev";
    snapshot.oops->function = "super_written";
    snapshot.oops->in_irq = true;
    snapshot.oops->at_ns = 950'000'000;
    live.mount.show(snapshot);
    REQUIRE(live.shows(ui, "live/status", "OOPS"));
    CHECK(ui.text("live/sentence") == "The array crashed: the end of a write met what was gone.");
    CHECK(ui.text("live/crash") == "✗ Oops in super_written");
    CHECK(ui.faults() == std::vector<std::string>{});
}

}  // namespace

}  // namespace mdscope::gui
