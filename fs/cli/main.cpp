// mdscope: the command. Reads the command line with CLI11 and runs one command; see commands.hpp.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <numeric>
#include <utility>

#include "engine/kernel/shown.hpp"
#include "fs/cli/commands.hpp"

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
  mdscope explore report-2021                the crash of the report: every order of events, the shortest bad one
  mdscope explore report-2021 --fix upstream the same with the fix; then: mdscope run, replay, tree
  mdscope museum                             bugs of Linux md, each found again by the search
  mdscope run hold-stop-release              one schedule, two kernels: where they part, and how each ends

Exit codes:
  0    it worked
  1    the operation failed; the message says why
  2    wrong usage: unknown command or option, a size that is none
  3    busy: the array is open or an image is locked by another mdscope
  4    an image or its metadata cannot be used
  130  interrupted)";

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

bool is_command(const CLI::App& app, const std::string& word) {
    const std::vector<const CLI::App*> all = app.get_subcommands(nullptr);
    return std::any_of(all.begin(), all.end(), [&](const CLI::App* command) { return command->get_name() == word; });
}

int unknown_command(const CLI::App& app, const std::string& word) {
    std::string near;
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        const std::string& name = command->get_name();
        const bool is_near = edits_between(word, name) <= 2 || name.starts_with(word) || word.starts_with(name);
        if (is_near) near += (near.empty() ? "" : ", ") + name;
    }
    return complain(kUsage, "there is no command '" + word + "'" + (near.empty() ? "" : "; near it: " + near) +
                                ". `mdscope --help` lists them.");
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
    complain(kUsage, name + ": " + error.what());
    std::string usage = CLI::Formatter().make_usage(used[0], "mdscope " + name);
    usage.erase(0, std::min(usage.find_first_not_of('\n'), usage.size()));
    usage.erase(usage.find_last_not_of('\n') + 1);
    std::fprintf(stderr, "%s\n`mdscope %s --help` says more\n", usage.c_str(), name.c_str());
    return kUsage;
}

int run(int argc, char** argv) {
    CLI::App app{"Linux md RAID1 in user space: a disk you mount, and an engine you can look into.", "mdscope"};
    app.set_version_flag("--version", "mdscope " MDSCOPE_VERSION);
    app.footer(kFirstSteps);
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    int exit_code = kFailed;
    add_lab_commands(app, &exit_code);
    add_mount_commands(app, &exit_code);
    add_umount_commands(app, &exit_code);
    add_disk_commands(app, &exit_code);
    add_detail_commands(app, &exit_code);
    add_watch_commands(app, &exit_code);
    add_array_commands(app, &exit_code);
    add_explore_commands(app, &exit_code);
    add_run_commands(app, &exit_code);
    add_museum_commands(app, &exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error) == 0 ? kOk : kUsage;  // --help, --version
        if (argc > 1 && argv[1][0] != '-' && !is_command(app, argv[1])) return unknown_command(app, argv[1]);
        return usage_error(app, error);
    }
    return exit_code;
}

}  // namespace

void set_interrupt_hint(const char* hint) {
    hint_text = hint;
    hint_size = static_cast<sig_atomic_t>(std::strlen(hint));
}

std::string shell_word(const std::string& path) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::strchr("/._-+,:=@%", c) != nullptr;
    };
    if (!path.empty() && std::all_of(path.begin(), path.end(), is_plain)) return path;
    // Control characters as no terminal obeys them: $'a\x1bb'.
    const bool is_shown_as_it_is = shown(path) == path;
    std::string word = is_shown_as_it_is ? "'" : "$'";
    for (const char c : path) {
        if (c == '\'')
            word += is_shown_as_it_is ? "'\\''" : "\\'";
        else if (c == '\\' && !is_shown_as_it_is)
            word += "\\\\";
        else
            word += c;
    }
    return shown(word) + "'";
}

int complain(int exit_code, const std::string& text) {
    std::fprintf(stderr, "mdscope: %s\n", shown_lines(text).c_str());
    return exit_code;
}

}  // namespace mdscope

int main(int argc, char** argv) {
    struct sigaction action {};
    action.sa_handler = mdscope::on_interrupt;
    sigaction(SIGINT, &action, nullptr);
    try {
        const int exit_code = mdscope::run(argc, argv);
        // What was printed has to have arrived: a full or closed stdout is a failure, not a success nobody sees.
        if (std::fflush(stdout) != 0 && exit_code == mdscope::kOk)
            return mdscope::complain(mdscope::kFailed, std::string("cannot write to stdout: ") + std::strerror(errno));
        return exit_code;
    } catch (const std::exception& error) {
        return mdscope::complain(mdscope::kFailed, error.what());
    }
}
