// SPDX-License-Identifier: MIT
// Feeds every file of the corpus to its target: what was found once stays found. `corpus FOLDER`, or `corpus TARGET
// FILE`.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/targets.hpp"

// A simulation that is given up unwinds its requests where they are.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:mdscope::ArrayDisk::take";
}

namespace {

using mdscope::fuzz::Target;

void feed_file(const Target& target, const std::filesystem::path& file) {
    (void)std::fprintf(stderr, "%s\n", file.c_str());  // the last one that is named is the one that failed
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    target.feed({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3) {
        const Target* target = mdscope::fuzz::find_target(argv[1]);
        if (target == nullptr) return 2;
        feed_file(*target, argv[2]);
        return 0;
    }
    if (argc != 2) return 2;
    for (const Target& target : mdscope::fuzz::targets()) {
        target.feed({});
        unsigned files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(argv[1]) / target.name)) {
            feed_file(target, entry.path());
            files++;
        }
        std::printf("%.*s: %u files\n", static_cast<int>(target.name.size()), target.name.data(), files);
    }
    return 0;
}
