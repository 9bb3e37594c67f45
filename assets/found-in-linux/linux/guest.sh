#!/bin/busybox sh
# The first program of the guest: loads md, then runs /recipe, whose words go to the second serial port (machine.py reads
# them). Recipes are made of what is below; a step is printed as one would type it, and a wait is for a condition.
# SPDX-License-Identifier: MIT
/bin/busybox --install -s /bin
export PATH=/sbin:/bin DM_DISABLE_UDEV=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod "$module"; done
exec </dev/null >/dev/ttyS1 2>&1

array=md0
md=/sys/block/$array/md

tell() { printf '\n%s\n' "$*"; }
step() { # Shown, then run.
    echo "    # $*"
    "$@" 2>&1 | sed 's/^/      /'
}
fact() { echo "@$1 $2"; }
give_up() { fact give-up "$*"; }
cut_the_power() { # Nothing after this line happens.
    echo "@cut"
    while :; do sleep 1; done
}

wait_for() { # SENTENCE CONDITION...: polled; it holds within two minutes, or the story cannot be told.
    sentence=$1 tries=0
    shift
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { give_up "it never came to this: $sentence"; return 1; }
        sleep 0.2
    done
    echo "      ($sentence)"
}
reads() { [ "$(cat "$1")" = "$2" ]; }
is_full() { reads $md/degraded 0 && reads $md/sync_action idle; }
at_rest() { # md's thread has nothing to do: it is asleep, and not for a disk
    comm=$(grep -l "^${array}_raid1\$" /proc/[0-9]*/comm)
    grep -q '^State:.*S' "${comm%comm}status"
}
sleeper_in() { grep -l "$1" /proc/[0-9]*/stack 2>/dev/null | grep -q .; } # FUNCTION, of any task
show_sleeper_in() {
    stack=$(grep -l "$1" /proc/[0-9]*/stack 2>/dev/null | head -n 1)
    sed "s/^/      | $(cat "${stack%stack}comm") /" "$stack" | head -n 4
}
is_idle() { reads $md/sync_action idle; }
no_bit_is_set() { for disk in "$@"; do mdadm -X "$disk" | grep -q ' 0 dirty' || return 1; done; }  # mdadm reads past the cache
removed() { mdadm /dev/md0 --remove "$1" 2>/dev/null; }  # Busy until md's thread has let go of it.
mdstat() { sed -n '/^md0/,/^ *$/{/^ *$/!p}' /proc/mdstat | sed 's/^/      | /'; }
log() { dmesg | grep -E 'md0|md:|super_written' | grep -vE 'capacity|async del_gendisk' | sed 's/^/      | /'; }

check() { # What a check of the whole array finds, in sectors.
    echo "    # echo check >$md/sync_action"
    echo check >$md/sync_action
    wait_for "the check is over" is_idle
    mismatch=$(cat $md/mismatch_cnt)
    echo "      mismatch_cnt $mismatch"
}

# ---- what is written, by Debian's dd: busybox would take its own first, which knows no dsync

words() { # WORDS FILE: two megabytes of them, a line each
    yes "$1" | head -c 2097152 >"$2"
}
write_file() { # FILE PLACE: at the PLACE-th two megabytes of md0, past the cache, and flushed
    /sbin/dd if="$1" of=/dev/md0 bs=2M seek="$2" count=1 oflag=direct,dsync status=none
}
read_words() { # PLACE
    /sbin/dd if=/dev/md0 bs=4096 skip=$(($1 * 512)) count=1 iflag=direct status=none | head -n 1
}

# ---- disks that can be told what to do: md uses /dev/mapper/a, which is /dev/vda

sectors() { blockdev --getsz "/dev/vd$1"; }
make_plain() { echo "0 $(sectors "$1") linear /dev/vd$1 0" | dmsetup create "$1"; }
becomes() { # DISK, its new table on stdin
    cat >/tmp/table
    dmsetup suspend --nolockfs "$1"
    dmsetup load "$1" /tmp/table
    dmsetup resume "$1"
}
pull_out() { echo "0 $(sectors "$1") error" | becomes "$1"; }  # every request fails from now on
hold_writes() { # DISK FIRST COUNT: writes to these sectors stay on their way for an hour; reads and flushes do not
    end=$(($2 + $3)) disk=/dev/vd$1
    becomes "$1" <<T
0 $2 linear $disk 0
$2 $3 delay $disk $2 0 $disk $2 3600000 $disk $2 0
$end $(($(sectors "$1") - end)) linear $disk $end
T
}
echo "kernel: $(uname -srv)"
. /recipe
sync
echo "@end"
while :; do sleep 1; done
