// SPDX-License-Identifier: MIT

#include "engine/help/help_formatter.hpp"

#include <algorithm>

#include "engine/help/option_facts.hpp"

namespace mdscope {

namespace {

// With the one that is marked; on its own a list is short enough to stand where the value does.
std::string list_of(const std::vector<std::string>& choices, const char* between, const std::string& marked) {
    std::string text;
    for (const std::string& choice : choices)
        text += (text.empty() ? "" : between) + choice + (choice == marked ? " (default)" : "");
    return text;
}

bool lists_them(const std::string& description, const std::vector<std::string>& choices) {
    return std::ranges::all_of(
        choices, [&](const std::string& choice) { return description.find(choice) != std::string::npos; });
}

}  // namespace

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
    const std::string value = value_of(*option);
    if (option->get_positional() || value.empty()) return {};
    const std::vector<std::string> choices = choices_of(*option);
    const bool stand_here =
        !choices.empty() && option->get_default_str().empty() && !lists_them(option->get_description(), choices);
    const bool may_be_many = option->get_expected_max() == CLI::detail::expected_max_vector_size;
    return " " + (stand_here ? list_of(choices, "|", "") : value) + (may_be_many ? " ..." : "");
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
    std::string text = description_of(*option);
    const std::string& usual = option->get_default_str();
    const std::vector<std::string> choices = choices_of(*option);
    if (!choices.empty() && !usual.empty())
        text += ": " + list_of(choices, ", ", usual);
    else if (!usual.empty())
        text += " (default " + usual + ")";
    for (const CLI::Option* other : option->get_excludes()) text += "; not with " + other->get_name();
    return text;
}

}  // namespace mdscope
