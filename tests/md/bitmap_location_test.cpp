// SPDX-License-Identifier: MIT
// bitmap/location of an external:lab array: what the sidecar says of it, and what the bits are worth afterwards.
//
// Goal: no crash and no re-add trusts bits that were not set because there was no bitmap. Method: whole labs on image
// files; a crash is an Oops, after which nothing more is written.
#include <filesystem>
#include <fstream>

#include "engine/mdadm/container.hpp"
#include "tests/md/native_images.hpp"

namespace mdscope::test {

namespace {

bool set_location(Lab& lab, const char* word) {  // busy while something is left for the md thread
    int err = -EBUSY;
    return lab.eventually([&] { return (err = lab.store("bitmap/location", word)) != -EBUSY; }) && err == 0;
}

}  // namespace

TEST_CASE("a bitmap that was taken away is not believed after a crash: everything is resynced") {
    Lab lab(small_home());
    const Sector data_offset = sidecar_of(lab).data_offset;
    REQUIRE(set_location(lab, "none"));
    CHECK(sidecar_of(lab).bitmap_offset == 0);
    CHECK(lab.write(0, std::string(4096, 'n')));
    REQUIRE(sidecar_of(lab).dirty);
    CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
    lab.array.reset();
    {
        std::fstream image(lab.options.images[1], std::ios::binary | std::ios::in | std::ios::out);
        image.seekp(static_cast<std::streamoff>(data_offset << kSectorShift));
        image << std::string(4096, 'o');  // as if this half of the write had not been made
    }
    lab.kernel.restart();
    lab.start();
    CHECK(lab.show("bitmap/location") == "none");
    REQUIRE(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
}

TEST_CASE("a bitmap that came back does not know what was written without it: a re-add copies everything") {
    Lab lab(small_home());
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return rdev_list(lab.md()).size() == 1; }));
    REQUIRE(set_location(lab, "none"));
    CHECK(lab.write(0, std::string(4096, 'n')));
    REQUIRE(set_location(lab, "8"));
    CHECK(sidecar_of(lab).bitmap_offset == 8);
    std::string why;
    REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    REQUIRE(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
}

TEST_CASE("a bitmap is not taken away when that cannot be recorded") {
    Lab lab(small_home());
    const std::string spare = container_spare_path(lab.options.lab);
    std::filesystem::remove(spare);
    std::filesystem::create_directories(spare + "/in the way");  // as a full disk
    CHECK(lab.store("bitmap/location", "none") != 0);
    CHECK(lab.show("bitmap/location") == "+8");
    CHECK(lab.md().bitmap.load() != nullptr);
    std::filesystem::remove_all(spare);
    CHECK(sidecar_of(lab).bitmap_offset == 8);
    REQUIRE(set_location(lab, "none"));
    REQUIRE(set_location(lab, "8"));
    CHECK(lab.write(0, std::string(4096, 'n')));
    CHECK(sidecar_of(lab).bitmap_offset == 8);
}

// A write that no bit announces must not begin under a superblock that promises bits.
TEST_CASE("native: when the bitmap has been removed, the superblocks say so already") {
    for (int round = 0; round < 10; round++) {
        Lab lab(small_home("internal"));
        REQUIRE(set_location(lab, "none"));
        for (const std::string& image : lab.options.images)
            CHECK((super_of(image).feature_map & MD_FEATURE_BITMAP_OFFSET) == 0);
        CHECK(lab.show("bitmap/location") == "none");
    }
}

}  // namespace mdscope::test
