// SPDX-License-Identifier: MIT
// Cuts a stream into complete lines. A line that is longer than any can be is left out, however long it is, and
// counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace mdscope::gui {

class LineSplitter {
   public:
    explicit LineSplitter(std::size_t longest) : longest_(longest) {}

    // Gives `take` complete lines, with their newlines, as many as there are at once. Returns how many lines turned out
    // to be too long.
    template <class Take>
    std::uint64_t add(std::string_view text, Take&& take) {
        std::uint64_t too_long = 0;
        if (skipping_ || !rest_.empty()) {
            const std::size_t newline = text.find('\n');
            const std::string_view head = text.substr(0, newline == std::string_view::npos ? newline : newline + 1);
            too_long += extend(head);
            text.remove_prefix(head.size());
            if (newline == std::string_view::npos) return too_long;
            if (!rest_.empty()) take(std::string_view(rest_));
            rest_.clear();
            skipping_ = false;
        }
        const std::size_t last = text.rfind('\n');
        const std::size_t complete = last == std::string_view::npos ? 0 : last + 1;
        if (complete != 0) take(text.substr(0, complete));
        return too_long + extend(text.substr(complete));
    }
    // Forgets a line that has not ended. True: there was one.
    bool reset() {
        const bool was_open = skipping_ || !rest_.empty();
        rest_.clear();
        skipping_ = false;
        return was_open;
    }

   private:
    // More of the line that has not ended. 1: with this it is too long.
    std::uint64_t extend(std::string_view text) {
        if (skipping_) return 0;
        rest_ += text;
        if (rest_.size() <= longest_) return 0;
        rest_ = {};  // its memory goes, too
        skipping_ = true;
        return 1;
    }

    std::size_t longest_;
    std::string rest_;       // of a line that has not ended
    bool skipping_ = false;  // until its newline
};

}  // namespace mdscope::gui
