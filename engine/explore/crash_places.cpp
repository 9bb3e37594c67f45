// SPDX-License-Identifier: MIT

#include "engine/explore/crash_places.hpp"

#include <algorithm>
#include <vector>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/frames.hpp"

namespace mdscope {

// What is looked at once for all places.
class CrashFacts {
   public:
    explicit CrashFacts(const SimLab& lab_) : lab(lab_), mddev(lab_.mddev()) {
        for (const SleepInfo& task : lab.kernel.tasks()) {
            frames_.insert(frames_.end(), task.stack.begin(), task.stack.end());
            if (task.queue != nullptr && std::string_view(task.queue) == "synchronize_rcu") in_grace = true;
        }
        lab.kernel.for_each_write_in_flight([this](const Bio& bio, const RamImage&) { count(bio); });
        for (const BioInfo& bio : lab.kernel.in_flight()) {
            if (bio.op == BioOp::Flush) flushes++;
            if (bio.op == BioOp::Read && bio.kind == BioKind::Resync) resync_reads++;
        }
        look_at_members();
        look_at_bitmap();
    }

    [[nodiscard]] bool is_in(std::string_view frame) const {
        return std::ranges::any_of(frames_, [frame](const char* name) { return name == frame; });
    }
    [[nodiscard]] bool is_running() const { return mddev.pers.peek() != nullptr; }
    [[nodiscard]] bool is(RecoveryFlag flag) const { return (mddev.recovery.peek() >> flag & 1U) != 0; }
    [[nodiscard]] bool is_resyncing() const { return is(MD_RECOVERY_RUNNING) && is(MD_RECOVERY_SYNC); }
    [[nodiscard]] bool is_recovering() const { return is(MD_RECOVERY_RUNNING) && is(MD_RECOVERY_RECOVER); }
    [[nodiscard]] bool one_superblock_is_left() const { return superblocks > 0 && superblocks < members; }
    [[nodiscard]] bool one_page_is_left() const { return pages > 0 && pages < holders(); }
    [[nodiscard]] bool has_bitmap() const { return mddev.bitmap.peek() != nullptr; }
    [[nodiscard]] bool is_dirty() const { return mddev.in_sync.peek() == 0; }

    const SimLab& lab;
    const Mddev& mddev;
    std::size_t superblocks = 0, pages = 0, data = 0, resyncs = 0, flushes = 0, resync_reads = 0;  // in flight
    std::size_t members = 0, working = 0, have_all = 0, have_none = 0;  // of the members in their slots
    bool is_faulty = false, is_unrecorded = false, has_write_error = false, has_spare = false, is_last = false;
    bool has_pending_bit = false, has_cleared_bit = false, has_counter_one = false, has_resync_bit = false;
    bool has_new_events_cleared = false, has_bitmap_error = false, has_ended_chunks = false;
    bool in_grace = false, is_torn = false, is_sync_torn = false;

   private:
    void count(const Bio& bio) {
        switch (bio.bi_kind) {
            case BioKind::Superblock:
            case BioKind::BadBlocks:
                superblocks++;
                break;
            case BioKind::Bitmap:
                pages++;
                break;
            case BioKind::Data:
                data++;
                break;
            case BioKind::Resync:
                resyncs++;
                break;
        }
    }
    [[nodiscard]] std::size_t holders() const { return mddev.bitmap_info.file.load() != nullptr ? 1 : members; }

    void look_at_members() {
        const Sector sector = lab.ledger().newest_sector();
        for (const Rdev* rdev : mddev.disks) {
            const std::uint64_t flags = rdev->flags.peek();
            const auto has = [flags](RdevFlag flag) { return (flags >> flag & 1U) != 0; };
            is_faulty = is_faulty || has(Faulty);
            is_unrecorded = is_unrecorded || (has(Faulty) && has(Blocked));
            has_write_error = has_write_error || has(WriteErrorSeen);
            is_last = is_last || has(LastDev);
            if (rdev->raid_disk.peek() < 0 || has(Faulty)) continue;
            members++;
            if (!has(In_sync)) {
                has_spare = true;
                continue;
            }
            working++;
            if (sector != MaxSector) look_at_data(*rdev, sector);
        }
    }
    void look_at_data(const Rdev& rdev, Sector sector) {
        const auto medium = lab.kernel.images().find(rdev.path);
        if (medium == lab.kernel.images().end()) return;
        const Sector at = rdev.data_offset + sector;
        const auto bytes = medium->second->sector(at, false);
        (Ledger::read_stamp(bytes, sector) == lab.ledger().newest(sector) ? have_all : have_none)++;
    }
    void look_at_bitmap() NO_THREAD_SAFETY_ANALYSIS {
        const Bitmap* const bitmap = mddev.bitmap.peek();
        if (bitmap == nullptr) return;
        has_new_events_cleared = bitmap->need_sync.peek();
        has_ended_chunks = bitmap->last_end_sync.peek() > mddev.resync_mark.peek();
        has_bitmap_error = (bitmap->flags.peek() >> BITMAP_WRITE_ERROR & 1U) != 0;
        for (const auto& page : bitmap->storage.filemap) {
            if (page == nullptr) continue;
            has_pending_bit = has_pending_bit || (page->attr.peek() >> BITMAP_PAGE_DIRTY & 1U) != 0;
            has_cleared_bit = has_cleared_bit || (page->attr.peek() >> BITMAP_PAGE_PENDING & 1U) != 0 ||
                              (page->attr.peek() >> BITMAP_PAGE_NEEDWRITE & 1U) != 0;
        }
        const BitmapPage& first = bitmap->counts.bp.front();
        for (std::uint64_t i = 0; first.map != nullptr && i < std::min<std::uint64_t>(bitmap->counts.chunks, 8); i++) {
            const BitmapCounter counter = (*first.map)[i];
            has_counter_one = has_counter_one || counter == 1;
            has_resync_bit = has_resync_bit || (counter & RESYNC_MASK) != 0;
        }
    }

    std::vector<const char*> frames_;
};

namespace {

namespace f = frames;
using Facts = const CrashFacts&;

constexpr std::array kPlaces = {
    CrashPlace{"CP01", "write: before the superblocks say dirty",
               [](Facts x) { return x.is_in(f::kWriteStart) && x.superblocks == 0; }},
    CrashPlace{"CP02", "write: one member's superblock says dirty",
               [](Facts x) { return x.is_in(f::kWriteStart) && x.one_superblock_is_left(); }},
    CrashPlace{"CP03", "write: the bit is set in memory", [](Facts x) { return x.has_pending_bit && x.pages == 0; }},
    CrashPlace{"CP04", "write: the page with the bit is in flight",
               [](Facts x) { return x.is_in(f::kUnplug) && x.pages > 0 && !x.one_page_is_left(); }},
    CrashPlace{"CP05", "write: one member has the page",
               [](Facts x) { return x.is_in(f::kUnplug) && x.members > 1 && x.one_page_is_left(); }},
    CrashPlace{"CP06", "write: each member has the page",
               [](Facts x) { return x.is_in(f::kUnplug) && x.pages == 0 && x.data == 0 && x.have_all == 0; }},
    CrashPlace{"CP07", "write: data is in flight, and nobody has it",
               [](Facts x) { return x.data > 0 && x.have_all == 0; }},
    CrashPlace{"CP08", "write: a member has a part of the data", [](Facts x) { return x.is_torn; }},
    CrashPlace{"CP09", "write: one member has the data, another not",
               [](Facts x) { return x.data > 0 && x.have_all > 0; }},
    CrashPlace{"CP10", "write: all have the data, it is not acknowledged",
               [](Facts x) { return x.have_all > 0 && x.have_none == 0 && x.lab.ledger().is_begun(); }},
    CrashPlace{"CP11", "write: acknowledged, not flushed", [](Facts x) { return x.lab.ledger().is_unflushed(); }},
    CrashPlace{"CP12", "write: one member is flushed",
               [](Facts x) { return x.is_in(f::kFlushes) && x.flushes > 0 && x.flushes < x.members; }},
    CrashPlace{"CP13", "clear: a counter went from 2 to 1", [](Facts x) { return x.has_counter_one; }},
    CrashPlace{"CP14", "clear: a bit is cleared in memory", [](Facts x) { return x.has_cleared_bit; }},
    CrashPlace{"CP15", "clear: one member has the page with the cleared bit",
               [](Facts x) { return !x.is_in(f::kUnplug) && x.members > 1 && x.one_page_is_left(); }},
    CrashPlace{"CP16", "clear: events_cleared has moved in memory only",
               [](Facts x) { return x.has_new_events_cleared; }},
    CrashPlace{"CP17", "errors: a write has failed, its member is not failed yet",
               [](Facts x) { return x.has_write_error && !x.is_faulty; }},
    CrashPlace{"CP18", "errors: a member is failed in memory only", [](Facts x) { return x.is_unrecorded; }},
    CrashPlace{"CP19", "errors: a failure is recorded on one survivor",
               [](Facts x) { return x.is_faulty && x.superblocks > 0; }},
    CrashPlace{"CP20", "errors: one member is left", [](Facts x) { return x.is_running() && x.working == 1; }},
    CrashPlace{"CP21", "errors: a page of the bitmap could not be written",
               [](Facts x) { return x.has_bitmap_error || (x.is_in(f::kUnplug) && x.is_unrecorded); }},
    CrashPlace{"CP22", "errors: what could not be read is written back, and not read again",
               [](Facts x) { return x.is_in(f::kSyncPageOfRepair) && x.resyncs == 0; }},
    CrashPlace{"CP23", "resync: a chunk is being copied", [](Facts x) { return x.has_resync_bit; }},
    CrashPlace{"CP24", "resync: its source is being read",
               [](Facts x) { return x.is_in(f::kDoSync) && x.resync_reads > 0; }},
    CrashPlace{"CP25", "resync: its target is written in part", [](Facts x) { return x.is_sync_torn; }},
    CrashPlace{"CP26", "resync: the chunks that it has behind it are called done",
               [](Facts x) { return x.is(MD_RECOVERY_RUNNING) && x.has_ended_chunks; }},
    CrashPlace{"CP27", "resync: superblocks are being written",
               [](Facts x) { return x.is_resyncing() && x.superblocks > 0; }},
    CrashPlace{"CP28", "resync: its end is being recorded",
               [](Facts x) { return x.is(MD_RECOVERY_DONE) || x.is_in(f::kReapSync); }},
    CrashPlace{"CP29", "resync: one member's superblock says clean",
               [](Facts x) { return x.one_superblock_is_left() && !x.is_dirty(); }},
    CrashPlace{"CP30", "recovery: one member knows the new role",
               [](Facts x) { return x.has_spare && x.one_superblock_is_left(); }},
    CrashPlace{"CP31", "recovery: it goes on", [](Facts x) { return x.is_recovering(); }},
    CrashPlace{"CP32", "recovery: a write comes meanwhile",
               [](Facts x) { return x.is_recovering() && (x.data > 0 || x.lab.ledger().is_begun()); }},
    CrashPlace{"CP33", "recovery: all is copied, the superblocks do not say so",
               [](Facts x) { return x.is(MD_RECOVERY_DONE) && x.is(MD_RECOVERY_RECOVER); }},
    CrashPlace{"CP34", "stop: no write is under way any more",
               [](Facts x) { return x.is_in(f::kStopWrites) && !x.is_in(f::kBitmapFlush); }},
    CrashPlace{"CP35", "stop: between two runs of the daemon",
               [](Facts x) { return x.is_in(f::kBitmapFlush) && x.pages == 0; }},
    CrashPlace{"CP36", "stop: before the run of the daemon that writes what is cleared",
               [](Facts x) { return x.is_in(f::kBitmapFlush) && x.pages == 0 && x.has_cleared_bit; }},
    CrashPlace{"CP37", "stop: pages of the bitmap are in flight",
               [](Facts x) { return x.is_in(f::kBitmapFlush) && x.pages > 0; }},
    CrashPlace{"CP38", "stop: all pages are written, the header is not",
               [](Facts x) { return x.is_in(f::kStop) && x.is_in(f::kBitmapUpdateSb) && x.pages == x.members; }},
    CrashPlace{"CP39", "stop: the bitmap's header is being written",
               [](Facts x) { return x.is_in(f::kStop) && x.is_in(f::kBitmapUpdateSb) && x.pages > 0; }},
    CrashPlace{"CP40", "stop: one member's superblock is written",
               [](Facts x) { return x.is_in(f::kStop) && x.is_in(f::kUpdateSb) && x.one_superblock_is_left(); }},
    CrashPlace{"CP41", "stop: the bitmap is gone, the members are bound",
               [](Facts x) { return x.is_in(f::kStop) && !x.has_bitmap() && x.members > 0; }},
    CrashPlace{"CP42", "stop: members are being let go of", [](Facts x) { return x.is_in(f::kExport); }},
    CrashPlace{"CP43", "stop: a grace period is waited for", [](Facts x) { return x.in_grace; }},
    CrashPlace{"CP44", "stop: the array is gone",
               [](Facts x) { return x.lab.life() == 1 && !x.is_running() && x.lab.tasks_done(); }},
    CrashPlace{"CP45", "bitmap: it is added", [](Facts x) { return x.is_in(f::kLocation) && x.has_bitmap(); }},
    CrashPlace{"CP46", "bitmap: it is removed", [](Facts x) { return x.is_in(f::kLocation) && !x.has_bitmap(); }},
    CrashPlace{"CP47", "bitmap: its pages are written for a new size",
               [](Facts x) { return x.is_in(f::kResize) && x.pages > 0; }},
    CrashPlace{"CP48", "assembly: one member's event count is new",
               [](Facts x) { return x.lab.life() > 1 && x.one_superblock_is_left(); }},
    CrashPlace{"CP49", "assembly: the array does not run yet",
               [](Facts x) { return x.lab.life() > 1 && !x.is_running(); }},
    CrashPlace{"CP50", "assembly: what a cut has left is being resynced or recovered",
               [](Facts x) { return x.lab.life() > 1 && x.is(MD_RECOVERY_RUNNING); }},
};
static_assert(kPlaces.size() <= kMostCrashPlaces);
static_assert(kPlaces.size() == 50);  // none is left out: each one's operation is among those that are searched

bool has_part(const CutOption& option, std::string_view what) {
    const auto parts = std::ranges::count(option.stays, what, &Unsure::what);
    return parts > 0 && option.is_partial;
}

}  // namespace

std::span<const CrashPlace> crash_places() {
    return kPlaces;
}

void count_crash_places(const SimLab& lab, const CutOptions& options, CrashCounts& counts) {
    CrashFacts facts(lab);
    for (const CutOption& option : options.list) {
        facts.is_torn = has_part(option, kBioKinds[BioKind::Data]);
        facts.is_sync_torn = has_part(option, kBioKinds[BioKind::Resync]);
        for (std::size_t i = 0; i < kPlaces.size(); i++)
            if (kPlaces[i].is(facts)) counts[i]++;
    }
}

}  // namespace mdscope
