// SPDX-License-Identifier: MIT
// The strip above everything: what has just happened, and what both arrays are up to.
//
//   what      one sentence; two arrays that did the same are told in one
//   meaning   what is owed. What A is up to, and B, or both. What the difference is, or what a person can do
#include <fmt/format.h>

#include <algorithm>

#include "engine/story/tell/actions.hpp"
#include "engine/story/tell/plug.hpp"
#include "engine/story/tell/scene.hpp"
#include "engine/story/tell/situation.hpp"

namespace mdscope {

namespace {

// ---- what

// Why the other side did nothing in this tick.
std::string over(const Duel& duel, Side side, std::size_t tick) {
    switch (duel.at(side, tick).moment) {
        case Moment::Crash:
            return fmt::format("; {} has crashed", side_name(side));
        case Moment::Hang:
            return fmt::format("; {} hangs", side_name(side));
        case Moment::Done:
        case Moment::Violation:
            return fmt::format("; {} is at its end", side_name(side));
        case Moment::Open:
            break;
    }
    const Order& order = duel.tick(tick).order;
    if (order.how == Choice::Kind::Complete || order.how == Choice::Kind::Fail)
        return fmt::format("; in {} it is not in flight", side_name(side));
    const auto& tasks = duel.at(side, tick).snapshot.tasks;
    const auto task = std::ranges::find(tasks, order.name.substr(0, order.name.find('#')), &SnapshotTask::comm);
    if (task == tasks.end()) return fmt::format("; in {} it is done", side_name(side));
    if (is_asleep(*task) && !task->stack.empty())
        return fmt::format("; in {} it sleeps on in {}", side_name(side), task->stack.front());
    return fmt::format("; {} stands still", side_name(side));
}

std::string what_was_cut(const Duel& duel, std::size_t tick) {
    const auto losses = [&](Side side) {
        return duel.tick(tick).done[side] ? cut_losses(duel, side, tick) : "nothing happens";
    };
    const std::string a = losses(Side::A);
    const std::string b = losses(Side::B);
    const char* const what = is_kill(duel) ? "The program is killed" : "The power is cut";
    if (a == b) return fmt::format("{}: {}.", what, a);
    return fmt::format("{}. In A {}. In B {}.", what, a, b);
}

std::string what_happened(const Duel& duel, std::size_t tick) {
    if (tick == 0) return "Nothing has happened yet: both arrays are the same.";
    if (is_cut(duel.tick(tick).order)) return what_was_cut(duel, tick);
    const std::string actor = actor_of(duel, tick);
    const std::string a = action(duel, Side::A, tick);
    const std::string b = action(duel, Side::B, tick);
    if (a == b) return capitalised(fmt::format("{} {}.", actor, a));
    if (b.empty()) return fmt::format("In A {} {}{}.", actor, a, over(duel, Side::B, tick));
    if (a.empty()) return fmt::format("In B {} {}{}.", actor, b, over(duel, Side::A, tick));
    return fmt::format("In A {} {}. In B it {}.", actor, a, b);
}

// ---- what is owed

std::string kinds_word(const std::vector<Cover>& covers) {
    BioName first, other;
    for (const Cover& cover : covers) {
        if (!read_bio_name(cover.bio, &other)) continue;
        if (first.kind.empty()) first = other;
        if (other.kind != first.kind) return "";
    }
    return first.kind == "badblocks" ? "bad-block " : first.kind + " ";
}

// "disks sda and sdb still owe one bitmap write each".
std::string owed(const std::vector<Cover>& covers) {
    if (covers.empty()) return "";
    const std::string kind = kinds_word(covers);
    const auto reads = static_cast<std::size_t>(std::ranges::count(covers, true, &Cover::is_read));
    const std::string noun = kind == "resync " || (reads > 0 && reads < covers.size()) ? "request"
                             : reads > 0                                               ? "read"
                                                                                       : "write";
    if (covers.size() == 1)
        return fmt::format("{} still owes one {}{} ({})", disk_of(covers[0].bio), kind, noun, covers[0].bio);
    std::vector<std::string> members;
    for (const Cover& cover : covers) members.push_back(member_of(cover.bio));
    std::ranges::sort(members);
    const bool one_each = std::ranges::adjacent_find(members) == members.end();
    if (one_each) return fmt::format("disks {} still owe one {}{} each", list_of(members), kind, noun);
    return fmt::format("{} {}{}s are still in flight", covers.size(), kind, noun);
}

std::string owed_sentence(const Scene& a, const Scene& b) {
    const auto of = [](const Scene& scene) {
        return scene.step.moment == Moment::Open ? owed(scene.covers) : std::string();
    };
    const std::string in_a = of(a);
    const std::string in_b = of(b);
    if (in_a.empty() && in_b.empty()) return "";
    if (in_a == in_b) return capitalised(in_a) + ". ";
    if (in_b.empty()) return fmt::format("In A {}. ", in_a);
    if (in_a.empty()) return fmt::format("In B {}. ", in_b);
    return fmt::format("In A {}; in B {}. ", in_a, in_b);
}

std::string both_situations(const Scene& a, const Scene& b) {
    const std::string of_a = situation(a, {"Both arrays", true});
    if (of_a == situation(b, {"Both arrays", true})) return of_a;
    return situation(a, {"A", false}) + " " + situation(b, {"B", false});
}

// ---- the difference, or what to do

// When the two part, and when all is over.
bool is_worth_saying(const Scene& a, const Scene& b) {
    const auto fares_ill = [](const Scene& scene) {
        return scene.status == Status::InDanger || scene.status == Status::Oops || scene.status == Status::Broken;
    };
    const std::optional<std::size_t> parted = a.duel.first_difference();
    if (!parted || a.tick < *parted || fares_ill(a) == fares_ill(b)) return false;
    const Cover* worst = fares_ill(a) ? a.in_danger() : b.in_danger();
    const bool is_over = a.step.moment != Moment::Open && b.step.moment != Moment::Open;
    return is_over || (worst != nullptr && !worst->is_taken);
}

// The one line that one of the two calls and the other does not, if there is one and no other difference.
std::string only_difference(const Scene& a, const Scene& b, Foresight& foresight) {
    if (!is_worth_saying(a, b)) return "";
    std::size_t missing = 0;
    std::vector<std::string> names[2];
    for (const Side side : kSides)
        for (const TreeLine& line : stop_tree(a.duel, side, a.tick, foresight.of(side), foresight.of(other_side(side)),
                                              TreeDetail::Reference)) {
            missing += line.state == TreeLine::State::Missing ? 1 : 0;
            names[side].push_back(line.name);
        }
    if (missing == 0 || names[Side::A] != names[Side::B]) return "";
    return missing == 1 ? " The only difference between the two runs is that one line."
                        : fmt::format(" The only difference between the two runs is these {} lines.", missing);
}

bool holds_reads_only(const Duel& duel, std::size_t tick) {
    for (const Side side : kSides)
        for (const std::string& bio : duel.tick(tick).held[side])
            if (!is_read(duel.at(side, tick), bio)) return false;
    return true;
}

std::string hint(const Duel& duel, std::size_t tick) {
    if (tick != duel.end()) return "";
    switch (duel.standstill()) {
        case Standstill::NotBegun:
            return fmt::format(" Start the {} to see what each kernel does with it.", duel.exhibit().act.noun);
        case Standstill::Held:
            return fmt::format(" Nothing moves until a held {} is let go.",
                               holds_reads_only(duel, tick) ? "read" : "write");
        case Standstill::Full:
            return " There is no room for more steps.";
        case Standstill::No:
        case Standstill::Ended:
            break;
    }
    return "";
}

}  // namespace

Now now(const Duel& duel, std::size_t tick, Foresight& foresight) {
    const Scene a(duel, Side::A, tick, foresight.a);
    const Scene b(duel, Side::B, tick, foresight.b);
    Now now;
    now.what = what_happened(duel, tick);
    const auto goes_well = [](const Scene& scene) {
        return scene.step.moment != Moment::Crash && scene.step.moment != Moment::Hang;
    };
    if ((a.step.life > 1 || b.step.life > 1) && goes_well(a) && goes_well(b)) {
        now.meaning = both_after_cut(duel, tick) + hint(duel, tick);
        return now;
    }
    now.meaning = owed_sentence(a, b) + both_situations(a, b) + only_difference(a, b, foresight) + hint(duel, tick);
    return now;
}

}  // namespace mdscope
