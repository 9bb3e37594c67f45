// SPDX-License-Identifier: MIT

#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "engine/explore/explorer.hpp"
#include "engine/look/lab_chunks.hpp"
#include "engine/look/lab_rules.hpp"
#include "engine/look/lab_words.hpp"
#include "engine/look/snapshot.hpp"
#include "engine/md/format/bytes.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/imsm/examine_imsm.hpp"
#include "engine/scenario/scenario.hpp"
#include "engine/scenario/schedule.hpp"
#include "engine/scenario/share.hpp"
#include "engine/scenario/text_lines.hpp"
#include "engine/story/lesson/lesson.hpp"
#include "fs/cli/commands.hpp"
#include "gui/live/event_line.hpp"
#include "gui/live/live_view.hpp"

namespace mdscope::fuzz {

void must(bool holds, std::string_view what) {
    if (holds) return;
    (void)std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

namespace {

// ---- on disk

using Page = std::array<std::byte, kPageSize>;

Page page_of(Input input) {
    Page page{};
    const auto bytes = std::as_bytes(input);
    std::copy_n(bytes.begin(), std::min(bytes.size(), page.size()), page.begin());
    return page;
}

// With its own checksum, and with the right one, which a fuzzer would not find.
void feed_super(Input input) {
    Page page = page_of(input);
    for (const bool right : {false, true}) {
        if (right) {
            const std::uint32_t sum = calc_sb_1_csum(page);
            for (unsigned i = 0; i < 4; i++) page[216 + i] = static_cast<std::byte>(sum >> 8 * i);
        }
        const Superblock1 sb = decode_super_1(page);
        for (const int minor : {0, 1, 2})
            for (const Sector sectors : {Sector{24}, Sector{4096}, Sector{1} << 40}) {
                if (!check_super_1(page, super_1_sector(minor, sectors), minor, sectors).empty()) continue;
                Page again{};
                encode_super_1(sb, again);
                must(check_super_1(again, sb.super_offset, minor, sectors).empty(), "a good superblock is good again");
                must(sb.data_offset + sb.size <= sectors, "the data of a good superblock is on its device");
            }
    }
}

void feed_bitmap_super(Input input) {
    const Page page = page_of(input);
    const BitmapSuper sb = decode_bitmap_super(page);
    const std::string wrong = check_bitmap_super(sb);
    Page again{};
    encode_bitmap_super(sb, again);
    must(check_bitmap_super(decode_bitmap_super(again)) == wrong, "a bitmap header is read back as it was written");
}

void feed_label(Input input) {
    const Page page = page_of(input);
    const std::span<const std::byte> sector = std::span(page).first(kLabLabelSize);
    (void)decode_label(std::as_bytes(input));
    (void)has_label_magic(std::as_bytes(input));
    const auto label = decode_label(sector);
    if (!label) return;
    Page again{};
    encode_label(*label, std::span(again).first(kLabLabelSize));
    must(static_cast<bool>(decode_label(std::span(again).first(kLabLabelSize))), "a label is read back");
    must(label->data_offset + label->data_size > label->data_offset, "the data of a label does not wrap");
}

// As it is, and with the right checksum, which a fuzzer would not find.
void feed_imsm(Input input) {
    const auto bytes = std::as_bytes(input);
    std::vector<std::byte> block(bytes.begin(), bytes.end());
    for (const bool right : {false, true}) {
        if (right) {
            if (block.size() < kSectorSize) return;
            const auto size = get_le<std::uint32_t>(block, 0x24);
            if (size < 216 || size > block.size()) return;
            put_le(std::span(block), 0x20, imsm_checksum(std::span(block).first(size)));
        }
        const auto anchor = decode_imsm(block);
        if (!anchor) {
            must(!anchor.error().text.empty(), "a refusal says why");
            continue;
        }
        const auto again = decode_imsm(encode_imsm(*anchor));
        must(again && encode_imsm(*again) == encode_imsm(*anchor), "a block is read back as it was written");
        const ImsmExamined examined{*anchor, "/dev/vda", {}};
        must(!imsm_text_of(examined, 262144).empty(), "a block can be shown");
        (void)imsm_json_of(examined, 262144);
        for (const ImsmVolume& volume : anchor->volumes)
            if (why_volume_is_refused(volume, 262144).empty())
                must(volume.map.pba_of_lba0 + volume.component_sectors() < 262144, "a volume is on its disk");
    }
}

void feed_sidecar(Input input) {
    const auto container = container_from_json(text_of(input));
    if (!container) return;
    const auto again = container_from_json(container_file_text(*container));
    must(again && *again == *container, "a sidecar is read back as it was written");
}

// ---- what people write

void feed_scenario(Input input) {
    const auto scenario = parse_scenario(text_of(input), "fuzz");
    if (!scenario) return must(!scenario.error().text.empty(), "a refusal says why");
    const std::string text = scenario_text(*scenario);
    const auto again = parse_scenario(text, "fuzz");
    must(static_cast<bool>(again), "a scenario is read back");
    must(scenario_text(*again) == text, "... as the same");
}

void feed_schedule(Input input) {
    Schedule schedule;
    const std::string text = text_of(input);
    std::string_view rest = text;
    while (!rest.empty()) (void)read_order(take_line(rest), schedule);
    Schedule again;
    const std::string printed = schedule_text(schedule);
    rest = printed;
    while (!rest.empty()) must(read_order(take_line(rest), again).empty(), "an order is read back");
    must(again == schedule, "a schedule is read back as the same");
}

void feed_share_code(Input input) {
    const std::string code = text_of(input);
    (void)is_share_code(code);
    (void)text_of_code(code);
    const auto scenario = scenario_from_code(code);
    if (scenario) must(static_cast<bool>(share_code(*scenario)), "what came from a code can become one");
    (void)scenario_from_code(std::string(kCodePrefix) + code);
}

void feed_replay(Input input) {
    const auto replay = parse_replay(text_of(input));
    if (!replay) return;
    const auto again = parse_replay(replay_text(*replay));
    must(again && replay_text(*again) == replay_text(*replay), "a replay file is read back as the same");
}

void feed_lesson(Input input) {
    const auto lesson = parse_lesson(text_of(input), "1-fuzz");
    if (!lesson) must(!lesson.error().text.empty(), "a refusal says why");
}

// ---- what the files of a mount say

template <class Rule>
void read_back(const std::optional<Rule>& rule, std::optional<Rule> (*parse)(std::string_view)) {
    if (rule) must(parse(rule_text(*rule)) == rule, "a rule is read back as the same");
}

void feed_lab_rules(Input input) {
    const std::string text = text_of(input);
    read_back(parse_hold_rule(text), parse_hold_rule);
    read_back(parse_delay_rule(text), parse_delay_rule);
    read_back(parse_fail_rule(text), parse_fail_rule);
    if (const auto order = parse_release(text)) must(parse_release(release_text(*order)) == order, "a release");
    if (const auto range = parse_chunk_range(text))
        must(parse_chunk_range(chunk_range_text(*range)) == range, "a range of chunks is read back");
    (void)has_rules(text);
    (void)parse_hold_rules(text);
}

void feed_lab_words(Input input) {
    const std::string text = text_of(input);
    for (const BioLine& bio : parse_bios(text)) (void)bio_line(bio);
    for (const TaskLines& task : parse_tasks(text)) (void)task_text(task);
    for (const ChunkRow& row : parse_chunks(text)) must(parse_chunk_line(chunk_line(row)) == row, "a chunk");
    (void)parse_mddev_struct(text);
    (void)gui::parse_axis_rows(text);
}

void feed_snapshot(Input input) {
    const auto snapshot = snapshot_from_json(text_of(input));
    if (!snapshot) return;
    const auto again = snapshot_from_json(snapshot_to_json(*snapshot));
    must(static_cast<bool>(again), "a snapshot is read back");
}

void feed_event_lines(Input input) {
    const std::string text = text_of(input);
    std::string_view rest = text;
    std::string storage;
    while (!rest.empty()) (void)gui::parse_event_line(take_line(rest), storage);
}

// ---- numbers

void feed_numbers(Input input) {
    const std::string text = text_of(input);
    (void)parse_size(text);
    (void)parse_member_size(text);
    (void)parse_duration_ms(text);
    std::uint64_t number = 0, most = 0;
    if (read_size(text, &number)) {
        must(read_size(exact_size_text(number), &most) && most == number, "a size is read back");
        const auto size = parse_size(exact_size_text(number));
        must(size && *size == number, "... by the command line, too");
    }
    if (read_duration(text, &number))
        must(read_duration(exact_duration_text(number), &most) && most == number, "a duration is read back");
    (void)read_number(text, &number);
    (void)read_hex(text, &number);
    (void)parse_span(text, number, most);
    unsigned small = 0;
    int with_sign = 0;
    bool truth = false;
    (void)sysfs::kstrtoull(text, &number);
    (void)sysfs::kstrtouint(text, &small);
    (void)sysfs::kstrtoint(text, &with_sign);
    (void)sysfs::kstrtobool(text, &truth);
    (void)sysfs::strict_blocks_to_sectors(text, &number);
    for (const unsigned scale : {0U, 3U, 9U, 30U}) (void)sysfs::strict_strtoul_scaled(text, scale, &number);
}

constexpr std::array kTargets{
    Target{"super", feed_super},       Target{"bitmap-super", feed_bitmap_super}, Target{"label", feed_label},
    Target{"imsm", feed_imsm},         Target{"sidecar", feed_sidecar},           Target{"scenario", feed_scenario},
    Target{"schedule", feed_schedule}, Target{"share-code", feed_share_code},     Target{"replay", feed_replay},
    Target{"lesson", feed_lesson},     Target{"lab-rules", feed_lab_rules},       Target{"lab-words", feed_lab_words},
    Target{"snapshot", feed_snapshot}, Target{"event-lines", feed_event_lines},   Target{"numbers", feed_numbers},
    Target{"images", feed_images},     Target{"imsm-images", feed_imsm_images},   Target{"stores", feed_stores},
};

}  // namespace

std::span<const Target> targets() {
    return kTargets;
}

const Target* find_target(std::string_view name) {
    const auto found = std::ranges::find(kTargets, name, &Target::name);
    return found == kTargets.end() ? nullptr : &*found;
}

}  // namespace mdscope::fuzz
