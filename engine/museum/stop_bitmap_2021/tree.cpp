// SPDX-License-Identifier: MIT
// The functions of the stop's tree, and the words beside them.
#include <fmt/format.h>

#include <array>

#include "engine/museum/stop_bitmap_2021/tables.hpp"

namespace mdscope::stop_bitmap_2021 {

namespace {

using museum::CallFacts;
using museum::CallNote;

// What tells the story in fewer than twenty lines.
constexpr std::array kFew = {"array_state_store",
                             "md_ioctl",
                             "md_notify_reboot",
                             "do_md_stop",
                             "md_set_readonly",
                             "__md_stop_writes",
                             "md_bitmap_flush",
                             "md_bitmap_daemon_work",
                             "md_bitmap_wait_writes",
                             "md_super_wait",
                             "md_bitmap_update_sb",
                             "md_update_sb",
                             "__md_stop",
                             "md_bitmap_destroy",
                             "md_bitmap_free",
                             "mddev_detach",
                             "export_array",
                             "unbind_rdev_from_array"};

// Those that occur in the call trees printed by the real kernel: a tree of only these can be compared with them.
const trace::CallTreeSink::Names kReference = {"array_state_store",
                                               "do_md_stop",
                                               "mddev_unlock",
                                               "__md_stop_writes",
                                               "raid1_quiesce",
                                               "freeze_array",
                                               "md_bitmap_flush",
                                               "md_bitmap_daemon_work",
                                               "md_bitmap_wait_writes",
                                               "md_super_wait",
                                               "write_page",
                                               "md_super_write",
                                               "md_bitmap_update_sb",
                                               "__md_stop",
                                               "md_bitmap_destroy",
                                               "md_bitmap_wait_behind_writes",
                                               "md_bitmap_free",
                                               "md_bitmap_file_unmap",
                                               "free_buffers",
                                               "mddev_detach",
                                               "md_unregister_thread",
                                               "raid1_free",
                                               "unbind_rdev_from_array",
                                               "export_rdev"};

// Functions whose absence is worth a line: where nobody waits.
constexpr std::array<std::string_view, 2> kAbsent = {"md_super_wait", "md_bitmap_wait_writes"};

// ---- notes

std::string waited(std::size_t ticks) {
    return fmt::format("waited {} tick{}", ticks, ticks == 1 ? "" : "s");
}

std::string of_submitter(const CallFacts& call) {
    const std::size_t count = call.bios_submitted();
    if (count > 0) return fmt::format("{} write{} submitted", count, count == 1 ? "" : "s");
    return call.is_left() ? "nothing to write" : "";
}

// Where it was left the count was 0: that is its condition.
std::string of_wait(const CallFacts& call) {
    if (!call.is_left() || !call.is_leaf()) return "";
    const std::size_t ticks = call.ticks_slept();
    return ticks > 0 ? waited(ticks) : "0 left: goes on";
}

std::string of_bitmap_free(const CallFacts& call) {
    if (!call.is_left()) return "";
    if (const std::size_t ticks = call.ticks_slept(); ticks > 0) return waited(ticks);
    return waits_for_both_counters(call.rows()) ? "both counters are 0: goes on"
                                                : "bitmap->pending_writes is 0: goes on";
}

std::string of_unbinding(const CallFacts& call) {
    const std::vector<std::string> members = call.unbound_members();
    return members.empty() ? "" : members.front() + ": rdev->mddev = NULL";
}

std::string of_md_stop(const CallFacts& call) {
    return call.is_left() && call.are_pools_gone() ? "the bio pools are destroyed" : "";
}

// A refusal is printed, and nothing else comes of it.
std::string of_stop(const CallFacts& call) {
    return call.is_left() && call.has_printed("still in use") ? "the disk is open: refused" : "";
}

constexpr std::array kCallNotes = {
    CallNote{"md_bitmap_daemon_work", of_submitter},
    CallNote{"md_super_wait", of_wait, "{count} left: sleeps"},
    CallNote{"md_bitmap_wait_writes", of_wait},
    CallNote{"md_bitmap_free", of_bitmap_free},
    CallNote{"unbind_rdev_from_array", of_unbinding, nullptr, true},
    CallNote{"__md_stop", of_md_stop},
    CallNote{"do_md_stop", of_stop},
    CallNote{"md_set_readonly", of_stop},
};

}  // namespace

museum::Tree tree() {
    return {kFew, &kReference, kAbsent, kCallNotes};
}

}  // namespace mdscope::stop_bitmap_2021
