// SPDX-License-Identifier: MIT
// `mdscope examine` against mdadm 4.2: the stored output of -E and -X for the arrays of tests/data, and, where mdadm is
// installed, its answer to superblocks of random content. Both must agree on every line. (The name of a host to which
// an array is local is mdadm's addition, and taken out.)
#include "engine/mdadm/examine.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <random>

#include "engine/md/format/bytes.hpp"
#include "tests/scratch.hpp"

namespace mdscope {
namespace {

using testing::run_command;
using testing::ScratchFolder;

// mdadm prints local time; the stored outputs are in UTC.
struct Utc {
    Utc() {
        setenv("TZ", "UTC", 1);
        tzset();
    }
};
const Utc utc;

std::string without_first_line(const std::string& text) {
    return text.substr(text.find('\n') + 1);
}

std::string without(std::string text, const std::string& start) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        if (text.compare(at, start.size(), start) == 0)
            text.erase(at, end - at);
        else
            at = end;
    }
    return text;
}

std::string text_of(const std::string& path) {
    const Result<std::string> text = examine_text(path);
    return text ? *text : "error: " + text.error().text;
}

TEST_CASE("the arrays of the real mdadm examine as mdadm examined them") {
    const ScratchFolder scratch;
    for (const char* array : {"clean12", "dirty12", "degraded12"}) {
        const std::string folder = testing::unpack_array(scratch, array);
        if (folder.empty()) return;
        for (const std::string member : {"sda", "sdb"}) {
            CAPTURE(array);
            CAPTURE(member);
            const std::string ours = text_of(folder + "/" + member + ".img");
            const std::string super = testing::read_text(folder + "/examine-" + member + ".txt");
            const std::string bitmap = testing::read_text(folder + "/examine-bitmap-" + member + ".txt");
            CHECK(without(without_first_line(ours), "        Filename : ") ==
                  without_first_line(super) + without_first_line(bitmap));
        }
    }
}

TEST_CASE("the arrays of the real mdadm are encoded again byte for byte") {
    const ScratchFolder scratch;
    for (const char* array : {"clean12", "dirty12", "degraded12"}) {
        const std::string folder = testing::unpack_array(scratch, array);
        if (folder.empty()) return;
        for (const char* member : {"/sda.img", "/sdb.img"}) {
            const auto page = testing::read_bytes(folder + member, 4096, 4096);
            CHECK(check_super_1(page, 8, 2, 32768) == "");
            std::vector<std::byte> again(kPageSize);
            const std::size_t used = encode_super_1(decode_super_1(page), again);
            CHECK(std::equal(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(used), page.begin()));
            auto bitmap = testing::read_bytes(folder + member, 8192, 4096);
            const auto before = bitmap;
            encode_bitmap_super(decode_bitmap_super(bitmap), bitmap);
            CHECK(bitmap == before);
        }
    }
}

// ---- random superblocks

class Dice {
   public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    template <class T>
    T pick(std::initializer_list<T> values) {
        return values.begin()[engine_() % values.size()];
    }
    bool one_in(unsigned n) { return engine_() % n == 0; }
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }

   private:
    std::mt19937_64 engine_;
};

Superblock1 random_superblock(Dice& dice, int minor, Sector device) {
    Superblock1 sb;
    sb.level = dice.pick({1, 1, 1, 1, 0, 4, 5, 6, 10, -1});
    for (const std::uint32_t bit : {2U, 4U, 8U, 16U, 64U})
        if (dice.one_in(8)) sb.feature_map |= bit;
    for (auto& byte : sb.set_uuid) byte = static_cast<std::uint8_t>(dice.below(256));
    sb.device_uuid = sb.set_uuid;
    sb.set_name = dice.pick<std::string>({"emu:demo", std::string(32, 'x'), "", "a b:c"});
    sb.ctime = 1700000000 + dice.below(1U << 30);
    sb.utime = dice.below(1ULL << 33) | 5ULL << 40;
    sb.super_offset = super_1_sector(minor, device);
    sb.data_offset = minor == 0 ? 0 : dice.pick<Sector>({2048, 4096, 128});
    sb.data_size = (minor == 0 ? sb.super_offset : device - sb.data_offset) - dice.pick<Sector>({0, 8, 100});
    sb.size = dice.pick<Sector>({sb.data_size, sb.data_size / 128 * 128, sb.data_size - 1000});
    sb.layout = sb.level == 10  ? dice.pick<std::uint32_t>({0x102, 0x201, 0x10201, 0x10302})
                : sb.level == 1 ? 0
                                : dice.pick<std::uint32_t>({2, 0, 18, 8, 17});
    sb.chunksize = dice.pick<std::uint32_t>({0, 128, 1024});
    sb.raid_disks = sb.level >= 4 ? 4 : dice.pick<std::uint32_t>({1, 2, 3, 8});
    sb.new_level = static_cast<std::uint32_t>(dice.pick({sb.level, 5}));
    sb.reshape_position = dice.pick<Sector>({1000, 16025600});
    sb.delta_disks = static_cast<std::uint32_t>(dice.pick({0, 1, 2, -1}));
    sb.new_layout = dice.pick<std::uint32_t>({2, 16});
    sb.new_chunk = dice.pick<std::uint32_t>({128, 256});
    sb.new_offset = dice.pick<std::uint32_t>({0, 100, 0xffffff00});
    sb.recovery_offset = dice.below(sb.data_size);
    sb.max_dev = dice.pick<std::uint32_t>({128, 384, 5, 10});
    sb.dev_number = static_cast<std::uint32_t>(dice.below(std::min(8U, sb.max_dev)));
    sb.devflags = dice.pick<std::uint8_t>({0, 0, 1, 2, 3});
    sb.bblog_size = dice.pick<std::uint16_t>({0, 8});
    sb.bblog_offset = minor == 0 ? -8 : dice.pick({16, 24, 136});
    sb.events = dice.pick<std::uint64_t>({0, 17, 1ULL << 63});
    sb.resync_offset = dice.pick<std::uint64_t>({~0ULL, 0, 5000});
    sb.dev_roles.assign(sb.max_dev, MD_DISK_ROLE_SPARE);
    for (std::uint16_t i = 0; i < std::min(sb.raid_disks, sb.max_dev); i++)
        sb.dev_roles[i] = dice.pick<std::uint16_t>({i, i, i, 0xffff, 0xfffe, 0xfffd, 0, 12});
    return sb;
}

TEST_CASE("random superblocks examine as mdadm -E examines them") {
    if (!testing::has_command("mdadm")) return;
    const ScratchFolder scratch;
    const std::string path = scratch / "member.img";
    constexpr unsigned seed = 20210413;
    CAPTURE(seed);
    Dice dice(seed);
    for (int round = 0; round < 150; round++) {
        const int minor = static_cast<int>(dice.below(3));
        const Sector device = dice.pick<Sector>({16384, 131072, 204800, 204808, 3ULL << 20, (1ULL << 33) + 24});
        const Superblock1 sb = random_superblock(dice, minor, device);
        std::vector<std::byte> page(kPageSize);
        encode_super_1(sb, page);
        if (dice.one_in(10)) page[216] ^= std::byte{1};
        std::filesystem::remove(path);
        testing::make_sparse(path, device * 512);
        testing::write_bytes(path, sb.super_offset * 512, page);

        const auto theirs = run_command("LC_ALL=C PATH=$PATH:/usr/sbin:/sbin mdadm -E '" + path + "'");
        CAPTURE(round);
        REQUIRE(theirs.status == 0);
        std::string expected = theirs.output;
        if (const std::size_t at = expected.find("  (local to host "); at != std::string::npos)
            expected.erase(at, expected.find('\n', at) - at);
        REQUIRE(without(text_of(path), "        mdscope : ") == expected);
    }
}

// ---- what mdadm does not know

TEST_CASE("what mdscope would refuse is shown, with the reason") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "clean12");
    if (folder.empty()) return;
    testing::write_bytes(folder + "/sda.img", 4096 + 40, {std::byte{'!'}});
    const std::string text = text_of(folder + "/sda.img");
    CHECK(text.find("       Checksum : 448469dc - expected ") != std::string::npos);
    CHECK(text.find("        mdscope : refuses this member: checksum 448469dc, expected ") != std::string::npos);
    const auto json = nlohmann::json::parse(*examine_json(folder + "/sda.img"));
    CHECK(json["superblock"]["refused"].get<std::string>().find("checksum") == 0);
    CHECK(json["bits"]["total"] == 240);
    CHECK(json["bits"]["dirty"] == 0);
    CHECK(json["superblock"]["resync_offset_sectors"] == "none");
}

TEST_CASE("a member that was cut short is shown as such") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "clean12");
    if (folder.empty()) return;
    std::filesystem::resize_file(folder + "/sda.img", 8 << 20);
    const std::string text = text_of(folder + "/sda.img");
    CHECK(text.find("DEVICE TOO SMALL") != std::string::npos);
    CHECK(text.find("refuses this member: the device has 14336 sectors for data") != std::string::npos);
}

TEST_CASE("hostile numbers are printed, not believed") {
    const ScratchFolder scratch;
    const std::string path = scratch / "hostile.img";
    testing::make_sparse(path, 1 << 20);
    std::vector<std::byte> page(kPageSize, std::byte{0xff});
    put_le<std::uint32_t>(page, 0, MD_SB_MAGIC);
    put_le<std::uint32_t>(page, 4, 1);
    put_le<std::uint64_t>(page, 144, 8);
    put_le<std::int32_t>(page, 96, 8);
    testing::write_bytes(path, 4096, page);
    BitmapSuper bitmap;
    bitmap.sync_size = ~0ULL;
    bitmap.chunksize = 512;
    std::vector<std::byte> header(kPageSize);
    encode_bitmap_super(bitmap, header);
    testing::write_bytes(path, 8192, header);
    const std::string text = text_of(path);
    CHECK(text.find("refuses this member: max_dev 4294967295") != std::string::npos);
    CHECK(text.find("18446744073709551615 bits (chunks), too many to count") != std::string::npos);
    CHECK(text.size() < 100000);
    CHECK(nlohmann::json::parse(*examine_json(path))["bits"]["dirty"] == nullptr);
}

TEST_CASE("a bitmap that ends with its file is counted as far as it goes") {
    const ScratchFolder scratch;
    BitmapSuper bitmap;
    bitmap.sync_size = 100 * 8;
    bitmap.chunksize = 4096;
    std::vector<std::byte> file(kBitmapSuperSize + 2, std::byte{0xff});
    encode_bitmap_super(bitmap, file);
    testing::write_bytes(scratch / "bits", 0, file);
    CHECK(text_of(scratch / "bits").find("16 bits (chunks), 16 dirty (100.0%)") != std::string::npos);
    file.resize(kBitmapSuperSize + 13, std::byte{0x11});
    testing::write_bytes(scratch / "bits", 0, file);
    CHECK(text_of(scratch / "bits").find("100 bits (chunks), 37 dirty (37.0%)") != std::string::npos);
    file[52] = std::byte{1};
    testing::write_bytes(scratch / "bits", 0, file);
    CHECK(text_of(scratch / "bits").find("mdscope : refuses this bitmap: bitmap chunksize not a power of 2") !=
          std::string::npos);
}

TEST_CASE("a superblock in the wrong place is shown only when there is no better one") {
    const ScratchFolder scratch;
    const std::string folder = testing::unpack_array(scratch, "clean12");
    if (folder.empty()) return;
    const std::string image = folder + "/sda.img";
    const auto super = testing::read_bytes(image, 4096, 4096);
    testing::write_bytes(image, 0, super);
    CHECK(text_of(image).find("mdscope :") == std::string::npos);
    testing::write_bytes(image, 4096, std::vector<std::byte>(4096));
    CHECK(text_of(image).find("refuses this member: super_offset 8, but it was read from sector 0") !=
          std::string::npos);
}

TEST_CASE("what is no member is answered with what it is") {
    const ScratchFolder scratch;
    const auto why = [](const std::string& path) { return examine_text(path).error().text; };
    REQUIRE(mkfifo((scratch / "fifo").c_str(), 0600) == 0);
    CHECK(why(scratch / "fifo") == (scratch / "fifo") + " is a FIFO; a file or a block device is wanted.");
    CHECK(why(scratch.path()) == scratch.path() + " is a folder; a file or a block device is wanted.");
    CHECK(why("/dev/null") == "/dev/null is a character device; a file or a block device is wanted.");
    CHECK(why(scratch / "nothing").find("No such file or directory") != std::string::npos);
    testing::make_sparse(scratch / "blank", 1 << 20);
    CHECK(why(scratch / "blank").find("it holds nothing at its start") != std::string::npos);
    testing::make_sparse(scratch / "empty", 0);
    CHECK(why(scratch / "empty").find("it holds nothing at its start") != std::string::npos);
    testing::write_text(scratch / "text", "hello");
    CHECK(why(scratch / "text").find("data (first at byte 0)") != std::string::npos);
}

TEST_CASE("a member of version 0.90 is named") {
    const ScratchFolder scratch;
    const std::string path = scratch / "old.img";
    testing::make_sparse(path, 204800 * 512);
    std::vector<std::byte> page(kPageSize);
    put_le<std::uint32_t>(page, 0, MD_SB_MAGIC);
    put_le<std::uint32_t>(page, 8, 90);
    testing::write_bytes(path, 204672 * 512, page);
    CHECK(examine_text(path).error().text.find("an md superblock of version 0.90, which mdscope does not read") !=
          std::string::npos);
}

}  // namespace
}  // namespace mdscope
