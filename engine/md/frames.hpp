// SPDX-License-Identifier: MIT
// Functions of md that others ask for by name, whatever the array and whatever the bug: who sleeps in its thread's loop
// has nothing to do; a context inside a completion ends a bio. What belongs to one bug stands in its exhibit.
//
// Each is the name of an MD_FRAME, which tests/tidy_test.cpp checks.
#pragma once

#include <string_view>

namespace mdscope::frames {

inline constexpr std::string_view kMdThread = "md_thread";
inline constexpr std::string_view kStop = "do_md_stop";
inline constexpr std::string_view kSyncBlockdev = "sync_blockdev";
inline constexpr std::string_view kMdError = "md_error";
inline constexpr std::string_view kSuperWritten = "super_written";
inline constexpr std::string_view kEndBitmapWrite = "end_bitmap_write";

// Where a cut may find an array (engine/explore/crash_places.cpp).
inline constexpr std::string_view kWriteStart = "md_write_start";
inline constexpr std::string_view kUnplug = "md_bitmap_unplug";
inline constexpr std::string_view kFlushes = "md_flush_request";
inline constexpr std::string_view kSyncPageOfRepair = "r1_sync_page_io";
inline constexpr std::string_view kResize = "raid1_resize";
inline constexpr std::string_view kCondEndSync = "md_bitmap_cond_end_sync";
inline constexpr std::string_view kDoSync = "md_do_sync";
inline constexpr std::string_view kReapSync = "md_reap_sync_thread";
inline constexpr std::string_view kStopWrites = "__md_stop_writes";
inline constexpr std::string_view kBitmapFlush = "md_bitmap_flush";
inline constexpr std::string_view kBitmapUpdateSb = "md_bitmap_update_sb";
inline constexpr std::string_view kUpdateSb = "md_update_sb";
inline constexpr std::string_view kExport = "export_array";
inline constexpr std::string_view kLocation = "location_store";
inline constexpr std::string_view kRun = "do_md_run";

// Whether it is called by bio_endio when a write of the metadata has ended.
constexpr bool is_metadata_completion(std::string_view function) {
    return function == kSuperWritten || function == kEndBitmapWrite;
}

}  // namespace mdscope::frames
