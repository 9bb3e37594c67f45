#!/usr/bin/env bash
# Arrays left behind by the real mdadm and Linux (tests/data) assemble here in the state they were left in: clean; dirty,
# with exactly the chunks resynced that the bitmap names; degraded, with the stale member kept out and only the chunks it
# missed recovered after its re-add.
#
# Which chunks were copied is seen from outside: bytes are planted in a chunk that nobody has reason to touch, and they must
# still be there afterwards, while differences planted in the chunks that are owed must be gone.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need_fuse && need zstd tar sha256sum

chunk=$((64 * 1024))
offset=$((2048 * 512))

unpack() { tar -C "$work" --zstd -xf "$top/tests/data/$1.tar.zst"; lab=$work/$1; }
plant() { # IMAGE CHUNK: other bytes at the beginning of that chunk
    dd if=/dev/urandom of="$lab/$1" bs=4096 count=1 seek=$(((offset + $2 * chunk) / 4096)) conv=notrunc status=none
}
heal() { # CHUNK: of sdb as of sda again, so that reads may come from either
    dd if="$lab/sda.img" of="$lab/sdb.img" bs=4096 count=16 seek=$(((offset + $1 * chunk) / 4096)) \
        skip=$(((offset + $1 * chunk) / 4096)) conv=notrunc status=none
}
differs() { # CHUNK: the two members hold different bytes there
    ! cmp -s -i $((offset + $1 * chunk)) -n $chunk "$lab/sda.img" "$lab/sdb.img"
}
contents_are_right() { # md0 as Linux left it
    local sum
    sum=$(sha256sum <"$mnt/md0")
    is "${sum%% *}" "$(cut -d' ' -f1 "$lab/md0.sha256")" "contents of ${lab##*/}"
}
dirty_bits() { "$MDSCOPE" examine "$lab/$1" | sed -nE 's/.* ([0-9]+) dirty .*/\1/p'; }
equal_except() { # CHUNK...: the members differ in these chunks, and nowhere else
    local i
    for ((i = 0; i < 240; i++)); do
        if [[ " $* " = *" $i "* ]]; then differs "$i" || fail "chunk $i was copied: nobody owed it"; else
            differs "$i" && fail "chunk $i differs"
        fi
    done
    return 0
}

say "clean12: nothing is owed"
unpack clean12
is "$(dirty_bits sda.img)" 0 "dirty bits of clean12"
mount_images "$lab/sda.img" "$lab/sdb.img"
is "$(md array_state) $(md degraded) $(md sync_action)" "clean 0 idle" "state of clean12"
contents_are_right
umount_array || fail stop
equal_except

say "dirty12: a power cut; 6 chunks are owed, and only they are copied"
unpack dirty12
for image in sda.img sdb.img; do is "$(dirty_bits $image)" 6 "dirty bits of dirty12/$image"; done
owed='0 1 2 3 62 63'
for i in $owed; do plant sdb.img "$i"; done
plant sdb.img 10
mount_images "$lab/sda.img" "$lab/sdb.img"
is "$(md degraded)" 0 "degraded of dirty12"
wait_idle
wait_until 10 says "$mnt/md/array_state" clean
equal_except 10
heal 10
contents_are_right
umount_array || fail stop

say "degraded12: sdb is stale and stays out; after its re-add only what it missed is copied"
unpack degraded12
is "$(dirty_bits sda.img)" 3 "dirty bits of degraded12/sda.img"
plant sdb.img 10
plant sdb.img 125
mount_images "$lab/sda.img" "$lab/sdb.img"
is "$(md degraded) $(md array_state)" "1 clean" "state of degraded12"
grep -q '\[2/1\] \[U_\]' "$mnt/mdstat" || fail "mdstat of degraded12"
contents_are_right
differs 125 || fail "the stale member was written to"
"$MDSCOPE" re-add "$mnt" "$lab/sdb.img" || fail "re-add of the stale member"
wait_until 20 says "$mnt/md/degraded" 0
wait_idle
equal_except 10
heal 10
contents_are_right
umount_array || fail stop
mount_images "$lab/sda.img" "$lab/sdb.img"
is "$(md degraded) $(md array_state)" "0 clean" "state after the re-add, assembled again"
umount_array || fail stop
