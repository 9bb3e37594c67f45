// SPDX-License-Identifier: MIT

#include "engine/scenario/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/kernel/bio.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kMostRepeats = 10'000;
constexpr std::size_t kLongestName = 64;
constexpr std::string_view kCut = "cut";
constexpr std::array<std::string_view, 5> kVerbs = {"", "start ", "hold ", "release ", "due "};  // by Order::Kind

bool is_name(std::string_view word) {
    const auto is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '/' || c == '#';
    };
    return !word.empty() && word.size() <= kLongestName && std::all_of(word.begin(), word.end(), is_good);
}

bool take_ending(std::string_view& text, std::string_view ending) {
    if (!text.ends_with(ending)) return false;
    text = trim(text.substr(0, text.size() - ending.size()));
    return true;
}

// The number of an `x14` at the end; 1 without one; 0: it is no number that is allowed.
std::uint64_t take_repeats(std::string_view& text) {
    const std::size_t blank = text.rfind(' ');
    if (blank == std::string_view::npos || text.substr(blank + 1, 1) != "x") return 1;
    std::uint64_t count = 0;
    if (!read_number(text.substr(blank + 2), 1, kMostRepeats, &count)) return 0;
    text = trim(text.substr(0, blank));
    return count;
}

std::string spelled(const BioName& name) {
    return fmt::format("{} {} {}", name.member, name.kind, name.number);
}

// What may be held: a bio, a kind, a kind of one member; all of them.
bool read_target(std::string_view text, Order& order) {
    BioName bio;
    if (read_bio_name(text, &bio)) {
        order.name = spelled(bio);
        return true;
    }
    std::string_view rest = text;
    const std::string_view kind = take_word(rest);
    if (kind == "all" && rest.empty() && order.kind == Order::Kind::Release) {
        order.name = "all";
        return true;
    }
    if (!kBioKinds.has(kind) || (!rest.empty() && !is_name(rest))) return false;
    order.name = rest.empty() ? std::string(kind) : fmt::format("{} {}", kind, rest);
    return true;
}

bool read_due(std::string_view text, Order& order) {
    const std::size_t blank = text.rfind(' ');
    BioName bio;
    if (blank == std::string_view::npos || !read_bio_name(trim(text.substr(0, blank)), &bio)) return false;
    order.name = spelled(bio);
    return read_number(text.substr(blank + 1), &order.tick);
}

bool is_repeats(std::string_view word) {
    std::uint64_t count = 0;
    return word.starts_with('x') && read_number(word.substr(1), &count);
}

// A disk, or a sector of it: "sda", "sda:2048". What reads like the repeats of a step is none: "x14".
bool is_what_stays(std::string_view word) {
    if (is_repeats(word)) return false;
    const std::size_t colon = word.find(':');
    std::uint64_t sector = 0;
    return is_name(word.substr(0, colon)) &&
           (colon == std::string_view::npos || read_number(word.substr(colon + 1), &sector));
}

bool read_cut(std::string_view rest, Order& order) {
    order.how = Choice::Kind::Cut;
    order.name = kCut;
    if (rest.empty()) return true;
    if (take_word(rest) != "keeps" || rest.empty()) return false;
    order.name += " keeps";
    while (!rest.empty()) {
        const std::string_view word = take_word(rest);
        if (!is_what_stays(word)) return false;
        order.name += fmt::format(" {}", word);
    }
    return true;
}

bool read_step(std::string_view text, Order& order) {
    if (std::string_view rest = text; take_word(rest) == kCut) return read_cut(rest, order);
    BioName bio;
    const bool fails = take_ending(text, " fails");
    if (read_bio_name(text, &bio)) {
        order.how = fails ? Choice::Kind::Fail : Choice::Kind::Complete;
        order.name = spelled(bio);
        return true;
    }
    if (fails) return false;
    std::string_view rest = text;
    if (take_word(rest) == "timer") {
        order.how = Choice::Kind::Fire;
        std::uint64_t number = 0;
        order.name = text;
        return read_number(rest, &number);
    }
    if (take_ending(text, " times out")) order.how = Choice::Kind::Timeout;
    if (text.starts_with("grace of ")) {
        order.how = Choice::Kind::Grace;
        text.remove_prefix(9);
    }
    order.name = trim(text);
    return is_name(order.name);
}

bool read_what(std::string_view text, Order& order) {
    std::string_view rest = text;
    const std::string_view verb = take_word(rest);
    if (verb == "start") {
        order.kind = Order::Kind::Start;
        order.name = rest;
        return is_name(rest);
    }
    if (verb == "hold" || verb == "release") {
        order.kind = verb == "hold" ? Order::Kind::Hold : Order::Kind::Release;
        return read_target(rest, order);
    }
    if (verb == "due") {
        order.kind = Order::Kind::Due;
        return read_due(rest, order);
    }
    return read_step(text, order);
}

}  // namespace

bool read_bio_name(std::string_view text, BioName* name) {
    const std::string_view member = take_word(text);
    const std::string_view kind = take_word(text);
    if (!is_name(member) || !kBioKinds.has(kind) || !read_number(text, &name->number)) return false;
    name->member = member;
    name->kind = kind;
    return true;
}

bool is_schedule_word(std::string_view word) {
    const auto is_it = [&](std::string_view verb) { return !verb.empty() && trim(verb) == word; };
    return word == "timer" || word == kCut || std::ranges::any_of(kVerbs, is_it);
}

std::string read_order(std::string_view text, Schedule& schedule, int line) {
    const std::string_view whole = text;
    Order order;
    order.line = line;
    if (take_ending(text, " on A")) order.sides = 1;
    if (order.sides == Order::kBoth && take_ending(text, " on B")) order.sides = 2;
    const std::uint64_t repeats = take_repeats(text);
    if (repeats == 0 || !read_what(text, order) || (repeats > 1 && order.kind != Order::Kind::Step))
        return fmt::format(
            "'{}' is no step of a schedule; it can be 'NAME', 'NAME x14', 'sdb bitmap 2', 'sdb bitmap 2 fails', "
            "'timer 3', 'NAME times out', 'grace of NAME', 'cut keeps sda', 'start NAME', 'hold bitmap', 'release all' "
            "or 'due sdb "
            "bitmap 2 44'",
            whole);
    if (schedule.size() + repeats > kMostOrders) return fmt::format("more than {} steps", kMostOrders);
    schedule.insert(schedule.end(), repeats, order);
    return {};
}

std::string order_text(const Order& order) {
    std::string text(kVerbs[static_cast<std::size_t>(order.kind)]);
    if (order.how == Choice::Kind::Grace) text += "grace of ";
    text += order.name;
    if (order.how == Choice::Kind::Fail) text += " fails";
    if (order.how == Choice::Kind::Timeout) text += " times out";
    if (order.kind == Order::Kind::Due) text += fmt::format(" {}", order.tick);
    return text;
}

std::string schedule_text(const Schedule& schedule, std::string_view indent) {
    std::string text;
    for (std::size_t i = 0; i < schedule.size();) {
        std::size_t end = i + 1;
        while (end < schedule.size() && schedule[end] == schedule[i] && end - i < kMostRepeats &&
               schedule[i].kind == Order::Kind::Step)
            end++;
        text.append(indent).append(order_text(schedule[i]));
        if (end - i > 1) text += fmt::format(" x{}", end - i);
        if (schedule[i].sides != Order::kBoth) text += schedule[i].sides == 1 ? " on A" : " on B";
        text += "\n";
        i = end;
    }
    return text;
}

}  // namespace mdscope
