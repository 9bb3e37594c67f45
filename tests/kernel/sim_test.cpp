// SPDX-License-Identifier: MIT
// The simulated kernel: what is offered, in what order, and that nothing else decides.
#include <ctime>

#include "tests/kernel/support.hpp"

namespace mdscope::test {

namespace {

// A depth-first enumeration of everything that can happen: each run replays a prefix and then takes the first choice;
// next() moves the last choice that has an alternative.
class DepthFirst : public Chooser {
   public:
    std::size_t choose(std::span<const Choice> choices) override {
        if (at_ == path_.size()) path_.push_back({0, choices.size()});
        CHECK(path_[at_].offered == choices.size());  // The same prefix offers the same.
        return path_[at_++].taken;
    }
    bool next() {
        at_ = 0;
        while (!path_.empty() && path_.back().taken + 1 == path_.back().offered) path_.pop_back();
        if (path_.empty()) return false;
        path_.back().taken++;
        return true;
    }

   private:
    struct Pick {
        std::size_t taken;
        std::size_t offered;
    };
    std::vector<Pick> path_;
    std::size_t at_ = 0;
};

// Runs the scenario once for each interleaving; returns how many there are.
int enumerate(const std::function<void(Chooser&)>& scenario) {
    DepthFirst search;
    int runs = 0;
    do {
        scenario(search);
        runs++;
    } while (search.next());
    return runs;
}

std::string random_run(std::uint64_t seed, Granularity granularity) {
    SimKernel kernel({.seed = seed, .granularity = granularity, .io_errors = 1});
    RandomChooser chooser(seed);
    kernel.set_chooser(&chooser);
    kernel.add_ram_disk("sda", 1 << 20);
    auto disk = open_for_writing(kernel, "sda");
    Mutex mutex(kernel, "mutex");
    Timer timer;
    Shared<int> fired;
    timer.function = [&] { fired.inc(); };
    kernel.mod_timer(timer, kNsPerMs);
    std::vector<Task*> tasks;
    for (int i = 0; i < 3; i++)
        tasks.push_back(kernel.kthread_run("writer", [&, i] {
            for (int n = 0; n < 4; n++) {
                std::uint8_t random = 0;
                kernel.get_random_bytes(&random, 1);
                TestBio bio(*disk, BioOp::Write, static_cast<Sector>(i * 100 + n), 512, random);
                const MutexGuard guard(mutex);
                const int status = submit_bio_wait(kernel, &bio.bio);
                kernel.printk(LogLevel::Info, "wrote " + std::to_string(random) + ": " + std::to_string(status));
                kernel.msleep(random * 1000ULL);
            }
        }));
    for (Task* task : tasks) kernel.kthread_join(task);
    CHECK(kernel.run_for(2 * kNsPerMs) == SimKernel::Outcome::Reached);
    CHECK(fired == 1);
    return kernel.event_log();
}

}  // namespace

TEST_CASE("the same seed gives the same event log, and another seed another") {
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine}) {
        const std::string log = random_run(7, granularity);
        CHECK(log == random_run(7, granularity));
        CHECK(log != random_run(8, granularity));
        CHECK(log.find("submit 1 sda data write") != std::string::npos);
    }
}

TEST_CASE("recorded choices replay a random run") {
    struct Recorder : RandomChooser {
        using RandomChooser::RandomChooser;
        std::size_t choose(std::span<const Choice> choices) override {
            picks.push_back(RandomChooser::choose(choices));
            return picks.back();
        }
        std::vector<std::size_t> picks;
    };
    auto run = [](Chooser& chooser) {
        SimKernel kernel;
        kernel.set_chooser(&chooser);
        for (const char* comm : {"a", "b", "c"})
            kernel.kthread_run(comm, [&] {
                for (int i = 0; i < 3; i++) kernel.msleep(kNsPerMs);
            });
        const auto outcome = kernel.run_until([] { return false; });
        CHECK(outcome == SimKernel::Outcome::Hang);
        return kernel.event_log();
    };
    Recorder recorder(3);
    const std::string log = run(recorder);
    ReplayChooser replay(recorder.picks);
    CHECK(run(replay) == log);
    ReplayChooser drifted({99});
    CHECK_THROWS_AS(run(drifted), std::runtime_error);
}

// Each task: begin .. submit | complete | .. end. The steps of one task are in order: run (up to the submit), run
// (after it), and the completion of its bio after the first. With A = a1 a2 ca and B = b1 b2 cb, where a1 < a2, a1 <
// ca: after a1, {a2, ca} are in any order. So each task is a first step followed by two unordered ones: sequences of 6
// distinct steps are 6! / (3 * 3) = 80, as each first step is first among its three in one of three cases.
TEST_CASE("two tasks that submit a bio each have 80 coarse interleavings") {
    CHECK(enumerate([](Chooser& chooser) {
              SimKernel kernel;
              kernel.set_chooser(&chooser);
              kernel.add_ram_disk("sda", 4096);
              const auto disk = open_for_writing(kernel, "sda");
              TestBio a(*disk, BioOp::Write, 0, 512);
              TestBio b(*disk, BioOp::Write, 1, 512);
              Task* first = kernel.kthread_run("a", [&] { submit_bio(&a.bio); });
              Task* second = kernel.kthread_run("b", [&] { submit_bio(&b.bio); });
              CHECK(kernel.run_until_idle() == SimKernel::Outcome::Reached);
              CHECK(a.ends + b.ends == 2);
              kernel.kthread_join(first);
              kernel.kthread_join(second);
          }) == 80);
}

// Each task has three steps: up to the load, the load, the store. 6! / (3! * 3!) = 20 interleavings. Nothing is lost if
// one task's store comes before the other's load: its three steps in a row, with the other's first step in any of the 4
// places around them, for either task. 20 - 2 * 4 = 12 lose an increment.
TEST_CASE("a racy increment has 20 fine interleavings, and loses one increment in some") {
    int lost = 0;
    CHECK(enumerate([&](Chooser& chooser) {
              SimKernel kernel({.granularity = Granularity::Fine});
              kernel.set_chooser(&chooser);
              Shared<int> counter;
              auto increment = [&] { counter = counter + 1; };
              Task* a = kernel.kthread_run("a", increment);
              Task* b = kernel.kthread_run("b", increment);
              CHECK(kernel.run_until_idle() == SimKernel::Outcome::Reached);
              kernel.kthread_join(a);
              kernel.kthread_join(b);
              if (counter.peek() == 1) lost++;
          }) == 20);
    CHECK(lost == 12);
}

TEST_CASE("a condition variable of two tasks: every fine interleaving ends, none sleeps for ever") {
    const int runs = enumerate([](Chooser& chooser) {
        SimKernel kernel({.granularity = Granularity::Fine});
        kernel.set_chooser(&chooser);
        WaitQueue queue(kernel, "queue");
        Shared<bool> done;
        Task* waiter = kernel.kthread_run("waiter", [&] { wait_event(queue, done); });
        Task* waker = kernel.kthread_run("waker", [&] {
            done = true;
            wake_up(queue);
        });
        CHECK(kernel.run_until([&] { return kernel.tasks().empty(); }) == SimKernel::Outcome::Reached);
        kernel.kthread_join(waiter);
        kernel.kthread_join(waker);
    });
    CHECK(runs > 5);
}

TEST_CASE("a wake-up that was forgotten is found as a hang, with the sleeper's condition") {
    int hangs = 0;
    enumerate([&](Chooser& chooser) {
        SimKernel kernel;
        kernel.set_chooser(&chooser);
        WaitQueue sb_wait(kernel, "mddev->sb_wait");
        Shared<int> pending_writes{1};
        Task* stop = kernel.kthread_run("mdmon", [&] { wait_event(sb_wait, pending_writes == 0); });
        Task* end = kernel.kthread_run("end", [&] { pending_writes = 0; });
        const auto outcome = kernel.run_until([&] { return kernel.tasks().empty(); });
        if (outcome == SimKernel::Outcome::Hang) {
            hangs++;
            CHECK(kernel.sleepers() == "mdmon#1 sleeps in mddev->sb_wait until pending_writes == 0\n");
        }
        kernel.kthread_join(stop);
        kernel.kthread_join(end);
    });
    CHECK(hangs == 1);
}

TEST_CASE("a spin lock keeps others out in fine steps, in a wait's condition too") {
    const int runs = enumerate([](Chooser& chooser) {
        SimKernel kernel({.granularity = Granularity::Fine});
        kernel.set_chooser(&chooser);
        WaitQueue queue(kernel, "queue");
        SpinLock lock;
        int inside = 0;
        bool ready = false;
        Shared<int> touched;
        Task* setter = kernel.kthread_run("setter", [&] {
            {
                const SpinGuard guard(lock);
                inside++;
                touched.inc();
                CHECK(inside == 1);
                inside--;
                ready = true;
                wake_up(queue);
            }
        });
        Task* waiter = kernel.kthread_run("waiter", [&]() NO_THREAD_SAFETY_ANALYSIS {
            lock.lock();
            inside++;
            CHECK(inside == 1);
            inside--;
            wait_event_lock(queue, ready, lock);
            CHECK(ready);
            lock.unlock();
        });
        CHECK(kernel.run_until([&] { return kernel.tasks().empty(); }) == SimKernel::Outcome::Reached);
        kernel.kthread_join(setter);
        kernel.kthread_join(waiter);
    });
    CHECK(runs > 5);
}

TEST_CASE("a bio that fails has not touched the disk, and errors are used up") {
    SimKernel kernel({.io_errors = 1});
    RamImage& image = kernel.add_ram_disk("lab/sda.img", 1 << 20);
    const auto disk = open_for_writing(kernel, "lab/sda.img");
    CHECK(disk->name() == "sda");
    TestBio first(*disk, BioOp::Write, 0, 512, '1');
    TestBio second(*disk, BioOp::Write, 1, 512, '2');
    disk->submit(&first.bio);
    disk->submit(&second.bio);
    auto choices = kernel.choices();
    REQUIRE(choices.size() == 4);
    CHECK(choices[1].kind == Choice::Kind::Fail);
    CHECK(kernel.describe(choices[2]) == "complete 2 (sda data write 1+1)");
    kernel.take(1);
    CHECK(first.bio.bi_status == -EIO);
    CHECK(first.ended_in == "swapper/0");
    choices = kernel.choices();
    REQUIRE(choices.size() == 1);
    CHECK(second.ends == 0);
    kernel.take(0);
    CHECK(second.bio.bi_status == 0);
    std::byte byte{};
    image.read(0, {&byte, 1});
    CHECK(byte == std::byte{0});
    image.read(512, {&byte, 1});
    CHECK(byte == std::byte{'2'});
}

TEST_CASE("a power cut loses what was not flushed, sector by sector") {
    SimKernel kernel;
    RamImage& image = kernel.add_ram_disk("sda", 1 << 20);
    const auto disk = open_for_writing(kernel, "sda");
    auto write = [&](Sector sector, std::size_t size, char fill, std::uint32_t flags) {
        TestBio bio(*disk, BioOp::Write, sector, size, fill);
        disk->submit(&bio.with(flags).bio);
        CHECK(kernel.step());
        CHECK(bio.bio.bi_status == 0);
    };
    auto at = [&](Sector sector) {
        std::byte byte{};
        image.read(sector << kSectorShift, {&byte, 1});
        return static_cast<char>(byte);
    };
    write(0, 8192, 'a', 0);
    write(1, 512, 'b', REQ_FUA);  // Only its own sector.
    CHECK(image.volatile_sectors().size() == 15);
    image.power_cut([](Sector sector) { return sector == 9; });
    CHECK(at(0) == 0);
    CHECK(at(1) == 'b');
    CHECK(at(8) == 0);
    CHECK(at(9) == 'a');
    write(20, 512, 'c', 0);
    write(30, 512, 'd', REQ_PREFLUSH);
    image.power_cut();
    CHECK(at(20) == 'c');
    CHECK(at(30) == 0);
    CHECK(image.volatile_sectors().empty());
}

TEST_CASE("time passes only when nothing else can happen") {
    SimKernel kernel;
    kernel.add_ram_disk("sda", 4096);
    const auto disk = open_for_writing(kernel, "sda");
    TestBio bio(*disk, BioOp::Write, 0, 512);
    Task* sleeper = kernel.kthread_run("sleeper", [&] { kernel.msleep(5 * kNsPerSec); });
    disk->submit(&bio.bio);
    CHECK(kernel.run_until_idle() == SimKernel::Outcome::Reached);
    CHECK(bio.ends == 1);
    CHECK(kernel.ktime_ns() == 1);
    const auto choices = kernel.choices();
    REQUIRE(choices.size() == 1);
    CHECK(choices[0].kind == Choice::Kind::Timeout);
    CHECK(choices[0].at_ns == 5 * kNsPerSec + 1);
    CHECK(kernel.run_for(4 * kNsPerSec) == SimKernel::Outcome::Reached);
    CHECK(kernel.tasks().size() == 1);
    CHECK(kernel.run_for(2 * kNsPerSec) == SimKernel::Outcome::Reached);
    CHECK(kernel.tasks().empty());
    CHECK(kernel.ktime_ns() == 6 * kNsPerSec + 1);
    kernel.kthread_join(sleeper);
}

TEST_CASE("a grace period is a choice that is there when the readers are gone") {
    SimKernel kernel;
    FirstChooser first;
    kernel.set_chooser(&first);
    WaitQueue queue(kernel, "queue");
    Shared<bool> go;
    Task* reader = kernel.kthread_run("reader", [&] {
        kernel.rcu_read_lock();
        wait_event(queue, go);  // Not allowed to real readers; here it keeps the section open.
        kernel.rcu_read_unlock();
    });
    kernel.step();
    Task* updater = kernel.kthread_run("updater", [&] { kernel.synchronize_rcu(); });
    CHECK(kernel.run_until_idle() == SimKernel::Outcome::Reached);
    CHECK(kernel.sleepers().find("updater#2 sleeps in synchronize_rcu") != std::string::npos);
    go = true;
    wake_up(queue);
    CHECK(kernel.step());
    REQUIRE(kernel.choices().size() == 1);
    CHECK(kernel.describe(kernel.choices()[0]) == "grace period over for updater#2");
    kernel.kthread_join(updater);
    kernel.kthread_join(reader);
}

TEST_CASE("a fault in a completion is one in interrupt context") {
    SimKernel kernel;
    kernel.add_ram_disk("sda", 4096);
    const auto disk = open_for_writing(kernel, "sda");
    TestBio bio(*disk, BioOp::Write, 0, 512);
    bio.on_end = [&] {
        MD_FRAME("super_written");
        kernel.oops({});
    };
    disk->submit(&bio.bio);
    CHECK(kernel.step());
    REQUIRE(kernel.first_oops() != nullptr);
    CHECK(kernel.first_oops()->in_irq);
    CHECK(kernel.first_oops()->comm == "swapper/0");
    CHECK_FALSE(kernel.step());
}

TEST_CASE("a run given up half-way unwinds its tasks, wherever they are") {
    auto token = std::make_shared<int>(1);
    for (std::uint64_t steps = 0; steps < 60; steps++) {
        SimKernel kernel({.granularity = Granularity::Fine});
        Mutex mutex(kernel, "mutex");
        WaitQueue queue(kernel, "queue");
        Shared<int> field;
        SpinLock lock;
        for (int i = 0; i < 3; i++)
            kernel.kthread_run("task", [&] {
                const auto held = token;
                const MutexGuard guard(mutex);
                {
                    const SpinGuard spin(lock);
                    field.inc();
                }
                wait_event_timeout(queue, field == 4, kNsPerSec);
                kernel.synchronize_rcu();
            });
        for (std::uint64_t i = 0; i < steps; i++)
            if (!kernel.step()) break;
        kernel.abandon();
        CHECK(token.use_count() == 1);
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("sleeping from outside of any task is refused") {
    SimKernel kernel;
    CHECK_THROWS_AS(kernel.msleep(1), std::logic_error);
    CHECK_THROWS_AS(kernel.run_task("stuck", [&] { kernel.msleep(kForever); }), std::runtime_error);
}

TEST_CASE("random bytes and the wall clock depend on seed and time only") {
    SimKernel a({.seed = 5});
    SimKernel b({.seed = 5});
    SimKernel c({.seed = 6});
    std::array<std::uint64_t, 3> got{};
    a.get_random_bytes(&got[0], 8);
    b.get_random_bytes(&got[1], 8);
    c.get_random_bytes(&got[2], 8);
    CHECK(got[0] == got[1]);
    CHECK(got[0] != got[2]);
    CHECK(a.wall_clock() == b.wall_clock());
    CHECK(a.run_for(2 * kNsPerSec) == SimKernel::Outcome::Reached);
    CHECK((a.wall_clock() & 0xffffffffffULL) == (b.wall_clock() & 0xffffffffffULL) + 2);
}

TEST_CASE("speed: a simulated step" * doctest::skip()) {
    SimKernel kernel;
    kernel.add_ram_disk("sda", 1 << 20);
    const auto disk = open_for_writing(kernel, "sda");
    WaitQueue queue(kernel, "queue");
    Shared<bool> stop;
    std::vector<Task*> tasks;
    for (int i = 0; i < 5; i++) tasks.push_back(kernel.kthread_run("sleeper", [&] { wait_event(queue, stop); }));
    for (int i = 0; i < 2; i++)
        tasks.push_back(kernel.kthread_run("writer", [&] {
            TestBio bio(*disk, BioOp::Write, 0, 512);
            while (!stop) {
                bio.bio.bi_id = 0;
                submit_bio(&bio.bio);
                wait_event(*bio.queue, bio.ends == 1);
                bio.ends = 0;
            }
        }));
    const std::uint64_t first = kernel.steps();
    const std::clock_t begin = std::clock();  // CPU time: other processes do not count.
    kernel.run_until([] { return false; }, 1'000'000);
    const double spent_ns = 1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const double per_step = spent_ns / static_cast<double>(kernel.steps() - first);
    MESSAGE(per_step, " ns a step");
    stop = true;
    wake_up(queue);
    for (Task* task : tasks) kernel.kthread_join(task);
}

}  // namespace mdscope::test
