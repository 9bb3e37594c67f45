// SPDX-License-Identifier: MIT
// An old copy of one image is not silently taken for the member it was.
//
// Goal: whoever puts back an image from before loses nothing but that member; and what a kill leaves of the labels and
// the sidecar, at whichever step, can be assembled with all members. Method: whole labs on image files, and images
// copied as a person would; for the steps, every combination of labels and sidecar that a kill between two of them
// leaves.
#include "engine/mdadm/label_stamp.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

const std::string kOldData(4096, 'o');
const std::string kNewData(4096, 'n');

void copy_over(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

void assemble(Lab& lab, bool run = false) {
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why, run) == 0, why);
}

// What a person does: a copy, at some time, of the image; use; a stop; the copy put back.
void check_old_copy_stays_out(Lab& lab, const std::string& copy) {
    copy_over(copy, lab.options.images[0]);
    assemble(lab, true);
    CHECK_FALSE(has_member(lab, "sda"));
    CHECK(lab.md().degraded == 1);
    CHECK(lab.read(0, kNewData.size()) == kNewData);
    CHECK(lab.log_lines("sda is an old copy") == 1);
    std::string why;
    CHECK(lab.array->re_add("sda", &why) == -EINVAL);
    CHECK(why.find("old copy") != std::string::npos);
    CHECK_MESSAGE(lab.array->add("sda", &why) == 0, why);
    CHECK(lab.is_in_sync());
    stop(lab);
    assemble(lab);
    CHECK(lab.md().degraded == 0);
}

}  // namespace

TEST_CASE("an old copy of an image that is put back is stale, whether it was made before the last use or during it") {
    for (const bool during : {false, true}) {
        CAPTURE(during);
        Lab lab(small_home());
        const std::string copy = lab.folder / "copy";
        CHECK(lab.write(0, kOldData));
        if (!during) stop(lab);
        copy_over(lab.options.images[0], copy);
        if (!during) assemble(lab);
        CHECK(lab.write(0, kNewData));
        stop(lab);
        check_old_copy_stays_out(lab, copy);
    }
}

TEST_CASE("an array that nobody wrote to keeps its labels, and a copy of then is as good as the image") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOldData));
    stop(lab);
    assemble(lab);
    const std::string copy = lab.folder / "copy";
    copy_over(lab.options.images[0], copy);
    stop(lab);
    copy_over(copy, lab.options.images[0]);
    assemble(lab);
    CHECK(lab.md().degraded == 0);
}

TEST_CASE("a member that was missing when the array was used is left out, and re-added by the bitmap") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOldData));
    stop(lab);
    lab.array.reset();
    const std::vector<std::string> both = lab.options.images;
    lab.options.images = {both[0]};
    lab.options.run = true;
    lab.start();
    CHECK(lab.write(0, kNewData));
    stop(lab);
    lab.array.reset();
    lab.options.images = both;
    lab.options.run = false;
    lab.start();
    CHECK_FALSE(has_member(lab, "sdb"));
    CHECK(lab.log_lines("sdb was missing when the array was used last") == 1);
    std::string why;
    REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    CHECK(lab.is_in_sync());
    stop(lab);
    lab.array.reset();
    lab.options.images = {both[1]};
    lab.options.run = true;
    lab.start();
    CHECK(lab.read(0, kNewData.size()) == kNewData);
}

// The member failed in one use and is re-added in another, and the process dies right after that.
TEST_CASE("a member that was re-added belongs to the array also when the array is not stopped any more") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOldData));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return !has_member(lab, "sdb"); }));
    stop(lab);
    assemble(lab);
    CHECK(lab.write(0, kNewData));
    std::string why;
    REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    REQUIRE(lab.is_in_sync());
    REQUIRE(lab.eventually([&] { return sidecar_of(lab).members[1].state == "in_sync"; }));
    CHECK_THROWS_AS(lab.kernel.oops({}), Halted);  // nothing more is written
    assemble(lab);
    CHECK(lab.md().degraded == 0);
}

TEST_CASE("killed between any two steps of a stamping, the lab is assembled with all members") {
    for (int labels_written = 0; labels_written <= 2; labels_written++)
        for (const bool finished : {false, true}) {
            if (finished && labels_written < 2) continue;
            CAPTURE(labels_written);
            Lab lab(small_home());
            CHECK(lab.write(0, kOldData));
            stop(lab);
            lab.array.reset();
            Container container = sidecar_of(lab);
            const std::uint64_t number = ++container.generation;
            for (ContainerMember& member : container.members) {
                member.label_next = finished ? 0 : number;
                if (finished) member.label = number;
            }
            REQUIRE(static_cast<bool>(
                lab.kernel.replace_file(container_path(lab.options.lab), container_file_text(container))));
            for (int i = 0; i < labels_written; i++) set_label(lab, static_cast<std::size_t>(i), number);
            lab.start();
            CHECK(lab.md().degraded == 0);
        }
}

namespace {

std::string label_bytes(const std::string& image) {
    std::string label(kLabLabelSize, '\0');
    std::ifstream(image, std::ios::binary).read(label.data(), static_cast<std::streamsize>(label.size()));
    return label;
}

void put_label_bytes(const std::string& image, const std::string& label) {
    std::fstream file(image, std::ios::binary | std::ios::in | std::ios::out);
    file.write(label.data(), static_cast<std::streamsize>(label.size()));
}

}  // namespace

// Whatever was stamped before, and whether or not the sidecar was told: a start writes the sidecar, then labels, and is
// cut short after the first and with any of the labels written.
TEST_CASE("killed in the second start after one that was not written to, the lab is assembled with all members") {
    for (const int written : {0, 1, 2, 3}) {  // a bit each: this label, too
        CAPTURE(written);
        Lab lab(small_home());
        CHECK(lab.write(0, kOldData));
        stop(lab);
        assemble(lab);
        stop(lab);  // nothing was written, so the sidecar does not know how the stamping ended
        std::vector<std::string> before;
        for (const std::string& image : lab.options.images) before.push_back(label_bytes(image));
        assemble(lab);  // the sidecar on disk is now as it is before the labels are written
        for (const std::size_t image : {0U, 1U})
            if ((written >> image & 1) == 0) put_label_bytes(lab.options.images[image], before[image]);
        CHECK_THROWS_AS(lab.kernel.oops({}), Halted);  // nothing more is written
        assemble(lab);
        CHECK(lab.md().degraded == 0);
        CHECK(lab.read(0, kOldData.size()) == kOldData);
    }
}

TEST_CASE("without room for the sidecar the array starts, and who was missing then is not taken for good later") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOldData));
    stop(lab);
    lab.array.reset();
    const std::vector<std::string> both = lab.options.images;
    lab.options.images = {both[0]};
    lab.options.run = true;
    const std::string spare = container_spare_path(lab.options.lab);
    std::filesystem::remove(spare);
    std::filesystem::create_directories(spare + "/in the way");  // as a full disk
    lab.start();
    std::filesystem::remove_all(spare);
    CHECK(lab.write(0, kNewData));
    CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
    lab.array.reset();
    lab.kernel.restart();
    lab.options.images = both;
    lab.start();
    CHECK_FALSE(has_member(lab, "sdb"));
    CHECK(lab.read(0, kNewData.size()) == kNewData);
}

TEST_CASE("a sidecar of before, without the labels' numbers, is taken as it is, and has them afterwards") {
    Lab lab(small_home());
    stop(lab);
    lab.array.reset();
    Container container = sidecar_of(lab);
    for (ContainerMember& member : container.members) member.label = member.label_next = 0;
    REQUIRE(
        static_cast<bool>(lab.kernel.replace_file(container_path(lab.options.lab), container_file_text(container))));
    lab.start();
    CHECK(lab.md().degraded == 0);
    CHECK(lab.write(0, kNewData));
    stop(lab);
    for (const ContainerMember& member : sidecar_of(lab).members) CHECK(member.label != 0);
    assemble(lab);
    CHECK(lab.md().degraded == 0);
}

TEST_CASE("images that are all older than the sidecar are refused, with what to do") {
    Lab lab(small_home());
    stop(lab);
    lab.array.reset();
    for (const std::size_t image : {0U, 1U}) set_label(lab, image, 7777);
    auto refused = Array::assemble(lab.kernel, lab.options);
    REQUIRE_FALSE(static_cast<bool>(refused));
    CHECK(refused.error().text.find("from the same backup") != std::string::npos);
}

}  // namespace mdscope::test
