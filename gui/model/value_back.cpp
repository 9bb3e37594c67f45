// SPDX-License-Identifier: MIT

#include "gui/model/value_back.hpp"

#include <algorithm>
#include <functional>

#include "engine/story/tell/stop_notes.hpp"

namespace mdscope::gui {

namespace {

using Value = std::function<long(const TapeStep& step)>;

// What of a step the thing is; empty: nothing by that name is known.
Value value_behind(const Duel& duel, const std::string& thing) {
    const std::size_t slash = thing.find('/');
    const std::string kind = thing.substr(0, slash);
    const std::string name = slash == std::string::npos ? "" : thing.substr(slash + 1);
    if (kind == "counter") {
        const museum::Counter* counter = find_counter(duel.exhibit(), name);
        if (counter == nullptr) return {};
        return [counter](const TapeStep& step) { return static_cast<long>(value_of(*counter, step.snapshot)); };
    }
    if (kind == "write")
        return [name](const TapeStep& step) {
            return static_cast<long>(std::ranges::find(step.bios, name, &BioAt::name) != step.bios.end());
        };
    if (kind == "member")
        return [name](const TapeStep& step) {
            const auto found = std::ranges::find(step.snapshot.members, name, &SnapshotMember::name);
            return static_cast<long>(found != step.snapshot.members.end() && found->bound);
        };
    if (kind == "function")
        return [name](const TapeStep& step) {
            return static_cast<long>(std::ranges::any_of(step.snapshot.tasks, [&](const SnapshotTask& task) {
                return std::ranges::find(task.stack, name) != task.stack.end();
            }));
        };
    return {};
}

}  // namespace

std::optional<std::size_t> set_last(const Duel& duel, const std::string& thing, std::size_t tick, bool again) {
    const Value value = value_behind(duel, thing);
    if (!value) return std::nullopt;
    for (std::size_t at = again && tick > 0 ? tick - 1 : tick; at > 0; at--)
        for (const Side side : kSides)
            if (value(duel.at(side, at)) != value(duel.at(side, at - 1))) return at;
    return std::nullopt;
}

}  // namespace mdscope::gui
