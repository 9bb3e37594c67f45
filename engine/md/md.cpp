// SPDX-License-Identifier: MIT
// Mddev and Rdev as objects, the checked pointer's fault, and the small helpers every other file of md uses.
#include "engine/md/md.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "engine/md/bitmap/bitmap.hpp"

namespace mdscope {

Rdev::Rdev(Kernel& kernel_, std::string name_)
    : kernel(kernel_),
      name(std::move(name_)),
      mddev(kernel_, "rdev->mddev"),
      blocked_wait(kernel_, "rdev->blocked_wait") {}

Mddev::Mddev(Kernel& kernel_, std::string name_)
    : kernel(kernel_),
      name(std::move(name_)),
      recovery_cp(0),
      recovery_wait(kernel_, "mddev->recovery_wait"),
      last_sync_action("none"),
      sb_wait(kernel_, "mddev->sb_wait"),
      bio_set(kernel_, "mddev->bio_set"),
      sync_set(kernel_, "mddev->sync_set"),
      flush_wait(kernel_, "mddev->flush_wait"),
      reconfig_mutex(kernel_, "mddev->reconfig_mutex"),
      open_mutex(kernel_, "mddev->open_mutex"),
      resync_wait(kernel_, "resync_wait"),
      bitmap_info(kernel_),
      sysfs_state(kernel_, "array_state"),
      sysfs_action(kernel_, "sync_action"),
      sysfs_completed(kernel_, "sync_completed"),
      sysfs_degraded(kernel_, "degraded"),
      sysfs_rdev(kernel_, "dev state"),
      sysfs_can_clear(kernel_, "bitmap/can_clear"),
      mdstat_event(kernel_, "mdstat") {}

// A halted kernel, or a simulation given up half-way, leaves its bitmap and its personality's objects as they are; a
// stopped array has given them to dead_bitmaps and dead_privates.
Mddev::~Mddev() {
    if (priv != nullptr && pers.peek() != nullptr) pers.peek()->free(*this, priv);
    delete bitmap.peek();
}

void md_log(const Mddev& mddev, LogLevel level, std::string text) {
    mddev.kernel.printk(level, std::move(text));
}

void kptr_fault(Kernel& kernel, const char* object, bool freed) {
    Oops fault;
    fault.what = freed ? "use after free" : "NULL pointer dereference";
    fault.object = object;
    kernel.oops(std::move(fault));
    std::abort();  // Not reached; g++ 12 does not see it through a virtual [[noreturn]].
}

// The emulator itself is wrong here, so nothing it would still write can be trusted: the process ends, and the images
// are as after a kill.
void md_check_failed(const char* text, const char* file, int line) {
    fmt::print(stderr, "mdscope: check failed: {} ({}:{})\n", text, file, line);
    std::abort();
}

std::vector<Rdev*> rdev_list(const Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return mddev.disks;
}

std::array<std::uint8_t, 16> mddev_uuid(const Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return mddev.uuid;
}

void sysfs_notify(SysfsNotifier& notifier) {
    notifier.generation.inc();
    wake_up(notifier.wait);
    if (WaitQueue* const also = notifier.also; also != nullptr) wake_up(*also);
    if (notifier.observer) notifier.observer();
}

void md_new_event(Mddev& mddev) {
    sysfs_notify(mddev.mdstat_event);
}

void md_set_array_sectors(Mddev& mddev, Sector sectors) {
    if (mddev.external_size) return;
    mddev.array_sectors = sectors;
}

// ---- reconfig_mutex and the door ----

int mddev_lock(Mddev& mddev) NO_THREAD_SAFETY_ANALYSIS {
    return mddev.reconfig_mutex.lock_interruptible();
}
void mddev_lock_nointr(Mddev& mddev) NO_THREAD_SAFETY_ANALYSIS {
    mddev.reconfig_mutex.lock();
}
bool mddev_trylock(Mddev& mddev) NO_THREAD_SAFETY_ANALYSIS {
    return mddev.reconfig_mutex.try_lock();
}

void mddev_unlock(Mddev& mddev) NO_THREAD_SAFETY_ANALYSIS {
    MD_FRAME("mddev_unlock");
    mddev.reconfig_mutex.unlock();
    // Something may have become due that the md thread could not do while we held the lock.
    md_wakeup_thread(mddev, mddev.thread);
    wake_up(mddev.sb_wait);
}

int md_open(Mddev& mddev) NO_THREAD_SAFETY_ANALYSIS {
    MD_FRAME("md_open");
    if (const int err = mddev.open_mutex.lock_interruptible(); err != 0) return err;  // a stop may hold it for long
    const bool runs = !test_bit(MD_CLOSING, mddev.flags) && mddev.pers.load() != nullptr;
    if (runs) mddev.openers.inc();
    mddev.open_mutex.unlock();
    return runs ? 0 : -ENODEV;
}

void md_release(Mddev& mddev) {
    MD_FRAME("md_release");
    mddev.openers.dec();
}

}  // namespace mdscope
