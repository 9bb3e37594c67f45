// SPDX-License-Identifier: MIT
// `mdscope create`: what is on disk afterwards in each home, what is refused, and that a failure leaves nothing behind.
#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "engine/host/host.hpp"
#include "engine/md/format/bytes.hpp"
#include "engine/mdadm/array.hpp"
#include "engine/mdadm/create_plan.hpp"
#include "engine/mdadm/examine.hpp"
#include "tests/scratch.hpp"

namespace mdscope {
namespace {

namespace fs = std::filesystem;
using testing::read_bytes;
using testing::ScratchFolder;

CreateOptions options_for(const ScratchFolder& scratch, const std::string& bitmap) {
    CreateOptions options;
    options.lab = scratch / "lab";
    options.bitmap = bitmap;
    return options;
}

std::string refusal(const CreateOptions& options) {
    const Result<CreateReport> report = create_lab(options);
    return report ? "" : report.error().text;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Examination examine(const std::string& path) {
    Result<Examination> examination = examine_image(path);
    REQUIRE(examination);
    return *examination;
}

TEST_CASE("an external lab: labels, empty bits, and a sidecar that says clean") {
    const ScratchFolder scratch;
    const Result<CreateReport> report = create_lab(options_for(scratch, "external"));
    REQUIRE(report);
    CHECK(report->images == std::vector<std::string>{scratch / "lab/sda.img", scratch / "lab/sdb.img"});
    CHECK(scratch.names("lab") ==
          std::vector<std::string>{"container.json", "container.json.new", "sda.img", "sdb.img"});
    CHECK(report->text.find("container.json.new is its spare, and stays") != std::string::npos);
    const Result<Container> container = container_from_json(testing::read_text(scratch / "lab/container.json"));
    REQUIRE(container);
    CHECK(container->generation == 1);
    CHECK_FALSE(container->dirty);
    CHECK(container->resync_start == ~Sector{0});
    CHECK(container->raid_disks == 2);
    CHECK(container->size == 129024);
    CHECK(container->data_offset == 2048);
    CHECK(container->bitmap_offset == 8);
    CHECK(container->bitmap_chunk == 65536);
    CHECK(container->bitmap_daemon_sleep_ms == 5000);
    for (unsigned slot = 0; slot < 2; slot++) {
        const auto sector = read_bytes(report->images[slot], 0, 512);
        const Result<LabLabel> label = decode_label(sector);
        REQUIRE(label);
        CHECK(label->set_uuid == container->uuid);
        CHECK(label->member_uuid == container->members[slot].uuid);
        CHECK(label->slot == slot);
        CHECK(label->generation == 1);
        CHECK(label->data_offset == 2048);
        CHECK(label->data_size == 129024);
        CHECK(container->members[slot].state == "in_sync");
        CHECK(fs::file_size(report->images[slot]) == 64 << 20);
        const auto rest = read_bytes(report->images[slot], 512, 1 << 20);
        CHECK(std::all_of(rest.begin(), rest.end(), [](std::byte b) { return b == std::byte{0}; }));
    }
    CHECK(container->members[0].uuid != container->members[1].uuid);
    const Examination examined = examine(report->images[0]);
    REQUIRE(examined.bits);
    CHECK(examined.bits->total == 1008);
    CHECK(examined.bits->dirty == 0);
    CHECK(contains(examination_text(examined), "slot 0, in_sync"));
}

TEST_CASE("an internal bitmap: as mdadm --create --assume-clean leaves it, in each version") {
    for (const char* metadata : {"1.0", "1.1", "1.2"}) {
        CAPTURE(metadata);
        const ScratchFolder scratch;
        CreateOptions options = options_for(scratch, "internal");
        options.metadata = metadata;
        options.write_mostly = {"sdb"};
        const Result<CreateReport> report = create_lab(options);
        REQUIRE(report);
        CHECK(scratch.names("lab") == std::vector<std::string>{"sda.img", "sdb.img"});
        for (unsigned number = 0; number < 2; number++) {
            const Examination examined = examine(report->images[number]);
            REQUIRE(examined.super);
            CHECK(examined.super->refused == "");
            const Superblock1& sb = examined.super->sb;
            CHECK("1." + std::to_string(examined.super->minor_version) == metadata);
            CHECK(sb.feature_map == MD_FEATURE_BITMAP_OFFSET);
            CHECK(sb.set_name == "mdscope:lab");
            CHECK(sb.events == 0);
            CHECK(sb.resync_offset == ~0ULL);
            CHECK(sb.role() == number);
            CHECK(sb.devflags == (number == 1 ? 1 : 0));
            CHECK(sb.size == (options.metadata == "1.0" ? 130944 : 129024));
            CHECK(sb.bitmap_offset == (options.metadata == "1.0" ? -16 : 8));
            CHECK(sb.utime == sb.ctime);
            REQUIRE(examined.bitmap);
            CHECK(examined.bitmap->uuid == sb.set_uuid);
            CHECK(examined.bitmap->events == 0);
            CHECK(examined.bitmap->sync_size == sb.size);
            CHECK(examined.bitmap->chunksize == 65536);
            CHECK(examined.bitmap->daemon_sleep == 5);
            CHECK(examined.bitmap->sectors_reserved == 0);
            const std::uint64_t at = (sb.super_offset + static_cast<Sector>(std::int64_t{sb.bitmap_offset})) * 512;
            const auto bitmap = read_bytes(report->images[number], at + 256, 4096 - 256 + 1);
            CHECK(std::all_of(bitmap.begin(), bitmap.end() - 1, [](std::byte b) { return b == std::byte{0xff}; }));
            CHECK(bitmap.back() == std::byte{0});  // up to the boundary and no further
        }
        CHECK(examine(report->images[0]).super->sb.set_uuid == examine(report->images[1]).super->sb.set_uuid);
        CHECK(examine(report->images[0]).super->sb.device_uuid != examine(report->images[1]).super->sb.device_uuid);
    }
}

TEST_CASE("no bitmap, and a bitmap file: the superblock does not mention one") {
    const ScratchFolder scratch;
    REQUIRE(create_lab(options_for(scratch, "none")));
    CHECK(examine(scratch / "lab/sda.img").super->sb.feature_map == 0);
    CHECK_FALSE(examine(scratch / "lab/sda.img").bitmap);

    CreateOptions options = options_for(scratch, scratch / "bits");
    options.lab = scratch / "other";
    const Result<CreateReport> report = create_lab(options);
    REQUIRE(report);
    CHECK(examine(report->images[0]).super->sb.feature_map == 0);
    CHECK(fs::file_size(scratch / "bits") == 256 + 126);  // 1008 bits
    const Examination file = examine(scratch / "bits");
    CHECK(file.bitmap->uuid == examine(report->images[0]).super->sb.set_uuid);
    CHECK(file.bits->total == 1008);
    CHECK(file.bits->dirty == 1008);
    CHECK(contains(report->text, "mdscope mount --bitmap " + (scratch / "bits")));

    options.lab = scratch / "third";
    options.bitmap = scratch / "mdadm-bits";
    options.chunk = 0;
    REQUIRE(create_lab(options));
    CHECK(examine(scratch / "mdadm-bits").bitmap->chunksize == 4096);
}

TEST_CASE("the chunk is doubled until its bits fit") {
    struct Row {
        const char* bitmap;
        std::uint64_t size, asked, chunk;
    };
    const ScratchFolder scratch;
    const Row rows[] = {
        {"internal", 64ULL << 20, 64 << 10, 64 << 10}, {"internal", 64ULL << 20, 512, 4096},
        {"internal", 20ULL << 30, 4096, 64 << 10},     {"internal", 200ULL << 30, 64 << 10, 512 << 10},
        {"internal", 2ULL << 40, 64 << 10, 4 << 20},   {"internal", 64ULL << 20, 0, 64 << 20},
        {"external", 64ULL << 20, 512, 512},           {"external", 2ULL << 40, 512, 2048},
        {"external", 64ULL << 20, 0, 64 << 20},
    };
    for (const Row& row : rows) {
        CAPTURE(row.bitmap);
        CAPTURE(row.size);
        CreateOptions options = options_for(scratch, row.bitmap);
        options.size_bytes = row.size;
        options.chunk = row.asked;
        const Result<LabPlan> plan = plan_lab(options);
        REQUIRE(plan);
        if (options.bitmap == "external") {
            const auto& bytes = plan->files.back().pieces[0].bytes;
            const std::string json(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            const Result<Container> container = container_from_json(json);
            REQUIRE(container);
            CHECK(container->bitmap_chunk == row.chunk);
        } else {
            CHECK(get_le<std::uint32_t>(plan->files[0].pieces[1].bytes, 52) == row.chunk);
        }
        CHECK(contains(plan->text, "did not fit") == (row.asked != 0 && row.asked != row.chunk));
    }
}

TEST_CASE("every size that is accepted gives a sidecar that is accepted") {
    const ScratchFolder scratch;
    for (std::uint64_t size = 1088 << 10; size < 1ULL << 50; size += size / 3 / 512 * 512) {
        CAPTURE(size);
        CreateOptions options = options_for(scratch, "external");
        options.size_bytes = size;
        options.members = 8;
        const Result<LabPlan> plan = plan_lab(options);
        REQUIRE(plan);
        const auto& bytes = plan->files.back().pieces[0].bytes;
        REQUIRE(container_from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    }
}

TEST_CASE("options that cannot be are refused, with what to do") {
    const ScratchFolder scratch;
    const auto with = [&scratch](auto&& change) {
        CreateOptions options = options_for(scratch, "internal");
        change(options);
        const std::string text = refusal(options);
        CHECK_FALSE(fs::exists(scratch / "lab"));
        return text;
    };
    CHECK(with([](auto& o) { o.members = 1; }) == "1 members are not possible; a lab has 2 to 8.");
    CHECK(with([](auto& o) { o.members = 9; }) == "9 members are not possible; a lab has 2 to 8.");
    CHECK(with([](auto& o) { o.size_bytes = 1000; }) == "A size of 1000 bytes is not a multiple of 512 (one sector).");
    CHECK(with([](auto& o) { o.size_bytes = 1 << 20; }) ==
          "Members of 1M are too small: beside the metadata at least 64K must be left for data. Use 1088K or more.");
    CHECK(with([](auto& o) { o.size_bytes = 0; }).find("Members of 0 bytes are too small") == 0);
    CHECK(with([](auto& o) {
              o.size_bytes = 40 << 10;
              o.metadata = "1.0";
          }).find("Use 80K or more.") != std::string::npos);
    CHECK(with([](auto& o) { o.size_bytes = 1ULL << 63; }) ==
          "18014398509481984 sectors are more than a file can have.");
    for (const std::string home : {"internal", "external", "./bits"})
        CHECK(with([&home](auto& o) {
                  o.size_bytes = 7ULL << 60;
                  o.bitmap = home;
              }).find("Members of 7E are too large for a bitmap here") == 0);
    CHECK(with([](auto& o) { o.bitmap = "extrenal"; }).find("There is no bitmap home 'extrenal'.") == 0);
    CHECK(with([](auto& o) { o.bitmap = ""; }).find("There is no bitmap home ''.") == 0);
    CHECK(with([](auto& o) { o.metadata = "0.90"; }).find("There is no metadata version '0.90'.") == 0);
    CHECK(with([](auto& o) {
              o.bitmap = "external";
              o.metadata = "1.0";
          }).find("A lab with an external bitmap has metadata external:lab") == 0);
    CHECK(with([](auto& o) { o.chunk = 65537; }).find("A bitmap chunk of 65537 bytes is not possible") == 0);
    CHECK(with([](auto& o) { o.chunk = 1ULL << 32; }).find("A bitmap chunk of 4G is not possible") == 0);
    CHECK(with([](auto& o) { o.daemon_sleep_ms = 0; }).find("A daemon period of 0 ms is not possible") == 0);
    CHECK(with([](auto& o) { o.daemon_sleep_ms = 1500; }).find("whole seconds") != std::string::npos);
    CHECK(with([](auto& o) { o.write_mostly = {"sdc"}; }) ==
          "There is no member 'sdc' to be write-mostly; the members are sda to sdb.");
    CHECK(with([](auto& o) { o.name = std::string(32, 'x'); }).find("An array's name has 1 to 31 bytes") == 0);
    CHECK(with([](auto& o) { o.name = "a\nb"; }).find("An array's name has 1 to 31 bytes") == 0);
    CHECK(with([](auto& o) { o.lab = ""; }) == "Name the folder of the lab.");
}

TEST_CASE("a name that leaves no room for the host stands alone, as with mdadm") {
    const ScratchFolder scratch;
    CreateOptions options = options_for(scratch, "none");
    options.name = std::string(24, 'x');
    REQUIRE(create_lab(options));
    CHECK(examine(scratch / "lab/sda.img").super->sb.set_name == options.name);
}

// ---- nothing of somebody else's is lost

TEST_CASE("images that hold something are not overwritten without force") {
    struct Row {
        const char* what;
        std::uint64_t offset;
        std::vector<std::byte> bytes;
    };
    std::vector<std::byte> super0(8);
    put_le<std::uint32_t>(super0, 0, MD_SB_MAGIC);
    std::vector<std::byte> super1 = super0;
    put_le<std::uint32_t>(super1, 4, 1);
    const auto text = [](const std::string& s) {
        std::vector<std::byte> bytes;
        for (const char c : s) bytes.push_back(static_cast<std::byte>(c));
        return bytes;
    };
    const Row rows[] = {
        {"an md superblock of version 0.90", 204672 * 512, super0},
        {"an md superblock of version 1.0", 204784 * 512, super1},
        {"an md superblock of version 1.1", 0, super1},
        {"an md superblock of version 1.2", 4096, super1},
        {"the label of an external:lab member", 0, text("mdscope!")},
        {"an ext2, ext3 or ext4 file system", 0x438, text("\x53\xef")},
        {"an XFS file system", 0, text("XFSB")},
        {"data (first at byte 1048576)", 1 << 20, text("x")},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const ScratchFolder scratch;
        CreateOptions options = options_for(scratch, "external");
        fs::create_directory(options.lab);
        testing::make_sparse(scratch / "lab/sdb.img", 204800 * 512);
        testing::write_bytes(scratch / "lab/sdb.img", row.offset, row.bytes);
        const std::string why = refusal(options);
        CHECK(why.find((scratch / "lab/sdb.img") + " exists and holds " + row.what) == 0);
        CHECK(contains(why, "--force"));
        CHECK(scratch.names("lab") == std::vector<std::string>{"sdb.img"});
        CHECK(read_bytes(scratch / "lab/sdb.img", row.offset, row.bytes.size()) == row.bytes);
        options.force = true;
        CHECK(refusal(options) == "");
        CHECK(fs::file_size(scratch / "lab/sdb.img") == 64 << 20);
        CHECK(scratch.names("lab") ==
              std::vector<std::string>{"container.json", "container.json.new", "sda.img", "sdb.img"});
    }
}

TEST_CASE("a blank image may be taken") {
    const ScratchFolder scratch;
    CreateOptions options = options_for(scratch, "internal");
    fs::create_directory(options.lab);
    testing::make_sparse(scratch / "lab/sda.img", 1 << 20);
    testing::make_sparse(scratch / "lab/sdb.img", 0);
    CHECK(refusal(options) == "");
    CHECK(fs::file_size(scratch / "lab/sda.img") == 64 << 20);
}

TEST_CASE("a second create in the same folder is refused; with force it leaves no old sidecar") {
    const ScratchFolder scratch;
    CreateOptions options = options_for(scratch, "external");
    options.members = 3;
    REQUIRE(create_lab(options));
    CHECK(contains(refusal(options), "exists and holds the label of an external:lab member"));
    for (const char* image : {"lab/sda.img", "lab/sdb.img", "lab/sdc.img"}) fs::remove(scratch / image);
    CHECK(contains(refusal(options), "container.json exists"));
    options.force = true;
    REQUIRE(create_lab(options));
    options.bitmap = "internal";
    options.members = 2;
    const Result<CreateReport> report = create_lab(options);
    REQUIRE(report);
    CHECK(scratch.names("lab") == std::vector<std::string>{"sda.img", "sdb.img", "sdc.img"});
    CHECK(contains(report->text, "lab/sdc.img is not a member of this array"));
}

TEST_CASE("what is no plain file, or is in use, is refused even with force") {
    const ScratchFolder scratch;
    CreateOptions options = options_for(scratch, "internal");
    options.force = true;
    fs::create_directory(options.lab);
    testing::write_text(scratch / "precious", "data");
    fs::create_symlink(scratch / "precious", scratch / "lab/sda.img");
    CHECK(contains(refusal(options), "sda.img exists and is not a plain file"));
    fs::remove(scratch / "lab/sda.img");
    REQUIRE(mkfifo((scratch / "lab/sda.img").c_str(), 0600) == 0);
    CHECK(contains(refusal(options), "sda.img exists and is not a plain file"));
    fs::remove(scratch / "lab/sda.img");
    testing::make_sparse(scratch / "lab/sda.img", 1 << 20);
    std::FILE* held = std::fopen((scratch / "lab/sda.img").c_str(), "r+");
    REQUIRE(held != nullptr);
    REQUIRE(flock(fileno(held), LOCK_EX) == 0);
    CHECK(contains(refusal(options), "sda.img is in use"));
    std::fclose(held);
    CHECK(testing::read_text(scratch / "precious") == "data");
    CHECK(refusal(options) == "");
}

TEST_CASE("a lab at which somebody else is at work is refused, and left to them") {
    const ScratchFolder scratch;
    const CreateOptions options = options_for(scratch, "external");
    fs::create_directory(options.lab);
    {
        const Result<FolderLock> other = FolderLock::take(options.lab);
        REQUIRE(other);
        CHECK(contains(refusal(options), "another mdscope is at work on"));
        CHECK(fs::is_empty(options.lab));
    }
    CHECK(refusal(options) == "");
}

TEST_CASE("a bitmap file that exists, is an image, or has no folder is refused") {
    const ScratchFolder scratch;
    CreateOptions options = options_for(scratch, scratch / "bits");
    testing::write_text(scratch / "bits", "not yours");
    CHECK(contains(refusal(options), "bits exists and holds data"));
    CHECK(testing::read_text(scratch / "bits") == "not yours");
    CHECK_FALSE(fs::exists(options.lab));
    options.bitmap = scratch / "lab/./sda.img";
    CHECK(contains(refusal(options), "cannot be two files of the lab at once"));
    options.bitmap = scratch / "no/such/folder/bits";
    CHECK(contains(refusal(options), "No such file or directory"));
    CHECK_FALSE(fs::exists(options.lab));
}

TEST_CASE("a lab path that is a file is refused; folders above a new lab are made, and go again on failure") {
    const ScratchFolder scratch;
    CreateOptions options = options_for(scratch, "external");
    testing::write_text(options.lab, "a file");
    CHECK(contains(refusal(options), "lab exists and is not a folder"));
    options.lab = scratch / "a/b/c/";
    CHECK(refusal(options) == "");
    CHECK(scratch.names("a/b/c") ==
          std::vector<std::string>{"container.json", "container.json.new", "sda.img", "sdb.img"});
    options.lab = scratch / "d/e";
    options.bitmap = scratch / "no/bits";
    CHECK(refusal(options) != "");
    CHECK_FALSE(fs::exists(scratch / "d"));
}

// The one failure that can be had anywhere: files larger than allowed.
struct FileSizeLimit {
    explicit FileSizeLimit(rlim_t bytes) {
        getrlimit(RLIMIT_FSIZE, &before);
        rlimit limit = before;
        limit.rlim_cur = bytes;
        handler = std::signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, handler);
    }
    rlimit before{};
    void (*handler)(int);
};

TEST_CASE("a failure half-way leaves what was there, and nothing else") {
    const ScratchFolder scratch;
    CreateOptions options = options_for(scratch, "external");
    fs::create_directory(options.lab);
    testing::write_text(scratch / "lab/notes.txt", "mine");
    {
        const FileSizeLimit limit(1 << 20);
        const std::string why = refusal(options);
        CHECK(contains(why, "File too large"));
        CHECK(contains(why, "Nothing was created."));
    }
    CHECK(scratch.names("lab") == std::vector<std::string>{"notes.txt"});
    options.lab = scratch / "new";
    {
        const FileSizeLimit limit(1 << 20);
        CHECK(refusal(options) != "");
    }
    CHECK_FALSE(fs::exists(options.lab));
}

TEST_CASE("what is made is for its owner alone, and replaced by force without another name being left") {
    for (const char* home : {"external", "internal"}) {
        const ScratchFolder scratch;
        CreateOptions options = options_for(scratch, home);
        for (const bool force : {false, true}) {
            options.force = force;
            REQUIRE(create_lab(options));
            const std::vector<std::string> names = scratch.names("lab");
            CHECK(names.size() == (home == std::string("external") ? 4 : 2));
            for (const std::string& name : names)
                CHECK(fs::status(options.lab + "/" + name).permissions() ==
                      (fs::perms::owner_read | fs::perms::owner_write));
        }
    }
}

// Whoever is killed before it has a name leaves nothing.
TEST_CASE("a new file has no name until it is given one") {
    const ScratchFolder scratch;
    {
        Result<HostFile> file = HostFile::create_unnamed(scratch.path());
        REQUIRE(file);
        CHECK(file->set_size(4096) == 0);
        CHECK_FALSE(file->has_name());
    }
    CHECK(scratch.names().empty());
    Result<HostFile> file = HostFile::create_unnamed(scratch.path());
    REQUIRE(file);
    CHECK(file->give_name(scratch / "a") == 0);
    CHECK(file->give_name(scratch / "b") == 0);  // it has one
    CHECK(scratch.names() == std::vector<std::string>{"a"});
    Result<HostFile> other = HostFile::create_unnamed(scratch.path());
    REQUIRE(other);
    CHECK(other->give_name(scratch / "a") == -EEXIST);
}

TEST_CASE("sizes print in the unit a person would type") {
    CHECK(unit_text(0) == "0 bytes");
    CHECK(unit_text(1536) == "1536 bytes");
    CHECK(unit_text(64 << 20) == "64M");
    CHECK(unit_text(1088 << 10) == "1088K");
    CHECK(unit_text(2ULL << 40) == "2T");
}

}  // namespace
}  // namespace mdscope
