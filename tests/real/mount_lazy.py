#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
# SPDX-License-Identifier: MIT
"""A lazy unmount (umount -l, fusermount3 -uz): the mount leaves the name space, and what is open goes on.

Who waits for something that nobody can bring about any more is let go: readers of lab/trace_pipe come to the end, and
what lab/hold keeps is released, for the files to do that with are out of reach. Whoever has md0 open keeps a disk. When
the last file is closed the array is stopped in order and the process ends.
"""

import errno
import os

from lib import *

need_mount()
DATA = os.urandom(1 << 16)


def unmount_lazily(lab):
    tool = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-u", "-z"]
    subprocess.run(tool + [lab.mnt], check=True)
    check(not is_mounted(lab.mnt), "out of the name space")


def read_to_the_end(fd, done):
    while os.read(fd, 1 << 16):
        pass
    close(fd)
    done.set()


def waiting_reader(lab):
    """A reader of the trace that has seen the header and waits for more."""
    done = threading.Event()
    fd = os.open(lab.path("lab/trace_pipe"), os.O_RDONLY)
    os.read(fd, 1 << 16)
    threading.Thread(target=read_to_the_end, args=(fd, done), daemon=True).start()
    return done


def ends_cleanly(lab, what):
    pid = lab.pid
    if wait_for(lambda: not process_exists(pid), what + ": the daemon ends", 20):
        lab.pid = 0
    text = read(lab.lab + "/container.json")
    check('"dirty": false' in text, what + ": the array was stopped")


def story_readers_of_the_trace():
    lab = Lab()
    lab.mount_or_die()
    readers = [waiting_reader(lab) for _ in range(3)]
    unmount_lazily(lab)
    for done in readers:
        check(done.wait(DEADLINE), "a reader comes to the end of the file")
    ends_cleanly(lab, "nothing is open")


def story_an_unmount_beside_a_program_that_looks():
    """It has a file open again and again, and never for long."""
    lab = Lab()
    for _ in range(10):
        lab.mount_or_die()
        looker = subprocess.Popen(["sh", "-c", 'while [ -e "$1" ]; do cat "$1" > /dev/null; done', "sh",
                                   lab.path("lab/snapshot")], stderr=subprocess.DEVNULL)
        done = lab.umount()
        looker.terminate()
        looker.wait(DEADLINE)
        if done.returncode != 0:
            return check(False, "umount: " + done.stderr)


def story_an_open_disk():
    lab = Lab()
    lab.mount_or_die()
    reader = waiting_reader(lab)
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, DATA, 0)
    unmount_lazily(lab)
    check(reader.wait(DEADLINE), "the reader comes to the end of the file")
    check(process_exists(lab.pid), "the disk is open, and there")
    check(os.pwrite(fd, DATA, 1 << 20) == len(DATA) and os.pread(fd, len(DATA), 0) == DATA, "and can be used")
    os.fsync(fd)
    os.close(fd)
    ends_cleanly(lab, "md0 is closed")
    lab.mount_or_die()
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    check(os.pread(fd, len(DATA), 1 << 20) == DATA, "what was written is there")
    os.close(fd)
    check(lab.umount().returncode == 0, "umount")


def story_what_is_held():
    lab = Lab()
    lab.mount_or_die()
    fd = os.open(lab.path("md0"), os.O_RDWR)
    check(lab.store("lab/hold", "bitmap data") == 0, "hold")
    answers = []
    writer = threading.Thread(target=lambda: answers.append(os.pwrite(fd, DATA, 0)), daemon=True)
    writer.start()
    wait_for(lambda: " held " in lab.read("lab/bios"), "the write is held")
    unmount_lazily(lab)
    writer.join(DEADLINE)
    check(answers == [len(DATA)], "the write ends, since nobody could release it any more: %s" % answers)
    if writer.is_alive():
        os.kill(lab.pid, signal.SIGTERM)
        return
    os.close(fd)
    ends_cleanly(lab, "what was held")


def story_a_second_name():
    """A bind mount is the same file system: as long as it is there, nothing ends."""
    if os.geteuid() != 0:
        return
    lab = Lab()
    lab.mount_or_die()
    second = lab.base + "/second"
    os.mkdir(second)
    subprocess.run(["mount", "--bind", lab.mnt, second], check=True)
    reader = waiting_reader(lab)
    unmount_lazily(lab)
    check(store(second + "/lab/hold", "bitmap") == 0 and read(second + "/lab/hold") != "", "the other name works")
    check(not reader.is_set(), "the reader waits on")
    subprocess.run(["umount", "-l", second], check=True)
    check(reader.wait(DEADLINE), "with the last name its end has come")
    ends_cleanly(lab, "two names")


run_stories(globals())
finish("mount_lazy")
