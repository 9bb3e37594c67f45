// SPDX-License-Identifier: MIT
// The arrays and operations that are cut at every step: each home of the bitmap by each operation.
//
// What is not in a search: `create`. It writes files before there is an array, and a simulated array begins with what
// it has written; the real twin (tests/real/twins.py) kills it at each of its calls. Nor does md know the rest here:
// without a bitmap nothing is re-added that was not in the array; of a bitmap file another size is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

struct CrashOperation {
    const char* name;
    const char* tasks;
    const char* headers = "";  // more of them, a line each
    const char* setup = "";
    const char* homes = "external internal file none";
    const char* crashes = "kill power-cut";
    bool ends =
        true;  // its search ends within the bound; an external bitmap, which has mdmon beside it, is never asked
    const char* size = "1152K";  // of each image: two chunks of data
};

inline constexpr const char* kHalfRecovered = " store safe_mode_delay 0\n fail sdb\n store sync_max 256\n add sdc\n";

inline const std::vector<CrashOperation>& crash_operations() {
    static const std::vector<CrashOperation> operations = {
        {"write", " a: write 0\n"},
        {"flush", " a: write 0; flush; write 0\n"},
        {"clear", " a: write 0; daemon; daemon; daemon; daemon; write 1; daemon; daemon; daemon\n"},
        {"idle", " a: write 0; idle 1s\n"},
        {"fail", " a: fail sdb; write 0\n"},
        {"write-error", " a: write 0\n", "errors 1\n"},
        // A flush may fail, too: then nothing is claimed before the failure is on record.
        {"flush-error", " a: write 0; idle 1s\n", "errors 1\n", "", "internal file none"},
        {"remove", " a: fail sdb; remove sdb; write 0\n"},
        {"re-add", " a: fail sdb; write 0; remove sdb; re-add sdb; wait\n"},
        {"write-during-re-add", " a: re-add sdb; wait\n b: write 0\n", "", " fail sdb\n write 0\n remove sdb\n",
         "internal file", "kill power-cut", false},
        {"add", " a: add sdc; fail sdb; wait\n"},
        {"add-to-degraded", " a: add sdc; wait\n", "", " fail sdb\n remove sdb\n"},
        // The first read fails, and so does the one that looks again before it is written back.
        {"read-error", " a: write 0; read 0\n", "errors 2\n", "", "internal none", "kill"},
        {"grow", " a: write 0; store component_size 128; wait; write 1\n", "", " store component_size 64\n",
         "internal external none"},
        // It stands still in the middle, until the bitmap may call the first chunk done.
        {"slow-repair",
         " a: write 0; store sync_max 128; store sync_action repair; idle 6s; store sync_max max; wait\n", "", "",
         "internal external file"},
        {"slow-re-add", " a: store sync_max 128; re-add sdb; idle 6s; store sync_max max; wait\n", "",
         " fail sdb\n write 0\n write 1\n remove sdb\n", "internal external file"},
        // A write below the checkpoint of a recovery, and not in the first chunk, which the next one copies at once.
        {"write-below-checkpoint", " a: write 1\n", "", kHalfRecovered, "internal external file", "kill power-cut",
         true, "1280K"},
        {"write-below-checkpoint", " a: write 17\n", "", kHalfRecovered, "none", "kill power-cut", false, "1280K"},
        {"check", " a: write 0; store sync_action check; wait\n"},
        {"repair", " a: write 0; store sync_action repair; wait\n"},
        {"bitmap-removed", " a: write 0; store bitmap/location none; write 1\n", "", "", "internal"},
        {"bitmap-added", " a: write 0; store bitmap/location +8; write 1\n", "", " store bitmap/location none\n",
         "internal"},
        {"stop", " a: write 0; stop\n"},
        {"two-step", " a: write 0; store array_state inactive; store array_state clear\n"},
    };
    return operations;
}

// What an array with the metadata of IMSM does: of its one chunk, without a re-add.
inline const std::vector<CrashOperation>& imsm_crash_operations() {
    static const std::vector<CrashOperation> operations = {
        {"write", " a: write 0\n"},
        {"idle", " a: write 0; idle 5s\n"},
        {"fail", " a: fail sdb; write 0\n"},
        {"write-error", " a: write 0\n", "errors 1\n"},
        {"add", " a: write 0; fail sdb; add sdc; wait\n"},
        {"spare", " a: add sdc; fail sdb; write 0; wait\n"},
        // It may be filled before mdmon has looked at it, and is the last one then.
        {"fail-after-spare", " a: add sdc; fail sdb; wait; fail sda; write 0\n"},
        {"rebuild", " a: add sdb; wait\n", "", " fail sdb\n write 0\n remove sdb\n"},
        {"write-during-rebuild", " a: add sdb; wait\n b: write 0\n", "", " fail sdb\n write 0\n remove sdb\n"},
        {"fail-during-rebuild", " a: add sdb; idle 1s; fail sdb; write 0\n", "", " fail sdb\n write 0\n remove sdb\n"},
        {"repair", " a: write 0; store sync_action repair; wait\n"},
        {"stop", " a: write 0; stop\n"},
        {"two-step", " a: write 0; store array_state inactive\n"},
    };
    return operations;
}

// What an array of this kind has, in words of a scenario. `imsm`, `imsm-none`: the metadata of IMSM, and its bitmap.
inline std::string home_text(const std::string& home, const char* size) {
    if (!home.starts_with("imsm")) return "bitmap " + home + "\nsize " + size + "\nchunk 64K\ndelay 5s\n";
    return std::string("bitmap ") + (home == "imsm" ? "external" : "none") + "\nmetadata imsm\nsize 5329K\n";
}

inline Scenario crash_scenario(const std::string& home, const CrashOperation& operation, const std::string& crash) {
    const std::string text = "mdscope-scenario 1\n" + home_text(home, operation.size) +
                             "mdmon on\nbits clear\nwrite-size 1K\ncrash " + crash + "\n" + operation.headers +
                             (*operation.setup != '\0' ? "setup\n" : "") + operation.setup + "tasks\n" +
                             operation.tasks;
    const Result<Scenario> scenario = parse_scenario(text, home + "-" + operation.name);
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

// An operation of each kind with one disk error beside the cut, at any of its requests.
inline bool takes_an_error(const CrashOperation& operation) {
    return std::string_view(operation.headers).empty();  // others have their own, and more of them
}
inline Scenario with_disk_error(Scenario scenario) {
    scenario.errors = 1;
    scenario.name += "-with-an-error";
    return scenario;
}

}  // namespace mdscope::explore_test
