// mdmon: the sidecar says so first.
//
// Goal: whatever moment the machine dies at, the sidecar on disk is never more optimistic than the array was. Method:
// an external array on a simulated kernel with a real Mdmon; the kernel's event log has a line for each replacement of
// the sidecar, and a FaultyFiles kernel would hide them, so order is read from generation numbers at the moment of
// interest: the story stops the world right when array_state or dev-*/state moves and asks what is on disk by then.
#include "engine/md/mdmon.hpp"

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

// An external array that runs, with its mdmon.
class MdmonLab : public SysfsLab {
   public:
    explicit MdmonLab(const Container& container = two_members(), const char* start_word = "active") {
        kernel.run_task("mdadm",
                        [&] { CHECK(static_cast<bool>(kernel.replace_file(kSidecar, container_to_json(container)))); });
        external();
        start(start_word);
        mdmon = std::make_unique<Mdmon>(kernel, mddev, container, kSidecar);
    }
    ~MdmonLab() { mdmon.reset(); }
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
    std::string member_state(const std::string& name) {
        const Container container = on_disk();
        for (const ContainerMember& member : container.members)
            if (member.name == name) return member.state;
        return "?";
    }
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
    std::unique_ptr<Mdmon> mdmon;
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
    CHECK(lab.mdmon->container().dirty);
    CHECK(lab.on_disk().dirty);
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(writer.result == 0);
    // One to two safe_mode_delays later: active-idle, mdmon writes clean, sees it, records it.
    CHECK(lab.until([&] { return lab.show("array_state") == "clean"; }));
    CHECK(lab.mdmon->container().dirty);
    lab.settle();
    CHECK(!lab.on_disk().dirty);
}

TEST_CASE("a failure is durable before the failed write can be acknowledged, and the member is then removed") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    Rdev& failed = *lab.mddev.all_rdevs.back();
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

TEST_CASE("a stop in one step is recorded, too, even when mdmon is told to end right after it") {
    MdmonLab lab;
    lab.monitored();
    CHECK(lab.write(0) == 0);
    CHECK(lab.on_disk().dirty);
    CHECK(lab.store("array_state", "clear") == 0);
    lab.kernel.run_task("umount", [&] { lab.mdmon->stop(); });
    CHECK(!lab.on_disk().dirty);
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
