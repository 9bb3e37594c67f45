// SPDX-License-Identifier: MIT
// Sentences in pieces, and the chips of states.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "gui/model/pointed.hpp"
#include "gui/panels/panel_stage.hpp"
#include "gui/panels/panels.hpp"
#include "gui/panels/stage_figures.hpp"

namespace mdscope::gui {

namespace {

// A word of a phrase with the space behind it, so that lines break between words.
struct Word {
    std::string text;
    const Phrase* phrase;
    bool begins;  // the phrase
};

std::vector<Word> words_of(const Phrases& phrases) {
    std::vector<Word> words;
    for (const Phrase& phrase : phrases) {
        bool begins = true;
        for (std::size_t at = 0; at < phrase.text.size();) {
            std::size_t end = phrase.is_name ? phrase.text.size() : phrase.text.find(' ', at);
            end = end == std::string::npos ? phrase.text.size() : std::min(end + 1, phrase.text.size());
            words.push_back({phrase.text.substr(at, end - at), &phrase, begins});
            at = end;
            begins = false;
        }
    }
    return words;
}

Face face_of(const Phrase& phrase, bool is_bold) {
    const bool bold = is_bold || phrase.is_bold;
    if (phrase.is_name) return bold ? Face::bold_code : Face::code;
    return bold ? Face::bold : Face::text;
}

bool is_counter(const Phrase& phrase) {
    return phrase.is_name && (phrase.ink == Ink::first || phrase.ink == Ink::second);
}

class Writer {
   public:
    Writer(const ui::Rect& rect, float size, bool is_bold, int most_lines)
        : pen_(*ImGui::GetWindowDrawList(), {rect.x, rect.y}, 1),
          width_(rect.w / pen_.px(1)),
          size_(size),
          is_bold_(is_bold),
          most_(most_lines) {
        line_height_ = std::round(size * 1.32F);
    }

    int write(const Phrases& phrases, bool draws) {
        const std::vector<Word> words = words_of(phrases);
        float x = 0;
        int line = 0;
        for (std::size_t i = 0; i < words.size(); i++) {
            const float width = width_of(words[i]);
            if (x > 0 && x + width > width_ + 1 && line + 1 < most_) {
                x = 0;
                line++;
            }
            // What has no room any more is cut, and says so.
            const bool is_cut = x + width > width_ + 1;
            if (draws) draw(words[i], x, line, is_cut);
            if (sought_ && place(x, line, std::min(width, width_ - x)).covers({sought_->x, sought_->y}))
                found_ = words[i].text;
            if (is_cut) break;
            x += width;
        }
        return line + 1;
    }

    // The word at that point.
    std::string at(const Phrases& phrases, ImVec2 point) {
        sought_ = point;
        write(phrases, false);
        return found_;
    }

    [[nodiscard]] float width(const Phrases& phrases) const {
        float sum = 0;
        for (const Word& word : words_of(phrases)) sum += width_of(word);
        return pen_.px(sum);
    }

   private:
    [[nodiscard]] float shape_of(const Word& word) const {
        return word.begins && is_counter(*word.phrase) ? size_ * 0.86F : 0;
    }
    [[nodiscard]] float width_of(const Word& word) const {
        return shape_of(word) + pen_.width_of(word.text, face_of(*word.phrase, is_bold_), size_);
    }
    [[nodiscard]] ui::Rect place(float x, int line, float width) const {
        return pen_.rect_of(x, static_cast<float>(line) * line_height_, width, line_height_);
    }
    void draw(const Word& word, float x, int line, bool is_cut) {
        const float y = (static_cast<float>(line) + 0.5F) * line_height_;
        const ImU32 color = pen_.ink(role_of(word.phrase->ink));
        const float shape = shape_of(word);
        if (shape > 0)
            figures::draw_counter_shape(pen_, x + size_ * 0.36F, y + 1, word.phrase->ink == Ink::first ? 0 : 1, color,
                                        size_ * 0.27F);
        const Face face = face_of(*word.phrase, is_bold_);
        const FontScope scope(type(face, size_));
        const std::string text =
            is_cut ? ui::shortened(word.text, pen_.px(std::max(0.0F, width_ - x - shape))) : word.text;
        pen_.text(x + shape, y, text, face, size_, color);
    }

    Pen pen_;
    float width_, size_, line_height_ = 0;
    bool is_bold_;
    int most_;
    std::optional<ImVec2> sought_;
    std::string found_;
};

// The shape in front of a state's word, drawn: a triangle in danger, a clock while it waits, a cross when it crashed.
void draw_state_shape(const Pen& pen, Status status, float x, ImU32 color) {
    switch (status) {
        case Status::InDanger:
            return pen.path({pen.at(x - 9, 8), pen.at(x, -8), pen.at(x + 9, 8), pen.at(x - 9, 8), pen.at(x, -8)}, color,
                            2);
        case Status::Waiting:
            pen.ring(x, 0, 8.5F, color, 2);
            return pen.path({pen.at(x, -5), pen.at(x, 0), pen.at(x + 4, 3)}, color, 2);
        case Status::Oops:
            pen.line(pen.at(x - 7, -7), pen.at(x + 7, 7), color, 3.5F);
            return pen.line(pen.at(x - 7, 7), pen.at(x + 7, -7), color, 3.5F);
        case Status::Stopped:
            return pen.fill(x - 7, -7, 14, 14, color, 1);
        case Status::Stopping:
            return pen.polygon({pen.at(x - 5, -8), pen.at(x + 8, 0), pen.at(x - 5, 8)}, color);
        case Status::Hung:
            for (const float dx : {-7.0F, 0.0F, 7.0F}) pen.circle(x + dx, 0, 2.2F, color);
            return;
        case Status::Running:
            return pen.ring(x, 0, 7, color, 2.5F);
        case Status::Off:
            return pen.dashed_ring(x, 0, 7, color, 2);
        case Status::Broken:  // a bar in two
            pen.line(pen.at(x - 9, 3), pen.at(x - 2, 3), color, 4);
            return pen.line(pen.at(x + 2, -3), pen.at(x + 9, -3), color, 4);
    }
}

}  // namespace

Role role_of(Ink ink) {
    switch (ink) {
        case Ink::text:
            return Role::text;
        case Ink::dim:
            return Role::dim_text;
        case Ink::faint:
            return Role::faint;
        case Ink::first:
            return Role::mddev;
        case Ink::second:
            return Role::bitmap;
        case Ink::safe:
            return Role::safe;
        case Ink::danger:
            return Role::danger;
        case Ink::held:
            return Role::held;
    }
    return Role::text;
}

float phrases_width(const Phrases& phrases, float size, bool is_bold) {
    return Writer({}, size, is_bold, 1).width(phrases);
}

int draw_phrases(const Phrases& phrases, const ui::Rect& rect, float size, bool is_bold, int most_lines, bool draws) {
    return Writer(rect, size, is_bold, most_lines).write(phrases, draws);
}

std::string key_in_phrases(const Phrases& phrases, const ui::Rect& rect, float size, bool is_bold, int most_lines,
                           ImVec2 point) {
    if (!rect.covers({point.x, point.y})) return "";
    return key_of_word(Writer(rect, size, is_bold, most_lines).at(phrases, point));
}

float draw_status_chip(Status status, const std::string& word, float right, float y, float factor,
                       const std::string& id) {
    Pen pen(*ImGui::GetWindowDrawList(), {right, y}, factor);
    const float width = pen.width_of(word, Face::bold, 16) + 46, half = 16;
    const Role role = look_of(status).role;
    const bool is_full = status == Status::Oops || status == Status::Broken || status == Status::Stopped;
    const ImU32 edge = pen.ink(role);
    ImU32 ink = edge;
    if (is_full) {
        const Role filled = status == Status::Stopped ? Role::safe : Role::drastic;
        pen.fill(-width, -half, width, 2 * half, pen.ink(filled), status == Status::Stopped ? half : 4);
        ink = ImGui::ColorConvertFloat4ToU32(ui::ink_on(color(filled)));
    } else if (status == Status::InDanger) {
        pen.dashed_frame(-width, -half, width, 2 * half, edge, 2);
    } else {
        pen.frame(-width, -half, width, 2 * half, edge, 2, half);
    }
    draw_state_shape(pen, status, -width + 20, ink);
    pen.text(-width + 36, 0, word, Face::bold, 16, ink);
    const ui::Rect rect = pen.rect_of(-width, -half, width, 2 * half);
    ui::mark_rect(rect, id, "chip", word);
    return rect.x;
}

}  // namespace mdscope::gui
