// SPDX-License-Identifier: MIT
// allow_barrier counts down and then wakes (by reading; all kernels): the conf may be gone by then.
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace conf_dies_in_stop {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "a completion counts nr_pending down to 0",
    "the stop sees 0 before it is woken, and goes on",
    "raid1_free frees the configuration",
    "the completion wakes conf->wait_barrier, which is gone",
};
constexpr std::array kRightOrder = {
    "a completion counts nr_pending down to 0",
    "the stop sees 0 before it is woken, and goes on",
    "the configuration is put aside until the mddev goes",
    "the completion wakes conf->wait_barrier, and nobody sleeps there",
};
constexpr std::array kQuestions = {
    Question{
        "The stop waits for the count. Why is that not enough?",
        "The count says that the request has ended. The completion has not: it is about to touch the queue once more."},
    Question{"Which other exhibits have this shape?",
             "M12, M24 and M25: first the count, then a touch of what the count protected."},
    Question{
        "What would mend it?",
        "An owner that outlives the completion, a lock around both, or a grace period before the memory is freed."},
};

bool is_late_wake_up(const OopsFacts& facts) {
    return facts.oops.object == "conf";
}
std::string happened(const OopsFacts& facts) {
    return facts.oops.function +
           " counted its request down, which let the stop go on, and then touched the configuration, which raid1_free "
           "had freed.";
}
std::string who(const OopsFacts& /*facts*/) {
    return "The stop did wait for the count; the configuration should have lived until the completion was done with "
           "it.";
}
std::string counter(const OopsFacts& /*facts*/) {
    return "The counter is conf->nr_pending, which lies in what its waiter frees.";
}
constexpr std::array kWays = {Way{is_late_wake_up, happened, who, counter}};

}  // namespace

}  // namespace conf_dies_in_stop

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& conf_dies_in_stop_exhibit() {
    using namespace conf_dies_in_stop;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "conf_dies_in_stop";
        that.title = "A completion that wakes a configuration which the stop has freed";
        that.scenario = "late-wake-up";
        that.lesson = 0;
        that.matrix = {};
        that.ways = kWays;
        that.recipe = "In fine steps: stop the array while a data write is between its count and its wake-up.";
        that.page = {
            .number = "M13",
            .commit = "",
            .fix = "",
            .kernels = "all that were read",
            .met_by = "Found by this engine's search. No kernel has been seen to crash here.",
            .wrong =
                "A completion counts its request down, and then wakes whoever waits for the count. A stop that has "
                "seen the count at zero frees raid1's configuration, and the queue that is woken lay in it.",
            .cost = "the machine, when an array is stopped right after a write",
            .symptom = "crash",
            .variant = "conf-life",
            .row = "stop",
            .mended = "mddev",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 6410,
                      .shortest = 381,
                      .mended_states = 30000,
                      .is_whole = false,
                      .search = Figures::Search::Priorities}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
