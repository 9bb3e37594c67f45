// SPDX-License-Identifier: MIT
// `mdscope examine` of IMSM disks that the real mdadm 4.2 made, in every state, against what its -E printed of them.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/mdadm/examine.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/imsm/read.hpp"
#include "tests/scratch.hpp"

namespace mdscope {
namespace {

using testing::ScratchFolder;

struct InUtc {
    InUtc() {
        setenv("TZ", "UTC", 1);
        tzset();
    }
};
const InUtc in_utc;

std::string after_first_line(const std::string& text) {
    return text.substr(text.find('\n') + 1);
}

std::vector<std::string> images_below(const std::string& folder) {
    std::vector<std::string> images;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().extension() == ".img") images.push_back(entry.path().string());
    std::sort(images.begin(), images.end());
    return images;
}

std::string stored_text(const std::string& image) {
    const std::filesystem::path path(image);
    return testing::read_text((path.parent_path() / ("examine-" + path.stem().string() + ".txt")).string());
}

TEST_CASE("every IMSM disk of the real mdadm examines as mdadm examined it") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    const std::vector<std::string> images = images_below(folder);
    CHECK(images.size() == 36);
    for (const std::string& image : images) {
        CAPTURE(image);
        const Result<std::string> text = examine_text(image);
        REQUIRE(text);
        CHECK(after_first_line(*text) == after_first_line(stored_text(image)));
    }
}

TEST_CASE("every IMSM block of the real mdadm is encoded again byte for byte") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    for (const std::string& image : images_below(folder)) {
        CAPTURE(image);
        const Result<HostFile> file = HostFile::open_to_read(image);
        REQUIRE(file);
        const auto read = [&](std::uint64_t sector, std::span<std::byte> bytes) {
            return file->read_at(sector * 512, bytes) == static_cast<std::int64_t>(bytes.size()) ? 0 : -EIO;
        };
        const Result<std::vector<std::byte>> block = read_imsm_block(file->size_bytes() / 512, read);
        REQUIRE(block);
        const Result<ImsmAnchor> anchor = decode_imsm(*block);
        REQUIRE(anchor);
        const std::vector<std::byte> again = encode_imsm(*anchor);
        CHECK(std::equal(again.begin(), again.begin() + anchor->mpb_size, block->begin()));
    }
}

TEST_CASE("the header of a bitmap is the one that mdadm writes") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    for (const char* image : {"/clean-bitmap/vda.img", "/dirty-bitmap/vde.img", "/report-size/vdh.img"}) {
        CAPTURE(image);
        const Result<Examination> found = examine_image(folder + image);
        REQUIRE(found);
        REQUIRE(found->imsm);
        const ImsmAnchor& anchor = found->imsm->anchor;
        std::vector<std::byte> header(kSectorSize);
        encode_bitmap_super(imsm_bitmap_header(anchor, 0), header);
        const Sector sector = imsm_bitmap_area(anchor.volumes[0]) + kImsmBitmapHeader;
        CHECK(testing::read_bytes(folder + image, sector * kSectorSize, kSectorSize) == header);
    }
}

TEST_CASE("the JSON of an IMSM disk has its volume, slots and bitmap") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    const auto json_of = [&](const char* image) {
        const Result<std::string> text = examine_json(folder + image);
        REQUIRE(text);
        return nlohmann::json::parse(*text).at("imsm");
    };
    const nlohmann::json dirty = json_of("/dirty-bitmap/vdf.img");
    CHECK(dirty.at("disk") == 1);
    const nlohmann::json& volume = dirty.at("volumes").at(0);
    CHECK(volume.at("dirty") == true);
    CHECK(volume.at("bitmap").at("bits") == 16);
    CHECK(volume.at("bitmap").at("dirty") == 3);
    CHECK(volume.at("bitmap").at("offset_sectors") == 2084888);
    CHECK(volume.at("bitmap").at("refused") == nullptr);
    CHECK(volume.at("refused") == nullptr);
    CHECK(json_of("/report-size/vdg.img").at("volumes").at(0).at("bitmap").at("bits") == 2160);

    const nlohmann::json rebuilding = json_of("/rebuild-half-cut/vdc.img").at("volumes").at(0);
    CHECK(rebuilding.at("migration") == "rebuild");
    CHECK(rebuilding.at("checkpoint_sectors") == 246 * 512);
    CHECK(rebuilding.at("present_map").at("slots").at(1).at("in_sync") == false);
    CHECK(json_of("/spare/vdc.img").at("disk") == "spare");
    CHECK(json_of("/badblocks/vda.img").at("bad_blocks").at(1).at("sector") == 9000);
}

TEST_CASE("a disk whose serial the table does not have is nobody's, unless its serial is given") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    const std::string image = folder + "/clean/vdb.img";
    const Result<std::string> stranger = examine_text(image, "/dev/loop0");
    REQUIRE(stranger);
    CHECK(stranger->find("      This Slot : ?\n") != std::string::npos);
    std::filesystem::rename(image, folder + "/other.img");
    CHECK(after_first_line(*examine_text(folder + "/other.img")) == after_first_line(*stranger));
    const Result<std::string> given = examine_text(folder + "/other.img", "/dev/vdb");
    CHECK(after_first_line(*given) == after_first_line(testing::read_text(folder + "/clean/examine-vdb.txt")));
}

TEST_CASE("a checkpoint counts units of the migration it is of") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    ImsmExamined examined = *examine_image(folder + "/rebuild-half-cut/vda.img")->imsm;
    const auto says = [&](ImsmMigration type, const char* line) {
        examined.anchor.volumes[0].migr_type = static_cast<std::uint8_t>(type);
        return imsm_text_of(examined, 262144).find(line) != std::string::npos;
    };
    CHECK(says(ImsmMigration::Verify, "     Checkpoint : 246 (512)\n"));
    CHECK(says(ImsmMigration::General, "     Checkpoint : 246 (N/A)\n"));
    CHECK(says(ImsmMigration::StateChange, "     Checkpoint : 246 (0)\n"));
    CHECK(says(static_cast<ImsmMigration>(6), "     Checkpoint : 246 (0)\n"));
    CHECK(says(static_cast<ImsmMigration>(6), "  Migrate State : <unknown:6>\n"));
}

TEST_CASE("a damaged IMSM block is refused with its path and the reason") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "imsm");
    if (folder.empty()) return;
    const std::string image = folder + "/clean/vda.img";
    const std::uint64_t anchor = (262144 - 2) * 512;
    testing::write_bytes(image, anchor + 0x2c, {std::byte{26}});
    const Result<std::string> text = examine_text(image);
    REQUIRE(!text);
    CHECK(text.error().text == image + ": IMSM metadata: its checksum is 16c60701, expected 16c60702.");
    testing::write_bytes(image, anchor, {std::byte{'i'}});
    CHECK(examine_text(image).error().text.find("no md 1.x superblock, IMSM metadata") != std::string::npos);
}

}  // namespace
}  // namespace mdscope
