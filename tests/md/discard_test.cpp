// SPDX-License-Identifier: MIT
// Discards: holes in the images, zeros to whoever reads. As md does it, but for what a member leaves that fails one.
#include "engine/md/variants/discard_error.hpp"
#include "tests/md/lab.hpp"
#include "tests/md/raid1_fixture.hpp"

namespace mdscope::test {

static std::uint64_t blocks_of(const std::string& image) {
    struct stat info {};
    REQUIRE(::stat(image.c_str(), &info) == 0);
    return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

TEST_CASE("a discard leaves zeros on both members, holes in their images, and nothing else changed") {
    for (const char* bitmap : {"external", "internal", "file", "none"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        const std::string text(4 << 20, 'x');
        REQUIRE(lab.write(0, text));
        const std::uint64_t full = blocks_of(lab.options.images[1]);
        CHECK(lab.array->discard(1000, (2 << 20) + 7) == 0);
        const std::string hole((2 << 20) + 7, '\0');
        CHECK(lab.read(0, text.size()) == text.substr(0, 1000) + hole + text.substr(1000 + hole.size()));
        CHECK(blocks_of(lab.options.images[1]) + (2 << 20) - 8192 <= full);
        CHECK(lab.mismatches() == "0");
        lab.restart();
        CHECK(lab.read(1000, hole.size()) == hole);
    }
}

TEST_CASE("a discard ends at the end of the array, and is refused behind it and when nothing may be written") {
    Lab lab(small_home("internal"));
    const std::uint64_t size = lab.array->size_bytes();
    REQUIRE(lab.write(size - 4096, std::string(4096, 'x')));
    CHECK(lab.array->discard(size - 100, 1 << 20) == 0);
    CHECK(lab.read(size - 4096, 4096) == std::string(3996, 'x') + std::string(100, '\0'));
    CHECK(lab.array->discard(size, 512) == -EINVAL);
    CHECK(lab.array->discard(3, 5) == 0);
    CHECK(lab.store("array_state", "readonly") == 0);
    CHECK(lab.array->discard(0, 4096) == -EPERM);
    stop(lab);
    CHECK(lab.array->discard(0, 4096) == -ENODEV);
}

TEST_CASE("what was discarded while a member was out is copied to it by the bitmap") {
    Lab lab(small_home("internal"));
    REQUIRE(lab.write(0, std::string(1 << 20, 'x')));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.array->discard(0, 1 << 20) == 0);
    std::string why;
    CHECK(lab.array->remove("sdb", &why, kPatience) == 0);
    CHECK(lab.array->re_add("sdb", &why) == 0);
    CHECK(lab.is_in_sync());
    CHECK(lab.mismatches() == "0");
    CHECK(lab.read(0, 1 << 20) == std::string(1 << 20, '\0'));
}

}  // namespace mdscope::test

namespace mdscope::raid1_test {

static std::unique_ptr<Request> start_discard(Lab& lab, Sector sector, Sector sectors) {
    auto request = std::make_unique<Request>(lab.requests, BioOp::Discard, sector, std::vector<std::byte>());
    request->bio.bi_size = static_cast<std::uint32_t>(sectors << kSectorShift);
    request->bio.bi_data = nullptr;
    BlkPlug plug;
    current->plug = &plug;
    md_submit_bio(lab.mddev, &request->bio);
    current->plug = nullptr;
    if (plug.unplug != nullptr) plug.unplug(&plug, false);
    return request;
}

static const std::vector<std::byte> kZeros(8 * kSectorSize);

TEST_CASE("the bits of a discard are on all members before it is sent to any") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536});
    CHECK(start_discard(lab, 120, 16)->finish() == 0);
    const auto events = lab.recorder.take();
    REQUIRE(events.size() == 4);
    CHECK(events[0].kind == BioKind::Bitmap);
    CHECK(events[1].kind == BioKind::Bitmap);
    CHECK(events[2].op == BioOp::Discard);
    CHECK(events[3].op == BioOp::Discard);
    CHECK(lab.chunk(0).counter == 2);
    CHECK(lab.chunk(1).counter == 2);
}

TEST_CASE("a discard is cut at the end of a barrier unit") {
    RealLabKernel real;
    Lab lab(real.kernel, {.sectors = BARRIER_UNIT_SECTOR_SIZE + 64});
    CHECK(start_discard(lab, 0, BARRIER_UNIT_SECTOR_SIZE + 64)->finish() == 0);
    const auto events = only(lab.recorder.take(), BioKind::Data, BioOp::Discard);
    REQUIRE(events.size() == 4);
    CHECK(events[0].sectors == BARRIER_UNIT_SECTOR_SIZE);
    CHECK(events[2].sectors == 64);
}

TEST_CASE("a member that fails a discard gets zeros, and stays") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .external = true});
    REQUIRE(lab.write(0, pattern(8, 1)) == 0);
    lab.fault(1).add_rule(fail_ops({BioOp::Discard}, 0, 8));
    CHECK(start_discard(lab, 0, 8)->finish() == 0);
    CHECK(lab.disk(0).peek(0, 8) == kZeros);
    CHECK(lab.disk(1).peek(0, 8) == kZeros);
    CHECK(lab.mddev.degraded.load() == 0);
    CHECK(lab.chunk(0).counter == 2);
}

TEST_CASE("one that does not take the zeros either is failed, and that is on record before the discard ends") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .external = true});
    lab.fault(1).add_rule(fail_ops({BioOp::Discard, BioOp::Write}, 0, 8));
    const auto request = start_discard(lab, 0, 8);
    REQUIRE(eventually([&] { return lab.conf().nr_queued[0] == 1 && lab.mddev.degraded == 1; }));
    CHECK_FALSE(request->ended.load());
    lab.mdmon_records();
    CHECK(request->finish() == 0);
    CHECK(lab.chunk(0).counter == (NEEDED_MASK | 2));
}

TEST_CASE("with a bad-block log only the blocks that take no zeros are recorded") {
    RealLabKernel real;
    Lab lab(real.kernel, {.external = true, .badblocks_shift = 0});
    lab.fault(1).add_rule(fail_ops({BioOp::Discard}, 0, 4096));
    lab.fault(1).add_rule(fail_ops({BioOp::Write}, 2050, 1));
    const auto request = start_discard(lab, 0, 4096);
    REQUIRE(eventually([&] { return lab.rdev(1).badblocks.ranges().size() == 1; }));
    lab.mdmon_records();
    CHECK(request->finish() == 0);
    CHECK(lab.rdev(1).badblocks.ranges()[0].start == kDataOffset + 2050);
    CHECK(lab.rdev(1).badblocks.ranges()[0].length == 1);
    CHECK(lab.mddev.degraded.load() == 0);
}

TEST_CASE("the last member's failed discard is no error when it takes the zeros, and one when it does not") {
    RealLabKernel real;
    Lab lab(real.kernel, {.missing = {0}});
    lab.fault(1).add_rule(fail_ops({BioOp::Discard}, 0, 8));
    CHECK(start_discard(lab, 0, 8)->finish() == 0);
    lab.fault(1).add_rule(fail_ops({BioOp::Write}, 0, 8));
    CHECK(start_discard(lab, 0, 8)->finish() == -EIO);
}

TEST_CASE("as md does it, a member that has failed a discard keeps what was there, and nothing says so") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536});
    REQUIRE(lab.mddev.variants.choose("discard-error", "md"));
    REQUIRE(lab.write(0, pattern(8, 1)) == 0);
    lab.fault(1).add_rule(fail_ops({BioOp::Discard}, 0, 8));
    CHECK(start_discard(lab, 0, 8)->finish() == 0);
    CHECK(lab.disk(0).peek(0, 8) == kZeros);
    CHECK(lab.disk(1).peek(0, 8) == pattern(8, 1));
    CHECK(lab.mddev.degraded.load() == 0);
    CHECK(lab.chunk(0).counter == 2);
}

}  // namespace mdscope::raid1_test
