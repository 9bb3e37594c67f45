// SPDX-License-Identifier: MIT
// One schedule, run once, with everything written down.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "engine/explore/search.hpp"
#include "engine/kernel/hash.hpp"
#include "engine/look/oops_console.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/museum/exhibit.hpp"

namespace mdscope {

namespace {

std::string actor_name(const Choice& choice) {
    if (choice.bio != nullptr)
        return fmt::format("{} bio {}", choice.bio->bi_disk != nullptr ? choice.bio->bi_disk->name() : "?",
                           choice.bio->bi_id);
    if (World::is_cut(choice)) return "plug";
    if (choice.timer != nullptr) return "timer";
    return choice.task->comm;
}

std::string innermost_frame(const Choice& choice) {
    if (choice.task == nullptr || choice.task->trace.top == nullptr) return "";
    return choice.task->trace.top->name;
}

int bitmap_pending_writes(const Mddev& mddev) {
    const Bitmap* bitmap = mddev.bitmap.peek();
    return bitmap != nullptr ? bitmap->pending_writes.peek() : 0;
}

class Recorder {
   public:
    explicit Recorder(World& world) : world_(world) {}

    void take(std::size_t index) {
        const Choice choice = world_.choices()[index];
        ScheduleStep step;
        step.actor = actor_name(choice);
        step.what = world_.describe(index);
        step.is_choice = world_.choices().size() > 1;
        if (step.is_choice) {
            run_.picks.push_back(static_cast<std::uint32_t>(index));
            run_.stood_for.push_back(step.what);
        }
        world_.take(index);
        const SimLab& lab = world_.lab();
        step.where = where(choice);
        step.at_ns = lab.kernel.now_ns();
        step.mddev_pending_writes = lab.mddev().pending_writes.peek();
        step.bitmap_pending_writes = bitmap_pending_writes(lab.mddev());
        // Fine steps of one actor that change nothing to be seen are one row.
        if (!run_.lanes.empty() && run_.lanes.back().actor == step.actor && run_.lanes.back().where == step.where &&
            run_.lanes.back().mddev_pending_writes == step.mddev_pending_writes &&
            run_.lanes.back().bitmap_pending_writes == step.bitmap_pending_writes)
            return;
        run_.lanes.push_back(std::move(step));
    }

    Run finish(const trace::CallTreeSink& calls) {
        SimLab& lab = world_.lab();
        run_.judge = world_.broken();
        run_.what = world_.what();
        if (const Oops* oops = lab.kernel.first_oops(); oops != nullptr) {
            run_.oops = *oops;
            run_.console = oops_console(lab.mddev(), *oops);
        }
        run_.event_log = world_.earlier_log() + lab.kernel.event_log();
        run_.log_hash = fnv1a(run_.event_log);
        run_.tree_all = calls.text();
        run_.tree = calls.text(exhibit_of(world_.scenario()).tree.reference);
        run_.mdstat = lab.mdstat();
        return std::move(run_);
    }

    void cut(const CutByHand& cut) {
        ScheduleStep step;
        step.actor = "plug";
        step.what = cut.words;
        step.at_ns = world_.lab().kernel.now_ns();
        world_.cut_by_hand(cut.words);
        run_.lanes.push_back(std::move(step));
    }

    [[nodiscard]] std::size_t made() const { return run_.picks.size(); }
    void set_ending(Ending ending) { run_.ending = ending; }

   private:
    // A completion is over after a coarse step; the task of a choice is where it stopped.
    std::string where(const Choice& choice) const {
        if (world_.moment() == Moment::Crash) return world_.lab().kernel.first_oops()->function;
        return innermost_frame(choice);
    }

    World& world_;
    Run run_;
};

Error drifted(std::size_t pick, const std::string& recorded, const World& world) {
    std::string offered;
    for (std::size_t i = 0; i < world.choices().size(); i++)
        offered += fmt::format("{}{} {}", i == 0 ? "" : ", ", i, world.describe(i));
    return {EINVAL, fmt::format("the replay drifted at pick {}, step {}: recorded was {}, offered are {}", pick + 1,
                                world.steps(), recorded, offered)};
}

Result<Run> run_world(World& world, const Picks* picks, const std::vector<std::string>* stood_for,
                      std::uint64_t most_steps, std::span<const CutByHand> cuts) {
    trace::CallTreeSink calls;
    world.lab().record_calls(&calls);
    Recorder recorder(world);
    FirstChooser quiet;  // tasks, oldest first; what the disks do comes last, so a stop meets its writes in flight
    const auto is_cut_now = [&] { return !cuts.empty() && cuts.front().step == world.steps(); };
    while ((world.moment() == Moment::Open || is_cut_now()) && world.steps() < most_steps) {
        if (is_cut_now()) {
            recorder.cut(cuts.front());
            cuts = cuts.subspan(1);
            continue;
        }
        std::size_t index = 0;
        const std::size_t number = recorder.made();
        if (world.choices().size() > 1) {
            if (picks == nullptr) {
                index = quiet.choose(world.choices());
            } else if (number < picks->size()) {
                index = (*picks)[number];
                const std::string recorded =
                    stood_for != nullptr && number < stood_for->size() ? (*stood_for)[number] : std::to_string(index);
                if (index >= world.choices().size()) return drifted(number, recorded, world);
                if (stood_for != nullptr && number < stood_for->size() && world.describe(index) != recorded)
                    return drifted(number, recorded, world);
            }
        }
        recorder.take(index);
    }
    recorder.set_ending(ending_of(world.moment()));
    Run run = recorder.finish(calls);
    run.is_over = world.moment() != Moment::Open;
    world.lab().record_calls(nullptr);
    return run;
}

}  // namespace

Result<Run> run_once(const Scenario& scenario, const std::vector<std::uint32_t>* picks,
                     const std::vector<std::string>* stood_for, std::uint64_t most_steps) {
    try {
        World world(scenario, {.event_log = true, .invariants = true, .hashing = false, .conflicts = nullptr});
        return run_world(world, picks, stood_for, most_steps, {});
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, error.what()};
    }
}

Result<Run> run_with_cuts(const Scenario& scenario, const Picks& picks, const std::vector<CutByHand>& cuts,
                          std::uint64_t most_steps) {
    try {
        World world(scenario, {.event_log = true, .invariants = true, .offers_cuts = false});
        return run_world(world, &picks, nullptr, most_steps, cuts);
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, error.what()};
    }
}

namespace {

std::size_t index_of(const World& world, std::uint64_t actor) {
    const auto choices = world.choices();
    for (std::size_t i = 0; i < choices.size(); i++)
        if (SimKernel::actor_of(choices[i]) == actor) return i;
    throw std::runtime_error("a fine schedule cannot be written out: its actor is gone");
}

}  // namespace

Picks picks_without_bound(const Scenario& scenario, const Picks& picks, unsigned preemptions, ConflictMap* conflicts) {
    World world(
        scenario,
        {.event_log = false, .invariants = true, .hashing = false, .conflicts = conflicts, .preemptions = preemptions});
    Picks written;
    ReplayChooser replay({picks.begin(), picks.end()});
    while (world.moment() == Moment::Open && (replay.position() < picks.size() || world.choices().size() == 1)) {
        const std::size_t index = world.choices().size() > 1 ? replay.choose(world.choices()) : 0;
        if (world.unbounded_choices() > 1) written.push_back(static_cast<std::uint32_t>(world.unbounded_index(index)));
        world.take(index);
    }
    return written;
}

Picks picks_without_conflicts(const Scenario& scenario, const Picks& picks, ConflictMap& conflicts) {
    World known(scenario, {.event_log = false, .invariants = false, .hashing = false, .conflicts = &conflicts});
    World all(scenario, {.event_log = false, .invariants = false, .hashing = false, .conflicts = nullptr});
    Picks written;
    ReplayChooser replay({picks.begin(), picks.end()});
    while (known.moment() == Moment::Open) {
        const std::size_t index = known.choices().size() > 1 ? replay.choose(known.choices()) : 0;
        const Choice choice = known.choices()[index];
        const std::uint64_t actor = SimKernel::actor_of(choice);
        // A bio may end well or badly: the same actor, so the first step goes by the kind, too.
        bool is_first = true;
        known.take(index);
        do {
            std::size_t at = index_of(all, actor);
            if (is_first)
                while (all.choices()[at].kind != choice.kind) at++;
            is_first = false;
            if (all.choices().size() > 1) written.push_back(static_cast<std::uint32_t>(at));
            all.take(at);
        } while (all.moment() == Moment::Open && all.lab().kernel.accesses() < known.lab().kernel.accesses());
    }
    return written;
}

}  // namespace mdscope
