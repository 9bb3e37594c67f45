// SPDX-License-Identifier: MIT
// Hold, stop, release and status: the same stores into the files of both mounts, and what both say then.
//
// A stop that sleeps is not waited for: each is a process of its own that goes on after the command, as `echo clear` in
// another terminal would. The command ends when each stop has ended or sleeps inside md.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/kernel/shown.hpp"
#include "engine/look/lab_rules.hpp"
#include "engine/story/tell/mounted.hpp"
#include "fs/cli/pair.hpp"
#include "fs/cli/standard_streams.hpp"
#include "fs/mount/openers.hpp"
#include "fs/mount/wait_until.hpp"

namespace mdscope {

namespace {

constexpr int kSettleMs = 20'000;
constexpr double kSecond = 1e9;

// ---- looking

struct SideLook {
    Snapshot snapshot;
    Mounted seen;
    int of_mddev = 0, of_bitmap = 0;  // as lab/pending_writes says
};

Result<SideLook> look_at_side(const MountedTree& tree, const std::string& letter) {
    const Result<std::string> json = tree.read("lab/snapshot");
    if (!json) return json.error();
    Result<Snapshot> snapshot = snapshot_from_json(*json);
    if (!snapshot) return snapshot.error();
    const Result<std::string> counters = tree.read("lab/pending_writes");
    if (!counters) return counters.error();
    SideLook look;
    look.snapshot = *snapshot;
    look.seen = look_at(look.snapshot, letter);
    std::istringstream words(*counters);
    std::string name;
    words >> name >> look.of_mddev >> name >> look.of_bitmap;
    return look;
}

double seconds(const Snapshot& snapshot, std::uint64_t since_ns) {
    return since_ns == 0 || since_ns > snapshot.at_ns ? 0 : static_cast<double>(snapshot.at_ns - since_ns) / kSecond;
}

std::string oops_line(const Snapshot& snapshot) {
    if (!snapshot.oops) return "";
    return fmt::format("{} in {}", snapshot.oops->what, snapshot.oops->function);
}

// ---- telling

// In what the two kernels differ: "fix none"; of equal ones their fix is told all the same.
std::string rows_of(const Snapshot& one, const Snapshot& other) {
    const std::string rows = different_rows(other.variants, one.variants);
    return rows.empty() ? "fix " + one.variants.name("fix") : rows;
}

void print_side(const PairSide& side, const SideLook& look, const std::string& rows) {
    const Mounted& seen = look.seen;
    std::string flight = fmt::format("in flight {}", look.snapshot.bios_total);
    if (seen.held() > 0)
        flight += fmt::format(", held {} for {:.1f} s", seen.held(), seconds(look.snapshot, seen.held_since_ns()));
    say("{}  {}   {}   {}   array_state {}\n", side.letter, shown(side.mount), rows,
        status_word(default_exhibit(), seen.status), shown(look.snapshot.array.state));
    say("   {}\n", shown(seen.sentence));
    if (!seen.second.empty()) say("   {}\n", shown(seen.second));
    say("   mddev->pending_writes {}   bitmap->pending_writes {}   {}\n", look.of_mddev, look.of_bitmap, flight);
    if (!seen.when_released.empty()) say("   when released: {}\n", seen.when_released);
    if (look.snapshot.oops)
        say("   Oops: {}; `cat {}` has its console\n", oops_line(look.snapshot), shell_word(side.mount + "/lab/oops"));
}

nlohmann::ordered_json json_of(const PairSide& side, const SideLook& look, const std::string& rows) {
    nlohmann::ordered_json json;
    json["mount"] = side.mount;
    json["kernel"] = rows;
    json["status"] = status_word(default_exhibit(), look.seen.status);
    json["array_state"] = look.snapshot.array.state;
    json["sentence"] = look.seen.sentence;
    json["second"] = look.seen.second;
    json["mddev_pending_writes"] = look.of_mddev;
    json["bitmap_pending_writes"] = look.of_bitmap;
    json["in_flight"] = look.snapshot.bios_total;
    json["held"] = look.seen.held();
    json["held_seconds"] = seconds(look.snapshot, look.seen.held_since_ns());
    json["when_released"] = look.seen.when_released;
    json["stop"] = look.seen.stop_stack;
    json["oops"] = look.snapshot.oops ? nlohmann::ordered_json(oops_line(look.snapshot)) : nullptr;
    return json;
}

// ---- doing

Result<bool> store_both(const std::array<MountedTree, 2>& trees, const std::string& file, const std::string& value) {
    for (const MountedTree& tree : trees)
        if (const Result<bool> done = tree.write(file, value); !done)
            return Error{done.error().err, "writing " + value + " to " + tree.file(file) + ": " + done.error().text};
    return true;
}

// `echo clear > md/array_state`, in a process of its own; its exit code is the errno.
pid_t begin_stop(const MountedTree& tree) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    setsid();
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
    const Result<bool> done = tree.write("md/array_state", "clear");
    _exit(done ? 0 : done.error().err);
}

struct Stop {
    pid_t pid = -1;
    bool has_ended = false;
    int err = 0;
    void look() {
        int status = 0;
        if (has_ended || pid <= 0 || waitpid(pid, &status, WNOHANG) != pid) return;
        has_ended = true;
        err = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    }
};

bool sleeps_in_stop(const MountedTree& tree) {
    const Result<SideLook> look = look_at_side(tree, "");
    return look && look->seen.status == Status::Waiting;
}

int stop_failed(const MountedTree& tree, const std::string& letter, int err) {
    if (err != EBUSY) return complain(kFailed, "the stop of " + letter + " failed: " + std::strerror(err));
    const std::string users = openers_text(find_openers(tree.file("md0")));
    return complain(kBusy,
                    "the stop of " + letter + " is refused: md0 is open" + (users.empty() ? "" : " in " + users));
}

bool is_settled(const MountedTree& tree) {
    const Result<SideLook> look = look_at_side(tree, "");
    return look && look->seen.held() == 0 && look->seen.stop_stack.empty() && look->seen.status != Status::InDanger;
}

}  // namespace

int show_pair(const PairPlan& plan) {
    const Result<std::array<MountedTree, 2>> trees = mounted_pair(plan);
    if (!trees) return complain(kFailed, trees.error().text);
    std::array<SideLook, 2> looks;
    for (std::size_t i = 0; i < 2; i++) {
        Result<SideLook> look = look_at_side((*trees)[i], plan.sides[i].letter);
        if (!look) return complain(kFailed, look.error().text);
        looks[i] = std::move(*look);
    }
    nlohmann::ordered_json json;
    json["version"] = 1;
    json["pair"] = plan.folder;
    for (std::size_t i = 0; i < 2; i++) {
        const std::string rows = rows_of(looks[i].snapshot, looks[1 - i].snapshot);
        if (plan.json)
            json[i == 0 ? "a" : "b"] = json_of(plan.sides[i], looks[i], rows);
        else
            print_side(plan.sides[i], looks[i], rows);
    }
    if (plan.json) say("{}\n", json.dump());
    return kOk;
}

int hold_pair(const PairPlan& plan) {
    const Result<std::array<MountedTree, 2>> trees = mounted_pair(plan);
    if (!trees) return complain(kFailed, trees.error().text);
    const Result<bool> done = store_both(*trees, "lab/hold", hold_text(kBioKinds[BioKind::Bitmap], ""));
    if (!done) return complain(kFailed, done.error().text);
    if (!plan.json) say("from now on bitmap writes of both are held\n");
    return kOk;
}

int stop_pair(const PairPlan& plan) {
    const Result<std::array<MountedTree, 2>> trees = mounted_pair(plan);
    if (!trees) return complain(kFailed, trees.error().text);
    set_interrupt_hint("mdscope: interrupted; the stops go on\n");
    std::array<Stop, 2> stops;
    for (std::size_t i = 0; i < 2; i++) {
        if ((*trees)[i].read_or("md/array_state", "clear") == "clear")
            stops[i].has_ended = true;
        else
            stops[i].pid = begin_stop((*trees)[i]);
    }
    const bool settled = wait_until(kSettleMs, [&] {
        bool all = true;
        for (std::size_t i = 0; i < 2; i++) {
            stops[i].look();
            all = all && (stops[i].has_ended || sleeps_in_stop((*trees)[i]));
        }
        return all;
    });
    for (std::size_t i = 0; i < 2; i++)
        if (stops[i].has_ended && stops[i].err != 0 && stops[i].err != EIO)
            return stop_failed((*trees)[i], plan.sides[i].letter, stops[i].err);
    if (!settled) complain(kBusy, "a stop has neither ended nor fallen asleep; lab/tasks says where it is");
    return show_pair(plan);
}

int release_pair(const PairPlan& plan) {
    const Result<std::array<MountedTree, 2>> trees = mounted_pair(plan);
    if (!trees) return complain(kFailed, trees.error().text);
    if (const Result<bool> done = store_both(*trees, "lab/hold", std::string(kRulesOff)); !done)
        return complain(kFailed, done.error().text);
    if (const Result<bool> done = store_both(*trees, "lab/release", release_text({})); !done)
        return complain(kFailed, done.error().text);
    set_interrupt_hint("mdscope: interrupted; what was held has been let go\n");
    const bool settled = wait_until(kSettleMs, [&] { return is_settled((*trees)[0]) && is_settled((*trees)[1]); });
    if (!settled) complain(kBusy, "something still goes on; lab/tasks and lab/bios say what");
    return show_pair(plan);
}

}  // namespace mdscope
