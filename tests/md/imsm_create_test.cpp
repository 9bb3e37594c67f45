// SPDX-License-Identifier: MIT
// `mdscope create --metadata imsm`: what is on the images is what mdadm 4.2 puts there for such disks; what IMSM cannot
// have is refused by name.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "engine/mdadm/array.hpp"
#include "engine/mdadm/create_plan.hpp"
#include "engine/mdadm/examine.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/imsm/create_imsm.hpp"
#include "tests/scratch.hpp"

namespace mdscope {
namespace {

using testing::ScratchFolder;

CreateOptions imsm_options(const ScratchFolder& scratch, const std::string& bitmap) {
    CreateOptions options;
    options.lab = scratch / "lab";
    options.metadata = "imsm";
    options.bitmap = bitmap;
    options.size_bytes = 128ULL << 20;
    options.name = "vol0";
    return options;
}

ImsmExamined created(const std::string& image, const std::string& serial = "") {
    const Result<Examination> found = examine_image(image, serial);
    REQUIRE(found);
    REQUIRE(found->imsm);
    return *found->imsm;
}

// What differs from array to array.
ImsmAnchor without_chance(ImsmAnchor anchor) {
    anchor.family_num = anchor.orig_family_num = anchor.check_sum = 0;
    anchor.generation_num = 0;
    anchor.creation_time = 0;
    for (ImsmDisk& disk : anchor.disks) disk.serial = {};
    return anchor;
}

TEST_CASE("created disks have every byte that mdadm writes, but for names, numbers by chance, and time") {
    const ScratchFolder data;
    const std::string folder = testing::unpack_array(data, "imsm");
    if (folder.empty()) return;
    const auto is_like = [&](const std::string& image, const char* reference) {
        CAPTURE(reference);
        const std::vector<std::byte> ours = encode_imsm(without_chance(created(image).anchor));
        const std::vector<std::byte> mdadms = encode_imsm(without_chance(created(folder + reference).anchor));
        CHECK(ours == mdadms);
    };
    for (const bool has_bitmap : {false, true}) {
        const ScratchFolder scratch;
        CreateOptions options = imsm_options(scratch, has_bitmap ? "external" : "none");
        options.spares = 1;
        REQUIRE(create_lab(options));
        for (const char* member : {"/sda.img", "/sdb.img"})
            is_like(options.lab + member, has_bitmap ? "/clean-bitmap/vda.img" : "/clean/vda.img");
        is_like(options.lab + "/sdc.img", "/spare/vdc.img");
        CHECK(scratch.names("lab") == std::vector<std::string>{"sda.img", "sdb.img", "sdc.img"});
    }
}

TEST_CASE("members are alike, spares are not, and each is known by its serial") {
    const ScratchFolder scratch;
    CreateOptions options = imsm_options(scratch, "external");
    options.spares = 2;
    options.serials = {"sdb=S3Z6 NB0K:12345678901", "sdd=WD-1"};
    const Result<CreateReport> report = create_lab(options);
    REQUIRE(report);
    CHECK(report->text.find("2 members and 2 spares of 128M (sda to sdd)") != std::string::npos);
    const ImsmExamined a = created(options.lab + "/sda.img");
    const ImsmExamined b = created(options.lab + "/sdb.img", "B0K;12345678901");
    CHECK(encode_imsm(a.anchor) == encode_imsm(b.anchor));
    CHECK(imsm_own_disk(a).index == 0);
    CHECK(imsm_text(b.anchor.disks.at(1).serial) == "NB0K;12345678901");
    const ImsmExamined c = created(options.lab + "/sdc.img");
    const ImsmExamined d = created(options.lab + "/sdd.img", "WD-1");
    CHECK(imsm_own_disk(d).kind == ImsmOwnDisk::Kind::Spare);
    CHECK(c.anchor.family_num != d.anchor.family_num);
    CHECK(c.anchor.family_num != a.anchor.family_num);
}

TEST_CASE("a new bitmap is behind the data of each member, with its header, and all ones") {
    const ScratchFolder scratch;
    const CreateOptions options = imsm_options(scratch, "external");
    REQUIRE(create_lab(options));
    for (const char* member : {"/sda.img", "/sdb.img"}) {
        const ImsmExamined examined = created(options.lab + member);
        REQUIRE(examined.bitmaps.at(0));
        CHECK(why_imsm_bitmap_is_refused(examined.bitmaps[0]->header, examined.anchor, 0).empty());
        CHECK(examined.bitmaps[0]->bits.dirty == 2);
        const auto bits = testing::read_bytes(options.lab + member, (249856 + 24) * 512, 1036288);
        CHECK(bits == std::vector<std::byte>(1036288, std::byte{0xff}));
        CHECK(testing::read_bytes(options.lab + member, 0, 4096) == std::vector<std::byte>(4096));
    }
}

TEST_CASE("a volume takes whole MiB, and leaves what mdadm keeps free") {
    CHECK(imsm_volume_sectors(262144) == 249856);
    CHECK(imsm_volume_sectors(2097152) == 2084864);
    CHECK(imsm_volume_sectors(283115520 + 10402) == 283115520);
    CHECK(imsm_volume_sectors(283115520 + 10401) == 283115520 - 2048);
    CHECK(imsm_volume_sectors(10402 + 2048) == 2048);
    CHECK(imsm_volume_sectors(10402 + 2047) == 0);
    CHECK(imsm_volume_sectors(0) == 0);
    const ScratchFolder scratch;
    CreateOptions options = imsm_options(scratch, "none");
    options.size_bytes = 3ULL << 40;
    const Result<LabPlan> plan = plan_lab(options);
    REQUIRE(plan);
    const Result<ImsmAnchor> anchor = decode_imsm(plan->files.at(0).pieces.back().bytes);
    REQUIRE(anchor);
    CHECK(anchor->version_text() == "1.3.00");
    CHECK(anchor->attributes == (IMSM_CHECKSUM_VERIFY | IMSM_2TB | IMSM_2TB_DISK | IMSM_RAID1));
    CHECK(anchor->disks[0].total_blocks == (3ULL << 40) / 512);
    CHECK(why_volume_is_refused(anchor->volumes[0], anchor->disks[0].total_blocks).empty());
}

TEST_CASE("what IMSM cannot have is refused, and nothing is made") {
    const ScratchFolder scratch;
    const auto reason = [&](const std::function<void(CreateOptions&)>& edit) {
        CreateOptions options = imsm_options(scratch, "external");
        edit(options);
        const Result<CreateReport> report = create_lab(options);
        REQUIRE(!report);
        CHECK(scratch.names().empty());
        return report.error().text;
    };
    CHECK(reason([](CreateOptions& o) { o.bitmap = "internal"; }) ==
          "IMSM has no internal bitmap for md: what mdadm calls so is behind the volume's data, and md is told where. "
          "Use "
          "--bitmap external for it, or none.");
    CHECK(reason([](CreateOptions& o) { o.bitmap = "./file"; }) ==
          "An array with IMSM metadata has its bitmap on its members or none, not './file'. Use external or none.");
    CHECK(reason([](CreateOptions& o) { o.members = 3; }) ==
          "3 members are not possible: a RAID1 of IMSM has 2. Use --spares for more disks.");
    CHECK(reason([](CreateOptions& o) { o.spares = 1000; }).find("1000 spares are not possible") == 0);
    CHECK(reason([](CreateOptions& o) { o.spares = -1; }).find("-1 spares are not possible") == 0);
    CHECK(reason([](CreateOptions& o) { o.write_mostly = {"sda"}; }) ==
          "IMSM metadata has no place for write-mostly members.");
    CHECK(reason([](CreateOptions& o) { o.chunk = 4096; }) ==
          "A bitmap chunk of 4K is not possible: with IMSM metadata it is 64M.");
    CHECK(reason([](CreateOptions& o) { o.daemon_sleep_ms = 100; }) ==
          "A daemon period of 100 ms is not possible: with IMSM metadata it is 5 s.");
    CHECK(reason([](CreateOptions& o) { o.size_bytes = 6 << 20; }) ==
          "Members of 6M are too small: beside the metadata at least 1M must be left for data. Use 6225K or more.");
    CHECK(reason([](CreateOptions& o) { o.size_bytes++; }).find("is not a multiple of 512") != std::string::npos);
    CHECK(reason([](CreateOptions& o) { o.name = "a name that is long"; }) ==
          "A volume's name has 1 to 16 bytes and no control characters.");
    CHECK(reason([](CreateOptions& o) { o.name = " x"; }) == "A volume's name neither begins nor ends with a blank.");
    CHECK(reason([](CreateOptions& o) { o.serials = {"sdx=1"}; }) ==
          "'sdx=1' is no NAME=SERIAL of a disk; the disks are sda to sdb.");
    CHECK(reason([](CreateOptions& o) { o.serials = {"sda= "}; }) == "'sda= ' leaves nothing for a serial.");
    CHECK(reason([](CreateOptions& o) { o.serials = {"sda=/dev/sdb"}; }) ==
          "sda and sdb would have the same serial /dev/sdb: nothing else tells them apart.");
    CHECK(reason([](CreateOptions& o) { o.metadata = "1.2", o.spares = 1; }) ==
          "Spares and serials are for --metadata imsm; another array gets a spare by `mdscope add`.");
}

TEST_CASE("disks of a container are not overwritten unasked") {
    const ScratchFolder scratch;
    CreateOptions options = imsm_options(scratch, "none");
    REQUIRE(create_lab(options));
    const Result<CreateReport> again = create_lab(options);
    REQUIRE(!again);
    CHECK(again.error().text.find("exists and holds IMSM metadata (family ") != std::string::npos);
    options.force = true;
    CHECK(create_lab(options));
}

}  // namespace
}  // namespace mdscope
