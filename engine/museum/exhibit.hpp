// SPDX-License-Identifier: MIT
// An exhibit: one bug of Linux md, and everything that is shown of it. Search, story, command line and window are
// general; what they say about a bug is a row here.
//
//   engine/museum/NAME/exhibit.cpp     defines NAME_exhibit(); the build finds it by its folder, no list is edited
//   assets/scenarios/*.mds             `exhibit NAME` in its header says whose a scenario is; without it: the default
//
//   act        what a person does to the array: the tasks that do it wait for a `start`, their calls are the tree
//   counters   where a write is counted, and how a wait asks for it
//   waits      which function sleeps until a counter is 0
//   takers     who takes away what a completion needs, and how that is told before, after, and in an Oops
//   tree       which functions are shown, and the words beside them
//   code       what the functions of the tree do, in five lines each
//   console    the sentences of its Oops, and what its lines mean
//   page       what the museum tells of it: `mdscope museum M2`, and the window's page
//
// To add one: a folder with exhibit.cpp, beginning with a copy of `act` and the tables that differ (another exhibit's
// tables may be pointed at), a scenario, and what makes the bug in engine/md. stop_bitmap_2021/ is the example.
//
// The museum knows md and scenarios; it knows no snapshot and no recording. So the facts that a sentence needs are
// passed in as the small structs below. A sentence is a text with names in braces: see filled().
//
// Exhibits are constant and live for ever. Any thread may ask.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/kernel/kernel.hpp"
#include "engine/md/bitmap/home.hpp"
#include "engine/md/md.hpp"
#include "engine/scenario/scenario.hpp"
#include "engine/trace/call_tree.hpp"

namespace mdscope {

namespace museum {

using Names = std::span<const char* const>;

// Which row an array has of each variant: rows.name("pools") == "stop".
using Rows = VariantRows;

// "{who} {has} unbound {member}": each name in braces is replaced by its value. A name without a value stays.
using Values = std::initializer_list<std::pair<std::string_view, std::string>>;
std::string filled(std::string_view sentence, Values values);

// ---- the act

struct ActFunction {
    const char* name;
    bool takes_apart;  // what it ends in is an array without members
};

struct Act {
    const char* noun;                       // "stop": "the stop has not begun"
    const char* doing;                      // "stopping": "A is stopping"
    const char* does;                       // "stops the array": "the task that stops the array"
    const char* done;                       // "stopped cleanly": "A has stopped cleanly"
    const char* none;                       // "nobody stops {it} in this scenario"
    const char* over;                       // "Stopped: every write had ended before its member went."
    const char* status_begun = "STOPPING";  // the word for an array in the middle of it
    const char* status_over = "STOPPED";
    bool (*is)(const Statement& statement);            // a task with such a statement performs it
    std::span<const ActFunction> functions = {};       // entered: it has begun, whatever the door
    std::span<const std::string_view> end_state = {};  // array_state when it is over; empty: when its tasks are
};

// ---- counting, waiting, taking

struct Counter {
    enum class Of : std::uint8_t { Array, Bitmap, Member };
    const char* name;        // "mddev->pending_writes"
    Of of;                   // whose it is: where its value stands in a snapshot
    Names asked;             // the conditions of wait_events that ask whether it is 0, as written there
    const char* beside;      // the counter that is told of in the same breath: where somebody looks instead
    const char* completion;  // counts it down
    const char* early;       // sentence: it counts down first, and what it touches after that
    const char* what;        // for people: what it counts and who waits for it
};

struct WaitSite {
    const char* function;
    const char* counter;                          // sleeps until that is 0; "": until data and resync have ended
    bool (*applies)(const Rows& rows) = nullptr;  // nullptr: in every kernel
};

enum class Loss : std::uint8_t {
    Pointer,    // rdev->mddev is NULL
    Pools,      // the array's bio pools are destroyed
    Memory,     // the rdev is freed
    Structure,  // what the function frees before it returns: a bitmap, raid1's configuration
};

struct Taker {
    const char* function;
    Loss loss;
    const char* counter;  // of the writes that need it; "": of data and resync
    // Whether it is in the way of a write that has counted down, or has not.
    bool (*applies)(const Rows& rows, bool has_counted);
    bool (*is_met)(const Oops& oops);         // the Oops of a completion that needed it; nullptr: none is known
    std::string (*clause)(const Oops& oops);  // that Oops in one clause
    const char* doing;                        // "unbinds {member}", of the act; nullptr: "runs FUNCTION"
    const char* link;                         // of a chain: "unbind_rdev_from_array sets ... of {member} to NULL"
    // When it has been taken and the write is in flight. {who} {has} {member} {bio}; nullptr: the plain sentence.
    const char* taken;
};

// A wait of the act that looks at one counter while the writes are counted in another.
struct BlindWait {
    const char* function;
    const char* looks_at;
    const char* forgets;
};

// A function in which a wait for the right counter happens to lie, and what is said of it: {wait} {counter} {bio}.
struct Accident {
    const char* function;
    const char* link;
};

// Runs of one function inside another that submit writes of a kind; {number} {bio} {how}.
struct Passes {
    const char* function;
    const char* inside;
    const char* kind;  // of bios: "bitmap"
    const char* link;
};

// ---- the tree

// What is known of a call of the tree, looked up when it is asked for.
class CallFacts {
   public:
    virtual ~CallFacts() = default;
    [[nodiscard]] virtual bool is_left() const = 0;
    [[nodiscard]] virtual bool is_leaf() const = 0;
    [[nodiscard]] virtual std::size_t bios_submitted() const = 0;
    [[nodiscard]] virtual std::size_t ticks_slept() const = 0;  // 0: it did not sleep
    [[nodiscard]] virtual std::vector<std::string> unbound_members() const = 0;
    [[nodiscard]] virtual bool are_pools_gone() const = 0;                    // when it was left
    [[nodiscard]] virtual bool has_printed(std::string_view text) const = 0;  // into the kernel's log
    [[nodiscard]] virtual const Rows& rows() const = 0;
};

// The few words beside a line.
struct CallNote {
    const char* function;
    std::string (*words)(const CallFacts& call);
    const char* asleep = nullptr;  // while it sleeps itself: "{count} left: sleeps"; nullptr: as anywhere
    bool keeps_words = false;      // what it has done is more than that it sleeps afterwards
};

struct Tree {
    Names few;                                      // functions that tell the story in fewer than twenty lines
    const trace::CallTreeSink::Names* reference;    // those of the call trees that were watched on a real Linux
    std::span<const std::string_view> absent = {};  // worth a line where only the other array calls it: waits
    std::span<const CallNote> notes = {};
};

// A few lines of a function, as our own engine/md has them, to be read beside the tree.
struct CodeLine {
    const char* text;
    const char* calls = "";  // the line of the tree it is, if it is one
    bool is_mended = false;  // only the kernel that has the fix has it
    const char* meets = "";  // the object of an Oops that is met here
};
struct Code {
    const char* function;
    std::span<const CodeLine> lines;  // at most five
};

// A function that is a bar of the short lanes.
struct Stage {
    const char* function;
    const char* label;
    bool is_below = false;  // on a row of its own, below the stage it is in
};

// ---- the Oops

struct OopsFacts {
    const Mddev& mddev;
    const Oops& oops;
    int pending_writes;               // mddev->pending_writes
    bool failed_write;                // the bio had an error: md_error was on its way
    std::vector<SleepInfo> sleepers;  // tasks asleep inside the act
};

// The three sentences under an Oops: what happened, who should have waited, on which counter.
struct Way {
    bool (*is)(const OopsFacts& facts);
    std::string (*happened)(const OopsFacts& facts);
    std::string (*who)(const OopsFacts& facts);
    std::string (*counter)(const OopsFacts& facts);
};

struct ConsoleFacts {
    const Act& act;
    const Oops& oops;
    std::string bio;       // whose completion crashed; empty: it was no completion
    std::string clause;    // the Oops in one clause
    int pending_writes;    // mddev->pending_writes at the end
    bool has_bitmap;       // at the end
    std::string dumped{};  // the member that crash> is printing
};

// Where the cause of a line lies in the recording.
struct Cause {
    enum class Kind : std::uint8_t { None, End, Submission, Unbinding, Taking, Left };
    Kind kind = Kind::None;
    const char* function = "";  // Left: where the act has left it
};

struct ConsoleNote {
    std::string_view begins;  // how the line begins, behind the time
    std::string (*meaning)(const ConsoleFacts& facts, std::string_view line);
    Cause cause = {};
    bool (*applies)(const ConsoleFacts& facts) = nullptr;  // nullptr: always
};

// ---- the matrix

// Every home of the bitmap by every entrance, by every row of the variants that matter.
struct Matrix {
    Names variants = {};       // by name: "fix", "order", "pools"; none: it has no matrix
    const char* era = "5.13";  // what is not crossed is as there
    std::span<const BitmapHome> homes = {};
    Names entrances = {};
    Scenario (*scenario)(const std::string& home, const std::string& entrance, unsigned pages) = nullptr;
};

// ---- the page

struct Question {
    const char* asks;
    const char* answer;  // shown when asked for
};

// What the search gives for the exhibit's scenario, as it stands in its file, with the bad row and with the mended one.
// A test searches again and compares.
struct Figures {
    enum class Search : std::uint8_t {
        Whole,       // breadth-first, until there is nothing left to look at
        First,       // ... with the bad row only until the first schedule that goes wrong
        Priorities,  // by seeded executions (pct), until the first; then what is counted are those
    };
    std::uint64_t states;         // with the bad row
    std::uint64_t shortest;       // picks of the shortest schedule that goes wrong, of those that were met
    std::uint64_t mended_states;  // with the mended row: nothing found,
    bool is_whole = true;         // and nothing left to look at; false: in the search's first `mended_states`
    Search search = Search::Whole;
};

// What is true of the bug in Linux, in our own words. Lines of an order are what happens, one after the other.
struct Page {
    const char* number;             // "M2": its place in the museum
    const char* commit;             // of the fix, twelve digits; "": not known for certain, or there is none
    const char* fix;                // the fix's title, or what it does; "": Linux has none
    const char* kernels;            // who had it: "up to 4.10"
    const char* met_by;             // who met it and when, as far as the fix says; or how it was found
    const char* wrong;              // two sentences: what goes wrong
    const char* cost;               // what it costs somebody: "the machine", "an acknowledged write"
    const char* symptom;            // the judge that finds it: "crash", "hang", "recorded"
    const char* variant;            // the table with its row,
    const char* row;                // the row that has the bug,
    const char* mended;             // and the one that does not
    const char* with_variant = "";  // the row does harm only beside a row of another table; "": beside any
    const char* with_row = "";
    Names wrong_order;
    Names right_order;
    std::span<const Question> questions;  // three
    Figures found;
};

}  // namespace museum

struct Exhibit {
    const char* name;      // of its folder
    const char* title;     // one line for people
    const char* scenario;  // that shows it best, by name
    int lesson;            // its number; 0: it has none

    museum::Matrix matrix;
    museum::Act act;
    std::span<const museum::Counter> counters = {};
    // The counter a bio is counted in; "": none that the act could look at.
    const char* (*counted_in)(const BioName& bio, bool is_read) = nullptr;
    std::span<const museum::WaitSite> waits = {};
    // The first that applies is the usual one; the last is what an Oops is put down to that no other is met in.
    std::span<const museum::Taker> takers = {};
    museum::BlindWait blind_wait;
    museum::Accident accident;
    museum::Passes passes;
    const char* data_wait;  // what is said beside a wait for data and resync
    // Of a hang: who could end it and does not, where that one does not sleep; it closes the circle. nullptr: nobody.
    const char* circle = nullptr;
    museum::Tree tree;
    std::span<const museum::Code> code = {};
    std::span<const museum::Stage> stages = {};
    std::span<const museum::Way> ways = {};                   // most particular first
    std::span<const museum::ConsoleNote> console_notes = {};  // before those that are true of any Oops
    const char* real_console;                                 // what the emulated console is compared with, of an
    bool (*is_real)(const Oops& oops) = nullptr;              // Oops that was seen on a real kernel; nullptr: none was
    const char* recipe;                                       // how a person gets an Oops by hand
    museum::Page page;
};

// By name, in the order of their folders.
std::span<const Exhibit* const> exhibits();
std::vector<const Exhibit*> exhibits_by_number();  // M1, M2, ...
// The kernel eras that had the bug: those with the row of its page, and with the row beside it where it needs one.
std::vector<const KernelEra*> had_in(const Exhibit& exhibit);
const Exhibit& default_exhibit();                           // of a mounted array, and of a scenario that names none
const Exhibit* find_exhibit(std::string_view name);         // or by number, "M2"; nullptr: there is none
const Exhibit& exhibit_of(const Scenario& scenario);        // REQUIRES: it exists; the search refuses others
std::string unknown_exhibit(const Scenario& scenario);      // empty, or what is wrong with its exhibit
std::string no_such_exhibit(const std::string& which);      // what to say of a name or number that is none
bool begins_an_act(std::string_view function);              // of any exhibit
const museum::Way* way_of(const museum::OopsFacts& facts);  // the default's ways come last; nullptr: none fits
// nullptr: there is no such row.
const museum::Counter* find_counter(const Exhibit& exhibit, std::string_view name);
const museum::Taker* find_taker(const Exhibit& exhibit, std::string_view function);

}  // namespace mdscope
