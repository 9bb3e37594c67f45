// What a completion needs, who takes it away, and where somebody waits, as tables; and the search for a wait between
// now and then among the calls that are foreseen.
//
//   counted in               needs                      taken by                      waited for in
//   mddev->pending_writes    the member's mddev         unbind_rdev_from_array        md_super_wait
//                            the bio's pool             __md_stop, if pools=stop      (md_bitmap_free, with one fix)
//   bitmap->pending_writes   the bitmap                 md_bitmap_free                md_bitmap_wait_writes, ...
//   neither (data, resync)   raid1's configuration      raid1_free                    freeze_array
#include "engine/story/tell/who_waits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/story/tell/stop_notes.hpp"

namespace mdscope {

namespace {

constexpr const char* kBitmapFile = "bitmap";  // the name of the disk that the bitmap file is

// A bio that somebody still has to answer for.
struct Debt {
    std::string bio;
    BioName name;
    bool is_read = false;
    bool has_counted = false;
};

const char* counter_of(const Debt& debt) {
    if (debt.is_read || debt.name.kind == "data" || debt.name.kind == "resync") return "";
    return debt.name.member == kBitmapFile ? kBitmapCounter : kMddevCounter;
}

// ---- the stop, as it will go on

class Outlook {
   public:
    Outlook(const Duel& duel, Side side, std::size_t tick, Oracle& oracle)
        : tape_(duel.tape(side)), step_(duel.tick(tick).step[side]), calls_(stop_calls(duel, side, tick, oracle)) {
        note_unbindings();
    }

    Cover cover(const Debt& debt) const {
        Cover cover;
        cover.bio = debt.bio;
        cover.counter = counter_of(debt);
        cover.has_counted = debt.has_counted;
        const Taking taking = debt.has_counted ? taking_after_count(debt) : taking_of(debt, cover.counter);
        cover.takes = taking.by;
        cover.is_taken = taking.is_done;
        cover.count = count_of(cover.counter);
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

    int count_of(const std::string& counter) const {
        if (counter == kMddevCounter) return now().snapshot.array.pending_writes;
        return counter == kBitmapCounter ? now().snapshot.array.bitmap_pending_writes : 0;
    }

    // ---- who takes it

    // Members are unbound in the order in which the array lists them.
    void note_unbindings() {
        std::vector<std::string> bound;
        for (const SnapshotMember& member : now().snapshot.members)
            if (member.bound) bound.push_back(member.name);
        auto next = bound.begin();
        for (const Call& call : calls_) {
            if (!call.is("unbind_rdev_from_array") || call.is_past() || has_unbound(call)) continue;
            if (next != bound.end()) unbindings_[*next++] = call.from;
        }
    }
    [[nodiscard]] bool has_unbound(const Call& call) const {
        for (std::size_t step = call.entered.value_or(step_ + 1); step <= step_; step++)
            if (!unbound_members(tape_, step).empty()) return true;
        return false;
    }

    [[nodiscard]] Taking taking_of(const Debt& debt, std::string_view counter) const {
        if (counter == kMddevCounter) return std::min(end_of_pools(), unbinding(debt.name.member), earlier);
        if (counter == kBitmapCounter) return end_of("md_bitmap_free");
        return debt.is_read ? Taking{} : end_of("raid1_free");
    }

    // What the completion still touches behind its count: the bio's pool and the member in the order of 2021; the
    // bitmap's queue. In the order of 2022 only the mddev, which stays.
    [[nodiscard]] Taking taking_after_count(const Debt& debt) const {
        if (std::string_view(counter_of(debt)) == kBitmapCounter) return end_of("md_bitmap_free");
        if (now().snapshot.variants.name("order") != "2021") return {};
        return std::min(end_of_pools(), end_of_member(), earlier);
    }

    static bool earlier(const Taking& a, const Taking& b) { return a.when < b.when; }

    [[nodiscard]] Taking end_of_pools() const {
        if (now().pools_gone) return {"__md_stop", 0, true};
        return now().snapshot.variants.name("pools") == "stop" ? end_of("__md_stop") : Taking{};
    }
    [[nodiscard]] Taking unbinding(const std::string& member) const {
        const auto& members = now().snapshot.members;
        const auto found = std::ranges::find(members, member, &SnapshotMember::name);
        if (found == members.end() || !found->bound) return {"unbind_rdev_from_array", 1, true};
        const auto coming = unbindings_.find(member);
        if (coming == unbindings_.end()) return {};
        return {"unbind_rdev_from_array", coming->second, false};
    }
    // Only a scenario in which somebody runs the work that unbinding queues has members that are freed.
    [[nodiscard]] Taking end_of_member() const {
        const auto& tasks = tape_.scenario().tasks;
        const bool is_freed = std::ranges::any_of(tasks, [](const ScenarioTask& task) {
            return std::ranges::find(task.statements, Statement::Kind::DelayedDelete, &Statement::kind) !=
                   task.statements.end();
        });
        if (!is_freed || unbindings_.empty()) return is_freed ? Taking{"rdev_delayed_delete", 2, false} : Taking{};
        return {"rdev_delayed_delete", unbindings_.begin()->second, false};
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
            if (!call.is_past() && call.from < before && is_wait_for(call, counter, now().snapshot) &&
                (first == nullptr || call.from < first->from))
                first = &call;
        return first != nullptr ? first->name : "";
    }

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
void note_counted(std::vector<Debt>& debts, const TapeStep& step) {
    for (const char* counter : {kMddevCounter, kBitmapCounter}) {
        const auto is_of = [&](const Debt& debt) { return std::string_view(counter_of(debt)) == counter; };
        const SnapshotArray& array = step.snapshot.array;
        const int value = counter == kMddevCounter ? array.pending_writes : array.bitmap_pending_writes;
        auto missing = std::ranges::count_if(debts, is_of) + std::ranges::count_if(bios_in_flight(step), is_of) - value;
        for (Debt& debt : debts)
            if (is_of(debt) && missing-- > 0) debt.has_counted = true;
    }
}

std::vector<Debt> completions_begun(const Tape& tape, std::size_t step) {
    std::vector<Debt> debts;
    for (const SnapshotTask& task : tape.step(step).snapshot.tasks) {
        if (!is_completion(task)) continue;
        Debt debt;
        debt.bio = bio_of_completion(tape, step, task.pid);
        if (read_bio_name(debt.bio, &debt.name)) debts.push_back(std::move(debt));
    }
    if (!debts.empty()) note_counted(debts, tape.step(step));
    return debts;
}

bool is_waited_for(const Cover& cover, const std::vector<Wait>& waits) {
    return !cover.has_counted && std::ranges::any_of(waits, [&](const Wait& wait) {
        return std::ranges::find(wait.wakers, cover.bio) != wait.wakers.end();
    });
}

std::vector<Cover> covers_of(const std::vector<Debt>& debts, const Duel& duel, Side side, std::size_t tick,
                             Oracle& oracle) {
    std::vector<Cover> covers;
    if (debts.empty()) return covers;
    const Outlook outlook(duel, side, tick, oracle);
    const std::vector<Wait> sleepers = waits(duel, side, tick);
    for (const Debt& debt : debts) {
        covers.push_back(outlook.cover(debt));
        covers.back().is_waited = is_waited_for(covers.back(), sleepers);
    }
    return covers;
}

}  // namespace

std::vector<Cover> coverage(const Duel& duel, Side side, std::size_t tick, Oracle& oracle) {
    return covers_of(bios_in_flight(duel.at(side, tick)), duel, side, tick, oracle);
}

std::vector<Cover> completions(const Duel& duel, Side side, std::size_t tick, Oracle& oracle) {
    return covers_of(completions_begun(duel.tape(side), duel.tick(tick).step[side]), duel, side, tick, oracle);
}

// ---- sleepers

namespace {

// A thread of md or mdmon that has nothing to do.
bool has_nothing_to_do(const SnapshotTask& task) {
    return task.stack.empty() || task.stack.front() == "md_thread" || task.stack.front() == "wait_and_act";
}

Wait wait_of(const SnapshotTask& task, const TapeStep& step) {
    Wait wait;
    wait.task = task.comm;
    wait.function = task.stack.empty() ? task.queue : task.stack.front();
    wait.queue = task.queue;
    wait.condition = task.condition;
    const CounterAsked* asked = counter_asked(task.condition);
    if (asked != nullptr) {
        const int value = asked->value(step.snapshot);
        wait.values = fmt::format("{} == 0: {}", value, value == 0 ? "true" : "false");
    }
    const std::string_view counter = asked != nullptr ? asked->counter : "";
    if (asked == nullptr && !is_in(task, "freeze_array")) return wait;
    for (const Debt& debt : bios_in_flight(step))
        if (counter == counter_of(debt) && !(asked == nullptr && debt.is_read && debt.name.kind != "data"))
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
            first.push_back(wait_of(task, step));
        else if (!has_nothing_to_do(task))
            then.push_back(wait_of(task, step));
    }
    first.insert(first.end(), std::make_move_iterator(then.begin()), std::make_move_iterator(then.end()));
    return first;
}

}  // namespace mdscope
