// SPDX-License-Identifier: MIT

#include "engine/explore/scenario_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/explore/world.hpp"
#include "engine/kernel/onlooker.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

bool is_write(const Statement& one) {
    return one.kind == Statement::Kind::Write || one.kind == Statement::Kind::Discard;
}

bool writes(const ScenarioTask& task) {
    return std::ranges::any_of(task.statements, is_write);
}

bool overlap(const Statement& one, const Statement& other, std::uint64_t size) {
    if (!is_write(one) || !is_write(other)) return false;
    const std::uint64_t a = one.all ? 0 : one.offset, b = other.all ? 0 : other.offset;
    return (one.all ? 0 : one.chunk) == (other.all ? 0 : other.chunk) && a < b + size && b < a + size;
}

bool overlap(const ScenarioTask& one, const ScenarioTask& other, std::uint64_t size) {
    return std::ranges::any_of(one.statements, [&](const Statement& statement) {
        return std::ranges::any_of(other.statements,
                                   [&](const Statement& beside) { return overlap(statement, beside, size); });
    });
}

constexpr std::uint64_t kChunks = 4096;  // no scenario writes behind them

std::vector<bool> bits_of(const Mddev& mddev) {
    const Onlooker onlooker;  // in fine steps a task may rest with the bitmap's lock held
    std::vector<bool> bits;
    if (const Bitmap* bitmap = mddev.bitmap.peek(); bitmap != nullptr)
        for (const BitmapChunkInfo& chunk : md_bitmap_chunks(*bitmap, 0, kChunks)) bits.push_back(chunk.bit);
    return bits;
}

// What happens in one execution, tasks first and disks last, where all bits are set when the tasks begin.
bool may_change_a_bit(World& world) {
    FirstChooser quiet;
    const std::vector<bool> first = bits_of(world.lab().mddev());
    if (std::ranges::find(first, false) != first.end()) return true;  // not all are set: it means what it says
    while (world.moment() == Moment::Open) {
        world.take(world.choices().size() > 1 ? quiet.choose(world.choices()) : 0);
        if (const std::vector<bool> now = bits_of(world.lab().mddev()); !now.empty() && now != first) return true;
    }
    return false;
}

}  // namespace

std::string wrong_about_size(const Scenario& scenario) {
    constexpr std::uint64_t kMostJudged = 16ULL << 20;
    if (!scenario.after_cut() || scenario.size <= kMostJudged) return "";
    return fmt::format(
        "images of {} are too large for `crash {}`, where data is judged sector by sector: at most 16M, "
        "and a search is quickest with `size 1152K`, `chunk 64K`",
        exact_size_text(scenario.size), cut_name(scenario.after_cut()->crash));
}

std::string wrong_about_writers(const Scenario& scenario) {
    if (!scenario.after_cut()) return "";
    for (auto one = scenario.tasks.begin(); one != scenario.tasks.end(); ++one)
        for (auto other = one + 1; other != scenario.tasks.end(); ++other)
            if (one->name != other->name && overlap(*one, *other, scenario.write_size))
                return fmt::format(
                    "{} and {} write to the same sectors, and which write stays is not defined; let one of "
                    "them write beside, as in `write 0+8K`",
                    one->name, other->name);
    return "";
}

std::string warning_about_bits(const Scenario& scenario) {
    if (scenario.bitmap == "none" || std::ranges::none_of(scenario.tasks, writes)) return "";
    try {
        World world(scenario, {.event_log = false, .hashing = false, .offers_cuts = false});
        if (may_change_a_bit(world)) return "";
    } catch (const std::runtime_error&) {
        return "";  // it cannot be run, which whoever searches it is told
    }
    return "no bit of the bitmap changes while the tasks run: are all of them set already? A new native bitmap has "
           "them "
           "set; `bits clear` clears them, and so do three lines `daemon` in the setup";
}

std::string warning_about_stores(const Scenario& scenario) {
    try {
        World world(scenario, {.event_log = false, .hashing = false, .offers_cuts = false});
        FirstChooser quiet;
        while (world.moment() == Moment::Open && world.lab().misunderstood_line() == 0)
            world.take(world.choices().size() > 1 ? quiet.choose(world.choices()) : 0);
        const int line = world.lab().misunderstood_line();
        return line == 0 ? "" : fmt::format("line {}: md answers this store with EINVAL, and nothing is done", line);
    } catch (const std::runtime_error&) {
        return "";  // it cannot be run, which whoever searches it is told
    }
}

}  // namespace mdscope
