// SPDX-License-Identifier: MIT

#include "gui/live/history.hpp"

#include <algorithm>
#include <mutex>
#include <string>

#include "engine/look/waits.hpp"
#include "engine/trace/tracer.hpp"
#include "gui/live/bars.hpp"
#include "gui/live/event_line.hpp"
#include "gui/live/gaps.hpp"
#include "gui/live/names.hpp"

namespace mdscope::gui {

namespace {

using trace::Point;

constexpr std::size_t kEventBlocks = 32;
constexpr std::size_t kMarkBlocks = 2;
constexpr std::size_t kStepBlocks = 16;
constexpr std::size_t kSampleBlocks = 10;
constexpr std::size_t kBlock = 4096;

// Numbers and times that cannot be: believed once, nothing after them would be.
constexpr std::uint64_t kFarthestSeq = 1ULL << 40;
constexpr std::uint64_t kFarthestNs = 365ULL * 86'400 * 1'000'000'000;

constexpr Point kMarks[] = {Point::array_state, Point::superblock_update, Point::bitmap_destroyed,
                            Point::member_unbound, Point::oops};

std::uint8_t point_of(std::string_view name) {
    const auto* const found =
        std::ranges::find(trace::kPoints, name, [](const auto& info) { return std::string_view(info.name); });
    return found == std::end(trace::kPoints) ? kUnknownPoint
                                             : static_cast<std::uint8_t>(found - std::begin(trace::kPoints));
}

// The counter after an event that moves it; the event shows it as it was before.
CounterStep step_of(const HistoryEvent& event) {
    return {event.at_ns, event.numbers[1] + (event.is(Point::pending_up) ? 1 : -1)};
}

}  // namespace

struct LiveHistory::Impl {
    mutable std::mutex mutex;
    Names names;
    std::map<NameId, NameId> other_points;
    BlockRing<HistoryEvent> events{kEventBlocks};
    BlockRing<HistoryEvent> marks{kMarkBlocks};
    std::array<BlockRing<CounterStep>, kCounters> steps{BlockRing<CounterStep>(kStepBlocks),
                                                        BlockRing<CounterStep>(kStepBlocks)};
    BlockRing<HistorySample> samples{kSampleBlocks};
    Bars bars;
    Gaps gaps;
    HistoryLosses losses;
    std::uint64_t old = 0;  // marks, steps and samples that went
    std::uint64_t next_seq = 0;
    std::uint64_t announced = 0;          // of losses.dropped: gaps that have not come yet
    std::uint64_t announced_earlier = 0;  // the same of losses.earlier
    std::uint64_t attached_ns = 0;
    bool in_step = false;  // an event was read, so that next_seq is known
    std::uint64_t first_ns = kStillOpen, last_ns = 0;
    std::uint64_t event_ns = 0;  // of the last event
    std::uint64_t version = 0;
    std::uint64_t worth_a_look = 0;
    std::string storage;  // of the line that is read

    mutable std::shared_ptr<const HistoryWindow> cached;
    mutable std::uint64_t cached_from = 0;

    void add_line(std::string_view line);
    void add_event(const EventLine& line);
    void note_header(const EventLine& header);
    void announce(std::uint64_t dropped);
    bool is_in_order(const EventLine& line);
    void meet_gap(const EventLine& line);
    void derive(const HistoryEvent& event);
    void clear();
    std::shared_ptr<const HistoryWindow> window(std::uint64_t from_ns) const;
    HistoryLosses all_losses() const;
};

LiveHistory::LiveHistory() : impl_(std::make_unique<Impl>()) {}
LiveHistory::~LiveHistory() = default;

// ---- in

void LiveHistory::add_lines(std::string_view lines) {
    const std::lock_guard guard(impl_->mutex);
    while (!lines.empty()) {
        const std::size_t newline = std::min(lines.find('\n'), lines.size());
        if (newline != 0) impl_->add_line(lines.substr(0, newline));
        lines.remove_prefix(std::min(newline + 1, lines.size()));
    }
    impl_->version++;
}

void LiveHistory::Impl::add_line(std::string_view text) {
    const EventLine line = parse_event_line(text, storage);
    switch (line.kind) {
        case EventLine::Kind::Header:
            return note_header(line);
        case EventLine::Kind::Dropped:
            if (line.dropped > kFarthestSeq) break;
            return announce(line.dropped);
        case EventLine::Kind::Event:
            if (losses.refused_version == 0 && is_in_order(line)) return add_event(line);
            return;
        case EventLine::Kind::Unreadable:
            break;
    }
    losses.unreadable++;
}

void LiveHistory::Impl::note_header(const EventLine& header) {
    announced = announced_earlier = 0;
    losses.refused_version = header.version == trace::kStreamVersion ? 0 : header.version;
    for (const auto& [name, sentence] : header.points)
        if (point_of(name) == kUnknownPoint) other_points[names.id_of(name)] = names.id_of(sentence);
}

// Before the first event of all it is about what was kept of the time before anybody read.
void LiveHistory::Impl::announce(std::uint64_t dropped) {
    (in_step ? losses.dropped : losses.earlier) += dropped;
    (in_step ? announced : announced_earlier) += dropped;
}

// Where the stream stands. Events that were read before (the stream was opened anew) are skipped, gaps are counted. A
// loss is announced before a batch of events, and the gaps that it stands for may lie anywhere in the batch.
bool LiveHistory::Impl::is_in_order(const EventLine& line) {
    const bool absurd = (in_step && line.seq > next_seq + kFarthestSeq) || line.seq > ~0ULL - kFarthestSeq ||
                        line.at_ns > last_ns + kFarthestNs || line.at_ns > ~0ULL - kFarthestNs;
    if (absurd) {
        losses.unreadable++;
        return false;
    }
    if (in_step && line.seq < next_seq) {
        losses.repeated++;
        return false;
    }
    if (in_step && line.seq > next_seq) meet_gap(line);
    in_step = true;
    next_seq = line.seq + 1;
    return true;
}

// Nobody knows what ended in a gap, and what began.
void LiveHistory::Impl::meet_gap(const EventLine& line) {
    const std::uint64_t gap = line.seq - next_seq;
    const std::uint64_t told_earlier = std::min(gap, announced_earlier);
    const std::uint64_t told = std::min(gap - told_earlier, announced);
    announced_earlier -= told_earlier;
    announced -= told;
    if (line.at_ns <= attached_ns) {
        losses.dropped -= told;
        losses.earlier += gap - told_earlier;
    } else {
        losses.missing += gap - told_earlier - told;
    }
    gaps.add({event_ns, std::max(event_ns, line.at_ns), gap});
    bars.cut_all(event_ns);
}

void LiveHistory::Impl::add_event(const EventLine& line) {
    HistoryEvent event;
    event.seq = line.seq;
    event.at_ns = line.at_ns;
    event.task = names.id_of(line.task);
    event.pid = static_cast<std::int32_t>(line.pid);
    event.point = point_of(line.point);
    if (event.point == kUnknownPoint) event.other = names.id_of(line.point);
    for (std::size_t i = 0; i < line.args.size(); i++) {
        event.numbers[i] = line.args[i].number;
        const EventLine::Arg& arg = line.args[i];
        if (arg.is_string) event.names[i] = arg.text.empty() ? kEmptyName : names.id_of(arg.text);
    }
    first_ns = std::min(first_ns, event.at_ns);
    last_ns = std::max(last_ns, event.at_ns);
    event_ns = event.at_ns;
    losses.received++;
    losses.forgotten += events.push(event);
    const bool is_wait = event.is(Point::wait_begin) || event.is(Point::wait_end);
    if (!is_wait || is_wait_of_md(names[event.names[0]])) worth_a_look++;
    derive(event);
}

void LiveHistory::Impl::derive(const HistoryEvent& event) {
    bars.add(event);
    if (event.is(Point::pending_up) || event.is(Point::pending_down)) {
        const Counter counter = names[event.names[0]] == "bitmap" ? Counter::Bitmap : Counter::Mddev;
        old += steps[static_cast<std::size_t>(counter)].push(step_of(event));
    }
    if (std::ranges::any_of(kMarks, [&](Point point) { return event.is(point); })) old += marks.push(event);
}

namespace {

HistorySample sample_of(const Snapshot& snapshot) {
    HistorySample sample;
    sample.at_ns = snapshot.at_ns;
    sample.pending = {snapshot.array.pending_writes, snapshot.array.bitmap_pending_writes};
    sample.writes_pending = snapshot.array.writes_pending;
    sample.active_io = snapshot.array.active_io;
    sample.bios = snapshot.bios_total;
    sample.held = static_cast<std::uint64_t>(std::ranges::count_if(snapshot.bios, &SnapshotBio::held));
    if (snapshot.bitmap) {
        sample.chunks_writing = snapshot.bitmap->writing;
        sample.chunks_dirty = snapshot.bitmap->chunks - std::min(snapshot.bitmap->chunks, snapshot.bitmap->clean);
    }
    if (snapshot.recovery.action != "idle" && snapshot.recovery.action != "frozen") {
        sample.sync_done = snapshot.recovery.completed;
        sample.sync_total = snapshot.recovery.range;
    }
    sample.degraded = snapshot.array.degraded;
    return sample;
}

}  // namespace

void LiveHistory::add_sample(const Snapshot& snapshot) {
    const std::lock_guard guard(impl_->mutex);
    if (snapshot.at_ns > impl_->last_ns + kFarthestNs) return;
    impl_->old += impl_->samples.push(sample_of(snapshot));
    impl_->first_ns = std::min(impl_->first_ns, snapshot.at_ns);
    for (const SnapshotBio& bio : snapshot.bios) impl_->first_ns = std::min(impl_->first_ns, bio.since_ns);
    impl_->last_ns = std::max(impl_->last_ns, snapshot.at_ns);
    impl_->bars.compare(snapshot, impl_->names);
    impl_->version++;
}

void LiveHistory::note_attached(std::uint64_t at_ns) {
    const std::lock_guard guard(impl_->mutex);
    impl_->attached_ns = at_ns;
}

void LiveHistory::note_unreadable(std::uint64_t lines) {
    const std::lock_guard guard(impl_->mutex);
    impl_->losses.unreadable += lines;
    impl_->version++;
}

void LiveHistory::restart() {
    const std::lock_guard guard(impl_->mutex);
    impl_->clear();
}

void LiveHistory::Impl::clear() {
    const std::uint64_t restarts = losses.restarts + 1;
    names.clear();
    other_points.clear();
    events.clear();
    marks.clear();
    for (auto& ring : steps) ring.clear();
    samples.clear();
    bars.clear();
    gaps.clear();
    losses = {};
    losses.restarts = restarts;
    old = next_seq = announced = announced_earlier = attached_ns = last_ns = event_ns = 0;
    first_ns = kStillOpen;
    in_step = false;
    version++;
}

// ---- out

std::shared_ptr<const HistoryWindow> LiveHistory::window(std::uint64_t from_ns) const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->window(from_ns);
}

std::shared_ptr<const HistoryWindow> LiveHistory::last(double seconds) const {
    const std::lock_guard guard(impl_->mutex);
    const auto length = static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 1e9) * 1e9);
    return impl_->window(impl_->last_ns - std::min(impl_->last_ns, length));
}

namespace {

// Times are nearly in the order of the list (a number is drawn a moment after the time is taken), which is near enough
// for where a window begins.
template <class View>
View since(const View& all, std::uint64_t from_ns, auto key) {
    return from_ns == 0 ? all : all.from(all.lower_bound(key, from_ns));
}

constexpr auto kAtNs = [](const auto& item) { return item.at_ns; };
constexpr auto kEndNs = [](const auto& item) { return item.end_ns; };

// The last step before the window says what the counter is when it begins.
BlockView<CounterStep> steps_since(const BlockView<CounterStep>& all, std::uint64_t from_ns) {
    const std::size_t first = all.lower_bound(kAtNs, from_ns);
    return all.from(first - std::min<std::size_t>(first, 1));
}

}  // namespace

std::shared_ptr<const HistoryWindow> LiveHistory::Impl::window(std::uint64_t from_ns) const {
    if (cached && cached->version == version && cached_from == from_ns) return cached;
    auto made = std::make_shared<HistoryWindow>();
    made->events = since(events.view(), from_ns, kAtNs);
    made->marks = since(marks.view(), from_ns, kAtNs);
    made->bios = since(bars.bios(), from_ns, kEndNs);
    made->tasks = since(bars.tasks(), from_ns, kEndNs);
    made->open_bios = bars.open_bios();
    made->open_tasks = bars.open_tasks();
    for (std::size_t i = 0; i < kCounters; i++) made->steps[i] = steps_since(steps[i].view(), from_ns);
    made->samples = since(samples.view(), from_ns, kAtNs);
    made->gaps = gaps.since(from_ns);
    made->losses = all_losses();
    made->first_ns = std::min(first_ns, last_ns);
    made->last_ns = last_ns;
    made->version = version;
    made->names = names.view();
    made->other_points = std::make_shared<const std::map<NameId, NameId>>(other_points);
    cached = made;
    cached_from = from_ns;
    return made;
}

HistoryLosses LiveHistory::Impl::all_losses() const {
    HistoryLosses all = losses;
    all.cut_bars = bars.cut();
    all.old_bars = bars.gone() + old;
    return all;
}

HistoryLosses LiveHistory::losses() const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->all_losses();
}

std::uint64_t LiveHistory::worth_a_look() const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->worth_a_look;
}

std::size_t LiveHistory::memory_bytes() const {
    const std::lock_guard guard(impl_->mutex);
    std::size_t bytes = impl_->events.bytes() + impl_->marks.bytes() + impl_->samples.bytes() + impl_->bars.bytes();
    for (const auto& ring : impl_->steps) bytes += ring.bytes();
    return bytes + impl_->names.view().size() * (Names::max_bytes() / Names::kMost);
}

std::size_t LiveHistory::max_memory_bytes() {
    return kBlock * ((kEventBlocks + kMarkBlocks) * sizeof(HistoryEvent) +
                     kCounters * kStepBlocks * sizeof(CounterStep) + kSampleBlocks * sizeof(HistorySample)) +
           Bars::max_bytes() + Names::max_bytes();
}

}  // namespace mdscope::gui
