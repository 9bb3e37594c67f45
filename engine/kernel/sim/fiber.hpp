// SPDX-License-Identifier: MIT
// A call stack of its own inside one OS thread: what a simulated task runs on.
//
//   Fiber fiber(pool, [&](Fiber& self) { ...; self.suspend(); ...; });
//   fiber.resume();          // runs the body up to its first suspend()
//   fiber.resume();          // ... on to its end; finished() is now true
//
// resume() is called from outside, suspend() from inside; control goes back and forth between the two, nothing else.
// A switch is a jump of Boost.Context (about 20 ns, mostly the bookkeeping of exceptions: the C++ runtime keeps the
// exceptions being handled per thread, so each side's list is set aside while the other runs).
//
// Destroying a fiber that is not finished unwinds it: suspend() throws an exception of a private type, which the body
// must let pass (destructors run, `catch (...)` rethrows). Where throwing is not possible, a body uses try_suspend(),
// which returns false instead, now and ever after.
//
// An exception that leaves the body otherwise comes out of resume().
//
// Stacks come from a StackPool: mapped with a guard page below, so that an overflow is a fault and not a silent
// corruption, and reused, so that a new fiber touches warm memory. A pool belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <span>
#include <vector>

namespace mdscope {

class StackPool {
   public:
    static constexpr std::size_t kDefaultStackSize = 256 * 1024;
    explicit StackPool(std::size_t stack_size = kDefaultStackSize);
    ~StackPool();  // All stacks must be back.
    StackPool(const StackPool&) = delete;
    StackPool& operator=(const StackPool&) = delete;

    // The lowest usable address of a stack of stack_size() bytes. Throws std::bad_alloc.
    std::byte* take();
    void give_back(std::byte* stack);
    void reserve(std::size_t count);  // so many can be taken without mapping any
    [[nodiscard]] std::size_t stack_size() const { return stack_size_; }

   private:
    std::size_t stack_size_;
    std::size_t guard_size_;
    std::vector<std::byte*> free_;
};

class Fiber {
   public:
    using Body = std::function<void(Fiber&)>;

    Fiber(StackPool& pool, Body body);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    void resume();
    void cancel();  // unwinds now what the destructor would unwind; finished() afterwards
    void suspend();
    [[nodiscard]] bool try_suspend() noexcept;  // false: being destroyed, do not wait for anything any more
    // Throws what suspend() throws in a fiber that is being destroyed.
    [[noreturn]] static void unwind();
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] bool unwinding() const { return unwinding_; }
    // While it is suspended: from its stack pointer up. What lies below is nobody's.
    [[nodiscard]] std::span<std::byte> live_stack() const {
        return {static_cast<std::byte*>(inside_.context), stack_ + pool_.stack_size()};
    }

   private:
    struct Unwind {};
    // What the C++ runtime keeps of exceptions in flight, per thread: __cxa_eh_globals.
    struct ExceptionState {
        void* caught = nullptr;
        unsigned int uncaught = 0;
    };
    // What a sanitizer has to know of the side that is not running.
    struct Side {
        void* context = nullptr;  // where to jump to
        void* fake_stack = nullptr;
        const void* stack_bottom = nullptr;
        std::size_t stack_size = 0;
        void* tsan_fiber = nullptr;
        ExceptionState exceptions;
    };

    struct Entry;
    void run_body();
    void jump_inside() noexcept;
    void jump(Side& from, Side& to, bool from_ends) noexcept;
    static void arrived(Side& at, Side& came_from) noexcept;

    StackPool& pool_;
    std::byte* stack_;
    Body body_;
    Side inside_;
    Side outside_;
    std::exception_ptr escaped_;
    bool started_ = false;
    bool finished_ = false;
    bool unwinding_ = false;
};

}  // namespace mdscope
