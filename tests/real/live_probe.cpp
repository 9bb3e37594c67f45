// SPDX-License-Identifier: MIT
// Drives a LiveLab (gui/live) from a script, as a window would: one command a line on stdin, one JSON object a line on
// stdout as its answer.
//
//   attach MNT               follows this mount from now on
//   view                     what the window would show
//   history SECONDS          what it would draw of the last SECONDS
//   do FILE TEXT             queues a command; {"id": N}
//   want PART | chunks FIRST LAST | visible 0|1
//   rate N                   waits for N more views with a snapshot; {"per_second": X}
//   create LAB MNT WORD...   creates and mounts (WORD: NAME=VALUE of size, members, bitmap, fix, ...), or
//   mount LAB MNT            mounts, or
//   umount MNT               unmounts; answers when it is over
//   mounts                   all mounts of mdscope
//   quit                     also at the end of stdin
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gui/live/live_lab.hpp"
#include "gui/live/mount_process.hpp"
#include "gui/live/mounts.hpp"

using namespace mdscope;
using namespace mdscope::gui;
using Json = nlohmann::json;

namespace {

// What a window's event loop would wait for.
class Alarm {
   public:
    void ring() {
        const std::lock_guard guard(mutex_);
        rung_ = true;
        bell_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        bell_.wait_for(lock, std::chrono::milliseconds(100), [&] { return rung_; });
        rung_ = false;
    }

   private:
    std::mutex mutex_;
    std::condition_variable bell_;
    bool rung_ = false;
};

Json json_of(const Advice& advice) {
    return advice.empty() ? Json() : Json(advice.text());
}

Json json_of(const LiveView& view) {
    const LiveClock::time_point now = LiveClock::now();
    Json json{{"state", live_state_word(view.state)},
              {"problem", json_of(view.problem)},
              {"stream_problem", json_of(view.stream_problem)},
              {"space_problem", json_of(view.space_problem)},
              {"lab", view.lab_folder},
              {"pid", view.pid},
              {"snapshots", view.snapshots},
              {"per_second", view.snapshots_per_second},
              {"events_per_second", view.events_per_second},
              {"age", view.age_seconds(now)},
              {"running", Json::array()},
              {"results", Json::array()},
              {"parts", Json::object()}};
    if (view.snapshot) json["snapshot"] = Json::parse(snapshot_to_json(*view.snapshot));
    if (view.chunks) json["chunks"] = view.chunks->chunks.size();
    for (std::size_t i = 0; i < kParts; i++)
        if (view.parts[i]) json["parts"][part_file(static_cast<Part>(i))] = view.parts[i]->text;
    for (const LiveRunning& one : view.running)
        json["running"].push_back({{"id", one.id},
                                   {"label", one.label},
                                   {"started", one.started_at.has_value()},
                                   {"seconds", one.seconds(now)},
                                   {"behind", one.behind}});
    for (const LiveResult& one : view.results)
        json["results"].push_back({{"id", one.id},
                                   {"label", one.label},
                                   {"ok", one.ok},
                                   {"err", one.err},
                                   {"answer", one.answer},
                                   {"advice", json_of(one.advice)},
                                   {"seconds", one.seconds}});
    return json;
}

Json json_of(const HistoryWindow& window, const BioBar& bar) {
    return {{"member", window.name(bar.member)}, {"kind", window.name(bar.kind)}, {"sector", bar.sector},
            {"held", bar.held_ns != 0},          {"is_held", bar.is_held()},      {"cut", bar.cut},
            {"open", bar.end_ns == kStillOpen},  {"begin_ns", bar.begin_ns}};
}

Json json_of(const HistoryWindow& window) {
    Json json{{"events", window.events.size()},
              {"tasks", window.tasks.size()},
              {"samples", window.samples.size()},
              {"received", window.losses.received},
              {"dropped", window.losses.dropped},
              {"missing", window.losses.missing},
              {"forgotten", window.losses.forgotten},
              {"repeated", window.losses.repeated},
              {"restarts", window.losses.restarts},
              {"unreadable", window.losses.unreadable},
              {"bios", Json::array()},
              {"marks", Json::array()},
              {"waits", Json::array()},
              {"steps", Json::array()}};
    for (const BioBar& bar : window.bios) json["bios"].push_back(json_of(window, bar));
    for (const BioBar& bar : window.open_bios) json["bios"].push_back(json_of(window, bar));
    for (const HistoryEvent& mark : window.marks) json["marks"].push_back(window.sentence(mark));
    for (const TaskBar& bar : window.open_tasks)
        json["waits"].push_back(window.name(bar.task) + ": " + window.name(bar.label) + ": " + window.name(bar.detail));
    for (const CounterStep& step : window.steps[0]) json["steps"].push_back(step.value);
    return json;
}

class Probe {
   public:
    // False: it is over.
    bool answer(const std::string& line, Json& json);

   private:
    LiveLab& lab();
    Json rate(std::uint64_t views);
    Json finish(std::unique_ptr<MountProcess> process);
    Json create(std::istringstream& words, bool create);

    Alarm alarm_;
    std::unique_ptr<LiveLab> lab_;
};

LiveLab& Probe::lab() {
    if (!lab_) throw std::runtime_error("attach first");
    return *lab_;
}

// As a window draws: woken, one frame a view.
Json Probe::rate(std::uint64_t views) {
    const std::uint64_t first = lab().view()->snapshots;
    const auto begin = LiveClock::now();
    std::uint64_t frames = 0, last = 0;
    for (std::uint64_t seen = first; seen < first + views; frames++) {
        alarm_.wait();
        seen = lab().view()->snapshots;
        last = seen;
    }
    const double seconds = std::chrono::duration<double>(LiveClock::now() - begin).count();
    return {{"per_second", static_cast<double>(last - first) / seconds},
            {"frames_per_second", static_cast<double>(frames) / seconds}};
}

Json Probe::finish(std::unique_ptr<MountProcess> process) {
    while (!process->progress()->is_over()) alarm_.wait();
    const auto progress = process->progress();
    return {{"phase", mount_phase_word(progress->phase)},
            {"exit_code", progress->exit_code},
            {"error", progress->error},
            {"advice", json_of(progress->advice)},
            {"lines", progress->lines}};
}

Json Probe::create(std::istringstream& words, bool create) {
    MountPlan plan;
    plan.create = create;
    words >> plan.lab >> plan.mount_point;
    for (std::string word; words >> word;) {
        const std::string name = word.substr(0, word.find('=')), value = word.substr(word.find('=') + 1);
        if (name == "members") plan.members = std::stoi(value);
        for (const auto& [known, field] : {std::pair<const char*, std::string*>{"size", &plan.size},
                                           {"bitmap", &plan.bitmap},
                                           {"kernel", &plan.kernel},
                                           {"delay", &plan.delay},
                                           {"chunk", &plan.chunk}})
            if (name == known) *field = value;
        if (find_variant(name) != nullptr) plan.rows[name] = value;
    }
    return finish(MountProcess::start(plan, [this] { alarm_.ring(); }));
}

bool Probe::answer(const std::string& line, Json& json) {
    std::istringstream words(line);
    std::string what, name;
    words >> what;
    if (what == "quit") return false;
    json = {{"ok", true}};
    if (what == "attach") {
        words >> name;
        lab_ = std::make_unique<LiveLab>(name, [this] { alarm_.ring(); });
    } else if (what == "view") {
        json = json_of(*lab().view());
    } else if (what == "history") {
        double seconds = 0;
        words >> seconds;
        json = json_of(*lab().history().last(seconds));
    } else if (what == "do") {
        std::string text;
        words >> name;
        std::getline(words >> std::ws, text);
        json = {{"id", lab().command(name, text)}};
    } else if (what == "want") {
        words >> name;
        for (std::size_t i = 0; i < kParts; i++)
            if (name == part_file(static_cast<Part>(i))) lab().want(static_cast<Part>(i));
    } else if (what == "chunks") {
        std::uint64_t first = 0, last = 0;
        words >> first >> last;
        lab().want_chunks(first, last);
    } else if (what == "visible") {
        int visible = 0;
        words >> visible;
        lab().set_visible(visible != 0);
    } else if (what == "rate") {
        std::uint64_t views = 0;
        words >> views;
        json = rate(views);
    } else if (what == "create" || what == "mount") {
        json = create(words, what == "create");
    } else if (what == "umount") {
        words >> name;
        json = finish(MountProcess::unmount(name, [this] { alarm_.ring(); }));
    } else if (what == "mounts") {
        json = Json::array();
        for (const MountedLab& mount : list_mounts()) json.push_back({mount.mount_point, mount.lab_folder});
    } else {
        json = {{"ok", false}};
    }
    return true;
}

}  // namespace

int main() {
    Probe probe;
    Json json;
    for (std::string line; std::getline(std::cin, line) && probe.answer(line, json);) {
        std::fputs((json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n").c_str(), stdout);
        std::fflush(stdout);
    }
    return 0;
}
