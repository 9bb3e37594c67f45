// SPDX-License-Identifier: MIT

#include "fs/mount/operations.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include "fs/mount/session.hpp"

namespace mdscope {

FileSystem::FileSystem(Lab& the_lab) : lab(the_lab), tree(the_lab), owner(getuid()), group(getgid()) {
    lab.trace_pipe.start([this] { notifier.changed("lab/trace_pipe"); });
    clock_gettime(CLOCK_REALTIME, &mounted_at);
}

FileSystem::~FileSystem() {
    lab.trace_pipe.stop();
}

namespace {

constexpr std::size_t kMaxName = 255;  // libfuse and the kernel would let 1023 through

mode_t file_type(NodeKind kind) {
    switch (kind) {
        case NodeKind::Folder:
            return S_IFDIR;
        case NodeKind::Link:
            return S_IFLNK;
        case NodeKind::Control:
        case NodeKind::Stream:
        case NodeKind::Disk:
            return S_IFREG;
    }
    return S_IFREG;
}

struct stat attributes(const FileSystem& system, const Node& node) {
    struct stat attr {};
    attr.st_ino = node.inode;
    attr.st_mode = file_type(node.kind) | node.mode;
    attr.st_nlink = node.kind == NodeKind::Folder ? 2 : 1;
    attr.st_uid = system.owner;
    attr.st_gid = system.group;
    attr.st_size = static_cast<off_t>(node.kind == NodeKind::Link ? node.target.size() : node.size);
    attr.st_blksize = kPageSize;
    attr.st_blocks = node.kind == NodeKind::Disk ? static_cast<blkcnt_t>(node.size / kSectorSize) : 0;
    attr.st_atim = attr.st_mtim = attr.st_ctim = system.mounted_at;
    return attr;
}

// Finds the node, or answers and gives nullopt.
std::optional<Node> found_or_reply(fuse_req_t req, fuse_ino_t inode) {
    std::optional<Node> node;
    const int err = guarded([&] {
        node = file_system(req).tree.find(inode);
        return node ? 0 : -ENOENT;
    });
    if (err != 0) fuse_reply_err(req, -err);
    return err == 0 ? std::move(node) : std::nullopt;
}

// ---- names and attributes

void op_init(void* /*userdata*/, fuse_conn_info* connection) {
    // In-place writes and one system call a reply were faster than any splice. Writeback would lie about order.
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
                                               FUSE_CAP_WRITEBACK_CACHE);
    connection->want |= connection->capable & static_cast<unsigned>(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_ASYNC_DIO |
                                                                    FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_ASYNC_READ);
    connection->max_write = kMaxTransfer;
    connection->max_read = kMaxTransfer;
    connection->max_background = 1024;
    connection->congestion_threshold = 1024;
}

void op_lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
    FileSystem& system = file_system(req);
    fuse_entry_param entry{};  // both timeouts 0: files appear, disappear and change their size
    const int err = guarded([&] {
        if (std::strlen(name) > kMaxName) return -ENAMETOOLONG;
        const std::optional<Node> node = system.tree.child(parent, name);
        if (!node) return -ENOENT;
        entry.ino = node->inode;
        entry.attr = attributes(system, *node);
        return 0;
    });
    if (err != 0)
        fuse_reply_err(req, -err);
    else
        fuse_reply_entry(req, &entry);
}

void op_getattr(fuse_req_t req, fuse_ino_t inode, fuse_file_info* /*info*/) {
    const std::optional<Node> node = found_or_reply(req, inode);
    if (!node) return;
    const struct stat attr = attributes(file_system(req), *node);
    fuse_reply_attr(req, &attr, 0);
}

// Times may be "set" (touch), a control file may be truncated; sizes, modes and owners are fixed.
void op_setattr(fuse_req_t req, fuse_ino_t inode, struct stat* wanted, int to_set, fuse_file_info* /*info*/) {
    const std::optional<Node> node = found_or_reply(req, inode);
    if (!node) return;
    const struct stat attr = attributes(file_system(req), *node);
    const bool resizes =
        (to_set & FUSE_SET_ATTR_SIZE) != 0 && node->kind != NodeKind::Control && wanted->st_size != attr.st_size;
    const bool re_owns = ((to_set & FUSE_SET_ATTR_UID) != 0 && wanted->st_uid != attr.st_uid) ||
                         ((to_set & FUSE_SET_ATTR_GID) != 0 && wanted->st_gid != attr.st_gid);
    const bool re_modes = (to_set & FUSE_SET_ATTR_MODE) != 0 && (wanted->st_mode & 07777U) != (attr.st_mode & 07777U);
    if (resizes || re_owns || re_modes)
        fuse_reply_err(req, EPERM);
    else
        fuse_reply_attr(req, &attr, 0);
}

void op_readlink(fuse_req_t req, fuse_ino_t inode) {
    const std::optional<Node> node = found_or_reply(req, inode);
    if (!node) return;
    if (node->kind == NodeKind::Link)
        fuse_reply_readlink(req, node->target.c_str());
    else
        fuse_reply_err(req, EINVAL);
}

// Without default_permissions access(2) is ours to answer; the owner's bits count, for root too.
void op_access(fuse_req_t req, fuse_ino_t inode, int mask) {
    const std::optional<Node> node = found_or_reply(req, inode);
    if (!node) return;
    const auto wanted = static_cast<unsigned>(mask & (R_OK | W_OK | X_OK));
    fuse_reply_err(req, (wanted & ~(node->mode >> 6U)) != 0 ? EACCES : 0);
}

// ---- folders

// A folder as it was at opendir, so that positions stay good while members come and go.
struct OpenFolder {
    std::vector<FolderEntry> entries;
};

void op_opendir(fuse_req_t req, fuse_ino_t inode, fuse_file_info* info) {
    FileSystem& system = file_system(req);
    auto folder = std::make_shared<OpenFolder>();
    const int err = guarded([&] {
        const std::optional<Node> node = system.tree.find(inode);
        if (!node) return -ENOENT;
        if (node->kind != NodeKind::Folder) return -ENOTDIR;
        folder->entries = {{".", NodeKind::Folder, inode}, {"..", NodeKind::Folder, kRootInode}};
        for (FolderEntry& entry : system.tree.list(node->path)) folder->entries.push_back(std::move(entry));
        return 0;
    });
    if (err != 0) {
        fuse_reply_err(req, -err);
        return;
    }
    Handles& handles = file_system(req).lab.handles;
    info->fh = handles.keep(std::move(folder));
    if (fuse_reply_open(req, info) != 0) handles.drop(info->fh);
}

void op_readdir(fuse_req_t req, fuse_ino_t /*inode*/, std::size_t size, off_t offset, fuse_file_info* info) {
    const auto& folder = *reinterpret_cast<const OpenFolder*>(info->fh);
    std::vector<char> buffer(std::min<std::size_t>(size, 64 << 10));
    std::size_t used = 0;
    for (auto i = static_cast<std::size_t>(offset < 0 ? 0 : offset); i < folder.entries.size(); i++) {
        struct stat attr {};
        attr.st_ino = folder.entries[i].inode;
        attr.st_mode = file_type(folder.entries[i].kind);
        const std::size_t needed = fuse_add_direntry(req, buffer.data() + used, buffer.size() - used,
                                                     folder.entries[i].name.c_str(), &attr, static_cast<off_t>(i + 1));
        if (needed > buffer.size() - used) break;
        used += needed;
    }
    fuse_reply_buf(req, buffer.data(), used);
}

void op_releasedir(fuse_req_t req, fuse_ino_t /*inode*/, fuse_file_info* info) {
    file_system(req).lab.handles.drop(info->fh);
    fuse_reply_err(req, 0);
}

// ---- files: md0 or a control file

void op_open(fuse_req_t req, fuse_ino_t inode, fuse_file_info* info) {
    if (inode == kDiskInode) {
        disk_open(req, info);
        return;
    }
    std::optional<Node> node = found_or_reply(req, inode);
    if (node) control_open(req, std::move(*node), info);
}

void op_release(fuse_req_t req, fuse_ino_t inode, fuse_file_info* info) {
    if (inode == kDiskInode)
        disk_release(req, info);
    else
        control_release(req, info);
}

void op_read(fuse_req_t req, fuse_ino_t inode, std::size_t size, off_t offset, fuse_file_info* info) {
    if (inode == kDiskInode)
        disk_read(req, size, offset, info);
    else
        control_read(req, size, offset, info);
}

void op_write(fuse_req_t req, fuse_ino_t inode, const char* data, std::size_t size, off_t offset,
              fuse_file_info* info) {
    if (inode == kDiskInode)
        disk_write(req, data, size, offset, info);
    else
        control_write(req, data, size, info);
}

void op_flush(fuse_req_t req, fuse_ino_t /*inode*/, fuse_file_info* /*info*/) {
    fuse_reply_err(req, 0);  // close(2); durability is fsync's
}

void op_fsync(fuse_req_t req, fuse_ino_t inode, int /*data_only*/, fuse_file_info* info) {
    if (inode == kDiskInode)
        disk_sync(req, info);
    else
        fuse_reply_err(req, 0);
}

void op_lseek(fuse_req_t req, fuse_ino_t inode, off_t offset, int whence, fuse_file_info* /*info*/) {
    if (inode == kDiskInode)
        disk_seek(req, offset, whence);
    else
        fuse_reply_err(req, EINVAL);
}

void op_fallocate(fuse_req_t req, fuse_ino_t inode, int mode, off_t offset, off_t length, fuse_file_info* info) {
    if (inode == kDiskInode)
        disk_allocate(req, mode, offset, length, info);
    else
        fuse_reply_err(req, EOPNOTSUPP);
}

void op_ioctl(fuse_req_t req, fuse_ino_t inode, unsigned command, void* /*argument*/, fuse_file_info* info,
              unsigned flags, const void* /*in*/, std::size_t /*in_size*/, std::size_t out_size) {
    if (inode == kDiskInode && (flags & FUSE_IOCTL_DIR) == 0)
        disk_ioctl(req, command, info, out_size);
    else
        fuse_reply_err(req, ENOTTY);
}

void op_poll(fuse_req_t req, fuse_ino_t inode, fuse_file_info* info, fuse_pollhandle* handle) {
    if (inode != kDiskInode) {
        control_poll(req, info, handle);
        return;
    }
    if (handle != nullptr) fuse_pollhandle_destroy(handle);
    fuse_reply_poll(req, 0x145);  // POLLIN|POLLOUT|POLLRDNORM|POLLWRNORM, as every regular file
}

// ---- what cannot be done here

void deny(fuse_req_t req) {
    fuse_reply_err(req, EPERM);
}

}  // namespace

const fuse_lowlevel_ops& file_system_operations() {
    static const fuse_lowlevel_ops table = [] {
        fuse_lowlevel_ops ops{};
        ops.init = op_init;
        ops.lookup = op_lookup;
        ops.getattr = op_getattr;
        ops.setattr = op_setattr;
        ops.readlink = op_readlink;
        ops.access = op_access;
        ops.opendir = op_opendir;
        ops.readdir = op_readdir;
        ops.releasedir = op_releasedir;
        ops.open = op_open;
        ops.release = op_release;
        ops.read = op_read;
        ops.write = op_write;
        ops.flush = op_flush;
        ops.fsync = op_fsync;
        ops.lseek = op_lseek;
        ops.fallocate = op_fallocate;
        ops.ioctl = op_ioctl;
        ops.poll = op_poll;
        ops.mknod = [](fuse_req_t req, fuse_ino_t, const char*, mode_t, dev_t) { deny(req); };
        ops.mkdir = [](fuse_req_t req, fuse_ino_t, const char*, mode_t) { deny(req); };
        ops.create = [](fuse_req_t req, fuse_ino_t, const char*, mode_t, fuse_file_info*) { deny(req); };
        ops.unlink = [](fuse_req_t req, fuse_ino_t, const char*) { deny(req); };
        ops.rmdir = [](fuse_req_t req, fuse_ino_t, const char*) { deny(req); };
        ops.symlink = [](fuse_req_t req, const char*, fuse_ino_t, const char*) { deny(req); };
        ops.rename = [](fuse_req_t req, fuse_ino_t, const char*, fuse_ino_t, const char*, unsigned) { deny(req); };
        ops.link = [](fuse_req_t req, fuse_ino_t, fuse_ino_t, const char*) { deny(req); };
        ops.setxattr = [](fuse_req_t req, fuse_ino_t, const char*, const char*, std::size_t, int) { deny(req); };
        ops.removexattr = [](fuse_req_t req, fuse_ino_t, const char*) { deny(req); };
        return ops;
    }();
    return table;
}

}  // namespace mdscope
