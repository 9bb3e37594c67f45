// SPDX-License-Identifier: MIT
// The matrix of one granularity, explored behind the window's back: one cell after the other on a thread of its own.
//
//   NotBegun --start--> Running <--pause--> Paused         a cell that was cancelled half-way is as if it had never
//                         |  \                             been begun; start() goes on with what is missing
//                         |   cancel --> Cancelled --start--> Running
//                         +--> Finished
//
// What has been found is read as a View, which never changes once it is made: the thread that draws shares no object
// with the one that explores. A search is asked to go on twenty times a second, so a pause or a cancel takes effect
// within 100 ms; the destructor cancels and waits for that.
//
// Threads: `wake` is called by the exploring thread, everything else by one thread, the owner's. Nothing throws.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/explore/matrix.hpp"

namespace mdscope::gui {

ExploreOptions within_matrix_budget();  // of states, for each cell, as the command line has it

class MatrixRun {
   public:
    enum class Phase { NotBegun, Running, Paused, Cancelled, Finished };

    struct View {
        Phase phase = Phase::NotBegun;
        std::vector<std::shared_ptr<const MatrixCell>> cells;  // all of them; look at MatrixCell::explored
        std::size_t done = 0;
        std::optional<std::size_t> running;  // the cell that is being explored
        std::uint64_t states = 0;            // of it, so far
        double states_per_second = 0;
        [[nodiscard]] const MatrixCell& cell(std::size_t number) const { return *cells[number]; }
    };

    // As `mdscope explore --matrix` explores them: the same cells, the same budget. Or those of `cells` that have not
    // been explored yet.
    MatrixRun(Granularity granularity, std::function<void()> wake);
    MatrixRun(std::vector<MatrixCell> cells, ExploreOptions options, std::function<void()> wake);
    ~MatrixRun();
    MatrixRun(const MatrixRun&) = delete;
    MatrixRun& operator=(const MatrixRun&) = delete;

    void start();  // nothing happens if it runs, or has finished: no cell is ever explored twice
    void pause(bool on);
    void cancel();  // at once; the thread ends soon
    void wait();    // until it runs no more; REQUIRES: not paused
    [[nodiscard]] std::shared_ptr<const View> view() const;

   private:
    void work();
    [[nodiscard]] std::optional<std::size_t> take_next();
    void keep(std::size_t number, MatrixCell cell);
    bool report(const Verdict& so_far);
    bool is_to_go_on(std::unique_lock<std::mutex>& lock);
    void end();
    void tell(bool now);

    const ExploreOptions options_;
    const std::function<void()> wake_;

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    View now_;
    mutable std::shared_ptr<const View> shown_;  // a copy of now_; null: now_ has changed since
    mutable bool was_looked_at_ = true;          // since `wake` was called

    double told_ = 0, reported_ = 0;  // of the exploring thread
    std::uint64_t states_before_ = 0;
    std::thread thread_;
};

}  // namespace mdscope::gui
