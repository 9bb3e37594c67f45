// SPDX-License-Identifier: MIT
// The data path's twin of M24: bio_put after r1_bio_write_done, where the pools die in the stop.
#include "engine/museum/exhibit.hpp"

#include <algorithm>
#include <array>

namespace mdscope {

namespace clone_put_last {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "a data write ends its request: nothing is pending any more",
    "the stop, which waited for that, goes on",
    "__md_stop destroys the pools",
    "the completion gives its bio back to a pool that is gone",
};
constexpr std::array kRightOrder = {
    "a data write gives its bio back",
    "it ends its request: nothing is pending any more",
    "the stop, which waited for that, goes on",
    "__md_stop destroys the pools",
};
constexpr std::array kQuestions = {
    Question{"Which bug is this the twin of?", "M24, the order in super_written. It was mended there, and not here."},
    Question{"Why are kernels with other pools safe?",
             "There the pools live as long as the array's mddev, which outlives the completion."},
    Question{"How wide is the window?",
             "A few instructions of a completion, into which the rest of a stop has to fit."},
};

bool is_late_clone(const OopsFacts& facts) {
    return facts.oops.function == "mempool_free" &&
           std::ranges::find(facts.oops.stack, "raid1_end_write_request") != facts.oops.stack.end();
}
std::string happened(const OopsFacts& /*facts*/) {
    return "raid1_end_write_request had ended its request, and gave its own bio back after that, to a pool that "
           "__md_stop "
           "had destroyed.";
}
std::string who(const OopsFacts& /*facts*/) {
    return "The stop did wait for the request; the completion should have given its bio back first.";
}
std::string counter(const OopsFacts& /*facts*/) {
    return "The counter is conf->nr_pending: at 0 everything the completion still holds may go.";
}
constexpr std::array kWays = {Way{is_late_clone, happened, who, counter}};

}  // namespace

}  // namespace clone_put_last

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& clone_put_last_exhibit() {
    using namespace clone_put_last;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "clone_put_last";
        that.title = "A data write that gives its bio back after it has ended";
        that.scenario = "late-clone";
        that.lesson = 0;
        that.matrix = {};
        that.ways = kWays;
        that.recipe = "In fine steps: stop the array while a data write is between its count and its bio.";
        that.page = {
            .number = "M12",
            .commit = "",
            .fix = "",
            .kernels = "where the bio pools die in the stop: 6.1.53 to 6.1.192",
            .met_by = "Found by reading: 341097ee5357 mended the same in super_written. Not seen on a real kernel.",
            .wrong =
                "raid1_end_write_request ends the request first, and gives its bio back after that. A stop that waited "
                "for the request goes on and destroys the pool that the bio is from.",
            .cost = "the machine, when an array is stopped right after a write",
            .symptom = "crash",
            .variant = "clone-put",
            .row = "last",
            .mended = "first",
            .with_variant = "pools",
            .with_row = "stop",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 293,
                      .shortest = 398,
                      .mended_states = 30000,
                      .is_whole = false,
                      .search = Figures::Search::Priorities}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
