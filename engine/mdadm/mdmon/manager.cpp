// SPDX-License-Identifier: MIT
#include "engine/mdadm/mdmon/manager.hpp"

#include "engine/kernel/kernel.hpp"
#include "engine/md/check.hpp"
#include "engine/trace/frame.hpp"

namespace mdscope {

MdmonManager::MdmonManager(Kernel& kernel, std::function<void()> look)
    : kernel_(kernel), look_(std::move(look)), wait_(kernel, "mdmon's manager") {}

MdmonManager::~MdmonManager() {
    stop();
}

void MdmonManager::start() {
    MD_CHECK(task_ == nullptr);
    task_ = kernel_.kthread_run("manager", [this] { run(); });
}

void MdmonManager::wake() {
    asked_ = true;
    wake_up(wait_);
}

void MdmonManager::stop() {
    if (task_ == nullptr) return;
    stopping_ = true;
    wake_up(wait_);
    kernel_.kthread_join(task_);
    task_ = nullptr;
}

void MdmonManager::run() {
    MD_FRAME("do_manager");
    while (true) {
        if (!kernel_.hides_asides)
            remember_only([] { return std::uint64_t{0}; });  // it knows nothing between two looks
        wait_event(wait_, asked_ || stopping_);
        if (stopping_) return;
        asked_ = false;
        look_();
    }
}

}  // namespace mdscope
