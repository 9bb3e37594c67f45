// lab/hold, release, delay, fail: rules on the members' disks, written in words.
//
//   hold     KIND... [MEMBER]           superblock, bitmap, badblocks, data, resync; `off` lifts all rules
//   release  all | ID                   performs what is held (the numbers are in lab/bios)
//   delay    MEMBER|all MS [KIND...]    `off` or 0 ms: no delay
//   fail     MEMBER|all read|write|flush [KIND...] [skip N] [count N] [sectors FIRST-LAST]; `off` clears
//
// hold keeps matching bios before the image is touched, from now on, also on disks that are added or assembled later:
// it is a standing rule. What is held stays held when the rule is lifted.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "fs/mount/lab/lab.hpp"

namespace mdscope {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view word) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
}

bool is_member(Lab& lab, const std::string& name) {
    const auto disks = lab.array.member_disks();
    return std::any_of(disks.begin(), disks.end(), [&](const auto& disk) { return disk.name == name; });
}

bool is_same(const std::weak_ptr<const void>& one, const std::shared_ptr<const void>& other) {
    return !one.owner_before(other) && !other.owner_before(one);
}

bool applies(const std::string& rule_member, const std::string& disk) {
    return rule_member.empty() || rule_member == disk;
}

std::string lines_text(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return lines.empty() ? "off\n" : text;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

}  // namespace

// ---- hold and release

std::string show_hold(Lab& lab) {
    const std::lock_guard guard(lab.mutex);
    std::vector<std::string> lines;
    for (const HoldRule& rule : lab.hold_rules) lines.push_back(rule.text);
    return lines_text(lines);
}

int store_hold(Lab& lab, std::string_view value) {
    const std::vector<std::string> words = split_words(value);
    if (words.empty()) return -EINVAL;
    if (words.size() == 1 && words[0] == "off") {
        const std::lock_guard guard(lab.mutex);
        lab.hold_rules.clear();
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.pause->lift();
        return 0;
    }
    HoldRule rule;
    rule.text = joined(words);
    for (std::size_t i = 0; i < words.size(); i++) {
        const std::optional<BioKind> kind = kBioKinds.find(words[i]);
        if (kind) {
            rule.filter.kinds.push_back(*kind);
        } else if (i + 1 == words.size() && is_member(lab, words[i])) {
            rule.member = words[i];
        } else {
            return -EINVAL;
        }
    }
    reapply_hold_rules(lab);  // disks that came meanwhile get the older rules first
    const std::lock_guard guard(lab.mutex);
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (applies(rule.member, disk.name)) disk.pause->hold(rule.filter);
    lab.hold_rules.push_back(std::move(rule));
    return 0;
}

void reapply_hold_rules(Lab& lab) {
    const std::lock_guard guard(lab.mutex);
    std::vector<std::weak_ptr<const void>> now;
    for (const Array::MemberDisk& disk : lab.array.member_disks()) {
        now.emplace_back(disk.keep);
        if (std::any_of(lab.ruled.begin(), lab.ruled.end(), [&](const auto& old) { return is_same(old, disk.keep); }))
            continue;
        for (const HoldRule& rule : lab.hold_rules)
            if (applies(rule.member, disk.name)) disk.pause->hold(rule.filter);
    }
    lab.ruled = std::move(now);
}

int store_release(Lab& lab, std::string_view value) {
    const std::vector<std::string> words = split_words(value);
    if (words.size() != 1) return -EINVAL;
    if (words[0] == "all") {
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.pause->release_all();
        return 0;
    }
    const std::optional<std::uint64_t> id = parse_number(words[0]);
    if (!id) return -EINVAL;
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (disk.pause->release(*id)) return 0;
    return -ENOENT;
}

void release_everything(Lab& lab) {
    {
        const std::lock_guard guard(lab.mutex);
        lab.hold_rules.clear();
        lab.delay_rules.clear();
    }
    for (const Array::MemberDisk& disk : lab.array.member_disks()) {
        disk.pause->lift();
        disk.delay->set_delay({}, 0);
        disk.pause->release_all();
    }
}

// ---- delay

std::string show_delay(Lab& lab) {
    const std::lock_guard guard(lab.mutex);
    return lines_text(lab.delay_rules);
}

int store_delay(Lab& lab, std::string_view value) {
    const std::vector<std::string> words = split_words(value);
    if (words.size() == 1 && words[0] == "off") {
        const std::lock_guard guard(lab.mutex);
        lab.delay_rules.clear();
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.delay->set_delay({}, 0);
        return 0;
    }
    if (words.size() < 2) return -EINVAL;
    const bool all = words[0] == "all";
    if (!all && !is_member(lab, words[0])) return -ENOENT;
    const std::optional<std::uint64_t> ms = parse_number(words[1]);
    if (!ms || *ms > 3'600'000) return -EINVAL;
    BioFilter filter;
    for (std::size_t i = 2; i < words.size(); i++) {
        const std::optional<BioKind> kind = kBioKinds.find(words[i]);
        if (!kind) return -EINVAL;
        filter.kinds.push_back(*kind);
    }
    const std::lock_guard guard(lab.mutex);
    // A disk has one delay: a new one takes the place of what was said about the same disk.
    std::erase_if(lab.delay_rules, [&](const std::string& rule) { return all || rule.starts_with(words[0] + " "); });
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (all || disk.name == words[0]) disk.delay->set_delay(filter, *ms * kNsPerMs);
    if (*ms != 0) lab.delay_rules.push_back(joined(words));
    return 0;
}

// ---- fail

namespace {

// The words after MEMBER and OP. False: not understood.
bool parse_fail_words(const std::vector<std::string>& words, FaultRule& rule) {
    for (std::size_t i = 2; i < words.size(); i++) {
        if (const std::optional<BioKind> kind = kBioKinds.find(words[i])) {
            rule.filter.kinds.push_back(*kind);
            continue;
        }
        if (i + 1 == words.size()) return false;
        const std::string& name = words[i++];
        const std::string& argument = words[i];
        if (name == "sectors") {
            const std::size_t dash = argument.find('-');
            const auto first = parse_number(std::string_view(argument).substr(0, dash));
            const auto last =
                dash == std::string::npos ? first : parse_number(std::string_view(argument).substr(dash + 1));
            if (!first || !last || *last < *first) return false;
            rule.filter.first = *first;
            rule.filter.last = *last;
            continue;
        }
        const std::optional<std::uint64_t> number = parse_number(argument);
        if (!number) return false;
        if (name == "skip")
            rule.skip = *number;
        else if (name == "count")
            rule.count = *number;
        else
            return false;
    }
    return true;
}

}  // namespace

std::string show_fail(Lab& lab) {
    const std::lock_guard guard(lab.mutex);
    return lines_text(lab.fail_rules);
}

int store_fail(Lab& lab, std::string_view value) {
    const std::vector<std::string> words = split_words(value);
    if (words.size() == 1 && words[0] == "off") {
        const std::lock_guard guard(lab.mutex);
        lab.fail_rules.clear();
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.fault->clear_rules();
        return 0;
    }
    if (words.size() < 2) return -EINVAL;
    if (words[0] != "all" && !is_member(lab, words[0])) return -ENOENT;
    FaultRule rule;
    if (words[1] == "read")
        rule.filter.ops = {BioOp::Read};
    else if (words[1] == "write")
        rule.filter.ops = {BioOp::Write};
    else if (words[1] == "flush")
        rule.filter.ops = {BioOp::Flush};
    else
        return -EINVAL;
    if (!parse_fail_words(words, rule)) return -EINVAL;
    const std::lock_guard guard(lab.mutex);
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (words[0] == "all" || disk.name == words[0]) disk.fault->add_rule(rule);
    lab.fail_rules.push_back(joined(words));
    return 0;
}

}  // namespace mdscope
