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
                  ["explore", "--preemptions", "-1"], ["-D"], ["explore", "--save", "-", "--save-scenario", "-"]):
        exits_with(2, *words)


def story_busy():
    LAB.mount_or_die()
    other = LAB.base + "/other"
    os.mkdir(other)
    exits_with(3, "mount", LAB.lab, other, says="is mounted on " + LAB.mnt)
    with open(LAB.path("md0"), "rb"):
        exits_with(3, "stop", LAB.mnt, says="--force")
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
