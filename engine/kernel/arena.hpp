// SPDX-License-Identifier: MIT
// Memory whose whole content can be saved and put back: how a simulation returns to an earlier moment without being run
// again from its start.
//
//   Arena arena;
//   { const Arena::Scope scope(arena);  lab = new Lab; lab->set_up(); }     // everything it allocates lies in the
//   arena saved.take(arena, stacks); { const Arena::Scope scope(arena);  lab->run(); } saved.put_back(); // lab is as
//   it was, at the same addresses
//
// While a Scope is on a thread, its operator new takes from the arena; operator delete knows by the address what
// belongs to it. What a simulation changes outside of it (a file, a static) is not put back; SimKernel keeps nothing
// there. The stacks of its fibers are, so a Checkpoint saves the live part of those, too.
//
// Under a sanitizer operator new stays the sanitizer's and there is no arena: available() is false, and whoever wants
// to go back builds the simulation anew. Searches give the same results both ways.
//
// Most of what a simulation allocates while it is set up is never written to again. So settle() copies it once and
// write-protects it; a page that is written to after all is found by its fault, and from then on is saved and put back.
// A checkpoint copies those pages and what was allocated since, not the whole arena. Of a page that is written to, it
// is mostly a line or two; so whoever builds the same simulation twice may note in the first one which blocks are
// written to (Writes), and hand that to the second, where they lie side by side, in a few pages. With MDSCOPE_COPY_ALL
// in the environment everything is copied, as without settle(): under valgrind, which does not resume after such a
// fault as the processor does.
//
// Threads: an arena belongs to one thread at a time; each thread has a scope of its own.
#pragma once

#include <signal.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace mdscope {

class Arena {
   public:
    static constexpr std::size_t kCapacity = std::size_t{256} << 20;  // of addresses; memory only as far as it is used
    static constexpr std::size_t kClasses = 128;                      // of sizes of blocks

    // Of the blocks that were asked for until settle(), in their order, those that were written to afterwards; and
    // those that were asked for since.
    struct Writes {
        std::vector<bool> blocks;
        std::vector<std::uint32_t> later;  // of each size, how many
        std::size_t bytes = 0;             // that all these take
    };

    Arena();  // Throws std::bad_alloc.
    // The same, and what is expected to be written to in what will be built here. Wrong is slow, nothing else.
    explicit Arena(const Writes& expected);
    ~Arena();  // Everything in it is gone.
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    static bool available();

    class Scope {
       public:
        explicit Scope(Arena& arena);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

       private:
        Arena* outer_;
    };
    // Between these braces operator new is the usual one again.
    class Outside {
       public:
        Outside();
        ~Outside();
        Outside(const Outside&) = delete;
        Outside& operator=(const Outside&) = delete;

       private:
        Arena* outer_;
    };

    void* allocate(std::size_t size);
    static void free(void* block);
    // The arena that an address lies in; nullptr: none.
    static Arena* owner(const void* address);
    // What has ever been used, from its lowest address.
    [[nodiscard]] std::span<std::byte> used();

    // Whatever is in it now is expected to stay as it is, but for what is expected to be written to: what will be asked
    // for lies beside that now. Installs the process's handler of SIGSEGV, which hands on
    // what is no write to an arena to the handler of before. REQUIRES: no Checkpoint of this arena is kept.
    void settle();
    // Everything is expected to change. Checkpoints of before are good for nothing any more.
    void unsettle();
    // Remembers what is not as it was settled now.
    void note_writes();
    // Of all that was noted since settle().
    [[nodiscard]] Writes noted_writes() const;

   private:
    friend class Checkpoint;
    static bool is_page_written(void* address);  // in the handler: makes its page writable; false: it is no such page
    static void on_fault(int signal, siginfo_t* info, void* context);
    [[nodiscard]] std::span<std::byte> page(std::size_t number) const;
    [[nodiscard]] std::span<const std::byte> settled_page(std::size_t number) const;
    struct Block;
    struct Head {  // at the arena's lowest address, so that it is saved with everything else
        std::byte* next;
        std::byte*
            next_expected;  // where blocks go that are expected to be written to: between the head and the others
        std::size_t count;  // of blocks
        std::array<Block*, kClasses> free;
    };
    Block* carve(std::size_t number, bool is_expected);
    [[nodiscard]] bool is_expected_next() const;
    void carve_for_later();
    [[nodiscard]] std::byte* first_block() const;
    template <class Visit>
    static void for_each_block(std::byte* from, const std::byte* end, Visit visit);  // visit(begin, size, block)
    [[nodiscard]] bool is_noted(const std::byte* block, std::size_t size) const;
    Head* head_;
    std::byte* end_;
    std::byte* expected_end_;
    const Writes expected_;
    std::size_t slot_;

    // The settled pages, from the lowest address on. Outside of the arena: this is not put back.
    static constexpr std::size_t kPage = 4096;
    std::span<std::byte> settled_;        // where they are
    std::vector<std::byte> as_settled_;   // what was in them
    std::vector<std::uint32_t> written_;  // those that were written to since; has room for all
    std::vector<std::uint64_t> noted_;    // of each page, the lines that note_writes() found, a bit each
    std::byte* next_ = nullptr;           // as it was settled: what is asked for afterwards lies behind it
    std::vector<std::uint32_t> later_;    // that note_writes() found there, at most at once
    // Of each page that a checkpoint found changed all over, what it found: the next one often finds the same, and
    // shares it.
    using Page = std::array<std::byte, kPage>;
    std::vector<std::shared_ptr<const Page>> wholes_;
};

// A simulation that is given up half-way leaves behind what its bios in flight own. In an arena that goes with it;
// between these braces the leak checker is told so, where there is one.
class MayBeAbandoned {
   public:
    MayBeAbandoned();
    ~MayBeAbandoned();
    MayBeAbandoned(const MayBeAbandoned&) = delete;
    MayBeAbandoned& operator=(const MayBeAbandoned&) = delete;
};

// A moment of a simulation: what may have changed in the arena, and the live parts of stacks outside of it.
class Checkpoint {
   public:
    void take(Arena& arena, std::span<const std::span<std::byte>> stacks);
    void put_back() const;
    // Without what it shares with others.
    [[nodiscard]] std::size_t bytes() const { return copy_.size(); }
    [[nodiscard]] std::size_t bytes_reserved() const {
        return copy_.capacity() + changed_.capacity() * sizeof(Changed) +
               places_.capacity() * sizeof(std::span<std::byte>);
    }

   private:
    // Of a settled page that had been written to, the lines that were not as settled: a bit each. They are the first in
    // the copy; mostly it is a few. Of a page with many it is the whole of it instead.
    struct Changed {
        std::uint64_t lines = 0;
        std::shared_ptr<const Arena::Page> whole;
    };
    static Changed changed(Arena& arena, std::uint32_t number);

    Arena* arena_ = nullptr;
    std::vector<std::span<std::byte>> places_;
    std::vector<Changed> changed_;
    std::vector<std::byte> copy_;
};

}  // namespace mdscope
