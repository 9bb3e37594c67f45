// SPDX-License-Identifier: MIT

#include "engine/explore/platters.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "engine/kernel/hash.hpp"

namespace mdscope {

std::shared_ptr<const PageContent> PageStore::keep(std::uint64_t hash, const std::function<PageContent()>& content) {
    const HostGuard guard(mutex_);
    auto& kept = pages_[hash];
    if (kept == nullptr) kept = std::make_shared<const PageContent>(content());
    return kept;
}

std::uint64_t Platters::hash() const {
    std::uint64_t sum = 0;
    for (const PlatterPage& page : pages) sum += mix(mix(page.image, page.number), page.hash);
    for (const auto& [path, text] : files) sum += mix(hash_of_bytes(path), hash_of_bytes(text));
    return sum;
}

void Platters::set_sector(std::uint32_t image, Sector sector, std::span<const std::byte> bytes, PageStore& store) {
    constexpr Sector kSectors = kPageSize / kSectorSize;
    const std::uint64_t number = sector / kSectors;
    const auto before = [](const PlatterPage& page, const std::pair<std::uint32_t, std::uint64_t>& place) {
        return std::tie(page.image, page.number) < std::tie(place.first, place.second);
    };
    const auto place = std::lower_bound(pages.begin(), pages.end(), std::pair(image, number), before);
    const bool is_there = place != pages.end() && place->image == image && place->number == number;
    const std::size_t at = sector % kSectors * kSectorSize;
    PageContent content = is_there ? *place->content : PageContent{};
    const auto share = [&] { return RamImage::share_of(sector, std::span(content).subspan(at, kSectorSize)); };
    const std::uint64_t others = (is_there ? place->hash : 0) - share();
    std::memcpy(content.data() + at, bytes.data(), bytes.size());  // perhaps less than a sector
    const std::uint64_t hash = others + share();
    if (hash == 0) {
        if (is_there) pages.erase(place);
        return;
    }
    PlatterPage page{image, number, hash, store.keep(hash, [&] { return content; })};
    if (is_there)
        *place = std::move(page);
    else
        pages.insert(place, std::move(page));
}

Platters platters_of(const SimKernel& kernel, bool durable, PageStore& store) {
    Platters platters;
    std::uint32_t image = 0;
    for (const auto& [path, medium] : kernel.images()) {
        medium->for_each_page(durable, [&, &of = *medium](std::uint64_t number, std::uint64_t hash) {
            if (hash == 0) return;
            platters.pages.push_back({image, number, hash, store.keep(hash, [&] { return of.page(number, durable); })});
        });
        image++;
    }
    platters.files = kernel.files();
    return platters;
}

void put_platters(SimKernel& kernel, const Platters& platters) {
    std::uint32_t number = 0;
    auto kept = platters.pages.begin();
    for (const auto& [path, medium] : kernel.images()) {
        std::vector<std::uint64_t> gone;
        auto next = kept;
        medium->for_each_page(false, [&](std::uint64_t page, std::uint64_t) {
            while (next != platters.pages.end() && next->image == number && next->number < page) ++next;
            const bool stays = next != platters.pages.end() && next->image == number && next->number == page;
            if (!stays) gone.push_back(page);
        });
        for (const std::uint64_t page : gone) medium->set_page(page, nullptr, 0);
        for (; kept != platters.pages.end() && kept->image == number; ++kept)
            medium->set_page(kept->number, kept->content.get(), kept->hash);
        number++;
    }
    kernel.set_files(platters.files);
}

}  // namespace mdscope
