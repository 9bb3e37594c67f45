// SPDX-License-Identifier: MIT
// read_balance, rule by rule (the numbers are those of the rules in raid1.c's order), and the barrier's arithmetic.
//
// The member to read from is chosen on a quiet array whose head positions, pending counts and bad blocks the test sets.
#include "tests/md/raid1_fixture.hpp"

using namespace mdscope;
using namespace mdscope::raid1_test;

namespace {

struct Chosen {
    int disk;
    Sector sectors;
    bool operator==(const Chosen&) const = default;
};

doctest::String toString(const Chosen& chosen) {
    return (std::to_string(chosen.disk) + " for " + std::to_string(chosen.sectors)).c_str();
}

// Three members, idle, heads far away from everything and at different distances.
class Balance {
   public:
    explicit Balance(Options options = {}) : lab(real.kernel, with_three(std::move(options))) {
        for (std::size_t i = 0; i < 3; i++) {
            lab.conf().mirrors[i].head_position = 8000 - 100 * i;
            lab.rdev(static_cast<int>(i)).nr_pending = 5;
        }
    }
    ~Balance() {
        for (int i = 0; i < 3; i++) lab.rdev(i).nr_pending = 0;
    }
    Balance(const Balance&) = delete;
    Balance& operator=(const Balance&) = delete;

    Chosen choose(Sector sector = 1000, Sector sectors = 64) {
        R1bio r1_bio;
        r1_bio.sector = sector;
        r1_bio.sectors = sectors;
        for (const int slot : blocked) r1_bio.bios[static_cast<std::size_t>(slot)] = IO_BLOCKED;
        Sector max_sectors = 0;
        const int disk = read_balance(lab.conf(), r1_bio, &max_sectors);
        if (disk >= 0) lab.rdev(disk).nr_pending.dec();
        return {disk, max_sectors};
    }
    void bad(int slot, Sector sector, Sector sectors) {
        REQUIRE(lab.rdev(slot).badblocks.set(sector + kDataOffset, sectors, true));
    }
    Raid1Info& mirror(std::size_t slot) { return lab.conf().mirrors[slot]; }

    std::vector<int> blocked;
    RealLabKernel real;
    Lab lab;

   private:
    static Options with_three(Options options) {
        options.members = 3;
        options.badblocks_shift = 0;
        return options;
    }
};

}  // namespace

TEST_CASE("barrier buckets: units 0, 1, 2, 3 are buckets 0, 391, 782, 149") {
    CHECK(sector_to_idx(0) == 0);
    CHECK(sector_to_idx(BARRIER_UNIT_SECTOR_SIZE - 1) == 0);
    CHECK(sector_to_idx(BARRIER_UNIT_SECTOR_SIZE) == 391);
    CHECK(sector_to_idx(2 * BARRIER_UNIT_SECTOR_SIZE) == 782);
    CHECK(sector_to_idx(3 * BARRIER_UNIT_SECTOR_SIZE) == 149);
}

TEST_CASE("a request ends at the end of its barrier unit at the latest") {
    CHECK(align_to_barrier_unit_end(0, 8) == 8);
    CHECK(align_to_barrier_unit_end(BARRIER_UNIT_SECTOR_SIZE - 8, 8) == 8);
    CHECK(align_to_barrier_unit_end(BARRIER_UNIT_SECTOR_SIZE - 8, 9) == 8);
    CHECK(align_to_barrier_unit_end(BARRIER_UNIT_SECTOR_SIZE, 9) == 9);
}

TEST_CASE("read_balance 1: blocked, missing and faulty members are not read") {
    Balance balance;
    balance.blocked = {2};
    CHECK(balance.choose() == Chosen{1, 64});
    set_bit(Faulty, balance.lab.rdev(1).flags);
    CHECK(balance.choose() == Chosen{0, 64});
    Rdev* first = balance.mirror(0).rdev.exchange(nullptr);
    CHECK(balance.choose() == Chosen{-1, 64});
    balance.mirror(0).rdev = first;
}

TEST_CASE("read_balance 2: a member being rebuilt is read only below recovery_offset") {
    Balance balance;
    clear_bit(In_sync, balance.lab.rdev(2).flags);
    balance.lab.rdev(2).recovery_offset = 1063;
    CHECK(balance.choose() == Chosen{1, 64});
    balance.lab.rdev(2).recovery_offset = 1064;
    CHECK(balance.choose() == Chosen{2, 64});
    set_bit(In_sync, balance.lab.rdev(2).flags);
}

TEST_CASE("read_balance 3: a write-mostly member is the last resort, and the first of them") {
    Balance balance({.write_mostly = {1, 2}});
    balance.lab.rdev(1).nr_pending = 0;
    CHECK(balance.choose() == Chosen{0, 64});
    set_bit(Faulty, balance.lab.rdev(0).flags);
    CHECK(balance.choose() == Chosen{1, 64});
    balance.bad(1, 1000, 8);
    CHECK(balance.choose() == Chosen{2, 64});  // the first one cannot give the start
    balance.bad(2, 1040, 8);
    CHECK(balance.choose() == Chosen{2, 40});
}

TEST_CASE("read_balance 4: bad blocks: another member, else the longest good prefix") {
    Balance balance;
    balance.bad(2, 1000, 8);
    CHECK(balance.choose() == Chosen{1, 64});
    balance.bad(1, 1016, 8);
    CHECK(balance.choose() == Chosen{0, 64});
    balance.bad(0, 1008, 8);
    CHECK(balance.choose() == Chosen{1, 16});  // 16 of member 1 beat 8 of member 0
    balance.bad(1, 1000, 8);
    CHECK(balance.choose() == Chosen{0, 8});
    balance.bad(0, 1000, 8);
    CHECK(balance.choose().disk == -1);
}

TEST_CASE("read_balance 4 and 5: where a resync is pending, all readers take the member it copies from") {
    Balance balance;
    balance.lab.mddev.recovery_cp = 1063;
    CHECK(balance.choose() == Chosen{0, 64});
    balance.bad(0, 1016, 8);
    CHECK(balance.choose() == Chosen{0, 16});
    balance.bad(0, 1000, 8);
    CHECK(balance.choose() == Chosen{1, 8});  // another one only for as long as the first is bad
    balance.lab.mddev.recovery_cp = 1064;
    CHECK(balance.choose() == Chosen{2, 64});
    balance.lab.mddev.recovery_cp = MaxSector;
}

TEST_CASE("read_balance 6: a sequential reader stays, whatever the others have to do") {
    Balance balance;
    balance.mirror(1).next_seq_sect = 1000;
    balance.lab.rdev(2).nr_pending = 0;
    CHECK(balance.choose() == Chosen{1, 64});
    CHECK(balance.mirror(1).next_seq_sect.load() == 1064);
    CHECK(balance.choose(1064) == Chosen{1, 64});
    CHECK(balance.choose(4000) == Chosen{2, 64});
    CHECK(balance.mirror(2).seq_start.load() == 4000);
    balance.mirror(0).head_position = 2000;
    CHECK(balance.choose(2000) == Chosen{0, 64});  // distance 0
}

TEST_CASE("read_balance 7: an idle member, else the nearest head; the first slot wins a tie") {
    Balance balance;
    CHECK(balance.choose() == Chosen{2, 64});
    balance.mirror(0).head_position = 900;
    CHECK(balance.choose() == Chosen{0, 64});
    balance.lab.rdev(1).nr_pending = 0;
    CHECK(balance.choose() == Chosen{1, 64});
    balance.lab.rdev(0).nr_pending = 0;
    CHECK(balance.choose(5000) == Chosen{0, 64});
}

TEST_CASE("read_balance counts the chosen member") {
    Balance balance;
    R1bio r1_bio;
    r1_bio.sector = 1000;
    r1_bio.sectors = 8;
    Sector max_sectors = 0;
    CHECK(read_balance(balance.lab.conf(), r1_bio, &max_sectors) == 2);
    CHECK(balance.lab.rdev(2).nr_pending.load() == 6);
}
