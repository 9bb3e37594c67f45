// SPDX-License-Identifier: MIT
// The words above `setup` and `tasks`: one row each, with what it takes in words and how it is read. Each variant is a
// word, too (engine/md/variant.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "engine/md/bitmap/home.hpp"
#include "engine/md/md.hpp"
#include "engine/scenario/scenario_parse.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kMostErrors = 16;
constexpr std::uint64_t kMostPages = 4;
constexpr std::uint64_t kSmallestImage = 1ULL << 20;
constexpr std::uint64_t kLargestImage = 16ULL << 40;
constexpr std::uint64_t kSmallestChunk = 4096;
constexpr std::uint64_t kLargestChunk = 1ULL << 31;
constexpr std::uint64_t kMostCuts = 3;
constexpr std::uint64_t kLargestWrite = 64 << 10;
constexpr std::uint64_t kLongestDelayMs = 24ULL * 3600 * 1000;

// "none, v1, proposal or upstream"
template <class Rows, class Row>
std::string names_of(const Rows& rows, const char* Row::*name) {
    std::string text;
    for (std::size_t i = 0; i < rows.size(); i++)
        text += std::string(i == 0 ? "" : i + 1 == rows.size() ? " or " : ", ") + rows[i].*name;
    return text;
}

// A number goes into a field of whatever type.
template <class Field>
bool read_into(Field& field, std::string_view value, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    if (!read_number(value, least, most, &number)) return false;
    field = static_cast<Field>(number);
    return true;
}

bool read_switch(bool& field, std::string_view value, std::string_view on, std::string_view off) {
    field = value == on;
    return value == on || value == off;
}

bool is_function_name(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

bool set_title(Scenario& s, std::string_view value) {
    s.title = value;
    return true;
}
bool set_members(Scenario& s, std::string_view value) {
    return read_into(s.members, value, 2, kMaxMembers);
}
bool set_bitmap(Scenario& s, std::string_view value) {
    s.bitmap = value;
    return kBitmapHomes.has(value);
}
constexpr std::array<std::string_view, 2> kMetadata{"1.2", "imsm"};
constexpr std::uint64_t kImsmChunk = 64ULL << 20, kImsmDelayMs = 5000;  // there are no others

bool set_metadata(Scenario& s, std::string_view value) {
    s.metadata = value;
    if (value == "imsm") {
        s.chunk = kImsmChunk;
        s.delay_ms = kImsmDelayMs;
    }
    return std::ranges::find(kMetadata, value) != kMetadata.end();
}
bool set_size(Scenario& s, std::string_view value) {
    return read_size(value, &s.size) && s.size >= kSmallestImage && s.size <= kLargestImage && s.size % 512 == 0;
}
bool set_chunk(Scenario& s, std::string_view value) {
    return read_size(value, &s.chunk) && s.chunk >= kSmallestChunk && s.chunk <= kLargestChunk &&
           std::has_single_bit(s.chunk);
}
bool set_delay(Scenario& s, std::string_view value) {
    return read_duration(value, &s.delay_ms) && s.delay_ms >= 1 && s.delay_ms <= kLongestDelayMs;
}
bool set_kernel(Scenario& s, std::string_view value) {
    const KernelEra* const era = find_kernel_era(value);
    if (era != nullptr) s.variants = VariantRows(*era);
    return era != nullptr;
}
bool set_mdmon(Scenario& s, std::string_view value) {
    return read_switch(s.mdmon, value, "on", "off");
}
bool set_errors(Scenario& s, std::string_view value) {
    return read_into(s.errors, value, 0, kMostErrors);
}
bool set_granularity(Scenario& s, std::string_view value) {
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Calls, Granularity::Fine})
        if (value == granularity_name(granularity)) {
            s.granularity = granularity;
            return true;
        }
    return false;
}
bool set_strategy(Scenario& s, std::string_view value) {
    const std::optional<Strategy> strategy = find_strategy(value);
    if (strategy) s.strategy = *strategy;
    return strategy.has_value();
}
bool set_pages(Scenario& s, std::string_view value) {
    return read_into(s.pages, value, 1, kMostPages);
}
bool set_crash(Scenario& s, std::string_view value) {
    for (const CutKind crash : {CutKind::None, CutKind::Kill, CutKind::PowerCut})
        if (value == cut_name(crash)) {
            s.crash = crash;
            return true;
        }
    return false;
}
bool set_cuts(Scenario& s, std::string_view value) {
    return read_into(s.cuts, value, 0, kMostCuts);
}
bool set_bits(Scenario& s, std::string_view value) {
    return read_switch(s.bits_clear, value, "clear", "set");
}
bool set_write_size(Scenario& s, std::string_view value) {
    return read_size(value, &s.write_size) && s.write_size >= 512 && s.write_size <= kLargestWrite &&
           s.write_size % 512 == 0;
}
// Which exhibits there are is known above; the search refuses a name that is none.
bool set_exhibit(Scenario& s, std::string_view value) {
    s.exhibit = value;
    return is_function_name(value);
}
// Nor which judges.
bool set_unasked(Scenario& s, std::string_view value) {
    s.unasked = value;
    return is_function_name(value);
}
bool set_versus(Scenario& s, std::string_view value) {
    s.versus = value;
    return !value.empty() && with_pairs(s, value);
}

// What the two arrays of a comparison may have of their own.
bool can_differ(std::string_view word) {
    return word == "kernel" || word == "bitmap" || find_variant(word) != nullptr;
}
std::string words_that_differ(const char* last) {
    std::string words = "kernel";
    for (const Variant& variant : all_variants()) words += std::string(", ") + variant.name();
    return words + last + "bitmap";
}

struct Header {
    const char* word;
    std::string (*takes)();
    bool (*set)(Scenario&, std::string_view value);  // false: it is not what this word takes
};

#define TAKES(text) [] { return std::string(text); }
constexpr std::array kHeaders = {
    Header{"title", TAKES("a line of text"), set_title},
    Header{"members", TAKES("a number from 2 to 8"), set_members},
    Header{"bitmap", [] { return listed(kBitmapHomes, " or "); }, set_bitmap},
    Header{"metadata", TAKES("1.2 or imsm"), set_metadata},
    Header{"size", TAKES("a size from 1M to 16T (a multiple of 512)"), set_size},
    Header{"chunk", TAKES("a power of two from 4K to 2G"), set_chunk},
    Header{"delay", TAKES("a time from 1ms to 86400s"), set_delay},
    Header{"kernel", [] { return names_of(kernel_eras(), &KernelEra::name); }, set_kernel},
    Header{"mdmon", TAKES("on or off"), set_mdmon},
    Header{"errors", TAKES("a number from 0 to 16"), set_errors},
    Header{"granularity", TAKES("coarse, calls or fine"), set_granularity},
    Header{"strategy", [] { return names_of(kStrategies, &StrategyRow::word); }, set_strategy},
    Header{"pages", TAKES("a number from 1 to 4"), set_pages},
    Header{"crash", TAKES("none, kill or power-cut"), set_crash},
    Header{"cuts", TAKES("a number from 0 to 3"), set_cuts},
    Header{"bits", TAKES("set or clear"), set_bits},
    Header{"write-size", TAKES("a size from 512 to 64K (a multiple of 512)"), set_write_size},
    Header{"unasked", TAKES("the name of a judge"), set_unasked},
    Header{"exhibit", TAKES("the name of an exhibit, a folder of engine/museum"), set_exhibit},
    Header{
        "versus",
        [] { return fmt::format("pairs of {} and what they take, as in 'fix upstream'", words_that_differ(" or ")); },
        set_versus},
};
#undef TAKES

const Header* find_header(std::string_view word) {
    const auto* const found =
        std::find_if(kHeaders.begin(), kHeaders.end(), [&](const Header& header) { return word == header.word; });
    return found == kHeaders.end() ? nullptr : found;
}

}  // namespace

bool is_header_word(std::string_view word) {
    return find_header(word) != nullptr || find_variant(word) != nullptr;
}

bool is_set_by_kernel(std::string_view word) {
    return find_variant(word) != nullptr;
}

Complaint read_header(Scenario& scenario, std::string_view word, std::string_view value) {
    const Variant* const variant = find_variant(word);
    const Header* const header = find_header(word);
    const std::string takes = variant != nullptr ? variant->row_names() : header->takes();
    if (value.empty()) return fmt::format("'{}' has no value; it takes {}", word, takes);
    const bool good = variant != nullptr ? scenario.variants.choose(word, value) : header->set(scenario, value);
    return good ? Complaint{} : fmt::format("'{}' takes {}, not '{}'", word, takes, value);
}

std::string header_words() {
    std::string words;
    for (const Header& header : kHeaders) {
        words += std::string(words.empty() ? "" : ", ") + header.word;
        if (header.set != set_kernel) continue;
        for (const Variant& variant : all_variants()) words += std::string(", ") + variant.name();
    }
    return words;
}

Result<Scenario> with_pairs(const Scenario& scenario, std::string_view pairs) {
    Scenario changed = scenario;
    while (!pairs.empty()) {
        const std::string_view word = take_word(pairs);
        const std::string_view value = take_word(pairs);
        if (!can_differ(word))
            return Error{EINVAL, fmt::format("'{}' cannot differ; {} can", word, words_that_differ(" and "))};
        if (Complaint wrong = read_header(changed, word, value); !wrong.empty()) return Error{EINVAL, wrong};
    }
    return changed;
}

Complaint read_expectation(Expectation& expect, std::string_view value) {
    constexpr const char* kTakes = "safe, hang, any, crash [FUNCTION] or violation [JUDGE]";
    if (value.empty()) return fmt::format("'expect' has no value; it takes {}", kTakes);
    const std::string_view whole = value;
    const std::string_view word = take_word(value);
    if (word == "any")
        expect.kind = Expectation::Kind::Any;
    else if (word == "safe")
        expect.kind = Expectation::Kind::Safe;
    else if (word == "hang")
        expect.kind = Expectation::Kind::Hang;
    else if (word == "crash")
        expect.kind = Expectation::Kind::Crash;
    else if (word == "violation")
        expect.kind = Expectation::Kind::Violation;
    else
        return fmt::format("'expect' takes {}, not '{}'", kTakes, whole);
    const bool is_of_judge = expect.kind == Expectation::Kind::Violation;
    if (expect.kind != Expectation::Kind::Crash && !is_of_judge && !value.empty())
        return fmt::format("nothing may follow 'expect {}'", word);
    if (!is_of_judge && !is_function_name(value)) return fmt::format("'{}' is not the name of a function", value);
    expect.function = value;
    return {};
}

}  // namespace mdscope
