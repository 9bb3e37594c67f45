// SPDX-License-Identifier: MIT

#include "fs/cli/saved_searches.hpp"

#include <algorithm>
#include <span>

#include "engine/help/version.hpp"
#include "engine/host/host.hpp"
#include "engine/host/save_file.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/scenario/scenario_parse.hpp"

namespace mdscope {

static constexpr std::uint64_t kFirstBytes = 64;

// Larger than what is written by hand, so not as other input is read. Of what is no saved search, an image perhaps,
// only the beginning.
static Result<std::string> bytes_of(const std::string& path) {
    const Result<HostFile> file = HostFile::open_to_read(path);
    if (!file) return file.error();
    std::string bytes(std::min<std::uint64_t>(file->size_bytes(), kFirstBytes), '\0');
    std::int64_t got = file->read_at(0, std::as_writable_bytes(std::span(bytes)));
    if (got >= 0 && is_saved_search(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)))) {
        bytes.resize(file->size_bytes());
        got = file->read_at(0, std::as_writable_bytes(std::span(bytes)));
    }
    if (got < 0) return Error{static_cast<int>(-got), shown(path) + ": " + host_error_text(static_cast<int>(got))};
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
}

static bool names_a_scenario(const ScenarioOptions& options) {
    return !options.scenario.empty() || !options.entrance.empty() || !options.kernel.empty() || !options.words.empty();
}

Result<SavedSearch> saved_search_in(const std::string& path, const AskedBeside& asked) {
    const Result<std::string> bytes = bytes_of(path);
    if (!bytes) return bytes.error();
    Result<SavedSearch> saved = parse_saved_search(*bytes);
    if (!saved) return Error{EINVAL, shown(path) + ":" + saved.error().text};

    SavedSearch same = *saved;
    same.commit = version_text();
    if (names_a_scenario(asked.scenario)) {
        const Result<Scenario> scenario = load_scenario(asked.scenario);
        if (!scenario) return scenario.error();
        same.scenario = *scenario;
    }
    same.strategy = asked.strategy.value_or(same.strategy);
    same.seed = asked.seed.value_or(same.seed);
    if (asked.preemptions) same.preemptions = asked.preemptions;
    if (const std::string other = other_search(*saved, same); !other.empty())
        return Error{EINVAL, shown(path) + " is another search: " + other};

    if (asked.scenario.expect.empty()) return saved;
    if (const Complaint wrong = read_expectation(saved->scenario.expect, asked.scenario.expect); !wrong.empty())
        return Error{EINVAL, "--expect: " + wrong};
    return saved;
}

Result<bool> save_search(const std::string& path, SavedSearch search) {
    search.commit = version_text();
    return save_file(path, saved_search_text(search));
}

}  // namespace mdscope
