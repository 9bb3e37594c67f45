// The rows of two axes (the order inside super_written, the life of the bio pools) and of the kernel eras. The third
// axis, the fixes of the stop, is in stop_fixes.cpp.
#include "engine/md/variants/axes.hpp"

#include <array>

#include "engine/kernel/trace.hpp"
#include "engine/md/md.hpp"

namespace mdscope {

namespace {

// The completion's view of its member: the pointer came with the bio, and nothing keeps the member alive for it.
Rdev& rdev_of(Bio* bio) {
    auto* rdev = static_cast<Rdev*>(bio->bi_private);
    if (rdev->freed) kptr_fault(rdev->kernel, "rdev", true);
    return *rdev;
}

void drop_rdev(Rdev& rdev, Mddev* mddev) {
    const bool faulty = test_bit(Faulty, rdev.flags);
    if (!faulty) {
        rdev.nr_pending.dec();  // to what, nobody wants to know
    } else if (rdev.nr_pending.dec_and_test()) {
        set_bit(MD_RECOVERY_NEEDED, rdev.mddev.checked(mddev)->recovery);
        md_wakeup_thread(*mddev, mddev->thread);
    }
}

void count_down(Mddev& mddev) {
    TRACE(mddev.kernel, pending_down, "mddev", mddev.pending_writes.peek());
    if (mddev.pending_writes.dec_and_test()) wake_up(mddev.sb_wait);
}

// The count first: at zero the stopper may go on, and every line after that touches what it may be freeing.
void finish_2021(Bio* bio, Mddev* mddev) {
    Rdev& rdev = rdev_of(bio);
    count_down(*rdev.mddev.checked(mddev));
    drop_rdev(rdev_of(bio), mddev);
    bio_put(bio);
}

// 341097ee5357: everything that could be freed is touched before the count goes down.
void finish_2022(Bio* bio, Mddev* mddev) {
    Rdev& rdev = rdev_of(bio);
    bio_put(bio);
    drop_rdev(rdev, mddev);
    count_down(*rdev.mddev.checked(mddev));
}

constexpr std::array kOrders = {
    WrittenOrder{"2021", "pending_writes goes down first, then the member and the bio are touched", finish_2021},
    WrittenOrder{"2022", "the bio and the member are let go first, pending_writes goes down last", finish_2022},
};

void pools_exit(Mddev& mddev) {
    mddev.bio_set.destroy();
    mddev.sync_set.destroy();
}
void pools_keep(Mddev&) {}

constexpr std::array kPools = {
    PoolLife{"mddev", "the bio pools live as long as the array's mddev", pools_keep, pools_exit},
    PoolLife{"stop", "the bio pools are destroyed at the end of __md_stop", pools_exit, pools_keep},
};

constexpr std::array kEras = {
    KernelEra{"4.14", "none", "2021", "mddev", true},          KernelEra{"5.12", "none", "2021", "mddev", true},
    KernelEra{"5.13", "upstream", "2021", "mddev", true},      KernelEra{"6.1.192", "upstream", "2022", "stop", false},
    KernelEra{"6.1.192-nofix", "none", "2022", "stop", false},
};

template <class Row>
const Row* find_row(std::span<const Row> rows, std::string_view name) {
    for (const Row& row : rows)
        if (name == row.name) return &row;
    return nullptr;
}

}  // namespace

std::span<const WrittenOrder> written_orders() {
    return kOrders;
}
std::span<const PoolLife> pool_lives() {
    return kPools;
}
std::span<const KernelEra> kernel_eras() {
    return kEras;
}

const StopFix* find_stop_fix(std::string_view name) {
    return find_row(stop_fixes(), name);
}
const WrittenOrder* find_written_order(std::string_view name) {
    return find_row(written_orders(), name);
}
const PoolLife* find_pool_life(std::string_view name) {
    return find_row(pool_lives(), name);
}
const KernelEra* find_kernel_era(std::string_view name) {
    return find_row(kernel_eras(), name);
}

Axes default_axes() {
    return {find_stop_fix("upstream"), find_written_order("2022"), find_pool_life("mddev"), true};
}

Axes axes_of(const KernelEra& era) {
    return {find_stop_fix(era.fix), find_written_order(era.order), find_pool_life(era.pools),
            era.mdstat_external_bitmap};
}

}  // namespace mdscope
