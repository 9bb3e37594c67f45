// SPDX-License-Identifier: MIT
// Disks of a simulation: memory with a volatile cache.
//
//   RamImage   the medium. It outlives every RamDisk opened on it, as an image file outlives a mount.
//   RamDisk    the disk that a task has open: bios go to the SimKernel, which ends them when a chooser says so.
//
// A write changes the cached content only; a flush (Flush, PREFLUSH) makes all that is cached durable, FUA the sectors
// of that write. power_cut() drops what is not durable, wholly or by sector, since a disk may write back in any order.
// A bio takes effect at its completion, in one piece: a read and a write that are in flight together are seen in either
// order.
//
// Sectors are made when first written; what was never written reads as zeros. What every write touches lies apart from
// the bytes, which often stay the same, so that a search, which copies the memory that it finds written, copies little:
//
//   sector 7:  [ its hashes, whether it is not yet durable ] -> [ cached 512 bytes ], [ durable 512 bytes ]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/kernel/disk.hpp"

namespace mdscope {

class SimKernel;

class RamImage {
   public:
    RamImage(std::string path, std::uint64_t size_bytes);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

    void read(std::uint64_t offset, std::span<std::byte> buffer) const;
    void read_durable(std::uint64_t offset, std::span<std::byte> buffer) const;
    void write(std::uint64_t offset, std::span<const std::byte> data);
    void zero(std::uint64_t offset, std::uint64_t size);
    void flush();                                                // everything
    void flush_range(std::uint64_t offset, std::uint64_t size);  // the sectors that it touches
    // Cached and durable at once: how a test prepares an image.
    void store(std::uint64_t offset, std::span<const std::byte> data);

    [[nodiscard]] std::vector<Sector> volatile_sectors() const;  // cached, not durable; ascending
    // The cache is lost, but for the sectors that `survives` picks: those had been written back already.
    void power_cut(const std::function<bool(Sector)>& survives = {});

    // ---- for whoever looks at the medium as a whole

    using SectorContent = std::array<std::byte, kSectorSize>;
    using PageContent = std::array<std::byte, kPageSize>;
    // Of what it holds, the same for equal contents: sectors of zeros count as sectors that are not there. With
    // `durable` of both contents, else of the cached one. Costs what changed since it was asked last.
    [[nodiscard]] std::uint64_t content_hash(bool durable) const;
    // One of the contents of a sector, which stay there until the image is changed.
    [[nodiscard]] std::span<const std::byte, kSectorSize> sector(Sector number, bool durable) const;
    // Each page of which something is there, in ascending order: its number and the hash of one of its contents (0:
    // zeros).
    void for_each_page(bool durable, const std::function<void(std::uint64_t number, std::uint64_t hash)>& visit) const;
    [[nodiscard]] PageContent page(std::uint64_t number, bool durable) const;
    // Puts this content there, cached and durable; nullptr: zeros. `hash` is its hash. Nothing is touched where that is
    // so already.
    void set_page(std::uint64_t number, const PageContent* content, std::uint64_t hash);
    // Moves with every write and flush.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    // changes() after the last write to this sector.
    [[nodiscard]] std::uint64_t written(Sector number) const;
    static std::uint64_t hash_of(const PageContent& content);  // 0: zeros; what its sectors add up to
    // What a sector with this content adds to its page's hash.
    static std::uint64_t share_of(Sector number, std::span<const std::byte> content);

   private:
    friend class RamDisk;
    friend class SimKernel;
    // Bytes and their hash, which is worked out when somebody asks; whoever changes the bytes takes it away.
    struct Content {
        std::uint64_t hash = 0;  // 0: zeros
        bool is_hashed = true;
        std::unique_ptr<SectorContent> bytes;  // nullptr: zeros
    };
    struct Kept {
        Sector number = 0;
        std::uint64_t written = 0;  // changes() after the last write to it
        bool is_volatile = false;
        std::array<Content, 2> contents{};  // cached, durable
    };
    enum Which : std::uint8_t { Cached, Durable };
    void read_from(Which which, std::uint64_t offset, std::span<std::byte> buffer) const;
    Kept& kept(Sector number);
    void mark_volatile(Kept& kept);
    void make_durable(Kept& kept);
    static const std::byte* bytes_of(const Content& content);
    std::byte* to_change(Kept& kept, Which which);
    void set(Kept& kept, Which which, std::size_t within, std::span<const std::byte> bytes);
    void find_hashes() const;

    using Sectors = std::map<Sector, Kept>;
    [[nodiscard]] std::uint64_t page_hash(Sectors::const_iterator& next, std::uint64_t number, Which which) const;

    std::string path_;
    std::string name_;
    std::uint64_t size_bytes_;
    mutable Sectors sectors_;
    std::vector<Kept*> volatile_;  // in the order they became so
    // What all hashes that are known add up to, and who has none.
    mutable std::array<std::uint64_t, 2> sums_{};
    mutable std::vector<std::pair<Kept*, Which>> unhashed_;
    std::uint64_t changes_ = 0;
    int writers_ = 0;  // who has it open
    int readers_ = 0;
};

class RamDisk final : public Disk {
   public:
    RamDisk(SimKernel& kernel, RamImage& image, bool read_only);
    ~RamDisk() override;
    RamDisk(const RamDisk&) = delete;
    RamDisk& operator=(const RamDisk&) = delete;

    void submit(Bio* bio) override;
    void submit_to_fail(Bio* bio, int error) override;
    [[nodiscard]] std::uint64_t size_bytes() const override { return image_.size_bytes(); }
    [[nodiscard]] const std::string& name() const override { return image_.name(); }
    [[nodiscard]] bool read_only() const override { return read_only_; }
    [[nodiscard]] std::uint64_t user_sectors() const override { return user_sectors_; }
    void append_in_flight(std::vector<BioInfo>& list) const override;
    [[nodiscard]] RamImage& image() const { return image_; }

    int perform(const Bio& bio);  // what the completion that was chosen does; 0 or -errno

   private:
    SimKernel& kernel_;
    RamImage& image_;
    bool read_only_;
    std::uint64_t user_sectors_ = 0;
};

}  // namespace mdscope
