// SPDX-License-Identifier: MIT
// The engine without a file system: what does a mirrored 4 KiB write cost, next to what it cannot do without, two bare
// pwrites to two files on the same file system?
//
//   engine_bench FOLDER BITMAP ROUNDS      prints one JSON object: {"rounds": [{"bare_ns": ..., "engine_ns": ...},
//   ...]}
//
// One thread, random places, every page of the files and every bit of the bitmap set before. A round is a burst of bare
// writes and a burst of the engine's, in alternating order, so that a change of the machine's mood hits both.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/kernel/real/real_kernel.hpp"
#include "engine/mdadm/array.hpp"

namespace {

using namespace mdscope;

constexpr std::size_t kBlock = 4096;
constexpr std::uint64_t kImageBytes = 256ULL << 20;
constexpr int kBurst = 20000;

[[noreturn]] void die(const std::string& what) {
    fmt::print(stderr, "engine_bench: {}\n", what);
    std::exit(1);
}

class BareMirror {
   public:
    explicit BareMirror(const std::string& folder) {
        const std::vector<std::byte> zeros(1 << 20);
        for (std::size_t i = 0; i < fds_.size(); ++i) {
            const std::string path = folder + "/bare" + std::to_string(i);
            fds_[i] = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
            if (fds_[i] < 0) die("cannot create " + path);
            for (std::uint64_t at = 0; at < kImageBytes; at += zeros.size())
                if (::pwrite(fds_[i], zeros.data(), zeros.size(), static_cast<off_t>(at)) < 0) die("no room: " + path);
        }
    }
    void write(std::uint64_t offset, std::span<const std::byte> data) const {
        for (const int fd : fds_)
            if (::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset)) < 0) die("pwrite");
    }

   private:
    std::array<int, 2> fds_{};
};

std::unique_ptr<Array> make_array(Kernel& kernel, const std::string& folder, const std::string& bitmap) {
    CreateOptions create;
    create.lab = folder + "/lab";
    create.size_bytes = kImageBytes;
    create.bitmap = bitmap;
    create.force = true;
    const auto report = create_lab(create);
    if (!report) die(report.error().text);
    AssembleOptions assemble;
    assemble.images = report->images;
    assemble.lab = create.lab;
    auto array = Array::assemble(kernel, assemble);
    if (!array) die(array.error().text);
    return std::move(*array);
}

// Nanoseconds per write of one burst at random blocks below `size`.
double burst(std::mt19937_64& random, std::uint64_t size, const std::function<void(std::uint64_t)>& write) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kBurst; ++i) write(random() % (size / kBlock) * kBlock);
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / kBurst;
}

void run(const std::string& folder, const std::string& bitmap, int rounds) {
    RealKernel kernel;
    const TaskScope scope(kernel, "bench");
    const BareMirror bare(folder);
    const auto array = make_array(kernel, folder, bitmap);
    if (array->open() != 0) die("cannot open the array");

    const std::uint64_t size = array->size_bytes();
    const std::vector<std::byte> big(1 << 20);
    for (std::uint64_t at = 0; at + big.size() <= size; at += big.size())
        if (array->write(at, big, false) < 0) die("cannot fill the array");

    std::mt19937_64 random(1);
    const std::span<const std::byte> block(big.data(), kBlock);
    const auto bare_burst = [&] { return burst(random, size, [&](std::uint64_t at) { bare.write(at, block); }); };
    const auto engine_burst = [&] {
        return burst(random, size, [&](std::uint64_t at) {
            if (array->write(at, block, false) != static_cast<std::int64_t>(kBlock)) die("the engine failed a write");
        });
    };
    bare_burst();
    engine_burst();

    fmt::print("{{\"rounds\": [");
    for (int i = 0; i < rounds; ++i) {
        double bare_ns = 0;
        if (i % 2 == 0) bare_ns = bare_burst();
        const double engine_ns = engine_burst();
        if (i % 2 != 0) bare_ns = bare_burst();
        fmt::print("{}{{\"bare_ns\": {:.0f}, \"engine_ns\": {:.0f}}}", i == 0 ? "" : ", ", bare_ns, engine_ns);
    }
    fmt::print("]}}\n");

    array->release();
    std::string why;
    if (array->stop(false, &why) != 0) die("stop: " + why);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr, "usage: engine_bench FOLDER BITMAP ROUNDS\n");
        return 2;
    }
    run(argv[1], argv[2], std::atoi(argv[3]));
    return 0;
}
