#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
# SPDX-License-Identifier: MIT
"""The report's crash on a real mount, step by step, and what is left of it: the process lives, and can be looked into.

Kernel 5.12, external metadata: a write leaves its chunk's counter at 2, so the third daemon pass of the stop submits
the bitmap page and nobody waits. The page is held (lab/hold), the stop ends, the release completes it into an unbound
member. Then: the array is assembled again from what is on disk. With each fix the same steps end well: the stop sleeps
until the page is released.
"""

import errno
import json
import os

from lib import *

need_mount()
DATA = os.urandom(4096)


def write_and_stop(lab, force=False):
    """One write, then a stop while bitmap pages are held. The stopper runs until the stop has ended."""
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, DATA, 0)
    os.fsync(fd)
    check(lab.store("lab/hold", "bitmap") == 0, "hold bitmap")
    if not force:
        os.close(fd)
    stopper = subprocess.Popen([MDSCOPE, "stop", lab.mnt] + (["--force"] if force else []), stdout=subprocess.DEVNULL)
    return stopper, fd


def held(lab):
    return lab.read("lab/bios").count(" held ")


def check_console(oops, pending_writes):
    """What the report's console showed, and what it means."""
    lines = oops.split("\n")
    check("BUG: kernel NULL pointer dereference, address: 0" in lines[0], "the BUG line: " + lines[0])
    for part in ("RIP: 0010:super_written\n", " <IRQ>\n", "] Kernel panic - not syncing: Fatal exception in interrupt",
                 "crash> struct mddev.bitmap_info.external,", "bitmap_info.external = 1,\n",
                 "counter = %d\n" % pending_writes, "  bitmap = 0x0,\n", "  mddev = 0x0,\n"):
        check(part in oops, "%r in the oops: %s" % (part, oops))
    check(lines[-3].startswith("A bitmap write ended after unbind_rdev_from_array had set rdev->mddev to NULL") and
          "should have waited for it before it unbound the members" in lines[-2] and
          lines[-1].startswith("The counter is mddev->pending_writes, now %d;" % pending_writes),
          "three sentences: " + oops)


# The steps of a person at a shell, as written. $1: the fix.
RECIPE = """
dd if=/dev/urandom of=md0 bs=4k count=1 conv=notrunc,fsync status=none
echo $1 > lab/fix
echo bitmap > lab/hold
echo clear > md/array_state
"""


def recipe(lab, fix):
    return subprocess.Popen(["bash", "-e", "-c", RECIPE, "bash", fix], cwd=lab.mnt)


def story_mdstat_of_2025():
    """6.1.135 to 6.1.145: reading mdstat follows the superblock page that an external bitmap lacks."""
    lab = Lab()
    lab.mount_or_die("--kernel", "6.1.135")
    check(errno_of(lab.read, "mdstat") == errno.EIO, "who reads it meets the Oops")
    oops = lab.read("lab/oops")
    check("RIP: 0010:md_bitmap_get_stats" in oops and "\n[" in oops and "md_seq_show" in oops, "where: " + oops)
    check(process_exists(lab.pid) and lab.read("mdstat").startswith("Personalities"), "after it everything can be looked at")
    check(lab.store("lab/mdstat-bitmap", "line") == 0 and lab.store("lab/assemble", "\n") == 0, "another kernel")
    check("bitmap: " in lab.read("mdstat"), "its line: " + lab.read("mdstat"))
    check(lab.umount().returncode == 0, "umount")


def story_the_recipe():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die()
    steps = recipe(lab, "none")
    wait_for(lambda: steps.poll() is not None, "nobody waits: `echo clear` ends")
    check(steps.returncode == 0 and lab.read("md/array_state") == "clear", "the steps went well")
    check(lab.read("lab/pending_writes") == "mddev 2\nbitmap 0", "in flight: " + lab.read("lab/pending_writes"))
    check(lab.store("lab/release", "all") == 0, "release")
    wait_for(lambda: lab.read("lab/oops") != "none", "the crash")
    check_console(lab.read("lab/oops"), 2)
    check(process_exists(lab.pid), "the process lives")
    check(errno_of(os.open, lab.path("md0"), os.O_RDONLY) == errno.EIO, "the disk answers EIO")
    check(lab.store("lab/hold", "off") == 0 and lab.store("lab/release", "all") == 0, "the other member's page")
    wait_for(lambda: lab.store("lab/assemble", "\n") == 0, "assemble, once nothing of the dead array is in flight")
    owed = lab.read("lab/assemble")  # mdmon recorded the array as clean before the crash; else the bitmap's chunks
    check("nothing is owed" in owed or "resync" in owed, "what is owed: " + owed)
    check(lab.read("lab/oops") == "none" and lab.read("md/array_state") != "clear", "it runs again")
    fd = os.open(lab.path("md0"), os.O_RDWR)
    check(len(os.pread(fd, 4096, 0)) == 4096, "and can be read")
    os.close(fd)
    check(lab.umount().returncode == 0, "umount")


def story_the_recipe_with_a_fix():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die()
    steps = recipe(lab, "upstream")
    wait_for(lambda: "sleeps in mddev->sb_wait" in lab.read("lab/tasks") and held(lab) == 2, "the stop sleeps")
    tasks = lab.read("lab/tasks").split("\n")
    asleep = [i for i, line in enumerate(tasks) if "sleeps in mddev->sb_wait until mddev.pending_writes == 0" in line]
    stack = [line.strip() for line in tasks[asleep[0] + 1:asleep[0] + 4]] if asleep else []
    check(stack[:1] == ["md_super_wait"] and "md_bitmap_flush" in stack, "in md_super_wait: %s" % tasks)
    check(lab.read("lab/pending_writes") == "mddev 2\nbitmap 0", "the same two writes")
    check(steps.poll() is None, "`echo clear` has not come back")
    check(lab.store("lab/hold", "off") == 0 and lab.store("lab/release", "all") == 0, "release")
    wait_for(lambda: steps.poll() is not None, "`echo clear` comes back")
    check(steps.returncode == 0 and lab.read("lab/oops") == "none", "no crash")
    check(lab.read("md/array_state") == "clear", "stopped")
    check(lab.umount().returncode == 0, "umount")


def story_the_crash():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--kernel", "5.12")
    check(lab.read("lab/fix").startswith("[none]") and lab.read("lab/order").startswith("[2021]"), "the era's axes")
    stopper, fd = write_and_stop(lab, force=True)
    wait_for(lambda: stopper.poll() is not None, "nobody waits: the stop ends")
    check(held(lab) > 0 and lab.read("lab/pending_writes").startswith("mddev 2"), "two bitmap writes are in flight")
    check(lab.read("md/array_state") == "clear", "the array is gone")
    check(mdscope("assemble", lab.mnt).returncode == 3, "assembling waits for what is held")
    check(lab.store("lab/hold", "off") == 0 and lab.store("lab/release", "all") == 0, "release")
    wait_for(lambda: lab.read("lab/oops") != "none", "the crash")
    oops = lab.read("lab/oops")
    check_console(oops, 2)
    for folder, _, names in os.walk(lab.mnt):
        for name in names:
            path = os.path.join(folder, name)
            if name not in ("md0", "trace_pipe") and not os.path.islink(path) and os.stat(path).st_mode & 0o400:
                check(errno_of(read, path) == 0, path + " is readable after the crash")
    check(errno_of(os.pread, fd, 10, 0) == errno.EIO, "a file that was open answers EIO")
    check(errno_of(os.open, lab.path("md0"), os.O_RDONLY) in (errno.EIO, errno.ENODEV), "md0 is not opened")
    check(lab.store("md/array_state", "clean") != 0, "a store is refused")
    again = mdscope("assemble", lab.mnt)
    check(again.returncode == 0 and "nothing is owed" in again.stdout, "assemble: " + again.stdout + again.stderr)
    check(lab.read("lab/fix").startswith("[none]"), "still the same kernel")
    check(errno_of(os.pread, fd, 10, 0) == errno.EIO, "the old file stays out")
    os.close(fd)
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    check(os.pread(fd, 4096, 0) == DATA, "the data is there")
    os.close(fd)
    done = lab.umount()
    check(done.returncode == 0, "umount: " + done.stderr)


def story_unmounting_after_the_crash():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--kernel", "5.12")
    stopper, _ = write_and_stop(lab)
    wait_for(lambda: stopper.poll() is not None, "the stop ends")
    check_umount_tells(lab, "while it was being stopped: kernel NULL pointer dereference", ", in super_written\n")
    lab.mount_or_die()
    done = lab.umount()
    check(done.returncode == 0 and done.stdout.endswith(": array stopped, unmounted\n") and not done.stderr,
          "and again: " + done.stdout + done.stderr)


def tells_of_the_oops(lab, done, where):
    """What the kernel met and where, where its console is, and what starts the array again."""
    for part in ("an Oops halted the kernel", ", in " + where, lab.path("lab/oops"), "`mdscope assemble "):
        check(part in done.stderr, "%s: %r in: %s" % (done.args[1:], part, done.stderr))
    check(done.returncode == 1, "%s: %d" % (done.args[1:], done.returncode))


def story_what_commands_say_after_an_oops():
    """Not an errno, and not that the array is stopped."""
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--kernel", "6.1.135")
    check(errno_of(lab.read, "mdstat") == errno.EIO, "an Oops")
    shown = mdscope("detail", lab.mnt)
    tells_of_the_oops(lab, shown, "md_bitmap_get_stats")
    check("State : clean, halted by an Oops" in shown.stdout, "detail shows what there is: " + shown.stdout)
    for verb in ("stop", "check", "repair", "detail", "wait"):
        tells_of_the_oops(lab, mdscope(verb, lab.mnt), "md_bitmap_get_stats")
    tells_of_the_oops(lab, mdscope("stop", "--force", lab.mnt), "md_bitmap_get_stats")
    for verb, member in (("fail", "sdb"), ("remove", "sdb"), ("re-add", "sdb"), ("add", "sdc")):
        tells_of_the_oops(lab, mdscope(verb, lab.mnt, member), "md_bitmap_get_stats")
    check(not os.path.exists(lab.image("sdc")), "no image is made for nothing")
    told = json.loads(mdscope("detail", "--json", lab.mnt).stdout)
    check("md_bitmap_get_stats" in told.get("oops", ""), "as JSON: %s" % told)
    check(mdscope("assemble", lab.mnt).returncode == 0, "assemble")
    check("oops" not in json.loads(mdscope("detail", "--json", lab.mnt).stdout), "and it is over")
    check(mdscope("wait", lab.mnt).returncode == 0 and lab.umount().returncode == 0, "it works again")


def story_a_stop_that_meets_the_oops():
    """Nothing is held: the last bitmap writes end behind the stop that did not wait for them, or under it."""
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--kernel", "5.12")
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, DATA, 0)
    os.fsync(fd)
    os.close(fd)
    for name in ("sda", "sdb"):  # so long that the members are let go of by then, on any machine
        check(lab.store("lab/delay", name + " 1500 bitmap") == 0, "a slow member")
    tells_of_the_oops(lab, mdscope("stop", lab.mnt), "super_written")
    tells_of_the_oops(lab, mdscope("detail", lab.mnt), "super_written")
    tells_of_the_oops(lab, mdscope("fail", lab.mnt, "sdb"), "super_written")
    check(lab.store("lab/delay", "off") == 0, "off")
    wait_for(lambda: mdscope("assemble", lab.mnt).returncode == 0, "assemble, once nothing is in flight")
    check(mdscope("detail", lab.mnt).returncode == 0 and lab.umount().returncode == 0, "it works again")


def check_umount_tells(lab, *parts):
    """It takes the mount down, and says that an Oops was in the way of the stop, and what that leaves."""
    done = lab.umount()
    check(done.returncode == 0 and not is_mounted(lab.mnt), "umount: " + done.stderr)
    check("array not stopped in order, unmounted" in done.stdout, "what was done: " + done.stdout)
    for part in parts + ("what was acknowledged is there at the next mount",):
        check(part in done.stderr, "%r in: %s" % (part, done.stderr))


def story_unmounting_after_an_oops_before_it():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--kernel", "6.1.135")
    check(errno_of(lab.read, "mdstat") == errno.EIO, "an Oops")
    check_umount_tells(lab, "before it was stopped", ", in md_bitmap_get_stats\n")


def umount_put_to_sleep(lab):
    """The answer of an umount whose stop sleeps on a rule that came back behind its back; none if it was quicker."""
    told = []
    umount = threading.Thread(target=lambda: told.append(mdscope("umount", lab.mnt)))
    umount.start()
    while not told:
        if lab.store("lab/hold", "bitmap") == 0 and held(lab) == 2 and "sb_wait" in lab.read("lab/tasks"):
            check(errno_of(lab.read, "mdstat") == errno.EIO, "an Oops while the stop sleeps")
            umount.join()
            return told[0]
    umount.join()
    return None


def story_an_oops_under_the_stop_of_umount():
    lab = Lab(*SLOW_DAEMON)
    done = None
    while done is None:
        lab.mount_or_die("--kernel", "6.1.135")
        fd = os.open(lab.path("md0"), os.O_RDWR)
        os.pwrite(fd, DATA, 0)
        os.fsync(fd)
        os.close(fd)
        try:
            done = umount_put_to_sleep(lab)
        except FileNotFoundError:  # it was quicker
            wait_for(lambda: not process_exists(lab.pid), "it is down")
    check(done.returncode == 0 and not is_mounted(lab.mnt), "umount: %d %s" % (done.returncode, done.stderr))
    check("while it was being stopped" in done.stderr and "md_bitmap_get_stats" in done.stderr, "says: " + done.stderr)
    lab.mount_or_die()
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    check(os.pread(fd, 4096, 0) == DATA, "what was acknowledged is there")
    os.close(fd)
    check(lab.umount().returncode == 0, "umount")


def while_releasing(lab, call, *arguments):
    """Calls it, and lets go of what is held until it has returned."""
    done = threading.Thread(target=call, args=arguments)
    done.start()
    while done.is_alive():
        lab.store("lab/release", "all")
        done.join(0.01)


def story_a_rule_stands():
    """Also for the disks of the next assembly, which may well be where those of the last one were."""
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die()
    check(lab.store("lab/hold", "bitmap") == 0, "hold bitmap")
    for _ in range(3):
        while_releasing(lab, mdscope, "stop", lab.mnt)
        check(mdscope("assemble", lab.mnt).returncode == 0, "assemble")
        fd = os.open(lab.path("md0"), os.O_RDWR)
        writer = threading.Thread(target=os.pwrite, args=(fd, DATA, 0))
        writer.start()
        wait_for(lambda: held(lab) == 2, "the write's bitmap page is held on both members")
        while_releasing(lab, writer.join)
        os.close(fd)
    check(lab.store("lab/hold", "off") == 0 and lab.umount().returncode == 0, "umount")


def story_the_fixes():
    for fix in ("v1", "proposal", "upstream"):
        lab = Lab(*SLOW_DAEMON)
        lab.mount_or_die("--kernel", "5.12", "--order", "2022", "--fix", fix)
        stopper, _ = write_and_stop(lab)
        wait_for(lambda: held(lab) > 0 and "sb_wait" in lab.read("lab/tasks"), fix + ": the stop sleeps in sb_wait")
        check(stopper.poll() is None, fix + ": the stop has not ended")
        check(lab.store("lab/hold", "off") == 0, "off")
        wait_for(lambda: lab.store("lab/release", "all") == 0 and stopper.poll() is not None, fix + ": the stop ends")
        check(stopper.returncode == 0 and lab.read("lab/oops") == "none", fix + ": no crash")
        check(lab.umount().returncode == 0, fix + ": umount")


run_stories(globals())
finish("mount_oops")
