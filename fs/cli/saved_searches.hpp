// SPDX-License-Identifier: MIT
// explore --save-search and --resume: the file of a search that ended early, and what may be asked for beside it.
#pragma once

#include <optional>
#include <string>

#include "engine/explore/saved_search.hpp"
#include "fs/cli/scenario_options.hpp"

namespace mdscope {

// What the caller named beside --resume. It has to be what the search was begun with.
struct AskedBeside {
    const ScenarioOptions& scenario;
    std::optional<Strategy> strategy;
    std::optional<std::uint64_t> seed;
    std::optional<unsigned> preemptions;
};

// The search in that file; its scenario expects what is asked for. Error: there is none, it is damaged, or it is not
// the search that was asked for.
Result<SavedSearch> saved_search_in(const std::string& path, const AskedBeside& asked);
// As it is now.
Result<bool> save_search(const std::string& path, SavedSearch search);

}  // namespace mdscope
