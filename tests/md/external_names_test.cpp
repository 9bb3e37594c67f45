// SPDX-License-Identifier: MIT
// A member of an external array is who its label says, whatever its file is called.
//
// Goal: people rename images, exchange them, copy them, put a new one where a dead one was, and nothing old is served
// nor anything good thrown away. Method: whole labs on image files, with a kill (an Oops: nothing more is written)
// where the fault was seen after one.
#include <filesystem>

#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

namespace fs = std::filesystem;

const std::string kOld(4096, 'o');
const std::string kNew(4096, 'n');

void fail(Lab& lab, const std::string& name) {
    CHECK(rdev_attr_store(lab.member(name), "state", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return !has_member(lab, name); }));
}

void kill_and_assemble(Lab& lab) {
    CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
}

void stop_and_close(Lab& lab) {
    stop(lab);
    lab.array.reset();
}

void change_names(const std::string& a, const std::string& b) {
    fs::rename(a, a + ".x");
    fs::rename(b, a);
    fs::rename(a + ".x", b);
}

const ContainerMember& entry_called(const Container& container, const std::string& name) {
    for (const ContainerMember& member : container.members)
        if (member.name == name) return member;
    FAIL("no entry " << name);
    std::abort();
}

}  // namespace

TEST_CASE("of two images that were exchanged the one that fails is the one that is recorded") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOld));
    stop_and_close(lab);
    const Uuid was_sda = sidecar_of(lab).members[0].uuid;
    change_names(lab.options.images[0], lab.options.images[1]);
    lab.start();
    fail(lab, "sdb");
    CHECK(lab.write(0, kNew));
    CHECK(entry_called(sidecar_of(lab), "sdb").uuid == was_sda);
    CHECK(entry_called(sidecar_of(lab), "sdb").state == "faulty");
    kill_and_assemble(lab);
    CHECK(lab.read(0, kNew.size()) == kNew);
    CHECK_FALSE(has_member(lab, "sdb"));
}

TEST_CASE("the survivor takes the name of the dead, and a new image its own: nothing is mixed up, killed or not") {
    for (const bool killed : {false, true}) {
        CAPTURE(killed);
        Lab lab(small_home());
        CHECK(lab.write(0, kOld));
        fail(lab, "sda");
        CHECK(lab.write(0, kNew));
        stop_and_close(lab);
        const auto [sda, sdb] = std::pair(lab.options.images[0], lab.options.images[1]);
        fs::remove(sda);
        fs::rename(sdb, sda);
        lab.options.images = {sda};
        lab.start();
        std::ofstream(sdb).close();
        fs::resize_file(sdb, fs::file_size(sda));
        if (killed) CHECK(lab.set_sync_max("0"));
        std::string why;
        REQUIRE_MESSAGE(lab.array->add("sdb", &why) == 0, why);
        lab.options.images = {sda, sdb};
        if (killed) {
            CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
            lab.array.reset();
            lab.kernel.restart();
        } else {
            CHECK(lab.is_in_sync());
            stop_and_close(lab);
        }
        lab.start();
        CHECK(lab.read(0, kNew.size()) == kNew);
        CHECK(lab.is_in_sync());
    }
}

TEST_CASE("a member that is not there keeps its entry when another takes its name, and comes back under a third") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOld));
    fail(lab, "sdb");
    stop_and_close(lab);
    const std::string aside = lab.folder / "old.img";
    fs::rename(lab.options.images[1], aside);
    fs::rename(lab.options.images[0], lab.options.images[1]);
    lab.options.images = {lab.options.images[1]};
    lab.start();
    CHECK(lab.write(0, kNew));
    std::string why;
    REQUIRE_MESSAGE(lab.array->re_add(aside, &why) == 0, why);
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
}

TEST_CASE("two images of one name are told apart by their folders, and are known by those names") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOld));
    stop_and_close(lab);
    for (const std::size_t i : {0U, 1U}) {
        const std::string folder = lab.folder / std::to_string(i + 1);
        fs::create_directory(folder);
        fs::rename(lab.options.images[i], folder + "/disk.img");
        lab.options.images[i] = folder + "/disk.img";
    }
    lab.start();
    CHECK(lab.md().degraded == 0);
    fail(lab, "2-disk");
    CHECK(lab.write(0, kNew));
    std::string why;
    REQUIRE_MESSAGE(lab.array->re_add("2-disk", &why) == 0, why);
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
}

TEST_CASE("the copy of a member beside it is named and left out, or both are named when it cannot be told") {
    for (const char* home : {"external", "internal"}) {
        CAPTURE(home);
        Lab lab(small_home(home));
        CHECK(lab.write(0, kOld));
        stop_and_close(lab);
        const std::string copy = lab.options.lab + "/sda-backup.img";
        fs::copy_file(lab.options.images[0], copy);
        lab.options.images.push_back(copy);
        if (home == std::string("external")) {
            lab.start();
            CHECK(lab.md().degraded == 0);
            CHECK(lab.log_lines("sda-backup.img is a copy of " + lab.options.images[0]) == 1);
            std::string why;
            CHECK(lab.array->re_add(copy, &why) == -EINVAL);  // its slot has somebody in it
            CHECK(sidecar_of(lab).members[0].state == "in_sync");
            continue;
        }
        const auto refused = Array::assemble(lab.kernel, lab.options);
        REQUIRE_FALSE(static_cast<bool>(refused));
        CHECK(refused.error().text.find(copy) != std::string::npos);
        CHECK(refused.error().text.find(lab.options.images[0]) != std::string::npos);
        // Used since without the copy: now it can be told.
        lab.options.images.pop_back();
        lab.start();
        CHECK(lab.write(0, kNew));
        stop_and_close(lab);
        lab.options.images.push_back(copy);
        lab.start();
        CHECK(lab.md().degraded == 0);
        CHECK(lab.read(0, kNew.size()) == kNew);
    }
}

TEST_CASE("with external metadata a single old image is refused") {
    Lab lab(small_home());
    CHECK(lab.write(0, kOld));
    stop_and_close(lab);
    const std::vector<std::string> both = lab.options.images;
    lab.options.images = {both[0]};
    lab.options.run = true;
    lab.start();
    CHECK(lab.write(0, kNew));
    stop_and_close(lab);
    lab.options.images = {both[1]};
    const auto refused = Array::assemble(lab.kernel, lab.options);
    REQUIRE_FALSE(static_cast<bool>(refused));
    CHECK(refused.error().text.find("sdb was missing when the array was used last") != std::string::npos);
}

}  // namespace mdscope::test
