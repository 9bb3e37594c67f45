#!/usr/bin/env python3
# ctest: TIMEOUT 300 LABELS sanitize
# SPDX-License-Identifier: MIT
"""Any text, stored into any file of md/ and lab/, in any state of the array, is answered; the process goes on, and
SIGTERM ends it.

Every file that can be written gets every value here, in an order of chance (its seed is printed). A store may sleep; the
others go on beside it. tests/fuzz/store_target.cpp does the same on simulated arrays, many more times; here are the
threads, the file system and the signals.
"""

import errno
import os
import random
import signal
import stat
import threading

from lib import *

need_mount()
SEED = int(os.environ.get("SEED", random.randrange(1 << 30)))
STORES = int(os.environ.get("STORES", 400))  # in each state
VALUES = """0 1 -1 2 8 +8 -8 none max default internal external 512 65536 2147483648 4294967295 4294967296
    9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 0.001 4294967295.9999999 clear
    inactive readonly read-auto clean active write-pending active-idle idle frozen resync recover check repair faulty
    remove writemostly blocked -blocked insync write_error want_replacement re-add external:-lab raid1 sda sdb sdc.img
    force off all bitmap superblock data on end""".split() + [
    "", " ", "\n", "0 8", "8 0", "18446744073709551615 1", "0-18446744073709551615", "sda 18446744073709551615",
    "sdb write", "sda read", "sda write superblock", "all flush", "x" * 5000, "\0\xff\0", "1" * 400]


def run_it(lab):
    """As it is."""


def degrade(lab):
    lab.store("md/dev-sdb/state", "faulty")
    mdscope("remove", lab.mnt, "sdb")


def stop_it(lab):
    check(mdscope("stop", lab.mnt).returncode == 0, "stopped")


def fail_to_start(lab):
    stop_it(lab)
    for image in ("sda", "sdb"):
        os.rename(lab.image(image), lab.image(image) + ".away")
    check(lab.store("lab/assemble", "1") != 0, "does not start")


def let_it_crash(lab):
    """The crash of tests/real/mount_oops.py."""
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, b"x" * 4096, 0)
    os.close(fd)
    for name, value in (("lab/fix", "none"), ("lab/hold", "bitmap"), ("md/array_state", "clear"), ("lab/hold", "off"),
                        ("lab/release", "all")):
        lab.store(name, value)
    wait_for(lambda: lab.read("lab/oops") != "none", "an Oops")


def writable_files(lab):
    found = []
    for folder, _, names in os.walk(lab.mnt):
        for name in names:
            path = os.path.join(folder, name)
            try:
                if name != "md0" and stat.S_IMODE(os.lstat(path).st_mode) & 0o200:
                    found.append(os.path.relpath(path, lab.mnt))
            except OSError:
                pass  # the member has gone meanwhile
    return sorted(found)


def store_beside(lab, name, value):
    def body():
        try:
            fd = os.open(lab.path(name), os.O_WRONLY)
        except OSError:
            return
        errno_of(os.write, fd, value.encode("latin-1"))
        close(fd)
    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(0.05)  # a store that sleeps is left asleep


def story(home, reach):
    lab = Lab("--size", "16M", "--bitmap", home)
    what = "%s, %s, seed %d" % (home, reach.__name__, SEED)
    lab.mount_or_die()
    reach(lab)
    chance = random.Random("%d %s %s" % (SEED, home, reach.__name__))
    last = []
    for _ in range(STORES):
        files = writable_files(lab) if len(last) % 20 == 0 else files
        name, value = chance.choice(files), chance.choice(VALUES)
        last.append("%s < %r" % (name, value[:40]))
        store_beside(lab, name, value)
        if not process_exists(lab.pid):
            check(False, what + ": the process is gone after " + "; ".join(last[-8:]))
            return
    for name in ("mdstat", "lab/snapshot", "lab/mddev", "lab/tasks", "lab/log", "lab/bios"):
        check(len(read(lab.path(name))) > 0 or name == "lab/bios", what + ": %s can be read" % name)
    os.kill(lab.pid, signal.SIGTERM)
    check(wait_for(lambda: not process_exists(lab.pid), what + ": SIGTERM ends it", deadline=90), what + ": ended")
    lab.pid = 0
    lab.clean()


print("seed", SEED)
for home in ("external", "internal"):
    for reach in (run_it, degrade, stop_it, fail_to_start) + ((let_it_crash,) if home == "external" else ()):
        story(home, reach)
finish("mount_stores")
