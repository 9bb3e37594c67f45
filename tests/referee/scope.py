# SPDX-License-Identifier: MIT
"""mdscope, as the referee asks it: the same questions as Linux is asked, on the same images."""

import os
import select
import shutil
import signal
import subprocess
import sys
import time

from guest import CannotBeTried

HERE = os.path.dirname(os.path.abspath(__file__))
MDSCOPE = os.path.abspath(os.environ.get("MDSCOPE", HERE + "/../../build/mdscope"))
DEADLINE = 120  # seconds, for slow machines


def need_fuse():
    if not os.access(MDSCOPE, os.X_OK):
        raise CannotBeTried("no mdscope at " + MDSCOPE)
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise CannotBeTried("no /dev/fuse, or no right to open it")
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        raise CannotBeTried("neither root nor fusermount3")


def mdscope(*words):
    done = subprocess.run([MDSCOPE] + list(words), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=DEADLINE)
    return done.returncode, (done.stdout + done.stderr).strip()


def created(folder, *words):
    """A lab, whose images are called as the guest calls its disks: vda.img, vdb.img, ..."""
    code, said = mdscope("create", folder, *words)
    if code != 0:
        sys.exit("mdscope create: " + said)
    images = []
    for name in sorted(os.listdir(folder)):
        os.rename("%s/%s" % (folder, name), "%s/v%s" % (folder, name[1:]))
        images.append("%s/v%s" % (folder, name[1:]))
    return images


class Mount:
    """An array of images on a folder of its own."""

    def __init__(self, folder):
        self.folder, self.pid = folder, 0
        os.makedirs(folder, exist_ok=True)

    def mount(self, images, *options):
        """What it said if it was refused."""
        code, said = mdscope("mount", *options, *images, self.folder)
        if code != 0:
            return said or "exit status %d" % code
        self.pid = int(self.read("lab/pid"))
        return ""

    def umount(self):
        code, said = mdscope("umount", self.folder)
        self.pid = 0
        return "" if code == 0 else said

    def kill(self):
        """kill -9: what a power cut is to a program."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait(lambda: not os.path.exists("/proc/%d" % self.pid), "the end of the mount")
        self.pid = 0
        self.take_away()

    def take_away(self):
        tool = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-uz"]
        subprocess.run(tool + [self.folder], stderr=subprocess.DEVNULL)

    def clean(self):
        if self.pid:
            self.kill()

    def read(self, name):
        try:
            with open("%s/%s" % (self.folder, name)) as file:
                return file.read().strip("\n")
        except OSError as error:
            return "!" + os.strerror(error.errno)

    def store(self, name, value):
        """One write(2); "ok", or the error in words."""
        try:
            fd = os.open("%s/%s" % (self.folder, name), os.O_WRONLY)
            try:
                os.write(fd, value.encode())
            finally:
                os.close(fd)
            return "ok"
        except OSError as error:
            return os.strerror(error.errno)

    def settle(self):
        """Nothing is being copied, and nothing is about to be."""
        code, said = mdscope("wait", self.folder)
        return "" if code == 0 else said

    def wait(self, condition, what):
        until = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError("waited %d s for %s" % (DEADLINE, what))
            self.pause()

    @staticmethod
    def pause():
        """Between two looks."""
        select.select([], [], [], 0.02)
