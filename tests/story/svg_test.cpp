// SPDX-License-Identifier: MIT
// The picture of the lanes: everything is in it, inside its edges, and a label is text and never markup. Method: lanes
// made by hand, and the drawing read as text.
#include "engine/story/draw/svg.hpp"

#include <doctest/doctest.h>

#include <regex>

namespace mdscope::story_test {

namespace {

Bar bar(const std::string& label, Bar::Kind kind, std::size_t begin, std::size_t end) {
    Bar made;
    made.label = label;
    made.kind = kind;
    made.begin = begin;
    made.end = end;
    return made;
}

LanesPicture example() {
    LanesPicture picture;
    picture.title = "Hold <&> \"release\" \x01\xff";
    picture.ticks = 20;
    picture.first_difference = 7;
    Lane stopper{"stopper", false, 2, {bar("md_bitmap_flush", Bar::Kind::Function, 0, 12)}};
    stopper.bars.push_back(bar("sleeps", Bar::Kind::Sleep, 3, 12));
    stopper.bars.back().row = 1;
    Lane sdb{"sdb", true, 1, {bar("bitmap 1", Bar::Kind::Bitmap, 4, 20)}};
    sdb.bars.back().held = {{4, 15}};
    sdb.bars.push_back(bar("super_written", Bar::Kind::Oops, 20, 20));
    for (LanesPicture::Part& part : picture.parts) part = {"A: fix none", {stopper, sdb}, {{0, 0}, {4, 1}}, {{0, 0}}};
    return picture;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) found++;
    return found;
}

}  // namespace

TEST_CASE("every bar, hold, counter and mark is drawn, once an array") {
    const std::string svg = lanes_svg(example());
    CHECK(count(svg, "<g><title>") == 8);
    CHECK(count(svg, "</g>") == 8);
    CHECK(count(svg, "url(#held)") == 2);
    CHECK(count(svg, "class=\"sleep\"") == 2);
    CHECK(count(svg, "OOPS super_written: tick 20 to 20") == 2);
    CHECK(count(svg, ">mddev-&gt;pending_writes<") == 2);
    CHECK(count(svg, ">bitmap-&gt;pending_writes<") == 2);
    CHECK(count(svg, ">first difference: 7<") == 1);
    CHECK(count(svg, ">now: ") == 0);
    CHECK(svg == lanes_svg(example()));
}

TEST_CASE("a label is text: no markup, no control character, nothing that is no UTF-8") {
    const std::string svg = lanes_svg(example());
    CHECK(svg.find("Hold &lt;&amp;&gt; &quot;release&quot; \xef\xbf\xbd</text>") != std::string::npos);
    CHECK(svg.find('\x01') == std::string::npos);
}

TEST_CASE("nothing lies outside, however many ticks there are") {
    for (const std::size_t ticks : {0UL, 1UL, 20UL, 5000UL}) {
        LanesPicture picture = example();
        picture.ticks = ticks;
        picture.first_difference.reset();
        for (LanesPicture::Part& part : picture.parts) {
            part.mddev = {{0, 0}, {ticks, 7}};
            for (Lane& lane : part.lanes)
                for (Bar& one : lane.bars) {
                    one.begin = std::min(one.begin, ticks);
                    one.end = ticks;
                    one.held.clear();
                }
        }
        const std::string svg = lanes_svg(picture);
        std::smatch size;
        REQUIRE(std::regex_search(svg, size, std::regex("viewBox=\"0 0 ([0-9]+) ([0-9]+)\"")));
        const double width = std::stod(size[1]);
        const double height = std::stod(size[2]);
        const std::regex rect("x=\"([0-9.]+)\" y=\"([0-9.]+)\" width=\"([0-9.]+)\" height=\"([0-9.]+)\"");
        for (std::sregex_iterator at(svg.begin(), svg.end(), rect), end; at != end; ++at) {
            CHECK(std::stod((*at)[1]) + std::stod((*at)[3]) <= width);
            CHECK(std::stod((*at)[2]) + std::stod((*at)[4]) <= height);
        }
    }
}

TEST_CASE("a label without room is cut where one sees it, or left to the tip") {
    LanesPicture picture = example();
    picture.ticks = 200;
    const std::string svg = lanes_svg(picture);
    CHECK(count(svg, "class=\"bar\">md_bitmap_…<") == 2);
    CHECK(count(svg, "class=\"bar\">OOPS") == 0);
}

}  // namespace mdscope::story_test
