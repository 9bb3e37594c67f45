// SPDX-License-Identifier: MIT
// md_thread: a task that runs one function at each wake-up and at each timeout. mdX_raid1 is one, mdX_resync another.
#include <algorithm>
#include <system_error>

#include "engine/md/md.hpp"

namespace mdscope {

MdThread::MdThread(Kernel& kernel, Mddev& mddev_, std::string name_, void (*run_)(MdThread&))
    : mddev(mddev_), name(std::move(name_)), run(run_), wqueue(kernel, "thread->wqueue") {}

bool kthread_should_stop(const MdThread& thread) {
    return thread.should_stop;
}

static void md_thread(MdThread& thread) {
    MD_FRAME("md_thread");
    while (!kthread_should_stop(thread)) {
        (void)wait_event_timeout(thread.wqueue, test_bit(THREAD_WAKEUP, thread.flags) || kthread_should_stop(thread),
                                 thread.timeout.load());
        clear_bit(THREAD_WAKEUP, thread.flags);
        if (!kthread_should_stop(thread)) thread.run(thread);
    }
}

MdThread* md_register_thread(void (*run)(MdThread&), Mddev& mddev, const std::string& suffix) {
    auto owned = std::make_unique<MdThread>(mddev.kernel, mddev, mddev.name + "_" + suffix, run);
    MdThread* thread = owned.get();
    {
        const SpinGuard guard(mddev.pers_lock);
        mddev.all_threads.push_back(std::move(owned));
    }
    try {
        thread->task = mddev.kernel.kthread_run(thread->name, [thread] { md_thread(*thread); });
    } catch (const std::system_error&) {  // no more threads to be had
        const SpinGuard guard(mddev.pers_lock);
        std::erase_if(mddev.all_threads, [thread](const auto& one) { return one.get() == thread; });
        return nullptr;
    }
    return thread;
}

void md_unregister_thread(Mddev& mddev, Shared<MdThread*>& slot) {
    MD_FRAME("md_unregister_thread");
    MdThread* thread = slot.exchange(nullptr);
    if (thread == nullptr) return;
    thread->should_stop = true;
    wake_up(thread->wqueue);
    mddev.kernel.kthread_join(thread->task);
    thread->task = nullptr;
}

void md_wakeup_thread(Mddev&, const Shared<MdThread*>& slot) {
    MdThread* thread = slot;
    if (thread == nullptr) return;
    if (!test_and_set_bit(THREAD_WAKEUP, thread->flags)) wake_up(thread->wqueue);
}

}  // namespace mdscope
