// SPDX-License-Identifier: MIT
// The names in a folder, for completing a path that is being typed.
//
// A path may lead anywhere: to a network that does not answer, or into a mounted array. So folders are read by threads
// that nobody waits for. What they find is there in a later frame, or never; at most a few are on their way at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mdscope::gui {

struct Listing {
    std::string folder;              // with a '/' at its end
    std::vector<std::string> names;  // sorted; folders have a '/' at their end
    std::string error;               // why it could not be read
    bool is_cut = false;             // there are more than are kept
};

class FolderList {
   public:
    static constexpr std::size_t kMostNames = 2000, kMostThreads = 4;

    explicit FolderList(std::function<void()> wake);

    // What is in the folder, if that is known already; else it is being read, and `wake` is called.
    std::shared_ptr<const Listing> look(const std::string& folder);
    void forget();  // what is known; the next look() reads again

   private:
    struct Shared;
    static void read(const std::shared_ptr<Shared>& shared, const std::string& folder,
                     const std::function<void()>& wake);
    std::shared_ptr<Shared> shared_;  // with threads that may outlive this
    std::function<void()> wake_;
};

}  // namespace mdscope::gui
