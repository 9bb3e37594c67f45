// SPDX-License-Identifier: MIT

#include "gui/model/tree_rows.hpp"

#include <algorithm>

#include "engine/story/tell/scene.hpp"

namespace mdscope::gui {

namespace {

using Tree = std::vector<TreeLine>;

bool is_same(const TreeLine& a, const TreeLine& b) {
    return a.name == b.name && a.depth == b.depth;
}

// Lengths of the longest common subsequences of all tails. Few lines differ, so of very long trees it is enough to
// look at as many as a person reads.
std::vector<std::vector<std::uint16_t>> common_tails(const Tree& a, const Tree& b) {
    std::vector<std::vector<std::uint16_t>> length(a.size() + 1, std::vector<std::uint16_t>(b.size() + 1));
    for (std::size_t i = a.size(); i-- > 0;)
        for (std::size_t j = b.size(); j-- > 0;)
            length[i][j] = is_same(a[i], b[j]) ? static_cast<std::uint16_t>(length[i + 1][j + 1] + 1)
                                               : std::max(length[i + 1][j], length[i][j + 1]);
    return length;
}

bool has_come(TreeLine::State state) {
    using enum TreeLine::State;
    return state != ToCome && state != Never && state != Missing;
}

class Merger {
   public:
    Merger(const Tree& a, const Tree& b) : trees_{&a, &b} {}

    std::vector<TreeRow> rows() {
        const Tree &a = *trees_[0], &b = *trees_[1];
        const bool is_long = a.size() * b.size() > 4'000'000;
        const auto length = is_long ? std::vector<std::vector<std::uint16_t>>{} : common_tails(a, b);
        std::size_t i = 0, j = 0;
        while (i < a.size() || j < b.size()) {
            if (i < a.size() && j < b.size() && is_same(a[i], b[j]))
                add({i++, j++});
            else if (i < a.size() && (j == b.size() || is_long || length[i + 1][j] >= length[i][j + 1]))
                add({i++, std::nullopt});
            else
                add({std::nullopt, j++});
        }
        return std::move(rows_);
    }

   private:
    void add(const std::array<std::optional<std::size_t>, 2>& line) {
        TreeRow row;
        row.line = line;
        for (const Side side : kSides) {
            if (!line.at(side)) continue;
            const TreeLine& own = (*trees_.at(side))[*line.at(side)];
            row.name = own.name;
            row.depth = own.depth;
            row.number = std::max(row.number, own.number);
            row.state.at(side) = own.state;
        }
        row.note = note_of(line);
        for (const Side side : kSides) {
            const bool calls = row.state.at(side) != TreeLine::State::Missing;
            const bool other = row.state.at(1U - side) != TreeLine::State::Missing;
            // Where one of them has no such line at all, and nothing says that it is missed, it is no news.
            if (calls && !other && line.at(1U - side)) row.only = side;
        }
        row.is_news =
            row.only && (has_come(row.state.at(*row.only)) ||
                         (!rows_.empty() && (has_come(rows_.back().state[0]) || has_come(rows_.back().state[1]))));
        rows_.push_back(std::move(row));
    }

    [[nodiscard]] std::string note_of(const std::array<std::optional<std::size_t>, 2>& line) const {
        std::array<std::string, 2> notes;
        std::size_t callers = 0;
        for (const Side side : kSides) {
            if (!line.at(side)) continue;
            const TreeLine& own = (*trees_.at(side))[*line.at(side)];
            if (own.state == TreeLine::State::Missing) continue;
            notes.at(side) = own.note;
            callers++;
        }
        if (callers < 2 || notes[0] == notes[1]) return notes[0].empty() ? notes[1] : notes[0];
        std::string both;
        for (const Side side : kSides)
            if (!notes.at(side).empty())
                both += (both.empty() ? "" : "; ") + (side_name(side) + (" " + notes.at(side)));
        return both;
    }

    std::array<const Tree*, 2> trees_;
    std::vector<TreeRow> rows_;
};

}  // namespace

std::vector<TreeRow> tree_rows(const Tree& a, const Tree& b) {
    return Merger(a, b).rows();
}

}  // namespace mdscope::gui
