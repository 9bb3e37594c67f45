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
// Pages are made when first written; what was never written reads as zeros. Both contents of a page lie side by side:
//
//   page 7:  [ cached 4096 bytes | durable 4096 bytes | one bit a sector: not yet durable ]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
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

    using Content = std::array<std::byte, kPageSize>;
    // Of what it holds, the same for equal contents: pages of zeros count as pages that are not there. With `durable`
    // of both contents, else of the cached one.
    [[nodiscard]] std::uint64_t content_hash(bool durable) const;
    // Each page that is there, in ascending order: its number, one of its contents, and the hash of that (0: zeros).
    void for_each_page(
        bool durable, const std::function<void(std::uint64_t number, const Content&, std::uint64_t hash)>& visit) const;
    // The cached content of a page; nullptr: zeros.
    [[nodiscard]] const Content* page(std::uint64_t number) const;
    [[nodiscard]] const Content* durable_page(std::uint64_t number) const;
    // Puts this content there, cached and durable; nullptr: zeros. `hash` is its hash. Nothing is touched where that is
    // so already.
    void set_page(std::uint64_t number, const Content* content, std::uint64_t hash);
    // Moves with every write and flush.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    // changes() after the last write to this page.
    [[nodiscard]] std::uint64_t written(std::uint64_t number) const;
    static std::uint64_t hash_of(const Content& content);  // 0: zeros

   private:
    friend class RamDisk;
    friend class SimKernel;
    // A content's hash is worked out when somebody asks; whoever changes the content takes it away.
    struct Hash {
        std::uint64_t value = 0;
        bool is_known = true;
    };
    struct Page {
        std::uint8_t volatile_mask = 0;
        std::uint64_t written = 0;  // changes() after the last write to it
        mutable Hash cached_hash, durable_hash;
        Content cached{};  // behind what changes with it: a search copies the pages that it finds written
        Content durable{};
    };
    static std::uint64_t known(const Content& content, Hash& hash);
    void read_from(Content Page::*content, std::uint64_t offset, std::span<std::byte> buffer) const;
    void mark_volatile(std::uint64_t number, Page& page, std::uint8_t mask);
    static void make_durable(Page& page, std::uint8_t mask);

    std::string path_;
    std::string name_;
    std::uint64_t size_bytes_;
    std::map<std::uint64_t, Page> pages_;
    std::vector<std::uint64_t> volatile_pages_;  // those with a mask, in the order they got one
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
