# SPDX-License-Identifier: MIT
"""What is stored into md/ on both sides, for sysfs.py.

The array is fresh at the beginning of each of them: two members of 64 MiB (64512 KiB are used), an internal bitmap, running.
    EACH        title, what is stored before, file, values: the array is fresh again for each value
    IN_A_ROW    title, stores, one after the other, on one array
A store is (file, value).
"""

READONLY = ("array_state", "readonly")
INACTIVE = ("array_state", "inactive")
FAILED = ("dev-vdb/state", "faulty")
FROZEN = ("sync_action", "frozen")

ALL_STATES = ("clear", "inactive", "suspended", "readonly", "read-auto", "clean", "active", "write-pending", "active-idle", "bogus")
SOME_STATES = ("clear", "inactive", "read-auto", "clean", "active")
ACTIONS = ("idle", "frozen", "resync", "recover", "check", "repair", "reshape", "bogus")

EACH = (
    ("clean", (), "array_state", ALL_STATES),
    ("read-only", (READONLY,), "array_state", SOME_STATES),
    ("read-auto", (("array_state", "read-auto"),), "array_state", SOME_STATES),
    ("inactive", (INACTIVE,), "array_state", SOME_STATES),
    ("clean", (), "sync_action", ACTIONS),
    ("degraded", (FAILED,), "sync_action", ("resync", "recover", "check")),
    ("in sync", (), "dev-vdb/state", ("faulty", "remove", "blocked", "insync", "want_replacement", "replacement", "re-add", "external_bbl", "write_error", "spare", "bogus")),
    ("failed", (FAILED,), "dev-vdb/state", ("faulty", "remove", "insync", "re-add", "writemostly", "want_replacement", "bogus")),
    ("degraded", (FAILED,), "dev-vdb/slot", ("none", "0", "1", "2", "-1", "x")),
    ("in sync", (), "dev-vdb/slot", ("none", "0", "1", "x")),
)


def row(file, *values):
    return tuple((file, value) for value in values)


IN_A_ROW = (
    ("read-only", (READONLY,) + row("sync_action", "idle", "frozen", "resync", "check", "repair")),
    ("frozen", (FROZEN,) + row("sync_action", "reshape", "bogus", "frozen", "idle")),
    ("geometry", row("level", "raid1", "raid0", "raid10", "linear", "bogus") + row("layout", "0", "1", "-1", "x")
     + row("raid_disks", "2", "0", "-1", "x") + row("chunk_size", "0", "65536", "512", "1000", "x")
     + row("reshape_position", "none", "0", "x") + row("reshape_direction", "forwards", "backwards", "x")),
    ("size", row("component_size", "64512", "64511", "64513", "1000000", "-1", "x", "1000", "64512")
     + row("array_size", "default", "external", "32768", "1", "0", "x", "100000", "default")),
    ("metadata", row("metadata_version", "1.2", "none", "0.90", "external:lab", "1.x", "bogus") + row("new_dev", "x", "1:2:3", "0:0")
     + row("consistency_policy", "resync", "bitmap", "ppl", "journal", "x")),
    ("checkpoint", row("resync_start", "0", "1000", "129024", "-1", "x", "none")),
    ("speed", row("sync_speed_min", "system", "0", "1", "1000", "4294967296", "-1", "10.5", "x", "system")
     + row("sync_speed_max", "system", "0", "1", "1000", "4294967296", "-1", "x", "system") + row("sync_force_parallel", "1", "0", "2", "x")),
    ("window", row("sync_min", "0", "8", "7", "128", "129024", "max", "-1", "x", "0") + row("sync_max", "8", "7", "128", "1000", "max", "-1", "x", "max")),
    ("suspend", row("suspend_hi", "8", "x", "max", "-1", "0") + row("suspend_lo", "8", "x", "0")),
    ("policies", row("safe_mode_delay", "0", "0.2", "1", "1.5", "100000", "4294967", "-1", "x", "1.x") + row("fail_last_dev", "1", "x", "2", "y", "on", "0")
     + row("serialize_policy", "1", "x", "0") + row("max_read_errors", "0", "20", "x", "-1")),
    ("files that are read", row("last_sync_action", "1") + row("mismatch_cnt", "1") + row("degraded", "1") + row("uuid", "1") + row("sync_completed", "1")
     + row("sync_speed", "1")),
    ("bitmap", row("bitmap/location", "+8", "-8", "0", "+9", "file", "x", "none", "none", "+8", "+8")),
    ("bitmap, its numbers", row("bitmap/chunksize", "65536", "1048576", "1000") + row("bitmap/space", "0", "8", "1", "x")
     + row("bitmap/metadata", "internal", "external", "x") + row("bitmap/time_base", "0", "1", "60", "100000", "-1", "x", "5")
     + row("bitmap/can_clear", "true", "false", "x", "1", "true") + row("bitmap/backlog", "0", "256", "16383", "16384", "-1", "x")
     + (("dev-vdb/state", "writemostly"),) + row("bitmap/backlog", "256", "0") + row("bitmap/max_backlog_used", "0", "1", "x")),
    ("no bitmap", row("bitmap/location", "none") + row("bitmap/chunksize", "65536", "1000", "511", "512", "0", "x", "1099511627776", "65536")
     + row("bitmap/metadata", "clustered", "x", "external", "internal") + row("bitmap/space", "8", "0", "x") + row("bitmap/location", "4096", "+2", "-100")),
    ("flags of a member", row("dev-vdb/state", "writemostly", "-writemostly", "failfast", "-failfast", "-blocked", "-want_replacement", "-replacement", "-write_error")),
    ("place of a member", row("dev-vdb/offset", "2048", "4096", "x") + row("dev-vdb/new_offset", "2048", "4096", "2040", "x")
     + row("dev-vdb/size", "64512", "64511", "1000", "100000", "x") + row("dev-vdb/recovery_start", "none", "0", "x") + row("dev-vdb/errors", "5", "x", "-1", "0")
     + row("dev-vdb/ppl_sector", "0", "x") + row("dev-vdb/ppl_size", "8", "x")),
    ("bad blocks", row("dev-vdb/bad_blocks", "100 8", "100 8", "200", "x", "-1 8", "0 8", "129016 8", "200000 8", "300 520")
     + row("dev-vdb/unacknowledged_bad_blocks", "400 8", "x", "0 1")),
    ("the last member", (FAILED,) + row("dev-vda/state", "faulty", "remove")),
    ("removed", (FAILED,) + row("dev-vdb/state", "remove") + row("dev-vda/slot", "1")),
    ("inactive", (INACTIVE,) + row("level", "raid1") + row("raid_disks", "2") + row("component_size", "1000") + row("sync_action", "check")
     + row("resync_start", "0") + row("dev-vdb/state", "insync") + row("dev-vdb/slot", "none") + row("bitmap/location", "none")),
)
