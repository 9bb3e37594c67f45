// SPDX-License-Identifier: MIT
// The words of lab/ are read back as they were printed, and what was not printed by us is nothing.
//
// Goal: a mount that prints and a command or window that reads agree on every line. Method: print, parse, compare, for
// each class of values; and lines that are nearly right, cut off, too big or no text at all.
#include "engine/look/lab_words.hpp"

#include "engine/look/lab_chunks.hpp"
#include "engine/look/lab_rules.hpp"
#include "engine/md/bitmap/home.hpp"
#include "tests/md/sysfs_lab.hpp"

namespace mdscope {

using sysfs_test::SysfsLab;

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

// ---- chunks

TEST_CASE("each counter is printed as one line of lab/chunks and read back") {
    std::string text;
    for (unsigned counter = 0; counter <= 0xffff; counter++) {
        const ChunkRow row{
            .chunk = counter * 7ULL, .counter = static_cast<std::uint16_t>(counter), .bit = counter % 2 == 1};
        if (const auto read = parse_chunk_line(chunk_line(row)); !read || *read != row) FAIL(chunk_line(row));
        text += chunk_line(row) + "\n";
    }
    CHECK(parse_chunks(text).size() == 0x10000);
}

TEST_CASE("a line of lab/chunks says what its counter says") {
    const auto line = [](std::uint16_t counter) { return chunk_line({.chunk = 5, .counter = counter, .bit = true}); };
    CHECK(line(0) == "5 0x0000 -- 0 1 clean");
    CHECK(line(1) == "5 0x0001 -- 1 1 idle for a period");
    CHECK(line(2) == "5 0x0002 -- 2 1 idle");
    CHECK(line(3) == "5 0x0003 -- 3 1 1 write");
    CHECK(line(0x3fff) == "5 0x3fff -- 16383 1 16381 writes");
    CHECK(line(0x4000) == "5 0x4000 -R 0 1 resync");
    CHECK(line(0x8002) == "5 0x8002 N- 2 1 needed, idle");
    CHECK(line(0xc004) == "5 0xc004 NR 4 1 needed, resync, 2 writes");
}

TEST_CASE("what is no line of lab/chunks is left out") {
    const std::string good = chunk_line({.chunk = 12, .counter = 0x8003, .bit = true});
    CHECK(parse_chunk_line(good));
    for (const std::string& line : damaged(good))
        if (const auto row = parse_chunk_line(line)) CHECK(chunk_line(*row) == line);  // another line, and a right one
    for (const char* line :
         {"chunk counter flags count bit words", "no bitmap", "5 3 NEEDED,RESYNC 1", "5 0x10003 -- 3 1 1 write",
          "5 0x0003 N- 3 1 1 write", "5 0x0003 -- 4 1 1 write", "5 0x0003 -- 3 2 1 write", "-5 0x0003 -- 3 1 1 write",
          "5 0x3 -- 3 1 1 write", "18446744073709551616 0x0000 -- 0 0 clean"})
        CHECK_FALSE(parse_chunk_line(line));
    CHECK(parse_chunks("heading\n" + good + "\n\n" + good).size() == 2);
}

TEST_CASE("a range of lab/chunks is read back as it was written") {
    for (const ChunkRange& range :
         {ChunkRange{}, ChunkRange{0, 0, true}, ChunkRange{4, 6, true}, ChunkRange{0, ~std::uint64_t{0}, true}})
        CHECK(parse_chunk_range(chunk_range_text(range)) == range);
    CHECK(parse_chunk_range("7") == ChunkRange{7, 7, true});
    for (const char* text : {"", "-", "9-3", "1-", "-1", "1-2-3", "x", "all ", "0x1", "1 - 2", "18446744073709551616"})
        CHECK_FALSE(parse_chunk_range(text));
}

TEST_CASE("lab/chunks shows what is not clean, or all of a range; and says when there is no bitmap") {
    SysfsLab lab;
    CHECK(chunks_file(lab.mddev, {}) == "no bitmap\n");
    lab.external().start();
    CHECK(lab.write(1) == 0);
    const std::string heading = "chunk counter flags count bit words\n", written = "1 0x0002 -- 2 1 idle\n";
    CHECK(chunks_file(lab.mddev, {}) == heading + written);
    CHECK(chunks_file(lab.mddev, {1, 2, true}) == heading + written + "2 0x0000 -- 0 0 clean\n");
    CHECK(parse_chunks(chunks_file(lab.mddev, {0, ~std::uint64_t{0}, true})).size() == 60);
    CHECK(chunks_file(lab.mddev, {60, 70, true}) == heading);
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
