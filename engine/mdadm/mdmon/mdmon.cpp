// SPDX-License-Identifier: MIT
// The task itself, what others ask of it, and the sidecar. What it does with what it sees is in mdmon_act.cpp.
#include "engine/mdadm/mdmon/mdmon.hpp"

#include <fmt/format.h>

#include <array>

#include "engine/kernel/hash.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/mdmon/mdmon_look.hpp"

namespace mdscope {

struct Mdmon::Request {
    Request(Kernel& kernel, std::function<void(Container&)> edit_)
        : edit(std::move(edit_)), answered(kernel, "mdmon's answer") {}
    std::function<void(Container&)> edit;  // empty: a ping, or
    bool clean = false;                    // become_clean
    Shared<int> result;
    Shared<bool> done;
    WaitQueue answered;

    void answer(int err) {
        result = err;
        done = true;
        wake_up(answered);
    }
};

namespace {

constexpr std::array kWatched = {&Mddev::sysfs_state, &Mddev::sysfs_action, &Mddev::sysfs_completed,
                                 &Mddev::sysfs_degraded, &Mddev::sysfs_rdev};

}  // namespace

Mdmon::Mdmon(Kernel& kernel, Mddev& mddev, Container container, std::unique_ptr<MetadataStore> store)
    : kernel_(kernel), mddev_(mddev), store_(std::move(store)), next_(container), durable_(std::move(container)) {}

Mdmon::Mdmon(Kernel& kernel, Mddev& mddev, Container container, std::string sidecar_path)
    : Mdmon(kernel, mddev, std::move(container), std::make_unique<SidecarStore>(kernel, std::move(sidecar_path))) {}

Mdmon::~Mdmon() {
    stop();
}

void Mdmon::start() {
    MD_CHECK(task_ == nullptr);
    for (SysfsNotifier Mddev::*notifier : kWatched) (mddev_.*notifier).also = &mddev_.sysfs_wait;
    // Looked at here and not in the task: a stop between now and its first pass must not be missed.
    was_running_ = mdmon::is_running(array_state_word(mddev_));
    {
        const SpinGuard guard(lock_);
        accepting_ = true;
    }
    task_ = kernel_.kthread_run("mdmon", [this] { run(); });
}

void Mdmon::call_faulty(const std::set<Uuid>& absent) {
    MD_CHECK(task_ == nullptr);
    for (ContainerMember& member : next_.members)
        if (absent.contains(member.uuid)) member.state = "faulty";
}

void Mdmon::stop() {
    if (task_ == nullptr) return;
    stopping_ = true;
    wake_up(mddev_.sysfs_wait);
    kernel_.interrupt(task_);  // it may be asleep in mddev_lock
    kernel_.kthread_join(task_);
    task_ = nullptr;
    finished_ = true;
}

bool Mdmon::finished() const {
    return finished_.peek();
}

Container Mdmon::container() const {
    const SpinGuard guard(lock_);
    return durable_;
}

// ---- the task

// Told to end, it makes one more pass: the stop that came just before must not leave the sidecar saying dirty.
void Mdmon::run() {
    MD_FRAME("mdmon");
    bool last = false;
    while (!last && !stopped_) {
        last = stopping_;
        if (!kernel_.hides_asides) remember_only([&] { return knowledge(0) + (last ? 1 : 0); });
        // Counted before anything is read, so that what changes while we look brings another pass.
        const std::uint64_t seen_generations = generations();
        const Requests requests = take_requests();
        for (const auto& request : requests) {
            if (request->edit) apply(*request);
            if (request->clean) want_clean_.push_back(request);
        }
        retry_ns_ = kForever;
        read_and_act();
        answer(requests);
        if (!last && !stopped_) sleep_until_something_moves(seen_generations);
    }
    {
        const SpinGuard guard(lock_);
        accepting_ = false;
    }
    finished_ = true;
    for (const Requests& left : {take_requests(), std::exchange(want_clean_, {})})
        for (const auto& request : left) request->answer(-ENODEV);
}

// After a pass. Who wants a clean sidecar is answered by the pass that sees it, or sees that it cannot be had.
void Mdmon::answer(const Requests& requests) {
    for (const auto& request : requests)
        if (!request->edit && !request->clean) request->answer(0);
    if (container().dirty && !unsure_ && !flush_failed_) return;
    for (const auto& request : std::exchange(want_clean_, {})) request->answer(0);
}

void Mdmon::sleep_until_something_moves(std::uint64_t seen_generations) {
    MD_FRAME("wait_and_act");
    if (!kernel_.hides_asides) remember_only([&] { return knowledge(generations_at_rest() - seen_generations); });
    if (retry_ns_ == kForever)
        wait_event(mddev_.sysfs_wait, generations() != seen_generations || asked_ || stopping_);
    else
        (void)wait_event_timeout(mddev_.sysfs_wait, generations() != seen_generations || asked_ || stopping_,
                                 retry_ns_);
}

// What the task knows between two passes, as a number; `unseen`: how often something has moved since it looked.
std::uint64_t Mdmon::knowledge(std::uint64_t unseen) const NO_THREAD_SAFETY_ANALYSIS {
    std::uint64_t hash = mix(unseen, container_to_json(next_));
    hash = mix(hash, container_to_json(durable_));
    hash = mix(hash, store_->knowledge());
    for (const auto* names : {&working_, &strangers_})
        for (const std::string& name : *names) hash = mix(hash, name);
    for (const Uuid& uuid : seen_) hash = mix(hash, format_uuid(uuid));
    hash = mix(hash, want_clean_.size() << 8U | requests_.size());
    hash = mix(hash, retry_ns_);
    for (const bool flag : {unsure_, given_up_, flush_failed_, was_running_, stopped_, accepting_})
        hash = hash * 2 + (flag ? 1 : 0);
    return hash;
}

std::uint64_t Mdmon::generations_at_rest() const {
    std::uint64_t sum = 0;
    for (SysfsNotifier Mddev::*notifier : kWatched) sum += (mddev_.*notifier).generation.peek();
    return sum;
}

// Each only grows, so the sum moves when any of them does.
std::uint64_t Mdmon::generations() const {
    std::uint64_t sum = 0;
    for (SysfsNotifier Mddev::*notifier : kWatched) sum += (mddev_.*notifier).generation;
    return sum;
}

// ---- requests

// The request, or nullptr: nobody is there to answer it.
std::shared_ptr<Mdmon::Request> Mdmon::ask(std::shared_ptr<Request> request) {
    {
        const SpinGuard guard(lock_);
        if (!accepting_) return nullptr;
        requests_.push_back(request);
    }
    asked_ = true;
    wake_up(mddev_.sysfs_wait);
    return request;
}

int Mdmon::change(std::function<void(Container&)> edit) {
    const auto request = ask(std::make_shared<Request>(kernel_, std::move(edit)));
    if (request == nullptr) return -ENODEV;
    wait_event(request->answered, request->done);
    return request->result;
}

void Mdmon::become_clean(std::uint64_t patience_ns) {
    if (read_only) return;
    auto wish = std::make_shared<Request>(kernel_, nullptr);
    wish->clean = true;
    const auto request = ask(std::move(wish));
    if (request != nullptr) (void)wait_event_timeout(request->answered, request->done, patience_ns);
}

int Mdmon::ping() {
    return change({});
}

Mdmon::Requests Mdmon::take_requests() {
    asked_ = false;
    const SpinGuard guard(lock_);
    return std::exchange(requests_, {});
}

void Mdmon::apply(Request& request) {
    if (read_only) {
        request.answer(-EROFS);
        return;
    }
    const Container before = next_;
    request.edit(next_);
    int err = 0;
    if (!store_->can_hold(next_))
        err = -EINVAL;
    else
        err = save();
    if (err != 0) next_ = before;
    request.answer(err);
}

// ---- the sidecar

// Makes the sidecar say what next_ says. 0 once it is durable, and what it claims of the members is.
int Mdmon::save() {
    if (kernel_.halted()) throw Halted();
    if (given_up_) return -ESTALE;
    if (store_->wants_flushes() && (unsure_ || mdmon::claims_more(container(), next_)))
        if (const int err = flush_members(); err != 0) return err;
    next_.generation = container().generation + 1;
    const Result<bool> written = store_->write(next_);
    if (!written && written.error().err == ESTALE) {
        give_up(written.error().text);
        return -ESTALE;
    }
    if (!written) {
        if (!unsure_)
            kernel_.printk(LogLevel::Err, fmt::format("mdmon: {}: {}: {}; writers wait until it can be written",
                                                      mdname(mddev_), store_->name(), written.error().text));
        unsure_ = true;
        return written.error().err != 0 ? -written.error().err : -EIO;
    }
    if (unsure_)
        kernel_.printk(LogLevel::Info, fmt::format("mdmon: {}: {}: written again", mdname(mddev_), store_->name()));
    unsure_ = false;
    const SpinGuard guard(lock_);
    durable_ = next_;
    return 0;
}

// The last member stays, and md refuses writes to it; those that wait are errors once they are let go.
void Mdmon::give_up(const std::string& why) {
    kernel_.printk(LogLevel::Err, fmt::format("mdmon: {}: {}: {}; nothing can be recorded any more, so members are "
                                              "failed and writes are errors",
                                              mdname(mddev_), store_->name(), why));
    given_up_ = true;
    unsure_ = true;
    for (Rdev* rdev : rdev_list(mddev_)) md_error(mddev_, *rdev);
}

}  // namespace mdscope
