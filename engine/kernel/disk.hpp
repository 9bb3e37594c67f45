// SPDX-License-Identifier: MIT
// Disks, and the layers that stack on them.
//
//   PauseDisk      holds matching bios before anything below is touched (lab/hold)
//   DelayDisk      starts matching bios later
//   FaultDisk      fails the n-th read, write or flush, once or for ever, in a range
//   FileDisk | RamDisk     an image file of a RealKernel | memory of a SimKernel
//
// A layer forwards with below().submit(bio) or keeps the bio and forwards it later; it never changes what the bio says.
// An idle layer costs one load. submit() may complete the bio before it returns; see bio.hpp for whose context that is.
// All methods may be called from any task. A Disk outlives every bio submitted to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/kernel.hpp"

namespace mdscope {

// One bio in flight or held, as lab/bios prints it.
struct BioInfo {
    std::uint64_t id;
    std::string member;
    BioKind kind;
    BioOp op;
    Sector sector;
    std::uint32_t size;
    bool held;
    std::uint64_t since_ns;  // ktime_ns at submission
};

class Disk {
   public:
    virtual ~Disk() = default;
    virtual void submit(Bio* bio) = 0;  // what was discarded reads as zeros
    // Ends the bio with `error` (-errno) without performing it, where and when a submitted one would have ended.
    virtual void submit_to_fail(Bio* bio, int error) { bio_endio(bio, error); }
    [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
    [[nodiscard]] Sector size_sectors() const { return size_bytes() >> kSectorShift; }
    // The member's name as md prints it: the image file without its folder and ".img".
    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual bool read_only() const { return false; }
    [[nodiscard]] virtual unsigned logical_block_size() const { return kSectorSize; }
    // The first sector from `from` on that is not known to be a hole, or size_sectors().
    [[nodiscard]] virtual Sector next_data(Sector from) const { return from; }
    // Sectors of user (not resync) I/O done so far, for the resync throttle's "is anyone else using this disk".
    [[nodiscard]] virtual std::uint64_t user_sectors() const = 0;
    // Adds what is in flight here and below and has a number: metadata bios, and delayed ones. Not what a PauseDisk
    // holds; see held().
    virtual void append_in_flight(std::vector<BioInfo>&) const {}
};

// An image's name as md prints a member: without folder and ".img".
[[nodiscard]] std::string disk_name(const std::string& path);

// The bio as lists of bios show it.
[[nodiscard]] BioInfo bio_info(const Bio& bio, const std::string& member, bool held, std::uint64_t since_ns);

// What a layer's rule matches. Empty sets match everything.
struct BioFilter {
    std::vector<BioKind> kinds{};
    std::vector<BioOp> ops{};
    Sector first = 0;
    Sector last = ~Sector{0};
    [[nodiscard]] bool matches(const Bio& bio) const;
};

class LayerDisk : public Disk {
   public:
    explicit LayerDisk(Disk& below) : below_(&below) {}
    void submit_to_fail(Bio* bio, int error) override { below_->submit_to_fail(bio, error); }
    [[nodiscard]] std::uint64_t size_bytes() const override { return below_->size_bytes(); }
    [[nodiscard]] const std::string& name() const override { return below_->name(); }
    [[nodiscard]] bool read_only() const override { return below_->read_only(); }
    [[nodiscard]] unsigned logical_block_size() const override { return below_->logical_block_size(); }
    [[nodiscard]] Sector next_data(Sector from) const override { return below_->next_data(from); }
    [[nodiscard]] std::uint64_t user_sectors() const override { return below_->user_sectors(); }
    void append_in_flight(std::vector<BioInfo>& list) const override { below_->append_in_flight(list); }

   protected:
    [[nodiscard]] Disk& below() const { return *below_; }

   private:
    Disk* below_;
};

struct FaultRule {
    BioFilter filter{};
    std::uint64_t skip = 0;       // let this many matching bios pass first
    std::uint64_t count = ~0ULL;  // then fail this many
    int error = -EIO;
};

class FaultDisk : public LayerDisk {
   public:
    using LayerDisk::LayerDisk;
    void submit(Bio* bio) override;
    void add_rule(const FaultRule& rule);
    void clear_rules();

   private:
    int verdict(const Bio& bio);

    Shared<bool> armed_;
    SpinLock lock_;
    std::vector<FaultRule> rules_ GUARDED_BY(lock_);
};

// Delayed bios go on in a task of the layer's own ("sda_delay"), since what is below may block.
class DelayDisk : public LayerDisk {
   public:
    DelayDisk(Kernel& kernel, Disk& below);
    ~DelayDisk() override;
    void submit(Bio* bio) override;
    void set_delay(const BioFilter& filter, std::uint64_t delay_ns);  // 0 ns: off
    void append_in_flight(std::vector<BioInfo>& list) const override;

   private:
    struct Delayed {
        Bio* bio;
        std::uint64_t since_ns;
        std::uint64_t due_ns;
    };
    bool keep(Bio* bio, std::uint64_t delay_ns);
    void forward_when_due();
    Bio* take_due(std::uint64_t now_ns, std::uint64_t* next_due_ns);

    Kernel& kernel_;
    Shared<std::uint64_t> delay_ns_;
    WaitQueue queue_;
    Shared<bool> stopping_;
    Shared<std::uint64_t> arrivals_;
    mutable SpinLock lock_;
    BioFilter filter_ GUARDED_BY(lock_);
    std::vector<Delayed> delayed_ GUARDED_BY(lock_);
    bool started_ GUARDED_BY(lock_) = false;
    std::atomic<Task*> task_{nullptr};
};

class PauseDisk : public LayerDisk {
   public:
    PauseDisk(Kernel& kernel, Disk& below);
    ~PauseDisk() override;  // nothing may be held any more
    void submit(Bio* bio) override;
    void hold(const BioFilter& filter);  // a standing rule, added to those there are
    void lift();                         // no rule any more; what is held stays held
    std::size_t release_all();           // performs what is held, oldest first; returns how many
    bool release(std::uint64_t id);      // false: no such bio is held here
    [[nodiscard]] std::vector<BioInfo> held() const;

   private:
    bool keep(Bio* bio);

    struct Held {
        Bio* bio;
        std::uint64_t since_ns;
    };
    Kernel& kernel_;
    Shared<bool> armed_;
    mutable SpinLock lock_;
    std::vector<BioFilter> rules_ GUARDED_BY(lock_);
    std::vector<Held> held_ GUARDED_BY(lock_);
};

}  // namespace mdscope
