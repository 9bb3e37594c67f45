#include "engine/kernel/trace.hpp"

namespace mdscope {

void trace_event(Kernel& kernel, trace::Tracer& tracer, trace::Point point, std::array<trace::Arg, 3> args) {
    if (!tracer.wants(point)) return;
    if (current != nullptr)
        tracer.record(point, kernel.ktime_ns(), current->comm, current->pid, args);
    else
        tracer.record(point, kernel.ktime_ns(), "-", 0, args);
}

const char* kind_word(BioKind kind) {
    switch (kind) {
        case BioKind::Data:
            return "data";
        case BioKind::Superblock:
            return "superblock";
        case BioKind::Bitmap:
            return "bitmap";
        case BioKind::BadBlocks:
            return "badblocks";
        case BioKind::Resync:
            return "resync";
    }
    return "?";
}

}  // namespace mdscope
