// SPDX-License-Identifier: MIT
// Private to mdmon: what one pass reads from the sysfs files, as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mdadm/mdmon/mdmon.hpp"

namespace mdscope {

// One dev-*/ folder.
struct Mdmon::MemberSeen {
    Rdev* rdev = nullptr;  // stays valid as long as the Mddev, bound or not
    std::string name;
    Uuid uuid{};
    int slot = -1;
    Sector recovery_start = MaxSector;
    bool faulty = false;
    bool in_sync = false;
    bool blocked = false;
    bool replacement = false;
    bool write_mostly = false;
    bool failfast = false;
};

struct Mdmon::Seen {
    std::string array_state;
    std::string sync_action;  // "idle" when the file is not there
    std::string metadata_version;
    Sector resync_start = MaxSector;
    std::vector<MemberSeen> members;
    bool runs_still = false;      // when they had been read
    bool is_there_still = false;  // ... it had not been stopped altogether, so that all is forgotten
};

namespace mdmon {

// The words above `inactive` in array_state's order.
bool is_running(std::string_view array_state);
// The text of a file without its newline; empty when the file is not there now.
std::string read_attr(Mddev& mddev, const char* name);
// `to` says of the members' content what `from` did not; see mdmon_flush.cpp.
bool claims_more(const Container& from, const Container& to);
// A number of sectors, or MaxSector for `none`.
Sector sectors_of(const std::string& text);

}  // namespace mdmon

}  // namespace mdscope
