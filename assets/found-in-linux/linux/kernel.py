# SPDX-License-Identifier: MIT
"""A kernel as Debian packages it, and a small system around it to boot: Debian packages only, unpacked, never installed.

    build/found-in-linux/SUITE/vmlinuz    the kernel
    build/found-in-linux/SUITE/initrd     busybox, mdadm, dmsetup, dd, the modules that md needs, and guest.sh as the first program
    build/found-in-linux/SUITE/name       of the package, with its version; written last: without it all is made anew

SUITE is "installed" for the kernel of this machine's own Debian, or the name of another suite of Debian, as "trixie" or
"trixie-backports". That is asked by an apt of its own, with lists of its own: the machine's apt sees nothing of it.
"""

import glob
import lzma
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
META_PACKAGE = "linux-image-cloud-amd64"  # the flavour for virtual machines: the same md, fewer drivers
MODULES = ("virtio_pci", "virtio_blk", "dm_mod", "dm_delay", "raid1")
PROGRAMS = ("mdadm", "mdmon", "dmsetup", "dd")  # what busybox has not, or not with all its options


class CannotBeTried(Exception):
    """Why nothing can be said about the kernel."""


class Kernel:
    def __init__(self, folder):
        self.image = folder + "/vmlinuz"
        self.initrd = folder + "/initrd"
        self.name_file = folder + "/name"

    @property
    def name(self):
        with open(self.name_file) as file:
            return file.read().strip()


def packaged_kernel(suite):
    kernel = Kernel("%s/build/found-in-linux/%s" % (TOP, suite or "installed"))
    if subprocess.call([TOP + "/tests/install_packages", "linux"]) != 0:
        raise CannotBeTried("Debian packages are missing")
    if os.path.exists(kernel.name_file) and is_newer(kernel.initrd, HERE + "/guest.sh", HERE + "/kernel.py"):
        return kernel
    print("unpacking a kernel of Debian (%s); once" % (suite or "this machine's"), flush=True)
    os.makedirs(os.path.dirname(kernel.image), exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        name = unpack_packages(Apt(suite, folder), folder)
        root = folder + "/unpacked"
        shutil.copy(one(root + "/boot/vmlinuz-*", root + "/usr/lib/modules/*/vmlinuz"), kernel.image)
        make_initrd(root, folder + "/guest", kernel.initrd)
    with open(kernel.name_file, "w") as file:
        file.write(name + "\n")
    return kernel


def is_newer(path, *others):
    return all(os.path.getmtime(path) > os.path.getmtime(other) for other in others)


def run(*command, **more):
    """What the command printed; CannotBeTried if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise CannotBeTried("%s: %s" % (" ".join(command[:3]), (done.stderr or done.stdout).strip()[-600:]))
    return done.stdout


def one(*patterns):
    for pattern in patterns:
        found = glob.glob(pattern)
        if found:
            return found[0]
    raise CannotBeTried("nothing is called " + " or ".join(patterns))


class Apt:
    """The machine's own apt, or one that knows a single other suite and keeps to `folder`."""

    def __init__(self, suite, folder):
        self.options = []
        if suite is None:
            return
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs("%s/%s" % (folder, name))
        with open(folder + "/sources.list", "w") as file:
            file.write("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n" % (mirror(), suite))
        for option in ("Dir::Etc::sourcelist=%s/sources.list" % folder, "Dir::Etc::sourceparts=/dev/null",
                       "Dir::State::lists=%s/lists" % folder, "Dir::Cache=%s/cache" % folder):
            self.options += ["-o", option]
        run("apt-get", *self.options, "update")

    def names(self):
        """The packages that hold the kernel: one, or since 7.0 one for its image and one for its modules."""
        listed = run("apt-cache", *self.options, "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts",
                     "--no-breaks", "--no-replaces", "--no-enhances", META_PACKAGE)
        return sorted(set(re.findall(r"^linux-(?:image|binary|modules)-\d\S*-cloud-amd64$", listed, re.MULTILINE)))


def mirror():
    """Where this machine gets its Debian from."""
    for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*")):
        if os.path.exists(path):
            with open(path) as file:
                found = re.search(r"^(?:URIs:|deb)\s.*?(\S+://\S*/debian)/?\s", file.read(), re.MULTILINE)
            if found:
                return found[1]
    return "http://deb.debian.org/debian"


def unpack_packages(apt, folder):
    names = apt.names()
    if not names:
        raise CannotBeTried("apt knows no %s (try: apt-get update)" % META_PACKAGE)
    os.makedirs(folder + "/packages")
    run("apt-get", *apt.options, "download", *names, cwd=folder + "/packages")
    for package in glob.glob(folder + "/packages/*.deb"):
        run("dpkg-deb", "-x", package, folder + "/unpacked")
    return " ".join("%s %s" % tuple(run("dpkg-deb", "-W", path).split()) for path in sorted(glob.glob(folder + "/packages/*.deb")))


def make_initrd(unpacked, guest, initrd):
    for name in ("bin", "sbin", "dev", "proc", "sys", "run", "tmp", "etc", "modules"):
        os.makedirs("%s/%s" % (guest, name))
    shutil.copy("/bin/busybox", guest + "/bin/busybox")
    shutil.copy(HERE + "/guest.sh", guest + "/init")
    os.chmod(guest + "/init", 0o755)
    for program in PROGRAMS:
        path = shutil.which(program, path="/sbin:/usr/sbin:/bin:/usr/bin")
        shutil.copy(path, "%s/sbin/%s" % (guest, program))
        for library in re.findall(r"(/\S+)", run("ldd", path)):
            os.makedirs(guest + os.path.dirname(library), exist_ok=True)
            shutil.copy(library, guest + library)
    copy_modules(unpacked, guest + "/modules")
    pack(guest, initrd)


def copy_modules(unpacked, to):
    """Those that MODULES need, numbered in the order in which they have to be loaded."""
    if not os.path.exists(unpacked + "/lib"):
        os.symlink("usr/lib", unpacked + "/lib")
    version = os.path.basename(one(unpacked + "/lib/modules/*"))
    run("depmod", "-b", unpacked, version)
    copied = []
    for module in MODULES:
        if not glob.glob("%s/lib/modules/*/kernel/**/%s.ko*" % (unpacked, module.replace("_", "[_-]")), recursive=True):
            continue  # A part of the kernel itself, as virtio_pci is since 7.0; what is really missing shows in the guest.
        for path in re.findall(r"^insmod (\S+)", run("modprobe", "-d", unpacked, "-S", version, "--show-depends", module), re.MULTILINE):
            if path in copied:
                continue
            copied.append(path)
            name = os.path.basename(path).split(".")[0] + ".ko"
            with (lzma.open if path.endswith(".xz") else open)(path, "rb") as source:
                with open("%s/%02d-%s" % (to, len(copied), name), "wb") as file:
                    shutil.copyfileobj(source, file)


def pack(folder, archive):
    """As the kernel reads it. Several of them, one behind the other, are one system."""
    with open(archive, "wb") as file:
        names = run("find", ".", cwd=folder)
        done = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], input=names.encode(), stdout=file, stderr=subprocess.PIPE, cwd=folder)
    if done.returncode != 0:
        raise CannotBeTried("cpio: " + done.stderr.decode())
