// SPDX-License-Identifier: MIT
// Ten million crash points, and the searches that are too large for a run of all tests: what tests/soak runs, for
// hours.
//
// Goal: what the searches of crash_points_test.cpp leave out: external bitmaps to their end; three cuts, finer steps,
// more operations one after the other, I/O errors among them. Method: first its operations, larger; then operations at
// random, each array by a number of its own. All of these have a bound, so that there are many. What was counted is
// kept in a file, from which the next run goes on.
//
//   SOAK_POINTS     how many; SOAK_STATES: of each search at most; SOAK_JOBS: threads
//   SOAK_PRIORITIES every operation by random priorities, so many executions of each; and SOAK_RANDOM at random (300)
//   SOAK_EXTERNAL   external bitmaps to their end, each with at most so many states
//   SOAK_FOLDER     `counts` is there, and a scenario of each thing that was found
#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <random>

#include "engine/explore/card.hpp"
#include "engine/explore/crash_places.hpp"
#include "engine/host/save_file.hpp"
#include "engine/kernel/arena.hpp"
#include "tests/explore/crash_scenarios.hpp"

namespace mdscope::explore_test {

namespace {

std::atomic<bool> soak_is_over{false};

std::string setting(const char* name, const std::string& otherwise) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : otherwise;
}

// What was looked at so far, this time and before.
struct Soaked {
    std::string folder = setting("SOAK_FOLDER", ".");
    std::uint64_t next = 0, points = 0, lives = 0, found = 0;
    CrashCounts places{};

    void load() {
        std::ifstream file(folder + "/counts");
        std::string id;
        std::uint64_t count = 0;
        while (file >> id >> count) {
            if (std::uint64_t* const field = named(id); field != nullptr) *field = count;
            file.ignore(256, '\n');
        }
    }
    void save() const {
        const Result<bool> saved = save_file(folder + "/counts", text());
        REQUIRE_MESSAGE(saved, saved.error().text);
    }
    [[nodiscard]] std::string text() const {
        std::string lines = fmt::format("next {}\npoints {}\nlives {}\nfound {}\n", next, points, lives, found);
        for (std::size_t i = 0; i < crash_places().size(); i++)
            lines += fmt::format("{} {:>12}  {}\n", crash_places()[i].id, places[i], crash_places()[i].what);
        return lines;
    }
    std::uint64_t* named(std::string_view id) {
        if (id == "next") return &next;
        if (id == "points") return &points;
        if (id == "lives") return &lives;
        if (id == "found") return &found;
        for (std::size_t i = 0; i < crash_places().size(); i++)
            if (crash_places()[i].id == id) return &places[i];
        return nullptr;
    }
    void add(const Verdict& verdict) {
        points += verdict.crash_points;
        lives += verdict.lives;
        for (std::size_t i = 0; i < places.size(); i++) places[i] += verdict.crash_places[i];
    }
};

bool is_for(const char* list, const std::string& word) {
    return std::string(list).find(word) != std::string::npos;
}

template <class T>
const T& one_of(const std::vector<T>& list, std::mt19937_64& random) {
    return list[random() % list.size()];
}

// The operations of the complete searches, with three cuts and in finer steps; and with a disk error as well.
std::vector<Scenario> larger_ones() {
    std::vector<Scenario> scenarios;
    for (const CrashOperation& operation : crash_operations())
        for (const std::string home : {"internal", "file", "none", "external"})
            for (const std::string crash : {"kill", "power-cut"})
                for (const Granularity granularity : {Granularity::Coarse, Granularity::Calls, Granularity::Fine}) {
                    if (!is_for(operation.homes, home) || !is_for(operation.crashes, crash)) continue;
                    Scenario& scenario = scenarios.emplace_back(crash_scenario(home, operation, crash));
                    scenario.cuts = 3;
                    scenario.granularity = granularity;
                    scenario.name += fmt::format("-{}-{}", crash, granularity_name(granularity));
                    if (takes_an_error(operation)) scenarios.push_back(with_disk_error(Scenario(scenario)));
                }
    return scenarios;
}

std::string some_statements(std::size_t most, std::mt19937_64& random) {
    static const std::vector<std::string> words = {"write 0",
                                                   "write 1",
                                                   "flush",
                                                   "daemon",
                                                   "daemon; daemon; daemon",
                                                   "fail sda",
                                                   "fail sdb",
                                                   "remove sda",
                                                   "remove sdb",
                                                   "re-add sda",
                                                   "re-add sdb",
                                                   "add sda",
                                                   "add sdb",
                                                   "add sdc",
                                                   "wait",
                                                   "read 0",
                                                   "idle 1s",
                                                   "store sync_action check",
                                                   "store sync_action repair",
                                                   "store sync_action idle",
                                                   "store component_size 64",
                                                   "store component_size 128",
                                                   "store component_size 192"};
    std::string text;
    for (std::size_t left = 2 + random() % (most - 1); left > 0; left--)
        text += (text.empty() ? "" : "; ") + one_of(words, random);
    return text;
}

Scenario random_one(std::uint64_t number) {
    std::mt19937_64 random(number);
    const std::string home = one_of<std::string>({"internal", "file", "none", "external"}, random);
    const std::string crash = one_of<std::string>({"kill", "power-cut"}, random);
    std::string tasks = " a: " + some_statements(5, random) + "\n";
    if (random() % 3 == 0) tasks += " b: " + one_of<std::string>({"write 0+8K", "write 1+8K", "read 0"}, random) + "\n";
    const CrashOperation operation{"random", tasks.c_str()};
    Scenario scenario = crash_scenario(home, operation, crash);
    scenario.cuts = 1 + static_cast<unsigned>(random() % 3);
    scenario.errors = static_cast<unsigned>(random() % 3);
    scenario.granularity = random() % 4 == 0 ? Granularity::Calls : Granularity::Coarse;
    scenario.name = fmt::format("random-{}", number);
    return scenario;
}

Verdict soaked_in(const Scenario& scenario, const std::string& budget, Soaked& soaked,
                  Strategy strategy = Strategy::Bfs) {
    ExploreOptions options;
    options.strategy = strategy;
    options.jobs = static_cast<unsigned>(std::stoul(setting("SOAK_JOBS", "2")));
    options.budget = std::stoull(budget);
    options.progress = [](const Verdict&) { return !soak_is_over; };
    Verdict verdict = explored(scenario, options);
    if (verdict.interrupted) return verdict;
    soaked.add(verdict);
    const std::uint64_t bad = verdict.crashes + verdict.hangs + verdict.violations;
    fmt::print("{:>13} points  {:>6.1f} s  {:<40} {}\n", grouped(soaked.points), verdict.seconds, scenario.name,
               bad > 0 ? "FOUND" : (verdict.complete || strategy != Strategy::Bfs ? "" : "bounded"));
    if (bad > 0) {
        soaked.found++;
        const std::string path = fmt::format("{}/{}.mds", soaked.folder, scenario.name);
        REQUIRE(save_file(path, scenario_text(scenario)));
        fmt::print("{}\nmdscope explore {} --strategy {} --first --save-scenario SHORTEST.mds\n",
                   verdict_card(verdict, ""), path, row_of(strategy).word);
    }
    std::fflush(stdout);
    return verdict;
}

void soak_one(const Scenario& scenario, Soaked& soaked) {
    if (soaked_in(scenario, setting("SOAK_STATES", "20000"), soaked).interrupted) return;
    soaked.next++;
    soaked.save();
}

bool is_skipped(const char* wanted) {
    if (std::getenv(wanted) == nullptr) {
        MESSAGE("skipped: it takes long, and tests/soak runs it, with " << std::string(wanted));
        return true;
    }
    REQUIRE(Arena::available());
    return false;
}

void end_at_signals() {
    struct sigaction end {};
    end.sa_handler = [](int) { soak_is_over = true; };
    sigaction(SIGINT, &end, nullptr);
    sigaction(SIGTERM, &end, nullptr);
}

}  // namespace

TEST_CASE("the soak: ten million crash points") {
    if (is_skipped("SOAK_POINTS")) return;
    end_at_signals();
    Soaked soaked;
    soaked.load();
    const std::uint64_t wanted = std::stoull(setting("SOAK_POINTS", ""));
    const std::vector<Scenario> larger = larger_ones();
    while (soaked.points < wanted && !soak_is_over)
        soak_one(soaked.next < larger.size() ? larger[soaked.next] : random_one(soaked.next), soaked);
    fmt::print("\n{}", soaked.text());
    CHECK(soaked.found == 0);
}

TEST_CASE("the soak: external bitmaps, searched to their end") {
    if (is_skipped("SOAK_EXTERNAL")) return;
    end_at_signals();
    Soaked soaked;
    std::string bounded;
    const auto search = [&](const CrashOperation& operation, const std::string& home) {
        for (const std::string crash : {"kill", "power-cut"}) {
            if (soak_is_over || !is_for(operation.crashes, crash)) continue;
            Scenario scenario = crash_scenario(home, operation, crash);
            scenario.name += "-" + crash;
            const Verdict verdict = soaked_in(scenario, setting("SOAK_EXTERNAL", ""), soaked);
            if (!verdict.complete) bounded += " " + scenario.name;
        }
    };
    for (const CrashOperation& operation : crash_operations())
        if (is_for(operation.homes, "external")) search(operation, "external");
    for (const CrashOperation& operation : imsm_crash_operations())
        for (const char* const home : {"imsm", "imsm-none"}) search(operation, home);
    if (soak_is_over) return;
    fmt::print("not searched to their end:{}\n\n{}", bounded.empty() ? " none" : bounded, soaked.text());
    CHECK(soaked.found == 0);
}

// Deep orders that breadth comes to last: the priorities of few tasks change, at any step.
TEST_CASE("the soak: every operation by random priorities") {
    if (is_skipped("SOAK_PRIORITIES")) return;
    end_at_signals();
    Soaked soaked;
    const auto search = [&](const CrashOperation& operation, const std::string& home) {
        for (const std::string crash : {"kill", "power-cut"}) {
            if (!is_for(operation.crashes, crash)) continue;
            Scenario scenario = crash_scenario(home, operation, crash);
            scenario.name += "-" + crash;
            std::vector<Scenario> scenarios{scenario};
            if (takes_an_error(operation)) scenarios.push_back(with_disk_error(scenario));
            for (const Scenario& one : scenarios)
                if (!soak_is_over) soaked_in(one, setting("SOAK_PRIORITIES", ""), soaked, Strategy::Pct);
        }
    };
    for (const CrashOperation& operation : crash_operations())
        for (const std::string home : {"internal", "file", "none", "external"})
            if (is_for(operation.homes, home)) search(operation, home);
    for (const CrashOperation& operation : imsm_crash_operations())
        for (const char* const home : {"imsm", "imsm-none"}) search(operation, home);
    const std::uint64_t at_random = std::stoull(setting("SOAK_RANDOM", "300"));
    for (std::uint64_t number = 0; number < at_random && !soak_is_over; number++)
        soaked_in(random_one(number), setting("SOAK_PRIORITIES", ""), soaked, Strategy::Pct);
    fmt::print("\n{}", soaked.text());
    CHECK(soaked.found == 0);
}

}  // namespace mdscope::explore_test
