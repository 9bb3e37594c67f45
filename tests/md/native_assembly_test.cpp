// SPDX-License-Identifier: MIT
// Which native images make an array, against what mdadm and md do: never laxer, and one bad image never keeps the
// others from being used.
//
// Method: a lab's images with a field changed by hand, and the checksum right.
#include <algorithm>

#include "engine/mdadm/array.hpp"
#include "tests/md/native_images.hpp"

namespace mdscope::test {

namespace {

const std::string kWritten(4096, 'x');

// A stopped lab of two, written to.
struct Stopped : Lab {
    explicit Stopped(const std::string& home = "internal", int members = 2) : Lab(create_options(home, members)) {
        CHECK(write(0, kWritten));
        stop(*this);
        array.reset();
    }
    static CreateOptions create_options(const std::string& home, int members) {
        CreateOptions create = small_home(home);
        create.members = members;
        return create;
    }
    [[nodiscard]] const std::string& image(std::size_t index) const { return options.images[index]; }
    // Why it does not start; empty: it did.
    std::string refusal() {
        auto assembled = Array::assemble(kernel, options);
        if (!assembled) return assembled.error().text;
        array = std::move(*assembled);
        return "";
    }
    bool is_refused(const std::string& part) {
        const std::string why = refusal();
        CHECK_MESSAGE(why.find(part) != std::string::npos, why);
        return !why.empty();
    }
};

}  // namespace

TEST_CASE("superblocks that differ in what one array has in common are refused, as by mdadm") {
    struct Row {
        const char* part;
        void (*change)(Superblock1&);
    };
    constexpr Row kRows[] = {
        {"creation time", [](Superblock1& sb) { sb.ctime++; }},
        {"layout", [](Superblock1& sb) { sb.layout = 1; }},
        {"chunk size", [](Superblock1& sb) { sb.chunksize = 8; }},
        {"raid_disks", [](Superblock1& sb) { sb.raid_disks = 3; }},
        {"size", [](Superblock1& sb) { sb.size -= 128; }},
        {"belongs to array", [](Superblock1& sb) { sb.set_uuid[0] ^= 1; }},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.part);
        Stopped lab;
        edit_super(lab.image(1), row.change);
        CHECK(lab.is_refused(row.part));
    }
}

TEST_CASE("a member that missed a change of the size by one event, in a crash, is still one") {
    Stopped lab;
    edit_super(lab.image(0), [](Superblock1& sb) { sb.events++; });
    edit_super(lab.image(1), [](Superblock1& sb) { sb.size -= 128; });
    CHECK(lab.refusal() == "");
    CHECK(lab.md().degraded == 0);
}

TEST_CASE("without a member that was in use an array starts only if somebody says so, and it is said who is missing") {
    for (const char* home : {"internal", "none", "external"}) {
        CAPTURE(home);
        Stopped lab(home);
        const std::vector<std::string> both = lab.options.images;
        for (const std::size_t there : {0, 1}) {
            lab.options.images = {both[there]};
            CHECK(lab.is_refused("missing: "));
            CHECK(lab.is_refused(there == 0 ? "slot 1" : "slot 0"));
            CHECK(lab.is_refused("--run"));
        }
        lab.options.run = true;
        lab.options.images = {both[0]};
        CHECK(lab.refusal() == "");
        CHECK(lab.md().degraded == 1);
        CHECK(lab.read(0, 4096) == kWritten);
    }
}

TEST_CASE("an array that knows that a member has left starts without being asked twice") {
    Lab lab(small_home("internal"));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.write(0, kWritten));
    stop(lab);
    lab.restart();  // With the image of sdb, which is left out.
    CHECK(lab.md().degraded == 1);
    stop(lab);
    lab.array.reset();
    const std::vector<std::string> both = lab.options.images;
    lab.options.images = {both[0]};
    lab.start();
    stop(lab);
    lab.array.reset();
    lab.options.images = {both[1]};  // The stale half alone thinks that both are in use.
    CHECK_FALSE(static_cast<bool>(Array::assemble(lab.kernel, lab.options)));
}

TEST_CASE("a stopped array is assembled again without a member only if somebody says so") {
    Lab lab(small_home("internal"));
    stop(lab);
    edit_super(lab.options.images[1], [](Superblock1& sb) { sb.events += 7; });
    std::string why;
    CHECK(lab.array->reassemble(&why) == -ENODEV);
    CHECK(why.find("sda (slot 0), which is left out") != std::string::npos);
    CHECK(lab.array->reassemble(&why, true) == 0);
    CHECK(lab.md().degraded == 1);
}

TEST_CASE("the bitmap is read from the freshest member, not from that of slot 0") {
    Stopped lab;
    // A crash came between the two superblocks: sda is one event behind, and so is its bitmap.
    for (const std::string& image : lab.options.images)
        edit_super(image, [](Superblock1& sb) { sb.resync_offset = 0; });
    edit_super(lab.image(1), [](Superblock1& sb) { sb.events++; });
    edit_bitmap_header(lab.image(1), [](BitmapSuper& sb) { sb.events++; });
    CHECK(lab.refusal() == "");
    CHECK(lab.log_lines("out of date") == 0);
    CHECK(lab.is_in_sync());
}

TEST_CASE("of two images with one number the one that is in use comes in, and of two copies none") {
    {
        Stopped lab("internal", 3);
        // sdc was a spare, left, and its number was given to the member that is here as sdb.
        edit_super(lab.image(2), [](Superblock1& sb) {
            sb.dev_number = 1;
            sb.dev_roles[1] = MD_DISK_ROLE_SPARE;
            sb.events -= 1;
        });
        lab.options.run = true;
        CHECK(lab.refusal() == "");
        CHECK(has_member(lab, "sdb"));
        CHECK_FALSE(has_member(lab, "sdc"));
        CHECK(lab.log_lines("its number 1 is that of sdb now") == 1);
    }
    Stopped lab;
    const std::string copy = lab.folder / "lab/sdc.img";
    std::filesystem::copy_file(lab.image(1), copy);
    lab.options.images.push_back(copy);
    CHECK(lab.is_refused("one is a copy of the other"));
}

TEST_CASE("an image is blank if all of it is, not only where superblocks are") {
    Stopped lab;
    const std::string other = lab.folder / "lab/sdc.img";
    std::ofstream(other).close();
    std::filesystem::resize_file(other, 16 << 20);
    lab.options.images.push_back(other);
    CHECK(lab.refusal() == "");
    CHECK(lab.log_lines("sdc is blank") == 1);
    stop(lab);
    lab.array.reset();
    put_page(other, 9 << 20, std::as_bytes(std::span(kWritten)));
    CHECK(lab.is_refused("not a member of an array"));
}

TEST_CASE("a member of version 0.90 is called so") {
    Stopped lab;
    const std::string other = lab.folder / "lab/sdc.img";
    std::ofstream(other).close();
    std::filesystem::resize_file(other, 16 << 20);
    const std::array<std::uint32_t, 3> words = {MD_SB_MAGIC, 0, 90};
    put_page(other, (16 << 20) - (64 << 10), std::as_bytes(std::span(words)));
    const std::string first = lab.image(0);
    for (const bool alone : {true, false}) {
        lab.options.images = alone ? std::vector{other} : std::vector{first, other};
        CHECK(lab.is_refused("md superblock of version 0.90"));
    }
}

TEST_CASE("a disk of an IMSM container is called so") {
    Stopped lab;
    CreateOptions imsm;
    imsm.lab = lab.folder / "imsm";
    imsm.metadata = "imsm";
    imsm.spares = 1;
    const Result<CreateReport> report = create_lab(imsm);
    REQUIRE(report);
    const std::string native = lab.image(0);
    const std::string disk = report->images.front();
    lab.options.images = {native, disk};
    CHECK(lab.is_refused("are not of one array: one is a disk of an IMSM container"));
    put_page(disk, imsm.size_bytes - 1024 + 0x28, std::as_bytes(std::span(kWritten).first(4)));
    CHECK(lab.is_refused("IMSM metadata: its checksum is"));
}

TEST_CASE("logical_block_size of a newer Linux is kept and shown") {
    Stopped lab;
    for (const std::string& image : lab.options.images)
        edit_super(image, [](Superblock1& sb) { sb.logical_block_size = 4096; });
    CHECK(lab.refusal() == "");
    CHECK(lab.write(0, kWritten));
    stop(lab);
    lab.array.reset();
    CHECK(super_of(lab.image(0)).logical_block_size == 4096);
}

TEST_CASE("a bad-block log that was never written is an empty one, and a torn one leaves its member out") {
    Stopped lab;
    const Superblock1 sb = super_of(lab.image(1));
    const std::uint64_t log = (sb.super_offset + static_cast<Sector>(sb.bblog_offset)) << kSectorShift;
    edit_super(lab.image(1), [](Superblock1& super) { super.feature_map |= MD_FEATURE_BAD_BLOCKS; });
    put_page(lab.image(1), log, PageBytes{});
    CHECK(lab.refusal() == "");
    CHECK(lab.md().degraded == 0);
    stop(lab);
    lab.array.reset();
    edit_super(lab.image(1), [](Superblock1& super) { super.feature_map |= MD_FEATURE_BAD_BLOCKS; });
    PageBytes torn{};
    torn.fill(std::byte{0xee});
    put_page(lab.image(1), log, torn);
    CHECK(lab.is_refused("sdb (slot 1), which is left out"));
    lab.options.run = true;
    CHECK(lab.refusal() == "");
    CHECK(lab.md().degraded == 1);
    CHECK(lab.read(0, 4096) == kWritten);
}

}  // namespace mdscope::test
