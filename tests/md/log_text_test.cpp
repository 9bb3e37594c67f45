// SPDX-License-Identifier: MIT
// lab/log as a file that grows.
#include "engine/look/log_text.hpp"

#include <doctest/doctest.h>

namespace mdscope::test {

TEST_CASE("each line of the log keeps its place, and one that comes is behind those that were read") {
    RealKernel kernel;
    LogText log(kernel);
    CHECK(log.size() == 0);
    kernel.printk(LogLevel::Info, "one");
    kernel.printk(LogLevel::Info, "two\nthree");
    std::uint64_t place = 0;
    const std::string text = log.read(&place, std::string::npos);
    CHECK(text.ends_with("three\n"));
    CHECK(log.size() == text.size());
    place = 5;
    CHECK(log.read(&place, 4) == text.substr(5, 4));
    place = text.size();
    CHECK(log.read(&place, 100).empty());
    kernel.printk(LogLevel::Info, "four");
    CHECK(log.read(&place, 100).ends_with("] four\n"));
    CHECK(place == text.size());
}

TEST_CASE("lines that have gone leave their places, and who was behind goes on with the oldest that is there") {
    RealKernel kernel;
    LogText log(kernel);
    kernel.printk(LogLevel::Info, "first");
    const std::uint64_t first = log.size();
    std::uint64_t behind = 3;
    for (std::size_t i = 1; i < RealKernel::kLogLines + 10; i++) kernel.printk(LogLevel::Info, std::to_string(i));
    std::uint64_t place = 0;
    const std::string text = log.read(&place, std::string::npos);
    CHECK(log.size() == log.dropped() + text.size());
    CHECK(place == log.dropped());
    CHECK(log.dropped() == first);
    CHECK(text.substr(0, text.find('\n')).ends_with("] 10"));
    CHECK(log.read(&behind, 5) == text.substr(0, 5));
    CHECK(behind == log.dropped());
}

TEST_CASE("lines that went before anybody looked have no place") {
    RealKernel kernel;
    for (std::size_t i = 0; i < RealKernel::kLogLines + 10; i++) kernel.printk(LogLevel::Info, std::to_string(i));
    LogText log(kernel);
    CHECK(log.dropped() == 0);
    std::uint64_t place = 0;
    CHECK(log.read(&place, 100).find("] 10\n") != std::string::npos);
}

}  // namespace mdscope::test
