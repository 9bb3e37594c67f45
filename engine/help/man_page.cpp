// SPDX-License-Identifier: MIT

#include <map>

#include "engine/help/option_facts.hpp"
#include "engine/help/pages.hpp"

namespace mdscope {

namespace {

// What roff would take for its own. A hyphen is one that can be searched for and pasted.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '\'')
            out += "\\(aq";
        else if (c == '`')
            out += "\\(ga";
        else
            out += c;
    }
    if (out.starts_with('.')) out.insert(0, "\\&");
    return out;
}

std::string section(const std::string& title) {
    return ".SH " + title + "\n";
}

std::string bold(const std::string& text) {
    return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(const std::string& text) {
    return "\\fI" + escaped(text) + "\\fR";
}

std::string told(const std::string& what) {
    return escaped(what) + "\n";
}

std::string option_text(const CLI::Option& option) {
    std::string names;
    for (const std::string& name : names_of(option)) names += (names.empty() ? "" : ", ") + bold(name);
    const std::vector<std::string> choices = choices_of(option);
    if (const std::string value = value_of(option); !value.empty() && choices.empty()) names += " " + italic(value);
    for (std::size_t i = 0; i < choices.size(); i++) names += (i == 0 ? " " : " | ") + bold(choices[i]);
    const std::string& usual = option.get_default_str();
    return ".TP\n" + names + "\n" + told(description_of(option) + (usual.empty() ? "" : " (default " + usual + ")"));
}

std::string synopsis(const CLI::App& app, const std::string& name) {
    std::string text = bold(name);
    if (!told_options(app).empty()) text += " [" + italic("OPTION") + "]...";
    for (const CLI::Option* option : told_positionals(app)) {
        const std::string word = italic(option->get_name()) + (option->get_items_expected_max() > 1 ? "..." : "");
        text += option->get_required() ? " " + word : " [" + word + "]";
    }
    if (!told_commands(app).empty()) text += " " + italic("COMMAND") + " ...";
    return text + "\n";
}

// By their groups, in the order in which these are met.
std::string options_text(const CLI::App& app) {
    std::vector<std::string> groups;
    std::map<std::string, std::string> texts;
    for (const CLI::Option* option : told_options(app)) {
        const std::string& group = option->get_group();
        if (!texts.contains(group)) groups.push_back(group);
        texts[group] += option_text(*option);
    }
    std::string text;
    for (const std::string& group : groups)
        text += (group == "Options" ? section("OPTIONS") : ".SS " + escaped(group) + "\n") + texts[group];
    return text;
}

std::string positionals_text(const CLI::App& app) {
    std::string text;
    for (const CLI::Option* option : told_positionals(app))
        text += ".TP\n" + italic(option->get_name()) + "\n" + told(option->get_description());
    return text.empty() ? text : section("ARGUMENTS") + text;
}

std::string commands_text(const CLI::App& app, const PageFacts& facts) {
    std::string text;
    for (const CLI::App* command : told_commands(app))
        text += ".TP\n" + bold(command->get_name()) + "\n" +
                told(command->get_description() + "; see " + facts.program + "-" + command->get_name() + "(1).");
    return text.empty() ? text : section("COMMANDS") + text;
}

// The footer of --help as it stands, without the table that has a section of its own.
std::string notes_text(const CLI::App& app) {
    std::string footer = app.get_footer();
    footer.resize(std::min(footer.size(), footer.find("\n\nExit codes:\n")));
    std::string lines;
    for (std::size_t at = 0; at < footer.size();) {
        const std::size_t end = std::min(footer.find('\n', at), footer.size());
        lines += escaped(footer.substr(at, end - at)) + "\n";
        at = end + 1;
    }
    return lines.empty() ? "" : section("NOTES") + ".nf\n" + lines + ".fi\n";
}

std::string exit_codes_section(const PageFacts& facts) {
    std::string text = section("EXIT STATUS");
    for (const auto& [code, what] : facts.exit_codes) text += ".TP\n" + bold(std::to_string(code)) + "\n" + told(what);
    return text;
}

std::string files_section(const PageFacts& facts) {
    if (facts.files.empty()) return {};
    std::string text = section("ENVIRONMENT AND FILES");
    for (const auto& [name, what] : facts.files) text += ".TP\n" + italic(name) + "\n" + told(what);
    return text;
}

std::string see_also_section(const CLI::App& app, const PageFacts& facts) {
    std::string text;
    const auto add = [&](const std::string& page) { text += (text.empty() ? "" : ", ") + page; };
    if (app.get_parent() != nullptr) add(bold(facts.program) + "(1)");
    for (const CLI::App* command : told_commands(app)) add(bold(facts.program + "-" + command->get_name()) + "(1)");
    for (const std::string& page : facts.see_also)
        add(bold(page.substr(0, page.find('('))) + page.substr(page.find('(')));
    return text.empty() ? text : section("SEE ALSO") + text + "\n";
}

}  // namespace

std::vector<const CLI::App*> told_commands(const CLI::App& app) {
    std::vector<const CLI::App*> commands;
    for (const CLI::App* command : app.get_subcommands(nullptr))
        if (!command->get_group().empty()) commands.push_back(command);
    return commands;
}

std::string man_page_name(const CLI::App& app, const PageFacts& facts) {
    return app.get_parent() == nullptr ? facts.program : facts.program + "-" + app.get_name();
}

std::string man_page(const CLI::App& app, const PageFacts& facts) {
    const std::string name = man_page_name(app, facts);
    const std::string typed = app.get_parent() == nullptr ? name : facts.program + " " + app.get_name();
    std::string description = app.get_description();
    while (description.ends_with('.')) description.pop_back();
    return ".TH \"" + escaped(name) + "\" 1 \"\" \"mdscope " + escaped(facts.version) + "\" \"mdscope\"\n" +
           section("NAME") + escaped(name) + " \\- " + escaped(description) + "\n" + section("SYNOPSIS") +
           synopsis(app, typed) + section("DESCRIPTION") + told(description + ".") + commands_text(app, facts) +
           positionals_text(app) + options_text(app) + notes_text(app) + exit_codes_section(facts) +
           files_section(facts) + see_also_section(app, facts);
}

}  // namespace mdscope
