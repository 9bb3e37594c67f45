// SPDX-License-Identifier: MIT
// The words of lab/: each line of its files is printed and parsed here, for the mount that prints, and for commands and
// windows that read. lab/chunks has a file of its own (lab_chunks.hpp), and so have the rules that are written into
// lab/hold, release, delay and fail (lab_rules.hpp). Text for people, one thing a line, blanks between the columns so
// that awk and cut work.
//
// Parsers take anything and throw nothing. A line that would not print as it was read is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"

namespace mdscope {

// lab/pending_writes
//
//   mddev 2
//   bitmap 0
std::string pending_writes_text(int of_mddev, int of_bitmap);

// lab/bios
//
//   id member kind op sector bytes where seconds
//   7 sda bitmap write 8 4096 held 1.250             or `in-flight`
struct BioLine {
    std::uint64_t id = 0;
    std::string member;
    BioKind kind = BioKind::Data;
    BioOp op = BioOp::Read;
    Sector sector = 0;
    std::uint32_t bytes = 0;
    bool held = false;
    double seconds = 0;  // since it was submitted
};
std::string bio_line(const BioLine& bio);  // no newline
std::string bios_text(const std::vector<BioInfo>& bios, std::uint64_t now_ns);
std::vector<BioLine> parse_bios(std::string_view text);

// lab/tasks: one task a block, with its call stack, innermost first.
//
//   mdmon[5] sleeps in mddev->sb_wait until mddev.pending_writes == 0, for 1.250 s        or `mdmon[5] running`
//       md_super_wait
//       md_bitmap_flush
struct TaskLines {
    std::string comm{};
    int pid = 0;
    std::string queue{};  // empty: it runs
    std::string condition{};
    double seconds = 0;  // it has slept
    std::vector<std::string> stack{};
    [[nodiscard]] bool is_in(std::string_view function) const;
};
std::string task_text(const TaskLines& task);
std::string tasks_text(const std::vector<SleepInfo>& tasks, std::uint64_t now_ns);
std::vector<TaskLines> parse_tasks(std::string_view text);

// lab/log, and what a mount in the foreground says: as dmesg prints it, no newline.
std::string log_line_text(const LogLine& line);

// ---- pieces

std::vector<std::string> split_words(std::string_view text);  // separated by blanks of any kind
std::string_view take_line(std::string_view& text);           // off its beginning, without the newline
// `FIRST-LAST`, or one number that is both.
bool parse_span(std::string_view text, std::uint64_t& first, std::uint64_t& last);

}  // namespace mdscope
