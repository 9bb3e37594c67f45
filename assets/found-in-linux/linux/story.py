# SPDX-License-Identifier: MIT
"""What the four scripts share: the command line, a lab that is taken down whatever happens, and how it ends.

    exit 0     the bug was shown
    exit 1     it was not shown: this kernel did not do it
    exit 77    it cannot be tried here; the reason is printed
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile

from kernel import CannotBeTried, packaged_kernel
from machine import Machine
from member import Member

SHOWN, NOT_SHOWN, CANNOT_BE_TRIED = 0, 1, 77
NEEDS = """needs: Debian packages (qemu-system-x86, mdadm, dmsetup, busybox-static, cpio, kmod), which are installed if they are missing,
and the packages of a kernel, which are only unpacked (into build/found-in-linux); no root once they are there; half a
gigabyte of memory and about a minute. Nothing of this machine's own disks or kernel is touched."""
EXIT_CODES = "exit codes: 0 the bug was shown, 1 it was not shown, 77 it cannot be tried here"


class Lab:
    """A folder with images, and a kernel to boot on them. Members are called by their letter: a is /dev/vda."""

    def __init__(self, suite, folder):
        self.kernel = packaged_kernel(suite)
        self.folder = folder
        self.machine = Machine(self.kernel, folder)
        self.images = []

    def add_disk(self, megabytes, contents=None):
        """Of zeroes, or what `contents(bytes)` gives."""
        path = "%s/%s.img" % (self.folder, "abcdefgh"[len(self.images)])
        with open(path, "wb") as file:
            if contents is not None:
                file.write(contents(megabytes << 20))
            file.truncate(megabytes << 20)
        self.images.append(path)

    def boot(self, recipe):
        return self.machine.run(recipe, self.images, lambda line: print(line, flush=True))

    def member(self, letter):
        return Member(self.images["abcdefgh".index(letter)], letter)


def tell(sentence):
    print("\n" + sentence, flush=True)


def story(about, show):
    """`show(lab)` gives whether the bug was shown, and one sentence of what was seen."""
    title, _, rest = about.partition("\n")
    options = parsed(title, rest)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(128 + number))
    folder = tempfile.mkdtemp(prefix="found-in-linux.")
    try:
        print(title)
        lab = Lab(options.suite, folder)
        print("kernel package: " + lab.kernel.name, flush=True)
        is_shown, seen = show(lab)
        print("\n%s: %s" % ("BUG SHOWN" if is_shown else "NOT SHOWN", seen))
        sys.exit(SHOWN if is_shown else NOT_SHOWN)
    except CannotBeTried as why:
        print("cannot be tried here: %s" % why, file=sys.stderr)
        sys.exit(CANNOT_BE_TRIED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    finally:
        if options.keep:
            print("kept: " + folder)
        else:
            shutil.rmtree(folder)


def parsed(title, rest):
    parser = argparse.ArgumentParser(description="%s\n%s\n%s" % (title, rest.rstrip(), NEEDS), epilog=EXIT_CODES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", help="a kernel of another suite of Debian: trixie, trixie-backports (default: this machine's)")
    parser.add_argument("--keep", action="store_true", help="keep the images and the console, to look at (mdscope examine)")
    return parser.parse_args()
