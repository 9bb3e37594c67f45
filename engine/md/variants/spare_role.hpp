// SPDX-License-Identifier: MIT
// Whose word counts when a member that is one event behind is assembled: since dc1cc22ed58f the freshest superblock
// says its role. An add or a re-add writes two updates, first "spare", then the slot with RECOVERY_OFFSET; if the
// second one reaches the others only, the freshest gives a slot to a member that nothing was copied to, and whose own
// superblock says so: md takes it as in sync, reads from it, and a resync copies it over the good one.
//
// And a member that was behind stays so until the next update, which may again reach the others only: two events
// behind, after a second crash, it is left out, though it may be the only one with all the data.
#pragma once

#include "engine/md/format/format.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct SpareRole : VariantRow {
    std::uint16_t (*role)(std::uint16_t own, std::uint16_t freshest);
    void (*started)(Mddev&);  // before anything else can be written
};

namespace variants {

struct spare_role {
    using Row = SpareRole;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {7,
                                           "spare-role",
                                           "Role of a member that is behind",
                                           "Whether a spare that is one event behind can be taken as in sync",
                                           "own",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    // In a slot it has never heard of, it holds nothing yet: a spare, to be copied to.
    static std::uint16_t both(std::uint16_t own, std::uint16_t freshest) {
        return freshest < MD_DISK_ROLE_MAX && own != freshest ? MD_DISK_ROLE_SPARE : freshest;
    }
    static constexpr SpareRole kRows[] = {
        {{"md", "the freshest superblock alone says the role: a spare can come in as a member in sync"},
         [](std::uint16_t, std::uint16_t freshest) { return freshest; },
         [](Mddev&) {}},
        {{"own", "a member has a slot only if its own superblock knows it, too; else it is a spare"},
         both,
         md_bring_superblocks_up},
    };
    static constexpr std::span<const SpareRole> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
