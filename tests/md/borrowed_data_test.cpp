// SPDX-License-Identifier: MIT
// After an Oops: a submitter gets its buffer back only when nobody else is at it.
//
// Goal: a request that the Oops has ended with EIO is not answered while raid1d or a release still moves its data,
// since the buffer is used for something else then. Method: a disk that stops in the middle of a transfer until the
// story goes on; the kernel dies meanwhile; the submitter fills its buffer as soon as it has it back.
#include "engine/mdadm/array_disk.hpp"
#include "tests/md/raid1_fixture.hpp"

using namespace mdscope;
using namespace mdscope::raid1_test;

namespace {

// A place in a transfer where it stops. The gate is at one disk and stops once.
class TransferGate {
   public:
    void install(RecordingDisk& disk) {
        disk.before_transfer = [this](const Bio&) {
            if (arrived_.exchange(true)) return;
            while (!open_) std::this_thread::yield();
        };
    }
    void open() { open_ = true; }
    [[nodiscard]] bool has_arrived() const { return arrived_; }

   private:
    std::atomic<bool> arrived_{false};
    std::atomic<bool> open_{false};
};

// Somebody who reads or writes one block through the front of the array, and has the buffer to himself afterwards.
class Submitter {
   public:
    Submitter(RealKernel& kernel, Lab& lab, BioOp op) : kernel_(kernel), disk_(kernel), buffer_(pattern(8, 1)) {
        task_ = kernel.kthread_run("dd", [this, &lab, op] {
            try {
                if (op == BioOp::Write)
                    disk_.write(lab.mddev, 0, buffer_, false);
                else
                    disk_.read(lab.mddev, 0, buffer_);
            } catch (const Halted&) {
                was_halted_ = true;
            }
            std::ranges::fill(buffer_, std::byte{0xee});
            is_back_ = true;
        });
    }
    ~Submitter() { join(); }
    void join() {
        if (task_ != nullptr) kernel_.kthread_join(std::exchange(task_, nullptr));
    }
    [[nodiscard]] bool is_back() const { return is_back_; }
    [[nodiscard]] bool was_halted() const { return was_halted_; }
    [[nodiscard]] bool waits_for_its_buffer() const {
        return std::ranges::any_of(kernel_.tasks(), [](const SleepInfo& task) {
            return task.comm == "dd" && task.condition != nullptr && std::string(task.condition) == "borrowers == 0";
        });
    }
    [[nodiscard]] bool buffer_is_its_own() const {
        return std::ranges::all_of(buffer_, [](std::byte byte) { return byte == std::byte{0xee}; });
    }

   private:
    RealKernel& kernel_;
    ArrayDisk disk_;
    std::vector<std::byte> buffer_;
    std::atomic<bool> is_back_{false};
    std::atomic<bool> was_halted_{false};
    Task* task_ = nullptr;
};

void die(RealKernel& kernel) {
    CHECK_THROWS_AS(kernel.oops({}), Halted);
}

}  // namespace

TEST_CASE("a release that is writing when the kernel dies has the data to the end; the writer is answered after it") {
    RealLabKernel real;
    Lab lab(real.kernel);
    TransferGate gate;
    gate.install(lab.disk(0));
    lab.pause(0).hold({});
    Submitter writer(real.kernel, lab, BioOp::Write);
    REQUIRE(eventually([&] { return lab.pause(0).held().size() == 1; }));
    Task* release = real.kernel.kthread_run("release", [&] { lab.pause(0).release_all(); });
    REQUIRE(eventually([&] { return gate.has_arrived(); }));
    die(real.kernel);
    CHECK(eventually([&] { return writer.is_back() || writer.waits_for_its_buffer(); }));
    CHECK_FALSE(writer.is_back());
    gate.open();
    real.kernel.kthread_join(release);
    writer.join();
    CHECK(writer.was_halted());
    CHECK(lab.disk(0).peek(0, 8) == pattern(8, 1));
}

TEST_CASE("a read that raid1d repeats when the kernel dies fills the reader's buffer before the reader is answered") {
    RealLabKernel real;
    Lab lab(real.kernel, {.write_mostly = {1}});  // so the first read goes to slot 0
    lab.fault(0).add_rule(fail_ops({BioOp::Read}, 0, 8));
    lab.mddev.ro = MD_RDONLY;  // raid1d repairs nothing, it only reads elsewhere
    TransferGate gate;
    gate.install(lab.disk(1));
    Submitter reader(real.kernel, lab, BioOp::Read);
    REQUIRE(eventually([&] { return gate.has_arrived(); }));
    die(real.kernel);
    CHECK(eventually([&] { return reader.is_back() || reader.waits_for_its_buffer(); }));
    CHECK_FALSE(reader.is_back());
    gate.open();
    reader.join();
    CHECK(reader.buffer_is_its_own());
}
