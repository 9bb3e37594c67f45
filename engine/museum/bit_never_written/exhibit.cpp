// SPDX-License-Identifier: MIT
// A bit that could not be written, and data that goes out all the same (found by this engine).
#include <array>

#include "engine/museum/writing.hpp"

namespace mdscope {

namespace bit_never_written {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "a write sets its bit in memory",
    "the page with the bit fails, and the header that would call the file out of date",
    "the data goes to both members",
    "a crash: sda has the data, sdb has not",
    "the file is read again, says that nothing is to be resynced, and is believed",
};
constexpr std::array kRightOrder = {
    "a write sets its bit in memory",
    "the page with the bit fails, and the header that would call the file out of date",
    "the superblocks get a new event count: the file is older now",
    "the data goes to both members",
    "a crash: the file is out of date, so everything is resynced",
};
constexpr std::array kQuestions = {
    Question{"Why is a bitmap file believed after a crash?",
             "Its header has the event count of the superblocks. As long as that agrees, its bits are taken for what "
             "they say."},
    Question{"Why does an internal bitmap not need this?",
             "Its pages lie on the members. A member that does not take a page fails, and that is recorded before the "
             "data goes."},
    Question{"What does it cost to wait?", "One update of the superblocks, once, when a bitmap file is lost."},
};

}  // namespace

}  // namespace bit_never_written

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& bit_never_written_exhibit() {
    using namespace bit_never_written;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "bit_never_written";
        that.title = "Data that goes out though its bit could not be written";
        that.scenario = "lost-intent";
        that.lesson = 0;
        that.matrix = {};
        that.act = act_of_writing("Done: the writes have ended.");
        that.recipe =
            "A bitmap file: let its page fail, and the header that would call the file out of date; write, and kill "
            "the "
            "program.";
        that.page = {.number = "M28",
                     .commit = "",
                     .fix = "",
                     .kernels = "all that have bitmap files",
                     .met_by = "Found by this engine's search, while disks failed in twos. No kernel was tried.",
                     .wrong =
                         "A bit that says where members may differ has to be on disk before the data. When the page "
                         "with the bit cannot be written, md gives the bitmap file up, and lets the data go before the "
                         "superblocks have outdated the file.",
                     .cost = "two members that differ for ever, after a crash",
                     .symptom = "intent",
                     .variant = "lost-intent",
                     .row = "md",
                     .mended = "recorded",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 79800, .shortest = 15, .mended_states = 96914}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
