// SPDX-License-Identifier: MIT

#include "gui/model/future_band.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <system_error>

#include "engine/explore/card.hpp"
#include "gui/model/step_back.hpp"

namespace mdscope::gui {

namespace {

constexpr std::uint64_t kMostStates = 60'000;  // a second or two
constexpr double kTold = 999;                  // larger numbers are told as a share

// What is counted does not depend on what has been played.
Scenario kernel_of(const Scenario& played) {
    Scenario kernel = played;
    kernel.schedule.clear();
    kernel.playhead.reset();
    kernel.versus.clear();
    return kernel;
}

const char* verb(const Futures& futures, bool is_one) {
    if (futures.bad() == futures.crashes) return is_one ? "crashes" : "crash";
    if (futures.bad() == futures.hangs) return is_one ? "hangs" : "hang";
    return is_one ? "goes wrong" : "go wrong";
}

std::string in_ten(const Futures& futures) {
    const double share = 10 * futures.bad() / futures.all;
    if (share < 0.5) return "less than 1 in 10";
    if (share > 9.5) return "more than 9 in 10";
    return fmt::format("{} in 10", std::lround(share));
}

std::string whole(double number) {
    return grouped(static_cast<std::uint64_t>(number));
}

}  // namespace

std::string futures_words(const Futures& futures) {
    if (!futures.is_whole) return fmt::format("at least {} futures {}", whole(futures.bad()), verb(futures, false));
    if (futures.bad() == 0) return fmt::format("no future {}", verb(futures, true));
    if (futures.bad() == futures.all) return fmt::format("all futures {}", verb(futures, false));
    if (futures.all > kTold) return fmt::format("{} futures {}", in_ten(futures), verb(futures, false));
    return fmt::format("{} of {} futures {}", whole(futures.bad()), whole(futures.all), verb(futures, false));
}

std::string futures_share(const Futures& futures) {
    if (!futures.is_whole) return "at least " + whole(futures.bad());
    if (futures.bad() == 0) return "none";
    if (futures.bad() == futures.all) return "all";
    if (futures.all > kTold) return in_ten(futures);
    return fmt::format("{} of {}", whole(futures.bad()), whole(futures.all));
}

bool FutureBand::can_count(const Duel& duel) {
    return std::ranges::all_of(kSides, [&](Side side) { return FutureCounts::can_count(duel.tape(side).scenario()); });
}

void FutureBand::follow(const Duel& duel, std::uint64_t version, bool waits) {
    if (version_ != version) {
        version_ = version;
        has_shares_ = false;
        bool is_same = true;
        for (const Side side : kSides) is_same = is_same && kernels_.at(side) == kernel_of(duel.tape(side).scenario());
        if (!is_same) begin(duel);
    }
    if (!counting_.valid()) return;
    if (waits) counting_.wait();
    if (counting_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    counts_ = counting_.get();
    has_shares_ = false;
}

void FutureBand::begin(const Duel& duel) {
    cancel();
    is_cancelled_ = false;
    counts_ = {};
    for (const Side side : kSides) kernels_.at(side) = kernel_of(duel.tape(side).scenario());
    const auto count = [this, kernels = kernels_] {
        Counts counts;
        try {
            step_back();
            for (const Side side : kSides)
                counts.at(side) =
                    std::make_unique<FutureCounts>(kernels.at(side), kMostStates, [this] { return !is_cancelled_; });
        } catch (const std::exception&) {  // then nothing is said of the futures
            counts = {};
        }
        return counts;
    };
    try {
        counting_ = std::async(std::launch::async, count);
    } catch (const std::system_error&) {  // the host has no thread to give
        counting_ = {};
    }
}

void FutureBand::cancel() {
    is_cancelled_ = true;
    if (counting_.valid()) counting_.wait();
    counting_ = {};
}

const Futures* FutureBand::at(const Duel& duel, Side side, std::size_t tick) const {
    const auto& counts = counts_.at(side);
    return counts ? counts->from(duel.at(side, tick).state_hash) : nullptr;
}

const std::vector<float>& FutureBand::shares(const Duel& duel) {
    if (has_shares_) return shares_;
    shares_.clear();
    for (std::size_t tick = 0; tick <= duel.end(); tick++) shares_.push_back(share(duel.at(Side::A, tick).state_hash));
    has_shares_ = true;
    return shares_;
}

float FutureBand::share(std::uint64_t state_hash) const {
    const auto& counts = counts_.at(Side::A);
    const Futures* const futures = counts ? counts->from(state_hash) : nullptr;
    if (futures == nullptr || !futures->is_whole) return -1;
    return static_cast<float>(futures->bad() / futures->all);
}

}  // namespace mdscope::gui
