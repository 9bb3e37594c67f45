// The functions that occur in the call trees printed by the real kernel: a tree of only these can be compared with
// them.
#pragma once

#include "engine/trace/call_tree.hpp"

namespace mdscope {

inline const trace::CallTreeSink::Names kReferenceNames = {"array_state_store",
                                                           "do_md_stop",
                                                           "mddev_unlock",
                                                           "__md_stop_writes",
                                                           "raid1_quiesce",
                                                           "freeze_array",
                                                           "md_bitmap_flush",
                                                           "md_bitmap_daemon_work",
                                                           "md_bitmap_wait_writes",
                                                           "md_super_wait",
                                                           "write_page",
                                                           "md_super_write",
                                                           "md_bitmap_update_sb",
                                                           "__md_stop",
                                                           "md_bitmap_destroy",
                                                           "md_bitmap_wait_behind_writes",
                                                           "md_bitmap_free",
                                                           "md_bitmap_file_unmap",
                                                           "free_buffers",
                                                           "mddev_detach",
                                                           "md_unregister_thread",
                                                           "raid1_free",
                                                           "unbind_rdev_from_array",
                                                           "export_rdev"};

}  // namespace mdscope
