#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""mdscope disk: from nothing to a mounted file system, and back, with what was written still there.

As root: ext4 and xfs over a loop device. Without root (through setpriv when this runs as root): ext4 by fuse2fs.
"""

import fcntl
import os
import shutil
import signal
import stat

from lib import *

need_mount()
os.environ.pop("XDG_RUNTIME_DIR", None)  # the array is mounted beside its lab
NOBODY = 65534


class Disk:
    def __init__(self, prefix=(), env=None):
        self.lab = Lab(create=False)
        self.dir = self.lab.base + "/dir"
        os.mkdir(self.dir)
        self.prefix, self.env = list(prefix), env

    def run(self, *words):
        return mdscope(*words, prefix=self.prefix, env=self.env)

    def set_up(self, *words):
        done = self.run("disk", *words, self.lab.lab, self.dir)
        check(done.returncode == 0, "disk %s: %s" % (" ".join(words), done.stderr))
        return done.returncode == 0

    def take_down(self):
        done = self.run("umount", self.dir)
        check(done.returncode == 0, "umount: " + done.stderr)
        check(not [point for point in mount_points() if self.lab.base in point], "everything is unmounted")
        return done.returncode == 0


def refused_twice(disk):
    """Two file systems on one md0 would destroy each other: the second is refused, and the first stays."""
    other = disk.lab.base + "/other"
    os.mkdir(other)
    if disk.prefix:
        os.chown(other, NOBODY, NOBODY)
    second = disk.run("disk", disk.lab.lab, other)
    check(second.returncode == 3 and "a disk already, on " + disk.dir in second.stderr,
          "a disk twice: %d %s" % (second.returncode, second.stderr))
    check(not is_mounted(other) and is_mounted(disk.dir), "a disk twice: the first stays, there is no second")
    if is_mounted(other):
        subprocess.run(["umount", other])
    os.rmdir(other)


def fill_and_find_again(disk, shell, *words):
    """`shell` runs a command as the owner of the disk."""
    if not disk.set_up(*words):
        return
    path = disk.dir + "/hello"
    check(shell("echo from-the-first-mount > %s && sync %s" % (path, path)) == 0, "writing a file")
    again = disk.run("disk", disk.lab.lab, disk.dir)
    check(again.returncode == 1 and "mounted" in again.stderr, "a second disk on the same folder: " + again.stderr)
    refused_twice(disk)
    detail = disk.run("detail", disk.dir)
    check(detail.returncode == 0 and "raid1" in detail.stdout, "a disk's folder stands for its array: " + detail.stderr)
    lab_itself = disk.run("check", disk.lab.lab)
    check(lab_itself.returncode == 1 and "mounted on" in lab_itself.stderr, "check LAB: " + lab_itself.stderr)
    lab_itself = disk.run("umount", disk.lab.lab)
    check(lab_itself.returncode == 1 and "`mdscope umount %s`" % disk.dir in lab_itself.stderr,
          "umount LAB: " + lab_itself.stderr)
    check(disk.take_down(), "down")
    check(not os.path.exists(disk.lab.lab + ".mnt"), "the folder of the array is gone again")
    os.rmdir(disk.dir)  # made if it is missing
    if disk.set_up():
        check(shell("grep -q from-the-first-mount " + path) == 0, "the file is there after a second mount")
        disk.take_down()


def used_by_something_else():
    """Whoever else has md0 open is named at once, before anything is taken down."""
    disk = Disk()
    if not disk.set_up():
        return
    holder = subprocess.Popen(["sh", "-c", "exec 9<%s; echo ready; read line" % (disk.lab.lab + ".mnt/md0")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    try:
        busy = mdscope("umount", disk.dir)
        check(busy.returncode == 3 and "sh[%d]" % holder.pid in busy.stderr, "md0 in use: its user: " + busy.stderr)
        check(is_mounted(disk.dir), "md0 in use: nothing is taken down")
    except subprocess.TimeoutExpired:
        check(False, "md0 in use: umount does not return")
    holder.communicate(b"\n")
    if is_mounted(disk.dir):
        disk.take_down()


def interrupted_mkfs(array_first, disk=None):
    """Ctrl-C while mkfs runs: mkfs has ended, the loop device is gone, and so is the array unless it was there before."""
    disk = disk or Disk()
    tools = disk.lab.base + "/tools"
    os.mkdir(tools)
    started = disk.lab.base + "/started"
    os.mkfifo(started)
    os.chmod(started, 0o666)
    with open(tools + "/mke2fs", "w") as script:
        script.write('#!/bin/sh\nfor target; do :; done\nexec 9<>"$target"\necho $$ > %s\nexec tail -f /dev/null\n' %
                     started)
    os.chmod(tools + "/mke2fs", 0o755)
    point = disk.lab.lab + ".mnt"
    if array_first:
        check(disk.run("create", disk.lab.lab).returncode == 0, "create")
        os.mkdir(point)
        check(disk.run("mount", disk.lab.lab, point).returncode == 0, "mount")
    env = dict(disk.env or os.environ, PATH=tools + ":" + os.environ["PATH"])
    env.pop("XDG_RUNTIME_DIR", None)
    command = subprocess.Popen(disk.prefix + [MDSCOPE, "disk", disk.lab.lab, disk.dir], env=env, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    with open(started) as line:
        mkfs = int(line.read())
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=DEADLINE)
    check(command.returncode == 130 and "interrupted" in err, "Ctrl-C: %d %s" % (command.returncode, err))
    check(not process_exists(mkfs), "Ctrl-C: mkfs has ended")
    loops = subprocess.run(["losetup", "-a"], stdout=subprocess.PIPE, text=True).stdout
    check(disk.lab.base not in loops, "Ctrl-C: no loop device is left: " + loops)
    check(is_mounted(point) == array_first, "Ctrl-C: the array is as it was before")
    check(not is_mounted(disk.dir), "Ctrl-C: no file system")
    if process_exists(mkfs):
        os.kill(mkfs, signal.SIGKILL)
    # The disk is blank again: the next attempt makes its file system.
    if disk.set_up():
        disk.take_down()


def another_one_is_at_work():
    """Two `disk` at once: the second is refused before it has touched anything, and so is a `create` of the same lab."""
    disk = Disk()
    check(mdscope("create", disk.lab.lab, "--size", "16M").returncode == 0, "create")
    lock = os.open(disk.lab.lab, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    busy = disk.run("disk", disk.lab.lab, disk.dir)
    check(busy.returncode == 3 and "another mdscope is at work on" in busy.stderr, "two at once: " + busy.stderr)
    check(not [point for point in mount_points() if disk.lab.base in point], "two at once: the second has mounted nothing")
    check(not os.path.exists(disk.lab.lab + ".mnt"), "two at once: ... and made no folder for it")
    busy = disk.run("create", "--force", disk.lab.lab)
    check(busy.returncode == 3 and "another mdscope is at work on" in busy.stderr, "create meanwhile: " + busy.stderr)
    os.close(lock)
    if disk.set_up():
        disk.take_down()


def umounted_twice_at_once():
    lab = Lab("--size", "8M")
    for _ in range(5):
        lab.mount_or_die()
        both = [subprocess.Popen([MDSCOPE, "umount", lab.mnt], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for _ in range(2)]
        said = [one.communicate(timeout=DEADLINE)[1] for one in both]
        codes = sorted(one.returncode for one in both)
        check(codes in ([0, 0], [0, 1]), "two umounts at once: %s %s" % (codes, said))
        check("Invalid argument" not in "".join(said), "two umounts at once: %s" % said)
        check(not is_mounted(lab.mnt), "two umounts at once: it is unmounted")


def as_root():
    for words in ((), ("--mkfs", "xfs")):
        if words and not shutil.which("mkfs.xfs"):
            print("no mkfs.xfs: xfs is left out")
            continue
        disk = Disk()
        fill_and_find_again(disk, lambda line: subprocess.run(["sh", "-c", line]).returncode, *words)

    disk = Disk()
    if disk.set_up():
        # Somebody who stands in the folder is named, and nothing is taken down.
        holder = subprocess.Popen(["sh", "-c", "echo ready; read line"], cwd=disk.dir, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()
        busy = disk.run("umount", disk.dir)
        check(busy.returncode == 3 and "sh[%d]" % holder.pid in busy.stderr, "busy names its user: " + busy.stderr)
        check(is_mounted(disk.dir), "busy: still mounted")
        holder.communicate(b"\n")
        disk.take_down()
    used_by_something_else()
    another_one_is_at_work()
    umounted_twice_at_once()
    interrupted_mkfs(array_first=False)
    interrupted_mkfs(array_first=True)
    loops = subprocess.run(["losetup", "-a"], stdout=subprocess.PIPE, text=True).stdout
    check(disk.lab.base not in loops, "no loop device is left: " + loops)

    # Something else on md0 is left alone.
    lab = Lab()
    lab.mount_or_die()
    fd = os.open(lab.path("md0"), os.O_WRONLY)
    os.write(fd, b"precious" * 1000)
    os.close(fd)
    lab.umount()
    os.mkdir(lab.base + "/dir")
    refused = mdscope("disk", lab.lab, lab.base + "/dir")
    check(refused.returncode == 1 and "left alone" in refused.stderr, "unknown content is refused: " + refused.stderr)
    lab.mount_or_die()
    check(read(lab.path("md0"))[:8] == "precious", "unknown content is kept")
    lab.umount()


def as_user(prefix, env, own):
    missing = [tool for tool in ("fuse2fs", "fusermount3", "mke2fs") if not shutil.which(tool)]
    if missing:
        print("no %s: the part without root is left out" % ", ".join(missing))
        return
    disk = Disk(prefix, env)
    for path in (disk.lab.base, disk.lab.mnt, disk.dir):
        own(path)
    refused = disk.run("disk", "--mkfs", "xfs", disk.lab.lab, disk.dir)
    check(refused.returncode == 1 and "root" in refused.stderr, "xfs without root: " + refused.stderr)
    fill_and_find_again(
        disk, lambda line: subprocess.run(disk.prefix + ["sh", "-c", line], env=env).returncode)
    if prefix and disk.set_up():  # root is not let in, and takes it down all the same
        shut = mdscope("detail", disk.dir)
        check(shut.returncode == 1 and "nobody else is let in" in shut.stderr, "detail by root: " + shut.stderr)
        done = mdscope("umount", disk.dir, env=env)
        check(done.returncode == 0, "umount by root: " + done.stderr)
        check(not [point for point in mount_points() if disk.lab.base in point], "root has unmounted everything")
        check(not os.path.exists(disk.lab.lab + ".mnt"), "umount by root: the folder of the array is gone again")
    disk = Disk(prefix, env)
    for path in (disk.lab.base, disk.lab.mnt, disk.dir):
        own(path)
    interrupted_mkfs(False, disk)  # it is unmounted by a program then, which must not be interrupted, too


def usage():
    lab = Lab(create=False)
    os.mkdir(lab.base + "/dir")
    for words, code in ((["--size", "-1"], 2), (["--size", "10X"], 2), (["--mkfs", "fat"], 2),
                        (["--size", "64M", "--mkfs", "xfs"], 2 if os.geteuid() == 0 else 1)):
        done = mdscope("disk", *words, lab.lab, lab.base + "/dir")
        check(done.returncode == code and done.stderr, "disk %s: %d %s" % (words, done.returncode, done.stderr))
    check(not os.path.exists(lab.lab), "a refused command makes nothing")


usage()
if os.geteuid() == 0:
    as_root()
    setpriv = shutil.which("setpriv")
    can_mount = setpriv and shutil.which("fusermount3") and os.stat(shutil.which("fusermount3")).st_mode & stat.S_ISUID
    # Others have to be able to reach the binary.
    reachable = setpriv and subprocess.run([setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", MDSCOPE,
                                            "--version"], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL).returncode == 0
    if not os.path.exists("/etc/mtab"):
        print("no /etc/mtab, without which fusermount3 cannot unmount: left out without root")
    elif can_mount and reachable:
        env = {key: value for key, value in os.environ.items() if key != "XDG_RUNTIME_DIR"}
        env["HOME"] = "/"
        as_user([setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"], env,
                lambda path: os.chown(path, NOBODY, NOBODY))
    else:
        print("no setpriv, no setuid fusermount3, or mdscope is out of reach of others: left out without root")
else:
    as_user([], None, lambda path: None)
finish("disk_command")
