// SPDX-License-Identifier: MIT
// A list that only grows, in blocks: nothing is copied when it does, and no more is reserved than one block.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace mdscope {

template <class T, std::size_t kInBlock = 1 << 16>
class Blocks {
   public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] T& operator[](std::size_t at) { return blocks_[at / kInBlock][at % kInBlock]; }
    [[nodiscard]] const T& operator[](std::size_t at) const { return blocks_[at / kInBlock][at % kInBlock]; }
    void push_back(const T& value) {
        if (size_ == blocks_.size() * kInBlock) blocks_.push_back(std::make_unique<T[]>(kInBlock));
        (*this)[size_++] = value;
    }

   private:
    std::vector<std::unique_ptr<T[]>> blocks_;
    std::size_t size_ = 0;
};

}  // namespace mdscope
