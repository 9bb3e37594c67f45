#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each exit code of `mdscope --help`, met: the list is the program's own, and a row without a story here is a failure."""

import re

from lib import *

need_mount()
EXIT_CODES = {}


def exits_with(code, *words, says="", **more):
    done = mdscope(*words, **more)
    check(done.returncode == code, "%s: %d, not %d: %s" % (" ".join(words), done.returncode, code, done.stderr))
    check(says in done.stderr, "%s: says %s" % (" ".join(words), done.stderr))
    EXIT_CODES.setdefault(code, []).append(words)
    return done


def story_it_worked_or_not():
    exits_with(0, "explore", "all-clean")
    exits_with(0, "examine", LAB.image("sda"))
    exits_with(1, "explore", "report-2021", "--expect", "safe")
    exits_with(1, "run", "race-lost", "--expect", "safe")
    exits_with(1, "umount", LAB.mnt, says="nothing is mounted")


def story_wrong_usage():
    for words in (["no-such"], [], ["create"], ["create", LAB.base + "/x", "--size", "64Q"], ["explore", "no-such"],
                  ["explore", "--expect", "peace"], ["explore", "--seed", "-1"], ["explore", "--budget", "0"],
                  ["explore", "--preemptions", "-1"], ["-D"], ["explore", "--save", "-", "--save-scenario", "-"],
                  ["no-such", "--help"]):
        exits_with(2, *words)


def story_values_that_make_no_sense():
    new = LAB.base + "/new"
    for words, says in ((["--bitmap", "internl"], "no bitmap home 'internl'"), (["--write-mostly", "sdz"], "'sdz'"),
                        (["--spares", "1"], "imsm"), (["--serial", "sda=x"], "imsm"), (["--size", "1M"], "too small"),
                        (["--size", "100001"], "512"), (["--chunk", "4G"], "4G"),
                        (["--bitmap", "internal", "--delay", "500ms"], "whole seconds"),
                        (["--bitmap", "internal", "--name", "a" * 99], "name"),
                        (["--metadata", "imsm", "--members", "8"], "--spares"),
                        (["--metadata", "imsm", "--write-mostly", "sda"], "write-mostly"),
                        (["--bitmap", new + "/sda.img"], "two files"),
                        # Of native metadata, and the default bitmap is external.
                        (["--metadata", "1.2"], "--bitmap internal"), (["--metadata", "1.0"], "--bitmap internal"),
                        (["--metadata", "1.2", "--bitmap", "external"], "--bitmap none")):
        exits_with(2, "create", new, *words, says=says)
    for words in (["--volume", "7"], ["--serial", "sda=x"]):
        exits_with(2, "mount", *words, LAB.lab, LAB.mnt, says="are for IMSM")
    exits_with(2, "mount", "--serial", "sda", LAB.lab, LAB.mnt, says="NAME=SERIAL")
    exits_with(2, "disk", new, LAB.base + "/dir", "--size", "1M", says="too small")
    exits_with(2, "pair", LAB.base + "/pair", "--size", "1M", says="too small")
    check(sorted(os.listdir(LAB.base)) == ["lab", "mnt"], "nothing is made: %s" % os.listdir(LAB.base))


def story_files_that_are_none():
    for path, says in ((LAB.base, "is a folder"), ("/dev/zero", "is a character device"), (LAB.image("sda"), "no search")):
        exits_with(2, "explore", "--resume", path, says=says)
    for command in ("run", "replay"):
        exits_with(2, command, LAB.base, says="is a folder; a file")


def story_the_window():
    """Before it asks for a display."""
    gui = os.path.dirname(MDSCOPE) + "/mdscope-gui"
    if not os.access(gui, os.X_OK):
        return
    picture = ["--png", LAB.base + "/picture.png", "--size", "400x300"]
    for words, says in ((["no-such"], "no-such"), (["--size", "0x0"], "--size"), (["--mode", "no"], "--mode"),
                        (picture + ["--act", "jump up"], "no act"), (picture + ["--act", "key Nonsense"], "no key"),
                        (picture + ["--act", "wait soon"], "seconds"), (picture + ["--act", "click no/such"], "no/such")):
        done = subprocess.run([gui] + words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE,
                              env={k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}, check=False)
        check(done.returncode == 2 and says in done.stderr, "mdscope-gui %s: %d %s" % (words, done.returncode, done.stderr))


def story_busy():
    LAB.mount_or_die()
    other = LAB.base + "/other"
    os.mkdir(other)
    exits_with(3, "mount", LAB.lab, other, says="is mounted on " + LAB.mnt)
    with open(LAB.path("md0"), "rb"):
        exits_with(3, "stop", LAB.mnt, says="--force")
    # It is in the array, and no waiting would change that.
    exits_with(1, "re-add", LAB.mnt, "sdb", says="is a member of md0 already (in_sync)")
    exits_with(1, "add", LAB.mnt, "sdb", says="is a member of md0 already")
    exits_with(3, "remove", LAB.mnt, "sdb", says="fail it first")
    exits_with(3, "assemble", LAB.mnt, says="is running")
    check(LAB.umount().returncode == 0, "umount")


def story_an_image_that_cannot_be_used():
    blank = LAB.base + "/blank.img"
    with open(blank, "wb") as image:
        image.truncate(8 << 20)
    exits_with(4, "mount", blank, LAB.mnt)


def story_not_known():
    # Nothing bad is met, and there is more to look at: neither "safe" nor a failure.
    for words in (["late-daemon", "--granularity", "fine", "--budget", "200"], ["report-2021", "--fix", "upstream", "--budget", "5"],
                  ["report-2021", "--fix", "upstream", "--strategy", "random", "--budget", "20"],
                  ["report-2021", "--fix", "upstream", "--preemptions", "0"],
                  ["late-daemon", "--granularity", "fine", "--budget", "200", "--expect", "crash"]):
        done = exits_with(5, "explore", *words, "--json")
        check('"expectation":"not known"' in done.stdout, "in JSON: %s" % words)
        card = exits_with(5, "explore", *words)
        check("expected" not in card.stdout or ": not known" in card.stdout, "on the card: %s" % words)


def story_interrupted():
    with subprocess.Popen([MDSCOPE, "explore", "late-daemon", "--granularity", "fine", "--budget", "1G"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as search:
        wait_for(lambda: cpu_seconds(search.pid) > 0.2, "the search is under way")
        search.send_signal(signal.SIGINT)
        search.communicate(timeout=DEADLINE)
        check(search.returncode == 130, "Ctrl-C: %d" % search.returncode)
        EXIT_CODES.setdefault(search.returncode, []).append(["Ctrl-C"])


LAB = Lab()
run_stories(globals())
listed = mdscope("--help").stdout.partition("Exit codes:\n")[2]
told = [int(row) for row in re.findall(r"^  (\d+) ", listed, re.MULTILINE)]
check(len(told) == 7, "the rows of --help: %s" % told)
check(sorted(EXIT_CODES) == sorted(told), "met: %s, told of: %s" % (sorted(EXIT_CODES), sorted(told)))
finish("exit_codes")
