#include "fs/mount/lab/lab.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "engine/look/oops_console.hpp"
#include "engine/look/snapshot.hpp"
#include "engine/md/variants/axes.hpp"
#include "fs/mount/openers.hpp"

namespace mdscope {

static std::string console_of(Array& array, const Oops& oops) {
    const Mddev& mddev = array.mddev();
    const SpinGuard guard(mddev.lock);  // members may be joining the list; a task that faults never holds it
    return oops_console(mddev, oops);
}

Lab::Lab(RealKernel& the_kernel, Array& the_array, trace::Tracer& the_tracer, TracePipe& pipe, std::string mount)
    : kernel(the_kernel), array(the_array), tracer(the_tracer), trace_pipe(pipe), mountpoint(std::move(mount)) {
    kernel.set_oops_observer([note = oops_note, &the_array](const Oops& oops) {
        std::string text = console_of(the_array, oops);
        const std::lock_guard guard(note->mutex);
        note->text = std::move(text);
    });
}

Lab::~Lab() {
    kernel.set_oops_observer(nullptr);
}

// Somebody may look between the fault and the observer's note of it, and has to see the whole text all the same.
std::string show_oops(Lab& lab) {
    const Oops* oops = lab.kernel.first_oops();
    if (oops == nullptr) return "none\n";
    {
        const std::lock_guard guard(lab.oops_note->mutex);
        if (!lab.oops_note->text.empty()) return lab.oops_note->text;
    }
    return console_of(lab.array, *oops);
}

std::string Lab::answer(std::string_view file) {
    const std::lock_guard guard(mutex);
    const auto found = answers.find(file);
    return found == answers.end() ? std::string() : found->second + "\n";
}

void Lab::set_answer(std::string_view file, std::string text) {
    const std::lock_guard guard(mutex);
    answers.insert_or_assign(std::string(file), std::move(text));
}

std::vector<std::string> split_words(std::string_view text) {
    std::istringstream stream{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

void log_openers(Lab& lab) {
    const std::vector<Opener> openers = find_openers(lab.mountpoint + "/md0");
    const std::string names = openers.empty() ? "somebody who cannot be seen from here" : openers_text(openers);
    md_log(lab.array.mddev(), LogLevel::Warn, "md0 is open in " + names);
}

namespace {

// ---- axes: the rows of each on one line, the current one in brackets

template <class T>
std::string rows_text(std::span<const T> rows, const Row<T>& chosen) {
    const T* const now = chosen.get();
    std::string text;
    for (const T& row : rows) {
        if (!text.empty()) text += ' ';
        text += &row == now ? "[" + std::string(row.name) + "]" : std::string(row.name);
    }
    return text + "\n";
}

template <class T>
int choose_row(Lab& lab, const T* row, Row<T> Axes::*axis) {
    if (row == nullptr) return -EINVAL;
    Mddev& mddev = lab.array.mddev();
    const int err = mddev_lock(mddev);
    if (err != 0) return err;
    mddev.axes.*axis = row;
    mddev_unlock(mddev);
    return 0;
}

std::string show_fix(Lab& lab) {
    return rows_text(stop_fixes(), lab.array.mddev().axes.fix);
}
int store_fix(Lab& lab, std::string_view value) {
    return choose_row(lab, find_stop_fix(value), &Axes::fix);
}
std::string show_order(Lab& lab) {
    return rows_text(written_orders(), lab.array.mddev().axes.order);
}
int store_order(Lab& lab, std::string_view value) {
    return choose_row(lab, find_written_order(value), &Axes::order);
}
std::string show_pools(Lab& lab) {
    return rows_text(pool_lives(), lab.array.mddev().axes.pools);
}
int store_pools(Lab& lab, std::string_view value) {
    return choose_row(lab, find_pool_life(value), &Axes::pools);
}

// ---- mdadm's part

std::string show_stop(Lab& lab) {
    return lab.answer("stop");
}
int store_stop(Lab& lab, std::string_view value) {
    if (value != "1" && value != "force") return -EINVAL;
    const bool force = value == "force";
    // Before the stop, which waits for what the openers have in flight: no more may come. After it, for those who came
    // in between.
    if (force) lab.disk_epoch++;
    std::string why;
    const int err = lab.array.stop(force, &why);
    if (force) lab.disk_epoch++;
    if (err == -EBUSY) {
        log_openers(lab);
        const std::vector<Opener> openers = find_openers(lab.mountpoint + "/md0");
        if (!openers.empty()) why += " It is open in " + openers_text(openers) + ".";
    }
    lab.set_answer("stop", why);
    return err;
}

std::string show_assemble(Lab& lab) {
    return lab.answer("assemble");
}
int store_assemble(Lab& lab, std::string_view value) {
    if (!value.empty() && value != "1") return -EINVAL;
    std::string why;
    const int err = lab.array.reassemble(&why);
    if (err == 0) {
        lab.disk_epoch++;
        {
            const std::lock_guard guard(lab.oops_note->mutex);
            lab.oops_note->text.clear();
        }
        reapply_hold_rules(lab);
    }
    lab.set_answer("assemble", why);
    return err;
}

using MemberCall = int (Array::*)(const std::string&, std::string*);

int store_member(Lab& lab, std::string_view value, const char* file, MemberCall call) {
    if (value.empty()) return -EINVAL;
    std::string why;
    const int err = (lab.array.*call)(std::string(value), &why);
    if (err == 0) reapply_hold_rules(lab);
    lab.set_answer(file, why);
    return err;
}
std::string show_add(Lab& lab) {
    return lab.answer("add");
}
int store_add(Lab& lab, std::string_view value) {
    return store_member(lab, value, "add", &Array::add);
}
std::string show_re_add(Lab& lab) {
    return lab.answer("re-add");
}
int store_re_add(Lab& lab, std::string_view value) {
    return store_member(lab, value, "re-add", &Array::re_add);
}
std::string show_remove(Lab& lab) {
    return lab.answer("remove");
}
int store_remove(Lab& lab, std::string_view value) {
    return store_member(lab, value, "remove", &Array::remove);
}

// ---- small ones

std::string show_mddev(Lab& lab) {
    return mddev_struct_text(lab.array.mddev());
}
std::string show_snapshot(Lab& lab) {
    return snapshot_json(lab.array) + "\n";
}
std::string show_pid(Lab& /*lab*/) {
    return std::to_string(getpid()) + "\n";
}

constexpr auto kFiles = std::to_array<LabFile>({
    {"add", 0644, show_add, store_add},
    {"assemble", 0644, show_assemble, store_assemble},
    {"bios", 0444, show_bios, nullptr},
    {"chunks", 0644, show_chunks, store_chunks},
    {"delay", 0644, show_delay, store_delay},
    {"fail", 0644, show_fail, store_fail},
    {"fix", 0644, show_fix, store_fix},
    {"hold", 0644, show_hold, store_hold},
    {"log", 0444, show_log, nullptr},
    {"mddev", 0444, show_mddev, nullptr},
    {"oops", 0444, show_oops, nullptr},
    {"order", 0644, show_order, store_order},
    {"pending_writes", 0444, show_pending_writes, nullptr},
    {"pid", 0444, show_pid, nullptr},
    {"pools", 0644, show_pools, store_pools},
    {"re-add", 0644, show_re_add, store_re_add},
    {"release", 0200, nullptr, store_release},
    {"remove", 0644, show_remove, store_remove},
    {"snapshot", 0444, show_snapshot, nullptr},
    {"stop", 0644, show_stop, store_stop},
    {"tasks", 0444, show_tasks, nullptr},
    {"trace", 0644, show_trace, store_trace},
    {"trace_pipe", 0444, nullptr, nullptr},
});

}  // namespace

std::span<const LabFile> lab_files() {
    return kFiles;
}

const LabFile* find_lab_file(std::string_view name) {
    const auto found =
        std::find_if(kFiles.begin(), kFiles.end(), [&](const LabFile& file) { return name == file.name; });
    return found == kFiles.end() ? nullptr : &*found;
}

}  // namespace mdscope
