// SPDX-License-Identifier: MIT
// lab/trace_pipe: the event stream (engine/trace/tracer.hpp has its format), for any number of readers, each with a
// place of its own. A reader begins with the oldest event that is still kept.
//
//   read, nothing new --> the request is parked, the session's thread goes on
//   an event --> listener --> the pump's thread answers parked requests and announces the file to pollers
//
// So no reader costs a thread, and a reader that sleeps for hours starves nobody. What is parked is answered exactly
// once, always by the pump: with lines, with EINTR when the reader was interrupted, with nothing (end of file) once
// close_readers() or stop() was called. The array may stop and be assembled meanwhile; the stream goes on.
//
// A program that copies or searches a tree (cp -a, grep -r) does not want to wait there for ever. What it has in common
// with its kind is that it follows no links: a file opened with O_NOFOLLOW ends with what had been traced when it was
// opened.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/trace/tracer.hpp"
#include "fs/mount/fuse_api.hpp"

namespace mdscope {

// One open file. Its place is used by whoever answers its reads, one at a time.
struct TraceReader {
    std::mutex mutex;
    std::string text;        // lines that did not fit into the last answer
    std::uint64_t next = 0;  // number of the next event
    std::uint64_t end = 0;   // number of the event at which it ends; kNoEnd
    std::uint64_t epoch = 0;
    static constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};
};

class TracePipe {
   public:
    // Both outlive every task that may trace.
    explicit TracePipe(trace::Tracer& tracer);
    ~TracePipe();
    TracePipe(const TracePipe&) = delete;
    TracePipe& operator=(const TracePipe&) = delete;

    // Before the first open. `announce` is called from the pump's thread when there is something new.
    void start(std::function<void()> announce);
    // `follows`: false for a reader of what there is now.
    std::shared_ptr<TraceReader> open(bool follows);
    // Answers, now or later. `wait`: false for a file that was opened with O_NONBLOCK.
    void read(fuse_req_t req, const std::shared_ptr<TraceReader>& reader, std::size_t size, bool wait);
    [[nodiscard]] bool is_readable(TraceReader& reader);

    // Files that are open read to their end and no further.
    void close_readers();
    // The same for good: also files that are opened later have an end. Any thread.
    void end();
    // As end(), and every request has been answered when it returns. Before the session goes; harmless twice.
    void stop();

   private:
    struct Parked {
        fuse_req_t req;
        std::shared_ptr<TraceReader> reader;
        std::size_t size;
        bool registered;  // its interrupt function is known to libfuse; not to be answered before
        bool interrupted = false;
    };

    static void on_interrupt(fuse_req_t req, void* pipe);
    void run();
    void poke();
    void answer_parked();
    std::uint64_t end_of(const TraceReader& reader);
    std::string take_text(TraceReader& reader, std::size_t size, std::uint64_t end);

    trace::Tracer& tracer_;
    std::function<void()> announce_;
    std::mutex mutex_;  // never held while replying
    std::condition_variable wake_;
    std::vector<Parked> parked_;
    bool poked_ = false;
    bool stopping_ = false;
    std::uint64_t epoch_ = 1;  // a reader of an older one reads to `end_` and no further
    std::uint64_t end_ = 0;
    std::thread pump_;
};

}  // namespace mdscope
