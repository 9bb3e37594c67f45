// SPDX-License-Identifier: MIT

#include "engine/mdadm/array_disk.hpp"

#include <algorithm>
#include <cstring>

#include "engine/md/md.hpp"

namespace mdscope {

static constexpr std::size_t kMaxBio = 1 << 20;         // what md_submit_bio takes
static constexpr std::uint64_t kMaxDiscard = 64 << 20;  // a barrier unit: it has no buffer

// ---- overlapping writes ----

bool WriteGate::overlaps(const Pass& pass) const {
    for (const Pass* other = inside_; other != nullptr; other = other->next_)
        if (pass.first_ < other->end_ && other->first_ < pass.end_) return true;
    return false;
}

bool WriteGate::is_free(const Pass& pass) {
    const SpinGuard guard(lock_);
    return !overlaps(pass);
}

bool WriteGate::try_enter(Pass& pass) {
    const SpinGuard guard(lock_);
    if (overlaps(pass)) return false;
    pass.next_ = inside_;
    pass.link_ = &inside_;
    if (inside_ != nullptr) inside_->link_ = &pass.next_;
    inside_ = &pass;
    return true;
}

void WriteGate::leave(Pass& pass) {
    {
        const SpinGuard guard(lock_);
        *pass.link_ = pass.next_;
        if (pass.next_ != nullptr) pass.next_->link_ = pass.link_;
    }
    wake_up(wait_);
}

WriteGate::Pass::Pass(WriteGate& gate, std::uint64_t first, std::uint64_t end) : gate_(gate), first_(first), end_(end) {
    while (!gate_.try_enter(*this))  // A condition only looks: a simulation asks it more often than it lets us in.
        wait_event(gate_.wait_, gate_.is_free(*this));
}

WriteGate::Pass::~Pass() {
    gate_.leave(*this);
}

// ---- requests ----

struct ArrayDisk::Request {
    explicit Request(ArrayDisk& owner) : disk(owner), wait(owner.kernel_, "md0 request") {}
    ArrayDisk& disk;
    Bio bio;
    Shared<int> refs;
    Shared<bool> done;
    WaitQueue wait;
    Request* next_free = nullptr;
};

class ArrayDisk::RequestRef {
   public:
    explicit RequestRef(Request* request) : request_(request) {}
    ~RequestRef() { request_->disk.put(request_); }
    RequestRef(const RequestRef&) = delete;
    RequestRef& operator=(const RequestRef&) = delete;
    Request* operator->() const { return request_; }

   private:
    Request* request_;
};

ArrayDisk::~ArrayDisk() {
    const SpinGuard guard(pool_lock_);
    while (free_ != nullptr) delete std::exchange(free_, free_->next_free);
}

ArrayDisk::Request* ArrayDisk::take() {
    Request* request = nullptr;
    {
        const SpinGuard guard(pool_lock_);
        if (free_ != nullptr) request = std::exchange(free_, free_->next_free);
        count_in_flight(1);
    }
    if (request == nullptr) request = new Request(*this);
    request->refs.init(2);
    request->done.init(false);
    return request;
}

void ArrayDisk::put(Request* request) {
    if (!request->refs.put_and_test()) return;
    const SpinGuard guard(pool_lock_);
    count_in_flight(-1);
    request->next_free = free_;
    free_ = request;
}

void ArrayDisk::end_request(Bio* bio) {
    auto* request = static_cast<Request*>(bio->bi_private);
    request->done = true;
    wake_up(request->wait);
    request->disk.put(request);  // last: the submitter may be gone already, the request is not
}

namespace {

// The submitter's plug: what md collected in it goes out when the request has been taken apart.
class Plugged {
   public:
    Plugged() : previous_(current->plug) { current->plug = &plug_; }
    ~Plugged() { current->plug = previous_; }
    Plugged(const Plugged&) = delete;
    Plugged& operator=(const Plugged&) = delete;
    void finish() {
        current->plug = previous_;
        if (plug_.unplug != nullptr) plug_.unplug(&plug_, false);
    }

   private:
    BlkPlug plug_;
    BlkPlug* previous_;
};

}  // namespace

// `data` is only read from when op is a write. Sleeps until the request has come back.
int ArrayDisk::submit(Mddev& mddev, BioOp op, std::uint64_t offset, std::byte* data, std::size_t size,
                      std::uint32_t flags) {
    const RequestRef request(take());
    Bio& bio = request->bio;
    bio = Bio{};
    bio.bi_op = op;
    bio.bi_flags = flags;
    bio.bi_sector = offset >> kSectorShift;
    bio.bi_size = static_cast<std::uint32_t>(size);
    bio.bi_data = data;
    bio.bi_private = request.operator->();
    bio.bi_end_io = end_request;
    try {
        Plugged plug;
        md_submit_bio(mddev, &bio);
        plug.finish();
        wait_event(request->wait, request->done);
    } catch (const Halted&) {
        wait_for_borrowers(kernel_);  // The caller uses its buffer for something else next.
        throw;
    }
    return bio.bi_status;
}

static bool aligned(std::uint64_t value) {
    return value % kSectorSize == 0;
}

std::int64_t ArrayDisk::read(Mddev& mddev, std::uint64_t offset, std::span<std::byte> buffer) {
    const std::uint64_t size = mddev.array_sectors << kSectorShift;
    if (offset >= size) return 0;
    buffer = buffer.first(std::min<std::uint64_t>(buffer.size(), size - offset));
    std::size_t done = 0;
    while (done < buffer.size()) {
        const std::uint64_t at = offset + done;
        const std::size_t left = std::min(buffer.size() - done, kMaxBio);
        int err = 0;
        std::size_t n = left;
        if (aligned(at) && left >= kSectorSize) {
            n = left / kSectorSize * kSectorSize;
            err = submit(mddev, BioOp::Read, at, buffer.data() + done, n, 0);
        } else {
            std::array<std::byte, kSectorSize> sector;
            const std::size_t skip = at % kSectorSize;
            n = std::min(left, kSectorSize - skip);
            err = submit(mddev, BioOp::Read, at - skip, sector.data(), kSectorSize, 0);
            std::memcpy(buffer.data() + done, sector.data() + skip, n);
        }
        if (err != 0) return done != 0 ? static_cast<std::int64_t>(done) : err;
        done += n;
    }
    return static_cast<std::int64_t>(done);
}

// Reads the sectors at both ends, lays the data over them, and writes the whole. REQUIRES: the gate, over these
// sectors.
int ArrayDisk::write_partial_sectors(Mddev& mddev, std::uint64_t offset, std::span<const std::byte> data,
                                     std::uint32_t flags) {
    const std::uint64_t first = offset / kSectorSize * kSectorSize;
    const std::uint64_t end = (offset + data.size() + kSectorSize - 1) / kSectorSize * kSectorSize;
    std::vector<std::byte> whole(end - first);
    const std::uint64_t last_sector = end - kSectorSize;
    if (const int err = submit(mddev, BioOp::Read, first, whole.data(), kSectorSize, 0); err != 0) return err;
    if (last_sector != first) {
        const int err = submit(mddev, BioOp::Read, last_sector, whole.data() + (last_sector - first), kSectorSize, 0);
        if (err != 0) return err;
    }
    std::memcpy(whole.data() + (offset - first), data.data(), data.size());
    return submit(mddev, BioOp::Write, first, whole.data(), whole.size(), flags);
}

std::int64_t ArrayDisk::write(Mddev& mddev, std::uint64_t offset, std::span<const std::byte> data, bool fua) {
    const std::uint64_t size = mddev.array_sectors << kSectorShift;
    if (mddev.ro == MD_RDONLY) return -EPERM;  // as blkdev_write_iter
    if (offset >= size && !data.empty()) return -ENOSPC;
    data = data.first(std::min<std::uint64_t>(data.size(), size - offset));
    const std::uint32_t flags = REQ_SYNC | (fua ? REQ_FUA : 0U);
    std::size_t done = 0;
    while (done < data.size()) {
        const std::uint64_t at = offset + done;
        // A piece of at most 1 MiB with room for the sectors at its ends.
        const std::size_t n = std::min(data.size() - done, aligned(at) ? kMaxBio : kMaxBio - 2 * kSectorSize);
        const std::uint64_t first = at / kSectorSize * kSectorSize;
        const std::uint64_t end = (at + n + kSectorSize - 1) / kSectorSize * kSectorSize;
        const WriteGate::Pass pass(gate_, first, end);
        int err = 0;
        if (aligned(at) && aligned(n))
            // The bio of a write is never written to; Bio has one pointer for both directions.
            err = submit(mddev, BioOp::Write, at, const_cast<std::byte*>(data.data()) + done, n, flags);
        else
            err = write_partial_sectors(mddev, at, data.subspan(done, n), flags);
        if (err != 0) return done != 0 ? static_cast<std::int64_t>(done) : err;
        done += n;
    }
    return static_cast<std::int64_t>(done);
}

int ArrayDisk::write_zeros(Mddev& mddev, std::uint64_t first, std::uint64_t end) {
    if (first >= end) return 0;
    const std::vector<std::byte> zeros(end - first);
    const std::int64_t done = write(mddev, first, zeros, false);
    if (done < 0) return static_cast<int>(done);
    return static_cast<std::uint64_t>(done) == zeros.size() ? 0 : -EIO;
}

// Whole sectors are discarded, what is left of others at both ends is written.
int ArrayDisk::discard(Mddev& mddev, std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t all = mddev.array_sectors << kSectorShift;
    if (mddev.ro == MD_RDONLY) return -EPERM;
    if (offset >= all) return -EINVAL;  // as blkdev_fallocate
    const std::uint64_t end = offset + std::min(size, all - offset);
    const std::uint64_t first = (offset + kSectorSize - 1) / kSectorSize * kSectorSize;
    const std::uint64_t last = end / kSectorSize * kSectorSize;
    if (first >= last) return write_zeros(mddev, offset, end);
    if (const int err = write_zeros(mddev, offset, first); err != 0) return err;
    for (std::uint64_t at = first; at < last;) {
        const std::uint64_t piece = std::min(last - at, kMaxDiscard - at % kMaxDiscard);
        const WriteGate::Pass pass(gate_, at, at + piece);
        if (const int err = submit(mddev, BioOp::Discard, at, nullptr, piece, REQ_SYNC); err != 0) return err;
        at += piece;
    }
    return write_zeros(mddev, last, end);
}

int ArrayDisk::flush(Mddev& mddev) {
    return submit(mddev, BioOp::Flush, 0, nullptr, 0, REQ_PREFLUSH | REQ_SYNC);
}

}  // namespace mdscope
