// SPDX-License-Identifier: MIT
// The second bug of the stop: super_written counts down first (341097ee5357, up to 6.1.2). The stop of 2021 with its
// fix, told with the tables of that exhibit; what differs is the order in which a completion lets go.
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace completion_order_2022 {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "super_written counts mddev->pending_writes down to 0",
    "the stop, which slept until it is 0, wakes up and goes on",
    "it unbinds the member and frees it, and the pools of the bios",
    "super_written drops its reference to the member, and gives its bio back",
};
constexpr std::array kRightOrder = {
    "super_written drops its reference to the member",
    "it gives its bio back to the pool",
    "it counts mddev->pending_writes down to 0, the last thing it does",
    "the stop wakes up, unbinds the member and frees it",
};
constexpr std::array kQuestions = {
    Question{"The kernel of this exhibit has the fix of 2021, and waits. What does it wait for?",
             "For a count to be 0. The count said so before the completion was over."},
    Question{"Why does nobody meet it in coarse steps?",
             "There a completion is one step. The stop has to run between two of its lines."},
    Question{"The member is still touched after the count in the right order?",
             "No. Only the mddev is, and that is freed by nobody while the stop sleeps on it."},
};

}  // namespace

}  // namespace completion_order_2022

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& completion_order_2022_exhibit() {
    using namespace completion_order_2022;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();
        that.name = "completion_order_2022";
        that.title = "A completion that counts down before it is over";
        that.scenario = "second-bug";
        that.lesson = 5;
        that.matrix = {};
        that.page = {.number = "M24",
                     .commit = "341097ee5357",
                     .fix = "fix a crash in mempool_free",
                     .kernels = "up to 6.1.2",
                     .met_by =
                         "Fixed in November 2022, after a crash in mempool_free: the pool that a bio was given "
                         "back to was gone.",
                     .wrong =
                         "A completion tells the waiting stop that all writes have ended, and only then lets go of "
                         "the member and of its bio. The stop takes both away in the meantime.",
                     .cost = "the machine, when an array is stopped",
                     .symptom = "crash",
                     .variant = "order",
                     .row = "2021",
                     .mended = "2022",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 7782, .shortest = 232, .mended_states = 2824}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
