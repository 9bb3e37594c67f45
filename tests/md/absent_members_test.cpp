// SPDX-License-Identifier: MIT
// A member that is out, and the marks that were kept for it: it comes back by them only while they are all there.
//
// Goal: whoever was re-added has everything, whoever else took its place meanwhile. Method: whole labs on image files;
// each row of the variant, so that the weakness that md has is seen, too.
#include <algorithm>

#include "engine/md/bitmap/bitmap.hpp"
#include "tests/md/native_images.hpp"

namespace mdscope::test {

namespace {

const std::string kFirstText(4096, 'x');
const std::string kLaterText(4096, 'l');
constexpr std::uint64_t kMissedAt = 5 << 20;

// With `row`, and a blank image sdc.img.
struct AbsentLab : Lab {
    explicit AbsentLab(const char* row) : Lab(small_home("internal")) {
        array.reset();
        REQUIRE(options.variants.choose("absent-members", row));
        start();
        std::ofstream(sdc).close();
        std::filesystem::resize_file(sdc, 16 << 20);
    }
    void take_out(const std::string& name) {
        std::string why;
        CHECK(rdev_attr_store(member(name), "state", "faulty") == 0);
        REQUIRE(eventually([&] { return array->remove(name, &why) == 0; }));
    }
    void add(const std::string& path) {
        std::string why;
        REQUIRE_MESSAGE(array->add(path, &why) == 0, why);
    }
    [[nodiscard]] bool no_mark_is_left() {
        return eventually([&] {
            md().bitmap->daemon_lastrun = 0;
            md_wakeup_thread(md(), md().thread);
            const auto chunks = md_bitmap_chunks(*md().bitmap, 0, md().bitmap->counts.chunks);
            return std::ranges::none_of(chunks, [](const BitmapChunkInfo& chunk) { return chunk.bit; });
        });
    }
    const std::string sdc = options.lab + "/sdc.img";
};

}  // namespace

TEST_CASE("a member that is taken back beside a full array has no slot in mind: all is copied when it gets one") {
    for (const char* row : {"kept", "md"}) {
        CAPTURE(row);
        AbsentLab lab(row);
        const bool as_md = std::string(row) == "md";
        CHECK(lab.write(0, kFirstText));
        lab.add(lab.sdc);
        CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
        REQUIRE(lab.is_in_sync());
        std::string why;
        REQUIRE(lab.eventually([&] { return lab.array->remove("sdb", &why) == 0; }));
        CHECK(lab.array->re_add("sdb", &why) == (as_md ? 0 : -EINVAL));
        if (!as_md) lab.add("sdb");
        CHECK(lab.member("sdb").saved_raid_disk == (as_md ? 1 : -1));
        CHECK(lab.write(kMissedAt, kLaterText));
        CHECK(lab.no_mark_is_left());
        CHECK(rdev_attr_store(lab.member("sdc"), "state", "faulty") == 0);
        REQUIRE(lab.is_in_sync());
        CHECK((lab.mismatches() == "0") == !as_md);
    }
}

TEST_CASE("marks that the recovery of another member has cleared bring nobody back") {
    for (const char* row : {"kept", "md"}) {
        CAPTURE(row);
        AbsentLab lab(row);
        const bool as_md = std::string(row) == "md";
        CHECK(lab.write(0, kFirstText));
        lab.take_out("sdb");
        CHECK(lab.write(kMissedAt, kLaterText));
        lab.add(lab.sdc);
        REQUIRE(lab.is_in_sync());
        CHECK(lab.no_mark_is_left());
        lab.take_out("sdc");
        std::string why;
        CHECK(lab.array->re_add("sdb", &why) == (as_md ? 0 : -EINVAL));
        if (!as_md) lab.add("sdb");
        REQUIRE(lab.is_in_sync());
        CHECK((lab.mismatches() == "0") == !as_md);
    }
}

TEST_CASE("a member that was bound all the time forgets its slot when another one gets it") {
    AbsentLab lab("kept");
    CHECK(lab.set_sync_max("0"));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return lab.member("sdb").raid_disk == -1; }));
    CHECK(lab.member("sdb").saved_raid_disk == 1);
    lab.add(lab.sdc);
    REQUIRE(lab.eventually([&] { return lab.member("sdc").raid_disk == 1; }));
    CHECK(lab.member("sdb").saved_raid_disk == -1);
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "re-add") == -EBUSY);
}

TEST_CASE("the add of a former member is a re-add: what it has not missed is not copied") {
    AbsentLab lab("kept");
    CHECK(lab.write(0, kFirstText));
    lab.take_out("sdb");
    CHECK(lab.write(kMissedAt, kLaterText));
    const std::string mark = "the mark";
    put_page(lab.options.images[1], 11 << 20, std::as_bytes(std::span(mark)));
    std::string why;
    CHECK(lab.array->add("sdb", &why) == 0);
    CHECK(why == "re-added sdb: only what it missed is copied");
    REQUIRE(lab.is_in_sync());
    const PageBytes found = page_of(lab.options.images[1], 11 << 20);
    CHECK(std::equal(mark.begin(), mark.end(), reinterpret_cast<const char*>(found.data())));
    const std::uint64_t data = lab.member("sdb").data_offset << kSectorShift;
    const PageBytes copied = page_of(lab.options.images[1], kMissedAt + data);
    CHECK(std::equal(kLaterText.begin(), kLaterText.end(), reinterpret_cast<const char*>(copied.data())));
}

TEST_CASE("a recovery by the bitmap with a bitmap that is out of date, or none at all, copies everything") {
    for (const char* what : {"stale", "gone"}) {
        CAPTURE(what);
        AbsentLab lab("kept");
        lab.take_out("sdb");
        CHECK(lab.write(kMissedAt, kLaterText));
        stop(lab);
        lab.array.reset();
        // sdb has its slot again, and nothing was copied yet.
        Superblock1 sb = super_of(lab.options.images[0]);
        sb.dev_roles[1] = 1;
        put_super(lab.options.images[0], sb);
        sb.dev_number = 1;
        sb.feature_map |= MD_FEATURE_RECOVERY_OFFSET | MD_FEATURE_RECOVERY_BITMAP;
        put_super(lab.options.images[1], sb);
        if (std::string(what) == "gone")
            for (const std::string& image : lab.options.images)
                edit_super(image,
                           [](Superblock1& super) { super.feature_map &= ~std::uint32_t{MD_FEATURE_BITMAP_OFFSET}; });
        // Every mark is gone, as from a bitmap of another time.
        PageBytes page = page_of(lab.options.images[0], kBitmapByte);
        std::fill(page.begin() + kBitmapSuperSize, page.end(), std::byte{0});
        put_page(lab.options.images[0], kBitmapByte, page);
        edit_bitmap_header(lab.options.images[0], [&](BitmapSuper& header) { header.events = sb.events - 1; });
        lab.start();
        REQUIRE(lab.is_in_sync());
        CHECK(lab.mismatches() == "0");
        CHECK(rdev_attr_store(lab.member("sda"), "state", "faulty") == 0);
        CHECK(lab.read(kMissedAt, 4096) == kLaterText);
    }
}

}  // namespace mdscope::test
