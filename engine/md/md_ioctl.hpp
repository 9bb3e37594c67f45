// SPDX-License-Identifier: MIT
// What an open md0 can be asked by ioctl, as md_ioctl of md.c does it: each command is one step, no array_state words.
//
//   STOP_ARRAY, STOP_ARRAY_RO   nobody but the caller has it open -> MD_CLOSING -> sync_blockdev -> reconfig_mutex ->
//                               do_md_stop(0) or md_set_readonly -> MD_CLOSING off
//   GET_ARRAY_INFO              fills an mdu_array_info_t; takes only mddev.lock, so it is answered while a stop sleeps
//
// MD_CLOSING is what array_state words do without: from before the requests that are inside are waited for until the
// stop has ended, md_open answers -ENODEV and another STOP_ARRAY -EBUSY. It is taken together with the look at the
// openers, under open_mutex, so nobody slips in between.
//
// md_u.h has macros of common names, so this header is for those who make or answer ioctls.
#pragma once

#include <linux/ioctl.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>

#include "engine/md/md.hpp"

namespace mdscope {

// `arg`: an mdu_array_info_t to fill for GET_ARRAY_INFO, else nullptr. `opened_by_caller`: one of the openers is the
// caller's own, and does not count against a stop. 0; -EBUSY in use or closing; -ENODEV no array; -EINTR interrupted
// while it waited for reconfig_mutex, and nothing was stopped; -ENOTTY not a command of ours.
// REQUIRES: called from a task, without locks of the array.
[[nodiscard]] int md_ioctl(Mddev& mddev, unsigned command, void* arg, bool opened_by_caller);

}  // namespace mdscope
