# SPDX-License-Identifier: MIT
"""Linux, as the referee asks it: one guest that stays, is given scripts, and is booted again after a power cut.

    linux = Guest(kernel, folder, [image, ...])      the images are /dev/vda, vdb, ...
    linux.run("cat /proc/mdstat")                    what it printed; the guest is booted when it is first needed
    linux.cut()                                      qemu is killed: what the disks had taken stays

The images are opened without locks, so mdscope may have them whenever no array of the guest does. Before the guest reads what
was written meanwhile it has to `forget` (guest.sh).
"""

import os
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, TOP + "/assets/found-in-linux/linux")

from kernel import CannotBeTried, packaged_kernel  # noqa: E402
from machine import Machine  # noqa: E402

BOOT_DEADLINE, DEADLINE = 300, 400  # seconds, for slow machines; a boot takes ten, a script a few


class Guest:
    def __init__(self, kernel, folder, images):
        os.makedirs(folder, exist_ok=True)
        self.images, self.boots, self.seconds = images, 0, 0.0
        self.machine = Machine(kernel, folder)

    def run(self, script, deadline=DEADLINE):
        """What it printed. An exit status that is not 0 does not matter: what is printed is compared."""
        begun = time.monotonic()
        self.boot()
        text = script.encode()
        self.machine.tell("%d\n%s" % (len(text), script))
        said = []
        for line in self.machine.lines(deadline):
            if line.startswith("@done "):
                self.seconds += time.monotonic() - begun
                return "\n".join(said).strip("\n")
            said.append(line)
        raise CannotBeTried("the guest ended by itself:\n%s\n%s" % ("\n".join(said), self.machine.tail()))

    def boot(self):
        if self.machine.process is not None:
            return
        with open(HERE + "/guest.sh") as file:
            self.machine.start(file.read(), self.images)
        self.boots += 1
        for line in self.machine.lines(BOOT_DEADLINE):
            if line == "@ready":
                return
        raise CannotBeTried("the guest does not boot:\n" + self.machine.tail())

    def cut(self):
        self.machine.kill()


# What the packaged kernels are to mdscope: its newest era that is not newer. The name of an era is the last kernel it is
# of; these are those of Debian 12, of 13, and of its backports.
ERAS = (((6, 1), "6.1.192"), ((6, 12), "6.12.117"), ((7, 0), "7.2"), ((7, 3), "7.3.4"))
COMPARED = ("6.1.192",)  # the list of differences is about these


def era_of(kernel):
    version = tuple(int(number) for number in re.search(r" (\d+)\.(\d+)", kernel.name).groups())
    return [era for first, era in ERAS if first <= version][-1]


def guest_kernel(suite):
    """CannotBeTried where there is no qemu, no kernel to be had, or one that nobody has asked for."""
    kernel = packaged_kernel(suite)
    if suite is None and era_of(kernel) not in COMPARED:
        raise CannotBeTried("%s: the list of differences is about %s (--suite tries others)" % (kernel.name, ", ".join(COMPARED)))
    if not shutil.which("qemu-system-x86_64"):
        raise CannotBeTried("no qemu-system-x86_64")
    return kernel
