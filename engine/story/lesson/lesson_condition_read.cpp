// SPDX-License-Identifier: MIT
// Reads conditions and places. Each kind of fact is a row that says what has to follow its word.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/scenario/text_lines.hpp"
#include "engine/story/lesson/lesson_condition.hpp"

namespace mdscope {

namespace {

using Wants = std::string;  // empty: all is well

constexpr std::size_t kMostFacts = 32;
constexpr std::size_t kLongestName = 64;
constexpr int kDeepest = 4;  // of places in facts in places

Wants read_fact(std::string_view text, int depth, Fact& fact);
Result<When> read_condition_at(std::string_view text, int depth);

// ---- what may follow

bool take_side(std::string_view& text, Fact& fact) {
    const std::string_view word = take_word(text);
    if (word != "A" && word != "B" && word != "both") return false;
    fact.sides = word == "A" ? 1U : word == "B" ? 2U : Order::kBoth;
    return true;
}

bool take_compare(std::string_view& text, Fact& fact) {
    constexpr std::array<std::string_view, 6> kWords = {"=", "!=", "<", "<=", ">", ">="};  // by Fact::Compare
    const auto found = std::ranges::find(kWords, take_word(text));
    if (found == kWords.end()) return false;
    fact.compare = static_cast<Fact::Compare>(found - kWords.begin());
    return true;
}

bool take_number(std::string_view& text, std::uint64_t& number) {
    return read_number(take_word(text), 0, 1'000'000, &number);
}

template <std::size_t N>
bool take_one_of(std::string_view& text, const std::array<std::string_view, N>& words, std::string& name) {
    const std::string_view word = take_word(text);
    if (std::ranges::find(words, word) == words.end()) return false;
    name = word;
    return true;
}

Wants standing(std::string_view& text, int /*depth*/, Fact& fact) {
    constexpr std::array<std::string_view, 9> kWords = {"running", "stopping", "waiting", "in-danger", "stopped",
                                                        "oops",    "hung",     "off",     "broken"};
    return take_side(text, fact) && take_one_of(text, kWords, fact.name) ? "" : "A|B|both and a word of the cards";
}

Wants side_only(std::string_view& text, int /*depth*/, Fact& fact) {
    return take_side(text, fact) ? "" : "A, B or both";
}

Wants counter(std::string_view& text, int /*depth*/, Fact& fact) {
    std::string which;
    constexpr std::array<std::string_view, 2> kWords = {"mddev", "bitmap"};
    const bool good = take_side(text, fact) && take_one_of(text, kWords, which) && take_compare(text, fact) &&
                      take_number(text, fact.number);
    fact.of_bitmap = which == "bitmap";
    return good ? "" : "A|B|both mddev|bitmap, then =, !=, <, <=, > or >=, then a number";
}

Wants function(std::string_view& text, int /*depth*/, Fact& fact) {
    const bool good = take_side(text, fact) && is_function_name(fact.name = take_word(text));
    return good ? "" : "A|B|both and the name of a function";
}

Wants function_times(std::string_view& text, int depth, Fact& fact) {
    fact.number = 1;
    if (const Wants wrong = function(text, depth, fact); !wrong.empty()) return wrong;
    if (text.empty()) return {};
    return take_number(text, fact.number) && fact.number > 0 ? "" : "a number of times, or nothing, after the function";
}

Wants bio(std::string_view& text, int /*depth*/, Fact& fact) {
    BioName name;
    const bool good = take_side(text, fact) && read_bio_name(text, &name);
    fact.name = fmt::format("{} {} {}", name.member, name.kind, name.number);
    text = {};
    return good ? "" : "A|B|both and a bio, as in 'A sdb bitmap 1'";
}

Wants member(std::string_view& text, int /*depth*/, Fact& fact) {
    const bool good = take_side(text, fact) && is_function_name(fact.name = take_word(text));
    return good ? "" : "A|B|both and a member, as in 'A sdb'";
}

Wants chunk(std::string_view& text, int /*depth*/, Fact& fact) {
    const bool good = take_side(text, fact) && take_number(text, fact.chunk) && take_compare(text, fact) &&
                      take_number(text, fact.number);
    return good ? "" : "A|B|both, the number of a chunk, =, !=, <, <=, > or >=, and a number";
}

Wants amount(std::string_view& text, int /*depth*/, Fact& fact) {
    const bool good = take_side(text, fact) && take_compare(text, fact) && take_number(text, fact.number);
    return good ? "" : "A|B|both, =, !=, <, <=, > or >=, and a number";
}

Wants tick(std::string_view& text, int depth, Fact& fact) {
    if (!take_compare(text, fact)) return "=, !=, <, <=, > or >=, and a place";
    if (depth >= kDeepest) return "a simpler place";
    Place place;
    if (text == "end") {
        place.kind = Place::Kind::End;
    } else if (text != "start") {
        place.kind = Place::Kind::First;
        Result<When> when = read_condition_at(text == "first-difference" ? "differs" : text, depth + 1);
        if (!when) return fmt::format("a place ({})", when.error().text);
        place.when = *when;
    }
    fact.place = std::make_shared<const Place>(std::move(place));
    text = {};
    return {};
}

Wants still(std::string_view& text, int /*depth*/, Fact& fact) {
    constexpr std::array<std::string_view, 3> kWords = {"held", "not-begun", "ended"};
    return take_one_of(text, kWords, fact.name) ? "" : "held, not-begun or ended";
}

Wants nothing(std::string_view& /*text*/, int /*depth*/, Fact& /*fact*/) {
    return {};
}

struct Row {
    std::string_view word;
    Fact::Kind kind;
    Wants (*read)(std::string_view& text, int depth, Fact& fact);  // or what it takes
};
constexpr std::array kFacts = {
    Row{"standing", Fact::Kind::Status, standing},
    Row{"crashed", Fact::Kind::Crashed, function},
    Row{"ended", Fact::Kind::Ended, side_only},
    Row{"counter", Fact::Kind::Counter, counter},
    Row{"peak", Fact::Kind::Peak, counter},
    Row{"entered", Fact::Kind::Entered, function_times},
    Row{"left", Fact::Kind::Left, function_times},
    Row{"inside", Fact::Kind::Inside, function},
    Row{"asleep", Fact::Kind::Asleep, function},
    Row{"in-flight", Fact::Kind::InFlight, bio},
    Row{"held", Fact::Kind::Held, bio},
    Row{"finished", Fact::Kind::Finished, bio},
    Row{"unbound", Fact::Kind::Unbound, member},
    Row{"chunk", Fact::Kind::Chunk, chunk},
    Row{"cut", Fact::Kind::Cut, side_only},
    Row{"lost", Fact::Kind::Lost, side_only},
    Row{"compared", Fact::Kind::Compared, amount},
    Row{"tick", Fact::Kind::Tick, tick},
    Row{"still", Fact::Kind::Still, still},
    Row{"differs", Fact::Kind::Differs, nothing},
};

std::string words() {
    std::string text;
    for (const Row& row : kFacts) text += (text.empty() ? "" : ", ") + std::string(row.word);
    return text;
}

// ---- the whole

bool take_prefix(std::string_view& text, std::string_view word) {
    std::string_view rest = text;
    if (take_word(rest) != word) return false;
    text = rest;
    return true;
}

Wants read_fact(std::string_view text, int depth, Fact& fact) {
    fact.negated = take_prefix(text, "not");
    fact.finally = take_prefix(text, "finally");
    const std::string_view whole = text;
    const std::string_view word = take_word(text);
    const auto row = std::ranges::find(kFacts, word, &Row::word);
    if (row == kFacts.end()) return fmt::format("'{}' is no fact; a fact begins with one of {}", word, words());
    fact.kind = row->kind;
    if (const Wants takes = row->read(text, depth, fact); !takes.empty())
        return fmt::format("'{}': '{}' takes {}", whole, word, takes);
    return text.empty() ? "" : fmt::format("'{}': '{}' is too much", whole, text);
}

// The part before the next " word ", which is taken off.
std::string_view take_part(std::string_view& text, std::string_view word) {
    const std::size_t at = text.find(word);
    const std::string_view part = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + word.size());
    return trim(part);
}

Result<When> read_condition_at(std::string_view text, int depth) {
    When condition;
    condition.text = text;
    std::size_t facts = 0;
    for (std::string_view rest = text; condition.any.empty() || !rest.empty();) {
        std::string_view all = take_part(rest, " or ");
        std::vector<Fact>& list = condition.any.emplace_back();
        while (list.empty() || !all.empty()) {
            if (++facts > kMostFacts) return Error{EINVAL, fmt::format("more than {} facts", kMostFacts)};
            if (const Wants wrong = read_fact(take_part(all, " and "), depth, list.emplace_back()); !wrong.empty())
                return Error{EINVAL, wrong};
        }
    }
    return condition;
}

}  // namespace

bool is_function_name(std::string_view word) {
    const auto is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !word.empty() && word.size() <= kLongestName && std::ranges::all_of(word, is_good);
}

Result<When> read_condition(std::string_view text) {
    return read_condition_at(trim(text), 0);
}

Result<Place> read_place(std::string_view text) {
    text = trim(text);
    Place place;
    if (text == "start" || text == "end") {
        place.kind = text == "start" ? Place::Kind::Start : Place::Kind::End;
        return place;
    }
    Result<When> when = read_condition(text == "first-difference" ? "differs" : text);
    if (!when) return Error{EINVAL, "a place is start, end, first-difference or a condition; " + when.error().text};
    place.kind = Place::Kind::First;
    place.when = *when;
    return place;
}

}  // namespace mdscope
