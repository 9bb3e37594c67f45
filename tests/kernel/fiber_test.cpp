// SPDX-License-Identifier: MIT
// Fibers: control goes back and forth, exceptions stay where they belong, and nothing on a stack is left behind.
#include "engine/kernel/sim/fiber.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace mdscope::test {

TEST_CASE("a fiber runs when it is resumed, up to where it suspends") {
    StackPool pool;
    std::string story;
    Fiber fiber(pool, [&](Fiber& self) {
        story += "a";
        self.suspend();
        story += "b";
        self.suspend();
        story += "c";
    });
    CHECK(story.empty());
    fiber.resume();
    CHECK(story == "a");
    fiber.resume();
    story += "-";
    fiber.resume();
    CHECK(story == "ab-c");
    CHECK(fiber.finished());
}

TEST_CASE("exceptions can be thrown, caught and kept across switches") {
    StackPool pool;
    auto body = [](Fiber& self) {
        for (int i = 0; i < 3; i++) {
            try {
                throw std::runtime_error(std::to_string(i));
            } catch (const std::runtime_error& error) {
                self.suspend();  // Another fiber catches meanwhile.
                CHECK(error.what() == std::to_string(i));
                try {
                    throw;
                } catch (const std::exception& again) {
                    CHECK(&again == &error);
                }
            }
        }
    };
    Fiber a(pool, body);
    Fiber b(pool, body);
    while (!a.finished()) {
        a.resume();
        b.resume();
        CHECK(std::uncaught_exceptions() == 0);
    }
    CHECK(b.finished());
}

TEST_CASE("a fiber may be suspended in a destructor while an exception passes") {
    StackPool pool;
    struct SuspendsAtEnd {
        Fiber& fiber;
        ~SuspendsAtEnd() {
            const bool goes_on = fiber.try_suspend();
            CHECK(goes_on);
        }
    };
    bool caught = false;
    Fiber fiber(pool, [&](Fiber& self) {
        try {
            const SuspendsAtEnd at_end{self};
            throw std::runtime_error("x");
        } catch (const std::runtime_error&) {
            caught = true;
        }
    });
    fiber.resume();
    CHECK(std::uncaught_exceptions() == 0);
    CHECK_FALSE(caught);
    fiber.resume();
    CHECK(caught);
}

TEST_CASE("an exception that leaves the body comes out of resume") {
    StackPool pool;
    Fiber fiber(pool, [](Fiber&) { throw std::runtime_error("out"); });
    CHECK_THROWS_WITH(fiber.resume(), "out");
    CHECK(fiber.finished());
}

TEST_CASE("an unfinished fiber is unwound when it is destroyed; one never begun is not") {
    StackPool pool;
    auto token = std::make_shared<int>(1);
    {
        Fiber begun(pool, [&](Fiber& self) {
            const auto held = token;
            try {
                self.suspend();
            } catch (const std::exception&) {
                FAIL("the unwinding is nobody's exception");
            }
            FAIL("not reached");
        });
        begun.resume();
        CHECK(token.use_count() == 2);
        const Fiber never(pool, [&](Fiber&) { FAIL("not reached"); });
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("fibers inside fibers") {
    StackPool pool;
    int sum = 0;
    Fiber outer(pool, [&](Fiber& self) {
        Fiber inner(pool, [&](Fiber& inner_self) {
            sum += 1;
            inner_self.suspend();
            sum += 10;
        });
        inner.resume();
        self.suspend();
        inner.resume();
        sum += 100;
    });
    outer.resume();
    CHECK(sum == 1);
    outer.resume();
    CHECK(sum == 111);
}

TEST_CASE("stacks are used again, and are deep enough for real work") {
    StackPool pool;
    std::byte* first = pool.take();
    pool.give_back(first);
    CHECK(pool.take() == first);
    pool.give_back(first);
    struct Deep {
        static int down(int depth) {  // NOLINT(misc-no-recursion)
            volatile char frame[256];
            frame[0] = static_cast<char>(depth);
            return depth == 0 ? frame[0] : down(depth - 1) + 1;
        }
    };
    int depth = 0;
    Fiber fiber(pool, [&](Fiber&) { depth = Deep::down(300); });
    fiber.resume();
    CHECK(depth == 300);
}

TEST_CASE("speed: a switch of fibers" * doctest::skip()) {
    StackPool pool;
    constexpr int kRounds = 5'000'000;
    Fiber fiber(pool, [&](Fiber& self) {
        for (;;) self.suspend();
    });
    const std::clock_t begin = std::clock();  // CPU time: other processes do not count.
    for (int i = 0; i < kRounds; i++) fiber.resume();
    const double spent_ns = 1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const double per_switch = spent_ns / (2.0 * kRounds);
    MESSAGE(per_switch, " ns a switch");
}

}  // namespace mdscope::test
