// SPDX-License-Identifier: MIT
// external:lab on disk: the label and container.json. Both are read back by a program that may find anything there, so
// most of this is about what is refused, and that the message names the field.
#include "engine/mdadm/container.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/md/format/bytes.hpp"

namespace mdscope {
namespace {

Uuid uuid_from(std::uint8_t first) {
    Uuid uuid{};
    for (std::size_t i = 0; i < uuid.size(); i++) uuid[i] = static_cast<std::uint8_t>(first + i);
    return uuid;
}

LabLabel good_label() {
    LabLabel label;
    label.set_uuid = uuid_from(0x10);
    label.member_uuid = uuid_from(0x30);
    label.slot = 1;
    label.generation = 7;
    label.data_offset = 2048;
    label.data_size = 129024;
    return label;
}

using Sector512 = std::array<std::byte, kLabLabelSize>;

TEST_CASE("a label lies where its layout says") {
    Sector512 sector{};
    encode_label(good_label(), sector);
    const std::string magic = "mdscope!";
    for (std::size_t i = 0; i < magic.size(); i++) CHECK(std::to_integer<char>(sector[i]) == magic[i]);
    CHECK(get_le<std::uint32_t>(sector, 8) == 1);
    CHECK(get_le<std::uint32_t>(sector, 12) == 1);
    CHECK(get_le<std::uint8_t>(sector, 16) == 0x10);
    CHECK(get_le<std::uint8_t>(sector, 32) == 0x30);
    CHECK(get_le<std::uint64_t>(sector, 48) == 7);
    CHECK(get_le<std::uint64_t>(sector, 56) == 2048);
    CHECK(get_le<std::uint64_t>(sector, 64) == 129024);
    CHECK(get_le<std::uint32_t>(sector, 508) == 0x2b4b16d6);  // crc32 of the 508 bytes before, as zlib and Python say
    CHECK(has_label_magic(sector));
}

TEST_CASE("a label is read back as it was written") {
    Sector512 sector{};
    encode_label(good_label(), sector);
    const Result<LabLabel> label = decode_label(sector);
    REQUIRE(label);
    CHECK(label->set_uuid == good_label().set_uuid);
    CHECK(label->member_uuid == good_label().member_uuid);
    CHECK(label->slot == 1);
    CHECK(label->generation == 7);
    CHECK(label->data_offset == 2048);
    CHECK(label->data_size == 129024);
}

TEST_CASE("a label with any byte changed is refused") {
    Sector512 sector{};
    encode_label(good_label(), sector);
    for (std::byte& byte : sector) {
        byte ^= std::byte{0x40};
        REQUIRE_FALSE(decode_label(sector));
        byte ^= std::byte{0x40};
    }
    REQUIRE(decode_label(sector));
}

TEST_CASE("a label says what is wrong with it") {
    const auto refused = [](const LabLabel& label) {
        Sector512 sector{};
        encode_label(label, sector);
        const Result<LabLabel> read = decode_label(sector);
        return read ? "" : read.error().text;
    };
    LabLabel label = good_label();
    label.slot = 8;
    CHECK(refused(label) == "label slot 8, at most 7 is possible");
    label = good_label();
    label.data_offset = ~0ULL;
    CHECK(refused(label) == "label data at 18446744073709551615 for 129024 sectors is impossible");
    Sector512 sector{};
    CHECK(decode_label(sector).error().text == "there is no external:lab label");
    encode_label(good_label(), sector);
    put_le<std::uint32_t>(sector, 8, 2);
    CHECK(decode_label(sector).error().text == "label version 2, this mdscope knows 1");
    CHECK_FALSE(decode_label(std::span(sector).first(100)));
    CHECK_FALSE(has_label_magic(std::span(sector).first(4)));
}

// ---- the sidecar

Container good_container() {
    Container container;
    container.uuid = uuid_from(0x10);
    container.generation = 3;
    container.raid_disks = 2;
    container.size = 129024;
    container.data_offset = 2048;
    container.bitmap_chunk = 65536;
    for (int slot = 0; slot < 2; slot++) {
        ContainerMember member;
        member.name = slot == 0 ? "sda" : "sdb";
        member.uuid = uuid_from(static_cast<std::uint8_t>(0x30 + 16 * slot));
        member.slot = slot;
        member.state = "in_sync";
        container.members.push_back(member);
    }
    return container;
}

TEST_CASE("a sidecar is read back as it was written") {
    Container container = good_container();
    container.dirty = true;
    container.resync_start = 4096;
    container.members[1].state = "rebuilding";
    container.members[1].recovery_start = 1024;
    container.members[1].write_mostly = true;
    container.members[1].label = 7;
    container.members[1].label_next = 9;
    container.members.push_back({"sdc", uuid_from(0x90), -1, "faulty"});
    const Result<Container> read = container_from_json(container_to_json(container));
    REQUIRE(read);
    CHECK(container_to_json(*read) == container_to_json(container));
    CHECK(read->dirty);
    CHECK(read->resync_start == 4096);
    CHECK(read->bitmap_offset == 8);
    CHECK(read->members.size() == 3);
    CHECK(read->members[0].recovery_start == ContainerMember::MaxRecovery);
    CHECK(read->members[1].recovery_start == 1024);
    CHECK(read->members[2].slot == -1);
    CHECK(read->members[1].label == 7);
    CHECK(read->members[1].label_next == 9);
    CHECK(container_from_json(container_to_json(good_container()))->resync_start == ~Sector{0});
}

// As somebody would edit it.
nlohmann::ordered_json without_checksum() {
    auto json = nlohmann::ordered_json::parse(container_to_json(good_container()));
    json.erase("checksum");
    return json;
}

// The sidecar of good_container with one value replaced (by JSON pointer), and what is said about it.
std::string refusal(const char* pointer, const nlohmann::ordered_json& value) {
    auto json = without_checksum();
    json[nlohmann::ordered_json::json_pointer(pointer)] = value;
    const Result<Container> read = container_from_json(json.dump());
    return read ? "" : read.error().text;
}

TEST_CASE("each field of a sidecar has bounds, and the message names it") {
    CHECK(refusal("/version", 2) == "container.json: field version is 2, this mdscope knows 1");
    CHECK(refusal("/uuid", "10111213") == "container.json: field uuid is not four groups of eight hexadecimal digits");
    CHECK(refusal("/uuid", 5) == "container.json: field uuid is not a text");
    CHECK(refusal("/generation", -1) ==
          "container.json: field generation is -1, expected a number from 1 to 18446744073709551615");
    CHECK(refusal("/dirty", 1) == "container.json: field dirty is neither true nor false");
    CHECK(refusal("/resync_start", 129025) ==
          "container.json: field resync_start is 129025, expected a number from 0 to 129024");
    CHECK(refusal("/resync_start", "never") ==
          "container.json: field resync_start is \"never\", expected a number from 0 to 129024");
    CHECK(refusal("/raid_disks", 1) == "container.json: field raid_disks is 1, expected a number from 2 to 8");
    CHECK(refusal("/raid_disks", 9) == "container.json: field raid_disks is 9, expected a number from 2 to 8");
    CHECK(refusal("/size_sectors", 0).find("field size_sectors is 0") != std::string::npos);
    CHECK(refusal("/size_sectors", 1.5).find("field size_sectors is 1.5") != std::string::npos);
    CHECK(refusal("/size_sectors", 1e30).find("field size_sectors is 1e+30") != std::string::npos);
    CHECK(refusal("/data_offset_sectors", ~0ULL).find("field data_offset_sectors") != std::string::npos);
    CHECK(refusal("/bitmap/offset_sectors", -8).find("field bitmap.offset_sectors is -8") != std::string::npos);
    CHECK(refusal("/bitmap/chunk_bytes", 65537) ==
          "container.json: field bitmap.chunk_bytes is 65537, expected a power of two of at least 512");
    CHECK(refusal("/bitmap/chunk_bytes", 256).find("bitmap.chunk_bytes") != std::string::npos);
    CHECK(refusal("/bitmap/chunk_bytes", 1ULL << 32).find("bitmap.chunk_bytes") != std::string::npos);
    CHECK(refusal("/bitmap/daemon_sleep_ms", 0).find("bitmap.daemon_sleep_ms is 0") != std::string::npos);
    CHECK(refusal("/bitmap", 3) == "container.json: field bitmap. is not an object");
    CHECK(refusal("/members", 3) == "container.json: field members is not a list of at most 64");
    CHECK(refusal("/members/0/name", "../x") == "container.json: field members[0].name is not a member's name");
    CHECK(refusal("/members/0/name", "") == "container.json: field members[0].name is not a member's name");
    CHECK(refusal("/members/1/name", "sda") == "container.json: field members[1].name repeats sda");
    CHECK(refusal("/members/1/slot", 0) == "container.json: field members[1].slot repeats slot 0");
    CHECK(refusal("/members/1/slot", 2) == "container.json: field members[1].slot is 2, expected a number from 0 to 1");
    CHECK(refusal("/members/1/slot", "none") ==
          "container.json: field members[1].slot is none, but the state is in_sync");
    CHECK(refusal("/members/1/uuid", format_uuid(uuid_from(0x30))) ==
          "container.json: field members[1].uuid repeats that of another member");
    CHECK(refusal("/members/0/state", "fine") ==
          "container.json: field members[0].state is none of in_sync, faulty, spare, rebuilding");
    CHECK(refusal("/members/0/recovery_start", 129025).find("members[0].recovery_start") != std::string::npos);
    CHECK(refusal("/members/0/label", "new").find("members[0].label") != std::string::npos);
    CHECK(refusal("/members/0/write_mostly", "no").find("members[0].write_mostly") != std::string::npos);
}

TEST_CASE("bits that would lie on the data are refused, the last that fit are not") {
    CHECK(refusal("/bitmap/offset_sectors", 2047) == "");
    CHECK(refusal("/bitmap/offset_sectors", 2048) ==
          "container.json: field bitmap.offset_sectors is 2048: 1 sectors of bits do not fit before the data at 2048");
    CHECK(refusal("/bitmap/offset_sectors", 0) == "");  // no bitmap at all
    CHECK(refusal("/bitmap/chunk_bytes", 512) == "");
    CHECK(refusal("/data_offset_sectors", 9) == "");
    CHECK(refusal("/data_offset_sectors", 8) != "");
}

TEST_CASE("every field has to be there, but for the labels' numbers, which sidecars of before do not have") {
    const auto whole = without_checksum();
    for (const auto& [name, value] : whole.items()) {
        auto json = whole;
        json.erase(name);
        const Result<Container> read = container_from_json(json.dump());
        REQUIRE_FALSE(read);
        CHECK(read.error().text == "container.json: field " + name + " is missing");
    }
    for (const auto& [name, value] : whole["members"][0].items()) {
        auto json = whole;
        json["members"][0].erase(name);
        const Result<Container> read = container_from_json(json.dump());
        if (name == "label" || name == "label_next") {
            REQUIRE(read);
            continue;
        }
        REQUIRE_FALSE(read);
        CHECK(read.error().text == "container.json: field members[0]." + name + " is missing");
    }
}

TEST_CASE("the checksum is that of what is said, not of how it is written, and need not be there") {
    auto json = nlohmann::ordered_json::parse(container_to_json(good_container()));
    CHECK(container_from_json(json.dump()));  // no blanks
    json["of another program"] = 1;
    CHECK(container_from_json(json.dump()));
    json["generation"] = 4;
    CHECK(container_from_json(json.dump()).error().text ==
          "container.json: field checksum is not that of the other fields: the file was damaged, or edited. After an "
          "edit, delete the checksum");
    json.erase("checksum");
    CHECK(container_from_json(json.dump())->generation == 4);
}

TEST_CASE("of another version nothing else is judged") {
    CHECK(container_from_json(R"({"version": 2})").error().text ==
          "container.json: field version is 2, this mdscope knows 1");
}

TEST_CASE("any text is answered with an error, never with an exception or a deep stack") {
    const std::string whole = container_to_json(good_container());
    for (std::size_t length = 0; length + 2 < whole.size(); length++)
        CHECK_FALSE(container_from_json(whole.substr(0, length)));
    for (const char* text : {"", "null", "[]", "7", "\"x\"", "{}", "{\"version\": {}}", "\xff\xfe", "nul"})
        CHECK_FALSE(container_from_json(text));
    const std::size_t depth = 400000;
    CHECK_FALSE(container_from_json(std::string(depth, '[')));
    CHECK_FALSE(container_from_json("{\"version\": " + std::string(depth, '[') + std::string(depth, ']') + "}"));
    CHECK_FALSE(container_from_json(std::string(2 << 20, ' ')));
    auto json = nlohmann::ordered_json::parse(whole);
    for (int i = 0; i < 70; i++) json["members"].push_back(json["members"][0]);
    CHECK(container_from_json(json.dump()).error().text == "container.json: field members is not a list of at most 64");
}

TEST_CASE("what is seldom set is in a sidecar only when it is, and read back") {
    CHECK(container_to_json(good_container()).find("failfast") == std::string::npos);
    CHECK(container_to_json(good_container()).find("backlog") == std::string::npos);
    Container container = good_container();
    container.members[1].failfast = true;
    container.bitmap_backlog = 256;
    const Result<Container> read = container_from_json(container_to_json(container));
    REQUIRE(read);
    CHECK(*read == container);
    CHECK(refusal("/members/0/failfast", "no").find("members[0].failfast") != std::string::npos);
    CHECK(refusal("/bitmap/backlog", 1 << 20).find("bitmap.backlog is 1048576") != std::string::npos);
}

TEST_CASE("names follow the images' files, stay apart, and can always be written and read") {
    Container container = good_container();
    take_name(container, uuid_from(0x30), "sdb");  // the two were exchanged
    CHECK(container.members[0].name == "sdb");
    CHECK(container.members[1].name == "sda");
    take_name(container, uuid_from(0x90), "sdb");  // nobody's
    CHECK(container.members[0].name == "sdb");
    for (const std::string name : {"my disk", ".hidden", "", "a\x1b[2Jb", "sd\xff", "a/b"}) {
        take_name(container, uuid_from(0x30), name);
        CHECK(static_cast<bool>(container_from_json(container_to_json(container))));
    }
    take_name(container, uuid_from(0x30), std::string(300, 'x'));
    CHECK(static_cast<bool>(container_from_json(container_to_json(container))));
}

TEST_CASE("a name that is not UTF-8 does not stop the sidecar from being written") {
    Container container = good_container();
    container.members[0].name = "sd\xff";
    CHECK(container_to_json(container).find("sdb") != std::string::npos);
}

}  // namespace
}  // namespace mdscope
