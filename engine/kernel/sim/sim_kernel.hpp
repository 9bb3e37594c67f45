// SPDX-License-Identifier: MIT
// The kernel that is explored: all tasks are fibers in one OS thread, and nothing happens by itself.
//
//   choices()  what could happen next:  a task goes on | a bio ends, well or badly | a timer fires | a sleep ends |
//              a grace period ends
//   take(i)    makes one of them happen, up to the next yield point, and returns
//   step()     both, with a Chooser in between; run_until(), run_until_idle(), run_for() are loops of it
//
// Yield points. Coarse: waits, contended locks, submitted bios, the start and the end of a task, synchronize_rcu. A
// completion is one step. Fine: also each access to a Shared field and each SpinLock, before it is made, in completions
// too; the choice then says what will be touched.
//
// Sleep. A sleeper is offered when it was woken and its condition holds; the condition is evaluated between steps,
// where touching is no step. One that was woken for nothing goes back to sleep: a schedule in which it had looked at
// once. Whoever forgets a wake_up is therefore found asleep.
//
// Time stands still while anything else can happen; then the earliest timers and timeouts are offered (with
// `time_any_moment` always). A timer that is due already is a choice like any other.
//
// Completions and timers run on contexts of their own ("swapper/0", in_irq). Everything is deterministic: same options,
// same choices, same log. After an Oops every task unwinds, timers no longer fire, and bios still end.
//
// State. state_hash() tells two moments apart by what can still come of them: the tasks, the bios in flight, the
// timers, and of each task what it has read since it last had nothing to do, or said what it still knows
// (remember_only). A task is a function of what it has read, so its native stack need not be looked at. Fields that are
// no Shared are read under a lock: `plain_state` is asked for what they say whenever one is taken. What md keeps is
// hashed by whoever knows md. Disk contents are left out, unless heed_contents() was called: then what tasks have read
// from a disk counts, and what writes carry; the disks' own contents are hashed by whoever wants them (RamImage).
//
// Threads: one at a time. Methods of Kernel that sleep are for its tasks; kthread_join and del_timer_sync may also be
// called from outside and then step the simulation until they are done. Whoever gives a run up half-way calls abandon()
// while everything its tasks use still lives.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/kernel/arena.hpp"
#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/kernel/sim/chooser.hpp"
#include "engine/kernel/sim/fiber.hpp"
#include "engine/kernel/sim/ram_disk.hpp"

namespace mdscope {

// Calls: between the two. As Coarse, and a step ends where a task enters a function, if whoever traces it says so
// (at_call).
enum class Granularity : std::uint8_t { Coarse, Calls, Fine };

struct SimOptions {
    std::uint64_t seed = 1;  // of get_random_bytes
    Granularity granularity = Granularity::Coarse;
    unsigned io_errors = 0;  // how many bios may be chosen to fail
    bool time_any_moment = false;
    bool event_log = true;
    bool freeze_at_oops = false;                  // the task at fault stops where it is, and nothing unwinds
    std::shared_ptr<StackPool> stacks = nullptr;  // shared by simulations that run one after the other
};

struct SimTask;

// What one step has touched. Two steps that touch nothing in common, or only read it, can be swapped.
class AccessSet {
   public:
    void clear() {
        size_ = 0;
        everything_ = false;
    }
    void add(const volatile void* object, Access access) {
        for (std::size_t i = 0; i < size_; i++)
            if (entries_[i].object == object) {
                if (access == Access::Write) entries_[i].access = access;
                return;
            }
        if (size_ == entries_.size())
            everything_ = true;
        else
            entries_[size_++] = {object, access};
    }
    [[nodiscard]] bool conflicts_with(const AccessSet& other) const;

   private:
    struct Entry {
        const volatile void* object;
        Access access;
    };
    std::array<Entry, 192> entries_;
    std::size_t size_ = 0;
    bool everything_ = false;
};

// Which objects more than one actor touches, one of them writing. Only there can the order of two steps matter, so fine
// steps need to stop nowhere else. Learned while a search runs and used from the next one on: it is over when a whole
// search has taught nothing new.
//
// Several simulations that learn at the same time leave the map as it is, and each writes down what it would be taught
// (Lesson); note() gets that afterwards.
//
// An object is known by its place in the arena. So all simulations that share a map are laid out alike: as the first of
// them was, whose layout stays with the map. (Which memory one writes to can differ from that of the next one in bytes
// that mean nothing, as the gaps of a struct.)
class ConflictMap {
   public:
    struct Lesson {
        const volatile void* object;
        Access access;
        std::uint64_t actor;
    };
    ConflictMap() : entries_(kSize) {}
    // note() would change something.
    [[nodiscard]] bool is_news(const volatile void* object, Access access, std::uint64_t actor) const {
        const Entry& entry = entries_[slot_of(object)];
        if (entry.place == 0) return count_ != kSize / 2;
        return (access == Access::Write && !entry.is_written) || (entry.actor != actor && !entry.has_others);
    }
    void note(const volatile void* object, Access access, std::uint64_t actor) {
        Entry& entry = find(object);
        if (entry.place == 0) {
            if (count_ == kSize / 2) return;  // full: see is_conflict
            count_++;
            entry = {place_of(object), actor, access == Access::Write, false, false};
            return;
        }
        entry.is_written |= access == Access::Write;
        entry.has_others |= entry.actor != actor;
    }
    // What has found no room counts as a conflict: more stops than needed, none left out.
    [[nodiscard]] bool is_conflict(const volatile void* object) const {
        const Entry& entry = entries_[slot_of(object)];
        return entry.is_used || (is_full_ && entry.place == 0);
    }
    // From here on what was learned is used. False: that was nothing new.
    bool use_what_was_learned() {
        bool is_new = count_ == kSize / 2 && !is_full_;
        is_full_ = count_ == kSize / 2;
        for (Entry& entry : entries_) {
            const bool is_conflict = entry.is_written && entry.has_others;
            is_new |= is_conflict && !entry.is_used;
            entry.is_used = is_conflict;
        }
        return is_new;
    }

    // ---- to be kept, and put back into another process of the same program

    static constexpr std::size_t kMost = 1 << 13;
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] bool is_full() const { return is_full_; }
    // visit(place, actor, flags): put() takes them.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const Entry& entry : entries_)
            if (entry.place != 0)
                visit(std::uint64_t{entry.place}, entry.actor,
                      (entry.is_written ? 1U : 0U) | (entry.has_others ? 2U : 0U) | (entry.is_used ? 4U : 0U));
    }
    void put(std::uint64_t place, std::uint64_t actor, unsigned flags) {
        Entry& entry = entries_[slot_at(place)];
        if (entry.place == 0) count_++;
        entry = {place, actor, (flags & 1U) != 0, (flags & 2U) != 0, (flags & 4U) != 0};
    }
    void set_full(bool is_full) { is_full_ = is_full; }
    [[nodiscard]] const std::optional<Arena::Writes>& layout() const { return layout_; }
    void set_layout(Arena::Writes layout) { layout_ = std::move(layout); }

   private:
    static constexpr std::size_t kSize = kMost * 2;
    struct Entry {
        std::uintptr_t place = 0;  // 0: not in use
        std::uint64_t actor = 0;
        bool is_written = false;
        bool has_others = false;
        bool is_used = false;
    };
    // The same object of another simulation in another arena has the same place.
    static std::uintptr_t place_of(const volatile void* object) {
        return reinterpret_cast<std::uintptr_t>(object) % Arena::kCapacity + 1;
    }
    Entry& find(const volatile void* object) { return entries_[slot_of(object)]; }
    [[nodiscard]] std::size_t slot_of(const volatile void* object) const { return slot_at(place_of(object)); }
    [[nodiscard]] std::size_t slot_at(std::uintptr_t place) const {
        std::size_t at = (place >> 2) * 0x9e3779b97f4a7c15ULL >> 50;
        while (entries_[at].place != 0 && entries_[at].place != place) at = (at + 1) % kSize;
        return at;
    }
    std::vector<Entry> entries_;
    std::size_t count_ = 0;
    bool is_full_ = false;
    std::optional<Arena::Writes> layout_;
};

class SimKernel final : public Kernel, private SimHook {
   public:
    explicit SimKernel(SimOptions options = {});
    ~SimKernel() override;  // As abandon().
    SimKernel(const SimKernel&) = delete;
    SimKernel& operator=(const SimKernel&) = delete;

    // ---- running it; from outside only

    // nullptr: back to the kernel's own RoundRobinChooser. The chooser stays the caller's.
    void set_chooser(Chooser* chooser) { chooser_ = chooser != nullptr ? chooser : &round_robin_; }
    [[nodiscard]] std::span<const Choice> choices();  // valid until the next call of anything
    void take(std::size_t index);                     // REQUIRES: choices() was called last, index < its size
    bool step();                                      // false: nothing can happen

    enum class Outcome : std::uint8_t {
        Reached,
        Hang,   // nothing can happen any more and the goal is not reached; see sleepers()
        Limit,  // the number of steps was used up
    };
    static constexpr std::uint64_t kStepLimit = 1'000'000;
    Outcome run_until(const std::function<bool()>& goal, std::uint64_t limit = kStepLimit);
    // Until only the passing of time could change anything, or nothing.
    Outcome run_until_idle(std::uint64_t limit = kStepLimit);
    // Until simulated time has moved by `ns` and all that was due by then is done.
    Outcome run_for(std::uint64_t ns, std::uint64_t limit = kStepLimit);
    // Runs `body` as a task to its end. Throws std::runtime_error with sleepers() when it hangs.
    void run_task(std::string comm, std::function<void()> body);

    // Finer or coarser steps from here on.
    void set_granularity(Granularity granularity) { options_.granularity = granularity; }
    void allow_errors(unsigned count) { errors_left_ = count; }  // this many bios may be chosen to fail from here on
    // The running task is in an Aside that this kernel hides.
    [[nodiscard]] bool is_aside() const { return running_ != nullptr && sim_hook == nullptr; }
    // The running task enters a function. From a trace::FrameSink, where a step may end.
    void at_call();
    // Gets what each step touches; nullptr: nobody wants to know.
    void set_access_sink(AccessSet* sink) { access_sink_ = sink; }
    // Fine steps stop only where it knows a conflict; nullptr: at each access. What they would teach it goes into
    // `lessons`, if there are any.
    void set_conflicts(ConflictMap* conflicts, std::vector<ConflictMap::Lesson>* lessons = nullptr) {
        conflicts_ = conflicts;
        lessons_ = lessons;
    }
    // This task takes coarse steps, whatever the others do.
    static void take_coarse_steps(Task& task);
    void set_plain_state(std::function<std::uint64_t()> plain_state) { plain_state_ = std::move(plain_state); }
    [[nodiscard]] std::uint64_t state_hash() const;
    // For the running task: all it has to remember is `tag`.
    void remember_only(std::uint64_t tag) override;
    // ... and this beside all that it has read: it is from no Shared.
    void remember(std::uint64_t what) { observed(what); }
    // The live parts of the stacks of all tasks, for a Checkpoint.
    void append_stacks(std::vector<std::span<std::byte>>& stacks) const;

    // Unwinds all tasks where they are; bios in flight and timers are forgotten. They can still be joined.
    void abandon();

    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    [[nodiscard]] std::uint64_t now_ns() const { return now_ns_; }
    // Accesses made by tasks so far: where fine steps without a ConflictMap stop.
    [[nodiscard]] std::uint64_t accesses() const { return accesses_; }
    // Who acts: a task, or the bio or timer that a context ends.
    [[nodiscard]] static std::uint64_t actor_of(const Choice& choice);
    void reserve_stacks(std::size_t count) { stacks_->reserve(count); }
    [[nodiscard]] std::string describe(const Choice& choice) const;
    [[nodiscard]] std::string sleepers() const;  // one line each: "mdmon sleeps in mddev->sb_wait until ..."
    [[nodiscard]] const std::string& event_log() const { return event_log_; }

    // ---- its world

    // Opened by open_disk(path). Stays until the kernel goes.
    RamImage& add_ram_disk(const std::string& path, std::uint64_t size_bytes);
    [[nodiscard]] RamImage* find_ram_disk(const std::string& path);
    [[nodiscard]] std::vector<BioInfo> in_flight() const;
    [[nodiscard]] std::size_t count_in_flight(void (*end_io)(Bio*)) const;  // that will end with this callback
    void submit(RamDisk& disk, Bio* bio, int error);  // for RamDisk; error != 0: it will end with that
    void append_in_flight(const RamDisk& disk, std::vector<BioInfo>& list) const;

    // ---- its media as a whole

    [[nodiscard]] const std::map<std::string, std::unique_ptr<RamImage>>& images() const { return images_; }
    [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }
    void set_files(std::map<std::string, std::string> files) { files_ = std::move(files); }
    // Each write or discard that is in flight, oldest first, with its medium.
    template <class Visit>
    void for_each_write_in_flight(Visit visit) const {
        for (const InFlight& flying : in_flight_)
            if ((flying.bio->bi_op == BioOp::Write || flying.bio->bi_op == BioOp::Discard) && flying.error == 0)
                visit(*flying.bio, flying.disk->image());
    }
    // What the cache held that a write in flight with PREFLUSH has to flush first: RamImage::changes() at its
    // submission. 0: it flushes nothing.
    [[nodiscard]] std::uint64_t flushed_by(const Bio& bio) const;
    // Moves whenever something has changed that may be on a medium: a write was submitted or has ended, a file was
    // replaced.
    [[nodiscard]] std::uint64_t media_changes() const { return media_changes_; }
    // From here on what a task has read from a medium, and what a write carries, make a difference to state_hash().
    void heed_contents() { heeds_contents_ = true; }

    // ---- Kernel

    std::uint64_t ktime_ns() override { return now_ns_; }
    std::uint64_t wall_clock() override;
    void get_random_bytes(void* buffer, std::size_t size) override;
    Task* kthread_run(std::string comm, std::function<void()> body) override;
    void kthread_join(Task* task) override;
    void interrupt(Task* task) override;
    int wait(WaitQueue& queue, const char* text, Condition condition, const WaitOptions& options) override;
    void wake(WaitQueue& queue) override;
    void msleep(std::uint64_t ns) override;
    void mod_timer(Timer& timer, std::uint64_t expires_ns) override;
    bool del_timer_sync(Timer& timer) override;
    void rcu_read_lock() override;
    void rcu_read_unlock() override;
    void synchronize_rcu() override;
    Result<std::unique_ptr<Disk>> open_disk(const std::string& path, OpenMode mode) override;
    Result<std::string> read_file(const std::string& path) override;
    Result<bool> replace_file(const std::string& path, std::string_view text) override;
    void printk(LogLevel level, std::string text) override;
    [[nodiscard]] std::vector<LogLine> log() const override { return log_; }
    void set_log_sink(std::function<void(const LogLine&)> sink) override { log_sink_ = std::move(sink); }
    [[noreturn]] void oops(Oops fault) override;
    [[nodiscard]] bool halted() const override { return halted_; }
    void restart() override { halted_ = false; }
    [[nodiscard]] const Oops* first_oops() const override { return first_oops_ ? &*first_oops_ : nullptr; }
    std::uint64_t next_bio_id() override { return ++last_bio_id_; }
    [[nodiscard]] std::vector<SleepInfo> tasks() const override;

   private:
    class Entered;
    class Running;
    class Queued;
    class Line;
    struct InFlight {
        Bio* bio;
        RamDisk* disk;
        int error;  // 0: to be performed
        std::uint64_t since_ns;
        int pid;  // of the task that submitted it; 0: none
        std::uint64_t medium_changes;
    };
    struct Armed {
        Timer* timer;
        std::uint64_t number;
    };

    // SimHook
    void touch(const volatile void* object, Access access) override;
    void spin_lock(SpinLock& lock) override;
    void spin_unlock(SpinLock& lock) override;
    void observed(std::uint64_t value) override;
    void acquired() override;
    void touch_watched(const volatile void* object, Access access);
    [[nodiscard]] bool is_watched() const { return access_sink_ != nullptr || conflicts_ != nullptr; }
    void note_access(const volatile void* object, Access access) {
        if (access_sink_ != nullptr) access_sink_->add(object, access);
        if (conflicts_ != nullptr) note_conflict(object, access);
    }
    void note_conflict(const volatile void* object, Access access);
    bool stops_before(const volatile void* object) {
        return options_.granularity == Granularity::Fine && is_place_to_stop(object);
    }
    [[nodiscard]] bool is_place_to_stop(const volatile void* object);

    // What can happen (sim_choices.cpp)
    void collect();
    void offer_task(SimTask& task, std::uint64_t* next_ns);
    void offer_sleeper(SimTask& task, std::uint64_t* next_ns);
    void offer(Choice::Kind kind, SimTask& task, const volatile void* object, Access access);
    void offer_what_time_brings(std::uint64_t next_ns);
    bool holds_now(SimTask& task);
    bool readers_are_gone(std::uint64_t grace) const;
    void note_choice(const Choice& choice);

    // Making it happen
    void resume(SimTask& task);
    void end_bio(Bio* bio, bool well);
    void note_contents(int pid, std::uint64_t hash);
    void fire(Timer& timer);
    SimTask& irq_context();
    void irq_loop(SimTask& task);
    bool is_firing(const Timer& timer) const;

    // In a task
    SimTask& running_task();
    void yield();
    void yield_before(const volatile void* object, Access access);
    static bool sleep(SimTask& task);
    SimTask& add_task(std::string comm);
    void unwind_task(SimTask& task);

    SimOptions options_;
    std::shared_ptr<StackPool> stacks_;
    Prng prng_;
    RoundRobinChooser round_robin_;
    Chooser* chooser_ = &round_robin_;
    std::vector<Choice> choices_;
    std::uint64_t now_ns_ = 1;
    std::uint64_t steps_ = 0;
    std::uint64_t accesses_ = 0;
    unsigned waits_passed_ = 0;  // in this step, without sleep
    unsigned errors_left_;

    std::vector<std::unique_ptr<SimTask>> tasks_;  // by pid
    SimTask* running_ = nullptr;                   // nullptr: between steps
    int last_pid_ = 0;

    std::vector<InFlight> in_flight_;  // oldest first
    std::uint64_t last_bio_id_ = 0;
    std::vector<Armed> timers_;
    std::uint64_t last_timer_ = 0;
    std::unique_ptr<WaitQueue> timer_done_;
    std::uint64_t grace_periods_ = 0;

    std::map<std::string, std::unique_ptr<RamImage>> images_;
    std::map<std::string, std::string> files_;
    std::uint64_t media_changes_ = 0;
    bool heeds_contents_ = false;

    std::vector<LogLine> log_;
    std::function<void(const LogLine&)> log_sink_;
    std::string event_log_;
    bool halted_ = false;
    std::optional<Oops> first_oops_;

    AccessSet* access_sink_ = nullptr;
    ConflictMap* conflicts_ = nullptr;
    std::vector<ConflictMap::Lesson>* lessons_ = nullptr;
    std::function<std::uint64_t()> plain_state_;
};

}  // namespace mdscope
