#!/usr/bin/env python3
# ctest: TIMEOUT 240 RUN_SERIAL TRUE
# SPDX-License-Identifier: MIT
"""The window on a mounted array: it follows real writes, holds and stops it from its buttons, shows the Oops without the
fix and the wait with it, brings the array back, makes and mounts one itself, and its death by SIGKILL in the middle of a
copy loses nothing."""

import hashlib

from gui_lib import *

need_mount()
need_window()
display = Display()
ENOUGH = 30  # frames a second while something is written
MEASURED = 15  # frames, however long they take: a busy machine draws less than one a second


class Writer(threading.Thread):
    """Writes blocks until it is told to stop, or the disk answers an error."""

    def __init__(self, lab):
        super().__init__()
        self.fd = os.open(lab.path("md0"), os.O_RDWR)
        self.size = os.lseek(self.fd, 0, os.SEEK_END)
        self.over = False
        self.written = self.error = 0
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


def start_fio(lab, *options):
    """fio if there is one; it ends by itself when the disk goes."""
    if not shutil.which("fio"):
        return None
    fio = subprocess.Popen(
        ["fio", "--name=live", "--filename=" + lab.path("md0"), "--rw=randwrite", "--bs=4k", "--size=32M", "--direct=1",
         "--ioengine=libaio", "--iodepth=16", "--time_based", "--runtime=120", "--allow_file_create=0", *options],
        cwd=lab.base, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(end, fio)
    return fio


def says(gui, name, part):
    try:
        return part in gui.ask("text", name)
    except KeyError:
        return False


def shown(gui, name):
    return gui.can(name, "visible")


def attached(lab):
    gui = Gui(display, "--attach", lab.mnt)
    wait_for(lambda: gui.shows("live/state", "LIVE"), "the array is live in the window")
    return gui


def cost_of_a_frame(gui):
    """Seconds of the thread that draws."""
    drawing = "/task/%d" % gui.process.pid
    frames, used, begin = gui.ask("frames"), gui.cpu_seconds(drawing), time.monotonic()
    wait_for(lambda: gui.ask("frames") >= frames + MEASURED, "frames while it writes")
    drawn = gui.ask("frames") - frames
    each = (gui.cpu_seconds(drawing) - used) / drawn
    print("under load: %.1f frames a second, %.1f ms of a CPU each; %s" %
          (drawn / (time.monotonic() - begin), 1000 * each, gui.ask("text", "live/rate")))
    return each


def asked(gui, button, words):
    """Presses a button that asks first, reads the question, and answers yes."""
    gui.click(button)
    wait_for(lambda: says(gui, "live/ask/words", words), "it asks: " + words)
    faults(gui, "while it asks")
    gui.click("live/ask/yes")


def hold_bitmap(gui):
    wait_for(lambda: shown(gui, "live/hold/bitmap"), "the page Control")
    gui.click("live/hold/bitmap")
    wait_for(lambda: says(gui, "live/hold/rules", "bitmap"), "the array says that it holds bitmap writes")


def faults(gui, when):
    found = gui.ask("faults")
    check(not any(found.values()), "%s: %s" % (when, found))


def assembled(gui, button):
    """It answers EBUSY as long as something of the dead array is in flight."""

    def tried():
        if gui.shows("live/array", "clear") or gui.shows("live/array", "OOPS"):
            gui.click_if_there(button)  # the first click may be about to take it away
        return any(gui.shows("live/array", word) for word in ("clean", "active", "active-idle", "write-pending"))

    wait_for(tried, "assembled again from the window")


def unmounted(lab):
    lab.store("lab/fix", "upstream")  # the stop of an unmount can crash like any other
    done = lab.umount()
    check(done.returncode == 0, "umount: " + done.stderr)


def story_it_follows_fio():
    lab = Lab("--delay", "100ms")
    lab.mount_or_die()
    with attached(lab) as gui:
        fio, writer = start_fio(lab), Writer(lab)
        wait_for(lambda: gui.ask("value", "live/counter/mddev/plot") > 1, "the counter moves in the window")
        wait_for(lambda: any(name.startswith("live/lane/sda bios") for name in gui.ask("ids")), "a lane of a member")
        faults(gui, "under load")
        check(writer.stop() == 0, "the writer met no error")
        if fio:
            end(fio)
    unmounted(lab)


def story_a_frame_is_cheap():
    """What one costs, not how many come in a second: that depends on who else is on this machine. Writers that keep all
    cores busy leave the window next to none, so these write at a fixed rate."""
    lab = Lab("--delay", "100ms")
    lab.mount_or_die()
    with attached(lab) as gui:
        fio = start_fio(lab, "--rate_iops=500")
        if not fio:
            print("not measured: there is no fio")
        else:
            wait_for(lambda: gui.ask("value", "live/counter/mddev/plot") > 1, "the counter moves in the window")
            each = best_of(lambda: cost_of_a_frame(gui), 1 / ENOUGH)
            check(each < 1 / ENOUGH or sanitized(), "a frame costs %.1f ms" % (1000 * each))
            end(fio)
    unmounted(lab)


def story_idle_costs_next_to_nothing():
    lab = Lab()
    lab.mount_or_die()
    with attached(lab) as gui:
        gui.move_to("live/where")

        share = best_of(gui.share_of_a_cpu, 0.03)
        check(share < 0.03, "idle, it uses %.1f %% of a CPU" % (100 * share))
        print("idle: %.1f %% of a CPU" % (100 * share))
    unmounted(lab)


def story_without_the_fix_it_crashes():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--fix", "none")
    write_block(lab)
    with attached(lab) as gui:
        hold_bitmap(gui)
        asked(gui, "live/stop", "cannot be opened")
        wait_for(lambda: gui.shows("live/array", "clear"), "without the fix the stop does not wait")
        gui.click("live/release_all")
        wait_for(lambda: gui.shows("live/array", "OOPS"), "and the late write meets an Oops")
        wait_for(lambda: says(gui, "live/oops_line", "super_written"), "which the header says")
        gui.click("live/oops_show")
        wait_for(lambda: shown(gui, "live/oops/1"), "its text is shown")
        faults(gui, "with an Oops")
        gui.click("live/control")
        wait_for(lambda: shown(gui, "live/hold_off"), "Control again")
        gui.click("live/hold_off")
        assembled(gui, "live/assemble_again")
    write_block(lab)
    unmounted(lab)


def story_with_the_fix_it_waits():
    lab = Lab(*SLOW_DAEMON)
    lab.mount_or_die("--fix", "upstream")
    write_block(lab)
    with attached(lab) as gui:
        hold_bitmap(gui)
        asked(gui, "live/stop", "cannot be opened")
        waits = lambda: [name for name in gui.ask("ids") if name.startswith("live/wait/")]
        wait_for(lambda: any(says(gui, name, "md_super_wait") for name in waits()), "the stop is seen asleep")
        wait_for(lambda: gui.shows("live/counter/mddev", "2"), "for two writes")
        wait_for(lambda: says(gui, "live/running", "Stop (echo clear): running for"), "a command that runs")
        faults(gui, "with a stop that sleeps")
        gui.click("live/release_all")
        wait_for(lambda: gui.shows("live/array", "clear"), "released, the stop ends")
        check(not shown(gui, "live/oops_line"), "and no Oops")
        gui.click("live/hold_off")
        assembled(gui, "live/assemble")
    unmounted(lab)


def story_a_forced_stop_in_the_middle_of_the_writes():
    lab = Lab("--delay", "100ms")
    lab.mount_or_die("--fix", "upstream")
    with attached(lab) as gui:
        fio, writer = start_fio(lab), Writer(lab)
        wait_for(lambda: writer.written > 20, "in the middle of the writes")
        wait_for(lambda: shown(gui, "live/stop_force"), "the button")
        gui.click("live/stop_force")
        wait_for(lambda: gui.can("live/ask/cancel", "focused"), "it asks")
        gui.keys("Return")
        wait_for(lambda: not shown(gui, "live/ask/cancel"), "Enter takes the question away")
        before = writer.written
        wait_for(lambda: writer.written > before + 20, "and the disk works on")
        asked(gui, "live/stop_force", "get EIO from now on")
        wait_for(lambda: gui.shows("live/array", "clear"), "it stops")
        writer.join(DEADLINE)
        check(writer.error in (errno.EIO, errno.ENODEV), "the writer got an error: %d" % writer.error)
        check(not fio or fio.wait(DEADLINE) != 0, "and so did fio")
        assembled(gui, "live/assemble")
    unmounted(lab)


def story_a_member_fails_and_comes_back():
    lab = Lab("--bitmap", "internal")  # with an external one mdmon takes it out
    lab.mount_or_die()
    with attached(lab) as gui:
        wait_for(lambda: shown(gui, "live/members"), "the tab")
        gui.click("live/members")
        member = "live/member/sdb"

        def can(button):
            return gui.can(member + button)

        def is_out():
            return any(says(gui, member + "/state", word) for word in ("removed", "unbound"))

        wait_for(lambda: can("/fail"), "the button Fail")
        asked(gui, member + "/fail", "md marks sdb faulty")
        wait_for(lambda: can("/remove"), "sdb is faulty")
        gui.click(member + "/remove")
        wait_for(is_out, "sdb is removed")
        wait_for(lambda: can("/re-add"), "the button Re-add")
        faults(gui, "with a member missing")
        gui.click(member + "/re-add")
        wait_for(lambda: says(gui, member + "/state", "in_sync"), "sdb is back")
    unmounted(lab)


def story_slow_and_failing_members():
    lab = Lab()
    lab.mount_or_die()
    with attached(lab) as gui:
        wait_for(lambda: shown(gui, "live/faults"), "the tab")
        gui.click("live/faults")
        wait_for(lambda: shown(gui, "live/delay/set"), "the page")
        gui.click("live/delay/set")
        wait_for(lambda: says(gui, "live/delay/rules", "in force: all 20"), "the array says that it is slow")
        check(lab.read("lab/delay") == "all 20", "and so does its file: " + lab.read("lab/delay"))
        gui.click("live/delay/off")
        wait_for(lambda: says(gui, "live/delay/rules", "none in force"), "not any more")
        gui.click("live/delay/ms")
        gui.keys("End", "x")
        wait_for(lambda: says(gui, "live/delay/store", "x > lab/delay"), "no number")
        gui.click("live/delay/set")
        wait_for(lambda: says(gui, "live/failure", "Milliseconds are a whole number"), "which is said in words")
        faults(gui, "with an error")
        gui.click("live/failure/close")
        gui.click("live/fail/op")
        wait_for(lambda: shown(gui, "live/fail/op/0"), "what can fail")
        gui.click("live/fail/op/0")
        wait_for(lambda: says(gui, "live/fail/store", "echo all read count 1 > lab/fail"), "a read")
        gui.click("live/fail/add")
        wait_for(lambda: says(gui, "live/fail/rules", "in force: all read count 1"), "a fault waits for a read")
        gui.click("live/fail/off")
        wait_for(lambda: says(gui, "live/fail/rules", "none in force"), "and is gone")
    unmounted(lab)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def story_killed_while_files_are_copied():
    lab = Lab("--delay", "100ms")
    lab.mount_or_die()
    data = os.urandom(24 << 20)
    gui = attached(lab)
    copied = threading.Event()

    def copy():
        fd = os.open(lab.path("md0"), os.O_RDWR)
        for at in range(0, len(data), 1 << 16):
            os.pwrite(fd, data[at:at + (1 << 16)], at)
            if at >= len(data) // 4:
                copied.set()
        os.fsync(fd)
        os.close(fd)

    worker = threading.Thread(target=copy)
    worker.start()
    check(copied.wait(DEADLINE), "a part of it is copied")
    gui.process.kill()
    gui.process.wait(DEADLINE)
    worker.join(DEADLINE)
    check(not worker.is_alive(), "the copy ends")
    check(process_exists(lab.pid) and is_mounted(lab.mnt), "the mount is alive")
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    back = b"".join(os.pread(fd, 1 << 20, at) for at in range(0, len(data), 1 << 20))
    os.close(fd)
    check(digest(back) == digest(data), "what was copied is there, byte for byte")
    with attached(lab):
        pass  # another window finds it
    unmounted(lab)


def story_a_mount_that_dies_says_what_to_do():
    lab = Lab()
    lab.mount_or_die()
    with attached(lab) as gui:
        os.kill(lab.pid, signal.SIGKILL)
        wait_for(lambda: gui.shows("live/state", "GONE"), "it is gone")
        check("umount" in gui.ask("text", "live/problem"), "what to do: " + gui.ask("text", "live/problem"))
        faults(gui, "without its array")


def story_made_and_mounted_from_the_window():
    lab = Lab(create=False)
    home = lab.base + "/home"
    os.mkdir(home)
    with Gui(display, "--mode", "live", XDG_DATA_HOME=home, MDSCOPE=MDSCOPE) as gui:
        wait_for(lambda: shown(gui, "live/mount"), "the form")
        gui.click("live/mount")
        wait_for(lambda: gui.shows("live/state", "LIVE"), "made, mounted and attached")
        lab.mnt = home + "/mdscope/lab.mnt"
        check(is_mounted(lab.mnt), "there is a mount")
        lab.pid = int(lab.read("lab/pid"))
    check(process_exists(lab.pid) and is_mounted(lab.mnt), "the window is closed, and the disk works")
    write_block(lab)
    with attached(lab) as gui:
        asked(gui, "live/unmount", "takes %s away" % lab.mnt)
        wait_for(lambda: not is_mounted(lab.mnt), "unmounted from the window")
        wait_for(lambda: shown(gui, "live/mount"), "and the form is back")
        lab.pid = 0


def can_run(user):
    """Whether the user may do it at all: the program can lie in a folder that is not open to others."""
    try:
        return subprocess.run([MDSCOPE, "--version"], stdout=subprocess.DEVNULL, **as_user(user)).returncode == 0
    except PermissionError:
        return False


def story_a_user_without_a_home():
    """The settings cannot be written, the mount is made through fusermount3: or the window says why it is not."""
    if os.geteuid() != 0 or not can_run("nobody"):
        return
    lab = Lab(create=False)
    os.chmod(lab.base, 0o711)
    home = lab.base + "/home"
    os.mkdir(home)
    shutil.chown(home, "nobody")
    with Gui(display, "--mode", "live", user="nobody", HOME="/nonexistent", XDG_DATA_HOME=home, MDSCOPE=MDSCOPE) as gui:
        wait_for(lambda: shown(gui, "live/mount"), "the form")
        gui.keys("t")  # another theme, which would be kept
        gui.click("live/mount")
        wait_for(lambda: gui.shows("live/state", "LIVE") or shown(gui, "live/mount/problem"), "mounted, or not")
        if shown(gui, "live/mount/problem"):
            check(says(gui, "live/mount/problem", "fusermount3"), "why: " + gui.ask("text", "live/mount/problem"))
            check(gui.ask("text", "live/mount") == "Mount", "the images are there for a second try")
            return
        lab.mnt = home + "/mdscope/lab.mnt"
        asked(gui, "live/unmount", "takes %s away" % lab.mnt)
        wait_for(lambda: shown(gui, "live/mount"), "unmounted, and the form is back")
        check(not is_mounted(lab.mnt), "there is no mount")
        check(gui.close() == 0, "it ends well: " + gui.stderr())


run_stories(globals())
finish("gui_live_window")
