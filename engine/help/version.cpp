// SPDX-License-Identifier: MIT

#include "engine/help/version.hpp"

#include "generated/commit.hpp"  // written by the build when the commit changes

namespace mdscope {

std::string version_number() {
    return MDSCOPE_VERSION;
}

std::string version_text() {
    const std::string commit = MDSCOPE_COMMIT;
    return version_number() + (commit.empty() ? "" : " (" + commit + ")");
}

}  // namespace mdscope
