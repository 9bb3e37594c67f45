// SPDX-License-Identifier: MIT
// Settings: kept, and never a reason not to start.
#include "gui/frame/settings.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gui/model/files.hpp"
#include "tests/scratch.hpp"

namespace mdscope::gui {

namespace {

namespace fs = std::filesystem;

using testing::ScratchFolder;
using testing::write_text;

TEST_CASE("what is saved is loaded") {
    const ScratchFolder folder;
    const std::string path = folder / "a/b/gui.json";
    const Settings settings{150, ThemeName::light, "present", {{"top", 0.25F}, {"side", 1.0F}}, {1, 3}};
    REQUIRE(save_settings(settings, path));
    const LoadedSettings loaded = load_settings(path);
    CHECK(loaded.settings == settings);
    CHECK(loaded.message.empty());
    REQUIRE(save_settings({}, path));
    CHECK(load_settings(path).settings == Settings());
    CHECK(std::distance(fs::directory_iterator(folder / "a/b"), fs::directory_iterator()) == 1);
}

TEST_CASE("no file is no message; a broken one is ignored with one") {
    const ScratchFolder folder;
    CHECK(load_settings("").message.empty());
    CHECK(load_settings(folder / "none.json").message.empty());
    CHECK(load_settings(write_text(folder / "file", "") + "/gui.json").message.empty());
    for (const char* text : {"", "{", "[]", "null", "7", "\xff\xfe\0x", "{\"text_percent\": 1e999}"}) {
        CAPTURE(text);
        const LoadedSettings loaded = load_settings(write_text(folder / "gui.json", text));
        CHECK(loaded.settings == Settings());
        CHECK(loaded.message.find("gui.json") != std::string::npos);
    }
    const LoadedSettings long_one = load_settings(write_text(folder / "gui.json", std::string(1 << 20, ' ')));
    CHECK(long_one.message.find("more than") != std::string::npos);
    CHECK_FALSE(load_settings(folder.path()).message.empty());
    const std::string nested = std::string(30000, '[');
    CHECK_FALSE(load_settings(write_text(folder / "gui.json", nested)).message.empty());
}

TEST_CASE("a value that makes no sense gets its usual one, the others stay") {
    const ScratchFolder folder;
    const LoadedSettings loaded = load_settings(
        write_text(folder / "gui.json", R"({"text_percent": 9999, "theme": "pink", "layout": 7, "more": [],
                        "splitters": {"a": 7, "b": -1, "c": "x", "d": 0.5, "e": null}})"));
    CHECK(loaded.message.empty());
    CHECK(loaded.settings.text_percent == kLargestText);
    CHECK(loaded.settings.theme == ThemeName::dark);
    CHECK(loaded.settings.layout == "compare");
    CHECK(loaded.settings.splitters == std::map<std::string, float>{{"a", 1.0F}, {"b", 0.0F}, {"d", 0.5F}});
    CHECK(load_settings(write_text(folder / "gui.json", R"({"splitters": 3, "text_percent": "big"})")).settings ==
          Settings());
}

TEST_CASE("what cannot be saved says why and leaves the old file") {
    const ScratchFolder folder;
    CHECK(save_settings({}, "").error().text.find("HOME") != std::string::npos);
    const std::string file = write_text(folder / "file", "old");
    CHECK_FALSE(save_settings({}, file + "/gui.json"));
    CHECK_FALSE(save_settings({}, folder.path()));
    CHECK(*read_small_file(file, 100) == "old");
    const Result<bool> full = replace_file("/dev/full", "text");
    REQUIRE_FALSE(full);
    CHECK(full.error().err == ENOSPC);
}

TEST_CASE("a file is replaced through its link, with the rights of the user's umask") {
    const ScratchFolder folder;
    const std::string file = write_text(folder / "file", "old");
    fs::create_symlink(file, folder / "link");
    const mode_t before = umask(027);
    REQUIRE(replace_file(folder / "link", "new"));
    umask(before);
    CHECK(fs::is_symlink(folder / "link"));
    CHECK(*read_small_file(file, 100) == "new");
    CHECK((fs::status(file).permissions() & fs::perms::mask) == static_cast<fs::perms>(0640));
    CHECK(read_small_file(file, 2).error().err == EFBIG);
}

TEST_CASE("where settings are") {
    const auto with = [](const char* config, const char* home) {
        setenv("XDG_CONFIG_HOME", config, 1);
        setenv("HOME", home, 1);
        return settings_path();
    };
    const std::string old_home = getenv("HOME") != nullptr ? getenv("HOME") : "";
    CHECK(with("/config", "/me") == "/config/mdscope/gui.json");
    CHECK(with("", "/me") == "/me/.config/mdscope/gui.json");
    CHECK(with("not/absolute", "/me") == "/me/.config/mdscope/gui.json");
    CHECK(with("", "") == "");
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", old_home.c_str(), 1);
}

}  // namespace

}  // namespace mdscope::gui
