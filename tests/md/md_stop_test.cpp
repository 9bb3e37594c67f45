// What a stop leaves behind: nothing that still acts.
//
// Goal: once an array is stopped, no timer of it fires. Method: an array on a simulated kernel, stopped with a row of
// the fix axis that does what a write does that ends late.
#include "tests/md/sysfs_lab.hpp"

namespace mdscope::sysfs_test {

namespace {

void a_write_ends(Mddev& mddev, Bitmap&) {
    mddev.kernel.mod_timer(mddev.safemode_timer, mddev.kernel.ktime_ns() + kNsPerSec);
}
constexpr StopFix kLateWrite{"late", "A write ends while the bitmap is flushed.", a_write_ends, [](Mddev&, Bitmap&) {},
                             [](Bitmap&) {}};

}  // namespace

TEST_CASE("safemode_timer is not pending after a stop, though a write has set it during the stop") {
    SysfsLab lab;
    lab.external().start();
    lab.mddev.axes.fix = &kLateWrite;
    CHECK(lab.store("array_state", "clear") == 0);
    CHECK(lab.mddev.safemode_timer.expires_ns.load() == 0);
    lab.pass(2000);
    CHECK(lab.mddev.safemode == 0);
}

}  // namespace mdscope::sysfs_test
