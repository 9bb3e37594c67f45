// SPDX-License-Identifier: MIT
// The types through which md code shares, locks and waits. They are the yield points: nothing in md code is marked by
// hand, because touching one of these is what makes a moment observable.
//
//   Shared<T>   a field that several tasks touch without a lock (the kernel's atomic_t, flag words, READ_ONCE fields)
//   Published   a field that is written under a lock and looked at without one, where the old value does no harm
//   SpinLock    guards fields for a few instructions; its holder never sleeps and never submits I/O
//   Mutex       may be held while sleeping; waiting for it is a wait like any other and is shown as one
//   WaitQueue   where tasks sleep until a condition holds: wait_event(queue, condition)
//
// On a RealKernel these are atomics, a small spinning lock and a condition variable. On a SimKernel the same calls
// report to `sim_hook`, which may switch to another fiber first. The real path pays one predictable branch for that.
//
// Rules. The condition of a wait may be evaluated any number of times, by any task: it reads Shared fields or takes a
// SpinLock, and changes nothing. A waker changes the condition first and calls wake_up after (a SpinLock may be held);
// no wake-up is lost. After a wait, check again what you relied on before it. The waker still touches the queue after
// the sleeper has seen the condition: a queue must not live on the stack of the one who sleeps.
#pragma once

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include "engine/kernel/annotations.hpp"

namespace mdscope {

class Kernel;
class SpinLock;
struct Task;

// ---- the hook of the simulated kernel

enum class Access : std::uint8_t { Read, Write };

class SimHook {
   public:
    virtual ~SimHook() = default;
    virtual void touch(const volatile void* object, Access access) = 0;  // before the access is made
    virtual void observed(std::uint64_t value) = 0;                      // what the access just made has read
    virtual void spin_lock(SpinLock& lock) = 0;                          // returns with the lock held
    virtual void spin_unlock(SpinLock& lock) = 0;
    virtual void acquired() = 0;                        // a Mutex: what it guards may be read from here on
    virtual void remember_only(std::uint64_t tag) = 0;  // see remember_only() below
};

inline thread_local constinit SimHook* sim_hook = nullptr;

inline void touch(const volatile void* object, Access access) {
    if (sim_hook != nullptr) [[unlikely]]
        sim_hook->touch(object, access);
}

// For a loop that has come round: all that its task still knows is `tag()`, a hash of its locals and of the fields that
// nobody else reads. How it came here makes no difference any more, so a search of schedules meets this moment once and
// not once for each way. Whoever leaves something out here hides schedules: a test counts them with states and without.
template <class Tag>
void remember_only(Tag tag) {
    if (sim_hook != nullptr) [[unlikely]]
        sim_hook->remember_only(tag());
}

// ---- Shared<T>

// T is trivially copyable and lock-free. All accesses are sequentially consistent, as a reader of md.c would assume.
template <class T>
class Shared {
    static_assert(std::is_trivially_copyable_v<T> && std::atomic<T>::is_always_lock_free);

   public:
    constexpr Shared() : value_(T{}) {}
    constexpr explicit Shared(T value) : value_(value) {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    T load() const {
        return access(Access::Read, [this] { return value_.load(); });
    }
    void store(T value) {
        touch(this, Access::Write);
        value_.store(value);
    }
    operator T() const { return load(); }  // NOLINT(google-explicit-constructor): conditions read like md's.
    Shared& operator=(T value) {           // NOLINT(misc-unconventional-assign-operator)
        store(value);
        return *this;
    }
    T operator->() const requires std::is_pointer_v<T> { return load(); }

    T exchange(T value) {
        return access(Access::Write, [&] { return value_.exchange(value); });
    }
    bool compare_exchange(T& expected, T desired) {
        const bool done = access(Access::Write, [&] { return value_.compare_exchange_strong(expected, desired); });
        if (sim_hook != nullptr && !done) [[unlikely]]
            sim_hook->observed(as_number(expected));
        return done;
    }

    // Arithmetic in the kernel's words. The _return forms give the new value.
    // The others tell the caller nothing.
    void inc() requires std::is_integral_v<T> { add(1); }
    void dec() requires std::is_integral_v<T> { sub(1); }
    void add(T n) requires std::is_integral_v<T> {
        touch(this, Access::Write);
        value_.fetch_add(n);
    }
    void sub(T n) requires std::is_integral_v<T> {
        touch(this, Access::Write);
        value_.fetch_sub(n);
    }
    T inc_return() requires std::is_integral_v<T> { return add_return(1); }
    T dec_return() requires std::is_integral_v<T> { return add_return(static_cast<T>(-1)); }
    bool dec_and_test() requires std::is_integral_v<T> {
        return access(Access::Write, [&] { return value_.fetch_sub(1) == 1; });
    }
    // dec_and_test of a count of references: who holds the last one is alone, nobody is there to take another, and so
    // it need not be counted down for anybody to see.
    bool put_and_test() requires std::is_integral_v<T> {
        if (sim_hook == nullptr && value_.load() == 1) return true;
        return dec_and_test();
    }
    T add_return(T n) requires std::is_integral_v<T> {
        return access(Access::Write, [&] { return static_cast<T>(value_.fetch_add(n) + n); });
    }

    // Bits, numbered from 0, as in test_bit(nr, &word).
    bool test_bit(unsigned nr) const requires std::is_unsigned_v<T> { return ((load() >> nr) & 1U) != 0; }
    void set_bit(unsigned nr) requires std::is_unsigned_v<T> {
        touch(this, Access::Write);
        value_.fetch_or(static_cast<T>(T{1} << nr));
    }
    void clear_bit(unsigned nr) requires std::is_unsigned_v<T> {
        touch(this, Access::Write);
        value_.fetch_and(static_cast<T>(~static_cast<T>(T{1} << nr)));
    }
    bool test_and_set_bit(unsigned nr) requires std::is_unsigned_v<T> {
        const T mask = static_cast<T>(T{1} << nr);
        return access(Access::Write, [&] { return (value_.fetch_or(mask) & mask) != 0; });
    }
    bool test_and_clear_bit(unsigned nr) requires std::is_unsigned_v<T> {
        const T mask = static_cast<T>(T{1} << nr);
        return access(Access::Write, [&] { return (value_.fetch_and(static_cast<T>(~mask)) & mask) != 0; });
    }

    // Before anybody else can see the object.
    void init(T value) { value_.store(value, std::memory_order_relaxed); }
    // For snapshots and dumps: a look that is never a step of a schedule.
    [[nodiscard]] T peek() const { return value_.load(std::memory_order_acquire); }

   private:
    template <class Operation>
    auto access(Access how, Operation operation) const {
        if (sim_hook == nullptr) [[likely]]
            return operation();
        sim_hook->touch(this, how);
        const auto value = operation();
        sim_hook->observed(as_number(value));
        return value;
    }
    // Of a pointer only whether it is NULL: addresses differ from run to run, and what lies behind is read on its own.
    template <class V>
    static std::uint64_t as_number(V value) {
        if constexpr (std::is_pointer_v<V>)
            return value != nullptr ? 1 : 0;
        else
            return static_cast<std::uint64_t>(value);
    }

    std::atomic<T> value_;
};

// Flag words are written test_bit(In_sync, rdev.flags), as in the kernel.
template <class T>
bool test_bit(unsigned nr, const Shared<T>& word) {
    return word.test_bit(nr);
}
template <class T>
void set_bit(unsigned nr, Shared<T>& word) {
    word.set_bit(nr);
}
template <class T>
void clear_bit(unsigned nr, Shared<T>& word) {
    word.clear_bit(nr);
}
template <class T>
bool test_and_set_bit(unsigned nr, Shared<T>& word) {
    return word.test_and_set_bit(nr);
}
template <class T>
bool test_and_clear_bit(unsigned nr, Shared<T>& word) {
    return word.test_and_clear_bit(nr);
}

// ---- Published<T>

// A description that is there to be looked at: sizes, numbers, kinds of metadata. Who writes it holds a lock that
// orders the writers (an array's reconfig_mutex, or its `lock`); anybody reads it at any moment, and what he does is
// right with the value before and with the one after. So it is atomic but no step of a schedule, and no search tells by
// it where its task has been. What two tasks agree by is Shared.
template <class T>
class Published {
    static_assert(std::is_trivially_copyable_v<T> && std::atomic<T>::is_always_lock_free);

   public:
    constexpr Published() : value_(T{}) {}
    constexpr explicit Published(T value) : value_(value) {}
    Published(const Published&) = delete;
    Published& operator=(const Published&) = delete;

    [[nodiscard]] T load() const { return value_.load(std::memory_order_acquire); }
    operator T() const { return load(); }  // NOLINT(google-explicit-constructor): reads like the field it is.
    T operator->() const requires std::is_pointer_v<T> { return load(); }
    Published& operator=(T value) {  // NOLINT(misc-unconventional-assign-operator)
        value_.store(value, std::memory_order_release);
        return *this;
    }

   private:
    std::atomic<T> value_;
};

// ---- SpinLock

class CAPABILITY("spinlock") SpinLock {
   public:
    SpinLock() = default;
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;

    void lock() ACQUIRE() NO_THREAD_SAFETY_ANALYSIS {
        if (sim_hook != nullptr) [[unlikely]] {
            sim_hook->spin_lock(*this);
            return;
        }
        std::uint32_t expected = kFree;
        if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) [[unlikely]]
            lock_slow();
    }
    void unlock() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
        if (sim_hook != nullptr) [[unlikely]] {
            sim_hook->spin_unlock(*this);
            return;
        }
        state_.store(kFree, std::memory_order_release);
    }

   private:
    friend class SimKernel;
    static constexpr std::uint32_t kFree = 0;
    static constexpr std::uint32_t kHeld = 1;

    // Spins briefly (the holder is usually on the other core), then lets others run: the holder may have been
    // preempted. No futex, because a plain store then suffices to unlock, and that is half of what the lock costs.
    void lock_slow() {
        for (int spin = 0;; spin++) {
            std::uint32_t expected = kFree;
            if (state_.load(std::memory_order_relaxed) == kFree &&
                state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire))
                return;
            if (spin >= 200) std::this_thread::yield();
        }
    }

    std::atomic<std::uint32_t> state_{kFree};
};

class SCOPED_CAPABILITY SpinGuard {
   public:
    explicit SpinGuard(SpinLock& lock) ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
    ~SpinGuard() RELEASE() { lock_.unlock(); }
    SpinGuard(const SpinGuard&) = delete;
    SpinGuard& operator=(const SpinGuard&) = delete;

   private:
    SpinLock& lock_;
};

// ---- WaitQueue

// A non-owning reference to a callable, for the condition of a wait: no allocation, valid during the call only.
class Condition {
   public:
    template <class F>
    Condition(F& callable)  // NOLINT(google-explicit-constructor): made at the call of wait().
        : object_(&callable), call_([](void* object) { return static_cast<bool>((*static_cast<F*>(object))()); }) {}
    bool operator()() const { return call_(object_); }

   private:
    void* object_;
    bool (*call_)(void*);
};

inline constexpr std::uint64_t kForever = ~std::uint64_t{0};  // MAX_SCHEDULE_TIMEOUT, in nanoseconds

struct WaitOptions {
    std::uint64_t timeout_ns = kForever;
    bool interruptible = false;  // returns -EINTR once the task was interrupted
    bool through_halt = false;   // goes on after an Oops: a disk's own task, which has bios to bring back
};

class WaitQueue {
   public:
    // `name` is the field's name as md spells it ("mddev->sb_wait"); it must outlive the queue.
    WaitQueue(Kernel& kernel, const char* name) : kernel_(&kernel), name_(name) {}
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;

    [[nodiscard]] Kernel& kernel() const { return *kernel_; }
    [[nodiscard]] const char* name() const { return name_; }
    [[nodiscard]] bool has_sleepers() const { return sleepers_.load() != 0; }

    // Sleeps until `condition` holds. 0: it holds; -ETIME: the timeout passed first; -EINTR: interrupted. `text` is the
    // condition as written in the source. Throws Halted when this kernel has met an Oops.
    int wait(const char* text, Condition condition, const WaitOptions& options = {});

   private:
    friend class RealKernel;
    friend class SimKernel;
    Kernel* kernel_;
    const char* name_;
    std::atomic<std::uint32_t> sleepers_{0};
    std::mutex mutex_;                   // RealKernel only
    std::uint64_t wakeups_ = 0;          // RealKernel only, under mutex_: how often somebody was woken here
    std::condition_variable condition_;  // RealKernel only
};

// Wakes every sleeper of the queue to look at its condition again. Cheap when nobody sleeps there.
void wake_up(WaitQueue& queue);

#define MD_CONDITION(condition) [&]() NO_THREAD_SAFETY_ANALYSIS -> bool { return (condition); }

// A simulated kernel evaluates the condition itself, so that one that does not hold yet leaves no trace in its task.
inline bool holds_already(Condition condition) {
    return sim_hook == nullptr && condition();
}

// Sleep until the condition holds; not interruptible.
#define wait_event(queue, condition)                                                           \
    do {                                                                                       \
        auto md_condition_ = MD_CONDITION(condition);                                          \
        if (!::mdscope::holds_already(md_condition_)) (queue).wait(#condition, md_condition_); \
    } while (false)

// As wait_event; gives 0, or -ETIME when `timeout_ns` passed first.
#define wait_event_timeout(queue, condition, timeout_ns_)                                      \
    [&]() NO_THREAD_SAFETY_ANALYSIS -> int {                                                   \
        auto md_condition_ = MD_CONDITION(condition);                                          \
        if (::mdscope::holds_already(md_condition_)) return 0;                                 \
        return (queue).wait(#condition, md_condition_, ::mdscope::WaitOptions{(timeout_ns_)}); \
    }()

// As wait_event; gives 0, or -EINTR when the task was interrupted.
#define wait_event_interruptible(queue, condition)                                                         \
    [&]() NO_THREAD_SAFETY_ANALYSIS -> int {                                                               \
        auto md_condition_ = MD_CONDITION(condition);                                                      \
        if (::mdscope::holds_already(md_condition_)) return 0;                                             \
        return (queue).wait(#condition, md_condition_, ::mdscope::WaitOptions{::mdscope::kForever, true}); \
    }()

// The condition is guarded by `lock`, which is held at entry and at exit and dropped while asleep.
#define wait_event_lock(queue, condition, lock_)                           \
    do {                                                                   \
        while (!(condition)) {                                             \
            (lock_).unlock();                                              \
            auto md_condition_ = [&]() NO_THREAD_SAFETY_ANALYSIS -> bool { \
                const ::mdscope::SpinGuard md_guard_(lock_);               \
                return (condition);                                        \
            };                                                             \
            (queue).wait(#condition, md_condition_);                       \
            (lock_).lock();                                                \
        }                                                                  \
    } while (false)

// ---- Mutex

class CAPABILITY("mutex") Mutex {
   public:
    Mutex(Kernel& kernel, const char* name) : waiters_(kernel, name) {}

    void lock() ACQUIRE() NO_THREAD_SAFETY_ANALYSIS {
        auto is_free = [this] { return held_.load() == 0; };  // Free of effects: anybody may evaluate a condition.
        while (!try_lock_now()) waiters_.wait("mutex is free", is_free);
    }
    // 0 with the lock held, or -EINTR without it.
    [[nodiscard]] int lock_interruptible() NO_THREAD_SAFETY_ANALYSIS {
        auto is_free = [this] { return held_.load() == 0; };
        while (!try_lock_now())
            if (const int error = waiters_.wait("mutex is free", is_free, WaitOptions{kForever, true}); error != 0)
                return error;
        return 0;
    }
    [[nodiscard]] bool try_lock() TRY_ACQUIRE(true) { return try_lock_now(); }
    void unlock() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
        held_ = 0U;
        wake_up(waiters_);
    }
    [[nodiscard]] bool is_locked() const { return held_.peek() != 0; }

   private:
    bool try_lock_now() {
        std::uint32_t expected = 0;
        if (!held_.compare_exchange(expected, 1U)) return false;
        if (sim_hook != nullptr) [[unlikely]]
            sim_hook->acquired();
        return true;
    }
    Shared<std::uint32_t> held_;
    WaitQueue waiters_;
};

class SCOPED_CAPABILITY MutexGuard {
   public:
    explicit MutexGuard(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexGuard() RELEASE() { mutex_.unlock(); }
    MutexGuard(const MutexGuard&) = delete;
    MutexGuard& operator=(const MutexGuard&) = delete;

   private:
    Mutex& mutex_;
};

}  // namespace mdscope
