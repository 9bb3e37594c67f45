// SPDX-License-Identifier: MIT
// md/: the table of all files of an array, how a name is found in it and a write is made, and the files that are
// neither geometry (sysfs_geometry.cpp) nor about syncing (sysfs_sync.cpp).
//
// Rules for every file here and there. A show takes only SpinLocks, so it is answered while a stop sleeps. A store
// takes reconfig_mutex (interruptible: -EINTR) where md does; safe_mode_delay, max_read_errors, fail_last_dev, sync_*
// and the rest of the one-field files take nothing. Values are parsed strictly (sysfs_parse.hpp).
//
// Different from md, because RAID1 has no use for them: reshape_position and reshape_direction keep their one value
// (others -EINVAL), and consistency_policy accepts no `ppl`.
#include <algorithm>
#include <limits>

#include "engine/md/format/format.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/md/sysfs/sysfs_tables.hpp"

namespace mdscope {

namespace sysfs {

namespace {

std::string uuid_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return line(format_uuid_dashed(mddev.uuid));
}

// ---- resync_start

std::string resync_start_show(Mddev& mddev) {
    return sectors_or(mddev.recovery_cp, "none");
}

int resync_start_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("resync_start_store");
    Sector start = MaxSector;
    if (!cmd_match(value, "none"))
        if (const int err = kstrtoull(value, &start); err != 0) return err;
    return with_mddev_lock(mddev, [&] {
        const bool running = mddev.pers.load() != nullptr;
        if (running && !test_bit(MD_RECOVERY_FROZEN, mddev.recovery)) return -EBUSY;
        mddev.recovery_cp = start;
        if (running) set_bit(MD_SB_CHANGE_CLEAN, mddev.sb_flags);
        return 0;
    });
}

// ---- safe_mode_delay

std::string safe_delay_show(Mddev& mddev) {
    const std::uint64_t msec = mddev.safemode_delay / kNsPerMs;
    return fmt::format("{}.{:03}\n", msec / 1000, msec % 1000);
}

int safe_delay_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("safe_delay_store");
    std::uint64_t msec = 0;
    if (strict_strtoul_scaled(value, 3, &msec) != 0) return -EINVAL;
    if (msec > std::numeric_limits<unsigned>::max()) return -EINVAL;
    const std::uint64_t delay = msec * kNsPerMs;
    const std::uint64_t old_delay = mddev.safemode_delay.exchange(delay);
    // A shorter wait may be over already: let the timer look now rather than when the longer one ends.
    if (delay != 0 && (delay < old_delay || old_delay == 0))
        mddev.kernel.mod_timer(mddev.safemode_timer, mddev.kernel.ktime_ns() + kNsPerMs);
    return 0;
}

// ---- one-field files

std::string max_read_errors_show(Mddev& mddev) {
    return line(mddev.max_read_errors.load());
}

int max_read_errors_store(Mddev& mddev, std::string_view value) {
    unsigned count = 0;
    if (const int err = kstrtouint(value, &count); err != 0) return err;
    if (count > static_cast<unsigned>(std::numeric_limits<int>::max())) return -EINVAL;
    mddev.max_read_errors = static_cast<int>(count);
    return 0;
}

std::string fail_last_dev_show(Mddev& mddev) {
    return line(mddev.fail_last_dev ? 1 : 0);
}

int fail_last_dev_store(Mddev& mddev, std::string_view value) {
    bool fail = false;
    if (const int err = kstrtobool(value, &fail); err != 0) return err;
    mddev.fail_last_dev = fail;
    return 0;
}

bool is_raid1(const Mddev& mddev) {
    const MdPersonality* pers = mddev.pers;
    return pers != nullptr && pers->level == 1;
}

std::string serialize_policy_show(Mddev& mddev) {
    return is_raid1(mddev) ? line(mddev.serialize_policy ? 1 : 0) : "n/a\n";
}

int serialize_policy_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("serialize_policy_store");
    bool serialize = false;
    if (const int err = kstrtobool(value, &serialize); err != 0) return err;
    if (serialize == mddev.serialize_policy) return 0;
    return with_mddev_lock(mddev, [&] {
        if (!is_raid1(mddev)) {
            md_log(mddev, LogLevel::Err, "md: serialize_policy is only effective for raid1");
            return -EINVAL;
        }
        mddev_suspend(mddev);
        mddev.serialize_policy = serialize;
        mddev_resume(mddev);
        return 0;
    });
}

// ---- consistency_policy, reshape_*

std::string consistency_policy_show(Mddev& mddev) {
    if (mddev.bitmap.load() != nullptr) return "bitmap\n";
    const MdPersonality* pers = mddev.pers;
    if (pers == nullptr) return "unknown\n";
    return pers->sync_request != nullptr ? "resync\n" : "none\n";
}

int consistency_policy_store(Mddev& mddev, std::string_view /*value*/) {
    return mddev.pers.load() != nullptr ? -EBUSY : -EINVAL;
}

std::string reshape_position_show(Mddev& /*mddev*/) {
    return "none\n";
}

int reshape_position_store(Mddev& mddev, std::string_view value) {
    Sector position = 0;
    if (const int err = kstrtoull(value, &position); err != 0) return err;
    return mddev.pers.load() != nullptr ? -EBUSY : -EINVAL;
}

std::string reshape_direction_show(Mddev& /*mddev*/) {
    return "forwards\n";
}

int reshape_direction_store(Mddev& /*mddev*/, std::string_view value) {
    return cmd_match(value, "forwards") ? 0 : -EINVAL;
}

constexpr MdAttr kDefaultAttrs[] = {
    {"uuid", 0444, uuid_show, nullptr, false, nullptr},
    {"resync_start", 0644, resync_start_show, resync_start_store, false, nullptr},
    {"safe_mode_delay", 0644, safe_delay_show, safe_delay_store, false, nullptr},
    {"array_state", 0644, array_state_show, array_state_store, false, &Mddev::sysfs_state},
    {"reshape_position", 0644, reshape_position_show, reshape_position_store, false, nullptr},
    {"reshape_direction", 0644, reshape_direction_show, reshape_direction_store, false, nullptr},
    {"max_read_errors", 0644, max_read_errors_show, max_read_errors_store, false, nullptr},
    {"consistency_policy", 0644, consistency_policy_show, consistency_policy_store, false, nullptr},
    {"fail_last_dev", 0644, fail_last_dev_show, fail_last_dev_store, false, nullptr},
    {"serialize_policy", 0644, serialize_policy_show, serialize_policy_store, false, nullptr},
};

}  // namespace

std::span<const MdAttr> md_default_attrs() {
    return kDefaultAttrs;
}

}  // namespace sysfs

// ---- the whole table

std::span<const MdAttr> md_attrs() {
    static const std::vector<MdAttr> attrs = [] {
        std::vector<MdAttr> all;
        for (const auto part : {sysfs::md_geometry_attrs(), sysfs::md_default_attrs(), sysfs::md_redundancy_attrs()})
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }();
    return attrs;
}

const MdAttr* find_md_attr(std::string_view name) {
    constexpr std::string_view kBitmapFolder = "bitmap/";
    const bool in_bitmap = name.starts_with(kBitmapFolder);
    if (in_bitmap) name.remove_prefix(kBitmapFolder.size());
    const std::span<const MdAttr> attrs = in_bitmap ? md_bitmap_attrs() : md_attrs();
    const auto found = std::find_if(attrs.begin(), attrs.end(), [&](const MdAttr& attr) { return attr.name == name; });
    return found == attrs.end() ? nullptr : &*found;
}

bool md_attr_visible(const Mddev& mddev, const MdAttr& attr) {
    if (!attr.redundancy_only) return true;
    const MdPersonality* pers = mddev.pers;
    return pers != nullptr && pers->sync_request != nullptr;
}

int md_attr_store(Mddev& mddev, std::string_view name, std::string_view value) {
    MD_FRAME("md_attr_store");
    const MdAttr* attr = find_md_attr(name);
    if (attr == nullptr || !md_attr_visible(mddev, *attr)) return -ENOENT;
    if (attr->store == nullptr) return -EACCES;
    return attr->store(mddev, sysfs::without_newline(value));
}

}  // namespace mdscope
