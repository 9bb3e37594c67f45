// SPDX-License-Identifier: MIT
// Mend it: the wait of the fix is put behind another line of the stop, and all orders are searched with it there.
//
//   md_bitmap_daemon_work #1      <- a place
//   md_bitmap_daemon_work #2      <- a place
//   md_bitmap_daemon_work #3
//   + md_super_wait               the line that is moved
//   md_bitmap_update_sb           <- a place
//
// Places are rows of the variant `fix`: upstream's, and those that nobody proposed (fix.hpp). Nothing is emulated: the
// engine runs with that row.
//
// Threads: the search is on one of its own, at a lower priority; everything here is called by the owner.
#pragma once

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/explorer.hpp"
#include "engine/md/variants/fix.hpp"
#include "gui/model/tree_rows.hpp"

namespace mdscope::gui {

struct MendPlace {
    std::size_t row;  // the line of the tree, of those without the moved one, that the wait is put behind
    int depth;        // of the wait there
    const StopFix* fix;
};

// The line that can be moved: a wait that only one of the two kernels calls, where there are other places for it.
std::optional<std::size_t> movable_wait(const std::vector<TreeRow>& rows, const Duel& duel);
// From the top. `others`: the lines without it.
std::vector<MendPlace> mend_places(const std::vector<TreeRow>& others);
// The lines that Linux has added are those of one of the two, or of none that waits elsewhere.
bool shows_upstream_lines(const Duel& duel);
std::string place_words(const StopFix& fix);  // "behind md_bitmap_daemon_work #1", "in md_bitmap_free"

class MendSearch {
   public:
    MendSearch() = default;
    ~MendSearch() { cancel(); }
    MendSearch(const MendSearch&) = delete;
    MendSearch& operator=(const MendSearch&) = delete;

    // Every order of `tried`, as far as the budget goes; what was looked for before is given up. Empty, or why not.
    std::string start(const Scenario& tried);
    void cancel();  // at once; waits for the thread, which ends soon
    [[nodiscard]] bool is_searching() const { return found_.valid(); }
    [[nodiscard]] std::uint64_t looked_at() const { return looked_at_; }  // states so far

    struct Found {
        Verdict verdict;
        std::optional<Scenario> bad;  // the shortest schedule that goes wrong
    };
    // Once, when there is something.
    std::optional<Result<Found>> take();

   private:
    std::future<Result<Found>> found_;
    std::atomic<bool> is_cancelled_ = false;
    std::atomic<std::uint64_t> looked_at_ = 0;
};

// "safe: 0 of 8,446 orders go wrong"
std::string found_words(const Verdict& verdict);

// What is under the mouse, or being looked for.
struct Mend {
    Side side = Side::B;  // whose wait it is
    const StopFix* fix = nullptr;
    bool is_dragged = false;
    void hover(Side over, const StopFix& place) {
        side = over;
        fix = &place;
        is_dragged = true;
        search.cancel();
    }
    MendSearch search;
    Scenario asked;  // the array that it is looked for
};

}  // namespace mdscope::gui
