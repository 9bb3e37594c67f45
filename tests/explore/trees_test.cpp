// SPDX-License-Identifier: MIT
// The call tree of a stop, line for line as Linux 6.1.192 printed it, for each fix and each home of the bitmap. Times
// slept are left out of both.
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

std::string reference_tree(const std::string& name) {
    std::ifstream file(std::string(MDSCOPE_TEST_DATA) + "/teardown-" + name + ".tree");
    REQUIRE(file);
    std::string tree;
    for (std::string line; std::getline(file, line);)
        if (!line.starts_with('#')) tree += line + "\n";
    return tree;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("the calls of a stop are those of the kernel") {
    struct Case {
        const char* scenario;
        const char* fix;
        const char* tree;
    };
    constexpr Case kCases[] = {
        {"referee-external", "none", "external-none"},
        {"referee-external", "v1", "external-v1"},
        {"referee-external", "proposal", "external-proposal"},
        {"referee-external", "upstream", "external-upstream"},
        {"referee-twostep", "none", "external-twostep-none"},
        {"referee-twostep", "upstream", "external-twostep-upstream"},
        {"referee-internal", "upstream", "internal-upstream"},
        {"referee-file", "upstream", "file-upstream"},
    };
    for (const Case& one : kCases) {
        CAPTURE(one.tree);
        Scenario scenario = scenario_named(one.scenario);
        REQUIRE(scenario.variants.choose("fix", one.fix));
        CHECK(ran(scenario).tree == reference_tree(one.tree));
    }
}

TEST_CASE("without the fix and with it, the tree differs in one line") {
    Scenario scenario = scenario_named("referee-external");
    const std::vector<std::string> fixed = lines_of(ran(scenario).tree);
    REQUIRE(scenario.variants.choose("fix", "none"));
    const std::vector<std::string> unfixed = lines_of(ran(scenario).tree);
    REQUIRE(fixed.size() == unfixed.size() + 1);
    const auto differs = std::mismatch(unfixed.begin(), unfixed.end(), fixed.begin());
    CHECK(*differs.second == "        md_super_wait");
    CHECK(std::equal(differs.first, unfixed.end(), differs.second + 1));
}

TEST_CASE("the report's mdstat, and its crash") {
    const Run run = ran(scenario_named("report-2021"));
    CHECK(run.mdstat.find("141557760 blocks super external:lab [2/2] [UU]") != std::string::npos);
    CHECK(run.mdstat.find("65536KB chunk") != std::string::npos);
    CHECK(run.mdstat.find("/2 pages") != std::string::npos);
    REQUIRE(run.ending == Ending::Crash);
    CHECK(run.oops->function == "super_written");
    CHECK(run.oops->object == "rdev->mddev");
}

}  // namespace mdscope::explore_test
