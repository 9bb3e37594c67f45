// SPDX-License-Identifier: MIT
// The end of a sync of hardly any sectors. md keeps states and positions in one number (curr_resync), and what ends at
// sector 3 or before looks like a sync that has not begun. The fuzzer found it: such a recovery began again for ever.
#include <doctest/doctest.h>

#include "tests/sim_array.hpp"

namespace mdscope {
namespace {

TEST_CASE("an array of two sectors is recovered once, and then it is whole") {
    testing::SimArray lab(testing::SimArray::planned(testing::SimArray::small("external")), "external");
    REQUIRE(lab.start() == "");
    lab.kernel.add_ram_disk("lab/sdc.img", 2ULL << 20);
    std::string why;
    REQUIRE(lab.run([&] { return lab.array.add("lab/sdc.img", &why); }) == 0);
    REQUIRE(lab.run([&] { return md_attr_store(lab.array.mddev(), "component_size", "1"); }) == 0);
    for (Rdev* rdev : rdev_list(lab.array.mddev()))
        if (rdev->name == "sda") CHECK(lab.run([&] { return rdev_attr_store(*rdev, "state", "faulty"); }) == 0);
    CHECK(lab.kernel.run_until_idle(20'000) != SimKernel::Outcome::Limit);
    CHECK(lab.array.mddev().degraded == 0);
}

}  // namespace
}  // namespace mdscope
