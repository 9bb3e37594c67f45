// SPDX-License-Identifier: MIT

#include "fs/mount/uring/ring.hpp"

#include <sched.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "engine/md/check.hpp"

namespace mdscope::uring {

namespace {
constexpr std::size_t kSubmissionSize = 128;
constexpr std::size_t kCommandDataOffset = 48;
}  // namespace

Ring::Ring(unsigned submissions, unsigned completions, unsigned flags) {
    io_uring_params params{};
    params.flags = flags | IORING_SETUP_SQE128 | IORING_SETUP_CQSIZE;
    params.cq_entries = completions;
    const int err = io_uring_queue_init_params(submissions, &ring_, &params);
    if (err < 0) throw std::system_error(-err, std::generic_category(), "io_uring");
}

Ring::~Ring() {
    io_uring_queue_exit(&ring_);
}

void Ring::submit() {
    check(io_uring_submit(&ring_));
}

// What could not be submitted for want of memory stays in the ring, for the next time.
void Ring::check(int result) {
    if (result >= 0 || result == -EINTR) return;
    MD_CHECK(result == -EAGAIN || result == -EBUSY || result == -ENOMEM);
    sched_yield();
}

io_uring_sqe* Ring::next_submission() {
    io_uring_sqe* sqe = nullptr;
    while ((sqe = io_uring_get_sqe(&ring_)) == nullptr) submit();
    std::memset(static_cast<void*>(sqe), 0, kSubmissionSize);
    return sqe;
}

void Ring::add(int fuse, Command command, Entry& entry) {
    io_uring_sqe* sqe = next_submission();
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = fuse;
    sqe->cmd_op = command;
    sqe->user_data = reinterpret_cast<std::uintptr_t>(&entry);
    if (command == kRegister) {
        sqe->addr = reinterpret_cast<std::uintptr_t>(entry.buffers());
        sqe->len = 2;
    }
    CommandData data;
    data.commit_id = command == kRegister ? 0 : entry.commit_id();
    data.queue = entry.queue();
    std::memcpy(reinterpret_cast<char*>(sqe) + kCommandDataOffset, &data, sizeof data);
}

void Ring::add_read(int fd, void* buffer, unsigned size) {
    io_uring_sqe* sqe = next_submission();
    io_uring_prep_read(sqe, fd, buffer, size, 0);
    sqe->user_data = 0;
}

void Ring::submit_and_wait() {
    check(io_uring_submit_and_wait(&ring_, 1));
}

bool Ring::reap(const std::function<void(Entry*, int)>& done) {
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
        done(reinterpret_cast<Entry*>(static_cast<std::uintptr_t>(cqe->user_data)), cqe->res);
        count++;
    }
    io_uring_cq_advance(&ring_, count);
    return count > 0;
}

}  // namespace mdscope::uring
