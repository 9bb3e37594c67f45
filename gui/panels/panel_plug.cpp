// SPDX-License-Identifier: MIT
// The page of the plug: what each disk had on its platter and what only in its cache when the power went, and what came
// of it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "engine/story/tell/plug.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

Role role_of_row(const MediaRow& row, bool is_cut) {
    if (!is_cut) return Role::held;
    return row.stays ? Role::safe : Role::danger;
}

void draw_row(const std::string& id, const MediaRow& row, bool is_cut) {
    ui::text(id + "/what", row.what, Role::dim_text, Font::text, sp(96));
    ImGui::SameLine(sp(104));
    ui::paragraph(id + "/platter", row.platter);
    if (row.unsure.empty()) return;
    ImGui::Dummy({0, 0});
    ImGui::SameLine(sp(104));
    ui::paragraph(id + "/unsure", unsure_words(row, is_cut), role_of_row(row, is_cut));
}

void draw_media(const std::string& id, const std::vector<MediumRecord>& media, bool is_cut) {
    for (const MediumRecord& medium : media) {
        if (medium.rows.empty()) continue;
        ui::text(fmt::format("{}/{}", id, medium.name), medium.name + ", on the platter", Role::accent);
        int number = 0;
        for (const MediaRow& row : medium.rows)
            draw_row(fmt::format("{}/{}/{}", id, medium.name, number++), row, is_cut);
    }
}

void draw_array(State& state, Side side) {
    const Duel& duel = state.player.duel();
    const std::string id = fmt::format("plug/{}", side_name(side));
    ui::header(id, fmt::format("{}: bitmap {}", side_name(side), state.player.scenario(side).bitmap));
    if (!step_of_cut(duel, side, state.player.tick())) {
        ui::paragraph(id + "/none", "Its power was not cut.", Role::dim_text);
        return;
    }
    draw_media(id, media_at_cut(duel, side, state.player.tick()), true);
    const bool is_lost = is_data_lost(duel, side, state.player.tick());
    const bool is_over = duel.at(side, state.player.tick()).moment != Moment::Open;
    ui::paragraph(id + "/after", after_cut(duel, side, state.player.tick()),
                  is_lost   ? Role::danger
                  : is_over ? Role::safe
                            : Role::text);
}

// What the plug would find.
void draw_before(State& state, Side side) {
    const std::vector<MediumRecord>& media = state.media(side);
    if (media.empty()) return;
    const std::string id = fmt::format("plug/{}", side_name(side));
    ui::header(id, fmt::format("{}: bitmap {}", side_name(side), state.player.scenario(side).bitmap));
    draw_media(id, media, false);
}

// Whose caches had something that was not durable.
std::set<std::string> disks_in_doubt(State& state) {
    std::set<std::string> disks;
    for (const Side side : kSides) {
        if (!step_of_cut(state.player.duel(), side, state.player.tick())) continue;
        for (const MediumRecord& medium : media_at_cut(state.player.duel(), side, state.player.tick()))
            for (const MediaRow& row : medium.rows)
                if (!row.unsure.empty()) disks.insert(medium.name);
    }
    return disks;
}

void draw_choices(State& state) {
    const std::set<std::string> disks = disks_in_doubt(state);
    const std::string words = state.player.duel().tick(*state.player.tick_of_cut()).order.name + " ";
    std::set<std::string> kept;
    std::ranges::copy_if(disks, std::inserter(kept, kept.end()), [&](const std::string& disk) {
        return words.find(fmt::format(" {} ", disk)) != std::string::npos;
    });
    for (const std::string& disk : disks) {
        bool keeps = kept.contains(disk);
        if (!ui::toggle("plug/keep/" + disk, fmt::format("{} loses nothing", disk), keeps,
                        "pull it again at the same moment, with this disk quicker"))
            continue;
        if (keeps)
            kept.insert(disk);
        else
            kept.erase(disk);
        return state.pull_plug(kept);
    }
    if (ui::button("plug/back", "Back to before the cut")) state.before_the_cut();
}

}  // namespace

void draw_plug(State& state) {
    const Page page("plug");
    const auto is_cut = [&](Side side) {
        return step_of_cut(state.player.duel(), side, state.player.tick()).has_value();
    };
    if (!is_cut(Side::A) && !is_cut(Side::B)) {
        ui::paragraph("plug/text",
                      "Pull the plug at this moment: what the disks have on their platters stays, what is in their "
                      "caches or on its way is lost. Then the power comes back, and the array is assembled from what "
                      "is left.");
        if (ui::button("plug/pull", fmt::format("Pull the plug here ({})", keys_of("plug")), {.role = Role::drastic}))
            state.pull_plug();
        for (const Side side : kSides) draw_before(state, side);
        return;
    }
    for (const Side side : kSides) draw_array(state, side);
    draw_choices(state);
}

}  // namespace mdscope::gui
