#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
# SPDX-License-Identifier: MIT
"""lab/trace and lab/trace_pipe on a real mount: the teardown can be followed, by many readers, across a stop and to the
end of the mount. A reader that waits costs nothing and can be interrupted; what a slow one missed is counted."""

import fcntl
import json
import os

from lib import *

need_mount()


class Reader(threading.Thread):
    """Reads the stream to its end."""

    def __init__(self, lab):
        super().__init__()
        self.fd = os.open(lab.path("lab/trace_pipe"), os.O_RDONLY)
        self.text = b""
        self.ended = False
        self.start()

    def run(self):
        while True:
            part = os.read(self.fd, 1 << 16)
            if not part:
                break
            self.text += part
        self.ended = True
        close(self.fd)

    def objects(self):
        return [json.loads(line) for line in self.text.split(b"\n")[:-1]]

    def points(self):
        return {one["point"] for one in self.objects() if "point" in one}


def write_block(lab, offset=0):
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, b"x" * 4096, offset)
    os.fsync(fd)
    os.close(fd)


def story_the_text():
    lab = Lab()
    lab.mount_or_die()
    check(lab.read("lab/trace") == "# off, 0 events, 0 dropped", "at first: " + lab.read("lab/trace"))
    write_block(lab)
    check(lab.read("lab/trace") == "# off, 0 events, 0 dropped", "nothing is traced while it is off")
    check(lab.store("lab/trace", "on nonsense") == errno.EINVAL and lab.store("lab/trace", "maybe") == errno.EINVAL,
          "words that are none")
    check(lab.store("lab/trace", "on") == 0, "on")
    write_block(lab, 1 << 20)
    text = lab.read("lab/trace")
    check(text.startswith("# on, ") and "bit_set: the bit of chunk 16 is set" in text and
          "bio_submitted: a bitmap write to sda at sector 8 is submitted" in text, "the bit, then its page: " + text)
    check(lab.store("lab/trace", "on bit_set bit_cleared") == 0, "two points")
    check(lab.read("lab/trace").startswith("# on bit_set bit_cleared, "), "the filter is shown")
    before = lab.read("lab/trace").count(" bio_submitted: ")
    write_block(lab, 2 << 20)
    text = lab.read("lab/trace")
    check("the bit of chunk 32 is set" in text and text.count(" bio_submitted: ") <= before, "filtered: " + text)
    check(lab.store("lab/trace", "off") == 0 and lab.read("lab/trace").startswith("# off, "), "off")
    check(lab.umount().returncode == 0, "umount")


def story_a_copy_of_the_tree_ends():
    """As it does on nothing else that waits: cp -a and grep -r get what there is, and leave who follows alone."""
    lab = Lab("--size", "16M")
    lab.mount_or_die()
    follower = Reader(lab)
    event = '"point":"bit_set"'
    for place, word in enumerate(("off", "on")):
        check(lab.store("lab/trace", word) == 0, word)
        write_block(lab, place << 20)
        copy = lab.base + "/copy-" + word
        try:
            subprocess.run(["cp", "-a", lab.path("lab"), copy], timeout=DEADLINE, stderr=subprocess.DEVNULL)
            found = subprocess.run(["grep", "-rlF", event, lab.path("lab")], timeout=DEADLINE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        except subprocess.TimeoutExpired as late:
            check(False, "trace %s: %s hangs" % (word, late.cmd[0]))
            continue
        with open(copy + "/trace_pipe") as copied:
            check((event in copied.read()) == (word == "on"), "trace %s: what cp -a has copied" % word)
        check((lab.path("lab/trace_pipe") in found.stdout) == (word == "on"), "trace %s: grep -r" % word)
        check("unavailable" not in found.stderr, "trace %s: grep -r comes to an end, without an error" % word)
    wait_for(lambda: "bit_set" in follower.points(), "who follows sees the write")
    check(not follower.ended, "and reads on")
    check(lab.store("lab/trace", "end") == 0, "end")
    follower.join(DEADLINE)
    check(lab.umount().returncode == 0, "umount")


def story_many_readers_through_a_stop():
    lab = Lab()
    lab.mount_or_die()
    readers = [Reader(lab) for _ in range(40)]  # more than there are threads that read requests
    check(lab.store("lab/trace", "on") == 0, "on")
    write_block(lab)
    wait_for(lambda: all("bit_set" in reader.points() for reader in readers), "every reader sees the write")
    check(mdscope("stop", lab.mnt).returncode == 0, "stop")
    wait_for(lambda: all("member_unbound" in reader.points() for reader in readers), "and the stop")
    check(not any(reader.ended for reader in readers), "the stream goes on")
    check(mdscope("assemble", lab.mnt).returncode == 0, "assemble")
    chunk = 5 << 16
    write_block(lab, chunk)
    wait_for(lambda: all(b'"the bit of chunk 5 is set"' in reader.text for reader in readers), "and the next array")
    late = Reader(lab)
    wait_for(lambda: "member_unbound" in late.points(), "a late one begins with what is kept")
    first = late.objects()[0]
    check(first["version"] == 1 and "bit_set" in first["points"], "the first line: %s" % first)
    done = lab.umount()
    check(done.returncode == 0, "umount with readers: " + done.stderr)
    for reader in readers + [late]:
        reader.join(DEADLINE)
        check(reader.ended, "a reader got the end of the file")
    for reader in readers:
        numbers = [one["seq"] for one in reader.objects() if "seq" in one]
        lost = sum(one.get("dropped", 0) for one in reader.objects())
        check(numbers == sorted(set(numbers)), "numbers grow")
        check(numbers[-1] + 1 - numbers[0] == len(numbers) + lost, "events and losses add up")


def story_a_reader_that_waits():
    lab = Lab()
    lab.mount_or_die()
    waiting = subprocess.Popen(["cat", lab.path("lab/trace_pipe")], stdout=subprocess.PIPE)
    check(waiting.stdout.readline().startswith(b'{"version":1,'), "the header comes at once")
    waiting.terminate()
    wait_for(lambda: waiting.poll() is not None, "a reader that waits can be ended")
    fd = os.open(lab.path("lab/trace_pipe"), os.O_RDONLY | os.O_NONBLOCK)
    text = os.read(fd, 10)
    check(text == b'{"version"', "a small buffer gets a piece: %r" % text)
    while b"\n" not in text:
        text += os.read(fd, 4096)
    check(errno_of(os.read, fd, 4096) == errno.EAGAIN, "nothing new: EAGAIN")
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    check(poll.poll(0) == [], "poll: nothing")
    check(lab.store("lab/trace", "on") == 0, "on")
    write_block(lab)
    check(poll.poll(DEADLINE * 1000) == [(fd, select.POLLIN)], "poll: something")
    check(os.read(fd, 4096).startswith(b'{"seq":'), "and there it is")
    check(lab.store("lab/trace", "off") == 0 and lab.store("lab/trace", "end") == 0, "end")
    while os.read(fd, 1 << 16):
        pass
    fcntl.fcntl(fd, fcntl.F_SETFL, 0)
    check(os.read(fd, 4096) == b"", "the end stays the end, for one that would wait, too")
    os.close(fd)
    check(lab.umount().returncode == 0, "umount")


def story_a_slow_reader():
    lab = Lab()
    lab.mount_or_die()
    fd = os.open(lab.path("lab/trace_pipe"), os.O_RDONLY)
    check(lab.store("lab/trace", "on") == 0, "on")
    end = time.monotonic() + DEADLINE
    while "events, 0 dropped" in lab.read("lab/trace").split("\n")[0]:
        check(lab.store("md/bitmap_set_bits", "0-1000") == 0, "set bits")
        if time.monotonic() > end:
            check(False, "the rings never filled")
            break
    check(lab.store("lab/trace", "off") == 0, "off")
    check(lab.store("lab/trace", "end") == 0, "end")
    text = b""
    while True:
        part = os.read(fd, 1 << 20)
        if not part:
            break
        text += part
    os.close(fd)
    objects = [json.loads(line) for line in text.split(b"\n")[1:-1]]
    lost = sum(one.get("dropped", 0) for one in objects)
    check(lost > 0 and lost + sum("seq" in one for one in objects) == objects[-1]["seq"] + 1,
          "%d lost of %s" % (lost, objects[-1]))
    check(lab.umount().returncode == 0, "umount")


def story_the_end_by_a_signal():
    lab = Lab()
    lab.mount_or_die()
    reader = Reader(lab)
    wait_for(lambda: reader.text != b"", "it reads")
    os.kill(lab.pid, signal.SIGTERM)
    reader.join(DEADLINE)
    check(reader.ended, "the end of the file")
    wait_for(lambda: not process_exists(lab.pid), "and the process has ended")


run_stories(globals())
finish("mount_trace")
