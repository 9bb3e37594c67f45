// SPDX-License-Identifier: MIT
// Image files as disks: where bios complete, what a flush covers, and what is refused.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/kernel/support.hpp"

namespace mdscope::test {

TEST_CASE("a data bio is done in the submitter's context, before submit returns") {
    const ScratchFolder folder;
    RealKernel kernel;
    const TaskScope scope(kernel, "writer");
    const auto disk = open_for_writing(kernel, make_sparse(folder / "sda.img", 1 << 20));
    CHECK(disk->name() == "sda");
    CHECK(disk->size_sectors() == 2048);
    const std::size_t tasks = kernel.tasks().size();
    TestBio write(*disk, BioOp::Write, 16, 8192, 'w');
    submit_bio(&write.bio);
    CHECK(write.ends == 1);
    CHECK(write.ended_in == "writer");
    CHECK(write.bio.bi_status == 0);
    TestBio read(*disk, BioOp::Read, 16, 8192);
    submit_bio(&read.bio);
    CHECK(read.data == write.data);
    CHECK(kernel.tasks().size() == tasks);
    CHECK(disk->user_sectors() == 32);
    TestBio resync(*disk, BioOp::Read, 0, 4096);
    submit_bio(&resync.with(REQ_SYNC_IO).bio);
    CHECK(disk->user_sectors() == 32);
}

TEST_CASE("metadata bios go to the disk's own task, in order, and are listed while in flight") {
    const ScratchFolder folder;
    RealKernel kernel;
    const TaskScope scope(kernel, "writer");
    const auto disk = open_for_writing(kernel, make_sparse(folder / "sdb.img", 1 << 20));
    WaitQueue queue(kernel, "queue");
    Shared<bool> go;
    std::vector<int> order;
    std::vector<std::unique_ptr<TestBio>> bios;
    for (int i = 0; i < 5; i++) {
        auto& bio = bios.emplace_back(std::make_unique<TestBio>(*disk, BioOp::Write, 8 * i, 4096, 'a' + i));
        bio->with(REQ_META | REQ_FUA | REQ_PREFLUSH, BioKind::Bitmap).on_end = [&, i] {
            wait_event(queue, go);  // Only so that this test can look; real completions do not sleep.
            order.push_back(i);
        };
    }
    for (auto& bio : bios) submit_bio(&bio->bio);
    std::vector<BioInfo> list;
    CHECK(eventually([&] {
        list.clear();
        disk->append_in_flight(list);
        return list.size() == 4;  // The first is in its completion: it is the submitter's again.
    }));
    CHECK(list.front().id == 2);
    CHECK(list.front().member == "sdb");
    CHECK(list.front().kind == BioKind::Bitmap);
    go = true;
    wake_up(queue);
    CHECK(eventually([&] { return bios.back()->ends == 1; }));
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
    CHECK(bios[0]->ended_in == "sdb_io");
    CHECK(bios[0]->bio.bi_id == 1);
    TestBio read(*disk, BioOp::Read, 32, 4096);
    submit_bio(&read.bio);
    CHECK(read.data == bios[4]->data);
}

TEST_CASE("a flush ahead of another disk's is done in the disk's own task, unless there is nothing to make durable") {
    const ScratchFolder folder;
    RealKernel kernel;
    const TaskScope scope(kernel, "writer");
    const auto disk = open_for_writing(kernel, make_sparse(folder / "sda.img", 1 << 20));
    TestBio clean(*disk, BioOp::Flush, 0, 0);
    submit_bio(&clean.with(REQ_PREFLUSH | REQ_AHEAD).bio);
    CHECK(clean.ended_in == "writer");
    TestBio write(*disk, BioOp::Write, 0, 4096, 'w');
    submit_bio(&write.bio);
    TestBio flush(*disk, BioOp::Flush, 0, 0);
    submit_bio(&flush.with(REQ_PREFLUSH | REQ_AHEAD).bio);
    CHECK(eventually([&] { return flush.ends == 1; }));
    CHECK(flush.ended_in == "sda_io");
    CHECK(flush.bio.bi_status == 0);
}

TEST_CASE("closing a disk finishes the metadata that is queued") {
    const ScratchFolder folder;
    RealKernel kernel;
    auto disk = open_for_writing(kernel, make_sparse(folder / "sda.img", 1 << 20));
    std::vector<std::unique_ptr<TestBio>> bios;
    for (int i = 0; i < 100; i++) {
        bios.push_back(std::make_unique<TestBio>(*disk, BioOp::Write, i, 512, 'm'));
        disk->submit(&bios.back()->with(REQ_META).bio);
    }
    disk.reset();
    for (const auto& bio : bios) CHECK(bio->ends == 1);
}

TEST_CASE("flushes, discards and writes past the end") {
    const ScratchFolder folder;
    RealKernel kernel;
    const TaskScope scope(kernel, "writer");
    const auto path = make_sparse(folder / "sda.img", 1 << 20);
    const auto disk = open_for_writing(kernel, path);
    auto status_of = [&](BioOp op, Sector sector, std::size_t size, std::uint32_t flags) {
        TestBio bio(*disk, op, sector, size, 'f');
        submit_bio(&bio.with(flags).bio);
        CHECK(bio.ends == 1);
        return bio.bio.bi_status;
    };
    CHECK(status_of(BioOp::Flush, 0, 0, 0) == 0);
    CHECK(status_of(BioOp::Write, 0, 4096, REQ_PREFLUSH | REQ_FUA) == 0);
    CHECK(status_of(BioOp::Flush, 0, 0, REQ_PREFLUSH) == 0);
    CHECK(status_of(BioOp::Write, 2047, 1024, 0) == -EIO);
    CHECK(status_of(BioOp::Write, ~Sector{0}, 512, 0) == -EIO);
    CHECK(status_of(BioOp::Write, 2047, 512, 0) == 0);
    CHECK(std::filesystem::file_size(path) == 1 << 20);
    const int discarded = status_of(BioOp::Discard, 0, 4096, 0);
    CHECK((discarded == 0 || discarded == -EOPNOTSUPP));
    TestBio read(*disk, BioOp::Read, 0, 4096);
    submit_bio(&read.bio);
    CHECK(read.data[0] == (discarded == 0 ? std::byte{0} : std::byte{'f'}));
}

TEST_CASE("a block observer hears of every fdatasync, and of none when there is nothing to make durable") {
    struct Counting : BlockObserver {
        void will_block() override { blocked++; }
        void did_unblock() override { unblocked++; }
        int blocked = 0;
        int unblocked = 0;
    };
    const ScratchFolder folder;
    RealKernel kernel;
    const TaskScope scope(kernel, "fuse");
    const auto disk = open_for_writing(kernel, make_sparse(folder / "sda.img", 1 << 20));
    Counting counting;
    current->block_observer = &counting;
    auto submit = [&](BioOp op, std::size_t size, std::uint32_t flags) {
        TestBio bio(*disk, op, 0, size);
        submit_bio(&bio.with(flags).bio);
        CHECK(bio.bio.bi_status == 0);
    };
    submit(BioOp::Flush, 0, 0);
    CHECK(counting.blocked == 0);
    submit(BioOp::Write, 4096, 0);
    CHECK(counting.blocked == 0);
    submit(BioOp::Flush, 0, 0);
    CHECK(counting.blocked == 1);
    submit(BioOp::Flush, 0, 0);
    CHECK(counting.blocked == 1);
    submit(BioOp::Write, 4096, REQ_FUA);
    CHECK(counting.blocked == 2);
    submit(BioOp::Write, 4096, 0);
    submit(BioOp::Write, 4096, REQ_PREFLUSH | REQ_FUA);
    CHECK(counting.blocked == 4);
    CHECK(counting.unblocked == 4);
    submit(BioOp::Read, 4096, 0);  // Cached: no matter whether the file system can tell.
    current->block_observer = nullptr;
}

TEST_CASE("an image that was cut short gives -EIO where it ends") {
    const ScratchFolder folder;
    RealKernel kernel;
    const TaskScope scope(kernel, "reader");
    const auto path = make_sparse(folder / "sda.img", 1 << 20);
    const auto disk = open_for_writing(kernel, path);
    std::filesystem::resize_file(path, 6144);
    TestBio inside(*disk, BioOp::Read, 0, 4096);
    submit_bio(&inside.bio);
    CHECK(inside.bio.bi_status == 0);
    TestBio across(*disk, BioOp::Read, 8, 4096);
    submit_bio(&across.bio);
    CHECK(across.bio.bi_status == -EIO);
}

TEST_CASE("an image is locked: one writer, or readers") {
    const ScratchFolder folder;
    RealKernel kernel;
    const auto path = make_sparse(folder / "sda.img", 4096);
    {
        const auto writer = open_for_writing(kernel, path);
        const auto second = kernel.open_disk(path, OpenMode::ReadWrite);
        REQUIRE_FALSE(second);
        CHECK(second.error().err == EBUSY);
        CHECK(second.error().text == path + " is locked by another mdscope.");
        CHECK_FALSE(kernel.open_disk(path, OpenMode::ReadOnly));
    }
    const auto reader = kernel.open_disk(path, OpenMode::ReadOnly);
    REQUIRE(reader);
    CHECK((*reader)->read_only());
    CHECK(kernel.open_disk(path, OpenMode::ReadOnly));
    CHECK_FALSE(kernel.open_disk(path, OpenMode::ReadWrite));
    TestBio write(**reader, BioOp::Write, 0, 512);
    (*reader)->submit(&write.bio);
    CHECK(write.bio.bi_status == -EROFS);
}

TEST_CASE("what is not a regular file is refused at once, by its kind") {
    const ScratchFolder folder;
    RealKernel kernel;
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    auto refusal = [&](const std::string& path, OpenMode mode) {
        const auto disk = kernel.open_disk(path, mode);
        REQUIRE_FALSE(disk);
        return disk.error().text;
    };
    for (const OpenMode mode : {OpenMode::ReadOnly, OpenMode::ReadWrite}) {
        CHECK(refusal(folder / "fifo", mode).find("is a FIFO") != std::string::npos);
        CHECK(refusal(folder / ".", mode).find("is a directory") != std::string::npos);
        CHECK(refusal("/dev/null", mode).find("is a character device") != std::string::npos);
        CHECK(refusal(folder / "none", mode).find("No such file") != std::string::npos);
    }
}

TEST_CASE("many threads write and flush one image") {
    const ScratchFolder folder;
    RealKernel kernel;
    const auto disk = open_for_writing(kernel, make_sparse(folder / "sda.img", 1 << 20));
    std::vector<Task*> tasks;
    for (int i = 0; i < 4; i++)
        tasks.push_back(kernel.kthread_run("writer", [&, i] {
            for (int n = 0; n < 100; n++) {
                TestBio bio(*disk, BioOp::Write, static_cast<Sector>(i * 400 + n), 512, 'a' + i);
                submit_bio(&bio.with(n % 20 == 0 ? REQ_FUA : 0U).bio);
                if (bio.bio.bi_status != 0) throw std::runtime_error("write failed");
                if (n % 25 == 0) {
                    TestBio meta(*disk, BioOp::Flush, 0, 0);
                    if (submit_bio_wait(kernel, &meta.with(REQ_META).bio) != 0) throw std::runtime_error("flush");
                }
            }
        }));
    for (Task* task : tasks) kernel.kthread_join(task);
    for (int i = 0; i < 4; i++) {
        TestBio read(*disk, BioOp::Read, static_cast<Sector>(i * 400), 51200);
        disk->submit(&read.bio);
        CHECK(read.data == std::vector<std::byte>(51200, static_cast<std::byte>('a' + i)));
    }
}

// ---- an image that somebody is at

static std::size_t count_log(const RealKernel& kernel, const std::string& part) {
    return static_cast<std::size_t>(std::ranges::count_if(
        kernel.log(), [&](const LogLine& line) { return line.text.find(part) != std::string::npos; }));
}

namespace {

// 1 MiB when it was opened, and written to; now 64 KiB.
struct CutShort {
    ScratchFolder folder;
    RealKernel kernel;
    TaskScope scope{kernel, "writer"};
    std::string path = make_sparse(folder / "sda.img", 1 << 20);
    std::unique_ptr<Disk> disk = open_for_writing(kernel, path);
    CutShort() {
        TestBio before(*disk, BioOp::Write, 0, 4096, 'b');
        submit_bio(&before.bio);
        CHECK(before.bio.bi_status == 0);
        std::filesystem::resize_file(path, 64 << 10);
    }
};

}  // namespace

TEST_CASE("an image that was cut short is not grown back: who writes past its end or into it is told so") {
    CutShort image;
    RealKernel& kernel = image.kernel;
    const auto& disk = image.disk;
    // A data write looks once in a tick of the clock, so the first ones may come too early to notice.
    CHECK(eventually([&] {
        TestBio write(*disk, BioOp::Write, 0, 4096, 'w');
        submit_bio(&write.bio);
        return write.bio.bi_status == -EIO;
    }));
    TestBio past(*disk, BioOp::Write, 2040, 4096, 'p');
    submit_bio(&past.bio);
    CHECK(past.bio.bi_status == -EIO);
    CHECK(std::filesystem::file_size(image.path) == 64 << 10);
    CHECK(count_log(kernel, "sda: the image was cut short, from 1048576 bytes to 65536") == 1);
    TestBio read(*disk, BioOp::Read, 0, 4096);
    submit_bio(&read.bio);
    CHECK(read.bio.bi_status == 0);  // What is left can be read.
}

TEST_CASE("metadata writes, flushes and reads past the end notice at once that an image was cut short") {
    for (const char* how : {"metadata", "flush", "read"}) {
        CAPTURE(how);
        CutShort image;
        const auto& disk = image.disk;
        const BioOp op = how[0] == 'f' ? BioOp::Flush : how[0] == 'r' ? BioOp::Read : BioOp::Write;
        TestBio bio(*disk, op, how[0] == 'r' ? 1024 : 0, op == BioOp::Flush ? 0 : 4096, 'w');
        submit_bio(how[0] == 'm' ? &bio.with(REQ_META).bio : &bio.bio);
        CHECK(eventually([&] { return bio.ends == 1; }));
        CHECK(bio.bio.bi_status == -EIO);
        CHECK(std::filesystem::file_size(image.path) == 64 << 10);
        CHECK(count_log(image.kernel, "the image was cut short") == 1);
    }
}

TEST_CASE("an image that was deleted is written to, and the log says what that is worth") {
    const ScratchFolder folder;
    RealKernel kernel;
    const TaskScope scope(kernel, "writer");
    const std::string path = make_sparse(folder / "sda.img", 1 << 20);
    const auto disk = open_for_writing(kernel, path);
    std::filesystem::remove(path);
    for (int i = 0; i < 3; i++) {
        TestBio write(*disk, BioOp::Write, 0, 4096, 'w');
        submit_bio(&write.with(REQ_FUA).bio);
        CHECK(write.bio.bi_status == 0);
    }
    CHECK(count_log(kernel, "sda: the image was deleted") == 1);
}

}  // namespace mdscope::test
