// SPDX-License-Identifier: MIT
// STOP_ARRAY by the ioctl of a mount, and in a search: one function, so one call tree.
//
// Goal: what the search says of a stop is said of the stop that a mounted array makes. Method: the same array, written
// to and clean again, stopped on a RealKernel by what fs hands the ioctl to, and on a SimKernel by a scenario; every
// call of the stopper is compared, line by line.
#include <sstream>

#include "engine/explore/sim_lab.hpp"
#include "engine/md/md_ioctl.hpp"
#include "tests/explore/fixture.hpp"
#include "tests/md/lab.hpp"

namespace mdscope::explore_test {

namespace {

// The call of md_ioctl with all that is in it. What fs and mdadm do around it is their own.
std::vector<std::string> calls_of_ioctl(const trace::CallTreeSink& sink) {
    std::vector<std::string> calls;
    std::istringstream text(sink.text());
    bool is_inside = false;
    for (std::string line; std::getline(text, line);) {
        if (!line.starts_with(' ')) is_inside = line == "md_ioctl";
        if (is_inside) calls.push_back(line);
    }
    return calls;
}

std::vector<std::string> stopped_in_a_search(const std::string& home) {
    const Scenario scenario = stop_mid_write(home, "STOP_ARRAY", 1);
    const Result<LabPlan> plan = plan_images(scenario);
    REQUIRE(plan);
    SimLab lab(scenario, *plan, false);
    trace::CallTreeSink sink;
    lab.record_calls(&sink);
    CHECK(lab.kernel.run_until([&] { return lab.tasks_done(); }) == SimKernel::Outcome::Reached);
    lab.record_calls(nullptr);
    return calls_of_ioctl(sink);
}

bool md_thread_sleeps(Mddev& mddev) {
    const MdThread* const thread = mddev.thread;
    if (test_bit(THREAD_WAKEUP, thread->flags)) return false;
    for (const SleepInfo& task : mddev.kernel.tasks())
        if (task.comm == thread->name) return task.queue != nullptr;
    return false;
}

std::vector<std::string> stopped_on_a_mount(const std::string& home) {
    CreateOptions create = test::small_home(home);
    create.daemon_sleep_ms = 3'600'000;  // the stop's own passes are the first
    test::Lab lab(create);
    REQUIRE(lab.md().variants.choose("claims", "md"));  // as the scenario has it
    CHECK(lab.write(0, std::string(4096, 'x')));
    // And on record, with nothing left that the stop would write. Of mdmon's `clean` md's thread is not told, so it is
    // woken here; and it must be asleep again, or it takes a daemon run from the stop.
    CHECK(lab.eventually([&] {
        if (lab.md().sb_flags != 0) md_wakeup_thread(lab.md(), lab.md().thread);
        return lab.show("array_state") == "clean" && (home != "external" || !sidecar_of(lab).dirty) &&
               lab.md().sb_flags == 0 && md_thread_sleeps(lab.md());
    }));
    REQUIRE(lab.array->open() == 0);
    trace::CallTreeSink sink;
    std::string why;
    current->trace.sink = &sink;
    CHECK_MESSAGE(lab.array->ioctl(STOP_ARRAY, nullptr, &why) == 0, why);
    current->trace.sink = nullptr;
    return calls_of_ioctl(sink);
}

}  // namespace

TEST_CASE("STOP_ARRAY makes the same calls on a mount and in a search") {
    for (const char* home : {"external", "internal", "file"}) {
        CAPTURE(std::string(home));
        const std::vector<std::string> searched = stopped_in_a_search(home);
        // A stop wakes md's thread as it begins. On a busy machine that thread may come late and take a daemon run from
        // the stop, which has calls less then: such a stop is made once more.
        std::vector<std::string> mounted = stopped_on_a_mount(home);
        for (int more = 0; more < 50 && mounted.size() < searched.size(); more++) mounted = stopped_on_a_mount(home);
        REQUIRE(searched.size() > 20);
        CHECK(searched[1] == "  sync_blockdev");
        CHECK(searched.size() == mounted.size());
        for (std::size_t i = 0; i < std::min(searched.size(), mounted.size()); i++) {
            CAPTURE(i);
            CHECK(searched[i] == mounted[i]);
        }
    }
}

}  // namespace mdscope::explore_test
