// SPDX-License-Identifier: MIT
// Writes blocks to a disk and remembers, outside the disk, which of them were acknowledged: the witness of kill9.sh.
//
//   ack_writer write  DISK LOG THREADS SEED KILL_PID AFTER   writes until an error; after AFTER acknowledged blocks it
//                                                            kills process KILL_PID in the middle of the others
//   ack_writer verify DISK LOG                               every block holds its acknowledged value, or the one that
//                                                            was on its way
//
// LOG is a file of one Entry a block, shared and mapped, so it survives whatever happens to the disk and to us. A block
// belongs to one thread (block % threads), so its values are written one after the other and at most one is in flight:
//
//   issued = v      before pwrite       acked = v       after pwrite returned 4096
//   after a crash the block must hold acked or issued, whole: a torn block has a wrong stamp
//
// Verify sets both to what it found, so that cycles can follow each other.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <semaphore>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kWords = kBlock / sizeof(std::uint64_t);

struct Entry {
    std::atomic<std::uint64_t> issued;
    std::atomic<std::uint64_t> acked;
};
static_assert(sizeof(Entry) == 16);

[[noreturn]] void die(const std::string& what) {
    fmt::print(stderr, "ack_writer: {}: {}\n", what, std::generic_category().message(errno));
    std::exit(2);
}

struct AlignedFree {
    void operator()(std::uint64_t* p) const { std::free(p); }  // NOLINT: from aligned_alloc
};
using Block = std::unique_ptr<std::uint64_t, AlignedFree>;
Block new_block() {
    return Block(static_cast<std::uint64_t*>(std::aligned_alloc(kBlock, kBlock)));
}

// Every word depends on block, value and place, so that neither a torn nor a misplaced block can look right.
std::uint64_t stamp(std::uint64_t block, std::uint64_t value, std::size_t word) {
    std::uint64_t x = block * 0x9e3779b97f4a7c15ULL ^ value * 0xc2b2ae3d27d4eb4fULL ^ word * 0x165667b19e3779f9ULL;
    x ^= x >> 29;
    return x * 0xbf58476d1ce4e5b9ULL;
}

void fill(std::span<std::uint64_t, kWords> words, std::uint64_t block, std::uint64_t value) {
    words[0] = value;
    for (std::size_t i = 1; i < kWords; ++i) words[i] = value == 0 ? 0 : stamp(block, value, i);
}

class Disk {
   public:
    Disk(const char* path, const char* log_path) : fd_(open(path, O_RDWR | O_DIRECT | O_CLOEXEC)) {
        if (fd_ < 0) die(path);
        struct stat status {};
        if (fstat(fd_, &status) != 0) die(path);
        blocks_ = static_cast<std::uint64_t>(status.st_size) / kBlock;
        map_log(log_path);
    }
    [[nodiscard]] std::uint64_t blocks() const { return blocks_; }
    Entry& entry(std::uint64_t block) { return log_[block]; }
    bool write(std::uint64_t block, const std::uint64_t* data) const {
        return pwrite(fd_, data, kBlock, static_cast<off_t>(block * kBlock)) == static_cast<ssize_t>(kBlock);
    }
    bool read(std::uint64_t block, std::uint64_t* data) const {
        return pread(fd_, data, kBlock, static_cast<off_t>(block * kBlock)) == static_cast<ssize_t>(kBlock);
    }

   private:
    void map_log(const char* path) {
        const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        const std::size_t size = blocks_ * sizeof(Entry);
        if (fd < 0 || ftruncate(fd, static_cast<off_t>(size)) != 0) die(path);
        void* map = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) die(path);
        close(fd);
        log_ = static_cast<Entry*>(map);
    }
    int fd_;
    std::uint64_t blocks_ = 0;
    Entry* log_ = nullptr;
};

// Kills the victim at a random instant within 2 ms after the agreed number of acknowledged blocks: writes that wait for
// the same slow member end together, and a kill at such an end would find none of them half done.
class Killer {
   public:
    Killer(pid_t victim, std::uint64_t after, std::uint64_t seed)
        : victim_(victim), after_(after), delay_(std::mt19937_64(seed)() % 2000), thread_([this] { strike(); }) {}
    ~Killer() {
        due_.release();  // Harmless when it is due already; ends the thread when it never was.
        thread_.join();
    }
    void count() {
        if (acked_.fetch_add(1) + 1 == after_) due_.release();
    }
    [[nodiscard]] std::uint64_t acked() const { return acked_; }
    [[nodiscard]] bool has_struck() const { return acked_ >= after_; }

   private:
    void strike() {
        due_.acquire();
        if (!has_struck()) return;
        const auto end = std::chrono::steady_clock::now() + delay_;
        while (std::chrono::steady_clock::now() < end) continue;
        kill(victim_, SIGKILL);
    }
    const pid_t victim_;
    const std::uint64_t after_;
    const std::chrono::microseconds delay_;
    std::atomic<std::uint64_t> acked_{0};
    std::counting_semaphore<2> due_{0};
    std::thread thread_;
};

// Until the first error, which is what a killed file system answers.
void write_blocks(Disk& disk, Killer& killer, std::uint64_t thread, std::uint64_t threads, std::uint64_t seed) {
    std::mt19937_64 random(seed * 1000 + thread);
    const Block data = new_block();
    for (;;) {
        const std::uint64_t block = random() % (disk.blocks() / threads) * threads + thread;
        Entry& entry = disk.entry(block);
        const std::uint64_t value = entry.acked + 1;
        fill(std::span<std::uint64_t, kWords>(data.get(), kWords), block, value);
        entry.issued = value;
        if (!disk.write(block, data.get())) return;
        entry.acked = value;
        killer.count();
    }
}

int write(Disk& disk, std::uint64_t threads, std::uint64_t seed, Killer& killer) {
    std::vector<std::thread> writers;
    for (std::uint64_t i = 0; i < threads; ++i)
        writers.emplace_back([&, i] { write_blocks(disk, killer, i, threads, seed); });
    for (std::thread& writer : writers) writer.join();
    if (killer.has_struck()) return 0;
    fmt::print("a write failed after {} blocks, before anybody was killed: {}\n", killer.acked(),
               std::generic_category().message(errno));
    return 1;
}

int verify(Disk& disk) {
    const Block found = new_block();
    const Block wanted = new_block();
    int bad = 0;
    for (std::uint64_t block = 0; block < disk.blocks(); ++block) {
        Entry& entry = disk.entry(block);
        if (!disk.read(block, found.get())) die("read");
        const std::uint64_t value = *found;
        fill(std::span<std::uint64_t, kWords>(wanted.get(), kWords), block, value);
        const bool known = value == entry.acked || value == entry.issued;
        const bool whole = std::memcmp(found.get(), wanted.get(), kBlock) == 0;
        if ((!known || !whole) && ++bad <= 10)
            fmt::print("block {}: holds {}{}, acknowledged {}, issued {}\n", block, value, whole ? "" : " (torn)",
                       entry.acked.load(), entry.issued.load());
        entry.acked = value;
        entry.issued = value;
    }
    if (bad > 0) fmt::print("{} blocks are wrong\n", bad);
    return bad == 0 ? 0 : 1;
}

std::uint64_t number(const char* text) {
    return std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string action = argc > 1 ? argv[1] : "";
    if (action == "verify" && argc == 4) {
        Disk disk(argv[2], argv[3]);
        return verify(disk);
    }
    if (action == "write" && argc == 8) {
        Disk disk(argv[2], argv[3]);
        const std::uint64_t seed = number(argv[5]);
        Killer killer(static_cast<pid_t>(number(argv[6])), number(argv[7]), seed);
        return write(disk, number(argv[4]), seed, killer);
    }
    fmt::print(stderr, "usage: ack_writer write DISK LOG THREADS SEED KILL_PID AFTER | ack_writer verify DISK LOG\n");
    return 2;
}
