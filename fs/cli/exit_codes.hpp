// SPDX-License-Identifier: MIT
// What a command ends with: the one list. --help and the man page print it; tests/real/exit_codes.py has a story for
// each row.
#pragma once

#include <string>

namespace mdscope {

enum ExitCode : int { kOk = 0, kFailed = 1, kUsage = 2, kBusy = 3, kUnusable = 4, kNotKnown = 5, kInterrupted = 130 };

struct ExitCodeRow {
    ExitCode code;
    const char* what;
};

inline constexpr ExitCodeRow kExitCodes[] = {
    {kOk, "it worked; of a search or a run: what is expected holds"},
    {kFailed, "the operation failed, or what is expected does not hold; the message says why"},
    {kUsage,
     "wrong usage: an unknown command or option, a value that makes no sense or is too small, options that do not go "
     "together, a file that is no scenario, replay or saved search"},
    {kBusy,
     "busy: the array is open, is running, is at other work (a sync, a stop) or cannot do without the member; or "
     "another mdscope has an image or is at work on the lab"},
    {kUnusable, "an image or its metadata cannot be used"},
    {kNotKnown,
     "not known: nothing bad was met, but not everything was looked at: the search ended early, or it was a single "
     "run"},
    {kInterrupted, "interrupted"},
};

// A line each: "  0    it worked; ...".
inline std::string exit_codes_text() {
    std::string text = "Exit codes:";
    for (const ExitCodeRow& row : kExitCodes) {
        std::string code = std::to_string(row.code);
        code.resize(5, ' ');
        text += "\n  " + code + row.what;
    }
    return text;
}

}  // namespace mdscope
