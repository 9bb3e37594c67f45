// SPDX-License-Identifier: MIT

#include "fs/mount/lab/lab.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/look/oops_console.hpp"
#include "engine/look/snapshot.hpp"
#include "fs/mount/openers.hpp"

namespace mdscope {

static std::string console_of(Array& array, const Oops& oops) {
    const Mddev& mddev = array.mddev();
    const SpinGuard guard(mddev.lock);  // members may be joining the list; a task that faults never holds it
    return oops_console(mddev, oops);
}

Lab::Lab(RealKernel& the_kernel, Array& the_array, trace::Tracer& the_tracer, TracePipe& pipe, std::string mount)
    : kernel(the_kernel),
      array(the_array),
      tracer(the_tracer),
      trace_pipe(pipe),
      mountpoint(std::move(mount)),
      log_text(the_kernel) {
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

void log_openers(Lab& lab) {
    const std::vector<Opener> openers = find_openers(lab.mountpoint + "/" + lab.array.options().name);
    const std::string names = openers.empty() ? "somebody who cannot be seen from here" : openers_text(openers);
    md_log(lab.array.mddev(), LogLevel::Warn, lab.array.options().name + " is open in " + names);
}

namespace {

// ---- variants: the rows of each on one line, the current one in brackets

std::string show_row(Lab& lab, const Variant& variant) {
    const VariantRow* const now = &lab.array.mddev().variants.row(variant);
    std::string text;
    for (std::size_t i = 0; i < variant.size; i++) {
        if (!text.empty()) text += ' ';
        const std::string name = variant.row(i).name;
        text += &variant.row(i) == now ? "[" + name + "]" : name;
    }
    return text + "\n";
}

int store_row(Lab& lab, const Variant& variant, std::string_view value) {
    const VariantRow* const row = variant.find(value);
    if (row == nullptr) return -EINVAL;
    Mddev& mddev = lab.array.mddev();
    if (const int err = mddev_lock(mddev); err != 0) return err;
    const bool fits = variant.facts->while_running || mddev.pers.load() == nullptr;
    if (fits) mddev.variants.choose(variant, *row);
    mddev_unlock(mddev);
    return fits ? 0 : -EBUSY;
}

template <std::size_t kPlace>
LabFile row_file() {
    const Variant& variant = all_variants()[kPlace];
    return {variant.name(), 0644, [](Lab& lab) { return show_row(lab, all_variants()[kPlace]); },
            [](Lab& lab, std::string_view value) { return store_row(lab, all_variants()[kPlace], value); }};
}

template <std::size_t... kPlaces>
void append_row_files(std::vector<LabFile>& files, std::index_sequence<kPlaces...> /*places*/) {
    (files.push_back(row_file<kPlaces>()), ...);
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
        const std::vector<Opener> openers = find_openers(lab.mountpoint + "/" + lab.array.options().name);
        if (!openers.empty()) why += " in " + openers_text(openers);
    }
    lab.set_answer("stop", why);
    return err;
}

std::string show_assemble(Lab& lab) {
    return lab.answer("assemble");
}
int store_assemble(Lab& lab, std::string_view value) {
    if (!value.empty() && value != "1" && value != "run") return -EINVAL;
    std::string why;
    const int err = lab.array.reassemble(&why, value == "run");
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

using MemberCall = int (*)(Array&, const std::string&, std::string*);

constexpr std::uint64_t kRemovePatience = 5 * kNsPerSec;

int store_member(Lab& lab, std::string_view value, const char* file, MemberCall call) {
    if (value.empty()) return -EINVAL;
    std::string why;
    const int err = call(lab.array, std::string(value), &why);
    if (err == 0) reapply_hold_rules(lab);
    lab.set_answer(file, why);
    return err;
}
std::string show_add(Lab& lab) {
    return lab.answer("add");
}
int store_add(Lab& lab, std::string_view value) {
    return store_member(lab, value, "add",
                        [](Array& array, const std::string& name, std::string* why) { return array.add(name, why); });
}
std::string show_re_add(Lab& lab) {
    return lab.answer("re-add");
}
int store_re_add(Lab& lab, std::string_view value) {
    return store_member(lab, value, "re-add", [](Array& array, const std::string& name, std::string* why) {
        return array.re_add(name, why);
    });
}
std::string show_remove(Lab& lab) {
    return lab.answer("remove");
}
int store_remove(Lab& lab, std::string_view value) {
    return store_member(lab, value, "remove", [](Array& array, const std::string& name, std::string* why) {
        return array.remove(name, why, kRemovePatience);
    });
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

std::string show_served(Lab& lab) {
    return (lab.how_served ? lab.how_served() : std::string("not yet")) + "\n";
}

constexpr auto kFiles = std::to_array<LabFile>({
    {"add", 0644, show_add, store_add},
    {"assemble", 0644, show_assemble, store_assemble},
    {"bios", 0444, show_bios, nullptr},
    {"chunks", 0644, show_chunks, store_chunks},
    {"delay", 0644, show_delay, store_delay},
    {"fail", 0644, show_fail, store_fail},
    {"hold", 0644, show_hold, store_hold},
    {"log", 0444, show_log, nullptr, &Lab::log_text},
    {"mddev", 0444, show_mddev, nullptr},
    {"oops", 0444, show_oops, nullptr},
    {"pending_writes", 0444, show_pending_writes, nullptr},
    {"pid", 0444, show_pid, nullptr},
    {"re-add", 0644, show_re_add, store_re_add},
    {"release", 0200, nullptr, store_release},
    {"remove", 0644, show_remove, store_remove},
    {"served", 0444, show_served, nullptr},
    {"snapshot", 0444, show_snapshot, nullptr},
    {"stop", 0644, show_stop, store_stop},
    {"tasks", 0444, show_tasks, nullptr},
    {"trace", 0644, show_trace, store_trace},
    {"trace_pipe", 0444, nullptr, nullptr},
});

std::vector<LabFile> all_files() {
    std::vector<LabFile> files(kFiles.begin(), kFiles.end());
    append_row_files(files, std::make_index_sequence<static_cast<std::size_t>(VariantIndex::count)>());
    std::ranges::sort(files, {}, [](const LabFile& file) { return std::string_view(file.name); });
    return files;
}

}  // namespace

std::span<const LabFile> lab_files() {
    static const std::vector<LabFile> kAll = all_files();
    return kAll;
}

const LabFile* find_lab_file(std::string_view name) {
    const auto found = std::ranges::find_if(lab_files(), [&](const LabFile& file) { return name == file.name; });
    return found == lab_files().end() ? nullptr : &*found;
}

}  // namespace mdscope
