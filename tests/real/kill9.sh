#!/usr/bin/env bash
# kill -9 in the middle of writes, 200 times: 67 for each home of the bitmap. Afterwards the array assembles by itself, the
# bitmap says what to resync, every acknowledged write is there (ack_writer keeps the books), and the mirrors are equal.
#   tests/real/kill9.sh [CYCLES [HOME...]]        (CYCLES from the environment, too: sanitizers are slow)
# ctest: TIMEOUT 300 LABELS sanitize
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need_fuse
cycles=${1:-${CYCLES:-67}}
[ $# -gt 0 ] && shift
homes=("$@")
[ ${#homes[@]} -gt 0 ] || homes=(external internal file)

# The seed decides which blocks and after how many of them the process dies; it is printed to be repeated.
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
say "SEED=$seed $0 $cycles ${homes[*]}"
RANDOM=$((seed % 32768))
threads=4

for home in "${homes[@]}"; do
    lab=$work/$home log=$work/$home.log
    options=()
    bitmap=$home
    if [ "$home" = file ]; then
        bitmap=$work/bitmap
        options=(--bitmap "$bitmap")
    fi
    create "$lab" --size 24M --bitmap "$bitmap" --delay 1s
    say "$home: $cycles times: write from $threads threads, kill -9, mount, resync, verify"
    torn=0
    for ((cycle = 1; cycle <= cycles; cycle++)); do
        mount_array "$lab" "${options[@]}"
        data_area
        # Every other time one member is slow, so that the kill finds writes that reached only the other one.
        after=$((20 + RANDOM % 2000))
        if [ $((cycle % 2)) -eq 0 ]; then
            echo "sd$([ $((cycle % 4)) -eq 0 ] && echo a || echo b) 2 data" >"$mnt/lab/delay"
            after=$((20 + RANDOM % 300))
        fi
        # The shell's own word about the killed job is not of interest; what the writer has to say is.
        { "$HELPERS/ack_writer" write "$mnt/md0" "$log" $threads $((seed + cycle)) "$daemon" $after ||
            fail "$home, cycle $cycle: the writer: $(cat "$work/stderr")"; } 2>"$work/stderr"
        forget_dead_daemon
        mirrors_equal "$lab" >/dev/null || torn=$((torn + 1))
        mount_array "$lab" "${options[@]}"
        wait_idle 60
        "$HELPERS/ack_writer" verify "$mnt/md0" "$log" || fail "$home, cycle $cycle: acknowledged writes are lost"
        mirrors_equal "$lab" || fail "$home, cycle $cycle: the mirrors differ after the resync"
        umount_array || fail "$home, cycle $cycle: stop"
    done
    say "$home: $torn of $cycles kills left the mirrors different, until the resync"
    [ "$cycles" -lt 8 ] || [ "$torn" -gt 0 ] || fail "$home: no kill hit a write half done; this test has tested nothing"
done
