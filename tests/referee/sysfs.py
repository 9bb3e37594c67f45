# SPDX-License-Identifier: MIT
"""md/ on both sides: which files there are, their modes and values, and what a few hundred stores answer and leave behind.

The same array, the same stores (stores.py), one write(2) each. After each of them the file that was written is read, and what
the array has become: its state, its sync action, its members.
"""

import concurrent.futures
import os
import shutil

from guest import Guest
from scope import Mount, created
from stores import EACH, IN_A_ROW

MEBIBYTE = 1 << 20
SUMMARY = ("array_state", "degraded", "sync_action", "resync_start")

# An emulated processor takes long to start a program: what is done after each store starts none.
GUEST = r"""
show() { # FILE: what it reads, in one line, into $shown
    shown=
    if [ ! -e "$md/$1" ]; then
        shown=absent
        return
    fi
    { while IFS= read -r line || [ -n "$line" ]; do shown="$shown${shown:+;}$line"; done <"$md/$1"; } 2>/dev/null
    [ -n "$shown" ] || shown=$(cat "$md/$1" 2>&1 | sed 's/^cat: .*: /!/')
}
store() { # FILE VALUE: one write; "ok", or the error in words, into $answer
    answer=ok
    if [ ! -e "$md/$1" ]; then
        answer=absent
    elif ! { echo -n "$2" >"$md/$1"; } 2>/tmp/error; then
        read -r answer </tmp/error
        answer=${answer##*: }
    fi
}
thread_sleeps() { # md's thread, or there is none
    comm=
    { read -r comm </proc/$thread/comm; } 2>/dev/null
    if [ "$comm" != md0_raid1 ]; then
        thread=$(grep -l '^md0_raid1$' /proc/[0-9]*/comm)
        thread=${thread#/proc/}
        thread=${thread%/comm}
    fi
    [ -z "$thread" ] || while read -r name value more; do
        [ "$name" != State: ] || { [ "$value" = S ] && return 0 || return 1; }
    done </proc/$thread/status 2>/dev/null
}
at_ease() { # nothing is being copied, and nothing is about to be
    show sync_action
    case $shown in idle | frozen | absent | !*) thread_sleeps ;; *) return 1 ;; esac
}
calm() {
    await calm at_ease
    usleep 40000
    await calm at_ease
}
t() { # FILE VALUE: what a store answers and leaves behind
    store "$1" "$2"
    calm
    show "$1"
    said="$answer, reads $shown,"
    for name in array_state degraded sync_action resync_start; do show $name; said="$said $name=$shown"; done
    for member in $md/dev-*; do
        member=${member##*/}
        [ -e "$md/$member" ] || continue
        show "$member/slot"
        said="$said $member=$shown"
        show "$member/state"
        said="$said:$shown"
    done
    echo "$said"
}
fresh() {
    forget /dev/vda /dev/vdb
    mdadm -q --assemble /dev/md0 /dev/vda /dev/vdb 2>&1
    calm
}
stopped() {
    [ -e $md ] || return 0
    for file in suspend_lo suspend_hi; do store $file 0; done
    store sync_action idle
    mdadm -q --stop /dev/md0 2>/dev/null
    [ ! -e $md ]
}
ended() { await stopped stopped; }
files() {
    cd $md
    for name in $(find . -follow -maxdepth 2 -type f | grep -v '^./rd[0-9]' | cut -c3- | grep -v '/block/' | sort); do
        show "$name"
        echo "$name $(stat -c %a "$name") $shown"
    done
    for name in rd*; do echo "$name -> $(readlink "$name")"; done
    cd /
}
echo 1000 >/proc/sys/dev/raid/speed_limit_min # as a kernel begins
thread=none
"""


class LinuxSide:
    def __init__(self, guest, images, pristine):
        self.guest, self.images, self.pristine = guest, images, pristine

    def answers(self, stores, wanted):
        """Of the last `wanted` of the stores, on a fresh array."""
        restore(self.images, self.pristine)
        first = len(stores) - wanted
        lines = ["t '%s' '%s'%s" % (file, value, " >/dev/null" if number < first else "") for number, (file, value) in enumerate(stores)]
        return self.guest.run("\n".join([GUEST, "fresh"] + lines + ["ended"])).split("\n")

    def files(self):
        restore(self.images, self.pristine)
        return self.guest.run(GUEST + "fresh\nfiles\nended").split("\n")


class OurSide:
    def __init__(self, mount, images, pristine, era):
        self.mount, self.images, self.pristine, self.era = mount, images, pristine, era

    def answers(self, stores, wanted):
        self.fresh()
        answers = [self.answer(*store) for store in stores][len(stores) - wanted:]
        self.ended()
        return answers

    def files(self):
        self.fresh()
        top = self.mount.folder + "/md"
        names = [os.path.relpath(os.path.join(folder, name), top) for folder, _, files in os.walk(top) for name in files]
        names = [name for name in names if not os.path.islink(top + "/" + name)]  # dev-vda/block leads to the disk
        lines = ["%s %o %s" % (name, os.stat(top + "/" + name).st_mode & 0o777, self.show(name)) for name in sorted(names)]
        lines += ["%s -> %s" % (name, os.readlink(top + "/" + name)) for name in sorted(os.listdir(top)) if name.startswith("rd")]
        self.ended()
        return lines

    def fresh(self):
        restore(self.images, self.pristine)
        why = self.mount.mount(self.images, "--kernel", self.era)
        if why:
            raise RuntimeError("mdscope mount: " + why)
        self.calm()

    def ended(self):
        for file, value in (("suspend_lo", "0"), ("suspend_hi", "0"), ("sync_action", "idle")):
            self.mount.store("md/" + file, value)
        self.mount.umount()

    def answer(self, file, value):
        present = os.path.exists("%s/md/%s" % (self.mount.folder, file))
        answer = self.mount.store("md/" + file, value) if present else "absent"
        self.calm()
        return "%s, reads %s, %s" % (answer, self.show(file), self.sum())

    def calm(self):
        for _ in range(2):
            self.mount.wait(lambda: self.show("sync_action") in ("idle", "frozen", "absent") or self.show("sync_action")[0] == "!", "the array to be calm")
            self.mount.pause()

    def show(self, file):
        said = self.mount.read("md/" + file)
        return "absent" if said == "!No such file or directory" else said.replace("\n", ";")

    def sum(self):
        members = sorted(name for name in os.listdir(self.mount.folder + "/md") if name.startswith("dev-"))
        return "".join("%s=%s " % (name, self.show(name)) for name in SUMMARY) + \
            "".join("%s=%s:%s " % (name, self.show(name + "/slot"), self.show(name + "/state")) for name in members)


def restore(images, pristine):
    """Superblock, bitmap and bad blocks, as they were made."""
    for image, first in zip(images, pristine):
        with open(image, "r+b") as file:
            file.write(first)


def compare_files(verdict, linux, ours):
    """Name by name."""
    linux, ours = ({line.split(" ")[0]: line for line in lines} for lines in (linux, ours))
    for name in sorted(set(linux) | set(ours)):
        verdict.same("sysfs file " + name, linux.get(name, "absent"), ours.get(name, "absent"))


def compare_stores(verdict, rows, linux, ours):
    """Each row is a title, the stores, and how many of the last of them are looked at."""
    for (title, stores, wanted), theirs, own in zip(rows, linux, ours, strict=True):
        for (file, value), answer, own_answer in zip(stores[len(stores) - wanted:], theirs, own, strict=True):
            verdict.same("sysfs %s: %s <- %s" % (title, file, value), answer.strip(), own_answer.strip())


def all_rows():
    rows = [(title, before + ((file, value),), 1) for title, before, file, values in EACH for value in values]
    return rows + [(title, row, len(row)) for title, row in IN_A_ROW]


def asked(side, rows):
    return side.files(), [side.answers(stores, wanted) for _, stores, wanted in rows]


def run(verdict, folder, kernel, era):
    """The files of md/, and stores into them. Both at once, each on its own copy of the images."""
    images = created(folder + "/lab", "--size", "64M", "--bitmap", "internal")
    os.mkdir(folder + "/ours")
    own_images = [shutil.copy(image, folder + "/ours") for image in images]
    pristine = [first_of(image) for image in images]
    guest, mount = Guest(kernel, folder + "/guest", images), Mount(folder + "/mnt")
    linux, ours = LinuxSide(guest, images, pristine), OurSide(mount, own_images, pristine, era)
    rows = all_rows()
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            theirs = beside.submit(asked, linux, rows)
            own_files, own_answers = asked(ours, rows)
            files, answers = theirs.result()
    finally:
        guest.cut()
        mount.clean()
    compare_files(verdict, files, own_files)
    compare_stores(verdict, rows, answers, own_answers)
    return "%d files, %d stores" % (len(files), sum(wanted for _, _, wanted in rows))


def first_of(image):
    with open(image, "rb") as file:
        return file.read(MEBIBYTE)
