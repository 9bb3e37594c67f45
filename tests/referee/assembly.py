# SPDX-License-Identifier: MIT
"""What is made of members that do not agree: the same bytes to mdadm and the kernel, and to mdscope.

Each row changes superblocks and bitmaps of a fresh array (their sums are right again). Each member holds its own letter in
one place, so the end tells who was copied to whom. Compared are: does it start, which members are in, what do they hold.
"""

import shutil
import struct

from guest import Guest
from scope import Mount, created

SIZE, CHUNK = 16 << 20, 64 << 10
PLACE = 2000 * 4096  # in the data
BIT = PLACE // CHUNK  # of the chunk in which it is
FIRST = 1 << 20  # superblock and bitmap are within

FIELDS = dict(feature_map=(8, "I"), set_uuid=(16, "16s"), size=(80, "Q"), raid_disks=(92, "I"), data_size=(136, "Q"), recovery_offset=(152, "Q"),
              devflags=(184, "B"), events=(200, "Q"), resync_offset=(208, "Q"), role0=(256, "H"), role1=(258, "H"), role2=(260, "H"))
BITMAP = dict(bm_magic=(0, "I"), bm_version=(4, "I"), bm_uuid=(8, "16s"), bm_events=(24, "Q"), bm_state=(48, "I"), bm_chunksize=(52, "I"))
SPARE, FAULTY = 0xffff, 0xfffe
DIRTY = dict(resync_offset=0)
MARKED = dict(DIRTY, bit=True)


def behind(events):
    """What a is given for b to be that many events behind. A tuple is added."""
    return dict(events=(events,), bm_events=(events,))


# name, home, members that are shown, changes of each of them
ROWS = (
    ("clean", "internal", "ab", {}),
    ("clean, without a bitmap", "none", "ab", {}),
    ("clean, b first", "internal", "ba", {}),
    ("dirty, a bit set", "internal", "ab", dict(a=MARKED, b=MARKED)),
    ("dirty, no bit set", "internal", "ab", dict(a=DIRTY, b=DIRTY)),
    ("dirty, without a bitmap", "none", "ab", dict(a=DIRTY, b=DIRTY)),
    ("dirty, a bit on a only", "internal", "ab", dict(a=MARKED, b=DIRTY)),
    ("dirty, a bit on b only", "internal", "ab", dict(a=DIRTY, b=MARKED)),
    ("clean, a bit set", "internal", "ab", dict(a=dict(bit=True), b=dict(bit=True))),
    ("b is missing", "internal", "a", {}),
    ("b is missing, without a bitmap", "none", "a", {}),
    ("a is missing", "internal", "b", {}),
    ("b is missing, dirty", "internal", "a", dict(a=MARKED)),
    ("b is missing, dirty, without a bitmap", "none", "a", dict(a=DIRTY)),
    ("b is 1 behind", "internal", "ab", dict(a=behind(1))),
    ("b is 2 behind", "internal", "ab", dict(a=behind(2))),
    ("b is 2 behind, without a bitmap", "none", "ab", dict(a=dict(events=(2,)))),
    ("a is 1 behind", "internal", "ab", dict(b=behind(1))),
    ("a is 2 behind", "internal", "ab", dict(b=behind(2))),
    ("b is 1 behind, a dirty", "internal", "ab", dict(a=dict(MARKED, **behind(1)))),
    ("b is 1 behind, a says it is faulty", "internal", "ab", dict(a=dict(behind(1), role1=FAULTY))),
    ("a says b is faulty", "internal", "ab", dict(a=dict(role1=FAULTY))),
    ("each says the other is faulty", "internal", "ab", dict(a=dict(role1=FAULTY), b=dict(role0=FAULTY))),
    ("b says it is a spare", "internal", "ab", dict(b=dict(role1=SPARE))),
    ("both say b is faulty", "internal", "ab", dict(a=dict(role1=FAULTY), b=dict(role1=FAULTY))),
    ("b has a slot out of range", "internal", "ab", dict(b=dict(role1=5))),
    ("b is recovered to its half", "none", "ab", dict(b=dict(feature_map=2, recovery_offset=15000))),
    ("resynced to the half", "none", "ab", dict(a=dict(resync_offset=15000), b=dict(resync_offset=15000))),
    ("resynced to the end and more", "none", "ab", dict(a=dict(resync_offset=10**9), b=dict(resync_offset=10**9))),
    ("the bitmap is 3 events behind", "internal", "ab", dict(a=dict(events=(3,)), b=dict(events=(3,)))),
    ("the bitmap is 3 events behind, dirty", "internal", "ab", dict(a=dict(DIRTY, events=(3,)), b=dict(DIRTY, events=(3,)))),
    ("the bitmap says it is stale", "internal", "ab", dict(a=dict(DIRTY, bm_state=2), b=dict(DIRTY, bm_state=2))),
    ("the bitmap is of another array", "internal", "ab", dict(a=dict(bm_uuid=b"x" * 16), b=dict(bm_uuid=b"x" * 16))),
    ("the bitmap has no magic", "internal", "ab", dict(a=dict(bm_magic=7), b=dict(bm_magic=7))),
    ("the bitmap has an unknown version", "internal", "ab", dict(a=dict(bm_version=9), b=dict(bm_version=9))),
    ("the bitmap has chunks of 3000", "internal", "ab", dict(a=dict(bm_chunksize=3000), b=dict(bm_chunksize=3000))),
    ("b is of another array", "internal", "ab", dict(b=dict(set_uuid=b"y" * 16))),
    ("the sum of b is wrong", "internal", "ab", dict(b=dict(sum=1))),
    ("the sum of both is wrong", "internal", "ab", dict(a=dict(sum=1), b=dict(sum=1))),
    ("b has an unknown feature", "internal", "ab", dict(b=dict(feature_map=0x8001))),
    ("both have an unknown feature", "internal", "ab", dict(a=dict(feature_map=0x8001), b=dict(feature_map=0x8001))),
    ("b is write-mostly", "internal", "ab", dict(b=dict(devflags=1))),
    ("a is write-mostly, dirty", "internal", "ab", dict(a=dict(MARKED, devflags=1), b=MARKED)),
    ("the size is more than the data", "none", "ab", dict(a=dict(size=40000), b=dict(size=40000))),
    ("the size is smaller", "none", "ab", dict(a=dict(size=20000), b=dict(size=20000))),
    ("one member of one", "none", "a", dict(a=dict(raid_disks=1))),
)

GUEST = r"""
fresh_start() {
    forget /dev/vda /dev/vdb
    mdadm -q --assemble --run /dev/md0 %s >/dev/null 2>&1
    [ ! -e $md/sync_action ] || settle
}
outcome() {
    case $(cat $md/array_state 2>/dev/null) in '' | inactive | clear) echo "not started" ;; *)
        echo "started, degraded $(cat $md/degraded), size $(cat $md/component_size)"
        for member in $md/dev-*; do echo "${member##*/dev-} $(cat $member/slot) $(cat $member/state)"; done ;;
    esac
}
stopped() { mdadm -q --stop /dev/md0 2>/dev/null; [ ! -e $md ]; }
fresh_start
outcome
await stopped stopped
sync
"""


def changed(first, changes):
    """The first mebibyte of a member with metadata 1.2, with other fields."""
    block = bytearray(first)
    bitmap = 4096 + 512 * struct.unpack_from("<i", block, 4096 + 96)[0]
    for name, value in changes.items():
        if name in FIELDS or name in BITMAP:
            at, kind = FIELDS[name] if name in FIELDS else BITMAP[name]
            at += 4096 if name in FIELDS else bitmap
            old = struct.unpack_from("<" + kind, block, at)[0]
            struct.pack_into("<" + kind, block, at, old + value[0] if isinstance(value, tuple) else value)
    if "bit" in changes:
        block[bitmap + 256 + BIT // 8] |= 1 << BIT % 8
    struct.pack_into("<I", block, 4096 + 216, (sum_of(block[4096:8192]) + changes.get("sum", 0)) & 0xffffffff)
    return bytes(block)


def sum_of(block):
    length = 256 + 2 * struct.unpack_from("<I", block, 220)[0]
    block = bytes(block[:216]) + bytes(4) + bytes(block[220:length]) + bytes(-length % 4)
    total = sum(struct.unpack("<%dI" % (len(block) // 4), block))
    return (total & 0xffffffff) + (total >> 32)


class Base:
    """Fresh members of one home: what is before the data, with no bit set."""

    def __init__(self, folder, home):
        self.first = []
        for image in created("%s/%s" % (folder, home), "--size", str(SIZE), "--bitmap", home, "--chunk", str(CHUNK)):
            with open(image, "rb") as file:
                block = bytearray(file.read(FIRST))
            if home == "internal":
                bitmap = 4096 + 512 * struct.unpack_from("<i", block, 4096 + 96)[0]
                block[bitmap + 256:bitmap + 256 + SIZE // CHUNK // 8] = bytes(SIZE // CHUNK // 8)
            self.first.append(bytes(block))

    def write(self, images, changes):
        for letter, image, first in zip("ab", images, self.first):
            with open(image, "r+b") as file:
                file.write(changed(first, changes.get(letter, {})))
                file.seek(data_of(first) + PLACE)
                file.write(letter.encode() * 4096)


def data_of(first):
    return 512 * struct.unpack_from("<Q", first, 4096 + 128)[0]


def holds(image, first):
    with open(image, "rb") as file:
        file.seek(data_of(first) + PLACE)
        return file.read(1).decode()


def by_mdscope(mount, images, shown, era):
    why = mount.mount([images["ab".index(letter)] for letter in shown], "--run", "--kernel", era)
    if why:
        return "not started", why
    mount.settle()
    lines = ["started, degraded %s, size %s" % (mount.read("md/degraded"), mount.read("md/component_size"))]
    for letter in "ab":
        if mount.read("md/dev-vd%s/slot" % letter)[0] != "!":
            lines.append("vd%s %s %s" % (letter, mount.read("md/dev-vd%s/slot" % letter), mount.read("md/dev-vd%s/state" % letter)))
    mount.umount()
    return "; ".join(lines), ""


def run(verdict, folder, kernel, era):
    """Members that do not agree."""
    bases = {home: Base(folder, home) for home in ("internal", "none")}
    images = ["%s/vd%s.img" % (folder, letter) for letter in "ab"]
    own = ["%s/ours/vd%s.img" % (folder, letter) for letter in "ab"]
    shutil.copytree(folder + "/none", folder + "/ours")
    for image, path in zip(own, images):
        shutil.copy(image, path)
    guest, mount = Guest(kernel, folder + "/guest", images), Mount(folder + "/mnt")
    try:
        for name, home, shown, changes in ROWS:
            base = bases[home]
            base.write(images, changes)
            base.write(own, changes)
            linux = guest.run(GUEST % " ".join("/dev/vd" + letter for letter in shown)).replace("\n", "; ")
            ours, why = by_mdscope(mount, own, shown, era)
            linux, ours = ("%s; on disk %s" % (said, " ".join(map(holds, where, base.first))) for said, where in ((linux, images), (ours, own)))
            if not verdict.same("assembly " + name, linux, ours) and why:
                print("    it said   " + why.replace("\n", "\n" + " " * 14))
    finally:
        guest.cut()
        mount.clean()
    return "%d rows" % len(ROWS)
