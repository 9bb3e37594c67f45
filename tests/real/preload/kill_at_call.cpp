// SPDX-License-Identifier: MIT
// LD_PRELOAD: ends a process, as kill -9 does, just before a chosen one of its system calls on the files of a lab.
//
//   KILL_AT_CALL         a file of one Control, shared with the test, which arms it and chooses the call
//   KILL_AT_CALL_BELOW   only files below this folder (a path without links) are looked at
//
// Calls that change something are counted by what they change: data (what is in an image from data_offset on) and
// metadata (everything else: superblock, bitmap, log, label, sidecar, names, sizes); those that make durable are a
// third kind. A chosen write may be torn: its first pages are written, and then the process ends. The counts go over
// all processes that look at the same Control; who makes the chosen call is ended.
//
// The functions are glibc's by the names that their symbols have, since its headers promise what a definition here need
// not (that nothing is thrown, attributes). They are defined for 64 bits, where pwrite and pwrite64 are the same.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

enum Kind : std::uint32_t { kMetadata, kData, kDurable, kKinds };

struct Control {
    std::atomic<std::uint32_t> armed;
    std::array<std::atomic<std::uint32_t>, kKinds> count;
    std::array<std::atomic<std::uint32_t>, kKinds> chosen;  // the number of a call, from 1; 0: none
    std::atomic<std::uint32_t> torn;
    std::atomic<std::uint64_t> data_offset;  // bytes
    std::atomic<std::uint32_t> ended;        // the process that was ended
    std::array<char, 212> call;              // what it was about to do
};
static_assert(sizeof(Control) == 256 && offsetof(Control, call) == 44);

constexpr std::uint64_t kPage = 4096;

template <class F>
F* next(const char* name) {
    void* const found = dlsym(RTLD_NEXT, name);
    F* function = nullptr;
    std::memcpy(&function, &found, sizeof function);
    return function;
}
#define NEXT(name) static auto* const real = next<decltype(name)>(#name + sizeof("at_") - 1)

class Killer {
   public:
    Killer() {
        const char* const path = std::getenv("KILL_AT_CALL");
        const char* const below = std::getenv("KILL_AT_CALL_BELOW");
        if (path == nullptr || below == nullptr) return;
        below_ = below;
        const int fd = ::open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) return;
        void* const map = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) control_ = static_cast<Control*>(map);
        ::close(fd);
    }

    // Whether a write to this descriptor is the last thing to be done, by half.
    bool before_write(const char* what, int fd, std::uint64_t offset, std::uint64_t size) {
        if (!is_armed()) return false;
        const std::string path = path_of(fd);
        if (!is_ours(path)) return false;
        const bool is_data = path.find(".img") != std::string::npos && offset >= control_->data_offset;
        if (!is_chosen(is_data ? kData : kMetadata)) return false;
        note(what, path, offset, size);
        if (control_->torn != 0 && size > kPage) return true;
        end();
    }
    void before(Kind kind, const char* what, const std::string& path) {
        if (!is_armed() || !is_ours(path) || !is_chosen(kind)) return;
        note(what, path, 0, 0);
        end();
    }
    void before(Kind kind, const char* what, int fd) {
        if (is_armed()) before(kind, what, path_of(fd));
    }
    // Of a name that may be relative to a folder.
    void before_name(const char* what, int folder, const char* name) {
        if (!is_armed()) return;
        const bool is_relative = name[0] != '/' && folder != AT_FDCWD;
        before(kMetadata, what, is_relative ? path_of(folder) + "/" + name : name);
    }
    [[noreturn]] void end() {
        control_->ended = static_cast<std::uint32_t>(getpid());
        for (;;) (void)raw_syscall()(SYS_kill, getpid(), 9);
    }
    // A static variable that two threads want to make at once makes one of them wait by this very call.
    using Syscall = long(long, ...);
    static Syscall* raw_syscall() {
        static constinit std::atomic<Syscall*> real{nullptr};
        if (real == nullptr) real = next<Syscall>("syscall");
        return real;
    }

   private:
    bool is_armed() {
        if (control_ == nullptr) return false;
        // What another thread would do while this process is being ended does not happen.
        while (control_->ended == static_cast<std::uint32_t>(getpid())) (void)raw_syscall()(SYS_pause);
        return control_->armed != 0;
    }
    static std::string path_of(int fd) {
        std::array<char, 4096> path{};
        const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
        return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
    }
    [[nodiscard]] bool is_ours(const std::string& path) const { return path.starts_with(below_); }
    bool is_chosen(Kind kind) { return control_->count[kind].fetch_add(1) + 1 == control_->chosen[kind]; }
    void note(const char* what, const std::string& path, std::uint64_t offset, std::uint64_t size) {
        (void)std::snprintf(control_->call.data(), control_->call.size(), "%s %s %lu+%lu", what,
                            path.substr(path.rfind('/') + 1).c_str(), offset, size);
    }

    std::string below_;
    Control* control_ = nullptr;
};

// Threads of the process may still write while it ends, and what they use has to be there.
Killer& killer() {
    static auto* const killer = new Killer;
    return *killer;
}

}  // namespace

// ---- writes

#define CALL(name) asm(#name) __attribute__((visibility("default")))

extern "C" {

ssize_t at_pwrite(int fd, const void* data, size_t size, off_t offset) CALL(pwrite);
ssize_t at_pwrite64(int fd, const void* data, size_t size, off_t offset) CALL(pwrite64);
ssize_t at_write(int fd, const void* data, size_t size) CALL(write);
long at_syscall(long number, ...) CALL(syscall);
int at_ftruncate(int fd, off_t size) CALL(ftruncate);
int at_ftruncate64(int fd, off_t size) CALL(ftruncate64);
int at_fallocate(int fd, int mode, off_t offset, off_t size) CALL(fallocate);
int at_fallocate64(int fd, int mode, off_t offset, off_t size) CALL(fallocate64);
int at_fsync(int fd) CALL(fsync);
int at_fdatasync(int fd) CALL(fdatasync);
int at_open(const char* path, int flags, ...) CALL(open);
int at_open64(const char* path, int flags, ...) CALL(open64);
int at_openat(int folder, const char* path, int flags, ...) CALL(openat);
int at_openat64(int folder, const char* path, int flags, ...) CALL(openat64);
int at_mkdir(const char* path, mode_t mode) CALL(mkdir);
int at_linkat(int from, const char* path, int to, const char* name, int flags) CALL(linkat);
int at_rename(const char* from, const char* to) CALL(rename);
int at_renameat(int from, const char* path, int to, const char* name) CALL(renameat);
int at_renameat2(int from, const char* path, int to, const char* name, unsigned flags) CALL(renameat2);
int at_unlink(const char* path) CALL(unlink);
int at_unlinkat(int folder, const char* path, int flags) CALL(unlinkat);
int at_remove(const char* path) CALL(remove);

static ssize_t write_at(int fd, const void* data, size_t size, off_t offset) {
    const bool is_last = killer().before_write("pwrite", fd, static_cast<std::uint64_t>(offset), size);
    const long done = Killer::raw_syscall()(SYS_pwrite64, fd, data, is_last ? size / 2 / kPage * kPage : size, offset);
    if (is_last) killer().end();
    return done;
}
ssize_t at_pwrite(int fd, const void* data, size_t size, off_t offset) {
    return write_at(fd, data, size, offset);
}
ssize_t at_pwrite64(int fd, const void* data, size_t size, off_t offset) {
    return write_at(fd, data, size, offset);
}
ssize_t at_write(int fd, const void* data, size_t size) {
    if (killer().before_write("write", fd, 0, size)) killer().end();
    NEXT(at_write);
    return real(fd, data, size);
}
long at_syscall(long number, ...) {
    std::array<long, 6> words{};
    va_list list;
    va_start(list, number);
    for (long& word : words) word = va_arg(list, long);
    va_end(list);
    if (number == SYS_pwrite64) {
        const void* data = nullptr;
        std::memcpy(&data, &words[1], sizeof data);
        return write_at(static_cast<int>(words[0]), data, static_cast<size_t>(words[2]), words[3]);
    }
    return Killer::raw_syscall()(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

int at_ftruncate(int fd, off_t size) {
    killer().before(kMetadata, "ftruncate", fd);
    NEXT(at_ftruncate);
    return real(fd, size);
}
int at_ftruncate64(int fd, off_t size) {
    return at_ftruncate(fd, size);
}
int at_fallocate(int fd, int mode, off_t offset, off_t size) {
    if (killer().before_write("fallocate", fd, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(size)))
        killer().end();
    NEXT(at_fallocate);
    return real(fd, mode, offset, size);
}
int at_fallocate64(int fd, int mode, off_t offset, off_t size) {
    return at_fallocate(fd, mode, offset, size);
}

// ---- what makes durable

int at_fsync(int fd) {
    killer().before(kDurable, "fsync", fd);
    NEXT(at_fsync);
    return real(fd);
}
int at_fdatasync(int fd) {
    killer().before(kDurable, "fdatasync", fd);
    NEXT(at_fdatasync);
    return real(fd);
}

// ---- names

static int open_at(int folder, const char* path, int flags, mode_t mode) {
    const bool makes = (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    if (makes) killer().before_name("open", folder, path);
    NEXT(at_openat);
    return real(folder, path, flags, mode);
}
#define OPEN(folder, path)                    \
    va_list list;                             \
    va_start(list, flags);                    \
    const mode_t mode = va_arg(list, mode_t); \
    va_end(list);                             \
    return open_at(folder, path, flags, mode)
int at_open(const char* path, int flags, ...) {
    OPEN(AT_FDCWD, path);
}
int at_open64(const char* path, int flags, ...) {
    OPEN(AT_FDCWD, path);
}
int at_openat(int folder, const char* path, int flags, ...) {
    OPEN(folder, path);
}
int at_openat64(int folder, const char* path, int flags, ...) {
    OPEN(folder, path);
}
int at_mkdir(const char* path, mode_t mode) {
    killer().before_name("mkdir", AT_FDCWD, path);
    NEXT(at_mkdir);
    return real(path, mode);
}
int at_linkat(int from, const char* path, int to, const char* name, int flags) {
    killer().before_name("linkat", to, name);
    NEXT(at_linkat);
    return real(from, path, to, name, flags);
}
int at_rename(const char* from, const char* to) {
    killer().before_name("rename", AT_FDCWD, to);
    NEXT(at_rename);
    return real(from, to);
}
int at_renameat(int from, const char* path, int to, const char* name) {
    killer().before_name("renameat", to, name);
    NEXT(at_renameat);
    return real(from, path, to, name);
}
int at_renameat2(int from, const char* path, int to, const char* name, unsigned flags) {
    killer().before_name("renameat2", to, name);
    NEXT(at_renameat2);
    return real(from, path, to, name, flags);
}
int at_unlink(const char* path) {
    killer().before_name("unlink", AT_FDCWD, path);
    NEXT(at_unlink);
    return real(path);
}
int at_unlinkat(int folder, const char* path, int flags) {
    killer().before_name("unlinkat", folder, path);
    NEXT(at_unlinkat);
    return real(folder, path, flags);
}
int at_remove(const char* path) {
    killer().before_name("remove", AT_FDCWD, path);
    NEXT(at_remove);
    return real(path);
}

}  // extern "C"
