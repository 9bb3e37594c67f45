// SPDX-License-Identifier: MIT
// What must hold of an array's data: rows of judge.cpp. Only where the Ledger knows what was promised.
#pragma once

#include <string>

#include "engine/explore/judge.hpp"

namespace mdscope::judge_data {

// A data write is in flight to a chunk whose bit is not on a medium that an assembly would read it from.
bool is_intent_missing(const Sight& sight);
std::string intent_text(const Sight& sight);

// A write was acknowledged that a failed member has not got, and no medium says that this member has failed.
bool is_failure_unrecorded(const Sight& sight);
std::string recorded_text(const Sight& sight);

// A member that may be read has something older than the last acknowledged write.
bool is_stale(const Sight& sight);  // in the first life
bool is_lost(const Sight& sight);   // after a cut; or the array does not start
std::string data_text(const Sight& sight);

// Members that are read differ, and nothing says so.
bool are_unequal(const Sight& sight);
std::string unequal_text(const Sight& sight);

}  // namespace mdscope::judge_data
