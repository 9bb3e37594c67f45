// SPDX-License-Identifier: MIT

#include "gui/model/titles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/museum/exhibit.hpp"
#include "engine/story/tell/scene.hpp"

namespace mdscope::gui {

namespace {

// Where the arrays differ. Of what matters to this bug also an unusual row of both; its first variant always.
bool is_worth_a_title(const Variant& variant, const Scenario& own, const Scenario& other) {
    const VariantRow* const row = &own.variants.row(variant);
    if (row != &other.variants.row(variant)) return true;
    const museum::Names matters = exhibit_of(own).matrix.variants;
    const auto found = std::ranges::find(matters, std::string_view(variant.name()));
    return found != matters.end() && (found == matters.begin() || row != &variant.usual());
}

}  // namespace

Titles titles_of(const Scenario& own, const Scenario& other) {
    std::string rows;
    for (const Variant& variant : all_variants())
        if (is_worth_a_title(variant, own, other))
            rows += fmt::format("{}{} {}", rows.empty() ? "" : ", ", variant.name(), own.variants.row(variant).name);
    if (own.bitmap != other.bitmap || own.bitmap != "external") rows += fmt::format(", bitmap {}", own.bitmap);
    const bool is_without = own.variants.name("fix") == "none";
    if (is_without == (other.variants.name("fix") == "none")) return {rows, rows};
    return {is_without ? "without the fix" : "with the fix", rows};
}

std::string console_note(const Duel& duel, Side side) {
    const Exhibit& exhibit = duel.exhibit();
    const auto& oops = duel.tape(side).last().snapshot.oops;
    const bool is_real = oops && exhibit.is_real != nullptr && exhibit.is_real(oops_of(*oops));
    return is_real ? exhibit.real_console : "Emulated.";
}

}  // namespace mdscope::gui
