// SPDX-License-Identifier: MIT

#include "gui/frame/fonts.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

namespace mdscope::gui {

namespace {

namespace fs = std::filesystem;

struct FontRow {
    const char* file;
    float pixels;           // height of a line at 100 %
    const ImWchar* ranges;  // ends with 0
};

// Latin, punctuation, arrows, mathematics, boxes and blocks, shapes, symbols, dingbats: what DejaVu lacks of it is
// found by missing_glyphs(), not here.
constexpr std::array<ImWchar, 19> kText = {0x20,   0x17F,  0x391,  0x3C9,  0x2010, 0x205E, 0x2190,
                                           0x21FF, 0x2200, 0x22FF, 0x2500, 0x25FF, 0x2600, 0x26FF,
                                           0x2700, 0x27BF, 0xFFFD, 0xFFFD, 0};
constexpr std::array<ImWchar, 9> kNumbers = {0x20, 0x7E, 0xA0, 0xFF, 0x2010, 0x2026, 0x2190, 0x2193, 0};

// For what is written on the stage: names, sentences, and the shapes that stand for a state.
constexpr std::array<ImWchar, 35> kStage = {0x20,   0x7E,   0xA0,   0xFF,   0x2010, 0x2026, 0x2190, 0x2193, 0x2212,
                                            0x2212, 0x2260, 0x2265, 0x25A0, 0x25A0, 0x25B2, 0x25B8, 0x25C0, 0x25C6,
                                            0x25CB, 0x25CF, 0x2620, 0x2620, 0x26A0, 0x26A1, 0x2702, 0x2702, 0x2713,
                                            0x2713, 0x2717, 0x2718, 0x2191, 0x2191, 0xFFFD, 0xFFFD, 0};

// The first three are Font; behind them a face's sizes stand together.
constexpr std::array<FontRow, 17> kFonts = {{
    {"DejaVuSans.ttf", 16, kText.data()},
    {"DejaVuSansMono.ttf", 14, kText.data()},
    {"DejaVuSans-Bold.ttf", 26, kNumbers.data()},
    {"DejaVuSans.ttf", 14, kStage.data()},
    {"DejaVuSans.ttf", 16, kStage.data()},
    {"DejaVuSans.ttf", 19, kStage.data()},
    {"DejaVuSans-Bold.ttf", 14, kStage.data()},
    {"DejaVuSans-Bold.ttf", 16, kStage.data()},
    {"DejaVuSans-Bold.ttf", 19, kStage.data()},
    {"DejaVuSans-Bold.ttf", 22, kStage.data()},
    {"DejaVuSans-Bold.ttf", 26, kStage.data()},
    {"DejaVuSans-Bold.ttf", 36, kStage.data()},
    {"DejaVuSans-Bold.ttf", 44, kStage.data()},
    {"DejaVuSansMono.ttf", 16, kStage.data()},
    {"DejaVuSansMono.ttf", 19, kStage.data()},
    {"DejaVuSansMono-Bold.ttf", 14, kStage.data()},
    {"DejaVuSansMono-Bold.ttf", 19, kStage.data()},
}};

const char* file_of(Face face) {
    switch (face) {
        case Face::text:
            return "DejaVuSans.ttf";
        case Face::bold:
            return "DejaVuSans-Bold.ttf";
        case Face::code:
            return "DejaVuSansMono.ttf";
        case Face::bold_code:
            return "DejaVuSansMono-Bold.ttf";
    }
    return "";
}

std::string folder_message;

// The folder that has all of them; empty if there is none.
fs::path find_folder() {
    std::vector<fs::path> folders = {"/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/TTF",
                                     "/usr/share/fonts/dejavu-sans-fonts", "/usr/share/fonts/dejavu"};
    if (const char* chosen = std::getenv("MDSCOPE_FONTS"); chosen != nullptr && *chosen != '\0') folders = {chosen};
    const auto has = [](const fs::path& folder) {
        return std::all_of(kFonts.begin(), kFonts.end(), [&](const FontRow& row) {
            std::error_code ignored;
            return fs::is_regular_file(folder / row.file, ignored);
        });
    };
    const auto found = std::find_if(folders.begin(), folders.end(), has);
    if (found != folders.end()) return *found;
    folder_message =
        "The DejaVu fonts were not found in " + folders.front().string() +
        ": text is shown in a built-in font that has no arrows and symbols. Install fonts-dejavu-core, or name the "
        "folder in MDSCOPE_FONTS.";
    return {};
}

const fs::path& folder() {
    static const fs::path found = find_folder();
    return found;
}

void add_font(ImFontAtlas& atlas, const FontRow& row, float scale) {
    ImFontConfig config;
    config.OversampleH = row.pixels < 26 ? 2 : 1;
    config.OversampleV = 1;
    config.PixelSnapH = true;
    config.SizePixels = std::round(row.pixels * scale);
    if (!folder().empty()) {
        const std::string file = folder() / row.file;
        if (atlas.AddFontFromFileTTF(file.c_str(), config.SizePixels, &config, row.ranges) != nullptr) return;
        folder_message = "The font " + file + " cannot be read: text is shown in a built-in font.";
    }
    atlas.AddFontDefault(&config);
}

// ImGui's characters have 16 bits: it calls a well-formed longer one invalid as well.
std::string named(unsigned int code, const char* begin, const char* end) {
    const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; };
    const bool long_one = end - begin == 4 && std::all_of(begin + 1, end, continues);
    std::string bytes(begin, end);
    return code != IM_UNICODE_CODEPOINT_INVALID || long_one || bytes == "\xEF\xBF\xBD" ? bytes : "(not UTF-8)";
}

}  // namespace

ImFontAtlas& font_atlas(int percent, float density) {
    // A size that was used once is often used again (Ctrl + and -), and a test uses several at a time.
    static std::map<std::pair<int, int>, std::unique_ptr<ImFontAtlas>> atlases;
    std::unique_ptr<ImFontAtlas>& atlas = atlases[{percent, static_cast<int>(density * 100)}];
    if (atlas) return *atlas;
    atlas = std::make_unique<ImFontAtlas>();
    const float scale = static_cast<float>(percent) / 100.0F * density;
    for (const FontRow& row : kFonts) add_font(*atlas, row, scale);
    atlas->Build();
    return *atlas;
}

const std::string& font_message() {
    folder();
    return folder_message;
}

ImFont* font(Font which) {
    return ImGui::GetIO().Fonts->Fonts[static_cast<int>(which)];
}

ImFont* type(Face face, float pixels) {
    int best = -1;
    float off = 0;
    for (int i = 0; i < static_cast<int>(kFonts.size()); i++) {
        const FontRow& row = kFonts.at(static_cast<std::size_t>(i));
        if (std::string_view(row.file) != file_of(face) || row.ranges == kNumbers.data()) continue;
        const float distance = std::abs(row.pixels - pixels);
        if (best >= 0 && distance >= off) continue;
        best = i;
        off = distance;
    }
    return ImGui::GetIO().Fonts->Fonts[best];
}

std::vector<std::string> missing_glyphs(std::string_view text, Font which) {
    return missing_glyphs(text, *font(which));
}

std::vector<std::string> missing_glyphs(std::string_view text, ImFont& which) {
    std::vector<std::string> missing;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        unsigned int code = 0;
        const char* const begin = at;
        at += std::max(1, ImTextCharFromUtf8(&code, at, end));
        if (code == '\n' || code == '\r' || code == '\t') continue;
        const bool known = code <= IM_UNICODE_CODEPOINT_MAX && code != IM_UNICODE_CODEPOINT_INVALID &&
                           which.FindGlyphNoFallback(static_cast<ImWchar>(code)) != nullptr;
        const std::string letter = known ? "" : named(code, begin, std::min(at, end));
        if (!known && std::find(missing.begin(), missing.end(), letter) == missing.end()) missing.push_back(letter);
    }
    return missing;
}

}  // namespace mdscope::gui
