// SPDX-License-Identifier: MIT
// When the completion of a data write gives its bio back: the data path's twin of `order`.
//
// raid1_end_write_request ends the request and then puts the clone. At its end a request lets go of the barrier, and a
// stop that waited for it goes on; where the bio pools die in the stop (`pools stop`) the clone goes back to a pool
// that is no more. 341097ee5357 mended the same in super_written.
#pragma once

#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct ClonePut : VariantRow {
    void (*finish)(Bio&, R1bio*);  // puts the clone, and counts it down in its request
};

namespace variants {

struct clone_put {
    using Row = ClonePut;
    static constexpr EraRow kEras[] = {{"3.15", "last"}};
    static constexpr VariantFacts facts = {16,
                                           "clone-put",
                                           "Order in raid1_end_write_request",
                                           "When a data write gives its bio back",
                                           "first",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr ClonePut kRows[] = {
        {{"last", "a data write ends its request, and gives its bio back after that"},
         [](Bio& bio, R1bio* r1_bio) {
             r1_bio_write_done(r1_bio);
             bio_put(&bio);
         }},
        {{"first", "a data write gives its bio back, and ends its request after that"},
         [](Bio& bio, R1bio* r1_bio) {
             bio_put(&bio);
             r1_bio_write_done(r1_bio);
         }},
    };
    static constexpr std::span<const ClonePut> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
