// SPDX-License-Identifier: MIT
// The same stories on both kernels: what md may rely on, whoever runs it.
#include <algorithm>

#include "tests/kernel/support.hpp"

namespace mdscope::test {

TEST_CASE("a waiter sleeps until its condition holds and somebody says so") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        WaitQueue queue(kernel, "queue");
        Shared<int> pending{3};
        Task* helper = kernel.kthread_run("helper", [&] {
            for (int i = 0; i < 3; i++) {
                pending.dec();
                wake_up(queue);
            }
        });
        wait_event(queue, pending == 0);
        CHECK(pending == 0);
        kernel.kthread_join(helper);
    });
}

TEST_CASE("a wait ends with -ETIME when its time has passed, and not before") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        WaitQueue queue(kernel, "queue");
        const std::uint64_t begin_ns = kernel.ktime_ns();
        CHECK(wait_event_timeout(queue, false, 3 * kNsPerMs) == -ETIME);
        CHECK(kernel.ktime_ns() - begin_ns >= 3 * kNsPerMs);
        CHECK(wait_event_timeout(queue, true, 3 * kNsPerMs) == 0);
        kernel.msleep(kNsPerMs);
        CHECK(kernel.ktime_ns() - begin_ns >= 4 * kNsPerMs);
    });
}

TEST_CASE("an interrupt ends one interruptible wait, also one that begins later") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        WaitQueue queue(kernel, "queue");
        Mutex mutex(kernel, "mutex");
        const MutexGuard held(mutex);
        Shared<int> first{1};
        Shared<int> second{1};
        Shared<bool> go;
        Task* sleeper = kernel.kthread_run("sleeper", [&] {
            first = wait_event_interruptible(queue, false);
            wait_event(queue, go);  // Not interruptible, and the first interrupt is used up.
            second = mutex.lock_interruptible();
        });
        kernel.interrupt(sleeper);
        while (first == 1) kernel.msleep(kNsPerMs);
        go = true;
        wake_up(queue);
        kernel.interrupt(sleeper);
        kernel.kthread_join(sleeper);
        CHECK(first == -EINTR);
        CHECK(second == -EINTR);
    });
}

TEST_CASE("of all who put down a reference exactly one hears that it was the last") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        struct Object {
            Shared<int> refs{3};
            int touched[3] = {};  // each by one holder before it puts down, all by the last: no lock is needed
        };
        for (int round = 0; round < 200; round++) {
            Object object;
            Shared<int> last;
            const auto hold = [&](int number) {
                object.touched[number] = 1;
                if (!object.refs.put_and_test()) return;
                last.inc();
                CHECK(object.touched[0] + object.touched[1] + object.touched[2] == 3);
            };
            Task* a = kernel.kthread_run("a", [&] { hold(0); });
            Task* b = kernel.kthread_run("b", [&] { hold(1); });
            hold(2);
            kernel.kthread_join(a);
            kernel.kthread_join(b);
            CHECK(last == 1);
        }
    });
}

TEST_CASE("a mutex is held by one at a time, and waiting for it shows as a wait") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        Mutex mutex(kernel, "mddev->reconfig_mutex");
        int counter = 0;
        auto count = [&] {
            for (int i = 0; i < 100; i++) {
                const MutexGuard guard(mutex);
                const int seen = counter;
                if (i % 10 == 0) kernel.msleep(1);
                counter = seen + 1;
            }
        };
        Task* a = kernel.kthread_run("a", count);
        Task* b = kernel.kthread_run("b", count);
        kernel.kthread_join(a);
        kernel.kthread_join(b);
        CHECK(counter == 200);
        CHECK(!mutex.is_locked());

        mutex.lock();
        Task* waiter = kernel.kthread_run("waiter", [&] { const MutexGuard guard(mutex); });
        std::string seen;
        while (seen.empty()) {
            for (const SleepInfo& info : kernel.tasks())
                if (info.comm == "waiter" && info.queue != nullptr)
                    seen = std::string(info.queue) + ": " + info.condition;
            kernel.msleep(kNsPerMs);
        }
        CHECK(seen == "mddev->reconfig_mutex: mutex is free");
        mutex.unlock();
        kernel.kthread_join(waiter);
    });
}

static void md_super_wait(WaitQueue& sb_wait, const Shared<int>& pending_writes) {
    MD_FRAME("md_super_wait");
    wait_event(sb_wait, pending_writes == 0);
}

TEST_CASE("a sleeper's call stack and condition can be read") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        WaitQueue sb_wait(kernel, "mddev->sb_wait");
        Shared<int> pending_writes{1};
        Task* mdmon = kernel.kthread_run("mdmon", [&] {
            MD_FRAME("md_bitmap_flush");
            md_super_wait(sb_wait, pending_writes);
        });
        bool seen = false;
        while (!seen) {
            for (const SleepInfo& info : kernel.tasks()) {
                if (info.comm != "mdmon" || info.queue == nullptr) continue;
                seen = true;
                CHECK(std::string(info.queue) == "mddev->sb_wait");
                CHECK(std::string(info.condition) == "pending_writes == 0");
                REQUIRE(info.stack.size() == 2);
                CHECK(std::string(info.stack[0]) == "md_super_wait");
                CHECK(std::string(info.stack[1]) == "md_bitmap_flush");
            }
            kernel.msleep(kNsPerMs);
        }
        pending_writes = 0;
        wake_up(sb_wait);
        kernel.kthread_join(mdmon);
    });
}

TEST_CASE("a timer fires once at its time; one that was deleted does not") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        WaitQueue queue(kernel, "queue");
        Shared<int> fired;
        Shared<std::uint64_t> fired_ns;
        Timer timer;
        timer.function = [&] {
            fired_ns = kernel.ktime_ns();
            fired.inc();
            wake_up(queue);
        };
        Timer other;
        other.function = [&] { fired.add(100); };
        const std::uint64_t at_ns = kernel.ktime_ns() + 2 * kNsPerMs, far_ns = at_ns + 3600 * kNsPerSec;
        kernel.mod_timer(other, far_ns);
        kernel.mod_timer(timer, far_ns);
        kernel.mod_timer(timer, far_ns);
        kernel.mod_timer(timer, at_ns);  // the last time: it may have fired when this is over
        wait_event(queue, fired == 1);
        CHECK(kernel.del_timer_sync(other));
        CHECK(other.expires_ns.load() == 0);
        CHECK(fired_ns >= at_ns);
        CHECK(timer.expires_ns.load() == 0);
        CHECK_FALSE(kernel.del_timer_sync(timer));
        CHECK(fired == 1);
    });
}

TEST_CASE("a timer may set itself again from its own callback, and delete itself there") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        WaitQueue queue(kernel, "queue");
        Shared<int> fired;
        Timer timer;
        timer.function = [&] {
            kernel.mod_timer(timer, kernel.ktime_ns() + 1000);
            if (fired.inc_return() == 3) kernel.del_timer_sync(timer);
            wake_up(queue);
        };
        kernel.mod_timer(timer, kernel.ktime_ns() + 1000);
        wait_event(queue, fired == 3);
        kernel.del_timer_sync(timer);
        CHECK(fired == 3);
    });
}

TEST_CASE("synchronize_rcu waits for the readers from before") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        WaitQueue queue(kernel, "queue");
        Shared<int> published{1};
        Shared<bool> reading;
        Shared<bool> freed;
        Shared<bool> saw_freed;
        Task* reader = kernel.kthread_run("reader", [&] {
            for (int i = 0; i < 50; i++) {
                kernel.rcu_read_lock();
                kernel.rcu_read_lock();
                const bool valid = published != 0;
                reading = true;
                wake_up(queue);
                kernel.rcu_read_unlock();
                if (valid && freed) saw_freed = true;
                kernel.rcu_read_unlock();
            }
        });
        wait_event(queue, reading);
        published = 0;
        kernel.synchronize_rcu();
        freed = true;
        kernel.kthread_join(reader);
        kernel.synchronize_rcu();
        CHECK_FALSE(saw_freed);
    });
}

TEST_CASE("submit_bio_wait writes and reads back") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto disk = open("sda");
        TestBio write(*disk, BioOp::Write, 8, 4096, 'x');
        CHECK(submit_bio_wait(kernel, &write.with(REQ_META | REQ_FUA).bio) == 0);
        TestBio read(*disk, BioOp::Read, 8, 4096);
        CHECK(submit_bio_wait(kernel, &read.with(REQ_META).bio) == 0);
        CHECK(read.data == write.data);
        CHECK(read.ends == 0);  // Its own end_io was not used.
        TestBio beyond(*disk, BioOp::Write, disk->size_sectors(), 512);
        CHECK(submit_bio_wait(kernel, &beyond.bio) == -EIO);
    });
}

TEST_CASE("a task that has slept and looks at the list of tasks finds itself running") {
    on_both_kernels([](Kernel& kernel, const auto& /*open*/) {
        kernel.msleep(kNsPerMs);
        const std::vector<SleepInfo> tasks = kernel.tasks();
        const auto itself = std::ranges::find(tasks, current->pid, &SleepInfo::pid);
        REQUIRE(itself != tasks.end());
        CHECK(itself->queue == nullptr);
    });
}

TEST_CASE("an Oops is recorded once, ends every sleep, and lets nothing be submitted") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto disk = open("sda");
        WaitQueue queue(kernel, "queue");
        Shared<int> unwound;
        auto wait_for_ever = [&] {
            struct Unwound {
                Shared<int>& count;
                ~Unwound() { count.inc(); }
            };
            const Unwound at_end{unwound};
            wait_event(queue, false);
        };
        Task* a = kernel.kthread_run("a", wait_for_ever);
        Task* b = kernel.kthread_run("b", wait_for_ever);
        Task* faulty = kernel.kthread_run("faulty", [&] {
            MD_FRAME("super_written");
            Oops fault;
            fault.what = "NULL pointer dereference";
            fault.object = "rdev->mddev";
            kernel.oops(fault);
        });
        kernel.kthread_join(a);
        kernel.kthread_join(b);
        kernel.kthread_join(faulty);
        CHECK(unwound == 2);
        REQUIRE(kernel.first_oops() != nullptr);
        CHECK(kernel.first_oops()->function == "super_written");
        CHECK(kernel.first_oops()->object == "rdev->mddev");
        CHECK(kernel.first_oops()->comm == "faulty");
        CHECK_FALSE(kernel.first_oops()->in_irq);
        CHECK(kernel.log().back().text == "BUG: kernel NULL pointer dereference at super_written");

        CHECK_THROWS_AS(kernel.oops({}), Halted);
        CHECK(kernel.first_oops()->function == "super_written");
        TestBio bio(*disk, BioOp::Write, 0, 512);
        CHECK_THROWS_AS(submit_bio(&bio.bio), Halted);
        CHECK(bio.ends == 0);
        CHECK_THROWS_AS(static_cast<void>(submit_bio_wait(kernel, &bio.bio)), Halted);
        CHECK_THROWS_AS(kernel.msleep(1), Halted);
    });
}

TEST_CASE("an Oops in a completion does not keep the next one from running") {
    on_both_kernels([](Kernel& kernel, const auto& open) {
        const auto disk = open("sda");
        TestBio first(*disk, BioOp::Write, 0, 512);
        TestBio second(*disk, BioOp::Write, 8, 512);
        first.on_end = [&] {
            MD_FRAME("super_written");
            kernel.oops({});
        };
        disk->submit(&first.with(REQ_META).bio);
        disk->submit(&second.with(REQ_META).bio);
        second.wait();
        CHECK(kernel.halted());
        CHECK(kernel.first_oops()->in_irq);
        CHECK(kernel.first_oops()->function == "super_written");
    });
}

TEST_CASE("putting a bio into a destroyed pool is a fault in mempool_free") {
    on_both_kernels([](Kernel& kernel, const auto&) {
        BioSet set(kernel, "mddev->sync_set");
        Bio* warm = set.alloc();
        bio_put(warm);
        CHECK(set.alloc() == warm);  // Used again.
        CHECK(set.in_use() == 1);
        set.destroy();
        CHECK(set.destroyed());
        auto put = [&] {
            MD_FRAME("super_written");
            bio_put(warm);
        };
        CHECK_THROWS_AS(put(), Halted);
        const Oops* oops = kernel.first_oops();
        REQUIRE(oops != nullptr);
        CHECK(oops->function == "mempool_free");
        CHECK(oops->object == "mempool_t.elements");
        CHECK(oops->stack == std::vector<std::string>{"mempool_free", "super_written"});
    });
}

TEST_CASE("a replaced file has the new text") {
    SUBCASE("on the real kernel") {
        const ScratchFolder folder;
        RealKernel kernel;
        CHECK_FALSE(kernel.read_file(folder / "container.json"));
        CHECK(kernel.replace_file(folder / "container.json", "one"));
        CHECK(kernel.replace_file(folder / "container.json", "two"));
        CHECK(*kernel.read_file(folder / "container.json") == "two");
        CHECK(kernel.replace_file(folder / "no/such/folder", "x").error().err == ENOENT);
        CHECK_FALSE(kernel.read_file(folder / ""));                  // a directory
        CHECK(kernel.replace_file(folder / "container.json", "3"));  // Shorter than the file that is written over.
        CHECK(*kernel.read_file(folder / "container.json") == "3");
        CHECK(*kernel.read_file(folder / "container.json.new") == "two");  // Kept: its blocks serve the next text.
    }
    SUBCASE("on the simulated kernel") {
        SimKernel kernel;
        CHECK_FALSE(kernel.read_file("container.json"));
        CHECK(kernel.replace_file("container.json", "one"));
        CHECK(*kernel.read_file("container.json") == "one");
    }
}

}  // namespace mdscope::test
