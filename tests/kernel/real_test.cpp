// SPDX-License-Identifier: MIT
// The RealKernel under many threads, and what only it has: adopted threads, the block observer, the log's sink.
#include <array>

#include "tests/kernel/support.hpp"

namespace mdscope::test {

// Two threads hand a token back and forth; a lost wake-up would leave both asleep.
TEST_CASE("no wake-up is lost between two threads that take turns") {
    RealKernel kernel;
    WaitQueue queue(kernel, "queue");
    Shared<int> turn;
    auto take_turns = [&](int mine) {
        for (int i = 0; i < 20000; i++) {
            wait_event(queue, turn == mine);
            turn = 1 - mine;
            wake_up(queue);
        }
    };
    Task* a = kernel.kthread_run("a", [&] { take_turns(0); });
    Task* b = kernel.kthread_run("b", [&] { take_turns(1); });
    kernel.kthread_join(a);
    kernel.kthread_join(b);
    CHECK(turn == 0);
}

TEST_CASE("no wake-up is lost with many producers and consumers and a lock in the condition") {
    RealKernel kernel;
    WaitQueue queue(kernel, "queue");
    SpinLock lock;
    int stock = 0;
    constexpr int kEach = 4000;
    std::vector<Task*> tasks;
    for (int i = 0; i < 4; i++) {
        tasks.push_back(kernel.kthread_run("producer", [&] {
            for (int n = 0; n < kEach; n++) {
                const SpinGuard guard(lock);
                stock++;
                wake_up(queue);  // With the lock held, as md does here and there.
            }
        }));
        tasks.push_back(kernel.kthread_run("consumer", [&]() NO_THREAD_SAFETY_ANALYSIS {
            for (int n = 0; n < kEach; n++) {
                lock.lock();
                wait_event_lock(queue, stock > 0, lock);
                stock--;
                lock.unlock();
            }
        }));
    }
    for (Task* task : tasks) kernel.kthread_join(task);
    CHECK(stock == 0);
}

TEST_CASE("readers and synchronize_rcu agree under many threads") {
    RealKernel kernel;
    struct Thing {
        std::atomic<bool> freed{false};
    };
    std::array<Thing, 200> things;
    Shared<Thing*> published{things.data()};
    Shared<bool> stop;
    Shared<int> faults;
    std::vector<Task*> readers;
    for (int i = 0; i < 4; i++)
        readers.push_back(kernel.kthread_run("reader", [&] {
            while (!stop) {
                kernel.rcu_read_lock();
                Thing* thing = published;
                if (thing->freed) faults.inc();
                kernel.rcu_read_unlock();
            }
        }));
    for (std::size_t i = 1; i < things.size(); i++) {
        Thing* old = published.exchange(&things[i]);
        kernel.synchronize_rcu();
        old->freed = true;
    }
    stop = true;
    for (Task* task : readers) kernel.kthread_join(task);
    CHECK(faults == 0);
}

TEST_CASE("task scopes nest, and the inner one is current") {
    RealKernel kernel;
    RealKernel other;
    const TaskScope outer(kernel, "main");
    CHECK(current == &outer.task());
    {
        const TaskScope inner(other, "inner");
        CHECK(current->comm == "inner");
        CHECK(current->kernel == &other);
        MD_FRAME("f");
        CHECK(std::string(trace::context->top->name) == "f");
        CHECK(outer.task().trace.top == nullptr);
    }
    CHECK(current == &outer.task());
    CHECK(kernel.tasks().size() == 1);
    CHECK(other.tasks().empty());
}

namespace {
struct Counting : BlockObserver {
    void will_block() override { blocked.inc(); }
    void did_unblock() override { unblocked.inc(); }
    Shared<int> blocked;
    Shared<int> unblocked;
};
}  // namespace

TEST_CASE("the block observer is told of real sleep only") {
    RealKernel kernel;
    const TaskScope scope(kernel, "fuse");
    Counting counting;
    current->block_observer = &counting;
    WaitQueue queue(kernel, "queue");
    wait_event(queue, true);
    auto yes = [] { return true; };
    CHECK(queue.wait("true", yes) == 0);
    CHECK(counting.blocked == 0);

    Shared<bool> go;
    Task* helper = kernel.kthread_run("helper", [&] {
        CHECK(eventually([&] { return counting.blocked == 1; }));
        go = true;
        wake_up(queue);
    });
    wait_event(queue, go);
    CHECK(counting.unblocked == 1);
    current->block_observer = nullptr;
    kernel.kthread_join(helper);
}

TEST_CASE("the log is bounded, and its sink sees every line") {
    RealKernel kernel;
    int lines = 0;
    kernel.set_log_sink([&](const LogLine&) { lines++; });
    for (int i = 0; i < 5000; i++) kernel.printk(LogLevel::Info, "line " + std::to_string(i));
    CHECK(lines == 5000);
    const auto log = kernel.log();
    CHECK(log.size() == 4096);
    CHECK(log.back().text == "line 4999");
    CHECK(log.front().text == "line 904");
}

TEST_CASE("a timer callback that is deleted has ended when the deletion returns") {
    RealKernel kernel;
    for (int round = 0; round < 50; round++) {
        Shared<bool> inside;
        Shared<bool> after;
        Timer timer;
        timer.function = [&] {
            inside = true;
            for (int i = 0; i < 100; i++) std::this_thread::yield();
            after = true;
        };
        kernel.mod_timer(timer, kernel.ktime_ns());
        CHECK(eventually([&] { return inside.load(); }));
        kernel.del_timer_sync(timer);
        CHECK(after);
    }
}

TEST_CASE("tasks can be listed while they sleep, wake, start and end") {
    RealKernel kernel;
    WaitQueue queue(kernel, "queue");
    Shared<int> turn;
    Shared<bool> stop;
    std::vector<Task*> tasks;
    for (int mine = 0; mine < 2; mine++)
        tasks.push_back(kernel.kthread_run("turns", [&, mine] {
            while (!stop) {
                MD_FRAME("f");
                wait_event(queue, turn == mine || stop);
                turn = 1 - mine;
                wake_up(queue);
            }
        }));
    for (int i = 0; i < 500; i++) {
        CHECK(kernel.tasks().size() >= 2);
        if (i % 50 == 0) kernel.kthread_join(kernel.kthread_run("short", [] {}));
    }
    stop = true;
    wake_up(queue);
    for (Task* task : tasks) kernel.kthread_join(task);
}

TEST_CASE("a kernel that goes while tasks sleep takes them with it") {
    RealKernel kernel;
    static_cast<void>(kernel.kthread_run("forgotten", [&] { kernel.msleep(kForever); }));
    CHECK(eventually([&] { return kernel.tasks().front().queue != nullptr; }));
}

}  // namespace mdscope::test
