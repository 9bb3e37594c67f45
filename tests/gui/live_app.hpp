// SPDX-License-Identifier: MIT
// An App attached to an array that is plain files (tests/gui_live/fake_mount.hpp), in the middle of a stop.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "gui/app.hpp"
#include "tests/gui/harness.hpp"
#include "tests/gui_live/fake_mount.hpp"

namespace mdscope::testing {

using mdscope::testing::eventually;
using mdscope::testing::FakeMount;

inline SnapshotMember member(const std::string& name, int slot) {
    SnapshotMember made;
    made.name = name;
    made.state = "in_sync";
    made.flags = {"In_sync"};
    made.slot = slot;
    made.bound = true;
    return made;
}

inline SnapshotBio held_bio(std::uint64_t id) {
    SnapshotBio bio;
    bio.id = id;
    bio.member = "sdb";
    bio.kind = "bitmap";
    bio.op = "write";
    bio.sector = 8;
    bio.bytes = 512;
    bio.held = true;
    bio.since_ns = 900'000'000;
    return bio;
}

// An array in the middle of a stop that waits for a held write.
inline void fill(Snapshot& snapshot) {
    snapshot.array.state = "active";
    snapshot.array.raid_disks = 2;
    snapshot.array.pending_writes = 1;
    snapshot.members = {member("sdb", 1), member("sda", 0)};
    snapshot.bios = {held_bio(7)};
    snapshot.bios_total = 1;
    SnapshotTask stop;
    stop.comm = "echo";
    stop.pid = 42;
    stop.stack = {"md_super_wait", "md_bitmap_flush", "do_md_stop"};
    stop.queue = "mddev->sb_wait";
    stop.condition = "mddev.pending_writes == 0";
    snapshot.tasks = {stop};
    snapshot.tasks_total = 1;
    snapshot.recovery.action = "recover";
    snapshot.recovery.completed = 25;
    snapshot.recovery.range = 100;
    SnapshotBitmap bitmap;
    bitmap.home = "external";
    bitmap.chunks = 240;
    bitmap.chunks_per_cell = 1;
    bitmap.chunk_bytes = 65536;
    bitmap.cells = std::string(200, '.') + "w12NR" + std::string(35, '2');
    snapshot.bitmap = bitmap;
}

// An App attached to it, once its first snapshot is on the screen.
struct LiveApp {
    explicit LiveApp(bool filled = true) {
        if (filled) fill(mount.snapshot);
        mount.show(mount.snapshot);
        mount.write("lab/hold", "bitmap sdb\n");
        gui::AppOptions options;
        options.attach = mount.path();
        auto made = gui::make_app(std::move(options));
        REQUIRE(made);
        app = std::move(*made);
    }
    bool shows(gui::Headless& ui, const char* id, const std::string& text) const {
        return eventually([&] {
            ui.frame();
            return ui.has(id) && ui.text(id).find(text) != std::string::npos;
        });
    }
    // The first page of a filled array is whole: from here on nothing moves by itself.
    bool is_read(gui::Headless& ui) const {
        return shows(ui, "live/array", "active") && shows(ui, "live/hold/rules", "bitmap sdb");
    }
    FakeMount mount;
    std::unique_ptr<gui::Screen> app;
};

}  // namespace mdscope::testing
