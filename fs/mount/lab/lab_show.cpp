// The readable files of lab/: counters, bios, chunks, tasks, log. Nothing here sleeps. Their words: engine/look.
#include <fmt/format.h>

#include <algorithm>

#include "engine/md/bitmap/bitmap.hpp"
#include "fs/mount/lab/lab.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kScanStep = 2048;      // chunks looked at in one hold of counts.lock
constexpr std::size_t kMaxChunkLines = 16384;  // what one read of lab/chunks shows at most

std::string counter_flags(BitmapCounter counter) {
    std::string flags;
    if (NEEDED(counter)) flags += "NEEDED,";
    if (RESYNC(counter)) flags += "RESYNC,";
    if (flags.empty()) return "-";
    flags.pop_back();
    return flags;
}

}  // namespace

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

// ---- chunks

std::string show_chunks(Lab& lab) {
    std::uint64_t first = 0, count = 0;
    {
        const std::lock_guard guard(lab.mutex);
        first = lab.chunks_first;
        count = lab.chunks_count;
    }
    const Mddev& mddev = lab.array.mddev();
    const Bitmap* bitmap = mddev.bitmap.peek();
    if (bitmap == nullptr) return "no bitmap\n";
    const std::uint64_t chunks = bitmap->counts.chunks;
    const bool ranged = count != 0;
    const std::uint64_t end = ranged ? std::min(chunks, first + count) : chunks;

    std::string text = "chunk counter flags bit\n";
    std::size_t lines = 0;
    for (std::uint64_t at = ranged ? first : 0; at < end; at += kScanStep) {
        for (const BitmapChunkInfo& info : md_bitmap_chunks(*bitmap, at, std::min(kScanStep, end - at))) {
            if (!ranged && info.counter == 0 && !info.bit) continue;
            if (++lines > kMaxChunkLines) return text + "... more; write a range (FIRST-LAST) to see them\n";
            text += fmt::format("{} {} {} {}\n", info.chunk, COUNTER(info.counter), counter_flags(info.counter),
                                info.bit ? 1 : 0);
        }
    }
    return text;
}

// `FIRST-LAST` or one number: every chunk of that range is shown; `all`: those that are not clean.
int store_chunks(Lab& lab, std::string_view value) {
    const auto number = [](std::string_view digits, std::uint64_t* out) {
        if (digits.empty() || digits.size() > 18) return false;
        *out = 0;
        for (const char c : digits) {
            if (c < '0' || c > '9') return false;
            *out = *out * 10 + static_cast<std::uint64_t>(c - '0');
        }
        return true;
    };
    std::uint64_t first = 0, last = 0;
    if (value == "all") {
        const std::lock_guard guard(lab.mutex);
        lab.chunks_first = lab.chunks_count = 0;
        return 0;
    }
    const std::size_t dash = value.find('-');
    if (!number(value.substr(0, dash), &first)) return -EINVAL;
    last = first;
    if (dash != std::string_view::npos && !number(value.substr(dash + 1), &last)) return -EINVAL;
    if (last < first) return -EINVAL;
    const std::lock_guard guard(lab.mutex);
    lab.chunks_first = first;
    lab.chunks_count = last - first + 1;
    return 0;
}

// ---- the kernel's

std::string show_log(Lab& lab) {
    std::string text;
    for (const LogLine& line : lab.kernel.log()) text += log_line_text(line) + "\n";
    return text;
}

std::string show_tasks(Lab& lab) {
    const std::uint64_t now = lab.kernel.ktime_ns();
    return tasks_text(lab.kernel.tasks(), now);
}

}  // namespace mdscope
