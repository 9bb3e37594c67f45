// SPDX-License-Identifier: MIT

#include "fs/mount/uring/keeper.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "engine/md/check.hpp"
#include "fs/mount/uring/support.hpp"

namespace mdscope::uring {

namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 4096;
// Even, as the kernel's numbers are, and far from all of them.
constexpr std::uint64_t kNudgeUnique = std::uint64_t{1} << 62U;

bool is_end_of_connection(int result) {
    return result == -ENOTCONN || result == -ECONNABORTED || result == -ECANCELED || result == -ENODEV;
}

}  // namespace

Server::Keeper::Keeper(Server& server, unsigned queues)
    : server_(server), ring_(kSubmissions, kCompletions, 0), wake_(eventfd(0, EFD_CLOEXEC)), queues_(queues) {
    if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    for (unsigned queue = 0; queue < queues; queue++)
        queues_[queue].blocks.emplace_back(server.limits_.entries_per_queue, static_cast<std::uint16_t>(queue));
}

Server::Keeper::~Keeper() {
    close(wake_);
}

void Server::Keeper::start() {
    gone = false;
    try {
        task_.emplace(server_.kernel_, "fuse_keeper");
        thread_ = std::thread([this] {
            run_or_end("fuse_keeper", [this] { run(); });
            gone = true;
        });
    } catch (const std::exception&) {
        gone = true;
        throw;
    }
}

void Server::Keeper::wake() const {
    eventfd_write(wake_, 1);
}

void Server::Keeper::commit(Entry& entry) {
    {
        const std::lock_guard guard(mutex_);
        answered_.push(entry);
    }
    wake();
}

void Server::Keeper::nudge(unsigned queue) {
    queues_[queue].nudge_wanted = true;
    wake();
}

void Server::Keeper::begin() {
    begun_ = true;
    wake();
}

void Server::Keeper::end() {
    if (!ending_.exchange(true)) wake();
}

void Server::Keeper::run() {
    const TaskScope scope(*task_);
    sched_getaffinity(0, sizeof cpus_, &cpus_);
    if (!wait_for_begin()) return;
    ring_.add_read(wake_, &wakes_, sizeof wakes_);
    for (unsigned queue = 0; queue < queues_.size(); queue++) register_block(queue);
    queues_.back().to_nudge = true;  // its first entry made all of them ready, before it had more
    ring_.submit();
    ring_.reap([this](Entry* entry, int result) { handle(entry, result); });
    server_.registered(refused_);
    is_ready_ = true;
    for (;;) {
        take_orders();
        grow();
        ring_.submit();
        if (settle()) continue;
        if (ending_) return;
        ring_.submit_and_wait();
        ring_.reap([this](Entry* entry, int result) { handle(entry, result); });
        repay_nudges();
    }
}

bool Server::Keeper::wait_for_begin() {
    eventfd_t wakes = 0;
    while (!begun_ && !ending_) eventfd_read(wake_, &wakes);
    return begun_;
}

// The newest block of the queue.
void Server::Keeper::register_block(unsigned queue) {
    for (Entry& entry : queues_[queue].blocks.back().entries()) {
        ring_.add_register(server_.fuse_, entry);
        queues_[queue].waiting++;
    }
}

void Server::Keeper::take_orders() {
    for (Queue& queue : queues_)
        if (queue.nudge_wanted.exchange(false)) queue.to_nudge = true;
    EntryList answered;
    {
        const std::lock_guard guard(mutex_);
        std::swap(answered, answered_);
    }
    while (!answered.empty()) add_commit(answered.pop());
}

void Server::Keeper::add_commit(Entry& entry) {
    ring_.add_commit(server_.fuse_, entry);
    queues_[entry.queue()].waiting++;
}

// Before the last is gone. Those that came too late for an entry do not get one of these by themselves.
void Server::Keeper::grow() {
    if (over_ || refused_ != 0 || ending_) return;
    for (unsigned number = 0; number < queues_.size(); number++) {
        Queue& queue = queues_[number];
        if (queue.waiting > server_.limits_.entries_per_queue / 4) continue;
        try {
            queue.blocks.emplace_back(server_.limits_.entries_per_queue, static_cast<std::uint16_t>(number));
        } catch (const std::bad_alloc&) {
            continue;  // those that are stuck give theirs back some day
        }
        register_block(number);
        queue.to_nudge = true;
    }
}

void Server::Keeper::handle(Entry* entry, int result) {
    if (entry == nullptr) {
        ring_.add_read(wake_, &wakes_, sizeof wakes_);
        return;
    }
    Queue& queue = queues_[entry->queue()];
    queue.waiting--;
    if (result < 0) {
        if (is_end_of_connection(result))
            over_ = true;
        else if (!is_ready_)
            refused_ = result;
        return;
    }
    if (took_nudge(*entry)) {
        add_commit(*entry);
        queue.nudged = entry;
        return;
    }
    if (std::exchange(entry->after_nudge, false)) queue.to_nudge = true;
    if (queue.nudged == entry) queue.nudged = nullptr;  // it is a worker's from here on
    RequestHeader header;
    const fuse_buf request = entry->request();
    std::memcpy(&header, request.mem, sizeof header);
    if (header.opcode == kOpRead || header.opcode == kOpWrite) last_file_ = header.nodeid;
    server_.dispatch(*entry, server_.is_data(header));
}

// What came at once, and what has to be asked for; false: there is nothing to do but to wait.
bool Server::Keeper::settle() {
    // There may be new commits after nudges then, and they are to be submitted first.
    if (ring_.reap([this](Entry* entry, int result) { handle(entry, result); })) return true;
    for (Queue& queue : queues_)  // what was committed has found nothing
        if (queue.nudged != nullptr) std::exchange(queue.nudged, nullptr)->after_nudge = false;
    return send_nudges();
}

// ---- nudges
//
// The kernel is asked for nothing of a file's cache, which it sends as a request: to the queue of the CPU it is asked
// on. The answer to it is a commit, and a commit fetches what waits in the list. What comes so is followed by another
// nudge, until one finds the list empty. It has to be a file that is in use; where requests are stuck, one is.

bool Server::Keeper::send_nudges() {
    bool any = false;
    for (unsigned number = 0; number < queues_.size(); number++) {
        Queue& queue = queues_[number];
        if (!std::exchange(queue.to_nudge, false) || over_ || refused_ != 0) continue;
        queue.nudge_owed = !send_nudge(number);
        any = true;
    }
    return any;
}

void Server::Keeper::repay_nudges() {
    for (Queue& queue : queues_)
        if (std::exchange(queue.nudge_owed, false)) queue.to_nudge = true;
}

// False: the kernel knows neither file yet.
bool Server::Keeper::send_nudge(unsigned queue) {
    if (!run_on(queue)) return true;  // nobody else runs there either, or somebody whom we cannot follow
    bool sent = false;
    for (const std::uint64_t node : {server_.data_node_, last_file_}) {
        NotifyRetrieve message;
        message.header = {sizeof message, kNotifyRetrieve, 0};
        message.notify_unique = kNudgeUnique;
        message.node = node;
        sent = sent || write(server_.fuse_, &message, sizeof message) == sizeof message;
    }
    sched_setaffinity(0, sizeof cpus_, &cpus_);
    return sent;
}

bool Server::Keeper::took_nudge(Entry& entry) {
    RequestHeader header;
    const fuse_buf request = entry.request();
    std::memcpy(&header, request.mem, sizeof header);
    if (header.opcode != kOpNotifyReply) return false;
    entry.answer_error(header.unique, EIO);  // an error: then the kernel looks at nothing else
    entry.after_nudge = true;
    return true;
}

}  // namespace mdscope::uring
