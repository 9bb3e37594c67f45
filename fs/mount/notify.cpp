// SPDX-License-Identifier: MIT

#include "fs/mount/notify.hpp"

#include <utility>

#include "engine/kernel/real/real_kernel.hpp"

namespace mdscope {

Notifier::Notifier() : thread_([this] { run_or_end("notifier", [this] { run(); }); }) {}

Notifier::~Notifier() {
    stop();
}

void Notifier::changed(const std::string& path) {
    const std::lock_guard guard(mutex_);
    generations_.try_emplace(path, 1).first->second++;
    if (waiting_.empty()) return;
    changed_.insert(path);
    wake_.notify_one();
}

std::uint64_t Notifier::generation(const std::string& path) {
    const std::lock_guard guard(mutex_);
    const auto found = generations_.find(path);
    return found == generations_.end() ? 1 : found->second;
}

void Notifier::ask(const void* owner, const std::string& path, fuse_pollhandle* handle) {
    fuse_pollhandle* old = nullptr;
    {
        const std::lock_guard guard(mutex_);
        Waiting& waiting = waiting_[owner];
        old = std::exchange(waiting.handle, handle);
        waiting.path = path;
    }
    if (old != nullptr) fuse_pollhandle_destroy(old);
}

void Notifier::forget(const void* owner) {
    const std::lock_guard guard(mutex_);
    const auto found = waiting_.find(owner);
    if (found == waiting_.end()) return;
    fuse_pollhandle_destroy(found->second.handle);
    waiting_.erase(found);
}

void Notifier::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !changed_.empty(); });
        if (stopping_) return;
        const std::set<std::string> changed = std::exchange(changed_, {});
        std::vector<fuse_pollhandle*> handles;
        std::erase_if(waiting_, [&](const auto& entry) {
            if (changed.count(entry.second.path) == 0) return false;
            handles.push_back(entry.second.handle);
            return true;
        });
        lock.unlock();
        for (fuse_pollhandle* handle : handles) {
            fuse_lowlevel_notify_poll(handle);  // fails when the file was closed meanwhile: nobody is left to tell
            fuse_pollhandle_destroy(handle);
        }
        lock.lock();
    }
}

void Notifier::stop() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
        wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    for (const auto& [owner, waiting] : std::exchange(waiting_, {})) fuse_pollhandle_destroy(waiting.handle);
}

}  // namespace mdscope
