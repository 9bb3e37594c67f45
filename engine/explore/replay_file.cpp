// SPDX-License-Identifier: MIT
// A replay file: one schedule of one scenario, written so that a person can follow it.
//
//   mdscope-replay 1
//   picks
//     0  run stopper#3            index among what was offered, and what that was
//     2  complete 7 (sda bitmap write 8+8)
//   ending crash NULL pointer dereference of rdev->mddev in super_written
//   log-hash 0f3a5c7e9b2d4816     FNV-1a of the event log
//   scenario report-2021
//   mdscope-scenario 1            the scenario, as its file would be
//   ...
//   end                           so that a file that was cut short is seen to be
//
// The parts stand in this order. A line that begins with `#` is a comment; picks may say anything behind their number.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "engine/explore/explorer.hpp"
#include "engine/scenario/scenario_parse.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

constexpr TextForm kForm{.line_bytes = 4096, .file_bytes = 16 << 20, .comments_in_lines = false};
constexpr std::size_t kMostPicks = 1'000'000;
constexpr std::array kEndings = {Ending::Done, Ending::Crash, Ending::Hang, Ending::Violation};

class ReplayReader {
   public:
    ReplayReader(std::string_view text, const std::vector<TextLine>& lines) : text_(text), lines_(lines) {}

    // False: error() says why.
    bool read(ReplayFile& replay) {
        return version() && picks(replay) && ending(replay) && log_hash(replay) && scenario(replay);
    }
    [[nodiscard]] const Error& error() const { return error_; }

   private:
    bool version();
    bool picks(ReplayFile& replay);
    bool pick(ReplayFile& replay);
    bool ending(ReplayFile& replay);
    bool log_hash(ReplayFile& replay);
    bool scenario(ReplayFile& replay);

    // The line that has to come now begins with `word`; the rest of it goes into *value.
    bool part(std::string_view word, std::string_view* value);
    [[nodiscard]] bool at_end() const { return next_ == lines_.size(); }
    bool fail(int line, const std::string& why) {
        error_ = line_error(line, why);
        return false;
    }
    // Of the line that was read last, or of the first when there is none.
    [[nodiscard]] int line_number() const { return next_ == 0 ? 1 : lines_[next_ - 1].number; }

    std::string_view text_;
    const std::vector<TextLine>& lines_;
    std::size_t next_ = 0;
    Error error_;
};

bool ReplayReader::part(std::string_view word, std::string_view* value) {
    if (at_end()) return fail(line_number(), fmt::format("the file ends here; '{}' has to follow", word));
    *value = lines_[next_++].text;
    if (const std::string_view found = take_word(*value); found != word)
        return fail(line_number(), fmt::format("here has to stand '{}', not '{}'", word, found));
    return true;
}

bool ReplayReader::version() {
    std::string_view value;
    if (!part("mdscope-replay", &value)) return false;
    if (value == "1") return true;
    return fail(line_number(), fmt::format("version '{}' is not known; this mdscope reads 'mdscope-replay 1'", value));
}

bool ReplayReader::picks(ReplayFile& replay) {
    std::string_view value;
    if (!part("picks", &value)) return false;
    if (!value.empty()) return fail(line_number(), "nothing may follow 'picks'; they begin in the next line");
    while (!at_end() && lines_[next_].text[0] >= '0' && lines_[next_].text[0] <= '9')
        if (!pick(replay)) return false;
    const auto says_something = [](const std::string& text) { return !text.empty(); };
    if (std::none_of(replay.stood_for.begin(), replay.stood_for.end(), says_something)) replay.stood_for.clear();
    return true;
}

bool ReplayReader::pick(ReplayFile& replay) {
    std::string_view what = lines_[next_++].text;
    const std::string_view word = take_word(what);
    std::uint64_t index = 0;
    if (!read_number(word, 0, std::numeric_limits<std::uint32_t>::max(), &index))
        return fail(line_number(), fmt::format("'{}' is no pick; a pick is a number below 2^32", word));
    if (replay.picks.size() == kMostPicks) return fail(line_number(), fmt::format("more than {} picks", kMostPicks));
    replay.picks.push_back(static_cast<std::uint32_t>(index));
    replay.stood_for.emplace_back(what);
    return true;
}

bool ReplayReader::ending(ReplayFile& replay) {
    std::string_view value;
    if (!part("ending", &value)) return false;
    replay.ending = value;
    const std::string_view word = take_word(value);
    if (std::any_of(kEndings.begin(), kEndings.end(), [&](Ending ending) { return word == ending_name(ending); }))
        return true;
    return fail(line_number(), fmt::format("'ending' takes done, crash, hang or violation, not '{}'", word));
}

bool ReplayReader::log_hash(ReplayFile& replay) {
    std::string_view value;
    if (!part("log-hash", &value)) return false;
    if (value.size() == 16 && read_hex(value, &replay.log_hash)) return true;
    return fail(line_number(), fmt::format("'log-hash' takes 16 hexadecimal digits, not '{}'", value));
}

bool ReplayReader::scenario(ReplayFile& replay) {
    std::string_view name;
    if (!part("scenario", &name)) return false;
    const int name_line = line_number();
    const auto end = std::find_if(lines_.begin() + static_cast<std::ptrdiff_t>(next_), lines_.end(),
                                  [](const TextLine& line) { return line.text == "end"; });
    if (end == lines_.end()) return fail(lines_.back().number, "the file ends here; 'end' has to follow the scenario");
    if (end + 1 != lines_.end()) return fail((end + 1)->number, "nothing may follow 'end'");
    const std::size_t begin = std::min(text_.find('\n', lines_[next_ - 1].offset) + 1, end->offset);
    const Result<Scenario> scenario =
        parse_scenario_at(text_.substr(begin, end->offset - begin), std::string(name), name_line + 1);
    if (!scenario) error_ = scenario.error();
    if (scenario) replay.scenario = *scenario;
    return static_cast<bool>(scenario);
}

// Whatever it is, in the file it is one line.
std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    return std::string(trim(text));
}

}  // namespace

Result<ReplayFile> parse_replay(std::string_view text) {
    const Result<std::vector<TextLine>> lines = split_lines(text, kForm);
    if (!lines) return lines.error();
    ReplayFile replay;
    ReplayReader reader(text, *lines);
    if (!reader.read(replay)) return reader.error();
    return replay;
}

std::string replay_text(const ReplayFile& replay) {
    std::string text = "mdscope-replay 1\npicks\n";
    for (std::size_t i = 0; i < replay.picks.size(); i++) {
        const std::string what = i < replay.stood_for.size() ? one_line(replay.stood_for[i]) : "";
        fmt::format_to(std::back_inserter(text), "  {}{}{}\n", replay.picks[i], what.empty() ? "" : "  ", what);
    }
    fmt::format_to(std::back_inserter(text), "ending {}\nlog-hash {:016x}\nscenario {}\n", one_line(replay.ending),
                   replay.log_hash, one_line(replay.scenario.name));
    return text + scenario_text(replay.scenario) + "end\n";
}

}  // namespace mdscope
