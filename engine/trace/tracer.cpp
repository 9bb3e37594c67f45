// SPDX-License-Identifier: MIT

#include "engine/trace/tracer.hpp"

#include <algorithm>
#include <cstring>

namespace mdscope::trace {

Arg::Arg(std::string_view text) {
    if (text.empty()) {
        literal_ = "";
        return;
    }
    std::memcpy(copy_.data(), text.data(), std::min(text.size(), copy_.size() - 1));
}

std::string Arg::text() const {
    if (literal_ != nullptr) return literal_;
    return copy_[0] != '\0' ? std::string(copy_.data()) : std::to_string(number_);
}

namespace {

// Threads are given the rings in turn.
std::size_t my_shard() {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t mine = threads.fetch_add(1) % Tracer::kShards;
    return mine;
}

}  // namespace

void Tracer::record(Point point, std::uint64_t at_ns, std::string_view comm, int pid, std::array<Arg, 3> args) {
    Event event;
    event.at_ns = at_ns;
    event.point = point;
    event.pid = pid;
    std::memcpy(event.comm.data(), comm.data(), std::min(comm.size(), event.comm.size() - 1));
    event.args = args;
    {
        Shard& shard = shards_[my_shard()];
        const std::lock_guard guard(shard.mutex);
        event.seq = next_.fetch_add(1);
        if (shard.ring.size() < kRing) {
            shard.ring.push_back(event);
        } else {
            shard.ring[shard.at] = event;
            shard.at = (shard.at + 1) % kRing;
        }
    }
    if (armed_.load() && armed_.exchange(false)) listener_();
}

Tracer::Taken Tracer::take(std::uint64_t from, std::size_t most, std::uint64_t end) const {
    Taken taken;
    {
        std::array<std::unique_lock<std::mutex>, kShards> locks;
        for (std::size_t i = 0; i < kShards; i++) locks[i] = std::unique_lock(shards_[i].mutex);
        taken.next = std::max(from, std::min(next_.load(), end));
        for (const Shard& shard : shards_)
            for (const Event& event : shard.ring)
                if (event.seq >= from && event.seq < end) taken.events.push_back(event);
    }
    std::ranges::sort(taken.events, {}, &Event::seq);
    if (taken.events.size() > most) {
        taken.next = taken.events[most].seq;
        taken.events.resize(most);
    }
    taken.dropped = taken.next - from - taken.events.size();
    return taken;
}

}  // namespace mdscope::trace
