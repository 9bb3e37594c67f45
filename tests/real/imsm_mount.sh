#!/usr/bin/env bash
# An array of IMSM, mounted: its names and files, what a stop leaves on the disks, a failure and the full copy that takes
# the disk back, and kill -9 in the middle of writes, with a bitmap and without: it comes back by itself, what was
# acknowledged is there, the mirrors are equal.
#   tests/real/imsm_mount.sh [CYCLES]
# ctest: TIMEOUT 300
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need_fuse
cycles=${1:-6}
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
say "SEED=$seed $0 $cycles"
RANDOM=$((seed % 32768))

field() { "$MDSCOPE" examine "$1" | sed -n "s/^ *$2 : //p" | head -n 1; }

# ---- names and files

lab=$work/lab
create "$lab" --metadata imsm --size 64M --name md24 --spares 1 --serial sdb=S-1234
# Whoever has another serial is not in the table.
if "$MDSCOPE" mount "$lab" "$work" 2>"$work/why"; then fail "mounted on a folder that is not empty"; fi
mkdir "$work/nowhere"
if "$MDSCOPE" mount "$lab" "$work/nowhere" 2>"$work/why"; then fail "mounted without the serial of sdb"; fi
grep -q "missing: S-1234 (slot 1)" "$work/why" || fail "the reason: $(cat "$work/why")"
grep -q "sdb has the serial /dev/sdb, which is not in the table of sda" "$work/why" || fail "why: $(cat "$work/why")"

mount_array "$lab" --device md24 --serial sdb=S-1234
is "$(ls "$mnt" | tr '\n' ' ')" "lab md md127 md24 mdstat " "the root"
is "$(md metadata_version)" "external:/md127/0" "metadata_version"
is "$(cat "$mnt/md127/array_state" "$mnt/md127/level" "$mnt/md127/metadata_version" | tr '\n' ' ')" \
    "inactive container external:imsm " "md127"
is "$(ls -d "$mnt"/md127/dev-* | sed 's|.*/||' | tr '\n' ' ')" "dev-sda dev-sdb dev-sdc " "the disks of md127"
is "$(cat "$mnt/md127/dev-sda/state")" "spare,external_bbl" "a disk of md127"
! (echo active >"$mnt/md127/array_state") 2>/dev/null || fail "md127 can be written to"
grep -q '^md24 : active raid1 sdb\[1\] sda\[0\]$' "$mnt/mdstat" || fail "mdstat: $(cat "$mnt/mdstat")"
grep -q '^md127 : inactive sdc\[2\](S) sdb\[1\](S) sda\[0\](S)$' "$mnt/mdstat" || fail "mdstat: $(cat "$mnt/mdstat")"
is "$("$MDSCOPE" detail "$mnt" | head -n 1)" "$mnt/md24:" "detail"

head -c 1M /dev/urandom >"$work/data"
dd if="$work/data" of="$mnt/md24" bs=64k conv=notrunc,fsync status=none
is "$(field "$lab/sda.img" "Dirty State")" dirty "after a write"
! "$MDSCOPE" re-add "$mnt" sdb 2>"$work/why" || fail "there is a re-add"
"$MDSCOPE" fail "$mnt" sdb >/dev/null
# The spare is taken by itself.
wait_until 20 test -e "$mnt/md/dev-sdc"
dd if="$work/data" of="$mnt/md24" bs=64k seek=16 conv=notrunc,fsync status=none
wait_idle 60
is "$(field "$lab/sda.img" "Map State")" normal "after the spare was taken"
"$MDSCOPE" add "$mnt" sdb >"$work/said"
grep -q "a spare, which is taken when a member fails" "$work/said" || fail "add does not say what it does: $(cat "$work/said")"
[ ! -e "$mnt/md/dev-sdb" ] || fail "a third member"
umount_array || fail "stop"
cmp -n 1048576 "$work/data" "$lab/sdc.img" || fail "sdc is not a copy"
cmp -i 0:1048576 -n 1048576 "$work/data" "$lab/sdc.img" || fail "sdc is not a whole copy"
is "$(field "$lab/sdc.img" "Dirty State")" clean "after a stop"
mount_array "$lab" --device md24
cmp -n 1048576 "$work/data" "$mnt/md24" || fail "the data is gone"
grep -q '^md24 : active raid1 sdc\[1\] sda\[0\]$' "$mnt/mdstat" || fail "mdstat: $(cat "$mnt/mdstat")"
umount_array
say "names, a failure, a full copy, a stop: as they should be"

# ---- kill -9

for bitmap in external none; do
    lab=$work/$bitmap log=$work/$bitmap.log
    create "$lab" --metadata imsm --size 160M --bitmap "$bitmap"
    for ((cycle = 1; cycle <= cycles; cycle++)); do
        mount_array "$lab"
        data_area
        after=$((20 + RANDOM % 1000))
        [ $((cycle % 2)) -ne 0 ] || { echo "sdb 2 data" >"$mnt/lab/delay" && after=$((20 + RANDOM % 200)); }
        { "$HELPERS/ack_writer" write "$mnt/md0" "$log" 4 $((seed + cycle)) "$daemon" $after ||
            fail "$bitmap, cycle $cycle: the writer: $(cat "$work/stderr")"; } 2>"$work/stderr"
        forget_dead_daemon
        is "$(field "$lab/sda.img" "Dirty State")" dirty "killed"
        mount_array "$lab"
        wait_idle 60
        "$HELPERS/ack_writer" verify "$mnt/md0" "$log" || fail "$bitmap, cycle $cycle: acknowledged writes are lost"
        mirrors_equal "$lab" || fail "$bitmap, cycle $cycle: the mirrors differ after the resync"
        umount_array || fail "$bitmap, cycle $cycle: stop"
        is "$(field "$lab/sda.img" "Dirty State")" clean "stopped"
        is "$(field "$lab/sda.img" "Migrate State")" idle "stopped"
    done
    say "bitmap $bitmap: killed $cycles times, nothing is lost"
done
