// SPDX-License-Identifier: MIT
// Telling md about an array: what mdadm does by ioctls (native) or by writing sysfs (external), and then runs it.
#include <fmt/format.h>

#include <algorithm>

#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/label_stamp.hpp"

namespace mdscope {

Rdev& ArrayImpl::new_rdev(Mddev& mddev, const std::shared_ptr<MemberStack>& stack) {
    auto rdev = std::make_unique<Rdev>(kernel_, stack->name);
    rdev->path = stack->path;
    rdev->bdev = &stack->top();
    const SpinGuard guard(mddev.lock);  // a snapshot may be walking the list
    mddev.all_rdevs.push_back(std::move(rdev));
    return *mddev.all_rdevs.back();
}

// A member whose metadata md cannot read is left out, as one whose superblock is too old; `missing` gets its name.
int ArrayImpl::bind_native(Mddev& mddev, MemberImage& image, std::vector<std::string>* missing) {
    Rdev& rdev = new_rdev(mddev, take_stack(std::move(image.stack)));
    const int unread = std::min(super_1_load(rdev, nullptr, mddev.minor_version), 0);
    const int err = unread != 0 ? 0 : bind_rdev_to_array(rdev, mddev);
    if (unread != 0) {
        const std::string why = std::generic_category().message(-unread);
        md_log(mddev, LogLevel::Warn,
               fmt::format("md: {} is left out: its superblock or its bad-block log cannot be "
                           "used ({})",
                           rdev.name, why));
        if (image.sb.role() < MD_DISK_ROLE_MAX)
            missing->push_back(fmt::format("{} (slot {}), which is left out", rdev.name, image.sb.role()));
    }
    if (unread != 0 || err < 0) close_member(rdev);  // md does not know it, so nobody else will
    return err;
}

int ArrayImpl::bind_external(Mddev& mddev, MemberImage& image, const ContainerMember& member) {
    const LabLabel label = *image.label;
    Rdev& rdev = new_rdev(mddev, take_stack(std::move(image.stack)));
    describe_external_member(rdev, label, member);
    for (const ImsmBadBlock& bad : image.bad_blocks) {
        rdev.badblocks.shift = 0;
        (void)rdev.badblocks.set(bad.sector, bad.sectors, true);
    }
    const int err = bind_rdev_to_array(rdev, mddev);
    if (err < 0) close_member(rdev);
    return err;
}

Result<bool> ArrayImpl::open_bitmap_file(Mddev& mddev) {
    if (options_.bitmap_file.empty()) return true;
    auto file = kernel_.open_disk(options_.bitmap_file, options_.read_only ? OpenMode::ReadOnly : OpenMode::ReadWrite);
    if (!file) return Error{file.error().err, "bitmap file: " + file.error().text};
    bitmap_file_ = std::move(*file);
    mddev.bitmap_info.file = bitmap_file_.get();
    mddev.bitmap_info.file_path = options_.bitmap_file;
    return true;
}

// What md said of a failed start, for people: its warnings since line `from`.
static std::string warnings_since(Kernel& kernel, std::size_t from) {
    std::string text;
    const std::vector<LogLine> log = kernel.log();
    for (std::size_t i = std::min(from, log.size()); i < log.size(); i++)
        if (log[i].level <= LogLevel::Warn) text += (text.empty() ? "" : "; ") + log[i].text;
    return text;
}

Result<bool> ArrayImpl::run(Mddev& mddev, Assembly plan, bool insist) {
    const std::size_t log_start = kernel_.log().size();
    const auto failed = [&](int err) {
        const std::string said = warnings_since(kernel_, log_start);
        return Error{-err, fmt::format("{} could not be started ({}){}{}", mdname(mddev),
                                       std::generic_category().message(-err), said.empty() ? "" : ": ", said)};
    };
    mddev_lock_nointr(mddev);
    int err = 0;
    for (MemberImage& image : plan.members) {
        if (!plan.external) {
            err = bind_native(mddev, image, &plan.missing);
        } else {
            err = bind_external(mddev, image, *find_member(plan.container, image.label->member_uuid));
        }
        if (err != 0) break;
    }
    const bool complete = plan.missing.empty() || insist;
    if (err == 0 && complete) err = do_md_run(mddev);
    mddev_unlock(mddev);
    if (!complete) return Error{ENODEV, missing_text(plan) + "\n  " + warnings_since(kernel_, log_start)};
    if (err != 0) return failed(err);
    return true;
}

// Who is not there now, or could not get this use's number, must not look as if it had missed nothing once the array
// was used.
static void call_missing_faulty(Assembly& plan) {
    for (ContainerMember& member : plan.container.members) {
        const auto is_member = [&](const MemberImage& image) { return image.label->member_uuid == member.uuid; };
        const bool has_part = member.state == "in_sync" || member.state == "rebuilding";
        if (has_part && std::ranges::none_of(plan.members, is_member)) member.state = "faulty";
    }
}

// Before anything can be written. Without room for the sidecar the array starts all the same, so that it can be read;
// it has said why. The first sidecar that can be written then says who was missing.
static std::uint64_t stamp_for_this_use(Kernel& kernel, Assembly& plan, const std::string& sidecar_path) {
    const Aside aside(kernel);
    std::vector<Disk*> disks;
    for (const MemberImage& image : plan.members) disks.push_back(image.stack->file.get());
    if (!stamp_labels(kernel, plan.container, sidecar_path, disks, false)) call_missing_faulty(plan);
    return plan.container.generation;
}

Result<Assembly> ArrayImpl::planned() {
    const Aside aside(kernel_);
    auto plan =
        plan_assembly(kernel_, options_.images, options_.lab, options_.read_only, {options_.volume, options_.serials});
    if (!plan || !options_.bind_as_given) return plan;
    std::ranges::stable_sort(plan->members, {}, [&](const MemberImage& image) {
        return std::ranges::find(options_.images, image.stack->path) - options_.images.begin();
    });
    return plan;
}

std::unique_ptr<Mdmon> ArrayImpl::new_mdmon(Mddev& mddev, const Assembly& plan) {
    imsm_ = nullptr;
    std::unique_ptr<Mdmon> mdmon;
    if (plan.imsm) {
        auto store = new_imsm_store(mddev, *plan.imsm);
        imsm_ = store.get();
        mdmon = std::make_unique<Mdmon>(kernel_, mddev, plan.container, std::move(store));
        mdmon->call_faulty(plan.imsm->absent);
        make_container(*plan.imsm);
        new_manager(*plan.imsm);
        mdmon->on_empty_slot = [this] { wake_manager(); };
    } else {
        mdmon = std::make_unique<Mdmon>(kernel_, mddev, plan.container, container_path(options_.lab));
    }
    mdmon->read_only = options_.read_only;
    return mdmon;
}

static constexpr std::size_t kOldArrays = 16;
static constexpr std::uint64_t kImsmSafeModeDelay = 4 * kNsPerSec;  // what mdadm writes to safe_mode_delay

Result<bool> ArrayImpl::start(std::vector<std::string>* notes, bool insist) {
    if (!options_.lab.empty() && lab_folder_ == nullptr) {
        auto held = kernel_.hold_folder(options_.lab);
        if (!held) return held.error();
        lab_folder_ = std::move(*held);
    }
    auto plan = planned();
    if (!plan) return plan.error();
    insist = insist || options_.run;
    if (plan->external && !options_.bitmap_file.empty())
        return Error{EINVAL, "an array of external metadata has its bitmap on the members, not in a file"};
    if (!plan->missing.empty() && !insist) return Error{ENODEV, missing_text(*plan)};
    *notes = plan->notes;
    for (const std::string& note : plan->notes) kernel_.printk(LogLevel::Warn, note);

    auto fresh = std::make_unique<Mddev>(kernel_, options_.name);
    Mddev& mddev = *fresh;
    const Mddev* const before = mddev_.load();
    mddev.variants =
        before != nullptr ? before->variants : options_.variants;  // as lab/fix and its like have left them
    if (options_.read_only) mddev.ro = MD_RDONLY;
    connect_notifiers(mddev);
    if (plan->external) {
        describe_external(mddev, plan->container);
        if (plan->imsm) describe_imsm(mddev, *plan->imsm);
        const SpinGuard guard(mddev.lock);
        // With the dash mdmon leaves `readonly` alone.
        if (options_.read_only) mddev.metadata_type = "-" + mddev.metadata_type.substr(plan->imsm ? 1 : 0);
    } else {
        mddev.persistent = true;
        mddev.major_version = 1;
        mddev.minor_version = plan->minor_version;
        if (auto opened = open_bitmap_file(mddev); !opened) return opened.error();
    }
    // Whoever reads a file of md/ may be inside an array of before, though not for long; requests may stay for long.
    if (disk_.in_flight() == 0 && mddevs_.size() >= kOldArrays) {
        kernel_.del_timer_sync(mddevs_.front()->safemode_timer);
        mddevs_.erase(mddevs_.begin());
    }
    mddevs_.push_back(std::move(fresh));
    mddev_.store(&mddev);
    if (plan->external) {
        if (!options_.read_only && !plan->imsm)
            stamped_generation_ = stamp_for_this_use(kernel_, *plan, container_path(options_.lab));
        mdmon_ = new_mdmon(mddev, *plan);
        mdmon_->start();
    }
    auto running = run(mddev, std::move(*plan), insist);
    if (mdmon_ == nullptr) return running;
    // mdmon answers a stop with `clear` only if it has seen the array running before.
    if (running && imsm_ != nullptr) mddev.safemode_delay = kImsmSafeModeDelay;
    if (running && manager_ != nullptr && !options_.read_only) manager_->start();
    if (running)
        (void)mdmon_->ping();
    else
        mdmon_->stop();
    return running;
}

}  // namespace mdscope
