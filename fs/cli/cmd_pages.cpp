// SPDX-License-Identifier: MIT
// pages: man pages and completions into a folder, for the build. Not told of in --help: a user has them installed.
#include <filesystem>
#include <memory>

#include "engine/help/pages.hpp"
#include "engine/help/version.hpp"
#include "engine/host/save_file.hpp"
#include "fs/cli/commands.hpp"

namespace mdscope {

namespace {

PageFacts facts_of_program() {
    PageFacts facts;
    facts.program = "mdscope";
    facts.version = version_number();
    for (const ExitCodeRow& row : kExitCodes) facts.exit_codes.emplace_back(row.code, row.what);
    facts.files = {
        {"$XDG_DATA_HOME/mdscope/scenarios",
         "Your own scenarios, NAME.mds; ~/.local/share/mdscope without the variable."},
        {"$XDG_DATA_HOME/mdscope/lessons", "Your own lessons, in place of those with the same number."},
        {"$MDSCOPE_DATA", "The folder with scenarios and lessons, instead of the one that was installed."},
        {"$MDSCOPE_MOUNT_OPTIONS", "What mount -o takes, for every command that mounts."},
        {"$XDG_RUNTIME_DIR/mdscope", "Where disk mounts arrays; beside the lab without the variable."},
    };
    facts.see_also = {"mdscope-gui(1)", "mdadm(8)", "md(4)", "fuse2fs(1)"};
    return facts;
}

Result<bool> write_page(const std::filesystem::path& path, const std::string& text) {
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    return save_file(path.string(), text);
}

Result<bool> write_pages(const CLI::App& app, const std::filesystem::path& folder) {
    const PageFacts facts = facts_of_program();
    std::vector<const CLI::App*> apps = told_commands(app);
    apps.push_back(&app);
    for (const CLI::App* one : apps)
        if (Result<bool> written =
                write_page(folder / "man1" / (man_page_name(*one, facts) + ".1"), man_page(*one, facts));
            !written)
            return written;
    if (Result<bool> written = write_page(folder / "bash" / "mdscope", bash_completion(app, "mdscope")); !written)
        return written;
    if (Result<bool> written = write_page(folder / "zsh" / "_mdscope", zsh_completion(app, "mdscope")); !written)
        return written;
    return write_page(folder / "fish" / "mdscope.fish", fish_completion(app, "mdscope"));
}

}  // namespace

void add_pages_commands(CLI::App& app, int* exit_code) {
    CLI::App* sub = app.add_subcommand("pages", "Write man pages and completions into a folder");
    const auto folder = std::make_shared<std::string>();
    sub->add_option("FOLDER", *folder, "Made if missing")->required();
    sub->group("");
    sub->callback([=, &app] {
        const Result<bool> written = write_pages(app, *folder);
        *exit_code = written ? kOk : complain(kFailed, written.error().text);
    });
}

}  // namespace mdscope
