#!/usr/bin/env bash
# The real mdadm and `mdscope examine` say the same of IMSM disks, line for line: of those that mdadm made, in every state
# (tests/data/imsm.tar.zst), and of those that `mdscope create --metadata imsm` makes, where every field is also the one
# that mdadm writes.
#
# mdadm wants a block device, and knows a disk by its serial, which for a loop device is its name (IMSM_DEVNAME_AS_SERIAL).
# So each image is looked at twice: as it is, by whose serial the loop device is nobody's, and with the serial of its own
# disk changed into /dev/loopN.
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"
need mdadm losetup zstd tar python3 && need_root
export LC_ALL=C TZ=UTC IMSM_NO_PLATFORM=1 IMSM_DEVNAME_AS_SERIAL=1

truncate -s 1M "$work/probe"
probe=$(losetup -r -f --show "$work/probe" 2>&1) || skip "no loop device: $probe"
losetup -d "$probe"
version=$(mdadm --version 2>&1)
[[ $version == *v4.2* ]] || skip "$version prints other lines than mdadm 4.2"

# attach IMAGE: $device. It is there as long as somebody has it open, and so goes with this script, whatever happens; and
# it cannot be taken away meanwhile by another test that detaches by number.
hold=''
attach() {
    device=$(losetup -f --show "$1") || fail "no loop device for $1"
    exec {hold}<"$device" || fail "$device does not open"
    losetup -d "$device"
}
detach() { exec {hold}<&-; }

# same WHAT: both programs, on the device.
same() {
    diff <(mdadm -E "$device" 2>&1) <("$MDSCOPE" examine "$device" 2>&1) || fail "$1: examine"
    diff <(mdadm -E --export "$device" 2>&1) \
        <("$MDSCOPE" examine --export "$device" 2>&1 | grep -v '^MD_DEVNAME=\|^MD_BITMAP_') || fail "$1: examine --export"
}
# with_serial OLD NEW: the block of the device names this disk differently, with the right sum.
with_serial() {
    python3 - "$device" "$@" <<'PY'
import os, struct, sys
path, old, new = sys.argv[1:]
with open(path, "r+b") as disk:
    sectors = disk.seek(0, os.SEEK_END) // 512
    def at(sector, count=1):
        disk.seek(sector * 512)
        return disk.read(count * 512)
    anchor = at(sectors - 2)
    size, = struct.unpack_from("<I", anchor, 0x24)
    extended = (size - 1) // 512
    block = bytearray(anchor + at(sectors - 2 - extended, extended))
    for number in range(block[0x38]):
        where = 216 + 48 * number
        if block[where:where + 16].rstrip(b"\0").decode() == old:
            block[where:where + 16] = new.encode().ljust(16, b"\0")
    words = struct.unpack_from("<%dI" % (size // 4), block)
    struct.pack_into("<I", block, 0x20, (sum(words) - words[8]) & 0xffffffff)
    disk.seek((sectors - 2) * 512)
    disk.write(block[:512])
    disk.seek((sectors - 2 - extended) * 512)
    disk.write(block[512:])
    disk.flush()
    os.fsync(disk.fileno())
PY
}

tar -C "$work" --zstd -xf "$top/tests/data/imsm.tar.zst"
count=0
for image in "$work"/imsm/*/*.img; do
    what=${image#"$work"/imsm/}
    attach "$image"
    same "$what, of another disk"
    with_serial "/dev/$(basename "$image" .img)" "$device"
    same "$what"
    detach
    count=$((count + 1))
done
is $count 36 "disks looked at"
say "$count disks of the real mdadm, in every state: every line is the same"

# ---- created here

# plain: -E without what chance and time decide, and without names.
plain() {
    sed -E -e 1d -e 's/^( *(Orig Family|Family|Generation|Creation Time|UUID) : ).*/\1-/' \
        -e 's/^( *Checksum : ).* correct/\1correct/' -e "s|/dev/$1\$|FIRST|" -e "s|/dev/$2\$|SECOND|"
}
# is_like IMAGE REFERENCE NAME OTHER: mdadm says of the image what it says of a disk that it made, beside the other one.
is_like() {
    local reference=$work/imsm/$2/examine-$3.txt own other
    own=$(basename "$1" .img)
    case $own in sda) other=sdb ;; *) other=sda ;; esac
    attach "$1"
    same "$1, of another disk"
    with_serial "/dev/$own" "$device"
    same "$1"
    diff <(plain "$3" "$4" <"$reference") <(mdadm -E "$device" | plain "${device#/dev/}" "$other") ||
        fail "$1 is not as mdadm makes it ($2)"
    detach
}
# check_created SIZE BITMAP REFERENCE FIRST SECOND [SPARE'S REFERENCE]
check_created() {
    local lab=$work/lab
    rm -rf "$lab"
    create "$lab" --metadata imsm --size "$1" --bitmap "$2" --spares 1
    is_like "$lab/sda.img" "$3" "$4" "$5"
    is_like "$lab/sdb.img" "$3" "$5" "$4"
    [ $# -lt 6 ] || is_like "$lab/sdc.img" "$6" vdc vda
    say "$1, bitmap $2: as mdadm makes it"
}
check_created 128M none clean vda vdb spare
check_created 128M external clean-bitmap vda vdb spare
check_created 1G external assume-clean-bitmap vde vdf

# The report's array: 141557760 KiB on the smallest disks that have room for it.
lab=$work/report
create "$lab" --metadata imsm --size $((283125922 * 512)) --name md24 --serial sda=/dev/loop-none
attach "$lab/sda.img"
same "the report's size"
text=$(mdadm -E "$device")
detach
field() { sed -n "s/^ *$1 : //p" <<<"$text"; }
for line in "Array Size=283115520 (135.00 GiB 144.96 GB)" "Per Dev Size=283117568 (135.00 GiB 144.96 GB)" \
    "Num Stripes=1105920" "RWH Policy=Write-intent bitmap" "Map State=normal" "Version=1.1.00"; do
    is "$(field "${line%%=*}")" "${line#*=}" "the report's size: ${line%%=*}"
done
grep -q '^\[md24\]:$' <<<"$text" || fail "the volume is not called md24"
grep -q 'Disk00 Serial : /dev/loop-none$' <<<"$text" || fail "the serial that was asked for"
say "an array of the report's size: as mdadm makes it"
