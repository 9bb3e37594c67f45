// SPDX-License-Identifier: MIT
// What a scenario can do: one row a statement, with where it may stand, what it takes, and how that is read.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/md/sysfs/sysfs.hpp"
#include "engine/scenario/scenario_parse.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kLongestIdleMs = 3600 * 1000;

// By a statement above.
bool is_added(const Scenario& scenario, std::string_view name) {
    const auto adds_it = [name](const Statement& statement) {
        return statement.kind == Statement::Kind::Add && statement.member == name;
    };
    return std::ranges::any_of(scenario.setup, adds_it) ||
           std::ranges::any_of(scenario.tasks,
                               [&](const ScenarioTask& task) { return std::ranges::any_of(task.statements, adds_it); });
}

Complaint check_member(const Scenario& scenario, std::string_view name) {
    const bool shaped = name.size() == 3 && name.starts_with("sd");
    if (shaped && name[2] >= 'a' && name[2] < 'a' + scenario.members) return {};
    if (is_added(scenario, name)) return {};
    return fmt::format("there is no member '{}'; the members are sda to sd{}", name,
                       static_cast<char>('a' + scenario.members - 1));
}

Complaint check_chunk(const Scenario& scenario, const Statement& statement) {
    const std::uint64_t chunks = std::max<std::uint64_t>(scenario.size / scenario.chunk, 1);  // it may be a part of one
    if (statement.chunk < chunks) return {};
    return fmt::format("there is no chunk {}: images of {} with chunks of {} have fewer than {}", statement.chunk,
                       exact_size_text(scenario.size), exact_size_text(scenario.chunk), chunks + 1);
}

// "3", or "3+8K": so far behind the start of the chunk. False: it is neither.
bool read_place(const Scenario& scenario, std::string_view text, Statement& statement) {
    const std::size_t plus = text.find('+');
    if (plus != std::string_view::npos &&
        (!read_size(text.substr(plus + 1), &statement.offset) || statement.offset % kSectorSize != 0 ||
         statement.offset + scenario.write_size > scenario.chunk))
        return false;
    return read_number(text.substr(0, plus), &statement.chunk);
}

Complaint read_chunk(const Scenario& scenario, std::string_view rest, Statement& statement) {
    if (!read_place(scenario, rest, statement))
        return fmt::format("'{}' takes the number of a chunk, not '{}'",
                           statement.kind == Statement::Kind::Read ? "read" : "discard", rest);
    return check_chunk(scenario, statement);
}

Complaint read_write(const Scenario& scenario, std::string_view rest, Statement& statement) {
    statement.all = rest == "all";
    if (statement.all) return {};
    if (!read_place(scenario, rest, statement))
        return fmt::format("'write' takes the number of a chunk, or 'all', not '{}'", rest);
    return check_chunk(scenario, statement);
}

// The file has to be one that md lets a shell write to.
Complaint check_attr(const Scenario& scenario, std::string_view name) {
    if (name.starts_with("dev-")) {
        const std::size_t slash = std::min(name.find('/'), name.size());
        const std::string_view member = name.substr(4, slash - 4);
        if (Complaint complaint = check_member(scenario, member); !complaint.empty()) return complaint;
        const RdevAttr* const attr = slash < name.size() ? find_rdev_attr(name.substr(slash + 1)) : nullptr;
        if (attr == nullptr) return fmt::format("there is no file md/{}", name);
        return attr->store == nullptr ? fmt::format("md/{} cannot be written to", name) : Complaint();
    }
    const MdAttr* const attr = find_md_attr(name);
    if (attr == nullptr) return fmt::format("there is no file md/{}", name);
    return attr->store == nullptr ? fmt::format("md/{} cannot be written to", name) : Complaint();
}

Complaint read_store(const Scenario& scenario, std::string_view rest, Statement& statement) {
    statement.attr = take_word(rest);
    statement.value = rest;
    if (rest.empty()) return "'store' takes a file under md/ and what is written to it: store array_state clear";
    return check_attr(scenario, statement.attr);
}

Complaint read_member(const Scenario& scenario, std::string_view rest, Statement& statement) {
    statement.member = rest;
    return check_member(scenario, rest);
}

// One that is there, or the image of one that is not: the letter after the last.
Complaint read_new_member(const Scenario& scenario, std::string_view rest, Statement& statement) {
    statement.member = rest;
    const bool shaped = rest.size() == 3 && rest.starts_with("sd");
    if (shaped && rest[2] >= 'a' && rest[2] <= 'a' + scenario.members) return {};
    return fmt::format("'{}' cannot be added; sda to sd{} can", rest, static_cast<char>('a' + scenario.members));
}

Complaint read_idle(const Scenario& /*scenario*/, std::string_view rest, Statement& statement) {
    if (read_duration(rest, &statement.ms) && statement.ms >= 1 && statement.ms <= kLongestIdleMs) return {};
    return fmt::format("'idle' takes a time from 1ms to {}s, not '{}'", kLongestIdleMs / 1000, rest);
}

Complaint read_nothing(const Scenario& /*scenario*/, std::string_view /*rest*/, Statement& /*statement*/) {
    return {};
}

struct Word {
    const char* word;
    const char* takes;  // empty: nothing
    Statement::Kind kind;
    bool in_setup, in_tasks;
    Complaint (*read)(const Scenario&, std::string_view rest, Statement&);
};

constexpr std::array kWords = {
    Word{"write", "CHUNK|all", Statement::Kind::Write, true, true, read_write},
    Word{"daemon", "", Statement::Kind::Daemon, true, true, read_nothing},
    Word{"store", "FILE VALUE", Statement::Kind::Store, true, true, read_store},
    Word{"stop", "", Statement::Kind::Stop, true, true, read_nothing},
    Word{"fail", "MEMBER", Statement::Kind::Fail, true, true, read_member},
    Word{"remove", "MEMBER", Statement::Kind::Remove, true, true, read_member},
    Word{"re-add", "MEMBER", Statement::Kind::ReAdd, true, true, read_member},
    Word{"add", "MEMBER", Statement::Kind::Add, true, true, read_new_member},
    Word{"read", "CHUNK", Statement::Kind::Read, true, true, read_chunk},
    Word{"discard", "CHUNK", Statement::Kind::Discard, true, true, read_chunk},
    Word{"mdstat", "", Statement::Kind::Mdstat, true, true, read_nothing},
    Word{"flush", "", Statement::Kind::Flush, true, true, read_nothing},
    Word{"idle", "TIME", Statement::Kind::Idle, true, true, read_idle},
    Word{"assemble", "", Statement::Kind::Assemble, false, true, read_nothing},
    Word{"kill", "", Statement::Kind::Kill, false, true, read_nothing},
    Word{"power-cut", "", Statement::Kind::PowerCut, false, true, read_nothing},
    Word{"reboot", "", Statement::Kind::Reboot, true, true, read_nothing},
    Word{"delayed-delete", "", Statement::Kind::DelayedDelete, false, true, read_nothing},
    Word{"wait", "", Statement::Kind::Wait, true, true, read_nothing},
};

const Word* find_word(std::string_view word) {
    const auto* const found =
        std::find_if(kWords.begin(), kWords.end(), [&](const Word& row) { return word == row.word; });
    return found == kWords.end() ? nullptr : found;
}

const Word& row_of(Statement::Kind kind) {
    return *std::find_if(kWords.begin(), kWords.end(), [&](const Word& row) { return kind == row.kind; });
}

}  // namespace

bool is_statement_word(std::string_view word) {
    return find_word(word) != nullptr;
}

Complaint read_statement(const Scenario& scenario, Section section, std::string_view text, Statement& statement) {
    const std::string_view name = take_word(text);
    const Word* const word = find_word(name);
    if (name.empty()) return "there is nothing beside a ';'";
    if (word == nullptr)
        return fmt::format("'{}' is not a statement; here can stand {}", name, statement_words(section));
    if (!(section == Section::Setup ? word->in_setup : word->in_tasks))
        return fmt::format("'{}' cannot stand under '{}'; here can stand {}", name,
                           section == Section::Setup ? "setup" : "tasks", statement_words(section));
    const bool takes = *word->takes != '\0';
    if (takes && text.empty()) return fmt::format("'{}' needs more: {} {}", name, name, word->takes);
    if (!takes && !text.empty()) return fmt::format("nothing may follow '{}', not '{}'", name, text);
    statement.kind = word->kind;
    return word->read(scenario, text, statement);
}

std::string statement_text(const Statement& statement) {
    std::string text = row_of(statement.kind).word;
    const bool has_chunk = statement.kind == Statement::Kind::Write || statement.kind == Statement::Kind::Read ||
                           statement.kind == Statement::Kind::Discard;
    if (has_chunk) text += statement.all ? " all" : fmt::format(" {}", statement.chunk);
    if (statement.offset != 0) text += "+" + exact_size_text(statement.offset);
    if (statement.kind == Statement::Kind::Idle) text += " " + exact_duration_text(statement.ms);
    for (const std::string* part : {&statement.attr, &statement.value, &statement.member})
        if (!part->empty()) text += " " + *part;
    return text;
}

std::string statement_words(Section section) {
    std::string words;
    for (const Word& word : kWords) {
        if (!(section == Section::Setup ? word.in_setup : word.in_tasks)) continue;
        words +=
            fmt::format("{}{}{}{}", words.empty() ? "" : ", ", word.word, *word.takes != '\0' ? " " : "", word.takes);
    }
    return words;
}

}  // namespace mdscope
