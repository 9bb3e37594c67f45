// SPDX-License-Identifier: MIT

#include "fs/mount/tree.hpp"

#include <algorithm>

namespace mdscope {

namespace {

constexpr std::uint64_t kSysfsSize = 4096;
constexpr const char* kDiskAlias = "md0";  // what every mount answers to
constexpr const char* kContainer = "md127";

std::string joined(const std::string& folder, const std::string& name) {
    return folder.empty() ? name : folder + "/" + name;
}

Node folder_node() {
    Node node;
    node.kind = NodeKind::Folder;
    node.mode = 0755;
    return node;
}

Node link_node(std::string target) {
    Node node;
    node.kind = NodeKind::Link;
    node.mode = 0777;
    node.target = std::move(target);
    return node;
}

// "rd0" -> 0; -1 for other names.
int slot_of_link(const std::string& name) {
    if (!name.starts_with("rd") || name.size() < 3 || name.size() > 6) return -1;
    if (name.find_first_not_of("0123456789", 2) != std::string::npos) return -1;
    if (name[2] == '0' && name.size() > 3) return -1;
    return std::stoi(name.substr(2));
}

// Stores that a busy array refuses with -EBUSY: then the log says who has it open.
bool may_be_busy(std::string_view name, std::string_view value) {
    return name == "array_state" && (value == "clear" || value == "inactive" || value == "readonly");
}

}  // namespace

Tree::Tree(Lab& lab) : lab_(lab), disk_(lab.array.options().name), paths_{"", disk_} {
    inodes_ = {{"", kRootInode}, {disk_, kDiskInode}};
}

// ---- paths and numbers

std::string Tree::path_of(Inode inode) {
    const std::lock_guard guard(mutex_);
    return inode >= 1 && inode <= paths_.size() ? paths_[inode - 1] : std::string("?");
}

Inode Tree::inode_of(const std::string& path) {
    const std::lock_guard guard(mutex_);
    const auto [at, added] = inodes_.try_emplace(path, paths_.size() + 1);
    if (added) paths_.push_back(path);
    return at->second;
}

std::optional<Node> Tree::find(Inode inode) {
    return find(path_of(inode));
}

std::optional<Node> Tree::child(Inode folder, const std::string& name) {
    return find(joined(path_of(folder), name));
}

std::optional<Node> Tree::find(const std::string& path_or_alias) {
    const std::string& path = path_or_alias == kDiskAlias ? disk_ : path_or_alias;
    std::optional<Node> node = make(path);
    if (!node) return std::nullopt;
    node->path = path;
    node->inode = inode_of(path);
    return node;
}

std::vector<FolderEntry> Tree::list(const std::string& folder) {
    std::vector<FolderEntry> entries;
    for (const std::string& name : names(folder)) {
        const std::optional<Node> node = find(joined(folder, name));
        if (node) entries.push_back({name, node->kind, node->inode});
    }
    return entries;
}

// ---- what a path is

std::optional<Node> Tree::make(const std::string& path) {
    if (path.empty() || path == "md" || path == "md/bitmap" || path == "lab") return folder_node();
    if (path == disk_) {
        Node node;
        node.kind = NodeKind::Disk;
        node.mode = 0600;
        node.size = lab_.array.size_bytes();
        return node;
    }
    if (path == "mdstat") {
        Node node;
        node.mode = 0444;
        node.show = [this](std::string* text) {
            try {
                std::vector<const Mddev*> arrays{&lab_.array.mddev()};
                if (const Mddev* container = lab_.array.container(); container != nullptr) arrays.push_back(container);
                *text = mdstat(arrays);
            } catch (const Halted&) {  // with some kernels reading this is the Oops
                return -EIO;
            }
            return 0;
        };
        return node;
    }
    if (path.starts_with("lab/")) return in_lab(path.substr(4));
    if (path.starts_with("md/")) return in_md(path.substr(3));
    if (path.starts_with(kContainer)) return in_container(path.substr(std::string_view(kContainer).size()));
    return std::nullopt;
}

// What md127 says is mdadm's: it can be read, and nothing else.
std::optional<Node> Tree::in_container(const std::string& rest) {
    Mddev* const container = lab_.array.container();
    if (container == nullptr) return std::nullopt;
    if (rest.empty()) return folder_node();
    const std::string name = rest.substr(1);
    Node node;
    node.mode = 0444;
    node.size = kSysfsSize;
    if (name.starts_with("dev-")) {
        const std::size_t slash = name.find('/');
        Rdev* const rdev = bound_member(*container, name.substr(4, slash == std::string::npos ? slash : slash - 4));
        if (rdev == nullptr) return std::nullopt;
        if (slash == std::string::npos) return folder_node();
        if (name.substr(slash + 1) == "block") return link_node(rdev->path);
        const RdevAttr* const attr = find_rdev_attr(name.substr(slash + 1));
        if (attr == nullptr || attr->show == nullptr) return std::nullopt;
        node.show = [attr, rdev](std::string* text) {
            *text = attr->show(*rdev);
            return 0;
        };
        return node;
    }
    const MdAttr* const attr = find_md_attr(name);
    if (attr == nullptr || attr->show == nullptr || !md_attr_visible(*container, *attr) || name.starts_with("bitmap/"))
        return std::nullopt;
    node.show = [attr, container](std::string* text) {
        *text = attr->show(*container);
        return 0;
    };
    return node;
}

std::optional<Node> Tree::in_lab(const std::string& name) {
    const LabFile* file = find_lab_file(name);
    if (file == nullptr) return std::nullopt;
    Node node;
    node.mode = file->mode;
    if (file->show == nullptr && file->store == nullptr) node.kind = NodeKind::Stream;
    if (file->show != nullptr)
        node.show = [this, file](std::string* text) {
            *text = file->show(lab_);
            return 0;
        };
    if (file->grows != nullptr) {
        node.grows = &(lab_.*file->grows);
        node.size = node.grows->size();
    }
    if (file->store != nullptr) node.store = [this, file](std::string_view value) { return file->store(lab_, value); };
    return node;
}

std::optional<Node> Tree::in_md(const std::string& name) {
    if (name.starts_with("dev-")) {
        const std::size_t slash = name.find('/');
        const std::string member = name.substr(4, slash == std::string::npos ? slash : slash - 4);
        if (slash != std::string::npos) return in_member(member, name.substr(slash + 1));
        return bound_member(member) != nullptr ? std::optional(folder_node()) : std::nullopt;
    }
    if (const int slot = slot_of_link(name); slot >= 0) {
        for (const Rdev* rdev : rdev_list(lab_.array.mddev()))
            if (rdev->raid_disk.peek() == slot) return link_node("dev-" + rdev->name);
        return std::nullopt;
    }
    const MdAttr* attr = find_md_attr(name);
    if (attr == nullptr || !md_attr_visible(lab_.array.mddev(), *attr)) return std::nullopt;
    return control_from_md(*attr, name);
}

// `name` is below md/: "array_state", "bitmap/location".
Node Tree::control_from_md(const MdAttr& attr, const std::string& name) {
    Node node;
    node.mode = attr.mode & 0644U;
    node.size = kSysfsSize;
    const MdAttr* row = &attr;
    if (attr.show != nullptr)
        node.show = [this, row](std::string* text) {
            *text = row->show(lab_.array.mddev());
            return 0;
        };
    if (attr.store != nullptr)
        node.store = [this, name](std::string_view value) {
            const int err = md_attr_store(lab_.array.mddev(), name, value);
            if (err == -EBUSY && may_be_busy(name, value)) log_openers(lab_);
            return err;
        };
    return node;
}

std::optional<Node> Tree::in_member(const std::string& member, const std::string& name) {
    Rdev* rdev = bound_member(member);
    if (rdev == nullptr) return std::nullopt;
    if (name == "block") return link_node(rdev->path);
    const RdevAttr* attr = find_rdev_attr(name);
    if (attr == nullptr) return std::nullopt;
    Node node;
    node.mode = attr->mode & 0644U;
    node.size = kSysfsSize;
    // An open file outlives its member: each use looks for it again, and answers ENODEV as sysfs does.
    if (attr->show != nullptr)
        node.show = [this, attr, member](std::string* text) {
            Rdev* now = bound_member(member);
            if (now == nullptr) return -ENODEV;
            *text = attr->show(*now);
            return 0;
        };
    if (attr->store != nullptr)
        node.store = [this, attr, member](std::string_view value) {
            Rdev* now = bound_member(member);
            return now == nullptr ? -ENODEV : rdev_attr_store(*now, attr->name, value);
        };
    return node;
}

Rdev* Tree::bound_member(const Mddev& mddev, const std::string& name) {
    for (Rdev* rdev : rdev_list(mddev))
        if (rdev->name == name) return rdev;
    return nullptr;
}

Rdev* Tree::bound_member(const std::string& name) {
    return bound_member(lab_.array.mddev(), name);
}

// ---- what a folder holds

std::vector<std::string> Tree::names(const std::string& folder) {
    std::vector<std::string> found;
    Mddev& mddev = lab_.array.mddev();
    const Mddev* const container = lab_.array.container();
    if (folder.empty()) {
        found = {disk_, "mdstat", "md", "lab"};
        if (container != nullptr) found.emplace_back(kContainer);
        return found;
    }
    if (folder == "lab") {
        for (const LabFile& file : lab_files()) found.emplace_back(file.name);
    } else if (folder == "md") {
        for (const MdAttr& attr : md_attrs())
            if (md_attr_visible(mddev, attr)) found.emplace_back(attr.name);
        found.emplace_back("bitmap");
        for (const Rdev* rdev : rdev_list(mddev)) {
            found.push_back("dev-" + rdev->name);
            const int slot = rdev->raid_disk.peek();
            if (slot >= 0 && !test_bit(Replacement, rdev->flags)) found.push_back("rd" + std::to_string(slot));
        }
    } else if (folder == "md/bitmap") {
        for (const MdAttr& attr : md_bitmap_attrs()) {
            const std::string_view name = attr.name;
            found.emplace_back(name.starts_with("bitmap/") ? name.substr(7) : name);
        }
    } else if (folder == kContainer && container != nullptr) {
        for (const MdAttr& attr : md_attrs())
            if (attr.show != nullptr && md_attr_visible(*container, attr)) found.emplace_back(attr.name);
        for (const Rdev* rdev : rdev_list(*container)) found.push_back("dev-" + rdev->name);
    } else if (folder.starts_with("md/dev-") || folder.starts_with(std::string(kContainer) + "/dev-")) {
        for (const RdevAttr& attr : rdev_attrs()) found.emplace_back(attr.name);
        found.emplace_back("block");
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

}  // namespace mdscope
