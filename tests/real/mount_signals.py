#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
# SPDX-License-Identifier: MIT
"""What signals do to a mount.

SIGTERM and SIGINT with md0 closed: the array is stopped cleanly and unmounted. With md0 open: what md does at a reboot
(writes stopped, bitmap flushed, marked clean), then a lazy unmount. kill -9: the mount is dead (ENOTCONN), `umount`
takes it away, and the next mount resyncs what the bitmap says. Data that was synced is there in every case.
"""

import errno
import os
import shutil
import signal
import threading

from lib import *

need_mount()
DATA = os.urandom(1 << 20)


def write_synced(lab):
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, DATA, 3 << 20)
    os.fsync(fd)
    return fd


def data_is_there(lab):
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    same = os.pread(fd, len(DATA), 3 << 20) == DATA
    close(fd)
    return same


def sidecar_says_dirty(lab):
    return '"dirty": true' in read(lab.lab + "/container.json").replace('":true', '": true')


def ends_by(lab, number):
    os.kill(lab.pid, number)
    if wait_for(lambda: not process_exists(lab.pid), "the daemon ends after signal %d" % number):
        lab.pid = 0


def mount_again(lab, when):
    done = lab.mount()
    check(done.returncode == 0, when + ": mount again: " + done.stderr)
    check(mdscope("wait", lab.mnt).returncode == 0, when + ": idle")
    check(data_is_there(lab), when + ": the synced data is there")


lab = Lab(*SLOW_DAEMON)
for number in (signal.SIGTERM, signal.SIGINT):
    lab.mount_or_die()
    os.close(write_synced(lab))
    ends_by(lab, number)
    check(not is_mounted(lab.mnt), "signal %d: unmounted" % number)
    check(not sidecar_says_dirty(lab), "signal %d: stopped clean" % number)
mount_again(lab, "after signals")
lab.umount()


# Ctrl-C while it mounts: what answers 130 has mounted nothing, at whatever moment it came.
def children_of(pid):
    try:
        return [int(word) for word in read("/proc/%d/task/%d/children" % (pid, pid)).split()]
    except OSError:  # it is over
        return []


# `stopped`: the one that mounts stands still while the signal comes. `turns`: it comes a little later each time;
# nothing depends on how much.
def interrupted_mount(turns, stopped=False):
    command = subprocess.Popen([MDSCOPE, "mount", lab.lab, lab.mnt], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)
    child = []
    while command.poll() is None and not child:
        child = children_of(command.pid)
    if stopped and child:
        os.kill(child[0], signal.SIGSTOP)
    for _ in range(turns):
        os.sched_yield()
    if command.poll() is None:
        os.killpg(command.pid, signal.SIGINT)
    if stopped and child:
        os.kill(child[0], signal.SIGCONT)
    said = "".join(command.communicate(timeout=DEADLINE))
    check(command.returncode in (0, 130), "Ctrl-C while it mounts: %d %s" % (command.returncode, said))
    check(is_mounted(lab.mnt) == (command.returncode == 0), "after %d: %s" % (command.returncode, said))
    if command.returncode == 0:
        check(mdscope("umount", lab.mnt).returncode == 0, "it is taken down")
    return command.returncode


for turns in (0, 1, 10, 100, 1000, 3000, 10000, 30000):
    interrupted_mount(turns)
check(any(interrupted_mount(0, stopped=True) == 130 for _ in range(100)), "one of them was interrupted in time")
lab.mount_or_die()
check(data_is_there(lab), "the data is there after all that")

# What a file of a connection that is gone says; over io_uring its last request may be told that it was aborted.
DEAD = (errno.ENOTCONN, errno.EIO, errno.ECONNABORTED)

# With md0 open.
fd = write_synced(lab)
ends_by(lab, signal.SIGTERM)
check(not is_mounted(lab.mnt), "SIGTERM while open: lazily unmounted")
check(errno_of(os.pread, fd, 10, 0) in DEAD, "SIGTERM while open: the file is dead")
close(fd)
check(not sidecar_says_dirty(lab), "SIGTERM while open: marked clean")
mount_again(lab, "after SIGTERM while open")

# With bios held: they are released, or the stop would wait for somebody who has gone.
lab.store("lab/hold", "bitmap superblock data")
ends_by(lab, signal.SIGTERM)
mount_again(lab, "after SIGTERM with a hold")

# kill -9.
fd = write_synced(lab)
ends_by(lab, signal.SIGKILL)
check(errno_of(os.pread, fd, 10, 0) in DEAD, "kill -9: the file is dead")
close(fd)
check(errno_of(os.stat, lab.mnt) == errno.ENOTCONN, "kill -9: the mount is dead")
refused = lab.mount()
check(refused.returncode == 1 and "umount" in refused.stderr, "kill -9: mount says what to do: " + refused.stderr)
check(mdscope("detail", lab.mnt).returncode == 1, "kill -9: commands fail with a message")
gone = mdscope("umount", lab.mnt)
check(gone.returncode == 0 and not is_mounted(lab.mnt), "kill -9: umount takes it away: " + gone.stderr)
mount_again(lab, "after kill -9")

# An unmount by hand stops the array too.
tool = ["umount", lab.mnt] if os.geteuid() == 0 else ["fusermount3", "-u", lab.mnt]
pid, lab.pid = lab.pid, 0
subprocess.run(tool, check=True)
wait_for(lambda: not process_exists(pid), "the daemon ends after umount(8)")
check(not sidecar_says_dirty(lab), "umount(8): stopped clean")

# Opening md0 waits for a stop that is asleep, as on Linux; any signal ends that wait.
lab.mount_or_die()
os.close(write_synced(lab))
lab.store("lab/hold", "bitmap")
stopper = subprocess.Popen([MDSCOPE, "stop", lab.mnt], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wait_for(lambda: "do_md_stop" in lab.read("lab/tasks") and lab.read("lab/pending_writes") != "mddev 0\nbitmap 0",
         "the stop is asleep")
for number in (signal.SIGINT, signal.SIGKILL):
    opener = subprocess.Popen(["cat", lab.path("md0")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: "md_open" in lab.read("lab/tasks"), "the open waits for the stop")
    opener.send_signal(number)
    wait_for(lambda: opener.poll() is not None, "signal %d ends the wait for md0" % number)
    wait_for(lambda: "md_open" not in lab.read("lab/tasks"), "signal %d: nobody waits in md_open" % number)
check(stopper.poll() is None, "the stop sleeps on")
lab.store("lab/hold", "off")
lab.store("lab/release", "all")
stopper.wait(timeout=DEADLINE)
opener.wait(timeout=DEADLINE)
check(lab.read("md/array_state") == "clear", "the stop came to its end: the interrupted opens do not count")
lab.umount()

# The folder of the lab is removed: nothing can be recorded any more. A write that would have to wait for that is an
# error, it is said once, and the ends are as ever.
for how in ("umount", "SIGTERM"):
    orphan = Lab(*SLOW_DAEMON)
    orphan.mount_or_die()
    shutil.rmtree(orphan.lab)
    fd = os.open(orphan.path("md0"), os.O_RDWR)
    errors = []
    writer = threading.Thread(target=lambda: errors.extend(errno_of(os.pwrite, fd, DATA, at << 20) for at in (0, 1)),
                              daemon=True)
    writer.start()
    if not wait_for(lambda: not writer.is_alive(), "no lab, %s: writes end" % how):
        continue
    check(errors == [errno.EIO, errno.EIO], "no lab, %s: writes are errors: %s" % (how, errors))
    check(orphan.read("lab/log").count("was removed; nothing can be recorded any more") == 1, "no lab: said once, in words")
    if how == "umount":
        os.close(fd)
        done = orphan.umount()
        check(done.returncode == 0 and "array stopped" in done.stdout, "no lab: umount: " + done.stderr)
    else:
        ends_by(orphan, signal.SIGTERM)
        close(fd)
    check(not is_mounted(orphan.mnt), "no lab, %s: unmounted" % how)

# In front: Ctrl-C ends it, the log is printed.
front = subprocess.Popen([MDSCOPE, "mount", "-f", lab.lab, lab.mnt], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
wait_for(lambda: os.path.exists(lab.path("lab/pid")), "mounted in front")
front.send_signal(signal.SIGINT)
out, err = front.communicate(timeout=DEADLINE)
check(front.returncode == 0, "-f ends with 0 after Ctrl-C: %d" % front.returncode)
check("is mounted" in out and "raid1" in err, "-f prints the mount and the log")
check(not is_mounted(lab.mnt), "-f: unmounted")
finish("mount_signals")
