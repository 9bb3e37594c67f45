// SPDX-License-Identifier: MIT
// LiveHistory: what a window can draw of a mounted array's events. The lines are made by the engine's own writer.
//
// Goal: nothing that can be in the stream (garbage, gaps, repetition, ten million events) makes memory grow, loses
// count, or draws a bar that was not there.
#include "gui/live/history.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <initializer_list>
#include <thread>

#include "engine/kernel/sanitizers.hpp"
#include "gui/live/words.hpp"
#include "tests/gui_live/event_lines.hpp"

using namespace mdscope;
using namespace mdscope::gui;
using mdscope::testing::EventLines;
using trace::Point;

namespace {

#if defined(MDSCOPE_ASAN) || defined(MDSCOPE_TSAN)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Unlike with `+`, the lines are made from left to right, and so are their numbers.
std::string joined(std::initializer_list<std::string> lines) {
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
}

std::uint64_t all_steps(const HistoryWindow& window) {
    return window.steps[0].size() + window.steps[1].size();
}

}  // namespace

TEST_CASE("an event comes out as it was written") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(joined({EventLines::header(), lines.line(Point::bio_submitted, 100, "bitmap", "sda", 8),
                              lines.line(Point::wait_begin, 200, "mddev->sb_wait", "mddev.pending_writes == 0"),
                              lines.line(Point::bit_set, 300, 17), lines.line(Point::array_state, 400, "")}));
    const auto window = history.window();
    REQUIRE(window->events.size() == 4);
    const HistoryEvent& bio = window->events[0];
    CHECK(bio.seq == 0);
    CHECK(bio.at_ns == 100);
    CHECK(bio.pid == 7);
    CHECK(window->name(bio.task) == "md0_raid1");
    CHECK(window->point_name(bio) == "bio_submitted");
    CHECK(window->sentence(bio) == "a bitmap write to sda at sector 8 is submitted");
    CHECK(window->sentence(window->events[1]) == "falls asleep in mddev->sb_wait until mddev.pending_writes == 0");
    CHECK(window->sentence(window->events[2]) == "the bit of chunk 17 is set");
    CHECK(window->sentence(window->events[3]) == "array_state reads ");
    CHECK(window->losses.received == 4);
    CHECK(window->losses.events_lost() == 0);
}

TEST_CASE("a point of a newer mdscope is shown by its own sentence") {
    LiveHistory history;
    history.add_lines(
        "{\"version\":1,\"points\":{\"bio_painted\":\"bio {a} is now {b}\"}}\n"
        "{\"seq\":0,\"at_ns\":5,\"task\":\"x\",\"pid\":1,\"point\":\"bio_painted\",\"a\":4,\"b\":\"green\"}\n"
        "{\"seq\":1,\"at_ns\":6,\"task\":\"x\",\"pid\":1,\"point\":\"bio_lost\"}\n");
    const auto window = history.window();
    REQUIRE(window->events.size() == 2);
    CHECK(window->sentence(window->events[0]) == "bio 4 is now green");
    CHECK(window->point_name(window->events[0]) == "bio_painted");
    CHECK(window->sentence(window->events[1]) == "bio_lost");
}

TEST_CASE("a stream of another version is refused until one of ours comes") {
    LiveHistory history;
    EventLines lines;
    history.add_lines("{\"version\":2,\"points\":{}}\n" + lines.line(Point::bit_set, 1, 1));
    CHECK(history.losses().refused_version == 2);
    CHECK(history.losses().received == 0);
    history.add_lines(EventLines::header() + lines.line(Point::bit_set, 2, 1));
    CHECK(history.losses().refused_version == 0);
    CHECK(history.losses().received == 1);
}

TEST_CASE("a bio's bar goes from submitted to ended, and says when it was held") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(joined({lines.line(Point::bio_submitted, 100, "bitmap", "sda", 8),
                              lines.line(Point::bio_submitted, 110, "bitmap", "sdb", 8),
                              lines.line(Point::bio_held, 120, "bitmap", "sdb", 8),
                              lines.line(Point::bio_completed, 130, "bitmap", "sda", 8)}));
    const auto before = history.window();
    REQUIRE(before->bios.size() == 1);
    CHECK(before->name(before->bios[0].member) == "sda");
    CHECK(before->bios[0].end_ns == 130);
    CHECK(before->bios[0].held_ns == 0);
    REQUIRE(before->open_bios.size() == 1);
    CHECK(before->open_bios[0].is_held());
    history.add_lines(joined({lines.line(Point::bio_released, 140, "bitmap", "sdb", 8),
                              lines.line(Point::bio_completed, 150, "bitmap", "sdb", 8)}));
    const auto after = history.window();
    REQUIRE(after->bios.size() == 2);
    CHECK(after->bios[1].begin_ns == 110);
    CHECK(after->bios[1].held_ns == 120);
    CHECK(after->bios[1].released_ns == 140);
    CHECK(after->bios[1].end_ns == 150);
    CHECK_FALSE(after->bios[1].cut);
    CHECK(after->open_bios.empty());
    CHECK(before->open_bios.size() == 1);  // a window does not change any more
}

TEST_CASE("a data bio is seen while it is held") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(lines.line(Point::bio_held, 10, "data", "sda", 2048));
    CHECK(history.window()->open_bios.at(0).is_data);
    history.add_lines(lines.line(Point::bio_released, 30, "data", "sda", 2048));
    REQUIRE(history.window()->bios.size() == 1);
    CHECK(history.window()->bios[0].end_ns == 30);
}

TEST_CASE("equal bios end in the order they began") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(joined({lines.line(Point::bio_submitted, 1, "superblock", "sda", 8),
                              lines.line(Point::bio_submitted, 2, "superblock", "sda", 8),
                              lines.line(Point::bio_completed, 3, "superblock", "sda", 8),
                              lines.line(Point::bio_completed, 4, "superblock", "sda", 8),
                              lines.line(Point::bio_completed, 5, "superblock", "sda", 8)}));
    const auto window = history.window();
    REQUIRE(window->bios.size() == 2);  // the last end belongs to a beginning that nobody saw
    CHECK(window->bios[0].begin_ns == 1);
    CHECK(window->bios[1].begin_ns == 2);
}

TEST_CASE("sleeps and daemon passes are bars of their task; one without an end is cut by the next") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(joined({lines.line(Point::daemon_begin, 10, {}, {}, {}, 3),
                              lines.line(Point::wait_begin, 20, "sb_wait", "pending == 0", {}, 3),
                              lines.line(Point::wait_end, 30, "sb_wait", {}, {}, 3),
                              lines.line(Point::daemon_end, 40, "yes", {}, {}, 3),
                              lines.line(Point::wait_begin, 50, "lost", "its end", {}, 4),
                              lines.line(Point::wait_begin, 60, "thread", "work", {}, 4)}));
    const auto window = history.window();
    REQUIRE(window->tasks.size() == 3);
    CHECK(window->tasks[0].kind == TaskBarKind::Wait);
    CHECK(window->name(window->tasks[0].label) == "sb_wait");
    CHECK(window->name(window->tasks[0].detail) == "pending == 0");
    CHECK(window->tasks[1].kind == TaskBarKind::Daemon);
    CHECK(window->tasks[1].begin_ns == 10);
    CHECK(window->tasks[1].end_ns == 40);
    CHECK(window->tasks[2].cut);
    CHECK(window->tasks[2].end_ns == 60);
    REQUIRE(window->open_tasks.size() == 1);
    CHECK(window->name(window->open_tasks[0].label) == "thread");
    CHECK(window->losses.cut_bars == 1);
}

TEST_CASE("both counters are stepped: the event shows the value before") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(
        joined({lines.line(Point::pending_up, 1, "mddev", 0), lines.line(Point::pending_up, 2, "mddev", 1),
                lines.line(Point::pending_up, 3, "bitmap", 0), lines.line(Point::pending_down, 4, "mddev", 2)}));
    const auto window = history.window();
    REQUIRE(window->steps[0].size() == 3);
    CHECK(window->steps[0][1].value == 2);
    CHECK(window->steps[0][2].value == 1);
    REQUIRE(window->steps[1].size() == 1);
    CHECK(window->steps[1][0].value == 1);
}

TEST_CASE("a bio that a complete snapshot does not have is cut; one that it has, or may not have seen, stays") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(joined({lines.line(Point::bio_submitted, 1, "bitmap", "sda", 8),
                              lines.line(Point::bio_submitted, 2, "bitmap", "sdb", 8)}));
    Snapshot snapshot;
    snapshot.members.resize(2);
    snapshot.members[0].name = "sda";
    snapshot.members[1].name = "sdb";
    snapshot.bios.push_back({1, "sdb", "bitmap", "write", 8, 4096, true, 2});
    snapshot.bios_total = 1;
    snapshot.at_ns = 1000;
    history.add_sample(snapshot);
    CHECK(history.window()->open_bios.size() == 2);
    snapshot.at_ns = 5'000'000'000;
    snapshot.bios_total = 2;
    history.add_sample(snapshot);
    CHECK(history.window()->open_bios.size() == 2);
    snapshot.bios_total = 1;
    history.add_sample(snapshot);
    const auto window = history.window();
    REQUIRE(window->open_bios.size() == 1);
    CHECK(window->name(window->open_bios[0].member) == "sdb");
    CHECK(window->bios[0].cut);
    CHECK(window->samples.size() == 3);
    CHECK(window->samples[2].held == 1);
}

TEST_CASE("garbage is counted and changes nothing") {
    LiveHistory history;
    EventLines lines;
    const std::string good = lines.line(Point::bit_set, 1, 1);
    for (const std::string bad : {"nonsense", "{", "{}", "[]", "{\"seq\":1}",
                                  "{\"seq\":\"1\",\"at_ns\":1,\"task\":\"x\",\"point\":\"bit_set\"}",
                                  "{\"seq\":-1,\"at_ns\":1,\"task\":\"x\",\"point\":\"bit_set\"}",
                                  "{\"seq\":1.5,\"at_ns\":1,\"task\":\"x\",\"point\":\"bit_set\"}",
                                  "{\"seq\":99999999999999999999999,\"at_ns\":1,\"task\":\"x\",\"point\":\"bit_set\"}",
                                  "{\"seq\":18446744073709551615,\"at_ns\":1,\"task\":\"x\",\"point\":\"bit_set\"}",
                                  "{\"seq\":1,\"at_ns\":18446744073709551615,\"task\":\"x\",\"point\":\"bit_set\"}",
                                  "{\"seq\":1,\"at_ns\":1,\"task\":\"x\",\"point\":\"bit_set\"", "\xff\xfe",
                                  "{\"a\":\"\\ud800\"}", "{\"dropped\":18446744073709551615}"}) {
        const std::uint64_t before = history.losses().unreadable;
        history.add_lines(bad + "\n");
        CAPTURE(bad);
        CHECK(history.losses().unreadable == before + 1);
    }
    history.add_lines(std::string(1000, '[') + "\n" + std::string(1000, '{') + "\n\n\n");
    history.add_lines(good);
    CHECK(history.losses().received == 1);
    CHECK(history.losses().events_lost() == 0);
}

TEST_CASE("escapes and unknown fields are read, control characters are not shown") {
    LiveHistory history;
    history.add_lines(
        "{\"seq\":0,\"at_ns\":1,\"task\":\"a\\\"b\",\"pid\":1,\"point\":\"array_state\",\"a\":\"x\\ny\",\"new\":[1,{}]}"
        "\n");
    const auto window = history.window();
    REQUIRE(window->events.size() == 1);
    CHECK(window->name(window->events[0].task) == "a\"b");
    CHECK(window->sentence(window->events[0]) == "array_state reads x?y");
}

TEST_CASE("losses: announced, unannounced and repeated events are told apart") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(lines.line(Point::bit_set, 1, 1));
    history.add_lines(EventLines::dropped(10));
    lines.next += 10;
    const std::string again = lines.line(Point::bit_set, 2, 1);
    history.add_lines(again);
    CHECK(history.losses().dropped == 10);
    CHECK(history.losses().missing == 0);
    lines.next += 5;
    history.add_lines(lines.line(Point::bit_set, 3, 1));
    CHECK(history.losses().missing == 5);
    history.add_lines(EventLines::header() + again);
    CHECK(history.losses().repeated == 1);
    CHECK(history.losses().received == 3);
    history.restart();
    CHECK(history.losses().restarts == 1);
    CHECK(history.window()->events.empty());
    history.add_lines(again);  // numbers of another process begin anew
    CHECK(history.losses().received == 1);
    CHECK(history.losses().missing == 0);
}

TEST_CASE("a loss is announced before the batch that has the gaps") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(joined({lines.line(Point::bit_set, 1, 1), EventLines::dropped(7)}));
    lines.next += 3;
    history.add_lines(lines.line(Point::bit_set, 2, 1));
    lines.next += 4;
    history.add_lines(lines.line(Point::bit_set, 3, 1));
    CHECK(history.losses().received == 3);
    CHECK(history.losses().dropped == 7);
    CHECK(history.losses().missing + history.losses().repeated == 0);
}

TEST_CASE("where events are missing no bar goes on: what ended there is not drawn as in flight for ever") {
    LiveHistory history;
    EventLines lines;
    history.add_lines(joined({lines.line(Point::bio_submitted, 100, "bitmap", "sda", 8),
                              lines.line(Point::wait_begin, 110, "mddev->sb_wait", "mddev.pending_writes == 0")}));
    lines.next += 2;  // its end, and the sleeper's
    history.add_lines(lines.line(Point::bio_submitted, 500, "bitmap", "sdb", 8));
    const auto window = history.window();
    REQUIRE(window->open_bios.size() == 1);
    CHECK(window->name(window->open_bios[0].member) == "sdb");
    CHECK(window->open_tasks.empty());
    REQUIRE(window->bios.size() == 1);
    CHECK(window->bios[0].cut);
    CHECK(window->bios[0].end_ns == 110);  // of which anything is known
    REQUIRE(window->gaps.size() == 1);
    CHECK(window->gaps[0].from_ns == 110);
    CHECK(window->gaps[0].to_ns == 500);
    CHECK(window->gaps[0].events == 2);
}

TEST_CASE("what was overwritten before anybody could read it is no loss, but a gap") {
    LiveHistory history;
    EventLines lines;
    history.note_attached(1'000);
    history.add_lines(joined({EventLines::header(), EventLines::dropped(4'000)}));
    history.add_lines(lines.line(Point::bit_set, 10, 1));
    lines.next += 3'990;
    history.add_lines(lines.line(Point::bit_set, 900, 1));
    lines.next += 15;  // ten of them were announced
    history.add_lines(lines.line(Point::bit_set, 950, 1));
    CHECK(history.losses().dropped == 0);
    CHECK(history.losses().missing == 0);
    CHECK(history.losses().earlier == 4'005);
    lines.next += 3;
    history.add_lines(lines.line(Point::bit_set, 1'100, 1));
    CHECK(history.losses().missing == 3);
    CHECK(history.window()->gaps.size() == 1);  // one joins the other
}

TEST_CASE("a thousand gaps are bounded, and none is forgotten") {
    LiveHistory history;
    EventLines lines;
    for (std::uint64_t i = 0; i < 2'000; i++) {
        history.add_lines(
            joined({lines.line(Point::bit_set, 100 * i, 1), lines.line(Point::bit_set, 100 * i + 50, 1)}));
        lines.next++;
    }
    const auto window = history.window();
    CHECK(window->gaps.size() <= 512);
    std::uint64_t events = 0;
    for (const HistoryGap& gap : window->gaps) events += gap.events;
    CHECK(events == 1'999);
}

TEST_CASE("a window begins where it was asked to, and a counter's step before it comes along") {
    LiveHistory history;
    EventLines lines;
    for (std::uint64_t i = 0; i < 10'000; i++)
        history.add_lines(lines.line(Point::pending_up, i * 1'000'000, "mddev", i));
    const auto window = history.last(1.0);
    CHECK(window->last_ns == 9'999'000'000);
    REQUIRE(window->events.size() == 1001);
    CHECK(window->events[0].at_ns == 8'999'000'000);
    CHECK(window->steps[0].size() == 1002);
    CHECK(history.last(1.0) == window);  // shared as long as nothing changed
    CHECK(history.window(~0ULL)->events.empty());
    std::uint64_t seen = 0;
    for (const HistoryEvent& event : window->events) seen += event.seq;
    CHECK(seen == (8999 + 9999) * 1001 / 2);
}

TEST_CASE("ten thousand bios that never end are bounded, and the oldest are cut") {
    LiveHistory history;
    EventLines lines;
    for (std::uint64_t i = 0; i < 10'000; i++)
        history.add_lines(joined({lines.line(Point::bio_submitted, i, "bitmap", "sda", i),
                                  lines.line(Point::wait_begin, i, "q", "c", {}, static_cast<int>(i))}));
    const auto window = history.window();
    CHECK(window->open_bios.size() <= 4096);
    CHECK(window->open_tasks.size() <= 4096);
    CHECK(window->open_bios.size() + window->bios.size() == 10'000);
    CHECK(window->open_tasks.size() + window->tasks.size() == 10'000);
    CHECK(window->losses.cut_bars == window->bios.size() + window->tasks.size());
    CHECK(window->open_bios.back().sector == 9999);
}

TEST_CASE("a hundred thousand different names are bounded") {
    LiveHistory history;
    EventLines lines;
    for (int i = 0; i < 100'000; i++)
        history.add_lines(lines.line(Point::array_state, static_cast<std::uint64_t>(i), "name " + std::to_string(i)));
    const auto window = history.window();
    CHECK(window->names.size() == 4096);
    CHECK(window->sentence(window->events[0]).starts_with("array_state reads "));
    CHECK(window->sentence(window->events.back()) == "array_state reads (one name too many)");
    CHECK(history.memory_bytes() <= LiveHistory::max_memory_bytes());
}

namespace {

// A life that repeats: a bit, two bitmap writes with their counter, a sleep. Ten events a round.
void append_round(fmt::memory_buffer& out, std::uint64_t& seq) {
    const auto add = [&](const char* point, const char* args) {
        fmt::format_to(std::back_inserter(out),
                       "{{\"seq\":{},\"at_ns\":{},\"task\":\"md0_raid1\",\"pid\":3,\"point\":\"{}\",{},\"text\":"
                       "\"some sentence of the usual length is here\"}}\n",
                       seq, seq * 1000, point, args);
        seq++;
    };
    add("bit_set", R"("a":17)");
    add("pending_up", R"("a":"mddev","b":0)");
    add("bio_submitted", R"("a":"bitmap","b":"sda","c":8)");
    add("pending_up", R"("a":"mddev","b":1)");
    add("bio_submitted", R"("a":"bitmap","b":"sdb","c":8)");
    add("wait_begin", R"("a":"mddev->sb_wait","b":"mddev.pending_writes == 0")");
    add("bio_completed", R"("a":"bitmap","b":"sda","c":8)");
    add("bio_completed", R"("a":"bitmap","b":"sdb","c":8)");
    add("pending_down", R"("a":"mddev","b":2)");
    add("wait_end", R"("a":"mddev->sb_wait")");
}

}  // namespace

TEST_CASE("ten million events: memory is bounded, every loss is counted, and a reader is not in the way") {
    constexpr std::uint64_t kEvents = kSanitized ? 1'000'000 : 10'000'000;  // sanitizers make them slow
    LiveHistory history;
    history.add_lines(EventLines::header());
    std::atomic<int> frames{0};  // -1: over
    std::atomic<bool> torn{false};
    std::uint64_t windows = 0;
    std::thread reader([&] {  // a window that draws now and then
        std::uint64_t last = 0;
        for (int frame = 0; frame >= 0; frame = frames) {
            const auto window = history.last(0.05);
            if (window->version < last) torn = true;
            last = window->version;
            for (std::size_t i = 1; i < window->events.size(); i += 1000)
                if (window->events[i].seq != window->events[i - 1].seq + 1) torn = true;
            windows++;
            frames.wait(frame);
        }
    });
    std::uint64_t seq = 0;
    std::chrono::steady_clock::duration spent{};
    fmt::memory_buffer text;
    while (seq < kEvents) {
        text.clear();
        for (int i = 0; i < 40; i++) append_round(text, seq);
        const auto begin = std::chrono::steady_clock::now();
        history.add_lines({text.data(), text.size()});
        spent += std::chrono::steady_clock::now() - begin;
        if (seq % 4000 == 0) {
            frames++;
            frames.notify_one();
        }
    }
    frames = -1;
    frames.notify_one();
    reader.join();
    CHECK_FALSE(torn);
    const auto window = history.window();
    CHECK(window->losses.received == kEvents);
    CHECK(window->losses.received == window->events.size() + window->losses.forgotten);
    CHECK(window->losses.dropped + window->losses.missing + window->losses.unreadable == 0);
    CHECK(window->losses.cut_bars == 0);
    CHECK(window->events.back().seq == kEvents - 1);
    CHECK(window->events.size() > 100'000);
    // Six kinds of things are derived from a round: three steps, two bios, one sleep.
    CHECK(window->losses.old_bars + all_steps(*window) + window->bios.size() + window->tasks.size() ==
          kEvents / 10 * 6);
    CHECK(history.memory_bytes() <= LiveHistory::max_memory_bytes());
    MESSAGE(fmt::format("{:.0f} ns an event, {:.1f} MiB of at most {:.1f}, {} windows taken meanwhile",
                        std::chrono::duration<double, std::nano>(spent).count() / kEvents,
                        static_cast<double>(history.memory_bytes()) / (1 << 20),
                        static_cast<double>(LiveHistory::max_memory_bytes()) / (1 << 20), windows));
}

TEST_CASE("how long something lasts is said as a person would") {
    CHECK(age_words(12'900'000) == "12 ms");
    CHECK(age_words(12'460'000'000) == "12.4 s");
    CHECK(age_words(630'122'000'000) == "10 min 30 s");
    CHECK(age_words(59'999'999'999) == "59.9 s");
    CHECK(age_words(7'500'000'000'000) == "2 h 05 min");
    CHECK(age_words(20, 10) == "0 ms");  // two clocks
}
