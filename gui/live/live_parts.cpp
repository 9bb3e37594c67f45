// SPDX-License-Identifier: MIT

#include "gui/live/live_parts.hpp"

#include <sys/statvfs.h>

#include <algorithm>

namespace mdscope::gui {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPartLimit = 4 << 20;
constexpr milliseconds kPartPeriod{100};
constexpr milliseconds kSpacePeriod{2000};
constexpr std::uint64_t kLittleSpace = 1 << 20;

}  // namespace

void PartReader::turn(const Snapshot& snapshot, LiveClock::time_point now) {
    read_parts(snapshot, now);
    look_for_space(snapshot, now);
}

void PartReader::forget() {
    oops_read_ = 0;
    range_written_.clear();
}

void PartReader::read_parts(const Snapshot& snapshot, LiveClock::time_point now) {
    const std::uint64_t oops = snapshot.oops ? std::max<std::uint64_t>(snapshot.oops->at_ns, 1) : 0;
    const bool due = now - parts_at_ >= kPartPeriod;
    std::array<bool, kParts> wanted{};
    {
        const std::lock_guard guard(core_.mutex);
        for (std::size_t i = 0; i < kParts; i++)
            wanted[i] = core_.visible && core_.wanted[i] && (due || core_.view.parts[i] == nullptr);
        if (oops == 0 && oops_read_ != 0) core_.view.parts[static_cast<std::size_t>(Part::Oops)] = nullptr;
    }
    if (oops != oops_read_ && oops != 0) wanted[static_cast<std::size_t>(Part::Oops)] = true;
    oops_read_ = oops;
    for (std::size_t i = 0; i < kParts; i++)
        if (wanted[i]) read_part(static_cast<Part>(i));
    if (due) {
        read_chunks();
        parts_at_ = now;
    }
}

void PartReader::read_part(Part part) {
    Result<std::string> text = core_.ask(part_file(part), kPartLimit);
    auto read = std::make_shared<LivePart>();
    read->read_at = LiveClock::now();
    const std::lock_guard guard(core_.mutex);
    std::shared_ptr<const LivePart>& before = core_.view.parts[static_cast<std::size_t>(part)];
    if (text) {
        if (text->ends_with('\n')) text->pop_back();
        read->text = std::move(*text);
    } else {
        read->problem = advice_for_read(core_.mount, part_file(part), text.error().err);
        if (before != nullptr) read->text = before->text;
    }
    const bool same = before != nullptr && before->text == read->text && before->problem == read->problem;
    before = std::move(read);
    core_.tell(same ? News::Quiet : News::Loud);
}

// The range is the mount's, not ours: another window may have written its own, and then ours is written again.
void PartReader::read_chunks() {
    std::optional<std::pair<std::uint64_t, std::uint64_t>> wanted;
    {
        const std::lock_guard guard(core_.mutex);
        if (core_.visible) wanted = core_.chunks_wanted;
    }
    if (!wanted) return give_back();
    const std::string range = chunk_range_text({wanted->first, wanted->second, true});
    auto read = std::make_shared<LiveChunks>();
    read->first = wanted->first;
    read->last = wanted->second;
    const int err = range == range_written_ ? 0 : write_control(core_.path_of("lab/chunks"), range);
    const Result<std::string> text = err == 0 ? core_.ask("lab/chunks", kPartLimit) : Error{err, ""};
    if (text) {
        read->chunks = parse_chunks(*text);
        const bool is_ours = read->chunks.empty() || read->chunks.front().chunk == wanted->first;
        range_written_ = is_ours ? range : "";
        if (!is_ours) return;
    } else {
        read->problem = advice_for_read(core_.mount_now(), "lab/chunks", text.error().err);
    }
    const std::lock_guard guard(core_.mutex);
    const bool same = core_.view.chunks != nullptr && *core_.view.chunks == *read;
    core_.view.chunks = std::move(read);
    core_.tell(same ? News::Quiet : News::Loud);
}

// Who reads the file at a shell finds it as usual again.
void PartReader::give_back() {
    if (range_written_.empty()) return;
    range_written_.clear();
    if (write_control(core_.path_of("lab/chunks"), chunk_range_text({})) != 0)
        return;  // the next read of the snapshot says why
}

// ---- a full disk

void PartReader::look_for_space(const Snapshot& snapshot, LiveClock::time_point now) {
    if (now - space_at_ < kSpacePeriod) return;
    space_at_ = now;
    std::string folder;
    {
        const std::lock_guard guard(core_.mutex);
        folder = core_.mount.lab_folder;
    }
    struct statvfs space {};
    if (folder.empty() || statvfs(folder.c_str(), &space) != 0) return;
    Advice problem;
    if (const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize; free < kLittleSpace) {
        std::string failed;
        for (const SnapshotMember& member : snapshot.members)
            if (std::ranges::find(member.flags, "Faulty") != member.flags.end()) failed += " " + member.name;
        problem.tried = "writing to the images in " + folder;
        problem.found =
            "the file system that holds them is full" + (failed.empty() ? "" : ", and has failed:" + failed);
        problem.remedy =
            "Free some space there. What was acknowledged is on the members that are left; a member that failed comes "
            "back by remove and re-add";
    }
    const std::lock_guard guard(core_.mutex);
    if (core_.view.space_problem == problem) return;
    core_.view.space_problem = problem;
    core_.tell(News::Loud);
}

}  // namespace mdscope::gui
