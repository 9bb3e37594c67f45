# SPDX-License-Identifier: MIT
"""A virtual machine that boots a kernel and runs a recipe (a shell script, see guest.sh).

What the recipe prints comes line by line on the second serial port. Lines that begin with @ are for us:

    @NAME VALUE    a fact, kept
    @end           the recipe is over
    @cut           the power fails, now

`Machine.run` plays one recipe to its end, and kills the machine after both. To the disks that is a power cut: what was written to them stays, what was on its way is
lost, whatever the guest meant to do next. So no state of a guest outlives its recipe but what is on the images.

A recipe may also read from /dev/ttyS1, and so be told what to do for as long as it is wanted: `start`, `tell`, `lines`, `kill`
(tests/referee/guest.py is such a one).
"""

import os
import select
import subprocess
import time

from kernel import CannotBeTried, pack

DEADLINE = 900  # seconds for one recipe; it takes a few dozen, the processor being emulated
QEMU = ("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "512", "-nodefaults", "-display", "none", "-no-reboot")


class Machine:
    def __init__(self, kernel, folder):
        self.kernel, self.folder, self.process = kernel, folder, None
        self.console = folder + "/console.txt"
        self._pending = b""

    def run(self, recipe, images, say):
        """Boots with `images` as /dev/vda, vdb, ... and gives the facts that the recipe has told."""
        self.start(recipe, images)
        try:
            return self._listen(say)
        finally:
            self.kill()

    def start(self, recipe, images):
        self._pending = b""
        self._start(self._initrd(recipe), images)

    def tell(self, text):
        """Gives it to the recipe, which reads /dev/ttyS1."""
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended; lines() says so.

    def lines(self, deadline=DEADLINE):
        """What the recipe prints, line by line, until the machine ends; CannotBeTried after `deadline` seconds."""
        stream, until = self.process.stdout.fileno(), time.monotonic() + deadline
        while True:
            while b"\n" in self._pending:
                line, self._pending = self._pending.split(b"\n", 1)
                yield line.decode(errors="replace").rstrip("\r")
            if not select.select([stream], [], [], max(0, until - time.monotonic()))[0]:
                raise CannotBeTried("not finished after %d s:\n%s" % (deadline, self.tail()))
            read = os.read(stream, 65536)
            if not read:
                return
            self._pending += read

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
            self.process = None

    def _initrd(self, recipe):
        root = self.folder + "/recipe"
        os.makedirs(root, exist_ok=True)
        with open(root + "/recipe", "w") as file:
            file.write(recipe)
        pack(root, self.folder + "/recipe.cpio")
        path = self.folder + "/initrd"
        with open(path, "wb") as whole:
            for part in (self.kernel.initrd, self.folder + "/recipe.cpio"):
                with open(part, "rb") as file:
                    whole.write(file.read())
        return path

    def _start(self, initrd, images):
        command = list(QEMU) + ["-kernel", self.kernel.image, "-initrd", initrd, "-append", "console=ttyS0 loglevel=4 panic=-1 no_timer_check",
                                "-serial", "file:" + self.console, "-serial", "stdio"]
        for image in images:
            command += ["-drive", "file=%s,if=virtio,format=raw,cache=writeback,file.locking=off" % image]
        with open(self.folder + "/qemu.txt", "w") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)

    def _listen(self, say):
        facts = {}
        for line in self.lines():
            if not line.startswith("@"):
                say(line)
                continue
            name, _, value = line[1:].partition(" ")
            if name in ("end", "cut"):
                return facts
            if name == "give-up":
                raise CannotBeTried(value)
            facts[name] = value
        raise CannotBeTried("the virtual machine ended by itself:\n" + self.tail())

    def tail(self):
        text = ""
        for path in (self.folder + "/qemu.txt", self.console):
            if os.path.exists(path):
                with open(path, errors="replace") as file:
                    text += file.read()[-1500:]
        return text
