// SPDX-License-Identifier: MIT
// Superblocks of version 1, between the array and its members' pages: load (is it one, is it newer), validate (take
// what it says), sync (say what is). The bytes themselves are format.hpp's.
//
// A member may be one event behind the freshest: a crash between two superblock writes leaves that. Its own opinion of
// its role is then not to be trusted, the freshest superblock's is (dc1cc22ed58f); trusting it was a corruption bug of
// md. Not trusting it where it says "spare" was the next one (variants/spare_role.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/spare_role.hpp"

namespace mdscope {

static Superblock1 sb_of(const Rdev& rdev) {
    return decode_super_1(*rdev.sb_page);
}

static unsigned round_up(std::size_t value, unsigned unit) {
    return static_cast<unsigned>((value + unit - 1) / unit * unit);
}

static bool same_array(const Superblock1& a, const Superblock1& b) {
    return a.set_uuid == b.set_uuid && a.level == b.level && a.layout == b.layout && a.chunksize == b.chunksize;
}

// The log is read only when the superblock says it holds something.
static int load_bad_blocks(Rdev& rdev, const Superblock1& sb) {
    rdev.badblocks.shift = -1;
    if (sb.bblog_offset == 0 || sb.bblog_size == 0) return 0;
    if (sb.bblog_size > kPageSize / kSectorSize) return -EINVAL;
    rdev.badblocks.shift = sb.bblog_shift;
    rdev.badblocks.log_sector = rdev.sb_start + static_cast<Sector>(static_cast<std::int64_t>(sb.bblog_offset));
    rdev.badblocks.log_sectors = sb.bblog_size;
    rdev.badblocks.clear_all();
    if ((sb.feature_map & MD_FEATURE_BAD_BLOCKS) == 0) return 0;
    std::ranges::fill(*rdev.bb_page, std::byte{0xff});
    const int err = sync_page_io(rdev, static_cast<Sector>(static_cast<std::int64_t>(sb.bblog_offset)),
                                 unsigned{sb.bblog_size} << kSectorShift, rdev.bb_page->data(), BioOp::Read, true);
    if (err != 0) return -EIO;
    return rdev.badblocks.load_log(rdev.bb_page->data()) ? 0 : -EINVAL;
}

int super_1_load(Rdev& rdev, Rdev* refdev, int minor_version) {
    MD_FRAME("super_1_load");
    rdev.sb_start = super_1_sector(minor_version, rdev.bdev->size_sectors());
    if (sync_page_io(rdev, 0, kPageSize, rdev.sb_page->data(), BioOp::Read, true) != 0) {
        rdev.kernel.printk(LogLevel::Err, fmt::format("md: disabled device {}, could not read superblock.", rdev.name));
        return -EIO;
    }
    const std::string why = check_super_1(*rdev.sb_page, rdev.sb_start, minor_version, rdev.bdev->size_sectors());
    if (!why.empty()) {
        rdev.kernel.printk(LogLevel::Warn,
                           fmt::format("md: {} does not have a valid v1.{} superblock, not importing! ({})", rdev.name,
                                       minor_version, why));
        return -EINVAL;
    }
    const Superblock1 sb = sb_of(rdev);
    rdev.data_offset = rdev.new_data_offset = sb.data_offset;
    rdev.sb_size = round_up(256 + std::size_t{2} * sb.max_dev, rdev.bdev->logical_block_size());
    rdev.sectors = std::min(sb.data_size, rdev.bdev->size_sectors() - sb.data_offset);
    rdev.corrected_errors = sb.cnt_corrected_read;
    rdev.device_events = sb.events;
    rdev.desc_nr = sb.dev_number < sb.max_dev ? static_cast<int>(sb.dev_number) : -1;
    if (const int err = load_bad_blocks(rdev, sb); err != 0) return err;
    const bool has_role = sb.role() < MD_DISK_ROLE_MAX;
    if (refdev == nullptr) return has_role ? 1 : 0;
    const Superblock1 ref = sb_of(*refdev);
    if (!same_array(sb, ref)) {
        rdev.kernel.printk(LogLevel::Warn,
                           fmt::format("md: {} has strangely different superblock to {}", rdev.name, refdev->name));
        return -EINVAL;
    }
    return has_role && sb.events > ref.events ? 1 : 0;
}

// The first (freshest) superblock describes the array.
static void describe_array(Mddev& mddev, const Superblock1& sb) {
    const SpinGuard guard(mddev.lock);
    mddev.major_version = 1;
    mddev.external = false;
    mddev.persistent = true;
    mddev.chunk_sectors = sb.chunksize;
    mddev.ctime = sb.ctime;
    mddev.utime = sb.utime;
    mddev.level = sb.level;
    mddev.clevel.clear();
    mddev.layout = static_cast<int>(sb.layout);
    mddev.raid_disks = static_cast<int>(sb.raid_disks);
    mddev.dev_sectors = sb.size;
    mddev.events = sb.events;
    mddev.recovery_cp = sb.resync_offset;
    mddev.uuid = sb.set_uuid;
    mddev.set_name = sb.set_name;
    mddev.max_disks = (4096 - 256) / 2;
    mddev.bitmap_info.offset = 0;
    mddev.bitmap_info.space = 0;
    mddev.bitmap_info.default_offset = 1024 >> kSectorShift;
    mddev.bitmap_info.default_space = (4096 - 1024) >> kSectorShift;
    if ((sb.feature_map & MD_FEATURE_BITMAP_OFFSET) == 0 || mddev.bitmap_info.file != nullptr) return;
    mddev.bitmap_info.offset = sb.bitmap_offset;
    if (mddev.minor_version > 0) return;  // the space is not recorded; 0 is "unknown"
    mddev.bitmap_info.space = static_cast<std::uint64_t>(mddev.bitmap_info.offset > 0
                                                             ? std::max<std::int64_t>(0, 8 - mddev.bitmap_info.offset)
                                                             : -mddev.bitmap_info.offset);
}

static std::uint16_t role_in(const Superblock1& sb, int desc_nr) {
    if (desc_nr < 0 || static_cast<std::size_t>(desc_nr) >= sb.dev_roles.size()) return MD_DISK_ROLE_SPARE;
    return sb.dev_roles[static_cast<std::size_t>(desc_nr)];
}

static void take_role(Mddev& mddev, Rdev& rdev, const Superblock1& sb, std::uint16_t role) {
    if (role == MD_DISK_ROLE_FAULTY) {
        set_bit(Faulty, rdev.flags);
    } else if (role < MD_DISK_ROLE_MAX) {
        rdev.saved_raid_disk = role;
        if ((sb.feature_map & MD_FEATURE_RECOVERY_OFFSET) != 0) {
            rdev.recovery_offset = sb.recovery_offset;
            if ((sb.feature_map & MD_FEATURE_RECOVERY_BITMAP) == 0) rdev.saved_raid_disk = -1;
        } else if (!test_bit(MD_RECOVERY_FROZEN, mddev.recovery)) {
            set_bit(In_sync, rdev.flags);
            rdev.recovery_offset = MaxSector;
        }
        rdev.raid_disk = role;
    }
    if ((sb.devflags & 1) != 0) set_bit(WriteMostly, rdev.flags);
    if ((sb.devflags & 2) != 0) set_bit(FailFast, rdev.flags);
}

int super_1_validate(Mddev& mddev, Rdev* freshest, Rdev& rdev) {
    MD_FRAME("super_1_validate");
    const Superblock1 sb = sb_of(rdev);
    rdev.raid_disk = -1;
    for (const RdevFlag bit : {Faulty, In_sync, Bitmap_sync, WriteMostly}) clear_bit(bit, rdev.flags);

    // One event behind counts as current: a crash may have come between two members' superblocks.
    const std::uint64_t ev1 = sb.events + 1;
    if (mddev.raid_disks == 0) {
        describe_array(mddev, sb);
    } else if (mddev.pers.load() == nullptr) {
        if (role_in(sb, rdev.desc_nr) < MD_DISK_ROLE_MAX && ev1 < mddev.events) return -EINVAL;
    } else if (mddev.bitmap.load() != nullptr) {
        if (sb.events < mddev.bitmap->events_cleared) return 0;  // too old for the bitmap: a plain spare
        if (sb.events < mddev.events) set_bit(Bitmap_sync, rdev.flags);
    } else if (sb.events < mddev.events) {
        return 0;
    }
    rdev.sb_events = sb.events;
    std::uint16_t role = role_in(sb, rdev.desc_nr);
    if (mddev.pers.load() == nullptr && freshest != nullptr && sb.events < mddev.events) {
        role = mddev.variants.row<variants::spare_role>().role(role, role_in(sb_of(*freshest), rdev.desc_nr));
        md_log(mddev, LogLevel::Info,
               fmt::format("md: {} is one event behind, its role is taken from {}", rdev.name, freshest->name));
    }
    take_role(mddev, rdev, sb, role);
    return 0;
}

static void sync_bad_blocks(Mddev& mddev, Rdev& rdev, Superblock1& sb) {
    if (rdev.badblocks.count == 0 && !rdev.badblocks.changed) return;
    if (sb.bblog_offset == 0) {
        md_error(mddev, rdev);  // nowhere to record them
        return;
    }
    if (rdev.badblocks.count != 0) sb.feature_map |= MD_FEATURE_BAD_BLOCKS;
    if (!rdev.badblocks.changed.exchange(false)) return;
    rdev.badblocks.store_log(rdev.bb_page->data());
    rdev.bb_write = true;
}

static std::uint16_t role_of(const Rdev& rdev) {
    if (test_bit(Faulty, rdev.flags)) return MD_DISK_ROLE_FAULTY;
    return rdev.raid_disk >= 0 ? static_cast<std::uint16_t>(rdev.raid_disk.load()) : MD_DISK_ROLE_SPARE;
}

static void sync_roles(const Mddev& mddev, Superblock1& sb) REQUIRES(mddev.lock) {
    for (const Rdev* rdev : mddev.disks)
        sb.max_dev = std::max(sb.max_dev, static_cast<std::uint32_t>(rdev->desc_nr + 1));
    sb.dev_roles.assign(sb.max_dev, MD_DISK_ROLE_SPARE);
    for (const Rdev* rdev : mddev.disks) sb.dev_roles[static_cast<std::size_t>(rdev->desc_nr)] = role_of(*rdev);
}

// How far a sync has come may lie behind the end of an array that was made smaller since: what is written has to be
// accepted when it is read.
static Sector within(const Mddev& mddev, Sector done) {
    return done == MaxSector ? done : std::min(done, mddev.dev_sectors.load());
}

void super_1_sync(Mddev& mddev, Rdev& rdev) {
    MD_FRAME("super_1_sync");
    Superblock1 sb = sb_of(rdev);
    sb.feature_map = 0;
    sb.recovery_offset = 0;
    sb.utime = mddev.utime;
    sb.events = mddev.events;
    sb.resync_offset = mddev.in_sync != 0 ? within(mddev, mddev.recovery_cp) : 0;
    sb.cnt_corrected_read = static_cast<std::uint32_t>(rdev.corrected_errors.load());
    sb.raid_disks = static_cast<std::uint32_t>(mddev.raid_disks.load());
    sb.size = mddev.dev_sectors;
    sb.dev_number = static_cast<std::uint32_t>(rdev.desc_nr);
    sb.data_offset = rdev.data_offset;
    sb.data_size = rdev.sectors;
    sb.devflags = static_cast<std::uint8_t>((test_bit(WriteMostly, rdev.flags) ? 1 : 0) |
                                            (test_bit(FailFast, rdev.flags) ? 2 : 0));
    const bool has_bitmap = mddev.bitmap.load() != nullptr;
    if (has_bitmap && mddev.bitmap_info.file == nullptr) {
        sb.bitmap_offset = static_cast<std::int32_t>(mddev.bitmap_info.offset);
        sb.feature_map |= MD_FEATURE_BITMAP_OFFSET;
    }
    if (rdev.raid_disk >= 0 && !test_bit(In_sync, rdev.flags)) {
        sb.feature_map |= MD_FEATURE_RECOVERY_OFFSET;
        sb.recovery_offset = within(mddev, rdev.recovery_offset);
        if (rdev.saved_raid_disk >= 0 && has_bitmap) sb.feature_map |= MD_FEATURE_RECOVERY_BITMAP;
    }
    sync_bad_blocks(mddev, rdev, sb);
    sync_roles(mddev, sb);
    rdev.sb_size = round_up(256 + std::size_t{2} * sb.max_dev, rdev.bdev->logical_block_size());
    encode_super_1(sb, *rdev.sb_page);
}

}  // namespace mdscope
