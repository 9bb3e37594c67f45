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
        if (!add_wait("The stop does wait for it")) add_useless_wait();
        add_early_count();
        add_taking(takes, fmt::format(", though the completion of {} still needs it", bio_));
        add_end();
        return std::move(links_);
    }
    std::vector<Link> somebody_waited(const Cover* cover) {
        add_submission(" without waiting for it");
        add_count();
        if (!add_wait("The stop waits for that", cover)) {
            add("The stop takes nothing away that it needs, whenever it ends.", submitted_);
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
    [[nodiscard]] const char* counter() const { return name_.member == "bitmap" ? kBitmapCounter : kMddevCounter; }

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
        if (pass != nullptr && name_.kind == "bitmap") {
            add(fmt::format("The bitmap page is marked, and daemon pass {} of md_bitmap_flush submits {}{}.",
                            number_of(*pass), bio_, how),
                submitted_);
            return;
        }
        const std::string actor = actor_name(scene_.duel, step.order.name.substr(0, step.order.name.find('#')));
        add(capitalised(fmt::format("{} submits {}{}.", actor, bio_, how)), submitted_);
    }

    void add_count() {
        const std::size_t step = last_of_batch();
        const SnapshotArray& array = tape_.step(step).snapshot.array;
        const bool in_file = counter() == kBitmapCounter;
        add(fmt::format("It is counted in {}, which is {} then; {} stays {}.", counter(),
                        in_file ? array.bitmap_pending_writes : array.pending_writes,
                        in_file ? kMddevCounter : kBitmapCounter,
                        in_file ? array.pending_writes : array.bitmap_pending_writes),
            step);
    }

    void add_useless_wait() {
        const Call* free = call_after(submitted_, [](const Call& call) { return call.is("md_bitmap_free"); });
        if (free == nullptr && !scene_.is_to_come("md_bitmap_free")) {
            add("No wait for mddev->pending_writes is left in the stop.", submitted_);
            return;
        }
        std::optional<std::size_t> step;
        if (free != nullptr) step = free->entered;
        add("The last wait of the stop, in md_bitmap_free, looks at bitmap->pending_writes, which is 0: nobody waits "
            "for "
            "mddev->pending_writes.",
            step);
    }

    bool add_wait(const char* begin, const Cover* cover = nullptr) {
        const Call* wait = call_after(
            submitted_, [&](const Call& call) { return is_wait_for(call, counter(), tape_.step(0).snapshot); });
        if (wait == nullptr && (cover == nullptr || cover->wait.empty())) return false;
        const std::string function = wait != nullptr ? wait->name : cover->wait;
        std::optional<std::size_t> step;
        if (wait != nullptr) step = wait->entered;
        const bool by_accident = wait != nullptr && is_inside(*wait, "md_bitmap_update_sb");
        add(by_accident
                ? fmt::format("md_bitmap_update_sb writes the bitmap's superblock and waits in {} until {} is 0: "
                              "the same counter, so that saves {}, by accident.",
                              function, counter(), bio_)
                : fmt::format("{}: {} looks at {} until it is 0.", begin, function, counter()),
            step);
        return true;
    }

    void add_early_count() {
        const bool in_file = counter() == kBitmapCounter;
        const int SnapshotArray::*value =
            in_file ? &SnapshotArray::bitmap_pending_writes : &SnapshotArray::pending_writes;
        std::optional<std::size_t> step;
        for (std::size_t i = submitted_ + 1; i < tape_.size(); i++)
            if (tape_.step(i).snapshot.array.*value < tape_.step(i - 1).snapshot.array.*value &&
                bio_of_step(tape_, i) == bio_)
                step = i;
        add(in_file
                ? "end_bitmap_write counts bitmap->pending_writes down to 0 and only then wakes a queue in the bitmap."
                : "super_written counts mddev->pending_writes down to 0 first, and only then lets go of the member and "
                  "of the bio.",
            step);
    }

    void add_taking(const std::string& takes, const std::string& meanwhile) {
        if (takes == "__md_stop") {
            add(fmt::format("__md_stop destroys the array's bio pools{}.", meanwhile), pools_gone());
        } else if (takes == "md_bitmap_free") {
            const Call* call = call_after(submitted_, [](const Call& one) { return one.is("md_bitmap_free"); });
            add(fmt::format("md_bitmap_free frees the bitmap{}.", meanwhile),
                call != nullptr ? call->left : std::nullopt);
        } else if (takes == "rdev_delayed_delete") {
            add(fmt::format("rdev_delayed_delete frees {}{}.", name_.member, meanwhile), member_freed());
        } else {
            add(fmt::format("unbind_rdev_from_array sets rdev->mddev of {} to NULL{}.", name_.member, meanwhile),
                member_unbound());
        }
    }

    void add_end() {
        const TapeStep& last = tape_.last();
        const bool is_recorded = last.moment == Moment::Crash && crashed_bio(scene_.duel, scene_.side) == bio_;
        std::optional<std::size_t> step;
        if (is_recorded) step = tape_.size() - 1;
        if (is_recorded && last.snapshot.oops && scene_.step.moment == Moment::Crash) {
            add(fmt::format("{} is done with {}: {}{}.", capitalised(disk_of(bio_)), bio_,
                            crash_clause(*last.snapshot.oops),
                            last.snapshot.oops->in_irq ? ", in a disk interrupt and not in the stop" : ""),
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
            if (call.is("md_bitmap_daemon_work") && is_open_at(call, submitted_)) return &call;
        return nullptr;
    }
    // Of the passes of one flush, from 1.
    [[nodiscard]] int number_of(const Call& pass) const {
        int number = 0;
        for (const Call& call : calls_) {
            if (call.is("md_bitmap_flush")) number = 0;
            if (call.is("md_bitmap_daemon_work")) number++;
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
        if (counter() == kBitmapCounter) return "md_bitmap_free";
        return tape_.step(0).snapshot.variants.name("pools") == "stop" ? "__md_stop" : "unbind_rdev_from_array";
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
