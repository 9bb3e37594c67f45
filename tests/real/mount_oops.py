#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
"""The report's crash on a real mount, step by step, and what is left of it: the process lives, and can be looked into.

Kernel 5.12, external metadata: a write leaves its chunk's counter at 2, so the third daemon pass of the stop submits
the bitmap page and nobody waits. The page is held (lab/hold), the stop ends, the release completes it into an unbound
member. Then: the array is assembled again from what is on disk. With each fix the same steps end well: the stop sleeps
until the page is released.
"""

import errno
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


def story_the_crash():
    lab = Lab()
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
    check("super_written" in oops and "rdev->mddev" in oops and "interrupt context" in oops, "the oops: " + oops)
    for folder, _, names in os.walk(lab.mnt):
        for name in names:
            path = os.path.join(folder, name)
            if name != "md0" and not os.path.islink(path) and os.stat(path).st_mode & 0o400:
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
    lab = Lab()
    lab.mount_or_die("--kernel", "5.12")
    stopper, _ = write_and_stop(lab)
    wait_for(lambda: stopper.poll() is not None, "the stop ends")
    done = lab.umount()  # releases what is held, and so meets the crash
    check(done.returncode == 0 and not is_mounted(lab.mnt), "umount: " + done.stderr)
    lab.mount_or_die()
    check(lab.umount().returncode == 0, "and again")


def while_releasing(lab, call, *arguments):
    """Calls it, and lets go of what is held until it has returned."""
    done = threading.Thread(target=call, args=arguments)
    done.start()
    while done.is_alive():
        lab.store("lab/release", "all")
        done.join(0.01)


def story_a_rule_stands():
    """Also for the disks of the next assembly, which may well be where those of the last one were."""
    lab = Lab()
    lab.mount_or_die()
    check(lab.store("lab/hold", "bitmap") == 0, "hold bitmap")
    for _ in range(3):
        while_releasing(lab, mdscope, "stop", lab.mnt)
        check(mdscope("assemble", lab.mnt).returncode == 0, "assemble")
        fd = os.open(lab.path("md0"), os.O_RDWR)
        writer = threading.Thread(target=os.pwrite, args=(fd, DATA, 0))
        writer.start()
        wait_for(lambda: held(lab) == 2, "the write's bitmap page is held on both members", 10)
        while_releasing(lab, writer.join)
        os.close(fd)
    check(lab.store("lab/hold", "off") == 0 and lab.umount().returncode == 0, "umount")


def story_the_fixes():
    for fix in ("v1", "proposal", "upstream"):
        lab = Lab()
        lab.mount_or_die("--kernel", "5.12", "--order", "2022", "--fix", fix)
        stopper, _ = write_and_stop(lab)
        wait_for(lambda: held(lab) > 0 and "sb_wait" in lab.read("lab/tasks"), fix + ": the stop sleeps in sb_wait")
        check(stopper.poll() is None, fix + ": the stop has not ended")
        check(lab.store("lab/hold", "off") == 0, "off")
        wait_for(lambda: lab.store("lab/release", "all") == 0 and stopper.poll() is not None, fix + ": the stop ends")
        check(stopper.returncode == 0 and lab.read("lab/oops") == "none", fix + ": no crash")
        check(lab.umount().returncode == 0, fix + ": umount")


for name, story in list(globals().items()):
    if name.startswith("story_"):
        try:
            story()
        except OSError as error:
            check(False, "%s: %s" % (name, error))
finish("mount_oops")
