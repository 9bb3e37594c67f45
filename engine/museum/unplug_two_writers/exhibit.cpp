// SPDX-License-Identifier: MIT
// Two writers of one bitmap page (found with this engine; Linux has it, proven on 6.1.192 and 7.3.4).
#include <array>

#include "engine/museum/writing.hpp"

namespace mdscope {

namespace unplug_two_writers {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "a writer takes the mark off a page of the bitmap, and writes the page",
    "a second one sets its bit in that page, or finds it set",
    "it finds no mark, so nothing to wait for, and sends its data",
    "the power goes: the data is on one member, the bit on none",
    "no resync copies the chunk, and a check finds it different",
};
constexpr std::array kRightOrder = {
    "a writer takes the mark off a page of the bitmap, and writes the page",
    "a second one sets its bit in that page, or finds it set",
    "it sees that the page is on its way, and waits for it",
    "it sends its data",
    "the power goes: the bit is on disk, and a resync copies the chunk",
};
constexpr std::array kQuestions = {
    Question{"The second writer has its own bit to set. Why does it find no mark on the page?",
             "The first one took it after the second had set it, or the bit was set already: then no mark is made."},
    Question{"How often does it happen?",
             "Seen in 164 of 1,000 data bios of two writers in one chunk. It does harm only if a crash comes in the "
             "same milliseconds."},
    Question{"What makes it worse on a degraded array?",
             "The bit is also what a missing member is owed. Without it a re-add brings old data back."},
};

}  // namespace

}  // namespace unplug_two_writers

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& unplug_two_writers_exhibit() {
    using namespace unplug_two_writers;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "unplug_two_writers";
        that.title = "A write that does not wait for the page another one writes";
        that.scenario = "two-writers";
        that.lesson = 0;
        that.matrix = {};
        that.act = act_of_writing("Done: the writes have ended.");
        that.recipe = "Two writers of one chunk: hold the first one's bitmap page, and let the second one begin.";
        that.page = {
            .number = "M10",
            .commit = "",
            .fix = "",
            .kernels = "all that were tried",
            .met_by =
                "Found by this engine's search, and then seen on the real kernels 6.1.192 and 7.3.4: in 164 of 1,000 "
                "data bios of two writers, and in 19 of 20 rounds of two `dd conv=fsync` on ext4.",
            .wrong =
                "md_bitmap_unplug takes the mark off a page before it writes it, and holds no lock meanwhile. A second "
                "writer finds no mark, and sends its data while the page with its bit is still on its way.",
            .cost = "mirrors that differ after a crash, with nothing that says so",
            .symptom = "intent",
            .variant = "unplug",
            .row = "md",
            .mended = "waits",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 1957, .shortest = 14, .mended_states = 3835}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
