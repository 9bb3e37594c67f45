// SPDX-License-Identifier: MIT
// mdscope examine: what `mdadm -E` and `mdadm -X` say of a member, in one, for any md 1.x image and for our own.
//
//   examine_image    opens the path read-only and looks; it changes nothing and never hangs (a FIFO is refused). Of
//   IMSM
//                    the serial says which of the disks this one is; without one it is /dev/NAME, as mdadm takes it for
//                    a disk without a serial (IMSM_DEVNAME_AS_SERIAL)
//   examination_text mdadm 4.2's layout, line for line (the name of a host it is local to left out), then the bitmap as
//                    -X shows it; a line `        mdscope : ...` only where mdscope would refuse the member
//   examination_json the same facts as one JSON object on one line, with units in the names
//
// Whatever the superblock claims, the work is bounded: bits are counted up to 2^32 of them, roles up to 1920.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/kernel/result.hpp"
#include "engine/md/format/format.hpp"
#include "engine/mdadm/bitmap_bits.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/imsm/examine_imsm.hpp"
#include "engine/mdadm/probe.hpp"

namespace mdscope {

struct Examination {
    std::string path;
    Sector sectors = 0;
    std::optional<FoundSuper1> super;
    // Of an internal bitmap, or of a file that is a bitmap file.
    std::optional<BitmapSuper> bitmap;
    // Of the bitmap, or of the external bitmap when the sidecar beside the image says where it is.
    std::optional<BitmapBits> bits;
    std::optional<Result<LabLabel>> label;
    std::optional<Result<Container>> container;  // container.json in the image's folder, if there is a label
    std::optional<ImsmExamined> imsm;
};

inline constexpr int kExaminationVersion = 1;  // of the JSON object; fields may be added within one

Result<Examination> examine_image(const std::string& path, const std::string& serial = "");
std::string examination_text(const Examination& examination);
std::string examination_json(const Examination& examination);

Result<std::string> examine_text(const std::string& path, const std::string& serial = "");
Result<std::string> examine_json(const std::string& path, const std::string& serial = "");

}  // namespace mdscope
