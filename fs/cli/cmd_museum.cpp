// SPDX-License-Identifier: MIT
// museum: the bugs of Linux md that are here, a line each or one on a page; `explore --museum` searches them again.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/explore/museum.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/museum.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

struct MuseumRequest {
    std::string which;
    bool answers = false;
    bool json = false;
};

// A number has a capital letter, the name of a folder has none: "m23" is M23.
std::string as_written(std::string which) {
    const bool is_number = which.size() > 1 && which.find_first_not_of("0123456789", 1) == std::string::npos;
    if (is_number && which[0] == 'm') which[0] = 'M';
    return which;
}

int museum_command(const MuseumRequest& request) {
    const Exhibit* const exhibit = request.which.empty() ? nullptr : find_exhibit(as_written(request.which));
    if (!request.which.empty() && exhibit == nullptr) return complain(kUsage, no_such_exhibit(request.which));
    if (request.json)
        say("{}\n", museum_json(exhibit != nullptr ? std::vector{exhibit} : exhibits_by_number()));
    else
        say("{}", exhibit != nullptr ? museum_page(*exhibit, request.answers) : museum_table());
    return kOk;
}

constexpr const char* kMuseumExamples = R"(Examples:
  mdscope museum                          the bugs, a line each
  mdscope museum M23                      one of them: what went wrong, in which order, and what the search finds
  mdscope museum M23 --answers            ... with the answers to its three questions
  mdscope museum --json                   all of it, for programs
  mdscope explore --museum                each of them searched again, with the bug and without
  mdscope explore --museum --kernel 5.12  which of them that kernel has

Exit codes: 0, 2 there is no such exhibit)";

bool is_searched(const Exhibit& exhibit, const std::vector<Tried>& tried) {
    const auto is_of_it = [&](const Tried& one) { return one.exhibit == &exhibit; };
    return std::ranges::any_of(tried, is_of_it) &&
           std::ranges::none_of(tried, [&](const Tried& one) { return is_of_it(one) && one.verdict.interrupted; });
}

// Against what the exhibits say of themselves. A search that ended early and met nothing says neither.
int code_of(const std::vector<Tried>& tried, const KernelEra* era) {
    int exit_code = kOk;
    for (const Tried& one : tried) {
        const museum::Page& page = one.exhibit->page;
        const std::vector<const KernelEra*> eras = had_in(*one.exhibit);
        const bool should_have_it =
            era != nullptr ? std::ranges::find(eras, era) != eras.end() : std::string_view(one.row) == page.row;
        if (one.has_it() == should_have_it) continue;
        const bool is_known = one.has_it() || one.verdict.complete;
        note(fmt::format("{} {}: {}", page.number, one.row,
                         one.has_it() ? "goes wrong, and should not"
                         : is_known   ? "does not go wrong, and should"
                                      : "nothing was met; there is more to look at"));
        if (exit_code != kFailed) exit_code = is_known ? kFailed : kNotKnown;
    }
    return exit_code;
}

}  // namespace

int explore_museum(const std::string& kernel, ExploreOptions options, bool json) {
    const KernelEra* const era = kernel.empty() ? nullptr : find_kernel_era(kernel);
    if (!kernel.empty() && era == nullptr)
        return complain(kUsage, fmt::format("'{}' is no kernel here; `mdscope explore --help` lists them", kernel));
    const InterruptFlag interrupt;
    options.progress = [](const Verdict&) { return !InterruptFlag::raised(); };
    std::vector<Tried> tried;
    const auto keep = [&](Result<Tried> one) {
        if (!one) return one.error().text;
        tried.push_back(std::move(*one));
        return std::string();
    };
    for (const Exhibit* exhibit : exhibits_by_number()) {
        if (InterruptFlag::raised()) break;
        const museum::Page& page = exhibit->page;
        note(fmt::format("{}, {}", page.number, exhibit->title));
        std::string wrong =
            keep(era != nullptr ? tried_in(*exhibit, *era, options) : tried_with(*exhibit, page.row, options));
        if (wrong.empty() && era == nullptr) wrong = keep(tried_with(*exhibit, page.mended, options));
        if (!wrong.empty()) return complain(kFailed, wrong);
    }
    const std::string name = era != nullptr ? fmt::format("Linux {}", era->what) : "Each bug with its row and without";
    say("{}", json ? tried_json(name, tried) + "\n" : tried_text(name, tried));
    if (!InterruptFlag::raised()) return code_of(tried, era);
    note(fmt::format("interrupted: {} of {} exhibits were not searched to their end",
                     std::ranges::count_if(exhibits(), [&](const Exhibit* one) { return !is_searched(*one, tried); }),
                     exhibits().size()));
    return kInterrupted;
}

void add_museum_commands(CLI::App& app, int* exit_code) {
    CLI::App* sub = app.add_subcommand("museum", "Bugs of Linux md: what went wrong, and the shortest way there");
    const auto request = std::make_shared<MuseumRequest>();
    sub->add_option("EXHIBIT", request->which, "A number (M23) or the name of an exhibit; default: the list");
    sub->add_flag("--answers", request->answers, "Answer the questions, too");
    sub->add_flag("--json", request->json, "One JSON object");
    sub->footer(kMuseumExamples);
    sub->callback([=] { *exit_code = museum_command(*request); });
}

}  // namespace mdscope
