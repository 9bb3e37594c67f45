// SPDX-License-Identifier: MIT
// mdscope mount: assembles the array and serves it as a file system until it is unmounted or told to end.
//
//   parent: checks, forks ------------------------ waits for one message: "mounted", or the reason and its exit code
//   child:  setsid, assemble, FUSE mount, threads -- message -- serve -- take down -- exit
//
// Ends: umount (the file system goes first, the array is stopped then); SIGTERM or SIGINT (the array is stopped, then
// the file system goes; if md0 is open, what md does at a reboot, and the file system goes lazily). What is held by
// lab/hold is released first in all of them: a stop must not wait for a person who has gone. A second signal ends the
// process at once; the array is then assembled as after a power failure.
//
// umount -l: what is open stays, and the end comes with the last close. Nobody can reach lab/ any more, so who waits
// for something from there is let go at once: what is held is released, readers of the trace come to their end.
#include "fs/cli/mount.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/host/host.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/mdadm/array.hpp"
#include "fs/cli/client.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/disk_mounts.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/mount_options.hpp"
#include "fs/cli/standard_streams.hpp"
#include "fs/mount/mount_watch.hpp"
#include "fs/mount/openers.hpp"
#include "fs/mount/operations.hpp"
#include "fs/mount/session.hpp"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

namespace mdscope {

namespace {

constexpr int kJoinSeconds = 10;
// What is left for them: interrupts, and inodes that are forgotten.
constexpr unsigned kReadersBesideUring = 2;

// ---- the message from the child to whoever waits for the mount

class Report {
   public:
    explicit Report(int fd) : fd_(fd) {}
    // One byte of exit code, then the text. False: nobody listens any more.
    bool send(int exit_code, const std::string& text) const {
        const std::string message = std::string(1, static_cast<char>(exit_code)) + text;
        if (fd_ < 0) {
            std::fprintf(exit_code == kOk ? stdout : stderr, "%s%s\n",
                         exit_code == kOk ? "" : "mdscope: ", shown_lines(text).c_str());
            std::fflush(stdout);
            return true;
        }
        const bool sent = write(fd_, message.data(), message.size()) == static_cast<ssize_t>(message.size());
        close(fd_);
        return sent;
    }

    // Where there is no memory left, not even for the message.
    void send_without_memory(int exit_code, const char* text) const {
        if (fd_ < 0) {
            std::fprintf(stderr, "mdscope: %s\n", text);
            return;
        }
        auto code = static_cast<char>(exit_code);
        const iovec parts[] = {{&code, 1}, {const_cast<char*>(text), std::strlen(text)}};
        if (writev(fd_, parts, 2) < 0) return;  // nobody listens any more
        close(fd_);
    }

   private:
    int fd_;  // -1: in front, to the terminal
};

// ---- waiting for the end

enum class End { Unmounted, Signal };

// What came first: a signal, or the file system went away.
class EndWatch {
   public:
    void post(End end) {
        const std::lock_guard guard(mutex_);
        if (posted_) return;
        posted_ = true;
        end_ = end;
        changed_.notify_all();
    }
    // From here on somebody will wait(), and what is mounted is taken down in order.
    void begin_to_serve() {
        const std::lock_guard lock(mutex_);
        is_served_ = true;
    }
    void exit_unless_served() {
        const std::lock_guard lock(mutex_);  // held until the process is gone: nothing is mounted meanwhile
        if (!is_served_) _exit(kInterrupted);
    }
    End wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return posted_; });
        return end_;
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool posted_ = false;
    bool is_served_ = false;
    End end_ = End::Unmounted;
};

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    return set;
}

// The first signal asks for an orderly end, once there is something to end in order; the second is the last, and so is
// a minute in which the first one has not come to its end. Whatever is in the way then: it is as after a kill -9, which
// loses nothing that was acknowledged.
void listen_for_signals(const std::shared_ptr<EndWatch>& watch) {
    std::thread([watch] {
        const sigset_t set = ending_signals();
        int signal = 0;
        sigwait(&set, &signal);
        watch->exit_unless_served();
        watch->post(End::Signal);
        const timespec patience{60, 0};
        while (sigtimedwait(&set, nullptr, &patience) < 0 && errno == EINTR) {
        }
        _exit(kInterrupted);
    }).detach();
}

// ---- the array

VariantRows chosen_variants(const MountRequest& request) {
    VariantRows rows;
    if (!request.kernel.empty()) rows = VariantRows(*find_kernel_era(request.kernel));
    for (const auto& [variant, row] : request.rows) MD_CHECK(rows.choose(variant, row));  // the options were checked
    return rows;
}

Result<std::unique_ptr<Array>> assemble(RealKernel& kernel, const MountRequest& request) {
    AssembleOptions options;
    options.images = request.images;
    options.lab = request.lab;
    options.bitmap_file = request.bitmap_file;
    options.read_only = request.read_only;
    options.run = request.run;
    options.name = request.device;
    options.volume = request.volume;
    options.serials = request.serials;
    options.variants = chosen_variants(request);
    return Array::assemble(kernel, options);
}

std::string mounted_text(Array& array, const std::string& mountpoint) {
    const MdPersonality* pers = array.mddev().pers.peek();
    const std::string status = pers != nullptr && pers->status != nullptr ? pers->status(array.mddev()) : std::string();
    const std::string& name = array.options().name;
    return name + ", " + size_text(array.size_bytes()) + status + ", is mounted: " + mountpoint + "/" + name;
}

void to_background() {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
    if (null > STDERR_FILENO) close(null);
}

// Somebody else's stop or assembly, which goes on now that nothing is held, is waited for.
int stop_when_settled(Lab& lab, bool force, std::string* why) {
    int err = -EALREADY;
    while (err == -EALREADY) {
        lab.array.wait_until_settled();
        err = lab.array.stop(force, why);
    }
    return err;
}

// The array is stopped in order; with md0 open, as far as a reboot would.
void stop_array_for(End end, Lab& lab) {
    release_everything(lab);
    std::string why;
    if (end == End::Unmounted) {
        // Nobody can hold md0 any more; closes that the kernel did not send are what `force` is for.
        lab.disk_epoch++;
        if (stop_when_settled(lab, true, &why) != 0 && !why.empty())
            lab.kernel.printk(LogLevel::Warn, "mdscope: " + why);
        return;
    }
    if (lab.array.mddev().openers.peek() == 0 && stop_when_settled(lab, false, &why) == 0) return;
    lab.array.notify_reboot();
}

// The file system has left the name space, and perhaps files are open still.
void let_go_of_waiters(Lab& lab) {
    const TaskScope scope(lab.kernel, "mount_watch");
    md_log(lab.array.mddev(), LogLevel::Info,
           "mdscope: unmounted; what is held is released, the disk goes with its last user");
    guarded([&] {
        release_everything(lab);
        return 0;
    });
    lab.trace_pipe.end();
}

// Serves the mounted file system to its end. Returns the exit code.
int serve_mounted(Lab& lab, Session& session, EndWatch& watch, std::optional<MountWatch>& mount_watch) {
    const End end = watch.wait();
    mount_watch.reset();
    try {
        stop_array_for(end, lab);
    } catch (const Halted&) {
        lab.kernel.printk(LogLevel::Warn, "mdscope: this kernel was halted by an Oops; the array was not stopped");
    }
    lab.trace_pipe.stop();
    session.stop();
    const bool all_left = session.join(kJoinSeconds);
    session.unmount();
    // Threads that are still inside a request use everything here; the process ends around them.
    if (!all_left) _exit(kFailed);
    return kOk;
}

// Who has the images, as far as it is to be seen: another mount of the same lab.
std::string where_mounted(const std::string& lab) {
    const std::optional<MountEntry> mounted = mount_of_lab(lab);
    if (!mounted) return {};
    const Result<MountedTree> tree = MountedTree::open(mounted->point);
    const std::string pid = tree ? tree->read_or("lab/pid", "") : "";
    return " " + lab + " is mounted on " + mounted->point + (pid.empty() ? "" : ", by process " + pid) + ".";
}

// Whoever is told of changes goes before the array, also when something is thrown.
class Told {
   public:
    Told(Array& array, std::function<void(const std::string&)> observer) : array_(array) {
        array_.set_notify(std::move(observer));
    }
    ~Told() { array_.set_notify(nullptr); }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;

   private:
    Array& array_;
};

std::function<void(const LogLine&)> log_sink(bool prints, Notifier* notifier) {
    return [prints, notifier](const LogLine& line) {
        if (prints) std::fprintf(stderr, "%s\n", log_line_text(line).c_str());
        if (notifier != nullptr) notifier->changed("lab/log");
    };
}

// Those who poll lab/log.
class LogFollowed {
   public:
    LogFollowed(RealKernel& kernel, bool prints, Notifier& notifier) : kernel_(kernel), prints_(prints) {
        kernel_.set_log_sink(log_sink(prints_, &notifier));
    }
    ~LogFollowed() { kernel_.set_log_sink(log_sink(prints_, nullptr)); }
    LogFollowed(const LogFollowed&) = delete;
    LogFollowed& operator=(const LogFollowed&) = delete;

   private:
    RealKernel& kernel_;
    const bool prints_;
};

int serve(const MountRequest& request, const Report& report) {
    trace::Tracer tracer;
    TracePipe trace_pipe(tracer);
    RealKernel kernel;
    const TaskScope scope(kernel, "mdscope");
    const auto watch_owner = std::make_shared<EndWatch>();
    EndWatch& watch = *watch_owner;
    listen_for_signals(watch_owner);
    kernel.set_log_sink(log_sink(request.foreground, nullptr));
    Result<std::unique_ptr<Array>> assembled = assemble(kernel, request);
    if (!assembled) {
        const int err = assembled.error().err;
        const bool busy = err == EBUSY || err == EAGAIN || err == EWOULDBLOCK;
        const std::string more = busy           ? where_mounted(request.lab)
                                 : err == EROFS ? " With --read-only nothing is written."
                                                : "";
        report.send(busy ? kBusy : kUnusable, assembled.error().text + more);
        return busy ? kBusy : kUnusable;
    }
    Array& array = **assembled;
    Lab lab(kernel, array, tracer, trace_pipe, request.mountpoint);
    FileSystem system(lab);
    const Told told(array, [&system](const std::string& path) { system.notifier.changed(path); });
    const LogFollowed followed(kernel, request.foreground, system.notifier);

    SessionOptions options;
    options.over_uring = request.over_uring;
    options.readers = request.over_uring ? kReadersBesideUring : request.readers;
    options.fuse = {"fsname=" + request.lab, "subtype=mdscope", "nosuid", "nodev", "noexec"};
    Session session(kernel, options);
    session.set_data_node(kDiskInode);
    lab.how_served = [&session] { return session.how_served(); };
    if (!request.over_uring) kernel.printk(LogLevel::Info, "mdscope: requests are served " + session.how_served());
    session.set_over_handler([&watch] { watch.post(End::Unmounted); });
    watch.begin_to_serve();
    const Result<bool> mounted = session.mount(file_system_operations(), &system, request.mountpoint);
    if (!mounted) {
        std::string why;
        if (array.stop(true, &why) != 0) kernel.printk(LogLevel::Warn, "mdscope: " + why);
        report.send(kFailed, mounted.error().text);
        return kFailed;
    }
    const std::string text = mounted_text(array, request.mountpoint);  // before anybody can stop the array
    session.start();
    // The last thing that there may be no memory for. From here on the mount is there.
    std::optional<MountWatch> mount_watch(std::in_place, request.mountpoint, [&lab] { let_go_of_waiters(lab); });
    const bool heard = report.send(kOk, text);
    if (!request.foreground) to_background();
    if (!heard) watch.post(End::Signal);  // whoever asked is gone: nobody would know of this mount
    return serve_mounted(lab, session, watch, mount_watch);
}

// ---- background

// What the child says, to its end. Ctrl-C is passed on once: what is being mounted is taken down by its own process.
struct Heard {
    std::string message;
    bool was_interrupted;
};
Heard message_of(int fd, pid_t child) {
    std::string message;
    char buffer[4096];
    bool was_told = false;
    for (ssize_t got = 0; (got = read(fd, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR);) {
        if (got > 0) message.append(buffer, static_cast<std::size_t>(got));
        if (InterruptFlag::raised() && !std::exchange(was_told, true)) kill(child, SIGTERM);
    }
    return {message, was_told};
}

int serve_in_background(const MountRequest& request, bool quiet) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return complain(kFailed, std::string("pipe: ") + std::strerror(errno));
    std::fflush(nullptr);
    InterruptFlag::stay();  // when it is mounted it is too late
    // The child takes such signals one by one when it is ready to; before that they have to wait.
    const sigset_t ending = ending_signals();
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    const pid_t child = fork();
    if (child != 0) pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child < 0) return complain(kFailed, std::string("fork: ") + std::strerror(errno));
    if (child == 0) {
        close(ends[0]);
        if (request.lock != nullptr) request.lock->let_go();
        setsid();
        signal(SIGINT, SIG_IGN);  // what the terminal has sent before that is forgotten: the parent passes it on
        if (chdir("/") != 0) _exit(kFailed);
        const int exit_code = mount_process(request, ends[1]);
        _exit(exit_code);
    }
    close(ends[1]);
    const auto [message, was_interrupted] = message_of(ends[0], child);
    close(ends[0]);
    if (was_interrupted) {  // it was told so, and this waits until it is gone
        while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
        }
        return complain(kInterrupted, "interrupted; nothing is mounted on " + request.mountpoint);
    }
    if (message.empty()) {
        int status = 0;
        waitpid(child, &status, 0);
        return complain(kFailed, WIFSIGNALED(status) ? std::string("the mount process was ended by signal ") +
                                                           std::to_string(WTERMSIG(status)) + " before it had mounted"
                                                     : "the mount process ended before it had mounted");
    }
    const int exit_code = static_cast<unsigned char>(message[0]);
    if (exit_code != kOk) return complain(exit_code, message.substr(1));
    if (!quiet) std::printf("%s\n", shown_lines(message.substr(1)).c_str());
    return it_is_done();
}

}  // namespace

int mount_process(const MountRequest& request, int report_fd) {
    // Before any thread exists: all of them inherit the mask, and the state of a task that flushes I/O.
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_DFL);
    const sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // Memory reclaim must not wait for a file system that waits for us. Needs CAP_SYS_RESOURCE; without it we do
    // without.
    prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
    const Report report(report_fd);
    try {
        return serve(request, report);
    } catch (const std::bad_alloc&) {
        report.send_without_memory(kFailed, "not enough memory");
    } catch (const std::system_error& error) {
        const bool no_thread = error.code() == std::errc::resource_unavailable_try_again;
        report.send(kFailed, no_thread ? std::string("not enough memory for one more thread") : error.what());
    } catch (const std::exception& error) {
        report.send(kFailed, error.what());
    }
    return kFailed;
}

int mount_array(const MountRequest& wanted, bool quiet) {
    const Result<MountOptions> options = mount_options(wanted.options);
    if (!options) return complain(kUsage, options.error().text);
    const Result<bool> over = over_uring(*options);
    if (!over) return complain(kFailed, over.error().text);
    MountRequest request = wanted;
    request.over_uring = *over;
    return request.foreground ? mount_process(request, -1) : serve_in_background(request, quiet);
}

}  // namespace mdscope
