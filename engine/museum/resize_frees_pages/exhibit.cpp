// SPDX-License-Identifier: MIT
// A resize frees the pages that the daemon is about to write (46ef85f854df).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace resize_frees_pages {

namespace {

using namespace museum;

bool is_resize(const Statement& statement) {
    return statement.kind == Statement::Kind::Store && statement.attr == "component_size";
}
constexpr std::array kSizeFunctions = {ActFunction{"component_size_store", false}};

constexpr std::array kWrongOrder = {
    "the daemon finds a page whose bits it cleared, and takes its mark off",
    "a new size: md_bitmap_resize quiesces the array, which stops data and not the md thread",
    "it puts new pages in place of the old ones, and frees these",
    "the daemon writes the page that it had found, which is gone",
};
constexpr std::array kRightOrder = {
    "the daemon takes bitmap_info.mutex, and finds the page",
    "a new size: md_bitmap_resize quiesces the array, and sleeps on the mutex",
    "the daemon writes the page, and lets the mutex go",
    "the resize puts new pages in place of the old ones, and frees these",
};
constexpr std::array kQuestions = {
    Question{"The array is quiesced. What still runs?",
             "The md thread. quiesce() waits for requests of users; the daemon's writes are its own."},
    Question{"Which lock is it that the resize should take?",
             "bitmap_info.mutex: the daemon holds it for the whole of a run, as it does against a bitmap that is "
             "destroyed."},
    Question{"Why does a bitmap in a file not have it?", "md refuses to resize it."},
};

bool is_freed_page(const OopsFacts& facts) {
    return facts.oops.object == "bitmap->storage.filemap";
}
std::string what_happened(const OopsFacts& /*facts*/) {
    return "The daemon had a page of the bitmap in hand, md_bitmap_resize freed it, and the daemon followed it.";
}
std::string who_waits(const OopsFacts& /*facts*/) {
    return "The resize should have waited until the daemon had gone: bitmap_info.mutex says when.";
}
std::string no_counter(const OopsFacts& /*facts*/) {
    return "No counter is in this. The resize waits for data (conf->nr_pending), and the daemon is no data.";
}
constexpr std::array kPageWays = {Way{is_freed_page, what_happened, who_waits, no_counter}};

}  // namespace

}  // namespace resize_frees_pages

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& resize_frees_pages_exhibit() {
    using namespace resize_frees_pages;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "resize_frees_pages";
        that.title = "A resize frees a page that the daemon is about to write";
        that.scenario = "resized-under-daemon";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "resize",
                    .doing = "resizing",
                    .does = "changes the array's size",
                    .done = "has a new size without harm",
                    .none = "nobody changes the array's size in this scenario",
                    .over = "Done: the bitmap has its new pages.",
                    .status_begun = "RESIZING",
                    .status_over = "DONE",
                    .is = is_resize,
                    .functions = kSizeFunctions};
        that.ways = kPageWays;
        that.recipe = "Write another size to component_size while the daemon writes cleared bits.";
        that.page = {.number = "M19",
                     .commit = "46ef85f854df",
                     .fix = "md/bitmap: fix GPF in write_page caused by resize race",
                     .kernels = "3.5 to 6.19",
                     .met_by =
                         "Whoever grew an array while its bitmap was in use: a general protection fault in "
                         "write_page, in the md thread.",
                     .wrong =
                         "md_bitmap_resize replaces the pages of the bitmap and frees the old ones. It has waited "
                         "for all data, but the daemon, which writes cleared bits, is not data and goes on.",
                     .cost = "the machine, when an array is resized",
                     .symptom = "crash",
                     .variant = "resize-lock",
                     .row = "none",
                     .mended = "held",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 8417, .shortest = 14, .mended_states = 8301}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
