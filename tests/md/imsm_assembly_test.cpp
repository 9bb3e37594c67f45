// SPDX-License-Identifier: MIT
// What an assembly makes of IMSM disks: who belongs, whose copy of the metadata is right, and what md is told.
//
// Goal: arrays of the real mdadm come up as it brings them up (tests/data/imsm: each state, made by mdadm 4.2), and
// nothing that is old, foreign or made up is taken for a member. Method: the decisions are values, so a table has them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "engine/mdadm/imsm/choose.hpp"
#include "engine/mdadm/imsm/state.hpp"
#include "tests/scratch.hpp"

namespace mdscope {
namespace {

using testing::ScratchFolder;
using Kind = ImsmStanding::Kind;

ImsmDiskFound disk_at(const std::string& image) {
    const std::filesystem::path path(image);
    ImsmDiskFound disk;
    disk.name = path.stem().string();
    disk.serial = "/dev/" + disk.name;
    disk.sectors = std::filesystem::file_size(path) / 512;
    const auto read = [&](std::uint64_t sector, std::span<std::byte> bytes) {
        const auto found = testing::read_bytes(image, sector * 512, bytes.size());
        std::copy(found.begin(), found.end(), bytes.begin());
        return 0;
    };
    const auto copy = read_imsm_copy(disk.sectors, read);
    REQUIRE(copy);
    REQUIRE(*copy);
    disk.copy = **copy;
    return disk;
}

std::vector<ImsmDiskFound> disks_in(const std::string& folder) {
    std::vector<ImsmDiskFound> disks;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".img") disks.push_back(disk_at(entry.path().string()));
    std::ranges::sort(disks, {}, &ImsmDiskFound::name);
    return disks;
}

// "vda 0, vdb out, vdc spare"
std::string standing_text(const std::vector<ImsmDiskFound>& disks, const ImsmContainer& container) {
    std::string text;
    for (std::size_t i = 0; i < disks.size(); i++) {
        const ImsmStanding& standing = container.disks[i];
        const std::string what = standing.kind == Kind::Out     ? "out"
                                 : standing.kind == Kind::Spare ? "spare"
                                                                : std::to_string(standing.index);
        text += (text.empty() ? "" : ", ") + disks[i].name + " " + what;
    }
    return text;
}

// "vda in_sync, vdb rebuilding 4096; resync 0; dirty; bitmap 249880"
std::string state_text(const Container& state) {
    std::string text;
    for (const ContainerMember& member : state.members) {
        text += (text.empty() ? "" : ", ") + member.name + " " + member.state;
        if (member.recovery_start != ContainerMember::MaxRecovery) text += fmt::format(" {}", member.recovery_start);
    }
    if (state.resync_start != ~Sector{0}) text += fmt::format("; resync {}", state.resync_start);
    if (state.dirty) text += "; dirty";
    if (state.bitmap_offset != 0) text += fmt::format("; bitmap {}", state.bitmap_offset);
    return text;
}

struct ImsmStateRow {
    const char* folder;
    const char* standing;
    const char* state;  // of volume 0
};
constexpr ImsmStateRow kStateRows[] = {
    {"assume-clean-bitmap", "vde 0, vdf 1", "vde in_sync, vdf in_sync; bitmap 2084888"},
    {"badblocks", "vda 0, vdb 1", "vda in_sync, vdb in_sync"},
    {"check-cut", "vda 0, vdb 1", "vda in_sync, vdb in_sync"},
    {"clean", "vda 0, vdb 1", "vda in_sync, vdb in_sync"},
    {"clean-bitmap", "vda 0, vdb 1", "vda in_sync, vdb in_sync; bitmap 249880"},
    {"degraded", "vda 0, vdb out", "vda in_sync, vdb:0 faulty"},
    {"degraded-bitmap", "vde 0, vdf out", "vde in_sync, vdf:0 faulty; bitmap 2084888"},
    {"dirty", "vda 0, vdb 1", "vda in_sync, vdb in_sync; resync 0; dirty"},
    {"dirty-bitmap", "vde 0, vdf 1", "vde in_sync, vdf in_sync; resync 0; dirty; bitmap 2084888"},
    {"failed-not-removed", "vda 0, vdb out", "vda in_sync, vdb:0 faulty"},
    {"rebuild-half-cut", "vda 0, vdb out, vdc 1", "vda in_sync, vdc rebuilding 125952"},
    {"report-size", "vdg 0, vdh 1", "vdg in_sync, vdh in_sync; bitmap 283115544"},
    {"report-size-5.10", "vdg 0, vdh 1", "vdg in_sync, vdh in_sync; bitmap 283115544"},
    {"resync-half-stopped", "vda 0, vdb 1", "vda in_sync, vdb in_sync; resync 94208"},
    {"spare", "vda 0, vdb 1, vdc spare", "vda in_sync, vdb in_sync"},
    {"two-volumes", "vda 0, vdb 1", "vda in_sync, vdb in_sync"},
};

TEST_CASE("every array of the real mdadm is taken for what mdadm takes it for") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    for (const ImsmStateRow& row : kStateRows) {
        CAPTURE(row.folder);
        const std::vector<ImsmDiskFound> disks = disks_in(folder + "/" + row.folder);
        const Result<ImsmContainer> container = choose_imsm(disks);
        REQUIRE(container);
        CHECK(standing_text(disks, *container) == row.standing);
        CHECK(why_volume_is_refused(container->anchor.volumes.at(0), disks[0].sectors).empty());
        CHECK(state_text(imsm_state(container->anchor, 0)) == row.state);
    }
    CHECK(choose_imsm(disks_in(folder + "/container-only")).error().text ==
          "these disks are spares of IMSM: there is no volume on them to be run");
    std::size_t folders = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) folders += entry.is_directory() ? 1 : 0;
    CHECK(folders == std::size(kStateRows) + 1);
}

TEST_CASE("the second volume has its own place, and is taken like the first") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    const Result<ImsmContainer> container = choose_imsm(disks_in(folder + "/two-volumes"));
    REQUIRE(container);
    const Container second = imsm_state(container->anchor, 1);
    CHECK(second.data_offset == 90112);
    CHECK(second.size == 159744);
    CHECK(second.uuid != imsm_state(container->anchor, 0).uuid);
}

// What was read is written again as it was; only a dirty mirror is now known to owe a resync.
TEST_CASE("a state that was read says, written, what the anchor said") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    for (const ImsmStateRow& row : kStateRows) {
        CAPTURE(row.folder);
        const Result<ImsmContainer> container = choose_imsm(disks_in(folder + "/" + row.folder));
        REQUIRE(container);
        for (std::uint32_t volume = 0; volume < container->anchor.volumes.size(); volume++) {
            const Container state = imsm_state(container->anchor, volume);
            const ImsmAnchor again = imsm_with_state(container->anchor, volume, state, {});
            CHECK(state_text(imsm_state(again, volume)) == state_text(state));
            if (!state.dirty) CHECK(encode_imsm(again) == encode_imsm(container->anchor));
        }
    }
}

TEST_CASE("a write that was cut between two sectors leaves a copy that others can stand for, damage does not") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    const auto disk_end = [](const std::string& image) { return std::filesystem::file_size(image); };
    const std::string torn = folder + "/rebuild-half-cut/vda.img";
    testing::write_bytes(torn, disk_end(torn) - 3 * 512, {std::byte{0x55}});
    CHECK(disk_at(torn).copy.cut_short);
    const std::vector<ImsmDiskFound> disks = disks_in(folder + "/rebuild-half-cut");
    const Result<ImsmContainer> container = choose_imsm(disks);
    REQUIRE(container);
    CHECK(standing_text(disks, *container) == "vda 0, vdb out, vdc 1");

    const std::string damaged = folder + "/clean/vda.img";
    testing::write_bytes(damaged, disk_end(damaged) - 2 * 512 + 0x2c, {std::byte{0x55}});
    const auto copy = read_imsm_copy(disk_end(damaged) / 512, [&](std::uint64_t sector, std::span<std::byte> bytes) {
        const auto found = testing::read_bytes(damaged, sector * 512, bytes.size());
        std::copy(found.begin(), found.end(), bytes.begin());
        return 0;
    });
    REQUIRE(!copy);
    CHECK(copy.error().text.find("IMSM metadata: its checksum is ") == 0);
}

// ---- one array, changed by hand

// Two members of 128 MiB, both in sync; and a spare.
struct ImsmTrio {
    std::vector<ImsmDiskFound> disks;

    ImsmTrio() {
        ImsmAnchor anchor;
        anchor.family_num = anchor.orig_family_num = 0x1234;
        anchor.generation_num = 10;
        for (const char* serial : {"/dev/sda", "/dev/sdb"}) {
            ImsmDisk& disk = anchor.disks.emplace_back();
            disk.serial = imsm_text(serial);
            disk.total_blocks = 262144;
            disk.status = IMSM_CONFIGURED;
        }
        ImsmVolume& volume = anchor.volumes.emplace_back();
        volume.name = imsm_text("vol0");
        volume.size = 249856;
        volume.rwh_policy = static_cast<std::uint8_t>(ImsmRwh::Bitmap);
        volume.map.blocks_per_member = 251904;
        volume.map.blocks_per_strip = 128;
        volume.map.num_data_stripes = 976;
        volume.map.ord = {0, 1};
        add("sda", anchor);
        add("sdb", anchor);
        add("sdc", imsm_spare_record({imsm_text("/dev/sdc"), 262144}));
    }
    void add(const std::string& name, const ImsmAnchor& anchor) {
        disks.push_back({name, "/dev/" + name, 262144, {*decode_imsm(encode_imsm(anchor)), false}});
    }
    ImsmAnchor& of(std::size_t i) { return disks[i].copy.anchor; }
    // As it is after a write that says this.
    void write(std::size_t i, const Container& state, const ImsmChange& change = {}) {
        ImsmAnchor next = imsm_with_state(of(i), 0, state, change);
        next.generation_num++;
        of(i) = *decode_imsm(encode_imsm(next));
    }
    ImsmContainer chosen() {
        const Result<ImsmContainer> container = choose_imsm(disks);
        REQUIRE_MESSAGE(static_cast<bool>(container), (container ? "" : container.error().text));
        return *container;
    }
    std::string standing() { return standing_text(disks, chosen()); }
    std::string why() {
        const Result<ImsmContainer> container = choose_imsm(disks);
        return container ? "" : container.error().text;
    }
};

Container with_failed(Container state, std::size_t member) {
    state.members[member].state = "faulty";
    return state;
}

TEST_CASE("a copy that a cut left one write behind is a member's, an older one is not") {
    ImsmTrio trio;
    trio.of(0).generation_num = 11;
    CHECK(trio.standing() == "sda 0, sdb 1, sdc spare");
    trio.of(0).generation_num = 12;
    CHECK(trio.standing() == "sda 0, sdb out, sdc spare");
    CHECK(trio.chosen().disks[1].why ==
          "sdb is an old copy, or was not written: its generation is 10, that of sda is 12; `add` takes it with a full "
          "recovery");
}

TEST_CASE("a copy cut short between its sectors is judged by the other one") {
    ImsmTrio trio;
    trio.disks[0].copy.cut_short = true;
    CHECK(trio.standing() == "sda 0, sdb 1, sdc spare");
    trio.of(1).generation_num = 11;
    CHECK(trio.standing() == "sda 0, sdb 1, sdc spare");
    trio.of(1).generation_num = 9;
    CHECK(trio.standing() == "sda out, sdb 1, sdc spare");
    trio.disks[1].copy.cut_short = true;
    CHECK(trio.why().find("no IMSM metadata of these disks can be used: sda is of family 00001234 (its checksum is "
                          "wrong), sdb") == 0);
}

TEST_CASE("a failed member stays out by its name in the table, and nothing else of the volume changes") {
    ImsmTrio trio;
    trio.write(0, with_failed(imsm_state(trio.of(0), 0), 1));
    const ImsmContainer container = trio.chosen();
    CHECK(standing_text(trio.disks, container) == "sda 0, sdb out, sdc spare");
    CHECK(container.disks[1].why.find("sdb has failed, or was missing, according to sda") == 0);
    CHECK_FALSE(container.disks[1].went_its_own_way);
    const ImsmVolume& volume = container.anchor.volumes[0];
    CHECK(volume.map.map_state == static_cast<std::uint8_t>(ImsmMapState::Degraded));
    CHECK(volume.map.failed_disk_num == 1);
    CHECK(volume.map.ord == std::vector<std::uint32_t>{0, 1 | IMSM_ORD_REBUILD});
    CHECK(imsm_text(container.anchor.disks[1].serial) == "/dev/sdb:0");
    CHECK(container.anchor.disks[1].status == (IMSM_CONFIGURED | IMSM_FAILED));
}

TEST_CASE("a member that was not there is written down as mdmon does it") {
    ImsmTrio trio;
    trio.write(0, with_failed(imsm_state(trio.of(0), 0), 1), {{imsm_text("/dev/sdb")}, {}, 1});
    CHECK(imsm_text(trio.of(0).disks[1].serial) == "dev/sdb:0");
    CHECK(trio.of(0).disks[1].scsi_id == kImsmDiskIsMissing);
    CHECK(trio.standing() == "sda 0, sdb out, sdc spare");
    CHECK(imsm_failed_serial("0123456789ABCDEF") == "3456789ABCDEF:0");
    CHECK(imsm_missing_serial("0123456789ABCDEF") == "456789ABCDEF:0");
}

TEST_CASE("halves that were used apart are not put together, whoever is newer") {
    ImsmTrio trio;
    const Container whole = imsm_state(trio.of(0), 0);
    trio.write(0, with_failed(whole, 1));
    trio.write(1, with_failed(whole, 0));
    CHECK(trio.why().find("sda and sdb have the same generation 11 and differ") == 0);
    trio.of(1).generation_num = 14;
    const ImsmContainer container = trio.chosen();
    CHECK(standing_text(trio.disks, container) == "sda out, sdb 1, sdc spare");
    CHECK(container.disks[0].went_its_own_way);
}

TEST_CASE("a spare takes the slot of the failed member, whose copy is of another family from then on") {
    ImsmTrio trio;
    trio.write(0, with_failed(imsm_state(trio.of(0), 0), 1));
    Container rebuilding = imsm_state(trio.of(0), 0);
    rebuilding.members[1].slot = -1;
    ContainerMember spare;
    spare.name = "sdc";
    spare.uuid = imsm_text("/dev/sdc");
    spare.slot = 1;
    spare.state = "rebuilding";
    spare.recovery_start = 1024 + 511;
    rebuilding.members.push_back(spare);
    trio.write(0, rebuilding, {{}, {{imsm_text("/dev/sdc"), 262144}}, 77});
    CHECK(trio.of(0).family_num == 0x1234 + 77);
    CHECK(trio.of(0).orig_family_num == 0x1234);
    REQUIRE(trio.of(0).disks.size() == 2);
    CHECK(state_text(imsm_state(trio.of(0), 0)) == "sda in_sync, sdc rebuilding 1024; bitmap 249880");
    SUBCASE("killed before the spare has its copy: nothing was copied, and it is known") {
        CHECK(trio.standing() == "sda 0, sdb out, sdc 1");
        CHECK(trio.chosen().disks[2].is_blank);
    }
    SUBCASE("and after that") {
        trio.of(2) = trio.of(0);
        CHECK(trio.standing() == "sda 0, sdb out, sdc 1");
        CHECK_FALSE(trio.chosen().disks[2].is_blank);
        Container done = imsm_state(trio.of(0), 0);
        done.members[1].state = "in_sync";
        trio.write(0, done);
        CHECK(state_text(imsm_state(trio.of(0), 0)) == "sda in_sync, sdc in_sync; bitmap 249880");
        CHECK_FALSE(trio.of(0).volumes[0].migrates);
        CHECK(trio.of(0).volumes[0].map.failed_disk_num == kImsmNoDiskFailed);
        CHECK(trio.of(0).mpb_size == 480);
    }
    SUBCASE("a spare that the table calls in sync is no member") {
        Container done = imsm_state(trio.of(0), 0);
        done.members[1].state = "in_sync";
        trio.write(0, done);
        CHECK(trio.standing() == "sda 0, sdb out, sdc out");
    }
    SUBCASE("it is in sync, and the other one has failed before that was written") {
        Container both = imsm_state(trio.of(0), 0);
        both.members[0].state = "faulty";
        both.members[1].state = "in_sync";
        trio.write(0, both);
        CHECK(state_text(imsm_state(trio.of(0), 0)) == "sda:0 faulty, sdc in_sync; bitmap 249880");
        CHECK(trio.of(0).volumes[0].map.map_state == static_cast<std::uint8_t>(ImsmMapState::Degraded));
        CHECK_FALSE(trio.of(0).volumes[0].map.out_of_sync(1));
    }
    SUBCASE("the rebuilt disk fails: degraded, as before") {
        trio.write(0, with_failed(imsm_state(trio.of(0), 0), 1));
        CHECK(state_text(imsm_state(trio.of(0), 0)) == "sda in_sync, sdc:0 faulty; bitmap 249880");
        CHECK_FALSE(trio.of(0).volumes[0].migrates);
    }
}

// Seen when a machine was so busy that mdmon did not look before a small recovery was over: the disk was nowhere in the
// table, so after a failure of the other member nobody could be written to, and writers waited for ever.
TEST_CASE("a spare that was filled before mdmon looked is in the table, whoever has failed meanwhile") {
    for (const bool is_recorded : {false, true}) {  // that the member has failed whose slot it takes
        CAPTURE(is_recorded);
        ImsmTrio before;
        Container filled = imsm_state(before.of(0), 0);
        if (is_recorded) before.write(0, with_failed(filled, 1));
        filled.members[1].state = "faulty";
        filled.members[1].slot = -1;
        ContainerMember& spare = filled.members.emplace_back();
        spare.uuid = imsm_text("/dev/sdc");
        spare.slot = 1;
        spare.state = "in_sync";
        const ImsmChange change{{}, {{spare.uuid, 262144}}, 77};

        ImsmTrio nobody_failed = before;
        nobody_failed.write(0, filled, change);
        CHECK(state_text(imsm_state(nobody_failed.of(0), 0)) == "sda in_sync, sdc in_sync; bitmap 249880");
        CHECK(nobody_failed.of(0).family_num == 0x1234 + 77);
        CHECK(nobody_failed.of(0).volumes[0].map.failed_disk_num == kImsmNoDiskFailed);

        ImsmTrio other_failed = before;
        other_failed.write(0, with_failed(filled, 0), change);
        CHECK(state_text(imsm_state(other_failed.of(0), 0)) == "sda:0 faulty, sdc in_sync; bitmap 249880");
        CHECK(other_failed.of(0).volumes[0].map.failed_disk_num == 0);

        ImsmTrio not_announced = before;
        not_announced.write(0, filled, {});
        CHECK(not_announced.of(0).disks.size() == 2);
        CHECK(not_announced.of(0).volumes[0].map.out_of_sync(1));
    }
}

TEST_CASE("what is dirty starts its resync or rebuild again, what is clean goes on") {
    ImsmTrio trio;
    Container state = imsm_state(trio.of(0), 0);
    state.resync_start = 5 * 512 + 3;
    trio.write(0, state);
    CHECK(trio.of(0).volumes[0].migration() == static_cast<std::uint8_t>(ImsmMigration::Repair));
    CHECK(imsm_state(trio.of(0), 0).resync_start == 5 * 512);
    trio.of(0).volumes[0].dirty = 1;
    CHECK(imsm_state(trio.of(0), 0).resync_start == 0);
    state.resync_start = ~Sector{0};
    trio.write(0, state);
    CHECK(trio.of(0).volumes[0].status == trio.of(1).volumes[0].status);
    CHECK(state_text(imsm_state(trio.of(0), 0)) == "sda in_sync, sdb in_sync; bitmap 249880");
}

TEST_CASE("a failure is written down in the other volumes, too, and the disk's bad blocks are forgotten") {
    ImsmTrio trio;
    ImsmAnchor& anchor = trio.of(0);
    anchor.volumes.push_back(anchor.volumes[0]);
    anchor.has_bad_block_log = true;
    anchor.bad_blocks = {{1, 2048, 16}};
    anchor.attributes |= IMSM_BBM;
    trio.write(0, with_failed(imsm_state(anchor, 0), 1));
    CHECK(trio.of(0).volumes[1].map.out_of_sync(1));
    CHECK(trio.of(0).volumes[1].map.map_state == static_cast<std::uint8_t>(ImsmMapState::Degraded));
    CHECK(trio.of(0).bad_blocks.empty());
    CHECK(trio.of(0).attributes == IMSM_CHECKSUM_VERIFY);
}

TEST_CASE("disks that cannot be told apart, of several containers, or of an unknown kind are refused") {
    ImsmTrio trio;
    trio.disks[2].serial = "/dev/sda";
    CHECK(trio.why() == "sda and sdc have the same serial /dev/sda: nothing else tells them apart");
    ImsmTrio two;
    two.of(1).family_num = 0x99;
    two.of(1).disks.erase(two.of(1).disks.begin());
    two.of(0).disks.pop_back();
    CHECK(two.why() ==
          "these are disks of several IMSM containers: sda is of family 00001234, sdb is of family "
          "00000099. Give those of one");
    ImsmTrio odd;
    odd.of(0).attributes |= IMSM_RAID_CNG;
    odd.of(0).generation_num = 11;
    CHECK(odd.why() == "IMSM metadata of sda: its attributes are 80000020, of which 00000020 is not known");
    ImsmVolume beyond = trio.of(0).volumes[0];
    beyond.migrates = true;
    beyond.present = beyond.map;
    beyond.curr_migr_unit = 489;
    CHECK(why_volume_is_refused(beyond, 262144) ==
          "its checkpoint is unit 489 of 512 sectors, beyond its 249856 sectors");
    beyond.curr_migr_unit = 488;
    CHECK(why_volume_is_refused(beyond, 262144).empty());
}

}  // namespace
}  // namespace mdscope
