// SPDX-License-Identifier: MIT
// Fault, delay and pause layers, on both kernels.
#include "tests/kernel/support.hpp"

namespace mdscope::test {

namespace {

int write_status(Disk& disk, Sector sector, std::uint32_t flags = 0, BioKind kind = BioKind::Data) {
    TestBio bio(disk, BioOp::Write, sector, 512);
    return submit_bio_wait(*current->kernel, &bio.with(flags, kind).bio);
}

}  // namespace

TEST_CASE("a filter matches by kind, operation and range") {
    Bio bio;
    bio.bi_op = BioOp::Write;
    bio.bi_kind = BioKind::Bitmap;
    bio.bi_sector = 8;
    bio.bi_size = 4096;
    CHECK(BioFilter{}.matches(bio));
    CHECK(BioFilter{.kinds = {BioKind::Bitmap, BioKind::Superblock}}.matches(bio));
    CHECK_FALSE(BioFilter{.kinds = {BioKind::Data}}.matches(bio));
    CHECK_FALSE(BioFilter{.ops = {BioOp::Read}}.matches(bio));
    CHECK(BioFilter{.first = 15}.matches(bio));
    CHECK_FALSE(BioFilter{.first = 16}.matches(bio));
    CHECK(BioFilter{.last = 8}.matches(bio));
    CHECK_FALSE(BioFilter{.last = 7}.matches(bio));
    bio.bi_size = 0;  // A flush: it is where its sector is.
    CHECK(BioFilter{.first = 8, .last = 8}.matches(bio));
}

TEST_CASE("a fault rule lets some bios pass, then fails some") {
    on_both_kernels([](Kernel&, const auto& open) {
        const auto below = open("sda");
        FaultDisk disk(*below);
        disk.add_rule({.filter = {.ops = {BioOp::Write}, .first = 8, .last = 15}, .skip = 1, .count = 2});
        CHECK(write_status(disk, 0) == 0);
        CHECK(write_status(disk, 8) == 0);
        CHECK(write_status(disk, 9) == -EIO);
        CHECK(write_status(disk, 0) == 0);
        CHECK(write_status(disk, 15, REQ_META) == -EIO);
        CHECK(write_status(disk, 9) == 0);
        disk.add_rule({.error = -ENOSPC});
        CHECK(write_status(disk, 100) == -ENOSPC);
        TestBio meta(disk, BioOp::Write, 100, 512);
        submit_bio(&meta.with(REQ_META).bio);
        meta.wait();
        CHECK(meta.bio.bi_status == -ENOSPC);
        CHECK(meta.ended_in != current->comm);  // Where metadata ends when nothing fails.
        disk.clear_rules();
        CHECK(write_status(disk, 100) == 0);
        CHECK(disk.name() == "sda");
        CHECK(disk.size_bytes() == 1 << 20);
    });
}

TEST_CASE("a delayed bio goes on when its time is over, in the layer's own task") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto below = open("sda");
        DelayDisk disk(kernel, *below);
        disk.set_delay({.kinds = {BioKind::Bitmap}}, 2 * kNsPerMs);
        CHECK(write_status(disk, 0) == 0);
        TestBio slow(disk, BioOp::Write, 0, 512, 's');
        const std::uint64_t begin_ns = kernel.ktime_ns();
        submit_bio(&slow.with(REQ_META, BioKind::Bitmap).bio);
        slow.wait();
        CHECK(kernel.ktime_ns() - begin_ns >= 2 * kNsPerMs);
        disk.set_delay({}, 0);
        CHECK(write_status(disk, 0, REQ_META, BioKind::Bitmap) == 0);
    });
}

TEST_CASE("a delay layer that goes, or whose kernel is halted, still brings its bios back") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto below = open("sda");
        TestBio short_delay(*below, BioOp::Write, 0, 512);
        TestBio long_delay(*below, BioOp::Write, 8, 512);
        {
            DelayDisk disk(kernel, *below);
            disk.set_delay({}, kNsPerMs);
            disk.submit(&short_delay.bio);
            disk.set_delay({}, 3600 * kNsPerSec);
            disk.submit(&long_delay.bio);
            CHECK_THROWS_AS(kernel.oops({}), Halted);
            short_delay.wait();
            CHECK(long_delay.ends == 0);
            std::vector<BioInfo> list;
            disk.append_in_flight(list);
            REQUIRE(list.size() == 1);
            CHECK(list[0].sector == 8);
            CHECK_FALSE(list[0].held);
        }
        long_delay.wait();
    });
}

TEST_CASE("a held bio leaves the image untouched until it is released") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto below = open("sda");
        PauseDisk disk(kernel, *below);
        disk.hold({.kinds = {BioKind::Bitmap}});
        disk.hold({.kinds = {BioKind::Superblock}});
        CHECK(write_status(disk, 100) == 0);
        std::vector<std::unique_ptr<TestBio>> bios;
        for (Sector sector = 0; sector < 3; sector++) {
            bios.push_back(std::make_unique<TestBio>(disk, BioOp::Write, sector, 512, 'h'));
            submit_bio(&bios.back()->with(REQ_META, BioKind::Bitmap).bio);
        }
        const auto held = disk.held();
        REQUIRE(held.size() == 3);
        CHECK(held[1].held);
        CHECK(held[1].member == "sda");
        CHECK(held[1].sector == 1);
        TestBio before(*below, BioOp::Read, 1, 512);
        CHECK(submit_bio_wait(kernel, &before.bio) == 0);
        CHECK(before.data[0] == std::byte{0});

        CHECK_FALSE(disk.release(held[2].id + 1));
        CHECK(disk.release(held[1].id));
        bios[1]->wait();
        CHECK(submit_bio_wait(kernel, &before.bio) == 0);
        CHECK(before.data[0] == std::byte{'h'});
        disk.lift();
        CHECK(disk.held().size() == 2);
        CHECK(write_status(disk, 7, REQ_META, BioKind::Bitmap) == 0);
        CHECK(disk.release_all() == 2);
        bios[0]->wait();
        bios[2]->wait();
        CHECK(disk.held().empty());
    });
}

TEST_CASE("held bios of a halted kernel can be released, whatever their completions run into") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto below = open("sda");
        PauseDisk disk(kernel, *below);
        disk.hold({});
        TestBio first(disk, BioOp::Write, 0, 512);
        TestBio second(disk, BioOp::Write, 8, 512);
        first.on_end = [&] { kernel.oops({}); };
        submit_bio(&first.bio);
        submit_bio(&second.bio);
        CHECK_THROWS_AS(kernel.oops({}), Halted);
        CHECK(disk.release_all() == 2);
        second.wait();
    });
}

// Whoever waited for it was given EIO by the Oops and went on, and so did its buffer.
TEST_CASE("data that was kept back when the kernel was halted is not written any more, metadata is") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto below = open("sda");
        TestBio held(*below, BioOp::Write, 0, 512, 'h');
        TestBio held_page(*below, BioOp::Write, 8, 512, 'p');
        TestBio delayed(*below, BioOp::Write, 16, 512, 'd');
        held_page.with(REQ_META, BioKind::Bitmap);
        {
            DelayDisk delay(kernel, *below);
            PauseDisk pause(kernel, delay);
            pause.hold({.last = 15});
            delay.set_delay({}, 3600 * kNsPerSec);  // until the layer goes
            for (TestBio* each : {&held, &held_page, &delayed}) pause.submit(&each->bio);
            delay.set_delay({}, 0);
            CHECK_THROWS_AS(kernel.oops({}), Halted);
            CHECK(pause.release_all() == 2);
        }
        const auto on_disk = [&](Sector sector) {
            TestBio look(*below, BioOp::Read, sector, 512);
            below->submit(&look.bio);
            look.wait();
            return look.data[0];
        };
        for (TestBio* each : {&held, &held_page, &delayed}) {
            each->wait();
            CHECK(each->bio.bi_status == 0);
        }
        CHECK(on_disk(0) == std::byte{0});
        CHECK(on_disk(8) == std::byte{'p'});
        CHECK(on_disk(16) == std::byte{0});
    });
}

}  // namespace mdscope::test
