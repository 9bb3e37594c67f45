// SPDX-License-Identifier: MIT
// lab/snapshot, lab/mddev and lab/chunks.
//
// Goal: the window can live on the snapshot: it shows what the array is, fits into 64 KiB whatever happens, is made
// while everything sleeps, and its decoder survives any text. Method: arrays driven through sysfs on a simulated
// kernel.
#include "engine/look/snapshot.hpp"

#include "engine/look/lab_chunks.hpp"
#include "engine/look/lab_words.hpp"
#include "tests/md/sysfs_lab.hpp"

namespace mdscope::sysfs_test {

namespace {

Snapshot through_json(const Snapshot& snapshot) {
    const auto decoded = snapshot_from_json(snapshot_to_json(snapshot));
    REQUIRE_MESSAGE(static_cast<bool>(decoded), (decoded ? "" : decoded.error().text));
    return *decoded;
}

}  // namespace

TEST_CASE("a running array is in its snapshot, before and after the JSON") {
    SysfsLab lab;
    lab.external().start();
    CHECK(lab.write(3) == 0);
    CHECK(lab.write(40) == 0);
    for (const Snapshot& shot : {take_snapshot(lab.mddev, {}), through_json(take_snapshot(lab.mddev, {}))}) {
        CHECK(shot.array.name == "md1");
        CHECK(shot.array.state == "active");
        CHECK(shot.array.metadata == "external:lab");
        CHECK(shot.array.level == "raid1");
        CHECK(shot.array.pending_writes == 0);
        CHECK(shot.array.recovery_cp == MaxSector);
        CHECK(shot.recovery.action == "idle");
        REQUIRE(shot.members.size() == 2);
        CHECK(shot.members[0].name == "sdb");
        CHECK(shot.members[0].bound);
        CHECK(shot.members[1].slot == 0);
        REQUIRE(shot.bitmap.has_value());
        CHECK(shot.bitmap->home == "external");
        CHECK(shot.bitmap->chunks == 60);
        CHECK(shot.bitmap->idle == 2);
        CHECK(shot.bitmap->clean == 58);
        CHECK(shot.bitmap->cells.size() == 60);
        CHECK(shot.bitmap->cells[3] == '2');
        CHECK(shot.bitmap->cells[40] == '2');
        CHECK(shot.bitmap->cells[4] == '.');
        CHECK(shot.variants.name("fix") == "upstream");
        CHECK(!shot.oops.has_value());
    }
}

TEST_CASE("a writer that waits is shown with its stack, its queue and its condition") {
    SysfsLab lab;
    lab.external().start();
    lab.begin_write(0);
    lab.settle();
    const Snapshot shot = through_json(take_snapshot(lab.mddev, {}));
    CHECK(shot.array.state == "write-pending");
    CHECK(shot.array.sb_flags == std::vector<std::string>{"CHANGE_PENDING"});
    const SnapshotTask* writer = nullptr;
    for (const SnapshotTask& task : shot.tasks)
        if (task.comm == "dd") writer = &task;
    REQUIRE(writer != nullptr);
    CHECK(writer->queue == "mddev->sb_wait");
    CHECK(writer->condition.find("MD_SB_CHANGE_PENDING") != std::string::npos);
    REQUIRE(!writer->stack.empty());
    CHECK(writer->stack.front() == "md_write_start");
}

TEST_CASE("a stopped array has a snapshot, too") {
    SysfsLab lab;
    const Snapshot shot = through_json(take_snapshot(lab.mddev, {}));
    CHECK(shot.array.state == "clear");
    CHECK(shot.members.empty());
    CHECK(!shot.bitmap.has_value());
}

TEST_CASE("however much there is to say, it is at most 64 KiB, and the totals tell what is left out") {
    SysfsLab lab;
    lab.external().start();
    const BioInfo bio{1, std::string(200, '\xff'), BioKind::Bitmap, BioOp::Write, 8, 4096, true, 0};
    Snapshot shot = take_snapshot(lab.mddev, std::vector<BioInfo>(1000, bio));
    CHECK(shot.bios.size() == Snapshot::kMaxBios);
    SnapshotTask task{"fuse", 1, std::vector<std::string>(24, std::string(60, 'f')), "queue", std::string(500, 'c'), 0};
    shot.tasks.assign(Snapshot::kMaxTasks, task);
    shot.tasks_total = 500;
    const std::string text = snapshot_to_json(shot);
    CHECK(text.size() <= Snapshot::kMaxBytes);
    const auto decoded = snapshot_from_json(text);
    REQUIRE(static_cast<bool>(decoded));
    CHECK(decoded->bios_total == 1000);
    CHECK(decoded->tasks_total == 500);
    CHECK(decoded->tasks.size() < 500);
}

TEST_CASE("a large bitmap is summarised in at most 256 cells, the strongest of each cell") {
    SysfsLab lab;
    lab.external(false);
    CHECK(lab.store("bitmap/metadata", "external") == 0);
    CHECK(lab.store("bitmap/chunksize", "4096") == 0);
    CHECK(lab.store("bitmap/time_base", "1") == 0);
    CHECK(lab.store("bitmap/location", "+8") == 0);
    lab.start();
    CHECK(lab.write(59) == 0);
    const Snapshot shot = take_snapshot(lab.mddev, {});
    REQUIRE(shot.bitmap.has_value());
    CHECK(shot.bitmap->chunks == 15360);
    CHECK(shot.bitmap->chunks_per_cell == 60);
    CHECK(shot.bitmap->cells.size() == 256);
    CHECK(shot.bitmap->cells[15104 / 60] == '2');
    CHECK(shot.bitmap->clean == 15359);
}

TEST_CASE("no text makes the decoder do anything but refuse it") {
    for (const char* text :
         {"", "null", "[]", "{}", "{\"version\": 2}", "{\"version\": \"1\"}", "{\"version\": 1, \"array\": 3}",
          "{\"version\": 1, \"members\": {}}", "{\"version\": 1, \"members\": [[]]}", "{\"version\": 1, \"bitmap\": 7}",
          "{\"version\": 1, \"tasks\": [{\"stack\": 5}]}", "{\"version\": 1"})
        CHECK_MESSAGE(!snapshot_from_json(text), text);
    CHECK(!snapshot_from_json(std::string(100'000, '[')));
    CHECK(!snapshot_from_json(std::string(2 << 20, ' ')));
    SUBCASE("and what is missing or unknown is not an error") {
        CHECK(static_cast<bool>(
            snapshot_from_json("{\"version\": 1, \"news\": [1, 2], \"array\": {\"name\": \"md0\"}}")));
    }
}

TEST_CASE("every byte of a good text can be changed without harm") {
    SysfsLab lab;
    lab.external().start();
    const std::string good = snapshot_to_json(take_snapshot(lab.mddev, {}));
    for (std::size_t at = 0; at < good.size(); at++)
        for (const char byte : {'\0', '"', '{', '9', '\xff'}) {
            std::string bad = good;
            bad[at] = byte;
            (void)snapshot_from_json(bad);
        }
}

TEST_CASE("lab/mddev prints the struct as crash does") {
    SysfsLab lab;
    lab.external().start();
    const std::string text = mddev_struct_text(lab.mddev);
    CHECK(text.starts_with("struct mddev {\n  name = \"md1\",\n  pers = raid1,\n"));
    CHECK(text.find("  pending_writes = {\n    counter = 0\n  },\n}\n") != std::string::npos);
    CHECK(text.find("struct bitmap {\n") != std::string::npos);
    CHECK(text.find("struct md_rdev {\n  bdev = \"sda\",\n  path = \"\",\n  mddev = md1,\n") != std::string::npos);
}

TEST_CASE("lab/mddev is read back, field by field") {
    SysfsLab lab;
    lab.external().start();
    const std::string text = mddev_struct_text(lab.mddev);
    auto structs = parse_mddev_struct(text);
    REQUIRE(structs.size() == 4);
    CHECK(structs[0].first == "mddev");
    CHECK(structs[0].second.at("name") == "md1");
    CHECK(structs[0].second.at("pending_writes.counter") == "0");
    CHECK(structs[0].second.at("bitmap_info.offset") == "8");
    CHECK(structs[0].second.at("bitmap_info.file").empty());
    CHECK(structs[1].first == "bitmap");
    CHECK(structs[2].first == "md_rdev");
    CHECK(structs[2].second.at("bdev") == "sdb");  // the newest first
    std::size_t fields = 0, lines = 0;
    for (const auto& [name, of_struct] : structs) fields += of_struct.size();
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        lines += line.find(" = ") != std::string_view::npos && !line.ends_with(" = {") ? 1 : 0;
    }
    CHECK(fields == lines);
    for (std::size_t i = 0; i <= text.size(); i++) CHECK(parse_mddev_struct(text.substr(i)).size() <= 4);
    for (const char* odd :
         {"struct {", "struct  {", "struct \n = {\n", " = \n    = x\n", "struct a {\n = {\n},\n = \"\n"})
        CHECK(parse_mddev_struct(odd).size() <= 1);
}

TEST_CASE("lab/chunks prints a range, one line a chunk") {
    SysfsLab lab;
    CHECK(chunks_text(lab.mddev, 0, 10).empty());
    lab.external().start();
    CHECK(lab.write(1) == 0);
    CHECK(chunks_text(lab.mddev, 0, 2) == "0 0x0000 -- 0 0 clean\n1 0x0002 -- 2 1 idle\n");
    CHECK(chunks_text(lab.mddev, 59, 100) == "59 0x0000 -- 0 0 clean\n");
    CHECK(chunks_text(lab.mddev, 60, 1).empty());
}

}  // namespace mdscope::sysfs_test
