// SPDX-License-Identifier: MIT
// What is written to a member must be accepted when it is read, and be there: a bad-block log before the superblock
// that speaks of it, positions within the size.
#include <algorithm>

#include "tests/md/bitmap_fixture.hpp"

namespace mdscope {

TEST_CASE("a bad-block log is on disk before the superblock that speaks of it") {
    for (const char* row : {"first", "md"}) {
        CAPTURE(row);
        bitmap_test::BitmapLab lab(bitmap_test::Home::Internal);
        REQUIRE(lab.mddev.variants.choose("bad-block-log", row));
        lab.start();
        Rdev& sdb = *lab.mddev.disks.front();
        Superblock1 sb;
        sb.bblog_offset = 16;
        sb.bblog_size = 8;
        for (Rdev* rdev : lab.mddev.disks) encode_super_1(sb, *rdev->sb_page);
        sdb.badblocks.shift = 0;
        sdb.badblocks.log_sector = 24;
        sdb.badblocks.log_sectors = 8;
        REQUIRE(sdb.badblocks.set(4096, 8, false));
        md_update_sb(lab.mddev, true);
        const auto& writes = lab.disks[1]->writes;
        const auto place = [&](Sector sector) {
            return std::ranges::find(writes, sector, &bitmap_test::TestDisk::Write::sector) - writes.begin();
        };
        REQUIRE(place(24) < std::ssize(writes));
        REQUIRE(place(8) < std::ssize(writes));
        CHECK((place(24) < place(8)) == (std::string(row) == "first"));
        CHECK((decode_super_1(*sdb.sb_page).feature_map & MD_FEATURE_BAD_BLOCKS) != 0);
    }
}

TEST_CASE("how far a sync has come is never written as more than the size, which would be refused") {
    bitmap_test::BitmapLab lab(bitmap_test::Home::Internal);
    lab.mddev.level = 1;
    lab.mddev.recovery_cp = 4096;  // The array was made smaller while a resync and a recovery were halted there.
    lab.mddev.dev_sectors = 2048;
    Rdev& sdb = *lab.mddev.disks.front();
    sdb.sectors = 4096;
    clear_bit(In_sync, sdb.flags);
    for (const auto& [halted, written] :
         {std::pair{Sector{4096}, Sector{2048}}, {Sector{8}, Sector{8}}, {MaxSector, MaxSector}}) {
        sdb.recovery_offset = halted;
        lab.mddev.recovery_cp = halted;
        {
            const SpinGuard guard(lab.mddev.lock);
            super_1_sync(lab.mddev, sdb);
        }
        const Superblock1 sb = decode_super_1(*sdb.sb_page);
        CHECK(sb.recovery_offset == written);
        CHECK(sb.resync_offset == written);
    }
}

}  // namespace mdscope
