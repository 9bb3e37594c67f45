# SPDX-License-Identifier: MIT
"""What the gui_* tests share: an X server of our own (Xvfb), mdscope-gui in it, questions to its probe, and xdotool.

    with Display() as display, Gui(display, "report-2021") as gui:
        gui.click("toolbar/stop_both")
        wait_for(lambda: "press S" not in gui.ask("text", "status/place"), "the click arrives")

A click goes where the probe says the widget is. There is no window manager; none is needed. Only processes that were
started here are ended, by their number.
"""

from lib import *

import json
import pwd
import socket

GUI = os.path.join(os.path.dirname(MDSCOPE), "mdscope-gui")
SOFTWARE = {"LIBGL_ALWAYS_SOFTWARE": "1"}  # the same pixels and the same cost everywhere


def need_window():
    for program, package in (("Xvfb", "xvfb"), ("xdotool", "xdotool")):
        if not shutil.which(program):
            skip("no %s (package %s)" % (program, package))
    if not os.access(GUI, os.X_OK):
        skip("no mdscope-gui at " + GUI)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def end(process, grace=10):
    """Ends a process of ours, and says with what exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


class Display:
    """An X server on a number it chooses itself."""

    def __init__(self, size="1700x1000", *words):
        read_end, write_end = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", size + "x24", "-nolisten", "tcp", "-noreset",
             *words],
            pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(end, self.server)
        os.close(write_end)
        number = b""
        # To the end of the line: digits come one write at a time, and a server whose pipe is closed dies of it.
        while not number.endswith(b"\n") and select.select([read_end], [], [], DEADLINE)[0]:
            more = os.read(read_end, 16)
            if not more:
                break
            number += more
        os.close(read_end)
        if not number:
            skip("Xvfb does not start here")
        self.name = ":" + number.decode().strip()

    def environment(self, **more):
        clean = {key: value for key, value in os.environ.items() if key not in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
        return {**clean, **SOFTWARE, "DISPLAY": self.name, **more}

    def xdotool(self, *words):
        subprocess.run(["xdotool", *[str(word) for word in words]], env=self.environment(), check=True,
                       timeout=DEADLINE, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.server)


def as_user(name):
    """For subprocess: the user, and nothing else that we may do."""
    if not name:
        return {}
    account = pwd.getpwnam(name)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class Gui:
    """A window of mdscope-gui, with its probe. Its settings are in a folder of its own."""

    def __init__(self, display, *words, user=None, **more):
        self.display = display
        self.base = tempfile.mkdtemp(prefix="mdscope-gui-")
        atexit.register(shutil.rmtree, self.base, True)
        path = self.base + "/probe"
        if user:  # who may look here, and write nothing but the socket
            os.chmod(self.base, 0o711)
            os.mkdir(self.base + "/socket")
            os.chmod(self.base + "/socket", 0o777)
            path = self.base + "/socket/probe"
        started = time.monotonic()
        self.errors = open(self.base + "/stderr", "w+")
        self.process = subprocess.Popen([GUI, "--probe", path, *words], stderr=self.errors, **as_user(user),
                                        env=display.environment(XDG_CONFIG_HOME=self.base, **more))
        atexit.register(end, self.process)
        self.socket = None
        wait_for(lambda: self.connect(path) or self.process.poll() is not None, "the probe's socket")
        if self.socket is None:
            sys.exit("FAILED: mdscope-gui ended at once: " + self.stderr())
        self.answers = self.socket.makefile("r", encoding="utf-8")
        wait_for(lambda: self.ask("frames") > 0, "the first frame")
        self.opened = time.monotonic() - started  # seconds
        self.ask("wait-idle")

    def connect(self, path):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(DEADLINE)
        if errno_of(client.connect, path) != 0:
            client.close()
            return False
        self.socket = client
        return True

    def ask(self, *words):
        """The probe's answer; KeyError when it has none (nothing of that name is on the screen)."""
        self.socket.sendall((" ".join(words) + "\n").encode())
        answer = json.loads(self.answers.readline())
        if isinstance(answer, dict) and list(answer) == ["error"]:
            raise KeyError(answer["error"])
        return answer

    def shows(self, name, text):
        """For wait_for: whether the widget says this now."""
        try:
            return self.ask("text", name) == text
        except KeyError:
            return False

    def middle(self, name):
        x, y, w, h = self.ask("rect", name)
        left, top = self.ask("origin")
        return round(left + x + w / 2), round(top + y + h / 2)

    def move_to(self, name):
        self.display.xdotool("mousemove", *self.middle(name))

    def click(self, name, button=1):
        self.display.xdotool("mousemove", *self.middle(name), "click", button)

    def can(self, name, what="enabled"):
        """For wait_for: whether it is there, can be seen, and is enabled (or "focused", or "hovered") now."""
        try:
            mark = self.ask("mark", name)
            return mark["visible"] and mark[what]
        except KeyError:
            return False

    def click_if_there(self, name):
        try:
            if self.can(name):
                self.click(name)
        except KeyError:
            pass  # gone between the two questions

    def drag(self, name, dx, dy):
        x, y = self.middle(name)
        self.display.xdotool("mousemove", x, y, "mousedown", 1, "mousemove", x + dx // 2, y + dy // 2,
                             "mousemove", x + dx, y + dy, "mouseup", 1)

    def keys(self, *names):
        """As fast as a hand never is, but not within 2 ms: that SDL takes for a keyboard's own repeats."""
        self.display.xdotool("key", "--delay", 5, *names)

    def window(self):
        """The X server's number of it."""
        found = subprocess.run(["xdotool", "search", "--pid", str(self.process.pid)], env=self.display.environment(),
                               capture_output=True, text=True, timeout=DEADLINE).stdout.split()
        return found[-1]

    def cpu_seconds(self, of=""):
        """Of the whole process, or of "/task/TID"."""
        return cpu_seconds(self.process.pid, of)

    def share_of_a_cpu(self):
        used, begin = self.cpu_seconds(), time.monotonic()
        select.select([], [], [], 2)  # the interval that is measured
        return (self.cpu_seconds() - used) / (time.monotonic() - begin)

    def picture(self, name="window.png"):
        path = os.path.join(self.base, name)
        self.ask("png", path)
        return path

    def stderr(self):
        self.errors.flush()
        with open(self.errors.name, errors="replace") as text:
            return text.read()

    def close(self, grace=20):
        """SIGTERM, as a session that ends sends it; the exit code."""
        return end(self.process, grace)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        self.socket.close()
        self.errors.close()


def settled(gui):
    """No frame for half a second, which is longer than any tip waits to appear."""
    frames = gui.ask("frames")
    select.select([], [], [], 0.6)
    return gui.ask("frames") == frames


def write_block(lab):
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, os.urandom(4096), 0)
    os.fsync(fd)
    os.close(fd)


__all__ = [name for name in dir() if not name.startswith("_")]
