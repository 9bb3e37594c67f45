#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""Mounts as scripts make them: any byte in a path, links, limits, closed streams, two labs of one name, a sync that stands
still, root without rights. Each was a fault once.
"""

import resource
import socket

from lib import *

need_mount()


def story_any_byte_in_a_path():
    for name in ("a,b", "a\\b", "a\nb", "a\tb c", "a'b\"c", "a:b=c,fsname=x", "a\\,b", "$(a)`b`;*?", "\udcff\udc80", "a#b%20"):
        lab = Lab(create=False)
        lab.lab, lab.mnt = "%s/%s" % (lab.base, name), "%s/m%s" % (lab.base, name)
        os.mkdir(lab.mnt)
        made = mdscope("create", lab.lab, "--size", "8M")
        check(made.returncode == 0, "create %r: %s" % (name, made.stderr))
        done = lab.mount()
        check(done.returncode == 0, "mount %r: %s" % (name, done.stderr))
        if done.returncode != 0:
            continue
        busy = mdscope("mount", lab.lab, lab.base)
        check(busy.returncode != 0, "the lab is found in the list of mounts: " + busy.stderr)
        for words in (["detail"], ["detail", "--json"], ["detail", "--export"], ["check"], ["wait"]):
            done = mdscope(*words, lab.mnt)
            check(done.returncode == 0, "%s %r: %s" % (words, name, done.stderr))
        for words in ([], ["--json"], ["--export"]):
            check(mdscope("examine", *words, lab.image("sda")).returncode == 0, "examine %s %r" % (words, name))
        down = mdscope("umount", lab.lab)
        check(down.returncode == 1 and "mounted on" in down.stderr, "umount LAB %r: %s" % (name, down.stderr))
        check(lab.umount().returncode == 0, "umount %r" % name)


def story_the_next_line_can_be_pasted():
    lab = Lab(create=False)
    made = mdscope("create", lab.base + "/it's a lab", "--size", "8M")
    line = [line for line in made.stdout.splitlines() if "next :" in line][0].partition(": ")[2]
    pasted = subprocess.run(["bash", "-c", line.replace("mdscope", '"$MDSCOPE"', 1).replace("MNT", '"$MNT"')],
                            env=dict(os.environ, MDSCOPE=MDSCOPE, MNT=lab.mnt), capture_output=True, text=True, timeout=DEADLINE,
                            check=False)
    check(pasted.returncode == 0, "%s: %s" % (line, pasted.stderr))
    lab.lab = lab.base + "/it's a lab"
    check(lab.umount().returncode == 0, "umount")


def story_a_link_to_a_mount_is_unmounted():
    lab = Lab("--size", "8M")
    lab.mount_or_die()
    os.symlink("mnt", lab.base + "/link")
    os.symlink(lab.base + "/link", lab.base + "/link2")
    done = mdscope("umount", lab.base + "/link2/")
    check(done.returncode == 0 and not is_mounted(lab.mnt), "umount of a link: " + done.stderr)


def story_who_stands_in_the_mount_can_unmount_it():
    lab = Lab("--size", "16M")
    for folder in ("", "/lab"):
        lab.mount_or_die()
        done = subprocess.run([MDSCOPE, "umount", ".." if folder else "."], cwd=lab.mnt + folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
        check(done.returncode == 0 and not is_mounted(lab.mnt), "umount from within: " + done.stderr)
        if is_mounted(lab.mnt):
            lab.umount()


def story_add_takes_the_name_of_the_image():
    lab = Lab("--size", "8M")
    lab.mount_or_die()
    done = mdscope("add", lab.mnt, "sdc.img")
    check(done.returncode == 0 and os.path.exists(lab.image("sdc")), "add sdc.img: " + done.stderr)
    check(not os.path.exists(lab.image("sdc.img")), "no sdc.img.img")
    check("sdc" in os.listdir(lab.path("md"))[0:0] or os.path.exists(lab.path("md/dev-sdc")), "it is called sdc")
    lab.umount()


def story_why_a_member_cannot_come_back():
    lab = Lab("--size", "16M", "--bitmap", "none")
    lab.mount_or_die()
    check(mdscope("fail", lab.mnt, "sdb").returncode == 0 and mdscope("remove", lab.mnt, "sdb").returncode == 0, "out")
    fd = os.open(lab.path("md0"), os.O_RDWR)
    os.pwrite(fd, b"x" * 4096, 0)
    os.fsync(fd)
    os.close(fd)
    done = mdscope("re-add", lab.mnt, "sdb")
    check(done.returncode == 1 and "runs without a bitmap" in done.stderr, "re-add without a bitmap: " + done.stderr)
    check(lab.umount().returncode == 0, "umount")
    external = Lab("--size", "16M")
    os.unlink(external.lab + "/container.json")
    done = external.mount()
    check(done.returncode == 4 and "directory. These images" in done.stderr, "no sidecar: " + done.stderr)


def story_no_check_of_a_read_only_array():
    lab = Lab("--size", "8M", "--bitmap", "internal")
    lab.mount_or_die("--read-only")
    for action in ("check", "repair"):
        done = mdscope(action, lab.mnt)
        check(done.returncode == 1 and "read-only" in done.stderr and not done.stdout, "%s: %s" % (action, done.stdout))
    lab.umount()


def story_two_labs_of_one_name_as_disks():
    need = [tool for tool in ("mke2fs", "fuse2fs") if not shutil.which(tool)]
    if need:
        return
    base = Lab(create=False).base
    runtime = base + "/run"
    os.mkdir(runtime)
    env = dict(os.environ, XDG_RUNTIME_DIR=runtime)
    for one in ("a", "b"):
        os.makedirs("%s/%s" % (base, one))
        done = mdscope("disk", "%s/%s/lab" % (base, one), "%s/disk-%s" % (base, one), env=env)
        check(done.returncode == 0, "disk %s: %s" % (one, done.stderr))
    check(sorted(os.listdir(runtime + "/mdscope")) == ["lab", "lab-2"], "each has a place of its own")
    for one in ("a", "b"):
        done = mdscope("umount", "%s/disk-%s" % (base, one), env=env)
        check(done.returncode == 0, "umount %s: %s" % (one, done.stderr))
    check(os.listdir(runtime + "/mdscope") == [], "the places are gone")


def story_wait_says_that_a_sync_stands_still():
    lab = Lab("--size", "32M", "--bitmap", "internal")
    lab.mount_or_die()
    lab.set_sync_max("8192")
    check(mdscope("check", lab.mnt).returncode == 0, "check")
    with subprocess.Popen([MDSCOPE, "wait", lab.mnt], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiting:
        line = waiting.stderr.readline()
        check("has come to sync_max (8192 sectors)" in line, "it stands: " + line)
        check(lab.store("md/sync_max", "max") == 0, "sync_max is raised")
        out, _ = waiting.communicate(timeout=DEADLINE)
        check(waiting.returncode == 0 and "idle, 2 of 2" in out, "it goes on to the end: " + out)
    lab.umount()


def story_a_close_that_is_on_its_way_is_waited_for():
    """Of md0: its process does not have it any more, and the daemon has not been told. Here a descriptor that somebody
    sent and nobody has received yet stands for it."""
    lab = Lab("--size", "16M")
    lab.mount_or_die()
    for command in ("stop", "umount"):
        if lab.read("md/array_state") == "clear":
            check(mdscope("assemble", lab.mnt).returncode == 0, "assemble")
        before = lab.read("lab/log").count("still in use")
        ends = socket.socketpair()
        fd = os.open(lab.path("md0"), os.O_RDWR)
        socket.send_fds(ends[0], [b"x"], [fd])
        os.close(fd)
        with subprocess.Popen([MDSCOPE, command, lab.mnt], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
            wait_for(lambda: lab.read("lab/log").count("still in use") > before, command + ": md0 is in use")
            for end in ends:
                end.close()
            says = asked.communicate(timeout=DEADLINE)
        check(asked.returncode == 0, "%s: %d %s" % (command, asked.returncode, says))
    check(not is_mounted(lab.mnt), "it is unmounted")


def story_wait_does_not_say_that_what_has_begun_begins():
    lab = Lab("--size", "64M")
    lab.mount_or_die()
    for _ in range(3):
        check(lab.start_sync("check", "a check"), "check")
        lines = mdscope("wait", lab.mnt).stdout.splitlines()
        begun = [i for i, line in enumerate(lines) if line.startswith("check ") and "%" in line]
        check(not begun or "check is about to begin" not in lines[begun[0]:], "wait: %s" % lines)
    check(lab.umount().returncode == 0, "umount")


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 20, 20 << 20))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def story_a_file_size_limit_fails_a_write_and_not_the_disk():
    lab = Lab("--size", "64M", "--bitmap", "internal")
    done = subprocess.run([MDSCOPE, "mount", lab.lab, lab.mnt], preexec_fn=limited, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    check(done.returncode == 0, "mount with ulimit -f: " + done.stderr)
    lab.pid = int(lab.read("lab/pid"))
    fd = os.open(lab.path("md0"), os.O_WRONLY)
    wrote = errno_of(os.pwrite, fd, b"x" * (1 << 20), 40 << 20)
    close(fd)
    check(wrote in (0, errno.EIO) and "md0" in lab.read("mdstat"), "the process is there: errno %d" % wrote)
    check(os.pread(os.open(lab.path("md0"), os.O_RDONLY), 4096, 0) == bytes(4096), "and the disk is read")
    subprocess.run([MDSCOPE, "umount", lab.mnt], capture_output=True, timeout=DEADLINE, check=False)


def story_a_mount_without_stdout():
    for into in (">&-", ">/dev/full", "<&- >&- 2>&-"):
        lab = Lab("--size", "8M")
        line = '"$0" mount "$1" "$2" %s' % into
        done = subprocess.run(["bash", "-c", line, MDSCOPE, lab.lab, lab.mnt], timeout=DEADLINE, stderr=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, check=False)
        check(done.returncode == 0 and is_mounted(lab.mnt), "%s: %d, mounted %s" % (into, done.returncode, is_mounted(lab.mnt)))
        lab.pid = int(lab.read("lab/pid"))
        check(lab.umount().returncode == 0, "umount")


def story_root_without_rights_to_mount():
    """In a user namespace (a rootless container) uid 0 may mount FUSE, and neither ext4 nor a loop device."""
    spaces = subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False)
    if spaces.returncode != 0 or not shutil.which("fuse2fs"):
        return
    lab = Lab(create=False)
    script = ('"$0" disk "$1/lab" "$1/dir" && echo hi >"$1/dir/file" && cat "$1/dir/file" && "$0" umount "$1/dir"')
    env = dict(os.environ)
    env.pop("XDG_RUNTIME_DIR", None)
    done = subprocess.run(["unshare", "-Urm", "bash", "-c", script, MDSCOPE, lab.base], capture_output=True, text=True,
                          timeout=DEADLINE, env=env, check=False)
    check(done.returncode == 0 and "by fuse2fs" in done.stdout and "hi\n" in done.stdout, done.stdout + done.stderr)


def story_fuse2fs_that_ends_without_a_word():
    base = Lab(create=False).base
    with open(base + "/fuse2fs", "w") as script:
        script.write("#!/bin/sh\nexit 0\n")
    os.chmod(base + "/fuse2fs", 0o755)
    words = [MDSCOPE, "disk", base + "/lab", base + "/dir"]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            return
        os.chmod(base, 0o777)
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + words
    env = dict(os.environ, PATH=base + ":" + os.environ["PATH"])
    env.pop("XDG_RUNTIME_DIR", None)
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, env=env, check=False)
    if "fuse" in done.stderr and "permission" in done.stderr.lower():
        return  # nobody may not mount here at all
    check(done.returncode == 1 and "without mounting" in done.stderr, "fuse2fs: %d %s" % (done.returncode, done.stderr))


def story_a_bitmap_file_of_the_lab_is_used():
    """A superblock does not say that its array has one: the file in the lab does, and is not forgotten."""
    lab = Lab(create=False)
    bits = lab.lab + "/bits"
    check(mdscope("create", lab.lab, "--size", "8M", "--bitmap", bits).returncode == 0, "create")
    found = lab.mount()
    check(found.returncode == 0 and "with the bitmap file " + bits in found.stderr, "found: " + found.stderr)
    check(lab.read("md/bitmap/location") == "file" and "file: " + bits in lab.read("mdstat"), lab.read("mdstat"))
    lab.umount()
    for words, location in ((["--bitmap", bits], "file"), (["--bitmap", "none"], "none")):
        done = lab.mount(*words)
        check(done.returncode == 0 and not done.stderr, "%s: %s" % (words, done.stderr))
        check(lab.read("md/bitmap/location") == location, "%s: %s" % (words, lab.read("md/bitmap/location")))
        lab.umount()
    shutil.copy(bits, lab.lab + "/more")
    both = lab.mount()
    check(both.returncode == 0 and "--bitmap " + bits in both.stderr and lab.lab + "/more" in both.stderr, both.stderr)
    check(lab.read("md/bitmap/location") == "none", "which of two is not guessed")
    lab.umount()


def story_a_bitmap_file_for_an_array_that_has_none():
    for home, what in (("external", "on its members"), ("internal", "internal bitmap")):
        lab = Lab("--size", "8M", "--bitmap", home)
        with open(lab.base + "/bits", "wb") as bits:
            bits.truncate(4096)
        done = lab.mount("--bitmap", lab.base + "/bits")
        check(done.returncode == 2 and what in done.stderr, "%s: %d %s" % (home, done.returncode, done.stderr))
        check(not is_mounted(lab.mnt), home + ": nothing is mounted")


def story_a_disk_in_the_place_of_a_lab_that_was_moved():
    """The path is the same, the images are not: the other lab's array is no disk of this one."""
    lab = Lab("--size", "8M")
    env = dict(os.environ)
    env.pop("XDG_RUNTIME_DIR", None)
    lab.mnt = lab.lab + ".mnt"  # where `disk` mounts the array
    os.mkdir(lab.mnt)
    lab.mount_or_die()
    os.rename(lab.lab, lab.base + "/moved")
    check(mdscope("create", lab.lab, "--size", "8M").returncode == 0, "another lab in its place")
    done = mdscope("disk", lab.lab, lab.base + "/dir", env=env)
    check(done.returncode == 3 and "was moved" in done.stderr, "disk: %d %s" % (done.returncode, done.stderr))
    check(not os.path.exists(lab.base + "/dir") and is_mounted(lab.mnt), "nothing is made, nothing taken down")
    if done.returncode == 0:
        mdscope("umount", lab.base + "/dir", env=env)
    else:
        check(lab.umount().returncode == 0, "umount")


def story_a_disk_with_a_bitmap_file():
    base = tempfile.mkdtemp(prefix="mdscope-bits-", dir=room())
    atexit.register(shutil.rmtree, base, True)
    check(mdscope("create", base + "/lab", "--bitmap", base + "/lab/bits").returncode == 0, "create")
    env = dict(os.environ)
    env.pop("XDG_RUNTIME_DIR", None)
    done = mdscope("disk", base + "/lab", base + "/dir", env=env)
    if done.returncode == 0:
        check("with the bitmap file" in done.stderr and read(base + "/lab.mnt/md/bitmap/location") == "file\n", done.stderr)
        check(mdscope("umount", base + "/dir", env=env).returncode == 0, "umount")


run_stories(globals())
finish("mount_for_scripts")
