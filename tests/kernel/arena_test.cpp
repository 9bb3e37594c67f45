// SPDX-License-Identifier: MIT
// An arena that has settled: pages that nobody writes to are neither saved nor put back, and no write is missed.
#include "engine/kernel/arena.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

namespace mdscope::test {

namespace {

constexpr std::size_t kBlock = 64 << 10;  // several pages

// Blocks of one letter each, in an arena.
struct Letters {
    Arena arena;
    std::vector<char*> blocks;

    char* add(char letter) {
        const Arena::Scope scope(arena);
        char* const block = new char[kBlock];
        std::memset(block, letter, kBlock);
        const Arena::Outside outside;
        blocks.push_back(block);
        return block;
    }
    static bool is_all(const char* block, char letter) {
        return std::all_of(block, block + kBlock, [=](char c) { return c == letter; });
    }
};

}  // namespace

TEST_CASE("what is written to after an arena has settled is put back; what is not takes no room" *
          doctest::skip(!Arena::available())) {
    Letters letters;
    char* const a = letters.add('a');
    char* const b = letters.add('b');
    letters.arena.settle();

    Checkpoint settled, later;
    settled.take(letters.arena, {});
    CHECK(settled.bytes() < kBlock);
    a[10] = 'x';  // a page that the first checkpoint took for one that stays
    later.take(letters.arena, {});
    b[kBlock - 1] = 'y';
    a[10] = 'z';
    a[kBlock / 2] = 'z';

    later.put_back();
    CHECK(a[10] == 'x');
    a[10] = 'a';
    CHECK(Letters::is_all(a, 'a'));
    CHECK(Letters::is_all(b, 'b'));

    std::memset(a, '-', kBlock);
    std::memset(b, '-', kBlock);
    settled.put_back();
    CHECK(Letters::is_all(a, 'a'));
    CHECK(Letters::is_all(b, 'b'));
}

TEST_CASE("what is allocated after an arena has settled is saved and put back" * doctest::skip(!Arena::available())) {
    Letters letters;
    letters.add('a');
    letters.arena.settle();
    char* const b = letters.add('b');
    Checkpoint with_b;
    with_b.take(letters.arena, {});
    CHECK(with_b.bytes() > kBlock);
    std::memset(b, '-', kBlock);
    with_b.put_back();
    CHECK(Letters::is_all(b, 'b'));
}

TEST_CASE("pages that changed all over are kept once by checkpoints that find the same in them" *
          doctest::skip(!Arena::available())) {
    Letters letters;
    char* const a = letters.add('a');
    letters.arena.settle();
    std::memset(a, 'b', kBlock);
    Checkpoint first, second, third;
    first.take(letters.arena, {});
    a[7] = 'x';  // one page is another one now
    second.take(letters.arena, {});
    std::memset(a, 'c', kBlock);
    third.take(letters.arena, {});
    CHECK(first.bytes() + second.bytes() + third.bytes() < kBlock);

    for (int round = 0; round < 2; round++) {
        first.put_back();
        CHECK(Letters::is_all(a, 'b'));
        third.put_back();
        CHECK(Letters::is_all(a, 'c'));
        second.put_back();
        CHECK(a[7] == 'x');
        a[7] = 'b';
        CHECK(Letters::is_all(a, 'b'));
    }
}

TEST_CASE("an arena that is unsettled is like one that never was" * doctest::skip(!Arena::available())) {
    Letters letters;
    char* const a = letters.add('a');
    letters.arena.settle();
    letters.arena.unsettle();
    Checkpoint all;
    all.take(letters.arena, {});
    CHECK(all.bytes() > kBlock);
    std::memset(a, '-', kBlock);
    all.put_back();
    CHECK(Letters::is_all(a, 'a'));
}

// Many small blocks; of these, two far from each other are written to.
static std::vector<char*> fill(Arena& arena) {
    const Arena::Scope scope(arena);
    std::vector<char*> blocks;
    {
        const Arena::Outside outside;
        blocks.reserve(500);
    }
    for (int i = 0; i < 500; i++) blocks.push_back(new char[100]{});
    return blocks;
}

TEST_CASE("blocks that were written to in one arena lie side by side in the next" *
          doctest::skip(!Arena::available())) {
    constexpr std::ptrdiff_t kPage = 4096;
    Arena::Writes writes;
    {
        Arena first;
        const auto blocks = fill(first);
        CHECK(std::abs(blocks[400] - blocks[7]) > kPage);
        first.settle();
        blocks[7][0] = 'x';
        first.note_writes();
        blocks[7][0] = '\0';  // as it was: it counts all the same
        blocks[400][99] = 'x';
        first.note_writes();
        writes = first.noted_writes();
        CHECK(std::ranges::count(writes.blocks, true) == 2);
        first.unsettle();
    }
    Arena second(writes);
    const auto blocks = fill(second);
    CHECK(std::abs(blocks[400] - blocks[7]) < kPage);
    second.settle();
    Checkpoint settled;
    settled.take(second, {});
    for (char* const block : blocks) std::memset(block, 'x', 100);  // expected or not
    settled.put_back();
    for (const char* const block : blocks) CHECK(std::count(block, block + 100, '\0') == 100);
}

// A simulation asks for memory while it runs. What is known to be asked for lies where only what changes is copied.
TEST_CASE("what was asked for after one arena has settled has its place in the next one when that settles" *
          doctest::skip(!Arena::available())) {
    constexpr std::size_t kBuffer = 65536;
    const auto bytes_kept = [&](Arena& arena) {
        fill(arena);
        arena.settle();
        char* buffer = nullptr;
        {
            const Arena::Scope scope(arena);
            buffer = new char[kBuffer]{};
        }
        arena.note_writes();
        buffer[7] = 'x';
        Checkpoint checkpoint;
        checkpoint.take(arena, {});
        buffer[7] = buffer[kBuffer - 1] = 'y';
        checkpoint.put_back();
        CHECK(buffer[7] == 'x');
        CHECK(buffer[kBuffer - 1] == '\0');
        return checkpoint.bytes();
    };
    Arena first;
    CHECK(bytes_kept(first) > kBuffer);
    Arena second(first.noted_writes());
    CHECK(bytes_kept(second) < kBuffer / 8);
}

}  // namespace mdscope::test
