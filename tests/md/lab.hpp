// SPDX-License-Identifier: MIT
// A lab in a temporary folder on a RealKernel, for stories that need a whole array.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/real/real_kernel.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/array.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/label_stamp.hpp"
#include "tests/scratch.hpp"

namespace mdscope::test {

inline constexpr std::uint64_t kPatience = 200 * kNsPerSec;  // only ends a test that has failed

// 16 MiB: quick to compare.
inline CreateOptions small_home(const std::string& bitmap = "external") {
    CreateOptions create;
    create.size_bytes = 16ULL << 20;
    create.bitmap = bitmap;
    return create;
}

// Create, assemble, and take apart in the right order.
class Lab {
   public:
    explicit Lab(CreateOptions create = {}) {
        create.lab = folder / "lab";
        options.lab = create.lab;
        if (create.bitmap == "file") {
            create.bitmap = folder / "bitmap";
            options.bitmap_file = create.bitmap;
        }
        auto report = create_lab(create);
        if (!report) FAIL(report.error().text);
        options.images = report->images;
        start();
    }
    ~Lab() { array.reset(); }

    void start() {
        auto assembled = Array::assemble(kernel, options);
        if (!assembled) FAIL(assembled.error().text);
        array = std::move(*assembled);
    }
    void restart() {
        array.reset();
        start();
    }
    Mddev& md() { return array->mddev(); }
    std::string show(const char* name) {
        const MdAttr* attr = find_md_attr(name);
        REQUIRE(attr != nullptr);
        std::string text = attr->show(md());
        if (!text.empty() && text.back() == '\n') text.pop_back();
        return text;
    }
    int store(const char* name, std::string_view value) { return md_attr_store(md(), name, value); }
    Rdev& member(const std::string& name) {
        for (Rdev* rdev : rdev_list(md()))
            if (rdev->name == name) return *rdev;
        FAIL("no member " << name);
        std::abort();
    }
    // Sleeps until `condition` holds; what it depends on need not wake anybody.
    template <class F>
    [[nodiscard]] bool eventually(F condition) {
        const std::uint64_t deadline = kernel.ktime_ns() + kPatience;
        while (!condition()) {
            if (kernel.ktime_ns() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }
    // md's thread says "running" for a moment whenever it looks whether there is something to sync, and sync_max, which
    // does not wait for reconfig_mutex, is EBUSY then, as in Linux.
    [[nodiscard]] bool set_sync_max(std::string_view sectors) {
        return eventually([&] { return store("sync_max", sectors) == 0; });
    }
    // Every member is there and nothing is owed. (Right after a start nothing runs yet.)
    [[nodiscard]] bool is_in_sync() {
        return eventually(
            [&] { return md().degraded == 0 && show("resync_start") == "none" && show("sync_action") == "idle"; });
    }
    // What a check finds, in sectors; it is refused as long as md's thread has something else to do.
    std::string mismatches() {
        CHECK(eventually([&] { return store("sync_action", "check") == 0; }));
        CHECK(eventually([&] { return show("sync_action") == "idle"; }));
        return show("mismatch_cnt");
    }
    std::size_t log_lines(const std::string& part) {
        std::size_t count = 0;
        for (const LogLine& line : kernel.log()) count += line.text.find(part) != std::string::npos ? 1 : 0;
        return count;
    }
    bool write(std::uint64_t offset, const std::string& text) {
        const auto bytes = std::as_bytes(std::span(text));
        return array->write(offset, bytes, false) == static_cast<std::int64_t>(text.size());
    }
    std::string read(std::uint64_t offset, std::size_t size) {
        std::string text(size, '\0');
        if (array->read(offset, std::as_writable_bytes(std::span(text))) != static_cast<std::int64_t>(size)) return "?";
        return text;
    }

    testing::ScratchFolder folder;
    // Not on the stack: ThreadSanitizer would take its mutexes for those of the lab that lay there before.
    std::unique_ptr<RealKernel> own_kernel = std::make_unique<RealKernel>();
    RealKernel& kernel = *own_kernel;
    TaskScope scope{kernel, "test"};
    AssembleOptions options;
    std::unique_ptr<Array> array;
};

inline Container sidecar_of(const Lab& lab) {
    std::ifstream file(container_path(lab.options.lab), std::ios::binary);
    auto container = container_from_json({std::istreambuf_iterator<char>(file), {}});
    REQUIRE(static_cast<bool>(container));
    return *container;
}

inline void set_label(Lab& lab, std::size_t image, std::uint64_t generation) {
    const auto disk = lab.kernel.open_disk(lab.options.images[image], OpenMode::ReadWrite);
    REQUIRE(static_cast<bool>(disk));
    REQUIRE(write_label_generation(lab.kernel, **disk, generation) == 0);
}

inline bool has_member(Lab& lab, const std::string& name) {
    return std::ranges::any_of(rdev_list(lab.md()), [&](const Rdev* rdev) { return rdev->name == name; });
}

inline void stop(Lab& lab) {
    std::string why;
    REQUIRE_MESSAGE(lab.array->stop(false, &why) == 0, why);
}

}  // namespace mdscope::test
