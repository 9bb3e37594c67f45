// SPDX-License-Identifier: MIT
// libfuse's low-level API, at the version this project is written to, and what 3.14 has no name for yet.
#pragma once

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse_lowlevel.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>

namespace mdscope {

// FOPEN_PARALLEL_DIRECT_WRITES of the kernel: without it direct writes to one file come one at a time.
inline constexpr std::uint32_t kOpenDirectIo = 1U << 0;
inline constexpr std::uint32_t kOpenParallelDirectWrites = 1U << 6;

// struct fuse_open_out of the kernel, for a reply by fuse_reply_buf.
struct OpenReply {
    std::uint64_t fh = 0;
    std::uint32_t open_flags = 0;
    std::uint32_t padding = 0;
};
static_assert(sizeof(OpenReply) == 16);

// struct fuse_in_header of the kernel, as far as the session looks at it.
struct RequestHeader {
    std::uint32_t len = 0;
    std::uint32_t opcode = 0;
    std::uint64_t unique = 0;
    std::uint64_t nodeid = 0;
};
enum Opcode : std::uint32_t { kOpOpen = 14, kOpRead = 15, kOpWrite = 16, kOpFsync = 20, kOpFallocate = 43 };
// Those that may sleep for long when they are for the disk.
constexpr bool is_data_opcode(std::uint32_t opcode) {
    return opcode == kOpRead || opcode == kOpWrite || opcode == kOpFsync || opcode == kOpOpen || opcode == kOpFallocate;
}

// The payload of a WRITE follows fuse_in_header (40 bytes) and fuse_write_in (40 bytes).
inline constexpr std::size_t kWritePayloadOffset = 80;
inline constexpr std::size_t kMaxTransfer = 1 << 20;

// Ends a wait of a session's thread with EINTR.
inline constexpr int kUnblockSignal = SIGUSR2;

}  // namespace mdscope
