// SPDX-License-Identifier: MIT

#include "fs/mount/uring/support.hpp"

#include <liburing.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace mdscope::uring {

std::string why_not() {
    char enabled = 0;
    if (!(std::ifstream(kParameter) >> enabled))
        return "this kernel does not serve FUSE over io_uring; Linux 6.14 and later do, built with "
               "CONFIG_FUSE_IO_URING";
    if (enabled != 'Y' && enabled != '1')
        return std::string("FUSE over io_uring is turned off in this kernel; root turns it on: echo Y > ") + kParameter;
    io_uring ring{};
    const int err = io_uring_queue_init(1, &ring, IORING_SETUP_SQE128);
    if (err < 0)
        return std::string("io_uring cannot be used here: ") + std::strerror(-err) +
               " (/proc/sys/kernel/io_uring_disabled says who may)";
    io_uring_queue_exit(&ring);
    return {};
}

// "0-3", or "0,2-5": the kernel counts them.
unsigned possible_cpus() {
    std::ifstream list("/sys/devices/system/cpu/possible");
    unsigned count = 0;
    for (unsigned first = 0; list >> first;) {
        unsigned last = first;
        if (list.peek() == '-') {
            list.ignore();
            list >> last;
        }
        count += last - first + 1;
        if (list.peek() == ',') list.ignore();
    }
    return count > 0 ? count : static_cast<unsigned>(sysconf(_SC_NPROCESSORS_CONF));
}

bool run_on(unsigned cpu) {
    if (cpu >= CPU_SETSIZE) return false;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace mdscope::uring
