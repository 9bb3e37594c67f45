// SPDX-License-Identifier: MIT
// The matrix of an exhibit: every bitmap home by every entrance that it names, with every row of the variants that
// matter to it. Each cell is one search of its own and shares nothing with the others, so several threads may explore
// cells at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/explore/explorer.hpp"
#include "engine/museum/exhibit.hpp"

namespace mdscope {

struct MatrixCell {
    const Exhibit* exhibit = &default_exhibit();
    std::string bitmap, entrance;
    VariantRows variants;
    Granularity granularity = Granularity::Coarse;
    unsigned pages = 1;
    int members = 2;
    unsigned errors = 0;

    bool explored = false;
    std::string error;  // why it could not be explored
    Verdict verdict;    // without the counter-example's lanes and console: there are many cells
};

// States a cell, unless somebody asks for another number. A few cells (fine steps, internal bitmap, order 2021) have
// millions of them; they are shown with a `?`.
inline constexpr std::uint64_t kMatrixBudget = 100'000;

// Of the variants that are crossed there is a column for each row of the first, a table for each choice of the others.
const Variant& column_variant(const Exhibit& exhibit);
// Of the others: "order 2021, pools mddev".
std::string table_words(const MatrixCell& cell, const char* between = ", ");
[[nodiscard]] bool is_same_table(const MatrixCell& a, const MatrixCell& b);

// All cells of one granularity, row by row.
std::vector<MatrixCell> matrix_cells(const Exhibit& exhibit, Granularity granularity);
inline std::vector<MatrixCell> matrix_cells(Granularity granularity) {
    return matrix_cells(default_exhibit(), granularity);
}

using Explore = std::function<Result<Verdict>(const Scenario&, const ExploreOptions&)>;

Scenario scenario_of(const MatrixCell& cell);
void explore_cell(MatrixCell& cell, const ExploreOptions& options, const Explore& how = explore);

// "safe 1,234" (states), "crashes 12" (states that are crashes), "hangs 3"; `?` behind it: not everything was looked
// at.
std::string cell_text(const MatrixCell& cell);
// One table for each choice of the other variants: a row for each home and entrance, a column for each fix.
std::string matrix_text(const std::vector<MatrixCell>& cells);
std::string matrix_json(const std::vector<MatrixCell>& cells);

}  // namespace mdscope
