// SPDX-License-Identifier: MIT
// For tests that work on files: a folder that goes away, files as bytes, the arrays of tests/data, and commands.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace mdscope::testing {

// A folder of its own, removed with everything in it.
class ScratchFolder {
   public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "mdscope-unit.XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = std::filesystem::canonical(name).string();
    }
    ~ScratchFolder() {
        std::error_code ignored;  // what cannot be removed is left to the system's cleaner of /tmp
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }
    // Names of what is in it, sorted; of a folder below it if one is given.
    [[nodiscard]] std::vector<std::string> names(const std::string& below = "") const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(path_ + "/" + below))
            found.push_back(entry.path().filename().string());
        std::sort(found.begin(), found.end());
        return found;
    }

   private:
    std::string path_;
};

inline std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
// These two give back where it is.
inline std::string write_text(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
    return path;
}
inline std::string make_sparse(const std::string& path, std::uint64_t size) {
    if (!std::filesystem::exists(path)) std::ofstream(path, std::ios::binary).flush();
    std::filesystem::resize_file(path, size);
    return path;
}
inline std::vector<std::byte> read_bytes(const std::string& path, std::uint64_t offset, std::size_t size) {
    std::ifstream in(path, std::ios::binary);
    std::vector<std::byte> bytes(size);
    in.seekg(static_cast<std::streamoff>(offset));
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return bytes;
}
// Writes into a file, which is made if missing, and leaves the rest of it alone.
inline void write_bytes(const std::string& path, std::uint64_t offset, const std::vector<std::byte>& bytes) {
    if (!std::filesystem::exists(path)) std::ofstream(path, std::ios::binary).flush();
    std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(offset));
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// What a shell command printed, and its exit status.
struct CommandResult {
    int status;
    std::string output;
};
inline CommandResult run_command(const std::string& command) {
    std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen failed");
    std::string output;
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        output.append(buffer.data(), n);
    return {pclose(pipe), output};
}
inline bool has_command(const std::string& name) {
    return run_command("PATH=$PATH:/usr/sbin:/sbin command -v " + name).status == 0;
}

// Unpacks tests/data/NAME.tar.zst below the folder and returns where; "" when zstd is not installed.
inline std::string unpack_array(const ScratchFolder& scratch, const std::string& name) {
    const std::filesystem::path data = std::filesystem::path(__FILE__).parent_path() / "data";
    if (!has_command("zstd")) return "";
    const CommandResult result =
        run_command("tar --zstd -xf '" + (data / (name + ".tar.zst")).string() + "' -C '" + scratch.path() + "'");
    if (result.status != 0) throw std::runtime_error("cannot unpack " + name + ": " + result.output);
    return scratch / name;
}

}  // namespace mdscope::testing
