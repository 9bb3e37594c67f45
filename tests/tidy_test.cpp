// Rules about the sources themselves, read from their text.
//
//   trace <- kernel <- md <- mdadm <- look <- explore <- story        an arrow points at what is included
//                       ^  scenario, museum            ^  ^
//                      host                           fs  gui         fs and gui do not know each other
//
// The layers are what lets the same md code run on real and on simulated kernels, and the window never touch the
// engine: a wrong #include is the first step away from both. The other rules keep files readable (length), finished (no
// notes to self), deterministic (no test that sleeps instead of waiting for a condition), and usable on any machine (no
// path of the machine they were written on).
//
// Patterns are put together from pieces, so that this file does not match itself.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

namespace fs = std::filesystem;

namespace {

struct SourceFile {
    std::string path;  // from the root of the repository, with slashes
    std::vector<std::string> lines;
};

bool is_code(const std::string& path) {
    const std::string extension = fs::path(path).extension();
    return extension == ".cpp" || extension == ".hpp";
}

bool is_binary(const std::string& path) {
    static const std::set<std::string> extensions = {".zst", ".png", ".img"};
    return extensions.contains(fs::path(path).extension());
}

void read_into(std::vector<SourceFile>& files, const fs::path& root, const fs::path& file) {
    SourceFile source{fs::relative(file, root).generic_string(), {}};
    if (is_binary(source.path)) return;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) source.lines.push_back(line);
    files.push_back(std::move(source));
}

// Everything that is ours, as text: the agreed folders and the files at the top.
const std::vector<SourceFile>& all_files() {
    static const std::vector<SourceFile> files = [] {
        const fs::path root = MDSCOPE_SOURCE_DIR;
        std::vector<SourceFile> found;
        for (const char* folder : {"engine", "fs", "gui", "tests", "assets", ".ci"}) {
            if (!fs::exists(root / folder)) continue;
            for (const auto& entry : fs::recursive_directory_iterator(root / folder))
                if (entry.is_regular_file()) read_into(found, root, entry.path());
        }
        for (const char* file : {"CMakeLists.txt", "README.md", ".clang-tidy"})
            if (fs::exists(root / file)) read_into(found, root, root / file);
        return found;
    }();
    return files;
}

using Wanted = std::function<bool(const std::string& path)>;

// "path:line: text" of each line that matches.
std::string matches(const Wanted& wanted, const std::regex& pattern) {
    std::string found;
    for (const SourceFile& file : all_files()) {
        if (!wanted(file.path)) continue;
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            if (std::regex_search(file.lines[i], pattern))
                found += file.path + ":" + std::to_string(i + 1) + ": " + file.lines[i] + "\n";
    }
    return found;
}

bool everywhere(const std::string& /*path*/) {
    return true;
}

// The layer a path belongs to: the longest of the table's names that its folders begin with; empty for a system header.
const std::map<std::string, std::set<std::string>>& may_include();
std::string layer_of(const std::string& path) {
    for (fs::path folder = fs::path(path).parent_path(); !folder.empty(); folder = folder.parent_path())
        if (may_include().contains(folder.generic_string())) return folder.generic_string();
    return path.starts_with("tests/") ? "tests" : "";
}

// Of each layer, those it may include besides itself.
const std::map<std::string, std::set<std::string>>& may_include() {
    using Layers = std::set<std::string>;
    static const auto with = [](Layers layers, const Layers& more) {
        layers.insert(more.begin(), more.end());
        return layers;
    };
    static const Layers md = {"engine/trace", "engine/kernel", "engine/md"};
    static const Layers mdadm = with(md, {"engine/host", "engine/mdadm"});
    static const Layers scenario = with(md, {"engine/host", "engine/scenario"});
    static const Layers museum = with(scenario, {"engine/museum"});
    static const Layers look = with(with(mdadm, museum), {"engine/look"});
    static const Layers engine = with(look, {"engine/explore", "engine/story"});
    static const std::map<std::string, Layers> table = {
        {"engine/trace", {}},
        {"engine/kernel", {"engine/trace"}},
        {"engine/host", {"engine/kernel"}},
        {"engine/md", {"engine/trace", "engine/kernel"}},
        {"engine/mdadm", mdadm},
        {"engine/scenario", scenario},
        {"engine/museum", museum},
        {"engine/look", look},
        {"engine/explore", look},
        {"engine/story", engine},
        {"fs/mount", engine},
        {"fs/cli", with(engine, {"fs/mount"})},
        {"gui/live", engine},
        {"gui/model", with(engine, {"gui/live", "gui/frame"})},
        {"gui/frame", with(engine, {"gui/model"})},
        {"gui/panels", with(engine, {"gui/live", "gui/model", "gui/frame"})},
        {"gui", with(engine, {"gui/live", "gui/model", "gui/frame", "gui/panels"})},
    };
    return table;
}

TEST_CASE("a layer includes only itself and what is below it") {
    const std::regex include(R"re(^\s*#\s*include\s+"([^"]+)")re");
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        const auto row = may_include().find(layer_of(file.path));
        if (row == may_include().end() || !is_code(file.path)) continue;
        for (const std::string& line : file.lines) {
            std::smatch match;
            if (!std::regex_search(line, match, include)) continue;
            ++seen;
            CAPTURE(file.path);
            CAPTURE(line);
            if (match[1].str().starts_with("generated/")) continue;  // lists of what is in a folder of its own layer
            const std::string included = layer_of(match[1]);
            CHECK((included == row->first || row->second.contains(included)));
        }
    }
    CHECK(seen > 50);  // A test that reads nothing would pass, too.
}

TEST_CASE("only engine/kernel and engine/host know threads, clocks and files") {
    const std::regex include(
        R"(#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|chrono|fstream|random|pthread\.h|unistd\.h|)"
        R"(fcntl\.h|sys/.*)>)");
    const auto above = [](const std::string& path) {
        const std::string layer = layer_of(path);
        return layer.starts_with("engine/") && layer != "engine/trace" && layer != "engine/kernel" &&
               layer != "engine/host";
    };
    CHECK(matches(above, include) == "");
}

TEST_CASE("gui/live and gui/model draw nothing") {
    const std::regex include(R"(#\s*include\s*[<"](imgui|SDL|backends/|GL/))");
    const auto no_pixels = [](const std::string& path) {
        return path.starts_with("gui/live/") || path.starts_with("gui/model/");
    };
    CHECK(matches(no_pixels, include) == "");
}

TEST_CASE("includes are written from the root of the repository") {
    for (const SourceFile& file : all_files()) {
        if (!is_code(file.path)) continue;
        const std::regex relative(R"(^\s*#\s*include\s+"\.)");
        for (const std::string& line : file.lines) {
            CAPTURE(file.path);
            CAPTURE(line);
            CHECK_FALSE(std::regex_search(line, relative));
        }
    }
}

TEST_CASE("a source file is one concept: at most 500 lines") {
    for (const SourceFile& file : all_files()) {
        if (!is_code(file.path)) continue;
        CAPTURE(file.path);
        CHECK(file.lines.size() <= 500);
    }
}

TEST_CASE("nothing is left for later in a comment") {
    const std::regex note(
        "\\b(TO"
        "DO|FIX"
        "ME|XX"
        "X)\\b|not yet imple"
        "mented|unimple"
        "mented");
    CHECK(matches(everywhere, note) == "");
}

TEST_CASE("no test sleeps: it waits for a condition, with a deadline") {
    const std::regex nap(
        "sleep_"
        "for|sleep_"
        "until|u"
        "sleep\\(|nano"
        "sleep\\(|\\bsle"
        "ep [0-9]");
    const auto tests = [](const std::string& path) { return path.starts_with("tests/"); };
    CHECK(matches(tests, nap) == "");
}

TEST_CASE("no path of somebody's machine") {
    const std::regex path(
        "/wo"
        "rk/|/home/[a-z]|\\.\\./sha"
        "red|\\.lib"
        "rary");
    CHECK(matches(everywhere, path) == "");
}

TEST_CASE("scripts can be run as they are") {
    const fs::path root = MDSCOPE_SOURCE_DIR;
    for (const SourceFile& file : all_files()) {
        const bool is_script = !file.lines.empty() && file.lines.front().starts_with("#!");
        if (!is_script) continue;
        CAPTURE(file.path);
        CHECK((fs::status(root / file.path).permissions() & fs::perms::owner_exec) != fs::perms::none);
    }
}

}  // namespace
