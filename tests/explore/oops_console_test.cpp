// SPDX-License-Identifier: MIT
// What a crash looks like, word for word: the console of the report and of the referee, crash>'s fields, and the three
// sentences. Method: an array with an external bitmap is stopped on a simulated kernel while a chooser keeps its bitmap
// writes in flight up to the moment each story needs; two cases that need finer steps are put together by hand.
#include "engine/look/oops_console.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/md/sysfs_lab.hpp"

namespace mdscope::explore_test {

namespace {

// Disks are slow: nothing completes, and no time passes, while anything else can happen. While it holds, nothing
// completes at all as long as there is another choice.
class SlowDisks : public Chooser {
   public:
    explicit SlowDisks(std::vector<Choice::Kind> order) : order_(std::move(order)) {}
    std::size_t choose(std::span<const Choice> choices) override {
        for (const Choice::Kind kind : order_)
            for (std::size_t i = 0; i < choices.size(); i++)
                if (choices[i].kind == kind) return i;
        return 0;
    }

   private:
    std::vector<Choice::Kind> order_;
};

template <class Struct, class Field>
std::string offset_text(const Struct& object, const Field& field) {
    return fmt::format("{:016x}", reinterpret_cast<const char*>(&field) - reinterpret_cast<const char*>(&object));
}

// Without the times at the beginning of each line.
std::string untimed(std::string text) {
    for (std::size_t at = 0; text.compare(at, 1, "[") == 0; at = text.find('\n', at) + 1) text.erase(at, 15);
    return text;
}

// An array whose one write has ended; the stop will leave its bitmap page in flight.
struct Crashing {
    explicit Crashing(const char* era) {
        lab.external();
        lab.mddev.variants = VariantRows(*find_kernel_era(era));
        lab.start();
        CHECK(lab.write(0) == 0);
        CHECK(lab.store("array_state", "clean") == 0);
    }
    ~Crashing() { lab.kernel.set_chooser(nullptr); }
    Crashing(const Crashing&) = delete;
    Crashing& operator=(const Crashing&) = delete;

    std::string until_oops(Chooser& chooser) {
        lab.kernel.set_chooser(&chooser);
        lab.until([&] { return lab.kernel.halted(); });
        REQUIRE(lab.kernel.first_oops() != nullptr);
        return untimed(oops_console(lab.mddev, *lab.kernel.first_oops()));
    }
    sysfs_test::SysfsLab lab{"md0"};
};

std::string first_lines(const std::string& text, int count) {
    std::size_t end = 0;
    while (count-- > 0) end = text.find('\n', end) + 1;
    return text.substr(0, end);
}

// An Oops put together by hand, on an array with one member that is still there.
struct ByHand {
    ByHand() {
        const SpinGuard guard(mddev.lock);
        mddev.all_rdevs.push_back(std::make_unique<Rdev>(kernel, "sda"));
        oops.what = "use after free";
        oops.comm = "swapper/0";
        oops.in_irq = true;
    }
    SimKernel kernel;
    Mddev mddev{kernel, "md0"};
    Oops oops;
};

}  // namespace

TEST_CASE("window W1: the console and the dump of the report") {
    Crashing crash("5.12");
    crash.lab.begin_store("array_state", "clear");
    SlowDisks chooser({Choice::Kind::Run, Choice::Kind::Complete});
    const std::string text = crash.until_oops(chooser);
    const std::string address = offset_text(crash.lab.mddev, crash.lab.mddev.pending_writes);
    CHECK(text ==
          "BUG: kernel NULL pointer dereference, address: " + address +
              "\n"
              "#PF: supervisor write access in kernel mode\n"
              "#PF: error_code(0x0002) - not-present page\n"
              "Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
              "CPU: 0 PID: 0 Comm: swapper/0 Not tainted mdscope\n"
              "RIP: 0010:super_written\n"
              "CR2: " +
              address +
              "\n"
              "Call Trace:\n"
              " <IRQ>\n"
              " bio_endio\n"
              " </IRQ>\n"
              "---[ end trace 0000000000000000 ]---\n"
              "Kernel panic - not syncing: Fatal exception in interrupt\n"
              "\n"
              "crash> bt 24\n"
              "PID: 24  COMMAND: \"sh\"\n"
              " #0 unbind_rdev_from_array\n"
              " #1 export_array\n"
              " #2 do_md_stop\n"
              " #3 array_state_store\n"
              " #4 md_attr_store\n"
              "    asleep in synchronize_rcu until the readers from before are gone\n"
              "crash> struct mddev.bitmap_info.external,pending_writes,in_sync,sb_flags,pers,bitmap\n"
              "  bitmap_info.external = 1,\n"
              "  pending_writes = {\n"
              "    counter = 2\n"
              "  },\n"
              "  in_sync = 1,\n"
              "  sb_flags = 0x0,\n"
              "  pers = 0x0,\n"
              "  bitmap = 0x0,\n"
              "crash> struct md_rdev.mddev,nr_pending sda\n"
              "  mddev = md0,\n"
              "  nr_pending = {\n"
              "    counter = 1\n"
              "  },\n"
              "crash> struct md_rdev.mddev,nr_pending sdb\n"
              "  mddev = 0x0,\n"
              "  nr_pending = {\n"
              "    counter = " +
              std::to_string(all_rdevs_at_rest(crash.lab.mddev)[1]->nr_pending.peek()) +
              "\n"
              "  },\n"
              "\n"
              "A bitmap write ended after unbind_rdev_from_array had set rdev->mddev to NULL, and super_written "
              "followed that pointer.\n"
              "The stop (task sh) should have waited for it before it unbound the members: in md_bitmap_flush, "
              "after the last daemon pass, where the fix `upstream` has md_super_wait.\n"
              "The counter is mddev->pending_writes, now 2; md_bitmap_free waits for bitmap->pending_writes, "
              "which writes to a bitmap on the members never move.\n");
}

TEST_CASE("window W0 with pools that die in __md_stop: the console of the referee") {
    Crashing crash("6.1.192-nofix");
    crash.lab.begin_store("array_state", "clear");
    SlowDisks chooser({Choice::Kind::Run, Choice::Kind::Complete});
    const std::string text = crash.until_oops(chooser);
    CHECK(first_lines(text, 13) ==
          "BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
          "#PF: supervisor write access in kernel mode\n"
          "#PF: error_code(0x0002) - not-present page\n"
          "Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
          "CPU: 0 PID: 0 Comm: swapper/0 Not tainted mdscope\n"
          "RIP: 0010:mempool_free\n"
          "CR2: 0000000000000000\n"
          "Call Trace:\n"
          " <IRQ>\n"
          " super_written\n"
          " bio_endio\n"
          " </IRQ>\n"
          "---[ end trace 0000000000000000 ]---\n");
    CHECK(
        oops_sentences(crash.lab.mddev, *crash.lab.kernel.first_oops()) ==
        "A bitmap write ended after __md_stop had destroyed the array's bio pools, and super_written gave its bio back "
        "to a pool whose elements are gone.\n"
        "The stop (task sh) should have waited for it before __md_stop: in md_bitmap_flush, after the last daemon "
        "pass, where the fix `upstream` has md_super_wait.\n"
        "The counter is mddev->pending_writes, now 2; md_bitmap_free waits for bitmap->pending_writes, which writes to "
        "a bitmap on the members never move.\n");
}

TEST_CASE("window W2: the member is freed, and nobody stops anything any more") {
    Crashing crash("5.12");
    SlowDisks chooser({Choice::Kind::Run, Choice::Kind::Grace});
    crash.lab.kernel.set_chooser(&chooser);
    CHECK(crash.lab.store("array_state", "clear") == 0);
    crash.lab.kernel.run_task("kworker/0:1", [&] { rdev_delayed_delete(*all_rdevs_at_rest(crash.lab.mddev)[1]); });
    const std::string text = crash.until_oops(chooser);
    CHECK(
        text.starts_with("BUG: KASAN: use-after-free in super_written\n"
                         "Read at md_rdev.mddev, offset 0x"));
    CHECK(text.find("crash> bt") == std::string::npos);
    CHECK(text.find("crash> struct md_rdev.mddev,nr_pending sdb    (freed)\n") != std::string::npos);
    CHECK(
        oops_sentences(crash.lab.mddev, *crash.lab.kernel.first_oops()) ==
        "A bitmap write ended after rdev_delayed_delete had freed its member, and super_written read rdev->mddev in "
        "the freed memory.\n"
        "The stop should have waited for it before it unbound the members: in md_bitmap_flush, after the last daemon "
        "pass, where the fix `upstream` has md_super_wait.\n"
        "The counter is mddev->pending_writes, now 2; md_bitmap_free waits for bitmap->pending_writes, which writes to "
        "a bitmap on the members never move.\n");
}

TEST_CASE("a failed write that comes too late reads mddev->pers in md_error") {
    ByHand hand;
    hand.mddev.variants = VariantRows(*find_kernel_era("5.12"));
    hand.mddev.pending_writes.init(2);
    hand.kernel.printk(LogLevel::Err, "md: super_written gets error=-5");
    hand.kernel.printk(LogLevel::Crit, "BUG: kernel NULL pointer dereference at super_written");
    hand.oops =
        Oops{"NULL pointer dereference", "rdev->mddev", "super_written", 0, "swapper/0", {"super_written"}, true, 1};
    const std::string address = offset_text(hand.mddev, hand.mddev.pers);
    CHECK(first_lines(untimed(oops_console(hand.mddev, hand.oops)), 12) ==
          "BUG: kernel NULL pointer dereference, address: " + address +
              "\n"
              "#PF: supervisor read access in kernel mode\n"
              "#PF: error_code(0x0000) - not-present page\n"
              "Oops: 0000 [#1] PREEMPT SMP NOPTI\n"
              "CPU: 0 PID: 0 Comm: swapper/0 Not tainted mdscope\n"
              "RIP: 0010:md_error\n"
              "CR2: " +
              address +
              "\n"
              "Call Trace:\n"
              " <IRQ>\n"
              " super_written\n"
              " bio_endio\n"
              " </IRQ>\n");
    CHECK(first_lines(oops_sentences(hand.mddev, hand.oops), 1) ==
          "A metadata write failed after unbind_rdev_from_array had set rdev->mddev to NULL; super_written called "
          "md_error, which reads mddev->pers through it.\n");
}

TEST_CASE("the second bug: the stop waited, and the completion had counted too early") {
    ByHand hand;
    hand.mddev.variants = VariantRows(*find_kernel_era("5.13"));
    hand.mddev.bitmap_info.external = true;
    hand.oops.object = "rdev";
    hand.oops.function = "super_written";
    hand.oops.stack = {"super_written"};
    CHECK(
        oops_sentences(hand.mddev, hand.oops) ==
        "super_written counted mddev->pending_writes down to 0, which let the stop go on, and then touched its member, "
        "which the stop had done away with meanwhile.\n"
        "The stop did wait; the completion should have let go of the member and of the bio first and counted down last "
        "(order 2022, commit 341097ee5357).\n"
        "The counter is mddev->pending_writes: at 0 everything the completion still holds may be freed.\n");
    hand.mddev.variants = VariantRows(*find_kernel_era("5.12"));  // Nobody waited: the first bug is enough of a reason.
    CHECK(first_lines(oops_sentences(hand.mddev, hand.oops), 1) ==
          "A bitmap write ended after rdev_delayed_delete had freed its member, and super_written read rdev->mddev in "
          "the freed memory.\n");
}

TEST_CASE("a bitmap file: the waker touches what its last count let go") {
    ByHand hand;
    hand.oops.object = "bitmap";
    hand.oops.function = "end_bitmap_write";
    hand.oops.stack = {"end_bitmap_write"};
    const std::string text = untimed(oops_console(hand.mddev, hand.oops));
    CHECK(first_lines(text, 9) ==
          "BUG: KASAN: use-after-free in end_bitmap_write\n"
          "Write at bitmap.write_wait, by task swapper/0\n"
          "CPU: 0 PID: 0 Comm: swapper/0 Not tainted mdscope\n"
          "RIP: 0010:end_bitmap_write\n"
          "Call Trace:\n"
          " <IRQ>\n"
          " bio_endio\n"
          " </IRQ>\n"
          "---[ end trace 0000000000000000 ]---\n");
    CHECK(oops_sentences(hand.mddev, hand.oops) ==
          "end_bitmap_write counted bitmap->pending_writes down to 0, the stop saw that and freed the bitmap, and the "
          "completion then went on to touch bitmap->write_wait.\n"
          "md_bitmap_free did wait; nobody waits for the waker itself, so the completion should not touch the bitmap "
          "after its last count. No fix of the report changes this.\n"
          "The counter is bitmap->pending_writes, which lives in what its waiter frees.\n");
}

TEST_CASE("a fault that nobody has described yet still has its three sentences") {
    ByHand hand;
    hand.oops = Oops{"a test", "", "some_function", 0x123, "writer", {"some_function", "caller"}, false, 1'500'000'000};
    CHECK(first_lines(oops_console(hand.mddev, hand.oops), 1) ==
          "[    1.500000] BUG: kernel NULL pointer dereference, address: 0000000000000123\n");
    CHECK(oops_console(hand.mddev, hand.oops).find(" <TASK>\n[    1.500000]  caller\n") != std::string::npos);
    CHECK(oops_sentences(hand.mddev, hand.oops) ==
          "some_function touched memory: a test.\n"
          "Whoever did away with it should have waited until nobody used it.\n"
          "Of the two counters, mddev->pending_writes is 0.\n");
}

}  // namespace mdscope::explore_test
