// SPDX-License-Identifier: MIT
// Killed at any step, an external array is assembled to what was acknowledged.
//
// Goal: the sidecar and the labels are written by many (a start, a stop, mdmon, add, re-add, a new size), one after the
// other, and whichever of these writes was the last, what is there can be assembled and is right. Method: stories on
// image files, on a kernel that copies the whole lab before each of these writes. Each copy is what a kill leaves there
// (a sidecar is replaced in one piece, a label is a sector, and each is durable before the next one begins). All of
// them are assembled: the last acknowledged block is read, nothing is missing that was good, and what was copied back
// is equal everywhere.
#include <filesystem>
#include <functional>
#include <mutex>

#include "tests/md/lab.hpp"
#include "tests/md/passing_kernel.hpp"

namespace mdscope::test {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 4096;

std::string block_of(char letter) {
    return std::string(kBlock, letter);
}

class CopyingKernel final : public PassingKernel {
   public:
    using PassingKernel::PassingKernel;
    std::function<void()> before_write = [] {};
    Result<std::unique_ptr<Disk>> open_disk(const std::string& path, OpenMode mode) override {
        auto disk = PassingKernel::open_disk(path, mode);
        if (!disk || !path.ends_with(".img")) return disk;
        const auto is_label = [](const Bio& bio) { return bio.bi_sector == 0 && bio.bi_size == kLabLabelSize; };
        return std::unique_ptr<Disk>(
            std::make_unique<ToldDisk>(std::move(*disk), is_label, [this] { before_write(); }));
    }
    Result<bool> replace_file(const std::string& path, std::string_view text) override {
        before_write();
        return PassingKernel::replace_file(path, text);
    }
};

// An array under which a story is told, and the copies that were made.
class KillLab {
   public:
    KillLab() {
        CreateOptions create = small_home();
        create.size_bytes = 2ULL << 20;
        create.daemon_sleep_ms = 1'000'000;  // no bit is cleared in between
        create.lab = folder_ / "lab";
        options.lab = create.lab;
        auto report = create_lab(create);
        REQUIRE(static_cast<bool>(report));
        options.images = report->images;
        options.run = true;
        kernel.before_write = [this] { copy(); };
    }
    ~KillLab() {
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
        allow(letter);
        const std::string text = block_of(letter);
        REQUIRE(array->write(0, std::as_bytes(std::span(text)), false) == static_cast<std::int64_t>(kBlock));
        const std::lock_guard guard(mutex_);
        allowed_ = {letter};
    }
    Rdev* find(const std::string& name) {
        for (Rdev* rdev : rdev_list(array->mddev()))
            if (rdev->name == name) return rdev;
        return nullptr;
    }
    void store_member(const std::string& name, const char* file, const char* word) {
        REQUIRE(find(name) != nullptr);
        CHECK(rdev_attr_store(*find(name), file, word) == 0);
    }
    void fail(const std::string& name) {
        store_member(name, "state", "faulty");
        wait_until([&] { return find(name) == nullptr; });
    }
    void store(const char* name, const char* value) { CHECK(md_attr_store(array->mddev(), name, value) == 0); }
    void re_add(const std::string& name) { change(&Array::re_add, name); }
    void add(const std::string& name) { change(&Array::add, name); }
    void wait_until_in_sync() {
        wait_until([&] {
            const MdAttr* const action = find_md_attr("sync_action");
            return array->mddev().degraded == 0 && action->show(array->mddev()) == "idle\n";
        });
    }

    // Assembles every copy, and that twice: what the first assembly has written counts, too.
    void check_all_copies() {
        kernel.before_write = [] {};
        array.reset();
        REQUIRE(copies_.size() >= 3);
        for (const Copy& copy : copies_) check(copy);
    }

    // Of two that have the same, neither may go on without the other unless it is told to.
    void check_that_nobody_starts_alone() {
        kernel.before_write = [] {};
        array.reset();
        for (const Copy& copy : copies_)
            for (const std::string& image : copy.images) check_alone(copy.lab, image);
    }

    RealKernel real;
    CopyingKernel kernel{real};
    TaskScope scope{real, "test"};
    AssembleOptions options;
    std::unique_ptr<Array> array;

   private:
    struct Copy {
        std::string lab;
        std::string allowed;
        std::vector<std::string> images;
    };

    template <class F>
    void wait_until(F condition) {
        const std::uint64_t deadline = kernel.ktime_ns() + kPatience;
        while (!condition()) {
            REQUIRE(kernel.ktime_ns() < deadline);
            std::this_thread::yield();
        }
    }
    void change(int (Array::*call)(const std::string&, std::string*), const std::string& name) {
        std::string why;
        REQUIRE_MESSAGE(((*array).*call)(name, &why) == 0, why);
        wait_until_in_sync();
    }
    void allow(char letter) {
        const std::lock_guard guard(mutex_);
        allowed_ += letter;
    }
    void copy() {
        const std::lock_guard guard(mutex_);
        Copy& made = copies_.emplace_back();
        made.lab = folder_ / ("copy" + std::to_string(copies_.size()));
        made.allowed = allowed_;
        fs::create_directory(made.lab);
        for (const auto& entry : fs::directory_iterator(options.lab)) {
            const std::string to = made.lab + "/" + entry.path().filename().string();
            fs::copy_file(entry.path(), to);
            if (to.ends_with(".img")) made.images.push_back(to);
        }
        std::ranges::sort(made.images);
    }
    static void check(const Copy& copy) {
        CAPTURE(copy.lab);
        RealKernel fresh;
        const TaskScope scope(fresh, "test");
        AssembleOptions options;
        options.lab = copy.lab;
        options.images = copy.images;
        for (const char* use : {"first", "second"}) {
            CAPTURE(use);
            auto assembled = Array::assemble(fresh, options);
            REQUIRE_MESSAGE(static_cast<bool>(assembled), (assembled ? "" : assembled.error().text));
            Array& found = **assembled;
            std::string text(kBlock, '?');
            CHECK(found.read(0, std::as_writable_bytes(std::span(text))) == static_cast<std::int64_t>(kBlock));
            CHECK_MESSAGE(copy.allowed.find(text[0]) != std::string::npos, "read " << text[0]);
            std::string why;
            CHECK_MESSAGE(found.stop(false, &why) == 0, why);
        }
    }

    static void check_alone(const std::string& lab, const std::string& image) {
        CAPTURE(image);
        RealKernel fresh;
        const TaskScope scope(fresh, "test");
        AssembleOptions options;
        options.lab = lab;
        options.images = {image};
        const auto assembled = Array::assemble(fresh, options);
        REQUIRE_FALSE(static_cast<bool>(assembled));
        CHECK(assembled.error().text.find("missing: ") != std::string::npos);
    }

    testing::ScratchFolder folder_;
    std::mutex mutex_;
    std::string allowed_{'\0'};
    std::vector<Copy> copies_;
};

}  // namespace

TEST_CASE("killed at any step of starts and stops, with and without writes") {
    KillLab lab;
    for (const char letter : {'\0', '\0', 'a', '\0', 'b'}) {
        lab.start();
        if (letter != '\0') lab.write(letter);
        lab.stop();
    }
    lab.check_all_copies();
}

TEST_CASE("killed at any step of starts and stops, one image is not enough") {
    KillLab lab;
    for (const char letter : {'\0', 'a', '\0'}) {
        lab.start();
        if (letter != '\0') lab.write(letter);
        lab.stop();
    }
    lab.check_that_nobody_starts_alone();
}

TEST_CASE("killed at any step of a failure, and of the re-add or the add that follows") {
    for (const bool re_add : {true, false})
        for (const bool stopped : {true, false}) {
            CAPTURE(re_add);
            CAPTURE(stopped);
            KillLab lab;
            lab.start();
            lab.write('a');
            lab.fail("sdb");
            lab.write('b');
            if (stopped) {
                lab.stop();
                lab.start();
                lab.write('c');
            }
            re_add ? lab.re_add("sdb") : lab.add("sdb");
            lab.write('d');
            lab.fail("sda");
            lab.write('e');
            lab.stop();
            lab.check_all_copies();
        }
}

TEST_CASE("killed at any step while one image is missing, and after it has come back") {
    KillLab lab;
    lab.start();
    lab.write('a');
    lab.stop();
    const std::vector<std::string> both = lab.options.images;
    lab.options.images = {both[0]};
    lab.start();
    lab.write('b');
    lab.stop();
    lab.options.images = both;
    lab.start();
    lab.write('c');
    lab.re_add("sdb");
    lab.write('d');
    lab.stop();
    lab.check_all_copies();
}

TEST_CASE("killed at any step after two images were exchanged") {
    KillLab lab;
    lab.start();
    lab.write('a');
    lab.stop();
    fs::rename(lab.options.images[0], lab.options.images[0] + ".x");
    fs::rename(lab.options.images[1], lab.options.images[0]);
    fs::rename(lab.options.images[0] + ".x", lab.options.images[1]);
    lab.start();
    lab.fail("sdb");
    lab.write('b');
    lab.re_add("sdb");
    lab.fail("sda");
    lab.write('c');
    lab.stop();
    lab.check_all_copies();
}

TEST_CASE("killed at any step of a change of settings and of size") {
    KillLab lab;
    for (const std::string& image : lab.options.images) fs::resize_file(image, 3ULL << 20);
    lab.start();
    lab.write('a');
    lab.store_member("sdb", "state", "writemostly");
    lab.store("bitmap/time_base", "9");
    for (const char* name : {"sda", "sdb"}) lab.store_member(name, "size", "0");
    lab.store("component_size", "0");
    lab.wait_until_in_sync();
    lab.write('b');
    lab.fail("sdb");
    lab.write('c');
    lab.re_add("sdb");
    lab.stop();
    lab.check_all_copies();
}

}  // namespace mdscope::test
