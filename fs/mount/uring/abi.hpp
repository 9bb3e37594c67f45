// SPDX-License-Identifier: MIT
// FUSE over io_uring as Linux 6.14 has it (include/uapi/linux/fuse.h); the headers of Debian 12 and 13 do not know it
// yet.
//
//   SQE (128 bytes, IORING_OP_URING_CMD on /dev/fuse)     CommandData in its last 80
//     Register         gives the kernel an entry: two buffers for one request of this queue
//     CommitAndFetch   the answer is in the entry; take it, and put the next request there
//   CQE                a request is in the entry
//
//   first buffer    in_out 128 | op_in 128 | EntryState 32      fuse_in_header or fuse_out_header; the request's own
//   header second buffer   what is left of the request, or the answer's data
#pragma once

#include <cstddef>
#include <cstdint>

namespace mdscope::uring {

enum Command : std::uint32_t { kRegister = 1, kCommitAndFetch = 2 };

struct EntryState {
    std::uint64_t flags = 0;
    std::uint64_t commit_id = 0;
    std::uint32_t payload_size = 0;
    std::uint32_t padding = 0;
    std::uint64_t reserved = 0;
};
static_assert(sizeof(EntryState) == 32);

struct EntryHeaders {
    char in_out[128];
    char op_in[128];
    EntryState state;
};
static_assert(sizeof(EntryHeaders) == 288 && offsetof(EntryHeaders, state) == 256);

struct CommandData {
    std::uint64_t flags = 0;
    std::uint64_t commit_id = 0;
    std::uint16_t queue = 0;
    std::uint8_t padding[6] = {};
};
static_assert(sizeof(CommandData) == 24);

// ---- the rest of the protocol, as far as it is looked at here

inline constexpr std::size_t kInHeaderSize = 40;

struct OutHeader {
    std::uint32_t len = 0;
    std::int32_t error = 0;
    std::uint64_t unique = 0;
};
static_assert(sizeof(OutHeader) == 16);

enum MoreOpcodes : std::uint32_t { kOpInit = 26, kOpNotifyReply = 41 };

// fuse_init_in and fuse_init_out: where the flags are.
inline constexpr std::size_t kInitInFlags = 12;
inline constexpr std::size_t kInitInFlags2 = 16;
inline constexpr std::size_t kInitOutFlags = 12;
inline constexpr std::size_t kInitOutFlags2 = 32;
inline constexpr std::uint32_t kInitExt = 1U << 30;             // flags2 counts
inline constexpr std::uint32_t kOverIoUring = 1U << (41 - 32);  // of flags2

// A notification without waiters: the kernel answers it with a request of its own (kOpNotifyReply).
inline constexpr std::int32_t kNotifyRetrieve = 5;
struct NotifyRetrieve {
    OutHeader header;
    std::uint64_t notify_unique = 0;
    std::uint64_t node = 0;
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t padding = 0;
};
static_assert(sizeof(NotifyRetrieve) == 48);

}  // namespace mdscope::uring
