// SPDX-License-Identifier: MIT
// An entry: memory for one request and its answer, which goes to and fro between the kernel and whoever serves.
//
//   page 0                                                  page 1 ...
//   EntryHeaders ..........  request: fuse_in_header | op_in | payload (up to kMaxTransfer, page-aligned)
//
// The kernel writes headers and payload apart; request() puts the headers before the payload, where libfuse wants them.
// So the data of a write is at a page boundary, and goes to the array from there.
//
// Memory counts once it is touched. The kernel takes the entry that came back last, so few are.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "fs/mount/fuse_api.hpp"
#include "fs/mount/uring/abi.hpp"

namespace mdscope::uring {

class Entry {
   public:
    Entry(char* memory, std::uint16_t queue);

    // The request that the kernel has put here, in one piece, until answer() or the next commit.
    fuse_buf request();
    // What libfuse sends: its header first. Data that is in data() already stays where it is. Returns the whole size.
    std::size_t answer(const iovec* parts, int count);
    void answer_error(std::uint64_t unique, int err);  // positive

    [[nodiscard]] char* data() const { return payload_; }
    [[nodiscard]] std::uint16_t queue() const { return queue_; }
    [[nodiscard]] std::uint64_t commit_id() const { return commit_id_; }
    [[nodiscard]] const iovec* buffers() const { return buffers_; }

    Entry* next = nullptr;     // of the list it is in
    bool after_nudge = false;  // its last request was a nudge (keeper.cpp)

   private:
    EntryHeaders& headers_;
    char* const payload_;
    const std::uint16_t queue_;
    std::uint64_t commit_id_ = 0;
    iovec buffers_[2];
};

// Oldest first. Needs no memory: an entry is in one list at most.
class EntryList {
   public:
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    void push(Entry& entry);
    Entry& pop();  // REQUIRES: not empty

   private:
    Entry* first_ = nullptr;
    Entry* last_ = nullptr;
    std::size_t size_ = 0;
};

// Some entries of one queue, in one mapping.
class EntryBlock {
   public:
    EntryBlock(std::size_t count, std::uint16_t queue);  // Throws when there is no memory
    ~EntryBlock();
    EntryBlock(const EntryBlock&) = delete;
    EntryBlock& operator=(const EntryBlock&) = delete;
    [[nodiscard]] std::vector<Entry>& entries() { return entries_; }

   private:
    std::size_t size_;
    char* start_;
    std::vector<Entry> entries_;
};

}  // namespace mdscope::uring
