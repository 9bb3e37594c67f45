# Sourced by the tests of real mounts. What a test gets:
#
#   $MDSCOPE, $HELPERS     the command under test, the folder of the C++ helpers (ctest sets both; else build/)
#   $work                  an empty folder, gone at the end, on tmpfs when there is room (fsync costs nothing there)
#   create, mount_array, mount_images, umount_array, kill_daemon, read_array, md
#   at_end CMD             run CMD at the end, last one first, whatever happened
#   wait_until S CMD...    polls CMD until it succeeds; after S seconds the test fails and shows the array
#   need_fuse, need_root, need CMD...     or the test is skipped: exit code 77, with the reason
#   is A B WHAT            A equals B, or the test fails
#
# A mount runs in the foreground of a background job, so that its process id is known and it can be killed; in a session of
# its own, so that Ctrl-C reaches only the test, which then takes it down.
# SPDX-License-Identifier: MIT
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
HELPERS=${HELPERS:-$top/build}
MDSCOPE=${MDSCOPE:-$HELPERS/mdscope}
PATH=$PATH:/usr/sbin:/sbin
at_exit=()
mnt='' daemon=''

say() { printf -- '-- %s\n' "$*"; }
skip() { echo "skipped: $*"; exit 77; }
fail() {
    echo "FAILED: $*"
    show_array
    exit 1
}

show_array() {
    [ -n "$mnt" ] && [ -e "$mnt/mdstat" ] || return 0
    cat "$mnt/mdstat"
    head "$mnt/md/array_state" "$mnt/md/sync_action" "$mnt/lab/pending_writes" "$mnt/lab/bios" 2>/dev/null
    cat "$mnt/lab/tasks"
    [ ! -s "$work/daemon.log" ] || tail -n 20 "$work/daemon.log"
}

need_fuse() {
    [ -e /dev/fuse ] || skip "no /dev/fuse"
    command -v fusermount3 >/dev/null || skip "fusermount3 is not installed"
}
need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
need() {
    local command
    for command in "$@"; do command -v "$command" >/dev/null || skip "$command is not installed"; done
}

# A read that nobody answers is a pause that needs no process.
exec {nobody}<> <(:)
pause() { read -rt 0.02 -u "$nobody" || true; }

wait_until() {
    local deadline=$((SECONDS + $1 + 1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for: $*"
        pause
    done
}
says() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
is() { [ "$1" = "$2" ] || fail "$3: '$1', expected '$2'"; }

at_end() { at_exit+=("$*"); }
clean_up() {
    local status=$? i
    trap - EXIT INT TERM
    set +e
    for ((i = ${#at_exit[@]} - 1; i >= 0; i--)); do eval "${at_exit[i]}"; done
    [ -z "$daemon" ] || umount_array
    rm -rf --one-file-system "$work"
    exit "$status"
}

roomy() { [ -w "$1" ] && [ "$(df --output=avail -k "$1" | tail -n 1)" -gt 2000000 ]; }
if [ -z "${TMPDIR:-}" ] && roomy /dev/shm; then TMPDIR=/dev/shm; fi
work=$(mktemp -d "${TMPDIR:-/tmp}/mdscope-test.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

create() { "$MDSCOPE" create "$@" >"$work/create.txt" || fail "create $*: $(cat "$work/create.txt")"; }

# mount_array LAB [OPTION...]: on $work/mnt; the process id in $daemon.
mount_array() {
    local lab=$1
    shift
    start_daemon "$lab" "$@"
}
# mount_images IMAGE...: the same, for loose images.
mount_images() { start_daemon "$@"; }

start_daemon() {
    mnt=$work/mnt
    mkdir -p "$mnt"
    setsid "$MDSCOPE" mount -f "$@" "$mnt" >"$work/daemon.log" 2>&1 &
    daemon=$!
    wait_until 20 mounted_or_dead
    [ -e "$mnt/mdstat" ] || fail "mount $*: $(cat "$work/daemon.log")"
}
mounted_or_dead() { [ -e "$mnt/mdstat" ] || ! kill -0 "$daemon" 2>/dev/null; }

# A stop by SIGTERM, as at shutdown; ends with the daemon's own exit status.
umount_array() {
    local pid=$daemon status=0
    daemon=''
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" || status=$?
    if grep -qF " $mnt " /proc/mounts; then take_away; fi
    [ "$status" -eq 0 ] || { echo "the daemon ended with status $status:"; tail -n 20 "$work/daemon.log"; }
    return "$status"
}

# After its daemon was killed the mount point answers ENOTCONN until it is taken away.
kill_daemon() { kill -KILL "$daemon" 2>/dev/null || true; forget_dead_daemon; }
forget_dead_daemon() {
    wait "$daemon" 2>/dev/null || true
    daemon=''
    take_away
}
take_away() { if [ "$(id -u)" -eq 0 ]; then umount -l "$mnt"; else fusermount3 -uz "$mnt"; fi; }

md() { cat "$mnt/md/$1"; }
set_md() { echo "$2" >"$mnt/md/$1"; }
# Nothing runs, and nothing is about to: right after a start a resync is owed, and md's thread has not looked yet.
owes_nothing() {
    says "$mnt/md/sync_action" idle || return 1
    says "$mnt/md/resync_start" none || [[ $(md array_state) = read* ]]
}
wait_idle() { wait_until "${1:-30}" owes_nothing; }

# Byte offset and length of the members' data areas, from the mounted tree (remember them before a stop).
data_area() {
    data_offset=$(($(md "dev-${1:-sda}/offset") * 512))
    data_bytes=$(($(md component_size) * 1024))
}
mirrors_equal() { # LAB: both data areas, byte by byte; after data_area
    cmp -i "$data_offset" -n "$data_bytes" "$1/sda.img" "$1/sdb.img"
}
# Busy for the moment in which md's thread looks whether there is anything to do, as on Linux.
start_sync() { wait_until 20 set_md sync_action "$1" 2>/dev/null; }
# A check by md itself; afterwards mismatch_cnt tells.
run_check() {
    start_sync check
    wait_idle 60
}
