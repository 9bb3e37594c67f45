// SPDX-License-Identifier: MIT
// The mounted tree as commands see it: they talk to the daemon by reading and writing its files, as a person would.
#pragma once

#include <string>
#include <vector>

#include "engine/kernel/result.hpp"

namespace mdscope {

class MountedTree {
   public:
    // `path` is the mount point, or anything in it. The error says what it is instead.
    static Result<MountedTree> open(const std::string& path);

    [[nodiscard]] const std::string& root() const { return root_; }
    [[nodiscard]] std::string file(const std::string& name) const { return root_ + "/" + name; }
    // The whole content, without the newline at its end.
    [[nodiscard]] Result<std::string> read(const std::string& name) const;
    [[nodiscard]] std::string read_or(const std::string& name, const std::string& otherwise) const;
    // One store. Error::err is the errno, the text is that errno in words.
    [[nodiscard]] Result<bool> write(const std::string& name, const std::string& value) const;
    // Members by name, as md/dev-NAME lists them.
    [[nodiscard]] std::vector<std::string> members() const;

   private:
    explicit MountedTree(std::string root) : root_(std::move(root)) {}
    std::string root_;
};

// Stores `how` into lab/stop. EBUSY: somebody has md0 open. When nobody is seen to, that is waited for: the last close
// is on its way to the daemon.
Result<bool> ask_to_stop(const MountedTree& tree, const std::string& how);

// A stop that waits: for requests that are inside, for metadata writes. Nothing else gets the array meanwhile.
bool stop_is_asleep(const MountedTree& tree);
std::string asleep_text(const MountedTree& tree);

Result<std::string> read_whole_file(const std::string& path);

}  // namespace mdscope
