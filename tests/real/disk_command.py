#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""mdscope disk: from nothing to a mounted file system, and back, with what was written still there.

As root: ext4 and xfs over a loop device. Without root (through setpriv when this runs as root): ext4 by fuse2fs.
"""

import os
import shutil
import stat

from lib import *

need_mount()
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
        with open("/proc/self/mountinfo") as lines:
            check(self.lab.base not in lines.read(), "everything is unmounted")
        return done.returncode == 0


def fill_and_find_again(disk, shell, *words):
    """`shell` runs a command as the owner of the disk."""
    if not disk.set_up(*words):
        return
    path = disk.dir + "/hello"
    check(shell("echo from-the-first-mount > %s && sync %s" % (path, path)) == 0, "writing a file")
    again = disk.run("disk", disk.lab.lab, disk.dir)
    check(again.returncode == 1 and "mounted" in again.stderr, "a second disk on the same folder: " + again.stderr)
    check(disk.take_down(), "down")
    check(not os.path.exists(path), "the folder is empty again")
    if disk.set_up():
        check(shell("grep -q from-the-first-mount " + path) == 0, "the file is there after a second mount")
        disk.take_down()


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
