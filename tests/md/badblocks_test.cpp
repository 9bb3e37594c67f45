// SPDX-License-Identifier: MIT
// The bad-block table: what is in it after set, clear and acknowledge, and its log on disk.
//
// Goal: a sector that was reported bad is never read as good, whatever ranges come and go around it. Method: small
// stories, and a seeded comparison with a plain array of sectors.
#include "engine/md/badblocks.hpp"

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <random>

namespace mdscope {
namespace {

using Page = std::array<std::byte, kPageSize>;

struct Table : Badblocks {
    Table() { shift = 0; }
    // "16+8 40+8u": start+length, u for unacknowledged.
    [[nodiscard]] std::string text() const {
        std::string out;
        for (const Range& range : ranges()) {
            if (!out.empty()) out += ' ';
            out += std::to_string(range.start) + "+" + std::to_string(range.length) + (range.acknowledged ? "" : "u");
        }
        return out;
    }
    [[nodiscard]] int ask(Sector s, Sector sectors) { return check(s, sectors, &first_bad, &bad_sectors); }
    Sector first_bad = 0;
    Sector bad_sectors = 0;
};

TEST_CASE("a disabled table takes nothing and reports nothing") {
    Badblocks table;
    Sector first = 0, count = 0;
    CHECK_FALSE(table.set(16, 8, true));
    CHECK(table.check(16, 8, &first, &count) == 0);
    CHECK(table.clear(16, 8));
}

TEST_CASE("check tells the first overlap and whether all of it is acknowledged") {
    Table table;
    CHECK(table.set(16, 8, true));
    CHECK(table.set(40, 8, false));
    CHECK(table.ask(0, 16) == 0);
    CHECK(table.ask(24, 16) == 0);
    CHECK(table.ask(20, 1) == 1);
    CHECK(table.first_bad == 16);
    CHECK(table.bad_sectors == 8);
    CHECK(table.ask(0, 100) == -1);
    CHECK(table.first_bad == 16);
    CHECK(table.ask(30, 100) == -1);
    CHECK(table.first_bad == 40);
    CHECK(table.unacked_exist);
    CHECK(table.count == 2);
}

TEST_CASE("neighbours of one kind join, others keep apart, and the last word counts where they overlap") {
    Table table;
    table.set(16, 8, true);
    table.set(24, 8, true);
    CHECK(table.text() == "16+16");
    table.set(32, 8, false);
    CHECK(table.text() == "16+16 32+8u");
    table.set(20, 4, false);
    CHECK(table.text() == "16+4 20+4u 24+8 32+8u");
    table.set(16, 24, true);
    CHECK(table.text() == "16+24");
    CHECK_FALSE(table.unacked_exist);
}

TEST_CASE("a long range is kept in pieces of 512") {
    Table table;
    table.set(100, 1200, true);
    CHECK(table.text() == "100+512 612+512 1124+176");
    CHECK(table.ask(1299, 1) == 1);
    CHECK(table.ask(1300, 1) == 0);
}

TEST_CASE("clearing the middle splits, clearing all empties") {
    Table table;
    table.set(16, 16, false);
    CHECK(table.clear(20, 4));
    CHECK(table.text() == "16+4u 24+8u");
    CHECK(table.clear(0, 100));
    CHECK(table.text().empty());
    CHECK(table.count == 0);
    CHECK_FALSE(table.unacked_exist);
}

TEST_CASE("a full table refuses a further range, and a clearing that would need one; both change nothing") {
    Table table;
    for (Sector i = 0; i < Badblocks::kMaxRanges; i++) REQUIRE(table.set(16 * i, 8, true));
    CHECK_FALSE(table.set(16 * Badblocks::kMaxRanges, 8, true));
    CHECK_FALSE(table.clear(2, 2));
    CHECK(table.count == static_cast<int>(Badblocks::kMaxRanges));
    CHECK(table.ask(2, 2) == 1);
    CHECK(table.set(8, 8, true));  // joins two: now there is room
    CHECK(table.clear(2, 2));
    CHECK_FALSE(table.set(1 << 20, Sector{1} << 40, true));  // more than an empty table holds
    CHECK_FALSE(table.set(~Sector{0} - 4, 8, true));
}

TEST_CASE("acknowledging waits for a log that has the newest range") {
    Table table;
    table.set(16, 8, false);
    table.ack_all();
    CHECK(table.ask(16, 8) == -1);  // `changed`: the log on disk is behind
    Page page;
    table.changed = false;
    table.store_log(page.data());
    table.ack_all();
    CHECK(table.ask(16, 8) == 1);
    CHECK_FALSE(table.unacked_exist);
}

TEST_CASE("clearing what is not there does not make the log old") {
    Table table;
    table.set(16, 8, true);
    table.changed = false;
    table.clear(100, 8);
    CHECK_FALSE(table.changed);
    table.clear(16, 8);
    CHECK(table.changed);
}

TEST_CASE("with blocks of 8 sectors bad is rounded outwards and good inwards") {
    Table table;
    table.shift = 3;
    table.set(18, 8, true);
    CHECK(table.text() == "16+16");
    table.clear(18, 14);
    CHECK(table.text() == "16+8");
    table.clear(17, 7);
    CHECK(table.text() == "16+8");
}

TEST_CASE("the log comes back as it was written") {
    for (const int shift : {0, 3}) {
        Table table;
        table.shift = shift;
        for (Sector i = 0; i < Badblocks::kMaxRanges; i++) REQUIRE(table.set((Sector{1} << 40) + 64 * i, 8, true));
        Page page;
        table.store_log(page.data());
        Table copy;
        copy.shift = shift;
        REQUIRE(copy.load_log(page.data()));
        CHECK(copy.text() == table.text());
        CHECK_FALSE(copy.changed);
    }
}

TEST_CASE("the bytes of the log") {
    Table table;
    table.set(0x12345, 8, false);
    Page page;
    table.store_log(page.data());
    const std::array<unsigned, 9> bytes = {0x08, 0x14, 0x8d, 0x04, 0, 0, 0, 0, 0xff};  // 0x12345 << 10 | 8, then ones
    for (std::size_t i = 0; i < bytes.size(); i++) CHECK(std::to_integer<unsigned>(page[i]) == bytes[i]);
}

TEST_CASE("a page that is no log is refused") {
    Page page;
    page.fill(std::byte{0xff});
    Table table;
    CHECK(table.load_log(page.data()));  // an empty one
    page.fill(std::byte{0});
    CHECK(table.load_log(page.data()));  // ranges of no sectors, as md takes them: a log that never was written
    CHECK(table.count == 0);
    page.fill(std::byte{0xff});
    page[0] = std::byte{0xfe};  // 1022 sectors
    CHECK_FALSE(table.load_log(page.data()));
    Table huge;
    huge.shift = 31;
    page[0] = std::byte{1};
    page[1] = std::byte{0};
    CHECK_FALSE(huge.load_log(page.data()));  // past 2^64
    huge.shift = 200;
    CHECK_FALSE(huge.load_log(page.data()));
}

TEST_CASE("only as much of the log is read as there is on disk") {
    Page page;
    page.fill(std::byte{0});
    for (std::size_t i = 0; i < 64; i++) page[8 * i] = std::byte{0xff};
    Table table;
    for (Sector i = 0; i < 64; i++) table.set(16 * i, 8, true);
    table.store_log(page.data());
    std::fill(page.begin() + 512, page.end(), std::byte{0});  // another sector's content
    Table copy;
    copy.log_sectors = 1;
    CHECK(copy.load_log(page.data()));
    CHECK(copy.count == 64);
}

TEST_CASE("sysfs text: one line a range, at most a page") {
    Table table;
    table.set(16, 8, true);
    table.set(40, 8, false);
    CHECK(table.show(false) == "16 8\n40 8\n");
    CHECK(table.show(true) == "40 8\n");
    for (Sector i = 0; i < 400; i++) table.set((Sector{1} << 40) + 16 * i, 8, true);
    CHECK(table.show(false).size() < kPageSize);
}

TEST_CASE("count set to 0 from outside empties the table, as unbinding a member does") {
    Table table;
    table.set(16, 8, true);
    table.count = 0;
    CHECK(table.ask(16, 8) == 0);
    CHECK(table.text().empty());
    table.set(40, 8, true);
    CHECK(table.text() == "40+8");
}

TEST_CASE("any sequence of calls agrees with a plain array of sectors") {
    constexpr unsigned kSeed = 20210408;
    CAPTURE(kSeed);
    std::mt19937 random(kSeed);
    constexpr Sector kSectors = 3000;
    Table table;
    std::array<int, kSectors> plain{};  // as check() answers for one sector
    for (int step = 0; step < 3000; step++) {
        const Sector start = random() % (kSectors - 700);
        const Sector length = 1 + random() % 700;
        const auto what = random() % 3;
        const bool done = what == 0 ? table.clear(start, length) : table.set(start, length, what == 1);
        REQUIRE(done);
        std::fill_n(plain.begin() + static_cast<std::ptrdiff_t>(start), length, what == 0 ? 0 : what == 1 ? 1 : -1);
        if (step % 100 != 0) continue;
        for (Sector s = 0; s < kSectors; s++) REQUIRE(table.ask(s, 1) == plain[s]);
        for (const Badblocks::Range& range : table.ranges()) REQUIRE(range.length <= Badblocks::kMaxLength);
    }
}

}  // namespace
}  // namespace mdscope
