// SPDX-License-Identifier: MIT

#include "engine/look/lab_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/look/lab_words.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kLongestDelayMs = 3'600'000;
constexpr std::string_view kSkip = "skip", kCount = "count", kSectors = "sectors";

void add(std::string& text, std::string_view word) {
    if (word.empty()) return;
    if (!text.empty()) text += ' ';
    text += word;
}

void add(std::string& text, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    add(text, name);
    add(text, value);
}

std::string every_if_empty(const std::string& member) {
    return member.empty() ? std::string(kEveryMember) : member;
}

bool says_off(const std::vector<std::string>& words) {
    return words.size() == 1 && words[0] == kRulesOff;
}

std::string empty_if_every(const std::string& word) {
    return word == kEveryMember ? "" : word;
}

}  // namespace

// ---- printing

std::string kinds_text(const std::vector<BioKind>& kinds) {
    std::string text;
    for (const BioKind kind : kinds) add(text, kBioKinds[kind]);
    return text;
}

std::string hold_text(std::string_view kinds, std::string_view member) {
    std::string text(kinds);
    add(text, member);
    return text;
}

std::string delay_text(std::string_view member, std::string_view ms, std::string_view kinds) {
    std::string text(member);
    add(text, ms);
    add(text, kinds);
    return text;
}

std::string fail_text(const FailWords& words) {
    std::string text = words.member;
    add(text, words.op);
    add(text, words.kinds);
    add(text, kSkip, words.skip);
    add(text, kCount, words.count);
    add(text, kSectors, words.sectors);
    return text;
}

std::string rule_text(const HoldRule& rule) {
    return hold_text(kinds_text(rule.kinds), rule.member);
}

std::string rule_text(const DelayRule& rule) {
    return delay_text(every_if_empty(rule.member), std::to_string(rule.ms), kinds_text(rule.kinds));
}

std::string rule_text(const FailRule& rule) {
    const FailRule any;
    FailWords words{.member = every_if_empty(rule.member), .op = kBioOps[rule.op], .kinds = kinds_text(rule.kinds)};
    if (rule.skip != any.skip) words.skip = std::to_string(rule.skip);
    if (rule.count != any.count) words.count = std::to_string(rule.count);
    if (rule.first != any.first || rule.last != any.last) words.sectors = fmt::format("{}-{}", rule.first, rule.last);
    return fail_text(words);
}

std::string release_text(const ReleaseOrder& order) {
    return order.id ? std::to_string(*order.id) : std::string(kReleaseAll);
}

std::string rules_file(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return lines.empty() ? std::string(kRulesOff) + "\n" : text;
}

// ---- parsing

std::optional<HoldRule> parse_hold_rule(std::string_view line) {
    const std::vector<std::string> words = split_words(line);
    if (words.empty() || says_off(words)) return std::nullopt;
    HoldRule rule;
    for (std::size_t i = 0; i < words.size(); i++) {
        if (const std::optional<BioKind> kind = kBioKinds.find(words[i]))
            rule.kinds.push_back(*kind);
        else if (i + 1 == words.size())
            rule.member = words[i];
        else
            return std::nullopt;
    }
    return rule;
}

std::optional<DelayRule> parse_delay_rule(std::string_view line) {
    const std::vector<std::string> words = split_words(line);
    DelayRule rule;
    if (words.size() < 2 || !read_number(words[1], 0, kLongestDelayMs, &rule.ms)) return std::nullopt;
    rule.member = empty_if_every(words[0]);
    for (std::size_t i = 2; i < words.size(); i++) {
        const std::optional<BioKind> kind = kBioKinds.find(words[i]);
        if (!kind) return std::nullopt;
        rule.kinds.push_back(*kind);
    }
    return rule;
}

namespace {

bool read_fail_option(std::string_view name, std::string_view value, FailRule& rule) {
    if (name == kSkip) return read_number(value, &rule.skip);
    if (name == kCount) return read_number(value, &rule.count);
    return name == kSectors && parse_span(value, rule.first, rule.last);
}

}  // namespace

std::optional<FailRule> parse_fail_rule(std::string_view line) {
    const std::vector<std::string> words = split_words(line);
    if (words.size() < 2) return std::nullopt;
    FailRule rule;
    rule.member = empty_if_every(words[0]);
    const std::optional<BioOp> op = kBioOps.find(words[1]);
    if (!op || std::ranges::find(kFailingOps, *op) == kFailingOps.end()) return std::nullopt;
    rule.op = *op;
    for (std::size_t i = 2; i < words.size(); i++) {
        if (const std::optional<BioKind> kind = kBioKinds.find(words[i])) {
            rule.kinds.push_back(*kind);
            continue;
        }
        if (i + 1 == words.size() || !read_fail_option(words[i], words[i + 1], rule)) return std::nullopt;
        i++;
    }
    return rule;
}

std::optional<ReleaseOrder> parse_release(std::string_view line) {
    const std::vector<std::string> words = split_words(line);
    if (words.size() != 1) return std::nullopt;
    if (words[0] == kReleaseAll) return ReleaseOrder();
    std::uint64_t id = 0;
    if (!read_number(words[0], &id)) return std::nullopt;
    return ReleaseOrder{id};
}

bool has_rules(std::string_view file) {
    const std::vector<std::string> words = split_words(file);
    return !words.empty() && !says_off(words);
}

std::vector<HoldRule> parse_hold_rules(std::string_view file) {
    std::vector<HoldRule> rules;
    while (!file.empty())
        if (std::optional<HoldRule> rule = parse_hold_rule(take_line(file))) rules.push_back(std::move(*rule));
    return rules;
}

}  // namespace mdscope
