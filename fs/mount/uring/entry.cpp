// SPDX-License-Identifier: MIT

#include "fs/mount/uring/entry.hpp"

#include <sys/mman.h>

#include <cstring>
#include <new>

#include "engine/md/check.hpp"

namespace mdscope::uring {

namespace {

constexpr std::size_t kFirstPage = 4096;
constexpr std::size_t kEntrySize = kFirstPage + kMaxTransfer;
static_assert(sizeof(EntryHeaders) + kInHeaderSize + sizeof(EntryHeaders::op_in) <= kFirstPage);

char* mapped(std::size_t size) {
    void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) throw std::bad_alloc();
    madvise(start, size, MADV_NOHUGEPAGE);  // 2 MiB for a touched page is not what is meant
    return static_cast<char*>(start);
}

}  // namespace

Entry::Entry(char* memory, std::uint16_t queue)
    : headers_(*new (memory) EntryHeaders), payload_(memory + kFirstPage), queue_(queue) {
    buffers_[0] = {&headers_, sizeof headers_};
    buffers_[1] = {payload_, kMaxTransfer};
}

fuse_buf Entry::request() {
    RequestHeader header;
    std::memcpy(&header, headers_.in_out, sizeof header);
    commit_id_ = headers_.state.commit_id;
    const std::size_t payload_size = headers_.state.payload_size;
    MD_CHECK(header.len >= kInHeaderSize + payload_size);
    const std::size_t op_size = header.len - kInHeaderSize - payload_size;
    MD_CHECK(op_size <= sizeof headers_.op_in);
    char* const start = payload_ - op_size - kInHeaderSize;
    std::memcpy(start, headers_.in_out, kInHeaderSize);
    std::memcpy(start + kInHeaderSize, headers_.op_in, op_size);
    fuse_buf buffer{};
    buffer.size = header.len;
    buffer.mem = start;
    return buffer;
}

std::size_t Entry::answer(const iovec* parts, int count) {
    MD_CHECK(parts[0].iov_len == sizeof(OutHeader));
    std::memcpy(headers_.in_out, parts[0].iov_base, sizeof(OutHeader));
    std::size_t size = 0;
    for (int i = 1; i < count; i++) {
        MD_CHECK(size + parts[i].iov_len <= kMaxTransfer);
        if (parts[i].iov_len != 0 && parts[i].iov_base != payload_ + size)
            std::memcpy(payload_ + size, parts[i].iov_base, parts[i].iov_len);
        size += parts[i].iov_len;
    }
    headers_.state.payload_size = static_cast<std::uint32_t>(size);
    return sizeof(OutHeader) + size;
}

void Entry::answer_error(std::uint64_t unique, int err) {
    OutHeader header{sizeof(OutHeader), -err, unique};
    const iovec part{&header, sizeof header};
    answer(&part, 1);
}

void EntryList::push(Entry& entry) {
    entry.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &entry;
    last_ = &entry;
    size_++;
}

Entry& EntryList::pop() {
    MD_CHECK(size_ > 0);
    Entry& entry = *first_;
    first_ = entry.next;
    size_--;
    return entry;
}

EntryBlock::EntryBlock(std::size_t count, std::uint16_t queue) : size_(count * kEntrySize), start_(mapped(size_)) {
    entries_.reserve(count);  // their addresses are given to the kernel
    for (std::size_t i = 0; i < count; i++) entries_.emplace_back(start_ + i * kEntrySize, queue);
}

EntryBlock::~EntryBlock() {
    munmap(start_, size_);
}

}  // namespace mdscope::uring
