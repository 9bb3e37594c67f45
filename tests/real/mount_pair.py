#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""mdscope pair: two arrays, the same done to both. Without the fix the stop says it has ended, and the release is the Oops;
with it the stop sleeps, and the release wakes it. What the command says are the numbers of the mounts' own files."""

import json
import random
import re

from lib import *

need_mount()


class Pair(Lab):
    """A Lab without one: its folder holds the pair. Everything goes at exit."""

    def __init__(self):
        super().__init__(create=False)
        self.dir = self.base + "/made/pair"  # and the folder above it
        self.pids = []
        atexit.register(self.end)

    def run(self, *verbs):
        done = mdscope("pair", self.dir, *verbs)
        for side in "ab":
            if is_mounted(self.at(side)):
                self.pids.append(int(read(self.at(side) + "/lab/pid")))
        return done

    def works(self, *verbs):
        done = self.run(*verbs)
        check(done.returncode == 0, "%s: %d, %s" % (" ".join(verbs), done.returncode, done.stderr))
        return done.stdout

    def says(self):
        """Both sides, after they were compared with what their own files say."""
        said = json.loads(self.works("status", "--json"))
        for side in "ab":
            words = self.file(side, "lab/pending_writes").split()
            counters = (said[side]["mddev_pending_writes"], said[side]["bitmap_pending_writes"])
            check((int(words[1]), int(words[3])) == counters, "%s: %s, %s" % (side, words, counters))
            check(self.file(side, "md/array_state") == said[side]["array_state"], side + ": array_state")
            check((self.file(side, "lab/oops") == "none") == (said[side]["oops"] is None), side + ": the oops")
            check(self.file(side, "lab/bios").count(" held ") == said[side]["held"], side + ": what is held")
        return said["a"], said["b"]

    def at(self, side):
        return self.dir + "/" + side

    def file(self, side, name):
        return read(self.at(side) + "/" + name).rstrip("\n")

    def end(self):
        for side in "ab":
            if is_mounted(self.at(side)):
                for name, value in (("hold", "off"), ("release", "all")):
                    store(self.at(side) + "/lab/" + name, value)
        self.clean()
        for pid in self.pids:
            if process_exists(pid):
                errno_of(os.kill, pid, signal.SIGKILL)


def story_with_the_fix_and_without():
    pair = Pair()
    said = pair.works("make")
    check("fix none" in said and "fix upstream" in said and "hold stop" in said, "what to do next: " + said)
    check(all(is_mounted(pair.at(side)) for side in "ab"), "two mounts")
    check(pair.file("a", "lab/fix").startswith("[none]") and "[upstream]" in pair.file("b", "lab/fix"), "two kernels")
    check("both disks hold the same" in pair.works("write", "--writes", "300"), "the same is written to both")
    pair.works("hold")
    refused = pair.run("write")
    check(refused.returncode == 3 and "release first" in refused.stderr, "a write would wait: " + refused.stderr)
    pair.works("stop")
    a, b = pair.says()
    check(a["status"] == "IN DANGER" and a["array_state"] == "clear" and a["stop"] == [], "A: %s" % a)
    check(a["sentence"] == "A says it has stopped. 2 of its bitmap writes are still out.", a["sentence"])
    check((a["mddev_pending_writes"], a["bitmap_pending_writes"], a["held"]) == (2, 0, 2), "A's counters: %s" % a)
    check(a["when_released"].startswith("Oops"), a["when_released"])
    check(b["status"] == "WAITING" and b["array_state"] != "clear", "B: %s" % b)
    check((b["mddev_pending_writes"], b["bitmap_pending_writes"], b["held"]) == (2, 0, 2), "B's counters: %s" % b)
    check(b["stop"][-1] == "md_super_wait" and "md_bitmap_flush" in b["stop"], "where B's stop is: %s" % b["stop"])
    check(b["when_released"].startswith("wakes"), b["when_released"])
    pair.works("release")
    a, b = pair.says()
    check(a["status"] == "OOPS" and "super_written" in a["oops"] and "crashed" in a["sentence"], "A: %s" % a)
    check(b["status"] == "STOPPED" and b["oops"] is None and b["mddev_pending_writes"] == 0, "B: %s" % b)
    check("RIP: 0010:super_written" in pair.file("a", "lab/oops"), "A's console")
    refused = pair.run("write")
    check(refused.returncode == 1 and "an Oops halted the kernel" in refused.stderr, "a write to it: " + refused.stderr)
    pair.works("umount")
    check(not any(is_mounted(pair.at(side)) for side in "ab"), "no mount is left")
    check(sorted(os.listdir(pair.dir)) == ["a.lab", "b.lab", "kernels"], "the images are: %s" % os.listdir(pair.dir))
    pair.works("mount")
    check([side["status"] for side in pair.says()] == ["RUNNING", "RUNNING"], "mounted again")
    pair.works("umount")


def story_verbs_in_turn_other_kernels_and_other_workloads():
    pair = Pair()
    pair.works("make", "--kernel", "5.12,5.13", "--size", "16M")
    check(pair.file("a", "lab/fix").startswith("[none]") and "[upstream]" in pair.file("b", "lab/fix"), "two eras")
    tree = pair.base + "/tree"
    os.makedirs(tree + "/below")
    for name in ("one", "below/two", "three"):
        with open(tree + "/" + name, "wb") as out:
            out.write(os.urandom(100_000))
    check("3 files written to each" in pair.works("write", "--tree", tree), "a tree is copied")
    with open(tree + "/one", "rb") as one:  # after below/two
        check(read_at(pair.at("b") + "/md0", 102_400, 5000) != b"", "the disk can be read")
        data = read_at(pair.at("b") + "/md0", 102_400, 100_000)
        check(data == one.read(), "what was copied is there")
    with open(tree + "/large", "wb") as out:
        out.truncate(64 << 20)
    full = pair.run("write", "--tree", tree)
    check(full.returncode == 1 and "holds more than the disk" in full.stderr, "too much: " + full.stderr)
    said = pair.works("write", "hold", "stop", "release")
    check("OOPS" in said and "STOPPED" in said, "all in turn: " + said)
    pair.works("umount")
    if shutil.which("fio"):
        other = Pair()
        other.works("make", "--fix", "v1,proposal")
        check("both disks hold the same" in other.works("write", "--fio"), "fio writes the same to both")
        check("OOPS" not in other.works("hold", "stop", "release"), "two fixes, no crash")
        other.works("umount")


def read_at(path, at, size):
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.pread(fd, size, at)
    finally:
        os.close(fd)


def story_mounted_again_with_the_same_kernels():
    pair = Pair()
    pair.works("--kernel", "5.12,5.13", "--order", "2021,2022", "--size", "8M")
    rows = [pair.file(side, name) for side in "ab" for name in ("lab/fix", "lab/order", "lab/pools")]
    pair.works("umount")
    pair.works("mount")
    again = [pair.file(side, name) for side in "ab" for name in ("lab/fix", "lab/order", "lab/pools")]
    check(again == rows and "[none]" in rows[0] and "[2021]" in rows[1], "the same: %s, %s" % (rows, again))
    pair.works("umount")
    pair.works("--fix", "v1,proposal", "mount")
    check("[v1]" in pair.file("a", "lab/fix") and "[proposal]" in pair.file("b", "lab/fix"), "as asked for this time")
    with open(pair.dir + "/mine", "w"):
        pass
    removal = re.search("`(rm -r [^`]*)`", pair.works("umount"))[1]
    subprocess.run(["sh", "-c", removal], check=True)
    check(os.listdir(pair.dir) == ["mine"], "what umount tells to remove is the pair and nothing else: " + removal)


def story_what_is_refused():
    pair = Pair()
    none = pair.run("status")
    check(none.returncode == 1 and "makes one" in none.stderr, "nothing there: " + none.stderr)
    check(pair.run("umount").returncode == 1, "nothing to take down")
    check(os.listdir(pair.base) == ["mnt"], "and nothing was made: %s" % os.listdir(pair.base))
    os.makedirs(pair.at("a"))
    there = pair.run()
    check(there.returncode == 1 and "is there already" in there.stderr, "a folder in the way: " + there.stderr)
    check(os.listdir(pair.dir) == ["a"], "nothing was made: %s" % os.listdir(pair.dir))
    os.rmdir(pair.at("a"))
    pair.works()
    again = pair.run()
    check(again.returncode == 1 and "is there already" in again.stderr, "a pair in the way: " + again.stderr)
    check([side["status"] for side in pair.says()] == ["RUNNING", "RUNNING"], "which works on")
    with open(pair.at("b") + "/md0", "rb"):
        busy = pair.run("stop")
        check(busy.returncode == 3 and "refused: md0 is open" in busy.stderr, "B is open: " + busy.stderr)
    for words, part in ((("--fix", "none,no"), "is none of"), (("jump",), "not in"), (("--fio", "--tree", "/"), "both"),
                        (("--size", "x"), "--size"), (("--delay", "0"), "--delay")):
        wrong = pair.run(*words)
        check(wrong.returncode in (1, 2) and part in wrong.stderr, "%s: %d %s" % (words, wrong.returncode, wrong.stderr))
    pair.works("umount")


def story_interrupted_at_any_moment():
    """There is a pair, or there is nothing."""
    draw = random.Random(7)
    for _ in range(12):
        pair = Pair()
        command = subprocess.Popen([MDSCOPE, "pair", pair.dir], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True)
        try:
            command.wait(draw.uniform(0.01, 0.2))
        except subprocess.TimeoutExpired:
            command.send_signal(signal.SIGINT)
        said = command.communicate(timeout=DEADLINE)[1]
        check(command.returncode in (0, 130), "exit code %s: %s" % (command.returncode, said))
        if command.returncode == 0:
            pair.works("status")
            pair.works("umount")
        else:
            whole = os.path.exists(pair.dir) and pair.run("status").returncode == 0
            check(whole or os.listdir(pair.base) == ["mnt"], "half a pair is left: %s" % os.listdir(pair.base))


run_stories(globals())
finish("mount_pair")
