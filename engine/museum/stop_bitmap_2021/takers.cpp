// SPDX-License-Identifier: MIT
// Who takes away what a completion needs. Behind its count a completion in the order of 2021 still touches the bio's
// pool and its member, that of a bitmap file the bitmap's queue; in the order of 2022 only the mddev, which stays.
#include <algorithm>
#include <array>

#include "engine/museum/stop_bitmap_2021/tables.hpp"

namespace mdscope::stop_bitmap_2021 {

namespace {

using museum::Loss;
using museum::Rows;
using museum::Taker;

bool always(const Rows& /*rows*/, bool /*has_counted*/) {
    return true;
}
bool before_the_count(const Rows& /*rows*/, bool has_counted) {
    return !has_counted;
}
bool behind_an_early_count(const Rows& rows, bool has_counted) {
    return has_counted && rows.name("order") == "2021";
}
bool with_pools(const Rows& rows, bool has_counted) {
    return rows.name("pools") == "stop" && (!has_counted || rows.name("order") == "2021");
}

bool is_dead_pool(const Oops& oops) {
    return oops.function == "mempool_free";
}
bool is_freed_member(const Oops& oops) {
    return oops.object == "rdev";
}
bool is_freed_bitmap(const Oops& oops) {
    return oops.object == "bitmap";
}
bool is_null_mddev(const Oops& oops) {
    return oops.object == "rdev->mddev";
}

std::string dead_pool(const Oops& /*oops*/) {
    return "super_written gave its bio back to a pool that __md_stop had destroyed";
}
std::string freed_member(const Oops& oops) {
    return oops.function + " touched a member that rdev_delayed_delete had freed";
}
std::string freed_bitmap(const Oops& oops) {
    return oops.function + " touched the bitmap that md_bitmap_free had freed";
}
std::string null_mddev(const Oops& oops) {
    const bool in_md_error = std::ranges::find(oops.stack, "md_error") != oops.stack.end();
    return (in_md_error ? "md_error" : oops.function) +
           " followed rdev->mddev, which unbind_rdev_from_array had set to NULL";
}

constexpr std::array kTakers = {
    Taker{"__md_stop", Loss::Pools, kMddevCounter, with_pools, is_dead_pool, dead_pool, "destroys the bio pools",
          "__md_stop destroys the array's bio pools",
          "{who} {has} destroyed the bio pools while {bio} is in flight: when it ends, its bio goes back to a pool "
          "that is gone."},
    Taker{"rdev_delayed_delete", Loss::Memory, kMddevCounter, behind_an_early_count, is_freed_member, freed_member,
          nullptr, "rdev_delayed_delete frees {member}",
          "{who} {has} freed {member} while {bio} is in flight: when it ends, super_written touches freed memory."},
    Taker{"md_bitmap_free", Loss::Structure, kBitmapCounter, always, is_freed_bitmap, freed_bitmap, "frees the bitmap",
          "md_bitmap_free frees the bitmap", nullptr},
    Taker{"raid1_free", Loss::Structure, "", before_the_count, nullptr, nullptr, "takes raid1 apart",
          "raid1_free frees the configuration", nullptr},
    Taker{"unbind_rdev_from_array", Loss::Pointer, kMddevCounter, before_the_count, is_null_mddev, null_mddev,
          "unbinds {member}", "unbind_rdev_from_array sets rdev->mddev of {member} to NULL",
          "{who} {has} unbound {member} while {bio} is in flight: when it ends, super_written follows a NULL "
          "pointer."},
};

}  // namespace

std::span<const Taker> takers() {
    return kTakers;
}

}  // namespace mdscope::stop_bitmap_2021
