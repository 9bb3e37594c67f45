// SPDX-License-Identifier: MIT
// Every single bit of the metadata is turned round, one at a time: superblocks, headers of bitmaps, labels, the
// sidecar, anchors of IMSM.
//
// Goal (issue 11): what is then assembled is right, or is refused in words that name the image. Method: arrays in four
// states on simulated disks, each of which a wrong word would ruin differently. Right means: a read gives what was
// written (of a write that was under way, either), members that count as in sync are equal, and who is missing was
// named.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/kernel/sanitizers.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "tests/sim_array.hpp"

namespace mdscope {
namespace {

using testing::SimArray;

constexpr std::size_t kChunk = 64 << 10;
#if defined(MDSCOPE_ASAN) || defined(MDSCOPE_TSAN)
constexpr std::size_t kStride = 13;  // bits: all of them in the plain build, each place here
#else
constexpr std::size_t kStride = 1;
#endif
constexpr std::size_t kUnacknowledged = 3 * kChunk;  // where the write lies that was under way

// What an array was left with, and what may be read from it.
struct LeftBehind {
    std::string home;
    const char* state;
    LabPlan plan;
    Platters platters;
    std::string data;         // what was acknowledged
    std::string attempted;    // what a write under way would have made of it
    std::size_t members = 2;  // that come in when nothing is flipped

    [[nodiscard]] std::unique_ptr<SimArray> again() const { return std::make_unique<SimArray>(plan, home, platters); }
    [[nodiscard]] bool may_be_read(const std::string& text) const {
        if (text.size() != data.size()) return false;
        for (std::size_t at = 0; at < text.size(); at += kSectorSize)
            if (text.compare(at, kSectorSize, data, at, kSectorSize) != 0 &&
                text.compare(at, kSectorSize, attempted, at, kSectorSize) != 0)
                return false;
        return true;
    }
};

PageStore& pages() {
    static PageStore store;
    return store;
}

void write(SimArray& lab, LeftBehind& left, std::size_t offset, char letter) {
    const std::string text(kChunk, letter);
    REQUIRE(lab.write(offset, text) == static_cast<std::int64_t>(text.size()));
    left.data.replace(offset, text.size(), text);
}

Array::MemberDisk disk_of(SimArray& lab, const std::string& member) {
    for (const auto& disk : lab.array.member_disks())
        if (disk.name == member) return disk;
    throw std::runtime_error("no disk " + member);
}

// A write that has reached sda only, when the program is killed.
void write_is_cut(SimArray& lab, LeftBehind& left) {
    const auto disk = disk_of(lab, "sdb");
    disk.pause->hold({.kinds = {BioKind::Data}, .ops = {BioOp::Write}});
    const std::string text(kChunk, 'x');
    left.attempted = left.data;
    left.attempted.replace(kUnacknowledged, text.size(), text);
    lab.kernel.kthread_run(
        "dd", [&lab, text] { (void)lab.array.write(kUnacknowledged, std::as_bytes(std::span(text)), false); });
    lab.kernel.run_until_idle();
}

// As far as half of the data, and as its metadata has noted.
void recovery_is_cut(SimArray& lab, LeftBehind& left) {
    lab.fail("sdb");
    for (std::size_t chunk = 0; chunk < left.data.size() / kChunk; chunk++)
        write(lab, left, chunk * kChunk, static_cast<char>('A' + chunk));
    std::string why;
    REQUIRE(lab.run([&] { return lab.array.remove("sdb", &why, kNsPerSec); }) == 0);
    const Sector middle = rdev_list(lab.array.mddev()).front()->data_offset + (left.data.size() / 2 >> kSectorShift);
    disk_of(lab, "sda").pause->hold({.ops = {BioOp::Read}, .first = middle});
    REQUIRE(lab.run([&] { return lab.array.add("lab/sdb.img", &why); }) == 0);
    lab.kernel.run_for(30 * kNsPerSec);
    REQUIRE(lab.array.mddev().degraded == 1);
}

struct State {
    const char* name;
    std::size_t members;
    void (*bring_about)(SimArray&, LeftBehind&);
};
constexpr State kStates[] = {
    {"stopped", 2,
     [](SimArray& lab, LeftBehind&) {
         std::string why;
         REQUIRE(lab.run([&] { return lab.array.stop(false, &why); }) == 0);
     }},
    {"killed while it was written to", 2, write_is_cut},
    {"degraded", 1,
     [](SimArray& lab, LeftBehind& left) {
         lab.fail("sdb");
         write(lab, left, 0, 'n');
         lab.settle();
     }},
    {"killed in a recovery", 2, recovery_is_cut},
};

LeftBehind left_behind(const std::string& home, const State& state) {
    LeftBehind left{home, state.name, SimArray::planned(SimArray::small(home, 1280 << 10)), {}, {}, {}, state.members};
    SimArray lab(left.plan, home);
    REQUIRE(lab.start() == "");
    left.data.assign(lab.array.size_bytes(), '\0');
    for (std::size_t chunk = 0; chunk < left.data.size() / kChunk; chunk++)
        write(lab, left, chunk * kChunk, static_cast<char>('a' + chunk));
    lab.settle();
    state.bring_about(lab, left);
    if (left.attempted.empty()) left.attempted = left.data;
    left.platters = platters_of(lab.kernel, false, pages());
    return left;
}

// ---- one flip

using Flip = std::function<void(SimKernel&)>;

struct Seen {
    unsigned refused = 0, left_out = 0, right = 0;
    [[nodiscard]] unsigned all() const { return refused + left_out + right; }
};

bool names_an_image(const std::string& text) {
    return std::ranges::any_of(std::array{"sda", "sdb", "lab/bitmap", "container.json"},
                               [&](const char* name) { return text.find(name) != std::string::npos; });
}

std::string data_of(SimArray& lab, const Rdev& rdev, std::size_t size) {
    std::string text(size, '\0');
    lab.kernel.find_ram_disk(rdev.path)->read(rdev.data_offset << kSectorShift,
                                              std::as_writable_bytes(std::span(text)));
    return text;
}

// What is wrong with it; empty: nothing.
std::string judge(const LeftBehind& left, const Flip& flip, Seen& seen) {
    const auto lab = left.again();
    flip(lab->kernel);
    const std::string refused = lab->start();
    if (lab->kernel.first_oops() != nullptr) return "an Oops";
    if (!refused.empty()) {
        seen.refused++;
        return names_an_image(refused) ? "" : "refused without a name: " + refused;
    }
    lab->settle();
    const std::string before = lab->read_all();
    if (!left.may_be_read(before)) return "what was written is not what is read";
    Mddev& mddev = lab->array.mddev();
    for (const Rdev* rdev : rdev_list(mddev))
        if (test_bit(In_sync, rdev->flags) && data_of(*lab, *rdev, before.size()) != before)
            return rdev->name + " counts as in sync and is not";
    const bool is_whole = rdev_list(mddev).size() >= left.members;
    (is_whole ? seen.right : seen.left_out)++;
    const bool is_named = std::ranges::any_of(lab->notes, names_an_image);
    return is_whole || is_named ? "" : "a member is missing, and nobody says why";
}

struct Wrong {
    std::size_t count = 0;
    std::string examples;
    void add(const std::string& place, const std::string& what) {
        if (count++ < 12) examples += "\n  " + place + ": " + what;
    }
};

Flip in_image(const std::string& path, std::uint64_t offset, std::size_t bit) {
    return [=](SimKernel& kernel) {
        std::array<std::byte, 1> byte{};
        RamImage& image = *kernel.find_ram_disk(path);
        image.read(offset + bit / 8, byte);
        byte[0] ^= static_cast<std::byte>(1U << bit % 8);
        image.store(offset + bit / 8, byte);
    };
}

void put_file(SimKernel& kernel, const std::string& path, const std::string& text) {
    auto files = kernel.files();
    files.at(path) = text;
    kernel.set_files(std::move(files));
}

void flip_all(const LeftBehind& left, const std::string& path, std::uint64_t offset, std::size_t size, Seen& seen,
              Wrong& wrong) {
    for (std::size_t bit = 0; bit < size * 8; bit += kStride)
        if (const std::string why = judge(left, in_image(path, offset, bit), seen); !why.empty())
            wrong.add(fmt::format("{}, byte {} bit {}", path, bit / 8, bit % 8), why);
}

const char* const kImages[] = {"lab/sda.img", "lab/sdb.img"};
constexpr std::uint64_t kSuperAt = 8 << kSectorShift;

std::size_t super_size(const LeftBehind& left) {
    std::vector<std::byte> page(kPageSize);
    left.again()->kernel.find_ram_disk(kImages[0])->read(kSuperAt, page);
    return 256 + std::size_t{2} * decode_super_1(page).max_dev;
}

std::uint64_t bitmap_at(const LeftBehind& left) {
    std::vector<std::byte> page(kPageSize);
    left.again()->kernel.find_ram_disk(kImages[0])->read(kSuperAt, page);
    return kSuperAt + (static_cast<std::uint64_t>(decode_super_1(page).bitmap_offset) << kSectorShift);
}

// Each state of this home, as it is, and after each flip.
void in_each_state(const char* what, const std::string& home,
                   const std::function<void(const LeftBehind&, Seen&, Wrong&)>& flips) {
    for (const State& state : kStates) {
        const LeftBehind left = left_behind(home, state);
        Seen seen;
        REQUIRE_MESSAGE(judge(
                            left, [](SimKernel&) {}, seen) == "",
                        state.name);
        REQUIRE(seen.right == 1);
        Wrong wrong;
        seen = {};
        flips(left, seen, wrong);
        MESSAGE(fmt::format("{} of {}, {}: {} flips, {} refused, {} without a member, {} right", what, home, state.name,
                            seen.all() + wrong.count, seen.refused, seen.left_out, seen.right));
        CHECK_MESSAGE(wrong.count == 0, wrong.examples);
    }
}

TEST_CASE("a superblock with any bit turned round is refused by name") {
    in_each_state("superblocks", "internal", [](const LeftBehind& left, Seen& seen, Wrong& wrong) {
        for (const char* image : kImages) flip_all(left, image, kSuperAt, super_size(left), seen, wrong);
        CHECK(seen.refused == seen.all());
    });
}

TEST_CASE("a bitmap header with any bit turned round is refused by name, or the array is right") {
    for (const char* home : {"internal", "file"})
        in_each_state("bitmap headers", home, [home](const LeftBehind& left, Seen& seen, Wrong& wrong) {
            if (home == std::string("file")) return flip_all(left, "lab/bitmap", 0, kBitmapSuperSize, seen, wrong);
            for (const char* image : kImages) flip_all(left, image, bitmap_at(left), kBitmapSuperSize, seen, wrong);
        });
}

TEST_CASE("a label with any bit turned round is refused by name") {
    in_each_state("labels", "external", [](const LeftBehind& left, Seen& seen, Wrong& wrong) {
        for (const char* image : kImages) flip_all(left, image, 0, kLabLabelSize, seen, wrong);
        CHECK(seen.refused == seen.all());
    });
}

// Its extended part is there while a member is being rebuilt. With a wrong sum such a block counts as cut short, and
// the other disk's says who is who.
TEST_CASE("an anchor of IMSM with any bit turned round is refused by name, or the array is right") {
    in_each_state("anchors", "imsm", [](const LeftBehind& left, Seen& seen, Wrong& wrong) {
        const std::uint64_t at = left.plan.files.front().size - 2 * kSectorSize;
        const bool has_extended = left.state == std::string("killed in a recovery");
        for (const char* image : kImages) {
            std::vector<std::byte> anchor(kSectorSize);
            left.again()->kernel.find_ram_disk(image)->read(at, anchor);
            const std::size_t size = decode_imsm_header(anchor).mpb_size;
            REQUIRE((size > kSectorSize) == has_extended);
            flip_all(left, image, at, std::min<std::size_t>(size, kSectorSize), seen, wrong);
            if (has_extended) flip_all(left, image, at - kSectorSize, size - kSectorSize, seen, wrong);
        }
        // By 12 bits of its size it looks longer, and cut short.
        constexpr unsigned kBitsOfSize = 12;
        if (!has_extended) CHECK(seen.refused + 2 * kBitsOfSize >= seen.all());
    });
}

// What a person may read, at most; what pads it to whole pages need not be assembled to be seen.
TEST_CASE("a sidecar with any bit turned round is refused by name, or the array is right") {
    in_each_state("the sidecar", "external", [](const LeftBehind& left, Seen& seen, Wrong& wrong) {
        const std::string path = container_path("lab");
        const std::string text = left.platters.files.at(path);
        const std::size_t end = text.find_last_not_of(" \n") + 2;
        const Container container = *container_from_json(text);
        for (std::size_t bit = 0; bit < text.size() * 8; bit += kStride) {
            std::string flipped = text;
            flipped[bit / 8] ^= static_cast<char>(1U << bit % 8);
            std::string why;
            if (const auto read = container_from_json(flipped); bit / 8 > end || !read || *read == container)
                read ? seen.right++ : seen.refused++;
            else
                why = judge(
                    left, [&](SimKernel& kernel) { put_file(kernel, path, flipped); }, seen);
            if (why.empty()) continue;
            const std::size_t begin = text.rfind('\n', bit / 8) + 1;
            wrong.add(fmt::format("byte {} bit {} of \"{}\"", bit / 8 - begin, bit % 8,
                                  text.substr(begin, text.find('\n', begin) - begin)),
                      why);
        }
    });
}

}  // namespace
}  // namespace mdscope
