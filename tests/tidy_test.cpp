// SPDX-License-Identifier: MIT
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
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "tests/source_files.hpp"

namespace {

using namespace sources;

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
        {"engine/help", {}},
        {"engine/md", {"engine/trace", "engine/kernel"}},
        {"engine/mdadm", mdadm},
        {"engine/scenario", scenario},
        {"engine/museum", museum},
        {"engine/look", look},
        {"engine/explore", look},
        {"engine/story", engine},
        {"fs/mount", engine},
        {"fs/cli", with(engine, {"engine/help", "fs/mount"})},
        {"gui/live", engine},
        {"gui/model", with(engine, {"gui/live"})},
        {"gui/frame", with(engine, {"gui/model"})},
        {"gui/panels", with(engine, {"gui/live", "gui/model", "gui/frame"})},
        {"gui", with(engine, {"engine/help", "gui/live", "gui/model", "gui/frame", "gui/panels"})},
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

// What each of our files includes, as it is written there: engine/x.hpp, imgui.h.
const std::map<std::string, std::vector<std::string>>& includes() {
    static const auto table = [] {
        const std::regex include(R"re(^\s*#\s*include\s*[<"]([^">]+))re");
        std::map<std::string, std::vector<std::string>> found;
        for (const SourceFile& file : all_files())
            for (const std::string& line : is_code(file.path) ? file.lines : std::vector<std::string>{})
                if (std::smatch match; std::regex_search(line, match, include)) found[file.path].push_back(match[1]);
        return found;
    }();
    return table;
}

// The way from a file to a header that matches, "gui/x.hpp > gui/y.hpp > imgui.h"; empty: there is none.
std::string way_to(const std::regex& header, const std::string& path, std::set<std::string>& seen) {
    const auto row = includes().find(path);
    if (row == includes().end() || !seen.insert(path).second) return "";
    for (const std::string& name : row->second) {
        const std::string rest = std::regex_search(name, header) ? name : way_to(header, name, seen);
        if (!rest.empty()) return path + " > " + rest;
    }
    return "";
}

// The compiler sees to it, too: their libraries are not told where ImGui and SDL are. What lies beside the system's own
// headers (GL/gl.h, SDL2/SDL.h) it would find.
TEST_CASE("gui/live and gui/model draw nothing, nor does anything they include") {
    const std::regex pixels("^(imgui|SDL|backends/|GL/|EGL/|png\\.h)");
    std::size_t seen = 0;
    for (const auto& [path, names] : includes()) {
        if (!path.starts_with("gui/live/") && !path.starts_with("gui/model/")) continue;
        std::set<std::string> visited;
        CHECK(way_to(pixels, path, visited) == "");
        seen = std::max(seen, visited.size());
    }
    CHECK(seen > 50);  // gui/model/state.hpp alone includes more
}

// ---- names of md's functions

// The texts between quotation marks of a line, without those in a comment.
std::vector<std::string> strings_of(const std::string& line) {
    std::vector<std::string> strings;
    if (line.find("#include") != std::string::npos) return strings;
    for (std::size_t i = 0; i < line.size() && line.compare(i, 2, "//") != 0; i++) {
        if (line[i] == '\'' && line.find('\'', i + 1) == i + 2) i += 2;  // a character
        if (line[i] != '"') continue;
        std::size_t end = i + 1;
        while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
        strings.push_back(line.substr(i + 1, std::min(end, line.size()) - i - 1));
        i = end;
    }
    return strings;
}

std::vector<std::string> words_of(const std::string& text) {
    static const std::regex word("[A-Za-z_0-9]+");
    return {std::sregex_token_iterator(text.begin(), text.end(), word), std::sregex_token_iterator()};
}

// Those that open with an MD_FRAME.
const std::set<std::string>& md_functions() {
    static const std::set<std::string> names = [] {
        static const std::regex frame("MD_FRAME\\(\"([^\"]+)\"");
        std::set<std::string> found;
        for (const SourceFile& file : all_files())
            for (const std::string& line : file.lines)
                if (std::smatch match; file.path.starts_with("engine/md/") && std::regex_search(line, match, frame))
                    found.insert(match[1]);
        return found;
    }();
    return names;
}

// Where a name stands that belongs into md or into an exhibit: "path: name".
std::set<std::string> misplaced_names() {
    static const std::set<std::string> rooms = {"engine/explore", "engine/story", "engine/look", "engine/scenario",
                                                "fs/mount",       "fs/cli",       "gui/live",    "gui/model",
                                                "gui/frame",      "gui/panels",   "gui"};
    std::set<std::string> found;
    for (const SourceFile& file : all_files()) {
        if (!is_code(file.path) || !rooms.contains(layer_of(file.path))) continue;
        for (const std::string& line : file.lines)
            for (const std::string& text : strings_of(line))
                for (const std::string& word : words_of(text))
                    if (md_functions().contains(word)) found.insert(file.path + ": " + word);
    }
    return found;
}

TEST_CASE("no name of a function of md stands in a string outside md and the museum") {
    // What a bug is about is its exhibit's to say, or the next bug has to be told of in thirty files.
    CHECK(md_functions().size() > 100);
    for (const std::string& name : misplaced_names()) FAIL_CHECK(name);
}

// What md gives out and exhibits ask for by name: a function that was renamed must not be looked for in vain.
TEST_CASE("what an exhibit calls a function of md is one") {
    const std::regex function("^(__)?(md|mddev|raid1|array|freeze|unbind|export|super|end|rdev|write)_[a-z0-9_]+$");
    const std::set<std::string> others = {"md_ioctl",      // waits for its frame
                                          "array_state"};  // a file
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!file.path.starts_with("engine/museum/") && file.path != "engine/md/frames.hpp") continue;
        for (const std::string& line : file.lines)
            for (const std::string& text : strings_of(line)) {
                if (!std::regex_match(text, function) || others.contains(text)) continue;
                seen++;
                CAPTURE(file.path);
                CAPTURE(text);
                CHECK(md_functions().contains(text));
            }
    }
    CHECK(seen > 50);
}

TEST_CASE("a condition that an exhibit knows is one of a wait_event of md") {
    const std::regex condition("^[a-z_>.-]+ == 0$");
    std::string waits;
    for (const SourceFile& file : all_files())
        for (const std::string& line : file.lines)
            if (file.path.starts_with("engine/md/") && line.find("wait_event(") != std::string::npos) waits += line;
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!file.path.starts_with("engine/museum/")) continue;
        for (const std::string& line : file.lines)
            for (const std::string& text : strings_of(line)) {
                if (!std::regex_match(text, condition)) continue;
                seen++;
                CAPTURE(text);
                CHECK(waits.find(", " + text + ")") != std::string::npos);
            }
    }
    CHECK(seen >= 4);
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

TEST_CASE("every source file names its licence") {
    const auto is_source = [](const SourceFile& file) {
        const bool is_script = !file.lines.empty() && file.lines.front().starts_with("#!");
        return (is_code(file.path) && file.path != "tests/consumer/story.cpp") || is_script ||
               file.path.ends_with(".cmake") || file.path.ends_with("CMakeLists.txt");
    };
    const std::string licence = "SPDX-License-Identifier: MIT";
    for (const SourceFile& file : all_files()) {
        if (!is_source(file)) continue;
        CAPTURE(file.path);
        CHECK(std::ranges::any_of(file.lines, [&](const std::string& line) { return line.ends_with(licence); }));
    }
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
