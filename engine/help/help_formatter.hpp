// SPDX-License-Identifier: MIT
// How --help shows an option: what its value is called, which values there are, and which one it is if none is given.
//
//   --fix ROW          Where the stop waits: none, v1, proposal, upstream (default)
//   --members N        Number of members (2 to 8) (default 2)
//   --mkfs ext4|xfs    File system to make on a blank disk
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace mdscope {

class HelpFormatter : public CLI::Formatter {
   public:
    std::string make_option_opts(const CLI::Option* option) const override;
    std::string make_option_desc(const CLI::Option* option) const override;
};

}  // namespace mdscope
