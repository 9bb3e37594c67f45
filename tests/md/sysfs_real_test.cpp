// SPDX-License-Identifier: MIT
// Looking at an array while it lives: every file, mdstat and the snapshot, read over and over from another thread.
//
// Goal: reads are answered in every state and disturb nothing; under ThreadSanitizer this is also the search for fields
// that are shown without being safe to show. Method: a whole array on image files, one task that only looks, one that
// writes, checks, fails and re-adds a member, and stops.
#include "engine/look/lab_chunks.hpp"
#include "engine/look/snapshot.hpp"
#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

void look_at_everything(Lab& lab) {
    Mddev& md = lab.md();
    for (const std::span<const MdAttr> attrs : {md_attrs(), md_bitmap_attrs()})
        for (const MdAttr& attr : attrs)
            if (attr.show != nullptr && md_attr_visible(md, attr)) (void)attr.show(md);
    for (Rdev* rdev : rdev_list(md))
        for (const RdevAttr& attr : rdev_attrs()) (void)attr.show(*rdev);
    CHECK(mdstat({&md}).starts_with("Personalities : "));
    const std::string json = snapshot_json(*lab.array);
    CHECK(json.size() <= Snapshot::kMaxBytes);
    CHECK(static_cast<bool>(snapshot_from_json(json)));
    CHECK(!mddev_struct_text(md).empty());
    (void)chunks_text(md, 0, 100);
    (void)chunks_file(md, {});
}

void change_settings_while_writing(Lab& lab) {
    Task* writer = lab.kernel.kthread_run("dd", [&] {
        for (std::uint64_t i = 0; i < 32; i++) CHECK(lab.write(i << 16, std::string(4096, 'y')));
    });
    CHECK(rdev_attr_store(lab.member("sda"), "state", "writemostly") == 0);
    for (const char* backlog : {"256", "0", "16"}) CHECK(lab.store("bitmap/backlog", backlog) == 0);
    CHECK(rdev_attr_store(lab.member("sda"), "state", "-writemostly") == 0);
    for (const char* size : {"8192", "default"}) CHECK(lab.store("array_size", size) == 0);
    lab.kernel.kthread_join(writer);
}

void live_a_little(Lab& lab) {
    const std::string block(4096, 'x');
    for (std::uint64_t i = 0; i < 32; i++) CHECK(lab.write(i << 18, block));
    change_settings_while_writing(lab);
    CHECK(lab.mismatches() == "0");
    CHECK(rdev_attr_store(lab.member("sdb"), "state", "faulty") == 0);
    CHECK(lab.write(0, block));
    std::string why;
    CHECK(lab.eventually([&] {
        const int err = lab.array->remove("sdb", &why);
        return err == 0 || err == -ENODEV || err == -ENOENT;
    }));
    CHECK_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    CHECK(lab.eventually([&] { return lab.show("degraded") == "0"; }));
    CHECK(lab.store("safe_mode_delay", "0.001") == 0);
    CHECK(lab.write(1 << 20, block));
    CHECK(lab.eventually([&] { return lab.show("array_state") == "clean"; }));
}

}  // namespace

TEST_CASE("looking at every file all the time disturbs nothing, from the first write to after the stop") {
    for (const std::string bitmap : {"external", "internal"}) {
        CAPTURE(bitmap);
        CreateOptions create;
        create.bitmap = bitmap;
        create.size_bytes = 16ULL << 20;
        Lab lab(create);
        std::atomic<bool> enough{false};
        Task* looker = lab.kernel.kthread_run("cat", [&] {
            while (!enough) look_at_everything(lab);
        });
        live_a_little(lab);
        std::string why;
        CHECK(lab.array->stop(false, &why) == 0);
        CAPTURE(why);
        CHECK(lab.show("array_state") == "clear");
        look_at_everything(lab);
        enough = true;
        lab.kernel.kthread_join(looker);
    }
}

}  // namespace mdscope::test
