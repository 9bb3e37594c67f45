#!/usr/bin/env bash
# The report, played whole (assets/report): the kernel of then crashes as it did, the fix waits.
# ctest: TIMEOUT 300
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need_fuse
need sfdisk losetup mkfs.xfs && need_root
grep -qw xfs /proc/filesystems || skip "this kernel has no XFS"
truncate -s 1M "$work/probe"
probe=$(losetup -r -f --show "$work/probe" 2>&1) || skip "no loop device: $probe"
losetup -d "$probe"

MDSCOPE=$MDSCOPE TMPDIR=$work "$top/assets/report" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
says_line() { grep -Eq -- "$1" "$work/said" || fail "not said: $1"$'\n'"$(cat "$work/said")"; }
says_line '^    \| md24 : active raid1 sdb\[1\] sda\[0\]$'
says_line '^    \|       141557760 blocks super external:/md127/0 \[2/2\] \[UU\]$'
says_line 'RIP: 0010:super_written'
says_line '^    bitmap_info.external +1 +1 *$'
says_line '^    mddev->pending_writes +1 +1 '
says_line '^    bitmap->pending_writes +0 +0 '
says_line '^    it waited for the last bitmap writes; no Oops$'
say "the report: it crashes as it did, and with the fix it waits"
