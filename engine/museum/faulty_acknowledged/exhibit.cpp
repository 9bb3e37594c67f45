// SPDX-License-Identifier: MIT
// A write that ends on a member that has failed already (found with this engine; proven on 6.1.192 and 7.3.4).
#include <array>

#include "engine/museum/writing.hpp"

namespace mdscope {

namespace faulty_acknowledged {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "the page of the bitmap fails on sdb, and sdb is Faulty in memory",
    "the data of the write ends with an error on sdb",
    "raid1_end_write_request sees that sdb is Faulty, and does not wait",
    "the write is acknowledged",
    "a crash: no superblock says that sdb failed, and it comes back as good, with the old data",
};
constexpr std::array kRightOrder = {
    "the page of the bitmap fails on sdb, and sdb is Faulty in memory",
    "the data of the write ends with an error on sdb",
    "the request waits on bio_end_io_list, as for any failed write",
    "the superblock of sda says that sdb failed",
    "the write is acknowledged",
};
constexpr std::array kQuestions = {
    Question{"Since 4.4 a failed write waits for the record. Why does this one not?",
             "It takes another branch: the member was Faulty already, so there is no new failure to be noted."},
    Question{"What does somebody see after the crash?",
             "[UU], and nothing to resync: sdb is in step by its event count."},
    Question{"Who is in danger?", "Whoever relies on fsync: the write was flushed and acknowledged."},
};

}  // namespace

}  // namespace faulty_acknowledged

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& faulty_acknowledged_exhibit() {
    using namespace faulty_acknowledged;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "faulty_acknowledged";
        that.title = "A write acknowledged before its member's failure is on record";
        that.scenario = "faulty-acknowledged";
        that.lesson = 0;
        that.matrix = {};
        that.act = act_of_writing("Done: the writes have ended.");
        that.recipe = "Hold the superblock of sda, let the bitmap page of sdb fail, and write.";
        that.page = {.number = "M11",
                     .commit = "",
                     .fix = "",
                     .kernels = "all that were tried",
                     .met_by =
                         "Found by this engine's search, and then seen on the real kernels 6.1.192 and 7.3.4: "
                         "acknowledged 3 to 6 ms before the record, in 5 of 9 runs without any delay.",
                     .wrong =
                         "A write that fails on a good member waits until that failure is on record. One that ends on "
                         "a member which has failed a moment before does not: it is acknowledged while no superblock "
                         "speaks of the failure yet.",
                     .cost = "an acknowledged write, when the power goes in those milliseconds",
                     .symptom = "recorded",
                     .variant = "faulty-write",
                     .row = "md",
                     .mended = "recorded",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 3511, .shortest = 16, .mended_states = 3194}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
