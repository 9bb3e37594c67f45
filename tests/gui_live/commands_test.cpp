// SPDX-License-Identifier: MIT
// Commands to a mounted array: their order, those that sleep, and what is said about those that fail. A FIFO without a
// reader is the control file whose store sleeps.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "tests/gui_live/fake_mount.hpp"

using namespace mdscope;
using namespace mdscope::gui;
using namespace mdscope::testing;

namespace {

std::shared_ptr<const LiveView> wait_for_results(Watched& watched, std::size_t count) {
    return watched.wait([&](const LiveView& view) { return view.results.size() + view.results_dropped >= count; });
}

// Takes what a sleeping store writes, and so ends it.
std::string take(const FakeMount& mount, const std::string& file) {
    const Fd reader(open((mount / file).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 256> buffer{};
    const ssize_t got = ::read(reader.get(), buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
}

const LiveResult& result_of(const LiveView& view, std::uint64_t id) {
    for (const LiveResult& result : view.results)
        if (result.id == id) return result;
    throw std::runtime_error("no result");
}

}  // namespace

TEST_CASE("a command is written, and what the array says to it is read") {
    FakeMount mount;
    Watched watched(mount);
    const std::uint64_t hold = watched.lab.command(hold_command("bitmap", "sdb"));
    const std::uint64_t fail = watched.lab.command(fail_member_command("sda"));
    const std::uint64_t assemble = watched.lab.command(assemble_command());
    const auto view = wait_for_results(watched, 3);
    CHECK(mount.read("lab/hold") == "bitmap sdb");
    CHECK(result_of(*view, hold).ok);
    CHECK(result_of(*view, hold).label == "Hold bitmap of sdb");
    CHECK_FALSE(result_of(*view, fail).ok);  // md/dev-sda has no state here
    CHECK(result_of(*view, fail).err == ENOENT);
    CHECK(result_of(*view, fail).advice.found == "there is no such member");
    CHECK(result_of(*view, assemble).answer == "1");  // a plain file answers what was written
    CHECK(view->running.empty());
}

TEST_CASE("a store that sleeps is shown as running, and a release overtakes it") {
    FakeMount mount;
    mount.fifo("md/array_state");
    Watched watched(mount);
    watched.lab.command(hold_command("bitmap"));
    const std::uint64_t stop = watched.lab.command(array_state_command("clear"));
    const std::uint64_t next = watched.lab.command(assemble_command());
    const auto asleep = watched.wait([&](const LiveView& view) {
        return view.running.size() == 2 && view.running[0].id == stop && view.running[0].started_at.has_value();
    });
    REQUIRE(asleep->running.size() == 2);
    CHECK(asleep->running[0].id == stop);
    CHECK(asleep->running[0].label == "Stop (echo clear)");
    CHECK(asleep->running[0].seconds(LiveClock::now()) > 0);
    CHECK(asleep->running[1].id == next);
    CHECK_FALSE(asleep->running[1].started_at);
    CHECK(asleep->running[1].behind == "Stop (echo clear)");
    CHECK(mount.read("lab/hold") == "bitmap");  // the hold was first
    const std::uint64_t release = watched.lab.command(release_all_command());
    const auto released = wait_for_results(watched, 2);
    CHECK(result_of(*released, release).ok);
    CHECK(mount.read("lab/release") == "all");
    CHECK(take(mount, "md/array_state") == "clear");
    const auto over = wait_for_results(watched, 4);
    CHECK(result_of(*over, stop).ok);
    CHECK(result_of(*over, stop).seconds > 0);
    CHECK(result_of(*over, next).ok);
    CHECK(over->running.empty());
}

TEST_CASE("a sleeper waits for the quick commands before it") {
    FakeMount mount;
    mount.fifo("lab/hold");  // a quick one that is slow, for once
    Watched watched(mount);
    watched.lab.command(hold_command("bitmap"));
    const std::uint64_t stop = watched.lab.command(stop_command(true));
    const auto view = watched.wait(
        [](const LiveView& now) { return now.running.size() == 2 && now.running[0].started_at.has_value(); });
    CHECK(view->running[1].id == stop);
    CHECK(view->running[1].behind == "Hold bitmap");
    CHECK(mount.read("lab/stop").empty());
    CHECK(take(mount, "lab/hold") == "bitmap");
    CHECK(result_of(*wait_for_results(watched, 2), stop).ok);
    CHECK(mount.read("lab/stop") == "force");
}

TEST_CASE("a command that cannot be one is refused at once, with a reason") {
    FakeMount mount;
    Watched watched(mount);
    for (const auto& [file, text] : {std::pair<std::string, std::string>{"md0", "x"},
                                     {"lab/../md0", "x"},
                                     {"/etc/passwd", "x"},
                                     {"lab/hold", ""},
                                     {"lab/hold", std::string(5000, 'x')}}) {
        const std::uint64_t id = watched.lab.command(file, text);
        const auto view =
            watched.wait([&](const LiveView& now) { return !now.results.empty() && now.results.back().id == id; });
        CHECK_FALSE(view->results.back().ok);
        CHECK_FALSE(view->results.back().advice.remedy.empty());
    }
}

TEST_CASE("commands and results are bounded, and what went is counted") {
    FakeMount mount;
    mount.fifo("md/array_state");
    Watched watched(mount);
    watched.lab.command(array_state_command("clear"));
    watched.wait([](const LiveView& view) { return view.running.size() == 1 && view.running[0].started_at; });
    for (int i = 0; i < 100; i++) watched.lab.command(assemble_command());
    const auto full = wait_for_results(watched, 37);  // of 100, 63 wait behind the one that sleeps
    CHECK(full->running.size() == 64);
    CHECK(full->results.back().advice.found.find("too many") != std::string::npos);
    CHECK(take(mount, "md/array_state") == "clear");
    const auto over = wait_for_results(watched, 101);
    CHECK(over->results.size() == LiveView::kMaxResults);
    CHECK(over->results_dropped == 101 - LiveView::kMaxResults);
}

TEST_CASE("a command to a mount that is gone says so") {
    FakeMount mount;
    Watched watched(mount);
    watched.wait_for(LiveState::Live);
    mount.vanish();
    const std::uint64_t id = watched.lab.command(stop_command(false));
    const LiveResult result = result_of(*wait_for_results(watched, 1), id);
    CHECK(result.err == ENOENT);
    CHECK(result.advice.found.find("nothing is mounted on") != std::string::npos);
    CHECK(result.advice.remedy.find("mdscope mount") != std::string::npos);
    mount.come_back();
}

TEST_CASE("the window goes while a store sleeps: the store goes on") {
    FakeMount mount;
    mount.fifo("md/array_state");
    {
        LiveOptions options = Watched::quick_options();
        options.patience = std::chrono::milliseconds(20);
        Watched watched(mount, options);
        watched.lab.command(array_state_command("clear"));
        watched.wait([](const LiveView& view) { return view.running.size() == 1 && view.running[0].started_at; });
    }
    CHECK(take(mount, "md/array_state") == "clear");
}

TEST_CASE("errors of stores are explained: what was tried, what was found, what to do") {
    const MountedLab mount{"/m", "/l"};
    for (const auto& [file, err] : {std::pair<std::string, int>{"md/array_state", EBUSY},
                                    {"lab/stop", EBUSY},
                                    {"lab/assemble", EBUSY},
                                    {"md/dev-sda/state", EBUSY},
                                    {"lab/release", ENOENT},
                                    {"lab/hold", EINVAL},
                                    {"lab/re-add", EINVAL},
                                    {"md/sync_action", EBUSY},
                                    {"md/array_state", EINTR},
                                    {"md/x", EIO},
                                    {"lab/x", ENOSPC},
                                    {"lab/x", EROFS},
                                    {"lab/x", ENOTCONN},
                                    {"lab/x", ENOENT},
                                    {"lab/x", 9999}}) {
        const Advice advice = advice_for_store(mount, file, "v", err, "", true);

        CHECK(advice.tried == "writing 'v' to /m/" + file);
        CHECK_FALSE(advice.found.empty());
        CHECK_FALSE(advice.remedy.empty());
    }
    CHECK(advice_for_store(mount, "lab/stop", "1", EBUSY, "md0 is open in dd[4711]", true).found ==
          "md0 is open in dd[4711]");
    CHECK(advice_for_store(mount, "lab/stop", "1", ENOTCONN, "", false).remedy.find("mdscope umount /m") !=
          std::string::npos);
}
