// SPDX-License-Identifier: MIT
// The words of an enum, in one list: both directions, and every list of choices, derive from it. The values of the enum
// count from 0 in the order of the words.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mdscope {

template <class Enum, std::size_t N>
struct Words {
    std::array<const char*, N> words;

    [[nodiscard]] constexpr const char* operator[](Enum value) const {
        const auto at = static_cast<std::size_t>(value);
        return at < N ? words[at] : "?";
    }
    [[nodiscard]] constexpr std::optional<Enum> find(std::string_view word) const {
        for (std::size_t i = 0; i < N; i++)
            if (word == words[i]) return static_cast<Enum>(i);
        return std::nullopt;
    }
    [[nodiscard]] constexpr bool has(std::string_view word) const { return find(word).has_value(); }
    [[nodiscard]] constexpr auto begin() const { return words.begin(); }
    [[nodiscard]] constexpr auto end() const { return words.end(); }
    [[nodiscard]] static constexpr std::size_t size() { return N; }
};

// "lab, matrix, live"; with a `last` of " or ": "lab, matrix or live".
template <class List>
std::string listed(const List& words, std::string_view last = ", ") {
    std::string text;
    std::size_t at = 0;
    for (const auto& word : words) {
        at++;
        if (!text.empty()) text += at == words.size() ? last : std::string_view(", ");
        text += word;
    }
    return text;
}

}  // namespace mdscope
