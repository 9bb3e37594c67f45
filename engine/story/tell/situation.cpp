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
std::string taking(const Cover& cover) {
    if (cover.takes == "unbind_rdev_from_array") return fmt::format("unbinds {}", member_of(cover.bio));
    if (cover.takes == "__md_stop") return "destroys the bio pools";
    if (cover.takes == "md_bitmap_free") return "frees the bitmap";
    if (cover.takes == "raid1_free") return "takes raid1 apart";
    return "runs " + cover.takes;
}

std::string running(const Scene& scene, const Subject& subject) {
    const char* runs = subject.verb("runs", "run");
    const auto exposed = std::ranges::find(scene.covers, false, &Cover::covered);
    if (exposed != scene.covers.end())
        return fmt::format("{} {}; if the stop came now, nobody would wait for {}.", subject.name, runs, exposed->bio);
    if (scene.has_begun) return fmt::format("{} {} on: nothing is taken apart.", subject.name, runs);
    if (scene.duel.stop_tasks().empty())
        return fmt::format("{} {}; nobody stops {} in this scenario.", subject.name, runs, subject.verb("it", "them"));
    return fmt::format("{} {}; the stop has not begun.", subject.name, runs);
}

std::string stopping(const Scene& scene, const Subject& subject) {
    const std::size_t count = scene.covers.size();
    if (count == 0)
        return fmt::format("{} {} stopping, and nothing is in flight.", subject.name, subject.verb("is", "are"));
    const Cover& last = scene.covers.back();
    if (last.wait.empty())
        return fmt::format("In {} nothing is taken away that {}.", subject.in(), count == 1 ? "it needs" : "they need");
    const std::string before = last.takes.empty() ? "" : fmt::format(" before the stop {}", taking(last));
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
    const CounterAsked* asked = counter_asked(wait->condition);
    const std::size_t count = wait->wakers.size();
    if (can_go_on(scene, *wait))
        return fmt::format(
            "In {} {} the stop can go on in {}.", subject.in(),
            asked != nullptr ? fmt::format("{} is 0:", asked->counter) : "all has ended:", wait->function);
    if (asked != nullptr)
        return fmt::format("{} {} at {} ({}) and {} in {} until {}.", subject.name, subject.verb("looks", "look"),
                           asked->counter, asked->value(scene.snapshot()), sleeps, wait->function,
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

std::string taken(const Scene& scene, const Subject& subject, const Cover& cover) {
    const char* has = subject.verb("has", "have");
    if (is_freed(scene, member_of(cover.bio)))
        return fmt::format("{} {} freed {} while {} is in flight: when it ends, super_written touches freed memory.",
                           subject.name, has, member_of(cover.bio), cover.bio);
    if (cover.takes == "__md_stop")
        return fmt::format(
            "{} {} destroyed the bio pools while {} is in flight: when it ends, its bio goes back to a pool that is "
            "gone.",
            subject.name, has, cover.bio);
    if (cover.takes == "unbind_rdev_from_array")
        return fmt::format(
            "{} {} unbound {} while {} is in flight: when it ends, super_written follows a NULL pointer.", subject.name,
            has, member_of(cover.bio), cover.bio);
    return fmt::format("In {} {} has taken away what {} needs.", subject.in(), cover.takes, cover.bio);
}

// Before the last wait of a stop, and behind it.
std::string uncovered(const Scene& scene, const Subject& subject, const Cover& cover) {
    const int other = scene.snapshot().array.bitmap_pending_writes;
    const auto is_behind = [](const Call& call) { return call.is("md_bitmap_free") && call.is_past(); };
    if (scene.is_to_come("md_bitmap_free"))
        return fmt::format(
            "In {} nobody will wait for {}: the last wait, md_bitmap_free, looks at bitmap->pending_writes ({}).",
            subject.in(), them(scene.covers.size()), other);
    if (std::ranges::any_of(scene.calls, is_behind))
        return fmt::format("{} looked at bitmap->pending_writes ({}) and {} on: nobody waits before the stop {}.",
                           subject.name, other, subject.verb("goes", "go"), taking(cover));
    return fmt::format("In {} nobody will wait for {} before the stop {}.", subject.in(), them(scene.covers.size()),
                       taking(cover));
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
            if (task != nullptr && counter_asked(task->condition) != nullptr) return true;
        }
    }
    return false;
}

std::string stopped(const Scene& scene, const Subject& subject) {
    return fmt::format("{} {}{} stopped cleanly.", subject.name, has_waited(scene) ? "waited and " : "",
                       subject.verb("has", "have"));
}

std::string crashed(const Scene& scene, const Subject& subject) {
    const auto& oops = scene.snapshot().oops;
    if (!oops) return fmt::format("{} broke a rule of its own: {}.", subject.name, scene.tape().what());
    return fmt::format("{} {} crashed: {}.", subject.name, subject.verb("has", "have"), crash_clause(*oops));
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

std::string up_to(const Scene& scene, const Subject& subject) {
    switch (scene.standing) {
        case Standing::Running:
            return running(scene, subject);
        case Standing::Stopping:
            return stopping(scene, subject);
        case Standing::Waiting:
            return waiting(scene, subject);
        case Standing::InDanger:
            return in_danger(scene, subject);
        case Standing::Stopped:
            return stopped(scene, subject);
        case Standing::Oops:
            return crashed(scene, subject);
        case Standing::Hung:
            return hangs(scene, subject);
    }
    return "";
}

}  // namespace mdscope
