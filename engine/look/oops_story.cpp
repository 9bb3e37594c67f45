// SPDX-License-Identifier: MIT
// What an Oops means: the three sentences of the exhibit whose way of failing it is, or plain ones.
#include <fmt/format.h>

#include <algorithm>

#include "engine/look/oops_console.hpp"
#include "engine/look/oops_facts.hpp"
#include "engine/md/frames.hpp"

namespace mdscope {

namespace {

// ---- where no exhibit knows it

bool is_anything(const museum::OopsFacts& /*facts*/) {
    return true;
}
std::string anything(const museum::OopsFacts& facts) {
    const std::string& object = facts.oops.object;
    return fmt::format("{} touched {}: {}.", facts.oops.function, object.empty() ? "memory" : object, facts.oops.what);
}
std::string whoever_freed(const museum::OopsFacts& /*facts*/) {
    return "Whoever did away with it should have waited until nobody used it.";
}
std::string both_counters(const museum::OopsFacts& facts) {
    return fmt::format("Of the two counters, mddev->pending_writes is {}.", facts.pending_writes);
}
constexpr museum::Way kUnknownWay = {is_anything, anything, whoever_freed, both_counters};

// ---- facts

// md_error's caller logs the error and faults at once, with nothing in between.
bool write_had_failed(const Mddev& mddev, const Oops& oops) {
    const std::vector<LogLine> log = mddev.kernel.log();
    const auto bug =
        std::find_if(log.rbegin(), log.rend(), [](const LogLine& line) { return line.text.starts_with("BUG: "); });
    if (bug == log.rend() || bug + 1 == log.rend()) return false;
    const std::string failed = fmt::format("md: {} gets error=", frames::kSuperWritten);
    return (bug + 1)->at_ns == oops.at_ns && (bug + 1)->text.starts_with(failed);
}

bool is_inside_an_act(const SleepInfo& task) {
    return task.queue != nullptr && std::any_of(task.stack.begin(), task.stack.end(), begins_an_act);
}

}  // namespace

museum::OopsFacts facts_of(const Mddev& mddev, const Oops& oops) {
    museum::OopsFacts facts{mddev, oops, mddev.pending_writes.peek(), write_had_failed(mddev, oops), {}};
    for (const SleepInfo& task : mddev.kernel.tasks())
        if (is_inside_an_act(task)) facts.sleepers.push_back(task);
    return facts;
}

std::string oops_sentences(const Mddev& mddev, const Oops& oops) {
    const museum::OopsFacts facts = facts_of(mddev, oops);
    const museum::Way* known = way_of(facts);
    const museum::Way& way = known != nullptr ? *known : kUnknownWay;
    return way.happened(facts) + "\n" + way.who(facts) + "\n" + way.counter(facts) + "\n";
}

}  // namespace mdscope
