#!/usr/bin/env python3
# ctest: TIMEOUT 240 RUN_SERIAL 1 LABELS sanitize
# SPDX-License-Identifier: MIT
"""Nothing starves: with data requests stuck and a stop asleep, every control file answers in under 100 ms.

Goal: whoever looks into a stuck array gets an answer. Method: lab/hold keeps all data writes; 64 writers get stuck, then
300 (more than the session gives threads to); a forced stop goes to sleep behind them; every readable file is read and
timed. The stop's writer is interrupted: it answers EINTR at once, and the stop goes on. Releasing lets all of it end.
"""

import errno
import os
import signal
import subprocess
import sys
import threading

from lib import *

need_mount()
LIMIT = 0.1 if not sanitized() else 1


def readable_files(lab):
    for folder, _, names in os.walk(lab.mnt):
        for name in names:
            path = os.path.join(folder, name)
            if name not in ("md0", "trace_pipe") and not os.path.islink(path) and os.stat(path).st_mode & 0o400:
                yield path


def time_of_read(path):
    start = time.monotonic()
    read(path)
    return time.monotonic() - start


def all_answer(lab, when):
    paths = list(readable_files(lab))
    check(len(paths) > 40, "%s: only %d files found" % (when, len(paths)))
    for path in paths:
        least = best_of(lambda: time_of_read(path), LIMIT)  # starving is every read
        check(least < LIMIT, "%s: %s took %.0f ms" % (when, path, least * 1000))


class Writer(threading.Thread):
    def __init__(self, path, offset):
        super().__init__(daemon=True)
        self.fd = os.open(path, os.O_RDWR)
        self.offset = offset
        self.result = None

    def run(self):
        try:
            self.result = os.pwrite(self.fd, b"x" * 4096, self.offset)
        except OSError as error:
            self.result = -error.errno
        os.close(self.fd)


def held_bios(lab):
    return sum(1 for line in lab.read("lab/bios").splitlines() if " held " in line)


def stuck_writers(lab, first, count):
    writers = [Writer(lab.path("md0"), (first + i) * 65536) for i in range(count)]
    for writer in writers:
        writer.start()
    return writers


def stop_sleeps(lab):
    return "sync_blockdev" in lab.read("lab/tasks")  # before do_md_stop: it waits for the requests that are inside


lab = Lab("--size", "64M")
lab.mount_or_die()
check(lab.store("lab/hold", "data") == 0, "hold data is accepted")

writers = stuck_writers(lab, 0, 64)
wait_for(lambda: held_bios(lab) >= 64, "64 writers stuck")
all_answer(lab, "64 stuck")

writers += stuck_writers(lab, 64, 300)
wait_for(lambda: held_bios(lab) >= 250, "more writers stuck than there are threads for data")
all_answer(lab, "364 stuck")
check(all(writer.result is None for writer in writers), "no writer got through a hold")

# write(2) itself: Python's os.write starts again after EINTR.
stopper = subprocess.Popen([sys.executable, "-c", """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGINT, lambda *_: None)
signal.siginterrupt(signal.SIGINT, True)
fd = os.open(sys.argv[1], os.O_WRONLY)
sys.exit(0 if libc.write(fd, b"force", 5) == 5 else ctypes.get_errno())
""", lab.path("lab/stop")])
wait_for(lambda: stop_sleeps(lab), "the stop is asleep")
check(stopper.poll() is None, "the stop waits for the writers")
all_answer(lab, "364 stuck, a stop asleep")

os.kill(stopper.pid, signal.SIGINT)
try:
    answer = stopper.wait(DEADLINE)
    check(answer == errno.EINTR, "an interrupted store into lab/stop answers EINTR: %d" % answer)
except subprocess.TimeoutExpired:
    check(False, "an interrupted store into lab/stop answers")
    stopper.kill()
check(stop_sleeps(lab), "the stop goes on after its writer was interrupted")

check(lab.store("lab/hold", "off") == 0, "hold is lifted")
wait_for(lambda: lab.store("lab/release", "all") == 0 and not any(w.is_alive() for w in writers), "all writers answered")
check(all(writer.result in (4096, -errno.EIO) for writer in writers), "writers end with success or EIO: %s" %
      sorted(set(writer.result for writer in writers), key=str))
wait_for(lambda: lab.read("md/array_state") == "clear", "the stop came to its end")
all_answer(lab, "stopped")
check(os.stat(lab.path("md0")).st_size == 0, "md0 has size 0 after a stop")
check(errno_of(os.open, lab.path("md0"), os.O_RDONLY) == errno.ENODEV, "opening md0 after a stop is ENODEV")
check(lab.umount().returncode == 0, "umount")
finish("mount_nothing_starves")
