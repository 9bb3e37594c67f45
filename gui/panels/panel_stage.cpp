// SPDX-License-Identifier: MIT

#include "gui/panels/panel_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/ui.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/model/pointed.hpp"
#include "gui/panels/panels.hpp"
#include "gui/panels/stage_crash.hpp"
#include "gui/panels/stage_figures.hpp"

namespace mdscope::gui {

namespace {

using namespace figures;

constexpr float kLeft = 14, kRight = 552;

// Draws one stage, and remembers what the mouse is on.
class Stager {
   public:
    Stager(const StageModel& stage, const StageLook& look, Pen& pen) : stage_(stage), look_(look), pen_(pen) {}

    StageTouch draw() {
        draw_head();
        if (stage_.crash) pen_.set_alpha(1 - 0.58F * moved(stage_.crash.has_value(), 80, 280, cubic_out));
        if (look_.is_compact) {
            draw_compact();
        } else {
            draw_corridor();
            draw_threads();
            draw_gauges();
            draw_writes();
            draw_members();
        }
        pen_.set_alpha(1);
        if (!look_.is_compact) draw_outcome();
        return touch_;
    }

   private:
    [[nodiscard]] std::string id(const std::string& rest) const { return look_.id + "/" + rest; }
    [[nodiscard]] bool is_danger() const { return stage_.status == Status::InDanger || stage_.status == Status::Oops; }
    [[nodiscard]] Role threat() const { return is_danger() ? Role::danger : Role::faint; }
    [[nodiscard]] float right() const { return look_.is_compact ? look_.rect.w / pen_.px(1) - 12 : kRight; }

    // A thing with a name: it can be hovered, is ringed where it is marked, and stands in the probe's list.
    void thing(const std::string& key, const ui::Rect& box, const std::string& mark, const std::string& text,
               double value = 0) {
        const ui::Rect rect = pen_.rect_of(box.x, box.y, box.w, box.h);
        if (key.empty() || !look_.has_stops) ui::mark_rect(rect, mark, "text", text, value);
        if (key.empty()) return;
        const ui::ThingUse use = look_.has_stops ? ui::thing(rect, mark, text, value) : ui::ThingUse{};
        if (use.is_focused) touch_.hovered = key;
        if (use.is_pressed) touch_.pressed = key;
        if (is_window_hovered() && rect.covers({ImGui::GetIO().MousePos.x, ImGui::GetIO().MousePos.y}))
            touch_.hovered = key;
        if (look_.is_marked(key)) pen_.frame(box.x - 3, box.y - 3, box.w + 6, box.h + 6, pen_.ink(Role::here), 3, 8);
    }
    // A word, where it stands: the mouse on it asks what it is.
    void asks_about(const std::string& key, const ui::Rect& rect) {
        const ImVec2 mouse = ImGui::GetIO().MousePos;
        if (!key.empty() && is_window_hovered() && rect.covers({mouse.x, mouse.y})) touch_.hovered = key;
    }
    void draw_line(const Phrases& phrases, const ui::Rect& rect, float size) {
        draw_phrases(phrases, rect, size, false, 1);
        asks_about(key_in_phrases(phrases, rect, size, false, 1, ImGui::GetIO().MousePos), rect);
    }
    static bool is_window_hovered() { return ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows); }

    // ---- motion

    [[nodiscard]] const StageModel& before() const { return look_.motion ? *look_.motion->before : stage_; }
    // How far something has come that is new: 1 if it is not, or nothing moves. `is_new` is asked of this step only.
    [[nodiscard]] float moved(bool is_new, float from, float to, float (*curve)(float)) const {
        return look_.motion && is_new ? curve(look_.motion->share(from, to)) : 1;
    }
    [[nodiscard]] bool is_new_danger() const {
        return stage_.status == Status::InDanger && before().status != Status::InDanger;
    }
    [[nodiscard]] static const StageWrite* find_write(const StageModel& in, const std::string& bio) {
        const auto found = std::ranges::find(in.writes, bio, &StageWrite::bio);
        return found != in.writes.end() ? &*found : nullptr;
    }

    // ---- the head

    void draw_head() {
        if (!stage_.letter.empty()) {
            pen_.frame(12, 10, 28, 28, pen_.ink(Role::text), 2, 5);
            pen_.text(26, 24, stage_.letter, Face::bold, 19, pen_.ink(Role::text), Align::middle);
        }
        const float pulse = is_new_danger() && look_.motion ? std::sin(3.14F * look_.motion->share(0, 200)) : 0;
        const float chip = draw_status_chip(stage_.status, stage_.word, pen_.at(right(), 0).x, pen_.at(0, 24).y,
                                            look_.factor * (1 + 0.15F * pulse), id("status"));
        asks_about(key_of_word(stage_.word), {chip, pen_.at(0, 8).y, pen_.at(right(), 0).x - chip, pen_.px(32)});
        draw_title((chip - pen_.at(0, 0).x) / pen_.px(1) - 12);
        const ui::Rect line = pen_.rect_of(kLeft, 46, right() - kLeft, 22);
        const float large = 16 * std::max(1.0F, look_.factor);
        const float size = phrases_width(stage_.line, large, false) <= line.w ? large : 14;
        draw_line(stage_.line, line, size);
        const float out = std::max(0.0F, phrases_width(stage_.line, size, false) - line.w - 1);
        ui::mark_rect(line, id("verdict"), "text", plain_text(stage_.line), out);  // so much of it is left out
    }

    void mark_title(const ui::Rect& rect, const std::string& words) {
        if (!look_.is_title_a_link) return ui::mark_rect(rect, id("title"), "text", words);
        ImGui::SetCursorScreenPos({rect.x, rect.y});
        {
            const ui::IdScope scope(id("title"));
            touch_.is_title_clicked = ImGui::InvisibleButton("##it", {rect.w, rect.h});
        }
        ui::draw_focus();
        ui::mark(id("title"), "thing", words);
    }

    void draw_title(float to) {
        const float at = stage_.letter.empty() ? kLeft : 52;
        const FontScope bold(type(Face::bold, 19 * look_.factor));
        const std::string shown = ui::shortened(stage_.title, pen_.px(to - at));
        const ui::Rect rect = pen_.rect_of(at, 12, std::max(8.0F, pen_.width_of(shown, Face::bold, 19)), 24);
        const std::string all =
            stage_.rows == stage_.title ? stage_.title : fmt::format("{}  ({})", stage_.title, stage_.rows);
        mark_title(rect, stage_.letter.empty() ? all : fmt::format("{}   {}", stage_.letter, all));
        pen_.text(at, 24, shown, Face::bold, 19, pen_.ink(Role::text));
        const float rows = at + rect.w / pen_.px(1) + 12;
        if (!look_.has_rows || stage_.rows == stage_.title || rows > to - 40) return;
        draw_line({{stage_.rows, Ink::faint}}, pen_.rect_of(rows, 15, to - rows, 20), 14 * look_.factor);
    }

    // ---- the corridor

    void draw_corridor() {
        pen_.line(pen_.at(10, kGround), pen_.at(kRight, kGround), pen_.ink(Role::faint), 2);
        pen_.text(kLeft, 85, stage_.noun + " ▸", Face::text, 14, pen_.ink(Role::dim_text));
        for (std::size_t i = 0; i < 2; i++) draw_door_of(i);
        draw_taker();
        const bool walks = before().stopper.station != stage_.stopper.station;
        const float share = moved(walks, 0, 240, cubic_in_out);
        const float from = station_x(before().stopper.station), to = station_x(stage_.stopper.station);
        const float x = walks ? from + (to - from) * share : to;
        StageStopper stopper = stage_.stopper;
        if (share < 1) stopper.state = StageStopper::State::Walks;
        draw_stopper(pen_, x, stopper);
        thing("task", {x - 16, 112, 32, kGround - 112}, id("stopper"), stage_.stopper.inside);
    }

    [[nodiscard]] bool is_waited_at(std::size_t door) const {
        const auto station = door == 0 ? StageStopper::Station::FirstDoor : StageStopper::Station::SecondDoor;
        return stage_.stopper.state == StageStopper::State::Sleeps && stage_.stopper.station == station;
    }

    void draw_door_of(std::size_t number) {
        const StageDoor& door = stage_.doors.at(number);
        const StageGauge& gauge = stage_.gauges.at(number);
        if (gauge.counter.empty() || door.is_nowhere()) return;
        const float x = kDoors.at(number);
        const bool is_missing = door.state == StageDoor::State::Missing;
        const bool is_missed = is_missing && gauge.is_unwatched;
        const Role missing = is_missed || (is_missing && stage_.has_oops()) ? Role::danger : Role::faint;
        const float share = moved(before().doors.at(number).state != door.state, 0, 240, cubic_in_out);
        const float full = pen_.alpha();
        if (share < 1) {
            pen_.set_alpha(full * (1 - share));
            draw_door(pen_, x, before().doors.at(number), missing, false);
            pen_.set_alpha(full * share);
        }
        draw_door(pen_, x, door, missing, is_waited_at(number));
        pen_.set_alpha(full);
        const Role name = is_missing ? missing : door.state == StageDoor::State::Aside ? Role::faint : Role::text;
        pen_.text(x, 85, door.function, Face::code, 14, pen_.ink(name), Align::middle);
        const float width = std::max(56.0F, pen_.width_of(door.function, Face::code, 14));
        const char* word = is_missing                             ? "missing"
                           : door.state == StageDoor::State::Shut ? "shut"
                           : door.state == StageDoor::State::Open ? "open"
                                                                  : "not on the way";
        thing("function/" + door.function, {x - width / 2, 76, width, kGround - 76}, id(fmt::format("door/{}", number)),
              fmt::format("{}: {}", door.function, word));
        if (!is_missing) return;
        const ImU32 words = pen_.ink(missing == Role::danger ? missing : Role::dim_text);
        pen_.text(x + 34, 137, stage_.hides ? "no wait here" : "no wait here:", Face::bold, 14, words);
        if (!stage_.hides) pen_.text(x + 34, 158, "nobody", Face::text, 14, words);
    }

    void draw_taker() {
        if (stage_.taker.empty()) return;
        const ImU32 color = pen_.ink(stage_.is_taker_near ? Role::danger : Role::dim_text);
        // In two lines where it is long.
        std::string first = stage_.taker, second;
        if (const std::size_t at = first.find("_from"); at != std::string::npos) {
            second = first.substr(at);
            first.resize(at);
        }
        pen_.text(kRight + 4, 80, first, Face::code, 14, color, Align::right);
        pen_.text(kRight + 4, 97, second, Face::code, 14, color, Align::right);
        draw_scissors(pen_, 512, 138, color);
        thing("function/" + stage_.taker, {486, 72, 72, 84}, id("taker"), stage_.taker);
    }

    // ---- threads

    [[nodiscard]] std::optional<std::size_t> place_of(const std::string& member) const {
        for (std::size_t i = 0; i < stage_.members.size(); i++)
            if (stage_.members[i].name == member) return i;
        return std::nullopt;
    }

    void draw_threads() {
        for (std::size_t i = 0; i < 2; i++) draw_wire(i);
        draw_return();
        draw_follows();
        draw_cut();
    }

    // Between a door and its counter; lit up to the feet of who waits there.
    void draw_wire(std::size_t number) {
        const StageGauge& gauge = stage_.gauges.at(number);
        if (gauge.counter.empty()) return;
        const StageDoor& door = stage_.doors.at(number);
        const float x = kDoors.at(number), top = kGround, bottom = kGaugeTop;
        if (door.state == StageDoor::State::Aside) return;
        if (door.state == StageDoor::State::Missing) {
            const Role role = gauge.is_unwatched || stage_.has_oops() ? Role::danger : Role::faint;
            return pen_.dashed({pen_.at(x, top), pen_.at(x, bottom)}, pen_.ink(role), 3);
        }
        draw_waking(number);
        if (!is_waited_at(number)) {
            const bool has_led = door.is_passed && number == 0;
            return pen_.line(pen_.at(x, top), pen_.at(x, bottom), pen_.ink(has_led ? Role::safe : counter_role(number)),
                             3.5F);
        }
        const float feet = station_x(stage_.stopper.station);
        const ImU32 safe = pen_.ink(Role::safe);
        pen_.path({pen_.at(x, bottom), pen_.at(x, kGround + 8), pen_.at(feet, kGround + 8)}, safe, 4);
        pen_.arrow(feet, kGround + 1, 0, -1, safe, 8);
    }

    // Who slept here has been woken: the wire lights from the counter to the feet.
    void draw_waking(std::size_t number) {
        const auto station = number == 0 ? StageStopper::Station::FirstDoor : StageStopper::Station::SecondDoor;
        const StageStopper& was = before().stopper;
        if (!look_.motion || look_.motion->is_backwards || was.state != StageStopper::State::Sleeps ||
            was.station != station || is_waited_at(number))
            return;
        const float share = look_.motion->share(0, 260), fade = 1 - look_.motion->share(260, 500);
        const float x = kDoors.at(number), feet = station_x(station), up = kGaugeTop - kGround - 8;
        const float length = (up + x - feet) * share;
        const ImU32 safe = pen_.ink(Role::safe, fade);
        const float along = std::max(0.0F, length - up);
        pen_.line(pen_.at(x, kGaugeTop), pen_.at(x, kGaugeTop - std::min(length, up)), safe, 5);
        if (along > 0) pen_.line(pen_.at(x, kGround + 8), pen_.at(x - along, kGround + 8), safe, 5);
        pen_.circle(along > 0 ? x - along : x, along > 0 ? kGround + 8 : kGaugeTop - length, 5, safe);
    }

    // A write comes back: from its disk by way of its completion to its counter.
    void draw_return() {
        const StageWrite* main = stage_.main_write();
        const bool has_one = main != nullptr && main->gauge.has_value();
        const ImU32 color = has_one ? pen_.ink(counter_role(*main->gauge)) : pen_.ink(Role::border);
        if (!stage_.completion.empty()) {
            pen_.fill(65, 292, 132, 32, pen_.ink(Role::card));
            pen_.frame(65, 292, 132, 32, color);
            pen_.text(131, 308, stage_.completion, Face::code, 14, pen_.ink(has_one ? Role::text : Role::dim_text),
                      Align::middle);
            thing("function/" + stage_.completion, {65, 292, 132, 32}, id("completion"), stage_.completion);
        }
        if (!has_one) return;
        const float to = kDoors.at(*main->gauge);
        pen_.line(pen_.at(131, 292), pen_.at(131, 284), color, 4);
        if (*main->gauge != 0) pen_.line(pen_.at(131, 284), pen_.at(to, 284), color, 4);
        pen_.line(pen_.at(to, 284), pen_.at(to, 279), color, 4);
        pen_.arrow(to, kGaugeTop + kGaugeHeight + 1, 0, -1, color, 7);
        if (stage_.crash) return;
        pen_.text(to + 14, 282, "−1 when it ends", Face::text, 14, color);
    }

    void draw_follows() {
        const StageWrite* main = stage_.main_write();
        if (main == nullptr || !main->gauge || stage_.completion.empty() || stage_.crash) return;
        const std::optional<std::size_t> place = place_of(main->member);
        if (!place) return;
        const bool is_dashed = !main->is_covered;
        const float shown = moved(is_new_danger(), 0, 200, cubic_out);
        const ImU32 color = pen_.ink(is_dashed ? Role::danger : Role::faint, shown);
        const ui::Rect box = member_boxes(stage_.members.size()).at(*place);
        if (*place == 0) {
            pen_.curve(pen_.at(110, 324), pen_.at(110, 332), pen_.at(110, 336), pen_.at(110, 338), color, 2.5F,
                       is_dashed);
            pen_.arrow(110, box.y - 1, 0, 1, color, 6);
        } else {
            const float y = box.y + box.h - 16;
            pen_.curve(pen_.at(197, 318), pen_.at(box.x - 12, 322), pen_.at(box.x - 34, y), pen_.at(box.x - 8, y),
                       color, 2.5F, is_dashed);
            pen_.arrow(box.x - 1, y, 1, 0, color, 7);
        }
        pen_.text(*place == 0 ? 120 : 157, 335, "follows", Face::text, 14,
                  pen_.ink(is_dashed ? Role::danger : Role::dim_text));
    }

    // What takes away what the write needs, and from whom.
    void draw_cut() {
        const StageWrite* main = stage_.main_write();
        if (!stage_.is_taker_near || main == nullptr || main->is_covered) return;
        const std::optional<std::size_t> place = place_of(main->member);
        if (!place) return;
        const ImU32 color = pen_.ink(Role::danger, moved(is_new_danger(), 0, 200, cubic_out));
        const ui::Rect box = member_boxes(stage_.members.size()).at(*place);
        constexpr float kX = 510;
        if (*place + 1 == stage_.members.size() && box.x + box.w < kX) {
            pen_.dashed({pen_.at(kX, kGround), pen_.at(kX, box.y + 42), pen_.at(box.x + box.w + 8, box.y + 42)}, color,
                        2.5F);
            pen_.arrow(box.x + box.w + 1, box.y + 42, -1, 0, color, 8);
        } else {
            const float x = box.x + box.w - 20;
            pen_.dashed({pen_.at(kX, kGround), pen_.at(kX, 334), pen_.at(x, 334)}, color, 2.5F);
            pen_.arrow(x, box.y - 1, 0, 1, color, 7);
        }
        const float width = std::max(pen_.width_of(stage_.next, Face::bold, 14), 76.0F);
        pen_.fill(kX - width / 2 - 3, 280, width + 6, stage_.taker_tick ? 42.0F : 24.0F, pen_.ink(Role::panel), 3);
        pen_.text(kX, 292, stage_.next, Face::bold, 14, color, Align::middle);
        if (stage_.taker_tick)
            pen_.text(kX, 312, fmt::format("at step {}", *stage_.taker_tick), Face::text, 14, color, Align::middle);
    }

    // ---- counters, writes, members

    void draw_gauges() {
        static constexpr std::array<const char*, 2> kIds = {"mddev", "bitmap"};
        for (std::size_t i = 0; i < 2; i++) {
            const StageGauge& gauge = stage_.gauges.at(i);
            if (gauge.counter.empty()) continue;
            const int value = before().gauges.at(i).value;
            const bool falls = gauge.value < value;  // then a write arrives first
            draw_gauge(pen_, i, gauge,
                       {value, moved(gauge.value != value, falls ? 320 : 0, falls ? 500 : 180, cubic_out)});
            const std::string mark = id(fmt::format("counter/{}", kIds.at(i)));
            const float x = kGauges.at(i);
            thing("counter/" + gauge.counter, {x, kGaugeTop, kGaugeWidth, kGaugeHeight}, mark,
                  std::to_string(gauge.value), gauge.value);
            ui::mark_rect(pen_.rect_of(x + 6, kGaugeTop + 8, kGaugeWidth - 12, 20), mark + "/name", "text",
                          gauge.counter);
            ui::mark_rect(pen_.rect_of(x + 50, kGaugeTop + 30, kGaugeWidth - 56, 40), mark + "/words", "text",
                          gauge.answer + "; " + gauge.note, gauge_words_left_out(pen_, gauge));
        }
    }

    // From its place along the line to its completion, and up to its counter.
    void draw_on_its_way_back(const StageWrite& write, float share) {
        const float to = write.gauge ? kDoors.at(*write.gauge) : 131;
        constexpr float kTurn = 0.6F;
        const float along = std::min(1.0F, share / kTurn), up = std::max(0.0F, (share - kTurn) / (1 - kTurn));
        const float x = kWriteX + (131 - kWriteX) * along + (to - 131) * up;
        draw_write(pen_, x, kWriteY + (kGaugeTop + kGaugeHeight - kWriteY) * up, write);
    }

    void draw_moving_writes() {
        if (!look_.motion) return;
        const float share = cubic_in_out(look_.motion->share(0, 320));
        if (share >= 1 || look_.motion->is_backwards) return;
        for (const StageWrite& write : before().writes) {
            StageWrite free = write;
            free.is_held = false;
            if (find_write(stage_, write.bio) == nullptr) draw_on_its_way_back(free, share);
        }
    }

    void draw_writes() {
        if (stage_.crash) return;
        draw_moving_writes();
        std::vector<StageWrite> shown = stage_.writes;
        std::ranges::stable_sort(
            shown, [](const StageWrite& a, const StageWrite& b) { return a.gauge.has_value() > b.gauge.has_value(); });
        const std::size_t count = std::min<std::size_t>(shown.size(), 4);
        float x = kWriteX;
        float last = 0;
        for (std::size_t i = 0; i < count; i++) last = x + kWriteGap * static_cast<float>(i);
        if (stage_.writes_counted() > 0) draw_way(shown.front());
        for (std::size_t i = 0; i < count; i++, x += kWriteGap) {
            // A new one comes from the right; going back, one that had ended comes from its counter.
            const bool is_new = find_write(before(), shown[i].bio) == nullptr;
            const float share = moved(is_new, 0, 320, cubic_in_out);
            if (share < 1 && look_.motion->is_backwards)
                draw_on_its_way_back(shown[i], 1 - share);
            else
                draw_write(pen_, x + (1 - share) * 60, kWriteY, shown[i]);
            thing("write/" + shown[i].bio, {x - 18, kWriteY - 18, 36, 36}, id("write/" + shown[i].bio), shown[i].bio);
        }
        const float to = stage_.is_taker_near ? 462.0F : kRight;
        if (count > 0) draw_write_words(pen_, stage_, shown, last + 24, to);
    }

    void draw_way(const StageWrite& first) {
        const ImU32 color = pen_.ink(counter_role(first.gauge.value_or(0)));
        pen_.line(pen_.at(204, kWriteY), pen_.at(kWriteX - 14, kWriteY), color, 4);
        pen_.arrow(198, kWriteY, -1, 0, color, 9);
    }

    void draw_members() {
        const std::vector<ui::Rect> boxes = member_boxes(stage_.members.size());
        for (std::size_t i = 0; i < stage_.members.size(); i++) {
            const StageMember& member = stage_.members[i];
            draw_member(pen_, boxes[i], member);
            using enum StageMember::State;
            const std::string text = member.state == Off ? fmt::format("{}: not assembled", member.name)
                                     : member.state == Gone || member.state == Met
                                         ? fmt::format("{}: rdev->mddev → NULL", member.name)
                                         : fmt::format("{}: rdev->mddev → md0", member.name);
            thing("member/" + member.name, boxes[i], id("member/" + member.name), text);
            const ui::Rect& box = boxes[i];
            if (member.state == Gone || member.state == Met)
                asks_about("word/NULL", pen_.rect_of(box.x + 25, box.y + box.h - 24, box.w - 25, 20));
        }
    }

    // ---- where there is no room for a corridor

    void draw_compact() {
        static constexpr std::array<const char*, 2> kIds = {"mddev", "bitmap"};
        const float width = right() - kLeft;
        const bool is_row = width > 560;  // else one below the other
        for (std::size_t i = 0; i < 2; i++) {
            const StageGauge& gauge = stage_.gauges.at(i);
            if (gauge.counter.empty()) continue;
            const auto number = static_cast<float>(i);
            const ui::Rect box = is_row ? ui::Rect{kLeft + number * (width / 2 + 6), 72, width / 2 - 6, 34}
                                        : ui::Rect{kLeft, 72 + number * 38, width, 34};
            draw_compact_gauge(pen_, i, gauge, box);
            const std::string mark = id(fmt::format("counter/{}", kIds.at(i)));
            thing("counter/" + gauge.counter, box, mark, std::to_string(gauge.value), gauge.value);
            ui::mark_rect(pen_.rect_of(box.x + 6, box.y + 4, box.w - 12, 26), mark + "/name", "text", gauge.counter);
        }
    }

    // ---- the end

    void draw_outcome() {
        if (stage_.crash) {
            const bool is_new = !before().crash;
            draw_crash(pen_, stage_, look_.id,
                       {moved(is_new, 80, 340, back_out), moved(is_new, 120, 420, [](float share) { return share; })});
            const std::string& first = stage_.crash->console.empty() ? stage_.word : stage_.crash->console.front();
            asks_about(first.find("NULL") != std::string::npos ? "word/NULL" : key_of_word(stage_.word),
                       crash_console_rect(pen_, stage_));
            return asks_about(key_of_word(stage_.word), crash_burst_rect(pen_));
        }
        if (stage_.end.empty()) return;
        pen_.set_alpha(moved(before().end.empty(), 200, 500, cubic_out));
        pen_.fill(300, 294, 240, 42, pen_.ink(Role::panel));
        pen_.frame(300, 294, 240, 42, pen_.ink(Role::safe));
        draw_check(pen_, 322, 315, 9, pen_.ink(Role::safe));
        pen_.text(342, 315, stage_.end, Face::bold, 14, pen_.ink(Role::safe));
        pen_.set_alpha(1);
        ui::mark_rect(pen_.rect_of(300, 294, 240, 42), id("end"), "text", stage_.end);
    }

    const StageModel& stage_;
    const StageLook& look_;
    Pen& pen_;
    StageTouch touch_;
};

}  // namespace

StageTouch draw_stage(const StageModel& stage, const StageLook& look) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ui::Rect& rect = look.rect;
    const float radius = sp(8);
    draw.AddRectFilled({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(Role::panel), radius);
    if (stage.crash)
        draw.AddRectFilled({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(Role::danger_fill, 0.13F),
                           radius);
    const Edge edge = edge_of(stage.status);
    draw.AddRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(edge.role), radius, ImDrawFlags_None,
                 sp(edge.width));
    const float factor = look.is_compact ? 1 : look.factor;
    const float spare = look.is_compact ? 0 : std::max(0.0F, rect.w - kStageWidth * factor * sp(1000) / 1000) / 2;
    Pen pen(draw, {rect.x + spare, rect.y}, factor);
    StageLook own = look;
    own.factor = factor;
    return Stager(stage, own, pen).draw();
}

}  // namespace mdscope::gui
