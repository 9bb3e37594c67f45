// SPDX-License-Identifier: MIT
// A list that forgets its oldest items, made of blocks that readers share instead of copying.
//
//   BlockRing    [block][block][block, partly filled]      one writer appends; the oldest block goes when there are too
//   many
//                   |      |       |
//   BlockView    ---+------+-------+  first item, count     any number of readers, each with what was there when it
//   looked
//
// Rules: push, clear and view are called under one lock of the owner. A view is read without any lock, for as long as
// its reader likes: items below its count are never written again, and its blocks stay as long as it does. So a view
// costs one pointer a block, and memory is bounded by the ring plus what views keep from it.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace mdscope::gui {

template <class T, std::size_t kBlock = 4096>
class BlockView {
   public:
    using Block = std::array<T, kBlock>;

    BlockView() = default;
    BlockView(std::vector<std::shared_ptr<const Block>> blocks, std::size_t count)
        : blocks_(std::move(blocks)), count_(count) {}

    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    // REQUIRES: index < size()
    [[nodiscard]] const T& operator[](std::size_t index) const {
        return (*blocks_[(first_ + index) / kBlock])[(first_ + index) % kBlock];
    }
    [[nodiscard]] const T& back() const { return (*this)[count_ - 1]; }

    // The first index whose key(item) is not below `wanted`; size() if there is none. Keys have to grow.
    template <class Key, class Value>
    [[nodiscard]] std::size_t lower_bound(Key key, const Value& wanted) const {
        std::size_t low = 0, high = count_;
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (key((*this)[middle]) < wanted)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    // The items from `index` on. Blocks that lie before it are let go.
    [[nodiscard]] BlockView from(std::size_t index) const {
        index = index < count_ ? index : count_;
        BlockView rest;
        rest.count_ = count_ - index;
        if (rest.count_ == 0) return rest;
        const std::size_t skipped = (first_ + index) / kBlock;
        rest.blocks_.assign(blocks_.begin() + static_cast<std::ptrdiff_t>(skipped), blocks_.end());
        rest.first_ = (first_ + index) % kBlock;
        return rest;
    }

    class Iterator {
       public:
        Iterator(const BlockView* view, std::size_t index) : view_(view), index_(index) {}
        const T& operator*() const { return (*view_)[index_]; }
        const T* operator->() const { return &(*view_)[index_]; }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator& other) const { return index_ == other.index_; }

       private:
        const BlockView* view_;
        std::size_t index_;
    };
    [[nodiscard]] Iterator begin() const { return {this, 0}; }
    [[nodiscard]] Iterator end() const { return {this, count_}; }

   private:
    std::vector<std::shared_ptr<const Block>> blocks_;
    std::size_t first_ = 0;  // of the first block: where the view begins
    std::size_t count_ = 0;
};

template <class T, std::size_t kBlock = 4096>
class BlockRing {
   public:
    explicit BlockRing(std::size_t max_blocks) : max_blocks_(max_blocks) {}

    // How many of the oldest items had to go for this one: none, or a block of them.
    std::size_t push(T item) {
        std::size_t gone = 0;
        if (blocks_.empty() || used_ == kBlock) {
            if (blocks_.size() == max_blocks_) {
                blocks_.pop_front();
                gone = kBlock;
            }
            blocks_.push_back(std::make_shared<Block>());
            used_ = 0;
        }
        (*blocks_.back())[used_++] = std::move(item);
        return gone;
    }
    [[nodiscard]] std::size_t size() const { return blocks_.empty() ? 0 : (blocks_.size() - 1) * kBlock + used_; }
    [[nodiscard]] std::size_t bytes() const { return blocks_.size() * sizeof(Block); }
    // REQUIRES: index < size()
    [[nodiscard]] const T& operator[](std::size_t index) const { return (*blocks_[index / kBlock])[index % kBlock]; }
    [[nodiscard]] BlockView<T, kBlock> view() const {
        return {std::vector<std::shared_ptr<const Block>>(blocks_.begin(), blocks_.end()), size()};
    }
    void clear() {
        blocks_.clear();
        used_ = 0;
    }

   private:
    using Block = std::array<T, kBlock>;
    std::deque<std::shared_ptr<Block>> blocks_;
    std::size_t max_blocks_;
    std::size_t used_ = 0;  // of the last block
};

}  // namespace mdscope::gui
