// SPDX-License-Identifier: MIT

#include "fs/cli/interrupt_flag.hpp"

#include <unistd.h>

#include <atomic>

#include "fs/cli/commands.hpp"

namespace mdscope {

namespace {

std::atomic<bool> flag{false};
int depth = 0;                                          // of the main thread's flags
static_assert(std::atomic<bool>::is_always_lock_free);  // So that a signal handler may set it.

// Once is enough for those who are patient.
void on_signal(int /*signal*/) {
    if (flag.exchange(true)) _exit(kInterrupted);
}

}  // namespace

static void note_signals(struct sigaction* old_int, struct sigaction* old_term) {
    if (depth++ == 0) flag = false;  // one inside another does not forget what has come before
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, old_int);
    sigaction(SIGTERM, &action, old_term);
}

InterruptFlag::InterruptFlag() {
    note_signals(&old_int_, &old_term_);
}

void InterruptFlag::stay() {
    note_signals(nullptr, nullptr);
}

InterruptFlag::~InterruptFlag() {
    depth--;
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
}

void InterruptFlag::answered() {
    flag = false;
}

bool InterruptFlag::raised() {
    return flag;
}

}  // namespace mdscope
