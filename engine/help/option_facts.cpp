// SPDX-License-Identifier: MIT

#include "engine/help/option_facts.hpp"

namespace mdscope {

namespace {

std::vector<const CLI::Option*> options_that(const CLI::App& app, bool are_positional) {
    std::vector<const CLI::Option*> found;
    for (const CLI::Option* option : app.get_options(nullptr))
        if (!option->get_group().empty() && option->get_positional() == are_positional) found.push_back(option);
    return found;
}

}  // namespace

std::vector<const CLI::Option*> told_options(const CLI::App& app) {
    return options_that(app, false);
}

std::vector<const CLI::Option*> told_positionals(const CLI::App& app) {
    return options_that(app, true);
}

std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const std::string& name : option.get_snames()) names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
    return names;
}

std::string value_of(const CLI::Option& option) {
    if (option.get_items_expected_max() == 0 || option.get_type_size_max() == 0) return {};
    const std::string type = option.get_type_name();
    const std::string word = type.substr(0, type.find_first_of(":{ "));
    const std::size_t named = type.find(':');
    if (word == "TEXT" && named != std::string::npos && type.find_first_of("{ ", named) == std::string::npos)
        return type.substr(named + 1);  // by its check
    if (word == "INT" || word == "UINT") return "N";
    return word.empty() ? "VALUE" : word;
}

// CLI11 writes a range into the type: "INT:INT in [2 - 8]".
std::string description_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const std::size_t open = type.find("in ["), between = type.find(" - ", open), close = type.find(']', between);
    if (open == std::string::npos || between == std::string::npos || close == std::string::npos)
        return option.get_description();
    return option.get_description() + " (" + type.substr(open + 4, between - open - 4) + " to " +
           type.substr(between + 3, close - between - 3) + ")";
}

std::vector<std::string> choices_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const std::size_t open = type.find('{'), close = type.find('}');
    std::vector<std::string> choices;
    if (open == std::string::npos || close == std::string::npos || close < open) return choices;
    std::string word;
    for (const char c : type.substr(open + 1, close - open - 1) + ",") {
        if (c != ',') {
            word += c;
            continue;
        }
        if (!word.empty()) choices.push_back(word);
        word.clear();
    }
    return choices;
}

}  // namespace mdscope
