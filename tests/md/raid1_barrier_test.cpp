// SPDX-License-Identifier: MIT
// Barriers and freezes: who waits for whom. On the simulated kernel, so that "it waits" is a fact and not a guess: a
// task that has not gone on when nothing else can happen is asleep.
#include "tests/md/raid1_fixture.hpp"

using namespace mdscope;
using namespace mdscope::raid1_test;

namespace {

// Runs the story as a task of a simulated kernel.
void simulate(const Options& options, const std::function<void(SimKernel&, Lab&)>& story) {
    SimKernel kernel;
    kernel.run_task("test", [&] {
        Lab lab(kernel, options);
        story(kernel, lab);
    });
    CHECK(kernel.first_oops() == nullptr);
}

// Lets everything happen that can. Simulated time passes only when nothing else is left to do.
void let_others_run(SimKernel& kernel) {
    kernel.msleep(1);
}

const Options kTwoUnits{.sectors = 2 * BARRIER_UNIT_SECTOR_SIZE};

}  // namespace

TEST_CASE("a write waits for sync requests in its bucket, a read does not, and other buckets do not care") {
    simulate(kTwoUnits, [](SimKernel& kernel, Lab& lab) {
        REQUIRE(raise_barrier(lab.conf(), 0) == 0);
        int status = 1;
        Task* writer = kernel.kthread_run("writer", [&] { status = lab.write(0, pattern(8, 1)); });
        let_others_run(kernel);
        CHECK(lab.conf().wait_barrier.has_sleepers());
        CHECK(lab.conf().nr_waiting[0].load() == 1);
        CHECK(lab.conf().nr_pending[0].load() == 0);

        std::vector<std::byte> back;
        CHECK(lab.read(0, 8, &back) == 0);
        CHECK(lab.write(BARRIER_UNIT_SECTOR_SIZE, pattern(8, 2)) == 0);
        CHECK(status == 1);

        lower_barrier(lab.conf(), 0);
        kernel.kthread_join(writer);
        CHECK(status == 0);
        CHECK(lab.conf().nr_waiting[0].load() == 0);
    });
}

TEST_CASE("a sync request waits for users' requests in its bucket, and new ones wait behind it") {
    simulate(kTwoUnits, [](SimKernel& kernel, Lab& lab) {
        REQUIRE(wait_barrier(lab.conf(), 0, false));
        int raised = 1;
        Task* sync = kernel.kthread_run("sync", [&] { raised = raise_barrier(lab.conf(), 0); });
        let_others_run(kernel);
        CHECK(lab.conf().wait_barrier.has_sleepers());
        CHECK_FALSE(wait_barrier(lab.conf(), 8, true));  // REQ_NOWAIT: it would have to sleep
        CHECK(raise_barrier(lab.conf(), BARRIER_UNIT_SECTOR_SIZE) == 0);
        lower_barrier(lab.conf(), BARRIER_UNIT_SECTOR_SIZE);
        allow_barrier(lab.conf(), 0);
        kernel.kthread_join(sync);
        CHECK(raised == 0);
        CHECK(lab.conf().barrier[0].load() == 1);
        lower_barrier(lab.conf(), 0);
    });
}

TEST_CASE("an interrupted sync request gives its barrier back") {
    simulate(kTwoUnits, [](SimKernel& kernel, Lab& lab) {
        REQUIRE(wait_barrier(lab.conf(), 0, false));
        int raised = 1;
        Task* sync = kernel.kthread_run("sync", [&] { raised = raise_barrier(lab.conf(), 0); });
        let_others_run(kernel);
        set_bit(MD_RECOVERY_INTR, lab.mddev.recovery);
        wake_up(lab.conf().wait_barrier);
        kernel.kthread_join(sync);
        CHECK(raised == -EINTR);
        CHECK(lab.conf().barrier[0].load() == 0);
        CHECK(lab.conf().nr_sync_pending.load() == 0);
        allow_barrier(lab.conf(), 0);
    });
}

TEST_CASE("at most RESYNC_DEPTH - 1 sync requests are in a bucket") {
    simulate(kTwoUnits, [](SimKernel& kernel, Lab& lab) {
        for (int i = 1; i < RESYNC_DEPTH; i++) REQUIRE(raise_barrier(lab.conf(), 0) == 0);
        Task* sync = kernel.kthread_run("sync", [&] { CHECK(raise_barrier(lab.conf(), 0) == 0); });
        let_others_run(kernel);
        CHECK(lab.conf().wait_barrier.has_sleepers());
        lower_barrier(lab.conf(), 0);
        kernel.kthread_join(sync);
        for (int i = 1; i < RESYNC_DEPTH; i++) lower_barrier(lab.conf(), 0);
        CHECK(lab.conf().nr_sync_pending.load() == 0);
    });
}

TEST_CASE("a quiesce waits for a write in flight, and keeps reads and writes out until it is over") {
    simulate({.bitmap_chunk = 65536}, [](SimKernel& kernel, Lab& lab) {
        BioFilter filter;
        filter.kinds = {BioKind::Data};
        lab.pause(1).hold(filter);
        auto first = lab.start(BioOp::Write, 0, pattern(8, 1));
        bool frozen = false;
        Task* stopper = kernel.kthread_run("stopper", [&] {
            raid1_quiesce(lab.mddev, 1);
            frozen = true;
        });
        let_others_run(kernel);
        CHECK_FALSE(frozen);
        std::vector<std::byte> back;
        Task* reader = kernel.kthread_run("reader", [&] { CHECK(lab.read(0, 8, &back) == 0); });
        let_others_run(kernel);
        CHECK(lab.conf().wait_barrier.has_sleepers());

        lab.pause(1).lift();
        lab.pause(1).release_all();
        kernel.kthread_join(stopper);
        CHECK(frozen);
        CHECK(first->ended.load());
        let_others_run(kernel);
        CHECK(lab.conf().wait_barrier.has_sleepers());
        raid1_quiesce(lab.mddev, 0);
        kernel.kthread_join(reader);
        CHECK(back == pattern(8, 1));
    });
}

TEST_CASE("a freeze sends off what a sleeper has in its plug") {
    simulate({.bitmap_chunk = 65536}, [](SimKernel&, Lab& lab) {
        Request plugged(lab.requests, BioOp::Write, 0, pattern(8, 1));
        BlkPlug plug;
        current->plug = &plug;
        md_submit_bio(lab.mddev, &plugged.bio);
        CHECK(plug.count == 2);
        raid1_flush_plug_before_sleep();  // what every wait of raid1 does
        current->plug = nullptr;
        CHECK(plug.pending == nullptr);
        raid1_quiesce(lab.mddev, 1);
        CHECK(plugged.ended.load());
        raid1_quiesce(lab.mddev, 0);
    });
}

TEST_CASE("the repair of a read error freezes the array inside somebody's quiesce, and both end") {
    simulate({}, [](SimKernel& kernel, Lab& lab) {
        CHECK(lab.write(0, pattern(8, 1)) == 0);
        BioFilter filter;
        filter.kinds = {BioKind::Data};
        lab.pause(0).hold(filter);
        lab.fault(0).add_rule(fail_ops({BioOp::Read}, 0, 8, 2));
        auto read = lab.start(BioOp::Read, 0, std::vector<std::byte>(4096));
        bool frozen = false;
        Task* stopper = kernel.kthread_run("stopper", [&] {
            raid1_quiesce(lab.mddev, 1);
            frozen = true;
        });
        let_others_run(kernel);
        CHECK_FALSE(frozen);
        lab.pause(0).lift();
        lab.pause(0).release_all();  // fails; raid1d repairs and reads again
        kernel.kthread_join(stopper);
        CHECK(lab.conf().array_frozen.load() == 1);
        CHECK(read->ended.load());
        CHECK(read->data == pattern(8, 1));
        raid1_quiesce(lab.mddev, 0);
        CHECK(lab.conf().array_frozen.load() == 0);
    });
}

TEST_CASE("in every order of their steps, a write and a sync request keep out of each other's way") {
    for (std::uint64_t seed = 1; seed <= 200; seed++) {
        CAPTURE(seed);
        SimOptions options;
        options.granularity = Granularity::Fine;
        options.event_log = false;
        SimKernel kernel(options);
        RandomChooser chooser(seed);
        kernel.run_task("test", [&] {
            Lab lab(kernel, {});
            kernel.set_chooser(&chooser);
            Shared<int> inside;
            const auto enter = [&](int weight) {
                const int before = inside.add_return(weight) - weight;
                CHECK((before == 0 || (before > 0) == (weight > 0)));
                inside.sub(weight);
            };
            std::vector<Task*> tasks;
            for (int i = 0; i < 2; i++) {
                tasks.push_back(kernel.kthread_run("writer", [&] {
                    REQUIRE(wait_barrier(lab.conf(), 0, false));
                    enter(1);
                    allow_barrier(lab.conf(), 0);
                }));
                tasks.push_back(kernel.kthread_run("sync", [&] {
                    REQUIRE(raise_barrier(lab.conf(), 0) == 0);
                    enter(-100);
                    lower_barrier(lab.conf(), 0);
                }));
            }
            for (Task* task : tasks) kernel.kthread_join(task);
            kernel.set_chooser(nullptr);
        });
        CHECK(kernel.first_oops() == nullptr);
    }
}
