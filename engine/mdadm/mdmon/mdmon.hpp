// SPDX-License-Identifier: MIT
// mdmon: the task that keeps external metadata, as the program mdmon does for arrays of mdadm. Where it is kept is a
// MetadataStore: the sidecar of external:lab, which this page speaks of, or the anchors of IMSM.
//
//   sleeps on mddev.sysfs_wait until one of array_state, sync_action, sync_completed, degraded, dev-*/state moved, then
//   read_and_act():  read all of them  ->  sidecar (durable)  ->  array_state  ->  dev-*/state
//
//   seen                                          sidecar            written
//   write-pending                                 dirty              active
//   active, active-idle                           dirty              - (clean before a stop in one step), clean
//   clean, broken                                 clean              -
//   readonly, not external:-...                   -                  read-auto, or active if it owes a resync
//   inactive after a running state                clean              clear
//   clear after a running state                   -                  -
//   a member faulty, or not bound any more        that one faulty    active if read-auto; -blocked; remove
//   resync, recovery                              checkpoints        - (each 1/16 and at the end)
//
// The order is the point. `active` lets the writers go that wait for the array to become dirty, and `-blocked` (and
// `active`) lets a failed write be acknowledged, so neither is written before the sidecar that says so is durable.
// Clean goes into the sidecar only after `clean` or `inactive` was seen, and only after the members were flushed; so do
// a member in sync and a checkpoint (mdmon_flush.cpp). It uses nothing but the sysfs files and that flush, and
// when it gives up md_error, as a store of `faulty` is refused for the last member: what it knows of the array is what
// a program could know. After a stop in one step there is no member left to be flushed, so the sidecar goes on saying
// what it said.
//
// A sidecar that cannot be written (disk full): nothing that depends on it is written either, so the array does not go
// active and its writers keep waiting. It is logged once, tried again each second, and logged when it works again. A
// stop still works: `clear` follows `inactive` whether or not "clean" could be recorded, and the sidecar then still
// says dirty, which costs a resync of what the bitmap says and nothing else.
//
// A sidecar whose folder was removed (ESTALE) will never be written again, and who waits for it would wait for ever. So
// that is said, each member is failed, and md is left with a last one that takes no writes (MD_BROKEN): then `active`
// and `-blocked` are written although nothing is recorded, since all that they let go ends as an error.
//
// After an Oops it writes nothing more: the kernel's waits end the task, and it looks at kernel.halted() before
// writing.
//
// Threads: all methods may be called from any task of the kernel but its own. change() and ping() sleep until the task
// has answered; REQUIRES for both: reconfig_mutex is not held, because the task may need it first.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/md/md.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/mdmon/metadata_store.hpp"

namespace mdscope {

class Mdmon {
   public:
    // `container` is what the metadata says now. The Mddev outlives this.
    Mdmon(Kernel& kernel, Mddev& mddev, Container container, std::unique_ptr<MetadataStore> store);
    Mdmon(Kernel& kernel, Mddev& mddev, Container container, std::string sidecar_path);  // external:lab
    ~Mdmon();                                                                            // stop()
    Mdmon(const Mdmon&) = delete;
    Mdmon& operator=(const Mdmon&) = delete;

    void start();
    // Ends the task after one more pass, so that a stop of the array just before is recorded. Needed after an Oops, too
    // (nothing is written then). Does nothing when it has ended already.
    void stop();

    // Edits the container in the task; 0 once that is durable. -ENODEV: the task is not there (not started, or the
    // array was stopped). -EINVAL: the result would not be a valid container. -EROFS: read_only. Else the error of
    // writing it; the edit is undone.
    [[nodiscard]] int change(std::function<void(Container&)> edit);
    // Returns after a whole pass that began after the call; 0, or -ENODEV.
    [[nodiscard]] int ping();

    // As mdadm --wait-clean: returns once the sidecar says clean, or the array has stopped, or after `patience_ns`
    // (somebody writes, a member cannot be flushed). For a stop in one step, which leaves nobody to be flushed.
    void become_clean(std::uint64_t patience_ns);

    [[nodiscard]] bool finished() const;        // the array was stopped and `clear` written, or stop() was called
    [[nodiscard]] Container container() const;  // as last written

    // A failed member is also removed from the array, as mdmon does; false leaves it bound, shown as (F).
    // Set it before start().
    bool remove_faulty = true;
    // The lab is only looked at: the sidecar stays as it is. Set it before start().
    bool read_only = false;
    // Told at each look at an array that has an empty slot, and in which nothing is being copied. Set it before
    // start().
    std::function<void()> on_empty_slot;
    // Who is not there. Before the array can be written to, they are recorded as faulty. Call it before start().
    void call_faulty(const std::set<Uuid>& absent);

   private:
    struct Request;
    using Requests = std::vector<std::shared_ptr<Request>>;
    struct MemberSeen;
    struct Seen;

    void run();
    void sleep_until_something_moves(std::uint64_t seen_generations);
    [[nodiscard]] std::uint64_t generations() const;
    [[nodiscard]] std::uint64_t generations_at_rest() const;  // without touching anything
    [[nodiscard]] std::uint64_t knowledge(std::uint64_t unseen) const;
    std::shared_ptr<Request> ask(std::shared_ptr<Request> request);
    [[nodiscard]] Requests take_requests();
    void answer(const Requests& requests);
    void apply(Request& request);
    [[nodiscard]] int save();
    [[nodiscard]] int flush_members();
    void give_up(const std::string& why);

    void read_and_act();
    [[nodiscard]] Seen look() const;
    void record(const Seen& seen);
    void record_member(const MemberSeen& seen);
    void record_gone(const Seen& seen);
    [[nodiscard]] bool has_unrecorded_failure(const Seen& seen) const;
    [[nodiscard]] bool is_due(const Seen& seen) const;
    [[nodiscard]] bool owes_repair(const Seen& seen) const;
    [[nodiscard]] bool has_empty_slot(const Seen& seen) const;
    [[nodiscard]] const char* answer_to(const Seen& seen) const;
    void act_on_stop(const Seen& seen);
    void act_on_state(const Seen& seen);
    void act_on_members(const Seen& seen);
    [[nodiscard]] int write_array_state(const char* word);

    Kernel& kernel_;
    Mddev& mddev_;
    const std::unique_ptr<MetadataStore> store_;
    Task* task_ = nullptr;

    // The task's own.
    Container next_;                     // as it should be on disk
    std::set<std::string> working_;      // members with a slot and not failed, as of the last pass
    std::set<Uuid> seen_;                // members that were bound, as of the last pass
    Requests want_clean_;                // to be answered when the sidecar says so
    bool unsure_ = false;                // a write failed: on disk may be the old or the new
    bool given_up_ = false;              // nothing can be recorded any more
    bool flush_failed_ = false;          // of the last member; it was said
    bool was_running_ = false;           // as of the last pass
    bool stopped_ = false;               // the array is gone, and `clear` is written
    std::uint64_t retry_ns_ = kForever;  // look again after this long although nothing moved
    std::set<std::string> strangers_;    // members without a place in the container, complained about

    Shared<bool> stopping_;
    Shared<bool> asked_;
    Shared<bool> finished_;
    mutable SpinLock lock_;
    Container durable_ GUARDED_BY(lock_);
    Requests requests_ GUARDED_BY(lock_);
    bool accepting_ GUARDED_BY(lock_) = false;
};

}  // namespace mdscope
