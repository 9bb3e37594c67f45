// SPDX-License-Identifier: MIT
// md/dev-NAME/: where a member's data is and how much of it counts: offset, new_offset, size, recovery_start, ppl_*.
//
// All stores run under reconfig_mutex with the member bound (rdev_attr_store). Sizes are in KiB, the rest in sectors.
// Native metadata keeps offset and size in the superblock, so a change of size is written there first; a superblock
// that lies after the data (1.0) stays where it is, and so does the size then (-EBUSY). With external metadata whoever
// owns the metadata writes these files, offset before size, and overlaps are its own business: images are not shared.
#include <algorithm>
#include <limits>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/md/sysfs/sysfs_tables.hpp"

namespace mdscope::sysfs {

namespace {

bool is_placed(const Mddev& mddev, const Rdev& rdev) {
    return mddev.pers.load() != nullptr && rdev.raid_disk >= 0;
}

// ---- offset, new_offset

std::string offset_show(Rdev& rdev) {
    return line(rdev.data_offset);
}

int offset_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("offset_store");
    Mddev& mddev = *rdev.mddev;
    Sector offset = 0;
    if (kstrtoull(value, &offset) != 0) return -EINVAL;
    if (is_placed(mddev, rdev)) return -EBUSY;
    if (rdev.sectors != 0 && mddev.external) return -EBUSY;  // the offset has to come before the size
    rdev.data_offset = offset;
    rdev.new_data_offset = offset;
    return 0;
}

std::string new_offset_show(Rdev& rdev) {
    return line(rdev.new_data_offset);
}

// The room before the data that metadata needs: superblock with its reserve, bitmap, bad-block log.
bool super_1_allow_new_offset(const Mddev& mddev, const Rdev& rdev, Sector offset) {
    MD_FRAME("super_1_allow_new_offset");
    if (mddev.minor_version == 0) return true;
    constexpr Sector kReserve = (32 + 4) * 2;
    if (rdev.sb_start + kReserve > offset) return false;
    const Bitmap* const bitmap = mddev.bitmap;
    if (bitmap != nullptr && mddev.bitmap_info.file == nullptr) {
        const Sector first = rdev.sb_start + static_cast<Sector>(mddev.bitmap_info.offset);
        if (first + bitmap->storage.file_pages * (kPageSize >> kSectorShift) > offset) return false;
    }
    return rdev.badblocks.log_sector + rdev.badblocks.log_sectors <= offset;
}

int new_offset_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("new_offset_store");
    const Mddev& mddev = *rdev.mddev;
    Sector offset = 0;
    if (kstrtoull(value, &offset) != 0) return -EINVAL;
    if (mddev.sync_thread.load() != nullptr || test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) return -EBUSY;
    if (offset > rdev.data_offset) {
        if (offset - rdev.data_offset + mddev.dev_sectors > rdev.sectors) return -E2BIG;
        return -EINVAL;  // moving data up needs a backwards reshape, which RAID1 does not have
    }
    const bool moves = offset != rdev.data_offset && mddev.pers.load() != nullptr && mddev.persistent;
    if (moves && !super_1_allow_new_offset(mddev, rdev, offset)) return -E2BIG;
    rdev.new_data_offset = offset;
    return 0;
}

// ---- size

std::string size_show(Rdev& rdev) {
    return line(rdev.sectors / 2);
}

// Writes the new size into the member's superblock; 0: not possible. Too much is cut to what the device has.
Sector super_1_rdev_size_change(Mddev& mddev, Rdev& rdev, Sector sectors) {
    MD_FRAME("super_1_rdev_size_change");
    if (sectors != 0 && sectors < mddev.dev_sectors) return 0;
    if (rdev.sb_start >= rdev.data_offset) return 0;
    const Sector most = rdev.bdev->size_sectors() - rdev.data_offset;
    if (sectors == 0 || sectors > most) sectors = most;

    Superblock1 sb = decode_super_1(*rdev.sb_page);
    sb.data_size = sectors;
    encode_super_1(sb, *rdev.sb_page);
    do {
        md_super_write(mddev, rdev, rdev.sb_start, rdev.sb_size, rdev.sb_page->data(), BioKind::Superblock);
    } while (md_super_wait(mddev) < 0);
    return sectors;
}

int size_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("rdev_size_store");
    Mddev& mddev = *rdev.mddev;
    Sector sectors = 0;
    if (strict_blocks_to_sectors(value, &sectors) != 0) return -EINVAL;
    if (rdev.data_offset != rdev.new_data_offset) return -EINVAL;
    if (is_placed(mddev, rdev)) {
        if (mddev.persistent) {
            sectors = super_1_rdev_size_change(mddev, rdev, sectors);
            if (sectors == 0) return -EBUSY;
        } else if (sectors == 0) {
            sectors = rdev.bdev->size_sectors() - rdev.data_offset;
        }
    }
    if (sectors < mddev.dev_sectors) return -EINVAL;
    rdev.sectors = sectors;
    return 0;
}

// ---- recovery_start

std::string recovery_start_show(Rdev& rdev) {
    return test_bit(In_sync, rdev.flags) ? "none\n" : sectors_or(rdev.recovery_offset, "none");
}

int recovery_start_store(Rdev& rdev, std::string_view value) {
    MD_FRAME("recovery_start_store");
    Sector start = MaxSector;
    if (!cmd_match(value, "none") && kstrtoull(value, &start) != 0) return -EINVAL;
    if (is_placed(*rdev.mddev, rdev)) return -EBUSY;
    rdev.recovery_offset = start;
    if (start == MaxSector)
        set_bit(In_sync, rdev.flags);
    else
        clear_bit(In_sync, rdev.flags);
    return 0;
}

// ---- ppl_sector, ppl_size: kept and shown, never used

std::string ppl_sector_show(Rdev& rdev) {
    return line(rdev.ppl_sector.load());
}

int ppl_sector_store(Rdev& rdev, std::string_view value) {
    const Mddev& mddev = *rdev.mddev;
    Sector sector = 0;
    if (kstrtoull(value, &sector) != 0) return -EINVAL;
    if (mddev.persistent) {
        // The superblock keeps the distance in 16 bits.
        const auto distance = static_cast<std::int64_t>(sector - rdev.sb_start);
        using Limits = std::numeric_limits<std::int16_t>;
        if (distance > Limits::max() || distance < Limits::min()) return -EINVAL;
    } else if (!mddev.external) {
        return -EBUSY;
    }
    rdev.ppl_sector = sector;
    return 0;
}

std::string ppl_size_show(Rdev& rdev) {
    return line(rdev.ppl_size.load());
}

int ppl_size_store(Rdev& rdev, std::string_view value) {
    const Mddev& mddev = *rdev.mddev;
    unsigned sectors = 0;
    if (kstrtouint(value, &sectors) != 0) return -EINVAL;
    if (mddev.persistent) {
        if (sectors > std::numeric_limits<std::uint16_t>::max()) return -EINVAL;
    } else if (!mddev.external) {
        return -EBUSY;
    }
    rdev.ppl_size = sectors;
    return 0;
}

constexpr RdevAttr kPlacementAttrs[] = {
    {"offset", 0644, offset_show, offset_store},
    {"new_offset", 0644, new_offset_show, new_offset_store},
    {"size", 0644, size_show, size_store},
    {"recovery_start", 0644, recovery_start_show, recovery_start_store},
    {"ppl_sector", 0644, ppl_sector_show, ppl_sector_store},
    {"ppl_size", 0644, ppl_size_show, ppl_size_store},
};

}  // namespace

std::span<const RdevAttr> rdev_placement_attrs() {
    return kPlacementAttrs;
}

}  // namespace mdscope::sysfs
