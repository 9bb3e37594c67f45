// SPDX-License-Identifier: MIT
// mount: what can be checked before anything is opened, and the options.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "engine/host/mountinfo.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/md/variant.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/examine.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/scenario_options.hpp"
#include "fs/cli/standard_streams.hpp"
#include "fs/mount/openers.hpp"

namespace mdscope {

namespace stdfs = std::filesystem;

namespace {

std::string absolute(const std::string& path) {
    std::error_code failed;
    const stdfs::path real = stdfs::weakly_canonical(path, failed);
    return failed ? stdfs::absolute(path).string() : real.string();
}

bool is_folder(const std::string& path) {
    std::error_code failed;
    return stdfs::is_directory(path, failed);
}

// md127 is the container's.
std::string device_complaint(const std::string& name) {
    const bool is_one = name.size() >= 3 && name.size() <= 5 && name.starts_with("md") &&
                        name.find_first_not_of("0123456789", 2) == std::string::npos && name != "md127";
    return is_one ? ""
                  : "'" + shown(name) + "' is no name for an array; it is md and a number (md127 is a container's)";
}

std::vector<std::string> era_names() {
    std::vector<std::string> names;
    for (const KernelEra& era : kernel_eras()) names.emplace_back(era.name);
    return names;
}

std::vector<std::string> row_names(const Variant& variant) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < variant.size; i++) names.emplace_back(variant.row(i).name);
    return names;
}

Result<bool> check_fuse_device() {
    if (access("/dev/fuse", F_OK) != 0)
        return Error{ENODEV, "there is no /dev/fuse here: load the module (modprobe fuse), and install fuse3"};
    if (access("/dev/fuse", R_OK | W_OK) != 0)
        return Error{EACCES, std::string("/dev/fuse cannot be opened: ") + std::strerror(errno) +
                                 "; run as root, or as a member of the group that owns it"};
    return true;
}

// Fills in images and lab from the paths before the mount point.
Result<bool> find_images(const std::vector<std::string>& paths, MountRequest& request) {
    if (paths.size() == 1 && is_folder(paths[0])) {
        request.lab = absolute(paths[0]);
        const Result<std::vector<std::string>> images = images_of_lab(request.lab);
        if (!images) return images.error();
        request.images = *images;
        return true;
    }
    for (const std::string& path : paths) request.images.push_back(absolute(path));
    request.lab = stdfs::path(request.images[0]).parent_path().string();
    return true;
}

// ---- the bitmap file

// Files of the lab with the bitmap of this array: its superblock does not say that it has one, the file names the
// array.
std::vector<std::string> bitmap_files_of(const MountRequest& request, const Superblock1& sb) {
    std::vector<std::string> files;
    std::error_code failed;
    for (stdfs::directory_iterator at(request.lab, failed), end; !failed && at != end; at.increment(failed)) {
        if (!at->is_regular_file(failed) || at->path().extension() == ".img") continue;
        const Result<Examination> found = examine_image(at->path().string());
        if (found && found->bitmap && !found->super && found->bitmap->uuid == sb.set_uuid)
            files.push_back(at->path().string());
    }
    std::ranges::sort(files);
    return files;
}

// ---- IMSM

// What these images have no use for was meant for others.
Result<bool> check_imsm_options(const MountRequest& request) {
    if (request.volume == 0 && request.serials.empty()) return true;
    const Result<Examination> image = examine_image(request.images[0]);
    if (!image || image->imsm) return true;
    return Error{EINVAL, "--volume and --serial are for IMSM, and " + request.images[0] + " has other metadata"};
}

struct MountWords {
    MountRequest request;
    std::vector<std::string> paths;
};

int mount_command(const MountWords& words) {
    MountRequest request = words.request;
    if (words.paths.size() < 2)
        return complain(kUsage, "mount needs a lab folder or images, and a mount point: mdscope mount LAB MNT");
    const Result<std::string> mountpoint = check_mountpoint(words.paths.back());
    if (!mountpoint) return complain(kFailed, mountpoint.error().text);
    request.mountpoint = *mountpoint;
    const Result<bool> found = find_images({words.paths.begin(), words.paths.end() - 1}, request);
    if (!found) return complain(kUnusable, found.error().text);
    if (const Result<bool> fitting = check_imsm_options(request); !fitting)
        return complain(kUsage, fitting.error().text);
    if (const Result<bool> settled = settle_bitmap_file(request); !settled)
        return complain(kUsage, settled.error().text);
    std::vector<std::string> needed = request.images;
    needed.push_back(request.lab);
    needed.push_back(request.bitmap_file);
    for (const std::string& path : needed)
        if (lies_within(path, request.mountpoint))
            return complain(kFailed, path + (path == request.mountpoint ? " is" : " lies below") +
                                         " the mount point; it would disappear under the mount");
    const Result<bool> fuse = check_fuse_device();
    if (!fuse) return complain(kFailed, fuse.error().text);
    return mount_array(request, false);
}

}  // namespace

Result<bool> settle_bitmap_file(MountRequest& request) {
    const std::string given = std::exchange(request.bitmap_file, "");
    if (given == "none") return true;
    const Result<Examination> image = examine_image(request.images[0]);
    if (!image) return true;  // the assembly says what is wrong with it
    if (!given.empty()) {
        if (image->label)
            return Error{EINVAL, "--bitmap: " + request.lab + " has its bitmap on its members (external)"};
        if (image->bitmap) return Error{EINVAL, "--bitmap: " + request.images[0] + " has an internal bitmap"};
        request.bitmap_file = absolute(given);
        return true;
    }
    if (!image->super || image->bitmap) return true;
    const std::vector<std::string> files = bitmap_files_of(request, image->super->sb);
    if (files.size() == 1) {
        request.bitmap_file = files[0];
        note("with the bitmap file " + shown(files[0]) + "; without it: mount --bitmap none");
    }
    for (std::size_t i = 0; i < files.size() && files.size() > 1; i++)
        note("a bitmap of this array, one of several, so none is used; with it: mount --bitmap " +
             shell_word(files[i]));
    return true;
}

Result<std::vector<std::string>> images_of_lab(const std::string& lab) {
    std::vector<std::string> images;
    std::error_code failed;
    for (stdfs::directory_iterator at(lab, failed), end; !failed && at != end; at.increment(failed))
        if (at->path().extension() == ".img") images.push_back(at->path().string());
    if (failed) return Error{failed.value(), lab + ": " + failed.message()};
    if (images.empty())
        return Error{ENOENT, lab + " has no images (*.img); `mdscope create " + shell_word(lab) + "` makes some"};
    std::sort(images.begin(), images.end());
    return images;
}

bool lies_within(const std::string& path, const std::string& folder) {
    return path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/");
}

Result<std::string> check_mountpoint(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        const int err = errno;
        if (err == ENOENT) return Error{err, "the mount point " + path + " does not exist; make it with mkdir"};
        if (err == ENOTCONN)
            return Error{err, path + " is a mount whose process is gone; take it away with `mdscope umount " +
                                  shell_word(path) + "`"};
        return Error{err, "the mount point " + path + " cannot be used: " + std::strerror(err)};
    }
    if (!S_ISDIR(status.st_mode)) return Error{ENOTDIR, "the mount point " + path + " is not a folder"};
    const std::string point = absolute(path);
    for (const MountEntry& entry : read_mounts())
        if (entry.point == point)
            return Error{EBUSY, "something is mounted on " + path + " already (" + entry.type + ")"};
    std::error_code failed;
    if (!stdfs::is_empty(point, failed)) {
        if (failed) return Error{failed.value(), path + ": " + failed.message()};
        return Error{ENOTEMPTY, "the mount point " + path + " is not empty; its files would be hidden"};
    }
    return point;
}

void add_mount_commands(CLI::App& app, int* exit_code) {
    CLI::App* mount = app.add_subcommand("mount", "Assemble the array and mount it as a file system");
    const auto words = std::make_shared<MountWords>();
    MountRequest& request = words->request;
    mount->add_option("PATHS", words->paths, "LAB MNT, or IMAGE... MNT: the last is the mount point")->required();
    mount
        ->add_option("--bitmap", request.bitmap_file,
                     "Bitmap file of an array that has one (found if it is in the lab); none: without it")
        ->type_name("FILE");
    mount->add_flag("-f,--foreground", request.foreground, "Stay in front and print the kernel log");
    mount->add_flag("--read-only", request.read_only, "Start the array read-only; images are not written");
    mount->add_flag("--run", request.run, "Start also without a member that was in use: degraded");
    mount->add_option("--device", request.device, "Name of the array, as in mdstat: md0, md24")
        ->check(CLI::Validator(device_complaint, "NAME"));
    mount->add_option("--volume", request.volume, "Which volume of the container is mounted (imsm)")
        ->check(CLI::Range(0, 255));
    mount->add_option("--serial", request.serials, "NAME=SERIAL of a disk, if not /dev/NAME (imsm)")
        ->check(CLI::Validator(serial_complaint, "NAME=SERIAL"))
        ->allow_extra_args(false);  // what follows is the mount point
    mount->add_option("-o", request.options, mount_options_text())->type_name("OPTIONS");
    mount->add_option("--kernel", request.kernel, kernel_help())
        ->check(CLI::IsMember(era_names()))
        ->type_name("ERA")
        ->group("Kernel");
    for (const Variant& variant : all_variants())
        mount
            ->add_option_function<std::string>(
                fmt::format("--{}", variant.name()),
                [&request, &variant](const std::string& row) { request.rows.emplace_back(variant.name(), row); },
                variant.facts->what)
            ->check(CLI::IsMember(row_names(variant)))
            ->default_str(variant.facts->usual)
            ->type_name("ROW")
            ->group("Kernel");
    // For benchmarks; group "" keeps it out of --help.
    mount->add_option("--readers", request.readers, "Threads that read requests")->check(CLI::Range(1, 64))->group("");
    mount->footer(
        "MNT has md0 (the disk), mdstat, md/ (as in /sys/block/md0) and lab/ (what only mdscope shows). Reading\n"
        "lab/trace_pipe waits for more events, as Linux's does: a `cat lab/*` stays there until Ctrl-C.\n"
        "Example: mdscope mount lab mnt --kernel 5.12");
    mount->callback([=] { *exit_code = mount_command(*words); });
}

}  // namespace mdscope
