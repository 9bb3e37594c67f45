#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
# SPDX-License-Identifier: MIT
"""The stop under real writes: fio writes until just before it, and in the middle of it.

With each fix the data is what fio wrote and both members are equal. Without one the same steps meet the Oops (when the
last bitmap pages are held, always; else when the race is lost), and then the process lives, md0 answers EIO, and the
array comes back."""

import os

from lib import *

need_mount()
if not shutil.which("fio"):
    skip("no fio")


def fio(lab, *words):
    """A job of random writes that can be verified. Its output is kept to be shown when something is wrong."""
    return subprocess.Popen(
        ["fio", "--name=stop", "--filename=" + lab.path("md0"), "--rw=randwrite", "--bs=4k", "--size=32M", "--direct=1",
         "--ioengine=libaio", "--iodepth=16", "--verify=crc32c", "--verify_state_save=0", "--randrepeat=1",
         "--randseed=7", "--allow_file_create=0"] + list(words),
        cwd=lab.base, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def fio_ends(job, what):
    output = job.communicate(timeout=DEADLINE)[0]
    check(job.returncode == 0, "%s: fio: %s" % (what, output))


def members_are_equal(lab, what):
    wait_for(lambda: lab.read("md/sync_action") == "idle", what + ": nothing is resynced any more")
    lab.start_sync("check", what)
    wait_for(lambda: lab.read("md/sync_action") == "idle" and lab.read("md/last_sync_action") == "check",
             what + ": the check ends")
    check(lab.read("md/mismatch_cnt") == "0", "%s: mismatch_cnt %s" % (what, lab.read("md/mismatch_cnt")))


def assemble(lab, what):
    """Once nothing of the array before is in flight."""
    lab.store("lab/hold", "off")
    wait_for(lambda: lab.store("lab/release", "all") == 0 and lab.store("lab/assemble", "1") == 0, what + ": assemble")
    check(lab.read("lab/assemble") != "", what + ": what the array owes is said")


def crashed_well(lab, what):
    oops = lab.read("lab/oops")
    check("BUG: " in oops and "super_written" in oops and "mddev->pending_writes" in oops, "%s: %s" % (what, oops))
    check(errno_of(os.open, lab.path("md0"), os.O_RDONLY) in (errno.EIO, errno.ENODEV), what + ": md0 answers an error")


def until_just_before(lab, fix):
    check(lab.store("lab/fix", fix) == 0, fix)
    fio_ends(fio(lab, "--do_verify=0"), fix)
    check(lab.store("lab/hold", "bitmap") == 0, "hold")
    stopper = subprocess.Popen(["sh", "-c", "echo clear > md/array_state"], cwd=lab.mnt)
    wait_for(lambda: lab.read("lab/bios").count(" held ") > 0, fix + ": the stop's bitmap pages are held")
    return stopper


def story_fio_until_just_before_the_stop():
    for fix in ("none", "v1", "proposal", "upstream"):
        lab = Lab(*SLOW_DAEMON)
        lab.mount_or_die()
        stopper = until_just_before(lab, fix)
        if fix == "none":
            wait_for(lambda: stopper.poll() is not None, "nobody waits: the stop ends")
        check((stopper.poll() is None) == (fix != "none"), fix + ": who waits")
        check(lab.store("lab/hold", "off") == 0 and lab.store("lab/release", "all") == 0, "release")
        wait_for(lambda: stopper.poll() is not None, fix + ": the stop ends")
        check(stopper.returncode == 0, fix + ": the stop went well")
        if fix == "none":
            wait_for(lambda: lab.read("lab/oops") != "none", "the crash")
            crashed_well(lab, fix)
        check((lab.read("lab/oops") == "none") == (fix != "none"), fix + ": the oops")
        assemble(lab, fix)
        fio_ends(fio(lab, "--verify_only"), fix + ", verified")
        members_are_equal(lab, fix)
        check(lab.umount().returncode == 0, fix + ": umount")


def bits_set(lab):
    """How many were traced since tracing began."""
    words = lab.read("lab/trace").split("\n")[0].split()  # "# on bit_set, 12 events, 3 dropped"
    return int(words[-4]) + int(words[-2])


def story_a_forced_stop_in_the_middle_of_the_writes():
    for fix in ("upstream", "none"):
        lab = Lab()
        lab.mount_or_die()
        check(lab.store("lab/fix", fix) == 0 and lab.store("lab/trace", "on bit_set") == 0, fix)
        for _ in range(3):
            before = bits_set(lab)
            job = fio(lab, "--do_verify=0", "--time_based", "--runtime=120")
            wait_for(lambda: bits_set(lab) > before, "fio writes")
            check(job.poll() is None, "in the middle of fio's writes")
            error = lab.store("lab/stop", "force")
            output = job.communicate(timeout=DEADLINE)[0]
            check(job.returncode != 0 and ("error" in output or "No such device" in output), "fio got EIO: " + output)
            crashed = lab.read("lab/oops") != "none"
            check(fix == "none" or (error == 0 and not crashed), "%s: errno %d, %s" % (fix, error, lab.read("lab/oops")))
            if crashed:
                crashed_well(lab, fix)
            else:
                check(lab.read("md/array_state") == "clear", fix + ": stopped")
            assemble(lab, fix)
            if not crashed:
                members_are_equal(lab, fix)
        check(lab.umount().returncode == 0, fix + ": umount")


run_stories(globals())
finish("mount_stop_fio")
