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

// Whether it is called by bio_endio when a write of the metadata has ended.
constexpr bool is_metadata_completion(std::string_view function) {
    return function == kSuperWritten || function == kEndBitmapWrite;
}

}  // namespace mdscope::frames
