// SPDX-License-Identifier: MIT
// All exhibits, found by the build: generated/museum.inc has a line EXHIBIT(NAME) for each folder with an exhibit.cpp.
#include <algorithm>
#include <array>

#include "engine/museum/exhibit.hpp"
#include "engine/scenario/near_names.hpp"

namespace mdscope {

#define EXHIBIT(name) const Exhibit& name##_exhibit();
#include "generated/museum.inc"
#undef EXHIBIT

namespace {

constexpr std::string_view kDefault = "stop_bitmap_2021";

// The values of one array of rows, found by name.
template <class Row, class Name>
const Row* find(std::span<const Row> rows, Name Row::*field, std::string_view name) {
    const auto row = std::ranges::find_if(rows, [&](const Row& one) { return one.*field == name; });
    return row != rows.end() ? &*row : nullptr;
}

const museum::Way* way_among(const Exhibit& exhibit, const museum::OopsFacts& facts) {
    const auto way = std::ranges::find_if(exhibit.ways, [&](const museum::Way& one) { return one.is(facts); });
    return way != exhibit.ways.end() ? &*way : nullptr;
}

}  // namespace

std::span<const Exhibit* const> exhibits() {
    static const std::array all = {
#define EXHIBIT(name) &name##_exhibit(),
#include "generated/museum.inc"
#undef EXHIBIT
    };
    return all;
}

std::vector<const Exhibit*> exhibits_by_number() {
    std::vector<const Exhibit*> sorted(exhibits().begin(), exhibits().end());
    const auto number = [](const Exhibit* exhibit) {
        const std::string_view text = exhibit->page.number;
        return std::pair(text.size(), text);  // M9 comes before M10
    };
    std::ranges::sort(sorted, {}, number);
    return sorted;
}

std::vector<const KernelEra*> had_in(const Exhibit& exhibit) {
    const museum::Page& page = exhibit.page;
    const Variant* const variant = find_variant(page.variant);
    const Variant* const beside = find_variant(page.with_variant);
    std::vector<const KernelEra*> eras;
    for (const KernelEra& era : kernel_eras())
        if (variant->in(era).name == std::string_view(page.row) &&
            (beside == nullptr || beside->in(era).name == std::string_view(page.with_row)))
            eras.push_back(&era);
    return eras;
}

const Exhibit* find_exhibit(std::string_view name) {
    const auto found = std::ranges::find_if(
        exhibits(), [name](const Exhibit* exhibit) { return name == exhibit->name || name == exhibit->page.number; });
    return found != exhibits().end() ? *found : nullptr;
}

const Exhibit& default_exhibit() {
    static const Exhibit& exhibit = *find_exhibit(kDefault);
    return exhibit;
}

const Exhibit& exhibit_of(const Scenario& scenario) {
    const Exhibit* exhibit = scenario.exhibit.empty() ? nullptr : find_exhibit(scenario.exhibit);
    return exhibit != nullptr ? *exhibit : default_exhibit();
}

std::string unknown_exhibit(const Scenario& scenario) {
    if (scenario.exhibit.empty() || find_exhibit(scenario.exhibit) != nullptr) return "";
    return no_such_exhibit(scenario.exhibit);
}

std::string no_such_exhibit(const std::string& which) {
    std::vector<std::string> names;
    for (const Exhibit* exhibit : exhibits()) names.insert(names.end(), {exhibit->name, exhibit->page.number});
    return "there is no exhibit '" + which + "'" + near_text(which, names) + ". `mdscope museum` lists them";
}

bool begins_an_act(std::string_view function) {
    return std::ranges::any_of(exhibits(), [&](const Exhibit* exhibit) {
        return find(exhibit->act.functions, &museum::ActFunction::name, function) != nullptr;
    });
}

// Exhibits that have the default's ways, too, would hide those of their own that come later.
const museum::Way* way_of(const museum::OopsFacts& facts) {
    for (const Exhibit* exhibit : exhibits()) {
        if (exhibit->ways.data() == default_exhibit().ways.data()) continue;
        if (const museum::Way* way = way_among(*exhibit, facts)) return way;
    }
    return way_among(default_exhibit(), facts);
}

const museum::Counter* find_counter(const Exhibit& exhibit, std::string_view name) {
    return find(exhibit.counters, &museum::Counter::name, name);
}

const museum::Taker* find_taker(const Exhibit& exhibit, std::string_view function) {
    return find(exhibit.takers, &museum::Taker::function, function);
}

namespace museum {

std::string filled(std::string_view sentence, Values values) {
    std::string text;
    for (;;) {
        const std::size_t open = sentence.find('{');
        const std::size_t close = sentence.find('}', open);
        if (close == std::string_view::npos) return text.append(sentence);
        const std::string_view name = sentence.substr(open + 1, close - open - 1);
        const auto value = std::ranges::find(values, name, &Values::value_type::first);
        text.append(sentence.substr(0, open));
        text.append(value != values.end() ? std::string_view(value->second) : sentence.substr(open, close - open + 1));
        sentence.remove_prefix(close + 1);
    }
}

}  // namespace museum

}  // namespace mdscope
