// SPDX-License-Identifier: MIT
// From a clone to the disk: the bits first, then the data.
//
//   raid1_queue_write
//     no bitmap to write            submitted at once
//     the task has a plug           plug -> raid1_unplug, when the task is done (Array) or about to sleep
//     it has none                   pending_bio_list -> flush_pending_writes, in raid1d
//
// All ways but the first end in flush_bio_list, which makes the bitmap's dirty pages durable on all members before it
// submits anything: after a crash every chunk that may differ between the members has its bit set. One plug holds the
// writes of one array; they share one round of bitmap writes, which is what the plug is for.
//
// A task that sleeps with clones in its plug would keep others waiting for them (a freeze, for one). The kernel's
// schedule() hands them over; here every wait of raid1 calls raid1_flush_plug_before_sleep first.
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/last_record.hpp"

namespace mdscope {

static void raid1_submit_write(R1conf& conf, Bio* bio) {
    const Rdev& rdev = target_in(conf, bio->bi_aux);
    if (test_bit(Faulty, rdev.flags) || raid1_refuses_writes(conf.mddev)) [[unlikely]]
        bio_endio(bio, -EIO);
    else
        submit_bio(bio);
}

// Its bit is not on disk, and nothing there says that it may be missing. The request waits as one does that has failed
// on a member: for the superblocks, and counted as queued.
static void hold_back(Bio* bio) {
    auto* r1_bio = static_cast<R1bio*>(bio->bi_private);
    bio->bi_status = kHeldBack;
    set_bit(R1BIO_HeldBack, r1_bio->state);
    set_bit(R1BIO_WriteError, r1_bio->state);
    r1_bio_write_done(r1_bio);
}

// REQUIRES: nobody else has the request.
void raid1_send_held_back(R1conf& conf, R1bio* r1_bio) {
    clear_bit(R1BIO_HeldBack, r1_bio->state);
    r1_bio->remaining = 1;
    for (Bio* bio : r1_bio->bios) {
        if (BIO_SPECIAL(bio) || bio->bi_status != kHeldBack) continue;
        bio->bi_status = 0;
        r1_bio->remaining.inc();
        raid1_submit_write(conf, bio);
    }
    r1_bio_write_done(r1_bio);
}

// The bits of all chunks these writes touch go to disk, and only then the writes.
static void flush_bio_list(R1conf& conf, Bio* bio) {
    MD_FRAME("flush_bio_list");
    const bool has_bits = md_bitmap_unplug(conf.mddev.bitmap);
    wake_up(conf.wait_barrier);
    while (bio != nullptr) {
        Bio* next = bio->bi_next;  // Before the submission: the bio may be gone after it.
        bio->bi_next = nullptr;
        if (has_bits) [[likely]]
            raid1_submit_write(conf, bio);
        else
            hold_back(bio);
        bio = next;
    }
}

void flush_pending_writes(R1conf& conf) {
    MD_FRAME("flush_pending_writes");
    Bio* bio = nullptr;
    {
        const SpinGuard guard(conf.device_lock);
        bio = std::exchange(conf.pending_bio_list, nullptr);
        conf.pending_tail = &conf.pending_bio_list;
        if (bio != nullptr) conf.pending_count = 0;
    }
    if (bio == nullptr) return;
    const BorrowedData borrowed(conf.mddev.kernel);
    flush_bio_list(conf, bio);
}

static void add_pending_writes(R1conf& conf, Bio* first, Bio** tail, int count) {
    {
        const SpinGuard guard(conf.device_lock);
        *conf.pending_tail = first;
        conf.pending_tail = tail;
        conf.pending_count.add(count);
    }
    wake_up(conf.wait_barrier);  // freeze_array flushes them while it waits
    md_wakeup_thread(conf.mddev, conf.mddev.thread);
}

// The plug's owner is done, or is about to sleep. Who sleeps cannot wait for bitmap pages first; raid1d does it then.
static void raid1_unplug(BlkPlug* plug, bool from_schedule) {
    MD_FRAME("raid1_unplug");
    Bio* first = std::exchange(plug->pending, nullptr);
    Bio** tail = std::exchange(plug->tail, &plug->pending);
    const auto count = static_cast<int>(std::exchange(plug->count, 0));
    if (first == nullptr) return;  // It went out earlier, before a sleep.
    R1conf& conf = r1conf_of(*static_cast<Mddev*>(plug->data));
    if (from_schedule)
        add_pending_writes(conf, first, tail, count);
    else
        flush_bio_list(conf, first);
}

static void unplug_current(bool from_schedule) {
    BlkPlug* plug = current != nullptr ? current->plug : nullptr;
    if (plug != nullptr && plug->pending != nullptr) plug->unplug(plug, from_schedule);
}

void raid1_finish_plug() {
    unplug_current(false);
}

void raid1_flush_plug_before_sleep() {
    unplug_current(true);
}

// False: there is no plug to put it on.
static bool raid1_add_bio_to_plug(R1conf& conf, Bio* bio) {
    Mddev& mddev = conf.mddev;
    const Bitmap* const bitmap = mddev.bitmap;
    if (!md_bitmap_enabled(bitmap)) {  // No bit to wait for.
        if (md_bitmap_is_lost(bitmap)) [[unlikely]]
            hold_back(bio);
        else
            raid1_submit_write(conf, bio);
        return true;
    }
    BlkPlug* plug = current != nullptr ? current->plug : nullptr;
    if (plug == nullptr || (plug->pending != nullptr && plug->data != &mddev)) return false;
    plug->unplug = raid1_unplug;
    plug->data = &mddev;
    *plug->tail = bio;
    plug->tail = &bio->bi_next;
    plug->count++;
    return true;
}

// REQUIRES: a task, no SpinLock held. The clone may have completed when this returns.
void raid1_queue_write(R1conf& conf, Bio* bio) {
    if (!raid1_add_bio_to_plug(conf, bio)) add_pending_writes(conf, bio, &bio->bi_next, 1);
}

}  // namespace mdscope
