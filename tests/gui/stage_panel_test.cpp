// SPDX-License-Identifier: MIT
// The stage in the window: what is drawn at the steps that matter, and that nothing moves which has not changed.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/scenario/scenario_files.hpp"
#include "gui/app.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/model/titles.hpp"
#include "gui/panels/panels.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> stage_app(const std::string& scenario, std::optional<int> lesson = std::nullopt) {
    AppOptions options;
    options.scenario = scenario;
    options.lesson = lesson;
    auto made = make_app(std::move(options));
    REQUIRE_MESSAGE(made, made.error().text);
    return std::move(*made);
}

constexpr std::array kStageSizes = {HeadlessOptions{}, HeadlessOptions{.width = 1280, .height = 720},
                                    HeadlessOptions{.width = 900, .height = 600},
                                    HeadlessOptions{.width = 900, .height = 600, .text_percent = 250}};

TEST_CASE("A and B are both there at any size, with their states, counters and sentence") {
    for (const HeadlessOptions& size : kStageSizes) {
        CAPTURE(size.width);
        CAPTURE(size.text_percent);
        const auto screen = stage_app("race-lost");
        Headless ui(*screen, size);
        for (const char* id : {"card/A/status", "card/B/status", "card/A/counter/mddev", "card/A/counter/bitmap",
                               "card/B/counter/mddev", "card/B/counter/bitmap", "now/what", "now/act"}) {
            CAPTURE(id);
            CHECK(ui.has(id));
        }
        CHECK(ui.mark("card/A/status").visible);
        CHECK(ui.text("card/A/status") == "OOPS");
        CHECK(ui.text("now/what").starts_with("A crashed:"));
        CHECK(ui.faults() == kNone);
    }
}

TEST_CASE("mddev->pending_writes is left and above, bitmap->pending_writes right or below, on both stages") {
    for (const HeadlessOptions& size : kStageSizes) {
        const auto screen = stage_app("race-lost");
        const Headless ui(*screen, size);
        for (const char* card : {"card/A", "card/B"}) {
            const ui::Rect mddev = ui.rect(std::string(card) + "/counter/mddev");
            const ui::Rect bitmap = ui.rect(std::string(card) + "/counter/bitmap");
            CHECK((mddev.right() <= bitmap.x || mddev.bottom() <= bitmap.y));
            CHECK(ui.text(std::string(card) + "/counter/mddev/name") == "mddev->pending_writes");
        }
    }
}

TEST_CASE("a deadlock has no doors of a stop, and who sleeps for ever has a lane and a bar to its end") {
    for (const HeadlessOptions& size : {kStageSizes[0], kStageSizes[1], kStageSizes[2]}) {
        CAPTURE(size.width);
        const auto screen = stage_app("deaf-barrier");
        Headless ui(*screen, size);
        ui.key("End");
        ui.key("Space");
        ui.key("End");
        REQUIRE(ui.text("card/A/status") == "HUNG");
        for (const char* door : {"card/A/door/0", "card/A/door/1", "card/B/door/0", "card/B/door/1"})
            CHECK_FALSE(ui.has(door));
        if (ui.has("card/B/end")) CHECK(ui.text("card/B/end") == "the interruption has ended");
        std::size_t sleepers = 0;
        for (const ui::Mark& mark : ui::all()) {
            if (!mark.id.starts_with("lane/A/bar/") || !mark.text.starts_with("asleep")) continue;
            if (mark.rect.right() > ui.rect("lanes/scrub").right() - 24) sleepers++;
        }
        CHECK(sleepers >= 3);  // who writes, the repair, and who ends it
        CHECK(ui.faults() == kNone);
    }
}

TEST_CASE("a member that went after a clean stop is no danger, one that was followed is") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen);
    ui.key("End");
    CHECK(ui.text("card/B/status") == "STOPPED");
    CHECK(ui.text("card/B/member/sda") == "sda: rdev->mddev → NULL");
    CHECK(ui.text("card/B/end") == "every write ended first");
    CHECK_FALSE(ui.has("card/B/oops"));
    CHECK(ui.text("card/A/oops") == "OOPS");
    CHECK(ui.text("card/A/console").starts_with("BUG: kernel NULL pointer dereference"));
}

TEST_CASE("the first difference is told on the axis, and no bar is below its words") {
    for (const HeadlessOptions& size : kStageSizes) {
        const auto screen = stage_app("race-lost");
        const Headless ui(*screen, size);
        const ui::Rect label = ui.rect("lanes/first_difference");
        CHECK_FALSE(label.overlaps(ui.rect("lanes/title")));
        bool is_below_bars = false;
        for (const ui::Mark& mark : ui::all()) {
            if (mark.id == "lanes/first_difference/dots") is_below_bars = true;
            if (!mark.id.starts_with("lane/") || !mark.visible) continue;
            CHECK_FALSE(label.overlaps(mark.rect));
            CHECK(is_below_bars);  // marks are in the order of drawing: the dots cross no words
        }
    }
}

TEST_CASE("a first difference at the left end is told beside the title, not over it") {
    const auto screen = stage_app("race", 6);
    const Headless ui(*screen);
    const ui::Rect label = ui.rect("lanes/first_difference");
    CHECK_FALSE(label.overlaps(ui.rect("lanes/title")));
    CHECK(label.right() <= ui.rect("lanes/scrub").right());
}

TEST_CASE("there is one time axis: the playhead's flag stands where the bars end that are open") {
    const auto screen = stage_app("race");
    Headless ui(*screen);
    ui.key("h");
    ui.key("s");
    ui.key("End");
    const ui::Rect flag = ui.rect("now/tick"), open = ui.rect("lane/A/bio/sdb bitmap 1");
    CHECK(std::abs(flag.center().x - open.right()) < 2);
    // And the axis is the handle.
    const double tick = ui.value("now/tick");
    const ui::Rect scrub = ui.rect("lanes/scrub");
    CHECK(scrub.y <= flag.y + 1);
    CHECK(scrub.bottom() >= flag.bottom() - 1);
    ui.drag("lanes/scrub", 40, 0);  // from the middle of the axis
    CHECK(ui.value("now/tick") != tick);
    CHECK(std::abs(ui.rect("now/tick").center().x - (scrub.center().x + 40)) < 20);
}

TEST_CASE("both cursors are in one tree, and a line has one height") {
    const auto screen = stage_app("held-mid-stop");
    Headless ui(*screen);
    const auto line_of = [&](const std::string& side, const std::string& name) -> const ui::Mark* {
        for (const ui::Mark& mark : ui::all())
            if (mark.id.starts_with("card/" + side + "/tree/") && mark.text.find(name) != std::string::npos)
                return &mark;
        return nullptr;
    };
    for (int step = 0; step < 12; step++, ui.key("Left"))
        for (const char* name : {"md_bitmap_flush", "md_super_wait", "md_bitmap_free", "__md_stop"}) {
            CAPTURE(name);
            const ui::Mark *a = line_of("A", name), *b = line_of("B", name);
            REQUIRE(a != nullptr);
            REQUIRE(b != nullptr);
            CHECK(a->rect.y == b->rect.y);
        }
}

TEST_CASE("another scenario begins with its tree at the top") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen, {.width = 1280, .height = 720, .text_percent = 150});
    const auto is_first_line_seen = [&] {
        for (const ui::Mark& mark : ui::all())
            if (mark.id.starts_with("card/A/tree/")) return mark.visible;
        return false;
    };
    if (!ui.has("tree/title")) ui.key("e");
    ui.key("Shift+E");  // more lines than there is room for
    ui.key("Home");
    CHECK(is_first_line_seen());
    ui.key("End");
    REQUIRE_FALSE(is_first_line_seen());
    ui.click("toolbar/scenario");
    ui.click(fmt::format("toolbar/scenario/{}", ui.value("toolbar/scenario")));
    ui.key("Home");
    CHECK(is_first_line_seen());
}

TEST_CASE("Play and Pause are of one width, and move nothing") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen);
    ui.key("Home");
    const ui::Rect play = ui.rect("toolbar/play"), next = ui.rect("toolbar/forward"), act = ui.rect("now/act");
    ui.click("toolbar/play");
    CHECK(ui.text("toolbar/play") == "■ Pause");
    CHECK(ui.rect("toolbar/play").w == play.w);
    CHECK(ui.rect("toolbar/forward").x == next.x);
    CHECK(ui.rect("now/act").x == act.x);
    CHECK(ui.rect("now/act").w == act.w);
}

TEST_CASE("the menu of scenarios has them by their titles, in order, and none is cut") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen);
    ui.click("toolbar/scenario");
    std::vector<std::string> titles;
    for (const ui::Mark& mark : ui::all()) {
        if (!mark.id.starts_with("toolbar/scenario/")) continue;
        CAPTURE(mark.text);
        CHECK(ui::text_width(mark.text) <= mark.rect.w);
        titles.push_back(mark.text);
    }
    CHECK(titles.size() > 20);
    CHECK(std::ranges::is_sorted(titles));
}

TEST_CASE("choosing the scenario that is chosen begins it again") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen);
    ui.key("Home");
    ui.key("Right");
    REQUIRE(ui.value("now/tick") == 1);
    const int chosen = static_cast<int>(ui.value("toolbar/scenario"));
    ui.click("toolbar/scenario");
    ui.click("toolbar/scenario/" + std::to_string(chosen));
    CHECK(ui.value("now/tick") != 1);
}

TEST_CASE("what the mouse is on is explained in the reading place, in both arrays; a click keeps it, Esc lets go") {
    const auto screen = stage_app("held-mid-stop");
    Headless ui(*screen);
    ui.move_to("card/A/counter/mddev/name");
    CHECK(ui.text("reading").starts_with("mddev->pending_writes: How many"));
    ui.move_to("card/B/member/sda");
    CHECK(ui.text("reading").starts_with("sda: One disk"));
    ui.move_to("lane/A/bio/sdb bitmap 1");
    CHECK(ui.text("reading").starts_with("sdb bitmap 1: A page of the write-intent bitmap"));
    ui.click("card/A/counter/bitmap/name");
    ui.move_to("toolbar/play");
    CHECK(ui.text("reading").starts_with("bitmap->pending_writes"));
    ui.key("Escape");
    CHECK_FALSE(ui.text("reading").starts_with("bitmap->pending_writes"));
}

// The mouse goes along a text, line by line, and reads what is explained.
std::string explained_along(Headless& ui, const std::string& id) {
    const ui::Rect rect = ui.rect(id);
    std::string all;
    for (float y = rect.y + 8; y < rect.bottom(); y += 16)
        for (float x = rect.x + 4; x < rect.right(); x += 10) {
            ui.push({.kind = InputEvent::Kind::mouse_move, .x = x, .y = y});
            ui.frame(2);
            const std::string card = ui.text("reading");
            if (all.find(card) == std::string::npos) all += card + "\n";
        }
    return all;
}

TEST_CASE("Oops, NULL and external are explained where they stand: on the stage, in a sentence, in a lesson's words") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen);
    ui.key("End");
    ui.move_to("card/A/oops");
    CHECK(ui.text("reading").starts_with("Oops: The kernel followed"));
    ui.move_to("card/A/console");
    CHECK(ui.text("reading").starts_with("NULL: A pointer that leads nowhere"));
    ui.move_to("card/A/status");
    CHECK(ui.text("reading").starts_with("Oops: "));
    CHECK(explained_along(ui, "now/what").find("member: One disk") != std::string::npos);
    CHECK(explained_along(ui, "now/meaning").find("md_super_wait: Sleeps") != std::string::npos);
    const ui::Rect sdb = ui.rect("card/B/member/sdb");
    ui.push({.kind = InputEvent::Kind::mouse_move, .x = sdb.x + sdb.w / 2, .y = sdb.y + sdb.h * 0.75F});
    ui.settle();
    CHECK(ui.text("reading").starts_with("NULL: "));

    const auto taught = stage_app("race", 2);
    Headless lesson(*taught);
    CHECK(explained_along(lesson, "lesson/text").find("external: Metadata that a program keeps") != std::string::npos);
    CHECK(lesson.faults() == kNone);
}

TEST_CASE("after a crash in a completion the line that met it is marked, in the few lines of code") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen);
    ui.key("End");
    ui.move_to("lanes/title");
    REQUIRE(ui.text("reading").starts_with("super_written"));
    CHECK(ui.text("reading/fell/1") == "A crashed here");
    const ui::Rect line = ui.rect("reading/fell/1"), place = ui.rect("reading");
    CHECK(line.y > place.y + place.h * 0.15F);
    CHECK(line.bottom() < place.y + place.h * 0.5F);
    ui.key("Home");
    CHECK_FALSE(ui.has("reading/fell/1"));
}

TEST_CASE("the words of the first difference are beside the playhead's flag, not under it") {
    const auto screen = stage_app("race-lost");
    Headless ui(*screen);
    ui.key("End");
    CHECK(ui.has("lanes/first_difference/sign"));
    ui.key("d");
    const ui::Rect words = ui.rect("lanes/first_difference"), flag = ui.rect("now/tick");
    CHECK((words.right() <= flag.x || flag.right() <= words.x));
    CHECK_FALSE(ui.has("lanes/first_difference/sign"));  // it would be on the flag's words
}

TEST_CASE("what the stop waits for is never cut where it decides") {
    for (const HeadlessOptions& size : {HeadlessOptions{}, HeadlessOptions{.width = 1280, .height = 720}}) {
        const auto screen = stage_app("held-mid-stop");
        const Headless ui(*screen, size);
        CHECK(ui.text("card/B/verdict") == "the stop sleeps until mddev->pending_writes == 0 (now 2)");
        CHECK(ui.text("card/B/counter/mddev/words") == "2 == 0 ? no; door stays shut");
        CHECK(ui.value("card/B/verdict") == 0);  // so much of it is left out
        CHECK(ui.value("card/A/verdict") == 0);
        for (const char* gauge : {"card/A/counter/mddev", "card/A/counter/bitmap", "card/B/counter/mddev"})
            CHECK(ui.value(std::string(gauge) + "/words") == 0);
    }
}

std::string focused_id_of() {
    for (const ui::Mark& mark : ui::all())
        if (mark.focused) return mark.id;
    return "";
}

TEST_CASE("a stage is one stop of Tab; arrows go from thing to thing, each is explained, Enter keeps it") {
    const auto screen = stage_app("held-mid-stop");
    Headless ui(*screen);
    for (const std::string card : {"card/A/", "card/B/"}) {
        for (int tabs = 0; tabs < 12 && focused_id_of() != card + "title"; tabs++) ui.key("Tab");
        REQUIRE(focused_id_of() == card + "title");
        std::set<std::string> seen;
        for (std::string id = focused_id_of(); seen.insert(id).second; id = focused_id_of()) {
            REQUIRE(id.starts_with(card));
            if (id == card + "counter/mddev") CHECK(ui.text("reading").starts_with("mddev->pending_writes: How many"));
            if (id == card + "member/sdb") CHECK(ui.text("reading").starts_with("sdb: One disk"));
            ui.key("Right");
        }
        for (const char* thing : {"door/0", "door/1", "stopper", "taker", "completion", "counter/mddev",
                                  "counter/bitmap", "write/sdb bitmap 1", "member/sda", "member/sdb"})
            CHECK_MESSAGE(seen.contains(card + thing), thing);
    }
    ui.key("Left");
    CHECK(focused_id_of() == "card/B/member/sda");
    ui.key("Enter");
    ui.key("Tab");
    CHECK(focused_id_of() == "lanes/scrub");
    CHECK(ui.text("reading").starts_with("sda: One disk"));  // kept
    ui.key("Escape");
    CHECK_FALSE(ui.text("reading").starts_with("sda"));
}

TEST_CASE("the stops of Tab in the lab: sentence, stage, tree, stage, time, and the bar at the top is one") {
    const auto screen = stage_app("held-mid-stop");
    Headless ui(*screen);
    std::vector<std::string> stops;
    for (ui.key("Tab"); std::ranges::find(stops, focused_id_of()) == stops.end(); ui.key("Tab"))
        stops.push_back(focused_id_of());
    const std::vector<std::string> expected = {"now/why",
                                               "now/act",
                                               "card/A/title",
                                               "card/A/tree/1",
                                               "card/B/title",
                                               "lanes/scrub",
                                               "lane/A/bio/sda bitmap 1",
                                               "toolbar/mode/learn"};
    std::string all;
    for (const std::string& stop : stops) all += stop + "\n";
    CAPTURE(all);
    CHECK(stops == expected);
    CHECK(ui.out_of_reach() == kNone);
}

TEST_CASE("where there is no room for the tree it comes when it is asked for, and A and B stay") {
    const auto screen = stage_app("held-mid-stop");
    Headless ui(*screen, {.width = 1280, .height = 720});
    CHECK_FALSE(ui.has("tree/title"));
    ui.key("e");
    CHECK(ui.has("tree/title"));
    CHECK(ui.mark("card/A/status").visible);
    CHECK(ui.mark("card/B/status").visible);
    CHECK(ui.faults() == kNone);
    ui.key("i");
    CHECK(ui.has("side/log"));
    CHECK(ui.mark("card/A/status").visible);
    ui.key("e");
    CHECK(ui.has("tree/title"));
    ui.key("e");
    CHECK_FALSE(ui.has("tree/title"));
    for (const char* opens : {"e", "i"}) {
        ui.key(opens);
        CHECK((ui.has("tree/title") || ui.has("side/log")));
        ui.key("Escape");
        CHECK_FALSE((ui.has("tree/title") || ui.has("side/log")));
    }
}

TEST_CASE("present: larger stages, a larger sentence, and still both arrays") {
    const auto screen = stage_app("held-mid-stop");
    Headless ui(*screen);
    const float stage = ui.rect("card/A/counter/mddev").w, sentence = ui.rect("now/what").h;
    ui.key("p");
    CHECK(ui.rect("card/A/counter/mddev").w > 1.3F * stage);
    CHECK(ui.rect("now/what").h > 1.3F * sentence);
    CHECK(ui.mark("card/B/status").visible);
    CHECK(ui.faults() == kNone);
    CHECK_FALSE(ui.has("toolbar/play"));                      // all of the window is the picture's
    for (const char* digit : {"1", "2", "3"}) ui.key(digit);  // no key takes an array away
    CHECK(ui.mark("card/B/status").visible);
    ui.key("p");
    CHECK(ui.rect("card/A/counter/mddev").w == stage);
}

// ---- the page of what is in flight

class InFlightScreen : public Screen {
   public:
    explicit InFlightScreen(State& state) : state_(state) {}
    void draw() override {
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("root", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
        draw_in_flight(state_);
        ImGui::End();
    }
    std::optional<int> next_frame_ms() override { return std::nullopt; }
    bool wants_to_quit() override { return false; }

   private:
    State& state_;
};

TEST_CASE("what is held in one array is told of that one") {
    State state(*load_scenario_file("race"));
    InFlightScreen screen(state);
    Headless ui(screen);
    CHECK(ui.value("in_flight/hold_bitmap") == 0);
    REQUIRE(state.player.hold("bitmap", 1U << Side::A) == "");
    ui.frame(2);
    CHECK(ui.value("in_flight/hold_bitmap") == 1);
    CHECK(ui.text("in_flight/hold_bitmap") == "Hold every new bitmap write (A only)");
    REQUIRE(state.player.hold("bitmap", 1U << Side::B) == "");
    ui.frame(2);
    CHECK(ui.text("in_flight/hold_bitmap") == "Hold every new bitmap write");
    REQUIRE(state.player.release("bitmap", 1U << Side::A) == "");
    ui.frame(2);
    CHECK(ui.text("in_flight/hold_bitmap") == "Hold every new bitmap write (B only)");
}

TEST_CASE("a write whose completion runs is not gone: its counter counts it") {
    Scenario scenario = *load_scenario_file("race");
    scenario.granularity = Granularity::Fine;
    State state(scenario);
    REQUIRE(state.player.stop() == "");
    state.player.play_to_end();
    InFlightScreen screen(state);
    Headless ui(screen);
    bool seen = false;
    for (std::size_t tick = 0; tick <= state.player.end() && !seen; tick++) {
        state.player.go_to(tick);
        const SideView& view = state.player.view().sides[Side::B];
        if (view.ending.empty() || !view.step->bios.empty() || view.mddev_pending == 0) continue;
        seen = true;
        ui.frame(2);
        CHECK(ui.text("in_flight/B") == "B: 0 in flight, 1 ending");
        CHECK_FALSE(ui.has("in_flight/B/none"));
        CHECK(ui.has("in_flight/B/ending/" + view.ending.front().bio));
    }
    CHECK(seen);
}

// In a kernel whose stop destroys the bios' pools first, a write that ends late meets those: no report was about it.
TEST_CASE("only an Oops that was reported is compared with the report") {
    State lost(*load_scenario_file("race-lost"));
    CHECK(console_note(lost.player.duel(), Side::A).find("2021") != std::string::npos);
    State state(*load_scenario_file("pools-stop"));
    REQUIRE(state.player.hold("bitmap sdb") == "");
    REQUIRE(state.player.stop() == "");
    state.player.play_to_end();
    REQUIRE(state.player.release("all") == "");
    state.player.play_to_end();
    const auto& oops = state.player.duel().tape(Side::A).last().snapshot.oops;
    REQUIRE(oops);
    CHECK(oops->object != "rdev->mddev");
    CHECK(console_note(state.player.duel(), Side::A) == "Emulated.");
}

}  // namespace

}  // namespace mdscope::gui
