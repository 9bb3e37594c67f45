// What oops_console.cpp and oops_story.cpp both need to know of an Oops.
#pragma once

#include <string>

#include "engine/kernel/kernel.hpp"
#include "engine/md/md.hpp"

namespace mdscope {

struct OopsFacts {
    const Mddev& mddev;
    const Oops& oops;
    int pending_writes;               // mddev->pending_writes
    bool failed_write;                // the bio had an error: md_error was on its way
    bool on_members;                  // the bitmap is external: what is in flight there is a bitmap page
    bool stop_waits;                  // the fix in use waits somewhere
    std::vector<SleepInfo> sleepers;  // tasks asleep inside a stop
};

OopsFacts facts_of(const Mddev& mddev, const Oops& oops);

}  // namespace mdscope
