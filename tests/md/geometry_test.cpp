// SPDX-License-Identifier: MIT
// Where mdadm 4.2 puts things, from its own output on real devices of 16 MiB to 2 TiB (mdadm -E and -X, and the headers
// it wrote). Rows that were not seen on a device follow the same arithmetic; they are marked.
#include "engine/mdadm/geometry.hpp"

#include <doctest/doctest.h>

#include <cerrno>

#include "engine/md/format/format.hpp"

namespace mdscope {
namespace {

constexpr Sector kMiB = 2048;
constexpr Sector kGiB = 1024 * kMiB;
constexpr Sector kTiB = 1024 * kGiB;
constexpr std::uint64_t kChunk64M = 64ULL << 20;

std::uint64_t bits(const Geometry1& geometry, std::uint64_t chunk) {
    const Sector sectors = chunk / 512;
    return (geometry.size + sectors - 1) / sectors;
}

TEST_CASE("version 1.2 with an internal bitmap of mdadm's choice") {
    struct Row {
        Sector device, data_offset, size;
        std::uint64_t bits;
        unsigned bitmap_sectors;
        int bblog_offset;
    };
    const Row rows[] = {
        {8 * kMiB, 2048, 14336, 1, 8, 16},  // arithmetic
        {16 * kMiB, 2048, 30720, 1, 8, 16},
        {64 * kMiB, 2048, 129024, 1, 8, 16},
        {100 * kMiB, 2048, 202752, 2, 8, 16},  // arithmetic
        {256 * kMiB, 2048, 522240, 4, 8, 16},  // arithmetic
        {400 * kMiB, 2048, 817152, 7, 8, 16},
        {1 * kGiB, 4096, 2093056, 16, 8, 16},
        {4 * kGiB, 10240, 8378368, 64, 8, 16},     // arithmetic
        {10 * kGiB, 18432, 20953088, 160, 8, 16},  // arithmetic
        {20 * kGiB, 34816, 41908224, 320, 8, 16},
        {100 * kGiB, 133120, 209582080, 1599, 8, 16},  // arithmetic
        {101 * kGiB, 133120, 211679232, 1615, 8, 16},
        {128 * kGiB, 264192, 268171264, 2046, 8, 16},  // arithmetic
        {200 * kGiB, 264192, 419166208, 3198, 8, 16},
        {1 * kTiB, 264192, 2147219456, 16382, 8, 16},  // arithmetic
        {2 * kTiB, 264192, 4294703104, 32766, 16, 24},
        {4 * kTiB, 264192, 8589670400, 65534, 24, 32},     // arithmetic
        {16 * kTiB, 264192, 34359474176, 262142, 72, 80},  // arithmetic
    };
    for (const Row& row : rows) {
        CAPTURE(row.device);
        const Result<Geometry1> geometry = mdadm_geometry(2, row.device, 2, true, 0);
        REQUIRE(geometry);
        CHECK(geometry->super_offset == 8);
        CHECK(geometry->data_offset == row.data_offset);
        CHECK(geometry->data_size == row.device - row.data_offset);
        CHECK(geometry->size == row.size);
        CHECK(geometry->bitmap_offset == 8);
        CHECK(geometry->bitmap_chunk == kChunk64M);
        CHECK(bits(*geometry, geometry->bitmap_chunk) == row.bits);
        CHECK(geometry->bitmap_sectors == row.bitmap_sectors);
        CHECK(geometry->bblog_offset == row.bblog_offset);
        CHECK(geometry->max_dev == 128);
    }
}

TEST_CASE("without a bitmap its space is left free all the same") {
    struct Row {
        Sector device, data_offset, size;
        int bblog_offset;
    };
    const Row rows[] = {
        {64 * kMiB, 2048, 129024, 16}, {20 * kGiB, 34816, 41908224, 136}, {99 * kGiB, 133120, 207484928, 136}};
    for (const Row& row : rows) {
        CAPTURE(row.device);
        const Result<Geometry1> geometry = mdadm_geometry(2, row.device, 2, false, 0);
        REQUIRE(geometry);
        CHECK(geometry->data_offset == row.data_offset);
        CHECK(geometry->size == row.size);
        CHECK(geometry->bblog_offset == row.bblog_offset);
        CHECK(geometry->bitmap_offset == 0);
        CHECK(geometry->bitmap_chunk == 0);
        CHECK(geometry->bitmap_sectors == 0);
    }
}

TEST_CASE("version 1.0 keeps its metadata behind the data") {
    struct Row {
        Sector device, super_offset, data_size, size;
    };
    const Row rows[] = {{64 * kMiB, 131056, 131040, 130944}, {20 * kGiB, 41943024, 41943008, 41942784}};
    for (const Row& row : rows) {
        CAPTURE(row.device);
        const Result<Geometry1> geometry = mdadm_geometry(0, row.device, 2, true, 0);
        REQUIRE(geometry);
        CHECK(geometry->super_offset == row.super_offset);
        CHECK(geometry->data_offset == 0);
        CHECK(geometry->data_size == row.data_size);
        CHECK(geometry->size == row.size);
        CHECK(geometry->bitmap_offset == -16);
        CHECK(geometry->bblog_offset == -8);
    }
    const Result<Geometry1> plain = mdadm_geometry(0, 64 * kMiB, 2, false, 0);
    REQUIRE(plain);
    CHECK(plain->bitmap_offset == 0);
    CHECK(plain->bblog_offset == -8);
    CHECK(plain->size == 130944);
}

TEST_CASE("version 1.1 is 1.2 with the superblock at sector 0") {
    for (const Sector device : {64 * kMiB, 20 * kGiB}) {
        const Result<Geometry1> first = mdadm_geometry(1, device, 2, true, 0);
        const Result<Geometry1> second = mdadm_geometry(2, device, 2, true, 0);
        REQUIRE(first);
        REQUIRE(second);
        CHECK(first->super_offset == 0);
        CHECK(first->data_offset == second->data_offset);
        CHECK(first->data_size == second->data_size);
        CHECK(first->size == second->size);
        CHECK(first->bitmap_offset == 8);
        CHECK(first->bblog_offset == 16);
    }
}

TEST_CASE("a chunk that was asked for is taken if its bits fit") {
    struct Row {
        Sector device;
        std::uint64_t chunk, bits;  // 0 bits: refused
    };
    const Row rows[] = {
        {64 * kMiB, 4 << 10, 16128}, {20 * kGiB, 4 << 10, 0},        {200 * kGiB, 4 << 10, 0},
        {64 * kMiB, 64 << 10, 1008}, {20 * kGiB, 64 << 10, 327408},  {200 * kGiB, 64 << 10, 0},
        {64 * kMiB, 128 << 10, 504}, {20 * kGiB, 128 << 10, 163704}, {200 * kGiB, 128 << 10, 0},
        {64 * kMiB, 1024 << 10, 63}, {20 * kGiB, 1024 << 10, 20463}, {200 * kGiB, 1024 << 10, 204671},
    };
    for (const Row& row : rows) {
        CAPTURE(row.device);
        CAPTURE(row.chunk);
        const Result<Geometry1> geometry = mdadm_geometry(2, row.device, 2, true, row.chunk);
        CHECK(static_cast<bool>(geometry) == (row.bits != 0));
        if (geometry) {
            CHECK(geometry->bitmap_chunk == row.chunk);
            CHECK(bits(*geometry, row.chunk) == row.bits);
        } else {
            CHECK(geometry.error().text == "Given bitmap chunk size not supported.");
        }
    }
    CHECK(mdadm_geometry(2, 64 * kMiB, 2, true, 4 << 10)->bitmap_sectors == 8);
    CHECK(mdadm_geometry(2, 20 * kGiB, 2, true, 64 << 10)->bitmap_sectors == 88);
    CHECK_FALSE(mdadm_geometry(2, 64 * kMiB, 2, true, 65537));
    CHECK_FALSE(mdadm_geometry(2, 64 * kMiB, 2, true, 2048));
    CHECK_FALSE(mdadm_geometry(2, 64 * kMiB, 2, true, 1ULL << 32));
}

TEST_CASE("what is chosen passes our own checks of a superblock, at every size and version") {
    for (int minor = 0; minor <= 2; minor++)
        for (Sector device = 24; device < (Sector{1} << 40); device += device / 7 + 1)
            for (const bool bitmap : {false, true}) {
                const Result<Geometry1> geometry = mdadm_geometry(minor, device, 2, bitmap, 0);
                if (!geometry) continue;
                Superblock1 sb;
                sb.feature_map = bitmap ? 1U : 0U;
                sb.size = geometry->size;
                sb.raid_disks = 2;
                sb.bitmap_offset = geometry->bitmap_offset;
                sb.data_offset = geometry->data_offset;
                sb.data_size = geometry->data_size;
                sb.super_offset = geometry->super_offset;
                sb.bblog_offset = geometry->bblog_offset;
                sb.bblog_size = 8;
                sb.resync_offset = ~0ULL;
                sb.max_dev = geometry->max_dev;
                std::array<std::byte, kPageSize> page{};
                encode_super_1(sb, page);
                const std::string wrong = check_super_1(page, super_1_sector(minor, device), minor, device);
                CAPTURE(minor);
                CAPTURE(device);
                CAPTURE(bitmap);
                REQUIRE(wrong == "");
                const Sector start = sb.super_offset + static_cast<Sector>(std::int64_t{sb.bitmap_offset});
                if (minor == 0) REQUIRE(geometry->size <= start);
                if (minor != 0) REQUIRE(start + geometry->bitmap_sectors <= geometry->data_offset);
            }
}

TEST_CASE("a device that is too small is refused with its size") {
    for (const int minor : {0, 1, 2})
        for (const Sector device : {Sector{0}, Sector{23}, Sector{24}, Sector{127}}) {
            const Result<Geometry1> geometry = mdadm_geometry(minor, device, 2, true, 0);
            REQUIRE_FALSE(geometry);
            CHECK(geometry.error().err == ENOSPC);
        }
    CHECK_FALSE(mdadm_geometry(2, 2048 + 127, 2, false, 0));
    REQUIRE(mdadm_geometry(2, 2048 + 128, 2, false, 0));
    CHECK(mdadm_geometry(2, 2048 + 128, 2, false, 0)->size == 128);
    CHECK(mdadm_geometry(0, 160, 2, false, 0)->size == 128);
    CHECK_FALSE(mdadm_geometry(0, 159, 2, false, 0));
    CHECK_FALSE(mdadm_geometry(3, 64 * kMiB, 2, false, 0));
    CHECK_FALSE(mdadm_geometry(2, ~Sector{0}, 2, true, 0));
}

TEST_CASE("many members make the table of roles longer") {
    CHECK(mdadm_geometry(2, 64 * kMiB, 128, false, 0)->max_dev == 128);
    CHECK(mdadm_geometry(2, 64 * kMiB, 129, false, 0)->max_dev == 384);
    CHECK(mdadm_geometry(2, 64 * kMiB, 1920, false, 0)->max_dev == 1920);
    CHECK_FALSE(mdadm_geometry(2, 64 * kMiB, 1921, false, 0));
}

TEST_CASE("superblocks of a version have their place") {
    CHECK(super_1_sector(0, 204800) == 204784);
    CHECK(super_1_sector(0, 204807) == 204784);
    CHECK(super_1_sector(0, 204808) == 204792);
    CHECK(super_1_sector(1, 204800) == 0);
    CHECK(super_1_sector(2, 204800) == 8);
    CHECK(super_1_sector(0, 0) == 0);
}

TEST_CASE("a bitmap file has at most 2^20 chunks of 4 KiB or more") {
    CHECK(mdadm_bitmap_file_chunk(129024) == 4096);
    CHECK(mdadm_bitmap_file_chunk(8 * (Sector{1} << 20)) == 4096);
    CHECK(mdadm_bitmap_file_chunk(8 * (Sector{1} << 20) + 1) == 8192);
    CHECK(mdadm_bitmap_file_chunk(2 * kTiB) == 2 << 20);
    CHECK(mdadm_bitmap_file_chunk(~Sector{0}) == 1ULL << 31);
}

TEST_CASE("sizes print as mdadm prints them") {
    CHECK(human_size(4999) == "");
    CHECK(human_size(5000) == " (4.88 MiB 5.12 MB)");
    CHECK(human_size(15360) == " (15.00 MiB 15.73 MB)");
    CHECK(human_size(101376) == " (99.00 MiB 103.81 MB)");
    CHECK(human_size(1046528) == " (1022.00 MiB 1071.64 MB)");
    CHECK(human_size((2ULL << 20) - 1) == " (2048.00 MiB 2147.48 MB)");
    CHECK(human_size(2ULL << 20) == " (2.00 GiB 2.15 GB)");
    CHECK(human_size(2ULL << 30) == " (2.00 TiB 2.20 TB)");
    CHECK(human_size(~0ULL) == "");
    CHECK(human_size_bytes(204776ULL * 512) == " (99.99 MiB 104.85 MB)");
    CHECK(human_size_bytes(~0ULL) == "");
}

}  // namespace
}  // namespace mdscope
