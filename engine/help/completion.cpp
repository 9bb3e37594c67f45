// SPDX-License-Identifier: MIT
// Completions for three shells. Where nothing better is known, file names are offered.
#include "engine/help/option_facts.hpp"
#include "engine/help/pages.hpp"

namespace mdscope {

namespace {

std::string joined(const std::vector<std::string>& words, const char* between) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
    return text;
}

std::vector<std::string> all_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : told_options(app))
        for (const std::string& name : names_of(*option)) names.push_back(name);
    return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : told_commands(app)) names.push_back(command->get_name());
    return names;
}

bool takes_scenario(const CLI::App& app) {
    for (const CLI::Option* option : told_positionals(app))
        if (option->get_name() == "SCENARIO" || option->get_name() == "scenario") return true;
    return false;
}

// The program that lists scenarios, in every shell.
constexpr const char* kScenarios = "$(mdscope scenarios 2>/dev/null | cut -d' ' -f1)";

// Between single quotes.
std::string single_quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// ---- bash

// A `case` of what came before the cursor: the values of an option.
std::string bash_values(const CLI::App& app, const std::string& indent) {
    std::string rows;
    for (const CLI::Option* option : told_options(app)) {
        if (value_of(*option).empty()) continue;
        const std::vector<std::string> choices = choices_of(*option);
        rows +=
            indent + joined(names_of(*option), "|") + ") " +
            (choices.empty() ? "COMPREPLY=($(compgen -f -- \"$cur\"))"
                             : "COMPREPLY=($(compgen -W " + single_quoted(joined(choices, " ")) + " -- \"$cur\"))") +
            "; return ;;\n";
    }
    return rows;
}

std::string bash_words(const CLI::App& app, const std::string& indent) {
    const std::string more = takes_scenario(app) ? std::string(" ") + kScenarios : "";
    return indent + "case $prev in\n" + bash_values(app, indent) + indent + "esac\n" + indent +
           "if [[ $cur == -* ]]; then\n" + indent + "    COMPREPLY=($(compgen -W " +
           single_quoted(joined(all_names(app), " ")) + " -- \"$cur\"))\n" + indent + "else\n" + indent +
           "    COMPREPLY=($(compgen -f -- \"$cur\")" +
           (more.empty() ? "" : " $(compgen -W \"" + more.substr(1) + "\" -- \"$cur\")") + ")\n" + indent + "fi\n";
}

// ---- zsh

std::string zsh_description(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_arguments(const CLI::App& app, const std::string& indent) {
    std::string text = indent + "_arguments -s";
    for (const CLI::Option* option : told_options(app)) {
        const std::vector<std::string> choices = choices_of(*option);
        const std::string value = value_of(*option);
        for (const std::string& name : names_of(*option)) {
            std::string word = name + "[" + zsh_description(option->get_description()) + "]";
            if (!value.empty())
                word += ":" + value + ":" + (choices.empty() ? "_files" : "(" + joined(choices, " ") + ")");
            text += " \\\n" + indent + "    " + single_quoted(word);
        }
    }
    const std::string files = takes_scenario(app) ? "_mdscope_scenarios" : "_files";
    return text + " \\\n" + indent + "    " + single_quoted("*:argument:" + files) + "\n";
}

// ---- fish

std::string fish_options(const CLI::App& app, const std::string& program, const std::string& condition) {
    std::string text;
    for (const CLI::Option* option : told_options(app)) {
        text += "complete -c " + program + condition;
        for (const std::string& name : option->get_snames()) text += " -s " + name;
        for (const std::string& name : option->get_lnames()) text += " -l " + name;
        const std::vector<std::string> choices = choices_of(*option);
        if (!choices.empty())
            text += " -x -a " + single_quoted(joined(choices, " "));
        else if (!value_of(*option).empty())
            text += " -r";
        text += " -d " + single_quoted(option->get_description()) + "\n";
    }
    if (takes_scenario(app))
        text +=
            "complete -c " + program + condition + " -a \"(mdscope scenarios 2>/dev/null | string split -f 1 ' ')\"\n";
    return text;
}

std::string function_name(const std::string& program) {
    std::string name = "_" + program;
    for (char& c : name)
        if (c == '-') c = '_';
    return name;
}

}  // namespace

std::string bash_completion(const CLI::App& app, const std::string& program) {
    const std::string name = function_name(program);
    std::string text = name + "() {\n    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n" +
                       "    COMPREPLY=()\n";
    if (const std::vector<std::string> commands = command_names(app); !commands.empty()) {
        text += "    if ((COMP_CWORD == 1)); then\n        COMPREPLY=($(compgen -W " +
                single_quoted(joined(commands, " ") + " " + joined(all_names(app), " ")) +
                " -- \"$cur\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n";
        for (const CLI::App* command : told_commands(app))
            text += "    " + command->get_name() + ")\n" + bash_words(*command, "        ") + "        ;;\n";
        text += "    esac\n";
    } else {
        text += bash_words(app, "    ");
    }
    return text + "}\ncomplete -o filenames -F " + name + " " + program + "\n";
}

std::string zsh_completion(const CLI::App& app, const std::string& program) {
    std::string text = "#compdef " + program + "\n\n_mdscope_scenarios() {\n    local -a names\n    names=(" +
                       std::string(kScenarios) + ")\n    compadd -a names\n    _files\n}\n\n" + function_name(program) +
                       "() {\n";
    if (told_commands(app).empty()) {
        text += zsh_arguments(app, "    ");
    } else {
        text += "    if ((CURRENT == 2)); then\n        local -a commands\n        commands=(\n";
        for (const CLI::App* command : told_commands(app))
            text += "            " + single_quoted(command->get_name() + ":" + command->get_description()) + "\n";
        text += "        )\n        _describe command commands\n        return\n    fi\n    local command=$words[2]\n" +
                std::string("    shift words\n    ((CURRENT--))\n    case $command in\n");
        for (const CLI::App* command : told_commands(app))
            text += "    " + command->get_name() + ")\n" + zsh_arguments(*command, "        ") + "        ;;\n";
        text += "    esac\n";
    }
    return text + "}\n\n" + function_name(program) + " \"$@\"\n";
}

std::string fish_completion(const CLI::App& app, const std::string& program) {
    std::string text;
    const bool has_commands = !told_commands(app).empty();
    text += fish_options(app, program, has_commands ? " -n __fish_use_subcommand" : "");
    for (const CLI::App* command : told_commands(app)) {
        text += "complete -c " + program + " -f -n __fish_use_subcommand -a " + command->get_name() + " -d " +
                single_quoted(command->get_description()) + "\n";
        text += fish_options(*command, program, " -n '__fish_seen_subcommand_from " + command->get_name() + "'");
    }
    return text;
}

}  // namespace mdscope
