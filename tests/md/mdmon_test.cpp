// SPDX-License-Identifier: MIT
// mdmon: the sidecar says so first.
//
// Goal: whatever moment the machine dies at, the sidecar on disk is never more optimistic than the array was. Method:
// an external array on a simulated kernel, with a real Mdmon whose files go through FilesKernel. That one records what
// each replacement of the sidecar said and what the array was at that instant, fails replacements on request (a full
// disk), and lets a story do something while one is under way.
#include "engine/mdadm/mdmon/mdmon.hpp"

#include "engine/kernel/disk.hpp"
#include "tests/md/passing_kernel.hpp"
#include "tests/md/sysfs_lab.hpp"

namespace mdscope::sysfs_test {

namespace {

constexpr const char* kSidecar = "lab/container.json";

Container two_members() {
    Container container;
    container.uuid.fill(0x11);
    container.generation = 1;
    container.raid_disks = 2;
    container.size = kComponentKib * 2;
    container.data_offset = kDataOffset;
    container.bitmap_chunk = 1 << 20;
    for (int slot : {0, 1}) {
        ContainerMember member;
        member.name = slot == 0 ? "sda" : "sdb";
        member.uuid.fill(static_cast<std::uint8_t>(0xd0 + slot));
        member.slot = slot;
        member.state = "in_sync";
        container.members.push_back(member);
    }
    return container;
}

// The simulated kernel with another way to write files.
class FilesKernel final : public test::PassingKernel {
   public:
    FilesKernel(SimKernel& below, Mddev& mddev) : PassingKernel(below), sim_(below), mddev_(mddev) {}

    struct Replacement {
        Container container;
        std::string array_state;           // while it was written
        std::size_t volatile_sectors = 0;  // of all members, that a power cut at that moment would have lost
    };
    std::vector<Replacement> replacements;
    int error = 0;                        // what replacing answers, as a positive errno
    std::function<void()> while_writing;  // once

    Result<bool> replace_file(const std::string& path, std::string_view text) override {
        if (while_writing) std::exchange(while_writing, {})();
        if (error != 0) return Error{error, error == ESTALE ? "the folder was removed" : "No space left on device"};
        const auto container = container_from_json(std::string(text));
        CHECK(static_cast<bool>(container));
        Replacement& replacement = replacements.emplace_back(Replacement{*container, array_state_word(mddev_)});
        for (const char* image : {"sda.img", "sdb.img", "sdc.img"})
            replacement.volatile_sectors += sim_.find_ram_disk(image)->volatile_sectors().size();
        return PassingKernel::replace_file(path, text);
    }

   private:
    SimKernel& sim_;
    Mddev& mddev_;
};

// An external array that runs, with its mdmon.
class MdmonLab : public SysfsLab {
   public:
    explicit MdmonLab(const Container& container = two_members(), const char* start_word = "active") {
        kernel.run_task("mdadm",
                        [&] { CHECK(static_cast<bool>(kernel.replace_file(kSidecar, container_to_json(container)))); });
        external();
        for (const ContainerMember& member : container.members) find(member.name)->label_uuid = member.uuid;
        start(start_word);
        mdmon = std::make_unique<Mdmon>(files, mddev, container, kSidecar);
    }
    ~MdmonLab() {
        mdmon.reset();
        for (Rdev* rdev : rdev_list(mddev)) {
            for (const auto& disk : disks)
                if (disk->name() == rdev->name) rdev->bdev = disk.get();
        }
    }
    MdmonLab& monitored() {
        mdmon->start();
        settle();
        return *this;
    }
    Container on_disk() {
        Container container;
        kernel.run_task("cat", [&] {
            const auto text = kernel.read_file(kSidecar);
            CHECK(static_cast<bool>(text));
            auto parsed = container_from_json(*text);
            CHECK(static_cast<bool>(parsed));
            container = *parsed;
        });
        return container;
    }
    static std::string state_in(const Container& container, const std::string& name) {
        for (const ContainerMember& member : container.members)
            if (member.name == name) return member.state;
        return "?";
    }
    std::string member_state(const std::string& name) { return state_in(on_disk(), name); }
    int change(std::function<void(Container&)> edit) {
        int result = 0;
        kernel.run_task("mdadm", [&] { result = mdmon->change(std::move(edit)); });
        return result;
    }
    int ping() {
        int result = 0;
        kernel.run_task("mdadm", [&] { result = mdmon->ping(); });
        return result;
    }
    void fail_flushes_of(const std::string& name) { fail_of(name, {.ops = {BioOp::Flush}}); }
    void fail_of(const std::string& name, BioFilter which) {
        Rdev& rdev = *find(name);
        faults_.push_back(std::make_unique<FaultDisk>(*rdev.bdev));
        faults_.back()->add_rule({.filter = std::move(which)});
        rdev.bdev = faults_.back().get();
    }
    std::size_t log_lines(const std::string& part) {
        std::size_t count = 0;
        for (const LogLine& line : kernel.log()) count += line.text.find(part) != std::string::npos ? 1 : 0;
        return count;
    }

    FilesKernel files{kernel, mddev};
    std::unique_ptr<Mdmon> mdmon;

   private:
    std::vector<std::unique_ptr<FaultDisk>> faults_;
};

}  // namespace

TEST_CASE("dirty is durable before the first writer goes, and clean only after clean was seen") {
    MdmonLab lab;
    lab.monitored();
    CHECK(!lab.on_disk().dirty);
    const Process& writer = lab.begin_write(0);
    // Stop the world at the very step at which the pending change is acknowledged.
    CHECK(lab.until([&] { return lab.show("array_state") == "write-pending"; }));
    CHECK(lab.until([&] { return lab.show("array_state") != "write-pending"; }));
    CHECK(!writer.done);
    REQUIRE(lab.files.replacements.size() == 1);
    CHECK(lab.files.replacements[0].container.dirty);
    CHECK(lab.files.replacements[0].array_state == "write-pending");
    CHECK(lab.on_disk().dirty);
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(writer.result == 0);
    // One to two safe_mode_delays later: active-idle, mdmon writes clean, sees it, records it.
    CHECK(lab.until([&] { return lab.show("array_state") == "clean"; }));
    CHECK(lab.mdmon->container().dirty);
    lab.settle();
    CHECK(!lab.on_disk().dirty);
    REQUIRE(lab.files.replacements.size() == 2);
    CHECK(lab.files.replacements[1].array_state == "clean");
    CHECK(lab.files.replacements[1].volatile_sectors == 0);
}

TEST_CASE("a member that cannot be flushed is failed, and recorded so by the sidecar that says clean") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    lab.fail_flushes_of("sdb");
    lab.pass(3000);
    CHECK(!lab.on_disk().dirty);
    CHECK(lab.member_state("sda") == "in_sync");
    CHECK(lab.member_state("sdb") == "faulty");
    for (const auto& replacement : lab.files.replacements)
        CHECK((replacement.container.dirty || MdmonLab::state_in(replacement.container, "sdb") == "faulty" ||
               replacement.volatile_sectors == 0));
    CHECK(lab.log_lines("sdb cannot be flushed") == 1);
}

TEST_CASE("the sidecar goes on saying dirty when no member can be flushed, also after a stop") {
    for (const bool stopped : {false, true}) {
        CAPTURE(stopped);
        MdmonLab lab;
        lab.monitored();
        CHECK(lab.write(0) == 0);
        lab.fail_flushes_of("sda");
        lab.fail_flushes_of("sdb");
        if (stopped) CHECK(lab.store("array_state", "inactive") == 0);
        lab.pass(3000);
        CHECK(lab.on_disk().dirty);
        CHECK(lab.mddev.sysfs_state.generation < 20);  // tried again each second, not all the time
    }
}

TEST_CASE("a member that cannot be flushed at the end is recorded as failed, and the array as clean") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    lab.fail_flushes_of("sdb");
    CHECK(lab.store("array_state", "inactive") == 0);
    lab.settle();
    CHECK(!lab.on_disk().dirty);
    CHECK(lab.member_state("sda") == "in_sync");
    CHECK(lab.member_state("sdb") == "faulty");
    CHECK(lab.mdmon->finished());
}

TEST_CASE("a failure is durable before the failed write can be acknowledged, and the member is then removed") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    Rdev& failed = *all_rdevs_at_rest(lab.mddev).back();
    CHECK(failed.name == "sdb");
    CHECK(test_bit(Blocked, failed.flags));
    CHECK(lab.until(
        [&] { return !test_bit(MD_SB_CHANGE_PENDING, lab.mddev.sb_flags) || !test_bit(Blocked, failed.flags); }));
    CHECK(lab.member_state("sdb") == "faulty");
    CHECK(lab.until([&] { return lab.find("sdb") == nullptr; }));
    CHECK(lab.member_state("sdb") == "faulty");
    CHECK(lab.write(3) == 0);
    CHECK(lab.show("degraded") == "1");
}

// "1 of 25 tries" on a mount: whoever removes it is quicker than mdmon.
TEST_CASE("a member that was failed and removed before mdmon looked is recorded as failed, before any write goes on") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    lab.settle();
    // Both in one go, while the task sleeps.
    lab.kernel.run_task("mdadm", [&] {
        Rdev& sdb = *lab.find("sdb");
        md_error(lab.mddev, sdb);
        CHECK(rdev_attr_store(sdb, "state", "remove") == 0);
    });
    const Process& writer = lab.begin_write(1);
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(writer.result == 0);
    CHECK(lab.member_state("sdb") == "faulty");
    CHECK(lab.member_state("sda") == "in_sync");
    for (const ContainerMember& member : lab.on_disk().members) CHECK(member.slot >= 0);  // for a re-add
}

// By hand, as a program that looked before the member failed: it writes `active` for what it knows.
TEST_CASE("a write that failed on a member is not acknowledged by an `active` from before that failure was recorded") {
    MdmonLab lab;
    lab.fail_of("sdb", {.kinds = {BioKind::Data}, .ops = {BioOp::Write}});
    const Process& writer = lab.begin_write(1);
    CHECK(lab.until([&] { return lab.show("array_state") == "write-pending"; }));
    CHECK(lab.store("array_state", "active") == 0);
    CHECK(lab.until([&] { return lab.show("array_state") == "write-pending"; }));
    CHECK(lab.show_dev("sdb", "state").find("faulty") != std::string::npos);
    CHECK(lab.store("array_state", "active") == 0);
    lab.settle();
    CHECK(!writer.done);
    CHECK(lab.store_dev("sdb", "state", "-blocked") == 0);
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(writer.result == 0);
}

// The images of two members have changed names.
TEST_CASE("mdmon knows members by their labels: what a member is called says nothing") {
    MdmonLab lab;
    std::swap(lab.find("sda")->label_uuid, lab.find("sdb")->label_uuid);
    lab.monitored();
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    CHECK(lab.until([&] { return lab.find("sdb") == nullptr; }));
    CHECK(lab.member_state("sda") == "faulty");
    CHECK(lab.member_state("sdb") == "in_sync");
}

TEST_CASE("a member that fails while dirty is being recorded keeps `active` back until it is recorded, too") {
    MdmonLab lab;
    lab.monitored();
    lab.files.while_writing = [&] { md_error(lab.mddev, *lab.find("sdb")); };
    const Process& writer = lab.begin_write(0);
    CHECK(lab.until([&] { return !test_bit(MD_SB_CHANGE_PENDING, lab.mddev.sb_flags) && lab.mddev.in_sync == 0; }));
    REQUIRE(lab.files.replacements.size() == 2);
    CHECK(MdmonLab::state_in(lab.files.replacements[0].container, "sdb") == "in_sync");
    CHECK(MdmonLab::state_in(lab.files.replacements[1].container, "sdb") == "faulty");
    CHECK(lab.files.replacements[1].array_state == "write-pending");
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(writer.result == 0);
}

TEST_CASE("with a full disk no writer goes, it is said once, and all goes on when there is room again") {
    MdmonLab lab;
    lab.monitored();
    lab.files.error = ENOSPC;
    const Process& writer = lab.begin_write(0);
    lab.pass(10'000);
    CHECK(!writer.done);
    CHECK(lab.show("array_state") == "write-pending");
    CHECK(lab.log_lines("mdmon: md1: lab/container.json: No space left on device") == 1);
    CHECK(lab.change([](Container& container) { container.bitmap_daemon_sleep_ms = 1; }) == -ENOSPC);
    lab.files.error = 0;
    lab.pass(2'000);
    CHECK(writer.done);
    CHECK(writer.result == 0);
    CHECK(lab.log_lines("written again") == 1);
    CHECK(lab.mdmon->container().bitmap_daemon_sleep_ms == two_members().bitmap_daemon_sleep_ms);
}

TEST_CASE("with a full disk a failed member is not acknowledged") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    lab.files.error = ENOSPC;
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    lab.pass(10'000);
    CHECK(lab.show_dev("sdb", "state") == "faulty,blocked");
    CHECK(test_bit(MD_SB_CHANGE_PENDING, lab.mddev.sb_flags));
    lab.files.error = 0;
    CHECK(lab.until([&] { return lab.find("sdb") == nullptr; }));
    CHECK(lab.member_state("sdb") == "faulty");
}

TEST_CASE("with a full disk a stop still works, and the sidecar goes on saying dirty") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    lab.files.error = ENOSPC;
    CHECK(lab.store("array_state", "inactive") == 0);
    CHECK(lab.until([&] { return lab.show("array_state") == "clear" && lab.mdmon->finished(); }));
    CHECK(lab.on_disk().dirty);
}

TEST_CASE("with its folder removed the sidecar is given up: who waits gets an error, it is said once, a stop works") {
    MdmonLab lab;
    lab.monitored();
    lab.files.error = ESTALE;
    const Process& writer = lab.begin_write(0);
    lab.pass(10'000);
    CHECK(writer.done);
    CHECK(writer.result == -EIO);
    CHECK(lab.write(1) == -EIO);
    CHECK(lab.log_lines("the folder was removed; nothing can be recorded any more") == 1);
    CHECK(lab.change([](Container& container) { container.bitmap_daemon_sleep_ms = 1; }) == -ESTALE);
    CHECK(lab.store("array_state", "inactive") == 0);
    CHECK(lab.until([&] { return lab.show("array_state") == "clear" && lab.mdmon->finished(); }));
}

TEST_CASE("with its folder removed the write that a failed member missed is an error") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    lab.files.error = ESTALE;
    lab.fail_of("sdb", {.kinds = {BioKind::Data}, .ops = {BioOp::Write}});
    CHECK(lab.write(1) == -EIO);
}

TEST_CASE(
    "a replacement that failed may have happened: the next `active` is not written on the strength of the old one") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.store("safe_mode_delay", "0") == 0);
    CHECK(lab.write(0) == 0);
    const std::size_t before = lab.files.replacements.size();
    lab.files.error = EIO;  // "clean" is not known to be on disk, nor is it known not to be
    CHECK(lab.store("array_state", "clean") == 0);
    lab.settle();
    lab.files.error = 0;
    const Process& writer = lab.begin_write(1);
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(lab.files.replacements.size() > before);
    CHECK(lab.files.replacements.back().container.dirty);
}

TEST_CASE("with remove_faulty off the failed member stays, shown as failed") {
    MdmonLab lab;
    lab.mdmon->remove_faulty = false;
    lab.monitored();
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    lab.settle();
    CHECK(lab.show_dev("sdb", "state") == "faulty");
    CHECK(lab.show_dev("sdb", "slot") == "none");
    CHECK(lab.member_state("sdb") == "faulty");
}

TEST_CASE("inactive is answered: clean is written, then clear, and mdmon ends") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    CHECK(lab.on_disk().dirty);
    CHECK(lab.store("array_state", "inactive") == 0);
    CHECK(lab.until([&] { return lab.show("array_state") == "clear"; }));
    CHECK(!lab.mdmon->container().dirty);
    CHECK(!lab.on_disk().dirty);
    lab.settle();
    CHECK(lab.mdmon->finished());
    CHECK(lab.change([](Container& container) { container.dirty = true; }) == -ENODEV);
}

TEST_CASE("after a stop in one step the sidecar says clean only if mdmon could flush the members before they went") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    CHECK(lab.on_disk().dirty);
    CHECK(lab.store("array_state", "clear") == 0);
    lab.kernel.run_task("umount", [&] { lab.mdmon->stop(); });
    for (const auto& replacement : lab.files.replacements)
        CHECK((replacement.container.dirty || replacement.volatile_sectors == 0));
    CHECK(lab.mdmon->finished());
}

TEST_CASE("readonly becomes read-auto when nothing is owed, active when it is, and stays when a person asked for it") {
    SUBCASE("nothing owed") {
        MdmonLab lab(two_members(), "readonly");
        lab.monitored();
        CHECK(lab.show("array_state") == "read-auto");
        CHECK(lab.write(0) == 0);
        CHECK(lab.on_disk().dirty);
    }
    SUBCASE("dirty") {
        Container dirty = two_members();
        dirty.dirty = true;
        MdmonLab lab(dirty, "readonly");
        lab.monitored();
        CHECK(lab.show("array_state") == "clean");
    }
    SUBCASE("asked for") {
        MdmonLab lab(two_members(), "readonly");
        CHECK(lab.store("metadata_version", "external:-lab") == 0);
        lab.monitored();
        CHECK(lab.show("array_state") == "readonly");
    }
}

TEST_CASE("a recovery is recorded from its start to its end, with checkpoints in between") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    CHECK(lab.until([&] { return lab.find("sdb") == nullptr; }));
    lab.settle();
    CHECK(lab.change([](Container& container) {
        ContainerMember spare;
        spare.name = "sdc";
        spare.uuid.fill(0xd2);
        spare.state = "spare";
        container.members.push_back(spare);
    }) == 0);
    CHECK(lab.member_state("sdc") == "spare");
    CHECK(lab.store("new_dev", "sdc") == 0);
    lab.find("sdc")->label_uuid.fill(0xd2);
    CHECK(lab.store_dev("sdc", "offset", "2048") == 0);
    CHECK(lab.store_dev("sdc", "size", "61440") == 0);
    CHECK(lab.store_dev("sdc", "recovery_start", "0") == 0);
    CHECK(lab.store_dev("sdc", "slot", "1") == 0);
    const std::uint64_t before = lab.on_disk().generation;
    CHECK(lab.store("sync_action", "recover") == 0);
    CHECK(lab.until([&] { return lab.show("sync_action") == "recover"; }));
    CHECK(lab.until([&] { return lab.show_dev("sdc", "state") == "in_sync"; }));
    lab.settle();
    CHECK(lab.member_state("sdc") == "in_sync");
    for (const auto& replacement : lab.files.replacements)
        if (MdmonLab::state_in(replacement.container, "sdc") == "in_sync") CHECK(replacement.volatile_sectors == 0);
    CHECK(lab.member_state("sdb") == "faulty");
    CHECK(lab.on_disk().generation > before);
    CHECK(lab.show("degraded") == "0");
}

TEST_CASE("edits are made by the task, durable when change returns, refused when they make no sense") {
    MdmonLab lab;
    CHECK(lab.change([](Container&) {}) == -ENODEV);  // not started
    lab.monitored();
    const std::uint64_t generation = lab.on_disk().generation;
    CHECK(lab.change([](Container& container) { container.bitmap_daemon_sleep_ms = 2000; }) == 0);
    CHECK(lab.on_disk().bitmap_daemon_sleep_ms == 2000);
    CHECK(lab.on_disk().generation == generation + 1);
    CHECK(lab.change([](Container& container) { container.members[1].slot = 0; }) == -EINVAL);
    CHECK(lab.on_disk().members[1].slot == 1);
    CHECK(lab.ping() == 0);
}

TEST_CASE("an idle mdmon writes nothing") {
    MdmonLab lab;
    lab.monitored();
    const std::uint64_t generation = lab.on_disk().generation;
    lab.pass(60'000);
    CHECK(lab.ping() == 0);
    CHECK(lab.on_disk().generation == generation);
}

TEST_CASE("after an Oops the sidecar stays as it was") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    const Container before = lab.on_disk();
    CHECK(before.dirty);
    lab.kernel.run_task("fault", [&] { lab.kernel.oops({"a test", "", "", 0, "", {}, false, 0}); });
    sysfs_notify(lab.mddev.sysfs_state);
    lab.settle();
    lab.mdmon->stop();
    CHECK(lab.mdmon->container().generation == before.generation);
}

}  // namespace mdscope::sysfs_test
