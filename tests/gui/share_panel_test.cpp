// SPDX-License-Identifier: MIT
// The share dialog as a person uses it: keys, fields, a list of files, what it says when it worked and when it did not.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <imgui.h>

#include <filesystem>

#include "engine/scenario/scenario_files.hpp"
#include "gui/app.hpp"
#include "tests/gui/harness.hpp"
#include "tests/scratch.hpp"

namespace mdscope::gui {

namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;

// Lines about the dialog; what lies behind it is others' business.
std::string of_dialog(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        if (line.find("share/") != std::string::npos && line.find("toolbar/") == std::string::npos) text += line + "\n";
    return text;
}

std::unique_ptr<Screen> lab_app(AppOptions options = {}) {
    auto made = make_app(std::move(options));
    REQUIRE(made);
    return std::move(*made);
}

// Holds, stops and plays to where nothing goes on: a run worth sharing, at its end.
void make_run(Headless& ui) {
    for (const char* key : {"h", "s", "End"}) ui.key(key);
}

void type_path(Headless& ui, const std::string& path) {
    ui.key("Ctrl+a");
    ui.type(path);
}

// Folders are read by another thread: frames until what it found is there.
void wait_for(Headless& ui, const std::string& id) {
    for (int frames = 0; frames < 100'000 && !ui.has(id); frames++) ui.frame();
    REQUIRE(ui.has(id));
}

void save_as(Headless& ui, const std::string& path) {
    ui.key("Ctrl+s");
    type_path(ui, path);
    ui.click("share/save");
}

TEST_CASE("nothing of the dialog is cut, twice there, without a glyph or out of reach, at any size") {
    struct Size {
        float width, height;
        int percent;
    };
    for (const Size& size : {Size{900, 600, 100}, Size{1600, 900, 100}, Size{1600, 900, 200}, Size{900, 600, 200}}) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        const auto screen = lab_app();
        Headless ui(*screen, {.width = size.width, .height = size.height, .text_percent = size.percent});
        ui.key("Ctrl+s");  // its button may have to be scrolled to
        for (const std::string tab : {"share/tab/save", "share/tab/open", "share/tab/text"}) {
            CAPTURE(tab);
            ui.click(tab);
            ui.pass(0.1);
            CHECK(of_dialog(ui.faults()) == "");
            CHECK(of_dialog(ui.out_of_reach()) == "");  // and Escape, at its end, closes the dialog
            CHECK_FALSE(ui.has("share/title"));
            ui.key("Ctrl+s");  // its button may have to be scrolled to
        }
    }
}

TEST_CASE("a run is saved, the lab is changed, the run is opened again: it is where it was") {
    const ScratchFolder folder;
    const auto screen = lab_app();
    Headless ui(*screen);
    make_run(ui);
    ui.key("Left");
    ui.key("Left");
    const std::string tick = ui.text("now/tick"), status = ui.text("card/A/status");
    save_as(ui, folder / "run");
    CHECK(ui.text("share/answer").find("Saved " + folder / "run.mds") == 0);
    ui.key("Escape");
    ui.key("Home");
    ui.key("r");
    REQUIRE(ui.text("now/tick") != tick);

    ui.key("Ctrl+o");
    type_path(ui, folder.path() + "/");
    wait_for(ui, "share/open/names/run.mds");
    ui.click("share/open/names/run.mds");
    ui.click("share/open");
    CHECK_FALSE(ui.has("share/title"));
    CHECK(ui.text("now/tick") == tick);
    CHECK(ui.text("card/A/status") == status);
}

TEST_CASE("Enter in the field saves and opens; a file that is there is replaced only by its button") {
    const ScratchFolder folder;
    const auto screen = lab_app();
    Headless ui(*screen);
    ui.key("Ctrl+s");
    type_path(ui, folder / "run.mds");
    ui.key("Enter");
    CHECK(ui.text("share/answer").find("Saved") == 0);
    ui.key("Escape");
    make_run(ui);
    const std::string before = testing::read_text(folder / "run.mds");
    ui.key("Ctrl+s");
    type_path(ui, folder / "run.mds");
    ui.key("Enter");
    CHECK(ui.text("share/answer").find("is there already") != std::string::npos);
    CHECK(testing::read_text(folder / "run.mds") == before);
    wait_for(ui, "share/save/note");
    CHECK(ui.text("share/save") == "Replace");
    ui.click("share/save");
    CHECK(testing::read_text(folder / "run.mds") != before);
    ui.key("Escape");
    ui.key("Ctrl+o");
    type_path(ui, folder / "run.mds");
    ui.key("Enter");
    CHECK_FALSE(ui.has("share/title"));
}

TEST_CASE("what cannot be saved or opened is said in the dialog, which stays with what was typed") {
    const ScratchFolder folder;
    const auto screen = lab_app();
    Headless ui(*screen);
    save_as(ui, folder / "no/run.mds");
    CHECK(ui.text("share/answer").find("No such file or directory. Nothing was changed.") != std::string::npos);
    CHECK(ui.text("share/save/path") == folder / "no/run.mds");
    CHECK(of_dialog(ui.faults()) == "");
    testing::write_text(folder / "wrong.mds", "mdscope-scenario 1\nmembers 99\n");
    ui.click("share/tab/open");
    type_path(ui, folder / "wrong.mds");
    ui.key("Enter");
    CHECK(ui.text("share/answer").find(folder / "wrong.mds:2: ") != std::string::npos);
    CHECK(ui.has("share/title"));
    CHECK(of_dialog(ui.faults()) == "");
}

TEST_CASE("a code goes out and in by the clipboard") {
    const auto screen = lab_app();
    Headless ui(*screen);
    make_run(ui);
    const std::string tick = ui.text("now/tick");
    ui.key("Ctrl+s");
    ui.click("share/tab/text");
    ui.click("share/code");
    const std::string code = ImGui::GetClipboardText();
    CHECK(code.find("mds1:") == 0);
    ui.key("Escape");

    const auto other = lab_app();
    Headless again(*other);
    ImGui::SetClipboardText(code.c_str());
    again.key("Ctrl+o");
    again.click("share/tab/text");
    again.click("share/paste");
    CHECK(again.text("now/tick") == tick);
    ImGui::SetClipboardText("nothing of the kind");
    again.key("Ctrl+o");
    again.click("share/tab/text");
    again.click("share/paste");
    CHECK(again.text("share/answer").find("neither a code nor a scenario") != std::string::npos);
    CHECK(of_dialog(again.faults()) == "");
}

TEST_CASE("the description of the playhead is copied as text") {
    const auto screen = lab_app();
    Headless ui(*screen);
    ui.key("Ctrl+s");
    ui.click("share/tab/text");
    ui.click("share/describe");
    CHECK(ui.text("share/answer").find("Copied the description") == 0);
}

TEST_CASE("a picture is taken once the dialog is gone, and how it went is said") {
    const ScratchFolder folder;
    std::vector<std::string> taken;
    bool was_open = false;
    AppOptions options;
    options.save_png = [&](const std::string& path, const std::function<void(const Result<bool>&)>& done) {
        taken.push_back(path);
        was_open = ui::find("share/title") != nullptr;
        done(taken.size() == 1 ? Result<bool>(true) : Error{ENOSPC, fmt::format("Cannot write {}: full.", path)});
    };
    const auto screen = lab_app(std::move(options));
    Headless ui(*screen);
    for (const char* said : {"Saved ", "Cannot write "}) {
        ui.key("Ctrl+s");
        ui.click("share/format/picture");
        ui.click("share/save/path");
        type_path(ui, folder / "window");
        ui.click("share/save");
        ui.frame(4);
        CHECK(taken.back() == folder / "window.png");
        CHECK_FALSE(was_open);
        CHECK(ui.text("message/text").find(said + folder / "window.png") == 0);
        ui.key("Escape");
    }
    CHECK(of_dialog(ui.faults()) == "");
}

TEST_CASE("a file that is dropped on the window is opened; one that is none is refused") {
    const ScratchFolder folder;
    const auto screen = lab_app();
    Headless ui(*screen);
    make_run(ui);
    save_as(ui, folder / "run.mds");
    const std::string tick = ui.text("now/tick");
    ui.key("Escape");
    ui.key("m");  // from wherever it was
    screen->dropped_file(folder / "run.mds");
    ui.settle();
    CHECK(ui.text("now/tick") == tick);
    screen->dropped_file(folder.path());
    ui.settle();
    CHECK(ui.text("message/text").find("it is a folder") != std::string::npos);
    CHECK(ui.text("now/tick") == tick);
}

TEST_CASE("one dialog at a time: the keys of the others do nothing") {
    const auto screen = lab_app();
    Headless ui(*screen);
    ui.key("Ctrl+s");
    ui.key("F1");
    CHECK_FALSE(ui.has("help/title"));
    ui.key("Ctrl+o");
    CHECK(ui.value("share/tab/open") == 1);
    ui.key("Escape");
    ui.key("F1");
    ui.key("Ctrl+s");
    CHECK(ui.has("help/title"));
    CHECK_FALSE(ui.has("share/title"));
}

}  // namespace

}  // namespace mdscope::gui
