// An image that was copied beside the original: two members with one identity. One of them stays out, if it can be told
// which is the copy; otherwise the assembly is refused, because the wrong one may be older.
//
//   native     the one that is less fresh stays out; equally fresh: refused
//   external   an old copy is told by its label (label_stamp.hpp); of two with a good label the one that has the name
//              in the sidecar comes in; none of them: refused
#pragma once

#include <string>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/mdadm/assemble.hpp"

namespace mdscope {

// Takes the copies out of `all`, with a note for each.
Result<bool> leave_out_native_copies(std::vector<MemberImage>& all, std::vector<std::string>& notes);
Result<bool> leave_out_external_copies(const Container& container, std::vector<MemberImage>& all,
                                       std::vector<std::string>& notes);

}  // namespace mdscope
