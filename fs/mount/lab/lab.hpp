// SPDX-License-Identifier: MIT
// What lab/ shows and does: the array of this mount, and what its control files remember between two writes.
//
// Each file of lab/ is one row of lab_files(): a name, a mode, show and store, as MdAttr is for md/. show takes only
// SpinLocks and short mutexes that nobody sleeps with; store may sleep. Both may be called from any session thread.
//
// A store answers 0 or -errno. What it has to say to a person in words ("md0 is open in dd[4711]") is kept per file and
// is what reading the file shows: `mdscope stop` writes lab/stop and, when refused, reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/real/real_kernel.hpp"
#include "engine/look/lab_chunks.hpp"
#include "engine/look/lab_rules.hpp"
#include "engine/look/lab_words.hpp"
#include "engine/look/log_text.hpp"
#include "engine/mdadm/array.hpp"
#include "engine/trace/tracer.hpp"
#include "fs/mount/handles.hpp"
#include "fs/mount/lab/trace_pipe.hpp"

namespace mdscope {

// A rule in force, and its line as it was written, blanks made single: what reading the file shows.
template <class Rule>
struct StandingRule {
    Rule rule;
    std::string line;
};

struct Lab {
    Lab(RealKernel& the_kernel, Array& the_array, trace::Tracer& the_tracer, TracePipe& pipe, std::string mount);
    ~Lab();
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;

    RealKernel& kernel;
    Array& array;
    trace::Tracer& tracer;
    TracePipe& trace_pipe;
    const std::string mountpoint;

    // How requests come here, in a sentence. Set before the first one does.
    std::function<std::string()> how_served;

    // Grows when openers lose the array. A file opened at an older count answers EIO.
    std::atomic<std::uint64_t> disk_epoch{0};

    Handles handles;  // files and folders that are open
    LogText log_text;

    // Standing rules and last answers; the mutex is held for a copy, or while rules go to the disks.
    std::mutex mutex;
    std::vector<StandingRule<HoldRule>> hold_rules;
    std::vector<StandingRule<DelayRule>> delay_rules;
    std::vector<StandingRule<FailRule>> fail_rules;
    // The disks that hold_rules have been given to. Not their addresses: a disk of the next assembly may get the same.
    std::vector<std::weak_ptr<const void>> ruled;
    std::map<std::string, std::string, std::less<>> answers;
    ChunkRange chunks_range;

    // The console text of the Oops, made while it happened.
    struct OopsNote {
        std::mutex mutex;
        std::string text;
    };
    const std::shared_ptr<OopsNote> oops_note = std::make_shared<OopsNote>();

    std::string answer(std::string_view file);
    void set_answer(std::string_view file, std::string text);
};

struct LabFile {
    const char* name;
    unsigned mode;
    std::string (*show)(Lab&);                   // nullptr: write-only
    int (*store)(Lab&, std::string_view value);  // nullptr: read-only; both nullptr: the stream of trace_pipe
    LogText Lab::*grows = nullptr;               // it is read there, and has a size
};
std::span<const LabFile> lab_files();
const LabFile* find_lab_file(std::string_view name);

// lab_show.cpp
std::string show_pending_writes(Lab& lab);
std::string show_bios(Lab& lab);
std::string show_chunks(Lab& lab);
int store_chunks(Lab& lab, std::string_view value);
std::string show_oops(Lab& lab);
std::string show_log(Lab& lab);
std::string show_tasks(Lab& lab);

// lab_trace.cpp
std::string show_trace(Lab& lab);
int store_trace(Lab& lab, std::string_view value);

// lab_rules.cpp
std::string show_hold(Lab& lab);
int store_hold(Lab& lab, std::string_view value);
int store_release(Lab& lab, std::string_view value);
std::string show_delay(Lab& lab);
int store_delay(Lab& lab, std::string_view value);
std::string show_fail(Lab& lab);
int store_fail(Lab& lab, std::string_view value);
void reapply_hold_rules(Lab& lab);  // to disks that came with an assemble or an add
void release_everything(Lab& lab);  // no rule, no delay, nothing held

// Writes into the log who has md0 open, after a stop was refused.
void log_openers(Lab& lab);

}  // namespace mdscope
