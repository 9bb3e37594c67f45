// SPDX-License-Identifier: MIT
// A look at a simulated array from outside, between two steps.
//
// In fine steps a task may rest with a SpinLock held. Whoever takes a snapshot then must not wait for it, since nobody
// goes on meanwhile, and must not be offered as a step. Between the braces of an Onlooker locks are walked through;
// what is seen is as the step has left it.
#pragma once

#include "engine/kernel/sync.hpp"

namespace mdscope {

class Onlooker final : private SimHook {
   public:
    Onlooker() : outer_(sim_hook) { sim_hook = this; }
    ~Onlooker() override { sim_hook = outer_; }
    Onlooker(const Onlooker&) = delete;
    Onlooker& operator=(const Onlooker&) = delete;

   private:
    void touch(const volatile void* /*object*/, Access /*access*/) override {}
    void observed(std::uint64_t /*value*/) override {}
    void spin_lock(SpinLock& /*lock*/) override {}
    void spin_unlock(SpinLock& /*lock*/) override {}
    void acquired() override {}
    void remember_only(std::uint64_t /*tag*/) override {}

    SimHook* outer_;
};

}  // namespace mdscope
