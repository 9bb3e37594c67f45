#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""Bad input: a clear message, the documented exit code or errno, no crash, no hang, and nothing changed on disk.

Method: each story makes one thing wrong, hashes every file of the lab, runs the command, and looks at the exit code, at
the message (a sentence that names the thing), and at the hashes.
"""

import errno
import hashlib
import os
import shutil
import stat
import threading

from lib import *

need_mount()
OK, FAILED, USAGE, BUSY, UNUSABLE = 0, 1, 2, 3, 4
SUPER = 4096  # of version 1.2, bytes
BITMAP = 8192


def hashes(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if not stat.S_ISREG(os.lstat(path).st_mode):
                continue
            with open(path, "rb") as file:
                found[path] = hashlib.sha256(file.read()).hexdigest()
    return found


def refused(lab, words, code, mentions, what):
    """The command fails with this code and a message that mentions this; nothing changes, nothing is mounted."""
    before = hashes(lab.base)
    try:
        done = mdscope(*words, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        check(False, what + ": hangs")
        return
    codes = code if isinstance(code, tuple) else (code,)
    check(done.returncode in codes, "%s: exit code %d, not %s: %s" % (what, done.returncode, codes, done.stderr))
    check(len(done.stderr.strip()) > 10, "%s: a message" % what)
    wanted = mentions if isinstance(mentions, tuple) else (mentions,)
    check(any(word.lower() in done.stderr.lower() for word in wanted), "%s: the message mentions %s: %s" %
          (what, wanted, done.stderr))
    check(hashes(lab.base) == before, what + ": files were changed")
    check(not is_mounted(lab.mnt), what + ": something is mounted")
    if is_mounted(lab.mnt):
        mdscope("umount", lab.mnt)


def patch(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def native(*words):
    return Lab("--bitmap", "internal", "--size", "16M", *words)


# ---- images

def story_no_members():
    lab = Lab(create=False)
    os.mkdir(lab.lab)
    refused(lab, ["mount", lab.lab, lab.mnt], UNUSABLE, "no images", "a folder without images")
    for name, data in (("zero", bytes(1 << 20)), ("random", os.urandom(1 << 20)), ("short", b"x"), ("empty", b"")):
        path = "%s/%s.img" % (lab.lab, name)
        with open(path, "wb") as file:
            file.write(data)
        refused(lab, ["mount", path, lab.mnt], UNUSABLE, name, "an image of " + name + " bytes")
    refused(lab, ["mount", lab.lab + "/missing.img", lab.mnt], UNUSABLE, "missing", "an image that is not there")
    refused(lab, ["examine", lab.lab + "/missing.img"], UNUSABLE, "missing", "examining what is not there")


def story_foreign_members():
    for words in ((), ("--bitmap", "internal")):
        one, other = Lab("--size", "16M", *words), Lab("--size", "16M", *words)
        shutil.copy(other.image("sdb"), one.lab + "/sdb.img")
        done = one.mount()
        # As mdadm: the strangers stay out, or nothing is assembled; two halves of different arrays are never mixed.
        if done.returncode == OK:
            check(len(os.listdir(one.path("md"))) > 0 and "[2/2]" not in one.read("mdstat"), "a stranger was taken in")
            check(one.umount().returncode == OK, "umount")
        else:
            check(done.returncode == UNUSABLE and "sd" in done.stderr, "foreign member: " + done.stderr)


def story_unequal_sizes():
    lab = native()
    os.truncate(lab.image("sdb"), 4 << 20)
    done = lab.mount()
    if done.returncode == OK:
        check("[2/1]" in lab.read("mdstat"), "a member that was cut short is taken: " + lab.read("mdstat"))
        check(lab.umount().returncode == OK, "umount")
    else:
        check(done.returncode == UNUSABLE and "sdb" in done.stderr, "cut short: " + done.stderr)


def story_corrupt_superblocks():
    lab = native()
    whole = {image: read_bytes(lab.image(image)) for image in ("sda", "sdb")}
    damages = [("magic", SUPER, b"\0\0\0\0"), ("level", SUPER + 72, b"\5\0\0\0"),
               ("checksum", SUPER + 216, b"\1\2\3\4"), ("max_dev", SUPER + 220, b"\xff\xff\xff\xff"),
               ("raid_disks", SUPER + 92, b"\xff\xff\xff\xff"), ("data_offset", SUPER + 128, b"\xff" * 8),
               ("feature bits", SUPER + 8, b"\xff\xff\xff\xff"), ("everything", SUPER, os.urandom(512)),
               ("bitmap magic", BITMAP, b"\0\0\0\0"), ("bitmap version", BITMAP + 4, b"\x63\0\0\0"),
               ("bitmap chunk size", BITMAP + 52, b"\3\0\0\0"), ("bitmap daemon sleep", BITMAP + 56, b"\0\0\0\0"),
               ("bitmap uuid", BITMAP + 8, os.urandom(16))]
    for name, offset, data in damages:
        for image in ("sda", "sdb"):
            patch(lab.image(image), offset, data)
        refused(lab, ["mount", lab.lab, lab.mnt], UNUSABLE, ("sda", "md0", "superblock"), "damaged " + name)
        done = mdscope("examine", lab.image("sda"))
        check(done.returncode in (OK, UNUSABLE), "examine with damaged %s: %d" % (name, done.returncode))
        for image in ("sda", "sdb"):
            patch(lab.image(image), 0, whole[image][:1 << 20])


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def story_corrupt_label_and_sidecar():
    lab = Lab("--size", "16M")
    sidecar = lab.lab + "/container.json"
    text = read(sidecar)
    for name, data in (("empty", ""), ("no JSON", "{{{"), ("wrong type", text.replace('"raid_disks"', '"raid_diskz"')),
                       ("binary", "\0\1\2"), ("huge", '{"x":"' + "y" * (2 << 20) + '"}')):
        with open(sidecar, "w") as file:
            file.write(data)
        refused(lab, ["mount", lab.lab, lab.mnt], UNUSABLE, "container.json", "sidecar: " + name)
    os.unlink(sidecar)
    refused(lab, ["mount", lab.lab, lab.mnt], UNUSABLE, "container.json", "no sidecar")
    with open(sidecar, "w") as file:
        file.write(text)
    for image in ("sda", "sdb"):
        patch(lab.image(image), 48, b"\xff" * 16)
    refused(lab, ["mount", lab.lab, lab.mnt], UNUSABLE, ("label", "checksum"), "damaged labels")


def story_one_image_twice():
    lab = native()
    refused(lab, ["mount", lab.image("sda"), lab.image("sda"), lab.mnt], (UNUSABLE, BUSY), "sda", "one image twice")
    os.link(lab.image("sda"), lab.lab + "/again.img")
    refused(lab, ["mount", lab.image("sda"), lab.lab + "/again.img", lab.mnt], (UNUSABLE, BUSY), ("sda", "again"),
            "one image by two names")


def story_no_regular_files():
    lab = native()
    os.mkdir(lab.lab + "/folder.img")
    os.mkfifo(lab.lab + "/fifo.img")
    refused(lab, ["mount", lab.image("sda"), lab.image("folder"), lab.mnt], UNUSABLE, "folder", "a folder as an image")
    refused(lab, ["mount", lab.image("sda"), lab.image("fifo"), lab.mnt], UNUSABLE, "fifo", "a FIFO as an image")
    refused(lab, ["mount", lab.image("sda"), "/dev/null", lab.mnt], UNUSABLE, "null", "a character device as an image")
    refused(lab, ["examine", lab.image("fifo")], UNUSABLE, "fifo", "examining a FIFO")


def story_read_only_images():
    lab = native()
    if os.geteuid() == 0:
        subprocess.run(["mount", "--bind", lab.lab, lab.lab], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", lab.lab], check=True)
    else:
        for name in ("sda", "sdb"):
            os.chmod(lab.image(name), 0o400)
    refused(lab, ["mount", lab.lab, lab.mnt], UNUSABLE, ("read-only", "permission", "sda"), "read-only images")
    before = hashes(lab.lab)
    done = lab.mount("--read-only")
    check(done.returncode == OK, "read-only images with --read-only: " + done.stderr)
    if done.returncode == OK:
        check(lab.read("md/array_state") == "readonly", "readonly: " + lab.read("md/array_state"))
        fd = os.open(lab.path("md0"), os.O_RDWR)
        check(errno_of(os.pwrite, fd, b"x", 0) == errno.EPERM, "writing is refused")
        check(len(os.pread(fd, 4096, 0)) == 4096, "reading works")
        os.close(fd)
        check(lab.umount().returncode == OK, "umount of a read-only array")
    check(hashes(lab.lab) == before, "a read-only array changes nothing")


def story_create_destroys_nothing():
    lab = native()
    refused(lab, ["create", lab.lab], FAILED, ("sda", "exist"), "create over a lab")
    refused(lab, ["create", lab.lab, "--bitmap", "internal"], FAILED, ("sda", "exist"), "create over a lab, native")
    refused(lab, ["create", lab.image("sda")], FAILED, "sda", "create with a file as its folder")


# ---- while mounted

def small_disk(lab, *create_words):
    """Puts the lab on a tmpfs of 6 MiB, with sparse images that are larger."""
    small = lab.base + "/small"
    os.mkdir(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6M", "tmpfs", small], check=True)
    lab.lab = small + "/lab"
    check(mdscope("create", lab.lab, "--size", "64M", *create_words).returncode == OK, "sparse images on a small disk")


def story_disk_full():
    if os.geteuid() != 0:
        return
    lab = Lab(create=False)
    small_disk(lab, "--bitmap", "internal")
    lab.mount_or_die()
    fd = os.open(lab.path("md0"), os.O_RDWR)
    error = 0
    for at in range(0, 32 << 20, 1 << 20):
        error = errno_of(os.pwrite, fd, b"\xaa" * (1 << 20), at) or errno_of(os.fsync, fd)
        if error:
            break
    check(error in (errno.EIO, errno.ENOSPC), "a full disk below: errno %d" % error)
    close(fd)
    check(lab.read("md/array_state") != "" and "md0" in lab.read("mdstat"), "the tree answers")
    done = lab.umount()
    check(not is_mounted(lab.mnt), "umount over a full disk: " + done.stderr)


# The sidecar cannot be written either: then no write may be acknowledged that depends on it, so writers wait. They go
# on when there is room again.
def story_disk_full_below_the_sidecar():
    if os.geteuid() != 0:
        return
    lab = Lab(create=False)
    small_disk(lab)
    filler = lab.base + "/small/filler"
    lab.mount_or_die()
    with open(filler, "wb") as file:
        errno_of(file.write, b"x" * (5 << 20))
        errno_of(file.flush)
    results = []

    def write_much():
        fd = os.open(lab.path("md0"), os.O_RDWR)
        for at in range(0, 2 << 20, 1 << 18):
            results.append(errno_of(os.pwrite, fd, b"\xaa" * (1 << 18), at))
        close(fd)

    writer = threading.Thread(target=write_much, daemon=True)
    writer.start()
    wait_for(lambda: "No space left" in lab.read("lab/log") or not writer.is_alive(), "the log says what is wrong")
    check("md0" in lab.read("mdstat") and lab.read("md/array_state") != "", "the tree answers")
    os.unlink(filler)
    wait_for(lambda: not writer.is_alive(), "writers go on when there is room")
    check(set(results) <= {0, errno.EIO, errno.ENOSPC}, "writers over a full disk: %s" % set(results))
    check(lab.umount().returncode == OK, "umount")


def story_member_deleted_or_truncated():
    lab = Lab("--size", "16M")
    lab.mount_or_die()
    os.unlink(lab.image("sdb"))
    fd = os.open(lab.path("md0"), os.O_RDWR)
    check(os.pwrite(fd, b"z" * 65536, 0) == 65536 and errno_of(os.fsync, fd) == 0, "writing with a member deleted")
    os.truncate(lab.image("sda"), 1 << 20)
    got = errno_of(os.pwrite, fd, b"y" * 65536, 8 << 20)
    check(got in (0, errno.EIO, errno.ENOSPC), "writing with a member cut short: errno %d" % got)
    got = errno_of(os.pread, fd, 65536, 8 << 20)
    check(got in (0, errno.EIO), "reading with a member cut short: errno %d" % got)
    close(fd)
    check("md0" in lab.read("mdstat"), "the tree answers")
    log = lab.read("lab/log")
    check("sdb: the image was deleted" in log and "sda: the image was cut short" in log, "the log says both: " + log)
    done = lab.umount()
    check(not is_mounted(lab.mnt), "umount after members were harmed: " + done.stderr)


def story_a_member_cut_short_is_failed():
    """By the write that finds out, and not grown back; the other member has everything."""
    for home in ("external", "internal"):
        lab = Lab("--size", "16M", "--bitmap", home)
        lab.mount_or_die()
        fd = os.open(lab.path("md0"), os.O_RDWR)
        os.truncate(lab.image("sda"), 1 << 20)
        check(os.pwrite(fd, b"y" * 65536, 8 << 20) == 65536, home + ": the array takes the write")
        check(errno_of(os.fsync, fd) == 0, home + ": and its fsync")
        wait_for(lambda: lab.read("md/degraded") == "1", home + ": the member is out")
        check(os.path.getsize(lab.image("sda")) == 1 << 20, home + ": the image was not grown back")
        check(os.pread(fd, 65536, 8 << 20) == b"y" * 65536, home + ": the data is there")
        os.close(fd)
        check("sda: the image was cut short" in lab.read("lab/log"), home + ": the log says why")
        done = lab.umount()
        check(done.returncode == OK, home + ": umount: " + done.stderr)


def story_an_old_copy():
    """One image from before, put back after the array was used: it stays out, for both kinds of metadata."""
    for home in ("external", "internal"):
        lab = Lab("--size", "16M", "--bitmap", home)
        lab.mount_or_die()
        check(lab.umount().returncode == OK, home + ": umount")
        shutil.copy(lab.image("sda"), lab.base + "/copy")
        lab.mount_or_die()
        fd = os.open(lab.path("md0"), os.O_RDWR)
        check(os.pwrite(fd, b"n" * 4096, 0) == 4096 and errno_of(os.fsync, fd) == 0, home + ": a write")
        os.close(fd)
        check(lab.umount().returncode == OK, home + ": umount")
        shutil.copy(lab.base + "/copy", lab.image("sda"))
        done = lab.mount()
        check(done.returncode != OK and "--run" in done.stderr and "sda (slot 0)" in done.stderr,
              home + ": without it only if somebody says so: " + done.stderr)
        lab.mount_or_die("--run")
        check(lab.read("md/degraded") == "1" and "dev-sda" not in os.listdir(lab.path("md")), home + ": it stays out")
        fd = os.open(lab.path("md0"), os.O_RDONLY)
        check(os.pread(fd, 4096, 0) == b"n" * 4096, home + ": the write is there")
        os.close(fd)
        done = mdscope("add", lab.mnt, "sda")
        check(done.returncode == OK, home + ": add takes it: " + done.stderr)
        check(mdscope("wait", lab.mnt).returncode == OK and lab.read("md/degraded") == "0", home + ": and it is whole")
        check(lab.umount().returncode == OK, home + ": umount")


def story_locked():
    lab = Lab("--size", "16M")
    second = lab.base + "/second"
    os.mkdir(second)
    lab.mount_or_die()
    done = mdscope("mount", lab.lab, second)
    check(done.returncode == BUSY and "sd" in done.stderr, "a second mount: %d %s" % (done.returncode, done.stderr))
    check(mdscope("create", lab.lab, "--force").returncode == BUSY, "create --force over a mounted lab")
    check(mdscope("mount", lab.lab, lab.mnt).returncode == FAILED, "a mount over the mount")
    fd = os.open(lab.path("md0"), os.O_RDWR)
    busy = mdscope("umount", lab.mnt)
    check(busy.returncode == BUSY and "[%d]" % os.getpid() in busy.stderr, "umount names us: " + busy.stderr)
    check(is_mounted(lab.mnt) and len(os.pread(fd, 10, 0)) == 10, "a refused umount changes nothing")
    busy = mdscope("stop", lab.mnt)
    names = "it is open in " + "python3[%d]" % os.getpid()
    check(busy.returncode == BUSY and names in busy.stderr, "stop names us: " + busy.stderr)
    os.close(fd)
    check(lab.umount().returncode == OK, "umount")


def story_garbage_into_control_files():
    lab = Lab("--size", "16M", "--bitmap", "internal")
    lab.mount_or_die()
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, os.urandom(1 << 20), 0)
    os.fsync(fd)
    data = os.pread(fd, 1 << 20, 0)
    os.close(fd)
    garbage = [b"\n", b"\0", b"\0\1\2\3", b"\xff\xfe\xfd", b"-1", b"99999999999999999999999999", b"a b c d e f g",
               b"%s%n%s%n", b"x" * 4095, b"x" * 4096, b"x" * 4097, b"x" * (1 << 20), b"../../etc/passwd",
               b"1e9", b"0x", b"+", b" ", b"clear\0", b"faulty,remove"]
    files = []
    for folder, _, names in os.walk(lab.mnt):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path) and name != "md0" and os.stat(path).st_mode & 0o200:
                files.append(path)
    check(len(files) > 30, "writable files: %d" % len(files))
    for path in files:
        for value in garbage:
            error = store(path, value)
            check(error in (0, errno.EINVAL, errno.ENOENT, errno.EBUSY, errno.ERANGE, errno.E2BIG, errno.ENODEV,
                            errno.ENXIO, errno.EOVERFLOW, errno.ENOSPC, errno.EACCES, errno.EFBIG, errno.EISDIR, errno.ENAMETOOLONG),
                  "%r into %s: errno %d (%s)" % (value[:20], path, error, os.strerror(error)))
    check(lab.read("md/array_state") in ("clean", "active", "active-idle"), "still running: " +
          lab.read("md/array_state"))
    check("[UU]" in lab.read("mdstat"), "both members are there: " + lab.read("mdstat"))
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    check(os.pread(fd, 1 << 20, 0) == data, "the data is untouched")
    os.close(fd)
    # One byte at a time: each write is a store of its own, and is refused.
    for letter in "clear":
        check(lab.store("md/array_state", letter) == errno.EINVAL, "one letter into array_state")
    check(lab.umount().returncode == OK, "umount")


# ---- the command line

def story_mount_points():
    lab = native()
    refused(lab, ["mount", lab.lab, lab.base + "/none"], FAILED, "does not exist", "a missing mount point")
    refused(lab, ["mount", lab.lab, lab.image("sda")], FAILED, "not a folder", "a file as mount point")
    refused(lab, ["mount", lab.lab, lab.lab], FAILED, "not empty", "a mount point that is not empty")
    refused(lab, ["mount", lab.lab], USAGE, "mount point", "no mount point")
    refused(lab, ["umount", lab.mnt], FAILED, "nothing is mounted", "umount of nothing")
    refused(lab, ["umount", "/proc"], FAILED, "neither", "umount of somebody else's mount")
    refused(lab, ["detail", lab.mnt], FAILED, "not a mounted array", "detail of nothing")
    if os.geteuid() == 0 and shutil.which("unshare"):
        lab = Lab("--size", "16M", where="/tmp")  # an empty /dev would hide /dev/shm
        before = hashes(lab.base)
        # Where the root is no mount point (a chroot), unshare cannot make it private; /dev alone is enough.
        hide = 'mount --make-rprivate /dev && mount -t tmpfs none /dev && "$@"'
        done = mdscope("mount", lab.lab, lab.mnt,
                       prefix=["unshare", "-m", "--propagation", "unchanged", "sh", "-c", hide, "sh"])
        check(done.returncode == FAILED and "/dev/fuse" in done.stderr and "modprobe" in done.stderr,
              "no /dev/fuse: %d %s" % (done.returncode, done.stderr))
        check(hashes(lab.base) == before, "no /dev/fuse: nothing changes")


def story_sizes_and_options():
    lab = Lab(create=False)
    for size in ("-1", "-64M", "abc", "", "64X", "64Mb", "64 M", "1.5G", "M", "0x10", "99999999999999999999", "20000000T",
                 "+5", "64m "):
        refused(lab, ["create", lab.lab, "--size=" + size], USAGE, "--size", "--size=" + size)
    for size in ("0", "1", "512", "4K"):
        refused(lab, ["create", lab.lab, "--size", size], USAGE, ("small", "size", "too"), "--size " + size)
    for words in (["--members", "0"], ["--members", "9"], ["--members", "-2"], ["--members", "two"], ["--chunk", "1000"],
                  ["--chunk", "0"], ["--chunk", "-4K"], ["--delay", "0"], ["--delay", "5h"], ["--delay=-1s"],
                  ["--metadata", "0.90"], ["--bitmap"], ["--nonsense"], ["extra"]):
        refused(lab, ["create", lab.lab] + words, USAGE, ("--", "extra", "argument"), "create " + " ".join(words))
    for words in ([], ["nonsense"], ["mount"], ["mount", "--kernel", "9.9", "a", "b"], ["mount", "--fix", "x", "a", "b"],
                  ["detail"], ["fail", "x"], ["examine"]):
        refused(lab, words, USAGE, ("required", "subcommand", "no command", "not in", "following", "argument", "mount"),
                "mdscope " + " ".join(words))
    check(not os.path.exists(lab.lab), "a refused create makes nothing")
    refused(lab, ["create", lab.lab, "--write-mostly", "sdz"], USAGE, "sdz", "write-mostly of no member")
    check(mdscope("--help").returncode == OK and "Exit codes" in mdscope("--help").stdout, "--help")
    check(mdscope("--version").stdout.startswith("mdscope "), "--version")


def story_messages_that_can_be_followed():
    def says(words, code, *mentions):
        done = mdscope(*words)
        check(done.returncode == code and all(word in done.stderr for word in mentions),
              "%s: %d, %s" % (words, done.returncode, done.stderr))

    says(["foo"], USAGE, "there is no command 'foo'")
    says(["umout"], USAGE, "there is no command 'umout'", "umount")
    says(["fail", "x"], USAGE, "mdscope: fail: MEMBER is required", "Usage: mdscope fail", "MNT MEMBER")
    lab = Lab("--size", "16M", *SLOW_DAEMON)
    for size, hint in (("10", "did you mean 10m?"), ("1.5G", "whole numbers only: 1536m"), ("512K", "1088k or more")):
        refused(lab, ["create", lab.base + "/new", "--size", size], USAGE, hint, "a size of " + size)
    refused(lab, ["create", lab.base + "/new", "--members", "1"], USAGE, ("range 2 to 8", "range [2 - 8]"), "one member")
    lab.mount_or_die()
    says(["mount", lab.lab, lab.base], FAILED, "not empty")
    other = lab.base + "/m 2"
    os.mkdir(other)
    says(["mount", lab.lab, other], BUSY, "is mounted on %s, by process %d" % (lab.mnt, lab.pid))
    says(["fail", "sdb", lab.mnt], USAGE, "mdscope fail %s sdb" % lab.mnt)
    for command in ("check", "umount"):
        says([command, lab.lab], FAILED, "mounted on " + lab.mnt)
    check("External, external:lab" in mdscope("detail", lab.mnt).stdout, "detail: an external bitmap")
    fd = os.open(lab.path("md0"), os.O_WRONLY)
    os.pwrite(fd, b"x" * 4096, 0)
    os.fsync(fd)
    os.close(fd)
    lab.store("lab/hold", "bitmap")
    stopper = subprocess.Popen([MDSCOPE, "stop", lab.mnt], stdout=subprocess.DEVNULL)
    # Once its writes are held it sleeps for good; before that now and then.
    wait_for(lambda: lab.read("lab/pending_writes") != "mddev 0\nbitmap 0" and "do_md_stop" in lab.read("lab/tasks"),
             "the stop is asleep")
    for words in (["wait", lab.mnt], ["check", lab.mnt], ["fail", lab.mnt, "sda"]):
        says(words, BUSY, "the stop is asleep")
    lab.store("lab/hold", "off")
    lab.store("lab/release", "all")
    stopper.wait(timeout=DEADLINE)
    says(["fail", lab.mnt, "sdb"], FAILED, "md0 is stopped")
    check(lab.umount().returncode == OK, "umount")
    shutil.copytree(lab.lab, lab.base + "/lab 2")
    check(mdscope("mount", lab.base + "/lab 2", other).returncode == OK, "paths with blanks")
    check("`mdscope wait '%s'`" % other in mdscope("check", other).stdout, "a path with a blank is quoted in a hint")
    check(mdscope("umount", other).returncode == OK, "umount with a blank")


run_stories(globals())
finish("mount_bad_input")
