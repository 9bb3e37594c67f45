// SPDX-License-Identifier: MIT
// What `mdscope create` is going to write, worked out before anything is touched.
//
// plan_lab turns options into files with their bytes; create_lab (create.cpp) checks that nothing is overwritten and
// writes them. A plan is small however large the members are: images are sparse, and only metadata is in `pieces`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/mdadm/array.hpp"

namespace mdscope {

struct Piece {
    std::uint64_t offset;  // bytes
    std::vector<std::byte> bytes;
};

struct PlannedFile {
    std::string path;
    std::uint64_t size;  // bytes; sparse where there is no piece
    std::vector<Piece> pieces;
};

struct LabPlan {
    // Images, then the bitmap file, then the sidecar: what makes the others count comes last.
    std::vector<PlannedFile> files;
    std::vector<std::string> images;
    std::string text;  // for CreateReport
};

Result<LabPlan> plan_lab(const CreateOptions& options);

// "64M", "1088K", "1536 bytes": exact, in the unit a person would type.
std::string unit_text(std::uint64_t bytes);

}  // namespace mdscope
