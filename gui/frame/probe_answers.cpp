// SPDX-License-Identifier: MIT

#include "gui/frame/probe_answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gui/frame/marks.hpp"

namespace mdscope::gui {

namespace {

using nlohmann::json;

json to_json(const ui::Rect& rect) {
    return json::array({rect.x, rect.y, rect.w, rect.h});
}

json to_json(const ui::Mark& mark) {
    return {{"id", mark.id},           {"role", mark.role},          {"text", mark.text},
            {"value", mark.value},     {"rect", to_json(mark.rect)}, {"clip", to_json(mark.clip)},
            {"enabled", mark.enabled}, {"visible", mark.visible},    {"interactive", mark.interactive},
            {"focused", mark.focused}, {"hovered", mark.hovered},    {"cut", mark.cut},
            {"frame", mark.frame}};
}

json error(std::string_view why) {
    return {{"error", why}};
}

json ids() {
    json list = json::array();
    for (const ui::Mark& mark : ui::all()) list.push_back(mark.id);
    return list;
}

json marks() {
    json list = json::array();
    for (const ui::Mark& mark : ui::all()) list.push_back(to_json(mark));
    return list;
}

json focused() {
    const auto& all = ui::all();
    const auto found = std::find_if(all.begin(), all.end(), [](const ui::Mark& mark) { return mark.focused; });
    return found == all.end() ? json() : json(found->id);
}

json faults() {
    return {{"twice", ui::duplicate_ids()}, {"cut", ui::clipped()}, {"no_glyph", ui::fallback_glyphs()}};
}

json save(const ProbeHost& host, const std::string& path) {
    const Result<bool> saved = host.save_png(path);
    return saved ? json(true) : error(saved.error().text);
}

// Questions about one mark.
std::optional<json> about_mark(std::string_view what, std::string_view id) {
    if (what != "rect" && what != "text" && what != "value" && what != "mark") return std::nullopt;
    const ui::Mark* mark = ui::find(id);
    if (mark == nullptr) return error("nothing on the screen is called " + std::string(id));
    if (what == "rect") return to_json(mark->rect);
    if (what == "text") return mark->text;
    if (what == "value") return mark->value;
    return to_json(*mark);
}

json about_window(std::string_view what, const ProbeHost& host) {
    const std::array<int, 4> place = host.place();
    if (what == "origin") return json::array({place[0], place[1]});
    if (what == "size") return json::array({place[2], place[3]});
    if (what == "frames") return host.frames();
    if (what == "pictures") return host.pictures();
    if (what == "idle") return host.is_idle();
    if (what == "quit") return host.quit(), true;
    return error("no such question; gui/frame/probe_answers.hpp lists them");
}

json answer_now(std::string_view what, std::string_view rest, const ProbeHost& host) {
    if (std::optional<json> found = about_mark(what, rest)) return *std::move(found);
    if (what == "png" && !rest.empty()) return save(host, std::string(rest));
    if (!rest.empty()) return error("no such question; gui/frame/probe_answers.hpp lists them");
    if (what == "ids") return ids();
    if (what == "marks") return marks();
    if (what == "focused") return focused();
    if (what == "faults") return faults();
    return about_window(what, host);
}

}  // namespace

std::optional<std::string> answer(std::string_view question, const ProbeHost& host) {
    if (question == "wait-idle" && !host.is_idle()) return std::nullopt;
    const std::size_t space = question.find(' ');
    const std::string_view rest = space == std::string_view::npos ? std::string_view() : question.substr(space + 1);
    const json made = question == "wait-idle" ? json(true) : answer_now(question.substr(0, space), rest, host);
    // What a scenario brought in need not be UTF-8.
    return made.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace mdscope::gui
