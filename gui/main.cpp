// SPDX-License-Identifier: MIT
// mdscope-gui: the window. Reads the command line and hands a Screen to a window, or to a picture.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/help/help_formatter.hpp"
#include "engine/help/pages.hpp"
#include "engine/help/version.hpp"
#include "engine/host/save_file.hpp"
#include "engine/scenario/scenario_files.hpp"
#include "engine/story/lesson/lesson.hpp"
#include "engine/story/lesson/window_words.hpp"
#include "gui/app.hpp"
#include "gui/frame/fonts.hpp"
#include "gui/frame/png.hpp"
#include "gui/frame/probe_server.hpp"
#include "gui/frame/settings.hpp"
#include "gui/frame/theme.hpp"
#include "gui/frame/window.hpp"
#include "gui/model/step_back.hpp"

namespace mdscope::gui {

namespace {

constexpr const char* kExamples = R"(Examples:
  mdscope-gui                                the course: what a mirror is, and the crash of 2021
  mdscope-gui race                           that crash beside the kernel that has the fix
  mdscope-gui report-2021 --lesson 1         the race in 60 seconds
  mdscope-gui --attach /tmp/mnt              look into an array that is mounted (mdscope mount)
  mdscope-gui --png now.png --size 1600x900  a picture, without a display
  xvfb-run mdscope-gui                       on a machine without a screen
  LIBGL_ALWAYS_SOFTWARE=1 mdscope-gui        when the GPU's driver is at fault)";

constexpr int kWrongUsage = 2;

constexpr std::pair<int, const char*> kExitCodes[] = {
    {0, "closed, or the picture was made"},
    {1, "it failed; the message says why"},
    {kWrongUsage, "wrong usage: an option, a scenario or an act that makes no sense"}};

struct CommandLine {
    AppOptions app;
    std::string png, probe, theme, pages;
    std::vector<std::string> acts;
    std::string size = "1600x900";
    int scale = 0;  // 0: as the settings say
    int width = 0, height = 0;
};

std::string read_size(CommandLine& line) {
    int end = 0;
    const int found = std::sscanf(line.size.c_str(), "%5dx%5d%n", &line.width, &line.height, &end);
    const bool whole = found == 2 && static_cast<std::size_t>(end) == line.size.size();
    if (whole && line.width >= 1 && line.height >= 1 && line.width <= 8192 && line.height <= 8192) return {};
    return "--size takes WIDTHxHEIGHT, 1 to 8192 each, as in 1600x900; '" + line.size + "' is none.";
}

template <class List>
CLI::Validator one_of(const List& words) {
    return CLI::IsMember(std::vector<std::string>(words.begin(), words.end()));
}

void add_options(CLI::App& app, CommandLine& line) {
    app.add_option("scenario", line.app.scenario, "Scenario to start in: a name (report-2021) or a file (.mds)");
    app.add_option("--attach", line.app.attach, "Show the array mounted at this folder")->type_name("MNT");
    app.add_option("--pair", line.app.pair, "Show a mounted pair (mdscope pair DIR), side by side")->type_name("DIR");
    app.add_option("--lesson", line.app.lesson, "Start with a lesson")
        ->type_name("N")
        ->check(CLI::Range(0, kLastLesson));
    app.add_option("--mode", line.app.mode, "Start in: " + listed(kWindowModes))
        ->type_name("NAME")
        ->check(one_of(kWindowModes));
    app.add_option("--png", line.png, "Make a picture and exit; needs no display")->type_name("FILE");
    app.add_option("--act", line.acts,
                   "Before the picture: key NAME, click ID, hover ID, drag ID ID, wait SECONDS, until ID")
        ->type_name("WORDS")
        ->take_all();
    app.add_option("--panel", line.app.panel, "Page of the sidebar: " + listed(kSideTabs))
        ->type_name("NAME")
        ->check(one_of(kSideTabs));
    app.add_option("--size", line.size, "Size of the window or picture")->type_name("WxH")->capture_default_str();
    app.add_option("--scale", line.scale, "Size of text in percent")
        ->type_name("PERCENT")
        ->check(CLI::Range(kSmallestText, kLargestText));
    app.add_option("--theme", line.theme, "Colours: dark, light, contrast")
        ->type_name("NAME")
        ->check(CLI::IsMember({"dark", "light", "contrast"}));
    app.add_option("--probe", line.probe, "For tests: answer questions on this Unix socket")->type_name("PATH");
    app.add_option("--pages", line.pages, "For the build: man page and completions into this folder")->group("");
}

// The command line is for this time only: what it says is not kept.
void apply(const CommandLine& line) {
    const Settings& settings = line.app.settings;
    set_text_percent(line.scale != 0 ? line.scale : settings.text_percent);
    set_theme(line.theme.empty() ? settings.theme : theme_from(line.theme).value_or(settings.theme));
}

int fail(const std::string& why, int exit_code = 1) {
    fmt::print(stderr, "mdscope-gui: {}\n", why);
    return exit_code;
}

Result<bool> write_page(const std::filesystem::path& path, const std::string& text) {
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    return save_file(path.string(), text);
}

int write_pages(const CLI::App& app, const std::filesystem::path& folder) {
    PageFacts facts;
    facts.program = "mdscope-gui";
    facts.version = version_number();
    facts.exit_codes.assign(std::begin(kExitCodes), std::end(kExitCodes));
    facts.see_also = {"mdscope(1)"};
    const std::pair<const char*, std::string> pages[] = {
        {"man1/mdscope-gui.1", man_page(app, facts)},
        {"bash/mdscope-gui", bash_completion(app, facts.program)},
        {"zsh/_mdscope-gui", zsh_completion(app, facts.program)},
        {"fish/mdscope-gui.fish", fish_completion(app, facts.program)}};
    for (const auto& [name, text] : pages)
        if (const Result<bool> written = write_page(folder / name, text); !written) return fail(written.error().text);
    return 0;
}

int make_picture(CommandLine& line) {
    // A window waits for the mount to appear; a picture of nothing helps nobody.
    if (!line.app.attach.empty() && access((line.app.attach + "/lab/snapshot").c_str(), R_OK) != 0)
        return fail("no array is mounted at " + line.app.attach);
    if (!line.app.pair.empty() && access((line.app.pair + "/a/lab/snapshot").c_str(), R_OK) != 0)
        return fail("no pair is mounted in " + line.app.pair + "; `mdscope pair` makes one");
    if (!line.app.message.empty()) fmt::print(stderr, "mdscope-gui: {}\n", line.app.message);
    line.app.is_picture = true;
    step_back();  // nobody watches these frames: what is searched for them gets its share
    const Result<std::unique_ptr<Screen>> screen = make_app(line.app);
    if (!screen) return fail(screen.error().text);
    const Result<bool> made =
        render_png(**screen, {.width = line.width, .height = line.height, .acts = line.acts}, line.png);
    return made ? 0 : fail(made.error().text, made.error().err == EINVAL ? kWrongUsage : 1);
}

ProbeHost probe_host(Window& window) {
    return {.frames = [&window] { return window.frames_drawn(); },
            .pictures = [&window] { return window.pictures_shown(); },
            .is_idle = [&window] { return window.is_idle(); },
            .place = [&window] { return window.place(); },
            .save_png = [&window](const std::string& path) { return window.save_png(path); },
            .quit = [&window] { window.quit(); }};
}

// Who asks for nothing is shown what there is.
bool asks_for_nothing(const AppOptions& options) {
    return options.scenario.empty() && options.attach.empty() && options.pair.empty() && options.mode.empty() &&
           !options.lesson;
}

int open_window(CommandLine& line) {
    if (asks_for_nothing(line.app)) line.app.mode = kWindowModes[WindowMode::learn];
    Window window({.title = "mdscope", .width = line.width, .height = line.height});
    line.app.wake = [] { Window::wake(); };
    line.app.save_png = [&window](const std::string& path, std::function<void(const Result<bool>&)> done) {
        window.save_png_later(path, std::move(done));
    };
    const Result<std::unique_ptr<Screen>> screen = make_app(std::move(line.app));
    if (!screen) return fail(screen.error().text);
    if (line.probe.empty()) return window.run(**screen);
    Result<std::unique_ptr<ProbeServer>> probe = ProbeServer::open(line.probe, [] { Window::wake_service(); });
    if (!probe) return fail(probe.error().text);
    window.set_service([&server = **probe, host = probe_host(window)] { server.serve(host); });
    return window.run(**screen);
}

int run(int argc, char** argv) {
    CLI::App app{"mdscope's window: md RAID1 arrays stepped, held, broken and compared."};
    app.set_version_flag("--version", "mdscope-gui " + version_text());
    std::string exit_codes = "\n\nExit codes:";
    for (const auto& [code, what] : kExitCodes) exit_codes += fmt::format("\n  {:<4} {}", code, what);
    app.footer(kExamples + exit_codes);
    app.formatter(std::make_shared<HelpFormatter>());
    app.get_formatter()->column_width(34);
    CommandLine line;
    add_options(app, line);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kWrongUsage;
    }
    if (!line.pages.empty()) return write_pages(app, line.pages);
    if (const std::string wrong = read_size(line); !wrong.empty()) return fail(wrong, kWrongUsage);
    if (!line.app.scenario.empty())  // before there is a window, or none for want of a display
        if (const Result<Scenario> scenario = load_scenario_file(line.app.scenario); !scenario)
            return fail(scenario.error().text, kWrongUsage);
    const std::string path = settings_path();
    LoadedSettings loaded = load_settings(path);
    line.app.settings = std::move(loaded.settings);
    line.app.message = loaded.message.empty() ? font_message() : loaded.message;
    line.app.save_settings = [path](const Settings& changed) {
        // Not kept is a nuisance, not an error of what is being done.
        if (const Result<bool> saved = save_settings(changed, path); !saved)
            fmt::print(stderr, "mdscope-gui: {}\n", saved.error().text);
    };
    apply(line);
    return line.png.empty() ? open_window(line) : make_picture(line);
}

}  // namespace

}  // namespace mdscope::gui

int main(int argc, char** argv) {
    try {
        return mdscope::gui::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "mdscope-gui: {}\n", error.what());
        return 1;
    }
}
