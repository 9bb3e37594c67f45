// SPDX-License-Identifier: MIT
// How the tree is made: the stop's calls, past and foreseen, are thinned out to what the detail asks for, laid beside
// those of the other array, and each is told what it is at this tick.
//
// A sleeping function that is left out shows as its innermost caller that is shown, asleep: a line that only appeared
// when somebody sleeps would move all others.
#include "engine/story/tell/stop_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/story/tell/stop_notes.hpp"

namespace mdscope {

namespace {

template <class Names>
bool is_among(const Names& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

// A line and the call it stands for; none: it stands for one that is missing.
struct Shown {
    TreeLine line;
    std::optional<std::size_t> call;
};
using Lines = std::vector<Shown>;

class Thinner {
   public:
    Thinner(const Exhibit& exhibit, const Calls& calls, TreeDetail detail)
        : exhibit_(exhibit), calls_(calls), detail_(detail) {}

    Lines lines() {
        Lines lines;
        for (std::size_t i = 0; i < calls_.size(); i++) {
            while (!above_.empty() && (calls_[above_.back()].depth >= calls_[i].depth || is_of_other_task(i)))
                above_.pop_back();
            if (!is_kept(i)) continue;
            TreeLine line;
            line.name = calls_[i].name;
            line.depth = static_cast<int>(above_.size());
            lines.push_back({line, i});
            above_.push_back(i);
        }
        return lines;
    }

   private:
    [[nodiscard]] bool is_of_other_task(std::size_t i) const { return calls_[above_.back()].task != calls_[i].task; }
    [[nodiscard]] bool is_kept(std::size_t i) const {
        const Call& call = calls_[i];
        switch (detail_) {
            case TreeDetail::Every:
                return true;
            case TreeDetail::Reference:
                return call.passed == nullptr && exhibit_.tree.reference->contains(call.name);
            case TreeDetail::Short:
                // The daemon's wait for the run before it is the same in every kernel, and not what the story is about.
                return is_among(exhibit_.tree.few, call.name) &&
                       !(is_among(exhibit_.tree.absent, call.name) && is_inside(exhibit_.passes.function));
        }
        return true;
    }
    [[nodiscard]] bool is_inside(std::string_view name) const {
        return std::ranges::any_of(above_, [&](std::size_t i) { return calls_[i].is(name); });
    }

    const Exhibit& exhibit_;
    const Calls& calls_;
    TreeDetail detail_;
    std::vector<std::size_t> above_;  // kept calls around the one that is looked at
};

void number_calls(Lines& lines) {
    std::map<std::string, int> total, seen;
    for (const Shown& shown : lines) total[shown.line.name]++;
    for (Shown& shown : lines)
        if (total[shown.line.name] > 1) shown.line.number = ++seen[shown.line.name];
}

// ---- beside the other array

bool is_same(const Shown& a, const Shown& b) {
    return a.line.name == b.line.name && a.line.depth == b.line.depth;
}

// Lengths of the longest common subsequences of all tails: [i][j] of own from i on and others from j on.
std::vector<std::vector<std::uint16_t>> common_tails(const Lines& own, const Lines& others) {
    std::vector<std::vector<std::uint16_t>> length(own.size() + 1, std::vector<std::uint16_t>(others.size() + 1));
    for (std::size_t i = own.size(); i-- > 0;)
        for (std::size_t j = others.size(); j-- > 0;)
            length[i][j] = is_same(own[i], others[j]) ? static_cast<std::uint16_t>(length[i + 1][j + 1] + 1)
                                                      : std::max(length[i + 1][j], length[i][j + 1]);
    return length;
}

void add_missing(const museum::Tree& tree, Lines& lines, const TreeLine& other) {
    if (!is_among(tree.absent, other.name)) return;
    TreeLine line;
    line.name = other.name;
    line.depth = std::min(other.depth, lines.empty() ? 0 : lines.back().line.depth + 1);
    line.state = TreeLine::State::Missing;
    line.note = "not called here: nobody waits";
    lines.push_back({line, std::nullopt});
}

Lines with_missing(const museum::Tree& tree, Lines own, const Lines& others) {
    // Far more lines than a stop has: two storms of writes need no comparing, and it is quadratic.
    if (own.size() * others.size() > 4'000'000) return own;
    const auto length = common_tails(own, others);
    Lines lines;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < own.size() || j < others.size()) {
        if (i < own.size() && j < others.size() && is_same(own[i], others[j])) {
            lines.push_back(std::move(own[i++]));
            j++;
        } else if (i < own.size() && (j == others.size() || length[i + 1][j] >= length[i][j + 1])) {
            lines.push_back(std::move(own[i++]));
        } else {
            add_missing(tree, lines, others[j++].line);
        }
    }
    return lines;
}

// ---- at this tick

class Dater {
   public:
    Dater(const Duel& duel, Side side, std::size_t tick, const Calls& calls)
        : duel_(duel), side_(side), step_(duel.tick(tick).step[side]), calls_(calls) {}

    void date(Lines& lines) {
        for (Shown& shown : lines)
            if (shown.call) date_line(shown.line, *shown.call);
        for (Shown& shown : lines)
            if (shown.call && innermost_.contains(calls_[*shown.call].task) &&
                innermost_[calls_[*shown.call].task] == *shown.call)
                mark_innermost(shown.line, *shown.call);
    }

   private:
    [[nodiscard]] const TapeStep& now() const { return duel_.tape(side_).step(step_); }
    [[nodiscard]] bool is_crash() const { return now().moment == Moment::Crash; }

    void date_line(TreeLine& line, std::size_t call) {
        const Call& one = calls_[call];
        if (one.entered) line.entered = duel_.tick_of(side_, *one.entered);
        if (one.left) line.left = duel_.tick_of(side_, *one.left);
        if (one.left) {
            line.state = TreeLine::State::Done;
        } else if (one.entered) {
            line.state = TreeLine::State::Inside;
            innermost_[one.task] = call;  // the last one wins: callers stand above
        } else {
            line.state = is_crash() ? TreeLine::State::Never : TreeLine::State::ToCome;
        }
        line.note = note_of({duel_, side_, step_, calls_, call});
    }

    void mark_innermost(TreeLine& line, std::size_t call) {
        const SnapshotTask* task = find_task(now().snapshot, pid_of(duel_.tape(side_), calls_[call].task));
        const bool asleep = task != nullptr && is_asleep(*task);
        line.state = is_crash() ? TreeLine::State::Oops : asleep ? TreeLine::State::Asleep : TreeLine::State::Now;
        const NoteOf of = {duel_, side_, step_, calls_, call};
        if (asleep && (line.note.empty() || !keeps_note_asleep(of))) line.note = sleep_note(of, *task);
    }

    const Duel& duel_;
    Side side_;
    std::size_t step_;
    const Calls& calls_;
    std::map<std::string, std::size_t> innermost_;  // by task: of the calls that are shown, the one it is in
};

}  // namespace

std::vector<TreeLine> stop_tree(const Duel& duel, Side side, std::size_t tick, LookAhead& own, LookAhead& other,
                                TreeDetail detail) {
    const Side other_side = side == Side::A ? Side::B : Side::A;
    const Calls calls = stop_calls(duel, side, tick, own);
    const Exhibit& exhibit = duel.exhibit();
    Lines lines = Thinner(exhibit, calls, detail).lines();
    number_calls(lines);
    const Calls other_calls = stop_calls(duel, other_side, tick, other);
    lines = with_missing(exhibit.tree, std::move(lines), Thinner(exhibit, other_calls, detail).lines());
    Dater(duel, side, tick, calls).date(lines);
    std::vector<TreeLine> tree;
    for (Shown& shown : lines) tree.push_back(std::move(shown.line));
    return tree;
}

}  // namespace mdscope
