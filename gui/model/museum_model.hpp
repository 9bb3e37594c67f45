// SPDX-License-Identifier: MIT
// The museum as a part of the window's state: which exhibit is looked at, which answers are uncovered, and the search
// for the schedule that shows its bug.
//
// Threads: the search is on one of its own, at a lower priority; everything here is called by the owner.
#pragma once

#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <string>

#include "engine/explore/museum.hpp"

namespace mdscope::gui {

// What the lab plays of an exhibit: the schedule that `tried` found, beside the mended row. Error: it found none.
// Throws what scenario_of() does.
Result<Scenario> bad_run_of(const Tried& tried);

class MuseumPage {
   public:
    MuseumPage();
    ~MuseumPage();
    MuseumPage(const MuseumPage&) = delete;
    MuseumPage& operator=(const MuseumPage&) = delete;

    [[nodiscard]] const Exhibit& chosen() const { return *chosen_; }
    void choose(const Exhibit& exhibit);
    [[nodiscard]] bool is_uncovered(std::size_t question) const { return uncovered_.contains(question); }
    void uncover(std::size_t question) { uncovered_.insert(question); }

    // The search for the chosen one's bad run, unless one is under way. Empty, or why there is none.
    std::string start();
    void cancel();  // at once; the thread ends soon
    [[nodiscard]] bool is_searching() const { return found_.valid(); }
    [[nodiscard]] std::uint64_t looked_at() const { return looked_at_; }  // states or executions, so far
    // What the search came to, once; nullopt: it goes on, or there is none.
    std::optional<Result<Scenario>> take();

   private:
    const Exhibit* chosen_;
    std::set<std::size_t> uncovered_;
    std::future<Result<Scenario>> found_;
    std::atomic<bool> is_cancelled_ = false;
    std::atomic<std::uint64_t> looked_at_ = 0;
};

}  // namespace mdscope::gui
