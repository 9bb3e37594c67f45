// SPDX-License-Identifier: MIT
// The three sentences under an Oops: the ways in which this teardown can fail, most particular first.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/museum/stop_bitmap_2021/tables.hpp"

namespace mdscope::stop_bitmap_2021 {

namespace {

using museum::OopsFacts;
using museum::Way;

// ---- which it is

bool is_null_mddev(const OopsFacts& facts) {
    return facts.oops.object == "rdev->mddev" && facts.oops.what.starts_with("NULL");
}
bool is_failed_write(const OopsFacts& facts) {
    return is_null_mddev(facts) && facts.failed_write;
}
bool is_dead_pool(const OopsFacts& facts) {
    return facts.oops.function == "mempool_free";
}
bool is_freed_member(const OopsFacts& facts) {
    return facts.oops.object == "rdev";
}
bool is_freed_bitmap(const OopsFacts& facts) {
    return facts.oops.object == "bitmap";
}
// The stop waited and was let go: the completion had counted down and was not done.
bool is_count_too_early(const OopsFacts& facts) {
    const auto& stack = facts.oops.stack;
    const bool in_completion = std::find(stack.begin(), stack.end(), "super_written") != stack.end();
    const bool stop_waits = facts.mddev.variants.name("fix") != "none";  // somewhere
    return in_completion && stop_waits && facts.pending_writes == 0;
}

// ---- what happened

// With an external bitmap, what is in flight there is a bitmap page.
std::string a_write(const OopsFacts& facts) {
    return facts.mddev.bitmap_info.external ? "A bitmap write" : "A metadata write";
}
std::string null_mddev(const OopsFacts& facts) {
    return a_write(facts) +
           " ended after unbind_rdev_from_array had set rdev->mddev to NULL, and super_written "
           "followed that pointer.";
}
std::string failed_write(const OopsFacts& facts) {
    return a_write(facts) +
           " failed after unbind_rdev_from_array had set rdev->mddev to NULL; super_written called "
           "md_error, which reads mddev->pers through it.";
}
std::string dead_pool(const OopsFacts& facts) {
    return a_write(facts) +
           " ended after __md_stop had destroyed the array's bio pools, and super_written gave its "
           "bio back to a pool whose elements are gone.";
}
std::string freed_member(const OopsFacts& facts) {
    return a_write(facts) +
           " ended after rdev_delayed_delete had freed its member, and super_written read "
           "rdev->mddev in the freed memory.";
}
std::string freed_bitmap(const OopsFacts& /*facts*/) {
    return "end_bitmap_write counted bitmap->pending_writes down to 0, the stop saw that and freed the bitmap, and the "
           "completion then went on to touch bitmap->write_wait.";
}
std::string count_too_early(const OopsFacts& facts) {
    return fmt::format(
        "super_written counted mddev->pending_writes down to 0, which let the stop go on, and then "
        "touched {}, which the stop had done away with meanwhile.",
        facts.oops.object == "rdev" ? "its member" : facts.oops.object);
}
// ---- who should have waited

std::string the_stop(const OopsFacts& facts) {
    return "The stop" + (facts.sleepers.empty() ? "" : " (task " + facts.sleepers.front().comm + ")");
}
std::string stop_before_unbinding(const OopsFacts& facts) {
    return the_stop(facts) +
           " should have waited for it before it unbound the members: in md_bitmap_flush, after the "
           "last daemon pass, where the fix `upstream` has md_super_wait.";
}
std::string stop_before_md_stop(const OopsFacts& facts) {
    return the_stop(facts) +
           " should have waited for it before __md_stop: in md_bitmap_flush, after the last daemon "
           "pass, where the fix `upstream` has md_super_wait.";
}
std::string completion_counts_last(const OopsFacts& /*facts*/) {
    return "The stop did wait; the completion should have let go of the member and of the bio first and counted down "
           "last (order 2022, commit 341097ee5357).";
}
std::string completion_wakes_last(const OopsFacts& /*facts*/) {
    return "md_bitmap_free did wait; nobody waits for the waker itself, so the completion should not touch the bitmap "
           "after its last count. No fix of the report changes this.";
}

// ---- on which counter

std::string members_counter(const OopsFacts& facts) {
    return fmt::format(
        "The counter is mddev->pending_writes, now {}; md_bitmap_free waits for bitmap->pending_writes, "
        "which writes to a bitmap on the members never move.",
        facts.pending_writes);
}
std::string members_counter_at_zero(const OopsFacts& /*facts*/) {
    return "The counter is mddev->pending_writes: at 0 everything the completion still holds may be freed.";
}
std::string file_counter(const OopsFacts& /*facts*/) {
    return "The counter is bitmap->pending_writes, which lives in what its waiter frees.";
}

constexpr std::array kWays = {
    Way{is_count_too_early, count_too_early, completion_counts_last, members_counter_at_zero},
    Way{is_failed_write, failed_write, stop_before_unbinding, members_counter},
    Way{is_null_mddev, null_mddev, stop_before_unbinding, members_counter},
    Way{is_dead_pool, dead_pool, stop_before_md_stop, members_counter},
    Way{is_freed_member, freed_member, stop_before_unbinding, members_counter},
    Way{is_freed_bitmap, freed_bitmap, completion_wakes_last, file_counter},
};

}  // namespace

std::span<const Way> ways() {
    return kWays;
}

}  // namespace mdscope::stop_bitmap_2021
