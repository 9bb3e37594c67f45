// SPDX-License-Identifier: MIT
// What goes out of the window comes back the same, and what goes wrong on the way is said and leaves nothing behind. No
// ImGui here: files, codes, and the players they are made from.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/scenario/scenario_files.hpp"
#include "gui/model/files.hpp"
#include "gui/model/share_actions.hpp"
#include "gui/model/state.hpp"
#include "tests/scratch.hpp"

namespace mdscope::gui {

namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;

Scenario race() {
    Result<Scenario> scenario = load_scenario_file("race");
    REQUIRE(scenario);
    return *scenario;
}

// Hold, stop, release late: played to the crash, then back to where it can still be seen coming.
Player played() {
    Player player(race());
    CHECK(player.hold("bitmap").empty());
    CHECK(player.stop().empty());
    player.play_to_end();
    CHECK(player.release("all").empty());
    player.play_to_end();
    player.go_to(player.end() / 2);
    return player;
}

std::vector<std::uint64_t> hashes(const Player& player) {
    std::vector<std::uint64_t> all;
    for (std::size_t tick = 0; tick <= player.end(); tick++)
        for (const Side side : kSides) all.push_back(player.duel().at(side, tick).state_hash);
    return all;
}

void check_same(const Player& before, const Player& after) {
    CHECK(after.tick() == before.tick());
    CHECK(after.end() == before.end());
    CHECK(hashes(after) == hashes(before));
    CHECK(after.duel().first_difference() == before.duel().first_difference());
}

std::string content(const std::string& path) {
    const Result<std::string> text = read_text_file(path);
    REQUIRE(text);
    return *text;
}

bool contains(const std::string& text, const std::string& part) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
}

std::size_t count_files(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// ---- round trips

TEST_CASE("what is saved opens at the same playhead, with the same states at every tick, and saves the same bytes") {
    const ScratchFolder folder;
    Player player = played();
    const std::string path = folder / "run.mds", again = folder / "again.mds";
    REQUIRE(save_content(ShareFormat::Scenario, path, player));
    const Result<Scenario> scenario = scenario_from_file(path);
    REQUIRE(scenario);
    Player opened(*scenario);
    check_same(player, opened);
    REQUIRE(save_content(ShareFormat::Scenario, again, opened));
    CHECK(content(path) == content(again));
}

TEST_CASE("a code opens the same run at the same playhead, blanks and ends of lines in it or not") {
    Player player = played();
    const Result<std::string> code = code_of(player);
    REQUIRE(code);
    CHECK(code->size() < 2000);
    for (const std::string& text : {*code, "  " + code->substr(0, 40) + "\n" + code->substr(40) + "\n"}) {
        const Result<Scenario> scenario = scenario_from_text(text);
        REQUIRE(scenario);
        check_same(player, Player(*scenario));
    }
}

TEST_CASE("the text of a scenario file can be pasted as well") {
    Player player = played();
    const Result<std::string> text = content_of(ShareFormat::Scenario, player);
    REQUIRE(text);
    const Result<Scenario> scenario = scenario_from_text(*text);
    REQUIRE(scenario);
    check_same(player, Player(*scenario));
}

TEST_CASE(
    "array B comes back as it was set up, by kernel too; what a scenario cannot say is not saved as something else") {
    Player player(race());
    Scenario a = player.scenario(Side::A), b = a;
    const KernelEra& era = *find_kernel_era("6.1.192");
    b.variants = VariantRows(era);
    REQUIRE(player.change(a, b).empty());
    Result<std::string> text = content_of(ShareFormat::Scenario, player);
    REQUIRE(text);
    const Player opened(*scenario_from_text(*text));
    CHECK(opened.scenario(Side::B).variants == VariantRows(era));

    REQUIRE(b.variants.choose("fix", "v1"));  // no kernel had that; single rows can be said, too
    REQUIRE(player.change(a, b).empty());
    text = content_of(ShareFormat::Scenario, player);
    REQUIRE(text);
    CHECK(Player(*scenario_from_text(*text)).scenario(Side::B).variants == b.variants);

    b.errors = 1;  // of both arrays or of none
    REQUIRE(player.change(a, b).empty());
    text = content_of(ShareFormat::Scenario, player);
    REQUIRE_FALSE(text);
    CHECK(contains(text.error().text, "cannot be shared"));
}

TEST_CASE("a timeline is JSON with both arrays in it, and saving it does not move the playhead") {
    const ScratchFolder folder;
    Player player = played();
    const std::size_t tick = player.tick();
    REQUIRE(save_content(ShareFormat::Trace, folder / "run.json", player));
    CHECK(player.tick() == tick);
    const auto trace = nlohmann::json::parse(content(folder / "run.json"));
    std::set<int> arrays;
    for (const auto& event : trace["traceEvents"]) arrays.insert(event.value("pid", 0));
    CHECK(arrays.contains(1));
    CHECK(arrays.contains(2));
}

// ---- reading what is none

TEST_CASE("what cannot be opened is refused with a reason, and never waited for") {
    const ScratchFolder folder;
    const std::string fifo = folder / "fifo.mds", huge = folder / "huge.mds", inside = folder / "folder.mds";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    fs::create_directory(inside);
    std::ofstream(huge).put('#');
    fs::resize_file(huge, std::uintmax_t{4} << 30);
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {fifo, "it is a FIFO"}, {inside, "it is a folder"},          {"/dev/zero", "it is a device"},
        {huge, "at most"},      {folder / "no.mds", "No such file"}, {folder / "no/such.mds", "No such file"},
    };
    for (const auto& [path, why] : wrong) {
        const Result<Scenario> scenario = scenario_from_file(path);
        REQUIRE_FALSE(scenario);
        CHECK(contains(scenario.error().text, path));
        CHECK(contains(scenario.error().text, why));
        CHECK(contains(scenario.error().text, "Choose a scenario file"));
    }
}

TEST_CASE("a scenario that makes no sense is refused with its line, and the present run stays") {
    const ScratchFolder folder;
    const std::string path = folder / "wrong.mds";
    State state(race());
    state.player = played();
    const std::vector<std::uint64_t> before = hashes(state.player);
    const std::string begin = "mdscope-scenario 1\nfix none\nversus fix upstream\n";
    for (const std::string& rest : {std::string("members 99\n"), std::string("tasks\n stopper: frob\n"),
                                    std::string("tasks\n stopper: stop\nschedule\n  sdz bitmap 1\n")}) {
        std::ofstream(path) << begin << rest;
        state.open_dropped(path);
        REQUIRE(state.messages.size() == 1);
        CHECK(state.messages.back().is_error);
        CHECK(contains(state.messages.back().text, path));
        CHECK(contains(state.messages.back().text, "The present run stays"));
        CHECK((contains(state.messages.back().text, "4: ") || contains(state.messages.back().text, "5: ") ||
               contains(state.messages.back().text, "line 7")));
        CHECK(hashes(state.player) == before);
        state.messages.clear();
    }
}

TEST_CASE("a code that was cut, mistyped or is none is refused with a reason") {
    const Player player = played();
    const std::string code = *code_of(player);
    std::string mistyped = code;
    mistyped[60] = mistyped[60] == 'A' ? 'B' : 'A';
    for (const std::string& text : {std::string(), std::string(" \n"), code.substr(0, code.size() / 2), mistyped,
                                    "mds1:" + std::string(100'000, 'A'), std::string("mds1:!"), std::string("hello"),
                                    std::string("mdscope-scenario 1\nmembers 99\n")}) {
        const Result<Scenario> scenario = scenario_from_text(text);
        REQUIRE_FALSE(scenario);
        CHECK_FALSE(scenario.error().text.empty());
    }
}

// ---- writing where it is not possible

TEST_CASE("on a full disk the old file stays as it was, and nothing else is left") {
    const ScratchFolder folder;
    Player player = played();
    const std::string path = folder / "run.mds";
    std::ofstream(path) << "old";
    // No file may grow: as a full disk, for this process alone.
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
    const Result<std::string> saved = save_content(ShareFormat::Scenario, path, player);
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_handler);
    REQUIRE_FALSE(saved);
    CHECK(contains(saved.error().text, path));
    CHECK(contains(saved.error().text, "Nothing was changed. Make room there"));
    CHECK(content(path) == "old");
    CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("a tiny disk that is really full is told as such") {
    const ScratchFolder folder;
    const std::string disk = folder / "disk";
    fs::create_directory(disk);
    if (mount("none", disk.c_str(), "tmpfs", 0, "size=4k") != 0) {
        MESSAGE("not run: only root mounts");
        return;
    }
    std::ofstream(disk + "/filler") << std::string(8192, 'x');
    Player player = played();
    const Result<std::string> saved = save_content(ShareFormat::Scenario, disk + "/run.mds", player);
    const std::size_t files = count_files(disk);
    umount2(disk.c_str(), MNT_DETACH);
    REQUIRE_FALSE(saved);
    CHECK(contains(saved.error().text, "No space left on device"));
    CHECK(files == 1);
}

TEST_CASE("what is no file is not written to; a folder that is not there is told") {
    const ScratchFolder folder;
    Player player = played();
    const std::string fifo = folder / "fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {fifo, "is a FIFO"},
        {"/dev/full", "is a device"},
        {folder.path(), "is a folder"},
        {folder.path() + "/", "Give the file a name"},
        {folder / "no/run.mds", "Choose a folder that exists"},
        {folder / std::string(300, 'n'), "Choose a shorter name"},
    };
    for (const auto& [path, why] : wrong) {
        const Result<std::string> saved = save_content(ShareFormat::Scenario, path, player);
        REQUIRE_FALSE(saved);
        CHECK(contains(saved.error().text, why));
    }
    CHECK(count_files(folder.path()) == 1);
}

// ---- paths

TEST_CASE("a path gets the ending of its format once") {
    CHECK(with_ending("/x/run", ShareFormat::Scenario) == "/x/run.mds");
    CHECK(with_ending("/x/run.mds", ShareFormat::Scenario) == "/x/run.mds");
    CHECK(with_ending("/x/run.mds", ShareFormat::Trace) == "/x/run.json");
    CHECK(with_ending("/x/run.json", ShareFormat::Picture) == "/x/run.png");
    CHECK(with_ending("/x/v1.2", ShareFormat::Scenario) == "/x/v1.2.mds");
    CHECK(with_ending("/x/", ShareFormat::Scenario) == "/x/");
}

TEST_CASE("a path is completed with folders and with files of its ending") {
    const Listing listing{"/x/", {".hidden.mds", "a.mds", "ab/", "abc.txt", "b.mds"}, "", false};
    using Names = std::vector<std::string>;
    CHECK(completions(listing, "/x/", ".mds") == Names{"a.mds", "ab/", "b.mds"});
    CHECK(completions(listing, "/x/a", ".mds") == Names{"a.mds", "ab/"});
    CHECK(completions(listing, "/x/.", ".mds") == Names{".hidden.mds"});
    CHECK(completions(listing, "/x/zz", ".mds") == Names{});
}

TEST_CASE("a path from the home folder, or from where we are, is a path from the root") {
    CHECK(full_path("/x") == "/x");
    CHECK(full_path("x") == fs::current_path().string() + "/x");
    CHECK(full_path("") == fs::current_path().string() + "/");
    if (const char* home = std::getenv("HOME")) CHECK(full_path("~/x") == std::string(home) + "/x");
}

// A folder is read by another thread; it is there after some looks.
std::shared_ptr<const Listing> looked(FolderList& folders, const std::string& folder) {
    for (int tries = 0; tries < 100'000'000; tries++)
        if (auto listing = folders.look(folder)) return listing;
    FAIL("the folder was not read");
    return nullptr;
}

TEST_CASE("a folder is listed with its folders marked; one that cannot be read says why; forgetting reads again") {
    const ScratchFolder folder;
    std::ofstream(folder / "b.mds").put('\n');
    fs::create_directory(folder / "a");
    FolderList folders([] {});
    CHECK(looked(folders, folder.path() + "/")->names == std::vector<std::string>{"a/", "b.mds"});
    CHECK(looked(folders, folder / "no/")->error == "No such file or directory");
    std::ofstream(folder / "c.mds").put('\n');
    folders.forget();
    CHECK(looked(folders, folder.path() + "/")->names.size() == 3);
}

}  // namespace

}  // namespace mdscope::gui
