// SPDX-License-Identifier: MIT

#include "engine/explore/sim_lab.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "engine/kernel/hash.hpp"
#include "engine/look/state_hash.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/md_ioctl.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/manage.hpp"

namespace mdscope {

static constexpr const char* kLab = "lab";
static constexpr const char* kBitmapFile = "lab/bitmap";
static constexpr std::uint64_t kChunksOfAPage = std::uint64_t{kPageSize} * 8;

// mdadm would round down to a MiB, where a search has enough in much less.
static std::uint64_t imsm_room(std::uint64_t image) {
    const std::uint64_t sectors = image / kSectorSize;
    return sectors < kImsmKept ? 0 : (sectors - kImsmKept) / kImsmStripe * kImsmStripe * kSectorSize;
}

Result<LabPlan> plan_images(const Scenario& scenario) {
    CreateOptions options;
    options.lab = kLab;
    options.size_bytes = scenario.size;
    options.members = scenario.members;
    options.bitmap = scenario.bitmap == "file" ? kBitmapFile : scenario.bitmap;
    options.metadata = scenario.metadata;
    if (scenario.metadata == "imsm") options.volume_bytes = imsm_room(scenario.size);
    options.chunk = scenario.chunk;
    options.daemon_sleep_ms = scenario.delay_ms;
    return plan_lab(options);
}

// ---- assembling

namespace {

std::uint32_t le32(std::span<const std::byte> bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

// Where the data of an image is.
struct DataArea {
    Sector begin = 0, end = 0;
};

std::optional<DataArea> imsm_data_area(std::span<const std::byte> block) {
    const Result<ImsmAnchor> anchor = decode_imsm(block);
    if (!anchor || anchor->volumes.empty()) return std::nullopt;
    const ImsmVolume& volume = anchor->volumes.front();
    return DataArea{volume.map.pba_of_lba0, volume.map.pba_of_lba0 + volume.component_sectors()};
}

// By its superblock, label or anchor; nullopt: it has none.
std::optional<DataArea> data_area(const PlannedFile& file) {
    if (file.pieces.empty()) return std::nullopt;
    if (has_imsm_signature(file.pieces.back().bytes)) return imsm_data_area(file.pieces.back().bytes);
    const std::span<const std::byte> first = file.pieces.front().bytes;
    const Sector end = file.size >> kSectorShift;
    if (has_super_1_magic(first)) {
        std::array<std::byte, kPageSize> page{};
        std::ranges::copy(first.first(std::min<std::size_t>(first.size(), kPageSize)), page.begin());
        return DataArea{decode_super_1(page).data_offset, end};
    }
    const auto label = decode_label(first);
    return label ? std::optional(DataArea{label->data_offset, end}) : std::nullopt;
}

// A native bitmap has its bits behind its header; that of IMSM has them in a piece of their own.
void clear_bits(RamImage& image, const Piece& piece) {
    const std::size_t header =
        piece.bytes.size() > kBitmapSuperSize && le32(piece.bytes) == BITMAP_MAGIC ? kBitmapSuperSize : 0;
    if (header == 0 && piece.bytes.size() != kImsmBitmapBytes) return;
    image.store(piece.offset + header, std::vector<std::byte>(piece.bytes.size() - header));
}

void stamp_data(RamImage& image, const DataArea& area) {
    std::vector<std::byte> data((area.end - area.begin) << kSectorShift);
    Ledger::stamp(data, 0, Ledger::kBeginning);
    image.store(area.begin << kSectorShift, data);
}

// Members that `add` brings: their images are there from the beginning, as zeros.
std::vector<std::string> blank_members(const Scenario& scenario) {
    std::vector<std::string> paths;
    const auto look = [&](const std::vector<Statement>& statements) {
        for (const Statement& statement : statements) {
            const std::string path = std::string(kLab) + "/" + statement.member + ".img";
            const bool is_new = statement.kind == Statement::Kind::Add && statement.member[2] >= 'a' + scenario.members;
            if (is_new && std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
        }
    };
    look(scenario.setup);
    for (const ScenarioTask& task : scenario.tasks) look(task.statements);
    return paths;
}

}  // namespace

void SimLab::add_images(const Scenario& scenario, const LabPlan& plan) {
    for (const PlannedFile& file : plan.files) {
        if (file.path.ends_with(".json") || file.path.ends_with(".new")) {  // small, and replaced as a whole
            std::string text;
            for (const Piece& piece : file.pieces)
                text.append(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
            if (!kernel.replace_file(file.path, text)) throw std::runtime_error("no room for " + file.path);
            continue;
        }
        RamImage& image = kernel.add_ram_disk(file.path, file.size);
        for (const Piece& piece : file.pieces) {
            image.store(piece.offset, piece.bytes);
            if (scenario.bits_clear) clear_bits(image, piece);
        }
        if (const auto area = data_area(file); after_cut_ && area) stamp_data(image, *area);
    }
    for (const std::string& path : blank_members(scenario)) kernel.add_ram_disk(path, scenario.size);
}

static AssembleOptions assemble_options(const Scenario& scenario, const LabPlan& plan, SimLab::Life life) {
    AssembleOptions options;
    options.images = plan.images;
    if (life == SimLab::Life::Later)  // as on a mount: whatever is in the folder
        for (const std::string& path : blank_members(scenario)) options.images.push_back(path);
    options.lab = kLab;
    if (scenario.bitmap == "file") options.bitmap_file = kBitmapFile;
    options.variants = scenario.variants;
    options.bind_as_given = true;
    options.run = true;  // nobody is asked
    return options;
}

void SimLab::assemble() {
    std::vector<std::string> notes;
    if (const auto started = array_.start(&notes); !started) throw std::runtime_error(started.error().text);
}

// ---- what can happen

std::uint64_t SimLab::offset_of(std::uint64_t chunk) const {
    return chunk * std::max<std::uint64_t>(mddev().bitmap_info.chunksize, kPageSize);
}

// As a program does: open, write, close. A stop meanwhile is told that the disk is in use. Opened and closed is by md
// itself: the Array's own door first peeks whether there is an array, and what a peek decides no search would see.
int SimLab::write_chunk(std::uint64_t chunk, std::uint64_t behind) {
    if (const int err = md_open(mddev()); err != 0) return err;
    const std::uint64_t offset = offset_of(chunk) + behind;
    std::vector<std::byte> data(write_size_, std::byte{0x5a});
    WriteNumber number = 0;
    if (after_cut_) {
        number = ledger_.begin(offset >> kSectorShift, write_size_ >> kSectorShift);
        Ledger::stamp(data, offset >> kSectorShift, number);
    }
    const std::int64_t done = array_.write(offset, data, false);
    if (after_cut_) ledger_.end(number, done >= 0, false);
    md_release(mddev());
    return done < 0 ? static_cast<int>(done) : 0;
}

int SimLab::discard(std::uint64_t chunk, std::uint64_t behind) {
    if (const int err = md_open(mddev()); err != 0) return err;
    const std::uint64_t offset = offset_of(chunk) + behind;
    WriteNumber number = 0;
    if (after_cut_) number = ledger_.begin_discard(offset >> kSectorShift, write_size_ >> kSectorShift);
    const int err = array_.discard(offset, write_size_);
    if (after_cut_) ledger_.end(number, err == 0, false);
    md_release(mddev());
    return err;
}

int SimLab::read_chunk(std::uint64_t chunk, std::uint64_t behind) {
    if (const int err = md_open(mddev()); err != 0) return err;
    const std::uint64_t offset = offset_of(chunk) + behind;
    std::vector<std::byte> data(write_size_);
    const Ledger before = ledger_;  // of a write that is acknowledged meanwhile a read may give what was before it
    if (after_cut_) kernel.remember(before.hash());
    const std::int64_t done = array_.read(offset, data);
    for (std::size_t at = 0; after_cut_ && done >= 0 && at < data.size(); at += kSectorSize) {
        const Sector sector = (offset + at) >> kSectorShift;
        const WriteNumber number = Ledger::read_stamp(std::span(data).subspan(at, kSectorSize), sector);
        if (!before.may_be_read(sector, number) && !ledger_.may_be_read(sector, number)) wrong_read_ = {sector, number};
    }
    md_release(mddev());
    return done < 0 ? static_cast<int>(done) : 0;
}

int SimLab::flush() {
    if (const int err = md_open(mddev()); err != 0) return err;
    const std::vector<WriteNumber> acknowledged = ledger_.flush_begins();
    const int err = array_.flush();
    if (err == 0) ledger_.flushed(acknowledged);
    md_release(mddev());
    return err;
}

// `all`: the first chunk of each bitmap page. A header takes the place of the first bits of its page.
int SimLab::write(const Statement& statement) {
    if (!statement.all) return write_chunk(statement.chunk, statement.offset);
    const std::uint64_t header = bitmap_ == "external" ? 0 : kBitmapSuperSize * 8;
    for (unsigned page = 0; page < pages_; page++)
        if (const int err = write_chunk(page == 0 ? 0 : page * kChunksOfAPage - header, 0); err != 0) return err;
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
    return array_.remove(member, &why, 0);
}

int SimLab::re_add(const std::string& member) {
    std::string why;
    return array_.re_add(member, &why);
}

int SimLab::add(const std::string& member) {
    std::string why;
    return array_.add(std::string(kLab) + "/" + member + ".img", &why);
}

// A file under md/: of the array, or of a member (dev-sda/state).
int SimLab::store(const std::string& file, const std::string& value) {
    if (!file.starts_with("dev-")) {
        const int answer = md_attr_store(mddev(), file, value);
        if (file == "component_size" && mddev().dev_sectors != 0) ledger_.end_at(mddev().dev_sectors);
        return answer;
    }
    const std::size_t slash = file.find('/');
    Rdev* const rdev = find_rdev(mddev(), file.substr(4, slash - 4));
    return rdev != nullptr ? rdev_attr_store(*rdev, file.substr(slash + 1), value) : -ENODEV;
}

// ---- after a cut

int SimLab::assemble_again() {
    std::vector<std::string> notes;
    if (const auto started = array_.start(&notes); !started) {
        start_error_ = started.error().text;
        return -ENODEV;
    }
    if (const MdThread* thread = mddev().thread.peek(); thread != nullptr) SimKernel::take_coarse_steps(*thread->task);
    return 0;
}

// As somebody who looks at sync_action now and then.
void SimLab::wait_for_syncs() {
    constexpr std::uint64_t kBusy = std::uint64_t{1} << MD_RECOVERY_RUNNING | std::uint64_t{1} << MD_RECOVERY_NEEDED;
    while (mddev().pers != nullptr && (mddev().recovery & kBusy) != 0) kernel.msleep(kNsPerSec);
}

void SimLab::begin_life(const LifeStart& start) {
    put_platters(kernel, start.platters);
    ledger_ = start.ledger;
    life_ = start.life;
    cuts_left_ = start.cuts_left;
}

LifeStart SimLab::next_life(Platters platters) const {
    LifeStart next{std::move(platters), ledger_, life_ + 1, cuts_left_ - 1};
    if (after_cut_->crash == CutKind::PowerCut) next.ledger.power_was_cut();  // a kill takes nothing back
    return next;
}

std::uint64_t LifeStart::hash() const {
    return mix(mix(platters.hash(), ledger.hash()), life << 8U | cuts_left);
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
            return store(statement.attr, statement.value);
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
        case Statement::Kind::Add:
            return add(statement.member);
        case Statement::Kind::Read:
            return read_chunk(statement.chunk, statement.offset);
        case Statement::Kind::Discard:
            return discard(statement.chunk, statement.offset);
        case Statement::Kind::Mdstat:
            static_cast<void>(mdscope::mdstat({&mddev()}));
            return 0;
        case Statement::Kind::Flush:
            return flush();
        case Statement::Kind::Idle:
            kernel.msleep(statement.ms * kNsPerMs);
            return 0;
        case Statement::Kind::Assemble:
            return assemble_again();
        case Statement::Kind::Wait:
            if (is_set_up_) wait_for_syncs();
            return 0;
        case Statement::Kind::Kill:
        case Statement::Kind::PowerCut:
            break;  // run_statements
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
    const bool may_be_cut = after_cut_ && after_cut_->waits_for_it && task.name == after_cut_->task.name;
    const std::size_t end = may_be_cut ? after_cut_->first - 1 : task.statements.size();
    for (std::size_t i = 0; i < end; i++) answer(task.statements[i], i);
    running_tasks_--;
    if (!may_be_cut) return;
    waits_for_cut_ = true;
    wait_event(cut_wait_, power_is_gone_);  // for ever: it is another life that goes on
}

void SimLab::run_after_cut() {
    const ScenarioTask& task = after_cut_->task;
    for (std::size_t i = after_cut_->first; i < task.statements.size() && start_error_.empty(); i++)
        answer(task.statements[i], i);
    running_tasks_--;
}

void SimLab::answer(const Statement& statement, std::size_t number) {
    answers_.push_back(perform(statement));
    const bool was_understood = statement.kind != Statement::Kind::Store || answers_.back() != -EINVAL;
    if (!was_understood && misunderstood_line_ == 0) misunderstood_line_ = statement.line;
    kernel.remember_only(number + 1);
    idle_periods = 0;
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

void SimLab::start_task(const std::string& name, std::function<void()> body) {
    running_tasks_++;
    tasks_.push_back(kernel.kthread_run(name, std::move(body)));
    call_sinks_.push_back(std::make_unique<CallSink>(kernel));
    tasks_.back()->trace.sink = call_sinks_.back().get();
}

void SimLab::start_tasks(const Scenario& scenario) {
    for (const ScenarioTask& task : scenario.tasks) start_task(task.name, [this, task] { run_statements(task); });
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

SimLab::SimLab(const Scenario& scenario, const LabPlan& plan, bool event_log, Life life)
    : kernel(options_of(event_log)),
      array_(kernel, assemble_options(scenario, plan, life)),
      nothing_(std::make_unique<Mddev>(kernel, "md0")),
      write_size_(scenario.write_size),
      after_cut_(scenario.after_cut()),
      cuts_left_(after_cut_ ? after_cut_->cuts : 0),
      cut_wait_(kernel, "the plug"),
      pages_(scenario.pages),
      bitmap_(scenario.bitmap),
      closed_wait_(kernel, "del_work") {
    kernel.hides_asides = !after_cut_;
    array_.will_be_abandoned();
    array_.on_member_closed = [this](Rdev& rdev) { was_closed(rdev); };
    add_images(scenario, plan);
    try {
        if (life == Life::First) set_up(scenario);
    } catch (...) {
        kernel.abandon();  // while everything that its tasks use is there
        throw;
    }
    is_set_up_ = true;
    kernel.set_granularity(scenario.granularity);
    if (const MdThread* thread = mddev().thread.peek(); thread != nullptr) SimKernel::take_coarse_steps(*thread->task);
    kernel.allow_errors(life == Life::First ? scenario.errors : 0);
    kernel.set_plain_state([this] { return plain_state_hash(mddev()); });
    if (after_cut_) kernel.heed_contents();
    if (life == Life::First)
        start_tasks(scenario);
    else
        start_task(after_cut_->task.name, [this] { run_after_cut(); });
}

SimLab::~SimLab() {
    kernel.abandon();
}

}  // namespace mdscope
