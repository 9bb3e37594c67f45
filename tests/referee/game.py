# SPDX-License-Identifier: MIT
"""An array that goes to and fro between Linux and mdscope, and a model of what it holds.

At each handover the array must come up in the state in which it was left, with the contents of the model; at each stop the
members that are in sync must hold that on disk, read here and by neither of the two. Who plays a side has `who`, and
    assemble(letters)  write(places)  fail(letter)  add(letter, how)  stop()     each gives "", or what went wrong
    state()  md5()  sync(action)                                                 ... what it is asked for
"""

import hashlib
import random

BLOCK = 4096
CHUNK = 64 << 10


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


class Game:
    """The array of one home, and who has it."""

    def __init__(self, verdict, lab, title, letters, data_of, in_sync="in_sync"):
        """`data_of(letter)` reads what a member holds, at rest; `in_sync` is what the state of a good one reads."""
        self.verdict, self.lab, self.title, self.letters = verdict, lab, title, letters
        self.data_of, self.in_sync = data_of, in_sync
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
        return "%s, handover %d, %s: %s" % (self.title, self.handovers, self.side.who, what)

    def looks_right(self, when):
        members = ["vd%s %d %s" % (letter, slot, self.in_sync) for slot, letter in enumerate(self.letters) if letter in self.present]
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

    def stops(self):
        self.does("stop", self.side.stop())
        for letter in sorted(self.present):
            same = self.data_of(letter) == self.lab.data
            self.verdict.must(self.key("%s on disk after the stop" % letter), "as the model", "as the model" if same else "differs", self.side.who)
