// SPDX-License-Identifier: MIT
// lab/hold, release, delay, fail: rules on the members' disks. How they are written: engine/look/lab_rules.hpp.
//
// hold keeps matching bios before the image is touched, from now on, also on disks that are added or assembled later:
// it is a standing rule. What is held stays held when the rule is lifted.
#include <algorithm>

#include "fs/mount/lab/lab.hpp"

namespace mdscope {

namespace {

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

std::string single_blanks(std::string_view value) {
    std::string line;
    for (const std::string& word : split_words(value)) line += (line.empty() ? "" : " ") + word;
    return line;
}

template <class Rule>
std::string show_rules(Lab& lab, const std::vector<StandingRule<Rule>>& rules) {
    const std::lock_guard guard(lab.mutex);
    std::vector<std::string> lines;
    for (const StandingRule<Rule>& rule : rules) lines.push_back(rule.line);
    return rules_file(lines);
}

BioFilter filter_of(const HoldRule& rule) {
    return {.kinds = rule.kinds};
}

// A member that takes no writes takes no discards.
FaultRule fault_of(const FailRule& rule) {
    FaultRule fault{.filter{.kinds = rule.kinds, .ops = {rule.op}, .first = rule.first, .last = rule.last},
                    .skip = rule.skip,
                    .count = rule.count};
    if (rule.op == BioOp::Write) fault.filter.ops.push_back(BioOp::Discard);
    return fault;
}

}  // namespace

// ---- hold and release

std::string show_hold(Lab& lab) {
    return show_rules(lab, lab.hold_rules);
}

int store_hold(Lab& lab, std::string_view value) {
    if (single_blanks(value) == kRulesOff) {
        const std::lock_guard guard(lab.mutex);
        lab.hold_rules.clear();
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.pause->lift();
        return 0;
    }
    std::optional<HoldRule> rule = parse_hold_rule(value);
    if (!rule || (!rule->member.empty() && !is_member(lab, rule->member))) return -EINVAL;
    reapply_hold_rules(lab);  // disks that came meanwhile get the older rules first
    const std::lock_guard guard(lab.mutex);
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (applies(rule->member, disk.name)) disk.pause->hold(filter_of(*rule));
    lab.hold_rules.push_back({std::move(*rule), single_blanks(value)});
    return 0;
}

void reapply_hold_rules(Lab& lab) {
    const std::lock_guard guard(lab.mutex);
    std::vector<std::weak_ptr<const void>> now;
    for (const Array::MemberDisk& disk : lab.array.member_disks()) {
        now.emplace_back(disk.keep);
        if (std::any_of(lab.ruled.begin(), lab.ruled.end(), [&](const auto& old) { return is_same(old, disk.keep); }))
            continue;
        for (const auto& [rule, line] : lab.hold_rules)
            if (applies(rule.member, disk.name)) disk.pause->hold(filter_of(rule));
    }
    lab.ruled = std::move(now);
}

int store_release(Lab& lab, std::string_view value) {
    const std::optional<ReleaseOrder> order = parse_release(value);
    if (!order) return -EINVAL;
    if (!order->id) {
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.pause->release_all();
        return 0;
    }
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (disk.pause->release(*order->id)) return 0;
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
    return show_rules(lab, lab.delay_rules);
}

int store_delay(Lab& lab, std::string_view value) {
    if (single_blanks(value) == kRulesOff) {
        const std::lock_guard guard(lab.mutex);
        lab.delay_rules.clear();
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.delay->set_delay({}, 0);
        return 0;
    }
    std::optional<DelayRule> rule = parse_delay_rule(value);
    if (!rule) return -EINVAL;
    if (!rule->member.empty() && !is_member(lab, rule->member)) return -ENOENT;
    const std::lock_guard guard(lab.mutex);
    // A disk has one delay: a new one takes the place of what was said about the same disk.
    std::erase_if(lab.delay_rules, [&](const auto& old) { return applies(rule->member, old.rule.member); });
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (applies(rule->member, disk.name)) disk.delay->set_delay({.kinds = rule->kinds}, rule->ms * kNsPerMs);
    if (rule->ms != 0) lab.delay_rules.push_back({std::move(*rule), single_blanks(value)});
    return 0;
}

// ---- fail

std::string show_fail(Lab& lab) {
    return show_rules(lab, lab.fail_rules);
}

int store_fail(Lab& lab, std::string_view value) {
    if (single_blanks(value) == kRulesOff) {
        const std::lock_guard guard(lab.mutex);
        lab.fail_rules.clear();
        for (const Array::MemberDisk& disk : lab.array.member_disks()) disk.fault->clear_rules();
        return 0;
    }
    std::optional<FailRule> rule = parse_fail_rule(value);
    if (!rule) return -EINVAL;
    if (!rule->member.empty() && !is_member(lab, rule->member)) return -ENOENT;
    const std::lock_guard guard(lab.mutex);
    for (const Array::MemberDisk& disk : lab.array.member_disks())
        if (applies(rule->member, disk.name)) disk.fault->add_rule(fault_of(*rule));
    lab.fail_rules.push_back({std::move(*rule), single_blanks(value)});
    return 0;
}

}  // namespace mdscope
