// SPDX-License-Identifier: MIT
// The links of a chain that follows one bio, found in the recording. Only for why.cpp.
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "engine/story/tell/scene.hpp"
#include "engine/story/tell/stop_notes.hpp"

namespace mdscope {

class Chain {
   public:
    Chain(const Scene& scene, std::string bio)
        : scene_(scene),
          tape_(scene.tape()),
          bio_(std::move(bio)),
          calls_(past_stop_calls(scene.duel, scene.side, scene.duel.end())) {
        (void)read_bio_name(bio_, &name_);
        for (submitted_ = 0; submitted_ + 1 < tape_.size() && !is_in_flight(submitted_);) submitted_++;
    }

    std::vector<Link> nobody_waited(const std::string& takes) {
        add_submission(" without waiting for it");
        add_count();
        add_useless_wait();
        add_taking(takes, fmt::format(" while {} is in flight", bio_));
        add_end();
        return std::move(links_);
    }
    std::vector<Link> counted_too_early(const std::string& takes) {
        add_submission("");
        if (!add_wait(fmt::format("The {} does wait for it", act()))) add_useless_wait();
        add_early_count();
        add_taking(takes, fmt::format(", though the completion of {} still needs it", bio_));
        add_end();
        std::ranges::stable_sort(links_, {}, &Link::tick);  // it may have counted long before somebody waits
        return std::move(links_);
    }
    std::vector<Link> somebody_waited(const Cover* cover) {
        add_submission(" without waiting for it");
        add_count();
        if (!add_wait(fmt::format("The {} waits for that", act()), cover)) {
            if (takes_anything())
                add_luck();
            else
                add(fmt::format("The {} takes nothing away that it needs, whenever it ends.", act()), submitted_);
            return std::move(links_);
        }
        if (takes_anything()) add_taking(first_taking(), ", and by then it has ended");
        return std::move(links_);
    }

   private:
    [[nodiscard]] bool is_in_flight(std::size_t step) const {
        const auto& bios = tape_.step(step).bios;
        return std::ranges::find(bios, bio_, &BioAt::name) != bios.end();
    }
    [[nodiscard]] const Exhibit& exhibit() const { return scene_.exhibit(); }
    [[nodiscard]] const char* act() const { return exhibit().act.noun; }
    // Where it is counted. A data write is followed as a metadata write would be.
    [[nodiscard]] const museum::Counter& counter() const {
        const museum::Counter* found = find_counter(exhibit(), exhibit().counted_in(name_, false));
        return found != nullptr ? *found : exhibit().counters.front();
    }
    [[nodiscard]] int value_at(const museum::Counter& of, std::size_t step) const {
        return value_of(of, tape_.step(step).snapshot, name_.member);
    }

    void add(std::string text, std::optional<std::size_t> step) {
        Link link;
        link.text = std::move(text);
        link.tick = scene_.duel.end();
        if (step) link.tick = scene_.duel.tick_of(scene_.side, *step).value_or(link.tick);
        link.has_happened = step && link.tick <= scene_.tick;
        links_.push_back(std::move(link));
    }

    // ---- links

    void add_submission(const std::string& how) {
        const Call* pass = pass_of_submission();
        const TapeStep& step = tape_.step(submitted_);
        if (pass != nullptr && name_.kind == exhibit().passes.kind) {
            add(museum::filled(exhibit().passes.link,
                               {{"number", std::to_string(number_of(*pass))}, {"bio", bio_}, {"how", how}}),
                submitted_);
            return;
        }
        const std::string actor = actor_name(scene_.duel, step.order.name.substr(0, step.order.name.find('#')));
        add(capitalised(fmt::format("{} submits {}{}.", actor, bio_, how)), submitted_);
    }

    void add_count() {
        const std::size_t step = last_of_batch();
        const museum::Counter* beside = find_counter(exhibit(), counter().beside);
        add(fmt::format("It is counted in {}, which is {} then{}.", counter().name, value_at(counter(), step),
                        beside != nullptr ? fmt::format("; {} stays {}", beside->name, value_at(*beside, step)) : ""),
            step);
    }

    void add_useless_wait() {
        const museum::BlindWait& blind = exhibit().blind_wait;
        const Call* last = call_after(submitted_, [&](const Call& call) { return call.is(blind.function); });
        if (last == nullptr && !scene_.is_to_come(blind.function)) {
            add(fmt::format("No wait for {} is left in the {}.", blind.forgets, act()), submitted_);
            return;
        }
        std::optional<std::size_t> step;
        if (last != nullptr) step = last->entered;
        add(fmt::format("The last wait of the {}, in {}, looks at {}, which is 0: nobody waits for {}.", act(),
                        blind.function, blind.looks_at, blind.forgets),
            step);
    }

    bool add_wait(const std::string& begin, const Cover* cover = nullptr) {
        const Call* wait = call_after(submitted_, [&](const Call& call) {
            return is_wait_for(exhibit(), call, counter().name, tape_.step(0).snapshot);
        });
        if (wait == nullptr && (cover == nullptr || cover->wait.empty())) return false;
        const std::string function = wait != nullptr ? wait->name : cover->wait;
        std::optional<std::size_t> step;
        if (wait != nullptr) step = wait->entered;
        const bool by_accident = wait != nullptr && is_inside(*wait, exhibit().accident.function);
        add(by_accident ? museum::filled(exhibit().accident.link,
                                         {{"wait", function}, {"counter", counter().name}, {"bio", bio_}})
                        : fmt::format("{}: {} looks at {} until it is 0.", begin, function, counter().name),
            step);
        return true;
    }

    void add_early_count() {
        std::optional<std::size_t> step;
        for (std::size_t i = submitted_ + 1; i < tape_.size(); i++)
            if (value_at(counter(), i) < value_at(counter(), i - 1) && bio_of_step(tape_, i) == bio_) step = i;
        add(counter().early, step);
    }

    void add_taking(const std::string& takes, const std::string& meanwhile) {
        const museum::Taker* found = find_taker(exhibit(), takes);
        const museum::Taker& taker = found != nullptr ? *found : exhibit().takers.back();
        add(museum::filled(taker.link, {{"member", name_.member}}) + meanwhile + ".", step_of(taker));
    }
    // It ended in time, and no wait was the reason: had it ended later, this would be the chain of a crash.
    void add_luck() {
        const std::optional<std::size_t> ended =
            first_step([&](const TapeStep&, std::size_t step) { return !is_in_flight(step); });
        if (!ended) return;
        add_useless_wait();
        const museum::Taker* found = find_taker(exhibit(), first_taking());
        const museum::Taker& taker = found != nullptr ? *found : exhibit().takers.back();
        add(fmt::format("{} ended before {}: that was luck, no wait. Had it ended later, its completion would have "
                        "followed a pointer to what is gone.",
                        bio_, museum::filled(taker.link, {{"member", name_.member}})),
            ended);
    }
    [[nodiscard]] std::optional<std::size_t> step_of(const museum::Taker& taker) const {
        switch (taker.loss) {
            case museum::Loss::Pools:
                return pools_gone();
            case museum::Loss::Memory:
                return member_freed();
            case museum::Loss::Pointer:
                return member_unbound();
            case museum::Loss::Structure:
                break;
        }
        const Call* call = call_after(submitted_, [&](const Call& one) { return one.is(taker.function); });
        return call != nullptr ? call->left : std::nullopt;
    }

    void add_end() {
        const TapeStep& last = tape_.last();
        const bool is_recorded = last.moment == Moment::Crash && crashed_bio(scene_.duel, scene_.side) == bio_;
        std::optional<std::size_t> step;
        if (is_recorded) step = tape_.size() - 1;
        if (is_recorded && last.snapshot.oops && scene_.step.moment == Moment::Crash) {
            add(fmt::format(
                    "{} is done with {}: {}{}.", capitalised(disk_of(bio_)), bio_,
                    crash_clause(exhibit(), oops_of(*last.snapshot.oops)),
                    last.snapshot.oops->in_irq ? fmt::format(", in a disk interrupt and not in the {}", act()) : ""),
                step);
            return;
        }
        add(fmt::format("When {} is done with {}, its completion follows a pointer to what is gone.", disk_of(bio_),
                        bio_),
            step);
    }

    // ---- where it lies in the recording

    // Entered behind the end of that step, where a bio is submitted.
    const Call* call_after(std::size_t step, auto is) const {
        for (const Call& call : calls_)
            if (call.entered && *call.entered > step && is(call)) return &call;
        return nullptr;
    }
    // A call that is open when the step ends.
    [[nodiscard]] static bool is_open_at(const Call& call, std::size_t step) {
        return call.entered && *call.entered <= step && (!call.left || *call.left > step);
    }
    [[nodiscard]] const Call* pass_of_submission() const {
        if (!std::ranges::any_of(scene_.duel.stop_tasks(),
                                 [&](const std::string& task) { return is_step_of(tape_.step(submitted_), task); }))
            return nullptr;
        for (const Call& call : calls_)
            if (call.is(exhibit().passes.function) && is_open_at(call, submitted_)) return &call;
        return nullptr;
    }
    // Of the passes of one flush, from 1.
    [[nodiscard]] int number_of(const Call& pass) const {
        int number = 0;
        for (const Call& call : calls_) {
            if (call.is(exhibit().passes.inside)) number = 0;
            if (call.is(exhibit().passes.function)) number++;
            if (&call == &pass) break;
        }
        return number;
    }
    [[nodiscard]] bool is_inside(const Call& inner, std::string_view function) const {
        return std::ranges::any_of(calls_, [&](const Call& call) {
            return call.is(function) && call.passed == nullptr && call.from < inner.from && inner.from < call.until;
        });
    }
    // The step in which the last write that was submitted together with this one was, as far as one sees at this tick.
    [[nodiscard]] std::size_t last_of_batch() const {
        const Call* pass = pass_of_submission();
        std::size_t last = submitted_;
        const std::size_t now = scene_.duel.tick(scene_.tick).step[scene_.side];
        for (std::size_t step = submitted_; pass != nullptr && step <= now && is_open_at(*pass, step); step++)
            if (is_step_of(tape_.step(step), pass->task) && !new_bios(tape_, step).empty()) last = step;
        return last;
    }
    [[nodiscard]] std::optional<std::size_t> first_step(auto is) const {
        for (std::size_t step = submitted_; step < tape_.size(); step++)
            if (is(tape_.step(step), step)) return step;
        return std::nullopt;
    }
    [[nodiscard]] std::optional<std::size_t> pools_gone() const {
        return first_step([](const TapeStep& step, std::size_t) { return step.pools_gone; });
    }
    [[nodiscard]] std::optional<std::size_t> member_unbound() const {
        return first_step([&](const TapeStep&, std::size_t step) {
            const std::vector<std::string> names = unbound_members(tape_, step);
            return std::ranges::find(names, name_.member) != names.end();
        });
    }
    [[nodiscard]] std::optional<std::size_t> member_freed() const {
        return first_step([&](const TapeStep& step, std::size_t) {
            return std::ranges::any_of(step.snapshot.members, [&](const SnapshotMember& member) {
                return member.name == name_.member && member.freed;
            });
        });
    }
    // Not a reboot, nor a switch to readonly.
    [[nodiscard]] bool takes_anything() const {
        const std::string takes = first_taking();
        return scene_.is_to_come(takes) ||
               call_after(submitted_, [&](const Call& call) { return call.is(takes); }) != nullptr;
    }
    [[nodiscard]] std::string first_taking() const {
        const museum::Rows& rows = tape_.step(0).snapshot.variants;
        for (const museum::Taker& taker : exhibit().takers)
            if (std::string_view(counter().name) == taker.counter && taker.applies(rows, false)) return taker.function;
        return exhibit().takers.back().function;
    }

    const Scene& scene_;
    const Tape& tape_;
    std::string bio_;
    BioName name_;
    Calls calls_;                // of the stop, all that were recorded
    std::size_t submitted_ = 0;  // the step
    std::vector<Link> links_;
};

}  // namespace mdscope
