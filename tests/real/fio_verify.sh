#!/usr/bin/env bash
# fio writes at random and verifies what it wrote, while a member fails and comes back: no read is ever wrong, the bitmap
# brings the member up to date during the writes, and the mirrors are equal afterwards.
# ctest: LABELS sanitize
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need_fuse && need fio

lab=$work/lab
create "$lab" --size 64M --delay 1s
mount_array "$lab"
data_area

say "random writes, rate limited, verified by crc32c"
fio --name=verify --filename="$mnt/md0" --rw=randwrite --bs=4k --size=48M --direct=1 --ioengine=libaio --iodepth=16 \
    --rate_iops=2500 --verify=crc32c --verify_state_save=0 --verify_fatal=1 --randrepeat=0 --output="$work/fio.txt" &
fio=$!
at_end "kill $fio 2>/dev/null"
wait_until 20 says "$mnt/md/array_state" active

say "sdb fails while fio writes"
"$MDSCOPE" fail "$mnt" sdb
wait_until 10 says "$mnt/md/degraded" 1
missed_some() { [ "$("$MDSCOPE" examine "$lab/sda.img" | grep -oE '[0-9]+ dirty' | grep -oE '[0-9]+')" -gt 100 ]; }
wait_until 20 missed_some

say "and is re-added while fio still writes"
"$MDSCOPE" remove "$mnt" sdb
"$MDSCOPE" re-add "$mnt" sdb
kill -0 "$fio" || fail "fio was already done: the re-add met no writes"
wait_until 60 says "$mnt/md/degraded" 0

wait "$fio" || { cat "$work/fio.txt"; fail "fio found wrong data, or an error"; }
wait_idle
say "check"
run_check
is "$(md mismatch_cnt)" 0 mismatch_cnt
umount_array || fail stop
mirrors_equal "$lab" || fail "the mirrors differ"
