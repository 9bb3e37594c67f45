// SPDX-License-Identifier: MIT
// Closer looks at one array at the playhead: its fields, its chunks, the bytes of its images.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr std::uint64_t kChunksShown = 2048;
constexpr std::size_t kBytesALine = 16;
constexpr std::size_t kLinesShown = 64;

// Which array a page is about; the same choice on all of them.
void choose_side(State& state, const char* page) {
    int chosen = state.focus;
    constexpr std::array<ui::Tab, 2> kTabs = {{{"A", "Array A"}, {"B", "Array B"}}};
    if (ui::tabs(fmt::format("{}/side", page), kTabs, chosen)) state.focus = static_cast<Side>(chosen);
}

// ---- chunks

Role chunk_role(const ChunkRow& chunk) {
    if (chunk.needed() || chunk.resyncing()) return Role::danger;
    if (chunk.count() >= 3) return Role::data_write;
    if (chunk.count() == 2) return Role::bitmap_write;
    return chunk.count() == 1 ? Role::held : Role::idle;
}

void draw_chunk(State& state, const ChunkRow& chunk, float size) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string id = fmt::format("bitmap/chunk/{}", chunk.chunk);
    if (ImGui::InvisibleButton(id.c_str(), {size, size})) {
        state.selected_chunk = chunk.chunk;
        state.chunk_text = std::to_string(chunk.chunk);
    }
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const Role role = chunk_role(chunk);
    draw.AddRectFilled(at, {at.x + size, at.y + size}, chunk.count() == 0 ? color_u32(Role::card) : fill_u32(role),
                       sp(2));
    draw.AddRect(at, {at.x + size, at.y + size}, color_u32(chunk.count() == 0 ? Role::border : role), sp(2));
    const std::string text = chunk.count() > 99 ? "…" : std::to_string(chunk.count());
    const ImVec2 measure = ImGui::CalcTextSize(text.c_str());
    draw.AddText({at.x + (size - measure.x) / 2, at.y + (size - measure.y) / 2},
                 color_u32(chunk.count() == 0 ? Role::dim_text : Role::text), text.c_str());
    if (chunk.bit) draw.AddRectFilled({at.x, at.y + size - sp(3)}, {at.x + size, at.y + size}, color_u32(role));
    if (state.selected_chunk == chunk.chunk)
        draw.AddRect({at.x - 1, at.y - 1}, {at.x + size + 1, at.y + size + 1}, color_u32(Role::accent), sp(2), 0,
                     sp(2));
    const std::string words = fmt::format("chunk {}: counter {}, {}, bit on disk {}", chunk.chunk, chunk.count(),
                                          chunk.words(), chunk.bit ? 1 : 0);
    ui::mark(id, "cell", words, chunk.count());
    ui::tip(words);
}

void draw_chunk_grid(State& state, const std::vector<ChunkRow>& chunks) {
    const float size = sp(24), gap = sp(3);
    const float width = ImGui::GetContentRegionAvail().x;
    const auto columns = static_cast<std::size_t>(std::max(1.0F, std::floor((width + gap) / (size + gap))));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>((chunks.size() + columns - 1) / columns), size + gap);
    while (clipper.Step())
        for (int row = clipper.DisplayStart; row < clipper.DisplayEnd; row++)
            for (std::size_t i = 0; i < columns && static_cast<std::size_t>(row) * columns + i < chunks.size(); i++) {
                if (i > 0) ImGui::SameLine();
                draw_chunk(state, chunks[static_cast<std::size_t>(row) * columns + i], size);
            }
    clipper.End();
    ImGui::PopStyleVar();
}

// ---- bytes

void draw_hex_line(const State& state, const ImageInfo& image, std::size_t line, std::uint64_t from) {
    const std::vector<std::byte>& bytes = state.close.bytes;
    const std::vector<std::byte>& before = state.close.bytes_before;
    const std::size_t begin = line * kBytesALine;
    if (begin >= bytes.size()) return;
    const FontScope code(Font::code);
    const float each = ImGui::CalcTextSize("00 ").x;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const std::string offset = fmt::format("{:08x}", from + begin);
    draw.AddText(at, color_u32(Role::dim_text), offset.c_str());
    const float left = at.x + ImGui::CalcTextSize("00000000  ").x;
    std::string text = offset;
    for (std::size_t i = begin; i < std::min(bytes.size(), begin + kBytesALine); i++) {
        const float x = left + static_cast<float>(i - begin) * each;
        const bool is_bitmap = from + i >= image.bitmap_offset && from + i < image.bitmap_offset + image.bitmap_bytes;
        const bool is_new = i < before.size() && before[i] != bytes[i];
        if (is_bitmap)
            draw.AddRectFilled({x - sp(1), at.y}, {x + each - sp(3), at.y + ImGui::GetTextLineHeight()},
                               fill_u32(Role::bitmap_write));
        const std::string byte = fmt::format("{:02x}", static_cast<unsigned>(bytes[i]));
        draw.AddText({x, at.y},
                     color_u32(is_new                     ? Role::current
                               : bytes[i] == std::byte{0} ? Role::dim_text
                                                          : Role::text),
                     byte.c_str());
        if (is_new)
            draw.AddLine({x, at.y + ImGui::GetTextLineHeight()}, {x + each - sp(3), at.y + ImGui::GetTextLineHeight()},
                         color_u32(Role::current), sp(2));
        text += " " + byte;
    }
    ImGui::Dummy({left - at.x + static_cast<float>(kBytesALine) * each, ImGui::GetTextLineHeight()});
    ui::mark(fmt::format("hex/line/{}", line), "row", text);
}

void go_to_offset(State& state) {
    std::string_view text = state.hex_offset_text;
    const int base = text.starts_with("0x") ? 16 : 10;
    if (base == 16) text.remove_prefix(2);
    std::uint64_t offset = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset, base);
    if (error != std::errc() || end != text.data() + text.size()) {
        state.say(fmt::format("'{}' is no offset; 4096 or 0x1000 would be", state.hex_offset_text), true);
        return;
    }
    state.hex_offset = offset / kBytesALine * kBytesALine;
}

}  // namespace

void draw_inspect(State& state) {
    choose_side(state, "inspect");
    ui::field("inspect/filter", state.inspect_filter, "filter: pending_writes, sb_flags, …");
    const std::vector<std::string>& lines = state.struct_lines(state.focus);
    const Page page("fields", {0, 0}, ImGuiWindowFlags_HorizontalScrollbar);
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < lines.size(); i++)
        if (lines[i].find(state.inspect_filter) != std::string::npos) shown.push_back(i);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(shown.size()));
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; i++) {
            const std::string& line = lines[shown[static_cast<std::size_t>(i)]];
            const bool counter = line.find("pending_writes") != std::string::npos;
            ui::text(fmt::format("inspect/line/{}", shown[static_cast<std::size_t>(i)]), line.empty() ? " " : line,
                     counter ? Role::bitmap_write : Role::text, Font::code, 4000);
        }
    clipper.End();
}

void draw_bitmap(State& state) {
    choose_side(state, "bitmap");
    const std::vector<ChunkRow>& chunks = state.chunks(state.focus, 0, kChunksShown);
    const auto& bitmap = state.player.view().sides[state.focus].step->snapshot.bitmap;
    if (!bitmap || chunks.empty()) {
        ui::paragraph("bitmap/none", "This array has no bitmap now: it was freed, or there never was one.",
                      Role::dim_text);
        return;
    }
    ui::paragraph("bitmap/title", fmt::format("{} chunks of {} KiB, bitmap {}; showing {}", bitmap->chunks,
                                              bitmap->chunk_bytes >> 10, bitmap->home, chunks.size()));
    std::string pages;
    for (std::size_t i = 0; i < bitmap->page_attrs.size(); i++)
        if (bitmap->page_attrs[i] != "-") pages += fmt::format(" {}:{}", i, bitmap->page_attrs[i]);
    ui::paragraph("bitmap/pages",
                  "pages not clean:" + (pages.empty() ? " none" : pages) + "   (D dirty, P pending, W to be written)",
                  Role::dim_text);
    ui::paragraph("bitmap/legend",
                  "0 clean   1 no write for a period   2 idle, its bit is set   n: n - 2 writes in flight.  A bar "
                  "below: its bit is set on disk.",
                  Role::dim_text);
    if (state.selected_chunk) {
        if (ui::button("bitmap/write", fmt::format("Write to chunk {}", *state.selected_chunk))) state.write_chunk();
        ImGui::SameLine();
        if (ui::button("bitmap/hex", "Its byte in Hex")) {
            state.hex_offset = ~std::uint64_t{0};
            state.show_side(SideTab::hex);
        }
    }
    ImGui::Spacing();  // a highlighted chunk has a frame around it
    const Page page("grid");
    draw_chunk_grid(state, chunks);
}

void draw_hex(State& state) {
    choose_side(state, "hex");
    const std::vector<ImageInfo>& images = state.images(state.focus);
    if (images.empty()) return;
    state.hex_image = std::min(state.hex_image, images.size() - 1);
    std::vector<std::string> names;
    for (const ImageInfo& image : images) names.push_back(image.name);
    auto chosen = static_cast<int>(state.hex_image);
    if (ui::combo("hex/image", names, chosen, sp(110))) state.hex_image = static_cast<std::size_t>(chosen);
    const ImageInfo image = images[state.hex_image];
    ImGui::SameLine();
    ui::field("hex/offset", state.hex_offset_text, "offset", sp(90));
    ImGui::SameLine();
    if (ui::button("hex/go", "Go")) go_to_offset(state);
    if (ui::button("hex/bitmap", "Where the bitmap lies", {.enabled = image.bitmap_bytes > 0}))
        state.hex_offset = ~std::uint64_t{0};
    const std::uint64_t home = image.bitmap_bytes > 0 ? image.bitmap_offset : 0;
    const std::uint64_t from = state.hex_offset == ~std::uint64_t{0} ? home : std::min(state.hex_offset, image.bytes);
    state.look_at_bytes(state.focus, image.path, from, kLinesShown * kBytesALine);
    ui::paragraph("hex/legend",
                  fmt::format("{}, {} bytes. Tinted: the bits of the bitmap. Underlined: changed in this tick.",
                              image.name, image.bytes),
                  Role::dim_text);
    const Page page("bytes", {0, 0}, ImGuiWindowFlags_HorizontalScrollbar);
    for (std::size_t line = 0; line < kLinesShown; line++) draw_hex_line(state, image, line, from);
}

}  // namespace mdscope::gui
