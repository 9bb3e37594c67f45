// SPDX-License-Identifier: MIT
// What the two arrays are: A and B side by side, and a line for each thing that one chooses.
#include <fmt/format.h>

#include <algorithm>

#include "engine/md/bitmap/home.hpp"
#include "gui/frame/dialog.hpp"
#include "gui/panels/panel_live.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

using Names = std::vector<std::string>;

constexpr const char* kOwn = "rows of its own";

// Where the two columns are.
struct Columns {
    float label, combo, gap = sp(10);

    Columns() {
        const float all = ImGui::GetContentRegionAvail().x - sp(6);  // the scroll bar's room is not ours
        combo = std::min(sp(190), (all - 2 * gap) / 3);
        label = all - 2 * (combo + gap);
    }
};

// One of the two: its name, and the sentence that is shown over it.
struct Choice {
    std::string value;
    std::string_view what = {};
};

bool choose(const std::string& id, Choice& choice, const Names& names, float width) {
    auto chosen = static_cast<int>(std::ranges::find(names, choice.value) - names.begin());
    if (!ui::combo(id, names, chosen, width, choice.what)) return false;
    choice.value = names[static_cast<std::size_t>(chosen)];
    return true;
}

// In which the two differ is what one looks for: the words of those lines are not dim. True when one was chosen.
bool choose_two(const std::string& name, std::string_view label, Choice& a, Choice& b, const Names& names) {
    const Columns columns;
    ImGui::AlignTextToFramePadding();
    ui::text(fmt::format("setup/{}/label", name), label, a.value == b.value ? Role::dim_text : Role::text, Font::text,
             columns.label);
    const float left = ImGui::GetCursorPosX();
    ImGui::SameLine(left + columns.label + columns.gap);
    bool changed = choose(fmt::format("setup/A/{}", name), a, names, columns.combo);
    ImGui::SameLine(left + columns.label + columns.combo + 2 * columns.gap);
    changed |= choose(fmt::format("setup/B/{}", name), b, names, columns.combo);
    return changed;
}

void draw_heads() {
    const Columns columns;
    const float left = ImGui::GetCursorPosX();
    ImGui::Dummy({0, 0});
    ImGui::SameLine(left + columns.label + columns.gap);
    ui::text("setup/A", "Array A", Role::text, Font::text, columns.combo);
    ImGui::SameLine(left + columns.label + columns.combo + 2 * columns.gap);
    ui::text("setup/B", "Array B", Role::text, Font::text, columns.combo);
}

std::string kernel_of(const VariantRows& rows) {
    if (rows == usual_variants()) return live::kUsualKernel;
    for (const KernelEra& era : kernel_eras())
        if (rows == VariantRows(era)) return era.name;
    return kOwn;
}

void take_kernel(VariantRows& rows, const std::string& name) {
    if (const KernelEra* const era = find_kernel_era(name))
        rows = VariantRows(*era);
    else if (name == live::kUsualKernel)
        rows = VariantRows();
}

void choose_kernels(Scenario& a, Scenario& b) {
    Names names = {live::kUsualKernel};
    for (const KernelEra& era : kernel_eras()) names.emplace_back(era.name);
    const std::string words_a = live::kernel_words(a.variants), words_b = live::kernel_words(b.variants);
    Choice of_a{kernel_of(a.variants), words_a}, of_b{kernel_of(b.variants), words_b};
    if (of_a.value == kOwn || of_b.value == kOwn) names.emplace_back(kOwn);
    if (!choose_two("kernel", "As in Linux", of_a, of_b, names)) return;
    take_kernel(a.variants, of_a.value);
    take_kernel(b.variants, of_b.value);
}

void choose_row(const Variant& variant, VariantRows& a, VariantRows& b) {
    Names names;
    for (std::size_t i = 0; i < variant.size; i++) names.emplace_back(variant.row(i).name);
    Choice of_a{a.row(variant).name, a.row(variant).what}, of_b{b.row(variant).name, b.row(variant).what};
    if (!choose_two(variant.name(), variant.facts->label, of_a, of_b, names)) return;
    a.choose(variant, *variant.find(of_a.value));
    b.choose(variant, *variant.find(of_b.value));
}

// What the stop turns on, and what is unusual in the arrays as they are: nothing moves away while one chooses. The rest
// of the rows is for who looks for one.
void choose_rows(State& state, VariantRows& a, VariantRows& b) {
    const auto is_unusual = [&state](Side side, const Variant& one) {
        return &state.player.scenario(side).variants.row(one) != &one.usual();
    };
    const auto is_shown = [&](const Variant& one) {
        return live::is_of_the_stop(one) || is_unusual(Side::A, one) || is_unusual(Side::B, one);
    };
    std::vector<const Variant*> others;
    for (const Variant& variant : all_variants()) {
        if (is_shown(variant))
            choose_row(variant, a, b);
        else
            others.push_back(&variant);
    }
    ui::toggle("setup/others", fmt::format("{} other rows", others.size()), state.setup_shows_all,
               "everything in which kernels differ here; nobody has to choose any");
    if (!state.setup_shows_all) return;
    for (const Variant* const variant : others) choose_row(*variant, a, b);
}

void choose_bitmaps(Scenario& a, Scenario& b) {
    const Names homes = {kBitmapHomes.begin(), kBitmapHomes.end()};
    Choice of_a{a.bitmap, "where the bitmap is"}, of_b{b.bitmap, of_a.what};
    if (!choose_two("bitmap", "Bitmap", of_a, of_b, homes)) return;
    a.bitmap = of_a.value;
    b.bitmap = of_b.value;
}

bool choose_one(const char* name, const char* label, Choice& choice, const Names& names) {
    const Columns columns;
    ImGui::AlignTextToFramePadding();
    ui::text(fmt::format("setup/{}/label", name), label, Role::dim_text, Font::text, columns.label);
    ImGui::SameLine(ImGui::GetCursorPosX() + columns.label + columns.gap);
    return choose(fmt::format("setup/{}", name), choice, names, columns.combo);
}

Granularity granularity_of(const std::string& name) {
    if (name == "fine") return Granularity::Fine;
    return name == "calls" ? Granularity::Calls : Granularity::Coarse;
}

void choose_common(Scenario& a, Scenario& b) {
    ui::header("setup/common", "Both");
    Choice members{std::to_string(a.members), "of each array"};
    Choice steps{granularity_name(a.granularity),
                 "coarse: from one wait to the next; calls: to the next call; fine: every access"};
    Choice pages{std::to_string(a.pages), "of the bitmap"};
    choose_one("members", "Members", members, {"2", "3", "4", "5", "6", "7", "8"});
    choose_one("steps", "Steps", steps, {"coarse", "calls", "fine"});
    choose_one("pages", "Pages of the bitmap", pages, {"1", "2", "3", "4"});
    for (Scenario* scenario : {&a, &b}) {
        scenario->members = members.value[0] - '0';
        scenario->granularity = granularity_of(steps.value);
        scenario->set_pages(static_cast<unsigned>(pages.value[0] - '0'));
    }
}

}  // namespace

void draw_setup(State& state) {
    if (!state.show_setup) {
        state.setup.reset();
        return;
    }
    if (!state.setup) state.setup = {state.player.scenario(Side::A), state.player.scenario(Side::B)};
    Dialog dialog("setup", "The two arrays", state.show_setup, sp(720, 520), true);
    if (!dialog) return;
    auto& [a, b] = *state.setup;
    draw_heads();
    choose_kernels(a, b);
    choose_bitmaps(a, b);
    choose_rows(state, a.variants, b.variants);
    choose_common(a, b);
    dialog.foot();
    if (ui::button("setup/apply", "Apply", {.role = Role::accent, .tip = "start again with these, wishes kept"})) {
        const std::string wrong = state.player.change(a, b);
        state.answer(wrong);
        if (wrong.empty()) dialog.close();
    }
    ImGui::SameLine();
    if (ui::button("setup/cancel", "Cancel")) dialog.close();
}

}  // namespace mdscope::gui
