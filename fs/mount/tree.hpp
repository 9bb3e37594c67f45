// SPDX-License-Identifier: MIT
// The names of the mounted tree and what each of them is, made from the array's state at every look.
//
//   /            md0  mdstat  md/  lab/                of a volume of IMSM also md127/, its container, to be looked at;
//                mount --device gives md0 another name (under its own it can be reached still)
//   /md          md_attrs() that are visible now, bitmap/, dev-NAME/ of each bound member, rdN -> dev-NAME
//   /md/bitmap   md_bitmap_attrs()          /md/dev-NAME   rdev_attrs(), block -> the image
//   /lab         lab_files()
//
// A node is found by its path, never kept: members come and go, and files with them. An inode number is given to a path
// the first time it is found and stays with it; only paths that existed get one, so the table stays small. Nothing here
// sleeps: member lists are copied under md's SpinLock.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/md/sysfs/sysfs.hpp"
#include "fs/mount/lab/lab.hpp"

namespace mdscope {

using Inode = std::uint64_t;
inline constexpr Inode kRootInode = 1;
inline constexpr Inode kDiskInode = 2;

enum class NodeKind : std::uint8_t { Folder, Control, Stream, Disk, Link };

struct Node {
    Inode inode = 0;
    NodeKind kind = NodeKind::Control;
    std::string path;  // "md/array_state"; empty: the root
    unsigned mode = 0;
    std::uint64_t size = 0;                            // as stat shows it
    std::string target;                                // of a link
    std::function<int(std::string* text)> show;        // 0 or -errno; empty: cannot be read
    std::function<int(std::string_view value)> store;  // 0 or -errno; empty: cannot be written
    LogText* grows = nullptr;                          // it has a size, and is read at its end again
    [[nodiscard]] bool announces() const { return kind == NodeKind::Control; }
};

struct FolderEntry {
    std::string name;
    NodeKind kind;
    Inode inode;
};

class Tree {
   public:
    explicit Tree(Lab& lab);

    std::optional<Node> find(Inode inode);
    std::optional<Node> find(const std::string& path);
    std::optional<Node> child(Inode folder, const std::string& name);
    std::vector<FolderEntry> list(const std::string& folder);
    std::string path_of(Inode inode);

   private:
    std::optional<Node> make(const std::string& path);
    Node control_from_md(const MdAttr& attr, const std::string& name);
    std::optional<Node> in_md(const std::string& name);
    std::optional<Node> in_container(const std::string& name);
    std::optional<Node> in_member(const std::string& member, const std::string& name);
    std::optional<Node> in_lab(const std::string& name);
    std::vector<std::string> names(const std::string& folder);
    Inode inode_of(const std::string& path);
    Rdev* bound_member(const std::string& name);
    static Rdev* bound_member(const Mddev& mddev, const std::string& name);

    Lab& lab_;
    const std::string disk_;  // "md0"
    std::mutex mutex_;
    std::unordered_map<std::string, Inode> inodes_;
    std::deque<std::string> paths_;  // of inode n at n - 1
};

}  // namespace mdscope
