// SPDX-License-Identifier: MIT
// Events as words and as JSON; tracer.hpp says what each form looks like.
#include <cstdio>
#include <cstring>

#include "engine/trace/tracer.hpp"

namespace mdscope::trace {

namespace {

const PointInfo& info_of(const Event& event) {
    return kPoints[static_cast<std::size_t>(event.point)];
}

bool names_arg(const PointInfo& info, std::size_t arg) {
    const char place[] = {'{', static_cast<char>('a' + arg), '}', '\0'};
    return std::strstr(info.sentence, place) != nullptr;
}

std::string quoted(std::string_view text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') json += '\\';
        const auto byte = static_cast<unsigned char>(c);
        json += byte < 0x20 || byte >= 0x7f ? '?' : c;  // a name may have been cut in the middle of a character
    }
    return json + "\"";
}

}  // namespace

std::string sentence_of(const Event& event) {
    std::string text;
    const std::string_view sentence = info_of(event).sentence;
    for (std::size_t i = 0; i < sentence.size(); i++) {
        if (sentence[i] != '{') {
            text += sentence[i];
            continue;
        }
        text += event.args[static_cast<std::size_t>(sentence[i + 1] - 'a')].text();
        i += 2;
    }
    return text;
}

std::string event_line(const Event& event) {
    char head[96];
    std::snprintf(head, sizeof head, "%.6f %s[%d] %s: ", static_cast<double>(event.at_ns) / 1e9, event.comm.data(),
                  event.pid, info_of(event).name);
    return head + sentence_of(event);
}

std::string event_json(const Event& event) {
    const PointInfo& info = info_of(event);
    std::string json = "{\"seq\":" + std::to_string(event.seq) + ",\"at_ns\":" + std::to_string(event.at_ns) +
                       ",\"task\":" + quoted(event.comm.data()) + ",\"pid\":" + std::to_string(event.pid) +
                       ",\"point\":\"" + info.name + "\"";
    for (std::size_t i = 0; i < event.args.size(); i++) {
        if (!names_arg(info, i)) continue;
        const Arg& arg = event.args[i];
        json += std::string(",\"") + static_cast<char>('a' + i) + "\":";
        json += arg.is_number() ? std::to_string(arg.number()) : quoted(arg.text());
    }
    return json + ",\"text\":" + quoted(sentence_of(event)) + "}";
}

std::string stream_header_json() {
    std::string json = "{\"version\":" + std::to_string(kStreamVersion) + ",\"stream\":\"mdscope trace\",\"points\":{";
    for (const PointInfo& info : kPoints)
        json += (&info == kPoints ? "" : ",") + quoted(info.name) + ":" + quoted(info.sentence);
    return json + "}}";
}

std::string dropped_json(std::uint64_t dropped) {
    return "{\"dropped\":" + std::to_string(dropped) + "}";
}

}  // namespace mdscope::trace
