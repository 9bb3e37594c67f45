// SPDX-License-Identifier: MIT
// Killed at any step, an array of IMSM is assembled to what was acknowledged.
//
// Goal: an anchor is written by many (a start, a stop, mdmon, add), on one member after the other and on each in up to
// two pieces; whichever of these writes was the last, what is there can be assembled, and is right. Method: stories on
// image files, on a kernel that copies the whole lab before each of these writes. Each copy is what a kill leaves
// there. All of them are assembled, twice: the last acknowledged block is read, nobody is missed, and the members are
// equal.
#include <filesystem>
#include <functional>
#include <mutex>

#include "engine/mdadm/examine.hpp"
#include "engine/mdadm/imsm/examine_imsm.hpp"
#include "tests/md/lab.hpp"
#include "tests/md/passing_kernel.hpp"

namespace mdscope::test {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kImsmBlock = 4096;

class AnchorKernel final : public PassingKernel {
   public:
    using PassingKernel::PassingKernel;
    std::function<void()> before_write = [] {};
    Result<std::unique_ptr<Disk>> open_disk(const std::string& path, OpenMode mode) override {
        auto disk = PassingKernel::open_disk(path, mode);
        if (!disk) return disk;
        // (Bits are data of another kind.)
        const auto is_metadata = [](const Bio& bio) { return bio.bi_kind == BioKind::Superblock; };
        return std::unique_ptr<Disk>(
            std::make_unique<ToldDisk>(std::move(*disk), is_metadata, [this] { before_write(); }));
    }
};

class ImsmKillLab {
   public:
    explicit ImsmKillLab(const std::string& bitmap = "external", int spares = 0) {
        CreateOptions create;
        create.metadata = "imsm";
        create.bitmap = bitmap;
        create.size_bytes = 8ULL << 20;
        create.spares = spares;
        create.lab = folder_ / "lab";
        options.lab = create.lab;
        auto report = create_lab(create);
        REQUIRE(static_cast<bool>(report));
        options.images = all_images_ = report->images;
        options.run = true;
        kernel.before_write = [this] { copy(); };
    }
    ~ImsmKillLab() {
        kernel.before_write = [] {};
        array.reset();
    }

    void start() {
        auto assembled = Array::assemble(kernel, options);
        REQUIRE_MESSAGE(static_cast<bool>(assembled), (assembled ? "" : assembled.error().text));
        array = std::move(*assembled);
    }
    void stop() {
        std::string why;
        REQUIRE_MESSAGE(array->stop(false, &why) == 0, why);
        array.reset();
    }
    // Whatever was there before may be read until the answer is there, and this alone after that.
    void write(char letter) {
        {
            const std::lock_guard guard(mutex_);
            allowed_ += letter;
        }
        const std::string text(kImsmBlock, letter);
        REQUIRE(array->write(0, std::as_bytes(std::span(text)), false) == static_cast<std::int64_t>(kImsmBlock));
        const std::lock_guard guard(mutex_);
        allowed_ = {letter};
    }
    void fail(const std::string& name) {
        REQUIRE(find(name) != nullptr);
        CHECK(rdev_attr_store(*find(name), "state", "faulty") == 0);
        wait_until([&] { return find(name) == nullptr; });
    }
    void add(const std::string& name) {
        std::string why;
        REQUIRE_MESSAGE(array->add(name, &why) == 0, why);
        wait_until_in_sync(*array);
    }
    void wait_until_in_sync(Array& found) {
        wait_until([&] {
            return found.mddev().degraded == 0 && find_md_attr("sync_action")->show(found.mddev()) == "idle\n";
        });
    }
    [[nodiscard]] std::size_t copies() const { return copies_.size(); }

    void check_all_copies() {
        kernel.before_write = [] {};
        array.reset();
        REQUIRE(copies_.size() >= 3);
        for (const Copy& copy : copies_) check(copy);
    }
    // As a cut leaves it between the first member and the second.
    void put_one_ahead() {
        ImsmAnchor anchor = anchor_of(all_images_[0]);
        anchor.generation_num++;
        testing::write_bytes(all_images_[0], (8ULL << 20) - 1024, encode_imsm(anchor));
    }
    void check_that_nobody_is_two_behind() {
        kernel.before_write = [] {};
        array.reset();
        REQUIRE(copies_.size() >= 3);
        for (const Copy& copy : copies_) {
            const std::int64_t first = anchor_of(copy.images[0]).generation_num;
            const std::int64_t second = anchor_of(copy.images[1]).generation_num;
            CHECK(std::abs(first - second) <= 1);
        }
    }
    void check_that_nobody_starts_alone() {
        kernel.before_write = [] {};
        array.reset();
        for (const Copy& copy : copies_)
            for (const char* image : {"/sda.img", "/sdb.img"}) check_alone(copy.lab, copy.lab + image);
    }

    RealKernel real;
    AnchorKernel kernel{real};
    TaskScope scope{real, "test"};
    AssembleOptions options;
    std::unique_ptr<Array> array;

   private:
    struct Copy {
        std::string lab;
        std::string allowed;
        std::vector<std::string> images;
    };

    static ImsmAnchor anchor_of(const std::string& image) {
        const Result<Examination> found = examine_image(image);
        REQUIRE(found);
        REQUIRE(found->imsm);
        return found->imsm->anchor;
    }
    Rdev* find(const std::string& name) {
        for (Rdev* rdev : rdev_list(array->mddev()))
            if (rdev->name == name) return rdev;
        return nullptr;
    }
    template <class F>
    void wait_until(F condition) {
        const std::uint64_t deadline = kernel.ktime_ns() + kPatience;
        while (!condition()) {
            REQUIRE(kernel.ktime_ns() < deadline);
            std::this_thread::yield();
        }
    }
    void copy() {
        const std::lock_guard guard(mutex_);
        Copy& made = copies_.emplace_back();
        made.lab = folder_ / ("copy" + std::to_string(copies_.size()));
        made.allowed = allowed_;
        fs::create_directory(made.lab);
        for (const std::string& image : all_images_) {
            const std::string to = made.lab + "/" + fs::path(image).filename().string();
            fs::copy_file(image, to);
            made.images.push_back(to);
        }
    }
    void check(const Copy& copy) {
        CAPTURE(copy.lab);
        RealKernel fresh;
        const TaskScope task(fresh, "test");
        AssembleOptions how;
        how.lab = copy.lab;
        how.images = copy.images;
        for (const char* use : {"first", "second"}) {
            CAPTURE(use);
            auto assembled = Array::assemble(fresh, how);
            REQUIRE_MESSAGE(static_cast<bool>(assembled), (assembled ? "" : assembled.error().text));
            Array& found = **assembled;
            wait_until([&] {
                const Mddev& md = found.mddev();
                return find_md_attr("sync_action")->show(found.mddev()) == "idle\n" && (md.recovery & kBusy) == 0;
            });
            for (int slot = 0; slot < 4; slot++) {  // whoever is asked
                std::string text(kImsmBlock, '?');
                CHECK(found.read(0, std::as_writable_bytes(std::span(text))) == static_cast<std::int64_t>(kImsmBlock));
                CHECK_MESSAGE(copy.allowed.find(text[0]) != std::string::npos, "read " << text[0]);
            }
            check_members_equal(found);
            std::string why;
            CHECK_MESSAGE(found.stop(false, &why) == 0, why);
        }
    }
    static void check_members_equal(Array& found) {
        std::vector<std::vector<std::byte>> blocks;
        for (const Rdev* rdev : rdev_list(found.mddev()))
            if (test_bit(In_sync, rdev->flags)) blocks.push_back(testing::read_bytes(rdev->path, 0, kImsmBlock));
        REQUIRE(!blocks.empty());
        for (const auto& block : blocks) CHECK(block == blocks[0]);
    }
    static void check_alone(const std::string& lab, const std::string& image) {
        CAPTURE(image);
        RealKernel fresh;
        const TaskScope task(fresh, "test");
        AssembleOptions how;
        how.lab = lab;
        how.images = {image};
        const auto assembled = Array::assemble(fresh, how);
        REQUIRE_FALSE(static_cast<bool>(assembled));
    }

    static constexpr std::uint64_t kBusy = std::uint64_t{1} << MD_RECOVERY_RUNNING | std::uint64_t{1}
                                                                                         << MD_RECOVERY_NEEDED;
    testing::ScratchFolder folder_;
    std::vector<std::string> all_images_;
    std::mutex mutex_;
    std::string allowed_{'\0'};
    std::vector<Copy> copies_;
};

}  // namespace

TEST_CASE("IMSM killed at any step of starts and stops, with and without writes") {
    for (const char* bitmap : {"external", "none"}) {
        CAPTURE(bitmap);
        ImsmKillLab lab(bitmap);
        for (const char letter : {'\0', 'a', '\0', 'b'}) {
            lab.start();
            if (letter != '\0') lab.write(letter);
            lab.stop();
        }
        lab.check_all_copies();
    }
}

TEST_CASE("IMSM cut between two members, the one that is behind is written first: nobody falls two behind") {
    ImsmKillLab lab;
    lab.put_one_ahead();
    lab.start();
    lab.write('a');
    lab.stop();
    lab.check_that_nobody_is_two_behind();
}

TEST_CASE("IMSM killed at any step of starts and stops, one image is not enough") {
    ImsmKillLab lab;
    for (const char letter : {'a', '\0', 'b'}) {
        lab.start();
        if (letter != '\0') lab.write(letter);
        lab.stop();
    }
    lab.check_that_nobody_starts_alone();
}

TEST_CASE("IMSM killed at any step of a failure, and of the rebuild that follows") {
    ImsmKillLab lab;
    lab.start();
    lab.write('a');
    lab.fail("sdb");
    lab.write('b');
    lab.add("sdb");
    lab.write('c');
    lab.fail("sda");
    lab.write('d');
    lab.stop();
    lab.check_all_copies();
}

TEST_CASE("IMSM killed at any step of a failure, and while a spare is taken; and of an add that makes a new one") {
    ImsmKillLab lab("external", 1);
    lab.start();
    lab.write('a');
    lab.fail("sdb");
    lab.write('b');
    lab.wait_until_in_sync(*lab.array);
    lab.write('c');
    lab.add("sdb");
    lab.write('d');
    lab.stop();
    lab.check_all_copies();
}

TEST_CASE("IMSM killed at any step while one image is missing, and after it was added again") {
    ImsmKillLab lab;
    lab.start();
    lab.write('a');
    lab.stop();
    const std::vector<std::string> all = std::exchange(lab.options.images, {lab.options.images[0]});
    lab.start();
    lab.options.images = all;
    lab.write('b');
    lab.stop();
    lab.start();
    lab.write('c');
    lab.add("sdb");
    lab.write('d');
    lab.stop();
    lab.check_all_copies();
}

}  // namespace mdscope::test
