// SPDX-License-Identifier: MIT
// The pieces of the scenario reader, one table each. A complaint is a text without a line number; empty: all is well.
#pragma once

#include <string>
#include <string_view>

#include "engine/scenario/scenario.hpp"

namespace mdscope {

using Complaint = std::string;

// ---- header words: `members 2`  (scenario_headers.cpp)

bool is_header_word(std::string_view word);
// Whether it may not stand before `kernel`, because that would undo it.
bool is_set_by_kernel(std::string_view word);
Complaint read_header(Scenario& scenario, std::string_view word, std::string_view value);
std::string header_words();  // "title, members, ..."
// `expect`, wherever it stands.
Complaint read_expectation(Expectation& expect, std::string_view value);

// ---- statements: `write 0`  (scenario_statements.cpp)

enum class Section : std::uint8_t { Setup, Tasks };

bool is_statement_word(std::string_view word);
// Reads one statement; the scenario's headers are known. `statement.line` is the caller's.
Complaint read_statement(const Scenario& scenario, Section section, std::string_view text, Statement& statement);
std::string statement_text(const Statement& statement);
std::string statement_words(Section section);  // "write CHUNK|all, daemon, ..."

// ---- the whole

// As parse_scenario, for a scenario inside another file: its first line has this number there.
Result<Scenario> parse_scenario_at(std::string_view text, const std::string& name, int first_line);

}  // namespace mdscope
