// SPDX-License-Identifier: MIT
// A Unix socket on which a test asks what the window shows (probe_answers.hpp), to know where to click.
//
//   a thread: accepts, reads lines ──> questions_ ──wake()──> the thread that draws: serve() ──> answers_ ──> the
//   thread
//
// The socket's thread never looks at the window, and the window never waits for a client: one that sends too long a
// line, asks faster than it reads, or says nothing at all only loses its own connection. Only the owner can connect.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/kernel/result.hpp"
#include "gui/frame/probe_answers.hpp"

namespace mdscope::gui {

class ProbeServer {
   public:
    // Makes the socket; a stale one of an earlier window is replaced, anything else of that name is an error. `wake` is
    // called from the server's thread when a question waits.
    static Result<std::unique_ptr<ProbeServer>> open(const std::string& path, std::function<void()> wake);
    ~ProbeServer();
    ProbeServer(const ProbeServer&) = delete;
    ProbeServer& operator=(const ProbeServer&) = delete;

    // Answers what waits. REQUIRES: the thread that draws, between two frames.
    void serve(const ProbeHost& host);

   private:
    struct Question {
        int client;
        std::string text;
    };
    struct Client {
        int fd = -1;
        std::string received, to_send;
        std::size_t unanswered = 0;
        bool finished = false;  // It asks no more, but may still read.
    };

    ProbeServer(std::string path, int listener, int bell, std::function<void()> wake);
    void run();
    void accept_client();
    [[nodiscard]] bool receive(int number, Client& client);
    [[nodiscard]] static bool send_some(Client& client);
    void take_answers();
    void drop(int number);

    const std::string path_;
    const int listener_, bell_;  // the bell is an eventfd: there are answers, or it is time to end
    const std::function<void()> wake_;
    std::atomic<bool> ending_{false};
    std::map<int, Client> clients_;  // by a number that is never used again; the server's thread's own
    int next_client_ = 0;

    std::mutex mutex_;  // of these two
    std::deque<Question> questions_;
    std::deque<Question> answers_;

    std::thread thread_;
};

}  // namespace mdscope::gui
