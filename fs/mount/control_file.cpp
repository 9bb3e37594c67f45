// SPDX-License-Identifier: MIT
// Control files: text made at the moment it is read, and stores, as sysfs has them.
//
// Content is made at each read at offset 0 and kept per open file, so that a reader in pieces sees one state. Each
// write(2) is one store, wherever it is aimed and with one trailing newline or none. The kernel may send reads and
// stores of one open file at the same time; `mutex` guards the kept text and is never held during a store.
//
// A file that grows (lab/log) is read where it is: at its end there may be more the next time (LogText).
//
// A stream (lab/trace_pipe) has no content to keep: TracePipe answers its reads.
#include <fcntl.h>
#include <poll.h>

#include <cstring>
#include <string>

#include "fs/mount/operations.hpp"
#include "fs/mount/store_reply.hpp"

namespace mdscope {

namespace {

constexpr std::size_t kMaxStore = 4096;  // as sysfs: a page

struct OpenControl {
    Node node;
    std::mutex mutex;
    std::string text;
    bool made = false;
    std::uint64_t generation = 0;         // of the file when `text` was made
    std::uint64_t begins_at = 0;          // of a file that grows: the place of offset 0
    std::shared_ptr<TraceReader> stream;  // of lab/trace_pipe
};

std::shared_ptr<OpenControl> open_control_of(fuse_req_t req, const fuse_file_info* info) {
    return file_system(req).lab.handles.hold<OpenControl>(info->fh);
}

// The mode decides for everybody, root included, before md is asked.
int check_access(const Node& node, int flags) {
    const int access = flags & O_ACCMODE;
    const bool reads = access == O_RDONLY || access == O_RDWR;
    const bool writes = access == O_WRONLY || access == O_RDWR;
    const bool readable = node.show || node.kind == NodeKind::Stream;
    if (reads && (!readable || (node.mode & 0400U) == 0)) return -EACCES;
    if (writes && (!node.store || (node.mode & 0200U) == 0)) return -EACCES;
    return 0;
}

// REQUIRES: its mutex.
std::string grown_text(FileSystem& system, OpenControl& control, std::size_t size, std::uint64_t offset) {
    LogText& log = *control.node.grows;
    control.generation = system.notifier.generation(control.node.path);
    if (offset == 0) control.begins_at = log.dropped();
    const std::uint64_t wanted = control.begins_at + offset;
    std::uint64_t place = wanted;
    std::string text = log.read(&place, std::min(size, kMaxTransfer));
    control.begins_at += place - wanted;  // lines that went before they were read
    return text;
}

}  // namespace

void control_open(fuse_req_t req, Node node, fuse_file_info* info) {
    const bool is_file = node.kind == NodeKind::Control || node.kind == NodeKind::Stream;
    const int err = is_file ? check_access(node, info->flags) : -EISDIR;
    if (err != 0) {
        fuse_reply_err(req, -err);
        return;
    }
    auto control = std::make_shared<OpenControl>();
    if (node.kind == NodeKind::Stream) {
        control->stream = file_system(req).lab.trace_pipe.open((info->flags & O_NOFOLLOW) == 0);
        info->nonseekable = 1;
    }
    control->node = std::move(node);
    Handles& handles = file_system(req).lab.handles;
    info->fh = handles.keep(std::move(control));
    info->direct_io = 1;
    if (fuse_reply_open(req, info) != 0) handles.drop(info->fh);
}

void control_release(fuse_req_t req, fuse_file_info* info) {
    file_system(req).notifier.forget(open_control_of(req, info).get());
    file_system(req).lab.handles.drop(info->fh);
    fuse_reply_err(req, 0);
}

void control_read(fuse_req_t req, std::size_t size, off_t offset, fuse_file_info* info) {
    const auto held = open_control_of(req, info);  // until the lock has been given back, which is after the reply
    OpenControl& control = *held;
    if (control.stream) {
        file_system(req).lab.trace_pipe.read(req, control.stream, size, (info->flags & O_NONBLOCK) == 0);
        return;
    }
    const std::lock_guard guard(control.mutex);
    if (control.node.grows != nullptr) {
        const std::string text = grown_text(file_system(req), control, size, static_cast<std::uint64_t>(offset));
        fuse_reply_buf(req, text.data(), text.size());
        return;
    }
    if (offset == 0 || !control.made) {
        // The generation first: a change while the text is made must not be missed by a later poll.
        const std::uint64_t generation = file_system(req).notifier.generation(control.node.path);
        std::string text;
        const int err = guarded([&] { return control.node.show(&text); });
        if (err != 0) {
            fuse_reply_err(req, -err);
            return;
        }
        control.text = std::move(text);
        control.generation = generation;
        control.made = true;
    }
    const auto at = std::min(static_cast<std::size_t>(offset), control.text.size());
    fuse_reply_buf(req, control.text.data() + at, std::min(size, control.text.size() - at));
}

void control_write(fuse_req_t req, const char* data, std::size_t size, fuse_file_info* info) {
    const auto control = open_control_of(req, info);  // until the store has ended, which may be after an EINTR
    if (size > kMaxStore) {
        fuse_reply_err(req, EINVAL);
        return;
    }
    std::string_view value(data, size);
    if (value.ends_with('\n')) value.remove_suffix(1);
    StoreReply& reply = StoreReply::mine();
    reply.begin(req);
    const int err = in_steps([&] { return control->node.store(value); });
    if (err != 0)
        reply.finish_error(-err);
    else
        reply.finish_write(size);
}

void control_poll(fuse_req_t req, fuse_file_info* info, fuse_pollhandle* handle) {
    const auto held = open_control_of(req, info);
    OpenControl& control = *held;
    Notifier& notifier = file_system(req).notifier;
    // First ask, then look: a change in between is announced rather than lost.
    if (handle != nullptr) notifier.ask(&control, control.node.path, handle);
    if (control.stream) {
        const bool readable = file_system(req).lab.trace_pipe.is_readable(*control.stream);
        fuse_reply_poll(req, readable ? POLLIN | POLLRDNORM : 0);
        return;
    }
    const std::lock_guard guard(control.mutex);
    unsigned events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    if (notifier.generation(control.node.path) != control.generation) events |= POLLERR | POLLPRI;
    fuse_reply_poll(req, events);
}

}  // namespace mdscope
