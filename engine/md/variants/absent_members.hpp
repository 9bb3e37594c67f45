// SPDX-License-Identifier: MIT
// What the bitmap is still worth for members that are out. It lets a member come back by its marked chunks alone, so no
// mark may go that such a member still needs. md loses some:
//
//   a recovery          clears the marks as it copies, while a member that is out remembers its slot (or its superblock
//                       has an event count at which nothing was cleared yet), and is copied to by what is left of them
//   a full array        clears marks, and a member bound beside it keeps its old slot in mind
//   a recovered member  is in sync before all pages of the bitmap were written to it, and theirs are read at the next
//   start a degraded start    with `events_cleared == events`, or with a bitmap that is out of date, calls the marked
//   chunks
//                       clean
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct Bitmap;
struct Mddev;
struct Rdev;

struct AbsentMembers : VariantRow {
    void (*bound)(Mddev&, Rdev&);       // a member was bound to the running array
    void (*slot_given)(Mddev&, Rdev&);  // ... and got a slot: marks may be cleared from here on
    void (*recovered)(
        Mddev&);  // those that were copied to are about to be in sync: their bitmap may be the one that is read
    bool (*keeps_marks)(const Bitmap&);  // at a start: all marks are needed, whatever recovery_cp says
};

namespace variants {

struct absent_members {
    using Row = AbsentMembers;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {9,
                                           "absent-members",
                                           "Marks for absent members",
                                           "Whether marks that an absent member still needs can be lost",
                                           "kept",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static std::span<const AbsentMembers> rows();  // md, kept
};

}  // namespace variants

}  // namespace mdscope
