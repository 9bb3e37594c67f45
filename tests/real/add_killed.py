#!/usr/bin/env python3
# ctest: TIMEOUT 300 LABELS sanitize
"""kill -9 while a member is taken in: `add` and `re-add`, a former member and a new one, native metadata.

Metadata writes are held and let go one at a time, in both orders of the members; after each number of them the process
is killed and the images are mounted again. Whatever was on them by then: the array starts, without --run, and reads what
was acknowledged and synced last; so it does after the recovery, from either member, and a check finds no difference.
"""

import os
import signal

from lib import *

need_mount()
OK = 0
OLD = b"o" * 65536
NEW = b"n" * 65536


def write(lab, data):
    fd = os.open(lab.path("md0"), os.O_RDWR)
    check(os.pwrite(fd, data, 1 << 20) == len(data) and errno_of(os.fsync, fd) == 0, "a write")
    os.close(fd)


def data_of(lab):
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    try:
        return os.pread(fd, len(NEW), 1 << 20)
    finally:
        os.close(fd)


def kill(lab):
    os.kill(lab.pid, signal.SIGKILL)
    wait_for(lambda: not process_exists(lab.pid), "the process ends")
    lab.pid = 0
    mdscope("umount", lab.mnt)


def held(lab, first):
    """Numbers of the held metadata writes, those of member `first` before the others."""
    rows = [line.split() for line in lab.read("lab/bios").splitlines()[1:]]
    ids = [(row[1] != first, int(row[0])) for row in rows if "held" in row]
    return [number for _, number in sorted(ids)]


def try_out(home, how, first, lets):
    what = "%s, %s, %s first, %d writes let go" % (home, how, first, lets)
    bitmap = home
    lab = Lab(create=False)
    if home == "file":
        bitmap = lab.base + "/bitmap"
    words = ["--bitmap", bitmap] if home == "file" else []
    made = mdscope("create", lab.lab, "--size", "16M", "--bitmap", bitmap)
    check(made.returncode == OK, what + ": create: " + made.stderr)
    lab.mount_or_die(*words)
    write(lab, OLD)
    check(mdscope("fail", lab.mnt, "sda").returncode == OK, what + ": fail")
    wait_for(lambda: mdscope("remove", lab.mnt, "sda").returncode == OK, what + ": remove")
    write(lab, NEW)
    wait_for(lambda: lab.read("md/array_state") == "clean", what + ": it is clean")
    if how == "add a new one":
        os.unlink(lab.image("sda"))
    check(lab.store("lab/hold", "superblock") == 0, what + ": hold")
    command = "re-add" if how == "re-add" else "add"
    adding = subprocess.Popen([MDSCOPE, command, lab.mnt, "sda"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(lets):
        if not wait_for(lambda: held(lab, first), what + ": a write is held"):
            break
        lab.store("lab/release", str(held(lab, first)[0]))
    wait_for(lambda: held(lab, first), what + ": the next write is held")
    kill(lab)
    adding.wait()
    done = lab.mount(*words)
    check(done.returncode == OK, what + ": it starts: " + done.stderr)
    if done.returncode != OK:
        return
    check(data_of(lab) == NEW, what + ": what was synced is read at once")
    check(mdscope("wait", lab.mnt).returncode == OK and data_of(lab) == NEW, what + ": and after the recovery")
    if lab.read("md/degraded") == "0":
        lab.start_sync("check", what)
        mdscope("wait", lab.mnt)
        check(lab.read("md/mismatch_cnt") == "0", what + ": no difference")
        mdscope("fail", lab.mnt, "sdb")
        check(data_of(lab) == NEW, what + ": from the member that came in, too")
    lab.umount()
    lab.clean()


def story_every_state_that_a_kill_leaves():
    for home in ("internal", "none", "file"):
        for how in ("re-add", "add a former one", "add a new one"):
            if how == "re-add" and home == "none":
                continue
            for first in ("sda", "sdb"):
                for lets in range(5):
                    try_out(home, how, first, lets)


run_stories(globals())
finish("add_killed")
