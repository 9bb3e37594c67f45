// SPDX-License-Identifier: MIT
// The three fonts: DejaVu Sans for text, its Mono for code, and a large bold one for numbers. They are found on the
// host (Debian's fonts-dejavu-core, or a folder named by MDSCOPE_FONTS); without them ImGui's built-in font has to do,
// which knows no arrows and no shapes, and a message says so.
//
// A text size is an atlas of its own, drawn by the rasteriser at that size: scaled bitmaps would be blurred.
#pragma once

#include <imgui.h>

#include <string>
#include <string_view>
#include <vector>

namespace mdscope::gui {

enum class Font { text, code, large };

// What is drawn on the stage has sizes of its own: of each face the atlas has some, and the nearest is taken.
enum class Face { text, bold, code, bold_code };

// The atlas for a text size. `density` is pixels per unit of length (2 on some laptops). Atlases are kept for as long
// as the process lives; the caller may swap them between two frames. The result's TexID is the renderer's to set.
ImFontAtlas& font_atlas(int percent, float density);

// Why text looks as it does: empty, or one sentence to show once.
const std::string& font_message();

[[nodiscard]] ImFont* font(Font which);  // of the atlas in use

// Of about so many pixels at 100 %, whatever the text's size is; never smaller than it can be read.
[[nodiscard]] ImFont* type(Face face, float pixels);

class FontScope {
   public:
    explicit FontScope(Font which) { ImGui::PushFont(font(which)); }
    explicit FontScope(ImFont* which) { ImGui::PushFont(which); }
    ~FontScope() { ImGui::PopFont(); }
    FontScope(const FontScope&) = delete;
    FontScope& operator=(const FontScope&) = delete;
};

// The characters of `text` that the font cannot draw, each once, as UTF-8. Bytes that are no UTF-8 count.
std::vector<std::string> missing_glyphs(std::string_view text, Font which = Font::text);
std::vector<std::string> missing_glyphs(std::string_view text, ImFont& which);

}  // namespace mdscope::gui
