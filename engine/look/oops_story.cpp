// The three sentences under an Oops: a table of the ways in which this teardown can fail, most particular first.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/look/oops_console.hpp"
#include "engine/look/oops_facts.hpp"

namespace mdscope {

namespace {

using Sentence = std::string (*)(const OopsFacts&);

struct Story {
    bool (*is)(const OopsFacts&);
    Sentence happened, who, counter;
};

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
    return in_completion && facts.stop_waits && facts.pending_writes == 0;
}
bool is_anything(const OopsFacts& /*facts*/) {
    return true;
}

// ---- what happened

std::string a_write(const OopsFacts& facts) {
    return facts.on_members ? "A bitmap write" : "A metadata write";
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
std::string anything(const OopsFacts& facts) {
    const std::string& object = facts.oops.object;
    return fmt::format("{} touched {}: {}.", facts.oops.function, object.empty() ? "memory" : object, facts.oops.what);
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
std::string whoever_freed(const OopsFacts& /*facts*/) {
    return "Whoever did away with it should have waited until nobody used it.";
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
std::string both_counters(const OopsFacts& facts) {
    return fmt::format("Of the two counters, mddev->pending_writes is {}.", facts.pending_writes);
}

constexpr std::array kStories = {
    Story{is_count_too_early, count_too_early, completion_counts_last, members_counter_at_zero},
    Story{is_failed_write, failed_write, stop_before_unbinding, members_counter},
    Story{is_null_mddev, null_mddev, stop_before_unbinding, members_counter},
    Story{is_dead_pool, dead_pool, stop_before_md_stop, members_counter},
    Story{is_freed_member, freed_member, stop_before_unbinding, members_counter},
    Story{is_freed_bitmap, freed_bitmap, completion_wakes_last, file_counter},
    Story{is_anything, anything, whoever_freed, both_counters},
};

// md_error's caller logs the error and faults at once, with nothing in between.
bool write_had_failed(const Mddev& mddev, const Oops& oops) {
    const std::vector<LogLine> log = mddev.kernel.log();
    const auto bug =
        std::find_if(log.rbegin(), log.rend(), [](const LogLine& line) { return line.text.starts_with("BUG: "); });
    if (bug == log.rend() || bug + 1 == log.rend()) return false;
    return (bug + 1)->at_ns == oops.at_ns && (bug + 1)->text.starts_with("md: super_written gets error=");
}

bool is_inside_a_stop(const SleepInfo& task) {
    constexpr std::array kStops = {"do_md_stop", "md_set_readonly", "md_notify_reboot"};
    return task.queue != nullptr && std::any_of(task.stack.begin(), task.stack.end(), [&](std::string_view frame) {
               return std::find(kStops.begin(), kStops.end(), frame) != kStops.end();
           });
}

}  // namespace

OopsFacts facts_of(const Mddev& mddev, const Oops& oops) {
    OopsFacts facts{mddev,
                    oops,
                    mddev.pending_writes.peek(),
                    write_had_failed(mddev, oops),
                    mddev.bitmap_info.external,
                    mddev.variants.name("fix") != "none",
                    {}};
    for (const SleepInfo& task : mddev.kernel.tasks())
        if (is_inside_a_stop(task)) facts.sleepers.push_back(task);
    return facts;
}

std::string oops_sentences(const Mddev& mddev, const Oops& oops) {
    const OopsFacts facts = facts_of(mddev, oops);
    const auto& story =
        *std::find_if(kStories.begin(), kStories.end(), [&](const Story& row) { return row.is(facts); });
    return story.happened(facts) + "\n" + story.who(facts) + "\n" + story.counter(facts) + "\n";
}

}  // namespace mdscope
