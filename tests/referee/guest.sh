# The recipe of a guest that stays: it is given scripts over /dev/ttyS1, a line with the length first, and answers with what
# they print and with @done and their exit status. They may use what guest.sh of found-in-linux defines, and the words below.
# SPDX-License-Identifier: MIT
exec 8</dev/ttyS1
stty -F /dev/ttyS1 raw -echo
export IMSM_NO_PLATFORM=1 IMSM_DEVNAME_AS_SERIAL=1 # there is no firmware here; a disk's serial is its name
echo 200000 >/proc/sys/dev/raid/speed_limit_max
echo 100000 >/proc/sys/dev/raid/speed_limit_min
mkdir -p /run/mdadm /sys/kernel/tracing
mount -t tracefs tracefs /sys/kernel/tracing

await() { wait_for "$@" >/tmp/waited || cat /tmp/waited; } # says something only where it was in vain
forget() { # What the guest remembers of these disks: their images were written by somebody else.
    for disk in "$@"; do blockdev --flushbufs "$disk"; done
    echo 3 >/proc/sys/vm/drop_caches
}
rests() { [ "$(cat $md/sync_action)" = idle ] && ! grep -q recovery /proc/mdstat && at_rest; }
settle() { # Nothing is being copied, and nothing is about to be: so it was at two looks.
    await "at rest" rests
    usleep 100000
    await "at rest" rests
}

echo "@ready"
while read -r length <&8; do
    head -c "$length" <&8 >/tmp/script
    (. /tmp/script) </dev/null >/tmp/said 2>&1
    code=$?
    cat /tmp/said
    printf '\n@done %d\n' $code
done
