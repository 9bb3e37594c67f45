// SPDX-License-Identifier: MIT
// The ledger: what may be read, and what may be gone after a cut.
#include "engine/explore/ledger.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace mdscope::explore_test {

TEST_CASE("a sector says which write it is from, and that it is this sector") {
    std::vector<std::byte> two(2 * kSectorSize);
    CHECK(Ledger::read_stamp(two, 8) == Ledger::kBlank);
    Ledger::stamp(two, 8, 5);
    CHECK(Ledger::read_stamp(two, 8) == 5);
    CHECK(Ledger::read_stamp(std::span(two).subspan(kSectorSize), 9) == 5);
    CHECK(Ledger::read_stamp(two, 9) == Ledger::kGarbled);  // another sector's content
    two[3] = std::byte{1};
    CHECK(Ledger::read_stamp(two, 8) == Ledger::kGarbled);
}

TEST_CASE("what was acknowledged is read, and a write under way may be") {
    Ledger ledger;
    CHECK(ledger.may_be_read(0, Ledger::kBeginning));
    CHECK_FALSE(ledger.may_be_read(0, Ledger::kBlank));
    const WriteNumber one = ledger.begin(0, 2);
    CHECK(ledger.may_be_read(1, Ledger::kBeginning));
    CHECK(ledger.may_be_read(1, one));
    CHECK_FALSE(ledger.may_be_read(2, one));
    ledger.end(one, true, false);
    CHECK(ledger.acknowledged(1) == one);
    CHECK_FALSE(ledger.may_be_read(1, Ledger::kBeginning));
    const WriteNumber failed = ledger.begin(1, 1);
    ledger.end(failed, false, false);
    CHECK(ledger.may_be_read(1, one));
    CHECK(ledger.may_be_read(1, failed));
}

TEST_CASE("a power cut may take what was not flushed, a kill nothing that was acknowledged") {
    Ledger ledger;
    const WriteNumber one = ledger.begin(0, 1);
    ledger.end(one, true, false);
    const auto acknowledged = ledger.flush_begins();
    const WriteNumber two = ledger.begin(0, 1);  // during the flush: that one is not for it
    ledger.end(two, true, false);
    ledger.flushed(acknowledged);
    CHECK_FALSE(ledger.may_be_read(0, one));  // so it is after a kill
    CHECK(ledger.may_be_read(0, two));
    ledger.power_was_cut();
    CHECK(ledger.may_be_read(0, one));
    CHECK(ledger.may_be_read(0, two));
    CHECK_FALSE(ledger.may_be_read(0, Ledger::kBeginning));
}

TEST_CASE("a write that was written through stays") {
    Ledger ledger;
    const WriteNumber one = ledger.begin(0, 1);
    ledger.end(one, true, true);
    ledger.power_was_cut();
    CHECK_FALSE(ledger.may_be_read(0, Ledger::kBeginning));
    CHECK(ledger.may_be_read(0, one));
}

TEST_CASE("of a discarded sector zeros are read, and what was there before only until that is acknowledged") {
    Ledger ledger;
    const WriteNumber write = ledger.begin(0, 2);
    ledger.end(write, true, true);
    const WriteNumber discard = ledger.begin_discard(0, 1);
    CHECK(ledger.may_be_read(0, write));
    CHECK(ledger.may_be_read(0, Ledger::kBlank));
    CHECK_FALSE(ledger.may_be_read(0, discard));
    CHECK_FALSE(ledger.may_be_read(1, Ledger::kBlank));
    ledger.end(discard, true, false);
    CHECK_FALSE(ledger.may_be_read(0, write));
    ledger.power_was_cut();
    CHECK(ledger.may_be_read(0, write));
}

TEST_CASE("ledgers that promise the same have the same hash") {
    Ledger a;
    Ledger b;
    a.end(a.begin(3, 1), true, true);
    CHECK(a.hash() != b.hash());
    b.end(b.begin(3, 1), true, true);
    CHECK(a.hash() == b.hash());
}

}  // namespace mdscope::explore_test
