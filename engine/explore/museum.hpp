// SPDX-License-Identifier: MIT
// The museum, for people and for programs: what each exhibit says of its bug, and what the search says of it.
//
//   museum_table    a line an exhibit: number, title, who had it, symptom, the shortest schedule
//   museum_page     one exhibit, whole: `mdscope museum M2`
//   museum_parts    what a page tells in paragraphs: the text and the window show the same
//   museum_json     all of it as one JSON object, versioned
//
//   tried_in        its scenario, searched as a kernel would run it: the row of its own variant is that era's, all
//                   others are as its file says, so that no other bug of that kernel is taken for this one
#pragma once

#include <string>
#include <vector>

#include "engine/explore/explorer.hpp"
#include "engine/museum/exhibit.hpp"

namespace mdscope {

inline constexpr int kMuseumVersion = 1;  // of the JSON object; fields may be added within one

std::string museum_table();
std::string museum_page(const Exhibit& exhibit, bool with_answers);
struct MuseumPart {
    const char* id;     // "wrong"
    const char* title;  // "What goes wrong"
    std::vector<std::string> paragraphs;
};
std::string museum_head(const Exhibit& exhibit);                // "Linux up to 4.10. Fixed by ..."
std::vector<MuseumPart> museum_parts(const Exhibit& exhibit);   // before the two orders
std::vector<MuseumPart> museum_proofs(const Exhibit& exhibit);  // behind them
std::string museum_json(const std::vector<const Exhibit*>& exhibits);

// What the search found in an exhibit's scenario with one row of its variant.
struct Tried {
    const Exhibit* exhibit;
    const char* row;
    Verdict verdict;
    [[nodiscard]] bool has_it() const { return verdict.crashes + verdict.hangs + verdict.violations != 0; }
};
// With the exhibit's own way of searching: of `options`, its strategy and budget count only where the exhibit is
// searched breadth-first.
Result<Tried> tried_with(const Exhibit& exhibit, const char* row, const ExploreOptions& options);
Result<Tried> tried_in(const Exhibit& exhibit, const KernelEra& era, const ExploreOptions& options);
// With its bad row, until the first schedule that goes wrong: the shortest, where it is searched breadth-first.
Result<Tried> first_bad(const Exhibit& exhibit, ExploreOptions options);

// A line each, and what comes of it: which of the bugs `kernel` has. `kernel`: words for people.
std::string tried_text(std::string_view kernel, const std::vector<Tried>& tried);
std::string tried_json(std::string_view kernel, const std::vector<Tried>& tried);

}  // namespace mdscope
