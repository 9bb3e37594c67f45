// SPDX-License-Identifier: MIT
// pair: its command line. What it does is in pair.cpp, pair_verbs.cpp and pair_write.cpp.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "engine/md/variant.hpp"
#include "fs/cli/pair.hpp"
#include "fs/cli/scenario_options.hpp"

namespace mdscope {

namespace stdfs = std::filesystem;

namespace {

struct Verb {
    const char* name;
    int (*run)(const PairPlan& plan);
};
constexpr std::array kVerbs = {
    Verb{"make", make_pair_of_arrays}, Verb{"mount", mount_pair},   Verb{"write", write_to_pair},
    Verb{"hold", hold_pair},           Verb{"stop", stop_pair},     Verb{"release", release_pair},
    Verb{"status", show_pair},         Verb{"umount", umount_pair},
};

struct PairWords {
    PairPlan plan;
    std::string folder;
    std::vector<std::string> verbs;
    bool has_rows = false;
};

std::vector<std::string> verb_names() {
    std::vector<std::string> names;
    for (const Verb& verb : kVerbs) names.emplace_back(verb.name);
    return names;
}

// "none,upstream": of A and of B; one word: of both.
std::array<std::string, 2> of_both(const std::string& words) {
    const std::size_t comma = words.find(',');
    if (comma == std::string::npos) return {words, words};
    return {words.substr(0, comma), words.substr(comma + 1)};
}

// Empty, or what is wrong with it; for CLI11.
std::string check_words(const std::string& words, const std::vector<std::string>& known) {
    for (const std::string& word : of_both(words))
        if (std::ranges::find(known, word) == known.end()) {
            std::string all;
            for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
            return "'" + word + "' is none of " + all + "; two of them with a comma between are A's and B's";
        }
    return {};
}

std::vector<std::string> names_of(const Variant& variant) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < variant.size; i++) names.emplace_back(variant.row(i).name);
    return names;
}

std::vector<std::string> names_of_eras() {
    std::vector<std::string> names;
    for (const KernelEra& era : kernel_eras()) names.emplace_back(era.name);
    return names;
}

void add_kernel_options(CLI::App& pair, const std::shared_ptr<PairWords>& words) {
    pair.add_option_function<std::string>(
            "--kernel",
            [words](const std::string& eras) {
                words->has_rows = true;
                for (std::size_t i = 0; i < 2; i++) words->plan.sides[i].request.kernel = of_both(eras)[i];
            },
            "Of A and B, as in 5.12,5.13; one: of both")
        ->check([](const std::string& eras) { return check_words(eras, names_of_eras()); })
        ->type_name("ERA,ERA")
        ->group("Kernels");
    for (const Variant& variant : all_variants()) {
        const bool is_fix = std::string_view(variant.name()) == "fix";
        pair.add_option_function<std::string>(
                std::string("--") + variant.name(),
                [words, &variant](const std::string& rows) {
                    words->has_rows = true;
                    for (std::size_t i = 0; i < 2; i++)
                        words->plan.sides[i].request.rows.emplace_back(variant.name(), of_both(rows)[i]);
                },
                variant_help(variant, !is_fix) + (is_fix ? "; none,upstream if no kernel is named" : ""))
            ->check([&variant](const std::string& rows) { return check_words(rows, names_of(variant)); })
            ->type_name("ROW,ROW")
            ->group("Kernels");
    }
}

// Also of a folder that is not there yet.
std::string absolute_folder(const std::string& path) {
    std::error_code failed;
    stdfs::path real = stdfs::weakly_canonical(stdfs::absolute(path), failed).lexically_normal();
    if (failed) real = stdfs::absolute(path).lexically_normal();
    if (!real.has_filename()) real = real.parent_path();
    return real.string();
}

void complete(PairWords& words) {
    PairPlan& plan = words.plan;
    plan.folder = absolute_folder(words.folder);
    constexpr std::array<const char*, 2> kFixes = {"none", "upstream"};
    for (std::size_t i = 0; i < 2; i++) {
        PairSide& side = plan.sides[i];
        side.letter = i == 0 ? "A" : "B";
        side.mount = (stdfs::path(plan.folder) / (i == 0 ? "a" : "b")).string();
        side.lab = side.mount + ".lab";
        if (!words.has_rows) side.request.rows.emplace_back("fix", kFixes[i]);
    }
    plan.names_kernels = words.has_rows;
    if (words.verbs.empty()) words.verbs.emplace_back("make");
}

int pair_command(PairWords& words) {
    complete(words);
    const Result<std::uint64_t> size = parse_member_size(words.plan.size);
    if (!size) return complain(kUsage, "--size: " + size.error().text);
    const Result<std::uint64_t> delay = parse_duration_ms(words.plan.delay);
    if (!delay || *delay == 0)
        return complain(kUsage, "--delay: " + (delay ? std::string("at least 1ms") : delay.error().text));
    if (words.plan.fio && !words.plan.tree.empty()) return complain(kUsage, "--fio or --tree, not both");
    for (const std::string& name : words.verbs) {
        const auto* const verb = std::ranges::find(kVerbs, name, [](const Verb& one) { return std::string(one.name); });
        if (const int exit_code = verb->run(words.plan); exit_code != kOk) return exit_code;
        std::fflush(stdout);
    }
    // What only does something says nothing in JSON; then the whole is what it leaves.
    const std::string& last = words.verbs.back();
    const bool is_told = last == "make" || last == "mount" || last == "stop" || last == "release" || last == "status";
    return words.plan.json && !is_told && last != "umount" ? show_pair(words.plan) : kOk;
}

}  // namespace

void add_pair_commands(CLI::App& app, int* exit_code) {
    CLI::App* pair = app.add_subcommand("pair", "Two arrays, with the fix and without: the same is done to both");
    const auto words = std::make_shared<PairWords>();
    PairPlan& plan = words->plan;
    pair->add_option("DIR", words->folder, "Folder of the pair: DIR/a and DIR/b are the mounts")->required();
    pair->add_option("VERB", words->verbs,
                     "One or more, done in turn: make (if none is given) two new arrays and mount them; mount those "
                     "that are there; write the same to both; hold bitmap writes; stop; release; status; umount")
        ->check(CLI::IsMember(verb_names()));
    pair->add_flag("--json", plan.json, "What both say, as one JSON object");
    pair->add_option("--writes", plan.writes, "write: so many blocks of 4 KiB")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    pair->add_option("--tree", plan.tree, "write: the files of this folder, one behind the other")
        ->check(CLI::ExistingDirectory);
    pair->add_flag("--fio", plan.fio, "write: 32 MiB by fio, random writes");
    pair->add_option("--size", plan.size, "make: size of each of the four images")
        ->type_name("SIZE")
        ->capture_default_str();
    pair->add_option("--delay", plan.delay, "make: period of the bitmap's daemon; long, so that a stop finds work")
        ->type_name("TIME")
        ->capture_default_str();
    add_kernel_options(*pair, words);
    pair->footer(
        "Examples:\n"
        "  mdscope pair demo                          A without the fix of 2021, B with it\n"
        "  mdscope pair demo write hold stop          A says it has stopped, B sleeps\n"
        "  mdscope pair demo status --json            both counters of both\n"
        "  mdscope pair demo release                  A: the Oops. B: wakes, and has stopped\n"
        "  mdscope pair demo umount                   takes both down; the images stay\n"
        "  mdscope pair other --kernel 5.12,5.13      two kernels\n"
        "  mdscope pair more --fix none,v1            two rows of one table");
    pair->callback([=] { *exit_code = pair_command(*words); });
}

}  // namespace mdscope
