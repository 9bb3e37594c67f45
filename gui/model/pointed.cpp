// SPDX-License-Identifier: MIT

#include "gui/model/pointed.hpp"

#include <algorithm>
#include <string_view>

#include "engine/museum/glossary.hpp"

namespace mdscope::gui {

namespace {

constexpr std::string_view kCounter = "counter/", kWrite = "write/", kFunction = "function/", kMember = "member/",
                           kWord = "word/";

std::string rest_of(const std::string& key, std::string_view prefix) {
    return key.substr(prefix.size());
}

std::optional<std::size_t> gauge_of(const std::string& counter, const std::array<StageModel, 2>& stages) {
    for (std::size_t i = 0; i < 2; i++)
        if (stages[0].gauges.at(i).counter == counter) return i;
    return std::nullopt;
}

bool belongs_to_counter(const std::string& shown, std::size_t gauge, const std::array<StageModel, 2>& stages) {
    for (const StageModel& stage : stages) {
        if (shown == std::string(kFunction) + stage.doors.at(gauge).function) return true;
        if (shown.starts_with(kWrite))
            for (const StageWrite& write : stage.writes)
                if (write.bio == rest_of(shown, kWrite) && write.gauge == gauge) return true;
    }
    return false;
}

bool reads(const std::string& bio, const std::array<StageModel, 2>& stages) {
    return std::ranges::any_of(stages, [&](const StageModel& stage) {
        return std::ranges::any_of(stage.writes,
                                   [&](const StageWrite& write) { return write.bio == bio && write.is_read; });
    });
}

std::string term_of(const std::string& pointed, const std::array<StageModel, 2>& stages) {
    if (pointed.starts_with(kCounter)) return rest_of(pointed, kCounter);
    if (pointed.starts_with(kFunction)) return rest_of(pointed, kFunction);
    if (pointed.starts_with(kMember)) return "member";
    if (pointed.starts_with(kWord)) return rest_of(pointed, kWord);
    if (!pointed.starts_with(kWrite)) return pointed;
    BioName name;
    const std::string bio = rest_of(pointed, kWrite);
    return read_bio_name(bio, &name) ? name.kind + (reads(bio, stages) ? " read" : " write") : pointed;
}

}  // namespace

bool is_marked(const std::string& shown, const std::string& pointed, const std::array<StageModel, 2>& stages) {
    if (pointed.empty() || shown.empty()) return false;
    if (shown == pointed) return true;
    if (!pointed.starts_with(kCounter)) return false;
    const auto gauge = gauge_of(rest_of(pointed, kCounter), stages);
    return gauge && belongs_to_counter(shown, *gauge, stages);
}

std::string key_of_word(std::string_view word) {
    const Term* term = find_word(word);
    if (term == nullptr) return "";
    const std::string name = term->name;
    if (name.find("->") != std::string::npos) return std::string(kCounter) + name;
    return std::string(name.find('_') != std::string::npos ? kFunction : kWord) + name;
}

std::optional<PointedCard> card_of(const std::string& pointed, const std::array<StageModel, 2>& stages) {
    const Term* term = find_term(term_of(pointed, stages));
    if (term == nullptr) return std::nullopt;
    PointedCard card{term->name, term->what, term->up, term->down, std::nullopt, {}};
    if (pointed.starts_with(kWrite)) card.name = rest_of(pointed, kWrite);
    if (pointed.starts_with(kMember)) card.name = rest_of(pointed, kMember);
    card.counter = gauge_of(term->name, stages);
    for (std::size_t side = 0; card.counter && side < 2; side++)
        card.values.at(side) = stages.at(side).gauges.at(*card.counter).value;
    return card;
}

}  // namespace mdscope::gui
