// SPDX-License-Identifier: MIT
// The trace points: each is reached by some story, and what a reader misses is counted.
//
// Goal: nothing in the list is dead, and no event is lost silently. Method: the teardown of an external, an internal
// and a file bitmap on a RealKernel with a tracer, the external one to its Oops; then the tracer alone, with few events
// and with more than it keeps, from one thread and from many.
#include <memory>
#include <set>
#include <thread>

#include "engine/kernel/trace.hpp"
#include "engine/md/variants/fix.hpp"
#include "engine/trace/tracer.hpp"
#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

using trace::Tracer;

// Everything a Lab needs to be traced, in the order in which it has to go.
struct TracedLab {
    explicit TracedLab(const char* bitmap) : own_lab_(std::make_unique<Lab>(create_options(bitmap))) {
        lab.kernel.tracer = &tracer;
    }
    static CreateOptions create_options(const char* bitmap) {
        CreateOptions create;
        create.size_bytes = 8 << 20;
        create.bitmap = bitmap;
        return create;
    }
    std::set<std::string> points() const {
        std::set<std::string> names;
        for (const trace::Event& event : tracer.take(0, ~std::size_t{0}).events)
            names.insert(trace::kPoints[static_cast<std::size_t>(event.point)].name);
        return names;
    }

   private:
    // ThreadSanitizer sees a mutex end when its memory is freed, and not when it leaves the stack: another one at the
    // same address would be taken for the one before.
    std::unique_ptr<Tracer> own_tracer_ = std::make_unique<Tracer>();
    std::unique_ptr<Lab> own_lab_;

   public:
    Tracer& tracer = *own_tracer_;
    Lab& lab = *own_lab_;
};

void hold_bitmap(Lab& lab) {
    for (const Array::MemberDisk& disk : lab.array->member_disks()) disk.pause->hold({{BioKind::Bitmap}});
}

std::set<std::string> points_of_a_stop(const char* bitmap) {
    TracedLab traced(bitmap);
    REQUIRE(traced.lab.write(0, "x"));
    std::string why;
    REQUIRE(traced.lab.array->stop(true, &why) == 0);
    return traced.points();
}

std::set<std::string> points_of_the_crash() {
    TracedLab traced("external");
    Lab& lab = traced.lab;
    lab.md().variants.choose<variants::fix>(*find_row<variants::fix>("none"));
    REQUIRE(lab.write(0, "x"));
    hold_bitmap(lab);
    std::string why;
    REQUIRE(lab.array->stop(true, &why) == 0);
    for (const Array::MemberDisk& disk : lab.array->member_disks()) {
        disk.pause->lift();
        disk.pause->release_all();
    }
    REQUIRE(lab.eventually([&] { return lab.kernel.halted() && traced.points().contains("oops"); }));
    return traced.points();
}

void record(Tracer& tracer, int times) {
    for (int i = 0; i < times; i++) tracer.record(trace::Point::bit_set, 1, "test", 1, {i});
}

}  // namespace

TEST_CASE("each trace point is reached by some story") {
    std::set<std::string> reached = points_of_the_crash();
    for (const char* bitmap : {"internal", "file"}) reached.merge(points_of_a_stop(bitmap));
    for (const trace::PointInfo& point : trace::kPoints) {
        CAPTURE(point.name);
        CHECK(reached.contains(point.name));
    }
}

TEST_CASE("the counter that moves tells the bitmap on the members from the one in a file") {
    const auto counters = [](const char* bitmap) {
        TracedLab traced(bitmap);
        REQUIRE(traced.lab.write(0, "x"));
        std::set<std::string> names;
        for (const trace::Event& event : traced.tracer.take(0, ~std::size_t{0}).events)
            if (event.point == trace::Point::pending_up) names.insert(event.args[0].text());
        return names;
    };
    CHECK(counters("external") == std::set<std::string>{"mddev"});
    CHECK(counters("file").contains("bitmap"));
}

TEST_CASE("nothing is recorded while tracing is off, and what the filter leaves out is not") {
    TracedLab traced("external");
    traced.tracer.set_filter(std::uint64_t{1} << static_cast<unsigned>(trace::Point::bit_set));
    REQUIRE(traced.lab.write(0, "x"));
    CHECK(traced.points() == std::set<std::string>{"bit_set"});
    traced.lab.kernel.tracer = nullptr;
    const std::uint64_t before = traced.tracer.next();
    REQUIRE(traced.lab.write(4 << 20, "x"));
    CHECK(traced.tracer.next() == before);
}

TEST_CASE("a reader that is too slow is told how many events it missed") {
    Tracer tracer;
    record(tracer, 10);
    CHECK(tracer.take(0, 100).events.size() == 10);
    const Tracer::Taken part = tracer.take(4, 3);
    CHECK(part.events.size() == 3);
    CHECK(part.events.front().seq == 4);
    CHECK(part.next == 7);
    CHECK(part.dropped == 0);

    record(tracer, Tracer::kRing);  // one thread, so one ring: the first ten are overwritten
    const Tracer::Taken taken = tracer.take(4, ~std::size_t{0});
    CHECK(taken.dropped == 6);
    CHECK(taken.events.size() == Tracer::kRing);
    CHECK(taken.next == tracer.next());
    CHECK(tracer.take(taken.next, 10).events.empty());
}

TEST_CASE("kept and dropped events of many threads add up, in the order of their numbers") {
    Tracer tracer;
    constexpr int kThreads = 4, kEach = 3000;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; i++) threads.emplace_back([&] { record(tracer, kEach); });
    std::uint64_t from = 0, seen = 0, dropped = 0;
    while (seen + dropped < kThreads * kEach) {
        const Tracer::Taken taken = tracer.take(from, 100);
        for (const trace::Event& event : taken.events) {
            CHECK(event.seq >= from);
            from = event.seq + 1;
        }
        CHECK(taken.next >= from);
        from = taken.next;
        seen += taken.events.size();
        dropped += taken.dropped;
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(tracer.next() == kThreads * kEach);
    CHECK(seen > 0);
}

TEST_CASE("an event as a line, and as one JSON object a line") {
    Tracer tracer;
    tracer.record(trace::Point::bio_submitted, 1'500'000'000, "md0_raid1", 7, {"bitmap", std::string("s\"a"), 16});
    const trace::Event event = tracer.take(0, 1).events.at(0);
    CHECK(trace::event_line(event) ==
          "1.500000 md0_raid1[7] bio_submitted: a bitmap write to s\"a at sector 16 is submitted");
    CHECK(trace::event_json(event) ==
          R"({"seq":0,"at_ns":1500000000,"task":"md0_raid1","pid":7,"point":"bio_submitted","a":"bitmap","b":"s\"a",)"
          R"("c":16,"text":"a bitmap write to s\"a at sector 16 is submitted"})");
    CHECK(trace::stream_header_json().starts_with(R"({"version":1,"stream":"mdscope trace","points":{"bio_sub)"));
}

TEST_CASE("a listener is called once for each time it was armed") {
    Tracer tracer;
    int calls = 0;
    tracer.set_listener([&] { calls++; });
    record(tracer, 1);
    CHECK(calls == 0);
    tracer.arm();
    record(tracer, 2);
    CHECK(calls == 1);
}

}  // namespace mdscope::test
