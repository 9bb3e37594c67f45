// SPDX-License-Identifier: MIT

#include "gui/frame/signals.hpp"

#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "gui/frame/window.hpp"

namespace mdscope::gui {

namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM};

sem_t posted;
std::atomic<int> signals_seen{0};
std::atomic<bool> stopping{false};
std::array<struct sigaction, kSignals.size()> actions_before{};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

void on_signal(int number) {
    if (signals_seen.fetch_add(1) > 0) _exit(128 + number);
    sem_post(&posted);
}

void wait_for_signals() {
    while (!stopping) {
        if (sem_wait(&posted) != 0 && errno == EINTR) continue;
        if (signals_seen > 0) Window::wake();
    }
}

}  // namespace

SignalWatch::SignalWatch() {
    sem_init(&posted, 0, 0);
    signals_seen = 0;
    stopping = false;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals.at(i), &action, &actions_before.at(i));
    thread_ = std::thread(wait_for_signals);
}

SignalWatch::~SignalWatch() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals.at(i), &actions_before.at(i), nullptr);
    stopping = true;
    sem_post(&posted);
    thread_.join();
    sem_destroy(&posted);
}

bool SignalWatch::caught() {
    return signals_seen > 0;
}

}  // namespace mdscope::gui
