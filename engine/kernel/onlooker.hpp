// Looking at a simulation between two of its steps, from outside of it.
//
// A task may be suspended while it holds a SpinLock; whoever looks must not wait for it, for it goes on only when told
// to. Nothing else runs meanwhile, so what the lock guards stands still. Between these braces SpinLocks of this thread
// are neither taken nor waited for, and no access is a step.
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

    SimHook* outer_;
};

}  // namespace mdscope
