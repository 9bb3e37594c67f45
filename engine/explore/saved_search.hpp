// SPDX-License-Identifier: MIT
// A search that ended before its end, as a file, so that it can be gone on with: it then comes to the same counts as
// one that was never interrupted.
//
//   mdscope-search 1
//   commit 0.1.0 (43610cd, 2026-11-29)      only the mdscope that began it goes on with it: states are told by hashes
//   strategy bfs
//   seed 1
//   preemptions 2                           or `any`
//   counted 20000                           states, or executions
//   scenario report-2021
//   mdscope-scenario 1                      the scenario, as its file would be
//   ...
//   end
//   body 1234567 0f3a5c7e9b2d4816           bytes, and FNV-1a of them and of all that stands above
//   <so many bytes>                         what the search itself remembers: its own business (Tally, search_*.cpp)
//
// Numbers of the body are LEB128 (seven bits a byte, the lowest first), hashes eight bytes. Who reads one that was
// damaged is told by the checksum; what is wrong in spite of it throws std::runtime_error.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scenario/scenario.hpp"

namespace mdscope {

struct SavedSearch {
    std::string commit{};
    Scenario scenario;
    Strategy strategy = Strategy::Bfs;
    std::uint64_t seed = 1;
    std::optional<unsigned> preemptions = std::nullopt;
    std::uint64_t counted = 0;
    std::string body{};  // Verdict::rest, ExploreOptions::resume
};
std::string saved_search_text(const SavedSearch& saved);
Result<SavedSearch> parse_saved_search(std::string_view text);
// By its beginning: whether it is worth reading.
inline bool is_saved_search(std::string_view beginning) {
    return beginning.starts_with("mdscope-search ");
}
// In what the search that is asked for is another one: "strategy dfs, not bfs". Empty: in nothing.
std::string other_search(const SavedSearch& saved, const SavedSearch& asked);

class SearchWriter {
   public:
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
        bytes_.push_back(static_cast<char>(value));
    }
    void hash(std::uint64_t value) {
        for (int shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>(value >> shift));
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_.append(value);
    }
    void numbers(const std::vector<std::uint32_t>& values) {
        number(values.size());
        for (const std::uint32_t value : values) number(value);
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

   private:
    std::string bytes_;
};

class SearchReader {
   public:
    explicit SearchReader(std::string_view bytes) : bytes_(bytes) {}
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const auto byte = static_cast<unsigned char>(part(1)[0]);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80) return value;
        }
        throw wrong();
    }
    // At most `most`: what indexes something.
    std::uint64_t number_to(std::uint64_t most) {
        const std::uint64_t value = number();
        if (value > most) throw wrong();
        return value;
    }
    std::uint32_t small() { return static_cast<std::uint32_t>(number_to(~std::uint32_t{0})); }
    bool flag() { return number_to(1) != 0; }
    // Of things that take at least a byte each.
    std::size_t count() { return number_to(bytes_.size()); }
    std::uint64_t hash() {
        std::uint64_t value = 0;
        int shift = 0;
        for (const char byte : part(8)) {
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(byte)) << shift;
            shift += 8;
        }
        return value;
    }
    std::string_view text() { return part(count()); }
    std::vector<std::uint32_t> numbers() {
        std::vector<std::uint32_t> values(count());
        for (std::uint32_t& value : values) value = small();
        return values;
    }
    void end() const {
        if (!bytes_.empty()) throw wrong();
    }
    static std::runtime_error wrong() { return std::runtime_error("the search that was saved is damaged"); }

   private:
    std::string_view part(std::size_t size) {
        if (size > bytes_.size()) throw wrong();
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }
    std::string_view bytes_;
};

}  // namespace mdscope
