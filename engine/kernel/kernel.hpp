// SPDX-License-Identifier: MIT
// The seam. md code calls this and nothing else for time, tasks, sleep, files and randomness.
//
//   RealKernel   OS threads, condition variables, image files (real_kernel.hpp): what is mounted
//   SimKernel    fibers in one OS thread, RAM disks, one step at a time, a Chooser above (sim_kernel.hpp)
//
// A Kernel belongs to one array lab. Several live in one process and share nothing. It outlives every object made on
// it. Unless a method says otherwise it may be called from any task of the kernel, with no SpinLock held.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/kernel/sync.hpp"
#include "engine/trace/frame.hpp"

namespace mdscope::trace {
class Tracer;
}

namespace mdscope {

class Disk;
struct Bio;

inline constexpr std::uint64_t kNsPerMs = 1'000'000;
inline constexpr std::uint64_t kNsPerSec = 1'000'000'000;

// ---- tasks

// Collects data bios of one submitter, as the kernel's plug does, so that the bitmap is written once for all of them.
struct BlkPlug {
    void (*unplug)(BlkPlug* plug, bool from_schedule) = nullptr;
    void* data = nullptr;    // the mddev, for raid1
    Bio* pending = nullptr;  // submission order, linked by bi_next
    Bio** tail = &pending;
    unsigned count = 0;
};

// Told when the task it is installed in is about to sleep in a wait queue, and when it has woken. It may start or wake
// another thread to take over what this one did; it must not touch md.
class BlockObserver {
   public:
    virtual ~BlockObserver() = default;
    virtual void will_block() = 0;
    virtual void did_unblock() = 0;
};

struct Task {
    std::string comm;  // as ps shows it: "md0_raid1", "md0_resync", "mdmon", "fuse"
    int pid = 0;       // small, unique on its kernel
    Kernel* kernel = nullptr;
    bool in_irq = false;  // the context completions run in, not a task that md started
    trace::Context trace;
    BlkPlug* plug = nullptr;
    BlockObserver* block_observer = nullptr;
    std::atomic<bool> signal_pending{false};  // makes interruptible waits end with -EINTR
};

inline thread_local constinit Task* current = nullptr;

// Where a task is asleep, for lab/ and the window.
struct SleepInfo {
    std::string comm;
    int pid;
    std::vector<const char*> stack;  // frames, innermost first
    const char* queue;               // "mddev->sb_wait", nullptr when running
    const char* condition;           // the text of the wait's condition
    std::uint64_t since_ns;
};

// ---- faults

// A fault of the simulated kernel: what was touched, and where. Raised by checked pointers and destroyed pools.
struct Oops {
    std::string what;      // "NULL pointer dereference", "use after free"
    std::string object;    // "rdev->mddev", "mempool_t.elements"
    std::string function;  // innermost frame: "super_written"
    std::uint64_t address = 0;
    std::string comm;
    std::vector<std::string> stack;  // innermost first
    bool in_irq = false;
    std::uint64_t at_ns = 0;
};

// Unwinds a task of a kernel that has met an Oops. Thrown by waits, by submit_bio and by the fault itself. Task bodies
// need not catch it; the kernel ends the task.
class Halted : public std::exception {
   public:
    [[nodiscard]] const char* what() const noexcept override { return "this kernel was halted by an Oops"; }
};

// ---- timers

// As the kernel's timer_list: the callback runs in a context of the kernel's own and must not sleep.
struct Timer {
    std::function<void()> function;
    std::atomic<std::uint64_t> expires_ns{0};  // 0: not pending
};

enum class LogLevel : std::uint8_t { Crit, Err, Warn, Info, Debug };

struct LogLine {
    std::uint64_t at_ns;
    LogLevel level;
    std::string text;
};

enum class OpenMode : std::uint8_t { ReadOnly, ReadWrite };

// ---- the kernel

class Kernel {
   public:
    virtual ~Kernel() = default;

    // Who has somebody else's data in hands now: see BorrowedData. No step of a simulated schedule.
    std::atomic<long> borrowers{0};
    WaitQueue borrowers_gone{*this, "borrowed data"};

    // A search of md's schedules: what lies in an Aside is no part of them. Set before any task runs.
    bool hides_asides = false;

    // Where TRACE (trace.hpp) writes; nullptr: nobody traces. What it points at outlives the kernel's tasks.
    std::atomic<trace::Tracer*> tracer{nullptr};

    // Monotonic nanoseconds since this kernel began (never 0); the kernel's jiffies. Simulated time on a SimKernel.
    virtual std::uint64_t ktime_ns() = 0;
    // Seconds since 1970 in bits 0..39 and microseconds in bits 40..63, as v1 superblocks store times.
    virtual std::uint64_t wall_clock() = 0;
    virtual void get_random_bytes(void* buffer, std::size_t size) = 0;

    // Starts a task. It runs `body` once; it must be joined. Ownership stays with the kernel until kthread_join.
    virtual Task* kthread_run(std::string comm, std::function<void()> body) = 0;
    // Sleeps until the body has returned, then frees the task. Not from the task itself.
    virtual void kthread_join(Task* task) = 0;
    // Ends an interruptible wait of the task with -EINTR, now or at its next one.
    virtual void interrupt(Task* task) = 0;

    // What WaitQueue::wait and wake_up do; see there.
    virtual int wait(WaitQueue& queue, const char* text, Condition condition, const WaitOptions& options) = 0;
    virtual void wake(WaitQueue& queue) = 0;
    // Sleeps for a time; the only unconditional sleep md has (the resync throttle, the reboot notifier).
    virtual void msleep(std::uint64_t ns) = 0;

    // Moves the timer to `expires_ns` on the ktime clock (pending or not). Cheap when that is its time already.
    virtual void mod_timer(Timer& timer, std::uint64_t expires_ns) = 0;
    // Not pending and not running when it returns. True if it was pending.
    virtual bool del_timer_sync(Timer& timer) = 0;

    // Read-side sections keep what synchronize_rcu waits for; they nest and never sleep.
    virtual void rcu_read_lock() = 0;
    virtual void rcu_read_unlock() = 0;
    virtual void synchronize_rcu() = 0;

    // Files that lie directly in this folder are found through it for as long as the answer is kept, whatever becomes
    // of its name: it may be moved, or something (even what this kernel serves) may be mounted over it.
    [[nodiscard]] virtual Result<std::shared_ptr<const void>> hold_folder(const std::string& /*path*/) {
        return std::shared_ptr<const void>();
    }
    // A disk on an image file (RealKernel) or on a named RAM disk (SimKernel), locked against a second user when opened
    // for writing. Never creates or resizes.
    virtual Result<std::unique_ptr<Disk>> open_disk(const std::string& path, OpenMode mode) = 0;
    // Whether two paths, not equal, lead to one image.
    [[nodiscard]] virtual bool is_same_file(const std::string& /*a*/, const std::string& /*b*/) { return false; }
    // A whole small file, at most 1 MiB.
    virtual Result<std::string> read_file(const std::string& path) = 0;
    // Durable replacement: PATH.new, fsync, exchange of names, fsync of the folder. A crash leaves the old or the new
    // text. PATH.new stays: one of the same size needs no free space. ESTALE: the folder is held and was removed.
    virtual Result<bool> replace_file(const std::string& path, std::string_view text) = 0;

    // One line of the kernel log, without its newline ("md: md0 stopped."). Any context, SpinLocks included.
    virtual void printk(LogLevel level, std::string text) = 0;
    [[nodiscard]] virtual std::vector<LogLine> log() const = 0;
    virtual void set_log_sink(std::function<void(const LogLine&)> sink) = 0;

    // Records the fault, halts this kernel (every wait and submit_bio throws Halted from now on) and throws.
    [[noreturn]] virtual void oops(Oops fault) = 0;
    [[nodiscard]] virtual bool halted() const = 0;
    // The first fault, if there was one.
    [[nodiscard]] virtual const Oops* first_oops() const = 0;
    // Boots it again after an Oops. REQUIRES: every task made by kthread_run has been joined. What still sleeps from
    // before unwinds all the same.
    virtual void restart() = 0;

    // A number for each bio that somebody may want to name.
    virtual std::uint64_t next_bio_id() = 0;
    // Tasks and where they sleep. Takes no lock that a sleeper holds.
    [[nodiscard]] virtual std::vector<SleepInfo> tasks() const = 0;
};

inline int WaitQueue::wait(const char* text, Condition condition, const WaitOptions& options) {
    return kernel_->wait(*this, text, condition, options);
}
inline void wake_up(WaitQueue& queue) {
    queue.kernel().wake(queue);
}

// ---- beside md

// What surrounds md on a mount is done between these braces: mdadm's look into an image and the stamp it leaves there,
// and the books that an Array keeps (who is inside, whose image is open). Where a kernel hides that, nothing in here is
// a step or is seen to touch anything, a bio ends at once, and so is a file replaced. Elsewhere the braces do nothing.
// In here: no sleep but submit_bio_wait's, and no lock with which others go to sleep or take a step.
class Aside {
   public:
    explicit Aside(const Kernel& kernel) : hidden_(kernel.hides_asides ? std::exchange(sim_hook, nullptr) : nullptr) {}
    ~Aside() {
        if (hidden_ != nullptr) [[unlikely]]
            sim_hook = hidden_;
    }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

   private:
    SimHook* hidden_;
};

// ---- borrowed data

// A data bio points at its submitter's buffer, and the submitter stays until the bio has ended, with one exception: an
// Oops lets it go at once, its request gets EIO, and the buffer is used for something else. The bio may be in other
// hands by then: raid1d's, those of a delay that is over, of a release. So whoever is not the submitter reads and
// writes the data of such a bio only within a BorrowedData, and only if the kernel was not halted when it looked in
// there (submit_bio looks). And a submitter that is let go calls wait_for_borrowers before it leaves. Nothing of this
// is on the way of a request that its submitter performs itself.
class BorrowedData {
   public:
    explicit BorrowedData(Kernel& kernel) : kernel_(kernel) { kernel_.borrowers.fetch_add(1); }
    ~BorrowedData() {
        // A new array may have been started meanwhile, so it does not matter whether the kernel is halted now.
        if (kernel_.borrowers.fetch_sub(1) == 1 && kernel_.borrowers_gone.has_sleepers())
            wake_up(kernel_.borrowers_gone);
    }
    BorrowedData(const BorrowedData&) = delete;
    BorrowedData& operator=(const BorrowedData&) = delete;

   private:
    Kernel& kernel_;
};

// REQUIRES: the kernel has been halted by an Oops since the data was lent. Returns soon: who sleeps with borrowed data
// unwinds, and what is held stays out of it.
inline void wait_for_borrowers(Kernel& kernel) {
    auto are_gone = [&kernel] { return kernel.borrowers.load() == 0; };
    kernel.borrowers_gone.wait("borrowers == 0", are_gone, {.through_halt = true});
}

}  // namespace mdscope
