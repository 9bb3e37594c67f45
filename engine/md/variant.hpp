// SPDX-License-Identifier: MIT
// Where kernels differ: variants, each a table of rows. An array has one row of every variant; no flow of control asks
// for a row by name.
//
//   engine/md/variants/fix.hpp     a table: what a row has besides its name and its sentence, the facts, the rows
//   the place in md                mddev.variants.row<variants::fix>().before_update_sb(mddev, *bitmap)
//
// That is all: each table is found by the name of its file, which is the name of its struct (CMakeLists.txt writes the
// list). Options, headers of scenarios, files in lab/, fields of snapshots, combo boxes, and what is printed iterate
// all_variants(). A row is a value of a type of its own derived from VariantRow; only its name, its sentence and its
// place are known to those who iterate.
//
// A kernel era is a row of every variant. Each table says itself since which era it has been on which row, so a new
// variant edits no list of eras.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mdscope {

struct VariantRow {
    const char* name;      // "upstream"
    const char* what;      // one sentence for people
    const char* was = "";  // another word for it, in files of an older mdscope
};

// From this era on, until the next entry, kernels have this row.
struct EraRow {
    const char* since;  // the name of an era
    const char* row;
};

// Whether an array's row is said where an array is described in a line.
enum class Told : unsigned char { Always, IfUnusual, IfAsked };

// What a table says of itself: `static constexpr VariantFacts facts` of its struct.
struct VariantFacts {
    unsigned place;     // among the others where they are listed
    const char* name;   // "fix": --fix, `fix none` in a scenario, lab/fix, "fix" in a snapshot
    const char* label;  // "Fix of the stop"
    const char* what;   // what one chooses: "Where the stop waits"
    const char* usual;  // the row of an array if nobody chooses
    Told told;
    bool while_running;            // may be changed on a running array
    std::span<const EraRow> eras;  // by age; the first is the oldest era
};

struct KernelEra {
    const char* name;  // "5.12": `--kernel 5.12`
    const char* what;  // which kernels these are
};
std::span<const KernelEra> kernel_eras();                 // oldest first
const KernelEra* find_kernel_era(std::string_view name);  // nullptr: there is none

// A table without the type of its rows.
class Variant {
   public:
    const VariantFacts* facts;
    std::size_t size;  // rows
    const VariantRow& (*row)(std::size_t index);

    [[nodiscard]] const char* name() const { return facts->name; }
    [[nodiscard]] const VariantRow* find(std::string_view name) const;  // nullptr: no such row
    [[nodiscard]] const VariantRow& usual() const;
    [[nodiscard]] const VariantRow& in(const KernelEra& era) const;
    // "none, v1, proposal or upstream"
    [[nodiscard]] std::string row_names(const char* last = " or ") const;

    std::size_t index = 0;  // of the table; where VariantRows keeps its row
};
std::span<const Variant> all_variants();  // by their place
const Variant* find_variant(std::string_view name);

// ---- the tables, as types

#define VARIANT(name) name,
enum class VariantIndex : std::size_t {
#include "generated/variants.inc"
    count
};
#undef VARIANT

namespace variants {
template <class Table>
inline constexpr VariantIndex kIndexOf = VariantIndex::count;
#define VARIANT(name) \
    struct name;      \
    template <>       \
    inline constexpr VariantIndex kIndexOf<name> = VariantIndex::name;
#include "generated/variants.inc"
#undef VARIANT
}  // namespace variants

// A row of a table by its name; nullptr: no such row.
template <class Table>
const typename Table::Row* find_row(std::string_view name) {
    for (const auto& row : Table::rows())
        if (name == row.name) return &row;
    return nullptr;
}

// ---- a row of every variant

// A person may choose another row at any moment of a mounted array, and a completion, which takes no lock, must find
// the old one or the new one: one acquire load. Never a step of a schedule: a simulated array has its rows before it
// runs.
class VariantRows {
   public:
    VariantRows();  // the usual ones
    explicit VariantRows(const KernelEra& era);
    VariantRows(const VariantRows& other) noexcept { *this = other; }
    VariantRows& operator=(const VariantRows& other) noexcept;
    bool operator==(const VariantRows& other) const;

    template <class Table>
    [[nodiscard]] const typename Table::Row& row() const {
        return static_cast<const typename Table::Row&>(*at(static_cast<std::size_t>(variants::kIndexOf<Table>)));
    }
    template <class Table>
    void choose(const typename Table::Row& row) {
        set(static_cast<std::size_t>(variants::kIndexOf<Table>), &row);
    }

    [[nodiscard]] const VariantRow& row(const Variant& variant) const { return *at(variant.index); }
    void choose(const Variant& variant, const VariantRow& row) { set(variant.index, &row); }

    // By names. False: there is no such row, and nothing has changed.
    [[nodiscard]] bool choose(std::string_view variant, std::string_view row);
    // The name of the row. REQUIRES: there is such a variant.
    [[nodiscard]] std::string name(std::string_view variant) const;

   private:
    static constexpr std::size_t kCount = static_cast<std::size_t>(VariantIndex::count);
    [[nodiscard]] const VariantRow* at(std::size_t index) const { return rows_[index].load(std::memory_order_acquire); }
    void set(std::size_t index, const VariantRow* row) { rows_[index].store(row, std::memory_order_release); }
    std::array<std::atomic<const VariantRow*>, kCount> rows_{};
};

const VariantRows& usual_variants();  // of an array for which nobody has chosen

// "fix none, order 2022, pools mddev": as each table wants to be told. `between`
// parts a name from its row.
std::string told_rows(const VariantRows& rows, const char* comma = ", ", const char* between = " ");
// Those that told_rows leaves out, where they are not the usual ones: "unplug md"; where the rows of an era are nearer,
// by its name: "as in Linux 5.12, but for unplug waits"; empty: the usual ones.
std::string other_rows(const VariantRows& rows);
// The era that is nearest to these rows, of several the oldest (by its last name); nullptr: the usual rows are nearer.
const KernelEra* nearest_era(const VariantRows& rows);
// Those in which `to` differs from `from`, with `to`'s rows: "fix upstream"; empty: in none.
std::string different_rows(const VariantRows& from, const VariantRows& to, const char* comma = ", ");

}  // namespace mdscope
