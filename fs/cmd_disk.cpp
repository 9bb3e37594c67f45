// disk: from nothing to a mounted file system in one command.
//
//   images (made if missing)  ->  array, mounted aside  ->  mkfs, if md0 is blank  ->  file system on DIR
//
// As root the file system is the kernel's, over a loop device; otherwise it is fuse2fs. What fails takes down again
// what it had set up; images stay. `mdscope umount DIR` is the way back.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "engine/kernel/mountinfo.hpp"
#include "engine/md/array.hpp"
#include "fs/commands.hpp"
#include "fs/host_tools.hpp"
#include "fs/openers.hpp"

namespace mdscope {

namespace stdfs = std::filesystem;

namespace {

constexpr std::uint64_t kSmallestXfs = 300ULL << 20;  // mkfs.xfs refuses less

struct DiskWords {
    std::string lab;
    std::string dir;
    std::string mkfs;  // empty: ext4, if blank
    std::string size;
};

bool is_root() {
    return geteuid() == 0;
}

// ---- what is on the disk

enum class Content { Blank, Ext, Xfs, Other, Unreadable };

Content content_of(const std::string& disk) {
    const int fd = open(disk.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Content::Unreadable;
    std::vector<unsigned char> start(1 << 20);
    const ssize_t got = pread(fd, start.data(), start.size(), 0);
    close(fd);
    if (got < 4096) return Content::Unreadable;
    if (start[0x438] == 0x53 && start[0x439] == 0xef) return Content::Ext;
    if (std::memcmp(start.data(), "XFSB", 4) == 0) return Content::Xfs;
    const auto end = start.begin() + got;
    return std::all_of(start.begin(), end, [](unsigned char byte) { return byte == 0; }) ? Content::Blank
                                                                                         : Content::Other;
}

// ---- the steps

Result<bool> make_images(const DiskWords& words) {
    std::error_code failed;
    if (stdfs::exists(words.lab, failed) && images_of_lab(words.lab)) {
        if (!words.size.empty()) return Error{EEXIST, words.lab + " has images already; --size is for new ones"};
        return true;
    }
    CreateOptions options;
    options.lab = words.lab;
    const std::string size = !words.size.empty() ? words.size : words.mkfs == "xfs" ? "512M" : "64M";
    const Result<std::uint64_t> bytes = parse_size(size);
    if (!bytes) return bytes.error();
    options.size_bytes = *bytes;
    const Result<CreateReport> report = create_lab(options);
    if (!report) return report.error();
    std::printf("%s: new lab of %d images of %s\n", words.lab.c_str(), options.members, size_text(*bytes).c_str());
    return true;
}

// Where the array itself is mounted: out of the way, found again by its lab's name.
Result<std::string> array_mountpoint(const std::string& lab) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::string point = runtime != nullptr && access(runtime, W_OK) == 0
                                  ? std::string(runtime) + "/mdscope/" + stdfs::path(lab).filename().string()
                                  : lab + ".mnt";
    std::error_code failed;
    stdfs::create_directories(point, failed);
    if (failed) return Error{failed.value(), point + ": " + failed.message()};
    return point;
}

// Mounts the array, unless it is mounted there already.
int mount_lab(const std::string& lab, const std::string& point) {
    for (const MountEntry& entry : read_mounts()) {
        if (entry.point != point || entry.type != "fuse.mdscope") continue;
        if (entry.source == lab) return kOk;
        return complain(kBusy, point + " is in use for " + entry.source);
    }
    MountRequest request;
    const Result<std::string> mountpoint = check_mountpoint(point);
    if (!mountpoint) return complain(kFailed, mountpoint.error().text);
    const Result<std::vector<std::string>> images = images_of_lab(lab);
    if (!images) return complain(kUnusable, images.error().text);
    request.mountpoint = *mountpoint;
    request.lab = lab;
    request.images = *images;
    return mount_array(request, true);
}

Result<bool> make_file_system(const std::string& type, const std::string& target) {
    std::printf("mkfs %s\n", type.c_str());
    std::fflush(stdout);
    if (type == "xfs") return run_tool({"mkfs.xfs", "-q", "-f", target});
    const std::string owner = "root_owner=" + std::to_string(getuid()) + ":" + std::to_string(getgid());
    return run_tool({"mke2fs", "-q", "-F", "-t", "ext4", "-E", owner, target});
}

// The kind of file system md0 has, or gets.
Result<std::string> file_system_type(const std::string& disk, const std::string& wanted, bool* blank) {
    const Content content = content_of(disk);
    *blank = content == Content::Blank;
    switch (content) {
        case Content::Blank:
            return wanted.empty() ? std::string("ext4") : wanted;
        case Content::Ext:
            if (wanted == "xfs") break;
            return std::string("ext4");
        case Content::Xfs:
            if (wanted == "ext4") break;
            return std::string("xfs");
        case Content::Other:
            return Error{EINVAL, disk + " holds something that is neither ext4 nor xfs; it is left alone"};
        case Content::Unreadable:
            return Error{EIO, disk + " cannot be read"};
    }
    return Error{EEXIST, disk + " holds another file system already; leave --mkfs away to mount it"};
}

Result<bool> mount_as_root(const std::string& disk, const std::string& type, bool blank, const std::string& dir) {
    const Result<LoopDevice> loop = LoopDevice::attach(disk);
    if (!loop) return loop.error();
    if (blank)
        if (const Result<bool> made = make_file_system(type, loop->device()); !made) return made;
    if (mount(loop->device().c_str(), dir.c_str(), type.c_str(), MS_NOSUID | MS_NODEV, nullptr) != 0)
        return Error{errno,
                     "cannot mount " + loop->device() + " (" + type + ") on " + dir + ": " + std::strerror(errno)};
    std::printf("%s on %s, over %s\n", type.c_str(), dir.c_str(), loop->device().c_str());
    return true;
}

Result<bool> mount_as_user(const std::string& disk, const std::string& type, bool blank, const std::string& dir) {
    if (type != "ext4") return Error{EPERM, "only root can mount " + type + "; without root there is ext4, by fuse2fs"};
    if (blank)
        if (const Result<bool> made = make_file_system(type, disk); !made) return made;
    if (const Result<bool> mounted = run_tool({"fuse2fs", disk, dir}); !mounted) return mounted;
    std::printf("%s on %s, by fuse2fs\n", type.c_str(), dir.c_str());
    return true;
}

int disk_command(DiskWords words) {
    if (words.mkfs == "xfs" && !is_root())
        return complain(kFailed, "only root can mount xfs; without root there is ext4, by fuse2fs");
    if (!words.size.empty()) {
        const Result<std::uint64_t> size = parse_size(words.size);
        if (!size) return complain(kUsage, "--size: " + size.error().text);
        if (words.mkfs == "xfs" && *size < kSmallestXfs + (8 << 20))
            return complain(kUsage, "--size: xfs needs images of at least " + size_text(kSmallestXfs + (8 << 20)));
    }
    const Result<std::string> dir = check_mountpoint(words.dir);
    if (!dir) return complain(kFailed, dir.error().text);
    if (const Result<bool> made = make_images(words); !made) return complain(kFailed, made.error().text);
    words.lab = stdfs::canonical(words.lab).string();
    const Result<std::string> point = array_mountpoint(words.lab);
    if (!point) return complain(kFailed, point.error().text);
    set_interrupt_hint("mdscope: interrupted; `mdscope umount` takes down what is mounted already\n");
    if (const int exit_code = mount_lab(words.lab, *point); exit_code != kOk) return exit_code;
    const std::string disk = *point + "/md0";
    std::printf("array on %s\n", point->c_str());
    bool blank = false;
    const Result<std::string> type = file_system_type(disk, words.mkfs, &blank);
    const Result<bool> mounted = !type       ? Result<bool>(type.error())
                                 : is_root() ? mount_as_root(disk, *type, blank, *dir)
                                             : mount_as_user(disk, *type, blank, *dir);
    if (mounted) {
        std::printf("`mdscope umount %s` takes it all down\n", words.dir.c_str());
        return kOk;
    }
    complain(kFailed, mounted.error().text);
    umount_path(*point);
    return kFailed;
}

}  // namespace

void add_disk_commands(CLI::App& app, int* exit_code) {
    CLI::App* disk = app.add_subcommand("disk", "Array, file system and mount in one step");
    const auto words = std::make_shared<DiskWords>();
    disk->add_option("LAB", words->lab, "Lab folder; made, with images, if missing")->required();
    disk->add_option("DIR", words->dir, "Empty folder for the file system")->required();
    disk->add_option("--mkfs", words->mkfs, "File system to make on a blank disk (ext4 unless said otherwise)")
        ->check(CLI::IsMember({"ext4", "xfs"}));
    disk->add_option("--size", words->size, "Size of each new image (64M; 512M for xfs)");
    disk->footer(
        "The array is mounted in $XDG_RUNTIME_DIR/mdscope or beside the lab, as LAB.mnt.\n"
        "As root the file system is the kernel's, over a loop device; otherwise fuse2fs.\n"
        "Example: mdscope disk lab disk && echo hello > disk/file && mdscope umount disk");
    disk->callback([=] { *exit_code = disk_command(*words); });
}

}  // namespace mdscope
