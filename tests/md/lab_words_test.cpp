// The words of lab/ are read back as they were printed, and what was not printed by us is nothing.
//
// Goal: a mount that prints and a command or window that reads agree on every line. Method: print, parse, compare, for
// each class of values; and lines that are nearly right, cut off, too big or no text at all.
#include "engine/look/lab_words.hpp"

#include <doctest/doctest.h>

#include "engine/look/lab_rules.hpp"
#include "engine/md/bitmap/home.hpp"

namespace mdscope {

namespace {

// What a line becomes when one of its bytes is lost, doubled, or something else.
std::vector<std::string> damaged(const std::string& line) {
    std::vector<std::string> lines = {"", " ", line + " ", " " + line, line + "\r", line + " x"};
    for (std::size_t i = 0; i < line.size(); i++) {
        lines.push_back(line.substr(0, i));
        lines.push_back(line.substr(0, i) + line.substr(i + 1));
        for (const char other : {'\0', ' ', '-', '9', 'x', '\xff'})
            lines.push_back(line.substr(0, i) + other + line.substr(i));
    }
    return lines;
}

}  // namespace

// ---- tables

TEST_CASE("a word of a table is found again, and no other") {
    for (const char* kind : kBioKinds) CHECK(kBioKinds[*kBioKinds.find(kind)] == std::string(kind));
    for (const char* op : kBioOps) CHECK(kBioOps[*kBioOps.find(op)] == std::string(op));
    for (const char* home : kBitmapHomes) CHECK(kBitmapHomes[*kBitmapHomes.find(home)] == std::string(home));
    for (const char* word : {"", "dat", "data ", "Data", "?"}) CHECK_FALSE(kBioKinds.has(word));
    CHECK(kBioKinds[static_cast<BioKind>(200)] == std::string("?"));
    CHECK(listed(kBioKinds) == "data, superblock, bitmap, badblocks, resync");
    CHECK(listed(kBitmapHomes, " or ") == "external, internal, file or none");
    CHECK(bitmap_home("internal") == BitmapHome::Internal);
    CHECK(bitmap_home("./bits") == BitmapHome::File);
}

// ---- bios and tasks

TEST_CASE("lab/bios is read back as it was printed") {
    const std::vector<BioInfo> bios = {
        {7, "sda", BioKind::Bitmap, BioOp::Write, 8, 4096, true, 1'000'000'000},
        {~0ULL, "my disk", BioKind::BadBlocks, BioOp::Flush, ~Sector{0}, ~0U, false, 9'000'000'000}};
    const std::string text = bios_text(bios, 2'250'000'000);
    CHECK(text ==
          "id member kind op sector bytes where seconds\n7 sda bitmap write 8 4096 held 1.250\n"
          "18446744073709551615 my disk badblocks flush 18446744073709551615 4294967295 in-flight 0.000\n");
    const std::vector<BioLine> read = parse_bios(text);
    REQUIRE(read.size() == 2);
    CHECK(read[0].held);
    CHECK(read[0].kind == BioKind::Bitmap);
    CHECK(read[1].member == "my disk");
    for (std::size_t i = 0; i < 2; i++) CHECK(text.find(bio_line(read[i]) + "\n") != std::string::npos);
    for (const std::string& line : damaged(bio_line(read[0])))
        for (const BioLine& bio : parse_bios(line)) CHECK(bio_line(bio) == line);
    CHECK(parse_bios("7 sda bitmap write 8 4294967296 held 1.250\n7 sda bitmap write 8 4096 kept 1.250\n").empty());
}

TEST_CASE("lab/tasks is read back as it was printed") {
    const std::vector<SleepInfo> tasks = {{"mdmon",
                                           5,
                                           {"md_super_wait", "md_bitmap_flush"},
                                           "mddev->sb_wait",
                                           "mddev.pending_writes == 0",
                                           1'000'000'000},
                                          {"my [task]", 6, {}, nullptr, nullptr, 0}};
    const std::string text = tasks_text(tasks, 2'250'000'000);
    CHECK(text ==
          "mdmon[5] sleeps in mddev->sb_wait until mddev.pending_writes == 0, for 1.250 s\n    md_super_wait\n"
          "    md_bitmap_flush\nmy [task][6] running\n");
    const std::vector<TaskLines> read = parse_tasks(text);
    REQUIRE(read.size() == 2);
    CHECK(task_text(read[0]) + task_text(read[1]) == text);
    CHECK(read[0].is_in("md_super_wait"));
    CHECK_FALSE(read[0].is_in("md_super"));
    CHECK(read[1].comm == "my [task]");
    const std::string first = text.substr(0, text.find('\n'));
    for (const std::string& line : damaged(first))
        for (const TaskLines& task : parse_tasks(line)) CHECK(task_text(task) == line + "\n");
    CHECK(parse_tasks("garbage\n    do_md_stop\n").empty());
}

// ---- rules

TEST_CASE("a rule is read back as it was printed") {
    const std::vector<std::vector<BioKind>> some_kinds = {{}, {BioKind::Bitmap}, {BioKind::Resync, BioKind::Data}};
    for (const auto& kinds : some_kinds)
        for (const char* member : {"", "sdb"}) {
            const HoldRule hold{kinds, member};
            if (!rule_text(hold).empty()) CHECK(parse_hold_rule(rule_text(hold)) == hold);
            for (const std::uint64_t ms : {0ULL, 20ULL, 3'600'000ULL}) {
                const DelayRule delay{member, ms, kinds};
                CHECK(parse_delay_rule(rule_text(delay)) == delay);
            }
            for (const BioOp op : kFailingOps)
                for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{3}, ~std::uint64_t{0}}) {
                    const FailRule fail{member, op, kinds, number, ~number, number / 2, number};
                    CHECK(parse_fail_rule(rule_text(fail)) == fail);
                }
        }
    for (const ReleaseOrder& order : {ReleaseOrder{}, ReleaseOrder{0}, ReleaseOrder{~std::uint64_t{0}}})
        CHECK(parse_release(release_text(order)) == order);
}

TEST_CASE("rules as people write them") {
    CHECK(parse_hold_rule(" bitmap\tsuperblock  sdb\n") == HoldRule{{BioKind::Bitmap, BioKind::Superblock}, "sdb"});
    CHECK(parse_hold_rule("sdb") == HoldRule{{}, "sdb"});
    CHECK(parse_delay_rule("all 5") == DelayRule{"", 5, {}});
    CHECK(parse_fail_rule("sda read count 1 data skip 3 sectors 7") ==
          FailRule{"sda", BioOp::Read, {BioKind::Data}, 3, 1, 7, 7});
    CHECK(rule_text(FailRule{"sda", BioOp::Read, {}, 3, 1}) == "sda read skip 3 count 1");
    CHECK(fail_text({.member = "all", .op = "write", .count = "x"}) == "all write count x");
    CHECK(parse_hold_rules("bitmap sdb\nwhat is this\nsuperblock\noff\n").size() == 2);
    CHECK(rules_file({}) == "off\n");
    CHECK(rules_file({"sda 5", "sdb 6"}) == "sda 5\nsdb 6\n");
    for (const char* text : {"", "off", "off\n", "\n"}) CHECK_FALSE(has_rules(text));
    CHECK(has_rules("offside"));
}

TEST_CASE("a rule that makes no sense is none") {
    for (const char* line : {"", " ", "off", "bitmap sdb data", "sda sdb"}) CHECK_FALSE(parse_hold_rule(line));
    for (const char* line : {"", "sda", "sda x", "sda -5", "sda 5 sdb", "sda 3600001", "sda 5 bitmap x", "sda 5.0"})
        CHECK_FALSE(parse_delay_rule(line));
    for (const char* line : {"", "sda", "sda explode", "sda discard", "sda read skip", "sda read skip x",
                             "sda read sectors 5-4", "sda read sectors -", "sda read bogus 1", "sda read count -1"})
        CHECK_FALSE(parse_fail_rule(line));
    for (const char* line : {"", "x", "-1", "all all", "1 2", "18446744073709551616"}) CHECK_FALSE(parse_release(line));
}

}  // namespace mdscope
