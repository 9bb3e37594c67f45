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

}  // namespace

std::vector<std::string> near_names(const std::string& word, const std::vector<std::string>& names) {
    std::vector<std::string> near;
    constexpr std::size_t kLongestName = 64;  // a text that was given in a name's place is near to none
    if (word.empty() || word.size() > kLongestName) return near;
    for (const std::string& name : names)
        if (name.starts_with(word) || word.starts_with(name) || edits_between(word, name) <= 2) near.push_back(name);
    return near;
}

}  // namespace mdscope
