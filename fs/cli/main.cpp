// SPDX-License-Identifier: MIT
// mdscope: the command. Reads the command line with CLI11 and runs one command; see commands.hpp.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>

#include "engine/help/help_formatter.hpp"
#include "engine/help/version.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/scenario/near_names.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

constexpr const char* kFirstSteps = R"(Examples:
  mdscope create /tmp/lab                    two images of 64 MiB, bitmap on the members, metadata kept outside
  mkdir /tmp/mnt
  mdscope mount /tmp/lab /tmp/mnt            the disk is /tmp/mnt/md0
  cat /tmp/mnt/mdstat; ls /tmp/mnt/md /tmp/mnt/lab
  mdscope fail /tmp/mnt sdb                  then: mdscope remove, mdscope re-add, mdscope wait
  mdscope umount /tmp/mnt                    stops the array and unmounts
  mdscope disk /tmp/lab2 /tmp/disk           array and file system in one step
  mdscope pair /tmp/pair                     two arrays, with the fix and without; then: write hold stop, release
  mdscope explore report-2021                the crash of the report: every order of events, the shortest bad one
  mdscope explore report-2021 --fix upstream the same with the fix; then: mdscope run, replay, tree
  mdscope museum                             bugs of Linux md, each found again by the search
  mdscope run hold-stop-release              one schedule, two kernels: where they part, and how each ends)";

volatile sig_atomic_t hint_size = 0;
const char* volatile hint_text = "";

// Only async-signal-safe calls: the message was made when the hint was set.
void on_interrupt(int /*signal*/) {
    const char newline = '\n';
    if (hint_size > 0 && write(STDERR_FILENO, &newline, 1) == 1 &&
        write(STDERR_FILENO, hint_text, static_cast<std::size_t>(hint_size)) < 0)
        _exit(kInterrupted);
    _exit(kInterrupted);
}

// ---- what cannot be understood

bool is_command(const CLI::App& app, const std::string& word) {
    const std::vector<const CLI::App*> all = app.get_subcommands(nullptr);
    return std::any_of(all.begin(), all.end(), [&](const CLI::App* command) { return command->get_name() == word; });
}

// How mdadm, or another program of its kind, calls what there is here.
struct OtherName {
    const char* word;
    const char* instead;
};
constexpr OtherName kOtherNames[] = {
    {"-D", "detail"},
    {"--detail", "detail"},
    {"status", "detail"},
    {"info", "detail"},
    {"show", "detail"},
    {"-E", "examine"},
    {"--examine", "examine"},
    {"-X", "examine"},
    {"--examine-bitmap", "examine"},
    {"-C", "create"},
    {"--create", "create"},
    {"-A", "assemble"},
    {"--assemble", "assemble"},
    {"-S", "stop"},
    {"--stop", "stop"},
    {"-W", "wait"},
    {"--wait", "wait"},
    {"--fail", "fail"},
    {"--remove", "remove"},
    {"--re-add", "re-add"},
    {"--add", "add"},
    {"-a", "add"},
    {"-r", "remove"},
    {"-f", "fail"},
    {"unmount", "umount"},
    {"list", "scenarios"},
    {"ls", "scenarios"},
};

const char* other_name_of(const std::string& word) {
    for (const OtherName& row : kOtherNames)
        if (word == row.word) return row.instead;
    return nullptr;
}

int unknown_command(const CLI::App& app, const std::string& word) {
    const std::string lists = "`mdscope --help` lists the commands.";
    if (const char* const instead = other_name_of(word)) {
        const std::string more = std::string(instead) == "scenarios"
                                     ? "; mounted arrays are in /proc/mounts, with the type fuse.mdscope"
                                     : "";
        return complain(
            kUsage, "there is no command '" + word + "' here; it is `mdscope " + instead + "`" + more + ". " + lists);
    }
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
    return complain(kUsage, "there is no command '" + word + "'" + near_text(word, names) + ". " + lists);
}

// Options of the command that may have been meant by words that are none of its.
std::string near_options(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    std::string text;
    for (const std::string& word : command.remaining())
        if (word.starts_with("--")) text += near_text(word.substr(0, word.find('=')), names);
    return text;
}

// CLI11's reason, and how the command is written.
int usage_error(const CLI::App& app, const CLI::ParseError& error) {
    std::vector<const CLI::App*> used = app.get_subcommands(nullptr);
    std::erase_if(used, [](const CLI::App* command) { return !command->parsed(); });
    if (used.empty()) {
        complain(kUsage, error.what());
        return complain(kUsage, "`mdscope --help` lists commands and options");
    }
    const std::string& name = used[0]->get_name();
    complain(kUsage, name + ": " + error.what() + near_options(*used[0]));
    if (const CLI::Option* expect = used[0]->get_option_no_throw("--expect"))
        for (const std::string& word : expect->results())
            if (word == "crash" || word == "violation")
                note("two words are one value in quotes: --expect '" + word + " NAME'");
    std::string usage = CLI::Formatter().make_usage(used[0], "mdscope " + name);
    usage.erase(0, std::min(usage.find_first_not_of('\n'), usage.size()));
    usage.erase(usage.find_last_not_of('\n') + 1);
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n`mdscope %s --help` says more\n", usage.c_str(), name.c_str());
    return kUsage;
}

// No path, name or value is empty here; one that is stands for a variable that was not set.
int first_empty(int argc, char** argv) {
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '\0') return i;
    return 0;
}

int run(int argc, char** argv) {
    if (const int empty = first_empty(argc, argv); empty != 0)
        return complain(kUsage,
                        "argument " + std::to_string(empty) + " is empty: a path, a name or a value was expected");
    CLI::App app{"Linux md RAID1 in user space: a disk you mount, and an engine you can look into.", "mdscope"};
    app.set_version_flag("--version", "mdscope " + version_text());
    app.footer(kFirstSteps + ("\n\n" + exit_codes_text()));
    app.require_subcommand(1);
    app.formatter(std::make_shared<HelpFormatter>());
    app.get_formatter()->column_width(34);
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    int exit_code = kFailed;
    add_lab_commands(app, &exit_code);
    add_mount_commands(app, &exit_code);
    add_umount_commands(app, &exit_code);
    add_disk_commands(app, &exit_code);
    add_pair_commands(app, &exit_code);
    add_detail_commands(app, &exit_code);
    add_watch_commands(app, &exit_code);
    add_array_commands(app, &exit_code);
    add_explore_commands(app, &exit_code);
    add_run_commands(app, &exit_code);
    add_museum_commands(app, &exit_code);
    add_scenarios_commands(app, &exit_code);
    add_pages_commands(app, &exit_code);
    for (CLI::App* command : app.get_subcommands(nullptr))
        if (!command->get_group().empty()) command->group("Commands");
    // Before CLI11 sees a --help behind it.
    const std::string first = argc > 1 ? argv[1] : "";
    if (!first.empty() && first[0] != '-' && !is_command(app, first)) return unknown_command(app, first);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error) == 0 ? kOk : kUsage;  // --help, --version
        if (other_name_of(first) != nullptr) return unknown_command(app, first);
        return usage_error(app, error);
    }
    return exit_code;
}

}  // namespace

void set_interrupt_hint(const char* hint) {
    hint_text = hint;
    hint_size = static_cast<sig_atomic_t>(std::strlen(hint));
}

int complain(int exit_code, const std::string& text) {
    note(text);
    return exit_code;
}

}  // namespace mdscope

int main(int argc, char** argv) {
    mdscope::hold_standard_streams();
    // A write beyond the file-size limit (ulimit -f) is an error of that write; the default ends the process, and with
    // it the disk that it serves.
    signal(SIGXFSZ, SIG_IGN);
    struct sigaction action {};
    action.sa_handler = mdscope::on_interrupt;
    sigaction(SIGINT, &action, nullptr);
    try {
        return mdscope::code_with_stdout(mdscope::run(argc, argv));
    } catch (const std::bad_alloc&) {
        std::fputs("mdscope: not enough memory\n", stderr);  // complain() would want some
        return mdscope::kFailed;
    } catch (const std::exception& error) {
        return mdscope::complain(mdscope::kFailed, error.what());
    }
}
