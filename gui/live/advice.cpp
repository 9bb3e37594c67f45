// SPDX-License-Identifier: MIT

#include "gui/live/advice.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

namespace mdscope::gui {

std::string errno_words(int err) {
    return std::generic_category().message(err);
}

bool means_gone(int err) {
    return err == ENOTCONN || err == ECONNABORTED || err == ESTALE || err == ENOENT || err == ENOTDIR || err == ENXIO;
}

std::string Advice::text() const {
    std::string words = tried;
    if (!found.empty()) words += (words.empty() ? "" : ": ") + found;
    if (!remedy.empty()) words += (words.empty() ? "" : words.back() == '.' ? " " : ". ") + remedy;
    return words;
}

namespace {

std::string mount_again(const MountedLab& mount) {
    return "`mdscope mount " + (mount.lab_folder.empty() ? "LAB" : mount.lab_folder) + " " + mount.mount_point + "`";
}

// The mount as a whole is not there. False: it is about one file.
bool explain_gone(const MountedLab& mount, int err, Advice& advice) {
    if (err == ENOENT || err == ENOTDIR) {
        advice.found = "nothing is mounted on " + mount.mount_point + ", or the folder is gone";
        advice.remedy = "The disk is as it was left. Mount it again with " + mount_again(mount) +
                        ", or choose another array; the window attaches by itself";
        return true;
    }
    if (err == ENOTCONN || err == ECONNABORTED || err == ESTALE || err == ENXIO) {
        advice.found = "the process that served " + mount.mount_point + " has ended";
        advice.remedy = "Take the dead mount away with `mdscope umount " + mount.mount_point +
                        "` and mount the lab again with " + mount_again(mount) +
                        ". What was flushed is on the images, and the bitmap says what has to be resynced";
        return true;
    }
    return false;
}

}  // namespace

Advice advice_for_read(const MountedLab& mount, const std::string& file, int err) {
    Advice advice{"reading " + mount.mount_point + "/" + file, errno_words(err), ""};
    if (explain_gone(mount, err, advice)) return advice;
    switch (err) {
        case EACCES:
        case EPERM:
            advice.remedy =
                "Only the user who mounted it may look into a mount (root is kept out, too). Run the window "
                "as that user";
            break;
        case EFBIG:
            advice.found = "the file is far larger than this file can be";
            advice.remedy = "Check that " + mount.mount_point + " is a mount of mdscope";
            break;
        default:
            advice.remedy = "Look at the end of " + mount.mount_point + "/lab/log; the window tries again by itself";
    }
    return advice;
}

Advice advice_for_snapshot(const MountedLab& mount, const std::string& why) {
    return {"reading " + mount.mount_point + "/lab/snapshot", why,
            "Check that " + mount.mount_point +
                " is a mount of mdscope, and of the same version as this window; the disk itself is not concerned"};
}

Advice advice_for_silence(const MountedLab& mount, int pid) {
    const std::string process = pid > 0 ? "process " + std::to_string(pid) : "its process";
    return {"reading " + mount.mount_point + "/lab/snapshot", "no answer from " + process,
            "It is stopped (then `kill -CONT` wakes it), its images are on a disk that does not answer, or the machine "
            "is very busy. Nothing is lost; the window goes on as soon as there is an answer"};
}

Advice advice_for_leaving(const MountedLab& mount) {
    return {"following " + mount.mount_point + "/lab/trace_pipe", "the array asked its readers to go",
            "Somebody is unmounting it. If it stays mounted, the window attaches again by itself"};
}

// ---- stores

namespace {

struct StoreRow {
    const char* file;  // a prefix
    int err;
    const char* found;
    const char* remedy;
};

// The first row that fits says it; an empty `found` leaves what the array said, or the errno's words.
constexpr StoreRow kStoreRows[] = {
    {"md/array_state", EBUSY, "md0 is open", "Close what has it open (see the end of lab/log), or stop it by force"},
    {"lab/stop", EBUSY, "", "Close what has md0 open, or stop it by force: then its I/O ends with an error"},
    {"lab/assemble", EBUSY, "", "Release what is held, and stop the array first if it still runs"},
    {"md/dev-", EBUSY, "it is the last working member",
     "The array would be lost with it; bring another one back first"},
    {"md/dev-", ENOENT, "there is no such member", "See which members there are; a removed one comes back by re-add"},
    {"md/dev-", ENODEV, "there is no such member", "See which members there are; a removed one comes back by re-add"},
    {"md/sync_action", EBUSY, "a check, repair or recovery is running", "Wait until it ends, or write idle first"},
    {"lab/delay", ENOENT, "there is no such member", "See which members there are; a removed one comes back by re-add"},
    {"lab/fail", ENOENT, "there is no such member", "See which members there are; a removed one comes back by re-add"},
    {"lab/delay", EINVAL, "the array does not understand this delay",
     "Milliseconds are a whole number from 0 to 3600000"},
    {"lab/fail", EINVAL, "the array does not understand this fault",
     "Skip and count are whole numbers; sectors are FIRST-LAST, as in 0-2047"},
    {"lab/release", ENOENT, "no such bio is held", "It was released meanwhile; the list shows what is held now"},
    {"lab/re-add", EINVAL, "", "If it was away for too long, remove it and add it: then everything is copied"},
    {"", ENOENT, "there is no such file", "If the array is stopped, assemble it first"},
    {"", EINTR, "it was interrupted", "What was begun goes on; lab/tasks shows where it sleeps"},
    {"", EINVAL, "the array does not know this word", "Check the spelling of the value"},
    {"", EROFS, "the array is mounted read-only", "Mount it again without --read-only"},
    {"", ENOSPC, "no space is left where the images are", "Free some there and try again"},
    {"", ENODEV, "no array is running", "Assemble it first"},
    {"", EIO, "the array's kernel was halted by an Oops, or the images cannot be written",
     "Look at the Oops and at the end of lab/log, release what is held, then assemble"},
    {"", EACCES, "permission denied", "Run the window as the user who mounted the array"},
    {"", EBUSY, "it is in use", "Wait for what is running, or stop it; lab/tasks shows who sleeps where"},
};

}  // namespace

Advice advice_for_store(const MountedLab& mount, const std::string& file, const std::string& value, int err,
                        const std::string& said, bool is_there) {
    Advice advice{"writing '" + value + "' to " + mount.mount_point + "/" + file, "", ""};
    if (!is_there && explain_gone(mount, err, advice)) return advice;
    for (const StoreRow& row : kStoreRows) {
        if (row.err != err || !file.starts_with(row.file)) continue;
        advice.found = row.found;
        advice.remedy = row.remedy;
        break;
    }
    if (!said.empty()) advice.found = said;
    if (advice.found.empty()) advice.found = errno_words(err);
    if (advice.remedy.empty()) advice.remedy = "Look at the end of " + mount.mount_point + "/lab/log";
    return advice;
}

}  // namespace mdscope::gui
