// SPDX-License-Identifier: MIT
// That the pages for who carries on (every README.md) speak of what is there.
//
//   all of them        a link leads somewhere, and engine/..., fs/..., gui/..., tests/..., assets/... exists
//   kNamesAreChecked   also: a `name` in backticks is a word of the sources
//                      in a table: the row | `one/file.cpp` | `name` ... | names what is in that very file
//                      in a numbered step: a name is in one of the files that the step speaks of
//
// A function that was renamed turns this red, and the recipe or the walk is mended with it.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/source_files.hpp"

namespace {

using namespace sources;

const std::set<std::string> kNamesAreChecked = {"engine/README.md", "gui/README.md", "tests/README.md"};

const fs::path kRoot = MDSCOPE_SOURCE_DIR;

bool is_document(const SourceFile& file) {
    return file.path.ends_with(".md");
}

std::vector<std::string> found_in(const std::string& text, const std::regex& pattern, std::size_t group) {
    std::vector<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
        found.push_back((*match)[group]);
    return found;
}

std::set<std::string> words_in(const SourceFile& file) {
    static const std::regex word("[A-Za-z_][A-Za-z0-9_]*");
    std::set<std::string> words;
    for (const std::string& line : file.lines)
        for (std::string& name : found_in(line, word, 0)) words.insert(std::move(name));
    return words;
}

// Of everything that is no document.
const std::set<std::string>& words_of_sources() {
    static const std::set<std::string> words = [] {
        std::set<std::string> all;
        for (const SourceFile& file : all_files())
            if (!is_document(file)) all.merge(words_in(file));
        return all;
    }();
    return words;
}

const SourceFile* code_at(const std::string& path) {
    const auto found = std::ranges::find(all_files(), path, &SourceFile::path);
    return found != all_files().end() && is_code(path) ? &*found : nullptr;
}

// What stands in backticks and can be a name: `md_stop`, `World::Mark`, `peek()`. Given in parts: World, Mark.
std::vector<std::string> names_in(const std::string& text) {
    static const std::regex span("`([A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*)(\\(\\))?`");
    static const std::regex part("[^:]+");
    std::vector<std::string> names;
    for (const std::string& name : found_in(text, span, 1))
        for (std::string& one : found_in(name, part, 0)) names.push_back(std::move(one));
    return names;
}

// The files, not the folders, that a text speaks of.
std::vector<const SourceFile*> files_in(const std::string& text) {
    static const std::regex span("`([^`]+)`");
    std::vector<const SourceFile*> files;
    for (const std::string& path : found_in(text, span, 1)) {
        const auto found = std::ranges::find(all_files(), path, &SourceFile::path);
        if (found != all_files().end()) files.push_back(&*found);
    }
    return files;
}

// "1. ..." with the lines that belong to it.
std::vector<std::string> steps_of(const SourceFile& file) {
    static const std::regex first("^[0-9]+\\. ");
    std::vector<std::string> steps;
    bool in_step = false;
    for (const std::string& line : file.lines) {
        const bool begins = std::regex_search(line, first);
        if (begins) steps.emplace_back();
        in_step = begins || (in_step && line.starts_with("   "));
        if (in_step) steps.back() += line + "\n";
    }
    return steps;
}

// The lines of a document with those of its code blocks left out.
std::vector<std::string> prose_of(const SourceFile& file) {
    std::vector<std::string> prose;
    bool in_block = false;
    for (const std::string& line : file.lines)
        if (line.starts_with("```"))
            in_block = !in_block;
        else if (!in_block)
            prose.push_back(line);
    return prose;
}

}  // namespace

// Who opens the README shall see what works: it is compiled and run, against the library as it is installed.
TEST_CASE("the story in README is that of tests/consumer, word for word, and README is short") {
    const auto lines_of = [](const std::string& path) -> const std::vector<std::string>& {
        return std::ranges::find(all_files(), path, &SourceFile::path)->lines;
    };
    const std::vector<std::string>& readme = lines_of("README.md");
    const auto begin = std::ranges::find(readme, "```cpp");
    REQUIRE(begin != readme.end());
    const std::vector<std::string> shown(begin + 1, std::find(begin + 1, readme.end(), "```"));
    CHECK(shown == lines_of("tests/consumer/story.cpp"));
    CHECK(shown.size() <= 25);
    CHECK(readme.size() <= 150);
}

TEST_CASE("every path in a README is there") {
    const std::regex path("(^|[\\s`(|])((engine|fs|gui|tests|assets)/[\\w./-]*\\w)", std::regex::ECMAScript);
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!is_document(file)) continue;
        for (const std::string& line : file.lines)
            for (const std::string& name : found_in(line, path, 2)) {
                ++seen;
                CAPTURE(file.path);
                CAPTURE(name);
                CHECK(fs::exists(kRoot / name));
            }
    }
    CHECK(seen > 100);
}

TEST_CASE("a test case that a README runs by name exists") {
    const std::regex choice("-tc='\\*([^*]+)\\*'");
    const auto tests = [](const std::string& path) { return path.starts_with("tests/") && is_code(path); };
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!is_document(file)) continue;
        for (const std::string& line : file.lines)
            for (const std::string& words : found_in(line, choice, 1)) {
                ++seen;
                CAPTURE(words);
                CHECK(matches(tests, std::regex("TEST_CASE\\(\".*" + words)) != "");
            }
    }
    CHECK(seen > 1);
}

TEST_CASE("every link in a README leads somewhere") {
    const std::regex link("\\]\\(([^):#]+)(#[^)]*)?\\)");
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!is_document(file)) continue;
        for (const std::string& line : file.lines)
            for (const std::string& target : found_in(line, link, 1)) {
                ++seen;
                CAPTURE(file.path);
                CAPTURE(target);
                CHECK(fs::exists((kRoot / file.path).parent_path() / target));
            }
    }
    CHECK(seen > 10);
}

TEST_CASE("every name in a recipe or a walk is a word of the sources") {
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!kNamesAreChecked.contains(file.path)) continue;
        for (const std::string& line : prose_of(file))
            for (const std::string& name : names_in(line)) {
                ++seen;
                CAPTURE(file.path);
                CAPTURE(name);
                CHECK(words_of_sources().contains(name));
            }
    }
    CHECK(seen > 100);
}

TEST_CASE("a table that says which function is in which file is right") {
    const std::regex row("^\\| `([^`]+)` \\| ([^|]*) \\|");
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!kNamesAreChecked.contains(file.path)) continue;
        for (const std::string& line : file.lines) {
            std::smatch match;
            if (!std::regex_search(line, match, row)) continue;
            const SourceFile* const code = code_at(match[1]);
            if (code == nullptr) continue;
            const std::set<std::string> words = words_in(*code);
            for (const std::string& name : names_in(match[2])) {
                ++seen;
                CAPTURE(code->path);
                CAPTURE(name);
                CHECK(words.contains(name));
            }
        }
    }
    CHECK(seen > 40);
}

TEST_CASE("what a step of a recipe names is in a file that it speaks of") {
    std::size_t seen = 0;
    for (const SourceFile& file : all_files()) {
        if (!kNamesAreChecked.contains(file.path)) continue;
        for (const std::string& step : steps_of(file)) {
            std::set<std::string> words;
            for (const SourceFile* const named : files_in(step)) words.merge(words_in(*named));
            for (const std::string& name : words.empty() ? std::vector<std::string>{} : names_in(step)) {
                ++seen;
                CAPTURE(step);
                CAPTURE(name);
                CHECK(words.contains(name));
            }
        }
    }
    CHECK(seen > 15);
}
