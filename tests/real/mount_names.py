#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""Names and places: whatever images, labs and folders are called, and wherever they are moved, nothing is mixed up.

Method: labs are made, mounted, and then files are renamed, copied, exchanged, put under odd names or into other folders,
as people do; what md0 holds afterwards is compared with what was written last. Where that was the fault the process is
killed in between.
"""

import shutil
import stat

from lib import *

need_mount()
OK, FAILED, USAGE, BUSY, UNUSABLE = 0, 1, 2, 3, 4
ESCAPE = "\x1b[31mred\x1b[0m"


def write(lab, text, offset=0):
    fd = os.open(lab.path("md0"), os.O_WRONLY)
    os.pwrite(fd, text.encode().ljust(4096), offset)
    os.fsync(fd)
    os.close(fd)


def first(lab, offset=0, size=4):
    fd = os.open(lab.path("md0"), os.O_RDONLY)
    text = os.pread(fd, size, offset).decode()
    os.close(fd)
    return text


def kill(lab):
    os.kill(lab.pid, signal.SIGKILL)
    wait_for(lambda: not process_exists(lab.pid), "the process is gone")
    wait_for(lambda: mdscope("umount", lab.mnt).returncode == OK, "the dead mount is taken away")
    lab.pid = 0


def small_lab(*words):
    return Lab("--size", "16M", *words)


def story_odd_paths():
    for name in ("a,b", "a\\b", "a,b\\,c", "two words", ESCAPE):
        lab = Lab(create=False)
        lab.lab = lab.base + "/" + name
        check(mdscope("create", lab.lab, "--size", "16M").returncode == OK, "create %r" % name)
        done = lab.mount()
        check(done.returncode == OK and os.path.exists(lab.path("mdstat")), "mount %r: %s" % (name, done.stderr))
        check(is_mounted(lab.mnt), "mounted")
        check("\x1b" not in done.stdout + done.stderr, "control characters of %r are shown escaped" % name)
        wrong = mdscope("create", lab.lab, "--size", "16M")
        check(wrong.returncode != OK and "\x1b" not in wrong.stderr and (name != ESCAPE or "\\x1b[31m" in wrong.stderr), "escaped: " + repr(wrong.stderr))
        check(lab.umount().returncode == OK, "umount %r" % name)


def story_odd_member_names():
    lab = small_lab()
    os.rename(lab.image("sdb"), lab.lab + "/" + ESCAPE.replace("/", "") + ".img")
    lab.mount_or_die()
    seen = lab.read("mdstat") + lab.read("lab/log") + mdscope("detail", lab.mnt).stdout
    check("\x1b" not in seen and "\\x1b[31mred" in seen, "a member's name: " + repr(seen))
    write(lab, "AAAA")
    check(lab.umount().returncode == OK, "umount")
    lab.mount_or_die()
    check(lab.read("md/degraded") == "0" and first(lab) == "AAAA", "and again")
    check(lab.umount().returncode == OK, "umount")


def story_files_are_their_owners():
    for home in ("external", "internal"):
        lab = small_lab("--bitmap", home)
        lab.mount_or_die()
        write(lab, "AAAA")
        check(mdscope("add", lab.mnt, "sdc").returncode == OK, "add")
        check(lab.umount().returncode == OK, "umount")
        names = sorted(os.listdir(lab.lab))
        wanted = ["sda.img", "sdb.img", "sdc.img"]
        check(names == (["container.json", "container.json.new"] if home == "external" else []) + wanted, str(names))
        for name in names:
            mode = stat.S_IMODE(os.stat(os.path.join(lab.lab, name)).st_mode)
            check(mode == 0o600, "%s: mode %o" % (name, mode))


def story_a_lab_that_is_moved_while_mounted():
    lab = small_lab()
    lab.mount_or_die()
    write(lab, "AAAA")
    moved = lab.base + "/moved"
    os.rename(lab.lab, moved)
    os.mkdir(lab.lab)  # somebody else's
    check(mdscope("fail", lab.mnt, "sdb").returncode == OK, "fail")
    write(lab, "BBBB")
    wait_for(lambda: '"faulty"' in read(moved + "/container.json", 1 << 20), "the failure is recorded in the moved folder")
    check(os.listdir(lab.lab) == [], "nothing is written where the lab was")
    check(mdscope("stop", lab.mnt).returncode == OK and mdscope("assemble", lab.mnt).returncode == OK, "stop, assemble")
    check(first(lab) == "BBBB", "the images are found in the moved folder")
    check(lab.umount().returncode == OK, "umount")
    os.rmdir(lab.lab)
    lab.lab = moved
    check(lab.mount().returncode == OK and first(lab) == "BBBB", "mounted from there")
    check(lab.umount().returncode == OK, "umount")


def story_nothing_is_mounted_over_its_own_images():
    lab = small_lab()
    for point in (lab.lab, lab.base):
        done = mdscope("mount", lab.image("sda"), lab.image("sdb"), point)
        check(done.returncode == FAILED and not is_mounted(point), "mount over the images: " + done.stderr)
    above = lab.base + "/above"
    os.mkdir(above)
    for dirname, labname in ((above, above), (above, above + "/lab"), (above + "/x", above + "/x/lab")):
        done = mdscope("disk", labname, dirname, timeout=DEADLINE)
        check(done.returncode == USAGE and "hide" in done.stderr, "disk %s %s: %s" % (labname, dirname, done.stderr))
        check(not is_mounted(dirname) and os.listdir(above) == [], "nothing was made: %s" % os.listdir(above))


def story_two_images_of_one_name():
    for home in ("external", "internal"):
        lab = small_lab("--bitmap", home)
        images = []
        for number, name in ((1, "sda"), (2, "sdb")):
            os.mkdir("%s/%d" % (lab.base, number))
            images.append("%s/%d/disk.img" % (lab.base, number))
            os.rename(lab.image(name), images[-1])
        if home == "external":
            for name in ("container.json", "container.json.new"):
                os.rename(os.path.join(lab.lab, name), "%s/1/%s" % (lab.base, name))
        done = mdscope("mount", *images, lab.mnt)
        check(done.returncode == OK, "mount: " + done.stderr)
        lab.pid = int(lab.read("lab/pid"))
        check("1-disk" in lab.read("mdstat") and "2-disk" in lab.read("mdstat"), lab.read("mdstat"))
        check(mdscope("fail", lab.mnt, "2-disk").returncode == OK, "fail by that name")
        if home == "internal":
            check(mdscope("remove", lab.mnt, "2-disk").returncode == OK, "remove")
        write(lab, "AAAA")
        check(mdscope("re-add", lab.mnt, "2-disk").returncode == OK, "re-add by that name")
        check(mdscope("wait", lab.mnt).returncode == OK and lab.read("md/degraded") == "0", "in sync")
        check(lab.umount().returncode == OK, "umount")


def story_the_copy_of_a_member():
    for home in ("external", "internal"):
        lab = small_lab("--bitmap", home)
        copy = lab.lab + "/sda-backup.img"
        shutil.copyfile(lab.image("sda"), copy)
        done = lab.mount()
        if home == "external":
            check(done.returncode == OK and lab.read("md/degraded") == "0", "the copy stays out: " + done.stderr)
            check(copy + " is a copy of " + lab.image("sda") in lab.read("lab/log"), lab.read("lab/log"))
            check(lab.umount().returncode == OK, "umount")
        else:
            check(done.returncode == UNUSABLE and copy in done.stderr and lab.image("sda") in done.stderr, done.stderr)


def story_exchanged_images():
    lab = small_lab()
    lab.mount_or_die()
    write(lab, "AAAA")
    check(lab.umount().returncode == OK, "umount")
    os.rename(lab.image("sda"), lab.base + "/x")
    os.rename(lab.image("sdb"), lab.image("sda"))
    os.rename(lab.base + "/x", lab.image("sdb"))
    lab.mount_or_die()
    check(mdscope("fail", lab.mnt, "sdb").returncode == OK, "fail")
    write(lab, "CCCC")
    kill(lab)
    lab.mount_or_die()
    check(first(lab) == "CCCC" and "sdb" not in lab.read("mdstat"), "after a kill: %s, %s" % (first(lab), lab.read("mdstat")))
    check(lab.umount().returncode == OK, "umount")


def story_failed_and_removed_in_one_breath_and_killed():
    for _ in range(10):
        lab = small_lab()
        lab.mount_or_die()
        write(lab, "AAAA")
        lab.store("md/dev-sdb/state", "faulty")
        err = lab.store("md/dev-sdb/state", "remove")
        check(err in (0, errno.ENOENT, errno.ENODEV, errno.EBUSY), "remove: %d" % err)  # mdmon may be quicker
        write(lab, "BBBB")
        kill(lab)
        lab.mount_or_die()
        check(first(lab) == "BBBB" and lab.read("md/degraded") == "1", "%s, %s" % (first(lab), lab.read("mdstat")))
        check(lab.umount().returncode == OK, "umount")


def story_remove_while_a_recovery_ends():
    lab = Lab("--size", "64M", "--bitmap", "internal")
    lab.mount_or_die()
    check(mdscope("fail", lab.mnt, "sdb").returncode == OK and mdscope("remove", lab.mnt, "sdb").returncode == OK, "out")
    os.remove(lab.image("sdb"))
    for name in ("sync_speed_min", "sync_speed_max"):
        lab.store("md/" + name, "2000")
    check(mdscope("add", lab.mnt, "sdb").returncode == OK, "add")
    wait_for(lambda: lab.read("md/sync_completed") not in ("none", "delayed"), "the recovery is under way")
    check(mdscope("fail", lab.mnt, "sdb").returncode == OK, "fail")
    done = mdscope("remove", lab.mnt, "sdb")
    check(done.returncode == OK, "remove right after it: " + done.stderr)
    check(lab.umount().returncode == OK, "umount")


def story_adding_a_folder():
    lab = small_lab()
    lab.mount_or_die()
    before = sorted(os.listdir(lab.lab))
    for word in (".", "..", "./", lab.lab + "/"):
        done = mdscope("add", lab.mnt, word)
        check(done.returncode == USAGE and "that is a folder" in done.stderr, "add %s: %s" % (word, done.stderr))
    check(sorted(os.listdir(lab.lab)) == before, "nothing is made: %s" % os.listdir(lab.lab))
    check(lab.umount().returncode == OK, "umount")


def story_failing_the_last_member():
    for home in ("external", "internal"):
        lab = small_lab("--bitmap", home)
        lab.mount_or_die()
        check(mdscope("fail", lab.mnt, "sdb").returncode == OK, "fail")
        done = mdscope("fail", lab.mnt, "sda")
        check(done.returncode == BUSY and "last" in done.stderr, done.stderr)
        write(lab, "AAAA")
        check(first(lab) == "AAAA", "the array goes on")
        check(lab.umount().returncode == OK, "umount")


def story_failing_the_last_member_of_an_md_that_breaks():
    """What md has done counts, not that it answers EBUSY for whatever is asked once the array is broken."""
    for kernel in ("6.1.192", "7.2"):
        lab = small_lab("--members", "3")
        lab.mount_or_die("--kernel", kernel)
        check(mdscope("fail", lab.mnt, "sdb").returncode == OK and mdscope("fail", lab.mnt, "sdc").returncode == OK, "fail")
        done = mdscope("fail", lab.mnt, "sda")
        check(done.returncode == BUSY and "last working member" in done.stderr and "writes get EIO" in done.stderr,
              "it is kept, and the array is broken: " + done.stderr)
        check("faulty" not in lab.read("md/dev-sda/state"), "it is kept")
        check(lab.store("md/fail_last_dev", "1") == 0, "fail_last_dev")
        done = mdscope("fail", lab.mnt, "sda")
        check(done.returncode == OK and "set sda faulty" in done.stdout, "md failed it: " + done.stderr)
        wait_for(lambda: not os.path.exists(lab.path("md/dev-sda")), "mdmon removes it")
        check(lab.umount().returncode == OK, "umount")


run_stories(globals())
finish("mount_names")
