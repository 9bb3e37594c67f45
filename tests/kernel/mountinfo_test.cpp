// SPDX-License-Identifier: MIT
// The kernel's list of mounts, with everything that may stand in it.
#include "engine/host/mountinfo.hpp"

#include <doctest/doctest.h>

namespace mdscope::test {

TEST_CASE("mounts are found in the kernel's list, names with blanks too, and garbage is none") {
    const auto mounts = parse_mountinfo(
        "22 1 0:21 / /proc rw - proc proc rw\n"
        "42 30 0:39 / /srv/me/my\\040mnt rw,nosuid shared:7 - fuse.mdscope /srv/me/my\\040lab "
        "rw,user_id=65534,group_id=1000,max_read=9\n"
        "44 30 0:41 / /y\\134\\011z rw - fuse.mdscope /l rw\n"
        "garbage\n\n");
    REQUIRE(mounts.size() == 3);
    CHECK(mounts[0].type == "proc");
    CHECK(mounts[1].point == "/srv/me/my mnt");
    CHECK(mounts[1].type == "fuse.mdscope");
    CHECK(mounts[1].source == "/srv/me/my lab");
    CHECK(mounts[1].device == "0:39");
    CHECK(mounts[1].user == 65534);
    CHECK(mounts[1].group == 1000);
    CHECK(mounts[2].user == 0);
    CHECK(mounts[2].point == "/y\\\tz");
}

}  // namespace mdscope::test
