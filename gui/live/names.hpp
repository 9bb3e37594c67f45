// SPDX-License-Identifier: MIT
// Texts that come again and again, kept once and known by number. Bounded: what does not fit is kOtherName, and a long
// one is cut.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "gui/live/block_ring.hpp"
#include "gui/live/history.hpp"

namespace mdscope::gui {

class Names {
   public:
    static constexpr std::size_t kBlock = 256;
    static constexpr std::size_t kMost = 16 * kBlock;
    static constexpr std::size_t kLongest = 160;

    Names() { clear(); }
    NameId id_of(std::string_view text) {
        if (text.size() > kLongest) text = text.substr(0, kLongest);
        if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
        if (ring_.size() == kMost) return kOtherName;
        return add(text);
    }
    [[nodiscard]] const std::string& operator[](NameId id) const { return ring_[id]; }
    [[nodiscard]] BlockView<std::string, kBlock> view() const { return ring_.view(); }
    void clear() {
        ids_.clear();
        ring_.clear();
        add("");
        add("(one name too many)");
        ring_.push("");  // kEmptyName; "" is looked up as kNoName
    }
    [[nodiscard]] static std::size_t max_bytes() { return kMost * 3 * (kLongest + sizeof(std::string) + 32); }

   private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    NameId add(std::string_view text) {
        const auto id = static_cast<NameId>(ring_.size());
        std::string shown(text);
        for (char& c : shown)
            if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
        ids_.emplace(text, id);
        ring_.push(std::move(shown));
        return id;
    }
    std::unordered_map<std::string, NameId, Hash, std::equal_to<>> ids_;
    BlockRing<std::string, kBlock> ring_{kMost / kBlock};
};

}  // namespace mdscope::gui
