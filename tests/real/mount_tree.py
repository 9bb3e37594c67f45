#!/usr/bin/env python3
# ctest: TIMEOUT 240 LABELS sanitize
# SPDX-License-Identifier: MIT
"""The mounted tree: every file is there, is readable, and behaves as the real one in sysfs and /proc.

Goal: scripts written for md work here. Method: names, modes, values and errors are compared with those that Linux 6.1
gives; then poll, the disk file's corner cases, changes of members, a stop and a new assembly.
"""

import ctypes
import errno
import fcntl
import json
import os
import select
import stat
import struct
import threading

from lib import *

GET_ARRAY_INFO = 0x80480911
RAID_VERSION = 0x800C0910
STOP_ARRAY = 0x932
BLKGETSIZE64 = 0x80081272

need_mount()
lab = Lab("--size", "64M", "--members", "2")
lab.mount_or_die()
SIZE = os.stat(lab.path("md0")).st_size


def story_every_file_is_readable():
    check(sorted(os.listdir(lab.mnt)) == ["lab", "md", "md0", "mdstat"], "the root: %s" % os.listdir(lab.mnt))
    for folder, folders, names in os.walk(lab.mnt):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) or path == lab.path("md0"):
                continue
            mode = os.stat(path).st_mode
            check(stat.S_IMODE(mode) in (0o644, 0o444, 0o200), "%s: mode %o" % (path, stat.S_IMODE(mode)))
            check(os.stat(path).st_uid == os.getuid(), path + ": owner")
            wrong = errno.EACCES
            if name == "trace_pipe":  # a stream: without news it has no end
                check(mode & 0o777 == 0o444, path + ": mode")
            elif mode & 0o400:
                text = read(path)
                check(text == "" or text.endswith("\n"), path + ": ends with a newline: %r" % text[-20:])
            else:
                check(errno_of(os.open, path, os.O_RDONLY) == wrong, path + ": reading a write-only file")
            if not mode & 0o200:
                check(errno_of(os.open, path, os.O_WRONLY) == wrong, path + ": writing a read-only file")
            size = os.stat(path).st_size
            grows = path.endswith("/lab/log")
            check(grows or size == (4096 if "/md/" in path else 0), "%s: size %d" % (path, size))


def story_values():
    for name, value in {
            "md/array_state": "clean", "md/level": "raid1", "md/raid_disks": "2", "md/degraded": "0",
            "md/sync_action": "idle", "md/metadata_version": "external:lab", "md/bitmap/location": "+8",
            "md/bitmap/metadata": "external", "md/bitmap/chunksize": "65536", "md/dev-sda/state": "in_sync",
            "md/dev-sda/slot": "0", "md/dev-sdb/slot": "1", "md/component_size": str(SIZE // 1024),
            "md/sync_speed_min": "1000 (system)", "md/sync_speed_max": "200000 (system)", "md/sync_completed": "none",
            "md/last_sync_action": "none", "md/consistency_policy": "bitmap", "md/safe_mode_delay": "0.204",
            "lab/pending_writes": "mddev 0\nbitmap 0", "lab/fix": "none v1 proposal [upstream]",
            "lab/order": "2021 [2022]", "lab/pools": "[mddev] stop", "lab/stop-order": "[bd] db",
            "lab/mdstat-bitmap": "[line] none crash", "lab/super-reference": "none [held]",
             "lab/spare-role": "md [own]", "lab/bad-block-log": "md [first]", "lab/absent-members": "md [kept]",
             "lab/claims": "md [flushed]", "lab/bitmap-read": "md [all]", "lab/fail-last": "[refused] md",
             "lab/unplug": "md [waits]", "lab/faulty-write": "md [recorded]", "lab/conf-life": "stop [mddev]",
             "lab/clone-put": "last [first]", "lab/file-written": "md [locked]", "lab/lost-intent": "md [recorded]",
             "lab/last-record": "md [error]", "lab/recovery-checkpoint": "md [from-start]",
             "lab/check-checkpoint": "md [kept]", "lab/behind-ack": "md [recorded]", "lab/grown-space": "md [marked]",
             "lab/slow-read": "unasked [asked]", "lab/slot-pointer": "bare [rcu]", "lab/resize-lock": "none [held]",
             "lab/discard-error": "md [written]", "lab/anchor-writes": "md [flushed]", "lab/hold": "off",
             "lab/oops": "none"}.items():
        check(lab.read(name) == value, "%s: %r, not %r" % (name, lab.read(name), value))
    check(os.readlink(lab.path("md/rd0")) == "dev-sda", "rd0")
    check(os.readlink(lab.path("md/dev-sdb/block")) == lab.image("sdb"), "block")
    mdstat = lab.read("mdstat").splitlines()
    check(mdstat[0] == "Personalities : [raid1] ", "mdstat: " + mdstat[0])
    check(mdstat[1].startswith("md0 : active raid1 sd"), "mdstat: " + mdstat[1])
    check(mdstat[2] == "      %d blocks super external:lab [2/2] [UU]" % (SIZE // 1024), "mdstat: " + mdstat[2])
    check(mdstat[-1] == "unused devices: <none>", "mdstat: " + mdstat[-1])


def story_stores_and_errors():
    for name, value, expected in [
            ("md/array_state", "nonsense", errno.EINVAL), ("md/array_state", "suspended", errno.EINVAL),
            ("md/array_state", "clean", 0), ("md/array_state", "clean\n", 0), ("md/sync_action", "resh", errno.EINVAL),
            ("md/sync_speed_min", "2000", 0), ("md/sync_speed_min", "system\n", 0),
            ("md/sync_speed_min", "0", errno.EINVAL), ("md/safe_mode_delay", "0.5", 0),
            ("md/safe_mode_delay", "x", errno.EINVAL), ("md/bitmap/chunksize", "4096", errno.EBUSY),
            ("md/bitmap/time_base", "x", errno.EINVAL), ("md/dev-sda/state", "bogus", errno.EINVAL),
            ("md/array_size", "99999999999", errno.E2BIG), ("md/degraded", "1", errno.EACCES),
            ("lab/stop-order", "db", 0), ("lab/stop-order", "bd", 0), ("lab/super-reference", "none", errno.EBUSY),
            ("lab/fix", "none", 0), ("lab/fix", "wrong", errno.EINVAL), ("lab/fix", "upstream\n", 0),
            ("lab/hold", "nonsense", errno.EINVAL), ("lab/hold", "\n", errno.EINVAL), ("lab/release", "77", errno.ENOENT),
            ("lab/release", "x", errno.EINVAL), ("lab/delay", "sdz 5", errno.ENOENT),
            ("lab/delay", "sda -5", errno.EINVAL), ("lab/fail", "sda explode", errno.EINVAL),
            ("lab/stop", "2", errno.EINVAL), ("lab/chunks", "9-3", errno.EINVAL), ("lab/chunks", "0-3", 0),
            ("lab/snapshot", "x", errno.EACCES), ("md/array_state", "x" * 5000, errno.EINVAL)]:
        got = lab.store(name, value)
        check(got == expected, "echo %.20r > %s: errno %d, not %d" % (value, name, got, expected))
    check(len(lab.read("lab/chunks").splitlines()) == 5, "lab/chunks shows the range that was asked for")
    lab.store("lab/chunks", "all")
    lab.store("md/safe_mode_delay", "0.204")


def story_reads_in_pieces():
    whole = lab.read("lab/mddev")
    fd = os.open(lab.path("lab/mddev"), os.O_RDONLY)
    text = b""
    while True:
        part = os.read(fd, 7)
        if not part:
            break
        text += part
    os.close(fd)
    check(text.decode().split("\n")[0] == whole.split("\n")[0] and len(text) > 500, "reading in pieces of 7 bytes")


def story_poll():
    fd = os.open(lab.path("md/array_state"), os.O_RDONLY)
    poller = select.poll()
    poller.register(fd, select.POLLPRI | select.POLLERR)
    # The array comes to rest by itself, and announces it once or twice.
    wait_for(lambda: os.pread(fd, 64, 0) == b"clean\n" and not poller.poll(50), "nothing changes: poll sleeps")
    disk = os.open(lab.path("md0"), os.O_WRONLY)
    os.write(disk, b"dirty")
    os.close(disk)
    events = poller.poll(10000)
    check(events and events[0][1] & select.POLLPRI and events[0][1] & select.POLLERR, "a write dirties: poll returns")
    state = os.pread(fd, 64, 0)
    check(state in (b"active\n", b"write-pending\n", b"active-idle\n", b"clean\n"), "state after a write: %r" % state)
    os.close(fd)


def story_the_shape_is_fixed():
    mnt = lab.mnt
    denied = {
        "create": lambda: os.open(mnt + "/new", os.O_CREAT | os.O_WRONLY), "mkdir": lambda: os.mkdir(mnt + "/d"),
        "unlink": lambda: os.unlink(mnt + "/md0"), "rmdir": lambda: os.rmdir(mnt + "/md"),
        "rename": lambda: os.rename(mnt + "/md0", mnt + "/md1"), "symlink": lambda: os.symlink("x", mnt + "/l"),
        "link": lambda: os.link(mnt + "/md0", mnt + "/h"), "chmod": lambda: os.chmod(mnt + "/md0", 0o666),
        "chown": lambda: os.chown(mnt + "/md0", 12345, 12345), "mkfifo": lambda: os.mkfifo(mnt + "/f"),
        "xattr": lambda: os.setxattr(mnt + "/md0", "user.x", b"1"),
        "truncate": lambda: os.truncate(mnt + "/md0", 4096), "grow": lambda: os.truncate(mnt + "/md0", SIZE + 4096)}
    for what, call in denied.items():
        check(errno_of(call) == errno.EPERM, "%s is EPERM, not %d" % (what, errno_of(call)))
    check(errno_of(os.truncate, mnt + "/md0", SIZE) == 0, "truncating to the same size")
    check(errno_of(os.stat, mnt + "/" + "x" * 255) == errno.ENOENT, "a name of 255 bytes")
    check(errno_of(os.stat, mnt + "/" + "x" * 256) == errno.ENAMETOOLONG, "a name of 256 bytes")
    check(errno_of(os.stat, mnt + "/md/dev-sdc") == errno.ENOENT, "a member that is not there")


def fallocate(fd, mode, offset, length):
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.fallocate(fd, mode, ctypes.c_int64(offset), ctypes.c_int64(length))
    return 0 if done == 0 else ctypes.get_errno()


def blocks(name):
    return os.stat(lab.image(name)).st_blocks * 512


# A hole in md0 is a hole in each image, and zeros to who reads it; a member that refuses is given zeros.
def discards(fd):
    keep, hole, zero = 1, 2, 16
    data = os.urandom(8 << 20)
    check(os.pwrite(fd, data, 0) == len(data), "writing")
    full = [blocks(name) for name in ("sda", "sdb")]
    check(fallocate(fd, hole | keep, 1000, 4 << 20) == 0, "punching a hole")
    check(os.pread(fd, len(data), 0) == data[:1000] + bytes(4 << 20) + data[1000 + (4 << 20):], "what was punched")
    left = [blocks(name) for name in ("sda", "sdb")]
    check(all(a - b >= 4000 << 10 for a, b in zip(full, left)), "the images: %s, then %s" % (full, left))
    check(lab.store("lab/fail", "sdb write data count 1") == 0, "a rule")
    check(fallocate(fd, hole | keep, 4 << 20, 2 << 20) == 0, "punching where a member refuses")
    check(lab.store("lab/fail", "off") == 0, "no rule")
    check(fallocate(fd, zero | keep, 7 << 20, 4096) == 0, "writing zeros")
    now = [blocks(name) for name in ("sda", "sdb")]
    check(now[0] < left[0] and now[1] == left[1], "a hole on sda, zeros on sdb: %s, then %s" % (left, now))
    for offset, length in ((4 << 20, 2 << 20), (7 << 20, 4096)):
        check(os.pread(fd, length, offset) == bytes(length), "zeros at %d" % offset)
    check(lab.read("md/degraded") == "0", "a member that takes zeros stays")
    check(fallocate(fd, hole | keep, SIZE - 512, 1 << 20) == 0, "punching over the end")
    check(fallocate(fd, hole | keep, SIZE, 4096) == errno.EINVAL, "punching behind the end")
    check(fallocate(fd, 0, 0, 4096) == errno.EOPNOTSUPP, "there is nothing to allocate")


def story_the_disk_file():
    fd = os.open(lab.path("md0"), os.O_RDWR | os.O_TRUNC)
    check(os.fstat(fd).st_size == SIZE, "O_TRUNC is ignored")
    check(os.pwrite(fd, b"abc", 1000001) == 3 and os.pread(fd, 5, 1000000)[1:4] == b"abc", "unaligned")
    check(os.pread(fd, 100, SIZE) == b"" and os.pread(fd, 100, SIZE - 10) == os.pread(fd, 10, SIZE - 10), "end of file")
    check(errno_of(os.pwrite, fd, b"x", SIZE) == errno.ENOSPC, "writing at the end")
    check(os.lseek(fd, 0, os.SEEK_END) == SIZE, "SEEK_END")
    check(os.lseek(fd, 100, os.SEEK_DATA) == 100 and os.lseek(fd, 100, os.SEEK_HOLE) == SIZE, "SEEK_DATA, SEEK_HOLE")
    check(errno_of(os.posix_fallocate, fd, 0, 4096) in (0, errno.EOPNOTSUPP), "fallocate")
    check(errno_of(os.fsync, fd) == 0 and errno_of(os.fdatasync, fd) == 0, "fsync")
    discards(fd)
    info = bytearray(72)
    fcntl.ioctl(fd, GET_ARRAY_INFO, info)
    fields = struct.unpack("18i", info)
    check(fields[4] == 1 and fields[7] == 2 and fields[12] == 2, "GET_ARRAY_INFO: level 1, 2 disks: %s" % (fields,))
    version = bytearray(12)
    fcntl.ioctl(fd, RAID_VERSION, version)
    check(struct.unpack("3i", version) == (0, 90, 3), "RAID_VERSION")
    size = bytearray(8)
    fcntl.ioctl(fd, BLKGETSIZE64, size)
    check(struct.unpack("Q", size)[0] == SIZE, "BLKGETSIZE64")
    check(errno_of(fcntl.ioctl, fd, 0x5401) == errno.ENOTTY, "an ioctl that disks do not have")
    os.close(fd)
    append = os.open(lab.path("md0"), os.O_WRONLY | os.O_APPEND)
    check(errno_of(os.write, append, b"x") == errno.ENOSPC, "O_APPEND writes at the end")
    os.close(append)


def story_parallel_writes_are_byte_exact():
    size = 8 << 20

    def write_part(part):
        fd = os.open(lab.path("md0"), os.O_RDWR)
        for at in range(part * 1000, size - 1000, 8000):
            os.pwrite(fd, bytes([part + 1]) * 1000, at)
        os.close(fd)

    threads = [threading.Thread(target=write_part, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    data = b""
    while len(data) < size - 8000:
        data += os.pread(fd, 1 << 20, len(data))
    os.close(fd)
    good = all(data[at:at + 1000] == bytes([at // 1000 % 8 + 1]) * 1000 for at in range(0, size - 16000, 1000))
    check(good, "8 threads writing side by side, unaligned")


# On native metadata: for an external array mdmon removes a faulty member by itself.
def story_members_come_and_go():
    global lab
    external, lab = lab, Lab("--size", "64M", "--bitmap", "internal")
    lab.mount_or_die()
    members_come_and_go()
    detail_shows_it()
    the_last_member_stays()
    check(lab.umount().returncode == 0, "umount of the native array")
    lab = external


def members_come_and_go():
    check(mdscope("fail", lab.mnt, "sdb").returncode == 0, "fail sdb")
    wait_for(lambda: "faulty" in lab.read("md/dev-sdb/state") and lab.read("md/degraded") == "1", "sdb faulty")
    check("[U_]" in lab.read("mdstat") and "(F)" in lab.read("mdstat"), "mdstat shows it")
    check(mdscope("fail", lab.mnt, "sdz").returncode == 1, "failing a member that is not there")
    kept = os.open(lab.path("md/dev-sdb/state"), os.O_RDONLY)
    removed = mdscope("remove", lab.mnt, "sdb")
    check(removed.returncode == 0, "remove sdb: " + removed.stderr)
    wait_for(lambda: not os.path.exists(lab.path("md/dev-sdb")), "dev-sdb is gone")
    check(errno_of(os.pread, kept, 64, 0) == errno.ENODEV, "a file kept open over its member is ENODEV")
    os.close(kept)
    check(sorted(os.listdir(lab.path("md"))).count("rd1") == 0, "rd1 is gone")
    back = mdscope("re-add", lab.mnt, "sdb")
    check(back.returncode == 0, "re-add sdb: " + back.stderr)
    waited = mdscope("wait", lab.mnt)
    check(waited.returncode == 0 and "2 of 2" in waited.stdout, "wait: " + waited.stdout + waited.stderr)
    check("[UU]" in lab.read("mdstat"), "both members again: " + lab.read("mdstat"))
    absent = mdscope("add", lab.mnt, lab.base + "/elsewhere.img")
    check(absent.returncode == 1 and not os.path.exists(lab.base + "/elsewhere.img"), "no images outside the lab")
    added = mdscope("add", lab.mnt, "sdc")
    check(added.returncode == 0, "add sdc: " + added.stderr)
    check(os.path.isdir(lab.path("md/dev-sdc")), "sdc is there")
    check(mdscope("check", lab.mnt).returncode == 0 and mdscope("wait", lab.mnt).returncode == 0, "check and wait")
    check(lab.read("md/mismatch_cnt") == "0", "nothing differs")


def detail_shows_it():
    wait_for(lambda: lab.read("md/array_state") == "clean", "clean after the last write")
    text = mdscope("detail", lab.mnt).stdout
    for piece in ("Version : 1.2", "Name : mdscope:lab", "Raid Level : raid1", "Raid Devices : 2", "State : clean", "active sync   " + lab.image("sda")):
        check(piece in text, "detail has %r:\n%s" % (piece, text))
    check('"level":"raid1"' in mdscope("detail", "--json", lab.mnt).stdout, "detail --json")


def the_last_member_stays():
    spare = mdscope("remove", lab.mnt, "sdc")
    check(spare.returncode == 0, "remove the spare: " + spare.stderr)
    check(mdscope("fail", lab.mnt, "sdb").returncode == 0, "fail sdb again")
    refused = mdscope("fail", lab.mnt, "sda")
    check(refused.returncode == 3 and "last" in refused.stderr, "the last member is not failed: " + refused.stderr)
    check("sda[" in lab.read("mdstat") and lab.read("md/dev-sda/state") == "in_sync", "sda is still there")


def story_stop_and_assemble():
    fd = os.open(lab.path("md0"), os.O_RDWR)
    check(lab.store("md/array_state", "clear") == errno.EBUSY, "clear while open is EBUSY")
    stopped = mdscope("stop", lab.mnt)
    check(stopped.returncode == 3 and "[%d]" % os.getpid() in stopped.stderr, "stop names us: " + stopped.stderr)
    check("md0 is open in" in lab.read("lab/log"), "the log names the opener")
    forced = mdscope("stop", "--force", lab.mnt)
    check(forced.returncode == 0, "stop --force: " + forced.stderr)
    check(errno_of(os.pread, fd, 10, 0) == errno.EIO, "a revoked opener gets EIO")
    check(errno_of(os.fsync, fd) == errno.EIO, "a revoked opener's fsync gets EIO")
    check(lab.read("md/array_state") == "clear", "stopped: clear")
    check(os.stat(lab.path("md0")).st_size == 0, "stopped: size 0")
    check(errno_of(os.open, lab.path("md0"), os.O_RDONLY) == errno.ENODEV, "stopped: ENODEV")
    check("sync_action" not in os.listdir(lab.path("md")), "stopped: no sync files")
    check(lab.read("lab/pending_writes") == "mddev 0\nbitmap 0", "stopped: lab answers")
    check(mdscope("check", lab.mnt).returncode == 1, "stopped: no check")
    again = mdscope("assemble", lab.mnt)
    check(again.returncode == 0, "assemble: " + again.stderr)
    check(os.stat(lab.path("md0")).st_size == SIZE, "assembled: the size is back")
    check(errno_of(os.pread, fd, 10, 0) == errno.EIO, "the old opener stays out")
    os.close(fd)
    check(mdscope("assemble", lab.mnt).returncode == 3, "assembling a running array is refused")
    fd = os.open(lab.path("md0"), os.O_RDWR)
    other = os.open(lab.path("md0"), os.O_RDWR)
    check(errno_of(fcntl.ioctl, fd, STOP_ARRAY) == errno.EBUSY, "STOP_ARRAY with another opener")
    os.close(other)
    check(wait_for(lambda: errno_of(fcntl.ioctl, fd, STOP_ARRAY) == 0, "STOP_ARRAY by the only opener"), "STOP_ARRAY")
    os.close(fd)
    check(mdscope("assemble", lab.mnt).returncode == 0, "assemble again")
    check(errno_of(lambda: os.close(os.open(lab.path("md0"), os.O_RDONLY))) == 0, "md0 opens again")


def openers():
    return json.loads(lab.read("lab/snapshot"))["array"]["openers"]


def story_an_interrupted_stop_of_somebody_who_has_gone():
    """STOP_ARRAY has the opener while it sleeps; interrupted, it must not leave it to a file that is closed."""
    check(lab.store("lab/hold", "bitmap") == 0, "hold the bitmap's writes")
    marker = threading.Thread(target=lab.store, args=("md/bitmap_set_bits", "5"))  # has reconfig_mutex until they end
    marker.start()
    wait_for(lambda: " bitmap " in lab.read("lab/bios"), "it is held")
    stopper = subprocess.Popen([sys.executable, "-c", "import fcntl, os, sys\n"
                                "fcntl.ioctl(os.open(sys.argv[1], os.O_RDWR), %d)" % STOP_ARRAY, lab.path("md0")])
    wait_for(lambda: "in mddev->reconfig_mutex until mutex is free" in lab.read("lab/tasks") and
             "    md_ioctl\n" in lab.read("lab/tasks") and "    sync_blockdev\n" not in lab.read("lab/tasks"),
             "the stop sleeps behind it")
    check(openers() == 1, "it has md0 open")
    check(errno_of(os.open, lab.path("md0"), os.O_RDONLY) == errno.ENODEV, "nobody else opens md0 meanwhile")
    stopper.terminate()
    wait_for(lambda: stopper.poll() is not None, "whoever wanted it is gone")
    wait_for(lambda: "md_ioctl" not in lab.read("lab/tasks") and openers() == 0, "interrupted, and no opener is left")
    check(lab.store("lab/hold", "off") == 0 and lab.store("lab/release", "all") == 0, "release")
    marker.join()
    check(lab.read("md/array_state") != "clear", "the array was not stopped")
    check(lab.start_sync("resync", "of what was marked"), "resync")
    wait_for(lambda: lab.read("md/resync_start") == "none" and lab.read("md/sync_action") == "idle", "in sync")


def story_reading_while_the_array_comes_and_goes():
    over = threading.Event()
    wrong = []

    def read_everything():
        while not over.is_set():
            for folder, _, names in os.walk(lab.mnt):
                for name in names:
                    path = os.path.join(folder, name)
                    error = errno_of(read, path) if name not in ("md0", "trace_pipe") else 0
                    # EISDIR: a link rdN whose member came back after it was taken for a file.
                    if error not in (0, errno.ENOENT, errno.ENODEV, errno.EACCES, errno.EISDIR):
                        wrong.append((path, error))

    threads = [threading.Thread(target=read_everything) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        check(mdscope("stop", lab.mnt).returncode == 0, "stop under readers")
        check(mdscope("assemble", lab.mnt).returncode == 0, "assemble under readers")
    over.set()
    for thread in threads:
        thread.join()
    check(not wrong, "errors under stop and assemble: %s" % wrong[:3])


run_stories(globals())
done = lab.umount()
check(done.returncode == 0, "umount: " + done.stderr)
check(not is_mounted(lab.mnt), "unmounted")
finish("mount_tree")
