// SPDX-License-Identifier: MIT

#include "fs/mount/session.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>

#include "engine/md/check.hpp"
#include "fs/mount/store_reply.hpp"
#include "fs/mount/uring/support.hpp"

namespace mdscope {

namespace {

using namespace std::chrono_literals;

constexpr auto kIdleTime = 5s;
constexpr int kPatience = 10;  // seconds
constexpr auto kWatchPeriod = 10ms;
constexpr std::size_t kPage = 4096;
// libfuse reads up to its own buffer size (payload plus one page) into what it is given.
constexpr std::size_t kReceiveSize = kMaxTransfer + 4 * kPage;

// Page-aligned memory that is only touched where a request reaches; 300 threads cost what they use.
class Pages {
   public:
    explicit Pages(std::size_t size)
        : size_(size),
          start_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
        if (start_ == MAP_FAILED) throw std::bad_alloc();
    }
    ~Pages() { munmap(start_, size_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    // Where a request has to begin for its write payload to be at a page boundary.
    [[nodiscard]] char* request() const { return static_cast<char*>(start_) + kPage - kWritePayloadOffset; }

   private:
    std::size_t size_;
    void* start_;
};

RequestHeader header_of(const fuse_buf& buffer) {
    RequestHeader header;
    if (buffer.size >= sizeof header) std::memcpy(&header, buffer.mem, sizeof header);
    return header;
}

}  // namespace

struct Session::Queued {
    std::unique_ptr<Pages> pages;
    fuse_buf buffer;
};

// One thread. It lives in Session::workers_ until the session ends or it left for being idle too long.
class Session::Worker final : public BlockObserver {
   public:
    explicit Worker(Session& session)
        : session_(session), pages_(kReceiveSize + kPage), task_(std::in_place, session.kernel_, "fuse") {}

    void start() {
        thread_ = std::thread([this] { run_or_end("fuse", [this] { run(); }); });
    }

    void will_block() override {
        session_.hand_over(*this);
        reply_.will_block();
    }
    void did_unblock() override { reply_.did_unblock(); }

    void process(const fuse_buf& buffer) { fuse_session_process_buf(session_.session_, &buffer); }

    std::atomic<bool> reading{false};         // holds the role; changed under Session::mutex_
    std::atomic<std::uint64_t> busy_with{0};  // number of the request being processed, 0: none
    std::atomic<bool> busy_with_data{false};  // it is a data request
    std::atomic<bool> gone{false};            // the thread has left its loop
    std::uint64_t seen_busy_with = 0;         // the watchdog's
    bool starting = true;                     // in Session::starting_; under Session::mutex_
    bool counted = false;                     // in Session::blocked_data_; under Session::mutex_
    std::thread& thread() { return thread_; }

   private:
    void run();
    void read_requests();
    bool receive(fuse_buf& buffer);

    Session& session_;
    Pages pages_;
    std::optional<MadeTask> task_;  // until the thread has left
    StoreReply reply_;
    std::thread thread_;
};

void Session::Worker::run() {
    {
        const TaskScope scope(*task_);
        current->block_observer = this;
        reply_.install();
        while (session_.take_role(*this)) {
            read_requests();
            session_.settle(*this);
        }
        current->block_observer = nullptr;
    }
    task_.reset();
    gone = true;
}

// Until the role is lost to somebody, or the session ends.
void Session::Worker::read_requests() {
    while (reading.load(std::memory_order_relaxed)) {
        fuse_buf buffer{};
        if (!receive(buffer)) return;
        const RequestHeader header = header_of(buffer);
        const bool data = header.nodeid == session_.data_node_ && is_data_opcode(header.opcode);
        if (data && session_.data_full_.load() && session_.queue_data(buffer)) continue;
        busy_with_data.store(data, std::memory_order_relaxed);
        busy_with.store(session_.served_.fetch_add(1, std::memory_order_relaxed) + 1);
        if (session_.watchdog_asleep_.load() && session_.watchdog_asleep_.exchange(false))
            session_.watchdog_wake_.notify_one();
        process(buffer);
        busy_with.store(0, std::memory_order_release);
    }
}

bool Session::Worker::receive(fuse_buf& buffer) {
    for (;;) {
        buffer.mem = pages_.request();
        const int got = fuse_session_receive_buf(session_.session_, &buffer);
        if (session_.stopping_.load(std::memory_order_relaxed)) return false;
        if (got > 0) return true;
        if (got == -EINTR || got == -EAGAIN) continue;
        session_.stop();  // unmounted, or a broken connection
        return false;
    }
}

// ---- the role

// Sleeps until this thread may read. Serves queued data requests meanwhile; the role comes first, because what is read
// may be what ends the others' sleep. False: leave.
bool Session::take_role(Worker& worker) {
    std::unique_lock lock(mutex_);
    if (std::exchange(worker.starting, false)) starting_--;
    for (;;) {
        if (stopping_) return false;
        if (readers_ < options_.readers) {
            readers_++;
            worker.reading = true;
            if (can_serve_queued()) call_one_locked();
            return true;
        }
        if (can_serve_queued()) {
            serve_queued(lock, worker);
            continue;
        }
        idle_++;
        const bool in_time = idle_changed_.wait_for(lock, kIdleTime, [this] { return called_ > 0 || stopping_; });
        if (called_ > 0) {
            called_--;
            continue;
        }
        idle_--;
        if (!in_time && idle_ >= options_.keep_idle) return false;
    }
}

// Before the thread sleeps, or because it takes too long: somebody else reads from now on.
void Session::hand_over(Worker& worker) {
    if (!worker.reading.load(std::memory_order_relaxed)) return;
    const std::lock_guard guard(mutex_);
    hand_over_locked(worker);
}

void Session::hand_over_locked(Worker& worker) {
    if (!worker.reading) return;
    worker.reading = false;
    readers_--;
    if (worker.busy_with_data) {
        worker.counted = true;
        blocked_data_++;
        if (blocked_data_ >= options_.max_blocked_data) data_full_ = true;
    }
    promote_locked();
}

// One that is on its way already is enough: before it arrives, the role may have come and gone many times.
void Session::promote_locked() {
    if (stopping_ || readers_ + called_ + starting_ >= options_.readers) return;
    call_one_locked();
}

void Session::call_one_locked() {
    if (idle_ > 0) {
        idle_--;
        called_++;
        idle_changed_.notify_one();
    } else {
        spawn_locked();
    }
}

void Session::spawn_locked() {
    reap_locked();
    // The next thread that becomes free takes the role when there is no memory for one more.
    const std::size_t before = workers_.size();
    try {
        workers_.push_back(std::make_unique<Worker>(*this));
        workers_.back()->start();
        starting_++;  // It cannot have arrived yet: the mutex is ours.
    } catch (const std::exception& error) {
        workers_.resize(before);
        say_no_thread(kernel_, error);
    }
}

void Session::reap_locked() {
    std::erase_if(workers_, [](const std::unique_ptr<Worker>& worker) {
        if (!worker->gone) return false;
        worker->thread().join();
        return true;
    });
}

// After the role was lost and the request was answered.
void Session::settle(Worker& worker) {
    const std::lock_guard guard(mutex_);
    if (worker.reading) {  // the session ends
        worker.reading = false;
        readers_--;
    }
    if (worker.counted) {
        worker.counted = false;
        blocked_data_--;
    }
}

// ---- data requests beyond the limit

// Copies the request for later; false: there is room again, serve it now.
bool Session::queue_data(const fuse_buf& buffer) {
    const std::lock_guard guard(mutex_);
    if (queue_.empty() && blocked_data_ < options_.max_blocked_data) {
        data_full_ = false;
        return false;
    }
    Queued queued{std::make_unique<Pages>(buffer.size + 2 * kPage), buffer};
    queued.buffer.mem = queued.pages->request();
    std::memcpy(queued.buffer.mem, buffer.mem, buffer.size);
    queue_.push_back(std::move(queued));
    return true;
}

bool Session::can_serve_queued() const {
    return !queue_.empty() && blocked_data_ < options_.max_blocked_data;
}

void Session::serve_queued(std::unique_lock<std::mutex>& lock, Worker& worker) {
    const Queued queued = std::move(queue_.front());
    queue_.pop_front();
    blocked_data_++;
    lock.unlock();
    worker.process(queued.buffer);
    lock.lock();
    blocked_data_--;
}

// ---- the watchdog

// A thread that holds the role and is busy with the same request at two looks has lost it. Asleep while idle.
void Session::watch() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const std::uint64_t before = served_.load();
        watchdog_wake_.wait_for(lock, kWatchPeriod, [this] { return stopping_.load(); });
        bool busy = false;
        for (const auto& worker : workers_) {  // a list: handing over may add one behind
            const std::uint64_t with = worker->reading ? worker->busy_with.load() : 0;
            if (with != 0) busy = true;
            if (with != 0 && with == worker->seen_busy_with) hand_over_locked(*worker);
            worker->seen_busy_with = with;
        }
        if (busy || served_.load() != before) continue;
        watchdog_asleep_ = true;
        if (served_.load() == before)
            watchdog_wake_.wait(lock, [this] { return stopping_ || !watchdog_asleep_.load(); });
        watchdog_asleep_ = false;
    }
}

// ---- life

Session::Session(RealKernel& kernel, SessionOptions options) : kernel_(kernel), options_(std::move(options)) {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // no SA_RESTART: it is there to end a read
    sigaction(kUnblockSignal, &action, nullptr);
    if (options_.over_uring) uring_ = std::make_unique<uring::Server>(kernel_, uring::Limits{});
}

// With threads still here, something was thrown on the way: they use what is about to go.
Session::~Session() {
    over_handler_ = nullptr;
    if (!workers_.empty() || watchdog_.joinable() || uring_) {
        stop();
        if (!join(kPatience)) std::_Exit(EXIT_FAILURE);
    }
    if (session_ != nullptr) {
        unmount();
        fuse_session_destroy(session_);
    }
}

namespace {
std::string last_fuse_message;  // during mount(), which one thread calls

void keep_message(fuse_log_level /*level*/, const char* format, va_list arguments) {
    char line[512];
    vsnprintf(line, sizeof line, format, arguments);
    last_fuse_message = line;
    while (!last_fuse_message.empty() && last_fuse_message.back() == '\n') last_fuse_message.pop_back();
}
}  // namespace

// libfuse parts options at commas, and takes a backslash before one away again: a lab may have both in its path.
static std::string escaped(const std::string& option) {
    std::string text;
    for (const char c : option) {
        if (c == ',' || c == '\\') text += '\\';
        text += c;
    }
    return text;
}

Result<bool> Session::mount(const fuse_lowlevel_ops& operations, void* userdata, const std::string& mountpoint) {
    std::vector<std::string> words = {"mdscope", "-o", "max_read=" + std::to_string(kMaxTransfer)};
    for (const std::string& option : options_.fuse) {
        words.emplace_back("-o");
        words.push_back(escaped(option));
    }
    fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
    for (const std::string& word : words) fuse_opt_add_arg(&arguments, word.c_str());
    fuse_set_log_func(keep_message);
    session_ = fuse_session_new(&arguments, &operations, sizeof operations, userdata);
    fuse_opt_free_args(&arguments);
    if (session_ == nullptr) return Error{EINVAL, "libfuse refuses the mount options: " + last_fuse_message};
    errno = 0;
    const int failed = fuse_session_mount(session_, mountpoint.c_str());
    const int err = errno;
    fuse_set_log_func(nullptr);
    if (failed != 0)
        return Error{err, "cannot mount on " + mountpoint +
                              (last_fuse_message.empty() ? std::string(".") : ": " + last_fuse_message)};
    mounted_ = true;
    if (uring_) uring_->attach(session_);
    return true;
}

void Session::set_data_node(fuse_ino_t node) {
    data_node_ = node;
    if (uring_) uring_->set_data_node(node);
}

// Names the other way, and how to take it.
std::string Session::how_served() const {
    if (!uring_) {
        const std::string why = uring::why_not();
        return "by reading /dev/fuse; over io_uring with mount -o uring=on" + (why.empty() ? "" : ": " + why);
    }
    switch (uring_->state()) {
        case uring::Server::State::Starting:
            return "not yet";
        case uring::Server::State::Serving:
            return "over io_uring; by reading /dev/fuse with mount -o uring=off";
        case uring::Server::State::Refused:
            return "by reading /dev/fuse: the kernel has refused io_uring (lab/log)";
    }
    return {};
}

void Session::start() {
    MD_CHECK(mounted_);
    const std::lock_guard guard(mutex_);
    for (unsigned i = 0; i < options_.readers; i++) spawn_locked();
    if (workers_.size() < options_.readers) throw std::bad_alloc();
    if (uring_) uring_->start();
    watchdog_ = std::thread([this] { run_or_end("fuse_watchdog", [this] { watch(); }); });
}

void Session::stop() {
    const std::lock_guard guard(mutex_);
    if (stopping_.exchange(true)) return;
    if (uring_) uring_->stop();
    fuse_session_exit(session_);
    idle_changed_.notify_all();
    watchdog_wake_.notify_all();
    over_changed_.notify_all();
    if (over_handler_) over_handler_();
}

void Session::unmount() {
    if (!mounted_) return;
    mounted_ = false;
    fuse_session_unmount(session_);
}

bool Session::join(int seconds) {
    if (watchdog_.joinable()) watchdog_.join();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    std::unique_lock lock(mutex_);
    for (;;) {
        reap_locked();
        const bool over_ring = uring_ && !uring_->is_gone();
        if (workers_.empty() && !over_ring) return true;
        if (std::chrono::steady_clock::now() > deadline) return false;
        // A signal may come just before the read it is meant for: repeat it until the thread has left.
        for (const auto& worker : workers_)
            if (!worker->gone) pthread_kill(worker->thread().native_handle(), kUnblockSignal);
        over_changed_.wait_for(lock, 5ms);
    }
}

}  // namespace mdscope
