// SPDX-License-Identifier: MIT
// The readable files of lab/: counters, bios, chunks, tasks, log. Nothing here sleeps. Their words: engine/look.
#include "engine/md/bitmap/bitmap.hpp"
#include "fs/mount/lab/lab.hpp"

namespace mdscope {

std::string show_pending_writes(Lab& lab) {
    const Mddev& mddev = lab.array.mddev();
    // A bitmap that was destroyed stays in memory; only its counter is of no interest any more.
    const Bitmap* bitmap = mddev.bitmap.peek();
    return pending_writes_text(mddev.pending_writes.peek(), bitmap != nullptr ? bitmap->pending_writes.peek() : 0);
}

std::string show_bios(Lab& lab) {
    const std::uint64_t now = lab.kernel.ktime_ns();
    return bios_text(lab.array.bios(), now);
}

std::string show_chunks(Lab& lab) {
    ChunkRange range;
    {
        const std::lock_guard guard(lab.mutex);
        range = lab.chunks_range;
    }
    return chunks_file(lab.array.mddev(), range);
}

int store_chunks(Lab& lab, std::string_view value) {
    const std::optional<ChunkRange> range = parse_chunk_range(value);
    if (!range) return -EINVAL;
    const std::lock_guard guard(lab.mutex);
    lab.chunks_range = *range;
    return 0;
}

std::string show_log(Lab& lab) {
    std::uint64_t place = 0;
    return lab.log_text.read(&place, std::string::npos);
}

std::string show_tasks(Lab& lab) {
    const std::uint64_t now = lab.kernel.ktime_ns();
    return tasks_text(lab.kernel.tasks(), now);
}

}  // namespace mdscope
