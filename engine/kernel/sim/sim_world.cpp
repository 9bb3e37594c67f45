// SPDX-License-Identifier: MIT
// What surrounds the tasks of a simulation: disks, files, clock, log, faults.
#include <algorithm>
#include <cstring>

#include "engine/kernel/fault.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/kernel/sim/sim_task.hpp"
#include "engine/kernel/trace.hpp"

namespace mdscope {

// ---- disks

RamImage& SimKernel::add_ram_disk(const std::string& path, std::uint64_t size_bytes) {
    auto& slot = images_[path];
    slot = std::make_unique<RamImage>(path, size_bytes);
    return *slot;
}

RamImage* SimKernel::find_ram_disk(const std::string& path) {
    const auto found = images_.find(path);
    return found == images_.end() ? nullptr : found->second.get();
}

Result<std::unique_ptr<Disk>> SimKernel::open_disk(const std::string& path, OpenMode mode) {
    RamImage* image = find_ram_disk(path);
    if (image == nullptr) return Error{ENOENT, "cannot open " + path + ": there is no such RAM disk."};
    const bool writes = mode == OpenMode::ReadWrite;
    if (image->writers_ > 0 || (writes && image->readers_ > 0))
        return Error{EBUSY, path + " is locked by another mdscope."};
    return std::unique_ptr<Disk>(std::make_unique<RamDisk>(*this, *image, !writes));
}

void SimKernel::submit(RamDisk& disk, Bio* bio, int error) {
    if (is_aside()) {
        bio_endio(bio, error != 0 ? error : disk.perform(*bio));
        return;
    }
    if (bio->bi_id == 0) bio->bi_id = next_bio_id();
    note_access(&disk.image(), Access::Write);
    note_access(&last_bio_id_, Access::Write);
    in_flight_.push_back({bio, &disk, error, now_ns_, running_ != nullptr ? running_->pid : 0, disk.image().changes()});
    if (bio->bi_op != BioOp::Read) media_changes_++;
    Line(*this) << "submit " << bio->bi_id << " " << disk.name() << " " << kBioKinds[bio->bi_kind] << " "
                << kBioOps[bio->bi_op] << " " << bio->bi_sector << "+" << bio_sectors(*bio);
    if (running_ == nullptr) return;
    const bool is_one_step = running_->in_irq && options_.granularity != Granularity::Fine;
    if (!is_one_step) yield();
}

std::vector<BioInfo> SimKernel::in_flight() const {
    std::vector<BioInfo> list;
    for (const InFlight& flying : in_flight_)
        list.push_back(bio_info(*flying.bio, flying.disk->name(), false, flying.since_ns));
    return list;
}

std::uint64_t SimKernel::flushed_by(const Bio& bio) const {
    const auto found =
        std::ranges::find(in_flight_, &bio, [](const InFlight& flying) -> const Bio* { return flying.bio; });
    return found != in_flight_.end() && (bio.bi_flags & REQ_PREFLUSH) != 0 ? found->medium_changes : 0;
}

void SimKernel::append_in_flight(const RamDisk& disk, std::vector<BioInfo>& list) const {
    for (const InFlight& flying : in_flight_)
        if (flying.disk == &disk) list.push_back(bio_info(*flying.bio, disk.name(), false, flying.since_ns));
}

// ---- files

Result<std::string> SimKernel::read_file(const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end()) return Error{ENOENT, "cannot open " + path + ": there is no such file."};
    if (heeds_contents_ && running_ != nullptr) running_->contents = mix(running_->contents, found->second);
    return found->second;
}

// Durable in one piece; others may run before it is.
Result<bool> SimKernel::replace_file(const std::string& path, std::string_view text) {
    if (running_ != nullptr && !is_aside()) yield();
    files_[path] = text;
    media_changes_++;
    if (!is_aside()) Line(*this) << "replace " << path << " " << text.size();
    return true;
}

// ---- clock, chance, log

std::uint64_t SimKernel::wall_clock() {
    constexpr std::uint64_t kBegin = 1'617'235'200;  // 1 April 2021, 00:00 UTC
    return (kBegin + now_ns_ / kNsPerSec) | ((now_ns_ % kNsPerSec / 1000) << 40);
}

void SimKernel::get_random_bytes(void* buffer, std::size_t size) {
    auto* next = static_cast<std::byte*>(buffer);
    while (size > 0) {
        const std::uint64_t word = prng_.next();
        const std::size_t part = std::min(size, sizeof word);
        std::memcpy(next, &word, part);
        next += part;
        size -= part;
    }
}

void SimKernel::printk(LogLevel level, std::string text) {
    Line(*this) << "log " << text;
    log_.push_back({now_ns_, level, std::move(text)});
    if (log_sink_) log_sink_(log_.back());
}

// ---- faults

void SimKernel::oops(Oops fault) {
    if (halted_) throw Halted();  // Only the first fault counts.
    complete_fault(fault, now_ns_);
    first_oops_ = std::move(fault);
    halted_ = true;
    announce_fault(*this, *first_oops_);
    while (options_.freeze_at_oops && running_ != nullptr) {
        running_->state = SimTask::State::Idle;
        sleep(*running_);
    }
    throw Halted();
}

}  // namespace mdscope
