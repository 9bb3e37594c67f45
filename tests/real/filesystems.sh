#!/usr/bin/env bash
# ext4 and xfs on a loop device over md0, as on any disk: a tree copied in is there, unchanged, after everything was taken
# down and assembled again; both mirrors hold the same bytes; fsck finds nothing.
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need_fuse && need_root && need losetup fstrim mkfs.ext4 mkfs.xfs xfs_repair e2fsck

tree=/usr/include
[ -d $tree ] || tree=/usr/share/doc
lab=$work/lab disk=$work/disk
mkdir "$disk"

attach() { # The loop device over md0, in $loop.
    loop=$(losetup --show -f "$mnt/md0") || skip "no loop device to be had"
    at_end "losetup -d $loop 2>/dev/null"
}
detach() {
    losetup -d "$loop"
    wait_until 10 not_attached
}
not_attached() { [ -z "$(losetup -j "$mnt/md0")" ]; }
mount_disk() { mount "$@" "$loop" "$disk" && at_end "umount -l $disk 2>/dev/null"; }

round_trip() { # FILESYSTEM BITMAP
    local name=$1
    say "$name: $tree through a loop device on md0"
    rm -rf "$lab"
    create "$lab" --size 640M --bitmap "$2"
    mount_array "$lab"
    data_area
    attach
    make_$name
    mount_disk
    cp -a "$tree" "$disk/tree"
    trim "$name"
    umount "$disk"
    detach
    umount_array || fail "$name: stop"
    mirrors_equal "$lab" || fail "$name: the mirrors differ after the stop"

    mount_array "$lab"
    is "$(md array_state)" clean "$name: state after assembling"
    attach
    check_$name || fail "$name: fsck found something"
    mount_disk -o ro
    diff -r --no-dereference "$tree" "$disk/tree" || fail "$name: the tree changed"
    umount "$disk"
    detach
    umount_array || fail "$name: second stop"
    mirrors_equal "$lab" || fail "$name: the mirrors differ after reading"
}
# What a file system does not use any more leaves the images; xfs lets go of it a moment after rm.
trim() { # FILESYSTEM
    dd if=/dev/urandom of="$disk/big" bs=1M count=64 status=none
    sync -f "$disk"
    full=$(du -k "$lab/sdb.img" | cut -f1)
    rm "$disk/big"
    sync -f "$disk"
    wait_until 30 trimmed || fail "$1: fstrim left $left KiB of $full"
}
trimmed() {
    fstrim "$disk" || fail "fstrim"
    left=$(du -k "$lab/sdb.img" | cut -f1)
    [ "$left" -lt $((full - 60000)) ]
}
make_ext4() { mkfs.ext4 -q "$loop"; }
check_ext4() { e2fsck -fn "$loop" >"$work/fsck.txt" 2>&1 || { cat "$work/fsck.txt"; false; }; }
make_xfs() { mkfs.xfs -q "$loop"; }
check_xfs() { xfs_repair -n "$loop" >"$work/fsck.txt" 2>&1 || { cat "$work/fsck.txt"; false; }; }

grep -qw xfs /proc/filesystems || modprobe -q xfs 2>/dev/null || no_xfs=yes
round_trip ext4 external
if [ -n "${no_xfs:-}" ]; then say "xfs: this kernel cannot mount it, left out"; else round_trip xfs internal; fi
