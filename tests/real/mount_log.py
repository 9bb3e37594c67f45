#!/usr/bin/env python3
# ctest: TIMEOUT 120
# SPDX-License-Identifier: MIT
"""lab/log is followed: `tail -f` and `tail -F` show each line as it comes, and poll(2) says that there is one."""

from lib import *


def fail_and_re_add(lab):
    check(mdscope("fail", lab.mnt, "sdb").returncode == 0, "fail")
    check(mdscope("remove", lab.mnt, "sdb").returncode == 0, "remove")
    check(mdscope("re-add", lab.mnt, "sdb").returncode == 0, "re-add")
    check(mdscope("wait", lab.mnt).returncode == 0, "wait")


def lines_until(tail, part, so_far):
    """What tail has printed, until a line of it has `part`; tail writes when there is something."""
    while part not in so_far:
        readable, _, _ = select.select([tail.stdout], [], [], 60)
        if not readable:
            return so_far
        so_far += os.read(tail.stdout.fileno(), 65536).decode()
    return so_far


def follow(lab, *words):
    tail = subprocess.Popen(["tail", "-s", "0.05", *words, lab.path("lab/log")], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    last = lab.read("lab/log").splitlines()[-1]
    shown = lines_until(tail, last, "")
    check(last in shown, "%s: what was there: %r" % (words, shown))
    before = len(lab.read("lab/log").splitlines())
    fail_and_re_add(lab)
    new = "\n".join(lab.read("lab/log").splitlines()[before:])
    check("Disk failure on sdb" in new, "the log: " + new)
    shown = lines_until(tail, new, shown)
    check(new in shown, "%s: what came: %r" % (words, shown))
    check(shown.count(new.splitlines()[0]) == 1, "%s: once: %r" % (words, shown))
    tail.terminate()
    _, errors = tail.communicate()
    check(errors == b"", "%s: %r" % (words, errors))


lab = Lab("--size", "16M", "--bitmap", "internal")
lab.mount_or_die()
for words in (["-f"], ["-F"], ["-n", "+1", "-f"], ["-n", "2", "-f"], ["-c", "500", "-f"]):
    follow(lab, *words)

text = lab.read("lab/log") + "\n"
check(os.stat(lab.path("lab/log")).st_size == len(text.encode()), "its size")
fd = os.open(lab.path("lab/log"), os.O_RDONLY)
while os.read(fd, 100):
    pass
poll = select.poll()
poll.register(fd, select.POLLPRI)
check(poll.poll(0) == [], "nothing has come")
check(mdscope("fail", lab.mnt, "sdb").returncode == 0, "fail")
check(poll.poll(60000) != [], "poll says that something has")
check("Disk failure on sdb" in os.read(fd, 65536).decode(), "and read goes on with that")
os.close(fd)
check(lab.umount().returncode == 0, "umount")
finish("mount_log")
