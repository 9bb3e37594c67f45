// SPDX-License-Identifier: MIT
// check, repair, stop, assemble, fail, remove, re-add, add: one store into a control file each, and its errno in words.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "engine/host/host.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/mdadm/probe.hpp"
#include "fs/cli/client.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/halted.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/standard_streams.hpp"
#include "fs/mount/openers.hpp"

namespace mdscope {

namespace {

constexpr std::chrono::seconds kLookPatience{5};

struct ArrayWords {
    std::string mount;
    std::string member;
    bool force = false;
    bool run = false;
};

int code_of(int err) {
    return err == EBUSY || err == EALREADY ? kBusy : kFailed;
}

// Of an array that an Oops halted there is no other reason: whatever it was asked, it answers EIO, or looks stopped.
int refuse(const MountedTree& tree, int exit_code, const std::string& what, const std::string& why) {
    if (is_halted(tree)) return complain(kFailed, what + ": " + halted_text(tree));
    return complain(exit_code, what + ": " + why);
}

// What a lab file answered to the last store into it; else the errno in words.
std::string reason(const MountedTree& tree, const std::string& lab_file, const Error& error) {
    const std::string answer = tree.read_or("lab/" + lab_file, "");
    return answer.empty() ? error.text : answer;
}

void print_answer(const MountedTree& tree, const std::string& lab_file, const std::string& otherwise) {
    const std::string answer = tree.read_or("lab/" + lab_file, "");
    std::printf("%s\n", shown_lines(answer.empty() ? otherwise : answer).c_str());
}

// ---- check, repair

// For the moment in which md's thread looks whether there is anything to do, it says that a sync runs: EBUSY, and idle
// right after. That passes; each try is a round trip to the daemon.
Result<bool> write_sync_action(const MountedTree& tree, const char* action) {
    const auto deadline = std::chrono::steady_clock::now() + kLookPatience;
    while (true) {
        Result<bool> done = tree.write("md/sync_action", action);
        if (done || done.error().err != EBUSY) return done;
        if (tree.read_or("md/sync_action", "") != "idle" || std::chrono::steady_clock::now() > deadline) return done;
    }
}

int start_sync(const MountedTree& tree, const char* action) {
    const std::string what = std::string("cannot start a ") + action;
    if (is_halted(tree)) return complain(kFailed, what + ": " + halted_text(tree));  // its thread would not take it up
    if (stop_is_asleep(tree)) return complain(kBusy, what + ": " + asleep_text(tree));
    // md takes the word, and starts nothing.
    if (tree.read_or("md/array_state", "") == "readonly")
        return complain(kFailed, what + ": the array is read-only; write clean to " + tree.file("md/array_state") +
                                     " first, or mount it without --read-only");
    const Result<bool> done = write_sync_action(tree, action);
    if (done) {
        std::printf("%s started; `mdscope wait %s` shows how far it is\n", action, shell_word(tree.root()).c_str());
        return it_is_done();
    }
    const int err = done.error().err;
    if (err == EBUSY)
        return complain(kBusy, what + " while md/sync_action says " + tree.read_or("md/sync_action", "that one runs"));
    if (err == ENOENT) return refuse(tree, kFailed, what, "the array is not running");
    return refuse(tree, code_of(err), what, done.error().text);
}

// ---- stop, assemble

// A stop that did not wait for its last bitmap writes has succeeded when they meet the Oops.
int stop(const MountedTree& tree, bool force) {
    const Result<bool> done = ask_to_stop(tree, force ? "force" : "1");
    if (done) {
        wait_for_last_writes(tree);
        if (is_halted(tree)) return complain(kFailed, "md0 was stopped, and then " + halted_text(tree));
        print_answer(tree, "stop", "md0 stopped; `mdscope assemble " + shell_word(tree.root()) + "` starts it again");
        return it_is_done();
    }
    std::string why = reason(tree, "stop", done.error());
    if (done.error().err == EBUSY && !force) why += ". --force takes it away from them; a disk is taken down by umount";
    if (done.error().err == EINTR) why = "interrupted; the stop goes on, see " + tree.file("lab/tasks");
    return refuse(tree, code_of(done.error().err), "cannot stop md0", why);
}

int assemble(const MountedTree& tree, bool run) {
    const Result<bool> done = tree.write("lab/assemble", run ? "run" : "1");
    if (!done) return complain(code_of(done.error().err), "cannot assemble: " + reason(tree, "assemble", done.error()));
    print_answer(tree, "assemble", "md0 assembled");
    return it_is_done();
}

// ---- members

std::string members_text(const MountedTree& tree) {
    std::string text;
    for (const std::string& name : tree.members()) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "there are none" : "there are " + text;
}

// Once md knows the array as broken it answers EBUSY whatever it did: with fail_last_dev, and to a spare, it did.
// (mdmon removes a faulty member; then it has no state any more.)
bool is_faulty(const MountedTree& tree, const std::string& member) {
    return tree.read_or("md/dev-" + member + "/state", "faulty").find("faulty") != std::string::npos;
}

// md/array_state says "broken" only of an array that is clean.
bool is_broken(const MountedTree& tree) {
    return tree.read_or("lab/snapshot", "").find("\"BROKEN\"") != std::string::npos;
}

// Of a member that md keeps, because it is all there is.
std::string kept_text(const MountedTree& tree) {
    const std::string why = "it is the last working member, and the array would be lost with it";
    if (!is_broken(tree)) return why;
    return why + "; md calls the array broken from now on, and writes get EIO until it is stopped and assembled again";
}

int fail(const MountedTree& tree, const std::string& member) {
    const std::string what = "cannot fail " + member;
    if (stop_is_asleep(tree)) return complain(kBusy, what + ": " + asleep_text(tree));
    const Result<bool> done = tree.write("md/dev-" + member + "/state", "faulty");
    if (done || (done.error().err == EBUSY && is_faulty(tree, member))) {
        std::printf("set %s faulty in md0\n", shown(member).c_str());
        return it_is_done();
    }
    switch (done.error().err) {
        case ENOENT:
        case ENODEV:
            if (tree.read_or("md/array_state", "clear") == "clear")
                return refuse(tree, kFailed, what,
                              "md0 is stopped; `mdscope assemble " + shell_word(tree.root()) + "` starts it");
            return refuse(tree, kFailed, what, "no member is named " + member + "; " + members_text(tree));
        case EBUSY:
            return refuse(tree, kBusy, what, kept_text(tree));
        default:
            return refuse(tree, kFailed, what, done.error().text);
    }
}

// remove, re-add and add are mdadm's work, done in the daemon; its answer is read back.
int member_store(const MountedTree& tree, const char* file, const std::string& what, const std::string& value,
                 const std::string& done_text) {
    const Result<bool> done = tree.write(std::string("lab/") + file, value);
    if (!done) return refuse(tree, code_of(done.error().err), what, reason(tree, file, done.error()));
    print_answer(tree, file, done_text);
    return it_is_done();
}

// A path stays one (absolute, for the daemon has another working folder); a name goes as it is.
std::string name_or_path(const std::string& text) {
    if (text.find('/') == std::string::npos) return text;
    return std::filesystem::absolute(text).lexically_normal().string();
}

// ---- a new image for `add`

// The folder of the members that are there, and the size of one of them.
bool lab_of(const MountedTree& tree, std::filesystem::path* folder, std::uint64_t* size) {
    for (const std::string& name : tree.members()) {
        std::error_code failed;
        const std::filesystem::path image =
            std::filesystem::read_symlink(tree.file("md/dev-" + name + "/block"), failed);
        if (failed) continue;
        *size = std::filesystem::file_size(image, failed);
        if (failed) continue;
        *folder = image.parent_path();
        return true;
    }
    return false;
}

// Makes the image when it would lie in the lab and is not there: sparse, as large as the others. It has a name only
// when it is complete. The path of what was made, or an empty one.
Result<std::string> make_missing_image(const MountedTree& tree, const std::string& value) {
    std::filesystem::path folder;
    std::uint64_t size = 0;
    if (!lab_of(tree, &folder, &size)) return std::string();
    const std::filesystem::path image =
        value.find('/') == std::string::npos ? folder / (value + ".img") : std::filesystem::path(value);
    if (image.parent_path() != folder) return std::string();
    Result<HostFile> file = HostFile::create_unnamed(folder.string());
    if (!file) file = HostFile::create(image.string());
    if (!file && file.error().err == EEXIST) return std::string();
    if (!file) return file.error();
    int err = file->set_size(size);
    if (err == 0) err = file->give_name(image.string());
    if (err == -EEXIST) return std::string();
    if (err != 0) {
        if (file->has_name()) unlink(image.c_str());
        return Error{-err, image.string() + ": " + std::strerror(-err)};
    }
    std::printf("made %s, %s\n", shown(image.string()).c_str(), size_text(size).c_str());
    return image.string();
}

// The others may have it on record, and would not start without it: the daemon is gone, and was at it.
bool may_be_member(const MountedTree& tree, const std::string& image) {
    if (!tree.read_or("lab/pid", "").empty()) return false;  // it was the daemon that said no
    const Result<HostFile> file = HostFile::open_to_read(image);
    if (!file) return true;
    const Result<ImageContents> contents = probe_image(*file, image);
    return !contents || !describe(*contents).empty();
}

// From the new image to the daemon's answer nobody may end this: an image that was made for nothing would stay. (Only
// the daemon knows whether one that was interrupted has become a member.)
int add(const MountedTree& tree, const std::string& member) {
    std::string value = name_or_path(member);
    if (value == "." || value == ".." || value.ends_with('/'))
        return complain(kUsage,
                        "cannot add " + member + ": that is a folder; a name or the path of an image is wanted");
    // NAME.img is the image of NAME.
    if (value.find('/') == std::string::npos && value.size() > 4 && value.ends_with(".img"))
        value.resize(value.size() - 4);
    const InterruptFlag interrupt;
    const Result<std::string> made = make_missing_image(tree, value);
    if (!made) return complain(kFailed, "cannot add " + member + ": " + made.error().text);
    if (InterruptFlag::raised()) {
        if (!made->empty()) unlink(made->c_str());
        return complain(kInterrupted, "interrupted");
    }
    const int exit_code = member_store(tree, "add", "cannot add " + member, value, "added " + member);
    if (exit_code != kOk && !made->empty() && !InterruptFlag::raised() && !may_be_member(tree, *made))
        unlink(made->c_str());
    return InterruptFlag::raised() && exit_code != kOk ? kInterrupted : exit_code;
}

// ---- wiring

using TreeCommand = int (*)(const MountedTree&, const ArrayWords&);

void add_command(CLI::App& app, int* exit_code, const char* name, const char* what, bool with_member,
                 const char* example, TreeCommand command) {
    CLI::App* sub = app.add_subcommand(name, what);
    const auto words = std::make_shared<ArrayWords>();
    sub->footer(std::string("Example: ") + example);
    const bool takes_path = std::string(name) == "add" || std::string(name) == "re-add";
    sub->add_option("MNT", words->mount, kMntHelp)->required();
    if (with_member)
        sub->add_option(
               "MEMBER", words->member,
               takes_path ? "Name of the member, e.g. sdb; or the path of an image" : "Name of the member, e.g. sdb")
            ->required();
    if (std::string(name) == "stop")
        sub->add_flag("--force", words->force, "Take md0 away from whoever has it open; their I/O gets EIO");
    if (std::string(name) == "assemble")
        sub->add_flag("--run", words->run, "Also without a member that was in use: degraded");
    sub->callback([=] {
        const Result<MountedTree> tree = MountedTree::open(words->mount);
        if (tree)
            *exit_code = command(*tree, *words);
        else if (with_member && MountedTree::open(words->member))
            *exit_code = complain(kUsage, "the mount point comes first: mdscope " + sub->get_name() + " " +
                                              shell_word(words->member) + " " + shell_word(words->mount));
        else
            *exit_code = complain(kFailed, tree.error().text);
    });
}

}  // namespace

void add_array_commands(CLI::App& app, int* exit_code) {
    add_command(app, exit_code, "check", "Read and compare all members", false,
                "mdscope check mnt && mdscope wait mnt && cat mnt/md/mismatch_cnt",
                [](const MountedTree& tree, const ArrayWords&) { return start_sync(tree, "check"); });
    add_command(app, exit_code, "repair", "Make the members equal where they differ", false,
                "mdscope repair mnt && mdscope wait mnt",
                [](const MountedTree& tree, const ArrayWords&) { return start_sync(tree, "repair"); });
    add_command(app, exit_code, "stop", "Stop the array; the mount stays", false,
                "mdscope stop mnt; mdscope assemble mnt",
                [](const MountedTree& tree, const ArrayWords& words) { return stop(tree, words.force); });
    add_command(app, exit_code, "assemble", "Start the array again after a stop or an Oops", false,
                "mdscope stop mnt; mdscope assemble mnt",
                [](const MountedTree& tree, const ArrayWords& words) { return assemble(tree, words.run); });
    add_command(app, exit_code, "fail", "Mark a member faulty", true, "mdscope fail mnt sdb && cat mnt/mdstat",
                [](const MountedTree& tree, const ArrayWords& words) { return fail(tree, words.member); });
    add_command(app, exit_code, "remove", "Remove a faulty or spare member", true,
                "mdscope fail mnt sdb && mdscope remove mnt sdb", [](const MountedTree& tree, const ArrayWords& words) {
                    return member_store(tree, "remove", "cannot remove " + words.member, words.member,
                                        "removed " + words.member + " from md0");
                });
    add_command(app, exit_code, "re-add", "Bring a removed member back; the bitmap says what it missed", true,
                "mdscope re-add mnt sdb && mdscope wait mnt", [](const MountedTree& tree, const ArrayWords& words) {
                    return member_store(tree, "re-add", "cannot re-add " + words.member, name_or_path(words.member),
                                        "re-added " + words.member);
                });
    add_command(app, exit_code, "add", "Add a new member: NAME (NAME.img of the lab, made if missing) or a path", true,
                "mdscope add mnt sdc && mdscope wait mnt",
                [](const MountedTree& tree, const ArrayWords& words) { return add(tree, words.member); });
}

}  // namespace mdscope
