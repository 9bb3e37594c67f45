// SPDX-License-Identifier: MIT

#include "engine/explore/crew.hpp"

#include <algorithm>
#include <stdexcept>

namespace mdscope {

// Below these a second simulation costs more to set up, or to wake, than it saves.
static constexpr std::size_t kStatesWorthAThread = 500;
static constexpr std::size_t kBatchWorthAThread = 8;
// What is left to who is at work on it: to get to another one's state takes as long as a few of its own.
static constexpr std::uint32_t kLeftToOthers = 4;

Picks picks_to(const StateTable& table, std::uint32_t number) {
    Picks picks;
    for (; table[number].parent != State::kNone; number = table[number].parent) picks.push_back(table[number].pick);
    std::reverse(picks.begin(), picks.end());
    return picks;
}

Crew::Crew(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts)
    : scenario_(scenario),
      options_(options),
      conflicts_(conflicts),
      expanders_(std::max(1U, options.jobs)),
      shares_(expanders_.size()),
      is_taken_(kMostAtOnce) {
    expanders_[0] = std::make_unique<Expander>(scenario, options, conflicts);
}

void Crew::expand(const std::vector<std::uint32_t>& numbers, const StateTable& table, std::vector<Expansion>& into) {
    numbers_ = &numbers;
    table_ = &table;
    into_ = &into;
    if (into.size() < numbers.size()) into.resize(numbers.size());
    share_out();
    const bool is_large = table.size() >= kStatesWorthAThread && numbers.size() >= kBatchWorthAThread;
    if (is_large && expanders_.size() > 1) {
        const HostGuard guard(mutex_);
        is_open_ = true;
        round_++;
        moved_.notify_all();
    }
    work(0);
    HostLock lock(mutex_);
    is_open_ = false;
    moved_.wait(lock, [this] { return busy_ == 0; });
    if (!failure_.empty()) throw std::runtime_error(failure_);
}

void Crew::close() {
    const HostGuard guard(mutex_);
    is_closed_ = true;
    moved_.notify_all();
}

void Crew::help(std::uint32_t by) {
    HostLock lock(mutex_);
    for (std::uint64_t seen = 0;;) {
        moved_.wait(lock, [&] { return is_closed_ || (is_open_ && round_ != seen); });
        if (is_closed_) return;
        seen = round_;
        busy_++;
        lock.unlock();
        work(by);
        lock.lock();
        if (--busy_ == 0) moved_.notify_all();
    }
}

// A state of which no moment is kept goes to who has the least.
void Crew::share_out() {
    for (Share& share : shares_) {
        share.places.clear();
        share.next = 0;
    }
    for (std::uint32_t place = 0; place < numbers_->size(); place++) {
        const State& state = (*table_)[(*numbers_)[place]];
        const auto least =
            std::ranges::min_element(shares_, {}, [](const Share& share) { return share.places.size(); });
        (state.kept != State::kNone ? shares_[state.keeper] : *least).places.push_back(place);
        is_taken_[place] = false;
    }
    for (Share& share : shares_) share.end = static_cast<std::uint32_t>(share.places.size());
}

void Crew::work(std::uint32_t by) {
    try {
        if (expanders_[by] == nullptr) expanders_[by] = std::make_unique<Expander>(scenario_, options_, conflicts_);
        expanders_[by]->next_batch();
        shares_[by].is_at_work = true;
        work_off(by);
    } catch (const std::exception& error) {
        failed(why_ended(error));
    }
    shares_[by].is_at_work = false;
}

void Crew::work_off(std::uint32_t by) {
    Share& own = shares_[by];
    for (std::uint32_t at = own.next++; at < own.places.size(); at = own.next++) expand_at(own.places[at], by);
    for (bool has_found = true; has_found;) {
        has_found = false;
        for (Share& other : shares_)
            if (&other != &own) has_found = take_from(other, by) || has_found;
    }
}

// The latter half of what is left there, in its order: of two ways to a state that are as long, the first one counts.
bool Crew::take_from(Share& other, std::uint32_t by) {
    const std::uint32_t end = other.end;
    std::uint32_t begin = std::min(other.next.load(), end);
    if (other.is_at_work) {
        if (end - begin <= kLeftToOthers) return false;
        begin += (end - begin) / 2;
    }
    other.end = begin;
    for (std::uint32_t at = begin; at < end; at++) expand_at(other.places[at], by);
    return begin < end;
}

void Crew::expand_at(std::uint32_t place, std::uint32_t by) {
    if (is_taken_[place].exchange(true)) return;
    const std::uint32_t number = (*numbers_)[place];
    const State& state = (*table_)[number];
    Expansion& into = (*into_)[place];
    into.by = by;
    if (state.kept != State::kNone && state.keeper == by)
        expanders_[by]->expand_kept(state.kept, *table_, into);
    else
        expanders_[by]->expand(picks_to(*table_, number), number, *table_, into);
}

void Crew::failed(const std::string& why) {
    const HostGuard guard(mutex_);
    if (failure_.empty()) failure_ = why;
}

}  // namespace mdscope
