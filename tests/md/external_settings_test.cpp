// SPDX-License-Identifier: MIT
// What is set on an external array is in the sidecar when the store returns.
//
// Goal: a new size, write-mostly, failfast, time_base and backlog are there after a stop, a kill and a re-add; and what
// could not be recorded was not done. Method: whole labs on image files; a kill is an Oops, a full disk is a folder
// where the sidecar's spare should be.
#include <filesystem>

#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

namespace fs = std::filesystem;

int store_state(Lab& lab, const char* name, const char* word) {
    return rdev_attr_store(lab.member(name), "state", word);
}

std::string state_of(Lab& lab, const char* name) {
    return rdev_state_words(lab.member(name));
}

void end(Lab& lab, bool killed) {
    std::string why;
    if (killed)
        CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
    else
        stop(lab);
    REQUIRE(lab.eventually([&] { return lab.array->bios_drained(); }));
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
}

// As a full disk; what is in the way goes with it.
class NoRoom {
   public:
    explicit NoRoom(const Lab& lab) : spare_(container_spare_path(lab.options.lab)) {
        fs::remove(spare_);
        fs::create_directories(spare_ + "/in the way");
    }
    ~NoRoom() { fs::remove_all(spare_); }
    NoRoom(const NoRoom&) = delete;
    NoRoom& operator=(const NoRoom&) = delete;

   private:
    std::string spare_;
};

// The images are larger than the array uses.
void make_room(Lab& lab) {
    stop(lab);
    for (const std::string& image : lab.options.images) fs::resize_file(image, 48ULL << 20);
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
    for (const char* name : {"sda", "sdb"}) CHECK(rdev_attr_store(lab.member(name), "size", "0") == 0);
}

}  // namespace

TEST_CASE("flags of a member, time_base and backlog are kept over a stop and a kill") {
    for (const bool killed : {false, true}) {
        CAPTURE(killed);
        Lab lab(small_home());
        CHECK(store_state(lab, "sdb", "writemostly") == 0);
        CHECK(store_state(lab, "sda", "failfast") == 0);
        CHECK(lab.store("bitmap/time_base", "7") == 0);
        CHECK(lab.store("bitmap/backlog", "123") == 0);
        end(lab, killed);
        CHECK(state_of(lab, "sdb") == "in_sync,write_mostly");
        CHECK(state_of(lab, "sda") == "in_sync,failfast");
        CHECK(lab.show("bitmap/time_base") == "7");
        CHECK(lab.show("bitmap/backlog") == "123");
        CHECK(store_state(lab, "sdb", "-writemostly") == 0);
        end(lab, killed);
        CHECK(state_of(lab, "sdb") == "in_sync");
    }
}

TEST_CASE("a member that is re-added, or added again, is write-mostly as before") {
    for (const bool re_add : {true, false}) {
        CAPTURE(re_add);
        Lab lab(small_home());
        CHECK(store_state(lab, "sdb", "writemostly") == 0);
        CHECK(store_state(lab, "sdb", "failfast") == 0);
        CHECK(store_state(lab, "sdb", "faulty") == 0);
        REQUIRE(lab.eventually([&] { return !has_member(lab, "sdb"); }));
        std::string why;
        REQUIRE_MESSAGE((re_add ? lab.array->re_add("sdb", &why) : lab.array->add("sdb", &why)) == 0, why);
        CHECK(lab.is_in_sync());
        CHECK(state_of(lab, "sdb") == "in_sync,write_mostly,failfast");
        end(lab, false);
        CHECK(state_of(lab, "sdb") == "in_sync,write_mostly,failfast");
    }
}

TEST_CASE("what cannot be recorded is not done") {
    Lab lab(small_home());
    CHECK(store_state(lab, "sdb", "writemostly") == 0);
    CHECK(lab.store("bitmap/backlog", "5") == 0);
    const NoRoom no_room(lab);
    CHECK(store_state(lab, "sdb", "-writemostly") < 0);
    CHECK(store_state(lab, "sda", "failfast") < 0);
    CHECK(lab.store("bitmap/time_base", "9") < 0);
    CHECK(lab.store("bitmap/backlog", "6") < 0);
    CHECK(state_of(lab, "sdb") == "in_sync,write_mostly");
    CHECK(state_of(lab, "sda") == "in_sync");
    CHECK(lab.show("bitmap/time_base") == "5");
    CHECK(lab.show("bitmap/backlog") == "5");
}

TEST_CASE("a new size is kept over a stop and a kill, and what was written beyond the old one is there") {
    const std::string precious(4096, 'p');
    for (const bool killed : {false, true}) {
        CAPTURE(killed);
        Lab lab(small_home());
        const std::uint64_t before = lab.array->size_bytes();
        make_room(lab);
        CHECK(lab.store("component_size", "0") == 0);
        const std::uint64_t after = lab.array->size_bytes();
        CHECK(after > before);
        CHECK(lab.show("array_size") == "default");
        CHECK(lab.write(after - 4096, precious));
        end(lab, killed);
        CHECK(lab.array->size_bytes() == after);
        CHECK(lab.read(after - 4096, precious.size()) == precious);
        CHECK(lab.is_in_sync());
        CHECK(lab.mismatches() == "0");
    }
}

// The new part holds something else on each member.
TEST_CASE(
    "the new part of an array that has grown is mirrored, also when nothing was written and it was killed at once") {
    Lab lab(small_home());
    make_room(lab);
    stop(lab);
    const std::string other(4096, 'x');
    std::fstream(lab.options.images[1], std::ios::binary | std::ios::in | std::ios::out)
        .seekp(40 << 20)
        .write(other.data(), static_cast<std::streamsize>(other.size()));
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
    for (const char* name : {"sda", "sdb"}) CHECK(rdev_attr_store(lab.member(name), "size", "0") == 0);
    CHECK(lab.set_sync_max("0"));
    CHECK(lab.store("component_size", "0") == 0);
    end(lab, true);
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
}

TEST_CASE("an array does not grow when that cannot be recorded, and nobody sees the new part") {
    Lab lab(small_home());
    const std::uint64_t before = lab.array->size_bytes();
    make_room(lab);
    {
        const NoRoom no_room(lab);
        CHECK(lab.store("component_size", "0") < 0);
        CHECK(lab.array->size_bytes() == before);
        CHECK_FALSE(lab.write(before, "x"));
    }
    end(lab, false);
    CHECK(lab.array->size_bytes() == before);
}

TEST_CASE("a member that was out while the array grew is re-added, and large enough") {
    Lab lab(small_home());
    CHECK(store_state(lab, "sdb", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return !has_member(lab, "sdb"); }));
    stop(lab);
    for (const std::string& image : lab.options.images) fs::resize_file(image, 48ULL << 20);
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
    CHECK(rdev_attr_store(lab.member("sda"), "size", "0") == 0);
    CHECK(lab.store("component_size", "0") == 0);
    end(lab, false);
    CHECK(lab.md().degraded == 1);
    REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
}

}  // namespace mdscope::test
