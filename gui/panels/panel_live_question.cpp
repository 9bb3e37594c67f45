// SPDX-License-Identifier: MIT
// Asked before something is taken away from who uses the disk: what will happen, in words made of what is known at the
// moment. Enter and Escape mean Cancel, since that has the focus; the other answer is a Tab away.
#include <fmt/format.h>

#include <algorithm>

#include "engine/md/variants/fail_last.hpp"
#include "gui/frame/dialog.hpp"
#include "gui/frame/focus.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

namespace {

std::string times(int openers) {
    return openers == 1 ? "once" : fmt::format("{} times", openers);
}

int openers_of(const LivePage& page) {
    return page.is_attached() && page.view().snapshot ? page.view().snapshot->array.openers : 0;
}

std::string array_of(const LivePage& page) {
    return page.is_attached() && page.view().snapshot ? page.view().snapshot->array.name : "the array";
}

std::string held_words(const LivePage& page) {
    const std::uint64_t held = page.held_bios();
    if (held == 0) return "";
    return fmt::format(
        " {} held: a stop sleeps until they are released. With fix none it may end before them, and then they meet "
        "what "
        "is gone.",
        held == 1 ? "1 write is" : fmt::format("{} writes are", held));
}

// ---- what each says

std::string stop_words(const LivePage& page) {
    const std::string name = array_of(page);
    if (const int openers = openers_of(page); openers > 0)
        return fmt::format("{} is open {}, so md refuses to stop it (EBUSY) and nothing changes for who uses it.{}",
                           name, times(openers), held_words(page));
    // Whether its bitmap gets to the disks is the question while something is held: nothing is promised then.
    const char* const then =
        page.held_bios() > 0 ? "The stop begins at once" : "Its bitmap is flushed, its members are marked clean";
    return fmt::format("Nobody has {0} open. {2}, and {0} cannot be opened (ENODEV) until it is assembled again.{1}",
                       name, held_words(page), then);
}

std::string force_words(const LivePage& page) {
    const std::string name = array_of(page);
    const int openers = openers_of(page);
    if (openers == 0)
        return fmt::format("Nobody has {} open, so this is a stop like any other.{}", name, held_words(page));
    return fmt::format(
        "{} is open {}. Programs that use the disk get EIO from now on, a file system on it included; what they have "
        "not "
        "written yet is lost.{}",
        name, times(openers), held_words(page));
}

bool is_last(const Snapshot& snapshot, const std::string& member) {
    return std::ranges::none_of(snapshot.members, [&](const SnapshotMember& other) {
        return other.name != member && std::ranges::find(other.flags, "In_sync") != other.flags.end();
    });
}

std::string fail_words(const LivePage& page) {
    const std::string& member = page.question->member;
    if (page.view().snapshot && is_last(*page.view().snapshot, member))
        return fmt::format("{} is the last working member (EBUSY): {}.", member,
                           page.view().snapshot->variants.row<variants::fail_last>().what);
    return fmt::format(
        "md marks {} faulty, as if the disk had died, and goes on with the others. Its image stays as it is; Remove "
        "and "
        "Re-add bring it back, and the bitmap then says what has to be copied.",
        member);
}

std::string unmount_words(const LivePage& page) {
    const std::uint64_t held = page.held_bios();
    const int openers = openers_of(page);
    return fmt::format(
        "mdscope umount {}stops the array and takes {} away. The images stay, and can be mounted again.{}",
        held > 0 ? fmt::format("releases what is held ({}), ", held) : "", page.view().mount_point,
        openers > 0 ? fmt::format(" {} is open {}: if that goes on, it says who it is and stays mounted.",
                                  array_of(page), times(openers))
                    : "");
}

std::string overwrite_words(const LivePage& page) {
    return fmt::format("New images take the place of those in {}. What is on them is lost.", page.plan.lab);
}

// ---- the rows

struct AskRow {
    LiveAsk what;
    const char* title;  // {} is the array, the member or the mount point
    const char* yes;
    std::string (*words)(const LivePage&);
    void (*act)(LivePage&);
};
constexpr std::array kAskRows = {
    AskRow{LiveAsk::stop, "Stop {}?", "■ Stop", stop_words,
           [](LivePage& page) { page.command(array_state_command("clear")); }},
    AskRow{LiveAsk::stop_by_force, "Stop {} by force?", "■ Stop by force", force_words,
           [](LivePage& page) { page.command(stop_command(true)); }},
    AskRow{LiveAsk::fail, "Fail {}?", "Fail it", fail_words,
           [](LivePage& page) { page.command(fail_member_command(page.question->member)); }},
    AskRow{LiveAsk::unmount, "Unmount {}?", "Unmount", unmount_words, [](LivePage& page) { page.start_unmount(); }},
    AskRow{LiveAsk::overwrite, "Overwrite the images in {}?", "Overwrite", overwrite_words,
           [](LivePage& page) { page.start_mount(); }},
};

const AskRow& row_of(LiveAsk what) {
    return *std::ranges::find(kAskRows, what, &AskRow::what);
}

std::string title_of(const LivePage& page, const AskRow& row) {
    std::string title = row.title;
    const std::string about = row.what == LiveAsk::fail        ? page.question->member
                              : row.what == LiveAsk::unmount   ? page.view().mount_point
                              : row.what == LiveAsk::overwrite ? page.plan.lab
                                                               : array_of(page);
    return title.replace(title.find("{}"), 2, about);
}

// The array it was about may be gone, or be another one.
bool is_stale(const LivePage& page) {
    if (page.question->what == LiveAsk::overwrite) return page.is_attached();
    return !page.is_attached() || page.view().mount_point != page.question->mount_point;
}

ImVec2 size_for(const std::string& words) {
    const float width = std::min(sp(560), ImGui::GetIO().DisplaySize.x - sp(16));
    const float text = ImGui::CalcTextSize(words.c_str(), nullptr, false, width - sp(48)).y;
    return {width, text + 2 * ImGui::GetFrameHeight() + sp(72)};
}

void take_focus(LiveQuestion& question) {
    if (question.has_focus) return;
    question.has_focus = focus_on("live/ask/cancel");
    ui::ask_for_frame(0);
}

}  // namespace

void draw_question(State& state) {
    LivePage& page = state.live;
    if (!page.question) return;
    if (state.mode != Mode::live || is_stale(page)) return page.question.reset();
    const AskRow& row = row_of(page.question->what);
    const std::string words = row.words(page);
    bool open = true;
    {
        Dialog dialog("live/ask", title_of(page, row).c_str(), open, size_for(words), true);
        if (!dialog) return;
        ui::paragraph("live/ask/words", words);
        dialog.foot();
        take_focus(*page.question);
        if (ui::button("live/ask/cancel", "Cancel", {.tip = "nothing is done (Esc)"})) dialog.close();
        ImGui::SameLine();
        if (ui::button("live/ask/yes", row.yes, {.role = Role::drastic})) {
            row.act(page);
            dialog.close();
        }
    }
    if (!open) page.question.reset();
}

}  // namespace mdscope::gui::live
