#include "engine/explore/sim_lab.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "engine/look/state_hash.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/md_ioctl.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/manage.hpp"

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

static AssembleOptions assemble_options(const Scenario& scenario, const LabPlan& plan) {
    AssembleOptions options;
    options.images = plan.images;
    options.lab = kLab;
    if (scenario.bitmap == "file") options.bitmap_file = kBitmapFile;
    options.variants = scenario.variants;
    options.bind_as_given = true;
    return options;
}

void SimLab::assemble() {
    std::vector<std::string> notes;
    if (const auto started = array_.start(&notes); !started) throw std::runtime_error(started.error().text);
}

// ---- what can happen

// As a program does: open, write, close. A stop meanwhile is told that the disk is in use. Opened and closed is by md
// itself: the Array's own door first peeks whether there is an array, and what a peek decides no search would see.
int SimLab::write_chunk(std::uint64_t chunk) {
    if (const int err = md_open(mddev()); err != 0) return err;
    const std::vector<std::byte> data(kPageSize, std::byte{0x5a});
    const std::uint64_t offset = chunk * std::max<std::uint64_t>(mddev().bitmap_info.chunksize, kPageSize);
    const std::int64_t done = array_.write(offset, data, false);
    md_release(mddev());
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
    Mddev& md = mddev();
    {
        const MutexGuard guard(md.bitmap_info.mutex);  // keeps the bitmap
        if (Bitmap* bitmap = md.bitmap; bitmap != nullptr) bitmap->daemon_lastrun.sub(2 * md.bitmap_info.daemon_sleep);
    }
    md_bitmap_daemon_work(md);
}

// In the kernel work that unbind_rdev_from_array has queued.
void SimLab::delete_unbound() {
    while (deleted_ < all_rdevs_at_rest(mddev()).size()) {
        wait_event(closed_wait_, closed_.size() > deleted_);
        rdev_delayed_delete(*closed_[deleted_++]);
    }
}

void SimLab::was_closed(Rdev& rdev) {
    closed_.push_back(&rdev);
    wake_up(closed_wait_);
}

// ---- members, as `mdscope fail|remove|re-add` on a mounted array

int SimLab::fail(const std::string& member) {
    Rdev* const rdev = find_rdev(mddev(), member);
    return rdev != nullptr ? rdev_attr_store(*rdev, "state", "faulty") : -ENODEV;
}

int SimLab::remove(const std::string& member) {
    std::string why;
    return array_.remove(member, &why);
}

int SimLab::re_add(const std::string& member) {
    std::string why;
    return array_.re_add(member, &why);
}

// ---- statements

int SimLab::perform(const Statement& statement) {
    switch (statement.kind) {
        case Statement::Kind::Write:
            return write(statement);
        case Statement::Kind::Daemon:
            run_daemon();
            return 0;
        case Statement::Kind::Store:
            return md_attr_store(mddev(), statement.attr, statement.value);
        case Statement::Kind::Stop:
            return md_ioctl(mddev(), STOP_ARRAY, nullptr, false);
        case Statement::Kind::Fail:
            return fail(statement.member);
        case Statement::Kind::Remove:
            return remove(statement.member);
        case Statement::Kind::ReAdd:
            return re_add(statement.member);
        case Statement::Kind::Reboot:
            md_notify_reboot(mddev());
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
void SimLab::set_up(const Scenario& scenario) {
    kernel.run_task("setup", [&] { assemble(); });
    for (const Statement& statement : scenario.setup) {
        int answer = 0;
        kernel.run_task("setup", [&] { answer = perform(statement); });
        (void)kernel.run_for(kNsPerSec);
        if (answer != 0)
            throw std::runtime_error(fmt::format("line {}: the setup was answered {}", statement.line,
                                                 std::generic_category().message(-answer)));
    }
    (void)kernel.run_for(kNsPerSec);
    if (mddev().external && !scenario.mdmon) kernel.run_task("setup", [&] { array_.end_mdmon(); });
    mdstat_ = mdscope::mdstat({&mddev()});
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
        if (kernel_.is_aside()) return;
        if (recorder != nullptr) recorder->enter(name);
        kernel_.at_call();
    }
    void leave(const char* name) override {
        if (recorder != nullptr && !kernel_.is_aside()) recorder->leave(name);
    }
    void pass(const char* name, const char* why) override {
        if (recorder != nullptr && !kernel_.is_aside()) recorder->pass(name, why);
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
      array_(kernel, assemble_options(scenario, plan)),
      pages_(scenario.pages),
      bitmap_(scenario.bitmap),
      closed_wait_(kernel, "del_work") {
    kernel.hides_asides = true;
    array_.will_be_abandoned();
    array_.on_member_closed = [this](Rdev& rdev) { was_closed(rdev); };
    add_images(plan);
    try {
        set_up(scenario);
    } catch (...) {
        kernel.abandon();  // while everything that its tasks use is there
        throw;
    }
    kernel.set_granularity(scenario.granularity);
    if (const MdThread* thread = mddev().thread.peek(); thread != nullptr) SimKernel::take_coarse_steps(*thread->task);
    kernel.allow_errors(scenario.errors);
    kernel.set_plain_state([this] { return plain_state_hash(mddev()); });
    start_tasks(scenario);
}

SimLab::~SimLab() {
    kernel.abandon();
}

}  // namespace mdscope
