// SPDX-License-Identifier: MIT

#include "engine/story/tell/situation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/story/tell/stop_notes.hpp"

namespace mdscope {

namespace {

const char* them(std::size_t count) {
    return count == 1 ? "it" : "them";
}
const char* they_have(std::size_t count) {
    return count == 1 ? "it has" : "they have";
}

// What happens to what a bio needs, as something the stop does.
std::string taking(const Scene& scene, const Cover& cover) {
    const museum::Taker* taker = find_taker(scene.exhibit(), cover.takes);
    if (taker == nullptr || taker->doing == nullptr) return "runs " + cover.takes;
    return museum::filled(taker->doing, {{"member", member_of(cover.bio)}});
}

std::string running(const Scene& scene, const Subject& subject) {
    const char* runs = subject.verb("runs", "run");
    const auto exposed = std::ranges::find(scene.covers, false, &Cover::covered);
    if (exposed != scene.covers.end())
        return fmt::format("{} {}; if the {} came now, nobody would wait for {}.", subject.name, runs,
                           scene.exhibit().act.noun, exposed->bio);
    if (scene.has_begun) return fmt::format("{} {} on: nothing is taken apart.", subject.name, runs);
    if (scene.duel.stop_tasks().empty())
        return fmt::format("{} {}; {}.", subject.name, runs,
                           museum::filled(scene.exhibit().act.none, {{"it", subject.verb("it", "them")}}));
    return fmt::format("{} {}; the {} has not begun.", subject.name, runs, scene.exhibit().act.noun);
}

std::string stopping(const Scene& scene, const Subject& subject) {
    const std::size_t count = scene.covers.size();
    if (count == 0)
        return fmt::format("{} {} {}, and nothing is in flight.", subject.name, subject.verb("is", "are"),
                           scene.exhibit().act.doing);
    const Cover& last = scene.covers.back();
    if (last.wait.empty())
        return fmt::format("In {} nothing is taken away that {}.", subject.in(), count == 1 ? "it needs" : "they need");
    const std::string before =
        last.takes.empty() ? "" : fmt::format(" before the {} {}", scene.exhibit().act.noun, taking(scene, last));
    return fmt::format("In {} {} will wait for {}{}.", subject.in(), last.wait, them(count), before);
}

bool can_go_on(const Scene& scene, const Wait& wait) {
    return std::ranges::any_of(scene.step.options, [&](const Order& option) {
        return option.how == Choice::Kind::Run && option.name == wait.task;
    });
}

std::string waiting(const Scene& scene, const Subject& subject) {
    const Wait* wait = scene.stop_wait();
    if (wait == nullptr) return stopping(scene, subject);
    const char* sleeps = subject.verb("sleeps", "sleep");
    const museum::Counter* asked = counter_asked(scene.exhibit(), wait->condition);
    const std::size_t count = wait->wakers.size();
    if (can_go_on(scene, *wait))
        return fmt::format("In {} {} the {} can go on in {}.", subject.in(),
                           asked != nullptr ? fmt::format("{} is 0:", asked->name) : "all has ended:",
                           scene.exhibit().act.noun, wait->function);
    if (asked != nullptr)
        return fmt::format("{} {} at {} ({}) and {} in {} until {}.", subject.name, subject.verb("looks", "look"),
                           asked->name, value_of(*asked, scene.snapshot()), sleeps, wait->function,
                           count == 0 ? "it is 0" : fmt::format("{} ended", they_have(count)));
    if (count > 0)
        return fmt::format("{} {} in {} until {} ended.", subject.name, sleeps, wait->function, they_have(count));
    return fmt::format("{} {} in {} until {}.", subject.name, sleeps, wait->function, condition_words(wait->condition));
}

// ---- danger

std::string after_count(const Scene& scene, const Subject& subject, const Cover& cover) {
    const std::string done = cover.is_taken ? "has taken away" : "will take away";
    return fmt::format(
        "In {} the completion of {} has counted {} down to {} and is not done: nobody waits for it any more, and {} {} "
        "what it still touches.",
        subject.in(), cover.bio, cover.counter, scene.value_of(cover.counter), cover.takes, done);
}

bool is_freed(const Scene& scene, const std::string& member) {
    return std::ranges::any_of(scene.snapshot().members,
                               [&](const SnapshotMember& one) { return one.name == member && one.freed; });
}

// What is told of: that the member's memory is gone is more than that it was unbound.
const museum::Taker* taker_told(const Scene& scene, const Cover& cover) {
    const auto& takers = scene.exhibit().takers;
    const auto frees = std::ranges::find(takers, museum::Loss::Memory, &museum::Taker::loss);
    if (frees != takers.end() && is_freed(scene, member_of(cover.bio))) return &*frees;
    return find_taker(scene.exhibit(), cover.takes);
}

std::string taken(const Scene& scene, const Subject& subject, const Cover& cover) {
    const museum::Taker* taker = taker_told(scene, cover);
    if (taker != nullptr && taker->taken != nullptr)
        return museum::filled(taker->taken, {{"who", subject.name},
                                             {"has", subject.verb("has", "have")},
                                             {"member", member_of(cover.bio)},
                                             {"bio", cover.bio}});
    return fmt::format("In {} {} has taken away what {} needs.", subject.in(), cover.takes, cover.bio);
}

// Before the last wait of a stop, and behind it.
std::string uncovered(const Scene& scene, const Subject& subject, const Cover& cover) {
    const museum::BlindWait& blind = scene.exhibit().blind_wait;
    const char* act = scene.exhibit().act.noun;
    const museum::Counter* counter = find_counter(scene.exhibit(), blind.looks_at);
    const int other = counter != nullptr ? value_of(*counter, scene.snapshot(), member_of(cover.bio)) : 0;
    const auto is_behind = [&](const Call& call) { return call.is(blind.function) && call.is_past(); };
    if (scene.is_to_come(blind.function))
        return fmt::format("In {} nobody will wait for {}: the last wait, {}, looks at {} ({}).", subject.in(),
                           them(scene.covers.size()), blind.function, blind.looks_at, other);
    if (std::ranges::any_of(scene.calls, is_behind))
        return fmt::format("{} looked at {} ({}) and {} on: nobody waits before the {} {}.", subject.name,
                           blind.looks_at, other, subject.verb("goes", "go"), act, taking(scene, cover));
    return fmt::format("In {} nobody will wait for {} before the {} {}.", subject.in(), them(scene.covers.size()), act,
                       taking(scene, cover));
}

std::string in_danger(const Scene& scene, const Subject& subject) {
    const Cover* worst = scene.in_danger();
    if (worst == nullptr) return stopping(scene, subject);
    if (worst->has_counted) return after_count(scene, subject, *worst);
    return worst->is_taken ? taken(scene, subject, *worst) : uncovered(scene, subject, *worst);
}

// ---- the ends

// Whether the stop has slept until a counter was 0.
bool has_waited(const Scene& scene) {
    for (const std::string& name : scene.duel.stop_tasks()) {
        const int pid = pid_of(scene.tape(), name);
        for (std::size_t step = 0; step <= scene.duel.tick(scene.tick).step[scene.side]; step++) {
            const SnapshotTask* task = find_task(scene.tape().step(step).snapshot, pid);
            if (task != nullptr && counter_asked(scene.exhibit(), task->condition) != nullptr) return true;
        }
    }
    return false;
}

std::string stopped(const Scene& scene, const Subject& subject) {
    return fmt::format("{} {}{} {}.", subject.name, has_waited(scene) ? "waited and " : "", subject.verb("has", "have"),
                       scene.exhibit().act.done);
}

std::string crashed(const Scene& scene, const Subject& subject) {
    const auto& oops = scene.snapshot().oops;
    if (!oops) return fmt::format("{} broke a rule of its own: {}.", subject.name, scene.tape().what());
    return fmt::format("{} {} crashed: {}.", subject.name, subject.verb("has", "have"),
                       crash_clause(scene.exhibit(), oops_of(*oops)));
}

std::string hangs(const Scene& scene, const Subject& subject) {
    const Wait* wait = scene.stop_wait();
    if (wait == nullptr && !scene.waits.empty()) wait = &scene.waits.front();
    const std::string verb = subject.verb("hangs", "hang");
    if (wait == nullptr) return fmt::format("{} {}.", subject.name, verb);
    return fmt::format("{} {}: {} sleeps in {} until {}, and nobody is left to change that.", subject.name, verb,
                       actor_name(scene.duel, wait->task), wait->function, condition_words(wait->condition));
}

}  // namespace

std::string situation(const Scene& scene, const Subject& subject) {
    switch (scene.status) {
        case Status::Running:
            return running(scene, subject);
        case Status::Stopping:
            return stopping(scene, subject);
        case Status::Waiting:
            return waiting(scene, subject);
        case Status::InDanger:
            return in_danger(scene, subject);
        case Status::Stopped:
            return stopped(scene, subject);
        case Status::Oops:
        case Status::Broken:
            return crashed(scene, subject);
        case Status::Hung:
            return hangs(scene, subject);
        case Status::Off:
            return fmt::format("{} {} not assembled yet.", subject.name, subject.verb("is", "are"));
    }
    return "";
}

}  // namespace mdscope
