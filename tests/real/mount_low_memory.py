#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""With too little memory a mount says so and ends; with enough it works. It never hangs, and no signal ends it.

Address space is taken away in steps (ulimit -v), from what the program can hardly begin with to what it can well do
with: each thread and each buffer is refused at some step.
"""

import errno
import os
import resource
import signal
import subprocess

from lib import *

need_mount()
if sanitized():
    skip("a sanitizer reserves its own address space")
lab = Lab("--bitmap", "internal")
seen = {"mounted": 0, "refused": 0}


def limited(kib):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (kib << 10, kib << 10))


def mount_with(kib):
    when = "with %d KiB" % kib
    process = subprocess.Popen([MDSCOPE, "mount", lab.lab, lab.mnt], preexec_fn=limited(kib), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = process.communicate(timeout=DEADLINE)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        check(False, when + ": it hangs")
        return
    check(process.returncode > 0 or not said, when + ": " + said)
    check("signal" not in said and "terminate" not in said, when + ": it ends by itself: " + said)
    if process.returncode != 0:
        seen["refused"] += 1
        check("memory" in said or "allocate" in said or process.returncode == 127, when + ": it says why: " + said)
        check(not is_mounted(lab.mnt), when + ": nothing is mounted")
        return
    seen["mounted"] += 1
    use(when)


def has_ended():
    """What was asked of the engine found no memory on its way: then the process ends, as by kill -9."""
    return errno_of(os.stat, lab.path("md0")) in (errno.ENOTCONN, errno.ENOENT, errno.ECONNABORTED, errno.ECANCELED)


def use(when):
    """It works, or refuses what it has no memory for, or ends. It never keeps somebody waiting."""
    try:
        with open(lab.path("md0"), "r+b", buffering=0) as md0:  # closed if the write fails, too
            md0.write(b"x" * (1 << 20))
    except OSError as error:
        check(has_ended() or error.errno in (errno.ENOMEM, errno.EIO), when + ": " + str(error))
    umount = mdscope("umount", lab.mnt)
    if umount.returncode != 0 and is_mounted(lab.mnt):
        check(has_ended() or "memory" in umount.stderr, when + ": " + umount.stderr)
        subprocess.run(["umount", lab.mnt], check=False)  # asks for no memory, and takes what has ended away
    check(not is_mounted(lab.mnt), when + ": unmounted: " + umount.stderr)


for kib in [20000 + 4000 * step for step in range(60)]:
    mount_with(kib)
print(seen)
check(seen["refused"] > 0 and seen["mounted"] > 0, "both happen: %s" % seen)
lab.mount_or_die()
check(mdscope("wait", lab.mnt).returncode == 0, "in the end the array is in order")
lab.umount()
finish("mount_low_memory")
