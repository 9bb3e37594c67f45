# SPDX-License-Identifier: MIT
"""One array, handed to and fro between Linux and mdscope: clean, dirty, degraded, re-added, cut off in the middle.

Both play the same side (`LinuxSide`, `OurSide`), so the story is written once; game.py says what is looked at.
"""

import hashlib
import os

from game import BLOCK, CHUNK, Contents, Game
from guest import Guest
from member import Member
from scope import Mount, created, mdscope

SIZE = 16 << 20
HOMES = (  # what create is told, whether there is a bitmap
    (("--bitmap", "internal"), True),
    (("--bitmap", "none", "--metadata", "1.0"), False),
    (("--bitmap", "internal", "--metadata", "1.1", "--members", "3"), True),
)


class LinuxSide:
    who, array = "Linux", "md0"

    def __init__(self, guest, contents):
        self.guest, self.contents = guest, contents

    def ask(self, script):
        return self.guest.run("array=%s\nmd=/sys/block/$array/md\n%s" % (self.array, script))

    def assemble(self, letters):
        disks = " ".join("/dev/vd" + letter for letter in letters)
        said = self.ask("forget /dev/vd?; mdadm --assemble --run /dev/md0 %s >/tmp/why 2>&1 || cat /tmp/why; settle" % disks)
        return said

    def state(self):
        return self.ask('echo "degraded $(cat $md/degraded)"; for d in $md/dev-*; do '
                              'echo "${d#$md/dev-} $(cat $d/slot) $(cat $d/state)"; done').replace("\n", ", ")

    def md5(self):
        return self.ask("/sbin/dd if=/dev/$array bs=64K count=%d iflag=direct status=none | md5sum" % (len(self.contents.data) // CHUNK)).split()[0]

    def write(self, places):
        return self.ask("n=0; for place in %s; do /sbin/dd if=/dev/vdd of=/dev/$array bs=4096 count=1 skip=$n seek=$place "
                              "iflag=direct oflag=direct,dsync status=none; n=$((n + 1)); done" % " ".join(map(str, places)))

    def fail(self, letter):
        return self.ask("mdadm -q /dev/md0 --fail /dev/vd%s; await removed removed /dev/vd%s" % (letter, letter))

    def add(self, letter, how):
        return self.ask("blockdev --flushbufs /dev/vd%s; mdadm -q /dev/md0 --%s /dev/vd%s; settle" % (letter, how, letter))

    def sync(self, action):
        """The mismatches that were found."""
        return self.ask("settle; echo %s >$md/sync_action; settle; cat $md/mismatch_cnt" % action)

    def stop(self):
        return self.ask("stops() { mdadm -q --stop /dev/md0; }; await stopped stops; sync")

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
    game = Game(verdict, lab, "pingpong " + title, letters,
                lambda letter: Member(images["abc".index(letter)], letter).bytes_at(0, len(lab.data)))
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
    game.stops()

    game.takes(linux)
    game.writes(20)
    game.has_mismatches(0, "a check of what both have written")
    game.stops()

    game.takes(ours)
    game.loses("b")
    game.writes(10)
    game.stops()

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
    game.stops()

    game.takes(ours)  # without a
    spoil(images[0], clean_chunk)
    game.takes_back("a", back)
    if has_bitmap:
        others = len(game.letters) - 1  # a is the first, with which each is compared
        game.has_mismatches(CHUNK // 512 * others, "mismatches in the chunk that was spoiled")
        game.side.sync("repair")
    game.has_mismatches(0, "mismatches at the end")
    game.stops()

    game.takes(linux)
    game.stops()


def run(verdict, folder, kernel, _era):
    """Ping-pong of native arrays, with mdscope as one mounts it: it loses nothing, whichever kernel it is handed to."""
    handovers = sum(play(verdict, folder, kernel, number, *home) for number, home in enumerate(HOMES))
    return "%d handovers" % handovers
