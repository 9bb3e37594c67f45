// SPDX-License-Identifier: MIT
// A mounted array, followed through its files: the window's side of lab/.
//
//   poller     lab/snapshot up to 60 times a second, and the parts that are wanted     ---.
//   stream     lab/trace_pipe --> LiveHistory                                             |   publisher
//   quick      hold, release, delay, ...: commands that cannot sleep                      |-->  LiveView  --> wake()
//   sleepers   stop, assemble, fail, re-add, ...: one at a time, each as long as it takes |
//                                                                                      ---'
// The array is another process. Reading its files can hang for ever (a stopped process, a dead network disk below it),
// so the caller's thread touches nothing: it takes view(), which is a value, and queues commands. The publisher touches
// no file either and so always works: it notices when a read is not answered. Threads that hang when the LiveLab goes
// are left behind with the state they share; they end when the read does.
//
// Commands: quick ones run in their order; a sleeper starts when all that was queued before it and is quick has ended,
// and the sleepers before it. So "hold, then stop" means that, and "stop, then release" works while the stop sleeps.
//
// Attaching switches the array's tracing on if it is off, and leaves it on: that costs it next to nothing, and another
// window may be looking. When the stream comes to its end (somebody unmounts, or wrote `end` to lab/trace) everything
// of the mount is let go for `stay_away`, so that an unmount does not find it busy.
//
// Nothing here ends or unmounts anything: closing the window, or killing it, leaves the disk working.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gui/live/history.hpp"
#include "gui/live/live_commands.hpp"
#include "gui/live/live_view.hpp"

namespace mdscope::gui {

// Tests make these short.
struct LiveOptions {
    int poll_hz = 60;                              // while something changes
    int idle_hz = 10;                              // after half a second without a change
    int hidden_hz = 1;                             // not visible
    std::chrono::milliseconds retry{500};          // between two looks at a mount that is gone
    std::chrono::milliseconds silent_after{1000};  // a read that takes longer is told
    std::chrono::milliseconds stay_away{10'000};   // after the stream's end; less if the mount goes
    std::chrono::milliseconds patience{100};       // how long the destructor waits for threads
    bool trace = true;                             // read the event stream, and switch it on
};

class LiveLab {
   public:
    // `wake` is called when there is a new view, from one thread that belongs to this object, and not again before
    // view() was called. It must not wait. It is not called any more once the destructor returned.
    LiveLab(std::string mount_point, std::function<void()> wake, const LiveOptions& options = {});
    ~LiveLab();  // at most `patience`
    LiveLab(const LiveLab&) = delete;
    LiveLab& operator=(const LiveLab&) = delete;

    // None of these waits; all may be called from any thread.
    [[nodiscard]] std::shared_ptr<const LiveView> view() const;  // never null
    [[nodiscard]] const LiveHistory& history() const;

    // Queues a command. The number is that of LiveRunning and LiveResult. Refused ones (too many, not a file of lab/ or
    // md/) give a result at once.
    std::uint64_t command(const LiveCommand& command);
    std::uint64_t command(const std::string& file, const std::string& text);

    void want(Part part, bool wanted = true);
    void want_chunks(std::uint64_t first, std::uint64_t last);  // lab/chunks of this range, as long as it is wanted
    void unwant_chunks();
    void set_visible(bool visible);
    void look_now();  // does not wait for the next turn: a mount that was gone may be back

   private:
    struct Threads;
    std::unique_ptr<Threads> threads_;
};

}  // namespace mdscope::gui
