// SPDX-License-Identifier: MIT
// Two mounted arrays side by side, which are plain files: what is pressed is written into the files of both, and what
// both say is shown on one page, at any size.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/gui/live_app.hpp"

namespace mdscope::gui {

namespace {

using mdscope::testing::eventually;
using mdscope::testing::FakeMount;
using mdscope::testing::fill;

// In the middle of a stop: A has ended it, B sleeps in it.
struct FakePair {
    explicit FakePair(bool stopped = true) {
        std::filesystem::create_directory_symlink(a.path(), folder / "a");
        std::filesystem::create_directory_symlink(b.path(), folder / "b");
        for (FakeMount* mount : {&a, &b}) {
            fill(mount->snapshot);
            REQUIRE(mount->snapshot.variants.choose("fix", mount == &a ? "none" : "upstream"));
            if (!stopped) {
                mount->snapshot.tasks.clear();
                mount->snapshot.bios.clear();
                mount->snapshot.array.pending_writes = 0;
                mount->snapshot.bios_total = 0;
            }
            mount->write("lab/hold", stopped ? "bitmap\n" : "off\n");
        }
        if (stopped) end_of_a();
        a.show(a.snapshot);
        b.show(b.snapshot);
        AppOptions options;
        options.pair = folder.path();
        auto made = make_app(std::move(options));
        REQUIRE(made);
        app = std::move(*made);
    }
    void end_of_a() {
        a.snapshot.array.state = "clear";
        a.snapshot.tasks.clear();
        for (SnapshotMember& member : a.snapshot.members) member.bound = false;
    }
    [[nodiscard]] bool shows(Headless& ui, const char* id, const std::string& text) const {
        return eventually([&] {
            ui.frame();
            return ui.has(id) && ui.text(id).find(text) != std::string::npos;
        });
    }
    [[nodiscard]] bool is_read(Headless& ui) const {
        return shows(ui, "pair/A/counter/mddev", "") && shows(ui, "pair/B/counter/mddev", "");
    }
    [[nodiscard]] bool both_say(const std::string& file, const std::string& text) const {
        return eventually([&] { return a.read(file) == text && b.read(file) == text; });
    }
    mdscope::testing::ScratchFolder folder;
    FakeMount a, b;
    std::unique_ptr<Screen> app;
};

struct PairSize {
    float width, height;
    int percent;
};
constexpr PairSize kPairSizes[] = {{900, 600, 80},   {900, 600, 100}, {1600, 900, 100},  {2560, 1440, 250},
                                   {1600, 900, 200}, {900, 600, 200}, {2560, 1440, 100}, {1280, 720, 150}};

}  // namespace

TEST_CASE("a pair shows both arrays: what they are up to, both counters of both, what comes when the writes end") {
    const FakePair pair;
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    CHECK(ui.text("pair/sentence") == "A says it has stopped. One of its bitmap writes is still out.");
    CHECK(ui.text("pair/second") == "B waits: its stop sleeps until its last write has ended.");
    CHECK(ui.text("pair/A/title") == "A   fix none");
    CHECK(ui.text("pair/B/title") == "B   fix upstream");
    CHECK(ui.text("pair/A/status") == "IN DANGER");
    CHECK(ui.text("pair/B/status") == "WAITING");
    for (const char* side : {"A", "B"}) {
        CHECK(ui.text(std::string("pair/") + side + "/counter/mddev") == "1");
        CHECK(ui.text(std::string("pair/") + side + "/counter/bitmap") == "0");
        CHECK(ui.has(std::string("pair/") + side + "/mddev/plot"));
        CHECK(ui.has(std::string("pair/") + side + "/bitmap/plot"));
    }
    CHECK(ui.value("pair/A/mddev/plot") == 1);
    CHECK(ui.text("pair/A/when_released").find("Oops") != std::string::npos);
    CHECK(ui.text("pair/B/when_released").find("wakes") != std::string::npos);
    REQUIRE(pair.app->next_frame_ms());
    CHECK(*pair.app->next_frame_ms() <= 1'000);
}

TEST_CASE("counters and bars of an array that is younger than the axis are on one scale") {
    const FakePair pair;
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    // Its clock began 0.9 s before the write did: of 24 s that is a small part of the axis.
    const float began = ui.rect("pair/A/mddev/plot").x, write = ui.rect("pair/A/write/7").x;
    CHECK(began <= write);
    CHECK(write - began < 0.1F * ui.rect("pair/sentence").w);
}

TEST_CASE("where they part is marked when it was seen; who looks later is told that it was before") {
    FakePair pair(false);
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    CHECK_FALSE(ui.has("pair/first_difference"));
    fill(pair.b.snapshot);  // B sleeps in its stop
    pair.b.show(pair.b.snapshot);
    CHECK(pair.shows(ui, "pair/first_difference", "first difference"));
    CHECK_FALSE(ui.has("pair/differed_before"));

    const FakePair late;
    Headless other(*late.app);
    REQUIRE(late.is_read(other));
    CHECK(late.shows(other, "pair/differed_before", "when, it cannot say"));
    for (int i = 0; i < 60; i++) other.frame();
    CHECK_FALSE(other.has("pair/first_difference"));
}

TEST_CASE("what is blue comes first: a write, whose bitmap writes are held then") {
    const FakePair pair(false);
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    CHECK(ui.text("pair/act").starts_with("Write to both"));
}

TEST_CASE("between the stages: the verbs, the stop line by line with both cursors, or why") {
    FakePair pair;
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    CHECK(ui.text("pair/act") == "Release on both   R");
    std::string b_is_in, missing;
    for (const ui::Mark& mark : ui::all())
        if (mark.id.starts_with("pair/tree/") && mark.value == 2) b_is_in = mark.text;
    CHECK(b_is_in == "md_super_wait()");
    ui.key("w");
    CHECK(ui.text("pair/why/0").find("did not wait") != std::string::npos);
    CHECK_FALSE(ui.has("pair/tree/title"));
    SnapshotOops oops;
    oops.what = "NULL pointer dereference";
    oops.object = "rdev->mddev";
    oops.function = "super_written";
    oops.comm = "sdb_io";
    oops.in_irq = true;
    pair.a.snapshot.oops = oops;
    pair.a.snapshot.bios.clear();
    pair.a.show(pair.a.snapshot);
    CHECK(pair.shows(ui, "pair/A/status", "OOPS"));
    CHECK(ui.text("pair/why/0").find("did not wait") != std::string::npos);  // not empty after the crash either
    CHECK(ui.faults() == std::vector<std::string>{});
    ui.key("w");
    CHECK(ui.has("pair/tree/title"));
}

TEST_CASE("the axis has the stop and each member's writes, held ones with their age") {
    const FakePair pair;
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    for (const char* side : {"A", "B"}) {
        const std::string id = std::string("pair/") + side;
        CHECK(ui.text(id + "/write/7").find("bitmap write HELD") != std::string::npos);
        CHECK(ui.text(id + "/lane/sda") == "sda");
        CHECK(ui.text(id + "/now/mddev") == "1 in flight");
        CHECK(ui.text(id + "/now/bitmap") == "0 in flight");
    }
    CHECK(ui.text("pair/B/stop_bar").find("asleep in md_super_wait") != std::string::npos);
}

TEST_CASE("hold, stop and release are done to both, by buttons and by keys") {
    FakePair pair(false);
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    CHECK_FALSE(ui.mark("pair/release").enabled);
    ui.click("pair/hold");
    CHECK(pair.both_say("lab/hold", "bitmap"));
    REQUIRE(pair.shows(ui, "pair/hold", "Hold no more"));
    CHECK_FALSE(ui.mark("pair/write").enabled);  // it would wait for its bitmap page
    ui.key("s");
    CHECK(pair.both_say("md/array_state", "clear"));
    REQUIRE(eventually([&] {
        ui.frame();
        return ui.mark("pair/stop").enabled;  // both commands are over; these arrays never stop
    }));
    ui.key("r");
    CHECK(pair.both_say("lab/release", "all"));
    CHECK(pair.both_say("lab/hold", "off"));
    ui.click("pair/close");
    CHECK_FALSE(ui.has("pair/sentence"));
    CHECK(ui.has("live/make_pair"));
}

TEST_CASE("nothing of a pair is cut, doubled or out of the keyboard's reach at any size, and A and B both stay") {
    const FakePair pair;
    for (const PairSize& size : kPairSizes) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        Headless ui(*pair.app, {.width = size.width, .height = size.height, .text_percent = size.percent});
        REQUIRE(pair.is_read(ui));
        CHECK(ui.faults() == std::vector<std::string>{});
        CHECK(ui.out_of_reach() == std::vector<std::string>{});
        CHECK(ui.has("pair/A/status"));
        CHECK(ui.has("pair/B/status"));
    }
}

TEST_CASE("a side that vanishes says so, and the other goes on") {
    const FakePair pair;
    Headless ui(*pair.app);
    REQUIRE(pair.is_read(ui));
    pair.b.vanish();
    CHECK(pair.shows(ui, "pair/B/state", "gone"));
    CHECK(ui.text("pair/A/status") == "IN DANGER");
    CHECK(ui.faults() == std::vector<std::string>{});
}

}  // namespace mdscope::gui
