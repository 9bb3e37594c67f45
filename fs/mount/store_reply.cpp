// SPDX-License-Identifier: MIT

#include "fs/mount/store_reply.hpp"

#include <cerrno>

#include "engine/md/check.hpp"

namespace mdscope {

namespace {
thread_local constinit StoreReply* my_slot = nullptr;
}

StoreReply& StoreReply::mine() {
    MD_CHECK(my_slot != nullptr);
    return *my_slot;
}

void StoreReply::install() {
    my_slot = this;
}

void StoreReply::begin(fuse_req_t req) {
    {
        const std::lock_guard guard(mutex_);
        req_ = req;
        task_ = current;
        registering_ = true;
        interrupted_ = asleep_ = replied_ = false;
        task_->signal_pending = false;
    }
    // Without our lock: it calls on_interrupt itself when the interrupt came first.
    fuse_req_interrupt_func(req, &StoreReply::on_interrupt, this);
    const std::lock_guard guard(mutex_);
    registering_ = false;
}

void StoreReply::on_interrupt(fuse_req_t req, void* slot) {
    auto& self = *static_cast<StoreReply*>(slot);
    const std::lock_guard guard(self.mutex_);
    if (self.req_ != req || self.replied_) return;
    self.interrupted_ = true;
    self.task_->kernel->interrupt(self.task_);
    if (self.asleep_ && !self.registering_) self.reply_eintr_locked();
}

void StoreReply::will_block() {
    const std::lock_guard guard(mutex_);
    asleep_ = true;
    if (req_ != nullptr && interrupted_ && !replied_) reply_eintr_locked();
}

void StoreReply::did_unblock() {
    const std::lock_guard guard(mutex_);
    asleep_ = false;
}

void StoreReply::reply_eintr_locked() {
    replied_ = true;
    fuse_reply_err(req_, EINTR);
}

template <class Reply>
void StoreReply::finish(Reply&& reply) {
    const std::lock_guard guard(mutex_);
    if (!replied_) reply(req_);
    req_ = nullptr;
    task_->signal_pending = false;
}

void StoreReply::finish_write(std::size_t size) {
    finish([size](fuse_req_t req) { fuse_reply_write(req, size); });
}

void StoreReply::finish_ioctl() {
    finish([](fuse_req_t req) { fuse_reply_ioctl(req, 0, nullptr, 0); });
}

bool StoreReply::finish_open(const OpenReply& open) {
    bool arrived = false;
    finish(
        [&](fuse_req_t req) { arrived = fuse_reply_buf(req, reinterpret_cast<const char*>(&open), sizeof open) == 0; });
    return arrived;
}

void StoreReply::finish_error(int err) {
    finish([err](fuse_req_t req) { fuse_reply_err(req, err); });
}

}  // namespace mdscope
