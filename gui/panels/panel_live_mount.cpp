// SPDX-License-Identifier: MIT
// Not attached: the arrays that are mounted, and one to be made and mounted here. The mount is a process of its own,
// which this window starts and then only looks at.
//
//   wide                                          narrow
//   +-- mounted --+-- make one: its images, ---+  one below the other
//   |             |   its kernel, the commands |
//   +-------------+----------------------------+
//
// The form offers what `mdscope create` and `mdscope mount` take, and shows both commands as they will be run.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/md/bitmap/home.hpp"
#include "engine/md/variant.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

void draw_mounts(State& state) {
    draw_making_a_pair(state.live);
    if (state.live.has_pair()) return;
    ui::header("live/mounts", "Mounted arrays");
    const std::vector<MountedLab> mounts = state.live.mounts();
    if (mounts.empty()) ui::paragraph("live/no_mounts", "None on this machine.", Role::dim_text);
    for (const MountedLab& mount : mounts)
        if (ui::row("live/mounted" + mount.mount_point,
                    fmt::format("{}   (images in {})", mount.mount_point, mount.lab_folder), {.alone = true})) {
            state.live.attach(mount.mount_point);
            return;
        }
    const float button = ui::button_width("Attach") + ImGui::GetStyle().ItemSpacing.x;
    ui::field("live/attach_path", state.live.attach_text, "folder where an array is mounted",
              std::max(sp(120), std::min(sp(520), ImGui::GetContentRegionAvail().x - button)));
    if (flow_button("live/attach", "Attach",
                    {.enabled = !state.live.attach_text.empty(), .tip = "look into it; nothing is changed"}))
        state.live.attach(state.live.attach_text);
}

// ---- the parts of a form

// The label above its field where they do not fit on one line.
float label(const char* id, const char* words) {
    const float column = sp(250), left = ImGui::GetCursorPosX(), room = ImGui::GetContentRegionAvail().x;
    ImGui::AlignTextToFramePadding();
    ui::text(fmt::format("live/form/{}/label", id), words, Role::dim_text);
    if (room >= column + sp(240)) ImGui::SameLine(left + column);
    return std::min(sp(520), ImGui::GetContentRegionAvail().x);
}

void text_field(const char* id, const char* words, std::string& value, const char* hint, float most = 520) {
    const float width = std::min(sp(most), label(id, words));
    ui::field(fmt::format("live/form/{}", id), value, hint, width);
}

// True when another one was chosen.
bool choice(const char* id, const char* words, const std::vector<std::string>& items, std::string& value,
            const std::string& tip) {
    const float room = label(id, words), width = std::min(std::max(sp(200), ui::combo_width(items)), room);
    const auto found = std::ranges::find(items, value);
    int chosen = found == items.end() ? 0 : static_cast<int>(found - items.begin());
    const bool changed = ui::combo(fmt::format("live/form/{}", id), items, chosen, width, tip);
    value = items[static_cast<std::size_t>(chosen)];
    return changed;
}

// What a choice means, beside it where there is room for some of it.
void note(const char* id, const std::string& words) {
    flow(std::min(ui::text_width(words), sp(240)));
    ImGui::AlignTextToFramePadding();
    ui::text(fmt::format("live/form/{}/note", id), words, Role::dim_text);
}

// ---- the images

constexpr const char* kInFile = "in a file";
constexpr const char* kAsImagesSay = "as the images say";

struct HomeRow {
    BitmapHome home;
    const char* what;
};
constexpr std::array kHomes = {
    HomeRow{BitmapHome::External, "on each member, without a header; metadata external:lab"},
    HomeRow{BitmapHome::Internal, "on each member, after its superblock"},
    HomeRow{BitmapHome::None, "nowhere: a crash means a full resync"},
    HomeRow{BitmapHome::File, "in a file of its own"},
};

const char* home_word(BitmapHome home) {
    return home == BitmapHome::File ? kInFile : kBitmapHomes[home];
}

void draw_bitmap_home(MountPlan& plan) {
    std::string home = home_word(plan.home());
    std::vector<std::string> homes;
    for (const HomeRow& row : kHomes) homes.emplace_back(home_word(row.home));
    if (choice("bitmap", "Bitmap", homes, home, "where the bits are kept"))
        plan.bitmap = home == kInFile ? plan.lab + "/bitmap" : home;
    note("bitmap", std::ranges::find(kHomes, plan.home(), &HomeRow::home)->what);
}

void draw_bitmap_file(MountPlan& plan) {
    if (plan.has_bitmap_file()) text_field("bitmap_file", "Bitmap file", plan.bitmap, "its path");
}

std::string member_name(int number) {
    return std::string("sd") + static_cast<char>('a' + number);
}

void draw_write_mostly(MountPlan& plan) {
    std::vector<std::string> members = {"none"};
    for (int i = 0; i < plan.members; i++) members.push_back(member_name(i));
    std::string chosen = plan.write_mostly.empty() ? members.front() : plan.write_mostly;
    choice("write_mostly", "Write-mostly", members, chosen, "a member that is read only when it must be");
    plan.write_mostly = chosen == members.front() ? "" : chosen;
}

void draw_new_images(MountPlan& plan) {
    std::string members = std::to_string(plan.members);
    choice("members", "Members", {"1", "2", "3", "4", "5", "6", "7", "8"}, members, "copies of the data");
    plan.members = members.front() - '0';
    text_field("size", "Size of each", plan.size, "as in 64M, 1G", 200);
    draw_bitmap_home(plan);
    draw_bitmap_file(plan);
    if (plan.home() != BitmapHome::External)
        choice("metadata", "Metadata", {"1.2", "1.1", "1.0"}, plan.metadata, "version of the superblock");
    if (plan.home() != BitmapHome::None) {
        text_field("chunk", "A bit stands for", plan.chunk, "bytes, as in 64K; mdadm: what it would choose", 200);
        text_field("delay", "Daemon's period", plan.delay, "how often the bitmap's daemon runs, as in 5s", 200);
    }
    draw_write_mostly(plan);
    ui::toggle("live/form/overwrite", "Overwrite images that are there", plan.overwrite,
               "off: a folder that holds something is left alone");
}

void draw_old_images(MountPlan& plan) {
    std::string home = plan.has_bitmap_file() ? kInFile : kAsImagesSay;
    if (choice("bitmap", "Bitmap", {kAsImagesSay, kInFile}, home, "a bitmap file has to be named"))
        plan.bitmap = home == kInFile ? plan.lab + "/bitmap" : MountPlan().bitmap;
    draw_bitmap_file(plan);
}

void suggest(LivePage& page) {
    if (page.plan_is_suggested) return;
    const SuggestedFolders folders = suggest_folders();
    page.plan.lab = folders.lab;
    page.plan.mount_point = folders.mount_point;
    page.plan_is_suggested = true;
}

void draw_images(LivePage& page) {
    suggest(page);
    MountPlan& plan = page.plan;
    ui::header("live/make", "Make an array and mount it");
    const std::string before = plan.lab;
    text_field("lab", "Folder of images", plan.lab, "where sda.img, sdb.img, ... are, or are to be");
    if (plan.lab != before) plan.mount_point = suggest_mount_point(plan.lab);
    text_field("mount_point", "Mount point", plan.mount_point, "a folder; made if it is missing");
    ui::toggle("live/form/create", "Make new images", plan.create, "off: the images are there already");
    if (plan.create)
        draw_new_images(plan);
    else
        draw_old_images(plan);
    ui::toggle("live/form/read_only", "Read-only", plan.read_only,
               "the array starts read-only; images are not written");
}

// ---- its kernel: a row of every variant, and each of them

// The plan names only rows in which it differs from its kernel.
void draw_row(MountPlan& plan, const Variant& variant, const std::string& usual) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < variant.size; i++) names.emplace_back(variant.row(i).name);
    const auto own = plan.rows.find(variant.name());
    std::string value = own == plan.rows.end() ? usual : own->second;
    choice(variant.name(), variant.facts->label, names, value, "");
    if (value == usual)
        plan.rows.erase(variant.name());
    else
        plan.rows[variant.name()] = value;
    note(variant.name(), variant.find(value)->what);
}

void draw_kernel(LivePage& page) {
    MountPlan& plan = page.plan;
    ui::header("live/kernel", "Its kernel");
    std::vector<std::string> eras = {kUsualKernel};
    for (const KernelEra& era : kernel_eras()) eras.emplace_back(era.name);
    std::string era = plan.kernel.empty() ? eras.front() : plan.kernel;
    if (choice("kernel", "As in Linux", eras, era, "a row of each of those below")) {
        plan.kernel = era == kUsualKernel ? "" : era;
        plan.rows.clear();
    }
    const KernelEra* const found = find_kernel_era(plan.kernel);
    const VariantRows usual = found != nullptr ? VariantRows(*found) : VariantRows();
    for (const Variant& variant : all_variants())
        if (is_of_the_stop(variant)) draw_row(plan, variant, usual.row(variant).name);
    if (!fold_other_rows("live/form/other_rows", page)) return;
    for (const Variant& variant : all_variants())
        if (!is_of_the_stop(variant)) draw_row(plan, variant, usual.row(variant).name);
}

// ---- doing it

void draw_mount_progress(const MountProgress& progress) {
    const bool failed = progress.phase == MountPhase::Failed;
    flow(sp(120));
    ImGui::AlignTextToFramePadding();
    ui::text("live/mount/phase", mount_phase_word(progress.phase), failed ? Role::danger : Role::current);
    for (std::size_t i = 0; i < progress.lines.size(); i++) {
        const FontScope font(Font::code);
        ui::paragraph(fmt::format("live/mount/line/{}", i), progress.lines[i].empty() ? " " : progress.lines[i],
                      Role::dim_text);
    }
    if (failed) draw_advice("live/mount/problem", progress.advice);
}

void draw_commands_to_run(const MountPlan& plan) {
    const FontScope font(Font::code);
    int number = 0;
    for (const std::string& command : commands_of(plan))
        ui::paragraph(fmt::format("live/form/command/{}", number++), "$ " + command, Role::dim_text);
}

void draw_mount_button(LivePage& page) {
    const MountPlan& plan = page.plan;
    const bool complete = !plan.lab.empty() && !plan.mount_point.empty() && !plan.bitmap.empty();
    const bool asks = plan.create && plan.overwrite;
    const char* words = asks ? "Overwrite and mount…" : plan.create ? "Create and mount" : "Mount";
    if (ui::button("live/mount", words,
                   {.role = asks ? Role::drastic : Role::accent, .enabled = complete && !page.is_mounting()})) {
        if (asks)
            page.ask(LiveAsk::overwrite);
        else
            page.start_mount();
    }
    if (const MountProgress* progress = page.progress()) return draw_mount_progress(*progress);
    draw_commands_to_run(plan);
}

void draw_form(LivePage& page) {
    draw_images(page);
    ImGui::Spacing();
    draw_mount_button(page);
    ImGui::Spacing();
    draw_kernel(page);  // Last: more rows than a window is high, and nobody has to choose any.
}

}  // namespace

void draw_mounting(State& state) {
    ui::paragraph("live/intro",
                  "Look into a real array while it works. The array is a process of its own: closing this window, or "
                  "killing it, leaves the disk working.");
    ImGui::Spacing();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const bool wide = room.x >= sp(1100);
    if (wide) {
        const Page page("mounts", {std::floor(room.x * 0.36F), room.y});
        draw_mounts(state);
    } else {
        draw_mounts(state);
    }
    if (state.live.is_attached() || state.live.has_pair()) return;
    if (!wide) {
        ImGui::Spacing();
        return draw_form(state.live);
    }
    ImGui::SameLine(0, sp(24));
    const Page page("form", {0, room.y});
    draw_form(state.live);
}

}  // namespace mdscope::gui::live
