// Not attached: the arrays that are mounted, and one to be made and mounted here. The mount is a process of its own,
// which this window starts and then only looks at.
#include <fmt/format.h>

#include <algorithm>

#include "engine/md/axes.hpp"
#include "gui/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

void draw_mounts(State& state) {
    ui::header("live/mounts", "Mounted arrays");
    const std::vector<MountedLab> mounts = state.live.mounts();
    if (mounts.empty()) ui::paragraph("live/no_mounts", "None on this machine.", Role::dim_text);
    for (const MountedLab& mount : mounts)
        if (ui::row("live/mounted" + mount.mount_point,
                    fmt::format("{}   (images in {})", mount.mount_point, mount.lab_folder))) {
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

// ---- the form

// The label above its field where they do not fit on one line.
float label(const char* id, const char* words) {
    const float column = sp(150), room = ImGui::GetContentRegionAvail().x;
    ImGui::AlignTextToFramePadding();
    ui::text(fmt::format("live/form/{}/label", id), words, Role::dim_text);
    if (room >= column + sp(240)) ImGui::SameLine(column);
    return std::min(sp(520), ImGui::GetContentRegionAvail().x);
}

void text_field(const char* id, const char* words, std::string& value, const char* hint) {
    const float width = label(id, words);
    ui::field(fmt::format("live/form/{}", id), value, hint, width);
}

void choice(const char* id, const char* words, const std::vector<std::string>& items, std::string& value,
            const char* tip) {
    const float width = std::min(sp(200), label(id, words));
    const auto found = std::ranges::find(items, value);
    int chosen = found == items.end() ? 0 : static_cast<int>(found - items.begin());
    if (ui::combo(fmt::format("live/form/{}", id), items, chosen, width, tip) || value.empty())
        value = items[static_cast<std::size_t>(chosen)];
}

std::vector<std::string> fixes() {
    std::vector<std::string> names;
    for (const StopFix& fix : stop_fixes()) names.emplace_back(fix.name);
    return names;
}

void suggest(LivePage& page) {
    if (page.plan_is_suggested) return;
    const SuggestedFolders folders = suggest_folders();
    page.plan.lab = folders.lab;
    page.plan.mount_point = folders.mount_point;
    page.plan.fix = default_axes().fix->name;
    page.plan_is_suggested = true;
}

void draw_form(LivePage& page) {
    suggest(page);
    MountPlan& plan = page.plan;
    ui::header("live/make", "Make an array and mount it");
    const std::string before = plan.lab;
    text_field("lab", "Folder of images", plan.lab, "where sda.img, sdb.img, ... are, or are to be");
    if (plan.lab != before) plan.mount_point = suggest_mount_point(plan.lab);
    text_field("mount_point", "Mount point", plan.mount_point, "a folder; made if it is missing");
    ui::toggle("live/form/create", "Make new images", plan.create, "off: the images are there already");
    if (plan.create) {
        std::string members = std::to_string(plan.members);
        choice("members", "Members", {"2", "3", "4"}, members, "copies of the data");
        plan.members = members.front() - '0';
        text_field("size", "Size", plan.size, "of the array, as in 64M");
        choice("bitmap", "Bitmap", {"external", "internal", "none"}, plan.bitmap, "where its bits are kept");
        text_field("delay", "Daemon's period", plan.delay, "how often the bitmap's daemon runs, as in 5s");
    }
    choice("fix", "Fix of the stop", fixes(), plan.fix, "what the kernel of this array does about the bug of 2021");
}

void draw_mount_button(LivePage& page) {
    const bool complete = !page.plan.lab.empty() && !page.plan.mount_point.empty();
    if (ui::button("live/mount", page.plan.create ? "Create and mount" : "Mount",
                   {.role = Role::accent, .enabled = complete && !page.is_mounting()}))
        page.start_mount();
    const MountProgress* progress = page.progress();
    if (progress == nullptr) return;
    const bool failed = progress->phase == MountPhase::Failed;
    flow(sp(120));
    ImGui::AlignTextToFramePadding();
    ui::text("live/mount/phase", mount_phase_word(progress->phase), failed ? Role::danger : Role::current);
    for (std::size_t i = 0; i < progress->lines.size(); i++)
        ui::text(fmt::format("live/mount/line/{}", i), progress->lines[i].empty() ? " " : progress->lines[i],
                 Role::dim_text, Font::code);
    if (failed) draw_advice("live/mount/problem", progress->advice);
}

}  // namespace

void draw_mounting(State& state) {
    ui::paragraph("live/intro",
                  "Look into a real array while it works. The array is a process of its own: closing this window, or "
                  "killing it, leaves the disk working.");
    ImGui::Spacing();
    draw_mounts(state);
    if (state.live.is_attached()) return;
    ImGui::Spacing();
    draw_form(state.live);
    ImGui::Spacing();
    draw_mount_button(state.live);
}

}  // namespace mdscope::gui::live
