#include "engine/explore/sim_lab.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "engine/look/state_hash.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/md_ioctl.hpp"
#include "engine/md/sysfs/sysfs.hpp"

namespace mdscope {

static constexpr const char* kLab = "lab";
static constexpr const char* kBitmapFile = "lab/bitmap";
static constexpr std::uint64_t kChunksOfAPage = std::uint64_t{kPageSize} * 8;

Result<LabPlan> plan_images(const Scenario& scenario) {
    CreateOptions options;
    options.lab = kLab;
    options.size_bytes = scenario.size;
    options.members = scenario.members;
    options.bitmap = scenario.bitmap == "file" ? kBitmapFile : scenario.bitmap;
    options.chunk = scenario.chunk;
    options.daemon_sleep_ms = scenario.delay_ms;
    return plan_lab(options);
}

// ---- assembling

void SimLab::add_images(const LabPlan& plan) {
    for (const PlannedFile& file : plan.files) {
        if (file.path.ends_with(".json") || file.path.ends_with(".new")) {  // small, and replaced as a whole
            std::string text;
            for (const Piece& piece : file.pieces)
                text.append(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
            if (!kernel.replace_file(file.path, text)) throw std::runtime_error("no room for " + file.path);
            continue;
        }
        RamImage& image = kernel.add_ram_disk(file.path, file.size);
        for (const Piece& piece : file.pieces) image.store(piece.offset, piece.bytes);
    }
}

Rdev& SimLab::new_member(const std::string& path) {
    auto disk = kernel.open_disk(path, OpenMode::ReadWrite);
    if (!disk) throw std::runtime_error(disk.error().text);
    disks_.push_back(std::move(*disk));
    return new_rdev(*disks_.back(), path);
}

Rdev& SimLab::new_rdev(Disk& disk, const std::string& path) NO_THREAD_SAFETY_ANALYSIS {  // see all_rdevs_at_rest
    auto rdev = std::make_unique<Rdev>(kernel, disk.name());
    rdev->path = path;
    rdev->bdev = &disk;
    mddev.all_rdevs.push_back(std::move(rdev));
    return *mddev.all_rdevs.back();
}

void SimLab::assemble_external(const LabPlan& plan) {
    const auto text = kernel.read_file(container_path(kLab));
    if (!text) throw std::runtime_error(text.error().text);
    const auto container = container_from_json(*text);
    if (!container) throw std::runtime_error(container.error().text);
    describe_external(mddev, *container);
    mdmon_ = std::make_unique<Mdmon>(kernel, mddev, *container, container_path(kLab));
    mdmon_->start();
    for (const std::string& path : plan.images) {
        Rdev& rdev = new_member(path);
        const LabLabel label = label_of(path);
        describe_external_member(rdev, label,
                                 *std::ranges::find(container->members, label.member_uuid, &ContainerMember::uuid));
        if (bind_rdev_to_array(rdev, mddev) != 0) throw std::runtime_error(path + " cannot be bound");
    }
}

void SimLab::assemble_native(const LabPlan& plan) {
    mddev.persistent = true;
    mddev.major_version = 1;
    mddev.minor_version = 2;
    if (bitmap_ == "file") {
        auto file = kernel.open_disk(kBitmapFile, OpenMode::ReadWrite);
        if (!file) throw std::runtime_error(file.error().text);
        mddev.bitmap_info.file = file->get();
        mddev.bitmap_info.file_path = kBitmapFile;
        disks_.push_back(std::move(*file));
    }
    for (const std::string& path : plan.images) {
        Rdev& rdev = new_member(path);
        if (super_1_load(rdev, nullptr, mddev.minor_version) < 0 || bind_rdev_to_array(rdev, mddev) != 0)
            throw std::runtime_error(path + " cannot be bound");
    }
}

// ---- what can happen

// As a program does: open, write, close. A stop meanwhile is told that the disk is in use.
int SimLab::write_chunk(std::uint64_t chunk) {
    if (const int err = md_open(mddev); err != 0) return err;
    const std::vector<std::byte> data(kPageSize, std::byte{0x5a});
    const std::uint64_t offset = chunk * std::max<std::uint64_t>(mddev.bitmap_info.chunksize, kPageSize);
    const std::int64_t done = disk_.write(mddev, offset, data, false);
    md_release(mddev);
    return done < 0 ? static_cast<int>(done) : 0;
}

// `all`: the first chunk of each bitmap page. A header takes the place of the first bits of its page.
int SimLab::write(const Statement& statement) {
    if (!statement.all) return write_chunk(statement.chunk);
    const std::uint64_t header = bitmap_ == "external" ? 0 : kBitmapSuperSize * 8;
    for (unsigned page = 0; page < pages_; page++)
        if (const int err = write_chunk(page == 0 ? 0 : page * kChunksOfAPage - header); err != 0) return err;
    return 0;
}

// As from the md thread, when the period has passed.
void SimLab::run_daemon() {
    {
        const MutexGuard guard(mddev.bitmap_info.mutex);  // keeps the bitmap
        if (Bitmap* bitmap = mddev.bitmap; bitmap != nullptr)
            bitmap->daemon_lastrun.sub(2 * mddev.bitmap_info.daemon_sleep);
    }
    md_bitmap_daemon_work(mddev);
}

// In the kernel work that unbind_rdev_from_array has queued.
void SimLab::delete_unbound() {
    while (deleted_ < all_rdevs_at_rest(mddev).size()) {
        wait_event(exported_wait_, exported_.size() > deleted_);
        rdev_delayed_delete(*exported_[deleted_++]);
    }
}

int SimLab::perform(const Statement& statement) {
    switch (statement.kind) {
        case Statement::Kind::Write:
            return write(statement);
        case Statement::Kind::Daemon:
            run_daemon();
            return 0;
        case Statement::Kind::Store:
            return md_attr_store(mddev, statement.attr, statement.value);
        case Statement::Kind::Stop:
            return md_ioctl(mddev, STOP_ARRAY, nullptr, false);
        case Statement::Kind::Fail:
            return fail(statement.member);
        case Statement::Kind::Remove:
            return remove(statement.member);
        case Statement::Kind::ReAdd:
            return re_add(statement.member);
        case Statement::Kind::Reboot:
            md_notify_reboot(mddev);
            return 0;
        case Statement::Kind::DelayedDelete:
            delete_unbound();
            return 0;
        case Statement::Kind::Wait:
            return 0;
    }
    return -EINVAL;
}

// ---- running it

// Everything up to the first step of the tasks. The metadata handler goes to sleep with the setup unless the scenario
// keeps it; nothing is in flight then, and the array is as a person at a shell would find it a second later.
void SimLab::set_up(const Scenario& scenario, const LabPlan& plan) {
    kernel.run_task("setup", [&] {
        mddev_lock_nointr(mddev);
        if (scenario.bitmap == "external")
            assemble_external(plan);
        else
            assemble_native(plan);
        const int err = do_md_run(mddev);
        mddev_unlock(mddev);
        if (err != 0) throw std::runtime_error(fmt::format("the array does not run ({})", err));
    });
    for (const Statement& statement : scenario.setup) {
        int answer = 0;
        kernel.run_task("setup", [&] { answer = perform(statement); });
        (void)kernel.run_for(kNsPerSec);
        if (answer != 0)
            throw std::runtime_error(fmt::format("line {}: the setup was answered {}", statement.line,
                                                 std::generic_category().message(-answer)));
    }
    (void)kernel.run_for(kNsPerSec);
    if (mdmon_ != nullptr && !scenario.mdmon) kernel.run_task("setup", [&] { mdmon_->stop(); });
    mdstat_ = mdscope::mdstat({&mddev});
}

void SimLab::run_statements(const ScenarioTask& task) {
    for (std::size_t i = 0; i < task.statements.size(); i++) {
        const int answer = perform(task.statements[i]);
        answers_.push_back(answer);
        kernel.remember_only(i + 1);
        idle_periods = 0;
    }
    running_tasks_--;
}

// Each task of the scenario has one: tells who records, and lets a step end where a function begins.
class SimLab::CallSink : public trace::FrameSink {
   public:
    explicit CallSink(SimKernel& sim) : kernel_(sim) {}
    void enter(const char* name) override {
        if (recorder != nullptr) recorder->enter(name);
        kernel_.at_call();
    }
    void leave(const char* name) override {
        if (recorder != nullptr) recorder->leave(name);
    }
    void pass(const char* name, const char* why) override {
        if (recorder != nullptr) recorder->pass(name, why);
    }
    trace::FrameSink* recorder = nullptr;

   private:
    SimKernel& kernel_;
};

void SimLab::start_tasks(const Scenario& scenario) {
    for (const ScenarioTask& task : scenario.tasks) {
        running_tasks_++;
        tasks_.push_back(kernel.kthread_run(task.name, [this, task] { run_statements(task); }));
        call_sinks_.push_back(std::make_unique<CallSink>(kernel));
        tasks_.back()->trace.sink = call_sinks_.back().get();
    }
}

void SimLab::record_calls(trace::FrameSink* sink) {
    call_sinks_.front()->recorder = sink;
}

void SimLab::watch_tasks(trace::FrameSink* sink) {
    for (const auto& calls : call_sinks_) calls->recorder = sink;
}

static SimOptions options_of(bool event_log) {
    SimOptions options;
    options.event_log = event_log;
    options.freeze_at_oops = true;
    return options;
}

SimLab::SimLab(const Scenario& scenario, const LabPlan& plan, bool event_log)
    : kernel(options_of(event_log)),
      mddev(kernel, "md0"),
      disk_(kernel),
      pages_(scenario.pages),
      bitmap_(scenario.bitmap),
      exported_wait_(kernel, "del_work") {
    mddev.variants = scenario.variants;
    mddev.sysfs_state.observer = [this] { trace_array_state(mddev); };
    mddev.on_export = [this](Rdev& rdev) { was_exported(rdev); };
    add_images(plan);
    set_up(scenario, plan);
    kernel.set_granularity(scenario.granularity);
    if (const MdThread* thread = mddev.thread.peek(); thread != nullptr) SimKernel::take_coarse_steps(*thread->task);
    kernel.allow_errors(scenario.errors);
    kernel.set_plain_state([this] { return plain_state_hash(mddev); });
    start_tasks(scenario);
}

SimLab::~SimLab() {
    kernel.abandon();
}

}  // namespace mdscope
