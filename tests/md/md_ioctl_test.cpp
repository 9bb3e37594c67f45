// SPDX-License-Identifier: MIT
// The ioctls of md0, on threads: STOP_ARRAY closes the disk before it stops the array, and GET_ARRAY_INFO and
// lab/chunks are read beside all of it.
//
// Goal: from MD_CLOSING on nobody slips in; a stop in one step leaves the sidecar clean; no reader ever sees a field
// half changed. Method: stops that sleep on a bio that is held; and a storm of readers beside writers and stops, for
// ThreadSanitizer.
#include "engine/md/md_ioctl.hpp"

#include <atomic>
#include <thread>

#include "engine/look/lab_chunks.hpp"
#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

int stop_array(Lab& lab) {
    std::string why;
    return lab.array->ioctl(STOP_ARRAY, nullptr, &why);
}

int array_info(Lab& lab, mdu_array_info_t* info) {
    std::string why;
    return lab.array->ioctl(GET_ARRAY_INFO, info, &why);
}

void hold_data(Lab& lab) {
    for (const Array::MemberDisk& disk : lab.array->member_disks()) disk.pause->hold({{BioKind::Data}});
}

void release_all(Lab& lab) {
    for (const Array::MemberDisk& disk : lab.array->member_disks()) {
        disk.pause->lift();
        disk.pause->release_all();
    }
}

}  // namespace

TEST_CASE("while STOP_ARRAY waits for a request nobody can open md0, and a second stop is refused") {
    Lab lab(small_home("internal"));
    REQUIRE(lab.array->open() == 0);
    hold_data(lab);
    std::atomic<bool> is_written{false};
    int answer = 1;
    Task* writer = lab.kernel.kthread_run("dd", [&] { is_written = lab.write(0, std::string(4096, 'x')); });
    REQUIRE(lab.eventually([&] { return lab.array->bios().size() == 2; }));
    Task* stopper = lab.kernel.kthread_run("stopper", [&] { answer = stop_array(lab); });
    REQUIRE(lab.eventually([&] { return test_bit(MD_CLOSING, lab.md().flags); }));
    CHECK(md_open(lab.md()) == -ENODEV);
    CHECK(lab.array->open() == -ENODEV);
    CHECK(md_ioctl(lab.md(), STOP_ARRAY, nullptr, true) == -EBUSY);
    CHECK(md_ioctl(lab.md(), STOP_ARRAY_RO, nullptr, true) == -EBUSY);
    CHECK(stop_array(lab) == -EALREADY);
    CHECK(lab.show("array_state") != "clear");
    release_all(lab);
    lab.kernel.kthread_join(writer);
    lab.kernel.kthread_join(stopper);
    CHECK(is_written);
    CHECK(answer == 0);
    CHECK(lab.md().openers == 0);
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
    CHECK(lab.read(0, 4096) == std::string(4096, 'x'));
}

TEST_CASE("a STOP_ARRAY that is refused leaves md0 as it was") {
    Lab lab(small_home("internal"));
    REQUIRE(lab.array->open() == 0);
    REQUIRE(lab.array->open() == 0);
    CHECK(stop_array(lab) == -EBUSY);
    CHECK_FALSE(test_bit(MD_CLOSING, lab.md().flags));
    CHECK(lab.write(0, "still here"));
    lab.array->release();
    CHECK(lab.md().openers == 1);
    CHECK(stop_array(lab) == 0);
    CHECK(lab.md().openers == 0);
}

TEST_CASE("STOP_ARRAY_RO keeps the array and its opener, and takes no more writes") {
    Lab lab(small_home("internal"));
    REQUIRE(lab.array->open() == 0);
    CHECK(lab.write(0, std::string(4096, 'x')));
    std::string why;
    CHECK(lab.array->ioctl(STOP_ARRAY_RO, nullptr, &why) == 0);
    CHECK(lab.show("array_state") == "readonly");
    CHECK_FALSE(test_bit(MD_CLOSING, lab.md().flags));
    CHECK_FALSE(lab.write(0, std::string(4096, 'y')));
    CHECK(lab.read(0, 4096) == std::string(4096, 'x'));
    CHECK(lab.md().openers == 1);
    lab.array->release();
}

TEST_CASE("after STOP_ARRAY in one step the sidecar says clean") {
    Lab lab(small_home("external"));
    CHECK(lab.store("safe_mode_delay", "100000") == 0);  // it would become clean by itself only much later
    REQUIRE(lab.array->open() == 0);
    CHECK(lab.write(0, std::string(4096, 'x')));
    CHECK(sidecar_of(lab).dirty);
    CHECK(stop_array(lab) == 0);
    CHECK_FALSE(sidecar_of(lab).dirty);
    std::string why;
    REQUIRE_MESSAGE(lab.array->reassemble(&why) == 0, why);
    CHECK_MESSAGE(why.find("nothing is owed") != std::string::npos, why);
    CHECK(lab.read(0, 4096) == std::string(4096, 'x'));
}

TEST_CASE("GET_ARRAY_INFO and lab/chunks beside writers and stops") {
    for (const char* home : {"external", "internal"}) {
        CAPTURE(home);
        Lab lab(small_home(home));
        constexpr int kRounds = 4;
        constexpr int kMostRefused = 10;  // then the writer holds still until the array has been stopped
        std::atomic<bool> over{false};
        std::atomic<int> infos{0}, wrong{0}, refused{0};
        std::vector<Task*> tasks;
        tasks.push_back(lab.kernel.kthread_run("mdadm -D", [&] {
            while (!over) {
                mdu_array_info_t info{};
                const int err = array_info(lab, &info);
                if (err == 0) infos++;
                if (err != 0 && err != -ENODEV) wrong = err;
                if (info.nr_disks != info.working_disks + info.failed_disks) wrong = 1;
                std::this_thread::yield();
            }
        }));
        tasks.push_back(lab.kernel.kthread_run("cat", [&] {
            while (!over) {
                (void)chunks_text(lab.md(), 0, 1 << 20);
                std::this_thread::yield();
            }
        }));
        tasks.push_back(lab.kernel.kthread_run("dd", [&] {
            while (!over) {
                std::this_thread::yield();
                if (refused > kMostRefused || lab.array->open() != 0) continue;
                (void)lab.write(0, std::string(4096, 'y'));
                (void)lab.write(8 << 20, std::string(4096, 'z'));
                lab.array->release();
            }
        }));
        for (int round = 0; round < kRounds;) {
            std::string why;
            const int before = infos;
            if (lab.array->open() != 0) continue;
            if (stop_array(lab) != 0) {  // somebody writes
                refused++;
                lab.array->release();
                std::this_thread::yield();
                continue;
            }
            round++;
            refused = 0;
            CHECK_MESSAGE(lab.array->reassemble(&why) == 0, why);
            CHECK(lab.eventually([&] { return infos > before; }));
        }
        over = true;
        for (Task* task : tasks) lab.kernel.kthread_join(task);
        CHECK(wrong == 0);
        CHECK(lab.kernel.first_oops() == nullptr);
        CHECK(lab.md().openers == 0);
    }
}

}  // namespace mdscope::test
