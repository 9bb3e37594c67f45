// SPDX-License-Identifier: MIT

#include "fs/mount/lab/trace_pipe.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "engine/kernel/real/real_kernel.hpp"

namespace mdscope {

namespace {
constexpr std::size_t kBatch = 512;  // events turned into text at once
constexpr std::uint64_t kNoEnd = TraceReader::kNoEnd;
}  // namespace

TracePipe::TracePipe(trace::Tracer& tracer) : tracer_(tracer) {
    tracer_.set_listener([this] { poke(); });
}

TracePipe::~TracePipe() {
    stop();
}

void TracePipe::start(std::function<void()> announce) {
    announce_ = std::move(announce);
    pump_ = std::thread([this] { run_or_end("trace_pipe", [this] { run(); }); });
}

std::shared_ptr<TraceReader> TracePipe::open(bool follows) {
    auto reader = std::make_shared<TraceReader>();
    reader->text = trace::stream_header_json() + "\n";
    const trace::Tracer::Taken kept = tracer_.take(0, 1);
    reader->next = kept.events.empty() ? kept.next : kept.events.front().seq;
    reader->end = follows ? kNoEnd : tracer_.next();
    const std::lock_guard guard(mutex_);
    reader->epoch = stopping_ ? 0 : epoch_;
    return reader;
}

// ---- reading

// Whole lines as far as they fit; a reader with a tiny buffer gets its line in pieces. Empty: nothing new.
std::string TracePipe::take_text(TraceReader& reader, std::size_t size, std::uint64_t end) {
    const std::lock_guard guard(reader.mutex);
    if (reader.text.empty() && reader.next < end) {
        const trace::Tracer::Taken taken = tracer_.take(reader.next, kBatch, end);
        reader.next = taken.next;
        if (taken.dropped != 0) reader.text += trace::dropped_json(taken.dropped) + "\n";
        for (const trace::Event& event : taken.events) reader.text += trace::event_json(event) + "\n";
    }
    std::size_t length = std::min(size, reader.text.size());
    if (length < reader.text.size())
        if (const std::size_t newline = reader.text.rfind('\n', length - 1); newline != std::string::npos)
            length = newline + 1;
    std::string text = reader.text.substr(0, length);
    reader.text.erase(0, length);
    return text;
}

// The number of the event at which it ends: none yet, as long as nobody closed it. What is traced after that, perhaps
// because it is read, is not for this reader.
std::uint64_t TracePipe::end_of(const TraceReader& reader) {
    const std::lock_guard guard(mutex_);
    return std::min(reader.end, stopping_ || reader.epoch != epoch_ ? end_ : kNoEnd);
}

bool TracePipe::is_readable(TraceReader& reader) {
    if (end_of(reader) != kNoEnd) return true;  // the end can be read
    tracer_.arm();
    const std::lock_guard guard(reader.mutex);
    return !reader.text.empty() || reader.next != tracer_.next();
}

void TracePipe::read(fuse_req_t req, const std::shared_ptr<TraceReader>& reader, std::size_t size, bool wait) {
    if (size == 0) {
        fuse_reply_buf(req, nullptr, 0);
        return;
    }
    const std::uint64_t end = end_of(*reader);
    const std::string text = take_text(*reader, size, end);
    if (!text.empty() || end != kNoEnd) {
        fuse_reply_buf(req, text.data(), text.size());
        return;
    }
    if (!wait) {
        fuse_reply_err(req, EAGAIN);
        return;
    }
    {
        const std::lock_guard guard(mutex_);
        if (!stopping_) {
            parked_.push_back({req, reader, size, false});
            wait = false;
        }
    }
    if (wait) {  // it stopped in between, and nobody would answer what is parked now
        fuse_reply_buf(req, nullptr, 0);
        return;
    }
    // Not under the mutex: libfuse holds the request's lock when it calls on_interrupt, which takes the mutex.
    fuse_req_interrupt_func(req, on_interrupt, this);
    {
        const std::lock_guard guard(mutex_);
        for (Parked& parked : parked_)
            if (parked.req == req) parked.registered = true;
    }
    poke();
}

// libfuse keeps the request until this returns, so its address is not that of another one.
void TracePipe::on_interrupt(fuse_req_t req, void* pipe) {
    auto& self = *static_cast<TracePipe*>(pipe);
    {
        const std::lock_guard guard(self.mutex_);
        const auto found = std::ranges::find(self.parked_, req, &Parked::req);
        if (found == self.parked_.end()) return;
        found->interrupted = true;
    }
    self.poke();
}

// ---- the pump

void TracePipe::poke() {
    const std::lock_guard guard(mutex_);
    poked_ = true;
    wake_.notify_one();
}

// Armed only while somebody waits: without readers an event costs no system call.
void TracePipe::run() {
    for (bool over = false; !over;) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return poked_; });
            poked_ = false;
            if (!parked_.empty()) tracer_.arm();
        }
        answer_parked();
        announce_();
        const std::lock_guard guard(mutex_);
        over = stopping_ && parked_.empty();
    }
}

// A request stays in the list until its answer is certain, so that an interrupt finds it; only the pump takes it out.
void TracePipe::answer_parked() {
    std::vector<Parked> waiting;
    {
        const std::lock_guard guard(mutex_);
        std::ranges::copy_if(parked_, std::back_inserter(waiting), &Parked::registered);
    }
    for (const Parked& parked : waiting) {
        const std::uint64_t end = end_of(*parked.reader);
        const std::string text = parked.interrupted ? std::string() : take_text(*parked.reader, parked.size, end);
        if (text.empty() && !parked.interrupted && end == kNoEnd) continue;
        {
            const std::lock_guard guard(mutex_);
            std::erase_if(parked_, [&](const Parked& other) { return other.req == parked.req; });
        }
        if (parked.interrupted)
            fuse_reply_err(parked.req, EINTR);
        else
            fuse_reply_buf(parked.req, text.data(), text.size());
    }
}

// ---- the end

void TracePipe::close_readers() {
    {
        const std::lock_guard guard(mutex_);
        epoch_++;
        end_ = tracer_.next();
    }
    poke();
}

void TracePipe::end() {
    {
        const std::lock_guard guard(mutex_);
        if (!stopping_) end_ = tracer_.next();
        stopping_ = true;
    }
    poke();
}

void TracePipe::stop() {
    end();
    if (pump_.joinable()) pump_.join();
}

}  // namespace mdscope
