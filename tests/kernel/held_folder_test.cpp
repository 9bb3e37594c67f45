// SPDX-License-Identifier: MIT
// A folder that is held is found whatever becomes of its name; and what names may do to a terminal.
#include <filesystem>
#include <fstream>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/shown.hpp"
#include "tests/kernel/support.hpp"
#include "tests/scratch.hpp"

namespace mdscope::test {

namespace fs = std::filesystem;

TEST_CASE("files of a held folder are found when it was moved and another one has its name, and no longer after that") {
    const testing::ScratchFolder scratch;
    RealKernel kernel;
    const TaskScope scope(kernel, "test");
    const std::string lab = scratch / "lab";
    fs::create_directory(lab);
    std::ofstream(lab + "/sda.img") << std::string(4096, 'a');
    {
        auto held = kernel.hold_folder(lab);
        REQUIRE(static_cast<bool>(held));
        REQUIRE(kernel.replace_file(lab + "/container.json", "one"));
        fs::rename(lab, scratch / "moved");
        fs::create_directory(lab);
        CHECK(*kernel.read_file(lab + "/container.json") == "one");
        REQUIRE(kernel.replace_file(lab + "/container.json", "two"));
        CHECK(static_cast<bool>(kernel.open_disk(lab + "/sda.img", OpenMode::ReadWrite)));
        CHECK(kernel.is_same_file(lab + "/sda.img", scratch / "moved/sda.img"));
        CHECK(scratch.names("lab").empty());
        CHECK(*kernel.read_file(scratch / "moved/container.json") == "two");
    }
    CHECK_FALSE(kernel.read_file(lab + "/container.json"));
    CHECK(kernel.hold_folder(scratch / "none").error().err == ENOENT);
}

TEST_CASE("a held folder that was removed is told from a file that is missing") {
    const testing::ScratchFolder scratch;
    RealKernel kernel;
    const TaskScope scope(kernel, "test");
    const std::string lab = scratch / "lab";
    fs::create_directory(lab);
    auto held = kernel.hold_folder(lab);
    REQUIRE(static_cast<bool>(held));
    CHECK(kernel.replace_file(lab + "/container.json", "one"));
    fs::remove_all(lab);
    const Result<bool> written = kernel.replace_file(lab + "/container.json", "two");
    REQUIRE_FALSE(written);
    CHECK(written.error().err == ESTALE);
    CHECK(written.error().text == "the folder " + lab + " was removed");
}

TEST_CASE("what a kernel writes is for its owner alone") {
    const testing::ScratchFolder scratch;
    RealKernel kernel;
    const TaskScope scope(kernel, "test");
    for (const char* text : {"one", "two"}) REQUIRE(kernel.replace_file(scratch / "file", text));
    for (const char* name : {"file", "file.new"})
        CHECK(fs::status(scratch / name).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("names are shown without what a terminal would obey, and texts keep their lines") {
    CHECK(shown("sda") == "sda");
    CHECK(shown("a\x1b[2Jb\n\x7f") == "a\\x1b[2Jb\\x0a\\x7f");
    CHECK(shown("\xc2\x9b"
                "31m") == "\\xc2\\x9b31m");            // CSI as one character
    CHECK(shown("h\xc3\xa4user") == "h\xc3\xa4user");  // not a control character, though bytes of it might be
    CHECK(shown_lines("one\n\ttwo\r\x1b") == "one\n\ttwo\\x0d\\x1b");
    CHECK(disk_name("lab/s\x1b"
                    "da.img") == "s\\x1bda");
}

}  // namespace mdscope::test
