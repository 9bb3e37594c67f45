// SPDX-License-Identifier: MIT

#include "engine/museum/writing.hpp"

#include <array>

namespace mdscope::museum {

static constexpr std::array kWriting = {ActFunction{"raid1_make_request", false}};

Act act_of_writing(const char* over) {
    return {.noun = "write",
            .doing = "writing",
            .does = "writes to the array",
            .done = "ended its writes without harm",
            .none = "nobody writes in this scenario",
            .over = over,
            .status_begun = "WRITING",
            .status_over = "DONE",
            .is = [](const Statement& statement) { return statement.kind == Statement::Kind::Write; },
            .functions = kWriting};
}

}  // namespace mdscope::museum
