// SPDX-License-Identifier: MIT
// Barriers between the users' I/O and resync, and freezing the whole array.
//
// The array is cut into units of 64 MiB; units share 1024 buckets by hash. Per bucket:
//
//   nr_pending   users' requests inside            barrier   sync requests that keep users' writes out
//   nr_waiting   users' requests that sleep        nr_queued requests that wait for raid1d (also in nr_pending)
//
// A write enters by counting itself and then looking for a barrier; a sync request raises the barrier and then looks
// for pending requests. Both are sequentially consistent, so one of the two sees the other: no lock on the users' path.
// resync_lock orders those who have to sleep.
//
// freeze_array stops everything: it waits until all requests but `extra` have ended or sit in raid1d's queue. Freezes
// nest here (array_frozen counts them): raid1d repairing a block inside somebody's quiesce must not thaw the array that
// the other believes frozen. In raid1.c the flag is 0 or 1.
//
// Callers: any task, no SpinLock held, except that allow_barrier and lower_barrier also run in completions.
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/conf_life.hpp"
#include "engine/md/variants/sync_barrier.hpp"

namespace mdscope {

// A stop that has seen the count at zero frees nothing that this needs, unless the row says that it frees the conf.
void raid1_wake_after_count(R1conf& conf) {
    conf.mddev.variants.row<variants::conf_life>().after_count(conf);
    wake_up(conf.wait_barrier);
}

// ---- users' requests

static bool wait_barrier_slowly(R1conf& conf, unsigned idx, bool nowait, bool reads_only) {
    conf.resync_lock.lock();
    conf.nr_waiting[idx].inc();
    conf.nr_pending[idx].dec();
    wake_up(conf.wait_barrier);  // freeze_array or raise_barrier may have counted us
    auto may_enter = [&] { return conf.array_frozen == 0 && (reads_only || conf.barrier[idx] == 0); };
    bool entered = may_enter();
    if (!entered && !nowait) {
        conf.resync_lock.unlock();
        raid1_flush_plug_before_sleep();
        conf.resync_lock.lock();
        if (reads_only)
            wait_event_lock(conf.wait_barrier, conf.array_frozen == 0, conf.resync_lock);
        else
            wait_event_lock(conf.wait_barrier, conf.array_frozen == 0 && conf.barrier[idx] == 0, conf.resync_lock);
        entered = true;
    }
    if (entered) conf.nr_pending[idx].inc();
    conf.nr_waiting[idx].dec();
    conf.resync_lock.unlock();
    wake_up(conf.wait_barrier);  // raise_barrier waits for nr_waiting == 0
    return entered;
}

bool wait_barrier(R1conf& conf, Sector sector_nr, bool nowait) {
    MD_FRAME("wait_barrier");
    const unsigned idx = sector_to_idx(sector_nr);
    conf.nr_pending[idx].inc();  // Before the look: see the top of this file.
    if (conf.array_frozen == 0 && conf.barrier[idx] == 0) [[likely]]
        return true;
    return wait_barrier_slowly(conf, idx, nowait, false);
}

// A read need not wait for resync: what it reads there is one of the legal values, see choose_first in read_balance.
bool wait_read_barrier(R1conf& conf, Sector sector_nr, bool nowait) {
    MD_FRAME("wait_read_barrier");
    const unsigned idx = sector_to_idx(sector_nr);
    conf.nr_pending[idx].inc();
    if (conf.array_frozen == 0) [[likely]]
        return true;
    return wait_barrier_slowly(conf, idx, nowait, true);
}

void allow_barrier(R1conf& conf, Sector sector_nr) {
    conf.nr_pending[sector_to_idx(sector_nr)].dec();
    raid1_wake_after_count(conf);
}

// ---- sync requests

// Three reasons to wait: the array is frozen, users' requests are inside, or enough sync requests are already there.
int raise_barrier(R1conf& conf, Sector sector_nr) {
    MD_FRAME("raise_barrier");
    const unsigned idx = sector_to_idx(sector_nr);
    const Shared<std::uint64_t>& recovery = conf.mddev.recovery;
    const bool hears_interrupt = conf.mddev.variants.row<variants::sync_barrier>().hears_interrupt;
    conf.resync_lock.lock();
    // Those who wait go first, else a fast resync would starve them.
    wait_event_lock(conf.wait_barrier, conf.nr_waiting[idx] == 0, conf.resync_lock);
    conf.barrier[idx].inc();
    wait_event_lock(conf.wait_barrier,
                    (conf.array_frozen == 0 && conf.nr_pending[idx] == 0 && conf.barrier[idx] < RESYNC_DEPTH) ||
                        (hears_interrupt && test_bit(MD_RECOVERY_INTR, recovery)),
                    conf.resync_lock);
    if (hears_interrupt && test_bit(MD_RECOVERY_INTR, recovery)) {
        conf.barrier[idx].dec();
        conf.resync_lock.unlock();
        wake_up(conf.wait_barrier);
        return -EINTR;
    }
    conf.nr_sync_pending.inc();
    conf.resync_lock.unlock();
    return 0;
}

void lower_barrier(R1conf& conf, Sector sector_nr) {
    conf.barrier[sector_to_idx(sector_nr)].dec();
    conf.nr_sync_pending.dec();  // Second: close_sync takes 0 to mean that no barrier is left.
    raid1_wake_after_count(conf);
}

// ---- the whole array

// Idle buckets are 2048 fields to look at. On a real kernel each look is an ordinary load; on a simulated one it must
// not be 2048 steps of a schedule, and there is one OS thread, so a plain look is enough.
static int glance(const Shared<int>& field) {
    return sim_hook == nullptr ? field.load() : field.peek();
}

// A plain look at a few buckets at once: freezing is a tenth of what a simulated stop costs.
static constexpr unsigned kAtOnce = 8;
static_assert(BARRIER_BUCKETS_NR % kAtOnce == 0);

static bool seem_idle(const R1conf& conf, unsigned first) {
    int any = 0;
    for (unsigned idx = first; idx < first + kAtOnce; idx++)
        any |= conf.nr_pending[idx].peek() | conf.nr_queued[idx].peek();
    return any == 0;
}

// Requests that are really on their way: not ended, and not waiting in raid1d's queue.
static int get_unqueued_pending(const R1conf& conf) {
    const bool is_simulated = sim_hook != nullptr;
    int total = conf.nr_sync_pending;
    for (unsigned first = 0; first < BARRIER_BUCKETS_NR; first += kAtOnce) {
        if (is_simulated && seem_idle(conf, first)) continue;
        for (unsigned idx = first; idx < first + kAtOnce; idx++)
            if (glance(conf.nr_pending[idx]) != 0 || glance(conf.nr_queued[idx]) != 0)
                total += conf.nr_pending[idx] - conf.nr_queued[idx];
    }
    return total;
}

// Returns when all I/O but `extra` requests has ended or is queued for raid1d, and no new request enters.
void freeze_array(R1conf& conf, int extra) {
    MD_FRAME("freeze_array");
    {
        const SpinGuard guard(conf.resync_lock);
        conf.array_frozen.inc();
    }
    // Clones that wait for raid1d belong to pending requests, and raid1d may be the caller.
    while (get_unqueued_pending(conf) != extra) {
        flush_pending_writes(conf);
        wait_event(conf.wait_barrier, get_unqueued_pending(conf) == extra || conf.pending_count != 0);
    }
}

void unfreeze_array(R1conf& conf) {
    {
        const SpinGuard guard(conf.resync_lock);
        conf.array_frozen.dec();
    }
    wake_up(conf.wait_barrier);
}

void raid1_quiesce(Mddev& mddev, int quiesce) {
    MD_FRAME("raid1_quiesce");
    R1conf& conf = r1conf_of(mddev);
    if (quiesce != 0)
        freeze_array(conf, 0);
    else
        unfreeze_array(conf);
}

}  // namespace mdscope
