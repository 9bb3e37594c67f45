# SPDX-License-Identifier: MIT
"""One lab whose process is killed at a chosen system call, and what must hold of what is left.

The lab is small (3 MiB of data), so that all of it is read and compared each time. Everything that is written is kept
beside it, sector by sector: what was acknowledged, and what was on its way. libkill_at_call.so
(tests/real/preload/kill_at_call.cpp) counts the calls of all processes on files of the lab, and ends the one that makes
the chosen one.
"""

import mmap
import struct
import threading

from lib import *

OK, BUSY, UNUSABLE = 0, 3, 4
PRELOAD = os.path.join(os.path.abspath(os.environ.get("HELPERS", TOP + "/build")), "libkill_at_call.so")
KINDS = ("metadata", "data", "durable")
SECTOR, CHUNK = 512, 65536
counting = threading.Lock()


class Killed(Exception):
    """The process was ended at the chosen call; nothing more is to be done with it."""


class Control:
    """Shared with the processes: struct Control of kill_at_call.cpp."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as made:
            made.write(bytes(4096))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 4096)

    def word(self, at):
        return struct.unpack_from("<I", self.map, at)[0]

    def set_word(self, at, value):
        struct.pack_into("<I", self.map, at, value)

    def arm(self, kind="", number=0, torn=False):
        for i, name in enumerate(KINDS):
            self.set_word(4 + 4 * i, 0)
            self.set_word(16 + 4 * i, number if name == kind else 0)
        self.set_word(28, torn)
        self.set_word(40, 0)
        self.map[44:256] = bytes(212)
        self.set_word(0, 1)

    def disarm(self):
        self.set_word(0, 0)

    def forgive(self):
        """From here on it is no news that a process was ended."""
        self.set_word(40, 0)

    def set_data_offset(self, value):
        struct.pack_into("<Q", self.map, 32, value)

    def counts(self):
        return {name: self.word(4 + 4 * i) for i, name in enumerate(KINDS)}

    def ended(self):
        return self.word(40)

    def call(self):
        return self.map[44:256].split(b"\0")[0].decode()


def stamp(first_sector, sectors, version):
    return b"".join(struct.pack("<QQ", first_sector + i, version) * (SECTOR // 16) for i in range(sectors))


class Model:
    """What each sector may hold. `acked`: what must be read; `also`: what a write that was not acknowledged may have left."""

    def __init__(self, size):
        self.acked = bytearray(size)
        self.also = {}
        self.loose = set()  # where members differ, and nothing was promised
        self.version = 0

    def grow(self, size):
        self.acked += bytes(size - len(self.acked))

    def issue(self, offset, size):
        self.version += 1
        data = stamp(offset // SECTOR, size // SECTOR, self.version)
        for at in range(0, size, SECTOR):
            self.also.setdefault(offset + at, []).append(data[at:at + SECTOR])
        return data

    def acknowledge(self, offset, data):
        self.acked[offset:offset + len(data)] = data
        for at in range(0, len(data), SECTOR):
            self.also.pop(offset + at, None)

    def wrong(self, data):
        """The first sector that holds what it must not, or nothing."""
        if data == self.acked[:len(data)]:
            return None
        for at in range(0, len(data), SECTOR):
            found = bytes(data[at:at + SECTOR])
            if found != self.acked[at:at + SECTOR] and found not in self.also.get(at, []) and at not in self.loose:
                return at // SECTOR
        return None

    def forget(self, offset, size):
        self.loose |= set(range(offset, offset + size, SECTOR))

    def settle(self, data):
        """What was read is what is there from now on."""
        self.acked[:len(data)] = data
        self.also = {}


class Twin(Lab):
    rows = []  # of variants, as `mount` takes them: with those of md the test has to fail

    def __init__(self, home, what):
        super().__init__(create=False)
        self.home, self.what = home, what
        self.control = Control(self.base + "/control")
        self.env = dict(os.environ, LD_PRELOAD=PRELOAD, KILL_AT_CALL=self.control.path, KILL_AT_CALL_BELOW=self.lab + "/")
        self.bitmap = self.lab + "/bitmap" if home == "file" else home
        self.model = None
        self.extra = set()  # images beside sda and sdb
        self.is_whole = False  # both members are in sync, whatever happens
        self.daemon_is_gone = False

    # ---- steps

    def holds(self, condition, what):
        with counting:
            check(condition, "%s: %s" % (self.what, what))
        return condition

    def command(self, *words, want=(OK,)):
        """Raises Killed if the process was ended by it, or before it came to its end."""
        done = mdscope(*words, env=self.env)
        if self.control.ended():
            raise Killed
        self.holds(done.returncode in want, "%s: %d %s" % (" ".join(words), done.returncode, done.stderr.strip()))
        return done

    def create_words(self):
        return ["create", self.lab, "--size", "4M", "--bitmap", self.bitmap, "--delay", "600s"]

    def mount_words(self, *words):
        words = list(words) + self.rows
        if self.home == "file":
            words += ["--bitmap", self.bitmap]
        return ["mount"] + words + [self.lab, self.mnt]

    def start(self, *words):
        self.command(*self.mount_words(*words))
        self.look_at()

    def look_at(self):
        self.pid = int(self.read("lab/pid"))
        size = os.stat(self.path("md0")).st_size
        if self.model is None:
            self.model = Model(size)
        self.data_offset = int(self.read("md/dev-%s/offset" % self.members()[0])) * SECTOR
        self.control.set_data_offset(self.data_offset)

    def create_and_start(self):
        self.command(*self.create_words())
        self.start()

    def write(self, chunk, size=CHUNK):
        data = self.model.issue(chunk * CHUNK, size)
        try:
            fd = os.open(self.path("md0"), os.O_RDWR)
        except OSError:
            raise Killed from None
        try:
            done = os.pwrite(fd, data, chunk * CHUNK)
            self.holds(done == size, "a write is short")
            self.model.acknowledge(chunk * CHUNK, data)
        except OSError as error:
            if not self.control.ended():
                self.holds(False, "a write fails: %s" % error)
            raise Killed from None
        finally:
            errno_of(os.close, fd)

    def set(self, name, value, want=(0,)):
        error = self.store(name, value)
        if self.control.ended():
            raise Killed
        self.holds(error in want, "%s into %s: %s" % (value, name, os.strerror(error)))

    def until(self, condition, what):
        def is_so():
            try:
                return self.control.ended() or condition()
            except OSError:
                return False
        wait_for(is_so, self.what + ": " + what)
        if self.control.ended():
            raise Killed

    def until_clean(self):
        self.until(lambda: self.read("md/array_state") == "clean", "the array is clean")

    def sync(self, action):
        self.until(lambda: self.store("md/sync_action", action) == 0, action)
        self.command("wait", self.mnt)

    def fail_and_remove(self, name):
        self.command("fail", self.mnt, name)
        self.command("remove", self.mnt, name)

    def stop_only(self):
        """The kernel tells of a close when it likes; until then md0 is in use."""
        self.until(lambda: self.command("stop", self.mnt, want=(OK, BUSY)).returncode == OK, "it stops")

    def stop(self):
        self.command("umount", self.mnt)
        self.pid = 0

    # ---- the end of a life

    def kill(self):
        """Whatever is left of the processes goes, and so does the mount."""
        self.control.disarm()
        if self.pid and process_exists(self.pid):
            os.kill(self.pid, signal.SIGKILL)
        wait_for(lambda: not self.pid or not process_exists(self.pid), self.what + ": the process ends")
        self.pid = 0
        while is_mounted(self.mnt):
            subprocess.run(["umount", "-l", self.mnt] if os.geteuid() == 0 else ["fusermount3", "-uz", self.mnt],
                           stderr=subprocess.DEVNULL)

    def assemble_and_die(self, number):
        self.control.arm("metadata", number)
        try:
            self.start()
            self.command("wait", self.mnt)
        except (Killed, OSError):
            pass
        self.what += " (%s)" % (self.control.call() or "after the sync")
        self.kill()
        self.control.forgive()

    # ---- looking

    def members(self):
        return sorted(name[4:] for name in os.listdir(self.path("md")) if name.startswith("dev-"))

    def in_sync(self):
        return [name for name in self.members()
                if "in_sync" in self.read("md/dev-%s/state" % name).split(",") and
                "faulty" not in self.read("md/dev-%s/state" % name)]

    def data(self):
        fd = os.open(self.path("md0"), os.O_RDONLY)
        try:
            return os.pread(fd, os.fstat(fd).st_size, 0)
        finally:
            os.close(fd)

    def data_of(self, name):
        offset = int(self.read("md/dev-%s/offset" % name)) * SECTOR
        with open(os.readlink(self.path("md/dev-%s/block" % name)), "rb") as image:
            image.seek(offset)
            return image.read(int(self.read("md/component_size")) * 1024)

    def leftovers(self):
        wanted = {"sda.img", "sdb.img"} | self.extra
        if self.home == "external":
            wanted |= {"container.json", "container.json.new"}
        if self.home == "file":
            wanted |= {"bitmap"}
        found = set(os.listdir(self.lab)) if os.path.isdir(self.lab) else set()
        return sorted(found - wanted)

    # ---- what must hold of what a kill has left

    def verify(self):
        self.holds(not self.leftovers(), "left behind: %s" % self.leftovers())
        self.verify_each_alone()
        done = mdscope(*self.mount_words())
        if not self.holds(done.returncode == OK, "it starts: %d %s" % (done.returncode, done.stderr.strip())):
            return
        self.look_at()
        seen = self.data()
        self.holds(len(seen) >= len(self.model.acked), "its size is %d" % len(seen))
        self.model.grow(len(seen))
        self.holds(self.model.wrong(seen) is None, "sector %s is wrong" % self.model.wrong(seen))
        for name in self.in_sync():
            wrong = self.model.wrong(self.data_of(name))
            self.holds(wrong is None, "sector %s of %s, which is in sync, is wrong" % (wrong, name))
        self.model.settle(seen)
        self.holds(mdscope("wait", self.mnt).returncode == OK, "wait")
        self.verify_whole("after the sync")
        self.verify_later_life()

    def verify_whole(self, when):
        data = self.data()
        self.holds(self.model.wrong(data) is None, "%s sector %s is another" % (when, self.model.wrong(data)))
        for name in self.in_sync():
            wrong = self.model.wrong(self.data_of(name))
            self.holds(wrong is None, "%s sector %s of %s is wrong" % (when, wrong, name))

    def verify_each_alone(self):
        """Who starts alone without being told to must have everything."""
        images = [name for name in sorted(os.listdir(self.lab)) if name.endswith(".img")]
        for name in images:
            alone = Twin(self.home, "%s, %s alone" % (self.what, name))
            shutil.copytree(self.lab, alone.lab, ignore=lambda _, names: [n for n in names if n in images and n != name])
            done = mdscope(*alone.mount_words())
            if done.returncode == OK:
                alone.pid = int(alone.read("lab/pid"))
                alone.holds(not self.is_whole, "it starts without the other, which has as much")
                data = alone.data()
                self.model.grow(len(data))
                wrong = self.model.wrong(data)
                alone.holds(wrong is None, "it starts, and sector %s is wrong" % wrong)
                alone.kill()
            else:
                alone.holds(done.returncode in (1, UNUSABLE) and done.stderr.strip() != "",
                            "it is refused: %d %s" % (done.returncode, done.stderr))
            alone.clean()

    def verify_later_life(self):
        self.control.forgive()
        self.write(1)
        self.stop()
        self.start()
        self.verify_whole("the next time")
        for image in sorted(os.listdir(self.lab)):
            name = image[:-4]
            if not image.endswith(".img") or name in self.members() or self.read("md/degraded") == "0":
                continue
            self.command("add", self.mnt, name)
            self.command("wait", self.mnt)
            self.holds(name in self.in_sync(), name + " is taken in")
        self.verify_whole("all together")
        self.stop()
        self.holds(not self.leftovers(), "left behind at the end: %s" % self.leftovers())

    def clean(self):
        super().clean()
        if self in labs:
            labs.remove(self)
            atexit.unregister(self.clean)


__all__ = [name for name in dir() if not name.startswith("_")]
