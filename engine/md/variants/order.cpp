// SPDX-License-Identifier: MIT

#include "engine/md/variants/order.hpp"

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

void count_down(Mddev& mddev) {
    TRACE(mddev.kernel, pending_down, "mddev", mddev.pending_writes.peek());
    if (mddev.pending_writes.dec_and_test()) wake_up(mddev.sb_wait);
}

// The count first: at zero the stopper may go on, and every line after that touches what it may be freeing.
void finish_2021(Bio* bio, Mddev* mddev) {
    Rdev& rdev = rdev_of(bio);
    count_down(*rdev.mddev.checked(mddev));
    super_let_go_of(rdev_of(bio), mddev);
    bio_put(bio);
}

// 341097ee5357: everything that could be freed is touched before the count goes down.
void finish_2022(Bio* bio, Mddev* mddev) {
    Rdev& rdev = rdev_of(bio);
    bio_put(bio);
    super_let_go_of(rdev, mddev);
    count_down(*rdev.mddev.checked(mddev));
}

constexpr std::array kOrders = {
    WrittenOrder{{"2021", "pending_writes goes down first, then the member and the bio are touched"}, finish_2021},
    WrittenOrder{{"2022", "the bio and the member are let go first, pending_writes goes down last"}, finish_2022},
};

}  // namespace

std::span<const WrittenOrder> variants::order::rows() {
    return kOrders;
}

}  // namespace mdscope
