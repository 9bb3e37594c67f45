// SPDX-License-Identifier: MIT
// A verdict and a run as JSON, for scripts and for the window. Names are those of the structs in explorer.hpp; numbers
// are unsigned unless they can be negative. A reader refuses another `version` and ignores what it does not know.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/explore/card.hpp"
#include "engine/explore/judge.hpp"
#include "engine/scenario/scenario_parse.hpp"

namespace mdscope {

namespace {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 (a title may have any) do not stop the answer.
std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json scenario_json(const Scenario& scenario) {
    Json json;
    json["name"] = scenario.name;
    json["title"] = scenario.title;
    json["members"] = scenario.members;
    json["bitmap"] = scenario.bitmap;
    if (scenario.metadata != Scenario().metadata) json["metadata"] = scenario.metadata;
    json["size"] = scenario.size;
    json["chunk"] = scenario.chunk;
    for (const Variant& variant : all_variants()) json[variant.name()] = scenario.variants.row(variant).name;
    json["mdmon"] = scenario.mdmon;
    json["errors"] = scenario.errors;
    json["pages"] = scenario.pages;
    json["granularity"] = granularity_name(scenario.granularity);
    json["expect"] = expectation_text(scenario.expect);
    json["text"] = scenario_text(scenario);
    return json;
}

Json lanes_json(const std::vector<ScheduleStep>& steps) {
    Json json = Json::array();
    for (const ScheduleStep& step : steps)
        json.push_back({{"actor", step.actor},
                        {"what", step.what},
                        {"where", step.where},
                        {"is_choice", step.is_choice},
                        {"at_ns", step.at_ns},
                        {"mddev_pending_writes", step.mddev_pending_writes},
                        {"bitmap_pending_writes", step.bitmap_pending_writes}});
    return json;
}

Json oops_json(const std::optional<Oops>& oops) {
    if (!oops) return nullptr;
    return {{"what", oops->what},     {"object", oops->object}, {"function", oops->function}, {"comm", oops->comm},
            {"in_irq", oops->in_irq}, {"at_ns", oops->at_ns},   {"stack", oops->stack}};
}

// Of a violation: crashes and hangs are said by `ending` and `what`.
void add_judge(Json& json, const Judge* judge) {
    if (judge == nullptr || judge->moment != Moment::Violation) return;
    json["judge"] = {{"name", judge->name}, {"must_hold", judge->must_hold}};
}

Json counter_example_json(const CounterExample& example, const std::string& replay_path) {
    Json json;
    json["ending"] = ending_name(example.ending);
    json["what"] = example.what;
    add_judge(json, example.judge);
    json["picks"] = example.picks;
    json["steps"] = example.steps;
    json["schedule"] = schedule_line(example.lanes);
    json["oops"] = oops_json(example.oops);
    json["console"] = example.console;
    json["replay"] = replay_path.empty() ? Json(nullptr) : Json(replay_path);
    json["lanes"] = lanes_json(example.lanes);
    return json;
}

// What a search does not count is null, not 0.
void add_counts(Json& json, const Verdict& verdict) {
    const bool by_lives = counts_lives(verdict.scenario, verdict.strategy);
    const auto counted = [](bool is_counted, auto number) { return is_counted ? Json(number) : Json(nullptr); };
    json["schedules"] = counted(!by_lives, verdict.schedules);
    json["schedules_log10"] = counted(!by_lives, verdict.schedules_log10);
    json["depth"] = counted(!by_lives, verdict.depth);
    json["cuts"] = counted(by_lives, verdict.crash_points);
    json["lives"] = counted(by_lives, verdict.lives);
}

}  // namespace

std::string verdict_json(const Verdict& verdict, const std::string& replay_path) {
    Json json;
    json["version"] = kCardVersion;
    json["scenario"] = scenario_json(verdict.scenario);
    json["strategy"] = strategy_name(verdict.strategy);
    json["verdict"] = verdict_word(verdict);
    json["expectation"] = held_word(expectation_of(verdict));
    json["expectation_holds"] = expectation_holds(verdict);
    json["states"] = verdict.states;
    json["transitions"] = verdict.transitions;
    add_counts(json, verdict);
    json["done"] = verdict.done;
    json["crashes"] = verdict.crashes;
    json["hangs"] = verdict.hangs;
    json["violations"] = verdict.violations;
    json["complete"] = verdict.complete;
    json["preemptions"] = verdict.preemptions ? Json(*verdict.preemptions) : Json(nullptr);
    json["interrupted"] = verdict.interrupted;
    json["out_of_memory"] = verdict.out_of_memory;
    json["seconds"] = verdict.seconds;
    json["ways"] = Json::array();
    for (const auto& [what, count] : verdict.crash_ways) json["ways"].push_back({{"what", what}, {"count", count}});
    json["shortest"] = verdict.shortest ? counter_example_json(*verdict.shortest, replay_path) : Json(nullptr);
    return dumped(json);
}

std::string run_json(const Scenario& scenario, const Run& run) {
    Json json;
    json["version"] = kCardVersion;
    json["scenario"] = scenario_json(scenario);
    if (!run.is_over) json["is_over"] = false;
    json["ending"] = ending_name(run.ending);
    json["what"] = run.what;
    add_judge(json, run.judge);
    json["expectation"] = held_word(expectation_of(scenario, run));
    json["expectation_holds"] = expectation_holds(scenario, run);
    json["picks"] = run.picks;
    json["stood_for"] = run.stood_for;
    json["log_hash"] = fmt::format("{:016x}", run.log_hash);  // More digits than a JSON number keeps everywhere.
    json["oops"] = oops_json(run.oops);
    json["console"] = run.console;
    json["mdstat"] = run.mdstat;
    json["tree"] = run.tree;
    json["lanes"] = lanes_json(run.lanes);
    return dumped(json);
}

}  // namespace mdscope
