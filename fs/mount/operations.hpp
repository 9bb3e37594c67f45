// SPDX-License-Identifier: MIT
// The file system's answers to the kernel: libfuse's table of operations, over a Tree.
//
// operations.cpp has names and attributes, disk_file.cpp md0, control_file.cpp the rest. Every function ends in exactly
// one reply. No exception leaves one: libfuse is C. A task of a halted kernel throws Halted; its request gets EIO.
//
// Everything that would change the tree's shape or its modes is EPERM: there is nothing to create or delete here.
#pragma once

#include <exception>
#include <memory>
#include <new>

#include "engine/kernel/real/real_kernel.hpp"
#include "fs/mount/fuse_api.hpp"
#include "fs/mount/notify.hpp"
#include "fs/mount/tree.hpp"

namespace mdscope {

struct FileSystem {
    explicit FileSystem(Lab& the_lab);
    ~FileSystem();
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;
    Lab& lab;
    Tree tree;
    Notifier notifier;
    uid_t owner;  // of every node: who mounted
    gid_t group;
    timespec mounted_at{};
};

const fuse_lowlevel_ops& file_system_operations();

inline FileSystem& file_system(fuse_req_t req) {
    return *static_cast<FileSystem*>(fuse_req_userdata(req));
}

// Runs `body`, which gives 0 or -errno and throws as md code does.
template <class Body>
auto guarded(Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const Halted&) {
        return -EIO;
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    } catch (const std::exception&) {
        return -EIO;
    }
}

// The same for what the engine does step by step. A write that has found no memory for its second step has counted its
// first, and a stop would wait for it for ever; md has pools for that, and waits for them.
template <class Body>
auto in_steps(Body&& body) -> decltype(body()) {
    return guarded([&] {
        try {
            return body();
        } catch (const std::bad_alloc&) {
            end_without_memory("a request");
        }
    });
}

// disk_file.cpp
void disk_open(fuse_req_t req, fuse_file_info* info);
void disk_release(fuse_req_t req, fuse_file_info* info);
void disk_read(fuse_req_t req, std::size_t size, off_t offset, fuse_file_info* info);
void disk_write(fuse_req_t req, const char* data, std::size_t size, off_t offset, fuse_file_info* info);
void disk_sync(fuse_req_t req, fuse_file_info* info);
void disk_allocate(fuse_req_t req, int mode, off_t offset, off_t length, fuse_file_info* info);
void disk_seek(fuse_req_t req, off_t offset, int whence);
void disk_ioctl(fuse_req_t req, unsigned command, fuse_file_info* info, std::size_t out_size);

// control_file.cpp
void control_open(fuse_req_t req, Node node, fuse_file_info* info);
void control_release(fuse_req_t req, fuse_file_info* info);
void control_read(fuse_req_t req, std::size_t size, off_t offset, fuse_file_info* info);
void control_write(fuse_req_t req, const char* data, std::size_t size, fuse_file_info* info);
void control_poll(fuse_req_t req, fuse_file_info* info, fuse_pollhandle* handle);

}  // namespace mdscope
