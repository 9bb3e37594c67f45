// The mode "Live" on the screen, with an array that is plain files (tests/gui_live/fake_mount.hpp): what the files say
// is shown, what is pressed is written into them, and nothing is cut or out of reach at any size.
#include <doctest/doctest.h>

#include "gui/app.hpp"
#include "gui/live_lanes.hpp"
#include "gui/live_state.hpp"
#include "tests/gui/harness.hpp"
#include "tests/gui_live/fake_mount.hpp"

namespace mdscope::gui {

namespace {

using mdscope::testing::eventually;
using mdscope::testing::FakeMount;

SnapshotMember member(const std::string& name, int slot) {
    SnapshotMember made;
    made.name = name;
    made.state = "in_sync";
    made.flags = {"In_sync"};
    made.slot = slot;
    made.bound = true;
    return made;
}

SnapshotBio held_bio(std::uint64_t id) {
    SnapshotBio bio;
    bio.id = id;
    bio.member = "sdb";
    bio.kind = "bitmap";
    bio.op = "write";
    bio.sector = 8;
    bio.bytes = 512;
    bio.held = true;
    bio.since_ns = 900'000'000;
    return bio;
}

// An array in the middle of a stop that waits for a held write.
void fill(Snapshot& snapshot) {
    snapshot.array.state = "active";
    snapshot.array.raid_disks = 2;
    snapshot.array.pending_writes = 1;
    snapshot.members = {member("sdb", 1), member("sda", 0)};
    snapshot.bios = {held_bio(7)};
    snapshot.bios_total = 1;
    snapshot.axes = {"upstream", "2022", "mddev", true};
    SnapshotTask stop;
    stop.comm = "echo";
    stop.pid = 42;
    stop.stack = {"md_super_wait", "md_bitmap_flush", "do_md_stop"};
    stop.queue = "mddev->sb_wait";
    stop.condition = "mddev.pending_writes == 0";
    snapshot.tasks = {stop};
    snapshot.tasks_total = 1;
    snapshot.recovery.action = "recover";
    snapshot.recovery.completed = 25;
    snapshot.recovery.range = 100;
    SnapshotBitmap bitmap;
    bitmap.home = "external";
    bitmap.chunks = 240;
    bitmap.chunks_per_cell = 1;
    bitmap.chunk_bytes = 65536;
    bitmap.cells = std::string(200, '.') + "w12NR" + std::string(35, '2');
    snapshot.bitmap = bitmap;
}

// An App attached to it, once its first snapshot is on the screen.
struct LiveApp {
    explicit LiveApp(bool filled = true) {
        if (filled) fill(mount.snapshot);
        mount.show(mount.snapshot);
        mount.write("lab/hold", "bitmap sdb\n");
        AppOptions options;
        options.attach = mount.path();
        auto made = make_app(std::move(options));
        REQUIRE(made);
        app = std::move(*made);
    }
    bool shows(Headless& ui, const char* id, const std::string& text) const {
        return eventually([&] {
            ui.frame();
            return ui.has(id) && ui.text(id).find(text) != std::string::npos;
        });
    }
    FakeMount mount;
    std::unique_ptr<Screen> app;
};

struct LiveSize {
    float width, height;
    int percent;
};
constexpr LiveSize kLiveSizes[] = {{900, 600, 100}, {1600, 900, 100},  {1600, 900, 200},
                                   {900, 600, 200}, {2560, 1440, 100}, {1280, 720, 150}};
constexpr const char* kTabs[] = {"control", "members", "bitmap", "events", "oops", "commands"};

TEST_CASE("an array that is attached shows what its files say") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.shows(ui, "live/state", "LIVE"));
    CHECK(ui.text("live/array") == "active");
    CHECK(ui.text("live/counter/mddev") == "1");
    CHECK(ui.text("live/counter/mddev/name") == "mddev->pending_writes");
    CHECK(ui.text("live/counter/bitmap") == "0");
    CHECK(ui.text("live/wait/42").find("md_super_wait() on mddev->sb_wait until mddev.pending_writes == 0") !=
          std::string::npos);
    CHECK(ui.text("live/bio/7").find("HELD") != std::string::npos);
    CHECK(live.shows(ui, "live/hold/rules", "bitmap sdb"));
    ui.click("live/members");
    CHECK(ui.text("live/recovery/words") == "recover: 25 of 100 sectors, 25.0 %");
    CHECK(ui.value("live/recovery/bar") == doctest::Approx(0.25));
}

TEST_CASE("nothing of the live page is cut, twice there or without a glyph, at any size") {
    const LiveApp live;
    for (const LiveSize& size : kLiveSizes) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        Headless ui(*live.app, {.width = size.width, .height = size.height, .text_percent = size.percent});
        REQUIRE(live.shows(ui, "live/state", "LIVE"));
        REQUIRE(eventually([&] {
            ui.frame();
            return ui.has("live/control");
        }));
        for (const char* tab : kTabs) {
            CAPTURE(tab);
            ui.reveal(std::string("live/") + tab);
            ui.click(std::string("live/") + tab);
            CHECK(ui.faults() == kNone);
        }
    }
}

TEST_CASE("without an array there is a form, whole at any size, and an attach that fails says what to do") {
    AppOptions options;
    options.mode = "live";
    auto app = make_app(std::move(options));
    REQUIRE(app);
    for (const LiveSize& size : kLiveSizes) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        Headless ui(**app, {.width = size.width, .height = size.height, .text_percent = size.percent});
        CHECK(ui.faults() == kNone);
        CHECK(ui.out_of_reach() == kNone);
    }
    Headless ui(**app);
    ui.click("live/attach_path");
    ui.type("/nowhere/at/all");
    ui.click("live/attach");
    REQUIRE(eventually([&] {
        ui.frame();
        return ui.has("live/problem");
    }));
    CHECK(ui.text("live/state") == "GONE");
    CHECK(ui.text("live/problem").find("/nowhere/at/all") != std::string::npos);
    CHECK(ui.faults() == kNone);
    ui.click("live/detach");
    CHECK(ui.has("live/mount"));
}

TEST_CASE("every control of the live page is within reach of the keyboard") {
    const LiveApp live;
    for (const LiveSize& size : {kLiveSizes[0], kLiveSizes[1]}) {
        Headless ui(*live.app, {.width = size.width, .height = size.height});
        REQUIRE(live.shows(ui, "live/array", "active"));
        for (const char* tab : {"control", "members", "events"}) {
            CAPTURE(tab);
            ui.click(std::string("live/") + tab);
            for (const std::string& id : ui.out_of_reach()) FAIL_CHECK(id);
        }
    }
}

TEST_CASE("what is pressed is written into the array's files") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.shows(ui, "live/array", "active"));
    REQUIRE(live.shows(ui, "live/hold/rules", "bitmap sdb"));  // the last to be read: now nothing moves any more
    ui.click("live/bio/7/release");
    CHECK(eventually([&] { return live.mount.read("lab/release") == "7"; }));
    ui.click("live/release_all");
    CHECK(eventually([&] { return live.mount.read("lab/release") == "all"; }));
    ui.click("live/hold/superblock");
    CHECK(eventually([&] { return live.mount.read("lab/hold") == "superblock"; }));
    ui.click("live/stop");
    CHECK(eventually([&] { return live.mount.read("md/array_state") == "clear"; }));
    REQUIRE(eventually([&] {
        ui.frame();
        return ui.text("live/running").find("Stop (echo clear)") != std::string::npos &&
               live.app->next_frame_ms() == std::nullopt;
    }));
    ui.click("live/commands");
    CHECK(live.shows(ui, "live/result/4", "Stop (echo clear)"));
}

TEST_CASE("an Oops is said in the header, with a way back, and its text is a page") {
    LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.shows(ui, "live/array", "active"));
    live.mount.write("lab/oops", "BUG: kernel NULL pointer dereference\nRIP: super_written\n");
    SnapshotOops oops;
    oops.what = "NULL pointer dereference";
    oops.function = "super_written";
    oops.in_irq = true;
    oops.at_ns = 5;
    live.mount.snapshot.oops = oops;
    live.mount.tick();
    REQUIRE(live.shows(ui, "live/array", "OOPS"));
    CHECK(ui.text("live/oops_line").find("super_written, while an interrupt") != std::string::npos);
    ui.click("live/oops_show");
    REQUIRE(live.shows(ui, "live/oops/1", "RIP: super_written"));
    CHECK(ui.faults() == kNone);
    ui.click("live/assemble_again");
    CHECK(eventually([&] { return live.mount.read("lab/assemble") == "1"; }));
}

TEST_CASE("a folder that vanishes says so, keeps the last picture, and is found again") {
    LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.shows(ui, "live/array", "active"));
    live.mount.vanish();
    REQUIRE(live.shows(ui, "live/state", "GONE"));
    CHECK_FALSE(ui.text("live/problem").empty());
    CHECK(ui.text("live/counter/mddev") == "1");
    CHECK(ui.faults() == kNone);
    live.mount.come_back();
    CHECK(live.shows(ui, "live/state", "LIVE"));
}

TEST_CASE("time follows the newest event until somebody moves it, and does not scroll under the mouse then") {
    LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.shows(ui, "live/array", "active"));
    CHECK_FALSE(ui.has("live/time/go_live"));
    live.mount.snapshot.at_ns = 60'000'000'000;
    live.mount.tick();
    REQUIRE(eventually([&] {
        ui.frame();
        return ui.value("live/time/area") > 59'000;
    }));
    ui.drag("live/time/area", 200, 0);
    const double right = ui.value("live/time/area");
    CHECK(right < 59'000);
    REQUIRE(ui.has("live/time/go_live"));
    live.mount.snapshot.at_ns = 90'000'000'000;
    live.mount.snapshot.array.pending_writes = 3;
    live.mount.tick();
    REQUIRE(live.shows(ui, "live/counter/mddev", "3"));
    CHECK(ui.value("live/time/area") == right);
    ui.click("live/time/go_live");
    CHECK(ui.value("live/time/area") > 89'000);
    CHECK(ui.faults() == kNone);
}

TEST_CASE("the part of time that is shown: zoom keeps the point under the mouse, panning to the end follows again") {
    LiveTime time;
    constexpr std::uint64_t kLast = 100'000'000'000;
    CHECK(time.left(kLast) == 90'000'000'000);
    time.zoom(0.5, 92'000'000'000, kLast);
    CHECK(time.span_ns == 5'000'000'000);
    CHECK(time.left(kLast) == 91'000'000'000);  // 2 of 10 s from the left before, 1 of 5 now
    time.pan(50'000'000'000, kLast);
    CHECK_FALSE(time.right_ns);
    time.pan(-200'000'000'000, kLast);
    CHECK(time.left(kLast) == 0);
    CHECK(LiveTime().right(1'000) == 10'000'000'000);  // a young array's axis begins at 0
}

TEST_CASE("an idle array asks for no frames; a command that runs does") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.shows(ui, "live/array", "active"));
    CHECK_FALSE(live.app->next_frame_ms());
    live.mount.fifo("md/array_state");  // a store that sleeps: nobody reads it yet
    ui.click("live/stop");
    REQUIRE(live.shows(ui, "live/running", "running for"));
    CHECK(live.app->next_frame_ms());
    CHECK(live.mount.read("md/array_state") == "clear");
    REQUIRE(eventually([&] {
        ui.frame();
        return ui.text("live/running").find("running for") == std::string::npos;
    }));
    CHECK_FALSE(live.app->next_frame_ms());
}

}  // namespace

}  // namespace mdscope::gui
