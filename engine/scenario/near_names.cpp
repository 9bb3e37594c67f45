// SPDX-License-Identifier: MIT

#include "engine/scenario/near_names.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mdscope {

namespace {

// How many letters are to be changed, added or left out.
std::size_t edits_between(const std::string& one, const std::string& other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); i++) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < other.size(); j++) {
            const std::size_t changed = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

constexpr std::size_t kLongestNear = 64;  // a text that was given in a name's place is near to none
constexpr std::size_t kShortestPart = 3;  // what is shorter is within everything, and near to everything that is short
constexpr std::size_t kMostNear = 5;

bool is_near(const std::string& word, const std::string& name) {
    const bool is_part = word.size() >= kShortestPart && name.find(word) != std::string::npos;
    const std::size_t most = word.size() > kShortestPart ? 2 : 1;
    return is_part || name.starts_with(word) || word.starts_with(name) || edits_between(word, name) <= most;
}

}  // namespace

std::vector<std::string> near_names(const std::string& word, const std::vector<std::string>& names) {
    std::vector<std::string> near;
    if (word.empty() || word.size() > kLongestNear) return near;
    for (const std::string& name : names)
        if (is_near(word, name)) near.push_back(name);
    std::ranges::stable_sort(near, {}, [&](const std::string& name) { return edits_between(word, name); });
    if (near.size() > kMostNear) near.resize(kMostNear);
    return near;
}

std::string near_text(const std::string& word, const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : near_names(word, names)) text += (text.empty() ? "; near it: " : ", ") + name;
    return text;
}

}  // namespace mdscope
