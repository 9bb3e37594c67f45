// SPDX-License-Identifier: MIT
// Sleeps and faults in the event log, the same on both kernels, and a simulation that does not notice its tracer.
//
// Goal: whoever reads the events need not ask which kernel they come from, and a schedule found without a tracer is the
// same one with it. Method: each way a wait can end, on both kernels, against the sentences written here; then a
// simulation in fine steps whose trace points touch shared fields, with a tracer and without.
#include "engine/kernel/trace.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include "engine/kernel/arena.hpp"
#include "tests/kernel/support.hpp"

namespace mdscope::test {

namespace {

using Sentences = std::vector<std::string>;

// What the task of this name did, from event `from` on.
Sentences sentences_of(const trace::Tracer& tracer, std::string_view comm, std::uint64_t from = 0) {
    Sentences sentences;
    for (const trace::Event& event : tracer.take(from, ~std::size_t{0}).events)
        if (comm == event.comm.data()) sentences.push_back(trace::sentence_of(event));
    return sentences;
}

bool sleeps(Kernel& kernel, std::string_view comm) {
    return std::ranges::any_of(kernel.tasks(),
                               [&](const SleepInfo& info) { return info.comm == comm && info.queue != nullptr; });
}

// Both kernels run the story with a tracer that outlives them. Tracers are on the heap here: std::mutex does not tell
// ThreadSanitizer that it ends, so on the stack it is taken for one that lay there before.
template <class Body>
void traced_on_both_kernels(Body body) {
    const auto on_heap = std::make_unique<trace::Tracer>();
    trace::Tracer& tracer = *on_heap;
    on_both_kernels([&](Kernel& kernel, const auto&) {
        kernel.tracer = &tracer;
        body(kernel, tracer);
    });
}

}  // namespace

TEST_CASE("a sleep is traced from its beginning to its end, and a wait that need not sleep is not") {
    traced_on_both_kernels([](Kernel& kernel, const trace::Tracer& tracer) {
        WaitQueue sb_wait(kernel, "mddev->sb_wait");
        Shared<int> pending_writes{1};
        Task* sleeper = kernel.kthread_run("sleeper", [&] {
            wait_event(sb_wait, pending_writes == 0);
            wait_event(sb_wait, pending_writes == 0);
        });
        while (!sleeps(kernel, "sleeper")) kernel.msleep(kNsPerMs);
        CHECK(sentences_of(tracer, "sleeper") == Sentences{"falls asleep in mddev->sb_wait until pending_writes == 0"});
        pending_writes = 0;
        wake_up(sb_wait);
        kernel.kthread_join(sleeper);
        CHECK(sentences_of(tracer, "sleeper") == Sentences{"falls asleep in mddev->sb_wait until pending_writes == 0",
                                                           "is awake again in mddev->sb_wait"});
    });
}

TEST_CASE("a sleep that ends by time, by a signal or by an Oops has an end in the log, too") {
    const Sentences one_sleep = {"falls asleep in queue until false", "is awake again in queue"};
    traced_on_both_kernels([&](Kernel& kernel, const trace::Tracer& tracer) {
        WaitQueue queue(kernel, "queue");
        Task* timed = kernel.kthread_run("timed", [&] { (void)wait_event_timeout(queue, false, kNsPerMs); });
        kernel.kthread_join(timed);
        CHECK(sentences_of(tracer, "timed") == one_sleep);

        Task* signalled = kernel.kthread_run("signalled", [&] { (void)wait_event_interruptible(queue, false); });
        kernel.interrupt(signalled);
        kernel.kthread_join(signalled);
        CHECK(sentences_of(tracer, "signalled") == one_sleep);

        Task* sleeper = kernel.kthread_run("sleeper", [&] { wait_event(queue, false); });
        while (!sleeps(kernel, "sleeper")) kernel.msleep(kNsPerMs);
        Task* faulty = kernel.kthread_run("faulty", [&] {
            MD_FRAME("super_written");
            Oops fault;
            fault.what = "NULL pointer dereference";
            fault.object = "rdev->mddev";
            kernel.oops(std::move(fault));
        });
        kernel.kthread_join(faulty);
        kernel.kthread_join(sleeper);
        CHECK(sentences_of(tracer, "faulty") ==
              Sentences{"BUG: NULL pointer dereference at rdev->mddev, in super_written"});
        CHECK(sentences_of(tracer, "sleeper") == one_sleep);
    });
}

// ---- a tracer changes nothing

namespace {

// Two tasks in fine steps. One traces a field that the other moves while it holds the lock that guards it: a look that
// were a step would give way there, and one that took the lock would never come back.
std::string log_of_two_tasks(std::uint64_t seed, trace::Tracer* tracer) {
    SimOptions options;
    options.granularity = Granularity::Fine;
    SimKernel kernel(options);
    RandomChooser chooser(seed);
    kernel.set_chooser(&chooser);
    kernel.tracer = tracer;
    SpinLock lock;
    Shared<int> field;
    const auto guarded_field = [&] {
        const SpinGuard guard(lock);
        return field.load();
    };
    Task* writer = kernel.kthread_run("writer", [&] {
        for (int i = 0; i < 3; i++) {
            const SpinGuard guard(lock);
            field.inc();
            field.inc();
        }
    });
    Task* reader = kernel.kthread_run("reader", [&] {
        for (int i = 0; i < 3; i++) {
            TRACE(kernel, superblock_update, guarded_field());
            field.add(0);
        }
    });
    kernel.kthread_join(writer);
    kernel.kthread_join(reader);
    return kernel.event_log();
}

}  // namespace

TEST_CASE("a traced look is no step, whatever it touches and whoever holds the lock") {
    const auto on_heap = std::make_unique<trace::Tracer>();
    trace::Tracer& tracer = *on_heap;
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed <= 50; seed++) {
        CAPTURE(seed);
        const std::uint64_t before = tracer.next();
        CHECK(log_of_two_tasks(seed, &tracer) == log_of_two_tasks(seed, nullptr));
        for (const std::string& sentence : sentences_of(tracer, "reader", before)) seen.insert(sentence);
    }
    CHECK(seen.contains("the superblocks are written, event 3"));  // odd: the writer was inside its lock
}

TEST_CASE("what was recorded stays when the simulation is put back" * doctest::skip(!Arena::available())) {
    const auto on_heap = std::make_unique<trace::Tracer>();
    trace::Tracer& tracer = *on_heap;
    Arena arena;
    const auto inside = [&](const auto& body) {
        const Arena::Scope scope(arena);
        body();
    };
    SimKernel* kernel = nullptr;
    inside([&] {
        kernel = new SimKernel;
        kernel->tracer = &tracer;
    });
    Checkpoint before;
    before.take(arena, {});
    for (std::uint64_t round = 1; round <= 3; round++) {
        inside([&] { kernel->run_task("sleeper", [&] { kernel->msleep(kNsPerMs); }); });
        CHECK(tracer.take(0, 100).events.size() == 2 * round);
        before.put_back();
    }
    CHECK(sentences_of(tracer, "sleeper").size() == 6);
    delete kernel;
}

}  // namespace mdscope::test
