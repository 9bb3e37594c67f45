// SPDX-License-Identifier: MIT
// IMSM metadata as bytes and values: blocks that mdadm 4.2 wrote (tests/fuzz/corpus/imsm) come out as they went in, and
// a block that was damaged or made up is refused with a reason or read right.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "engine/md/format/bytes.hpp"
#include "engine/mdadm/imsm/anchor.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/imsm/read.hpp"
#include "tests/scratch.hpp"

namespace mdscope {
namespace {

using Bytes = std::vector<std::byte>;

Bytes block_of(const std::string& name) {
    const auto corpus = std::filesystem::path(__FILE__).parent_path().parent_path() / "fuzz" / "corpus" / "imsm";
    const std::string path = (corpus / name).string();
    return testing::read_bytes(path, 0, std::filesystem::file_size(path));
}

constexpr std::array kBlocks{"clean",    "dirty", "bad-blocks",  "rebuilding", "resyncing",
                             "degraded", "spare", "two-volumes", "bitmap"};

ImsmAnchor anchor_of(const std::string& name) {
    const Result<ImsmAnchor> anchor = decode_imsm(block_of(name));
    REQUIRE(anchor);
    return *anchor;
}

void set_right_sum(Bytes& block) {
    const auto size = get_le<std::uint32_t>(block, 0x24);
    if (size >= 216 && size <= block.size())
        put_le(std::span(block), 0x20, imsm_checksum(std::span(block).first(size)));
}

std::string why(const Bytes& block) {
    const Result<ImsmAnchor> anchor = decode_imsm(block);
    return anchor ? "" : anchor.error().text;
}

TEST_CASE("what mdadm wrote is encoded again byte for byte") {
    for (const std::string name : kBlocks) {
        CAPTURE(name);
        const Bytes block = block_of(name);
        const Result<ImsmAnchor> anchor = decode_imsm(block);
        REQUIRE(anchor);
        // Behind the block mdadm leaves what was there when it was longer.
        const Bytes again = encode_imsm(*anchor);
        CHECK(again.size() == block.size());
        CHECK(std::equal(block.begin(), block.begin() + anchor->mpb_size, again.begin()));
        CHECK(why_imsm_is_refused(*anchor).empty());
        for (const ImsmVolume& volume : anchor->volumes)
            CHECK(why_volume_is_refused(volume, anchor->disks[0].total_blocks) == "");
    }
}

TEST_CASE("a volume of two disks is read as it was made") {
    const ImsmAnchor anchor = anchor_of("clean");
    CHECK(anchor.version_text() == "1.1.00");
    CHECK(anchor.generation_num == 25);
    REQUIRE(anchor.disks.size() == 2);
    CHECK(imsm_text(anchor.disks[1].serial) == "/dev/vdb");
    CHECK(anchor.disks[1].total_blocks == 262144);
    CHECK(anchor.disk_of("/dev/vdb") == 1U);
    CHECK(!anchor.disk_of("/dev/vd"));
    REQUIRE(anchor.volumes.size() == 1);
    const ImsmVolume& volume = anchor.volumes[0];
    CHECK(imsm_text(volume.name) == "vol0");
    CHECK(volume.size == 249856);
    CHECK(volume.component_sectors() == 249856);
    CHECK(volume.map.blocks_per_member == 251904);
    CHECK(volume.map.slot_of(1) == 1U);
    CHECK(!volume.migrates);
    CHECK(imsm_uuid_text(imsm_container_uuid(anchor)) == "669176f4:e0e9115f:0dbfa57f:022a854e");
    CHECK(imsm_uuid_text(imsm_volume_uuid(anchor, 0)) == "a21b5af1:6921d63a:2484721c:cc14b476");
}

TEST_CASE("each state is read as it is") {
    CHECK(anchor_of("dirty").volumes[0].is_dirty());
    CHECK(has_imsm_bitmap(anchor_of("dirty").volumes[0]));
    CHECK(imsm_bitmap_area(anchor_of("bitmap").volumes[0]) == 283115520);

    const ImsmVolume degraded = anchor_of("degraded").volumes[0];
    CHECK(degraded.map.map_state == static_cast<std::uint8_t>(ImsmMapState::Degraded));
    CHECK(degraded.map.failed_disk_num == 1);
    CHECK(degraded.map.out_of_sync(1));
    CHECK(anchor_of("degraded").disks[1].status == (IMSM_CONFIGURED | IMSM_FAILED));

    const ImsmVolume rebuilding = anchor_of("rebuilding").volumes[0];
    REQUIRE(rebuilding.present);
    CHECK(rebuilding.migration() == static_cast<std::uint8_t>(ImsmMigration::Rebuild));
    CHECK(rebuilding.curr_migr_unit == 246);
    CHECK(!rebuilding.map.out_of_sync(1));
    CHECK(rebuilding.now().out_of_sync(1));

    const ImsmVolume resyncing = anchor_of("resyncing").volumes[0];
    CHECK(resyncing.migration() == static_cast<std::uint8_t>(ImsmMigration::Init));
    CHECK(resyncing.now().map_state == static_cast<std::uint8_t>(ImsmMapState::Uninitialized));

    const ImsmAnchor bad = anchor_of("bad-blocks");
    REQUIRE(bad.bad_blocks.size() == 2);
    CHECK(bad.bad_blocks[0].sector == 2048);
    CHECK(bad.bad_blocks[0].sectors == 16);
    CHECK(bad.bad_blocks[1].sector == 9000);
    CHECK(bad.bad_blocks[1].sectors == 8);
    CHECK(bad.bad_blocks[1].disk == 1);
    CHECK((bad.attributes & IMSM_BBM) != 0);

    const ImsmAnchor spare = anchor_of("spare");
    CHECK(spare.volumes.empty());
    CHECK(spare.disks.at(0).status == IMSM_SPARE);
    CHECK(anchor_of("two-volumes").volumes.at(1).map.pba_of_lba0 == 90112);
}

TEST_CASE("a flipped bit of a block is found, and behind it read over") {
    std::size_t found = 0;
    std::size_t read_over = 0;
    for (const char* name : kBlocks) {
        const Bytes block = block_of(name);
        const std::size_t size = anchor_of(name).mpb_size;
        for (std::size_t bit = 0; bit < block.size() * 8; bit++) {
            Bytes flipped = block;
            flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
            const std::string reason = why(flipped);
            if (!reason.empty())
                found++;
            else
                read_over += bit / 8 >= size ? 1 : 0;
            REQUIRE(reason.empty() == (bit / 8 >= size));
        }
    }
    // Of nine blocks in 12 sectors: 4 of 480 bytes, 504, 2 of 536, 264 and 648.
    CHECK(found == (4 * 480 + 504 + 2 * 536 + 264 + 648) * 8);
    CHECK(read_over == 12 * 4096 - found);
}

// As a hostile writer would: the sum is right.
TEST_CASE("a flipped bit under a right checksum is refused, or read and written back as it is") {
    std::size_t refused = 0;
    std::size_t read = 0;
    for (const char* name : kBlocks) {
        const Bytes block = block_of(name);
        const std::size_t size = anchor_of(name).mpb_size;
        for (std::size_t bit = 0; bit < size * 8; bit++) {
            Bytes flipped = block;
            flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
            set_right_sum(flipped);
            const Result<ImsmAnchor> anchor = decode_imsm(flipped);
            if (!anchor) {
                refused++;
                REQUIRE(!anchor.error().text.empty());
                continue;
            }
            read++;
            for (const ImsmVolume& volume : anchor->volumes) (void)why_volume_is_refused(volume, 262144);
            const Bytes again = encode_imsm(*anchor);
            const Result<ImsmAnchor> once_more = decode_imsm(again);
            REQUIRE(once_more);
            REQUIRE(encode_imsm(*once_more) == again);
        }
    }
    CHECK(refused == 3215);
    CHECK(read == 32049);
}

TEST_CASE("what does not fit together is refused with what was found and expected") {
    struct Damage {
        const char* block;
        std::function<void(std::span<std::byte>)> edit;
        const char* reason;
    };
    const auto byte_at = [](std::size_t at, std::uint8_t value) {
        return [=](std::span<std::byte> block) { put_le(block, at, value); };
    };
    const auto word_at = [](std::size_t at, std::uint32_t value) {
        return [=](std::span<std::byte> block) { put_le(block, at, value); };
    };
    const std::vector<Damage> damages{
        {"clean", word_at(0x24, 215), "its size is 215 bytes, expected a multiple of 4 from 216 to 512"},
        {"clean", word_at(0x24, 516), "its size is 516 bytes, expected a multiple of 4 from 216 to 512"},
        {"clean", word_at(0x24, 0xfffffffc), "its size is 4294967292 bytes, expected a multiple of 4 from 216 to 512"},
        {"clean", byte_at(0x38, 255), "disk 5 of 255 needs 48 bytes, 24 are left of the block"},
        {"clean", byte_at(0x38, 1), "the map of volume 0 has no members"},
        {"clean", byte_at(0x39, 2), "volume 1 needs 112 bytes, 0 are left of the block"},
        {"clean", byte_at(0x190, 1), "the second map of volume 0 needs 48 bytes, 0 are left of the block"},
        {"clean", byte_at(0x190, 2), "volume 0 has migration state 2, expected 0 or 1"},
        {"clean", byte_at(0x1b8, 0), "the map of volume 0 has no members"},
        {"clean", byte_at(0x1b8, 255), "the map of volume 0 of 255 members needs 1020 bytes, 8 are left of the block"},
        {"clean", byte_at(0x1b6, 4), "the map of volume 0 is in state 4, expected 0 to 3"},
        {"clean", word_at(0x1dc, 2), "the map of volume 0 has disk 2 in slot 1, there are 2"},
        {"clean", word_at(0x48, 4), "its bad block log has 4 bytes, expected 0 or 8 to 264"},
        {"clean", word_at(0x48, 0xffffffff), "its bad block log has 4294967295 bytes, expected 0 or 8 to 264"},
        {"bad-blocks", word_at(480, 1), "its bad block log begins with 00000001, expected abadb10c"},
        {"bad-blocks", word_at(484, 255), "its bad block log has 255 entries, at most 254 are possible"},
        {"bad-blocks", word_at(484, 1), "its bad block log of 1 entries has 24 bytes, expected 16"},
        {"bad-blocks", byte_at(489, 2), "entry 0 of its bad block log is of disk 2, there are 2"},
    };
    for (const Damage& damage : damages) {
        Bytes block = block_of(damage.block);
        damage.edit(block);
        set_right_sum(block);
        CHECK(why(block) == fmt::format("IMSM metadata: {}", damage.reason));
    }
    Bytes block = block_of("clean");
    put_le(std::span(block), 0x20, std::uint32_t{1});
    CHECK(why(block) == "IMSM metadata: its checksum is 00000001, expected 16c60701");
    CHECK(why(Bytes(100)) == "IMSM metadata: 100 bytes are no sector");
    CHECK(why(Bytes(512)) == "IMSM metadata: the signature is not there");
}

TEST_CASE("a volume that mdscope cannot run is refused by name") {
    const ImsmVolume good = anchor_of("rebuilding").volumes[0];
    CHECK(why_volume_is_refused(good, 262144).empty());
    const auto reason = [&](const std::function<void(ImsmVolume&)>& edit) {
        ImsmVolume volume = good;
        edit(volume);
        return why_volume_is_refused(volume, 262144);
    };
    CHECK(reason([](ImsmVolume& v) { v.map.raid_level = 5; }) == "its level is 5, mdscope runs RAID1 only");
    CHECK(reason([](ImsmVolume& v) { v.map.ord = {0, 1, 0, 1}; }) == "its level is 10, mdscope runs RAID1 only");
    CHECK(reason([](ImsmVolume& v) { v.present->ord = {1}; }) == "it has 1 members, a RAID1 of IMSM has 2");
    CHECK(reason([](ImsmVolume& v) { v.map.ord[1] = 0; }) == "disk 0 is in both slots");
    CHECK(reason([](ImsmVolume& v) { v.migr_type = 3; }) == "it is being reshaped");
    CHECK(reason([](ImsmVolume& v) { v.migr_type = 9; }) ==
          "its migration is of type 9, mdscope knows initialize, rebuild and check");
    CHECK(reason([](ImsmVolume& v) { v.map.pba_of_lba0 = 262144 - 251904 - 1; }) ==
          "it lies at sectors 10239 to 262143 of disks that have 262142 before their metadata");
    CHECK(reason([](ImsmVolume& v) { v.size = 0; }) ==
          "its size is 0 sectors, expected 1 to 251904, what it has of each member");
    ImsmAnchor anchor = anchor_of("clean");
    anchor.attributes |= IMSM_RAID_CNG;
    CHECK(why_imsm_is_refused(anchor) == "its attributes are 80000020, of which 00000020 is not known");
}

// A disk of so many sectors in memory, of which the end is given.
ReadSectors disk_with(const Bytes& end, std::uint64_t sectors) {
    return [=](std::uint64_t sector, std::span<std::byte> bytes) {
        if (sector * 512 + bytes.size() > sectors * 512) return -EIO;
        const std::uint64_t start = sectors * 512 - end.size();
        for (std::size_t i = 0; i < bytes.size(); i++) {
            const std::uint64_t at = sector * 512 + i;
            bytes[i] = at < start ? std::byte{0} : end[at - start];
        }
        return 0;
    };
}

TEST_CASE("the block is found at the end of a disk, its second sector in front of the first") {
    const Bytes block = block_of("rebuilding");
    Bytes end(block.begin() + 512, block.end());
    end.insert(end.end(), block.begin(), block.begin() + 512);
    end.resize(3 * 512);
    const auto found = read_imsm(262144, disk_with(end, 262144));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->mpb_size == 536);

    const auto nothing = read_imsm(64, disk_with(Bytes(1024), 64));
    REQUIRE(nothing);
    CHECK(!*nothing);
    for (const std::uint64_t sectors : {0, 1}) CHECK(!*read_imsm(sectors, disk_with({}, sectors)));
    const auto cut = read_imsm(2, disk_with(Bytes(end.begin() + 512, end.end()), 2));
    REQUIRE(!cut);
    CHECK(cut.error().text == "IMSM metadata: its size is 536 bytes, expected 216 to 512");
    const auto broken = read_imsm(64, [](std::uint64_t, std::span<std::byte>) { return -EIO; });
    REQUIRE(!broken);
    CHECK(broken.error().text == "IMSM metadata: sector 62 cannot be read (Input/output error)");
}

TEST_CASE("a disk with sectors of 4096 bytes is refused") {
    Bytes end = block_of("clean");
    end.resize(16 * 512);
    const auto found = read_imsm(1024, disk_with(end, 1024));
    REQUIRE(!found);
    CHECK(
        found.error().text ==
        "IMSM metadata: it is at sector 1008, as on a disk with sectors of 4096 bytes; expected at 1022, since mdscope "
        "has sectors of 512 bytes only");
}

}  // namespace
}  // namespace mdscope
