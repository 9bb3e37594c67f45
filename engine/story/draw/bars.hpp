// SPDX-License-Identifier: MIT
// The bars of one lane while it is walked through: what is open, what is closed, which rows are free. Only for
// lanes.cpp.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "engine/story/draw/lanes.hpp"

namespace mdscope {

// ---- rows

// The lowest row that is free from a tick on.
class Rows {
   public:
    int take(std::size_t begin) {
        for (std::size_t row = 0; row < free_from_.size(); row++)
            if (free_from_[row] <= begin) return claim(row);
        free_from_.push_back(0);
        return claim(free_from_.size() - 1);
    }
    void give_back(int row, std::size_t end) { free_from_[static_cast<std::size_t>(row)] = end; }
    [[nodiscard]] int size() const { return static_cast<int>(free_from_.size()); }

   private:
    int claim(std::size_t row) {
        free_from_[row] = ~std::size_t{0};
        return static_cast<int>(row);
    }
    std::vector<std::size_t> free_from_;
};

// ---- a task

// The bars of one task, from the functions it is in.
class TaskBars {
   public:
    explicit TaskBars(std::size_t end) : end_(end) {}

    void enter(const std::string& name, std::size_t tick) {
        set_sleep("", tick);  // each call sleeps for itself
        Bar bar;
        bar.label = name;
        bar.row = static_cast<int>(open_.size());
        bar.begin = tick;
        open_.push_back(std::move(bar));
    }
    void leave(std::size_t tick) {
        if (open_.empty()) return;
        set_sleep("", tick);
        close(std::move(open_.back()), tick);
        open_.pop_back();
    }
    // The functions it is in now, outermost first.
    void set_stack(const std::vector<std::string>& stack, std::size_t tick) {
        std::size_t same = 0;
        while (same < std::min(stack.size(), open_.size()) && open_[same].label == stack[same]) same++;
        while (open_.size() > same) leave(tick);
        for (std::size_t i = same; i < stack.size(); i++) enter(stack[i], tick);
    }
    // It sleeps until `condition`; empty: it does not sleep.
    void set_sleep(const std::string& condition, std::size_t tick) {
        const int row = static_cast<int>(open_.size());
        if (sleep_ && sleep_->label == condition && sleep_->row == row) return;
        if (sleep_) close(std::move(*sleep_), tick);
        sleep_.reset();
        if (condition.empty()) return;
        sleep_.emplace();
        sleep_->kind = Bar::Kind::Sleep;
        sleep_->label = condition;
        sleep_->row = row;
        sleep_->begin = tick;
    }
    [[nodiscard]] bool is_in(const std::string& function) const {
        return std::ranges::find(open_, function, &Bar::label) != open_.end();
    }
    [[nodiscard]] bool is_in_any() const { return !open_.empty(); }
    void add_oops(const std::string& function, std::size_t tick) {
        Bar bar;
        bar.kind = Bar::Kind::Oops;
        bar.label = function;
        bar.row = static_cast<int>(open_.size()) + (sleep_ ? 1 : 0);
        bar.begin = tick;
        bar.end = end_;
        bar.is_open = true;
        bars_.push_back(std::move(bar));
    }
    std::vector<Bar> finish() {
        if (sleep_) finish_open(std::move(*sleep_));
        for (Bar& bar : open_) finish_open(std::move(bar));
        open_.clear();
        std::ranges::stable_sort(bars_, {}, &Bar::begin);
        return std::move(bars_);
    }

   private:
    void close(Bar bar, std::size_t tick) {
        if (bar.begin == tick) return;
        bar.end = tick;
        bars_.push_back(std::move(bar));
    }
    void finish_open(Bar bar) {
        bar.end = end_;
        bar.is_open = true;
        bars_.push_back(std::move(bar));
    }

    std::size_t end_;
    std::vector<Bar> bars_, open_;
    std::optional<Bar> sleep_;
};

// ---- a disk

inline Bar::Kind kind_of_bio(const std::string& kind) {
    if (kind == "bitmap") return Bar::Kind::Bitmap;
    if (kind == "data") return Bar::Kind::Data;
    return kind == "resync" ? Bar::Kind::Resync : Bar::Kind::Superblock;
}

class DiskBars {
   public:
    explicit DiskBars(std::size_t end) : end_(end) {}

    void begin(const std::string& bio, const BioName& name, std::size_t tick) {
        Bar bar;
        bar.label = fmt::format("{} {}", name.kind, name.number);
        bar.bio = bio;
        bar.kind = kind_of_bio(name.kind);
        bar.row = rows_.take(tick);
        bar.begin = tick;
        open_[bio] = std::move(bar);
    }
    [[nodiscard]] bool has(const std::string& bio) const { return open_.contains(bio); }
    void end(const std::string& bio, std::size_t tick) {
        auto node = open_.extract(bio);
        if (node.empty()) return;
        Bar& bar = node.mapped();
        set_held(bar, false, tick);
        bar.end = tick;
        rows_.give_back(bar.row, tick);
        bars_.push_back(std::move(bar));
    }
    void set_held(const std::string& bio, bool held, std::size_t tick) { set_held(open_.at(bio), held, tick); }
    [[nodiscard]] std::vector<std::string> open() const {
        std::vector<std::string> names;
        for (const auto& [name, bar] : open_) names.push_back(name);
        return names;
    }
    void add_oops(const std::string& function, std::size_t tick) {
        Bar bar;
        bar.kind = Bar::Kind::Oops;
        bar.label = function;
        bar.row = rows_.take(tick);
        bar.begin = tick;
        bar.end = end_;
        bar.is_open = true;
        bars_.push_back(std::move(bar));
    }
    std::vector<Bar> finish() {
        for (auto& [name, bar] : open_) {
            if (!bar.held.empty() && bar.held.back().second == kStill) bar.held.back().second = end_;
            bar.end = end_;
            bar.is_open = true;
            bars_.push_back(std::move(bar));
        }
        open_.clear();
        std::ranges::stable_sort(bars_, {}, &Bar::begin);
        return std::move(bars_);
    }
    [[nodiscard]] int rows() const { return rows_.size(); }

   private:
    static constexpr std::size_t kStill = ~std::size_t{0};

    static void set_held(Bar& bar, bool held, std::size_t tick) {
        const bool was_held = !bar.held.empty() && bar.held.back().second == kStill;
        if (held == was_held) return;
        if (held)
            bar.held.emplace_back(tick, kStill);
        else
            bar.held.back().second = tick;
    }

    std::size_t end_;
    Rows rows_;
    std::vector<Bar> bars_;
    std::map<std::string, Bar> open_;  // by bio
};

}  // namespace mdscope
