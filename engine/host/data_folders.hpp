// SPDX-License-Identifier: MIT
// Where scenarios and lessons lie: one's own, and those that come with mdscope.
//
//   $XDG_DATA_HOME/mdscope/KIND    one's own (~/.local/share/mdscope without the variable)
//   $MDSCOPE_DATA/KIND             if it is set, instead of those below
//   BINARY/../share/mdscope/KIND   where the running program was installed to, wherever that is
//   as it was configured           the installation's folder, then the folder of the sources
#pragma once

#include <string>
#include <vector>

namespace mdscope {

// One's own folder; empty where there is no home.
std::string own_data_folder(const std::string& kind);  // "scenarios", "lessons"
// What may be the other, in order: the first that has anything is meant.
std::vector<std::string> shipped_data_folders(const std::string& kind);
// All of them, for a message.
std::string data_folders_text(const std::string& kind);

}  // namespace mdscope
