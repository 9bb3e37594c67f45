// SPDX-License-Identifier: MIT
// What was promised about the data, sector by sector: which writes were begun, acknowledged, flushed. Kept beside a
// simulated array by the tasks that use it, and compared with what lies on its media.
//
// Each write has a number, and fills its sectors with a stamp of it, so that a sector tells which write it is from:
//
//   0        zeros: a sector that nobody has ever written, a blank member
//   1        what was there when everything began
//   2, 3...  the writes of the tasks; a discard is a write, of which zeros tell nothing more
//
//   sector 128    1  2  4  5          all writes that it may be from, in their order
//                    |     |  '------ begun: may be read, may be gone after a cut
//                    |     '--------- the last acknowledged: nothing older may ever be read
//                    '--------------- the last flushed: nothing older may be there after the power was cut
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/explore/saved_search.hpp"
#include "engine/kernel/bio.hpp"

namespace mdscope {

using WriteNumber = std::uint32_t;

class Ledger {
   public:
    static constexpr WriteNumber kBlank = 0;
    static constexpr WriteNumber kBeginning = 1;
    static constexpr WriteNumber kGarbled = ~WriteNumber{0};  // stamped as no write, or as another sector

    // A sector's content, and what a content says. `sector` is one of the array.
    static void stamp(std::span<std::byte> content, Sector sector, WriteNumber number);
    static WriteNumber read_stamp(std::span<const std::byte> content, Sector sector);

    // A write to these sectors begins; they are written to by nobody else until it has ended.
    WriteNumber begin(Sector sector, Sector count);
    WriteNumber begin_discard(Sector sector, Sector count);
    // It has ended: acknowledged (with `durable` when it was written through), or failed, after which its sectors may
    // hold either.
    void end(WriteNumber number, bool acknowledged, bool durable);
    // A flush begins; when it has succeeded, what was acknowledged before it began is durable.
    [[nodiscard]] std::vector<WriteNumber> flush_begins() const;
    void flushed(const std::vector<WriteNumber>& acknowledged_then);
    // The power was cut: what was not flushed may be gone.
    void power_was_cut();

    // From here on the array has no such sectors. When it has them again they may hold anything that was not written
    // since.
    void end_at(Sector end);

    // What a read may give. Sectors that were never written since the beginning: kBeginning.
    [[nodiscard]] bool may_be_read(Sector sector, WriteNumber number) const;
    [[nodiscard]] WriteNumber acknowledged(Sector sector) const;
    [[nodiscard]] bool is_discard(WriteNumber number) const;
    // The sector that was written last, and by which write; MaxSector: none was.
    [[nodiscard]] Sector newest_sector() const;
    [[nodiscard]] WriteNumber newest(Sector sector) const;
    [[nodiscard]] bool is_begun() const;      // a write that is not acknowledged
    [[nodiscard]] bool is_unflushed() const;  // one that is, and is not flushed
    // Each sector that was written, ascending.
    struct Promise {
        Sector sector;
        WriteNumber flushed, acknowledged, newest;
    };
    [[nodiscard]] std::vector<Promise> promises() const;
    [[nodiscard]] std::uint64_t hash() const;
    // Moves with every change of what must hold.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    bool operator==(const Ledger&) const = default;
    void save(SearchWriter& to) const;
    void load(SearchReader& from);

   private:
    static constexpr std::size_t kMost = 12;
    struct Entry {
        Sector sector;
        std::array<WriteNumber, kMost> writes;  // flushed first, newest last
        std::uint8_t count, acknowledged;       // an index; the flushed one is at 0
        bool operator==(const Entry& other) const;
    };
    Entry& entry(Sector sector);
    [[nodiscard]] const Entry* find(Sector sector) const;

    std::vector<Entry> entries_;         // ascending; only sectors that were written
    std::vector<WriteNumber> discards_;  // ascending
    Sector known_end_ = ~Sector{0};
    WriteNumber last_ = kBeginning;
    std::uint64_t changes_ = 0;
};

}  // namespace mdscope
