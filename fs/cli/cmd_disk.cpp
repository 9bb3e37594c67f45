// SPDX-License-Identifier: MIT
// disk: from nothing to a mounted file system in one command.
//
//   images (made if missing)  ->  array, mounted aside  ->  mkfs, if md0 is blank  ->  file system on DIR
//
// As root the file system is the kernel's, over a loop device; otherwise it is fuse2fs. What fails takes down again
// what it had set up; images stay. So does Ctrl-C, once mkfs or fuse2fs has ended. `mdscope umount DIR` is the way
// back.
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
#include <optional>
#include <system_error>

#include "engine/host/host.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/mdadm/array.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/disk_mounts.hpp"
#include "fs/cli/host_tools.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/standard_streams.hpp"
#include "fs/mount/openers.hpp"

namespace mdscope {

namespace stdfs = std::filesystem;

namespace {

constexpr std::uint64_t kSmallestXfs = 300ULL << 20;  // mkfs.xfs refuses less

constexpr int kDiskPatienceMs = 10'000;     // for fuse2fs, which writes its last blocks after the unmount
constexpr std::size_t kLookedAt = 1 << 20;  // bytes that have to be zero on a blank disk

struct DiskWords {
    std::string lab;
    std::string dir;
    std::string mkfs;  // empty: ext4, if blank
    std::string size;
    bool run = false;
};

bool is_root() {
    return geteuid() == 0;
}

// ---- what is on the disk

enum class Content { Blank, Ext, Xfs, Other, Unreadable };

Content content_of(const std::string& disk) {
    const int fd = open(disk.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Content::Unreadable;
    std::vector<unsigned char> start(kLookedAt);
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
    std::printf("%s: new lab of %d images of %s\n", shown(words.lab).c_str(), options.members,
                size_text(*bytes).c_str());
    return true;
}

// What this command has set up, and takes down again when it cannot go on.
struct SetUp {
    std::string lab;    // absolute, as are the others
    std::string dir;    // of the file system
    std::string point;  // of the array
    bool made_dir = false;
    bool made_point = false;
    bool mounted_array = false;
    bool blank = false;  // nothing was on the disk
    [[nodiscard]] std::string disk() const { return point + "/md0"; }
};

// The folder for the file system, made if only the last name of its path is missing.
Result<bool> find_dir(const std::string& dir, SetUp& up) {
    up.made_dir = mkdir(dir.c_str(), 0777) == 0;
    Result<std::string> found = check_mountpoint(dir);
    if (!found) return found.error();
    up.dir = *found;
    return true;
}

Result<bool> make_array_point(SetUp& up) {
    up.point = array_point_of(up.lab);
    std::error_code failed;
    up.made_point = stdfs::create_directories(up.point, failed);
    if (failed) return Error{failed.value(), up.point + ": " + failed.message()};
    return true;
}

// Whether a mount has images of this lab open.
bool is_in_use(const std::string& lab) {
    const Result<std::vector<std::string>> images = images_of_lab(lab);
    return images && std::ranges::any_of(*images, [](const std::string& image) {
               const Result<HostFile> file = HostFile::open_to_read(image);
               return file && file->in_use();
           });
}

// Mounts the array, unless it is mounted there already.
int mount_lab(SetUp& up, bool run, FolderLock& lock) {
    const std::optional<MountEntry> there = mount_at(up.point);
    if (there && there->type == kMdscopeType) {
        // The path alone does not tell: a lab may be moved while it is mounted, and another one made in its place.
        if (there->source == up.lab && is_in_use(up.lab)) return kOk;
        if (there->source == up.lab)
            return complain(kBusy,
                            up.point + " is mounted, and not with the images that are in " + up.lab +
                                " now: the lab that was there was moved, or its array is stopped. First: mdscope "
                                "umount " +
                                shell_word(up.point));
        return complain(kBusy, up.point + " is in use for " + there->source);
    }
    MountRequest request;
    const Result<std::string> mountpoint = check_mountpoint(up.point);
    if (!mountpoint) return complain(kFailed, mountpoint.error().text);
    const Result<std::vector<std::string>> images = images_of_lab(up.lab);
    if (!images) return complain(kUnusable, images.error().text);
    request.mountpoint = *mountpoint;
    request.lab = up.lab;
    request.images = *images;
    request.run = run;
    request.lock = &lock;
    (void)settle_bitmap_file(request);  // none was named
    const int exit_code = mount_array(request, true);
    up.mounted_array = exit_code == kOk;
    return exit_code;
}

// The md0 of an array that was mounted already may be somebody's disk: a second file system would destroy it.
Result<bool> check_unused(const SetUp& up) {
    if (const std::vector<MountEntry> above = file_systems_on(up.disk()); !above.empty())
        return Error{EBUSY, up.lab + " is a disk already, on " + above[0].point};
    if (const std::vector<Opener> openers = find_openers(up.disk()); !openers.empty())
        return Error{EBUSY, up.disk() + " is in use by " + openers_text(openers)};
    return true;
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

// What to do about a file system that is there and cannot be mounted: here it is taken down again, so not with its
// loop device's name.
std::string advice(const SetUp& up, const std::string& type) {
    if (up.blank) return {};
    const std::string array = shell_word(up.point);
    const std::string check = type == "xfs" ? "xfs_repair -f " : "e2fsck -f ";
    return "\nIf it is damaged: mkdir -p " + array + " && mdscope mount " + shell_word(up.lab) + " " + array + " && " +
           check + shell_word(up.disk()) + "; mdscope umount " + array;
}

Result<bool> mount_as_root(const SetUp& up, const std::string& type) {
    const Result<LoopDevice> loop = LoopDevice::attach(up.disk());
    if (!loop) return loop.error();
    const std::string& device = loop->device();
    if (up.blank)
        if (const Result<bool> made = make_file_system(type, device); !made) return made;
    if (mount(device.c_str(), up.dir.c_str(), type.c_str(), MS_NOSUID | MS_NODEV, nullptr) != 0)
        return Error{errno, "cannot mount the " + type + " of " + up.disk() + " on " + up.dir + ": " +
                                std::strerror(errno) + advice(up, type)};
    std::printf("%s on %s, over %s\n", type.c_str(), shown(up.dir).c_str(), device.c_str());
    return true;
}

Result<bool> mount_as_user(const SetUp& up, const std::string& type) {
    if (type != "ext4") return Error{EPERM, "only root can mount " + type + "; without root there is ext4, by fuse2fs"};
    if (up.blank)
        if (const Result<bool> made = make_file_system(type, up.disk()); !made) return made;
    if (const Result<bool> mounted = run_tool({"fuse2fs", up.disk(), up.dir}); !mounted)
        return Error{mounted.error().err, mounted.error().text + advice(up, type)};
    // It says that all is well before it has read the file system.
    if (const std::optional<MountEntry> there = mount_at(up.dir); !there || disk_below(*there) != up.disk())
        return Error{EIO,
                     "fuse2fs has ended without mounting " + up.disk() + ", and did not say why" + advice(up, type)};
    std::printf("%s on %s, by fuse2fs\n", type.c_str(), shown(up.dir).c_str());
    return true;
}

// ---- all of them, and back

bool is_refused(int err) {
    return err == EPERM || err == EACCES || err == ENOENT || err == ENXIO || err == ENODEV;
}

Result<bool> put_file_system(const std::string& wanted, SetUp& up) {
    const Result<std::string> type = file_system_type(up.disk(), wanted, &up.blank);
    if (!type) return type.error();
    Result<bool> mounted = is_root() ? mount_as_root(up, *type) : mount_as_user(up, *type);
    if (!mounted && is_root() && is_refused(mounted.error().err) && *type == "ext4" && have_tool("fuse2fs")) {
        // Root of a user namespace (a rootless container): its ext4 and loop devices are the host's, FUSE is its own.
        wait_until_closed(up.disk(), kDiskPatienceMs);  // the loop device goes by itself
        up.blank = content_of(up.disk()) == Content::Blank;
        mounted = mount_as_user(up, *type);
    }
    if (mounted && InterruptFlag::raised()) return Error{EINTR, "interrupted"};
    return mounted;
}

// Half a file system would be taken for somebody's data the next time.
void wipe_start(const std::string& disk) {
    const int fd = open(disk.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    const std::vector<char> zeros(kLookedAt);
    const bool done = pwrite(fd, zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()) && fsync(fd) == 0;
    close(fd);
    if (!done) complain(kFailed, disk + " holds the beginning of a file system, and could not be made blank again");
}

// In order: file system, its writer, the array, the folders. What was there before stays.
void take_back(const SetUp& up, bool interrupted) {
    InterruptFlag::answered();
    if (const std::optional<MountEntry> entry = mount_at(up.dir); entry && disk_below(*entry) == up.disk())
        if (const Result<bool> done = unmount_path(up.dir, false); !done) complain(kFailed, done.error().text);
    if (up.made_dir) rmdir(up.dir.c_str());
    wait_until_closed(up.disk(), kDiskPatienceMs);
    if (interrupted && up.blank) wipe_start(up.disk());
    if (up.mounted_array && umount_path(up.point) == kOk && up.made_point) rmdir(up.point.c_str());
}

int set_up(const std::string& mkfs, SetUp& up) {
    if (const Result<bool> unused = check_unused(up); !unused) return complain(kBusy, unused.error().text);
    std::printf("array on %s\n", shown(up.point).c_str());
    bool interrupted = false;
    {
        const InterruptFlag interrupt;
        const Result<bool> mounted = put_file_system(mkfs, up);
        if (mounted) return kOk;
        interrupted = InterruptFlag::raised();
        if (!interrupted) complain(kFailed, mounted.error().text);
    }
    take_back(up, interrupted);
    if (!interrupted) return kFailed;
    return complain(kInterrupted, up.mounted_array ? "interrupted; everything is taken down again, the images stay"
                                                   : "interrupted; the array is mounted as it was before");
}

int check_words(const DiskWords& words) {
    if (words.mkfs == "xfs" && !is_root())
        return complain(kFailed, "only root can mount xfs; without root there is ext4, by fuse2fs");
    if (words.size.empty()) return kOk;
    const Result<std::uint64_t> size = parse_member_size(words.size);
    if (!size) return complain(kUsage, "--size: " + size.error().text);
    if (words.mkfs == "xfs" && *size < kSmallestXfs + (8 << 20))
        return complain(kUsage, "--size: xfs needs images of at least " + size_text(kSmallestXfs + (8 << 20)));
    return kOk;
}

// Also of a folder that is not there yet.
std::string absolute_path(const std::string& path) {
    std::error_code failed;
    stdfs::path real = stdfs::weakly_canonical(stdfs::absolute(path), failed).lexically_normal();
    if (!real.has_filename()) real = real.parent_path();
    return real.string();
}

// What is mounted on a folder hides what is in it: the images from the array, or the array from its file system.
Result<bool> check_apart(const SetUp& up) {
    if (lies_within(up.lab, up.dir))
        return Error{EINVAL, up.dir + " is to be the folder of the file system, and would hide the images in " +
                                 up.lab + "; name another"};
    const std::string point = array_point_of(up.lab);
    if (lies_within(point, up.dir) || lies_within(up.dir, point))
        return Error{EINVAL, "the array of " + up.lab + " is mounted on " + point +
                                 ", and the file system needs a folder "
                                 "apart from it; name another"};
    return true;
}

// The folders that were made for nothing go again.
int refuse(const SetUp& up, int exit_code) {
    if (up.made_dir) rmdir(up.dir.c_str());
    if (up.made_point && !mount_at(up.point)) rmdir(up.point.c_str());
    return exit_code;
}

int disk_command(const DiskWords& words) {
    if (const int exit_code = check_words(words); exit_code != kOk) return exit_code;
    SetUp up;
    InterruptFlag::stay();  // when the disk is there it is too late
    if (const Result<bool> found = find_dir(words.dir, up); !found) return complain(kFailed, found.error().text);
    up.lab = absolute_path(words.lab);
    if (const Result<bool> apart = check_apart(up); !apart) return refuse(up, complain(kUsage, apart.error().text));
    if (const Result<bool> made = make_images(words); !made)
        return refuse(up, complain(code_of_create(made.error()), made.error().text));
    up.lab = stdfs::canonical(words.lab).string();
    // One `disk` at a time may look at an array, mount it and put a file system on it.
    Result<FolderLock> lock = FolderLock::take(up.lab);
    if (!lock) return refuse(up, complain(lock.error().err == EBUSY ? kBusy : kFailed, lock.error().text));
    if (const Result<bool> made = make_array_point(up); !made) return refuse(up, complain(kFailed, made.error().text));
    if (InterruptFlag::raised()) return refuse(up, complain(kInterrupted, "interrupted; nothing is mounted"));
    if (const int exit_code = mount_lab(up, words.run, *lock); exit_code != kOk) return refuse(up, exit_code);
    if (const int exit_code = set_up(words.mkfs, up); exit_code != kOk) return refuse(up, exit_code);
    std::printf("`mdscope umount %s` takes it all down\n", shell_word(words.dir).c_str());
    return it_is_done();
}

}  // namespace

void add_disk_commands(CLI::App& app, int* exit_code) {
    CLI::App* disk = app.add_subcommand("disk", "Array, file system and mount in one step");
    const auto words = std::make_shared<DiskWords>();
    disk->add_option("LAB", words->lab, "Lab folder; made, with images, if missing")->required();
    disk->add_option("DIR", words->dir, "Empty folder for the file system; made if missing")->required();
    disk->add_option("--mkfs", words->mkfs, "File system to make on a blank disk (ext4 unless said otherwise)")
        ->check(CLI::IsMember({"ext4", "xfs"}));
    disk->add_option("--size", words->size, "Size of each new image (64M; 512M for xfs)")->type_name("SIZE");
    disk->add_flag("--run", words->run, "Start the array also without a member that was in use: degraded");
    disk->footer(
        "The array is mounted in $XDG_RUNTIME_DIR/mdscope or beside the lab, as LAB.mnt; commands about the array\n"
        "take DIR too: mdscope fail DIR sdb.\n"
        "As root the file system is the kernel's, over a loop device; otherwise fuse2fs.\n"
        "Example: mdscope disk lab disk && echo hello > disk/file && mdscope umount disk");
    disk->callback([=] { *exit_code = disk_command(*words); });
}

}  // namespace mdscope
