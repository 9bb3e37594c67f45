# SPDX-License-Identifier: MIT
"""What the mount_* tests share: a lab in a temporary folder, mounted, and cleaned up whatever happens.

The binary is $MDSCOPE (default build/mdscope of this checkout). A test that cannot run here prints "skipped: why" and exits 77. Only
processes that a test started itself are ended, by their number. Waiting is always for a condition, with a deadline.
"""

import atexit
import errno
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MDSCOPE = os.path.abspath(os.environ.get("MDSCOPE", TOP + "/build/mdscope"))
DEADLINE = 60  # seconds; far more than anything here takes, for slow machines
GIVE_UP = 230  # seconds for a whole test, less than ctest gives it (their lines "# ctest: TIMEOUT 240")

os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
# For create: what a test wrote is in the bitmap until the stop clears it, however slow the machine is. With the usual 5 s
# the bitmap's daemon may have cleared it before the test holds its writes.
SLOW_DAEMON = ("--delay", "600s")
failures = []
labs = []


def sanitized():
    """A build with sanitizers is some ten times slower."""
    with open(MDSCOPE, "rb") as binary:
        text = binary.read()
    return b"__tsan_init" in text or b"__asan_init" in text


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def check(holds, what):
    """Notes a failure and goes on, so that one run shows all of them."""
    if not holds:
        failures.append(what)
        print("FAILED: " + what, flush=True)


def run_stories(names):
    """Each function of `names` (a module's globals) whose name begins with story_, in the order they are written."""
    for name, story in list(names.items()):
        if name.startswith("story_"):
            try:
                story()
            except OSError as error:
                check(False, "%s: %s" % (name, error))


def finish(name):
    if failures:
        print("%s: %d failed" % (name, len(failures)))
        sys.exit(1)
    print(name + ": ok")
    sys.exit(0)


def give_up(seconds):
    """The test hangs, perhaps inside a request that a stuck daemon will not answer: what this test started goes."""
    print("FAILED: not finished after %d s" % seconds, flush=True)
    for lab in labs:
        if lab.pid and process_exists(lab.pid):
            os.kill(lab.pid, signal.SIGKILL)
    for lab in list(labs):
        lab.clean()
    os._exit(1)


def need_mount(seconds=GIVE_UP):
    if not os.access(MDSCOPE, os.X_OK):
        skip("no mdscope at " + MDSCOPE)
    if not os.path.exists("/dev/fuse") or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        skip("no /dev/fuse, or no right to open it")
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        skip("neither root nor fusermount3")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    watchdog = threading.Timer(seconds, give_up, (seconds,))
    watchdog.daemon = True
    watchdog.start()


def need_root(why):
    if os.geteuid() != 0:
        skip("not root: " + why)


def mdscope(*words, timeout=DEADLINE, stdin=subprocess.DEVNULL, env=None, prefix=()):
    """Runs a command; the answer has returncode, stdout and stderr."""
    return subprocess.run(list(prefix) + [MDSCOPE] + list(words), stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout, env=env, errors="replace")


def wait_for(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            check(False, "waited %d s for: %s" % (deadline, what))
            return False
        select.select([], [], [], 0.01)  # the pause between two looks
    return True


def best_of(measure, limit, tries=5):
    """The least of up to five, for what has a limit: a machine under load may delay or disturb a single one."""
    least = measure()
    for _ in range(tries - 1):
        if least >= limit:
            least = min(least, measure())
    return least


def cpu_seconds(pid, of=""):
    """Of the whole process, or of "/task/TID"."""
    with open("/proc/%d%s/stat" % (pid, of)) as stat:
        words = stat.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def mount_points():
    """Of the whole system, in the order in which they were mounted: others may have names that are no UTF-8."""
    with open("/proc/self/mountinfo", errors="surrogateescape") as lines:
        return [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split(" ")[4]) for line in lines]


def is_mounted(path):
    return path in mount_points()


def process_exists(pid):
    """A process that has ended and waits to be collected by its parent does not count, once its last thread is gone."""
    try:
        with open("/proc/%d/stat" % pid) as stat:
            ended = stat.read().rpartition(")")[2].split()[0] in "ZX"
        return not ended or len(os.listdir("/proc/%d/task" % pid)) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def read(path, size=1 << 20):
    fd = os.open(path, os.O_RDONLY)
    try:
        text = b""
        while True:
            part = os.read(fd, size)
            if not part:
                return text.decode(errors="replace")
            text += part
    finally:
        os.close(fd)


def store(path, value):
    """One write(2); 0 or the errno."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
    except OSError as error:
        return error.errno
    try:
        os.write(fd, value if isinstance(value, bytes) else value.encode())
        return 0
    except OSError as error:
        return error.errno
    finally:
        try:
            os.close(fd)
        except OSError:
            pass


def errno_of(call, *arguments):
    """The errno that the call fails with, 0 if it does not."""
    try:
        call(*arguments)
        return 0
    except OSError as error:
        return error.errno


def room():
    """tmpfs when there is space: fsync costs nothing there."""
    try:
        free = os.statvfs("/dev/shm")
        if free.f_bavail * free.f_frsize > 1 << 30:
            return "/dev/shm"
    except OSError:
        pass
    return None


def close(fd):
    """close(2) of a file whose mount may be gone."""
    errno_of(os.close, fd)


class Lab:
    """A folder with a lab and a mount point. Everything goes at exit."""

    def __init__(self, *create_words, create=True, where=None):
        self.base = os.path.realpath(tempfile.mkdtemp(prefix="mdscope-test-", dir=where or room()))
        self.lab = self.base + "/lab"
        self.mnt = self.base + "/mnt"
        os.mkdir(self.mnt)
        self.pid = 0
        labs.append(self)
        atexit.register(self.clean)
        if create:
            made = mdscope("create", self.lab, *create_words)
            if made.returncode != 0:
                print(made.stderr)
                sys.exit("cannot create a lab")

    def image(self, name):
        return "%s/%s.img" % (self.lab, name)

    def path(self, name):
        return self.mnt + "/" + name

    def mount(self, *words):
        done = mdscope("mount", *words, self.lab, self.mnt)
        if done.returncode == 0:
            self.pid = int(self.read("lab/pid"))
        return done

    def mount_or_die(self, *words):
        done = self.mount(*words)
        if done.returncode != 0:
            print(done.stderr)
            sys.exit("cannot mount")

    def umount(self):
        done = mdscope("umount", self.mnt)
        if done.returncode == 0:
            self.pid = 0
        return done

    def read(self, name):
        return read(self.path(name)).rstrip("\n")

    def store(self, name, value):
        return store(self.path(name), value)

    def start_sync(self, action, what):
        """Busy for the moment in which md's thread looks whether there is anything to do, as on Linux."""
        return wait_for(lambda: self.store("md/sync_action", action) == 0, what + ": " + action)

    def set_sync_max(self, sectors):
        """Busy for the same moment."""
        return wait_for(lambda: self.store("md/sync_max", sectors) == 0, "sync_max: " + sectors)

    def clean(self):
        if self.pid and process_exists(self.pid) and is_mounted(self.mnt):
            for name, value in (("hold", "off"), ("release", "all")):
                self.store("lab/" + name, value)
        points = [point for point in mount_points() if point.startswith(self.base + "/")]
        for point in reversed(points):
            tool = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-u", "-z"]
            subprocess.run(tool + [point], stderr=subprocess.DEVNULL)
        if self.pid and process_exists(self.pid):
            end = time.monotonic() + 10
            while process_exists(self.pid) and time.monotonic() < end:
                select.select([], [], [], 0.01)
            if process_exists(self.pid):
                os.kill(self.pid, signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)


__all__ = [name for name in dir() if not name.startswith("_")]
