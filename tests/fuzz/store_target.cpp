// SPDX-License-Identifier: MIT
// Stores into md/ and lab/ of an array in any state, as a script: a line each,
//
//   home internal|external|file|none      of the bitmap; only before the first other line
//   md/FILE VALUE     lab/FILE VALUE      a store, by a task of its own: it may sleep, and others go on meanwhile
//   write CHUNK       read CHUNK          64 KiB each
//   pass SECONDS                          time
//
// Files of lab/ that are rules go to the members' disks as fs/mount/lab does it. After each line everything is looked
// at; at the end nothing is held any more, and what a SIGTERM does must come to its end (unless there was an Oops,
// which some rows of lab/ are there for, or md0 is suspended).
#include <fmt/format.h>

#include <array>

#include "engine/look/lab_chunks.hpp"
#include "engine/look/lab_rules.hpp"
#include "engine/look/lab_words.hpp"
#include "engine/look/snapshot.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/sim_array.hpp"

namespace mdscope::fuzz {

namespace {

using testing::SimArray;

constexpr std::uint64_t kMostSteps = 300'000;  // of one line; what takes longer goes round in circles
constexpr unsigned kMostLines = 40;
constexpr std::size_t kChunk = 64 << 10;
constexpr std::array kHomes = {"external", "internal", "file", "none"};

class Script {
   public:
    Script(const LabPlan& plan, const std::string& home) : lab_(plan, home) {
        must(lab_.start().empty(), "a fresh lab starts");
        lab_.kernel.add_ram_disk("lab/sdc.img", 2ULL << 20);
    }

    void perform(const std::string& line) {
        std::string_view value = line;
        const std::size_t blank = std::min(value.find(' '), value.size());
        const std::string file(value.substr(0, blank));
        value.remove_prefix(std::min(blank + 1, value.size()));
        std::uint64_t number = 0;
        for (const char c : value.substr(0, 4)) number = c >= '0' && c <= '9' ? number * 10 + (c - '0') : number;
        if (file == "pass") return pass(number % 100);
        if (file == "write" || file == "read")
            begin([this, file, number] { request(file == "write", number * kChunk); });
        else if (file.starts_with("md/dev-") || file.starts_with("md/") || file.starts_with("lab/"))
            begin([this, file, text = std::string(value)] { store(file, text); });
        settle();
        look();
    }

    void end() {
        rules_off();
        pass(60);
        if (lab_.kernel.first_oops() != nullptr || is_suspended()) return;
        bool ended = false;
        begin([this, &ended] {
            std::string why;
            lab_.array.wait_until_settled();
            if (lab_.array.mddev().openers.peek() != 0 || lab_.array.stop(false, &why) != 0) lab_.array.notify_reboot();
            ended = true;
        });
        const auto outcome = lab_.kernel.run_until([&] { return ended; }, kMostSteps);
        if (outcome != SimKernel::Outcome::Reached && lab_.kernel.first_oops() == nullptr)
            must(false, "a SIGTERM comes to its end:\n" + lab_.kernel.sleepers());
    }

   private:
    template <class Body>
    void begin(Body body) {
        lab_.kernel.kthread_run("sh", [body] { body(); });
    }
    void settle() {
        must(lab_.kernel.run_until_idle(kMostSteps) != SimKernel::Outcome::Limit, "nothing goes round in circles");
    }
    void pass(std::uint64_t seconds) {
        must(lab_.kernel.run_for(seconds * kNsPerSec, kMostSteps) != SimKernel::Outcome::Limit,
             "nothing goes round in circles while time passes");
    }
    [[nodiscard]] bool is_suspended() {
        const Mddev& md = lab_.array.mddev();
        return md.suspend_lo.peek() < md.suspend_hi.peek();
    }
    void request(bool is_write, std::uint64_t at) {
        std::vector<std::byte> data(kChunk, std::byte{0x33});
        if (lab_.array.open() != 0) return;
        (void)(is_write ? lab_.array.write(at, data, false) : lab_.array.read(at, data));
        lab_.array.release();
    }

    void store(const std::string& file, const std::string& value) {
        if (file.starts_with("lab/")) return store_lab(file.substr(4), value);
        if (!file.starts_with("md/dev-")) {
            (void)md_attr_store(lab_.array.mddev(), file.substr(3), value);
            return;
        }
        const std::size_t slash = std::min(file.find('/', 7), file.size());
        for (Rdev* rdev : rdev_list(lab_.array.mddev()))
            if (rdev->name == file.substr(7, slash - 7))
                (void)rdev_attr_store(*rdev, file.substr(std::min(slash + 1, file.size())), value);
    }

    void store_lab(const std::string& file, const std::string& value) {
        std::string why;
        if (file == "stop") (void)lab_.array.stop(value == "force", &why);
        if (file == "assemble") (void)lab_.array.reassemble(&why, value == "run");
        if (file == "add") (void)lab_.array.add(value, &why);
        if (file == "re-add") (void)lab_.array.re_add(value, &why);
        if (file == "remove") (void)lab_.array.remove(value, &why, kNsPerSec);
        if (file == "chunks")
            if (const auto range = parse_chunk_range(value)) (void)chunks_file(lab_.array.mddev(), *range);
        if (file == "release") release(value);
        if (const Variant* variant = find_variant(file)) choose(*variant, value);
        for (const auto& disk : lab_.array.member_disks()) give_rule(disk, file, value);
    }
    void choose(const Variant& variant, const std::string& value) {
        const VariantRow* const row = variant.find(value);
        Mddev& md = lab_.array.mddev();
        if (row == nullptr || mddev_lock(md) != 0) return;
        if (variant.facts->while_running || md.pers.load() == nullptr) md.variants.choose(variant, *row);
        mddev_unlock(md);
    }
    void release(const std::string& value) {
        const auto order = parse_release(value);
        if (!order) return;
        for (const auto& disk : lab_.array.member_disks())
            (void)(order->id ? disk.pause->release(*order->id) : disk.pause->release_all() != 0);
    }
    static bool is_for(const std::string& member, const Array::MemberDisk& disk) {
        return member.empty() || member == disk.name;
    }
    static void give_rule(const Array::MemberDisk& disk, const std::string& file, const std::string& value) {
        if (file == "hold")
            if (const auto rule = parse_hold_rule(value); rule && is_for(rule->member, disk))
                disk.pause->hold({.kinds = rule->kinds});
        if (file == "delay")
            if (const auto rule = parse_delay_rule(value); rule && is_for(rule->member, disk))
                disk.delay->set_delay({.kinds = rule->kinds}, rule->ms * kNsPerMs);
        if (file == "fail")
            if (const auto rule = parse_fail_rule(value); rule && is_for(rule->member, disk))
                disk.fault->add_rule(
                    {.filter{.kinds = rule->kinds, .ops = {rule->op}, .first = rule->first, .last = rule->last},
                     .skip = rule->skip,
                     .count = rule->count});
    }
    void rules_off() {
        for (const auto& disk : lab_.array.member_disks()) {
            disk.pause->lift();
            disk.delay->set_delay({}, 0);
            disk.pause->release_all();
        }
    }

    // Every file that can be read, and what the window asks for.
    void look() {
        Mddev& md = lab_.array.mddev();
        for (const auto attrs : {md_attrs(), md_bitmap_attrs()})
            for (const MdAttr& attr : attrs)
                if (attr.show != nullptr) (void)attr.show(md);
        for (Rdev* rdev : rdev_list(md))
            for (const RdevAttr& attr : rdev_attrs())
                if (attr.show != nullptr) (void)attr.show(*rdev);
        (void)mdstat({&md});
        (void)mddev_struct_text(md);
        must(static_cast<bool>(snapshot_from_json(snapshot_json(lab_.array))), "a snapshot is read back");
    }

    SimArray lab_;
};

// ---- words for a mutator

constexpr std::array kValues = {
    "0",
    "1",
    "-1",
    "2",
    "+8",
    "-8",
    "8",
    "+0",
    "none",
    "max",
    "default",
    "internal",
    "external",
    "file",
    "512",
    "4096",
    "65536",
    "1048576",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "0.001",
    "4294967295.999999999",
    "9223372036.854775807",
    "18446744073709551615.9",
    "clear",
    "inactive",
    "suspended",
    "readonly",
    "read-auto",
    "clean",
    "active",
    "write-pending",
    "active-idle",
    "idle",
    "frozen",
    "resync",
    "recover",
    "check",
    "repair",
    "faulty",
    "remove",
    "writemostly",
    "-writemostly",
    "blocked",
    "-blocked",
    "insync",
    "write_error",
    "-write_error",
    "want_replacement",
    "failfast",
    "re-add",
    "external_bbl",
    "100",
    "0 8",
    "18446744073709551615 1",
    "1 0",
    "external:lab",
    "external:-lab",
    "1.2",
    "raid1",
    "system",
    "true",
    "false",
    "set",
    "spare",
    "0-1",
    "0-999999999999",
    "0 18446744073709551615",
    "sda",
    "sdb",
    "sdc",
    "lab/sdc.img",
    "1024",
    "2048",
    "external:lab",
    "1",
};
constexpr std::array kLabStores = {
    "stop 1",
    "stop force",
    "assemble 1",
    "assemble run",
    "add sda",
    "add sdb",
    "add lab/sdb.img",
    "add lab/sdc.img",
    "re-add sdb",
    "re-add sda",
    "remove sdb",
    "remove sda",
    "hold",
    "hold bitmap",
    "hold superblock",
    "hold data sdb",
    "hold all",
    "release all",
    "release 1",
    "delay all 1000",
    "delay sdb 18446744073709551615",
    "delay sda 18446744073709",
    "fail sdb write",
    "fail sda write",
    "fail sdb read",
    "fail sda write superblock",
    "fail all flush",
    "chunks 0-18446744073709551615",
    "chunks all",
    "fix none",
    "fix proposal",
};

template <class List>
const auto& one_of(const List& list, std::uint64_t& number) {
    const auto& chosen = list[number % list.size()];
    number /= list.size();
    return chosen;
}

}  // namespace

std::string some_store(std::uint64_t number) {
    const std::uint64_t kind = number % 8;
    number /= 8;
    if (kind == 0) return fmt::format("{} {}", number % 2 == 0 ? "write" : "read", number / 2 % 20);
    if (kind == 1) return fmt::format("pass {}", number % 20);
    if (kind <= 3) return fmt::format("lab/{}", one_of(kLabStores, number));
    if (kind == 4) {
        const char* const member = number % 2 == 0 ? "sda" : "sdb";
        number /= 2;
        const RdevAttr& attr = one_of(rdev_attrs(), number);
        return fmt::format("md/dev-{}/{} {}", member, attr.name, one_of(kValues, number));
    }
    const MdAttr& attr = kind == 5 ? one_of(md_bitmap_attrs(), number) : one_of(md_attrs(), number);
    return fmt::format("md/{}{} {}", kind == 5 ? "bitmap/" : "", attr.name, one_of(kValues, number));
}

void feed_stores(Input input) {
    const std::string text = text_of(input);
    std::string_view rest = text;
    std::size_t home = 0;
    if (text.starts_with("home ")) {
        const std::string_view word = take_line(rest).substr(5);
        while (home + 1 < kHomes.size() && word != kHomes[home]) home++;
    }
    static const std::array kPlans{
        SimArray::planned(SimArray::small(kHomes[0])), SimArray::planned(SimArray::small(kHomes[1])),
        SimArray::planned(SimArray::small(kHomes[2])), SimArray::planned(SimArray::small(kHomes[3]))};
    Script script(kPlans[home], kHomes[home]);
    for (unsigned lines = 0; !rest.empty() && lines < kMostLines; lines++) script.perform(std::string(take_line(rest)));
    script.end();
}

}  // namespace mdscope::fuzz
