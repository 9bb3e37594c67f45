#!/usr/bin/env python3
# ctest: TIMEOUT 240 RUN_SERIAL 1 LABELS sanitize
# SPDX-License-Identifier: MIT
"""Requests over io_uring: said, refused where the kernel cannot, and none is left behind when all entries are taken.

Method: the process is stopped while a hundred writers of one CPU, whose writes are held, ask at once. So the kernel has many
more requests than entries, and those for which there was none lie in its list when the process goes on. They have to come out
of it though nothing is answered; and what asks afterwards, on the same CPU, has to be answered.
"""

import os
import subprocess
import sys
import tempfile

from lib import *

PARAMETER = "/sys/module/fuse/parameters/enable_uring"
need_mount(100)
if not os.path.exists(PARAMETER):
    skip("this kernel does not serve FUSE over io_uring (Linux 6.14, CONFIG_FUSE_IO_URING)")
need_root("to turn on FUSE over io_uring")
if os.environ.get("MDSCOPE_MOUNT_OPTIONS") != "uring=on":  # tests/real/over_uring turns it on, and off again
    os.execv(TOP + "/tests/real/over_uring", ["over_uring"] + [os.path.abspath(sys.argv[0])])

WRITERS = 100


def mounted(lab, *words):
    return mdscope("mount", *words, lab.lab, lab.mnt)


def one_cpu():
    return sorted(os.sched_getaffinity(0))[0]


def writers_of_one_cpu(lab):
    """Each its own process, so that each asks before any other has been answered."""
    script = """
import os, sys
os.sched_setaffinity(0, {%d})
fd = os.open(sys.argv[1], os.O_RDWR)
children = []
print("open", flush=True)
sys.stdin.readline()
for i in range(%d):
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if os.pwrite(fd, b"x" * 4096, i * 65536) == 4096 else 1)
        except OSError:
            os._exit(1)
    children.append(child)
print("asking", flush=True)
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children))
""" % (one_cpu(), WRITERS)
    return subprocess.Popen([sys.executable, "-c", script, lab.path("md0")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)


def wait_channel(pid):
    try:
        with open("/proc/%d/wchan" % pid) as name:
            return name.read()
    except OSError:
        return ""


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as pids:
        return [int(word) for word in pids.read().split()]


def held_writes(lab):
    return sum(" held " in line for line in lab.read("lab/bios").splitlines()) // 2  # a write is two bios


def ask_while_stopped(lab):
    writers = writers_of_one_cpu(lab)
    writers.stdout.readline()
    os.kill(lab.pid, signal.SIGSTOP)
    writers.stdin.write("\n")
    writers.stdin.flush()
    writers.stdout.readline()
    wait_for(lambda: sum("request" in wait_channel(pid) for pid in children_of(writers.pid)) == WRITERS, "all of them ask")
    os.kill(lab.pid, signal.SIGCONT)
    return writers


def story_no_such_option():
    lab = Lab()
    answer = mounted(lab, "-o", "uring=perhaps")
    check(answer.returncode == 2 and "uring=perhaps" in answer.stderr, "no such option: " + answer.stderr)
    lab.clean()


def story_both_are_named():
    lab = Lab()
    for way, says in (("on", "over io_uring"), ("off", "by reading /dev/fuse"), ("auto", "by reading /dev/fuse")):
        lab.mount_or_die("-o", "uring=" + way)
        wait_for(lambda: lab.read("lab/served").startswith(says), "%s: served %s" % (way, lab.read("lab/served")))
        check("served " + says in mdscope("detail", lab.mnt).stdout, way + ": detail says how")
        check("served " + says in lab.read("lab/log"), way + ": the log says how")
        check("uring=" + ("off" if way == "on" else "on") in lab.read("lab/served"), way + ": the other way is named")
        check(lab.umount().returncode == 0, way + ": umount")
    lab.clean()


def story_where_it_is_turned_off():
    lab = Lab()
    with open(PARAMETER, "w") as parameter:
        parameter.write("N")
    answer = mounted(lab)
    check(answer.returncode == 1 and "echo Y > " + PARAMETER in answer.stderr, "it says how to turn it on: " + answer.stderr)
    check(mounted(lab, "-o", "uring=auto").returncode == 0, "auto goes without")
    check("echo Y > " + PARAMETER in mdscope("detail", lab.mnt).stdout, "so does detail")
    check(mdscope("umount", lab.mnt).returncode == 0, "umount")
    with open(PARAMETER, "w") as parameter:
        parameter.write("Y")
    lab.clean()


def story_more_requests_than_entries():
    lab = Lab()
    lab.mount_or_die()
    check(lab.store("lab/hold", "data") == 0, "hold data is accepted")
    writers = ask_while_stopped(lab)
    os.sched_setaffinity(0, {one_cpu()})
    wait_for(lambda: held_writes(lab) == WRITERS, "all of them have come: %d" % held_writes(lab), 10)
    check(lab.store("lab/hold", "off") == 0 and lab.store("lab/release", "all") == 0, "released")
    check(writers.wait(timeout=DEADLINE) == 0, "all have written")
    check(lab.umount().returncode == 0, "umount")
    lab.clean()


def story_killed_with_all_entries_taken():
    lab = Lab()
    lab.mount_or_die()
    check(lab.store("lab/hold", "data") == 0, "hold data is accepted")
    writers = ask_while_stopped(lab)
    os.kill(lab.pid, signal.SIGKILL)
    check(writers.wait(timeout=DEADLINE) == WRITERS, "each is told that its write has failed")
    wait_for(lambda: not process_exists(lab.pid), "the process is gone")
    mdscope("umount", lab.mnt)
    lab.mount_or_die()
    check(lab.umount().returncode == 0, "umount")
    lab.clean()


class Connections:
    """fusectl, mounted for as long as it is needed."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        subprocess.run(["mount", "-t", "fusectl", "none", self.folder], check=True)
        return self

    def abort(self, mountpoint):
        with open("%s/%d/abort" % (self.folder, os.minor(os.stat(mountpoint).st_dev)), "w") as abort:
            abort.write("1")

    def __exit__(self, *_):
        subprocess.run(["umount", self.folder], check=True)
        os.rmdir(self.folder)


def story_aborted_with_all_entries_taken():
    """What is answered afterwards has no entry any more; the array is stopped in order all the same."""
    lab = Lab()
    lab.mount_or_die()
    check(lab.store("lab/hold", "data") == 0, "hold data is accepted")
    writers = ask_while_stopped(lab)
    wait_for(lambda: held_writes(lab) == WRITERS, "all of them have come")
    with Connections() as connections:
        connections.abort(lab.mnt)
    check(writers.wait(timeout=DEADLINE) == WRITERS, "each is told that its write has failed")
    wait_for(lambda: not process_exists(lab.pid), "the process ends by itself")
    mdscope("umount", lab.mnt)
    lab.mount_or_die()
    check(lab.umount().returncode == 0, "umount")
    lab.clean()


run_stories(globals())
finish("mount_uring")
