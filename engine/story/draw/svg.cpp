// SPDX-License-Identifier: MIT

#include "engine/story/draw/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/story/record/outcome.hpp"

namespace mdscope {

namespace {

constexpr int kLeft = 170;  // of the axis: names stand here
constexpr int kRight = 20;
constexpr int kRow = 18;
constexpr int kGap = 8;
constexpr int kCounterHeight = 34;
constexpr double kLetter = 6.1;  // width, at the size of the text in bars
constexpr double kAxisWidth = 1200;
constexpr double kNarrowestTick = 6;
constexpr double kWidestTick = 48;

// Okabe and Ito's palette, which most eyes can tell apart; dark letters are readable on each.
const char* colour_of(Bar::Kind kind) {
    switch (kind) {
        case Bar::Kind::Function:
            return "#dddddd";
        case Bar::Kind::Sleep:
            return "#ffffff";
        case Bar::Kind::Data:
            return "#56b4e9";
        case Bar::Kind::Superblock:
            return "#f0e442";
        case Bar::Kind::Bitmap:
            return "#e69f00";
        case Bar::Kind::Resync:
            return "#cc79a7";
        case Bar::Kind::Oops:
            return "#ff8c5a";
    }
    return "#ffffff";
}

// Bytes that are no UTF-8 are replaced; a title may have any.
std::string escaped(const std::string& text) {
    using Json = nlohmann::json;
    std::string out;
    for (const char c : Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>())
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= ' ') out += c;
        }
    return out;
}

// As much of a label as there is room for; what is cut shows it.
std::string fitting(const std::string& label, double width) {
    const auto letters = static_cast<std::size_t>(std::max(0.0, (width - 4) / kLetter));
    if (label.size() <= letters) return escaped(label);
    return letters < 3 ? "" : escaped(label.substr(0, letters - 1)) + "…";
}

class Drawing {
   public:
    explicit Drawing(const LanesPicture& picture)
        : picture_(picture),
          tick_(std::clamp(kAxisWidth / static_cast<double>(std::max<std::size_t>(picture.ticks, 1)), kNarrowestTick,
                           kWidestTick)) {}

    std::string draw() {
        text(10, 20, picture_.title, "title");
        y_ = 34;
        axis();
        const int top = y_;
        for (const LanesPicture::Part& part : picture_.parts) draw_part(part);
        mark(picture_.first_difference, "first difference", top, top + 12);
        mark(picture_.playhead, "now", top, y_ + 10);  // at the other end, since both may be near
        y_ += kGap;
        return head() + body_ + "</svg>\n";
    }

   private:
    [[nodiscard]] double x_of(std::size_t tick) const { return kLeft + tick_ * static_cast<double>(tick); }

    [[nodiscard]] std::string head() const {
        const double width = x_of(picture_.ticks) + kRight;
        return fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {}\" width=\"{:.0f}\" height=\"{}\">\n"
            "<style>text{{font:11px 'DejaVu Sans',sans-serif;fill:#111}} .title{{font-size:15px;font-weight:bold}} "
            ".part{{font-size:13px;font-weight:bold}} .bar{{font:10px 'DejaVu Sans Mono',monospace}} "
            "rect{{stroke:#555;stroke-width:.5}} .sleep{{stroke-dasharray:3 2}} line,polyline{{fill:none;stroke:#555}} "
            ".mark{{stroke:#d55e00;stroke-dasharray:4 3}}</style>\n"
            "<defs><pattern id=\"held\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"M0 6L6 0\" "
            "stroke=\"#333\" stroke-opacity=\".45\"/></pattern></defs>\n"
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
            width, y_ + kGap, width, y_ + kGap);
    }

    template <class... Args>
    void add(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(body_), format, std::forward<Args>(args)...);
        body_ += '\n';
    }

    void text(double x, double y, const std::string& words, const char* style) {
        add("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>", x, y, style, escaped(words));
    }

    // A number at about every 60 pixels.
    void axis() {
        std::size_t step = 1;
        for (const std::size_t wider : {2U, 5U, 10U, 20U, 50U, 100U, 200U, 500U, 1000U, 5000U})
            if (tick_ * static_cast<double>(step) < 60) step = wider;
        text(10, y_ + 12, "tick", "axis");
        for (std::size_t tick = 0; tick <= picture_.ticks; tick += step)
            text(x_of(tick), y_ + 12, std::to_string(tick), "axis");
        y_ += kRow;
    }

    void draw_part(const LanesPicture::Part& part) {
        y_ += kGap;
        text(10, y_ + 13, part.name, "part");
        y_ += kRow;
        for (const Lane& lane : part.lanes) draw_lane(lane);
        draw_counter("mddev->pending_writes", part.mddev);
        draw_counter("bitmap->pending_writes", part.bitmap);
    }

    void draw_lane(const Lane& lane) {
        text(10, y_ + 13, lane.name, "lane");
        for (const Bar& bar : lane.bars) draw_bar(bar, y_ + bar.row * kRow);
        y_ += std::max(lane.rows, 1) * kRow + 2;
        add("<line x1=\"10\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\" stroke-opacity=\".3\"/>", x_of(picture_.ticks), y_, y_);
        y_ += 2;
    }

    void draw_bar(const Bar& bar, int y) {
        const double x = x_of(bar.begin);
        const double width = std::max(x_of(bar.end) - x, 2.0);  // what came and went within a tick is a line
        const std::string label = (bar.kind == Bar::Kind::Oops ? "OOPS " : "") + bar.label;
        add("<g><title>{}: tick {} to {}{}</title>", escaped(label), bar.begin, bar.end,
            bar.is_open ? ", not over" : "");
        add("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"{}/>", x, y, width, kRow - 2,
            colour_of(bar.kind), bar.kind == Bar::Kind::Sleep ? " class=\"sleep\"" : "");
        for (const auto& [from, to] : bar.held)
            add("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"url(#held)\"/>", x_of(from), y,
                x_of(to) - x_of(from), kRow - 2);
        if (const std::string words = fitting(label, width); !words.empty())
            add("<text x=\"{:.1f}\" y=\"{}\" class=\"bar\">{}</text>", x + 2, y + 12, words);
        body_ += "</g>\n";
    }

    void draw_counter(const char* name, const std::vector<CounterStep>& steps) {
        int most = 1;
        for (const CounterStep& step : steps) most = std::max(most, step.value);
        const int bottom = y_ + kCounterHeight - 4;
        const auto height_of = [&](int value) { return bottom - value * (kCounterHeight - 14) / most; };
        text(10, bottom - 6, name, "counter");
        std::string points;
        for (std::size_t i = 0; i < steps.size(); i++) {
            const std::size_t until = i + 1 < steps.size() ? steps[i + 1].tick : picture_.ticks;
            const int y = height_of(steps[i].value);
            points += fmt::format("{:.1f},{} {:.1f},{} ", x_of(steps[i].tick), y, x_of(until), y);
            text(x_of(steps[i].tick) + 2, y - 2, std::to_string(steps[i].value), "counter");
        }
        if (!points.empty()) add("<polyline points=\"{}\"/>", points);
        y_ += kCounterHeight;
    }

    void mark(std::optional<std::size_t> tick, const char* name, int top, int label_y) {
        if (!tick) return;
        const double x = x_of(*tick);
        add("<line class=\"mark\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>", x, x, top, y_);
        text(x + 3, label_y, fmt::format("{}: {}", name, *tick), "axis");
    }

    const LanesPicture& picture_;
    const double tick_;  // pixels
    int y_ = 0;
    std::string body_;
};

}  // namespace

LanesPicture picture_of(const Duel& duel, std::optional<std::size_t> playhead) {
    const Scenario& scenario = duel.tape(Side::A).scenario();
    LanesPicture picture;
    picture.title = scenario.title.empty() ? scenario.name : scenario.title;
    picture.ticks = duel.end();
    picture.first_difference = duel.first_difference();
    picture.playhead = playhead;
    for (const Side side : kSides)
        picture.parts[side] = {(side == Side::A ? "A: " : "B: ") + side_text(duel, side), lanes(duel, side),
                               counter_steps(duel, side, Counter::Mddev), counter_steps(duel, side, Counter::Bitmap)};
    return picture;
}

std::string lanes_svg(const LanesPicture& picture) {
    return Drawing(picture).draw();
}

}  // namespace mdscope
