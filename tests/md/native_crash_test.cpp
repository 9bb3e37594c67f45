// SPDX-License-Identifier: MIT
// A crash between two metadata writes of an add or a re-add, native metadata.
//
// Goal: whichever of the superblocks reached the platter, the array starts, nothing of the member that came in is read
// before it was copied, and nothing of it is copied to others. The bug: its role was taken from the freshest
// superblock, which gave it a slot, though its own said "spare"; or the member that came in was the freshest, and the
// only good one a stranger to it. Method: the two updates of an add are written by hand, in every combination.
#include <algorithm>

#include "tests/md/native_images.hpp"

namespace mdscope::test {

namespace {

const std::string kOldNative(4096, 'o');
const std::string kNewNative(4096, 'n');
constexpr std::uint64_t kWrittenAt = 3 << 20;

// sdb has left, and does not have what was written since.
void lose_sdb(Lab& lab) {
    CHECK(lab.write(kWrittenAt, kOldNative));
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    std::string why;
    REQUIRE(lab.eventually([&] { return lab.array->remove("sdb", &why) == 0; }));
    CHECK(lab.write(kWrittenAt, kNewNative));
    stop(lab);
    lab.array.reset();
}

// What the n-th update of an add writes: 0 is mdadm's own superblock (or none, in a re-add), 1 says that there is a
// spare, 2 that it has its slot and nothing was copied yet, 3 that its recovery has ended.
struct Updates {
    std::uint64_t before;  // events
    bool by_bitmap;        // a re-add

    void write_on_sda(const std::string& image, int update) const {
        edit_super(image, [&](Superblock1& sb) {
            sb.events = before + static_cast<std::uint64_t>(update);
            sb.dev_roles[1] = update >= 2 ? 1 : MD_DISK_ROLE_SPARE;
        });
    }
    void write_on_sdb(const std::string& image, int update, const Superblock1& sda) const {
        const Superblock1 was = super_of(image);
        Superblock1 sb = sda;
        sb.dev_number = 1;
        sb.device_uuid = was.device_uuid;
        sb.events = before + static_cast<std::uint64_t>(update);
        sb.dev_roles[1] = update >= 2 ? 1 : MD_DISK_ROLE_SPARE;
        if (update == 2) sb.feature_map |= MD_FEATURE_RECOVERY_OFFSET;
        if (update == 2 && by_bitmap) sb.feature_map |= MD_FEATURE_RECOVERY_BITMAP;
        put_super(image, sb);
    }
};

void check_new_data_everywhere(Lab& lab) {
    CHECK(lab.read(kWrittenAt, 4096) == kNewNative);
    CHECK(lab.is_in_sync());
    CHECK(lab.read(kWrittenAt, 4096) == kNewNative);
    CHECK(lab.mismatches() == "0");
    CHECK(rdev_attr_store(lab.member("sda"), "state", "faulty") == 0);
    CHECK(lab.read(kWrittenAt, 4096) == kNewNative);
}

// The header of the bitmap is written before the superblocks of an update.
void write_bitmap_events(Lab& lab, const std::string& home, std::uint64_t events) {
    const auto edit = [&](BitmapSuper& sb) { sb.events = events; };
    if (home == "file") edit_bitmap_header(lab.options.bitmap_file, edit, 0);
    if (home == "internal") edit_bitmap_header(lab.options.images[0], edit);
}

}  // namespace

TEST_CASE("killed between the superblocks of an add or a re-add: the member that came in is copied to, never read") {
    for (const char* home : {"internal", "file", "none"}) {
        for (const bool by_bitmap : {false, true}) {
            if (by_bitmap && std::string(home) == "none") continue;
            // (0, 0): only mdadm's superblock. Of each update either of the two, or both.
            for (const auto& written :
                 std::initializer_list<std::pair<int, int>>{{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 1}, {1, 2}, {2, 2}}) {
                const int on_sda = written.first;  // CAPTURE of a structured binding is beyond clang 14
                const int on_sdb = written.second;
                CAPTURE(home);
                CAPTURE(by_bitmap);
                CAPTURE(on_sda);
                CAPTURE(on_sdb);
                if (by_bitmap && on_sdb == 0) continue;  // A re-add leaves the old one: too old to come in by itself.
                Lab lab(small_home(home));
                lose_sdb(lab);
                const Superblock1 sda = super_of(lab.options.images[0]);
                const Updates updates{sda.events, by_bitmap};
                updates.write_on_sdb(lab.options.images[1], on_sdb, sda);
                updates.write_on_sda(lab.options.images[0], on_sda);
                write_bitmap_events(lab, home, sda.events + 2);
                lab.start();
                check_new_data_everywhere(lab);
            }
        }
    }
}

// The weakness that is shut by default: dc1cc22ed58f takes the role from the freshest superblock alone.
TEST_CASE("as md: a spare whose slot only the freshest superblock knows is in sync, and its old data is read") {
    for (const char* row : {"md", "own"}) {
        Lab lab(small_home("none"));
        lose_sdb(lab);
        const Superblock1 sda = super_of(lab.options.images[0]);
        const Updates updates{sda.events, false};
        updates.write_on_sdb(lab.options.images[1], 1, sda);
        updates.write_on_sda(lab.options.images[0], 2);
        REQUIRE(lab.options.variants.choose("spare-role", row));
        lab.options.read_only = true;
        lab.start();
        CHECK(lab.md().degraded == (std::string(row) == "md" ? 0 : 1));
    }
}

TEST_CASE("recovered to the end and not yet called in sync: the array starts, and the member is finished") {
    for (const bool clean : {false, true}) {
        CAPTURE(clean);
        Lab lab(small_home("internal"));
        CHECK(lab.write(kWrittenAt, kNewNative));
        stop(lab);
        lab.array.reset();
        edit_super(lab.options.images[1], [](Superblock1& sb) {
            sb.feature_map |= MD_FEATURE_RECOVERY_OFFSET;
            sb.recovery_offset = ~0ULL;
        });
        if (!clean)
            for (const std::string& image : lab.options.images)
                edit_super(image, [](Superblock1& sb) { sb.resync_offset = 0; });
        lab.start();
        check_new_data_everywhere(lab);
    }
}

// Else the next update, which may again reach the others only, leaves it two behind, and out.
TEST_CASE("a member that a crash has left one event behind is brought up before anything else is written") {
    Lab lab(small_home("internal"));
    stop(lab);
    lab.array.reset();
    const std::uint64_t events = super_of(lab.options.images[0]).events + 1;
    edit_super(lab.options.images[1], [&](Superblock1& sb) { sb.events = events; });
    lab.start();
    for (const std::string& image : lab.options.images) CHECK(super_of(image).events == events);
    CHECK(lab.md().degraded == 0);
}

}  // namespace mdscope::test
