// SPDX-License-Identifier: MIT

#include "engine/explore/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <tuple>

#include "engine/explore/card.hpp"

namespace mdscope {

namespace {

constexpr std::size_t kHomeWidth = 10;
constexpr std::size_t kEntranceWidth = 13;
constexpr std::size_t kCellWidth = 18;  // at least

// As many choices as the variants have together, the last one changing fastest.
std::vector<VariantRows> crossed(museum::Names variants, const VariantRows& rows) {
    if (variants.empty()) return {rows};
    std::vector<VariantRows> all;
    const Variant& variant = *find_variant(variants.front());
    for (std::size_t i = 0; i < variant.size; i++) {
        VariantRows chosen = rows;
        chosen.choose(variant, variant.row(i));
        for (const VariantRows& one : crossed(variants.subspan(1), chosen)) all.push_back(one);
    }
    return all;
}

bool is_same_row(const MatrixCell& a, const MatrixCell& b) {
    return is_same_table(a, b) && std::tie(a.bitmap, a.entrance) == std::tie(b.bitmap, b.entrance);
}

std::string column_words(const Variant& columns, std::size_t column) {
    return fmt::format("{} {}", columns.name(), columns.row(column).name);
}

std::size_t cell_width(const Exhibit& exhibit) {
    const Variant& columns = column_variant(exhibit);
    std::size_t width = kCellWidth;
    for (std::size_t i = 0; i < columns.size; i++) width = std::max(width, column_words(columns, i).size() + 2);
    return width;
}

std::string heading(const MatrixCell& cell) {
    const std::string table = table_words(cell);
    std::string text =
        fmt::format("{} steps{}{}\n", granularity_name(cell.granularity), table.empty() ? "" : ", ", table);
    text += fmt::format("  {:<{}}{:<{}}", "bitmap", kHomeWidth, "entrance", kEntranceWidth);
    const Variant& columns = column_variant(*cell.exhibit);
    for (std::size_t i = 0; i < columns.size; i++)
        text += fmt::format("{:<{}}", column_words(columns, i), cell_width(*cell.exhibit));
    return text;
}

std::string without_blanks_at_the_ends(std::string text) {
    for (std::size_t at = text.find(" \n"); at != std::string::npos; at = text.find(" \n", at == 0 ? 0 : at - 1))
        text.erase(at, 1);
    return text;
}

}  // namespace

const Variant& column_variant(const Exhibit& exhibit) {
    return *find_variant(exhibit.matrix.variants.front());
}

std::string table_words(const MatrixCell& cell, const char* between) {
    std::string text;
    for (const char* const name : cell.exhibit->matrix.variants.subspan(1))
        text += fmt::format("{}{} {}", text.empty() ? "" : between, name, cell.variants.name(name));
    return text;
}

bool is_same_table(const MatrixCell& a, const MatrixCell& b) {
    return a.granularity == b.granularity && table_words(a) == table_words(b);
}

std::vector<MatrixCell> matrix_cells(const Exhibit& exhibit, Granularity granularity) {
    std::vector<MatrixCell> cells;
    const museum::Matrix& matrix = exhibit.matrix;
    if (matrix.variants.empty()) return cells;
    const Variant& columns = column_variant(exhibit);
    for (const VariantRows& table : crossed(matrix.variants.subspan(1), VariantRows(*find_kernel_era(matrix.era))))
        for (const BitmapHome home : matrix.homes)
            for (const char* entrance : matrix.entrances)
                for (std::size_t column = 0; column < columns.size; column++) {
                    MatrixCell& cell = cells.emplace_back();
                    cell.exhibit = &exhibit;
                    cell.bitmap = kBitmapHomes[home];
                    cell.entrance = entrance;
                    cell.variants = table;
                    cell.variants.choose(columns, columns.row(column));
                    cell.granularity = granularity;
                }
    return cells;
}

Scenario scenario_of(const MatrixCell& cell) {
    Scenario scenario = cell.exhibit->matrix.scenario(cell.bitmap, cell.entrance, cell.pages);
    scenario.variants = cell.variants;
    scenario.granularity = cell.granularity;
    scenario.members = cell.members;
    scenario.errors = cell.errors;
    return scenario;
}

void explore_cell(MatrixCell& cell, const ExploreOptions& options, const Explore& how) {
    Result<Verdict> verdict = how(scenario_of(cell), options);
    cell.explored = true;
    if (!verdict) {
        cell.error = verdict.error().text;
        return;
    }
    cell.verdict = std::move(*verdict);
    if (!cell.verdict.shortest) return;
    cell.verdict.shortest->lanes.clear();
    cell.verdict.shortest->console.clear();
}

std::string cell_text(const MatrixCell& cell) {
    if (!cell.explored) return "-";
    if (!cell.error.empty()) return "error";
    const Verdict& verdict = cell.verdict;
    const std::string unsure = verdict.complete ? "" : "?";
    const bool by_states = verdict.strategy == Strategy::Bfs;
    if (verdict.crashes != 0) return "crashes " + grouped(verdict.crashes) + unsure;
    if (verdict.hangs != 0) return "hangs " + grouped(verdict.hangs) + unsure;
    if (verdict.violations != 0) return "violates " + grouped(verdict.violations) + unsure;
    return "safe " + grouped(by_states ? verdict.states : verdict.schedules) + unsure;
}

std::string matrix_text(const std::vector<MatrixCell>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); i++) {
        const bool new_table = i == 0 || !is_same_table(cells[i - 1], cells[i]);
        if (new_table) text += (i == 0 ? "" : "\n\n") + heading(cells[i]);
        if (new_table || !is_same_row(cells[i - 1], cells[i]))
            fmt::format_to(std::back_inserter(text), "\n  {:<{}}{:<{}}", cells[i].bitmap, kHomeWidth, cells[i].entrance,
                           kEntranceWidth);
        fmt::format_to(std::back_inserter(text), "{:<{}}", cell_text(cells[i]), cell_width(*cells[i].exhibit));
    }
    const auto is_unsure = [](const MatrixCell& cell) {
        return cell.explored && cell.error.empty() && !cell.verdict.complete;
    };
    text += "\n\n  safe N: none of N states crashes or hangs; crashes N: N states do\n";
    if (std::any_of(cells.begin(), cells.end(), is_unsure)) text += "  ?: not everything was looked at\n";
    for (const MatrixCell& cell : cells)
        if (!cell.error.empty())
            fmt::format_to(std::back_inserter(text), "  error: {}, {}: {}\n", cell.bitmap, cell.entrance, cell.error);
    return without_blanks_at_the_ends(text);
}

std::string matrix_json(const std::vector<MatrixCell>& cells) {
    nlohmann::ordered_json json;
    json["version"] = kCardVersion;
    json["cells"] = nlohmann::ordered_json::array();
    for (const MatrixCell& cell : cells) {
        const Verdict& verdict = cell.verdict;
        nlohmann::ordered_json row;
        row["granularity"] = granularity_name(cell.granularity);
        row["bitmap"] = cell.bitmap;
        row["entrance"] = cell.entrance;
        for (const char* const name : cell.exhibit->matrix.variants) row[name] = cell.variants.name(name);
        row["explored"] = cell.explored;
        row["error"] = cell.error;
        row["verdict"] = cell.explored && cell.error.empty() ? verdict_word(verdict) : "";
        row["states"] = verdict.states;
        row["transitions"] = verdict.transitions;
        row["schedules"] = verdict.schedules;
        row["crashes"] = verdict.crashes;
        row["hangs"] = verdict.hangs;
        row["violations"] = verdict.violations;
        row["complete"] = verdict.complete;
        row["seconds"] = verdict.seconds;
        row["ways"] = nlohmann::ordered_json::array();
        for (const auto& [what, count] : verdict.crash_ways) row["ways"].push_back({{"what", what}, {"count", count}});
        json["cells"].push_back(std::move(row));
    }
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace mdscope
