// SPDX-License-Identifier: MIT
// A scenario: an array, what happens to it, and what is expected. A small text file, read by the command line, by tests
// and by the window.
//
//   mdscope-scenario 1
//   title   The report of 2021: inactive, then clear
//   members 2                    # 2..8
//   bitmap  external             # external | internal | file | none
//   metadata 1.2                 # 1.2 | imsm: with an external bitmap or none, and with the chunk and delay of IMSM;
//                                # at least 5329K
//   size    64M                  # of each member image
//   chunk   1M                   # of the bitmap
//   delay   60s                  # period of the bitmap daemon
//   kernel  5.12                 # a row of every variant (engine/md/variant.hpp); or one by one:
//   fix none
//   order 2021
//   pools mddev
//   mdmon off                    # on: the metadata handler watches the array; off: only while setting up
//   errors 0                     # how many bios may fail
//   strategy    bfs              # bfs | dfs | random | pct: how a search of it goes if nothing else is said
//   granularity coarse           # coarse | calls (a step ends where a task enters a function, too) | fine
//   crash kill                   # none | kill | power-cut: it comes at any step; what is left is assembled again
//   cuts 2                       # how often, one after the other; 0: data is judged, and nothing is cut
//   bits clear                   # set | clear: bits of a new bitmap of md or of IMSM; mdadm sets all of them
//   write-size 1K                # of each `write`, from the start of its chunk
//   pages 1                      # bitmap file pages the writes of the setup are spread over: `write all`
//   unasked recorded             # a judge that is not asked: what it would find is another bug of the same array
//   exhibit stop_bitmap_2021     # whose bug it shows, a folder of engine/museum: which tasks wait for a `start`, and
//                                # what is said about them; without it: the stop of 2021
//   setup                        # one after the other, each to its end, quietly
//     write 0                    # 4 KiB at the start of a bitmap chunk; `write all`: one chunk of each page;
//                                # `write 0+8K`: so far behind the start of the chunk
//     daemon                     # one run of the bitmap daemon, its period passed
//     fail sdb                   # sysfs: faulty
//     remove sdb                 # sysfs: remove; 0 also when mdmon has removed it already, because it failed
//     re-add sdb                 # as mdadm --re-add: what the bitmap has marked is recovered
//     add sdc                    # as mdadm --add: a new member, an image of zeros, or one that was removed
//     read 0                     # what `write 0` would write
//     discard 0                  # ... which then reads as zeros
//     mdstat                     # reads /proc/mdstat
//     idle 1s                    # so long nothing is done
//     flush                      # what was written is durable from here on
//     wait                       # setup: until only time can pass; tasks: until no resync or recovery is under way
//   tasks                        # from here on every order of steps is possible
//     stopper: store array_state inactive; store array_state clear
//     writer: write 0
//     daemon: daemon
//     reaper: delayed-delete     # rdev_delayed_delete of each member that was unbound
//     plug: kill; assemble; wait # from when it is its turn the program may be killed (`power-cut`: the power be cut);
//                                # what follows it is done after that, beside nobody else. Without such a task `crash`
//                                # has one of its own, which is this one
//   schedule                     # how `mdscope run` and the window begin; see schedule.hpp
//     hold bitmap
//     stopper x14
//   playhead 9                   # the tick that is looked at when it is opened, the last one if there are fewer
//   expect crash super_written   # safe | crash [FUNCTION] | hang | violation [JUDGE] | any
//
// `versus fix upstream` (or kernel, bitmap, any variant; several pairs) names what the second array of a comparison
// has instead.
//
// `expect` says how the scenario ends: whatever happens, or, with a schedule, by that schedule and then by itself. Of
// two arrays that are compared it is about the first. A search, which follows no schedule, does not ask the latter.
//
// `#` at the beginning of a word begins a comment. Statements are separated by `;` or stand in several lines, those of
// a task with its name before them. `kernel` stands above the words it sets; all header words stand above `setup`;
// `playhead` and `expect` stand anywhere, and are written below the schedule. No task has the name of these two, of a
// section, or of a word that begins an order. Errors name the line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/md/variant.hpp"
#include "engine/scenario/schedule.hpp"
#include "engine/scenario/strategy.hpp"

namespace mdscope {

struct Statement {
    enum class Kind : std::uint8_t {
        Write,          // `chunk`, `offset` bytes into it; or all: one write in each bitmap file page
        Daemon,         // md_bitmap_daemon_work, with its period passed
        Store,          // `attr` `value`: a file under md/, as from a shell
        Stop,           // ioctl STOP_ARRAY
        Fail,           // `member` faulty
        Remove,         // `member` out of the array
        ReAdd,          // `member` back into its slot, as mdadm --re-add
        Reboot,         // md_notify_reboot
        DelayedDelete,  // rdev_delayed_delete of every unbound member, each when it is unbound
        Add,            // `member`, as mdadm --add
        Read,           // `chunk`
        Discard,        // what a Write there would write
        Mdstat,         // reads /proc/mdstat
        Flush,          // all that was written
        Assemble,       // the array, from what its media hold
        Idle,           // `ms` of the array's time
        Kill,           // tasks only: from here on a kill may come
        PowerCut,       // ... the power may go
        Wait,           // setup: until nothing can happen but the passing of time; tasks: until no sync is under way
    };
    Kind kind = Kind::Write;
    std::uint64_t chunk = 0;
    std::uint64_t offset = 0;  // in the chunk
    bool all = false;
    std::string attr, value;
    std::string member;
    std::uint64_t ms = 0;
    int line = 0;  // where it stood; not a part of what it says
    bool operator==(const Statement& other) const {
        return kind == other.kind && chunk == other.chunk && offset == other.offset && all == other.all &&
               attr == other.attr && value == other.value && member == other.member && ms == other.ms;
    }
};

struct ScenarioTask {
    std::string name;
    std::vector<Statement> statements;
    bool operator==(const ScenarioTask&) const = default;
};

// What may happen to an array at any step.
enum class CutKind : std::uint8_t {
    None,
    Kill,      // its program is killed: what it had handed to its disks stays
    PowerCut,  // what was not flushed may be gone
};
const char* cut_name(CutKind crash);  // "none", "kill", "power-cut"

struct Expectation {
    enum class Kind : std::uint8_t { Any, Safe, Crash, Hang, Violation };
    Kind kind = Kind::Any;
    std::string function;  // of a crash; of a violation: its judge. Empty: any
    bool of_run = false;   // asked of one run, though there is no schedule; in no file
    bool operator==(const Expectation&) const = default;
};

struct Scenario {
    std::string name;   // of the file, without folder and ending
    std::string title;  // one line for people
    int members = 2;
    std::string bitmap = "external";
    std::string metadata = "1.2";      // as of `mdscope create`: beside an external bitmap that means external:lab
    std::uint64_t size = 64ULL << 20;  // bytes of each image
    std::uint64_t chunk = 1ULL << 20;  // bytes
    std::uint64_t delay_ms = 60'000;
    VariantRows variants;
    bool mdmon = false;
    unsigned errors = 0;
    unsigned pages = 1;
    CutKind crash = CutKind::None;
    unsigned cuts = 2;
    bool bits_clear = false;
    std::uint64_t write_size = 4096;  // bytes of each write
    std::string unasked;              // a judge (engine/explore/judge.hpp); empty: all are asked
    std::string exhibit;              // a folder of engine/museum; empty: nothing was said
    Granularity granularity = Granularity::Coarse;
    Strategy strategy = Strategy::Bfs;
    std::vector<Statement> setup;
    std::vector<ScenarioTask> tasks;
    std::string versus;  // "fix upstream"; empty: nothing was said
    Schedule schedule;
    std::optional<std::uint64_t> playhead;  // a tick; nullopt: nothing was said
    Expectation expect;
    bool operator==(const Scenario&) const = default;

    // The task that goes on after a cut, and where it goes on: the one that has a `kill` or `power-cut`, or one that
    // `crash` makes. nullopt: nothing is ever cut.
    struct AfterCut {
        ScenarioTask task;
        std::size_t first = 0;      // the statement after the cut
        bool waits_for_it = false;  // the cut may come only when it is the task's turn
        CutKind crash = CutKind::None;
        unsigned cuts = 0;
    };
    [[nodiscard]] std::optional<AfterCut> after_cut() const;

    // So many bitmap pages, and images large enough for them.
    void set_pages(unsigned count);
};

// The text of a scenario file; at most 256 KiB, lines of at most 1024 bytes. Errors: "LINE: what is wrong and what
// could stand there".
Result<Scenario> parse_scenario(std::string_view text, const std::string& name);
const char* granularity_name(Granularity granularity);    // "coarse"
std::string expectation_text(const Expectation& expect);  // "crash super_written"
// Reads back as the same scenario.
std::string scenario_text(const Scenario& scenario);
// The same with what `pairs` ("fix none order 2021") says instead. Error: what is wrong with them.
Result<Scenario> with_pairs(const Scenario& scenario, std::string_view pairs);
// The scenario that `mdscope explore` runs without a file: stop mid-write of `bitmap` by `entrance`
// (array_state | two-step | STOP_ARRAY | readonly), with `pages` pages to write.
Scenario stop_mid_write(const std::string& bitmap, const std::string& entrance, unsigned pages);

}  // namespace mdscope
