// SPDX-License-Identifier: MIT

#include "gui/frame/picture_acts.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "gui/frame/marks.hpp"

namespace mdscope::gui {

namespace {

constexpr float kFrame = 1.0F / 60;
constexpr int kMostFrames = 60 * 60;
constexpr int kLongestWait = 3600;
using Kind = InputEvent::Kind;

constexpr std::array<std::pair<std::string_view, int>, 9> kKeys = {{{"Space", key::kSpace},
                                                                    {"Enter", key::kEnter},
                                                                    {"Escape", key::kEscape},
                                                                    {"Left", key::kLeft},
                                                                    {"Right", key::kRight},
                                                                    {"Home", key::kHome},
                                                                    {"End", key::kEnd},
                                                                    {"Tab", key::kTab},
                                                                    {"PageDown", key::kPageDown}}};

int key_called(std::string_view name) {
    for (const auto& [text, number] : kKeys)
        if (text == name) return number;
    // Capitals as they stand on the keys, and in the window's own labels.
    return name.size() == 1 ? std::tolower(static_cast<unsigned char>(name.front())) : key::kNone;
}

class Hand {
   public:
    Hand(Stage& stage, Screen& screen) : stage_(stage), screen_(screen) {}

    std::string act(const std::string& words) {
        const std::size_t space = words.find(' ');
        const std::string verb = words.substr(0, space);
        const std::string what = space == std::string::npos ? "" : words.substr(space + 1);
        if (verb == "key") return press(what);
        if (verb == "click" || verb == "hover") return point(what, verb == "click");
        if (verb == "drag") return drag(what);
        if (verb == "wait") return wait(what);
        if (verb == "until") return until(what);
        return fmt::format("'{}' is no act: key, click, hover, drag, wait, until", words);
    }

   private:
    void frame() { stage_.frame(screen_, kFrame); }
    void let_pass() {
        if (screen_.is_on_real_time()) std::this_thread::sleep_for(std::chrono::duration<float>(kFrame));
        frame();
    }
    void settle() {
        while (stage_.input_waits()) frame();
        frame();
        frame();
    }
    void push(InputEvent event) { stage_.input().push(std::move(event)); }

    std::string press(const std::string& name) {
        const int number = key_called(name);
        if (number == key::kNone) return fmt::format("there is no key '{}'", name);
        push({.kind = Kind::key_down, .key = number});
        if (name.size() == 1) push({.kind = Kind::text, .text = std::string(1, static_cast<char>(number))});
        push({.kind = Kind::key_up, .key = number});
        settle();
        return {};
    }
    std::string point(const std::string& id, bool clicks) {
        const ui::Mark* mark = ui::find(id);
        if (mark == nullptr) return fmt::format("nothing in the picture is called '{}'", id);
        const ui::Point at = mark->rect.center();
        push({.kind = Kind::mouse_move, .x = at.x, .y = at.y});
        if (clicks) push({.kind = Kind::mouse_down, .x = at.x, .y = at.y});
        if (clicks) push({.kind = Kind::mouse_up, .x = at.x, .y = at.y});
        settle();
        return {};
    }
    // Onto another mark, and not let go: what is seen meanwhile is what there is to see.
    std::string drag(const std::string& ids) {
        const std::size_t space = ids.find(' ');
        const ui::Mark* from = ui::find(ids.substr(0, space));
        const ui::Mark* to = space == std::string::npos ? nullptr : ui::find(ids.substr(space + 1));
        if (from == nullptr || to == nullptr) return fmt::format("'{}' are not two marks of the picture", ids);
        const ui::Point begin = from->rect.center(), end = to->rect.center();
        for (const Kind kind : {Kind::mouse_move, Kind::mouse_down}) {
            push({.kind = kind, .x = begin.x, .y = begin.y});
            settle();
        }
        push({.kind = Kind::mouse_move, .x = end.x, .y = end.y});
        settle();
        return {};
    }
    std::string wait(const std::string& seconds) {
        char* end = nullptr;
        const double length = std::strtod(seconds.c_str(), &end);
        if (end == seconds.c_str() || *end != '\0' || !(length >= 0 && length <= kLongestWait))
            return fmt::format("wait takes seconds, up to {}, not '{}'", kLongestWait, seconds);
        for (double done = 0; done < length; done += static_cast<double>(kFrame)) let_pass();
        return {};
    }
    std::string until(const std::string& id) {
        for (int i = 0; i < kMostFrames; i++) {
            if (ui::find(id) != nullptr) return {};
            let_pass();
        }
        return fmt::format("'{}' never came up", id);
    }

    Stage& stage_;
    Screen& screen_;
};

}  // namespace

std::string do_acts(Stage& stage, Screen& screen, const std::vector<std::string>& acts) {
    Hand hand(stage, screen);
    for (const std::string& act : acts)
        if (std::string wrong = hand.act(act); !wrong.empty()) return wrong;
    return {};
}

}  // namespace mdscope::gui
