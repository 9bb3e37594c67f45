// SPDX-License-Identifier: MIT
// Everything the window is about, and nothing about ImGui: the panels draw it and change it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/scenario/scenario_files.hpp"
#include "engine/story/lesson/window_words.hpp"
#include "engine/story/record/close_up.hpp"
#include "gui/model/end_zones.hpp"
#include "gui/model/future_band.hpp"
#include "gui/model/home_page.hpp"
#include "gui/model/lane_view.hpp"
#include "gui/model/layout.hpp"
#include "gui/model/lesson_run.hpp"
#include "gui/model/live_state.hpp"
#include "gui/model/matrix_model.hpp"
#include "gui/model/mend.hpp"
#include "gui/model/motion.hpp"
#include "gui/model/museum_model.hpp"
#include "gui/model/player.hpp"
#include "gui/model/sentence.hpp"
#include "gui/model/share_actions.hpp"

namespace mdscope::gui {

using Mode = WindowMode;

struct Message {
    std::string text;
    bool is_error = false;
};

// A question about the future: what is to the right of the playhead must not be seen while it is open.
struct Prediction {
    std::string id, question;
    std::vector<std::string> answers;
    std::size_t correct = 0;
    std::string why;
    std::optional<std::size_t> given;
    bool hides = true;                           // the future; a question about the past need not
    bool goes_on = false;                        // asked while it played: it plays on after the answer
    bool was_shown = false;                      // the answer was asked for, and not given
    std::size_t tick = 0;                        // at which it was asked
    bool wants_focus = false;                    // its first answer, in the next frame
    [[nodiscard]] std::string feedback() const;  // on what was given
    [[nodiscard]] std::string said() const;      // what was given, before it is seen what comes of it
    // Whether it may be told what was right: not before it is to be seen.
    [[nodiscard]] bool is_over(std::size_t now) const { return given && (!hides || now > tick); }
};

// What the closer pages show, kept until the playhead moves.
struct CloseUps {
    struct Key {
        std::uint64_t version = ~std::uint64_t{0};
        std::size_t tick = 0;
        Side side = Side::A;
        std::uint64_t from = 0;
        std::string what;
        bool operator==(const Key&) const = default;
    };
    Key struct_key, chunks_key, bytes_key, images_key;
    std::vector<std::string> struct_lines;
    std::vector<ChunkRow> chunks;
    std::vector<std::byte> bytes, bytes_before;
    std::vector<ImageInfo> images;
    std::array<Key, 2> media_keys;  // by side
    std::array<MediaRecord, 2> media;
};

// The stages of both arrays, kept until the playhead moves or an answer is given.
struct Staged {
    std::uint64_t version = ~std::uint64_t{0};
    std::size_t tick = 0;
    bool hides = false;
    std::array<StageModel, 2> stages;
    Sentence sentence;
};

// The end of a write, under the mouse.
struct EndDrag {
    std::string bio;
    Branch base;    // the run as it was
    LaneView view;  // the axis as it was: a tick stays where it is while the run becomes longer or shorter
    bool was_at_end = false;
    std::size_t tick = 0;
    std::optional<std::size_t> shown;  // the tick that the run on the screen is of
};

struct LogRow {
    std::size_t tick;
    std::string text;
    bool is_kernel = false;  // printed by a kernel, not told by us
    Side side = Side::A;
};

struct State {
    explicit State(const Scenario& first) : player(first) {}

    Player player;
    Mode mode = Mode::lab;
    Side focus = Side::A;  // the card that keys and tabs mean
    SideTab side_tab = SideTab::in_flight;
    bool shows_side = false;       // the closer pages, in the place of the tree
    bool shows_tree = false;       // where it has no place of its own
    bool brings_middle = false;    // tree or page into sight, with the next frame
    bool shows_all_lanes = false;  // where there is no room for them
    Preset preset = Preset::compare;
    [[nodiscard]] bool is_presenting() const { return preset == Preset::present && mode == Mode::lab; }
    bool is_black = false;  // while presenting

    // What the mouse was on in the last frame, what it is on in this one, as far as it is drawn, and what was clicked
    // (pointed.hpp). Empty: nothing.
    std::string hovered, hovers, pinned;
    std::optional<std::pair<std::string, std::size_t>> set_last_of;  // what G has gone to, and where that was
    [[nodiscard]] const std::string& pointed() const { return pinned.empty() ? hovered : pinned; }
    std::string selected_bio;  // "sdb bitmap 1"; empty: none
    bool act_on_both = true;   // hold, release, fail: in both arrays, or only in the one in focus
    bool show_help = false, show_setup = false, show_share = false, show_open = false;
    std::optional<Prediction> prediction;
    bool predict_mode = false;
    std::uint64_t predicted = 0;  // which step was asked about last, as a hash of what comes of it
    std::optional<LessonRun> lesson;
    std::optional<LessonRun> left_lesson;  // in the middle of it: it goes on there when it is begun again
    bool choosing_lesson = false;
    std::set<int> lessons_done;

    std::optional<EndDrag> end_drag;
    bool is_end_focused = false;    // the end of a write: keys move it
    Mend mend;                      // where the wait of the fix would be
    bool has_wait_to_move = false;  // in the tree that is drawn: keys move it

    float zoom = 0;     // pixels a tick; 0: everything fits
    double scroll = 0;  // the tick at the left edge

    std::string chunk_text = "0", log_filter, inspect_filter, hex_offset_text;
    std::size_t hex_image = 0;
    std::uint64_t hex_offset = ~std::uint64_t{0};  // all ones: where the bitmap lies
    std::optional<std::uint64_t> selected_chunk;
    CloseUps close;
    Staged staged;
    Motion motion;
    EndZones ends;                // of the write that is told of, while it is held
    bool tries_all_ends = false;  // at once: for a picture
    FutureBand futures;
    std::vector<LogRow> log;  // of the whole run
    std::uint64_t log_version = ~std::uint64_t{0};
    std::vector<std::size_t> log_shown_rows;
    std::string log_shown_for;                 // what they were chosen by
    std::size_t tree_focus = ~std::size_t{0};  // the row that was brought into view last
    bool wants_quit = false;
    std::optional<std::pair<Scenario, Scenario>> setup;  // what the dialog shows
    bool setup_shows_all = false;                        // of the rows

    HomePage home;
    MatrixPage matrix;
    MuseumPage museum;
    SharePage share;
    LivePage live;

    std::vector<ScenarioFileInfo> scenarios;
    std::deque<Message> messages;  // newest last, at most kMostMessages
    static constexpr std::size_t kMostMessages = 50;

    void say(std::string text, bool is_error = false);
    // Of an action: empty text, or what is wrong with it.
    void answer(const std::string& wrong) {
        if (!wrong.empty()) say(wrong, true);
    }
    [[nodiscard]] unsigned sides_to_act_on() const { return act_on_both ? Order::kBoth : 1U << focus; }
    [[nodiscard]] bool hides_future() const { return prediction && prediction->hides && !prediction->given; }
    // What will come of it, as far as anybody could know: a lesson that is going to ask does not tell beforehand.
    [[nodiscard]] bool hides_outcome() const {
        return hides_future() || (lesson && !lesson->is_away() && lesson->will_ask());
    }
    // Where the playhead may go: no further than here while the future is hidden.
    [[nodiscard]] std::size_t last_seen() const { return hides_future() ? player.tick() : player.end(); }
    // The bio that H, R and X mean: the selected one if it is in flight, else the one in flight for longest.
    [[nodiscard]] std::string bio_to_act_on() const;
    // What H would hold: that bio, "bitmap" for the writes to come, or "": nothing that is not held already, or nothing
    // that will still happen.
    [[nodiscard]] std::string what_to_hold() const;
    // On which sides new bitmap writes are held: bits, as of an order.
    [[nodiscard]] unsigned holds_new_bitmap_writes() const;
    [[nodiscard]] std::string status_line() const;

    // ---- what the panels ask for
    void open_scenario(const ScenarioFileInfo& entry);
    // False: it cannot be played, which was said; then nothing has changed.
    bool open(const Scenario& scenario, const std::string& called);
    // Something from outside, in the lab; closes the dialog that asked. The answer is for whoever did.
    Result<std::string> open_shared(const Result<Scenario>& scenario, const std::string& from);
    void open_dropped(const std::string& path);
    void begin_share(SharePage::Tab tab);
    void open_cell(std::size_t number);  // of the matrix that is shown, in the lab
    void toggle_matrix();
    void show_side(SideTab tab);
    void toggle_tree();
    void toggle_play();
    void step_forward();
    void to_end();
    // The step at which what is pointed at was set last; nothing is: the counter that the exhibit is about.
    void to_where_it_was_set();
    void toggle_lessons();
    void pass(double seconds);  // time, for the player and for who waits for it
    bool may_step();            // before a step: false where a lesson or a question wants to be heard first
    void answer_question(std::size_t answer);
    void show_answer();  // for who does not want to guess
    [[nodiscard]] bool is_asked() const { return prediction && !prediction->given; }
    void run_to(Side side, const TreeLine& line);  // or back to where it was entered
    void move_end(const std::string& bio, std::size_t tick);
    // The same while the mouse still has it: both runs are played again with the next frame, and nothing is kept.
    void drag_end(const std::string& bio, std::size_t tick, const LaneView& view);
    void drop_end(std::size_t tick);  // lets go: it becomes a branch
    void let_end_last(const std::string& bio);
    // Whether the wait of the fix may be put elsewhere; a lesson's arrays are its own.
    [[nodiscard]] bool can_mend() const;
    void try_wait_at(Side side, const StopFix& fix);  // looks at all orders with the wait there
    void take_mended();                               // what was found, when it was: once a frame
    void write_chunk();
    // At the playhead, or where it was pulled before; `keeps`: disks that lose nothing.
    void pull_plug(const std::set<std::string>& keeps = {});
    void before_the_cut();
    [[nodiscard]] LaneView lane_view(float left, float right);
    void zoom_at(const LaneView& view, float x, float factor);

    // What is on the stage at the playhead, and what is said of it.
    const std::array<StageModel, 2>& stages();
    const Sentence& sentence();

    const std::vector<std::string>& struct_lines(Side side);
    const std::vector<ChunkRow>& chunks(Side side, std::uint64_t from, std::uint64_t count);
    const std::vector<ImageInfo>& images(Side side);
    // What a cut would find now; nothing where the scenario knows of none.
    const std::vector<MediumRecord>& media(Side side);
    // 16 lines of bytes and those of the tick before, from the image shown.
    void look_at_bytes(Side side, const std::string& path, std::uint64_t offset, std::size_t size);
    const std::vector<LogRow>& log_rows();
    void follow_drag();  // once a frame
    // Numbers of the rows that the filter lets through; kept until rows or filter change.
    const std::vector<std::size_t>& log_shown();
};

}  // namespace mdscope::gui
