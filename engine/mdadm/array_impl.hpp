// SPDX-License-Identifier: MIT
// The Array that array.hpp promises, on any Kernel.
//
// Mddev objects and member stacks are kept after a stop for as long as anything may still point at them: requests that
// are unwinding, bios that are held. Stacks go when everything in them has come back; of the Mddevs the last 16 stay
// until the Array goes, for whoever is reading a file of md/ right now.
//
// A stop or an assembly has the Array to itself; changes of members (add, re-add, remove) may go on beside each other,
// but not beside one of those. Who comes meanwhile is answered -EALREADY, and does not wait: what is under way may
// sleep for as long as a person holds a bio. See Claim.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/mdadm/array.hpp"
#include "engine/mdadm/array_disk.hpp"
#include "engine/mdadm/assemble.hpp"
#include "engine/mdadm/imsm/imsm_store.hpp"
#include "engine/mdadm/mdmon/manager.hpp"
#include "engine/mdadm/mdmon/mdmon.hpp"
#include "engine/mdadm/member_stack.hpp"

namespace mdscope {

class ArrayImpl final : public Array {
   public:
    ArrayImpl(Kernel& kernel, AssembleOptions options);
    ~ArrayImpl() override;

    // Plans, builds a fresh Mddev, runs it. `notes` gets what was left out. `insist`: as `run` of the options.
    Result<bool> start(std::vector<std::string>* notes, bool insist = false);

    Kernel& kernel() override { return kernel_; }
    Mddev& mddev() override { return *mddev_.load(); }
    [[nodiscard]] const Mddev& mddev() const { return *mddev_.load(); }
    [[nodiscard]] bool has_mddev() const { return mddev_.load() != nullptr; }  // something was started
    const AssembleOptions& options() const override { return options_; }
    Mddev* container() override { return container_.load(); }

    std::uint64_t size_bytes() const override;
    int open() override;
    void release() override;
    std::int64_t read(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::int64_t write(std::uint64_t offset, std::span<const std::byte> data, bool fua) override;
    int discard(std::uint64_t offset, std::uint64_t size) override;
    int flush() override;
    void revoke_openers() override;

    int add(const std::string& path_or_name, std::string* why) override;
    int re_add(const std::string& path_or_name, std::string* why) override;
    int remove(const std::string& name, std::string* why, std::uint64_t patience_ns) override;
    int stop(bool force, std::string* why) override;
    int ioctl(unsigned command, void* arg, std::string* why) override;
    int reassemble(std::string* why, bool run) override;
    void notify_reboot() override;

    std::vector<MemberDisk> member_disks() override;
    std::vector<BioInfo> bios() const override;
    bool bios_drained() const override { return bios().empty(); }
    void set_notify(std::function<void(const std::string&)> observer) override;

    void wait_until_settled() override;

    // ---- for a lab that is simulated

    [[nodiscard]] bool keeps_anchors() const { return imsm_ != nullptr; }  // IMSM
    // Told of each member that md has let go of, after its image was closed or will be. Set before start().
    std::function<void(Rdev&)> on_member_closed;
    // mdmon ends, as when somebody kills it: nobody answers array_state from here on.
    void end_mdmon();
    // When this goes, nothing is stopped or written: the kernel's tasks were unwound where they were before that.
    void will_be_abandoned() { is_abandoned_ = true; }

   private:
    class Inside;
    class Claim;
    // array_stop.cpp
    int stop_members();
    int stop_external();
    [[nodiscard]] bool is_unattended() const;
    int wait_for_requests();
    int close_unopened();
    int close_disk(const Mddev& mddev);
    template <class Stop>
    int stop_claimed(std::string* why, Stop stop);
    [[nodiscard]] std::vector<std::shared_ptr<MemberStack>> labelled_members() const;
    void stamp_after_use(const std::vector<std::shared_ptr<MemberStack>>& members);
    // array_impl.cpp
    void take_openers();
    int let_requests_end();
    int reassemble_claimed(std::string* why, bool run);
    int add_claimed(const std::string& path_or_name, std::string* why);
    int add_image(MemberImage image, std::string* why);
    int re_add_claimed(const std::string& path_or_name, std::string* why);
    int not_usable() const;  // 0, or why md0 cannot take I/O now
    void end_tasks(Mddev& md);
    void connect_notifiers(Mddev& mddev);
    // array_record.cpp
    int record(const Mddev& mddev, const std::function<void(Container&)>& edit);
    int record_bitmap(const Mddev& mddev, std::int64_t offset);
    int record_settings(const Mddev& mddev);
    int record_size(Mddev& mddev, Sector sectors);
    int record_member_flags(const Mddev& mddev, const Rdev& rdev);
    void notify(const char* path) const;
    void notify_members() const;
    void close_member(Rdev& rdev);
    bool retire_stack(const Rdev& rdev);
    void drop_drained();
    [[nodiscard]] bool is_image_open(const std::string& member) const;
    bool wait_until_closed(const std::string& member);
    std::shared_ptr<MemberStack> take_stack(std::unique_ptr<MemberStack> stack);
    void note_added(const std::string& path);
    void take_added_images();
    // array_start.cpp
    int bind_native(Mddev& mddev, MemberImage& image, std::vector<std::string>* missing);
    int bind_external(Mddev& mddev, MemberImage& image, const ContainerMember& member);
    Result<bool> open_bitmap_file(Mddev& mddev);
    Result<Assembly> planned();
    Result<bool> run(Mddev& mddev, Assembly plan, bool insist);
    std::unique_ptr<Mdmon> new_mdmon(Mddev& mddev, const Assembly& plan);
    // array_imsm.cpp
    struct Spare {
        std::string name, path;
    };
    void describe_imsm(Mddev& mddev, const ImsmPlan& plan);
    void make_container(const ImsmPlan& plan);
    void join_container(const ImsmPlan::Disk& disk);
    bool leave_container(const std::string& name);
    std::unique_ptr<ImsmStore> new_imsm_store(Mddev& mddev, const ImsmPlan& plan);
    [[nodiscard]] ImsmTarget imsm_member(Mddev& mddev, const Uuid& serial) const;
    int add_imsm(MemberImage image, std::string* why);
    int add_spare(MemberImage image, const ImsmNewDisk& disk, std::string* why);
    bool has_empty_slot();
    void forget_spare(const std::string& name);
    [[nodiscard]] bool has_spare(const std::string& name) const;
    void take_spares();
    void take_spares_claimed();
    void new_manager(const ImsmPlan& plan);
    void wake_manager();
    void wait_for_manager();
    void end_manager();
    // array_members.cpp
    bool is_running();
    std::string resolve(const std::string& path_or_name) const;
    Rdev& new_rdev(Mddev& mddev, const std::shared_ptr<MemberStack>& stack);
    Result<MemberImage> open_new_member(const std::string& path);
    int write_new_superblock(MemberImage& image, std::string* why);
    int hot_add_native(MemberImage image, int slot, std::string* why);
    int add_native(MemberImage image, std::string* why);
    [[nodiscard]] bool comes_back_by_bitmap(const MemberImage& image);
    int add_external(MemberImage image, std::string* why);
    int record_member(ContainerMember member, std::string* why);
    [[nodiscard]] std::string name_of(const std::string& path) const;
    [[nodiscard]] const ContainerMember* entry_of(const Container& container, const MemberImage& image) const;
    int label_new(MemberImage& image, const LabLabel& label, std::string* why);
    int relabel(MemberImage& image, const LabLabel& label, ContainerMember before, std::string* why);
    int restamp(MemberImage& image, std::string* why);
    int slot_of_before(const MemberImage& image, std::string* why);
    int new_dev(std::string_view text);

    Kernel& kernel_;
    AssembleOptions options_;
    std::shared_ptr<const void> lab_folder_;  // held, so that the lab may be moved
    ArrayDisk disk_;
    std::atomic<Mddev*> mddev_{nullptr};
    std::vector<std::unique_ptr<Mddev>> mddevs_;  // the current one is last
    std::unique_ptr<Mdmon> mdmon_;
    std::unique_ptr<MdmonManager> manager_;  // if the metadata is of IMSM
    Shared<bool> manager_adds_;              // a spare, or is about to
    mutable SpinLock spares_lock_;
    std::vector<Spare> spares_ GUARDED_BY(spares_lock_);    // of the container; nobody has them open
    ImsmStore* imsm_ = nullptr;                             // mdmon's, if the metadata is of this kind
    std::atomic<Mddev*> container_{nullptr};                // md127
    std::vector<std::unique_ptr<Mddev>> container_mddevs_;  // the current one is last
    std::uint64_t stamped_generation_ = 0;                  // the sidecar's when this use began; see label_stamp.hpp
    std::unique_ptr<Disk> bitmap_file_;
    bool is_abandoned_ = false;
    std::atomic<bool> closing_{false};  // a stop is on its way, and nothing more is let in
    Shared<int> inside_;                // requests between their arrival and their end
    WaitQueue inside_wait_;
    SpinLock openers_lock_;                      // between who gives an opener back and who takes them all
    int revoked_ GUARDED_BY(openers_lock_) = 0;  // openers that will still call release()
    Shared<int> claims_;                         // see Claim
    WaitQueue claims_wait_;

    const std::shared_ptr<OpenImages> images_;
    mutable SpinLock stacks_lock_;
    std::vector<std::shared_ptr<MemberStack>> stacks_ GUARDED_BY(stacks_lock_);   // members that md knows
    std::vector<std::shared_ptr<MemberStack>> retired_ GUARDED_BY(stacks_lock_);  // exported, not yet drained
    std::vector<std::string> added_ GUARDED_BY(stacks_lock_);  // images that came since the start, for the next one

    mutable SpinLock observer_lock_;
    std::function<void(const std::string&)> observer_ GUARDED_BY(observer_lock_);
    std::atomic<bool> is_watched_{false};  // there is an observer
};

// Somebody's right to stop or assemble the array, or to change its members, for as long as it lives.
class ArrayImpl::Claim {
   public:
    enum class Kind : std::uint8_t { Alone, WithOthers };
    Claim(ArrayImpl& array, Kind kind);
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    // 0, or -EALREADY and who is in the way.
    [[nodiscard]] int refused(std::string* why) const;

   private:
    static constexpr int kAlone = -1;
    ArrayImpl& array_;
    const Kind kind_;
    int found_;  // claims_ as it was: 0 or more, or kAlone
    bool held_ = false;
};

}  // namespace mdscope
