// SPDX-License-Identifier: MIT

#include "engine/md/variants/pools.hpp"

#include <array>

#include "engine/md/md.hpp"

namespace mdscope {

namespace {

void pools_exit(Mddev& mddev) {
    mddev.bio_set.destroy();
    mddev.sync_set.destroy();
}
void pools_keep(Mddev&) {}

constexpr std::array kPools = {
    PoolLife{{"mddev", "the bio pools live as long as the array's mddev"}, pools_keep},
    PoolLife{{"stop", "the bio pools are destroyed at the end of __md_stop"}, pools_exit},
};

}  // namespace

std::span<const PoolLife> variants::pools::rows() {
    return kPools;
}

}  // namespace mdscope
