// SPDX-License-Identifier: MIT
// poll on control files, as sysfs has it: a reader that has read the file to its present content sleeps in poll until
// the file is announced as changed, then gets POLLPRI|POLLERR until it reads again.
//
//   md context --changed(path)--> list of paths --notifier thread--> fuse_lowlevel_notify_poll of those who asked
//
// Announcing costs the announcer a short mutex; the system calls happen in the notifier's thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "fs/mount/fuse_api.hpp"

namespace mdscope {

class Notifier {
   public:
    Notifier();
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    // The file's content changed. Any thread, md's locks held or not.
    void changed(const std::string& path);
    // A number that grows at each change; starts at 1, so that a file never read is "changed".
    std::uint64_t generation(const std::string& path);
    // Wakes `handle` (owned from here on) at the next change of the path, once. An open file, `owner`, has one handle:
    // a new one takes the place of the old.
    void ask(const void* owner, const std::string& path, fuse_pollhandle* handle);
    void forget(const void* owner);  // the file is closed
    void stop();                     // ends the thread and frees every handle

   private:
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::unordered_map<std::string, std::uint64_t> generations_;
    struct Waiting {
        std::string path;
        fuse_pollhandle* handle;
    };
    std::unordered_map<const void*, Waiting> waiting_;
    std::set<std::string> changed_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace mdscope
