#!/usr/bin/env python3
# ctest: TIMEOUT 240 RUN_SERIAL TRUE
# SPDX-License-Identifier: MIT
"""A pair from the window: one button makes two arrays, the workload writes the same to both, hold, stop and release act on
both. Without the fix the Oops, with it the wait; both counters of both are those of the mounts' own files. Killing the window
in the middle of a copy loses nothing, and another window finds the pair."""

from gui_lib import *

need_mount()
need_window()
display = Display()


class Home(Lab):
    """Where the window makes its pairs."""

    def __init__(self):
        super().__init__(create=False)
        self.home = self.base + "/home"
        os.mkdir(self.home)
        self.pair = self.home + "/mdscope/pair"
        atexit.register(self.end)

    def window(self, *words):
        return Gui(display, *(words or ("--mode", "live")), XDG_DATA_HOME=self.home, MDSCOPE=MDSCOPE)

    def file(self, side, name):
        return read("%s/%s/%s" % (self.pair, side, name)).rstrip("\n")

    def counters(self, side):
        words = self.file(side, "lab/pending_writes").split()
        return words[1], words[3]

    def end(self):
        for side in "ab":
            mount = self.pair + "/" + side
            if is_mounted(mount):
                for name, value in (("hold", "off"), ("release", "all")):
                    store(mount + "/lab/" + name, value)
                mdscope("umount", mount)


def shows_counters(home, gui):
    """On the screen what the files say."""
    return all(gui.shows("pair/%s/counter/%s" % (side.upper(), name), value) for side in "ab"
               for name, value in zip(("mddev", "bitmap"), home.counters(side)))


def faults(gui, when):
    found = gui.ask("faults")
    check(not any(found.values()), "%s: %s" % (when, found))


def made(home, gui):
    wait_for(lambda: gui.can("live/make_pair"), "the button")
    gui.click("live/make_pair")
    wait_for(lambda: gui.shows("pair/A/status", "RUNNING") and gui.shows("pair/B/status", "RUNNING"), "both run")
    check(all(is_mounted(home.pair + "/" + side) for side in "ab"), "two mounts")
    check(gui.shows("pair/A/title", "A   fix none") and gui.shows("pair/B/title", "B   fix upstream"), "two kernels")


def written(gui):
    wait_for(lambda: gui.can("pair/write"), "it can be written to")
    gui.click("pair/write")
    wait_for(lambda: says(gui, "pair/progress", "done: both disks hold the same"), "the same is on both disks")


def says(gui, name, part):
    try:
        return part in gui.ask("text", name)
    except KeyError:
        return False


# What comes to the page at the same moment may move the button from under the mouse.
def is_taken_down(gui):
    gui.click_if_there("pair/take_down")
    return gui.can("live/make_pair")


def story_make_write_hold_stop_release():
    home = Home()
    with home.window() as gui:
        made(home, gui)
        written(gui)
        faults(gui, "after the workload")
        gui.click("pair/hold")
        wait_for(lambda: says(gui, "pair/hold", "no more"), "both hold")
        gui.click("pair/stop")
        wait_for(lambda: gui.shows("pair/A/status", "IN DANGER"), "A says it has stopped")
        wait_for(lambda: gui.shows("pair/B/status", "WAITING"), "B sleeps")
        wait_for(lambda: shows_counters(home, gui), "both counters of both, as their files say")
        check(home.counters("a") == ("2", "0") and home.counters("b") == ("2", "0"), "which are two each")
        wait_for(lambda: "pair/first_difference" in gui.ask("ids"), "where they part is marked")
        check(says(gui, "pair/A/when_released", "Oops") and says(gui, "pair/B/when_released", "wakes"), "what will come")
        check(home.file("a", "md/array_state") == "clear" and home.file("b", "md/array_state") != "clear", "the states")
        faults(gui, "with writes held")
        before = gui.ask("text", "pair/A/write/%s" % held_id(home, "a"))
        wait_for(lambda: gui.ask("text", "pair/A/write/%s" % held_id(home, "a")) != before, "ages go on by themselves")
        gui.click("pair/release")
        wait_for(lambda: gui.shows("pair/A/status", "OOPS") and gui.shows("pair/B/status", "STOPPED"), "the outcomes")
        wait_for(lambda: shows_counters(home, gui), "and the counters")
        check("super_written" in home.file("a", "lab/oops") and home.file("b", "lab/oops") == "none", "their own words")
        wait_for(lambda: assembled(gui), "both run again")
        wait_for(lambda: gui.can("pair/take_down"), "the end")
        wait_for(lambda: is_taken_down(gui) or says(gui, "pair/progress", "✗"), "the pair is taken down")
        check(gui.can("live/make_pair"), "taken down: %s" % gui.ask("text", "pair/progress")
              if says(gui, "pair/progress", "") else "taken down")
        check(not any(is_mounted(home.pair + "/" + side) for side in "ab"), "no mount is left")


def assembled(gui):
    """It answers EBUSY as long as something of the dead array is in flight."""
    gui.click_if_there("pair/assemble")
    return gui.shows("pair/A/status", "RUNNING") and gui.shows("pair/B/status", "RUNNING")


def held_id(home, side):
    held = [line for line in home.file(side, "lab/bios").split("\n") if " held " in line]
    return held[0].split()[0]


def story_killed_in_the_middle_of_a_copy():
    home = Home()
    tree = home.base + "/tree"
    os.mkdir(tree)
    for i in range(24):
        with open("%s/%02d" % (tree, i), "wb") as out:
            out.write(os.urandom(1 << 20))
    gui = home.window()
    made(home, gui)
    gui.click("pair/workload")
    wait_for(lambda: gui.can("pair/workload/1"), "the list")
    gui.click("pair/workload/1")
    wait_for(lambda: gui.can("pair/tree"), "the folder's field")
    gui.click("pair/tree")
    gui.display.xdotool("type", "--delay", "5", tree)
    wait_for(lambda: gui.can("pair/write"), "it can be written to")
    gui.click("pair/write")
    wait_for(lambda: any(first_block(home, side) != bytes(4096) for side in "ab"), "it has begun")
    gui.process.kill()
    gui.process.wait(DEADLINE)
    check(all(is_mounted(home.pair + "/" + side) for side in "ab"), "both mounts are alive")
    data = b"".join(open("%s/%02d" % (tree, i), "rb").read() for i in range(24))
    wait_for(lambda: all(disk(home, side, len(data)) == data for side in "ab"), "the copy went on to its end, on both")
    with home.window() as other:
        wait_for(lambda: other.can("live/pair" + home.pair), "another window finds the pair")
        other.click("live/pair" + home.pair)
        wait_for(lambda: other.shows("pair/A/status", "RUNNING"), "and shows it")
        wait_for(lambda: other.can("pair/take_down"), "the end")
        wait_for(lambda: is_taken_down(other) or says(other, "pair/progress", "✗"), "taken down")
        check(other.can("live/make_pair"), "taken down")


def first_block(home, side):
    return disk(home, side, 4096)


def disk(home, side, size):
    fd = os.open("%s/%s/md0" % (home.pair, side), os.O_RDONLY)
    try:
        return b"".join(os.pread(fd, 1 << 20, at) for at in range(0, size, 1 << 20))[:size]
    finally:
        os.close(fd)


def story_idle_with_writes_held_costs_little():
    home = Home()
    with home.window() as gui:
        made(home, gui)
        written(gui)
        gui.click("pair/hold")
        wait_for(lambda: says(gui, "pair/hold", "no more"), "both hold")
        gui.click("pair/stop")
        wait_for(lambda: gui.shows("pair/B/status", "WAITING"), "B sleeps")
        gui.move_to("pair/second")
        begin, frames = time.monotonic(), gui.ask("frames")
        share = best_of(gui.share_of_a_cpu, 0.05)
        rate = (gui.ask("frames") - frames) / (time.monotonic() - begin)
        print("two arrays, writes held: %.1f %% of a CPU, %.1f frames a second" % (100 * share, rate))
        check(rate < 6, "ages move twice a second, and each is looked at once more: %.1f frames a second" % rate)
        gui.click("pair/release")
        wait_for(lambda: gui.shows("pair/B/status", "STOPPED"), "released")


run_stories(globals())
finish("gui_pair_window")
