// SPDX-License-Identifier: MIT

#include "engine/story/record/outcome.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/explore/card.hpp"

namespace mdscope {

namespace {

constexpr std::size_t kMostTicks = 2 * Tape::kMostSteps;  // more than tapes have room for

Order wish(Order::Kind kind, const std::string& name) {
    Order order;
    order.kind = kind;
    order.name = name;
    return order;
}

// In whichever array they are: a wish to let go is one for both.
std::vector<std::string> held_at_the_end(const Duel& duel) {
    std::set<std::string> names;
    for (const auto& held : duel.tick(duel.end()).held) names.insert(held.begin(), held.end());
    return {names.begin(), names.end()};
}

std::string ending_text(const Run& run) {
    if (!run.is_over) return "not over";
    std::string what = run.what.substr(0, run.what.find('\n'));  // of a hang, the first sleeper; the card has all
    return fmt::format("{}{}{}", ending_name(run.ending), what.empty() ? "" : ": ", what);
}

std::string difference_text(const Duel& duel) {
    const std::optional<std::size_t> tick = duel.first_difference();
    if (!tick) return "none";
    if (*tick == 0) return "first at tick 0, before the first step";
    return fmt::format("first at tick {}, '{}'", *tick, order_text(duel.tick(*tick).order));
}

// What is expected is said of the first array.
Scenario told(const Duel& duel, Side side) {
    Scenario scenario = duel.tape(side).scenario();
    if (side == Side::B) scenario.expect = {};
    return scenario;
}

}  // namespace

Unasked play_out(Duel& duel) {
    Unasked unasked;
    for (;;) {
        duel.play(kMostTicks, false);
        const Standstill why = duel.standstill();
        if (why == Standstill::NotBegun) {
            for (const std::string& task : duel.waiting_tasks()) (void)duel.give(wish(Order::Kind::Start, task));
        } else if (why == Standstill::Held && unasked.let_go.empty()) {
            unasked = {held_at_the_end(duel), duel.end()};
            (void)duel.give(wish(Order::Kind::Release, "all"));
        } else {
            return unasked;
        }
    }
}

std::optional<std::size_t> first_oops(const Duel& duel) {
    for (std::size_t tick = 0; tick < duel.size(); tick++)
        for (const Side side : kSides)
            if (duel.at(side, tick).moment == Moment::Crash) return tick;
    return std::nullopt;
}

Result<Run> run_of(const Tape& tape) {
    const std::vector<std::uint32_t> picks = tape.picks();
    const std::vector<CutByHand> cuts = tape.cuts();
    return cuts.empty() && !tape.scenario().after_cut() ? run_once(tape.scenario(), &picks, nullptr, tape.size() - 1)
                                                        : run_with_cuts(tape.scenario(), picks, cuts, tape.size() - 1);
}

std::string side_text(const Duel& duel, Side side) {
    const Scenario& own = duel.tape(side).scenario();
    const Scenario& other = duel.tape(side == Side::A ? Side::B : Side::A).scenario();
    std::string text = different_rows(other.variants, own.variants);
    if (own.bitmap != other.bitmap) text += fmt::format("{}bitmap {}", text.empty() ? "" : ", ", own.bitmap);
    return text.empty() ? "the same" : text;
}

std::string duel_card(const Duel& duel, const std::array<Run, 2>& runs) {
    const Scenario& scenario = duel.tape(Side::A).scenario();
    std::string text = scenario.name + (scenario.title.empty() ? "" : ": " + scenario.title) + "\n";
    const auto add = [&](const char* name, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "  {:<12} {}\n", name, value);
    };
    add("A", side_text(duel, Side::A) + ": " + ending_text(runs[Side::A]));
    add("B", side_text(duel, Side::B) + ": " + ending_text(runs[Side::B]));
    add("ticks", std::to_string(duel.end()));
    add("difference", difference_text(duel));
    for (const Side side : kSides)
        fmt::format_to(std::back_inserter(text), "\n==== {}: {}\n\n{}", side == Side::A ? "A" : "B",
                       side_text(duel, side), run_card(told(duel, side), runs[side]));
    return text;
}

std::string duel_json(const Duel& duel, const std::array<Run, 2>& runs) {
    using Json = nlohmann::ordered_json;
    Json json;
    json["version"] = kCardVersion;
    json["ticks"] = duel.end();
    json["first_difference"] = nullptr;
    if (duel.first_difference()) json["first_difference"] = *duel.first_difference();
    json["a"] = Json::parse(run_json(told(duel, Side::A), runs[Side::A]));
    json["b"] = Json::parse(run_json(told(duel, Side::B), runs[Side::B]));
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);  // a title may have any bytes
}

}  // namespace mdscope
