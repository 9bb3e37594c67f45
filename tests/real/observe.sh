#!/usr/bin/env bash
# The life of an array with an internal bitmap, as it was once watched on a real Linux: writes, the bits ageing away, a
# failure, degraded writes, a re-add, check and repair of a planted difference, a stop, an assembly, and every word written
# to array_state. Bits right after a write returned, and everything that has settled, must be what Linux showed:
# tests/data/observe-internal.expected, whose steps are the names here.
#
# "Settled" is reached by polling for the expected values: nothing here depends on how fast the machine is.
# ctest: RUN_SERIAL 1
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need_fuse && need od

lab=$work/lab
expected=$top/tests/data/observe-internal.expected
differences=0


number() { # IMAGE OFFSET BYTES
    od -An -v -t "u$3" -j "$2" -N "$3" "$lab/$1.img" | tr -d ' \n'
}
bits_now() { od -An -v -tx1 -j $((8192 + 256)) -N 8 "$lab/$1.img" | tr -d ' \n'; }
member_now() {
    local resync
    resync=$(number "$1" $((4096 + 208)) 8)
    [ "$resync" != 18446744073709551615 ] || resync=none
    echo "$(number "$1" $((4096 + 200)) 8) $(number "$1" $((8192 + 24)) 8) $(number "$1" $((8192 + 32)) 8)" \
        "$(number "$1" $((8192 + 48)) 4) $resync"
}
# EVENTS may be written as N~D: N, or up to D off. That is what shown says when it holds, and the bitmap agrees.
near() { # WANTED SHOWN
    local wanted=${1%% *} events bitmap_events rest off
    read -r events bitmap_events rest <<<"$2"
    off=$((events - ${wanted%~*}))
    if [[ $wanted = *~* && $events = "$bitmap_events" && ${off#-} -le ${wanted#*~} ]]; then
        echo "$wanted $wanted $rest"
    else
        echo "$2"
    fi
}
state_now() { echo "$(md array_state) $(md degraded) $(md sync_action) $(md bitmap/can_clear)"; }
mdstat_now() { sed -n '/^md0/,/^$/{/^$/!p}' "$mnt/mdstat"; }

# What a step expects, and the same lines as the array shows them now.
wanted() { grep -E "^($2) $1 " "$expected"; }
shown() { # STEP KINDS
    local kind step member rest
    while read -r kind step member rest; do
        case $kind in
        bits) echo "bits $step $member $(bits_now "$member")" ;;
        member) echo "member $step $member $(near "$rest" "$(member_now "$member")")" ;;
        state) echo "state $step $(state_now)" ;;
        says) echo "says $step $member $(md "$member")" ;;
        esac
    done < <(wanted "$1" 'bits|member|state|says' | grep -E "^($2) ")
    if [[ $2 = *mdstat* ]] && wanted "$1" mdstat >/dev/null; then mdstat_now | sed "s/^/mdstat $1 | /"; fi
}
same() { [ "$(wanted "$1" "$2" | sort)" = "$(shown "$1" "$2" | sort)" ]; }

compare() { # STEP KINDS: now
    same "$1" "$2" && return
    echo "$1 differs from Linux ($2):"
    diff --label Linux --label here -u0 <(wanted "$1" "$2" | sort) <(shown "$1" "$2" | sort) | sed 's/^/    /' || true
    differences=$((differences + 1))
}
settle() { # STEP [SECONDS]: everything this step expects, as soon as it is there
    local deadline=$((SECONDS + ${2:-8}))
    until same "$1" "$everything" || [ "$SECONDS" -ge "$deadline" ]; do pause; done
    compare "$1" "$everything"
}
everything='bits|member|state|mdstat|says'

write_blocks() { # FIRST COUNT, in units of 4 KiB
    dd if=/dev/urandom of="$mnt/md0" bs=4k seek="$1" count="$2" oflag=direct conv=notrunc status=none
}

say "create, mount"
create "$lab" --size 64M --bitmap internal --chunk 1M --delay 1s
mount_array "$lab"
settle create

say "write one block"
write_blocks 0 1
compare write-one bits
settle write-one-aged

say "write across a chunk border, and far apart"
write_blocks 255 2
write_blocks 2560 1
compare write-far bits
settle write-far-aged

say "write into many chunks"
for i in 0 1 2 3 4 5 6 7 8 9 10; do write_blocks $((i * 256)) 1; done
compare write-many bits
settle write-many-aged

say "fail sdb"
"$MDSCOPE" fail "$mnt" sdb
settle fail
failure_recorded() { [ "$(number sda $((4096 + 200)) 8)" -ge 4 ]; }
wait_until 5 failure_recorded

say "write while degraded"
write_blocks 1280 1
write_blocks 2304 1
compare write-degraded bits
settle write-degraded-aged

say "remove, re-add"
"$MDSCOPE" remove "$mnt" sdb
settle remove
# Each checkpoint of the recovery is an event, unless the next one overtakes it. Linux was watched on disks that took
# milliseconds, which kept them apart; so do these.
echo "all 20 resync" >"$mnt/lab/delay"
"$MDSCOPE" re-add "$mnt" sdb
settle re-add
echo off >"$mnt/lab/delay"

say "check and repair a planted difference"
offset=$(md dev-sda/offset)
set_md sync_action idle
dd if=/dev/urandom of="$lab/sdb.img" bs=4096 count=1 seek=$(((offset + 4096) / 8)) conv=notrunc status=none
run_check
settle check
start_sync repair
wait_idle
settle repair
run_check
settle check-again

say "stop, assemble"
data_area
"$MDSCOPE" stop "$mnt"
compare stop 'bits|member'
cmp -i "$data_offset" -n "$data_bytes" "$lab/sda.img" "$lab/sdb.img" || fail "the mirrors differ"
"$MDSCOPE" assemble "$mnt"
settle assemble

say "every word into array_state"
# Not from a process substitution: its end would send SIGCHLD into a store, which then answers EINTR.
words=$(grep '^says array_state ' "$expected")
while read -r _ _ word status now; do
    result=0
    { echo "$word" >"$mnt/md/array_state"; } 2>/dev/null || result=1
    [ "$result $(md array_state)" = "$status $now" ] || {
        echo "array_state $word: $result, now $(md array_state); Linux: $status, $now"
        differences=$((differences + 1))
    }
done <<<"$words"

is "$differences" 0 "differences from Linux"
