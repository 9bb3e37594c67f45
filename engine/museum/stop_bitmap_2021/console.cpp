// SPDX-License-Identifier: MIT
// What the lines of this bug's console mean, and where the cause of each lies.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/museum/stop_bitmap_2021/tables.hpp"

namespace mdscope::stop_bitmap_2021 {

namespace {

using museum::Cause;
using museum::ConsoleFacts;
using museum::ConsoleNote;

bool is_null_mddev(const ConsoleFacts& facts) {
    return facts.oops.object == "rdev->mddev";
}
bool is_dead_pool(const ConsoleFacts& facts) {
    return facts.oops.function == "mempool_free";
}
bool has_no_bitmap(const ConsoleFacts& facts) {
    return !facts.has_bitmap;
}

std::string null_mddev(const ConsoleFacts& facts, std::string_view line) {
    const std::size_t colon = line.rfind(": ");
    std::string address(colon == std::string_view::npos ? "0" : line.substr(colon + 2));
    address.erase(0, std::min(address.find_first_not_of('0'), address.size() - 1));
    const bool in_md_error =
        facts.oops.function == "md_error" || std::ranges::find(facts.oops.stack, "md_error") != facts.oops.stack.end();
    return fmt::format(
        "A small address is a member of a struct whose pointer is NULL: {} is at +0x{} in struct mddev, and "
        "rdev->mddev is NULL since the member was unbound.",
        in_md_error ? "pers" : "pending_writes", address);
}
std::string dead_pool(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "Address 0 is the first element of an array that is gone: the pool was destroyed by __md_stop.";
}
std::string dump_of_array(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "The array as it was found. Its bitmap is gone, and its pending_writes is not 0 unless a completion counted "
           "down too early.";
}
std::string bitmap_gone(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "The bitmap is freed: md_bitmap_free waited for bitmap->pending_writes only.";
}
std::string still_counted(const ConsoleFacts& facts, std::string_view /*line*/) {
    const int count = facts.pending_writes;
    if (count == 0) return "mddev->pending_writes is 0: the stop was let go before the completion was done.";
    return fmt::format("mddev->pending_writes is {}: so many writes the stop should have waited for, here.", count);
}
std::string null_in_member(const ConsoleFacts& facts, std::string_view /*line*/) {
    return fmt::format("unbind_rdev_from_array set rdev->mddev of {} to NULL.", facts.dumped);
}

constexpr std::string_view kNullPointer = "BUG: kernel NULL pointer dereference";
// Where the stop went on and should have waited: the end of the flush.
constexpr Cause kForgottenWait = {Cause::Kind::Left, "md_bitmap_flush"};

constexpr std::array kConsoleNotes = {
    ConsoleNote{kNullPointer, null_mddev, {Cause::Kind::Taking}, is_null_mddev},
    ConsoleNote{kNullPointer, dead_pool, {Cause::Kind::Taking}, is_dead_pool},
    ConsoleNote{"crash> struct mddev.", dump_of_array},
    ConsoleNote{"  bitmap = 0x0", bitmap_gone, {Cause::Kind::Left, "md_bitmap_free"}, has_no_bitmap},
    ConsoleNote{"  pending_writes = {", still_counted, kForgottenWait},
    ConsoleNote{"  mddev = 0x0", null_in_member, {Cause::Kind::Unbinding}},
};

}  // namespace

std::span<const ConsoleNote> console_notes() {
    return kConsoleNotes;
}

}  // namespace mdscope::stop_bitmap_2021
