#include "engine/explore/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <tuple>

#include "engine/explore/card.hpp"
#include "engine/md/bitmap/home.hpp"

namespace mdscope {

namespace {

constexpr std::array kHomes = {BitmapHome::External, BitmapHome::Internal, BitmapHome::File};  // of those that have one
constexpr std::array kEntrances = {"STOP_ARRAY", "array_state", "two-step", "readonly"};
constexpr std::size_t kHomeWidth = 10;
constexpr std::size_t kEntranceWidth = 13;
constexpr std::size_t kCellWidth = 18;

constexpr std::array kVariants = {"fix", "order", "pools"};
constexpr const char* kEra = "5.13";  // what is not crossed is as there

// As many choices as the variants from `first` on have together, the last one changing fastest.
std::vector<VariantRows> crossed(std::size_t first, const VariantRows& rows) {
    if (first == kVariants.size()) return {rows};
    std::vector<VariantRows> all;
    const Variant& variant = *find_variant(kVariants[first]);
    for (std::size_t i = 0; i < variant.size; i++) {
        VariantRows chosen = rows;
        chosen.choose(variant, variant.row(i));
        for (const VariantRows& one : crossed(first + 1, chosen)) all.push_back(one);
    }
    return all;
}

bool is_same_row(const MatrixCell& a, const MatrixCell& b) {
    return is_same_table(a, b) && std::tie(a.bitmap, a.entrance) == std::tie(b.bitmap, b.entrance);
}

std::string heading(const MatrixCell& cell) {
    std::string text = fmt::format("{} steps, {}\n", granularity_name(cell.granularity), table_words(cell.variants));
    text += fmt::format("  {:<{}}{:<{}}", "bitmap", kHomeWidth, "entrance", kEntranceWidth);
    const Variant& columns = *find_variant(kVariants[0]);
    for (std::size_t i = 0; i < columns.size; i++)
        text += fmt::format("{:<{}}", fmt::format("{} {}", columns.name(), columns.row(i).name), kCellWidth);
    return text;
}

std::string without_blanks_at_the_ends(std::string text) {
    for (std::size_t at = text.find(" \n"); at != std::string::npos; at = text.find(" \n", at == 0 ? 0 : at - 1))
        text.erase(at, 1);
    return text;
}

}  // namespace

std::span<const char* const> matrix_variants() {
    return kVariants;
}

std::string table_words(const VariantRows& rows, const char* between) {
    std::string text;
    for (const char* const name : matrix_variants().subspan(1))
        text += fmt::format("{}{} {}", text.empty() ? "" : between, name, rows.name(name));
    return text;
}

bool is_same_table(const MatrixCell& a, const MatrixCell& b) {
    return a.granularity == b.granularity && table_words(a.variants) == table_words(b.variants);
}

std::vector<MatrixCell> matrix_cells(Granularity granularity) {
    std::vector<MatrixCell> cells;
    const Variant& columns = *find_variant(kVariants[0]);
    for (const VariantRows& table : crossed(1, VariantRows(*find_kernel_era(kEra))))
        for (const BitmapHome home : kHomes)
            for (const char* entrance : kEntrances)
                for (std::size_t column = 0; column < columns.size; column++) {
                    MatrixCell& cell = cells.emplace_back();
                    cell.bitmap = kBitmapHomes[home];
                    cell.entrance = entrance;
                    cell.variants = table;
                    cell.variants.choose(columns, columns.row(column));
                    cell.granularity = granularity;
                }
    return cells;
}

Scenario scenario_of(const MatrixCell& cell) {
    Scenario scenario = stop_mid_write(cell.bitmap, cell.entrance, cell.pages);
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
        fmt::format_to(std::back_inserter(text), "{:<{}}", cell_text(cells[i]), kCellWidth);
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
        for (const char* const name : matrix_variants()) row[name] = cell.variants.name(name);
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
