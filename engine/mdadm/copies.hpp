// SPDX-License-Identifier: MIT
// An external:lab image that was copied beside the original: two members with one identity. An old copy is told by its
// label (label_stamp.hpp); of two with a good label the one that has the name in the sidecar comes in; none of them:
// the assembly is refused, because the wrong one may be older. Native copies are judged with all else that superblocks
// say (assemble_native.cpp).
#pragma once

#include <string>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/mdadm/assemble.hpp"

namespace mdscope {

Result<bool> leave_out_external_copies(const Container& container, std::vector<MemberImage>& all,
                                       std::vector<std::string>& notes);

}  // namespace mdscope
