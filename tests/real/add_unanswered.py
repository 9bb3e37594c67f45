#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`add` made an image, and the mount goes before it has answered: only a member on record knows whether it was taken in.

Goal: an image that the others may have on record stays; without it the array would not start any more. One that nobody
has written to goes, so that nothing is left of an add that came to nothing. Method: a folder with the files of a mount
that `add` looks at. Its lab/add is a pipe that is full, so that what happens to the image before the pipe breaks is ours.
"""

import fcntl

from lib import *

need_mount()
F_SETPIPE_SZ = 1031


class FakeMount:
    def __init__(self, lab):
        self.lab = lab
        self.root = lab.base + "/fake"
        os.makedirs(self.root + "/lab")
        os.makedirs(self.root + "/md/dev-sda")
        os.symlink(lab.image("sda"), self.root + "/md/dev-sda/block")
        for name in ("lab/pid", "mdstat"):
            with open(self.path(name), "w") as made:
                made.write("1\n")
        os.mkfifo(self.path("lab/add"))
        self.pipe = os.open(self.path("lab/add"), os.O_RDWR)
        os.write(self.pipe, bytes(fcntl.fcntl(self.pipe, F_SETPIPE_SZ, 4096)))

    def path(self, name):
        return self.root + "/" + name

    def refuses(self):
        os.unlink(self.path("lab/add"))  # where a reason would be read
        os.close(self.pipe)

    def goes(self):
        os.unlink(self.path("lab/pid"))
        self.refuses()


def added(meanwhile, goes=FakeMount.goes):
    lab = Lab("--size", "16M", "--bitmap", "internal")
    fake = FakeMount(lab)
    # Of a pipe without a reader a write tells, instead of ending the process.
    adding = subprocess.Popen([MDSCOPE, "add", fake.root, "sdc"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              restore_signals=False)
    wait_for(lambda: os.path.exists(lab.image("sdc")), "the image is made")
    meanwhile(lab)
    goes(fake)
    check(adding.wait() != 0, "it fails")
    return os.path.exists(lab.image("sdc"))


def become_a_member(lab):
    with open(lab.image("sda"), "rb") as source, open(lab.image("sdc"), "r+b") as image:
        source.seek(4096)
        image.seek(4096)
        image.write(source.read(4096))


def story_what_may_be_on_record_stays():
    check(added(become_a_member), "an image with a superblock stays when nobody answers")


def story_what_came_to_nothing_goes():
    check(not added(lambda lab: None), "a blank image goes")


def story_the_mount_refuses():
    check(not added(become_a_member, FakeMount.refuses), "an image goes that a mount which is there has refused")


run_stories(globals())
finish("add_unanswered")
