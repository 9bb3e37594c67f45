// SPDX-License-Identifier: MIT

#include "gui/live/event_line.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace mdscope::gui {

namespace {

using Json = nlohmann::json;

// Which fields a line had; an event needs the first four.
enum Seen : unsigned { kSeq = 1, kAt = 2, kTask = 4, kPoint = 8, kDropped = 16, kVersion = 32 };
constexpr unsigned kEvent = kSeq | kAt | kTask | kPoint;

bool is_arg(std::string_view key) {
    return key.size() == 1 && key[0] >= 'a' && key[0] <= 'c';
}

// One field into the line; false: it has a type that it cannot have. Unknown fields are fine.
bool take_string(EventLine& line, unsigned& seen, std::string_view key, std::string_view value) {
    if (key == "task") {
        line.task = value;
        seen |= kTask;
    } else if (key == "point") {
        line.point = value;
        seen |= kPoint;
    } else if (is_arg(key)) {
        line.args[static_cast<std::size_t>(key[0] - 'a')] = {true, 0, value};
    } else if (key == "seq" || key == "at_ns" || key == "pid" || key == "dropped" || key == "version") {
        return false;
    }
    return true;
}

template <class Number>
bool to_number(std::string_view digits, Number& number) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size();
}

bool take_number(EventLine& line, unsigned& seen, std::string_view key, std::string_view digits) {
    if (key == "seq") {
        seen |= kSeq;
        return to_number(digits, line.seq);
    }
    if (key == "at_ns") {
        seen |= kAt;
        return to_number(digits, line.at_ns);
    }
    if (key == "dropped") {
        seen |= kDropped;
        return to_number(digits, line.dropped);
    }
    if (key == "version") {
        seen |= kVersion;
        return to_number(digits, line.version);
    }
    if (key == "pid") return to_number(digits, line.pid);
    if (is_arg(key)) return to_number(digits, line.args[static_cast<std::size_t>(key[0] - 'a')].number);
    return key != "task" && key != "point";
}

EventLine::Kind kind_of(unsigned seen) {
    if ((seen & kEvent) == kEvent) return EventLine::Kind::Event;
    if ((seen & kDropped) != 0) return EventLine::Kind::Dropped;
    if ((seen & kVersion) != 0) return EventLine::Kind::Header;
    return EventLine::Kind::Unreadable;
}

// ---- the usual line

// Walks over one flat object; any surprise makes it stop with ok() false.
class Scanner {
   public:
    explicit Scanner(std::string_view text) : text_(text) {}
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

    bool skip(char wanted) {
        if (at_ >= text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }
    void expect(char wanted) { ok_ = skip(wanted) && ok_; }
    std::string_view string() {
        expect('"');
        const std::size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') ++at_;
        const std::string_view found = text_.substr(begin, at_ - begin);
        expect('"');
        return found;
    }
    std::string_view digits() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && (text_[at_] == '-' || (text_[at_] >= '0' && text_[at_] <= '9'))) ++at_;
        ok_ = ok_ && at_ != begin;
        return text_.substr(begin, at_ - begin);
    }
    [[nodiscard]] bool sees_string() const { return at_ < text_.size() && text_[at_] == '"'; }

   private:
    std::string_view text_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

bool parse_flat(std::string_view text, EventLine& line) {
    Scanner in(text);
    unsigned seen = 0;
    in.expect('{');
    do {
        const std::string_view key = in.string();
        in.expect(':');
        if (!in.ok()) return false;
        const bool taken =
            in.sees_string() ? take_string(line, seen, key, in.string()) : take_number(line, seen, key, in.digits());
        if (!taken || !in.ok()) return false;
    } while (in.skip(','));
    in.expect('}');
    line.kind = kind_of(seen);
    return in.ok() && in.at_end();
}

// ---- any line

// Strings move into `storage`, which must not grow under the views: it is as large as the line from the start.
std::string_view keep(std::string& storage, const std::string& text) {
    const std::size_t at = storage.size();
    if (text.size() > storage.capacity() - at) return {};
    storage += text;
    return std::string_view(storage).substr(at, text.size());
}

void read_points(const Json& json, EventLine& line) {
    const auto points = json.find("points");
    if (points == json.end() || !points->is_object()) return;
    constexpr std::size_t kMost = 256;
    for (const auto& [name, sentence] : points->items())
        if (sentence.is_string() && line.points.size() < kMost) line.points[name] = sentence.get<std::string>();
}

bool parse_any(std::string_view text, EventLine& line, std::string& storage) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return false;
    storage.clear();
    storage.reserve(2 * text.size());  // a number may be written out longer than it was
    unsigned seen = 0;
    for (const auto& [key, value] : json.items()) {
        bool taken = true;
        if (value.is_string())
            taken = take_string(line, seen, key, keep(storage, value.get_ref<const std::string&>()));
        else if (value.is_number_integer())
            taken = take_number(line, seen, key, keep(storage, value.dump()));
        if (!taken) return false;
    }
    line.kind = kind_of(seen);
    if (line.kind == EventLine::Kind::Header) read_points(json, line);
    return true;
}

}  // namespace

EventLine parse_event_line(std::string_view line, std::string& storage) {
    EventLine parsed;
    if (parse_flat(line, parsed)) return parsed;
    parsed = {};
    if (!parse_any(line, parsed, storage)) return {};
    return parsed;
}

}  // namespace mdscope::gui
