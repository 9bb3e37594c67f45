// SPDX-License-Identifier: MIT
// Which images make an array together.
//
// Goal: two images that each have data the other lacks are never shown as one mirror, and an image that cannot be used
// never keeps the others from being used. Method: whole labs on image files, taken apart and put together as a person
// would.
#include "engine/mdadm/assemble.hpp"

#include <algorithm>
#include <fstream>

#include "engine/mdadm/label_stamp.hpp"
#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

void use(Lab& lab, const std::vector<std::string>& images, std::uint64_t offset, const std::string& text) {
    lab.array.reset();
    lab.options.images = images;
    lab.start();
    if (!text.empty()) CHECK(lab.write(offset, text));
    stop(lab);
}

void write_sidecar_of(Lab& lab, const Container& container) {
    REQUIRE(
        static_cast<bool>(lab.kernel.replace_file(container_path(lab.options.lab), container_file_text(container))));
}

// An array that sdb has left, and which was written to since.
void fail_and_write(Lab& lab) {
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return !has_member(lab, "sdb") && sidecar_of(lab).members[1].state == "faulty"; }));
    CHECK(lab.write(0, std::string(4096, 'n')));
}

void lose_and_stop(Lab& lab) {
    fail_and_write(lab);
    stop(lab);
    lab.array.reset();
}

}  // namespace

TEST_CASE("an add that could not write the sidecar has changed nothing: the member is re-added, or the lab assembled") {
    for (const bool re_add : {false, true}) {
        CAPTURE(re_add);
        Lab lab(small_home());
        fail_and_write(lab);
        REQUIRE(lab.eventually([&] { return !sidecar_of(lab).dirty; }));
        const std::string spare = container_spare_path(lab.options.lab);
        std::filesystem::remove(spare);
        std::filesystem::create_directories(spare + "/in the way");  // as a full disk
        std::string why;
        CHECK(lab.array->add("sdb", &why) != 0);
        CHECK(why.find("the sidecar could not be written") != std::string::npos);
        std::filesystem::remove_all(spare);
        if (!re_add) {
            lab.array.reset();
            lab.start();
            CHECK(lab.md().degraded == 1);
        }
        REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
        CHECK(lab.is_in_sync());
    }
}

TEST_CASE("killed between any two steps of an add, the lab is assembled, and the new member comes in") {
    for (const bool new_label : {false, true}) {
        CAPTURE(new_label);
        Lab lab(small_home());
        lose_and_stop(lab);
        Container container = sidecar_of(lab);
        ContainerMember& sdb = container.members[1];
        REQUIRE(sdb.name == "sdb");
        sdb.state = "spare";
        sdb.slot = -1;
        sdb.label_next = container.members[0].label;
        write_sidecar_of(lab, container);
        if (new_label) set_label(lab, 1, sdb.label_next);
        lab.start();
        CHECK(lab.read(0, 4096) == std::string(4096, 'n'));
        CHECK(lab.is_in_sync());
    }
}

TEST_CASE("an image that the sidecar does not list, or a blank one, is left out with a note") {
    for (const bool blank : {false, true}) {
        CAPTURE(blank);
        Lab lab(small_home());
        lose_and_stop(lab);
        Container container = sidecar_of(lab);
        if (blank) {
            const auto size = std::filesystem::file_size(lab.options.images[1]);
            std::filesystem::resize_file(lab.options.images[1], 0);
            std::filesystem::resize_file(lab.options.images[1], size);
        } else {
            container.members[1].uuid.fill(0x77);
            write_sidecar_of(lab, container);
        }
        lab.start();
        CHECK(lab.md().degraded == 1);
        CHECK(lab.log_lines(blank ? "sdb is blank" : "sdb is not listed in the sidecar") == 1);
        std::string why;
        REQUIRE_MESSAGE(lab.array->add("sdb", &why) == 0, why);
        CHECK(lab.is_in_sync());
        lab.restart();
        CHECK(lab.md().degraded == 0);
    }
}

TEST_CASE("two halves of a mirror that were used alone are not merged, neither by an assembly nor by a re-add") {
    Lab lab(small_home("internal"));
    const std::vector<std::string> both = lab.options.images;
    const std::string a(4096, 'A');
    const std::string b(4096, 'B');
    use(lab, both, 0, "");
    lab.options.run = true;
    use(lab, {both[0]}, 0, a);
    use(lab, {both[1]}, 8192, b);
    lab.array.reset();
    lab.options.images = both;
    lab.start();
    CHECK(lab.md().degraded == 1);
    CHECK(rdev_list(lab.md()).size() == 1);
    CHECK(lab.log_lines("have gone separate ways") == 1);
    std::string why;
    const std::string left_out = rdev_list(lab.md()).front()->name == "sda" ? "sdb" : "sda";
    CHECK(lab.array->re_add(left_out, &why) == -EINVAL);
    CHECK(why.find("used without") != std::string::npos);
    REQUIRE_MESSAGE(lab.array->add(left_out, &why) == 0, why);
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
}

TEST_CASE("a native member that was only missing is taken back by the bitmap") {
    Lab lab(small_home("internal"));
    const std::vector<std::string> both = lab.options.images;
    lab.options.run = true;
    use(lab, {both[0]}, 0, std::string(4096, 'A'));
    lab.options.run = false;  // sda knows by now that it is alone
    lab.array.reset();
    lab.options.images = both;
    lab.start();
    CHECK(lab.md().degraded == 1);
    std::string why;
    REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    CHECK(lab.is_in_sync());
}

}  // namespace mdscope::test
