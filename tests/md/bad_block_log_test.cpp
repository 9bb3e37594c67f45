// The order in which a bad-block log and the superblock that speaks of it reach a member.
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
        for (Rdev* rdev : lab.mddev.disks) encode_super_1(sb, rdev->sb_page);
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
        CHECK((decode_super_1(sdb.sb_page).feature_map & MD_FEATURE_BAD_BLOCKS) != 0);
    }
}

}  // namespace mdscope
