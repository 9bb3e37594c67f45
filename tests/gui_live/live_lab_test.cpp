// SPDX-License-Identifier: MIT
// LiveLab against folders that look like a mount, and lie: what a window shows when files are garbage, of another
// version, hang, vanish or come back. Each of these is a message that says what to do, and none stops the window.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>

#include "tests/gui_live/event_lines.hpp"
#include "tests/gui_live/fake_mount.hpp"

using namespace mdscope;
using namespace mdscope::gui;
using namespace mdscope::testing;
using trace::Point;

namespace {

bool is_whole(const Advice& advice) {
    return !advice.tried.empty() && !advice.found.empty() && !advice.remedy.empty();
}

}  // namespace

TEST_CASE("snapshots are followed, and the window is woken once until it looks") {
    FakeMount mount;
    Watched watched(mount);
    const auto first = watched.wait_for(LiveState::Live);
    REQUIRE(first->snapshot);
    CHECK(first->snapshot->array.name == "md0");
    CHECK(first->pid == 1234);
    CHECK(first->problem.empty());
    mount.tick();
    const auto next = watched.wait([&](const LiveView& view) { return view.snapshot->array.events == 1; });
    CHECK(next->snapshot->array.events == 1);
    CHECK(first->snapshot->array.events == 0);  // a view does not change
    CHECK(next->serial > first->serial);
    CHECK(watched.lab.history().window()->samples.size() > 0);
}

TEST_CASE("nobody is woken when only the clock moved") {
    FakeMount mount;
    LiveOptions options = Watched::quick_options();
    options.trace = false;
    Watched watched(mount, options);
    const std::uint64_t first = watched.wait_for(LiveState::Live)->snapshots;
    // A later view: whoever was to be woken for the first one has been.
    const auto live = watched.wait([&](const LiveView& view) { return view.snapshots > first; });
    const int before = watched.wakes();
    const std::uint64_t seen = live->snapshots;
    for (std::uint64_t i = 1; i <= 10; i++) {
        mount.snapshot.at_ns += 1000;
        mount.show(mount.snapshot);
        watched.wait([&](const LiveView& view) { return view.snapshots > seen + i; });
    }
    CHECK(watched.lab.view()->snapshot->at_ns > live->snapshot->at_ns);
    CHECK(watched.wakes() == before);
}

TEST_CASE("nobody is woken by a thread that waits for work") {
    const FakeMount mount;
    Watched watched(mount);
    const TraceWriter events(mount);
    EventLines lines;
    events.write(EventLines::header() + lines.line(trace::Point::bit_set, 1, 1));
    watched.wait([&](const LiveView&) { return watched.lab.history().losses().received == 1; });
    eventually([&] { return watched.wakes() > 0; });
    watched.wait([&](const LiveView& view) { return view.snapshots > 3; });
    const int before = watched.wakes();
    for (int i = 0; i < 20; i++) {
        events.write(lines.line(trace::Point::wait_end, 2, "FileDisk::queue"));
        events.write(lines.line(trace::Point::wait_begin, 2, "FileDisk::queue", "queued != 0"));
    }
    watched.wait([&](const LiveView&) { return watched.lab.history().losses().received == 41; });
    CHECK(watched.wakes() <= before + 1);  // one of before may have been under way
    const int quiet = watched.wakes();
    events.write(lines.line(trace::Point::wait_begin, 3, "mddev->sb_wait", "mddev.pending_writes == 0"));
    CHECK(eventually([&] {
        (void)watched.lab.view();
        return watched.wakes() > quiet;
    }));
}

TEST_CASE("wakes are not repeated before the window has looked") {
    FakeMount mount;
    Watched watched(mount);
    CHECK(eventually([&] { return watched.wakes() == 1; }));
    const auto samples = [&] { return watched.lab.history().window()->samples.size(); };
    for (std::size_t i = 0; i < 5; i++) {
        const std::size_t before = samples();
        mount.tick();
        CHECK(eventually([&] { return samples() > before; }));
    }
    CHECK(watched.wakes() == 1);
}

TEST_CASE("a snapshot that is none is told, the last good one stays, and it is tried again") {
    FakeMount mount;
    Watched watched(mount);
    watched.wait_for(LiveState::Live);
    const std::string good = mount.read("lab/snapshot");
    for (const std::string& bad :
         {std::string("garbage"), std::string(), std::string("{\"version\":1,"), std::string("{\"version\":2}"),
          std::string("[1,2]"), std::string(10 << 20, 'x'), std::string(1 << 20, '[')}) {
        mount.write("lab/snapshot", bad);
        const auto view = watched.wait_for(LiveState::Gone);
        CHECK(view->state == LiveState::Gone);
        CHECK(is_whole(view->problem));
        CHECK(view->snapshot->array.name == "md0");
        mount.write("lab/snapshot", good);
        CHECK(watched.wait_for(LiveState::Live)->problem.empty());
    }
    mount.write("lab/snapshot", "{\"version\":7}");
    const auto view = watched.wait_for(LiveState::Gone);
    CHECK(view->problem.text().find("version 7, this mdscope knows 1") != std::string::npos);
}

TEST_CASE("a folder that vanishes is told, and followed again when it is back") {
    FakeMount mount;
    Watched watched(mount);
    watched.wait_for(LiveState::Live);
    mount.vanish();
    const auto gone = watched.wait_for(LiveState::Gone);
    CHECK(is_whole(gone->problem));
    CHECK(gone->problem.remedy.find("mdscope mount") != std::string::npos);
    CHECK(gone->snapshot);
    mount.come_back();
    CHECK(watched.wait_for(LiveState::Live)->state == LiveState::Live);
    CHECK(watched.lab.history().losses().restarts == 1);  // the first attachment; it is the same process still
    mount.write("lab/pid", "77\n");                       // is looked at when it is attached
    mount.vanish();
    watched.wait_for(LiveState::Gone);
    mount.come_back();
    CHECK(watched.wait([](const LiveView& view) { return view.pid == 77; })->pid == 77);
    CHECK(watched.lab.history().losses().restarts == 2);
}

TEST_CASE("a folder that was never there is told") {
    FakeMount mount;
    mount.vanish();
    Watched watched(mount);
    const auto gone = watched.wait_for(LiveState::Gone);
    CHECK(is_whole(gone->problem));
    CHECK_FALSE(gone->snapshot);
}

TEST_CASE("a file that does not answer is told, stops nobody, and the window can go") {
    FakeMount mount;
    mount.fifo("lab/snapshot");  // whoever opens it waits for somebody to write
    {
        LiveOptions options = Watched::quick_options();
        options.silent_after = options.patience = std::chrono::milliseconds(20);
        Watched watched(mount, options);
        const auto view = watched.wait_for(LiveState::Silent);
        CHECK(view->state == LiveState::Silent);
        CHECK(is_whole(view->problem));
    }  // its thread is left behind in open(2)
    const Fd writer(open((mount / "lab/snapshot").c_str(), O_WRONLY | O_CLOEXEC));  // and ends now
    CHECK(writer.is_open());
}

TEST_CASE("silence ends with an answer") {
    FakeMount mount;
    mount.fifo("lab/snapshot");
    LiveOptions options = Watched::quick_options();
    options.silent_after = std::chrono::milliseconds(20);
    Watched watched(mount, options);
    watched.wait_for(LiveState::Silent);
    {
        const Fd writer(open((mount / "lab/snapshot").c_str(), O_WRONLY | O_CLOEXEC));
        mount.show(mount.snapshot);
    }
    CHECK(watched.wait_for(LiveState::Live)->problem.empty());
}

TEST_CASE("events come in whatever pieces, and tracing is switched on for them") {
    FakeMount mount;
    Watched watched(mount);
    const TraceWriter writer(mount);
    EventLines lines;
    const std::string text = EventLines::header() + lines.line(Point::bit_set, 1, 17);
    for (const char c : text) writer.write({&c, 1});
    const auto received = [&] { return watched.lab.history().losses().received; };
    CHECK(eventually([&] { return received() == 1; }));
    const std::string next = lines.line(Point::bit_set, 2, 18);
    writer.write(next.substr(0, 20));
    writer.write(next.substr(20) + lines.line(Point::bit_set, 3, 19).substr(0, 5));
    CHECK(eventually([&] { return received() == 2; }));
    CHECK(eventually([&] { return mount.read("lab/trace") == "on"; }));
    CHECK(watched.lab.history().losses().unreadable == 0);
}

TEST_CASE("a line of ten megabytes is left out and counted, and what follows is read") {
    FakeMount mount;
    Watched watched(mount);
    const TraceWriter writer(mount);
    EventLines lines;
    writer.write(EventLines::header() + lines.line(Point::bit_set, 1, 17));
    writer.write("{\"seq\":1,\"text\":\"" + std::string(10 << 20, 'x') + "\"}\n");
    writer.write(std::string(10 << 20, '\n'));
    writer.write(lines.line(Point::bit_set, 2, 18) + "no event\n");
    CHECK(eventually([&] { return watched.lab.history().losses().unreadable == 2; }));
    CHECK(watched.lab.history().losses().received == 2);
    CHECK(watched.lab.history().memory_bytes() <= LiveHistory::max_memory_bytes());
}

TEST_CASE("a stream of another version is told; snapshots go on") {
    FakeMount mount;
    Watched watched(mount);
    const TraceWriter writer(mount);
    writer.write("{\"version\":9}\n");
    const auto view = watched.wait([](const LiveView& now) { return !now.stream_problem.empty(); });
    CHECK(is_whole(view->stream_problem));
    CHECK(watched.wait_for(LiveState::Live)->state == LiveState::Live);
}

TEST_CASE("without a stream there are snapshots, and a message") {
    FakeMount mount;
    std::filesystem::remove(mount / "lab/trace_pipe");
    Watched watched(mount);
    const auto view = watched.wait([](const LiveView& now) { return !now.stream_problem.empty(); });
    CHECK(view->stream_problem.tried.find("trace_pipe") != std::string::npos);
    CHECK(watched.wait_for(LiveState::Live)->state == LiveState::Live);
}

TEST_CASE("at the stream's end everything is let go for a while, and what comes again is not counted twice") {
    FakeMount mount;
    LiveOptions options = Watched::quick_options();
    options.stay_away = std::chrono::milliseconds(3000);  // long enough to be seen on a busy machine
    Watched watched(mount, options);
    EventLines lines;
    const std::string first = EventLines::header() + lines.line(Point::bit_set, 1, 17);
    {
        const TraceWriter writer(mount);
        writer.write(first);
        CHECK(eventually([&] { return watched.lab.history().losses().received == 1; }));
    }
    const auto away = watched.wait_for(LiveState::Gone);
    CHECK(away->problem.remedy.find("unmounting") != std::string::npos);
    const TraceWriter writer(mount);  // it came back by itself
    writer.write(first + lines.line(Point::bit_set, 2, 18));
    CHECK(eventually([&] { return watched.lab.history().losses().received == 2; }));
    CHECK(watched.lab.history().losses().repeated == 1);
    CHECK(watched.lab.history().losses().missing == 0);
}

TEST_CASE("a stream that ends again and again is opened again and again, however short the time away") {
    FakeMount mount;
    LiveOptions options = Watched::quick_options();
    options.stay_away = std::chrono::milliseconds(0);
    Watched watched(mount, options);
    EventLines lines;
    signal(SIGPIPE, SIG_IGN);
    for (std::uint64_t i = 1; i <= 50; i++) {
        const std::string line = lines.line(Point::bit_set, i, i);
        // Again, if it went to a reader who was about to close.
        CHECK(eventually([&] {
            TraceWriter(mount).write(line);
            return watched.lab.history().losses().received == i;
        }));
    }
    signal(SIGPIPE, SIG_DFL);
    CHECK(watched.wait_for(LiveState::Live)->problem.empty());
}

TEST_CASE("files are read while somebody wants them, an Oops by itself") {
    FakeMount mount;
    mount.write("lab/fix", "none [v1] proposal upstream\n");
    mount.write("lab/oops", "BUG: kernel NULL pointer dereference\n");
    Watched watched(mount);
    watched.lab.want(Part::Fix);
    watched.lab.want(Part::Mddev);
    const auto view = watched.wait([](const LiveView& now) { return now.part(Part::Fix) && now.part(Part::Mddev); });
    const AxisRows rows = parse_axis_rows(view->part(Part::Fix)->text);
    CHECK(rows.chosen == "v1");
    CHECK(rows.names == std::vector<std::string>{"none", "v1", "proposal", "upstream"});
    CHECK(is_whole(view->part(Part::Mddev)->problem));  // there is no such file here
    CHECK(view->part(Part::Log) == nullptr);
    CHECK(view->part(Part::Oops) == nullptr);
    mount.snapshot.oops = SnapshotOops{};
    mount.snapshot.oops->what = "NULL pointer dereference";
    mount.tick();
    const auto oops = watched.wait([](const LiveView& now) { return now.part(Part::Oops) != nullptr; });
    CHECK(oops->part(Part::Oops)->text == "BUG: kernel NULL pointer dereference");
    mount.snapshot.oops.reset();
    mount.tick();
    CHECK(watched.wait([](const LiveView& now) { return now.part(Part::Oops) == nullptr; })->part(Part::Oops) ==
          nullptr);
}

TEST_CASE("a range of chunks is asked for and read") {
    FakeMount mount;
    mount.write("lab/chunks", "");
    Watched watched(mount);
    watched.lab.want_chunks(4, 6);
    CHECK(eventually([&] { return mount.read("lab/chunks") == "4-6"; }));
    mount.write("lab/chunks",
                "chunk counter flags count bit words\n4 0x0000 -- 0 0 clean\n5 0xc003 NR 3 1 needed, resync, 1 write\n"
                "6 0x0002 -- 2 1 idle\ngarbage\n");
    const auto view = watched.wait([](const LiveView& now) { return now.chunks && now.chunks->chunks.size() == 3; });
    REQUIRE(view->chunks->chunks.size() == 3);
    CHECK(view->chunks->chunks[1].count() == 3);
    CHECK(view->chunks->chunks[1].needed());
    CHECK(view->chunks->chunks[1].resyncing());
    CHECK(view->chunks->chunks[2].bit);
    watched.lab.unwant_chunks();
    CHECK(eventually([&] { return mount.read("lab/chunks") == "all"; }));
    watched.lab.want_chunks(0, ~std::uint64_t{0});
    CHECK(eventually([&] { return mount.read("lab/chunks") == "0-16383"; }));
}

TEST_CASE("what is hidden is not read, and is read again when it is seen") {
    FakeMount mount;
    mount.write("lab/log", "one");
    Watched watched(mount);
    watched.lab.set_visible(false);
    watched.lab.want(Part::Log);
    watched.wait_for(LiveState::Live);
    watched.lab.look_now();
    CHECK(watched.wait([](const LiveView& view) { return view.snapshots > 1; })->part(Part::Log) == nullptr);
    watched.lab.set_visible(true);
    CHECK(watched.wait([](const LiveView& view) { return view.part(Part::Log) != nullptr; })->part(Part::Log)->text ==
          "one");
}
