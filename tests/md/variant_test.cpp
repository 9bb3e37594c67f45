// SPDX-License-Identifier: MIT
// The tables of rows in which kernels differ, as they are listed: nothing here names a single variant's meaning.
#include "engine/md/variant.hpp"

#include <doctest/doctest.h>

#include <set>

namespace mdscope {

TEST_CASE("every variant has names that are words, sentences, a usual row, and a row in each era") {
    std::set<std::string> names;
    unsigned place = 0;
    for (const Variant& variant : all_variants()) {
        CAPTURE(variant.name());
        CHECK(names.insert(variant.name()).second);
        CHECK(variant.facts->place == ++place);
        CHECK(find_variant(variant.name()) == &variant);
        CHECK(variant.size >= 2);
        CHECK(std::string(variant.facts->eras.front().since) == kernel_eras().front().name);
        std::set<std::string> rows;
        for (std::size_t i = 0; i < variant.size; i++) {
            CHECK(rows.insert(variant.row(i).name).second);
            CHECK(variant.find(variant.row(i).name) == &variant.row(i));
            CHECK(std::string(variant.row(i).what).size() > 10);
        }
        CHECK(rows.contains(variant.facts->usual));
        CHECK(variant.find("") == nullptr);
        for (const KernelEra& era : kernel_eras()) CHECK(rows.contains(variant.in(era).name));
    }
    CHECK(place >= 5);
}

TEST_CASE("what each kernel era was") {
    struct Row {
        const char *era, *fix, *order, *pools, *stop_order, *mdstat;
    };
    constexpr Row kRows[] = {
        {"3.15", "none", "2021", "mddev", "db", "line"},        {"4.3", "none", "2021", "mddev", "db", "line"},
        {"4.4", "none", "2021", "mddev", "db", "line"},         {"4.10", "none", "2021", "mddev", "db", "line"},
        {"4.11", "none", "2021", "mddev", "db", "line"},        {"4.12", "none", "2021", "mddev", "bd", "line"},
        {"4.14", "none", "2021", "mddev", "bd", "line"},        {"4.18", "none", "2021", "mddev", "bd", "line"},
        {"4.20", "none", "2021", "mddev", "bd", "line"},        {"5.2", "none", "2021", "mddev", "bd", "line"},
        {"5.12", "none", "2021", "mddev", "bd", "line"},        {"5.13", "upstream", "2021", "mddev", "bd", "line"},
        {"6.0-rc1", "upstream", "2021", "mddev", "db", "line"}, {"6.1", "upstream", "2021", "mddev", "bd", "line"},
        {"6.1.3", "upstream", "2022", "mddev", "bd", "line"},   {"6.1.53", "upstream", "2022", "stop", "bd", "line"},
        {"6.1.130", "upstream", "2022", "stop", "bd", "none"},  {"6.1.135", "upstream", "2022", "stop", "bd", "crash"},
        {"6.1.192", "upstream", "2022", "stop", "bd", "none"},  {"6.1.192-nofix", "none", "2022", "stop", "bd", "none"},
        {"6.9", "upstream", "2022", "stop", "bd", "line"},      {"6.12.117", "upstream", "2022", "mddev", "bd", "none"},
        {"6.19", "upstream", "2022", "mddev", "bd", "none"},    {"7.2", "upstream", "2022", "mddev", "bd", "none"},
        {"7.3.4", "upstream", "2022", "mddev", "db", "none"},
    };
    CHECK(std::size(kRows) == kernel_eras().size());
    for (const Row& row : kRows) {
        CAPTURE(row.era);
        const KernelEra* const era = find_kernel_era(row.era);
        REQUIRE(era != nullptr);
        const VariantRows rows(*era);
        CHECK(rows.name("fix") == row.fix);
        CHECK(rows.name("order") == row.order);
        CHECK(rows.name("pools") == row.pools);
        CHECK(rows.name("stop-order") == row.stop_order);
        CHECK(rows.name("mdstat-bitmap") == row.mdstat);
        CHECK(rows.name("claims") == "md");
        CHECK(rows.name("bitmap-read") == "md");
        CHECK(rows.name("fail-last") == "md");
        CHECK(rows.name("unplug") == "md");
        CHECK(rows.name("faulty-write") == "md");
        CHECK(rows.name("conf-life") == "stop");
        CHECK(rows.name("clone-put") == "last");
        CHECK(rows.name("file-written") == "md");
        CHECK(rows.name("lost-intent") == "md");
        CHECK(rows.name("last-record") == "md");
        CHECK(rows.name("anchor-writes") == "md");
    }
    CHECK(find_kernel_era("2.4") == nullptr);
}

TEST_CASE("which kernel era had which of the old bugs of the museum") {
    struct Row {
        const char *variant, *usual, *bad, *since, *until;  // `until`: the first era without it
    };
    constexpr Row kRows[] = {
        {"super-reference", "held", "none", "3.15", "4.11"},
        {"degraded-write", "marked", "unmarked", "5.2", "5.13"},
        {"sync-abort", "aborted", "silent", "4.11", "5.2"},
        {"sync-barrier", "interrupted", "deaf", "3.15", "4.20"},
        {"suspend-record", "written", "stuck", "3.15", "4.14"},
        {"suspend-record", "written", "sent-back", "4.14", "4.18"},
        {"failed-write", "recorded", "at-once", "3.15", "4.4"},
        {"recorded-queue", "counted", "uncounted", "4.3", "4.10"},
        {"recovery-start", "flushed", "at-once", "3.15", "4.3"},
        {"recovery-checkpoint", "from-start", "md", "3.15", ""},
        {"check-checkpoint", "kept", "md", "3.15", ""},
        {"behind-ack", "recorded", "md", "3.15", ""},
        {"discard-error", "written", "md", "3.15", ""},
        {"grown-space", "marked", "md", "3.15", ""},
        {"slow-read", "asked", "unasked", "6.9", "6.12.117"},
        {"slot-pointer", "rcu", "bare", "6.9", "7.3.4"},
        {"resize-lock", "held", "none", "3.15", "7.2"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.variant);
        bool had = false;
        CHECK(find_variant(row.variant)->usual().name == std::string(row.usual));
        for (const KernelEra& era : kernel_eras()) {
            CAPTURE(era.name);
            had = (had || std::string(era.name) == row.since) && std::string(era.name) != row.until;
            CHECK((VariantRows(era).name(row.variant) == row.bad) == had);
        }
    }
}

TEST_CASE("rows are chosen by name, and told where they are not the usual ones") {
    VariantRows rows;
    CHECK(rows == usual_variants());
    CHECK_FALSE(rows.choose("fix", "v2"));
    CHECK_FALSE(rows.choose("axis", "none"));
    CHECK(rows == usual_variants());
    CHECK(told_rows(rows) == "fix upstream, order 2022, pools mddev");

    REQUIRE(rows.choose("stop-order", "db"));
    REQUIRE(rows.choose("mdstat-bitmap", "no"));  // as it was called before
    CHECK(rows.name("mdstat-bitmap") == "none");
    CHECK(told_rows(rows) == "fix upstream, order 2022, pools mddev, stop-order db");
    CHECK(different_rows(usual_variants(), rows) == "stop-order db, mdstat-bitmap none");
    CHECK(rows != usual_variants());
    CHECK(other_rows(rows) == "mdstat-bitmap none");
}

TEST_CASE("every row that is not the usual one is told, by itself or by its era") {
    CHECK(other_rows(usual_variants()) == "");
    CHECK(nearest_era(usual_variants()) == nullptr);
    for (const Variant& variant : all_variants())
        for (std::size_t i = 0; i < variant.size; i++) {
            VariantRows rows;
            rows.choose(variant, variant.row(i));
            const std::string told = std::string(variant.name()) + " " + variant.row(i).name;
            CAPTURE(told);
            const std::string all = told_rows(rows) + ", " + other_rows(rows) + ",";
            CHECK((&variant.row(i) == &variant.usual() || all.find(told + ",") != std::string::npos));
        }
    for (const KernelEra& era : kernel_eras()) {
        const VariantRows rows(era);
        const KernelEra* const nearest = nearest_era(rows);
        REQUIRE(nearest != nullptr);
        CHECK(VariantRows(*nearest) == rows);
        CHECK(other_rows(rows) == std::string("as in Linux ") + nearest->name);
    }
    VariantRows rows(*find_kernel_era("5.12"));
    CHECK(other_rows(rows) == "as in Linux 5.12");  // and in 5.2, which is older
    REQUIRE(rows.choose("unplug", "waits"));
    REQUIRE(rows.choose("order", "2022"));
    CHECK(told_rows(rows) == "fix none, order 2022, pools mddev");
    CHECK(other_rows(rows) == "as in Linux 5.12, but for unplug waits");
    rows = VariantRows(*find_kernel_era("6.1.192"));
    REQUIRE(rows.choose("pools", "mddev"));  // as near to 6.1.3, of which another row would have to be told
    CHECK(other_rows(rows) == "as in Linux 6.1.192");
}

}  // namespace mdscope
