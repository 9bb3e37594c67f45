// SPDX-License-Identifier: MIT

#include "gui/model/folder_list.hpp"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/host/host.hpp"

namespace mdscope::gui {

namespace fs = std::filesystem;

namespace {

Listing listing_of(const std::string& folder) {
    Listing listing;
    listing.folder = folder;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;  // of a link that leads nowhere
        listing.is_cut = listing.names.size() == FolderList::kMostNames;
        if (listing.is_cut) break;
        listing.names.push_back(entry->path().filename().string() + (entry->is_directory(ignored) ? "/" : ""));
    }
    if (error) listing.error = host_error_text(error.value());
    std::ranges::sort(listing.names);
    return listing;
}

}  // namespace

struct FolderList::Shared {
    std::mutex mutex;
    std::shared_ptr<const Listing> known;  // the last one that was read
    std::string wanted;                    // the last one that was asked for
    std::size_t threads = 0;
    std::size_t version = 0;  // what was asked for before forget() is not kept
};

FolderList::FolderList(std::function<void()> wake) : shared_(std::make_shared<Shared>()), wake_(std::move(wake)) {}

std::shared_ptr<const Listing> FolderList::look(const std::string& folder) {
    const std::lock_guard guard(shared_->mutex);
    if (shared_->known && shared_->known->folder == folder) return shared_->known;
    if (shared_->wanted == folder || shared_->threads == kMostThreads) return nullptr;
    try {
        std::thread([shared = shared_, folder, wake = wake_] { read(shared, folder, wake); }).detach();
        shared_->wanted = folder;
        shared_->threads++;
    } catch (const std::system_error&) {
        // No thread to be had: a path can be typed without help.
    }
    return nullptr;
}

void FolderList::read(const std::shared_ptr<Shared>& shared, const std::string& folder,
                      const std::function<void()>& wake) {
    std::size_t version = 0;
    {
        const std::lock_guard guard(shared->mutex);
        version = shared->version;
    }
    auto listing = std::make_shared<const Listing>(listing_of(folder));
    {
        const std::lock_guard guard(shared->mutex);
        shared->threads--;
        if (shared->wanted == folder && shared->version == version) shared->known = std::move(listing);
    }
    wake();
}

void FolderList::forget() {
    const std::lock_guard guard(shared_->mutex);
    shared_->known.reset();
    shared_->wanted.clear();
    shared_->version++;
}

}  // namespace mdscope::gui
