// SPDX-License-Identifier: MIT
// Why an array is where it is: one bio followed from its submission to what it meets, as a chain of links.
//
//   nobody waited      submitted, counted, the last wait looks elsewhere, what it needs is taken, it ends      (2021)
//   counted too early  submitted, waited for, counted down first, what it needs is taken, it goes on           (2022)
//   somebody waited    submitted, counted, waited for, and only then is anything taken
//   luck               submitted, counted, the last wait looks elsewhere, it ended before anything was taken
//   a hang             asleep, and nobody is left to wake it
//
// A link that lies behind the tick that is looked at is told as what will come, with its own tick if it was recorded.
#include <fmt/format.h>

#include <algorithm>

#include "engine/story/tell/chain.hpp"

namespace mdscope {

namespace {

// ---- which chain it is

std::string taken_by(const Exhibit& exhibit, const SnapshotOops& oops) {
    const museum::Taker* met = taker_met(exhibit, oops_of(oops));
    return (met != nullptr ? *met : exhibit.takers.back()).function;
}

bool had_counted(const Scene& scene, const std::string& bio, Foresight& foresight) {
    const std::size_t crash = scene.duel.tick_of(scene.side, scene.tape().size() - 1).value_or(1);
    const std::vector<Cover> before = completions(scene.duel, scene.side, crash - 1, foresight.of(scene.side));
    const auto found = std::ranges::find(before, bio, &Cover::bio);
    return found != before.end() && found->has_counted;
}

std::vector<Link> why_crashed(const Scene& scene, Foresight& foresight) {
    const auto& oops = scene.snapshot().oops;
    const std::string bio = crashed_bio(scene.duel, scene.side);
    if (!oops || bio.empty()) return {{capitalised(scene.tape().what()) + ".", scene.tick, true}};
    Chain chain(scene, bio);
    return had_counted(scene, bio, foresight) ? chain.counted_too_early(taken_by(scene.exhibit(), *oops))
                                              : chain.nobody_waited(taken_by(scene.exhibit(), *oops));
}

std::vector<Link> why_in_danger(const Scene& scene, const std::string& followed) {
    const Cover* worst = scene.in_danger();
    if (worst == nullptr) return {};
    for (const Cover& cover : scene.covers)
        if (cover.bio == followed && !cover.covered) worst = &cover;
    Chain chain(scene, worst->bio);
    return worst->has_counted ? chain.counted_too_early(worst->takes) : chain.nobody_waited(worst->takes);
}

// The last write of the metadata that the stop has submitted, in flight or not; `followed`, if that is one of them.
std::string write_of_stop(const Scene& scene, const std::string& followed) {
    std::string last;
    for (std::size_t step = scene.duel.tick(scene.tick).step[scene.side]; step > 0; step--) {
        const auto is_of_stop = [&](const std::string& task) { return is_step_of(scene.tape().step(step), task); };
        if (!std::ranges::any_of(scene.duel.stop_tasks(), is_of_stop)) continue;
        for (const std::string& bio : new_bios(scene.tape(), step)) {
            BioName name;
            if (!read_bio_name(bio, &name) || (name.kind != "bitmap" && name.kind != "superblock")) continue;
            if (bio == followed) return bio;
            if (last.empty()) last = bio;
        }
        if (!last.empty() && followed.empty()) break;
    }
    return last;
}

// Since when it sleeps there.
Link sleep_of(const Scene& scene, const Wait& wait) {
    const auto sleeps_at = [&](std::size_t tick) {
        return std::ranges::any_of(waits(scene.duel, scene.side, tick), [&](const Wait& one) {
            return one.task == wait.task && one.condition == wait.condition;
        });
    };
    std::size_t since = scene.tick;
    while (since > 0 && sleeps_at(since - 1)) since--;
    return {capitalised(fmt::format("{} falls asleep in {} until {}.", actor_name(scene.duel, wait.task), wait.function,
                                    condition_words(wait.condition))),
            since, true};
}

// A stop that has submitted nothing yet and sleeps: for data, for a sync to end, for somebody's answer.
std::vector<Link> why_asleep(const Scene& scene) {
    const Wait* wait = scene.stop_wait();
    if (scene.status != Status::Waiting || wait == nullptr) return {};
    std::vector<Link> links = {sleep_of(scene, *wait)};
    const auto is_for_data = [&](const museum::WaitSite& site) {
        return std::string_view(site.counter).empty() && wait->function == site.function;
    };
    if (std::ranges::any_of(scene.exhibit().waits, is_for_data))
        links.push_back({scene.exhibit().data_wait, links.front().tick, true});
    return links;
}

std::vector<Link> why_safe(const Scene& scene, const std::string& followed) {
    const std::string bio = write_of_stop(scene, followed);
    if (bio.empty()) return why_asleep(scene);
    const auto cover = std::ranges::find(scene.covers, bio, &Cover::bio);
    return Chain(scene, bio).somebody_waited(cover != scene.covers.end() ? &*cover : nullptr);
}

std::vector<Link> why_hung(const Scene& scene) {
    std::vector<Link> links;
    for (const Wait& wait : scene.waits) links.push_back(sleep_of(scene, wait));
    const museum::Page& page = scene.exhibit().page;
    const bool is_told = scene.exhibit().circle != nullptr && scene.snapshot().variants.name(page.variant) == page.row;
    if (is_told) links.push_back({scene.exhibit().circle, scene.tick, true});
    links.push_back({is_told ? "So each waits for another, in a circle: they sleep for ever."
                             : "Nobody is left who could make that true: it sleeps for ever.",
                     scene.tick, true});
    return links;
}

}  // namespace

std::vector<Link> why(const Duel& duel, Side side, std::size_t tick, Foresight& foresight,
                      const std::string& followed) {
    const Scene scene(duel, side, tick, foresight.of(side));
    switch (scene.status) {
        case Status::Oops:
        case Status::Broken:
            return why_crashed(scene, foresight);
        case Status::InDanger:
            return why_in_danger(scene, followed);
        case Status::Hung:
            return why_hung(scene);
        case Status::Running:
        case Status::Stopping:
        case Status::Waiting:
        case Status::Stopped:
        case Status::Off:
            break;
    }
    return scene.has_begun ? why_safe(scene, followed) : std::vector<Link>();
}

}  // namespace mdscope
