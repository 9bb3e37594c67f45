// SPDX-License-Identifier: MIT
// Several people at one array: one stops it, others assemble it, add to it or release what is held, all at once.
//
// Goal: a stop or an assembly has the array to itself, whoever comes meanwhile is told so (EALREADY), and the array is
// whole afterwards. Method: a stop that sleeps on a held bitmap page, and what others are answered meanwhile; then a
// storm of all of it from several threads, for ThreadSanitizer too.
#include <algorithm>
#include <array>

#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

BioFilter bitmap_writes() {
    BioFilter filter;
    filter.kinds = {BioKind::Bitmap};
    return filter;
}

void release_all(Array& array, bool lift) {
    for (const Array::MemberDisk& disk : array.member_disks()) {
        if (lift) disk.pause->lift();
        disk.pause->release_all();
    }
}

// A call in a task of its own, and its answer once there is one.
class Call {
   public:
    Call(Kernel& kernel, std::function<int(std::string*)> call) : kernel_(kernel) {
        task_ = kernel.kthread_run("caller", [this, call = std::move(call)] {
            answer_ = call(&why_);
            done_ = true;
        });
    }
    ~Call() { (void)join(); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    [[nodiscard]] bool done() const { return done_; }
    int join() {
        if (task_ != nullptr) kernel_.kthread_join(std::exchange(task_, nullptr));
        return answer_;
    }
    [[nodiscard]] const std::string& why() const { return why_; }

   private:
    Kernel& kernel_;
    Shared<bool> done_;
    std::string why_;
    int answer_ = 1;
    Task* task_ = nullptr;
};

bool is_expected(int answer) {
    constexpr std::array kExpected = {0, -EBUSY, -EALREADY, -ENODEV, -EINVAL, -ENOENT, -EEXIST};
    return std::ranges::find(kExpected, answer) != kExpected.end();
}

}  // namespace

TEST_CASE("while a stop sleeps, another stop, an assembly and a change of members are told so") {
    Lab lab(small_home("external"));
    CHECK(lab.write(0, std::string(4096, 'x')));
    for (const Array::MemberDisk& disk : lab.array->member_disks()) disk.pause->hold(bitmap_writes());
    Array& array = *lab.array;
    Call first(lab.kernel, [&](std::string* why) { return array.stop(false, why); });
    REQUIRE(lab.eventually([&] { return !lab.array->bios().empty(); }));
    CHECK_FALSE(first.done());
    {
        Call stop(lab.kernel, [&](std::string* why) { return array.stop(false, why); });
        Call assemble(lab.kernel, [&](std::string* why) { return array.reassemble(why); });
        Call re_add(lab.kernel, [&](std::string* why) { return array.re_add("sdb", why); });
        const bool answered = lab.eventually([&] { return stop.done() && assemble.done() && re_add.done(); });
        CHECK(answered);
        CHECK_FALSE(first.done());
        if (!answered) release_all(array, true);
        for (Call* call : {&stop, &assemble, &re_add}) {
            CHECK(call->join() == -EALREADY);
            CHECK_MESSAGE(call->why().find("is being stopped") != std::string::npos, call->why());
        }
    }
    release_all(array, true);
    CHECK(first.join() == 0);
    std::string why;
    CHECK_MESSAGE(array.reassemble(&why) == 0, why);
    CHECK(lab.read(0, 4096) == std::string(4096, 'x'));
}

TEST_CASE("two assemblies at a time after an Oops: one starts the array, the other is refused") {
    for (int round = 0; round < 20; round++) {
        Lab lab(small_home("internal"));
        CHECK_THROWS_AS(lab.kernel.oops({}), Halted);
        Array& array = *lab.array;
        Shared<bool> go;
        const auto assemble = [&](std::string* why) {
            while (!go) std::this_thread::yield();
            return array.reassemble(why);
        };
        // Threads of their own: what the kernel started is joined by a restart.
        std::array<int, 2> answers{};
        {
            std::vector<std::thread> threads;
            for (int& answer : answers)
                threads.emplace_back([&] {
                    const TaskScope scope(lab.kernel, "fuse");
                    std::string why;
                    answer = assemble(&why);
                });
            go = true;
            for (std::thread& thread : threads) thread.join();
        }
        std::ranges::sort(answers);
        CHECK(answers[1] == 0);
        CHECK((answers[0] == -EALREADY || answers[0] == -EBUSY));
        CHECK(lab.show("array_state") != "clear");
    }
}

TEST_CASE("stops, assemblies, releases, changes of members and I/O, all at once") {
    for (const char* bitmap : {"external", "internal"}) {
        CAPTURE(bitmap);
        Lab lab(small_home(bitmap));
        Array& array = *lab.array;
        constexpr int kRounds = 40;
        Shared<bool> over;
        std::vector<std::function<int()>> deeds;
        std::array<std::string, 6> said;
        deeds.emplace_back([&] { return array.reassemble(&said[0]); });
        deeds.emplace_back([&] { return array.reassemble(&said[1]); });
        deeds.emplace_back([&] { return array.stop(false, &said[2]); });
        deeds.emplace_back([&] { return array.stop(true, &said[3]); });
        deeds.emplace_back([&] { return array.remove("sdb", &said[4]); });
        deeds.emplace_back([&] { return array.re_add("sdb", &said[5]); });
        std::atomic<int> unexpected{0};
        std::vector<Task*> tasks;
        for (const auto& deed : deeds)
            tasks.push_back(lab.kernel.kthread_run("deed", [&] {
                for (int round = 0; round < kRounds; round++)
                    if (const int answer = deed(); !is_expected(answer)) unexpected = answer;
            }));
        std::vector<Task*> helpers;
        helpers.push_back(lab.kernel.kthread_run("release", [&] {
            while (!over) release_all(array, false);
        }));
        helpers.push_back(lab.kernel.kthread_run("dd", [&] {
            while (!over) {
                if (array.open() != 0) continue;
                (void)lab.write(0, std::string(4096, 'y'));
                array.release();
            }
        }));
        for (Task* task : tasks) lab.kernel.kthread_join(task);
        over = true;
        for (Task* task : helpers) lab.kernel.kthread_join(task);
        CHECK(unexpected == 0);
        CHECK(lab.kernel.first_oops() == nullptr);
        std::string why;
        const int again = array.reassemble(&why);
        CHECK_MESSAGE((again == 0 || lab.show("array_state") != "clear"), why);
        CHECK(lab.write(0, std::string(4096, 'z')));
        CHECK(lab.read(0, 4096) == std::string(4096, 'z'));
    }
}

}  // namespace mdscope::test
