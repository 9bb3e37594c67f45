// SPDX-License-Identifier: MIT
// A whole array on image files: create, assemble, write, fail, re-add, resync, stop, for every bitmap home.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/md/variants/pools.hpp"
#include "tests/md/lab.hpp"

namespace mdscope::test {

// The data area of a member image, read from the file.
static std::string data_of(const Lab& lab, std::size_t index, Sector data_offset) {
    const std::uint64_t begin = data_offset << kSectorShift;
    std::string bytes(std::filesystem::file_size(lab.options.images[index]) - begin, '\0');
    std::ifstream file(lab.options.images[index], std::ios::binary);
    file.seekg(static_cast<std::streamoff>(begin)).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    REQUIRE(file.good());
    return bytes;
}

static bool mirrors_equal(Lab& lab) {
    const Sector offset = lab.member("sda").data_offset;
    return data_of(lab, 0, offset) == data_of(lab, 1, offset);
}

static bool asleep_in(const Lab& lab, const std::string& queue) {
    return std::ranges::any_of(lab.kernel.tasks(),
                               [&](const SleepInfo& task) { return task.queue != nullptr && task.queue == queue; });
}

static const std::string kBlock(4096, 'x');

TEST_CASE("what is written is read back, from both mirrors, and survives a stop") {
    for (const char* bitmap : {"external", "internal", "file", "none"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        CHECK(lab.write(0, kBlock));
        CHECK(lab.write(1 << 20, kBlock));
        CHECK(lab.write(4096 + 7, "unaligned"));
        CHECK(lab.read(4096 + 7, 9) == "unaligned");
        CHECK(mirrors_equal(lab));
        std::string why;
        CHECK(lab.array->stop(false, &why) == 0);
        CHECK(why == "");
        CHECK(lab.array->size_bytes() == 0);
        CHECK(lab.array->reassemble(&why) == 0);
        CHECK(lab.show("array_state") == "clean");
        CHECK(lab.read(0, 4096) == kBlock);
        CHECK(lab.read(4096 + 7, 9) == "unaligned");
    }
}

TEST_CASE("what was added since the start is a member when the array is assembled again") {
    for (const char* bitmap : {"external", "internal", "file", "none"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        const std::string sdc = lab.options.lab + "/sdc.img";
        std::ofstream(sdc).close();
        std::filesystem::resize_file(sdc, 16 << 20);
        CHECK(lab.write(0, kBlock));
        std::string why;
        REQUIRE_MESSAGE(lab.array->add(sdc, &why) == 0, why);
        CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
        REQUIRE(lab.is_in_sync());
        for (int times = 0; times < 2; times++) {
            CHECK_MESSAGE(lab.array->stop(false, &why) == 0, why);
            REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
            CHECK(lab.member("sdc").raid_disk >= 0);
            CHECK(lab.read(0, 4096) == kBlock);
        }
    }
}

TEST_CASE("what could not be added is not missed when the array is assembled again") {
    for (const char* bitmap : {"external", "internal"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        const std::string sdc = lab.options.lab + "/sdc.img";
        std::ofstream(sdc).close();
        std::filesystem::resize_file(sdc, 1 << 20);
        std::string why;
        REQUIRE(lab.array->add(sdc, &why) != 0);  // too small
        std::filesystem::remove(sdc);
        CHECK_MESSAGE(lab.array->stop(false, &why) == 0, why);
        CHECK_MESSAGE(lab.array->reassemble(&why) == 0, why);
        CHECK(lab.show("array_state") == "clean");
    }
}

TEST_CASE("a failed member is re-added by the bitmap, and only what it missed is copied") {
    for (const char* bitmap : {"external", "internal", "file"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        CHECK(lab.write(0, kBlock));
        CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
        CHECK(lab.write(3 << 20, kBlock));
        CHECK(lab.md().degraded == 1);
        std::string why;
        REQUIRE(lab.eventually([&] {
            lab.array->remove("sdb", &why);
            for (Rdev* rdev : rdev_list(lab.md()))
                if (rdev->name == "sdb") return false;
            return true;
        }));
        CHECK(lab.write(5 << 20, kBlock));
        CHECK(lab.array->re_add("sdb", &why) == 0);
        CAPTURE(why);
        CHECK(lab.is_in_sync());
        CHECK(mirrors_equal(lab));
        CHECK(lab.show("last_sync_action") == "recovery");
    }
}

TEST_CASE("a member that is in the array cannot be re-added, and is told from one that is busy") {
    for (const char* home : {"external", "internal"}) {
        CAPTURE(home);
        Lab lab(small_home(home));
        std::string why;
        CHECK(lab.array->re_add("sdb", &why) == -EEXIST);
        CHECK(why == "sdb is a member of md0 already (in_sync): there is nothing to bring back");
        CHECK(lab.array->add("sdb", &why) == -EEXIST);
        CHECK(why == "sdb is a member of md0 already");
    }
}

TEST_CASE("while a check runs a re-add is refused and leaves the member out; after it the member is taken") {
    Lab lab(small_home());
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return !has_member(lab, "sdb"); }));
    CHECK(lab.write(3 << 20, kBlock));
    CHECK(lab.set_sync_max("0"));
    REQUIRE(lab.eventually([&] { return lab.store("sync_action", "check") == 0; }));
    REQUIRE(lab.eventually([&] { return asleep_in(lab, "mddev->recovery_wait"); }));
    std::string why;
    CHECK(lab.array->re_add("sdb", &why) == -EBUSY);
    CHECK(why.find("sdb cannot be re-added while md/sync_action says `check`") == 0);
    CHECK_FALSE(has_member(lab, "sdb"));
    CHECK(lab.store("sync_action", "idle") == 0);
    CHECK(lab.store("sync_max", "max") == 0);
    REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    CHECK(lab.is_in_sync());
    CHECK(mirrors_equal(lab));
}

TEST_CASE("a failed member that was not removed and is re-added without a bitmap is copied in full") {
    Lab lab(small_home("none"));
    CHECK(lab.write(0, kBlock));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.write(3 << 20, kBlock));
    std::string why;
    REQUIRE(lab.eventually([&] { return lab.array->re_add("sdb", &why) == 0; }));  // busy until md took its slot
    CHECK(lab.is_in_sync());
    CHECK(mirrors_equal(lab));
}

static constexpr Sector kHalfway = 16384;  // of 16 MiB

// sdb comes back as a new member, and its recovery sleeps halfway, which is on record.
static void recover_halfway(Lab& lab) {
    std::string why;
    CHECK(lab.set_sync_max(std::to_string(kHalfway)));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    for (std::size_t block = 0; block < 12; block++) CHECK(lab.write(block << 20, kBlock));
    REQUIRE(lab.eventually([&] {
        lab.array->remove("sdb", &why);
        return std::ranges::none_of(rdev_list(lab.md()), [](const Rdev* rdev) { return rdev->name == "sdb"; });
    }));
    CHECK(lab.array->add(lab.options.images[1], &why) == 0);
    CAPTURE(why);
    CHECK(lab.eventually([&] { return lab.md().curr_resync_completed == kHalfway; }));
    // A checkpoint is written by md's thread, which a recovery that sleeps does not wake.
    md_wakeup_thread(lab.md(), lab.md().thread);
    CHECK(lab.eventually([&] { return lab.member("sdb").recovery_offset == kHalfway; }));
    CHECK(lab.eventually([&] { return lab.show("array_state") == "clean"; }));
}

TEST_CASE("a crash while a write is below the checkpoint of a recovery leaves equal mirrors") {
    for (const char* bitmap : {"external", "internal", "none"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        recover_halfway(lab);
        BioFilter data;
        data.kinds = {BioKind::Data};
        auto disks = lab.array->member_disks();
        CHECK(disks.at(1).name == "sdb");
        disks.at(1).pause->hold(data);
        std::thread writer([&] {
            const TaskScope scope(lab.kernel, "dd");
            CHECK_FALSE(lab.write(2 << 20, std::string(4096, 'y')));
        });
        const bool held = lab.eventually(
            [&] { return std::ranges::any_of(lab.array->bios(), [](const BioInfo& bio) { return bio.held; }); });
        CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
        writer.join();
        REQUIRE(held);
        disks.at(1).pause->lift();
        CHECK(disks.at(1).pause->release_all() == 1);  // of a dead kernel: it is not written any more
        disks.clear();
        std::string why;
        REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
        CHECK(lab.is_in_sync());
        const std::string there = lab.read(2 << 20, 4096);  // the write was never acknowledged: sda may have it or not
        CHECK((there == std::string(4096, 'y') || there == kBlock));
        CHECK(mirrors_equal(lab));
    }
}

TEST_CASE("after a clean stop a recovery goes on from its checkpoint") {
    for (const char* bitmap : {"external", "internal", "none"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        recover_halfway(lab);
        std::string why;
        CHECK_MESSAGE(lab.array->stop(false, &why) == 0, why);
        lab.array.reset();
        lab.options.read_only = true;  // so that it does not go on while it is looked at
        lab.start();
        CHECK(lab.member("sdb").recovery_offset == kHalfway);
    }
}

TEST_CASE("a member's disk stays, its image locked, while somebody holds it, though the array has been stopped") {
    Lab lab(small_home("internal"));
    std::string why;
    {
        const auto held = lab.array->member_disks();
        CHECK(lab.array->stop(false, &why) == 0);
        CHECK(held.at(0).pause->release_all() == 0);
        CHECK_FALSE(static_cast<bool>(lab.kernel.open_disk(lab.options.images[0], OpenMode::ReadWrite)));
    }
    CHECK(static_cast<bool>(lab.kernel.open_disk(lab.options.images[0], OpenMode::ReadWrite)));
}

TEST_CASE("a bitmap that cannot be loaded is reported in one line") {
    Lab lab(small_home("file"));
    std::string why;
    REQUIRE(lab.array->stop(false, &why) == 0);
    std::filesystem::resize_file(lab.options.bitmap_file, 260);
    CHECK(lab.array->reassemble(&why) != 0);
    CHECK(lab.log_lines("bitmap initialisation failed") == 1);
}

TEST_CASE("an array of external metadata takes no bitmap file") {
    Lab lab(small_home("external"));
    lab.array.reset();
    AssembleOptions options = lab.options;
    options.bitmap_file = options.lab + "/bits";
    const auto refused = Array::assemble(lab.kernel, options);
    REQUIRE_FALSE(static_cast<bool>(refused));
    CHECK(refused.error().text.find("not in a file") != std::string::npos);
}

TEST_CASE("a stop right after the start is answered by mdmon") {
    Lab lab(small_home("external"));
    std::string why;
    for (int round = 0; round < 20; round++) {
        REQUIRE(lab.array->stop(false, &why) == 0);
        REQUIRE(lab.array->reassemble(&why) == 0);
    }
    CHECK(lab.log_lines("mdmon did not answer") == 0);
}

// Linux would see a disk that has lost its end. Here the file grows back with the first write behind it, unless
// somebody looks.
TEST_CASE("a member whose image was cut short is failed by the next writes, and the array goes on") {
    for (const char* bitmap : {"external", "internal"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        CHECK(lab.write(0, kBlock));
        std::filesystem::resize_file(lab.options.images[1], 4 << 20);
        std::uint64_t writes = 0;
        CHECK(lab.eventually([&] {
            CHECK(lab.write(writes++ % 16 << 12, kBlock));
            return lab.md().degraded == 1;
        }));
        CHECK(std::filesystem::file_size(lab.options.images[1]) == 4 << 20);
        CHECK(lab.write(12 << 20, kBlock));
        CHECK(lab.read(12 << 20, kBlock.size()) == kBlock);
        CHECK(lab.log_lines("sdb: the image was cut short") == 1);
        CHECK(lab.log_lines("Disk failure on sdb") == 1);
    }
}

// What a lab says of itself on disk.
static std::string sidecar(const Lab& lab) {
    std::ifstream file(container_path(lab.options.lab), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("a lab that is assembled read-only stays read-only, and its sidecar as it was") {
    for (const bool dirty : {false, true}) {
        CAPTURE(dirty);
        Lab lab(small_home("external"));
        std::string why;
        REQUIRE(lab.array->stop(false, &why) == 0);
        lab.array.reset();
        auto container = container_from_json(sidecar(lab));
        REQUIRE(static_cast<bool>(container));
        container->dirty = dirty;
        REQUIRE(static_cast<bool>(
            lab.kernel.replace_file(container_path(lab.options.lab), container_file_text(*container))));
        const std::string before = sidecar(lab);
        lab.options.read_only = true;
        lab.start();
        CHECK(lab.show("metadata_version") == "external:-lab");
        CHECK(lab.show("array_state") == "readonly");
        CHECK_FALSE(lab.write(0, kBlock));
        CHECK(lab.array->add("sdc", &why) == -EROFS);
        CHECK(lab.array->stop(false, &why) == 0);
        CHECK(lab.show("array_state") == "clear");
        CHECK(sidecar(lab) == before);
    }
}

TEST_CASE("a member that was just removed is taken back as soon as somebody lets go of its disk") {
    Lab lab(small_home("internal"));
    CHECK(lab.write(0, kBlock));
    auto held = lab.array->member_disks();
    std::string why;
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    REQUIRE(lab.eventually([&] { return lab.array->remove("sdb", &why) == 0; }));
    Shared<bool> let_go;
    Task* holder = lab.kernel.kthread_run("holder", [&] {
        CHECK(lab.eventually([&] { return asleep_in(lab, "member image is closed"); }));
        let_go = true;
        held.clear();
    });
    CHECK_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    CHECK(let_go);
    lab.kernel.kthread_join(holder);
    CHECK(lab.eventually([&] { return lab.md().degraded == 0; }));
}

TEST_CASE("an array of before stays readable for whoever is still inside one of its files") {
    Lab lab(small_home("none"));
    Mddev& before = lab.md();
    before.dead_privates.push_back(std::make_shared<int>());
    const std::weak_ptr<void> goes_with_it = before.dead_privates.back();
    std::string why;
    CHECK(lab.array->stop(false, &why) == 0);
    REQUIRE(lab.array->reassemble(&why) == 0);
    REQUIRE_FALSE(goes_with_it.expired());
    CHECK(find_md_attr("array_state")->show(before) == "clear\n");
}

TEST_CASE("a stop is refused while the disk is open, and the array goes on") {
    Lab lab(small_home("external"));
    REQUIRE(lab.array->open() == 0);
    std::string why;
    CHECK(lab.array->stop(false, &why) == -EBUSY);
    CHECK(why.find("still in use") != std::string::npos);
    CHECK(lab.write(0, kBlock));
    lab.array->release();
    CHECK(lab.array->stop(false, &why) == 0);
    CHECK(lab.array->open() == -ENODEV);
}

// ---- after an Oops

static void halt(Lab& lab) {
    CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
}

TEST_CASE("who had the array open when its kernel died does not count for the one assembled after it") {
    Lab lab(small_home("internal"));
    REQUIRE(lab.array->open() == 0);
    halt(lab);
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
    REQUIRE(lab.array->open() == 0);
    lab.array->release();  // the one from before
    CHECK(lab.md().openers == 1);
    CHECK(lab.array->stop(false, &why) == -EBUSY);
    lab.array->release();
    CHECK(lab.array->stop(false, &why) == 0);
}

TEST_CASE("the kernel's variants stay as they were chosen, over a stop and over an Oops") {
    Lab lab(small_home("internal"));
    lab.md().variants = VariantRows(*find_kernel_era("5.12"));
    std::string why;
    REQUIRE(lab.array->stop(false, &why) == 0);
    REQUIRE(lab.array->reassemble(&why) == 0);
    CHECK(lab.md().variants.name("fix") == "none");
    CHECK(lab.md().variants.name("order") == "2021");
    lab.md().variants.choose<variants::pools>(*find_row<variants::pools>("stop"));
    halt(lab);
    REQUIRE(lab.array->reassemble(&why) == 0);
    CHECK(lab.md().variants.name("fix") == "none");
    CHECK(lab.md().variants.name("pools") == "stop");
}

}  // namespace mdscope::test
