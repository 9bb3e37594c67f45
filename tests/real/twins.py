#!/usr/bin/env python3
# ctest: TIMEOUT 480
# SPDX-License-Identifier: MIT
"""kill -9 at every system call: what is left of a lab is assembled, and nothing that was acknowledged is lost.

Operations by homes of the bitmap. Each is done once to count its calls on files of the lab, and then again and again,
killed before one of them: each that writes metadata, and the first, a middle and the last one that writes data, whole
and torn; now and then once more in the assembly that follows. tests/real/twin_lib.py says what is looked at afterwards.

  tests/real/twins.py                                   a sample, which fits into a run of all tests
  tests/real/twins.py --all                             every call
  tests/real/twins.py --op add --home file --at metadata:7 [--slow sda]
"""

import argparse
import concurrent.futures
import random

from twin_lib import *

HOMES = ("internal", "external", "file", "none")
MOST_AGAIN = 8  # calls of the assembly


# ---- what is done; before it, what is not counted

class Operation:
    def __init__(self, act, prepare=Twin.create_and_start, homes=HOMES, extra=(), is_whole=False, is_short=False):
        self.act, self.prepare, self.homes, self.extra, self.is_whole = act, prepare, homes, extra, is_whole
        self.is_short = is_short  # so it is killed once more at each call of the assembly, not at some of them

    def again(self, random_of):
        return range(MOST_AGAIN + 1) if self.is_short else [random_of.choice([0, 0, 0] + list(range(1, MOST_AGAIN + 1)))]


def written(twin):
    twin.create_and_start()
    twin.write(0)
    twin.write(9, 4096)


def written_and_stopped(twin):
    written(twin)
    twin.stop()


def without_sda(twin):
    written(twin)
    twin.fail_and_remove("sda")
    twin.write(0)
    twin.write(20)


def without_the_image(twin):
    without_sda(twin)
    os.unlink(twin.image("sda"))


def with_a_spare(twin):
    written(twin)
    twin.command("add", twin.mnt, "sdc")


def recovered_halfway(twin):
    with_a_spare(twin)
    middle = 24 * CHUNK // SECTOR
    twin.until(lambda: twin.store("md/sync_max", str(middle)) == 0, "sync_max")
    twin.command("fail", twin.mnt, "sda")
    twin.until(lambda: twin.read("md/sync_completed").startswith("%d " % middle), "it has come to the middle")


def with_larger_images(twin):
    written_and_stopped(twin)
    for name in ("sda", "sdb"):
        os.truncate(twin.image(name), 6 << 20)
    twin.start()


def with_a_difference(twin):
    """In a chunk that nobody has written: nothing was promised of it."""
    written_and_stopped(twin)
    with open(twin.image("sdb"), "r+b") as image:
        image.seek(twin.data_offset + 40 * CHUNK)
        image.write(b"?" * 4096)
    twin.model.forget(40 * CHUNK, 4096)
    twin.start()


def create(twin):
    twin.command(*twin.create_words())


def mount_and_umount(twin):
    twin.start()
    twin.stop()


def write(twin):
    twin.write(3)
    twin.until_clean()
    twin.write(3, 4096)
    twin.write(30)


def add(twin):
    twin.command("add", twin.mnt, "sda")
    twin.write(20, 4096)
    twin.command("wait", twin.mnt)
    twin.write(5)


def re_add(twin):
    twin.command("re-add", twin.mnt, "sda")
    twin.write(20, 4096)
    twin.command("wait", twin.mnt)
    twin.write(5)


def add_a_spare(twin):
    twin.command("add", twin.mnt, "sdc")
    twin.write(5)


def fail(twin):
    twin.command("fail", twin.mnt, "sda")
    twin.write(9)


def fail_with_a_spare(twin):
    twin.command("fail", twin.mnt, "sda")
    twin.write(9)
    twin.command("wait", twin.mnt)
    twin.write(10)


def write_below_the_checkpoint(twin):
    twin.write(9)


def remove(twin):
    twin.fail_and_remove("sda")
    twin.write(9)
    twin.until_clean()


def grow(twin):
    for name in ("sda", "sdb"):
        twin.set("md/dev-%s/size" % name, "0")
    twin.set("md/component_size", "0")
    size = int(twin.read("md/component_size")) * 1024
    twin.model.grow(size)
    twin.command("wait", twin.mnt)
    twin.write(size // CHUNK - 1)


def check_all(twin):
    twin.sync("check")
    twin.write(5)


def repair(twin):
    twin.sync("repair")
    twin.sync("check")
    twin.holds(twin.read("md/mismatch_cnt") == "0", "there is a difference after the repair")
    twin.write(5)


def move_the_bitmap(twin):
    twin.set("md/bitmap/location", "none")
    twin.write(5)
    twin.set("md/bitmap/location", "+8")
    twin.write(6)


def stop_and_assemble(twin):
    twin.stop_only()
    twin.command("assemble", twin.mnt)
    twin.write(7)


OPERATIONS = {
    "create": Operation(create, lambda twin: None),
    "mount": Operation(mount_and_umount, written_and_stopped, is_whole=True),
    "write": Operation(write, is_whole=True),
    "add": Operation(add, without_the_image),
    "add-former": Operation(add, without_sda),
    "re-add": Operation(re_add, without_sda, ("internal", "external", "file")),
    "add-spare": Operation(add_a_spare, written, extra=("sdc.img",)),
    "fail": Operation(fail, written),
    "fail-spare": Operation(fail_with_a_spare, with_a_spare, extra=("sdc.img",)),
    "write-below": Operation(write_below_the_checkpoint, recovered_halfway, extra=("sdc.img",), is_short=True),
    "remove": Operation(remove, written),
    # Of a bitmap file md refuses another size.
    "grow": Operation(grow, with_larger_images, ("internal", "external", "none"), is_whole=True),
    "check": Operation(check_all, written, is_whole=True),
    "repair": Operation(repair, with_a_difference, is_whole=True),
    "bitmap": Operation(move_the_bitmap, written, ("internal",), is_whole=True),
    "stop": Operation(stop_and_assemble, written, is_whole=True),
    "umount": Operation(Twin.stop, written, is_whole=True),
}


# ---- killing

def try_out(home, name, slow, at, again=0):
    """Kills at a call, (kind, number, torn), and looks at what is left; without one: what there is to be counted.

    Before that it is assembled, and killed at call number `again` that writes metadata, if that is not 0.
    """
    operation = OPERATIONS[name]
    what = "--op %s --home %s%s" % (name, home, " --slow " + slow if slow else "")
    if at:
        what += " --at %s:%d%s" % (at[0], at[1], ":torn" if at[2] else "")
    if again:
        what += " --again %d" % again
    twin = Twin(home, what)
    twin.extra |= set(operation.extra)
    twin.is_whole = operation.is_whole
    operation.prepare(twin)
    if slow and twin.pid:
        twin.store("lab/delay", slow + " 2 superblock bitmap")
    twin.control.arm(*(at or ()))
    try:
        operation.act(twin)
    except Killed:
        pass
    except OSError as error:
        twin.holds(twin.control.ended(), "%s" % error)
    counts = twin.control.counts()
    twin.what += " (%s)" % (twin.control.call() or "at its end")
    twin.kill()
    if again and name != "create":
        twin.assemble_and_die(again)
    try:
        verify_created(twin) if name == "create" else twin.verify()
    except (Killed, OSError) as error:
        twin.holds(False, "%s: %s" % (type(error).__name__, error))
    twin.clean()
    return counts


def verify_created(twin):
    """Whole files or none; and once more with --force, whatever is there."""
    twin.control.forgive()
    twin.holds(not twin.leftovers(), "left behind: %s" % twin.leftovers())
    images = os.listdir(twin.lab) if os.path.isdir(twin.lab) else []
    for name in images:
        if name.endswith(".img"):
            done = mdscope("examine", twin.lab + "/" + name)
            twin.holds(done.returncode == OK, "examine %s: %s" % (name, done.stderr))
    done = mdscope(*twin.mount_words())
    twin.holds(done.returncode in (OK, 1, UNUSABLE), "mount: %d %s" % (done.returncode, done.stderr))
    if done.returncode == OK:
        twin.look_at()
        twin.holds(not any(twin.data()), "it is blank")
        twin.kill()
        twin.model = None
    twin.holds(mdscope(*twin.create_words(), "--force").returncode == OK, "create --force")
    twin.start()
    twin.verify_later_life()


def points(counts, fine):
    chosen = [("metadata", number, False) for number in range(1, counts["metadata"] + 1)]
    last = counts["data"]
    for number in sorted({1, (last + 1) // 2, last} - {0}):
        chosen += [("data", number, False), ("data", number, True)]
    if fine:
        chosen += [("durable", number, False) for number in range(1, counts["durable"] + 1)]
    return chosen


def sample(chosen, share, random_of):
    """The first and the last are always in it."""
    return [at for i, at in enumerate(chosen)
            if i in (0, len(chosen) - 1) or random_of.random() < share]


def arguments():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--all", action="store_true", help="every call, those that make durable, too, by both orders")
    words.add_argument("--share", type=float, default=0.3, help="of the calls, without --all")
    words.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    words.add_argument("--op", action="append", choices=OPERATIONS)
    words.add_argument("--home", action="append", choices=HOMES)
    words.add_argument("--slow", action="append", choices=("", "sda", "sdb"))
    words.add_argument("--at", help="KIND:NUMBER[:torn]: this call alone")
    words.add_argument("--rows", default="", help="of variants, as in `--rows='--spare-role md'`: the test has to fail")
    words.add_argument("--seconds", type=int, default=470, help="after so many it is given up")
    words.add_argument("--again", type=int, default=0, help="with --at: killed once more, at this call of the assembly")
    words.add_argument("--jobs", type=int, default=os.cpu_count())
    return words.parse_args()


def try_one(given):
    kind, number, *torn = given.at.split(":")
    for home in given.home or HOMES[:1]:
        for name in given.op or list(OPERATIONS):
            try_out(home, name, (given.slow or [""])[0], (kind, int(number), bool(torn)), given.again)


def runs(given, random_of):
    """Operation, home, and the member that is slow."""
    for name in given.op or OPERATIONS:
        for home in given.home or HOMES:
            if home in OPERATIONS[name].homes:
                orders = ["", "sda", "sdb"] if given.all else [random_of.choice(["", "sda", "sdb"])]
                yield from ((name, home, slow) for slow in given.slow or orders)


def main():
    given = arguments()
    need_mount(given.seconds)
    Twin.rows = given.rows.split()
    if not os.path.exists(PRELOAD):
        skip("no " + PRELOAD)
    if given.at:
        try_one(given)
        finish("twins")
    print("seed %d" % given.seed, flush=True)
    random_of = random.Random(given.seed)
    total = 0
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        for name, home, slow in runs(given, random_of):
            counts = try_out(home, name, slow, None)
            chosen = [(at, again) for at in points(counts, given.all) for again in OPERATIONS[name].again(random_of)]
            if not given.all:
                chosen = sample(chosen, given.share, random_of)
            list(pool.map(lambda at: try_out(home, name, slow, *at), chosen))
            total += len(chosen) + 1
            print("%6.1f s  %-10s %-8s %s: %d kills (%d metadata, %d data, %d durable)" % (
                time.monotonic() - began, name, home, "slow " + slow if slow else "        ", len(chosen) + 1,
                counts["metadata"], counts["data"], counts["durable"]), flush=True)
    print("%d kills" % total)
    finish("twins")


main()
