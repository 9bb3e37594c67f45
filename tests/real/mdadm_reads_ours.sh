#!/usr/bin/env bash
# The real mdadm reads what `mdscope create` writes, in every native version and home of the bitmap and in sizes from
# 16 MiB to 20 GiB: `mdadm -E` on the images, `mdadm -X` on loop devices of them (root only), and every number is the one
# mdadm itself writes when it creates such an array. Then `mdscope examine` has to print what mdadm printed.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need mdadm
export LC_ALL=C

# field NAME: what follows "NAME : " in $text.
field() { sed -n "s/^ *$1 : //p" <<<"$text"; }
expect() { is "$(field "$1")" "$2" "$title: $1"; }

# check_member IMAGE SLOT VERSION DATA_OFFSET SUPER AVAIL USED UNUSED BITMAP BBLOG (BITMAP "-": none)
check_member() {
    local image=$1 slot=$2 version=$3 data_offset=$4 super=$5 avail=$6 used=$7 unused=$8 bitmap=$9 bblog=${10}
    text=$(mdadm -E "$image") || fail "$title: mdadm -E does not take it"
    expect Magic a92b4efc
    expect Version "$version"
    expect "Raid Level" raid1
    expect "Raid Devices" 2
    expect Events 0
    expect State clean
    expect "Device Role" "Active device $slot"
    expect "Super Offset" "$super sectors"
    expect "Unused Space" "$unused"
    expect "Bad Block Log" "512 entries available at offset $bblog sectors"
    is "$(field Name | cut -d' ' -f1)" mdscope:lab "$title: Name"
    is "$(field "Data Offset")" "${data_offset:+$data_offset sectors}" "$title: Data Offset"
    is "$(field "Avail Dev Size" | cut -d' ' -f1)" "$avail" "$title: Avail Dev Size"
    is "$(field "Array Size" | cut -d' ' -f1)" "$((used / 2))" "$title: Array Size"
    is "$(field "Array State" | cut -d' ' -f1)" AA "$title: Array State"
    case $(field Checksum) in *" - correct") ;; *) fail "$title: Checksum $(field Checksum)" ;; esac
    if [ "$bitmap" = - ]; then
        expect "Feature Map" 0x0
        expect "Internal Bitmap" ""
    else
        expect "Feature Map" 0x1
        expect "Internal Bitmap" "$bitmap sectors from superblock"
    fi
    array_uuid=$(field "Array UUID")
    is "$(without_host <<<"$text")" "$("$MDSCOPE" examine "$image" | sed '/^        Filename : /,$d')" \
        "$title: mdscope examine"
}
without_host() { sed 's/  (local to host .*)$//'; }

# check_bitmap PATH BITS SIZE CHUNK OURS: as -X shows it (all bits are set in a new array); OURS is the path for examine.
check_bitmap() {
    if ! text=$(mdadm -X "$1" 2>&1); then
        # mdadm 4.4 (Debian 13) takes no bitmap files any more.
        [[ $text == *"bitmap file is not supported"* ]] || fail "$title: mdadm -X does not take it: $text"
        say "$title: this mdadm has no bitmap files"
        return 0
    fi
    expect Magic 6d746962
    expect Version 4
    expect UUID "$array_uuid"
    expect Events 0
    expect "Events Cleared" 0
    expect State OK
    expect Chunksize "$4"
    expect Daemon "5s flush period"
    expect "Write Mode" Normal
    is "$(field "Sync Size" | cut -d' ' -f1)" "$(($3 / 2))" "$title: Sync Size"
    expect Bitmap "$2 bits (chunks), $2 dirty (100.0%)"
    ours=$("$MDSCOPE" examine "$5" | sed -n '/^        Filename : /,$p' | tail -n +2)
    is "$(tail -n +2 <<<"$text")" "$ours" "$title: mdscope examine"
}

# What of -X cannot be run here: all of it without root, and a member has to be a block device, since mdadm takes a plain
# file for a bitmap file.
no_bitmaps='' no_members=''
try_x() {
    if [ "$(id -u)" -ne 0 ]; then
        no_bitmaps="mdadm -X needs root" no_members=$no_bitmaps
        return 0
    fi
    local device
    truncate -s 1M "$work/probe"
    if device=$(losetup -r -f --show "$work/probe" 2>&1); then
        losetup -d "$device"
    else
        no_members="mdadm -X of a member needs a loop device: $device"
    fi
}
check_internal_bitmap() { # IMAGE BITS SIZE CHUNK
    [ -z "$no_members" ] || return 0
    local device
    device=$(losetup -r -f --show "$1")
    at_end "losetup -d $device 2>/dev/null"
    check_bitmap "$device" "$2" "$3" "$4" "$1"
    losetup -d "$device"
}

# check_lab SIZE VERSION BITMAP CHUNK BITS SHOWN_CHUNK [what check_member wants from DATA_OFFSET on]
check_lab() {
    local size=$1 version=$2 bitmap=$3 chunk=$4 bits=$5 shown=$6 lab=$work/lab slot=0 member
    shift 6
    title="$size $version $bitmap"
    rm -rf "$lab" "$work/bits"
    create "$lab" --size "$size" --metadata "$version" --bitmap "$bitmap" --chunk "$chunk"
    for member in sda sdb; do
        check_member "$lab/$member.img" $slot "$version" "$@"
        case $bitmap in
        internal) check_internal_bitmap "$lab/$member.img" "$bits" "$4" "$shown" ;;
        */*) [ -n "$no_bitmaps" ] || check_bitmap "$bitmap" "$bits" "$4" "$shown" "$bitmap" ;;
        esac
        slot=$((slot + 1))
    done
    say "$title: as mdadm writes it"
}

# Numbers that mdadm 4.2 wrote on devices of these sizes. With a chunk of mdadm's own choice:
try_x
check_lab 16M 1.2 internal mdadm 1 "64 MB" 2048 8 30720 30720 "before=1968 sectors, after=0 sectors" 8 16
check_lab 64M 1.2 internal mdadm 1 "64 MB" 2048 8 129024 129024 "before=1968 sectors, after=0 sectors" 8 16
check_lab 400M 1.2 internal mdadm 7 "64 MB" 2048 8 817152 817152 "before=1968 sectors, after=0 sectors" 8 16
check_lab 1G 1.2 internal mdadm 16 "64 MB" 4096 8 2093056 2093056 "before=4016 sectors, after=0 sectors" 8 16
check_lab 20G 1.2 internal mdadm 320 "64 MB" 34816 8 41908224 41908224 "before=34736 sectors, after=0 sectors" 8 16
check_lab 64M 1.1 internal mdadm 1 "64 MB" 2048 0 129024 129024 "before=1976 sectors, after=0 sectors" 8 16
check_lab 20G 1.1 internal mdadm 320 "64 MB" 34816 0 41908224 41908224 "before=34744 sectors, after=0 sectors" 8 16
check_lab 64M 1.0 internal mdadm 1 "64 MB" "" 131056 131040 130944 "before=0 sectors, after=96 sectors" -16 -8
check_lab 20G 1.0 internal mdadm 320 "64 MB" "" 41943024 41943008 41942784 "before=0 sectors, after=224 sectors" -16 -8
# Asked for:
check_lab 64M 1.2 internal 4K 16128 "4 KB" 2048 8 129024 129024 "before=1968 sectors, after=0 sectors" 8 16
check_lab 64M 1.2 internal 64K 1008 "64 KB" 2048 8 129024 129024 "before=1968 sectors, after=0 sectors" 8 16
check_lab 20G 1.2 internal 1M 20463 "1 MB" 34816 8 41908224 41908224 "before=34736 sectors, after=0 sectors" 8 16
# Without a bitmap on the members:
check_lab 64M 1.2 none mdadm - - 2048 8 129024 129024 "before=1968 sectors, after=0 sectors" - 16
check_lab 20G 1.2 none mdadm - - 34816 8 41908224 41908224 "before=34664 sectors, after=0 sectors" - 136
check_lab 64M 1.2 "$work/bits" 64K 1008 "64 KB" 2048 8 129024 129024 "before=1968 sectors, after=0 sectors" - 16

[ -z "$no_members" ] || skip "$no_members (what mdadm -E prints was as it should be)"
