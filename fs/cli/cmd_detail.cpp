// SPDX-License-Identifier: MIT
// detail: the array as `mdadm --detail` prints it, from the mounted tree alone: lab/mddev (the fields of md's structs),
// md/* (words) and mdstat are all it reads.
#include <fmt/format.h>

#include <cctype>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/kernel/shown.hpp"
#include "engine/look/snapshot.hpp"
#include "engine/md/format/format.hpp"
#include "engine/mdadm/geometry.hpp"
#include "fs/cli/client.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/disk_mounts.hpp"
#include "fs/cli/halted.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

struct Member {
    std::string name, path;
    int number = -1;
    int slot = -1;
    std::vector<std::string> states;  // mdadm's words
    [[nodiscard]] bool is(const char* word) const {
        return std::find(states.begin(), states.end(), word) != states.end();
    }
};

struct Details {
    StructFields mddev;
    std::vector<Member> members;
    std::string served, version, array_state, sync_action, policy, level, bitmap;
    std::string oops;  // which one and where; empty: none
    int raid_disks = 0, active = 0, working = 0, failed = 0, spare = 0;
    double sync_percent = -1;
    [[nodiscard]] std::uint64_t number(const char* field) const {
        const auto found = mddev.find(field);
        return found == mddev.end() ? 0 : std::strtoull(found->second.c_str(), nullptr, 10);
    }
    [[nodiscard]] std::string word(const char* field) const {
        const auto found = mddev.find(field);
        return found == mddev.end() ? std::string() : found->second;
    }
    [[nodiscard]] bool running() const { return !word("pers").empty(); }
    [[nodiscard]] bool external() const { return number("external") != 0; }
};

// ---- reading

Member member_of(const MountedTree& tree, StructFields& fields, bool running) {
    Member member;
    member.name = fields["bdev"];
    member.path = fields["path"];
    member.number = std::atoi(fields["desc_nr"].c_str());
    member.slot = std::atoi(fields["raid_disk"].c_str());
    const std::string words = "," + tree.read_or("md/dev-" + member.name + "/state", "") + ",";
    const auto has = [&](const char* word) { return words.find("," + std::string(word) + ",") != std::string::npos; };
    if (has("faulty")) {
        member.states.emplace_back("faulty");
    } else if (has("in_sync")) {
        if (running) member.states.emplace_back("active");
        member.states.emplace_back("sync");
    }
    const bool plain = member.states.empty();
    if (plain) member.states.emplace_back("spare");
    if (has("write_mostly")) member.states.emplace_back("writemostly");
    if (has("failfast")) member.states.emplace_back("failfast");
    if (plain && member.slot >= 0) member.states.emplace_back("rebuilding");
    return member;
}

Result<Details> read_details(const MountedTree& tree) {
    const Result<std::string> text = tree.read("lab/mddev");
    if (!text) return text.error();
    Details details;
    for (auto& [name, fields] : parse_mddev_struct(*text)) {
        if (name == "mddev") details.mddev = fields;
        if (name == "md_rdev") details.members.push_back(member_of(tree, fields, details.running()));
    }
    std::sort(details.members.begin(), details.members.end(), [](const Member& a, const Member& b) {
        const auto place = [](const Member& m) { return m.slot >= 0 && !m.is("faulty") ? m.slot : 1000 + m.number; };
        return place(a) < place(b);
    });
    details.served = tree.read_or("lab/served", "");
    details.version = tree.read_or("md/metadata_version", "none");
    details.array_state = tree.read_or("md/array_state", "clear");
    details.sync_action = tree.read_or("md/sync_action", "idle");
    details.policy = tree.read_or("md/consistency_policy", "unknown");
    details.level = tree.read_or("md/level", "");
    details.bitmap = tree.read_or("md/bitmap/location", "none");
    if (is_halted(tree)) details.oops = oops_text(tree);
    details.raid_disks = static_cast<int>(details.number("raid_disks"));
    for (const Member& member : details.members) {
        if (member.is("faulty")) {
            details.failed++;
            continue;
        }
        details.working++;
        (member.is("sync") ? details.active : details.spare)++;
    }
    std::istringstream completed(tree.read_or("md/sync_completed", "none"));
    double done = 0, all = 0;
    char slash = 0;
    if (completed >> done >> slash >> all && all > 0) details.sync_percent = 100 * done / all;
    return details;
}

// ---- printing

std::string state_line(const Details& details) {
    const bool clean = details.number("in_sync") != 0;  // the bit that GET_ARRAY_INFO has
    std::string text = clean ? "clean" : "active";
    if (details.active == 0)
        text += ", FAILED";
    else if (details.active < details.raid_disks)
        text += ", degraded";
    if (details.sync_action == "recover") text += ", recovering";
    if (details.sync_action == "resync" || details.sync_action == "repair") text += ", resyncing";
    if (details.sync_action == "check") text += ", checking";
    if (!details.running()) text += ", Not Started";
    if (!details.oops.empty()) text += ", halted by an Oops";
    return text + " ";
}

std::string time_text(std::uint64_t seconds) {
    const auto when = static_cast<std::time_t>(seconds);
    std::tm parts{};
    char text[64];
    if (localtime_r(&when, &parts) == nullptr || std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts) == 0)
        return std::to_string(seconds);
    return text;
}

void line(const char* label, const std::string& value) {
    say("{:>18} : {}\n", label, shown(value));
}

std::string kib_text(std::uint64_t sectors) {
    return std::to_string(sectors / 2) + human_size(sectors / 2);
}

std::string states_text(const Member& member) {
    std::string text;
    for (const std::string& word : member.states) text += (text.empty() ? "" : " ") + word;
    return text;
}

void print_member(const Member& member, const Details& details) {
    const bool placed = details.running() && member.slot >= 0 && !member.is("faulty");
    const std::string number = details.running() ? std::to_string(member.number) : "-";
    say("{:>8} {:>7} {:>8} {:>8}      {}   {}\n", number, 0, 0, placed ? std::to_string(member.slot) : "-",
        states_text(member), shown(member.path));
}

void print_members(const Details& details) {
    say("\n    Number   Major   Minor   RaidDevice State\n");
    for (int slot = 0; slot < details.raid_disks; slot++) {
        bool found = false;
        for (const Member& member : details.members) {
            if (!details.running() || member.slot != slot || member.is("faulty")) continue;
            print_member(member, details);
            found = true;
        }
        if (!found) say("{:>8} {:>7} {:>8} {:>8}      {}\n", "-", 0, 0, slot, "removed");
    }
    bool gap = false;
    for (const Member& member : details.members) {
        if (details.running() && member.slot >= 0 && !member.is("faulty")) continue;
        if (!gap) say("\n");
        gap = true;
        print_member(member, details);
    }
}

void print_sync(const Details& details) {
    if (details.sync_percent < 0) return;
    const char* what = details.sync_action == "recover" ? "Rebuild"
                       : details.sync_action == "check" ? "Check"
                                                        : "Resync";
    say("\n    {:>7} Status : {}% complete\n", what, static_cast<int>(details.sync_percent));
}

void print_details(const Details& details, const std::string& disk) {
    say("{}:\n", shown(disk));
    const bool native = !details.external();
    line("Version", native ? details.version : details.word("metadata_type"));
    if (details.number("ctime") != 0) line("Creation Time", time_text(details.number("ctime")));
    if (!details.level.empty()) line("Raid Level", details.level);
    if (details.running()) line("Array Size", kib_text(details.number("array_sectors")));
    line("Used Dev Size", kib_text(details.number("dev_sectors")));
    line("Raid Devices", std::to_string(details.raid_disks));
    line("Total Devices", std::to_string(details.members.size()));
    if (native) line("Persistence", "Superblock is persistent");
    say("\n");
    if (details.running() && details.bitmap != "none") {
        line("Intent Bitmap", details.bitmap == "file" ? details.word("bitmap_info.file")
                              : native                 ? std::string("Internal")
                                                       : "External, " + details.version);
        say("\n");
    }
    if (native) line("Update Time", time_text(details.number("utime")));
    line("State", state_line(details));
    line("Active Devices", std::to_string(details.active));
    line("Working Devices", std::to_string(details.working));
    line("Failed Devices", std::to_string(details.failed));
    if (native) line("Spare Devices", std::to_string(details.spare));
    say("\n");
    line("Consistency Policy", details.policy);
    print_sync(details);
    if (!details.served.empty()) line("Requests", "served " + details.served);
    if (native) {
        say("\n");
        line("Name", details.word("set_name"));
        line("UUID", details.word("uuid"));
        line("Events", details.word("events"));
    }
    print_members(details);
}

void print_json(const Details& details, const std::string& disk) {
    nlohmann::ordered_json json;
    json["version"] = 1;
    json["array"] = disk;
    json["metadata"] = details.version;
    json["level"] = details.level;
    json["array_state"] = details.array_state;
    if (!details.served.empty()) json["served"] = details.served;
    if (!details.oops.empty()) json["oops"] = details.oops;
    json["sync_action"] = details.sync_action;
    if (details.sync_percent >= 0) json["sync_percent"] = details.sync_percent;
    json["size_bytes"] = details.number("array_sectors") * 512;
    json["member_size_bytes"] = details.number("dev_sectors") * 512;
    json["raid_disks"] = details.raid_disks;
    json["active"] = details.active;
    json["working"] = details.working;
    json["failed"] = details.failed;
    json["spare"] = details.spare;
    json["bitmap"] = details.bitmap;
    json["consistency_policy"] = details.policy;
    json["uuid"] = details.word("uuid");
    json["events"] = details.number("events");
    json["members"] = nlohmann::ordered_json::array();
    for (const Member& member : details.members) {
        nlohmann::ordered_json row;
        row["name"] = member.name;
        row["path"] = member.path;
        row["number"] = member.number;
        row["slot"] = member.slot;
        row["state"] = member.states;
        json["members"].push_back(row);
    }
    say("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// The keys of mdadm --detail --export; a value is a word of the shell.
void print_export(const Details& details) {
    const auto put = [](const std::string& key, const std::string& value) { say("{}={}\n", key, shell_word(value)); };
    if (!details.level.empty()) put("MD_LEVEL", details.level);
    put("MD_DEVICES", std::to_string(details.raid_disks));
    put("MD_METADATA", details.external() ? details.word("metadata_type") : details.version);
    put("MD_UUID", details.word("uuid"));
    if (!details.external()) put("MD_NAME", details.word("set_name"));
    put("MD_ARRAY_STATE", details.array_state);
    put("MD_SYNC_ACTION", details.sync_action);
    put("MD_DEGRADED", std::to_string(details.raid_disks - details.active));
    for (const Member& member : details.members) {
        std::string key = "MD_DEVICE_dev_" + member.name;
        for (char& c : key)
            if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
        put(key + "_ROLE", member.slot >= 0 && !member.is("faulty") ? std::to_string(member.slot)
                           : member.is("faulty")                    ? "faulty"
                                                                    : "spare");
        put(key + "_DEV", member.path);
    }
}

struct DetailWords {
    std::string mount;
    bool json = false;
    bool exported = false;
};

int detail(const DetailWords& words) {
    const Result<MountedTree> tree = MountedTree::open(words.mount);
    if (!tree) return complain(kFailed, tree.error().text);
    const Result<Details> details = read_details(*tree);
    if (!details) return complain(kFailed, details.error().text);
    if (words.json) {
        print_json(*details, disk_file(tree->root()));
        return kOk;
    }
    const bool is_shown = details->array_state != "clear";
    if (!details->oops.empty() && !is_shown) return complain(kFailed, halted_text(*tree));
    if (!is_shown)
        return complain(kFailed, "md0 is stopped; `mdscope assemble " + shell_word(words.mount) + "` starts it");
    if (words.exported)
        print_export(*details);
    else
        print_details(*details, disk_file(tree->root()));
    if (!details->oops.empty()) return complain(kFailed, halted_text(*tree));
    return kOk;
}

}  // namespace

void add_detail_commands(CLI::App& app, int* exit_code) {
    CLI::App* sub = app.add_subcommand("detail", "Show the array as mdadm --detail does");
    const auto words = std::make_shared<DetailWords>();
    sub->add_option("MNT", words->mount, kMntHelp)->required();
    CLI::Option* json = sub->add_flag("--json", words->json, "One JSON object");
    sub->add_flag("--export", words->exported, "key=value, as mdadm --detail --export, for a shell's eval")
        ->excludes(json);
    sub->footer("Example: mdscope detail mnt; eval \"$(mdscope detail --export mnt)\"; echo $MD_DEGRADED");
    sub->callback([=] { *exit_code = detail(*words); });
}

}  // namespace mdscope
