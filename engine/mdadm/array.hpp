// SPDX-License-Identifier: MIT
// One array as the outside holds it: the Mddev, its members' disks, its mdmon, and mdadm's part (assembling, adding,
// stopping). fs mounts it, tests drive it, later the window's lab is made of it.
//
//   Array --owns--> Mddev, member disk stacks (Pause -> Delay -> Fault -> File/RamDisk), Mdmon (external metadata only)
//
// An Array survives its array: after a stop, or after an Oops, it answers with an empty disk until reassemble(). The
// disk front end is byte-exact: overlapping writes are ordered, unaligned ones are read-modify-write under that order,
// so two mirrors never take the same two writes in a different order.
//
// Threads: read, write, discard, flush, open, release, show and store may be called from any task, many at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/md/md.hpp"
#include "engine/mdadm/container.hpp"

namespace mdscope {

class Mdmon;

struct CreateOptions {
    std::string lab;                         // folder; made if missing; members LAB/sda.img, sdb.img, ...
    std::uint64_t size_bytes = 64ULL << 20;  // of each image
    int members = 2;
    std::string bitmap = "external";  // external | internal | none | path of a bitmap file
    std::string metadata = "1.2";     // 1.2 | 1.1 | 1.0, for native homes; imsm
    std::uint64_t chunk = 64 << 10;   // bytes, doubled until it fits; 0: what mdadm would pick
    std::uint64_t daemon_sleep_ms = 5000;
    std::vector<std::string> write_mostly;  // member names
    bool force = false;                     // overwrite images that have a superblock
    std::string name = "lab";               // set_name is "HOST:name" with host "mdscope"; imsm: of the volume
    int spares = 0;                         // imsm: beside the members
    std::uint64_t volume_bytes = 0;         // imsm: in stripes of 128 KiB; 0: all that there is, in whole MiB
    std::vector<std::string> serials;       // imsm: NAME=SERIAL; the others are "/dev/NAME"
};
struct CreateReport {
    std::vector<std::string> images;
    std::string text;  // lines for people: geometry, bitmap, what to do next
};
// Creates sparse images and metadata (create.cpp). Refuses existing images with a superblock, label or any data without
// force; leaves nothing behind when it fails half-way.
Result<CreateReport> create_lab(const CreateOptions& options);

struct AssembleOptions {
    std::vector<std::string> images;  // paths of member images
    std::string lab;                  // the lab folder; for external metadata the sidecar is LAB/container.json
    std::string bitmap_file;          // path, for arrays with a bitmap file
    bool read_only = false;
    bool run = false;  // also without a member that was in use
    VariantRows variants;
    std::string name = "md0";
    std::uint32_t volume = 0;          // imsm: which one of the container
    std::vector<std::string> serials;  // imsm: NAME=SERIAL; the others are "/dev/NAME"
    // Native members are bound as mdadm does, the highest slot first; true: in the order of `images`.
    bool bind_as_given = false;
};

class Array {
   public:
    // Reads all members, decides as mdadm and the kernel do (freshest wins, stale members stay out), runs the array.
    static Result<std::unique_ptr<Array>> assemble(Kernel& kernel, const AssembleOptions& options);
    virtual ~Array() = default;

    virtual Kernel& kernel() = 0;
    virtual Mddev& mddev() = 0;  // the current one; replaced by reassemble()
    virtual const AssembleOptions& options() const = 0;
    // md127, the container that the array is a volume of; nullptr: it is none. To be looked at.
    virtual Mddev* container() = 0;

    // The disk md0. Offsets and sizes in bytes. Errors: -ENODEV stopped, -EIO, -EPERM read-only, -ENOSPC past the end.
    virtual std::uint64_t size_bytes() const = 0;  // 0 when not running
    virtual int open() = 0;
    virtual void release() = 0;
    virtual std::int64_t read(std::uint64_t offset, std::span<std::byte> buffer) = 0;
    virtual std::int64_t write(std::uint64_t offset, std::span<const std::byte> data, bool fua) = 0;
    // What is discarded reads as zeros, and the members' images have holes there.
    virtual int discard(std::uint64_t offset, std::uint64_t size) = 0;
    virtual int flush() = 0;
    // Openers lose the array: their I/O answers EIO from now on, and they no longer count (echo force > lab/stop).
    virtual void revoke_openers() = 0;

    // mdadm's part. Member names as in md ("sda"). 0 or -errno; *why says what to do. A stop or an assembly has the
    // array to itself: while one is under way, or while members change, others are answered -EALREADY at once.
    virtual int add(const std::string& path_or_name, std::string* why) = 0;     // a new member, full recovery
    virtual int re_add(const std::string& path_or_name, std::string* why) = 0;  // by bitmap, or -EINVAL when too old
    // A member that has failed and is still busy is waited for, for as long as `patience_ns`.
    virtual int remove(const std::string& name, std::string* why, std::uint64_t patience_ns = 0) = 0;
    // As mdadm --stop: external metadata by `inactive`, which mdmon answers with `clear`; else STOP_ARRAY. `force`
    // revokes openers first.
    virtual int stop(bool force, std::string* why) = 0;
    // STOP_ARRAY, STOP_ARRAY_RO or GET_ARRAY_INFO on an open md0; see md_ioctl.hpp, also for `arg`. REQUIRES: the
    // caller has the disk open. STOP_ARRAY, once it has succeeded, takes that opener: no release() follows. With
    // external metadata mdmon is asked to record that the array is clean before it is gone. While either stop is under
    // way, requests for the disk answer EIO.
    virtual int ioctl(unsigned command, void* arg, std::string* why) = 0;
    // After a stop or an Oops: starts again from what is on disk. *why gets what the array owes (resync) and why.
    // `run`: also without a member that was in use, as `run` of the options.
    virtual int reassemble(std::string* why, bool run = false) = 0;
    // Sleeps until no stop, assembly or change of members is under way.
    virtual void wait_until_settled() = 0;
    // SIGTERM while open: writes stopped, bitmap flushed, marked clean (md_notify_reboot).
    virtual void notify_reboot() = 0;

    // Member disks, for hold, release, delay, fail. What is released may end a stop, and the stop lets go of the disks:
    // they stay, and their images locked, for as long as `keep` is held.
    struct MemberDisk {
        std::string name;
        PauseDisk* pause;
        DelayDisk* delay;
        FaultDisk* fault;
        std::shared_ptr<const void> keep;
    };
    virtual std::vector<MemberDisk> member_disks() = 0;
    virtual std::vector<BioInfo> bios() const = 0;  // metadata and held bios in flight
    // Waits until every bio of a stopped or dead array has come back; false: some are still held.
    virtual bool bios_drained() const = 0;

    // Changes of any sysfs file: fs polls with it. The name is as in the tree: "md/array_state", "md/dev-sda/state",
    // "mdstat".
    virtual void set_notify(std::function<void(const std::string&)> observer) = 0;
};

}  // namespace mdscope
