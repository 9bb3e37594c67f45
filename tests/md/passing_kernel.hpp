// SPDX-License-Identifier: MIT
// A kernel that passes everything on to another one: for stories that want to see, or to fail, one kind of call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"

namespace mdscope::test {

class PassingKernel : public Kernel {
   public:
    explicit PassingKernel(Kernel& below) : below_(below) {}

    std::uint64_t ktime_ns() override { return below_.ktime_ns(); }
    std::uint64_t wall_clock() override { return below_.wall_clock(); }
    void get_random_bytes(void* buffer, std::size_t size) override { below_.get_random_bytes(buffer, size); }
    Task* kthread_run(std::string comm, std::function<void()> body) override {
        return below_.kthread_run(std::move(comm), std::move(body));
    }
    void kthread_join(Task* task) override { below_.kthread_join(task); }
    void interrupt(Task* task) override { below_.interrupt(task); }
    int wait(WaitQueue& queue, const char* text, Condition condition, const WaitOptions& options) override {
        return below_.wait(queue, text, condition, options);
    }
    void wake(WaitQueue& queue) override { below_.wake(queue); }
    void msleep(std::uint64_t ns) override { below_.msleep(ns); }
    void mod_timer(Timer& timer, std::uint64_t expires_ns) override { below_.mod_timer(timer, expires_ns); }
    bool del_timer_sync(Timer& timer) override { return below_.del_timer_sync(timer); }
    void rcu_read_lock() override { below_.rcu_read_lock(); }
    void rcu_read_unlock() override { below_.rcu_read_unlock(); }
    void synchronize_rcu() override { below_.synchronize_rcu(); }
    Result<std::unique_ptr<Disk>> open_disk(const std::string& path, OpenMode mode) override {
        return below_.open_disk(path, mode);
    }
    [[nodiscard]] Result<std::shared_ptr<const void>> hold_folder(const std::string& path) override {
        return below_.hold_folder(path);
    }
    [[nodiscard]] bool is_same_file(const std::string& a, const std::string& b) override {
        return below_.is_same_file(a, b);
    }
    Result<bool> replace_file(const std::string& path, std::string_view text) override {
        return below_.replace_file(path, text);
    }
    Result<std::string> read_file(const std::string& path) override { return below_.read_file(path); }
    void printk(LogLevel level, std::string text) override { below_.printk(level, std::move(text)); }
    [[nodiscard]] std::vector<LogLine> log() const override { return below_.log(); }
    void set_log_sink(std::function<void(const LogLine&)> sink) override { below_.set_log_sink(std::move(sink)); }
    [[noreturn]] void oops(Oops fault) override {
        below_.oops(std::move(fault));
        throw Halted();
    }
    [[nodiscard]] bool halted() const override { return below_.halted(); }
    [[nodiscard]] const Oops* first_oops() const override { return below_.first_oops(); }
    void restart() override { below_.restart(); }
    std::uint64_t next_bio_id() override { return below_.next_bio_id(); }
    [[nodiscard]] std::vector<SleepInfo> tasks() const override { return below_.tasks(); }

   private:
    Kernel& below_;
};

// Passes everything on, and tells of each write that `is_told` before it is made.
class ToldDisk final : public Disk {
   public:
    using Told = std::function<bool(const Bio&)>;
    ToldDisk(std::unique_ptr<Disk> below, Told is_told, std::function<void()> before)
        : below_(std::move(below)), is_told_(std::move(is_told)), before_(std::move(before)) {}
    void submit(Bio* bio) override {
        if (bio->bi_op == BioOp::Write && is_told_(*bio)) before_();
        below_->submit(bio);
    }
    void submit_to_fail(Bio* bio, int error) override { below_->submit_to_fail(bio, error); }
    [[nodiscard]] std::uint64_t size_bytes() const override { return below_->size_bytes(); }
    [[nodiscard]] const std::string& name() const override { return below_->name(); }
    [[nodiscard]] bool read_only() const override { return below_->read_only(); }
    [[nodiscard]] std::uint64_t user_sectors() const override { return below_->user_sectors(); }
    void append_in_flight(std::vector<BioInfo>& list) const override { below_->append_in_flight(list); }

   private:
    std::unique_ptr<Disk> below_;
    Told is_told_;
    std::function<void()> before_;
};

}  // namespace mdscope::test
