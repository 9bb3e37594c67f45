// SPDX-License-Identifier: MIT
// What is left of an array when the program is killed or the power is cut: the contents of its images, and its files.
//
// A search keeps many of them that differ in a sector or two, so equal pages are kept once, in a PageStore.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/host/threads.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"

namespace mdscope {

using PageContent = RamImage::PageContent;

// Pages by their hashes. Threads: any.
class PageStore {
   public:
    // `content()` is asked if it is not there yet.
    std::shared_ptr<const PageContent> keep(std::uint64_t hash, const std::function<PageContent()>& content);

   private:
    HostMutex mutex_;
    std::unordered_map<std::uint64_t, std::shared_ptr<const PageContent>> pages_;
};

struct PlatterPage {
    std::uint32_t image = 0;  // in the order of their paths
    std::uint64_t number = 0;
    std::uint64_t hash = 0;  // never 0: a page of zeros is left out
    std::shared_ptr<const PageContent> content;
};

struct Platters {
    std::vector<PlatterPage> pages;  // by image and number
    std::map<std::string, std::string> files;
    [[nodiscard]] std::uint64_t hash() const;
    // Puts a sector, or its beginning, in the place of what is there.
    void set_sector(std::uint32_t image, Sector sector, std::span<const std::byte> bytes, PageStore& store);
};

// As the images are now: what is cached, or what is durable.
Platters platters_of(const SimKernel& kernel, bool durable, PageStore& store);
// The other way. REQUIRES: the kernel has the same images.
void put_platters(SimKernel& kernel, const Platters& platters);

}  // namespace mdscope
