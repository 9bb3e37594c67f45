// SPDX-License-Identifier: MIT
// /proc/mdstat, byte for byte, as Linux 6.1.192 printed it.
//
// Goal: programs that parse mdstat read ours. Method: arrays driven through sysfs on a simulated kernel for the common
// texts; for the progress line, an array whose counters are set to the values of known lines.
#include "tests/md/sysfs_lab.hpp"

namespace mdscope::sysfs_test {

namespace {

std::string around(const std::string& array) {
    return "Personalities : [raid1] \n" + array + "unused devices: <none>\n";
}

}  // namespace

TEST_CASE("no array: two lines") {
    CHECK(mdstat({}) == around(""));
    SysfsLab lab;
    CHECK(lab.stat() == around(""));
}

TEST_CASE("an external array: inactive with seven blanks, active with the bitmap line of the report's kernel") {
    SysfsLab lab;
    lab.external();
    CHECK(lab.stat() == around("md1 : inactive sdb[1] sda[0]\n"
                               "      122880 blocks super external:lab\n"
                               "       \n"));
    lab.start();
    CHECK(lab.stat() == around("md1 : active raid1 sdb[1] sda[0]\n"
                               "      61440 blocks super external:lab [2/2] [UU]\n"
                               "      bitmap: 0/1 pages [0KB], 1024KB chunk\n"
                               "\n"));
}

TEST_CASE("6.1.192 shows no bitmap line for an external bitmap: a row of its variant") {
    SysfsLab lab;
    REQUIRE(lab.mddev.variants.choose("mdstat-bitmap", "none"));
    lab.external().start();
    CHECK(lab.stat() == around("md1 : active raid1 sdb[1] sda[0]\n"
                               "      61440 blocks super external:lab [2/2] [UU]\n"
                               "      \n"));
}

TEST_CASE("6.1.135 follows the page that an external bitmap lacks; after that everything can be looked at") {
    SysfsLab lab;
    REQUIRE(lab.mddev.variants.choose("mdstat-bitmap", "crash"));
    lab.external().start();
    lab.kernel.run_task("cat", [&] { (void)lab.stat(); });
    REQUIRE(lab.kernel.first_oops() != nullptr);
    CHECK(lab.kernel.first_oops()->object == "bitmap->storage.sb_page");
    CHECK(lab.stat() == around("md1 : active raid1 sdb[1] sda[0]\n"
                               "      61440 blocks super external:lab [2/2] [UU]\n"
                               "      \n"));
}

TEST_CASE("an external array without a bitmap ends with a line of blanks") {
    SysfsLab lab;
    lab.external(false).start();
    CHECK(lab.stat() == around("md1 : active raid1 sdb[1] sda[0]\n"
                               "      61440 blocks super external:lab [2/2] [UU]\n"
                               "      \n"));
}

TEST_CASE("members: newest first, (S) without a slot, (F) and nothing after it, (W)") {
    SysfsLab lab;
    lab.external(false).start();
    CHECK(lab.store_dev("sda", "state", "writemostly") == 0);
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    CHECK(lab.stat() == around("md1 : active raid1 sdb[1](F) sda[0](W)\n"
                               "      61440 blocks super external:lab [2/1] [U_]\n"
                               "      \n"));
    CHECK(lab.store("array_state", "active") == 0);
    CHECK(lab.store_dev("sdb", "state", "remove") == 0);
    CHECK(lab.store("new_dev", "sdc") == 0);
    CHECK(lab.stat() == around("md1 : active raid1 sdc[1](S) sda[0](W)\n"
                               "      61440 blocks super external:lab [2/1] [U_]\n"
                               "      \n"));
    CHECK(lab.store_dev("sdc", "offset", "2048") == 0);
    CHECK(lab.store_dev("sdc", "size", "61440") == 0);
    CHECK(lab.store_dev("sdc", "recovery_start", "0") == 0);
    CHECK(lab.store_dev("sdc", "slot", "1") == 0);
    CHECK(lab.stat() == around("md1 : active raid1 sdc[1] sda[0](W)\n"
                               "      61440 blocks super external:lab [2/1] [U_]\n"
                               "      \n"));
}

TEST_CASE("a native array: metadata version, bitmap, read-only and auto-read-only, write-mostly and failed") {
    SysfsLab lab("md0");
    lab.native().start();
    CHECK(lab.write(0) == 0);
    CHECK(lab.stat() == around("md0 : active raid1 sdb[1] sda[0]\n"
                               "      64512 blocks super 1.2 [2/2] [UU]\n"
                               "      bitmap: 1/1 pages [4KB], 1024KB chunk\n"
                               "\n"));
    CHECK(lab.store_dev("sdb", "state", "writemostly") == 0);
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    lab.settle();
    CHECK(lab.stat().find("md0 : active raid1 sdb[1](W)(F) sda[0]\n      64512 blocks super 1.2 [2/1] [U_]\n") !=
          std::string::npos);
    CHECK(lab.store("array_state", "readonly") == 0);
    CHECK(lab.stat().find("md0 : active (read-only) raid1 sdb[1](W)(F) sda[0]\n") != std::string::npos);
    CHECK(lab.store("array_state", "read-auto") == 0);
    CHECK(lab.stat().find("md0 : active (auto-read-only) raid1 ") != std::string::npos);
}

TEST_CASE("a native array that has not run: its members have no slot yet") {
    SysfsLab lab("md0");
    lab.native();
    CHECK(lab.stat() == around("md0 : inactive sdb[1](S) sda[0](S)\n"
                               "      129024 blocks super 1.2\n"
                               "       \n"));
    lab.start();
    CHECK(lab.store("array_state", "inactive") == 0);
    CHECK(lab.stat() == around("md0 : inactive sdb[1] sda[0]\n"
                               "      129024 blocks super 1.2\n"
                               "       \n"));
}

TEST_CASE("a resync that is owed by a read-only array is PENDING") {
    SysfsLab lab("md0");
    lab.native(0).start("readonly");
    const std::string text = lab.stat();
    CHECK(text.find("      64512 blocks super 1.2 [2/2] [UU]\n      \tresync=PENDING\n      bitmap: ") !=
          std::string::npos);
}

TEST_CASE("a check that waits at sync_max shows its place") {
    SysfsLab lab("md0");
    lab.native().start();
    CHECK(lab.store("sync_max", "8192") == 0);
    CHECK(lab.store("sync_action", "check") == 0);
    CHECK(lab.until([&] { return lab.show("sync_completed") == "8192 / 129024"; }));
    CHECK(lab.stat().find("      [=>...................]  check =  6.2% (4096/64512) finish=") != std::string::npos);
}

TEST_CASE("the array goes through mddev.lock alone: mdstat answers while reconfig_mutex is held") {
    SysfsLab lab("md0");
    lab.native().start();
    CHECK(mddev_trylock(lab.mddev));
    CHECK(lab.stat().starts_with("Personalities : [raid1] \nmd0 : active raid1 "));
    lab.kernel.run_task("sh", [&] { mddev_unlock(lab.mddev); });
}

// ---- the progress line, from counters

namespace {

// A resync of 2093056 sectors at `position`, marked one second ago at 0.
std::string progress_line(Sector position, std::uint64_t flags) {
    SysfsLab lab("md0");
    lab.native().start();
    Mddev& md = lab.mddev;
    const Sector dev_sectors = md.dev_sectors;
    lab.pass(2000);
    md.dev_sectors = 2093056;
    md.resync_max_sectors = 2093056;
    md.recovery = (std::uint64_t{1} << MD_RECOVERY_RUNNING) | flags;
    md.curr_resync = position;
    md.curr_mark_cnt = position;
    md.resync_mark = lab.kernel.ktime_ns() - kNsPerSec;
    const std::string text = lab.stat();
    md.recovery = 0;
    md.curr_resync = 0;
    md.dev_sectors = dev_sectors;
    md.resync_max_sectors = dev_sectors;
    const std::size_t tab = text.find('\t');
    const std::size_t begin = tab != std::string::npos ? tab + 1 : text.find('[', text.find("[UU]") + 4);
    return text.substr(begin, text.find('\n', begin) - begin);
}

constexpr std::uint64_t bit(RecoveryFlag flag) {
    return std::uint64_t{1} << flag;
}

}  // namespace

TEST_CASE("the progress line at the start, in the middle and at the end") {
    constexpr std::uint64_t kResync = bit(MD_RECOVERY_SYNC);
    CHECK(progress_line(10752, kResync) ==
          "[>....................]  resync =  0.4% (5376/1046528) finish=3.2min speed=5376K/sec");
    CHECK(progress_line(1046528, kResync).starts_with("[=========>...........]  resync = 49.9% (523264/1046528)"));
    CHECK(progress_line(2093056, kResync).starts_with("[===================>.]  resync = 99.9% (1046528/1046528)"));
}

TEST_CASE("the kinds: check and repair are SYNC, recovery is not, delayed has no bar") {
    CHECK(progress_line(10752, bit(MD_RECOVERY_SYNC) | bit(MD_RECOVERY_REQUESTED) | bit(MD_RECOVERY_CHECK))
              .starts_with("[>....................]  check =  0.4% "));
    CHECK(progress_line(10752, bit(MD_RECOVERY_SYNC) | bit(MD_RECOVERY_REQUESTED))
              .starts_with("[>....................]  resync =  0.4% "));
    CHECK(progress_line(10752, bit(MD_RECOVERY_RECOVER)).starts_with("[>....................]  recovery =  0.4% "));
    CHECK(progress_line(2, bit(MD_RECOVERY_SYNC)) == "resync=DELAYED");
    CHECK(progress_line(1, bit(MD_RECOVERY_SYNC)) == "resync=DELAYED");
}

}  // namespace mdscope::sysfs_test
