#!/usr/bin/env python3
# ctest: TIMEOUT 240 RUN_SERIAL TRUE
# SPDX-License-Identifier: MIT
"""The window as a person has it, on an X server: fast keys arrive, nothing is drawn and no CPU is used when nothing
happens, it ends cleanly, and without a display it says so. What is *in* the window is tested without one (tests/gui).
"""

from gui_lib import *

need_window()
display = Display()
ARRIVES = 20  # seconds for input to get through; it takes milliseconds
LESSON = 60   # for what a lesson shows at its own pace


def story_the_first_lesson_by_space_a_click_and_a_drag():
    """No words on the command line, no settings, no mount: what a newcomer meets."""
    with Gui(display) as gui:
        check(gui.shows("home/start", "Start here"), "opens with the course, and one button")
        gui.keys("Return")
        wait_for(lambda: gui.shows("lesson/title", "Lesson 0   What is a mirror?"), "it begins the course")
        gui.keys("F2")
        wait_for(lambda: gui.shows("home/start", "Continue"), "and back")
        gui.keys("1")
        wait_for(lambda: gui.shows("lesson/title", "Lesson 1   The race in 60 seconds"), "it begins the first lesson")
        check(gui.ask("text", "lesson/text").endswith("Press Space."), gui.ask("text", "lesson/text"))
        gui.keys("space")
        wait_for(lambda: "predict/0" in gui.ask("ids"), "the question", LESSON)
        check(gui.shows("predict/0", "it crashes: an Oops"), "the first answer: " + gui.ask("text", "predict/0"))
        gui.click("predict/0")
        wait_for(lambda: "lesson/next" in gui.ask("ids"), "the crash has been watched", LESSON)
        check(gui.ask("text", "lesson/feedback").startswith("Right: "), gui.ask("text", "lesson/feedback"))
        gui.keys("space")
        wait_for(lambda: "lesson/show" in gui.ask("ids"), "what is to be done now", LESSON)
        check(gui.shows("card/A/status", "OOPS") and gui.shows("card/B/status", "STOPPED"), "A crashed, B did not")
        gui.ask("wait-idle")
        width = gui.ask("rect", "lane/A/bio/sdb bitmap 1")[2]
        gui.drag("lane/A/bio/sdb bitmap 1/end", -round(width / 2), 0)
        wait_for(lambda: gui.shows("card/A/status", "STOPPED"), "the same write, ended early: no crash", LESSON)
        check(gui.ask("text", "lesson/text").endswith("That is a race."), gui.ask("text", "lesson/text"))
        check(gui.shows("card/B/status", "STOPPED"), "B stopped as before")
        wait_for(lambda: not any(gui.ask("faults").values()), "nothing cut, no glyph missing", ARRIVES)
        gui.close()
        check('"lessons"' in open(gui.base + "/mdscope/gui.json").read(), "that it was done is kept")


def story_it_opens_in_less_than_a_second():
    def seconds():
        with Gui(display) as gui:
            return gui.opened

    opened = best_of(seconds, 1)
    print("opened in %.2f s" % opened)
    check(opened < 1, "it took %.2f s to open" % opened)


def story_fast_keys_are_all_seen():
    with Gui(display, "race") as gui:
        gui.keys("s")
        for presses, tick in ((5, 5), (10, 15)):
            gui.keys(*["Right"] * presses)
            if not wait_for(lambda: gui.ask("value", "lanes/scrub") == tick, "%d steps" % presses, ARRIVES):
                print("it is at tick %d" % gui.ask("value", "lanes/scrub"))


def story_a_click_arrives_where_it_was():
    with Gui(display, "race") as gui:
        x, y = gui.middle("toolbar/stop_both")
        # Pressed and gone elsewhere before a frame can see it.
        display.xdotool("mousemove", x, y, "click", 1, "mousemove", x + 100, y + 300)
        wait_for(lambda: told_to_stop(gui), "one click", ARRIVES)
        before = gui.ask("value", "toolbar/speed")
        gui.drag("toolbar/speed", 30, 0)
        wait_for(lambda: gui.ask("value", "toolbar/speed") > before, "the slider is dragged", ARRIVES)


def told_to_stop(gui):
    return "press S" not in gui.ask("text", "status/place")


def story_a_tip_appears_though_nothing_moves():
    with Gui(display, "race") as gui:
        gui.move_to("toolbar/play")
        wait_for(lambda: "tip" in gui.ask("ids") and gui.ask("mark", "tip")["visible"], "the tip", ARRIVES)


def story_idle_costs_nothing():
    with Gui(display, "race") as gui:
        gui.move_to("lanes/title")
        gui.ask("wait-idle")
        wait_for(lambda: settled(gui), "no more frames")
        frames = gui.ask("frames")
        share = best_of(gui.share_of_a_cpu, 0.01)
        check(share < 0.01, "idle, it uses %.1f %% of a CPU" % (100 * share))
        check(gui.ask("frames") == frames, "frames were drawn although nothing happened")
        x, y = gui.middle("lanes/title")
        display.xdotool("mousemove", x + 300, y)  # one event
        wait_for(lambda: gui.ask("frames") > frames, "the mouse draws", ARRIVES)
        wait_for(lambda: settled(gui), "no more frames")
        drawn = gui.ask("frames") - frames
        check(drawn <= 3, "one movement of the mouse drew %d frames" % drawn)


def story_equal_frames_are_not_shown_again():
    with Gui(display, "race") as gui:
        wait_for(lambda: settled(gui), "no more frames")
        frames, pictures = gui.ask("frames"), gui.ask("pictures")
        gui.keys("F12", "F12", "F12")
        wait_for(lambda: gui.ask("frames") >= frames + 6, "three keys draw", ARRIVES)
        gui.ask("wait-idle")
        check(gui.ask("pictures") == pictures, "nothing changed, and yet it was rasterised")


def story_another_size():
    with Gui(display) as gui:
        for width, height in ((900, 600), (1234, 777)):
            display.xdotool("windowsize", gui.window(), width, height)
            wait_for(lambda: gui.ask("size") == [width, height], "%dx%d" % (width, height), ARRIVES)
            gui.ask("wait-idle")
            check(not any(gui.ask("faults").values()), "%dx%d: %s" % (width, height, gui.ask("faults")))
    with Display("1024x700") as small, Gui(small) as gui:
        check(gui.ask("size") == [1024, 700], "no larger than the screen: %s" % gui.ask("size"))


def story_a_hidden_window_draws_nothing():
    with Gui(display, "race") as gui:
        window = gui.window()
        display.xdotool("windowunmap", "--sync", window)
        wait_for(lambda: settled(gui), "no more frames")
        frames = gui.ask("frames")
        gui.process.send_signal(signal.SIGCONT)  # means nothing
        check(gui.ask("frames") == frames and "toolbar/play" in gui.ask("ids"), "hidden, it answers and draws nothing")
        display.xdotool("windowmap", "--sync", window)
        wait_for(lambda: gui.ask("frames") > frames, "it is drawn when it is back", ARRIVES)
        gui.click("toolbar/stop_both")  # not a key: nobody gives the focus back, there is no window manager
        wait_for(lambda: told_to_stop(gui), "and takes clicks", ARRIVES)


def story_it_ends_cleanly():
    for ending in (signal.SIGTERM, signal.SIGINT):
        with Gui(display) as gui:
            gui.process.send_signal(ending)
            check(gui.process.wait(DEADLINE) == 0, "ended by %s" % ending.name)
            check(not os.path.exists(gui.base + "/probe"), "the probe's socket is gone")
            check(gui.stderr() == "", "said nothing: " + gui.stderr())
    with Gui(display) as gui:
        gui.keys("ctrl+q")
        check(gui.process.wait(DEADLINE) == 0, "Ctrl+Q")
    with Gui(display) as gui:
        check(gui.ask("quit") is True and gui.process.wait(DEADLINE) == 0, "quit by the probe")


def story_settings_in_their_folder_and_nothing_here():
    before = set(os.listdir("."))
    with Gui(display, "race", "--scale", "150", "--theme", "light") as gui:
        wide = gui.ask("rect", "toolbar/play")[2]
        gui.keys("ctrl+0")
        wait_for(lambda: gui.ask("rect", "toolbar/play")[2] < wide, "smaller text", ARRIVES)
    check(set(os.listdir(".")) == before, "no file was left in the current folder")


def story_pictures():
    with Gui(display) as gui:
        with open(gui.picture(), "rb") as png:
            check(png.read(8) == b"\x89PNG\r\n\x1a\n", "the window's own picture")
        for bad in ("/dev/full", gui.base + "/no/such/folder.png", gui.base):
            try:
                gui.ask("png", bad)
                check(False, "saved to " + bad)
            except KeyError as error:
                check("Cannot" in str(error), "says why: %s" % error)


def story_hostile_clients_hurt_only_themselves():
    with Gui(display) as gui:
        for junk in (b"\0" * 100 + b"\n", b"\xff\xfe\n", b"x" * 100000, b"ids\n" * 5000, b"rect\n", b"png \n", b""):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(gui.base + "/probe")
            errno_of(client.sendall, junk)
            client.close()
        idle = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(12)]
        for client in idle:
            errno_of(client.connect, gui.base + "/probe")
        check("toolbar/share" in gui.ask("ids"), "it still answers")
        for client in idle:
            client.close()
        for question in ("rect no/such/thing", "nonsense", "rect", "", "ids please"):
            try:
                gui.ask(question)
                check(False, "an answer to '%s'" % question)
            except KeyError:
                pass


def story_without_a_display_it_says_so():
    bare = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    for more in ({}, {"DISPLAY": ":99999"}):
        done = run_gui({**bare, **more})
        check(done.returncode == 1 and "no display" in done.stderr and "xvfb-run" in done.stderr, done.stderr)


def story_the_display_goes():
    display = Display("1000x700")
    gui = Gui(display)
    display.server.kill()
    wait_for(lambda: gui.process.poll() is not None, "the window ends with its display")
    check(gui.process.returncode == 1 and gui.stderr() == "mdscope-gui: the display is gone\n",
          "ends: %s, %s" % (gui.process.returncode, gui.stderr()))


def story_ctrl_c_is_for_the_display_too():
    """xvfb-run mdscope-gui: the terminal's SIGINT ends both, in any order."""
    for _ in range(4):
        display = Display("1000x700")
        gui = Gui(display)
        gui.process.send_signal(signal.SIGINT)
        display.server.kill()
        wait_for(lambda: gui.process.poll() is not None, "the window ends")
        check(gui.process.returncode == 0 and not gui.stderr(), "ends: %s, %s" % (gui.process.returncode, gui.stderr()))


def story_without_opengl_it_says_so():
    with Display("800x600", "-extension", "GLX") as bare:
        done = run_gui(bare.environment())
        check(done.returncode == 1 and "OpenGL" in done.stderr and "libgl1-mesa-dri" in done.stderr, done.stderr)


def story_without_fonts_it_says_so():
    folder = tempfile.mkdtemp(prefix="mdscope-gui-")
    atexit.register(shutil.rmtree, folder, True)
    done = run_gui({**os.environ, "MDSCOPE_FONTS": folder}, "--png", folder + "/now.png")
    check(done.returncode == 0 and "fonts-dejavu-core" in done.stderr, "without fonts: " + done.stderr)
    check(os.path.getsize(folder + "/now.png") > 1000, "a picture all the same")


def run_gui(environment, *words):
    folder = tempfile.mkdtemp(prefix="mdscope-gui-")
    atexit.register(shutil.rmtree, folder, True)
    environment = {**environment, "XDG_CONFIG_HOME": folder, **SOFTWARE}
    return subprocess.run([GUI, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE)


def story_a_picture_needs_no_display():
    bare = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    folder = tempfile.mkdtemp(prefix="mdscope-gui-")
    atexit.register(shutil.rmtree, folder, True)
    done = run_gui(bare, "--png", folder + "/now.png", "--size", "640x480")
    check(done.returncode == 0 and os.path.getsize(folder + "/now.png") > 1000, "a picture: " + done.stderr)
    done = run_gui(bare, "--png", "/dev/full")
    check(done.returncode == 1 and "No space left" in done.stderr, "a full disk: " + done.stderr)
    done = run_gui(bare, "--png", folder + "/no/such.png")
    check(done.returncode == 1 and "No such file" in done.stderr, "no such folder: " + done.stderr)
    check(os.listdir(folder) == ["now.png"], "nothing half written: %s" % os.listdir(folder))


def story_wrong_usage():
    for words in (["--size", "big"], ["--size", "0x7"], ["--scale", "7"], ["--theme", "pink"], ["--lesson", "99"],
                  ["--nonsense"], ["--size", "1600x900x"]):
        done = run_gui(dict(os.environ), *words)
        check(done.returncode == 2 and done.stderr, "%s: %d %s" % (words, done.returncode, done.stderr))
    check("Examples:" in run_gui(dict(os.environ), "--help").stdout, "--help has examples")


run_stories(globals())
finish("gui_window")
