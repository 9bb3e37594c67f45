// SPDX-License-Identifier: MIT
// The search for a wait between now and then among the calls that are foreseen: the exhibit's tables say where a write
// is counted, who takes away what its completion needs, and which functions wait for that counter.
#include "engine/story/tell/who_waits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/md/frames.hpp"
#include "engine/story/tell/stop_notes.hpp"

namespace mdscope {

namespace {

// A bio that somebody still has to answer for.
struct Debt {
    std::string bio;
    BioName name;
    bool is_read = false;
    bool has_counted = false;
};

const char* counter_of(const Exhibit& exhibit, const Debt& debt) {
    return exhibit.counted_in(debt.name, debt.is_read);
}

// ---- the stop, as it will go on

class Outlook {
   public:
    Outlook(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead)
        : exhibit_(duel.exhibit()),
          tape_(duel.tape(side)),
          step_(duel.tick(tick).step[side]),
          calls_(stop_calls(duel, side, tick, look_ahead)) {
        note_unbindings();
    }

    Cover cover(const Debt& debt) const {
        Cover cover;
        cover.bio = debt.bio;
        cover.counter = counter_of(exhibit_, debt);
        cover.has_counted = debt.has_counted;
        const Taking taking = taking_of(debt, cover.counter);
        cover.takes = taking.by;
        cover.is_taken = taking.is_done;
        if (const museum::Counter* counter = find_counter(exhibit_, cover.counter))
            cover.count = value_of(*counter, now().snapshot, debt.name.member);
        if (taking.is_done || debt.has_counted) {
            cover.covered = taking.by.empty();
            return cover;
        }
        cover.wait = first_wait(cover.counter, taking.when);
        cover.covered = taking.by.empty() || !cover.wait.empty();
        return cover;
    }

   private:
    struct Taking {
        std::string by;  // empty: nothing is in sight that does it
        std::uint64_t when = Call::kNever;
        bool is_done = false;
    };

    [[nodiscard]] const TapeStep& now() const { return tape_.step(step_); }

    // ---- who takes it

    // Members are unbound in the order in which the array lists them.
    void note_unbindings() {
        std::vector<std::string> bound;
        for (const SnapshotMember& member : now().snapshot.members)
            if (member.bound) bound.push_back(member.name);
        auto next = bound.begin();
        for (const Call& call : calls_) {
            if (!unbinds(call) || call.is_past() || has_unbound(call)) continue;
            if (next != bound.end()) unbindings_[*next++] = call.from;
        }
    }
    [[nodiscard]] bool unbinds(const Call& call) const {
        return std::ranges::any_of(exhibit_.takers, [&](const museum::Taker& taker) {
            return taker.loss == museum::Loss::Pointer && call.is(taker.function);
        });
    }
    [[nodiscard]] bool has_unbound(const Call& call) const {
        for (std::size_t step = call.entered.value_or(step_ + 1); step <= step_; step++)
            if (!unbound_members(tape_, step).empty()) return true;
        return false;
    }

    // The earliest of those that matter to it.
    [[nodiscard]] Taking taking_of(const Debt& debt, std::string_view counter) const {
        Taking first;
        if (debt.is_read) return first;
        for (const museum::Taker& taker : exhibit_.takers) {
            if (counter != taker.counter) continue;
            const Taking taking = taking_by(taker, debt);
            if (!taking.by.empty() && (first.by.empty() || taking.when < first.when)) first = taking;
        }
        return first;
    }
    [[nodiscard]] Taking taking_by(const museum::Taker& taker, const Debt& debt) const {
        if (!taker.applies(now().snapshot.variants, debt.has_counted)) return {};
        switch (taker.loss) {
            case museum::Loss::Pools:
                return now().pools_gone ? Taking{taker.function, 0, true} : end_of(taker.function);
            case museum::Loss::Pointer:
                return unbinding(taker.function, debt.name.member);
            case museum::Loss::Memory:
                return end_of_member(taker.function);
            case museum::Loss::Structure:
                break;
        }
        return end_of(taker.function);
    }

    [[nodiscard]] Taking unbinding(const char* function, const std::string& member) const {
        const auto& members = now().snapshot.members;
        const auto found = std::ranges::find(members, member, &SnapshotMember::name);
        if (found == members.end() || !found->bound) return {function, 1, true};
        const auto coming = unbindings_.find(member);
        if (coming == unbindings_.end()) return {};
        return {function, coming->second, false};
    }
    // Only a scenario in which somebody runs the work that unbinding queues has members that are freed.
    [[nodiscard]] Taking end_of_member(const char* function) const {
        const auto& tasks = tape_.scenario().tasks;
        const bool is_freed = std::ranges::any_of(tasks, [](const ScenarioTask& task) {
            return std::ranges::find(task.statements, Statement::Kind::DelayedDelete, &Statement::kind) !=
                   task.statements.end();
        });
        if (!is_freed || unbindings_.empty()) return is_freed ? Taking{function, 2, false} : Taking{};
        return {function, unbindings_.begin()->second, false};
    }
    [[nodiscard]] Taking end_of(std::string_view function) const {
        for (const Call& call : calls_)
            if (call.is(function) && !call.is_past()) return {std::string(function), call.until, false};
        for (const Call& call : calls_)
            if (call.is(function)) return {std::string(function), 0, true};
        return {};
    }

    // ---- who waits

    [[nodiscard]] std::string first_wait(std::string_view counter, std::uint64_t before) const {
        const Call* first = nullptr;
        for (const Call& call : calls_)
            if (!call.is_past() && call.from < before && is_wait_for(exhibit_, call, counter, now().snapshot) &&
                (first == nullptr || call.from < first->from))
                first = &call;
        return first != nullptr ? first->name : "";
    }

    const Exhibit& exhibit_;
    const Tape& tape_;
    std::size_t step_;
    Calls calls_;
    std::map<std::string, std::uint64_t> unbindings_;  // by member: when
};

// ---- who owes

std::vector<Debt> bios_in_flight(const TapeStep& step) {
    std::vector<Debt> debts;
    for (const BioAt& bio : step.bios) {
        Debt debt;
        debt.bio = bio.name;
        if (!read_bio_name(bio.name, &debt.name)) continue;
        const auto& bios = step.snapshot.bios;
        const auto info = std::ranges::find(bios, bio.id, &SnapshotBio::id);
        debt.is_read = info != bios.end() && info->op != "write";
        debts.push_back(std::move(debt));
    }
    return debts;
}

// Who of `debts` has counted down: of a counter, the number that is missing in it; those that began first.
void note_counted(const Exhibit& exhibit, std::vector<Debt>& debts, const TapeStep& step) {
    for (const museum::Counter& counter : exhibit.counters) {
        if (counter.of == museum::Counter::Of::Member) continue;  // each has its own
        const auto is_of = [&](const Debt& debt) {
            return std::string_view(counter_of(exhibit, debt)) == counter.name;
        };
        auto missing = std::ranges::count_if(debts, is_of) + std::ranges::count_if(bios_in_flight(step), is_of) -
                       value_of(counter, step.snapshot);
        for (Debt& debt : debts)
            if (is_of(debt) && missing-- > 0) debt.has_counted = true;
    }
}

std::vector<Debt> completions_begun(const Exhibit& exhibit, const Tape& tape, std::size_t step) {
    std::vector<Debt> debts;
    for (const SnapshotTask& task : tape.step(step).snapshot.tasks) {
        if (!is_completion(task)) continue;
        Debt debt;
        debt.bio = bio_of_completion(tape, step, task.pid);
        if (read_bio_name(debt.bio, &debt.name)) debts.push_back(std::move(debt));
    }
    if (!debts.empty()) note_counted(exhibit, debts, tape.step(step));
    return debts;
}

bool is_waited_for(const Cover& cover, const std::vector<Wait>& waits) {
    return !cover.has_counted && std::ranges::any_of(waits, [&](const Wait& wait) {
        return std::ranges::find(wait.wakers, cover.bio) != wait.wakers.end();
    });
}

std::vector<Cover> covers_of(const std::vector<Debt>& debts, const Duel& duel, Side side, std::size_t tick,
                             LookAhead& look_ahead) {
    std::vector<Cover> covers;
    if (debts.empty()) return covers;
    const Outlook outlook(duel, side, tick, look_ahead);
    const std::vector<Wait> sleepers = waits(duel, side, tick);
    for (const Debt& debt : debts) {
        covers.push_back(outlook.cover(debt));
        covers.back().is_waited = is_waited_for(covers.back(), sleepers);
        covers.back().is_read = is_read(duel.at(side, tick), debt.bio);
    }
    return covers;
}

}  // namespace

std::vector<Cover> who_waits(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead) {
    return covers_of(bios_in_flight(duel.at(side, tick)), duel, side, tick, look_ahead);
}

std::vector<Cover> completions(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead) {
    return covers_of(completions_begun(duel.exhibit(), duel.tape(side), duel.tick(tick).step[side]), duel, side, tick,
                     look_ahead);
}

// ---- sleepers

namespace {

// A thread of md or mdmon that has nothing to do.
bool has_nothing_to_do(const SnapshotTask& task) {
    return task.stack.empty() || task.stack.front() == frames::kMdThread || task.stack.front() == "wait_and_act";
}

// Inside a function that waits for data and resync, in whatever words.
bool waits_for_data(const Exhibit& exhibit, const SnapshotTask& task) {
    return std::ranges::any_of(exhibit.waits, [&](const museum::WaitSite& site) {
        return std::string_view(site.counter).empty() && is_in(task, site.function);
    });
}

Wait wait_of(const Exhibit& exhibit, const SnapshotTask& task, const TapeStep& step) {
    Wait wait;
    wait.task = task.comm;
    wait.function = task.stack.empty() ? task.queue : task.stack.front();
    wait.queue = task.queue;
    wait.condition = task.condition;
    const museum::Counter* asked = counter_asked(exhibit, task.condition);
    if (asked != nullptr) {
        const int value = value_of(*asked, step.snapshot);
        wait.values = fmt::format("{} == 0: {}", value, value == 0 ? "true" : "false");
    }
    const std::string_view counter = asked != nullptr ? asked->name : "";
    if (asked == nullptr && !waits_for_data(exhibit, task)) return wait;
    for (const Debt& debt : bios_in_flight(step))
        if (counter == counter_of(exhibit, debt) && !(asked == nullptr && debt.is_read && debt.name.kind != "data"))
            wait.wakers.push_back(debt.bio);
    return wait;
}

}  // namespace

std::vector<Wait> waits(const Duel& duel, Side side, std::size_t tick) {
    const TapeStep& step = duel.at(side, tick);
    std::vector<Wait> first, then;
    for (const SnapshotTask& task : step.snapshot.tasks) {
        if (!is_asleep(task)) continue;
        const auto& tasks = duel.tape(side).scenario().tasks;
        const bool is_named = std::ranges::find(tasks, task.comm, &ScenarioTask::name) != tasks.end();
        if (is_named)
            first.push_back(wait_of(duel.exhibit(), task, step));
        else if (!has_nothing_to_do(task))
            then.push_back(wait_of(duel.exhibit(), task, step));
    }
    first.insert(first.end(), std::make_move_iterator(then.begin()), std::make_move_iterator(then.end()));
    return first;
}

}  // namespace mdscope
