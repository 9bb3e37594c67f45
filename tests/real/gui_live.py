#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
# SPDX-License-Identifier: MIT
"""A mounted array followed as the window follows it (gui/live), through the program live_probe: real writes, held and
released bios, stops with and without a fix, members that fail and come back, a mount that is killed or taken away, and a
window that is killed. The disk works on in all of them, and what the window says can be acted on."""

import hashlib
import json
import os

from lib import *

need_mount()
PROBE = os.environ.get("HELPERS", TOP + "/build") + "/live_probe"
ENOUGH = 30  # snapshots a second
IDLE = 10    # when nothing happens; a little more is still that


class Probe:
    """A window without a display."""

    def __init__(self, mnt=None):
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, MDSCOPE=MDSCOPE))
        atexit.register(self.close)
        if mnt:
            self.ask("attach " + mnt)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def view(self):
        return self.ask("view")

    def wait(self, condition, what):
        """The view in which it holds."""
        seen = {}

        def holds():
            seen.clear()
            seen.update(self.view())
            return condition(seen)

        if not wait_for(holds, what):
            print(json.dumps(seen)[:4000])
        return seen

    def state(self, word):
        return self.wait(lambda view: view["state"] == word, "the view is " + word)

    def followed(self, lab):
        """Attached, and events arrive: what begins from now on has a bar."""
        self.state("live")
        wait_for(lambda: write_block(lab, 1 << 20) or self.ask("history 60")["received"] > 0, "events")

    def array(self, word):
        return self.wait(lambda view: view["state"] == "live" and view["snapshot"]["array"]["state"] == word,
                         "array_state " + word)

    def do(self, file, text):
        return self.ask("do %s %s" % (file, text))["id"]

    def result(self, number):
        view = self.wait(lambda now: any(one["id"] == number for one in now["results"]), "command %d ends" % number)
        return [one for one in view["results"] if one["id"] == number][0]

    def done(self, file, text):
        """Performs it, and it went well."""
        result = self.result(self.do(file, text))
        check(result["ok"], "%s > %s: %s" % (text, file, result))
        return result

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(DEADLINE)

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE)


class Writer(threading.Thread):
    """Writes blocks until it is told to stop, or the disk answers an error."""

    def __init__(self, lab):
        super().__init__()
        self.fd = os.open(lab.path("md0"), os.O_RDWR)
        self.size = os.lseek(self.fd, 0, os.SEEK_END)
        self.over = False
        self.written = 0
        self.error = 0
        self.start()

    def run(self):
        try:
            while not self.over:
                os.pwrite(self.fd, b"%08d" % self.written * 512, self.written * 69632 % (self.size - 4096) & ~4095)
                self.written += 1
        except OSError as error:
            self.error = error.errno
        close(self.fd)

    def stop(self):
        self.over = True
        self.join(DEADLINE)
        return self.error


def start_fio(lab):
    if not shutil.which("fio"):
        return None
    return subprocess.Popen(
        ["fio", "--name=live", "--filename=" + lab.path("md0"), "--rw=randwrite", "--bs=4k", "--size=32M", "--direct=1",
         "--ioengine=libaio", "--iodepth=16", "--time_based", "--runtime=200", "--allow_file_create=0"],
        cwd=lab.base, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def write_block(lab, offset=0):
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, os.urandom(4096), offset)
    os.fsync(fd)
    os.close(fd)


def unmounted(lab):
    lab.store("lab/fix", "upstream")  # the stop of an unmount can crash like any other
    done = lab.umount()
    check(done.returncode == 0, "umount: " + done.stderr)


def held(view, kind="bitmap"):
    return sum(bio["held"] and bio["kind"] == kind for bio in view["snapshot"]["bios"])


def cost_of_a_snapshot(probe):
    """CPU seconds, with the events that come meanwhile."""
    views, used = 90, cpu_seconds(probe.process.pid)
    rate = probe.ask("rate %d" % views)
    each = (cpu_seconds(probe.process.pid) - used) / views
    print("under load: %.1f snapshots a second, %.1f ms of a CPU each; %.1f frames" %
          (rate["per_second"], 1000 * each, rate["frames_per_second"]))
    check(rate["per_second"] > 1.2 * IDLE or sanitized(), "as seldom as when nothing happens: %s" % rate)
    return each


def story_followed_under_load():
    lab = Lab("--delay", "100ms")
    lab.mount_or_die()
    probe = Probe(lab.mnt)
    view = probe.state("live")
    check(view["pid"] == lab.pid and view["lab"] == lab.lab, "who serves it: %s" % view)
    probe.ask("chunks 0 99")
    probe.ask("want lab/mddev")
    probe.ask("want mdstat")
    fio = start_fio(lab)
    writer = Writer(lab)
    probe.wait(lambda now: now["snapshot"]["bitmap"]["clean"] < now["snapshot"]["bitmap"]["chunks"], "the writes are seen")
    # Not the snapshots of a second: that depends on who else is on this machine.
    each = best_of(lambda: cost_of_a_snapshot(probe), 1 / ENOUGH)
    check(each < 1 / ENOUGH or sanitized(), "a snapshot costs %.1f ms" % (1000 * each))
    view = probe.wait(lambda now: now.get("chunks") == 100 and len(now["parts"]) == 2, "the files that are wanted")
    check("pending_writes" in view["parts"]["lab/mddev"] and "raid1" in view["parts"]["mdstat"], "and what is in them")
    history = {}

    def drawn():
        history.update(probe.ask("history 30"))
        return (any(bar["kind"] == "bitmap" and not bar["open"] for bar in history["bios"]) and
                history["steps"] and history["waits"] and history["tasks"] > 0)

    wait_for(drawn, "bars of bitmap writes, sleeps, and steps of the counter")
    check(history["unreadable"] + history["missing"] + history["repeated"] == 0, "the stream adds up: %s" % {
        name: history[name] for name in ("received", "dropped", "missing", "repeated", "unreadable")})
    check(set(bar["member"] for bar in history["bios"]) == {"sda", "sdb"}, "on both members")
    check(writer.stop() == 0, "the writer met no error")
    if fio:
        fio.terminate()
        fio.wait(DEADLINE)
    probe.close()
    unmounted(lab)


def story_held_and_released():
    lab = Lab("--delay", "100ms")
    lab.mount_or_die()
    probe = Probe(lab.mnt)
    probe.followed(lab)
    probe.done("lab/hold", "bitmap sdb")
    writer = threading.Thread(target=write_block, args=(lab,))
    writer.start()
    probe.wait(lambda now: held(now) > 0, "a bitmap write is held")
    wait_for(lambda: any(bar["is_held"] and bar["member"] == "sdb" for bar in probe.ask("history 60")["bios"]),
             "and is a bar that says so")
    probe.done("lab/hold", "off")
    probe.done("lab/release", "all")
    probe.wait(lambda now: held(now) == 0, "released")
    writer.join(DEADLINE)
    wait_for(lambda: any(bar["held"] and not bar["open"] for bar in probe.ask("history 60")["bios"]), "its bar ends")
    wrong = probe.result(probe.do("lab/release", "99999"))
    check(not wrong["ok"] and "no such bio is held" in wrong["advice"], "an error in words: %s" % wrong)
    probe.close()
    unmounted(lab)


def story_a_stop_that_waits():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--fix", "upstream")
    probe = Probe(lab.mnt)
    probe.followed(lab)
    write_block(lab)
    probe.do("lab/hold", "bitmap")
    stop = probe.do("md/array_state", "clear")
    view = probe.wait(lambda now: held(now) == 2 and any(
        "sb_wait" in task["queue"] for task in now["snapshot"]["tasks"]), "the stop sleeps in sb_wait")
    check([one["id"] for one in view["running"] if one["started"]] == [stop], "and is running: %s" % view["running"])
    check(view["snapshot"]["array"]["pending_writes"] == 2, "for two writes")
    wait_for(lambda: any("sb_wait" in wait for wait in probe.ask("history 60")["waits"]), "a bar of the sleep")
    probe.do("lab/hold", "off")
    probe.done("lab/release", "all")
    check(probe.result(stop)["ok"], "the stop ends well")
    probe.array("clear")
    answer = probe.done("lab/assemble", "1")["answer"]
    check(answer != "", "what is owed is said")
    view = probe.wait(lambda now: now["snapshot"]["array"]["state"] not in ("clear", "inactive"), "it runs again")
    check(view["snapshot"]["oops"] is None, "no oops")
    probe.close()
    unmounted(lab)


def story_the_crash_in_the_middle_of_the_writes():
    """Slow bitmap writes: those of the stop's last pass end when the members are unbound already."""
    lab = Lab()
    lab.mount_or_die("--fix", "none")
    probe = Probe(lab.mnt)
    probe.state("live")
    probe.done("lab/delay", "all 50 bitmap")
    fio = start_fio(lab)
    writer = Writer(lab)
    probe.wait(lambda now: now["snapshot"]["bitmap"]["clean"] < now["snapshot"]["bitmap"]["chunks"], "it writes")
    wait_for(lambda: writer.written > 20, "in the middle of the writes")
    probe.do("lab/stop", "force")
    view = probe.wait(lambda now: now["snapshot"]["oops"] and "lab/oops" in now["parts"], "the Oops is seen")
    check("super_written" in view["snapshot"]["oops"]["function"], "where: %s" % view["snapshot"]["oops"])
    writer.join(DEADLINE)
    check(writer.error in (errno.EIO, errno.ENODEV), "the writer got an error: %d" % writer.error)
    check(not fio or fio.wait(DEADLINE) != 0, "and so did fio")
    probe.do("lab/delay", "off")
    assembled(probe)
    write_block(lab)
    probe.close()
    unmounted(lab)


def assembled(probe):
    """It answers EBUSY as long as something of the dead array is in flight."""
    wait_for(lambda: probe.result(probe.do("lab/assemble", "1"))["ok"], "assemble")
    return probe.wait(lambda now: now["snapshot"]["oops"] is None and now["snapshot"]["array"]["state"] != "clear",
                      "it runs again")


def story_the_crash():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--fix", "none")
    probe = Probe(lab.mnt)
    probe.followed(lab)
    write_block(lab)
    probe.do("lab/hold", "bitmap")
    check(probe.result(probe.do("md/array_state", "clear"))["ok"], "nobody waits: the stop ends")
    probe.wait(lambda now: held(now) == 2, "with two writes in flight")
    probe.do("lab/release", "all")
    view = probe.wait(lambda now: now["snapshot"]["oops"] and "lab/oops" in now["parts"], "the Oops is seen")
    check("super_written" in view["snapshot"]["oops"]["function"], "where: %s" % view["snapshot"]["oops"])
    check("BUG: kernel NULL pointer dereference" in view["parts"]["lab/oops"], "its console is read")
    wait_for(lambda: any("BUG: " in mark for mark in probe.ask("history 60")["marks"]), "and it is a mark")
    check(process_exists(lab.pid), "the process lives")
    probe.do("lab/hold", "off")
    probe.do("lab/release", "all")
    view = assembled(probe)
    check("lab/oops" not in view["parts"], "the Oops is gone from the view")
    write_block(lab)
    probe.close()
    unmounted(lab)


def story_a_member_fails_and_comes_back():
    lab = Lab("--size", "64M")
    lab.mount_or_die()
    probe = Probe(lab.mnt)
    probe.state("live")
    probe.done("md/dev-sdb/state", "faulty")
    probe.wait(lambda now: now["snapshot"]["array"]["degraded"] == 1, "degraded")
    for chunk in range(0, 48 << 20, 1 << 20):
        write_block(lab, chunk)
    wait_for(lambda: probe.result(probe.do("lab/remove", "sdb"))["ok"], "removed, once nobody uses it")
    probe.done("lab/delay", "all 20 resync")  # so that it takes long enough to be seen
    probe.do("lab/re-add", "sdb")
    seen = set()

    def recovering():
        view = probe.view()
        recovery = view["snapshot"]["recovery"]
        if recovery["action"] == "recover":
            seen.add(recovery["completed"])
        return len(seen) >= 3 and max(seen) > 0

    wait_for(recovering, "recovery with progress")
    probe.do("lab/delay", "off")
    view = probe.wait(lambda now: now["snapshot"]["array"]["degraded"] == 0 and
                      now["snapshot"]["recovery"]["action"] == "idle", "in sync again")
    check(all("In_sync" in member["flags"] for member in view["snapshot"]["members"]), "both: %s" % view["snapshot"])
    probe.close()
    unmounted(lab)


def story_the_last_member():
    lab = Lab()
    lab.mount_or_die()
    probe = Probe(lab.mnt)
    probe.state("live")
    probe.done("md/dev-sdb/state", "faulty")
    probe.done("lab/fail-last", "md")  # as md: refused, and broken all the same
    last = probe.result(probe.do("md/dev-sda/state", "faulty"))
    check(not last["ok"] and "last working member" in last["advice"], "it stays: %s" % last)
    probe.array("broken")
    probe.done("lab/stop", "1")  # what the advice says
    assembled(probe)
    write_block(lab)
    probe.close()
    unmounted(lab)


def story_an_unmount_is_not_disturbed():
    """Five times, with a window that reads sixty times a second."""
    lab = Lab()
    probe = None
    for _ in range(5):
        lab.mount_or_die()
        probe = probe or Probe(lab.mnt)
        probe.wait(lambda now: now["state"] == "live" and now["pid"] == lab.pid, "attached, again by itself")
        write_block(lab)
        done = lab.umount()
        check(done.returncode == 0, "umount: " + done.stderr)
        view = probe.wait(lambda now: now["state"] == "gone" and "nothing is mounted" in now["problem"], "told")
        check("mdscope mount %s %s" % (lab.lab, lab.mnt) in view["problem"], "what to do: " + view["problem"])
    check(probe.ask("history 1")["restarts"] == 5, "each process has a history of its own")
    probe.close()


def story_the_mount_dies():
    lab = Lab()
    lab.mount_or_die()
    probe = Probe(lab.mnt)
    probe.state("live")
    os.kill(lab.pid, signal.SIGSTOP)
    view = probe.state("no answer")
    check(str(lab.pid) in view["problem"], "who is silent: " + view["problem"])
    os.kill(lab.pid, signal.SIGCONT)
    check(probe.state("live")["problem"] is None, "it goes on")
    os.kill(lab.pid, signal.SIGKILL)
    view = probe.state("gone")
    check("mdscope umount " + lab.mnt in view["problem"], "what to do: " + view["problem"])
    check("snapshot" in view, "the last state is kept")
    result = probe.result(probe.do("lab/stop", "1"))
    check(not result["ok"] and "has ended" in result["advice"], "a command says it: %s" % result)
    check(lab.umount().returncode == 0, "the dead mount is taken away")
    lab.mount_or_die()
    probe.wait(lambda now: now["state"] == "live" and now["pid"] == lab.pid, "attached to the next one")
    probe.close()
    unmounted(lab)


def story_a_full_disk():
    """The images are sparse and what holds them is small."""
    if os.geteuid() != 0:
        return
    lab = Lab(create=False)
    small = lab.base + "/small"
    os.mkdir(small)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "none", small], stderr=subprocess.DEVNULL).returncode:
        return
    lab.lab = small + "/lab"
    probe = Probe()
    made = probe.ask("create %s %s size=64M" % (lab.lab, lab.mnt))
    check(made["phase"] == "mounted", "mounted: %s" % made)
    lab.pid = int(lab.read("lab/pid"))
    probe.ask("attach " + lab.mnt)
    probe.state("live")
    writer = Writer(lab)
    view = probe.wait(lambda now: now["space_problem"], "told that it is full")
    check("%s is full" % "the file system that holds them" in view["space_problem"] and
          "Free some space" in view["space_problem"], "what to do: " + view["space_problem"])
    wait_for(lambda: writer.error, "the writer meets it")  # told is who has little space left; a slow writer has some
    check(writer.stop() in (errno.EIO, errno.ENOSPC), "the writer met it: %d" % writer.error)
    full = probe.ask("create %s %s size=64M" % (small + "/lab2", lab.base + "/mnt2"))
    check(full["phase"] == "failed" and "No space left" in full["error"] and "Free some space" in full["advice"],
          "a lab for which there is no space: %s" % full)
    check(not os.path.exists(lab.base + "/mnt2"), "nothing is left of it")
    probe.close()
    unmounted(lab)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def story_the_window_is_killed():
    """It created and mounted the array itself. The disk is another process and knows nothing of it."""
    lab = Lab(create=False)
    os.rmdir(lab.mnt)
    probe = Probe()
    made = probe.ask("create %s %s size=64M members=3 bitmap=internal fix=v1" % (lab.lab, lab.mnt))
    check(made["phase"] == "mounted" and made["exit_code"] == 0, "mounted: %s" % made)
    check(any("is mounted" in line for line in made["lines"]), "what mdscope said: %s" % made["lines"])
    check([lab.mnt, lab.lab] in probe.ask("mounts"), "it is in the list")
    lab.pid = int(lab.read("lab/pid"))
    again = probe.ask("mount %s %s" % (lab.lab, lab.mnt))
    check(again["phase"] == "failed" and "is mounted on" in again["error"], "the real error: %s" % again)
    check(os.getpgid(lab.pid) != os.getpgid(probe.process.pid), "a group of its own")
    probe.ask("attach " + lab.mnt)
    probe.state("live")
    check(lab.read("lab/fix").split()[1] == "[v1]", "the fix: " + lab.read("lab/fix"))
    data = lab.base + "/data"
    with open(data, "wb") as file:
        file.write(os.urandom(8 << 20))
    copying = threading.Thread(target=shutil.copyfileobj, args=(open(data, "rb"), open(lab.path("md0"), "r+b"), 1 << 16))
    copying.start()
    probe.ask("rate 3")
    probe.kill()
    copying.join(DEADLINE)
    os.truncate(data, 8 << 20)
    with open(lab.path("md0"), "rb") as disk:
        found = hashlib.sha256(disk.read(8 << 20)).hexdigest()
    check(found == digest(data), "every byte is there")
    check(process_exists(lab.pid) and lab.read("md/array_state") in ("clean", "active", "active-idle"), "and it runs on")
    holder = open(lab.path("md0"), "rb")
    probe = Probe()
    busy = probe.ask("umount " + lab.mnt)
    check(busy["phase"] == "failed" and busy["exit_code"] == 3 and "[%d]" % os.getpid() in busy["error"],
          "who uses it: %s" % busy)
    holder.close()
    done = probe.ask("umount " + lab.mnt)
    check(done["phase"] == "unmounted", "unmounted: %s" % done)
    wait_for(lambda: not process_exists(lab.pid), "and the process has ended")
    probe.close()


run_stories(globals())
finish("gui_live")
