# SPDX-License-Identifier: MIT
"""The calls of a stop: those that ftrace sees in the guest, and those of `mdscope tree` with the era of that kernel.

Both as in tests/data: only functions that occur there, what a left-out one calls moved up, times left out. The kernel of the
guest has one fix; that `mdscope tree` prints the trees of the other fixes as Linux once did is what tests/explore checks.
"""

import glob
import re

from guest import TOP, Guest
from scope import mdscope

SIZE = 64 << 20

GUEST = r"""
tracing=/sys/kernel/tracing
trace_stores() { # WORD...: each stored into array_state, by one process, whose calls are traced
    echo nop >$tracing/current_tracer
    echo >$tracing/trace
    echo '*:mod:md_mod' >$tracing/set_ftrace_filter
    echo '*:mod:raid1' >>$tracing/set_ftrace_filter
    echo array_state_store >$tracing/set_graph_function
    echo nofuncgraph-irqs >$tracing/trace_options
    echo function_graph >$tracing/current_tracer
    sh -c 'echo $$ >/sys/kernel/tracing/set_ftrace_pid; for word in "$@"; do echo $word >/sys/block/md0/md/array_state; done' - "$@"
    echo 0 >$tracing/tracing_on
    grep -v '^#' $tracing/trace
    echo nop >$tracing/current_tracer
    echo >$tracing/set_ftrace_pid
    echo 1 >$tracing/tracing_on
}
write_once() { /sbin/dd if=/dev/zero of=/dev/md0 bs=4k count=1 oflag=direct status=none; }
zero() { for disk in a b; do /sbin/dd if=/dev/zero of=/dev/vd$disk bs=1M count=4 oflag=direct status=none; done; }
is_pending() { reads $md/array_state write-pending; }
is_clean() { reads $md/array_state clean; }
external() { # by hand, without mdmon; the array is left as a writer left it
    zero
    [ -b /dev/md0 ] || mknod /dev/md0 b 9 0
    : </dev/md0
    cd $md
    echo external:lab >metadata_version
    echo raid1 >level
    echo 2 >raid_disks
    echo 61440 >component_size
    slot=0
    for disk in vda vdb; do
        cat /sys/block/$disk/dev >new_dev
        echo 2048 >dev-$disk/offset
        echo 61440 >dev-$disk/size
        echo $slot >dev-$disk/slot
        slot=$((slot + 1))
    done
    echo external >bitmap/metadata
    echo 1048576 >bitmap/chunksize
    echo 60 >bitmap/time_base
    echo +8 >bitmap/location
    echo none >resync_start
    echo active >array_state
    write_once & # it waits for whoever keeps the metadata, which is us
    writer=$!
    await pending is_pending
    echo active >array_state
    wait $writer
    echo clean >array_state
    await rest at_rest
    cd /
}
internal() { # all bits are set at first: the daemon clears them, and then has a long time
    zero
    mdadm -q --create /dev/md0 --run --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=1M --delay=1 --assume-clean \
        --metadata=1.2 /dev/vda /dev/vdb 2>&1
    write_once
    await clear no_bit_is_set /dev/vda /dev/vdb
    echo 60 >$md/bitmap/time_base
    write_once
    await clean is_clean
    await rest at_rest
}
"""

STOPS = (  # how the array is made and stopped, the scenario that does the same
    ("external", "clear", "referee-external"),
    ("external", "inactive clear", "referee-twostep"),
    ("internal", "clear", "referee-internal"),
)


def known_functions():
    names = set()
    for path in glob.glob(TOP + "/tests/data/*.tree"):
        with open(path) as file:
            names |= {line.strip() for line in file if not line.startswith("#")}
    return names


def tree_of(trace, names):
    """Of what the tracer function_graph printed."""
    lines, shown = [], []  # shown: of each call that is open, whether it was printed
    for line in trace.split("\n"):
        call = line.partition("|")[2].strip()
        entry = re.match(r"([\w.]+)(?: \[\w+\])?\(\)( \{|;)", call)
        if entry:
            name = entry[1].split(".")[0]  # .part.0, .isra.0
            if name in names:
                lines.append("  " * sum(shown) + name)
            if entry[2] == " {":
                shown.append(name in names)
        elif call.startswith("}") and shown:
            shown.pop()
    return "\n".join(lines)


def run(verdict, folder, kernel, era):
    """The calls of a stop."""
    images = ["%s/vd%s.img" % (folder, letter) for letter in "ab"]
    for image in images:
        with open(image, "wb") as file:
            file.truncate(SIZE)
    guest, names, calls = Guest(kernel, folder + "/guest", images), known_functions(), 0
    try:
        for home, words, scenario in STOPS:
            tree = tree_of(guest.run("%s\n%s\ntrace_stores %s" % (GUEST, home, words)), names)
            verdict.same("tree of %s, %s" % (home, words.replace(" ", ", ")), tree, mdscope("tree", scenario, "--kernel", era)[1])
            calls += len(tree.split("\n"))
    finally:
        guest.cut()
    return "%d stops, %d calls" % (len(STOPS), calls)
