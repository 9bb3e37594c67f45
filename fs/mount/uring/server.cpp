// SPDX-License-Identifier: MIT

#include "fs/mount/uring/server.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "engine/md/check.hpp"
#include "fs/mount/uring/keeper.hpp"
#include "fs/mount/uring/support.hpp"
#include "fs/mount/uring/worker.hpp"

namespace mdscope::uring {

using namespace std::chrono_literals;

namespace {
constexpr auto kIdleTime = 5s;
Server* the_server = nullptr;  // libfuse hands its hooks the file system, not us
}  // namespace

// ---- what libfuse reads and writes

struct Server::Hooks {
    static ssize_t read(int /*fd*/, void* buffer, std::size_t size, void* /*system*/) {
        return the_server->read_request(buffer, size);
    }
    static ssize_t writev(int /*fd*/, iovec* parts, int count, void* /*system*/) {
        return the_server->send(parts, count);
    }
};

Server::Server(RealKernel& kernel, Limits limits)
    : kernel_(kernel),
      limits_(limits),
      owners_(possible_cpus()),
      keeper_(std::make_unique<Keeper>(*this, static_cast<unsigned>(owners_.size()))) {
    MD_CHECK(the_server == nullptr);
    the_server = this;
}

Server::~Server() {
    the_server = nullptr;
}

void Server::attach(fuse_session* session) {
    session_ = session;
    fuse_ = fuse_session_fd(session);
    fuse_custom_io io{};
    io.read = Hooks::read;
    io.writev = Hooks::writev;
    MD_CHECK(fuse_session_custom_io(session, &io, fuse_) == 0);
}

void Server::start() {
    const std::lock_guard guard(mutex_);
    keeper_->start();
    if (!spawn_locked()) throw std::bad_alloc();
}

ssize_t Server::read_request(void* buffer, std::size_t size) {
    const ssize_t got = read(fuse_, buffer, size);
    RequestHeader header;
    if (got < static_cast<ssize_t>(kInHeaderSize + kInitInFlags2 + sizeof(std::uint32_t))) return got;
    std::memcpy(&header, buffer, sizeof header);
    if (header.opcode != kOpInit) return got;
    const char* init = static_cast<const char*>(buffer) + kInHeaderSize;
    std::uint32_t flags = 0;
    std::uint32_t flags2 = 0;
    std::memcpy(&flags, init + kInitInFlags, sizeof flags);
    std::memcpy(&flags2, init + kInitInFlags2, sizeof flags2);
    init_offers_ = (flags & kInitExt) != 0 && (flags2 & kOverIoUring) != 0;
    init_unique_ = header.unique;
    return got;
}

ssize_t Server::send(const iovec* parts, int count) {
    OutHeader header;
    std::memcpy(&header, parts[0].iov_base, sizeof header);
    if (header.unique == 0) return writev(fuse_, parts, count);
    if (Worker* worker = Worker::serving(header.unique)) return worker->answer(header.unique, parts, count);
    Entry* entry = nullptr;
    {
        const std::lock_guard guard(mutex_);
        if (const auto found = unanswered_.find(header.unique); found != unanswered_.end()) {
            entry = found->second;
            unanswered_.erase(found);
        }
    }
    if (entry != nullptr) {
        const std::size_t size = entry->answer(parts, count);
        keeper_->commit(*entry);
        return static_cast<ssize_t>(size);
    }
    if (header.unique == init_unique_) return send_init(parts, count);
    return writev(fuse_, parts, count);
}

// With what libfuse has no name for.
ssize_t Server::send_init(const iovec* parts, int count) {
    init_unique_ = 0;
    std::array<char, 256> init;
    const bool fits = count == 2 && parts[1].iov_len <= init.size();
    const bool takes = init_offers_ && fits && parts[1].iov_len >= kInitOutFlags2 + sizeof(std::uint32_t);
    if (fits) std::memcpy(init.data(), parts[1].iov_base, parts[1].iov_len);
    if (takes) {
        std::uint32_t flags = 0;
        std::uint32_t flags2 = 0;
        std::memcpy(&flags, init.data() + kInitOutFlags, sizeof flags);
        std::memcpy(&flags2, init.data() + kInitOutFlags2, sizeof flags2);
        flags |= kInitExt;
        flags2 |= kOverIoUring;
        std::memcpy(init.data() + kInitOutFlags, &flags, sizeof flags);
        std::memcpy(init.data() + kInitOutFlags2, &flags2, sizeof flags2);
    }
    const iovec changed[] = {parts[0], {init.data(), takes ? parts[1].iov_len : 0}};
    const ssize_t sent = takes ? writev(fuse_, changed, 2) : writev(fuse_, parts, count);
    if (sent < 0) return sent;
    if (takes)
        keeper_->begin();  // the kernel lets nobody in until all queues have entries
    else
        registered(-EOPNOTSUPP);
    return sent;
}

void Server::registered(int err) {
    if (err == 0) {
        state_ = State::Serving;
        kernel_.printk(LogLevel::Info, "mdscope: requests are served over io_uring, in " +
                                           std::to_string(owners_.size()) +
                                           (owners_.size() == 1 ? " queue" : " queues"));
        return;
    }
    state_ = State::Refused;
    kernel_.printk(LogLevel::Warn, std::string("mdscope: the kernel refuses io_uring (") + std::strerror(-err) +
                                       "); requests are read from /dev/fuse");
}

bool Server::is_data(const RequestHeader& header) const {
    return header.nodeid == data_node_ && is_data_opcode(header.opcode);
}

// ---- who serves what the keeper has

void Server::dispatch(Entry& entry, bool is_data) {
    const std::lock_guard guard(mutex_);
    (is_data ? pending_data_ : pending_control_).push(entry);
    hand_out_locked();
}

// One thread for each that may be served now.
void Server::hand_out_locked() {
    if (stopping_) return;
    const std::size_t room = limits_.max_blocked_data - std::min(busy_data_, limits_.max_blocked_data);
    const std::size_t ready = pending_control_.size() + std::min(pending_data_.size(), room);
    while (free_ < ready && spawn_locked()) {
    }
    if (ready > 0) changed_.notify_one();
}

// False: there is no memory for one more. The next that becomes free serves more, then.
bool Server::spawn_locked() {
    reap_locked();
    const std::size_t before = workers_.size();
    try {
        workers_.push_back(std::make_unique<Worker>(*this));
        workers_.back()->start();
    } catch (const std::exception& error) {
        workers_.resize(before);
        say_no_thread(kernel_, error);
        return false;
    }
    workers_.back()->is_free = true;  // it cannot have come to take(): the mutex is ours
    free_++;
    return true;
}

void Server::reap_locked() {
    std::erase_if(workers_, [](const std::unique_ptr<Worker>& worker) {
        if (!worker->gone) return false;
        worker->thread().join();
        return true;
    });
}

// The next entry to serve, oldest first; nullptr: leave.
Entry* Server::take(Worker& worker) {
    std::unique_lock lock(mutex_);
    if (!std::exchange(worker.is_free, true)) free_++;
    Entry* entry = nullptr;
    while (!stopping_ && (entry = next_locked(worker)) == nullptr) {
        const bool in_time = changed_.wait_for(lock, kIdleTime) == std::cv_status::no_timeout;
        if (!in_time && free_ > limits_.keep_idle && pending_control_.empty() && pending_data_.empty()) break;
    }
    worker.is_free = false;
    free_--;
    return entry;
}

Entry* Server::next_locked(Worker& worker) {
    if (!pending_control_.empty()) return &pending_control_.pop();
    if (pending_data_.empty() || busy_data_ >= limits_.max_blocked_data) return nullptr;
    worker.is_busy_data = true;
    busy_data_++;
    return &pending_data_.pop();
}

void Server::served(Worker& worker) {
    if (!worker.is_busy_data) return;  // the thread's own
    const std::lock_guard guard(mutex_);
    worker.is_busy_data = false;
    busy_data_--;
    hand_out_locked();
}

void Server::give_back(Entry& entry) {
    keeper_->commit(entry);
}

// ---- the end

void Server::stop() {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
    changed_.notify_all();
}

bool Server::is_gone() {
    const std::lock_guard guard(mutex_);
    reap_locked();
    // A signal may come just before the wait it is meant for: each look sends another.
    for (const auto& worker : workers_)
        if (!worker->gone) pthread_kill(worker->thread().native_handle(), kUnblockSignal);
    if (!workers_.empty()) return false;
    keeper_->end();  // after them: they give their entries back
    if (!keeper_->gone) return false;
    if (keeper_->thread().joinable()) keeper_->thread().join();
    return true;
}

}  // namespace mdscope::uring
