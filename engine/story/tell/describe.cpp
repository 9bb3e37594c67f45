// SPDX-License-Identifier: MIT
// The window as text. The order is that of the screen: both axes, the tick, the strip, A, B, what differs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "engine/story/draw/lanes.hpp"
#include "engine/story/tell/plug.hpp"
#include "engine/story/tell/scene.hpp"

namespace mdscope {

namespace {

constexpr std::array kStates = {"done", "now", "asleep", "inside", "to come", "MISSING", "never", "OOPS"};

class Text {
   public:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        std::string line = fmt::format(format, std::forward<Args>(args)...);
        while (!line.empty() && line.back() == ' ') line.pop_back();
        text_ += line + "\n";
    }
    std::string take() { return std::move(text_); }

   private:
    std::string text_;
};

void describe_kernels(Text& out, const Duel& duel) {
    const Scenario& scenario = duel.tape(Side::A).scenario();
    out.line("{}", scenario.title.empty() ? scenario.name : scenario.title);
    for (const Side side : kSides) {
        const Scenario& one = duel.tape(side).scenario();
        const std::string others = other_rows(one.variants);
        out.line("{}: bitmap {}, {}, {} steps{}{}", side_name(side), one.bitmap, told_rows(one.variants),
                 granularity_name(one.granularity), others.empty() ? "" : "; other rows: ", others);
    }
}

std::string first_difference(const Duel& duel) {
    const std::optional<std::size_t> tick = duel.first_difference();
    return tick ? fmt::format("The first difference is at tick {}.", *tick) : "There is no difference so far.";
}

void describe_tick(Text& out, const Duel& duel, std::size_t tick, Foresight& foresight) {
    const Now strip = now(duel, tick, foresight);
    out.line("");
    out.line("Tick {} of {}: {}", tick, duel.end(), tick_line(duel, tick));
    out.line("{}", strip.what);
    out.line("{}", strip.meaning);
    out.line("{}", first_difference(duel));
}

// ---- one array

std::string cover_text(const Cover& cover) {
    std::string text = cover.bio + ": ";
    text += cover.counter.empty() ? "counted in neither counter"
                                  : fmt::format("counted in {} ({})", cover.counter, cover.count);
    if (cover.has_counted) return text + ", counted down and not done; needs what " + cover.takes + " takes";
    if (cover.is_waited)
        text += ", waited for" + (cover.wait.empty() ? "" : " in " + cover.wait);
    else if (!cover.wait.empty())
        text += ", will be waited for in " + cover.wait;
    else if (!cover.takes.empty())
        text += ", NOBODY WAITS";
    if (!cover.takes.empty())
        text += fmt::format("; {} {} what it needs", cover.takes, cover.is_taken ? "has taken" : "will take");
    return text;
}

// One that was unbound with nothing in flight is no longer listed, and is told of all the same.
void describe_members(Text& out, const Scene& scene) {
    const std::vector<SnapshotMember>& now = scene.snapshot().members;
    for (const SnapshotMember& one : scene.tape().step(0).snapshot.members) {
        const auto member = std::ranges::find(now, one.name, &SnapshotMember::name);
        if (member == now.end() && scene.step.life > 1)
            out.line("  member {}: not assembled", one.name);
        else if (member == now.end())
            out.line("  member {}: rdev->mddev is NULL, nr_pending 0", one.name);
        else
            out.line("  member {}: {}, nr_pending {}{}", member->name, member->bound ? "bound" : "rdev->mddev is NULL",
                     member->nr_pending, member->freed ? ", freed" : "");
    }
}

void describe_waits(Text& out, const Scene& scene) {
    for (const Wait& wait : scene.waits)
        out.line("  {} sleeps in {} until {}{}{}", wait.task, wait.function, wait.condition,
                 wait.values.empty() ? "" : fmt::format(" ({})", wait.values),
                 wait.wakers.empty() ? "" : "; woken by " + list_of(wait.wakers));
}

void describe_bios(Text& out, const Scene& scene) {
    const std::vector<std::string>& held = scene.duel.tick(scene.tick).held[scene.side];
    for (const Cover& cover : scene.covers) {
        const bool is_held = std::ranges::find(held, cover.bio) != held.end();
        out.line("  in flight {}{}", cover_text(cover), is_held ? "; held" : "");
    }
    for (const Cover& cover : scene.ending) out.line("  ending {}", cover_text(cover));
}

void describe_tree(Text& out, const Scene& scene, Foresight& foresight) {
    for (const TreeLine& line : stop_tree(scene.duel, scene.side, scene.tick, foresight.of(scene.side),
                                          foresight.of(other_side(scene.side)), TreeDetail::Short))
        out.line("  {:8}{:{}}{}{}{}", kStates[static_cast<std::size_t>(line.state)], "", 2 * line.depth, line.name,
                 line.number > 0 ? fmt::format(" #{}", line.number) : "", line.note.empty() ? "" : ": " + line.note);
}

void describe_why(Text& out, const Scene& scene, Foresight& foresight) {
    int number = 0;
    for (const Link& link : why(scene.duel, scene.side, scene.tick, foresight))
        out.line("  why {}: {} ({})", ++number, link.text,
                 link.has_happened ? fmt::format("tick {}", link.tick) : "to come");
}

// A crash and a hang are told by what stands above; of anything else that does not hold, the judge's own sentence.
void describe_violation(Text& out, const Scene& scene) {
    if (scene.step.moment != Moment::Violation) return;
    out.line("  does not hold: {}: {}", scene.step.broken->name, scene.step.broken->must_hold);
}

void describe_console(Text& out, const Scene& scene) {
    if (scene.step.moment != Moment::Crash) return;
    for (const Annotation& annotation : annotated_console(scene.duel, scene.side)) {
        out.line("  | {}", annotation.line);
        if (!annotation.meaning.empty())
            out.line("  |     ^ {}{}", annotation.meaning,
                     annotation.tick ? fmt::format(" (tick {})", *annotation.tick) : "");
    }
}

// What was on the platters, and what was not, when the plug was pulled.
void describe_cut(Text& out, const Scene& scene) {
    if (!step_of_cut(scene.duel, scene.side, scene.tick)) return;
    for (const MediumRecord& medium : media_at_cut(scene.duel, scene.side, scene.tick))
        for (const MediaRow& row : medium.rows)
            out.line("  at the cut {} {}: {}{}", medium.name, row.what, row.platter,
                     row.unsure.empty() ? "" : "; " + unsure_words(row));
    out.line("  after the cut: {}", after_cut(scene.duel, scene.side, scene.tick));
}

void describe_array(Text& out, const Scene& scene, Foresight& foresight) {
    out.line("");
    out.line("{}: {}, array_state {}", side_name(scene.side), status_word(scene.exhibit(), scene.status),
             scene.snapshot().array.state);
    out.line("  mddev->pending_writes {}, bitmap->pending_writes {}",
             counter_at(scene.duel, scene.side, scene.tick, Counter::Mddev),
             counter_at(scene.duel, scene.side, scene.tick, Counter::Bitmap));
    describe_cut(out, scene);
    describe_members(out, scene);
    describe_bios(out, scene);
    describe_waits(out, scene);
    describe_tree(out, scene, foresight);
    describe_why(out, scene, foresight);
    describe_violation(out, scene);
    describe_console(out, scene);
}

}  // namespace

std::string describe(const Duel& duel, std::size_t tick, Foresight& foresight) {
    Text out;
    describe_kernels(out, duel);
    describe_tick(out, duel, tick, foresight);
    for (const Side side : kSides) describe_array(out, Scene(duel, side, tick, foresight.of(side)), foresight);
    return out.take();
}

}  // namespace mdscope
