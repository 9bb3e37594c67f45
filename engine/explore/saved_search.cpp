// SPDX-License-Identifier: MIT

#include "engine/explore/saved_search.hpp"

#include <fmt/format.h>

#include <limits>

#include "engine/kernel/hash.hpp"
#include "engine/scenario/scenario_parse.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

static std::string preemptions_text(const std::optional<unsigned>& preemptions) {
    return preemptions ? std::to_string(*preemptions) : "any";
}

std::string saved_search_text(const SavedSearch& saved) {
    std::string head = fmt::format(
        "mdscope-search 1\ncommit {}\nstrategy {}\nseed {}\npreemptions {}\ncounted {}\nscenario {}\n{}end\n",
        saved.commit, row_of(saved.strategy).word, saved.seed, preemptions_text(saved.preemptions), saved.counted,
        saved.scenario.name, scenario_text(saved.scenario));
    const std::uint64_t check = fnv1a(saved.body, fnv1a(head));
    head += fmt::format("body {} {:016x}\n", saved.body.size(), check);
    return head + saved.body;
}

namespace {

class SavedSearchReader {
   public:
    explicit SavedSearchReader(std::string_view text) : text_(text), left_(text) {}

    // False: error() says why.
    bool read(SavedSearch& saved) {
        return version() && part("commit", saved.commit) && options(saved) && scenario(saved) && body(saved);
    }
    [[nodiscard]] const Error& error() const { return error_; }

   private:
    bool fail(const std::string& why) {
        error_ = line_error(line_, why);
        return false;
    }
    std::string_view line() {
        const std::string_view taken = left_.substr(0, std::min(left_.find('\n'), left_.size()));
        left_.remove_prefix(std::min(taken.size() + 1, left_.size()));
        line_++;
        return taken;
    }
    // The next line begins with `word`; the rest of it goes into `value`.
    bool part(std::string_view word, std::string& value) {
        std::string_view rest = line();
        if (const std::string_view found = take_word(rest); found != word)
            return fail(fmt::format("here has to stand '{}'; this is no search that was saved", word));
        value = rest;
        return true;
    }
    bool version() {
        std::string value;
        if (!part("mdscope-search", value)) return false;
        return value == "1" || fail("this mdscope reads 'mdscope-search 1'");
    }
    bool options(SavedSearch& saved) {
        std::string strategy, seed, preemptions, counted;
        if (!part("strategy", strategy) || !part("seed", seed) || !part("preemptions", preemptions) ||
            !part("counted", counted))
            return false;
        const std::optional<Strategy> found = find_strategy(strategy);
        std::uint64_t most = 0;
        if (!found || !read_number(seed, &saved.seed) || !read_number(counted, &saved.counted))
            return fail("there is no such search");
        if (preemptions != "any" && !read_number(preemptions, 0, std::numeric_limits<unsigned>::max(), &most))
            return fail("there is no such bound");
        saved.strategy = *found;
        if (preemptions != "any") saved.preemptions = static_cast<unsigned>(most);
        return true;
    }
    bool scenario(SavedSearch& saved) {
        std::string name;
        if (!part("scenario", name)) return false;
        const int first_line = line_ + 1;
        const std::size_t end = left_.find("\nend\n");
        if (end == std::string_view::npos) return fail("'end' has to follow the scenario");
        const Result<Scenario> scenario = parse_scenario_at(left_.substr(0, end + 1), name, first_line);
        if (!scenario) {
            error_ = scenario.error();
            return false;
        }
        saved.scenario = *scenario;
        left_.remove_prefix(end + 5);
        return true;
    }
    bool body(SavedSearch& saved) {
        const std::string_view head = text_.substr(0, text_.size() - left_.size());
        std::string value;
        if (!part("body", value)) return false;
        std::string_view check = value;
        std::uint64_t size = 0, hash = 0;
        if (!read_number(take_word(check), &size) || !read_hex(check, &hash))
            return fail("'body' takes a size and a checksum");
        if (size != left_.size() || hash != fnv1a(left_, fnv1a(head)))
            return fail("the file was cut short, or something else was written into it");
        saved.body = left_;
        return true;
    }

    std::string_view text_, left_;
    int line_ = 0;
    Error error_;
};

}  // namespace

Result<SavedSearch> parse_saved_search(std::string_view text) {
    SavedSearch saved;
    SavedSearchReader reader(text);
    if (!reader.read(saved)) return reader.error();
    return saved;
}

// Without what is expected of it, and the schedule that no search follows.
static std::string what_is_searched(Scenario scenario) {
    scenario.expect = {};
    scenario.schedule.clear();
    scenario.playhead.reset();
    return scenario_text(scenario);
}

std::string other_search(const SavedSearch& saved, const SavedSearch& asked) {
    if (saved.commit != asked.commit)
        return fmt::format("it was begun by mdscope {}, and this is {}", saved.commit, asked.commit);
    if (what_is_searched(saved.scenario) != what_is_searched(asked.scenario))
        return fmt::format("it is of another array or other tasks (scenario {})", saved.scenario.name);
    if (saved.strategy != asked.strategy)
        return fmt::format("its strategy is {}, not {}", row_of(saved.strategy).word, row_of(asked.strategy).word);
    const bool has_seed = saved.strategy == Strategy::Random || saved.strategy == Strategy::Pct;
    if (has_seed && saved.seed != asked.seed) return fmt::format("its seed is {}, not {}", saved.seed, asked.seed);
    if (saved.preemptions != asked.preemptions)
        return fmt::format("its bound on preemptions is {}, not {}", preemptions_text(saved.preemptions),
                           preemptions_text(asked.preemptions));
    return "";
}

}  // namespace mdscope
