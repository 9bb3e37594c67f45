// SPDX-License-Identifier: MIT
// md/bitmap/*: values and errors as the real kernel gave them.
#include <doctest/doctest.h>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "tests/md/bitmap_fixture.hpp"

namespace mdscope {
namespace {

using namespace bitmap_test;

std::string show(Mddev& mddev, const std::string& name) {
    const MdAttr* attr = find_md_attr("bitmap/" + name);
    REQUIRE(attr != nullptr);
    return attr->show(mddev);
}
int store(Mddev& mddev, const std::string& name, const std::string& value) {
    return md_attr_store(mddev, "bitmap/" + name, value);
}

const MdPersonality kSilentPersonality = [] {
    MdPersonality pers{};
    pers.name = "raid1";
    pers.quiesce = [](Mddev&, int) {};
    return pers;
}();

TEST_CASE("a fresh device") {
    RealKernel kernel;
    const TaskScope scope(kernel, "test");
    Mddev mddev(kernel, "md0");
    CHECK(show(mddev, "backlog") == "0\n");
    CHECK(show(mddev, "can_clear") == "\n");
    CHECK(show(mddev, "chunksize") == "0\n");
    CHECK(show(mddev, "location") == "none\n");
    CHECK(show(mddev, "max_backlog_used") == "0\n");
    CHECK(show(mddev, "metadata") == "internal\n");
    CHECK(show(mddev, "space") == "0\n");
    CHECK(show(mddev, "time_base") == "0\n");
    CHECK(store(mddev, "can_clear", "true") == -ENOENT);
}

TEST_CASE("an idle array with a bitmap") {
    BitmapLab lab;
    lab.start();
    CHECK(show(lab.mddev, "backlog") == "0\n");
    CHECK(show(lab.mddev, "can_clear") == "true\n");
    CHECK(show(lab.mddev, "chunksize") == "1048576\n");
    CHECK(show(lab.mddev, "location") == "+8\n");
    CHECK(show(lab.mddev, "metadata") == "external\n");
    CHECK(show(lab.mddev, "time_base") == "5\n");
    lab.mddev.bitmap_info.offset = -16;
    CHECK(show(lab.mddev, "location") == "-16\n");
    lab.mddev.bitmap_info.offset = kOffset;
}

TEST_CASE("time_base: seconds with decimals, at least a jiffy") {
    BitmapLab lab;
    lab.start();
    CHECK(store(lab.mddev, "time_base", "5.25") == 0);
    CHECK(show(lab.mddev, "time_base") == "5.250\n");
    CHECK(store(lab.mddev, "time_base", "0") == 0);
    CHECK(show(lab.mddev, "time_base") == "0.004\n");
    CHECK(store(lab.mddev, "time_base", "bogus") == -EINVAL);
    CHECK(store(lab.mddev, "time_base", "99999999999") == -EINVAL);
    CHECK(store(lab.mddev, "time_base", "1\n") == 0);
    CHECK(lab.mddev.bitmap_info.daemon_sleep == kNsPerSec);
}

TEST_CASE("chunksize: only without a bitmap, powers of two from 512 below 4 GiB") {
    BitmapLab lab;
    CHECK(store(lab.mddev, "chunksize", "1000") == -EINVAL);
    CHECK(store(lab.mddev, "chunksize", "256") == -EINVAL);
    CHECK(store(lab.mddev, "chunksize", "4294967296") == -EOVERFLOW);
    CHECK(store(lab.mddev, "chunksize", "65536") == 0);
    CHECK(show(lab.mddev, "chunksize") == "65536\n");
    lab.start();
    CHECK(store(lab.mddev, "chunksize", "65536") == -EBUSY);
}

TEST_CASE("metadata: only while no bitmap is configured") {
    BitmapLab lab;
    CHECK(store(lab.mddev, "metadata", "internal") == -EBUSY);
    lab.mddev.bitmap_info.offset = 0;
    CHECK(store(lab.mddev, "metadata", "bogus") == -EINVAL);
    CHECK(store(lab.mddev, "metadata", "clustered") == 0);
    CHECK(show(lab.mddev, "metadata") == "internal\n");
    CHECK(store(lab.mddev, "metadata", "external") == 0);
    CHECK(show(lab.mddev, "metadata") == "external\n");
}

TEST_CASE("space: at least what the bitmap uses") {
    BitmapLab lab(Home::Internal, 8 * kBitsPerPage * kChunk);
    lab.start();
    CHECK(store(lab.mddev, "space", "0") == -EINVAL);
    CHECK(store(lab.mddev, "space", "bogus") == -EINVAL);
    CHECK(store(lab.mddev, "space", "64") == -EFBIG);
    CHECK(store(lab.mddev, "space", "65") == 0);
    CHECK(show(lab.mddev, "space") == "65\n");
}

TEST_CASE("can_clear: not while degraded") {
    BitmapLab lab;
    lab.start();
    CHECK(store(lab.mddev, "can_clear", "bogus") == -EINVAL);
    CHECK(store(lab.mddev, "can_clear", "false") == 0);
    CHECK(show(lab.mddev, "can_clear") == "false\n");
    lab.mddev.degraded = 1;
    CHECK(store(lab.mddev, "can_clear", "true") == -EBUSY);
    CHECK(show(lab.mddev, "can_clear") == "false\n");
    lab.mddev.degraded = 0;
    CHECK(store(lab.mddev, "can_clear", "true") == 0);
}

TEST_CASE("backlog: needs a write-mostly member, and is kept in the header") {
    BitmapLab lab(Home::Internal);
    lab.start();
    CHECK(store(lab.mddev, "backlog", "20000") == -EINVAL);
    CHECK(store(lab.mddev, "backlog", "256") == -EINVAL);
    CHECK(lab.logged("md0: can't set backlog, no write mostly device available"));
    set_bit(WriteMostly, lab.mddev.disks[0]->flags);
    CHECK(store(lab.mddev, "backlog", "256") == 0);
    CHECK(show(lab.mddev, "backlog") == "256\n");
    CHECK(lab.header().write_behind == 256);
    md_bitmap_startwrite(&lab.bitmap(), 0, 8, true);
    CHECK(show(lab.mddev, "max_backlog_used") == "1\n");
    md_bitmap_endwrite(&lab.bitmap(), 0, 8, true, true);
    CHECK(store(lab.mddev, "max_backlog_used", "anything") == 0);
    CHECK(show(lab.mddev, "max_backlog_used") == "0\n");
}

TEST_CASE("location of an inactive array") {
    BitmapLab lab;
    CHECK(store(lab.mddev, "location", "+16") == -EBUSY);
    CHECK(store(lab.mddev, "location", "none") == 0);
    CHECK(show(lab.mddev, "location") == "none\n");
    CHECK(store(lab.mddev, "location", "none") == 0);
    CHECK(store(lab.mddev, "location", "0") == -EINVAL);
    CHECK(store(lab.mddev, "location", "file:/x") == -EINVAL);
    CHECK(store(lab.mddev, "location", "bogus") == -EINVAL);
    CHECK(store(lab.mddev, "location", "99999999999999999999") == -ERANGE);
    CHECK(store(lab.mddev, "location", "9223372036854775807") == -ERANGE);  // what would overflow when it is added to
    CHECK(store(lab.mddev, "location", "-2147483648") == -ERANGE);
    CHECK(store(lab.mddev, "location", "-16") == 0);
    CHECK(show(lab.mddev, "location") == "-16\n");
    CHECK(store(lab.mddev, "location", "none") == 0);
    lab.mddev.bitmap_info.external = false;  // counts as 0.90 now
    CHECK(store(lab.mddev, "location", "+8") == -EINVAL);
}

TEST_CASE("location of a running array: none takes the bitmap away, an offset brings it back with all bits set") {
    BitmapLab lab;
    lab.start().write(3);
    lab.mddev.pers = &kSilentPersonality;
    lab.mddev.recovery = 0;
    CHECK(store(lab.mddev, "location", "none") == 0);
    CHECK(lab.mddev.bitmap.load() == nullptr);
    CHECK(lab.disk_bit(3));                               // nothing was flushed
    CHECK(store(lab.mddev, "location", "+8") == -EBUSY);  // something is left for the md thread: MD_RECOVERY_NEEDED
    lab.mddev.recovery = 0;
    CHECK(store(lab.mddev, "location", "+8") == 0);
    REQUIRE(lab.mddev.bitmap.load() != nullptr);
    CHECK(lab.counter(3) == 2);
    CHECK(lab.counter(4) == 2);  // md would have the bits that it found there
    CHECK(lab.disk_bit(4));
    lab.mddev.pers = nullptr;
}

TEST_CASE("location of a running native array needs a valid header there") {
    BitmapLab lab(Home::Internal);
    lab.mddev.pers = &kSilentPersonality;
    lab.mddev.bitmap_info.offset = 0;
    CHECK(store(lab.mddev, "location", "+2000") == -EINVAL);
    CHECK(show(lab.mddev, "location") == "+2000\n");  // as md: the place stays, take it away first
    lab.mddev.recovery = 0;
    CHECK(store(lab.mddev, "location", "none") == 0);
    lab.mddev.recovery = 0;
    CHECK(store(lab.mddev, "location", "+8") == 0);
    CHECK(show(lab.mddev, "location") == "+8\n");
    CHECK(test_bit(MD_SB_CHANGE_DEVS, lab.mddev.sb_flags));
    lab.mddev.pers = nullptr;
}

TEST_CASE("the line of /proc/mdstat") {
    BitmapLab lab;
    lab.start().write(0);
    CHECK(md_bitmap_status(lab.mddev) == "bitmap: 1/1 pages [4KB], 1024KB chunk");

    BitmapLab with_file(Home::File);
    with_file.start();
    CHECK(md_bitmap_status(with_file.mddev) == "bitmap: 0/1 pages [0KB], 1024KB chunk, file: /mnt/bm");

    BitmapLab small(Home::External, 64);
    small.mddev.bitmap_info.chunksize = 512;
    small.start();
    CHECK(md_bitmap_status(small.mddev) == "bitmap: 0/1 pages [0KB], 512B chunk");
}

}  // namespace
}  // namespace mdscope
