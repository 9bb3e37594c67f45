// SPDX-License-Identifier: MIT

#include "gui/model/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "gui/model/value_back.hpp"

namespace mdscope::gui {

namespace {

constexpr double kMostPixelsATick = 120;

std::vector<std::string> split_lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

}  // namespace

void State::say(std::string text, bool is_error) {
    messages.push_back({std::move(text), is_error});
    if (messages.size() > kMostMessages) messages.pop_front();
}

std::string State::bio_to_act_on() const {
    const auto& bios = player.duel().at(focus, player.tick()).bios;
    if (bios.empty()) return "";
    const auto found = std::ranges::find(bios, selected_bio, &BioAt::name);
    return found != bios.end() ? found->name : bios.front().name;
}

std::string State::what_to_hold() const {
    const Standstill still = player.standstill();
    if (player.at_end() && (still == Standstill::Ended || still == Standstill::Full)) return "";
    const unsigned sides = sides_to_act_on();
    const std::string bio = bio_to_act_on();
    if (bio.empty()) return (holds_new_bitmap_writes() & sides) == sides ? "" : "bitmap";
    for (const Side side : kSides) {
        const auto& bios = player.duel().at(side, player.tick()).bios;
        const auto& held = player.duel().tick(player.tick()).held[side];
        const bool is_there = std::ranges::find(bios, bio, &BioAt::name) != bios.end();
        if ((sides >> side & 1U) != 0 && is_there && std::ranges::find(held, bio) == held.end()) return bio;
    }
    return "";
}

unsigned State::holds_new_bitmap_writes() const {
    unsigned held = 0;
    for (const Order& order : player.duel().schedule(player.tick())) {
        if (order.kind == Order::Kind::Hold && order.name == "bitmap") held |= order.sides;
        if (order.kind == Order::Kind::Release && (order.name == "bitmap" || order.name == "all")) held &= ~order.sides;
    }
    return held;
}

std::string State::status_line() const {
    std::string still;
    switch (player.standstill()) {
        case Standstill::No:
            still = player.is_playing() ? "playing" : "paused";
            break;
        case Standstill::Ended:
            still = "at the end";
            break;
        case Standstill::NotBegun:
            still = "press S to stop both";
            break;
        case Standstill::Held:
            still = "waiting for you: a write is held";
            break;
        case Standstill::Full:
            still = "no more steps are kept";
            break;
    }
    const char* holds = holds_new_bitmap_writes() != 0 ? "bitmap writes to come are held · " : "";
    return fmt::format("{} · {} · {}simulated", player.branch_name(), still, holds);
}

// ---- acting

void State::open_scenario(const ScenarioFileInfo& entry) {
    const Result<Scenario> scenario = load_scenario_file(entry.path);
    if (!scenario) return say(scenario.error().text, true);
    open(*scenario, entry.name);
}

bool State::open(const Scenario& scenario, const std::string& called) {
    const Result<std::string> opened = open_shared(scenario, called);
    if (!opened) say(opened.error().text, true);
    return bool{opened};
}

Result<std::string> State::open_shared(const Result<Scenario>& scenario, const std::string& from) {
    if (!scenario) return scenario.error();
    if (const std::string wrong = player.open(*scenario); !wrong.empty())
        return Error{EINVAL, fmt::format("{}: {}. The present run stays.", from, wrong)};
    zoom = 0;
    scroll = 0;
    selected_bio.clear();
    selected_chunk.reset();
    mode = Mode::lab;
    show_share = false;
    return fmt::format("Opened {}.", from);
}

void State::open_dropped(const std::string& path) {
    const Result<std::string> opened = open_shared(scenario_from_file(full_path(path)), path);
    if (!opened) say(opened.error().text, true);
}

void State::begin_share(SharePage::Tab tab) {
    share.begin(tab);
    show_share = true;
}

void State::open_cell(std::size_t number) {
    const Result<Scenario> scenario = lab_scenario(*matrix.run().view(), number);
    if (!scenario) return say(scenario.error().text, true);
    if (!open(*scenario, scenario->title)) return;
    player.go_to(0);  // the crash is at its end, and watched rather than met
}

void State::toggle_matrix() {
    mode = mode == Mode::matrix ? Mode::lab : Mode::matrix;
    matrix.wants_focus = mode == Mode::matrix;
}

void State::show_side(SideTab tab) {
    side_tab = tab;
    shows_side = brings_middle = true;
    if (preset == Preset::present) preset = Preset::compare;
}

// From a closer page it is back to the tree.
void State::toggle_tree() {
    shows_tree = shows_side || !shows_tree;
    shows_side = false;
    brings_middle = true;
}

void State::toggle_play() {
    if (lesson && lesson->can_go_next()) return lesson->next(*this);
    if (hides_future()) {
        prediction->wants_focus = true;  // the way on is an answer
        return;
    }
    player.play(!player.is_playing());
}

void State::step_forward() {
    if (hides_future()) return;
    player.play(false);
    if (may_step()) player.step();
}

void State::to_end() {
    if (hides_future()) return;
    if (player.at_end()) player.play_to_end();
    player.go_to(player.end());
}

void State::run_to(Side side, const TreeLine& line) {
    if (line.entered && (!hides_future() || *line.entered <= player.tick())) return player.go_to(*line.entered);
    if (line.state != TreeLine::State::ToCome || hides_future()) return;
    // Forwards until the line of that name and number has been entered.
    const auto reached = [&] {
        const auto& tree = player.view().sides[side].tree;
        return std::ranges::any_of(tree, [&](const TreeLine& now) {
            return now.name == line.name && now.number == line.number && now.depth == line.depth && now.entered;
        });
    };
    for (int steps = 0; steps < 10'000 && !reached(); steps++)
        if (!player.step()) break;
    player.play(false);
}

void State::move_end(const std::string& bio, std::size_t tick) {
    selected_bio = bio;
    answer(player.move_completion(bio, tick));
}

void State::drag_end(const std::string& bio, std::size_t tick, const LaneView& view) {
    if (!end_drag) end_drag = EndDrag{bio, player.bookmark(), view, player.at_end(), tick, std::nullopt};
    end_drag->tick = tick;
}

void State::follow_drag() {
    if (!end_drag || end_drag->shown == end_drag->tick) return;
    end_drag->shown = end_drag->tick;
    answer(player.try_completion(end_drag->base, end_drag->bio, end_drag->tick));
    if (end_drag->was_at_end) player.go_to(player.end());
}

void State::drop_end(std::size_t tick) {
    if (!end_drag) return;
    const EndDrag dropped = std::move(*end_drag);
    end_drag.reset();
    if (const std::string wrong = player.restore(dropped.base); !wrong.empty()) return say(wrong, true);
    move_end(dropped.bio, tick);
}

void State::to_where_it_was_set() {
    std::string thing = pointed();
    if (thing.empty() || thing == "task") thing = "counter/" + stages()[focus].gauges[0].counter;
    const auto at = set_last(player.duel(), thing, player.tick(), set_last_of == std::pair(thing, player.tick()));
    if (at) {
        set_last_of = std::pair(thing, *at);  // stands it there still, the next time it is the one before
        return player.go_to(*at);
    }
    say(fmt::format("{} was so from the start.", thing.substr(thing.find('/') + 1)));
}

void State::let_end_last(const std::string& bio) {
    std::uint64_t last = player.end() + 1;
    for (const Side side : kSides)
        for (const BioAt& other : player.duel().at(side, player.tick()).bios)
            last = std::max(last, player.duel().due_of(side, other.name) + 1);
    Order due;
    due.kind = Order::Kind::Due;
    due.name = bio;
    due.tick = last;
    due.sides = sides_to_act_on();
    answer(player.order(due));
}

void State::write_chunk() {
    std::uint64_t chunk = 0;
    const auto [end, error] = std::from_chars(chunk_text.data(), chunk_text.data() + chunk_text.size(), chunk);
    const auto& bitmap = player.duel().at(focus, player.tick()).snapshot.bitmap;
    if (error != std::errc() || end != chunk_text.data() + chunk_text.size())
        return say(fmt::format("'{}' is no chunk; a number is needed", chunk_text), true);
    if (bitmap && chunk >= bitmap->chunks)
        return say(fmt::format("there is no chunk {}: the bitmap has {}", chunk, bitmap->chunks), true);
    answer(player.write(chunk));
}

// ---- the plug

void State::pull_plug(const std::set<std::string>& keeps) {
    if (hides_future()) return;
    before_the_cut();
    std::string words = "cut";
    for (const std::string& disk : keeps) words += (words == "cut" ? " keeps " : " ") + disk;
    show_side(SideTab::plug);
    answer(player.pull_plug(words));
}

void State::before_the_cut() {
    if (const auto cut = player.tick_of_cut()) player.go_to(*cut - 1);
}

// ---- lanes

LaneView State::lane_view(float left, float right) {
    if (end_drag) return end_drag->view;
    LaneView view{.left = left, .right = right};
    // Room for where a held write may end.
    const double ahead = player.duel().tick(player.tick()).held[Side::A].empty() ? 8 : EndZones::kMostEnds;
    const double ticks = static_cast<double>(std::max<std::size_t>(player.end(), 24)) + ahead;
    const double fits = (right - left) / ticks;
    view.per_tick = zoom > 0 ? std::clamp<double>(zoom, fits, kMostPixelsATick) : std::min(fits, kMostPixelsATick);
    const double shown = (right - left) / view.per_tick;
    if (zoom > 0 && player.is_playing()) {
        const auto now = static_cast<double>(player.tick());
        if (now > scroll + shown * 0.9 || now < scroll) scroll = now - shown * 0.5;
    }
    scroll = std::clamp(scroll, 0.0, std::max(0.0, ticks - shown));
    view.scroll = scroll;
    return view;
}

void State::zoom_at(const LaneView& view, float x, float factor) {
    const double at = view.scroll + (x - view.left) / view.per_tick;
    zoom = static_cast<float>(view.per_tick) * factor;
    scroll = at - (x - view.left) / static_cast<double>(zoom);
}

// ---- the stage

const std::array<StageModel, 2>& State::stages() {
    const bool hides = hides_outcome();
    if (staged.version == player.version() && staged.tick == player.tick() && staged.hides == hides)
        return staged.stages;
    const MomentView& view = player.view();
    for (const Side side : kSides)
        staged.stages.at(side) = stage_of(player.duel(), side, player.tick(), view.sides[side], hides);
    staged.sentence = sentence_of(player.duel(), player.tick(), view, staged.stages, hides);
    staged.version = player.version();
    staged.tick = player.tick();
    staged.hides = hides;
    return staged.stages;
}

const Sentence& State::sentence() {
    (void)stages();
    return staged.sentence;
}

// ---- close-ups: made once for a tick

const std::vector<std::string>& State::struct_lines(Side side) {
    const CloseUps::Key key{player.version(), player.tick(), side, 0, ""};
    if (close.struct_key == key) return close.struct_lines;
    close.struct_lines =
        split_lines_of(struct_text_at(player.duel().tape(side), player.duel().tick(player.tick()).step[side]));
    close.struct_key = key;
    return close.struct_lines;
}

const std::vector<ChunkRow>& State::chunks(Side side, std::uint64_t from, std::uint64_t count) {
    const CloseUps::Key key{player.version(), player.tick(), side, from, std::to_string(count)};
    if (close.chunks_key == key) return close.chunks;
    close.chunks = mdscope::parse_chunks(
        chunks_text_at(player.duel().tape(side), player.duel().tick(player.tick()).step[side], from, count));
    close.chunks_key = key;
    return close.chunks;
}

const std::vector<ImageInfo>& State::images(Side side) {
    const CloseUps::Key key{player.version(), 0, side, 0, ""};
    if (close.images_key == key) return close.images;
    close.images = images_at(player.duel().tape(side), 0);  // where things lie is known before the array stops
    close.images_key = key;
    return close.images;
}

const std::vector<MediumRecord>& State::media(Side side) {
    const CloseUps::Key key{player.version(), player.tick(), side, 0, ""};
    if (close.media_keys[side] == key) return close.media[side].media;
    close.media[side] = {};
    if (player.scenario(side).after_cut())
        close.media[side] = media_at(player.duel().tape(side), player.duel().tick(player.tick()).step[side]);
    close.media_keys[side] = key;
    return close.media[side].media;
}

void State::look_at_bytes(Side side, const std::string& path, std::uint64_t offset, std::size_t size) {
    const CloseUps::Key key{player.version(), player.tick(), side, offset, path};
    if (close.bytes_key == key) return;
    Tape& tape = player.duel().tape(side);
    const std::size_t step = player.duel().tick(player.tick()).step[side];
    const std::size_t before = player.duel().tick(player.tick() == 0 ? 0 : player.tick() - 1).step[side];
    close.bytes_before = bytes_at(tape, before, path, offset, size);
    close.bytes = bytes_at(tape, step, path, offset, size);
    close.bytes_key = key;
}

const std::vector<LogRow>& State::log_rows() {
    if (log_version == player.version()) return log;
    log.clear();
    for (std::size_t tick = 0; tick <= player.end(); tick++) {
        if (tick > 0) log.push_back({tick, tick_line(player.duel(), tick)});
        for (const Side side : kSides) {
            if (tick > 0 && !player.duel().tick(tick).done[side]) continue;
            for (const LogLine& line : player.duel().at(side, tick).printed)
                log.push_back({tick, fmt::format("{} kernel: {}", side == Side::A ? "A" : "B", line.text), true, side});
        }
    }
    log_version = player.version();
    return log;
}

const std::vector<std::size_t>& State::log_shown() {
    const std::vector<LogRow>& rows = log_rows();
    const std::size_t upto = hides_future() ? player.tick() : ~std::size_t{0};
    const std::string key = fmt::format("{} {} {} {}", log_version, rows.size(), upto, log_filter);
    if (log_shown_for == key) return log_shown_rows;
    log_shown_rows.clear();
    for (std::size_t i = 0; i < rows.size(); i++)
        if (rows[i].tick <= upto && rows[i].text.find(log_filter) != std::string::npos) log_shown_rows.push_back(i);
    log_shown_for = key;
    return log_shown_rows;
}

}  // namespace mdscope::gui
