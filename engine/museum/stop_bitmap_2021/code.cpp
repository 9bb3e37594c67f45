// SPDX-License-Identifier: MIT
// What the functions of the stop do, in a few lines each: our own engine/md, shortened. None of it is kernel source.
#include <array>

#include "engine/museum/stop_bitmap_2021/tables.hpp"

namespace mdscope::stop_bitmap_2021 {

namespace {

using museum::Code;
using museum::CodeLine;

constexpr std::array kStopWrites = {
    CodeLine{"set(mddev.recovery, FROZEN);"},
    CodeLine{"quiesce(mddev);          // data writes have ended"},
    CodeLine{"md_bitmap_flush(mddev);", "md_bitmap_flush"},
    CodeLine{"if (sb_says_dirty(mddev))"},
    CodeLine{"    md_update_sb(mddev);", "md_update_sb"},
};
constexpr std::array kFlush = {
    CodeLine{"for (int pass = 1; pass <= 3; pass++)"},
    CodeLine{"    md_bitmap_daemon_work(mddev);", "md_bitmap_daemon_work"},
    CodeLine{"if (mddev.bitmap_info.external)", "", true},
    CodeLine{"    md_super_wait(mddev);", "md_super_wait", true},
    CodeLine{"md_bitmap_update_sb(mddev.bitmap);", "md_bitmap_update_sb"},
};
constexpr std::array kDaemonWork = {
    CodeLine{"wait for the writes of the pass before", "md_bitmap_wait_writes"},
    CodeLine{"for (Page& page : bitmap.pages)"},
    CodeLine{"    if (page.needs_writing)"},
    CodeLine{"        write_page(page);      // does not wait"},
};
constexpr std::array kUpdateSb = {
    CodeLine{"if (mddev.bitmap_info.external)"},
    CodeLine{"    return;                    // no header here"},
    CodeLine{"write_page(bitmap.header);"},
    CodeLine{"md_super_wait(mddev);", "md_super_wait"},
};
constexpr std::array kStop = {
    CodeLine{"md_bitmap_destroy(mddev);", "md_bitmap_destroy"},
    CodeLine{"mddev_detach(mddev);", "mddev_detach"},
    CodeLine{"free(mddev.private);"},
    CodeLine{"mddev.pers = nullptr;"},
};
constexpr std::array kBitmapFree = {
    CodeLine{"wait_event(bitmap.write_wait,"},
    CodeLine{"           bitmap.pending_writes == 0);"},
    CodeLine{"// ... the other counter is not asked"},
    CodeLine{"free(bitmap.pages);"},
    CodeLine{"free(bitmap);"},
};
constexpr std::array kExport = {
    CodeLine{"for (Rdev& rdev : mddev.members)"},
    CodeLine{"    unbind_rdev_from_array(rdev);", "unbind_rdev_from_array"},
};
constexpr std::array kUnbind = {
    CodeLine{"remove(mddev.members, rdev);"},
    CodeLine{"rdev.mddev = nullptr;      // whoever follows it now ..."},
    CodeLine{"later(rdev_delayed_delete, rdev);"},
};
constexpr std::array kSuperWait = {
    CodeLine{"wait_event(mddev.sb_wait,"},
    CodeLine{"           mddev.pending_writes == 0);"},
};
constexpr std::array kSuperWritten = {
    CodeLine{"Rdev&  rdev  = *bio.private;"},
    CodeLine{"Mddev& mddev = *rdev.mddev;  // NULL", "", false, "rdev->mddev"},
    CodeLine{"if (--mddev.pending_writes == 0)"},
    CodeLine{"    wake_up(mddev.sb_wait);"},
    CodeLine{"bio_put(bio);", "", false, "mempool_t.elements"},
};
constexpr std::array kEndBitmapWrite = {
    CodeLine{"Bitmap& bitmap = *bio.private;"},
    CodeLine{"if (--bitmap.pending_writes == 0)"},
    CodeLine{"    wake_up(bitmap.write_wait);"},
};

constexpr std::array kCode = {
    Code{"__md_stop_writes", kStopWrites},
    Code{"md_bitmap_flush", kFlush},
    Code{"md_bitmap_daemon_work", kDaemonWork},
    Code{"md_bitmap_update_sb", kUpdateSb},
    Code{"__md_stop", kStop},
    Code{"md_bitmap_free", kBitmapFree},
    Code{"export_array", kExport},
    Code{"unbind_rdev_from_array", kUnbind},
    Code{"md_super_wait", kSuperWait},
    Code{"super_written", kSuperWritten},
    Code{"end_bitmap_write", kEndBitmapWrite},
};

}  // namespace

std::span<const Code> code() {
    return kCode;
}

}  // namespace mdscope::stop_bitmap_2021
