# SPDX-License-Identifier: MIT
"""The metadata of Intel's firmware RAID, between mdscope and the real mdadm, mdmon and kernel.

Handovers as in pingpong.py: a container and its volume, made by us, which mdmon keeps as long as Linux has them. At each of them
`mdadm -E` of the disks is what `mdscope examine` prints. What mdadm makes of disks in other states stands in tests/data.
"""

from game import Contents, Game
from guest import Guest
from pingpong import LinuxSide, OurSide
from scope import Mount, created, mdscope

SIZE = 64 << 20


class ImsmLinuxSide(LinuxSide):
    array = "md126"

    def assemble(self, letters):
        """The container, then the volume in it; mdmon is started by mdadm. Nobody else takes old names in /dev/md away."""
        disks = " ".join("/dev/vd" + letter for letter in letters)
        return self.ask("rm -rf /dev/md; forget /dev/vd?; mdadm -q -A /dev/md127 %s 2>&1; mdadm -q -I /dev/md127 2>&1; "
                        "[ -e $md ] && whole() { [ -e $md/sync_action ] && rests; } && await whole whole" % disks)

    def state(self):
        """mdmon keeps the bad blocks, on Linux."""
        return super().state().replace(",external_bbl", "")

    def fail(self, letter):
        return self.ask("mdadm -q /dev/md126 --fail /dev/vd%s; gone() { [ ! -e $md/dev-vd%s ]; }; await gone gone; "
                        "removed() { mdadm -q /dev/md127 --remove /dev/vd%s 2>/dev/null; }; await removed removed" % ((letter,) * 3))

    def add(self, letter, _how):
        """Away from the container, where it stands as failed, and back as a spare, which mdmon takes by itself."""
        return self.ask("mdadm -q /dev/md127 --remove /dev/vd%s 2>/dev/null; blockdev --flushbufs /dev/vd%s; "
                        "mdadm -q /dev/md127 --add /dev/vd%s; await full is_full; settle" % ((letter,) * 3))

    def stop(self):
        return self.ask("stops() { mdadm -q --stop /dev/md126 2>/dev/null; mdadm -q --stop /dev/md127 2>/dev/null; [ ! -e /sys/block/md127/md ]; }; "
                        "await stopped stops; sync")

    def examined(self, letter):
        return self.ask("forget /dev/vd%s; mdadm -E /dev/vd%s" % (letter, letter))


class ImsmOurSide(OurSide):
    def fail(self, letter):
        code, said = mdscope("fail", self.mount.folder, "vd" + letter)
        if code == 0:
            self.mount.wait(lambda: "vd" + letter not in self.members(), "mdmon to remove it")
        return "" if code == 0 else said

    def add(self, letter, _how):
        code, said = mdscope("add", self.mount.folder, self.image(letter))
        if code != 0:
            return said
        self.mount.wait(lambda: self.mount.read("md/degraded") == "0", "the recovery")
        return self.mount.settle()

    def examined(self, letter):
        return mdscope("examine", self.image(letter))[1].replace(self.image(letter), "/dev/vd" + letter)


class ImsmGame(Game):
    def goes(self, side, other):
        """To the side, which assembles it. Before that both look at the disks."""
        linux, ours = (side, other) if side.who == "Linux" else (other, side)
        for letter in self.letters:
            what = "%s, before handover %d, examine vd%s" % (self.title, self.handovers + 1, letter)
            self.verdict.same(what, linux.examined(letter), ours.examined(letter))
        self.takes(side)


def play(verdict, folder, kernel, bitmap):
    images = created("%s/%s" % (folder, bitmap), "--metadata", "imsm", "--size", str(SIZE), "--bitmap", bitmap,
                     "--serial", "sda=/dev/vda", "--serial", "sdb=/dev/vdb")
    shelf = "%s/shelf-%s.img" % (folder, bitmap)
    for path in ("%s/unused-%s.img" % (folder, bitmap), shelf):
        with open(path, "wb") as file:
            file.truncate(1 << 20)
        images.append(path)
    lab = Contents(volume_size(images[0]), shelf, len(bitmap))
    guest, mount = Guest(kernel, "%s/guest-%s" % (folder, bitmap), images), Mount("%s/mnt-%s" % (folder, bitmap))
    game = ImsmGame(verdict, lab, "imsm bitmap " + bitmap, "ab", lambda letter: read(images["ab".index(letter)], len(lab.data)),
                    "in_sync")
    try:
        story(game, ImsmLinuxSide(guest, lab), ImsmOurSide(mount, images, lab))
    finally:
        guest.cut()
        mount.clean()
    return game.handovers


def read(image, length):
    """A volume begins with its disks."""
    with open(image, "rb") as file:
        return file.read(length)


def volume_size(image):
    said = mdscope("examine", image)[1]
    return next(int(line.split(":")[1].split()[0]) for line in said.split("\n") if "Array Size" in line) * 512


def story(game, linux, ours):
    game.goes(linux, ours)  # as it was created
    states = [linux.ask("cat $md/dev-vda/state")]
    game.writes(20)
    game.stops()

    game.goes(ours, linux)
    game.verdict.same(game.title + ", state of a member", *states, ours.mount.read("md/dev-vda/state"))
    game.writes(20)
    game.loses("b")
    game.writes(10)
    game.stops()

    game.goes(linux, ours)  # without b, which is stale
    game.takes_back("b", "add")
    game.has_mismatches(0, "mismatches after the recovery")
    game.writes(10)
    game.side.cut()

    game.goes(ours, linux)  # dirty
    game.has_mismatches(0, "mismatches after the resync")
    game.writes(10)
    game.side.cut()

    game.goes(linux, ours)  # dirty
    game.has_mismatches(0, "mismatches after the resync")
    game.loses("a")
    game.writes(10)
    game.stops()

    game.goes(ours, linux)  # without a
    game.takes_back("a", "add")
    game.has_mismatches(0, "mismatches after the recovery")
    game.stops()

    game.goes(linux, ours)
    game.stops()


def run(verdict, folder, kernel, _era):
    """Containers and volumes, both ways."""
    handovers = sum(play(verdict, folder, kernel, bitmap) for bitmap in ("none", "external"))
    return "%d handovers" % handovers
