// SPDX-License-Identifier: MIT
// The hands on a mounted array: hold and release writes, stop, assemble, which kernel it is; and its members.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "engine/look/lab_rules.hpp"
#include "engine/md/variant.hpp"
#include "engine/museum/exhibit.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/live/words.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

// ---- hold and release

void draw_holds(LivePage& page) {
    ui::header("live/holds", "Hold new writes");
    std::vector<std::string> members = {"all members"};
    int chosen = 0;
    for (const SnapshotMember& member : page.view().snapshot->members) {
        if (member.name == page.hold_member) chosen = static_cast<int>(members.size());
        members.push_back(member.name);
    }
    if (ui::combo("live/hold/member", members, chosen, std::min(sp(150), ImGui::GetContentRegionAvail().x)))
        page.hold_member = chosen == 0 ? "" : members[static_cast<std::size_t>(chosen)];
    for (const BioKind kind : {BioKind::Bitmap, BioKind::Superblock, BioKind::Data}) {
        bool on = page.holds(kind);
        flow(ImGui::GetFrameHeight() + ImGui::GetStyle().ItemInnerSpacing.x + ui::text_width(kBioKinds[kind]));
        if (ui::toggle(fmt::format("live/hold/{}", kBioKinds[kind]), kBioKinds[kind], on,
                       "such writes do not touch the image until released"))
            page.hold(kind, on);
    }
    if (const LivePart* part = page.view().part(Part::Hold))
        if (has_rules(part->text)) ui::paragraph("live/hold/rules", "in force: " + part->text, Role::held);
}

void draw_bio(State& state, const SnapshotBio& bio, std::uint64_t now_ns) {
    const std::string id = fmt::format("live/bio/{}", bio.id);
    const float width = ui::button_width("Release");
    const bool held = bio.held;
    if (held) {
        if (ui::button(id + "/release", "Release", {.width = width})) state.live.command(release_command(bio.id));
        ImGui::SameLine();
        ImGui::AlignTextToFramePadding();
    }
    ui::text(id,
             fmt::format("{} {} {}, sector {}, {} bytes{}, {}", bio.member, bio.kind, bio.op, bio.sector, bio.bytes,
                         held ? " HELD" : "", age_words(bio.since_ns, now_ns)),
             held ? role_of(default_exhibit(), {bio.member, bio.kind, bio.id}) : Role::dim_text);
}

void draw_bios(State& state) {
    const Snapshot& snapshot = *state.live.view().snapshot;
    const auto held = std::ranges::count_if(snapshot.bios, [](const SnapshotBio& bio) { return bio.held; });
    ui::header("live/bios", fmt::format("Writes in flight: {}, held: {}", snapshot.bios_total, held));
    if (ui::button("live/release_all", "Release all", {.enabled = held > 0})) state.live.command(release_all_command());
    command_button(state, "live/hold_off", "Hold nothing new", hold_off_command());
    for (const bool held_ones : {true, false})
        for (const SnapshotBio& bio : snapshot.bios)
            if (bio.held == held_ones) draw_bio(state, bio, snapshot.at_ns);
}

// ---- stop

void draw_stop(State& state) {
    ui::header("live/stops", "Stop and assemble");
    const bool is_stopped = !state.live.can_stop();
    if (ui::button("live/stop", "■ Stop…",
                   {.role = Role::drastic,
                    .enabled = !is_stopped,
                    .tip = "echo clear > md/array_state: refused while md0 is open"}))
        state.live.ask(LiveAsk::stop);
    if (flow_button(
            "live/stop_force", "■ Stop by force…",
            {.role = Role::drastic, .enabled = !is_stopped, .tip = "also when md0 is open: its writers get errors"}))
        state.live.ask(LiveAsk::stop_by_force);
    command_button(state, "live/assemble", "Assemble", assemble_command(),
                   {.enabled = is_stopped, .tip = "bring it back from what is on disk"});
}

// ---- which kernel

void draw_row_choice(State& state, const Variant& variant, const VariantRow& now) {
    const std::string name = variant.name();
    std::vector<std::string> names;
    int chosen = -1;
    for (std::size_t i = 0; i < variant.size; i++) {
        if (&variant.row(i) == &now) chosen = static_cast<int>(i);
        names.emplace_back(variant.row(i).name);
    }
    const float label = ui::text_width(name), width = std::max(sp(110), ui::combo_width(names));
    flow(label + width + ImGui::GetStyle().ItemSpacing.x);
    ImGui::AlignTextToFramePadding();
    ui::text(fmt::format("live/axis/{}/label", name), name, Role::dim_text, Font::text, label);
    ImGui::SameLine();
    if (ui::combo(fmt::format("live/axis/{}", name), names, chosen, width, now.what))
        state.live.command(row_command(name, names[static_cast<std::size_t>(chosen)]));
}

// Of the others it shows those that are not the usual ones: somebody has chosen them.
void draw_variants(State& state) {
    LivePage& page = state.live;
    const VariantRows& rows = page.view().snapshot->variants;
    const auto is_shown = [&rows](const Variant& one) { return is_of_the_stop(one) || &rows.row(one) != &one.usual(); };
    ui::header("live/axes", "Its kernel");
    ui::paragraph("live/kernel", kernel_words(rows), Role::dim_text);
    ImGui::Dummy({0, 0});
    for (const Variant& variant : all_variants())
        if (is_shown(variant)) draw_row_choice(state, variant, rows.row(variant));
    if (!fold_other_rows("live/other_rows", page)) return;
    ImGui::Dummy({0, 0});
    for (const Variant& variant : all_variants())
        if (!is_shown(variant)) draw_row_choice(state, variant, rows.row(variant));
}

// ---- members

bool has(const SnapshotMember& member, std::string_view flag) {
    return std::ranges::find(member.flags, flag) != member.flags.end();
}

StateLook look_of(const SnapshotMember& member) {
    if (has(member, "Faulty")) return {"✗", Role::danger};
    if (!member.bound) return {"■", Role::dim_text};
    if (has(member, "In_sync")) return {"●", Role::safe};
    return {"↻", Role::current};
}

std::string member_words(const SnapshotMember& member) {
    std::string words = member.state.empty() ? "no state" : member.state;
    std::ranges::replace(words, ',', ' ');
    return member.bound ? words : "unbound";
}

void draw_member(State& state, const SnapshotMember& member) {
    const std::string id = "live/member/" + member.name;
    const StateLook look = look_of(member);
    const std::string words = member_words(member);
    ui::header(id, member.name);
    ui::chip(id + "/state", look.shape, words, look.role);
    const std::string details = fmt::format("slot {}   nr_pending {}   events {}   corrected {}", member.slot,
                                            member.nr_pending, counted(member.events), member.corrected_errors);
    flow(ui::text_width(details));
    ui::text(id + "/details", details, Role::dim_text);
    const bool faulty = has(member, "Faulty");
    if (ui::button(id + "/fail", "Fail…",
                   {.role = Role::drastic, .enabled = member.bound && !faulty, .tip = "as if the disk had died"}))
        state.live.ask(LiveAsk::fail, member.name);
    command_button(state, id + "/remove", "Remove", remove_member_command(member.name),
                   {.enabled = member.bound && (faulty || member.slot < 0)});
    command_button(state, id + "/re-add", "Re-add", re_add_command(member.name),
                   {.enabled = !member.bound, .tip = "the bitmap says which chunks have to be copied"});
}

void draw_recovery(State& state) {
    const SnapshotRecovery& recovery = state.live.view().snapshot->recovery;
    ui::header("live/recovery", "Resync and recovery");
    const bool idle = recovery.action == "idle" || recovery.action.empty();
    const double share =
        recovery.range > 0 ? static_cast<double>(recovery.completed) / static_cast<double>(recovery.range) : 0;
    const std::string words =
        idle ? fmt::format("idle; the last one was: {}", recovery.last_action.empty() ? "none" : recovery.last_action)
             : fmt::format("{}: {} of {} sectors, {:.1f} %", recovery.action, counted(recovery.completed),
                           counted(recovery.range), 100 * share);
    ui::text("live/recovery/words", words, idle ? Role::dim_text : Role::current);
    if (!idle) draw_share("live/recovery/bar", words, share, Role::current);
    ui::text("live/recovery/mismatches", fmt::format("mismatches {}", counted(recovery.mismatches)), Role::dim_text);
    for (const char* action : {"check", "repair", "idle"})
        command_button(state, fmt::format("live/sync/{}", action), action, sync_action_command(action));
}

// Members that were taken out have no line in a snapshot; their image is still in the folder.
std::vector<std::string> absent(const Snapshot& snapshot) {
    std::vector<std::string> names;
    for (int i = 0; i < snapshot.array.raid_disks && i < 26; i++) {
        const std::string name = std::string("sd") + static_cast<char>('a' + i);
        if (std::ranges::find(snapshot.members, name, &SnapshotMember::name) == snapshot.members.end())
            names.push_back(name);
    }
    return names;
}

}  // namespace

bool is_of_the_stop(const Variant& variant) {
    const museum::Names names = default_exhibit().matrix.variants;
    return std::ranges::any_of(names, [&](const char* name) { return variant.name() == std::string_view(name); });
}

std::string kernel_words(const VariantRows& rows) {
    const KernelEra* const era = nearest_era(rows);
    const std::string name = era != nullptr ? fmt::format("as in Linux {}", era->name) : kUsualKernel;
    const std::string but = different_rows(era != nullptr ? VariantRows(*era) : usual_variants(), rows);
    return but.empty() ? name : fmt::format("{}, but for {}", name, but);
}

bool fold_other_rows(const char* id, LivePage& page) {
    const auto others = std::ranges::count_if(all_variants(), [](const Variant& one) { return !is_of_the_stop(one); });
    ui::toggle(id, fmt::format("{} other rows", others), page.shows_other_rows,
               "everything in which kernels differ here; nobody has to choose any");
    return page.shows_other_rows;
}

void draw_control(State& state) {
    draw_holds(state.live);
    ImGui::Spacing();
    draw_stop(state);
    ImGui::Spacing();
    draw_variants(state);
    ImGui::Spacing();
    draw_bios(state);
}

void draw_members(State& state) {
    const Snapshot& snapshot = *state.live.view().snapshot;
    draw_recovery(state);
    std::vector<const SnapshotMember*> sorted;
    for (const SnapshotMember& member : snapshot.members) sorted.push_back(&member);
    std::ranges::stable_sort(sorted, {}, &SnapshotMember::name);  // a snapshot has the newest first
    std::string before;
    for (const SnapshotMember* member : sorted) {
        if (member->name == before) continue;  // one that was unbound and is back
        before = member->name;
        ImGui::Spacing();
        draw_member(state, *member);
    }
    for (const std::string& name : absent(snapshot)) {
        ImGui::Spacing();
        ui::header("live/member/" + name, name);
        ui::chip("live/member/" + name + "/state", "■", "removed", Role::dim_text);
        command_button(state, "live/member/" + name + "/re-add", "Re-add", re_add_command(name));
    }
}

}  // namespace mdscope::gui::live
