// SPDX-License-Identifier: MIT
// A mount that is none: plain files and FIFOs in a temporary folder, which can be made to hang, vanish and lie. And the
// window's side of the wait: until something holds of the view, with a deadline.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>

#include "engine/look/snapshot.hpp"
#include "gui/live/control_files.hpp"
#include "gui/live/live_lab.hpp"
#include "tests/scratch.hpp"

namespace mdscope::testing {

inline constexpr std::chrono::seconds kDeadline{30};

// Looks every few milliseconds. False: the deadline passed.
template <class Condition>
bool eventually(Condition&& condition) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        never.wait_for(lock, std::chrono::milliseconds(2));
    }
    return true;
}

class FakeMount {
   public:
    FakeMount() { make(); }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& base() const { return base_.path(); }
    [[nodiscard]] std::string operator/(const std::string& file) const { return path_ + "/" + file; }

    void make() {
        std::filesystem::create_directories(path_ + "/lab");
        std::filesystem::create_directories(path_ + "/md/dev-sda");
        write("lab/pid", "1234\n");
        write("lab/trace", "# off, 0 events, 0 dropped\n");
        for (const char* file : {"lab/hold", "lab/release", "lab/stop", "lab/assemble", "md/array_state"})
            write(file, "");
        fifo("lab/trace_pipe");
        show(snapshot);
    }
    void vanish() const { std::filesystem::rename(path_, base_ / "gone"); }
    void come_back() const { std::filesystem::rename(base_ / "gone", path_); }

    // At once, as a control file is.
    void write(const std::string& file, const std::string& text) const {
        const std::string beside = base_ / "new";
        std::ofstream(beside, std::ios::binary) << text;
        std::filesystem::rename(beside, path_ + "/" + file);
    }
    [[nodiscard]] std::string read(const std::string& file) const {
        std::ifstream in(path_ + "/" + file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void fifo(const std::string& file) const {
        std::filesystem::remove(path_ + "/" + file);
        if (mkfifo((path_ + "/" + file).c_str(), 0600) != 0) throw std::runtime_error("mkfifo failed");
    }
    void show(const Snapshot& shown) const { write("lab/snapshot", snapshot_to_json(shown) + "\n"); }
    // The next snapshot differs.
    void tick() {
        snapshot.at_ns += 1'000'000;
        snapshot.array.events++;
        show(snapshot);
    }

    Snapshot snapshot = [] {
        Snapshot first;
        first.at_ns = 1'000'000'000;
        first.array.name = "md0";
        first.array.state = "clean";
        return first;
    }();

   private:
    ScratchFolder base_;
    std::string path_ = base_ / "mnt";
};

// The array's end of lab/trace_pipe. Writing waits for the reader to read, as a pipe does.
class TraceWriter {
   public:
    explicit TraceWriter(const FakeMount& mount) {
        // Without O_NONBLOCK it would wait for ever if nobody comes.
        const std::string path = mount / "lab/trace_pipe";
        eventually([&] {
            fd_.reset(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
            return fd_.is_open();
        });
        if (!fd_.is_open()) throw std::runtime_error("nobody opened lab/trace_pipe");
        fcntl(fd_.get(), F_SETFL, 0);
    }
    // What is left when the reader goes is lost.
    void write(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t done = ::write(fd_.get(), text.data(), text.size());
            if (done < 0) return;
            text.remove_prefix(static_cast<std::size_t>(done));
        }
    }

   private:
    gui::Fd fd_;
};

// A LiveLab with short times, and how often it woke its window.
class Watched {
   public:
    explicit Watched(const FakeMount& mount, const gui::LiveOptions& options = quick_options())
        : lab(
              mount.path(), [this] { ++wakes_; }, options) {}
    static gui::LiveOptions quick_options() {
        gui::LiveOptions options;
        options.retry = std::chrono::milliseconds(5);
        options.stay_away = std::chrono::milliseconds(50);
        options.silent_after = std::chrono::milliseconds(5'000);
        options.patience = std::chrono::milliseconds(20'000);
        return options;
    }
    [[nodiscard]] int wakes() const { return wakes_; }
    // The view in which it holds; else the last one.
    template <class Condition>
    std::shared_ptr<const gui::LiveView> wait(Condition&& condition) {
        std::shared_ptr<const gui::LiveView> view;
        eventually([&] {
            view = lab.view();
            return condition(*view);
        });
        return view;
    }
    std::shared_ptr<const gui::LiveView> wait_for(gui::LiveState state) {
        return wait([&](const gui::LiveView& view) { return view.state == state; });
    }

   private:
    std::atomic<int> wakes_{0};

   public:
    gui::LiveLab lab;  // last: its threads call into what is above
};

}  // namespace mdscope::testing
