// SPDX-License-Identifier: MIT

#include "fs/mount/uring/worker.hpp"

#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include "engine/md/check.hpp"
#include "fs/mount/answer_space.hpp"
#include "fs/mount/uring/keeper.hpp"

namespace mdscope::uring {

namespace {

// Those that only the thread itself answers, when it is done with the data: they need no copy.
bool is_served_in_place(std::uint32_t opcode) {
    return opcode == kOpRead || opcode == kOpWrite || opcode == kOpFsync || opcode == kOpFallocate;
}

}  // namespace

thread_local constinit Server::Worker* Server::Worker::this_worker = nullptr;

Server::Worker* Server::Worker::serving(std::uint64_t unique) {
    Worker* worker = this_worker;
    return worker != nullptr && worker->entry_ != nullptr && worker->unique_ == unique && !worker->answered_ ? worker
                                                                                                             : nullptr;
}

void Server::Worker::run() {
    {
        const TaskScope scope(*task_);
        current->block_observer = this;
        reply_.install();
        this_worker = this;
        while (Entry* entry = server_.take(*this)) serve_entries(*entry);
        disown();
        this_worker = nullptr;
        current->block_observer = nullptr;
    }
    task_.reset();
    gone = true;
}

// One that the keeper had; and, once it is this worker's own, what comes in it from then on.
void Server::Worker::serve_entries(Entry& first) {
    entry_ = &first;
    do {
        serve(*entry_);
        server_.served(*this);
        if (entry_ == nullptr) break;  // somebody else has answered, or will
        if (!adopt(*entry_)) {
            server_.give_back(*std::exchange(entry_, nullptr));
            return;
        }
    } while (commit_and_wait());
    entry_ = nullptr;
    disown();
}

void Server::Worker::serve(Entry& entry) {
    fuse_buf request = entry.request();
    RequestHeader header;
    std::memcpy(&header, request.mem, sizeof header);
    unique_ = header.unique;
    answered_ = false;
    in_place_ = server_.is_data(header) && is_served_in_place(header.opcode);
    if (in_place_) {
        answer_space = {reinterpret_cast<std::byte*>(entry.data()), kMaxTransfer};
    } else {
        try {
            copy(request);
        } catch (const std::bad_alloc&) {
            entry.answer_error(unique_, ENOMEM);
            answered_ = true;
            return;
        }
    }
    fuse_session_process_buf(server_.session_, &request);
    answer_space = {};
    MD_CHECK(answered_ || !in_place_);
    if (!answered_) entry_ = nullptr;  // it is the keeper's, or will be
}

// An early answer gives the entry to the next request while this one is still looked at.
void Server::Worker::copy(fuse_buf& request) {
    const auto* start = static_cast<const char*>(request.mem);
    copy_.assign(start, start + request.size);
    request.mem = copy_.data();
    const std::lock_guard guard(server_.mutex_);
    server_.unanswered_.emplace(unique_, entry_);
}

ssize_t Server::Worker::answer(std::uint64_t unique, const iovec* parts, int count) {
    if (!in_place_) {
        const std::lock_guard guard(server_.mutex_);
        if (server_.unanswered_.erase(unique) == 0) {
            errno = ENOENT;
            return -1;
        }
    }
    answered_ = true;
    return static_cast<ssize_t>(entry_->answer(parts, count));
}

// Whether the entry is this worker's to keep: it is already, or its CPU has too few such workers.
bool Server::Worker::adopt(Entry& entry) {
    const int queue = entry.queue();
    if (owns_of_ == queue) return true;
    MD_CHECK(owns_of_ == -1);
    const std::lock_guard guard(server_.mutex_);
    unsigned& owners = server_.owners_[entry.queue()];
    if (owners >= server_.limits_.workers_per_queue) return false;
    // Somebody has to be there for what the keeper gets.
    if (server_.free_ == 0 && !server_.spawn_locked()) return false;
    try {
        // With the mutex, as it is when a ring goes: its memory comes and goes without glibc, and ThreadSanitizer would
        // take the next ring for the last one.
        if (!ring_) ring_.emplace(2, 4, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    } catch (const std::system_error&) {
        return false;
    }
    owners++;
    owns_of_ = queue;
    return true;
}

void Server::Worker::disown() {
    if (owns_of_ < 0) return;
    const std::lock_guard guard(server_.mutex_);
    server_.owners_[static_cast<std::size_t>(owns_of_)]--;
    owns_of_ = -1;
}

// False: there is no next request, since the entry went with the connection, or the session ends.
bool Server::Worker::commit_and_wait() {
    do {
        ring_->add_commit(server_.fuse_, *entry_);
        const bool after_nudge = std::exchange(entry_->after_nudge, false);
        int result = 0;
        const auto keep = [&result](Entry*, int with) { result = with; };
        if (after_nudge) ring_->submit();
        if (after_nudge && ring_->reap(keep)) {
            server_.keeper_->nudge(entry_->queue());  // the kernel had this one in its list, and may have more
        } else {
            do {
                ring_->submit_and_wait();
                if (ring_->reap(keep)) break;
            } while (!server_.stopping_);
            if (server_.stopping_) return false;
        }
        if (result < 0) return false;
    } while (Keeper::took_nudge(*entry_));
    return true;
}

}  // namespace mdscope::uring
