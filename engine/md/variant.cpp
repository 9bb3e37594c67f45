// SPDX-License-Identifier: MIT
// The list of variants, from the tables that CMake has found, and the list of eras.
#include "engine/md/variant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/md/check.hpp"
#include "generated/variant_tables.hpp"

namespace mdscope {

namespace {

constexpr std::array kEras = {
    KernelEra{"3.15", "3.15: a recovery does not wait for older writes"},
    KernelEra{"4.3", "3.16 to 4.3"},
    KernelEra{"4.4", "4.4: the failure of a member is on record before a write is acknowledged"},
    KernelEra{"4.10", "4.5 to 4.10: metadata writes do not hold their member"},
    KernelEra{"4.11", "4.11"},
    KernelEra{"4.12", "4.12"},
    KernelEra{"4.14", "4.13 and 4.14"},
    KernelEra{"4.18", "4.15 to 4.18"},
    KernelEra{"4.20", "4.19 and 4.20"},
    KernelEra{"5.2", "5.0 to 5.2"},
    KernelEra{"5.12", "5.3 to 5.12.4 and 5.10.36: the kernels of the report"},
    KernelEra{"5.13", "5.13 to 5.19 and 5.10.37: with the fix of the report"},
    KernelEra{"6.0-rc1", "6.0-rc1, and 5.19.y of August 2022; taken back two weeks later"},
    KernelEra{"6.1", "6.1.0 to 6.1.2"},
    KernelEra{"6.1.3", "6.1.3 to 6.1.52, and 5.10.223: super_written counts down last"},
    KernelEra{"6.1.53", "6.1.53 to 6.1.129, and 6.3: the bio pools die in the stop"},
    KernelEra{"6.1.130", "6.1.130 to 6.1.134, and 6.12.13 to 6.12.24"},
    KernelEra{"6.1.135", "6.1.135 to 6.1.145, and 6.12.25 to 6.12.38: reading mdstat can crash"},
    KernelEra{"6.1.192", "6.1.146 to 6.1.192: the kernel that the call trees were printed by"},
    KernelEra{"6.1.192-nofix", "6.1.192 without the fix of the report: no kernel had this"},
    KernelEra{"6.9", "6.4 to 6.12.12"},
    KernelEra{"6.12.117", "6.12.39 to 6.12.117"},
    KernelEra{"6.19", "6.19"},
    KernelEra{"7.2", "7.0 to 7.2"},
    KernelEra{"7.3.4", "7.3.4"},
};

std::size_t place_of(std::string_view era) {
    const auto* const found = std::ranges::find(kEras, era, &KernelEra::name);
    MD_CHECK(found != kEras.end());
    return static_cast<std::size_t>(found - kEras.begin());
}

template <class Table>
Variant variant_of() {
    return {&Table::facts, Table::rows().size(),
            [](std::size_t index) -> const VariantRow& { return Table::rows()[index]; },
            static_cast<std::size_t>(variants::kIndexOf<Table>)};
}

// Rows that are to be tried: known by name, listed nowhere. Few tables have some.
template <class Table>
const VariantRow* trial_of(std::string_view name) {
    if constexpr (requires { Table::trials(); }) {
        for (const auto& row : Table::trials())
            if (name == row.name) return &row;
    }
    return nullptr;
}

constexpr const VariantRow* (*kTrials[])(std::string_view name) = {
#define VARIANT(name) trial_of<variants::name>,
#include "generated/variants.inc"
#undef VARIANT
};

using Variants = std::array<Variant, static_cast<std::size_t>(VariantIndex::count)>;

Variants sorted_variants() {
    Variants found = {
#define VARIANT(name) variant_of<variants::name>(),
#include "generated/variants.inc"
#undef VARIANT
    };
    std::ranges::sort(found, {}, [](const Variant& variant) { return variant.facts->place; });
    return found;
}

}  // namespace

std::span<const KernelEra> kernel_eras() {
    return kEras;
}

const KernelEra* find_kernel_era(std::string_view name) {
    const auto* const found = std::ranges::find(kEras, name, &KernelEra::name);
    return found == kEras.end() ? nullptr : found;
}

std::span<const Variant> all_variants() {
    static const Variants kVariants = sorted_variants();
    return kVariants;
}

const Variant* find_variant(std::string_view name) {
    for (const Variant& variant : all_variants())
        if (name == variant.name()) return &variant;
    return nullptr;
}

// ---- one of them

const VariantRow* Variant::find(std::string_view name) const {
    for (std::size_t i = 0; i < size; i++)
        if (name == row(i).name || (!name.empty() && name == row(i).was)) return &row(i);
    return kTrials[index](name);
}

const VariantRow& Variant::usual() const {
    const VariantRow* const found = find(facts->usual);
    MD_CHECK(found != nullptr);
    return *found;
}

const VariantRow& Variant::in(const KernelEra& era) const {
    const char* name = facts->eras.front().row;
    for (const EraRow& entry : facts->eras)
        if (place_of(entry.since) <= place_of(era.name)) name = entry.row;
    const VariantRow* const found = find(name);
    MD_CHECK(found != nullptr);
    return *found;
}

std::string Variant::row_names(const char* last) const {
    std::string text;
    for (std::size_t i = 0; i < size; i++) text += std::string(i == 0 ? "" : i + 1 == size ? last : ", ") + row(i).name;
    return text;
}

// ---- a row of every one

VariantRows::VariantRows() {
    for (const Variant& variant : all_variants()) choose(variant, variant.usual());
}

VariantRows::VariantRows(const KernelEra& era) {
    for (const Variant& variant : all_variants()) choose(variant, variant.in(era));
}

VariantRows& VariantRows::operator=(const VariantRows& other) noexcept {
    for (std::size_t i = 0; i < kCount; i++) set(i, other.at(i));
    return *this;
}

bool VariantRows::operator==(const VariantRows& other) const {
    for (std::size_t i = 0; i < kCount; i++)
        if (at(i) != other.at(i)) return false;
    return true;
}

bool VariantRows::choose(std::string_view variant, std::string_view row) {
    const Variant* const table = find_variant(variant);
    const VariantRow* const found = table != nullptr ? table->find(row) : nullptr;
    if (found != nullptr) choose(*table, *found);
    return found != nullptr;
}

std::string VariantRows::name(std::string_view variant) const {
    const Variant* const table = find_variant(variant);
    MD_CHECK(table != nullptr);
    return row(*table).name;
}

const VariantRows& usual_variants() {
    static const VariantRows kUsual;
    return kUsual;
}

static bool is_told(const VariantRows& rows, const Variant& variant) {
    const Told told = variant.facts->told;
    return told == Told::Always || (told == Told::IfUnusual && &rows.row(variant) != &variant.usual());
}

std::string told_rows(const VariantRows& rows, const char* comma, const char* between) {
    std::string text;
    for (const Variant& variant : all_variants())
        if (is_told(rows, variant))
            text += fmt::format("{}{}{}{}", text.empty() ? "" : comma, variant.name(), between, rows.row(variant).name);
    return text;
}

// In how many rows they differ, and in how many of those that told_rows leaves out.
static std::pair<unsigned, unsigned> difference(const VariantRows& rows, const VariantRows& from) {
    std::pair<unsigned, unsigned> many{0, 0};
    for (const Variant& variant : all_variants()) {
        if (&rows.row(variant) == &from.row(variant)) continue;
        many.first++;
        if (!is_told(rows, variant)) many.second++;
    }
    return many;
}

const KernelEra* nearest_era(const VariantRows& rows) {
    const KernelEra* nearest = nullptr;
    auto least = difference(rows, usual_variants());
    for (const KernelEra& era : kEras) {
        const VariantRows its(era);
        const bool is_the_same = nearest != nullptr && its == VariantRows(*nearest);
        if (!is_the_same && difference(rows, its) >= least) continue;
        least = difference(rows, its);
        nearest = &era;
    }
    return nearest;
}

std::string other_rows(const VariantRows& rows) {
    const KernelEra* const era = nearest_era(rows);
    const VariantRows from = era != nullptr ? VariantRows(*era) : usual_variants();
    std::string text;
    for (const Variant& variant : all_variants())
        if (!is_told(rows, variant) && &rows.row(variant) != &from.row(variant))
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", variant.name(), rows.row(variant).name);
    if (era == nullptr) return text;
    return fmt::format("as in Linux {}{}{}", era->name, text.empty() ? "" : ", but for ", text);
}

std::string different_rows(const VariantRows& from, const VariantRows& to, const char* comma) {
    std::string text;
    for (const Variant& variant : all_variants())
        if (&from.row(variant) != &to.row(variant))
            text += fmt::format("{}{} {}", text.empty() ? "" : comma, variant.name(), to.row(variant).name);
    return text;
}

}  // namespace mdscope
