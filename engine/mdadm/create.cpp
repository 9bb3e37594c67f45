// SPDX-License-Identifier: MIT
// Writing a planned lab: nothing of somebody else's is overwritten, and there is a whole lab afterwards or none.
//
//   1. every target is looked at: absent, or a plain file that is blank, or the call is refused (force: except for what
//      is in use or is no plain file)
//   2. every file is written without a name (or, where that cannot be, beside its target under a new one), and fsynced
//   3. they get their names, the sidecar last, and the folder is fsynced
//
// From 2 on the folder is locked, and 1 is done once more: of two calls at once the second is refused.
//
// A failure in 2 leaves the folder as it was, and so does a kill. In 3 only a rename can fail; then what this call put
// in place is removed again. With force an old file that was replaced by then is gone: force is for throwing away.
//
// Images are sparse: a full file system is met by step 2 if metadata does not fit, otherwise later, by md's writes. The
// report says when the members promise more than there is.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "engine/host/host.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/mdadm/array.hpp"
#include "engine/mdadm/create_plan.hpp"
#include "engine/mdadm/geometry.hpp"
#include "engine/mdadm/probe.hpp"

namespace mdscope {

namespace {

namespace fs = std::filesystem;

// Files and folders that go again unless the lab is complete.
class NewFiles {
   public:
    NewFiles() = default;
    NewFiles(const NewFiles&) = delete;
    NewFiles& operator=(const NewFiles&) = delete;
    ~NewFiles() {
        std::error_code ignored;  // There is nothing better to do than to go on with the others.
        for (const Entry& entry : files_)
            if (entry.file.has_name()) fs::remove(entry.placed ? entry.target : entry.written, ignored);
        for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) fs::remove(*folder, ignored);
    }

    std::optional<Error> make_folder(const fs::path& path);
    std::optional<Error> write(const PlannedFile& file);
    std::optional<Error> place();
    void keep() {
        files_.clear();
        folders_.clear();
    }

   private:
    struct Entry {
        HostFile file;
        std::string written;  // if it has a name
        std::string target;
        bool placed;
    };
    static int place(Entry& entry);
    std::vector<Entry> files_;
    std::vector<fs::path> folders_;
};

Error failed(const char* what, const std::string& path, int error) {
    const char* advice = "";
    if (error == -ENOSPC || error == -EDQUOT) advice = " Free some space or use another folder.";
    if (error == -EFBIG) advice = " The file system there has no room for a file of this size.";
    return {-error,
            fmt::format("Cannot {} {}: {}.{} Nothing was created.", what, shown(path), host_error_text(error), advice)};
}

Error failed(const char* what, const std::string& path, const std::error_code& error) {
    return failed(what, path, -error.value());
}

// Makes the folder and those above it, one by one, to know which are new.
std::optional<Error> NewFiles::make_folder(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) return {};
    if (fs::exists(status))
        return Error{ENOTDIR, fmt::format("{} exists and is not a folder; name another.", path.string())};
    if (const fs::path parent = path.parent_path(); !parent.empty() && parent != path)
        if (auto wrong = make_folder(parent)) return wrong;
    if (!fs::create_directory(path, error) && error) return failed("create the folder", path.string(), error);
    folders_.push_back(path);
    return {};
}

// A name in the same folder that no lab takes for an image.
std::string name_beside(const std::string& target) {
    std::array<std::uint8_t, 6> random{};
    host_random_bytes(random);
    std::string suffix;
    for (const std::uint8_t byte : random) suffix += fmt::format("{:02x}", byte);
    const fs::path path(target);
    return (path.parent_path() / fmt::format(".{}.new-{}", path.filename().string(), suffix)).string();
}

std::string folder_of(const std::string& path) {
    const fs::path folder = fs::path(path).parent_path();
    return folder.empty() ? "." : folder.string();
}

std::optional<Error> NewFiles::write(const PlannedFile& planned) {
    std::string name;
    Result<HostFile> made = HostFile::create_unnamed(folder_of(planned.path));
    if (!made) {
        name = name_beside(planned.path);
        made = HostFile::create(name);
    }
    if (!made) return made.error();
    HostFile& file = files_.emplace_back(Entry{std::move(*made), name, planned.path, false}).file;
    if (const int error = file.set_size(planned.size); error != 0) return failed("give a size to", planned.path, error);
    for (const Piece& piece : planned.pieces)
        if (const int error = file.write_at(piece.offset, piece.bytes); error != 0)
            return failed("write", planned.path, error);
    if (const int error = file.sync(); error != 0) return failed("write", planned.path, error);
    return {};
}

// What is there already is replaced: that was asked for by force.
int NewFiles::place(Entry& entry) {
    if (!entry.file.has_name()) {
        const int error = entry.file.give_name(entry.target);
        if (error != -EEXIST) return error;
        entry.written = name_beside(entry.target);
        if (const int refused = entry.file.give_name(entry.written); refused != 0) return refused;
    }
    if (entry.written.empty()) return 0;
    std::error_code error;
    fs::rename(entry.written, entry.target, error);
    return -error.value();
}

std::optional<Error> NewFiles::place() {
    for (Entry& entry : files_) {
        if (const int error = place(entry); error != 0) return failed("put in place", entry.target, error);
        entry.placed = true;
    }
    for (const Entry& entry : files_) {
        if (const int error = host_sync_folder(folder_of(entry.target)); error != 0)
            return failed("sync the folder of", entry.target, error);
    }
    return {};
}

// Why this path must not be replaced; force overrides only what its content says.
std::optional<Error> refuse_replacing(const std::string& path, bool force) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path, error);
    if (!fs::exists(status)) return {};
    if (!fs::is_regular_file(status))
        return Error{EEXIST, fmt::format("{} exists and is not a plain file; move it away or name another.", path)};
    const Result<HostFile> file = HostFile::open_to_read(path);
    if (!file) return file.error();
    if (file->in_use())
        return Error{EBUSY, fmt::format("{} is in use, probably by a mounted array; unmount it first.", path)};
    if (force) return {};
    const Result<ImageContents> contents = probe_image(*file, path);
    if (!contents) return contents.error();
    const std::string found = describe(*contents);
    if (found.empty()) return {};
    return Error{EEXIST, fmt::format("{} exists and holds {}. Name another folder, or use --force to overwrite it.",
                                     path, found)};
}

std::optional<Error> refuse_overwriting(const LabPlan& plan, const CreateOptions& options) {
    for (std::size_t i = 0; i < plan.files.size(); i++) {
        for (std::size_t j = 0; j < i; j++)
            if (fs::path(plan.files[i].path).lexically_normal() == fs::path(plan.files[j].path).lexically_normal())
                return Error{EINVAL, fmt::format("{} cannot be two files of the lab at once.", plan.files[i].path)};
        const bool is_sidecar = plan.files[i].path == container_path(options.lab) ||
                                plan.files[i].path == container_spare_path(options.lab);
        if (auto refused = refuse_replacing(plan.files[i].path, options.force || is_sidecar)) return refused;
    }
    // A sidecar of before would speak for images that are no more.
    const std::string sidecar = container_path(options.lab);
    std::error_code error;
    if (!options.force && fs::exists(fs::symlink_status(sidecar, error)))
        return Error{EEXIST, fmt::format("{} exists: {} is a lab already. Name another folder, or use --force to throw "
                                         "that lab away.",
                                         sidecar, options.lab)};
    return {};
}

// What a sidecar of before says is no longer true; an external lab has just replaced it.
std::optional<Error> remove_old_sidecar(const LabPlan& plan, const CreateOptions& options) {
    const std::string sidecar = container_path(options.lab);
    if (plan.files.back().path == sidecar) return {};
    std::error_code error;
    fs::remove(sidecar, error);
    if (!error) fs::remove(container_spare_path(options.lab), error);
    if (error) return failed("remove", sidecar, error);
    return {};
}

// Lines for what is worth knowing and no error.
std::string notes(const LabPlan& plan, const CreateOptions& options) {
    std::string text;
    std::error_code error;
    const fs::space_info space = fs::space(options.lab, error);
    if (!error && space.available / static_cast<std::uint64_t>(options.members) < options.size_bytes)
        text += fmt::format("    note : the images are sparse, and {} has only {} KiB{} free: writes may fail later\n",
                            options.lab, space.available >> 10, human_size_bytes(space.available));
    for (const auto& entry : fs::directory_iterator(options.lab, error)) {
        const std::string path = options.lab + "/" + entry.path().filename().string();
        const bool ours = std::find(plan.images.begin(), plan.images.end(), path) != plan.images.end();
        if (entry.path().extension() == ".img" && !ours)
            text += fmt::format("    note : {} is not a member of this array\n", path);
    }
    return text;
}

}  // namespace

Result<CreateReport> create_lab(const CreateOptions& wanted) {
    CreateOptions options = wanted;
    while (options.lab.size() > 1 && options.lab.back() == '/') options.lab.pop_back();

    const Result<LabPlan> plan = plan_lab(options);
    if (!plan) return plan.error();
    if (auto refused = refuse_overwriting(*plan, options)) return *refused;

    NewFiles files;
    if (auto error = files.make_folder(options.lab)) return *error;
    const Result<FolderLock> lock = FolderLock::take(options.lab);
    if (!lock) {
        files.keep();  // the folder is going to be theirs
        return lock.error();
    }
    if (auto refused = refuse_overwriting(*plan, options)) return *refused;  // by who had the lock before
    for (const PlannedFile& file : plan->files)
        if (auto error = files.write(file)) return *error;
    if (auto error = files.place()) return *error;
    if (auto error = remove_old_sidecar(*plan, options)) return *error;
    files.keep();
    return CreateReport{plan->images, plan->text + notes(*plan, options)};
}

}  // namespace mdscope
