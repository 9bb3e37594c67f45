// SPDX-License-Identifier: MIT
// Who decides what happens next in a simulation. The kernel says what can happen; a chooser picks one.
//
// A Choice is a value: two runs that offer the same choices in the same order offer equal values of (kind, id),
// whatever the addresses. The pointers are for whoever looks closer, and are valid until the choice is made.
//
// Choosers here: the first (a run without a schedule) or the next in turn (a setup), at random by seed, replay of
// recorded indices. Exhaustive search and a person at a window are choosers too, elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/kernel.hpp"

namespace mdscope {

struct Choice {
    enum class Kind : std::uint8_t {
        Run,       // `task` goes on to its next yield point
        Complete,  // `bio` is performed and ends well; its completion runs
        Fail,      // `bio` is not performed and ends with -EIO
        Fire,      // `timer` fires (simulated time moves to its expiry)
        Timeout,   // `task`'s sleep ends (simulated time moves to its end)
        Grace,     // the grace period `task` waits for in synchronize_rcu ends
        Cut,       // none of the kernel's: the program is killed, or the power is cut; `id` is what is left
    };
    Kind kind;
    std::uint64_t id;  // the task's pid, the bio's id, the timer's number of arming
    Task* task = nullptr;
    Bio* bio = nullptr;
    Timer* timer = nullptr;
    std::uint64_t at_ns = 0;  // the time it will be
    // Fine steps: what the task is about to touch, and how. nullptr: not known, or no Shared field.
    const volatile void* object = nullptr;
    Access access = Access::Read;
};

class Chooser {
   public:
    virtual ~Chooser() = default;
    // An index into `choices`, which is not empty.
    virtual std::size_t choose(std::span<const Choice> choices) = 0;
};

// A small generator of its own (splitmix64), so that a seed means the same with every compiler and library.
class Prng {
   public:
    explicit Prng(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    // 0 <= result < bound. The bias of the modulo is far below anything a schedule could show.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    // Where it is; a generator with this seed goes on from there.
    [[nodiscard]] std::uint64_t state() const { return state_; }

   private:
    std::uint64_t state_;
};

// Always the first: tasks before completions, oldest first.
class FirstChooser : public Chooser {
   public:
    std::size_t choose(std::span<const Choice>) override { return 0; }
};

// Each in turn: the one after the last chosen in the order of (kind, id). Nothing that stays possible waits for ever.
class RoundRobinChooser : public Chooser {
   public:
    std::size_t choose(std::span<const Choice> choices) override {
        std::size_t best = 0;
        std::uint64_t best_distance = ~std::uint64_t{0};
        for (std::size_t i = 0; i < choices.size(); i++) {
            const std::uint64_t distance = key(choices[i]) - last_ - 1;  // wraps: what lies behind comes last
            if (distance < best_distance) {
                best = i;
                best_distance = distance;
            }
        }
        last_ = key(choices[best]);
        return best;
    }

   private:
    static std::uint64_t key(const Choice& choice) {
        return (static_cast<std::uint64_t>(choice.kind) << 56) | choice.id;
    }
    std::uint64_t last_ = 0;
};

class RandomChooser : public Chooser {
   public:
    explicit RandomChooser(std::uint64_t seed) : prng_(seed) {}
    std::size_t choose(std::span<const Choice> choices) override {
        return static_cast<std::size_t>(prng_.below(choices.size()));
    }
    [[nodiscard]] std::uint64_t state() const { return prng_.state(); }

   private:
    Prng prng_;
};

// The recorded indices, then always the first. An index that is not offered means that the run has drifted from the
// one recorded; that is an error, with the step's number.
class ReplayChooser : public Chooser {
   public:
    explicit ReplayChooser(std::vector<std::size_t> picks) : picks_(std::move(picks)) {}
    std::size_t choose(std::span<const Choice> choices) override {
        if (position_ == picks_.size()) return 0;
        const std::size_t pick = picks_[position_++];
        if (pick >= choices.size())
            throw std::runtime_error("replay drifted at step " + std::to_string(position_) + ": choice " +
                                     std::to_string(pick) + " of " + std::to_string(choices.size()) + ".");
        return pick;
    }
    [[nodiscard]] std::size_t position() const { return position_; }

   private:
    std::vector<std::size_t> picks_;
    std::size_t position_ = 0;
};

}  // namespace mdscope
