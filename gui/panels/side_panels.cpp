// SPDX-License-Identifier: MIT
// The sidebar: its tabs, and the pages that are short.
#include <fmt/format.h>

#include <algorithm>

#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

struct SidePage {
    SideTab tab;
    const char* label;
    void (*draw)(State&);
};
constexpr std::array<SidePage, kSideTabs.size()> kPages = {{{SideTab::in_flight, "In flight", draw_in_flight},
                                                            {SideTab::why, "Why", draw_why},
                                                            {SideTab::inspect, "Inspect", draw_inspect},
                                                            {SideTab::bitmap, "Bitmap", draw_bitmap},
                                                            {SideTab::hex, "Hex", draw_hex},
                                                            {SideTab::log, "Log", draw_log},
                                                            {SideTab::oops, "Oops", draw_oops},
                                                            {SideTab::plug, "Plug", draw_plug},
                                                            {SideTab::branches, "Branches", draw_branches}}};

// ---- in flight

const SnapshotBio* find_bio(const TapeStep& step, std::uint64_t id) {
    const auto found = std::ranges::find(step.snapshot.bios, id, &SnapshotBio::id);
    return found != step.snapshot.bios.end() ? &*found : nullptr;
}

struct BioLine {
    Side side;
    const BioAt& at;
    const Cover* cover;
    bool held;
};

std::string state_words(const BioLine& line) {
    if (line.cover == nullptr) return line.held ? "held" : "on its way";
    std::string words = line.held ? "HELD" : "on its way";
    if (!line.cover->covered)
        return words + (line.cover->is_taken ? ", ▲ what it needs is gone" : ", ▲ nobody waits for it");
    if (line.cover->is_waited) return words + ", ● waited for";
    return words;
}

void draw_bio_buttons(State& state, const BioLine& line, const std::string& id) {
    const unsigned sides = state.act_on_both ? Order::kBoth : 1U << line.side;
    if (line.held) {
        if (ui::button(id + "/release", "Release", {.tip = "let it end when it is due (R)"}))
            state.answer(state.player.release(line.at.name, sides));
    } else if (ui::button(id + "/hold", "Hold", {.tip = "keep it in flight (H)"})) {
        state.answer(state.player.hold(line.at.name, sides));
    }
    ImGui::SameLine();
    if (ui::button(id + "/end", "End now", {.tip = "it ends well, in the next tick"}))
        state.answer(state.player.end_bio(line.at.name, true, sides));
    ImGui::SameLine();
    if (ui::button(id + "/fail", "Fail", {.tip = "it ends with an I/O error (X)"}))
        state.answer(state.player.end_bio(line.at.name, false, sides));
    ImGui::SameLine();
    if (ui::button(id + "/last", "Last", {.tip = "let it end after every other"})) state.let_end_last(line.at.name);
}

void draw_bio(State& state, const BioLine& line) {
    const std::string id = fmt::format("bio/{}/{}", side_name(line.side), line.at.name);
    const SnapshotBio* bio = find_bio(state.player.duel().at(line.side, state.player.tick()), line.at.id);
    const Role role = line.cover != nullptr && !line.cover->covered ? Role::danger
                      : line.held
                          ? Role::held
                          : role_of(state.player.duel().exhibit(), {line.at.name.substr(0, line.at.name.find(' ')),
                                                                    bio != nullptr ? bio->kind : "bitmap", 0});
    if (ui::row(id, fmt::format("{}  {}", line.at.name, state_words(line)),
                {.selected = state.selected_bio == line.at.name && state.focus == line.side,
                 .role = role,
                 .tinted = true,
                 .alone = true})) {
        state.selected_bio = line.at.name;
        state.focus = line.side;
    }
    if (bio != nullptr) ui::tip(fmt::format("{} {}, sector {}, {} bytes", bio->kind, bio->op, bio->sector, bio->bytes));
    draw_bio_buttons(state, line, id);
}

void draw_bios(State& state, Side side) {
    const SideView& view = state.player.view().sides[side];
    const auto& held = state.player.duel().tick(state.player.tick()).held[side];
    const std::size_t ending = view.ending.size();
    ui::header(fmt::format("in_flight/{}", side_name(side)),
               fmt::format("{}: {} in flight{}", side_name(side), view.step->bios.size(),
                           ending > 0 ? fmt::format(", {} ending", ending) : ""));
    // It has left its disk, and its counter may still count it.
    for (const Cover& cover : view.ending)
        ui::paragraph(fmt::format("in_flight/{}/ending/{}", side_name(side), cover.bio),
                      fmt::format("{}  its completion runs", cover.bio), Role::dim_text);
    for (const BioAt& bio : view.step->bios) {
        const auto cover = std::ranges::find(view.covers, bio.name, &Cover::bio);
        draw_bio(state, {side, bio, cover != view.covers.end() && !state.hides_outcome() ? &*cover : nullptr,
                         std::ranges::find(held, bio.name) != held.end()});
    }
    if (view.step->bios.empty() && ending == 0)
        ui::paragraph(fmt::format("in_flight/{}/none", side_name(side)), "Nothing is in flight.", Role::dim_text);
}

// What is held may be one side's alone: a lesson does so.
void draw_holds(State& state) {
    const unsigned held = state.holds_new_bitmap_writes();
    bool hold = held != 0;
    const char* where = held == 1U << Side::A ? " (A only)" : held == 1U << Side::B ? " (B only)" : "";
    if (ui::toggle("in_flight/hold_bitmap", fmt::format("Hold every new bitmap write{}", where), hold))
        state.answer(hold ? state.player.hold("bitmap") : state.player.release("bitmap"));
    ui::toggle("in_flight/both", "Apply to both arrays", state.act_on_both);
    if (ui::button("in_flight/release_all", "Release everything")) state.answer(state.player.release("all"));
}

void draw_new_work(State& state) {
    ui::header("in_flight/do", "Do something else");
    ImGui::SetNextItemWidth(sp(90));
    ui::field("in_flight/chunk", state.chunk_text, "chunk number", sp(90));
    ImGui::SameLine();
    if (ui::button("in_flight/write", "Write there", {.tip = "4 KiB at the start of that chunk, by a new task"}))
        state.write_chunk();
    std::vector<SnapshotMember> members = state.player.view().sides[Side::A].step->snapshot.members;
    std::ranges::sort(members, {}, &SnapshotMember::name);
    for (const SnapshotMember& member : members) {
        if (ui::button("in_flight/fail/" + member.name, "Fail " + member.name, {.tip = "mark it faulty"}))
            state.answer(state.player.fail(member.name));
        ImGui::SameLine();
    }
    ImGui::NewLine();
}

// ---- why

void draw_links(State& state, Side side) {
    const std::vector<Link>& links = state.player.view().sides[side].why;
    ui::header(fmt::format("why/{}", side_name(side)), fmt::format("{}  {}", side_name(side), side_title(state, side)));
    if (links.empty())
        ui::paragraph(fmt::format("why/{}/none", side_name(side)), "Nothing has happened yet that needs a reason.",
                      Role::dim_text);
    for (std::size_t i = 0; i < links.size(); i++) {
        const std::string id = fmt::format("why/{}/{}", side_name(side), i + 1);
        const bool spoils = state.hides_outcome() && (!links[i].has_happened || links[i].tick > state.player.tick());
        if (spoils) continue;
        if (links[i].has_happened) {
            if (ui::link(id, fmt::format("{}  step {}", i + 1, links[i].tick))) state.player.go_to(links[i].tick);
        } else {
            ui::text(id, fmt::format("{}  to come", i + 1), Role::dim_text);
        }
        ui::paragraph(id + "/text", links[i].text, links[i].has_happened ? Role::text : Role::dim_text);
    }
}

}  // namespace

void draw_in_flight(State& state) {
    for (const Side side : kSides) draw_bios(state, side);
    ImGui::Spacing();
    draw_holds(state);
    ImGui::Spacing();
    draw_new_work(state);
}

void draw_why(State& state) {
    state.player.follow(state.selected_bio);
    for (const Side side : kSides) {
        draw_links(state, side);
        ImGui::Spacing();
    }
}

void draw_branches(State& state) {
    ui::paragraph("branches/intro", "Every future that was left is kept here.", Role::dim_text);
    ui::row("branches/present", fmt::format("{}  (this one, {} ticks)", state.player.branch_name(), state.last_seen()),
            {.selected = true});
    const std::vector<Branch>& branches = state.player.branches();
    for (std::size_t i = 0; i < branches.size(); i++)
        if (ui::row(fmt::format("branches/{}", i),
                    fmt::format("{}  (at tick {})", branches[i].name, branches[i].tick))) {
            state.answer(state.player.switch_to(i));
            break;
        }
    if (ui::button("branches/fork", "Fork here (F)")) state.answer(state.player.fork());
}

void draw_side(State& state, const ui::Rect& rect) {
    const Panel panel("side", rect, {.scrolls = false});
    std::vector<ui::Tab> tabs;
    for (const SidePage& page : kPages) tabs.push_back({kSideTabs[page.tab], page.label});
    auto chosen = static_cast<int>(state.side_tab);
    tabs.push_back({"close", "× tree"});
    if (ui::tabs("side", tabs, chosen)) {
        if (chosen == static_cast<int>(kPages.size())) {
            state.shows_side = false;
            chosen = static_cast<int>(state.side_tab);
        }
        state.side_tab = static_cast<SideTab>(chosen);
    }
    ImGui::Spacing();
    const Page page(kSideTabs[state.side_tab]);
    kPages[static_cast<std::size_t>(state.side_tab)].draw(state);
}

}  // namespace mdscope::gui
