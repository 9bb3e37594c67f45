// SPDX-License-Identifier: MIT
// The reader of scenarios: what it accepts comes back as it was, and what it refuses it names by line. Method: the
// files in assets/scenarios as they are, cut short anywhere, and small texts with one mistake each.
#include "engine/scenario/scenario.hpp"

#include <doctest/doctest.h>

#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

Scenario parsed(const std::string& text) {
    const Result<Scenario> scenario = parse_scenario(text, "test");
    if (!scenario) FAIL(scenario.error().text);
    return *scenario;
}

// Line 1 is the version, `lines` begin in line 2, and a task follows.
std::string with_task(const std::string& lines) {
    return "mdscope-scenario 1\n" + lines + "tasks\n  stopper: stop\n";
}

// The schedule begins in line 5.
std::string schedule_of(const std::string& lines) {
    return with_task("") + "schedule\n" + lines;
}

std::string error_of(const std::string& text) {
    const Result<Scenario> scenario = parse_scenario(text, "test");
    return scenario ? "accepted" : scenario.error().text;
}

bool begins_with_a_line_number(const std::string& text) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    return digits != 0 && digits != std::string::npos && text.substr(digits, 2) == ": ";
}

}  // namespace

TEST_CASE("every scenario that comes with mdscope reads back as itself") {
    const std::vector<ScenarioFile> files = scenario_files();
    CHECK(files.size() >= 20);
    for (const ScenarioFile& file : files) {
        CAPTURE(file.name);
        const Result<Scenario> scenario = parse_scenario(file.text, file.name);
        REQUIRE_MESSAGE(scenario, scenario.error().text);
        CHECK(scenario->name == file.name);
        CHECK_FALSE(scenario->title.empty());
        CHECK(file.text.find("\n# ") != std::string::npos);  // Its story.
        CHECK(parsed(scenario_text(*scenario)).tasks == scenario->tasks);
        CHECK(*parse_scenario(scenario_text(*scenario), file.name) == *scenario);
    }
}

TEST_CASE("the report's scenario has the report's numbers") {
    for (const ScenarioFile& file : scenario_files()) {
        if (file.name != "report-2021") continue;
        const Scenario scenario = *parse_scenario(file.text, file.name);
        CHECK(scenario.size == (141557760ULL + 132096) * 1024);
        CHECK(scenario.chunk == 64ULL << 20);
        CHECK(scenario.variants.name("fix") == "none");
        CHECK(scenario.variants.name("order") == "2021");
        CHECK(scenario.variants.name("pools") == "mddev");
        REQUIRE(scenario.tasks.size() == 1);
        CHECK(scenario.tasks[0].statements.size() == 2);
        CHECK(scenario.expect.kind == Expectation::Kind::Crash);
        CHECK(scenario.expect.function == "super_written");
    }
}

TEST_CASE("every word is read into its field") {
    const Scenario s = parsed(
        "  # a story\n\nmdscope-scenario 1\r\ntitle It's no#1 of 2: a test # but this is not\nmembers 3\nbitmap file\n"
        "size 128M\nchunk 64K\ndelay 500ms\nkernel 5.13\norder 2022\nmdstat-bitmap no\nmdmon on\nerrors 2\n"
        "granularity fine\npages 1\nsetup\n write 5; daemon\n\tfail sdc\n remove sdc; re-add sdc; wait\ntasks\n a: "
        "store dev-sda/state remove\n"
        " b :write all;stop\n a: delayed-delete\n a: reboot\nexpect crash md_error\n");
    CHECK(s.name == "test");
    CHECK(s.title == "It's no#1 of 2: a test");
    CHECK(s.members == 3);
    CHECK(s.bitmap == "file");
    CHECK(s.size == 128ULL << 20);
    CHECK(s.chunk == 64ULL << 10);
    CHECK(s.delay_ms == 500);
    CHECK(s.variants.name("fix") == "upstream");
    CHECK(s.variants.name("order") == "2022");
    CHECK(s.variants.name("mdstat-bitmap") == "none");
    CHECK(s.mdmon);
    CHECK(s.errors == 2);
    CHECK(s.granularity == Granularity::Fine);
    REQUIRE(s.setup.size() == 6);
    CHECK(s.setup[0].chunk == 5);
    CHECK(s.setup[0].line == 18);
    CHECK(s.setup[2].member == "sdc");
    CHECK(s.setup[3].kind == Statement::Kind::Remove);
    CHECK(s.setup[4].kind == Statement::Kind::ReAdd);
    CHECK(s.setup[4].member == "sdc");
    REQUIRE(s.tasks.size() == 2);
    CHECK(s.tasks[0].name == "a");
    REQUIRE(s.tasks[0].statements.size() == 3);
    CHECK(s.tasks[0].statements[0].attr == "dev-sda/state");
    CHECK(s.tasks[0].statements[0].value == "remove");
    CHECK(s.tasks[1].statements[0].all);
    CHECK(s.tasks[1].statements[1].kind == Statement::Kind::Stop);
    CHECK(s.expect.function == "md_error");
    CHECK(parsed(scenario_text(s)) == s);
}

TEST_CASE("the metadata of IMSM has its chunk and its delay, and is refused with what it cannot have") {
    const std::string head = "mdscope-scenario 1\n", tasks = "tasks\n a: write 0\n";
    const Scenario s = parsed(head + "bitmap external\nmetadata imsm\nsize 5329K\nmdmon on\n" + tasks);
    CHECK(s.chunk == 64ULL << 20);
    CHECK(s.delay_ms == 5000);
    CHECK(parsed(scenario_text(s)) == s);
    CHECK(scenario_text(parsed(head + tasks)).find("metadata") == std::string::npos);
    CHECK(ran(s).ending == Ending::Done);
    CHECK(error_of(head + "metadata ddf\n" + tasks) == "2: 'metadata' takes 1.2 or imsm, not 'ddf'");
    for (const char* wrong : {"bitmap internal\nmetadata imsm\nsize 6M\n", "metadata imsm\nsize 5M\n",
                              "metadata imsm\nchunk 128K\nsize 6M\n", "metadata imsm\nmembers 3\nsize 6M\n"}) {
        CAPTURE(std::string(wrong));
        CHECK_FALSE(explore(parsed(head + wrong + tasks), {}));
    }
}

TEST_CASE("the built-in scenario reads back too, for every home, entrance and number of pages") {
    for (const char* home : {"external", "internal", "file", "none"})
        for (const char* entrance : {"array_state", "two-step", "STOP_ARRAY", "readonly"})
            for (unsigned pages = 1; pages <= 4; pages++) {
                const Scenario scenario = stop_mid_write(home, entrance, pages);
                const Result<Scenario> again = parse_scenario(scenario_text(scenario), scenario.name);
                REQUIRE_MESSAGE(again, again.error().text);
                CHECK(*again == scenario);
            }
    CHECK(stop_mid_write("external", "two-step", 1).tasks.at(0).statements.size() == 2);
    CHECK(stop_mid_write("external", "STOP_ARRAY", 1).tasks.at(0).statements.at(0).kind == Statement::Kind::Stop);
}

TEST_CASE("the name of a kernel becomes a row of every variant") {
    const VariantRows rows = parsed(with_task("kernel 6.1.192-nofix\n")).variants;
    CHECK(rows.name("fix") == "none");
    CHECK(rows.name("order") == "2022");
    CHECK(rows.name("pools") == "stop");
    CHECK(rows.name("stop-order") == "bd");
    CHECK(rows.name("mdstat-bitmap") == "none");
}

TEST_CASE("a mistake is named with its line and with what could stand there") {
    const auto header = [](const std::string& line) { return error_of(with_task(line + "\n")); };
    std::string variants, eras;
    for (const Variant& variant : all_variants()) variants += std::string(variant.name()) + ", ";
    for (const KernelEra& era : kernel_eras()) eras += std::string(eras.empty() ? "" : ", ") + era.name;
    eras.replace(eras.rfind(", "), 2, " or ");
    CHECK(header("fxi none") ==
          "2: unknown word 'fxi'; here can stand title, members, bitmap, metadata, size, chunk, delay, kernel, " +
              variants +
              "mdmon, errors, granularity, strategy, pages, crash, cuts, bits, write-size, unasked, exhibit, versus, "
              "setup, "
              "tasks, schedule, playhead, expect");
    CHECK(header("fix none\nfix v1") == "3: 'fix' stands twice; the first is in line 2");
    CHECK(header("members") == "2: 'members' has no value; it takes a number from 2 to 8");
    CHECK(header("members 1") == "2: 'members' takes a number from 2 to 8, not '1'");
    CHECK(header("members 9") == "2: 'members' takes a number from 2 to 8, not '9'");
    CHECK(header("members 2x") == "2: 'members' takes a number from 2 to 8, not '2x'");
    CHECK(header("members 99999999999999999999") ==
          "2: 'members' takes a number from 2 to 8, not '99999999999999999999'");
    CHECK(header("pages 5") == "2: 'pages' takes a number from 1 to 4, not '5'");
    CHECK(header("errors -1") == "2: 'errors' takes a number from 0 to 16, not '-1'");
    CHECK(header("bitmap inside") == "2: 'bitmap' takes external, internal, file or none, not 'inside'");
    CHECK(header("size 64 M") == "2: 'size' takes a size from 1M to 16T (a multiple of 512), not '64 M'");
    CHECK(header("size M") == "2: 'size' takes a size from 1M to 16T (a multiple of 512), not 'M'");
    CHECK(header("size 17179869184G") ==
          "2: 'size' takes a size from 1M to 16T (a multiple of 512), not '17179869184G'");
    CHECK(header("chunk 3M") == "2: 'chunk' takes a power of two from 4K to 2G, not '3M'");
    CHECK(header("delay 5") == "2: 'delay' takes a time from 1ms to 86400s, not '5'");
    CHECK(header("delay 0s") == "2: 'delay' takes a time from 1ms to 86400s, not '0s'");
    CHECK(header("fix v3") == "2: 'fix' takes none, v1, proposal or upstream, not 'v3'");
    CHECK(header("order 2023") == "2: 'order' takes 2021 or 2022, not '2023'");
    CHECK(header("pools never") == "2: 'pools' takes mddev or stop, not 'never'");
    CHECK(header("kernel 2.4") == "2: 'kernel' takes " + eras + ", not '2.4'");
    CHECK(header("fix none\nkernel 5.12") == "3: 'kernel' sets 'fix' too, so it stands above line 2");
    CHECK(header("mdmon maybe") == "2: 'mdmon' takes on or off, not 'maybe'");
    CHECK(header("granularity medium") == "2: 'granularity' takes coarse, calls or fine, not 'medium'");
    CHECK(header("write 0") == "2: the statement 'write' belongs under 'setup' or 'tasks'");
    CHECK(header("stopper: stop") == "2: the task 'stopper' belongs under 'tasks'");
    CHECK(header("expect") ==
          "2: 'expect' has no value; it takes safe, hang, any, crash [FUNCTION] or violation [JUDGE]");
    CHECK(header("expect fine") ==
          "2: 'expect' takes safe, hang, any, crash [FUNCTION] or violation [JUDGE], not 'fine'");
    CHECK(header("expect safe here") == "2: nothing may follow 'expect safe'");
    CHECK(header("expect crash a b") == "2: 'a b' is not the name of a function");
    CHECK(header("setup\nsetup") == "3: 'setup' stands twice; the first is in line 2");
    CHECK(header("setup write 0") == "2: nothing may follow 'setup'; statements begin in the next line");
    CHECK(header("setup\n fix none") == "3: 'fix' stands above 'setup' and 'tasks'");
}

TEST_CASE("a mistake in a statement is named with its line") {
    const auto setup = [](const std::string& line) { return error_of(with_task("setup\n" + line + "\n")); };
    const std::string words =
        "write CHUNK|all, daemon, store FILE VALUE, stop, fail MEMBER, remove MEMBER, re-add MEMBER, "
        "add MEMBER, read CHUNK, discard CHUNK, mdstat, flush, idle TIME, reboot, wait";
    CHECK(setup("wrte 0") == "3: 'wrte' is not a statement; here can stand " + words);
    CHECK(setup("write") == "3: 'write' needs more: write CHUNK|all");
    CHECK(setup("write 64") == "3: there is no chunk 64: images of 64M with chunks of 1M have fewer than 65");
    CHECK(setup("write x") == "3: 'write' takes the number of a chunk, or 'all', not 'x'");
    CHECK(setup("discard all") == "3: 'discard' takes the number of a chunk, not 'all'");
    CHECK(setup("write 0; daemon 5") == "3: nothing may follow 'daemon', not '5'");
    CHECK(setup("write 0;") == "3: there is nothing beside a ';'");
    CHECK(setup("fail sdc") == "3: there is no member 'sdc'; the members are sda to sdb");
    CHECK(setup("fail disk1") == "3: there is no member 'disk1'; the members are sda to sdb");
    CHECK(setup("add sdc\nfail sdc; remove sdc") == "accepted");
    CHECK(setup("fail sdc\nadd sdc") == "3: there is no member 'sdc'; the members are sda to sdb");
    CHECK(setup("remove sdc") == "3: there is no member 'sdc'; the members are sda to sdb");
    CHECK(setup("re-add") == "3: 're-add' needs more: re-add MEMBER");
    CHECK(setup("re-add sdb now") == "3: there is no member 'sdb now'; the members are sda to sdb");
    CHECK(setup("store array_state") ==
          "3: 'store' takes a file under md/ and what is written to it: store array_state clear");
    CHECK(setup("store arraystate clear") == "3: there is no file md/arraystate");
    CHECK(setup("store degraded 1") == "3: md/degraded cannot be written to");
    CHECK(setup("store dev-sdc/state faulty") == "3: there is no member 'sdc'; the members are sda to sdb");
    CHECK(setup("store dev-sda faulty") == "3: there is no file md/dev-sda");
    CHECK(setup("delayed-delete") == "3: 'delayed-delete' cannot stand under 'setup'; here can stand " + words);

    const auto task = [](const std::string& line) { return error_of("mdscope-scenario 1\ntasks\n" + line + "\n"); };
    CHECK(setup("kill") == "3: 'kill' cannot stand under 'setup'; here can stand " + words);
    CHECK(setup("add sdd") == "3: 'sdd' cannot be added; sda to sdc can");
    CHECK(task("a: boot") ==
          "3: 'boot' is not a statement; here can stand write CHUNK|all, daemon, store FILE VALUE, stop, fail MEMBER, "
          "remove MEMBER, re-add MEMBER, add MEMBER, read CHUNK, discard CHUNK, mdstat, flush, idle TIME, assemble, "
          "kill, power-cut, "
          "reboot, "
          "delayed-delete, wait");
    CHECK(task("stop") ==
          "3: 'stop' needs a task before it, as in 'stopper: stop'; or here can stand schedule, playhead, expect");
    CHECK(task(": stop") == "3: '' is no name for a task: 1 to 15 letters, digits, '-' and '_'");
    CHECK(task("one two: stop") == "3: 'one two' is no name for a task: 1 to 15 letters, digits, '-' and '_'");
    CHECK(task("a-name-too-long-: stop") ==
          "3: 'a-name-too-long-' is no name for a task: 1 to 15 letters, digits, '-' and '_'");
    CHECK(task("a:").starts_with("3: task 'a' has no statement; it can have write CHUNK|all"));
    CHECK(task("a: stop\nsetup") == "4: 'setup' stands before 'tasks'");
    std::string many;
    for (int i = 0; i <= 16; i++) many += "t" + std::to_string(i) + ": stop\n";
    CHECK(task(many) == "19: more than 16 tasks");
}

TEST_CASE("what a file as a whole lacks is named too") {
    CHECK(error_of("") == "1: the file is empty; a scenario begins with 'mdscope-scenario 1'");
    CHECK(error_of("# nothing\n") == "1: the file is empty; a scenario begins with 'mdscope-scenario 1'");
    CHECK(error_of("members 2\n") == "1: a scenario begins with the line 'mdscope-scenario 1', not with 'members'");
    CHECK(error_of("mdscope-scenario 2\n") == "1: version '2' is not known; this mdscope reads 'mdscope-scenario 1'");
    CHECK(error_of("mdscope-scenario\n") == "1: version '' is not known; this mdscope reads 'mdscope-scenario 1'");
    CHECK(error_of("mdscope-scenario 1\n") ==
          "1: the scenario has no tasks: 'tasks', then a line like 'stopper: stop'");
    CHECK(error_of("mdscope-scenario 1\nsetup\n write 0\ntasks\n") ==
          "4: the scenario has no tasks: 'tasks', then a line like 'stopper: stop'");
    CHECK(error_of(with_task("size 64M\npages 2\n")) ==
          "3: the bitmap does not have 2 pages: images of 64M with chunks of 1M need 64 bits, a page has 32768");
    CHECK(error_of(with_task("chunk 128M\nsize 64M\n")) == "3: a chunk of 128M does not fit into images of 64M");
}

TEST_CASE("bytes that are no scenario get an error with a line number") {
    CHECK(error_of(with_task("title " + std::string(1017, 'x') + "\n")) == "accepted");
    CHECK(error_of(with_task("title " + std::string(1019, 'x') + "\n")) == "2: the line has more than 1024 bytes");
    CHECK(error_of(std::string(1 << 20, 'x')) == "1: the line has more than 1024 bytes");
    CHECK(error_of(std::string("mdscope-scenario 1\nfix no\0ne\n", 29)) == "2: a NUL byte; this is no text");
    CHECK(error_of(with_task("title \x1b[31m\n")) == "2: a control character (0x1b)");
    std::string long_file = with_task("");
    while (long_file.size() <= 256 << 10) long_file += "# " + std::string(1000, '.') + "\n";
    CHECK(error_of(long_file) == "265: the file has more than 262144 bytes");
}

TEST_CASE("a file cut short anywhere, or with one byte changed, is a scenario or an error with a line") {
    for (const ScenarioFile& file : scenario_files()) {
        CAPTURE(file.name);
        for (std::size_t size = 0; size < file.text.size(); size++) {
            const Result<Scenario> cut = parse_scenario(file.text.substr(0, size), file.name);
            if (!cut) REQUIRE_MESSAGE(begins_with_a_line_number(cut.error().text), cut.error().text);
            if (cut) REQUIRE(*parse_scenario(scenario_text(*cut), file.name) == *cut);
            std::string changed = file.text;
            changed[size] = static_cast<char>(changed[size] ^ 0x15);
            const Result<Scenario> other = parse_scenario(changed, file.name);
            if (!other) REQUIRE_MESSAGE(begins_with_a_line_number(other.error().text), other.error().text);
            if (other) REQUIRE(*parse_scenario(scenario_text(*other), file.name) == *other);
        }
    }
}

// ---- schedules

TEST_CASE("every kind of order is read, and is written as it was read") {
    const std::string text = schedule_of(
        "  start stopper\n  stopper x14\n  stopper on B\n  sdb bitmap 2\n  sdb superblock 1 fails\n  hold bitmap\n"
        "  hold data sda\n  hold sdb bitmap 3 on A\n  release sdb bitmap 3\n  due sdb bitmap 2 44\n  timer 3\n"
        "  md0_raid1 times out\n  grace of stopper x2\n  swapper/0#12\n  release all\n");
    const Scenario s = parsed(text + "playhead 24\n");
    CHECK(s.schedule.size() == 29);
    CHECK(s.schedule[1].line == 6);
    CHECK(s.schedule[14].line == 6);
    CHECK(s.schedule[15].sides == 2);
    CHECK(s.playhead == 24);
    const std::string written = scenario_text(s);
    CHECK(written.find(text.substr(text.find("schedule\n"))) != std::string::npos);
    CHECK(written.find("\nplayhead 24\nexpect any\n") != std::string::npos);
    CHECK(scenario_text(parsed(written)) == written);
    CHECK(parsed(schedule_of("stopper;stopper x2 ; hold bitmap\n")).schedule.size() == 4);
    CHECK_FALSE(parsed(schedule_of("stopper\n")).playhead);
}

TEST_CASE("the playhead stands anywhere, once") {
    CHECK(parsed(with_task("playhead 0\n")).playhead == 0);
    CHECK(parsed(with_task("") + "playhead 3\n").playhead == 3);
    CHECK(parsed(with_task("") + "playhead 3\nschedule\n stopper\n").playhead == 3);
    CHECK(parsed(schedule_of("stopper\nplayhead 100000\nstopper\n")).schedule.size() == 2);
    const auto header = [](const std::string& line) { return error_of(with_task(line + "\n")); };
    const std::string takes = "2: 'playhead' takes the number of a tick, at most 100000, not ";
    CHECK(header("playhead") == takes + "''");
    CHECK(header("playhead x") == takes + "'x'");
    CHECK(header("playhead -1") == takes + "'-1'");
    CHECK(header("playhead 100001") == takes + "'100001'");
    CHECK(header("playhead 1\nplayhead 2") == "3: 'playhead' stands twice; the first is in line 2");
}

TEST_CASE("a mistake in a schedule is named with its line") {
    const auto order = [](const std::string& line) { return error_of(schedule_of("stopper\n" + line + "\n")); };
    for (const char* wrong :
         {"one two",  "stopper x0",     "stopper x10001",   "hold",       "hold everything", "hold bitmap sda 0 1",
          "release",  "release all x2", "due sdb bitmap 2", "due sdb 44", "timer",           "timer x",
          "grace of", "sdb bitmap x",   "stopper fails",    "\xc3\xa4",   "start",           "start a b",
          ";",        "stopper;"}) {
        CAPTURE(wrong);
        const std::string error = order(wrong);
        CHECK(error.starts_with("6: '"));
        CHECK(error.find("is no step of a schedule; it can be") != std::string::npos);
    }
    CHECK(order("start stoper") == "6: there is no task 'stoper' to start; the tasks are stopper");
    CHECK(order(std::string(1025, 'x')) == "6: the line has more than 1024 bytes");
    CHECK(order("tasks\n").starts_with("6: 'tasks' stands twice"));
    CHECK(order("fix none").starts_with("6: 'fix none' is no step of a schedule"));
    CHECK(error_of("mdscope-scenario 1\nschedule\ntasks\n a: stop\n") == "3: 'tasks' stands before 'schedule'");
    std::string many;
    for (int i = 0; i < 10; i++) many += "stopper x10000\n";
    CHECK(order(many) == "15: more than 100000 steps");
    CHECK(error_of(schedule_of(many)) == "accepted");
}

TEST_CASE("no task has the name of a word, so a schedule never reads as something else") {
    for (const char* word :
         {"setup", "tasks", "schedule", "playhead", "expect", "start", "hold", "release", "due", "timer"})
        CHECK(error_of("mdscope-scenario 1\ntasks\n " + std::string(word) + ": stop\n") ==
              "3: '" + std::string(word) + "' is a word of scenarios, so it cannot be the name of a task");
    CHECK(error_of("mdscope-scenario 1\ntasks\n stop: stop\nschedule\n stop x2\n") == "accepted");
    CHECK(parsed("mdscope-scenario 1\ntasks\n fix: stop\nschedule\n fix x2\n mdmon\n").schedule.size() == 3);
}

}  // namespace mdscope::explore_test
