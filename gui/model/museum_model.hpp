// SPDX-License-Identifier: MIT
// The museum as a part of the window's state: the list, or the page of one exhibit; which of its questions is asked,
// which answers are uncovered; and the search for the schedule that shows its bug, with five pictures of it.
//
// The search begins by itself when a page has been looked at for a moment: its pictures belong to the page.
//
// Threads: the search is on one of its own, at a lower priority; everything here is called by the owner.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <string>

#include "engine/explore/museum.hpp"
#include "gui/model/museum_frames.hpp"

namespace mdscope::gui {

// What the lab plays of an exhibit: the schedule that `tried` found, beside the mended row. Error: it found none.
// Throws what scenario_of() does.
Result<Scenario> bad_run_of(const Tried& tried);
// Its scenario as that kernel would run it, beside the mended row. Error: the file cannot be read.
Result<Scenario> scenario_in(const Exhibit& exhibit, const KernelEra& era);
// The kernels that there were, oldest first.
std::vector<const KernelEra*> real_eras();
// What goes wrong in one word, by the judge that finds it: "crash", "hang", "stale read".
std::string bad_end_of(const Exhibit& exhibit);
// No kernel has mended it.
bool is_still_there(const Exhibit& exhibit);

struct MuseumRun {
    Scenario scenario;
    std::vector<MuseumFrame> frames;
};

class MuseumPage {
   public:
    MuseumPage();
    ~MuseumPage();
    MuseumPage(const MuseumPage&) = delete;
    MuseumPage& operator=(const MuseumPage&) = delete;

    bool shows_list = true;  // else the page of the chosen one
    [[nodiscard]] const Exhibit& chosen() const { return *chosen_; }
    void choose(const Exhibit& exhibit);  // and show its page
    void choose_beside(int step);         // the next one, or the one before
    std::size_t question = 0;             // that is asked
    bool brings_question = false;         // into sight, with the next frame
    void ask(std::size_t number) {
        question = number;
        brings_question = true;
    }
    [[nodiscard]] bool is_uncovered(std::size_t number) const { return uncovered_.contains(number); }
    void uncover(std::size_t number) { uncovered_.insert(number); }

    // Its run that goes wrong; nullptr: it was not found so far.
    [[nodiscard]] const MuseumRun* run() const { return run_ ? &*run_ : nullptr; }
    // It shall be played, as soon as it is found. Empty, or why it cannot be looked for.
    std::string play(std::size_t from = 0);
    void cancel();  // at once; the thread ends soon
    [[nodiscard]] bool is_searching() const { return found_.valid(); }
    [[nodiscard]] std::uint64_t looked_at() const { return looked_at_; }  // states or executions, so far
    // Once a frame that shows the page. An error of the search is told once.
    std::optional<std::string> pass(double seconds);
    // The tick from which its run shall be played now, once.
    std::optional<std::size_t> take_play();
    void wait();  // for the search: for a picture

   private:
    std::string start();

    const Exhibit* chosen_;
    std::set<std::size_t> uncovered_;
    double shown_for_ = 0;
    bool was_tried_ = false;  // a search for it was begun
    std::optional<std::size_t> play_from_;
    std::optional<MuseumRun> run_;
    std::future<Result<MuseumRun>> found_;
    std::atomic<bool> is_cancelled_ = false;
    std::atomic<std::uint64_t> looked_at_ = 0;
};

}  // namespace mdscope::gui
