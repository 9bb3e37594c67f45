// SPDX-License-Identifier: MIT
// The anchors of a container, as mdmon keeps them: one write is the same block on every member, one after the other,
// and on each the extended part in front of the anchor, each durable before the next one begins.
//
// That order is what an assembly relies on (choose.hpp): a cut leaves some members with the new block and some with the
// one before. So that nobody ever falls two behind, those that are behind are written first. And so that a copy of an
// image that was made before an array was used, or while it was dirty, is more than one behind after that, the first
// write of a use, and each that says clean after dirty, are made twice.
//
// mdmon of mdadm goes on when a member cannot be written. Here such a member fails, as one does that cannot write its
// superblock; if it is the last one, the write has failed, and what depends on it waits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/md/md.hpp"
#include "engine/mdadm/imsm/state.hpp"
#include "engine/mdadm/mdmon/metadata_store.hpp"

namespace mdscope {

// A member's disk. It stays open as long as `keep` is held.
struct ImsmTarget {
    Rdev* rdev = nullptr;
    Disk* disk = nullptr;
    std::shared_ptr<const void> keep;
};

class ImsmStore final : public MetadataStore {
   public:
    struct Origin {
        ImsmAnchor anchor;  // the right copy
        std::uint32_t volume = 0;
        std::map<Uuid, std::uint32_t> generations;  // of each member's own copy
        std::set<Uuid> absent;                      // members that are not there
        // The member with this serial, if it is bound and has not failed.
        std::function<ImsmTarget(const Uuid&)> find_member;
    };
    ImsmStore(Kernel& kernel, Mddev& mddev, Origin origin);

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] bool can_hold(const Container& container) const override;
    [[nodiscard]] bool wants_flushes() const override;  // the row of `anchor-writes`
    Result<bool> write(Container& next) override;
    [[nodiscard]] std::uint64_t knowledge() const override;

    // This disk may be given a slot. From any task.
    void expect(const ImsmNewDisk& disk);
    [[nodiscard]] ImsmAnchor anchor() const;  // as last written; from any task

   private:
    struct Round;
    [[nodiscard]] ImsmChange change_for(const Container& next);
    [[nodiscard]] std::vector<Uuid> members_of(const ImsmAnchor& anchor) const;
    [[nodiscard]] Round write_round(const ImsmAnchor& anchor);
    [[nodiscard]] int write_to(const Uuid& serial, const std::vector<std::byte>& block, Rdev** rdev) const;
    [[nodiscard]] bool is_source(const ImsmAnchor& anchor, const Uuid& serial) const;
    void give_up(const Round& round, Container& next);

    Kernel& kernel_;
    Mddev& mddev_;
    const Origin origin_;
    const std::string name_ = "IMSM metadata";
    // The task's own.
    std::map<Uuid, std::uint32_t> generations_;
    std::uint32_t newest_;    // that may be on any disk
    bool is_first_ = true;    // write of this use
    bool is_unsure_ = false;  // the last one failed: on disk may be the old or the new
    mutable SpinLock lock_;
    ImsmAnchor anchor_ GUARDED_BY(lock_);
    std::vector<ImsmNewDisk> new_disks_ GUARDED_BY(lock_);
};

// Durable when it returns, unless `flags` are 0; takes a copy of the bytes. 0 or -errno.
[[nodiscard]] int write_imsm_sectors(Kernel& kernel, Disk& disk, Sector sector, std::span<const std::byte> bytes,
                                     unsigned flags = REQ_FUA);

// Writes a disk's block, in this order, as mdadm does. 0 or -errno.
[[nodiscard]] int write_imsm_block(Kernel& kernel, Disk& disk, const std::vector<std::byte>& block,
                                   unsigned flags = REQ_FUA);

}  // namespace mdscope
