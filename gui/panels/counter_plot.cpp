// SPDX-License-Identifier: MIT

#include "gui/panels/counter_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "gui/panels/live_lanes.hpp"
#include "gui/panels/panel_live.hpp"
#include "gui/panels/time_axis.hpp"

namespace mdscope::gui {

namespace {

// What a counter did within one column of pixels.
struct Column {
    std::int64_t low = std::numeric_limits<std::int64_t>::max(), high = std::numeric_limits<std::int64_t>::min();
    std::int64_t last = 0;
    bool is_known = false;
    void add(std::int64_t value) {
        low = std::min(low, value);
        high = std::max(high, value);
        last = value;
        is_known = true;
    }
};

// Events tell each step, snapshots are right also where tracing is off or events are lost: both, in their order.
class Steps {
   public:
    Steps(const HistoryWindow& history, Counter counter) : history_(history), counter_(counter) {
        steps_ = history.steps[static_cast<std::size_t>(counter)];
    }
    template <class Take>
    void each(std::uint64_t from_ns, Take&& take) const {
        std::size_t step = before(steps_, from_ns), sample = before(history_.samples, from_ns);
        while (step < steps_.size() || sample < history_.samples.size()) {
            const bool is_step = sample == history_.samples.size() ||
                                 (step < steps_.size() && steps_[step].at_ns <= history_.samples[sample].at_ns);
            if (is_step) {
                take(steps_[step].at_ns, steps_[step].value);
                step++;
            } else {
                const HistorySample& one = history_.samples[sample++];
                take(one.at_ns, one.pending[static_cast<std::size_t>(counter_)]);
            }
        }
    }

   private:
    // The last one that is not later: it says the value at the left edge.
    template <class View>
    static std::size_t before(const View& view, std::uint64_t from_ns) {
        const std::size_t found = view.lower_bound([](const auto& item) { return item.at_ns; }, from_ns);
        return found == 0 ? 0 : found - 1;
    }
    const HistoryWindow& history_;
    Counter counter_;
    BlockView<CounterStep> steps_;
};

// A counter that did not move has no step. Where counters are traced, what the first snapshot says of it held since the
// first event.
void carry_back(const HistoryWindow& history, Counter counter, std::uint64_t left, double ns_a_column,
                std::vector<Column>& columns) {
    const auto& own = history.steps[static_cast<std::size_t>(counter)];
    const auto& other = history.steps[counter == Counter::Mddev ? 1 : 0];
    const auto first = std::ranges::find_if(columns, &Column::is_known);
    if (!own.empty() || other.empty() || history.events.empty() || first == columns.end()) return;
    const std::uint64_t since = history.events[0].at_ns;
    const double offset = since > left ? static_cast<double>(since - left) : 0;
    const auto column = static_cast<std::size_t>(offset / ns_a_column);
    const std::int64_t value = first->last;
    if (column < columns.size()) columns[column].add(value);
}

std::vector<Column> columns_of(const CounterPlot& plot, std::size_t count) {
    const HistoryWindow& history = plot.history;
    const Counter counter = plot.counter;
    const std::uint64_t left = plot.left_ns, right = plot.right_ns;
    std::vector<Column> columns(std::max<std::size_t>(count, 1));
    const double ns_a_column = static_cast<double>(right - left) / static_cast<double>(columns.size());
    Steps(history, counter).each(left, [&](std::uint64_t at_ns, std::int64_t value) {
        if (at_ns > right) return;
        const double offset = at_ns > left ? static_cast<double>(at_ns - left) : 0;
        columns[std::min(columns.size() - 1, static_cast<std::size_t>(offset / ns_a_column))].add(value);
    });
    carry_back(history, counter, left, ns_a_column, columns);
    // Where nothing happened the value is what it was.
    for (std::size_t i = 1; i < columns.size(); i++)
        if (columns[i - 1].is_known) {
            Column carried = columns[i];
            const std::int64_t before = columns[i - 1].last;
            carried.low = std::min(carried.low, before);
            carried.high = std::max(carried.high, before);
            if (!carried.is_known) carried.last = before;
            carried.is_known = true;
            columns[i] = carried;
        }
    return columns;
}

// Neither an event nor a snapshot says what it was.
bool is_unknown(const HistoryWindow& history, const LiveGap& gap) {
    const std::size_t sample = history.samples.lower_bound([](const auto& one) { return one.at_ns; }, gap.from_ns);
    return sample == history.samples.size() || history.samples[sample].at_ns >= gap.to_ns;
}

void forget_gaps(const CounterPlot& plot, const ui::Rect& rect, float step, std::vector<Column>& columns) {
    for (const LiveGap& gap : live_gaps(plot.history, plot.left_ns, plot.right_ns, rect.w)) {
        if (!is_unknown(plot.history, gap)) continue;
        const auto last = std::min(columns.size(), static_cast<std::size_t>(gap.right / step));
        for (auto i = static_cast<std::size_t>(gap.left / step) + 1; i < last; i++) columns[i].is_known = false;
        draw_hatch({rect.x + gap.left, rect.y, gap.right - gap.left, rect.h}, Role::border);
    }
}

}  // namespace

std::int64_t draw_counter_plot(const CounterPlot& plot, const ui::Rect& rect, Role role, const std::string& id) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(Role::field), sp(3));
    const float step = sp(2);
    std::vector<Column> columns = columns_of(plot, static_cast<std::size_t>(rect.w / step));
    forget_gaps(plot, rect, step, columns);
    std::int64_t most = 0;
    for (const Column& column : columns)
        if (column.is_known) most = std::max(most, column.high);
    const std::int64_t top = std::max<std::int64_t>(most, 1);
    const auto y_of = [&](std::int64_t value) {
        const float share = static_cast<float>(std::max<std::int64_t>(value, 0)) / static_cast<float>(top);
        return rect.bottom() - sp(3) - share * (rect.h - sp(6));
    };
    for (std::size_t i = 0; i < columns.size(); i++) {
        if (!columns[i].is_known) continue;
        const float x = rect.x + static_cast<float>(i) * step;
        const float low = y_of(columns[i].low), high = y_of(columns[i].high);
        if (columns[i].high > 0) draw.AddRectFilled({x, high}, {x + step, rect.bottom() - sp(3)}, fill_u32(role));
        draw.AddRectFilled({x, high - sp(1)}, {x + step, std::max(low, high) + sp(1)}, color_u32(role));
    }
    ui::mark_rect(rect, id + "/plot", "plot",
                  fmt::format("over the last {:.1f} s: at most {}",
                              static_cast<double>(plot.right_ns - plot.left_ns) / 1e9, most),
                  static_cast<double>(most));
    return most;
}

}  // namespace mdscope::gui
