// SPDX-License-Identifier: MIT
// The mode "Live" on the screen, with an array that is plain files (tests/gui_live/fake_mount.hpp): what the files say
// is shown, what is pressed is written into them, and nothing is cut or out of reach at any size.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "gui/app.hpp"
#include "gui/model/live_state.hpp"
#include "gui/panels/counter_plot.hpp"
#include "gui/panels/live_lanes.hpp"
#include "gui/panels/panels.hpp"
#include "gui/panels/stage_figures.hpp"
#include "tests/gui/harness.hpp"
#include "tests/gui/live_app.hpp"

namespace mdscope::gui {

namespace {

using mdscope::testing::eventually;
using mdscope::testing::LiveApp;
using mdscope::testing::member;

struct LiveSize {
    float width, height;
    int percent;
};
constexpr LiveSize kLiveSizes[] = {{900, 600, 80},   {900, 600, 100}, {1600, 900, 100},  {2560, 1440, 250},
                                   {1600, 900, 200}, {900, 600, 200}, {2560, 1440, 100}, {1280, 720, 150}};
constexpr const char* kTabs[] = {"control", "faults", "members", "bitmap", "events", "oops", "commands"};

TEST_CASE("an array that is attached shows what its files say") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    CHECK(ui.text("live/state") == "LIVE");
    CHECK(ui.text("live/array") == "active");
    CHECK(ui.text("live/counter/mddev") == "1");
    CHECK(ui.text("live/counter/mddev/name") == "mddev->pending_writes");
    CHECK(ui.text("live/counter/bitmap") == "0");
    CHECK(ui.rect("live/counter/mddev").y < ui.rect("live/counter/bitmap").y);
    CHECK(ui.text("live/wait/42").find("md_super_wait() on mddev->sb_wait until mddev.pending_writes == 0") !=
          std::string::npos);
    CHECK(ui.text("live/bio/7").find("HELD") != std::string::npos);
    ui.click("live/members");
    CHECK(ui.text("live/recovery/words") == "recover: 25 of 100 sectors, 25.0 %");
    CHECK(ui.value("live/recovery/bar") == doctest::Approx(0.25));
}

TEST_CASE("one mounted array has the stage of the lab, where there is room for it") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    CHECK(ui.text("live/stage/status") == "WAITING");
    CHECK(ui.text("live/stage/stopper") == "md_super_wait");
    CHECK(ui.text("live/stage/member/sdb") == "sdb: rdev->mddev → md0");
    CHECK(ui.text("live/stage/verdict").find("mddev->pending_writes (now 1)") != std::string::npos);
    CHECK(ui.text("live/sentence").starts_with("The array waits"));
    CHECK(ui.has("live/counter/mddev/plot"));
    CHECK(ui.faults() == kNone);
    ui.resize(900, 600);
    ui.settle();
    CHECK_FALSE(ui.has("live/stage/stopper"));
    ui.click("live/now");
    CHECK(ui.text("live/counter/mddev") == "1");
}

TEST_CASE("a bar has the colour of the counter that its write is counted in; who is counted in none is grey") {
    const Exhibit& exhibit = default_exhibit();
    CHECK(role_of(exhibit, {"sdb", "bitmap", 1}) == Role::mddev);
    CHECK(role_of(exhibit, {"sdb", "superblock", 1}) == Role::mddev);
    CHECK(role_of(exhibit, {"bitmap", "bitmap", 1}) == Role::bitmap);  // of a bitmap file
    CHECK(role_of(exhibit, {"sdb", "data", 1}) == Role::idle);
}

TEST_CASE("each counter has one name, one place and one colour, in the lab and of a mount") {
    const auto counters = stage_counters(default_exhibit());
    REQUIRE(kShownCounters.size() == counters.size());
    for (std::size_t i = 0; i < counters.size(); i++) {
        CHECK(kShownCounters.at(i).name == std::string(counters.at(i)->name));
        CHECK(kShownCounters.at(i).role == figures::counter_role(i));
    }
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

TEST_CASE("the form says what it will run; a kernel is a row of every variant, and what overwrites is asked first") {
    setenv("MDSCOPE", "/bin/false", 1);  // should it run anything, it is this
    AppOptions options;
    options.mode = "live";
    auto app = make_app(std::move(options));
    REQUIRE(app);
    Headless ui(**app);
    const auto runs = [&](const char* words) {
        return ui.text("live/form/command/0").find(words) != std::string::npos ||
               ui.text("live/form/command/1").find(words) != std::string::npos;
    };
    CHECK_FALSE(ui.has("live/form/metadata"));  // an external bitmap has its own
    CHECK(ui.text("live/form/fix") == "upstream");
    CHECK_FALSE(ui.has("live/form/unplug"));  // one of many that a stop does not turn on
    ui.click("live/form/other_rows");
    CHECK(ui.has("live/form/unplug"));
    CHECK(ui.faults() == kNone);
    ui.click("live/form/kernel");
    ui.click("live/form/kernel/11");
    CHECK(ui.text("live/form/kernel") == "5.12");
    CHECK(ui.text("live/form/fix") == "none");
    CHECK(ui.text("live/form/order") == "2021");
    CHECK(runs("--kernel 5.12"));
    CHECK_FALSE(runs("--fix"));
    ui.click("live/form/fix");
    ui.click("live/form/fix/3");
    CHECK(runs("--kernel 5.12 --fix upstream"));
    ui.click("live/form/kernel");
    ui.click("live/form/kernel/10");            // beside the one that was chosen: the list is long
    CHECK(ui.text("live/form/fix") == "none");  // another kernel, and all of it
    CHECK_FALSE(runs("--fix"));
    ui.click("live/form/bitmap");
    ui.click("live/form/bitmap/3");
    CHECK(ui.text("live/form/bitmap_file") == ui.text("live/form/lab") + "/bitmap");
    CHECK(ui.has("live/form/metadata"));
    CHECK(ui.faults() == kNone);
    ui.click("live/form/overwrite");
    CHECK(runs("--force"));
    ui.click("live/mount");
    CHECK(ui.text("live/ask/words").find("What is on them is lost") != std::string::npos);
    ui.key("Enter");
    CHECK_FALSE(ui.has("live/mount/phase"));
    ui.click("live/form/create");
    CHECK_FALSE(ui.has("live/form/size"));
    CHECK(ui.text("live/mount") == "Mount");
    unsetenv("MDSCOPE");
}

TEST_CASE("every control of the live page is within reach of the keyboard") {
    const LiveApp live;
    for (const LiveSize& size : {kLiveSizes[0], kLiveSizes[1]}) {
        Headless ui(*live.app, {.width = size.width, .height = size.height});
        REQUIRE(live.shows(ui, "live/array", "active"));
        for (const char* tab : {"control", "faults", "members", "events"}) {
            CAPTURE(tab);
            ui.click(std::string("live/") + tab);
            for (const std::string& id : ui.out_of_reach()) FAIL_CHECK(id);
        }
    }
}

TEST_CASE("what is pressed is written into the array's files") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    ui.click("live/bio/7/release");
    CHECK(eventually([&] { return live.mount.read("lab/release") == "7"; }));
    ui.click("live/release_all");
    CHECK(eventually([&] { return live.mount.read("lab/release") == "all"; }));
    ui.click("live/hold/superblock");
    CHECK(eventually([&] { return live.mount.read("lab/hold") == "superblock"; }));
    ui.click("live/stop");
    ui.click("live/ask/yes");
    CHECK(eventually([&] { return live.mount.read("md/array_state") == "clear"; }));
    REQUIRE(eventually([&] {
        ui.frame();
        const std::string running = ui.text("live/running");
        return running.find("Stop (echo clear)") != std::string::npos && running.find("for") == std::string::npos;
    }));
    ui.click("live/commands");
    CHECK(live.shows(ui, "live/result/4", "Stop (echo clear)"));
}

TEST_CASE("an Oops is said in the header, with a way back, and its text is a page") {
    LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
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
    REQUIRE(live.is_read(ui));
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
    REQUIRE(live.is_read(ui));
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
    CHECK_FALSE(time.is_frozen());
    time.pan(-200'000'000'000, kLast);
    CHECK(time.left(kLast) == 0);
}

TEST_CASE("the newest event is at the right edge, and what is known of a young array fills the width") {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    LiveTime time;
    time.first_ns = 100 * kSecond;
    for (const std::uint64_t last : {101 * kSecond, 105 * kSecond, 300 * kSecond}) CHECK(time.right(last) == last);
    CHECK(time.left(102 * kSecond) == 100 * kSecond);
    CHECK(time.left(300 * kSecond) == 290 * kSecond);
    time.freeze(102 * kSecond);  // what is looked at stays, whatever comes
    CHECK(time.left(300 * kSecond) == 100 * kSecond);
    CHECK(time.right(300 * kSecond) == 102 * kSecond);
    time.go_live();
    CHECK(time.left(300 * kSecond) == 290 * kSecond);
    time.zoom(2, std::nullopt, 102 * kSecond);  // out of all there is: nothing more to show, and nothing forgotten
    CHECK(time.left(102 * kSecond) == 100 * kSecond);
    CHECK(time.left(300 * kSecond) == 290 * kSecond);
    time.pan(-50 * static_cast<std::int64_t>(kSecond), 105 * kSecond);
    CHECK(time.left(105 * kSecond) == 100 * kSecond);
    CHECK(LiveTime().left(1'000) == 0);
}

bool is_shown(const std::string& part) {
    return std::ranges::any_of(ui::all(), [&](const ui::Mark& mark) { return mark.id.starts_with(part); });
}

TEST_CASE("the toolbar has what acts on a mounted array, and nothing of the simulated ones") {
    const LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    for (const char* id : {"toolbar/play", "toolbar/speed", "toolbar/stop_both", "toolbar/scenario", "toolbar/fork"})
        CHECK_FALSE(ui.has(id));
    CHECK(ui.text("live/choice") == live.mount.path());
    ui.key("Space");
    CHECK(ui.text("live/follow") == "▶ Go live");
    CHECK(ui.has("live/time/go_live"));
    ui.key("End");
    CHECK(ui.text("live/follow") == "■ Freeze");
    ui.key("r");
    CHECK(eventually([&] { return live.mount.read("lab/release") == "all"; }));
    ui.click("toolbar/lesson");
    CHECK(ui.rect("lesson/choose/5").bottom() <= ui.rect("live/state").y);  // a place of its own
    ui.key("Escape");
    CHECK_FALSE(is_shown("lesson/"));
    ui.click("toolbar/share");
    CHECK(ui.has("share/of"));
    CHECK(ui.faults() == kNone);
    ui.key("Escape");
    ui.click("live/detach");
    CHECK_FALSE(is_shown("live/toolbar/"));
    ui.click("toolbar/mode/matrix");
    CHECK_FALSE(ui.has("toolbar/play"));
    ui.click("toolbar/mode/lab");
    CHECK(ui.has("toolbar/play"));
}

struct AskCase {
    const char* tab;
    const char* button;
    const char* words;  // part of what is asked
    const char* file;
    const char* store;
};
constexpr AskCase kAskCases[] = {
    {"control", "live/stop", "md refuses to stop it (EBUSY)", "md/array_state", "clear"},
    {"control", "live/toolbar/stop", "1 write is held", "md/array_state", "clear"},
    {"control", "live/stop_force", "Programs that use the disk get EIO", "lab/stop", "force"},
    {"members", "live/member/sda/fail", "goes on with the others", "md/dev-sda/state", "faulty"},
};

TEST_CASE("what takes the disk away is asked first: Enter and Escape leave it, the other button does it") {
    for (const AskCase& row : kAskCases) {
        CAPTURE(row.button);
        LiveApp live;
        live.mount.snapshot.array.openers = 3;
        live.mount.write(row.file, "untouched");
        live.mount.tick();
        Headless ui(*live.app);
        REQUIRE(live.is_read(ui));
        REQUIRE(live.shows(ui, "live/others", "openers 3"));
        ui.click(std::string("live/") + row.tab);
        for (const char* leave : {"Enter", "Escape"}) {
            ui.click(row.button);
            REQUIRE(ui.has("live/ask/words"));
            CHECK(ui.text("live/ask/words").find(row.words) != std::string::npos);
            CHECK(ui.mark("live/ask/cancel").focused);
            CHECK(ui.faults() == kNone);
            ui.key(leave);
            CHECK_FALSE(ui.has("live/ask/words"));
            CHECK(ui.text("live/running") == "No command so far.");
        }
        ui.click(row.button);
        ui.key("Tab");
        CHECK(ui.mark("live/ask/yes").focused);
        ui.key("Enter");
        CHECK_FALSE(ui.has("live/ask/words"));
        CHECK(eventually([&] { return live.mount.read(row.file) == row.store; }));
    }
}

TEST_CASE("a stop that nobody keeps from beginning promises no flushed bitmap while a write is held") {
    LiveApp live;
    live.mount.snapshot.array.openers = 0;
    live.mount.tick();
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    REQUIRE(live.shows(ui, "live/others", "openers 0"));
    ui.click("live/toolbar/stop");
    const std::string words = ui.text("live/ask/words");
    CAPTURE(words);
    CHECK(words.find("1 write is held") != std::string::npos);
    CHECK(words.find("is flushed") == std::string::npos);
}

TEST_CASE("a question is whole at any size") {
    LiveApp live;
    for (const LiveSize& size : kLiveSizes) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        Headless ui(*live.app, {.width = size.width, .height = size.height, .text_percent = size.percent});
        REQUIRE(live.shows(ui, "live/array", "active"));
        ui.click("live/unmount");
        CHECK(ui.text("live/ask/title") == "Unmount " + live.mount.path() + "?");
        CHECK(ui.faults() == kNone);
        ui.click("live/ask/cancel");
        CHECK_FALSE(ui.has("live/ask/words"));
    }
}

TEST_CASE("the last working member: the question says what becomes of the array") {
    LiveApp live;
    live.mount.snapshot.members.front().flags = {"Faulty"};  // sdb
    live.mount.tick();
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    ui.click("live/members");
    REQUIRE(eventually([&] {
        ui.frame();
        return !ui.mark("live/member/sdb/fail").enabled;
    }));
    ui.click("live/member/sda/fail");
    CHECK(ui.text("live/ask/words").find("the last working member") != std::string::npos);
    CHECK(ui.text("live/ask/words").find("the array goes on as before") != std::string::npos);
}

TEST_CASE("slow and failing members: the rule is shown as it is written, and what is in force is read back") {
    const LiveApp live;
    live.mount.write("lab/delay", "off\n");
    live.mount.write("lab/fail", "sda read\nsdb write data\n");
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    ui.click("live/faults");
    CHECK(live.shows(ui, "live/delay/rules", "none in force"));
    CHECK(live.shows(ui, "live/fail/rules", "sda read ;  sdb write data"));
    ui.click("live/delay/member");
    ui.click("live/delay/member/2");
    ui.click("live/delay/kind");
    ui.click("live/delay/kind/1");
    CHECK(ui.text("live/delay/store") == "echo sdb 20 data > lab/delay");
    ui.click("live/delay/set");
    CHECK(eventually([&] { return live.mount.read("lab/delay") == "sdb 20 data"; }));
    ui.click("live/fail/sectors");
    ui.type("0-2047");
    ui.click("live/fail/add");
    CHECK(eventually([&] { return live.mount.read("lab/fail") == "all write count 1 sectors 0-2047"; }));
    ui.click("live/fail/off");
    CHECK(eventually([&] { return live.mount.read("lab/fail") == "off"; }));
}

TEST_CASE("an idle array asks for no frames; a command that runs does") {
    LiveApp live;
    live.mount.snapshot.bios.clear();
    live.mount.snapshot.tasks.clear();
    live.mount.snapshot.array.events++;
    live.mount.show(live.mount.snapshot);
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    REQUIRE(live.shows(ui, "live/waits/none", "No task"));
    CHECK_FALSE(live.app->next_frame_ms());
    live.mount.fifo("md/array_state");  // a store that sleeps: nobody reads it yet
    ui.click("live/stop");
    ui.click("live/ask/yes");
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
