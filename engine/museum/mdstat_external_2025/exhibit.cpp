// SPDX-License-Identifier: MIT
// /proc/mdstat and a bitmap without a superblock ("fix GPF in bitmap_get_stats", 2025): the sequel of the stop of 2021,
// on the same kind of array. One word, `external`, was read in two ways.
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace mdstat_external_2025 {

namespace {

using namespace museum;

bool reads(const Statement& statement) {
    return statement.kind == Statement::Kind::Mdstat;
}
constexpr std::array kReading = {ActFunction{"md_seq_show", false}};

constexpr std::array kWrongOrder = {
    "a kernel asks whether the array's bitmap is `external`",
    "it means: whether it lies in a file, which has a superblock page of its own",
    "the array says yes: its metadata is kept outside, and its bitmap has no superblock",
    "md_bitmap_get_stats follows the page: NULL",
};
constexpr std::array kRightOrder = {
    "md_bitmap_get_stats asks whether there is a superblock page",
    "there is none",
    "it answers EINVAL, and mdstat has no line for this bitmap",
};
constexpr std::array kQuestions = {
    Question{"What are the two things that `external` says?",
             "That the metadata is kept by a program (bitmap_info.external), and that the bitmap lies in a file."},
    Question{"Who can make the kernel crash so?",
             "Whoever reads /proc/mdstat: any user, and every monitoring program."},
    Question{"Why was it not seen by whoever mended the crash before it?",
             "That crash was met with a bitmap in a file. Arrays with external metadata were not tried."},
};

bool is_missing_page(const OopsFacts& facts) {
    return facts.oops.object == "bitmap->storage.sb_page";
}
std::string happened(const OopsFacts& /*facts*/) {
    return "Somebody read /proc/mdstat, and md_bitmap_get_stats followed bitmap->storage.sb_page, which is NULL.";
}
std::string who(const OopsFacts& /*facts*/) {
    return "It should have asked for the page: a bitmap of external metadata has no superblock.";
}
std::string counter(const OopsFacts& /*facts*/) {
    return "No counter is in this: the array is at rest, and one reader is enough.";
}
constexpr std::array kWays = {Way{is_missing_page, happened, who, counter}};

}  // namespace

}  // namespace mdstat_external_2025

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& mdstat_external_2025_exhibit() {
    using namespace mdstat_external_2025;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // whose tables are true here, too
        that.name = "mdstat_external_2025";
        that.title = "Reading mdstat follows a page that an external bitmap lacks";
        that.scenario = "mdstat-external";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "reading",
                    .doing = "reading",
                    .does = "reads mdstat",
                    .done = "been read without harm",
                    .none = "nobody reads mdstat in this scenario",
                    .over = "Done: mdstat was read.",
                    .status_begun = "READING",
                    .status_over = "DONE",
                    .is = reads,
                    .functions = kReading};
        that.ways = kWays;
        that.recipe = "Read mdstat of an array with an external bitmap.";
        that.page = {.number = "M1",
                     .commit = "",
                     .fix = "fix GPF in bitmap_get_stats",
                     .kernels = "6.1.135 to 6.1.145",
                     .met_by =
                         "Users of Debian met it in 2025 (#1109734); it was mended by the company of the report of "
                         "2021. A year of fixes led there: 8d28d0ddb986 and 6ec1f0239485 changed how mdstat "
                         "looks at a bitmap.",
                     .wrong =
                         "/proc/mdstat tells how many bits are set, and looked for that in the bitmap's superblock "
                         "page. A bitmap of external metadata has no superblock, so the page is NULL.",
                     .cost = "the machine, when somebody reads a file",
                     .symptom = "crash",
                     .variant = "mdstat-bitmap",
                     .row = "crash",
                     .mended = "none",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 1, .shortest = 0, .mended_states = 1}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
