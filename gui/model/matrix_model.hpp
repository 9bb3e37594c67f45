// SPDX-License-Identifier: MIT
// What the matrix says, as tables, words and numbers, and what a click on one of its cells leads to. Nothing here
// draws.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/model/matrix_run.hpp"

namespace mdscope::gui {

// As matrix_text() has them: a column for each row of the first variant, a table for each choice of the others.
struct MatrixRow {
    std::string home, entrance;
    std::vector<std::size_t> cells;  // numbers in the view
};
struct MatrixTable {
    MatrixCell like;  // its first cell: the others have the same rows, apart from that of the columns
    std::string id;   // "2021/mddev"
    std::vector<std::string> columns;
    std::vector<MatrixRow> rows;
};
std::vector<MatrixTable> tables_of(const MatrixRun::View& view);

enum class CellState { Waiting, Running, Safe, Unsure, Crashes, Hangs, Violates, Failed };
CellState state_of(const MatrixRun::View& view, std::size_t number);
bool is_bad(CellState state);
// "crashes 10": cell_text()'s word and number, so the window shows what `mdscope explore --matrix` prints.
std::string cell_words(const MatrixRun::View& view, std::size_t number);
// For a tip: the configuration, what was found, how much was looked at, what a click does.
std::string cell_details(const MatrixRun::View& view, std::size_t number);
std::string cell_id(const MatrixCell& cell);  // "2021/mddev/external/array_state/none"

// What the whole of it says, made from what has been found so far.
struct MatrixWords {
    std::string what, why;
};
MatrixWords matrix_words(const MatrixRun::View& view);
std::string progress_words(const MatrixRun::View& view);

// The safe cell that differs in as little as possible, in the fix that was merged if that is enough.
std::optional<std::size_t> nearest_safe(const MatrixRun::View& view, std::size_t number);
// What the lab shows of a cell: the array of the cell, by the shortest schedule that ends badly, versus the nearest
// safe one; of a safe cell, the array without a schedule. Error: it has not been looked at.
Result<Scenario> lab_scenario(const MatrixRun::View& view, std::size_t number);

// The matrix as a part of the window's state. Both runs are made when they are first asked for.
struct MatrixPage {
    std::function<void()> wake = [] {};
    Granularity shown = Granularity::Coarse;
    bool wants_focus = false;       // of the keyboard, for a cell
    std::vector<MatrixCell> known;  // coarse cells that are explored already are not explored again; empty: none is

    MatrixRun& run(Granularity granularity);
    MatrixRun& run() { return run(shown); }
    // The page has been opened: what takes under a second begins by itself.
    void enter();

   private:
    std::unique_ptr<MatrixRun> coarse_, fine_;
    bool entered_ = false;
};

}  // namespace mdscope::gui
