// SPDX-License-Identifier: MIT
// Arrays of IMSM that run: those of the real mdadm come up as mdadm brings them up, ours have the report's mdstat, and
// what mdmon writes is on every member before anything depends on it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/mdadm/examine.hpp"
#include "engine/mdadm/imsm/examine_imsm.hpp"
#include "tests/md/lab.hpp"
#include "tests/sim_array.hpp"

namespace mdscope::test {
namespace {

CreateOptions small_imsm(const std::string& bitmap = "external") {
    CreateOptions create;
    create.metadata = "imsm";
    create.bitmap = bitmap;
    create.size_bytes = 8ULL << 20;
    create.name = "vol0";
    return create;
}

ImsmAnchor anchor_on(const std::string& image) {
    const Result<Examination> found = examine_image(image);
    REQUIRE(found);
    REQUIRE(found->imsm);
    return found->imsm->anchor;
}

ImsmVolume volume_on(const Lab& lab, std::size_t image) {
    return anchor_on(lab.options.images[image]).volumes.at(0);
}

std::string imsm_mdstat(Array& array) {
    return mdstat({&array.mddev(), array.container()});
}

std::string images_in(const std::string& folder, std::vector<std::string>* images) {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".img") images->push_back(entry.path().string());
    std::ranges::sort(*images);
    return folder;
}

// ---- the real mdadm's

struct ImsmRow {
    const char* folder;
    const char* status;     // of md0, as in mdstat
    const char* container;  // members and blocks of md127
    Sector resync_start;    // MaxSector: none
};
constexpr ImsmRow kImsmRows[] = {
    {"assume-clean-bitmap", "[2/2] [UU]", "vdf[1](S) vde[0](S)\n      10402", MaxSector},
    {"badblocks", "[2/2] [UU]", "vdb[1](S) vda[0](S)\n      10402", MaxSector},
    {"check-cut", "[2/2] [UU]", "vdb[1](S) vda[0](S)\n      10402", MaxSector},
    {"clean", "[2/2] [UU]", "vdb[1](S) vda[0](S)\n      10402", MaxSector},
    {"clean-bitmap", "[2/2] [UU]", "vdb[1](S) vda[0](S)\n      10402", MaxSector},
    {"degraded", "[2/1] [U_]", "vdb[1](S) vda[0](S)\n      10402", MaxSector},
    {"degraded-bitmap", "[2/1] [U_]", "vdf[1](S) vde[0](S)\n      10402", MaxSector},
    {"dirty", "[2/2] [UU]", "vdb[1](S) vda[0](S)\n      10402", 0},
    {"dirty-bitmap", "[2/2] [UU]", "vdf[1](S) vde[0](S)\n      10402", 0},
    {"failed-not-removed", "[2/1] [U_]", "vdb[1](S) vda[0](S)\n      10402", MaxSector},
    {"rebuild-half-cut", "[2/1] [U_]", "vdc[1](S) vda[0](S)\n      10402", MaxSector},
    {"report-size", "[2/2] [UU]", "vdh[1](S) vdg[0](S)\n      10402", MaxSector},
    {"report-size-5.10", "[2/2] [UU]", "vdh[1](S) vdg[0](S)\n      10402", MaxSector},
    {"resync-half-stopped", "[2/2] [UU]", "vdb[1](S) vda[0](S)\n      10402", 94208},
    {"spare", "[2/2] [UU]", "vdc[2](S) vdb[1](S) vda[0](S)\n      11507", MaxSector},
    {"two-volumes", "[2/2] [UU]", "vdb[1](S) vda[0](S)\n      10402", MaxSector},
};

// Read-only, so that nothing goes on by itself: a resync, a rebuild, mdmon's first write.
TEST_CASE("every IMSM array of the real mdadm comes up here as it comes up there") {
    const testing::ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    for (const ImsmRow& row : kImsmRows) {
        CAPTURE(row.folder);
        RealKernel kernel;
        const TaskScope scope(kernel, "test");
        AssembleOptions options;
        options.lab = images_in(folder + "/" + row.folder, &options.images);
        options.read_only = true;
        auto array = Array::assemble(kernel, options);
        REQUIRE_MESSAGE(static_cast<bool>(array), (array ? "" : array.error().text));
        const std::string text = imsm_mdstat(**array);
        CAPTURE(text);
        CHECK(text.find(" super external:-md127/0 " + std::string(row.status)) != std::string::npos);
        CHECK(text.find(fmt::format("md127 : inactive {} blocks super external:imsm\n       \n", row.container)) !=
              std::string::npos);
        CHECK((*array)->mddev().recovery_cp == row.resync_start);
        for (const Rdev* rdev : rdev_list((*array)->mddev()))
            if (std::string(row.folder) == "badblocks") CHECK(rdev->badblocks.count == (rdev->name == "vdb" ? 2 : 0));
    }
}

TEST_CASE("arrays of the real mdadm are finished here: what was owed is copied, and the anchors say normal, clean") {
    const testing::ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    for (const char* name : {"dirty", "dirty-bitmap", "rebuild-half-cut", "resync-half-stopped"}) {
        CAPTURE(name);
        AssembleOptions options;
        options.lab = images_in(folder + "/" + name, &options.images);
        RealKernel kernel;
        const TaskScope scope(kernel, "test");
        auto array = Array::assemble(kernel, options);
        REQUIRE_MESSAGE(static_cast<bool>(array), (array ? "" : array.error().text));
        Mddev& md = (*array)->mddev();
        const std::uint64_t deadline = kernel.ktime_ns() + kPatience;
        while (md.degraded != 0 || md.recovery_cp != MaxSector || find_md_attr("sync_action")->show(md) != "idle\n") {
            REQUIRE(kernel.ktime_ns() < deadline);
            std::this_thread::yield();
        }
        std::vector<std::string> members;
        for (const Rdev* rdev : rdev_list(md)) members.push_back(rdev->path);
        std::string why;
        REQUIRE_MESSAGE((*array)->stop(false, &why) == 0, why);
        REQUIRE(members.size() == 2);
        for (const std::string& image : members) {
            const ImsmVolume volume = anchor_on(image).volumes.at(0);
            CHECK_FALSE(volume.is_dirty());
            CHECK_FALSE(volume.migrates);
            CHECK(volume.map.map_state == static_cast<std::uint8_t>(ImsmMapState::Normal));
            CHECK(volume.map.failed_disk_num == kImsmNoDiskFailed);
        }
        CHECK(encode_imsm(anchor_on(members[0])) == encode_imsm(anchor_on(members[1])));
    }
}

// ---- the report's

TEST_CASE("mdstat of the report, character for character") {
    CreateOptions create = testing::SimArray::small("external");
    create.metadata = "imsm";
    create.name = "md24";
    create.size_bytes = (283115520ULL + 10402) * 512;
    const LabPlan plan = testing::SimArray::planned(create);
    testing::SimArray lab(plan, "external", "md24");
    REQUIRE(lab.start() == "");
    lab.kernel.run_for(30 * kNsPerSec);  // a new bitmap is all ones: the daemon clears it
    CHECK(lab.write(1 << 20, std::string(4096, 'x')) == 4096);
    CHECK(imsm_mdstat(lab.array) ==
          "Personalities : [raid1] \n"
          "md24 : active raid1 sdb[1] sda[0]\n"
          "      141557760 blocks super external:/md127/0 [2/2] [UU]\n"
          "      bitmap: 1/2 pages [4KB], 65536KB chunk\n"
          "\n"
          "md127 : inactive sdb[1](S) sda[0](S)\n"
          "      10402 blocks super external:imsm\n"
          "       \n"
          "unused devices: <none>\n");
    lab.kernel.run_for(30 * kNsPerSec);
    CHECK(imsm_mdstat(lab.array).find("      bitmap: 0/2 pages [0KB], 65536KB chunk\n") != std::string::npos);
    lab.array.mddev().variants = VariantRows(*find_kernel_era("6.1.192"));
    CHECK(imsm_mdstat(lab.array).find("[2/2] [UU]\n      \nmd127") != std::string::npos);
}

// ---- ours

TEST_CASE("dirty is on both members before a write is acknowledged, clean after the stop; nothing without a write") {
    Lab lab(small_imsm());
    const std::uint32_t created = anchor_on(lab.options.images[0]).generation_num;
    lab.restart();
    CHECK(anchor_on(lab.options.images[0]).generation_num == created);
    CHECK(lab.write(0, std::string(4096, 'a')));
    for (const std::size_t image : {0U, 1U}) CHECK(volume_on(lab, image).is_dirty());
    CHECK(lab.show("metadata_version") == "external:/md127/0");
    CHECK(lab.show("safe_mode_delay") == "4.000");
    stop(lab);
    for (const std::size_t image : {0U, 1U}) CHECK_FALSE(volume_on(lab, image).is_dirty());
    CHECK(encode_imsm(anchor_on(lab.options.images[0])) == encode_imsm(anchor_on(lab.options.images[1])));
    lab.start();
    CHECK(lab.read(0, 4096) == std::string(4096, 'a'));
}

TEST_CASE("a member fails, is written down on the survivor, and comes back by a full copy") {
    Lab lab(small_imsm());
    CHECK(lab.write(0, std::string(4096, 'a')));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.write(0, std::string(4096, 'b')));
    const ImsmAnchor failed = anchor_on(lab.options.images[0]);
    CHECK(imsm_text(failed.disks.at(1).serial) == "/dev/sdb:0");
    CHECK(failed.volumes[0].map.map_state == static_cast<std::uint8_t>(ImsmMapState::Degraded));
    CHECK(lab.eventually([&] { return !has_member(lab, "sdb"); }));
    std::string why;
    CHECK(lab.array->re_add("sdb", &why) == -EINVAL);
    CHECK(why == "IMSM knows no re-add: `add` takes the disk, and all of it is copied");
    REQUIRE_MESSAGE(lab.array->add("sdb", &why) == 0, why);
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
    stop(lab);
    const ImsmAnchor whole = anchor_on(lab.options.images[1]);
    CHECK(encode_imsm(whole) == encode_imsm(anchor_on(lab.options.images[0])));
    CHECK(whole.disks.size() == 2);
    CHECK(whole.family_num != failed.family_num);
    CHECK(whole.orig_family_num == failed.orig_family_num);
    CHECK(testing::read_bytes(lab.options.images[1], 0, 4096) == std::vector<std::byte>(4096, std::byte{'b'}));
}

TEST_CASE("an old copy of an image stays out, whether it was made before a use, or during one") {
    for (const bool during : {false, true}) {
        CAPTURE(during);
        Lab lab(small_imsm("none"));
        const std::string image = lab.options.images[1];
        const std::string copy = lab.folder / "copy";
        if (during) CHECK(lab.write(0, std::string(4096, 'a')));
        std::filesystem::copy_file(image, copy);
        CHECK(lab.write(0, std::string(4096, 'b')));
        stop(lab);
        lab.array.reset();
        std::filesystem::remove(image);
        std::filesystem::rename(copy, image);
        auto refused = Array::assemble(lab.kernel, lab.options);
        REQUIRE_FALSE(static_cast<bool>(refused));
        CHECK(refused.error().text.find("missing: sdb (slot 1)") != std::string::npos);
        CHECK(refused.error().text.find("sdb is an old copy, or was not written") != std::string::npos);
        lab.options.run = true;
        lab.start();
        CHECK(lab.read(0, 4096) == std::string(4096, 'b'));
    }
}

TEST_CASE("who was missing when the array was used is written down, and stays out") {
    Lab lab(small_imsm());
    stop(lab);
    lab.array.reset();
    const std::vector<std::string> both = std::exchange(lab.options.images, {lab.options.images[0]});
    CHECK_FALSE(static_cast<bool>(Array::assemble(lab.kernel, lab.options)));
    lab.options.run = true;
    lab.start();
    CHECK(lab.write(0, std::string(4096, 'b')));
    CHECK(imsm_text(anchor_on(both[0]).disks.at(1).serial) == "dev/sdb:0");
    stop(lab);
    lab.array.reset();
    lab.options.images = both;
    lab.options.run = false;
    lab.start();
    CHECK(lab.md().degraded == 1);
    CHECK(lab.log_lines("sdb has failed, or was missing, according to sda") == 1);
}

TEST_CASE("without the header of its bitmap a volume runs without it, and takes disks all the same") {
    Lab lab(small_imsm());
    stop(lab);
    lab.array.reset();
    testing::write_bytes(lab.options.images[1], (4096 + 16) * 512, {std::byte{'x'}});
    lab.start();
    CHECK(lab.show("bitmap/location") == "none");
    CHECK(lab.log_lines("the bitmap of sdb is not used: its magic is") == 1);
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.write(0, std::string(4096, 'b')));
    CHECK(lab.eventually([&] { return !has_member(lab, "sdb"); }));
    std::string why;
    REQUIRE_MESSAGE(lab.array->add("sdb", &why) == 0, why);
    CHECK(lab.is_in_sync());
    lab.restart();
    CHECK(lab.show("bitmap/location") == "+4120");
    CHECK(lab.read(0, 4096) == std::string(4096, 'b'));
}

TEST_CASE("a failed disk is in the container until it is removed from there") {
    Lab lab(small_imsm("none"));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.eventually([&] { return !has_member(lab, "sdb"); }));
    CHECK(imsm_mdstat(*lab.array).find("md127 : inactive sdb[1](S) sda[0](S)\n") != std::string::npos);
    std::string why;
    CHECK(lab.array->remove("sdb", &why) == 0);
    CHECK(imsm_mdstat(*lab.array).find("md127 : inactive sda[0](S)\n      5201 blocks") != std::string::npos);
    CHECK(lab.array->remove("sda", &why) == -EBUSY);
}

TEST_CASE("a spare is taken by itself when a member fails; a disk that is added to two members becomes one") {
    CreateOptions create = small_imsm();
    create.spares = 1;
    Lab lab(create);
    CHECK(lab.write(0, std::string(4096, 'a')));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.eventually([&] { return has_member(lab, "sdc"); }));
    CHECK(lab.is_in_sync());
    CHECK(lab.log_lines("mdmon: md0: spare sdc is taken") == 1);
    // What the kernel knows by itself mdmon writes down when it has looked.
    const auto second_serial = [&] { return imsm_text(anchor_on(lab.options.images[0]).disks.at(1).serial); };
    CHECK(lab.eventually([&] { return second_serial() == "/dev/sdc"; }));
    CHECK(anchor_on(lab.options.images[0]).disks.size() == 2);

    std::string why;
    REQUIRE_MESSAGE(lab.array->add("sdb", &why) == 0, why);
    CHECK(why == "added sdb: a spare, which is taken when a member fails");
    CHECK(lab.array->add("sdb", &why) == -EEXIST);
    CHECK_FALSE(has_member(lab, "sdb"));
    CHECK(anchor_on(lab.options.images[1]).disks.at(0).status == IMSM_SPARE);
    CHECK(lab.write(4096, std::string(4096, 'b')));
    CHECK(rdev_attr_store(lab.member("sda"), "state", "faulty") == 0);
    CHECK(lab.eventually([&] { return has_member(lab, "sdb"); }));
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
    lab.restart();
    CHECK(lab.md().degraded == 0);
    CHECK(lab.read(0, 4096) == std::string(4096, 'a'));
    CHECK(lab.read(4096, 4096) == std::string(4096, 'b'));
}

TEST_CASE("a spare is taken at the start of an array that lacks a member, unless it may only be looked at") {
    CreateOptions create = small_imsm("none");
    create.spares = 1;
    Lab lab(create);
    stop(lab);
    lab.array.reset();
    lab.options.images.erase(lab.options.images.begin() + 1);
    lab.options.run = true;
    lab.options.read_only = true;
    lab.start();
    CHECK(lab.md().degraded == 1);
    lab.array.reset();
    CHECK(anchor_on(lab.options.images[1]).volumes.empty());
    lab.options.read_only = false;
    lab.start();
    CHECK(lab.eventually([&] { return has_member(lab, "sdc"); }));
    CHECK(lab.is_in_sync());
}

TEST_CASE("a spare that is removed is taken by nobody, nor is one that cannot be opened") {
    CreateOptions create = small_imsm("none");
    create.spares = 2;
    Lab lab(create);
    std::string why;
    CHECK(lab.array->remove("sdc", &why) == 0);
    std::filesystem::remove(lab.options.images[3]);
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.eventually([&] { return lab.log_lines("mdmon: md0: spare sdd is not taken") == 1; }));
    CHECK(lab.md().degraded == 1);
    CHECK_FALSE(has_member(lab, "sdc"));
    REQUIRE_MESSAGE(lab.array->add("sdc", &why) == 0, why);
    CHECK(lab.is_in_sync());
}

TEST_CASE("what IMSM cannot record is refused: another place for the bitmap, another size, a disk by new_dev") {
    Lab lab(small_imsm());
    CHECK(lab.store("bitmap/location", "none") == -EBUSY);
    CHECK(lab.store("component_size", "1024") == -EINVAL);
    CHECK(lab.md().dev_sectors == 4096);
    CHECK(lab.store("new_dev", "sdc") == -EINVAL);
    CHECK(lab.store("bitmap/time_base", "7") == 0);
    Lab bare(small_imsm("none"));
    CHECK(bare.store("bitmap/location", "+8") == -EBUSY);
    CHECK(bare.write(0, std::string(4096, 'a')));
}

TEST_CASE("a member whose anchor cannot be written fails, and a write that waits for it goes on") {
    Lab lab(small_imsm("none"));
    for (const Array::MemberDisk& disk : lab.array->member_disks())
        if (disk.name == "sdb") disk.fault->add_rule({.filter = {.kinds = {BioKind::Superblock}}});
    CHECK(lab.write(0, std::string(4096, 'a')));
    CHECK(lab.eventually([&] { return !has_member(lab, "sdb"); }));
    CHECK(imsm_text(anchor_on(lab.options.images[0]).disks.at(1).serial) == "/dev/sdb:0");
    CHECK(lab.log_lines("sdb: its metadata cannot be written") == 1);
}

TEST_CASE("the other volume of a container stays as it is, byte for byte, and runs when it is asked for") {
    const testing::ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    AssembleOptions options;
    options.lab = images_in(folder + "/two-volumes", &options.images);
    const auto area = [&] { return testing::read_bytes(options.images[0], 0, 40 << 20); };
    const auto before = area();
    options.volume = 1;
    RealKernel kernel;
    const TaskScope scope(kernel, "test");
    {
        auto array = Array::assemble(kernel, options);
        REQUIRE_MESSAGE(static_cast<bool>(array), (array ? "" : array.error().text));
        const std::string text(4096, 'z');
        CHECK((*array)->size_bytes() == 159744ULL * 512);
        CHECK((*array)->write(0, std::as_bytes(std::span(text)), false) == 4096);
        const ImsmAnchor anchor = anchor_on(options.images[1]);
        CHECK(anchor.volumes.at(1).is_dirty());
        CHECK_FALSE(anchor.volumes.at(0).is_dirty());
    }
    CHECK(area() == before);
    CHECK(testing::read_bytes(options.images[1], 90112ULL * 512, 4096) == std::vector<std::byte>(4096, std::byte{'z'}));
    options.volume = 2;
    CHECK(Array::assemble(kernel, options).error().text ==
          "there is no volume 2 in this container; there is 0 (vol0), 1 (vol1)");
}

}  // namespace
}  // namespace mdscope::test
