# SPDX-License-Identifier: MIT
"""One array, handed to and fro between Linux and mdscope: clean, dirty, degraded, re-added, cut off in the middle.

Both play the same side (`LinuxSide`, `OurSide`), so the story is written once. Beside them goes a model of the contents, a
string of bytes. At each handover the array must come up in the state in which it was left, with the contents of the model; at
each stop the members that are in sync must hold that on disk, read here and by neither of the two.
"""

import hashlib
import os
import random

from guest import Guest
from member import Member
from scope import Mount, created, mdscope

BLOCK = 4096
SIZE = 16 << 20
CHUNK = 64 << 10
HOMES = (  # what create is told, whether there is a bitmap
    (("--bitmap", "internal"), True),
    (("--bitmap", "none", "--metadata", "1.0"), False),
    (("--bitmap", "internal", "--metadata", "1.1", "--members", "3"), True),
)


class Contents:
    """What the array holds, and the shelf: a disk of the guest on which it finds what it shall write.

    The last chunk is no part of it. Nobody writes there, so no bit is ever set for it, and the story may spoil it to see who
    copies it.
    """

    def __init__(self, size, shelf, seed):
        self.data = bytearray((size // CHUNK - 1) * CHUNK)
        self.shelf, self.chance = shelf, random.Random(seed)

    def write(self, count):
        """Blocks somewhere, put on the shelf."""
        places = [self.chance.randrange(len(self.data) // BLOCK) for _ in range(count)]
        with open(self.shelf, "r+b") as shelf:
            for place in places:
                block = self.chance.randbytes(BLOCK)
                shelf.write(block)
                self.data[place * BLOCK:(place + 1) * BLOCK] = block
        return places

    def on_shelf(self, number):
        with open(self.shelf, "rb") as shelf:
            shelf.seek(number * BLOCK)
            return shelf.read(BLOCK)

    def md5(self):
        return hashlib.md5(self.data).hexdigest()


class LinuxSide:
    who = "Linux"

    def __init__(self, guest, contents):
        self.guest, self.contents = guest, contents

    def assemble(self, letters):
        disks = " ".join("/dev/vd" + letter for letter in letters)
        said = self.guest.run("forget /dev/vd?; mdadm --assemble --run /dev/md0 %s >/tmp/why 2>&1 || cat /tmp/why; settle" % disks)
        return said

    def state(self):
        return self.guest.run('echo "degraded $(cat $md/degraded)"; for d in $md/dev-*; do '
                              'echo "${d#$md/dev-} $(cat $d/slot) $(cat $d/state)"; done').replace("\n", ", ")

    def md5(self):
        return self.guest.run("/sbin/dd if=/dev/md0 bs=64K count=%d iflag=direct status=none | md5sum" % (len(self.contents.data) // CHUNK)).split()[0]

    def write(self, places):
        return self.guest.run("n=0; for place in %s; do /sbin/dd if=/dev/vdd of=/dev/md0 bs=4096 count=1 skip=$n seek=$place "
                              "iflag=direct oflag=direct,dsync status=none; n=$((n + 1)); done" % " ".join(map(str, places)))

    def fail(self, letter):
        return self.guest.run("mdadm -q /dev/md0 --fail /dev/vd%s; wait_for removed removed /dev/vd%s >/dev/null" % (letter, letter))

    def add(self, letter, how):
        return self.guest.run("blockdev --flushbufs /dev/vd%s; mdadm -q /dev/md0 --%s /dev/vd%s; settle" % (letter, how, letter))

    def sync(self, action):
        """The mismatches that were found."""
        return self.guest.run("settle; echo %s >$md/sync_action; settle; cat $md/mismatch_cnt" % action)

    def stop(self):
        return self.guest.run("stops() { mdadm -q --stop /dev/md0; }; wait_for stopped stops >/dev/null; sync")

    def cut(self):
        self.guest.cut()


class OurSide:
    who = "mdscope"

    def __init__(self, mount, images, contents):
        self.mount, self.images, self.contents = mount, images, contents

    def assemble(self, letters):
        return self.mount.mount([self.image(letter) for letter in letters], "--run") or self.mount.settle()

    def image(self, letter):
        return self.images["abc".index(letter)]

    def state(self):
        parts = ["degraded " + self.mount.read("md/degraded")]
        for name in self.members():
            parts.append("%s %s %s" % (name, self.mount.read("md/dev-%s/slot" % name), self.mount.read("md/dev-%s/state" % name)))
        return ", ".join(parts)

    def members(self):
        return sorted(name[4:] for name in os.listdir(self.mount.folder + "/md") if name.startswith("dev-"))

    def md5(self):
        with open(self.mount.folder + "/md0", "rb") as disk:
            return hashlib.md5(disk.read(len(self.contents.data))).hexdigest()

    def write(self, places):
        with open(self.mount.folder + "/md0", "r+b", buffering=0) as disk:
            for number, place in enumerate(places):
                disk.seek(place * BLOCK)
                disk.write(self.contents.on_shelf(number))
            os.fsync(disk.fileno())
        return ""

    def fail(self, letter):
        for command in ("fail", "remove"):
            code, said = mdscope(command, self.mount.folder, "vd" + letter)
            if code != 0:
                return said
        return ""

    def add(self, letter, how):
        code, said = mdscope(how, self.mount.folder, self.image(letter))
        return said if code != 0 else self.mount.settle()

    def sync(self, action):
        self.mount.wait(lambda: self.mount.store("md/sync_action", action) == "ok", action)
        self.mount.settle()
        return self.mount.read("md/mismatch_cnt")

    def stop(self):
        return self.mount.umount()

    def cut(self):
        self.mount.kill()


class Game:
    """The array of one home, and who has it."""

    def __init__(self, verdict, lab, title, letters):
        self.verdict, self.lab, self.title, self.letters = verdict, lab, title, letters
        self.present = set(letters)  # in sync
        self.handovers = 0

    def takes(self, side, stale_too=True):
        """The side assembles; it may be shown members that are out."""
        self.side = side
        self.handovers += 1
        shown = [letter for letter in self.letters if stale_too or letter in self.present]
        self.does("assemble", side.assemble(shown))
        self.looks_right("after the assembly")

    def does(self, what, said):
        self.verdict.must(self.key(what), "", said, self.side.who)

    def key(self, what):
        return "pingpong %s, handover %d, %s: %s" % (self.title, self.handovers, self.side.who, what)

    def looks_right(self, when):
        members = ["vd%s %d in_sync" % (letter, slot) for slot, letter in enumerate(self.letters) if letter in self.present]
        wanted = ", ".join(["degraded %d" % (len(self.letters) - len(self.present))] + members)
        self.verdict.must(self.key("state " + when), wanted, self.side.state(), self.side.who)
        self.verdict.must(self.key("contents " + when), self.lab.md5(), self.side.md5(), self.side.who)

    def writes(self, count):
        self.does("write", self.side.write(self.lab.write(count)))

    def loses(self, letter):
        self.does("fail and remove " + letter, self.side.fail(letter))
        self.present.discard(letter)

    def takes_back(self, letter, how):
        self.does("%s %s" % (how, letter), self.side.add(letter, how))
        self.present.add(letter)
        self.looks_right("after the " + how)

    def has_mismatches(self, wanted, what):
        self.verdict.must(self.key(what + ", in sectors"), wanted, self.side.sync("check"), self.side.who)

    def stops(self, images):
        self.does("stop", self.side.stop())
        for letter in sorted(self.present):
            same = Member(images["abc".index(letter)], letter).bytes_at(0, len(self.lab.data)) == self.lab.data
            self.verdict.must(self.key("%s on disk after the stop" % letter), "as the model", "as the model" if same else "differs", self.side.who)


def spoil(image, at):
    """Changes a member behind everybody's back; only who copies that chunk mends it."""
    with open(image, "r+b") as file:
        file.seek(Member(image, "").data + at)
        file.write(b"spoiled " * 64)


def play(verdict, folder, kernel, number, words, has_bitmap):
    title = " ".join(words).replace("--", "")
    images = created("%s/lab%d" % (folder, number), "--size", str(SIZE), "--chunk", str(CHUNK), *words)
    letters = "abc"[:len(images)]
    shelf = "%s/shelf%d.img" % (folder, number)
    while len(images) < 3:  # the guest has its shelf always at the same place
        images.append("%s/unused%d.img" % (folder, number))
    for path, size in [(images[2], 0)] * (len(letters) == 2) + [(shelf, 1 << 20)]:
        with open(path, "wb") as file:
            file.truncate(size or SIZE)
    code, said = mdscope("examine", images[0])
    size = next(int(line.split(":")[1].split()[0]) * 1024 for line in said.split("\n") if "Array Size" in line)
    lab = Contents(size, shelf, number)
    guest = Guest(kernel, "%s/guest%d" % (folder, number), images + [shelf])
    mount = Mount("%s/mnt%d" % (folder, number))
    game = Game(verdict, lab, title, letters)
    try:
        story(game, LinuxSide(guest, lab), OurSide(mount, images, lab), images, has_bitmap)
    finally:
        guest.cut()
        mount.clean()
    return game.handovers


def story(game, linux, ours, images, has_bitmap):
    clean_chunk = len(game.lab.data)
    back = "re-add" if has_bitmap else "add"

    game.takes(ours)
    game.writes(20)
    game.stops(images)

    game.takes(linux)
    game.writes(20)
    game.has_mismatches(0, "a check of what both have written")
    game.stops(images)

    game.takes(ours)
    game.loses("b")
    game.writes(10)
    game.stops(images)

    game.takes(linux)  # without b, which is stale
    spoil(images[1], clean_chunk)
    game.takes_back("b", back)
    if has_bitmap:
        # The chunk was not written to, so it was not copied: that is what a bitmap is for.
        game.has_mismatches(CHUNK // 512, "mismatches in the chunk that was spoiled")
        game.side.sync("repair")
    game.has_mismatches(0, "mismatches at the end")
    game.writes(10)
    game.side.cut()

    game.takes(ours)  # dirty
    game.has_mismatches(0, "mismatches after the resync")
    game.writes(10)
    game.side.cut()

    game.takes(linux)  # dirty
    game.has_mismatches(0, "mismatches after the resync")
    game.loses("a")
    game.writes(10)
    game.stops(images)

    game.takes(ours)  # without a
    spoil(images[0], clean_chunk)
    game.takes_back("a", back)
    if has_bitmap:
        others = len(game.letters) - 1  # a is the first, with which each is compared
        game.has_mismatches(CHUNK // 512 * others, "mismatches in the chunk that was spoiled")
        game.side.sync("repair")
    game.has_mismatches(0, "mismatches at the end")
    game.stops(images)

    game.takes(linux)
    game.stops(images)


def run(verdict, folder, kernel, _era):
    """Ping-pong of native arrays, with mdscope as one mounts it: it loses nothing, whichever kernel it is handed to."""
    handovers = sum(play(verdict, folder, kernel, number, *home) for number, home in enumerate(HOMES))
    return "%d handovers" % handovers
