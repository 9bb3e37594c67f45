// SPDX-License-Identifier: MIT

#include "engine/explore/explorer.hpp"

namespace mdscope {

std::string_view ending_name(Ending ending) {
    switch (ending) {
        case Ending::Done:
            return "done";
        case Ending::Crash:
            return "crash";
        case Ending::Hang:
            return "hang";
        case Ending::Violation:
            return "violation";
    }
    return "";
}

}  // namespace mdscope
