// SPDX-License-Identifier: MIT
// lab/hold, release, delay and fail: rules on the members' disks, in words. One line a rule:
//
//   hold     [KIND...] [MEMBER]         which bios are kept from the image
//   delay    MEMBER|all MS [KIND...]
//   fail     MEMBER|all read|write|flush [KIND...] [skip N] [count N] [sectors FIRST-LAST]     in any order from KIND
//   on release  all | ID                   performs what is held (the numbers are in lab/bios)
//
// KIND is one of kBioKinds; none: every kind. `off` lifts all rules of a file, and is what a file without rules says.
// A text function gives the line that its parser reads back as the same rule. Which members there are is known only to
// the mount: a parser takes any word for one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/bio.hpp"

namespace mdscope {

inline constexpr std::string_view kRulesOff = "off";
inline constexpr std::string_view kEveryMember = "all";
inline constexpr std::string_view kReleaseAll = "all";
inline constexpr std::array kFailingOps = {BioOp::Read, BioOp::Write, BioOp::Flush};

struct HoldRule {
    std::vector<BioKind> kinds;  // none: every one
    std::string member;          // empty: every one, here and below
    bool operator==(const HoldRule&) const = default;
};

struct DelayRule {
    std::string member;
    std::uint64_t ms = 0;  // 0: no delay
    std::vector<BioKind> kinds;
    bool operator==(const DelayRule&) const = default;
};

struct FailRule {
    std::string member;
    BioOp op = BioOp::Write;
    std::vector<BioKind> kinds;
    std::uint64_t skip = 0;
    std::uint64_t count = ~std::uint64_t{0};
    Sector first = 0, last = ~Sector{0};
    bool operator==(const FailRule&) const = default;
};

struct ReleaseOrder {
    std::optional<std::uint64_t> id;  // nothing: all
    bool operator==(const ReleaseOrder&) const = default;
};

std::optional<HoldRule> parse_hold_rule(std::string_view line);
std::optional<DelayRule> parse_delay_rule(std::string_view line);
std::optional<FailRule> parse_fail_rule(std::string_view line);
std::optional<ReleaseOrder> parse_release(std::string_view line);

std::string rule_text(const HoldRule& rule);
std::string rule_text(const DelayRule& rule);
std::string rule_text(const FailRule& rule);
std::string release_text(const ReleaseOrder& order);

// The same from words that a person may still be typing, so that anything may be in them; an empty one is left out.
struct FailWords {
    std::string member{}, op{}, kinds{}, skip{}, count{}, sectors{};
};
std::string hold_text(std::string_view kinds, std::string_view member);
std::string delay_text(std::string_view member, std::string_view ms, std::string_view kinds);
std::string fail_text(const FailWords& words);
std::string kinds_text(const std::vector<BioKind>& kinds);  // "bitmap superblock"

// The whole of a file: a rule a line, or that there is none.
std::string rules_file(const std::vector<std::string>& lines);
bool has_rules(std::string_view file);
std::vector<HoldRule> parse_hold_rules(std::string_view file);  // lines that are none are left out

}  // namespace mdscope
