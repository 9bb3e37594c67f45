// SPDX-License-Identifier: MIT
// The dialog that saves, opens and copies. What it asks for is done in share_actions.hpp; how it went is said at its
// foot, so that nothing typed is lost when it went wrong.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "gui/frame/dialog.hpp"
#include "gui/frame/imgui_version.hpp"
#include "gui/frame/input.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

using Tab = SharePage::Tab;

// The last item is a text field that Enter has just left.
bool is_entered() {
    return ImGui::IsItemDeactivated() && (is_key_pressed(key::kEnter) || is_key_pressed(key::kPadEnter));
}

void say(SharePage& page, const Result<std::string>& answer) {
    page.answer = answer ? SharePage::Answer{*answer, false} : SharePage::Answer{answer.error().text, true};
}

// ---- a path, and the names that could go on from it

// Only those in sight are drawn: a folder may have thousands.
void draw_rows(const std::string& id, const std::vector<std::string>& names, const std::string& folder,
               std::string& path) {
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(names.size()), ImGui::GetTextLineHeight() + sp(4) + ImGui::GetStyle().ItemSpacing.y);
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; i++) {
            const std::string& name = names[static_cast<std::size_t>(i)];
            const std::string whole = folder + name;
            if (ui::row(fmt::format("{}/{}", id, name), name, {.selected = whole == path})) path = whole;
        }
    clipper.End();
}

// The names that go on as `begun` does.
void draw_names(SharePage& page, const std::string& id, std::string& path, const std::string& begun,
                const std::string& ending, float height) {
    const Page list("names", {0, std::max(sp(64), height)});
    const std::string folder = folder_of(full_path(path));
    const std::string up = folder_of(folder.substr(0, folder.size() - 1));
    if (folder != "/" && ui::row(id + "/up", fmt::format("↑ {}", up))) path = up;
    const std::shared_ptr<const Listing> listing = page.look(folder);
    if (!listing) return ui::text(id + "/none", "Looking into the folder…", Role::dim_text);
    if (!listing->error.empty())
        return ui::paragraph(id + "/none", fmt::format("{}: {}", folder, listing->error), Role::dim_text);
    const std::vector<std::string> names = completions(*listing, begun, ending);
    if (names.empty()) ui::text(id + "/none", fmt::format("no {} of that name in {}", ending, folder), Role::dim_text);
    draw_rows(id, names, folder, path);
    if (listing->is_cut) ui::text(id + "/cut", "… and more: go on typing", Role::dim_text);
}

// True: Enter was pressed in it.
bool draw_path(SharePage& page, const std::string& id, std::string& path, const std::string& hint) {
    if (page.is_new) before_focused_field();
    ui::field(id, path, hint);
    if (page.is_new) after_focused_field();
    page.is_new = false;
    return is_entered();
}

float height_of_foot(const SharePage& page) {
    const float width = ImGui::GetContentRegionAvail().x;
    const float button = ImGui::GetFrameHeightWithSpacing();
    if (!page.answer) return button;
    return button + ImGui::CalcTextSize(page.answer->text.c_str(), nullptr, false, width).y +
           ImGui::GetStyle().ItemSpacing.y;
}

// ---- saving

// Never over another file, unless it was said before that there is one.
void save(State& state, bool may_replace) {
    SharePage& page = state.share;
    const std::string path = with_ending(full_path(page.save_path), page.format);
    page.save_path = path;
    if (page.folders) page.folders->forget();
    if (!may_replace && is_there(path))
        return say(page, Error{EEXIST, fmt::format("{} is there already. Replace it, or change the name.", path)});
    if (page.format != ShareFormat::Picture) return say(page, save_content(page.format, path, state.player));
    if (!page.save_png)
        return say(page, Error{0, "There is no window to be seen here. `mdscope-gui --png FILE` makes a picture."});
    if (const Result<bool> possible = check_target(path); !possible) return say(page, possible.error());
    // The picture is of the window without this dialog, so it is taken a little later.
    page.picture = SharePage::Picture{path, 2};
    state.show_share = false;
}

// As far as the folder has been read: what is asked in each frame must not wait for a disk.
bool is_listed(SharePage& page, const std::string& path) {
    const std::shared_ptr<const Listing> listing = page.look(folder_of(path));
    return listing && std::ranges::find(listing->names, path.substr(folder_of(path).size())) != listing->names.end();
}

void draw_formats(SharePage& page) {
    std::vector<ui::Tab> tabs;
    for (const ShareFormatRow& row : share_formats()) tabs.push_back({row.id, row.label});
    auto chosen = static_cast<int>(page.format);
    if (ui::tabs("share/format", tabs, chosen)) {
        page.format = static_cast<ShareFormat>(chosen);
        page.save_path = with_ending(page.save_path, page.format);
        page.answer.reset();
    }
    ui::paragraph("share/format/what", row_of(page.format).what, Role::dim_text);
}

void draw_save(State& state) {
    SharePage& page = state.share;
    if (page.save_path.empty()) page.save_path = usual_path(state.player, page.format);
    draw_formats(page);
    const bool entered = draw_path(page, "share/save/path", page.save_path, "where to save it");
    draw_names(page, "share/save/names", page.save_path, folder_of(full_path(page.save_path)),
               row_of(page.format).ending, ImGui::GetContentRegionAvail().y - height_of_foot(page) - sp(8));
    const std::string path = with_ending(full_path(page.save_path), page.format);
    const bool replaces = is_listed(page, path);
    if (ui::button("share/save", replaces ? "Replace" : "Save",
                   {.role = replaces ? Role::danger : Role::accent, .tip = path}))
        save(state, replaces);
    if (entered) save(state, false);
    if (!replaces) return;
    ImGui::SameLine();
    ui::text("share/save/note", "This file is there already.", Role::dim_text);
}

// ---- opening

void draw_open(State& state) {
    SharePage& page = state.share;
    if (page.open_path.empty()) page.open_path = full_path("");
    ui::paragraph("share/open/what",
                  "A scenario file takes the place of what is played now. Nothing of it is run on this computer.",
                  Role::dim_text);
    const bool entered = draw_path(page, "share/open/path", page.open_path, "the file to open");
    draw_names(page, "share/open/names", page.open_path, full_path(page.open_path),
               row_of(ShareFormat::Scenario).ending, ImGui::GetContentRegionAvail().y - height_of_foot(page) - sp(8));
    const std::string path = full_path(page.open_path);
    if (ui::button("share/open", "Open", {.role = Role::accent, .enabled = !path.ends_with('/'), .tip = path}) ||
        entered)
        say(page, state.open_shared(scenario_from_file(path), path));
}

// ---- text

void copy(SharePage& page, const Result<std::string>& text, const char* what) {
    if (text) ImGui::SetClipboardText(text->c_str());
    say(page, text ? Result<std::string>(fmt::format("Copied {} ({} bytes).", what, text->size())) : text.error());
}

void draw_text(State& state) {
    SharePage& page = state.share;
    ui::header("share/out", "Out");
    ui::paragraph("share/code/what", "The whole run, with its playhead, as a code of one line: for a chat or a mail.",
                  Role::dim_text);
    if (ui::button("share/code", "Copy the code", {.role = Role::accent}))
        copy(page, code_of(state.player), "the code");
    ui::paragraph("share/describe/what", "What the window shows at the playhead, in sentences.", Role::dim_text);
    if (ui::button("share/describe", "Copy the description"))
        copy(page, description_of(state.player), "the description");
    ui::header("share/in", "In");
    ui::paragraph("share/pasted/what", "A code that somebody sent (mds1:…), or the text of a scenario file.",
                  Role::dim_text);
    if (ui::button("share/paste", "Paste and open")) {
        const char* text = ImGui::GetClipboardText();
        page.pasted = text != nullptr ? text : "";
        say(page, state.open_shared(scenario_from_text(page.pasted), "the code"));
    }
    ui::field("share/pasted", page.pasted, "or type it here: mds1:…");
    if (is_entered()) say(page, state.open_shared(scenario_from_text(page.pasted), "the code"));
}

// ---- the picture, once the dialog is gone

void take_picture(State& state) {
    SharePage& page = state.share;
    if (!page.picture) return;
    ui::ask_for_frame(0);
    if (page.picture->frames_to_wait-- > 0) return;
    const std::string path = page.picture->path;
    page.picture.reset();
    page.save_png(path, [&state, path](const Result<bool>& saved) {
        if (!saved) return state.say(with_advice(saved.error()).text, true);
        state.say(fmt::format("Saved {}.", path));
    });
}

}  // namespace

void draw_share(State& state) {
    take_picture(state);
    if (!state.show_share) return;
    Dialog dialog("share", "Share", state.show_share, sp(680, 560));
    if (!dialog) return;
    SharePage& page = state.share;
    constexpr std::array<ui::Tab, 3> kTabs = {{{"save", "Save"}, {"open", "Open"}, {"text", "Copy and paste"}}};
    if (state.mode != Mode::lab)
        ui::paragraph("share/of", "A picture is of this window; all else is of the run in the lab.", Role::dim_text);
    auto chosen = static_cast<int>(page.tab);
    if (ui::tabs("share/tab", kTabs, chosen)) page.begin(static_cast<Tab>(chosen));
    if (page.tab == Tab::Save) draw_save(state);
    if (page.tab == Tab::Open) draw_open(state);
    if (page.tab == Tab::Text) draw_text(state);
    if (page.answer)
        ui::paragraph("share/answer", page.answer->text, page.answer->is_error ? Role::danger : Role::safe);
    if (!state.show_share) dialog.close();
}

}  // namespace mdscope::gui
